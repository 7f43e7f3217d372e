/*
 * live_rules.h - what the SDK plane decides about subscriptions, as a table.
 * Layer: service. Threads: the loop's.
 * Source: sdk-protocol.md sections 4 and 9.
 *
 * Part of the seams (seams.h): a seeded defect may replace one entry. `ctx` is
 * that of the seams.
 */
#ifndef SYN_SERVICE_LIVE_RULES_H
#define SYN_SERVICE_LIVE_RULES_H

#include "model/model.h"
#include "syn/arena.h"
#include "syn/str.h"
#include "wire/codes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_live_rules {
    /* The event after which a replay begins. Sound: the one that was asked
     * for. */
    int64_t (*replay_from)(void *ctx, int64_t asked);

    /* Which of `count` missed events is sent as number `step`. Sound: that
     * one. `count` or more: none. */
    size_t (*replay_at)(void *ctx, size_t step, size_t count);

    /* What the client is told about its replay. Sound: how it went. */
    enum syn_replay (*replay_told)(void *ctx, enum syn_replay replay);

    /* What becomes of an item of a batch, when `first` became of the first.
     * Sound: `own`. */
    enum syn_code (*wish_code)(void *ctx, enum syn_code first,
                               enum syn_code own);

    /* How often a subscriber that asked `asked` times is told each event.
     * Sound: once. */
    unsigned (*weight)(void *ctx, unsigned asked);

    /* Does a cancelled subscription end? Sound: always. */
    bool (*ends_on_cancel)(void *ctx);

    /* Is `presented` the MAC that we would make? Sound: equal, in constant
     * time. */
    bool (*fits_mac)(void *ctx, struct syn_str made, struct syn_str presented);

    /* The message to carry out of one whose connection ended before it was
     * whole; `raw` is its web socket frame as far as it came. Sound: none
     * (at NULL). */
    struct syn_str (*mend_torn)(void *ctx, struct syn_arena *arena,
                                struct syn_str raw);

    size_t torn_bytes_max;    /* kept of such a frame; sound: 0 */
    size_t batch_max;         /* subscriptions in one request */
    size_t subscriptions_max; /* of one connection */
};

/* The sound behaviour everywhere. */
void syn_live_rules_init(struct syn_live_rules *rules);

#endif
