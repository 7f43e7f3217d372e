/*
 * ws_careless.c - a WebSocket reader with chosen quirks, for seeded defects.
 * Layer: net. Threads: one owner.
 * Source: RFC 6455 section 5; adversaries W06 to W12, W15 to W17, W19.
 *
 * It is what a service gets that reads frames by hand: each rule is one line
 * that may have been forgotten. With all rules kept it would judge as ws.c
 * does; libwslay, which cannot be talked out of its checks, only writes here.
 */
#include "net/ws_impl.h"

#include "net/ws_frame.h"
#include "syn/limits.h"

#define CONTROL_BIT    0x08
#define BYTE_BITS      8
#define LARGEST_OPCODE 10 /* pong */

/* A whole frame, unmasked in place. */
struct piece {
    uint8_t opcode;
    bool is_fin;
    bool is_masked;
    bool has_rsv;
    uint64_t announced;
    struct syn_str payload;
};

static bool has(const struct syn_ws *ws, enum syn_ws_quirk quirk)
{
    return (ws->quirks & (unsigned)quirk) != 0;
}

static bool is_control(uint8_t opcode)
{
    return (opcode & CONTROL_BIT) != 0;
}

static bool is_known(uint8_t opcode)
{
    return opcode <= WSLAY_BINARY_FRAME ||
           (opcode >= WSLAY_CONNECTION_CLOSE && opcode <= LARGEST_OPCODE);
}

/* What the header alone says; a close code, or 0. */
static uint16_t judge_header(const struct syn_ws *ws, const struct piece *piece)
{
    bool is_open = ws->fragments > 0;
    bool is_end = piece->opcode == WSLAY_CONTINUATION_FRAME;
    if ((!piece->is_masked && !has(ws, SYN_WS_TAKES_UNMASKED)) ||
        (piece->has_rsv && !has(ws, SYN_WS_IGNORES_RSV)) ||
        (!is_known(piece->opcode) && !has(ws, SYN_WS_SKIPS_OPCODES))) {
        return CLOSE_PROTOCOL;
    }
    if (is_control(piece->opcode)) {
        return (piece->announced > CONTROL_BYTES_MAX &&
                !has(ws, SYN_WS_LONG_CONTROL)) ||
                       (!piece->is_fin && !has(ws, SYN_WS_SPLIT_CONTROL))
                   ? CLOSE_PROTOCOL
                   : 0;
    }
    if ((is_end && !is_open && !has(ws, SYN_WS_STRAY_END)) ||
        (!is_end && is_open && !has(ws, SYN_WS_NESTED_START))) {
        return CLOSE_PROTOCOL;
    }
    if (piece->announced > ws->message_bytes_max &&
        !has(ws, SYN_WS_ANY_LENGTH)) {
        return CLOSE_TOO_LONG;
    }
    return is_open &&
                   ws->message.bytes + piece->announced >
                       ws->message_bytes_max &&
                   !has(ws, SYN_WS_ENDLESS_FRAGMENTS)
               ? CLOSE_TOO_LONG
               : 0;
}

/* Cut one frame off the pile. 0: more bytes are needed; else how many it took,
 * or `*code` is why it is refused. */
static size_t cut(struct syn_ws *ws, struct piece *piece, uint16_t *code)
{
    unsigned char *at = (unsigned char *)ws->pile.at;
    struct syn_ws_head head;
    *code = 0;
    if (!syn_ws_head_read(syn_buf_str(&ws->pile), &head)) {
        return 0;
    }
    *piece = (struct piece){.opcode = (uint8_t)head.opcode,
                            .is_fin = head.is_final,
                            .is_masked = head.is_masked,
                            .has_rsv = head.has_reserved,
                            .announced = head.announced};
    *code = judge_header(ws, piece);
    if (*code != 0 || ws->pile.bytes - head.bytes < piece->announced) {
        return 0;
    }
    for (size_t i = 0; piece->is_masked && i < piece->announced; i++) {
        at[head.bytes + i] ^= head.mask[i % SYN_WS_MASK_BYTES];
    }
    piece->payload = (struct syn_str){(const char *)at + head.bytes,
                                      (size_t)piece->announced};
    return head.bytes + (size_t)piece->announced;
}

static void answer_ping(struct syn_ws *ws, struct syn_str payload)
{
    struct wslay_event_msg pong = {
        WSLAY_PONG, (const uint8_t *)payload.at,
        payload.bytes > CONTROL_BYTES_MAX ? CONTROL_BYTES_MAX : payload.bytes};
    if (!has(ws, SYN_WS_MUTE_TO_PINGS) &&
        wslay_event_queue_msg(ws->vendor, &pong) == 0) {
        (void)wslay_event_send(ws->vendor);
    }
}

static syn_status take_close(struct syn_ws *ws, struct syn_str body)
{
    uint16_t code = CLOSE_NO_CODE;
    if (body.bytes >= 2) {
        code = (uint16_t)((unsigned char)body.at[0] << BYTE_BITS |
                          (unsigned char)body.at[1]);
    }
    bool is_bad =
        body.bytes == 1 || (body.bytes >= 2 && !syn_ws_is_close_code(code));
    if (has(ws, SYN_WS_READS_ON)) {
        return SYN_OK; /* the peer will go when it goes */
    }
    if (is_bad && !has(ws, SYN_WS_ANY_CLOSE)) {
        return syn_ws_violate(ws, CLOSE_PROTOCOL);
    }
    ws->is_over = true;
    syn_ws_send_close(ws, is_bad || code == CLOSE_NO_CODE ? 0 : code,
                      SYN_STR(""));
    ws->events->on_close(ws->ctx, code, false);
    return SYN_ERR_CLOSED;
}

static syn_status take_control(struct syn_ws *ws, const struct piece *piece)
{
    if (piece->opcode == WSLAY_CONNECTION_CLOSE) {
        return take_close(ws, piece->payload);
    }
    if (piece->opcode == WSLAY_PING) {
        answer_ping(ws, piece->payload);
    }
    return piece->opcode == WSLAY_PONG && has(ws, SYN_WS_MINDS_PONGS)
               ? syn_ws_violate(ws, CLOSE_PROTOCOL)
               : SYN_OK;
}

static syn_status take_part(struct syn_ws *ws, const struct piece *piece)
{
    if (piece->opcode != WSLAY_CONTINUATION_FRAME) {
        syn_buf_clear(&ws->message);
        ws->is_text = piece->opcode == WSLAY_TEXT_FRAME;
    }
    syn_buf_put(&ws->message, piece->payload);
    ws->fragments = piece->is_fin ? 0 : ws->fragments + 1;
    if (!piece->is_fin) {
        return SYN_OK;
    }
    if (ws->is_text && !syn_str_is_utf8(syn_buf_str(&ws->message)) &&
        !has(ws, SYN_WS_TAKES_BAD_TEXT)) {
        return syn_ws_violate(ws, CLOSE_BAD_TEXT);
    }
    if (ws->message.status == SYN_OK) {
        ws->events->on_message(ws->ctx, syn_buf_str(&ws->message), ws->is_text);
    }
    syn_buf_clear(&ws->message);
    return SYN_OK;
}

static syn_status take(struct syn_ws *ws, const struct piece *piece)
{
    if (is_control(piece->opcode)) {
        return take_control(ws, piece);
    }
    return is_known(piece->opcode) ? take_part(ws, piece) : SYN_OK;
}

syn_status syn_ws_feed_careless(struct syn_ws *ws, struct syn_str in)
{
    syn_status st = SYN_OK;
    size_t used = 1;
    syn_buf_put(&ws->pile, in);
    while (st == SYN_OK && used > 0 && !ws->is_over) {
        struct piece piece;
        uint16_t code = 0;
        used = cut(ws, &piece, &code);
        if (code != 0) {
            st = syn_ws_violate(ws, code);
        } else if (used > 0) {
            st = take(ws, &piece);
            syn_buf_consume(&ws->pile, used);
        }
    }
    return ws->is_over || ws->pile.status != SYN_OK ? SYN_ERR_CLOSED : st;
}

void syn_ws_be_careless(struct syn_ws *ws, unsigned quirks)
{
    ws->quirks = quirks;
    syn_buf_init(&ws->pile, NULL, SYN_WS_PILE_BYTES_MAX);
    syn_buf_init(&ws->message, NULL, SYN_WS_PILE_BYTES_MAX);
}
