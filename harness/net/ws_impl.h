/*
 * ws_impl.h - what the two readers of WebSocket frames share.
 * Layer: net, private to ws*.c. Threads: one owner.
 */
#ifndef SYN_NET_WS_IMPL_H
#define SYN_NET_WS_IMPL_H

#include "net/ws.h"

#include <wslay/wslay.h>

#define HEADER_BYTES_MAX  14 /* 2, a 64-bit length, a mask */
#define MASK_BYTES        4
#define CONTROL_BYTES_MAX 125 /* payload of a control frame */
#define CLOSE_PROTOCOL    1002
#define CLOSE_NO_CODE     1005
#define CLOSE_BAD_TEXT    1007
#define CLOSE_TOO_LONG    1009
#define MASK_POOL_BYTES   256 /* random bytes drawn at once */

/* The frame being received. */
struct syn_ws_frame {
    unsigned char header[HEADER_BYTES_MAX];
    size_t header_bytes; /* seen so far */
    size_t header_size;  /* 0: not known yet */
    uint64_t payload;    /* length */
    uint64_t left;       /* of the payload */
    uint8_t opcode;
    bool is_fin;
};

struct syn_ws {
    enum syn_ws_role role;
    size_t message_bytes_max;
    const struct syn_ws_events *events;
    void *ctx;
    struct syn_buf *out;
    wslay_event_context_ptr vendor; /* NULL: no state worth keeping */
    struct syn_str in;              /* what libwslay may read now */
    struct syn_ws_frame frame;
    uint64_t message_bytes; /* of the fragmented message so far */
    size_t fragments;       /* 0: none open */
    unsigned char close_body[CONTROL_BYTES_MAX];
    unsigned char *masks; /* MASK_POOL_BYTES; NULL until a client sends */
    size_t masks_used;
    bool is_over;
    bool is_feeding; /* inside syn_ws_feed: libwslay may be on the stack */
    /* Of the careless reader: ws_careless.c. */
    unsigned quirks;
    struct syn_buf pile;    /* bytes that are no whole frame yet */
    struct syn_buf message; /* fragments so far */
    bool is_text;           /* the message under way */
};

/* The peer broke the protocol: close with this code, tell, and be done. */
syn_status syn_ws_violate(struct syn_ws *ws, uint16_t code);

void syn_ws_send_close(struct syn_ws *ws, uint16_t code, struct syn_str reason);

/* May this code travel? */
bool syn_ws_is_close_code(uint16_t code);

/* syn_ws_feed of one that has quirks. */
syn_status syn_ws_feed_careless(struct syn_ws *ws, struct syn_str in);

#endif
