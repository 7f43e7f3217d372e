/*
 * adversary.h - the misbehaviours that rows meet, compiled in.
 * Layer: runner. Threads: constants only.
 * Source: fixtures/adversaries.json, by adversary_gen.c at build time.
 *
 * T forged tokens, L their life, X stolen ones, A access, W bytes and frames,
 * B buggy clients, E expiry, I the token endpoint. Rows name them in `meets`.
 */
#ifndef SYN_RUNNER_ADVERSARY_H
#define SYN_RUNNER_ADVERSARY_H

#include "syn/result.h"
#include "syn/str.h"

#include <stddef.h>

struct syn_adversary {
    const char *id; /* "W06" */
    enum syn_level level;
    const char *what; /* "masks nothing" */
};

extern const struct syn_adversary syn_adversaries[];
extern const size_t syn_adversary_count;

/* NULL: no such adversary. */
const struct syn_adversary *syn_adversary_find(struct syn_str id);

#endif
