/*
 * rogue.c - sessions that misbehave, by kind.
 * Source: spec adversaries; design section 9.
 *
 * Rogues are part of the weather: honest sessions are measured beside them.
 * They hold the same grants, so what they hear is judged all the same.
 */
#include "load/worker.h"

#define TICK_US      INT64_C(100000) /* of a slow reader */
#define HALF_OPEN_US INT64_C(5000000)
#define PERCENT      100

enum syn_load_rogue syn_load_rogue_of(const struct syn_load_worker *worker,
                                      uint32_t number)
{
    const struct syn_load_plan *plan = worker->env.plan;
    const uint32_t id = worker->first_session + number;
    /* The first of a block makes its streams and writes; evenly spread. */
    const uint32_t before =
        (uint32_t)((uint64_t)id * plan->rogue_pct / PERCENT);
    const uint32_t after =
        (uint32_t)(((uint64_t)id + 1) * plan->rogue_pct / PERCENT);
    if (before == after || number % worker->env.block_sessions == 0) {
        return SYN_LOAD_ROGUE_MIXED;
    }
    if (plan->rogue_kind != SYN_LOAD_ROGUE_MIXED) {
        return plan->rogue_kind;
    }
    return (enum syn_load_rogue)(1 + before % (SYN_LOAD_ROGUE_COUNT - 1));
}

/* Half an upgrade, and then nothing. */
bool syn_load_rogue_opened(struct syn_load_worker *worker,
                           struct syn_load_session *session)
{
    static const struct syn_str half = {"GET /v3/wsconnect HTTP/1.1\r\nHost: ",
                                        34};
    if (session->rogue != SYN_LOAD_ROGUE_HALF_OPEN) {
        return false;
    }
    syn_load_link_send(worker->net, &session->link, half);
    /* It gives up its place among those that shake hands, as it never will. */
    worker->inflight--;
    session->state = SYN_LOAD_OPENING;
    syn_load_fleet_time(worker, session, HALF_OPEN_US);
    return true;
}

/* Each at a time of its own: all at once they would be a load of another kind.
 */
static int64_t tick_us(struct syn_load_worker *worker)
{
    return TICK_US / 2 + (int64_t)syn_rng_below(&worker->env.rng, TICK_US);
}

static bool is_hot(const struct syn_load_session *session)
{
    return session->rogue == SYN_LOAD_ROGUE_HOT_LOOP ||
           session->rogue == SYN_LOAD_ROGUE_IGNORE_429;
}

/* Reads as fast as answers come, one after the other. */
static void ask_once_more(struct syn_load_worker *worker,
                          struct syn_load_session *session)
{
    if (!worker->is_settling) {
        (void)syn_load_session_begin(&worker->env, session, SYN_LOAD_OP_FENCE,
                                     worker->env.now_us);
    }
}

void syn_load_rogue_ready(struct syn_load_worker *worker,
                          struct syn_load_session *session)
{
    if (session->rogue == SYN_LOAD_ROGUE_NEVER_READ ||
        session->rogue == SYN_LOAD_ROGUE_SLOW_READ) {
        syn_load_link_pause(worker->net, &session->link, true);
        syn_load_fleet_time(worker, session, tick_us(worker));
    } else if (is_hot(session)) {
        syn_load_fleet_time(worker, session, tick_us(worker));
    }
}

void syn_load_rogue_heard(struct syn_load_worker *worker,
                          struct syn_load_session *session)
{
    if (is_hot(session) && session->state == SYN_LOAD_READY) {
        ask_once_more(worker, session);
    }
}

void syn_load_rogue_tick(struct syn_load_worker *worker,
                         struct syn_load_session *session)
{
    if (worker->is_settling) {
        return;
    }
    if (session->rogue == SYN_LOAD_ROGUE_SLOW_READ &&
        session->state == SYN_LOAD_READY) {
        syn_load_link_sip(worker->net, &session->link);
        if (session->state == SYN_LOAD_READY) {
            syn_load_fleet_time(worker, session, tick_us(worker));
        }
    } else if (is_hot(session) && session->state == SYN_LOAD_READY) {
        syn_buf_clear(&worker->env.out);
        ask_once_more(worker, session); /* in case nothing is heard */
        syn_load_fleet_act(worker, session);
        syn_load_fleet_time(worker, session, tick_us(worker));
    }
}
