/*
 * Requests for what is not there (SDK-09 to SDK-11).
 * What is missing is told apart from what is forbidden, whether a user opens,
 * changes or subscribes to it.
 */
#include "syn/scenario.h"

#define ITEM "note"

static bool created(struct syn_run *run, struct syn_thing *thing)
{
    return EXPECT_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, thing)));
}

/* SDK-09: "Missing object subscription fails 404 54100". */
static void missing_object(struct syn_run *run)
{
    const int codes[] = {[SYN_TYPE_DOCUMENT] = 54100,
                         [SYN_TYPE_LIST] = 54150,
                         [SYN_TYPE_MAP] = 54200,
                         [SYN_TYPE_STREAM] = 54250};
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing there = syn_run_thing(run, "there");
    struct syn_thing gone = syn_run_thing(run, "gone");
    REQUIRE(run, created(run, &there));
    REQUIRE(run, created(run, &gone));
    REQUIRE_ALLOWED(run, "backend removes one",
                    syn_backend_do(syn_run_backend(run), OP_ON(REMOVE, &gone)));
    EXPECT_CONTROL(run, "ann subscribes to what is there",
                   syn_client_subscribe(ann, &there, -2));
    struct syn_reply outcome = syn_client_subscribe(ann, &gone, -2);
    EXPECT_REFUSED(run, "ann subscribes to what is gone", outcome,
                   codes[gone.type]);
    EXPECT_INT(run, "its status", (int64_t)outcome.http, ==, 404);
}

/* SDK-10: "Unknown name open → 404 54300". */
static void unknown_name(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing known = syn_run_thing(run, "known");
    struct syn_thing unknown = syn_run_thing(run, "unknown");
    REQUIRE(run, created(run, &known));
    EXPECT_CONTROL(run, "ann opens a known name",
                   syn_client_do(ann, &(struct syn_action){.op = SYN_OP_OPEN,
                                                           .on = &known,
                                                           .by = SYN_BY_NAME}));
    struct syn_reply reply = syn_client_do(
        ann, &(struct syn_action){
                 .op = SYN_OP_OPEN, .on = &unknown, .by = SYN_BY_NAME});
    EXPECT_REFUSED(run, "ann opens an unknown name", reply, 54300);
    EXPECT_INT(run, "its status", (int64_t)reply.http, ==, 404);
}

/* SDK-11: "get/set/remove absent index and key". The SDK reads an item as a
 * page of at most one, so there absence is an empty page. */
static void missing_item(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "box");
    int code = thing.type == SYN_TYPE_MAP ? 54201 : 54151;
    const enum syn_op ops[] = {SYN_OP_ITEM_UPDATE, SYN_OP_ITEM_REMOVE};
    REQUIRE(run, created(run, &thing));
    struct syn_action item = {.op = SYN_OP_ITEM_ADD, .on = &thing, .key = ITEM};
    REQUIRE_ALLOWED(run, "ann adds an item", syn_client_do(ann, &item));
    item.op = SYN_OP_ITEM_READ;
    item.index = thing.item_index;
    struct syn_reply page = syn_client_do(ann, &item);
    REQUIRE_CONTROL(run, "ann reads it", page);
    EXPECT_TRUE(run, "the item is on the page",
                syn_reply_has(&page, "/items/0"));
    item.key = "absent";
    item.index = thing.item_index + 1;
    page = syn_client_do(ann, &item);
    EXPECT_ALLOWED(run, "ann reads an absent item", page);
    EXPECT_TRUE(run, "the page is empty", !syn_reply_has(&page, "/items/0"));
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        item.op = ops[i];
        const char *what =
            syn_run_text(run, "%s of an absent item", syn_op_name(item.op));
        struct syn_reply reply = syn_client_do(ann, &item);
        EXPECT_REFUSED(run, what, reply, code);
        EXPECT_INT(run, what, (int64_t)reply.http, ==, 404);
    }
}

#define REQUEST_ROW                                                \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED, \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN

static const struct syn_scenario rows[] = {
    {.id = "sdk/requests/missing-object",
     .title = "A subscription to what is gone fails as missing",
     .source = "SDK-09",
     REQUEST_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_ALL,
     .defect = "missing-subscription-forbidden",
     .run = missing_object},
    {.id = "sdk/requests/unknown-name",
     .title = "Opening an unknown name fails as missing",
     .source = "SDK-10",
     REQUEST_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_ALL,
     .defect = "missing-is-forbidden",
     .run = unknown_name},
    {.id = "sdk/requests/missing-item",
     .title = "An absent item reads as nothing and cannot be changed",
     .source = "SDK-11",
     REQUEST_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_CONTAINER,
     .defect = "missing-is-forbidden",
     .run = missing_item},
};
SYN_SUITE(sdk_requests, "Requests for what is not there", rows);
