/*
 * outsider.h - samples and named parts of the app, for a row's world.
 * Layer: runner, private. Threads: the row's process.
 */
#ifndef SYN_RUNNER_OUTSIDER_H
#define SYN_RUNNER_OUTSIDER_H

#include <stdbool.h>

struct syn_run;
struct syn_outsiders; /* opaque: harness/runner/outsider.c */

/* Does this row judge the set-up of a service? */
bool syn_run_opens_audit(const struct syn_run *run);

/* Start the embedded service with a sample's set-up in place of a new one. */
void syn_run_open_audit(struct syn_run *run);

/* End the samples; they stand on the row's loop. */
void syn_run_close_outsiders(struct syn_run *run);

#endif
