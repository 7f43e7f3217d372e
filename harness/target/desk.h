/*
 * desk.h - a REST caller at a target, behind the guard.
 * Layer: target. Threads: the caller's; libcurl may start its resolver, so no
 * process with a desk may fork rows.
 */
#ifndef SYN_TARGET_DESK_H
#define SYN_TARGET_DESK_H

#include "base/clock.h"
#include "base/rng.h"
#include "client/world.h"
#include "target/file.h"
#include "target/guard.h"

struct syn_desk {
    const struct syn_target *target; /* borrowed */
    struct syn_arena arena;          /* of all replies */
    struct syn_rng rng;
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_curl *curl;
    struct syn_tls_client tls;
    struct syn_guard guard;
    struct syn_world world;
    struct syn_backend *backend;
};

/* `guard` has the fields that its owner sets; they are copied. The desk must
 * not be moved while it is open. Errors: SYN_ERR_MEMORY, SYN_ERR_NET; then it
 * is closed already. */
SYN_MUST_CHECK syn_status syn_desk_open(struct syn_desk *desk,
                                        const struct syn_target *target,
                                        const struct syn_guard *guard);
void syn_desk_close(struct syn_desk *desk);

#endif
