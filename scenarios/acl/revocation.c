/*
 * Revocation (ACL-25, ACL-27, ACL-35, ACL-36, ACL-49 to ACL-52; A07, A08, A16).
 * What the backend allowed it can take back; from then on nothing is answered
 * and nothing is delivered, not even over what was established before.
 */
#include "syn/leak.h"
#include "syn/probe.h"
#include "syn/scenario.h"

#define EVENTS_AFTER_REVOKE 5

static bool prepared(struct syn_run *run, struct syn_backend *backend,
                     struct syn_thing *thing, struct syn_client *user,
                     unsigned rights)
{
    return EXPECT_ALLOWED(run, "backend creates the object",
                          syn_probe_prepare(backend, thing)) &&
           EXPECT_ALLOWED(run, "backend grants",
                          syn_backend_grant(backend, thing,
                                            syn_client_identity(user), rights));
}

/* ACL-25: "Backend can disallow again", by all-false flags. */
static void by_flags(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "lent");
    REQUIRE(run, prepared(run, backend, &thing, ann, SYN_RIGHTS_ALL));
    REQUIRE_CONTROL(run, "ann opens with the grant",
                    syn_client_do(ann, OP_ON(OPEN, &thing)));
    REQUIRE_ALLOWED(run, "backend sets all flags false",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHTS_NONE));
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHTS_NONE);
}

/* ACL-35: "DELETE of a permission equals all flags false".
 * ACL-36: "After DELETE, GET of that row is 404". */
static void by_deletion(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "lent");
    REQUIRE(run, prepared(run, backend, &thing, ann, SYN_RIGHTS_ALL));
    REQUIRE_CONTROL(run, "ann opens with the grant",
                    syn_client_do(ann, OP_ON(OPEN, &thing)));
    REQUIRE_ALLOWED(
        run, "backend deletes the row",
        syn_backend_revoke(backend, &thing, syn_client_identity(ann)));
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHTS_NONE);
    struct syn_reply row =
        syn_backend_call(backend, "GET",
                         syn_run_text(run, "%s/Permissions/%s",
                                      syn_backend_path(backend, &thing),
                                      syn_client_identity(ann)),
                         NULL, NULL);
    EXPECT_INT(run, "status of the deleted row", (int64_t)row.http, ==, 404);
}

/* ACL-27: "The creator itself can be disallowed by the backend". */
static void of_the_creator(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing flags = syn_run_thing(run, "by-flags");
    struct syn_thing deleted = syn_run_thing(run, "by-deletion");
    REQUIRE_ALLOWED(run, "ann creates one",
                    syn_client_do(ann, OP_ON(CREATE, &flags)));
    REQUIRE_ALLOWED(run, "ann creates another",
                    syn_client_do(ann, OP_ON(CREATE, &deleted)));
    REQUIRE_CONTROL(run, "ann opens its own object",
                    syn_client_do(ann, OP_ON(OPEN, &flags)));
    REQUIRE_ALLOWED(run, "backend sets all flags of ann false",
                    syn_backend_grant(backend, &flags, syn_client_identity(ann),
                                      SYN_RIGHTS_NONE));
    REQUIRE_ALLOWED(
        run, "backend deletes the row of ann",
        syn_backend_revoke(backend, &deleted, syn_client_identity(ann)));
    EXPECT_RIGHTS(run, ann, &flags, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, ann, &deleted, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, bob, &flags, SYN_RIGHTS_NONE);
}

/*
 * ACL-50: "Revocation of read stops event delivery to live subscribers". A
 * second subscriber keeps its grant and proves that the events were sent.
 */
static void live_subscriber(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *witness = syn_run_client(run, "witness");
    struct syn_thing thing = syn_run_thing(run, "feed");
    REQUIRE(run, prepared(run, backend, &thing, ann, SYN_RIGHT_READ));
    REQUIRE_ALLOWED(run, "backend grants to the witness",
                    syn_backend_grant(backend, &thing,
                                      syn_client_identity(witness),
                                      SYN_RIGHT_READ));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, -2));
    REQUIRE_CONTROL(run, "the witness subscribes",
                    syn_client_subscribe(witness, &thing, -2));
    REQUIRE_ALLOWED(run, "a change before",
                    syn_leak_change(run, backend, &thing));
    REQUIRE_TRUE(run, "ann hears the change before",
                 syn_client_await(ann, &thing, 1));

    REQUIRE_ALLOWED(run, "backend revokes read",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHTS_NONE));
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_REVOKE_S));
    (void)syn_client_fence(ann);
    size_t before = syn_client_heard(ann, &thing);
    syn_measure(run, "revoke.leaked_within_bound", (int64_t)before - 1);
    for (unsigned i = 1; i <= EVENTS_AFTER_REVOKE; i++) {
        REQUIRE_ALLOWED(run, "a change after",
                        syn_leak_change(run, backend, &thing));
    }
    REQUIRE_TRUE(run, "the witness hears every change",
                 syn_client_await(witness, &thing, EVENTS_AFTER_REVOKE + 1));
    REQUIRE_TRUE(run, "the session of ann still answers",
                 syn_client_fence(ann));
    EXPECT_INT(run, "events that ann heard after the bound",
               (int64_t)(syn_client_heard(ann, &thing) - before), ==, 0);
    syn_observe(run, "subscription_canceled after the revocation", "%zu",
                syn_client_cancels(ann, &thing));
}

/* ACL-52, A16: after revocation neither subscribing again nor resuming with
 * the last event id catches up. */
static void no_catch_up(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *witness = syn_run_client(run, "witness");
    struct syn_thing thing = syn_run_thing(run, "feed");
    REQUIRE(run, prepared(run, backend, &thing, ann, SYN_RIGHT_READ));
    REQUIRE_ALLOWED(run, "backend grants to the witness",
                    syn_backend_grant(backend, &thing,
                                      syn_client_identity(witness),
                                      SYN_RIGHT_READ));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, 0));
    REQUIRE_CONTROL(run, "the witness subscribes",
                    syn_client_subscribe(witness, &thing, 0));
    REQUIRE_ALLOWED(run, "a change", syn_leak_change(run, backend, &thing));
    REQUIRE_TRUE(run, "ann hears it", syn_client_await(ann, &thing, 1));
    REQUIRE_TRUE(run, "the witness hears it",
                 syn_client_await(witness, &thing, 1));
    syn_client_cut(ann);
    syn_client_cut(witness);
    REQUIRE_ALLOWED(
        run, "backend revokes while ann is away",
        syn_backend_revoke(backend, &thing, syn_client_identity(ann)));
    REQUIRE_ALLOWED(run, "a change meanwhile",
                    syn_leak_change(run, backend, &thing));

    REQUIRE_CONTROL(run, "the witness resumes", syn_client_resume(witness));
    REQUIRE_TRUE(run, "the witness catches up",
                 syn_client_await(witness, &thing, 2));
    REQUIRE_CONTROL(run, "ann resumes", syn_client_resume(ann));
    REQUIRE_TRUE(run, "the session of ann answers", syn_client_fence(ann));
    EXPECT_INT(run, "events that ann heard in all",
               (int64_t)syn_client_heard(ann, &thing), ==, 1);
    EXPECT_DENIED(run, "ann subscribes again",
                  syn_client_subscribe(ann, &thing, 0), &thing);
}

/* ACL-49, A10: rows belong to the SID; a namesake starts without them. */
static void not_inherited(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing first = syn_run_thing(run, "phoenix");
    struct syn_thing second = syn_run_thing(run, "phoenix");
    REQUIRE(run, prepared(run, backend, &first, ann, SYN_RIGHTS_ALL));
    REQUIRE_CONTROL(run, "ann opens the first",
                    syn_client_do(ann, OP_ON(OPEN, &first)));
    REQUIRE_ALLOWED(run, "backend removes it",
                    syn_backend_do(backend, OP_ON(REMOVE, &first)));
    REQUIRE_ALLOWED(run, "backend creates a namesake",
                    syn_probe_prepare(backend, &second));
    EXPECT_RIGHTS(run, ann, &second, SYN_RIGHTS_NONE);
}

/* A08, REST-65: a partial POST replaces the row; it widens nothing. */
static void partial_post(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "narrowed");
    REQUIRE(run, prepared(run, backend, &thing, ann, SYN_RIGHTS_ALL));
    const char *path = syn_run_text(run, "%s/Permissions/%s",
                                    syn_backend_path(backend, &thing),
                                    syn_client_identity(ann));
    struct syn_reply set =
        syn_backend_call(backend, "POST", path, "Read=true", NULL);
    REQUIRE_ALLOWED(run, "backend posts Read=true alone", set);
    EXPECT_TRUE(run, "write is false in the answer",
                syn_reply_is_false(&set, "/write"));
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHT_READ);
}

#define REVOKE_ROW                                                          \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,                \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED, \
    .acl_on = true, .types = SYN_TYPES_GRANTED

static const struct syn_scenario rows[] = {
    {.id = "acl/revocation/by-flags",
     .title = "Flags set to false take access away",
     .source = "ACL-25 ACL-12",
     REVOKE_ROW,
     .defect = "revoke-ignored grants-only-widen",
     .meets = "A07",
     .run = by_flags},
    {.id = "acl/revocation/by-deletion",
     .title = "Deleting a row takes access away, and the row is gone",
     .source = "ACL-35 ACL-36",
     REVOKE_ROW,
     .defect = "deleted-row-still-grants",
     .meets = "A07",
     .run = by_deletion},
    {.id = "acl/revocation/of-the-creator",
     .title = "The creator can be shut out of its own object",
     .source = "ACL-27",
     REVOKE_ROW,
     .defect = "creator-cannot-be-revoked",
     .run = of_the_creator},
    {.id = "acl/revocation/live-subscriber",
     .title = "Events stop for a live subscriber whose read was revoked",
     .source = "ACL-50 ACL-51",
     REVOKE_ROW,
     .estimate_s = 8,
     .defect = "revoked-still-streaming",
     .run = live_subscriber},
    {.id = "acl/revocation/no-catch-up",
     .title = "After revocation nothing is replayed and no subscription begins",
     .source = "ACL-52 ACL-45",
     REVOKE_ROW,
     .defect = "replay-ignores-acl",
     .meets = "A16",
     .run = no_catch_up},
    {.id = "acl/revocation/not-inherited",
     .title = "A namesake of a removed object starts without its grants",
     .source = "ACL-49",
     REVOKE_ROW,
     .defect = "grants-follow-names",
     .meets = "A10",
     .run = not_inherited},
    {.id = "acl/revocation/partial-post",
     .title = "A partial permission POST replaces the row and widens nothing",
     .source = "REST-65 ACL-25",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .acl_on = true,
     .defect = "grants-only-widen",
     .meets = "A08",
     .run = partial_post},
};
SYN_SUITE(acl_revocation, "Revocation", rows);
