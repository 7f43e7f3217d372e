/*
 * What was missed, member by member (SDK-04, SDK-12).
 * Whoever comes back must end up with what it would show had it stayed.
 */
#include "syn/mark.h"
#include "syn/scenario.h"

#define APART_S 2
#define MISSED  3

/* SDK-12, SDK-04: what was missed is told as it was told to those who were
 * there; a document may come in its newest state only. */
static void replayed(struct syn_run *run)
{
    struct syn_client *writer = syn_run_client(run, "writer");
    struct syn_client *there = syn_run_client(run, "there");
    struct syn_client *late = syn_run_client(run, "late");
    struct syn_thing thing = syn_run_thing(run, "told");
    struct syn_reply made = syn_client_do(writer, OP_ON(CREATE, &thing));
    REQUIRE_CONTROL(run, "the writer creates", made);
    const int64_t first = syn_reply_i64(&made, "/last_event_id", -9);
    REQUIRE_CONTROL(run, "there subscribes",
                    syn_client_subscribe(there, &thing, -2));
    for (unsigned n = 0; n < MISSED; n++) {
        struct syn_action change = syn_mark_change(run, &thing, n);
        syn_run_pass_s(run, APART_S);
        REQUIRE_CONTROL(run, "the writer changes it",
                        syn_client_do(writer, &change));
    }
    REQUIRE_TRUE(run, "there hears all",
                 syn_client_await(there, &thing, MISSED));
    struct syn_reply outcome = syn_client_subscribe(late, &thing, first);
    REQUIRE_CONTROL(run, "late subscribes", outcome);
    EXPECT_STR(run, "what is said of the replay",
               syn_reply_str(&outcome, "/0/replay_status"), ==,
               SYN_STR("completed"));
    struct syn_reply root = syn_client_do(there, OP_ON(OPEN, &thing));
    EXPECT_INT(run, "the last event id of the subscription",
               syn_reply_i64(&outcome, "/0/last_event_id", -9), ==,
               syn_reply_i64(&root, "/last_event_id", -8));
    REQUIRE_TRUE(run, "late hears of it", syn_client_await(late, &thing, 1));
    const size_t count = syn_client_heard(late, &thing);
    REQUIRE_TRUE(run, "not more than was missed", count <= MISSED);
    for (size_t i = 0; i < count; i++) {
        const struct syn_heard *now = syn_client_heard_at(late, &thing, i);
        const struct syn_heard *then =
            syn_client_heard_at(there, &thing, MISSED - count + i);
        EXPECT_TRUE(run, "it is a replay", now->is_replay);
        EXPECT_STR(run, "the replayed event", now->body, ==, then->body);
    }
}

/* SDK-12, SDK-04: an item that was removed meanwhile takes nothing else of what
 * was missed with it. */
static void removed(struct syn_run *run)
{
    struct syn_client *there = syn_run_client(run, "there");
    struct syn_client *late = syn_run_client(run, "late");
    struct syn_thing thing = syn_run_thing(run, "told");
    struct syn_reply made = syn_client_do(there, OP_ON(CREATE, &thing));
    REQUIRE_CONTROL(run, "there creates", made);
    const int64_t first = syn_reply_i64(&made, "/last_event_id", -9);
    int64_t index = 0;
    for (unsigned n = 0; n < MISSED; n++) {
        struct syn_action change = syn_mark_change(run, &thing, n);
        REQUIRE_CONTROL(run, "there adds an item",
                        syn_client_do(there, &change));
        index = n == 0 ? thing.item_index : index;
        if (n != 1) {
            continue;
        }
        change = syn_mark_change(run, &thing, 0);
        change.op = SYN_OP_ITEM_REMOVE;
        change.index = index;
        REQUIRE_CONTROL(run, "there removes the first",
                        syn_client_do(there, &change));
    }
    struct syn_reply outcome = syn_client_subscribe(late, &thing, first);
    REQUIRE_CONTROL(run, "late subscribes", outcome);
    EXPECT_STR(run, "what is said of the replay",
               syn_reply_str(&outcome, "/0/replay_status"), ==,
               SYN_STR("completed"));
    /* Of what came and went nothing need be said. */
    REQUIRE_TRUE(
        run, "late hears of the removal and of two items",
        syn_client_await(late, &thing,
                         syn_run_is_reference(run) ? MISSED : MISSED - 1));
    EXPECT_TRUE(
        run, "of the last as well",
        syn_client_saw(late, syn_str_of(syn_mark(run, &thing, MISSED - 1))));
}

/* SDK-12: an id that cannot be is answered, and nothing is told for it. */
static void odd_ids(struct syn_run *run)
{
    const int64_t odd[] = {-5, INT64_MAX, INT64_MAX - 1};
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "told");
    REQUIRE_CONTROL(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    struct syn_action change = syn_mark_change(run, &thing, 1);
    REQUIRE_CONTROL(run, "ann changes it", syn_client_do(ann, &change));
    size_t anew = 0;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct syn_reply outcome = syn_client_subscribe(ann, &thing, odd[i]);
        if (odd[i] < 0 && !syn_run_is_reference(run)) {
            anew = syn_client_heard(ann, &thing); /* all of it: no gap */
        }
        REQUIRE_TRUE(run, "the session answers",
                     syn_expect_answer(run, SYN_SITE, "subscribe", outcome) &&
                         syn_client_fence(ann));
        REQUIRE_ALLOWED(run, "ann cancels",
                        syn_client_unsubscribe(ann, &thing));
    }
    (void)syn_expect_true(run, SYN_SITE, SYN_SIGNAL,
                          "it is told that nothing can be replayed",
                          syn_client_saw(ann, SYN_STR("interrupted")));
    EXPECT_INT(run, "events heard, but for what was told anew from the start",
               (int64_t)(syn_client_heard(ann, &thing) - anew), ==, 0);
}

#define MISSED_ROW                                             \
    .subject = SYN_SUBJECT_SERVICE, .level = SYN_LEVEL_SHOULD, \
    .safety = SYN_SAFE_NAMESPACED, .estimate_s = 10

static const struct syn_scenario rows[] = {
    {.id = "sdk/missed/replayed",
     .title = "What is replayed says what was told live",
     .source = "SDK-12 SDK-04",
     MISSED_ROW,
     .needs = SYN_NEED_MINT,
     .types = SYN_TYPES_GRANTED,
     .defect = "replay-missing",
     .run = replayed},
    {.id = "sdk/missed/removed",
     .title = "A removal takes nothing else of what was missed with it",
     .source = "SDK-12 SDK-04",
     MISSED_ROW,
     .needs = SYN_NEED_MINT,
     .types = SYN_TYPES_CONTAINER,
     .defect = "replay-missing",
     .run = removed},
    {.id = "sdk/missed/odd-ids",
     .title = "A last event id that cannot be is answered and replays nothing",
     .source = "SDK-12",
     MISSED_ROW,
     .needs = SYN_NEED_MINT,
     .types = SYN_TYPES_GRANTED,
     .defect = "replay-from-first",
     .run = odd_ids},
};
SYN_SUITE(sdk_missed, "What was missed", rows);
