/*
 * gate.h - the verb `gate`: is this plan fit for ACLs?
 * Layer: gate. Threads: the main process.
 * Source: design section 8.
 */
#ifndef SYN_GATE_GATE_H
#define SYN_GATE_GATE_H

#include "gate/bench.h"
#include "gate/book.h"
#include "gate/cell.h"
#include "gate/lint.h"
#include "gate/plan.h"
#include "runner/runner.h"
#include "target/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_gate_options {
    const struct syn_gate_plan *plan;
    const char *today;                   /* "2026-11-21", for waivers */
    const struct syn_target *target;     /* NULL: embedded */
    const struct syn_readings *readings; /* NULL: as the reference */
    const char *defect; /* of the embedded service; NULL: none */
    uint64_t seed;
    bool wants_all;                    /* every identity and object */
    const volatile sig_atomic_t *stop; /* the signal's number; NULL: none */
    const char *out_dir;               /* of the manifest, at a target */
};

/* A result in the book that a finding speaks of. */
struct syn_gate_case {
    size_t result; /* its place */
    const struct syn_gate_case *next;
};

/* One thing that is wrong, for a class of identities and an entry. */
struct syn_gate_finding {
    const char *what; /* "missing-grant", "beyond-plan", a lint, … */
    bool is_blocker;
    const struct syn_gate_entry *entry; /* NULL: about no object */
    struct syn_str word;                /* of the class; empty: a lint */
    enum syn_cell_kind kind;            /* of cells */
    unsigned rights;                    /* concerned */
    size_t cells;                       /* that show it */
    struct syn_str text;
    struct syn_str call; /* that mends it, ready to send; empty: none */
    const struct syn_gate_case *cases;
};

struct syn_gate_outcome {
    struct syn_gate_finding *findings;
    size_t finding_count;
    size_t finding_room;
    size_t blockers;
    size_t objects;
    size_t cells;
    size_t open_cells;      /* without an answer */
    struct syn_cell *shown; /* cells for the picture, bounded */
    size_t shown_count;
    int64_t elapsed_us;
    bool is_cut;             /* by a signal or safety: not all were tried */
    const char *unreachable; /* NULL: all went well */
    struct syn_bench_end end;
    struct syn_book book;
};

/*
 * Lint the plan and prove it. Everything belongs to `arena`. Errors:
 * SYN_ERR_CONFIG with `fault` (exit 64), SYN_ERR_MEMORY. That the target is
 * not to be reached is an outcome.
 */
SYN_MUST_CHECK syn_status syn_gate_prove(struct syn_arena *arena,
                                         const struct syn_gate_options *options,
                                         char fault[SYN_GATE_FAULT_BYTES],
                                         struct syn_gate_outcome *out);

/* Print blockers, READY and the order to flip in; write the reports; returns
 * the exit code. The first line has been printed. */
int syn_gate_report(const struct syn_gate_options *options,
                    const struct syn_runner_options *runner,
                    struct syn_gate_outcome *outcome, struct syn_book_end *end);

/* A blocker that somebody has accepted, all of its cases; once the baseline was
 * applied. */
bool syn_gate_is_accepted(const struct syn_gate_outcome *outcome,
                          const struct syn_gate_finding *finding);

/* READY: something was proven, all of it, and nothing is wrong. */
bool syn_gate_is_ready(const struct syn_gate_outcome *outcome);

/* The picture of who can do what, appended as one page. */
void syn_matrix_write(struct syn_buf *out, const struct syn_gate_plan *plan,
                      const struct syn_gate_outcome *outcome);

/* "plan:" and twelve digits, for the first line; of the arena. */
const char *syn_gate_hash(struct syn_arena *arena,
                          const struct syn_gate_plan *plan);

#endif
