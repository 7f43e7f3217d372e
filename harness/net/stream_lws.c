/*
 * stream_lws.c - libwebsockets below the streams: context, birth, callbacks.
 * Layer: net. Threads: the loop's.
 *
 * lws reads, does TLS and tells when a socket is writeable. Its callbacks note
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

#define PROTOCOL_NAME "syn-raw"

_Static_assert(SYN_PEER_BYTES > INET6_ADDRSTRLEN + sizeof "[]:65535",
               "every address fits");

struct syn_client_vhost {
    struct syn_client_vhost *next;
    struct lws_vhost *vhost;
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
    struct sockaddr_storage peer = {0};
    socklen_t peer_bytes = sizeof peer;
    int fd = lws_get_socket_fd(stream->wsi);
    bool is_up = stream->is_tls && fd >= 0 &&
                 getpeername(fd, (struct sockaddr *)&peer, &peer_bytes) == 0;
    bool names_tls =
        stream->is_tls && text != NULL &&
        (strstr(text, "cert") != NULL || strstr(text, "SSL") != NULL ||
         strstr(text, "tls") != NULL);
    syn_stream_finish(stream,
                      is_up || names_tls ? SYN_END_TLS : SYN_END_REFUSED,
                      "connection failed");
    copy_reason(stream, text, bytes);
    stream->wsi = NULL;
}

static void on_socket_closed(struct syn_stream *stream)
{
    int fd = lws_get_socket_fd(stream->wsi);
    if (stream->state == SYN_STREAM_CONNECTING) {
        syn_stream_finish(stream, SYN_END_REFUSED, "cannot connect");
    } else if (stream->is_tls && syn_stream_is_handshaking(stream)) {
        syn_stream_finish(stream, SYN_END_TLS, "handshake failed");
    } else if (is_reset(fd)) {
        syn_stream_finish(stream, SYN_END_RESET, "reset by peer");
    } else {
        syn_stream_finish(stream, SYN_END_PEER, "closed by peer");
    }
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

static void on_connected(struct syn_stream *stream, struct lws *wsi)
{
    if (stream->state != SYN_STREAM_CONNECTING &&
        stream->state != SYN_STREAM_CLOSING) {
        return;
    }
    syn_stream_unguard(stream);
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
    set_peer(stream, lws_get_socket_fd(wsi));
    stream->is_ready = true;
    stream->state = SYN_STREAM_OPEN;
    syn_stream_mark(stream); /* bytes queued while connecting */
    /* lws may call this inside syn_stream_connect: told at the turn's end. */
    stream->is_open_untold = true;
}

static void on_received(struct syn_stream *stream, struct syn_str in)
{
    if (stream->is_tls && !stream->is_ready) {
        stream->is_ready = true;
        syn_stream_unguard(stream);
        lws_set_timeout(stream->wsi, NO_PENDING_TIMEOUT, 0);
    }
    syn_stream_tell_open(stream);
    if (stream->state == SYN_STREAM_OPEN && stream->events != NULL) {
        stream->events->on_bytes(stream->ctx, stream, in);
    }
}

static int on_vendor_event(struct lws *wsi, enum lws_callback_reasons reason,
                           void *user, void *in, size_t bytes)
{
    struct syn_stream *stream = NULL;
    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_CLIENT_VERIFY_CERTS ||
        reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
        syn_tls_tune(user);
        return 0;
    }
    stream = wsi == NULL ? NULL : lws_get_opaque_user_data(wsi);
    if (stream == NULL || (stream->wsi != NULL && stream->wsi != wsi)) {
        return 0;
    }
    stream->wsi = wsi; /* lws calls before it returns the handle */
    if (reason == LWS_CALLBACK_RAW_RX) {
        on_received(stream, (struct syn_str){in, bytes});
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

const struct lws_protocols *syn_stream_protocols(void)
{
    static const struct lws_protocols protocols[] = {
        {.name = PROTOCOL_NAME, .callback = on_vendor_event}, {.name = NULL}};
    return protocols;
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
    lws_set_log_level(0, NULL);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.foreign_loops = foreign;
    info.pt_serv_buf_size = SYN_STREAM_READ_BYTES;
    info.gid = -1;
    info.uid = -1;
    streams->context = lws_create_context(&info);
    if (streams->context != NULL) {
        streams->plain =
            syn_tls_vhost_plain(streams->context, syn_stream_protocols());
    }
    if (streams->plain == NULL) {
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
    }
    while (streams->all != NULL) {
        syn_stream_death(streams->all);
    }
    if (streams->context != NULL) {
        lws_context_destroy(streams->context);
    }
    syn_listeners_free(streams);
    while (streams->clients != NULL) {
        struct syn_client_vhost *client = streams->clients;
        streams->clients = client->next;
        free(client->ca_file);
        free(client);
    }
    free(streams);
}

void syn_stream_adopt(struct syn_streams *streams,
                      struct syn_listener *listener, int fd)
{
    lws_adopt_desc_t how = {.vh = syn_listener_vhost(listener),
                            .type = LWS_ADOPT_SOCKET,
                            .fd = {.sockfd = fd},
                            .vh_prot_name = PROTOCOL_NAME};
    struct syn_stream *stream = syn_stream_birth(streams);
    if (stream == NULL) {
        (void)close(fd);
        return;
    }
    stream->is_tls = how.vh != NULL;
    stream->state = SYN_STREAM_OPEN;
    set_peer(stream, fd);
    if (how.vh == NULL) {
        how.vh = streams->plain;
    } else {
        how.type = LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL;
    }
    stream->wsi = lws_adopt_descriptor_vhost_via_info(&how);
    if (stream->wsi == NULL) {
        syn_stream_death(stream); /* lws has closed the socket */
        return;
    }
    lws_set_opaque_user_data(stream->wsi, stream);
    stream->listener = listener;
    syn_listener_hold(listener);
    if (stream->is_tls) {
        syn_stream_guard(stream, SYN_TLS_ACCEPT_MS);
    }
    if (!syn_listener_accepts(listener, stream, &stream->events,
                              &stream->ctx)) {
        stream->events = NULL;
        syn_stream_finish(stream, SYN_END_LOCAL, "refused");
    }
}

static syn_status find_client_vhost(struct syn_streams *streams,
                                    const char *ca_file, struct lws_vhost **out)
{
    syn_status st = SYN_OK;
    struct syn_client_vhost *client = streams->clients;
    for (; client != NULL; client = client->next) {
        if (ca_file == NULL ? client->ca_file == NULL
                            : client->ca_file != NULL &&
                                  strcmp(client->ca_file, ca_file) == 0) {
            *out = client->vhost;
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
             : syn_tls_vhost_client(streams->context, syn_stream_protocols(),
                                    ca_file, &client->vhost);
    if (st != SYN_OK) {
        free(client->ca_file);
        free(client);
        return st;
    }
    client->next = streams->clients;
    streams->clients = client;
    *out = client->vhost;
    return SYN_OK;
}

static int tls_flags(const struct syn_tls_client *tls)
{
    if (tls == NULL) {
        return 0;
    }
    return tls->verify ? LCCSCF_USE_SSL
                       : LCCSCF_USE_SSL | LCCSCF_ALLOW_SELFSIGNED |
                             LCCSCF_ALLOW_INSECURE | LCCSCF_ALLOW_EXPIRED |
                             LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK;
}

syn_status syn_stream_connect(struct syn_loop *loop,
                              const struct syn_stream_target *target,
                              const struct syn_stream_events *events, void *ctx,
                              struct syn_stream **out)
{
    struct syn_streams *home = syn_loop_streams(loop);
    struct lws_client_connect_info info = {
        .context = home->context,
        .address = target->host,
        .port = target->port,
        .ssl_connection = tls_flags(target->tls),
        .path = "/",
        .host = target->host,
        .method = "RAW",
        .local_protocol_name = PROTOCOL_NAME,
        .vhost = home->plain,
        .alpn = target->tls == NULL ? NULL : "http/1.1",
        .retry_and_idle_policy = &no_idle_checks};
    struct syn_stream *stream = NULL;
    struct lws *wsi = NULL;
    syn_status st = SYN_OK;
    if (target->tls != NULL) {
        st = find_client_vhost(home, target->tls->ca_file, &info.vhost);
    }
    if (st != SYN_OK) {
        return st;
    }
    stream = syn_stream_birth(home);
    if (stream == NULL) {
        return SYN_ERR_MEMORY;
    }
    stream->is_tls = target->tls != NULL;
    stream->state = SYN_STREAM_CONNECTING;
    stream->events = events;
    stream->ctx = ctx;
    (void)snprintf(stream->peer, sizeof stream->peer, "%s:%u", target->host,
                   (unsigned)target->port);
    info.opaque_user_data = stream;
    syn_stream_guard(stream, target->guard_ms);
    wsi = lws_client_connect_via_info(&info);
    if (stream->state == SYN_STREAM_CONNECTING) {
        stream->wsi = wsi;
    }
    if (wsi == NULL) {
        syn_stream_finish(stream, SYN_END_REFUSED, "cannot connect");
    }
    *out = stream;
    return SYN_OK;
}
