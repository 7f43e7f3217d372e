/*
 * profile.c - storms, churn, revocations, expiry: what makes a profile.
 * Source: design section 9.
 */
#include "load/worker.h"

#define CHURN_SHARE   20 /* one session in so many, each second */
#define AWAY_US       INT64_C(1500000)
#define REGRANT_US    INT64_C(1500000) /* after it was taken away */
#define FLIPS_PER_S   400              /* of one worker, at most */
#define FLIP_PARTS    4                /* of what a target's budget leaves */
#define PERCENT       100
#define CUTS_A_TURN   128
#define STORM_LEAD_US INT64_C(1000000) /* into the measured part */
#define EXPIRE_AT     2                /* the n-th part of the run */

static int64_t span_us(const struct syn_load_worker *worker)
{
    return (int64_t)worker->env.plan->duration_s * SYN_LOAD_US_PER_S;
}

static int64_t begin_us(const struct syn_load_worker *worker)
{
    return worker->env.start_us + syn_load_plan_lead_us(worker->env.plan);
}

/* --- expire --------------------------------------------------------------- */

/* Every other object ends with the tokens. */
static bool next_limit(struct syn_load_worker *worker, uint64_t index,
                       struct syn_load_request *request, bool *skips)
{
    const struct syn_load_env *env = &worker->env;
    if (index >= env->object_count) {
        return false;
    }
    const struct syn_load_object *object = &env->objects[index];
    request->errand = SYN_LOAD_LIMIT;
    request->object = (uint32_t)index;
    request->ordinal =
        (uint32_t)(env->common_end_s - env->now_us / SYN_LOAD_US_PER_S);
    *skips = index % 2 == 0 || object->sid[0] == '\0' || object->probe != NULL;
    return true;
}

void syn_load_profile_prepare(struct syn_load_worker *worker)
{
    struct syn_load_env *env = &worker->env;
    if (env->plan->profile != SYN_LOAD_PROFILE_EXPIRE) {
        return;
    }
    env->common_end_s =
        (begin_us(worker) + span_us(worker) / EXPIRE_AT) / SYN_LOAD_US_PER_S;
    (void)syn_load_ask_all(worker, next_limit, span_us(worker));
}

/* --- revoke --------------------------------------------------------------- */

/* Readers, not writers: subscription `index` of all that may be taken away. */
static bool find_grant(const struct syn_load_worker *worker, uint64_t index,
                       struct syn_load_request *request)
{
    const struct syn_load_env *env = &worker->env;
    const uint64_t count = (uint64_t)worker->session_count * env->block_objects;
    const uint64_t at = index % count;
    request->session = (uint32_t)(at / env->block_objects);
    request->sub = (uint8_t)(at % env->block_objects);
    request->object =
        request->session / env->block_sessions * env->block_objects +
        request->sub;
    request->ordinal = (uint32_t)(index / count + index);
    const struct syn_load_session *session =
        &worker->sessions[request->session];
    return syn_load_is_honest(session) &&
           env->objects[request->object].type != SYN_TYPE_STREAM;
}

static void mark_changing(struct syn_load_worker *worker,
                          const struct syn_load_request *request)
{
    uint32_t first = 0;
    uint32_t count = 0;
    syn_load_devices(worker, request->session, &first, &count);
    for (uint32_t i = first; i < first + count; i++) {
        struct syn_load_sub *sub = &worker->sessions[i].subs[request->sub];
        syn_load_watch_grant(&sub->watch, SYN_LOAD_GRANT_CHANGING, 0);
        sub->epoch++;
        sub->revoke_us = 0;
    }
}

static void flip(struct syn_load_worker *worker, uint64_t index, bool gives,
                 int64_t due_us)
{
    struct syn_load_request request = {
        .errand = gives ? SYN_LOAD_REGRANT : SYN_LOAD_REVOKE, .due_us = due_us};
    if (!find_grant(worker, index, &request)) {
        return;
    }
    const struct syn_load_sub *sub =
        &worker->sessions[request.session].subs[request.sub];
    const uint8_t wanted = gives ? SYN_LOAD_GRANT_REVOKED : SYN_LOAD_GRANT_HELD;
    const uint32_t lane = worker->env.objects[request.object].lane;
    if (sub->watch.grant != wanted ||
        worker->lanes[lane].count == SYN_LOAD_LANE_DEPTH ||
        worker->lanes[lane].link.state != SYN_LOAD_LINK_OPEN) {
        return;
    }
    mark_changing(worker, &request);
    (void)syn_load_lane_ask(worker, lane, &request);
}

/* --- storm, churn --------------------------------------------------------- */

/* Some of those it hits: all are hit within a tenth of a second, and what is
 * due meanwhile is sent. */
static void storm_on(struct syn_load_worker *worker)
{
    const struct syn_load_plan *plan = worker->env.plan;
    for (uint32_t cuts = 0;
         cuts < CUTS_A_TURN && worker->storm_at < worker->session_count;
         worker->storm_at++) {
        struct syn_load_session *session = &worker->sessions[worker->storm_at];
        const bool is_hit =
            syn_rng_below(&worker->env.rng, PERCENT) < plan->drop_pct;
        if (!is_hit || session->state != SYN_LOAD_READY) {
            continue;
        }
        /* Rogues are hit as well, each comes back in its own way; the storm is
         * over when the others are there. */
        if (syn_load_is_honest(session)) {
            worker->stormed += !session->is_stormed;
            session->is_stormed = true;
        }
        syn_load_fleet_cut(worker, session);
        cuts++;
    }
}

void syn_load_profile_ready(struct syn_load_worker *worker,
                            struct syn_load_session *session)
{
    if (!session->is_stormed) {
        return;
    }
    session->is_stormed = false;
    worker->stormed--;
    if (worker->stormed == 0) {
        syn_load_took(&worker->env, SYN_LOAD_HIST_STORM, worker->storm_us);
    }
}

/* In the middle of a churn our own service hands everybody over at once. */
static void churn(struct syn_load_worker *worker, uint64_t index)
{
    struct syn_load_session *session =
        &worker->sessions[index * 7919 % worker->session_count];
    const uint64_t middle =
        (uint64_t)(worker->acts.rate_per_s * worker->env.plan->duration_s / 2);
    if (index == middle && worker->index == 0 && worker->aim->is_ours) {
        const struct syn_load_request request = {.errand = SYN_LOAD_OFFLOAD};
        (void)syn_load_lane_ask(worker, 0, &request);
    }
    if (session->state == SYN_LOAD_READY && syn_load_is_honest(session)) {
        syn_load_fleet_leave(worker, session, AWAY_US);
    }
}

/* --- all ------------------------------------------------------------------ */

void syn_load_profile_start(struct syn_load_worker *worker)
{
    const struct syn_load_plan *plan = worker->env.plan;
    struct syn_load_schedule *acts = &worker->acts;
    *acts = (struct syn_load_schedule){.begin_us = begin_us(worker),
                                       .span_us = span_us(worker)};
    if (plan->profile == SYN_LOAD_PROFILE_STORM) {
        acts->begin_us += STORM_LEAD_US;
        acts->rate_per_s = (double)plan->times / plan->duration_s;
    } else if (plan->profile == SYN_LOAD_PROFILE_CHURN) {
        acts->rate_per_s = (double)worker->session_count / CHURN_SHARE;
    } else if (plan->profile == SYN_LOAD_PROFILE_REVOKE) {
        const double all = (double)worker->session_count *
                           worker->env.block_objects * plan->times;
        const double rate = all / plan->duration_s;
        acts->rate_per_s = rate < FLIPS_PER_S ? rate : FLIPS_PER_S;
        /* Each is a request and is undone by another; changes go on, too. */
        const double left =
            (double)(worker->aim->rest_per_s - plan->rate_per_s) / FLIP_PARTS;
        if (worker->aim->rest_per_s > 0 && acts->rate_per_s > left) {
            acts->rate_per_s = left;
        }
    }
    worker->undos = *acts;
    worker->undos.begin_us += REGRANT_US;
}

void syn_load_profile_step(struct syn_load_worker *worker)
{
    const enum syn_load_profile profile = worker->env.plan->profile;
    const int64_t now_us = worker->env.now_us;
    int64_t due_us = 0;
    if (worker->acts.rate_per_s <= 0 || worker->session_count == 0) {
        return;
    }
    storm_on(worker);
    while (syn_load_schedule_take(&worker->acts, now_us, &due_us)) {
        const uint64_t index = worker->acts.next - 1;
        if (profile == SYN_LOAD_PROFILE_STORM) {
            worker->storm_us = due_us;
            worker->storm_at = 0;
        } else if (profile == SYN_LOAD_PROFILE_CHURN) {
            churn(worker, index);
        } else {
            flip(worker, index, false, due_us);
        }
    }
    while (profile == SYN_LOAD_PROFILE_REVOKE &&
           syn_load_schedule_take(&worker->undos, now_us, &due_us)) {
        flip(worker, worker->undos.next - 1, true, due_us);
    }
}
