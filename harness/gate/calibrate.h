/*
 * calibrate.h - how a target answers the questions that public documents leave
 * open.
 * Layer: gate. Threads: the loop's.
 * Source: design section 8, rest.md sections 11 and 12.
 *
 * Two services of our own, with ACLs on and off, are made at the target and
 * deleted after; each question is asked by doing it, with a control, so that a
 * refusal of everything is no reading. What cannot be told apart is said to be
 * not observable, with the reason.
 */
#ifndef SYN_GATE_CALIBRATE_H
#define SYN_GATE_CALIBRATE_H

#include "gate/bench.h"
#include "gate/book.h"
#include "gate/readings.h"
#include "syn/sink.h"

#include <signal.h>

struct syn_calibrate_options {
    const struct syn_target *target;     /* NULL: embedded */
    const struct syn_readings *readings; /* embedded only; NULL: reference */
    const char *defect;                  /* embedded only; NULL: none */
    const char *today;                   /* "2026-11-21" */
    const char *save_path;               /* NULL: not saved */
    uint64_t seed;
    const volatile sig_atomic_t *stop; /* not 0: end; NULL: none */
    const char *out_dir;               /* of the manifest, at a target */
};

/* What has been seen, and how it ended. */
struct syn_calibration {
    struct syn_reading_seen seen[SYN_READING_COUNT];
    const char *unreachable;   /* NULL: the target answered */
    const char *harness_fault; /* NULL: none */
    bool is_stopped;           /* by a signal, or for safety */
    struct syn_bench_end end;
    size_t observed; /* questions */
};

/* Ask all questions. Texts belong to `arena`. */
void syn_calibrate_observe(struct syn_arena *arena,
                           const struct syn_calibrate_options *options,
                           struct syn_calibration *out);

/* Observe, print the table, save the file, write the reports. The first line
 * has been printed. Returns the exit code. */
int syn_calibrate_run(struct syn_arena *arena,
                      const struct syn_calibrate_options *options,
                      const struct syn_runner_options *runner,
                      struct syn_book_end *end);

#endif
