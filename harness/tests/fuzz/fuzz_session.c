/*
 * fuzz_session.c - a whole SDK session with the service, over a real stream.
 *
 * Each input gets a service of its own, in virtual time. Its lines are what a
 * client does, one after the other:
 *
 *     +SECONDS           time passes
 *     !BYTES             a web socket message of these bytes
 *     MEMBERS<tab>BODY   a frame: the header's members beside id and size
 *     anything else      the same without a body
 *
 * In a line $T stands for a good token, $C for the last continuation token, $S
 * for the sid in the last answer. A client that was sent away comes again.
 *
 * Promises: every frame that comes is well-formed; nothing of another account
 * is in it; the service lives on, and holds no connection when all have left.
 */
#include "fuzz.h"

#include "auth/token.h"
#include "base/buf.h"
#include "base/clock.h"
#include "client/twilsock.h"
#include "model/model.h"
#include "net/loop.h"
#include "net/stream.h"
#include "service/service.h"

#include <stdlib.h>
#include <string.h>

#define ACCOUNT      "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SERVICE      "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY          "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_SECRET   "secret of the key"
#define OTHER        "ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OTHER_SECRET "hidden-from-the-first-account"
#define EPOCH_US     1790000000000000LL
#define S_US         1000000LL
#define S_MAX        100000 /* of one line */
#define TTL_S        3600
#define LINES_MAX    24
#define LOGINS_MAX   4 /* connections of one input */
#define TURNS_MAX    200
#define IDLE_MAX     3 /* turns without a byte: it waits for us to leave */
#define GUARD_MS     2000
#define BYTES_MAX    (4u << 20)
#define FIN          0x80u
#define MASKED       0x80u
#define LENGTH_7     0x7Fu
#define LENGTH_16    126u
#define LENGTH_64    127u
#define OPCODE       0x0Fu

enum opcode { BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

struct peer {
    struct syn_arena *arena;
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_service *service;
    struct syn_stream *stream; /* NULL: none */
    struct syn_buf in;         /* what came and is not yet read */
    bool is_upgraded, is_sent_away;
    bool has_guessed; /* the input says the secret, and may hear its echo */
    unsigned logins, pings, pongs, sent;
    unsigned idle; /* turns since bytes came */
    struct syn_str token, continuation, sid;
};

/* --- what comes ----------------------------------------------------------- */

static void take_message(struct peer *peer, struct syn_str message)
{
    struct syn_sdk_frame frame = {0};
    SYN_ASSERT(syn_sdk_frame_read(peer->arena, message, &frame) == SYN_OK);
    SYN_ASSERT(peer->has_guessed ||
               !syn_str_has(message, SYN_STR(OTHER_SECRET)));
    const struct syn_str none = {NULL, 0};
    const struct syn_str token =
        syn_json_str(syn_json_member(frame.header, "continuation_token"), none);
    const struct syn_str sid =
        syn_json_str(syn_json_member(frame.body, "sid"), none);
    peer->continuation = token.bytes > 0 ? syn_arena_dup(peer->arena, token)
                                         : peer->continuation;
    peer->sid = sid.bytes > 0 ? syn_arena_dup(peer->arena, sid) : peer->sid;
    if (frame.body != NULL) {
        syn_fuzz_plant(
            syn_json_str(syn_json_member(frame.body, "unique_name"), none));
        syn_fuzz_plant(syn_json_str(syn_json_member(frame.body, "key"), none));
    }
}

/* Length of the frame at the front of `in`, or 0 while it is not whole. */
static size_t frame_bytes(struct syn_str in, struct syn_str *payload)
{
    size_t head = 2;
    uint64_t bytes = 0;
    if (in.bytes < head) {
        return 0;
    }
    const unsigned announced = (unsigned char)in.at[1];
    SYN_ASSERT((announced & MASKED) == 0);
    head += announced == LENGTH_16 ? 2u : 0u;
    head += announced == LENGTH_64 ? 8u : 0u;
    if (in.bytes < head) {
        return 0;
    }
    bytes = announced < LENGTH_16 ? announced : 0;
    for (size_t i = 2; i < head; i++) {
        bytes = (bytes << 8) | (unsigned char)in.at[i];
    }
    SYN_ASSERT(bytes < BYTES_MAX);
    *payload = syn_str_part(in, head, (size_t)bytes);
    return in.bytes - head < bytes ? 0 : head + (size_t)bytes;
}

static void take_frames(struct peer *peer)
{
    struct syn_str payload = {NULL, 0};
    size_t used = 0;
    for (size_t bytes = 1; bytes > 0; used += bytes) {
        const struct syn_str rest = syn_str_from(syn_buf_str(&peer->in), used);
        bytes = frame_bytes(rest, &payload);
        if (bytes > 0) {
            const unsigned first = (unsigned char)rest.at[0];
            SYN_ASSERT((first & ~OPCODE) == FIN);
            peer->pongs += (first & OPCODE) == PONG;
            peer->is_sent_away =
                peer->is_sent_away || (first & OPCODE) == CLOSE;
            if ((first & OPCODE) == BINARY) {
                take_message(peer, payload);
            }
        }
    }
    syn_buf_consume(&peer->in, used);
}

/* The head that ends with an empty line. */
static bool take_answer(struct peer *peer)
{
    static const char end[] = "\r\n\r\n";
    const struct syn_str all = syn_buf_str(&peer->in);
    size_t at = 0;
    while (at < all.bytes &&
           !syn_str_has_prefix(syn_str_from(all, at), SYN_STR(end))) {
        at++;
    }
    if (at == all.bytes) {
        return false;
    }
    SYN_ASSERT(syn_str_has_prefix(all, SYN_STR("HTTP/1.1 101 ")));
    syn_buf_consume(&peer->in, at + sizeof end - 1);
    return true;
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct peer *peer = ctx;
    (void)stream;
    peer->idle = 0;
    syn_buf_put(&peer->in, in);
    SYN_ASSERT(peer->in.status == SYN_OK);
    if (!peer->is_upgraded) {
        peer->is_upgraded = take_answer(peer);
        if (!peer->is_upgraded) {
            return;
        }
    }
    take_frames(peer);
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    struct peer *peer = ctx;
    (void)stream;
    (void)end;
    (void)reason;
    peer->stream = NULL;
}

/* --- what goes ------------------------------------------------------------ */

/* A mask of zeros keeps the payload as it was. */
static void send_frame(struct peer *peer, enum opcode opcode,
                       struct syn_str payload)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, BYTES_MAX);
    syn_buf_put_byte(&out, (char)(FIN | opcode));
    if (payload.bytes < LENGTH_16) {
        syn_buf_put_byte(&out, (char)(MASKED | payload.bytes));
    } else {
        syn_buf_put_byte(&out, (char)(MASKED | LENGTH_16));
        syn_buf_put_byte(&out, (char)(payload.bytes >> 8));
        syn_buf_put_byte(&out, (char)(payload.bytes & 0xFF));
    }
    syn_buf_put(&out, SYN_STR("\0\0\0\0"));
    syn_buf_put(&out, payload);
    SYN_ASSERT(out.status == SYN_OK);
    syn_stream_write(peer->stream, syn_buf_str(&out));
    syn_buf_fini(&out);
}

/* Until all that was sent is answered. The service that sent us away waits for
 * our own end. */
static void settle(struct peer *peer)
{
    if (peer->stream != NULL) {
        peer->pings++;
        send_frame(peer, PING, SYN_STR("?"));
    }
    peer->idle = 0;
    while (peer->idle < IDLE_MAX && peer->stream != NULL &&
           !peer->is_sent_away && peer->pongs < peer->pings) {
        peer->idle++;
        syn_loop_turn(peer->loop, 1);
    }
    if (peer->stream != NULL && peer->pongs < peer->pings) {
        syn_stream_abandon(peer->stream);
        peer->stream = NULL;
    }
}

static bool log_in(struct peer *peer)
{
    static const struct syn_stream_events events = {.on_bytes = on_bytes,
                                                    .on_closed = on_closed};
    const struct syn_stream_target target = {
        .host = "127.0.0.1",
        .port = syn_service_port(peer->service),
        .guard_ms = GUARD_MS};
    if (peer->logins == LOGINS_MAX) {
        return false;
    }
    peer->logins++;
    peer->pings = peer->pongs = 0;
    peer->is_upgraded = peer->is_sent_away = false;
    syn_buf_clear(&peer->in);
    SYN_ASSERT(syn_stream_connect(peer->loop, &target, &events, peer,
                                  &peer->stream) == SYN_OK);
    syn_stream_write(peer->stream,
                     SYN_STR("GET /v3/wsconnect HTTP/1.1\r\nHost: h\r\n"
                             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                             "MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"));
    settle(peer);
    return peer->stream != NULL;
}

static void put_filled(struct peer *peer, struct syn_buf *out,
                       struct syn_str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        const char name =
            text.at[i] == '$' && i + 1 < text.bytes ? text.at[i + 1] : '\0';
        const struct syn_str *value = name == 'T'   ? &peer->token
                                      : name == 'C' ? &peer->continuation
                                      : name == 'S' ? &peer->sid
                                                    : NULL;
        if (value == NULL) {
            syn_buf_put_byte(out, text.at[i]);
        } else {
            syn_buf_put(out, *value);
            i++;
        }
    }
}

static void send_members(struct peer *peer, struct syn_str line)
{
    struct syn_buf header, body, message;
    const size_t tab = syn_str_find(line, '\t', 0);
    syn_buf_init(&header, NULL, BYTES_MAX);
    syn_buf_init(&body, NULL, BYTES_MAX);
    syn_buf_init(&message, NULL, BYTES_MAX);
    put_filled(peer, &body, syn_str_from(line, tab + 1));
    syn_buf_printf(&header, "{\"id\":\"T%u\",", peer->sent++);
    put_filled(peer, &header, syn_str_part(line, 0, tab));
    syn_buf_printf(&header, ",\"payload_size\":%zu}", body.bytes);
    syn_sdk_put_frame(&message, syn_buf_str(&header), syn_buf_str(&body));
    if (message.status == SYN_OK && message.bytes <= UINT16_MAX) {
        send_frame(peer, BINARY, syn_buf_str(&message));
    }
    syn_buf_fini(&message);
    syn_buf_fini(&body);
    syn_buf_fini(&header);
}

/* --- one input ------------------------------------------------------------ */

static void pass_time(struct peer *peer, struct syn_str number)
{
    int64_t seconds = 0;
    if (syn_str_to_i64(number, &seconds) && seconds >= 0 && seconds <= S_MAX) {
        SYN_ASSERT(syn_clock_advance_us(peer->clock, seconds * S_US, NULL,
                                        NULL) == SYN_OK);
    }
}

static void act(struct peer *peer, struct syn_str line)
{
    if (syn_str_has_prefix(line, SYN_STR("+"))) {
        pass_time(peer, syn_str_from(line, 1));
    } else if (peer->stream == NULL && !log_in(peer)) {
        return;
    } else if (syn_str_has_prefix(line, SYN_STR("!"))) {
        send_frame(peer, BINARY, syn_str_from(line, 1));
    } else {
        send_members(peer, line);
    }
    settle(peer);
}

/* One clock and loop serve all inputs, as they cost more than a session. */
static void find_loop(struct peer *peer)
{
    static struct syn_clock *clock;
    static struct syn_loop *loop;
    if (loop == NULL) {
        clock = syn_clock_new_virtual(EPOCH_US);
        SYN_ASSERT(clock != NULL && syn_loop_new(clock, &loop) == SYN_OK);
    }
    peer->clock = clock;
    peer->loop = loop;
}

static void start(struct peer *peer)
{
    find_loop(peer);
    const int64_t now_s = syn_clock_now_s(peer->clock);
    static const struct syn_key_setup keys[] = {
        {KEY, KEY_SECRET, SYN_KEY_STANDARD}};
    static const struct syn_account_setup accounts[] = {
        {.sid = ACCOUNT,
         .auth_token = "11111111111111111111111111111111",
         .service_sid = SERVICE,
         .keys = keys,
         .key_count = 1},
        {.sid = OTHER, .auth_token = OTHER_SECRET}};
    const struct syn_service_setup setup = {
        .seed = 1, .accounts = accounts, .account_count = 2};
    const struct syn_token_key key = {KEY, KEY_SECRET, ACCOUNT};
    const struct syn_claims claims = {.identity = SYN_STR("alice"),
                                      .service_sid = SYN_STR(SERVICE),
                                      .issued_s = now_s,
                                      .expires_s = now_s + TTL_S};
    SYN_ASSERT(syn_service_start(peer->loop, &setup, &peer->service) == SYN_OK);
    SYN_ASSERT(syn_token_mint(peer->arena, &key, &claims, &peer->token) ==
               SYN_OK);
    syn_buf_init(&peer->in, NULL, BYTES_MAX);
}

static void stop(struct peer *peer)
{
    if (peer->stream != NULL) {
        syn_stream_abandon(peer->stream);
    }
    for (unsigned i = 0;
         i < TURNS_MAX && syn_service_count(peer->service).connections > 0;
         i++) {
        syn_loop_turn(peer->loop, 1);
    }
    SYN_ASSERT(syn_service_count(peer->service).connections == 0);
    SYN_ASSERT(syn_service_count(peer->service).sessions == 0);
    syn_service_stop(peer->service);
    syn_buf_fini(&peer->in);
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    struct peer peer = {.arena = arena,
                        .has_guessed = syn_str_has(in, SYN_STR(OTHER_SECRET))};
    start(&peer);
    for (unsigned i = 0; i < LINES_MAX && in.bytes > 0; i++) {
        act(&peer, syn_fuzz_line(&in));
    }
    stop(&peer);
}
