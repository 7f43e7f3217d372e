/*
 * socket.c - the socket below a stream: under lws when we connected, under
 * libev alone when we accepted.
 * Layer: net. Threads: the loop's.
 *
 * lws 4.1.6 as Debian builds it looks through its whole table of descriptors
 * whenever a socket comes or goes: at 18,000 connections that was a quarter of
 * the service's time in a reconnect storm. Of an accepted socket we want no
 * more than to know when it can be read and written, which libev tells.
 *
 * _DEFAULT_SOURCE: the headers of lws and libev need it.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "net/stream_impl.h"

#include "syn/limits.h"

#include <errno.h>
#include <ev.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define US_PER_S  1e6
#define LOAD_BITS 16 /* of a stream's load: so many halvings leave none */

/* --- accepted sockets ----------------------------------------------------- */

/* What is waited for; libev keeps a flag of its own beside it. */
static int events_of(const struct syn_stream *stream)
{
    return stream->io->events & (EV_READ | EV_WRITE);
}

static void set_events(struct syn_stream *stream, int events)
{
    struct ev_loop *ev = stream->home->ev;
    if (events_of(stream) == events) {
        return;
    }
    ev_io_stop(ev, stream->io);
    ev_io_set(stream->io, stream->io->fd, events);
    if (events != 0) {
        ev_io_start(ev, stream->io);
    }
}

static void read_once(struct syn_stream *stream)
{
    char *in = stream->home->in;
    const ssize_t got = recv(stream->io->fd, in, SYN_STREAM_READ_BYTES, 0);
    if (got > 0) {
        syn_stream_received(stream, (struct syn_str){in, (size_t)got});
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        /* Nothing more comes; without this it would be told for ever. */
        set_events(stream, 0);
        syn_stream_ended(stream, got != 0);
    }
}

/* --- taking turns ---------------------------------------------------------
 *
 * A hundred users who ask again as soon as they are answered fill every turn,
 * and all others wait for its end. Theirs are the reads that wait: the kernel
 * keeps the bytes, and each turn does a few. Where there are more than these,
 * and others are served too, all of them rest a moment after that: a process
 * that never sleeps is the last to be woken by the scheduler, and its calm
 * users wait for whatever else runs on the machine.
 */

static bool is_resting(const struct syn_streams *streams)
{
    return streams->late_count > SYN_TURN_LATE_MAX &&
           ev_now(streams->ev) < streams->late_again;
}

int64_t syn_streams_late_us(const struct syn_streams *streams)
{
    if (streams->late == NULL) {
        return INT64_MAX;
    }
    return is_resting(streams)
               ? (int64_t)((streams->late_again - ev_now(streams->ev)) *
                           US_PER_S)
               : 0;
}

/* Count what it has asked for of late, and `more`. */
static unsigned note_load(struct syn_stream *stream, unsigned more)
{
    static const double ticks_per_s = 1000. / SYN_FAIR_TICK_MS;
    const uint32_t now =
        (uint32_t)(uint64_t)(ev_now(stream->home->ev) * ticks_per_s);
    const uint32_t passed = now - stream->load_tick;
    const unsigned load =
        passed < LOAD_BITS ? (unsigned)stream->load >> passed : 0;
    stream->load_tick = now;
    stream->load = (uint16_t)(load + more < UINT16_MAX ? load + more : load);
    return stream->load;
}

static void put_off(struct syn_stream *stream)
{
    struct syn_streams *home = stream->home;
    set_events(stream, events_of(stream) & ~EV_READ);
    stream->is_late = true;
    home->late_count++;
    stream->late_next = NULL;
    stream->late_previous = home->late_last;
    if (home->late == NULL) {
        home->late = stream;
    } else {
        home->late_last->late_next = stream;
    }
    home->late_last = stream;
}

void syn_socket_forget(struct syn_stream *stream)
{
    struct syn_streams *home = stream->home;
    if (!stream->is_late) {
        return;
    }
    stream->is_late = false;
    home->late_count--;
    if (stream->late_previous == NULL) {
        home->late = stream->late_next;
    } else {
        stream->late_previous->late_next = stream->late_next;
    }
    if (stream->late_next == NULL) {
        home->late_last = stream->late_previous;
    } else {
        stream->late_next->late_previous = stream->late_previous;
    }
}

static void read_counted(struct syn_stream *stream)
{
    if (stream->takes_turns) {
        (void)note_load(stream, 1);
    }
    read_once(stream);
}

void syn_streams_read_late(struct syn_streams *streams)
{
    const double now = ev_now(streams->ev);
    if (is_resting(streams)) {
        return;
    }
    if (now - streams->calm_read < SYN_FAIR_CALM_MS / 1000.) {
        streams->late_again = now + SYN_FAIR_REST_MS / 1000.;
    }
    for (unsigned i = 0; i < SYN_TURN_LATE_MAX && streams->late != NULL; i++) {
        struct syn_stream *stream = streams->late;
        syn_socket_forget(stream);
        if (stream->io != NULL && !stream->is_paused) {
            set_events(stream, events_of(stream) | EV_READ);
            read_counted(stream);
        }
    }
}

void syn_stream_take_turns(struct syn_stream *stream)
{
    stream->takes_turns = stream->io != NULL;
}

static void read_in_turn(struct syn_stream *stream)
{
    if (stream->takes_turns && note_load(stream, 0) > SYN_FAIR_READS) {
        put_off(stream);
    } else {
        stream->home->calm_read = ev_now(stream->home->ev);
        read_counted(stream);
    }
}

/* --- events --------------------------------------------------------------- */

static void on_ready(struct ev_loop *ev, struct ev_io *io, int events)
{
    struct syn_stream *stream = io->data;
    (void)ev;
    if ((events & EV_WRITE) != 0) {
        set_events(stream, events_of(stream) & ~EV_WRITE);
        syn_stream_mark(stream);
    }
    if ((events & EV_READ) != 0) {
        read_in_turn(stream);
    }
}

bool syn_socket_adopt(struct syn_stream *stream, int fd)
{
    stream->io = calloc(1, sizeof *stream->io);
    if (stream->io == NULL) {
        (void)close(fd);
        return false;
    }
    ev_io_init(stream->io, on_ready, fd, EV_READ);
    stream->io->data = stream;
    ev_io_start(stream->home->ev, stream->io);
    return true;
}

/* --- either --------------------------------------------------------------- */

bool syn_socket_is_there(const struct syn_stream *stream)
{
    return stream->wsi != NULL || stream->io != NULL;
}

int syn_socket_fd(const struct syn_stream *stream)
{
    return stream->io != NULL ? stream->io->fd : lws_get_socket_fd(stream->wsi);
}

void syn_socket_await_room(struct syn_stream *stream)
{
    if (stream->io != NULL) {
        set_events(stream, events_of(stream) | EV_WRITE);
    } else {
        lws_callback_on_writable(stream->wsi);
    }
}

void syn_socket_pause(struct syn_stream *stream, bool is_paused)
{
    if (stream->io == NULL) {
        (void)lws_rx_flow_control(stream->wsi, is_paused ? 0 : 1);
    } else if (is_paused) {
        set_events(stream, events_of(stream) & ~EV_READ);
    } else if (!stream->is_late) {
        set_events(stream, events_of(stream) | EV_READ);
    }
}

void syn_socket_close(struct syn_stream *stream, bool is_reset)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    struct lws *wsi = stream->wsi;
    if (!syn_socket_is_there(stream)) {
        return;
    }
    if (is_reset) {
        (void)setsockopt(syn_socket_fd(stream), SOL_SOCKET, SO_LINGER, &now,
                         sizeof now);
    }
    if (stream->io != NULL) {
        ev_io_stop(stream->home->ev, stream->io);
        (void)close(stream->io->fd);
        free(stream->io);
        stream->io = NULL;
        return;
    }
    stream->wsi = NULL;
    lws_set_opaque_user_data(wsi, NULL);
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}
