/*
 * setup.c - objects and grants, made over REST before the common start.
 */
#include "load/worker.h"

#define WAIT_US     INT64_C(20000)
#define PATIENCE_US INT64_C(600000000) /* for all of it */
#define MAKE_PART   10
#define DRAIN_US    INT64_C(5000000) /* for answers after a stop */

/* The paces of a target's budget; none for our own service. What is made or
 * removed counts ten times, as in target/budget.h. */
static bool may_ask(struct syn_load_worker *worker,
                    const struct syn_load_request *request)
{
    struct syn_load_schedule *paces = &worker->paces;
    const double all = (double)worker->aim->rest_per_s;
    int64_t due_us = 0;
    if (all <= 0) {
        return true;
    }
    if (paces->rate_per_s <= 0) {
        const double part = request->errand == SYN_LOAD_FETCH ? 1 : MAKE_PART;
        const double rate = all / part > 1 ? all / part : 1;
        *paces = (struct syn_load_schedule){
            .begin_us = worker->env.now_us,
            .span_us = PATIENCE_US,
            .rate_per_s = rate / atomic_load(&worker->ledger->count)};
    }
    return syn_load_schedule_take(paces, worker->env.now_us, &due_us);
}

static bool
ask_some(struct syn_load_worker *worker,
         bool (*next)(struct syn_load_worker *worker, uint64_t index,
                      struct syn_load_request *request, bool *skips))
{
    for (;;) {
        struct syn_load_request request = {.session = 0};
        bool skips = false;
        if (!next(worker, worker->setup_at, &request, &skips)) {
            return false;
        }
        if (skips) {
            worker->setup_at++;
            continue;
        }
        const uint32_t lane = worker->env.objects[request.object].lane;
        request.due_us = worker->env.now_us;
        if (worker->lanes[lane].count == SYN_LOAD_LANE_DEPTH ||
            worker->lanes[lane].link.state != SYN_LOAD_LINK_OPEN ||
            !may_ask(worker, &request)) {
            return true; /* later */
        }
        if (!syn_load_errand_book(worker, &request)) {
            syn_load_worker_fail(worker, "the manifest cannot be written");
            return false;
        }
        (void)syn_load_lane_ask(worker, lane, &request);
        worker->setup_at++;
        worker->setup_open++;
    }
}

bool syn_load_ask_all(struct syn_load_worker *worker,
                      bool (*next)(struct syn_load_worker *worker,
                                   uint64_t index,
                                   struct syn_load_request *request,
                                   bool *skips),
                      int64_t patience_us)
{
    int64_t until_us = syn_clock_now_us(worker->clock) + patience_us;
    bool has_more = true;
    bool is_stopped = false;
    worker->setup_at = 0;
    worker->setup_open = 0;
    worker->paces.rate_per_s = 0;
    while ((has_more || worker->setup_open > 0) && !worker->is_failed) {
        /* When stopped, what left already is still answered: an object that
         * was made is to be known, so that it can be removed. */
        if (!is_stopped && syn_load_is_stopped(worker)) {
            is_stopped = true;
            until_us = worker->env.now_us + DRAIN_US;
        }
        has_more = !is_stopped && ask_some(worker, next);
        syn_load_lanes_flush(worker);
        syn_load_worker_turn(worker, WAIT_US);
        if (worker->env.now_us > until_us) {
            return false;
        }
    }
    return !worker->is_failed && !is_stopped;
}

/* Streams are made by their users: those of REST nobody could hear. */
static bool next_object(struct syn_load_worker *worker, uint64_t index,
                        struct syn_load_request *request, bool *skips)
{
    if (index >= worker->env.object_count) {
        return false;
    }
    request->errand = SYN_LOAD_MAKE_OBJECT;
    request->object = (uint32_t)index;
    *skips = worker->env.objects[index].type == SYN_TYPE_STREAM;
    return true;
}

/* One for each session and object of its block, then the probe's. With streams
 * the sessions of a block are one identity, which needs one grant. */
static bool next_grant(struct syn_load_worker *worker, uint64_t index,
                       struct syn_load_request *request, bool *skips)
{
    const struct syn_load_env *env = &worker->env;
    const uint64_t own = (uint64_t)worker->session_count * env->block_objects;
    request->errand = SYN_LOAD_MAKE_GRANT;
    if (index == own && env->neighbour != NULL) {
        request->object = env->object_count - 1;
        request->session = UINT32_MAX;
        return true;
    }
    if (index >= own) {
        return false;
    }
    uint32_t first = 0;
    uint32_t count = 0;
    request->session = (uint32_t)(index / env->block_objects);
    request->sub = (uint8_t)(index % env->block_objects);
    request->object =
        request->session / env->block_sessions * env->block_objects +
        request->sub;
    syn_load_devices(worker, request->session, &first, &count);
    *skips = first != request->session ||
             env->objects[request->object].type == SYN_TYPE_STREAM;
    return true;
}

bool syn_load_setup(struct syn_load_worker *worker)
{
    if (syn_load_ask_all(worker, next_object, PATIENCE_US) &&
        syn_load_ask_all(worker, next_grant, PATIENCE_US)) {
        return true;
    }
    if (!syn_load_is_stopped(worker)) {
        syn_load_worker_unreachable(
            worker, "the set-up over REST did not come to an end");
    }
    return false;
}
