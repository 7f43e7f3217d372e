/*
 * What an update leaves behind (REST-24, REST-26).
 * Whoever waits for a revision to change, or writes on the ETag of the last
 * reply, relies on both being those of the update just made.
 */
#include "syn/scenario.h"

#define KEY    "item"
#define SAME   "{\"is\":\"equal\"}"
#define ROUNDS 4

static bool is_document(const struct syn_thing *thing)
{
    return thing->type == SYN_TYPE_DOCUMENT;
}

/* The document, or a container with one item, of the same data. */
static struct syn_reply make(struct syn_run *run, struct syn_thing *thing)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_reply made = syn_backend_do(
        backend,
        &(struct syn_action){.op = SYN_OP_CREATE,
                             .on = thing,
                             .data = is_document(thing) ? SAME : NULL});
    if (is_document(thing) || !syn_reply_is_ok(&made)) {
        return made;
    }
    return syn_backend_do(backend, &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                                        .on = thing,
                                                        .key = KEY,
                                                        .data = SAME});
}

static struct syn_action update_of(struct syn_thing *thing, const char *data)
{
    return (struct syn_action){.op = is_document(thing) ? SYN_OP_UPDATE
                                                        : SYN_OP_ITEM_UPDATE,
                               .on = thing,
                               .key = KEY,
                               .index = thing->item_index,
                               .data = data};
}

static struct syn_str revision_in(const struct syn_reply *reply)
{
    return syn_reply_str(reply, "/revision");
}

/* REST-24: "changes on every accepted data update", also on one that writes
 * what is there already. */
static void equal_data(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "steady");
    struct syn_reply before = make(run, &thing);
    REQUIRE_CONTROL(run, "the backend creates", before);
    struct syn_action update = update_of(&thing, SAME);
    for (unsigned i = 0; i < ROUNDS; i++) {
        bool is_by_backend = i % 2 == 0;
        struct syn_reply after =
            is_by_backend ? syn_backend_do(syn_run_backend(run), &update)
                          : syn_client_do(ann, &update);
        REQUIRE_ALLOWED(run, "an update with equal data", after);
        EXPECT_STR(run,
                   is_by_backend ? "the revision after it, over REST"
                                 : "the revision after it, over the SDK",
                   revision_in(&after), !=, revision_in(&before));
        before = after;
    }
}

/* REST-26: "`ETag` equals revision", in the reply to the update as in a later
 * one, so that the next update can be made on it. */
static void etag_of_reply(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "tagged");
    REQUIRE_ALLOWED(run, "the backend creates", make(run, &thing));
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct syn_action update =
            update_of(&thing, syn_run_text(run, "{\"n\":%u}", i));
        struct syn_reply done = syn_backend_do(backend, &update);
        REQUIRE_CONTROL(run, "the backend updates", done);
        EXPECT_STR(run, "the ETag of the reply", done.etag, ==,
                   revision_in(&done));
        update.op = is_document(&thing) ? SYN_OP_OPEN : SYN_OP_ITEM_READ;
        struct syn_reply read = syn_backend_do(backend, &update);
        EXPECT_STR(run, "the ETag of a GET", read.etag, ==, done.etag);
        update = update_of(&thing, SAME);
        update.if_match = syn_run_text(run, "%.*s", SYN_STR_ARG(done.etag));
        EXPECT_ALLOWED(run, "an update on the ETag of the reply",
                       syn_backend_do(backend, &update));
    }
}

#define UPDATE_ROW                                           \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .safety = SYN_SAFE_NAMESPACED, .types = SYN_TYPES_GRANTED

static const struct syn_scenario rows[] = {
    {.id = "rest/updates/equal-data",
     .title = "An update with equal data takes a new revision too",
     .source = "REST-24",
     UPDATE_ROW,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .defect = "field-same-data-same-revision "
               "item-told-with-older-revision",
     .run = equal_data},
    {.id = "rest/updates/etag-of-reply",
     .title = "The ETag of the reply to an update is that of the update",
     .source = "REST-26",
     UPDATE_ROW,
     .needs = SYN_NEED_ADMIN,
     .defect = "field-etag-of-before item-etag-of-before",
     .run = etag_of_reply},
};
SYN_SUITE(rest_updates, "What an update leaves behind", rows);
