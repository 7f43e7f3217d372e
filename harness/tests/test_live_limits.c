/*
 * test_live_limits.c - rate limits of the SDK plane, on virtual time.
 *
 * A write is counted once, where both planes meet; all requests of one
 * connection are counted on a bucket of their own.
 */
#include "live_bench.h"

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

Suite *suite_live_limits(void)
{
    Suite *suite = suite_create("live_limits");
    TCase *tcase = tcase_create("limits");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, a_write_takes_one_token_of_its_object);
    tcase_add_test(tcase, both_planes_share_the_bucket_of_an_object);
    tcase_add_test(tcase, a_request_takes_one_token_of_its_connection);
    suite_add_tcase(suite, tcase);
    return suite;
}
