/*
 * ws.h - WebSocket framing of a client, from bytes that lie together.
 * Layer: load. Threads: none needed. Source: RFC 6455 section 5.
 *
 * The strict codec of net/ws.h keeps a state of kilobytes for each connection;
 * here a whole frame lies in the shared read buffer before it is looked at, so
 * no state is needed but the buffer's tail.
 */
#ifndef SYN_LOAD_WS_H
#define SYN_LOAD_WS_H

#include "base/buf.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

enum syn_load_opcode {
    SYN_LOAD_WS_CONTINUED = 0,
    SYN_LOAD_WS_TEXT = 1,
    SYN_LOAD_WS_BINARY = 2,
    SYN_LOAD_WS_CLOSE = 8,
    SYN_LOAD_WS_PING = 9,
    SYN_LOAD_WS_PONG = 10
};

struct syn_load_ws_frame {
    unsigned opcode;
    bool is_final;
    struct syn_str payload; /* view into the input */
};

/* Append one masked frame. */
void syn_load_ws_put(struct syn_buf *out, uint32_t mask,
                     enum syn_load_opcode opcode, struct syn_str payload);

enum syn_load_ws_state {
    SYN_LOAD_WS_MORE,  /* not whole yet */
    SYN_LOAD_WS_FRAME, /* *frame, of *used bytes */
    SYN_LOAD_WS_BROKEN /* no server may send this, or it is too long */
};

enum syn_load_ws_state syn_load_ws_take(struct syn_str in,
                                        struct syn_load_ws_frame *frame,
                                        size_t *used);

/* The first frames of a message whose last one is still to come. */
struct syn_load_ws_partial; /* opaque: ws.c */

/*
 * Take one frame of data. FRAME: *message is whole, a view into the frame or
 * into *partial, which the caller drops afterwards. MORE: kept in *partial
 * (NULL at first). BROKEN: a frame that does not follow the one before it, or
 * a message that is too long.
 */
enum syn_load_ws_state syn_load_ws_join(struct syn_load_ws_partial **partial,
                                        const struct syn_load_ws_frame *frame,
                                        struct syn_str *message);
void syn_load_ws_drop(struct syn_load_ws_partial **partial);

/* The request for an upgrade. The key need not be secret, only there. */
void syn_load_ws_put_request(struct syn_buf *out, const char *host,
                             const char *target);

#endif
