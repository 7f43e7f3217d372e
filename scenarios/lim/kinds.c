/*
 * How often objects may be read and made, messages sent and permissions set
 * (LIM-11 to LIM-14). Each kind of request has a budget of its own.
 */
#include "syn/pace.h"
#include "syn/scenario.h"

#define RATE            20 /* reads, creations a second */
#define RATE_PUBLISH    30
#define RATE_PERMISSION 200 /* far over 80 */
#define SPAN_S          60
#define SHORT_S         20 /* is enough to see what is over the rate */
#define BURST_S         10
#define CROWD           10 /* subscribers */
#define TOLD            30 /* changes told to each */

static struct syn_reply read_it(struct syn_pace *pace)
{
    return syn_backend_do(pace->backend, OP_ON(OPEN, pace->thing));
}

static struct syn_reply make_one(struct syn_pace *pace)
{
    struct syn_thing thing = syn_run_thing_of(
        pace->run, SYN_TYPE_DOCUMENT,
        syn_run_text(pace->run, "one-of-many-%u", pace->made++));
    return syn_backend_do(pace->backend, OP_ON(CREATE, &thing));
}

static struct syn_reply grant(struct syn_pace *pace)
{
    return syn_backend_grant(pace->backend, pace->thing,
                             syn_run_identity(pace->run, "ann"), 1);
}

static void reads(struct syn_run *run)
{
    struct syn_pace pace;
    struct syn_thing thing;
    struct syn_client *ears[CROWD];
    REQUIRE(run, syn_pace_prepare(run, &pace, &thing));
    for (size_t i = 0; i < CROWD; i++) {
        ears[i] = syn_run_client(run, syn_run_text(run, "ear-%zu", i));
        REQUIRE_CONTROL(run, "subscribe",
                        syn_client_subscribe(ears[i], &thing, -2));
    }
    pace.do_once = read_it;
    struct syn_tally tally = syn_pace_keep(&pace, 3 * RATE, SHORT_S);
    syn_expect_throttled(run, "60 reads a second", &tally,
                         RATE * (SHORT_S + BURST_S));
    for (unsigned i = 0; i < TOLD; i++) {
        REQUIRE_ALLOWED(run, "a change", syn_pace_change(&pace));
    }
    for (size_t i = 0; i < CROWD; i++) {
        EXPECT_TRUE(run, "every subscriber hears every change",
                    syn_client_await(ears[i], &thing, TOLD));
    }
}

static void creations(struct syn_run *run)
{
    struct syn_pace pace = {
        .run = run, .backend = syn_run_backend(run), .do_once = make_one};
    struct syn_tally first = syn_pace_keep(&pace, 1, 1);
    EXPECT_TRUE(run, "the first creation is accepted", first.accepted == 1);
    struct syn_tally tally = syn_pace_keep(&pace, 3 * RATE, RATE);
    syn_expect_throttled(run, "60 creations a second", &tally,
                         RATE * (RATE + BURST_S));
}

static void messages(struct syn_run *run)
{
    struct syn_pace pace;
    struct syn_thing thing;
    REQUIRE(run, syn_pace_prepare(run, &pace, &thing));
    struct syn_tally calm = syn_pace_keep(&pace, RATE_PUBLISH, SHORT_S);
    syn_expect_unthrottled(run, "30 messages a second", &calm);
    struct syn_tally wild = syn_pace_keep(&pace, 3 * RATE_PUBLISH, SHORT_S);
    syn_expect_throttled(run, "90 messages a second", &wild,
                         RATE_PUBLISH * (SHORT_S + BURST_S));
}

static void permissions(struct syn_run *run)
{
    struct syn_pace pace;
    struct syn_thing thing;
    REQUIRE(run, syn_pace_prepare(run, &pace, &thing));
    pace.do_once = grant;
    struct syn_tally tally =
        syn_pace_keep(&pace, RATE_PERMISSION, BURST_S / 2 + 2);
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
    {.id = "lim/kinds/reads",
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
    {.id = "lim/kinds/creations",
     .title = "Three times the rate of creations is throttled",
     .source = "LIM-12",
     RATE_ROW,
     .estimate_s = RATE,
     .defect = "limits-forgotten",
     .run = creations},
    {.id = "lim/kinds/messages",
     .title = "Thirty messages a second are accepted, ninety are not",
     .source = "LIM-13",
     RATE_ROW,
     .types = SYN_TYPE_BIT(SYN_TYPE_STREAM),
     .estimate_s = SPAN_S,
     .defect = "limits-count-twice limits-forgotten",
     .run = messages},
    {.id = "lim/kinds/permissions",
     .title = "Permissions of one identity on one object are limited",
     .source = "LIM-14",
     RATE_ROW,
     .types = SYN_TYPES_GRANTED,
     .acl_on = true,
     .estimate_s = BURST_S + 5,
     .defect = "limits-forgotten",
     .run = permissions},
};
SYN_SUITE(lim_kinds, "How often, by kind of request", rows);
