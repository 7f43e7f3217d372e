/*
 * ws_frame.c - see ws_frame.h.
 */
#include "net/ws_frame.h"

#include <stdlib.h>
#include <string.h>

#define FINAL_BIT     0x80u
#define RESERVED_BITS 0x70u
#define OPCODE_BITS   0x0fu
#define MASK_BIT      0x80u
#define LENGTH_BITS   0x7fu
#define LENGTH_16     126u
#define LENGTH_64     127u
#define BYTE_BITS     8

bool syn_ws_head_read(struct syn_str in, struct syn_ws_head *head)
{
    const unsigned char *at = (const unsigned char *)in.at;
    if (in.bytes < 2) {
        return false;
    }
    const unsigned length = at[1] & LENGTH_BITS;
    const size_t field = length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0;
    *head = (struct syn_ws_head){.opcode = at[0] & OPCODE_BITS,
                                 .is_final = (at[0] & FINAL_BIT) != 0,
                                 .is_masked = (at[1] & MASK_BIT) != 0,
                                 .has_reserved = (at[0] & RESERVED_BITS) != 0,
                                 .announced = field == 0 ? length : 0};
    head->bytes = 2 + field + (head->is_masked ? SYN_WS_MASK_BYTES : 0);
    if (in.bytes < head->bytes) {
        return false;
    }
    for (size_t i = 0; i < field; i++) {
        head->announced = head->announced << BYTE_BITS | at[2 + i];
    }
    if (head->is_masked) {
        memcpy(head->mask, at + 2 + field, SYN_WS_MASK_BYTES);
    }
    return true;
}

/* --- messages of several frames ------------------------------------------- */

struct syn_ws_partial {
    size_t bytes;
    char at[];
};

void syn_ws_drop(struct syn_ws_partial **partial)
{
    free(*partial);
    *partial = NULL;
}

enum syn_ws_state syn_ws_join(struct syn_ws_partial **partial,
                              const struct syn_ws_fragment *frame,
                              size_t bytes_max, struct syn_str *message)
{
    const bool goes_on = frame->opcode == SYN_WS_CONTINUED;
    const size_t before = *partial == NULL ? 0 : (*partial)->bytes;
    if (goes_on != (*partial != NULL) ||
        frame->payload.bytes > bytes_max - before) {
        return SYN_WS_BROKEN;
    }
    if (frame->is_final && !goes_on) {
        *message = frame->payload; /* as nearly always: nothing is copied */
        return SYN_WS_WHOLE;
    }
    const size_t bytes = before + frame->payload.bytes;
    struct syn_ws_partial *grown = realloc(*partial, sizeof *grown + bytes);
    if (grown == NULL) {
        return SYN_WS_BROKEN;
    }
    *partial = grown;
    grown->bytes = bytes;
    if (frame->payload.bytes > 0) {
        memcpy(grown->at + before, frame->payload.at, frame->payload.bytes);
    }
    *message = (struct syn_str){grown->at, bytes};
    return frame->is_final ? SYN_WS_WHOLE : SYN_WS_MORE;
}
