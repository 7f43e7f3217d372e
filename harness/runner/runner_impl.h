/*
 * runner_impl.h - one run of the runner, between its files.
 * Layer: runner, private. Threads: the main process.
 */
#ifndef SYN_RUNNER_RUNNER_IMPL_H
#define SYN_RUNNER_RUNNER_IMPL_H

#include "runner/baseline.h"
#include "runner/crew.h"
#include "runner/runner.h"

#include "syn/arena.h"

#define SYN_RUNNER_REASON_BYTES 512

struct syn_runner {
    const struct syn_runner_options *options;
    struct syn_runner *first;  /* of the second run of --compare; else NULL */
    struct syn_runner *second; /* of the first run; NULL: none */
    struct syn_arena arena;
    struct syn_stage stage;
    struct syn_plan plan;
    struct syn_crew crew;
    struct syn_result *results; /* one per entry, plan order */
    bool *is_judged;
    bool *is_unproven; /* selftest, per clean entry: no defect turned it red */
    bool *has_control; /* per entry: a control held, or none was due */
    bool *is_silent;   /* per entry: nothing that it asked was answered */
    size_t silent_streak; /* such rows, one after another */
    size_t printed;       /* results shown so far, in plan order */
    size_t done;
    size_t called_off; /* entries that need not run any more */
    int64_t begun_ms;  /* monotonic */
    int64_t told_ms;   /* of the last progress line */
    bool has_failed_fast;
    bool has_place; /* the folders of reports and evidence are there */
    int signal_number;
    struct syn_report report;
    struct syn_baseline baseline;
    size_t capsules; /* written so far */
    char suite_hash[SYN_PLAN_HASH_BYTES];
    char directory[PATH_MAX]; /* of the evidence */
    /* Why the run is worth an exit code of its own; "" when not. */
    char harness_fault[SYN_RUNNER_REASON_BYTES];
    char unreachable[SYN_RUNNER_REASON_BYTES];
    char distress[SYN_RUNNER_REASON_BYTES];  /* stopped for safety: why */
    char survivors[SYN_RUNNER_REASON_BYTES]; /* selftest */
    char leftovers[SYN_RUNNER_REASON_BYTES];
    char late[SYN_RUNNER_REASON_BYTES]; /* kept on purpose; "": nothing */
    char reason[SYN_RUNNER_REASON_BYTES];
};

/* finding.c: the baseline (false: the fault has been printed, exit 64), what it
 * makes of a judgement, and the capsule of what remains. */
bool syn_runner_read_baseline(struct syn_runner *runner);
void syn_runner_excuse(struct syn_runner *runner, size_t index,
                       const struct syn_evidence *evidence,
                       struct syn_judgement *judgement);
void syn_runner_keep_capsule(struct syn_runner *runner, size_t index,
                             const struct syn_evidence *evidence);

/* floor_run.c: are the target's words words (false: printed, exit 64); what an
 * entry did; what the rows that ran were to do and did not. */
bool syn_runner_check_floor(const struct syn_runner *runner);
void syn_runner_keep_acts(struct syn_runner *runner, size_t index,
                          const struct syn_evidence *evidence);
void syn_runner_fill_floor(struct syn_runner *runner);

/* conclude.c: what the results come to. */
void syn_runner_cover(struct syn_runner *runner);
void syn_runner_conclude(struct syn_runner *runner);
/* Write all reports, print the last lines; the exit code. */
int syn_runner_report(struct syn_runner *runner);

/* outcome.c: from an entry's end to its result. */
void syn_runner_init_results(struct syn_runner *runner);
void syn_runner_judge(struct syn_runner *runner, size_t index);

/* selftest.c: a row that names a defect that is none is remembered as harness
 * fault (false); the plan with defects, and the matrix in place of its runs. */
bool syn_selftest_check(struct syn_runner *runner);
syn_status syn_selftest_plan(struct syn_runner *runner);
/* Did this run of a defect turn red a row that is green without it? Both must
 * have been judged. */
bool syn_selftest_is_kill(const struct syn_runner *runner, size_t index);
void syn_selftest_conclude(struct syn_runner *runner);

/* compare.c: what the second run is told, of the first runner's arena; and,
 * when it has reported, the differences into the first one's report. What kept
 * the second from running, or left something there, counts for the first too.
 */
void syn_compare_init(struct syn_runner *second, struct syn_runner *first,
                      struct syn_runner_options *options);
void syn_compare_note(struct syn_runner *first,
                      const struct syn_runner *second);

/* Print to stdout; a failure is remembered as harness fault. */
void syn_runner_print(struct syn_runner *runner, const struct syn_buf *text);

#endif
