/*
 * twilsock.c - reads and writes Twilsock frames.
 *
 * Every length is checked against what is there: a frame in which two readers
 * could find different boundaries is refused (request smuggling inside one
 * socket).
 */
#include "service/twilsock.h"

#include "syn/limits.h"

#include <string.h>

#define MAGIC "TWILSOCK V3.0 "

static const struct syn_str crlf = {"\r\n", 2};
static const struct syn_str absent = {NULL, 0};

/* Cut the magic line and the header off; *rest is what follows its CRLF, which
 * a message shorter than its header has not. */
static bool cut_header(struct syn_str message, size_t bytes_max,
                       struct syn_str *header, struct syn_str *rest)
{
    const struct syn_str magic = SYN_STR(MAGIC);
    if (!syn_str_has_prefix(message, magic)) {
        return false;
    }
    const size_t line_end = syn_str_find(message, '\r', magic.bytes);
    uint64_t bytes = 0;
    const struct syn_str digits =
        syn_str_part(message, magic.bytes, line_end - magic.bytes);
    if (!syn_str_to_u64(digits, bytes_max, &bytes)) {
        return false;
    }
    const struct syn_str behind = syn_str_from(message, line_end);
    if (!syn_str_has_prefix(behind, crlf)) {
        return false;
    }
    const struct syn_str body = syn_str_from(behind, crlf.bytes);
    *header = syn_str_part(body, 0, (size_t)bytes);
    const struct syn_str tail = syn_str_from(body, (size_t)bytes);
    *rest = syn_str_from(tail, crlf.bytes);
    return syn_str_has_prefix(tail, crlf);
}

/* payload_size as a plain integer; absent is 0. */
static bool read_payload_size(const struct syn_twilsock_frame *frame,
                              uint64_t *bytes)
{
    const struct syn_json *node =
        syn_json_member(frame->header, "payload_size");
    *bytes = 0;
    return node == NULL || syn_str_to_u64(syn_json_number_text(node),
                                          SYN_FRAME_BYTES_MAX, bytes);
}

/* Exactly the announced bytes, and at most one CRLF behind them. */
static bool cut_payload(struct syn_str rest, uint64_t bytes,
                        struct syn_str *payload)
{
    if (rest.bytes < bytes) {
        return false;
    }
    const struct syn_str tail = syn_str_from(rest, (size_t)bytes);
    *payload = syn_str_part(rest, 0, (size_t)bytes);
    return tail.bytes == 0 || syn_str_is_equal(tail, crlf);
}

/* Members that every frame has, and the status that a reply has. */
static bool read_members(struct syn_twilsock_frame *frame)
{
    frame->id = syn_json_str(syn_json_member(frame->header, "id"), absent);
    if (frame->id.bytes == 0 || frame->id.bytes > SYN_FRAME_ID_BYTES_MAX) {
        return false;
    }
    return !syn_str_is(frame->method, "reply") ||
           syn_json_is(syn_json_member(frame->header, "status"),
                       SYN_JSON_OBJECT);
}

enum syn_twilsock_verdict syn_twilsock_parse(struct syn_arena *arena,
                                             struct syn_str message,
                                             struct syn_twilsock_frame *frame)
{
    return syn_twilsock_parse_within(arena, message, SYN_FRAME_HEADER_BYTES_MAX,
                                     frame);
}

enum syn_twilsock_verdict
syn_twilsock_parse_within(struct syn_arena *arena, struct syn_str message,
                          size_t header_bytes_max,
                          struct syn_twilsock_frame *frame)
{
    memset(frame, 0, sizeof(*frame));
    struct syn_str rest = absent;
    const struct syn_json_rules rules = {.bytes_max = header_bytes_max,
                                         .depth_max = SYN_FRAME_DEPTH_MAX};
    if (!cut_header(message, header_bytes_max, &frame->header_text, &rest) ||
        syn_json_parse(arena, frame->header_text, &rules, &frame->header,
                       NULL) != SYN_OK ||
        !syn_json_is(frame->header, SYN_JSON_OBJECT)) {
        return SYN_TWILSOCK_UNREADABLE;
    }
    frame->method =
        syn_json_str(syn_json_member(frame->header, "method"), absent);
    uint64_t bytes = 0;
    if (frame->method.bytes > 0 && read_payload_size(frame, &bytes) &&
        cut_payload(rest, bytes, &frame->payload) && read_members(frame)) {
        return SYN_TWILSOCK_FRAME;
    }
    return syn_str_is(frame->method, "reply") ? SYN_TWILSOCK_UNREADABLE_REPLY
                                              : SYN_TWILSOCK_UNREADABLE;
}

void syn_twilsock_begin(struct syn_json_writer *w, struct syn_buf *header,
                        const char *method, struct syn_str id)
{
    syn_buf_clear(header);
    syn_json_writer_init(w, header);
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "method", method);
    syn_json_write_str(w, "id", id);
}

void syn_twilsock_end(struct syn_json_writer *w, struct syn_str payload,
                      struct syn_buf *frame)
{
    syn_json_write_i64(w, "payload_size", (int64_t)payload.bytes);
    syn_json_close_object(w);
    const struct syn_str header = syn_buf_str(w->buf);
    syn_buf_put_text(frame, MAGIC);
    syn_buf_put_u64(frame, header.bytes);
    syn_buf_put(frame, crlf);
    syn_buf_put(frame, header);
    syn_buf_put(frame, crlf);
    if (payload.bytes > 0) {
        syn_buf_put(frame, payload);
        syn_buf_put(frame, crlf);
    }
}
