/*
 * What webhooks tell (WHK-01, WHK-04 to WHK-06).
 * Every change that a user makes is posted to the service's URL, with who did
 * it, from where, and to what.
 */
#include "syn/hook.h"
#include "syn/scenario.h"

#define MUTATIONS    10
#define EVENT_ID_MAX INT64_MAX

/* The n-th webhook of the thing, which must be of this operation. */
static const struct syn_sink_record *told(struct syn_run *run,
                                          const struct syn_thing *thing,
                                          enum syn_op op, size_t index)
{
    const struct syn_hook_match match = {
        .event_type = syn_hook_event(thing->type, op), .on = thing};
    const struct syn_sink_record *record =
        syn_run_hook_await(run, &match, index);
    EXPECT_TRUE(run, syn_run_text(run, "a %s comes", match.event_type),
                record != NULL);
    return record;
}

static struct syn_str account_of(struct syn_run *run)
{
    struct syn_reply service = syn_backend_call(
        syn_run_backend(run), "GET",
        syn_run_text(run, "/v1/Services/%s", syn_run_service(run)), NULL, NULL);
    EXPECT_CONTROL(run, "backend reads the service", service);
    return syn_reply_str(&service, "/account_sid");
}

/* WHK-01: "sink gets AccountSid, ServiceSid, EventType, Identity,
 * EndpointId". One session is one endpoint. */
static void common_parameters(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "board");
    struct syn_str account = account_of(run);
    struct syn_str endpoint = {NULL, 0};
    REQUIRE(run, syn_run_hook_live(run, ann, &thing));
    const enum syn_op *op = syn_hook_life(thing.type);
    for (; *op != SYN_OP_COUNT; op++) {
        const struct syn_sink_record *record = told(run, &thing, *op, 0);
        REQUIRE(run, record != NULL);
        struct syn_str from = syn_sink_param(record, "EndpointId");
        EXPECT_STR(run, "method", record->method, ==, SYN_STR("POST"));
        EXPECT_TRUE(run, "it is a form", record->is_form);
        EXPECT_STR(run, "AccountSid", syn_sink_param(record, "AccountSid"), ==,
                   account);
        EXPECT_STR(run, "ServiceSid", syn_sink_param(record, "ServiceSid"), ==,
                   syn_str_of(syn_run_service(run)));
        EXPECT_STR(run, "Identity", syn_sink_param(record, "Identity"), ==,
                   syn_str_of(syn_client_identity(ann)));
        EXPECT_TRUE(run, "EndpointId is there", from.bytes > 0);
        endpoint = endpoint.at == NULL ? from : endpoint;
        EXPECT_STR(run, "EndpointId", from, ==, endpoint);
    }
}

static void expect_document(struct syn_run *run,
                            const struct syn_sink_record *record,
                            const struct syn_thing *thing,
                            const struct syn_reply *reply)
{
    EXPECT_STR(run, "DocumentUniqueName",
               syn_sink_param(record, "DocumentUniqueName"), ==, thing->name);
    if (reply != NULL) {
        EXPECT_STR(run, "DocumentRevision",
                   syn_sink_param(record, "DocumentRevision"), ==,
                   syn_reply_str(reply, "/revision"));
    }
}

/* WHK-04: "Document events carry sid, name, revision, data (not on
 * removed)". */
static void document_parameters(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "card");
    const char *marks[] = {
        syn_run_text(run, "%.*s-made", SYN_STR_ARG(thing.canary)),
        syn_run_text(run, "%.*s-changed", SYN_STR_ARG(thing.canary))};
    struct syn_action make = {
        .op = SYN_OP_CREATE,
        .on = &thing,
        .data = syn_run_text(run, "{\"mark\":\"%s\"}", marks[0])};
    struct syn_action change = make;
    change.op = SYN_OP_UPDATE;
    change.data = syn_run_text(run, "{\"mark\":\"%s\"}", marks[1]);
    struct syn_reply made = syn_client_do(ann, &make);
    REQUIRE_CONTROL(run, "ann creates", made);
    struct syn_reply changed = syn_client_do(ann, &change);
    REQUIRE_CONTROL(run, "ann updates", changed);
    REQUIRE_CONTROL(run, "ann removes",
                    syn_client_do(ann, OP_ON(REMOVE, &thing)));
    const struct syn_sink_record *record = told(run, &thing, SYN_OP_CREATE, 0);
    REQUIRE(run, record != NULL);
    expect_document(run, record, &thing, &made);
    EXPECT_STR(run, "DocumentData of the creation",
               syn_sink_param(record, "DocumentData"), has,
               syn_str_of(marks[0]));
    record = told(run, &thing, SYN_OP_UPDATE, 0);
    REQUIRE(run, record != NULL);
    expect_document(run, record, &thing, &changed);
    EXPECT_STR(run, "DocumentData of the update",
               syn_sink_param(record, "DocumentData"), has,
               syn_str_of(marks[1]));
    record = told(run, &thing, SYN_OP_REMOVE, 0);
    REQUIRE(run, record != NULL);
    expect_document(run, record, &thing, NULL);
    EXPECT_TRUE(run, "the removal has no DocumentData",
                syn_sink_param(record, "DocumentData").at == NULL);
}

/* WHK-05: "create list, add/update/remove item, delete list; EventType
 * sequence". */
static void items_apart(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "board");
    const struct syn_hook_match any = {.on = &thing};
    const enum syn_op *ops = syn_hook_life(thing.type);
    size_t count = 0;
    REQUIRE(run, syn_run_hook_live(run, ann, &thing));
    for (; ops[count] != SYN_OP_COUNT; count++) {
        const struct syn_sink_record *record =
            syn_run_hook_await(run, &any, count);
        REQUIRE_TRUE(run, "a webhook for each step", record != NULL);
        EXPECT_STR(run, syn_run_text(run, "EventType of step %zu", count + 1),
                   syn_sink_param(record, "EventType"), ==,
                   syn_str_of(syn_hook_event(thing.type, ops[count])));
    }
    REQUIRE(run, EXPECT_HOOK_FENCE(run));
    EXPECT_INT(run, "webhooks in all", (int64_t)syn_run_hook_count(run, &any),
               ==, (int64_t)count);
}

/* WHK-04, WHK-05: a webhook says of an item what its writer was answered. What
 * the item of a map is called by is not published: only a list's is judged. */
static void expect_item(struct syn_run *run,
                        const struct syn_sink_record *record,
                        const struct syn_thing *thing,
                        const struct syn_reply *reply, const char *mark)
{
    const bool is_list = thing->type == SYN_TYPE_LIST;
    EXPECT_STR(run, "the container's sid",
               syn_sink_param(record, is_list ? "ListSid" : "MapSid"), ==,
               syn_str_of(thing->sid));
    EXPECT_STR(
        run, "the container's name",
        syn_sink_param(record, is_list ? "ListUniqueName" : "MapUniqueName"),
        ==, thing->name);
    EXPECT_STR(run, "ItemRevision", syn_sink_param(record, "ItemRevision"), ==,
               syn_reply_str(reply, "/revision"));
    EXPECT_STR(run, "EventId", syn_sink_param(record, "EventId"), ==,
               syn_str_of(syn_run_text(
                   run, "%lld",
                   (long long)syn_reply_i64(reply, "/last_event_id", -9))));
    EXPECT_STR(run, "ItemData", syn_sink_param(record, "ItemData"), has,
               syn_str_of(mark));
    (void)syn_expect_str(
        run,
        (struct syn_aspect){SYN_SITE, is_list ? SYN_EFFECT : SYN_SIGNAL,
                            "which item"},
        syn_sink_param(record, is_list ? "ItemIndex" : "ItemKey"), "==",
        is_list ? syn_str_of(
                      syn_run_text(run, "%lld", (long long)thing->item_index))
                : SYN_STR("a/b"));
}

static void item_parameters(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "board");
    const enum syn_op ops[] = {SYN_OP_ITEM_ADD, SYN_OP_ITEM_UPDATE};
    REQUIRE_CONTROL(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        const char *mark =
            syn_run_text(run, "%.*s-%zu", SYN_STR_ARG(thing.canary), i);
        struct syn_action act = {
            .op = ops[i],
            .on = &thing,
            .key = "a/b",
            .index = thing.item_index,
            .data = syn_run_text(run, "{\"mark\":\"%s\"}", mark)};
        struct syn_reply reply = syn_client_do(ann, &act);
        REQUIRE_CONTROL(run, "ann changes an item", reply);
        const struct syn_sink_record *record = told(run, &thing, ops[i], 0);
        REQUIRE(run, record != NULL);
        expect_item(run, record, &thing, &reply, mark);
    }
}

/* WHK-06: "10 item mutations; EventId strictly increasing". */
static void event_ids(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "board");
    const struct syn_hook_match any = {.on = &thing};
    int64_t last = -1;
    REQUIRE_CONTROL(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct syn_action mutate = {.op = i % 2 == 0 ? SYN_OP_ITEM_ADD
                                                     : SYN_OP_ITEM_UPDATE,
                                    .on = &thing,
                                    .key = syn_run_text(run, "item-%u", i / 2),
                                    .index = thing.item_index};
        REQUIRE_CONTROL(run, "ann mutates", syn_client_do(ann, &mutate));
    }
    for (size_t i = 1; i <= MUTATIONS; i++) {
        const struct syn_sink_record *record = syn_run_hook_await(run, &any, i);
        uint64_t id = 0;
        REQUIRE_TRUE(run, "a webhook for each mutation", record != NULL);
        REQUIRE_TRUE(run, "its EventId is a number",
                     syn_str_to_u64(syn_sink_param(record, "EventId"),
                                    EVENT_ID_MAX, &id));
        EXPECT_INT(run, "EventId", (int64_t)id, >, last);
        last = (int64_t)id;
    }
}

#define HOOK_ROW                                                     \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED,   \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE | \
             SYN_NEED_WEBHOOK

static const struct syn_scenario rows[] = {
    {.id = "whk/events/common-parameters",
     .title = "Every change by a user is posted with who, where and what",
     .source = "WHK-01",
     HOOK_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_ALL,
     .defect = "webhook-without-endpoint",
     .run = common_parameters},
    {.id = "whk/events/document-parameters",
     .title = "Webhooks of documents carry name, revision and the new data",
     .source = "WHK-04",
     HOOK_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_DOCUMENT,
     .defect = "document-webhook-without-data "
               "document-removal-webhook-with-data",
     .run = document_parameters},
    {.id = "whk/events/items-apart",
     .title = "Webhooks tell containers and their items apart, each once",
     .source = "WHK-05",
     HOOK_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_CONTAINER,
     .defect = "list-item-webhooks-merged",
     .reading = "maps as lists, by symmetry",
     .run = items_apart},
    {.id = "whk/events/item-parameters",
     .title = "Webhooks of items say what their writer was answered",
     .source = "WHK-05",
     HOOK_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_CONTAINER,
     .defect = "webhook-event-id-stuck",
     .reading = "maps as lists, by symmetry",
     .run = item_parameters},
    {.id = "whk/events/event-ids",
     .title = "Event ids of item webhooks rise within a container",
     .source = "WHK-06",
     HOOK_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_CONTAINER,
     .defect = "webhook-event-id-stuck",
     .run = event_ids},
};
SYN_SUITE(whk_events, "What webhooks tell", rows);
