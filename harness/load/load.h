/*
 * load.h - run a stress plan and get its result.
 * Layer: load. Threads: none may exist when it is called; it forks.
 * Source: design section 9.
 *
 * The embedded service (without a target) and every worker are processes of
 * their own. SIGINT and SIGTERM end the run early; what was measured until then
 * is in the result.
 */
#ifndef SYN_LOAD_LOAD_H
#define SYN_LOAD_LOAD_H

#include "load/plan.h"
#include "load/result.h"
#include "target/file.h"

/* Called some times a second while it runs; `at_us` is since the common start,
 * under 0 before it. */
typedef void (*syn_load_tell_fn)(void *ctx, int64_t at_us);

/*
 * Run this shard's part of the plan and add it to `result`, which is new.
 * `target` NULL: the embedded service; `tell` NULL: nobody listens. What went
 * wrong before the start is told in result->unreachable (nothing answers, or
 * refuses what every run needs) or result->fault (this machine: descriptors,
 * memory). Errors: SYN_ERR_CONFIG the plan cannot be run (unknown defect,
 * budget); result->fault says why. Otherwise SYN_OK.
 */
SYN_MUST_CHECK syn_status syn_load_run(const struct syn_load_plan *plan,
                                       const struct syn_target *target,
                                       syn_load_tell_fn tell, void *ctx,
                                       struct syn_load_result *result);

#endif
