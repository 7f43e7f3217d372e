/*
 * ws_frame.h - frames of a WebSocket from bytes that lie together, and the
 * messages that several of them are.
 * Layer: net. Threads: none needed. Source: RFC 6455 sections 5.2 and 5.4.
 *
 * For whoever looks at frames without the strict codec of ws.h: it takes any
 * head, so that the caller says what is wrong.
 */
#ifndef SYN_NET_WS_FRAME_H
#define SYN_NET_WS_FRAME_H

#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYN_WS_MASK_BYTES 4

enum syn_ws_opcode {
    SYN_WS_CONTINUED = 0,
    SYN_WS_TEXT = 1,
    SYN_WS_BINARY = 2,
    SYN_WS_CLOSE = 8, /* it and all above it: control frames */
    SYN_WS_PING = 9,
    SYN_WS_PONG = 10
};

/* What stands before the payload. */
struct syn_ws_head {
    unsigned opcode;
    bool is_final;
    bool is_masked;
    bool has_reserved; /* any of the three reserved bits */
    unsigned char mask[SYN_WS_MASK_BYTES];
    size_t bytes;       /* of the head itself, 2 to 14 */
    uint64_t announced; /* length of the payload */
};

/* False: the head is not whole yet, and *head is undefined. */
bool syn_ws_head_read(struct syn_str in, struct syn_ws_head *head);

/* A whole frame without a mask. */
struct syn_ws_fragment {
    unsigned opcode;
    bool is_final;
    struct syn_str payload; /* view into the input */
};

enum syn_ws_state {
    SYN_WS_MORE,  /* not whole yet */
    SYN_WS_WHOLE, /* it is */
    SYN_WS_BROKEN /* no peer may send this, or it is too long */
};

/* The first frames of a message whose last one is still to come. */
struct syn_ws_partial; /* opaque: ws_frame.c */

/*
 * Take one frame of data; control frames, which may come between, are the
 * caller's. WHOLE: *message is a view into the frame or into *partial, which
 * the caller drops afterwards. MORE: kept in *partial (NULL at first). BROKEN:
 * a frame that does not follow the one before it, or a message over
 * `bytes_max`; *partial is as it was.
 */
enum syn_ws_state syn_ws_join(struct syn_ws_partial **partial,
                              const struct syn_ws_fragment *frame,
                              size_t bytes_max, struct syn_str *message);
void syn_ws_drop(struct syn_ws_partial **partial);

#endif
