/*
 * A token is a bearer secret (TOK-15; I04, I06). It does not belong into URLs,
 * logs and caches, and an endpoint that hands out many at once feeds thieves.
 */
#include "syn/fault.h"
#include "syn/issuer.h"
#include "syn/limits.h"
#include "syn/scenario.h"

#define TTL_S    600
#define RENEW_S  540
#define TOO_MANY 429

/* TOK-15: what leaves beside the frames, and what stays behind in the log. */
static void stays_in_frames(struct syn_run *run)
{
    struct syn_str tokens[] = {
        syn_run_token_for(run, syn_run_identity(run, "ann"), TTL_S),
        syn_run_token_for(run, syn_run_identity(run, "ann"), TTL_S + 1)};
    struct syn_client *ann = syn_run_tap_client(
        run, "ann", &(struct syn_client_options){.token = tokens[0]});
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ann));
    REQUIRE_CONTROL(run, "ann renews its token",
                    syn_client_update(ann, tokens[1]));
    EXPECT_INT(run, "frames that carried a token",
               (int64_t)(syn_run_tap_seen(run, SYN_TAP_UP, "init") +
                         syn_run_tap_seen(run, SYN_TAP_UP, "update")),
               ==, 2);
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        EXPECT_TRUE(run, "no token in a URL or header field",
                    !syn_run_tap_read(run, SYN_TAP_UP, tokens[i]));
        EXPECT_TRUE(run, "no token in the log",
                    !syn_run_has_logged(run, tokens[i]));
    }
}

/* TOK-15 at the endpoint: the token comes in the body, and there once. */
static void issuer_keeps_it_out_of_urls(struct syn_run *run)
{
    struct syn_issued own = syn_issuer_call(
        syn_run_issuer(run), &(struct syn_issuer_ask){.user = 0});
    REQUIRE_CONTROL(run, "a user with a session", own.reply);
    REQUIRE_TRUE(run, "a token came", own.token.at != NULL);
    struct syn_str in_query =
        syn_str_of(syn_run_text(run, "=%.*s", SYN_STR_ARG(own.token)));
    EXPECT_TRUE(run, "no header field holds the token",
                !syn_str_has(own.headers, own.token));
    EXPECT_TRUE(run, "no URL in the answer holds the token",
                !syn_str_has(own.reply.body, in_query));
}

/* I06: a cache on the way would hand one user's token to the next. */
static void not_cacheable(struct syn_run *run)
{
    struct syn_issued own = syn_issuer_call(
        syn_run_issuer(run), &(struct syn_issuer_ask){.user = 0});
    REQUIRE_CONTROL(run, "a user with a session", own.reply);
    EXPECT_STR(run, "Cache-Control", syn_issued_header(&own, "Cache-Control"),
               has, SYN_STR("no-store"));
}

/* I04: a thousand in a row; the first must come, not all may. */
static void is_rate_limited(struct syn_run *run)
{
    struct syn_issuer *issuer = syn_run_issuer(run);
    bool is_limited = false;
    unsigned sent = 0;
    while (!is_limited && sent < SYN_ISSUER_BURST_MAX) {
        struct syn_issued one =
            syn_issuer_call(issuer, &(struct syn_issuer_ask){.user = 0});
        REQUIRE(run, syn_expect_answer(run, SYN_SITE, "a request", one.reply));
        REQUIRE(run, sent > 0 ||
                         EXPECT_CONTROL(run, "the first request", one.reply));
        sent++;
        is_limited = one.reply.http == TOO_MANY;
    }
    syn_measure(run, "issuer.requests_before_429", sent);
    EXPECT_TRUE(run, "the endpoint slows a caller down", is_limited);
}

#define ISSUER_ROW                                            \
    .level = SYN_LEVEL_SHOULD, .subject = SYN_SUBJECT_ISSUER, \
    .needs = SYN_NEED_ISSUER, .tags = "issuer"

static const struct syn_scenario rows[] = {
    {.id = "tok/bearer/stays-in-frames",
     .title = "The client tells its token to the service alone, never in URLs "
              "or logs",
     .source = "TOK-15",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_CLIENT,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .acl_on = true,
     .reading = "what is observed is the client of this program, behind a tap "
                "on loopback; TLS to the target is that of its sdk_url",
     .defect = "client-puts-token-in-url client-logs-token",
     .run = stays_in_frames},
    {.id = "tok/bearer/issuer-keeps-it-out-of-urls",
     .title = "The token endpoint puts tokens into bodies, not into URLs",
     .source = "TOK-15",
     ISSUER_ROW,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "issuer/token-in-url",
     .run = issuer_keeps_it_out_of_urls},
    {.id = "tok/bearer/not-cacheable",
     .title = "Answers with a token are not kept by caches",
     .source = "TOK-14",
     ISSUER_ROW,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "issuer/cacheable",
     .meets = "I06",
     .run = not_cacheable},
    {.id = "tok/bearer/rate-limited",
     .title = "The token endpoint limits how fast a caller gets tokens",
     .source = "TOK-14",
     ISSUER_ROW,
     .safety = SYN_SAFE_DISRUPTIVE,
     .defect = "issuer/no-rate-limit",
     .estimate_s = 20,
     .meets = "I04",
     .run = is_rate_limited},
};
SYN_SUITE(tok_bearer, "The token as a secret", rows);
