/*
 * ws.h - WebSocket (RFC 6455) over any byte stream, on libwslay.
 * Layer: net. Threads: one owner. No sockets: bytes in, bytes out.
 *
 * Both roles. Strict: masking by role, reserved bits, control frames, UTF-8 of
 * text, close codes. No extensions are negotiated.
 */
#ifndef SYN_NET_WS_H
#define SYN_NET_WS_H

#include "base/buf.h"
#include "net/http.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

struct syn_ws; /* opaque: harness/net/ws.c */

enum syn_ws_role { SYN_WS_SERVER, SYN_WS_CLIENT };

struct syn_ws_events {
    /* A whole message; borrowed for the call. */
    void (*on_message)(void *ctx, struct syn_str message, bool is_text);
    /* A close frame came (1005 without a code), or the peer broke the protocol
     * (`is_violation`; the answering close frame is queued already). */
    void (*on_close)(void *ctx, uint16_t code, bool is_violation);
};

struct syn_ws_options {
    enum syn_ws_role role;
    size_t message_bytes_max; /* of what is received; 1009 beyond */
    const struct syn_ws_events *events;
    void *ctx; /* of the events */
    /* Receives the bytes to send; the caller's, who empties it into the stream.
     * It outlives the ws, like the events. */
    struct syn_buf *out;
};

/* Client masks come from the process's random source. */
SYN_MUST_CHECK syn_status syn_ws_new(const struct syn_ws_options *options,
                                     struct syn_ws **ws);
void syn_ws_free(struct syn_ws *ws);

/* Take received bytes; events are called from inside. SYN_ERR_CLOSED once the
 * close handshake is over or the protocol was broken: close the stream after
 * sending what is in `out`. The ws must not be freed from inside an event. */
SYN_MUST_CHECK syn_status syn_ws_feed(struct syn_ws *ws, struct syn_str in);

/* How a careless reader differs from RFC 6455; bits. */
enum syn_ws_quirk {
    SYN_WS_TAKES_UNMASKED = 1u << 0, /* frames of a client without a mask */
    SYN_WS_IGNORES_RSV = 1u << 1,    /* reserved bits mean nothing */
    SYN_WS_SKIPS_OPCODES = 1u << 2,  /* frames of unknown kind are skipped */
    SYN_WS_LONG_CONTROL = 1u << 3,   /* control frames of any length */
    SYN_WS_SPLIT_CONTROL = 1u << 4,  /* and without FIN */
    SYN_WS_STRAY_END = 1u << 5,      /* a continuation may begin */
    SYN_WS_NESTED_START = 1u << 6,   /* a start inside fragments begins anew */
    SYN_WS_TAKES_BAD_TEXT = 1u << 7, /* text of any bytes */
    SYN_WS_ANY_LENGTH = 1u << 8,     /* one frame of any announced length */
    SYN_WS_ENDLESS_FRAGMENTS = 1u << 9, /* and any number of fragments */
    SYN_WS_ANY_CLOSE = 1u << 10,        /* close frames of any body */
    SYN_WS_READS_ON = 1u << 11,         /* behind a close frame */
    SYN_WS_MINDS_PONGS = 1u << 12,  /* a pong that nobody asked for ends it */
    SYN_WS_MUTE_TO_PINGS = 1u << 13 /* pings are not answered */
};

/* Read with these quirks from now on, which is before the first byte: for
 * seeded defects. 0: strictly. */
void syn_ws_be_careless(struct syn_ws *ws, unsigned quirks);

/* Has a frame begun that is not whole? */
bool syn_ws_is_inside(const struct syn_ws *ws);

/* Queue one message. */
void syn_ws_send(struct syn_ws *ws, struct syn_str message, bool is_text);

/* Queue a ping or a close frame. */
void syn_ws_ping(struct syn_ws *ws);
void syn_ws_close(struct syn_ws *ws, uint16_t code);

/*
 * Append one unmasked server frame (header and payload, FIN, binary). Built
 * once, it can be sent to every subscriber of a fan-out.
 */
void syn_ws_put_server_frame(struct syn_buf *buf, struct syn_str message);

/*
 * Server handshake: check an upgrade request and append the 101 answer, or
 * the refusal (400, 426 with Sec-WebSocket-Version: 13). True for 101.
 */
bool syn_ws_accept(const struct syn_http_message *request, struct syn_buf *out);

#define SYN_WS_KEY_BYTES 25 /* base64 of 16 random bytes, and a NUL */

/* Client handshake: append the request with a fresh key, kept in `key`. */
SYN_MUST_CHECK syn_status syn_ws_put_request(struct syn_buf *out,
                                             const char *host,
                                             const char *target,
                                             char key[SYN_WS_KEY_BYTES]);

/* Does the answer accept the request made with `key`? */
bool syn_ws_is_accepted(const struct syn_http_message *response,
                        const char key[SYN_WS_KEY_BYTES]);

#endif
