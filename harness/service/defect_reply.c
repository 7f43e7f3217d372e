/*
 * defect_reply.c - answers that tell more than the asker may know.
 *
 * What a decision saw is remembered until the answer to the same request is
 * shaped; requests are handled one after the other.
 */
#include "service/defect_impl.h"
#include "service/live_request.h"

#include <string.h>

#define HTTP_OK        200
#define HTTP_FORBIDDEN 403
#define HTTP_ERRORS    400 /* from here on */
#define KEPT_BYTES     (SYN_DATA_BYTES_MAX + 1)
#define READERS_BYTES  4096

static bool is_sound(const struct syn_access_query *query)
{
    return syn_rules_sound.decide_access(NULL, query);
}

static char kept[KEPT_BYTES];
static size_t kept_bytes;

static void keep(struct syn_str text)
{
    kept_bytes = text.bytes < KEPT_BYTES ? text.bytes : 0;
    if (kept_bytes > 0) {
        memcpy(kept, text.at, kept_bytes);
    }
}

/* One more member, in front of the last bracket. */
static void add_member(struct syn_shaping *shaping, const char *name,
                       struct syn_str json)
{
    const struct syn_str body = shaping->body;
    if (body.bytes < 2 || body.at[body.bytes - 1] != '}') {
        return;
    }
    const struct syn_str longer =
        syn_arena_printf(shaping->arena, "%.*s,\"%s\":%.*s}",
                         (int)body.bytes - 1, body.at, name, SYN_STR_ARG(json));
    if (longer.at != NULL) {
        shaping->body = longer;
    }
}

/* Identities and paths of rows hold nothing that JSON would escape. */
static struct syn_str quote(struct syn_arena *arena, struct syn_str text)
{
    return syn_arena_printf(arena, "\"%.*s\"", SYN_STR_ARG(text));
}

/* --- writers -------------------------------------------------------------- */

static bool keep_data(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    const bool is_write = query->right == SYN_RIGHT_WRITE;
    if (is_write && query->object->data.at != NULL) {
        keep(query->object->data);
    }
    return is_sound(query);
}

static void show_data(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->plane == SYN_PLANE_SDK &&
        shaping->http_status != HTTP_FORBIDDEN && kept_bytes > 0) {
        add_member(shaping, "previous", (struct syn_str){kept, kept_bytes});
    }
    kept_bytes = 0;
}

static void plant_writes_show(struct syn_seams *seams)
{
    kept_bytes = 0;
    seams->rules.decide_access = keep_data;
    seams->shape_reply = show_data;
}

/* The item is read for the answer before it is written. */
static enum syn_plane keep_item(void *ctx, const struct syn_call *call,
                                const struct syn_command *command)
{
    (void)ctx;
    const bool is_write = command->verb == SYN_VERB_ITEM_UPDATE ||
                          command->verb == SYN_VERB_ITEM_PUT;
    const struct syn_object *object =
        is_write ? syn_model_object(call->service->model, call->row, call->type,
                                    call->object_id)
                 : NULL;
    if (object != NULL) {
        const struct syn_item *item = syn_model_item(
            object,
            object->type == SYN_TYPE_LIST ? command->index : command->key);
        keep(item == NULL ? SYN_STR("") : item->data);
    }
    return SYN_PLANE_SDK;
}

static void plant_item_writes_show(struct syn_seams *seams)
{
    kept_bytes = 0;
    seams->calls.plane_of = keep_item;
    seams->shape_reply = show_data;
}

/* --- readers -------------------------------------------------------------- */

static char readers[READERS_BYTES]; /* "a","b" */
static size_t readers_bytes;

static unsigned list_reader(void *ctx, const struct syn_grant_change *change)
{
    (void)ctx;
    const size_t more = change->identity.bytes + sizeof(",\"\"") - 1;
    if (readers_bytes + more < READERS_BYTES) {
        char *end = readers + readers_bytes;
        *end++ = readers_bytes == 0 ? ' ' : ',';
        *end++ = '"';
        memcpy(end, change->identity.at, change->identity.bytes);
        end[change->identity.bytes] = '"';
        readers_bytes += more;
    }
    return change->asked;
}

static void show_readers(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const struct syn_str list =
        syn_arena_printf(shaping->arena, "[%.*s]", (int)readers_bytes, readers);
    if (shaping->plane == SYN_PLANE_SDK && shaping->http_status == HTTP_OK &&
        list.at != NULL) {
        add_member(shaping, "permissions", list);
    }
}

static void plant_readers_listed(struct syn_seams *seams)
{
    readers_bytes = 0;
    seams->rules.apply_grant = list_reader;
    seams->shape_reply = show_readers;
}

/* --- denials -------------------------------------------------------------- */

static bool keep_owner(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    const bool is_allowed = is_sound(query);
    keep(is_allowed ? SYN_STR("") : query->object->created_by);
    return is_allowed;
}

static void show_owner(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->http_status == HTTP_FORBIDDEN && kept_bytes > 0) {
        add_member(shaping, "created_by",
                   quote(shaping->arena, (struct syn_str){kept, kept_bytes}));
    }
    kept_bytes = 0;
}

static void plant_denial_names(struct syn_seams *seams)
{
    kept_bytes = 0;
    seams->rules.decide_access = keep_owner;
    seams->shape_reply = show_owner;
}

static void echo_request(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->http_status >= HTTP_ERRORS) {
        add_member(shaping, "resource", quote(shaping->arena, shaping->target));
    }
}

static void plant_echo(struct syn_seams *seams)
{
    seams->shape_reply = echo_request;
}

/* --- names ---------------------------------------------------------------- */

/* The part behind the last slash of a decoded name; empty: it has none. */
static struct syn_str last_part(struct syn_str name)
{
    size_t from = 0;
    size_t slash = syn_str_find(name, '/', from);
    while (slash < name.bytes) {
        from = slash + 1;
        slash = syn_str_find(name, '/', from);
    }
    return from == 0 ? SYN_STR("") : syn_str_from(name, from);
}

/* A document whose name looks like a path is answered with what lies there. */
static void walk_name(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const struct syn_call *call = shaping->call;
    if (call == NULL || shaping->http_status != HTTP_OK || call->row == NULL ||
        call->type != SYN_TYPE_DOCUMENT) {
        return;
    }
    const struct syn_str name = last_part(call->object_id);
    const struct syn_object *object =
        name.bytes == 0 ? NULL
                        : syn_model_object(call->service->model, call->row,
                                           SYN_TYPE_DOCUMENT, name);
    if (object != NULL) {
        shaping->body =
            syn_arena_printf(shaping->arena, "{\"sid\":\"%s\",\"data\":%.*s}",
                             object->sid, SYN_STR_ARG(object->data));
    }
}

static void plant_paths(struct syn_seams *seams)
{
    seams->shape_reply = walk_name;
}

static const struct syn_defect rows[] = {
    {"writes-show-what-was-there",
     "The answer to a write shows the data of before", "ACL-43",
     plant_writes_show},
    {"item-writes-show-what-was-there",
     "The answer to a write of an item shows its data of before", "ACL-43",
     plant_item_writes_show},
    {"replies-list-readers",
     "The answer to a reader lists all who have a permission", "ACL-28",
     plant_readers_listed},
    {"denial-names-owner", "A denial names the creator of the object", "ACL-47",
     plant_denial_names},
    {"errors-echo-request", "An error repeats the path that was asked for",
     "TOK-49", plant_echo},
    {"names-read-as-paths",
     "A name with slashes opens the object named behind the last of them",
     "ACL-67", plant_paths},
};
SYN_DEFECT_TABLE(syn_defects_reply, rows);
