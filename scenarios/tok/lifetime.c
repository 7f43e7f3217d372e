/*
 * Token lifetime (TOK-12, TOK-26, TOK-40).
 * A token is worth nothing from `exp` on: no new session, no further request
 * and no further event on a session that it opened.
 */
#include "syn/scenario.h"

#define TOKEN_TTL_S   600
#define EXPIRED_FOR_S 1

/* TOK-26: "Expired token is rejected (20104)". */
static void expired_is_refused(struct syn_run *run)
{
    struct syn_str valid = syn_run_token(
        run, &(struct syn_token_wish){.identity = "ann", .ttl_s = TOKEN_TTL_S});
    struct syn_str expired = syn_run_token(
        run,
        &(struct syn_token_wish){.identity = "ann",
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
 * TOK-12: "After token expiry nothing remains accessible with it".
 * A reader that stays silent hears nothing after `exp`; a second user with a
 * longer token shows that the same event was sent.
 */
static void session_ends_at_exp(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "board");
    struct syn_client *brief = syn_run_client_with(
        run, "brief", &(struct syn_client_options){.token_ttl_s = TOKEN_TTL_S});
    struct syn_client *lasting = syn_run_client(run, "lasting");
    REQUIRE_ALLOWED(
        run, "backend creates the object",
        syn_backend_do(
            backend, &(struct syn_action){.op = SYN_OP_CREATE, .on = &thing}));
    REQUIRE_CONTROL(run, "brief subscribes while its token lives",
                    syn_client_subscribe(brief, &thing, 0));
    REQUIRE_CONTROL(run, "lasting subscribes",
                    syn_client_subscribe(lasting, &thing, 0));
    struct syn_action update = {.op = SYN_OP_UPDATE, .on = &thing};
    REQUIRE_ALLOWED(run, "first update", syn_backend_do(backend, &update));
    REQUIRE_TRUE(run, "brief hears the first update",
                 syn_client_await(brief, &thing, 1));

    syn_run_pass_s(run, TOKEN_TTL_S);
    struct syn_reply open = syn_client_do(
        brief, &(struct syn_action){.op = SYN_OP_OPEN, .on = &thing});
    EXPECT_TRUE(run, "a request after exp is not answered with data",
                !syn_reply_is_ok(&open));
    REQUIRE_ALLOWED(run, "second update", syn_backend_do(backend, &update));
    REQUIRE_TRUE(run, "lasting hears the second update",
                 syn_client_await(lasting, &thing, 2));
    (void)syn_client_fence(brief); /* false: its session is over */
    EXPECT_INT(run, "events that brief has heard",
               (int64_t)syn_client_heard(brief, &thing), ==, 1);
    EXPECT_TRUE(run, "the session of brief is over",
                syn_client_state(brief) != SYN_SESSION_LIVE);
    EXPECT_SIGNAL_INT(run, "code of the close", syn_client_ending(brief).code,
                      ==, 51207);
}

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
     .run = expired_is_refused},
    {.id = "tok/lifetime/session-ends-at-exp",
     .title = "A live session ends when its token does, and hears no more",
     .source = "TOK-12 TOK-40",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_DOCUMENT,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "session-outlives-token",
     .estimate_s = TOKEN_TTL_S,
     .run = session_ends_at_exp},
};
SYN_SUITE(tok_lifetime, "Token lifetime", rows);
