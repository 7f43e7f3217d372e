/*
 * tls.c - SSL_CTX options, and the vhosts in which lws keeps them.
 * Layer: net. Threads: the loop's.
 *
 * lws carries on with a vhost whose files are missing, so they are tried on a
 * context of our own first. Bytes are written to the SSL directly, because
 * lws_write takes everything and stops reading until it has left, which lets
 * two such peers wait for each other for ever.
 */
#include "net/tls_impl.h"

#include "syn/limits.h"

#include <libwebsockets.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

/* No validity timers: lws keeps all timers in one sorted list. */
static const lws_retry_bo_t no_idle_checks = {.secs_since_valid_hangup = 0};

static void fill_info(struct lws_context_creation_info *info, const char *name,
                      const struct lws_protocols *protocols)
{
    info->port = CONTEXT_PORT_NO_LISTEN;
    info->vhost_name = name;
    info->protocols = protocols;
    info->retry_and_idle_policy = &no_idle_checks;
    info->timeout_secs = SYN_VENDOR_TIMEOUT_S;
    info->connect_timeout_secs = SYN_VENDOR_TIMEOUT_S;
    info->gid = -1;
    info->uid = -1;
}

struct lws_vhost *syn_tls_vhost_plain(struct lws_context *context,
                                      const struct lws_protocols *protocols)
{
    struct lws_context_creation_info info = {0};
    fill_info(&info, "plain", protocols);
    return lws_create_vhost(context, &info);
}

static bool are_files_good(const struct syn_tls_server *tls)
{
    SSL_CTX *probe = SSL_CTX_new(TLS_server_method());
    bool is_good =
        probe != NULL && tls->cert_file != NULL && tls->key_file != NULL &&
        SSL_CTX_use_certificate_chain_file(probe, tls->cert_file) == 1 &&
        SSL_CTX_use_PrivateKey_file(probe, tls->key_file, SSL_FILETYPE_PEM) ==
            1 &&
        SSL_CTX_check_private_key(probe) == 1;
    SSL_CTX_free(probe);
    ERR_clear_error();
    return is_good;
}

syn_status syn_tls_vhost_server(struct lws_context *context,
                                const struct lws_protocols *protocols,
                                const struct syn_tls_server *tls,
                                struct lws_vhost **out)
{
    struct lws_context_creation_info info = {0};
    if (!are_files_good(tls)) {
        return SYN_ERR_TLS;
    }
    fill_info(&info, "tls-server", protocols);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
    info.ssl_cert_filepath = tls->cert_file;
    info.ssl_private_key_filepath = tls->key_file;
    info.alpn = "http/1.1";
    *out = lws_create_vhost(context, &info);
    return *out == NULL ? SYN_ERR_TLS : SYN_OK;
}

static bool is_ca_good(const char *ca_file)
{
    SSL_CTX *probe = SSL_CTX_new(TLS_client_method());
    bool is_good = probe != NULL &&
                   SSL_CTX_load_verify_locations(probe, ca_file, NULL) == 1;
    SSL_CTX_free(probe);
    ERR_clear_error();
    return is_good;
}

syn_status syn_tls_vhost_client(struct lws_context *context,
                                const struct lws_protocols *protocols,
                                const char *ca_file, struct lws_vhost **out)
{
    struct lws_context_creation_info info = {0};
    fill_info(&info, "tls-client", protocols);
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.alpn = "http/1.1";
    if (ca_file != NULL) {
        if (!is_ca_good(ca_file)) {
            return SYN_ERR_TLS;
        }
        /* The given authorities replace the system's. */
        info.options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
        info.client_ssl_ca_filepath = ca_file;
    }
    *out = lws_create_vhost(context, &info);
    return *out == NULL ? SYN_ERR_TLS : SYN_OK;
}

void syn_tls_tune(void *ssl_ctx)
{
    SSL_CTX *ctx = ssl_ctx;
    if (ctx == NULL) {
        return;
    }
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
    /* Idle connections give their record buffers back: half the memory. */
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
                                    SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

bool syn_tls_is_ready(void *ssl)
{
    return ssl != NULL && SSL_is_init_finished(ssl);
}

ssize_t syn_tls_write(void *ssl, struct syn_str bytes)
{
    int part = bytes.bytes > INT_MAX ? INT_MAX : (int)bytes.bytes;
    int sent = 0;
    int error = SSL_ERROR_NONE;
    ERR_clear_error();
    sent = SSL_write(ssl, bytes.at, part);
    if (sent > 0) {
        return sent;
    }
    error = SSL_get_error(ssl, sent);
    ERR_clear_error();
    return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ ? 0
                                                                         : -1;
}

void syn_tls_shutdown(void *ssl)
{
    if (syn_tls_is_ready(ssl)) {
        (void)SSL_shutdown(ssl);
        ERR_clear_error();
    }
}
