/*
 * verify.h - the service's reading of an access token.
 * Layer: auth. Threads: one owner. Source: rest.md sections 8.2 and 12.
 *
 * Verification is a table of checks run in order; the first that fails names
 * the code. Nothing in a claim is believed before the signature is. Hostile
 * input costs bounded time and memory.
 */
#ifndef SYN_AUTH_VERIFY_H
#define SYN_AUTH_VERIFY_H

#include "syn/arena.h"
#include "syn/limits.h"
#include "syn/status.h"
#include "syn/str.h"
#include "wire/codes.h"
#include "wire/readings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a verified token says. Texts live in the arena of the call. */
struct syn_token_facts {
    struct syn_str key_sid;
    struct syn_str account_sid;
    struct syn_str identity;
    struct syn_str service_sid; /* as in the token, may be "default" */
    int64_t issued_s;
    int64_t expires_s;
    int64_t not_before_s;
    bool has_issued;
    bool has_not_before;
};

struct syn_hmac; /* base/crypto.h */

/* A key that may have signed it, as the keyring knows it. */
struct syn_verify_key {
    const char *account_sid;
    struct syn_str secret;
    struct syn_hmac *hs256; /* keyed with `secret`; NULL: made when needed */
    bool can_mint; /* false: restricted or deleted, or its account inactive */
};

/* Where the verifier looks things up. */
struct syn_verify_env {
    int64_t now_s;
    const struct syn_token_check *checks; /* NULL: the sound table */
    const struct syn_readings *readings;  /* of skews; NULL: the reference's */
    const char *region;                   /* of `twr`; NULL: none configured */
    struct syn_str jwe_key; /* 32 bytes; at NULL: JWE refused (20101) */
    /* False: no such key. */
    bool (*find_key)(void *ctx, struct syn_str key_sid,
                     struct syn_verify_key *out);
    /* Does the service (sid or "default") belong to the account? */
    bool (*has_service)(void *ctx, struct syn_str account_sid,
                        struct syn_str service_sid);
    void *ctx;
};

struct syn_token_draft; /* what is parsed so far: harness/auth/verify.h only
                           names it, checks see it in auth/draft.h */

typedef enum syn_code (*syn_token_check_fn)(const struct syn_verify_env *env,
                                            struct syn_token_draft *draft);

struct syn_token_check {
    const char *name;   /* "signature", "expiry", … */
    const char *clause; /* "TOK-22" */
    syn_token_check_fn run;
};

/* The sound table, in the order of rest.md 8.2, ended by {NULL}. */
extern const struct syn_token_check syn_token_checks[];

/*
 * Verify by the checks of `env`. SYN_CODE_NONE and *facts on
 * success; else a 20xxx code, *facts untouched and *failed (may be NULL) the
 * check that refused.
 */
enum syn_code syn_token_verify(const struct syn_verify_env *env,
                               struct syn_arena *arena, struct syn_str token,
                               struct syn_token_facts *facts,
                               const struct syn_token_check **failed);

#endif
