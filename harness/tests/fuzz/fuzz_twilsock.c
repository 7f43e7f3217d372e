/*
 * fuzz_twilsock.c - Twilsock frames, read by both sides and written again.
 *
 * An input that begins with 'h' is a header, a line feed and a payload, framed
 * here: else nearly every change would end at a wrong length. Anything else is
 * a message as it comes.
 *
 * Promises: what the service's strict reader takes, the client's lenient one
 * reads alike, and it comes back from the service's writer.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "client/twilsock.h"
#include "service/twilsock.h"
#include "syn/limits.h"

#define FRAMED            'h'
#define MESSAGE_BYTES_MAX (1u << 20)

static void check_writing(struct syn_arena *arena,
                          const struct syn_twilsock_frame *frame)
{
    struct syn_buf header, out;
    struct syn_json_writer w;
    struct syn_twilsock_frame again;
    const struct syn_str method = syn_arena_dup(arena, frame->method);
    syn_buf_init(&header, NULL, MESSAGE_BYTES_MAX);
    syn_buf_init(&out, NULL, MESSAGE_BYTES_MAX);
    syn_twilsock_begin(&w, &header, method.at, frame->id);
    syn_json_open_object(&w, "status");
    syn_json_close_object(&w);
    syn_twilsock_end(&w, frame->payload, &out);
    SYN_ASSERT(out.status == SYN_OK);
    if (header.bytes <= SYN_FRAME_HEADER_BYTES_MAX) {
        SYN_ASSERT(syn_twilsock_parse(arena, syn_buf_str(&out), &again) ==
                   SYN_TWILSOCK_FRAME);
        SYN_ASSERT(syn_str_is_equal(again.method, frame->method));
        SYN_ASSERT(syn_str_is_equal(again.id, frame->id));
        SYN_ASSERT(syn_str_is_equal(again.payload, frame->payload));
    }
    syn_buf_fini(&out);
    syn_buf_fini(&header);
}

static void check_message(struct syn_arena *arena, struct syn_str message)
{
    struct syn_sdk_frame lenient = {0};
    struct syn_twilsock_frame strict;
    const syn_status read = syn_sdk_frame_read(arena, message, &lenient);
    if (syn_twilsock_parse(arena, message, &strict) != SYN_TWILSOCK_FRAME) {
        return;
    }
    SYN_ASSERT(read == SYN_OK);
    SYN_ASSERT(syn_str_is_equal(strict.header_text, lenient.header_text));
    SYN_ASSERT(syn_str_is_equal(strict.method, lenient.method));
    SYN_ASSERT(syn_str_is_equal(strict.id, lenient.id));
    SYN_ASSERT(syn_str_is_equal(strict.payload, lenient.payload));
    check_writing(arena, &strict);
    if (strict.payload.bytes > 0) {
        syn_fuzz_plant(syn_json_str(
            syn_json_at(strict.header, "/http_request/headers/If-Match"),
            (struct syn_str){NULL, 0}));
    }
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    if (in.bytes == 0 || in.at[0] != FRAMED) {
        check_message(arena, in);
        return;
    }
    struct syn_buf message;
    struct syn_str payload = syn_str_from(in, 1);
    const struct syn_str header = syn_fuzz_line(&payload);
    syn_buf_init(&message, NULL, MESSAGE_BYTES_MAX);
    syn_sdk_put_frame(&message, header, payload);
    if (message.status == SYN_OK) {
        check_message(arena, syn_buf_str(&message));
    }
    syn_buf_fini(&message);
}
