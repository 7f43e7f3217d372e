/*
 * Slow and silent peers (LIM-20, LIM-11, SDK-08; W13 to W15, B15, B16).
 * Who sends a byte now and then, never answers or never reads is dropped in
 * bounded time, and costs the others nothing.
 */
#include "syn/bait.h"
#include "syn/leak.h"
#include "syn/rogue.h"
#include "syn/scenario.h"

#include <string.h>

#define DRIPS     40 /* bytes in all the patience there is */
#define MS_PER_S  1000
#define MOMENT_MS 200
#define WRITES    900
#define WIDE      14336 /* bytes of data of one write */
#define KIB       1024
#define PINGS     1000
#define PART      100
#define INIT_ID   "TM000000000000000000000000rogue002"

/* Bytes one by one, for as long as the service is given. */
static void expect_dropped(struct syn_run *run, const char *what,
                           struct syn_rogue *rogue, struct syn_str bytes)
{
    const int64_t pause_ms = syn_run_patience_s(run) * MS_PER_S / DRIPS;
    const size_t sent =
        syn_rogue_drip(rogue, syn_str_part(bytes, 0, DRIPS), pause_ms);
    syn_observe(run, what, "%zu bytes until the end", sent);
    EXPECT_TRUE(run, syn_run_text(run, "%s is dropped", what),
                !syn_rogue_is_open(rogue));
}

/* W13: a byte now and then, in the handshake and in a frame. */
static void slow(struct syn_run *run)
{
    struct syn_bait bait;
    struct syn_rogue *usual = syn_run_rogue(run, "usual", NULL);
    REQUIRE_TRUE(
        run, "a peer of usual speed is waited for",
        syn_rogue_upgrade_by(usual, syn_rogue_upgrade_text(usual, "")) == 101);
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *first = syn_run_rogue(run, "first", NULL);
    expect_dropped(run, "a slow upgrade", first,
                   syn_str_of(syn_rogue_upgrade_text(first, "")));
    struct syn_rogue *second = syn_run_rogue(run, "second", NULL);
    REQUIRE_TRUE(run, "the web socket opens",
                 syn_rogue_upgrade_by(
                     second, syn_rogue_upgrade_text(second, "")) == 101);
    expect_dropped(run, "a slow first frame", second,
                   syn_str_of("\x82\xfe\x01\x01\x01\x01\x01\x01"
                              "................................"));
    EXPECT_TRUE(run, "another user's session goes on", syn_client_fence(ann));
    EXPECT_HONEST(run, &bait);
}

/* Who is slow for a moment is no rogue: before the upgrade, and before `init`.
 * The service is one with the deadlines that it has by itself. */
static void moment(struct syn_run *run)
{
    struct syn_bait bait;
    struct syn_rogue *user = syn_run_rogue(run, "user", NULL);
    syn_run_pass_ms(run, MOMENT_MS);
    REQUIRE_TRUE(run, "the web socket opens after a moment",
                 syn_rogue_upgrade_by(user, syn_rogue_upgrade_text(user, "")) ==
                     101);
    REQUIRE(run, syn_bait_lay(run, &bait));
    syn_run_pass_ms(run, MOMENT_MS);
    EXPECT_CONTROL(run, "`init` after another",
                   syn_rogue_ask(user, INIT_ID,
                                 syn_rogue_init(user, INIT_ID, bait.token)));
}

/* B15, B16: a peer that is gone and never said so. */
static void silent(struct syn_run *run)
{
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *gone = syn_bait_rogue(&bait, "gone");
    REQUIRE(run, gone != NULL);
    struct syn_client *back = syn_run_client_with(
        run, "back", &(struct syn_client_options){.token = bait.token});
    REQUIRE_CONTROL(run, "the same user connects again and subscribes",
                    syn_client_subscribe(back, &bait.thing, -2));
    EXPECT_TRUE(run, "a peer that answers no ping is dropped",
                syn_rogue_ends_within(gone, syn_run_patience_s(run)));
    EXPECT_TRUE(run, "one that answers them is not", syn_client_fence(ann));
    EXPECT_HONEST(run, &bait);
    EXPECT_TRUE(run, "the user that came back hears a change",
                syn_client_await(back, &bait.thing, 1));
    EXPECT_TRUE(run, "and is connected still", syn_client_fence(back));
    EXPECT_INT(run, "it hears it once",
               (int64_t)syn_client_heard(back, &bait.thing), ==, 1);
}

static const char *wide(struct syn_run *run, unsigned n)
{
    char *text = syn_arena_alloc(syn_run_arena(run), WIDE + 1);
    if (text == NULL) {
        syn_run_give_up(run, "out of memory");
        return "{}";
    }
    memset(text, 'w', WIDE);
    text[WIDE] = '\0';
    return syn_run_text(run, "{\"n\":%u,\"wide\":\"%s\"}", n, text);
}

static bool subscribed(struct syn_run *run, struct syn_rogue *rogue,
                       const struct syn_thing *thing)
{
    const char *body = syn_run_text(
        run,
        "{\"event_protocol_version\":4,\"action\":\"establish\","
        "\"correlation_id\":1,\"retried_requests\":0,\"ttl_in_s\":-1,"
        "\"requests\":[{\"object_sid\":\"%s\",\"object_type\":\"document\","
        "\"last_event_id\":null}]}",
        thing->sid);
    return EXPECT_CONTROL(
        run, "the rogue subscribes",
        syn_rogue_ask(rogue, INIT_ID,
                      syn_rogue_request(rogue, INIT_ID, "POST",
                                        "/v4/Subscriptions", body)));
}

/* W14: a subscriber that never reads, of a document that changes all the
 * time. */
static void never_reads(struct syn_run *run)
{
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *deaf = syn_bait_rogue(&bait, "deaf");
    REQUIRE(run, deaf != NULL && subscribed(run, deaf, &bait.thing));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &bait.thing, -2));
    syn_rogue_deafen(deaf);
    const char *data = wide(run, 0);
    struct syn_action write = {
        .op = SYN_OP_UPDATE, .on = &bait.thing, .data = data};
    unsigned done = 0;
    for (; done < WRITES; done++) {
        REQUIRE_ALLOWED(run, "a change",
                        syn_backend_do(syn_run_backend(run), &write));
        REQUIRE_TRUE(run, "ann hears it",
                     syn_client_await(ann, &bait.thing, done + 1));
    }
    syn_rogue_hear(deaf);
    EXPECT_TRUE(run, "a subscriber that never reads was dropped",
                syn_rogue_ends(deaf));
    syn_measure(run, "unread.kib_written", (int64_t)done * WIDE / KIB);
    syn_measure(run, "unread.kib_kept", (int64_t)syn_rogue_heard(deaf) / KIB);
    EXPECT_TRUE(run, "ann's session goes on", syn_client_fence(ann));
}

/* W15: pings without end, and a pong that nobody asked for. */
static void pings(struct syn_run *run)
{
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    struct syn_rogue *calm = syn_bait_rogue(&bait, "calm");
    struct syn_rogue *flood = syn_bait_rogue(&bait, "flood");
    REQUIRE(run, calm != NULL && flood != NULL);
    syn_rogue_frame(calm,
                    &(struct syn_rogue_frame){.first = SYN_FRAME_PONG,
                                              .payload = SYN_STR("unasked")});
    EXPECT_TRUE(run, "after a pong that nobody asked for pings are answered",
                syn_rogue_fence(calm));
    for (unsigned i = 0; i < PINGS && syn_rogue_is_open(flood); i++) {
        syn_rogue_frame(flood,
                        &(struct syn_rogue_frame){.first = SYN_FRAME_PING});
        if (i % PART == 0) {
            EXPECT_TRUE(run, "ann is answered meanwhile",
                        syn_client_fence(ann));
        }
    }
    const bool is_alive = syn_rogue_fence(flood);
    syn_observe(run, "a flood of 1,000 pings", "%zu answered, %s",
                syn_rogue_pongs(flood),
                is_alive ? "the connection goes on" : "the connection ended");
    EXPECT_TRUE(run, "ann is answered after it", syn_client_fence(ann));
    EXPECT_HONEST(run, &bait);
}

#define SLOW_ROW                                                   \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_DISRUPTIVE, \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .tags = "raw"

static const struct syn_scenario rows[] = {
    {.id = "sdk/slow/bytes",
     .title = "A peer that sends a byte now and then is dropped",
     .source = "LIM-20",
     .meets = "W13",
     SLOW_ROW,
     .level = SYN_LEVEL_MUST,
     .is_in_real_time = true,
     .estimate_s = 250,
     .defect = "peer-waited-for-long peer-soothes-by-byte peer-not-waited-for",
     .run = slow},
    {.id = "sdk/slow/moment",
     .title = "A peer that takes a moment to begin is waited for",
     .source = "LIM-20",
     SLOW_ROW,
     .level = SYN_LEVEL_MUST,
     .is_in_real_time = true,
     .is_patient = true,
     .defect = "peer-not-waited-for",
     .run = moment},
    {.id = "sdk/slow/silent",
     .title = "A peer that answers no ping is dropped, its user comes back",
     .source = "SDK-08",
     .meets = "B15 B16",
     SLOW_ROW,
     .level = SYN_LEVEL_SHOULD,
     .is_in_real_time = true,
     .estimate_s = 125,
     .defect = "peer-waited-for-long",
     .run = silent},
    {.id = "sdk/slow/never-reads",
     .title = "What a peer does not read is kept within a bound",
     .source = "LIM-11 SDK-08",
     .meets = "W14",
     SLOW_ROW,
     .level = SYN_LEVEL_MUST,
     .estimate_s = 60,
     .defect = "peer-never-reads",
     .run = never_reads},
    {.id = "sdk/slow/pings",
     .title = "Pings without end, or a pong unasked, disturb nobody",
     .source = "LIM-15",
     .meets = "W15",
     SLOW_ROW,
     .level = SYN_LEVEL_SHOULD,
     .estimate_s = 5,
     .defect = "ws-minds-pongs ws-mute-to-pings",
     .run = pings},
};
SYN_SUITE(sdk_slow, "Slow and silent peers", rows);
