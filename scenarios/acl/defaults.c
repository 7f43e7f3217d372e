/*
 * Access defaults with ACLs on (ACL-08, ACL-19 to ACL-24, ACL-48, ACL-61).
 * What the backend makes belongs to nobody on the SDK plane; what a client
 * makes belongs to its identity alone; the backend may do everything.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

/*
 * ACL-21, A01: "REST-created object is inaccessible to every SDK identity".
 * ACL-08, ACL-24, ACL-26: the same requests succeed for the one identity that
 * the backend allows, and for no other.
 */
static void rest_created_closed(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "notice");
    REQUIRE_ALLOWED(run, "backend creates the object",
                    syn_probe_prepare(backend, &thing));

    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, bob, &thing, SYN_RIGHTS_NONE);

    REQUIRE_ALLOWED(run, "backend grants to ann",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHTS_ALL));
    EXPECT_RIGHTS(run, bob, &thing, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHTS_ALL);
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
    EXPECT_RIGHTS(run, system, &thing, SYN_RIGHTS_NONE);

    REQUIRE_ALLOWED(
        run, "backend grants read to system",
        syn_backend_grant(backend, &thing, "system", SYN_RIGHT_READ));
    EXPECT_CONTROL(run, "system with the grant: open",
                   syn_client_do(system, OP_ON(OPEN, &thing)));
}

/* A stream made over REST cannot be opened by anyone: streams have no
 * permissions. The control is a stream of the client's own. */
static void rest_stream_closed(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing theirs = syn_run_thing(run, "pulse");
    struct syn_thing own = syn_run_thing(run, "own");
    REQUIRE_ALLOWED(run, "backend creates the stream",
                    syn_probe_prepare(backend, &theirs));
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *system = syn_run_client_with(
        run, "system", &(struct syn_client_options){.identity = "system"});
    EXPECT_RIGHTS(run, ann, &theirs, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, system, &theirs, SYN_RIGHTS_NONE);
    REQUIRE_CONTROL(run, "ann creates a stream of its own",
                    syn_client_do(ann, OP_ON(CREATE, &own)));
    EXPECT_RIGHTS(run, ann, &own, SYN_RIGHTS_ALL);
}

/* ACL-19, A02, A03: "endpoints with the creator's identity have access", here a
 * second connection that did not create it. ACL-20: "other identities have
 * none". */
static void creator_alone(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "draft");
    struct syn_client *first = syn_run_client(run, "ann");
    struct syn_client *second = syn_run_client_with(
        run, "ann-again",
        &(struct syn_client_options){.identity = syn_client_identity(first)});
    struct syn_client *bob = syn_run_client(run, "bob");
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(first, OP_ON(CREATE, &thing)));
    if ((SYN_TYPE_BIT(thing.type) & SYN_TYPES_CONTAINER) != 0) {
        REQUIRE_ALLOWED(
            run, "ann adds an item",
            syn_client_do(first, &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                                      .on = &thing,
                                                      .key = SYN_PROBE_KEY}));
    }
    EXPECT_RIGHTS(run, bob, &thing, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, second, &thing, SYN_RIGHTS_ALL);
}

/* ACL-22: "REST has full access to everything with ACL on".
 * ACL-23: "REST access is independent of permission rows". */
static void backend_may_everything(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "diary");
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    EXPECT_ALLOWED(run, "backend fetches without a row of its own",
                   syn_backend_do(backend, OP_ON(OPEN, &thing)));
    if (thing.type == SYN_TYPE_DOCUMENT) {
        EXPECT_ALLOWED(run, "backend updates",
                       syn_backend_do(backend, OP_ON(UPDATE, &thing)));
    }
    if (thing.type != SYN_TYPE_STREAM) {
        REQUIRE_ALLOWED(run, "backend takes every right from ann",
                        syn_backend_grant(backend, &thing,
                                          syn_client_identity(ann),
                                          SYN_RIGHTS_NONE));
    }
    EXPECT_ALLOWED(run, "backend fetches with all rows false",
                   syn_backend_do(backend, OP_ON(OPEN, &thing)));
    EXPECT_ALLOWED(
        run, "backend sets a TTL",
        syn_backend_do(backend, &(struct syn_action){.op = SYN_OP_TTL,
                                                     .on = &thing,
                                                     .has_ttl = true,
                                                     .ttl_s = 3600}));
    EXPECT_ALLOWED(run, "backend removes",
                   syn_backend_do(backend, OP_ON(REMOVE, &thing)));
}

#define ACL_ROW                                                             \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,                \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED, \
    .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "acl/defaults/rest-created-closed",
     .title = "An object made over REST is closed to every SDK identity and "
              "opens with a grant",
     .source = "ACL-21 ACL-08 ACL-24 ACL-26",
     ACL_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "rest-object-open-to-all grant-ignored",
     .meets = "A01 B12",
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
    {.id = "acl/defaults/creator-alone",
     .title = "What a client creates is open to its identity and to no other",
     .source = "ACL-19 ACL-20",
     ACL_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "sdk-object-open-to-all creator-locked-out",
     .meets = "A02 A03",
     .run = creator_alone},
    {.id = "acl/defaults/backend-may-everything",
     .title = "The backend may do everything, whatever the rows say",
     .source = "ACL-22 ACL-23",
     ACL_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "rest-obeys-rows",
     .run = backend_may_everything},
    {.id = "acl/defaults/rest-stream-closed",
     .title = "A stream made over REST is closed to every SDK identity",
     .source = "ACL-21 ACL-61",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPE_BIT(SYN_TYPE_STREAM),
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .acl_on = true,
     .defect = "rest-stream-open-to-all",
     .reading = "A stream has no permission resource: its creator alone may "
                "use it (rest.md 11.3).",
     .run = rest_stream_closed},
};
SYN_SUITE(acl_defaults, "Access defaults", rows);
