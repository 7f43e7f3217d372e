/*
 * stream_lws.c - libwebsockets below the streams: context, birth, callbacks.
 * Layer: net. Threads: the loop's.
 *
 * lws connects, reads and tells when a socket is writeable. Its callbacks note
 * what happened; stream.c acts on it at the turn's end.
 *
 * _DEFAULT_SOURCE: struct tcp_info tells a reset from an orderly end.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "net/stream_impl.h"

#include "syn/limits.h"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TLS_HANDSHAKE 0x16 /* type of the first record */
#define PROTOCOL_NAME "syn-raw"

_Static_assert(SYN_PEER_BYTES > INET6_ADDRSTRLEN + sizeof "[]:65535",
               "every address fits");

/* One per file of authorities, kept as long as the loop. */
struct syn_client_context {
    struct syn_client_context *next;
    struct syn_tls_context *tls;
    char *ca_file; /* NULL: the system's authorities */
};

static const lws_retry_bo_t no_idle_checks = {.secs_since_valid_hangup = 0};

/* --- callbacks of lws ------------------------------------------------------
 */

/* How did TCP end? lws reports nothing but the fact. */
static bool is_reset(int fd)
{
    struct tcp_info info = {0};
    socklen_t bytes = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &bytes) == 0 &&
           info.tcpi_state == TCP_CLOSE;
}

static void copy_reason(struct syn_stream *stream, const char *text,
                        size_t bytes)
{
    free(stream->reason_text);
    stream->reason_text = text == NULL ? NULL : strndup(text, bytes);
    if (stream->reason_text != NULL) {
        stream->reason = stream->reason_text;
    }
}

static void on_connect_failed(struct syn_stream *stream, const char *text,
                              size_t bytes)
{
    stream->wsi = NULL;
    if (!syn_stream_tries_next(stream)) {
        syn_stream_finish(stream, SYN_END_REFUSED, "cannot connect");
        copy_reason(stream, text, bytes);
    }
}

void syn_stream_ended(struct syn_stream *stream, bool has_reset)
{
    if (stream->is_tunnelling) {
        syn_stream_finish(stream, SYN_END_REFUSED,
                          "the proxy ended the connection");
    } else if (stream->tls != NULL && !syn_tls_is_ready(stream->tls)) {
        syn_stream_finish(stream, SYN_END_TLS, "ended during the handshake");
    } else if (stream->state == SYN_STREAM_CONNECTING) {
        syn_stream_finish(stream, SYN_END_REFUSED, "cannot connect");
    } else if (has_reset) {
        syn_stream_finish(stream, SYN_END_RESET, "reset by peer");
    } else {
        syn_stream_finish(stream, SYN_END_PEER, "closed by peer");
    }
}

static void on_socket_closed(struct syn_stream *stream)
{
    syn_stream_ended(stream, is_reset(lws_get_socket_fd(stream->wsi)));
    stream->wsi = NULL;
}

static void set_peer(struct syn_stream *stream, int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage storage;
    } at = {0};
    socklen_t bytes = sizeof at;
    char text[INET6_ADDRSTRLEN] = "";
    if (getpeername(fd, &at.any, &bytes) != 0) {
        return;
    }
    if (at.any.sa_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &at.v6.sin6_addr, text, sizeof text);
        (void)snprintf(stream->peer, sizeof stream->peer, "[%s]:%u", text,
                       (unsigned)ntohs(at.v6.sin6_port));
        return;
    }
    (void)inet_ntop(AF_INET, &at.v4.sin_addr, text, sizeof text);
    (void)snprintf(stream->peer, sizeof stream->peer, "%s:%u", text,
                   (unsigned)ntohs(at.v4.sin_port));
}

static void on_up(struct syn_stream *stream)
{
    syn_stream_unguard(stream);
    stream->state = SYN_STREAM_OPEN;
    syn_stream_mark(stream); /* bytes queued while connecting */
    /* lws may call this inside syn_stream_connect: told at the turn's end. */
    stream->is_open_untold = true;
}

static void give_plain(void *ctx, struct syn_str plain)
{
    struct syn_stream *stream = ctx;
    if (stream->state == SYN_STREAM_CONNECTING) {
        on_up(stream); /* the handshake ended with these very bytes */
    }
    syn_stream_tell_open(stream);
    if (stream->state == SYN_STREAM_OPEN && stream->events != NULL) {
        stream->events->on_bytes(stream->ctx, stream, plain);
    }
}

static void feed_tls(struct syn_stream *stream, struct syn_str in)
{
    bool was_ready = syn_tls_is_ready(stream->tls);
    enum syn_tls_state state = SYN_TLS_SHAKING;
    if (stream->state == SYN_STREAM_ENDING || stream->is_reported) {
        return;
    }
    state = syn_tls_feed(stream->tls, in, give_plain, stream);
    syn_stream_mark(stream); /* answers of the handshake, alerts */
    if (state == SYN_TLS_BROKEN) {
        syn_stream_finish(stream, SYN_END_TLS, "TLS failed");
        copy_reason(stream, syn_tls_reason(stream->tls),
                    strlen(syn_tls_reason(stream->tls)));
        return;
    }
    if (!was_ready && syn_tls_is_ready(stream->tls)) {
        if (stream->state == SYN_STREAM_CONNECTING) {
            on_up(stream);
        } else if (stream->state == SYN_STREAM_OPEN) {
            syn_stream_unguard(stream);
        }
    }
    if (state == SYN_TLS_ENDED) {
        syn_stream_finish(stream, SYN_END_PEER, "closed by peer");
    }
}

/* There is a way of bytes to the host itself. */
static void on_reached(struct syn_stream *stream)
{
    if (stream->tls == NULL) {
        on_up(stream);
    } else {
        feed_tls(stream, (struct syn_str){NULL, 0}); /* begin the handshake */
    }
}

static void take_plain(struct syn_stream *stream, struct syn_str in)
{
    if (stream->tls == NULL) {
        give_plain(stream, in);
    } else {
        feed_tls(stream, in);
    }
}

/* Once, when the proxy's answer was good. It may be read after the stream was
 * given up in the same turn. */
static void pass_proxy(struct syn_stream *stream)
{
    const bool is_first = stream->is_tunnelling;
    stream->is_tunnelling = false;
    if (is_first && stream->state == SYN_STREAM_CONNECTING) {
        on_reached(stream);
    }
}

static void take_tunnelled(void *ctx, struct syn_str in)
{
    struct syn_stream *stream = ctx;
    pass_proxy(stream);
    take_plain(stream, in);
}

static void feed_tunnel(struct syn_stream *stream, struct syn_str in)
{
    const enum syn_tunnel_state state =
        syn_tunnel_feed(stream->tunnel, in, take_tunnelled, stream);
    syn_stream_mark(stream); /* the request, answers of a handshake */
    if (state == SYN_TUNNEL_REFUSED) {
        const char *reason = syn_tunnel_reason(stream->tunnel);
        const bool was_open = !stream->is_tunnelling;
        if (stream->state != SYN_STREAM_ENDING) {
            syn_stream_finish(stream,
                              was_open ? SYN_END_RESET : SYN_END_REFUSED,
                              "refused by the proxy");
            copy_reason(stream, reason, strlen(reason));
        }
    } else if (state == SYN_TUNNEL_ENDED) {
        syn_stream_ended(stream, false);
    } else if (state == SYN_TUNNEL_OPEN) {
        pass_proxy(stream);
    }
    if (syn_tunnel_is_bare(stream->tunnel)) {
        syn_tunnel_free(stream->tunnel);
        stream->tunnel = NULL;
    }
}

static void on_connected(struct syn_stream *stream, struct lws *wsi)
{
    if (stream->state != SYN_STREAM_CONNECTING) {
        return;
    }
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
    stream->is_connected = true;
    set_peer(stream, lws_get_socket_fd(wsi));
    if (stream->tunnel == NULL) {
        on_reached(stream);
    } else {
        stream->is_tunnelling = true;
        syn_tunnel_start(stream->tunnel);
        syn_stream_mark(stream); /* there is something to be sent */
    }
}

/* The first bytes on a listener that takes both: of TLS, or plain? */
static void settle_plain(struct syn_stream *stream, struct syn_str in)
{
    if (in.bytes == 0 || (unsigned char)in.at[0] != TLS_HANDSHAKE) {
        syn_tls_free(stream->tls);
        stream->tls = NULL;
        syn_stream_unguard(stream);
    }
    stream->takes_plain = false;
}

void syn_stream_received(struct syn_stream *stream, struct syn_str in)
{
    stream->home->reads++;
    if (stream->tunnel != NULL) {
        feed_tunnel(stream, in);
        return;
    }
    if (stream->takes_plain) {
        settle_plain(stream, in);
    }
    take_plain(stream, in);
}

static int on_vendor_event(struct lws *wsi, enum lws_callback_reasons reason,
                           void *user, void *in, size_t bytes)
{
    struct syn_stream *stream = NULL;
    (void)user;
    stream = wsi == NULL ? NULL : lws_get_opaque_user_data(wsi);
    if (stream == NULL || (stream->wsi != NULL && stream->wsi != wsi)) {
        return 0;
    }
    stream->wsi = wsi; /* lws calls before it returns the handle */
    if (reason == LWS_CALLBACK_RAW_RX) {
        syn_stream_received(stream, (struct syn_str){in, bytes});
    } else if (reason == LWS_CALLBACK_RAW_WRITEABLE) {
        syn_stream_mark(stream);
    } else if (reason == LWS_CALLBACK_RAW_CONNECTED) {
        on_connected(stream, wsi);
    } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR) {
        lws_set_opaque_user_data(wsi, NULL);
        on_connect_failed(stream, in, bytes);
    } else if (reason == LWS_CALLBACK_RAW_CLOSE ||
               reason == LWS_CALLBACK_WSI_DESTROY) {
        lws_set_opaque_user_data(wsi, NULL);
        on_socket_closed(stream);
    }
    return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = PROTOCOL_NAME, .callback = on_vendor_event}, {.name = NULL}};

static struct lws_vhost *new_vhost(struct lws_context *context)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .vhost_name = "raw",
        .protocols = protocols,
        .retry_and_idle_policy = &no_idle_checks,
        .timeout_secs = SYN_VENDOR_TIMEOUT_S,
        .connect_timeout_secs = SYN_VENDOR_TIMEOUT_S,
        .gid = -1,
        .uid = -1};
    struct lws_vhost *vhost = lws_create_vhost(context, &info);
    /* lws obeys http_proxy of the environment by itself, unless told of one
     * without a port. Which way to take is decided in route.c. */
    if (vhost != NULL && lws_set_proxy(vhost, "none.invalid:0") != 0) {
        return NULL;
    }
    return vhost;
}

/* --- birth -----------------------------------------------------------------
 */

syn_status syn_streams_new(struct ev_loop *ev, struct syn_streams **out)
{
    void *foreign[] = {ev};
    struct lws_context_creation_info info = {0};
    struct syn_streams *streams = calloc(1, sizeof *streams);
    if (streams == NULL) {
        return SYN_ERR_MEMORY;
    }
    streams->ev = ev;
    streams->in = malloc(SYN_STREAM_READ_BYTES);
    lws_set_log_level(0, NULL);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    info.foreign_loops = foreign;
    info.pt_serv_buf_size = SYN_STREAM_READ_BYTES;
    info.gid = -1;
    info.uid = -1;
    streams->context = lws_create_context(&info);
    if (streams->context != NULL) {
        streams->plain = new_vhost(streams->context);
    }
    if (streams->plain == NULL || streams->in == NULL) {
        syn_streams_free(streams);
        return SYN_ERR_NET;
    }
    *out = streams;
    return SYN_OK;
}

void syn_streams_free(struct syn_streams *streams)
{
    if (streams == NULL) {
        return;
    }
    streams->is_ending = true;
    for (struct syn_stream *s = streams->all; s != NULL; s = s->next) {
        s->events = NULL;
        if (s->wsi != NULL) {
            lws_set_opaque_user_data(s->wsi, NULL);
            s->wsi = NULL;
        }
        syn_socket_close(s, false);
    }
    while (streams->all != NULL) {
        syn_stream_death(streams->all);
    }
    if (streams->context != NULL) {
        lws_context_destroy(streams->context);
    }
    syn_listeners_free(streams);
    while (streams->clients != NULL) {
        struct syn_client_context *client = streams->clients;
        streams->clients = client->next;
        syn_tls_context_free(client->tls);
        free(client->ca_file);
        free(client);
    }
    free(streams->in);
    free(streams);
}

void syn_stream_adopt(struct syn_streams *streams,
                      struct syn_listener *listener, int fd)
{
    struct syn_tls_context *tls = syn_listener_context(listener);
    struct syn_stream *stream = syn_stream_birth(streams);
    if (stream != NULL && tls != NULL) {
        stream->tls = syn_tls_accept(tls);
    }
    if (stream == NULL || (tls != NULL && stream->tls == NULL)) {
        (void)close(fd);
        if (stream != NULL) {
            syn_stream_death(stream);
        }
        return;
    }
    stream->state = SYN_STREAM_OPEN;
    set_peer(stream, fd);
    if (!syn_socket_adopt(stream, fd)) {
        syn_stream_death(stream);
        return;
    }
    if (tls != NULL) {
        stream->takes_plain = syn_listener_takes_plain(listener);
        syn_stream_guard(stream, SYN_TLS_ACCEPT_MS);
    }
    if (!syn_listener_accepts(listener, stream, &stream->events,
                              &stream->ctx)) {
        stream->events = NULL;
        syn_stream_finish(stream, SYN_END_LOCAL, "refused");
    }
}

/* The context for that file of authorities, made at its first use. */
static syn_status find_context(struct syn_streams *streams, const char *ca_file,
                               struct syn_tls_context **out)
{
    syn_status st = SYN_OK;
    struct syn_client_context *client = streams->clients;
    for (; client != NULL; client = client->next) {
        if (ca_file == NULL ? client->ca_file == NULL
                            : client->ca_file != NULL &&
                                  strcmp(client->ca_file, ca_file) == 0) {
            *out = client->tls;
            return SYN_OK;
        }
    }
    client = calloc(1, sizeof *client);
    if (client == NULL) {
        return SYN_ERR_MEMORY;
    }
    client->ca_file = ca_file == NULL ? NULL : strdup(ca_file);
    st = ca_file != NULL && client->ca_file == NULL
             ? SYN_ERR_MEMORY
             : syn_tls_context_client(ca_file, &client->tls);
    if (st != SYN_OK) {
        free(client->ca_file);
        free(client);
        return st;
    }
    client->next = streams->clients;
    streams->clients = client;
    *out = client->tls;
    return SYN_OK;
}

/* A stream not connected yet, with its TLS state. */
static syn_status new_outgoing(struct syn_streams *home,
                               const struct syn_stream_target *target,
                               struct syn_stream **out)
{
    struct syn_tls_context *tls = NULL;
    struct syn_stream *stream = NULL;
    syn_status st = SYN_OK;
    if (target->tls != NULL) {
        st = find_context(home, target->tls->ca_file, &tls);
    }
    if (st != SYN_OK) {
        return st;
    }
    stream = syn_stream_birth(home);
    if (stream == NULL) {
        return SYN_ERR_MEMORY;
    }
    if (tls != NULL) {
        stream->tls = syn_tls_connect(tls, target->host, target->tls->verify);
        if (stream->tls == NULL) {
            syn_stream_death(stream);
            return SYN_ERR_MEMORY;
        }
    }
    stream->state = SYN_STREAM_CONNECTING;
    stream->port = target->port;
    stream->guard_ms = target->guard_ms;
    (void)snprintf(stream->peer, sizeof stream->peer, "%s:%u", target->host,
                   (unsigned)target->port);
    *out = stream;
    return SYN_OK;
}

static void dial(struct syn_stream *stream, const char *host)
{
    struct syn_streams *home = stream->home;
    struct lws_client_connect_info info = {.context = home->context,
                                           .address = host,
                                           .port = stream->port,
                                           .path = "/",
                                           .host = host,
                                           .method = "RAW",
                                           .local_protocol_name = PROTOCOL_NAME,
                                           .vhost = home->plain,
                                           .opaque_user_data = stream,
                                           .retry_and_idle_policy =
                                               &no_idle_checks};
    struct lws *wsi = NULL;
    syn_stream_guard(stream, stream->guard_ms);
    wsi = lws_client_connect_via_info(&info);
    if (wsi == NULL) {
        stream->wsi = NULL;
        if (!syn_stream_tries_next(stream)) {
            syn_stream_finish(stream, SYN_END_REFUSED, "cannot connect");
        }
    } else if (stream->state != SYN_STREAM_ENDING) {
        stream->wsi = wsi;
    }
}

bool syn_stream_tries_next(struct syn_stream *stream)
{
    if (stream->route == NULL || stream->state != SYN_STREAM_CONNECTING ||
        stream->is_connected || stream->tried >= stream->route->address_count) {
        return false;
    }
    stream->is_to_dial = true;
    syn_stream_mark(stream);
    return true;
}

void syn_stream_dial_next(struct syn_stream *stream)
{
    stream->is_to_dial = false;
    if (stream->state == SYN_STREAM_CONNECTING) {
        syn_socket_close(stream, false);
        dial(stream, stream->route->addresses[stream->tried++]);
    }
}

/* By its route: perhaps to a proxy, in turn to each address. */
static syn_status begin_route(struct syn_stream *stream,
                              const struct syn_route *route)
{
    stream->route = route;
    if (route->address_count == 0) {
        syn_stream_finish(stream, SYN_END_REFUSED, "cannot resolve");
        copy_reason(stream, route->fault, strlen(route->fault));
        return SYN_OK;
    }
    stream->guard_ms /= (unsigned)route->address_count;
    if (syn_route_has_proxy(route)) {
        struct syn_tls_context *context = NULL;
        const syn_status st =
            route->proxy.is_tls
                ? find_context(stream->home, route->proxy.ca_file, &context)
                : SYN_OK;
        if (st != SYN_OK) {
            return st;
        }
        stream->port = route->proxy.port;
        stream->tunnel = syn_tunnel_new(route, context);
        if (stream->tunnel == NULL) {
            return SYN_ERR_MEMORY;
        }
    }
    syn_stream_dial_next(stream);
    return SYN_OK;
}

syn_status syn_stream_connect(struct syn_loop *loop,
                              const struct syn_stream_target *target,
                              const struct syn_stream_events *events, void *ctx,
                              struct syn_stream **out)
{
    struct syn_streams *home = syn_loop_streams(loop);
    struct syn_stream *stream = NULL;
    syn_status st = new_outgoing(home, target, &stream);
    if (st != SYN_OK) {
        return st;
    }
    stream->events = events;
    stream->ctx = ctx;
    if (target->route == NULL) {
        dial(stream, target->host);
    } else {
        st = begin_route(stream, target->route);
    }
    if (st != SYN_OK) {
        syn_stream_death(stream);
        return st;
    }
    *out = stream;
    return SYN_OK;
}
