/*
 * test_ws.c - frames as byte vectors, both roles, whole and byte by byte.
 * Source: RFC 6455 sections 1.3 and 5.7; adversary rows W06 to W12, W16, W17.
 */
#include "net/ws.h"
#include "net/ws_frame.h"

#include "syn/limits.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 1000

/* SYN_STR is no constant expression for a static table. */
#define LIT(literal)                   \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

Suite *suite_ws(void);

static struct syn_ws *ws;
static struct syn_buf out;
static struct syn_buf messages; /* each message behind 't' or 'b' */
static unsigned close_code;
static bool is_violation;
static int closes;

static void on_message(void *ctx, struct syn_str message, bool is_text)
{
    (void)ctx;
    syn_buf_put_byte(&messages, is_text ? 't' : 'b');
    syn_buf_put(&messages, message);
}

static void on_close(void *ctx, uint16_t code, bool violation)
{
    (void)ctx;
    closes++;
    close_code = code;
    is_violation = violation;
}

static const struct syn_ws_events events = {on_message, on_close};

static void tear_down(void)
{
    syn_ws_free(ws);
    ws = NULL;
    syn_buf_fini(&out);
    syn_buf_fini(&messages);
}

static void open_ws(enum syn_ws_role role)
{
    tear_down();
    closes = 0;
    close_code = 0;
    is_violation = false;
    syn_buf_init(&out, NULL, 1048576);
    syn_buf_init(&messages, NULL, 1048576);
    ck_assert_int_eq(
        syn_ws_new(&(struct syn_ws_options){.role = role,
                                            .message_bytes_max = MESSAGE_MAX,
                                            .events = &events,
                                            .out = &out},
                   &ws),
        SYN_OK);
}

static syn_status feed(struct syn_str in, size_t step)
{
    syn_status st = SYN_OK;
    for (size_t i = 0; i < in.bytes && st == SYN_OK; i += step) {
        st = syn_ws_feed(ws, syn_str_part(in, i, step));
    }
    return st;
}

/* A mask of zeros leaves payloads readable; it is a mask all the same. */
#define M "\0\0\0\0"

static const struct {
    const char *row;
    enum syn_ws_role role;
    struct syn_str bytes;
    unsigned code;
} violations[] = {
    {"W06 unmasked at the server", SYN_WS_SERVER, LIT("\x81\x01x"), 1002},
    {"masked at the client", SYN_WS_CLIENT, LIT("\x81\x81" M "x"), 1002},
    {"W07 RSV1", SYN_WS_SERVER, LIT("\xc1\x81" M "x"), 1002},
    {"W07 RSV2", SYN_WS_SERVER, LIT("\xa1\x81" M "x"), 1002},
    {"W07 RSV3", SYN_WS_SERVER, LIT("\x91\x81" M "x"), 1002},
    {"W07 opcode 3", SYN_WS_SERVER, LIT("\x83\x81" M "x"), 1002},
    {"W07 opcode 7", SYN_WS_SERVER, LIT("\x87\x81" M "x"), 1002},
    {"W07 opcode 11", SYN_WS_SERVER, LIT("\x8b\x81" M "x"), 1002},
    {"W07 opcode 15", SYN_WS_SERVER, LIT("\x8f\x81" M "x"), 1002},
    {"W08 fragmented ping", SYN_WS_SERVER, LIT("\x09\x80" M), 1002},
    {"W08 fragmented close", SYN_WS_SERVER, LIT("\x08\x80" M), 1002},
    {"W08 ping of 126", SYN_WS_SERVER, LIT("\x89\xfe\x00\x7e" M), 1002},
    {"W08 close of 2^16", SYN_WS_SERVER, LIT("\x88\xff"), 1002},
    {"W09 continuation first", SYN_WS_SERVER, LIT("\x80\x81" M "x"), 1002},
    {"W09 start inside", SYN_WS_SERVER, LIT("\x01\x81" M "x\x81\x81" M "y"),
     1002},
    {"W10 bad UTF-8", SYN_WS_SERVER, LIT("\x81\x82" M "\xc3\x28"), 1007},
    {"W10 surrogate", SYN_WS_SERVER, LIT("\x81\x83" M "\xed\xa0\x80"), 1007},
    {"W10 cut off", SYN_WS_SERVER, LIT("\x81\x81" M "\xc3"), 1007},
    {"W10 cut off in fragments", SYN_WS_SERVER,
     LIT("\x01\x81" M "\xc3\x80\x81" M "x"), 1007},
    {"W11 claims 2^62", SYN_WS_SERVER,
     LIT("\x82\xff\x40\x00\x00\x00\x00\x00\x00\x00" M), 1009},
    {"top bit of the length", SYN_WS_SERVER,
     LIT("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x01" M), 1002},
    {"one past the bound", SYN_WS_SERVER, LIT("\x82\xfe\x03\xe9" M), 1009},
    {"16 bits for 125", SYN_WS_SERVER, LIT("\x82\xfe\x00\x7d" M), 1002},
    {"64 bits for 65535", SYN_WS_SERVER, LIT("\x82\xff\0\0\0\0\0\0\xff\xff" M),
     1002},
    {"W16 close 1005", SYN_WS_SERVER, LIT("\x88\x82" M "\x03\xed"), 1002},
    {"W16 close 1006", SYN_WS_SERVER, LIT("\x88\x82" M "\x03\xee"), 1002},
    {"W16 close 1015", SYN_WS_SERVER, LIT("\x88\x82" M "\x03\xf7"), 1002},
    {"W16 close 1004", SYN_WS_SERVER, LIT("\x88\x82" M "\x03\xec"), 1002},
    {"W16 close 999", SYN_WS_SERVER, LIT("\x88\x82" M "\x03\xe7"), 1002},
    {"W16 close 2999", SYN_WS_SERVER, LIT("\x88\x82" M "\x0b\xb7"), 1002},
    {"W16 close 5000", SYN_WS_SERVER, LIT("\x88\x82" M "\x13\x88"), 1002},
    {"W16 one byte", SYN_WS_SERVER, LIT("\x88\x81" M "\x03"), 1002},
    {"close reason bad UTF-8", SYN_WS_SERVER,
     LIT("\x88\x84" M "\x03\xe8\xc3\x28"), 1007},
    {"close reason cut off", SYN_WS_CLIENT, LIT("\x88\x03\x03\xe8\xc3"), 1007},
};

/* The answering close frame, unmasked by hand when we are a client. */
static void check_close_frame(enum syn_ws_role role, unsigned code)
{
    const unsigned char *at = (const unsigned char *)out.at;
    unsigned char mask[2] = {0, 0};
    size_t header = role == SYN_WS_SERVER ? 2 : 6;
    ck_assert_uint_eq(out.bytes, header + 2);
    ck_assert_uint_eq(at[0], 0x88);
    ck_assert_uint_eq(at[1], role == SYN_WS_SERVER ? 0x02 : 0x82);
    if (role == SYN_WS_CLIENT) {
        mask[0] = at[2];
        mask[1] = at[3];
    }
    ck_assert_uint_eq((unsigned)(at[header] ^ mask[0]) << 8 |
                          (at[header + 1] ^ mask[1]),
                      code);
}

START_TEST(broken_frame_is_answered_by_its_close_code)
{
    for (size_t step = 1; step <= 64; step += 63) {
        open_ws(violations[_i].role);
        ck_assert_msg(feed(violations[_i].bytes, step) == SYN_ERR_CLOSED,
                      "%s: taken", violations[_i].row);
        ck_assert_msg(close_code == violations[_i].code, "%s: %u",
                      violations[_i].row, close_code);
        ck_assert(is_violation);
        ck_assert_int_eq(closes, 1);
        ck_assert_uint_eq(messages.bytes, 0);
        check_close_frame(violations[_i].role, violations[_i].code);
        /* W17: what follows is ignored. */
        ck_assert_int_eq(feed(SYN_STR("\x81\x81" M "x"), 1), SYN_ERR_CLOSED);
        ck_assert_int_eq(closes, 1);
        ck_assert_uint_eq(messages.bytes, 0);
    }
}
END_TEST

/* RFC 6455 section 5.7 and the largest lengths of each form. */
static const struct {
    enum syn_ws_role role;
    struct syn_str bytes;
    struct syn_str messages;
    struct syn_str out;
} vectors[] = {
    {SYN_WS_CLIENT, LIT("\x81\x05Hello"), LIT("tHello"), LIT("")},
    {SYN_WS_SERVER, LIT("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
     LIT("tHello"), LIT("")},
    {SYN_WS_CLIENT, LIT("\x01\x03Hel\x80\x02lo"), LIT("tHello"), LIT("")},
    {SYN_WS_SERVER, LIT("\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
     LIT(""), LIT("\x8a\x05Hello")},
    {SYN_WS_SERVER, LIT("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
     LIT(""), LIT("")},
    /* A ping between fragments is answered at once. */
    {SYN_WS_SERVER,
     LIT("\x02\x82" M "ab\x89\x81" M "p\x00\x80" M "\x80\x81" M "c"),
     LIT("babc"), LIT("\x8a\x01p")},
    /* UTF-8 cut between fragments. */
    {SYN_WS_SERVER, LIT("\x01\x81" M "\xc3\x80\x81" M "\xa4"), LIT("t\xc3\xa4"),
     LIT("")},
    {SYN_WS_SERVER, LIT("\x82\x80" M "\x81\x80" M), LIT("bt"), LIT("")},
};

START_TEST(good_frames_become_messages)
{
    for (size_t step = 1; step <= 64; step += 63) {
        open_ws(vectors[_i].role);
        ck_assert_int_eq(feed(vectors[_i].bytes, step), SYN_OK);
        ck_assert(
            syn_str_is_equal(syn_buf_str(&messages), vectors[_i].messages));
        ck_assert(syn_str_is_equal(syn_buf_str(&out), vectors[_i].out));
        ck_assert_int_eq(closes, 0);
    }
}
END_TEST

static const struct {
    struct syn_str bytes;
    unsigned code;
    struct syn_str answer;
} ends[] = {
    {LIT("\x88\x80" M), 1005, LIT("\x88\x00")},
    {LIT("\x88\x82" M "\x03\xe8"), 1000, LIT("\x88\x02\x03\xe8")},
    {LIT("\x88\x85" M "\x03\xe9"
         "bye"),
     1001, LIT("\x88\x02\x03\xe9")},
    {LIT("\x88\x82" M "\x03\xf5"), 1013, LIT("\x88\x02\x03\xf5")},
    {LIT("\x88\x82" M "\x0b\xb8"), 3000, LIT("\x88\x02\x0b\xb8")},
    {LIT("\x88\x82" M "\x13\x87"), 4999, LIT("\x88\x02\x13\x87")},
    {LIT("\x88\x82\x01\x02\x03\x04\x02\xea"), 1000, LIT("\x88\x02\x03\xe8")},
};

START_TEST(close_frame_is_answered_with_its_code)
{
    for (size_t step = 1; step <= 64; step += 63) {
        open_ws(SYN_WS_SERVER);
        ck_assert_int_eq(feed(ends[_i].bytes, step), SYN_ERR_CLOSED);
        ck_assert_uint_eq(close_code, ends[_i].code);
        ck_assert(!is_violation);
        ck_assert(syn_str_is_equal(syn_buf_str(&out), ends[_i].answer));
        /* Nothing follows a close frame. */
        syn_ws_send(ws, SYN_STR("late"), false);
        ck_assert(syn_str_is_equal(syn_buf_str(&out), ends[_i].answer));
    }
}
END_TEST

START_TEST(frames_before_a_broken_one_are_delivered)
{
    open_ws(SYN_WS_SERVER);
    ck_assert_int_eq(feed(SYN_STR("\x82\x81" M "a\x82\x81" M "b\x82\x01"), 64),
                     SYN_ERR_CLOSED);
    ck_assert(syn_str_is(syn_buf_str(&messages), "babb"));
    ck_assert_uint_eq(close_code, 1002);
}
END_TEST

/* W12: fragments without end, long ones, short ones and empty ones. */
START_TEST(endless_fragments_are_closed_at_a_bound)
{
    const struct {
        struct syn_str piece;
        unsigned count_max;
    } kinds[] = {{SYN_STR("\x00\x8a" M "0123456789"), MESSAGE_MAX / 10},
                 {SYN_STR("\x00\x81" M "0"), MESSAGE_MAX},
                 {SYN_STR("\x00\x80" M), SYN_WS_FRAGMENTS_MAX}};
    unsigned count = 0;
    open_ws(SYN_WS_SERVER);
    ck_assert_int_eq(feed(SYN_STR("\x02\x80" M), 64), SYN_OK);
    while (feed(kinds[_i].piece, 64) == SYN_OK) {
        count++;
        ck_assert_uint_le(count, kinds[_i].count_max);
    }
    ck_assert_uint_eq(close_code, 1009);
    ck_assert_uint_ge(count, kinds[_i].count_max - 1);
}
END_TEST

START_TEST(message_up_to_its_bound_is_taken)
{
    char frame[8 + MESSAGE_MAX];
    memset(frame, 'x', sizeof frame);
    memcpy(frame, "\x82\xfe\x03\xe8" M, 8);
    open_ws(SYN_WS_SERVER);
    ck_assert_int_eq(feed((struct syn_str){frame, sizeof frame}, 100), SYN_OK);
    ck_assert_uint_eq(messages.bytes, 1 + MESSAGE_MAX);
}
END_TEST

START_TEST(server_frame_has_the_shortest_length)
{
    const struct {
        size_t bytes;
        size_t header;
    } sizes[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}};
    char *payload = calloc(1, 65536);
    struct syn_buf frame;
    ck_assert_ptr_nonnull(payload);
    syn_buf_init(&frame, NULL, 131072);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct syn_str message = {payload, sizes[i].bytes};
        syn_buf_clear(&frame);
        syn_ws_put_server_frame(&frame, message);
        ck_assert_uint_eq(frame.bytes, sizes[i].header + sizes[i].bytes);
        /* The same bytes as the ordinary way. */
        open_ws(SYN_WS_SERVER);
        syn_ws_send(ws, message, false);
        ck_assert(syn_str_is_equal(syn_buf_str(&frame), syn_buf_str(&out)));
    }
    syn_buf_fini(&frame);
    free(payload);
}
END_TEST

START_TEST(client_frames_reach_a_server_and_masks_differ)
{
    struct syn_buf first;
    syn_buf_init(&first, NULL, 4096);
    open_ws(SYN_WS_CLIENT);
    syn_ws_send(ws, SYN_STR("\xc3\xa4"), true);
    syn_ws_send(ws, SYN_STR("xyz"), false);
    syn_ws_ping(ws);
    syn_ws_close(ws, 1000);
    syn_buf_put(&first, syn_buf_str(&out));
    ck_assert_uint_eq((unsigned char)first.at[1], 0x82);
    ck_assert_int_ne(memcmp(first.at + 2, first.at + 10, 4), 0);
    open_ws(SYN_WS_SERVER);
    ck_assert_int_eq(feed(syn_buf_str(&first), 64), SYN_ERR_CLOSED);
    ck_assert(syn_str_is(syn_buf_str(&messages), "t\xc3\xa4"
                                                 "bxyz"));
    ck_assert_uint_eq(close_code, 1000);
    ck_assert(syn_str_is_equal(syn_buf_str(&out),
                               SYN_STR("\x8a\x00\x88\x02\x03\xe8")));
    syn_buf_fini(&first);
}
END_TEST

/* --- the handshake ---------------------------------------------------------
 */

static struct syn_http_reader *reader;

static const struct syn_http_message *read_head(enum syn_http_kind kind,
                                                struct syn_str text)
{
    size_t used = 0;
    syn_http_reader_free(reader);
    ck_assert_int_eq(syn_http_reader_new(kind, NULL, &reader), SYN_OK);
    ck_assert_int_eq(syn_http_reader_feed(reader, text, &used),
                     SYN_HTTP_MESSAGE);
    return syn_http_reader_message(reader);
}

static void open_out(void)
{
    syn_buf_init(&out, NULL, 65536);
}

static void close_out(void)
{
    syn_http_reader_free(reader);
    reader = NULL;
    syn_buf_fini(&out);
}

#define START   "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

START_TEST(sample_handshake_gives_the_sample_answer)
{
    const struct syn_http_message *request =
        read_head(SYN_HTTP_REQUEST, SYN_STR(START UPGRADE KEY VERSION "\r\n"));
    ck_assert(syn_ws_accept(request, &out));
    const struct syn_http_message *answer =
        read_head(SYN_HTTP_RESPONSE, syn_buf_str(&out));
    ck_assert_uint_eq(answer->status, 101);
    ck_assert(syn_str_is(syn_http_field(answer, "Sec-WebSocket-Accept"),
                         "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    ck_assert(syn_ws_is_accepted(answer, "dGhlIHNhbXBsZSBub25jZQ=="));
    ck_assert(!syn_ws_is_accepted(answer, "dGhlIHNhbXBsZSBub25jZR=="));
}
END_TEST

static const struct {
    struct syn_str text;
    unsigned status;
} bad_requests[] = {
    {LIT(START KEY VERSION "\r\n"), 426},
    {LIT(START "Upgrade: websocket\r\n" KEY VERSION "\r\n"), 426},
    {LIT(START "Connection: Upgrade\r\n" KEY VERSION "\r\n"), 426},
    {LIT(START "Upgrade: h2c\r\nConnection: Upgrade\r\n" KEY VERSION "\r\n"),
     426},
    {LIT(START UPGRADE KEY "\r\n"), 426},
    {LIT(START UPGRADE KEY "Sec-WebSocket-Version: 8\r\n\r\n"), 426},
    {LIT(START UPGRADE KEY VERSION VERSION "\r\n"), 426},
    {LIT(START UPGRADE VERSION "\r\n"), 400},
    {LIT(START UPGRADE VERSION KEY KEY "\r\n"), 400},
    {LIT(START UPGRADE VERSION "Sec-WebSocket-Key: c2hvcnQ=\r\n\r\n"), 400},
    {LIT(START UPGRADE VERSION
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n\r\n"),
     400},
    {LIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" UPGRADE KEY
             VERSION "\r\n"),
     400},
    {LIT("GET / HTTP/1.0\r\n" UPGRADE KEY VERSION "\r\n"), 400},
};

START_TEST(bad_handshake_is_refused)
{
    const struct syn_http_message *answer = NULL;
    ck_assert(!syn_ws_accept(read_head(SYN_HTTP_REQUEST, bad_requests[_i].text),
                             &out));
    answer = read_head(SYN_HTTP_RESPONSE, syn_buf_str(&out));
    ck_assert_uint_eq(answer->status, bad_requests[_i].status);
    if (answer->status == 426) {
        ck_assert(
            syn_str_is(syn_http_field(answer, "Sec-WebSocket-Version"), "13"));
    }
}
END_TEST

START_TEST(own_request_is_accepted_by_own_server)
{
    char key[SYN_WS_KEY_BYTES];
    char other[SYN_WS_KEY_BYTES];
    struct syn_buf request;
    syn_buf_init(&request, NULL, 4096);
    ck_assert_int_eq(syn_ws_put_request(&request, "a:1", "/x?y", other),
                     SYN_OK);
    syn_buf_clear(&request);
    ck_assert_int_eq(syn_ws_put_request(&request, "a:1", "/x?y", key), SYN_OK);
    ck_assert_str_ne(key, other);
    ck_assert(syn_ws_accept(read_head(SYN_HTTP_REQUEST, syn_buf_str(&request)),
                            &out));
    ck_assert(syn_ws_is_accepted(
        read_head(SYN_HTTP_RESPONSE, syn_buf_str(&out)), key));
    syn_buf_fini(&request);
}
END_TEST

#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static const struct syn_str bad_answers[] = {
    LIT("HTTP/1.1 200 OK\r\n" UPGRADE ACCEPT "Content-Length: 0\r\n\r\n"),
    LIT("HTTP/1.1 101 X\r\nConnection: Upgrade\r\n" ACCEPT "\r\n"),
    LIT("HTTP/1.1 101 X\r\nUpgrade: websocket\r\n" ACCEPT "\r\n"),
    LIT("HTTP/1.1 101 X\r\n" UPGRADE "\r\n"),
    LIT("HTTP/1.1 101 X\r\n" UPGRADE ACCEPT ACCEPT "\r\n"),
    LIT("HTTP/1.1 101 X\r\n" UPGRADE "Sec-WebSocket-Accept: x\r\n\r\n"),
    LIT("HTTP/1.1 101 X\r\n" UPGRADE ACCEPT
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
    LIT("HTTP/1.1 101 X\r\n" UPGRADE ACCEPT
        "Sec-WebSocket-Protocol: a\r\n\r\n"),
};

START_TEST(bad_answer_is_not_accepted)
{
    ck_assert(!syn_ws_is_accepted(read_head(SYN_HTTP_RESPONSE, bad_answers[_i]),
                                  "dGhlIHNhbXBsZSBub25jZQ=="));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

START_TEST(head_is_read_when_whole_whatever_it_says)
{
    static const struct {
        struct syn_str in;
        struct syn_ws_head head;
    } rows[] = {
        {{"\x82\x7d", 2}, {2, true, .bytes = 2, .announced = 125}},
        {{"\x00\x7e\x01\x02", 4}, {0, false, .bytes = 4, .announced = 258}},
        {{"\xf9\x7f\0\0\0\1\0\0\0\2", 10},
         {9, true, false, true, .bytes = 10, .announced = 4294967298}},
        {{"\x01\xfe\xff\xff"
          "abcd",
          8},
         {1, false, true, false, "abcd", 8, 65535}}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct syn_ws_head *wanted = &rows[i].head;
        struct syn_ws_head head;
        for (size_t cut = 0; cut < rows[i].in.bytes; cut++) {
            ck_assert(
                !syn_ws_head_read(syn_str_part(rows[i].in, 0, cut), &head));
        }
        ck_assert(syn_ws_head_read(rows[i].in, &head));
        ck_assert_uint_eq(head.opcode, wanted->opcode);
        ck_assert_int_eq(head.is_final, wanted->is_final);
        ck_assert_int_eq(head.is_masked, wanted->is_masked);
        ck_assert_int_eq(head.has_reserved, wanted->has_reserved);
        ck_assert_mem_eq(head.mask, wanted->mask, sizeof head.mask);
        ck_assert_uint_eq(head.bytes, wanted->bytes);
        ck_assert_uint_eq(head.announced, wanted->announced);
    }
}
END_TEST

Suite *suite_ws(void)
{
    Suite *suite = suite_create("ws");
    TCase *frames = tcase_create("frames");
    TCase *handshake = tcase_create("handshake");
    tcase_set_timeout(frames, 30);
    tcase_add_checked_fixture(frames, NULL, tear_down);
    tcase_add_checked_fixture(handshake, open_out, close_out);
    tcase_add_loop_test(frames, broken_frame_is_answered_by_its_close_code, 0,
                        COUNT(violations));
    tcase_add_loop_test(frames, good_frames_become_messages, 0, COUNT(vectors));
    tcase_add_loop_test(frames, close_frame_is_answered_with_its_code, 0,
                        COUNT(ends));
    tcase_add_test(frames, frames_before_a_broken_one_are_delivered);
    tcase_add_loop_test(frames, endless_fragments_are_closed_at_a_bound, 0, 3);
    tcase_add_test(frames, message_up_to_its_bound_is_taken);
    tcase_add_test(frames, server_frame_has_the_shortest_length);
    tcase_add_test(frames, client_frames_reach_a_server_and_masks_differ);
    tcase_add_test(handshake, sample_handshake_gives_the_sample_answer);
    tcase_add_loop_test(handshake, bad_handshake_is_refused, 0,
                        COUNT(bad_requests));
    tcase_add_test(handshake, own_request_is_accepted_by_own_server);
    tcase_add_test(handshake, head_is_read_when_whole_whatever_it_says);
    tcase_add_loop_test(handshake, bad_answer_is_not_accepted, 0,
                        COUNT(bad_answers));
    suite_add_tcase(suite, frames);
    suite_add_tcase(suite, handshake);
    return suite;
}
