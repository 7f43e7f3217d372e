/*
 * Webhooks as the eye of the backend (ACL-05, ACL-17, ACL-64, ACL-73).
 * Whether ACLs are on or off, the backend hears who did what; of what was
 * denied it hears nothing; and what it hears is enough to cut a rogue off.
 */
#include "syn/hook.h"
#include "syn/leak.h"
#include "syn/probe.h"
#include "syn/scenario.h"

/* What says so when a user changes a thing. */
static const char *const data_names[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = "DocumentData",
    [SYN_TYPE_LIST] = "ItemData",
    [SYN_TYPE_MAP] = "ItemData",
    [SYN_TYPE_STREAM] = "StreamMessageData"};

static struct syn_reply change(struct syn_client *user, struct syn_thing *thing,
                               const char *key)
{
    return syn_client_do(
        user, &(struct syn_action){
                  .op = syn_type_change(thing->type), .on = thing, .key = key});
}

/* The change of a thing by a user, told with both and with the data. */
static void expect_told(struct syn_run *run, const struct syn_client *user,
                        const struct syn_thing *thing)
{
    const struct syn_hook_match match = {
        .event_type = syn_hook_event(thing->type, syn_type_change(thing->type)),
        .on = thing};
    const struct syn_sink_record *record = syn_run_hook_await(run, &match, 0);
    REQUIRE_TRUE(run, syn_run_text(run, "a %s comes", match.event_type),
                 record != NULL);
    EXPECT_STR(run, "Identity", syn_sink_param(record, "Identity"), ==,
               syn_str_of(syn_client_identity(user)));
    EXPECT_STR(run, data_names[thing->type],
               syn_sink_param(record, data_names[thing->type]), has,
               thing->canary);
}

/* ACL-05: "ACL off: the actor's identity is still reported for SDK actions".
 * Bob writes to what ann made, and is named. */
static void identity_while_off(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "shared");
    REQUIRE_CONTROL(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "bob writes to it", change(bob, &thing, "item"));
    expect_told(run, bob, &thing);
    const struct syn_hook_match made = {
        .event_type = syn_hook_event(thing.type, SYN_OP_CREATE), .on = &thing};
    const struct syn_sink_record *record = syn_run_hook_await(run, &made, 0);
    REQUIRE_TRUE(run, "the creation was told", record != NULL);
    EXPECT_STR(run, "Identity of the creation",
               syn_sink_param(record, "Identity"), ==,
               syn_str_of(syn_client_identity(ann)));
}

/* ACL-17: "T(A) write on own object; event with Identity and data". */
static void observes_clients(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "own");
    REQUIRE_CONTROL(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "ann writes", change(ann, &thing, "item"));
    expect_told(run, ann, &thing);
}

/* ACL-64: "Denied operations produce no object webhook". The fence proves that
 * the sink would have heard; the grant, that eve's changes are told at all. */
static void denied_is_silent(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *eve = syn_run_client(run, "eve");
    struct syn_thing thing = syn_run_thing(run, "closed");
    const struct syn_hook_match of_eve = {.identity = syn_client_identity(eve)};
    const struct syn_hook_match of_thing = {.on = &thing};
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    EXPECT_RIGHTS(run, eve, &thing, SYN_RIGHTS_NONE);
    REQUIRE(run, EXPECT_HOOK_FENCE(run));
    EXPECT_INT(run, "webhooks that name eve",
               (int64_t)syn_run_hook_count(run, &of_eve), ==, 0);
    EXPECT_INT(run, "webhooks of the object",
               (int64_t)syn_run_hook_count(run, &of_thing), ==, 0);
    REQUIRE_ALLOWED(run, "backend grants",
                    syn_backend_grant(backend, &thing, syn_client_identity(eve),
                                      SYN_RIGHT_READ | SYN_RIGHT_WRITE));
    REQUIRE_CONTROL(run, "eve writes with the grant",
                    change(eve, &thing, "item"));
    EXPECT_TRUE(run, "and that is told",
                syn_run_hook_await(run, &of_eve, 0) != NULL);
}

/* --- a rogue, end to end -------------------------------------------------- */

struct affair {
    struct syn_run *run;
    struct syn_client *rogue;
    struct syn_thing thing;
    struct syn_reply last;
    unsigned tries;
};

/* The rogue writes again; the world's own failures do not end the wait. */
static bool is_cut_off(void *ctx)
{
    struct affair *affair = ctx;
    affair->last =
        change(affair->rogue, &affair->thing,
               syn_run_text(affair->run, "again-%u", affair->tries++));
    return syn_reply_is_denial(&affair->last);
}

static bool joined(struct syn_run *run, struct syn_client *user,
                   struct syn_thing *thing, unsigned rights)
{
    return EXPECT_ALLOWED(run, "backend grants",
                          syn_backend_grant(syn_run_backend(run), thing,
                                            syn_client_identity(user),
                                            rights)) &&
           EXPECT_CONTROL(run, "a user subscribes",
                          syn_client_subscribe(user, thing, -2));
}

/* The backend hears of the write, and takes the rights of whom it names. */
static bool found_out(struct affair *affair)
{
    struct syn_run *run = affair->run;
    const struct syn_hook_match match = {
        .event_type = syn_hook_event(affair->thing.type,
                                     syn_type_change(affair->thing.type)),
        .on = &affair->thing};
    const int64_t done_ms = syn_run_now_ms(run);
    if (!EXPECT_CONTROL(run, "the rogue writes",
                        change(affair->rogue, &affair->thing, "rogue"))) {
        return false;
    }
    const struct syn_sink_record *record = syn_run_hook_await(run, &match, 0);
    if (!EXPECT_TRUE(run, "the backend hears of it", record != NULL)) {
        return false;
    }
    SYN_ASSERT(record != NULL);
    struct syn_str name = syn_sink_param(record, "Identity");
    syn_measure(run, "rogue.detected_ms", record->at_ms - done_ms);
    return EXPECT_STR(run, "who the backend is told it was", name, ==,
                      syn_str_of(syn_client_identity(affair->rogue))) &&
           EXPECT_ALLOWED(
               run, "backend takes every right of who that is",
               syn_backend_grant(syn_run_backend(run), &affair->thing,
                                 syn_run_text(run, "%.*s", SYN_STR_ARG(name)),
                                 SYN_RIGHTS_NONE));
}

/* ACL-73: "rogue write; webhook; revoke; time until the next write and event
 * are refused". */
static void detect_and_cut_off(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_client *witness = syn_run_client(run, "witness");
    struct affair affair = {.run = run,
                            .rogue = syn_run_client(run, "rogue"),
                            .thing = syn_run_thing(run, "queue")};
    REQUIRE_ALLOWED(run, "backend creates",
                    syn_probe_prepare(syn_run_backend(run), &affair.thing));
    REQUIRE(run, joined(run, affair.rogue, &affair.thing,
                        SYN_RIGHT_READ | SYN_RIGHT_WRITE));
    REQUIRE(run, joined(run, witness, &affair.thing, SYN_RIGHT_READ));
    REQUIRE(run, found_out(&affair));
    const int64_t cut_ms = syn_run_now_ms(run);
    (void)syn_run_until(run, 1, syn_run_bound_s(run, SYN_BOUND_REVOKE_S),
                        is_cut_off, &affair);
    syn_measure(run, "rogue.cut_off_ms", syn_run_now_ms(run) - cut_ms);
    EXPECT_DENIED(run, "the rogue writes again", affair.last, &affair.thing);
    const struct syn_leak leak = {.user = affair.rogue,
                                  .witness = witness,
                                  .backend = syn_run_backend(run),
                                  .thing = &affair.thing};
    EXPECT_SILENCE(run, &leak);
    const struct syn_hook_match of_rogue = {
        .identity = syn_client_identity(affair.rogue)};
    REQUIRE(run, EXPECT_HOOK_FENCE(run));
    EXPECT_INT(run, "webhooks that name the rogue, less those before the cut",
               (int64_t)syn_run_hook_count(run, &of_rogue) -
                   (int64_t)affair.tries,
               ==, 0);
}

#define HOOK_ROW                                                     \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED,   \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE | \
             SYN_NEED_WEBHOOK

static const struct syn_scenario rows[] = {
    {.id = "acl/hooks/identity-while-off",
     .title = "ACLs off: webhooks still name the user who acted",
     .source = "ACL-05",
     HOOK_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_ALL,
     .defect = "webhook-hides-identity-while-acl-off",
     .run = identity_while_off},
    {.id = "acl/hooks/observes-clients",
     .title = "ACLs on: the backend hears what clients do, and who",
     .source = "ACL-17",
     HOOK_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_ALL,
     .acl_on = true,
     .defect = "webhooks-stop-when-acl-on",
     .run = observes_clients},
    {.id = "acl/hooks/denied-is-silent",
     .title = "What was denied is not posted as if it had happened",
     .source = "ACL-64",
     HOOK_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_GRANTED,
     .acl_on = true,
     .estimate_s = 6,
     .defect = "webhook-for-denied-operation",
     .reading = "a webhook tells of a change; a refusal changes nothing",
     .run = denied_is_silent},
    {.id = "acl/hooks/detect-and-cut-off",
     .title = "A rogue is found by webhook and cut off by revocation",
     .source = "ACL-73 ACL-17 ACL-50",
     HOOK_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_GRANTED,
     .acl_on = true,
     .estimate_s = 20,
     .defect = "webhooks-stop-when-acl-on revoke-ignored "
               "revoked-still-streaming",
     .run = detect_and_cut_off},
};
SYN_SUITE(acl_hooks, "Webhooks as the backend's eye", rows);
