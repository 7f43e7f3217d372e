/*
 * How often objects may be changed, read and made (LIM-05…LIM-14).
 * Rates are published as sustained, with a window of ten seconds for spikes.
 * What is within them has to be accepted, a sustained excess has to be
 * refused; how exactly the line is drawn is left to the service.
 */
#include "syn/leak.h"
#include "syn/scenario.h"

#include <string.h>

#define OP_ON(what, thing) \
    (&(struct syn_action){.op = SYN_OP_##what, .on = (thing)})

#define TOO_MANY        429
#define RATE            20 /* writes, reads, creations a second */
#define RATE_PUBLISH    30
#define RATE_LARGE      2
#define RATE_PERMISSION 200 /* far over 80 */
#define SPAN_S          60
#define SHORT_S         20 /* is enough to see what is over the rate */
#define BURST_S         10
#define SPIKE           100 /* in one second, after a pause */
#define LARGE_BYTES     12288
#define LARGE_TEXT      (LARGE_BYTES + 16)
#define CROWD           10 /* subscribers */
#define TOLD            30 /* changes told to each */
#define SLACK_PERCENT   10

/* What came of a number of requests. */
struct tally {
    unsigned accepted, throttled, other;
    struct syn_reply refusal; /* the last of 429 */
};

static void count(struct tally *tally, struct syn_reply reply)
{
    if (syn_reply_is_ok(&reply)) {
        tally->accepted++;
    } else if (reply.http == TOO_MANY) {
        tally->throttled++;
        tally->refusal = reply;
    } else {
        tally->other++;
    }
}

/* `do_once` so often each second, for so many seconds. */
struct pace {
    struct syn_run *run;
    struct syn_backend *backend;
    struct syn_thing *thing;
    const char *data; /* NULL: made up */
    unsigned made;    /* by make_one */
    struct syn_reply (*do_once)(struct pace *pace);
};

static struct tally keep_pace(struct pace *pace, unsigned rate, unsigned span_s)
{
    struct tally tally = {.accepted = 0};
    for (unsigned s = 0; s < span_s; s++) {
        for (unsigned i = 0; i < rate; i++) {
            count(&tally, pace->do_once(pace));
        }
        syn_run_pass_s(pace->run, 1);
    }
    return tally;
}

static struct syn_reply change(struct pace *pace)
{
    return syn_leak_change(pace->run, pace->backend, pace->thing);
}

static struct syn_reply rewrite(struct pace *pace)
{
    return syn_backend_do(pace->backend,
                          &(struct syn_action){.op = SYN_OP_UPDATE,
                                               .on = pace->thing,
                                               .data = pace->data});
}

static struct syn_reply read_it(struct pace *pace)
{
    return syn_backend_do(pace->backend, OP_ON(OPEN, pace->thing));
}

static struct syn_reply make_one(struct pace *pace)
{
    struct syn_thing thing = syn_run_thing_of(
        pace->run, SYN_TYPE_DOCUMENT,
        syn_run_text(pace->run, "one-of-many-%u", pace->made++));
    return syn_backend_do(pace->backend, OP_ON(CREATE, &thing));
}

static struct syn_reply grant(struct pace *pace)
{
    return syn_backend_grant(pace->backend, pace->thing,
                             syn_run_identity(pace->run, "ann"), 1);
}

/* The row's object, made; false when it could not be. */
static bool prepare(struct syn_run *run, struct pace *pace,
                    struct syn_thing *thing)
{
    *thing = syn_run_thing(run, "counted");
    *pace = (struct pace){.run = run,
                          .backend = syn_run_backend(run),
                          .thing = thing,
                          .do_once = change};
    return EXPECT_CONTROL(run, "create",
                          syn_backend_do(pace->backend, OP_ON(CREATE, thing)));
}

static void expect_all_accepted(struct syn_run *run, const char *what,
                                const struct tally *tally)
{
    EXPECT_INT(run, syn_run_text(run, "%s: refused", what),
               (int64_t)(tally->throttled + tally->other), ==, 0);
}

/* Some are refused, with the code for it, and no more are accepted than the
 * rate and its window allow. */
static void expect_throttled(struct syn_run *run, const char *what,
                             const struct tally *tally, unsigned accepted_max)
{
    EXPECT_INT(run, syn_run_text(run, "%s: refused for the rate", what),
               (int64_t)tally->throttled, >, 0);
    EXPECT_INT(run, syn_run_text(run, "%s: accepted", what),
               (int64_t)tally->accepted, <=,
               (int64_t)accepted_max * (100 + SLACK_PERCENT) / 100);
    if (tally->throttled > 0) {
        EXPECT_SIGNAL_INT(run, "code of a refusal", tally->refusal.code, ==,
                          54009);
    }
}

static void sustained(struct syn_run *run)
{
    struct pace pace;
    struct syn_thing thing;
    REQUIRE(run, prepare(run, &pace, &thing));
    struct tally tally = keep_pace(&pace, RATE, SPAN_S);
    expect_all_accepted(run, "20 writes a second", &tally);
}

static void excess(struct syn_run *run)
{
    struct pace pace;
    struct syn_thing thing;
    REQUIRE(run, prepare(run, &pace, &thing));
    struct tally tally = keep_pace(&pace, 3 * RATE, SHORT_S);
    expect_throttled(run, "60 writes a second", &tally,
                     RATE * (SHORT_S + BURST_S));
    syn_run_pass_s(run, BURST_S);
    EXPECT_CONTROL(run, "a write after a pause", change(&pace));
}

/* Updates of one item and new items take from the same budget. */
static void on_the_container(struct syn_run *run)
{
    struct pace pace;
    struct syn_thing thing;
    struct tally tally = {.accepted = 0};
    REQUIRE(run, prepare(run, &pace, &thing));
    REQUIRE_CONTROL(
        run, "an item",
        syn_backend_do(pace.backend, &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                                          .on = &thing,
                                                          .key = "same"}));
    const int64_t index = thing.item_index;
    for (unsigned i = 0; i < RATE * BURST_S; i++) {
        count(&tally, change(&pace));
        count(&tally, syn_backend_do(pace.backend, &(struct syn_action){
                                                       .op = SYN_OP_ITEM_UPDATE,
                                                       .on = &thing,
                                                       .key = "same",
                                                       .index = index}));
    }
    expect_throttled(run, "writes spread over items", &tally, RATE * BURST_S);
}

static void large(struct syn_run *run)
{
    static char data[LARGE_TEXT];
    struct pace pace;
    struct syn_thing thing;
    REQUIRE(run, prepare(run, &pace, &thing));
    memcpy(data, "{\"x\":\"", 6);
    memset(data + 6, 'a', LARGE_BYTES);
    memcpy(data + 6 + LARGE_BYTES, "\"}", 3);
    pace.data = data;
    pace.do_once = rewrite;
    struct tally slow = keep_pace(&pace, RATE_LARGE, SPAN_S / 2);
    expect_all_accepted(run, "2 large writes a second", &slow);
    struct tally fast = keep_pace(&pace, RATE, BURST_S);
    expect_throttled(run, "20 large writes a second", &fast,
                     RATE_LARGE * 2 * BURST_S);
}

static void spike(struct syn_run *run)
{
    struct pace pace;
    struct syn_thing thing;
    REQUIRE(run, prepare(run, &pace, &thing));
    syn_run_pass_s(run, BURST_S);
    struct tally tally = keep_pace(&pace, SPIKE, 1);
    expect_all_accepted(run, "100 writes at once", &tally);
}

/* LIM-10: a subscriber hears as many changes as were accepted. */
static void changes_nothing(struct syn_run *run)
{
    struct pace pace;
    struct syn_thing thing;
    REQUIRE(run, prepare(run, &pace, &thing));
    struct syn_client *ear = syn_run_client(run, "ear");
    REQUIRE_CONTROL(run, "subscribe", syn_client_subscribe(ear, &thing, -2));
    struct tally tally = keep_pace(&pace, 3 * RATE * BURST_S, 1);
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ear));
    EXPECT_INT(run, "refused for the rate", (int64_t)tally.throttled, >, 0);
    EXPECT_INT(run, "changes heard", (int64_t)syn_client_heard(ear, &thing), ==,
               (int64_t)tally.accepted);
}

static void reads(struct syn_run *run)
{
    struct pace pace;
    struct syn_thing thing;
    struct syn_client *ears[CROWD];
    REQUIRE(run, prepare(run, &pace, &thing));
    for (size_t i = 0; i < CROWD; i++) {
        ears[i] = syn_run_client(run, syn_run_text(run, "ear-%zu", i));
        REQUIRE_CONTROL(run, "subscribe",
                        syn_client_subscribe(ears[i], &thing, -2));
    }
    pace.do_once = read_it;
    struct tally tally = keep_pace(&pace, 3 * RATE, SHORT_S);
    expect_throttled(run, "60 reads a second", &tally,
                     RATE * (SHORT_S + BURST_S));
    for (unsigned i = 0; i < TOLD; i++) {
        REQUIRE_ALLOWED(run, "a change", change(&pace));
    }
    for (size_t i = 0; i < CROWD; i++) {
        EXPECT_TRUE(run, "every subscriber hears every change",
                    syn_client_await(ears[i], &thing, TOLD));
    }
}

static void creations(struct syn_run *run)
{
    struct pace pace = {
        .run = run, .backend = syn_run_backend(run), .do_once = make_one};
    struct tally first = keep_pace(&pace, 1, 1);
    EXPECT_TRUE(run, "the first creation is accepted", first.accepted == 1);
    struct tally tally = keep_pace(&pace, 3 * RATE, RATE);
    expect_throttled(run, "60 creations a second", &tally,
                     RATE * (RATE + BURST_S));
}

static void messages(struct syn_run *run)
{
    struct pace pace;
    struct syn_thing thing;
    REQUIRE(run, prepare(run, &pace, &thing));
    struct tally calm = keep_pace(&pace, RATE_PUBLISH, SHORT_S);
    expect_all_accepted(run, "30 messages a second", &calm);
    struct tally wild = keep_pace(&pace, 3 * RATE_PUBLISH, SHORT_S);
    expect_throttled(run, "90 messages a second", &wild,
                     RATE_PUBLISH * (SHORT_S + BURST_S));
}

static void permissions(struct syn_run *run)
{
    struct pace pace;
    struct syn_thing thing;
    REQUIRE(run, prepare(run, &pace, &thing));
    pace.do_once = grant;
    struct tally tally = keep_pace(&pace, RATE_PERMISSION, BURST_S / 2 + 2);
    EXPECT_INT(run, "refused for the rate", (int64_t)tally.throttled, >, 0);
    EXPECT_CONTROL(run, "a grant to somebody else",
                   syn_backend_grant(pace.backend, &thing,
                                     syn_run_identity(run, "bob"), 1));
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
     .run = large},
    {.id = "lim/rates/spike",
     .title = "A hundred writes in a second are accepted after a pause",
     .source = "LIM-09",
     RATE_ROW,
     .types = SYN_TYPES_GRANTED,
     .estimate_s = BURST_S,
     .defect = "limits-without-burst",
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
    {.id = "lim/rates/reads",
     .title = "Reads of one object are limited, what subscribers hear is not",
     .source = "LIM-11",
     .subject = SYN_SUBJECT_SERVICE,
     .level = SYN_LEVEL_SHOULD,
     .needs =
         SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_LIMITS | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_DISRUPTIVE,
     .types = SYN_TYPES_GRANTED,
     .estimate_s = SPAN_S / 2,
     .defect = "limits-forgotten",
     .run = reads},
    {.id = "lim/rates/creations",
     .title = "Three times the rate of creations is throttled",
     .source = "LIM-12",
     RATE_ROW,
     .estimate_s = RATE,
     .defect = "limits-forgotten",
     .run = creations},
    {.id = "lim/rates/messages",
     .title = "Thirty messages a second are accepted, ninety are not",
     .source = "LIM-13",
     RATE_ROW,
     .types = SYN_TYPE_BIT(SYN_TYPE_STREAM),
     .estimate_s = SPAN_S,
     .defect = "limits-count-twice limits-forgotten",
     .run = messages},
    {.id = "lim/rates/permissions",
     .title = "Permissions of one identity on one object are limited",
     .source = "LIM-14",
     RATE_ROW,
     .types = SYN_TYPES_GRANTED,
     .acl_on = true,
     .estimate_s = BURST_S + 5,
     .defect = "limits-forgotten",
     .run = permissions},
};
SYN_SUITE(lim_rates, "How often", rows);
