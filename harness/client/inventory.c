/*
 * inventory.c - walk the collections of a service, page by page.
 *
 * Pages are followed by their own `next_page_url`, reduced to its path: a
 * service may name itself by a host that we do not reach it by.
 */
#include "syn/inventory.h"

#include "base/json.h"
#include "client/parts.h"
#include "client/world.h"
#include "syn/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKEND    "system" /* created_by of what REST made */
#define ROOT_BYTES 128

struct walk {
    struct syn_backend *backend;
    struct syn_arena *arena;
    struct syn_reply fault; /* the first that was not answered with 2xx */
    bool has_fault;
    struct syn_str service; /* path of the service */
};

/* Called for each element of each page; false ends the walk. */
typedef bool (*take_fn)(struct walk *walk, const struct syn_json *node,
                        void *ctx);

static struct syn_reply ask(struct walk *walk, const char *path)
{
    struct syn_reply reply =
        syn_backend_call(walk->backend, "GET", path, NULL, NULL);
    if (!syn_reply_is_ok(&reply) && !walk->has_fault) {
        walk->has_fault = true;
        walk->fault = reply;
    }
    return reply;
}

/* "https://host/v1/…" to "/v1/…". */
static struct syn_str path_of(struct syn_str url)
{
    size_t at = syn_str_find(url, ':', 0);
    at = at == url.bytes ? 0 : at + sizeof "://" - 1;
    return syn_str_from(url, syn_str_find(url, '/', at));
}

static const struct syn_json *parse(struct walk *walk,
                                    const struct syn_reply *reply)
{
    const struct syn_json *tree = NULL;
    if (syn_json_parse(walk->arena, reply->body, NULL, &tree, NULL) != SYN_OK) {
        return NULL;
    }
    return tree;
}

/* All pages of a collection; `key` names the array of an element page. */
static void walk_pages(struct walk *walk, struct syn_str path, const char *key,
                       take_fn take, void *ctx)
{
    struct syn_str next = syn_arena_printf(
        walk->arena, "%.*s?PageSize=%d", SYN_STR_ARG(path), SYN_PAGE_SIZE_MAX);
    bool goes_on = true;
    for (unsigned page = 0;
         goes_on && next.bytes > 0 && page < SYN_INVENTORY_PAGES_MAX; page++) {
        struct syn_reply reply = ask(walk, syn_arena_dup(walk->arena, next).at);
        const struct syn_json *tree =
            walk->has_fault ? NULL : parse(walk, &reply);
        const struct syn_json *node =
            syn_json_first(syn_json_member(tree, key));
        for (; goes_on && node != NULL; node = syn_json_next(node)) {
            goes_on = take(walk, node, ctx);
        }
        next = path_of(syn_json_str(syn_json_at(tree, "/meta/next_page_url"),
                                    SYN_STR("")));
    }
}

/* --- grants and items -----------------------------------------------------
 */

struct grants {
    struct syn_inventory_grant *at; /* heap while it grows */
    size_t count;
    size_t capacity;
};

static bool take_grant(struct walk *walk, const struct syn_json *node,
                       void *ctx)
{
    struct grants *grants = ctx;
    (void)walk;
    if (grants->count == SYN_INVENTORY_GRANTS_MAX) {
        return false;
    }
    if (grants->count == grants->capacity) {
        size_t wanted = grants->capacity == 0 ? 8 : 2 * grants->capacity;
        struct syn_inventory_grant *longer =
            realloc(grants->at, wanted * sizeof *longer);
        SYN_ASSERT(longer != NULL);
        grants->at = longer;
        grants->capacity = wanted;
    }
    const struct {
        const char *name;
        unsigned right;
    } flags[] = {{"read", SYN_RIGHT_READ},
                 {"write", SYN_RIGHT_WRITE},
                 {"manage", SYN_RIGHT_MANAGE}};
    struct syn_inventory_grant *grant = &grants->at[grants->count++];
    *grant = (struct syn_inventory_grant){
        .identity =
            syn_json_str(syn_json_member(node, "identity"), SYN_STR(""))};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        grant->rights |=
            syn_json_bool(syn_json_member(node, flags[i].name), false)
                ? flags[i].right
                : 0u;
    }
    return true;
}

static void read_grants(struct walk *walk, struct syn_str path,
                        struct syn_inventory_object *object)
{
    struct grants grants = {.count = 0};
    struct syn_str where =
        syn_arena_printf(walk->arena, "%.*s/Permissions", SYN_STR_ARG(path));
    walk_pages(walk, where, "permissions", take_grant, &grants);
    struct syn_inventory_grant *kept =
        syn_arena_array(walk->arena, grants.count, sizeof *kept);
    SYN_ASSERT(kept != NULL);
    if (grants.count > 0) {
        memcpy(kept, grants.at, grants.count * sizeof *kept);
    }
    free(grants.at);
    object->grants = kept;
    object->grant_count = grants.count;
}

static bool has_date(const struct syn_json *node)
{
    return syn_json_is(syn_json_member(node, "date_expires"), SYN_JSON_STRING);
}

/* The first page tells enough: whether anybody gives items a TTL. */
static void read_items(struct walk *walk, struct syn_str path,
                       struct syn_inventory_object *object)
{
    struct syn_str where =
        syn_arena_printf(walk->arena, "%.*s/Items?PageSize=%d",
                         SYN_STR_ARG(path), SYN_PAGE_SIZE_MAX);
    struct syn_reply reply = ask(walk, where.at);
    const struct syn_json *tree = walk->has_fault ? NULL : parse(walk, &reply);
    const struct syn_json *node =
        syn_json_first(syn_json_member(tree, "items"));
    for (; node != NULL; node = syn_json_next(node)) {
        object->item_count++;
        object->lasting_items += has_date(node) ? 0 : 1;
    }
}

/* --- objects --------------------------------------------------------------
 */

struct objects {
    enum syn_type type;
    struct syn_inventory_object *at; /* SYN_INVENTORY_OBJECTS_MAX of them */
    size_t count;
    bool is_cut;
};

static bool take_object(struct walk *walk, const struct syn_json *node,
                        void *ctx)
{
    struct objects *objects = ctx;
    if (objects->count == SYN_INVENTORY_OBJECTS_MAX) {
        objects->is_cut = true;
        return false;
    }
    struct syn_inventory_object *object = &objects->at[objects->count++];
    *object = (struct syn_inventory_object){
        .type = objects->type,
        .sid = syn_json_str(syn_json_member(node, "sid"), SYN_STR("")),
        .name = syn_json_str(syn_json_member(node, "unique_name"), SYN_STR("")),
        .created_by =
            syn_json_str(syn_json_member(node, "created_by"), SYN_STR("")),
        .expires = has_date(node)};
    struct syn_str path = syn_arena_printf(
        walk->arena, "%.*s/%s/%.*s", SYN_STR_ARG(walk->service),
        syn_backend_kind(objects->type), SYN_STR_ARG(object->sid));
    if ((SYN_TYPES_GRANTED & SYN_TYPE_BIT(object->type)) != 0) {
        read_grants(walk, path, object);
    }
    if ((SYN_TYPES_CONTAINER & SYN_TYPE_BIT(object->type)) != 0) {
        read_items(walk, path, object);
    }
    return !walk->has_fault;
}

static void read_objects(struct walk *walk, struct syn_inventory *out)
{
    struct objects objects = {.at = syn_arena_array(walk->arena,
                                                    SYN_INVENTORY_OBJECTS_MAX,
                                                    sizeof *objects.at)};
    SYN_ASSERT(objects.at != NULL);
    for (unsigned t = 0; t < SYN_TYPE_COUNT && !walk->has_fault; t++) {
        struct syn_str path =
            syn_arena_printf(walk->arena, "%.*s/%s", SYN_STR_ARG(walk->service),
                             syn_backend_kind((enum syn_type)t));
        objects.type = (enum syn_type)t;
        walk_pages(walk, path, syn_backend_member((enum syn_type)t),
                   take_object, &objects);
    }
    out->objects = objects.at;
    out->object_count = objects.count;
    out->is_cut = objects.is_cut;
}

struct syn_reply syn_inventory_read(struct syn_backend *backend,
                                    const char *service_sid,
                                    struct syn_inventory *out)
{
    char root[ROOT_BYTES];
    struct walk walk = {.backend = backend, .service = {root, 0}};
    int bytes = snprintf(root, sizeof root, "/v1/Services/%s", service_sid);
    SYN_ASSERT(bytes > 0 && (size_t)bytes < sizeof root);
    walk.service.bytes = (size_t)bytes;
    struct syn_reply service = ask(&walk, root);
    walk.arena = service.arena;
    *out = (struct syn_inventory){
        .is_acl_on = syn_reply_is_true(&service, "/acl_enabled"),
        .webhook_url = syn_reply_str(&service, "/webhook_url")};
    if (!walk.has_fault) {
        read_objects(&walk, out);
    }
    return walk.has_fault ? walk.fault : service;
}

/* --- who holds what -------------------------------------------------------
 */

static bool is_client(struct syn_str creator)
{
    return creator.bytes > 0 && !syn_str_is(creator, BACKEND);
}

bool syn_inventory_has(const struct syn_inventory_object *object,
                       struct syn_str identity, unsigned rights)
{
    /* A row for the creator replaces what it has by default. */
    bool holds = is_client(object->created_by) &&
                 syn_str_is_equal(object->created_by, identity);
    for (size_t i = 0; i < object->grant_count; i++) {
        if (syn_str_is_equal(object->grants[i].identity, identity)) {
            holds = (object->grants[i].rights & rights) == rights;
        }
    }
    return holds;
}

size_t syn_inventory_holders(const struct syn_inventory_object *object,
                             unsigned rights)
{
    bool is_granted = false;
    size_t count = 0;
    for (size_t i = 0; i < object->grant_count; i++) {
        count += (object->grants[i].rights & rights) == rights ? 1 : 0;
        is_granted = is_granted || syn_str_is_equal(object->grants[i].identity,
                                                    object->created_by);
    }
    bool counts_creator = is_client(object->created_by) && !is_granted;
    return count + (counts_creator ? 1 : 0);
}
