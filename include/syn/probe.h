/*
 * probe.h - every way to touch an object over the SDK plane, as a table.
 * Layer: public. Threads: constants; syn_probe_do runs in the row.
 * Source: rest.md section 7.3, sdk-protocol.md section 8.
 *
 * Rows about access walk this table instead of naming operations, so that an
 * operation, an addressing or a method forgotten by a service is found by
 * every row. The order is that of growing damage: removal comes last.
 */
#ifndef SYN_PROBE_H
#define SYN_PROBE_H

#include "syn/client.h"
#include "syn/object.h"
#include "syn/scenario.h"

#include <stdbool.h>
#include <stddef.h>

struct syn_probe {
    const char *name; /* "open by name", "item set (PUT)" */
    enum syn_op op;
    enum syn_addressing by;
    unsigned types; /* SYN_TYPES_… it applies to */
    unsigned right; /* the one right it needs */
    bool is_put;
    bool is_at_url;   /* an item by its url */
    bool is_from;     /* a further page, as clients ask for it */
    bool is_promised; /* documents promise success with the right; else only
                         its denial is judged (writes by name) */
};

/* The probes of `type`, one after the other; NULL at the end. Start with
 * *cursor = 0. */
const struct syn_probe *syn_probe_next(enum syn_type type, size_t *cursor);

/*
 * Do it. Item probes use the item that `thing` remembers, or the map key
 * SYN_PROBE_KEY; ITEM_ADD makes another item. On a subscription the reply is
 * the notification's.
 */
struct syn_reply syn_probe_do(struct syn_client *client,
                              const struct syn_probe *probe,
                              struct syn_thing *thing);

/* Key of the item that a row puts into a map before probing it. */
#define SYN_PROBE_KEY "seed"

/* Create `thing` over REST, with one item in a list or map. True when done. */
struct syn_reply syn_probe_prepare(struct syn_backend *backend,
                                   struct syn_thing *thing);

/*
 * Walk the probes: those whose right is in `rights` must succeed (weight
 * CONTROL: they also prove that the denials mean something), all others must be
 * denied and disclose nothing. Ends after a removal that succeeded. True when
 * everything held.
 */
bool syn_expect_rights(struct syn_run *run, struct syn_site site,
                       struct syn_client *client, struct syn_thing *thing,
                       unsigned rights);

#define EXPECT_RIGHTS(run, client, thing, rights) \
    syn_expect_rights(run, SYN_SITE, client, thing, rights)

#endif
