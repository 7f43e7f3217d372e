/*
 * test_load_metric.c - figures by name, thresholds with units.
 * Layer: tests.
 */
#include "load/metric.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_load_metric(void);

#define US_PER_S     INT64_C(1000000)
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Ten measured seconds from second 5 on, with round figures. */
static struct syn_load_result *new_result(void)
{
    struct syn_load_result *result = NULL;
    struct syn_load_plan plan;
    syn_load_plan_init(&plan, SYN_LOAD_PROFILE_STEADY);
    plan.ramp_s = 5;
    plan.warmup_s = 0;
    plan.duration_s = 10;
    ck_assert_int_eq(syn_load_result_new(&plan, &result), SYN_OK);
    for (int64_t i = 1; i <= 100; i++) {
        syn_load_latency(result, SYN_LOAD_HIST_REVOKE, 6 * US_PER_S, i);
    }
    syn_load_tick(result, SYN_LOAD_SERIES_ACHIEVED, 0, 5000); /* the ramp */
    syn_load_tick(result, SYN_LOAD_SERIES_ACHIEVED, 7 * US_PER_S, 300);
    syn_load_tick(result, SYN_LOAD_SERIES_ACHIEVED, 8 * US_PER_S, 200);
    syn_load_count(result, SYN_LOAD_SENDS_DUE, 400);
    syn_load_count(result, SYN_LOAD_SENDS_DROPPED, 1);
    syn_load_gauge(result, SYN_LOAD_GAUGE_SERVICE_RSS, 2500000);
    syn_load_check(result, SYN_LOAD_PROPERTY_GAP, 9);
    syn_load_violation(result, SYN_LOAD_PROPERTY_GAP, 1, "lost");
    return result;
}

static const struct {
    const char *name;
    double value;
    const char *text;
} figures[] = {
    {"revoke.latency.p99", 99, "0.10 ms"},
    {"revoke.latency.p50", 50, "0.05 ms"},
    {"revoke.latency.p99.9", 100, "0.10 ms"},
    {"revoke.latency.min", 1, "0.00 ms"},
    {"revoke.latency.max", 100, "0.10 ms"},
    {"revoke.latency.count", 100, "100"},
    {"achieved.rate", 50, "50.00/s"},
    {"achieved.peak", 5000, "5000.00/s"},
    {"send.due", 400, "400"},
    {"send.dropped.share", 0.25, "0.25 %"},
    {"service.rss", 2500000, "2.50 MB"},
    {"oracle.gap", 1, "1"},
    {"oracle.violations", 1, "1"},
};

START_TEST(figure_has_its_value_and_text)
{
    struct syn_load_result *result = new_result();
    struct syn_load_metric metric;
    char text[SYN_LOAD_VALUE_BYTES];
    double value = -1;
    ck_assert(syn_load_metric_find(syn_str_of(figures[_i].name), &metric));
    ck_assert(syn_load_metric_value(&metric, result, &value));
    ck_assert_double_eq_tol(value, figures[_i].value, 1e-9);
    syn_load_value_text(metric.unit, value, text);
    ck_assert_str_eq(text, figures[_i].text);
    syn_load_result_free(result);
}
END_TEST

static const char *const strangers[] = {
    "",
    "revoke",
    "revoke.latency",
    "achieved",
    "revoke.p99",
    "delivery.p",
    "delivery.p101",
    "delivery.p99.",
    "send.duex",
    "delivery.p99.9999",
    "delivery.p-1",
    "oracle.gaps",
    "achieved.p99",
    "delivery.rate",
    "send.dropped.shares",
    "delivery.p1e1",
};

START_TEST(name_of_no_metric_is_refused)
{
    struct syn_load_metric metric;
    ck_assert(!syn_load_metric_find(syn_str_of(strangers[_i]), &metric));
}
END_TEST

START_TEST(figure_without_a_sample_is_unknown)
{
    static const char *const empty[] = {"delivery.p99", "delivery.max",
                                        "backoff.kept.share", "generator.rss",
                                        "oracle.duplicate"};
    struct syn_load_result *result = new_result();
    for (size_t i = 0; i < COUNT(empty); i++) {
        struct syn_load_metric metric;
        double value = 0;
        ck_assert(syn_load_metric_find(syn_str_of(empty[i]), &metric));
        ck_assert_msg(!syn_load_metric_value(&metric, result, &value), "%s",
                      empty[i]);
    }
    syn_load_result_free(result);
}
END_TEST

static const struct {
    const char *text;
    enum syn_load_judgement judgement;
} thresholds[] = {
    {"revoke.latency.p99<100us", SYN_LOAD_KEPT},
    {"revoke.latency.p99<99us", SYN_LOAD_MISSED},
    {"revoke.latency.p99<=99us", SYN_LOAD_KEPT},
    {"revoke.latency.p99 < 0.1 ms", SYN_LOAD_KEPT},
    {"revoke.latency.p99<0.000098s", SYN_LOAD_MISSED},
    {"revoke.latency.max<1min", SYN_LOAD_KEPT},
    {"achieved.rate>=50/s", SYN_LOAD_KEPT},
    {"achieved.rate>50", SYN_LOAD_MISSED},
    {"send.dropped.share<0.5%", SYN_LOAD_KEPT},
    {"send.dropped.share<0.25%", SYN_LOAD_MISSED},
    {"send.dropped==1", SYN_LOAD_KEPT},
    {"send.dropped==2", SYN_LOAD_MISSED},
    {"service.rss<2.5MB", SYN_LOAD_MISSED},
    {"service.rss<2.5MiB", SYN_LOAD_KEPT},
    {"service.rss>2KB", SYN_LOAD_KEPT},
    {"delivery.p99<1s", SYN_LOAD_UNKNOWN},
};

START_TEST(threshold_is_judged_in_its_unit)
{
    struct syn_load_result *result = new_result();
    struct syn_load_threshold threshold;
    char fault[SYN_LOAD_FAULT_BYTES] = "";
    double value = 0;
    syn_status st =
        syn_load_threshold_read(thresholds[_i].text, &threshold, fault);
    ck_assert_msg(st == SYN_OK, "%s", fault);
    ck_assert_int_eq(syn_load_threshold_judge(&threshold, result, &value),
                     thresholds[_i].judgement);
    syn_load_result_free(result);
}
END_TEST

static const struct {
    const char *text;
    const char *named;
} wrongs[] = {
    {"revoke.latency.p99", "compares nothing"},
    {"speed<1s", "no metric \"speed\""},
    {"delivery.p99<1", "us, ms, s or min"},
    {"delivery.p99<1 parsec", "us, ms, s or min"},
    {"delivery.p99<", "is no limit"},
    {"delivery.p99<-1s", "is no limit"},
    {"delivery.p99<1e3s", "is no limit"},
    {"delivery.p99<1.s", "is no limit"},
    {"delivery.p99<.5s", "is no limit"},
    {"delivery.p99<0x10s", "is no limit"},
    {"delivery.p99=<1s", "no metric"},
    {"send.dropped<1s", "no unit"},
    {"send.dropped.share<1", "%"},
    {"send.dropped<1234567890123456", "is no limit"},
};

START_TEST(wrong_threshold_is_refused_with_its_reason)
{
    struct syn_load_threshold threshold;
    char fault[SYN_LOAD_FAULT_BYTES] = "";
    ck_assert_int_eq(
        syn_load_threshold_read(wrongs[_i].text, &threshold, fault),
        SYN_ERR_CONFIG);
    ck_assert_msg(strstr(fault, wrongs[_i].named) != NULL, "%s", fault);
}
END_TEST

/* What the list shows is what is found: a name, with each of its endings. */
START_TEST(every_listed_name_is_a_metric)
{
    char line[SYN_LOAD_NAME_BYTES];
    const char *what = NULL;
    size_t count = 0;
    while (syn_load_metric_list(count, line, &what)) {
        char name[SYN_LOAD_NAME_BYTES];
        struct syn_load_metric metric;
        (void)snprintf(name, sizeof name, "%s", line);
        name[strcspn(name, "|")] = '\0';
        ck_assert_msg(syn_load_metric_find(syn_str_of(name), &metric), "%s",
                      name);
        ck_assert(what != NULL && what[0] != '\0');
        count++;
    }
    ck_assert_uint_gt(count, SYN_LOAD_COUNTER_COUNT + SYN_LOAD_HIST_COUNT);
}
END_TEST

Suite *suite_load_metric(void)
{
    Suite *suite = suite_create("load_metric");
    TCase *names = tcase_create("names");
    tcase_add_loop_test(names, figure_has_its_value_and_text, 0,
                        (int)COUNT(figures));
    tcase_add_loop_test(names, name_of_no_metric_is_refused, 0,
                        (int)COUNT(strangers));
    tcase_add_test(names, figure_without_a_sample_is_unknown);
    tcase_add_test(names, every_listed_name_is_a_metric);
    suite_add_tcase(suite, names);
    TCase *limits = tcase_create("thresholds");
    tcase_add_loop_test(limits, threshold_is_judged_in_its_unit, 0,
                        (int)COUNT(thresholds));
    tcase_add_loop_test(limits, wrong_threshold_is_refused_with_its_reason, 0,
                        (int)COUNT(wrongs));
    suite_add_tcase(suite, limits);
    return suite;
}
