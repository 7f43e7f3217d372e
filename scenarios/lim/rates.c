/*
 * How often objects may be changed (LIM-05 to LIM-10).
 * Rates are published as sustained, with a window of ten seconds for spikes.
 * What is within them has to be accepted, a sustained excess has to be
 * refused; how exactly the line is drawn is left to the service.
 */
#include "syn/pace.h"
#include "syn/scenario.h"

#include <string.h>

#define RATE        20 /* writes a second */
#define RATE_LARGE  2
#define SPAN_S      60
#define SHORT_S     20 /* is enough to see what is over the rate */
#define BURST_S     10
#define SPIKE       100 /* in one second, after a pause */
#define LARGE_BYTES 12288
#define LARGE_TEXT  (LARGE_BYTES + 16)

static struct syn_reply rewrite(struct syn_pace *pace)
{
    return syn_backend_do(pace->backend,
                          &(struct syn_action){.op = SYN_OP_UPDATE,
                                               .on = pace->thing,
                                               .data = pace->data});
}

static void sustained(struct syn_run *run)
{
    struct syn_pace pace;
    struct syn_thing thing;
    REQUIRE(run, syn_pace_prepare(run, &pace, &thing));
    struct syn_tally tally = syn_pace_keep(&pace, RATE, SPAN_S);
    syn_expect_unthrottled(run, "20 writes a second", &tally);
}

static void excess(struct syn_run *run)
{
    struct syn_pace pace;
    struct syn_thing thing;
    REQUIRE(run, syn_pace_prepare(run, &pace, &thing));
    struct syn_tally tally = syn_pace_keep(&pace, 3 * RATE, SHORT_S);
    syn_expect_throttled(run, "60 writes a second", &tally,
                         RATE * (SHORT_S + BURST_S));
    syn_run_pass_s(run, BURST_S);
    EXPECT_CONTROL(run, "a write after a pause", syn_pace_change(&pace));
}

/* Updates of one item and new items take from the same budget. */
static void on_the_container(struct syn_run *run)
{
    struct syn_pace pace;
    struct syn_thing thing;
    struct syn_tally tally = {.accepted = 0};
    REQUIRE(run, syn_pace_prepare(run, &pace, &thing));
    REQUIRE_CONTROL(
        run, "an item",
        syn_backend_do(pace.backend, &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                                          .on = &thing,
                                                          .key = "same"}));
    const int64_t index = thing.item_index;
    for (unsigned i = 0; i < RATE * BURST_S; i++) {
        syn_tally_count(&tally, syn_pace_change(&pace));
        syn_tally_count(
            &tally, syn_backend_do(pace.backend, &(struct syn_action){
                                                     .op = SYN_OP_ITEM_UPDATE,
                                                     .on = &thing,
                                                     .key = "same",
                                                     .index = index}));
    }
    syn_expect_throttled(run, "writes spread over items", &tally,
                         RATE * BURST_S);
}

static void large(struct syn_run *run)
{
    static char data[LARGE_TEXT];
    struct syn_pace pace;
    struct syn_thing thing;
    REQUIRE(run, syn_pace_prepare(run, &pace, &thing));
    memcpy(data, "{\"x\":\"", 6);
    memset(data + 6, 'a', LARGE_BYTES);
    memcpy(data + 6 + LARGE_BYTES, "\"}", 3);
    pace.data = data;
    pace.do_once = rewrite;
    struct syn_tally slow = syn_pace_keep(&pace, RATE_LARGE, SPAN_S / 2);
    syn_expect_unthrottled(run, "2 large writes a second", &slow);
    struct syn_tally fast = syn_pace_keep(&pace, RATE, BURST_S);
    syn_expect_throttled(run, "20 large writes a second", &fast,
                         RATE_LARGE * 2 * BURST_S);
}

static void spike(struct syn_run *run)
{
    struct syn_pace pace;
    struct syn_thing thing;
    REQUIRE(run, syn_pace_prepare(run, &pace, &thing));
    syn_run_pass_s(run, BURST_S);
    struct syn_tally tally = syn_pace_keep(&pace, SPIKE, 1);
    syn_expect_unthrottled(run, "100 writes at once", &tally);
}

/* LIM-10: a subscriber hears as many changes as were accepted. */
static void changes_nothing(struct syn_run *run)
{
    struct syn_pace pace;
    struct syn_thing thing;
    REQUIRE(run, syn_pace_prepare(run, &pace, &thing));
    struct syn_client *ear = syn_run_client(run, "ear");
    REQUIRE_CONTROL(run, "subscribe", syn_client_subscribe(ear, &thing, -2));
    struct syn_tally tally = syn_pace_keep(&pace, 3 * RATE * BURST_S, 1);
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ear));
    EXPECT_INT(run, "refused for the rate", (int64_t)tally.throttled, >, 0);
    EXPECT_INT(run, "changes heard", (int64_t)syn_client_heard(ear, &thing), ==,
               (int64_t)tally.accepted);
}

#define RATE_ROW                                                  \
    .subject = SYN_SUBJECT_SERVICE, .level = SYN_LEVEL_SHOULD,    \
    .needs = SYN_NEED_ADMIN | SYN_NEED_LIMITS | SYN_NEED_VIRTUAL, \
    .safety = SYN_SAFE_DISRUPTIVE

static const struct syn_scenario rows[] = {
    {.id = "lim/rates/sustained",
     .title = "Twenty small writes a second to one object are accepted",
     .source = "LIM-05",
     RATE_ROW,
     .types = SYN_TYPES_DOCUMENT,
     .estimate_s = SPAN_S,
     .defect = "limits-count-twice",
     .run = sustained},
    {.id = "lim/rates/excess",
     .title = "Three times the rate of writes is throttled",
     .source = "LIM-06",
     RATE_ROW,
     .types = SYN_TYPES_GRANTED,
     .estimate_s = SPAN_S,
     .defect = "limits-forgotten",
     .run = excess},
    {.id = "lim/rates/on-the-container",
     .title = "Writes to items count on their container",
     .source = "LIM-07",
     RATE_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "limits-forgotten",
     .run = on_the_container},
    {.id = "lim/rates/large",
     .title = "Large data may be written twice a second, not twenty times",
     .source = "LIM-08",
     RATE_ROW,
     .types = SYN_TYPES_DOCUMENT,
     .estimate_s = 2 * SPAN_S,
     .defect = "limits-ignore-size limits-count-twice",
     .meets = "B14",
     .run = large},
    {.id = "lim/rates/spike",
     .title = "A hundred writes in a second are accepted after a pause",
     .source = "LIM-09",
     RATE_ROW,
     .types = SYN_TYPES_GRANTED,
     .estimate_s = BURST_S,
     .defect = "limits-without-burst",
     .meets = "B14",
     .run = spike},
    {.id = "lim/rates/changes-nothing",
     .title = "A write that is refused for its rate changes nothing",
     .source = "LIM-10",
     .subject = SYN_SUBJECT_SERVICE,
     .level = SYN_LEVEL_MUST,
     .needs =
         SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_LIMITS | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_DISRUPTIVE,
     .types = SYN_TYPES_GRANTED,
     .defect = "throttled-write-lands",
     .run = changes_nothing},
};
SYN_SUITE(lim_rates, "How often", rows);
