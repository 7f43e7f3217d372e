/*
 * Token lifetime (TOK-11, TOK-12, TOK-26, TOK-40, TOK-41).
 * A token is worth nothing from `exp` on: no new session, no further request
 * and no further event on a session that it opened.
 */
#include "syn/leak.h"
#include "syn/scenario.h"

#define TOKEN_TTL_S   600
#define REAL_S        55 /* a row that waits for a real clock */
#define EXPIRED_FOR_S 1
#define HOUR_S        3600
#define AROUND_END_MS 3
#define NOTICE_S_MAX  300 /* rest.md 12: 120 to 300 s pass */
#define NOTICE_S_MIN  120

/* TOK-26, L01: "Expired token is rejected (20104)". */
static void expired_is_refused(struct syn_run *run)
{
    struct syn_str valid = syn_run_token(
        run, &(struct syn_token_wish){.identity = syn_run_identity(run, "ann"),
                                      .ttl_s = TOKEN_TTL_S});
    struct syn_str expired = syn_run_token(
        run,
        &(struct syn_token_wish){.identity = syn_run_identity(run, "ann"),
                                 .starts_in_s = -TOKEN_TTL_S - EXPIRED_FOR_S,
                                 .ttl_s = TOKEN_TTL_S});
    struct syn_client *honest = syn_run_client_with(
        run, "honest",
        &(struct syn_client_options){.token = valid, .stays_offline = true});
    struct syn_client *late = syn_run_client_with(
        run, "late",
        &(struct syn_client_options){.token = expired, .stays_offline = true});

    REQUIRE_CONTROL(run, "a token of the same identity that still lives",
                    syn_client_connect(honest));
    EXPECT_REFUSED(run, "a token that ended a second ago",
                   syn_client_connect(late), 20104);
    EXPECT_TRUE(run, "no session was opened",
                syn_client_state(late) != SYN_SESSION_LIVE);
}

/*
 * TOK-12, L06: "After token expiry nothing remains accessible with it".
 * A reader that stays silent hears nothing after `exp`; a second user with a
 * longer token shows that the same event was sent.
 */
static void session_ends_at_exp(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "board");
    const int64_t life_s = syn_run_token_life_s(run, TOKEN_TTL_S);
    const int64_t begun_ms = syn_run_now_ms(run);
    struct syn_client *brief = syn_run_client_with(
        run, "brief", &(struct syn_client_options){.token_ttl_s = life_s});
    struct syn_client *lasting = syn_run_client(run, "lasting");
    REQUIRE_ALLOWED(
        run, "backend creates the object",
        syn_backend_do(
            backend, &(struct syn_action){.op = SYN_OP_CREATE, .on = &thing}));
    REQUIRE_CONTROL(run, "brief subscribes while its token lives",
                    syn_client_subscribe(brief, &thing, -2));
    REQUIRE_CONTROL(run, "lasting subscribes",
                    syn_client_subscribe(lasting, &thing, -2));
    REQUIRE_ALLOWED(run, "first update", syn_leak_change(run, backend, &thing));
    REQUIRE_TRUE(run, "brief hears the first update",
                 syn_client_await(brief, &thing, 1));

    REQUIRE(run, syn_run_outlive(run, begun_ms, life_s));
    struct syn_reply open = syn_client_do(
        brief, &(struct syn_action){.op = SYN_OP_OPEN, .on = &thing});
    EXPECT_TRUE(run, "a request after exp is not answered with data",
                !syn_reply_is_ok(&open));
    REQUIRE_ALLOWED(run, "second update",
                    syn_leak_change(run, backend, &thing));
    REQUIRE_TRUE(run, "lasting hears the second update",
                 syn_client_await(lasting, &thing, 2));
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    (void)syn_client_fence(brief); /* false: its session is over */
    EXPECT_INT(run, "events that brief has heard",
               (int64_t)syn_client_heard(brief, &thing), ==, 1);
    EXPECT_TRUE(run, "the session of brief is over",
                syn_client_state(brief) != SYN_SESSION_LIVE);
    EXPECT_SIGNAL_INT(run, "code of the close", syn_client_ending(brief).code,
                      ==, 51207);
}

/* TOK-11: "Service still works with a 5-minute token", until its end. */
static void five_minutes_work(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client_with(
        run, "ann", &(struct syn_client_options){.token_ttl_s = 300});
    struct syn_thing thing = syn_run_thing(run, "brief");
    EXPECT_CONTROL(run, "create",
                   syn_client_do(ann, &(struct syn_action){.op = SYN_OP_CREATE,
                                                           .on = &thing}));
    struct syn_action update = {.op = SYN_OP_UPDATE, .on = &thing};
    EXPECT_CONTROL(run, "update at once", syn_client_do(ann, &update));
    syn_run_pass_s(run, 295);
    EXPECT_CONTROL(run, "update five seconds before the end",
                   syn_client_do(ann, &update));
}

/* TOK-12, L07: a client that ignores the notice writes on past `exp`. */
static void writer_past_exp(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    const int64_t life_s = syn_run_token_life_s(run, TOKEN_TTL_S);
    const int64_t begun_ms = syn_run_now_ms(run);
    struct syn_client *ann = syn_run_client_with(
        run, "ann", &(struct syn_client_options){.token_ttl_s = life_s});
    struct syn_thing thing = syn_run_thing(run, "board");
    struct syn_action update = {.op = SYN_OP_UPDATE, .on = &thing};
    struct syn_action open = {.op = SYN_OP_OPEN, .on = &thing};
    REQUIRE_ALLOWED(run, "create",
                    syn_client_do(ann, &(struct syn_action){.op = SYN_OP_CREATE,
                                                            .on = &thing}));
    REQUIRE_CONTROL(run, "update while the token lives",
                    syn_client_do(ann, &update));
    struct syn_reply before = syn_backend_do(backend, &open);
    REQUIRE_ALLOWED(run, "backend fetches before", before);
    REQUIRE(run, syn_run_outlive(run, begun_ms, life_s));
    struct syn_reply late = syn_client_do(ann, &update);
    EXPECT_TRUE(run, "the update past exp is not accepted",
                !syn_reply_is_ok(&late));
    struct syn_reply after = syn_backend_do(backend, &open);
    REQUIRE_ALLOWED(run, "backend fetches after", after);
    EXPECT_STR(run, "the document", after.body, ==, before.body);
}

/* L16: connecting around `exp` in steps of a millisecond. */
static void connect_at_the_end(struct syn_run *run)
{
    struct syn_str token = syn_run_token(
        run, &(struct syn_token_wish){.identity = syn_run_identity(run, "ann"),
                                      .ttl_s = TOKEN_TTL_S});
    struct syn_client *early = syn_run_client_with(
        run, "early",
        &(struct syn_client_options){.token = token, .stays_offline = true});
    /* The end as the token states it: whole seconds of the same clock. */
    int64_t end_ms = (syn_run_now_ms(run) / 1000 + TOKEN_TTL_S) * 1000;
    syn_run_pass_ms(run, end_ms - syn_run_now_ms(run) - AROUND_END_MS);
    REQUIRE_CONTROL(run, "a session shortly before exp",
                    syn_client_connect(early));
    for (int64_t i = 0; i < 2 * AROUND_END_MS; i++) {
        bool is_over = syn_run_now_ms(run) >= end_ms;
        struct syn_client *user =
            syn_run_client_with(run, "user",
                                &(struct syn_client_options){
                                    .token = token, .stays_offline = true});
        struct syn_reply init = syn_client_connect(user);
        if (is_over) {
            EXPECT_REFUSED(run, "connecting at exp or later", init, 20104);
        }
        syn_client_close(user);
        syn_run_pass_ms(run, 1);
    }
    EXPECT_TRUE(run, "the early session does not answer any more",
                !syn_client_fence(early));
}

/* TOK-41: "Expiry warning is raised minutes before `exp`". */
static void notice_before_exp(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client_with(
        run, "ann", &(struct syn_client_options){.token_ttl_s = HOUR_S});
    int64_t end_ms = (syn_run_now_ms(run) / 1000 + HOUR_S) * 1000;
    syn_run_pass_s(run, HOUR_S - NOTICE_S_MAX - 1);
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ann));
    int64_t noticed_ms = 0;
    EXPECT_INT(run, "notices before exp - 300 s",
               (int64_t)syn_client_notices(ann, &noticed_ms), ==, 0);
    syn_run_pass_s(run, NOTICE_S_MAX + 1 - NOTICE_S_MIN);
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ann));
    EXPECT_INT(run, "notices by exp - 120 s",
               (int64_t)syn_client_notices(ann, &noticed_ms), ==, 1);
    syn_measure(run, "token.notice_before_exp_ms", end_ms - noticed_ms);
}

#define LIFETIME_ROW .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_MINT

static const struct syn_scenario rows[] = {
    {.id = "tok/lifetime/expired-is-refused",
     .title = "An expired token opens no session",
     .source = "TOK-26",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .acl_on = true,
     .defect = "expired-token-accepted",
     .meets = "L01",
     .run = expired_is_refused},
    {.id = "tok/lifetime/session-ends-at-exp",
     .title = "A live session ends when its token does, and hears no more",
     .source = "TOK-12 TOK-40",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_ALL,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "session-outlives-token",
     .estimate_s = REAL_S,
     .meets = "L06",
     .run = session_ends_at_exp},
    {.id = "tok/lifetime/five-minutes-work",
     .title = "A token of five minutes works until its end",
     .source = "TOK-11",
     LIFETIME_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_DOCUMENT,
     .safety = SYN_SAFE_NAMESPACED,
     .estimate_s = 300,
     .defect = "short-tokens-refused",
     .run = five_minutes_work},
    {.id = "tok/lifetime/writer-past-exp",
     .title = "A client that ignores the notice cannot write past exp",
     .source = "TOK-12",
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_DOCUMENT,
     .safety = SYN_SAFE_NAMESPACED,
     .estimate_s = REAL_S,
     .defect = "session-outlives-token",
     .meets = "L07",
     .run = writer_past_exp},
    {.id = "tok/lifetime/connect-at-the-end",
     .title = "No session that begins around exp outlives it",
     .source = "TOK-12 TOK-26 TOK-40",
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_VIRTUAL,
     .level = SYN_LEVEL_MUST,
     .safety = SYN_SAFE_EMBEDDED,
     .defect = "expiry-one-second-late",
     .meets = "L16",
     .run = connect_at_the_end},
    {.id = "tok/lifetime/notice-before-exp",
     .title = "The client is warned minutes before its token ends",
     .source = "TOK-41",
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_VIRTUAL,
     .level = SYN_LEVEL_SHOULD,
     .safety = SYN_SAFE_READONLY,
     .estimate_s = HOUR_S,
     .defect = "no-expiry-notice session-ends-at-notice",
     .run = notice_before_exp},
};
SYN_SUITE(tok_lifetime, "Token lifetime", rows);
