/*
 * tunnel.c - the request CONNECT and its answer.
 * Layer: net. Threads: one owner.
 */
#include "net/tunnel.h"

#include "base/base64.h"
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_BYTES   96
#define REQUEST_BYTES  8192
#define STATUS_AT      9 /* behind "HTTP/1.1 " */
#define STATUS_BYTES   3
#define STATUS_MAX     999
#define STATUS_GOOD    200
#define STATUS_GOOD_TO 299

struct syn_tunnel {
    struct syn_buf request; /* holds credentials: never recorded */
    size_t sent;
    struct syn_buf head; /* of the answer */
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

struct syn_tunnel *syn_tunnel_new(const struct syn_route *route)
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
    if (tunnel->request.status != SYN_OK) {
        syn_tunnel_free(tunnel);
        return NULL;
    }
    return tunnel;
}

void syn_tunnel_free(struct syn_tunnel *tunnel)
{
    if (tunnel != NULL) {
        syn_buf_fini(&tunnel->request);
        syn_buf_fini(&tunnel->head);
        free(tunnel);
    }
}

struct syn_str syn_tunnel_wire(const struct syn_tunnel *tunnel)
{
    return syn_str_from(syn_buf_str(&tunnel->request), tunnel->sent);
}

void syn_tunnel_sent(struct syn_tunnel *tunnel, size_t bytes)
{
    tunnel->sent += bytes;
}

static enum syn_tunnel_state refuse(struct syn_tunnel *tunnel,
                                    const char *reason, unsigned status)
{
    (void)snprintf(tunnel->reason, sizeof tunnel->reason,
                   status == 0 ? "the proxy %s" : "the proxy %s %u", reason,
                   status);
    return SYN_TUNNEL_REFUSED;
}

/* The whole head has come. */
static enum syn_tunnel_state judge(struct syn_tunnel *tunnel)
{
    struct syn_str head = syn_buf_str(&tunnel->head);
    uint64_t status = 0;
    if (!syn_str_has_prefix(head, SYN_STR("HTTP/1.")) ||
        !syn_str_to_u64(syn_str_part(head, STATUS_AT, STATUS_BYTES), STATUS_MAX,
                        &status)) {
        return refuse(tunnel, "does not speak HTTP/1.1", 0);
    }
    return status >= STATUS_GOOD && status <= STATUS_GOOD_TO
               ? SYN_TUNNEL_OPEN
               : refuse(tunnel, "answered CONNECT with", (unsigned)status);
}

enum syn_tunnel_state syn_tunnel_feed(struct syn_tunnel *tunnel,
                                      struct syn_str in, struct syn_str *rest)
{
    static const struct syn_str end = {"\r\n\r\n", 4};
    for (size_t i = 0; i < in.bytes; i++) {
        syn_buf_put_byte(&tunnel->head, in.at[i]);
        struct syn_str head = syn_buf_str(&tunnel->head);
        if (tunnel->head.status != SYN_OK) {
            return refuse(tunnel, "answers CONNECT without end", 0);
        }
        if (head.bytes >= end.bytes &&
            memcmp(head.at + head.bytes - end.bytes, end.at, end.bytes) == 0) {
            *rest = syn_str_from(in, i + 1);
            return judge(tunnel);
        }
    }
    return SYN_TUNNEL_ASKING;
}

const char *syn_tunnel_reason(const struct syn_tunnel *tunnel)
{
    return tunnel->reason;
}
