/*
 * test_sink.c - the receiver of webhooks, driven by libcurl.
 */
#include "client/world.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_sink(void);

#define GUARD_MS 10000
#define TOKEN    "12345"

static struct syn_clock *clock_now;
static struct syn_loop *loop;
static struct syn_curl *curl;
static struct syn_arena arena;
static struct syn_world world;
static struct syn_sink *sink;
static unsigned recorded;

static unsigned record(void *ctx, const struct syn_wire_record *wire)
{
    (void)ctx;
    ck_assert_str_eq(wire->actor, "sink");
    ck_assert_int_eq(wire->direction, SYN_WIRE_RECEIVED);
    return ++recorded;
}

static void start(void)
{
    recorded = 0;
    ck_assert_int_eq(syn_curl_global_init(), SYN_OK);
    clock_now = syn_clock_new_virtual(1000000);
    ck_assert_int_eq(syn_loop_new(clock_now, &loop), SYN_OK);
    ck_assert_int_eq(syn_curl_new(loop, &curl), SYN_OK);
    syn_arena_init(&arena, NULL, 1048576);
    world = (struct syn_world){.loop = loop,
                               .curl = curl,
                               .arena = &arena,
                               .guard_ms = GUARD_MS,
                               .record = record};
    ck_assert_int_eq(syn_sink_new(&world, NULL, &sink), SYN_OK);
}

static void stop(void)
{
    syn_curl_free(curl);
    syn_sink_free(sink);
    syn_loop_free(loop);
    syn_clock_free(clock_now);
    syn_arena_fini(&arena);
    syn_curl_global_fini();
}

/* --- posting -------------------------------------------------------------- */

struct outcome {
    unsigned status; /* 0: not yet */
};

static void note(void *ctx, const struct syn_curl_response *response)
{
    ((struct outcome *)ctx)->status = response->http_status;
}

static bool has_status(void *ctx)
{
    return ((struct outcome *)ctx)->status != 0;
}

static void post(struct outcome *outcome, const char *type, const char *body,
                 const char *signature)
{
    const struct syn_http_pair headers[] = {
        {SYN_STR("Content-Type"), syn_str_of(type)},
        {SYN_STR("X-Twilio-Signature"), syn_str_of(signature)}};
    const struct syn_curl_request request = {.method = "POST",
                                             .url = syn_sink_url(sink),
                                             .headers = headers,
                                             .header_count = 2,
                                             .body = syn_str_of(body),
                                             .guard_ms = GUARD_MS};
    outcome->status = 0;
    ck_assert_int_eq(syn_curl_start(curl, &request, note, outcome, NULL),
                     SYN_OK);
}

static unsigned post_form(const char *body)
{
    struct outcome outcome;
    post(&outcome, "application/x-www-form-urlencoded", body, "none");
    ck_assert(syn_loop_run_until(loop, has_status, &outcome, GUARD_MS));
    return outcome.status;
}

START_TEST(a_form_is_kept_decoded_and_in_order)
{
    ck_assert_uint_eq(post_form("EventType=a&X=1%2B+2&X=&Y=%C3%A9"), 200);
    ck_assert_uint_eq(syn_sink_count(sink), 1);
    const struct syn_sink_record *got = syn_sink_at(sink, 0);
    ck_assert(got->is_form);
    ck_assert_uint_eq(got->param_count, 4);
    ck_assert_str_eq(syn_sink_param(got, "X").at, "1+ 2");
    ck_assert_str_eq(syn_sink_param(got, "Y").at, "é");
    ck_assert_ptr_null(syn_sink_param(got, "x").at);
    ck_assert_str_eq(syn_sink_header(got, "x-twilio-signature").at, "none");
    ck_assert_str_eq(got->target.at, "/hook");
    ck_assert_int_eq(got->at_ms, 1000);
    ck_assert_uint_eq(got->exchange, 1);
    ck_assert_ptr_null(syn_sink_at(sink, 1));
    syn_sink_clear(sink);
    ck_assert_uint_eq(syn_sink_count(sink), 0);
}
END_TEST

START_TEST(a_body_that_is_no_form_has_no_parameters)
{
    struct outcome outcome;
    post(&outcome, "application/json", "{\"EventType\":\"a\"}", "none");
    ck_assert(syn_loop_run_until(loop, has_status, &outcome, GUARD_MS));
    const struct syn_sink_record *got = syn_sink_at(sink, 0);
    ck_assert(!got->is_form);
    ck_assert_uint_eq(got->param_count, 0);
    ck_assert_str_eq(got->body.at, "{\"EventType\":\"a\"}");
    ck_assert_uint_eq(post_form("a=%zz"), 200);
    ck_assert(!syn_sink_at(sink, 1)->is_form);
}
END_TEST

START_TEST(it_answers_with_the_status_it_is_given)
{
    syn_sink_behave(sink, &(struct syn_sink_manner){.status = 503});
    ck_assert_uint_eq(post_form("a=1"), 503);
    syn_sink_behave(sink, &(struct syn_sink_manner){.status = 0});
    ck_assert_uint_eq(post_form("a=1"), 200);
}
END_TEST

START_TEST(a_late_answer_waits_for_the_clock)
{
    struct outcome outcome;
    syn_sink_behave(sink,
                    &(struct syn_sink_manner){.status = 202, .delay_ms = 5000});
    post(&outcome, "application/x-www-form-urlencoded", "EventType=a", "none");
    ck_assert(syn_sink_await(sink, 1));
    ck_assert_int_eq(syn_clock_advance_us(clock_now, 4999000, NULL, NULL),
                     SYN_OK);
    syn_loop_turn(loop, 0);
    ck_assert_uint_eq(outcome.status, 0);
    ck_assert_int_eq(syn_clock_advance_us(clock_now, 1000, NULL, NULL), SYN_OK);
    ck_assert(syn_loop_run_until(loop, has_status, &outcome, GUARD_MS));
    ck_assert_uint_eq(outcome.status, 202);
}
END_TEST

START_TEST(one_that_hangs_keeps_the_request_and_says_nothing)
{
    struct outcome hung;
    syn_sink_behave(sink, &(struct syn_sink_manner){.hangs = true});
    post(&hung, "application/x-www-form-urlencoded", "EventType=a", "none");
    ck_assert(syn_sink_await(sink, 1));
    syn_sink_behave(sink, &(struct syn_sink_manner){.hangs = false});
    ck_assert_uint_eq(post_form("EventType=b"), 200);
    ck_assert_uint_eq(hung.status, 0);
}
END_TEST

START_TEST(events_are_awaited_by_type_and_place)
{
    (void)post_form("EventType=a&n=1");
    (void)post_form("EventType=b&n=2");
    (void)post_form("EventType=a&n=3");
    const struct syn_sink_record *got = syn_sink_await_event(sink, "a", 1);
    ck_assert_ptr_nonnull(got);
    ck_assert_str_eq(syn_sink_param(got, "n").at, "3");
    world.guard_ms = 1;
    ck_assert_ptr_null(syn_sink_await_event(sink, "b", 1));
    ck_assert(!syn_sink_await(sink, 4));
    ck_assert(syn_sink_await(sink, 0));
}
END_TEST

/* The vendor's example: sorted by bytes, repetitions once. */
START_TEST(the_signature_fits_the_vendors_example)
{
    static const struct syn_sink_pair params[] = {
        {{"To", 2}, {"+18005551212", 12}},
        {{"CallSid", 7}, {"CA1234567890ABCDE", 17}},
        {{"Digits", 6}, {"1234", 4}},
        {{"To", 2}, {"+18005551212", 12}},
        {{"From", 4}, {"+14158675310", 12}},
        {{"Caller", 6}, {"+14158675310", 12}}};
    const struct syn_str made = syn_sink_signature(
        &arena, "https://mycompany.com/myapp.php?foo=1&bar=2", params, 6,
        SYN_STR(TOKEN));
    ck_assert_str_eq(made.at, "GvWf1cFY/Q7PnoempGyD5oXAezc=");
}
END_TEST

START_TEST(a_forged_or_changed_request_is_not_taken_for_signed)
{
    static const struct syn_sink_pair params[] = {
        {{"EventType", 9}, {"a b", 3}}, {{"Identity", 8}, {"ann", 3}}};
    const struct syn_str good = syn_sink_signature(&arena, syn_sink_url(sink),
                                                   params, 2, SYN_STR(TOKEN));
    static const struct {
        const char *body;
        bool is_signed;
    } rows[] = {{"EventType=a+b&Identity=ann", true},
                {"Identity=ann&EventType=a%20b", true},
                {"EventType=a+b&Identity=eve", false},
                {"EventType=a+b&Identity=ann&x=1", false},
                {"EventType=a+b", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct outcome outcome;
        post(&outcome, "application/x-www-form-urlencoded; charset=utf-8",
             rows[i].body, good.at);
        ck_assert(syn_loop_run_until(loop, has_status, &outcome, GUARD_MS));
        const struct syn_sink_record *got = syn_sink_at(sink, i);
        ck_assert_int_eq(syn_sink_is_signed(sink, got, NULL, SYN_STR(TOKEN)),
                         rows[i].is_signed);
        ck_assert(!syn_sink_is_signed(sink, got, NULL, SYN_STR("12346")));
    }
}
END_TEST

START_TEST(what_is_not_http_is_hung_up_and_not_kept)
{
    struct outcome outcome;
    const struct syn_http_pair bad[] = {
        {SYN_STR("Transfer-Encoding"), SYN_STR("gzip")}};
    const struct syn_curl_request request = {.method = "POST",
                                             .url = syn_sink_url(sink),
                                             .headers = bad,
                                             .header_count = 1,
                                             .body = SYN_STR("a=1"),
                                             .guard_ms = GUARD_MS};
    outcome.status = 0;
    ck_assert_int_eq(syn_curl_start(curl, &request, note, &outcome, NULL),
                     SYN_OK);
    ck_assert_uint_eq(post_form("EventType=a"), 200);
    ck_assert_uint_eq(syn_sink_count(sink), 1);
    ck_assert_uint_eq(outcome.status, 0);
}
END_TEST

Suite *suite_sink(void)
{
    Suite *suite = suite_create("sink");
    TCase *tcase = tcase_create("sink");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, a_form_is_kept_decoded_and_in_order);
    tcase_add_test(tcase, a_body_that_is_no_form_has_no_parameters);
    tcase_add_test(tcase, it_answers_with_the_status_it_is_given);
    tcase_add_test(tcase, a_late_answer_waits_for_the_clock);
    tcase_add_test(tcase, one_that_hangs_keeps_the_request_and_says_nothing);
    tcase_add_test(tcase, events_are_awaited_by_type_and_place);
    tcase_add_test(tcase, the_signature_fits_the_vendors_example);
    tcase_add_test(tcase, a_forged_or_changed_request_is_not_taken_for_signed);
    tcase_add_test(tcase, what_is_not_http_is_hung_up_and_not_kept);
    suite_add_tcase(suite, tcase);
    return suite;
}
