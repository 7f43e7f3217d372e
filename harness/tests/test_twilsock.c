/*
 * test_twilsock.c - frames of the service's codec, byte by byte.
 *
 * The vectors are written by hand from the protocol's text: lengths count
 * bytes, the payload is exactly as long as announced, one CRLF may follow.
 */
#include "service/twilsock.h"

#include "syn/limits.h"

#include <check.h>
#include <string.h>

Suite *suite_twilsock(void);

#define ARENA_BYTES (1u << 22)
#define H           "{\"method\":\"close\",\"id\":\"T1\",\"payload_size\":0}"
#define H_BYTES     "45"
#define TEN(s)      s s s s s s s s s s

static struct syn_arena arena;

static void open_arena(void)
{
    syn_arena_init(&arena, NULL, ARENA_BYTES);
}

static void close_arena(void)
{
    syn_arena_fini(&arena);
}

static const struct {
    const char *message;
    const char *method;
    const char *id;
    const char *payload;
} good_rows[] = {
    {("TWILSOCK V3.0 " H_BYTES "\r\n" H "\r\n"), "close", "T1", ""},
    {("TWILSOCK V3.0 " H_BYTES "\r\n" H "\r\n\r\n"), "close", "T1", ""},
    {("TWILSOCK V3.0 27\r\n{\"method\":\"close\",\"id\":\"T\"}\r\n"), "close",
     "T", ""},
    {("TWILSOCK V3.0 47\r\n"
      "{\"method\":\"message\",\"id\":\"\xc3\xbc\",\"payload_size\":4}"
      "\r\n\xe2\x82\xac!"),
     "message", "\xc3\xbc", "\xe2\x82\xac!"},
    {("TWILSOCK V3.0 46\r\n"
      "{\"method\":\"message\",\"id\":\"T\",\"payload_size\":4}"
      "\r\na\r\nb\r\n"),
     "message", "T", "a\r\nb"},
    {("TWILSOCK V3.0 46\r\n"
      "{\"method\":\"message\",\"id\":\"T\",\"payload_size\":2}"
      "\r\n\r\n"),
     "message", "T", "\r\n"},
    {("TWILSOCK V3.0 61\r\n"
      "{\"method\":\"reply\",\"id\":\"T\",\"status\":{\"code\":200,"
      "\"x\":[1,2,3]}}\r\n"),
     "reply", "T", ""},
};

START_TEST(a_frame_is_read_as_it_was_written)
{
    struct syn_twilsock_frame frame;
    ck_assert_int_eq(
        syn_twilsock_parse(&arena, syn_str_of(good_rows[_i].message), &frame),
        SYN_TWILSOCK_FRAME);
    ck_assert(syn_str_is(frame.method, good_rows[_i].method));
    ck_assert(syn_str_is(frame.id, good_rows[_i].id));
    ck_assert(syn_str_is(frame.payload, good_rows[_i].payload));
}
END_TEST

#define BAD(text)                     \
    {                                 \
        text, SYN_TWILSOCK_UNREADABLE \
    }
#define BAD_REPLY(text)                     \
    {                                       \
        text, SYN_TWILSOCK_UNREADABLE_REPLY \
    }

static const struct {
    const char *message;
    enum syn_twilsock_verdict verdict;
} bad_rows[] = {
    BAD(""),
    BAD("TWILSOCK"),
    BAD("TWILSOCK V3.0 "),
    BAD("TWILSOCK V2.0 " H_BYTES "\r\n" H "\r\n"),
    BAD("twilsock V3.0 " H_BYTES "\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0  " H_BYTES "\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0 " H_BYTES "\n" H "\r\n"),
    BAD("TWILSOCK V3.0 " H_BYTES "\r" H "\r\n"),
    BAD("TWILSOCK V3.0 " H_BYTES "\r\n" H),
    BAD("TWILSOCK V3.0 " H_BYTES "\r\n" H "\n"),
    BAD("TWILSOCK V3.0 " H_BYTES "\r\n" H "\r"),
    BAD("TWILSOCK V3.0 44\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0 46\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0 0\r\n\r\n"),
    BAD("TWILSOCK V3.0 -1\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0 +45\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0 045\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0 0x2d\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0 99999999999999999999\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0 18446744073709551615\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0 65537\r\n" H "\r\n"),
    BAD("TWILSOCK V3.0 " H_BYTES "\r\n" H "\r\nx"),
    BAD("TWILSOCK V3.0 " H_BYTES "\r\n" H "\r\n\r\n\r\n"),
    BAD("TWILSOCK V3.0 " H_BYTES "\r\n" H "\r\n" H),
    BAD("TWILSOCK V3.0 46\r\n"
        "{\"method\":\"message\",\"id\":\"T\",\"payload_size\":4}\r\nabc"),
    BAD("TWILSOCK V3.0 46\r\n"
        "{\"method\":\"message\",\"id\":\"T\",\"payload_size\":4}\r\nabcde"),
    BAD("TWILSOCK V3.0 47\r\n"
        "{\"method\":\"message\",\"id\":\"T\",\"payload_size\":-1}\r\n"),
    BAD("TWILSOCK V3.0 48\r\n"
        "{\"method\":\"message\",\"id\":\"T\",\"payload_size\":\"1\"}\r\na"),
    BAD("TWILSOCK V3.0 48\r\n"
        "{\"method\":\"message\",\"id\":\"T\",\"payload_size\":1.0}\r\na"),
    BAD("TWILSOCK V3.0 49\r\n"
        "{\"method\":\"message\",\"id\":\"T\",\"payload_size\":null}\r\n"),
    BAD("TWILSOCK V3.0 2\r\n[]\r\n"),
    BAD("TWILSOCK V3.0 2\r\n{}\r\n"),
    BAD("TWILSOCK V3.0 18\r\n{\"method\":\"close\"}\r\n"),
    BAD("TWILSOCK V3.0 10\r\n{\"id\":\"T\"}\r\n"),
    BAD("TWILSOCK V3.0 26\r\n{\"method\":\"close\",\"id\":\"\"}\r\n"),
    BAD("TWILSOCK V3.0 25\r\n{\"method\":\"close\",\"id\":1}\r\n"),
    BAD("TWILSOCK V3.0 21\r\n{\"method\":1,\"id\":\"T\"}\r\n"),
    BAD("TWILSOCK V3.0 36\r\n"
        "{\"method\":\"close\",\"id\":\"T\",\"id\":\"U\"}\r\n"),
    BAD("TWILSOCK V3.0 33\r\n"
        "{\"method\":\"close\",\"id\":\"T\\u0000\"}\r\n"),
    BAD("TWILSOCK V3.0 27\r\n{\"method\":\"close\",\"id\":\"\xff\"}\r\n"),
    BAD("TWILSOCK V3.0 27\r\n{\"method\":\"close\",\"id\":\"T\",\r\n"),
    BAD("TWILSOCK V3.0 232\r\n{\"method\":\"close\",\"id\":\"T\",\"x\":" TEN(
        TEN("[")) TEN(TEN("]")) "}\r\n"),
    BAD_REPLY("TWILSOCK V3.0 27\r\n{\"method\":\"reply\",\"id\":\"T\"}\r\n"),
    BAD_REPLY("TWILSOCK V3.0 40\r\n"
              "{\"method\":\"reply\",\"id\":\"T\",\"status\":200}\r\n"),
    BAD_REPLY("TWILSOCK V3.0 32\r\n{\"method\":\"reply\",\"status\":{}}  "
              "\r\n"),
    BAD_REPLY("TWILSOCK V3.0 56\r\n{\"method\":\"reply\",\"id\":\"T\",\"status"
              "\":{},\"payload_size\":3}\r\nab"),
};

/* Where the length is not what is wrong, it is right: each row is spoilt in
 * one thing. */
START_TEST(a_frame_with_two_readings_is_refused)
{
    struct syn_twilsock_frame frame;
    const enum syn_twilsock_verdict verdict =
        syn_twilsock_parse(&arena, syn_str_of(bad_rows[_i].message), &frame);
    ck_assert_msg(verdict == bad_rows[_i].verdict, "verdict %d for: %s",
                  (int)verdict, bad_rows[_i].message);
}
END_TEST

/* A header of exactly `bytes`, filled with spaces before its brace. */
static struct syn_str long_frame(size_t bytes)
{
    static const char head[] = "{\"method\":\"close\",\"id\":\"T\"";
    char *header = syn_arena_alloc(&arena, bytes + 1);
    ck_assert_ptr_nonnull(header);
    memset(header, ' ', bytes);
    memcpy(header, head, sizeof(head) - 1);
    header[bytes - 1] = '}';
    return syn_arena_printf(&arena, "TWILSOCK V3.0 %zu\r\n%s\r\n", bytes,
                            header);
}

START_TEST(a_header_at_the_bound_is_read_and_past_it_refused)
{
    struct syn_twilsock_frame frame;
    ck_assert_int_eq(syn_twilsock_parse(&arena,
                                        long_frame(SYN_FRAME_HEADER_BYTES_MAX),
                                        &frame),
                     SYN_TWILSOCK_FRAME);
    ck_assert_int_eq(
        syn_twilsock_parse(&arena, long_frame(SYN_FRAME_HEADER_BYTES_MAX + 1),
                           &frame),
        SYN_TWILSOCK_UNREADABLE);
}
END_TEST

static void assert_written(struct syn_str payload, const char *expected)
{
    struct syn_buf header, frame;
    struct syn_json_writer w;
    syn_buf_init(&header, NULL, ARENA_BYTES);
    syn_buf_init(&frame, NULL, ARENA_BYTES);
    syn_twilsock_begin(&w, &header, "ping", SYN_STR("T\"1"));
    syn_json_write_text(&w, "x", "\xc3\xbc");
    syn_twilsock_end(&w, payload, &frame);
    ck_assert_int_eq(frame.status, SYN_OK);
    ck_assert_msg(syn_str_is(syn_buf_str(&frame), expected), "got: %.*s",
                  SYN_STR_ARG(syn_buf_str(&frame)));
    syn_buf_fini(&header);
    syn_buf_fini(&frame);
}

START_TEST(a_frame_is_written_with_byte_lengths)
{
    assert_written((struct syn_str){NULL, 0},
                   "TWILSOCK V3.0 55\r\n{\"method\":\"ping\",\"id\":\"T\\\"1\","
                   "\"x\":\"\xc3\xbc\",\"payload_size\":0}\r\n");
    assert_written(SYN_STR("{\"\xc3\xbc\":1}"),
                   "TWILSOCK V3.0 55\r\n{\"method\":\"ping\",\"id\":\"T\\\"1\","
                   "\"x\":\"\xc3\xbc\",\"payload_size\":8}\r\n"
                   "{\"\xc3\xbc\":1}\r\n");
}
END_TEST

#define COUNT(rows) ((int)(sizeof(rows) / sizeof(*(rows))))

Suite *suite_twilsock(void)
{
    Suite *suite = suite_create("twilsock");
    TCase *cases = tcase_create("frames");
    tcase_add_checked_fixture(cases, open_arena, close_arena);
    tcase_add_loop_test(cases, a_frame_is_read_as_it_was_written, 0,
                        COUNT(good_rows));
    tcase_add_loop_test(cases, a_frame_with_two_readings_is_refused, 0,
                        COUNT(bad_rows));
    tcase_add_test(cases, a_header_at_the_bound_is_read_and_past_it_refused);
    tcase_add_test(cases, a_frame_is_written_with_byte_lengths);
    suite_add_tcase(suite, cases);
    return suite;
}
