/*
 * session.c - an SDK user's session in a few hundred bytes.
 * Source: sdk-protocol.md sections 4 to 9.
 *
 * It behaves as the vendor's SDK does where a service can see it: init with
 * the last continuation token, a receipt for every frame, objects read before
 * they are subscribed, everything subscribed again after each init with the
 * last event heard. What the pure core of client/session.h keeps for every
 * user (effects, trees, strings) is not needed to watch one, and would be 40
 * times the memory.
 */
#include "load/engine.h"

#include "load/scan.h"

#include <stdlib.h>
#include <string.h>

#define OK_MIN         200
#define OK_MAX         299
#define UNAUTHORIZED   401
#define FORBIDDEN      403
#define EXPIRED        410
#define OFFLOAD        308
#define NOT_ACCEPTABLE 406
#define NO_RECEIPT     417
#define THROTTLED      429

static bool is_good(int64_t status)
{
    return status >= OK_MIN && status <= OK_MAX;
}

static int64_t member_number(struct syn_str object, const char *name,
                             int64_t fallback)
{
    const struct syn_str names[] = {syn_str_of(name)};
    struct syn_str found[1];
    return syn_load_scan(object, names, 1, found)
               ? syn_load_scan_number(found[0], fallback)
               : fallback;
}

static struct syn_str member(struct syn_str object, const char *name)
{
    const struct syn_str names[] = {syn_str_of(name)};
    struct syn_str found[1];
    return syn_load_scan(object, names, 1, found) ? found[0]
                                                  : (struct syn_str){"", 0};
}

/* --- subscriptions -------------------------------------------------------- */

void syn_load_sub_turn(struct syn_load_env *env,
                       const struct syn_load_session *session,
                       struct syn_load_sub *sub, enum syn_load_sub_state state)
{
    const bool is_counted =
        sub->kind == SYN_LOAD_SUB_OWN && syn_load_is_honest(session) &&
        (sub->state == SYN_LOAD_SUB_LIVE) != (state == SYN_LOAD_SUB_LIVE);
    if (is_counted) {
        uint32_t *live = &env->objects[sub->object].live;
        *live = state == SYN_LOAD_SUB_LIVE ? *live + 1 : *live - 1;
    }
    sub->state = (uint8_t)state;
}

void syn_load_sub_refused(struct syn_load_env *env,
                          const struct syn_load_session *session,
                          struct syn_load_sub *sub, unsigned http,
                          struct syn_str frame)
{
    const struct syn_load_truth truth = syn_load_truth_of(env, session, sub);
    syn_load_check(env->result, SYN_LOAD_PROPERTY_DENIED, 1);
    if (sub->epoch == sub->asked_epoch) {
        const struct syn_load_verdict verdict =
            syn_load_watch_refused(&sub->watch, &truth, http);
        syn_load_report(env, session, sub, &verdict, frame);
    }
    sub->watch.is_over =
        sub->watch.is_over || (truth.is_removal_due && http != FORBIDDEN);
    syn_load_sub_turn(env, session, sub, SYN_LOAD_SUB_REFUSED);
}

/* True while the subscription keeps the session from being ready. */
static bool open_sub(struct syn_load_env *env, struct syn_load_session *session,
                     unsigned at)
{
    struct syn_load_sub *sub = &session->subs[at];
    if (syn_load_sub_sid(env, sub)[0] != '\0') {
        sub->asked_epoch = sub->epoch;
        sub->state = SYN_LOAD_SUB_READING;
        syn_load_say_get(env, session, SYN_LOAD_ASK_OPEN, at);
        return true;
    }
    if (sub->kind != SYN_LOAD_SUB_OWN) {
        return false; /* perhaps at the next connection */
    }
    struct syn_load_object *object = &env->objects[sub->object];
    const bool is_creator = session->number % env->block_sessions == 0;
    /* Nameless: its sid tells it, once the answer has come. */
    if (is_creator && !object->is_asked &&
        syn_load_book_object(env, object, (struct syn_str){"", 0},
                             &object->entry)) {
        object->is_asked = true;
        syn_load_say_create(env, session, object);
    }
    return true;
}

static void become_ready(struct syn_load_env *env,
                         struct syn_load_session *session)
{
    session->state = SYN_LOAD_READY;
    syn_load_took(env, SYN_LOAD_HIST_READY, session->due_us);
    syn_load_count(env->result, SYN_LOAD_SESSIONS_READY, 1);
    if (session->is_away) {
        session->is_away = false;
        syn_load_count(env->result, SYN_LOAD_RECONNECTS, 1);
        syn_load_took(env, SYN_LOAD_HIST_RECONNECT, session->lost_us);
    }
}

void syn_load_session_pursue(struct syn_load_env *env,
                             struct syn_load_session *session)
{
    bool is_reading = false;
    bool is_asking = false;
    bool has_known = false;
    if (session->state != SYN_LOAD_OPENING &&
        session->state != SYN_LOAD_READY) {
        return;
    }
    for (unsigned i = 0; i < session->sub_count; i++) {
        struct syn_load_sub *sub = &session->subs[i];
        if (sub->state == SYN_LOAD_SUB_CLOSED) {
            is_reading |= open_sub(env, session, i);
        }
        is_reading |= sub->state == SYN_LOAD_SUB_READING;
        is_asking |= sub->state == SYN_LOAD_SUB_ASKED;
        has_known |= sub->state == SYN_LOAD_SUB_KNOWN;
    }
    if (!is_reading && has_known) {
        syn_load_say_establish(env, session);
        is_asking = true;
    }
    if (session->state == SYN_LOAD_OPENING && !is_reading && !is_asking) {
        become_ready(env, session);
    }
}

void syn_load_session_lost(struct syn_load_env *env,
                           struct syn_load_session *session)
{
    for (unsigned i = 0; i < session->sub_count; i++) {
        struct syn_load_sub *sub = &session->subs[i];
        sub->watch.is_asked_again = false;
        if (sub->state == SYN_LOAD_SUB_READING) {
            sub->state = SYN_LOAD_SUB_CLOSED;
        } else if (sub->state != SYN_LOAD_SUB_CLOSED &&
                   sub->state != SYN_LOAD_SUB_REFUSED) {
            syn_load_sub_turn(env, session, sub, SYN_LOAD_SUB_KNOWN);
        }
    }
    if (session->op == SYN_LOAD_OP_WRITE) {
        syn_load_object_answered(env, &env->objects[session->op_object], 0,
                                 SYN_LOAD_ANSWER_BAD);
    }
    session->op = SYN_LOAD_OP_NONE;
    session->is_renewing = false;
    if (session->state == SYN_LOAD_READY) {
        session->is_away = true;
        session->lost_us = env->now_us;
    }
}

/* --- replies -------------------------------------------------------------- */

/* A delay that the service asks for, in a reply or a close. */
static void heed_backoff(struct syn_load_env *env,
                         struct syn_load_session *session,
                         struct syn_str payload)
{
    const int64_t ms =
        member_number(member(payload, "backoff_policy"), "reconnect_min_ms", 0);
    if (ms > 0) {
        session->not_before_us = env->now_us + ms * SYN_LOAD_US_PER_MS;
        session->was_watched = true;
    }
}

static void blame_denial(struct syn_load_env *env,
                         const struct syn_load_session *session,
                         const char *what, struct syn_str frame)
{
    syn_load_violation(env->result, SYN_LOAD_PROPERTY_DENIED,
                       syn_load_at(env, env->now_us),
                       "session %u, connection %u: %s; frame: %.*s",
                       (unsigned)session->number, (unsigned)session->generation,
                       what, SYN_STR_ARG(syn_str_part(frame, 0, 600)));
}

static bool is_token_good(const struct syn_load_env *env,
                          const struct syn_load_session *session)
{
    return session->token_end_s * SYN_LOAD_US_PER_S - env->margin_us >
           env->now_us;
}

/* A frame as it is being answered. */
struct reply {
    struct syn_str message; /* all of it: evidence */
    struct syn_str header;
    struct syn_str payload;
    int64_t status; /* of the frame */
    unsigned http;  /* of the request in it; the frame's without one */
    uint64_t value;
};

/* A token that this service made, for this identity, is its to know again. A
 * service elsewhere may have been restarted; ours was not. */
static void keep_continuation(struct syn_load_env *env,
                              struct syn_load_session *session,
                              const struct reply *reply)
{
    const struct syn_str token =
        syn_load_scan_text(member(reply->header, "continuation_token"));
    const struct syn_str fit =
        member(member(reply->header, "continuation_token_status"), "reissued");
    const bool had_one = session->continuation != NULL;
    if (had_one && syn_str_is(fit, "false")) {
        syn_load_count(env->result, SYN_LOAD_RESUMES, 1);
        return;
    }
    if (had_one && env->is_ours) {
        blame_denial(env, session, "a good continuation token was refused",
                     reply->message);
    }
    free(session->continuation);
    session->continuation =
        token.bytes == 0 ? NULL : strndup(token.at, token.bytes);
}

static void on_init(struct syn_load_env *env, struct syn_load_session *session,
                    const struct reply *reply)
{
    syn_load_check(env->result, SYN_LOAD_PROPERTY_DENIED, 1);
    if (is_good(reply->status)) {
        keep_continuation(env, session, reply);
        session->attempts = 0;
        session->state = SYN_LOAD_OPENING;
        syn_load_session_pursue(env, session);
        return;
    }
    heed_backoff(env, session, reply->payload);
    session->wish = SYN_LOAD_WISH_RETRY;
    if (reply->status == UNAUTHORIZED || reply->status == FORBIDDEN) {
        if (is_token_good(env, session)) {
            blame_denial(env, session, "init with a good token was refused",
                         reply->message);
        }
        session->token_end_s = 0; /* the app gets a new one */
    } else if (reply->status == THROTTLED && env->is_ours &&
               syn_load_is_honest(session)) {
        blame_denial(env, session,
                     "init was throttled by a service without limits",
                     reply->message);
    }
}

static void on_update(struct syn_load_env *env,
                      struct syn_load_session *session,
                      const struct reply *reply)
{
    session->is_renewing = false;
    syn_load_check(env->result, SYN_LOAD_PROPERTY_DENIED, 1);
    if (is_good(reply->status)) {
        syn_load_count(env->result, SYN_LOAD_RENEWALS, 1);
        syn_load_took(env, SYN_LOAD_HIST_RENEW, session->renew_due_us);
        return;
    }
    syn_load_count(env->result, SYN_LOAD_RENEWALS_FAILED, 1);
    if (reply->status == UNAUTHORIZED || reply->status == FORBIDDEN) {
        blame_denial(env, session, "renewal with a good token was refused",
                     reply->message);
    }
}

/* Ordinal of the newest event, from a root. */
static uint32_t root_ordinal(struct syn_str payload, enum syn_type type)
{
    const int64_t id = member_number(payload, "last_event_id", -1);
    const int64_t ordinal = type == SYN_TYPE_DOCUMENT ? id : id + 1;
    return ordinal < 0 || ordinal > UINT32_MAX ? 0 : (uint32_t)ordinal;
}

static void on_open(struct syn_load_env *env, struct syn_load_session *session,
                    const struct reply *reply)
{
    if (reply->value >= session->sub_count ||
        session->subs[reply->value].state != SYN_LOAD_SUB_READING) {
        return;
    }
    struct syn_load_sub *sub = &session->subs[reply->value];
    sub->state = SYN_LOAD_SUB_KNOWN;
    if (is_good(reply->http)) {
        const enum syn_type type = syn_load_sub_type(env, sub);
        syn_load_watch_begin(&sub->watch, root_ordinal(reply->payload, type));
        if (sub->kind == SYN_LOAD_SUB_SPY) {
            syn_load_violation(
                env->result, SYN_LOAD_PROPERTY_UNAUTHORISED,
                syn_load_at(env, env->now_us),
                "session %u read %s without a grant; frame: %.*s",
                (unsigned)session->number, syn_load_sub_sid(env, sub),
                SYN_STR_ARG(syn_str_part(reply->message, 0, 600)));
        }
    } else if (sub->kind != SYN_LOAD_SUB_SPY) {
        syn_load_sub_refused(env, session, sub, reply->http, reply->message);
    } /* a spy who may not read tries to subscribe all the same */
    syn_load_session_pursue(env, session);
}

/* Refused as a whole: once more, after a moment (the fleet's timer). */
static void on_batch(struct syn_load_env *env, struct syn_load_session *session,
                     const struct reply *reply)
{
    if (is_good(reply->http)) {
        return;
    }
    if (session->op == SYN_LOAD_OP_REPEAT) {
        syn_load_op_end(env, session, syn_load_answer_of(reply->http));
    }
    for (unsigned i = 0; i < session->sub_count; i++) {
        if (session->subs[i].state == SYN_LOAD_SUB_ASKED) {
            session->subs[i].state = SYN_LOAD_SUB_KNOWN;
        }
    }
}

/* A refusal that the grants explain is as good an answer as any. */
static enum syn_load_answer judge_read(struct syn_load_env *env,
                                       struct syn_load_session *session,
                                       const struct reply *reply)
{
    struct syn_load_sub *sub = &session->subs[reply->value];
    const struct syn_load_truth truth = syn_load_truth_of(env, session, sub);
    syn_load_check(env->result, SYN_LOAD_PROPERTY_DENIED, 1);
    if (sub->epoch == sub->asked_epoch) {
        const struct syn_load_verdict verdict =
            syn_load_watch_refused(&sub->watch, &truth, reply->http);
        syn_load_report(env, session, sub, &verdict, reply->message);
    }
    const bool is_explained = sub->epoch != sub->asked_epoch ||
                              sub->watch.grant != SYN_LOAD_GRANT_HELD ||
                              truth.is_removal_due;
    return is_explained ? SYN_LOAD_ANSWER_GOOD
                        : syn_load_answer_of(reply->http);
}

static void on_op(struct syn_load_env *env, struct syn_load_session *session,
                  const struct reply *reply)
{
    enum syn_load_answer answer = syn_load_answer_of(reply->http);
    const bool is_read =
        session->op == SYN_LOAD_OP_READ || session->op == SYN_LOAD_OP_FENCE;
    if (is_read && reply->value < session->sub_count) {
        answer = judge_read(env, session, reply);
    } else if (session->op == SYN_LOAD_OP_WRITE) {
        syn_load_check(env->result, SYN_LOAD_PROPERTY_DENIED, 1);
        if (reply->http == FORBIDDEN) {
            blame_denial(env, session, "a write with a grant was refused",
                         reply->message);
        }
    }
    syn_load_op_end(env, session, answer);
}

static void on_create(struct syn_load_env *env,
                      struct syn_load_session *session,
                      const struct reply *reply)
{
    if (reply->value >= env->object_count) {
        return;
    }
    struct syn_load_object *object = &env->objects[reply->value];
    const struct syn_str sid =
        syn_load_scan_text(member(reply->payload, "sid"));
    object->is_asked = false;
    syn_load_book_answer(env, object->entry, reply->http, sid);
    if (is_good(reply->http) && sid.bytes > 0 &&
        sid.bytes < SYN_LOAD_SID_BYTES) {
        memcpy(object->sid, sid.at, sid.bytes);
        object->sid[sid.bytes] = '\0';
    }
    syn_load_session_pursue(env, session);
}

static void on_reply(struct syn_load_env *env, struct syn_load_session *session,
                     struct reply *reply, struct syn_str id)
{
    static void (*const answers[SYN_LOAD_ASK_COUNT])(struct syn_load_env *,
                                                     struct syn_load_session *,
                                                     const struct reply *) = {
        [SYN_LOAD_ASK_INIT] = on_init,    [SYN_LOAD_ASK_UPDATE] = on_update,
        [SYN_LOAD_ASK_OPEN] = on_open,    [SYN_LOAD_ASK_ESTABLISH] = on_batch,
        [SYN_LOAD_ASK_CANCEL] = on_batch, [SYN_LOAD_ASK_READ] = on_op,
        [SYN_LOAD_ASK_WRITE] = on_op,     [SYN_LOAD_ASK_CREATE] = on_create,
        [SYN_LOAD_ASK_FENCE] = on_op};
    enum syn_load_ask ask = SYN_LOAD_ASK_INIT;
    if (syn_load_id_read(session, id, &ask, &reply->value)) {
        answers[ask](env, session, reply);
    }
}

/* --- other frames --------------------------------------------------------- */

static void on_expired(struct syn_load_env *env,
                       struct syn_load_session *session, struct syn_str message)
{
    if (is_token_good(env, session)) {
        blame_denial(env, session, "a good token was called expired", message);
    } else {
        syn_load_count(env->result, SYN_LOAD_EXPIRIES, 1);
        syn_load_took(env, SYN_LOAD_HIST_EXPIRE,
                      session->token_end_s * SYN_LOAD_US_PER_S);
    }
    session->token_end_s = 0;
}

/* What the SDK does when the service says goodbye (section 6). */
static void on_close(struct syn_load_env *env, struct syn_load_session *session,
                     const struct reply *close)
{
    heed_backoff(env, session, close->payload);
    session->wish = SYN_LOAD_WISH_REJOIN;
    if (close->status == EXPIRED) {
        on_expired(env, session, close->message);
    } else if (close->status == UNAUTHORIZED ||
               close->status == NOT_ACCEPTABLE || close->status == NO_RECEIPT) {
        session->wish = SYN_LOAD_WISH_END;
        if (syn_load_is_honest(session)) {
            blame_denial(env, session, "a session was ended for good",
                         close->message);
        }
    }
    if (close->status == OFFLOAD) {
        session->was_watched = true;
        if (session->not_before_us <= env->now_us) {
            session->not_before_us = env->now_us; /* the SDK waits by itself */
        }
    }
}

static bool is_open(const struct syn_load_session *session)
{
    return session->state == SYN_LOAD_OPENING ||
           session->state == SYN_LOAD_READY;
}

static void send_renewal(struct syn_load_env *env,
                         struct syn_load_session *session, int64_t end_s)
{
    const int64_t before_s = session->token_end_s;
    session->token_end_s = end_s;
    session->is_renewing = syn_load_say_update(env, session, end_s);
    if (!session->is_renewing) {
        session->token_end_s = before_s;
        return;
    }
    /* The service may take it before we hear so. */
    session->token_end_us_known = end_s * SYN_LOAD_US_PER_S;
}

void syn_load_session_renew(struct syn_load_env *env,
                            struct syn_load_session *session, int64_t due_us)
{
    const int64_t end_s = env->now_us / SYN_LOAD_US_PER_S + env->token_ttl_s;
    if (session->is_renewing || !is_open(session)) {
        return;
    }
    if (env->ask != NULL) {
        session->is_renewing = true;
        session->renew_due_us = due_us;
        env->ask(env->mint_ctx, session);
    } else if (end_s > session->token_end_s) {
        session->renew_due_us = due_us;
        send_renewal(env, session, end_s);
    }
}

void syn_load_session_given(struct syn_load_env *env,
                            struct syn_load_session *session,
                            struct syn_str token, int64_t end_s)
{
    if (!session->is_renewing || !is_open(session)) {
        return; /* it left meanwhile */
    }
    session->is_renewing = false;
    if (token.at == NULL) {
        syn_load_count(env->result, SYN_LOAD_RENEWALS_FAILED, 1);
        return;
    }
    env->given = token;
    send_renewal(env, session, end_s);
    env->given = (struct syn_str){NULL, 0};
}

void syn_load_session_opened(struct syn_load_env *env,
                             struct syn_load_session *session)
{
    const int64_t now_s = env->now_us / SYN_LOAD_US_PER_S;
    if (session->token_end_s <= now_s) {
        session->token_end_s = now_s < env->common_end_s
                                   ? env->common_end_s
                                   : now_s + env->token_ttl_s;
    }
    session->state = SYN_LOAD_INITIALISING;
    session->token_end_us_known = session->token_end_s * SYN_LOAD_US_PER_S;
    if (session->correlation == 0) {
        session->correlation = env->now_us / SYN_LOAD_US_PER_MS;
    }
    if (!syn_load_say_init(env, session)) {
        session->wish = SYN_LOAD_WISH_RETRY;
    }
}

/* --- frames --------------------------------------------------------------- */

enum { AT_METHOD, AT_ID, AT_STATUS, AT_HTTP, AT_SIZE, AT_UPDATE, AT_COUNT };

/* "TWILSOCK V3.0 <bytes>\r\n<header>\r\n<payload>". */
static bool split_frame(struct syn_str message, struct syn_str *header,
                        struct syn_str *payload)
{
    static const struct syn_str magic = {"TWILSOCK V3.0 ", 14};
    uint64_t bytes = 0;
    if (!syn_str_has_prefix(message, magic)) {
        return false;
    }
    const size_t end = syn_str_find(message, '\r', magic.bytes);
    if (!syn_str_to_u64(syn_str_part(message, magic.bytes, end - magic.bytes),
                        SYN_LOAD_FRAME_BYTES_MAX, &bytes) ||
        message.bytes < end + 2 + bytes + 2) {
        return false;
    }
    *header = syn_str_part(message, end + 2, (size_t)bytes);
    *payload = syn_str_from(message, end + 2 + (size_t)bytes + 2);
    return true;
}

static void on_frame(struct syn_load_env *env, struct syn_load_session *session,
                     const struct syn_str *found, struct reply *frame)
{
    const struct syn_str method = syn_load_scan_text(found[AT_METHOD]);
    const struct syn_str id = syn_load_scan_text(found[AT_ID]);
    frame->status = member_number(found[AT_STATUS], "code", 0);
    frame->http =
        (unsigned)member_number(found[AT_HTTP], "code", frame->status);
    frame->payload = syn_str_part(
        frame->payload, 0, (size_t)syn_load_scan_number(found[AT_SIZE], 0));
    if (syn_str_is(method, "reply")) {
        on_reply(env, session, frame, id);
        return;
    }
    if (id.bytes <= SYN_FRAME_ID_BYTES_MAX) {
        syn_load_say_reply(env, id); /* before what may close the session */
    }
    if (syn_str_is(method, "notification")) {
        syn_load_session_notice(env, session, frame->payload);
    } else if (syn_str_is(method, "close")) {
        on_close(env, session, frame);
    } else if (syn_str_is(method, "client_update") && session->renews) {
        syn_load_session_renew(env, session, env->now_us);
    }
}

void syn_load_session_message(struct syn_load_env *env,
                              struct syn_load_session *session,
                              struct syn_str message)
{
    static const struct syn_str names[AT_COUNT] = {
        [AT_METHOD] = {"method", 6},
        [AT_ID] = {"id", 2},
        [AT_STATUS] = {"status", 6},
        [AT_HTTP] = {"http_status", 11},
        [AT_SIZE] = {"payload_size", 12},
        [AT_UPDATE] = {"client_update_type", 18}};
    struct syn_str found[AT_COUNT];
    struct reply frame = {.message = message};
    syn_load_count(env->result, SYN_LOAD_FRAMES_HEARD, 1);
    syn_load_count(env->result, SYN_LOAD_BYTES_IN, message.bytes);
    /* The SDK drops silently what it cannot read, and so do we: an event in it
     * is then missing, and that is said. */
    if (split_frame(message, &frame.header, &frame.payload) &&
        syn_load_scan(frame.header, names, AT_COUNT, found)) {
        on_frame(env, session, found, &frame);
    }
}
