/*
 * Access defaults (ACL-08, ACL-21, ACL-24, ACL-26, ACL-48).
 * With ACLs on, an object made by the backend belongs to nobody on the SDK
 * plane until the backend grants a right to one identity.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

/* Every probe of the type is refused to this user, and discloses nothing. */
static void expect_all_denied(struct syn_run *run, struct syn_client *user,
                              struct syn_thing *thing)
{
    size_t cursor = 0;
    const struct syn_probe *probe = NULL;
    while ((probe = syn_probe_next(thing->type, &cursor)) != NULL) {
        EXPECT_DENIED(
            run,
            syn_run_text(run, "%s: %s", syn_client_identity(user), probe->name),
            syn_probe_do(user, probe, thing), thing);
    }
}

/* The first of two removals ends the object, so the second is left out. */
static void expect_all_allowed(struct syn_run *run, struct syn_client *user,
                               struct syn_thing *thing)
{
    size_t cursor = 0;
    const struct syn_probe *probe = NULL;
    while ((probe = syn_probe_next(thing->type, &cursor)) != NULL) {
        EXPECT_CONTROL(run,
                       syn_run_text(run, "%s with the grant: %s",
                                    syn_client_identity(user), probe->name),
                       syn_probe_do(user, probe, thing));
        if (probe->op == SYN_OP_REMOVE) {
            return;
        }
    }
}

/*
 * ACL-21: "REST-created object is inaccessible to every SDK identity".
 * ACL-08, ACL-24: the same requests succeed once the backend allows them.
 */
static void rest_created_closed(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "notice");
    REQUIRE_ALLOWED(run, "backend creates the object",
                    syn_probe_prepare(backend, &thing));

    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    expect_all_denied(run, ann, &thing);
    expect_all_denied(run, bob, &thing);

    REQUIRE_ALLOWED(run, "backend grants to ann",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHTS_ALL));
    expect_all_denied(run, bob, &thing);
    expect_all_allowed(run, ann, &thing);
}

/*
 * ACL-48: "A token with identity `system` gets no access to REST-created
 * objects". The literal is used bare: a prefix would miss the point.
 */
static void system_is_nobody(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "ledger");
    REQUIRE_ALLOWED(run, "backend creates the object",
                    syn_probe_prepare(backend, &thing));

    struct syn_client *system = syn_run_client_with(
        run, "system", &(struct syn_client_options){.identity = "system"});
    expect_all_denied(run, system, &thing);

    REQUIRE_ALLOWED(
        run, "backend grants read to system",
        syn_backend_grant(backend, &thing, "system", SYN_RIGHT_READ));
    EXPECT_CONTROL(run, "system with the grant: open",
                   syn_client_do(system, &(struct syn_action){.op = SYN_OP_OPEN,
                                                              .on = &thing}));
}

static const struct syn_scenario rows[] = {
    {.id = "acl/defaults/rest-created-closed",
     .title = "An object made over REST is closed to every SDK identity and "
              "opens with a grant",
     .source = "ACL-21 ACL-08 ACL-24 ACL-26",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .acl_on = true,
     .defect = "rest-object-open-to-all grant-ignored",
     .run = rest_created_closed},
    {.id = "acl/defaults/system-is-nobody",
     .title = "A token with identity system does not own what REST created",
     .source = "ACL-48 ACL-21",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .acl_on = true,
     .defect = "system-owns-rest-objects",
     .run = system_is_nobody},
};
SYN_SUITE(acl_defaults, "Access defaults", rows);
