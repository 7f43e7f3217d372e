/*
 * Forged and malformed tokens (TOK-01, TOK-16 to TOK-25, TOK-29 to TOK-32,
 * TOK-35, TOK-36, TOK-43 to TOK-45, TOK-49; T01 to T26 but T09, which
 * needs a listener).
 * Each forgery differs from a valid token in one thing; the valid token is the
 * control before, and again after, so that refusing everything or falling over
 * does not pass.
 */
#include "syn/forge.h"
#include "syn/scenario.h"

/* What the victim owns, and the forger wants. */
struct prize {
    struct syn_thing thing;
    struct syn_client *owner;
};

/* The victim creates the prize on an ACL-on service and can open it. */
static bool staked(struct syn_run *run, struct prize *prize)
{
    const struct syn_forge_kit *kit = syn_run_forge_kit(run);
    const char *victim = syn_run_text(run, "%.*s", SYN_STR_ARG(kit->victim));
    prize->thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "prize");
    prize->owner = syn_run_client_with(
        run, "victim", &(struct syn_client_options){.identity = victim});
    return EXPECT_CONTROL(
               run, "the victim creates its document",
               syn_client_do(prize->owner, OP_ON(CREATE, &prize->thing))) &&
           EXPECT_CONTROL(
               run, "the victim opens it",
               syn_client_do(prize->owner, OP_ON(OPEN, &prize->thing)));
}

/* Present the token; judge by the fate that the table foretells. */
static void expect_fate(struct syn_run *run, const struct syn_forgery *forgery,
                        struct syn_str token, struct prize *prize)
{
    const char *what = syn_run_text(run, "%s %s: %s", forgery->id,
                                    forgery->variant, forgery->title);
    struct syn_client *forger = syn_run_client_with(
        run, "forger",
        &(struct syn_client_options){.token = token, .stays_offline = true});
    struct syn_reply init = syn_client_connect(forger);
    if (forgery->fate == SYN_FORGE_ACCEPTED) {
        EXPECT_CONTROL(run, what, init);
        return;
    }
    if (forgery->code == 0 && init.status == SYN_ERR_CLOSED) {
        EXPECT_TRUE(run, syn_run_text(run, "%s: hung up on", what),
                    syn_client_state(forger) != SYN_SESSION_LIVE);
    } else if (forgery->fate == SYN_FORGE_REFUSED || !syn_reply_is_ok(&init)) {
        EXPECT_REFUSED(run, what, init, forgery->code);
    }
    if (syn_client_state(forger) == SYN_SESSION_LIVE) {
        EXPECT_TRUE(run, syn_run_text(run, "%s: no session", what),
                    forgery->fate == SYN_FORGE_CONFINED);
        /* Denied in this service, missing in another: any code will do. */
        (void)syn_expect_denied(
            run, SYN_SITE, syn_run_text(run, "%s: the victim's document", what),
            syn_client_do(forger, OP_ON(OPEN, &prize->thing)),
            (struct syn_refusal){.thing = &prize->thing});
    }
}

/* All variants of one id; how many could be made. */
static unsigned judge_variants(struct syn_run *run, const char *id,
                               struct prize *prize)
{
    size_t cursor = 0;
    unsigned judged = 0;
    const struct syn_forgery *forgery = syn_forgery_next(id, &cursor);
    for (; forgery != NULL; forgery = syn_forgery_next(id, &cursor)) {
        struct syn_str token = syn_run_forge(run, forgery);
        if (token.at == NULL) {
            syn_observe(run, forgery->variant,
                        "left out: the target file names no such key, or the "
                        "target is not ours to weigh on");
            continue;
        }
        expect_fate(run, forgery, token, prize);
        judged++;
    }
    return judged;
}

/* `also` NULL: one id alone. */
static void expect_forgeries(struct syn_run *run, const char *id,
                             const char *also)
{
    struct prize prize;
    REQUIRE(run, staked(run, &prize));
    unsigned judged = judge_variants(run, id, &prize);
    if (also != NULL) {
        judged += judge_variants(run, also, &prize);
    }
    if (judged == 0) {
        syn_run_skip(run, "the target file names none of the keys needed");
        return;
    }
    EXPECT_CONTROL(run, "a valid token is still accepted",
                   syn_client_connect(syn_run_client_with(
                       run, "honest",
                       &(struct syn_client_options){.stays_offline = true})));
}

#define FORGED(id, function) FORGED_TWICE(id, NULL, function)
#define FORGED_TWICE(id, also, function)      \
    static void function(struct syn_run *run) \
    {                                         \
        expect_forgeries(run, id, also);      \
    }

FORGED("T01", no_token)
FORGED("T02", alg_none)
FORGED("T03", alg_none_spelt)
FORGED_TWICE("T04", "T26", no_signature)
FORGED("T05", weak_secret)
FORGED("T06", rsa_confusion)
FORGED("T07", embedded_key)
FORGED_TWICE("T08", "T24", hostile_key_id)
FORGED("T10", altered_payload)
FORGED_TWICE("T11", "T12", other_keys_secret)
FORGED("T13", wrong_header)
FORGED("T14", other_product)
FORGED("T15", other_service)
FORGED("T16", no_service)
FORGED("T17", odd_identity)
FORGED("T18", lookalike_identity)
FORGED("T19", duplicate_members)
FORGED("T20", json_serialised)
FORGED("T21", loose_base64)
FORGED("T22", hostile_claims)
FORGED_TWICE("T23", "T25", huge_token)

#define FORGED_ROW                                                          \
    .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_MINT, .acl_on = true, \
    .tags = "forged"
#define MUST_ROW \
    .level = SYN_LEVEL_MUST, .safety = SYN_SAFE_NAMESPACED, FORGED_ROW
#define SHOULD_ROW \
    .level = SYN_LEVEL_SHOULD, .safety = SYN_SAFE_NAMESPACED, FORGED_ROW

static const struct syn_scenario rows[] = {
    {.id = "tok/forged/no-token",
     .title = "Without a token there is no session",
     .source = "TOK-01 TOK-43",
     MUST_ROW,
     .defect = "token-not-needed",
     .meets = "T01",
     .run = no_token},
    {.id = "tok/forged/alg-none",
     .title = "An unsigned token of alg none is refused",
     .source = "TOK-20",
     MUST_ROW,
     .defect = "alg-none-accepted",
     .meets = "T02",
     .run = alg_none},
    {.id = "tok/forged/alg-none-spelt",
     .title = "Other spellings of alg none are refused",
     .source = "TOK-20",
     MUST_ROW,
     .defect = "alg-none-any-case",
     .meets = "T03",
     .run = alg_none_spelt},
    {.id = "tok/forged/no-signature",
     .title = "A token with an empty or missing signature is refused",
     .source = "TOK-20 TOK-22",
     MUST_ROW,
     .defect = "empty-signature-accepted",
     .meets = "T04 T26",
     .run = no_signature},
    {.id = "tok/forged/weak-secret",
     .title = "A token signed with an empty, guessable or public secret is "
              "refused",
     .source = "TOK-22 TOK-35",
     MUST_ROW,
     .defect = "empty-secret-accepted auth-token-signs",
     .meets = "T05",
     .run = weak_secret},
    {.id = "tok/forged/algorithm-confusion",
     .title = "An asymmetric algorithm is never verified by a shared secret",
     .source = "TOK-21",
     MUST_ROW,
     .defect = "any-alg-as-hs256",
     .meets = "T06",
     .run = rsa_confusion},
    {.id = "tok/forged/embedded-key",
     .title = "A key inside the token does not verify it",
     .source = "TOK-22 TOK-49",
     MUST_ROW,
     .defect = "header-jwk-trusted",
     .meets = "T07",
     .run = embedded_key},
    {.id = "tok/forged/hostile-key-id",
     .title = "A hostile key id is refused and breaks nothing",
     .source = "TOK-24 TOK-49",
     MUST_ROW,
     .defect = "unknown-issuer-accepted",
     .meets = "T08 T24",
     .run = hostile_key_id},
    {.id = "tok/forged/altered-payload",
     .title = "A payload altered after signing is refused",
     .source = "TOK-23 TOK-22",
     MUST_ROW,
     .defect = "signature-unchecked",
     .meets = "T10",
     .run = altered_payload},
    {.id = "tok/forged/other-keys-secret",
     .title = "The secret of another key does not sign for this one",
     .source = "TOK-22 TOK-24 TOK-25 TOK-36",
     MUST_ROW,
     .defect = "any-secret-of-account",
     .meets = "T11 T12",
     .run = other_keys_secret},
    {.id = "tok/forged/wrong-header",
     .title = "A token with another typ or cty is refused",
     .source = "TOK-16 TOK-17",
     SHOULD_ROW,
     .defect = "typ-cty-unchecked",
     .meets = "T13",
     .run = wrong_header},
    {.id = "tok/forged/other-product",
     .title = "A token for other products alone gives no Sync access",
     .source = "TOK-31 TOK-32 TOK-30",
     MUST_ROW,
     .defect = "sync-grant-not-needed",
     .meets = "T14",
     .run = other_product},
    {.id = "tok/forged/other-service",
     .title = "A token for another service sees nothing of this one",
     .source = "ACL-70 TOK-25",
     MUST_ROW,
     .defect = "service-of-token-ignored",
     .meets = "T15",
     .run = other_service},
    {.id = "tok/forged/no-service",
     .title = "A token without a service, or with two, opens no other's object",
     .source = "TOK-31 TOK-33",
     MUST_ROW,
     .defect = "sync-grant-not-needed",
     .meets = "T16",
     .run = no_service},
    {.id = "tok/forged/odd-identity",
     .title = "A token without a proper identity is refused",
     .source = "TOK-30 TOK-44 TOK-45",
     MUST_ROW,
     .defect = "identity-not-needed",
     .meets = "T17",
     .run = odd_identity},
    {.id = "tok/forged/lookalike-identity",
     .title = "An identity that looks like another inherits nothing",
     .source = "TOK-06 ACL-55",
     MUST_ROW,
     .defect = "identity-ignores-case identity-trimmed",
     .meets = "T18",
     .run = lookalike_identity},
    {.id = "tok/forged/duplicate-members",
     .title = "A token with duplicate claims does not pass as another identity",
     .source = "TOK-49 TOK-30",
     MUST_ROW,
     .defect = "duplicate-claims-first-wins",
     .meets = "T19",
     .run = duplicate_members},
    {.id = "tok/forged/json-serialised",
     .title = "A token in JSON serialisation is refused",
     .source = "TOK-49",
     MUST_ROW,
     .defect = "json-jws-accepted",
     .meets = "T20",
     .run = json_serialised},
    {.id = "tok/forged/loose-base64",
     .title = "Another spelling of a token's base64url is refused",
     .source = "TOK-49",
     SHOULD_ROW,
     .defect = "base64-lenient",
     .meets = "T21",
     .run = loose_base64},
    {.id = "tok/forged/hostile-claims",
     .title = "Bad UTF-8 and deep nesting in claims are refused, and break "
              "nothing",
     .source = "TOK-49",
     MUST_ROW,
     .defect = "claims-json-lenient",
     .meets = "T22",
     .run = hostile_claims},
    {.id = "tok/forged/huge-token",
     .title = "A token of a megabyte is refused, and breaks nothing",
     .source = "TOK-49",
     .level = SYN_LEVEL_MUST,
     .safety = SYN_SAFE_DISRUPTIVE,
     FORGED_ROW,
     .defect = "token-size-unchecked",
     .meets = "T23 T25",
     .run = huge_token},
};
SYN_SUITE(tok_forged, "Forged and malformed tokens", rows);
