/*
 * notice.c - what a notification tells: events and fates of subscriptions.
 * Source: sdk-protocol.md sections 9 and 10.
 */
#include "load/engine.h"

#include "load/scan.h"

#include <string.h>

#define REQUESTS_OPEN_MAX 8 /* of one session, for subscriptions */

/* --- events --------------------------------------------------------------- */

struct event_kind {
    const char *name;
    enum syn_type type;
    bool is_removal; /* of the object */
};

static const struct event_kind kinds[] = {
    {"document_updated", SYN_TYPE_DOCUMENT, false},
    {"map_item_updated", SYN_TYPE_MAP, false},
    {"map_item_added", SYN_TYPE_MAP, false},
    {"list_item_updated", SYN_TYPE_LIST, false},
    {"list_item_added", SYN_TYPE_LIST, false},
    {"stream_message_published", SYN_TYPE_STREAM, false},
    {"document_removed", SYN_TYPE_DOCUMENT, true},
    {"map_removed", SYN_TYPE_MAP, true},
    {"list_removed", SYN_TYPE_LIST, true},
    {"stream_removed", SYN_TYPE_STREAM, true},
    {"map_item_removed", SYN_TYPE_MAP, false},
    {"list_item_removed", SYN_TYPE_LIST, false},
};

static const char *const sid_names[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = "document_sid",
    [SYN_TYPE_LIST] = "list_sid",
    [SYN_TYPE_MAP] = "map_sid",
    [SYN_TYPE_STREAM] = "stream_sid"};

static const char *const data_names[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = "document_data",
    [SYN_TYPE_LIST] = "item_data",
    [SYN_TYPE_MAP] = "item_data",
    [SYN_TYPE_STREAM] = "message_data"};

static const struct event_kind *find_kind(struct syn_str name)
{
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (syn_str_is(name, kinds[i].name)) {
            return &kinds[i];
        }
    }
    return NULL;
}

static struct syn_load_sub *find_sub(struct syn_load_env *env,
                                     struct syn_load_session *session,
                                     struct syn_str sid)
{
    for (unsigned i = 0; i < session->sub_count; i++) {
        if (syn_str_is(sid, syn_load_sub_sid(env, &session->subs[i]))) {
            return &session->subs[i];
        }
    }
    return NULL;
}

/* Of an object that the session never asked for: worse than any disorder. */
static void blame_stranger(struct syn_load_env *env,
                           const struct syn_load_session *session,
                           struct syn_str payload)
{
    syn_load_violation(env->result, SYN_LOAD_PROPERTY_UNAUTHORISED,
                       syn_load_at(env, env->now_us),
                       "session %u, connection %u: an event of an object that "
                       "it never asked for; frame: %.*s",
                       (unsigned)session->number, (unsigned)session->generation,
                       SYN_STR_ARG(syn_str_part(payload, 0, 600)));
}

static void end_object(struct syn_load_env *env,
                       struct syn_load_session *session,
                       struct syn_load_sub *sub)
{
    if (sub->kind == SYN_LOAD_SUB_OWN) {
        struct syn_load_object *object = &env->objects[sub->object];
        object->is_gone = object->is_gone || object->may_end_us <= env->now_us;
        if (object->end_us != SYN_LOAD_NEVER) {
            syn_load_count(env->result, SYN_LOAD_EXPIRIES, 1);
            syn_load_took(env, SYN_LOAD_HIST_EXPIRE, object->end_us);
        }
    }
    syn_load_sub_turn(env, session, sub, SYN_LOAD_SUB_REFUSED);
}

static void on_event(struct syn_load_env *env, struct syn_load_session *session,
                     const struct event_kind *kind, const struct syn_str *parts,
                     struct syn_str payload)
{
    const struct syn_str names[] = {{"id", 2},
                                    syn_str_of(sid_names[kind->type]),
                                    syn_str_of(data_names[kind->type])};
    struct syn_str found[3];
    if (!syn_load_scan(parts[2], names, 3, found)) {
        return;
    }
    struct syn_load_sub *sub =
        find_sub(env, session, syn_load_scan_text(found[1]));
    if (sub == NULL) {
        blame_stranger(env, session, payload);
        return;
    }
    struct syn_load_heard heard = {.is_removal = kind->is_removal,
                                   .is_replay = parts[1].at != NULL};
    syn_load_read_data(found[2], &heard);
    const int64_t id = syn_load_scan_number(found[0], -1);
    heard.ordinal = kind->type == SYN_TYPE_STREAM     ? heard.content
                    : kind->type == SYN_TYPE_DOCUMENT ? (uint32_t)id
                                                      : (uint32_t)(id + 1);
    syn_load_hear(env, session, sub, &heard, payload);
    if (kind->is_removal) {
        end_object(env, session, sub);
    }
}

/* --- fates ---------------------------------------------------------------- */

/* One element of `events`. */
struct fate {
    struct syn_load_sub *sub;
    struct syn_str element;
    struct syn_str payload;
    bool is_ours; /* the correlation id is the one of our last request */
};

/* The subscription was asked for once more while it was live; it may have
 * ended meanwhile. */
static bool is_repeated(const struct syn_load_session *session,
                        const struct syn_load_sub *sub)
{
    return session->op == SYN_LOAD_OP_REPEAT &&
           &session->subs[session->op_object] == sub;
}

static void on_established(struct syn_load_env *env,
                           struct syn_load_session *session,
                           const struct fate *fate)
{
    static const struct syn_str names[] = {{"replay_status", 13},
                                           {"last_event_id", 13}};
    struct syn_load_sub *sub = fate->sub;
    struct syn_str found[2];
    if (fate->is_ours && is_repeated(session, sub)) {
        syn_load_op_end(env, session, SYN_LOAD_ANSWER_GOOD);
    }
    if (!fate->is_ours || sub->state != SYN_LOAD_SUB_ASKED ||
        !syn_load_scan(fate->element, names, 2, found)) {
        return;
    }
    const bool is_complete =
        !syn_str_is(syn_load_scan_text(found[0]), "interrupted");
    const int64_t last = syn_load_scan_number(found[1], -1);
    const bool is_document = syn_load_sub_type(env, sub) == SYN_TYPE_DOCUMENT;
    const struct syn_load_truth truth = syn_load_truth_of(env, session, sub);
    syn_load_check(env->result, SYN_LOAD_PROPERTY_UNAUTHORISED, 1);
    syn_load_check(env->result, SYN_LOAD_PROPERTY_GAP, 1);
    if (sub->epoch == sub->asked_epoch) {
        const struct syn_load_verdict verdict = syn_load_watch_established(
            &sub->watch, &truth, (uint32_t)(is_document ? last : last + 1),
            is_complete);
        syn_load_report(env, session, sub, &verdict, fate->payload);
    }
    syn_load_count(env->result, SYN_LOAD_SUBSCRIBES, 1);
    syn_load_sub_turn(env, session, sub, SYN_LOAD_SUB_LIVE);
}

static void on_failed(struct syn_load_env *env,
                      struct syn_load_session *session, const struct fate *fate)
{
    static const struct syn_str error[] = {{"error", 5}};
    static const struct syn_str status[] = {{"status", 6}};
    struct syn_str found[1];
    unsigned http = 0;
    const bool is_again = fate->is_ours && is_repeated(session, fate->sub);
    if (is_again) {
        syn_load_op_end(env, session, SYN_LOAD_ANSWER_GOOD);
    }
    if (!fate->is_ours ||
        (fate->sub->state != SYN_LOAD_SUB_ASKED &&
         !(is_again && fate->sub->state == SYN_LOAD_SUB_LIVE))) {
        return;
    }
    if (syn_load_scan(fate->element, error, 1, found) &&
        syn_load_scan(found[0], status, 1, found)) {
        http = (unsigned)syn_load_scan_number(found[0], 0);
    }
    syn_load_sub_refused(env, session, fate->sub, http, fate->payload);
}

/* Told of a revocation: how long after it was acknowledged? */
static void note_revoked(struct syn_load_env *env, struct syn_load_sub *sub)
{
    if (sub->watch.grant == SYN_LOAD_GRANT_CHANGING) {
        sub->revoke_us = -1; /* told before we were */
    } else if (sub->revoke_us > 0) {
        syn_load_took(env, SYN_LOAD_HIST_REVOKE, sub->revoke_us);
        sub->revoke_us = 0;
    }
}

static void on_canceled(struct syn_load_env *env,
                        struct syn_load_session *session,
                        const struct fate *fate)
{
    struct syn_load_sub *sub = fate->sub;
    if (fate->is_ours && sub->state == SYN_LOAD_SUB_CANCELING) {
        const struct syn_load_truth truth =
            syn_load_truth_of(env, session, sub);
        sub->watch.is_quiet = true;
        if (sub->watch.grant == SYN_LOAD_GRANT_HELD) {
            sub->watch.revoked_at = truth.sent;
        }
        syn_load_sub_turn(env, session, sub, SYN_LOAD_SUB_KNOWN);
        return;
    }
    if (fate->is_ours || sub->state != SYN_LOAD_SUB_LIVE) {
        return;
    }
    if (is_repeated(session, sub)) {
        syn_load_op_end(env, session, SYN_LOAD_ANSWER_GOOD);
    }
    /* Without our asking: the SDK asks again at once and meets the refusal. */
    note_revoked(env, sub);
    syn_load_sub_turn(env, session, sub, SYN_LOAD_SUB_KNOWN);
}

static const struct {
    const char *name;
    void (*run)(struct syn_load_env *env, struct syn_load_session *session,
                const struct fate *fate);
} fates[] = {{"subscription_established", on_established},
             {"subscription_failed", on_failed},
             {"subscription_canceled", on_canceled}};

static void each_fate(struct syn_load_env *env,
                      struct syn_load_session *session, unsigned kind,
                      struct syn_str events, struct fate *fate)
{
    static const struct syn_str names[] = {{"object_sid", 10}};
    struct syn_str found[1];
    while (syn_load_scan_next(&events, &fate->element)) {
        if (!syn_load_scan(fate->element, names, 1, found)) {
            return;
        }
        fate->sub = find_sub(env, session, syn_load_scan_text(found[0]));
        if (fate->sub != NULL) {
            fates[kind].run(env, session, fate);
        }
    }
}

/* The subscription whose operation this was is there again. */
static void end_cycle(struct syn_load_env *env,
                      struct syn_load_session *session)
{
    if (session->op != SYN_LOAD_OP_SUBSCRIBE) {
        return;
    }
    for (unsigned i = 0; i < session->sub_count; i++) {
        const uint8_t state = session->subs[i].state;
        if (state == SYN_LOAD_SUB_CANCELING || state == SYN_LOAD_SUB_KNOWN ||
            state == SYN_LOAD_SUB_ASKED) {
            return;
        }
    }
    session->op = SYN_LOAD_OP_NONE;
    syn_load_answered(env, session->op_due_us, SYN_LOAD_ANSWER_GOOD);
}

void syn_load_session_notice(struct syn_load_env *env,
                             struct syn_load_session *session,
                             struct syn_str payload)
{
    static const struct syn_str names[] = {{"event_type", 10},
                                           {"correlation_id", 14},
                                           {"event", 5},
                                           {"events", 6}};
    struct syn_str found[4];
    if (!syn_load_scan(payload, names, 4, found)) {
        return;
    }
    const struct syn_str name = syn_load_scan_text(found[0]);
    const struct event_kind *kind = find_kind(name);
    if (kind != NULL) {
        on_event(env, session, kind, found, payload);
        return;
    }
    const int64_t age =
        session->correlation - syn_load_scan_number(found[1], -1);
    struct fate fate = {.payload = payload,
                        .is_ours = age >= 0 && age < REQUESTS_OPEN_MAX};
    for (unsigned i = 0; i < sizeof fates / sizeof *fates; i++) {
        if (syn_str_is(name, fates[i].name)) {
            each_fate(env, session, i, found[3], &fate);
        }
    }
    syn_load_session_pursue(env, session);
    end_cycle(env, session);
}
