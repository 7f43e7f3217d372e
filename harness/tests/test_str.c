/*
 * test_str.c - byte strings, growing buffers, status texts, seeded numbers.
 * Layer: tests. Source of vectors: Unicode table 3-7; the authors' programs
 * for SplitMix64 and xoshiro256**.
 */
#include "base/buf.h"
#include "base/rng.h"
#include "fail_alloc.h"
#include "syn/status.h"
#include "syn/str.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

START_TEST(unquote_takes_one_pair_and_nothing_else)
{
    ck_assert(syn_str_is(syn_str_unquote(SYN_STR("\"1f\"")), "1f"));
    ck_assert(syn_str_is(syn_str_unquote(SYN_STR("\"\"")), ""));
    ck_assert(syn_str_is(syn_str_unquote(SYN_STR("\"")), "\""));
    ck_assert(syn_str_is(syn_str_unquote(SYN_STR("\"1")), "\"1"));
    ck_assert(syn_str_is(syn_str_unquote(SYN_STR("1\"")), "1\""));
}
END_TEST

START_TEST(has_only_finds_a_stranger_at_either_end)
{
    ck_assert(syn_str_has_only(SYN_STR("a-b"), "ab-"));
    ck_assert(syn_str_has_only(SYN_STR(""), "ab-"));
    ck_assert(!syn_str_has_only(SYN_STR("/ab"), "ab-"));
    ck_assert(!syn_str_has_only(SYN_STR("ab/"), "ab-"));
    ck_assert(!syn_str_has_only((struct syn_str){"a\0", 2}, "ab-"));
}
END_TEST

Suite *suite_str(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* --- str ------------------------------------------------------------------ */

START_TEST(empty_string_needs_no_memory)
{
    struct syn_str none = syn_str_of(NULL);
    ck_assert_uint_eq(none.bytes, 0);
    ck_assert(syn_str_is_equal(none, syn_str_of("")));
    ck_assert(syn_str_is(none, ""));
    ck_assert(!syn_str_is(none, "a"));
    ck_assert_int_eq(syn_str_compare(none, SYN_STR("")), 0);
    ck_assert(syn_str_has_prefix(none, none));
    ck_assert_uint_eq(syn_str_from(none, 3).bytes, 0);
    ck_assert_uint_eq(syn_str_find(none, 'x', 0), 0);
    ck_assert_uint_eq(syn_str_trim(none).bytes, 0);
    ck_assert(syn_str_is_utf8(none));
}
END_TEST

START_TEST(equality_looks_behind_nul)
{
    ck_assert(!syn_str_is_equal(SYN_STR("a\0b"), SYN_STR("a\0c")));
    ck_assert(syn_str_is_equal(SYN_STR("a\0b"), SYN_STR("a\0b")));
    ck_assert(!syn_str_is(SYN_STR("a\0b"), "a"));
}
END_TEST

START_TEST(nocase_folds_ascii_letters_only)
{
    ck_assert(
        syn_str_is_equal_nocase(SYN_STR("If-MATCH"), SYN_STR("if-match")));
    ck_assert(!syn_str_is_equal_nocase(SYN_STR("@"), SYN_STR("`")));
    ck_assert(!syn_str_is_equal_nocase(SYN_STR("["), SYN_STR("{")));
    ck_assert(!syn_str_is_equal_nocase(SYN_STR("\xc4"), SYN_STR("\xe4")));
    ck_assert(!syn_str_is_equal_nocase(SYN_STR("a"), SYN_STR("ab")));
}
END_TEST

START_TEST(compare_orders_by_unsigned_bytes)
{
    ck_assert_int_lt(syn_str_compare(SYN_STR("a"), SYN_STR("b")), 0);
    ck_assert_int_lt(syn_str_compare(SYN_STR("a"), SYN_STR("aa")), 0);
    ck_assert_int_gt(syn_str_compare(SYN_STR("\xc3\xa4"), SYN_STR("z")), 0);
    ck_assert_int_lt(syn_str_compare(SYN_STR(""), SYN_STR("\0")), 0);
}
END_TEST

START_TEST(parts_are_cut_at_the_end)
{
    struct syn_str s = SYN_STR("abcdef");
    ck_assert(syn_str_is(syn_str_part(s, 2, 3), "cde"));
    ck_assert(syn_str_is(syn_str_part(s, 4, 99), "ef"));
    ck_assert(syn_str_is(syn_str_part(s, 6, 1), ""));
    ck_assert(syn_str_is(syn_str_from(s, SIZE_MAX), ""));
    ck_assert_uint_eq(syn_str_find(s, 'c', 0), 2);
    ck_assert_uint_eq(syn_str_find(s, 'c', 3), 6);
    ck_assert_uint_eq(syn_str_find(s, 'c', 99), 6);
    ck_assert(syn_str_is(syn_str_trim(SYN_STR(" \ta b\t ")), "a b"));
    ck_assert(syn_str_is(syn_str_trim(SYN_STR(" \n ")), "\n"));
}
END_TEST

static const struct {
    const char *text;
    uint64_t max;
    bool is_good;
    uint64_t value;
} unsigned_rows[] = {
    {"0", 0, true, 0},
    {"7", 7, true, 7},
    {"8", 7, false, 0},
    {"1", 0, false, 0},
    {"10", 9, false, 0},
    {"100", 100, true, 100},
    {"101", 100, false, 0},
    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
    {"18446744073709551616", UINT64_MAX, false, 0},
    {"99999999999999999999", UINT64_MAX, false, 0},
    {"00", 9, false, 0},
    {"01", 9, false, 0},
    {"", 9, false, 0},
    {"+1", 9, false, 0},
    {"-1", 9, false, 0},
    {" 1", 9, false, 0},
    {"1 ", 9, false, 0},
    {"1a", 99, false, 0},
    {"0x1", 99, false, 0},
};

START_TEST(unsigned_is_strict)
{
    uint64_t value = 42;
    bool is_good = syn_str_to_u64(syn_str_of(unsigned_rows[_i].text),
                                  unsigned_rows[_i].max, &value);
    ck_assert_int_eq(is_good, unsigned_rows[_i].is_good);
    ck_assert_uint_eq(value, is_good ? unsigned_rows[_i].value : 42);
}
END_TEST

static const struct {
    const char *text;
    bool is_good;
    int64_t value;
} signed_rows[] = {
    {"0", true, 0},
    {"-1", true, -1},
    {"9223372036854775807", true, INT64_MAX},
    {"9223372036854775808", false, 0},
    {"-9223372036854775808", true, INT64_MIN},
    {"-9223372036854775809", false, 0},
    {"-0", false, 0},
    {"-", false, 0},
    {"--1", false, 0},
    {"-01", false, 0},
};

START_TEST(signed_is_strict)
{
    int64_t value = 42;
    bool is_good = syn_str_to_i64(syn_str_of(signed_rows[_i].text), &value);
    ck_assert_int_eq(is_good, signed_rows[_i].is_good);
    ck_assert_int_eq(value, is_good ? signed_rows[_i].value : 42);
}
END_TEST

static const struct {
    const char *text;
    bool is_good;
} utf8_rows[] = {
    {"plain ascii, longer than eight bytes", true},
    {"\x7f", true},
    {"\xc2\x80", true},
    {"\xdf\xbf", true},
    {"\xe0\xa0\x80", true},
    {"\xed\x9f\xbf", true},
    {"\xee\x80\x80", true},
    {"\xef\xbf\xbf", true},
    {"\xf0\x90\x80\x80", true},
    {"\xf4\x8f\xbf\xbf", true},
    {"\x80", false},
    {"12345678\xbf", false},
    {"\xc0\x80", false},         /* overlong NUL */
    {"\xc1\xbf", false},         /* overlong */
    {"\xc2", false},             /* cut */
    {"\xc2\x41", false},         /* no tail */
    {"\xe0\x9f\xbf", false},     /* overlong */
    {"\xe2\x82", false},         /* cut */
    {"\xe2\x82\x28", false},     /* third byte */
    {"\xed\xa0\x80", false},     /* U+D800 */
    {"\xed\xbf\xbf", false},     /* U+DFFF */
    {"\xf0\x8f\xbf\xbf", false}, /* overlong */
    {"\xf0\x90\x80", false},     /* cut */
    {"\xf4\x90\x80\x80", false}, /* U+110000 */
    {"\xf5\x80\x80\x80", false},
    {"\xff", false},
};

START_TEST(no_half_of_a_letter_is_left)
{
    struct syn_str text = SYN_STR("a\xc3\xa4\xe2\x82\xac"); /* a, two, three */
    static const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        ck_assert_uint_eq(syn_str_cut(text, i).bytes, kept[i]);
        ck_assert_ptr_eq(syn_str_cut(text, i).at, text.at);
    }
}
END_TEST

START_TEST(utf8_is_well_formed_or_refused)
{
    ck_assert_int_eq(syn_str_is_utf8(syn_str_of(utf8_rows[_i].text)),
                     utf8_rows[_i].is_good);
}
END_TEST

static const struct {
    const char *text;
    bool is_date;
} date_rows[] = {
    {"2027-01-31", true},  {"2027-12-01", true},   {"2028-02-29", true},
    {"2000-02-29", true},  {"2027-02-28", true},   {"2027-02-29", false},
    {"2100-02-29", false}, {"2027-02-30", false},  {"2027-04-31", false},
    {"2027-13-01", false}, {"2027-00-01", false},  {"2027-01-00", false},
    {"2027-01-32", false}, {"2027-1-031", false},  {"2027/01/31", false},
    {"2027-01-3", false},  {"2027-01-311", false}, {"", false},
};

START_TEST(dates_are_days_of_the_calendar)
{
    ck_assert_msg(syn_str_is_date(syn_str_of(date_rows[_i].text)) ==
                      date_rows[_i].is_date,
                  "\"%s\"", date_rows[_i].text);
}
END_TEST

START_TEST(code_points_are_not_bytes)
{
    ck_assert_uint_eq(syn_str_code_points(SYN_STR("")), 0);
    ck_assert_uint_eq(
        syn_str_code_points(SYN_STR("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")),
        4);
    ck_assert_uint_eq(syn_str_utf8_bytes(SYN_STR("a\xe2\x82\xac"), 1), 3);
    ck_assert_uint_eq(syn_str_utf8_bytes(SYN_STR("a"), 1), 0);
}
END_TEST

START_TEST(each_status_has_its_own_text)
{
    for (int i = 0; i < SYN_STATUS_COUNT; i++) {
        const char *text = syn_status_text((syn_status)i);
        ck_assert_ptr_nonnull(text);
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(text, syn_status_text((syn_status)j));
        }
    }
    ck_assert_str_eq(syn_status_text((syn_status)SYN_STATUS_COUNT),
                     "unknown status");
}
END_TEST

/* --- buf ------------------------------------------------------------------ */

START_TEST(buffer_takes_exactly_its_bound)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, 10);
    syn_buf_put_text(&buf, "12345");
    syn_buf_put_text(&buf, "67890");
    ck_assert_int_eq(buf.status, SYN_OK);
    ck_assert(syn_str_is(syn_buf_str(&buf), "1234567890"));
    syn_buf_put_byte(&buf, 'x');
    ck_assert_int_eq(buf.status, SYN_ERR_LIMIT);
    ck_assert_uint_eq(buf.bytes, 10);
    syn_buf_fini(&buf);
}
END_TEST

START_TEST(failure_sticks_until_cleared)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, 4);
    syn_buf_put_text(&buf, "12345");
    ck_assert_int_eq(buf.status, SYN_ERR_LIMIT);
    syn_buf_put_byte(&buf, 'a'); /* would fit */
    ck_assert_uint_eq(buf.bytes, 0);
    syn_buf_clear(&buf);
    syn_buf_put_byte(&buf, 'a');
    ck_assert_int_eq(buf.status, SYN_OK);
    ck_assert(syn_str_is(syn_buf_str(&buf), "a"));
    syn_buf_fini(&buf);
}
END_TEST

START_TEST(numbers_print_their_extremes)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, 200);
    syn_buf_put_u64(&buf, 0);
    syn_buf_put_byte(&buf, ' ');
    syn_buf_put_u64(&buf, UINT64_MAX);
    syn_buf_put_byte(&buf, ' ');
    syn_buf_put_i64(&buf, INT64_MIN);
    syn_buf_put_byte(&buf, ' ');
    syn_buf_put_i64(&buf, INT64_MAX);
    ck_assert(syn_str_is(syn_buf_str(&buf),
                         "0 18446744073709551615 -9223372036854775808 "
                         "9223372036854775807"));
    syn_buf_fini(&buf);
}
END_TEST

START_TEST(printf_fits_or_fails_whole)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, 8);
    syn_buf_printf(&buf, "%s", "");
    ck_assert_int_eq(buf.status, SYN_OK);
    syn_buf_printf(&buf, "%d-%s", 12, "abcde"); /* eight bytes: all of it */
    ck_assert_int_eq(buf.status, SYN_OK);
    ck_assert(syn_str_is(syn_buf_str(&buf), "12-abcde"));
    syn_buf_printf(&buf, "%d", 1);
    ck_assert_int_eq(buf.status, SYN_ERR_LIMIT);
    ck_assert_uint_eq(buf.bytes, 8);
    syn_buf_fini(&buf);
}
END_TEST

START_TEST(printf_grows_an_empty_buffer)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, 5000);
    syn_buf_printf(&buf, "%0*d", 4000, 7);
    ck_assert_int_eq(buf.status, SYN_OK);
    ck_assert_uint_eq(buf.bytes, 4000);
    ck_assert_int_eq(buf.at[3999], '7');
    ck_assert_int_eq(buf.at[0], '0');
    syn_buf_fini(&buf);
}
END_TEST

START_TEST(consume_drops_from_the_front)
{
    struct syn_buf buf;
    syn_buf_init(&buf, NULL, 100);
    syn_buf_consume(&buf, 0);
    syn_buf_put_text(&buf, "abcdef");
    syn_buf_consume(&buf, 2);
    ck_assert(syn_str_is(syn_buf_str(&buf), "cdef"));
    syn_buf_put_text(&buf, "gh");
    syn_buf_consume(&buf, 6);
    ck_assert_uint_eq(buf.bytes, 0);
    syn_buf_fini(&buf);
}
END_TEST

START_TEST(buffer_survives_each_failed_allocation)
{
    bool has_failed = true;
    for (unsigned n = 1; has_failed; n++) {
        struct fail_alloc fail;
        struct syn_buf buf;
        fail_alloc_init(&fail, n);
        syn_buf_init(&buf, &fail.table, 100000);
        for (int i = 0; i < 1000; i++) {
            syn_buf_put_text(&buf, "0123456789");
            syn_buf_printf(&buf, "%d", i);
        }
        ck_assert_int_eq(buf.status, fail.has_failed ? SYN_ERR_MEMORY : SYN_OK);
        has_failed = fail.has_failed;
        syn_buf_fini(&buf);
        ck_assert_uint_eq(fail.blocks, 0);
        ck_assert_uint_lt(n, 100);
    }
}
END_TEST

/* --- rng ------------------------------------------------------------------ */

START_TEST(generator_matches_published_values)
{
    static const uint64_t expected[] = {11520, 0, 1509978240,
                                        1215971899390074240};
    struct syn_rng rng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < COUNT(expected); i++) {
        ck_assert_uint_eq(syn_rng_next(&rng), expected[i]);
    }
}
END_TEST

START_TEST(seeding_matches_published_values)
{
    struct syn_rng rng;
    syn_rng_init(&rng, 1234567, 0);
    ck_assert_uint_eq(rng.state[0], UINT64_C(6457827717110365317));
    ck_assert_uint_eq(rng.state[1], UINT64_C(3203168211198807973));
    ck_assert_uint_eq(rng.state[2], UINT64_C(9817491932198370423));
    ck_assert_uint_eq(rng.state[3], UINT64_C(4593380528125082431));
}
END_TEST

START_TEST(seed_replays_and_streams_differ)
{
    struct syn_rng a, b, other;
    syn_rng_init(&a, 5, 1);
    syn_rng_init(&b, 5, 1);
    syn_rng_init(&other, 5, 2);
    unsigned same = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t value = syn_rng_next(&a);
        ck_assert_uint_eq(value, syn_rng_next(&b));
        same += value == syn_rng_next(&other) ? 1 : 0;
    }
    ck_assert_uint_eq(same, 0);
}
END_TEST

START_TEST(below_reaches_all_and_no_more)
{
    struct syn_rng rng;
    unsigned seen[7] = {0};
    syn_rng_init(&rng, 1, 0);
    for (int i = 0; i < 7000; i++) {
        uint64_t value = syn_rng_below(&rng, 7);
        ck_assert_uint_lt(value, 7);
        seen[value]++;
    }
    for (size_t i = 0; i < COUNT(seen); i++) {
        ck_assert_uint_gt(seen[i], 800); /* 1000 expected, 7 sigma apart */
        ck_assert_uint_lt(seen[i], 1200);
    }
    ck_assert_uint_eq(syn_rng_below(&rng, 1), 0);
}
END_TEST

START_TEST(unit_and_hex_stay_in_range)
{
    struct syn_rng rng;
    char hex[40];
    double low = 1, high = 0;
    syn_rng_init(&rng, 2, 0);
    for (int i = 0; i < 1000; i++) {
        double value = syn_rng_unit(&rng);
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    ck_assert(low >= 0 && low < 0.05);
    ck_assert(high < 1 && high > 0.95);
    memset(hex, 'x', sizeof hex);
    syn_rng_hex(&rng, hex, 34);
    ck_assert_uint_eq(strlen(hex), 34);
    ck_assert_uint_eq(strspn(hex, "0123456789abcdef"), 34);
    ck_assert_int_eq(hex[35], 'x');
    syn_rng_hex(&rng, hex, 0);
    ck_assert_str_eq(hex, "");
}
END_TEST

static TCase *case_str(void)
{
    TCase *tc = tcase_create("str");
    tcase_add_test(tc, empty_string_needs_no_memory);
    tcase_add_test(tc, equality_looks_behind_nul);
    tcase_add_test(tc, nocase_folds_ascii_letters_only);
    tcase_add_test(tc, compare_orders_by_unsigned_bytes);
    tcase_add_test(tc, parts_are_cut_at_the_end);
    tcase_add_loop_test(tc, unsigned_is_strict, 0, COUNT(unsigned_rows));
    tcase_add_loop_test(tc, signed_is_strict, 0, COUNT(signed_rows));
    tcase_add_test(tc, no_half_of_a_letter_is_left);
    tcase_add_loop_test(tc, utf8_is_well_formed_or_refused, 0,
                        COUNT(utf8_rows));
    tcase_add_loop_test(tc, dates_are_days_of_the_calendar, 0,
                        COUNT(date_rows));
    tcase_add_test(tc, code_points_are_not_bytes);
    tcase_add_test(tc, each_status_has_its_own_text);
    return tc;
}

static TCase *case_buf(void)
{
    TCase *tc = tcase_create("buf");
    tcase_add_test(tc, buffer_takes_exactly_its_bound);
    tcase_add_test(tc, failure_sticks_until_cleared);
    tcase_add_test(tc, numbers_print_their_extremes);
    tcase_add_test(tc, printf_fits_or_fails_whole);
    tcase_add_test(tc, printf_grows_an_empty_buffer);
    tcase_add_test(tc, consume_drops_from_the_front);
    tcase_add_test(tc, buffer_survives_each_failed_allocation);
    return tc;
}

static TCase *case_rng(void)
{
    TCase *tc = tcase_create("rng");
    tcase_add_test(tc, generator_matches_published_values);
    tcase_add_test(tc, seeding_matches_published_values);
    tcase_add_test(tc, seed_replays_and_streams_differ);
    tcase_add_test(tc, below_reaches_all_and_no_more);
    tcase_add_test(tc, unit_and_hex_stay_in_range);
    tcase_add_test(tc, unquote_takes_one_pair_and_nothing_else);
    tcase_add_test(tc, has_only_finds_a_stranger_at_either_end);
    return tc;
}

Suite *suite_str(void)
{
    Suite *suite = suite_create("str");
    suite_add_tcase(suite, case_str());
    suite_add_tcase(suite, case_buf());
    suite_add_tcase(suite, case_rng());
    return suite;
}
