/*
 * settle.c - the end: does everybody know what REST shows?
 *
 * Nothing is sent any more; answers and those on their way back are waited
 * for. Then every session does one round trip on its own connection, behind
 * which nothing can still be under way: what it has not heard by then, it has
 * lost.
 */
#include "load/worker.h"

#define WAIT_US   INT64_C(20000)
#define SETTLE_US ((int64_t)SYN_LOAD_SETTLE_S * SYN_LOAD_US_PER_S)
#define FENCES    256 /* under way at once */

static bool wait_until(struct syn_load_worker *worker,
                       bool (*is_done)(struct syn_load_worker *worker),
                       int64_t patience_us)
{
    const int64_t until_us = syn_clock_now_us(worker->clock) + patience_us;
    while (!is_done(worker)) {
        syn_load_fleet_pump(worker);
        syn_load_lanes_flush(worker);
        syn_load_worker_turn(worker, WAIT_US);
        if (worker->env.now_us > until_us || syn_load_is_stopped(worker)) {
            return false;
        }
    }
    return true;
}

static bool is_expected(const struct syn_load_session *session)
{
    return syn_load_is_honest(session) && session->generation > 0;
}

static bool is_answered(struct syn_load_worker *worker)
{
    if (syn_load_lanes_waiting(worker) > 0) {
        return false;
    }
    for (uint32_t i = 0; i < worker->session_count; i++) {
        if (syn_load_is_honest(&worker->sessions[i]) &&
            worker->sessions[i].op != SYN_LOAD_OP_NONE) {
            return false;
        }
    }
    return true;
}

static bool has_everybody(struct syn_load_worker *worker)
{
    for (uint32_t i = 0; i < worker->session_count; i++) {
        const struct syn_load_session *session = &worker->sessions[i];
        if (is_expected(session) && session->state != SYN_LOAD_READY) {
            return false;
        }
    }
    return true;
}

static bool have_all_settled(struct syn_load_worker *worker)
{
    return syn_load_ledger_all_at(worker->ledger, SYN_LOAD_STAGE_SETTLE);
}

/* Fences go out a few at a time; done when all came back. */
static bool is_fenced(struct syn_load_worker *worker)
{
    uint32_t open = 0;
    bool is_done = true;
    for (uint32_t i = 0; i < worker->session_count && open < FENCES; i++) {
        struct syn_load_session *session = &worker->sessions[i];
        if (!is_expected(session) || session->is_fenced ||
            session->state != SYN_LOAD_READY) {
            continue;
        }
        is_done = false;
        open++;
        syn_buf_clear(&worker->env.out);
        if (syn_load_session_begin(&worker->env, session, SYN_LOAD_OP_FENCE,
                                   worker->env.now_us)) {
            syn_load_fleet_act(worker, session);
        }
    }
    return is_done;
}

static bool next_fetch(struct syn_load_worker *worker, uint64_t index,
                       struct syn_load_request *request, bool *skips)
{
    if (index >= worker->env.object_count) {
        return false;
    }
    const struct syn_load_object *object = &worker->env.objects[index];
    request->errand = SYN_LOAD_FETCH;
    request->object = (uint32_t)index;
    *skips = object->type == SYN_TYPE_STREAM || object->sid[0] == '\0';
    return true;
}

/* --- comparing ------------------------------------------------------------ */

static void blame_end(struct syn_load_worker *worker,
                      const struct syn_load_session *session,
                      const struct syn_load_sub *sub,
                      enum syn_load_property property, const char *why)
{
    struct syn_load_verdict verdict = {.why = why};
    const struct syn_str nothing = {"", 0};
    verdict.violations[property] = 1;
    syn_load_report(&worker->env, session, sub, &verdict, nothing);
}

/* An object whose time had come: is it gone, and was that heard? */
static void compare_ended(struct syn_load_worker *worker,
                          const struct syn_load_session *session,
                          const struct syn_load_sub *sub,
                          const struct syn_load_object *object)
{
    syn_load_check(worker->env.result, SYN_LOAD_PROPERTY_AFTER_EXPIRY, 1);
    if (object->rest != UINT32_MAX) {
        blame_end(worker, session, sub, SYN_LOAD_PROPERTY_AFTER_EXPIRY,
                  "REST still shows an object that has expired");
    } else if (!sub->watch.is_over) {
        blame_end(worker, session, sub, SYN_LOAD_PROPERTY_DIVERGED,
                  "the subscriber never heard that the object is gone");
    }
}

static void compare_own(struct syn_load_worker *worker,
                        struct syn_load_session *session,
                        struct syn_load_sub *sub)
{
    struct syn_load_env *env = &worker->env;
    const struct syn_load_object *object = &env->objects[sub->object];
    const int64_t ended_us = object->end_us == SYN_LOAD_NEVER
                                 ? SYN_LOAD_NEVER
                                 : object->end_us + env->removal_us;
    if (env->now_us > ended_us) {
        compare_ended(worker, session, sub, object);
        return;
    }
    if (object->end_us != SYN_LOAD_NEVER || sub->state != SYN_LOAD_SUB_LIVE) {
        return;
    }
    /* A stream shows nothing afterwards: what was acknowledged must do. */
    const bool is_stream = object->type == SYN_TYPE_STREAM;
    if (!is_stream && !object->is_checked) {
        return;
    }
    const struct syn_load_truth truth = syn_load_truth_of(env, session, sub);
    const struct syn_load_verdict verdict =
        syn_load_watch_settled(&sub->watch, &truth, object->acked,
                               is_stream ? object->acked : object->rest);
    const struct syn_str nothing = {"", 0};
    if (object->is_loose) {
        return; /* what REST shows may be more than was acknowledged */
    }
    syn_load_check(env->result, SYN_LOAD_PROPERTY_LOST, 1);
    syn_load_check(env->result, SYN_LOAD_PROPERTY_DIVERGED, 1);
    syn_load_report(env, session, sub, &verdict, nothing);
}

static void compare_probe(struct syn_load_worker *worker,
                          struct syn_load_session *session,
                          struct syn_load_sub *sub)
{
    struct syn_load_env *env = &worker->env;
    if (sub->state != SYN_LOAD_SUB_LIVE) {
        return;
    }
    const struct syn_load_truth truth = syn_load_truth_of(env, session, sub);
    const uint32_t acked = atomic_load(&env->neighbour->acked);
    const struct syn_load_verdict verdict =
        syn_load_watch_settled(&sub->watch, &truth, acked, acked);
    const struct syn_str nothing = {"", 0};
    if (acked == truth.sent) {
        syn_load_check(env->result, SYN_LOAD_PROPERTY_LOST, 1);
        syn_load_report(env, session, sub, &verdict, nothing);
    }
}

static void compare(struct syn_load_worker *worker,
                    struct syn_load_session *session)
{
    struct syn_load_env *env = &worker->env;
    syn_load_count(env->result, SYN_LOAD_SURVIVORS, 1);
    const bool is_back = session->state == SYN_LOAD_READY && session->is_fenced;
    const char *bar = syn_load_link_bar(worker->net, &session->link);
    if (!is_back && bar[0] != '\0') { /* no word of the service */
        syn_load_worker_unreachable(worker, "%s: %s", worker->aim->sdk_host,
                                    bar);
        return;
    }
    if (!is_back) {
        syn_load_check(env->result, SYN_LOAD_PROPERTY_DIVERGED, 1);
        syn_load_violation(
            env->result, SYN_LOAD_PROPERTY_DIVERGED,
            syn_load_at(env, env->now_us),
            "session %u, connection %u: not ready and answered %d s after the "
            "load had ended (state %d, %d tries)",
            (unsigned)session->number, (unsigned)session->generation,
            SYN_LOAD_SETTLE_S, (int)session->state, (int)session->attempts);
        return;
    }
    for (unsigned i = 0; i < session->sub_count; i++) {
        struct syn_load_sub *sub = &session->subs[i];
        if (sub->kind == SYN_LOAD_SUB_OWN) {
            compare_own(worker, session, sub);
        } else if (sub->kind == SYN_LOAD_SUB_PROBE) {
            compare_probe(worker, session, sub);
        }
    }
}

void syn_load_settle(struct syn_load_worker *worker)
{
    atomic_uint *stage = &worker->ledger->stations[worker->index].stage;
    worker->is_settling = true;
    (void)wait_until(worker, is_answered, SETTLE_US);
    atomic_store(stage, SYN_LOAD_STAGE_SETTLE);
    const bool is_whole =
        wait_until(worker, have_all_settled, SETTLE_US) &&
        (wait_until(worker, has_everybody, SETTLE_US) || true) &&
        (wait_until(worker, is_fenced, SETTLE_US) || true) &&
        syn_load_ask_all(worker, next_fetch, SETTLE_US);
    if (atomic_load(&worker->ledger->stop) || !is_whole) {
        worker->env.result->is_cut_short = atomic_load(&worker->ledger->stop) ||
                                           worker->env.result->is_cut_short;
        return; /* there was no time to compare in */
    }
    for (uint32_t i = 0; i < worker->session_count; i++) {
        if (is_expected(&worker->sessions[i])) {
            compare(worker, &worker->sessions[i]);
        }
    }
}

/* --- leftovers ------------------------------------------------------------ */

static bool next_removal(struct syn_load_worker *worker, uint64_t index,
                         struct syn_load_request *request, bool *skips)
{
    if (index >= worker->env.object_count) {
        return false;
    }
    request->errand = SYN_LOAD_REMOVE;
    request->object = (uint32_t)index;
    *skips = worker->env.objects[index].sid[0] == '\0';
    return true;
}

static bool are_all_done(struct syn_load_worker *worker)
{
    return syn_load_ledger_all_at(worker->ledger, SYN_LOAD_STAGE_DONE);
}

/* Nobody listens any more, so no removal is heard that nobody expects. */
void syn_load_clean(struct syn_load_worker *worker)
{
    if (worker->aim->is_ours) {
        return;
    }
    worker->is_cleaning = true;
    worker->is_failed = false; /* the result says so already */
    for (uint32_t i = 0; i < worker->session_count; i++) {
        struct syn_load_session *session = &worker->sessions[i];
        syn_clock_stop(worker->clock, &session->timer);
        syn_load_link_close(worker->net, &session->link, false);
    }
    (void)wait_until(worker, are_all_done, SETTLE_US);
    (void)syn_load_ask_all(worker, next_removal, 2 * SETTLE_US);
}
