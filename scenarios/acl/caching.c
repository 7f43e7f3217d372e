/*
 * Rights that were used before they were taken (ACL-25, ACL-35).
 * What an identity could do a moment ago is no reason to let it do it again,
 * and each row of an object can be taken, not only its first.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

#define GUESTS 4

static struct syn_reply write_to(struct syn_run *run, struct syn_client *user,
                                 struct syn_thing *thing, unsigned number)
{
    bool is_document = thing->type == SYN_TYPE_DOCUMENT;
    struct syn_action write = {.op = is_document ? SYN_OP_UPDATE
                                                 : SYN_OP_ITEM_ADD,
                               .on = thing,
                               .key = syn_run_text(run, "key-%u", number)};
    return syn_client_do(user, &write);
}

/* Ann uses `rights`, `take` takes them, and at once they are gone. */
static void expect_gone(struct syn_run *run, const char *name,
                        struct syn_reply (*take)(struct syn_backend *backend,
                                                 const struct syn_thing *thing,
                                                 const char *identity))
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, name);
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    REQUIRE_ALLOWED(run, "backend grants",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHTS_ALL));
    REQUIRE_CONTROL(run, "ann writes with the grant",
                    write_to(run, ann, &thing, 1));
    REQUIRE_CONTROL(run, "ann opens with the grant",
                    syn_client_do(ann, OP_ON(OPEN, &thing)));
    REQUIRE_ALLOWED(run, "backend takes it back",
                    take(backend, &thing, syn_client_identity(ann)));
    EXPECT_DENIED(run, "ann writes again at once",
                  write_to(run, ann, &thing, 2), &thing);
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHTS_NONE);
}

static struct syn_reply take_by_flags(struct syn_backend *backend,
                                      const struct syn_thing *thing,
                                      const char *identity)
{
    return syn_backend_grant(backend, thing, identity, SYN_RIGHTS_NONE);
}

/* ACL-25: "grant, use, revoke"; the write is what was used. */
static void written_before(struct syn_run *run)
{
    expect_gone(run, "by-flags", take_by_flags);
    expect_gone(run, "by-deletion", syn_backend_revoke);
}

/* The same when read is left: a writer becomes a reader. */
static void narrowed(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "narrowed");
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    REQUIRE_ALLOWED(run, "backend grants read and write",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHT_READ | SYN_RIGHT_WRITE));
    REQUIRE_CONTROL(run, "ann writes", write_to(run, ann, &thing, 1));
    REQUIRE_ALLOWED(run, "backend takes write",
                    syn_backend_grant(backend, &thing, syn_client_identity(ann),
                                      SYN_RIGHT_READ));
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHT_READ);
}

/* ACL-35: "DELETE of a permission equals all flags false", whichever of the
 * object's rows it is. The last in the order of bytes goes first. */
static void each_row(struct syn_run *run)
{
    static const char *const names[GUESTS] = {"1-first", "Bob", "ann", "zoe"};
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *users[GUESTS];
    struct syn_thing thing = syn_run_thing(run, "guest-list");
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    for (size_t i = 0; i < GUESTS; i++) {
        users[i] = syn_run_client(run, names[i]);
        REQUIRE_ALLOWED(run, "backend grants",
                        syn_backend_grant(backend, &thing,
                                          syn_client_identity(users[i]),
                                          SYN_RIGHT_READ | SYN_RIGHT_WRITE));
    }
    for (size_t i = GUESTS; i > 0; i--) {
        struct syn_client *user = users[i - 1];
        REQUIRE_CONTROL(run, syn_run_text(run, "%s opens", names[i - 1]),
                        syn_client_do(user, OP_ON(OPEN, &thing)));
        REQUIRE_ALLOWED(
            run, syn_run_text(run, "the row of %s is deleted", names[i - 1]),
            syn_backend_revoke(backend, &thing, syn_client_identity(user)));
        EXPECT_DENIED(run, syn_run_text(run, "%s opens then", names[i - 1]),
                      syn_client_do(user, OP_ON(OPEN, &thing)), &thing);
        EXPECT_DENIED(run, syn_run_text(run, "%s writes then", names[i - 1]),
                      write_to(run, user, &thing, (unsigned)i), &thing);
    }
    struct syn_reply list = syn_backend_call(
        backend, "GET",
        syn_run_text(run, "%s/Permissions", syn_backend_path(backend, &thing)),
        NULL, NULL);
    EXPECT_CONTROL(run, "list of permissions", list);
    EXPECT_TRUE(run, "no row is left", !syn_reply_has(&list, "/permissions/0"));
}

#define CACHING_ROW                                                         \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,                \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .safety = SYN_SAFE_NAMESPACED, \
    .acl_on = true, .types = SYN_TYPES_GRANTED

static const struct syn_scenario rows[] = {
    {.id = "acl/caching/written-before",
     .title = "Who wrote with a grant cannot write again once it was taken",
     .source = "ACL-25 ACL-35",
     CACHING_ROW,
     .defect = "revoke-ignored field-write-allow-cached",
     .run = written_before},
    {.id = "acl/caching/narrowed",
     .title = "Who wrote with a grant cannot when only read is left",
     .source = "ACL-25 ACL-09",
     CACHING_ROW,
     .defect = "grants-only-widen field-write-allow-cached",
     .run = narrowed},
    {.id = "acl/caching/each-row",
     .title = "Each of many permissions can be deleted, in any order",
     .source = "ACL-35",
     CACHING_ROW,
     .defect = "deleted-row-still-grants field-only-first-row-deleted",
     .run = each_row},
};
SYN_SUITE(acl_caching, "Rights that were used before", rows);
