/*
 * route.c - addresses and proxies of hosts.
 * Layer: net. Threads: before any is started.
 */
#include "net/route.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

bool syn_route_has_proxy(const struct syn_route *route)
{
    return route->proxy.host[0] != '\0';
}

static int ask_resolver(const char *host, struct addrinfo **list)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    int fault = EAI_AGAIN;
    for (int i = 0; i < SYN_RESOLVE_TRIES_MAX && fault == EAI_AGAIN; i++) {
        fault = getaddrinfo(host, NULL, &hints, list);
    }
    return fault;
}

/* Numeric hosts resolve to themselves, without asking anybody. */
static void resolve(struct syn_route *route)
{
    const char *host =
        syn_route_has_proxy(route) ? route->proxy.host : route->host;
    struct addrinfo *list = NULL;
    int fault = ask_resolver(host, &list);
    if (fault != 0) {
        (void)snprintf(route->fault, sizeof route->fault,
                       "cannot resolve %s%s: %s",
                       syn_route_has_proxy(route) ? "the proxy " : "", host,
                       gai_strerror(fault));
        return;
    }
    for (const struct addrinfo *at = list;
         at != NULL && route->address_count < SYN_ROUTE_ADDRESSES_MAX;
         at = at->ai_next) {
        char *out = route->addresses[route->address_count];
        if (getnameinfo(at->ai_addr, at->ai_addrlen, out, SYN_ADDRESS_BYTES,
                        NULL, 0, NI_NUMERICHOST) == 0) {
            route->address_count++;
        }
    }
    freeaddrinfo(list);
}

const struct syn_route *syn_routes_find(const struct syn_routes *routes,
                                        const char *host, uint16_t port)
{
    for (size_t i = 0; routes != NULL && i < routes->count; i++) {
        const struct syn_route *route = &routes->at[i];
        if (route->port == port && strcasecmp(route->host, host) == 0) {
            return route;
        }
    }
    return NULL;
}

/* The addresses of the same host, if another port of it was settled. */
static bool is_known(const struct syn_routes *routes, struct syn_route *route)
{
    for (size_t i = 0; i < routes->count; i++) {
        const struct syn_route *other = &routes->at[i];
        if (!syn_route_has_proxy(other) && !syn_route_has_proxy(route) &&
            strcasecmp(other->host, route->host) == 0) {
            memcpy(route->addresses, other->addresses, sizeof route->addresses);
            memcpy(route->fault, other->fault, sizeof route->fault);
            route->address_count = other->address_count;
            return true;
        }
    }
    return false;
}

syn_status syn_routes_add(struct syn_routes *routes, const char *url,
                          syn_env_fn env, const char **variable)
{
    struct syn_url parsed;
    struct syn_route route = {.port = 0};
    syn_status st = syn_url_parse(url, &parsed);
    *variable = NULL;
    if (st != SYN_OK ||
        syn_routes_find(routes, parsed.host, parsed.port) != NULL) {
        return st;
    }
    if (routes->count == SYN_ROUTES_MAX) {
        return SYN_ERR_LIMIT;
    }
    if (env != NULL) {
        st = syn_proxy_find(&parsed, env, &route.proxy, variable);
    }
    if (st != SYN_OK) {
        return st;
    }
    route.proxy.ca_file = routes->proxy_ca_file;
    memcpy(route.host, parsed.host, sizeof route.host);
    route.port = parsed.port;
    if (!is_known(routes, &route)) {
        resolve(&route);
    }
    routes->at[routes->count++] = route;
    return SYN_OK;
}
