/*
 * rng.c - xoshiro256** seeded by SplitMix64.
 * Layer: base. Threads: one owner.
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators"; all shifts and factors below are theirs.
 */
#include "base/rng.h"

#include "syn/status.h"

#define WORD_BITS    64
#define UNIT_SHIFT   11 /* a double holds 53 bits */
#define NIBBLE_BITS  4
#define NIBBLE_MASK  0xfu
#define WORD_NIBBLES 16
#define STATE_WORDS  4

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void syn_rng_init(struct syn_rng *rng, uint64_t seed, uint64_t stream)
{
    /* mix(0) is 0: stream 0 is the plain published seeding. */
    uint64_t state = seed ^ mix(stream);
    for (unsigned i = 0; i < STATE_WORDS; i++) {
        state += UINT64_C(0x9e3779b97f4a7c15);
        rng->state[i] = mix(state);
    }
}

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (WORD_BITS - bits);
}

uint64_t syn_rng_next(struct syn_rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t syn_rng_below(struct syn_rng *rng, uint64_t bound)
{
    SYN_ASSERT(bound > 0);
    /* Draws under 2^64 mod bound would favour the small remainders. */
    uint64_t unfair = (0 - bound) % bound;
    uint64_t draw = syn_rng_next(rng);
    while (draw < unfair) {
        draw = syn_rng_next(rng);
    }
    return draw % bound;
}

double syn_rng_unit(struct syn_rng *rng)
{
    return (double)(syn_rng_next(rng) >> UNIT_SHIFT) * 0x1.0p-53;
}

void syn_rng_hex(struct syn_rng *rng, char *out, unsigned count)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t word = 0;
    for (unsigned i = 0; i < count; i++) {
        if (i % WORD_NIBBLES == 0) {
            word = syn_rng_next(rng);
        }
        out[i] = digits[word & NIBBLE_MASK];
        word >>= NIBBLE_BITS;
    }
    out[count] = '\0';
}
