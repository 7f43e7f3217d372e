/*
 * token.h - mint access tokens, honest ones and spoilt ones.
 * Layer: auth. Threads: a minter is immutable once open and may be shared.
 * Source: rest.md section 8.1; clauses TOK-16 to TOK-31.
 *
 * Tokens are signed by cjose, which shares no code with the verifier
 * (verify.h): two readings of one specification.
 */
#ifndef SYN_AUTH_TOKEN_H
#define SYN_AUTH_TOKEN_H

#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdint.h>

enum syn_token_alg { SYN_HS256, SYN_HS384, SYN_HS512 };

/* The key a token is signed with. Texts are borrowed for the call. */
struct syn_token_key {
    const char *key_sid; /* iss, "SK…" */
    const char *secret;
    const char *account_sid; /* sub, "AC…" */
};

/* The claims of one token. Zero-initialise, then set what differs. */
struct syn_claims {
    struct syn_str identity;    /* grants.identity */
    struct syn_str service_sid; /* grants.data_sync.service_sid; empty: out */
    int64_t issued_s;           /* iat, Unix seconds */
    int64_t expires_s;          /* exp */
    int64_t not_before_s;       /* nbf; 0 leaves it out */
    struct syn_str jti;         /* empty: "<key>-<iat>" */
    enum syn_token_alg alg;
};

/* Sign one token; *out is owned by `arena`. Errors: SYN_ERR_CRYPTO. */
SYN_MUST_CHECK syn_status syn_token_mint(struct syn_arena *arena,
                                         const struct syn_token_key *key,
                                         const struct syn_claims *claims,
                                         struct syn_str *out);

/* What a signature is made with. */
struct syn_signing_key {
    enum syn_token_alg alg;
    struct syn_str secret;
};

/* Sign any header and payload text as they are (forged tokens). The header's
 * `alg` need not fit that of the key. */
SYN_MUST_CHECK syn_status syn_token_sign(struct syn_arena *arena,
                                         struct syn_signing_key key,
                                         struct syn_str header_json,
                                         struct syn_str payload_json,
                                         struct syn_str *out);

#endif
