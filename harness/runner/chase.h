/*
 * chase.h - which row is tried first on a bug of the field, and when to stop.
 * Layer: runner. Threads: the main process.
 * Source: design section 7.
 *
 * No row names such a bug, so all rows are run against it. One that kills it
 * is enough, and the rows that are about its clause are the likely ones: they
 * go first, and what is left waits for nothing. A bug that lives meets every
 * row. With --all nothing is left out and nothing is reordered.
 */
#ifndef SYN_RUNNER_CHASE_H
#define SYN_RUNNER_CHASE_H

#include "runner/bug.h"
#include "runner/plan.h"
#include "syn/arena.h"

struct syn_runner;

/*
 * How much speaks for this row to notice this bug; more is more. The clause
 * counts most, then chapter, type and the words of names.
 */
unsigned syn_chase_score(const struct syn_bug *bug,
                         const struct syn_plan_entry *entry);

/*
 * The order in which the entries of `plan` are handed out: first those of no
 * bug of the field, in plan order, then those of each such bug by score, the
 * bugs in turns. Belongs to `arena`; NULL when memory ran out.
 */
const size_t *syn_chase_order(struct syn_arena *arena,
                              const struct syn_plan *plan);

/* Entry `index` has been judged: if it killed a bug of the field, the entries
 * of that bug that still wait are called off. */
void syn_chase_note(struct syn_runner *runner, size_t index);

#endif
