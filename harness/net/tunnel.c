/*
 * tunnel.c - the request CONNECT and its answer, over the proxy's TLS if it has
 * any.
 * Layer: net. Threads: one owner.
 */
#include "net/tunnel.h"

#include "base/base64.h"
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_BYTES   192
#define REQUEST_BYTES  8192
#define STATUS_AT      9 /* behind "HTTP/1.1 " */
#define STATUS_BYTES   3
#define STATUS_MAX     999
#define STATUS_GOOD    200
#define STATUS_GOOD_TO 299

struct syn_tunnel {
    struct syn_tls *tls;    /* to the proxy; NULL: it is plain */
    struct syn_buf request; /* holds credentials: never recorded */
    size_t sent;            /* of it; with TLS nothing: it was encrypted */
    struct syn_buf head;    /* of the answer */
    enum syn_tunnel_state state;
    bool is_started;
    char reason[REASON_BYTES];
};

static void put_login(struct syn_buf *out, const struct syn_proxy *proxy)
{
    struct syn_buf login;
    if (proxy->user[0] == '\0' && proxy->password[0] == '\0') {
        return;
    }
    syn_buf_init(&login, NULL, REQUEST_BYTES);
    syn_buf_printf(&login, "%s:%s", proxy->user, proxy->password);
    syn_buf_put_text(out, "Proxy-Authorization: Basic ");
    syn_base64_put(out, SYN_BASE64, syn_buf_str(&login));
    syn_buf_put_text(out, "\r\n");
    syn_buf_fini(&login);
}

struct syn_tunnel *syn_tunnel_new(const struct syn_route *route,
                                  struct syn_tls_context *context)
{
    struct syn_tunnel *tunnel = calloc(1, sizeof *tunnel);
    if (tunnel == NULL) {
        return NULL;
    }
    bool is_v6 = strchr(route->host, ':') != NULL;
    char authority[SYN_URL_HOST_BYTES + sizeof "[]:65535"];
    (void)snprintf(authority, sizeof authority, is_v6 ? "[%s]:%u" : "%s:%u",
                   route->host, (unsigned)route->port);
    syn_buf_init(&tunnel->request, NULL, REQUEST_BYTES);
    syn_buf_init(&tunnel->head, NULL, SYN_PROXY_HEAD_BYTES_MAX);
    syn_buf_printf(&tunnel->request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n",
                   authority, authority);
    put_login(&tunnel->request, &route->proxy);
    syn_buf_put_text(&tunnel->request, "\r\n");
    if (route->proxy.is_tls) {
        tunnel->tls = syn_tls_connect(context, route->proxy.host, true);
    }
    if (tunnel->request.status != SYN_OK ||
        (route->proxy.is_tls && tunnel->tls == NULL)) {
        syn_tunnel_free(tunnel);
        return NULL;
    }
    return tunnel;
}

void syn_tunnel_free(struct syn_tunnel *tunnel)
{
    if (tunnel != NULL) {
        syn_tls_free(tunnel->tls);
        syn_buf_fini(&tunnel->request);
        syn_buf_fini(&tunnel->head);
        free(tunnel);
    }
}

static void refuse(struct syn_tunnel *tunnel, const char *reason,
                   unsigned status)
{
    (void)snprintf(tunnel->reason, sizeof tunnel->reason,
                   status == 0 ? "the proxy %s" : "the proxy %s %u", reason,
                   status);
    tunnel->state = SYN_TUNNEL_REFUSED;
}

/* The whole head has come. */
static void judge(struct syn_tunnel *tunnel)
{
    struct syn_str head = syn_buf_str(&tunnel->head);
    uint64_t status = 0;
    if (!syn_str_has_prefix(head, SYN_STR("HTTP/1.")) ||
        !syn_str_to_u64(syn_str_part(head, STATUS_AT, STATUS_BYTES), STATUS_MAX,
                        &status)) {
        refuse(tunnel, "does not speak HTTP/1.1", 0);
    } else if (status < STATUS_GOOD || status > STATUS_GOOD_TO) {
        refuse(tunnel, "answered CONNECT with", (unsigned)status);
    } else {
        tunnel->state = SYN_TUNNEL_OPEN;
    }
}

/* Of the proxy's answer; what is left behind it. */
static struct syn_str take_head(struct syn_tunnel *tunnel, struct syn_str in)
{
    static const struct syn_str end = {"\r\n\r\n", 4};
    for (size_t i = 0; i < in.bytes; i++) {
        syn_buf_put_byte(&tunnel->head, in.at[i]);
        struct syn_str head = syn_buf_str(&tunnel->head);
        if (tunnel->head.status != SYN_OK) {
            refuse(tunnel, "answers CONNECT without end", 0);
            break;
        }
        if (head.bytes >= end.bytes &&
            memcmp(head.at + head.bytes - end.bytes, end.at, end.bytes) == 0) {
            judge(tunnel);
            return syn_str_from(in, i + 1);
        }
    }
    return (struct syn_str){NULL, 0};
}

struct feed {
    struct syn_tunnel *tunnel;
    syn_tls_plain_fn plain;
    void *ctx;
};

/* What the proxy says, out of its TLS if it has one. */
static void take_plain(void *ctx, struct syn_str in)
{
    const struct feed *feed = ctx;
    if (feed->tunnel->state == SYN_TUNNEL_ASKING) {
        in = take_head(feed->tunnel, in);
    }
    if (feed->tunnel->state == SYN_TUNNEL_OPEN && in.bytes > 0) {
        feed->plain(feed->ctx, in);
    }
}

/* The request goes as soon as TLS is there. */
static void feed_tls(struct syn_tunnel *tunnel, struct syn_str in,
                     struct feed *feed)
{
    const bool was_ready = syn_tls_is_ready(tunnel->tls);
    const enum syn_tls_state state =
        syn_tls_feed(tunnel->tls, in, take_plain, feed);
    if (state == SYN_TLS_BROKEN) {
        (void)snprintf(tunnel->reason, sizeof tunnel->reason, "the proxy's %s",
                       syn_tls_reason(tunnel->tls));
        tunnel->state = SYN_TUNNEL_REFUSED;
    } else if (state == SYN_TLS_ENDED && tunnel->state == SYN_TUNNEL_ASKING) {
        refuse(tunnel, "ended the connection", 0);
    } else if (state == SYN_TLS_ENDED && tunnel->state == SYN_TUNNEL_OPEN) {
        tunnel->state = SYN_TUNNEL_ENDED;
    } else if (!was_ready && syn_tls_is_ready(tunnel->tls)) {
        (void)syn_tls_encrypt(tunnel->tls, syn_buf_str(&tunnel->request));
    }
}

enum syn_tunnel_state syn_tunnel_feed(struct syn_tunnel *tunnel,
                                      struct syn_str in, syn_tls_plain_fn plain,
                                      void *ctx)
{
    struct feed feed = {tunnel, plain, ctx};
    if (tunnel->tls == NULL) {
        take_plain(&feed, in);
    } else {
        feed_tls(tunnel, in, &feed);
    }
    return tunnel->state;
}

static void take_nothing(void *ctx, struct syn_str in)
{
    (void)ctx;
    (void)in;
}

void syn_tunnel_start(struct syn_tunnel *tunnel)
{
    tunnel->is_started = true;
    (void)syn_tunnel_feed(tunnel, (struct syn_str){NULL, 0}, take_nothing,
                          NULL);
}

struct syn_str syn_tunnel_wire(const struct syn_tunnel *tunnel)
{
    if (tunnel->tls != NULL) {
        return syn_tls_wire(tunnel->tls);
    }
    return tunnel->is_started
               ? syn_str_from(syn_buf_str(&tunnel->request), tunnel->sent)
               : (struct syn_str){NULL, 0};
}

void syn_tunnel_sent(struct syn_tunnel *tunnel, size_t bytes)
{
    if (tunnel->tls != NULL) {
        syn_tls_sent(tunnel->tls, bytes);
    } else {
        tunnel->sent += bytes;
    }
}

size_t syn_tunnel_put(struct syn_tunnel *tunnel, struct syn_str bytes)
{
    SYN_ASSERT(syn_tunnel_is_open(tunnel) && tunnel->tls != NULL);
    return syn_tls_encrypt(tunnel->tls, bytes);
}

void syn_tunnel_shutdown(struct syn_tunnel *tunnel)
{
    if (tunnel->tls != NULL) {
        syn_tls_shutdown(tunnel->tls);
    }
}

bool syn_tunnel_is_open(const struct syn_tunnel *tunnel)
{
    return tunnel->state == SYN_TUNNEL_OPEN;
}

bool syn_tunnel_is_bare(const struct syn_tunnel *tunnel)
{
    return tunnel->state == SYN_TUNNEL_OPEN && tunnel->tls == NULL;
}

const char *syn_tunnel_reason(const struct syn_tunnel *tunnel)
{
    return tunnel->reason;
}
