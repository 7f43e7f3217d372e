/*
 * stream_impl.h - what stream.c, stream_*.c, socket.c and listener.c share.
 * Layer: net, private. Threads: the loop's.
 */
#ifndef SYN_NET_STREAM_IMPL_H
#define SYN_NET_STREAM_IMPL_H

#include "base/buf.h"
#include "net/loop_impl.h"
#include "net/stream.h"
#include "net/tls_impl.h"
#include "net/tunnel.h"

#include <sys/types.h>

struct ev_io;
struct ev_timer;
struct lws;

#define SYN_PEER_BYTES 64 /* "[address]:port" */

enum syn_stream_state {
    SYN_STREAM_CONNECTING,
    SYN_STREAM_OPEN,
    SYN_STREAM_CLOSING, /* sends the rest, then lingers */
    SYN_STREAM_ENDING   /* to be closed, reported and freed at the turn's end */
};

struct syn_stream {
    struct syn_streams *home;
    struct syn_stream *next; /* of all */
    struct syn_stream *previous;
    struct syn_stream *dirty_next;
    struct syn_stream *late_next; /* socket.c: those whose reads wait */
    struct syn_stream *late_previous;
    struct lws *wsi;     /* of a connected one; NULL: lws has none (any more) */
    struct ev_io *io;    /* of an accepted one; NULL: no socket (any more) */
    struct syn_tls *tls; /* NULL: plain */
    bool takes_plain;    /* until the first bytes came */
    const struct syn_route *route; /* NULL: none was settled */
    size_t tried;                  /* addresses of it */
    bool is_to_dial;               /* the next of them, at the turn's end */
    bool is_connected;             /* to one, so that no other is tried */
    uint16_t port;
    unsigned guard_ms;         /* of each attempt */
    struct syn_tunnel *tunnel; /* through a proxy; NULL: none, or it is bare */
    bool is_tunnelling; /* the proxy is connected, and has not answered */
    const struct syn_stream_events *events; /* NULL: nobody listens */
    void *ctx;
    struct syn_buf queue;
    struct syn_shares *shares; /* to be sent behind the queue; NULL: none */
    size_t queue_bytes_max;    /* unsent ones */
    size_t sent;            /* bytes at the front of the queue that have left */
    struct ev_timer *guard; /* NULL until first needed */
    char *reason_text;      /* owned; when the reason is not static */
    const char *reason;
    enum syn_stream_state state;
    enum syn_stream_end end;
    uint32_t load_tick; /* when `load` was counted last */
    uint16_t load;      /* reads of late, halved every SYN_FAIR_TICK_MS */
    bool takes_turns;
    bool is_late;
    bool is_dirty;
    bool is_open_untold; /* connected, on_open still to come */
    bool is_paused;
    bool is_reported; /* on_closed was called; lingering */
    char peer[SYN_PEER_BYTES];
};

struct syn_streams {
    struct ev_loop *ev;
    struct lws_context *context;
    struct lws_vhost *plain;
    struct syn_client_context *clients; /* one per file of authorities */
    struct syn_stream *all;
    struct syn_stream *dirty; /* to be looked at when the turn ends */
    struct syn_stream *dirty_last;
    size_t dirty_count;
    struct syn_stream *late; /* readable, and asked for much of late */
    struct syn_stream *late_last;
    size_t late_count;
    double late_again; /* ev_now() when these may be read again */
    double calm_read;  /* ev_now() when one of the others was read last */
    uint64_t reads;
    struct syn_listener *listeners;
    char *in;       /* one read of accepted sockets: SYN_STREAM_READ_BYTES */
    bool is_ending; /* no callbacks any more */
};

/* Make a stream of an accepted socket, which it owns from now on, even on
 * failure. `listener` NULL: plain. */
void syn_stream_adopt(struct syn_streams *streams,
                      struct syn_listener *listener, int fd);

/* What accepting needs to know of the listener. */
/* NULL: plain. */
struct syn_tls_context *
syn_listener_context(const struct syn_listener *listener);
bool syn_listener_takes_plain(const struct syn_listener *listener);
bool syn_listener_accepts(struct syn_listener *listener,
                          struct syn_stream *stream,
                          const struct syn_stream_events **events, void **ctx);

/* Free closed listeners; at the end of a turn. */
void syn_listeners_sweep(struct syn_streams *streams);

/* Free them all; the vendor's context is gone already. */
void syn_listeners_free(struct syn_streams *streams);

/* A stream in the list of all; NULL: no memory. */
struct syn_stream *syn_stream_birth(struct syn_streams *streams);
/* Out of every list; the socket is gone already. */
void syn_stream_death(struct syn_stream *stream);

/* Look at it when the turn ends. */
void syn_stream_mark(struct syn_stream *stream);

/* Note why it ended (the first reason counts); reported at the turn's end. */
void syn_stream_finish(struct syn_stream *stream, enum syn_stream_end end,
                       const char *reason);

/* Real time for connect, handshake or linger. */
void syn_stream_guard(struct syn_stream *stream, unsigned guard_ms);
void syn_stream_unguard(struct syn_stream *stream);

/* --- stream_share.c: bytes behind the queue, each of them held by many ---- */

size_t syn_shares_bytes(const struct syn_stream *stream);

/* False: no memory or no room for one more. */
bool syn_shares_add(struct syn_stream *stream, struct syn_shared *shared);
void syn_shares_drop(struct syn_stream *stream);

/* Put all into the queue but the first `skipped` bytes. */
void syn_shares_copy(struct syn_stream *stream, size_t skipped);

/* One sendmsg of `before` and all of them, which there must be: what it took,
 * -1 with errno. */
ssize_t syn_shares_send(struct syn_stream *stream, struct syn_str before);

/* --- socket.c: the socket below a stream ---------------------------------- */

/* Put an accepted socket under a stream. False: no memory, it is closed. */
bool syn_socket_adopt(struct syn_stream *stream, int fd);

/* It waits no longer for its turn to be read; not even if it did not. */
void syn_socket_forget(struct syn_stream *stream);

bool syn_socket_is_there(const struct syn_stream *stream);
int syn_socket_fd(const struct syn_stream *stream);

/* Mark the stream when there is room to send again. */
void syn_socket_await_room(struct syn_stream *stream);

/* Stop and start reading. */
void syn_socket_pause(struct syn_stream *stream, bool is_paused);

/* Close it, `is_reset`: with a reset, unsent bytes included. */
void syn_socket_close(struct syn_stream *stream, bool is_reset);

/* --- stream_lws.c: what sockets report ------------------------------------ */

void syn_stream_received(struct syn_stream *stream, struct syn_str in);
/* TCP has ended; the socket is still open. */
void syn_stream_ended(struct syn_stream *stream, bool is_reset);

/* Connect to the next address of its route. */
void syn_stream_dial_next(struct syn_stream *stream);
/* Is there one? Then it is dialled at the turn's end. */
bool syn_stream_tries_next(struct syn_stream *stream);

/* Call on_open when it is due. */
void syn_stream_tell_open(struct syn_stream *stream);

#endif
