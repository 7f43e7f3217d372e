/*
 * The switch (ACL-04, ACL-33, ACL-53, ACL-54; A19 to A21).
 * `acl_enabled` governs every object of its service, for clients that are
 * connected already too, and turning it changes no row.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

/* Turn the switch and give a remote service its time to act on it. */
static bool switched(struct syn_run *run, struct syn_backend *backend,
                     bool is_on)
{
    bool done = EXPECT_ALLOWED(
        run, is_on ? "the switch is turned on" : "the switch is turned off",
        syn_backend_switch_acl(backend, is_on));
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_REVOKE_S));
    return done;
}

/* ACL-04: the same object under both positions. ACL-33: rows stored while the
 * switch is off take effect when it is on. */
static void governs_all_objects(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "flip");
    REQUIRE_ALLOWED(run, "backend creates while off",
                    syn_probe_prepare(backend, &thing));
    REQUIRE_ALLOWED(run, "backend grants read while off",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHT_READ));
    EXPECT_ALLOWED(run, "bob opens while off",
                   syn_client_do(bob, OP_ON(OPEN, &thing)));
    REQUIRE(run, switched(run, backend, true));
    EXPECT_RIGHTS(run, bob, &thing, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHT_READ);
    REQUIRE(run, switched(run, backend, false));
    EXPECT_RIGHTS(run, bob, &thing, SYN_RIGHTS_ALL);
}

/* ACL-53, A19: live subscribers without a grant are cut, owners keep theirs. */
static void cuts_live_clients(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "flip");
    REQUIRE_ALLOWED(run, "ann creates while off",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "bob subscribes while off",
                    syn_client_subscribe(bob, &thing, -2));
    struct syn_client *second = syn_run_client_with(
        run, "ann-again",
        &(struct syn_client_options){.identity = syn_client_identity(ann)});
    REQUIRE_CONTROL(run, "the owner subscribes on another connection",
                    syn_client_subscribe(second, &thing, -2));
    REQUIRE(run, switched(run, backend, true));

    struct syn_action change = {
        .op = syn_type_change(thing.type), .on = &thing, .key = "news"};
    REQUIRE_ALLOWED(run, "backend changes it",
                    syn_backend_do(backend, &change));
    EXPECT_TRUE(run, "the owner hears the change",
                syn_client_await(second, &thing, 1));
    REQUIRE_TRUE(run, "the session of bob answers", syn_client_fence(bob));
    EXPECT_INT(run, "events that bob heard",
               (int64_t)syn_client_heard(bob, &thing), ==, 0);
    EXPECT_DENIED(run, "bob opens", syn_client_do(bob, OP_ON(OPEN, &thing)),
                  &thing);
}

/* ACL-54, A20: access comes back without a new connection. */
static void back_off_restores(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "flip");
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    EXPECT_DENIED(run, "bob opens while on",
                  syn_client_do(bob, OP_ON(OPEN, &thing)), &thing);
    REQUIRE(run, switched(run, backend, false));
    EXPECT_CONTROL(run, "bob opens after",
                   syn_client_do(bob, OP_ON(OPEN, &thing)));
}

/* ACL-53, ACL-33: who was granted read hears on, without asking anew. */
static void spares_who_may(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "flip");
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    REQUIRE_ALLOWED(run, "backend grants read while off",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHT_READ));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, -2));
    REQUIRE(run, switched(run, backend, true));
    EXPECT_DENIED(run, "bob opens", syn_client_do(bob, OP_ON(OPEN, &thing)),
                  &thing);
    struct syn_action change = {
        .op = syn_type_change(thing.type), .on = &thing, .key = "later"};
    REQUIRE_ALLOWED(run, "a change", syn_backend_do(backend, &change));
    EXPECT_TRUE(run, "ann hears it", syn_client_await(ann, &thing, 1));
    EXPECT_INT(run, "ends of her subscription",
               (int64_t)syn_client_cancels(ann, &thing), ==, 0);
}

#define SWITCH_ROW                                                  \
    .subject = SYN_SUBJECT_SERVICE,                                 \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE, \
    .safety = SYN_SAFE_NAMESPACED, .estimate_s = 10

static const struct syn_scenario rows[] = {
    {.id = "acl/switch/governs-all-objects",
     .title = "One switch governs the objects of its service, and rows wait "
              "for it",
     .source = "ACL-04 ACL-33",
     .level = SYN_LEVEL_MUST,
     SWITCH_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "acl-always-on switch-wipes-rows",
     .run = governs_all_objects},
    {.id = "acl/switch/cuts-live-clients",
     .title = "Turning ACLs on restricts clients that are connected already",
     .source = "ACL-53",
     .level = SYN_LEVEL_SHOULD,
     SWITCH_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "switch-spares-subscribers",
     .meets = "A19",
     .run = cuts_live_clients},
    {.id = "acl/switch/spares-who-may",
     .title = "Turning ACLs on leaves subscriptions with a grant alone",
     .source = "ACL-53 ACL-33",
     .level = SYN_LEVEL_SHOULD,
     SWITCH_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "grant-ignored",
     .meets = "A19",
     .run = spares_who_may},
    {.id = "acl/switch/back-off-restores",
     .title = "Turning ACLs off restores access without a new connection",
     .source = "ACL-54",
     .level = SYN_LEVEL_SHOULD,
     SWITCH_ROW,
     .types = SYN_TYPES_GRANTED,
     .acl_on = true,
     .defect = "switch-sticks-on",
     .meets = "A20",
     .run = back_off_restores},
};
SYN_SUITE(acl_switch, "The switch", rows);
