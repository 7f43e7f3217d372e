/*
 * stream.h - byte streams, accepted or connected, with or without TLS.
 * Layer: net. Threads: the loop's.
 *
 * Bytes only: no HTTP, no WebSocket. Writes are queued and leave joined, one
 * system call a turn, when the socket is writeable. The queue is bounded; a
 * peer that does not read is found by syn_stream_queued and dropped by the
 * user. Callbacks may call any function of this header, closing included.
 * After `on_closed` returns the stream is dead and must not be touched.
 */
#ifndef SYN_NET_STREAM_H
#define SYN_NET_STREAM_H

#include "net/loop.h"
#include "net/route.h"
#include "net/tls.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

struct syn_stream;   /* opaque: harness/net/stream_impl.h */
struct syn_listener; /* opaque: harness/net/listener.c */

/* Why a stream ended. */
enum syn_stream_end {
    SYN_END_LOCAL,   /* we closed or aborted it */
    SYN_END_PEER,    /* orderly end by the peer */
    SYN_END_RESET,   /* reset, or broken in the middle */
    SYN_END_REFUSED, /* never connected */
    SYN_END_TLS,     /* handshake or certificate */
    SYN_END_OVERFLOW /* our queue of unsent bytes was full */
};

struct syn_stream_events {
    /* Connected (TLS done). Not called for accepted streams. May be NULL. */
    void (*on_open)(void *ctx, struct syn_stream *stream);
    /* Bytes arrived; borrowed for the call. */
    void (*on_bytes)(void *ctx, struct syn_stream *stream, struct syn_str in);
    /* The queue has run empty. May be NULL. */
    void (*on_drained)(void *ctx, struct syn_stream *stream);
    /* The last call. `reason` is static or valid for the call. */
    void (*on_closed)(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason);
};

/* Gives the events and context of a newly accepted stream; false refuses. */
typedef bool (*syn_accept_fn)(void *ctx, struct syn_stream *stream,
                              const struct syn_stream_events **events,
                              void **stream_ctx);

struct syn_listener_options {
    const char *address;              /* numeric, IPv4 or IPv6 */
    uint16_t port;                    /* 0: a free one */
    const struct syn_tls_server *tls; /* NULL: plain; ALPN offers http/1.1 */
    syn_accept_fn accept;
    void *ctx;
};

/*
 * Listen. The options are borrowed for the call, *out is owned by the caller.
 * Errors: SYN_ERR_NET (address in use, not allowed), SYN_ERR_TLS (bad files).
 */
SYN_MUST_CHECK syn_status syn_listener_open(
    struct syn_loop *loop, const struct syn_listener_options *options,
    struct syn_listener **out);

/* Why it failed with `st`, for people; by errno, so ask at once. */
const char *syn_listener_cause(syn_status st);
uint16_t syn_listener_port(const struct syn_listener *listener);

/* Stop accepting; streams already accepted live on. NULL is ignored. */
void syn_listener_close(struct syn_listener *listener);

struct syn_stream_target {
    const char *host; /* name or numeric address */
    uint16_t port;
    const struct syn_tls_client *tls; /* NULL: plain */
    unsigned guard_ms;                /* real time for connect and handshake */
    /* How to reach it; NULL: `host` as it is. Outlives the stream. */
    const struct syn_route *route;
};

/* Begin to connect; the outcome comes as on_open or on_closed, never inside
 * this call. Errors: SYN_ERR_NET, SYN_ERR_MEMORY: no callback will come. */
SYN_MUST_CHECK syn_status syn_stream_connect(
    struct syn_loop *loop, const struct syn_stream_target *target,
    const struct syn_stream_events *events, void *ctx, struct syn_stream **out);

/* Queue a copy of `bytes`. Past SYN_STREAM_QUEUE_BYTES_MAX the stream is
 * aborted with SYN_END_OVERFLOW. Ignored once closing. */
void syn_stream_write(struct syn_stream *stream, struct syn_str bytes);

/* Bytes that many streams send, kept once: until all who were given them have
 * sent them or ended, and the maker has dropped them. At most
 * SYN_STREAM_UNREAD_MAX; NULL: out of memory. */
struct syn_shared; /* opaque: harness/net/stream_share.c */
struct syn_shared *syn_shared_new(struct syn_str bytes);
void syn_shared_drop(struct syn_shared *shared); /* NULL is fine */
struct syn_str syn_shared_str(const struct syn_shared *shared);

/* As syn_stream_write, of bytes that are not copied if that can be avoided. */
void syn_stream_write_shared(struct syn_stream *stream,
                             struct syn_shared *shared);

/* Another bound of the queue, up to SYN_STREAM_UNREAD_MAX. */
void syn_stream_allow(struct syn_stream *stream, size_t queue_bytes_max);

/* Unsent bytes in our queue. */
size_t syn_stream_queued(const struct syn_stream *stream);

/* Stop and start reading (a peer that never reads; back-pressure). */
void syn_stream_pause(struct syn_stream *stream);
void syn_stream_resume(struct syn_stream *stream);

/*
 * Of an accepted stream, one user among many: when it has asked for much of
 * late (SYN_FAIR_READS), its next reads wait behind those of all others, and a
 * turn does only SYN_TURN_LATE_MAX of them. So who asks without a pause slows
 * himself and not his neighbours. Ignored where we connected.
 */
void syn_stream_take_turns(struct syn_stream *stream);

/* Let the system keep as little as it can of what arrives: a peer that is soon
 * full. */
void syn_stream_narrow(struct syn_stream *stream);

/* Send what is queued, then close in order. */
void syn_stream_close(struct syn_stream *stream);

/* Drop now with a reset, unsent bytes included. */
void syn_stream_abort(struct syn_stream *stream);

/* As abort, and no further callback comes: the user's context may be freed at
 * once. The stream must not be touched afterwards. */
void syn_stream_abandon(struct syn_stream *stream);

/* "127.0.0.1:40312" of the peer; valid while the stream lives. */
const char *syn_stream_peer(const struct syn_stream *stream);

bool syn_stream_is_tls(const struct syn_stream *stream);

#endif
