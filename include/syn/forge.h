/*
 * forge.h - every way to spoil a token, as a table.
 * Layer: public. Threads: constants; making one has no side effects.
 * Source: spec adversaries T01 to T26 and L01 to L05 (the first chapters of
 *         the taxonomy), clauses TOK-16 to TOK-49.
 *
 * Each forgery differs from a valid token in one thing. The kit holds what an
 * attacker would have: a valid token's claims, and, where the forgery is about
 * a wrong key, other keys of the target.
 */
#ifndef SYN_FORGE_H
#define SYN_FORGE_H

#include "syn/arena.h"
#include "syn/result.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What forgeries are made from. Texts are borrowed. */
struct syn_forge_kit {
    struct syn_str identity; /* of the honest token */
    struct syn_str victim;   /* an identity to become */
    struct syn_str key_sid;  /* iss of the honest token */
    struct syn_str secret;   /* its secret */
    struct syn_str account_sid;
    struct syn_str service_sid;
    struct syn_str auth_token;    /* empty: not known, TOK-35 is skipped */
    struct syn_str other_key_sid; /* another key of the account; may be "" */
    struct syn_str other_secret;
    struct syn_str other_service_sid; /* of the same account; may be empty */
    struct syn_str foreign_key_sid;   /* of another account; may be empty */
    struct syn_str foreign_secret;
    struct syn_str foreign_account_sid;
    struct syn_str restricted_key_sid; /* may be empty */
    struct syn_str restricted_secret;
    struct syn_str deleted_key_sid; /* may be empty */
    struct syn_str deleted_secret;
    struct syn_str callback_url; /* a listener of ours, for jku and x5u */
    struct syn_str jwe_key;      /* 32 bytes of the service's; may be empty */
    int64_t now_s;
};

/* What must become of it. */
enum syn_forge_fate {
    SYN_FORGE_REFUSED,  /* no session */
    SYN_FORGE_ACCEPTED, /* a valid variant: the positive control */
    SYN_FORGE_CONFINED  /* a session may open, but never as `victim` */
};

struct syn_forge_recipe; /* opaque: harness/auth/forge_recipe.h */

struct syn_forgery {
    const char *id;      /* "T03" */
    const char *variant; /* "nOnE"; id and variant together are unique */
    const char *title;
    const char *source; /* clauses, blank between: "TOK-20" */
    enum syn_level level;
    enum syn_forge_fate fate;
    int code; /* of the refusal, as signalling; 0: any, hanging up included,
                 for what may break a bound before the token is read */
    bool is_remote_safe;
    const struct syn_forge_recipe *recipe; /* what is spoilt, and how */
};

/* The table in order; NULL past the end. `id` NULL: all, else that id only. */
const struct syn_forgery *syn_forgery_next(const char *id, size_t *cursor);

/*
 * Make one; the same kit always yields the same text. *out belongs to `arena`,
 * `at` is never NULL on success (the empty token has 0 bytes), and is untouched
 * on error. Errors: SYN_ERR_NOT_FOUND the kit lacks what it needs (skip it),
 * SYN_ERR_CRYPTO, SYN_ERR_LIMIT, SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_forge_make(const struct syn_forgery *forgery,
                                         const struct syn_forge_kit *kit,
                                         struct syn_arena *arena,
                                         struct syn_str *out);

struct syn_run;

/* The kit of this row's target; fields the target lacks are empty. */
const struct syn_forge_kit *syn_run_forge_kit(struct syn_run *run);

/* Make one for this row; at NULL when the kit lacks something. */
struct syn_str syn_run_forge(struct syn_run *run,
                             const struct syn_forgery *forgery);

#endif
