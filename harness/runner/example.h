/*
 * example.h - run one row embedded, now, for its transcript.
 * Layer: runner. Threads: the main process, before any other thread.
 * Source: design section 3 (`explain`).
 */
#ifndef SYN_RUNNER_EXAMPLE_H
#define SYN_RUNNER_EXAMPLE_H

#include "base/buf.h"
#include "runner/plan.h"
#include "syn/arena.h"
#include "syn/status.h"

/*
 * Append the first denial that held in the row of `entry`, request and answer,
 * beside its control; masked as every transcript.
 * Only the private directory of the evidence is written, below TMPDIR, and it
 * is gone afterwards. Errors: SYN_ERR_IO (no directory, no worker),
 * SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_example_put(struct syn_buf *out,
                                          struct syn_arena *arena,
                                          const struct syn_plan_entry *entry);

#endif
