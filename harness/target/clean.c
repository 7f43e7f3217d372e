/*
 * clean.c - look, compare, remove.
 * Layer: target. Threads: the desk's.
 */
#include "target/clean.h"

#include "base/json.h"
#include "client/parts.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define HTTP_NOT_FOUND 404
#define MS_PER_S       1000
#define NS_PER_MS      1000000
#define PREFIX_BYTES   32
#define PATH_BYTES     2048
#define ISO_SECONDS    19 /* "2026-11-21T08:00:00" */

static void count(struct syn_clean *clean,
                  const struct syn_manifest_entry *entry,
                  enum syn_clean_fate fate, const char *why)
{
    clean->counts[fate]++;
    if (clean->manifest != NULL &&
        (fate == SYN_CLEAN_REMOVED || fate == SYN_CLEAN_ABSENT ||
         (fate == SYN_CLEAN_ENDED && !clean->is_dry))) {
        syn_status st = syn_manifest_gone(clean->manifest, entry);
        (void)st; /* a later clean finds nothing there, and says so */
    }
    if (clean->tell != NULL) {
        clean->tell(clean->ctx, entry, fate, why);
    }
}

/* What answers nobody any more is not asked about each thing. */
static struct syn_reply ask(struct syn_clean *clean, const char *method,
                            const char *path)
{
    struct syn_reply reply = {.status = SYN_ERR_NET};
    if (clean->silent < SYN_CLEAN_SILENT_MAX) {
        reply =
            syn_backend_call(clean->desk->backend, method, path, NULL, NULL);
    }
    clean->silent = reply.status == SYN_OK ? 0 : clean->silent + 1;
    if (reply.status != SYN_OK) {
        clean->is_unreachable = true;
    } else if (!syn_reply_is_ok(&reply) && reply.http != HTTP_NOT_FOUND &&
               clean->http == 0) {
        clean->http = reply.http;
    }
    return reply;
}

static bool is_absent(const struct syn_reply *reply)
{
    return reply->status == SYN_OK && reply->http == HTTP_NOT_FOUND;
}

/* --- one thing ------------------------------------------------------------
 */

static void put_path(struct syn_buf *buf,
                     const struct syn_manifest_entry *entry)
{
    bool is_service = entry->kind == SYN_MANIFEST_SERVICE;
    struct syn_str id = entry->sid.bytes > 0 ? entry->sid : entry->name;
    syn_buf_put_text(buf, "/v1/Services/");
    syn_part_put_segment(buf, is_service ? id : entry->service);
    if (!is_service) {
        syn_buf_put_text(buf, "/");
        syn_buf_put_text(buf, syn_backend_kind((enum syn_type)entry->kind));
        syn_buf_put_text(buf, "/");
        syn_part_put_segment(buf, id);
    }
    if (entry->item.bytes > 0) {
        syn_buf_put_text(buf, "/Items/");
        syn_part_put_segment(buf, entry->item);
    }
}

/* NULL: too long to be one of ours. */
static const char *path_of(struct syn_clean *clean,
                           const struct syn_manifest_entry *entry)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, PATH_BYTES);
    put_path(&buf, entry);
    const char *path =
        buf.status == SYN_OK
            ? syn_arena_dup(&clean->desk->arena, syn_buf_str(&buf)).at
            : NULL;
    syn_buf_fini(&buf);
    return path;
}

static struct syn_str name_in(const struct syn_reply *reply,
                              enum syn_manifest_kind kind)
{
    return syn_reply_str(reply, kind == SYN_MANIFEST_SERVICE ? "/friendly_name"
                                                             : "/unique_name");
}

/* It was read as `seen` a moment ago and is ours: away with it. */
static void remove_seen(struct syn_clean *clean,
                        const struct syn_manifest_entry *entry,
                        const struct syn_reply *seen)
{
    struct syn_manifest_entry exact = *entry;
    exact.sid = syn_reply_str(seen, "/sid");
    if (clean->is_dry) {
        count(clean, &exact, SYN_CLEAN_WOULD, "");
        return;
    }
    syn_guard_own(&clean->desk->guard, exact.sid);
    const char *path = path_of(clean, &exact);
    struct syn_reply gone = ask(clean, "DELETE", path == NULL ? "/" : path);
    bool is_gone = path != NULL && (syn_reply_is_ok(&gone) || is_absent(&gone));
    count(clean, &exact, is_gone ? SYN_CLEAN_REMOVED : SYN_CLEAN_LEFT,
          is_gone ? "" : "it was not removed when asked to");
}

/* --- pages ----------------------------------------------------------------
 */

/* Whether an element of a page is wanted. */
typedef bool (*want_fn)(const struct syn_json *node, const void *ctx);

struct found {
    struct syn_str *sids;
    size_t count;
    bool is_cut; /* more than fit, or a page did not come */
};

static struct syn_str target_of(struct syn_str url)
{
    size_t at = syn_str_find(url, ':', 0);
    at = at == url.bytes ? 0 : at + sizeof "://" - 1;
    return syn_str_from(url, syn_str_find(url, '/', at));
}

/* All pages are read before anything is removed: removal would move what
 * follows onto a page that has been read. */
static struct found collect(struct syn_clean *clean, const char *path,
                            const char *key, want_fn want, const void *ctx)
{
    struct syn_arena *arena = &clean->desk->arena;
    struct found found = {.sids = syn_arena_array(arena, SYN_CLEAN_FOUND_MAX,
                                                  sizeof *found.sids)};
    struct syn_str next =
        syn_arena_printf(arena, "%s?PageSize=%d", path, SYN_PAGE_SIZE_MAX);
    SYN_ASSERT(found.sids != NULL && next.at != NULL);
    for (unsigned page = 0; next.bytes > 0; page++) {
        const struct syn_json *tree = NULL;
        struct syn_reply reply =
            ask(clean, "GET", syn_arena_dup(arena, next).at);
        if (page == SYN_INVENTORY_PAGES_MAX || !syn_reply_is_ok(&reply) ||
            syn_json_parse(arena, reply.body, NULL, &tree, NULL) != SYN_OK) {
            found.is_cut = true;
            break;
        }
        for (const struct syn_json *node =
                 syn_json_first(syn_json_member(tree, key));
             node != NULL; node = syn_json_next(node)) {
            if (!want(node, ctx)) {
                continue;
            }
            if (found.count == SYN_CLEAN_FOUND_MAX) {
                found.is_cut = true;
                break;
            }
            found.sids[found.count++] =
                syn_json_str(syn_json_member(node, "sid"), SYN_STR(""));
        }
        next = target_of(syn_json_str(syn_json_at(tree, "/meta/next_page_url"),
                                      SYN_STR("")));
    }
    return found;
}

/* --- by manifest ----------------------------------------------------------
 */

struct job {
    struct syn_clean *clean;
    const struct syn_manifest_list *list;
    bool *is_settled; /* per entry */
    char prefix[PREFIX_BYTES];
};

/* A service renamed behind our back is not ours any more; an object is told by
 * its name, or, when it has none, by a sid that the answer to our create gave.
 */
static bool is_it(const struct job *job, const struct syn_manifest_entry *entry,
                  struct syn_str name)
{
    if (entry->kind == SYN_MANIFEST_SERVICE) {
        return syn_str_has_prefix(name, syn_str_of(job->prefix));
    }
    return entry->name.bytes > 0 ? syn_str_is_equal(name, entry->name)
                                 : entry->sid.bytes > 0 && name.bytes == 0;
}

static void clean_known(struct job *job, const struct syn_manifest_entry *entry)
{
    struct syn_clean *clean = job->clean;
    const char *path = path_of(clean, entry);
    struct syn_reply seen = ask(clean, "GET", path == NULL ? "/" : path);
    if (path != NULL && is_absent(&seen)) {
        count(clean, entry, SYN_CLEAN_ABSENT, "");
    } else if (path == NULL || !syn_reply_is_ok(&seen)) {
        count(clean, entry, SYN_CLEAN_LEFT, "it could not be read");
    } else if (!is_it(job, entry, name_in(&seen, entry->kind))) {
        count(clean, entry, SYN_CLEAN_LEFT,
              "it bears another name than this run gave it");
    } else {
        remove_seen(clean, entry, &seen);
    }
}

static bool has_name(const struct syn_json *node, const void *ctx)
{
    const struct syn_manifest_entry *entry = ctx;
    return syn_str_is_equal(
        syn_json_str(syn_json_member(node, "friendly_name"), SYN_STR("")),
        entry->name);
}

/* The answer to the create was lost: services are found by their names. */
static void clean_unanswered(struct job *job,
                             const struct syn_manifest_entry *entry)
{
    struct syn_clean *clean = job->clean;
    struct found found =
        collect(clean, "/v1/Services", "services", has_name, entry);
    for (size_t i = 0; i < found.count; i++) {
        struct syn_manifest_entry exact = *entry;
        exact.sid = found.sids[i];
        clean_known(job, &exact);
    }
    if (found.is_cut) {
        count(clean, entry, SYN_CLEAN_LEFT, "the services could not be listed");
    } else if (found.count == 0) {
        count(clean, entry, SYN_CLEAN_ABSENT, "");
    }
}

/* A service takes with it what is in it. */
static void settle_service(struct job *job, struct syn_str sid)
{
    for (size_t i = 0; sid.bytes > 0 && i < job->list->count; i++) {
        if (syn_str_is_equal(job->list->entries[i].service, sid)) {
            job->is_settled[i] = true;
        }
    }
}

/* --- without a name -------------------------------------------------------
 */

static const char *const list_keys[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = "documents",
    [SYN_TYPE_LIST] = "lists",
    [SYN_TYPE_MAP] = "maps",
    [SYN_TYPE_STREAM] = "streams"};

/* No other run, and nobody else, has users of this prefix. */
static bool is_nameless_of_run(const struct syn_json *node, const void *ctx)
{
    const struct job *job = ctx;
    struct syn_str name =
        syn_json_str(syn_json_member(node, "unique_name"), SYN_STR(""));
    struct syn_str maker =
        syn_json_str(syn_json_member(node, "created_by"), SYN_STR(""));
    return name.bytes == 0 &&
           syn_str_has_prefix(maker, syn_str_of(job->prefix));
}

static void clean_by_maker(struct job *job,
                           const struct syn_manifest_entry *entry)
{
    struct syn_clean *clean = job->clean;
    const struct syn_json *node = NULL;
    const char *path = path_of(clean, entry);
    struct syn_reply seen = ask(clean, "GET", path == NULL ? "/" : path);
    if (path != NULL && is_absent(&seen)) {
        count(clean, entry, SYN_CLEAN_ABSENT, "");
    } else if (syn_reply_is_ok(&seen) &&
               syn_json_parse(&clean->desk->arena, seen.body, NULL, &node,
                              NULL) == SYN_OK &&
               is_nameless_of_run(node, job)) {
        remove_seen(clean, entry, &seen);
    } else {
        count(clean, entry, SYN_CLEAN_LEFT, "it could not be read again");
    }
}

/* The answer to the create was lost, and there is no name to look for: what a
 * user of the run made is told by its maker. */
static void clean_nameless(struct job *job,
                           const struct syn_manifest_entry *entry)
{
    struct syn_clean *clean = job->clean;
    bool has_maker = syn_str_is(entry->identity, SYN_MANIFEST_BY_USER) &&
                     clean->desk->target->token_count == 0;
    if (!has_maker) {
        count(clean, entry, SYN_CLEAN_LEFT,
              "it has no name and its answer was lost; its TTL ends it");
        return;
    }
    struct syn_str path =
        syn_arena_printf(&clean->desk->arena, "/v1/Services/%.*s/%s",
                         SYN_STR_ARG(entry->service),
                         syn_backend_kind((enum syn_type)entry->kind));
    SYN_ASSERT(path.at != NULL);
    struct found found = collect(clean, path.at, list_keys[entry->kind],
                                 is_nameless_of_run, job);
    for (size_t i = 0; i < found.count; i++) {
        struct syn_manifest_entry exact = *entry;
        exact.sid = found.sids[i];
        clean_by_maker(job, &exact);
    }
    if (found.is_cut) {
        count(clean, entry, SYN_CLEAN_LEFT, "its like could not be listed");
    } else if (found.count == 0) {
        count(clean, entry, SYN_CLEAN_ABSENT, "");
    }
}

/* --- late -----------------------------------------------------------------
 */

static int64_t unix_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/* Once more, long after its deadline. What is still there is evidence first,
 * and removed then. */
static void settle_late(struct job *job, const struct syn_manifest_entry *entry)
{
    struct syn_clean *clean = job->clean;
    const char *path = path_of(clean, entry);
    struct syn_reply seen = ask(clean, "GET", path == NULL ? "/" : path);
    if (path != NULL && is_absent(&seen)) {
        count(clean, entry, SYN_CLEAN_ENDED, "it has ended since");
        return;
    }
    if (path == NULL || !syn_reply_is_ok(&seen)) {
        count(clean, entry, SYN_CLEAN_LEFT, "it could not be read");
        return;
    }
    char deadline[SYN_CLOCK_ISO_BYTES];
    syn_clock_format_s(entry->deadline_ms, deadline);
    struct syn_str date = syn_reply_str(&seen, "/date_expires");
    struct syn_str why = syn_arena_printf(
        &clean->desk->arena,
        "TTL-01: due %s, still there %lld s later: GET %s answers %u, "
        "date_expires %.*s",
        deadline, (long long)((unix_ms() - entry->deadline_ms) / MS_PER_S),
        path, seen.http, SYN_STR_ARG(date.bytes == 0 ? SYN_STR("null") : date));
    count(clean, entry, SYN_CLEAN_OVERDUE, why.at == NULL ? "" : why.at);
    struct syn_manifest_entry whole = *entry;
    whole.item = (struct syn_str){"", 0};
    clean_known(job, &whole);
}

/* It stays, and so does all of the service that it is in. */
static void keep_late(struct job *job, const struct syn_manifest_entry *late)
{
    for (size_t i = 0; i < job->list->count; i++) {
        const struct syn_manifest_entry *entry = &job->list->entries[i];
        bool is_service = entry->kind == SYN_MANIFEST_SERVICE;
        if (syn_str_is_equal(entry->sid, late->sid)) {
            job->is_settled[i] = true;
        }
        if (is_service && syn_str_is_equal(entry->sid, late->service)) {
            job->is_settled[i] = true;
            settle_service(job, entry->sid);
        }
    }
    count(job->clean, late, SYN_CLEAN_LATE, "past its TTL and the bound");
}

static void clean_late(struct job *job)
{
    for (size_t i = 0; i < job->list->count; i++) {
        const struct syn_manifest_entry *entry = &job->list->entries[i];
        if (entry->state != SYN_MANIFEST_LATE) {
            continue;
        }
        job->is_settled[i] = true;
        if (job->clean->settles) {
            settle_late(job, entry);
        } else {
            keep_late(job, entry);
        }
    }
}

static void clean_services(struct job *job)
{
    for (size_t i = 0; i < job->list->count; i++) {
        const struct syn_manifest_entry *entry = &job->list->entries[i];
        if (entry->kind != SYN_MANIFEST_SERVICE) {
            continue;
        }
        bool is_open = !job->is_settled[i];
        job->is_settled[i] = true;
        settle_service(job, entry->sid);
        if (is_open && entry->sid.bytes > 0) {
            clean_known(job, entry);
        } else if (is_open) {
            clean_unanswered(job, entry);
        }
    }
}

/* Grants go with their objects: this run gave none on others. */
static void clean_objects(struct job *job)
{
    const struct syn_target *target = job->clean->desk->target;
    for (size_t i = 0; i < job->list->count; i++) {
        struct syn_manifest_entry entry = job->list->entries[i];
        if (job->is_settled[i] || entry.kind == SYN_MANIFEST_GRANT) {
            continue;
        }
        if (entry.service.bytes == 0) {
            entry.service = syn_str_of(target->account.service_sid == NULL
                                           ? "default"
                                           : target->account.service_sid);
        }
        if (entry.sid.bytes == 0 && entry.name.bytes == 0) {
            clean_nameless(job, &entry);
        } else {
            clean_known(job, &entry);
        }
    }
}

void syn_clean_manifest(struct syn_clean *clean,
                        const struct syn_manifest_list *list)
{
    struct job job = {.clean = clean, .list = list};
    job.is_settled = syn_arena_array(&clean->desk->arena, list->count + 1,
                                     sizeof *job.is_settled);
    SYN_ASSERT(job.is_settled != NULL);
    (void)snprintf(job.prefix, sizeof job.prefix, "syn-%s-", list->head.run);
    for (size_t i = 0; i < list->count; i++) {
        enum syn_manifest_state state = list->entries[i].state;
        job.is_settled[i] =
            state == SYN_MANIFEST_REFUSED || state == SYN_MANIFEST_GONE;
    }
    clean_late(&job);
    clean_services(&job);
    clean_objects(&job);
}

/* --- by prefix ------------------------------------------------------------
 */

struct wish {
    struct syn_str prefix;
    char before[SYN_CLOCK_ISO_BYTES];
    const char *name; /* member */
};

/* Both are UTC in one form, so that their texts order as their times do. */
static bool is_wanted(const struct syn_json *node, const void *ctx)
{
    const struct wish *wish = ctx;
    struct syn_str name =
        syn_json_str(syn_json_member(node, wish->name), SYN_STR(""));
    struct syn_str made =
        syn_json_str(syn_json_member(node, "date_created"), SYN_STR(""));
    return syn_str_has_prefix(name, wish->prefix) &&
           made.bytes >= ISO_SECONDS &&
           syn_str_compare(
               syn_str_part(made, 0, ISO_SECONDS),
               syn_str_part(syn_str_of(wish->before), 0, ISO_SECONDS)) < 0;
}

static void clean_found(struct syn_clean *clean, const struct wish *wish,
                        const struct found *found,
                        const struct syn_manifest_entry *like)
{
    for (size_t i = 0; i < found->count; i++) {
        struct syn_manifest_entry entry = *like;
        entry.sid = found->sids[i];
        const char *path = path_of(clean, &entry);
        struct syn_reply seen = ask(clean, "GET", path == NULL ? "/" : path);
        entry.name = name_in(&seen, entry.kind);
        if (path != NULL && is_absent(&seen)) {
            count(clean, &entry, SYN_CLEAN_ABSENT, "");
        } else if (syn_reply_is_ok(&seen) &&
                   syn_str_has_prefix(entry.name, wish->prefix)) {
            remove_seen(clean, &entry, &seen);
        } else {
            count(clean, &entry, SYN_CLEAN_LEFT, "it could not be read again");
        }
    }
    if (found->is_cut) {
        count(clean, like, SYN_CLEAN_LEFT, "the listing is not complete");
    }
}

static void clean_in(struct syn_clean *clean, struct wish *wish,
                     const char *service)
{
    wish->name = "unique_name";
    for (unsigned i = 0; service != NULL && i < SYN_TYPE_COUNT; i++) {
        const struct syn_manifest_entry like = {
            .kind = (enum syn_manifest_kind)i, .service = syn_str_of(service)};
        struct syn_str path =
            syn_arena_printf(&clean->desk->arena, "/v1/Services/%s/%s", service,
                             syn_backend_kind((enum syn_type)i));
        SYN_ASSERT(path.at != NULL);
        struct found found =
            collect(clean, path.at, list_keys[i], is_wanted, wish);
        clean_found(clean, wish, &found, &like);
    }
}

void syn_clean_prefix(struct syn_clean *clean, struct syn_str prefix,
                      int64_t before_ms)
{
    const struct syn_target *target = clean->desk->target;
    const struct syn_manifest_entry like = {.kind = SYN_MANIFEST_SERVICE};
    struct wish wish = {.prefix = prefix, .name = "friendly_name"};
    syn_clock_format_s(before_ms, wish.before);
    struct found found =
        collect(clean, "/v1/Services", "services", is_wanted, &wish);
    clean_found(clean, &wish, &found, &like);
    clean_in(clean, &wish, target->account.service_sid);
    clean_in(clean, &wish, target->second_service_sid);
}
