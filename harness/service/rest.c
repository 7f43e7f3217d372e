/*
 * rest.c - a request from its bytes to its handler.
 *
 * Order of the checks: target, credentials, path, method, parameters, handler.
 * A stranger learns nothing but 401, whatever the path.
 */
#include "service/rest.h"

#include "service/live.h"

#include "base/base64.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define ACTOR             "service"
#define CREDENTIALS_BYTES 1024

static const char *const method_words[SYN_REST_METHOD_COUNT] = {
    [SYN_REST_GET] = "GET",
    [SYN_REST_POST] = "POST",
    [SYN_REST_DELETE] = "DELETE",
};

/* --- credentials ---------------------------------------------------------- */

static bool admit_pair(struct syn_rest_call *call, struct syn_str pair)
{
    size_t colon = syn_str_find(pair, ':', 0);
    if (colon >= pair.bytes) {
        return false;
    }
    return syn_keyring_admits(call->service, syn_str_part(pair, 0, colon),
                              syn_str_from(pair, colon + 1), &call->principal);
}

/* Basic alone: a token is never a credential of this plane. */
static bool is_admitted(struct syn_rest_call *call)
{
    struct syn_str field = syn_http_field(call->message, "Authorization");
    size_t space = syn_str_find(field, ' ', 0);
    if (!syn_str_is_equal_nocase(syn_str_part(field, 0, space),
                                 SYN_STR("Basic"))) {
        return false;
    }
    struct syn_buf pair;
    syn_buf_init(&pair, NULL, CREDENTIALS_BYTES);
    bool is_good =
        syn_base64_decode(&pair, SYN_BASE64,
                          syn_str_trim(syn_str_from(field, space))) == SYN_OK &&
        admit_pair(call, syn_buf_str(&pair));
    if (pair.at != NULL) {
        syn_crypto_wipe(pair.at, pair.bytes);
    }
    syn_buf_fini(&pair);
    return is_good;
}

/* --- dispatch ------------------------------------------------------------- */

static void list_allowed(struct syn_rest_call *call)
{
    size_t used = 0;
    for (size_t i = 0; i < SYN_REST_METHOD_COUNT; i++) {
        if (call->route->handlers[i] == NULL) {
            continue;
        }
        int wrote = snprintf(call->allow + used, sizeof(call->allow) - used,
                             "%s%s", used == 0 ? "" : ", ", method_words[i]);
        SYN_ASSERT(wrote > 0 && (size_t)wrote < sizeof(call->allow) - used);
        used += (size_t)wrote;
    }
}

static void dispatch(struct syn_rest_call *call)
{
    call->route = syn_rest_find_route(call);
    if (call->route == NULL) {
        syn_rest_fail(call, SYN_CODE_20404);
        return;
    }
    syn_rest_handler_fn handler = NULL;
    for (size_t i = 0; i < SYN_REST_METHOD_COUNT; i++) {
        if (syn_str_is(call->message->method, method_words[i])) {
            handler = call->route->handlers[i];
        }
    }
    if (handler == NULL) {
        list_allowed(call);
        syn_rest_fail(call, SYN_CODE_20004);
        return;
    }
    enum syn_code code = syn_rest_read_parameters(call);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
        return;
    }
    handler(call);
}

static bool is_below(const struct syn_rest_call *call, const char *root)
{
    struct syn_str prefix = syn_str_of(root);
    return syn_str_has_prefix(call->path, prefix) &&
           (call->path.bytes == prefix.bytes ||
            call->path.at[prefix.bytes] == '/');
}

/* A restricted key opens listed endpoints only, and no list can be given: it
 * is known, and may do nothing. */
static void run_admitted(struct syn_rest_call *call, enum syn_code target)
{
    if (is_below(call, "/v1") &&
        !syn_admission_request(call->service, call->principal.account,
                               &call->retry_after_s)) {
        syn_rest_fail(call, SYN_CODE_20429);
    } else if (call->principal.kind == SYN_KEY_RESTRICTED) {
        syn_rest_fail(call, SYN_CODE_20006);
    } else if (target != SYN_CODE_NONE) {
        syn_rest_fail(call, target);
    } else if (!syn_rest_read_base(call)) {
        syn_rest_fail(call, SYN_CODE_20001);
    } else if (is_below(call, "/_syncproof")) {
        syn_control_answer(call);
    } else {
        dispatch(call);
    }
}

static void run(struct syn_rest_call *call)
{
    enum syn_code target = syn_rest_read_target(call);
    if (syn_str_is(call->message->method, "OPTIONS")) {
        call->status = 204;
        return;
    }
    if (!is_below(call, "/v1") && !is_below(call, "/_syncproof")) {
        syn_rest_fail(call, target == SYN_CODE_20001 ? target : SYN_CODE_20404);
        return;
    }
    if (!is_admitted(call)) {
        syn_rest_fail(call, SYN_CODE_20003);
        return;
    }
    run_admitted(call, target);
}

/* --- consequences --------------------------------------------------------- */

/* After the reply is made: subscribers hear of it. */
static void publish(struct syn_rest_call *call)
{
    const struct syn_outcome *outcome = &call->outcome;
    if (outcome->code != SYN_CODE_NONE) {
        return;
    }
    if (outcome->event_count > 0) {
        syn_live_publish(call->service, outcome->events, outcome->event_count,
                         NULL);
    }
    if (call->changes_grants && outcome->object != NULL) {
        syn_live_grants_changed(call->service, outcome->object);
    }
    if (call->turns_switch && outcome->service != NULL) {
        syn_live_switch_turned(call->service, outcome->service);
    }
}

static void log_access(const struct syn_rest_call *call)
{
    if (!call->service->setup.has_access_log) {
        return;
    }
    struct syn_str scenario = syn_http_field(call->message, "X-Syn-Scenario");
    syn_log(SYN_LOG_INFO, ACTOR, "request",
            "method=%.*s path=%.*s status=%u scenario=%.*s",
            SYN_STR_ARG(call->message->method), SYN_STR_ARG(call->path),
            call->status, SYN_STR_ARG(scenario));
}

bool syn_rest_answer(struct syn_service *service,
                     const struct syn_http_message *message, bool is_tls,
                     struct syn_buf *out)
{
    struct syn_arena_mark mark = syn_arena_mark(&service->scratch);
    struct syn_rest_call call = {.service = service,
                                 .message = message,
                                 .arena = &service->scratch,
                                 .is_tls = is_tls};
    service->counts.rest_requests++;
    service->tickets.needed = 0;
    syn_buf_init(&call.body, NULL, SYN_REST_REPLY_BYTES_MAX);
    run(&call);
    syn_rest_put_reply(&call, message->keeps_alive, out);
    publish(&call);
    log_access(&call);
    syn_buf_fini(&call.body);
    syn_arena_rewind(&service->scratch, mark);
    return message->keeps_alive;
}

/* --- for handlers --------------------------------------------------------- */

struct syn_actor syn_rest_actor(const struct syn_rest_call *call)
{
    return (struct syn_actor){.plane = SYN_PLANE_REST,
                              .account = call->principal.account,
                              .identity = SYN_STR("system")};
}

bool syn_rest_step(struct syn_rest_call *call,
                   const struct syn_command *command)
{
    struct syn_actor actor = syn_rest_actor(call);
    syn_status st = syn_service_step(call->service, &actor, command,
                                     call->arena, &call->outcome);
    if (st != SYN_OK) {
        syn_log(SYN_LOG_ALERT, ACTOR, "step failed", "reason=\"%s\"",
                syn_status_text(st));
        memset(&call->outcome, 0, sizeof(call->outcome));
        syn_rest_fail(call, SYN_CODE_20500);
        return false;
    }
    if (call->outcome.code != SYN_CODE_NONE) {
        syn_rest_fail(call, call->outcome.code);
        return false;
    }
    return true;
}

struct syn_shape syn_rest_shape(struct syn_rest_call *call,
                                struct syn_json_writer *w)
{
    syn_json_writer_init(w, &call->body);
    return (struct syn_shape){.w = w, .arena = call->arena, .base = call->base};
}
