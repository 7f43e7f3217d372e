/*
 * issuer.c - call the app's token endpoint and take its answer apart.
 *
 * A token that came is decoded, never verified: the row judges what an issuer
 * promises, and the service under test judges signatures.
 */
#include "client/issuer.h"

#include "base/base64.h"
#include "base/json.h"
#include "client/outcall.h"
#include "syn/limits.h"

#include <string.h>

#define ACTOR        "issuer"
#define METHOD       "POST"
#define TOKEN_AT     "/token"
#define HEADERS_MORE 2 /* beside the user's: Origin, Content-Type */

struct syn_issuer {
    struct syn_world *world;
    struct syn_issuer_setup setup;
};

struct syn_issuer *syn_issuer_new(struct syn_world *world,
                                  const struct syn_issuer_setup *setup)
{
    struct syn_issuer *issuer = syn_arena_alloc(world->arena, sizeof *issuer);
    if (issuer != NULL) {
        issuer->world = world;
        issuer->setup = *setup;
    }
    return issuer;
}

/* --- the request ----------------------------------------------------------
 */

/* The last letter or digit becomes another one: still well formed. */
static struct syn_str spoil(struct syn_arena *arena, struct syn_str value)
{
    struct syn_str copy = syn_arena_dup(arena, value);
    SYN_ASSERT(copy.at != NULL);
    char *last = (char *)(uintptr_t)copy.at + copy.bytes;
    if (copy.bytes > 0) {
        last[-1] = last[-1] == 'x' ? 'y' : 'x';
    }
    return copy;
}

static struct syn_http_pair *make_headers(const struct syn_issuer *issuer,
                                          const struct syn_issuer_ask *ask,
                                          bool has_form, size_t *count)
{
    static const struct syn_issuer_user nobody = {.identity = NULL};
    struct syn_arena *arena = issuer->world->arena;
    const struct syn_issuer_user *user = ask->user == SYN_ISSUER_NOBODY
                                             ? &nobody
                                             : &issuer->setup.users[ask->user];
    struct syn_http_pair *headers = syn_arena_array(
        arena, user->header_count + HEADERS_MORE, sizeof *headers);
    SYN_ASSERT(headers != NULL);
    size_t n = 0;
    for (size_t i = 0; i < user->header_count; i++) {
        headers[n] = user->headers[i];
        if (ask->spoils_session) {
            headers[n].value = spoil(arena, headers[n].value);
        }
        n++;
    }
    if (ask->origin != NULL) {
        headers[n++] =
            (struct syn_http_pair){SYN_STR("Origin"), syn_str_of(ask->origin)};
    }
    if (has_form) {
        headers[n++] = (struct syn_http_pair){
            SYN_STR("Content-Type"),
            SYN_STR("application/x-www-form-urlencoded")};
    }
    *count = n;
    return headers;
}

static struct syn_str form_of(const struct syn_issuer *issuer,
                              const struct syn_issuer_ask *ask)
{
    struct syn_buf form;
    syn_buf_init(&form, NULL, SYN_HTTP_BODY_BYTES_MAX);
    for (size_t i = 0; i < ask->param_count; i++) {
        syn_buf_put_text(&form, i == 0 ? "" : "&");
        syn_http_encode(&form, syn_str_of(ask->params[i].name));
        syn_buf_put_text(&form, "=");
        syn_http_encode(&form, syn_str_of(ask->params[i].value));
    }
    struct syn_str text =
        syn_arena_dup(issuer->world->arena, syn_buf_str(&form));
    SYN_ASSERT(form.status == SYN_OK && text.at != NULL);
    syn_buf_fini(&form);
    return text;
}

static struct syn_reply send_ask(const struct syn_issuer *issuer,
                                 const struct syn_issuer_ask *ask,
                                 struct syn_str *answer_headers)
{
    const char *configured =
        issuer->setup.method == NULL ? METHOD : issuer->setup.method;
    const char *method = ask->method == NULL ? configured : ask->method;
    bool has_form = strcmp(method, "GET") != 0;
    struct syn_str form = form_of(issuer, ask);
    size_t header_count = 0;
    const struct syn_http_pair *headers =
        make_headers(issuer, ask, has_form, &header_count);
    const char *url = issuer->setup.url;
    struct syn_str with_query =
        syn_arena_printf(issuer->world->arena, "%s%s%.*s", url,
                         form.bytes == 0            ? ""
                         : strchr(url, '?') == NULL ? "?"
                                                    : "&",
                         SYN_STR_ARG(form));
    SYN_ASSERT(with_query.at != NULL);
    const struct syn_outcall call = {
        .actor = ACTOR,
        .method = method,
        .url = has_form ? url : with_query.at,
        .headers = headers,
        .header_count = header_count,
        .body = has_form ? form : (struct syn_str){NULL, 0}};
    return syn_outcall_run(issuer->world, &call, answer_headers);
}

/* --- the answer -----------------------------------------------------------
 */

/* The payload of a token in three parts; at NULL: it is none. */
static struct syn_str payload_of(struct syn_arena *arena, struct syn_str token)
{
    struct syn_str payload = {NULL, 0};
    struct syn_buf text;
    size_t first = syn_str_find(token, '.', 0);
    size_t second = syn_str_find(token, '.', first + 1);
    syn_buf_init(&text, NULL, SYN_TOKEN_BYTES_MAX);
    if (second < token.bytes &&
        syn_base64_decode(&text, SYN_BASE64URL,
                          syn_str_part(token, first + 1, second - first - 1)) ==
            SYN_OK &&
        syn_json_check(syn_buf_str(&text), NULL, NULL) == SYN_OK) {
        payload = syn_arena_dup(arena, syn_buf_str(&text));
    }
    syn_buf_fini(&text);
    return payload;
}

static void read_claims(const struct syn_issuer *issuer,
                        struct syn_issued *issued)
{
    int64_t now_s = syn_clock_now_s(syn_loop_clock(issuer->world->loop));
    issued->claims.body = payload_of(issuer->world->arena, issued->token);
    issued->claims.status =
        issued->claims.body.at == NULL ? SYN_ERR_PARSE : SYN_OK;
    if (issued->claims.status == SYN_OK) {
        int64_t expires_s = syn_reply_i64(&issued->claims, "/exp", -1);
        int64_t issued_s = syn_reply_i64(&issued->claims, "/iat", now_s);
        issued->identity = syn_reply_str(&issued->claims, "/grants/identity");
        issued->lifetime_s = expires_s < 0 ? -1 : expires_s - issued_s;
    }
}

struct syn_issued syn_issuer_call(struct syn_issuer *issuer,
                                  const struct syn_issuer_ask *ask)
{
    const char *token_at =
        issuer->setup.token_at == NULL ? TOKEN_AT : issuer->setup.token_at;
    struct syn_arena *arena = issuer->world->arena;
    struct syn_issued issued = {.lifetime_s = -1,
                                .claims.status = SYN_ERR_NOT_FOUND};
    SYN_ASSERT(ask->user == SYN_ISSUER_NOBODY ||
               ask->user < issuer->setup.user_count);
    issued.reply = send_ask(issuer, ask, &issued.headers);
    issued.claims.arena = arena;
    if (issued.reply.status == SYN_OK) {
        struct syn_str token = syn_reply_str(&issued.reply, token_at);
        issued.token = token.bytes > 0 ? token : (struct syn_str){NULL, 0};
    }
    if (issued.token.at != NULL) {
        read_claims(issuer, &issued);
    }
    return issued;
}

struct syn_str syn_issued_header(const struct syn_issued *issued,
                                 const char *name)
{
    struct syn_str all = issued->headers;
    size_t from = 0;
    while (from < all.bytes) {
        size_t end = syn_str_find(all, '\n', from);
        struct syn_str line = syn_str_part(all, from, end - from);
        size_t colon = syn_str_find(line, ':', 0);
        if (syn_str_is_equal_nocase(syn_str_part(line, 0, colon),
                                    syn_str_of(name))) {
            return syn_str_trim(syn_str_from(line, colon + 1));
        }
        from = end + 1;
    }
    return (struct syn_str){NULL, 0};
}

/* --- what is known of it --------------------------------------------------
 */

size_t syn_issuer_users(const struct syn_issuer *issuer)
{
    return issuer->setup.user_count;
}

const char *syn_issuer_identity(const struct syn_issuer *issuer, size_t user)
{
    SYN_ASSERT(user < issuer->setup.user_count);
    return issuer->setup.users[user].identity;
}

const char *syn_issuer_identity_param(const struct syn_issuer *issuer)
{
    return issuer->setup.identity_param;
}

bool syn_issuer_is_public(const struct syn_issuer *issuer)
{
    return issuer->setup.is_public;
}
