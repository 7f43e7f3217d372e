/*
 * shape.c - REST resources as JSON.
 *
 * URLs use sids whatever the request used; keys and identities in them are
 * percent-encoded, so that each can be fetched as it stands. `data` is spliced
 * in as stored, never reprinted.
 */
#include "service/shape.h"

#include "base/buf.h"
#include "base/clock.h"
#include "net/http.h"
#include "syn/limits.h"

static const char *const collections[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = "Documents",
    [SYN_TYPE_LIST] = "Lists",
    [SYN_TYPE_MAP] = "Maps",
    [SYN_TYPE_STREAM] = "Streams",
};

static const char *const sid_members[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = "document_sid",
    [SYN_TYPE_LIST] = "list_sid",
    [SYN_TYPE_MAP] = "map_sid",
    [SYN_TYPE_STREAM] = "stream_sid",
};

const char *syn_shape_collection(enum syn_type type)
{
    return collections[type];
}

/* --- members -------------------------------------------------------------- */

static void write_date(struct syn_json_writer *w, const char *name,
                       int64_t unix_ms)
{
    char text[SYN_CLOCK_ISO_BYTES];
    syn_clock_format_s(unix_ms, text);
    syn_json_write_text(w, name, text);
}

static void write_expiry(struct syn_json_writer *w, int64_t expires_ms)
{
    if (expires_ms == 0) {
        syn_json_write_null(w, "date_expires");
    } else {
        write_date(w, "date_expires", expires_ms);
    }
}

static void write_optional(struct syn_json_writer *w, const char *name,
                           struct syn_str value)
{
    if (value.at == NULL) {
        syn_json_write_null(w, name);
    } else {
        syn_json_write_str(w, name, value);
    }
}

static void write_revision(struct syn_json_writer *w, int64_t counter)
{
    char revision[SYN_REVISION_BYTES];
    syn_model_revision(counter, revision);
    syn_json_write_text(w, "revision", revision);
}

static void write_owner(struct syn_json_writer *w,
                        const struct syn_service_row *row)
{
    syn_json_write_text(w, "account_sid", row->account->sid);
    syn_json_write_text(w, "service_sid", row->sid);
}

/* Arena-owned; empty when memory ran out, which the body's status tells. */
static struct syn_str object_url(const struct syn_shape *shape,
                                 const struct syn_object *object)
{
    return syn_arena_printf(shape->arena, "%.*s/v1/Services/%s/%s/%s",
                            SYN_STR_ARG(shape->base), object->service->sid,
                            collections[object->type], object->sid);
}

static void write_below(const struct syn_shape *shape, const char *name,
                        struct syn_str url, const char *tail)
{
    struct syn_str full =
        syn_arena_printf(shape->arena, "%.*s/%s", SYN_STR_ARG(url), tail);
    syn_json_write_str(shape->w, name, full);
}

/* Dots alone would be no segment (rest.md 12), so they are written encoded. */
static void put_segment(struct syn_buf *buf, struct syn_str name)
{
    if (!syn_str_is(name, ".") && !syn_str_is(name, "..")) {
        syn_http_encode(buf, name);
        return;
    }
    for (size_t i = 0; i < name.bytes; i++) {
        syn_buf_put_text(buf, "%2E");
    }
}

/* `url` of something named by free text below an object. */
static void write_named_url(const struct syn_shape *shape,
                            const struct syn_object *object, const char *part,
                            struct syn_str name)
{
    struct syn_str url = object_url(shape, object);
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, SYN_REST_TARGET_BYTES_MAX);
    syn_buf_put(&buf, url);
    syn_buf_put_byte(&buf, '/');
    syn_buf_put_text(&buf, part);
    syn_buf_put_byte(&buf, '/');
    put_segment(&buf, name);
    syn_json_write_str(shape->w, "url", syn_buf_str(&buf));
    syn_buf_fini(&buf);
}

/* --- resources ------------------------------------------------------------ */

void syn_shape_service(const struct syn_shape *shape,
                       const struct syn_service_row *row)
{
    struct syn_json_writer *w = shape->w;
    struct syn_str url = syn_arena_printf(shape->arena, "%.*s/v1/Services/%s",
                                          SYN_STR_ARG(shape->base), row->sid);
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "sid", row->sid);
    write_optional(w, "unique_name", row->unique_name);
    syn_json_write_text(w, "account_sid", row->account->sid);
    write_optional(w, "friendly_name", row->friendly_name);
    write_date(w, "date_created", row->created_ms);
    write_date(w, "date_updated", row->updated_ms);
    syn_json_write_str(w, "url", url);
    write_optional(w, "webhook_url", row->webhook_url);
    syn_json_write_bool(w, "webhooks_from_rest_enabled",
                        row->webhooks_from_rest_enabled);
    syn_json_write_bool(w, "reachability_webhooks_enabled",
                        row->reachability_webhooks_enabled);
    syn_json_write_bool(w, "acl_enabled", row->acl_enabled);
    syn_json_write_bool(w, "reachability_debouncing_enabled",
                        row->reachability_debouncing_enabled);
    syn_json_write_i64(w, "reachability_debouncing_window",
                       row->reachability_debouncing_ms);
    syn_json_open_object(w, "links");
    write_below(shape, "documents", url, "Documents");
    write_below(shape, "lists", url, "Lists");
    write_below(shape, "maps", url, "Maps");
    write_below(shape, "streams", url, "Streams");
    syn_json_close_object(w);
    syn_json_close_object(w);
}

/* What hangs below each type, as the links name it. */
struct link {
    const char *name;
    const char *tail;
    unsigned types; /* SYN_TYPE_BIT */
};
static const struct link links[] = {
    {"items", "Items", SYN_TYPES_CONTAINER},
    {"messages", "Messages", SYN_TYPE_BIT(SYN_TYPE_STREAM)},
    {"permissions", "Permissions", SYN_TYPES_GRANTED},
};

static void write_links(const struct syn_shape *shape, enum syn_type type,
                        struct syn_str url)
{
    syn_json_open_object(shape->w, "links");
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if ((links[i].types & SYN_TYPE_BIT(type)) != 0) {
            write_below(shape, links[i].name, url, links[i].tail);
        }
    }
    syn_json_close_object(shape->w);
}

void syn_shape_object(const struct syn_shape *shape,
                      const struct syn_object *object)
{
    struct syn_json_writer *w = shape->w;
    struct syn_str url = object_url(shape, object);
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "sid", object->sid);
    write_optional(w, "unique_name", object->unique_name);
    write_owner(w, object->service);
    syn_json_write_str(w, "url", url);
    write_links(shape, object->type, url);
    if (object->type != SYN_TYPE_STREAM) {
        write_revision(w, object->event_count);
    }
    if (object->type == SYN_TYPE_DOCUMENT) {
        syn_json_write_raw(w, "data", object->data);
    }
    write_expiry(w, object->expires_ms);
    write_date(w, "date_created", object->created_ms);
    write_date(w, "date_updated", object->updated_ms);
    syn_json_write_str(w, "created_by", object->created_by);
    syn_json_close_object(w);
}

static void write_item_name(const struct syn_shape *shape,
                            const struct syn_item *item)
{
    if (item->parent->type == SYN_TYPE_MAP) {
        syn_json_write_str(shape->w, "key", item->key);
        write_named_url(shape, item->parent, "Items", item->key);
        return;
    }
    struct syn_str index =
        syn_arena_printf(shape->arena, "%lld", (long long)item->index);
    syn_json_write_i64(shape->w, "index", item->index);
    write_named_url(shape, item->parent, "Items", index);
}

void syn_shape_item(const struct syn_shape *shape, const struct syn_item *item)
{
    struct syn_json_writer *w = shape->w;
    syn_json_open_object(w, NULL);
    write_item_name(shape, item);
    write_owner(w, item->parent->service);
    syn_json_write_text(w, sid_members[item->parent->type], item->parent->sid);
    write_revision(w, item->event_id);
    syn_json_write_raw(w, "data", item->data);
    write_expiry(w, item->expires_ms);
    write_date(w, "date_created", item->created_ms);
    write_date(w, "date_updated", item->updated_ms);
    syn_json_write_str(w, "created_by", item->created_by);
    syn_json_close_object(w);
}

void syn_shape_grant(const struct syn_shape *shape,
                     const struct syn_grant *grant)
{
    struct syn_json_writer *w = shape->w;
    syn_json_open_object(w, NULL);
    write_owner(w, grant->object->service);
    syn_json_write_text(w, sid_members[grant->object->type],
                        grant->object->sid);
    syn_json_write_str(w, "identity", grant->identity);
    syn_json_write_bool(w, "read", (grant->rights & SYN_RIGHT_READ) != 0);
    syn_json_write_bool(w, "write", (grant->rights & SYN_RIGHT_WRITE) != 0);
    syn_json_write_bool(w, "manage", (grant->rights & SYN_RIGHT_MANAGE) != 0);
    write_named_url(shape, grant->object, "Permissions", grant->identity);
    syn_json_close_object(w);
}

void syn_shape_message(const struct syn_shape *shape, const char *sid,
                       struct syn_str data)
{
    syn_json_open_object(shape->w, NULL);
    syn_json_write_text(shape->w, "sid", sid);
    syn_json_write_raw(shape->w, "data", data);
    syn_json_close_object(shape->w);
}
