/*
 * The app's token endpoint (TOK-02, TOK-04, TOK-07, TOK-14; I01 to I03).
 * Whoever reaches it reaches the service; so it must know its callers and
 * decide alone what stands in a token.
 */
#include "syn/issuer.h"
#include "syn/scenario.h"

#define FOREIGN    "https://elsewhere.example"
#define OTHER      "ISffffffffffffffffffffffffffffffff"
#define FIRST_USER (&(struct syn_issuer_ask){.user = 0})

/* No token, whatever the status: many endpoints redirect to a login. */
static void expect_no_token(struct syn_run *run, const char *what,
                            struct syn_issuer *issuer,
                            const struct syn_issuer_ask *ask)
{
    struct syn_issued issued = syn_issuer_call(issuer, ask);
    REQUIRE(run, syn_expect_answer(run, SYN_SITE, what, issued.reply));
    EXPECT_TRUE(run, syn_run_text(run, "no token for %s", what),
                issued.token.at == NULL);
}

/* TOK-02, TOK-14, I01: "knowing its URL is not enough". */
static void knows_callers(struct syn_run *run)
{
    struct syn_issuer *issuer = syn_run_issuer(run);
    struct syn_issued own = syn_issuer_call(issuer, FIRST_USER);
    REQUIRE(run, EXPECT_ISSUED(run, "a user with a session", &own));
    if (syn_issuer_is_public(issuer)) {
        syn_run_skip(run, "the target file says: for anonymous callers");
        return;
    }
    const struct {
        const char *what;
        struct syn_issuer_ask ask;
    } strangers[] = {
        {"nobody, as configured", {.user = SYN_ISSUER_NOBODY}},
        {"nobody, by GET", {.user = SYN_ISSUER_NOBODY, .method = "GET"}},
        {"nobody, by POST", {.user = SYN_ISSUER_NOBODY, .method = "POST"}},
        {"a session that was never given", {.user = 0, .spoils_session = true}},
    };
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        expect_no_token(run, strangers[i].what, issuer, &strangers[i].ask);
    }
}

/* TOK-14: a script of another site sends the user's cookie along, but must not
 * be able to read what comes back. */
static void closed_to_other_sites(struct syn_run *run)
{
    struct syn_issuer *issuer = syn_run_issuer(run);
    struct syn_issued own = syn_issuer_call(issuer, FIRST_USER);
    REQUIRE(run, EXPECT_ISSUED(run, "the app's own page", &own));
    struct syn_issued other = syn_issuer_call(
        issuer, &(struct syn_issuer_ask){.user = 0, .origin = FOREIGN});
    REQUIRE(run, syn_expect_answer(run, SYN_SITE, "a page of another site",
                                   other.reply));
    struct syn_str origin =
        syn_issued_header(&other, "Access-Control-Allow-Origin");
    struct syn_str credentials =
        syn_issued_header(&other, "Access-Control-Allow-Credentials");
    bool is_readable = other.token.at != NULL && syn_str_is(origin, FOREIGN) &&
                       syn_str_is(credentials, "true");
    EXPECT_TRUE(run, "another site cannot read the user's token", !is_readable);
}

/* TOK-04, I02: as first user ask to be somebody else. */
static void caller_cannot_choose(struct syn_run *run)
{
    struct syn_issuer *issuer = syn_run_issuer(run);
    struct syn_issued own = syn_issuer_call(issuer, FIRST_USER);
    REQUIRE(run, EXPECT_ISSUED(run, "a user with a session", &own));
    const char *told = syn_issuer_identity_param(issuer);
    const char *victim =
        syn_issuer_users(issuer) > 1 ? syn_issuer_identity(issuer, 1) : NULL;
    const char *const wanted[] = {victim == NULL ? "admin" : victim, "admin",
                                  "system"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct syn_issuer_param params[] = {
            {told == NULL ? "identity" : told, wanted[i]},
            {"Identity", wanted[i]},
            {"user", wanted[i]}};
        const struct syn_issuer_ask ask = {
            .params = params, .param_count = sizeof params / sizeof params[0]};
        struct syn_issued forged = syn_issuer_call(issuer, &ask);
        REQUIRE(run, syn_expect_answer(run, SYN_SITE, "a forged identity",
                                       forged.reply));
        EXPECT_TRUE(run, syn_run_text(run, "no token for \"%s\"", wanted[i]),
                    forged.token.at == NULL ||
                        syn_str_is_equal(forged.identity, own.identity));
    }
}

/* I03: nor how long it lives, nor for which service. */
static void caller_cannot_extend(struct syn_run *run)
{
    struct syn_issuer *issuer = syn_run_issuer(run);
    struct syn_issued own = syn_issuer_call(issuer, FIRST_USER);
    REQUIRE(run, EXPECT_ISSUED(run, "a user with a session", &own));
    static const struct syn_issuer_param params[] = {
        {"ttl", "604800"},      {"expires_in", "604800"},
        {"lifetime", "604800"}, {"service_sid", OTHER},
        {"serviceSid", OTHER},  {"ServiceSid", OTHER}};
    struct syn_issued forged = syn_issuer_call(
        issuer,
        &(struct syn_issuer_ask){
            .params = params, .param_count = sizeof params / sizeof params[0]});
    REQUIRE(run, syn_expect_answer(run, SYN_SITE, "a longer life is asked for",
                                   forged.reply));
    if (forged.token.at != NULL) {
        EXPECT_INT(run, "lifetime, s", forged.lifetime_s, <=, own.lifetime_s);
        EXPECT_STR(
            run, "service",
            syn_reply_str(&forged.claims, "/grants/data_sync/service_sid"), !=,
            SYN_STR(OTHER));
    }
}

/* TOK-07: told, not judged. */
static void openness(struct syn_run *run)
{
    struct syn_issuer *issuer = syn_run_issuer(run);
    struct syn_issued own = syn_issuer_call(issuer, FIRST_USER);
    REQUIRE(run, EXPECT_ISSUED(run, "a user with a session", &own));
    struct syn_issued open = syn_issuer_call(
        issuer, &(struct syn_issuer_ask){.user = SYN_ISSUER_NOBODY});
    REQUIRE(run, syn_expect_answer(run, SYN_SITE, "nobody", open.reply));
    bool is_open = open.token.at != NULL;
    syn_observe(run, "issuance", "%s, meant for %s callers",
                is_open ? "open" : "closed",
                syn_issuer_is_public(issuer) ? "anonymous" : "known");
    EXPECT_TRUE(run, "open to anonymous callers only where meant so",
                !is_open || syn_issuer_is_public(issuer));
}

#define ISSUER_ROW                                           \
    .subject = SYN_SUBJECT_ISSUER, .needs = SYN_NEED_ISSUER, \
    .safety = SYN_SAFE_NAMESPACED, .tags = "issuer"

static const struct syn_scenario rows[] = {
    {.id = "tok/issuer/knows-callers",
     .title = "The token endpoint gives nothing to callers it does not know",
     .source = "TOK-02 TOK-14",
     .level = SYN_LEVEL_MUST,
     ISSUER_ROW,
     .defect = "issuer/open-to-anyone",
     .reading = "a nonce used twice is not tried: the target file names none",
     .meets = "I01",
     .run = knows_callers},
    {.id = "tok/issuer/closed-to-other-sites",
     .title = "Scripts of another site cannot read a user's token",
     .source = "TOK-14",
     .level = SYN_LEVEL_MUST,
     ISSUER_ROW,
     .defect = "issuer/any-origin",
     .run = closed_to_other_sites},
    {.id = "tok/issuer/caller-cannot-choose-identity",
     .title = "A caller cannot ask for somebody else's identity",
     .source = "TOK-04",
     .level = SYN_LEVEL_MUST,
     ISSUER_ROW,
     .defect = "issuer/caller-names-identity",
     .meets = "I02",
     .run = caller_cannot_choose},
    {.id = "tok/issuer/caller-cannot-extend",
     .title = "A caller cannot ask for a longer life or another service",
     .source = "TOK-14",
     .level = SYN_LEVEL_MUST,
     ISSUER_ROW,
     .defect = "issuer/obeys-ttl issuer/obeys-service",
     .meets = "I03",
     .run = caller_cannot_extend},
    {.id = "tok/issuer/openness",
     .title = "Whether the token endpoint is open, and whether it means to be",
     .source = "TOK-07",
     .level = SYN_LEVEL_INFO,
     ISSUER_ROW,
     .defect = "issuer/open-to-anyone",
     .run = openness},
};
SYN_SUITE(tok_issuer, "The app's token endpoint", rows);
