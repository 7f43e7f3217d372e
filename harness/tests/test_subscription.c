/*
 * test_subscription.c - what a session core asks for, and what it makes of the
 * answers.
 */
#include "session_bench.h"

#include <stdio.h>

Suite *suite_subscription(void);

/* --- subscriptions ---------------------------------------------------------
 */

START_TEST(subscription_is_asked_for_with_its_last_event)
{
    connect_live();
    subscribe("ETx", SYN_TYPE_DOCUMENT, 5);
    struct syn_sdk_frame frame = sent(0);
    ck_assert(syn_str_is(text_at(frame.header, "/http_request/path"),
                         "/v4/Subscriptions"));
    ck_assert(syn_str_is(text_at(frame.body, "/action"), "establish"));
    ck_assert_int_eq(number_at(frame.body, "/correlation_id"), now_us / 1000);
    ck_assert_int_eq(number_at(frame.body, "/requests/0/last_event_id"), 5);
    ck_assert(
        syn_str_is(text_at(frame.body, "/requests/0/object_type"), "document"));
}
END_TEST

START_TEST(correlation_ids_never_repeat_in_one_millisecond)
{
    connect_live();
    subscribe("ETx", SYN_TYPE_DOCUMENT, 0);
    struct syn_sdk_frame first = sent(0);
    hear_reply_to(first, bench_accepted, "");
    subscribe("ETy", SYN_TYPE_DOCUMENT, 0);
    ck_assert_int_eq(number_at(sent(0).body, "/correlation_id"),
                     number_at(first.body, "/correlation_id") + 1);
}
END_TEST

START_TEST(reconnect_asks_for_everything_with_newest_event_ids)
{
    connect_live();
    establish("ETx", SYN_TYPE_DOCUMENT, 0);
    establish("TOy", SYN_TYPE_STREAM, SYN_SDK_NO_EVENT);
    hear_event("com.twilio.rtd.cds.document",
               "{\"event_type\":\"document_updated\",\"event\":{\"id\":4,"
               "\"document_sid\":\"ETx\"}}");
    ck_assert_int_eq(note(SYN_SDK_NOTE_EVENT, 0)->event_id, 4);
    ck_assert(!note(SYN_SDK_NOTE_EVENT, 0)->is_replay);
    step_kind(SYN_SDK_LOST);
    fire(SYN_SDK_TIMER_RETRY);
    go_live("c2");
    struct syn_sdk_frame frame = sent(0);
    ck_assert(syn_str_is(text_at(frame.body, "/requests/0/object_sid"), "ETx"));
    ck_assert_int_eq(number_at(frame.body, "/requests/0/last_event_id"), 4);
    ck_assert(syn_str_is(text_at(frame.body, "/requests/1/object_sid"), "TOy"));
    ck_assert(syn_json_is(syn_json_at(frame.body, "/requests/1/last_event_id"),
                          SYN_JSON_NULL));
}
END_TEST

START_TEST(failed_subscription_is_not_asked_for_again)
{
    connect_live();
    subscribe("ETx", SYN_TYPE_DOCUMENT, 0);
    struct syn_sdk_frame frame = sent(0);
    char payload[512];
    (void)snprintf(
        payload, sizeof payload,
        "{\"event_type\":\"subscription_failed\",\"correlation_id\":%lld,"
        "\"events\":[{\"object_sid\":\"ETx\",\"error\":{\"status\":403,"
        "\"code\":54007}}]}",
        (long long)number_at(frame.body, "/correlation_id"));
    hear_reply_to(frame, bench_accepted, "");
    hear_event("twilio.sync.event", payload);
    ck_assert_int_eq(note(SYN_SDK_NOTE_OUTCOME, 0)->outcome,
                     SYN_SDK_SUBSCRIPTION_FAILED);
    ck_assert_uint_eq(note(SYN_SDK_NOTE_OUTCOME, 0)->http, 403);
    ck_assert_int_eq(note(SYN_SDK_NOTE_OUTCOME, 0)->code, 54007);
    step_kind(SYN_SDK_LOST);
    fire(SYN_SDK_TIMER_RETRY);
    go_live("c2");
    ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 0));
}
END_TEST

START_TEST(outcome_of_a_foreign_correlation_is_ignored)
{
    connect_live();
    subscribe("ETx", SYN_TYPE_DOCUMENT, 0);
    hear_reply_to(sent(0), bench_accepted, "");
    hear_event("twilio.sync.event",
               "{\"event_type\":\"subscription_established\","
               "\"correlation_id\":1,\"events\":[{\"object_sid\":\"ETx\"}]}");
    ck_assert(!note(SYN_SDK_NOTE_OUTCOME, 0)->is_ours);
}
END_TEST

START_TEST(outcome_in_protocol_3_form_is_understood)
{
    char payload[256];
    connect_live();
    subscribe("ETx", SYN_TYPE_DOCUMENT, 0);
    (void)snprintf(
        payload, sizeof payload,
        "{\"event_type\":\"subscription_established\","
        "\"correlation_id\":%lld,\"event\":{\"object_sid\":\"ETx\"}}",
        (long long)number_at(sent(0).body, "/correlation_id"));
    hear_reply_to(sent(0), bench_accepted, "");
    hear_event("twilio.sync.event", payload);
    ck_assert(note(SYN_SDK_NOTE_OUTCOME, 0)->is_ours);
}
END_TEST

START_TEST(cancel_with_null_correlation_is_answered_by_asking_again)
{
    connect_live();
    establish("ETx", SYN_TYPE_DOCUMENT, 3);
    hear_event(
        "twilio.sync.event",
        "{\"event_type\":\"subscription_canceled\","
        "\"correlation_id\":null,\"events\":[{\"object_sid\":\"ETx\"}]}");
    ck_assert_int_eq(note(SYN_SDK_NOTE_OUTCOME, 0)->outcome, SYN_SDK_CANCELED);
    expect_sent(0, "reply");
    ck_assert(syn_str_is(text_at(sent(1).body, "/action"), "establish"));
    ck_assert_int_eq(number_at(sent(1).body, "/requests/0/last_event_id"), 3);
}
END_TEST

START_TEST(cancel_ends_the_subscription)
{
    char payload[256];
    connect_live();
    establish("ETx", SYN_TYPE_DOCUMENT, 3);
    step(&(struct syn_sdk_event){.kind = SYN_SDK_CANCEL, .sid = "ETx"});
    struct syn_sdk_frame frame = sent(0);
    ck_assert(syn_str_is(text_at(frame.body, "/action"), "cancel"));
    ck_assert_ptr_null(syn_json_at(frame.body, "/requests/0/last_event_id"));
    (void)snprintf(
        payload, sizeof payload,
        "{\"event_type\":\"subscription_canceled\","
        "\"correlation_id\":%lld,\"events\":[{\"object_sid\":\"ETx\"}]}",
        (long long)number_at(frame.body, "/correlation_id"));
    hear_reply_to(frame, bench_accepted, "");
    hear_event("twilio.sync.event", payload);
    ck_assert(note(SYN_SDK_NOTE_OUTCOME, 0)->is_ours);
    step_kind(SYN_SDK_LOST);
    fire(SYN_SDK_TIMER_RETRY);
    go_live("c2");
    ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 0));
}
END_TEST

START_TEST(first_batch_holds_100_and_the_next_what_was_announced)
{
    connect_live();
    step_kind(SYN_SDK_CUT);
    for (int i = 0; i < 350; i++) {
        char sid[16];
        (void)snprintf(sid, sizeof sid, "ET%d", i);
        subscribe(sid, SYN_TYPE_DOCUMENT, 0);
        ck_assert_int_eq(last_status, SYN_ERR_CLOSED);
    }
    step_kind(SYN_SDK_CONNECT);
    go_live("c2");
    struct syn_sdk_frame frame = sent(0);
    ck_assert_uint_eq(syn_json_count(syn_json_member(frame.body, "requests")),
                      100);
    ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 1));
    hear_reply_to(frame, bench_accepted, "{\"max_batch_size\":200}");
    frame = sent(0);
    ck_assert_uint_eq(syn_json_count(syn_json_member(frame.body, "requests")),
                      200);
    hear_reply_to(frame, bench_accepted, "{\"max_batch_size\":200}");
    ck_assert_uint_eq(syn_json_count(syn_json_member(sent(0).body, "requests")),
                      50);
}
END_TEST

START_TEST(refused_batch_is_reported_and_asked_again_with_doubling_waits)
{
    connect_live();
    subscribe("ETx", SYN_TYPE_DOCUMENT, 0);
    for (int64_t wait_us = 100000; wait_us < 2 * S; wait_us *= 2) {
        hear_reply_to(sent(0),
                      "\"status\":{\"code\":200},\"http_status\":"
                      "{\"code\":429}",
                      "{\"code\":54009}");
        ck_assert_int_eq(note(SYN_SDK_NOTE_OUTCOME, 0)->outcome,
                         SYN_SDK_BATCH_FAILED);
        ck_assert_int_eq(note(SYN_SDK_NOTE_OUTCOME, 0)->code, 54009);
        ck_assert_int_eq(delay_of(SYN_SDK_TIMER_BATCH), wait_us);
        fire(SYN_SDK_TIMER_BATCH);
        ck_assert_int_gt(number_at(sent(0).body, "/retried_requests"), 0);
    }
}
END_TEST

static void hear_interrupted(struct syn_sdk_frame frame)
{
    char payload[512];
    hear_reply_to(frame, bench_accepted, "");
    (void)snprintf(payload, sizeof payload,
                   "{\"event_type\":\"subscription_established\","
                   "\"correlation_id\":%lld,\"events\":[{\"object_sid\":"
                   "\"ESx\",\"replay_status\":\"interrupted\","
                   "\"last_event_id\":9}]}",
                   (long long)number_at(frame.body, "/correlation_id"));
    hear_event("twilio.sync.event", payload);
}

START_TEST(interrupted_replay_is_asked_again_with_doubling_waits)
{
    connect_live();
    subscribe("ESx", SYN_TYPE_LIST, 0);
    for (int64_t wait_us = 100000; wait_us < 2 * S; wait_us *= 2) {
        hear_interrupted(sent(0));
        expect_sent(0, "reply");
        ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 1));
        ck_assert_int_eq(delay_of(SYN_SDK_TIMER_BATCH), wait_us);
        now_us += wait_us;
        fire(SYN_SDK_TIMER_BATCH);
        ck_assert_int_eq(number_at(sent(0).body, "/requests/0/last_event_id"),
                         0);
        ck_assert_int_gt(number_at(sent(0).body, "/retried_requests"), 0);
    }
}
END_TEST

static void hear_throttled(struct syn_sdk_frame frame)
{
    hear_reply_to(frame,
                  "\"status\":{\"code\":200},\"http_status\":"
                  "{\"code\":429},\"http_headers\":{\"retry-After\":\"7\"}",
                  "{\"code\":54009}");
}

START_TEST(refused_batch_waits_as_long_as_the_service_asks)
{
    connect_live();
    subscribe("ETx", SYN_TYPE_DOCUMENT, 0);
    hear_throttled(sent(0));
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_BATCH), 7 * S);
    /* What else happens meanwhile does not take it along. */
    now_us += 2 * S;
    subscribe("ETy", SYN_TYPE_DOCUMENT, 0);
    struct syn_sdk_frame other = sent(0);
    ck_assert_uint_eq(syn_json_count(syn_json_member(other.body, "requests")),
                      1);
    hear_reply_to(other, bench_accepted, "");
    ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 0));
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_BATCH), 5 * S);
    now_us += 5 * S;
    fire(SYN_SDK_TIMER_BATCH);
    ck_assert(
        syn_str_is(text_at(sent(0).body, "/requests/0/object_sid"), "ETx"));
}
END_TEST

START_TEST(wait_that_the_service_asks_for_outlives_the_connection)
{
    connect_live();
    subscribe("ETx", SYN_TYPE_DOCUMENT, 0);
    hear_throttled(sent(0));
    step_kind(SYN_SDK_LOST);
    fire(SYN_SDK_TIMER_RETRY);
    go_live("c2");
    ck_assert_ptr_null(effect(SYN_SDK_DO_SEND, 0));
    ck_assert_int_gt(delay_of(SYN_SDK_TIMER_BATCH), 0);
    /* Who asks by himself is no retry. */
    subscribe("ETx", SYN_TYPE_DOCUMENT, 0);
    ck_assert(
        syn_str_is(text_at(sent(0).body, "/requests/0/object_sid"), "ETx"));
}
END_TEST

START_TEST(subscription_without_outcome_in_time_is_asked_again)
{
    connect_live();
    subscribe("ETx", SYN_TYPE_DOCUMENT, 0);
    hear_reply_to(sent(0), bench_accepted,
                  "{\"estimated_delivery_in_ms\":10000}");
    ck_assert_int_eq(delay_of(SYN_SDK_TIMER_DELIVERY), 10 * S);
    fire(SYN_SDK_TIMER_DELIVERY);
    ck_assert_int_eq(number_at(sent(0).body, "/retried_requests"), 1);
}
END_TEST

START_TEST(subscription_ttl_asks_anew_and_says_why)
{
    connect_live();
    establish("ETx", SYN_TYPE_DOCUMENT, 0);
    fire(SYN_SDK_TIMER_TTL);
    ck_assert(syn_str_is(text_at(sent(0).body, "/reason"), "ttl"));
}
END_TEST

START_TEST(live_event_before_established_does_not_advance_what_is_known)
{
    const char *event = "{\"event_type\":\"list_item_added\",\"event\":"
                        "{\"id\":9,\"list_sid\":\"ESx\"}}";
    connect_live();
    subscribe("ESx", SYN_TYPE_LIST, -1);
    hear_event("com.twilio.rtd.cds.list", event);
    ck_assert_int_eq(syn_sdk_session_last_event(session, SYN_STR("ESx")), -1);
    hear_event("twilio.sync.event", event);
    ck_assert_int_eq(syn_sdk_session_last_event(session, SYN_STR("ESx")), 9);
}
END_TEST

/* Notifications of every wrong shape: no crash, the session lives. */
static const char *const shapes[] = {
    "",
    "null",
    "[]",
    "7",
    "{}",
    "{\"event_type\":7}",
    "{\"event_type\":\"subscription_established\"}",
    "{\"event_type\":\"subscription_failed\",\"events\":{}}",
    "{\"event_type\":\"subscription_failed\",\"events\":[null,7,{}]}",
    ("{\"event_type\":\"subscription_canceled\",\"correlation_id\":[],"
     "\"events\":[{\"object_sid\":7}]}"),
    "{\"event_type\":\"x\",\"event\":null}",
    "{\"event_type\":\"x\",\"event\":{\"id\":\"seven\",\"map_sid\":\"\"}}",
    "{\"event_type\":\"x\",\"event\":[{}],\"correlation_id\":null}",
    "{not json",
};

START_TEST(notification_of_wrong_shape_is_survived)
{
    connect_live();
    establish("ETx", SYN_TYPE_DOCUMENT, 0);
    hear_event("twilio.sync.event", shapes[_i]);
    expect_sent(0, "reply");
    ck_assert_int_eq(syn_sdk_session_state(session), SYN_SESSION_LIVE);
}
END_TEST

#define LOOP(tcase, test, table)        \
    tcase_add_loop_test(tcase, test, 0, \
                        (int)(sizeof(table) / sizeof((table)[0])))

static TCase *subscription_cases(void)
{
    TCase *tcase = tcase_create("subscriptions");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, subscription_is_asked_for_with_its_last_event);
    tcase_add_test(tcase, correlation_ids_never_repeat_in_one_millisecond);
    tcase_add_test(tcase, reconnect_asks_for_everything_with_newest_event_ids);
    tcase_add_test(tcase, failed_subscription_is_not_asked_for_again);
    tcase_add_test(tcase, outcome_of_a_foreign_correlation_is_ignored);
    tcase_add_test(tcase, outcome_in_protocol_3_form_is_understood);
    tcase_add_test(tcase,
                   cancel_with_null_correlation_is_answered_by_asking_again);
    tcase_add_test(tcase, cancel_ends_the_subscription);
    tcase_add_test(tcase,
                   first_batch_holds_100_and_the_next_what_was_announced);
    tcase_add_test(
        tcase, refused_batch_is_reported_and_asked_again_with_doubling_waits);
    tcase_add_test(tcase,
                   interrupted_replay_is_asked_again_with_doubling_waits);
    tcase_add_test(tcase, refused_batch_waits_as_long_as_the_service_asks);
    tcase_add_test(tcase,
                   wait_that_the_service_asks_for_outlives_the_connection);
    tcase_add_test(tcase, subscription_without_outcome_in_time_is_asked_again);
    tcase_add_test(tcase, subscription_ttl_asks_anew_and_says_why);
    tcase_add_test(
        tcase, live_event_before_established_does_not_advance_what_is_known);
    LOOP(tcase, notification_of_wrong_shape_is_survived, shapes);
    return tcase;
}

Suite *suite_subscription(void)
{
    Suite *suite = suite_create("subscription");
    suite_add_tcase(suite, subscription_cases());
    return suite;
}
