/*
 * crypto.c - hash, HMAC, AES-256-GCM and random bytes on OpenSSL 3.
 * Layer: base. Threads: functions are independent; a syn_hmac has one owner.
 *
 * OpenSSL leaves causes in a queue of the thread. It is read and emptied here,
 * at the edge, so that no later caller finds an error that is not its own.
 */
#include "base/crypto.h"

#include "base/log.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#define DIGEST_NAME_BYTES 8
#define CAUSE_BYTES_MAX   256
#define NIBBLE_BITS       4
#define NIBBLE_MASK       0xfu
#define PRINT_BYTES       ((SYN_FINGERPRINT_BYTES - 1) / 2)

struct digest {
    const char *name;
    size_t bytes;
    const EVP_MD *(*get)(void);
};

static const struct digest digests[] = {
    [SYN_SHA1] = {"SHA1", 20, EVP_sha1},
    [SYN_SHA256] = {"SHA256", 32, EVP_sha256},
    [SYN_SHA384] = {"SHA384", 48, EVP_sha384},
    [SYN_SHA512] = {"SHA512", 64, EVP_sha512},
};

struct syn_hmac {
    EVP_MAC_CTX *ctx; /* keyed; each use starts from the key's state */
    size_t bytes;
};

/* Log the first cause, forget all of them. */
static syn_status crypto_failed(const char *what)
{
    char cause[CAUSE_BYTES_MAX];
    ERR_error_string_n(ERR_get_error(), cause, sizeof cause);
    ERR_clear_error();
    syn_log(SYN_LOG_WARN, "crypto", "failed", "what=%s cause=%s", what, cause);
    return SYN_ERR_CRYPTO;
}

static const struct digest *digest_row(enum syn_digest digest)
{
    SYN_ASSERT((unsigned)digest < sizeof digests / sizeof digests[0]);
    return &digests[digest];
}

/* libcrypto wants a place even for no bytes. */
static const unsigned char *bytes_of(struct syn_str s)
{
    return (const unsigned char *)(s.at == NULL ? "" : s.at);
}

size_t syn_digest_bytes(enum syn_digest digest)
{
    return digest_row(digest)->bytes;
}

syn_status syn_digest_of(enum syn_digest digest, struct syn_str in,
                         unsigned char out[SYN_DIGEST_BYTES_MAX])
{
    const EVP_MD *md = digest_row(digest)->get();
    if (EVP_Digest(bytes_of(in), in.bytes, out, NULL, md, NULL) != 1) {
        return crypto_failed("digest");
    }
    return SYN_OK;
}

/* --- HMAC ----------------------------------------------------------------- */

static EVP_MAC_CTX *new_mac_ctx(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac); /* the context holds its own reference */
    return ctx;
}

syn_status syn_hmac_new(enum syn_digest digest, struct syn_str key,
                        struct syn_hmac **out)
{
    const struct digest *row = digest_row(digest);
    char name[DIGEST_NAME_BYTES];
    OSSL_PARAM params[2];
    struct syn_hmac *hmac = calloc(1, sizeof *hmac);
    if (hmac == NULL) {
        return SYN_ERR_MEMORY;
    }
    SYN_ASSERT(strlen(row->name) < sizeof name);
    memcpy(name, row->name, strlen(row->name) + 1);
    params[0] =
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
    params[1] = OSSL_PARAM_construct_end();
    hmac->bytes = row->bytes;
    hmac->ctx = new_mac_ctx();
    if (hmac->ctx == NULL ||
        EVP_MAC_init(hmac->ctx, bytes_of(key), key.bytes, params) != 1) {
        syn_hmac_free(hmac);
        return crypto_failed("hmac key");
    }
    *out = hmac;
    return SYN_OK;
}

void syn_hmac_free(struct syn_hmac *hmac)
{
    if (hmac != NULL) {
        EVP_MAC_CTX_free(hmac->ctx); /* wipes the key */
        free(hmac);
    }
}

syn_status syn_hmac_of(struct syn_hmac *hmac, struct syn_str in,
                       unsigned char out[SYN_DIGEST_BYTES_MAX])
{
    size_t bytes = 0;
    /* No key: go back to the state behind the key that is set already. */
    if (EVP_MAC_init(hmac->ctx, NULL, 0, NULL) != 1 ||
        EVP_MAC_update(hmac->ctx, bytes_of(in), in.bytes) != 1 ||
        EVP_MAC_final(hmac->ctx, out, &bytes, SYN_DIGEST_BYTES_MAX) != 1) {
        return crypto_failed("hmac");
    }
    SYN_ASSERT(bytes == hmac->bytes);
    return SYN_OK;
}

/* --- secrets -------------------------------------------------------------- */

bool syn_crypto_is_equal(struct syn_str a, struct syn_str b)
{
    return a.bytes == b.bytes &&
           CRYPTO_memcmp(bytes_of(a), bytes_of(b), a.bytes) == 0;
}

syn_status syn_crypto_random(void *out, size_t bytes)
{
    if (bytes > INT_MAX) {
        return SYN_ERR_CRYPTO; /* a length by mistake, not a need */
    }
    if (RAND_bytes(out, (int)bytes) != 1) {
        return crypto_failed("random");
    }
    return SYN_OK;
}

void syn_crypto_wipe(void *at, size_t bytes)
{
    OPENSSL_cleanse(at, bytes);
}

/* --- AES-256-GCM ---------------------------------------------------------- */

/* Both directions: set key and nonce, take the associated bytes. */
static bool begin_aead(EVP_CIPHER_CTX *ctx, const unsigned char *key,
                       const unsigned char *nonce, struct syn_str associated,
                       int is_sealing)
{
    int done = 0;
    return ctx != NULL &&
           EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce,
                             is_sealing) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &done, bytes_of(associated),
                            (int)associated.bytes) == 1;
}

/* libcrypto counts in int. */
static bool fits_aead(struct syn_str associated, struct syn_str in)
{
    return associated.bytes <= INT_MAX &&
           in.bytes <= INT_MAX - SYN_AEAD_TAG_BYTES;
}

syn_status syn_aead_seal(const unsigned char key[SYN_AEAD_KEY_BYTES],
                         const unsigned char nonce[SYN_AEAD_NONCE_BYTES],
                         struct syn_str associated, struct syn_str in,
                         unsigned char *out)
{
    int done = 0;
    int rest = 0;
    if (!fits_aead(associated, in)) {
        return SYN_ERR_ARG;
    }
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool is_sealed =
        begin_aead(ctx, key, nonce, associated, 1) &&
        EVP_CipherUpdate(ctx, out, &done, bytes_of(in), (int)in.bytes) == 1 &&
        EVP_CipherFinal_ex(ctx, out + done, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SYN_AEAD_TAG_BYTES,
                            out + in.bytes) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return is_sealed ? SYN_OK : crypto_failed("seal");
}

syn_status syn_aead_open(const unsigned char key[SYN_AEAD_KEY_BYTES],
                         const unsigned char nonce[SYN_AEAD_NONCE_BYTES],
                         struct syn_str associated, struct syn_str in,
                         unsigned char *out)
{
    unsigned char tag[SYN_AEAD_TAG_BYTES];
    int done = 0;
    int rest = 0;
    if (in.bytes < sizeof tag || !fits_aead(associated, in)) {
        return SYN_ERR_CRYPTO;
    }
    struct syn_str text = syn_str_part(in, 0, in.bytes - sizeof tag);
    memcpy(tag, in.at + text.bytes, sizeof tag);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool is_open =
        begin_aead(ctx, key, nonce, associated, 0) &&
        EVP_CipherUpdate(ctx, out, &done, bytes_of(text), (int)text.bytes) ==
            1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1 &&
        EVP_CipherFinal_ex(ctx, out + done, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!is_open) {
        /* A forged text is the peer's doing: no log, and nobody reads it. */
        ERR_clear_error();
        syn_crypto_wipe(out, text.bytes);
        return SYN_ERR_CRYPTO;
    }
    return SYN_OK;
}

/* --- text ----------------------------------------------------------------- */

void syn_crypto_hex(const unsigned char *in, size_t bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++) {
        out[2 * i] = digits[in[i] >> NIBBLE_BITS];
        out[2 * i + 1] = digits[in[i] & NIBBLE_MASK];
    }
    out[2 * bytes] = '\0';
}

void syn_crypto_fingerprint(struct syn_str secret,
                            char out[SYN_FINGERPRINT_BYTES])
{
    unsigned char hash[SYN_DIGEST_BYTES_MAX] = {0};
    /* The cause has been logged; zeros say that nothing was hashed. */
    if (syn_digest_of(SYN_SHA256, secret, hash) != SYN_OK) {
        memset(hash, 0, sizeof hash);
    }
    syn_crypto_hex(hash, PRINT_BYTES, out);
}
