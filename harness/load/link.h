/*
 * link.h - thousands of outgoing TCP connections on one epoll.
 * Layer: load. Threads: the worker's.
 * Source: design section 6 (the load client may be plain epoll), performance
 * sections 2 and 5.
 *
 * A link that is idle owns nothing but its struct: bytes are read into one
 * buffer that all share, and only the unfinished tail of a message, or what the
 * socket did not take, is kept on the heap. Sends of one step leave in one
 * call. Source addresses go round, because past 14,000 connections the kernel's
 * search for a free port of one address costs twice as much.
 */
#ifndef SYN_LOAD_LINK_H
#define SYN_LOAD_LINK_H

#include "base/buf.h"
#include "syn/limits.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_load_cover; /* load/cover.h */
struct syn_load_net;   /* opaque: link.c */
struct syn_route;      /* net/route.h */
struct syn_purse;      /* target/budget.h */

/* The ways into a service and its app; they may have one address. */
enum syn_load_plane {
    SYN_LOAD_SDK,
    SYN_LOAD_REST,
    SYN_LOAD_APP, /* its token endpoint; no host: there is none */
    SYN_LOAD_PLACES
};

enum syn_load_link_state {
    SYN_LOAD_LINK_NONE, /* no socket */
    SYN_LOAD_LINK_CONNECTING,
    SYN_LOAD_LINK_SHAKING, /* with a proxy, TLS */
    SYN_LOAD_LINK_OPEN
};

/* Embedded in its user; zero-initialise. All fields belong to link.c but
 * `role`, which is the user's. */
struct syn_load_link {
    int fd; /* valid unless NONE */
    uint8_t state;
    uint8_t role;           /* tells the users apart in the callbacks */
    bool is_paused : 1;     /* reads nothing */
    bool wants_out : 1;     /* waits for room */
    bool is_counted : 1;    /* by the purse */
    bool is_barred : 1;     /* closed before it came past its proxy */
    uint32_t kept_bytes;    /* received, not yet used */
    uint32_t pending_bytes; /* not yet sent */
    char *kept;
    char *pending;
    struct syn_load_cover *cover; /* TLS, a proxy; NULL: plain */
};

struct syn_load_link_events {
    void (*on_open)(void *ctx, struct syn_load_link *link);
    /* All that is unused so far; returns how many bytes were used. The link
     * may be closed inside: then the return value does not matter. */
    size_t (*on_bytes)(void *ctx, struct syn_load_link *link,
                       struct syn_str in);
    /* Ended by the peer, or never opened. Not for what we close. */
    void (*on_lost)(void *ctx, struct syn_load_link *link, bool was_open);
};

/* Where connections lead. Texts are borrowed for the net's life. */
struct syn_load_place {
    const char *host;                   /* name or numeric address */
    const char *address;                /* settled, numeric; NULL: `host` */
    uint16_t ports[SYN_LOAD_PORTS_MAX]; /* used in turn */
    unsigned port_count;
    bool has_tls;
    bool verifies;
    const char *ca_file; /* NULL: the system's */
    /* With a proxy: address and port are the proxy's. NULL: directly. */
    const struct syn_route *route;
};

struct syn_load_net_setup {
    struct syn_load_place places[SYN_LOAD_PLACES];
    uint32_t sources; /* 127.0.0.1, .2, …; 0 or 1: the system chooses */
    const struct syn_load_link_events *events;
    void *ctx;
    struct syn_purse *purse; /* counts connections; NULL: nobody does */
};

/* Errors: SYN_ERR_NET the host has no address, SYN_ERR_TLS, SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_load_net_open(
    const struct syn_load_net_setup *setup, struct syn_load_net **out);
void syn_load_net_close(struct syn_load_net *net); /* NULL: nothing */

/* Begin to connect; `turn` chooses port and source. False: no socket, or no
 * room for it in the purse; the link stays NONE. */
bool syn_load_link_open(struct syn_load_net *net, struct syn_load_link *link,
                        enum syn_load_plane plane, uint32_t turn);

/* Send now what the socket takes, keep the rest; past
 * SYN_LOAD_LINK_BYTES_MAX the link is lost at the next turn. */
void syn_load_link_send(struct syn_load_net *net, struct syn_load_link *link,
                        struct syn_str bytes);

/* Close; `is_reset`: as if the network were gone, no time in TIME_WAIT. */
void syn_load_link_close(struct syn_load_net *net, struct syn_load_link *link,
                         bool is_reset);

/* Stop and start reading. */
void syn_load_link_pause(struct syn_load_net *net, struct syn_load_link *link,
                         bool is_paused);

/* Read a few bytes of a paused link, no more: a slow reader. */
void syn_load_link_sip(struct syn_load_net *net, struct syn_load_link *link);

/* Wait at most `wait_us` and serve what is ready. */
void syn_load_net_turn(struct syn_load_net *net, int64_t wait_us);

/* Why the proxy lets this link not pass, or did not the last time it was open;
 * "": it does, or there is none. */
const char *syn_load_link_bar(const struct syn_load_net *net,
                              const struct syn_load_link *link);

/* Why a proxy let nothing pass, the last time; "": none refused. */
const char *syn_load_net_reason(const struct syn_load_net *net);

/* Bytes so far. */
uint64_t syn_load_net_received(const struct syn_load_net *net);
uint64_t syn_load_net_sent(const struct syn_load_net *net);

#endif
