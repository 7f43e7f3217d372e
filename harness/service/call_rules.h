/*
 * call_rules.h - what the service decides about single requests, as a table.
 * Layer: service. Threads: the loop's.
 * Source: rest.md sections 1.8 and 6, sdk-protocol.md sections 7 and 10.
 *
 * Part of the seams (seams.h): a seeded defect may replace one entry. `ctx` is
 * that of the seams.
 */
#ifndef SYN_SERVICE_CALL_RULES_H
#define SYN_SERVICE_CALL_RULES_H

#include "model/model.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>

struct syn_call; /* one tunnelled request: live_request.h */

struct syn_call_rules {
    /* With whose rights a tunnelled request is carried out. Sound: with those
     * of the session's identity, SYN_PLANE_SDK. */
    enum syn_plane (*plane_of)(void *ctx, const struct syn_call *call,
                               const struct syn_command *command);

    /* Do the events of a request leave before its reply? Sound: never. */
    bool (*tells_first)(void *ctx);

    /* How many bytes of `text` are accepted where `bytes_max` is published.
     * Sound: bytes_max. */
    size_t (*data_limit)(void *ctx, enum syn_plane plane, struct syn_str text,
                         size_t bytes_max);

    /* What of a collection's path a page token is bound to. Sound: all of
     * it. */
    struct syn_str (*binds_page)(void *ctx, struct syn_str path);
};

/* The sound behaviour everywhere. */
void syn_call_rules_init(struct syn_call_rules *rules);

#endif
