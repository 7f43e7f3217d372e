/*
 * tunnel.h - CONNECT through an HTTP proxy (RFC 9110 section 9.3.6), which may
 * itself be reached over TLS.
 * Layer: net, private. No sockets: bytes in, bytes out.
 *
 * Once a plain proxy has answered its tunnel is bare: it may be freed, bytes
 * pass as they are. One over TLS stays below all that follows.
 */
#ifndef SYN_NET_TUNNEL_H
#define SYN_NET_TUNNEL_H

#include "net/route.h"
#include "net/tls_impl.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>

enum syn_tunnel_state {
    SYN_TUNNEL_ASKING,
    SYN_TUNNEL_OPEN,
    SYN_TUNNEL_ENDED,  /* was open; the proxy has closed its TLS in order */
    SYN_TUNNEL_REFUSED /* or broken: see syn_tunnel_reason */
};

struct syn_tunnel; /* opaque: harness/net/tunnel.c */

/* To the host of the route. `context`: whom to trust of proxies over TLS; it
 * outlives the tunnel, and is not looked at when the route's proxy is plain.
 * NULL: no memory. */
struct syn_tunnel *syn_tunnel_new(const struct syn_route *route,
                                  struct syn_tls_context *context);
void syn_tunnel_free(struct syn_tunnel *tunnel); /* NULL is ignored */

/* The proxy is connected: there is something to be sent. */
void syn_tunnel_start(struct syn_tunnel *tunnel);

/* What is to be sent; then how much of it has left. */
struct syn_str syn_tunnel_wire(const struct syn_tunnel *tunnel);
void syn_tunnel_sent(struct syn_tunnel *tunnel, size_t bytes);

/* Take received bytes. What came behind the answer belongs to the host and goes
 * to `plain`, which must not free the tunnel. */
enum syn_tunnel_state syn_tunnel_feed(struct syn_tunnel *tunnel,
                                      struct syn_str in, syn_tls_plain_fn plain,
                                      void *ctx);

/* Put bytes for the host on the wire; those taken, 0: broken. An open tunnel
 * that is not bare. */
size_t syn_tunnel_put(struct syn_tunnel *tunnel, struct syn_str bytes);

/* The last that goes to the proxy: its TLS ends in order. */
void syn_tunnel_shutdown(struct syn_tunnel *tunnel);

bool syn_tunnel_is_open(const struct syn_tunnel *tunnel);

/* Open, and nothing more to do here. */
bool syn_tunnel_is_bare(const struct syn_tunnel *tunnel);

/* Why it was refused; valid while the tunnel lives. */
const char *syn_tunnel_reason(const struct syn_tunnel *tunnel);

#endif
