/*
 * report.c - a stress run reported as every verb that judges.
 * Layer: load. Threads: the main process.
 *
 * The runner's own conclusion and reports are used, so exit codes and last
 * lines mean the same everywhere. What is only stress's is written before
 * them: a file that cannot be written is part of the exit code.
 */
#include "load/report.h"

#include "base/log.h"
#include "report/file.h"
#include "report/markdown.h"
#include "report/text.h"
#include "runner/runner_impl.h"
#include "syn/limits.h"

#include <stdio.h>

#define TEXT_BYTES_MAX  67108864
#define CASES_BYTES_MAX 67108864
#define HLOG_BYTES_MAX  67108864

static struct syn_report
report_of(const struct syn_load_report_options *options,
          const struct syn_load_plan *plan)
{
    const struct syn_runner_options *runner = options->runner;
    return (struct syn_report){
        .verb = runner->verb,
        .version = runner->version,
        .build = runner->build,
        .seed = plan->seed,
        .target = plan->target == NULL ? "embedded" : plan->target,
        .clock = "real",
        .limits = plan->target != NULL   ? "target"
                  : plan->defect != NULL ? "raised"
                                         : "off",
        .suite_hash = syn_load_profile_name(plan->profile),
        .started_ms = options->started_ms,
        .elapsed_us = options->elapsed_us,
        .is_strict = runner->is_strict};
}

void syn_load_print_first(const struct syn_load_report_options *options,
                          const struct syn_load_plan *plan)
{
    struct syn_report report = report_of(options, plan);
    struct syn_buf text;
    syn_buf_init(&text, NULL, TEXT_BYTES_MAX);
    syn_text_put_first_line(&text, &report);
    syn_buf_put_text(&text, "plan: ");
    syn_load_command_put(&text, plan);
    syn_buf_put_byte(&text, '\n');
    if (text.status != SYN_OK || syn_out_write(text.at, text.bytes) != SYN_OK ||
        syn_out_flush() != SYN_OK) {
        syn_err_printf("syncproof: cannot write to standard output\n");
    }
    syn_buf_fini(&text);
}

static void note_fault(struct syn_runner *runner, const char *fault)
{
    if (runner->harness_fault[0] == '\0') {
        (void)snprintf(runner->harness_fault, sizeof runner->harness_fault,
                       "%s", fault);
    }
    syn_err_printf("syncproof: %s\n", fault);
}

static void write_file(struct syn_runner *runner, const char *path,
                       const struct syn_buf *text, syn_status made)
{
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    syn_status st = made != SYN_OK ? made : text->status;
    if (st != SYN_OK) {
        (void)snprintf(fault, sizeof fault, "cannot make the report %s: %s",
                       path, syn_status_text(st));
    } else {
        st = syn_report_file_write(path, syn_buf_str(text), fault);
    }
    if (st != SYN_OK) {
        note_fault(runner, fault);
    }
}

/* A file of ours in the folder of the run. */
static void write_own(struct syn_runner *runner, const char *name,
                      size_t bytes_max, const struct syn_load_result *result,
                      syn_status (*put)(struct syn_buf *out,
                                        const struct syn_load_result *result))
{
    struct syn_buf text;
    struct syn_str path = syn_arena_printf(&runner->arena, "%s/%s",
                                           runner->options->out_dir, name);
    if (path.at == NULL) {
        note_fault(runner, "out of memory");
        return;
    }
    syn_buf_init(&text, NULL, bytes_max);
    syn_status st = put(&text, result);
    write_file(runner, path.at, &text, st);
    syn_buf_fini(&text);
}

static void write_page(struct syn_runner *runner, const char *path,
                       const struct syn_load_result *result)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_HTML_BYTES_MAX);
    syn_load_page_put(&text, &runner->report, result);
    write_file(runner, path, &text, SYN_OK);
    syn_buf_fini(&text);
}

static void write_markdown(struct syn_runner *runner, const char *path,
                           const struct syn_load_result *result)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_MARKDOWN_BYTES_MAX);
    syn_status st = syn_markdown_write(&text, &runner->report);
    syn_load_figures_put(&text, result, true);
    write_file(runner, path, &text, st);
    syn_buf_fini(&text);
}

static void print_results(struct syn_runner *runner,
                          const struct syn_load_result *result)
{
    const struct syn_text_style *style = &runner->options->style;
    struct syn_buf text;
    syn_buf_init(&text, NULL, TEXT_BYTES_MAX);
    for (size_t i = 0; i < runner->report.result_count; i++) {
        const struct syn_result *one = &runner->report.results[i];
        bool is_news = one->verdict != SYN_VERDICT_PASS &&
                       one->verdict != SYN_VERDICT_INFO &&
                       one->verdict != SYN_VERDICT_SKIPPED;
        if (is_news || style->is_verbose ||
            (one->is_threshold && !style->is_quiet)) {
            syn_text_put_result(&text, one, style);
        }
    }
    if (!style->is_quiet) {
        syn_load_figures_put(&text, result, false);
    }
    syn_runner_print(runner, &text);
    syn_buf_fini(&text);
}

static void keep_ends(struct syn_runner *runner,
                      const struct syn_load_result *result)
{
    (void)snprintf(runner->unreachable, sizeof runner->unreachable, "%s",
                   result->unreachable);
    (void)snprintf(runner->harness_fault, sizeof runner->harness_fault, "%s",
                   result->fault);
    (void)snprintf(runner->leftovers, sizeof runner->leftovers, "%s",
                   result->leftovers);
    (void)snprintf(runner->distress, sizeof runner->distress, "%s",
                   result->distress);
    runner->signal_number = result->signal_number;
}

int syn_load_report_write(const struct syn_load_report_options *options,
                          const struct syn_load_result *result)
{
    struct syn_runner_options mine = *options->runner;
    struct syn_runner runner = {.options = &mine};
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    const char *html_path = mine.html_path;
    const char *markdown_path = mine.markdown_path;
    mine.html_path = NULL; /* ours are other pages */
    mine.markdown_path = NULL;
    syn_arena_init(&runner.arena, NULL, CASES_BYTES_MAX);
    keep_ends(&runner, result);
    if (syn_report_directory_make(mine.out_dir, fault) != SYN_OK) {
        note_fault(&runner, fault);
    }
    runner.report = report_of(options, &result->plan);
    runner.report.sent = result->sent[0] == '\0' ? NULL : result->sent;
    runner.report.results = syn_load_cases(&runner.arena, options, result,
                                           &runner.report.result_count);
    if (runner.report.results == NULL) {
        runner.report.result_count = 0;
        note_fault(&runner, "out of memory for the cases");
    }
    syn_runner_cover(&runner);
    print_results(&runner, result);
    write_own(&runner, "stress.json", SYN_LOAD_RESULT_BYTES_MAX, result,
              syn_load_result_write);
    write_own(&runner, "latency.hlog", HLOG_BYTES_MAX, result,
              syn_load_hlog_put);
    syn_runner_conclude(&runner); /* pages show the exit code so far */
    if (html_path != NULL) {
        write_page(&runner, html_path, result);
    }
    if (markdown_path != NULL) {
        write_markdown(&runner, markdown_path, result);
    }
    int code = syn_runner_report(&runner);
    syn_arena_fini(&runner.arena);
    return code;
}
