/*
 * sample_app.h - the app of syn/app.h, sound or with one fault.
 * Layer: runner. Threads: the row's process.
 */
#ifndef SYN_RUNNER_SAMPLE_APP_H
#define SYN_RUNNER_SAMPLE_APP_H

#include "client/world.h"
#include "runner/instance.h"
#include "syn/app.h"

/* `items` is the answer to the app's one reading of its items; it lives as
 * long as the world. Errors: SYN_ERR_MEMORY, SYN_ERR_NET, SYN_ERR_PARSE. */
SYN_MUST_CHECK syn_status syn_app_start(struct syn_world *world,
                                        const struct syn_instance *sample,
                                        struct syn_str items,
                                        struct syn_app **out);
void syn_app_stop(struct syn_app *app); /* NULL ok */

#endif
