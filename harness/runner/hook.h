/*
 * hook.h - the runner's side of a row's sink (syn/hook.h).
 * Layer: runner, private. Threads: the row's process.
 */
#ifndef SYN_RUNNER_HOOK_H
#define SYN_RUNNER_HOOK_H

#include "target/file.h"

#include <stdbool.h>

struct syn_run;

/* Does the target file say where a sink may listen? */
bool syn_hook_can_listen(const struct syn_target *target);

/* Is that one port, which rows can only use one after the other? */
bool syn_hook_has_port(const struct syn_target *target);

/* Stop the service's posts at a target, then the sink. */
void syn_hook_close(struct syn_run *run);

#endif
