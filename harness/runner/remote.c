/*
 * remote.c - what the runner itself asks of a target.
 * Layer: runner. Threads: the loop's.
 */
#include "runner/remote.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "syn/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HTTP_CREATED      201
#define HTTP_NO_CONTENT   204
#define HTTP_OK           200
#define HTTP_UNAUTHORIZED 401
#define HTTP_NOT_FOUND    404
#define HTTP_TOO_MANY     429
#define HTTP_SERVER_ERROR 500
#define SETTLE_TURNS      8
#define SMALL_ARENA       4194304
#define NO_SERVICE        "IS00000000000000000000000000000000"

struct syn_tls_client syn_remote_tls(const struct syn_target *target)
{
    return (struct syn_tls_client){.ca_file = target->tls_ca_file,
                                   .verify = target->tls_verify};
}

struct answer {
    bool is_done;
    struct syn_arena *arena;
    syn_status status;
    unsigned http;
    struct syn_str body;
    char reason[SYN_STAGE_REASON_BYTES];
};

static void keep_answer(void *ctx, const struct syn_curl_response *response)
{
    struct answer *answer = ctx;
    answer->is_done = true;
    answer->status = response->status;
    answer->http = response->http_status;
    answer->body = syn_arena_dup(answer->arena, response->body);
    (void)snprintf(answer->reason, sizeof answer->reason, "%s",
                   response->reason);
}

static bool is_done(void *ctx)
{
    const struct answer *answer = ctx;
    return answer->is_done;
}

struct ask {
    const char *method;
    const char *path; /* from the root */
    const char *content_type;
    const char *body; /* NULL: none */
};

static struct answer ask_once(const struct syn_remote *remote,
                              const struct ask *ask)
{
    const struct syn_target *target = remote->stage->target;
    struct answer answer = {.arena = remote->arena, .status = SYN_ERR_NET};
    struct syn_tls_client tls = syn_remote_tls(target);
    struct syn_http_pair type = {.name = SYN_STR("Content-Type"),
                                 .value = syn_str_of(ask->content_type)};
    struct syn_str url =
        syn_arena_printf(remote->arena, "%s%s", target->rest_url, ask->path);
    struct syn_curl_call *call = NULL;
    struct syn_curl_request request = {.method = ask->method,
                                       .url = url.at,
                                       .user = syn_target_user(target),
                                       .password = syn_target_password(target),
                                       .headers = &type,
                                       .header_count =
                                           ask->content_type == NULL ? 0 : 1,
                                       .body = syn_str_of(ask->body),
                                       .tls = &tls,
                                       .guard_ms = SYN_ROW_GUARD_MS,
                                       .use_proxy = target->use_proxy};
    if (url.at == NULL || request.password == NULL ||
        syn_curl_start(remote->curl, &request, keep_answer, &answer, &call) !=
            SYN_OK) {
        (void)snprintf(answer.reason, sizeof answer.reason, "%s",
                       request.password == NULL ? "no REST credentials"
                                                : "the request did not start");
        return answer;
    }
    if (!syn_loop_run_until(remote->loop, is_done, &answer,
                            SYN_ROW_GUARD_MS + SYN_ROW_GUARD_MS)) {
        syn_curl_cancel(call);
    }
    return answer;
}

/* A connection may be lost, or a front may be ill for a moment. What changes
 * something is never sent twice. */
static struct answer ask_target(const struct syn_remote *remote,
                                const struct ask *ask)
{
    struct answer answer = ask_once(remote, ask);
    bool is_repeatable =
        strcmp(ask->method, "GET") == 0 || strcmp(ask->method, "DELETE") == 0;
    for (unsigned i = 0;
         is_repeatable && i < SYN_ROW_RETRIES_MAX &&
         (answer.status == SYN_ERR_NET || answer.status == SYN_ERR_CLOSED ||
          answer.http >= HTTP_SERVER_ERROR);
         i++) {
        answer = ask_once(remote, ask);
    }
    return answer;
}

bool syn_remote_is_answer(unsigned http)
{
    return http != 0 && http < HTTP_SERVER_ERROR && http != HTTP_TOO_MANY;
}

static struct syn_str member_of(const struct syn_remote *remote,
                                struct syn_str body, const char *name)
{
    const struct syn_json *tree = NULL;
    if (syn_json_parse(remote->arena, body, NULL, &tree, NULL) != SYN_OK) {
        return SYN_STR("");
    }
    return syn_json_str(syn_json_member(tree, name), SYN_STR(""));
}

unsigned syn_remote_make_service(const struct syn_remote *remote,
                                 const char *friendly_name, bool acl_is_on,
                                 char sid[SYN_STAGE_SID_BYTES])
{
    struct syn_str form =
        syn_arena_printf(remote->arena, "FriendlyName=%s&AclEnabled=%s",
                         friendly_name, acl_is_on ? "true" : "false");
    struct answer answer = ask_target(
        remote,
        &(struct ask){.method = "POST",
                      .path = "/v1/Services",
                      .content_type = "application/x-www-form-urlencoded",
                      .body = form.at});
    sid[0] = '\0';
    if (answer.status == SYN_OK &&
        (answer.http == HTTP_CREATED || answer.http == HTTP_OK)) {
        struct syn_str made = member_of(remote, answer.body, "sid");
        (void)snprintf(sid, SYN_STAGE_SID_BYTES, "%.*s", SYN_STR_ARG(made));
    }
    return answer.status == SYN_OK ? answer.http : 0;
}

bool syn_remote_delete_service(const struct syn_remote *remote, const char *sid)
{
    struct syn_str path =
        syn_arena_printf(remote->arena, "/v1/Services/%s", sid);
    struct syn_str prefix =
        syn_arena_printf(remote->arena, "syn-%s-", remote->stage->run);
    struct answer read =
        ask_target(remote, &(struct ask){.method = "GET", .path = path.at});
    if (read.status == SYN_OK && read.http == HTTP_NOT_FOUND) {
        return true;
    }
    if (read.status != SYN_OK || read.http != HTTP_OK ||
        !syn_str_has_prefix(member_of(remote, read.body, "friendly_name"),
                            prefix)) {
        return false;
    }
    struct answer gone =
        ask_target(remote, &(struct ask){.method = "DELETE", .path = path.at});
    return gone.status == SYN_OK &&
           (gone.http == HTTP_NO_CONTENT || gone.http == HTTP_NOT_FOUND);
}

/* GET or POST /_syncproof/clock; -1: it did not answer. */
static int64_t ask_clock(const struct syn_remote *remote, const char *body)
{
    const struct syn_json *tree = NULL;
    int64_t now_ms = -1;
    struct answer answer = ask_target(
        remote,
        &(struct ask){.method = body == NULL ? "GET" : "POST",
                      .path = "/_syncproof/clock",
                      .content_type = body == NULL ? NULL : "application/json",
                      .body = body});
    if (answer.status != SYN_OK || answer.http != HTTP_OK ||
        syn_json_parse(remote->arena, answer.body, NULL, &tree, NULL) !=
            SYN_OK ||
        !syn_json_i64(syn_json_member(tree, "now_ms"), &now_ms)) {
        return -1;
    }
    return now_ms;
}

bool syn_remote_advance_ms(const struct syn_remote *remote, int64_t ms)
{
    struct syn_str body =
        syn_arena_printf(remote->arena, "{\"advance_ms\":%lld}", (long long)ms);
    bool is_moved = ask_clock(remote, body.at) >= 0;
    for (unsigned i = 0; is_moved && i < SETTLE_TURNS; i++) {
        syn_loop_turn(remote->loop, 0);
    }
    return is_moved;
}

/* --- in a process of its own ----------------------------------------------
 */

/* What a child sends back through its pipe. */
struct errand_result {
    enum syn_preflight preflight;
    struct syn_stage stage;
    size_t left; /* not cleaned */
    char reason[SYN_STAGE_REASON_BYTES];
};

struct errand {
    void (*run)(const struct syn_remote *remote, const struct errand *errand,
                struct errand_result *result);
    const struct syn_stage *stage;
    const char *const *sids;
    size_t sid_count;
};

static void run_in_child(const struct errand *errand,
                         struct errand_result *result)
{
    struct syn_arena arena;
    struct syn_clock *clock = syn_clock_new_real();
    struct syn_loop *loop = NULL;
    struct syn_curl *curl = NULL;
    syn_arena_init(&arena, NULL, SMALL_ARENA);
    result->stage = *errand->stage;
    if (clock != NULL && syn_loop_new(clock, &loop) == SYN_OK &&
        syn_curl_new(loop, &curl) == SYN_OK) {
        struct syn_remote remote = {.loop = loop,
                                    .curl = curl,
                                    .stage = errand->stage,
                                    .arena = &arena};
        errand->run(&remote, errand, result);
    } else {
        (void)snprintf(result->reason, sizeof result->reason,
                       "no loop for the preflight");
    }
    syn_curl_free(curl);
    syn_loop_free(loop);
    syn_clock_free(clock);
    syn_arena_fini(&arena);
}

/* Fork, run, read the result; false when the child died. */
static bool run_errand(const struct errand *errand,
                       struct errand_result *result)
{
    int ends[2] = {-1, -1};
    *result = (struct errand_result){.preflight = SYN_PREFLIGHT_UNREACHABLE,
                                     .left = errand->sid_count};
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        struct errand_result mine = *result;
        (void)close(ends[0]);
        run_in_child(errand, &mine);
        ssize_t sent = write(ends[1], &mine, sizeof mine);
        _exit(sent == (ssize_t)sizeof mine ? 0 : 1);
    }
    (void)close(ends[1]);
    struct errand_result got;
    char *to = (char *)&got;
    size_t bytes = 0;
    ssize_t part = 1;
    while (child > 0 && bytes < sizeof got && part != 0) {
        part = read(ends[0], to + bytes, sizeof got - bytes);
        if (part < 0 && errno != EINTR) {
            break;
        }
        bytes += part > 0 ? (size_t)part : 0;
    }
    (void)close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    if (bytes != sizeof got) {
        (void)snprintf(result->reason, sizeof result->reason,
                       "the preflight process died");
        return false;
    }
    *result = got;
    return true;
}

/* A target that refuses its services is still judged: the rows find out, on a
 * service that does not exist. */
static void make_services(const struct syn_remote *remote,
                          struct syn_stage *stage)
{
    struct syn_str on =
        syn_arena_printf(remote->arena, "syn-%s-acl-on", stage->run);
    struct syn_str off =
        syn_arena_printf(remote->arena, "syn-%s-acl-off", stage->run);
    stage->has_no_answer_on = !syn_remote_is_answer(
        syn_remote_make_service(remote, on.at, true, stage->service_on));
    stage->has_no_answer_off = !syn_remote_is_answer(
        syn_remote_make_service(remote, off.at, false, stage->service_off));
    if (stage->service_on[0] == '\0') {
        (void)snprintf(stage->service_on, sizeof stage->service_on, NO_SERVICE);
    }
    if (stage->service_off[0] == '\0') {
        (void)snprintf(stage->service_off, sizeof stage->service_off,
                       NO_SERVICE);
    }
}

/* The service as JSON; NULL: it did not say. */
static const struct syn_json *read_service(const struct syn_remote *remote,
                                           const char *sid)
{
    const struct syn_json *tree = NULL;
    struct syn_str path =
        syn_arena_printf(remote->arena, "/v1/Services/%s", sid);
    struct answer answer =
        ask_target(remote, &(struct ask){.method = "GET", .path = path.at});
    bool is_read =
        answer.status == SYN_OK && answer.http == HTTP_OK &&
        syn_json_parse(remote->arena, answer.body, NULL, &tree, NULL) == SYN_OK;
    return is_read ? tree : NULL;
}

/* What happens there is told to somebody who did not ask for a test. */
static bool has_foreign_hook(const struct syn_target *target,
                             const struct syn_json *service)
{
    struct syn_str url =
        syn_json_str(syn_json_member(service, "webhook_url"), SYN_STR(""));
    bool is_ours = target->webhook_public_url != NULL &&
                   syn_str_is(url, target->webhook_public_url);
    return url.bytes > 0 && !is_ours && !target->allow_webhooks;
}

/* False: one that the target file names may not be used, for `reason`. */
static bool may_use(const struct syn_remote *remote, const char *sid,
                    const struct syn_json *service,
                    char reason[SYN_STAGE_REASON_BYTES])
{
    bool is_foreign = has_foreign_hook(remote->stage->target, service);
    if (is_foreign) {
        (void)snprintf(reason, SYN_STAGE_REASON_BYTES,
                       "refused: service %s posts webhooks to somebody else, "
                       "and the target file lacks allow_webhooks",
                       sid);
    }
    return !is_foreign;
}

static bool use_named_service(const struct syn_remote *remote,
                              struct syn_stage *stage, const char *sid,
                              char reason[SYN_STAGE_REASON_BYTES])
{
    const struct syn_json *service = read_service(remote, sid);
    const struct syn_json *flag = syn_json_member(service, "acl_enabled");
    (void)snprintf(stage->service_on, sizeof stage->service_on, "%s", sid);
    (void)snprintf(stage->service_off, sizeof stage->service_off, "%s", sid);
    if (service != NULL) {
        stage->acl_is_known = flag != NULL;
        stage->acl_is_on = syn_json_bool(flag, false);
    }
    return may_use(remote, sid, service, reason);
}

static void run_preflight(const struct syn_remote *remote,
                          const struct errand *errand,
                          struct errand_result *result)
{
    const struct syn_target *target = remote->stage->target;
    struct answer answer = ask_target(
        remote, &(struct ask){.method = "GET", .path = "/v1/Services"});
    (void)errand;
    if (answer.status != SYN_OK) {
        (void)snprintf(result->reason, sizeof result->reason, "%s",
                       answer.reason[0] == '\0' ? "no answer" : answer.reason);
        return;
    }
    if (answer.http == HTTP_UNAUTHORIZED) {
        (void)snprintf(result->reason, sizeof result->reason,
                       "it answers 401 to the REST credentials");
        return;
    }
    const char *second = target->second_service_sid;
    bool is_usable =
        second == NULL ||
        may_use(remote, second, read_service(remote, second), result->reason);
    if (is_usable && remote->stage->owns_services) {
        make_services(remote, &result->stage);
    } else if (is_usable) {
        is_usable = use_named_service(remote, &result->stage,
                                      target->account.service_sid == NULL
                                          ? "default"
                                          : target->account.service_sid,
                                      result->reason);
    }
    if (is_usable) {
        result->preflight = SYN_PREFLIGHT_OK;
    }
    if (remote->stage->is_virtual) {
        result->stage.now_ms = ask_clock(remote, NULL);
    }
}

enum syn_preflight syn_remote_prepare(struct syn_stage *stage,
                                      char reason[SYN_STAGE_REASON_BYTES])
{
    struct errand errand = {.run = run_preflight, .stage = stage};
    struct errand_result result;
    (void)run_errand(&errand, &result);
    (void)snprintf(reason, SYN_STAGE_REASON_BYTES, "%s", result.reason);
    if (result.preflight == SYN_PREFLIGHT_OK) {
        *stage = result.stage;
    }
    return result.preflight;
}

static void run_clean(const struct syn_remote *remote,
                      const struct errand *errand, struct errand_result *result)
{
    result->left = 0;
    for (size_t i = 0; i < errand->sid_count; i++) {
        bool is_made = strcmp(errand->sids[i], NO_SERVICE) != 0;
        if (is_made && !syn_remote_delete_service(remote, errand->sids[i])) {
            result->left++;
        }
    }
}

size_t syn_remote_clean(const struct syn_stage *stage, const char *const *sids,
                        size_t sid_count)
{
    struct errand errand = {
        .run = run_clean, .stage = stage, .sids = sids, .sid_count = sid_count};
    struct errand_result result;
    (void)run_errand(&errand, &result);
    return result.left;
}

static void run_clock(const struct syn_remote *remote,
                      const struct errand *errand, struct errand_result *result)
{
    (void)errand;
    result->stage.now_ms = ask_clock(remote, NULL);
}

int64_t syn_remote_now_ms(const struct syn_stage *stage)
{
    struct errand errand = {.run = run_clock, .stage = stage};
    struct errand_result result;
    bool is_known = run_errand(&errand, &result) && result.stage.now_ms > 0;
    return is_known ? result.stage.now_ms : stage->now_ms;
}
