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
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

enum syn_tap_direction { SYN_TAP_UP, SYN_TAP_DOWN }; /* UP: to the service */
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

/* Where connections go on to. */
struct syn_tap_upstream {
    const char *host;
    uint16_t port;
    const struct syn_tls_client *tls; /* NULL: plain */
    const char *host_field; /* put into Host; NULL: leave it as it came */
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
    void *ctx;
};

enum syn_tap_fault_kind {
    SYN_TAP_DROP,       /* the message never arrives */
    SYN_TAP_DROP_REPLY, /* an UP message passes, its reply never arrives */
    SYN_TAP_DUPLICATE,  /* it arrives twice */
    SYN_TAP_DELAY,      /* `delay_us` later, and what follows behind it */
    SYN_TAP_TRUNCATE,   /* its first `bytes`, then the end of the link */
    SYN_TAP_CUT,        /* the link ends in order before it */
    SYN_TAP_RESET,      /* the link is reset before it */
    SYN_TAP_REFUSE      /* a new connection is reset: every `every`-th */
};

#define SYN_TAP_ALWAYS 0xffffffffu

struct syn_tap_fault {
    enum syn_tap_fault_kind kind;
    enum syn_tap_direction direction; /* ignored by DROP_REPLY and REFUSE */
    const char *match; /* part of the label, copied; NULL: any message */
    unsigned after;    /* let so many matching ones pass first */
    unsigned times;    /* 0: once; SYN_TAP_ALWAYS */
    unsigned every;    /* REFUSE: 0 and 1 mean each */
    int64_t delay_us;  /* DELAY: on the loop's clock */
    size_t bytes;      /* TRUNCATE */
};

struct syn_tap_counters {
    unsigned connections; /* accepted, refused ones included */
    unsigned refused;
    unsigned messages[2]; /* by direction, as they came */
    unsigned dropped;
    unsigned delayed;
    unsigned cut;    /* links ended by a fault or syn_tap_cut_all */
    unsigned opaque; /* links that carried something else */
    uint64_t bytes[2];
};

struct syn_tap; /* opaque: harness/tap/tap.c */

/* *out belongs to the caller. Errors: SYN_ERR_NET, SYN_ERR_TLS,
 * SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_tap_start(struct syn_loop *loop,
                                        const struct syn_tap_options *options,
                                        struct syn_tap **out);

/* Resets all links, turns the loop until they are gone, frees. NULL ignored. */
void syn_tap_stop(struct syn_tap *tap);

uint16_t syn_tap_port(const struct syn_tap *tap);

/* Arm a fault. Of several that fit one message the oldest applies. Errors:
 * SYN_ERR_LIMIT past SYN_TAP_FAULTS_MAX, SYN_ERR_MEMORY, SYN_ERR_ARG. */
SYN_MUST_CHECK syn_status syn_tap_fault(struct syn_tap *tap,
                                        const struct syn_tap_fault *fault);
void syn_tap_clear(struct syn_tap *tap); /* disarm all */

/* End every link now, on both sides: in order, or with a reset. */
void syn_tap_cut_all(struct syn_tap *tap, bool with_reset);

/* Keep whatever goes that way until released; nothing is lost, ends included.
 * More than SYN_TAP_HELD_BYTES_MAX on one link resets it. */
void syn_tap_hold(struct syn_tap *tap, enum syn_tap_direction direction);
void syn_tap_release(struct syn_tap *tap, enum syn_tap_direction direction);

struct syn_tap_counters syn_tap_count(const struct syn_tap *tap);

#endif
