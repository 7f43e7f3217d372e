/*
 * defect_torn.c - a write of which only a part arrived is carried out.
 *
 * As an ingester does that streams a request into its handler and, when the
 * peer is gone, closes what was left open instead of dropping it.
 */
#include "service/defect_impl.h"

#include "base/json.h"

#include <string.h>

#define WS_START     2 /* bytes of a frame before its length */
#define WS_MASK      4
#define WS_LENGTH    0x7f
#define WS_LENGTH_16 126
#define BYTE_BITS    8
#define DEPTH_MAX    64

/* The text of an unfinished, masked frame; empty: its head is not whole. */
static struct syn_str unmask(struct syn_arena *arena, struct syn_str raw)
{
    const unsigned char *at = (const unsigned char *)raw.at;
    const size_t head =
        WS_START + WS_MASK +
        (raw.bytes > 1 && (at[1] & WS_LENGTH) >= WS_LENGTH_16 ? 2 : 0);
    if (raw.bytes <= head || (at[1] & WS_LENGTH) > WS_LENGTH_16) {
        return SYN_STR("");
    }
    const unsigned char *mask = at + head - WS_MASK;
    char *text = syn_arena_alloc(arena, raw.bytes - head);
    for (size_t i = 0; text != NULL && i < raw.bytes - head; i++) {
        text[i] = (char)(at[head + i] ^ mask[i % WS_MASK]);
    }
    return (struct syn_str){text, text == NULL ? 0 : raw.bytes - head};
}

/* What closes the open string, objects and arrays of `text`; false: nothing
 * does. `out` has room for DEPTH_MAX + 1. */
static bool close_json(struct syn_str text, char *out, size_t *bytes)
{
    char open[DEPTH_MAX];
    size_t depth = 0;
    bool is_text = false;
    for (size_t i = 0; i < text.bytes; i++) {
        const char c = text.at[i];
        if (c == '\\') {
            i++;
        } else if (c == '"') {
            is_text = !is_text;
        } else if (!is_text && (c == '{' || c == '[')) {
            if (depth == DEPTH_MAX) {
                return false;
            }
            open[depth++] = c == '{' ? '}' : ']';
        } else if (!is_text && (c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    *bytes = 0;
    if (is_text) {
        out[(*bytes)++] = '"';
    }
    while (depth > 0) {
        out[(*bytes)++] = open[--depth];
    }
    return true;
}

/* The bytes that the frame announces behind its head; 0: unreadable. */
static uint64_t announced(struct syn_arena *arena, struct syn_str header)
{
    const struct syn_json *root = NULL;
    uint64_t bytes = 0;
    if (syn_json_parse(arena, header, NULL, &root, NULL) != SYN_OK ||
        !syn_str_to_u64(syn_json_raw(header, "payload_size"),
                        SYN_FRAME_BYTES_MAX, &bytes)) {
        return 0;
    }
    return bytes;
}

/* The message as if all of it had come: closed, then blanks up to its size. */
static struct syn_str mend(void *ctx, struct syn_arena *arena,
                           struct syn_str raw)
{
    (void)ctx;
    const struct syn_str none = {NULL, 0};
    const struct syn_str text = unmask(arena, raw);
    const size_t line = syn_str_find(text, '\n', 0);
    const size_t head = syn_str_find(text, '\n', line + 1);
    char end[DEPTH_MAX + 1];
    size_t end_bytes = 0;
    if (head >= text.bytes) {
        return none;
    }
    const struct syn_str header =
        syn_str_part(text, line + 1, head - line - 2); /* without its CR */
    const struct syn_str payload = syn_str_from(text, head + 1);
    const uint64_t whole = announced(arena, header);
    if (payload.bytes == 0 || !close_json(payload, end, &end_bytes) ||
        payload.bytes + end_bytes > whole) {
        return none;
    }
    return syn_arena_printf(arena, "%.*s%.*s%*s", SYN_STR_ARG(text),
                            (int)end_bytes, end,
                            (int)(whole - payload.bytes - end_bytes), "");
}

static void plant_torn(struct syn_seams *seams)
{
    seams->live.torn_bytes_max = SYN_FRAME_BYTES_MAX;
    seams->live.mend_torn = mend;
}

static const struct syn_defect rows[] = {
    {"torn-write-applied",
     "What arrived of a write is carried out when its connection tears",
     "SDK-06", plant_torn},
};
SYN_DEFECT_TABLE(syn_defects_torn, rows);
