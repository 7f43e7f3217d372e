/*
 * live_shape.c - the JSON of the SDK plane: roots and items.
 *
 * Members and their order are those of the recorded transcripts. Dates have
 * milliseconds here, seconds on the REST plane; `data` is spliced in as the
 * model keeps it.
 */
#include "service/live_request.h"

#include "net/http.h"
#include "service/shape.h"

#define ITEM_URL_BYTES_MAX 8192 /* 320 code points, percent-encoded */

struct syn_str syn_live_object_url(struct syn_arena *arena, struct syn_str base,
                                   const struct syn_object *object)
{
    return syn_arena_printf(arena, "%.*s/v3/Services/%s/%s/%s",
                            SYN_STR_ARG(base), object->service->sid,
                            syn_shape_collection(object->type), object->sid);
}

struct syn_str syn_live_item_url(struct syn_arena *arena, struct syn_str base,
                                 const struct syn_object *parent, int64_t index,
                                 struct syn_str key)
{
    const struct syn_str root = syn_live_object_url(arena, base, parent);
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, ITEM_URL_BYTES_MAX);
    syn_buf_put(&buf, root);
    syn_buf_put_text(&buf, "/Items/");
    if (parent->type == SYN_TYPE_MAP) {
        syn_http_encode(&buf, key);
    } else {
        syn_buf_put_i64(&buf, index);
    }
    const struct syn_str url = syn_arena_dup(arena, syn_buf_str(&buf));
    syn_buf_fini(&buf);
    return url;
}

void syn_live_write_date(struct syn_json_writer *w, const char *name,
                         int64_t unix_ms)
{
    if (unix_ms == 0) {
        syn_json_write_null(w, name);
        return;
    }
    char text[SYN_CLOCK_ISO_BYTES];
    syn_clock_format_ms(unix_ms, text);
    syn_json_write_text(w, name, text);
}

void syn_live_write_revision(struct syn_json_writer *w, const char *name,
                             int64_t counter)
{
    char text[SYN_REVISION_BYTES];
    syn_model_revision(counter, text);
    syn_json_write_text(w, name, text);
}

int64_t syn_live_last_event_id(const struct syn_object *object)
{
    if (object->type == SYN_TYPE_STREAM) {
        return -1;
    }
    return object->type == SYN_TYPE_DOCUMENT ? object->event_count
                                             : object->event_count - 1;
}

static void write_link(struct syn_json_writer *w, struct syn_arena *arena,
                       struct syn_str root, const char *name, const char *part)
{
    syn_json_write_str(
        w, name, syn_arena_printf(arena, "%.*s/%s", SYN_STR_ARG(root), part));
}

static void write_links(struct syn_json_writer *w, struct syn_arena *arena,
                        struct syn_str root, enum syn_type type)
{
    if (type == SYN_TYPE_DOCUMENT) {
        return;
    }
    syn_json_open_object(w, "links");
    if (type == SYN_TYPE_STREAM) {
        write_link(w, arena, root, "messages", "Messages");
    } else {
        write_link(w, arena, root, "items", "Items");
    }
    if (type == SYN_TYPE_LIST) {
        write_link(w, arena, root, "context", "Context");
    }
    syn_json_close_object(w);
}

static void write_owner(struct syn_json_writer *w,
                        const struct syn_service_row *service)
{
    syn_json_write_text(w, "account_sid", service->account->sid);
    syn_json_write_text(w, "service_sid", service->sid);
}

void syn_live_open_root(struct syn_json_writer *w, struct syn_arena *arena,
                        struct syn_str base, const struct syn_object *object,
                        enum syn_live_detail detail)
{
    const struct syn_str url = syn_live_object_url(arena, base, object);
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "sid", object->sid);
    if (object->unique_name.at == NULL) {
        syn_json_write_null(w, "unique_name");
    } else {
        syn_json_write_str(w, "unique_name", object->unique_name);
    }
    write_owner(w, object->service);
    syn_json_write_str(w, "url", url);
    syn_live_write_date(w, "date_created", object->created_ms);
    syn_live_write_date(w, "date_updated", object->updated_ms);
    syn_live_write_date(w, "date_expires", object->expires_ms);
    syn_json_write_str(w, "created_by", object->created_by);
    syn_json_write_text(w, "type", syn_type_name(object->type));
    if (object->type != SYN_TYPE_STREAM) {
        syn_live_write_revision(w, "revision", object->event_count);
        syn_json_write_i64(w, "last_event_id", syn_live_last_event_id(object));
    }
    write_links(w, arena, url, object->type);
    if (detail == SYN_LIVE_WITH_DATA && object->type == SYN_TYPE_DOCUMENT) {
        syn_json_write_raw(w, "data", object->data);
    }
}

void syn_live_write_root(struct syn_json_writer *w, struct syn_arena *arena,
                         struct syn_str base, const struct syn_object *object,
                         enum syn_live_detail detail)
{
    syn_live_open_root(w, arena, base, object, detail);
    syn_json_close_object(w);
}

void syn_live_write_item(struct syn_json_writer *w, struct syn_arena *arena,
                         struct syn_str base, const struct syn_item *item,
                         enum syn_live_detail detail)
{
    const struct syn_object *parent = item->parent;
    const bool is_map = parent->type == SYN_TYPE_MAP;
    syn_json_open_object(w, NULL);
    if (is_map) {
        syn_json_write_str(w, "key", item->key);
    } else {
        syn_json_write_i64(w, "index", item->index);
    }
    syn_json_write_text(w, is_map ? "map_sid" : "list_sid", parent->sid);
    write_owner(w, parent->service);
    syn_json_write_str(
        w, "url",
        syn_live_item_url(arena, base, parent, item->index, item->key));
    syn_live_write_revision(w, "revision", item->event_id);
    syn_json_write_i64(w, "last_event_id", item->event_id);
    syn_live_write_date(w, "date_created", item->created_ms);
    syn_live_write_date(w, "date_updated", item->updated_ms);
    syn_live_write_date(w, "date_expires", item->expires_ms);
    syn_json_write_str(w, "created_by", item->created_by);
    syn_json_write_text(w, "type", is_map ? "map_item" : "list_item");
    if (detail == SYN_LIVE_WITH_DATA) {
        syn_json_write_raw(w, "data", item->data);
    }
    syn_json_close_object(w);
}
