/*
 * url.h - the few URLs a client is configured with.
 * Layer: net. Threads: none needed.
 */
#ifndef SYN_NET_URL_H
#define SYN_NET_URL_H

#include "syn/limits.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

/* "ws://host:port/path", taken apart. */
struct syn_url {
    bool is_tls;
    char host[SYN_URL_HOST_BYTES];      /* without brackets */
    char authority[SYN_URL_HOST_BYTES]; /* for the Host field */
    uint16_t port;
    struct syn_str target; /* with the leading slash; "/" when none is given */
};

/* ws, wss, http and https. `target` is borrowed from `url`. Errors:
 * SYN_ERR_PARSE. */
SYN_MUST_CHECK syn_status syn_url_parse(const char *url, struct syn_url *out);

#endif
