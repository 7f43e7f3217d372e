/*
 * ws.c - see ws.h.
 */
#include "load/ws.h"

#include "syn/limits.h"

#include <string.h>

#define FINAL       0x80u
#define MASKED      0x80u
#define LENGTH_16   126u
#define LENGTH_64   127u
#define HEAD_MAX    14
#define MASK_BYTES  4
#define CONTROL_MAX 125u

static size_t put_head(unsigned char *head, enum syn_ws_opcode opcode,
                       size_t bytes)
{
    head[0] = (unsigned char)(FINAL | (unsigned)opcode);
    if (bytes < LENGTH_16) {
        head[1] = (unsigned char)(MASKED | bytes);
        return 2;
    }
    if (bytes <= UINT16_MAX) {
        head[1] = (unsigned char)(MASKED | LENGTH_16);
        head[2] = (unsigned char)(bytes >> 8);
        head[3] = (unsigned char)bytes;
        return 4;
    }
    head[1] = (unsigned char)(MASKED | LENGTH_64);
    for (unsigned i = 0; i < 8; i++) {
        head[2 + i] = (unsigned char)((uint64_t)bytes >> (56 - 8 * i));
    }
    return 10;
}

/* Eight bytes at a time; the key repeats, so both halves are alike. */
static void put_masked(char *to, const char *from, size_t bytes,
                       const unsigned char key[MASK_BYTES])
{
    uint64_t wide = 0;
    uint64_t word = 0;
    size_t at = 0;
    memcpy(&wide, key, MASK_BYTES);
    memcpy((char *)&wide + MASK_BYTES, key, MASK_BYTES);
    for (; at + sizeof word <= bytes; at += sizeof word) {
        memcpy(&word, from + at, sizeof word);
        word ^= wide;
        memcpy(to + at, &word, sizeof word);
    }
    for (; at < bytes; at++) {
        to[at] = (char)((unsigned char)from[at] ^ key[at % MASK_BYTES]);
    }
}

void syn_load_ws_put(struct syn_buf *out, uint32_t mask,
                     enum syn_ws_opcode opcode, struct syn_str payload)
{
    unsigned char head[HEAD_MAX];
    unsigned char key[MASK_BYTES];
    const size_t head_bytes = put_head(head, opcode, payload.bytes);
    memcpy(key, &mask, MASK_BYTES);
    syn_buf_put(out, (struct syn_str){(const char *)head, head_bytes});
    syn_buf_put(out, (struct syn_str){(const char *)key, MASK_BYTES});
    const size_t begin = out->bytes;
    syn_buf_put(out, payload);
    if (out->status == SYN_OK && payload.bytes > 0) {
        put_masked(out->at + begin, payload.at, payload.bytes, key);
    }
}

enum syn_ws_state syn_load_ws_take(struct syn_str in,
                                   struct syn_ws_fragment *frame, size_t *used)
{
    struct syn_ws_head head;
    if (!syn_ws_head_read(in, &head)) {
        return in.bytes >= 2 && ((unsigned char)in.at[1] & MASKED) != 0
                   ? SYN_WS_BROKEN
                   : SYN_WS_MORE;
    }
    if (head.has_reserved || head.is_masked ||
        head.announced > SYN_LOAD_FRAME_BYTES_MAX ||
        (head.opcode >= SYN_WS_CLOSE && head.announced > CONTROL_MAX)) {
        return SYN_WS_BROKEN;
    }
    if (in.bytes - head.bytes < head.announced) {
        return SYN_WS_MORE;
    }
    *frame = (struct syn_ws_fragment){
        .opcode = head.opcode,
        .is_final = head.is_final,
        .payload = syn_str_part(in, head.bytes, (size_t)head.announced)};
    *used = head.bytes + (size_t)head.announced;
    return SYN_WS_WHOLE;
}

void syn_load_ws_put_request(struct syn_buf *out, const char *host,
                             const char *target)
{
    syn_buf_printf(out,
                   "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\n"
                   "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
                   "Sec-WebSocket-Version: 13\r\n\r\n",
                   target, host);
}
