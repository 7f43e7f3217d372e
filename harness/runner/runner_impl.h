/*
 * runner_impl.h - one run of the runner, between its files.
 * Layer: runner, private. Threads: the main process.
 */
#ifndef SYN_RUNNER_RUNNER_IMPL_H
#define SYN_RUNNER_RUNNER_IMPL_H

#include "runner/crew.h"
#include "runner/runner.h"

#include "syn/arena.h"

#define SYN_RUNNER_REASON_BYTES 512

struct syn_runner {
    const struct syn_runner_options *options;
    struct syn_arena arena;
    struct syn_stage stage;
    struct syn_plan plan;
    struct syn_crew crew;
    struct syn_result *results; /* one per entry, plan order */
    bool *is_judged;
    bool *has_control;    /* per entry: a control held, or none was due */
    bool *is_silent;      /* per entry: nothing that it asked was answered */
    size_t silent_streak; /* such rows, one after another */
    size_t printed;       /* results shown so far, in plan order */
    size_t done;
    int64_t begun_ms; /* monotonic */
    int64_t told_ms;  /* of the last progress line */
    bool has_failed_fast;
    int signal_number;
    struct syn_report report;
    char suite_hash[SYN_PLAN_HASH_BYTES];
    char directory[PATH_MAX]; /* of the evidence */
    /* Why the run is worth an exit code of its own; "" when not. */
    char harness_fault[SYN_RUNNER_REASON_BYTES];
    char unreachable[SYN_RUNNER_REASON_BYTES];
    char distress[SYN_RUNNER_REASON_BYTES];  /* the run was stopped for it */
    char survivors[SYN_RUNNER_REASON_BYTES]; /* selftest */
    char leftovers[SYN_RUNNER_REASON_BYTES];
    char reason[SYN_RUNNER_REASON_BYTES];
};

/* conclude.c: what the results come to. */
void syn_runner_cover(struct syn_runner *runner);
void syn_runner_conclude(struct syn_runner *runner);
/* Write all reports, print the last lines; the exit code. */
int syn_runner_report(struct syn_runner *runner);

/* outcome.c: from an entry's end to its result. */
void syn_runner_init_results(struct syn_runner *runner);
void syn_runner_judge(struct syn_runner *runner, size_t index);

/* selftest.c: the plan with defects, and the matrix in place of its runs. */
syn_status syn_selftest_plan(struct syn_runner *runner);
void syn_selftest_conclude(struct syn_runner *runner);

/* Print to stdout; a failure is remembered as harness fault. */
void syn_runner_print(struct syn_runner *runner, const struct syn_buf *text);

#endif
