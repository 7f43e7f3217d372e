/*
 * tls.c - TLS by OpenSSL over bytes: what came in, what is to go out.
 * Layer: net. Threads: the loop's.
 *
 * lws 4.1.6 cannot open a raw stream with TLS (it starts the handshake before
 * there is a socket), so TLS lies on top of plain raw streams, on both sides.
 * Two BIO functions connect an SSL to the bytes at hand and to a buffer;
 * nothing here knows a socket.
 */
#include "net/tls_impl.h"

#include "base/buf.h"
#include "syn/limits.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_BYTES  16384 /* one record */
#define ENCRYPT_MAX  65536 /* plain bytes turned into wire bytes at once */
#define WIRE_MAX     1048576
#define KEEP_BYTES   1024 /* capacity an idle connection may keep */
#define REASON_BYTES 128

/* The list of one protocol, each name behind its length. */
static const unsigned char alpn[] = "\x08http/1.1";
#define ALPN_BYTES (sizeof alpn - 1)

struct syn_tls_context {
    SSL_CTX *ssl;
};

struct syn_tls {
    SSL *ssl;
    struct syn_str in; /* not read yet; empty between calls */
    struct syn_buf wire;
    size_t wire_sent;
    bool is_broken;
    bool has_shut_down;
    char reason[REASON_BYTES];
};

/* --- the BIO ---------------------------------------------------------------
 */

static int read_in(BIO *bio, char *at, int bytes)
{
    struct syn_tls *tls = BIO_get_data(bio);
    struct syn_str piece =
        syn_str_part(tls->in, 0, bytes > 0 ? (size_t)bytes : 0);
    BIO_clear_retry_flags(bio);
    if (piece.bytes == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(at, piece.at, piece.bytes);
    tls->in = syn_str_from(tls->in, piece.bytes);
    return (int)piece.bytes;
}

static int write_out(BIO *bio, const char *at, int bytes)
{
    struct syn_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    syn_buf_put(&tls->wire, (struct syn_str){at, (size_t)bytes});
    return tls->wire.status == SYN_OK ? bytes : -1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/* Made once and kept until the process ends. */
static BIO_METHOD *bio_method(void)
{
    static BIO_METHOD *method;
    if (method == NULL) {
        method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(),
                              "syn bytes");
        if (method != NULL) {
            (void)BIO_meth_set_read(method, read_in);
            (void)BIO_meth_set_write(method, write_out);
            (void)BIO_meth_set_ctrl(method, control);
        }
    }
    return method;
}

/* --- contexts --------------------------------------------------------------
 */

/* Our one protocol if the client knows it; else go on without. OpenSSL's
 * signature. NOLINTNEXTLINE(readability-function-size) */
static int select_alpn(SSL *ssl, const unsigned char **out,
                       unsigned char *out_bytes, const unsigned char *in,
                       unsigned in_bytes, void *ctx)
{
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)ctx;
    if (SSL_select_next_proto(&chosen, out_bytes, alpn, ALPN_BYTES, in,
                              in_bytes) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void tune(SSL_CTX *ssl)
{
    (void)SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
    /* Idle connections give their record buffers back: half the memory. */
    (void)SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS |
                                    SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static syn_status finish_context(SSL_CTX *ssl, bool is_good,
                                 struct syn_tls_context **out)
{
    struct syn_tls_context *context =
        is_good ? calloc(1, sizeof *context) : NULL;
    ERR_clear_error();
    if (context == NULL) {
        SSL_CTX_free(ssl);
        return is_good ? SYN_ERR_MEMORY : SYN_ERR_TLS;
    }
    tune(ssl);
    context->ssl = ssl;
    *out = context;
    return SYN_OK;
}

syn_status syn_tls_context_server(const struct syn_tls_server *tls,
                                  struct syn_tls_context **out)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    bool is_good =
        ssl != NULL && tls->cert_file != NULL && tls->key_file != NULL &&
        SSL_CTX_use_certificate_chain_file(ssl, tls->cert_file) == 1 &&
        SSL_CTX_use_PrivateKey_file(ssl, tls->key_file, SSL_FILETYPE_PEM) ==
            1 &&
        SSL_CTX_check_private_key(ssl) == 1;
    if (is_good) {
        SSL_CTX_set_alpn_select_cb(ssl, select_alpn, NULL);
    }
    return finish_context(ssl, is_good, out);
}

syn_status syn_tls_context_client(const char *ca_file,
                                  struct syn_tls_context **out)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_client_method());
    bool is_good = ssl != NULL;
    if (is_good) {
        /* Given authorities replace the system's. */
        is_good = ca_file == NULL
                      ? SSL_CTX_set_default_verify_paths(ssl) == 1
                      : SSL_CTX_load_verify_locations(ssl, ca_file, NULL) == 1;
    }
    if (is_good) {
        /* 0 is success here, unlike everywhere else in OpenSSL. */
        is_good = SSL_CTX_set_alpn_protos(ssl, alpn, ALPN_BYTES) == 0;
    }
    return finish_context(ssl, is_good, out);
}

void syn_tls_context_free(struct syn_tls_context *context)
{
    if (context != NULL) {
        SSL_CTX_free(context->ssl);
        free(context);
    }
}

/* --- connections -----------------------------------------------------------
 */

static struct syn_tls *new_tls(struct syn_tls_context *context)
{
    BIO *bio = NULL;
    struct syn_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL) {
        return NULL;
    }
    syn_buf_init(&tls->wire, NULL, WIRE_MAX);
    tls->ssl = SSL_new(context->ssl);
    bio = bio_method() == NULL ? NULL : BIO_new(bio_method());
    if (tls->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        syn_tls_free(tls);
        return NULL;
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio); /* both directions, one reference */
    return tls;
}

struct syn_tls *syn_tls_accept(struct syn_tls_context *context)
{
    struct syn_tls *tls = new_tls(context);
    if (tls != NULL) {
        SSL_set_accept_state(tls->ssl);
    }
    return tls;
}

/* An address is checked against addresses and is no server name. */
static bool set_host(SSL *ssl, const char *host)
{
    char name[TLSEXT_MAXLEN_host_name + 1];
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1) {
        return true;
    }
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* The macro for the server name casts const away; hence the copy. */
    (void)snprintf(name, sizeof name, "%s", host);
    return SSL_set1_host(ssl, host) == 1 &&
           SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                    TLSEXT_NAMETYPE_host_name, name) == 1;
}

struct syn_tls *syn_tls_connect(struct syn_tls_context *context,
                                const char *host, bool verify)
{
    struct syn_tls *tls = new_tls(context);
    if (tls == NULL) {
        return NULL;
    }
    SSL_set_connect_state(tls->ssl);
    SSL_set_verify(tls->ssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    if (!set_host(tls->ssl, host)) {
        syn_tls_free(tls);
        return NULL;
    }
    return tls;
}

void syn_tls_free(struct syn_tls *tls)
{
    if (tls != NULL) {
        SSL_free(tls->ssl);
        syn_buf_fini(&tls->wire);
        free(tls);
    }
}

static void note_reason(struct syn_tls *tls)
{
    long verdict = SSL_get_verify_result(tls->ssl);
    const char *text = ERR_reason_error_string(ERR_peek_error());
    if (verdict != X509_V_OK &&
        SSL_get_verify_mode(tls->ssl) != SSL_VERIFY_NONE) {
        text = X509_verify_cert_error_string(verdict);
    }
    (void)snprintf(tls->reason, sizeof tls->reason, "TLS: %s",
                   text == NULL ? "broken" : text);
}

/* What a call that returned `result` <= 0 means. */
static enum syn_tls_state judge(struct syn_tls *tls, int result)
{
    int error = SSL_get_error(tls->ssl, result);
    enum syn_tls_state state =
        SSL_is_init_finished(tls->ssl) ? SYN_TLS_READY : SYN_TLS_SHAKING;
    if (error == SSL_ERROR_ZERO_RETURN) {
        state = SYN_TLS_ENDED;
    } else if (error != SSL_ERROR_WANT_READ) {
        note_reason(tls);
        tls->is_broken = true;
        state = SYN_TLS_BROKEN;
    }
    ERR_clear_error();
    return state;
}

enum syn_tls_state syn_tls_feed(struct syn_tls *tls, struct syn_str in,
                                syn_tls_plain_fn plain, void *ctx)
{
    char bytes[PLAIN_BYTES];
    int result = 1;
    if (tls->is_broken) {
        return SYN_TLS_BROKEN;
    }
    ERR_clear_error();
    tls->in = in;
    if (!SSL_is_init_finished(tls->ssl)) {
        result = SSL_do_handshake(tls->ssl);
    }
    while (result > 0) {
        result = SSL_read(tls->ssl, bytes, (int)sizeof bytes);
        if (result > 0) {
            plain(ctx, (struct syn_str){bytes, (size_t)result});
        }
    }
    tls->in = (struct syn_str){NULL, 0};
    return judge(tls, result);
}

bool syn_tls_is_ready(const struct syn_tls *tls)
{
    return !tls->is_broken && SSL_is_init_finished(tls->ssl);
}

size_t syn_tls_encrypt(struct syn_tls *tls, struct syn_str plain)
{
    size_t taken = 0;
    while (taken < plain.bytes && taken < ENCRYPT_MAX && !tls->is_broken) {
        struct syn_str part = syn_str_part(plain, taken, PLAIN_BYTES);
        int result = SSL_write(tls->ssl, part.at, (int)part.bytes);
        if (result <= 0) {
            note_reason(tls);
            ERR_clear_error();
            tls->is_broken = true;
            return 0;
        }
        taken += (size_t)result;
    }
    return taken;
}

void syn_tls_shutdown(struct syn_tls *tls)
{
    if (!tls->has_shut_down && syn_tls_is_ready(tls)) {
        tls->has_shut_down = true;
        (void)SSL_shutdown(tls->ssl);
        ERR_clear_error();
    }
}

struct syn_str syn_tls_wire(const struct syn_tls *tls)
{
    return syn_str_from(syn_buf_str(&tls->wire), tls->wire_sent);
}

void syn_tls_sent(struct syn_tls *tls, size_t bytes)
{
    tls->wire_sent += bytes;
    SYN_ASSERT(tls->wire_sent <= tls->wire.bytes);
    if (tls->wire_sent < tls->wire.bytes) {
        return;
    }
    tls->wire_sent = 0;
    if (tls->wire.capacity > KEEP_BYTES) {
        syn_buf_fini(&tls->wire);
        syn_buf_init(&tls->wire, NULL, WIRE_MAX);
    } else {
        syn_buf_clear(&tls->wire);
    }
}

const char *syn_tls_reason(const struct syn_tls *tls)
{
    return tls->reason;
}
