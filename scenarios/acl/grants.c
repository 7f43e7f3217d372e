/*
 * Grants with ACLs on (ACL-08 to ACL-12, ACL-16, ACL-24, ACL-26, ACL-29,
 * ACL-39 to ACL-44, ACL-60).
 * A grant gives one identity the rights it names on one object, and nothing
 * else to anybody.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

/* Make the row's object over REST, or leave the row. */
static bool prepared(struct syn_run *run, struct syn_backend *backend,
                     struct syn_thing *thing)
{
    return EXPECT_ALLOWED(run, "backend creates the object",
                          syn_probe_prepare(backend, thing));
}

static bool granted(struct syn_run *run, struct syn_backend *backend,
                    const struct syn_thing *thing, struct syn_client *user,
                    unsigned rights)
{
    return EXPECT_ALLOWED(
        run, syn_run_text(run, "backend sets rights %u", rights),
        syn_backend_grant(backend, thing, syn_client_identity(user), rights));
}

/*
 * ACL-11, A05, A06: "The three rights can be granted separately". Every
 * combination is set on the same row and probed whole. Combinations that hold
 * `manage` come last on a twin each, as their probes end the object.
 */
static void every_combination(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    for (unsigned rights = SYN_RIGHTS_NONE; rights <= SYN_RIGHTS_ALL;
         rights++) {
        struct syn_thing thing =
            syn_run_thing(run, syn_run_text(run, "combination-%u", rights));
        REQUIRE(run, prepared(run, backend, &thing));
        REQUIRE(run, granted(run, backend, &thing, ann, rights));
        EXPECT_RIGHTS(run, ann, &thing, rights);
    }
}

/* ACL-26: "A grant affects only that identity-object pair"; ACL-29: sharing
 * beyond creator and REST needs one. */
static void one_pair_only(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing shared = syn_run_thing(run, "shared");
    struct syn_thing other = syn_run_thing(run, "other");
    REQUIRE(run, prepared(run, backend, &shared));
    REQUIRE(run, prepared(run, backend, &other));
    REQUIRE(run, granted(run, backend, &shared, ann, SYN_RIGHTS_ALL));
    EXPECT_RIGHTS(run, bob, &shared, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, ann, &other, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, bob, &other, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, ann, &shared, SYN_RIGHTS_ALL);
}

/* ACL-24: "Backend can allow an arbitrary identity", one that no token was
 * ever minted for. */
static void identity_never_seen(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "invitation");
    const char *newcomer = syn_run_identity(run, "newcomer");
    REQUIRE(run, prepared(run, backend, &thing));
    struct syn_reply set =
        syn_backend_grant(backend, &thing, newcomer, SYN_RIGHT_READ);
    REQUIRE_ALLOWED(run, "grant to an identity never seen", set);
    struct syn_client *user = syn_run_client(run, "newcomer");
    struct syn_client *stranger = syn_run_client(run, "stranger");
    EXPECT_RIGHTS(run, stranger, &thing, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, user, &thing, SYN_RIGHT_READ);
}

/* ACL-16: "A REST update reaches read-only identities"; neither can write. */
static void one_to_many(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *readers[] = {syn_run_client(run, "ann"),
                                    syn_run_client(run, "bob")};
    const size_t count = sizeof(readers) / sizeof(readers[0]);
    struct syn_thing thing = syn_run_thing(run, "board");
    REQUIRE(run, prepared(run, backend, &thing));
    for (size_t i = 0; i < count; i++) {
        REQUIRE(run, granted(run, backend, &thing, readers[i], SYN_RIGHT_READ));
        REQUIRE_CONTROL(run, "reader subscribes",
                        syn_client_subscribe(readers[i], &thing, -2));
    }
    struct syn_action change = {
        .op = syn_type_change(thing.type), .on = &thing, .key = "news"};
    REQUIRE_ALLOWED(run, "backend changes it",
                    syn_backend_do(backend, &change));
    for (size_t i = 0; i < count; i++) {
        EXPECT_TRUE(run, "the reader hears the change",
                    syn_client_await(readers[i], &thing, 1));
        EXPECT_RIGHTS(run, readers[i], &thing, SYN_RIGHT_READ);
    }
}

/* ACL-60: "A grant on a List has no effect on a Map or Document of the same
 * name". The row's type holds the grant; the other types share its name. */
static void one_type_only(struct syn_run *run)
{
    static const enum syn_type types[] = {SYN_TYPE_DOCUMENT, SYN_TYPE_LIST,
                                          SYN_TYPE_MAP};
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing mine = syn_run_thing(run, "same-name");
    REQUIRE(run, prepared(run, backend, &mine));
    REQUIRE(run, granted(run, backend, &mine, ann, SYN_RIGHTS_ALL));
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i] == mine.type) {
            continue;
        }
        struct syn_thing namesake =
            syn_run_thing_of(run, types[i], "same-name");
        struct syn_reply made = syn_probe_prepare(backend, &namesake);
        if (made.http == 409) { /* names per service: nothing to confuse */
            syn_observe(run, "scope of names", "one per service");
            continue;
        }
        REQUIRE_ALLOWED(run, "backend creates the namesake", made);
        EXPECT_RIGHTS(run, ann, &namesake, SYN_RIGHTS_NONE);
    }
    EXPECT_RIGHTS(run, ann, &mine, SYN_RIGHTS_ALL);
}

/* ACL-63: "Denied operations leave revision, dates and data untouched". */
static void denied_changes_nothing(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing thing = syn_run_thing(run, "untouched");
    REQUIRE(run, prepared(run, backend, &thing));
    REQUIRE(run, granted(run, backend, &thing, ann, SYN_RIGHT_READ));
    struct syn_reply before = syn_backend_do(backend, OP_ON(OPEN, &thing));
    REQUIRE_ALLOWED(run, "backend fetches before", before);
    syn_run_pass_ms(run, 2000);
    EXPECT_RIGHTS(run, bob, &thing, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, ann, &thing, SYN_RIGHT_READ);
    struct syn_reply after = syn_backend_do(backend, OP_ON(OPEN, &thing));
    REQUIRE_ALLOWED(run, "backend fetches after", after);
    EXPECT_STR(run, "the object as REST shows it", after.body, ==, before.body);
}

#define GRANT_ROW                                                        \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,             \
    .types = SYN_TYPES_GRANTED, .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, \
    .safety = SYN_SAFE_NAMESPACED, .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "acl/grants/every-combination",
     .title = "Read, write and manage are granted separately, in all eight "
              "combinations",
     .source = "ACL-11 ACL-08 ACL-09 ACL-10 ACL-12 ACL-38 ACL-39 ACL-40 "
               "ACL-42 ACL-44 ACL-45 ACL-46 ACL-47 ACL-66 ACL-67",
     GRANT_ROW,
     .defect = "write-implies-manage read-implies-write manage-implies-write "
               "write-implies-read name-bypasses-acl",
     .meets = "X05 A05 A06",
     .run = every_combination},
    {.id = "acl/grants/one-pair-only",
     .title = "A grant affects one identity on one object",
     .source = "ACL-26 ACL-29 ACL-12",
     GRANT_ROW,
     .defect = "grant-covers-service grant-covers-identities",
     .run = one_pair_only},
    {.id = "acl/grants/identity-never-seen",
     .title = "The backend can allow an identity that was never seen",
     .source = "ACL-24 ACL-31",
     GRANT_ROW,
     .defect = "grant-ignored grant-comes-late",
     .run = identity_never_seen},
    {.id = "acl/grants/one-to-many",
     .title = "A REST change reaches every reader, and no reader can write",
     .source = "ACL-16 SDK-08",
     GRANT_ROW,
     .defect = "read-implies-write events-not-delivered",
     .run = one_to_many},
    {.id = "acl/grants/one-type-only",
     .title = "A grant does not reach another type of the same name",
     .source = "ACL-60",
     GRANT_ROW,
     .defect = "grant-ignores-type",
     .run = one_type_only},
    {.id = "acl/grants/denied-changes-nothing",
     .title = "A denied operation leaves the object as it was",
     .source = "ACL-63",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .acl_on = true,
     .estimate_s = 3,
     .defect = "denied-write-touches-object",
     .run = denied_changes_nothing},
};
SYN_SUITE(acl_grants, "Grants", rows);
