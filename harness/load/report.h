/*
 * report.h - what a stress run or a merge says, prints and writes.
 * Layer: load. Threads: the main process.
 * Source: design sections 3 and 9.
 *
 * Into the folder of the run go junit.xml and run.json, as of every verb that
 * judges, stress.json (the whole result, for `merge`) and latency.hlog (a log
 * of HdrHistogram, for its tools).
 */
#ifndef SYN_LOAD_REPORT_H
#define SYN_LOAD_REPORT_H

#include "load/metric.h"
#include "load/result.h"
#include "runner/runner.h"
#include "syn/arena.h"

#include <stddef.h>
#include <stdint.h>

struct syn_load_report_options {
    const struct syn_runner_options *runner; /* verb, paths, style, seed */
    const struct syn_load_threshold *thresholds;
    size_t threshold_count;
    int64_t started_ms;
    int64_t elapsed_us;
    bool is_joined; /* of shards: nothing is said about descriptors and pids */
};

/* The first line of the verb, and one that says the plan. */
void syn_load_print_first(const struct syn_load_report_options *options,
                          const struct syn_load_plan *plan);

/* Judge, print figures and findings, write the reports, print the last lines;
 * returns the exit code. */
int syn_load_report_write(const struct syn_load_report_options *options,
                          const struct syn_load_result *result);

/* --- its parts ------------------------------------------------------------
 */

/* One case a property of the oracle, one a threshold, one for the generator,
 * one for the sessions, one with all figures. Of the arena; NULL: no memory. */
const struct syn_result *
syn_load_cases(struct syn_arena *arena,
               const struct syn_load_report_options *options,
               const struct syn_load_result *result, size_t *count);

/* Append the figures as lines for people: sessions, latencies, rates, what the
 * profile is about, the oracle, the machine. With `is_markdown` as tables. */
void syn_load_figures_put(struct syn_buf *out,
                          const struct syn_load_result *result,
                          bool is_markdown);

/* Append one page with plots; `out` is bounded by SYN_HTML_BYTES_MAX. */
void syn_load_page_put(struct syn_buf *out, const struct syn_report *report,
                       const struct syn_load_result *result);

/* Append a log in HdrHistogram's format, version 1.3. */
SYN_MUST_CHECK syn_status
syn_load_hlog_put(struct syn_buf *out, const struct syn_load_result *result);

/* Append the flags that give this plan again. */
void syn_load_command_put(struct syn_buf *out,
                          const struct syn_load_plan *plan);

#endif
