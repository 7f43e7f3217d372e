/*
 * inventory.h - what a service holds, read by GETs alone.
 * Layer: public. Threads: the row's. Source: rest.md sections 2 and 3.
 *
 * Rows about the set-up of a service judge this picture, and so will the verb
 * `audit`. Nothing is created, changed or subscribed to.
 */
#ifndef SYN_INVENTORY_H
#define SYN_INVENTORY_H

#include "syn/client.h"
#include "syn/object.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>

struct syn_inventory_grant {
    struct syn_str identity;
    unsigned rights; /* SYN_RIGHT_… */
};

struct syn_inventory_object {
    enum syn_type type;
    struct syn_str sid;
    struct syn_str name;       /* empty: none */
    struct syn_str created_by; /* "system": the backend */
    bool expires;              /* it has a TTL */
    size_t item_count;         /* on the first page of its items */
    size_t lasting_items;      /* of these, without a TTL */
    const struct syn_inventory_grant *grants;
    size_t grant_count;
};

struct syn_inventory {
    bool is_acl_on;
    struct syn_str webhook_url; /* empty: none */
    const struct syn_inventory_object *objects;
    size_t object_count;
    bool is_cut; /* more than SYN_INVENTORY_OBJECTS_MAX objects */
};

/* Read a service. The reply is that of the first request that was
 * not answered with 2xx, or that of the service itself; *out belongs to the
 * row and is whole only when syn_reply_is_ok. */
struct syn_reply syn_inventory_read(struct syn_backend *backend,
                                    const char *service_sid,
                                    struct syn_inventory *out);

/* Does a client hold all of `rights` on it? As the one that made it, which has
 * every right, or by a grant. */
bool syn_inventory_has(const struct syn_inventory_object *object,
                       struct syn_str identity, unsigned rights);

/* How many clients hold all of `rights` on it. */
size_t syn_inventory_holders(const struct syn_inventory_object *object,
                             unsigned rights);

#endif
