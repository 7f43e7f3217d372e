/*
 * settle.c - the ways to a target, before anything is sent.
 * Layer: target. Threads: before any is started.
 * Source: design section 4.
 */
#include "target/file.h"

#include <stdio.h>
#include <stdlib.h>

static const char *read_env(const char *name)
{
    return getenv(name);
}

syn_status syn_target_settle(const struct syn_target *target,
                             char fault[SYN_TARGET_FAULT_BYTES])
{
    const char *const urls[] = {target->rest_url, target->sdk_url,
                                target->endpoint.url, target->webhook_receiver};
    const char *variable = NULL;
    target->routes->proxy_ca_file = target->tls_proxy_ca_file;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        syn_status st =
            urls[i] == NULL
                ? SYN_OK
                : syn_routes_add(target->routes, urls[i],
                                 target->use_proxy ? read_env : NULL,
                                 &variable);
        if (st == SYN_ERR_CONFIG) {
            (void)snprintf(fault, SYN_TARGET_FAULT_BYTES,
                           "use_proxy: the environment's %s names no proxy "
                           "that can be used; it must be like "
                           "http[s]://[user:password@]host[:port]",
                           variable);
            return st;
        }
        if (st != SYN_OK) {
            (void)snprintf(fault, SYN_TARGET_FAULT_BYTES,
                           "%s: a URL that cannot be read: %s", target->path,
                           urls[i]);
            return SYN_ERR_CONFIG;
        }
    }
    return SYN_OK;
}
