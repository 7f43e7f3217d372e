/*
 * parts.c - kinds, segments, made-up data, what answers teach.
 */
#include "client/parts.h"
#include "base/json.h"
#include "net/http.h"

#include <string.h>

const char *syn_backend_kind(enum syn_type type)
{
    static const char *const kinds[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = "Documents",
        [SYN_TYPE_LIST] = "Lists",
        [SYN_TYPE_MAP] = "Maps",
        [SYN_TYPE_STREAM] = "Streams",
    };
    SYN_ASSERT((unsigned)type < SYN_TYPE_COUNT);
    return kinds[type];
}

const char *syn_backend_member(enum syn_type type)
{
    static const char *const members[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = "documents",
        [SYN_TYPE_LIST] = "lists",
        [SYN_TYPE_MAP] = "maps",
        [SYN_TYPE_STREAM] = "streams"};
    SYN_ASSERT((unsigned)type < SYN_TYPE_COUNT);
    return members[type];
}

void syn_part_put_segment(struct syn_buf *buf, struct syn_str segment)
{
    if (syn_str_is(segment, ".") || syn_str_is(segment, "..")) {
        syn_buf_put_text(buf, segment.bytes == 1 ? "%2E" : "%2E%2E");
    } else {
        syn_http_encode(buf, segment);
    }
}

struct syn_str syn_part_id(const struct syn_thing *thing,
                           enum syn_addressing by)
{
    return by == SYN_BY_NAME ? thing->name : syn_str_of(thing->sid);
}

void syn_part_put_item(struct syn_buf *buf, const struct syn_action *action)
{
    if (action->on->type == SYN_TYPE_MAP) {
        syn_part_put_segment(buf, syn_str_of(action->key));
    } else {
        syn_buf_put_i64(buf, action->index);
    }
}

static bool make_canary(struct syn_world *world, struct syn_thing *thing)
{
    char hex[25];
    if (thing->canary.bytes == 0) {
        syn_rng_hex(world->rng, hex, sizeof hex - 1);
        thing->canary = syn_arena_printf(world->arena, "canary-%s", hex);
    }
    return thing->canary.at != NULL;
}

struct syn_str syn_part_data(struct syn_world *world,
                             const struct syn_action *action, uint64_t n)
{
    struct syn_buf buf;
    struct syn_str data = {0};
    if (action->data != NULL) {
        return syn_str_of(action->data);
    }
    if (!make_canary(world, action->on)) {
        return data;
    }
    syn_buf_init(&buf, NULL, SYN_PART_PATH_BYTES_MAX);
    syn_buf_put_text(&buf, "{\"canary\":");
    syn_json_put_string(&buf, action->on->canary);
    syn_buf_put_text(&buf, ",\"n\":");
    syn_buf_put_u64(&buf, n);
    syn_buf_put_text(&buf, "}");
    if (buf.status == SYN_OK) {
        data = syn_arena_dup(world->arena, syn_buf_str(&buf));
    }
    syn_buf_fini(&buf);
    return data;
}

bool syn_part_ttl(const struct syn_world *world,
                  const struct syn_action *action, int64_t *ttl_s)
{
    bool is_given = !action->has_ttl && !action->lasts && world->ttl_s > 0 &&
                    action->op == SYN_OP_CREATE;
    *ttl_s = is_given ? world->ttl_s : action->ttl_s;
    return is_given || action->has_ttl;
}

bool syn_part_is_collection(struct syn_str path)
{
    struct syn_str word = syn_str_part(path, 0, syn_str_find(path, '?', 0));
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        struct syn_str kind = syn_str_of(syn_backend_kind((enum syn_type)i));
        if (word.bytes > kind.bytes &&
            word.at[word.bytes - kind.bytes - 1] == '/' &&
            syn_str_is_equal(syn_str_from(word, word.bytes - kind.bytes),
                             kind)) {
            return true;
        }
    }
    return false;
}

/* Types that each operation applies to; 0: not a request. */
static const unsigned types_of[SYN_OP_COUNT] = {
    [SYN_OP_CREATE] = SYN_TYPES_ALL,
    [SYN_OP_OPEN] = SYN_TYPES_ALL,
    [SYN_OP_UPDATE] = SYN_TYPES_DOCUMENT,
    [SYN_OP_TTL] = SYN_TYPES_ALL,
    [SYN_OP_REMOVE] = SYN_TYPES_ALL,
    [SYN_OP_ITEM_READ] = SYN_TYPES_CONTAINER,
    [SYN_OP_QUERY] = SYN_TYPES_CONTAINER,
    [SYN_OP_ITEM_ADD] = SYN_TYPES_CONTAINER,
    [SYN_OP_ITEM_UPDATE] = SYN_TYPES_CONTAINER,
    [SYN_OP_ITEM_REMOVE] = SYN_TYPES_CONTAINER,
    [SYN_OP_ITEM_TTL] = SYN_TYPES_CONTAINER,
    [SYN_OP_PUBLISH] = SYN_TYPE_BIT(SYN_TYPE_STREAM),
};

static bool needs_item(enum syn_op op)
{
    return op == SYN_OP_ITEM_READ || op == SYN_OP_ITEM_ADD ||
           op == SYN_OP_ITEM_UPDATE || op == SYN_OP_ITEM_REMOVE ||
           op == SYN_OP_ITEM_TTL;
}

bool syn_part_is_possible(const struct syn_action *action)
{
    const struct syn_thing *thing = action->on;
    if (thing == NULL || (unsigned)action->op >= SYN_OP_COUNT ||
        (types_of[action->op] & SYN_TYPE_BIT(thing->type)) == 0) {
        return false;
    }
    if (action->op != SYN_OP_CREATE &&
        syn_part_id(thing, action->by).bytes == 0) {
        return false;
    }
    return !needs_item(action->op) || thing->type != SYN_TYPE_MAP ||
           action->key != NULL;
}

void syn_part_keep(char *out, size_t out_bytes, struct syn_str text)
{
    size_t bytes = text.bytes < out_bytes ? text.bytes : 0;
    if (bytes > 0) {
        memcpy(out, text.at, bytes);
    }
    out[bytes] = '\0';
}

static void learn_root(struct syn_thing *thing, const struct syn_reply *reply)
{
    struct syn_str sid = syn_reply_str(reply, "/sid");
    struct syn_str revision = syn_reply_str(reply, "/revision");
    if (sid.bytes > 0) {
        syn_part_keep(thing->sid, sizeof thing->sid, sid);
    }
    if (revision.bytes > 0) {
        syn_part_keep(thing->revision, sizeof thing->revision, revision);
    }
}

/* Items come alone, or as a page of at most one. */
static void learn_item(struct syn_thing *thing, const struct syn_reply *reply)
{
    bool is_page = syn_reply_has(reply, "/items");
    struct syn_str revision =
        syn_reply_str(reply, is_page ? "/items/0/revision" : "/revision");
    int64_t index =
        syn_reply_i64(reply, is_page ? "/items/0/index" : "/index", -1);
    if (revision.bytes > 0) {
        syn_part_keep(thing->item_revision, sizeof thing->item_revision,
                      revision);
    }
    if (thing->type == SYN_TYPE_LIST && index >= 0) {
        thing->item_index = index;
    }
}

void syn_part_learn(const struct syn_action *action,
                    const struct syn_reply *reply)
{
    static const enum syn_op roots[] = {SYN_OP_CREATE, SYN_OP_OPEN,
                                        SYN_OP_UPDATE, SYN_OP_TTL};
    static const enum syn_op items[] = {SYN_OP_ITEM_ADD, SYN_OP_ITEM_UPDATE,
                                        SYN_OP_ITEM_READ, SYN_OP_ITEM_TTL};
    if (!syn_reply_is_ok(reply)) {
        return;
    }
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        if (roots[i] == action->op) {
            learn_root(action->on, reply);
        }
    }
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        if (items[i] == action->op) {
            learn_item(action->on, reply);
        }
    }
}
