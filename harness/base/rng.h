/*
 * rng.h - seeded numbers: the same seed replays the same run.
 * Layer: base. Threads: one owner. Not for secrets (crypto.h is).
 */
#ifndef SYN_BASE_RNG_H
#define SYN_BASE_RNG_H

#include <stdint.h>

/* xoshiro256**, seeded by SplitMix64. */
struct syn_rng {
    uint64_t state[4];
};

/* `stream` separates users of one seed: worker index, row hash. */
void syn_rng_init(struct syn_rng *rng, uint64_t seed, uint64_t stream);

uint64_t syn_rng_next(struct syn_rng *rng);

/* Uniform in [0, bound), bound > 0, without modulo bias. */
uint64_t syn_rng_below(struct syn_rng *rng, uint64_t bound);

/* Uniform in [0, 1). */
double syn_rng_unit(struct syn_rng *rng);

/* `count` lower-case hex digits and a NUL into `out`. */
void syn_rng_hex(struct syn_rng *rng, char *out, unsigned count);

#endif
