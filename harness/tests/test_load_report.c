/*
 * test_load_report.c - verdicts, exit codes and pages of a stress result.
 * Layer: tests.
 */
#include "load/plot.h"
#include "load/report.h"
#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *suite_load_report(void);

#define US_PER_S      INT64_C(1000000)
#define COUNT(table)  (sizeof(table) / sizeof(table)[0])
#define PATH_BYTES    256
#define FOLDER_FORMAT "%s/syn-load-report-XXXXXX"

/* A sound run of a storm: every property was held against something. */
static struct syn_load_result *new_result(uint32_t duration_s)
{
    struct syn_load_result *result = NULL;
    struct syn_load_plan plan;
    syn_load_plan_init(&plan, SYN_LOAD_PROFILE_STORM);
    plan.duration_s = duration_s;
    plan.seed = 5;
    ck_assert_int_eq(syn_load_result_new(&plan, &result), SYN_OK);
    result->begun_ms = INT64_C(1795289600123);
    result->ran_us = syn_load_plan_end_us(&plan);
    syn_load_count(result, SYN_LOAD_SESSIONS_READY, plan.clients);
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        syn_load_check(result, (enum syn_load_property)p, 10);
    }
    for (int64_t at = 0; at < result->ran_us; at += US_PER_S / 10) {
        syn_load_latency(result, SYN_LOAD_HIST_DELIVERY, at, 1000 + at % 7919);
        syn_load_tick(result, SYN_LOAD_SERIES_OFFERED, at, 7);
    }
    return result;
}

/* --- verdicts -------------------------------------------------------------
 */

static const struct syn_result *find_case(struct syn_arena *arena,
                                          const struct syn_load_result *result,
                                          const char *threshold, const char *id)
{
    struct syn_load_threshold read;
    char fault[SYN_LOAD_FAULT_BYTES] = "";
    struct syn_load_report_options options = {.thresholds = &read};
    size_t count = 0;
    if (threshold != NULL) {
        ck_assert_int_eq(syn_load_threshold_read(threshold, &read, fault),
                         SYN_OK);
        options.threshold_count = 1;
    }
    const struct syn_result *cases =
        syn_load_cases(arena, &options, result, &count);
    ck_assert_ptr_nonnull(cases);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(cases[i].id, id) == 0) {
            return &cases[i];
        }
    }
    ck_abort_msg("no case %s", id);
    return NULL;
}

static void spoil_gap(struct syn_load_result *result)
{
    syn_load_violation(result, SYN_LOAD_PROPERTY_GAP, 1500000,
                       "<b>s7</b> heard 3, then 5");
}

static void empty_gap(struct syn_load_result *result)
{
    result->findings[SYN_LOAD_PROPERTY_GAP].checks = 0;
}

static void empty_expiry(struct syn_load_result *result)
{
    result->findings[SYN_LOAD_PROPERTY_AFTER_EXPIRY].checks = 0;
}

static void cut_short(struct syn_load_result *result)
{
    result->is_cut_short = true;
    result->signal_number = 2;
    result->counters[SYN_LOAD_SESSIONS_READY] = 1;
    empty_gap(result);
}

static void overload(struct syn_load_result *result)
{
    syn_load_invalidate(result, "a worker used 99 %% of its core");
}

static void miss_sessions(struct syn_load_result *result)
{
    result->counters[SYN_LOAD_SESSIONS_READY]--;
}

static void ignore_rogues(struct syn_load_result *result)
{
    result->counters[SYN_LOAD_SESSIONS_READY] -= 5;
    syn_load_count(result, SYN_LOAD_ROGUES, 5);
}

static void leave(struct syn_load_result *result)
{
    (void)result;
}

static const struct {
    void (*change)(struct syn_load_result *result);
    const char *threshold;
    const char *id;
    enum syn_verdict verdict;
    const char *reason;
} verdicts[] = {
    {leave, NULL, "stress/oracle/gap", SYN_VERDICT_PASS, "0 violations in 10"},
    {spoil_gap, NULL, "stress/oracle/gap", SYN_VERDICT_FAIL,
     "1 violation in 10"},
    {spoil_gap, NULL, "stress/oracle/duplicate", SYN_VERDICT_PASS, ""},
    {empty_gap, NULL, "stress/oracle/gap", SYN_VERDICT_INCONCLUSIVE,
     "nothing came"},
    {empty_expiry, NULL, "stress/oracle/event-after-expiry",
     SYN_VERDICT_SKIPPED, "nothing of the kind"},
    {cut_short, NULL, "stress/oracle/gap", SYN_VERDICT_SKIPPED, ""},
    {cut_short, NULL, "stress/run/sessions", SYN_VERDICT_SKIPPED, "1 ready"},
    {overload, NULL, "stress/run/generator", SYN_VERDICT_INCONCLUSIVE,
     "99 % of its core"},
    {overload, NULL, "stress/oracle/gap", SYN_VERDICT_PASS, ""},
    {leave, NULL, "stress/run/generator", SYN_VERDICT_PASS, ""},
    {miss_sessions, NULL, "stress/run/sessions", SYN_VERDICT_INCONCLUSIVE,
     "99 ready of 100"},
    {ignore_rogues, NULL, "stress/run/sessions", SYN_VERDICT_PASS,
     "95 ready of 95"},
    {leave, "delivery.max<=1s", "stress/threshold/delivery-max-at-most-1s",
     SYN_VERDICT_PASS, "measured 8"},
    {leave, "delivery.p99.9 < 1.5ms",
     "stress/threshold/delivery-p99-9-below-1-5ms", SYN_VERDICT_FAIL,
     "measured 8"},
    {overload, "delivery.max<1us", "stress/threshold/delivery-max-below-1us",
     SYN_VERDICT_INCONCLUSIVE, "the run is invalid"},
    {leave, "revoke.latency.p99<1s",
     "stress/threshold/revoke-latency-p99-below-1s", SYN_VERDICT_INCONCLUSIVE,
     "no sample"},
    {leave, "service.rss>=1MB", "stress/threshold/service-rss-at-least-1mb",
     SYN_VERDICT_INCONCLUSIVE, "no sample"},
};

START_TEST(case_has_the_verdict_that_the_result_deserves)
{
    struct syn_arena arena;
    struct syn_load_result *result = new_result(20);
    syn_arena_init(&arena, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    verdicts[_i].change(result);
    const struct syn_result *one =
        find_case(&arena, result, verdicts[_i].threshold, verdicts[_i].id);
    ck_assert_int_eq(one->verdict, verdicts[_i].verdict);
    ck_assert_msg(syn_str_has(one->reason, syn_str_of(verdicts[_i].reason)),
                  "%.*s", SYN_STR_ARG(one->reason));
    ck_assert_int_eq(one->is_threshold, verdicts[_i].threshold != NULL);
    syn_load_result_free(result);
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(failure_carries_evidence_clauses_and_its_command)
{
    struct syn_arena arena;
    struct syn_load_result *result = new_result(20);
    syn_arena_init(&arena, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    spoil_gap(result);
    const struct syn_result *one =
        find_case(&arena, result, NULL, "stress/oracle/gap");
    ck_assert(
        syn_str_is(one->evidence, "at 1.500000 s: <b>s7</b> heard 3, then 5"));
    ck_assert_uint_eq(one->clause_count, 1);
    ck_assert_str_eq(one->clauses[0].id, "SDK-12");
    ck_assert_ptr_nonnull(strstr(one->command, "stress storm --clients 100"));
    ck_assert_ptr_nonnull(strstr(one->command, "--seed 0x5"));
    syn_load_result_free(result);
    syn_arena_fini(&arena);
}
END_TEST

/* --- exit codes and files -------------------------------------------------
 */

static void fall_over(struct syn_load_result *result)
{
    (void)snprintf(result->fault, sizeof result->fault, "no descriptors");
}

static void lose_target(struct syn_load_result *result)
{
    (void)snprintf(result->unreachable, sizeof result->unreachable, "refused");
}

static void spoil_and_cut(struct syn_load_result *result)
{
    spoil_gap(result);
    cut_short(result);
}

#define KEPT   "delivery.p99<1s"
#define MISSED "delivery.p99<1us"

static const struct {
    void (*change)(struct syn_load_result *result);
    const char *threshold;
    int code;
} ends[] = {
    {leave, KEPT, SYN_EXIT_PASSED},
    {leave, MISSED, SYN_EXIT_SLOW},
    {spoil_gap, MISSED, SYN_EXIT_FAILED}, /* the first that applies */
    {spoil_gap, KEPT, SYN_EXIT_FAILED},
    {fall_over, MISSED, SYN_EXIT_HARNESS},
    {lose_target, MISSED, SYN_EXIT_UNREACHABLE},
    {cut_short, MISSED, SYN_EXIT_SIGNAL + 2},
    {spoil_and_cut, MISSED, SYN_EXIT_FAILED},
    {overload, MISSED, SYN_EXIT_VACUOUS},
    {miss_sessions, KEPT, SYN_EXIT_VACUOUS},
    {leave, "revoke.latency.p99<1s", SYN_EXIT_VACUOUS},
};

static const char *make_folder(char folder[PATH_BYTES])
{
    const char *root = getenv("TMPDIR");
    (void)snprintf(folder, PATH_BYTES, FOLDER_FORMAT,
                   root == NULL ? "/tmp" : root);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    return folder;
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"junit.xml",   "run.json",
                                        "stress.json", "latency.hlog",
                                        "a.html",      "a.md"};
    char path[PATH_BYTES * 2];
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        ck_assert_msg(unlink(path) == 0, "%s was not written", path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(exit_code_is_the_first_that_applies)
{
    char folder[PATH_BYTES];
    char html[PATH_BYTES * 2];
    char markdown[PATH_BYTES * 2];
    char fault[SYN_LOAD_FAULT_BYTES] = "";
    struct syn_load_threshold threshold;
    struct syn_load_result *result = new_result(20);
    (void)snprintf(html, sizeof html, "%s/a.html", make_folder(folder));
    (void)snprintf(markdown, sizeof markdown, "%s/a.md", folder);
    struct syn_runner_options runner = {.verb = "stress",
                                        .version = "0",
                                        .build = "test",
                                        .out_dir = folder,
                                        .html_path = html,
                                        .markdown_path = markdown,
                                        .style = {.is_quiet = true}};
    struct syn_load_report_options options = {
        .runner = &runner, .thresholds = &threshold, .threshold_count = 1};
    ck_assert_int_eq(
        syn_load_threshold_read(ends[_i].threshold, &threshold, fault), SYN_OK);
    ends[_i].change(result);
    ck_assert_int_eq(syn_load_report_write(&options, result), ends[_i].code);
    remove_folder(folder);
    syn_load_result_free(result);
}
END_TEST

/* --- pages ----------------------------------------------------------------
 */

static void put_page(struct syn_buf *page, struct syn_arena *arena,
                     const struct syn_load_result *result)
{
    struct syn_load_report_options options = {.thresholds = NULL};
    struct syn_report report = {
        .target = "embedded", .build = "test", .exit_reason = "1 <failure>"};
    report.results =
        syn_load_cases(arena, &options, result, &report.result_count);
    syn_load_page_put(page, &report, result);
    ck_assert_int_eq(page->status, SYN_OK);
    syn_buf_put_byte(page, '\0');
}

START_TEST(page_has_plots_and_needs_nothing_else)
{
    struct syn_arena arena;
    struct syn_buf page;
    struct syn_load_result *result = new_result(20);
    syn_arena_init(&arena, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    syn_buf_init(&page, NULL, SYN_HTML_BYTES_MAX);
    spoil_gap(result);
    put_page(&page, &arena, result);
    ck_assert_ptr_nonnull(strstr(page.at, "Delivery latency"));
    ck_assert_ptr_nonnull(strstr(page.at, "<path stroke"));
    ck_assert_ptr_nonnull(strstr(page.at, "&lt;b&gt;s7&lt;/b&gt; heard"));
    ck_assert_ptr_null(strstr(page.at, "<b>s7"));
    ck_assert_ptr_null(strstr(page.at, "Revocations")); /* there were none */
    static const char *const foreign[] = {
        "http:", "https:", "src=", "<script", "@import", "url("};
    for (size_t i = 0; i < COUNT(foreign); i++) {
        ck_assert_msg(strstr(page.at, foreign[i]) == NULL, "%s", foreign[i]);
    }
    syn_load_result_free(result);
    syn_buf_fini(&page);
    syn_arena_fini(&arena);
}
END_TEST

/* Every slot is a point of the curve, and one without deliveries breaks it. */
START_TEST(plot_draws_what_was_measured_and_no_more)
{
    struct syn_buf out;
    struct syn_load_result *result = new_result(20);
    static const struct syn_load_chart chart = {
        "x", "ms", true, {{"p50", "#000", true, 0, 50}}};
    syn_hist_init(syn_load_slot_open(result, 9));
    ck_assert_double_lt(syn_load_curve_value(&chart.curves[0], result, 9), 0);
    syn_buf_init(&out, NULL, SYN_HTML_BYTES_MAX);
    syn_load_plot_put(&out, &chart, result);
    syn_buf_put_byte(&out, '\0');
    const char *path = strstr(out.at, " d=\"");
    ck_assert_ptr_nonnull(path);
    size_t moves = 0;
    size_t points = 0;
    for (const char *at = path + 4; *at != '"'; at++) {
        moves += *at == 'M' ? 1 : 0;
        points += *at == 'M' || *at == 'L' ? 1 : 0;
    }
    ck_assert_uint_eq(moves, 2);
    ck_assert_uint_eq(points, result->slot_count - 1);
    syn_buf_fini(&out);
    syn_load_result_free(result);
}
END_TEST

START_TEST(longest_run_makes_a_page_within_its_bound)
{
    struct syn_arena arena;
    struct syn_buf page;
    struct syn_load_result *result = new_result(36000);
    syn_arena_init(&arena, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    syn_buf_init(&page, NULL, SYN_HTML_BYTES_MAX);
    for (size_t i = 0; i < result->slot_count; i++) {
        for (unsigned s = 0; s < SYN_LOAD_SERIES_COUNT; s++) {
            result->slots[i].counts[s] = i * s + 1;
        }
    }
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        for (int i = 0; i < 100; i++) {
            syn_load_violation(result, (enum syn_load_property)p, i, "%1900d",
                               i);
        }
    }
    put_page(&page, &arena, result);
    ck_assert_uint_gt(result->slot_count, 800);
    syn_load_result_free(result);
    syn_buf_fini(&page);
    syn_arena_fini(&arena);
}
END_TEST

/* Reads the log as a tool would: by line, by comma. */
START_TEST(log_joins_to_the_histogram_it_was_cut_from)
{
    static struct syn_hist sum;
    static struct syn_hist one;
    struct syn_buf log;
    struct syn_load_result *result = new_result(20);
    size_t lines = 0;
    syn_hist_init(&sum);
    syn_buf_init(&log, NULL, SYN_LOAD_RESULT_BYTES_MAX);
    ck_assert_int_eq(syn_load_hlog_put(&log, result), SYN_OK);
    syn_buf_put_byte(&log, '\0');
    ck_assert_ptr_nonnull(
        strstr(log.at, "\n#[Histogram log format version 1.3]\n"));
    ck_assert_ptr_nonnull(strstr(log.at, "\n#[StartTime: 1795289600.123 (sec"));
    for (const char *at = strstr(log.at, "\nTag=delivery,"); at != NULL;
         at = strstr(at + 1, "\nTag=delivery,")) {
        const char *end = strchr(at + 1, '\n');
        const char *form = end;
        while (form[-1] != ',') {
            form--;
        }
        ck_assert_int_eq(
            syn_hist_decode(&one, (struct syn_str){form, (size_t)(end - form)}),
            SYN_OK);
        syn_hist_add(&sum, &one);
        lines++;
    }
    ck_assert_uint_eq(lines, 20);
    ck_assert_mem_eq(sum.counts, result->hists[SYN_LOAD_HIST_DELIVERY].counts,
                     sizeof sum.counts);
    syn_buf_fini(&log);
    syn_load_result_free(result);
}
END_TEST

Suite *suite_load_report(void)
{
    Suite *suite = suite_create("load_report");
    TCase *cases = tcase_create("cases");
    tcase_add_loop_test(cases, case_has_the_verdict_that_the_result_deserves, 0,
                        (int)COUNT(verdicts));
    tcase_add_test(cases, failure_carries_evidence_clauses_and_its_command);
    tcase_add_loop_test(cases, exit_code_is_the_first_that_applies, 0,
                        (int)COUNT(ends));
    suite_add_tcase(suite, cases);
    TCase *pages = tcase_create("pages");
    tcase_add_test(pages, page_has_plots_and_needs_nothing_else);
    tcase_add_test(pages, plot_draws_what_was_measured_and_no_more);
    tcase_add_test(pages, longest_run_makes_a_page_within_its_bound);
    tcase_add_test(pages, log_joins_to_the_histogram_it_was_cut_from);
    suite_add_tcase(suite, pages);
    return suite;
}
