/*
 * drive.c - operations of the schedule, each at its time or not at all.
 *
 * A due operation that nobody can carry out (nobody is there, or too much is
 * under way) is dropped and counted, never postponed: a service that is slow
 * must not slow its own load down.
 */
#include "load/worker.h"

#define TRIES 64 /* objects or sessions looked at for one operation */

static bool is_measured(const struct syn_load_env *env, int64_t due_us)
{
    return due_us - env->start_us >= syn_load_plan_lead_us(env->plan);
}

static bool write_by_rest(struct syn_load_worker *worker,
                          struct syn_load_object *object, int64_t due_us)
{
    const struct syn_load_lane *lane = &worker->lanes[object->lane];
    const struct syn_load_request request = {.errand = SYN_LOAD_CHANGE,
                                             .object = object->number,
                                             .ordinal = object->sent + 1,
                                             .due_us = due_us};
    if (lane->count == SYN_LOAD_LANE_DEPTH ||
        lane->link.state != SYN_LOAD_LINK_OPEN) {
        return false;
    }
    if (syn_load_race_begin(worker, object, due_us)) {
        return true;
    }
    object->sent++;
    object->waiting++;
    if (object->probe != NULL) {
        atomic_store(&object->probe->sent, object->sent);
    }
    return syn_load_lane_ask(worker, object->lane, &request);
}

static bool write_by_sdk(struct syn_load_worker *worker,
                         const struct syn_load_object *object, int64_t due_us)
{
    struct syn_load_session *session =
        &worker->sessions[(size_t)object->block * worker->env.block_sessions];
    session->op_object =
        session->op == SYN_LOAD_OP_NONE ? object->number : session->op_object;
    syn_buf_clear(&worker->env.out);
    if (!syn_load_session_begin(&worker->env, session, SYN_LOAD_OP_WRITE,
                                due_us)) {
        return false;
    }
    syn_load_fleet_act(worker, session);
    return true;
}

static bool write_one(struct syn_load_worker *worker, int64_t due_us)
{
    struct syn_load_env *env = &worker->env;
    for (uint32_t tries = 0; tries < TRIES; tries++) {
        struct syn_load_object *object = &env->objects[worker->next_object];
        worker->next_object = (worker->next_object + 1) % env->object_count;
        if (object->sid[0] == '\0' || object->is_gone || object->racing > 0) {
            continue;
        }
        if (object->is_by_sdk ? write_by_sdk(worker, object, due_us)
                              : write_by_rest(worker, object, due_us)) {
            return true;
        }
    }
    return false;
}

static bool use_session(struct syn_load_worker *worker, enum syn_load_op op,
                        int64_t due_us)
{
    for (uint32_t tries = 0; tries < TRIES; tries++) {
        struct syn_load_session *session =
            &worker->sessions[worker->next_session];
        worker->next_session =
            (worker->next_session + 1) % worker->session_count;
        syn_buf_clear(&worker->env.out);
        if (syn_load_is_honest(session) &&
            syn_load_session_begin(&worker->env, session, op, due_us)) {
            syn_load_fleet_act(worker, session);
            return true;
        }
    }
    return false;
}

static enum syn_load_op choose(struct syn_load_worker *worker)
{
    const struct syn_load_mix *mix = &worker->env.plan->mix;
    const uint64_t sum = (uint64_t)mix->read + mix->write + mix->subscribe;
    const uint64_t at = syn_rng_below(&worker->env.rng, sum);
    if (at < mix->write) {
        return SYN_LOAD_OP_WRITE;
    }
    if (at < mix->write + mix->read) {
        return SYN_LOAD_OP_READ;
    }
    return syn_rng_below(&worker->env.rng, 2) == 0 ? SYN_LOAD_OP_SUBSCRIBE
                                                   : SYN_LOAD_OP_REPEAT;
}

static void note_lag(struct syn_load_worker *worker, int64_t due_us)
{
    struct syn_load_env *env = &worker->env;
    const bool is_late = env->now_us - due_us > SYN_LOAD_LATE_US;
    syn_load_took(env, SYN_LOAD_HIST_LAG, due_us);
    if (is_measured(env, due_us)) {
        worker->due++;
        worker->late += is_late;
    }
    if (is_late) {
        syn_load_count(env->result, SYN_LOAD_SENDS_LATE, 1);
        syn_load_tick(env->result, SYN_LOAD_SERIES_LATE,
                      syn_load_at(env, due_us), 1);
    }
}

static void do_one(struct syn_load_worker *worker, int64_t due_us)
{
    struct syn_load_env *env = &worker->env;
    const enum syn_load_op op = choose(worker);
    syn_load_count(env->result, SYN_LOAD_SENDS_DUE, 1);
    syn_load_tick(env->result, SYN_LOAD_SERIES_OFFERED,
                  syn_load_at(env, due_us), 1);
    note_lag(worker, due_us);
    if (op == SYN_LOAD_OP_WRITE ? write_one(worker, due_us)
                                : use_session(worker, op, due_us)) {
        syn_load_count(env->result, SYN_LOAD_SENDS_DONE, 1);
        return;
    }
    syn_load_count(env->result, SYN_LOAD_SENDS_DROPPED, 1);
    syn_load_tick(env->result, SYN_LOAD_SERIES_DROPPED,
                  syn_load_at(env, due_us), 1);
}

void syn_load_drive(struct syn_load_worker *worker)
{
    int64_t due_us = 0;
    const int64_t now_us = syn_clock_now_us(worker->clock);
    worker->env.now_us = now_us;
    while (syn_load_schedule_take(&worker->connects, now_us, &due_us)) {
        const uint64_t number = worker->connects.next - 1;
        if (number < worker->session_count) {
            syn_load_fleet_queue(worker, &worker->sessions[number], due_us);
        }
    }
    while (syn_load_schedule_take(&worker->ops, now_us, &due_us)) {
        do_one(worker, due_us);
    }
}
