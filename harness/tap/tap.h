/*
 * tap.h - a proxy on both planes, with faults, between any two.
 * Layer: tap. Threads: the loop's.
 *
 * Listens on one port, opens one upstream connection for each that it accepts,
 * and passes bytes on unchanged. It understands just enough HTTP, WebSocket and
 * Twilsock to know where a message ends and what it is, so that faults hit
 * whole messages and a recorder sees them. What it does not understand it
 * passes through as bytes, without faults by message.
 *
 *     struct syn_tap_options options = {.rest = {"127.0.0.1", 4000}};
 *     st = syn_tap_start(loop, &options, &tap);
 *     syn_tap_fault(tap, &(struct syn_tap_fault){
 *         .kind = SYN_TAP_DROP_REPLY, .match = "POST /v3/Documents"});
 */
#ifndef SYN_TAP_TAP_H
#define SYN_TAP_TAP_H

#include "net/http.h"
#include "net/loop.h"
#include "net/tls.h"
#include "syn/fault.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

enum syn_tap_plane { SYN_TAP_REST, SYN_TAP_SDK };

/* A whole message that passes; borrowed for the call. */
struct syn_tap_message {
    unsigned link; /* number of the connection, from 1 */
    enum syn_tap_direction direction;
    enum syn_tap_plane plane;
    int64_t at_ms; /* on the loop's clock */
    /*
     * What faults match on. UP: "POST /v3/Documents" (also for tunnelled
     * requests), "init", "update", "reply" … DOWN: "201", "reply 201",
     * "notification document_updated", "ping", "close" …
     */
    struct syn_str label;
    struct syn_str head; /* Twilsock header; empty on the REST plane */
    struct syn_str body;
    const struct syn_http_message *http; /* NULL on the SDK plane */
    bool is_dropped;                     /* a fault swallowed it */
};

/* Faults and what a row may do with a tap: syn/fault.h. */

/* Where connections go on to. */
struct syn_tap_upstream {
    const char *host;
    uint16_t port;
    const struct syn_tls_client *tls; /* NULL: plain */
    const char *host_field; /* put into Host; NULL: leave it as it came */
    const struct syn_route *route; /* settled; NULL: `host` as it is */
};

/* Texts and settings are borrowed for the tap's life. */
struct syn_tap_options {
    const char *address; /* NULL: "127.0.0.1" */
    uint16_t port;       /* 0: a free one */
    const struct syn_tls_server *tls;
    struct syn_tap_upstream rest;
    struct syn_tap_upstream sdk; /* host NULL: as rest */
    unsigned guard_ms;           /* real time to connect; 0: 10 s */
    void (*on_message)(void *ctx, const struct syn_tap_message *message);
    /* What was done to the network, in a line: armed, hit, cut, held. */
    void (*on_act)(void *ctx, struct syn_str line);
    /* A connection is gone; no further message of it comes. May be NULL. */
    void (*on_end)(void *ctx, unsigned link);
    void *ctx;
};

/* *out belongs to the caller. Errors: SYN_ERR_NET, SYN_ERR_TLS,
 * SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_tap_start(struct syn_loop *loop,
                                        const struct syn_tap_options *options,
                                        struct syn_tap **out);

/* Resets all links, turns the loop until they are gone, frees. NULL ignored. */
void syn_tap_stop(struct syn_tap *tap);

uint16_t syn_tap_port(const struct syn_tap *tap);

#endif
