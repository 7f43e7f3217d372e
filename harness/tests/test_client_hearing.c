/*
 * test_client_hearing.c - subscriptions, events and endings of the SDK user,
 * against a scripted peer over loopback.
 */
#include "fake_service.h"
#include "syn/client.h"

#include <check.h>

Suite *suite_client_hearing(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct syn_client *ann;

static struct syn_client *make(const char *name,
                               const struct syn_client_options *options)
{
    struct syn_client *client = NULL;
    ck_assert_int_eq(syn_client_new(&bench.world, name, options, &client),
                     SYN_OK);
    return client;
}

static void set_up(void)
{
    bench_set_up();
    ann = make("ann", NULL);
}

static void tear_down(void)
{
    syn_client_free(ann);
    bench_tear_down();
}

static void go_live(void)
{
    struct syn_reply reply = syn_client_connect(ann);
    ck_assert_int_eq(reply.status, SYN_OK);
    ck_assert_uint_eq(reply.http, 200);
    ck_assert_int_eq(syn_client_state(ann), SYN_SESSION_LIVE);
}

static void advance(int64_t us)
{
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, us, NULL, NULL), SYN_OK);
}

/* --- subscriptions and events ----------------------------------------------
 */

#define ESTABLISHED                                                       \
    "{\"event_type\":\"subscription_established\",\"correlation_id\":%C," \
    "\"events\":[{\"object_sid\":\"ET1\",\"last_event_id\":3}]}"
#define FAILED                                                       \
    "{\"event_type\":\"subscription_failed\",\"correlation_id\":%C," \
    "\"events\":[{\"object_sid\":\"ET1\",\"error\":{\"status\":403," \
    "\"code\":54007}}]}"
#define UPDATED                                                 \
    "{\"event_type\":\"document_updated\",\"event\":{\"id\":4," \
    "\"document_sid\":\"ET1\",\"document_data\":{\"canary\":\"c-77\"}}}"

static const struct fake_rule established_rules[] = {
    {.match = "/v4/Subscriptions",
     .status = 202,
     .body = "{}",
     .then = ESTABLISHED}};

static void push_event(const char *payload)
{
    fake_push(bench.fake,
              "\"method\":\"notification\",\"id\":\"TMe\",\"message_type\":"
              "\"com.twilio.rtd.cds.document\"",
              payload);
}

START_TEST(subscription_hears_events_and_canaries)
{
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    struct syn_thing other = {.type = SYN_TYPE_DOCUMENT, .sid = "ET2"};
    fake_script(bench.fake, established_rules, COUNT(established_rules));
    go_live();
    struct syn_reply reply = syn_client_subscribe(ann, &doc, 3);
    ck_assert(syn_reply_is_ok(&reply));
    ck_assert(!syn_client_saw(ann, SYN_STR("c-77")));
    push_event(UPDATED);
    ck_assert(syn_client_await(ann, &doc, 1));
    ck_assert_uint_eq(syn_client_heard(ann, NULL), 1);
    ck_assert_uint_eq(syn_client_heard(ann, &other), 0);
    const struct syn_heard *heard = syn_client_heard_at(ann, &doc, 0);
    ck_assert(syn_str_is(heard->event_type, "document_updated"));
    ck_assert_int_eq(heard->id, 4);
    ck_assert(!heard->is_replay);
    ck_assert(text_holds(heard->body, "{\"id\":4,"));
    ck_assert_ptr_null(syn_client_heard_at(ann, &doc, 1));
    ck_assert(syn_client_saw(ann, SYN_STR("c-77")));
    ck_assert(!syn_client_saw(ann, SYN_STR("c-78")));
    fake_await(bench.fake, "\"id\":\"TMe\",\"method\":\"reply\"");
}
END_TEST

START_TEST(refused_subscription_reports_status_and_code)
{
    static const struct fake_rule rules[] = {{.match = "/v4/Subscriptions",
                                              .status = 202,
                                              .body = "{}",
                                              .then = FAILED}};
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    struct syn_reply reply = syn_client_subscribe(ann, &doc, -2);
    ck_assert_uint_eq(reply.http, 403);
    ck_assert_int_eq(reply.code, 54007);
    ck_assert(syn_reply_is_denial(&reply));
    ck_assert(fake_has_heard(bench.fake, "\"last_event_id\":null"));
    ck_assert_uint_eq(bench.acted, 1);
}
END_TEST

START_TEST(refused_batch_is_the_answer_of_its_subscription)
{
    static const struct fake_rule rules[] = {{.match = "/v4/Subscriptions",
                                              .status = 400,
                                              .body = "{\"code\":54419}"}};
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    struct syn_reply reply = syn_client_subscribe(ann, &doc, 0);
    ck_assert_uint_eq(reply.http, 400);
    ck_assert_int_eq(reply.code, 54419);
}
END_TEST

START_TEST(unsubscribe_waits_for_its_notification_and_is_counted)
{
    static const struct fake_rule rules[] = {
        {.match = "\"action\":\"cancel\"",
         .status = 202,
         .body = "{}",
         .then =
             "{\"event_type\":\"subscription_canceled\","
             "\"correlation_id\":%C,\"events\":[{\"object_sid\":\"ET1\"}]}"},
        {.match = "/v4/Subscriptions",
         .status = 202,
         .body = "{}",
         .then = ESTABLISHED}};
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    (void)syn_client_subscribe(ann, &doc, 0);
    struct syn_reply reply = syn_client_unsubscribe(ann, &doc);
    ck_assert(syn_reply_is_ok(&reply));
    ck_assert_uint_eq(syn_client_cancels(ann, &doc), 1);
    ck_assert_int_eq(syn_client_unsubscribe(ann, &doc).status,
                     SYN_ERR_NOT_FOUND);
}
END_TEST

START_TEST(cut_and_resume_present_continuation_and_last_event)
{
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    fake_script(bench.fake, established_rules, COUNT(established_rules));
    go_live();
    (void)syn_client_subscribe(ann, &doc, 0);
    push_event(UPDATED);
    ck_assert(syn_client_await(ann, &doc, 1));
    syn_client_cut(ann);
    ck_assert_int_eq(syn_client_state(ann), SYN_SESSION_CLOSED);
    ck_assert(!fake_has_heard(bench.fake, "\"method\":\"close\""));
    advance(600000000); /* offline means offline */
    ck_assert_uint_eq(fake_connections(bench.fake), 1);
    struct syn_reply reply = syn_client_resume(ann);
    ck_assert(syn_reply_is_ok(&reply));
    ck_assert(fake_has_heard(bench.fake, "\"continuation_token\":\"c1\""));
    fake_await(bench.fake, "\"last_event_id\":4");
    ck_assert(syn_client_fence(ann));
}
END_TEST

START_TEST(fence_is_behind_what_was_said_before)
{
    go_live();
    push_event(UPDATED);
    ck_assert(syn_client_fence(ann));
    ck_assert_uint_eq(syn_client_heard(ann, NULL), 1);
}
END_TEST

/* --- token life ------------------------------------------------------------
 */

static void push_notice(void)
{
    fake_push(bench.fake,
              "\"method\":\"client_update\",\"id\":\"TMu\","
              "\"client_update_type\":\"token_about_to_expire\"",
              "");
}

START_TEST(notice_is_counted_with_its_time)
{
    int64_t at_ms = 0;
    go_live();
    advance(5000000);
    push_notice();
    ck_assert(syn_client_fence(ann));
    ck_assert_uint_eq(syn_client_notices(ann, &at_ms), 1);
    ck_assert_int_eq(at_ms, 1800000005000);
    ck_assert(!fake_has_heard(bench.fake, "\"method\":\"update\""));
}
END_TEST

START_TEST(user_that_renews_by_itself_updates_on_notice)
{
    struct syn_client_options options = {.renews_by_itself = true};
    syn_client_free(ann);
    ann = make("ann", &options);
    go_live();
    push_notice();
    fake_await(bench.fake, "\"method\":\"update\"");
    ck_assert(syn_client_fence(ann));
    ck_assert_int_eq(syn_client_state(ann), SYN_SESSION_LIVE);
}
END_TEST

START_TEST(refused_update_reports_code_and_ends_the_session)
{
    static const struct fake_rule rules[] = {
        {.match = "\"method\":\"update\"",
         .status = 401,
         .header = "\"status\":{\"code\":401,\"errorCode\":51215}"}};
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    struct syn_reply reply = syn_client_update(ann, SYN_STR("a.b.c"));
    ck_assert_uint_eq(reply.http, 401);
    ck_assert_int_eq(reply.code, 51215);
    ck_assert_int_eq(syn_client_state(ann), SYN_SESSION_DENIED);
    ck_assert_int_eq(syn_client_update(ann, SYN_STR("a.b.c")).status,
                     SYN_ERR_EXISTS);
}
END_TEST

START_TEST(update_answered_by_a_close_reports_the_close)
{
    static const struct fake_rule rules[] = {{.match = "\"method\":\"update\"",
                                              .status = 308,
                                              .act = FAKE_SAY_CLOSE}};
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    ck_assert_uint_eq(syn_client_update(ann, SYN_STR("a.b.c")).http, 308);
}
END_TEST

START_TEST(expired_session_reports_its_ending_and_resumes_on_demand)
{
    go_live();
    fake_push(bench.fake,
              "\"method\":\"close\",\"id\":\"TMc\",\"status\":{\"code\":410,"
              "\"errorCode\":51207}",
              "");
    ck_assert(!syn_client_fence(ann));
    ck_assert_uint_eq(syn_client_ending(ann).http, 410);
    ck_assert_int_eq(syn_client_ending(ann).code, 51207);
    ck_assert_int_eq(syn_client_state(ann), SYN_SESSION_CLOSED);
    struct syn_reply reply = syn_client_connect(ann);
    ck_assert(syn_reply_is_ok(&reply));
    ck_assert_uint_eq(syn_client_ending(ann).http, 0);
}
END_TEST

START_TEST(offloaded_session_returns_by_itself_after_3_s)
{
    go_live();
    fake_push(bench.fake,
              "\"method\":\"close\",\"id\":\"TMc\",\"status\":{\"code\":308}",
              "");
    ck_assert(!syn_client_fence(ann));
    advance(2999999);
    syn_loop_turn(bench.loop, 0);
    ck_assert_uint_eq(fake_connections(bench.fake), 1);
    advance(1);
    fake_await(bench.fake, "\"continuation_token\":\"c1\"");
    ck_assert_uint_eq(fake_connections(bench.fake), 2);
}
END_TEST

static TCase *make_case(const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    return tcase;
}

static TCase *hearing(void)
{
    TCase *tcase = make_case("hearing");
    tcase_add_test(tcase, subscription_hears_events_and_canaries);
    tcase_add_test(tcase, refused_subscription_reports_status_and_code);
    tcase_add_test(tcase, refused_batch_is_the_answer_of_its_subscription);
    tcase_add_test(tcase,
                   unsubscribe_waits_for_its_notification_and_is_counted);
    tcase_add_test(tcase, cut_and_resume_present_continuation_and_last_event);
    tcase_add_test(tcase, fence_is_behind_what_was_said_before);
    tcase_add_test(tcase, notice_is_counted_with_its_time);
    tcase_add_test(tcase, user_that_renews_by_itself_updates_on_notice);
    tcase_add_test(tcase, refused_update_reports_code_and_ends_the_session);
    tcase_add_test(tcase, update_answered_by_a_close_reports_the_close);
    tcase_add_test(tcase,
                   expired_session_reports_its_ending_and_resumes_on_demand);
    tcase_add_test(tcase, offloaded_session_returns_by_itself_after_3_s);
    return tcase;
}

Suite *suite_client_hearing(void)
{
    Suite *suite = suite_create("client_hearing");
    suite_add_tcase(suite, hearing());
    return suite;
}
