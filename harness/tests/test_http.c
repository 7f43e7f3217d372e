/*
 * test_http.c - the strict reader: what it takes, what it refuses and how.
 *
 * Every accepted and refused text is fed whole and byte by byte, which must
 * make no difference.
 */
#include "net/http.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* SYN_STR is no constant expression for a static table. */
#define LIT(literal)                   \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

Suite *suite_http(void);

static struct syn_http_reader *reader;

static void tear_down(void)
{
    syn_http_reader_free(reader);
    reader = NULL;
}

static void open_reader(enum syn_http_kind kind,
                        const struct syn_http_bounds *bounds)
{
    syn_http_reader_free(reader);
    ck_assert_int_eq(syn_http_reader_new(kind, bounds, &reader), SYN_OK);
}

/* Feed pieces of `step` bytes; stops at the first state that is not MORE. */
static enum syn_http_state feed(struct syn_str in, size_t step, size_t *used)
{
    enum syn_http_state state = SYN_HTTP_MORE;
    *used = 0;
    while (*used < in.bytes && state == SYN_HTTP_MORE) {
        size_t taken = 0;
        state =
            syn_http_reader_feed(reader, syn_str_part(in, *used, step), &taken);
        *used += taken;
        ck_assert(taken > 0 || state == SYN_HTTP_REFUSED);
    }
    return state;
}

#define H "Host: a\r\n"

static const struct {
    struct syn_str text;
    unsigned status;
} refused[] = {
    {LIT("GET / HTTP/1.1\n" H "\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\nHost: a\0\r\n\r\n"), 400},
    {LIT("GET /\0 HTTP/1.1\r\n" H "\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\n" H H "\r\n"), 400},
    {LIT("GET / HTTP/1.0\r\n" H H "\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\n" H " folded\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\n" H "no colon\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\n" H ": empty name\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\n" H "X(: a\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\n" H "X: a\x01\r\n\r\n"), 400},
    {LIT("GET / HTTP/1.1\r\n" H "X: a\x7f\r\n\r\n"), 400},
    {LIT("GET  / HTTP/1.1\r\n" H "\r\n"), 400},
    {LIT("GET /  HTTP/1.1\r\n" H "\r\n"), 400},
    {LIT("GET /a b HTTP/1.1\r\n" H "\r\n"), 400},
    {LIT("GET /\x7f HTTP/1.1\r\n" H "\r\n"), 400},
    {LIT("GET /\t HTTP/1.1\r\n" H "\r\n"), 400},
    {LIT(" GET / HTTP/1.1\r\n" H "\r\n"), 400},
    {LIT("G(T / HTTP/1.1\r\n" H "\r\n"), 400},
    {LIT("GET /\r\n" H "\r\n"), 400},
    {LIT("GET / http/1.1\r\n" H "\r\n"), 400},
    {LIT("GET / HTTP/1.1 \r\n" H "\r\n"), 400},
    {LIT("GET / HTTP/11\r\n" H "\r\n"), 400},
    {LIT("GET / HTTP/1.10\r\n" H "\r\n"), 400},
    {LIT("GET / HTTP/2.0\r\n" H "\r\n"), 505},
    {LIT("GET / HTTP/0.9\r\n" H "\r\n"), 505},
    {LIT("GET / HTTP/1.2\r\n" H "\r\n"), 505},
    {LIT("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"), 400},
    {LIT("\nGET / HTTP/1.1\r\n" H "\r\n"), 400},
    {LIT("\x16\x03\x01\x02\x00\x01"), 400},
    {LIT("POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\na"), 400},
    {LIT("POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\na"), 400},
    {LIT("POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\na"), 400},
    {LIT("POST / HTTP/1.1\r\n" H "Content-Length: 1 \t1\r\n\r\na"), 400},
    {LIT("POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\na"), 400},
    {LIT("POST / HTTP/1.1\r\n" H "Content-Length: 01\r\n\r\na"), 400},
    {LIT("POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\na"), 400},
    {LIT("POST / HTTP/1.1\r\n" H
         "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"),
     400},
    {LIT("POST / HTTP/1.1\r\n" H "Content-Length: 262145\r\n\r\n"), 413},
    {LIT("POST / HTTP/1.1\r\n" H
         "Content-Length: 99999999999999999999999\r\n\r\n"),
     413},
    {LIT("POST / HTTP/1.1\r\n" H
         "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
     400},
    {LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n"
         "Transfer-Encoding: chunked\r\n\r\n"),
     400},
    {LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n"), 501},
    {LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n"),
     501},
    {LIT("POST / HTTP/1.1\r\n" H
         "Transfer-Encoding: chunked, identity\r\n\r\n"),
     501},
    {LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n"), 501},
    {LIT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
#define C "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
    {LIT(C "g\r\n"), 400},
    {LIT(C "\r\n"), 400},
    {LIT(C " 1\r\na\r\n0\r\n\r\n"), 400},
    {LIT(C "1 \r\na\r\n0\r\n\r\n"), 400},
    {LIT(C "-1\r\na\r\n0\r\n\r\n"), 400},
    {LIT(C "0x1\r\na\r\n0\r\n\r\n"), 400},
    {LIT(C "1\na\r\n0\r\n\r\n"), 400},
    {LIT(C "1\r\nab\r\n0\r\n\r\n"), 400},
    {LIT(C "1\r\na\n0\r\n\r\n"), 400},
    {LIT(C "1\r\na0\r\n\r\n"), 400},
    {LIT(C "1;x=\x01\r\na\r\n"), 400},
    {LIT(C "00000000001\r\na\r\n"), 400},
    {LIT(C "40001\r\n"), 413},
    {LIT(C "ffffffff\r\n"), 413},
    {LIT(C "3ffff;x\r\n"), 0}, /* the largest allowed but one: goes on */
    {LIT(C "0\r\nX : a\r\n\r\n"), 400},
    {LIT(C "0\r\n folded\r\n\r\n"), 400},
};

START_TEST(ambiguous_request_is_refused)
{
    size_t steps[] = {SIZE_MAX, 1, 3};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        size_t used = 0;
        const char *reason = NULL;
        enum syn_http_state state;
        open_reader(SYN_HTTP_REQUEST, NULL);
        state = feed(refused[_i].text, steps[i], &used);
        if (refused[_i].status == 0) {
            ck_assert_int_eq(state, SYN_HTTP_MORE);
            continue;
        }
        ck_assert_msg(state == SYN_HTTP_REFUSED, "row %d taken: %.*s", _i,
                      SYN_STR_ARG(refused[_i].text));
        ck_assert_msg(
            syn_http_reader_refusal(reader, &reason) == refused[_i].status,
            "row %d: %u %s", _i, syn_http_reader_refusal(reader, NULL), reason);
        ck_assert(reason[0] != '\0');
        /* Refused is for good. */
        ck_assert_int_eq(
            syn_http_reader_feed(reader, SYN_STR("GET / HTTP/1.1\r\n"), &used),
            SYN_HTTP_REFUSED);
    }
}
END_TEST

/* text, target, body: each is taken whole. */
static const struct {
    struct syn_str text;
    struct syn_str method;
    struct syn_str target;
    struct syn_str body;
    bool keeps_alive;
} taken[] = {
    {LIT("GET /a%2Fb/../c//d+e HTTP/1.1\r\n" H "\r\n"), LIT("GET"),
     LIT("/a%2Fb/../c//d+e"), LIT(""), true},
    {LIT("GET /\xc3\xa4?q=\xff HTTP/1.1\r\n" H "\r\n"), LIT("GET"),
     LIT("/\xc3\xa4?q=\xff"), LIT(""), true},
    {LIT("\r\nGET * HTTP/1.1\r\n" H "\r\n"), LIT("GET"), LIT("*"), LIT(""),
     true},
    {LIT("GET / HTTP/1.0\r\n\r\n"), LIT("GET"), LIT("/"), LIT(""), false},
    {LIT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), LIT("GET"),
     LIT("/"), LIT(""), true},
    {LIT("GET / HTTP/1.1\r\nhost:a\r\nCONNECTION: x, Close\r\n\r\n"),
     LIT("GET"), LIT("/"), LIT(""), false},
    {LIT("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\na\0b\r\n"),
     LIT("POST"), LIT("/"), LIT("a\0b\r\n"), true},
    {LIT("POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"), LIT("POST"),
     LIT("/"), LIT(""), true},
    {LIT("POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n"
         "3\r\nab\n\r\nA;x=\"y\"\r\n0123456789\r\n000\r\nT: v\r\n\r\n"),
     LIT("POST"), LIT("/"), LIT("ab\n0123456789"), true},
    {LIT("M-SEARCH x HTTP/1.1\r\nHost:\r\nX:\t a\t\xe4 \r\n\r\n"),
     LIT("M-SEARCH"), LIT("x"), LIT(""), true},
};

START_TEST(clear_request_is_taken_as_it_is)
{
    size_t steps[] = {SIZE_MAX, 1, 7};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        size_t used = 0;
        const struct syn_http_message *message = NULL;
        open_reader(SYN_HTTP_REQUEST, NULL);
        ck_assert_msg(feed(taken[_i].text, steps[i], &used) == SYN_HTTP_MESSAGE,
                      "row %d", _i);
        ck_assert_uint_eq(used, taken[_i].text.bytes);
        message = syn_http_reader_message(reader);
        ck_assert(syn_str_is_equal(message->method, taken[_i].method));
        ck_assert(syn_str_is_equal(message->target, taken[_i].target));
        ck_assert(syn_str_is_equal(message->body, taken[_i].body));
        ck_assert_int_eq(message->keeps_alive, taken[_i].keeps_alive);
    }
}
END_TEST

START_TEST(fields_are_trimmed_and_found_without_case)
{
    size_t used = 0;
    open_reader(SYN_HTTP_REQUEST, NULL);
    ck_assert_int_eq(
        feed(SYN_STR("GET / HTTP/1.1\r\nHoSt: a\r\nX-A:  b c \t\r\n"
                     "Connection: Upgrade\r\n\r\nrest"),
             SIZE_MAX, &used),
        SYN_HTTP_MESSAGE);
    const struct syn_http_message *message = syn_http_reader_message(reader);
    ck_assert(syn_str_is(syn_http_field(message, "host"), "a"));
    ck_assert(syn_str_is(syn_http_field(message, "x-a"), "b c"));
    ck_assert_ptr_null(syn_http_field(message, "x-b").at);
    ck_assert(message->has_upgrade);
    ck_assert_uint_eq(message->field_count, 3);
}
END_TEST

START_TEST(pipelined_requests_come_one_by_one)
{
    struct syn_str in =
        SYN_STR("POST /1 HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nab"
                "GET /2 HTTP/1.1\r\n" H "\r\n"
                "POST /3 HTTP/1.1\r\n" H
                "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET /4");
    const char *targets[] = {"/1", "/2", "/3"};
    open_reader(SYN_HTTP_REQUEST, NULL);
    for (size_t i = 0; i < 3; i++) {
        size_t used = 0;
        ck_assert_int_eq(syn_http_reader_feed(reader, in, &used),
                         SYN_HTTP_MESSAGE);
        ck_assert(
            syn_str_is(syn_http_reader_message(reader)->target, targets[i]));
        ck_assert(!syn_http_reader_is_inside(reader));
        in = syn_str_from(in, used);
    }
    size_t used = 0;
    ck_assert_int_eq(syn_http_reader_feed(reader, in, &used), SYN_HTTP_MORE);
    ck_assert_uint_eq(used, 6);
    ck_assert(syn_http_reader_is_inside(reader));
    ck_assert_int_eq(syn_http_reader_end(reader), SYN_HTTP_REFUSED);
}
END_TEST

START_TEST(head_up_to_its_bound_is_taken_and_one_more_is_not)
{
    struct syn_http_bounds bounds = {.head_bytes_max = 64, .body_bytes_max = 4};
    char text[66];
    const char *start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    for (int more = 0; more < 2; more++) {
        size_t used = 0;
        size_t bytes = 64 + (size_t)more;
        memset(text, 'x', sizeof text);
        memcpy(text, start, strlen(start));
        memcpy(text + bytes - 4, "\r\n\r\n", 4);
        open_reader(SYN_HTTP_REQUEST, &bounds);
        ck_assert_int_eq(
            feed((struct syn_str){text, bytes}, _i == 0 ? SIZE_MAX : 1, &used),
            more == 0 ? SYN_HTTP_MESSAGE : SYN_HTTP_REFUSED);
    }
    ck_assert_uint_eq(syn_http_reader_refusal(reader, NULL), 431);
}
END_TEST

START_TEST(body_up_to_its_bound_is_taken_and_one_more_is_not)
{
    struct syn_http_bounds bounds = {.head_bytes_max = 0, .body_bytes_max = 4};
    struct syn_str good[] = {
        SYN_STR("POST / HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\nabcd"),
        SYN_STR(C "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n")};
    struct syn_str bad[] = {
        SYN_STR("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nabcde"),
        SYN_STR(C "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")};
    size_t used = 0;
    open_reader(SYN_HTTP_REQUEST, &bounds);
    ck_assert_int_eq(feed(good[_i], 1, &used), SYN_HTTP_MESSAGE);
    ck_assert(syn_str_is(syn_http_reader_message(reader)->body, "abcd"));
    open_reader(SYN_HTTP_REQUEST, &bounds);
    ck_assert_int_eq(feed(bad[_i], 1, &used), SYN_HTTP_REFUSED);
    ck_assert_uint_eq(syn_http_reader_refusal(reader, NULL), 413);
}
END_TEST

START_TEST(hundred_fields_are_taken_and_one_more_is_not)
{
    for (size_t extra = 0; extra < 2; extra++) {
        struct syn_buf text;
        size_t used = 0;
        syn_buf_init(&text, NULL, 65536);
        syn_buf_put_text(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (size_t i = 1; i < SYN_HTTP_HEADERS_MAX + extra; i++) {
            syn_buf_put_text(&text, "X: y\r\n");
        }
        syn_buf_put_text(&text, "\r\n");
        open_reader(SYN_HTTP_REQUEST, NULL);
        ck_assert_int_eq(feed(syn_buf_str(&text), SIZE_MAX, &used),
                         extra == 0 ? SYN_HTTP_MESSAGE : SYN_HTTP_REFUSED);
        syn_buf_fini(&text);
    }
    ck_assert_uint_eq(syn_http_reader_refusal(reader, NULL), 431);
}
END_TEST

START_TEST(bytes_one_by_one_take_linear_time)
{
    struct syn_buf text;
    size_t used = 0;
    clock_t start = 0;
    syn_buf_init(&text, NULL, 1048576);
    syn_buf_put_text(&text, "POST / HTTP/1.1\r\n" H "X: ");
    for (int i = 0; i < 30000; i++) {
        syn_buf_put_byte(&text, 'x');
    }
    syn_buf_put_text(&text, "\r\nContent-Length: 262144\r\n\r\n");
    for (int i = 0; i < 262144; i++) {
        syn_buf_put_byte(&text, 'y');
    }
    open_reader(SYN_HTTP_REQUEST, NULL);
    start = clock();
    ck_assert_int_eq(feed(syn_buf_str(&text), 1, &used), SYN_HTTP_MESSAGE);
    /* Quadratic work would be 4e10 steps. */
    ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 5);
    syn_buf_fini(&text);
}
END_TEST

START_TEST(expectation_is_told_once_before_the_body)
{
    size_t used = 0;
    open_reader(SYN_HTTP_REQUEST, NULL);
    ck_assert_int_eq(
        feed(SYN_STR("PUT / HTTP/1.1\r\n" H "Expect: 100-Continue\r\n"
                     "Content-Length: 1\r\n\r\n"),
             SIZE_MAX, &used),
        SYN_HTTP_MORE);
    ck_assert(syn_http_reader_wants_continue(reader));
    ck_assert(!syn_http_reader_wants_continue(reader));
    ck_assert_int_eq(feed(SYN_STR("x"), 1, &used), SYN_HTTP_MESSAGE);
    ck_assert(!syn_http_reader_wants_continue(reader));
}
END_TEST

/* Answers: text, status, body, and how many bytes belong to it. */
static const struct {
    struct syn_str text;
    unsigned status;
    struct syn_str body;
    bool needs_end;
    bool is_head;
} answers[] = {
    {LIT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"), 200, LIT("ab"),
     false, false},
    {LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "2\r\nab\r\n0\r\n\r\n"),
     200, LIT("ab"), false, false},
    {LIT("HTTP/1.0 200 OK\r\n\r\nuntil close"), 200, LIT("until close"), true,
     false},
    {LIT("HTTP/1.1 204 No Content\r\n\r\n"), 204, LIT(""), false, false},
    {LIT("HTTP/1.1 304\r\nContent-Length: 9\r\n\r\n"), 304, LIT(""), false,
     false},
    {LIT("HTTP/1.1 100 Continue\r\n\r\n"), 100, LIT(""), false, false},
    {LIT("HTTP/1.1 101 \r\nConnection: upgrade\r\n\r\n"), 101, LIT(""), false,
     false},
    {LIT("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), 200, LIT(""), false,
     true},
};

START_TEST(answer_is_delimited_by_its_kind)
{
    size_t used = 0;
    enum syn_http_state state;
    open_reader(SYN_HTTP_RESPONSE, NULL);
    if (answers[_i].is_head) {
        syn_http_reader_expect_no_body(reader);
    }
    state = feed(answers[_i].text, 1, &used);
    if (answers[_i].needs_end) {
        ck_assert_int_eq(state, SYN_HTTP_MORE);
        state = syn_http_reader_end(reader);
    }
    ck_assert_int_eq(state, SYN_HTTP_MESSAGE);
    ck_assert_uint_eq(used, answers[_i].text.bytes);
    ck_assert_uint_eq(syn_http_reader_message(reader)->status,
                      answers[_i].status);
    ck_assert(syn_str_is_equal(syn_http_reader_message(reader)->body,
                               answers[_i].body));
}
END_TEST

static const struct syn_str bad_answers[] = {
    LIT("HTTP/1.1 099 X\r\n\r\n"),
    LIT("HTTP/1.1 600 X\r\n\r\n"),
    LIT("HTTP/1.1 20 X\r\n\r\n"),
    LIT("HTTP/1.1 2000\r\n\r\n"),
    LIT("HTTP/1.1  200 OK\r\n\r\n"),
    LIT("ICY 200 OK\r\n\r\n"),
    LIT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"),
};

START_TEST(malformed_answer_is_refused)
{
    size_t used = 0;
    open_reader(SYN_HTTP_RESPONSE, NULL);
    ck_assert_int_eq(feed(bad_answers[_i], 1, &used), SYN_HTTP_REFUSED);
}
END_TEST

START_TEST(cut_off_answer_is_refused)
{
    size_t used = 0;
    open_reader(SYN_HTTP_RESPONSE, NULL);
    ck_assert_int_eq(
        feed(SYN_STR("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"), 1,
             &used),
        SYN_HTTP_MORE);
    ck_assert_int_eq(syn_http_reader_end(reader), SYN_HTTP_REFUSED);
}
END_TEST

/* --- the codec -------------------------------------------------------------
 */

static struct syn_arena arena;

static void open_arena(void)
{
    syn_arena_init(&arena, NULL, 65536);
}

static void close_arena(void)
{
    syn_arena_fini(&arena);
}

START_TEST(escapes_are_decoded_once)
{
    struct syn_str out = {NULL, 0};
    ck_assert_int_eq(
        syn_http_decode(&arena, SYN_STR("a%2Fb%252F+%00"), false, &out),
        SYN_OK);
    ck_assert(syn_str_is_equal(out, SYN_STR("a/b%2F+\0")));
    ck_assert_int_eq(syn_http_decode(&arena, SYN_STR("a+b"), true, &out),
                     SYN_OK);
    ck_assert(syn_str_is(out, "a b"));
    ck_assert_int_eq(out.at[out.bytes], '\0');
    ck_assert_int_eq(syn_http_decode(&arena, SYN_STR("%"), true, &out),
                     SYN_ERR_PARSE);
    ck_assert_int_eq(syn_http_decode(&arena, SYN_STR("%4"), true, &out),
                     SYN_ERR_PARSE);
    ck_assert_int_eq(syn_http_decode(&arena, SYN_STR("%g0"), true, &out),
                     SYN_ERR_PARSE);
    ck_assert_int_eq(syn_http_decode(&arena, SYN_STR("%0 "), true, &out),
                     SYN_ERR_PARSE);
}
END_TEST

START_TEST(every_byte_survives_encoding)
{
    char all[256];
    struct syn_buf encoded;
    struct syn_str out = {NULL, 0};
    for (int i = 0; i < 256; i++) {
        all[i] = (char)i;
    }
    syn_buf_init(&encoded, NULL, 1024);
    syn_http_encode(&encoded, (struct syn_str){all, sizeof all});
    ck_assert_int_eq(syn_http_decode(&arena, syn_buf_str(&encoded), true, &out),
                     SYN_OK);
    ck_assert(syn_str_is_equal(out, (struct syn_str){all, sizeof all}));
    syn_buf_clear(&encoded);
    syn_http_encode(&encoded, SYN_STR("aZ9-._~ /+\xff"));
    ck_assert(syn_str_is(syn_buf_str(&encoded), "aZ9-._~%20%2F%2B%FF"));
    syn_buf_fini(&encoded);
}
END_TEST

START_TEST(form_keeps_order_and_decodes_each_part)
{
    struct syn_http_pair *pairs = NULL;
    size_t count = 0;
    ck_assert_int_eq(syn_http_form(&arena, SYN_STR("a=1&&b=%26+x&c&=d&a=2=3&"),
                                   5, &pairs, &count),
                     SYN_OK);
    ck_assert_uint_eq(count, 5);
    ck_assert(syn_str_is(pairs[0].name, "a"));
    ck_assert(syn_str_is(pairs[1].value, "& x"));
    ck_assert(syn_str_is(pairs[2].name, "c"));
    ck_assert_uint_eq(pairs[2].value.bytes, 0);
    ck_assert_uint_eq(pairs[3].name.bytes, 0);
    ck_assert(syn_str_is(pairs[4].value, "2=3"));
    ck_assert_int_eq(syn_http_form(&arena, SYN_STR("a&b"), 1, &pairs, &count),
                     SYN_ERR_LIMIT);
    ck_assert_int_eq(syn_http_form(&arena, SYN_STR("a=%zz"), 9, &pairs, &count),
                     SYN_ERR_PARSE);
}
END_TEST

START_TEST(phrases_are_the_standard_ones)
{
    ck_assert_str_eq(syn_http_phrase(412), "Precondition Failed");
    ck_assert_str_eq(syn_http_phrase(299), "Unknown");
}
END_TEST

Suite *suite_http(void)
{
    Suite *suite = suite_create("http");
    TCase *read = tcase_create("reader");
    TCase *codec = tcase_create("codec");
    tcase_set_timeout(read, 30);
    tcase_add_checked_fixture(read, NULL, tear_down);
    tcase_add_checked_fixture(codec, open_arena, close_arena);
    tcase_add_loop_test(read, ambiguous_request_is_refused, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_loop_test(read, clear_request_is_taken_as_it_is, 0,
                        (int)(sizeof taken / sizeof taken[0]));
    tcase_add_test(read, fields_are_trimmed_and_found_without_case);
    tcase_add_test(read, pipelined_requests_come_one_by_one);
    tcase_add_loop_test(read, head_up_to_its_bound_is_taken_and_one_more_is_not,
                        0, 2);
    tcase_add_loop_test(read, body_up_to_its_bound_is_taken_and_one_more_is_not,
                        0, 2);
    tcase_add_test(read, hundred_fields_are_taken_and_one_more_is_not);
    tcase_add_test(read, bytes_one_by_one_take_linear_time);
    tcase_add_test(read, expectation_is_told_once_before_the_body);
    tcase_add_loop_test(read, answer_is_delimited_by_its_kind, 0,
                        (int)(sizeof answers / sizeof answers[0]));
    tcase_add_loop_test(read, malformed_answer_is_refused, 0,
                        (int)(sizeof bad_answers / sizeof bad_answers[0]));
    tcase_add_test(read, cut_off_answer_is_refused);
    tcase_add_test(codec, escapes_are_decoded_once);
    tcase_add_test(codec, every_byte_survives_encoding);
    tcase_add_test(codec, form_keeps_order_and_decodes_each_part);
    tcase_add_test(codec, phrases_are_the_standard_ones);
    suite_add_tcase(suite, read);
    suite_add_tcase(suite, codec);
    return suite;
}
