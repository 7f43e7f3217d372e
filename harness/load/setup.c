/*
 * setup.c - objects and grants, made over REST before the common start.
 */
#include "load/worker.h"

#define WAIT_US     INT64_C(20000)
#define PATIENCE_US INT64_C(600000000) /* for all of it */

/* The paces of a target's budget; none for our own service. */
static bool may_ask(struct syn_load_worker *worker)
{
    int64_t due_us = 0;
    return worker->aim->rest_per_s == 0 ||
           syn_load_schedule_take(&worker->paces, worker->env.now_us, &due_us);
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
            !may_ask(worker)) {
            return true; /* later */
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
    const int64_t until_us = syn_clock_now_us(worker->clock) + patience_us;
    bool has_more = true;
    worker->setup_at = 0;
    worker->setup_open = 0;
    while ((has_more || worker->setup_open > 0) && !worker->is_failed) {
        has_more = ask_some(worker, next);
        syn_load_lanes_flush(worker);
        syn_load_worker_turn(worker, WAIT_US);
        if (worker->env.now_us > until_us || syn_load_is_stopped(worker)) {
            return false;
        }
    }
    return !worker->is_failed;
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
    syn_load_worker_unreachable(worker,
                                "the set-up over REST did not come to an end");
    return false;
}
