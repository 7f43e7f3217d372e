/*
 * token.c - access tokens by cjose, and texts signed as they are.
 *
 * Honest tokens are made by a vendor library, forged ones by an HMAC over any
 * text: a library would mend what a forger wants spoilt.
 */
#include "auth/token.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/log.h"
#include "syn/limits.h"

#include <cjose/cjose.h>
#include <inttypes.h>
#include <string.h>

#define TOKEN_CONTENT "twilio-fpa;v=1"

static const struct {
    const char *name;
    enum syn_digest digest;
} algorithms[] = {
    [SYN_HS256] = {"HS256", SYN_SHA256},
    [SYN_HS384] = {"HS384", SYN_SHA384},
    [SYN_HS512] = {"HS512", SYN_SHA512},
};

static syn_status log_cjose(const char *step, const cjose_err *err)
{
    syn_log(SYN_LOG_WARN, "token", step, "code=%d", (int)err->code);
    return err->code == CJOSE_ERR_NO_MEMORY ? SYN_ERR_MEMORY : SYN_ERR_CRYPTO;
}

static void write_grants(struct syn_json_writer *w,
                         const struct syn_claims *claims)
{
    syn_json_open_object(w, "grants");
    syn_json_write_str(w, "identity", claims->identity);
    syn_json_open_object(w, "data_sync");
    if (claims->service_sid.bytes > 0) {
        syn_json_write_str(w, "service_sid", claims->service_sid);
    }
    syn_json_close_object(w);
    syn_json_close_object(w);
}

/* The payload as the vendor's helper libraries write it (rest.md 8.1). */
static syn_status write_payload(struct syn_arena *arena,
                                const struct syn_token_key *key,
                                const struct syn_claims *claims,
                                struct syn_buf *buf)
{
    struct syn_str jti = claims->jti;
    if (jti.bytes == 0) {
        jti = syn_arena_printf(arena, "%s-%" PRId64, key->key_sid,
                               claims->issued_s);
    }
    struct syn_json_writer w;
    syn_json_writer_init(&w, buf);
    syn_json_open_object(&w, NULL);
    syn_json_write_str(&w, "jti", jti);
    write_grants(&w, claims);
    syn_json_write_i64(&w, "iat", claims->issued_s);
    syn_json_write_i64(&w, "exp", claims->expires_s);
    if (claims->not_before_s != 0) {
        syn_json_write_i64(&w, "nbf", claims->not_before_s);
    }
    syn_json_write_text(&w, "iss", key->key_sid);
    syn_json_write_text(&w, "sub", key->account_sid);
    syn_json_close_object(&w);
    return jti.at == NULL ? SYN_ERR_MEMORY : buf->status;
}

static bool fill_header(cjose_header_t *header, enum syn_token_alg alg,
                        cjose_err *err)
{
    return cjose_header_set(header, CJOSE_HDR_ALG, algorithms[alg].name, err) &&
           cjose_header_set(header, "typ", "JWT", err) &&
           cjose_header_set(header, CJOSE_HDR_CTY, TOKEN_CONTENT, err);
}

/* Everything cjose makes is released here, whatever happened. */
static syn_status sign_payload(struct syn_arena *arena, const char *secret,
                               enum syn_token_alg alg, struct syn_str payload,
                               struct syn_str *out)
{
    syn_status st = SYN_OK;
    cjose_err err;
    memset(&err, 0, sizeof(err));
    cjose_jws_t *jws = NULL;
    const char *compact = NULL;
    cjose_header_t *header = cjose_header_new(&err);
    cjose_jwk_t *jwk = cjose_jwk_create_oct_spec((const uint8_t *)secret,
                                                 strlen(secret), &err);
    if (header == NULL || jwk == NULL || !fill_header(header, alg, &err)) {
        st = log_cjose("prepare", &err);
        goto done;
    }
    jws = cjose_jws_sign(jwk, header, (const uint8_t *)payload.at,
                         payload.bytes, &err);
    if (jws == NULL || !cjose_jws_export(jws, &compact, &err)) {
        st = log_cjose("sign", &err);
        goto done;
    }
    struct syn_str copy = syn_arena_dup(arena, syn_str_of(compact));
    if (copy.at == NULL) {
        st = SYN_ERR_MEMORY;
        goto done;
    }
    *out = copy;
done:
    if (jws != NULL) {
        cjose_jws_release(jws);
    }
    if (jwk != NULL) {
        (void)cjose_jwk_release(jwk);
    }
    if (header != NULL) {
        cjose_header_release(header);
    }
    return st;
}

syn_status syn_token_mint(struct syn_arena *arena,
                          const struct syn_token_key *key,
                          const struct syn_claims *claims, struct syn_str *out)
{
    SYN_ASSERT(key->key_sid != NULL && key->secret != NULL);
    SYN_ASSERT(key->account_sid != NULL);
    SYN_ASSERT((size_t)claims->alg < sizeof(algorithms) / sizeof(*algorithms));

    struct syn_buf payload;
    syn_buf_init(&payload, NULL, SYN_TOKEN_BYTES_MAX);
    syn_status st = write_payload(arena, key, claims, &payload);
    if (st == SYN_OK) {
        st = sign_payload(arena, key->secret, claims->alg,
                          syn_buf_str(&payload), out);
    }
    syn_buf_fini(&payload);
    return st;
}

static syn_status put_mac(struct syn_buf *buf, struct syn_signing_key key)
{
    struct syn_hmac *hmac = NULL;
    unsigned char mac[SYN_DIGEST_BYTES_MAX];
    const enum syn_digest digest = algorithms[key.alg].digest;
    syn_status st = syn_hmac_new(digest, key.secret, &hmac);
    if (st == SYN_OK) {
        st = syn_hmac_of(hmac, syn_buf_str(buf), mac);
    }
    if (st == SYN_OK) {
        const struct syn_str bytes = {(const char *)mac,
                                      syn_digest_bytes(digest)};
        syn_buf_put_byte(buf, '.');
        syn_base64_put(buf, SYN_BASE64URL, bytes);
        st = buf->status;
    }
    syn_hmac_free(hmac);
    return st;
}

/* Forged tokens may be far larger than any service takes, hence the bound. */
syn_status syn_token_sign(struct syn_arena *arena, struct syn_signing_key key,
                          struct syn_str header_json,
                          struct syn_str payload_json, struct syn_str *out)
{
    SYN_ASSERT((size_t)key.alg < sizeof(algorithms) / sizeof(*algorithms));
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, SYN_TOKEN_FORGED_BYTES_MAX);
    syn_base64_put(&buf, SYN_BASE64URL, header_json);
    syn_buf_put_byte(&buf, '.');
    syn_base64_put(&buf, SYN_BASE64URL, payload_json);
    syn_status st = buf.status;
    if (st == SYN_OK) {
        st = put_mac(&buf, key);
    }
    if (st == SYN_OK) {
        const struct syn_str copy = syn_arena_dup(arena, syn_buf_str(&buf));
        st = copy.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
        if (st == SYN_OK) {
            *out = copy;
        }
    }
    syn_buf_fini(&buf);
    return st;
}
