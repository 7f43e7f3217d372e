/*
 * ws.c - see ws.h.
 */
#include "load/ws.h"

#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define FINAL       0x80u
#define RESERVED    0x70u
#define OPCODE      0x0fu
#define MASKED      0x80u
#define LENGTH      0x7fu
#define LENGTH_16   126u
#define LENGTH_64   127u
#define HEAD_MAX    14
#define MASK_BYTES  4
#define CONTROL_MAX 125u

static size_t put_head(unsigned char *head, enum syn_load_opcode opcode,
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
                     enum syn_load_opcode opcode, struct syn_str payload)
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

/* Bytes of the head, its length included; 0: more are needed. */
static size_t head_bytes(struct syn_str in)
{
    if (in.bytes < 2) {
        return 0;
    }
    const unsigned length = (unsigned char)in.at[1] & LENGTH;
    const size_t bytes = length == LENGTH_16 ? 4 : length == LENGTH_64 ? 10 : 2;
    return in.bytes < bytes ? 0 : bytes;
}

static uint64_t payload_bytes(struct syn_str in, size_t head)
{
    uint64_t bytes = 0;
    if (head == 2) {
        return (unsigned char)in.at[1] & LENGTH;
    }
    for (size_t i = 2; i < head; i++) {
        bytes = bytes << 8 | (unsigned char)in.at[i];
    }
    return bytes;
}

enum syn_load_ws_state syn_load_ws_take(struct syn_str in,
                                        struct syn_load_ws_frame *frame,
                                        size_t *used)
{
    const size_t head = head_bytes(in);
    if (head == 0) {
        return SYN_LOAD_WS_MORE;
    }
    const unsigned first = (unsigned char)in.at[0];
    const uint64_t bytes = payload_bytes(in, head);
    const bool is_control = (first & OPCODE) >= SYN_LOAD_WS_CLOSE;
    if ((first & RESERVED) != 0 || ((unsigned char)in.at[1] & MASKED) != 0 ||
        bytes > SYN_LOAD_FRAME_BYTES_MAX ||
        (is_control && bytes > CONTROL_MAX)) {
        return SYN_LOAD_WS_BROKEN;
    }
    if (in.bytes - head < bytes) {
        return SYN_LOAD_WS_MORE;
    }
    *frame = (struct syn_load_ws_frame){
        .opcode = first & OPCODE,
        .is_final = (first & FINAL) != 0,
        .payload = syn_str_part(in, head, (size_t)bytes)};
    *used = head + (size_t)bytes;
    return SYN_LOAD_WS_FRAME;
}

/* --- messages of several frames ------------------------------------------- */

struct syn_load_ws_partial {
    size_t bytes;
    char at[];
};

void syn_load_ws_drop(struct syn_load_ws_partial **partial)
{
    free(*partial);
    *partial = NULL;
}

enum syn_load_ws_state syn_load_ws_join(struct syn_load_ws_partial **partial,
                                        const struct syn_load_ws_frame *frame,
                                        struct syn_str *message)
{
    const bool goes_on = frame->opcode == SYN_LOAD_WS_CONTINUED;
    const size_t before = *partial == NULL ? 0 : (*partial)->bytes;
    const size_t bytes = before + frame->payload.bytes;
    if (goes_on != (*partial != NULL) || bytes > SYN_LOAD_FRAME_BYTES_MAX) {
        return SYN_LOAD_WS_BROKEN;
    }
    if (frame->is_final && !goes_on) {
        *message = frame->payload; /* as nearly always: nothing is copied */
        return SYN_LOAD_WS_FRAME;
    }
    struct syn_load_ws_partial *grown =
        realloc(*partial, sizeof *grown + bytes);
    if (grown == NULL) {
        return SYN_LOAD_WS_BROKEN;
    }
    *partial = grown;
    grown->bytes = bytes;
    if (frame->payload.bytes > 0) {
        memcpy(grown->at + before, frame->payload.at, frame->payload.bytes);
    }
    *message = (struct syn_str){grown->at, bytes};
    return frame->is_final ? SYN_LOAD_WS_FRAME : SYN_LOAD_WS_MORE;
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
