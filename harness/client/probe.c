/*
 * probe.c - the table of ways to touch an object, and how to walk it.
 *
 * Written from the specification alone: it says what a request looks like and
 * which right it needs, never what a service does with it.
 */
#include "syn/probe.h"

#include <string.h>

#define DOCUMENT  SYN_TYPES_DOCUMENT
#define CONTAINER SYN_TYPES_CONTAINER
#define MAP       SYN_TYPE_BIT(SYN_TYPE_MAP)
#define STREAM    SYN_TYPE_BIT(SYN_TYPE_STREAM)
#define ALL       SYN_TYPES_ALL
#define READ      SYN_RIGHT_READ
#define WRITE     SYN_RIGHT_WRITE
#define MANAGE    SYN_RIGHT_MANAGE

static const struct syn_probe probes[] = {
    {"open by sid", SYN_OP_OPEN, SYN_BY_SID, ALL, READ, .is_promised = true},
    {"open by name", SYN_OP_OPEN, SYN_BY_NAME, ALL, READ, .is_promised = true},
    {"subscribe", SYN_OP_SUBSCRIBE, SYN_BY_SID, ALL, READ, .is_promised = true},
    {"item read by sid", SYN_OP_ITEM_READ, SYN_BY_SID, CONTAINER, READ,
     .is_promised = true},
    {"item read by name", SYN_OP_ITEM_READ, SYN_BY_NAME, CONTAINER, READ,
     .is_put = false},
    {"item fetched by its url", SYN_OP_ITEM_READ, SYN_BY_SID, CONTAINER, READ,
     .is_at_url = true},
    {"query of a further page", SYN_OP_QUERY, SYN_BY_SID, CONTAINER, READ,
     .is_from = true, .is_promised = true},
    {"query by sid", SYN_OP_QUERY, SYN_BY_SID, CONTAINER, READ,
     .is_promised = true},
    {"query by name", SYN_OP_QUERY, SYN_BY_NAME, CONTAINER, READ,
     .is_put = false},
    {"update by sid", SYN_OP_UPDATE, SYN_BY_SID, DOCUMENT, WRITE,
     .is_promised = true},
    {"update by name", SYN_OP_UPDATE, SYN_BY_NAME, DOCUMENT, WRITE,
     .is_put = false},
    {"ttl by sid", SYN_OP_TTL, SYN_BY_SID, ALL, WRITE, .is_promised = true},
    {"ttl by name", SYN_OP_TTL, SYN_BY_NAME, ALL, WRITE, .is_put = false},
    {"item update", SYN_OP_ITEM_UPDATE, SYN_BY_SID, CONTAINER, WRITE,
     .is_promised = true},
    {"item set (PUT)", SYN_OP_ITEM_UPDATE, SYN_BY_SID, MAP, WRITE,
     .is_put = true, .is_promised = true},
    {"item ttl", SYN_OP_ITEM_TTL, SYN_BY_SID, CONTAINER, WRITE,
     .is_promised = true},
    {"item add", SYN_OP_ITEM_ADD, SYN_BY_SID, CONTAINER, WRITE,
     .is_promised = true},
    {"item add by name", SYN_OP_ITEM_ADD, SYN_BY_NAME, CONTAINER, WRITE,
     .is_put = false},
    {"item remove", SYN_OP_ITEM_REMOVE, SYN_BY_SID, CONTAINER, WRITE,
     .is_promised = true},
    {"publish by sid", SYN_OP_PUBLISH, SYN_BY_SID, STREAM, WRITE,
     .is_promised = true},
    {"publish by name", SYN_OP_PUBLISH, SYN_BY_NAME, STREAM, WRITE,
     .is_put = false},
    {"remove by name", SYN_OP_REMOVE, SYN_BY_NAME, ALL, MANAGE,
     .is_put = false},
    {"remove by sid", SYN_OP_REMOVE, SYN_BY_SID, ALL, MANAGE,
     .is_promised = true},
};

/* Long enough not to run out under a row, short enough to clean up after it. */
#define PROBE_TTL_S 3600

const struct syn_probe *syn_probe_next(enum syn_type type, size_t *cursor)
{
    const size_t count = sizeof(probes) / sizeof(probes[0]);
    while (*cursor < count) {
        const struct syn_probe *probe = &probes[(*cursor)++];
        if ((probe->types & SYN_TYPE_BIT(type)) != 0) {
            return probe;
        }
    }
    return NULL;
}

/* Each addition to a map needs a key of its own. */
static const char *key_of(const struct syn_probe *probe)
{
    if (probe->op != SYN_OP_ITEM_ADD) {
        return SYN_PROBE_KEY;
    }
    return probe->by == SYN_BY_NAME ? "added-by-name" : "added";
}

struct syn_reply syn_probe_do(struct syn_client *client,
                              const struct syn_probe *probe,
                              struct syn_thing *thing)
{
    if (probe->op == SYN_OP_SUBSCRIBE) {
        return syn_client_subscribe(client, thing, -2);
    }
    bool has_ttl = probe->op == SYN_OP_TTL || probe->op == SYN_OP_ITEM_TTL;
    struct syn_thing seed = *thing; /* an added item does not become the seed */
    struct syn_action action = {
        .op = probe->op,
        .on = probe->op == SYN_OP_ITEM_ADD ? &seed : thing,
        .by = probe->by,
        .key = key_of(probe),
        .index = thing->item_index,
        .has_ttl = has_ttl,
        .ttl_s = has_ttl ? PROBE_TTL_S : 0,
        .is_put = probe->is_put,
        .is_at_url = probe->is_at_url,
        .is_from = probe->is_from,
    };
    return syn_client_do(client, &action);
}

struct syn_reply syn_probe_prepare(struct syn_backend *backend,
                                   struct syn_thing *thing)
{
    struct syn_reply made = syn_backend_do(
        backend, &(struct syn_action){.op = SYN_OP_CREATE, .on = thing});
    bool has_items = (SYN_TYPE_BIT(thing->type) & CONTAINER) != 0;
    if (!syn_reply_is_ok(&made) || !has_items) {
        return made;
    }
    return syn_backend_do(backend, &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                                        .on = thing,
                                                        .key = SYN_PROBE_KEY});
}
