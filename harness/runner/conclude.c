/*
 * conclude.c - coverage, exit code, reports.
 * Layer: runner. Threads: the main process.
 * Source: design sections 3 and 7.
 */
#include "base/buf.h"
#include "base/log.h"
#include "report/file.h"
#include "report/html.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/markdown.h"
#include "report/text.h"
#include "runner/clause.h"
#include "runner/runner_impl.h"
#include "syn/limits.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define JSON_BYTES_MAX (64u * SYN_REPORT_FILE_BYTES_MAX)
#define TEXT_BYTES_MAX 1048576

/* --- coverage -------------------------------------------------------------
 */

/* A verdict about the target; skipped, inconclusive and error are none. */
static bool is_judged(enum syn_verdict verdict)
{
    return verdict == SYN_VERDICT_PASS || verdict == SYN_VERDICT_FAIL ||
           verdict == SYN_VERDICT_WARNING || verdict == SYN_VERDICT_INFO ||
           verdict == SYN_VERDICT_XFAIL || verdict == SYN_VERDICT_XPASS;
}

static void mark_clauses(const struct syn_result *result, bool *is_marked)
{
    for (size_t i = 0; i < result->clause_count; i++) {
        const struct syn_clause *clause =
            syn_clause_find(syn_str_of(result->clauses[i].id));
        if (clause != NULL) {
            is_marked[clause - syn_clauses] = true;
        }
    }
}

/* "ACL" of "ACL-21"; made when it is new. */
static struct syn_family *family_of(struct syn_report *report, const char *id)
{
    const size_t bytes = strcspn(id, "-");
    size_t i = 0;
    SYN_ASSERT(bytes < SYN_FAMILY_BYTES);
    while (i < report->family_count &&
           (strncmp(report->families[i].name, id, bytes) != 0 ||
            report->families[i].name[bytes] != '\0')) {
        i++;
    }
    if (i == report->family_count) {
        SYN_ASSERT(i < SYN_FAMILIES_MAX);
        report->families[i] = (struct syn_family){.total = 0};
        memcpy(report->families[i].name, id, bytes);
        report->family_count++;
    }
    return &report->families[i];
}

static void cover_families(struct syn_report *report, const bool *is_marked)
{
    report->family_count = 0;
    for (size_t i = 0; i < syn_clause_count; i++) {
        if (syn_clauses[i].subject == SYN_SUBJECT_SERVICE) {
            struct syn_family *family = family_of(report, syn_clauses[i].id);
            family->total++;
            family->judged += is_marked[i] ? 1 : 0;
        }
    }
}

void syn_runner_cover(struct syn_runner *runner)
{
    struct syn_report *report = &runner->report;
    size_t cell_count = (size_t)SYN_SUBJECT_COUNT * SYN_LEVEL_COUNT;
    struct syn_coverage *cells =
        syn_arena_array(&runner->arena, cell_count, sizeof *cells);
    bool *is_marked = syn_arena_array(&runner->arena, syn_clause_count + 1,
                                      sizeof *is_marked);
    SYN_ASSERT(cells != NULL && is_marked != NULL);
    for (size_t i = 0; i < report->result_count; i++) {
        if (is_judged(report->results[i].verdict)) {
            mark_clauses(&report->results[i], is_marked);
        }
    }
    for (size_t i = 0; i < cell_count; i++) {
        cells[i].subject = (enum syn_subject)(i / SYN_LEVEL_COUNT);
        cells[i].level = (enum syn_level)(i % SYN_LEVEL_COUNT);
    }
    for (size_t i = 0; i < syn_clause_count; i++) {
        struct syn_coverage *cell =
            &cells[(size_t)syn_clauses[i].subject * SYN_LEVEL_COUNT +
                   (size_t)syn_clauses[i].level];
        cell->total++;
        cell->judged += is_marked[i] ? 1 : 0;
    }
    cover_families(report, is_marked);
    report->coverage = cells;
    report->coverage_count = cell_count;
}

/* --- the exit code --------------------------------------------------------
 */

static void set_reason(struct syn_runner *runner, const char *format, ...)
    SYN_PRINTF(2, 3);

static void set_reason(struct syn_runner *runner, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(runner->reason, sizeof runner->reason, format, args);
    va_end(args);
}

static size_t count_missed(const struct syn_report *report)
{
    size_t missed = 0;
    for (size_t i = 0; i < report->result_count; i++) {
        missed += report->results[i].is_threshold &&
                          report->results[i].verdict == SYN_VERDICT_FAIL
                      ? 1
                      : 0;
    }
    return missed;
}

/* Each returns the code that applies, or -1. */

static int conclude_failed(struct syn_runner *runner)
{
    const struct syn_report *report = &runner->report;
    size_t failed =
        syn_report_count(report, SYN_VERDICT_FAIL) - count_missed(report);
    size_t warned =
        report->is_strict ? syn_report_count(report, SYN_VERDICT_WARNING) : 0;
    if (runner->survivors[0] != '\0') {
        set_reason(runner, "%s", runner->survivors);
        return SYN_EXIT_FAILED;
    }
    if (failed > 0) {
        set_reason(runner, "%zu confirmed failure%s", failed,
                   failed == 1 ? "" : "s");
        return SYN_EXIT_FAILED;
    }
    if (warned > 0) {
        set_reason(runner, "%zu warning%s, and --strict", warned,
                   warned == 1 ? "" : "s");
        return SYN_EXIT_FAILED;
    }
    return -1;
}

static int conclude_harness(struct syn_runner *runner)
{
    size_t errors = syn_report_count(&runner->report, SYN_VERDICT_ERROR);
    if (runner->harness_fault[0] != '\0') {
        set_reason(runner, "harness error: %s", runner->harness_fault);
        return SYN_EXIT_HARNESS;
    }
    if (errors > 0) {
        set_reason(runner, "harness error: %zu row%s of ours went wrong",
                   errors, errors == 1 ? "" : "s");
        return SYN_EXIT_HARNESS;
    }
    return -1;
}

static int conclude_unreachable(struct syn_runner *runner)
{
    if (runner->unreachable[0] == '\0') {
        return -1;
    }
    set_reason(runner, "target unreachable: %s", runner->unreachable);
    return SYN_EXIT_UNREACHABLE;
}

static int conclude_distress(struct syn_runner *runner)
{
    if (runner->distress[0] == '\0') {
        return -1;
    }
    set_reason(runner, "safety abort: %s", runner->distress);
    return SYN_EXIT_SAFETY;
}

static int conclude_signal(struct syn_runner *runner)
{
    if (runner->signal_number == 0) {
        return -1;
    }
    set_reason(runner, "interrupted by %s, reports written",
               runner->signal_number == SIGINT ? "SIGINT" : "SIGTERM");
    return SYN_EXIT_SIGNAL + runner->signal_number;
}

static int conclude_vacuous(struct syn_runner *runner)
{
    const struct syn_report *report = &runner->report;
    size_t unjudged = syn_report_count_level(report, SYN_VERDICT_INCONCLUSIVE,
                                             SYN_LEVEL_MUST);
    size_t judged = 0;
    for (size_t i = 0; i < report->result_count; i++) {
        judged += is_judged(report->results[i].verdict) ? 1 : 0;
    }
    if (unjudged > 0) {
        set_reason(runner, "vacuous: %zu MUST row%s started and not judged",
                   unjudged, unjudged == 1 ? "" : "s");
        return SYN_EXIT_VACUOUS;
    }
    if (judged == 0) {
        set_reason(runner, "vacuous: no row was judged");
        return SYN_EXIT_VACUOUS;
    }
    if (report->has_floor && report->floor_missing.bytes > 0) {
        set_reason(runner, "vacuous: the floor is missed by %zu: %.*s",
                   report->floor_required - report->floor_done,
                   SYN_STR_ARG(report->floor_missing));
        return SYN_EXIT_VACUOUS;
    }
    return -1;
}

static int conclude_stale(struct syn_runner *runner)
{
    if (syn_report_count(&runner->report, SYN_VERDICT_XPASS) == 0) {
        return -1;
    }
    set_reason(runner, "stale baseline: an expected failure passed");
    return SYN_EXIT_STALE;
}

static int conclude_slow(struct syn_runner *runner)
{
    size_t missed = count_missed(&runner->report);
    if (missed == 0) {
        return -1;
    }
    set_reason(runner, "%zu performance threshold%s missed", missed,
               missed == 1 ? "" : "s");
    return SYN_EXIT_SLOW;
}

static int conclude_unclean(struct syn_runner *runner)
{
    if (runner->leftovers[0] == '\0') {
        return -1;
    }
    set_reason(runner, "passed, clean-up incomplete");
    return SYN_EXIT_UNCLEAN;
}

void syn_runner_conclude(struct syn_runner *runner)
{
    static int (*const steps[])(struct syn_runner *) = {
        conclude_failed,   conclude_harness, conclude_unreachable,
        conclude_distress, conclude_signal,  conclude_vacuous,
        conclude_stale,    conclude_slow,    conclude_unclean};
    int code = -1;
    for (size_t i = 0; code < 0 && i < sizeof steps / sizeof steps[0]; i++) {
        code = steps[i](runner);
    }
    if (code < 0) {
        code = SYN_EXIT_PASSED;
        set_reason(runner, "passed");
    }
    runner->report.exit_code = code;
    runner->report.exit_reason = runner->reason;
    const char *left =
        runner->leftovers[0] == '\0' ? runner->late : runner->leftovers;
    runner->report.leftovers = left[0] == '\0' ? NULL : left;
}

/* --- reports --------------------------------------------------------------
 */

static void note_fault(struct syn_runner *runner, const char *fault)
{
    if (runner->harness_fault[0] == '\0') {
        (void)snprintf(runner->harness_fault, sizeof runner->harness_fault,
                       "%s", fault);
    }
    syn_err_printf("syncproof: %s\n", fault);
}

void syn_runner_print(struct syn_runner *runner, const struct syn_buf *text)
{
    bool is_first = runner->harness_fault[0] == '\0';
    syn_status st = text->status;
    st = st != SYN_OK ? st : syn_out_write(text->at, text->bytes);
    st = st != SYN_OK ? st : syn_out_flush();
    if (st != SYN_OK && is_first) {
        note_fault(runner, "cannot write to standard output");
    }
}

static void write_file(struct syn_runner *runner, const char *path,
                       const struct syn_buf *text, syn_status made)
{
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    if (made != SYN_OK) {
        (void)snprintf(fault, sizeof fault, "cannot make the report %s: %s",
                       path, syn_status_text(made));
        note_fault(runner, fault);
    } else if (syn_report_file_write(path, syn_buf_str(text), fault) !=
               SYN_OK) {
        note_fault(runner, fault);
    }
}

static const char *out_path(struct syn_runner *runner, const char *name)
{
    struct syn_str path = syn_arena_printf(&runner->arena, "%s/%s",
                                           runner->options->out_dir, name);
    SYN_ASSERT(path.at != NULL);
    return path.at;
}

static void write_junit(struct syn_runner *runner)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_REPORT_FILE_BYTES_MAX);
    syn_status st = syn_junit_write(&text, &runner->report);
    write_file(runner, out_path(runner, "junit.xml"), &text, st);
    if (runner->options->junit_path != NULL) {
        write_file(runner, runner->options->junit_path, &text, st);
    }
    syn_buf_fini(&text);
}

static void write_json(struct syn_runner *runner, const char *path)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, JSON_BYTES_MAX);
    syn_status st = syn_report_json_write(&text, &runner->report);
    write_file(runner, path, &text, st);
    syn_buf_fini(&text);
}

/* Pages for people; NULL: not asked for. */
static void write_page(struct syn_runner *runner, const char *path,
                       size_t bytes_max,
                       syn_status (*write)(struct syn_buf *out,
                                           const struct syn_report *report))
{
    struct syn_buf text;
    if (path == NULL) {
        return;
    }
    syn_buf_init(&text, NULL, bytes_max);
    syn_status st = write(&text, &runner->report);
    write_file(runner, path, &text, st);
    syn_buf_fini(&text);
    syn_runner_conclude(runner);
}

/* JUnit first and run.json last, because the latter holds the exit code, which
 * a report that cannot be written changes. */
int syn_runner_report(struct syn_runner *runner)
{
    struct syn_buf text;
    syn_runner_conclude(runner);
    write_junit(runner);
    syn_runner_conclude(runner);
    write_page(runner, runner->options->html_path, SYN_HTML_BYTES_MAX,
               syn_html_write);
    write_page(runner, runner->options->markdown_path, SYN_MARKDOWN_BYTES_MAX,
               syn_markdown_write);
    if (runner->options->json_path != NULL) {
        write_json(runner, runner->options->json_path);
        syn_runner_conclude(runner);
    }
    write_json(runner, out_path(runner, "run.json"));
    syn_runner_conclude(runner);
    syn_buf_init(&text, NULL, TEXT_BYTES_MAX);
    if (runner->first == NULL) { /* else the first run says how it ended */
        syn_text_put_last_lines(&text, &runner->report);
    }
    syn_runner_print(runner, &text);
    syn_buf_fini(&text);
    syn_runner_conclude(runner);
    return runner->report.exit_code;
}
