/*
 * fuzz_token.c - access tokens and the envelope around them.
 *
 * No mutation guesses a signature, so an input that begins with 's' is header
 * and claims, by lines, and signed here; one with 'e' has the header of an
 * envelope before these, and is encrypted as well. Anything else is a token as
 * it comes.
 *
 * Promises: facts come from a token that is whole only, and are complete.
 */
#include "fuzz.h"

#include "auth/verify.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/crypto.h"

#define SIGNED          's'
#define ENVELOPED       'e'
#define TOKEN_BYTES_MAX (1u << 20)
#define NOW_S           1800000000
#define KEY             "SK00000000000000000000000000000001"
#define ACCOUNT         "AC00000000000000000000000000000001"
#define SECRET          "the secret of the key"
#define JWE_KEY         "0123456789abcdef0123456789abcdef"

static bool find_key(void *ctx, struct syn_str key_sid,
                     struct syn_verify_key *out)
{
    (void)ctx;
    *out = (struct syn_verify_key){
        .account_sid = ACCOUNT, .secret = SYN_STR(SECRET), .can_mint = true};
    return syn_str_is(key_sid, KEY);
}

static bool has_service(void *ctx, struct syn_str account, struct syn_str sid)
{
    (void)ctx;
    return syn_str_is(account, ACCOUNT) && sid.bytes > 0;
}

static void check_token(struct syn_arena *arena, struct syn_str token)
{
    const struct syn_verify_env env = {.now_s = NOW_S,
                                       .region = "us1",
                                       .jwe_key = SYN_STR(JWE_KEY),
                                       .find_key = find_key,
                                       .has_service = has_service};
    struct syn_token_facts facts = {.expires_s = -1};
    const struct syn_token_check *failed = NULL;
    const enum syn_code code =
        syn_token_verify(&env, arena, token, &facts, &failed);
    if (code != SYN_CODE_NONE) {
        SYN_ASSERT(failed != NULL && facts.expires_s == -1);
        return;
    }
    SYN_ASSERT(facts.expires_s > NOW_S);
    SYN_ASSERT(syn_str_is(facts.key_sid, KEY));
    SYN_ASSERT(syn_str_is(facts.account_sid, ACCOUNT));
    SYN_ASSERT(facts.identity.bytes > 0 && syn_str_is_utf8(facts.identity));
    if (facts.has_not_before) {
        syn_fuzz_plant(facts.identity);
    }
}

static void put_signed(struct syn_buf *out, struct syn_str header,
                       struct syn_str claims)
{
    struct syn_hmac *hmac = NULL;
    unsigned char digest[SYN_DIGEST_BYTES_MAX];
    syn_base64_put(out, SYN_BASE64URL, header);
    syn_buf_put_byte(out, '.');
    syn_base64_put(out, SYN_BASE64URL, claims);
    SYN_ASSERT(syn_hmac_new(SYN_SHA256, SYN_STR(SECRET), &hmac) == SYN_OK);
    SYN_ASSERT(syn_hmac_of(hmac, syn_buf_str(out), digest) == SYN_OK);
    syn_hmac_free(hmac);
    syn_buf_put_byte(out, '.');
    syn_base64_put(
        out, SYN_BASE64URL,
        (struct syn_str){(const char *)digest, syn_digest_bytes(SYN_SHA256)});
}

/* Five parts; the key's is empty. */
static void put_envelope(struct syn_buf *out, struct syn_arena *arena,
                         struct syn_str header, struct syn_str inner)
{
    const char nonce[SYN_AEAD_NONCE_BYTES] = "no repeats";
    unsigned char *sealed =
        syn_arena_alloc(arena, inner.bytes + SYN_AEAD_TAG_BYTES);
    SYN_ASSERT(sealed != NULL);
    syn_base64_put(out, SYN_BASE64URL, header);
    SYN_ASSERT(syn_aead_seal((const unsigned char *)JWE_KEY,
                             (const unsigned char *)nonce, syn_buf_str(out),
                             inner, sealed) == SYN_OK);
    const struct syn_str all = {(const char *)sealed,
                                inner.bytes + SYN_AEAD_TAG_BYTES};
    syn_buf_put_text(out, "..");
    syn_base64_put(out, SYN_BASE64URL, (struct syn_str){nonce, sizeof nonce});
    syn_buf_put_byte(out, '.');
    syn_base64_put(out, SYN_BASE64URL, syn_str_part(all, 0, inner.bytes));
    syn_buf_put_byte(out, '.');
    syn_base64_put(out, SYN_BASE64URL, syn_str_from(all, inner.bytes));
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    struct syn_buf token, envelope;
    const char kind = in.bytes > 0 ? in.at[0] : '\0';
    if (kind != SIGNED && kind != ENVELOPED) {
        check_token(arena, in);
        return;
    }
    struct syn_str rest = syn_str_from(in, 1);
    const struct syn_str outer =
        kind == ENVELOPED ? syn_fuzz_line(&rest) : (struct syn_str){NULL, 0};
    const struct syn_str header = syn_fuzz_line(&rest);
    syn_buf_init(&token, NULL, TOKEN_BYTES_MAX);
    syn_buf_init(&envelope, NULL, TOKEN_BYTES_MAX);
    put_signed(&token, header, rest);
    if (kind == ENVELOPED) {
        put_envelope(&envelope, arena, outer, syn_buf_str(&token));
        check_token(arena, syn_buf_str(&envelope));
    } else {
        check_token(arena, syn_buf_str(&token));
    }
    syn_buf_fini(&envelope);
    syn_buf_fini(&token);
}
