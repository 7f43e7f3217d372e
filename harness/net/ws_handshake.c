/*
 * ws_handshake.c - the HTTP exchange that opens a WebSocket.
 * Layer: net. Threads: none needed.
 * Source: RFC 6455 section 4; adversary row W03.
 */
#include "net/ws.h"

#include "base/base64.h"
#include "base/crypto.h"

#include <string.h>

#define KEY_RANDOM_BYTES 16
#define ACCEPT_BYTES     28 /* base64 of a SHA-1 */
#define VERSION_TEXT     "13"

static const char accept_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/* Sec-WebSocket-Accept for a key, into `out` as text. */
static bool make_accept(struct syn_str key, struct syn_buf *out)
{
    unsigned char digest[SYN_DIGEST_BYTES_MAX] = {0};
    syn_status st = SYN_OK;
    struct syn_buf joined;
    syn_buf_init(&joined, NULL, SYN_WS_KEY_BYTES + sizeof accept_guid);
    syn_buf_put(&joined, key);
    syn_buf_put_text(&joined, accept_guid);
    st = joined.status;
    if (st == SYN_OK) {
        st = syn_digest_of(SYN_SHA1, syn_buf_str(&joined), digest);
    }
    syn_buf_fini(&joined);
    if (st == SYN_OK) {
        syn_base64_put(
            out, SYN_BASE64,
            (struct syn_str){(const char *)digest, syn_digest_bytes(SYN_SHA1)});
    }
    return st == SYN_OK && out->status == SYN_OK;
}

static bool is_good_key(struct syn_str key)
{
    bool is_good = false;
    struct syn_buf raw;
    syn_buf_init(&raw, NULL, SYN_WS_KEY_BYTES);
    is_good = key.bytes == SYN_WS_KEY_BYTES - 1 &&
              syn_base64_decode(&raw, SYN_BASE64, key) == SYN_OK &&
              raw.bytes == KEY_RANDOM_BYTES;
    syn_buf_fini(&raw);
    return is_good;
}

static size_t count_fields(const struct syn_http_message *message,
                           const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < message->field_count; i++) {
        count +=
            syn_str_is_equal_nocase(message->fields[i].name, syn_str_of(name))
                ? 1
                : 0;
    }
    return count;
}

static bool is_upgrade(const struct syn_http_message *message)
{
    return message->has_upgrade && count_fields(message, "Upgrade") == 1 &&
           syn_str_is_equal_nocase(syn_http_field(message, "Upgrade"),
                                   SYN_STR("websocket"));
}

static void put_refusal(struct syn_buf *out, unsigned status,
                        const char *reason)
{
    syn_buf_printf(out,
                   "HTTP/1.1 %u %s\r\n"
                   "%s"
                   "Content-Type: text/plain\r\n"
                   "Content-Length: %zu\r\n"
                   "Connection: close\r\n\r\n%s",
                   status, syn_http_phrase(status),
                   status == 426 ? "Upgrade: websocket\r\n"
                                   "Sec-WebSocket-Version: 13\r\n"
                                 : "",
                   strlen(reason), reason);
}

/* Why the request opens no WebSocket; NULL when it does. */
static const char *find_fault(const struct syn_http_message *request,
                              unsigned *status)
{
    *status = 400;
    if (!syn_str_is(request->method, "GET") || request->minor != 1) {
        return "not a GET of HTTP/1.1";
    }
    if (!is_upgrade(request)) {
        *status = 426;
        return "no upgrade to websocket";
    }
    if (count_fields(request, "Sec-WebSocket-Version") != 1 ||
        !syn_str_is(syn_http_field(request, "Sec-WebSocket-Version"),
                    VERSION_TEXT)) {
        *status = 426;
        return "version is not 13";
    }
    if (count_fields(request, "Sec-WebSocket-Key") != 1 ||
        !is_good_key(syn_http_field(request, "Sec-WebSocket-Key"))) {
        return "Sec-WebSocket-Key is no base64 of 16 bytes";
    }
    return request->body.bytes > 0 ? "upgrade with a body" : NULL;
}

bool syn_ws_accept(const struct syn_http_message *request, struct syn_buf *out)
{
    unsigned status = 0;
    const char *fault = find_fault(request, &status);
    if (fault != NULL) {
        put_refusal(out, status, fault);
        return false;
    }
    syn_buf_put_text(out, "HTTP/1.1 101 Switching Protocols\r\n"
                          "Upgrade: websocket\r\n"
                          "Connection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: ");
    if (!make_accept(syn_http_field(request, "Sec-WebSocket-Key"), out)) {
        return false;
    }
    syn_buf_put_text(out, "\r\n\r\n");
    return out->status == SYN_OK;
}

syn_status syn_ws_put_request(struct syn_buf *out, const char *host,
                              const char *target, char key[SYN_WS_KEY_BYTES])
{
    unsigned char random[KEY_RANDOM_BYTES] = {0};
    struct syn_buf text;
    syn_status st = syn_crypto_random(random, sizeof random);
    if (st != SYN_OK) {
        return st;
    }
    syn_buf_init(&text, NULL, SYN_WS_KEY_BYTES);
    syn_base64_put(&text, SYN_BASE64,
                   (struct syn_str){(const char *)random, sizeof random});
    st = text.status;
    if (st == SYN_OK) {
        SYN_ASSERT(text.bytes == SYN_WS_KEY_BYTES - 1);
        memcpy(key, text.at, text.bytes);
        key[text.bytes] = '\0';
        syn_buf_printf(out,
                       "GET %s HTTP/1.1\r\n"
                       "Host: %s\r\n"
                       "Upgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Key: %s\r\n"
                       "Sec-WebSocket-Version: " VERSION_TEXT "\r\n\r\n",
                       target, host, key);
        st = out->status;
    }
    syn_buf_fini(&text);
    return st;
}

bool syn_ws_is_accepted(const struct syn_http_message *response,
                        const char key[SYN_WS_KEY_BYTES])
{
    bool is_accepted = false;
    struct syn_buf expected;
    if (response->status != 101 || !is_upgrade(response) ||
        count_fields(response, "Sec-WebSocket-Accept") != 1 ||
        count_fields(response, "Sec-WebSocket-Extensions") != 0 ||
        count_fields(response, "Sec-WebSocket-Protocol") != 0) {
        return false; /* we asked for no extension and no protocol */
    }
    syn_buf_init(&expected, NULL, 2 * (size_t)ACCEPT_BYTES);
    is_accepted =
        make_accept(syn_str_of(key), &expected) &&
        syn_str_is_equal(syn_buf_str(&expected),
                         syn_http_field(response, "Sec-WebSocket-Accept"));
    syn_buf_fini(&expected);
    return is_accepted;
}
