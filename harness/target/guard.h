/*
 * guard.h - what may leave for a target.
 * Layer: target. Threads: the loop's.
 * Source: design section 4, "safe by construction".
 */
#ifndef SYN_TARGET_GUARD_H
#define SYN_TARGET_GUARD_H

#include "client/world.h"
#include "syn/status.h"
#include "target/file.h"

#include <stdbool.h>

struct syn_guard {
    enum syn_target_mode mode;
    unsigned refused; /* departures refused so far */
};

/* For syn_world.may_send, with a struct syn_guard as `ctx`. Readonly is an
 * allow-list. Errors: SYN_ERR_REFUSED. */
SYN_MUST_CHECK syn_status
syn_guard_may_send(void *ctx, const struct syn_departure *departure);

/* Does the URL name this machine by 127.0.0.0/8, [::1] or localhost? */
bool syn_guard_is_loopback(const char *url);

#endif
