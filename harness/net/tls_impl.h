/*
 * tls_impl.h - TLS over bytes, for streams.
 * Layer: net, private. Threads: the loop's.
 */
#ifndef SYN_NET_TLS_IMPL_H
#define SYN_NET_TLS_IMPL_H

#include "net/tls.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>

struct syn_tls_context; /* SSL_CTX, shared by connections, counted by them */
struct syn_tls;         /* opaque: harness/net/tls.c; one connection */

/* Errors: SYN_ERR_TLS bad files. */
SYN_MUST_CHECK syn_status syn_tls_context_server(
    const struct syn_tls_server *tls, struct syn_tls_context **out);

/* `ca_file` NULL: the system's authorities. Errors: SYN_ERR_TLS bad file. */
SYN_MUST_CHECK syn_status syn_tls_context_client(const char *ca_file,
                                                 struct syn_tls_context **out);
void syn_tls_context_free(struct syn_tls_context *context);

/* Accepting side. NULL: no memory. */
struct syn_tls *syn_tls_accept(struct syn_tls_context *context);

/* Connecting side: chain and `host` are checked when `verify`. */
struct syn_tls *syn_tls_connect(struct syn_tls_context *context,
                                const char *host, bool verify);
void syn_tls_free(struct syn_tls *tls);

enum syn_tls_state {
    SYN_TLS_SHAKING, /* handshake not over */
    SYN_TLS_READY,
    SYN_TLS_ENDED, /* close_notify came */
    SYN_TLS_BROKEN /* see syn_tls_reason */
};

typedef void (*syn_tls_plain_fn)(void *ctx, struct syn_str plain);

/*
 * Take received bytes (none: begin the handshake); decrypted ones go to
 * `plain`, which must not free the connection. Bytes to send gather on the
 * wire.
 */
enum syn_tls_state syn_tls_feed(struct syn_tls *tls, struct syn_str in,
                                syn_tls_plain_fn plain, void *ctx);

bool syn_tls_is_ready(const struct syn_tls *tls);

/* Encrypt a part of `plain` onto the wire; bytes taken, 0 when broken. */
size_t syn_tls_encrypt(struct syn_tls *tls, struct syn_str plain);

/* Put close_notify on the wire, once. */
void syn_tls_shutdown(struct syn_tls *tls);

/* What is to be sent, and that some of it was. */
struct syn_str syn_tls_wire(const struct syn_tls *tls);
void syn_tls_sent(struct syn_tls *tls, size_t bytes);

/* Why it broke, in words. */
const char *syn_tls_reason(const struct syn_tls *tls);

#endif
