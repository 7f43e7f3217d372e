/*
 * stream.c - byte streams on libwebsockets' raw role.
 * Layer: net. Threads: the loop's.
 *
 * Inside callbacks of lws nothing is freed and nobody is told that a stream
 * ended: what happened is noted, the stream is put on the dirty list, and the
 * end of the turn writes, closes and reports in one place (syn_streams_flush).
 * So every function of the public header may be called from every callback.
 *
 * _DEFAULT_SOURCE: the headers of libev need it.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "net/stream_impl.h"

#include "syn/limits.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <sys/socket.h>

#define MS_PER_S      1000.
#define KEEP_BYTES    512 /* queue capacity an idle stream may keep */
#define NARROW_BYTES  4096
#define COMPACT_BYTES 65536 /* sent bytes at the front before moving */

/* --- the dirty list --------------------------------------------------------
 */

void syn_stream_mark(struct syn_stream *stream)
{
    struct syn_streams *home = stream->home;
    if (stream->is_dirty) {
        return;
    }
    stream->is_dirty = true;
    stream->dirty_next = NULL;
    if (home->dirty == NULL) {
        home->dirty = stream;
    } else {
        home->dirty_last->dirty_next = stream;
    }
    home->dirty_last = stream;
    home->dirty_count++;
}

/* The first reason counts. */
void syn_stream_finish(struct syn_stream *stream, enum syn_stream_end end,
                       const char *reason)
{
    if (stream->state == SYN_STREAM_ENDING) {
        return;
    }
    stream->state = SYN_STREAM_ENDING;
    stream->end = end;
    stream->reason = reason;
    syn_stream_mark(stream);
}

static void link_stream(struct syn_streams *home, struct syn_stream *stream)
{
    stream->home = home;
    stream->next = home->all;
    if (home->all != NULL) {
        home->all->previous = stream;
    }
    home->all = stream;
}

void syn_stream_death(struct syn_stream *stream)
{
    struct syn_streams *home = stream->home;
    if (stream->previous != NULL) {
        stream->previous->next = stream->next;
    } else {
        home->all = stream->next;
    }
    if (stream->next != NULL) {
        stream->next->previous = stream->previous;
    }
    syn_stream_unguard(stream);
    syn_socket_forget(stream);
    syn_tls_free(stream->tls);
    syn_tunnel_free(stream->tunnel);
    syn_buf_fini(&stream->queue);
    syn_shares_drop(stream);
    free(stream->reason_text);
    free(stream);
}

static void on_guard(struct ev_loop *ev, ev_timer *watcher, int events)
{
    struct syn_stream *stream = watcher->data;
    (void)ev;
    (void)events;
    syn_stream_unguard(stream);
    if (stream->state == SYN_STREAM_CONNECTING) {
        if (!syn_stream_tries_next(stream)) {
            syn_stream_finish(stream, SYN_END_REFUSED, "connect timed out");
        }
    } else if (stream->state == SYN_STREAM_CLOSING) {
        syn_stream_finish(stream, SYN_END_LOCAL, "peer did not follow in time");
    } else {
        syn_stream_finish(stream, SYN_END_TLS, "handshake timed out");
    }
}

void syn_stream_unguard(struct syn_stream *stream)
{
    if (stream->guard != NULL) {
        ev_timer_stop(stream->home->ev, stream->guard);
        free(stream->guard);
        stream->guard = NULL;
    }
}

/* Without memory the stream ends now rather than never. */
void syn_stream_guard(struct syn_stream *stream, unsigned guard_ms)
{
    struct ev_loop *ev = stream->home->ev;
    syn_stream_unguard(stream);
    stream->guard = calloc(1, sizeof *stream->guard);
    if (stream->guard == NULL) {
        syn_stream_finish(stream, SYN_END_LOCAL, "no memory");
        return;
    }
    ev_now_update(ev); /* timers count from libev's idea of now */
    ev_timer_init(stream->guard, on_guard, guard_ms / MS_PER_S, 0.);
    stream->guard->data = stream;
    ev_timer_start(ev, stream->guard);
}

/* Sent bytes may still lie at the front, so more than the bound of the queue.
 */
static size_t capacity_max(const struct syn_stream *stream)
{
    return 2 * stream->queue_bytes_max + COMPACT_BYTES;
}

struct syn_stream *syn_stream_birth(struct syn_streams *home)
{
    struct syn_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return NULL;
    }
    stream->reason = "";
    stream->queue_bytes_max = SYN_STREAM_QUEUE_BYTES_MAX;
    syn_buf_init(&stream->queue, NULL, capacity_max(stream));
    link_stream(home, stream);
    return stream;
}

/* --- writing ---------------------------------------------------------------
 */

/*
 * Send until all is taken or the socket is full; then a callback is asked for.
 * Bytes taken, -1 when broken. Not by lws_write: it takes everything and stops
 * reading until that has left, so two such peers may wait for each other.
 */
static ssize_t send_raw(struct syn_stream *stream, struct syn_str bytes)
{
    size_t taken = 0;
    while (taken < bytes.bytes) {
        ssize_t sent = send(syn_socket_fd(stream), bytes.at + taken,
                            bytes.bytes - taken, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            taken += (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            syn_socket_await_room(stream);
            break;
        } else if (errno != EINTR) {
            syn_stream_finish(stream, SYN_END_RESET, "write failed");
            return -1;
        }
    }
    return (ssize_t)taken;
}

/* What the tunnel still has to send; -1 when broken. */
static ssize_t push_tunnel(struct syn_stream *stream)
{
    const struct syn_str wire = syn_tunnel_wire(stream->tunnel);
    const ssize_t sent = send_raw(stream, wire);
    if (sent < 0) {
        return -1;
    }
    syn_tunnel_sent(stream->tunnel, (size_t)sent);
    return (ssize_t)(wire.bytes - (size_t)sent);
}

/* Bytes for the host, in the proxy's TLS if they go through one: what that has
 * taken counts, though some may wait for room. Once that has ended it takes
 * none. */
static ssize_t send_some(struct syn_stream *stream, struct syn_str bytes)
{
    size_t taken = 0;
    if (stream->tunnel == NULL) {
        return send_raw(stream, bytes);
    }
    ssize_t left = push_tunnel(stream);
    while (left == 0 && taken < bytes.bytes &&
           syn_tunnel_is_open(stream->tunnel)) {
        const size_t more =
            syn_tunnel_put(stream->tunnel, syn_str_from(bytes, taken));
        taken += more;
        left = more == 0 ? -1 : push_tunnel(stream);
    }
    if (left < 0) {
        syn_stream_finish(stream, SYN_END_RESET, "write failed");
    }
    return left < 0 ? -1 : (ssize_t)taken;
}

static void reset_queue(struct syn_stream *stream)
{
    stream->sent = 0;
    if (stream->queue.capacity > KEEP_BYTES) {
        syn_buf_fini(&stream->queue);
        syn_buf_init(&stream->queue, NULL, capacity_max(stream));
    } else {
        syn_buf_clear(&stream->queue);
    }
}

static struct syn_str unsent(const struct syn_stream *stream)
{
    return syn_str_from(syn_buf_str(&stream->queue), stream->sent);
}

/* Before more is put behind them: bytes that have left make room when they are
 * the larger part. */
static void compact_queue(struct syn_stream *stream)
{
    if (stream->sent > COMPACT_BYTES &&
        stream->sent > stream->queue.bytes / 2) {
        syn_buf_consume(&stream->queue, stream->sent);
        stream->sent = 0;
    }
}

static bool has_queued_all(struct syn_stream *stream)
{
    if (stream->queue.status != SYN_OK) {
        syn_stream_finish(stream, SYN_END_OVERFLOW,
                          "no memory for unsent bytes");
    }
    return stream->queue.status == SYN_OK;
}

/* What the socket does not take at once goes the usual way. */
static bool push_shares(struct syn_stream *stream)
{
    const size_t queued = unsent(stream).bytes;
    const ssize_t sent = syn_shares_send(stream, unsent(stream));
    const size_t taken = sent > 0 ? (size_t)sent : 0;
    stream->sent += taken < queued ? taken : queued;
    if (taken == queued + syn_shares_bytes(stream)) {
        syn_shares_drop(stream);
    } else {
        compact_queue(stream);
        syn_shares_copy(stream, taken > queued ? taken - queued : 0);
    }
    return has_queued_all(stream);
}

static bool push_plain(struct syn_stream *stream)
{
    if (stream->shares != NULL && !push_shares(stream)) {
        return false;
    }
    ssize_t sent = send_some(stream, unsent(stream));
    stream->sent += sent > 0 ? (size_t)sent : 0;
    return sent >= 0;
}

/* Send the wire bytes; true when all have left. */
static bool push_wire(struct syn_stream *stream)
{
    struct syn_str wire = syn_tls_wire(stream->tls);
    ssize_t sent = send_some(stream, wire);
    if (sent > 0) {
        syn_tls_sent(stream->tls, (size_t)sent);
    }
    return sent >= 0 && (size_t)sent == wire.bytes;
}

/* Encrypt a part only when the one before has left: the wire stays short. */
static bool push_tls(struct syn_stream *stream)
{
    while (push_wire(stream)) {
        size_t taken = 0;
        if (!syn_tls_is_ready(stream->tls) || unsent(stream).bytes == 0) {
            return true;
        }
        taken = syn_tls_encrypt(stream->tls, unsent(stream));
        if (taken == 0) {
            syn_stream_finish(stream, SYN_END_TLS, "cannot encrypt");
            return false;
        }
        stream->sent += taken;
    }
    return stream->state != SYN_STREAM_ENDING;
}

/* Write until the queue is empty or the socket full. */
static void push_queue(struct syn_stream *stream)
{
    const bool has_bytes = stream->queue.bytes > 0 || stream->shares != NULL;
    bool is_up = stream->tls == NULL ? push_plain(stream) : push_tls(stream);
    if (!is_up || !has_bytes || syn_stream_queued(stream) > 0) {
        return;
    }
    reset_queue(stream);
    if (stream->events != NULL && stream->events->on_drained != NULL &&
        stream->state == SYN_STREAM_OPEN) {
        stream->events->on_drained(stream->ctx, stream);
    }
}

static void report_end(struct syn_stream *stream)
{
    const struct syn_stream_events *events = stream->events;
    stream->events = NULL;
    stream->is_reported = true;
    if (events != NULL) {
        events->on_closed(stream->ctx, stream, stream->end, stream->reason);
    }
}

/*
 * All is sent: tell the peer, then wait for its end. Closing at once while it
 * still sends would make the kernel reset the connection, and the peer might
 * lose our last bytes (RFC 9112 section 9.6).
 */
static void begin_linger(struct syn_stream *stream)
{
    if (stream->tls != NULL) {
        syn_tls_shutdown(stream->tls);
        if (!push_wire(stream)) {
            return; /* once more when there is room */
        }
    }
    if (stream->tunnel != NULL) {
        syn_tunnel_shutdown(stream->tunnel);
        if (push_tunnel(stream) != 0) {
            return;
        }
    }
    (void)shutdown(syn_socket_fd(stream), SHUT_WR);
    syn_stream_resume(stream);
    stream->end = SYN_END_LOCAL;
    report_end(stream);
    syn_stream_guard(stream, SYN_LINGER_MS);
}

/* --- the end of a turn -----------------------------------------------------
 */

/* An alert may be on its way; only what we drop is reset. */
static void kill_socket(struct syn_stream *stream)
{
    syn_socket_close(stream, !stream->is_reported &&
                                 stream->end != SYN_END_TLS &&
                                 stream->end != SYN_END_PEER);
}

void syn_stream_tell_open(struct syn_stream *stream)
{
    if (!stream->is_open_untold || stream->state != SYN_STREAM_OPEN) {
        return;
    }
    stream->is_open_untold = false;
    if (stream->events->on_open != NULL) {
        stream->events->on_open(stream->ctx, stream);
    }
}

/* The request to a proxy, handshakes, a last alert. */
static void push_early(struct syn_stream *stream)
{
    if (stream->tls != NULL && syn_tls_wire(stream->tls).bytes > 0) {
        (void)push_wire(stream);
    } else if (stream->tunnel != NULL) {
        (void)push_tunnel(stream);
    }
}

static void settle(struct syn_stream *stream)
{
    if (stream->is_to_dial) {
        syn_stream_dial_next(stream);
    }
    syn_stream_tell_open(stream);
    if (stream->state == SYN_STREAM_OPEN ||
        stream->state == SYN_STREAM_CLOSING) {
        push_queue(stream);
    } else if (syn_socket_is_there(stream)) {
        push_early(stream);
    }
    if (stream->state == SYN_STREAM_CLOSING && !stream->is_reported &&
        syn_stream_queued(stream) == 0) {
        begin_linger(stream);
    }
    if (stream->state == SYN_STREAM_ENDING && !stream->is_dirty) {
        /* One that ended while it was settled (its write failed) is on the list
         * again, and dies in the next pass. */
        kill_socket(stream);
        report_end(stream);
        stream->is_dirty = true; /* whatever a callback did: it is dead */
        syn_stream_death(stream);
    }
}

bool syn_streams_has_work(const struct syn_streams *streams)
{
    return streams->dirty != NULL;
}

size_t syn_streams_waiting(const struct syn_streams *streams)
{
    return streams->dirty_count;
}

uint64_t syn_streams_reads(const struct syn_streams *streams)
{
    return streams->reads;
}

void syn_streams_flush(struct syn_streams *streams)
{
    struct syn_stream *last = NULL;
    /* One pass: what callbacks add is for the next flush, which is soon. */
    last = streams->dirty_last;
    while (streams->dirty != NULL) {
        struct syn_stream *stream = streams->dirty;
        bool is_last = stream == last;
        streams->dirty = stream->dirty_next;
        streams->dirty_count--;
        stream->is_dirty = false;
        settle(stream);
        if (is_last) {
            break;
        }
    }
    syn_listeners_sweep(streams);
}

/* --- use -------------------------------------------------------------------
 */

static bool is_taking(const struct syn_stream *stream)
{
    return stream->state == SYN_STREAM_OPEN ||
           stream->state == SYN_STREAM_CONNECTING;
}

/* Room for so many more, or the stream ends. */
static bool admits(struct syn_stream *stream, size_t bytes)
{
    const size_t waiting = unsent(stream).bytes + syn_shares_bytes(stream);
    if (bytes <= stream->queue_bytes_max &&
        waiting <= stream->queue_bytes_max - bytes) {
        return true;
    }
    syn_stream_finish(stream, SYN_END_OVERFLOW, "unsent bytes past the bound");
    return false;
}

void syn_stream_write(struct syn_stream *stream, struct syn_str bytes)
{
    if (!is_taking(stream) || bytes.bytes == 0 ||
        !admits(stream, bytes.bytes)) {
        return;
    }
    compact_queue(stream);
    if (stream->shares != NULL) {
        syn_shares_copy(stream, 0);
    }
    syn_buf_put(&stream->queue, bytes);
    if (has_queued_all(stream) && stream->state == SYN_STREAM_OPEN) {
        syn_stream_mark(stream);
    }
}

/* TLS copies anyway, as it encrypts. */
void syn_stream_write_shared(struct syn_stream *stream,
                             struct syn_shared *shared)
{
    const struct syn_str bytes = syn_shared_str(shared);
    if (stream->state != SYN_STREAM_OPEN || stream->tls != NULL ||
        stream->tunnel != NULL || bytes.bytes == 0) {
        syn_stream_write(stream, bytes);
        return;
    }
    if (!admits(stream, bytes.bytes)) {
        return;
    }
    if (syn_shares_add(stream, shared)) {
        syn_stream_mark(stream);
    } else {
        syn_stream_write(stream, bytes);
    }
}

void syn_stream_allow(struct syn_stream *stream, size_t queue_bytes_max)
{
    SYN_ASSERT(queue_bytes_max <= SYN_STREAM_UNREAD_MAX);
    stream->queue_bytes_max = queue_bytes_max;
    stream->queue.bytes_max = capacity_max(stream);
}

size_t syn_stream_queued(const struct syn_stream *stream)
{
    size_t wire = stream->tls == NULL ? 0 : syn_tls_wire(stream->tls).bytes;
    wire += stream->tunnel == NULL ? 0 : syn_tunnel_wire(stream->tunnel).bytes;
    return stream->queue.bytes - stream->sent + syn_shares_bytes(stream) + wire;
}

void syn_stream_pause(struct syn_stream *stream)
{
    if (!stream->is_paused && syn_socket_is_there(stream)) {
        stream->is_paused = true;
        syn_socket_pause(stream, true);
    }
}

void syn_stream_resume(struct syn_stream *stream)
{
    if (stream->is_paused && syn_socket_is_there(stream)) {
        stream->is_paused = false;
        syn_socket_pause(stream, false);
    }
}

void syn_stream_narrow(struct syn_stream *stream)
{
    const int bytes = NARROW_BYTES;
    if (syn_socket_is_there(stream)) {
        (void)setsockopt(syn_socket_fd(stream), SOL_SOCKET, SO_RCVBUF, &bytes,
                         sizeof bytes);
    }
}

void syn_stream_close(struct syn_stream *stream)
{
    if (stream->state == SYN_STREAM_CONNECTING) {
        syn_stream_finish(stream, SYN_END_LOCAL, "closed while connecting");
    } else if (stream->state == SYN_STREAM_OPEN) {
        stream->state = SYN_STREAM_CLOSING;
        stream->reason = "closed";
        syn_stream_guard(stream, SYN_CLOSE_MS);
        syn_stream_mark(stream);
    }
}

void syn_stream_abort(struct syn_stream *stream)
{
    syn_stream_finish(stream, SYN_END_LOCAL, "aborted");
}

void syn_stream_abandon(struct syn_stream *stream)
{
    stream->events = NULL;
    syn_stream_finish(stream, SYN_END_LOCAL, "abandoned");
}

const char *syn_stream_peer(const struct syn_stream *stream)
{
    return stream->peer;
}

bool syn_stream_is_tls(const struct syn_stream *stream)
{
    return stream->tls != NULL;
}
