/*
 * remote.c - what the runner itself asks of a target.
 * Layer: runner. Threads: the loop's.
 */
#define _XOPEN_SOURCE 700 /* strptime */

#include "runner/remote_impl.h"

#include "base/clock.h"
#include "base/json.h"
#include "syn/limits.h"
#include "target/clean.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HTTP_CREATED      201
#define HTTP_NO_CONTENT   204
#define HTTP_OK           200
#define HTTP_NOT_FOUND    404
#define HTTP_TOO_MANY     429
#define HTTP_SERVER_ERROR 500
#define SETTLE_TURNS      8
#define SMALL_ARENA       4194304
#define LIST_ARENA        1073741824
#define DATE_BYTES        64
#define NAME_SHOWN        80 /* bytes of a name in a reason */

struct syn_tls_client syn_remote_tls(const struct syn_target *target)
{
    return (struct syn_tls_client){.ca_file = target->tls_ca_file,
                                   .verify = target->tls_verify};
}

#define RETRY_S_MAX 86400

/* "Sat, 21 Nov 2026 08:00:00 GMT" against our own clock. */
static void keep_clock(struct syn_remote_answer *answer, struct syn_str date)
{
    struct tm parts = {0};
    char text[DATE_BYTES];
    (void)snprintf(text, sizeof text, "%.*s", SYN_STR_ARG(date));
    answer->has_date =
        strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts) != NULL;
    if (answer->has_date) {
        /* Days from the civil date, as mktime knows local time only. */
        int64_t year = parts.tm_year + 1900 - (parts.tm_mon < 2 ? 1 : 0);
        int64_t era = year / 400;
        int64_t of_era = year - era * 400;
        int64_t month = (parts.tm_mon + 10) % 12;
        int64_t of_year = (153 * month + 2) / 5 + parts.tm_mday - 1;
        int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
                       of_year - 719468;
        int64_t hours = days * 24 + parts.tm_hour;
        answer->date_s = (hours * 60 + parts.tm_min) * 60 + parts.tm_sec;
    }
}

static void keep_answer(void *ctx, const struct syn_curl_response *response)
{
    struct syn_remote_answer *answer = ctx;
    uint64_t retry_s = 0;
    answer->is_done = true;
    answer->status = response->status;
    answer->http = response->http_status;
    answer->dials = response->dials;
    keep_clock(answer, syn_curl_header(response, "Date"));
    if (syn_str_to_u64(syn_curl_header(response, "Retry-After"), RETRY_S_MAX,
                       &retry_s)) {
        answer->retry_after_s = (uint32_t)retry_s;
    }
    answer->body = syn_arena_dup(answer->arena, response->body);
    (void)snprintf(answer->reason, sizeof answer->reason, "%s",
                   response->reason);
}

static bool is_done(void *ctx)
{
    const struct syn_remote_answer *answer = ctx;
    return answer->is_done;
}

static struct syn_remote_answer ask_once(const struct syn_remote *remote,
                                         const struct syn_remote_ask *ask)
{
    const struct syn_target *target = remote->stage->target;
    struct syn_remote_answer answer = {.arena = remote->arena,
                                       .status = SYN_ERR_NET};
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
                                       .routes = target->routes};
    struct syn_departure departure = {.plane = SYN_WIRE_REST,
                                      .method = ask->method,
                                      .path = syn_str_of(ask->path),
                                      .body = syn_str_of(ask->body)};
    syn_guard_pace(remote->guard, &departure);
    if (syn_guard_may_send(remote->guard, &departure) != SYN_OK) {
        answer.status = SYN_ERR_REFUSED;
        (void)snprintf(answer.reason, sizeof answer.reason, "%s",
                       remote->guard->reason[0] == '\0'
                           ? "the budget is spent"
                           : remote->guard->reason);
        return answer;
    }
    uint64_t ticket = remote->guard->ticket;
    if (url.at == NULL || syn_curl_start(remote->curl, &request, keep_answer,
                                         &answer, &call) != SYN_OK) {
        (void)snprintf(answer.reason, sizeof answer.reason,
                       "the request did not start");
        return answer;
    }
    if (!syn_loop_run_until(remote->loop, is_done, &answer,
                            SYN_ROW_GUARD_MS + SYN_ROW_GUARD_MS) &&
        !is_done(&answer)) {
        syn_curl_cancel(call);
    }
    struct syn_reply reply = {.status = answer.status,
                              .http = answer.http,
                              .body = answer.body,
                              .retry_after_s = answer.retry_after_s,
                              .dials = answer.dials,
                              .arena = remote->arena};
    answer.is_unpaced = syn_guard_arrived(remote->guard, ticket, &reply);
    return answer;
}

/* What we refuse ourselves would be refused again; who said nothing for the
 * whole guard time is asked once more at most. */
static bool is_worth_another(const struct syn_remote_answer *answer,
                             unsigned tries)
{
    bool is_lost =
        answer->status != SYN_OK && answer->status != SYN_ERR_REFUSED;
    bool is_patient = answer->status != SYN_ERR_TIMEOUT || tries <= 1;
    return (is_lost && is_patient) || answer->http >= HTTP_SERVER_ERROR;
}

/* A connection may be lost, or a front may be ill for a moment. What changes
 * something is never sent twice. */
struct syn_remote_answer syn_remote_ask(const struct syn_remote *remote,
                                        const struct syn_remote_ask *ask)
{
    struct syn_remote_answer answer = ask_once(remote, ask);
    bool is_repeatable =
        strcmp(ask->method, "GET") == 0 || strcmp(ask->method, "DELETE") == 0;
    for (unsigned i = 1; is_repeatable && i <= SYN_ROW_RETRIES_MAX &&
                         is_worth_another(&answer, i);
         i++) {
        answer = ask_once(remote, ask);
    }
    for (unsigned i = 0; answer.is_unpaced && i < SYN_BACK_OFF_TRIES_MAX; i++) {
        answer = ask_once(remote, ask);
    }
    return answer;
}

bool syn_remote_is_answer(unsigned http)
{
    return http != 0 && http < HTTP_SERVER_ERROR && http != HTTP_TOO_MANY;
}

struct syn_str syn_remote_member(const struct syn_remote *remote,
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
    struct syn_remote_answer answer = syn_remote_ask(
        remote, &(struct syn_remote_ask){
                    .method = "POST",
                    .path = "/v1/Services",
                    .content_type = "application/x-www-form-urlencoded",
                    .body = form.at});
    sid[0] = '\0';
    if (answer.status == SYN_OK &&
        (answer.http == HTTP_CREATED || answer.http == HTTP_OK)) {
        struct syn_str made = syn_remote_member(remote, answer.body, "sid");
        /* One that does not bear the name could never be told for ours. */
        if (!syn_str_is(syn_remote_member(remote, answer.body, "friendly_name"),
                        friendly_name)) {
            made = (struct syn_str){"", 0};
        }
        (void)snprintf(sid, SYN_STAGE_SID_BYTES, "%.*s", SYN_STR_ARG(made));
    }
    return answer.status == SYN_OK ? answer.http : 0;
}

struct syn_sight syn_remote_see(const struct syn_remote *remote,
                                struct syn_str sid)
{
    struct syn_str prefix =
        syn_arena_printf(remote->arena, "syn-%s-", remote->stage->run);
    struct syn_str path =
        syn_arena_printf(remote->arena, "/v1/Services/%.*s", SYN_STR_ARG(sid));
    struct syn_remote_answer read = syn_remote_ask(
        remote, &(struct syn_remote_ask){.method = "GET", .path = path.at});
    struct syn_sight sight = {.http = read.status == SYN_OK ? read.http : 0};
    if (!syn_remote_is_answer(sight.http)) {
        sight.is = SYN_SIGHT_NONE;
    } else if (sight.http != HTTP_OK) {
        sight.is = SYN_SIGHT_REFUSED;
    } else {
        struct syn_str name =
            syn_remote_member(remote, read.body, "friendly_name");
        sight.is =
            syn_str_has_prefix(name, prefix) ? SYN_SIGHT_OURS : SYN_SIGHT_OTHER;
    }
    return sight;
}

bool syn_remote_delete_service(const struct syn_remote *remote, const char *sid)
{
    struct syn_str path =
        syn_arena_printf(remote->arena, "/v1/Services/%s", sid);
    struct syn_sight sight = syn_remote_see(remote, syn_str_of(sid));
    if (sight.is != SYN_SIGHT_OURS) {
        return sight.http == HTTP_NOT_FOUND;
    }
    struct syn_remote_answer gone = syn_remote_ask(
        remote, &(struct syn_remote_ask){.method = "DELETE", .path = path.at});
    return gone.status == SYN_OK &&
           (gone.http == HTTP_NO_CONTENT || gone.http == HTTP_NOT_FOUND);
}

/* GET or POST /_syncproof/clock; -1: it did not answer. */
int64_t syn_remote_clock(const struct syn_remote *remote, const char *body)
{
    const struct syn_json *tree = NULL;
    int64_t now_ms = -1;
    struct syn_remote_answer answer = syn_remote_ask(
        remote, &(struct syn_remote_ask){
                    .method = body == NULL ? "GET" : "POST",
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
    bool is_moved = syn_remote_clock(remote, body.at) >= 0;
    for (unsigned i = 0; is_moved && i < SETTLE_TURNS; i++) {
        syn_loop_turn(remote->loop, 0);
    }
    return is_moved;
}

/* --- in a process of its own ----------------------------------------------
 */

struct errand {
    void (*run)(const struct syn_remote *remote,
                struct syn_remote_result *result);
    const struct syn_stage *stage;
};

static void run_in_child(const struct errand *errand,
                         struct syn_remote_result *result)
{
    struct syn_arena arena;
    struct syn_clock *clock = syn_clock_new_real();
    struct syn_loop *loop = NULL;
    struct syn_curl *curl = NULL;
    struct syn_guard guard = syn_stage_guard(errand->stage);
    syn_arena_init(&arena, NULL, SMALL_ARENA);
    result->stage = *errand->stage;
    if (clock != NULL && syn_loop_new(clock, &loop) == SYN_OK &&
        syn_curl_new(loop, &curl) == SYN_OK) {
        guard.loop = loop;
        struct syn_remote remote = {.loop = loop,
                                    .curl = curl,
                                    .stage = errand->stage,
                                    .arena = &arena,
                                    .guard = &guard};
        errand->run(&remote, result);
    } else {
        (void)snprintf(result->reason, sizeof result->reason,
                       "no loop for the preflight");
    }
    syn_guard_fini(&guard);
    syn_curl_free(curl);
    syn_loop_free(loop);
    syn_clock_free(clock);
    syn_arena_fini(&arena);
}

/* Fork, run, read the result; false when the child died. */
static bool run_errand(const struct errand *errand,
                       struct syn_remote_result *result)
{
    int ends[2] = {-1, -1};
    *result =
        (struct syn_remote_result){.preflight = SYN_PREFLIGHT_UNREACHABLE};
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        struct syn_remote_result mine = *result;
        (void)close(ends[0]);
        run_in_child(errand, &mine);
        ssize_t sent = write(ends[1], &mine, sizeof mine);
        _exit(sent == (ssize_t)sizeof mine ? 0 : 1);
    }
    (void)close(ends[1]);
    struct syn_remote_result got;
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

enum syn_preflight syn_remote_prepare(struct syn_stage *stage,
                                      char reason[SYN_STAGE_REASON_BYTES])
{
    struct errand errand = {.run = syn_remote_preflight, .stage = stage};
    struct syn_remote_result result;
    (void)run_errand(&errand, &result);
    (void)snprintf(reason, SYN_STAGE_REASON_BYTES, "%s", result.reason);
    if (result.preflight == SYN_PREFLIGHT_OK) {
        *stage = result.stage;
    }
    return result.preflight;
}

/* The first that is left, in words. */
static void tell_left(void *ctx, const struct syn_manifest_entry *entry,
                      enum syn_clean_fate fate, const char *why)
{
    struct syn_remote_result *result = ctx;
    if (fate == SYN_CLEAN_LEFT && result->reason[0] == '\0') {
        (void)snprintf(result->reason, sizeof result->reason,
                       "%s %.*s%s%.*s: %s", syn_manifest_kind_name(entry->kind),
                       SYN_STR_ARG(entry->sid), entry->sid.bytes > 0 ? " " : "",
                       (int)(entry->name.bytes < NAME_SHOWN ? entry->name.bytes
                                                            : NAME_SHOWN),
                       entry->name.at == NULL ? "" : entry->name.at, why);
    }
}

/* Whatever the manifest says may still be there, also what rows made that were
 * killed before they could remove it. */
static void run_clean(const struct syn_remote *remote,
                      struct syn_remote_result *result)
{
    const struct syn_stage *stage = remote->stage;
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    struct syn_manifest_list list = {.count = 0};
    struct syn_guard guard = syn_stage_guard(stage);
    static struct syn_desk desk; /* this process has one errand */
    struct syn_arena arena;
    guard.is_cleaning = true;
    result->left = 1;
    syn_arena_init(&arena, NULL, LIST_ARENA);
    if (syn_manifest_read(&arena, syn_manifest_path(stage->manifest), &list,
                          fault) != SYN_OK) {
        (void)snprintf(result->reason, sizeof result->reason, "%.*s",
                       (int)sizeof result->reason - 1, fault);
    } else if (syn_desk_open(&desk, stage->target, &guard) == SYN_OK) {
        struct syn_clean clean = {.desk = &desk,
                                  .manifest = stage->manifest,
                                  .tell = tell_left,
                                  .ctx = result};
        syn_clean_manifest(&clean, &list);
        result->left = clean.counts[SYN_CLEAN_LEFT];
        result->late = clean.counts[SYN_CLEAN_LATE];
        syn_desk_close(&desk);
    }
    syn_arena_fini(&arena);
}

size_t syn_remote_clean(const struct syn_stage *stage, size_t *late,
                        char reason[SYN_STAGE_REASON_BYTES])
{
    struct errand errand = {.run = run_clean, .stage = stage};
    struct syn_remote_result result;
    bool is_done = run_errand(&errand, &result);
    (void)snprintf(reason, SYN_STAGE_REASON_BYTES, "%s", result.reason);
    *late = is_done ? result.late : 0;
    return is_done ? result.left : 1;
}

static void run_clock(const struct syn_remote *remote,
                      struct syn_remote_result *result)
{
    result->stage.now_ms = syn_remote_clock(remote, NULL);
}

int64_t syn_remote_now_ms(const struct syn_stage *stage)
{
    struct errand errand = {.run = run_clock, .stage = stage};
    struct syn_remote_result result;
    bool is_known = run_errand(&errand, &result) && result.stage.now_ms > 0;
    return is_known ? result.stage.now_ms : -1;
}
