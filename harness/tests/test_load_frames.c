/*
 * test_load_frames.c - the generator's own small readers: JSON without a tree,
 * web socket frames without a state, times of an open loop.
 */
#include "base/rng.h"
#include "load/scan.h"
#include "load/schedule.h"
#include "load/ws.h"
#include "syn/limits.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_load_frames(void);

/* --- scan ----------------------------------------------------------------- */

static const struct syn_str names[] = {{"a", 1}, {"bb", 2}};

START_TEST(members_are_found_whatever_stands_around_them)
{
    static const char *const texts[] = {
        "{\"a\":1,\"bb\":\"x\"}",
        " { \"z\" : {\"a\":2,\"q\":[\"}\",{}]} , \"bb\" : \"x\" , \"a\" : 1 } ",
        "{\"a\":1,\"a\":2,\"bb\":\"x\",\"bb\":3}",
        "{\"x\\\"a\":9,\"bb\":\"x\",\"y\":\"\\\\\",\"a\":1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct syn_str found[2];
        ck_assert(syn_load_scan(syn_str_of(texts[i]), names, 2, found));
        ck_assert_int_eq(syn_load_scan_number(found[0], -1), 1);
        ck_assert(syn_str_is(syn_load_scan_text(found[1]), "x"));
    }
}
END_TEST

START_TEST(text_that_is_no_object_is_refused)
{
    static const char *const texts[] = {
        "",         "{",         "[1]",         "\"a\"",      "{\"a\"}",
        "{\"a\":}", "{\"a\":1",  "{\"a\":1,",   "{\"a\":\"x", "{\"a\":[1}",
        "{a:1}",    "{\"a\" 1}", "{\"a\":1 2}", "{\"a\":{}",  "{\"a\\",
        "{\"a\":,}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct syn_str found[2];
        const bool is_object =
            syn_load_scan(syn_str_of(texts[i]), names, 2, found);
        /* "{"a":[1}" closes as many brackets as it opens: believed. */
        ck_assert_msg(!is_object || strchr(texts[i], '[') != NULL, "%s",
                      texts[i]);
    }
}
END_TEST

START_TEST(every_cut_of_a_text_is_survived)
{
    static const char text[] =
        "{\"a\":{\"b\":[1,\"\\\"x\",{}]},\"bb\":\"\\\\\",\"c\":[[],[{}]]}";
    for (size_t bytes = 0; bytes < sizeof text - 1; bytes++) {
        char *cut = malloc(bytes + 1); /* exact, so that a tool sees more */
        struct syn_str found[2];
        memcpy(cut, text, bytes);
        ck_assert(
            !syn_load_scan((struct syn_str){cut, bytes}, names, 2, found));
        free(cut);
    }
}
END_TEST

START_TEST(elements_of_an_array_come_one_by_one)
{
    struct syn_str rest = SYN_STR(" [ {\"a\":1} , 2,[3] ]");
    struct syn_str element;
    ck_assert(syn_load_scan_next(&rest, &element));
    ck_assert(syn_str_is(element, "{\"a\":1}"));
    ck_assert(syn_load_scan_next(&rest, &element));
    ck_assert(syn_str_is(element, "2"));
    ck_assert(syn_load_scan_next(&rest, &element));
    ck_assert(syn_str_is(element, "[3]"));
    ck_assert(!syn_load_scan_next(&rest, &element));
    rest = SYN_STR("[]");
    ck_assert(!syn_load_scan_next(&rest, &element));
}
END_TEST

/* --- web socket ----------------------------------------------------------- */

/* What a server would read: unmask a client's frame. */
static void unmask(struct syn_buf *frame, size_t head)
{
    for (size_t i = head + 4; i < frame->bytes; i++) {
        frame->at[i] = (char)((unsigned char)frame->at[i] ^
                              (unsigned char)frame->at[head + (i - head) % 4]);
    }
}

START_TEST(frames_are_masked_and_sized_at_each_form_of_length)
{
    static const struct {
        size_t bytes, head;
    } rows[] = {{0, 2},   {1, 2},     {7, 2},      {125, 2},
                {126, 4}, {65535, 4}, {65536, 10}, {100001, 10}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct syn_buf out;
        char *payload = malloc(rows[i].bytes + 1);
        memset(payload, 'y', rows[i].bytes + 1);
        syn_buf_init(&out, NULL, 1048576);
        syn_load_ws_put(&out, 0xa1b2c3d4, SYN_WS_BINARY,
                        (struct syn_str){payload, rows[i].bytes});
        ck_assert_uint_eq(out.bytes, rows[i].head + 4 + rows[i].bytes);
        ck_assert_uint_eq((unsigned char)out.at[0], 0x82);
        ck_assert_uint_ge((unsigned char)out.at[1], 0x80);
        unmask(&out, rows[i].head);
        ck_assert_int_eq(
            memcmp(out.at + rows[i].head + 4, payload, rows[i].bytes), 0);
        free(payload);
        syn_buf_fini(&out);
    }
}
END_TEST

START_TEST(frame_is_taken_only_when_whole)
{
    char in[4 + 300];
    memset(in, 'z', sizeof in);
    memcpy(in, "\x82\x7e\x01\x2c", 4);
    struct syn_ws_fragment frame;
    size_t used = 0;
    for (size_t bytes = 0; bytes < sizeof in; bytes++) {
        ck_assert_int_eq(
            syn_load_ws_take((struct syn_str){in, bytes}, &frame, &used),
            SYN_WS_MORE);
    }
    ck_assert_int_eq(
        syn_load_ws_take((struct syn_str){in, sizeof in}, &frame, &used),
        SYN_WS_WHOLE);
    ck_assert_uint_eq(used, sizeof in);
    ck_assert_uint_eq(frame.payload.bytes, 300);
    ck_assert_uint_eq(frame.opcode, SYN_WS_BINARY);
}
END_TEST

START_TEST(frames_that_no_server_may_send_are_broken)
{
    static const struct syn_str rows[] = {
        {"\x82\x81\0\0\0\0x", 7},                  /* masked */
        {"\xc2\x01x", 3},                          /* reserved bit */
        {"\x89\x7e\x01\x00", 4},                   /* long ping */
        {"\x82\x7f\0\0\0\0\x7f\xff\xff\xff", 10}}; /* 2 GiB */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct syn_ws_fragment frame;
        size_t used = 0;
        ck_assert_int_eq(syn_load_ws_take(rows[i], &frame, &used),
                         SYN_WS_BROKEN);
    }
}
END_TEST

/* --- schedule ------------------------------------------------------------- */

START_TEST(constant_rate_is_due_at_equal_steps_until_the_end)
{
    struct syn_load_schedule s = {
        .begin_us = 1000, .span_us = 2000000, .rate_per_s = 100};
    int64_t due_us = 0;
    ck_assert(!syn_load_schedule_take(&s, 999, &due_us));
    for (int i = 0; i < 200; i++) {
        ck_assert(syn_load_schedule_take(&s, 10000000, &due_us));
        ck_assert_int_eq(due_us, 1000 + i * 10000);
    }
    ck_assert(!syn_load_schedule_take(&s, 10000000, &due_us));
    ck_assert_int_eq(syn_load_schedule_next(&s), INT64_MAX);
}
END_TEST

START_TEST(stalled_caller_gets_every_operation_with_its_own_time)
{
    struct syn_load_schedule s = {.span_us = 1000000, .rate_per_s = 1000};
    int64_t due_us = 0;
    int64_t last_us = -1;
    unsigned count = 0;
    while (syn_load_schedule_take(&s, 100000, &due_us)) {
        ck_assert_int_gt(due_us, last_us);
        last_us = due_us;
        count++;
    }
    ck_assert_uint_eq(count, 101); /* 0 to 100 ms, none forgotten */
}
END_TEST

START_TEST(ramp_has_half_the_operations_a_quarter_of_them_early)
{
    struct syn_load_schedule s = {
        .span_us = 10000000, .rate_per_s = 100, .is_ramp = true};
    int64_t due_us = 0;
    unsigned all = 0;
    unsigned first_half = 0;
    while (syn_load_schedule_take(&s, INT64_MAX - 1, &due_us)) {
        all++;
        first_half += due_us < s.span_us / 2;
    }
    ck_assert_uint_eq(all, 500);
    ck_assert_uint_ge(first_half, 124);
    ck_assert_uint_le(first_half, 126);
}
END_TEST

START_TEST(rate_of_nothing_is_never_due)
{
    struct syn_load_schedule s = {.span_us = 1000000};
    int64_t due_us = 0;
    ck_assert(!syn_load_schedule_take(&s, INT64_MAX - 1, &due_us));
}
END_TEST

static enum syn_ws_state join(struct syn_ws_partial **partial, unsigned opcode,
                              bool is_final, const char *text,
                              struct syn_str *message)
{
    const struct syn_ws_fragment frame = {opcode, is_final, syn_str_of(text)};
    return syn_ws_join(partial, &frame, SYN_LOAD_FRAME_BYTES_MAX, message);
}

START_TEST(message_in_pieces_is_whole_with_its_last_frame)
{
    struct syn_ws_partial *partial = NULL;
    struct syn_str message;
    ck_assert_int_eq(join(&partial, SYN_WS_TEXT, false, "ab", &message),
                     SYN_WS_MORE);
    ck_assert_int_eq(join(&partial, SYN_WS_CONTINUED, false, "", &message),
                     SYN_WS_MORE);
    ck_assert_int_eq(join(&partial, SYN_WS_CONTINUED, true, "cd", &message),
                     SYN_WS_WHOLE);
    ck_assert(syn_str_is(message, "abcd"));
    syn_ws_drop(&partial);
    ck_assert_ptr_null(partial);
    ck_assert_int_eq(join(&partial, SYN_WS_BINARY, true, "e", &message),
                     SYN_WS_WHOLE);
    ck_assert(syn_str_is(message, "e"));
    ck_assert_ptr_null(partial); /* nothing was kept */
}
END_TEST

START_TEST(piece_that_follows_nothing_is_refused)
{
    struct syn_ws_partial *partial = NULL;
    struct syn_str message;
    ck_assert_int_eq(join(&partial, SYN_WS_CONTINUED, true, "x", &message),
                     SYN_WS_BROKEN);
    ck_assert_int_eq(join(&partial, SYN_WS_TEXT, false, "x", &message),
                     SYN_WS_MORE);
    ck_assert_int_eq(join(&partial, SYN_WS_TEXT, true, "y", &message),
                     SYN_WS_BROKEN);
    syn_ws_drop(&partial);
}
END_TEST

START_TEST(pieces_that_add_up_to_too_much_are_refused)
{
    const size_t half = SYN_LOAD_FRAME_BYTES_MAX / 2 + 1;
    struct syn_ws_partial *partial = NULL;
    char *bytes = calloc(1, half);
    struct syn_str message;
    ck_assert_ptr_nonnull(bytes);
    struct syn_ws_fragment frame = {SYN_WS_BINARY, false, {bytes, half}};
    ck_assert_int_eq(
        syn_ws_join(&partial, &frame, SYN_LOAD_FRAME_BYTES_MAX, &message),
        SYN_WS_MORE);
    frame.opcode = SYN_WS_CONTINUED;
    ck_assert_int_eq(
        syn_ws_join(&partial, &frame, SYN_LOAD_FRAME_BYTES_MAX, &message),
        SYN_WS_BROKEN);
    syn_ws_drop(&partial);
    free(bytes);
}
END_TEST

Suite *suite_load_frames(void)
{
    Suite *suite = suite_create("load_frames");
    TCase *tcase = tcase_create("readers");
    tcase_add_test(tcase, members_are_found_whatever_stands_around_them);
    tcase_add_test(tcase, text_that_is_no_object_is_refused);
    tcase_add_test(tcase, every_cut_of_a_text_is_survived);
    tcase_add_test(tcase, elements_of_an_array_come_one_by_one);
    tcase_add_test(tcase, frames_are_masked_and_sized_at_each_form_of_length);
    tcase_add_test(tcase, frame_is_taken_only_when_whole);
    tcase_add_test(tcase, frames_that_no_server_may_send_are_broken);
    tcase_add_test(tcase, constant_rate_is_due_at_equal_steps_until_the_end);
    tcase_add_test(tcase,
                   stalled_caller_gets_every_operation_with_its_own_time);
    tcase_add_test(tcase, ramp_has_half_the_operations_a_quarter_of_them_early);
    tcase_add_test(tcase, rate_of_nothing_is_never_due);
    tcase_add_test(tcase, message_in_pieces_is_whole_with_its_last_frame);
    tcase_add_test(tcase, piece_that_follows_nothing_is_refused);
    tcase_add_test(tcase, pieces_that_add_up_to_too_much_are_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
