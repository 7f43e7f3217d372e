/*
 * route.h - the way to a host: settled once, taken by both planes.
 * Layer: net. Threads: immutable once settled; shared by fork.
 *
 * A name is resolved when its route is settled, before anything is sent, and
 * never again: whoever can change it while a run goes on cannot lead that run,
 * with its credentials, elsewhere. Behind a proxy the proxy resolves it; then
 * the proxy's own name is settled so.
 */
#ifndef SYN_NET_ROUTE_H
#define SYN_NET_ROUTE_H

#include "net/proxy.h"
#include "syn/limits.h"
#include "syn/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYN_ROUTE_FAULT_BYTES 384

struct syn_route {
    char host[SYN_URL_HOST_BYTES]; /* without brackets */
    uint16_t port;
    struct syn_proxy proxy; /* its host "": none */
    /* Of the proxy, if there is one; in the resolver's order. */
    char addresses[SYN_ROUTE_ADDRESSES_MAX][SYN_ADDRESS_BYTES];
    size_t address_count;
    char fault[SYN_ROUTE_FAULT_BYTES]; /* why there is no address; or "" */
};

struct syn_routes {
    struct syn_route at[SYN_ROUTES_MAX];
    size_t count;
    const char *proxy_ca_file; /* for proxies over TLS; NULL: the system's */
};

/*
 * Settle the way to the host of `url`, unless it is there already; may block in
 * the resolver. `env` NULL: no proxies. A name that does not resolve is a route
 * with a fault: whoever takes it cannot connect.
 * Errors: SYN_ERR_PARSE  no URL of ours
 *         SYN_ERR_CONFIG the environment's proxy cannot be used; *variable
 *                        names it
 *         SYN_ERR_LIMIT  more than SYN_ROUTES_MAX
 */
SYN_MUST_CHECK syn_status syn_routes_add(struct syn_routes *routes,
                                         const char *url, syn_env_fn env,
                                         const char **variable);

/* NULL: none was settled, or `routes` is NULL. */
const struct syn_route *syn_routes_find(const struct syn_routes *routes,
                                        const char *host, uint16_t port);

bool syn_route_has_proxy(const struct syn_route *route);

#endif
