/*
 * Who owns what (ACL-62, ACL-65, ACL-71, ACL-72; A11, A21).
 * Questions that the sources leave open: the answer of this service is
 * reported, and only what no reading allows is judged.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

static const char *answer(struct syn_run *run, struct syn_reply reply)
{
    return syn_run_text(run, "%u/%d", reply.http, reply.code);
}

/* ACL-71, A21: what was made while ACLs were off, after they are on. */
static void made_while_off(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing anns = syn_run_thing(run, "anns");
    struct syn_thing backends = syn_run_thing(run, "backends");
    struct syn_thing later = syn_run_thing(run, "later");
    REQUIRE_ALLOWED(run, "ann creates while off",
                    syn_client_do(ann, OP_ON(CREATE, &anns)));
    REQUIRE_ALLOWED(run, "backend creates while off",
                    syn_backend_do(backend, OP_ON(CREATE, &backends)));
    REQUIRE_ALLOWED(run, "bob opens ann's while off",
                    syn_client_do(bob, OP_ON(OPEN, &anns)));
    REQUIRE_ALLOWED(run, "the switch is turned on",
                    syn_backend_switch_acl(backend, true));
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_REVOKE_S));
    REQUIRE_CONTROL(run, "ann creates while on",
                    syn_client_do(ann, OP_ON(CREATE, &later)));
    EXPECT_CONTROL(run, "ann opens what it made while on",
                   syn_client_do(ann, OP_ON(OPEN, &later)));
    struct syn_reply creator = syn_client_do(ann, OP_ON(OPEN, &anns));
    syn_observe(run,
                syn_run_text(run, "the creator of a %s made while off",
                             syn_type_name(anns.type)),
                "%s: %s", answer(run, creator),
                syn_reply_is_ok(&creator) ? "keeps it" : "has lost it");
    EXPECT_DENIED(run, "bob opens ann's",
                  syn_client_do(bob, OP_ON(OPEN, &anns)), &anns);
    EXPECT_DENIED(run, "bob subscribes to ann's",
                  syn_client_subscribe(bob, &anns, 0), &anns);
    EXPECT_DENIED(run, "ann opens the backend's",
                  syn_client_do(ann, OP_ON(OPEN, &backends)), &backends);
    EXPECT_DENIED(run, "bob opens the backend's",
                  syn_client_do(bob, OP_ON(OPEN, &backends)), &backends);
}

/* ACL-72: "A client may create a predictable name first and then owns it". */
static void squatted(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *rogue = syn_run_client(run, "rogue");
    struct syn_thing squat = syn_run_thing(run, "settings");
    struct syn_thing meant = syn_run_thing(run, "settings");
    syn_observe(run, "a client takes the name first", "%s",
                answer(run, syn_client_do(rogue, OP_ON(CREATE, &squat))));
    syn_observe(run, "the backend's create of that name", "%s",
                answer(run, syn_backend_do(backend, OP_ON(CREATE, &meant))));
    struct syn_reply shown = syn_backend_do(
        backend, &(struct syn_action){
                     .op = SYN_OP_OPEN, .on = &meant, .by = SYN_BY_NAME});
    struct syn_str owner = syn_reply_str(&shown, "/created_by");
    syn_observe(run, "created_by that REST shows", "%.*s", SYN_STR_ARG(owner));
    struct syn_reply rows = syn_backend_call(
        backend, "GET",
        syn_run_text(run, "%s/Permissions", syn_backend_path(backend, &squat)),
        NULL, NULL);
    struct syn_str holder = syn_reply_str(&rows, "/permissions/0/identity");
    syn_observe(run, "first permission row that REST shows", "%.*s",
                SYN_STR_ARG(holder));
}

/* ACL-65: "Existence of an object is distinguishable from absence". */
static void existence(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing hidden = syn_run_thing(run, "hidden");
    struct syn_thing absent = syn_run_thing(run, "absent");
    struct syn_thing again = syn_run_thing(run, "hidden");
    REQUIRE_ALLOWED(run, "backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &hidden)));
    const struct syn_action open_hidden = {
        .op = SYN_OP_OPEN, .on = &hidden, .by = SYN_BY_NAME};
    const struct syn_action open_absent = {
        .op = SYN_OP_OPEN, .on = &absent, .by = SYN_BY_NAME};
    syn_observe(run, "opening what is hidden", "%s",
                answer(run, syn_client_do(bob, &open_hidden)));
    syn_observe(run, "opening what is absent", "%s",
                answer(run, syn_client_do(bob, &open_absent)));
    syn_observe(run, "creating what is hidden", "%s",
                answer(run, syn_client_do(bob, OP_ON(CREATE, &again))));
}

/* ACL-62: "No REST endpoint grants stream permissions". */
static void stream_rows(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "channel");
    REQUIRE_ALLOWED(run, "backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    syn_observe(run, "POST of a stream's permission", "%s",
                answer(run, syn_backend_grant(backend, &thing,
                                              syn_run_identity(run, "ann"),
                                              SYN_RIGHT_READ)));
    syn_observe(run, "GET of a stream's permissions", "%s",
                answer(run, syn_backend_call(
                                backend, "GET",
                                syn_run_text(run, "%s/Permissions",
                                             syn_backend_path(backend, &thing)),
                                NULL, NULL)));
}

#define REPORT_ROW                                                          \
    .level = SYN_LEVEL_INFO, .subject = SYN_SUBJECT_SERVICE,                \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED, \
    .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "acl/ownership/made-while-off",
     .title = "Objects made while ACLs were off belong to nobody else once "
              "they are on",
     .source = "ACL-71",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .types = SYN_TYPES_ALL,
     .estimate_s = 8,
     .reading = "whether the creator keeps its object is reported, not judged",
     .defect = "made-while-off-stays-open",
     .meets = "A21",
     .run = made_while_off},
    {.id = "acl/ownership/squatted-name",
     .title = "A client that creates a predictable name first is found out",
     .source = "ACL-72",
     REPORT_ROW,
     .types = SYN_TYPES_GRANTED,
     .reading = "the first to create a name owns it",
     .run = squatted},
    {.id = "acl/ownership/existence-told",
     .title = "How hidden and absent objects are told apart is reported",
     .source = "ACL-65",
     REPORT_ROW,
     .types = SYN_TYPES_ALL,
     .reading = "a denial and an absence may be told apart",
     .run = existence},
    {.id = "acl/ownership/stream-permissions",
     .title = "What REST answers about permissions of streams is reported",
     .source = "ACL-62",
     REPORT_ROW,
     .types = SYN_TYPE_BIT(SYN_TYPE_STREAM),
     .run = stream_rows},
};
SYN_SUITE(acl_ownership, "Who owns what", rows);
