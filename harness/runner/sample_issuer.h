/*
 * sample_issuer.h - a token endpoint of ours, sound or with one fault.
 * Layer: runner. Threads: the row's process.
 * Source: rest.md section 8.1; spec adversaries I01 to I06.
 */
#ifndef SYN_RUNNER_SAMPLE_ISSUER_H
#define SYN_RUNNER_SAMPLE_ISSUER_H

#include "auth/token.h"
#include "base/rng.h"
#include "client/issuer.h"
#include "net/loop.h"
#include "runner/instance.h"
#include "syn/arena.h"

struct syn_sample_issuer; /* opaque: harness/runner/sample_issuer.c */

struct syn_sample_issuer_setup {
    struct syn_loop *loop;
    struct syn_arena *arena;
    struct syn_rng *rng;
    struct syn_token_key key;
    const char *service_sid;
    const struct syn_instance *sample;
};

/* Errors: SYN_ERR_MEMORY, SYN_ERR_NET. */
SYN_MUST_CHECK syn_status
syn_sample_issuer_start(const struct syn_sample_issuer_setup *setup,
                        struct syn_sample_issuer **out);
void syn_sample_issuer_stop(struct syn_sample_issuer *issuer); /* NULL ok */

/* How its users call it. */
struct syn_issuer_setup
syn_sample_issuer_door(const struct syn_sample_issuer *issuer);

#endif
