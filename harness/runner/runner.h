/*
 * runner.h - run rows and report: the verbs `run` and `selftest`.
 * Layer: runner. Threads: the main process, before any other thread.
 * Source: design sections 3, 5 and 7.
 */
#ifndef SYN_RUNNER_RUNNER_H
#define SYN_RUNNER_RUNNER_H

#include "report/result.h"
#include "report/text.h"
#include "runner/select.h"
#include "syn/scenario.h"
#include "target/file.h"

#include <stdbool.h>
#include <stdint.h>

/* Exit codes of the program (design section 3). */
enum syn_exit {
    SYN_EXIT_PASSED = 0,
    SYN_EXIT_FAILED = 1,
    SYN_EXIT_SLOW = 2,
    SYN_EXIT_VACUOUS = 3,
    SYN_EXIT_STALE = 4,
    SYN_EXIT_UNCLEAN = 5,
    SYN_EXIT_USAGE = 64,
    SYN_EXIT_UNREACHABLE = 69,
    SYN_EXIT_HARNESS = 70,
    SYN_EXIT_SAFETY = 75,
    SYN_EXIT_SIGNAL = 128 /* and the signal's number */
};

struct syn_runner_options {
    const char *verb; /* "run", "selftest" */
    const char *version;
    const char *build;
    const struct syn_suite *const *suites; /* ended by NULL */
    struct syn_selection selection;
    const struct syn_target *target; /* NULL: embedded */
    const struct syn_target *beside; /* to compare with; NULL: none */
    uint64_t seed;
    unsigned jobs;          /* 1 to SYN_JOBS_MAX */
    bool has_jobs;          /* the user said so */
    unsigned repeat;        /* 1 to SYN_REPEAT_MAX */
    unsigned row_seconds;   /* time limit of a row; 0: the default */
    const char *out_dir;    /* junit.xml and run.json go there */
    const char *junit_path; /* another copy; NULL: none */
    const char *json_path;
    const char *html_path;
    const char *markdown_path;
    const char *baseline_path; /* NULL: none */
    const char *today;         /* "2026-11-21", for the baseline's days */
    const struct syn_exercise *exercises; /* what rows do; NULL: no floor */
    /* replay only: the one entry to run, "id[type]@defect#n", and its defect;
     * NULL: all that are selected */
    const char *only;
    const char *only_defect;
    /* of verbs without rows: what repeats all of it; NULL: not to be told */
    const char *command;
    bool is_strict;
    bool fails_fast;
    bool has_terminal; /* stderr is one: a status line */
    struct syn_text_style style;
    /* selftest only */
    bool is_selftest;
    bool runs_all;          /* every row against every defect */
    const char *one_defect; /* NULL: all */
};

/* Run, print, write reports; returns the exit code, whose reason has been
 * printed on the last line. */
int syn_runner_run(const struct syn_runner_options *options);

#endif
