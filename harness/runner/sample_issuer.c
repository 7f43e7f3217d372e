/*
 * sample_issuer.c - POST /token with a session cookie gives a token.
 *
 * Every fault is a setting of the sample, so the sound issuer and the bad ones
 * run through the same lines.
 */
#include "runner/sample_issuer.h"

#include "base/json.h"
#include "runner/sample_server.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX    32
#define SMALL_ARENA   1048576
#define WINDOW_S      60 /* of the rate limit */
#define OK            200
#define BAD_REQUEST   400
#define FORBIDDEN     403
#define NOT_FOUND     404
#define TOO_MANY      429
#define HEX_IDENTITY  32
#define COOKIE_PREFIX "session="

struct user {
    struct syn_str session;
    struct syn_str identity;
    struct syn_str email;
    struct syn_http_pair cookie;
};

struct syn_sample_issuer {
    struct syn_sample_issuer_setup setup;
    struct syn_sample_server *server;
    const struct syn_json *settings;
    struct user users[SYN_SAMPLE_USERS_MAX];
    struct syn_issuer_user door[SYN_SAMPLE_USERS_MAX];
    size_t user_count;
    const char *url;
    int64_t window_from_s;
    int64_t window_count;
};

/* One request. */
struct visit {
    struct syn_sample_issuer *issuer;
    const struct syn_http_message *request;
    struct syn_sample_answer *answer;
    struct syn_arena arena;
    struct syn_http_pair *params;
    size_t param_count;
    const struct user *user; /* NULL: nobody */
};

/* --- settings -------------------------------------------------------------
 */

static bool flag(const struct syn_sample_issuer *issuer, const char *name)
{
    return syn_json_bool(syn_json_member(issuer->settings, name), false);
}

static struct syn_str word(const struct syn_sample_issuer *issuer,
                           const char *name)
{
    return syn_json_str(syn_json_member(issuer->settings, name), SYN_STR(""));
}

static int64_t number(const struct syn_sample_issuer *issuer, const char *name)
{
    int64_t value = 0;
    SYN_ASSERT(syn_json_i64(syn_json_member(issuer->settings, name), &value));
    return value;
}

/* --- who calls, and for what ----------------------------------------------
 */

static const struct user *find_user(const struct syn_sample_issuer *issuer,
                                    const struct syn_http_message *request)
{
    struct syn_str cookie = syn_http_field(request, "Cookie");
    if (!syn_str_has_prefix(cookie, SYN_STR(COOKIE_PREFIX))) {
        return NULL;
    }
    cookie = syn_str_from(cookie, sizeof COOKIE_PREFIX - 1);
    for (size_t i = 0; i < issuer->user_count; i++) {
        if (syn_str_is_equal(issuer->users[i].session, cookie)) {
            return &issuer->users[i];
        }
    }
    return NULL;
}

static struct syn_str param(const struct visit *visit, const char *name)
{
    for (size_t i = 0; i < visit->param_count; i++) {
        if (syn_str_is(visit->params[i].name, name)) {
            return visit->params[i].value;
        }
    }
    return (struct syn_str){NULL, 0};
}

static syn_status read_params(struct visit *visit)
{
    struct syn_str target = visit->request->target;
    struct syn_str query =
        syn_str_from(target, syn_str_find(target, '?', 0) + 1);
    struct syn_str form =
        visit->request->body.bytes > 0 ? visit->request->body : query;
    return syn_http_form(&visit->arena, form, PARAMS_MAX, &visit->params,
                         &visit->param_count);
}

/* Virtual time stands still in a burst, so a window holds all of it. */
static bool is_too_fast(struct syn_sample_issuer *issuer)
{
    int64_t per_minute = number(issuer, "requests_per_minute");
    int64_t now_s = syn_clock_now_s(syn_loop_clock(issuer->setup.loop));
    if (now_s - issuer->window_from_s >= WINDOW_S) {
        issuer->window_from_s = now_s;
        issuer->window_count = 0;
    }
    issuer->window_count++;
    return per_minute > 0 && issuer->window_count > per_minute;
}

/* --- the token ------------------------------------------------------------
 */

static struct syn_str fresh_identity(struct visit *visit)
{
    char hex[HEX_IDENTITY + 1];
    syn_rng_hex(visit->issuer->setup.rng, hex, HEX_IDENTITY);
    return syn_arena_dup(&visit->arena, syn_str_of(hex));
}

static struct syn_str identity_of(struct visit *visit)
{
    const struct syn_sample_issuer *issuer = visit->issuer;
    const struct user *user =
        visit->user == NULL ? &issuer->users[0] : visit->user;
    struct syn_str rule = word(issuer, "identity");
    struct syn_str asked = param(visit, "identity");
    if (syn_str_is(rule, "asked") && asked.bytes > 0) {
        return asked;
    }
    if (syn_str_is(rule, "fresh")) {
        return fresh_identity(visit);
    }
    return syn_str_is(rule, "email")    ? user->email
           : syn_str_is(rule, "shared") ? issuer->users[0].identity
                                        : user->identity;
}

static int64_t ttl_of(const struct visit *visit)
{
    int64_t ttl_s = 0;
    bool is_asked = flag(visit->issuer, "obeys_ttl") &&
                    syn_str_to_i64(param(visit, "ttl"), &ttl_s);
    return is_asked ? ttl_s : number(visit->issuer, "ttl_s");
}

static void write_claims(struct visit *visit, struct syn_buf *payload)
{
    const struct syn_sample_issuer *issuer = visit->issuer;
    struct syn_str omits = word(issuer, "omits");
    struct syn_str asked = param(visit, "service_sid");
    bool takes_asked = flag(issuer, "obeys_service") && asked.bytes > 0;
    int64_t now_s = syn_clock_now_s(syn_loop_clock(issuer->setup.loop));
    struct syn_json_writer w;
    syn_json_writer_init(&w, payload);
    syn_json_open_object(&w, NULL);
    if (!syn_str_has(omits, SYN_STR("jti"))) {
        struct syn_str jti = syn_arena_printf(
            &visit->arena, "%s-%llu", issuer->setup.key.key_sid,
            (unsigned long long)syn_rng_next(issuer->setup.rng));
        syn_json_write_str(&w, "jti", jti);
    }
    syn_json_write_text(&w, "iss", issuer->setup.key.key_sid);
    syn_json_write_text(&w, "sub", issuer->setup.key.account_sid);
    if (!syn_str_has(omits, SYN_STR("iat"))) {
        syn_json_write_i64(&w, "iat", now_s);
    }
    syn_json_write_i64(&w, "exp", now_s + ttl_of(visit));
    syn_json_open_object(&w, "grants");
    syn_json_write_str(&w, "identity", identity_of(visit));
    syn_json_open_object(&w, "data_sync");
    syn_json_write_str(&w, "service_sid",
                       takes_asked ? asked
                                   : syn_str_of(issuer->setup.service_sid));
    syn_json_close_object(&w);
    syn_json_close_object(&w);
    syn_json_close_object(&w);
}

static struct syn_str make_token(struct visit *visit)
{
    struct syn_str token = {NULL, 0};
    struct syn_buf payload;
    syn_buf_init(&payload, NULL, SYN_TOKEN_BYTES_MAX);
    write_claims(visit, &payload);
    if (payload.status != SYN_OK ||
        syn_token_sign(
            &visit->arena,
            (struct syn_signing_key){
                SYN_HS256, syn_str_of(visit->issuer->setup.key.secret)},
            SYN_STR("{\"typ\":\"JWT\",\"alg\":\"HS256\","
                    "\"cty\":\"twilio-fpa;v=1\"}"),
            syn_buf_str(&payload), &token) != SYN_OK) {
        token = (struct syn_str){NULL, 0};
    }
    syn_buf_fini(&payload);
    return token;
}

/* --- answers --------------------------------------------------------------
 */

static void put_header(struct syn_sample_answer *answer, const char *name,
                       struct syn_str value)
{
    syn_buf_printf(&answer->headers, "%s: %.*s\r\n", name, SYN_STR_ARG(value));
}

/* Another site's script may send the cookie, but must not read the answer. */
static void allow_origin(struct visit *visit)
{
    struct syn_str origin = syn_http_field(visit->request, "Origin");
    if (origin.bytes > 0 && flag(visit->issuer, "trusts_any_origin")) {
        put_header(visit->answer, "Access-Control-Allow-Origin", origin);
        put_header(visit->answer, "Access-Control-Allow-Credentials",
                   SYN_STR("true"));
    }
}

static void give_token(struct visit *visit)
{
    struct syn_str token = make_token(visit);
    struct syn_str cache = word(visit->issuer, "cache_control");
    struct syn_json_writer w;
    SYN_ASSERT(token.at != NULL);
    visit->answer->status = OK;
    put_header(visit->answer, "Content-Type", SYN_STR("application/json"));
    if (cache.bytes > 0) {
        put_header(visit->answer, "Cache-Control", cache);
    }
    allow_origin(visit);
    syn_json_writer_init(&w, &visit->answer->body);
    syn_json_open_object(&w, NULL);
    syn_json_write_str(&w, "token", token);
    if (flag(visit->issuer, "token_in_url")) {
        syn_json_write_str(&w, "next",
                           syn_arena_printf(&visit->arena,
                                            "https://app.example/?token=%.*s",
                                            SYN_STR_ARG(token)));
    }
    syn_json_close_object(&w);
}

static void answer_visit(struct visit *visit)
{
    struct syn_str target = visit->request->target;
    struct syn_str path = syn_str_part(target, 0, syn_str_find(target, '?', 0));
    visit->user = find_user(visit->issuer, visit->request);
    if (!syn_str_is(path, "/token")) {
        visit->answer->status = NOT_FOUND;
    } else if (is_too_fast(visit->issuer)) {
        visit->answer->status = TOO_MANY;
    } else if (read_params(visit) != SYN_OK) {
        visit->answer->status = BAD_REQUEST;
    } else if (visit->user == NULL && flag(visit->issuer, "requires_session")) {
        visit->answer->status = FORBIDDEN;
    } else {
        give_token(visit);
    }
}

static void answer(void *ctx, const struct syn_http_message *request,
                   struct syn_sample_answer *out)
{
    struct visit visit = {.issuer = ctx, .request = request, .answer = out};
    syn_arena_init(&visit.arena, NULL, SMALL_ARENA);
    answer_visit(&visit);
    syn_arena_fini(&visit.arena);
}

/* --- birth and death ------------------------------------------------------
 */

static void read_users(struct syn_sample_issuer *issuer)
{
    const struct syn_json *node =
        syn_json_first(syn_json_member(issuer->settings, "users"));
    for (; node != NULL; node = syn_json_next(node)) {
        SYN_ASSERT(issuer->user_count < SYN_SAMPLE_USERS_MAX);
        struct user *user = &issuer->users[issuer->user_count];
        struct syn_issuer_user *door = &issuer->door[issuer->user_count++];
        user->session =
            syn_json_str(syn_json_member(node, "session"), SYN_STR(""));
        user->identity = syn_arena_dup(
            issuer->setup.arena,
            syn_json_str(syn_json_member(node, "identity"), SYN_STR("")));
        user->email = syn_json_str(syn_json_member(node, "email"), SYN_STR(""));
        user->cookie = (struct syn_http_pair){
            SYN_STR("Cookie"),
            syn_arena_printf(issuer->setup.arena, COOKIE_PREFIX "%.*s",
                             SYN_STR_ARG(user->session))};
        *door = (struct syn_issuer_user){.identity = user->identity.at,
                                         .headers = &user->cookie,
                                         .header_count = 1};
    }
}

syn_status syn_sample_issuer_start(const struct syn_sample_issuer_setup *setup,
                                   struct syn_sample_issuer **out)
{
    struct syn_sample_issuer *issuer = calloc(1, sizeof *issuer);
    syn_status st = issuer == NULL ? SYN_ERR_MEMORY : SYN_OK;
    if (st != SYN_OK) {
        return st;
    }
    issuer->setup = *setup;
    issuer->settings = syn_instance_settings(setup->arena, setup->sample);
    st = issuer->settings == NULL
             ? SYN_ERR_MEMORY
             : syn_sample_server_start(setup->loop, answer, issuer,
                                       &issuer->server);
    if (st != SYN_OK) {
        free(issuer);
        return st;
    }
    read_users(issuer);
    issuer->url =
        syn_arena_printf(setup->arena, "http://127.0.0.1:%u/token",
                         (unsigned)syn_sample_server_port(issuer->server))
            .at;
    *out = issuer;
    return SYN_OK;
}

void syn_sample_issuer_stop(struct syn_sample_issuer *issuer)
{
    if (issuer != NULL) {
        syn_sample_server_stop(issuer->server);
        free(issuer);
    }
}

struct syn_issuer_setup
syn_sample_issuer_door(const struct syn_sample_issuer *issuer)
{
    return (struct syn_issuer_setup){.url = issuer->url,
                                     .identity_param = "identity",
                                     .users = issuer->door,
                                     .user_count = issuer->user_count,
                                     .service_sid = issuer->setup.service_sid};
}
