/*
 * live_rules.c - the sound behaviour behind what the SDK plane decides.
 */
#include "service/live_rules.h"

#include "base/crypto.h"
#include "syn/limits.h"

static int64_t replay_from(void *ctx, int64_t asked)
{
    (void)ctx;
    return asked;
}

static size_t replay_at(void *ctx, size_t step, size_t count)
{
    (void)ctx;
    (void)count;
    return step;
}

static enum syn_replay replay_told(void *ctx, enum syn_replay replay)
{
    (void)ctx;
    return replay;
}

/* Each item stands for itself (A27). */
static enum syn_code wish_code(void *ctx, enum syn_code first,
                               enum syn_code own)
{
    (void)ctx;
    (void)first;
    return own;
}

static unsigned weight(void *ctx, unsigned asked)
{
    (void)ctx;
    (void)asked;
    return 1;
}

static bool ends_on_cancel(void *ctx)
{
    (void)ctx;
    return true;
}

static bool fits_mac(void *ctx, struct syn_str made, struct syn_str presented)
{
    (void)ctx;
    return syn_crypto_is_equal(made, presented);
}

static struct syn_str mend_torn(void *ctx, struct syn_arena *arena,
                                struct syn_str raw)
{
    (void)ctx;
    (void)arena;
    (void)raw;
    return (struct syn_str){NULL, 0};
}

void syn_live_rules_init(struct syn_live_rules *rules)
{
    *rules =
        (struct syn_live_rules){.replay_from = replay_from,
                                .replay_at = replay_at,
                                .replay_told = replay_told,
                                .wish_code = wish_code,
                                .weight = weight,
                                .ends_on_cancel = ends_on_cancel,
                                .fits_mac = fits_mac,
                                .mend_torn = mend_torn,
                                .batch_max = SYN_BATCH_MAX,
                                .subscriptions_max = SYN_SUBSCRIPTIONS_MAX};
}
