/*
 * test_service_limits.c - rate limits over REST, on virtual time.
 */
#include "service_bench.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_service_limits(void);

#define DOCS   BENCH_ROOT "/Documents"
#define BURST  200 /* ten seconds of 20 */
#define RATE   20
#define KIB_12 12288

static struct bench bench;

static void start(void)
{
    const struct syn_service_setup setup = {.limits = SYN_LIMITS_REAL};
    bench_start(&bench, &setup, true);
    (void)bench_call(&bench, "POST", DOCS, "UniqueName=a");
    (void)bench_call(&bench, "POST", DOCS, "UniqueName=b");
}

static void stop(void)
{
    bench_stop(&bench);
}

/* Calls until the first refusal; fails the test past `max`. */
static unsigned count_accepted(const char *method, const char *target,
                               const char *form, unsigned max)
{
    unsigned accepted = 0;
    struct bench_reply reply = bench_call(&bench, method, target, form);
    while (reply.status != 429) {
        ck_assert_msg(reply.status < 300, "%u: %.*s", reply.status,
                      SYN_STR_ARG(reply.body));
        accepted++;
        ck_assert_msg(accepted <= max, "more than %u were accepted", max);
        reply = bench_call(&bench, method, target, form);
    }
    ck_assert_int_eq(reply.code, 54009);
    ck_assert_str_eq(bench_header(&bench, &reply, "Retry-After"), "1");
    return accepted;
}

static void advance_ms(int64_t ms)
{
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, ms * 1000, NULL, NULL),
                     SYN_OK);
}

START_TEST(writes_stop_after_the_burst_and_refill)
{
    ck_assert_uint_eq(count_accepted("POST", DOCS "/a", "Data={}", BURST),
                      BURST);
    struct bench_reply reply = bench_call(&bench, "GET", DOCS "/a", NULL);
    ck_assert_str_eq(bench_text(&bench, &reply, "/revision"), "c8");
    /* Another object is not blocked by this one. */
    reply = bench_call(&bench, "POST", DOCS "/b", "Data={}");
    ck_assert_uint_eq(reply.status, 200);
    advance_ms(1000);
    ck_assert_uint_eq(count_accepted("POST", DOCS "/a", "Data={}", BURST),
                      RATE);
    advance_ms(3600000);
    ck_assert_uint_eq(count_accepted("POST", DOCS "/a", "Data={}", BURST),
                      BURST);
}
END_TEST

START_TEST(large_writes_are_two_a_second)
{
    char *form = syn_arena_alloc(&bench.arena, KIB_12 + 64);
    ck_assert_ptr_nonnull(form);
    (void)snprintf(form, 64, "Data={\"x\":\"");
    memset(form + strlen(form), 'a', KIB_12);
    memcpy(form + 11 + KIB_12, "\"}", 3);
    ck_assert_uint_eq(count_accepted("POST", DOCS "/a", form, BURST),
                      BURST / 10);
    advance_ms(1000);
    ck_assert_uint_eq(count_accepted("POST", DOCS "/a", form, BURST), 2);
}
END_TEST

START_TEST(refused_requests_use_nothing_up)
{
    for (unsigned i = 0; i < BURST; i++) {
        bench.headers = "If-Match: 77\r\n";
        struct bench_reply reply =
            bench_call(&bench, "POST", DOCS "/a", "Data={}");
        ck_assert_uint_eq(reply.status, 412);
    }
    bench.headers = NULL;
    ck_assert_uint_eq(count_accepted("POST", DOCS "/a", "Data={}", BURST),
                      BURST);
}
END_TEST

START_TEST(reads_and_writes_are_counted_apart)
{
    ck_assert_uint_eq(count_accepted("GET", DOCS "/a", NULL, BURST), BURST);
    struct bench_reply reply = bench_call(&bench, "POST", DOCS "/a", "Data={}");
    ck_assert_uint_eq(reply.status, 200);
}
END_TEST

START_TEST(creations_are_counted_by_service)
{
    /* Two are made already. */
    ck_assert_uint_eq(count_accepted("POST", DOCS, "", BURST), BURST - 2);
    struct bench_reply made = bench_call(&bench, "POST", "/v1/Services", "");
    made = bench_call(
        &bench, "POST",
        bench_target(bench_text(&bench, &made, "/links/documents")), "");
    ck_assert_uint_eq(made.status, 201);
}
END_TEST

START_TEST(permissions_are_counted_by_identity)
{
    ck_assert_uint_eq(
        count_accepted("POST", DOCS "/a/Permissions/x", "Read=true", 800), 800);
    struct bench_reply reply =
        bench_call(&bench, "POST", DOCS "/a/Permissions/y", "Read=true");
    ck_assert_uint_eq(reply.status, 200);
}
END_TEST

/* No rate is published for all of REST; one of one's own is 20429. */
START_TEST(requests_of_an_account_are_counted_only_when_asked)
{
    stop();
    struct syn_service_setup setup = {.limits = SYN_LIMITS_REAL};
    setup.rates[SYN_BUCKET_REST] =
        (struct syn_rate){.rate_per_s = 2, .burst = 4};
    bench_start(&bench, &setup, true);
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(bench_call(&bench, "POST", DOCS, "").status, 201);
    }
    struct bench_reply late =
        bench_call(&bench, "POST", DOCS, "UniqueName=late");
    ck_assert_uint_eq(late.status, 429);
    ck_assert_int_eq(late.code, 20429);
    ck_assert_str_eq(bench_header(&bench, &late, "Retry-After"), "1");
    /* Another account is not blocked by this one. */
    bench.user = OTHER_ACCOUNT;
    bench.password = OTHER_TOKEN;
    ck_assert_uint_eq(bench_call(&bench, "GET", "/v1/Services", NULL).status,
                      200);
    bench.user = BENCH_ACCOUNT;
    bench.password = BENCH_TOKEN;
    advance_ms(1000);
    /* It was not processed. */
    late = bench_call(&bench, "GET", DOCS "/late", NULL);
    ck_assert_uint_eq(late.status, 404);
}
END_TEST

Suite *suite_service_limits(void)
{
    Suite *suite = suite_create("service_limits");
    TCase *tcase = tcase_create("limits");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, writes_stop_after_the_burst_and_refill);
    tcase_add_test(tcase, large_writes_are_two_a_second);
    tcase_add_test(tcase, refused_requests_use_nothing_up);
    tcase_add_test(tcase, reads_and_writes_are_counted_apart);
    tcase_add_test(tcase, creations_are_counted_by_service);
    tcase_add_test(tcase, permissions_are_counted_by_identity);
    tcase_add_test(tcase, requests_of_an_account_are_counted_only_when_asked);
    suite_add_tcase(suite, tcase);
    return suite;
}
