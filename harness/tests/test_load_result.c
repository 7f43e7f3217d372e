/*
 * test_load_result.c - a stress result is joined exactly and survives its file.
 * Layer: tests.
 */
#include "base/rng.h"
#include "load/result.h"
#include "syn/limits.h"
#include "syn/object.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_load_result(void);

#define SHARDS   4
#define VALUES   40000
#define US_PER_S INT64_C(1000000)

static struct syn_load_plan plan_of_tests(void)
{
    struct syn_load_plan plan;
    syn_load_plan_init(&plan, SYN_LOAD_PROFILE_STORM);
    plan.duration_s = 20;
    plan.warmup_s = 2;
    plan.ramp_s = 3;
    plan.seed = UINT64_C(0xfedcba9876543210);
    plan.shards = SHARDS;
    plan.defect = "skip-event";
    return plan;
}

static struct syn_load_result *new_result(const struct syn_load_plan *plan)
{
    struct syn_load_result *result = NULL;
    ck_assert_int_eq(syn_load_result_new(plan, &result), SYN_OK);
    return result;
}

/* One thing of each kind, decided by `i` alone. */
static void record_step(struct syn_load_result *result, struct syn_rng *rng,
                        int i)
{
    int64_t at_us = i * (25 * US_PER_S) / VALUES;
    int64_t latency = (int64_t)syn_rng_below(rng, 1u << (i % 28));
    syn_load_count(result, (enum syn_load_counter)(i % SYN_LOAD_COUNTER_COUNT),
                   (uint64_t)i);
    syn_load_latency(result, (enum syn_load_hist)(i % SYN_LOAD_HIST_COUNT),
                     at_us, latency);
    syn_load_tick(result, (enum syn_load_series)(i % SYN_LOAD_SERIES_COUNT),
                  at_us, 1);
    syn_load_check(result,
                   (enum syn_load_property)(i % SYN_LOAD_PROPERTY_COUNT), 1);
    if (i % 1000 == 0) {
        syn_load_violation(result, SYN_LOAD_PROPERTY_GAP, at_us,
                           "event %d \"is\" missing", i);
    }
}

static struct syn_hist of_a; /* large: kept off the stack of a test */
static struct syn_hist of_b;

static void check_same_finding(const struct syn_load_finding *a,
                               const struct syn_load_finding *b)
{
    ck_assert_uint_eq(a->count, b->count);
    ck_assert_uint_eq(a->checks, b->checks);
    ck_assert_uint_eq(a->sample_count, b->sample_count);
    for (size_t i = 0; i < a->sample_count; i++) {
        ck_assert_int_eq(a->samples[i].at_us, b->samples[i].at_us);
        ck_assert_str_eq(a->samples[i].text, b->samples[i].text);
    }
}

static void check_same(const struct syn_load_result *a,
                       const struct syn_load_result *b)
{
    ck_assert_mem_eq(a->counters, b->counters, sizeof a->counters);
    for (unsigned i = 0; i < SYN_LOAD_HIST_COUNT; i++) {
        ck_assert(syn_hist_is_equal(&a->hists[i], &b->hists[i]));
    }
    ck_assert_uint_eq(a->slot_count, b->slot_count);
    for (size_t i = 0; i < a->slot_count; i++) {
        ck_assert_mem_eq(a->slots[i].counts, b->slots[i].counts,
                         sizeof a->slots[i].counts);
        ck_assert_int_eq(syn_load_slot_delivery(a, i, &of_a),
                         syn_load_slot_delivery(b, i, &of_b));
        ck_assert(syn_hist_is_equal(&of_a, &of_b));
    }
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        check_same_finding(&a->findings[p], &b->findings[p]);
    }
}

static struct syn_load_result *through_file(struct syn_load_result *result)
{
    struct syn_buf text;
    struct syn_load_result *read = NULL;
    char fault[SYN_LOAD_REASON_BYTES] = "";
    syn_buf_init(&text, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    ck_assert_int_eq(syn_load_result_write(&text, result), SYN_OK);
    syn_status st = syn_load_result_read(syn_buf_str(&text), &read, fault);
    ck_assert_msg(st == SYN_OK, "%s", fault);
    syn_buf_fini(&text);
    syn_load_result_free(result);
    return read;
}

/* The whole on one side; four shards, through their files, on the other. */
START_TEST(merge_of_four_shards_equals_one_run_to_the_bucket)
{
    struct syn_load_plan plan = plan_of_tests();
    struct syn_load_result *whole = new_result(&plan);
    struct syn_load_result *shards[SHARDS];
    struct syn_rng rng;
    struct syn_rng same;
    syn_rng_init(&rng, 3, 0);
    syn_rng_init(&same, 3, 0);
    for (unsigned s = 0; s < SHARDS; s++) {
        plan.shard = s + 1;
        shards[s] = new_result(&plan);
    }
    for (int i = 0; i < VALUES; i++) {
        record_step(whole, &rng, i);
        record_step(shards[(i * 7 + i / 9) % SHARDS], &same, i);
    }
    struct syn_load_result *joined = through_file(shards[2]);
    static const unsigned order[] = {0, 3, 1};
    for (unsigned s = 0; s < SHARDS - 1; s++) {
        struct syn_load_result *one = through_file(shards[order[s]]);
        syn_load_result_add(joined, one);
        syn_load_result_free(one);
    }
    check_same(whole, joined);
    ck_assert_uint_gt(whole->findings[SYN_LOAD_PROPERTY_GAP].count,
                      SYN_LOAD_SAMPLES_MAX);
    syn_load_result_free(whole);
    syn_load_result_free(joined);
}
END_TEST

START_TEST(what_stands_beside_the_figures_survives_the_file)
{
    struct syn_load_plan plan = plan_of_tests();
    struct syn_load_result *result = new_result(&plan);
    const char *what = "";
    plan.shard = 3;
    result->begun_ms = 1700000000123;
    result->ran_us = 25 * US_PER_S;
    result->is_cut_short = true;
    result->signal_number = 2;
    syn_load_invalidate(result, "the generator used %d %%", 99);
    syn_load_invalidate(result, "a later reason");
    syn_load_gauge(result, SYN_LOAD_GAUGE_SERVICE_RSS, 5);
    syn_load_gauge(result, SYN_LOAD_GAUGE_SERVICE_RSS, 4);
    result = through_file(result);
    ck_assert_str_eq(result->invalid_reason, "the generator used 99 %");
    ck_assert(result->is_invalid && result->is_cut_short);
    ck_assert_int_eq(result->signal_number, 2);
    ck_assert_int_eq(result->begun_ms, 1700000000123);
    ck_assert_int_eq(result->gauges[SYN_LOAD_GAUGE_SERVICE_RSS], 5);
    ck_assert(syn_load_plan_is_same(&plan, &result->plan, &what));
    ck_assert_uint_eq(result->plan.seed, plan.seed);
    ck_assert_str_eq(result->plan.defect, "skip-event");
    syn_load_result_free(result);
}
END_TEST

START_TEST(ramp_and_warm_up_stay_out_of_the_histograms)
{
    struct syn_load_plan plan = plan_of_tests(); /* measured from 5 s on */
    struct syn_load_result *result = new_result(&plan);
    syn_load_latency(result, SYN_LOAD_HIST_DELIVERY, 5 * US_PER_S - 1, 9000);
    syn_load_latency(result, SYN_LOAD_HIST_CONNECT, 1, 70);
    ck_assert_uint_eq(result->hists[SYN_LOAD_HIST_DELIVERY].count, 0);
    ck_assert_uint_eq(result->hists[SYN_LOAD_HIST_CONNECT].count, 1);
    ck_assert(syn_load_slot_delivery(result, 4, &of_a));
    ck_assert_uint_eq(of_a.count, 1);
    syn_load_latency(result, SYN_LOAD_HIST_DELIVERY, 5 * US_PER_S, 9000);
    ck_assert_uint_eq(result->hists[SYN_LOAD_HIST_DELIVERY].count, 1);
    syn_load_tick(result, SYN_LOAD_SERIES_LATE, -1, 1);
    syn_load_tick(result, SYN_LOAD_SERIES_LATE, 400 * US_PER_S, 2);
    ck_assert_uint_eq(result->slots[0].counts[SYN_LOAD_SERIES_LATE], 1);
    ck_assert_uint_eq(result->slots[24].counts[SYN_LOAD_SERIES_LATE], 2);
    syn_load_result_free(result);
}
END_TEST

/* Late ones come to seconds that were packed long ago; nothing gets lost, and
 * only the seconds written last are large. */
START_TEST(seconds_past_are_small_and_exact)
{
    enum { SECONDS = 3 * SYN_LOAD_SLOTS_OPEN, PACKED_MAX = 1024 };
    static struct syn_hist expected[SECONDS];
    struct syn_load_plan plan = plan_of_tests();
    struct syn_load_result *result = new_result(&plan);
    struct syn_rng rng;
    size_t open = 0;
    syn_rng_init(&rng, 5, 0);
    for (int i = 0; i < VALUES; i++) {
        /* A thousandth of them falls anywhere. */
        const uint64_t at = i % 1000 == 0 ? syn_rng_below(&rng, SECONDS)
                                          : (uint64_t)i * SECONDS / VALUES;
        const int64_t us = (int64_t)syn_rng_below(&rng, 9000);
        syn_hist_record(&expected[at], us);
        syn_load_latency(result, SYN_LOAD_HIST_DELIVERY, (int64_t)at * US_PER_S,
                         us);
    }
    for (size_t i = 0; i < SECONDS; i++) {
        ck_assert(syn_load_slot_delivery(result, i, &of_a));
        ck_assert(syn_hist_is_equal(&of_a, &expected[i]));
        ck_assert_uint_le(result->slots[i].packed_bytes, PACKED_MAX);
        open += result->slots[i].is_open;
    }
    ck_assert_uint_le(open, SYN_LOAD_SLOTS_OPEN);
    ck_assert(!syn_load_slot_delivery(result, SECONDS, &of_a));
    ck_assert_uint_eq(of_a.count, 0);
    syn_load_result_free(result);
}
END_TEST

START_TEST(gauges_are_joined_by_sum_or_by_the_largest)
{
    struct syn_load_plan plan = plan_of_tests();
    struct syn_load_result *a = new_result(&plan);
    struct syn_load_result *b = new_result(&plan);
    syn_load_gauge(a, SYN_LOAD_GAUGE_SESSIONS_PEAK, 10);
    syn_load_gauge(b, SYN_LOAD_GAUGE_SESSIONS_PEAK, 7);
    syn_load_gauge(a, SYN_LOAD_GAUGE_GENERATOR_CPU, 40);
    syn_load_gauge(b, SYN_LOAD_GAUGE_GENERATOR_CPU, 90);
    syn_load_invalidate(b, "busy");
    b->begun_ms = 5;
    syn_load_result_add(a, b);
    ck_assert_int_eq(a->gauges[SYN_LOAD_GAUGE_SESSIONS_PEAK], 17);
    ck_assert_int_eq(a->gauges[SYN_LOAD_GAUGE_GENERATOR_CPU], 90);
    ck_assert(a->is_invalid);
    ck_assert_str_eq(a->invalid_reason, "busy");
    ck_assert_int_eq(a->begun_ms, 5);
    syn_load_result_free(a);
    syn_load_result_free(b);
}
END_TEST

START_TEST(long_runs_have_wider_slots_within_the_bound)
{
    struct syn_load_plan plan = plan_of_tests();
    plan.duration_s = SYN_LOAD_SECONDS_MAX;
    struct syn_load_result *result = new_result(&plan);
    ck_assert_uint_gt(result->slot_s, 1);
    ck_assert_uint_le(result->slot_count, SYN_LOAD_SLOTS_MAX);
    ck_assert_int_ge((int64_t)result->slot_s * (int64_t)result->slot_count *
                         US_PER_S,
                     syn_load_plan_end_us(&plan));
    syn_load_result_free(result);
}
END_TEST

START_TEST(plans_that_differ_are_named_by_the_field)
{
    struct syn_load_plan a = plan_of_tests();
    struct syn_load_plan b = a;
    const char *what = "";
    b.shard = 2;
    ck_assert(syn_load_plan_is_same(&a, &b, &what));
    b.start_ms = 77;
    ck_assert(!syn_load_plan_is_same(&a, &b, &what));
    ck_assert_str_eq(what, "start_ms");
    b = a;
    b.target = "dev";
    ck_assert(!syn_load_plan_is_same(&a, &b, &what));
    ck_assert_str_eq(what, "target");
    b = a;
    b.mix.write++;
    ck_assert(!syn_load_plan_is_same(&a, &b, &what));
    ck_assert_str_eq(what, "mix_write");
    b = a;
    b.seed++;
    ck_assert(!syn_load_plan_is_same(&a, &b, &what));
    ck_assert_str_eq(what, "seed");
    b = a;
    b.defect = NULL;
    ck_assert(!syn_load_plan_is_same(&a, &b, &what));
    ck_assert_str_eq(what, "defect");
}
END_TEST

START_TEST(shares_differ_by_one_at_most_and_add_up)
{
    for (uint32_t total = 0; total < 40; total++) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < 7; i++) {
            uint32_t share = syn_load_plan_share(total, i, 7);
            ck_assert(share == total / 7 || share == total / 7 + 1);
            sum += share;
        }
        ck_assert_uint_eq(sum, total);
    }
}
END_TEST

/* What is replaced, by what, and what the refusal must name. */
static const struct {
    const char *from;
    const char *to;
    const char *named;
} spoils[] = {
    {"\"stress\":1", "\"stress\":2", "stress"},
    {"\"profile\":\"storm\"", "\"profile\":\"gale\"", "plan"},
    {"\"shard\":1,", "\"shard\":9,", "plan"},
    {"\"connect.tried\":", "\"connect.tired\":", "connect.tried"},
    {"\"session.peak\":0", "\"session.peak\":-1", "session.peak"},
    {"\"slot_s\":1", "\"slot_s\":2", "slot_s"},
    {"\"hdr\":\"HISTFAAA", "\"hdr\":\"HISTFAAB", "connect"},
    {"\"count\":0,\"min_us\"", "\"count\":1,\"min_us\"", "connect"},
    {"\"gap\":", "\"gaps\":", "gap"},
    {"\"series\":[", "\"series\":[{\"t\":25},", "t"},
    {"{\"stress\"", "[\"stress\"", "not JSON"},
};

START_TEST(spoilt_file_is_refused_by_name)
{
    struct syn_load_plan plan = plan_of_tests();
    struct syn_load_result *result = new_result(&plan);
    struct syn_load_result *read = NULL;
    struct syn_buf text;
    struct syn_buf spoilt;
    char fault[SYN_LOAD_REASON_BYTES] = "";
    syn_buf_init(&text, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    syn_buf_init(&spoilt, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    ck_assert_int_eq(syn_load_result_write(&text, result), SYN_OK);
    syn_buf_put_byte(&text, '\0');
    const char *at = strstr(text.at, spoils[_i].from);
    ck_assert_ptr_nonnull(at);
    syn_buf_put(&spoilt, (struct syn_str){text.at, (size_t)(at - text.at)});
    syn_buf_put_text(&spoilt, spoils[_i].to);
    syn_buf_put_text(&spoilt, at + strlen(spoils[_i].from));
    ck_assert_int_eq(syn_load_result_read(syn_buf_str(&spoilt), &read, fault),
                     SYN_ERR_PARSE);
    ck_assert_msg(strstr(fault, spoils[_i].named) != NULL, "%s", fault);
    ck_assert_ptr_null(read);
    syn_buf_fini(&text);
    syn_buf_fini(&spoilt);
    syn_load_result_free(result);
}
END_TEST

Suite *suite_load_result(void)
{
    Suite *suite = suite_create("load_result");
    TCase *joins = tcase_create("joins");
    tcase_add_test(joins, merge_of_four_shards_equals_one_run_to_the_bucket);
    tcase_add_test(joins, what_stands_beside_the_figures_survives_the_file);
    tcase_add_test(joins, gauges_are_joined_by_sum_or_by_the_largest);
    tcase_add_test(joins, plans_that_differ_are_named_by_the_field);
    tcase_add_test(joins, shares_differ_by_one_at_most_and_add_up);
    tcase_add_loop_test(joins, spoilt_file_is_refused_by_name, 0,
                        (int)(sizeof spoils / sizeof spoils[0]));
    suite_add_tcase(suite, joins);
    TCase *records = tcase_create("records");
    tcase_add_test(records, ramp_and_warm_up_stay_out_of_the_histograms);
    tcase_add_test(records, seconds_past_are_small_and_exact);
    tcase_add_test(records, long_runs_have_wider_slots_within_the_bound);
    suite_add_tcase(suite, records);
    return suite;
}
