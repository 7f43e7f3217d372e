/*
 * test_live_limits.c - rate limits of the SDK plane, on virtual time.
 *
 * A write is counted once, where both planes meet; all requests of one
 * connection are counted on a bucket of their own.
 */
#include "live_bench.h"

#include "syn/limits.h"

#include <check.h>
#include <stdio.h>

Suite *suite_live_limits(void);

#define HOUR_S 3600
#define BURST  200 /* ten seconds of 20 writes */
#define DOC    "/v3/Documents/d"

static struct bench bench;
static struct live_peer *peer;

static void start_with(const struct syn_service_setup *setup)
{
    bench_start(&bench, setup, true);
    peer = live_login(&bench, "alice", HOUR_S);
    ck_assert_int_eq(
        live_call(peer, "POST", "/v3/Documents", "", "{\"unique_name\":\"d\"}")
            .status,
        201);
}

static void start(void)
{
    start_with(
        &(struct syn_service_setup){.seed = 1, .limits = SYN_LIMITS_REAL});
}

static void stop(void)
{
    live_close(peer);
    bench_stop(&bench);
}

static struct live_answer write_once(void)
{
    return live_call(peer, "POST", DOC, "", "{\"data\":{}}");
}

/* Writes until the first refusal; fails the test past `max`. */
static unsigned count_writes(unsigned max)
{
    for (unsigned i = 0; i <= max; i++) {
        const struct live_answer answer = write_once();
        if (answer.status == 429) {
            ck_assert_int_eq(answer.code, 54009);
            ck_assert_int_eq(live_number(answer.header, "/http_status/code"),
                             429);
            return i;
        }
        ck_assert_int_eq(answer.status, 200);
    }
    ck_abort_msg("more than %u were accepted", max);
    return 0;
}

/* Counted twice it would stop after half the burst. */
START_TEST(a_write_takes_one_token_of_its_object)
{
    ck_assert_uint_eq(count_writes(BURST), BURST);
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, 1000000, NULL, NULL),
                     SYN_OK);
    ck_assert_uint_eq(count_writes(BURST), BURST / 10);
    /* Reads of the same object have their own. */
    ck_assert_int_eq(live_call(peer, "GET", DOC, "", "").status, 200);
}
END_TEST

START_TEST(both_planes_share_the_bucket_of_an_object)
{
    for (int i = 0; i < BURST / 2; i++) {
        ck_assert_uint_eq(
            bench_call(&bench, "POST", BENCH_ROOT "/Documents/d", "Data={}")
                .status,
            200);
    }
    ck_assert_uint_eq(count_writes(BURST), BURST / 2);
}
END_TEST

/* The bucket of a connection admits 3; creating `d` took one of them. */
START_TEST(a_request_takes_one_token_of_its_connection)
{
    stop();
    struct syn_service_setup setup = {.seed = 1, .limits = SYN_LIMITS_REAL};
    setup.rates[SYN_BUCKET_CONNECTION] =
        (struct syn_rate){.rate_per_s = 1, .burst = 3};
    start_with(&setup);
    ck_assert_uint_eq(count_writes(BURST), 2);
    /* Another connection is not blocked by this one. */
    struct live_peer *bob = live_login(&bench, "bob", HOUR_S);
    ck_assert_int_eq(live_call(bob, "GET", DOC, "", "").status, 200);
    live_close(bob);
}
END_TEST

/* --- connections ---------------------------------------------------------- */

static void restart_with(uint32_t rate_per_s, uint32_t burst, uint32_t standing)
{
    stop();
    struct syn_service_setup setup = {
        .seed = 1, .limits = SYN_LIMITS_REAL, .standing_max = standing};
    setup.rates[SYN_BUCKET_CONNECT] =
        (struct syn_rate){.rate_per_s = rate_per_s, .burst = burst};
    start_with(&setup);
}

/* A refused init: its code, the delay for the SDK, and the end. */
static void expect_kept_away(int64_t code, int64_t reconnect_min_ms)
{
    struct live_peer *late = live_open(&bench);
    const char *id = live_send_init(late, live_token(&bench, "eve", HOUR_S));
    const struct live_frame *reply = live_take(late, "reply");
    ck_assert_str_eq(live_text(late, reply->header, "/id"), id);
    ck_assert_int_eq(live_number(reply->header, "/status/code"), 429);
    ck_assert_int_eq(live_number(reply->header, "/status/errorCode"), code);
    ck_assert_ptr_nonnull(reply->payload);
    ck_assert_int_eq(
        live_number(reply->payload, "/backoff_policy/reconnect_min_ms"),
        reconnect_min_ms);
    live_wait_end(late);
    live_close(late);
}

static void advance_s(int64_t seconds)
{
    ck_assert_int_eq(
        syn_clock_advance_us(bench.clock, seconds * 1000000, NULL, NULL),
        SYN_OK);
}

/* Every init takes one; those refused take none. */
START_TEST(connections_stop_after_the_burst_and_refill)
{
    restart_with(2, 3, 0);
    for (int i = 0; i < 2; i++) {
        live_close(live_login(&bench, "bob", HOUR_S));
    }
    for (int i = 0; i < 5; i++) {
        expect_kept_away(51202, 1000);
    }
    /* Who is connected is not bothered. */
    ck_assert_int_eq(write_once().status, 200);
    advance_s(1);
    for (int i = 0; i < 2; i++) {
        live_close(live_login(&bench, "bob", HOUR_S));
    }
    expect_kept_away(51202, 1000);
}
END_TEST

START_TEST(one_connection_too_many_is_kept_away_until_another_ends)
{
    restart_with(0, 0, 2);
    struct live_peer *bob = live_login(&bench, "bob", HOUR_S);
    expect_kept_away(51201, SYN_SERVICE_RECONNECT_MS);
    expect_kept_away(51201, SYN_SERVICE_RECONNECT_MS);
    live_fence(bob);
    live_close(bob);
    while (syn_service_count(bench.service).sessions > 1) {
        syn_loop_turn(bench.loop, 10);
    }
    live_close(live_login(&bench, "bob", HOUR_S));
}
END_TEST

/* As published: 110 a second, ten seconds of it at once. */
START_TEST(without_a_file_the_published_rate_of_connections_holds)
{
    for (int i = 1; i < 1100; i++) {
        live_close(live_login(&bench, "bob", HOUR_S));
    }
    expect_kept_away(51202, 1000);
    advance_s(1);
    for (int i = 0; i < 110; i++) {
        live_close(live_login(&bench, "bob", HOUR_S));
    }
    expect_kept_away(51202, 1000);
}
END_TEST

/* A token that is refused is told so, whatever the rate. */
START_TEST(a_refused_token_takes_no_share_of_the_account)
{
    restart_with(1, 2, 0);
    for (int i = 0; i < 5; i++) {
        struct live_peer *eve = live_open(&bench);
        const struct syn_json *reply = live_init(eve, SYN_STR("nonsense"));
        ck_assert_int_eq(live_number(reply, "/status/errorCode"), 20101);
        live_close(eve);
    }
    live_close(live_login(&bench, "bob", HOUR_S));
}
END_TEST

START_TEST(without_limits_connections_are_not_counted)
{
    stop();
    struct syn_service_setup setup = {.seed = 1, .standing_max = 1};
    setup.rates[SYN_BUCKET_CONNECT] =
        (struct syn_rate){.rate_per_s = 1, .burst = 1};
    start_with(&setup);
    live_close(live_login(&bench, "bob", HOUR_S));
}
END_TEST

Suite *suite_live_limits(void)
{
    Suite *suite = suite_create("live_limits");
    TCase *tcase = tcase_create("limits");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, a_write_takes_one_token_of_its_object);
    tcase_add_test(tcase, both_planes_share_the_bucket_of_an_object);
    tcase_add_test(tcase, a_request_takes_one_token_of_its_connection);
    tcase_add_test(tcase, connections_stop_after_the_burst_and_refill);
    tcase_add_test(tcase,
                   one_connection_too_many_is_kept_away_until_another_ends);
    tcase_add_test(tcase,
                   without_a_file_the_published_rate_of_connections_holds);
    tcase_add_test(tcase, a_refused_token_takes_no_share_of_the_account);
    tcase_add_test(tcase, without_limits_connections_are_not_counted);
    suite_add_tcase(suite, tcase);
    return suite;
}
