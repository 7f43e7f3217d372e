/*
 * ws.c - WebSocket frames: a strict scanner in front of libwslay.
 * Layer: net. Threads: one owner.
 * Source: RFC 6455 sections 5 and 7.4; adversary rows W06 to W12, W16, W17.
 *
 * libwslay assembles messages, unmasks, checks UTF-8 of text and answers
 * pings. Its state is over 8 KiB, so a server's connection has one only inside
 * a frame, between fragments and while something waits to be sent; what
 * clients send nearly always, a binary message whole in one frame, needs none.
 * It lets some things pass (a close frame with one byte, lengths not in
 * their shortest form, fragments without end) and checks a close reason's
 * UTF-8 wrongly when the frame comes in pieces, so every frame header is read
 * here first. A frame reaches libwslay when its header was found good; close
 * frames never do, they are answered here.
 */
#include "net/ws_impl.h"

#include "base/crypto.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH_16        126
#define LENGTH_64        127
#define FIN_BIT          0x80
#define RSV_BITS         0x70
#define OPCODE_BITS      0x0f
#define MASK_BIT         0x80
#define LENGTH_BITS      0x7f
#define BYTE_BITS        8
#define CLOSE_CODE_BYTES 2

/* --- callbacks of libwslay -------------------------------------------------
 */

static ssize_t give_bytes(wslay_event_context_ptr vendor, uint8_t *buf,
                          size_t bytes, int flags, void *user)
{
    struct syn_ws *ws = user;
    struct syn_str piece = syn_str_part(ws->in, 0, bytes);
    (void)flags;
    if (piece.bytes == 0) {
        wslay_event_set_error(vendor, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(buf, piece.at, piece.bytes);
    ws->in = syn_str_from(ws->in, piece.bytes);
    return (ssize_t)piece.bytes;
}

static ssize_t take_bytes(wslay_event_context_ptr vendor, const uint8_t *bytes,
                          size_t count, int flags, void *user)
{
    struct syn_ws *ws = user;
    (void)vendor;
    (void)flags;
    syn_buf_put(ws->out, (struct syn_str){(const char *)bytes, count});
    return (ssize_t)count;
}

/* Masks must not be guessable (RFC 6455 section 10.3); drawn in bulk. */
static int make_mask(wslay_event_context_ptr vendor, uint8_t *buf, size_t bytes,
                     void *user)
{
    struct syn_ws *ws = user;
    (void)vendor;
    if (ws->masks == NULL) {
        ws->masks = malloc(MASK_POOL_BYTES);
    }
    if (ws->masks == NULL || bytes > MASK_POOL_BYTES) {
        return -1;
    }
    if (ws->masks_used + bytes > MASK_POOL_BYTES) {
        if (syn_crypto_random(ws->masks, MASK_POOL_BYTES) != SYN_OK) {
            return -1;
        }
        ws->masks_used = 0;
    }
    memcpy(buf, ws->masks + ws->masks_used, bytes);
    ws->masks_used += bytes;
    return 0;
}

static void on_message(wslay_event_context_ptr vendor,
                       const struct wslay_event_on_msg_recv_arg *arg,
                       void *user)
{
    struct syn_ws *ws = user;
    (void)vendor;
    if (arg->opcode == WSLAY_TEXT_FRAME || arg->opcode == WSLAY_BINARY_FRAME) {
        ws->events->on_message(
            ws->ctx, (struct syn_str){(const char *)arg->msg, arg->msg_length},
            arg->opcode == WSLAY_TEXT_FRAME);
    }
}

/* --- birth -----------------------------------------------------------------
 */

static syn_status open_vendor(struct syn_ws *ws)
{
    const struct wslay_event_callbacks callbacks = {
        .recv_callback = give_bytes,
        .send_callback = take_bytes,
        .genmask_callback = make_mask,
        .on_msg_recv_callback = on_message};
    if (ws->vendor != NULL) {
        return SYN_OK;
    }
    if ((ws->role == SYN_WS_SERVER
             ? wslay_event_context_server_init(&ws->vendor, &callbacks, ws)
             : wslay_event_context_client_init(&ws->vendor, &callbacks, ws)) !=
        0) {
        ws->vendor = NULL;
        return SYN_ERR_MEMORY;
    }
    wslay_event_config_set_max_recv_msg_length(ws->vendor,
                                               ws->message_bytes_max);
    return SYN_OK;
}

/* Between messages libwslay knows nothing that we do not, until a close frame
 * has left. Clients are few in a process, and send through it all the time. */
static void close_vendor_if_idle(struct syn_ws *ws)
{
    if (ws->vendor != NULL && ws->role == SYN_WS_SERVER && ws->quirks == 0 &&
        !ws->is_feeding && !ws->is_over && ws->frame.header_bytes == 0 &&
        ws->fragments == 0 && wslay_event_get_write_enabled(ws->vendor) &&
        !wslay_event_want_write(ws->vendor)) {
        wslay_event_context_free(ws->vendor);
        ws->vendor = NULL;
    }
}

syn_status syn_ws_new(const struct syn_ws_options *options,
                      struct syn_ws **result)
{
    struct syn_ws *ws = calloc(1, sizeof *ws);
    if (ws == NULL) {
        return SYN_ERR_MEMORY;
    }
    ws->role = options->role;
    ws->message_bytes_max = options->message_bytes_max;
    ws->events = options->events;
    ws->ctx = options->ctx;
    ws->out = options->out;
    ws->masks_used = MASK_POOL_BYTES; /* none is left */
    syn_ws_be_careless(ws, 0);
    *result = ws;
    return SYN_OK;
}

void syn_ws_free(struct syn_ws *ws)
{
    if (ws != NULL) {
        if (ws->vendor != NULL) {
            wslay_event_context_free(ws->vendor);
        }
        free(ws->masks);
        syn_buf_fini(&ws->pile);
        syn_buf_fini(&ws->message);
        free(ws);
    }
}

/* --- sending ---------------------------------------------------------------
 */

static void flush(struct syn_ws *ws)
{
    if (wslay_event_send(ws->vendor) != 0) {
        ws->is_over = true; /* no randomness or memory: nothing can follow */
    }
}

static void queue_message(struct syn_ws *ws, uint8_t opcode, struct syn_str s)
{
    struct wslay_event_msg message = {opcode, (const uint8_t *)s.at, s.bytes};
    if (open_vendor(ws) != SYN_OK) {
        ws->is_over = true;
        return;
    }
    /* Refused after our close frame; then silence is right. */
    if (wslay_event_queue_msg(ws->vendor, &message) == 0) {
        flush(ws);
    }
    close_vendor_if_idle(ws);
}

void syn_ws_send(struct syn_ws *ws, struct syn_str message, bool is_text)
{
    queue_message(ws, is_text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, message);
}

void syn_ws_ping(struct syn_ws *ws)
{
    queue_message(ws, WSLAY_PING, (struct syn_str){NULL, 0});
}

void syn_ws_send_close(struct syn_ws *ws, uint16_t code, struct syn_str reason)
{
    if (open_vendor(ws) != SYN_OK ||
        !wslay_event_get_write_enabled(ws->vendor)) {
        return; /* our close frame has left already */
    }
    if (wslay_event_queue_close(ws->vendor, code, (const uint8_t *)reason.at,
                                reason.bytes) == 0) {
        flush(ws);
    }
}

void syn_ws_close(struct syn_ws *ws, uint16_t code)
{
    /* 1005 is the name of "no code" and never travels. */
    syn_ws_send_close(ws, code == CLOSE_NO_CODE ? 0 : code,
                      (struct syn_str){NULL, 0});
}

static void put_big_endian(struct syn_buf *buf, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i > 0; i--) {
        syn_buf_put_byte(buf, (char)(value >> ((i - 1) * BYTE_BITS) & 0xff));
    }
}

void syn_ws_put_server_frame(struct syn_buf *buf, struct syn_str message)
{
    syn_buf_reserve(buf, HEADER_BYTES_MAX - MASK_BYTES + message.bytes);
    syn_buf_put_byte(buf, (char)(FIN_BIT | WSLAY_BINARY_FRAME));
    if (message.bytes < LENGTH_16) {
        syn_buf_put_byte(buf, (char)message.bytes);
    } else if (message.bytes <= UINT16_MAX) {
        syn_buf_put_byte(buf, LENGTH_16);
        put_big_endian(buf, message.bytes, 2);
    } else {
        syn_buf_put_byte(buf, LENGTH_64);
        put_big_endian(buf, message.bytes, 8);
    }
    syn_buf_put(buf, message);
}

/* --- receiving -------------------------------------------------------------
 */

syn_status syn_ws_violate(struct syn_ws *ws, uint16_t code)
{
    ws->is_over = true;
    syn_ws_send_close(ws, code, (struct syn_str){NULL, 0});
    ws->events->on_close(ws->ctx, code, true);
    return SYN_ERR_CLOSED;
}

/* Let libwslay read bytes that were found good. */
static syn_status pass_on(struct syn_ws *ws, struct syn_str bytes)
{
    int failed = 0;
    if (bytes.bytes == 0) {
        return SYN_OK;
    }
    if (open_vendor(ws) != SYN_OK) {
        ws->is_over = true;
        return SYN_ERR_CLOSED;
    }
    ws->in = bytes;
    failed = wslay_event_recv(ws->vendor);
    ws->in = (struct syn_str){NULL, 0};
    if (ws->is_over) {
        return SYN_ERR_CLOSED;
    }
    if (failed != 0) {
        return syn_ws_violate(ws, CLOSE_PROTOCOL);
    }
    if (!wslay_event_get_read_enabled(ws->vendor)) {
        /* The scanner leaves only bad text for libwslay to find; its close
         * frame is queued already. */
        flush(ws);
        ws->is_over = true;
        ws->events->on_close(ws->ctx, CLOSE_BAD_TEXT, true);
        return SYN_ERR_CLOSED;
    }
    flush(ws);
    return SYN_OK;
}

static bool is_control(uint8_t opcode)
{
    return (opcode & BYTE_BITS) != 0;
}

static size_t length_field_bytes(unsigned char length)
{
    if (length == LENGTH_64) {
        return 8;
    }
    return length == LENGTH_16 ? 2 : 0;
}

/* What the first two bytes say; a close code, or 0 when they are good. */
static uint16_t check_start(struct syn_ws *ws)
{
    struct syn_ws_frame *frame = &ws->frame;
    uint8_t opcode = frame->header[0] & OPCODE_BITS;
    unsigned char length = frame->header[1] & LENGTH_BITS;
    bool is_masked = (frame->header[1] & MASK_BIT) != 0;
    bool is_known = opcode <= WSLAY_BINARY_FRAME ||
                    (opcode >= WSLAY_CONNECTION_CLOSE && opcode <= WSLAY_PONG);
    frame->opcode = opcode;
    frame->is_fin = (frame->header[0] & FIN_BIT) != 0;
    frame->header_size =
        2 + length_field_bytes(length) + (is_masked ? MASK_BYTES : 0);
    if (!is_known || (frame->header[0] & RSV_BITS) != 0 ||
        is_masked != (ws->role == SYN_WS_SERVER)) {
        return CLOSE_PROTOCOL;
    }
    if (is_control(opcode)) {
        return !frame->is_fin || length > CONTROL_BYTES_MAX ||
                       (opcode == WSLAY_CONNECTION_CLOSE && length == 1)
                   ? CLOSE_PROTOCOL
                   : 0;
    }
    /* A continuation needs an open message, a start must not find one. */
    return (opcode == WSLAY_CONTINUATION_FRAME) == (ws->fragments > 0)
               ? 0
               : CLOSE_PROTOCOL;
}

/* The header is whole: its length, and the bounds of the message. */
static uint16_t check_length(struct syn_ws *ws)
{
    struct syn_ws_frame *frame = &ws->frame;
    unsigned char length = frame->header[1] & LENGTH_BITS;
    size_t field_bytes = length_field_bytes(length);
    uint64_t payload = field_bytes == 0 ? length : 0;
    for (size_t i = 0; i < field_bytes; i++) {
        payload = payload << BYTE_BITS | frame->header[2 + i];
    }
    if ((length == LENGTH_16 && payload < LENGTH_16) ||
        (length == LENGTH_64 && payload <= UINT16_MAX) || payload > INT64_MAX) {
        return CLOSE_PROTOCOL;
    }
    frame->payload = payload;
    frame->left = payload;
    if (is_control(frame->opcode)) {
        return 0;
    }
    if (payload > ws->message_bytes_max - ws->message_bytes ||
        ws->fragments >= SYN_WS_FRAGMENTS_MAX) {
        return CLOSE_TOO_LONG;
    }
    ws->message_bytes = frame->is_fin ? 0 : ws->message_bytes + payload;
    ws->fragments = frame->is_fin ? 0 : ws->fragments + 1;
    return 0;
}

/* Codes that may travel (RFC 6455 section 7.4, IANA registry). */
bool syn_ws_is_close_code(uint16_t code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/* The close frame is whole: answer with the same code, and be done. */
static syn_status finish_close(struct syn_ws *ws)
{
    size_t bytes = (size_t)ws->frame.payload;
    uint16_t code = CLOSE_NO_CODE;
    struct syn_str reason = {NULL, 0};
    if (bytes >= CLOSE_CODE_BYTES) {
        code = (uint16_t)(ws->close_body[0] << BYTE_BITS | ws->close_body[1]);
        reason = (struct syn_str){(const char *)ws->close_body, bytes};
        reason = syn_str_from(reason, CLOSE_CODE_BYTES);
        if (!syn_ws_is_close_code(code)) {
            return syn_ws_violate(ws, CLOSE_PROTOCOL);
        }
    }
    if (!syn_str_is_utf8(reason)) {
        return syn_ws_violate(ws, CLOSE_BAD_TEXT);
    }
    ws->is_over = true;
    syn_ws_send_close(ws, code == CLOSE_NO_CODE ? 0 : code,
                      (struct syn_str){NULL, 0});
    ws->events->on_close(ws->ctx, code, false);
    return SYN_ERR_CLOSED;
}

static syn_status feed_close(struct syn_ws *ws, struct syn_str *in)
{
    struct syn_ws_frame *frame = &ws->frame;
    while (in->bytes > 0 && frame->left > 0) {
        size_t at = (size_t)(frame->payload - frame->left);
        /* Servers get masked frames only; the mask ends the header. */
        size_t mask_at = frame->header_size - MASK_BYTES + at % MASK_BYTES;
        unsigned char key =
            ws->role == SYN_WS_SERVER ? frame->header[mask_at] : 0;
        ws->close_body[at] = (unsigned char)in->at[0] ^ key;
        *in = syn_str_from(*in, 1);
        frame->left--;
    }
    return frame->left == 0 ? finish_close(ws) : SYN_OK;
}

/* A whole binary message in one masked frame, all of it here. */
static bool is_plain(const struct syn_ws *ws, const struct syn_str *in)
{
    const struct syn_ws_frame *frame = &ws->frame;
    return ws->role == SYN_WS_SERVER && ws->vendor == NULL && frame->is_fin &&
           frame->opcode == WSLAY_BINARY_FRAME && frame->left > 0 &&
           frame->left <= in->bytes;
}

static void unmask(char *to, struct syn_str from,
                   const unsigned char mask[MASK_BYTES])
{
    uint64_t wide = 0;
    uint64_t word = 0;
    size_t i = 0;
    memcpy(&wide, mask, MASK_BYTES);
    memcpy((char *)&wide + MASK_BYTES, mask, MASK_BYTES);
    for (; i + sizeof word <= from.bytes; i += sizeof word) {
        memcpy(&word, from.at + i, sizeof word);
        word ^= wide;
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < from.bytes; i++) {
        to[i] = (char)((unsigned char)from.at[i] ^ mask[i % MASK_BYTES]);
    }
}

static syn_status take_plain(struct syn_ws *ws, struct syn_str *in)
{
    struct syn_ws_frame *frame = &ws->frame;
    const struct syn_str masked = syn_str_part(*in, 0, (size_t)frame->left);
    char *message = malloc(masked.bytes);
    if (message == NULL) {
        ws->is_over = true;
        return SYN_ERR_CLOSED;
    }
    unmask(message, masked, frame->header + frame->header_size - MASK_BYTES);
    *in = syn_str_from(*in, masked.bytes);
    frame->left = 0;
    ws->events->on_message(ws->ctx, (struct syn_str){message, masked.bytes},
                           false);
    free(message);
    return ws->is_over ? SYN_ERR_CLOSED : SYN_OK;
}

/* Take bytes of the header; SYN_OK also when it is not whole yet. */
static syn_status feed_header(struct syn_ws *ws, struct syn_str *in)
{
    struct syn_ws_frame *frame = &ws->frame;
    uint16_t code = 0;
    while (in->bytes > 0 && (frame->header_size == 0 ||
                             frame->header_bytes < frame->header_size)) {
        frame->header[frame->header_bytes++] = (unsigned char)in->at[0];
        *in = syn_str_from(*in, 1);
        code = frame->header_bytes == 2 ? check_start(ws) : 0;
        if (code != 0) {
            return syn_ws_violate(ws, code);
        }
    }
    if (frame->header_size == 0 || frame->header_bytes < frame->header_size) {
        return SYN_OK;
    }
    code = check_length(ws);
    if (code != 0) {
        return syn_ws_violate(ws, code);
    }
    if (frame->opcode == WSLAY_CONNECTION_CLOSE) {
        return frame->left == 0 ? finish_close(ws) : SYN_OK;
    }
    if (is_plain(ws, in)) {
        return take_plain(ws, in);
    }
    return pass_on(
        ws, (struct syn_str){(const char *)frame->header, frame->header_size});
}

static syn_status feed_payload(struct syn_ws *ws, struct syn_str *in)
{
    struct syn_ws_frame *frame = &ws->frame;
    size_t bytes = in->bytes < frame->left ? in->bytes : (size_t)frame->left;
    struct syn_str piece = syn_str_part(*in, 0, bytes);
    *in = syn_str_from(*in, bytes);
    frame->left -= bytes;
    return pass_on(ws, piece);
}

bool syn_ws_is_inside(const struct syn_ws *ws)
{
    return ws->frame.header_bytes > 0;
}

static syn_status feed(struct syn_ws *ws, struct syn_str in)
{
    struct syn_ws_frame *frame = &ws->frame;
    if (ws->quirks != 0) {
        return open_vendor(ws) == SYN_OK ? syn_ws_feed_careless(ws, in)
                                         : SYN_ERR_CLOSED;
    }
    while (in.bytes > 0 && !ws->is_over) {
        bool has_header =
            frame->header_size > 0 && frame->header_bytes == frame->header_size;
        syn_status st = SYN_OK;
        if (!has_header) {
            st = feed_header(ws, &in);
        } else if (frame->opcode == WSLAY_CONNECTION_CLOSE) {
            st = feed_close(ws, &in);
        } else {
            st = feed_payload(ws, &in);
        }
        if (st != SYN_OK) {
            return st;
        }
        if (frame->header_size > 0 &&
            frame->header_bytes == frame->header_size && frame->left == 0) {
            *frame = (struct syn_ws_frame){0};
        }
    }
    return ws->is_over ? SYN_ERR_CLOSED : SYN_OK;
}

syn_status syn_ws_feed(struct syn_ws *ws, struct syn_str in)
{
    ws->is_feeding = true;
    syn_status st = feed(ws, in);
    ws->is_feeding = false;
    close_vendor_if_idle(ws);
    return st;
}
