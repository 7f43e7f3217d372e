/*
 * What the replies to writes disclose (ACL-43).
 * To write is no right to read: the reply tells that it was done, not what
 * had been stored.
 */
#include "syn/scenario.h"

#define KEY   "seed"
#define TTL_S 600

/* A container with one item of the backend's; ann may write, never read. */
static bool is_made(struct syn_run *run, struct syn_thing *thing,
                    struct syn_client *ann)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_action add = {.op = SYN_OP_ITEM_ADD, .on = thing, .key = KEY};
    return EXPECT_ALLOWED(run, "backend creates",
                          syn_backend_do(backend, OP_ON(CREATE, thing))) &&
           EXPECT_ALLOWED(run, "backend adds an item",
                          syn_backend_do(backend, &add)) &&
           EXPECT_ALLOWED(run, "backend grants write alone",
                          syn_backend_grant(backend, thing,
                                            syn_client_identity(ann),
                                            SYN_RIGHT_WRITE));
}

/* The item does hold the canary, or its absence elsewhere means nothing. */
static bool is_stored(struct syn_run *run, struct syn_thing *thing)
{
    struct syn_action read = {.op = SYN_OP_ITEM_READ,
                              .on = thing,
                              .key = KEY,
                              .index = thing->item_index};
    struct syn_reply shown = syn_backend_do(syn_run_backend(run), &read);
    return EXPECT_CONTROL(run, "backend fetches the item", shown) &&
           EXPECT_TRUE(run, "the item holds the canary",
                       syn_reply_has_text(&shown, thing->canary));
}

/* ACL-43: "A write-only identity learns no stored data from write responses":
 * `op` by ann is done, and neither its reply nor its session shows the item. */
static void expect_mute(struct syn_run *run, enum syn_op op)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "drop-box");
    REQUIRE(run, is_made(run, &thing, ann));
    REQUIRE(run, is_stored(run, &thing));
    struct syn_action write = {.op = op,
                               .on = &thing,
                               .key = KEY,
                               .index = thing.item_index,
                               .has_ttl = op == SYN_OP_ITEM_TTL,
                               .ttl_s = TTL_S};
    struct syn_reply done = syn_client_do(ann, &write);
    REQUIRE_CONTROL(run, syn_run_text(run, "ann: %s", syn_op_name(op)), done);
    EXPECT_TRUE(run, "the reply has no member data",
                !syn_reply_has(&done, "/data"));
    EXPECT_TRUE(run, "the reply shows nothing of what was stored",
                !syn_reply_has_text(&done, thing.canary));
    EXPECT_TRUE(run, "nor does any frame of ann's session",
                !syn_client_saw(ann, thing.canary));
    EXPECT_DENIED(
        run, "ann fetches the item",
        syn_client_do(ann, &(struct syn_action){.op = SYN_OP_ITEM_READ,
                                                .on = &thing,
                                                .key = KEY,
                                                .index = thing.item_index}),
        &thing);
}

static void removal(struct syn_run *run)
{
    expect_mute(run, SYN_OP_ITEM_REMOVE);
}

static void ttl_alone(struct syn_run *run)
{
    expect_mute(run, SYN_OP_ITEM_TTL);
}

#define DISCLOSURE_ROW                                                      \
    .level = SYN_LEVEL_SHOULD, .subject = SYN_SUBJECT_SERVICE,              \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED, \
    .acl_on = true, .types = SYN_TYPES_CONTAINER

static const struct syn_scenario rows[] = {
    {.id = "acl/disclosure/removal",
     .title = "Who may only write removes an item without being shown it",
     .source = "ACL-43",
     DISCLOSURE_ROW,
     .defect = "field-removal-reply-shows-data",
     .run = removal},
    {.id = "acl/disclosure/ttl-alone",
     .title = "Who may only write dates an item without being shown it",
     .source = "ACL-43",
     DISCLOSURE_ROW,
     .defect = "field-ttl-reply-shows-data",
     .run = ttl_alone},
};
SYN_SUITE(acl_disclosure, "What replies to writes disclose", rows);
