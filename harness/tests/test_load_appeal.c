/*
 * test_load_appeal.c - tokens of the app's endpoint, without a network: what
 * is asked, in which order, and what an answer does to the session.
 */
#include "load/worker.h"

#include "auth/token.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_load_appeal(void);

#define SESSIONS 40u
#define AT_ONCE  16u /* questions under way, as appeal.c has it */
#define NOW_S    INT64_C(1800000000)
#define NOW_US   (NOW_S * SYN_LOAD_US_PER_S)
#define END_S    (NOW_S + 3600)
#define SECRET   "throw-away-secret-of-a-test"

static struct syn_load_plan plan;
static struct syn_load_worker worker;
static struct syn_load_aim aim;
static struct syn_target_endpoint endpoint;
static struct syn_load_lane *app;

static void set_up(void)
{
    memset(&worker, 0, sizeof worker);
    memset(&endpoint, 0, sizeof endpoint);
    endpoint.identity_param = "who";
    aim = (struct syn_load_aim){.run = "run",
                                .account_sid = "AC1",
                                .service_sid = "IS1",
                                .endpoint = &endpoint,
                                .app_host = "app.example",
                                .app_path = "/token"};
    syn_load_plan_init(&plan, SYN_LOAD_PROFILE_EXPIRE);
    plan.types = SYN_TYPES_GRANTED; /* a user of its own for each session */
    worker.aim = &aim;
    worker.env.plan = &plan;
    worker.env.block_sessions = 4;
    worker.env.now_us = NOW_US;
    worker.env.mint_ctx = &worker;
    worker.env.ask = syn_load_appeal_ask;
    ck_assert_int_eq(syn_load_result_new(&plan, &worker.env.result), SYN_OK);
    syn_buf_init(&worker.env.out, NULL, SYN_LOAD_STEP_BYTES_MAX);
    syn_buf_init(&worker.env.header, NULL, SYN_LOAD_FRAME_BYTES_MAX);
    syn_buf_init(&worker.env.payload, NULL, SYN_LOAD_FRAME_BYTES_MAX);
    syn_buf_init(&worker.env.frame, NULL, SYN_LOAD_STEP_BYTES_MAX);
    syn_arena_init(&worker.scratch, NULL, SYN_LOAD_STEP_BYTES_MAX);
    worker.clock = syn_clock_new_real();
    ck_assert_ptr_nonnull(worker.clock);
    ck_assert_int_eq(syn_load_lanes_open(&worker), SYN_OK);
    app = &worker.lanes[SYN_LOAD_LANE_APP];
    app->link.state = SYN_LOAD_LINK_OPEN;
    worker.session_count = SESSIONS;
    worker.sessions = calloc(SESSIONS, sizeof *worker.sessions);
    ck_assert_ptr_nonnull(worker.sessions);
    for (uint32_t i = 0; i < SESSIONS; i++) {
        worker.sessions[i].number = i;
        worker.sessions[i].state = SYN_LOAD_READY;
        worker.sessions[i].renews = true;
        worker.sessions[i].token_end_s = NOW_S + 5;
        worker.sessions[i].worker = &worker;
    }
}

static void tear_down(void)
{
    for (unsigned i = 0; i <= SYN_LOAD_LANE_APP; i++) {
        worker.lanes[i].link.state = SYN_LOAD_LINK_NONE;
    }
    syn_load_lanes_close(&worker);
    free(worker.sessions);
    syn_clock_free(worker.clock);
    syn_load_result_free(worker.env.result);
    syn_arena_fini(&worker.scratch);
    syn_buf_fini(&worker.env.out);
    syn_buf_fini(&worker.env.header);
    syn_buf_fini(&worker.env.payload);
    syn_buf_fini(&worker.env.frame);
}

static void renew(uint32_t session)
{
    syn_load_session_renew(&worker.env, &worker.sessions[session], NOW_US);
}

/* What the lane would send holds this text. */
static bool says(const char *text)
{
    const struct syn_str out = syn_buf_str(&app->out);
    const size_t bytes = strlen(text);
    for (size_t i = 0; i + bytes <= out.bytes; i++) {
        if (memcmp(out.at + i, text, bytes) == 0) {
            return true;
        }
    }
    return false;
}

/* The app's answer to the oldest question. */
static void answer(unsigned status, const char *identity)
{
    const struct syn_load_request request = app->open[app->first];
    const struct syn_token_key key = {"SK1", SECRET, "AC1"};
    const struct syn_claims claims = {.identity = syn_str_of(identity),
                                      .service_sid = syn_str_of("IS1"),
                                      .issued_s = NOW_S,
                                      .expires_s = END_S};
    struct syn_str token = {NULL, 0};
    struct syn_buf body;
    struct syn_arena arena;
    app->first = (app->first + 1) % SYN_LOAD_LANE_DEPTH;
    app->count--;
    syn_arena_init(&arena, NULL, SYN_LOAD_STEP_BYTES_MAX);
    syn_buf_init(&body, NULL, SYN_LOAD_FRAME_BYTES_MAX);
    ck_assert_int_eq(syn_token_mint(&arena, &key, &claims, &token), SYN_OK);
    syn_buf_printf(&body, "{\"token\":\"%.*s\"}", SYN_STR_ARG(token));
    syn_load_appeal_answered(&worker, &request, status, syn_buf_str(&body));
    syn_buf_fini(&body);
    syn_arena_fini(&arena);
}

/* --- asking --------------------------------------------------------------- */

START_TEST(due_renewal_asks_the_app_by_the_users_own_name)
{
    renew(7);
    ck_assert(worker.sessions[7].is_renewing);
    syn_load_appeal_pump(&worker);
    ck_assert_uint_eq(app->count, 1);
    ck_assert(says("POST /token HTTP/1.1\r\nHost: app.example\r\n"));
    ck_assert(says("\r\n\r\nwho=run-u7"));
    ck_assert_ptr_null(worker.askers);
}
END_TEST

START_TEST(get_endpoint_is_asked_in_its_query)
{
    endpoint.method = "GET";
    aim.app_path = "/token?tenant=a";
    renew(3);
    syn_load_appeal_pump(&worker);
    ck_assert(says("GET /token?tenant=a&who=run-u3 HTTP/1.1\r\n"));
    ck_assert(!says("Content-Length"));
}
END_TEST

START_TEST(headers_of_the_configured_user_go_along)
{
    static const struct syn_target_pair headers[] = {{"Cookie", "a=b"}};
    static const struct syn_target_user users[] = {
        {.headers = headers, .header_count = 1}};
    endpoint.users = users;
    endpoint.user_count = 1;
    renew(3);
    syn_load_appeal_pump(&worker);
    ck_assert(says("\r\nCookie: a=b\r\n"));
}
END_TEST

START_TEST(session_that_asks_already_does_not_ask_twice)
{
    renew(7);
    worker.sessions[7].is_renewing = false; /* a new connection */
    renew(7);
    syn_load_appeal_pump(&worker);
    ck_assert_uint_eq(app->count, 1);
}
END_TEST

START_TEST(questions_under_way_are_bounded_and_the_rest_follows)
{
    for (uint32_t i = 0; i < SESSIONS; i++) {
        renew(i);
    }
    syn_load_appeal_pump(&worker);
    ck_assert_uint_eq(app->count, AT_ONCE);
    char who[SYN_LOAD_IDENTITY_BYTES];
    uint32_t answered = 0;
    while (app->count > 0) {
        syn_load_identity(&worker, app->open[app->first].session, who);
        answer(200, who);
        answered++;
        syn_load_appeal_pump(&worker);
        ck_assert_uint_le(app->count, AT_ONCE);
    }
    ck_assert_uint_eq(answered, SESSIONS);
    for (uint32_t i = 0; i < SESSIONS; i++) {
        ck_assert_int_eq(worker.sessions[i].token_end_s, END_S);
    }
}
END_TEST

START_TEST(nothing_is_asked_while_the_app_is_not_connected)
{
    app->link.state = SYN_LOAD_LINK_NONE;
    renew(7);
    syn_load_appeal_pump(&worker);
    ck_assert_uint_eq(app->count, 0);
    ck_assert_ptr_eq(worker.askers, &worker.sessions[7]);
}
END_TEST

/* --- answers -------------------------------------------------------------- */

START_TEST(token_of_the_app_is_presented_until_its_own_end)
{
    renew(7);
    syn_load_appeal_pump(&worker);
    answer(200, "run-u7");
    ck_assert(worker.sessions[7].is_renewing); /* until the service has said */
    ck_assert(!worker.sessions[7].is_asking);
    ck_assert_int_eq(worker.sessions[7].token_end_s, END_S);
    ck_assert(!worker.is_failed);
}
END_TEST

START_TEST(refusal_of_the_app_is_a_failed_renewal_and_no_more)
{
    renew(7);
    syn_load_appeal_pump(&worker);
    answer(503, "run-u7");
    ck_assert(!worker.sessions[7].is_renewing);
    ck_assert_int_eq(worker.sessions[7].token_end_s, NOW_S + 5);
    ck_assert_uint_eq(worker.env.result->counters[SYN_LOAD_RENEWALS_FAILED], 1);
    ck_assert(!worker.is_failed);
}
END_TEST

START_TEST(token_of_somebody_else_ends_the_run_as_ours_to_mend)
{
    renew(7);
    syn_load_appeal_pump(&worker);
    answer(200, "run-u8");
    ck_assert(worker.is_failed);
    ck_assert_ptr_nonnull(strstr(worker.env.result->fault, "run-u8 to run-u7"));
    ck_assert_int_eq(worker.sessions[7].token_end_s, NOW_S + 5);
}
END_TEST

START_TEST(app_that_hangs_up_is_asked_again_one_at_a_time)
{
    const struct syn_str nothing = {"", 0};
    renew(1);
    renew(2);
    syn_load_appeal_pump(&worker);
    ck_assert_uint_eq(app->count, 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct syn_load_request request = app->open[app->first];
        app->first++;
        app->count--;
        syn_load_appeal_answered(&worker, &request, 0, nothing);
    }
    ck_assert(app->is_curt);
    syn_load_appeal_pump(&worker);
    ck_assert_uint_eq(app->count, 1);
}
END_TEST

START_TEST(answer_for_a_session_that_left_changes_nothing)
{
    renew(7);
    syn_load_appeal_pump(&worker);
    worker.sessions[7].state = SYN_LOAD_WAITING;
    worker.sessions[7].is_renewing = false;
    answer(200, "run-u7");
    ck_assert_int_eq(worker.sessions[7].token_end_s, NOW_S + 5);
    ck_assert_uint_eq(worker.env.result->counters[SYN_LOAD_RENEWALS_FAILED], 0);
}
END_TEST

Suite *suite_load_appeal(void)
{
    Suite *suite = suite_create("load_appeal");
    TCase *tcase = tcase_create("appeal");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, due_renewal_asks_the_app_by_the_users_own_name);
    tcase_add_test(tcase, get_endpoint_is_asked_in_its_query);
    tcase_add_test(tcase, headers_of_the_configured_user_go_along);
    tcase_add_test(tcase, session_that_asks_already_does_not_ask_twice);
    tcase_add_test(tcase, questions_under_way_are_bounded_and_the_rest_follows);
    tcase_add_test(tcase, nothing_is_asked_while_the_app_is_not_connected);
    tcase_add_test(tcase, token_of_the_app_is_presented_until_its_own_end);
    tcase_add_test(tcase, refusal_of_the_app_is_a_failed_renewal_and_no_more);
    tcase_add_test(tcase, token_of_somebody_else_ends_the_run_as_ours_to_mend);
    tcase_add_test(tcase, app_that_hangs_up_is_asked_again_one_at_a_time);
    tcase_add_test(tcase, answer_for_a_session_that_left_changes_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
