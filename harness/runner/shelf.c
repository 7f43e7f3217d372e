/*
 * shelf.c - a list or map of five items (include/syn/shelf.h).
 * Layer: runner. Threads: the row's.
 */
#include "syn/shelf.h"

const char *const syn_shelf_keys[SYN_SHELF_ITEMS] = {".", "/", "B", "a",
                                                     "\xC3\xA9"};

/* The order in which they are added. */
static const size_t mixed[SYN_SHELF_ITEMS] = {3, 0, 4, 2, 1};

const char *syn_shelf_path(struct syn_run *run, const struct syn_thing *thing)
{
    return syn_run_text(run, "/v3/Services/%s/%s/%s", syn_run_service(run),
                        syn_backend_kind(thing->type), thing->sid);
}

bool syn_shelf_fill(struct syn_run *run, struct syn_client *user,
                    struct syn_thing *thing, const char **items)
{
    *thing = syn_run_thing(run, "listed");
    bool is_done = EXPECT_ALLOWED(run, "ann creates",
                                  syn_client_do(user, OP_ON(CREATE, thing)));
    for (size_t i = 0; is_done && i < SYN_SHELF_ITEMS; i++) {
        struct syn_action add = {.op = SYN_OP_ITEM_ADD,
                                 .on = thing,
                                 .key = syn_shelf_keys[mixed[i]],
                                 .data = "{\"n\":1}"};
        is_done =
            EXPECT_ALLOWED(run, "ann adds an item", syn_client_do(user, &add));
    }
    *items = syn_run_text(run, "%s/Items", syn_shelf_path(run, thing));
    return is_done;
}
