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
#include "net/ws_frame.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Append one masked frame. */
void syn_load_ws_put(struct syn_buf *out, uint32_t mask,
                     enum syn_ws_opcode opcode, struct syn_str payload);

/* WHOLE: *frame, of *used bytes. */
enum syn_ws_state syn_load_ws_take(struct syn_str in,
                                   struct syn_ws_fragment *frame, size_t *used);

/* The request for an upgrade. The key need not be secret, only there. */
void syn_load_ws_put_request(struct syn_buf *out, const char *host,
                             const char *target);

#endif
