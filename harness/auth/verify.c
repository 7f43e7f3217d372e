/*
 * verify.c - form, header, issuer and signature of a token.
 *
 * The sound table at the end is the specification's list in its order. What a
 * hostile token can cost is bounded before anything is decoded: its size. The
 * claims themselves are judged in verify_claims.c, after the signature.
 */
#include "auth/verify.h"

#include "auth/draft.h"
#include "base/base64.h"

#include <string.h>

/* 2^53: beyond it a JSON number is not an exact integer everywhere. */
#define CLAIM_S_MAX ((uint64_t)1 << 53)

static const struct syn_str absent = {NULL, 0};

static size_t count_dots(struct syn_str token)
{
    size_t count = 0;
    size_t at = syn_str_find(token, '.', 0);
    while (at < token.bytes) {
        count++;
        at = syn_str_find(token, '.', at + 1);
    }
    return count;
}

bool syn_token_decode_part(struct syn_arena *arena, struct syn_str part,
                           struct syn_str *out)
{
    size_t bytes = 0;
    char *decoded = syn_arena_alloc(arena, part.bytes);
    if (decoded == NULL ||
        !syn_base64_decode_to(decoded, SYN_BASE64URL, part, &bytes)) {
        return false;
    }
    *out = (struct syn_str){decoded, bytes};
    return true;
}

enum syn_code syn_token_check_size(const struct syn_verify_env *env,
                                   struct syn_token_draft *draft)
{
    (void)env;
    const size_t bytes = draft->token.bytes;
    return bytes > 0 && bytes <= SYN_TOKEN_BYTES_MAX ? SYN_CODE_NONE
                                                     : SYN_CODE_20101;
}

/* Five parts are an envelope: opened only with a configured key. */
enum syn_code syn_token_check_envelope(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft)
{
    const size_t envelope_dots = 4;
    if (count_dots(draft->token) != envelope_dots) {
        return SYN_CODE_NONE;
    }
    if (env->jwe_key.at == NULL || !syn_jwe_open(draft->arena, env->jwe_key,
                                                 draft->token, &draft->token)) {
        return SYN_CODE_20101;
    }
    return SYN_CODE_NONE;
}

enum syn_code syn_token_check_compact(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft)
{
    (void)env;
    const struct syn_str token = draft->token;
    const size_t first = syn_str_find(token, '.', 0);
    const size_t second = syn_str_find(token, '.', first + 1);
    if (second >= token.bytes ||
        syn_str_find(token, '.', second + 1) < token.bytes) {
        return SYN_CODE_20101;
    }
    draft->signed_part = syn_str_part(token, 0, second);
    const struct syn_str header = syn_str_part(token, 0, first);
    const struct syn_str payload =
        syn_str_part(token, first + 1, second - first - 1);
    if (!syn_token_decode_part(draft->arena, header, &draft->header_text) ||
        !syn_token_decode_part(draft->arena, payload, &draft->payload_text) ||
        !syn_token_decode_part(draft->arena, syn_str_from(token, second + 1),
                               &draft->signature)) {
        return SYN_CODE_20101;
    }
    return SYN_CODE_NONE;
}

/* Digits only, so that 1e9, 1.0, "1" and -1 are all malformed. */
static struct syn_time_claim read_time(const struct syn_token_draft *draft,
                                       const char *name)
{
    struct syn_time_claim claim = {SYN_CLAIM_ABSENT, 0};
    const struct syn_json *node = syn_json_member(draft->payload, name);
    if (node == NULL) {
        return claim;
    }
    uint64_t value = 0;
    if (!syn_str_to_u64(syn_json_number_text(node), CLAIM_S_MAX, &value)) {
        claim.state = SYN_CLAIM_MALFORMED;
        return claim;
    }
    claim.state = SYN_CLAIM_WELL_FORMED;
    claim.value_s = (int64_t)value;
    return claim;
}

static void read_facts(struct syn_token_draft *draft)
{
    struct syn_token_facts *facts = &draft->facts;
    const struct syn_json *payload = draft->payload;
    const struct syn_json *grants = syn_json_member(payload, "grants");
    draft->issued = read_time(draft, "iat");
    draft->expires = read_time(draft, "exp");
    draft->not_before = read_time(draft, "nbf");
    facts->key_sid = syn_json_str(syn_json_member(payload, "iss"), absent);
    facts->account_sid = syn_json_str(syn_json_member(payload, "sub"), absent);
    facts->identity = syn_json_str(syn_json_member(grants, "identity"), absent);
    facts->service_sid = syn_json_str(
        syn_json_member(syn_json_member(grants, "data_sync"), "service_sid"),
        absent);
    facts->issued_s = draft->issued.value_s;
    facts->expires_s = draft->expires.value_s;
    facts->not_before_s = draft->not_before.value_s;
    facts->has_issued = draft->issued.state == SYN_CLAIM_WELL_FORMED;
    facts->has_not_before = draft->not_before.state == SYN_CLAIM_WELL_FORMED;
}

enum syn_code syn_token_read_json(struct syn_token_draft *draft,
                                  const struct syn_json_rules *rules)
{
    if (syn_json_parse(draft->arena, draft->header_text, rules, &draft->header,
                       NULL) != SYN_OK ||
        syn_json_parse(draft->arena, draft->payload_text, rules,
                       &draft->payload, NULL) != SYN_OK ||
        !syn_json_is(draft->header, SYN_JSON_OBJECT) ||
        !syn_json_is(draft->payload, SYN_JSON_OBJECT)) {
        return SYN_CODE_20101;
    }
    read_facts(draft);
    return SYN_CODE_NONE;
}

enum syn_code syn_token_check_json(const struct syn_verify_env *env,
                                   struct syn_token_draft *draft)
{
    (void)env;
    const struct syn_json_rules rules = {.bytes_max = SYN_TOKEN_BYTES_MAX,
                                         .depth_max = SYN_TOKEN_DEPTH_MAX};
    return syn_token_read_json(draft, &rules);
}

static bool header_says(const struct syn_token_draft *draft, const char *name,
                        const char *value)
{
    const struct syn_json *node = syn_json_member(draft->header, name);
    return syn_json_is(node, SYN_JSON_STRING) &&
           syn_str_is(syn_json_str(node, absent), value);
}

/* RFC 7515 section 4.1.11: what is critical and not understood is refused. */
enum syn_code syn_token_check_critical(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft)
{
    (void)env;
    return syn_json_member(draft->header, "crit") == NULL ? SYN_CODE_NONE
                                                          : SYN_CODE_20102;
}

enum syn_code syn_token_check_type(const struct syn_verify_env *env,
                                   struct syn_token_draft *draft)
{
    (void)env;
    return header_says(draft, "typ", "JWT") ? SYN_CODE_NONE : SYN_CODE_20102;
}

enum syn_code syn_token_check_content(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft)
{
    (void)env;
    return header_says(draft, "cty", "twilio-fpa;v=1") ? SYN_CODE_NONE
                                                       : SYN_CODE_20102;
}

bool syn_token_digest(struct syn_str algorithm, enum syn_digest *out)
{
    static const struct {
        const char *name;
        enum syn_digest digest;
    } known[] = {
        {"HS256", SYN_SHA256}, {"HS384", SYN_SHA384}, {"HS512", SYN_SHA512}};
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (syn_str_is(algorithm, known[i].name)) {
            *out = known[i].digest;
            return true;
        }
    }
    return false;
}

static bool read_digest(const struct syn_token_draft *draft,
                        enum syn_digest *out)
{
    const struct syn_json *alg = syn_json_member(draft->header, "alg");
    return syn_token_digest(syn_json_str(alg, absent), out);
}

enum syn_code syn_token_check_algorithm(const struct syn_verify_env *env,
                                        struct syn_token_draft *draft)
{
    (void)env;
    enum syn_digest digest;
    return read_digest(draft, &digest) ? SYN_CODE_NONE : SYN_CODE_20102;
}

/* `iss` only picks the key that the signature is then checked with. */
enum syn_code syn_token_check_issuer(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft)
{
    const struct syn_str key_sid = draft->facts.key_sid;
    draft->has_key =
        key_sid.bytes > 0 && env->find_key(env->ctx, key_sid, &draft->key);
    return draft->has_key ? SYN_CODE_NONE : SYN_CODE_20103;
}

enum syn_code syn_token_check_issuer_rights(const struct syn_verify_env *env,
                                            struct syn_token_draft *draft)
{
    (void)env;
    return draft->has_key && draft->key.can_mint ? SYN_CODE_NONE
                                                 : SYN_CODE_20103;
}

enum syn_code syn_token_check_subject(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft)
{
    (void)env;
    return draft->has_key &&
                   syn_str_is(draft->facts.account_sid, draft->key.account_sid)
               ? SYN_CODE_NONE
               : SYN_CODE_20103;
}

static bool is_mac_of(struct syn_hmac *hmac, enum syn_digest digest,
                      const struct syn_token_draft *draft)
{
    unsigned char mac[SYN_DIGEST_BYTES_MAX];
    const struct syn_str expected = {(const char *)mac,
                                     syn_digest_bytes(digest)};
    return syn_hmac_of(hmac, draft->signed_part, mac) == SYN_OK &&
           syn_crypto_is_equal(expected, draft->signature);
}

bool syn_token_is_signed(const struct syn_token_draft *draft,
                         enum syn_digest digest, struct syn_str secret)
{
    struct syn_hmac *hmac = NULL;
    if (syn_hmac_new(digest, secret, &hmac) != SYN_OK) {
        return false;
    }
    const bool is_signed = is_mac_of(hmac, digest, draft);
    syn_hmac_free(hmac);
    return is_signed;
}

/* Keying costs more than the MAC, so a keyring may have done it already. */
static bool is_signed_by_key(const struct syn_token_draft *draft,
                             enum syn_digest digest)
{
    const struct syn_verify_key *key = &draft->key;
    return digest == SYN_SHA256 && key->hs256 != NULL
               ? is_mac_of(key->hs256, digest, draft)
               : syn_token_is_signed(draft, digest, key->secret);
}

/* An empty secret signs nothing: a keyring without one has no key. */
enum syn_code syn_token_check_signature(const struct syn_verify_env *env,
                                        struct syn_token_draft *draft)
{
    (void)env;
    enum syn_digest digest;
    if (!draft->has_key || draft->key.secret.bytes == 0 ||
        !read_digest(draft, &digest) || !is_signed_by_key(draft, digest)) {
        return SYN_CODE_20107;
    }
    return SYN_CODE_NONE;
}

/* `twr` may be left out; when given it names the region that serves. */
enum syn_code syn_token_check_region(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft)
{
    const struct syn_json *region = syn_json_member(draft->header, "twr");
    if (region == NULL) {
        return SYN_CODE_NONE;
    }
    if (!syn_json_is(region, SYN_JSON_STRING)) {
        return SYN_CODE_20102;
    }
    return env->region == NULL ||
                   syn_str_is(syn_json_str(region, absent), env->region)
               ? SYN_CODE_NONE
               : SYN_CODE_20102;
}

const struct syn_token_check syn_token_checks[] = {
    {"size", "TOK-49", syn_token_check_size},
    {"envelope", "TOK-48", syn_token_check_envelope},
    {"compact", "TOK-49", syn_token_check_compact},
    {"json", "TOK-49", syn_token_check_json},
    {"critical", "TOK-49", syn_token_check_critical},
    {"type", "TOK-16", syn_token_check_type},
    {"content", "TOK-17", syn_token_check_content},
    {"algorithm", "TOK-20", syn_token_check_algorithm},
    {"issuer", "TOK-24", syn_token_check_issuer},
    {"issuer-rights", "TOK-36", syn_token_check_issuer_rights},
    {"subject", "TOK-25", syn_token_check_subject},
    {"signature", "TOK-22", syn_token_check_signature},
    {"not-before", "TOK-27", syn_token_check_not_before},
    {"expiry", "TOK-26", syn_token_check_expiry},
    {"issued", "TOK-28", syn_token_check_issued},
    {"lifetime", "TOK-28", syn_token_check_lifetime},
    {"identity", "TOK-30", syn_token_check_identity},
    {"grant", "TOK-31", syn_token_check_grant},
    {"service", "TOK-25", syn_token_check_service},
    {"region", "TOK-49", syn_token_check_region},
    {NULL, NULL, NULL}};

enum syn_code syn_token_verify(const struct syn_verify_env *env,
                               struct syn_arena *arena, struct syn_str token,
                               struct syn_token_facts *facts,
                               const struct syn_token_check **failed)
{
    SYN_ASSERT(env->find_key != NULL && env->has_service != NULL);
    struct syn_token_draft draft;
    memset(&draft, 0, sizeof(draft));
    draft.arena = arena;
    draft.token = token;
    const struct syn_token_check *check =
        env->checks == NULL ? syn_token_checks : env->checks;
    for (; check->name != NULL; check++) {
        const enum syn_code code = check->run(env, &draft);
        if (code != SYN_CODE_NONE) {
            if (failed != NULL) {
                *failed = check;
            }
            return code;
        }
    }
    *facts = draft.facts;
    return SYN_CODE_NONE;
}
