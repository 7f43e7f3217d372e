/*
 * ACLs off (ACL-01 to ACL-03, ACL-06, ACL-32, ACL-34).
 * While the switch is off the identity of a token decides nothing: every
 * valid token of the service may do everything, and rows have no effect.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

/* A container gets the item that item probes touch. */
static bool seeded(struct syn_run *run, struct syn_client *user,
                   struct syn_thing *thing)
{
    if ((SYN_TYPE_BIT(thing->type) & SYN_TYPES_CONTAINER) == 0) {
        return true;
    }
    return EXPECT_ALLOWED(
        run, "the creator adds an item",
        syn_client_do(user, &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                                 .on = thing,
                                                 .key = SYN_PROBE_KEY}));
}

/* ACL-01, ACL-02, ACL-03: T(B) reads, writes and removes what R made. */
static void anyone_on_rest_objects(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "open");
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    EXPECT_RIGHTS(run, bob, &thing, SYN_RIGHTS_ALL);
    struct syn_reply gone = syn_backend_do(backend, OP_ON(OPEN, &thing));
    EXPECT_INT(run, "status after bob removed it", (int64_t)gone.http, ==, 404);
}

/* The same on what another client made. */
static void anyone_on_client_objects(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "open");
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE(run, seeded(run, ann, &thing));
    EXPECT_RIGHTS(run, bob, &thing, SYN_RIGHTS_ALL);
    struct syn_reply gone = syn_client_do(ann, OP_ON(OPEN, &thing));
    EXPECT_INT(run, "status after bob removed it", (int64_t)gone.http, ==, 404);
}

/* ACL-34: "With ACL off rows have no effect, even all-false ones". */
static void rows_without_effect(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "open");
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    REQUIRE_ALLOWED(run, "backend denies everything to ann",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHTS_NONE));
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHTS_ALL);
}

/* ACL-06: "Whole object life cycle works from SDK without backend calls". */
static void life_without_backend(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "own");
    REQUIRE_CONTROL(run, "create", syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE(run, seeded(run, ann, &thing));
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHTS_ALL);
    struct syn_reply gone = syn_client_do(ann, OP_ON(OPEN, &thing));
    EXPECT_INT(run, "status after removal", (int64_t)gone.http, ==, 404);
}

/* ACL-32: "`acl_enabled` defaults to false". */
static void switch_is_off_at_first(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_reply made = syn_backend_call(
        backend, "POST", "/v1/Services",
        syn_run_text(run, "FriendlyName=%s", syn_run_name(run, "fresh")), NULL);
    REQUIRE_CONTROL(run, "a service is created", made);
    struct syn_str sid = syn_reply_str(&made, "/sid");
    const char *path = syn_run_text(run, "/v1/Services/%.*s", SYN_STR_ARG(sid));
    struct syn_reply fetched =
        syn_backend_call(backend, "GET", path, NULL, NULL);
    EXPECT_STR(run, "the whole answer to create", made.body, has,
               SYN_STR("\"acl_enabled\""));
    EXPECT_TRUE(run, "acl_enabled is false",
                syn_reply_is_false(&fetched, "/acl_enabled"));
    EXPECT_ALLOWED(run, "the service is deleted",
                   syn_backend_call(backend, "DELETE", path, NULL, NULL));
}

#define OFF_ROW                                             \
    .subject = SYN_SUBJECT_SERVICE, .types = SYN_TYPES_ALL, \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "acl/off/anyone-on-rest-objects",
     .title = "ACLs off: any token reads, writes and removes what REST made",
     .source = "ACL-01 ACL-02 ACL-03",
     .level = SYN_LEVEL_MUST,
     OFF_ROW,
     .defect = "acl-always-on",
     .run = anyone_on_rest_objects},
    {.id = "acl/off/anyone-on-client-objects",
     .title = "ACLs off: any token reads, writes and removes what another made",
     .source = "ACL-01 ACL-02 ACL-03",
     .level = SYN_LEVEL_MUST,
     OFF_ROW,
     .defect = "acl-always-on",
     .run = anyone_on_client_objects},
    {.id = "acl/off/rows-without-effect",
     .title = "ACLs off: permission rows have no effect, all-false ones too",
     .source = "ACL-34",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "rows-bind-with-acl-off",
     .run = rows_without_effect},
    {.id = "acl/off/life-without-backend",
     .title = "ACLs off: an object lives its whole life without the backend",
     .source = "ACL-06",
     .level = SYN_LEVEL_SHOULD,
     OFF_ROW,
     .defect = "sdk-cannot-create",
     .run = life_without_backend},
    {.id = "acl/off/switch-is-off-at-first",
     .title = "A new service starts with ACLs off",
     .source = "ACL-32",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "new-services-have-acl-on",
     .run = switch_is_off_at_first},
};
SYN_SUITE(acl_off, "ACLs off", rows);
