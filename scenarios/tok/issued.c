/*
 * What the app's token endpoint puts into tokens (TOK-03, TOK-05, TOK-09,
 * TOK-10, TOK-47; I05). Read from the payload; nobody verifies it here.
 */
#include "syn/issuer.h"
#include "syn/limits.h"
#include "syn/personal.h"
#include "syn/scenario.h"

#define HOUR_S     3600
#define HALF_S     1800
#define DAY_S      SYN_TOKEN_LIFETIME_S_MAX
#define FIRST_USER (&(struct syn_issuer_ask){.user = 0})

/* TOK-03: non-empty, as the target file has it, the same each time, another
 * for another user. */
static void identity_fits_user(struct syn_run *run)
{
    struct syn_issuer *issuer = syn_run_issuer(run);
    struct syn_str seen = {NULL, 0};
    for (size_t i = 0; i < syn_issuer_users(issuer); i++) {
        const struct syn_issuer_ask ask = {.user = i};
        struct syn_issued first = syn_issuer_call(issuer, &ask);
        struct syn_issued again = syn_issuer_call(issuer, &ask);
        REQUIRE(run, EXPECT_ISSUED(run, "the user's token", &first));
        REQUIRE(run, EXPECT_ISSUED(run, "another of the same user", &again));
        EXPECT_INT(run, "bytes of the identity", (int64_t)first.identity.bytes,
                   >, 0);
        EXPECT_STR(run, "identity of the second token", again.identity, ==,
                   first.identity);
        if (syn_issuer_identity(issuer, i) != NULL) {
            EXPECT_STR(run, "identity of the user", first.identity, ==,
                       syn_str_of(syn_issuer_identity(issuer, i)));
        }
        EXPECT_STR(run, "identity, beside that of the user before",
                   first.identity, !=, seen);
        seen = first.identity;
    }
}

/* TOK-05, I05: UUID or hash, nothing personal. */
static void identity_is_opaque(struct syn_run *run)
{
    struct syn_issuer *issuer = syn_run_issuer(run);
    for (size_t i = 0; i < syn_issuer_users(issuer); i++) {
        struct syn_issued issued =
            syn_issuer_call(issuer, &(struct syn_issuer_ask){.user = i});
        REQUIRE(run, EXPECT_ISSUED(run, "the user's token", &issued));
        EXPECT_STR(run, "the identity looks like",
                   syn_str_of(syn_personal_text(syn_personal_find(
                       issued.identity, SYN_PERSONAL_IN_IDENTITIES))),
                   ==, SYN_STR("nothing personal"));
    }
}

/* TOK-09: "1 h <= ttl <= 24 h"; TOK-10: "ttl >= 1800". */
static void lifetime_between(struct syn_run *run, int64_t least_s,
                             int64_t most_s)
{
    struct syn_issued own = syn_issuer_call(syn_run_issuer(run), FIRST_USER);
    REQUIRE(run, EXPECT_ISSUED(run, "a user with a session", &own));
    syn_measure(run, "issuer.token.lifetime_s", own.lifetime_s);
    EXPECT_INT(run, "lifetime, s", own.lifetime_s, >=, least_s);
    EXPECT_INT(run, "lifetime, s", own.lifetime_s, <=, most_s);
}

static void lives_for_hours(struct syn_run *run)
{
    lifetime_between(run, HOUR_S, DAY_S);
}

static void lives_long_enough(struct syn_run *run)
{
    lifetime_between(run, HALF_S, INT64_MAX);
}

/* TOK-47: "`jti`,`iss`,`sub`,`iat`,`exp`,`grants`". */
static void has_all_claims(struct syn_run *run)
{
    static const char *const claims[] = {"/jti",
                                         "/iss",
                                         "/sub",
                                         "/iat",
                                         "/exp",
                                         "/grants",
                                         "/grants/identity",
                                         "/grants/data_sync/service_sid"};
    struct syn_issued own = syn_issuer_call(syn_run_issuer(run), FIRST_USER);
    REQUIRE(run, EXPECT_ISSUED(run, "a user with a session", &own));
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        EXPECT_TRUE(run, syn_run_text(run, "the token has %s", claims[i]),
                    syn_reply_has(&own.claims, claims[i]));
    }
}

#define ISSUER_ROW                                           \
    .subject = SYN_SUBJECT_ISSUER, .needs = SYN_NEED_ISSUER, \
    .safety = SYN_SAFE_NAMESPACED, .tags = "issuer"

static const struct syn_scenario rows[] = {
    {.id = "tok/issued/identity-fits-user",
     .title = "Each user gets an identity that is its own and stays",
     .source = "TOK-03",
     .level = SYN_LEVEL_MUST,
     ISSUER_ROW,
     .defect = "issuer/unstable-identity issuer/shared-identity "
               "issuer/email-as-identity",
     .run = identity_fits_user},
    {.id = "tok/issued/identity-is-opaque",
     .title = "Identities hold no e-mail address, phone number or name",
     .source = "TOK-05",
     .level = SYN_LEVEL_SHOULD,
     ISSUER_ROW,
     .defect = "issuer/email-as-identity",
     .meets = "I05",
     .run = identity_is_opaque},
    {.id = "tok/issued/lives-for-hours",
     .title = "Issued tokens live between one hour and one day",
     .source = "TOK-09",
     .level = SYN_LEVEL_SHOULD,
     ISSUER_ROW,
     .defect = "issuer/ttl-48h issuer/ttl-60s",
     .run = lives_for_hours},
    {.id = "tok/issued/lives-long-enough",
     .title = "Issued tokens live for half an hour at least",
     .source = "TOK-10",
     .level = SYN_LEVEL_SHOULD,
     ISSUER_ROW,
     .defect = "issuer/ttl-60s",
     .run = lives_long_enough},
    {.id = "tok/issued/has-all-claims",
     .title = "Issued tokens carry all claims of the vendor's helper",
     .source = "TOK-47",
     .level = SYN_LEVEL_SHOULD,
     ISSUER_ROW,
     .defect = "issuer/omits-claims",
     .run = has_all_claims},
};
SYN_SUITE(tok_issued, "Tokens of the app's endpoint", rows);
