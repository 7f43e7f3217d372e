/*
 * draft.h - a token while it is being judged, and the checks that judge it.
 * Layer: auth. Threads: one owner. Source: rest.md sections 8.2 and 12.
 *
 * Each check is a function of its own, so that a seeded defect can build a
 * table that misses or changes one of them (service/defect.c). Reading never
 * refuses a claim: syn_token_check_json notes for each claim whether it is
 * there and well formed, and the later checks decide. A table that misses a
 * check therefore still yields facts.
 */
#ifndef SYN_AUTH_DRAFT_H
#define SYN_AUTH_DRAFT_H

#include "auth/verify.h"
#include "base/crypto.h"
#include "base/json.h"

/* A time claim: a JSON integer from 0 to 2^53, or it is malformed. */
enum syn_claim_state {
    SYN_CLAIM_ABSENT,
    SYN_CLAIM_MALFORMED,
    SYN_CLAIM_WELL_FORMED
};

struct syn_time_claim {
    enum syn_claim_state state;
    int64_t value_s; /* 0 unless well formed */
};

struct syn_token_draft {
    struct syn_arena *arena;
    struct syn_str token; /* the compact JWS; after an envelope its content */

    /* Parts as sent, decoded by syn_token_check_compact. */
    struct syn_str signed_part; /* "<header>.<payload>" */
    struct syn_str header_text;
    struct syn_str payload_text;
    struct syn_str signature;

    /* By syn_token_check_json. */
    const struct syn_json *header;
    const struct syn_json *payload;
    struct syn_time_claim issued;
    struct syn_time_claim expires;
    struct syn_time_claim not_before;

    /* By syn_token_check_issuer. */
    bool has_key;
    struct syn_verify_key key;

    struct syn_token_facts facts;
};

/* In the order of the sound table. */
enum syn_code syn_token_check_size(const struct syn_verify_env *env,
                                   struct syn_token_draft *draft);
enum syn_code syn_token_check_envelope(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft);
enum syn_code syn_token_check_compact(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft);
enum syn_code syn_token_check_json(const struct syn_verify_env *env,
                                   struct syn_token_draft *draft);
enum syn_code syn_token_check_critical(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft);
enum syn_code syn_token_check_type(const struct syn_verify_env *env,
                                   struct syn_token_draft *draft);
enum syn_code syn_token_check_content(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft);
enum syn_code syn_token_check_algorithm(const struct syn_verify_env *env,
                                        struct syn_token_draft *draft);
enum syn_code syn_token_check_issuer(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft);
enum syn_code syn_token_check_issuer_rights(const struct syn_verify_env *env,
                                            struct syn_token_draft *draft);
enum syn_code syn_token_check_subject(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft);
enum syn_code syn_token_check_signature(const struct syn_verify_env *env,
                                        struct syn_token_draft *draft);
enum syn_code syn_token_check_not_before(const struct syn_verify_env *env,
                                         struct syn_token_draft *draft);
enum syn_code syn_token_check_expiry(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft);
enum syn_code syn_token_check_issued(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft);
enum syn_code syn_token_check_lifetime(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft);
enum syn_code syn_token_check_identity(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft);
enum syn_code syn_token_check_grant(const struct syn_verify_env *env,
                                    struct syn_token_draft *draft);
enum syn_code syn_token_check_service(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft);
enum syn_code syn_token_check_region(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft);

/* Parse header and payload under `rules` and read the facts. */
enum syn_code syn_token_read_json(struct syn_token_draft *draft,
                                  const struct syn_json_rules *rules);

/* HS256, HS384, HS512 by exact name. */
bool syn_token_digest(struct syn_str algorithm, enum syn_digest *out);

/* Is this MAC of the signed part right under `secret`? For checks. */
bool syn_token_is_signed(const struct syn_token_draft *draft,
                         enum syn_digest digest, struct syn_str secret);

/* Decode one base64url part into the arena; false: not canonical. */
bool syn_token_decode_part(struct syn_arena *arena, struct syn_str part,
                           struct syn_str *out);

/*
 * Open a compact JWE (dir, A256GCM) under a 32-byte key; *out is the content.
 * False: not such an envelope, not authentic, or it asks for `crit`, `zip`,
 * `p2c` (rest.md section 12).
 */
bool syn_jwe_open(struct syn_arena *arena, struct syn_str key,
                  struct syn_str token, struct syn_str *out);

#endif
