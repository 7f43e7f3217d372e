/*
 * twilsock.h - the service's reader and writer of Twilsock frames.
 * Layer: service, private to it. Threads: one owner.
 * Source: sdk-protocol.md section 3; rest.md section 12 (unreadable frames).
 *
 * One WebSocket message is one frame:
 *
 *     TWILSOCK V3.0 <header bytes>\r\n<header JSON>\r\n<payload>[\r\n]
 *
 * The client has a reader and writer of its own (client/), so that no
 * misreading of the text is shared.
 */
#ifndef SYN_SERVICE_TWILSOCK_H
#define SYN_SERVICE_TWILSOCK_H

#include "base/buf.h"
#include "base/json.h"
#include "syn/arena.h"
#include "syn/str.h"

struct syn_twilsock_frame {
    const struct syn_json *header; /* an object */
    struct syn_str header_text;    /* as it came, for syn_json_raw */
    struct syn_str method;
    struct syn_str id;
    struct syn_str payload; /* views into the message */
};

enum syn_twilsock_verdict {
    SYN_TWILSOCK_FRAME,
    SYN_TWILSOCK_UNREADABLE,      /* close 406, 51214 */
    SYN_TWILSOCK_UNREADABLE_REPLY /* close 417 */
};

/* Read one message. The tree lives in `arena`, texts in `message`. */
enum syn_twilsock_verdict syn_twilsock_parse(struct syn_arena *arena,
                                             struct syn_str message,
                                             struct syn_twilsock_frame *frame);

/* The same with another bound for the header. */
enum syn_twilsock_verdict
syn_twilsock_parse_within(struct syn_arena *arena, struct syn_str message,
                          size_t header_bytes_max,
                          struct syn_twilsock_frame *frame);

/* Begin a header in the empty buffer `header`: method and id. The caller adds
 * members to `w`, then ends the frame. */
void syn_twilsock_begin(struct syn_json_writer *w, struct syn_buf *header,
                        const char *method, struct syn_str id);

/* Add payload_size, end the header, append the whole frame to `frame`. A
 * payload that is not empty ends with CRLF, as the real service's do. */
void syn_twilsock_end(struct syn_json_writer *w, struct syn_str payload,
                      struct syn_buf *frame);

#endif
