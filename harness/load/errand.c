/*
 * errand.c - REST requests of the generator and what their answers mean.
 * Source: rest.md sections 3 to 5, 7.
 */
#include "load/worker.h"

#include "load/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OK_MIN       200
#define OK_MAX       299
#define NOT_FOUND    404
#define THROTTLED    429
#define TARGET_BYTES 512

static const char *const collections[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = "Documents",
    [SYN_TYPE_LIST] = "Lists",
    [SYN_TYPE_MAP] = "Maps",
    [SYN_TYPE_STREAM] = "Streams"};

static bool is_good(unsigned status)
{
    return status >= OK_MIN && status <= OK_MAX;
}

/* --- what is asked -------------------------------------------------------- */

/* A request being written: line, then form. */
struct draft {
    const char *method;
    char target[TARGET_BYTES];
    const char *if_match; /* revision; "": none */
    struct syn_buf *form; /* env.payload */
};

static void put_pair(struct syn_buf *form, const char *name,
                     struct syn_str value)
{
    if (form->bytes > 0) {
        syn_buf_put_text(form, "&");
    }
    syn_buf_put_text(form, name);
    syn_buf_put_text(form, "=");
    syn_http_encode(form, value);
}

static void put_number(struct syn_buf *form, const char *name, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    put_pair(form, name, syn_str_of(text));
}

static void put_change(struct syn_load_worker *worker, struct draft *draft,
                       const struct syn_load_object *object, uint32_t ordinal,
                       int64_t due_us)
{
    struct syn_buf *data = &worker->env.frame;
    syn_buf_clear(data);
    syn_load_put_data(&worker->env, data, object, ordinal, due_us);
    put_pair(draft->form, "Data", syn_buf_str(data));
}

static void aim_at(const struct syn_load_worker *worker, struct draft *draft,
                   const struct syn_load_object *object, const char *tail)
{
    (void)snprintf(draft->target, sizeof draft->target,
                   "/v1/Services/%s/%s%s%s%s", worker->aim->service_sid,
                   collections[object->type], object->sid[0] == '\0' ? "" : "/",
                   object->sid, tail);
}

static void draft_object(struct syn_load_worker *worker, struct draft *draft,
                         const struct syn_load_request *request)
{
    const struct syn_load_object *object =
        &worker->env.objects[request->object];
    char name[SYN_LOAD_IDENTITY_BYTES];
    syn_load_object_name(worker, object, name);
    draft->method = "POST";
    aim_at(worker, draft, object, "");
    put_pair(draft->form, "UniqueName", syn_str_of(name));
    if (object->type == SYN_TYPE_DOCUMENT) {
        put_change(worker, draft, object, 0, worker->env.now_us);
    }
    if (worker->env.object_ttl_s > 0) {
        put_number(draft->form, "Ttl", worker->env.object_ttl_s);
    }
}

static void grantee(const struct syn_load_worker *worker,
                    const struct syn_load_request *request,
                    char out[SYN_LOAD_IDENTITY_BYTES])
{
    if (request->session == UINT32_MAX) { /* the probe of another worker */
        (void)snprintf(out, SYN_LOAD_IDENTITY_BYTES, "%s-u%u", worker->aim->run,
                       (unsigned)worker->prober);
    } else {
        syn_load_identity(worker, request->session, out);
    }
}

static void draft_grant(struct syn_load_worker *worker, struct draft *draft,
                        const struct syn_load_request *request)
{
    const struct syn_load_object *object =
        &worker->env.objects[request->object];
    char identity[SYN_LOAD_IDENTITY_BYTES];
    char tail[SYN_LOAD_IDENTITY_BYTES + 16];
    grantee(worker, request, identity);
    (void)snprintf(tail, sizeof tail, "/Permissions/%s", identity);
    const bool gives = request->errand != SYN_LOAD_REVOKE;
    const bool writes = gives && object->is_by_sdk &&
                        request->session % worker->env.block_sessions == 0;
    aim_at(worker, draft, object, tail);
    /* Taken away by turns: by the row's end and by a row of nothing. */
    if (!gives && request->ordinal % 2 == 1) {
        draft->method = "DELETE";
        return;
    }
    draft->method = "POST";
    put_pair(draft->form, "Read", syn_str_of(gives ? "true" : "false"));
    put_pair(draft->form, "Write", syn_str_of(writes ? "true" : "false"));
    put_pair(draft->form, "Manage", syn_str_of("false"));
}

static void draft_change(struct syn_load_worker *worker, struct draft *draft,
                         const struct syn_load_request *request)
{
    const struct syn_load_object *object =
        &worker->env.objects[request->object];
    const uint32_t item = (request->ordinal - 1) % SYN_LOAD_ITEMS;
    const bool is_first = request->ordinal <= SYN_LOAD_ITEMS;
    char tail[32] = "";
    draft->method = "POST";
    if (object->type == SYN_TYPE_STREAM) {
        (void)snprintf(tail, sizeof tail, "/Messages");
    } else if (object->type != SYN_TYPE_DOCUMENT && is_first) {
        (void)snprintf(tail, sizeof tail, "/Items");
    } else if (object->type != SYN_TYPE_DOCUMENT) {
        (void)snprintf(tail, sizeof tail,
                       object->type == SYN_TYPE_MAP ? "/Items/k%u"
                                                    : "/Items/%u",
                       (unsigned)item);
    }
    aim_at(worker, draft, object, tail);
    if (object->type == SYN_TYPE_MAP && is_first) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%u", (unsigned)item);
        put_pair(draft->form, "Key", syn_str_of(key));
    }
    put_change(worker, draft, object, request->ordinal, request->due_us);
}

/* Both writers of a race send the same: whoever wins, it is the next change. */
static void draft_race(struct syn_load_worker *worker, struct draft *draft,
                       const struct syn_load_request *request)
{
    draft_change(worker, draft, request);
    draft->if_match = worker->env.objects[request->object].revision;
}

static void draft_fetch(struct syn_load_worker *worker, struct draft *draft,
                        const struct syn_load_request *request)
{
    const struct syn_load_object *object =
        &worker->env.objects[request->object];
    const bool has_items =
        object->type == SYN_TYPE_MAP || object->type == SYN_TYPE_LIST;
    draft->method = "GET";
    aim_at(worker, draft, object, has_items ? "/Items?PageSize=100" : "");
}

static void draft_remove(struct syn_load_worker *worker, struct draft *draft,
                         const struct syn_load_request *request)
{
    draft->method = "DELETE";
    aim_at(worker, draft, &worker->env.objects[request->object], "");
}

/* An object's lifetime, set when the common start is known. */
static void draft_ttl(struct syn_load_worker *worker, struct draft *draft,
                      const struct syn_load_request *request)
{
    draft->method = "POST";
    aim_at(worker, draft, &worker->env.objects[request->object], "");
    put_number(draft->form, "Ttl", request->ordinal);
}

static void draft_offload(struct syn_load_worker *worker, struct draft *draft,
                          const struct syn_load_request *request)
{
    (void)worker;
    (void)request;
    draft->method = "POST";
    (void)snprintf(draft->target, sizeof draft->target, "/_syncproof/offload");
}

/* --- what is answered ----------------------------------------------------- */

static void made_object(struct syn_load_worker *worker,
                        const struct syn_load_request *request, unsigned status,
                        struct syn_str body)
{
    static const struct syn_str names[] = {{"sid", 3}};
    struct syn_load_object *object = &worker->env.objects[request->object];
    struct syn_str found[1];
    worker->setup_open--;
    if (!is_good(status) || !syn_load_scan(body, names, 1, found)) {
        if (!is_good(status)) {
            syn_load_book_answer(&worker->env, request->entry, status, body);
        }
        syn_load_worker_unreachable(
            worker, "an object could not be made over REST: %u %.*s", status,
            SYN_STR_ARG(syn_str_part(body, 0, 120)));
        return;
    }
    const struct syn_str sid = syn_load_scan_text(found[0]);
    if (sid.bytes == 0 || sid.bytes >= SYN_LOAD_SID_BYTES) {
        syn_load_worker_unreachable(worker, "an object came without its sid");
        return;
    }
    memcpy(object->sid, sid.at, sid.bytes);
    syn_load_book_answer(&worker->env, request->entry, status, sid);
    if (object->probe != NULL) {
        memcpy(object->probe->sid, object->sid, SYN_LOAD_SID_BYTES);
        object->probe->number = object->number;
        atomic_store(&object->probe->is_there, true);
    }
}

static void made_grant(struct syn_load_worker *worker,
                       const struct syn_load_request *request, unsigned status,
                       struct syn_str body)
{
    static const struct syn_str none = {"", 0};
    syn_load_book_answer(&worker->env, request->entry, status, none);
    worker->setup_open--;
    if (!is_good(status)) {
        syn_load_worker_unreachable(
            worker, "a grant could not be made over REST: %u %.*s", status,
            SYN_STR_ARG(syn_str_part(body, 0, 120)));
    }
}

static void changed(struct syn_load_worker *worker,
                    const struct syn_load_request *request, unsigned status,
                    struct syn_str body)
{
    struct syn_load_env *env = &worker->env;
    struct syn_load_object *object = &env->objects[request->object];
    const bool may_be_gone = object->end_us != SYN_LOAD_NEVER &&
                             env->now_us >= object->may_end_us - env->margin_us;
    const enum syn_load_answer answer = status == NOT_FOUND && may_be_gone
                                            ? SYN_LOAD_ANSWER_GOOD
                                            : syn_load_answer_of(status);
    if (is_good(status)) {
        syn_load_race_learn(object, body);
    }
    syn_load_answered(env, request->due_us, answer);
    if (!is_good(status) && may_be_gone) {
        object->is_gone = true;
        object->waiting -= object->waiting > 0;
        return;
    }
    syn_load_object_answered(env, object, request->ordinal, answer);
}

/* What a grant of one identity means: to all its sessions, one as a rule. */
static void change_grant(struct syn_load_worker *worker,
                         const struct syn_load_request *request,
                         void (*change)(struct syn_load_worker *worker,
                                        struct syn_load_session *session,
                                        struct syn_load_sub *sub))
{
    uint32_t first = 0;
    uint32_t count = 0;
    syn_load_devices(worker, request->session, &first, &count);
    for (uint32_t i = first; i < first + count; i++) {
        struct syn_load_session *session = &worker->sessions[i];
        change(worker, session, &session->subs[request->sub]);
    }
}

static void note_revoked(struct syn_load_worker *worker,
                         struct syn_load_session *session,
                         struct syn_load_sub *sub)
{
    struct syn_load_env *env = &worker->env;
    const bool was_told = sub->revoke_us < 0;
    (void)session;
    syn_load_watch_grant(&sub->watch, SYN_LOAD_GRANT_REVOKED,
                         env->objects[sub->object].sent);
    sub->epoch++;
    sub->revoke_us = was_told ? 0 : env->now_us;
    if (was_told) {
        syn_load_took(env, SYN_LOAD_HIST_REVOKE, env->now_us);
    }
}

static void revoked(struct syn_load_worker *worker,
                    const struct syn_load_request *request, unsigned status,
                    struct syn_str body)
{
    struct syn_load_env *env = &worker->env;
    (void)body;
    if (!is_good(status)) {
        syn_load_count(env->result, SYN_LOAD_SENDS_FAILED, 1);
        return; /* stays CHANGING: nothing is known */
    }
    change_grant(worker, request, note_revoked);
    syn_load_count(env->result, SYN_LOAD_REVOKES, 1);
    syn_load_tick(env->result, SYN_LOAD_SERIES_REVOKES,
                  syn_load_at(env, env->now_us), 1);
}

/* The app lets the user in again: the handle is opened anew. */
static void note_regranted(struct syn_load_worker *worker,
                           struct syn_load_session *session,
                           struct syn_load_sub *sub)
{
    struct syn_load_env *env = &worker->env;
    syn_load_watch_grant(&sub->watch, SYN_LOAD_GRANT_HELD, 0);
    sub->epoch++;
    sub->revoke_us = 0;
    if (sub->state == SYN_LOAD_SUB_REFUSED && !sub->watch.is_over) {
        sub->state = SYN_LOAD_SUB_CLOSED;
        syn_buf_clear(&env->out);
        syn_load_session_pursue(env, session);
        syn_load_fleet_act(worker, session);
    }
}

static void regranted(struct syn_load_worker *worker,
                      const struct syn_load_request *request, unsigned status,
                      struct syn_str body)
{
    (void)body;
    if (is_good(status)) {
        change_grant(worker, request, note_regranted);
    } else {
        syn_load_count(worker->env.result, SYN_LOAD_SENDS_FAILED, 1);
    }
}

/* Ordinal and content that REST shows: of a document, of the newest item. */
static void read_state(struct syn_load_object *object, struct syn_str body)
{
    static const struct syn_str item_names[] = {{"data", 4}};
    static const struct syn_str page_names[] = {{"items", 5}};
    struct syn_str found[1];
    struct syn_load_heard newest = {.content = 0};
    struct syn_str element = body;
    struct syn_str items = {NULL, 0};
    uint32_t shown = 0;
    const bool is_page = object->type != SYN_TYPE_DOCUMENT;
    if (is_page) {
        if (!syn_load_scan(body, page_names, 1, found)) {
            return;
        }
        items = found[0];
    }
    while (!is_page || syn_load_scan_next(&items, &element)) {
        struct syn_load_heard one = {.content = 0};
        if (syn_load_scan(element, item_names, 1, found)) {
            syn_load_read_data(found[0], &one);
        }
        if (one.content > newest.content) {
            newest = one;
        }
        shown++;
        if (!is_page) {
            break;
        }
    }
    /* An item that is missing counts as if the newest change were. */
    const bool is_short =
        is_page && shown < SYN_LOAD_ITEMS && shown < object->acked;
    object->rest = is_short && newest.content == object->acked
                       ? newest.content - 1
                       : newest.content;
    object->is_checked = true;
}

static void fetched(struct syn_load_worker *worker,
                    const struct syn_load_request *request, unsigned status,
                    struct syn_str body)
{
    struct syn_load_object *object = &worker->env.objects[request->object];
    worker->setup_open--;
    if (status == NOT_FOUND) {
        object->is_checked = true;
        object->rest = UINT32_MAX; /* nothing is there */
    } else if (is_good(status)) {
        read_state(object, body);
    }
}

static void removed(struct syn_load_worker *worker,
                    const struct syn_load_request *request, unsigned status,
                    struct syn_str body)
{
    (void)body;
    if (is_good(status) || status == NOT_FOUND) {
        syn_load_book_gone(&worker->env, &worker->env.objects[request->object]);
    }
    worker->setup_open--;
}

/* The lifetime began between the sending and now, so it ends by then. */
static void limited(struct syn_load_worker *worker,
                    const struct syn_load_request *request, unsigned status,
                    struct syn_str body)
{
    (void)body;
    struct syn_load_object *object = &worker->env.objects[request->object];
    if (is_good(status)) {
        const int64_t ttl_us = request->ordinal * SYN_LOAD_US_PER_S;
        /* A service reckons in whole milliseconds, rounded down, on a clock
         * that may differ from ours by another one. */
        object->may_end_us =
            request->due_us / SYN_LOAD_US_PER_MS * SYN_LOAD_US_PER_MS + ttl_us -
            SYN_LOAD_US_PER_MS;
        object->end_us = worker->env.now_us + ttl_us;
    }
    worker->setup_open--;
}

static void nothing_more(struct syn_load_worker *worker,
                         const struct syn_load_request *request,
                         unsigned status, struct syn_str body)
{
    (void)worker;
    (void)request;
    (void)status;
    (void)body;
}

/* --- the table ------------------------------------------------------------ */

static const struct {
    void (*draft)(struct syn_load_worker *worker, struct draft *draft,
                  const struct syn_load_request *request);
    void (*answered)(struct syn_load_worker *worker,
                     const struct syn_load_request *request, unsigned status,
                     struct syn_str body);
} errands[SYN_LOAD_ERRAND_COUNT] = {
    [SYN_LOAD_MAKE_OBJECT] = {draft_object, made_object},
    [SYN_LOAD_MAKE_GRANT] = {draft_grant, made_grant},
    [SYN_LOAD_CHANGE] = {draft_change, changed},
    [SYN_LOAD_RACE] = {draft_race, syn_load_race_answered},
    [SYN_LOAD_REVOKE] = {draft_grant, revoked},
    [SYN_LOAD_REGRANT] = {draft_grant, regranted},
    [SYN_LOAD_FETCH] = {draft_fetch, fetched},
    [SYN_LOAD_REMOVE] = {draft_remove, removed},
    [SYN_LOAD_LIMIT] = {draft_ttl, limited},
    [SYN_LOAD_OFFLOAD] = {draft_offload, nothing_more},
    [SYN_LOAD_TOKEN] = {NULL, syn_load_appeal_answered}};

bool syn_load_errand_book(struct syn_load_worker *worker,
                          struct syn_load_request *request)
{
    const struct syn_load_object *object =
        &worker->env.objects[request->object];
    char text[SYN_LOAD_IDENTITY_BYTES];
    if (request->errand == SYN_LOAD_MAKE_OBJECT) {
        syn_load_object_name(worker, object, text);
        return syn_load_book_object(&worker->env, object, syn_str_of(text),
                                    &request->entry);
    }
    if (request->errand == SYN_LOAD_MAKE_GRANT) {
        grantee(worker, request, text);
        return syn_load_book_grant(&worker->env, object, syn_str_of(text),
                                   &request->entry);
    }
    return true; /* it makes nothing that is not there already */
}

void syn_load_errand_write(struct syn_load_worker *worker, struct syn_buf *out,
                           const struct syn_load_request *request)
{
    struct draft draft = {
        .method = "GET", .if_match = "", .form = &worker->env.payload};
    if (request->errand == SYN_LOAD_TOKEN) {
        syn_load_appeal_write(worker, out, request);
        return;
    }
    syn_buf_clear(draft.form);
    errands[request->errand].draft(worker, &draft, request);
    syn_buf_printf(
        out,
        "%s %s%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic %s\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        "%s%s%sContent-Length: %zu\r\n\r\n",
        draft.method, worker->aim->rest_path, draft.target,
        worker->aim->rest_host, worker->basic,
        draft.if_match[0] == '\0' ? "" : "If-Match: ", draft.if_match,
        draft.if_match[0] == '\0' ? "" : "\r\n", draft.form->bytes);
    syn_buf_put(out, syn_buf_str(draft.form));
    syn_buf_clear(draft.form);
}

void syn_load_errand_answered(struct syn_load_worker *worker,
                              const struct syn_load_request *request,
                              unsigned status, struct syn_str body)
{
    if (request->errand != SYN_LOAD_TOKEN) {
        syn_load_refusal_judge(worker, status, body);
    }
    errands[request->errand].answered(worker, request, status, body);
}

/* As if an answer had come that tells nothing. */
void syn_load_errand_lost(struct syn_load_worker *worker,
                          const struct syn_load_request *request)
{
    const struct syn_str nothing = {"", 0};
    errands[request->errand].answered(worker, request, 0, nothing);
}
