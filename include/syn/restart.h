/*
 * restart.h - a service that ends and starts again.
 * Layer: public. Threads: the row's. Source: design sections 5 and 6.
 *
 * Embedded only, for rows with `is_kept`. That a change which was answered is
 * on the disk is proven by killing processes (kill_test); here that what is in
 * the store becomes the same objects, rows, deadlines and revisions again.
 */
#ifndef SYN_RESTART_H
#define SYN_RESTART_H

#include "syn/scenario.h"

/* End the row's service with all its connections and start another from its
 * store, on the same port, at the same time of the clock. Cut users before, and
 * have them resume. */
void syn_run_restart(struct syn_run *run);

#endif
