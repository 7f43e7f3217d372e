/*
 * Odd event ids (SDK-12; B09).
 * A client may come back with an event id that the service cannot continue
 * from. It must be told ("interrupted"), refused, or given the present state:
 * what may never happen is a gap that looks complete.
 */
#include "syn/mark.h"
#include "syn/scenario.h"

#define CHANGES     3
#define KEPT_EVENTS 1000 /* by our own service, per list or map */

static const struct {
    const char *name;
    int64_t id;
} odd_ids[] = {
    {"far in the future", 1000000},
    {"one that is to come", 50},
    {"negative", -7},
    {"the smallest number", -9007199254740991},
    {"the largest number", 9007199254740991},
};

static bool changed(struct syn_run *run, struct syn_thing *thing, unsigned n)
{
    struct syn_action change = syn_mark_change(run, thing, n);
    return EXPECT_ALLOWED(run, "a change",
                          syn_backend_do(syn_run_backend(run), &change));
}

static bool is_complete(const struct syn_reply *outcome)
{
    return syn_str_is(syn_reply_str(outcome, "/0/replay_status"), "completed");
}

/* Not the last change in what was heard, and no word about it. */
static bool is_silent_gap(struct syn_run *run, struct syn_client *user,
                          const struct syn_thing *thing,
                          const struct syn_reply *outcome)
{
    struct syn_str newest = syn_str_of(syn_mark(run, thing, CHANGES - 1));
    return syn_reply_is_ok(outcome) && is_complete(outcome) &&
           !syn_client_saw(user, newest);
}

static bool prepared(struct syn_run *run, struct syn_thing *thing)
{
    bool done = EXPECT_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, thing)));
    for (unsigned i = 0; done && i < CHANGES; i++) {
        done = changed(run, thing, i);
    }
    return done;
}

static void odd(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "board");
    int64_t before =
        thing.type == SYN_TYPE_DOCUMENT ? CHANGES - 1 : CHANGES - 2;
    REQUIRE(run, prepared(run, &thing));
    struct syn_client *known = syn_run_client(run, "known");
    struct syn_reply outcome = syn_mark_ask(run, known, &thing, before);
    REQUIRE_CONTROL(run, "the id before the last change", outcome);
    EXPECT_TRUE(run, "its replay is complete", is_complete(&outcome));
    EXPECT_TRUE(run, "the last change is replayed",
                !is_silent_gap(run, known, &thing, &outcome));
    for (size_t i = 0; i < sizeof odd_ids / sizeof odd_ids[0]; i++) {
        struct syn_client *user =
            syn_run_client(run, syn_run_text(run, "user-%zu", i));
        outcome = syn_mark_ask(run, user, &thing, odd_ids[i].id);
        (void)syn_expect_answer(run, SYN_SITE, odd_ids[i].name, outcome);
        EXPECT_TRUE(run,
                    syn_run_text(run, "no silent gap with an id that is %s",
                                 odd_ids[i].name),
                    !is_silent_gap(run, user, &thing, &outcome));
        syn_observe(run, odd_ids[i].name, "%u %.*s", outcome.http,
                    SYN_STR_ARG(syn_reply_str(&outcome, "/0/replay_status")));
    }
}

/* The id that fits a busier object, presented for a quiet one. */
static void of_another_object(struct syn_run *run)
{
    struct syn_thing busy = syn_run_thing(run, "busy");
    struct syn_thing quiet = syn_run_thing(run, "quiet");
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, prepared(run, &quiet));
    REQUIRE(run, prepared(run, &busy));
    for (unsigned i = CHANGES; i < 3 * CHANGES; i++) {
        REQUIRE(run, changed(run, &busy, i));
    }
    REQUIRE_CONTROL(run, "ann subscribes to the busy one",
                    syn_client_subscribe(ann, &busy, CHANGES));
    REQUIRE(run, changed(run, &busy, 3 * CHANGES));
    REQUIRE_TRUE(run, "ann hears of it", syn_client_await(ann, &busy, 1));
    size_t last = syn_client_heard(ann, &busy) - 1;
    int64_t id = syn_client_heard_at(ann, &busy, last)->id;
    struct syn_reply outcome = syn_mark_ask(run, ann, &quiet, id);
    (void)syn_expect_answer(run, SYN_SITE, "the quiet one", outcome);
    EXPECT_TRUE(run, "no silent gap with the id of another object",
                !is_silent_gap(run, ann, &quiet, &outcome));
}

/* More events than the service keeps have passed since. */
static void too_old(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "board");
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    struct syn_action add = {.op = SYN_OP_ITEM_ADD, .on = &thing};
    struct syn_reply reply = {.status = SYN_OK};
    for (unsigned i = 0; i <= KEPT_EVENTS; i++) {
        add.key = syn_run_text(run, "key-%u", i);
        reply = syn_client_do(ann, &add);
        if (!syn_reply_is_ok(&reply)) {
            break;
        }
    }
    REQUIRE_CONTROL(run, "the last of many changes", reply);
    struct syn_reply outcome = syn_mark_ask(run, ann, &thing, -1);
    size_t heard = syn_client_heard(ann, &thing);
    REQUIRE(run, syn_expect_answer(run, SYN_SITE, "the subscription", outcome));
    EXPECT_TRUE(run, "every change is told, or the gap is",
                heard > KEPT_EVENTS || !is_complete(&outcome));
}

#define REPLAY_ROW                                           \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .defect = "replay-gap-silent"

static const struct syn_scenario rows[] = {
    {.id = "sdk/replay/odd-ids",
     .title = "An event id that cannot be continued from leaves no silent gap",
     .source = "SDK-12",
     REPLAY_ROW,
     .types = SYN_TYPES_GRANTED,
     .safety = SYN_SAFE_NAMESPACED,
     .estimate_s = 30,
     .meets = "B09",
     .run = odd},
    {.id = "sdk/replay/of-another-object",
     .title = "The event id of another object leaves no silent gap",
     .source = "SDK-12",
     REPLAY_ROW,
     .types = SYN_TYPES_GRANTED,
     .safety = SYN_SAFE_NAMESPACED,
     .estimate_s = 5,
     .meets = "B09",
     .run = of_another_object},
    {.id = "sdk/replay/too-old",
     .title = "An event id from before what is kept leaves no silent gap",
     .source = "SDK-12",
     REPLAY_ROW,
     .types = SYN_TYPES_CONTAINER,
     .safety = SYN_SAFE_EMBEDDED,
     .meets = "B09",
     .run = too_old},
};
SYN_SUITE(sdk_replay, "Odd event ids", rows);
