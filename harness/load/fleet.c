/*
 * fleet.c - sessions on sockets: when they connect, how long they stay away.
 * Source: sdk-protocol.md section 6; performance section 5.3.
 *
 * A session has one timer for whatever it waits for: the answer to its init,
 * the outcome of its subscriptions, its next try. Handshakes under way are
 * bounded, which costs no rate and keeps their latency honest: a connection's
 * time counts from when it was due, so waiting for room is part of it.
 */
#include "load/worker.h"

#include "load/ws.h"

#include <string.h>

#define BACKOFF_MIN_US  INT64_C(1000000)
#define BACKOFF_MAX_US  INT64_C(120000000)
#define BACKOFF_TURNS   7                 /* doublings until the maximum */
#define JITTER          0.2               /* each way */
#define SETTLE_US       INT64_C(3000000)  /* between goodbye and connect */
#define HANDSHAKE_US    INT64_C(30000000) /* for the reply to init */
#define DELIVERY_US     INT64_C(10000000) /* estimated_delivery_in_ms */
#define CONNECTS_A_TURN 32
#define PATIENCE_US     INT64_C(50000) /* for a stream that others make */

static void fire(void *ctx);

void syn_load_fleet_time(struct syn_load_worker *worker,
                         struct syn_load_session *session, int64_t delay_us)
{
    if (syn_clock_start(worker->clock, &session->timer, delay_us,
                        (struct syn_alarm){SYN_TIMER_EVENT, fire, session}) !=
        SYN_OK) {
        syn_load_worker_fail(worker, "too many timers");
    }
}

/* --- leaving and coming back ---------------------------------------------- */

static bool is_in_handshake(const struct syn_load_session *session)
{
    return session->state == SYN_LOAD_LINKING ||
           session->state == SYN_LOAD_UPGRADING ||
           session->state == SYN_LOAD_INITIALISING;
}

/* Whatever it was, it has no connection now. */
static void leave(struct syn_load_worker *worker,
                  struct syn_load_session *session, bool is_reset)
{
    if (is_in_handshake(session)) {
        worker->inflight--;
    }
    worker->ready -= session->state == SYN_LOAD_READY;
    syn_load_link_close(worker->net, &session->link, is_reset);
    syn_load_session_lost(&worker->env, session);
    syn_ws_drop(&session->partial);
    syn_clock_stop(worker->clock, &session->timer);
    session->state = SYN_LOAD_WAITING;
    session->wish = SYN_LOAD_WISH_NONE;
    syn_load_tick(worker->env.result, SYN_LOAD_SERIES_LOSSES,
                  syn_load_at(&worker->env, worker->env.now_us), 1);
}

/* First after 1 s, then doubling, at most 120 s, each 20 % either way. */
static int64_t backoff_us(struct syn_load_worker *worker,
                          struct syn_load_session *session)
{
    const uint16_t turn =
        session->attempts < BACKOFF_TURNS ? session->attempts : BACKOFF_TURNS;
    int64_t delay_us = BACKOFF_MIN_US << turn;
    delay_us = delay_us < BACKOFF_MAX_US ? delay_us : BACKOFF_MAX_US;
    const double unit = syn_rng_unit(&worker->env.rng) * 2 - 1;
    session->attempts++;
    if (session->rogue == SYN_LOAD_ROGUE_NO_JITTER ||
        session->rogue == SYN_LOAD_ROGUE_HOT_LOOP) {
        return 0;
    }
    return delay_us + (int64_t)((double)delay_us * JITTER * unit);
}

static void come_back_after(struct syn_load_worker *worker,
                            struct syn_load_session *session, int64_t delay_us)
{
    const int64_t asked_us = session->not_before_us - worker->env.now_us;
    const bool ignores = session->rogue == SYN_LOAD_ROGUE_IGNORE_429 ||
                         session->rogue == SYN_LOAD_ROGUE_NO_JITTER ||
                         session->rogue == SYN_LOAD_ROGUE_HOT_LOOP;
    if (asked_us > delay_us && !ignores) {
        delay_us = asked_us;
    }
    syn_load_fleet_time(worker, session, delay_us);
}

void syn_load_fleet_cut(struct syn_load_worker *worker,
                        struct syn_load_session *session)
{
    syn_load_count(worker->env.result, SYN_LOAD_DROPS, 1);
    leave(worker, session, true);
    come_back_after(worker, session, backoff_us(worker, session));
}

void syn_load_fleet_leave(struct syn_load_worker *worker,
                          struct syn_load_session *session, int64_t away_us)
{
    syn_buf_clear(&worker->env.out);
    syn_load_say_close(&worker->env, session);
    syn_load_link_send(worker->net, &session->link,
                       syn_buf_str(&worker->env.out));
    syn_buf_clear(&worker->env.out);
    leave(worker, session, false);
    syn_load_fleet_time(worker, session, away_us);
}

static void follow_wish(struct syn_load_worker *worker,
                        struct syn_load_session *session)
{
    const enum syn_load_wish wish = (enum syn_load_wish)session->wish;
    leave(worker, session, false);
    if (wish == SYN_LOAD_WISH_RETRY) {
        come_back_after(worker, session, backoff_us(worker, session));
    } else if (wish == SYN_LOAD_WISH_REJOIN) {
        come_back_after(worker, session, SETTLE_US);
    } else {
        session->state = SYN_LOAD_ENDED;
    }
}

/* --- connecting ----------------------------------------------------------- */

void syn_load_fleet_queue(struct syn_load_worker *worker,
                          struct syn_load_session *session, int64_t due_us)
{
    SYN_ASSERT(!session->is_queued);
    session->is_queued = true;
    session->due_us = due_us;
    session->next_queued = NULL;
    if (worker->queue == NULL) {
        worker->queue = session;
    } else {
        worker->queue_last->next_queued = session;
    }
    worker->queue_last = session;
}

static void note_backoff(struct syn_load_worker *worker,
                         struct syn_load_session *session)
{
    if (!session->was_watched) {
        return;
    }
    session->was_watched = false;
    syn_load_count(worker->env.result, SYN_LOAD_BACKOFFS, 1);
    syn_load_count(worker->env.result, SYN_LOAD_BACKOFFS_KEPT,
                   worker->env.now_us >= session->not_before_us);
}

static void begin_connect(struct syn_load_worker *worker,
                          struct syn_load_session *session)
{
    note_backoff(worker, session);
    session->generation++;
    session->state = SYN_LOAD_LINKING;
    worker->inflight++;
    syn_load_count(worker->env.result, SYN_LOAD_CONNECTS_TRIED, 1);
    syn_load_fleet_time(worker, session, HANDSHAKE_US);
    if (!syn_load_link_open(worker->net, &session->link, SYN_LOAD_SDK,
                            worker->first_session + session->number)) {
        syn_load_count(worker->env.result, SYN_LOAD_CONNECTS_FAILED, 1);
        session->wish = SYN_LOAD_WISH_RETRY;
        follow_wish(worker, session);
    }
}

void syn_load_fleet_pump(struct syn_load_worker *worker)
{
    /* A few in one turn: operations are due meanwhile. */
    for (unsigned i = 0; i < CONNECTS_A_TURN && worker->queue != NULL &&
                         worker->inflight < SYN_LOAD_INFLIGHT;
         i++) {
        struct syn_load_session *session = worker->queue;
        worker->queue = session->next_queued;
        session->is_queued = false;
        begin_connect(worker, session);
    }
}

/* --- time ----------------------------------------------------------------- */

/* The outcome never came: the SDK asks again. */
static void ask_again(struct syn_load_worker *worker,
                      struct syn_load_session *session)
{
    for (unsigned i = 0; i < session->sub_count; i++) {
        struct syn_load_sub *sub = &session->subs[i];
        if (sub->state == SYN_LOAD_SUB_ASKED) {
            sub->state = SYN_LOAD_SUB_KNOWN;
            sub->watch.is_asked_again = true;
        } else if (sub->state == SYN_LOAD_SUB_READING) {
            sub->state = SYN_LOAD_SUB_CLOSED;
        }
    }
    (void)worker;
}

static bool waits_for_others(const struct syn_load_env *env,
                             const struct syn_load_session *session)
{
    for (unsigned i = 0; i < session->sub_count; i++) {
        if (session->subs[i].state == SYN_LOAD_SUB_CLOSED &&
            session->subs[i].kind == SYN_LOAD_SUB_OWN &&
            syn_load_sub_sid(env, &session->subs[i])[0] == '\0') {
            return true;
        }
    }
    return false;
}

static void fire(void *ctx)
{
    struct syn_load_session *session = ctx;
    struct syn_load_worker *worker = session->worker;
    struct syn_load_env *env = &worker->env;
    env->now_us = syn_clock_now_us(worker->clock);
    if (!syn_load_is_honest(session) && !is_in_handshake(session) &&
        session->state != SYN_LOAD_WAITING) {
        syn_load_rogue_tick(worker, session);
        return;
    }
    if (session->state == SYN_LOAD_WAITING) {
        if (!worker->is_settling || syn_load_is_honest(session)) {
            syn_load_fleet_queue(worker, session, env->now_us);
        }
    } else if (is_in_handshake(session)) {
        syn_load_count(env->result, SYN_LOAD_CONNECTS_FAILED, 1);
        session->wish = SYN_LOAD_WISH_RETRY;
        follow_wish(worker, session);
    } else {
        syn_buf_clear(&env->out);
        if (!waits_for_others(env, session)) {
            ask_again(worker, session);
        }
        syn_load_session_pursue(env, session);
        syn_load_fleet_act(worker, session);
    }
}

/* --- steps ---------------------------------------------------------------- */

static bool is_pending(const struct syn_load_session *session)
{
    for (unsigned i = 0; i < session->sub_count; i++) {
        const uint8_t state = session->subs[i].state;
        if (state == SYN_LOAD_SUB_ASKED || state == SYN_LOAD_SUB_READING ||
            state == SYN_LOAD_SUB_KNOWN) {
            return true;
        }
    }
    return false;
}

/* While something is awaited the timer runs; it is not moved by news. */
static void watch(struct syn_load_worker *worker,
                  struct syn_load_session *session)
{
    const bool is_open =
        session->state == SYN_LOAD_OPENING || session->state == SYN_LOAD_READY;
    if (!is_open || !syn_load_is_honest(session)) {
        return;
    }
    const bool is_running = syn_timer_is_running(&session->timer);
    if (waits_for_others(&worker->env, session)) {
        syn_load_fleet_time(worker, session, PATIENCE_US);
    } else if (!is_pending(session)) {
        syn_clock_stop(worker->clock, &session->timer);
    } else if (!is_running) {
        syn_load_fleet_time(worker, session, DELIVERY_US);
    }
}

/* What one step asks leaves as one, or not at all. */
static bool spend_step(struct syn_load_env *env, struct syn_load_worker *worker)
{
    bool may_leave = true;
    for (uint32_t i = 0; i < env->asks && may_leave; i++) {
        may_leave = syn_load_spend(
            worker,
            SYN_SPEND_REQUEST | (i < env->writes ? SYN_SPEND_WRITE : 0u));
    }
    env->asks = env->writes = 0;
    return may_leave;
}

static void flush(struct syn_load_worker *worker,
                  struct syn_load_session *session)
{
    struct syn_buf *out = &worker->env.out;
    if (out->bytes > 0 && spend_step(&worker->env, worker)) {
        syn_load_link_send(worker->net, &session->link, syn_buf_str(out));
    }
    if (out->status != SYN_OK) {
        syn_load_worker_fail(worker, "a step is too large to send");
    }
    syn_buf_clear(out);
}

void syn_load_fleet_act(struct syn_load_worker *worker,
                        struct syn_load_session *session)
{
    flush(worker, session);
    if (session->wish != SYN_LOAD_WISH_NONE) {
        follow_wish(worker, session);
        return;
    }
    watch(worker, session);
}

/* --- callbacks ------------------------------------------------------------ */

void syn_load_fleet_opened(struct syn_load_worker *worker,
                           struct syn_load_session *session)
{
    session->state = SYN_LOAD_UPGRADING;
    if (syn_load_rogue_opened(worker, session)) {
        return;
    }
    syn_buf_clear(&worker->env.out);
    syn_load_ws_put_request(&worker->env.out, worker->aim->sdk_host,
                            worker->aim->sdk_path);
    flush(worker, session);
}

/* The answer to the upgrade; bytes used, 0: not whole yet. */
static size_t take_upgrade(struct syn_load_worker *worker,
                           struct syn_load_session *session, struct syn_str in)
{
    static const struct syn_str good = {"HTTP/1.1 101", 12};
    for (size_t end = 3; end < in.bytes; end++) {
        if (memcmp(in.at + end - 3, "\r\n\r\n", 4) != 0) {
            continue;
        }
        if (!syn_str_has_prefix(in, good)) {
            syn_load_count(worker->env.result, SYN_LOAD_CONNECTS_FAILED, 1);
            session->wish = SYN_LOAD_WISH_RETRY;
            return end + 1;
        }
        syn_load_count(worker->env.result, SYN_LOAD_CONNECTS_DONE, 1);
        syn_load_took(&worker->env, SYN_LOAD_HIST_CONNECT, session->due_us);
        syn_load_tick(worker->env.result, SYN_LOAD_SERIES_CONNECTS,
                      syn_load_at(&worker->env, worker->env.now_us), 1);
        syn_load_session_opened(&worker->env, session);
        return end + 1;
    }
    return 0;
}

/* Part of a message, or all of it. */
static void take_data(struct syn_load_worker *worker,
                      struct syn_load_session *session,
                      const struct syn_ws_fragment *frame)
{
    struct syn_str message = {NULL, 0};
    const enum syn_ws_state state = syn_ws_join(
        &session->partial, frame, SYN_LOAD_FRAME_BYTES_MAX, &message);
    if (state == SYN_WS_WHOLE) {
        syn_load_session_message(&worker->env, session, message);
        syn_ws_drop(&session->partial);
    } else if (state == SYN_WS_BROKEN) {
        session->wish = SYN_LOAD_WISH_RETRY;
    }
}

static void take_frame(struct syn_load_worker *worker,
                       struct syn_load_session *session,
                       const struct syn_ws_fragment *frame)
{
    struct syn_load_env *env = &worker->env;
    if (frame->opcode <= SYN_WS_BINARY) {
        take_data(worker, session, frame);
    } else if (frame->opcode == SYN_WS_PING) {
        syn_load_ws_put(&env->out, (uint32_t)syn_rng_next(&env->rng),
                        SYN_WS_PONG, frame->payload);
    } else if (frame->opcode == SYN_WS_CLOSE &&
               session->wish == SYN_LOAD_WISH_NONE) {
        session->wish = SYN_LOAD_WISH_RETRY;
    }
}

static size_t take_frames(struct syn_load_worker *worker,
                          struct syn_load_session *session, struct syn_str in)
{
    size_t used = 0;
    while (session->wish == SYN_LOAD_WISH_NONE) {
        struct syn_ws_fragment frame;
        size_t bytes = 0;
        const enum syn_ws_state state =
            syn_load_ws_take(syn_str_from(in, used), &frame, &bytes);
        if (state == SYN_WS_BROKEN) {
            session->wish = SYN_LOAD_WISH_RETRY;
        } else if (state == SYN_WS_MORE) {
            break;
        } else {
            take_frame(worker, session, &frame);
            used += bytes;
        }
    }
    return used;
}

size_t syn_load_fleet_bytes(struct syn_load_worker *worker,
                            struct syn_load_session *session, struct syn_str in)
{
    struct syn_load_env *env = &worker->env;
    const enum syn_load_session_state before =
        (enum syn_load_session_state)session->state;
    size_t used = 0;
    syn_buf_clear(&env->out);
    if (session->state == SYN_LOAD_UPGRADING) {
        used = take_upgrade(worker, session, in);
    }
    if (session->state >= SYN_LOAD_INITIALISING) {
        used += take_frames(worker, session, syn_str_from(in, used));
    }
    const bool was_shaking = before <= SYN_LOAD_INITIALISING;
    const bool is_shaking = is_in_handshake(session);
    if (was_shaking && !is_shaking) {
        worker->inflight--;
        syn_clock_stop(worker->clock, &session->timer);
    }
    if (before != SYN_LOAD_READY && session->state == SYN_LOAD_READY) {
        worker->ready++;
        syn_load_profile_ready(worker, session);
        syn_load_rogue_ready(worker, session);
    }
    syn_load_rogue_heard(worker, session);
    syn_load_fleet_act(worker, session);
    return used;
}

void syn_load_fleet_lost(struct syn_load_worker *worker,
                         struct syn_load_session *session, bool was_open)
{
    struct syn_load_result *result = worker->env.result;
    if (session->state < SYN_LOAD_OPENING) {
        syn_load_count(result, SYN_LOAD_CONNECTS_FAILED, 1);
    } else if (was_open) {
        syn_load_count(result, SYN_LOAD_SESSIONS_LOST, 1);
    }
    if (!syn_load_is_honest(session)) {
        syn_load_count(result, SYN_LOAD_ROGUES_ENDED, 1);
    }
    session->wish = SYN_LOAD_WISH_RETRY;
    follow_wish(worker, session);
}
