/*
 * Edges of expiry (TTL-01, TTL-13, TTL-22, TTL-26; E03, E06, E11).
 * Extensions that come too late, clocks that jump, and many deadlines at once.
 */
#include "syn/brief.h"
#include "syn/leak.h"
#include "syn/scenario.h"

#define TTL_S    2
#define LONG_S   3600
#define STEP_MS  250
#define CROWD    500 /* objects with one deadline */
#define ITEMS    200
#define PER_S    10 /* creations a second, under the published limits */
#define PROBES_S 15

/* E03: an extension around the deadline has one outcome: it is accepted and
 * the thing lives on, or it is refused and the thing does not come back. */
static void expect_one_outcome(struct syn_run *run, int64_t late_ms)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing =
        syn_run_thing(run, syn_run_text(run, "late-%lld", (long long)late_ms));
    int64_t deadline_ms = (syn_run_now_ms(run) / 1000 + TTL_S) * 1000;
    REQUIRE_ALLOWED(run, "create with a TTL",
                    syn_brief_create(backend, &thing, TTL_S));
    syn_run_pass_ms(run, deadline_ms + late_ms - syn_run_now_ms(run));
    struct syn_reply extended = syn_backend_do(
        backend,
        &(struct syn_action){
            .op = SYN_OP_TTL, .on = &thing, .has_ttl = true, .ttl_s = LONG_S});
    if (!syn_expect_answer(run, SYN_SITE, "the extension", extended)) {
        return;
    }
    bool is_extended = syn_reply_is_ok(&extended);
    syn_run_pass_s(run, TTL_S + syn_run_bound_s(run, SYN_BOUND_TTL_S));
    struct syn_reply later = syn_backend_do(backend, OP_ON(OPEN, &thing));
    const char *what =
        syn_run_text(run,
                     "status long after an extension that came %lld ms "
                     "after the deadline and was %s",
                     (long long)late_ms, is_extended ? "accepted" : "refused");
    EXPECT_INT(run, what, (int64_t)later.http, ==, is_extended ? 200 : 404);
}

static void late_extension(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing lasting = syn_run_thing(run, "lasting");
    REQUIRE_CONTROL(run, "create without a TTL",
                    syn_brief_create(backend, &lasting, SYN_BRIEF_NO_TTL));
    for (int64_t ms = -STEP_MS; ms <= 4 * STEP_MS; ms += STEP_MS) {
        expect_one_outcome(run, ms);
    }
    EXPECT_CONTROL(run, "what has no TTL is still there",
                   syn_backend_do(backend, OP_ON(OPEN, &lasting)));
}

/* TTL-01, TTL-22, E11: the service's clock jumps an hour ahead. What was due
 * goes, what was not stays, to the second. */
static void clock_jump(struct syn_run *run)
{
    static const struct {
        const char *name;
        int64_t ttl_s;
        bool stays;
    } cases[] = {{"half-an-hour", LONG_S / 2, false},
                 {"to-the-second", LONG_S, false},
                 {"one-second-more", LONG_S + 1, true},
                 {"two-hours", 2 * LONG_S, true},
                 {"for-ever", SYN_BRIEF_NO_TTL, true}};
    enum { COUNT = sizeof(cases) / sizeof(cases[0]) };
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing things[COUNT];
    int64_t begun_ms = syn_run_now_ms(run);
    for (size_t i = 0; i < COUNT; i++) {
        things[i] = syn_run_thing(run, cases[i].name);
        REQUIRE_ALLOWED(run, "create",
                        syn_brief_create(backend, &things[i], cases[i].ttl_s));
    }
    syn_run_pass_ms(run, begun_ms + LONG_S * 1000 - syn_run_now_ms(run));
    for (size_t i = 0; i < COUNT; i++) {
        struct syn_reply open =
            syn_backend_do(backend, OP_ON(OPEN, &things[i]));
        EXPECT_INT(run, syn_run_text(run, "status of %s", cases[i].name),
                   (int64_t)open.http, ==, cases[i].stays ? 200 : 404);
    }
    syn_run_pass_s(run, LONG_S);
    for (size_t i = 0; i < COUNT; i++) {
        struct syn_reply open =
            syn_backend_do(backend, OP_ON(OPEN, &things[i]));
        EXPECT_INT(
            run, syn_run_text(run, "status of %s an hour later", cases[i].name),
            (int64_t)open.http, ==,
            cases[i].ttl_s == SYN_BRIEF_NO_TTL ? 200 : 404);
    }
}

struct crowd {
    struct syn_run *run;
    struct syn_backend *backend;
    struct syn_thing *things;
    size_t gone;
};

static bool are_gone(void *ctx)
{
    struct crowd *crowd = ctx;
    while (crowd->gone < CROWD) {
        struct syn_reply open = syn_backend_do(
            crowd->backend, OP_ON(OPEN, &crowd->things[crowd->gone]));
        if (open.http != 404) {
            return false;
        }
        crowd->gone++;
    }
    return true;
}

/* TTL-01, E06: many deadlines in one second, while a client works on. */
static void crowded_deadline(struct syn_run *run)
{
    static struct syn_thing things[CROWD];
    struct crowd crowd = {
        .run = run, .backend = syn_run_backend(run), .things = things};
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing own = syn_run_thing(run, "own");
    struct syn_action open = {.op = SYN_OP_OPEN, .on = &own};
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &own)));
    for (size_t i = 0; i < CROWD; i++) {
        things[i] = syn_run_thing(run, NULL);
        REQUIRE_ALLOWED(run, "one of many with a TTL",
                        syn_brief_create(crowd.backend, &things[i], TTL_S));
    }
    int64_t begun_ms = syn_run_now_ms(run);
    syn_client_start(ann, &open);
    syn_run_pass_s(run, TTL_S);
    EXPECT_CONTROL(run, "ann is answered meanwhile", syn_client_finish(ann));
    EXPECT_TRUE(run, "all are gone within the bound",
                syn_run_until(run, 1, syn_run_bound_s(run, SYN_BOUND_TTL_S),
                              are_gone, &crowd));
    syn_measure(run, "ttl.crowd_removal_ms",
                syn_run_now_ms(run) - begun_ms - TTL_S * 1000);
    EXPECT_CONTROL(run, "ann is answered afterwards",
                   syn_client_do(ann, &open));
}

/* TTL-26: "Purges do not consume rate budget": what could be written in the
 * seconds after many items had expired. */
static void free_of_charge(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "emptied");
    REQUIRE_ALLOWED(run, "create",
                    syn_brief_create(backend, &thing, SYN_BRIEF_NO_TTL));
    for (unsigned i = 0; i < ITEMS; i++) {
        struct syn_action add = {.op = SYN_OP_ITEM_ADD,
                                 .on = &thing,
                                 .key = syn_run_text(run, "item-%u", i),
                                 .has_ttl = true,
                                 .ttl_s = ITEMS / PER_S + PROBES_S};
        REQUIRE_ALLOWED(run, "an item with a TTL",
                        syn_backend_do(backend, &add));
        if (i % PER_S == 0) {
            syn_run_pass_s(run, 1);
        }
    }
    syn_run_pass_s(run, ITEMS / PER_S + 2 * PROBES_S);
    int64_t done = 0;
    for (unsigned i = 0; i < ITEMS; i++) {
        struct syn_reply reply = syn_leak_change(run, backend, &thing);
        done += syn_reply_is_ok(&reply) ? 1 : 0;
    }
    syn_measure(run, "purge.writes_tried_after", ITEMS);
    syn_measure(run, "purge.writes_done_after", done);
}

#define EDGE_ROW .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "ttl/edges/late-extension",
     .title = "An extension that comes late is refused for good or kept",
     .source = "TTL-13 TTL-01",
     .level = SYN_LEVEL_MUST,
     EDGE_ROW,
     .needs = SYN_NEED_ADMIN | SYN_NEED_TTL | SYN_NEED_VIRTUAL,
     .types = SYN_TYPES_ALL,
     .estimate_s = 60,
     .reading = "which of the two it is may depend on the moment",
     .defect = "late-extension-forgotten",
     .meets = "E03",
     .run = late_extension},
    {.id = "ttl/edges/clock-jump",
     .title = "A clock that jumps deletes nothing early and keeps nothing for "
              "ever",
     .source = "TTL-01 TTL-22 TTL-29",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .safety = SYN_SAFE_EMBEDDED,
     .needs = SYN_NEED_ADMIN | SYN_NEED_TTL | SYN_NEED_VIRTUAL,
     .types = SYN_TYPES_ALL,
     .defect = "ttl-fires-early ttl-never-removes",
     .meets = "E11",
     .run = clock_jump},
    {.id = "ttl/edges/crowded-deadline",
     .title = "Many deadlines in one second are met, and clients are answered",
     .source = "TTL-01 TTL-02",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .safety = SYN_SAFE_DISRUPTIVE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_TTL | SYN_NEED_VIRTUAL,
     .types = SYN_TYPES_DOCUMENT,
     .estimate_s = 60,
     .defect = "purge-falls-behind",
     .meets = "E06",
     .run = crowded_deadline},
    {.id = "ttl/edges/free-of-charge",
     .title = "What expiries leave of the write budget is reported",
     .source = "TTL-26",
     .level = SYN_LEVEL_INFO,
     EDGE_ROW,
     .needs =
         SYN_NEED_ADMIN | SYN_NEED_TTL | SYN_NEED_LIMITS | SYN_NEED_VIRTUAL,
     .types = SYN_TYPES_CONTAINER,
     .run = free_of_charge},
};
SYN_SUITE(ttl_edges, "Edges of expiry", rows);
