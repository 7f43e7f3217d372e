/*
 * Long identities (ACL-55, ACL-58).
 * Nothing of an identity is cut off before it is compared, and its length is
 * counted in characters, however many bytes these take.
 */
#include "syn/scenario.h"

#define POINTS_MAX 256 /* characters of an identity, E54351 */

/* `count` copies of `unit`, one after the other. */
static const char *repeat(struct syn_run *run, const char *unit, int count)
{
    const char *text = "";
    for (int i = 0; i < count; i++) {
        text = syn_run_text(run, "%s%s", text, unit);
    }
    return text;
}

/* ACL-55: "Identity matching is exact", behind what a column might hold. */
static void told_apart_late(struct syn_run *run)
{
    static const int lengths[] = {16, 31, 32, 63, 64, 127, 128, 200};
    struct syn_backend *backend = syn_run_backend(run);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        const char *stem = repeat(run, "x", lengths[i]);
        const char *mine =
            syn_run_identity(run, syn_run_text(run, "%s-ann", stem));
        const char *other =
            syn_run_identity(run, syn_run_text(run, "%s-bob", stem));
        struct syn_thing thing =
            syn_run_thing(run, syn_run_text(run, "lent-%d", lengths[i]));
        REQUIRE_ALLOWED(run, "backend creates",
                        syn_backend_do(backend, OP_ON(CREATE, &thing)));
        REQUIRE_ALLOWED(
            run, "backend grants",
            syn_backend_grant(backend, &thing, mine, SYN_RIGHT_READ));
        struct syn_client *ann = syn_run_client_with(
            run, "ann", &(struct syn_client_options){.identity = mine});
        struct syn_client *bob = syn_run_client_with(
            run, "bob", &(struct syn_client_options){.identity = other});
        EXPECT_CONTROL(run, "ann with its own grant",
                       syn_client_do(ann, OP_ON(OPEN, &thing)));
        EXPECT_DENIED(run,
                      syn_run_text(run, "bob, equal in %d bytes", lengths[i]),
                      syn_client_do(bob, OP_ON(OPEN, &thing)), &thing);
    }
}

/* ACL-58: "Identity of 256 chars works, 257 and empty are refused", of two,
 * three and four bytes each. Used bare: a prefix would move the bound. */
static void counted_in_characters(struct syn_run *run)
{
    static const char *const units[] = {"\xc3\xa9", "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80"};
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "guest-list");
    REQUIRE_ALLOWED(run, "backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        const char *longest = repeat(run, units[i], POINTS_MAX);
        struct syn_reply set =
            syn_backend_grant(backend, &thing, longest, SYN_RIGHT_READ);
        EXPECT_CONTROL(
            run, syn_run_text(run, "256 characters of %zu bytes", i + 2), set);
        EXPECT_STR(run, "identity in the answer",
                   syn_reply_str(&set, "/identity"), ==, syn_str_of(longest));
        EXPECT_REFUSED(
            run, syn_run_text(run, "257 characters of %zu bytes", i + 2),
            syn_backend_grant(backend, &thing,
                              syn_run_text(run, "%s%s", longest, units[i]),
                              SYN_RIGHT_READ),
            54351);
        struct syn_client *user = syn_run_client_with(
            run, "long", &(struct syn_client_options){.identity = longest});
        EXPECT_CONTROL(run, "who has that identity opens",
                       syn_client_do(user, OP_ON(OPEN, &thing)));
    }
}

#define BYTES_ROW                                                  \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED, \
    .acl_on = true, .types = SYN_TYPES_GRANTED

static const struct syn_scenario rows[] = {
    {.id = "acl/identity-bytes/told-apart-late",
     .title = "Identities that differ only at their ends are told apart",
     .source = "ACL-55",
     .level = SYN_LEVEL_SHOULD,
     BYTES_ROW,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .defect = "field-identity-cut-at-64",
     .run = told_apart_late},
    {.id = "acl/identity-bytes/counted-in-characters",
     .title = "An identity of 256 characters fits, however many bytes it has",
     .source = "ACL-58",
     .level = SYN_LEVEL_MUST,
     BYTES_ROW,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE,
     .defect = "identity-length-unchecked field-grant-identity-bytes",
     .run = counted_in_characters},
};
SYN_SUITE(acl_identity_bytes, "Long identities", rows);
