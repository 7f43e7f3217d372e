/*
 * What a restart leaves as it was (ACL-11, ACL-19, REST-11, REST-24, TTL-01).
 * A service that has answered must know it still when it comes back: objects,
 * who made them and who may do what, revisions, and what is to end.
 */
#include "syn/restart.h"
#include "syn/probe.h"
#include "syn/scenario.h"

#define UPDATES 3
#define TTL_S   60
#define STALE   412
#define MISSING 404

static struct syn_reply open_item(struct syn_run *run, struct syn_thing *thing)
{
    const struct syn_action read = {.op = SYN_OP_ITEM_READ,
                                    .on = thing,
                                    .key = SYN_PROBE_KEY,
                                    .index = thing->item_index};
    return syn_backend_do(syn_run_backend(run), &read);
}

static bool has_items(const struct syn_thing *thing)
{
    return (SYN_TYPE_BIT(thing->type) & SYN_TYPES_CONTAINER) != 0;
}

/* REST-11, ACL-11: objects, items, and all that their permission rows say. */
static void rights(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing own = syn_run_thing(run, "own");
    struct syn_thing shared = syn_run_thing(run, "shared");
    struct syn_reply item = {.status = SYN_ERR_CLOSED};
    REQUIRE_CONTROL(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &own)));
    REQUIRE_CONTROL(run, "the backend creates",
                    syn_probe_prepare(backend, &shared));
    REQUIRE_CONTROL(run, "bob may read",
                    syn_backend_grant(backend, &shared,
                                      syn_client_identity(bob),
                                      SYN_RIGHT_READ));
    struct syn_reply before = syn_backend_do(backend, OP_ON(OPEN, &shared));
    struct syn_reply made = syn_backend_do(backend, OP_ON(OPEN, &own));
    if (has_items(&shared)) {
        item = open_item(run, &shared);
        REQUIRE_CONTROL(run, "the backend reads the item", item);
    }
    syn_client_cut(ann);
    syn_client_cut(bob);
    syn_run_restart(run);
    REQUIRE_CONTROL(run, "ann comes back", syn_client_resume(ann));
    REQUIRE_CONTROL(run, "bob comes back", syn_client_resume(bob));
    struct syn_reply after = syn_backend_do(backend, OP_ON(OPEN, &shared));
    REQUIRE_ALLOWED(run, "the backend's is there", after);
    EXPECT_STR(run, "its body", after.body, ==, before.body);
    after = syn_backend_do(backend, OP_ON(OPEN, &own));
    REQUIRE_ALLOWED(run, "ann's is there", after);
    EXPECT_STR(run, "its body", after.body, ==, made.body);
    if (has_items(&shared)) {
        after = open_item(run, &shared);
        REQUIRE_ALLOWED(run, "the item is there", after);
        EXPECT_STR(run, "its body", after.body, ==, item.body);
    }
    EXPECT_RIGHTS(run, bob, &shared, SYN_RIGHT_READ);
    EXPECT_RIGHTS(run, bob, &own, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, ann, &shared, SYN_RIGHTS_NONE);
    EXPECT_ALLOWED(run, "ann opens what she made",
                   syn_client_do(ann, OP_ON(OPEN, &own)));
    EXPECT_ALLOWED(run, "ann removes what she made",
                   syn_client_do(ann, OP_ON(REMOVE, &own)));
}

/* REST-24: the revision that was told is the one that holds, and none is told
 * twice. */
static void revisions(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "draft");
    struct syn_str told[UPDATES];
    REQUIRE_CONTROL(run, "the backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    for (size_t i = 0; i < UPDATES; i++) {
        struct syn_reply done = syn_backend_do(backend, OP_ON(UPDATE, &thing));
        REQUIRE_CONTROL(run, "the backend updates", done);
        told[i] = syn_reply_str(&done, "/revision");
    }
    syn_run_restart(run);
    struct syn_action update = {
        .op = SYN_OP_UPDATE,
        .on = &thing,
        .if_match = syn_run_text(run, "%.*s", SYN_STR_ARG(told[0]))};
    struct syn_reply late = syn_backend_do(backend, &update);
    EXPECT_INT(run, "an update on the first revision", late.http, ==, STALE);
    update.if_match = syn_run_text(run, "%.*s", SYN_STR_ARG(told[UPDATES - 1]));
    struct syn_reply done = syn_backend_do(backend, &update);
    REQUIRE_ALLOWED(run, "an update on the last revision", done);
    for (size_t i = 0; i < UPDATES; i++) {
        EXPECT_STR(run, "its revision", syn_reply_str(&done, "/revision"), !=,
                   told[i]);
    }
}

static struct syn_reply permissions(struct syn_run *run,
                                    struct syn_thing *thing)
{
    struct syn_backend *backend = syn_run_backend(run);
    return syn_backend_call(
        backend, "GET",
        syn_run_text(run, "%s/Permissions", syn_backend_path(backend, thing)),
        NULL, NULL);
}

/* Open question 2: where a creator's right is no permission row, it becomes
 * none by a restart. */
static void creator_row(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "own");
    const struct syn_str name = syn_str_of(syn_client_identity(ann));
    REQUIRE_CONTROL(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "bob may read",
                    syn_backend_grant(backend, &thing, "bob", SYN_RIGHT_READ));
    struct syn_reply before = permissions(run, &thing);
    REQUIRE_CONTROL(run, "the rows are listed", before);
    REQUIRE_TRUE(run, "without ann's", !syn_reply_has_text(&before, name));
    syn_client_cut(ann);
    syn_run_restart(run);
    REQUIRE_CONTROL(run, "ann comes back", syn_client_resume(ann));
    struct syn_reply after = permissions(run, &thing);
    EXPECT_STR(run, "the rows after the restart", after.body, ==, before.body);
    EXPECT_ALLOWED(run, "ann opens what she made",
                   syn_client_do(ann, OP_ON(OPEN, &thing)));
    REQUIRE_CONTROL(run, "the backend sets ann's row",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHTS_ALL));
    after = permissions(run, &thing);
    EXPECT_TRUE(run, "and then it is listed", syn_reply_has_text(&after, name));
}

static bool is_missing(struct syn_run *run, const char *what,
                       struct syn_reply reply)
{
    return EXPECT_INT(run, what, reply.http, ==, MISSING);
}

/* TTL-01: what was to end ends, and what was not stays. */
static void deadlines(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing brief = syn_run_thing(run, "brief");
    struct syn_thing steady = syn_run_thing(run, "steady");
    struct syn_action item = {.op = SYN_OP_ITEM_ADD,
                              .on = &steady,
                              .key = SYN_PROBE_KEY,
                              .has_ttl = true,
                              .ttl_s = TTL_S};
    struct syn_action create = {
        .op = SYN_OP_CREATE, .on = &brief, .has_ttl = true, .ttl_s = TTL_S};
    REQUIRE_CONTROL(run, "the backend creates, with a TTL",
                    syn_backend_do(backend, &create));
    REQUIRE_CONTROL(run, "and another without",
                    syn_backend_do(backend, OP_ON(CREATE, &steady)));
    if (has_items(&steady)) {
        REQUIRE_CONTROL(run, "with an item that has one",
                        syn_backend_do(backend, &item));
    }
    syn_run_restart(run);
    EXPECT_CONTROL(run, "it is there after the restart",
                   syn_backend_do(backend, OP_ON(OPEN, &brief)));
    if (has_items(&steady)) {
        EXPECT_CONTROL(run, "so is the item", open_item(run, &steady));
    }
    syn_run_pass_s(run, TTL_S + syn_run_bound_s(run, SYN_BOUND_TTL_S));
    (void)is_missing(run, "it is fetched past its deadline",
                     syn_backend_do(backend, OP_ON(OPEN, &brief)));
    if (has_items(&steady)) {
        (void)is_missing(run, "the item is", open_item(run, &steady));
    }
    EXPECT_ALLOWED(run, "what has no deadline",
                   syn_backend_do(backend, OP_ON(OPEN, &steady)));
}

#define RESTART_ROW                                          \
    .subject = SYN_SUBJECT_SERVICE, .level = SYN_LEVEL_MUST, \
    .safety = SYN_SAFE_EMBEDDED, .is_kept = true

static const struct syn_scenario rows[] = {
    {.id = "rest/restart/rights",
     .title = "Objects, items and permissions are the same after a restart",
     .source = "ACL-11 REST-11",
     RESTART_ROW,
     .acl_on = true,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_INTERNALS,
     .types = SYN_TYPES_GRANTED,
     .defect = "restart-forgets-grants",
     .run = rights},
    {.id = "rest/restart/creator-row",
     .title = "A creator's right that was no row is none after a restart",
     .source = "ACL-19",
     RESTART_ROW,
     .acl_on = true,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_INTERNALS,
     .types = SYN_TYPES_GRANTED,
     .service_readings = "creator-row=hidden",
     .reading = "a creator's right is not listed as a permission",
     .defect = "restart-forgets-grants readings-not-taken",
     .run = creator_row},
    {.id = "rest/restart/revisions",
     .title = "The revision told before a restart is current after it",
     .source = "REST-24",
     RESTART_ROW,
     .needs = SYN_NEED_ADMIN | SYN_NEED_INTERNALS,
     .defect = "field-document-revision-restarts",
     .run = revisions},
    {.id = "rest/restart/deadlines",
     .title = "What was to expire expires after a restart",
     .source = "TTL-01",
     RESTART_ROW,
     .needs =
         SYN_NEED_ADMIN | SYN_NEED_INTERNALS | SYN_NEED_VIRTUAL | SYN_NEED_TTL,
     .types = SYN_TYPES_ALL,
     .defect = "restart-forgets-deadlines",
     .run = deadlines},
};
SYN_SUITE(rest_restart, "What a restart leaves as it was", rows);
