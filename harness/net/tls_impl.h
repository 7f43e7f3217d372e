/*
 * tls_impl.h - TLS as streams use it: vhosts of lws, and writing.
 * Layer: net, private. Threads: the loop's.
 */
#ifndef SYN_NET_TLS_IMPL_H
#define SYN_NET_TLS_IMPL_H

#include "net/tls.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <sys/types.h>

struct lws_context;
struct lws_vhost;
struct lws_protocols;

/* A vhost that does not listen, for plain streams; NULL on failure. */
struct lws_vhost *syn_tls_vhost_plain(struct lws_context *context,
                                      const struct lws_protocols *protocols);

/* One for accepted TLS streams. Errors: SYN_ERR_TLS bad files. */
SYN_MUST_CHECK syn_status syn_tls_vhost_server(
    struct lws_context *context, const struct lws_protocols *protocols,
    const struct syn_tls_server *tls, struct lws_vhost **out);

/* One for outgoing TLS streams. Errors: SYN_ERR_TLS bad file. */
SYN_MUST_CHECK syn_status syn_tls_vhost_client(
    struct lws_context *context, const struct lws_protocols *protocols,
    const char *ca_file, struct lws_vhost **out);

/* Settings common to every SSL_CTX that lws makes. */
void syn_tls_tune(void *ssl_ctx);

/* Is the handshake of this SSL over? NULL: no. */
bool syn_tls_is_ready(void *ssl);

/* Bytes taken, 0 when the socket is full, -1 when broken. */
ssize_t syn_tls_write(void *ssl, struct syn_str bytes);

/* Send close_notify. */
void syn_tls_shutdown(void *ssl);

#endif
