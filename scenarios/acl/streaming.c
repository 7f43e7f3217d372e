/*
 * Revoked but still streaming (ACL-50 to ACL-54; A13, A14, A16, A18, A19, X08).
 * A right that is taken is taken from live subscriptions and replays too.
 */
#include "syn/fault.h"
#include "syn/leak.h"
#include "syn/scenario.h"

#define MISSED 300 /* events in a replay; 1,000 are kept of an object */

/* A thing that two may read, and both listen to. */
struct scene {
    struct syn_backend *backend;
    struct syn_client *ann, *witness;
    struct syn_thing thing;
};

static bool is_shared(struct syn_run *run, struct scene *scene, unsigned rights)
{
    const char *reader = syn_client_identity(scene->witness);
    return EXPECT_ALLOWED(
               run, "backend creates",
               syn_backend_do(scene->backend, OP_ON(CREATE, &scene->thing))) &&
           EXPECT_ALLOWED(run, "backend grants to ann",
                          syn_backend_grant(scene->backend, &scene->thing,
                                            syn_client_identity(scene->ann),
                                            rights)) &&
           EXPECT_ALLOWED(run, "backend grants to the witness",
                          syn_backend_grant(scene->backend, &scene->thing,
                                            reader, SYN_RIGHT_READ));
}

static bool is_heard(struct syn_run *run, struct scene *scene)
{
    const int64_t from = syn_type_first_id(scene->thing.type);
    return EXPECT_CONTROL(
               run, "ann subscribes with the right",
               syn_client_subscribe(scene->ann, &scene->thing, from)) &&
           EXPECT_CONTROL(
               run, "the witness subscribes",
               syn_client_subscribe(scene->witness, &scene->thing, from)) &&
           EXPECT_ALLOWED(
               run, "a change before",
               syn_leak_change(run, scene->backend, &scene->thing)) &&
           EXPECT_TRUE(run, "ann hears the change before",
                       syn_client_await(scene->ann, &scene->thing, 1));
}

static bool is_set(struct syn_run *run, struct scene *scene, const char *name,
                   unsigned rights)
{
    *scene = (struct scene){.backend = syn_run_backend(run),
                            .ann = syn_run_client(run, "ann"),
                            .witness = syn_run_client(run, "witness"),
                            .thing = syn_run_thing(run, name)};
    return is_shared(run, scene, rights) && is_heard(run, scene);
}

static bool stays_silent(struct syn_run *run, struct scene *scene)
{
    const struct syn_leak leak = {.user = scene->ann,
                                  .witness = scene->witness,
                                  .backend = scene->backend,
                                  .thing = &scene->thing};
    return EXPECT_SILENCE(run, &leak);
}

/* Take the right: over sid or name, by flags or by deletion. */
static struct syn_reply take(struct syn_run *run, struct scene *scene,
                             bool is_by_name, const char *form)
{
    struct syn_thing address = scene->thing;
    if (is_by_name) {
        address.sid[0] = '\0';
    }
    return syn_backend_call(
        scene->backend, form == NULL ? "DELETE" : "POST",
        syn_run_text(run, "%s/Permissions/%s",
                     syn_backend_path(scene->backend, &address),
                     syn_client_identity(scene->ann)),
        form, NULL);
}

/* ACL-50: "Revocation of read stops event delivery to live subscribers". */
static void stops(struct syn_run *run, bool is_by_name, const char *form)
{
    struct scene scene;
    REQUIRE(run, is_set(run, &scene, is_by_name ? "named" : "feed",
                        SYN_RIGHT_READ | SYN_RIGHT_WRITE));
    REQUIRE_ALLOWED(run, "backend revokes",
                    take(run, &scene, is_by_name, form));
    (void)stays_silent(run, &scene);
    EXPECT_DENIED(run, "ann subscribes again",
                  syn_client_subscribe(scene.ann, &scene.thing, 0),
                  &scene.thing);
}

static void by_flags(struct syn_run *run)
{
    stops(run, false, "Read=false&Write=false&Manage=false");
    stops(run, true, "Read=false&Write=false&Manage=false");
}

static void by_deletion(struct syn_run *run)
{
    stops(run, false, NULL);
    stops(run, true, NULL);
}

/* ACL-42: "Flags are independent": write that stays does not keep the ear. */
static void write_stays(struct syn_run *run)
{
    stops(run, false, "Read=false&Write=true&Manage=true");
}

/* ACL-52, A14: the right is taken while the tap holds a long replay. What lay
 * before the revocation may arrive; nothing later does. */
static void mid_replay(struct syn_run *run)
{
    struct scene scene = {.backend = syn_run_backend(run),
                          .ann = syn_run_tap_client(run, "ann", NULL),
                          .witness = syn_run_client(run, "witness"),
                          .thing = syn_run_thing(run, "feed")};
    REQUIRE(run, is_shared(run, &scene, SYN_RIGHT_READ));
    REQUIRE(run, is_heard(run, &scene));
    syn_client_cut(scene.ann);
    for (unsigned i = 0; i < MISSED; i++) {
        REQUIRE_ALLOWED(run, "a change while ann is away",
                        syn_leak_change(run, scene.backend, &scene.thing));
    }
    int64_t last_id = 0; /* told twice is one change */
    REQUIRE_TRUE(run, "the witness hears them all",
                 syn_client_await_ids(scene.witness, &scene.thing, MISSED + 1,
                                      &last_id));
    REQUIRE_CONTROL(run, "ann comes back", syn_client_resume(scene.ann));
    syn_tap_hold(syn_run_tap(run), SYN_TAP_DOWN);
    syn_run_pass_ms(run, 0);
    size_t before = syn_client_heard(scene.ann, &scene.thing);
    REQUIRE_ALLOWED(run, "backend revokes in mid-replay",
                    take(run, &scene, false, NULL));
    for (unsigned i = 0; i < 3; i++) {
        REQUIRE_ALLOWED(run, "a change after",
                        syn_leak_change(run, scene.backend, &scene.thing));
    }
    syn_tap_release(syn_run_tap(run), SYN_TAP_DOWN);
    (void)syn_client_fence(scene.ann);
    size_t heard = syn_client_heard(scene.ann, &scene.thing);
    syn_measure(run, "revoke.replayed_in_flight", (int64_t)(heard - before));
    int64_t later = 0;
    for (size_t i = before; i < heard; i++) {
        later += syn_client_heard_at(scene.ann, &scene.thing, i)->id > last_id;
    }
    EXPECT_INT(run, "events later than the revocation", later, ==, 0);
    (void)stays_silent(run, &scene);
    EXPECT_DENIED(run, "ann subscribes again",
                  syn_client_subscribe(scene.ann, &scene.thing, 0),
                  &scene.thing);
}

/* A16: neither continuation token nor event id bring back what was missed. */
static void resumed_elsewhere(struct syn_run *run)
{
    struct scene scene;
    const char *ann = syn_run_identity(run, "ann");
    struct syn_client *first = syn_run_client_with(
        run, "first",
        &(struct syn_client_options){.identity = ann, .stays_offline = true});
    struct syn_reply init = syn_client_connect(first);
    REQUIRE_CONTROL(run, "ann connects", init);
    REQUIRE(run, is_set(run, &scene, "feed", SYN_RIGHT_READ));
    syn_client_cut(first);
    syn_client_cut(scene.ann);
    REQUIRE_ALLOWED(run, "backend revokes while ann is away",
                    take(run, &scene, false, NULL));
    REQUIRE_ALLOWED(run, "a change meanwhile",
                    syn_leak_change(run, scene.backend, &scene.thing));
    scene.ann = syn_run_client_with(
        run, "second",
        &(struct syn_client_options){
            .identity = ann,
            .continuation = syn_reply_str(&init, "/continuation_token")});
    static const int64_t from[] = {-2, 0, 1};
    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
        EXPECT_DENIED(run, "subscribing from an event on",
                      syn_client_subscribe(scene.ann, &scene.thing, from[i]),
                      &scene.thing);
    }
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(scene.ann));
    EXPECT_TRUE(run, "nothing of its content was sent",
                !syn_client_saw(scene.ann, scene.thing.canary));
    (void)stays_silent(run, &scene);
}

/* A18: what is needed after the right is given back. */
static void given_back(struct syn_run *run)
{
    struct scene scene;
    REQUIRE(run, is_set(run, &scene, "feed", SYN_RIGHT_READ));
    REQUIRE_ALLOWED(run, "backend revokes", take(run, &scene, false, NULL));
    (void)syn_client_fence(scene.ann);
    size_t before = syn_client_heard(scene.ann, &scene.thing);
    REQUIRE_ALLOWED(run, "backend grants again",
                    take(run, &scene, false, "Read=true"));
    REQUIRE_ALLOWED(run, "a change",
                    syn_leak_change(run, scene.backend, &scene.thing));
    (void)syn_client_fence(scene.ann);
    syn_observe(run, "the old subscription is alive again", "%s",
                syn_client_heard(scene.ann, &scene.thing) > before ? "yes"
                                                                   : "no");
    struct syn_reply again = syn_client_subscribe(scene.ann, &scene.thing, -2);
    syn_observe(run, "subscribing again without a new connection", "%u",
                again.http);
}

/* ACL-53, A19: the switch is turned on in mid-stream. */
static void switched_on(struct syn_run *run)
{
    struct scene scene = {.backend = syn_run_backend(run),
                          .ann = syn_run_client(run, "ann"),
                          .thing = syn_run_thing(run, "feed")};
    struct syn_client *owner = syn_run_client(run, "owner");
    REQUIRE_ALLOWED(run, "the owner creates while off",
                    syn_client_do(owner, OP_ON(CREATE, &scene.thing)));
    scene.witness = syn_run_client_with(
        run, "owner-again",
        &(struct syn_client_options){.identity = syn_client_identity(owner)});
    REQUIRE(run, is_heard(run, &scene));
    REQUIRE_ALLOWED(run, "the switch is turned on",
                    syn_backend_switch_acl(scene.backend, true));
    (void)stays_silent(run, &scene);
    EXPECT_DENIED(run, "ann subscribes again",
                  syn_client_subscribe(scene.ann, &scene.thing, 0),
                  &scene.thing);
}

#define STREAMING_ROW                                                       \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,                \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED, \
    .acl_on = true, .types = SYN_TYPES_GRANTED, .estimate_s = 25,           \
    .reading = "no event after revoke_s, whether or not the client is told"

static const struct syn_scenario rows[] = {
    {.id = "acl/streaming/stopped-by-flags",
     .title = "A live stream ends when the flags are all false, by any name",
     .source = "ACL-50 ACL-25 ACL-67",
     STREAMING_ROW,
     .defect = "revoked-still-streaming revoke-reaches-streams-late "
               "revoked-map-still-streams",
     .meets = "X08 A13",
     .run = by_flags},
    {.id = "acl/streaming/stopped-by-deletion",
     .title = "A live stream ends when the permission is deleted, by any name",
     .source = "ACL-50 ACL-35 ACL-67",
     STREAMING_ROW,
     .defect = "deletion-spares-streams revoke-takes-everybodys",
     .run = by_deletion},
    {.id = "acl/streaming/stopped-though-write-stays",
     .title = "A live stream ends when read is taken and write is left",
     .source = "ACL-50 ACL-42",
     STREAMING_ROW,
     .defect = "write-keeps-streams",
     .run = write_stays},
    {.id = "acl/streaming/mid-replay",
     .title = "A revocation during a replay lets nothing later through",
     .source = "ACL-50 ACL-52",
     STREAMING_ROW,
     .defect = "replay-outlives-revoke",
     .meets = "A14",
     .run = mid_replay},
    {.id = "acl/streaming/resumed-elsewhere",
     .title = "Neither continuation token nor event id outlive a revocation",
     .source = "ACL-52 ACL-50",
     STREAMING_ROW,
     .defect = "replay-ignores-acl",
     .run = resumed_elsewhere},
    {.id = "acl/streaming/given-back",
     .title = "What a right that is given back needs is reported",
     .source = "ACL-51",
     .level = SYN_LEVEL_INFO,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .acl_on = true,
     .types = SYN_TYPES_GRANTED,
     .meets = "A18",
     .run = given_back},
    {.id = "acl/streaming/switched-on",
     .title = "A live stream without a grant ends when ACLs are turned on",
     .source = "ACL-53",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .types = SYN_TYPES_ALL,
     .estimate_s = 15,
     .reading = "creators keep what they made while ACLs were off",
     .defect = "switch-spares-subscribers",
     .run = switched_on},
};
SYN_SUITE(acl_streaming, "Revoked but still streaming", rows);
