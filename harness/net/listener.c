/*
 * listener.c - accept connections and hand the sockets to streams.
 * Layer: net. Threads: the loop's.
 *
 * The socket is our own, not lws's: destroying an lws vhost ends all its
 * connections, while closing a listener must not; errors of bind are seen; and
 * a process without free descriptors waits instead of turning in circles.
 */
#include "net/stream_impl.h"

#include "syn/limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS_PER_S 1000.

struct syn_listener {
    struct syn_streams *home;
    struct syn_listener *next;
    struct syn_tls_context *tls; /* NULL: plain; connections count on it too */
    bool takes_plain;
    syn_accept_fn accept;
    void *ctx;
    ev_io readable;
    ev_timer retry; /* after running out of descriptors */
    int fd;         /* -1: closed */
    uint16_t port;
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage storage;
};

static bool parse_address(const char *text, uint16_t port, union address *out,
                          socklen_t *bytes)
{
    *out = (union address){0};
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        *bytes = sizeof out->v4;
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        *bytes = sizeof out->v6;
        return true;
    }
    errno = EINVAL;
    return false;
}

static bool set_flags(int fd)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* Returns the listening socket, or -1. */
static int open_socket(const char *address, uint16_t port, uint16_t *bound)
{
    union address at = {0};
    socklen_t bytes = 0;
    int on = 1;
    int fd = -1;
    if (!parse_address(address, port, &at, &bytes)) {
        return -1;
    }
    fd = socket(at.any.sa_family, SOCK_STREAM, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* Accepted sockets inherit it. Without it the answer to an upgrade waits
     * for the acknowledgement of TLS's session tickets: 40 ms. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!set_flags(fd) || bind(fd, &at.any, bytes) != 0 ||
        listen(fd, SYN_LISTEN_BACKLOG) != 0 ||
        getsockname(fd, &at.any, &bytes) != 0) {
        const int cause = errno;
        (void)close(fd);
        errno = cause;
        return -1;
    }
    *bound =
        ntohs(at.any.sa_family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
    return fd;
}

static bool is_exhausted(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS ||
           error == ENOMEM;
}

static void on_readable(struct ev_loop *ev, ev_io *watcher, int events)
{
    struct syn_listener *listener = watcher->data;
    (void)events;
    for (unsigned i = 0; i < SYN_ACCEPTS_PER_TURN_MAX; i++) {
        int fd = -1;
        if (listener->fd < 0) {
            return; /* closed by the accept function */
        }
        fd = accept(listener->fd, NULL, NULL);
        if (fd < 0 && is_exhausted(errno)) {
            ev_io_stop(ev, &listener->readable);
            ev_timer_set(&listener->retry, SYN_ACCEPT_RETRY_MS / MS_PER_S, 0.);
            ev_timer_start(ev, &listener->retry);
            return;
        }
        if (fd < 0) {
            return;
        }
        if (!set_flags(fd)) {
            (void)close(fd);
            continue;
        }
        syn_stream_adopt(listener->home, listener, fd);
    }
}

static void on_retry(struct ev_loop *ev, ev_timer *watcher, int events)
{
    struct syn_listener *listener = watcher->data;
    (void)events;
    ev_io_start(ev, &listener->readable);
}

const char *syn_listener_cause(syn_status st)
{
    if (st == SYN_ERR_TLS) {
        return "the certificate or the key cannot be read, or one is not the "
               "other's";
    }
    if (st != SYN_ERR_NET || errno == 0) {
        return syn_status_text(st);
    }
    return errno == EINVAL ? "the address must be one in numbers"
                           : strerror(errno);
}

syn_status syn_listener_open(struct syn_loop *loop,
                             const struct syn_listener_options *options,
                             struct syn_listener **out)
{
    const struct syn_tls_server *tls = options->tls;
    struct syn_streams *home = syn_loop_streams(loop);
    syn_status st = SYN_OK;
    struct syn_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        return SYN_ERR_MEMORY;
    }
    *listener = (struct syn_listener){
        .home = home, .accept = options->accept, .ctx = options->ctx, .fd = -1};
    if (tls != NULL) {
        st = syn_tls_context_server(tls, &listener->tls);
        listener->takes_plain = tls->takes_plain;
    }
    if (st == SYN_OK) {
        listener->fd =
            open_socket(options->address, options->port, &listener->port);
        st = listener->fd < 0 ? SYN_ERR_NET : SYN_OK;
    }
    listener->next = home->listeners;
    home->listeners = listener;
    if (st != SYN_OK) {
        syn_listeners_sweep(home);
        return st;
    }
    ev_io_init(&listener->readable, on_readable, listener->fd, EV_READ);
    ev_init(&listener->retry, on_retry);
    listener->readable.data = listener;
    listener->retry.data = listener;
    ev_io_start(home->ev, &listener->readable);
    *out = listener;
    return SYN_OK;
}

uint16_t syn_listener_port(const struct syn_listener *listener)
{
    return listener->port;
}

static void stop_listening(struct syn_listener *listener)
{
    if (listener->fd < 0) {
        return;
    }
    ev_io_stop(listener->home->ev, &listener->readable);
    ev_timer_stop(listener->home->ev, &listener->retry);
    (void)close(listener->fd);
    listener->fd = -1;
}

void syn_listener_close(struct syn_listener *listener)
{
    if (listener != NULL) {
        stop_listening(listener); /* freed by the sweep of a turn's end */
    }
}

struct syn_tls_context *
syn_listener_context(const struct syn_listener *listener)
{
    return listener->tls;
}

bool syn_listener_takes_plain(const struct syn_listener *listener)
{
    return listener->takes_plain;
}

bool syn_listener_accepts(struct syn_listener *listener,
                          struct syn_stream *stream,
                          const struct syn_stream_events **events, void **ctx)
{
    return listener->accept(listener->ctx, stream, events, ctx);
}

void syn_listeners_sweep(struct syn_streams *streams)
{
    struct syn_listener **at = &streams->listeners;
    while (*at != NULL) {
        struct syn_listener *listener = *at;
        if (listener->fd >= 0) {
            at = &listener->next;
            continue;
        }
        *at = listener->next;
        syn_tls_context_free(listener->tls);
        free(listener);
    }
}

void syn_listeners_free(struct syn_streams *streams)
{
    while (streams->listeners != NULL) {
        struct syn_listener *listener = streams->listeners;
        streams->listeners = listener->next;
        stop_listening(listener);
        syn_tls_context_free(listener->tls);
        free(listener);
    }
}
