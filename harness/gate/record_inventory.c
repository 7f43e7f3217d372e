/*
 * record_inventory.c - what is there before anybody does anything.
 * Layer: gate. Threads: the loop's.
 *
 * GETs alone, one after the other, at the pace that the target allows.
 */
#include "gate/record_impl.h"

#include "base/buf.h"
#include "base/log.h"
#include "net/curl.h"
#include "syn/client.h"
#include "syn/limits.h"

#include <string.h>

#define GUARD_MS   30000
#define PAGE_SIZE  100
#define PAGES_MAX  100000
#define MS_PER_S   1000u
#define TRIES_MAX  6 /* after 429 */
#define HTTP_OK    200
#define HTTP_LATER 429

struct getter {
    struct syn_recorder *recorder;
    struct syn_curl *curl;
    struct syn_arena arena; /* of one answer */
    struct syn_tls_client tls;
    bool is_done;
    unsigned status;
    struct syn_str body;
    const char *reason;
};

static void on_done(void *ctx, const struct syn_curl_response *response)
{
    struct getter *getter = ctx;
    getter->is_done = true;
    getter->status = response->status == SYN_OK ? response->http_status : 0;
    getter->body = syn_arena_dup(&getter->arena, response->body);
    getter->reason = response->status == SYN_OK ? "" : "no answer";
}

static bool is_done(void *ctx)
{
    const struct getter *getter = ctx;
    return getter->is_done;
}

static bool is_never(void *ctx)
{
    (void)ctx;
    return false;
}

static void wait_ms(struct getter *getter, unsigned ms)
{
    (void)syn_loop_run_until(getter->recorder->loop, is_never, NULL, ms);
}

/* One GET of a path or of a whole URL. NULL: told on stderr. */
static const struct syn_json *get(struct getter *getter, const char *url)
{
    const struct syn_target *target = getter->recorder->options->target;
    const struct syn_json *json = NULL;
    const struct syn_curl_request request = {.method = "GET",
                                             .url = url,
                                             .user = syn_target_user(target),
                                             .password =
                                                 syn_target_password(target),
                                             .tls = &getter->tls,
                                             .guard_ms = GUARD_MS,
                                             .routes = target->routes};
    unsigned pause_ms = target->budget.rest_per_s > 0
                            ? (unsigned)(MS_PER_S / target->budget.rest_per_s)
                            : 0;
    for (unsigned i = 0; i < TRIES_MAX; i++) {
        getter->is_done = false;
        getter->status = 0;
        getter->reason = "no answer";
        if (syn_curl_start(getter->curl, &request, on_done, getter, NULL) !=
            SYN_OK) {
            break;
        }
        (void)syn_loop_run_until(getter->recorder->loop, is_done, getter,
                                 2 * GUARD_MS);
        if (getter->status != HTTP_LATER) {
            break;
        }
        wait_ms(getter, MS_PER_S << i);
    }
    if (pause_ms > 0) {
        wait_ms(getter, pause_ms);
    }
    if (getter->status != HTTP_OK ||
        syn_json_parse(&getter->arena, getter->body, NULL, &json, NULL) !=
            SYN_OK) {
        syn_err_printf("syncproof: inventory: GET %s: %u %s\n", url,
                       getter->status, getter->reason);
        return NULL;
    }
    return json;
}

static const char *url_of(struct getter *getter, const char *rest)
{
    const struct syn_recorder *recorder = getter->recorder;
    struct syn_str url =
        syn_arena_printf(&getter->arena, "%s/v1/Services/%.*s%s",
                         recorder->options->target->rest_url,
                         SYN_STR_ARG(recorder->service), rest);
    return url.at;
}

/* The next page's path and query, on our own idea of the host. */
static const char *next_page(struct getter *getter, const struct syn_json *page)
{
    struct syn_str url = syn_json_str(syn_json_at(page, "/meta/next_page_url"),
                                      (struct syn_str){NULL, 0});
    size_t scheme = syn_str_find(url, '/', 0);
    size_t path = syn_str_find(url, '/', scheme + 2);
    if (url.at == NULL || path >= url.bytes) {
        return NULL;
    }
    struct syn_str rest = syn_str_from(url, path);
    return syn_arena_printf(&getter->arena, "%s%.*s",
                            getter->recorder->options->target->rest_url,
                            SYN_STR_ARG(rest))
        .at;
}

static bool read_row(const struct syn_json *node, struct syn_trace_row *row)
{
    row->identity =
        syn_json_str(syn_json_member(node, "identity"), SYN_STR(""));
    row->rights =
        (syn_json_bool(syn_json_member(node, "read"), false) ? SYN_RIGHT_READ
                                                             : 0) |
        (syn_json_bool(syn_json_member(node, "write"), false) ? SYN_RIGHT_WRITE
                                                              : 0) |
        (syn_json_bool(syn_json_member(node, "manage"), false)
             ? SYN_RIGHT_MANAGE
             : 0);
    return row->identity.bytes > 0;
}

/* All rows of one object, over pages. */
static bool read_rows(struct getter *getter, struct syn_trace_inv *inv)
{
    struct syn_trace_row *rows =
        syn_arena_array(&getter->arena, SYN_RECORD_ROWS_MAX, sizeof *rows);
    struct syn_str rest = syn_arena_printf(
        &getter->arena, "/%s/%.*s/Permissions?PageSize=%d",
        syn_backend_kind(inv->type), SYN_STR_ARG(inv->sid), PAGE_SIZE);
    const char *url = rest.at == NULL ? NULL : url_of(getter, rest.at);
    if (rows == NULL) {
        return false;
    }
    for (unsigned page = 0; url != NULL && page < PAGES_MAX; page++) {
        const struct syn_json *json = get(getter, url);
        if (json == NULL) {
            return false;
        }
        for (const struct syn_json *node =
                 syn_json_first(syn_json_member(json, "permissions"));
             node != NULL && inv->row_count < SYN_RECORD_ROWS_MAX;
             node = syn_json_next(node)) {
            inv->row_count += read_row(node, &rows[inv->row_count]) ? 1 : 0;
        }
        url = next_page(getter, json);
    }
    inv->rows = rows;
    inv->has_rows = inv->row_count < SYN_RECORD_ROWS_MAX;
    return true;
}

static bool put_object(struct getter *getter, enum syn_type type,
                       const struct syn_json *node)
{
    static const struct syn_str none = {NULL, 0};
    struct syn_arena_mark mark = syn_arena_mark(&getter->arena);
    struct syn_trace_inv inv = {
        .type = type,
        .sid = syn_json_str(syn_json_member(node, "sid"), none),
        .name = syn_json_str(syn_json_member(node, "unique_name"), none),
        .created_by = syn_json_str(syn_json_member(node, "created_by"), none),
        .date_expires =
            syn_json_str(syn_json_member(node, "date_expires"), none)};
    bool is_read = inv.sid.at != NULL &&
                   (type == SYN_TYPE_STREAM || read_rows(getter, &inv));
    if (is_read) {
        syn_scribe_put_inv(&getter->recorder->scribe, &inv);
    }
    syn_arena_rewind(&getter->arena, mark);
    return is_read;
}

static bool list_objects(struct getter *getter, enum syn_type type)
{
    struct syn_str rest = syn_arena_printf(&getter->arena, "/%s?PageSize=%d",
                                           syn_backend_kind(type), PAGE_SIZE);
    const char *url = rest.at == NULL ? NULL : url_of(getter, rest.at);
    for (unsigned page = 0; url != NULL && page < PAGES_MAX; page++) {
        const struct syn_json *json = get(getter, url);
        if (json == NULL) {
            return false;
        }
        for (const struct syn_json *node = syn_json_first(
                 syn_json_member(json, syn_backend_member(type)));
             node != NULL; node = syn_json_next(node)) {
            if (!put_object(getter, type, node)) {
                return false;
            }
        }
        url = next_page(getter, json);
    }
    return true;
}

syn_status syn_record_inventory(struct syn_recorder *recorder,
                                bool lists_objects)
{
    const struct syn_target *target = recorder->options->target;
    struct getter getter = {
        .recorder = recorder,
        .tls = {.ca_file = target->tls_ca_file, .verify = target->tls_verify}};
    bool is_read = true;
    syn_arena_init(&getter.arena, NULL, SYN_RECORD_INVENTORY_BYTES_MAX);
    syn_status st = syn_curl_new(recorder->loop, &getter.curl);
    if (st != SYN_OK) {
        syn_arena_fini(&getter.arena);
        return st;
    }
    if (!lists_objects) {
        const struct syn_json *service = get(&getter, url_of(&getter, ""));
        const struct syn_json *flag = syn_json_member(service, "acl_enabled");
        struct syn_str sid = syn_json_str(syn_json_member(service, "sid"),
                                          (struct syn_str){NULL, 0});
        is_read = service != NULL;
        if (syn_json_is(flag, SYN_JSON_BOOL)) {
            recorder->scribe.head.acl_enabled = syn_json_bool(flag, false);
        }
        if (sid.at != NULL) {
            recorder->service = syn_arena_dup(recorder->arena, sid);
        }
    }
    for (unsigned t = 0; lists_objects && is_read && t < SYN_TYPE_COUNT; t++) {
        is_read = list_objects(&getter, (enum syn_type)t);
    }
    syn_curl_free(getter.curl);
    syn_arena_fini(&getter.arena);
    return is_read ? SYN_OK : SYN_ERR_NET;
}
