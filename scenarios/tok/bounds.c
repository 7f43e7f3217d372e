/*
 * Bounds of a token's time (TOK-08, TOK-27 to TOK-29; L02, L03, L05).
 * Both sides of each bound, and times that are no times.
 */
#include "syn/forge.h"
#include "syn/scenario.h"

#define DAY_S 86400

/* A token of this wish opens a session, or is refused with `code`. */
static void expect_bound(struct syn_run *run, const char *what,
                         const struct syn_token_wish *wish, int code)
{
    struct syn_client *user = syn_run_client_with(
        run, "ann",
        &(struct syn_client_options){.token = syn_run_token(run, wish),
                                     .stays_offline = true});
    struct syn_reply init = syn_client_connect(user);
    if (code == 0) {
        EXPECT_CONTROL(run, what, init);
        return;
    }
    EXPECT_REFUSED(run, what, init, code);
    EXPECT_TRUE(run, "no session was opened",
                syn_client_state(user) != SYN_SESSION_LIVE);
}

/* TOK-08, TOK-28: both sides of 24 hours, and milliseconds for seconds. */
static void a_day_at_most(struct syn_run *run)
{
    expect_bound(run, "a lifetime of 24 hours",
                 &(struct syn_token_wish){
                     .identity = syn_run_identity(run, "ann"), .ttl_s = DAY_S},
                 0);
    expect_bound(
        run, "a lifetime of 24 hours and a second",
        &(struct syn_token_wish){.identity = syn_run_identity(run, "ann"),
                                 .ttl_s = DAY_S + 1},
        20157);
    expect_bound(
        run, "a lifetime of two days",
        &(struct syn_token_wish){.identity = syn_run_identity(run, "ann"),
                                 .ttl_s = 2 * DAY_S},
        20157);
    expect_bound(
        run, "milliseconds where seconds are meant",
        &(struct syn_token_wish){.identity = syn_run_identity(run, "ann"),
                                 .ttl_s = DAY_S * 1000},
        20157);
}

/* TOK-27: "`nbf` in the future is rejected". */
static void not_yet_valid(struct syn_run *run)
{
    expect_bound(
        run, "a token valid since a minute ago",
        &(struct syn_token_wish){.identity = syn_run_identity(run, "ann"),
                                 .not_before_in_s = -60},
        0);
    expect_bound(
        run, "a token valid in ten minutes",
        &(struct syn_token_wish){.identity = syn_run_identity(run, "ann"),
                                 .not_before_in_s = 600},
        20105);
}

/* TOK-29, L05: `exp` absent, null, text, negative, fractional or huge. */
static void odd_expiry(struct syn_run *run)
{
    expect_bound(run, "a plain token",
                 &(struct syn_token_wish){
                     .identity = syn_run_identity(run, "ann"), .ttl_s = 600},
                 0);
    size_t cursor = 0;
    const struct syn_forgery *forgery = syn_forgery_next("L05", &cursor);
    for (; forgery != NULL; forgery = syn_forgery_next("L05", &cursor)) {
        struct syn_client *user = syn_run_client_with(
            run, "ann",
            &(struct syn_client_options){.token = syn_run_forge(run, forgery),
                                         .stays_offline = true});
        EXPECT_REFUSED(run, syn_run_text(run, "exp %s", forgery->variant),
                       syn_client_connect(user), forgery->code);
        EXPECT_TRUE(run, "no session was opened",
                    syn_client_state(user) != SYN_SESSION_LIVE);
    }
}

#define LIFETIME_ROW .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_MINT

static const struct syn_scenario rows[] = {
    {.id = "tok/bounds/a-day-at-most",
     .title = "A token lives at most 24 hours",
     .source = "TOK-08 TOK-28",
     LIFETIME_ROW,
     .level = SYN_LEVEL_MUST,
     .safety = SYN_SAFE_READONLY,
     .defect = "lifetime-unbounded lifetime-off-by-one",
     .meets = "L03",
     .run = a_day_at_most},
    {.id = "tok/bounds/not-yet-valid",
     .title = "A token is refused before its nbf",
     .source = "TOK-27",
     LIFETIME_ROW,
     .level = SYN_LEVEL_MUST,
     .safety = SYN_SAFE_READONLY,
     .defect = "nbf-ignored",
     .meets = "L02",
     .run = not_yet_valid},
    {.id = "tok/bounds/odd-expiry",
     .title = "A token whose exp is missing or no time is refused",
     .source = "TOK-29",
     LIFETIME_ROW,
     .level = SYN_LEVEL_MUST,
     .safety = SYN_SAFE_READONLY,
     .defect = "missing-exp-accepted",
     .meets = "L05",
     .run = odd_expiry},
};
SYN_SUITE(tok_bounds, "Bounds of a token's time", rows);
