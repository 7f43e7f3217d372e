/*
 * census.c - pages of objects, rows and items.
 * Layer: gate. Threads: the loop's.
 *
 * Pages follow next_page_url, but only to the origin of the target: what a
 * service writes there must not send our credentials elsewhere.
 */
#include "gate/census.h"

#include "base/json.h"
#include "base/rng.h"
#include "client/world.h"
#include "runner/remote.h"
#include "syn/client.h"
#include "syn/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD_MS   10000
#define PAGE_SIZE  "100"
#define ROOM_FIRST 64

struct reader {
    struct syn_arena *arena; /* of what is kept */
    struct syn_arena scratch;
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_curl *curl;
    struct syn_rng rng;
    struct syn_tls_client tls;
    struct syn_world world;
    struct syn_backend *backend;
    const struct syn_target *target;
    struct syn_census *out;
    size_t room;
    char *reason;
};

static syn_status only_gets(void *ctx, const struct syn_departure *departure)
{
    (void)ctx;
    return departure->plane == SYN_WIRE_REST &&
                   strcmp(departure->method, "GET") == 0
               ? SYN_OK
               : SYN_ERR_REFUSED;
}

static syn_status open_reader(struct reader *r)
{
    const struct syn_target *target = r->target;
    syn_arena_init(&r->scratch, NULL, SYN_GATE_ARENA_BYTES_MAX);
    syn_rng_init(&r->rng, 1, 0);
    r->clock = syn_clock_new_real();
    if (r->clock == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_loop_new(r->clock, &r->loop);
    st = st != SYN_OK ? st : syn_curl_new(r->loop, &r->curl);
    r->tls = syn_remote_tls(target);
    r->world =
        (struct syn_world){.loop = r->loop,
                           .curl = r->curl,
                           .arena = &r->scratch,
                           .rng = &r->rng,
                           .rest_url = target->rest_url,
                           .sdk_url = target->sdk_url,
                           .tls = &r->tls,
                           .routes = target->routes,
                           .login = {.user = syn_target_user(target),
                                     .password = syn_target_password(target)},
                           .service_sid = target->account.service_sid,
                           .scenario = "audit",
                           .guard_ms = GUARD_MS,
                           .may_send = only_gets};
    return st != SYN_OK
               ? st
               : syn_backend_new(&r->world, "audit", NULL, &r->backend);
}

static void close_reader(struct reader *r)
{
    syn_backend_free(r->backend);
    syn_curl_free(r->curl);
    syn_loop_free(r->loop);
    syn_clock_free(r->clock);
    syn_arena_fini(&r->scratch);
}

/* --- one GET -------------------------------------------------------------- */

static syn_status get(struct reader *r, const char *path,
                      const struct syn_json **out)
{
    struct syn_json_fault fault;
    struct syn_reply reply =
        syn_backend_call(r->backend, "GET", path, NULL, NULL);
    r->out->requests++;
    if (!syn_reply_is_ok(&reply)) {
        (void)snprintf(r->reason, SYN_CENSUS_REASON_BYTES,
                       reply.status != SYN_OK ? "GET %.150s had no answer"
                                              : "GET %.150s was answered %u/%d",
                       path, reply.http, reply.code);
        return SYN_ERR_NET;
    }
    if (syn_json_parse(&r->scratch, reply.body, NULL, out, &fault) != SYN_OK) {
        (void)snprintf(r->reason, SYN_CENSUS_REASON_BYTES,
                       "GET %.150s was answered with what is not JSON", path);
        return SYN_ERR_NET;
    }
    return SYN_OK;
}

static struct syn_str keep(struct reader *r, const struct syn_json *node)
{
    struct syn_str text = syn_json_str(node, SYN_STR(""));
    struct syn_str kept = syn_arena_dup(r->arena, text);
    return kept.at == NULL ? SYN_STR("") : kept;
}

/* Where the next page is, as a path; NULL: there is none. */
static const char *next_page(struct reader *r, const struct syn_json *page)
{
    struct syn_str url =
        syn_json_str(syn_json_at(page, "/meta/next_page_url"), SYN_STR(""));
    size_t scheme = syn_str_find(url, ':', 0);
    if (url.bytes == 0) {
        return NULL;
    }
    size_t slash = syn_str_find(url, '/', scheme + sizeof "//");
    struct syn_str path = syn_str_from(url, slash);
    return path.bytes == 0 ? NULL : syn_arena_dup(&r->scratch, path).at;
}

typedef syn_status (*element_fn)(struct reader *r, const struct syn_json *node,
                                 void *ctx);

/* Every element of every page of a collection. */
static syn_status walk(struct reader *r, const char *path, const char *member,
                       element_fn take, void *ctx)
{
    syn_status st = SYN_OK;
    const char *next = path;
    for (size_t page_no = 0; next != NULL && st == SYN_OK; page_no++) {
        const struct syn_json *page = NULL;
        if (page_no == SYN_CENSUS_PAGES_MAX) {
            (void)snprintf(r->reason, SYN_CENSUS_REASON_BYTES,
                           "%.150s has more than %d pages", path,
                           SYN_CENSUS_PAGES_MAX);
            return SYN_ERR_LIMIT;
        }
        st = get(r, next, &page);
        const struct syn_json *one =
            st != SYN_OK ? NULL : syn_json_first(syn_json_member(page, member));
        for (; one != NULL && st == SYN_OK; one = syn_json_next(one)) {
            st = take(r, one, ctx);
        }
        next = st == SYN_OK ? next_page(r, page) : NULL;
    }
    return st;
}

/* --- objects -------------------------------------------------------------- */

static syn_status take_object(struct reader *r, const struct syn_json *node,
                              void *ctx)
{
    struct syn_census *out = r->out;
    if (out->count == SYN_CENSUS_OBJECTS_MAX) {
        (void)snprintf(r->reason, SYN_CENSUS_REASON_BYTES,
                       "the service has more than %d objects",
                       SYN_CENSUS_OBJECTS_MAX);
        return SYN_ERR_LIMIT;
    }
    if (out->count == r->room) {
        size_t room = r->room == 0 ? ROOM_FIRST : 2 * r->room;
        struct syn_census_object *more =
            syn_arena_array(r->arena, room, sizeof *more);
        if (more == NULL) {
            return SYN_ERR_MEMORY;
        }
        if (out->count > 0) {
            memcpy(more, out->objects, out->count * sizeof *more);
        }
        out->objects = more;
        r->room = room;
    }
    out->objects[out->count++] = (struct syn_census_object){
        .type = *(const enum syn_type *)ctx,
        .sid = keep(r, syn_json_member(node, "sid")),
        .name = keep(r, syn_json_member(node, "unique_name")),
        .created_by = keep(r, syn_json_member(node, "created_by")),
        .has_expiry = syn_json_is(syn_json_member(node, "date_expires"),
                                  SYN_JSON_STRING)};
    return SYN_OK;
}

struct rows {
    struct syn_census_row *at;
    size_t count;
    size_t room;
};

static syn_status take_row(struct reader *r, const struct syn_json *node,
                           void *ctx)
{
    struct rows *rows = ctx;
    if (rows->count == SYN_CENSUS_ROWS_MAX) {
        (void)snprintf(r->reason, SYN_CENSUS_REASON_BYTES,
                       "an object has more than %d permissions",
                       SYN_CENSUS_ROWS_MAX);
        return SYN_ERR_LIMIT;
    }
    if (rows->count == rows->room) {
        size_t room = rows->room == 0 ? ROOM_FIRST : 2 * rows->room;
        struct syn_census_row *more =
            syn_arena_array(r->arena, room, sizeof *more);
        if (more == NULL) {
            return SYN_ERR_MEMORY;
        }
        if (rows->count > 0) {
            memcpy(more, rows->at, rows->count * sizeof *more);
        }
        rows->at = more;
        rows->room = room;
    }
    unsigned rights = 0;
    rights |= syn_json_bool(syn_json_member(node, "read"), false)
                  ? SYN_RIGHT_READ
                  : 0u;
    rights |= syn_json_bool(syn_json_member(node, "write"), false)
                  ? SYN_RIGHT_WRITE
                  : 0u;
    rights |= syn_json_bool(syn_json_member(node, "manage"), false)
                  ? SYN_RIGHT_MANAGE
                  : 0u;
    rows->at[rows->count++] = (struct syn_census_row){
        .identity = keep(r, syn_json_member(node, "identity")),
        .rights = rights};
    return SYN_OK;
}

static syn_status take_item(struct reader *r, const struct syn_json *node,
                            void *ctx)
{
    struct syn_census_object *object = ctx;
    (void)r;
    object->items++;
    object->items_with_expiry +=
        syn_json_is(syn_json_member(node, "date_expires"), SYN_JSON_STRING) ? 1
                                                                            : 0;
    return SYN_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const struct syn_census_row *left = a;
    const struct syn_census_row *right = b;
    return syn_str_compare(left->identity, right->identity);
}

static const char *path_of(struct reader *r,
                           const struct syn_census_object *object,
                           const char *part)
{
    return syn_arena_printf(&r->scratch,
                            "/v1/Services/%s/%s/%.*s/%s"
                            "?PageSize=" PAGE_SIZE,
                            r->target->account.service_sid,
                            syn_backend_kind(object->type),
                            SYN_STR_ARG(object->sid), part)
        .at;
}

/* Rows of all, and one page of items: enough to tell whether they expire. */
static syn_status read_parts(struct reader *r, struct syn_census_object *object,
                             bool skips_items)
{
    struct syn_arena_mark mark = syn_arena_mark(&r->scratch);
    struct rows rows = {.at = NULL};
    const struct syn_json *page = NULL;
    bool has_items = (SYN_TYPE_BIT(object->type) & SYN_TYPES_CONTAINER) != 0;
    syn_status st = SYN_OK;
    if (object->type != SYN_TYPE_STREAM) {
        st = walk(r, path_of(r, object, "Permissions"), "permissions", take_row,
                  &rows);
    }
    if (rows.count > 0) {
        qsort(rows.at, rows.count, sizeof *rows.at, compare_rows);
    }
    object->rows = rows.at;
    object->row_count = rows.count;
    if (st == SYN_OK && has_items && !skips_items) {
        st = get(r, path_of(r, object, "Items"), &page);
    }
    for (const struct syn_json *one =
             page == NULL ? NULL
                          : syn_json_first(syn_json_member(page, "items"));
         one != NULL && st == SYN_OK; one = syn_json_next(one)) {
        st = take_item(r, one, object);
    }
    syn_arena_rewind(&r->scratch, mark);
    return st;
}

static syn_status read_type(struct reader *r, enum syn_type type)
{
    struct syn_arena_mark mark = syn_arena_mark(&r->scratch);
    const char *path =
        syn_arena_printf(&r->scratch, "/v1/Services/%s/%s?PageSize=" PAGE_SIZE,
                         r->target->account.service_sid, syn_backend_kind(type))
            .at;
    syn_status st = path == NULL ? SYN_ERR_MEMORY
                                 : walk(r, path, syn_backend_member(type),
                                        take_object, &type);
    syn_arena_rewind(&r->scratch, mark);
    return st;
}

static syn_status read_service(struct reader *r)
{
    const struct syn_json *service = NULL;
    const char *path = syn_arena_printf(&r->scratch, "/v1/Services/%s",
                                        r->target->account.service_sid)
                           .at;
    syn_status st = path == NULL ? SYN_ERR_MEMORY : get(r, path, &service);
    if (st == SYN_OK) {
        r->out->acl_enabled =
            syn_json_bool(syn_json_member(service, "acl_enabled"), false);
        r->out->webhook_url = keep(r, syn_json_member(service, "webhook_url"));
    }
    return st;
}

syn_status syn_census_read(struct syn_arena *arena,
                           const struct syn_census_options *options,
                           char reason[SYN_CENSUS_REASON_BYTES],
                           struct syn_census *out)
{
    struct reader r = {.arena = arena,
                       .target = options->target,
                       .out = out,
                       .reason = reason};
    *out = (struct syn_census){.webhook_url = SYN_STR("")};
    reason[0] = '\0';
    syn_status st = open_reader(&r);
    st = st != SYN_OK ? st : read_service(&r);
    for (unsigned t = 0; t < SYN_TYPE_COUNT && st == SYN_OK; t++) {
        st = read_type(&r, (enum syn_type)t);
    }
    for (size_t i = 0; i < out->count && st == SYN_OK; i++) {
        st = read_parts(&r, &out->objects[i], options->skips_items);
    }
    close_reader(&r);
    return st;
}
