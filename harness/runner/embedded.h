/*
 * embedded.h - the reference service in the process of a row.
 * Layer: runner, private. Threads: the row's process.
 * Source: design section 5.
 */
#ifndef SYN_RUNNER_EMBEDDED_H
#define SYN_RUNNER_EMBEDDED_H

#include "runner/run_impl.h"

/* Are published limits in force for this row? */
bool syn_row_needs_limits(const struct syn_scenario *row);

/* Start it on the row's loop, with credentials made up for the row, and have
 * the world say where it is. */
void syn_run_open_embedded(struct syn_run *run);

/* The row's world is the service that runs. */
void syn_run_point_at_service(struct syn_run *run, bool is_tls);

/* Also when none was opened. */
void syn_run_close_embedded(struct syn_run *run);

#endif
