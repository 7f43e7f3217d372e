/*
 * tunnel.h - CONNECT through an HTTP proxy (RFC 9110 section 9.3.6).
 * Layer: net, private. No sockets: bytes in, bytes out.
 */
#ifndef SYN_NET_TUNNEL_H
#define SYN_NET_TUNNEL_H

#include "net/route.h"
#include "syn/str.h"

#include <stddef.h>

enum syn_tunnel_state {
    SYN_TUNNEL_ASKING,
    SYN_TUNNEL_OPEN,
    SYN_TUNNEL_REFUSED
};

struct syn_tunnel; /* opaque: harness/net/tunnel.c */

/* To the host of the route. NULL: no memory. */
struct syn_tunnel *syn_tunnel_new(const struct syn_route *route);
void syn_tunnel_free(struct syn_tunnel *tunnel); /* NULL is ignored */

/* What is still to be sent; then how much of it has left. */
struct syn_str syn_tunnel_wire(const struct syn_tunnel *tunnel);
void syn_tunnel_sent(struct syn_tunnel *tunnel, size_t bytes);

/* Take received bytes. Open: `rest` is what came behind the answer, and belongs
 * to the host. It is borrowed from `in`. */
enum syn_tunnel_state syn_tunnel_feed(struct syn_tunnel *tunnel,
                                      struct syn_str in, struct syn_str *rest);

/* Why it was refused; valid while the tunnel lives. */
const char *syn_tunnel_reason(const struct syn_tunnel *tunnel);

#endif
