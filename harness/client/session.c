/*
 * session.c - connect, init, update, close, back-off.
 *
 * Whatever the service sends, a step ends in one of the phases below and every
 * frame that is not a reply gets its receipt first, so that a service may use
 * receipts as proof of delivery.
 */
#include "client/session.h"
#include "client/session_impl.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define US_PER_S            1000000
#define RETRY_S_MIN         1
#define RETRY_S_MAX         120
#define RETRY_DOUBLINGS_MAX 7 /* 1 s << 7 is past the most */
#define JITTER              0.2
#define INIT_S              30
#define SETTLE_S            3
#define OFFLOAD_S           3

/* --- sending ---------------------------------------------------------------
 */

static void begin_frame(struct syn_buf *frame)
{
    syn_buf_init(frame, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
}

static void send_init(struct syn_sdk_session *session)
{
    struct syn_buf frame;
    begin_frame(&frame);
    syn_sdk_make_id(session->setup.rng, session->init_id);
    syn_sdk_put_init(&frame, session->init_id, syn_buf_str(&session->token),
                     syn_buf_str(&session->continuation));
    syn_sdk_add_send(session, &frame, "init", (struct syn_str){0});
}

static void send_close(struct syn_sdk_session *session)
{
    char id[SYN_SDK_ID_BYTES];
    struct syn_buf frame;
    begin_frame(&frame);
    syn_sdk_make_id(session->setup.rng, id);
    syn_sdk_put_close(&frame, id);
    syn_sdk_add_send(session, &frame, "close", (struct syn_str){0});
}

static void send_update(struct syn_sdk_session *session)
{
    struct syn_buf frame;
    begin_frame(&frame);
    syn_sdk_make_id(session->setup.rng, session->update_id);
    syn_sdk_put_update(&frame, session->update_id,
                       syn_buf_str(&session->token));
    syn_sdk_add_send(session, &frame, "update", (struct syn_str){0});
}

static void send_receipt(struct syn_sdk_session *session, struct syn_str id)
{
    struct syn_buf frame;
    if (session->setup.is_mute) {
        return;
    }
    begin_frame(&frame);
    syn_sdk_put_reply(&frame, id);
    syn_sdk_add_send(session, &frame, "reply", (struct syn_str){0});
}

/* --- phases ----------------------------------------------------------------
 */

static bool has_socket(const struct syn_sdk_session *session)
{
    return session->phase == SYN_SDK_PHASE_OPENING ||
           session->phase == SYN_SDK_PHASE_INITING ||
           session->phase == SYN_SDK_PHASE_LIVE;
}

static void open_socket(struct syn_sdk_session *session)
{
    syn_sdk_add_stop(session, SYN_SDK_TIMER_RETRY);
    syn_sdk_add_stop(session, SYN_SDK_TIMER_SETTLE);
    session->phase = SYN_SDK_PHASE_OPENING;
    syn_sdk_add_effect(session, SYN_SDK_DO_OPEN);
}

/* The socket is given up or gone; what hung on it is forgotten. */
static void leave_socket(struct syn_sdk_session *session,
                         enum syn_sdk_phase phase)
{
    session->phase = phase;
    session->update_id[0] = '\0';
    syn_sdk_add_stop(session, SYN_SDK_TIMER_INIT);
    syn_sdk_subs_forget(session);
}

static void give_up_socket(struct syn_sdk_session *session,
                           enum syn_sdk_phase phase)
{
    syn_sdk_add_effect(session, SYN_SDK_DO_CLOSE);
    leave_socket(session, phase);
}

/* 1 s, doubling, at most 120 s, each 20 % more or less. */
static int64_t next_backoff_us(struct syn_sdk_session *session)
{
    unsigned doublings = session->attempts < RETRY_DOUBLINGS_MAX
                             ? session->attempts
                             : RETRY_DOUBLINGS_MAX;
    int64_t delay_s = (int64_t)RETRY_S_MIN << doublings;
    double share = 1 + JITTER * (2 * syn_rng_unit(session->setup.rng) - 1);
    if (delay_s > RETRY_S_MAX) {
        delay_s = RETRY_S_MAX;
    }
    session->attempts += 1;
    return (int64_t)((double)(delay_s * US_PER_S) * share);
}

static void wait_to_retry(struct syn_sdk_session *session, int64_t least_us,
                          bool has_backoff)
{
    int64_t delay_us = has_backoff ? next_backoff_us(session) : least_us;
    session->phase = SYN_SDK_PHASE_WAITING;
    syn_sdk_add_start(session, SYN_SDK_TIMER_RETRY,
                      delay_us > least_us ? delay_us : least_us);
}

/* payload.backoff_policy.reconnect_min_ms, within an hour */
static int64_t least_delay_us(const struct syn_sdk_frame *frame)
{
    int64_t ms = 0;
    const struct syn_json *node =
        frame->body == NULL
            ? NULL
            : syn_json_at(frame->body, "/backoff_policy/reconnect_min_ms");
    if (node == NULL || !syn_json_i64(node, &ms) || ms < 0) {
        return 0;
    }
    return (ms < 3600000 ? ms : 3600000) * 1000;
}

/* --- replies to init and update --------------------------------------------
 */

static void keep_continuation(struct syn_sdk_session *session,
                              const struct syn_sdk_frame *frame)
{
    struct syn_str token =
        syn_json_str(syn_json_member(frame->header, "continuation_token"),
                     (struct syn_str){0});
    if (token.bytes > 0 && !session->setup.drops_continuation) {
        syn_buf_clear(&session->continuation);
        syn_buf_put(&session->continuation, token);
    }
}

static void take_live(struct syn_sdk_session *session,
                      const struct syn_sdk_frame *frame)
{
    session->phase = SYN_SDK_PHASE_LIVE;
    session->attempts = 0;
    keep_continuation(session, frame);
    syn_sdk_add_note(session, SYN_SDK_NOTE_LIVE, frame);
    syn_sdk_subs_restart(session);
}

/* A refusal of the token, at init or at update, ends in the same table. */
static void take_refusal(struct syn_sdk_session *session,
                         const struct syn_sdk_frame *frame)
{
    bool is_denied = frame->status == 401 || frame->status == 403;
    if (frame->status == 500) {
        syn_sdk_add_effect(session, SYN_SDK_DO_DROP);
        leave_socket(session, SYN_SDK_PHASE_WAITING);
        wait_to_retry(session, 0, true);
        return;
    }
    if (frame->status != 429) {
        send_close(session);
    }
    give_up_socket(session, SYN_SDK_PHASE_DENIED);
    if (!is_denied || session->setup.retries_refusals) {
        wait_to_retry(session, least_delay_us(frame), true);
    }
}

static bool is_good(const struct syn_sdk_frame *frame)
{
    return frame->status >= 200 && frame->status <= 299;
}

static void take_init_reply(struct syn_sdk_session *session,
                            const struct syn_sdk_frame *frame)
{
    syn_sdk_add_stop(session, SYN_SDK_TIMER_INIT);
    if (is_good(frame)) {
        take_live(session, frame);
        return;
    }
    syn_sdk_add_note(session, SYN_SDK_NOTE_REFUSED, frame);
    take_refusal(session, frame);
}

static void take_update_reply(struct syn_sdk_session *session,
                              const struct syn_sdk_frame *frame)
{
    session->update_id[0] = '\0';
    syn_sdk_add_note(session, SYN_SDK_NOTE_UPDATED, frame);
    if (!is_good(frame)) {
        take_refusal(session, frame);
        syn_sdk_add_note(session, SYN_SDK_NOTE_ENDED, NULL);
    }
}

static void take_reply(struct syn_sdk_session *session,
                       const struct syn_sdk_frame *frame)
{
    if (session->phase == SYN_SDK_PHASE_INITING &&
        syn_str_is(frame->id, session->init_id)) {
        take_init_reply(session, frame);
    } else if (session->update_id[0] != '\0' &&
               syn_str_is(frame->id, session->update_id)) {
        take_update_reply(session, frame);
    } else if (!syn_sdk_subs_reply(session, frame)) {
        syn_sdk_add_note(session, SYN_SDK_NOTE_REPLY, frame);
    }
}

/* --- frames that the service sends by itself -------------------------------
 */

/* What the SDK does with each status of a service's close. */
struct ending {
    int status;
    enum syn_sdk_phase phase;
    int wait_s; /* least wait before the retry, or the settling time */
    bool has_backoff;
};

static const struct ending endings[] = {
    {308, SYN_SDK_PHASE_WAITING, OFFLOAD_S, false},
    {401, SYN_SDK_PHASE_SETTLING, SETTLE_S, false},
    {406, SYN_SDK_PHASE_DEAD, 0, false},
    {410, SYN_SDK_PHASE_SETTLING, SETTLE_S, false},
    {417, SYN_SDK_PHASE_DEAD, 0, false},
    {0, SYN_SDK_PHASE_WAITING, 0, true}, /* any other */
};

static const struct ending *ending_of(int status)
{
    const struct ending *ending = endings;
    while (ending->status != 0 && ending->status != status) {
        ending++;
    }
    return ending;
}

static void take_close(struct syn_sdk_session *session,
                       const struct syn_sdk_frame *frame)
{
    const struct ending *ending = ending_of(frame->status);
    int64_t wait_us = (int64_t)ending->wait_s * US_PER_S;
    int64_t least_us = least_delay_us(frame);
    syn_sdk_add_note(session, SYN_SDK_NOTE_ENDING, frame);
    give_up_socket(session, ending->phase);
    if (ending->phase == SYN_SDK_PHASE_WAITING) {
        wait_to_retry(session, least_us > wait_us ? least_us : wait_us,
                      ending->has_backoff);
    } else if (ending->phase == SYN_SDK_PHASE_SETTLING) {
        syn_sdk_add_start(session, SYN_SDK_TIMER_SETTLE, wait_us);
    }
    syn_sdk_add_note(session, SYN_SDK_NOTE_ENDED, NULL);
}

static void take_message(struct syn_sdk_session *session,
                         const struct syn_sdk_event *event)
{
    struct syn_sdk_frame *frame =
        syn_arena_alloc(&session->scratch, sizeof *frame);
    if (!has_socket(session)) {
        return;
    }
    if (frame == NULL || event->is_text ||
        syn_sdk_frame_read(&session->scratch, event->bytes, frame) != SYN_OK) {
        syn_sdk_add_note(session, SYN_SDK_NOTE_STRANGE, NULL);
        return;
    }
    if (syn_str_is(frame->method, "reply")) {
        take_reply(session, frame);
        return;
    }
    send_receipt(session, frame->id);
    if (syn_str_is(frame->method, "notification")) {
        syn_sdk_subs_notification(session, frame);
    } else if (syn_str_is(frame->method, "client_update")) {
        syn_sdk_add_note(session, SYN_SDK_NOTE_EXPIRING, frame);
    } else if (syn_str_is(frame->method, "close")) {
        take_close(session, frame);
    }
}

/* --- the user's wishes, and the driver's reports ----------------------------
 */

static void take_opened(struct syn_sdk_session *session)
{
    if (session->phase == SYN_SDK_PHASE_OPENING) {
        session->phase = SYN_SDK_PHASE_INITING;
        send_init(session);
        syn_sdk_add_start(session, SYN_SDK_TIMER_INIT,
                          (int64_t)INIT_S * US_PER_S);
    }
}

static void take_lost(struct syn_sdk_session *session)
{
    bool was_live = session->phase == SYN_SDK_PHASE_LIVE;
    bool was_initing = session->phase == SYN_SDK_PHASE_INITING;
    struct syn_sdk_note *note = NULL;
    if (has_socket(session)) {
        leave_socket(session, SYN_SDK_PHASE_DEAD);
        if (!session->setup.stays_down) {
            wait_to_retry(session, 0, true);
        }
        note = syn_sdk_add_note(
            session, was_live ? SYN_SDK_NOTE_ENDED : SYN_SDK_NOTE_FAILED, NULL);
        note->is_ours = was_initing;
    }
}

static void take_fired(struct syn_sdk_session *session,
                       enum syn_sdk_timer timer)
{
    if (timer == SYN_SDK_TIMER_RETRY) {
        if (session->phase == SYN_SDK_PHASE_WAITING) {
            open_socket(session);
        }
    } else if (timer == SYN_SDK_TIMER_INIT) {
        if (session->phase == SYN_SDK_PHASE_INITING) {
            syn_sdk_add_effect(session, SYN_SDK_DO_DROP);
            take_lost(session);
        }
    } else if (timer == SYN_SDK_TIMER_SETTLE) {
        if (session->phase == SYN_SDK_PHASE_SETTLING) {
            session->phase = SYN_SDK_PHASE_ENDED;
        }
    } else {
        syn_sdk_subs_fired(session, timer);
    }
}

static void set_token(struct syn_sdk_session *session, struct syn_str token)
{
    syn_buf_clear(&session->token);
    syn_buf_put(&session->token, token);
}

/* updateToken, with the trap of section 5: while the session settles the token
 * is remembered and nothing else happens, not even for the next same one. */
static syn_status take_update(struct syn_sdk_session *session,
                              struct syn_str token)
{
    if (syn_str_is_equal(token, syn_buf_str(&session->token))) {
        return SYN_ERR_EXISTS;
    }
    set_token(session, token);
    switch (session->phase) {
    case SYN_SDK_PHASE_LIVE:
        send_update(session);
        return SYN_OK;
    case SYN_SDK_PHASE_ENDED:
    case SYN_SDK_PHASE_DENIED:
        open_socket(session);
        return SYN_OK;
    case SYN_SDK_PHASE_IDLE:
    case SYN_SDK_PHASE_OPENING:
    case SYN_SDK_PHASE_INITING:
    case SYN_SDK_PHASE_WAITING:
    case SYN_SDK_PHASE_SETTLING:
    case SYN_SDK_PHASE_DEAD:
        break;
    }
    return SYN_ERR_CLOSED;
}

static syn_status take_request(struct syn_sdk_session *session,
                               const struct syn_sdk_request *request)
{
    struct syn_buf frame;
    if (session->phase != SYN_SDK_PHASE_LIVE) {
        return SYN_ERR_CLOSED;
    }
    begin_frame(&frame);
    syn_sdk_put_request(&frame, request);
    syn_sdk_add_send(session, &frame, request->method, request->path);
    return SYN_OK;
}

static void take_cut(struct syn_sdk_session *session)
{
    bool was_live = session->phase == SYN_SDK_PHASE_LIVE;
    if (has_socket(session)) {
        syn_sdk_add_effect(session, SYN_SDK_DO_DROP);
    }
    syn_sdk_add_stop(session, SYN_SDK_TIMER_RETRY);
    syn_sdk_add_stop(session, SYN_SDK_TIMER_SETTLE);
    leave_socket(session, SYN_SDK_PHASE_DEAD);
    if (was_live) {
        syn_sdk_add_note(session, SYN_SDK_NOTE_ENDED, NULL);
    }
}

static void take_shutdown(struct syn_sdk_session *session)
{
    if (session->phase == SYN_SDK_PHASE_LIVE ||
        session->phase == SYN_SDK_PHASE_INITING) {
        send_close(session);
        syn_sdk_add_effect(session, SYN_SDK_DO_CLOSE);
        leave_socket(session, SYN_SDK_PHASE_DEAD);
    } else {
        take_cut(session);
    }
}

static syn_status dispatch(struct syn_sdk_session *session,
                           const struct syn_sdk_event *event)
{
    switch (event->kind) {
    case SYN_SDK_CONNECT:
        if (!has_socket(session)) {
            open_socket(session);
        }
        return SYN_OK;
    case SYN_SDK_OPENED:
        take_opened(session);
        return SYN_OK;
    case SYN_SDK_LOST:
        take_lost(session);
        return SYN_OK;
    case SYN_SDK_MESSAGE:
        take_message(session, event);
        return SYN_OK;
    case SYN_SDK_FIRED:
        take_fired(session, event->timer);
        return SYN_OK;
    case SYN_SDK_REQUEST:
        return take_request(session, event->request);
    case SYN_SDK_TOKEN:
        set_token(session, event->bytes);
        return SYN_OK;
    case SYN_SDK_UPDATE:
        return take_update(session, event->bytes);
    case SYN_SDK_SUBSCRIBE:
        return syn_sdk_subs_want(session, event);
    case SYN_SDK_CANCEL:
        return syn_sdk_subs_cancel(session, event->sid);
    case SYN_SDK_CUT:
        take_cut(session);
        return SYN_OK;
    case SYN_SDK_SHUTDOWN:
        take_shutdown(session);
        return SYN_OK;
    }
    return SYN_ERR_ARG;
}

syn_status syn_sdk_session_step(struct syn_sdk_session *session,
                                const struct syn_sdk_event *event,
                                int64_t now_us)
{
    syn_status st = SYN_OK;
    syn_arena_rewind(&session->scratch, (struct syn_arena_mark){0});
    session->effect_count = 0;
    session->trouble = SYN_OK;
    session->now_us = now_us;
    st = dispatch(session, event);
    return st != SYN_OK ? st : session->trouble;
}

/* --- life ------------------------------------------------------------------
 */

syn_status syn_sdk_session_new(const struct syn_sdk_session_setup *setup,
                               struct syn_sdk_session **out)
{
    struct syn_sdk_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        return SYN_ERR_MEMORY;
    }
    session->setup = *setup;
    syn_buf_init(&session->token, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    syn_buf_init(&session->continuation, NULL, SYN_FRAME_BYTES_MAX);
    syn_buf_put(&session->continuation, setup->continuation);
    syn_arena_init(&session->scratch, NULL, SYN_SDK_SCRATCH_BYTES_MAX);
    session->subs.batch_max = SYN_SDK_BATCH_FIRST;
    if (!syn_sdk_grow_effects(session)) {
        syn_sdk_session_free(session);
        return SYN_ERR_MEMORY;
    }
    *out = session;
    return SYN_OK;
}

void syn_sdk_session_free(struct syn_sdk_session *session)
{
    if (session == NULL) {
        return;
    }
    syn_buf_fini(&session->token);
    syn_buf_fini(&session->continuation);
    syn_arena_fini(&session->scratch);
    free(session->subs.rows);
    free(session->effects);
    free(session);
}

size_t syn_sdk_session_effects(const struct syn_sdk_session *session,
                               const struct syn_sdk_effect **effects)
{
    *effects = session->effects;
    return session->effect_count;
}

enum syn_session_state
syn_sdk_session_state(const struct syn_sdk_session *session)
{
    static const enum syn_session_state states[] = {
        [SYN_SDK_PHASE_IDLE] = SYN_SESSION_IDLE,
        [SYN_SDK_PHASE_OPENING] = SYN_SESSION_CONNECTING,
        [SYN_SDK_PHASE_INITING] = SYN_SESSION_CONNECTING,
        [SYN_SDK_PHASE_LIVE] = SYN_SESSION_LIVE,
        [SYN_SDK_PHASE_WAITING] = SYN_SESSION_CONNECTING,
        [SYN_SDK_PHASE_SETTLING] = SYN_SESSION_CLOSED,
        [SYN_SDK_PHASE_ENDED] = SYN_SESSION_CLOSED,
        [SYN_SDK_PHASE_DENIED] = SYN_SESSION_DENIED,
        [SYN_SDK_PHASE_DEAD] = SYN_SESSION_CLOSED,
    };
    return states[session->phase];
}

bool syn_sdk_session_is_trying(const struct syn_sdk_session *session)
{
    return session->phase == SYN_SDK_PHASE_OPENING ||
           session->phase == SYN_SDK_PHASE_INITING;
}

bool syn_sdk_session_is_waiting(const struct syn_sdk_session *session)
{
    return session->phase == SYN_SDK_PHASE_WAITING;
}

struct syn_str syn_sdk_session_token(const struct syn_sdk_session *session)
{
    return syn_buf_str(&session->token);
}
