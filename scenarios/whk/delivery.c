/*
 * Whether and how webhooks are posted (WHK-02, WHK-03, WHK-10).
 * Changes by users always; changes by the backend when it wants to hear of
 * them, under the name "system". However the receiver behaves, requests to the
 * service neither wait for it nor fail with it.
 */
#include "syn/hook.h"
#include "syn/scenario.h"

#define RETRIES  2
#define SLEEP_S  20 /* longer than a service may wait (E11205: 15) */
#define CHANGES  5  /* on each plane while the sink is ill */
#define MS_PER_S 1000

/* WHK-02: "REST mutations do not, unless enabled". */
static void rest_needs_flag(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing silent = syn_run_thing(run, "silent");
    struct syn_thing loud = syn_run_thing(run, "loud");
    const struct syn_hook_match of_silent = {.on = &silent};
    const struct syn_hook_match of_loud = {.on = &loud};
    REQUIRE(run, syn_run_hook_live(run, NULL, &silent));
    REQUIRE(run, EXPECT_HOOK_FENCE(run));
    EXPECT_INT(run, "webhooks of REST changes with the flag off",
               (int64_t)syn_run_hook_count(run, &of_silent), ==, 0);
    REQUIRE(run, syn_run_hook_flags(
                     run, &(struct syn_hook_flags){.from_rest = true}));
    REQUIRE_CONTROL(run, "backend creates with the flag on",
                    syn_backend_do(backend, OP_ON(CREATE, &loud)));
    EXPECT_TRUE(run, "its webhook comes",
                syn_run_hook_await(run, &of_loud, 0) != NULL);
    REQUIRE(run, syn_run_hook_flags(
                     run, &(struct syn_hook_flags){.from_rest = false}));
    REQUIRE_CONTROL(run, "backend removes with the flag off again",
                    syn_backend_do(backend, OP_ON(REMOVE, &loud)));
    REQUIRE(run, EXPECT_HOOK_FENCE(run));
    EXPECT_INT(run, "webhooks of the thing in all",
               (int64_t)syn_run_hook_count(run, &of_loud), ==, 1);
}

/* WHK-03: "Identity=`system`, no EndpointId". */
static void backend_is_system(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_thing thing = syn_run_thing(run, "board");
    REQUIRE(run, syn_run_hook_flags(
                     run, &(struct syn_hook_flags){.from_rest = true}));
    REQUIRE(run, syn_run_hook_live(run, NULL, &thing));
    const enum syn_op *op = syn_hook_life(thing.type);
    for (; *op != SYN_OP_COUNT; op++) {
        const struct syn_hook_match match = {
            .event_type = syn_hook_event(thing.type, *op), .on = &thing};
        const struct syn_sink_record *record =
            syn_run_hook_await(run, &match, 0);
        REQUIRE_TRUE(run, syn_run_text(run, "a %s comes", match.event_type),
                     record != NULL);
        EXPECT_STR(run, "Identity", syn_sink_param(record, "Identity"), ==,
                   SYN_STR("system"));
        EXPECT_TRUE(run, "EndpointId is absent",
                    syn_sink_param(record, "EndpointId").at == NULL);
    }
}

/* The same requests on both planes, which were answered a moment ago. A 5xx or
 * no answer is the very failure that is looked for, so both count. */
static void expect_served(struct syn_run *run, struct syn_client *user,
                          struct syn_thing *thing, const char *when)
{
    struct syn_backend *backend = syn_run_backend(run);
    for (unsigned i = 0; i < CHANGES; i++) {
        struct syn_reply sdk = syn_client_do(user, OP_ON(UPDATE, thing));
        EXPECT_TRUE(run, syn_run_text(run, "a user is served %s", when),
                    syn_reply_is_ok(&sdk));
        struct syn_reply rest = syn_backend_do(backend, OP_ON(UPDATE, thing));
        EXPECT_TRUE(run, syn_run_text(run, "the backend is served %s", when),
                    syn_reply_is_ok(&rest));
    }
}

/* WHK-10: "sink sleeps 20 s"; then one that answers 500. */
static void slow_sink(struct syn_run *run)
{
    struct syn_sink *sink = syn_run_sink(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "card");
    const struct syn_hook_match match = {.on = &thing};
    REQUIRE_CONTROL(run, "ann creates while the sink answers",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "ann updates while the sink answers",
                    syn_client_do(ann, OP_ON(UPDATE, &thing)));
    REQUIRE_CONTROL(
        run, "backend updates while the sink answers",
        syn_backend_do(syn_run_backend(run), OP_ON(UPDATE, &thing)));
    REQUIRE_TRUE(run, "both webhooks of ann come",
                 syn_run_hook_await(run, &match, 1) != NULL);
    syn_sink_behave(sink,
                    &(struct syn_sink_manner){.delay_ms = SLEEP_S * MS_PER_S});
    REQUIRE_CONTROL(run, "ann updates, and the sink falls asleep",
                    syn_client_do(ann, OP_ON(UPDATE, &thing)));
    REQUIRE_TRUE(run, "its webhook comes",
                 syn_run_hook_await(run, &match, 2) != NULL);
    expect_served(run, ann, &thing, "while the sink sleeps");
    syn_sink_behave(sink, &(struct syn_sink_manner){.status = 500});
    syn_run_pass_s(run, SLEEP_S);
    expect_served(run, ann, &thing, "while the sink fails");
    syn_sink_behave(sink, &(struct syn_sink_manner){.status = 200});
    (void)EXPECT_HOOK_FENCE(run);
    syn_observe(run, "webhooks of 13 changes that came in the end", "%zu",
                syn_run_hook_count(run, &match));
}

/* Open question 10: a service that tries a failed webhook again does so as
 * often as its reading says, and then goes on with the next. */
static void tried_again(struct syn_run *run)
{
    struct syn_sink *sink = syn_run_sink(run);
    struct syn_thing failed = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "one");
    struct syn_thing well = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "two");
    const struct syn_hook_match of_failed = {.on = &failed};
    const struct syn_hook_match of_well = {.on = &well};
    struct syn_client *ann = syn_run_client(run, "ann");
    syn_sink_behave(sink, &(struct syn_sink_manner){.status = 500});
    REQUIRE_CONTROL(run, "ann creates while the sink fails",
                    syn_client_do(ann, OP_ON(CREATE, &failed)));
    REQUIRE_TRUE(run, "its webhook comes as often as it is tried",
                 syn_run_hook_await(run, &of_failed, RETRIES) != NULL);
    syn_sink_behave(sink, &(struct syn_sink_manner){.status = 200});
    REQUIRE_CONTROL(run, "ann creates when the sink is well",
                    syn_client_do(ann, OP_ON(CREATE, &well)));
    REQUIRE(run, EXPECT_HOOK_FENCE(run));
    EXPECT_INT(run, "how often the failed webhook came",
               (int64_t)syn_run_hook_count(run, &of_failed), ==, 1 + RETRIES);
    EXPECT_INT(run, "how often the one behind it came",
               (int64_t)syn_run_hook_count(run, &of_well), ==, 1);
}

#define DELIVERY_ROW                                                 \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED,   \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE | \
             SYN_NEED_WEBHOOK

static const struct syn_scenario rows[] = {
    {.id = "whk/delivery/rest-needs-flag",
     .title = "Changes over REST are posted only when asked for",
     .source = "WHK-02",
     DELIVERY_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_ALL,
     .estimate_s = 12,
     .defect = "webhooks-from-rest-always webhooks-from-rest-never",
     .run = rest_needs_flag},
    {.id = "whk/delivery/backend-is-system",
     .title = "Changes over REST are posted as done by system, nowhere",
     .source = "WHK-03",
     DELIVERY_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_ALL,
     .defect = "webhook-names-account-for-backend "
               "webhook-gives-backend-an-endpoint",
     .run = backend_is_system},
    {.id = "whk/delivery/slow-sink",
     .title = "A sink that sleeps or fails costs no request anything",
     .source = "WHK-10",
     DELIVERY_ROW,
     .level = SYN_LEVEL_SHOULD,
     .estimate_s = 30,
     .defect = "slow-sink-fails-requests",
     .reading = "delivery is asynchronous: no answer depends on it",
     .run = slow_sink},
    {.id = "whk/delivery/tried-again",
     .title = "A failed webhook is tried again as often as the reading says",
     .source = "WHK-10",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .safety = SYN_SAFE_EMBEDDED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE |
              SYN_NEED_WEBHOOK | SYN_NEED_INTERNALS,
     .service_readings = "webhook-retries=2",
     .reading = "a failed webhook is tried twice again (`--readings`)",
     .defect = "readings-not-taken",
     .run = tried_again},
};
SYN_SUITE(whk_delivery, "How webhooks are posted", rows);
