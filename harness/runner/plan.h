/*
 * plan.h - rows x types x repeats, in the order of the catalogue.
 * Layer: runner. Threads: immutable once built, shared by fork.
 */
#ifndef SYN_RUNNER_PLAN_H
#define SYN_RUNNER_PLAN_H

#include "runner/select.h"
#include "runner/stage.h"
#include "syn/arena.h"
#include "syn/scenario.h"
#include "syn/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One run of one row. */
struct syn_plan_entry {
    const struct syn_suite *suite;
    const struct syn_scenario *row;
    const char *name; /* "acl/x[list]@defect#2" */
    enum syn_type type;
    bool has_type;
    unsigned repeat;    /* from 1 */
    const char *defect; /* seeded in the service; NULL: none */
    const char *lack;   /* why it is skipped; NULL: it runs */
};

struct syn_plan {
    struct syn_plan_entry *entries;
    size_t count;
    size_t capacity;
};

/* Append what `selection` asks of `suites`. Entries belong to `arena`. Errors:
 * SYN_ERR_LIMIT (SYN_PLAN_ENTRIES_MAX), SYN_ERR_MEMORY. */
struct syn_plan_order {
    const struct syn_suite *const *suites;
    const struct syn_selection *selection;
    const struct syn_stage *stage;
    unsigned repeat;
    const char *defect;
};
SYN_MUST_CHECK syn_status syn_plan_add(struct syn_arena *arena,
                                       struct syn_plan *plan,
                                       const struct syn_plan_order *order);

/* Entries by their estimate, the longest first, else as planned: what waits for
 * a real clock begins early, and nothing long is left for the end. Indices of
 * `plan`, in `arena`; NULL: no memory. */
const size_t *syn_plan_longest_first(struct syn_arena *arena,
                                     const struct syn_plan *plan);

/* Twelve hex digits over all rows and clauses: equal for equal suites. */
#define SYN_PLAN_HASH_BYTES 13
void syn_plan_hash(const struct syn_suite *const *suites,
                   char out[SYN_PLAN_HASH_BYTES]);

#endif
