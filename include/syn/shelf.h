/*
 * shelf.h - a list or map of five items, filled out of order.
 * Layer: public. Threads: the row's. Source: sdk-protocol.md section 8.
 *
 * For rows about pages, order and addresses of items over the SDK plane. The
 * keys are such that a sort by anything but code points, or a path that is put
 * together carelessly, shows.
 */
#ifndef SYN_SHELF_H
#define SYN_SHELF_H

#include "syn/client.h"
#include "syn/scenario.h"

#include <stdbool.h>

#define SYN_SHELF_ITEMS 5

/* Keys of a map's items, in the order of code points. */
extern const char *const syn_shelf_keys[SYN_SHELF_ITEMS];

/* "/v3/Services/IS…/Maps/MP…" of a thing that has its sid; owned by the row. */
const char *syn_shelf_path(struct syn_run *run, const struct syn_thing *thing);

/* Make `thing` and its items as `user`; `items` is the path of all of them.
 * False: something was refused, and that is recorded. */
bool syn_shelf_fill(struct syn_run *run, struct syn_client *user,
                    struct syn_thing *thing, const char **items);

#endif
