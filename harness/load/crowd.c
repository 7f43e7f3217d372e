/*
 * crowd.c - objects, sessions and who listens to what.
 *
 * A block of sessions shares a block of objects; in a fan-out the whole worker
 * is one block. Streams have no permissions: only their creator's identity may
 * hear them, so with streams all sessions of a block are devices of one user.
 */
#include "load/worker.h"

#include "auth/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SESSIONS 4 /* readers of an object, outside of a fan-out */
#define SPY_EVERY      8 /* sessions */
#define SDK_WRITES     4 /* every fourth block is written by a session */

static bool has_streams(const struct syn_load_worker *worker)
{
    return (worker->env.plan->types & SYN_TYPE_BIT(SYN_TYPE_STREAM)) != 0;
}

void syn_load_identity(const struct syn_load_worker *worker, uint32_t session,
                       char out[SYN_LOAD_IDENTITY_BYTES])
{
    const uint32_t block = session / worker->env.block_sessions;
    const uint32_t user =
        has_streams(worker) ? block * worker->env.block_sessions : session;
    (void)snprintf(out, SYN_LOAD_IDENTITY_BYTES, "%s-u%u", worker->aim->run,
                   (unsigned)(worker->first_session + user));
}

void syn_load_devices(const struct syn_load_worker *worker, uint32_t session,
                      uint32_t *first, uint32_t *count)
{
    const uint32_t size = worker->env.block_sessions;
    *first = session;
    *count = 1;
    if (has_streams(worker)) {
        *first = session / size * size;
        *count = worker->session_count - *first;
        *count = *count < size ? *count : size;
    }
}

bool syn_load_mint(void *ctx, const struct syn_load_session *session,
                   int64_t end_s, struct syn_buf *out)
{
    struct syn_load_worker *worker = ctx;
    char identity[SYN_LOAD_IDENTITY_BYTES];
    syn_load_identity(worker, session->number, identity);
    const struct syn_load_aim *aim = worker->aim;
    const struct syn_token_key key = {aim->api_key, aim->api_secret,
                                      aim->account_sid};
    const struct syn_claims claims = {
        .identity = syn_str_of(identity),
        .service_sid = syn_str_of(aim->service_sid),
        .issued_s = worker->env.now_us / SYN_LOAD_US_PER_S,
        .expires_s = end_s};
    const struct syn_arena_mark mark = syn_arena_mark(&worker->scratch);
    struct syn_str token = {NULL, 0};
    const bool is_minted =
        syn_token_mint(&worker->scratch, &key, &claims, &token) == SYN_OK;
    syn_buf_put(out, token);
    syn_arena_rewind(&worker->scratch, mark);
    return is_minted;
}

/* --- layout --------------------------------------------------------------- */

static enum syn_type type_of(const struct syn_load_plan *plan, uint32_t number)
{
    enum syn_type types[SYN_TYPE_COUNT] = {SYN_TYPE_DOCUMENT};
    uint32_t count = 0;
    for (unsigned t = 0; t < SYN_TYPE_COUNT; t++) {
        if ((plan->types & SYN_TYPE_BIT(t)) != 0) {
            types[count++] = (enum syn_type)t;
        }
    }
    return count == 0 ? SYN_TYPE_DOCUMENT : types[number % count];
}

/* Sessions write where nothing keeps them from being there all the time. */
static bool is_by_sdk(const struct syn_load_worker *worker,
                      const struct syn_load_object *object)
{
    const enum syn_load_profile profile = worker->env.plan->profile;
    return (profile == SYN_LOAD_PROFILE_STEADY ||
            profile == SYN_LOAD_PROFILE_RAMP) &&
           object->type != SYN_TYPE_STREAM &&
           object->block % SDK_WRITES == SDK_WRITES - 1;
}

static void lay_object(struct syn_load_worker *worker, uint32_t number)
{
    struct syn_load_env *env = &worker->env;
    struct syn_load_object *object = &env->objects[number];
    object->number = number;
    object->block = number / env->block_objects;
    object->type = (uint8_t)type_of(env->plan, number);
    object->lane = (uint8_t)(number % SYN_LOAD_LANES);
    object->end_us = SYN_LOAD_NEVER;
    object->is_by_sdk = is_by_sdk(worker, object);
}

static void lay_own(struct syn_load_worker *worker,
                    struct syn_load_session *session, uint32_t block)
{
    struct syn_load_env *env = &worker->env;
    for (uint32_t i = 0; i < env->block_objects; i++) {
        struct syn_load_sub *sub = &session->subs[session->sub_count++];
        sub->object = block * env->block_objects + i;
        sub->watch.grant = SYN_LOAD_GRANT_HELD;
    }
}

static void lay_session(struct syn_load_worker *worker, uint32_t number,
                        uint32_t blocks)
{
    struct syn_load_env *env = &worker->env;
    struct syn_load_session *session = &worker->sessions[number];
    const uint32_t block = number / env->block_sessions;
    session->worker = worker;
    session->number = number;
    session->subs = &worker->subs[(size_t)number * (env->block_objects + 2)];
    session->link.role = 0;
    session->rogue = (uint8_t)syn_load_rogue_of(worker, number);
    session->renews = number % 2 == 0;
    session->token_end_us_known = SYN_LOAD_NEVER;
    lay_own(worker, session, block);
    if (!syn_load_is_honest(session)) {
        syn_load_count(env->result, SYN_LOAD_ROGUES, 1);
        return;
    }
    if (number % SPY_EVERY == SPY_EVERY - 1 && blocks > 1) {
        struct syn_load_sub *sub = &session->subs[session->sub_count++];
        sub->kind = SYN_LOAD_SUB_SPY;
        sub->object = (block + 1) % blocks * env->block_objects;
        sub->watch.grant = SYN_LOAD_GRANT_NONE;
    }
    if (number == 0 && env->neighbour != NULL) {
        struct syn_load_sub *sub = &session->subs[session->sub_count++];
        sub->kind = SYN_LOAD_SUB_PROBE;
        sub->watch.grant = SYN_LOAD_GRANT_HELD;
    }
}

syn_status syn_load_crowd_new(struct syn_load_worker *worker)
{
    struct syn_load_env *env = &worker->env;
    const bool is_fanout = env->plan->profile == SYN_LOAD_PROFILE_FANOUT;
    const uint32_t sessions = worker->session_count;
    env->block_sessions = is_fanout && sessions > 0 ? sessions : BLOCK_SESSIONS;
    env->block_objects = env->plan->subscriptions;
    const uint32_t blocks =
        (sessions + env->block_sessions - 1) / env->block_sessions;
    /* One more document for the probe of the worker before us. */
    env->object_count = blocks * env->block_objects + (env->neighbour != NULL);
    /* A worker may have no session; calloc may give NULL for nothing. */
    env->objects = calloc((size_t)env->object_count + 1, sizeof *env->objects);
    worker->sessions = calloc((size_t)sessions + 1, sizeof *worker->sessions);
    worker->subs = calloc((size_t)sessions * (env->block_objects + 2) + 1,
                          sizeof *worker->subs);
    if (env->objects == NULL || worker->sessions == NULL ||
        worker->subs == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < env->object_count; i++) {
        lay_object(worker, i);
    }
    if (env->neighbour != NULL) {
        struct syn_load_object *object = &env->objects[env->object_count - 1];
        object->type = SYN_TYPE_DOCUMENT;
        object->is_by_sdk = false;
        object->probe = &worker->ledger->stations[worker->index].probe;
        atomic_store(&object->probe->grant, SYN_LOAD_GRANT_HELD);
    }
    for (uint32_t i = 0; i < sessions; i++) {
        lay_session(worker, i, blocks);
    }
    return SYN_OK;
}

void syn_load_crowd_free(struct syn_load_worker *worker)
{
    for (uint32_t i = 0; worker->sessions != NULL && i < worker->session_count;
         i++) {
        free(worker->sessions[i].continuation);
        syn_ws_drop(&worker->sessions[i].partial);
    }
    free(worker->sessions);
    free(worker->subs);
    free(worker->env.objects);
}
