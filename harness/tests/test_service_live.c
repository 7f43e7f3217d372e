/*
 * test_service_live.c - the life of an SDK session: becoming somebody,
 * staying so, and every way it ends. Time is virtual.
 */
#include "live_bench.h"

#include <check.h>
#include <string.h>

Suite *suite_service_live(void);

#define S_US   1000000LL
#define HOUR_S 3600

static struct bench bench;
static struct live_peer *peer;

static void start(void)
{
    bench_start(&bench, NULL, true);
    peer = NULL;
}

static void stop(void)
{
    live_close(peer);
    bench_stop(&bench);
}

static void advance(int64_t span_us)
{
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, span_us, NULL, NULL),
                     SYN_OK);
}

static void expect_status(const struct syn_json *header, int64_t code,
                          int64_t error_code)
{
    ck_assert_int_eq(live_number(header, "/status/code"), code);
    if (error_code != 0) {
        ck_assert_int_eq(live_number(header, "/status/errorCode"), error_code);
    }
}

static size_t sessions(void)
{
    return syn_service_count(bench.service).sessions;
}

/* --- init ----------------------------------------------------------------- */

START_TEST(a_good_token_is_answered_like_the_real_service_does)
{
    peer = live_open(&bench);
    const struct syn_json *reply =
        live_init(peer, live_token(&bench, "alice", HOUR_S));
    expect_status(reply, 200, 0);
    ck_assert_str_eq(live_names(peer, reply),
                     "method,id,status,capabilities,continuation_token,"
                     "continuation_token_status,offline_storage,"
                     "init_registrations,payload_size");
    ck_assert_str_eq(live_text(peer, reply, "/capabilities/0"),
                     "client_update");
    ck_assert_str_eq(live_text(peer, reply, "/capabilities/1"),
                     "offline_storage");
    ck_assert_str_eq(
        live_text(peer, reply, "/continuation_token_status/reissue_reason"),
        "MISSING");
    ck_assert_uint_eq(
        strlen(live_text(peer, reply, "/offline_storage/data_sync/storage_id")),
        40);
    const struct syn_json *registration =
        syn_json_at(reply, "/init_registrations/0");
    ck_assert_str_eq(live_names(peer, registration),
                     "notification_ctx_id,type,product,message_types");
    ck_assert_str_eq(live_text(peer, registration, "/message_types/1"),
                     "com.twilio.rtd.cds.map");
    ck_assert_uint_eq(sessions(), 1);
}
END_TEST

static struct syn_str signed_token(const char *header, const char *payload,
                                   const char *secret)
{
    struct syn_str token = {NULL, 0};
    ck_assert_int_eq(
        syn_token_sign(&bench.arena,
                       (struct syn_signing_key){SYN_HS256, syn_str_of(secret)},
                       syn_str_of(header), syn_str_of(payload), &token),
        SYN_OK);
    return token;
}

#define HEADER "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"cty\":\"twilio-fpa;v=1\"}"
#define PAYLOAD(key, times, service)                                  \
    "{\"iss\":\"" key "\",\"sub\":\"" BENCH_ACCOUNT "\"," times       \
    ",\"grants\":{\"identity\":\"a\",\"data_sync\":{\"service_sid\":" \
    "\"" service "\"}}}"
/* The bench's clock stands at 1767225600. */
#define TIMES "\"exp\":1767226000"

static const struct {
    const char *header;
    const char *payload;
    const char *secret;
    int64_t code;
} refused[] = {
    {"{\"typ\":\"JWT\",\"alg\":\"HS256\"}",
     PAYLOAD(BENCH_KEY, TIMES, BENCH_SERVICE), BENCH_SECRET, 20102},
    {HEADER,
     PAYLOAD("SKffffffffffffffffffffffffffffffff", TIMES, BENCH_SERVICE),
     BENCH_SECRET, 20103},
    {HEADER, PAYLOAD(BENCH_LIMITED, TIMES, BENCH_SERVICE), BENCH_SECRET, 20103},
    {HEADER, PAYLOAD(BENCH_GONE, TIMES, BENCH_SERVICE), BENCH_SECRET, 20103},
    {HEADER, PAYLOAD(BENCH_KEY, "\"exp\":1767225600", BENCH_SERVICE),
     BENCH_SECRET, 20104},
    {HEADER, PAYLOAD(BENCH_KEY, TIMES ",\"nbf\":1767226000", BENCH_SERVICE),
     BENCH_SECRET, 20105},
    {HEADER, PAYLOAD(BENCH_KEY, TIMES, OTHER_SERVICE), BENCH_SECRET, 20106},
    {HEADER, PAYLOAD(BENCH_KEY, TIMES, BENCH_SERVICE), BENCH_TOKEN, 20107},
    {HEADER, PAYLOAD(BENCH_KEY, "\"exp\":1767400000", BENCH_SERVICE),
     BENCH_SECRET, 20157},
    {"no", "tokens", BENCH_SECRET, 20101},
};

START_TEST(a_refused_token_gets_its_code_and_no_session)
{
    peer = live_open(&bench);
    const struct syn_json *reply =
        live_init(peer, signed_token(refused[_i].header, refused[_i].payload,
                                     refused[_i].secret));
    expect_status(reply, 401, refused[_i].code);
    ck_assert_str_eq(live_text(peer, reply, "/status/status"), "UNAUTHORIZED");
    live_wait_end(peer);
    ck_assert_uint_eq(sessions(), 0);
}
END_TEST

START_TEST(a_main_key_and_the_default_service_are_accepted)
{
    peer = live_open(&bench);
    expect_status(
        live_init(peer,
                  signed_token(HEADER, PAYLOAD(BENCH_MAIN, TIMES, "default"),
                               BENCH_SECRET)),
        200, 0);
    const struct live_answer made =
        live_call(peer, "POST", "/v3/Documents", "", "{\"data\":{}}");
    ck_assert_str_eq(live_text(peer, made.body, "/service_sid"), BENCH_SERVICE);
}
END_TEST

START_TEST(a_frame_without_a_token_is_refused)
{
    peer = live_open(&bench);
    expect_status(live_reply(peer, live_send(peer, "\"method\":\"init\"", "")),
                  401, 20101);
    live_wait_end(peer);
}
END_TEST

static const char *const early[] = {
    ("\"method\":\"message\",\"http_request\":{\"path\":\"/v3/Documents\","
     "\"method\":\"POST\"}"),
    "\"method\":\"update\",\"token\":\"x\"",
    "\"method\":\"telemetry.v1\"",
};

START_TEST(nothing_runs_before_init)
{
    peer = live_open(&bench);
    expect_status(live_reply(peer, live_send(peer, early[_i], "")), 401, 0);
    live_wait_end(peer);
    ck_assert_uint_eq(syn_model_count(syn_service_model(bench.service)).objects,
                      0);
}
END_TEST

START_TEST(a_second_init_ends_the_session)
{
    peer = live_login(&bench, "alice", HOUR_S);
    expect_status(live_init(peer, live_token(&bench, "bob", HOUR_S)), 400, 0);
    live_wait_end(peer);
    ck_assert_uint_eq(sessions(), 0);
}
END_TEST

START_TEST(a_jump_of_the_clock_before_init_ends_nobody)
{
    const struct syn_service_setup setup = {.seed = 1, .handshake_s = 5};
    bench_stop(&bench);
    bench_start(&bench, &setup, true);
    peer = live_open(&bench);
    /* A jump starts deadlines for a peer anew: nobody dies of it. */
    advance(100 * S_US);
    expect_status(live_init(peer, live_token(&bench, "alice", HOUR_S)), 200, 0);
}
END_TEST

START_TEST(silence_after_the_upgrade_is_ended)
{
    const struct syn_service_setup setup = {.seed = 1, .handshake_s = 1};
    bench_stop(&bench);
    bench_start(&bench, &setup, false);
    peer = live_open(&bench);
    live_wait_end(peer);
}
END_TEST

/* --- other methods -------------------------------------------------------- */

static const char *const receipts[] = {
    "\"method\":\"telemetry.v1\",\"events\":[{\"start\":-1,\"end\":0}]",
    "\"method\":\"put_notification_ctx\",\"notification_ctx_id\":\"c\"",
    "\"method\":\"delete_notification_ctx\",\"notification_ctx_id\":\"c\"",
};

START_TEST(a_method_of_the_protocol_gets_a_receipt)
{
    peer = live_login(&bench, "alice", HOUR_S);
    expect_status(live_reply(peer, live_send(peer, receipts[_i], "")), 200, 0);
    live_fence(peer);
}
END_TEST

static const char *const nonsense[] = {
    "\"method\":\"put_message\"",
    "\"method\":\"notification\",\"message_type\":\"twilio.sync.event\"",
    "\"method\":\"client_update\"",
    "\"method\":\"message\"",
    "\"method\":\"message\",\"http_request\":\"GET\"",
    "\"method\":\"message\",\"http_request\":{\"path\":7,\"method\":\"GET\"}",
};

START_TEST(nonsense_is_answered_400_and_the_session_goes_on)
{
    peer = live_login(&bench, "alice", HOUR_S);
    expect_status(live_reply(peer, live_send(peer, nonsense[_i], "")), 400, 0);
    live_fence(peer);
}
END_TEST

START_TEST(another_grant_is_refused)
{
    peer = live_login(&bench, "alice", HOUR_S);
    const char *id = live_send(
        peer,
        "\"method\":\"message\",\"active_grant\":\"chat\",\"http_request\":{"
        "\"path\":\"/v3/Documents\",\"method\":\"POST\"}",
        "{\"data\":{}}");
    expect_status(live_reply(peer, id), 403, 0);
    ck_assert_uint_eq(syn_model_count(syn_service_model(bench.service)).objects,
                      0);
}
END_TEST

START_TEST(an_unreadable_frame_is_closed_with_406)
{
    peer = live_login(&bench, "alice", HOUR_S);
    live_raw(peer, SYN_STR("TWILSOCK V3.0 9\r\n{}\r\n"));
    expect_status(live_take(peer, "close")->header, 406, 51214);
    live_wait_end(peer);
}
END_TEST

START_TEST(an_unreadable_reply_is_closed_with_417)
{
    peer = live_login(&bench, "alice", HOUR_S);
    (void)live_send(peer, "\"method\":\"reply\",\"status\":200", "");
    expect_status(live_take(peer, "close")->header, 417, 0);
    live_wait_end(peer);
}
END_TEST

START_TEST(close_is_answered_and_ends_the_session)
{
    peer = live_login(&bench, "alice", HOUR_S);
    expect_status(live_reply(peer, live_send(peer, "\"method\":\"close\"", "")),
                  200, 0);
    live_wait_end(peer);
    ck_assert_uint_eq(sessions(), 0);
}
END_TEST

/* --- the token's life ----------------------------------------------------- */

START_TEST(the_notice_comes_240_s_before_the_end_and_then_the_end)
{
    peer = live_login(&bench, "alice", HOUR_S);
    advance((HOUR_S - 241) * S_US);
    live_fence(peer);
    ck_assert_uint_eq(live_pending(peer, "client_update"), 0);
    advance(1 * S_US);
    const struct syn_json *notice = live_take(peer, "client_update")->header;
    ck_assert_str_eq(live_names(peer, notice),
                     "method,id,client_update_type,client_update_message,"
                     "payload_size");
    ck_assert_str_eq(live_text(peer, notice, "/client_update_type"),
                     "token_about_to_expire");
    ck_assert_str_eq(
        live_text(peer, notice, "/client_update_message"),
        "Your token is about to expire. Time left: less than 240000 ms");
    advance(239 * S_US);
    live_fence(peer);
    ck_assert_uint_eq(live_pending(peer, "close"), 0);
    advance(1 * S_US);
    const struct syn_json *close = live_take(peer, "close")->header;
    expect_status(close, 410, 51207);
    ck_assert_str_eq(live_text(peer, close, "/status/status"), "TOKEN_EXPIRED");
    live_wait_end(peer);
    ck_assert_uint_eq(sessions(), 0);
}
END_TEST

START_TEST(a_short_token_gets_its_notice_at_once)
{
    peer = live_login(&bench, "alice", 239);
    (void)live_take(peer, "client_update");
}
END_TEST

START_TEST(an_update_moves_the_end)
{
    peer = live_login(&bench, "alice", 300);
    advance(299 * S_US);
    const struct syn_str token = live_token(&bench, "alice", HOUR_S);
    const struct syn_str members = syn_arena_printf(
        &bench.arena, "\"method\":\"update\",\"token\":\"%s\"", token.at);
    expect_status(live_reply(peer, live_send(peer, members.at, "")), 200, 0);
    (void)live_take(peer, "client_update"); /* of the first token */
    advance((HOUR_S - 1) * S_US);
    (void)live_take(peer, "client_update");
    live_fence(peer);
    ck_assert_uint_eq(live_pending(peer, "close"), 0);
    advance(1 * S_US);
    expect_status(live_take(peer, "close")->header, 410, 51207);
}
END_TEST

static const struct {
    const char *identity; /* NULL: garbage */
    int64_t ttl_s;
    int64_t code, error_code;
} updates[] = {
    {"bob", HOUR_S, 401, 51215},
    {"Alice", HOUR_S, 401, 51215},
    {"alice", 0, 401, 20104},
    {NULL, 0, 401, 20101},
};

START_TEST(a_refused_update_ends_the_session)
{
    peer = live_login(&bench, "alice", HOUR_S);
    struct syn_str token = SYN_STR("garbage");
    if (updates[_i].identity != NULL) {
        token = live_token(&bench, updates[_i].identity, updates[_i].ttl_s);
    }
    const struct syn_str members = syn_arena_printf(
        &bench.arena, "\"method\":\"update\",\"token\":\"%s\"", token.at);
    expect_status(live_reply(peer, live_send(peer, members.at, "")),
                  updates[_i].code, updates[_i].error_code);
    live_wait_end(peer);
}
END_TEST

START_TEST(an_update_to_another_service_is_forbidden)
{
    const struct bench_reply other =
        bench_call(&bench, "POST", "/v1/Services", "FriendlyName=x");
    ck_assert_uint_eq(other.status, 201);
    peer = live_login(&bench, "alice", HOUR_S);
    const struct syn_token_key key = {BENCH_KEY, BENCH_SECRET, BENCH_ACCOUNT};
    const int64_t now_s = syn_clock_now_s(bench.clock);
    const struct syn_claims claims = {
        .identity = SYN_STR("alice"),
        .service_sid = syn_str_of(bench_text(&bench, &other, "/sid")),
        .issued_s = now_s,
        .expires_s = now_s + HOUR_S};
    struct syn_str token;
    ck_assert_int_eq(syn_token_mint(&bench.arena, &key, &claims, &token),
                     SYN_OK);
    const struct syn_str members = syn_arena_printf(
        &bench.arena, "\"method\":\"update\",\"token\":\"%s\"", token.at);
    expect_status(live_reply(peer, live_send(peer, members.at, "")), 308,
                  51232);
    live_wait_end(peer);
}
END_TEST

/* --- the peer ------------------------------------------------------------- */

START_TEST(a_jump_of_an_hour_sends_one_ping)
{
    peer = live_login(&bench, "alice", 86400);
    advance(HOUR_S * S_US);
    live_fence(peer);
    ck_assert_uint_eq(live_pending(peer, "ping"), 1);
}
END_TEST

static void answer_ping(void)
{
    const struct live_frame *ping = live_take(peer, "ping");
    const struct syn_str answer = syn_arena_printf(
        &bench.arena,
        "{\"id\":\"%s\",\"method\":\"reply\",\"status\":{\"code\":"
        "200,\"status\":\"OK\"},\"payload_size\":0}",
        live_text(peer, ping->header, "/id"));
    live_raw(peer, syn_arena_printf(&bench.arena, "TWILSOCK V3.0 %zu\r\n%s\r\n",
                                    answer.bytes, answer.at));
}

START_TEST(an_answered_ping_is_followed_by_the_next)
{
    peer = live_login(&bench, "alice", 86400);
    advance(30 * S_US);
    answer_ping();
    live_fence(peer);
    advance(29 * S_US);
    live_fence(peer);
    ck_assert_uint_eq(live_pending(peer, "ping"), 0);
    advance(1 * S_US);
    (void)live_take(peer, "ping");
}
END_TEST

/* The next ping is due a second after the deadline of the first answer. */
START_TEST(an_answered_ping_keeps_the_session)
{
    const struct syn_service_setup setup = {
        .seed = 1, .ping_s = 2, .pong_s = 1};
    bench_stop(&bench);
    bench_start(&bench, &setup, false);
    peer = live_login(&bench, "alice", HOUR_S);
    answer_ping();
    (void)live_take(peer, "ping");
    ck_assert_uint_eq(sessions(), 1);
}
END_TEST

START_TEST(an_unanswered_ping_ends_the_session_in_real_time)
{
    const struct syn_service_setup setup = {
        .seed = 1, .ping_s = 1, .pong_s = 1};
    bench_stop(&bench);
    bench_start(&bench, &setup, false);
    peer = live_login(&bench, "alice", HOUR_S);
    (void)live_take(peer, "ping");
    live_wait_end(peer);
    ck_assert_uint_eq(sessions(), 0);
}
END_TEST

/* --- continuation --------------------------------------------------------- */

static const struct syn_json *resume(const char *identity, const char *token)
{
    live_close(peer);
    peer = live_open(&bench);
    const struct syn_str members = syn_arena_printf(
        &bench.arena,
        "\"method\":\"init\",\"token\":\"%s\",\"continuation_token\":\"%s\"",
        live_token(&bench, identity, HOUR_S).at, token);
    const struct syn_json *reply =
        live_reply(peer, live_send(peer, members.at, ""));
    expect_status(reply, 200, 0);
    return reply;
}

START_TEST(a_continuation_token_fits_its_identity_alone)
{
    peer = live_open(&bench);
    const struct syn_json *first =
        live_init(peer, live_token(&bench, "alice", HOUR_S));
    const char *token = live_text(peer, first, "/continuation_token");
    const struct syn_json *again = resume("alice", token);
    ck_assert_str_eq(live_text(peer, again, "/continuation_token"), token);
    ck_assert_str_eq(
        live_names(peer, syn_json_member(again, "continuation_token_status")),
        "reissued");
    ck_assert_str_eq(
        live_text(peer, again, "/offline_storage/data_sync/storage_id"),
        live_text(peer, first, "/offline_storage/data_sync/storage_id"));

    const struct syn_json *other = resume("bob", token);
    ck_assert_str_ne(live_text(peer, other, "/continuation_token"), token);
    ck_assert_str_eq(
        live_text(peer, other, "/continuation_token_status/reissue_reason"),
        "DIFFERENT_IDENTITY");
    ck_assert_str_ne(
        live_text(peer, other, "/offline_storage/data_sync/storage_id"),
        live_text(peer, first, "/offline_storage/data_sync/storage_id"));
}
END_TEST

START_TEST(a_forged_continuation_token_makes_a_fresh_session)
{
    peer = live_open(&bench);
    const struct syn_json *first =
        live_init(peer, live_token(&bench, "alice", HOUR_S));
    const char *token = live_text(peer, first, "/continuation_token");
    const size_t bytes = strlen(token);
    const struct syn_str cut =
        syn_arena_printf(&bench.arena, "%.*s", (int)bytes - 1, token);
    const char *const forged[] = {"x", ".", "e30.e30", cut.at};
    for (size_t i = 0; i < sizeof(forged) / sizeof(*forged); i++) {
        const struct syn_json *reply = resume("alice", forged[i]);
        ck_assert_str_eq(
            live_text(peer, reply, "/continuation_token_status/reissue_reason"),
            "INVALID");
    }
}
END_TEST

/* --- from outside --------------------------------------------------------- */

START_TEST(offload_closes_with_308)
{
    peer = live_login(&bench, "alice", HOUR_S);
    const struct bench_reply reply =
        bench_call(&bench, "POST", "/_syncproof/offload", "");
    ck_assert_uint_lt(reply.status, 300);
    expect_status(live_take(peer, "close")->header, 308, 0);
    live_wait_end(peer);
}
END_TEST

START_TEST(a_deleted_key_ends_the_sessions_of_its_tokens)
{
    peer = live_login(&bench, "alice", HOUR_S);
    const struct bench_reply reply =
        bench_call(&bench, "DELETE", "/_syncproof/keys/" BENCH_KEY, NULL);
    ck_assert_uint_lt(reply.status, 300);
    expect_status(live_take(peer, "close")->header, 401, 20103);
    live_wait_end(peer);
    live_close(peer);
    peer = live_open(&bench);
    expect_status(live_init(peer, live_token(&bench, "alice", HOUR_S)), 401,
                  20103);
}
END_TEST

#define COUNT(rows) ((int)(sizeof(rows) / sizeof(*(rows))))

Suite *suite_service_live(void)
{
    Suite *suite = suite_create("service_live");
    TCase *cases = tcase_create("session");
    tcase_set_timeout(cases, 30);
    tcase_add_checked_fixture(cases, start, stop);
    tcase_add_test(cases, a_good_token_is_answered_like_the_real_service_does);
    tcase_add_loop_test(cases, a_refused_token_gets_its_code_and_no_session, 0,
                        COUNT(refused));
    tcase_add_test(cases, a_main_key_and_the_default_service_are_accepted);
    tcase_add_test(cases, a_frame_without_a_token_is_refused);
    tcase_add_loop_test(cases, nothing_runs_before_init, 0, COUNT(early));
    tcase_add_test(cases, a_second_init_ends_the_session);
    tcase_add_test(cases, a_jump_of_the_clock_before_init_ends_nobody);
    tcase_add_test(cases, silence_after_the_upgrade_is_ended);
    tcase_add_loop_test(cases, a_method_of_the_protocol_gets_a_receipt, 0,
                        COUNT(receipts));
    tcase_add_loop_test(cases, nonsense_is_answered_400_and_the_session_goes_on,
                        0, COUNT(nonsense));
    tcase_add_test(cases, another_grant_is_refused);
    tcase_add_test(cases, an_unreadable_frame_is_closed_with_406);
    tcase_add_test(cases, an_unreadable_reply_is_closed_with_417);
    tcase_add_test(cases, close_is_answered_and_ends_the_session);
    tcase_add_test(cases,
                   the_notice_comes_240_s_before_the_end_and_then_the_end);
    tcase_add_test(cases, a_short_token_gets_its_notice_at_once);
    tcase_add_test(cases, an_update_moves_the_end);
    tcase_add_loop_test(cases, a_refused_update_ends_the_session, 0,
                        COUNT(updates));
    tcase_add_test(cases, an_update_to_another_service_is_forbidden);
    tcase_add_test(cases, a_jump_of_an_hour_sends_one_ping);
    tcase_add_test(cases, an_answered_ping_is_followed_by_the_next);
    tcase_add_test(cases, an_answered_ping_keeps_the_session);
    tcase_add_test(cases, an_unanswered_ping_ends_the_session_in_real_time);
    tcase_add_test(cases, a_continuation_token_fits_its_identity_alone);
    tcase_add_test(cases, a_forged_continuation_token_makes_a_fresh_session);
    tcase_add_test(cases, offload_closes_with_308);
    tcase_add_test(cases, a_deleted_key_ends_the_sessions_of_its_tokens);
    suite_add_tcase(suite, cases);
    return suite;
}
