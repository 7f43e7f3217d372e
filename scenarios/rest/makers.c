/*
 * Who made something (REST-11).
 * Audits and gates look for squatters by `created_by`, long after the client
 * that made the thing has gone.
 */
#include "syn/scenario.h"

#define KEY    "item"
#define OTHERS 3

static struct syn_str maker_of(struct syn_run *run, struct syn_thing *thing,
                               bool is_item)
{
    const struct syn_action read = {.op = is_item ? SYN_OP_ITEM_READ
                                                  : SYN_OP_OPEN,
                                    .on = thing,
                                    .key = KEY,
                                    .index = thing->item_index};
    struct syn_reply reply = syn_backend_do(syn_run_backend(run), &read);
    return EXPECT_ALLOWED(run, "the backend reads it", reply)
               ? syn_reply_str(&reply, "/created_by")
               : SYN_STR("");
}

/* REST-11: "the token identity", also when its session is over and others have
 * come in its place. */
static void outlives(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    const struct syn_str name = syn_str_of(syn_client_identity(ann));
    struct syn_thing thing = syn_run_thing(run, "kept");
    const bool has_items =
        (SYN_TYPE_BIT(thing.type) & SYN_TYPES_CONTAINER) != 0;
    REQUIRE_CONTROL(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    if (has_items) {
        REQUIRE_CONTROL(
            run, "ann adds an item",
            syn_client_do(ann, &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                                    .on = &thing,
                                                    .key = KEY}));
    }
    syn_client_close(ann);
    for (unsigned i = 0; i < OTHERS; i++) {
        struct syn_client *other =
            syn_run_client(run, syn_run_text(run, "eve-%u", i));
        REQUIRE_CONTROL(run, "another opens it",
                        syn_client_do(other, OP_ON(OPEN, &thing)));
        syn_client_close(other);
    }
    EXPECT_STR(run, "who made it", maker_of(run, &thing, false), ==, name);
    if (has_items) {
        EXPECT_STR(run, "who made the item", maker_of(run, &thing, true), ==,
                   name);
    }
}

static const struct syn_scenario rows[] = {
    {.id = "rest/makers/outlives-session",
     .title = "Who made something is still told when the maker is gone",
     .source = "REST-11",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .types = SYN_TYPES_ALL,
     .estimate_s = 2,
     .defect = "made-by-backend",
     .run = outlives},
};
SYN_SUITE(rest_makers, "Who made something", rows);
