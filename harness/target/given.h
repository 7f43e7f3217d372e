/*
 * given.h - tokens that a target file brings along, read without their key.
 * Layer: target. Threads: independent calls.
 * Source: design section 4 ("tokens"), rest.md section 8.1.
 *
 * Where no key may leave its owner, somebody mints a few tokens beforehand. All
 * users of the rows are then among the identities of these tokens. What a token
 * says of itself is believed only to find mistakes of the file early: a sealed
 * one (JWE) says nothing, and the service judges it.
 */
#ifndef SYN_TARGET_GIVEN_H
#define SYN_TARGET_GIVEN_H

#include "syn/arena.h"
#include "syn/str.h"
#include "target/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts belong to the arena; absent ones are empty. */
struct syn_given {
    struct syn_str identity;
    struct syn_str service_sid;
    int64_t expires_s; /* 0: it does not say */
};

/* False: no signed token that could be read; then nothing is known. */
bool syn_given_read(struct syn_arena *arena, const char *token,
                    struct syn_given *out);

/* The first token that has ended at `now_s`, by its identity; NULL: none. */
const char *syn_given_ended(const struct syn_target *target, int64_t now_s);

/* Index of an identity; token_count when the file has no token for it. */
size_t syn_given_find(const struct syn_target *target, struct syn_str identity);

#endif
