/*
 * live_init.c - becoming somebody (`init`) and staying so (`update`).
 *
 * The table of token checks in the seams decides; a refusal is answered with
 * the code and ends the connection. After `init` the identity never changes.
 */
#include "service/live_state.h"

#include "base/log.h"

#include <string.h>

#define STORAGE_HEX       40
#define CONTEXT_HEX       32
#define REGISTRATIONS_MAX 16
#define TYPES_MAX         32

static const struct syn_str absent = {NULL, 0};

/* The status that goes with a code; the others are plain 401. */
static const struct {
    enum syn_code code;
    struct syn_live_status status;
} refusals[] = {
    {SYN_CODE_51215,
     {401, "UNAUTHORIZED",
      "Can't update token, new token was issued for other "
      "identity/instance/product.",
      SYN_CODE_51215}},
    {SYN_CODE_51232,
     {308, "UPDATE_IS_FORBIDDEN", "Token update is forbidden", SYN_CODE_51232}},
    {SYN_CODE_54050,
     {403, "FORBIDDEN", "Service Instance not found", SYN_CODE_54050}},
    {SYN_CODE_20500,
     {500, "INTERNAL_SERVER_ERROR", "Internal server error", SYN_CODE_20500}},
};

static struct syn_live_status refusal_of(enum syn_code code)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        if (refusals[i].code == code) {
            return refusals[i].status;
        }
    }
    return (struct syn_live_status){401, "UNAUTHORIZED", syn_code_text(code),
                                    (int)code};
}

static void refuse(struct syn_session *session, struct syn_str id,
                   enum syn_code code)
{
    const struct syn_live_status status = refusal_of(code);
    syn_log(SYN_LOG_INFO, "live", "refused", "code=%d", (int)code);
    syn_live_reply(session, id, &status);
    syn_live_end(session, NULL);
}

/* Too many connections: how long to keep away stands in the payload, where
 * clients of the SDK look for it. The peer need not heed it: it is closed. */
static void refuse_for_now(struct syn_session *session, struct syn_str id,
                           enum syn_code code, int64_t reconnect_min_ms)
{
    const struct syn_live_status status = {429, "TOO_MANY_REQUESTS",
                                           syn_code_text(code), (int)code};
    const struct syn_str payload =
        syn_arena_printf(&session->service->scratch,
                         "{\"backoff_policy\":{\"reconnect_min_ms\":%lld}}",
                         (long long)reconnect_min_ms);
    struct syn_json_writer w;
    syn_log(SYN_LOG_INFO, "live", "refused", "code=%d", (int)code);
    syn_live_begin(session, &w, "reply", id);
    syn_live_write_status(&w, &status);
    syn_json_write_text(&w, "payload_type", "application/json");
    syn_live_send(session, &w, payload);
    syn_live_end(session, NULL);
}

/* A seeded defect may shrug off what was wrong with it. */
static void refuse_renewal(struct syn_session *session, struct syn_str id,
                           enum syn_code code)
{
    const struct syn_seams *seams = &session->service->seams;
    code = seams->refuse_renewal(seams->ctx, code);
    if (code == SYN_CODE_NONE) {
        syn_live_reply(session, id, &syn_live_ok);
    } else {
        refuse(session, id, code);
    }
}

/* Verify the token of a frame and name its service by sid. Texts of *facts
 * live in the scratch arena. */
static enum syn_code read_token(struct syn_session *session,
                                const struct syn_twilsock_frame *frame,
                                struct syn_token_facts *facts,
                                const struct syn_account **account)
{
    struct syn_service *service = session->service;
    const struct syn_json *token = syn_json_member(frame->header, "token");
    struct syn_verify_env env;
    syn_keyring_env(service, &env);
    env.checks = service->seams.token_checks;
    const enum syn_code code = syn_token_verify(
        &env, &service->scratch, syn_json_str(token, absent), facts, NULL);
    if (code != SYN_CODE_NONE) {
        return syn_reading_token_code(&service->seams.rules.readings, code);
    }
    /* A session lives as long as its token is taken. */
    facts->expires_s += service->seams.rules.readings.exp_skew_s;
    *account = syn_model_account(service->model, facts->account_sid);
    if (*account == NULL) {
        return SYN_CODE_20103;
    }
    const struct syn_service_row *row =
        syn_model_service(service->model, *account, facts->service_sid);
    if (row == NULL) {
        return SYN_CODE_54050;
    }
    facts->service_sid = syn_str_of(row->sid);
    return SYN_CODE_NONE;
}

/* Keep the facts beyond the frame, in place of the ones before. */
static bool keep_facts(struct syn_session *session,
                       const struct syn_token_facts *facts)
{
    struct syn_token_facts kept = *facts;
    struct syn_arena *arena = &session->arena;
    memset(&session->facts, 0, sizeof(session->facts));
    syn_arena_rewind(arena, session->no_facts);
    kept.key_sid = syn_arena_dup(arena, facts->key_sid);
    kept.account_sid = syn_arena_dup(arena, facts->account_sid);
    kept.identity = syn_arena_dup(arena, facts->identity);
    kept.service_sid = syn_arena_dup(arena, facts->service_sid);
    if (kept.key_sid.at == NULL || kept.account_sid.at == NULL ||
        kept.identity.at == NULL || kept.service_sid.at == NULL) {
        return false;
    }
    session->facts = kept;
    return true;
}

/* The same for one identity in one service, for ever; tells nothing else. */
static void write_storage(struct syn_session *session,
                          struct syn_json_writer *w)
{
    struct syn_arena *scratch = &session->service->scratch;
    const struct syn_token_facts *facts = &session->facts;
    const struct syn_str owner =
        syn_arena_printf(scratch, "%.*s\n%.*s", SYN_STR_ARG(facts->service_sid),
                         SYN_STR_ARG(facts->identity));
    unsigned char digest[SYN_DIGEST_BYTES_MAX];
    char hex[STORAGE_HEX + 1];
    if (owner.at == NULL || syn_digest_of(SYN_SHA1, owner, digest) != SYN_OK) {
        return; /* the client goes on without, with a warning */
    }
    syn_crypto_hex(digest, STORAGE_HEX / 2, hex);
    syn_json_open_object(w, "offline_storage");
    syn_json_open_object(w, "data_sync");
    syn_json_write_text(w, "storage_id", hex);
    syn_json_close_object(w);
    syn_json_close_object(w);
}

/* 8-4-4-4-12 hex digits. */
static struct syn_str make_context(struct syn_service *service)
{
    char hex[CONTEXT_HEX + 1];
    syn_rng_hex(&service->rng, hex, CONTEXT_HEX);
    return syn_arena_printf(&service->scratch, "%.8s-%.4s-%.4s-%.4s-%.12s", hex,
                            hex + 8, hex + 12, hex + 16, hex + 20);
}

static void write_message_types(struct syn_json_writer *w,
                                const struct syn_json *types)
{
    syn_json_open_array(w, "message_types");
    unsigned count = 0;
    for (const struct syn_json *type = syn_json_first(types);
         type != NULL && count < TYPES_MAX; type = syn_json_next(type)) {
        if (syn_json_is(type, SYN_JSON_STRING)) {
            syn_json_write_str(w, NULL, syn_json_str(type, absent));
            count++;
        }
    }
    syn_json_close_array(w);
}

/* Confirm each registration of the one product there is. */
static void write_registrations(struct syn_session *session,
                                struct syn_json_writer *w,
                                const struct syn_json *asked)
{
    syn_json_open_array(w, "init_registrations");
    unsigned count = 0;
    for (const struct syn_json *one = syn_json_first(asked);
         one != NULL && count < REGISTRATIONS_MAX; one = syn_json_next(one)) {
        if (!syn_str_is(syn_json_str(syn_json_member(one, "product"), absent),
                        "data_sync")) {
            continue;
        }
        syn_json_open_object(w, NULL);
        syn_json_write_str(w, "notification_ctx_id",
                           make_context(session->service));
        syn_json_write_text(w, "type", "ers");
        syn_json_write_text(w, "product", "data_sync");
        write_message_types(w, syn_json_member(one, "message_types"));
        syn_json_close_object(w);
        count++;
    }
    syn_json_close_array(w);
}

static void write_continuation(struct syn_session *session,
                               struct syn_json_writer *w,
                               const struct syn_json *presented)
{
    struct syn_str token = syn_json_str(presented, absent);
    const enum syn_continuation_fit fit =
        syn_continuation_judge(session, token);
    if (fit != SYN_CONTINUATION_FITS) {
        token = syn_continuation_make(session, &session->service->scratch);
    }
    syn_json_write_str(w, "continuation_token", token);
    syn_json_open_object(w, "continuation_token_status");
    syn_json_write_bool(w, "reissued", fit != SYN_CONTINUATION_FITS);
    if (fit != SYN_CONTINUATION_FITS) {
        syn_json_write_text(w, "reissue_reason", syn_continuation_reason(fit));
        syn_json_write_text(w, "reissue_message",
                            syn_continuation_message(fit));
    }
    syn_json_close_object(w);
}

static void answer_init(struct syn_session *session,
                        const struct syn_twilsock_frame *frame)
{
    struct syn_json_writer w;
    syn_live_begin(session, &w, "reply", frame->id);
    syn_live_write_status(&w, &syn_live_ok);
    syn_json_open_array(&w, "capabilities");
    syn_json_write_text(&w, NULL, "client_update");
    syn_json_write_text(&w, NULL, "offline_storage");
    syn_json_close_array(&w);
    write_continuation(session, &w,
                       syn_json_member(frame->header, "continuation_token"));
    write_storage(session, &w);
    write_registrations(session, &w,
                        syn_json_member(frame->header, "registrations"));
    syn_live_send(session, &w, absent);
}

void syn_live_init(struct syn_session *session,
                   const struct syn_twilsock_frame *frame)
{
    struct syn_token_facts facts;
    const struct syn_account *account = NULL;
    enum syn_code code = read_token(session, frame, &facts, &account);
    if (code == SYN_CODE_NONE) {
        int64_t reconnect_min_ms = 0;
        const enum syn_code busy =
            syn_admission_connect(session->service, &facts, &reconnect_min_ms);
        if (busy != SYN_CODE_NONE) {
            refuse_for_now(session, frame->id, busy, reconnect_min_ms);
            return;
        }
    }
    if (code == SYN_CODE_NONE && !keep_facts(session, &facts)) {
        code = SYN_CODE_20500;
    }
    if (code != SYN_CODE_NONE) {
        refuse(session, frame->id, code);
        return;
    }
    session->account = account;
    session->state = SYN_SESSION_LIVE;
    struct syn_service_counts *counts = &session->service->counts;
    counts->sessions++;
    counts->sessions_most = counts->sessions > counts->sessions_most
                                ? counts->sessions
                                : counts->sessions_most;
    syn_clock_stop(session->service->clock, &session->handshake);
    answer_init(session, frame);
    const struct syn_hook_endpoint who = syn_live_endpoint(session);
    syn_hooks_came(session->service, &who);
    syn_live_watch_peer(session);
    syn_live_watch_token(session);
}

/* A token that is refused ends the session, even though the old one would
 * still be good (TOK-37 to TOK-39). */
void syn_live_update(struct syn_session *session,
                     const struct syn_twilsock_frame *frame)
{
    struct syn_service *service = session->service;
    struct syn_token_facts facts;
    const struct syn_account *account = NULL;
    enum syn_code code = read_token(session, frame, &facts, &account);
    if (code == SYN_CODE_NONE) {
        const struct syn_renewal renewal = {.before = &session->facts,
                                            .after = &facts};
        code = service->seams.renew(service->seams.ctx, &renewal);
    }
    if (code != SYN_CODE_NONE) {
        refuse_renewal(session, frame->id, code);
        return;
    }
    /* The times change and the key that vouches for them; who one is only
     * under a seeded defect. */
    if (!keep_facts(session, &facts)) {
        refuse(session, frame->id, SYN_CODE_20500);
        return;
    }
    session->account = account;
    syn_live_reply(session, frame->id, &syn_live_ok);
    syn_live_watch_token(session);
}
