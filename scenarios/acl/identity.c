/*
 * Identity strings (ACL-55 to ACL-58, A28, T18).
 * Identities are bytes: compared exactly, decoded once, never a pattern.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

/* Identity `granted` gets read; identity `other` must not profit. Each thing
 * has a name, by which it is found if the answer to its making is lost. */
static void expect_distinct(struct syn_run *run, size_t index,
                            const char *granted, const char *other)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing =
        syn_run_thing(run, syn_run_text(run, "private-%zu", index));
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    REQUIRE_ALLOWED(
        run, "backend grants",
        syn_backend_grant(backend, &thing, granted, SYN_RIGHT_READ));
    struct syn_client *twin = syn_run_client_with(
        run, "twin", &(struct syn_client_options){.identity = other});
    struct syn_client *owner = syn_run_client_with(
        run, "owner", &(struct syn_client_options){.identity = granted});
    EXPECT_DENIED(
        run, syn_run_text(run, "'%s' with the grant of '%s'", other, granted),
        syn_client_do(twin, OP_ON(OPEN, &thing)), &thing);
    EXPECT_CONTROL(run, syn_run_text(run, "'%s' with its own grant", granted),
                   syn_client_do(owner, OP_ON(OPEN, &thing)));
}

/* ACL-55, T18, A28. */
static void matched_exactly(struct syn_run *run)
{
    static const char *const pairs[][2] = {
        {"Bob", "bob"},    {"Bob", "Bob "},
        {"Bob", " Bob"},   {"caf\xc3\xa9", "cafe\xcc\x81"},
        {"a", "\xd0\xb0"}, {"*", "anyone"},
        {"%", "anyone"},   {"bob", "bob%00"},
        {"bob", "bobby"},  {"42", "042"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        expect_distinct(run, i, syn_run_identity(run, pairs[i][0]),
                        syn_run_identity(run, pairs[i][1]));
    }
}

/* ACL-57: "Percent-decoding happens once: `%2541` is identity `%41`". */
static void decoded_once(struct syn_run *run)
{
    expect_distinct(run, 0, syn_run_identity(run, "%41"),
                    syn_run_identity(run, "A"));
}

/* The row of `identity` is found under its own encoded URL, in the list, and
 * is gone after DELETE. */
static void expect_round_trip(struct syn_run *run, struct syn_backend *backend,
                              const struct syn_thing *thing,
                              const char *identity)
{
    struct syn_reply set =
        syn_backend_grant(backend, thing, identity, SYN_RIGHT_READ);
    REQUIRE_ALLOWED(run, syn_run_text(run, "POST for '%s'", identity), set);
    EXPECT_STR(run, "identity in the answer", syn_reply_str(&set, "/identity"),
               ==, syn_str_of(identity));
    struct syn_reply list = syn_backend_call(
        backend, "GET",
        syn_run_text(run, "%s/Permissions", syn_backend_path(backend, thing)),
        NULL, NULL);
    EXPECT_CONTROL(run, "list of permissions", list);
    EXPECT_STR(run, "identity in the list",
               syn_reply_str(&list, "/permissions/0/identity"), ==,
               syn_str_of(identity));
    EXPECT_ALLOWED(run, "DELETE", syn_backend_revoke(backend, thing, identity));
    struct syn_reply again = syn_backend_revoke(backend, thing, identity);
    EXPECT_INT(run, "status of a second DELETE", (int64_t)again.http, ==, 404);
}

/* ACL-56: "Identities with reserved characters round-trip". */
static void reserved_characters(struct syn_run *run)
{
    static const char *const identities[] = {
        "a%b", "a#b",   "a+b",   "a b", "\xc3\xa9", "a@b",   "a:b",  "a/b",
        "a?b", "a%2Fb", "a&b=c", ".",   "..",       "\"a\"", "a\\b", "a|b"};
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "guest-list");
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
        expect_round_trip(run, backend, &thing,
                          syn_run_identity(run, identities[i]));
    }
}

/* ACL-58: "Identity of 256 chars works, 257 and empty are refused". The long
 * ones are used bare: a prefix would move the bound. */
static void length_bounds(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "guest-list");
    REQUIRE_ALLOWED(run, "backend creates", syn_probe_prepare(backend, &thing));
    EXPECT_CONTROL(run, "256 characters",
                   syn_backend_grant(backend, &thing,
                                     syn_run_text(run, "%0256d", 7),
                                     SYN_RIGHT_READ));
    EXPECT_REFUSED(run, "257 characters",
                   syn_backend_grant(backend, &thing,
                                     syn_run_text(run, "%0257d", 7),
                                     SYN_RIGHT_READ),
                   54351);
    EXPECT_REFUSED(
        run, "no identity at all",
        syn_backend_call(backend, "POST",
                         syn_run_text(run, "%s/Permissions/",
                                      syn_backend_path(backend, &thing)),
                         "Read=true", NULL),
        0);
}

#define IDENTITY_ROW                                               \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED, \
    .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "acl/identity/matched-exactly",
     .title = "Identities are compared byte by byte and are never patterns",
     .source = "ACL-55",
     .level = SYN_LEVEL_SHOULD,
     IDENTITY_ROW,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .defect = "identity-ignores-case identity-trimmed",
     .meets = "T18 A28",
     .run = matched_exactly},
    {.id = "acl/identity/decoded-once",
     .title = "An identity in a path is percent-decoded once",
     .source = "ACL-57",
     .level = SYN_LEVEL_MUST,
     IDENTITY_ROW,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .defect = "identity-decoded-twice",
     .run = decoded_once},
    {.id = "acl/identity/reserved-characters",
     .title = "Identities with reserved characters round-trip over REST",
     .source = "ACL-56",
     .level = SYN_LEVEL_MUST,
     IDENTITY_ROW,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_ADMIN,
     .defect = "identity-decoded-twice",
     .run = reserved_characters},
    {.id = "acl/identity/length-bounds",
     .title = "An identity has 1 to 256 characters",
     .source = "ACL-58",
     .level = SYN_LEVEL_MUST,
     IDENTITY_ROW,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .defect = "identity-length-unchecked",
     .run = length_bounds},
};
SYN_SUITE(acl_identity, "Identity strings", rows);
