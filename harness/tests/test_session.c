/*
 * test_session.c - the life of a session core, memory to memory, on invented
 * time.
 */
#include "session_bench.h"

#include <stdio.h>
#include <string.h>

Suite *suite_session(void);

/* --- init ------------------------------------------------------------------
 */

START_TEST(connect_sends_init_with_token_once_socket_is_open)
{
    set_token("t1");
    step_kind(SYN_SDK_CONNECT);
    ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 0));
    step_kind(SYN_SDK_OPENED);
    expect_sent(0, "init");
    ck_assert(syn_str_is(text_at(sent(0).header, "/token"), "t1"));
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_INIT), 30 * S);
    ck_assert_int_eq(syn_sdk_session_state(session), SYN_SESSION_CONNECTING);
}
END_TEST

START_TEST(reply_to_another_id_does_not_make_the_session_live)
{
    set_token("t1");
    step_kind(SYN_SDK_CONNECT);
    step_kind(SYN_SDK_OPENED);
    hear("{\"method\":\"reply\",\"id\":\"TMx\",\"status\":{\"code\":200}}", "");
    ck_assert_int_eq(syn_sdk_session_state(session), SYN_SESSION_CONNECTING);
}
END_TEST

/* Refusals of init: what is said, whether it waits. */
static const struct {
    int status;
    bool sends_close;
    bool drops;
    enum syn_session_state state;
} refusals[] = {
    {401, true, false, SYN_SESSION_DENIED},
    {403, true, false, SYN_SESSION_DENIED},
    {429, false, false, SYN_SESSION_CONNECTING},
    {500, false, true, SYN_SESSION_CONNECTING},
    {503, true, false, SYN_SESSION_CONNECTING},
};

START_TEST(refused_init_ends_as_the_sdk_ends)
{
    char members[64];
    set_token("t1");
    step_kind(SYN_SDK_CONNECT);
    step_kind(SYN_SDK_OPENED);
    (void)snprintf(members, sizeof members, "\"status\":{\"code\":%d}",
                   refusals[_i].status);
    hear_reply_to(sent(0), members, "");
    ck_assert_ptr_nonnull(note(SYN_SDK_NOTE_REFUSED, 0));
    ck_assert_int_eq(effect(SYN_SDK_DO_SEND, 0) != NULL,
                     refusals[_i].sends_close);
    ck_assert_int_eq(effect(SYN_SDK_DO_DROP, 0) != NULL, refusals[_i].drops);
    ck_assert_int_eq(effect(SYN_SDK_DO_CLOSE, 0) != NULL, !refusals[_i].drops);
    ck_assert_int_eq(syn_sdk_session_state(session), refusals[_i].state);
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_RETRY) > 0,
                     refusals[_i].state == SYN_SESSION_CONNECTING);
}
END_TEST

START_TEST(refused_429_waits_at_least_what_the_policy_says)
{
    set_token("t1");
    step_kind(SYN_SDK_CONNECT);
    step_kind(SYN_SDK_OPENED);
    hear_reply_to(sent(0), "\"status\":{\"code\":429}",
                  "{\"backoff_policy\":{\"reconnect_min_ms\":45000}}");
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_RETRY), 45 * S);
}
END_TEST

START_TEST(denied_session_stays_until_a_new_token_comes)
{
    set_token("t1");
    step_kind(SYN_SDK_CONNECT);
    step_kind(SYN_SDK_OPENED);
    hear_reply_to(sent(0), "\"status\":{\"code\":401,\"errorCode\":20104}", "");
    ck_assert_int_eq(note(SYN_SDK_NOTE_REFUSED, 0)->frame->error_code, 20104);
    fire(SYN_SDK_TIMER_RETRY);
    ck_assert_ptr_null(effect(SYN_SDK_DO_OPEN, 0));
    update("t1");
    ck_assert_int_eq(last_status, SYN_ERR_EXISTS);
    ck_assert_ptr_null(effect(SYN_SDK_DO_OPEN, 0));
    update("t2");
    ck_assert_ptr_nonnull(effect(SYN_SDK_DO_OPEN, 0));
    step_kind(SYN_SDK_OPENED);
    ck_assert(syn_str_is(text_at(sent(0).header, "/token"), "t2"));
}
END_TEST

START_TEST(unanswered_init_is_given_up_after_its_timer)
{
    set_token("t1");
    step_kind(SYN_SDK_CONNECT);
    step_kind(SYN_SDK_OPENED);
    fire(SYN_SDK_TIMER_INIT);
    ck_assert_ptr_nonnull(effect(SYN_SDK_DO_DROP, 0));
    ck_assert_ptr_nonnull(note(SYN_SDK_NOTE_FAILED, 0));
    ck_assert(syn_sdk_session_is_waiting(session));
}
END_TEST

/* --- back-off --------------------------------------------------------------
 */

START_TEST(backoff_doubles_to_120_s_within_its_jitter)
{
    static const int64_t expected_s[] = {1, 2, 4, 8, 16, 32, 64, 120, 120, 120};
    bool has_varied = false;
    set_token("t1");
    step_kind(SYN_SDK_CONNECT);
    for (size_t i = 0; i < 10; i++) {
        step_kind(SYN_SDK_LOST);
        int64_t delay = delay_of(SYN_SDK_TIMER_RETRY);
        ck_assert_int_ge(delay, expected_s[i] * S * 8 / 10);
        ck_assert_int_le(delay, expected_s[i] * S * 12 / 10);
        has_varied = has_varied || delay != expected_s[i] * S;
        fire(SYN_SDK_TIMER_RETRY);
        ck_assert_ptr_nonnull(effect(SYN_SDK_DO_OPEN, 0));
    }
    ck_assert(has_varied);
}
END_TEST

START_TEST(good_init_starts_backoff_anew)
{
    set_token("t1");
    step_kind(SYN_SDK_CONNECT);
    for (int i = 0; i < 5; i++) {
        step_kind(SYN_SDK_LOST);
        fire(SYN_SDK_TIMER_RETRY);
    }
    go_live("c1");
    step_kind(SYN_SDK_LOST);
    ck_assert_ptr_nonnull(note(SYN_SDK_NOTE_ENDED, 0));
    ck_assert_int_le(delay_of(SYN_SDK_TIMER_RETRY), S * 12 / 10);
}
END_TEST

START_TEST(reconnect_presents_the_last_continuation_token)
{
    connect_live();
    step_kind(SYN_SDK_LOST);
    fire(SYN_SDK_TIMER_RETRY);
    step_kind(SYN_SDK_OPENED);
    ck_assert(syn_str_is(text_at(sent(0).header, "/continuation_token"), "c1"));
}
END_TEST

START_TEST(cut_session_stays_offline_until_connect)
{
    connect_live();
    step_kind(SYN_SDK_CUT);
    ck_assert_ptr_nonnull(effect(SYN_SDK_DO_DROP, 0));
    ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 0));
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_RETRY), -1);
    ck_assert_int_eq(syn_sdk_session_state(session), SYN_SESSION_CLOSED);
    step_kind(SYN_SDK_CONNECT);
    ck_assert_ptr_nonnull(effect(SYN_SDK_DO_OPEN, 0));
}
END_TEST

START_TEST(shutdown_says_close_and_never_returns)
{
    connect_live();
    step_kind(SYN_SDK_SHUTDOWN);
    expect_sent(0, "close");
    ck_assert_ptr_nonnull(effect(SYN_SDK_DO_CLOSE, 0));
    step_kind(SYN_SDK_LOST);
    fire(SYN_SDK_TIMER_RETRY);
    ck_assert_ptr_null(effect(SYN_SDK_DO_OPEN, 0));
}
END_TEST

/* --- the service speaks ----------------------------------------------------
 */

static const char *const pushed[] = {"ping", "client_update", "notification",
                                     "never_heard_of", "close"};

START_TEST(every_frame_of_the_service_gets_its_receipt)
{
    char header[128];
    connect_live();
    (void)snprintf(header, sizeof header, "{\"method\":\"%s\",\"id\":\"X 1\"}",
                   pushed[_i]);
    hear(header, "");
    struct syn_sdk_frame frame = sent(0);
    ck_assert(syn_str_is(frame.method, "reply"));
    ck_assert(syn_str_is(frame.id, "X 1"));
    ck_assert_int_eq(frame.status, 200);
}
END_TEST

START_TEST(reply_gets_no_receipt)
{
    connect_live();
    hear("{\"method\":\"reply\",\"id\":\"TM0\",\"status\":{\"code\":200}}", "");
    ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 0));
    ck_assert_ptr_nonnull(note(SYN_SDK_NOTE_REPLY, 0));
}
END_TEST

START_TEST(text_and_garbage_are_noted_and_dropped)
{
    connect_live();
    step(&(struct syn_sdk_event){.kind = SYN_SDK_MESSAGE,
                                 .bytes = SYN_STR("TWILSOCK V3.0 2\r\n{}\r\n"),
                                 .is_text = true});
    ck_assert_ptr_nonnull(note(SYN_SDK_NOTE_STRANGE, 0));
    step(&(struct syn_sdk_event){.kind = SYN_SDK_MESSAGE,
                                 .bytes = SYN_STR("\x00\xff garbage")});
    ck_assert_ptr_nonnull(note(SYN_SDK_NOTE_STRANGE, 0));
    ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 0));
    ck_assert_int_eq(syn_sdk_session_state(session), SYN_SESSION_LIVE);
}
END_TEST

START_TEST(offload_308_reconnects_after_3_s)
{
    connect_live();
    hear("{\"method\":\"close\",\"id\":\"a\",\"status\":{\"code\":308}}", "");
    expect_sent(0, "reply");
    ck_assert_ptr_nonnull(effect(SYN_SDK_DO_CLOSE, 0));
    ck_assert_int_eq(note(SYN_SDK_NOTE_ENDING, 0)->frame->status, 308);
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_RETRY), 3 * S);
    fire(SYN_SDK_TIMER_RETRY);
    ck_assert_ptr_nonnull(effect(SYN_SDK_DO_OPEN, 0));
}
END_TEST

START_TEST(offload_308_obeys_a_longer_policy)
{
    const char *policy = "{\"backoff_policy\":{\"reconnect_min_ms\":9000}}";
    connect_live();
    hear("{\"method\":\"close\",\"id\":\"a\",\"status\":{\"code\":308},"
         "\"payload_size\":44}",
         policy);
    ck_assert_uint_eq(strlen(policy), 44);
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_RETRY), 9 * S);
}
END_TEST

START_TEST(expiry_410_swallows_an_update_for_3_s)
{
    connect_live();
    hear("{\"method\":\"close\",\"id\":\"a\",\"status\":{\"code\":410,"
         "\"errorCode\":51207}}",
         "");
    expect_sent(0, "reply");
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_SETTLE), 3 * S);
    ck_assert_int_eq(syn_sdk_session_state(session), SYN_SESSION_CLOSED);
    /* the trap: remembered, no connection, and the same again is nothing */
    update("t2");
    ck_assert_int_eq(last_status, SYN_ERR_CLOSED);
    ck_assert_ptr_null(effect(SYN_SDK_DO_OPEN, 0));
    fire(SYN_SDK_TIMER_SETTLE);
    ck_assert_ptr_null(effect(SYN_SDK_DO_OPEN, 0));
    update("t2");
    ck_assert_int_eq(last_status, SYN_ERR_EXISTS);
    ck_assert_ptr_null(effect(SYN_SDK_DO_OPEN, 0));
    update("t3");
    ck_assert_ptr_nonnull(effect(SYN_SDK_DO_OPEN, 0));
}
END_TEST

START_TEST(expiry_410_never_reconnects_by_itself)
{
    connect_live();
    hear("{\"method\":\"close\",\"id\":\"a\",\"status\":{\"code\":410}}", "");
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_RETRY), -1);
    fire(SYN_SDK_TIMER_SETTLE);
    fire(SYN_SDK_TIMER_RETRY);
    ck_assert_ptr_null(effect(SYN_SDK_DO_OPEN, 0));
}
END_TEST

START_TEST(close_406_is_final_even_for_a_new_token)
{
    connect_live();
    hear("{\"method\":\"close\",\"id\":\"a\",\"status\":{\"code\":406}}", "");
    update("t2");
    ck_assert_int_eq(last_status, SYN_ERR_CLOSED);
    ck_assert_ptr_null(effect(SYN_SDK_DO_OPEN, 0));
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_RETRY), -1);
}
END_TEST

START_TEST(close_of_unknown_status_backs_off)
{
    connect_live();
    hear("{\"method\":\"close\",\"id\":\"a\",\"status\":{\"code\":599}}", "");
    ck_assert_int_ge(delay_of(SYN_SDK_TIMER_RETRY), S * 8 / 10);
    ck_assert_int_le(delay_of(SYN_SDK_TIMER_RETRY), S * 12 / 10);
}
END_TEST

/* --- update ----------------------------------------------------------------
 */

START_TEST(update_while_live_goes_out_on_the_same_socket)
{
    connect_live();
    update("t2");
    expect_sent(0, "update");
    ck_assert(syn_str_is(text_at(sent(0).header, "/token"), "t2"));
    hear_reply_to(sent(0), "\"status\":{\"code\":200}", "");
    ck_assert_ptr_nonnull(note(SYN_SDK_NOTE_UPDATED, 0));
    ck_assert_int_eq(syn_sdk_session_state(session), SYN_SESSION_LIVE);
}
END_TEST

START_TEST(refused_update_denies_the_session)
{
    connect_live();
    update("t2");
    hear_reply_to(sent(0), "\"status\":{\"code\":401,\"errorCode\":51215}", "");
    ck_assert_int_eq(note(SYN_SDK_NOTE_UPDATED, 0)->frame->error_code, 51215);
    expect_sent(0, "close");
    ck_assert_int_eq(syn_sdk_session_state(session), SYN_SESSION_DENIED);
}
END_TEST

START_TEST(request_needs_a_live_session)
{
    struct syn_sdk_request request = {.id = "TM1",
                                      .method = "GET",
                                      .host = "h",
                                      .path = SYN_STR("/x"),
                                      .request_hex32 = ""};
    step(&(struct syn_sdk_event){.kind = SYN_SDK_REQUEST, .request = &request});
    ck_assert_int_eq(last_status, SYN_ERR_CLOSED);
    connect_live();
    step(&(struct syn_sdk_event){.kind = SYN_SDK_REQUEST, .request = &request});
    ck_assert_int_eq(last_status, SYN_OK);
    expect_sent(0, "message");
}
END_TEST

START_TEST(mute_session_gives_no_receipts)
{
    struct syn_sdk_session_setup setup = {
        .rng = &rng, .host = "h", .is_mute = true};
    syn_sdk_session_free(session);
    ck_assert_int_eq(syn_sdk_session_new(&setup, &session), SYN_OK);
    connect_live();
    hear("{\"method\":\"ping\",\"id\":\"p\"}", "");
    ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 0));
}
END_TEST

#define LOOP(tcase, test, table)        \
    tcase_add_loop_test(tcase, test, 0, \
                        (int)(sizeof(table) / sizeof((table)[0])))

static TCase *life_cases(void)
{
    TCase *tcase = tcase_create("life");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, connect_sends_init_with_token_once_socket_is_open);
    tcase_add_test(tcase, reply_to_another_id_does_not_make_the_session_live);
    LOOP(tcase, refused_init_ends_as_the_sdk_ends, refusals);
    tcase_add_test(tcase, refused_429_waits_at_least_what_the_policy_says);
    tcase_add_test(tcase, denied_session_stays_until_a_new_token_comes);
    tcase_add_test(tcase, unanswered_init_is_given_up_after_its_timer);
    tcase_add_test(tcase, backoff_doubles_to_120_s_within_its_jitter);
    tcase_add_test(tcase, good_init_starts_backoff_anew);
    tcase_add_test(tcase, reconnect_presents_the_last_continuation_token);
    tcase_add_test(tcase, cut_session_stays_offline_until_connect);
    tcase_add_test(tcase, shutdown_says_close_and_never_returns);
    LOOP(tcase, every_frame_of_the_service_gets_its_receipt, pushed);
    tcase_add_test(tcase, reply_gets_no_receipt);
    tcase_add_test(tcase, text_and_garbage_are_noted_and_dropped);
    tcase_add_test(tcase, offload_308_reconnects_after_3_s);
    tcase_add_test(tcase, offload_308_obeys_a_longer_policy);
    tcase_add_test(tcase, expiry_410_swallows_an_update_for_3_s);
    tcase_add_test(tcase, expiry_410_never_reconnects_by_itself);
    tcase_add_test(tcase, close_406_is_final_even_for_a_new_token);
    tcase_add_test(tcase, close_of_unknown_status_backs_off);
    tcase_add_test(tcase, update_while_live_goes_out_on_the_same_socket);
    tcase_add_test(tcase, refused_update_denies_the_session);
    tcase_add_test(tcase, request_needs_a_live_session);
    tcase_add_test(tcase, mute_session_gives_no_receipts);
    return tcase;
}

Suite *suite_session(void)
{
    Suite *suite = suite_create("session");
    suite_add_tcase(suite, life_cases());
    return suite;
}
