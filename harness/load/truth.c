/*
 * truth.c - what the generator knows, held against what a frame says.
 */
#include "load/engine.h"

#include <string.h>

#define STATE_BITS  8 /* of a probe's `grant`; the epoch lies above */
#define STATE_MASK  0xffu
#define FRAME_SHOWN 600 /* bytes of a frame in the evidence */

static const struct syn_load_object *object_of(const struct syn_load_env *env,
                                               const struct syn_load_sub *sub)
{
    return &env->objects[sub->object];
}

const char *syn_load_sub_sid(const struct syn_load_env *env,
                             const struct syn_load_sub *sub)
{
    if (sub->kind != SYN_LOAD_SUB_PROBE) {
        return object_of(env, sub)->sid;
    }
    return atomic_load(&env->neighbour->is_there) ? env->neighbour->sid : "";
}

enum syn_type syn_load_sub_type(const struct syn_load_env *env,
                                const struct syn_load_sub *sub)
{
    return sub->kind == SYN_LOAD_SUB_PROBE
               ? SYN_TYPE_DOCUMENT
               : (enum syn_type)object_of(env, sub)->type;
}

/* The probe's watch follows the ledger, written before our frame was sent. */
static void follow_ledger(const struct syn_load_env *env,
                          struct syn_load_sub *sub)
{
    const unsigned word = atomic_load(&env->neighbour->grant);
    sub->watch.grant = (uint8_t)(word & STATE_MASK);
    sub->watch.revoked_at = atomic_load(&env->neighbour->revoked_at);
    sub->epoch = (uint8_t)(word >> STATE_BITS);
}

struct syn_load_truth syn_load_truth_of(struct syn_load_env *env,
                                        const struct syn_load_session *session,
                                        struct syn_load_sub *sub)
{
    struct syn_load_truth truth = {.type = syn_load_sub_type(env, sub),
                                   .token_end_us = session->token_end_us_known,
                                   .object_end_us = SYN_LOAD_NEVER,
                                   .margin_us = env->margin_us};
    if (sub->kind == SYN_LOAD_SUB_PROBE) {
        follow_ledger(env, sub);
        truth.sent = atomic_load(&env->neighbour->sent);
        truth.object_number = env->neighbour->number;
        return truth;
    }
    const struct syn_load_object *object = object_of(env, sub);
    truth.object_number = object->number;
    truth.sent = object->sent;
    truth.is_loose = object->is_loose;
    /* Deletion is eventual (TTL-02): a sweep may be due and not done. */
    truth.object_end_us = object->end_us == SYN_LOAD_NEVER
                              ? SYN_LOAD_NEVER
                              : object->end_us + env->removal_us;
    truth.is_removal_due =
        object->is_gone || (object->end_us != SYN_LOAD_NEVER &&
                            env->now_us >= object->may_end_us - env->margin_us);
    return truth;
}

/* --- evidence ------------------------------------------------------------- */

static const char *grant_word(const struct syn_load_sub *sub)
{
    static const char *const words[] = {[SYN_LOAD_GRANT_NONE] = "never given",
                                        [SYN_LOAD_GRANT_HELD] = "held",
                                        [SYN_LOAD_GRANT_CHANGING] = "changing",
                                        [SYN_LOAD_GRANT_REVOKED] = "revoked"};
    return words[sub->watch.grant];
}

void syn_load_report(struct syn_load_env *env,
                     const struct syn_load_session *session,
                     const struct syn_load_sub *sub,
                     const struct syn_load_verdict *verdict,
                     struct syn_str frame)
{
    if (verdict->why == NULL) {
        return;
    }
    const struct syn_str shown = syn_str_cut(frame, FRAME_SHOWN);
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        if (verdict->violations[p] == 0) {
            continue;
        }
        syn_load_violation(
            env->result, (enum syn_load_property)p,
            syn_load_at(env, env->now_us),
            "session %u, connection %u, %s %s: %s (%u); read is %s, newest "
            "change heard %u; frame: %.*s%s",
            (unsigned)session->number, (unsigned)session->generation,
            syn_type_name(syn_load_sub_type(env, sub)),
            syn_load_sub_sid(env, sub), verdict->why,
            (unsigned)verdict->violations[p], grant_word(sub),
            (unsigned)sub->watch.last, SYN_STR_ARG(shown),
            shown.bytes < frame.bytes ? "…" : "");
        /* One piece of evidence, however many it speaks for. */
        env->result->findings[p].count += verdict->violations[p] - 1;
    }
}

/* --- hearing -------------------------------------------------------------- */

/* The readers of a change are complete when as many have heard it as listen. */
static void note_reach(struct syn_load_env *env, struct syn_load_object *object,
                       const struct syn_load_heard *heard)
{
    struct syn_load_reach *reach =
        &object->reach[heard->ordinal % SYN_LOAD_REACH_SLOTS];
    if (reach->ordinal != heard->ordinal) {
        if (reach->ordinal > heard->ordinal) {
            return; /* its place was taken: too late to tell */
        }
        *reach = (struct syn_load_reach){heard->ordinal, 0};
    }
    reach->readers++;
    if (reach->readers == object->live) {
        syn_load_took(env, SYN_LOAD_HIST_REACH, heard->due_us);
    }
}

static void check_all(struct syn_load_env *env)
{
    static const enum syn_load_property held[] = {
        SYN_LOAD_PROPERTY_UNAUTHORISED, SYN_LOAD_PROPERTY_GAP,
        SYN_LOAD_PROPERTY_DUPLICATE,    SYN_LOAD_PROPERTY_REORDERED,
        SYN_LOAD_PROPERTY_LOST,         SYN_LOAD_PROPERTY_AFTER_EXPIRY};
    for (unsigned i = 0; i < sizeof held / sizeof *held; i++) {
        syn_load_check(env->result, held[i], 1);
    }
}

static void note_leak(struct syn_load_env *env, const struct syn_load_sub *sub)
{
    syn_load_count(env->result, SYN_LOAD_REVOKES_LEAKED, 1);
    syn_load_tick(env->result, SYN_LOAD_SERIES_LEAKS,
                  syn_load_at(env, env->now_us), 1);
    if (sub->revoke_us != 0) {
        syn_load_took(env, SYN_LOAD_HIST_REVOKE, sub->revoke_us);
    }
}

void syn_load_hear(struct syn_load_env *env, struct syn_load_session *session,
                   struct syn_load_sub *sub, const struct syn_load_heard *heard,
                   struct syn_str frame)
{
    const struct syn_load_truth truth = syn_load_truth_of(env, session, sub);
    const struct syn_load_verdict verdict =
        syn_load_watch_event(&sub->watch, &truth, heard);
    check_all(env);
    syn_load_report(env, session, sub, &verdict, frame);
    syn_load_tick(env->result, SYN_LOAD_SERIES_EVENTS,
                  syn_load_at(env, env->now_us), 1);
    if (verdict.is_leak) {
        note_leak(env, sub);
    }
    if (verdict.news == 0 || !syn_load_is_honest(session)) {
        return;
    }
    syn_load_count(env->result, SYN_LOAD_EVENTS_DUE, verdict.news);
    syn_load_count(env->result, SYN_LOAD_EVENTS_HEARD, 1);
    if (heard->is_replay || sub->kind == SYN_LOAD_SUB_SPY) {
        return; /* late by nature */
    }
    syn_load_took(env, SYN_LOAD_HIST_DELIVERY, heard->due_us);
    if (sub->kind == SYN_LOAD_SUB_OWN) {
        note_reach(env, &env->objects[sub->object], heard);
    }
}
