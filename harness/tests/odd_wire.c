/*
 * odd_wire.c - the same answers in other bytes: a service that keeps every
 * promise behind a front of another make.
 * Layer: tests. Threads: one.
 * Source: RFC 9110, RFC 9112 (chunks, reason phrases, names of headers), RFC
 * 6455 section 5.4 (fragments, pings between them).
 *
 * REST answers come in chunks of seven bytes, with names of headers in other
 * letters, a reason phrase of nobody's table, and the connection ends after
 * each. Frames of the SDK plane come in two fragments with a ping between them.
 * The linker puts these functions in front (--wrap).
 */
#include "net/ws.h"
#include "odd_foreign.h"
#include "service/rest.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES  7
#define NO_CONTENT   204
#define PHRASE       "As You Wish"
#define LENGTH_16    126
#define LENGTH_64    127
#define FRAME_START  0x02 /* binary, more follows */
#define FRAME_END    0x80 /* the last of it */
#define FRAME_PING   0x89
#define BYTE_BITS    8
#define BYTE_MASK    0xff
#define LETTER_CASES 2

static bool is_odd;
static unsigned answers; /* so far */

void syn_odd_wire_begin(void)
{
    is_odd = true;
}

/* --- REST ------------------------------------------------------------------
 */

/* Names by the linker's --wrap: NOLINTBEGIN(bugprone-reserved-identifier) */
void __real_syn_rest_put_reply(struct syn_rest_call *call, bool keeps_alive,
                               struct syn_buf *out);
void __wrap_syn_rest_put_reply(struct syn_rest_call *call, bool keeps_alive,
                               struct syn_buf *out);
/* NOLINTEND(bugprone-reserved-identifier) */

/* "content-type" and "CONTENT-TYPE" in turns. */
static void put_name(struct syn_buf *out, struct syn_str name)
{
    bool is_upper = answers % LETTER_CASES == 0;
    for (size_t i = 0; i < name.bytes; i++) {
        char at = name.at[i];
        if (is_upper && at >= 'a' && at <= 'z') {
            at = (char)(at - 'a' + 'A');
        } else if (!is_upper && at >= 'A' && at <= 'Z') {
            at = (char)(at - 'A' + 'a');
        }
        syn_buf_put_byte(out, at);
    }
}

static void put_line(struct syn_buf *out, struct syn_str line)
{
    size_t colon = syn_str_find(line, ':', 0);
    struct syn_str name = syn_str_part(line, 0, colon);
    if (syn_str_is_equal_nocase(name, SYN_STR("Content-Length"))) {
        syn_buf_put_text(out, "transfer-encoding: chunked\r\n");
        return;
    }
    put_name(out, name);
    syn_buf_put(out, syn_str_from(line, colon));
    syn_buf_put_text(out, "\r\n");
}

static void put_chunks(struct syn_buf *out, struct syn_str body)
{
    for (size_t at = 0; at < body.bytes; at += CHUNK_BYTES) {
        struct syn_str part = syn_str_part(body, at, CHUNK_BYTES);
        syn_buf_printf(out, "%zX\r\n%.*s\r\n", part.bytes, SYN_STR_ARG(part));
    }
    syn_buf_put_text(out, "0\r\n\r\n");
}

void __wrap_syn_rest_put_reply(struct syn_rest_call *call, bool keeps_alive,
                               struct syn_buf *out)
{
    struct syn_buf plain;
    if (!is_odd || call->message->minor == 0) {
        __real_syn_rest_put_reply(call, keeps_alive, out);
        return;
    }
    syn_buf_init(&plain, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    __real_syn_rest_put_reply(call, false, &plain);
    struct syn_str all = syn_buf_str(&plain);
    size_t at = syn_str_find(all, '\n', 0) + 1;
    answers++;
    syn_buf_printf(out, "HTTP/1.1 %u " PHRASE "\r\n", call->status);
    while (at < all.bytes && all.at[at] != '\r') {
        size_t end = syn_str_find(all, '\n', at);
        put_line(out, syn_str_part(all, at, end - 1 - at));
        at = end + 1;
    }
    syn_buf_put_text(out, "\r\n");
    if (call->status != NO_CONTENT &&
        !syn_str_is(call->message->method, "HEAD")) {
        put_chunks(out, syn_str_from(all, at + 2));
    }
    syn_buf_fini(&plain);
}

/* --- the SDK plane ---------------------------------------------------------
 */

/* Names by the linker's --wrap: NOLINTBEGIN(bugprone-reserved-identifier) */
void __real_syn_ws_put_server_frame(struct syn_buf *buf,
                                    struct syn_str message);
void __wrap_syn_ws_put_server_frame(struct syn_buf *buf,
                                    struct syn_str message);
/* NOLINTEND(bugprone-reserved-identifier) */

static void put_frame(struct syn_buf *out, unsigned first, struct syn_str part)
{
    size_t bytes = part.bytes;
    unsigned width = bytes < LENGTH_16 ? 0 : bytes <= UINT16_MAX ? 2 : 8;
    syn_buf_put_byte(out, (char)first);
    syn_buf_put_byte(out, (char)(width == 0   ? bytes
                                 : width == 2 ? LENGTH_16
                                              : LENGTH_64));
    while (width > 0) {
        width--;
        syn_buf_put_byte(out,
                         (char)((bytes >> (BYTE_BITS * width)) & BYTE_MASK));
    }
    syn_buf_put(out, part);
}

void __wrap_syn_ws_put_server_frame(struct syn_buf *buf, struct syn_str message)
{
    size_t half = message.bytes / 2;
    if (!is_odd) {
        __real_syn_ws_put_server_frame(buf, message);
        return;
    }
    put_frame(buf, FRAME_START, syn_str_part(message, 0, half));
    put_frame(buf, FRAME_PING, SYN_STR("?"));
    put_frame(buf, FRAME_END, syn_str_from(message, half));
}
