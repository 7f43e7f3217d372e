/*
 * fuzz_ws.c - WebSocket frames of a client, as the service reads them.
 *
 * An input that begins with 'm' is a list of frames, a line each: one hex digit
 * of opcode, 'f' or 'F' for a part or the last one, and the payload; the masks
 * and lengths are added here. Anything else are bytes as they come.
 *
 * Promises: the same messages, close and answers however the bytes are cut;
 * text is UTF-8; no message over the bound; silence after the end.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "net/ws.h"

#include <string.h>

#define LISTED            'm'
#define FIN               0x80u
#define MASKED            0x80u
#define LENGTH_16         126u
#define LENGTH_7_MAX      125u
#define MESSAGE_BYTES_MAX 2048u
#define BYTES_MAX         (1u << 20)
#define FNV_START         14695981039346656037u
#define FNV_FACTOR        1099511628211u

/* What one reading found; equal for every way to cut the bytes. */
struct reading {
    uint64_t hash;
    size_t messages;
    unsigned closes;
    uint16_t code;
    bool is_over;
    bool is_planted; /* judge what was found */
};

static void fold(struct reading *reading, struct syn_str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        reading->hash =
            (reading->hash ^ (unsigned char)text.at[i]) * FNV_FACTOR;
    }
    reading->hash = (reading->hash ^ text.bytes) * FNV_FACTOR;
}

static void on_message(void *ctx, struct syn_str message, bool is_text)
{
    struct reading *reading = ctx;
    SYN_ASSERT(!reading->is_over && reading->closes == 0);
    SYN_ASSERT(message.bytes <= MESSAGE_BYTES_MAX);
    SYN_ASSERT(!is_text || syn_str_is_utf8(message));
    reading->messages++;
    fold(reading, is_text ? SYN_STR("t") : SYN_STR("b"));
    fold(reading, message);
    if (reading->is_planted && is_text && reading->messages > 1) {
        syn_fuzz_plant(message);
    }
}

static void on_close(void *ctx, uint16_t code, bool is_violation)
{
    struct reading *reading = ctx;
    reading->closes++;
    reading->code = code;
    fold(reading, is_violation ? SYN_STR("v") : SYN_STR("c"));
}

static struct reading read_all(struct syn_str in, size_t piece)
{
    static const struct syn_ws_events events = {.on_message = on_message,
                                                .on_close = on_close};
    struct reading reading = {.hash = FNV_START,
                              .is_planted = piece >= in.bytes};
    struct syn_buf out;
    struct syn_ws *ws = NULL;
    syn_buf_init(&out, NULL, BYTES_MAX);
    SYN_ASSERT(syn_ws_new(&(struct syn_ws_options){.role = SYN_WS_SERVER,
                                                   .message_bytes_max =
                                                       MESSAGE_BYTES_MAX,
                                                   .events = &events,
                                                   .ctx = &reading,
                                                   .out = &out},
                          &ws) == SYN_OK);
    for (size_t at = 0; at < in.bytes && !reading.is_over; at += piece) {
        reading.is_over =
            syn_ws_feed(ws, syn_str_part(in, at, piece)) != SYN_OK;
    }
    SYN_ASSERT(reading.closes <= 1);
    SYN_ASSERT(out.status == SYN_OK);
    fold(&reading, syn_buf_str(&out));
    syn_ws_free(ws);
    syn_buf_fini(&out);
    return reading;
}

static void check_bytes(struct syn_str in)
{
    static const size_t pieces[] = {1, 7};
    const struct reading whole = read_all(in, in.bytes > 0 ? in.bytes : 1);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        const struct reading cut = read_all(in, pieces[i]);
        SYN_ASSERT(cut.messages == whole.messages);
        SYN_ASSERT(cut.closes == whole.closes && cut.code == whole.code);
        SYN_ASSERT(cut.is_over == whole.is_over);
        SYN_ASSERT(cut.hash == whole.hash);
    }
}

static unsigned hex_of(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit == '\0' ? NULL : strchr(digits, digit);
    return at == NULL ? 1u : (unsigned)(at - digits);
}

/* A mask of zeros: the payload stays as it was, for the fuzzer to see. */
static void put_frame(struct syn_buf *out, struct syn_str line)
{
    const bool is_last = line.bytes < 2 || line.at[1] != 'f';
    const unsigned opcode = line.bytes == 0 ? 0 : hex_of(line.at[0]);
    const struct syn_str payload = syn_str_from(line, 2);
    syn_buf_put_byte(out, (char)(opcode | (is_last ? FIN : 0)));
    if (payload.bytes <= LENGTH_7_MAX) {
        syn_buf_put_byte(out, (char)(MASKED | payload.bytes));
    } else {
        syn_buf_put_byte(out, (char)(MASKED | LENGTH_16));
        syn_buf_put_byte(out, (char)(payload.bytes >> 8));
        syn_buf_put_byte(out, (char)(payload.bytes & 0xFF));
    }
    syn_buf_put(out, SYN_STR("\0\0\0\0"));
    syn_buf_put(out, payload);
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    (void)arena;
    if (in.bytes == 0 || in.at[0] != LISTED) {
        check_bytes(in);
        return;
    }
    struct syn_buf frames;
    syn_buf_init(&frames, NULL, BYTES_MAX);
    for (in = syn_str_from(in, 1); in.bytes > 0;) {
        put_frame(&frames, syn_fuzz_line(&in));
    }
    if (frames.status == SYN_OK) {
        check_bytes(syn_buf_str(&frames));
    }
    syn_buf_fini(&frames);
}
