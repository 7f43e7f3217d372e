/*
 * appeal.c - tokens that the app's own endpoint gives, when a target names one.
 * Source: design section 9 ("renewal through the token endpoint when given").
 *
 * A user whose token is about to end asks the app, as the SDK's user code does,
 * and latency of the renewal counts from when it was due: a slow endpoint shows
 * in it. An endpoint that closes its connection after an answer is asked one
 * question at a time.
 */
#include "load/worker.h"

#include "auth/token.h"
#include "base/base64.h"
#include "base/json.h"

#include <string.h>

#define OK_MIN      200
#define OK_MAX      299
#define TOKEN_AT    "/token"
#define AT_ONCE     16 /* questions under way */
#define CLAIM_BYTES 16384

static const struct syn_str nothing = {NULL, 0};

void syn_load_appeal_ask(void *ctx, struct syn_load_session *session)
{
    struct syn_load_worker *worker = ctx;
    if (session->is_asking) {
        return; /* for an earlier connection: its answer is as good */
    }
    session->is_asking = true;
    session->next_asker = worker->askers;
    worker->askers = session;
}

void syn_load_appeal_pump(struct syn_load_worker *worker)
{
    struct syn_load_lane *lane = &worker->lanes[SYN_LOAD_LANE_APP];
    const uint32_t depth = lane->is_curt ? 1 : AT_ONCE;
    while (worker->askers != NULL && lane->count < depth &&
           lane->link.state == SYN_LOAD_LINK_OPEN) {
        struct syn_load_session *session = worker->askers;
        const struct syn_load_request request = {.errand = SYN_LOAD_TOKEN,
                                                 .session = session->number,
                                                 .due_us =
                                                     session->renew_due_us};
        worker->askers = session->next_asker;
        (void)syn_load_lane_ask(worker, SYN_LOAD_LANE_APP, &request);
    }
}

/* --- the question --------------------------------------------------------- */

static void put_head(const struct syn_load_aim *aim, struct syn_buf *out,
                     struct syn_str form)
{
    const struct syn_target_endpoint *endpoint = aim->endpoint;
    const char *method = endpoint->method == NULL ? "POST" : endpoint->method;
    const bool has_form = strcmp(method, "GET") != 0;
    const char *mark = strchr(aim->app_path, '?') == NULL ? "?" : "&";
    syn_buf_printf(out, "%s %s%s%.*s HTTP/1.1\r\nHost: %s\r\n", method,
                   aim->app_path, has_form ? "" : mark,
                   has_form ? 0 : (int)form.bytes, form.at, aim->app_host);
    /* Whoever the app knows may ask; the parameter says for whom. */
    const struct syn_target_user *user =
        endpoint->user_count == 0 ? NULL : &endpoint->users[0];
    for (size_t i = 0; user != NULL && i < user->header_count; i++) {
        syn_buf_printf(out, "%s: %s\r\n", user->headers[i].name,
                       user->headers[i].value);
    }
    if (!has_form) {
        syn_buf_put_text(out, "\r\n");
        return;
    }
    syn_buf_printf(out,
                   "Content-Type: application/x-www-form-urlencoded\r\n"
                   "Content-Length: %zu\r\n\r\n",
                   form.bytes);
    syn_buf_put(out, form);
}

void syn_load_appeal_write(struct syn_load_worker *worker, struct syn_buf *out,
                           const struct syn_load_request *request)
{
    char identity[SYN_LOAD_IDENTITY_BYTES];
    struct syn_buf *form = &worker->env.payload;
    syn_load_identity(worker, request->session, identity);
    syn_buf_clear(form);
    syn_http_encode(form, syn_str_of(worker->aim->endpoint->identity_param));
    syn_buf_put_text(form, "=");
    syn_http_encode(form, syn_str_of(identity));
    put_head(worker->aim, out, syn_buf_str(form));
    syn_buf_clear(form);
}

/* --- the answer ----------------------------------------------------------- */

static const struct syn_json *claims_of(struct syn_arena *arena,
                                        struct syn_str token)
{
    const struct syn_json *claims = NULL;
    struct syn_buf text;
    const size_t first = syn_str_find(token, '.', 0);
    const size_t second = syn_str_find(token, '.', first + 1);
    syn_buf_init(&text, NULL, CLAIM_BYTES);
    if (second < token.bytes &&
        syn_base64_decode(&text, SYN_BASE64URL,
                          syn_str_part(token, first + 1, second - first - 1)) ==
            SYN_OK &&
        syn_json_parse(arena, syn_arena_dup(arena, syn_buf_str(&text)), NULL,
                       &claims, NULL) != SYN_OK) {
        claims = NULL;
    }
    syn_buf_fini(&text);
    return claims;
}

/* The token for this user; at NULL: none, or somebody else's. */
static struct syn_str read_answer(struct syn_load_worker *worker,
                                  uint32_t session, struct syn_str body,
                                  int64_t *end_s)
{
    const char *at = worker->aim->endpoint->token_at;
    const struct syn_json *tree = NULL;
    char identity[SYN_LOAD_IDENTITY_BYTES];
    if (syn_json_parse(&worker->scratch, body, NULL, &tree, NULL) != SYN_OK) {
        return nothing;
    }
    const struct syn_str token =
        syn_json_str(syn_json_at(tree, at == NULL ? TOKEN_AT : at), nothing);
    const struct syn_json *claims = claims_of(&worker->scratch, token);
    if (claims == NULL) {
        return nothing;
    }
    syn_load_identity(worker, session, identity);
    const struct syn_str given =
        syn_json_str(syn_json_at(claims, "/grants/identity"), nothing);
    if (!syn_str_is(given, identity)) {
        /* The service would be right to refuse it, so nothing is learnt. */
        syn_load_worker_fail(worker,
                             "the token endpoint gave a token of %.*s to %s",
                             SYN_STR_ARG(syn_str_part(given, 0, 64)), identity);
        return nothing;
    }
    return syn_json_i64(syn_json_member(claims, "exp"), end_s) ? token
                                                               : nothing;
}

void syn_load_appeal_answered(struct syn_load_worker *worker,
                              const struct syn_load_request *request,
                              unsigned status, struct syn_str body)
{
    struct syn_load_env *env = &worker->env;
    struct syn_load_session *session = &worker->sessions[request->session];
    struct syn_str token = nothing;
    int64_t end_s = 0;
    session->is_asking = false;
    if (status == 0) { /* the connection ended before the answer */
        worker->lanes[SYN_LOAD_LANE_APP].is_curt = true;
        if (session->is_renewing) {
            syn_load_appeal_ask(worker, session);
        }
        return;
    }
    const struct syn_arena_mark mark = syn_arena_mark(&worker->scratch);
    if (status >= OK_MIN && status <= OK_MAX) {
        token = read_answer(worker, request->session, body, &end_s);
    }
    syn_buf_clear(&env->out);
    syn_load_session_given(env, session, token, end_s);
    syn_arena_rewind(&worker->scratch, mark);
    syn_load_fleet_act(worker, session);
}
