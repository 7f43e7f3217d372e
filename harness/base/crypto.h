/*
 * crypto.h - hash, HMAC, AEAD and random bytes, on libcrypto.
 * Layer: base. Threads: functions are independent; a syn_hmac has one owner.
 */
#ifndef SYN_BASE_CRYPTO_H
#define SYN_BASE_CRYPTO_H

#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>

enum syn_digest { SYN_SHA1, SYN_SHA256, SYN_SHA384, SYN_SHA512 };

#define SYN_DIGEST_BYTES_MAX 64
#define SYN_AEAD_KEY_BYTES   32 /* AES-256-GCM */
#define SYN_AEAD_NONCE_BYTES 12
#define SYN_AEAD_TAG_BYTES   16

/* Bytes that a digest yields: 20, 32, 48, 64. */
size_t syn_digest_bytes(enum syn_digest digest);

SYN_MUST_CHECK syn_status
syn_digest_of(enum syn_digest digest, struct syn_str in,
              unsigned char out[SYN_DIGEST_BYTES_MAX]);

/* A keyed context that is set up once and used many times (performance). */
struct syn_hmac; /* opaque: harness/base/crypto.c */

/* *out is owned by the caller. The key is copied and wiped on free. */
SYN_MUST_CHECK syn_status syn_hmac_new(enum syn_digest digest,
                                       struct syn_str key,
                                       struct syn_hmac **out);
void syn_hmac_free(struct syn_hmac *hmac); /* NULL is ignored */

SYN_MUST_CHECK syn_status syn_hmac_of(struct syn_hmac *hmac, struct syn_str in,
                                      unsigned char out[SYN_DIGEST_BYTES_MAX]);

/* Equal, in time that depends on the lengths only. */
bool syn_crypto_is_equal(struct syn_str a, struct syn_str b);

/* Unpredictable bytes for secrets and nonces. Errors: SYN_ERR_CRYPTO. */
SYN_MUST_CHECK syn_status syn_crypto_random(void *out, size_t bytes);

/* Overwrite a secret; not optimised away. */
void syn_crypto_wipe(void *at, size_t bytes);

/*
 * AES-256-GCM. `out` of seal holds in.bytes + SYN_AEAD_TAG_BYTES, that of open
 * in.bytes - SYN_AEAD_TAG_BYTES. open: SYN_ERR_CRYPTO when not authentic.
 */
SYN_MUST_CHECK syn_status
syn_aead_seal(const unsigned char key[SYN_AEAD_KEY_BYTES],
              const unsigned char nonce[SYN_AEAD_NONCE_BYTES],
              struct syn_str associated, struct syn_str in, unsigned char *out);
SYN_MUST_CHECK syn_status
syn_aead_open(const unsigned char key[SYN_AEAD_KEY_BYTES],
              const unsigned char nonce[SYN_AEAD_NONCE_BYTES],
              struct syn_str associated, struct syn_str in, unsigned char *out);

/* Lower-case hex of `bytes` bytes and a NUL into `out` (2 * bytes + 1). */
void syn_crypto_hex(const unsigned char *in, size_t bytes, char *out);

/*
 * How a secret appears in output: eight hex digits of its SHA-256.
 * `out` holds SYN_FINGERPRINT_BYTES.
 */
#define SYN_FINGERPRINT_BYTES 9
void syn_crypto_fingerprint(struct syn_str secret,
                            char out[SYN_FINGERPRINT_BYTES]);

/*
 * Write a key and a certificate for this IP address, signed by itself, to two
 * new files that only this user can read, for a service of our own that lives
 * for an hour. Errors: SYN_ERR_CRYPTO, SYN_ERR_IO.
 */
SYN_MUST_CHECK syn_status syn_crypto_write_certificate(const char *address,
                                                       const char *cert_file,
                                                       const char *key_file);

#endif
