/*
 * Who hears, and how much (SDK-08, SDK-12; B07, B09).
 * A user with two devices hears on one what it does on the other, and whoever
 * was away for long is told all that was missed, or that some is lost.
 */
#include "syn/mark.h"
#include "syn/scenario.h"

#define WRITES 3
#define MISSED 120 /* more than any page holds, SYN_PAGE_SIZE_MAX */
#define FIRST  3   /* event id that the user knows; not 0, not the last */

static struct syn_reply write_to(struct syn_run *run, struct syn_client *user,
                                 struct syn_thing *thing, unsigned number)
{
    static const enum syn_op ops[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = SYN_OP_UPDATE,
        [SYN_TYPE_LIST] = SYN_OP_ITEM_ADD,
        [SYN_TYPE_MAP] = SYN_OP_ITEM_ADD,
        [SYN_TYPE_STREAM] = SYN_OP_PUBLISH};
    struct syn_action write = {.op = ops[thing->type],
                               .on = thing,
                               .key = syn_run_text(run, "key-%u", number)};
    return syn_client_do(user, &write);
}

/* SDK-08: "Accepted writes reach all entitled subscribers", the writer's own
 * other session among them. */
static void own_other_session(struct syn_run *run)
{
    struct syn_client *phone = syn_run_client(run, "ann");
    struct syn_client *laptop = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "shared");
    REQUIRE_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "ann subscribes on its laptop",
                    syn_client_subscribe(laptop, &thing, -2));
    REQUIRE_CONTROL(run, "bob subscribes",
                    syn_client_subscribe(bob, &thing, -2));
    for (unsigned i = 0; i < WRITES; i++) {
        REQUIRE_ALLOWED(run, "ann writes on its phone",
                        write_to(run, phone, &thing, i));
    }
    REQUIRE_TRUE(run, "bob hears every write",
                 syn_client_await(bob, &thing, WRITES));
    (void)syn_client_await(laptop, &thing, WRITES);
    EXPECT_INT(run, "events that ann hears on its laptop",
               (int64_t)syn_client_heard(laptop, &thing), ==, WRITES);
}

/* SDK-12: "Reconnecting subscriber gets missed events from its last event
 * id": all of them, or the replay says that it was interrupted. */
static void long_absence(struct syn_run *run)
{
    struct syn_client *writer = syn_run_client(run, "writer");
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "log");
    REQUIRE_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    for (unsigned i = 0; i <= FIRST + MISSED; i++) {
        REQUIRE_ALLOWED(run, "a change", write_to(run, writer, &thing, i));
    }
    struct syn_reply outcome = syn_mark_ask(run, ann, &thing, FIRST);
    REQUIRE_CONTROL(run, "ann subscribes from an event long ago", outcome);
    bool is_complete =
        syn_str_is(syn_reply_str(&outcome, "/0/replay_status"), "completed");
    size_t heard = syn_client_heard(ann, &thing);
    syn_observe(run, "the replay", "%zu of %d events, %s", heard, MISSED,
                is_complete ? "completed" : "interrupted");
    EXPECT_TRUE(run, "every missed event is told, or the gap is",
                heard >= MISSED || !is_complete);
    EXPECT_TRUE(run, "none is told twice", heard <= MISSED);
    for (size_t i = 0; i < heard; i++) {
        EXPECT_INT(run, "event ids come in order",
                   syn_client_heard_at(ann, &thing, i)->id, ==,
                   FIRST + 1 + (int64_t)i);
    }
}

#define HEARING_ROW                                          \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "sdk/hearing/own-other-session",
     .title = "A user hears on one device what it writes on another",
     .source = "SDK-08",
     HEARING_ROW,
     .types = SYN_TYPES_ALL,
     .estimate_s = 5,
     .defect = "field-own-other-session-unheard",
     .run = own_other_session},
    {.id = "sdk/hearing/long-absence",
     .title = "More missed events than a page holds leave no silent gap",
     .source = "SDK-12",
     HEARING_ROW,
     .types = SYN_TYPES_CONTAINER,
     .estimate_s = 30,
     .defect = "field-replay-one-page",
     .run = long_absence},
};
SYN_SUITE(sdk_hearing, "Who hears, and how much", rows);
