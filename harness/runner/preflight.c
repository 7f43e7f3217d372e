/*
 * preflight.c - who the target is and what it can, before any row.
 * Layer: runner. Threads: the loop's, in a process of its own.
 * Source: design sections 4 and 7.
 *
 * A refused call is never a reason to skip: the row that needs it finds out,
 * by its control.
 */
#include "runner/remote_impl.h"

#include "base/json.h"
#include "syn/client.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define HTTP_OK           200
#define HTTP_CREATED      201
#define HTTP_NO_CONTENT   204
#define HTTP_UNAUTHORIZED 401
#define HTTP_NOT_FOUND    404

static bool is_good(unsigned http)
{
    return http == HTTP_OK || http == HTTP_CREATED;
}

/* One more after an answer that was lost bears a name of its own; the manifest
 * has both, so that the first goes too if it was made after all. */
static unsigned make_service(const struct syn_remote *remote, bool acl_is_on,
                             char sid[SYN_STAGE_SID_BYTES])
{
    unsigned http = 0;
    for (unsigned i = 0;
         i <= SYN_ROW_RETRIES_MAX && !syn_remote_is_answer(http); i++) {
        struct syn_str name = syn_arena_printf(
            remote->arena, i == 0 ? "syn-%s-acl-%s" : "syn-%s-acl-%s-%u",
            remote->stage->run, acl_is_on ? "on" : "off", i);
        http = syn_remote_make_service(remote, name.at, acl_is_on, sid);
    }
    return http;
}

/* A target that refuses its services is still judged: the rows find out, on a
 * service that does not exist. */
static void make_services(const struct syn_remote *remote,
                          struct syn_stage *stage)
{
    unsigned http = make_service(remote, true, stage->service_on);
    stage->has_no_answer_on = !syn_remote_is_answer(http);
    stage->is_hollow_on = is_good(http) && stage->service_on[0] == '\0';
    http = make_service(remote, false, stage->service_off);
    stage->has_no_answer_off = !syn_remote_is_answer(http);
    stage->is_hollow_off = is_good(http) && stage->service_off[0] == '\0';
    if (stage->service_on[0] == '\0') {
        (void)snprintf(stage->service_on, sizeof stage->service_on,
                       SYN_REMOTE_NO_SERVICE);
    }
    if (stage->service_off[0] == '\0') {
        (void)snprintf(stage->service_off, sizeof stage->service_off,
                       SYN_REMOTE_NO_SERVICE);
    }
}

/* The service as JSON, NULL when it was refused. `is_unread`: no answer, so
 * that nobody knows to whom it posts. */
static const struct syn_json *read_service(const struct syn_remote *remote,
                                           const char *sid, bool *is_unread)
{
    const struct syn_json *tree = NULL;
    struct syn_str path =
        syn_arena_printf(remote->arena, "/v1/Services/%s", sid);
    struct syn_remote_answer answer = syn_remote_ask(
        remote, &(struct syn_remote_ask){.method = "GET", .path = path.at});
    bool is_given = answer.status == SYN_OK && answer.http == HTTP_OK;
    bool is_read = is_given && syn_json_parse(remote->arena, answer.body, NULL,
                                              &tree, NULL) == SYN_OK;
    *is_unread = answer.status != SYN_OK ||
                 !syn_remote_is_answer(answer.http) || is_given != is_read;
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
    const struct syn_target *target = remote->stage->target;
    bool is_foreign = has_foreign_hook(target, service);
    if (!target->allow_production && target->mode != SYN_MODE_READONLY &&
        syn_target_is_production_word(syn_json_str(
            syn_json_member(service, "friendly_name"), SYN_STR("")))) {
        (void)snprintf(reason, SYN_STAGE_REASON_BYTES,
                       "refused: the name of service %s looks like production, "
                       "and the target file lacks allow_production",
                       sid);
        return false;
    }
    if (is_foreign) {
        (void)snprintf(reason, SYN_STAGE_REASON_BYTES,
                       "refused: service %s posts webhooks to somebody else, "
                       "and the target file lacks allow_webhooks",
                       sid);
    }
    return !is_foreign;
}

static void name_service(const struct syn_target *target,
                         struct syn_stage *stage)
{
    const char *sid = target->account.service_sid == NULL
                          ? "default"
                          : target->account.service_sid;
    (void)snprintf(stage->service_on, sizeof stage->service_on, "%s", sid);
    (void)snprintf(stage->service_off, sizeof stage->service_off, "%s", sid);
}

static bool use_named_service(const struct syn_remote *remote,
                              struct syn_stage *stage,
                              char reason[SYN_STAGE_REASON_BYTES])
{
    name_service(remote->stage->target, stage);
    const char *sid = stage->service_on;
    const struct syn_json *service =
        read_service(remote, sid, &stage->is_unread);
    const struct syn_json *flag = syn_json_member(service, "acl_enabled");
    if (service != NULL) {
        stage->acl_is_known = flag != NULL;
        stage->acl_is_on = syn_json_bool(flag, false);
    }
    return may_use(remote, sid, service, reason);
}

/* Is there such a collection? What was refused is found out by rows. */
static void find_types(const struct syn_remote *remote, struct syn_stage *stage)
{
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        struct syn_str path = syn_arena_printf(
            remote->arena, "/v1/Services/%s/%s?PageSize=1", stage->service_on,
            syn_backend_kind((enum syn_type)i));
        struct syn_remote_answer answer = syn_remote_ask(
            remote, &(struct syn_remote_ask){.method = "GET", .path = path.at});
        bool is_there = answer.status == SYN_OK && answer.http == HTTP_OK;
        bool is_absent =
            answer.status == SYN_OK && answer.http == HTTP_NOT_FOUND;
        stage->types |= is_there ? SYN_TYPE_BIT((enum syn_type)i) : 0u;
        stage->types_absent |= is_absent ? SYN_TYPE_BIT((enum syn_type)i) : 0u;
    }
}

static bool is_answered(const struct syn_remote_answer *answer)
{
    return answer->status == SYN_OK && syn_remote_is_answer(answer->http);
}

/* When the answer was lost it may be there: it is looked for by its name before
 * it is made again. */
static struct syn_remote_answer
make_document(const struct syn_remote *remote,
              const struct syn_remote_ask *create, const char *by_name)
{
    const struct syn_remote_ask look = {.method = "GET", .path = by_name};
    struct syn_remote_answer made = syn_remote_ask(remote, create);
    for (unsigned i = 0; i < SYN_ROW_RETRIES_MAX && !is_answered(&made); i++) {
        struct syn_remote_answer seen = syn_remote_ask(remote, &look);
        made = seen.status == SYN_OK && seen.http == HTTP_OK
                   ? seen
                   : syn_remote_ask(remote, create);
    }
    return made;
}

/* One document with a TTL, removed at once: is the dead man's switch heard, and
 * does our way of cleaning up work? */
static void try_life(const struct syn_remote *remote, struct syn_stage *stage)
{
    struct syn_str path = syn_arena_printf(
        remote->arena, "/v1/Services/%s/Documents", stage->service_on);
    struct syn_str by_name = syn_arena_printf(
        remote->arena, "%.*s/syn-%s-preflight", SYN_STR_ARG(path), stage->run);
    struct syn_str form = syn_arena_printf(
        remote->arena, "UniqueName=syn-%s-preflight&Ttl=%lld&Data=%%7B%%7D",
        stage->run, (long long)syn_stage_ttl_s(stage));
    struct syn_remote_answer made =
        make_document(remote,
                      &(struct syn_remote_ask){
                          .method = "POST",
                          .path = path.at,
                          .content_type = "application/x-www-form-urlencoded",
                          .body = form.at},
                      by_name.at);
    if (made.status != SYN_OK || !is_good(made.http)) {
        return;
    }
    struct syn_str sid = syn_remote_member(remote, made.body, "sid");
    syn_guard_own(remote->guard, sid); /* found by a name that this run gave */
    stage->hears_ttl =
        syn_remote_member(remote, made.body, "date_expires").bytes > 0;
    path = syn_arena_printf(remote->arena, "%.*s/%.*s", SYN_STR_ARG(path),
                            SYN_STR_ARG(sid));
    struct syn_remote_answer gone = syn_remote_ask(
        remote, &(struct syn_remote_ask){.method = "DELETE", .path = path.at});
    /* 404: the answer to a first removal was lost. */
    stage->can_remove =
        gone.status == SYN_OK &&
        (gone.http == HTTP_NO_CONTENT || gone.http == HTTP_NOT_FOUND);
}

/* What the target is like, beyond what its file says. Nothing here decides
 * whether a row runs but a collection that does not exist. */
static void explore(const struct syn_remote *remote, struct syn_stage *stage)
{
    bool has_service = strcmp(stage->service_on, SYN_REMOTE_NO_SERVICE) != 0;
    if (has_service && !stage->is_unread) {
        find_types(remote, stage);
    }
    if (has_service && !stage->is_unread &&
        remote->stage->target->mode != SYN_MODE_READONLY) {
        try_life(remote, stage);
    }
}

static void note_skew(const struct syn_remote_answer *answer,
                      struct syn_stage *stage)
{
    stage->has_skew = answer->has_date;
    stage->skew_s = answer->date_s - (int64_t)time(NULL);
}

static bool choose_services(const struct syn_remote *remote,
                            struct syn_remote_result *result)
{
    const char *second = remote->stage->target->second_service_sid;
    bool is_usable =
        second == NULL ||
        may_use(remote, second,
                read_service(remote, second, &result->stage.is_second_unread),
                result->reason);
    if (is_usable && remote->stage->owns_services) {
        make_services(remote, &result->stage);
    } else if (is_usable) {
        is_usable = use_named_service(remote, &result->stage, result->reason);
    }
    return is_usable;
}

void syn_remote_preflight(const struct syn_remote *remote,
                          struct syn_remote_result *result)
{
    struct syn_remote_answer answer = syn_remote_ask(
        remote,
        &(struct syn_remote_ask){.method = "GET", .path = "/v1/Services"});
    if (answer.status != SYN_OK) {
        (void)snprintf(result->reason, sizeof result->reason, "%s",
                       answer.reason[0] == '\0' ? "no answer" : answer.reason);
        return;
    }
    bool has_login = syn_target_password(remote->stage->target) != NULL;
    if (answer.http == HTTP_UNAUTHORIZED && has_login) {
        (void)snprintf(result->reason, sizeof result->reason,
                       "it answers 401 to the REST credentials");
        return;
    }
    note_skew(&answer, &result->stage);
    if (!has_login) { /* it answers: that is all that can be asked */
        name_service(remote->stage->target, &result->stage);
        result->preflight = SYN_PREFLIGHT_OK;
    } else if (choose_services(remote, result)) {
        result->preflight = SYN_PREFLIGHT_OK;
        explore(remote, &result->stage);
    }
    if (remote->stage->is_virtual) {
        result->stage.now_ms = syn_remote_clock(remote, NULL);
    }
}
