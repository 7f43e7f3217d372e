/*
 * Removal (TTL-22, TTL-24, TTL-25, TTL-27, TTL-28, TTL-30; E02, E05, E09, E10).
 * What has been removed, by its deadline or by a request, is told to its
 * subscribers once and does not come back to anybody.
 */
#include "syn/brief.h"
#include "syn/leak.h"
#include "syn/scenario.h"

#define TTL_S 5

static struct syn_reply create_brief(struct syn_client *user,
                                     struct syn_thing *thing)
{
    return syn_client_do(user, &(struct syn_action){.op = SYN_OP_CREATE,
                                                    .on = thing,
                                                    .has_ttl = true,
                                                    .ttl_s = TTL_S});
}

/* Removal events of the object itself, not of its items. */
static int64_t removals(struct syn_client *user, const struct syn_thing *thing)
{
    int64_t count = 0;
    for (size_t i = 0; i < syn_client_heard(user, thing); i++) {
        struct syn_str kind = syn_client_heard_at(user, thing, i)->event_type;
        struct syn_str tail = SYN_STR("_removed");
        bool is_item = syn_str_is(kind, "list_item_removed") ||
                       syn_str_is(kind, "map_item_removed");
        bool ends =
            kind.bytes > tail.bytes &&
            syn_str_is_equal(syn_str_from(kind, kind.bytes - tail.bytes), tail);
        count += ends && !is_item ? 1 : 0;
    }
    return count;
}

/* TTL-25, E02: "Purge is visible to SDK subscribers as removal", once. */
static void told_to_subscribers(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "brief");
    REQUIRE_CONTROL(run, "create with a TTL", create_brief(ann, &thing));
    REQUIRE_CONTROL(run, "subscribe", syn_client_subscribe(ann, &thing, -2));
    REQUIRE(run, EXPECT_GONE(run, .thing = &thing, .left_s = TTL_S));
    EXPECT_TRUE(run, "an event is heard", syn_client_await(ann, &thing, 1));
    syn_run_pass_s(run, TTL_S);
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ann));
    EXPECT_INT(run, "removal events", removals(ann, &thing), ==, 1);
}

/* TTL-24, E10: the name is free again; nothing of the old object is left. */
static void name_is_free(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing first = syn_run_thing(run, "phoenix");
    struct syn_thing second = syn_run_thing(run, "phoenix");
    REQUIRE_CONTROL(run, "create with a TTL", create_brief(ann, &first));
    REQUIRE(run, EXPECT_GONE(run, .thing = &first, .left_s = TTL_S));
    REQUIRE_CONTROL(run, "create again",
                    syn_backend_do(backend, OP_ON(CREATE, &second)));
    EXPECT_TRUE(run, "the sid is another",
                !syn_str_is(syn_str_of(first.sid), second.sid));
    struct syn_reply old = syn_client_do(ann, OP_ON(OPEN, &first));
    EXPECT_INT(run, "status of the old sid", (int64_t)old.http, ==, 404);
    EXPECT_TRUE(run, "the old content is not shown",
                !syn_reply_has_text(&old, first.canary));
}

/* TTL-27, E09: "Explicit delete is immediate", on both planes. */
static void delete_is_immediate(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "short");
    REQUIRE_CONTROL(run, "create", syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "subscribe", syn_client_subscribe(ann, &thing, -2));
    REQUIRE_CONTROL(run, "open", syn_client_do(ann, OP_ON(OPEN, &thing)));
    REQUIRE_ALLOWED(run, "delete",
                    syn_backend_do(backend, OP_ON(REMOVE, &thing)));
    struct syn_reply rest = syn_backend_do(backend, OP_ON(OPEN, &thing));
    EXPECT_INT(run, "status over REST", (int64_t)rest.http, ==, 404);
    struct syn_reply sdk = syn_client_do(ann, OP_ON(OPEN, &thing));
    EXPECT_INT(run, "status over the SDK plane", (int64_t)sdk.http, ==, 404);
    struct syn_reply again = syn_client_subscribe(ann, &thing, 0);
    EXPECT_TRUE(run, "a new subscription fails", !syn_reply_is_ok(&again));
    EXPECT_INT(run, "removal events", removals(ann, &thing), ==, 1);
}

/* TTL-30, E05: a client that was away learns of the removal; the content is
 * not delivered to it any more. */
static void not_replayed(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *witness = syn_run_client(run, "witness");
    struct syn_thing thing = syn_run_thing(run, "brief");
    struct syn_thing lasting = syn_run_thing(run, "lasting");
    REQUIRE_CONTROL(run, "create with a TTL", create_brief(ann, &thing));
    REQUIRE_CONTROL(run, "create without one",
                    syn_client_do(ann, OP_ON(CREATE, &lasting)));
    /* From an event id: the client asks for what it missed when it is back. */
    const int64_t known = thing.type == SYN_TYPE_DOCUMENT ? 0 : -1;
    REQUIRE_CONTROL(run, "subscribe", syn_client_subscribe(ann, &thing, known));
    REQUIRE_CONTROL(run, "subscribe the other",
                    syn_client_subscribe(ann, &lasting, -2));
    syn_client_cut(ann);
    REQUIRE_ALLOWED(run, "a change while ann is away",
                    syn_leak_change(run, backend, &thing));
    REQUIRE(run, EXPECT_GONE(run, .thing = &thing, .left_s = TTL_S));
    REQUIRE_CONTROL(run, "resume", syn_client_resume(ann));
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ann));
    for (size_t i = 0; i < syn_client_heard(ann, &thing); i++) {
        struct syn_str body = syn_client_heard_at(ann, &thing, i)->body;
        EXPECT_STR(run, "an event heard", body, lacks, thing.canary);
    }
    struct syn_reply late = syn_client_do(witness, OP_ON(OPEN, &thing));
    EXPECT_INT(run, "status for another client", (int64_t)late.http, ==, 404);
    EXPECT_CONTROL(run, "the other object is still open to ann",
                   syn_client_do(ann, OP_ON(OPEN, &lasting)));
}

/* TTL-22: "Object is not deleted before `date_expires`". */
static void not_too_early(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "whole-life");
    REQUIRE_CONTROL(run, "create with a TTL", create_brief(ann, &thing));
    for (int64_t second = 1; second < TTL_S; second++) {
        syn_run_pass_s(run, 1);
        EXPECT_CONTROL(
            run, syn_run_text(run, "fetch after %lld s", (long long)second),
            syn_backend_do(backend, OP_ON(OPEN, &thing)));
    }
    REQUIRE(run, EXPECT_GONE(run, .thing = &thing, .left_s = TTL_S));
}

#define REMOVAL_ROW                                         \
    .subject = SYN_SUBJECT_SERVICE,                         \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_TTL, \
    .safety = SYN_SAFE_NAMESPACED, .types = SYN_TYPES_ALL, .estimate_s = 40

static const struct syn_scenario rows[] = {
    {.id = "ttl/removal/told-to-subscribers",
     .title = "Removal by TTL is told to subscribers, once",
     .source = "TTL-25",
     .level = SYN_LEVEL_SHOULD,
     REMOVAL_ROW,
     .defect = "purge-is-silent removal-told-twice",
     .meets = "E02",
     .run = told_to_subscribers},
    {.id = "ttl/removal/name-is-free",
     .title = "The name of what was purged can be used again",
     .source = "TTL-24",
     .level = SYN_LEVEL_MUST,
     REMOVAL_ROW,
     .defect = "purge-keeps-name",
     .meets = "E10",
     .run = name_is_free},
    {.id = "ttl/removal/delete-is-immediate",
     .title = "An explicit delete works at once on both planes",
     .source = "TTL-27",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .types = SYN_TYPES_ALL,
     .defect = "deleted-still-readable",
     .meets = "E09",
     .run = delete_is_immediate},
    {.id = "ttl/removal/not-replayed",
     .title = "What expired while a client was away does not come back to it",
     .source = "TTL-30",
     .level = SYN_LEVEL_MUST,
     REMOVAL_ROW,
     .defect = "log-outlives-purge expired-data-replayed",
     .meets = "E05",
     .run = not_replayed},
    {.id = "ttl/removal/not-too-early",
     .title = "Nothing is deleted before its date_expires",
     .source = "TTL-22",
     .level = SYN_LEVEL_SHOULD,
     REMOVAL_ROW,
     .defect = "ttl-fires-early",
     .run = not_too_early},
};
SYN_SUITE(ttl_removal, "Removal", rows);
