/*
 * token.h - claims to token, for rows.
 * Layer: public. Threads: the row's. Source: rest.md section 8.
 */
#ifndef SYN_TOKEN_H
#define SYN_TOKEN_H

#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

struct syn_run;

/* What a row wants in a token; zero means the honest default. */
struct syn_token_wish {
    const char *identity;
    const char *service_sid; /* NULL: the row's service */
    int64_t starts_in_s;     /* iat = now + this */
    int64_t ttl_s;           /* exp = iat + this; 0: 3600 */
    int64_t not_before_in_s; /* nbf = now + this; 0: no nbf */
    const char *key_sid;     /* sign with another key; NULL: the target's */
    const char *secret;      /* of that key */
};

/* Mint by the target's key; owned by the row. */
struct syn_str syn_run_token(struct syn_run *run,
                             const struct syn_token_wish *wish);

/* Does any line of the row's log hold `text`? */
bool syn_run_has_logged(struct syn_run *run, struct syn_str text);

/* The usual one: of this identity, for so long. */
struct syn_str syn_run_token_for(struct syn_run *run, const char *identity,
                                 int64_t ttl_s);

#endif
