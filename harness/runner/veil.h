/*
 * veil.h - TLS for a row's embedded service, with a certificate of its own.
 * Layer: runner, private. Threads: the row's process.
 */
#ifndef SYN_RUNNER_VEIL_H
#define SYN_RUNNER_VEIL_H

#include "net/tls.h"

struct syn_run;

/* Paths of a throw-away key and certificate; made by the first call. The row
 * ends with a fault of ours when they cannot be made. */
const struct syn_tls_server *syn_run_open_veil(struct syn_run *run);

/* Remove them. */
void syn_run_close_veil(struct syn_run *run);

#endif
