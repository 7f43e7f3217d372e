/*
 * test_log.c - lines that stay lines, the ring, alerts, output errors.
 * Layer: tests.
 */
#include "base/log.h"
#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_log(void);

#define STAMP "2026-11-21T10:00:00.123Z"

static struct syn_buf dump;

static int64_t fixed_now(void *ctx)
{
    return *(const int64_t *)ctx;
}

static void setup(void)
{
    static int64_t now_us = INT64_C(1795255200123456);
    syn_log_set_clock(fixed_now, &now_us);
    /* stderr of a test is not the place to look for what it logs. */
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    syn_log_reset();
    syn_buf_init(&dump, NULL, 2 * SYN_LOG_RING_BYTES_MAX);
}

static void teardown(void)
{
    syn_buf_fini(&dump);
}

static const char *dumped(void)
{
    syn_buf_clear(&dump);
    syn_log_dump(&dump);
    syn_buf_put_byte(&dump, '\0');
    ck_assert_int_eq(dump.status, SYN_OK);
    return dump.at;
}

START_TEST(line_has_time_level_actor_event_values)
{
    syn_log(SYN_LOG_INFO, "ann", "doc created", "sid=%s n=%d", "ET1", 7);
    syn_log(SYN_LOG_DEBUG, NULL, "tick", "%s", "");
    ck_assert_str_eq(dumped(), STAMP " info ann doc created sid=ET1 n=7\n" STAMP
                                     " debug - tick\n");
}
END_TEST

START_TEST(control_characters_cannot_forge_a_line)
{
    syn_log(SYN_LOG_INFO, "a\nb", "ev\rent", "x=%s",
            "1\n2\x1b[31m\x7f\xc2\x9b\t");
    ck_assert_str_eq(dumped(),
                     STAMP " info a\\x0ab ev\\x0dent "
                           "x=1\\x0a2\\x1b[31m\\x7f\\xc2\\x9b\\x09\n");
}
END_TEST

START_TEST(good_utf8_stays_and_bad_is_escaped)
{
    syn_log(SYN_LOG_INFO, "a", "b", "x=%s",
            "\xc3\xa4\xf0\x9f\x98\x80 \xff\xc3");
    ck_assert_str_eq(dumped(), STAMP " info a b x=\xc3\xa4\xf0\x9f\x98\x80 "
                                     "\\xff\\xc3\n");
}
END_TEST

START_TEST(long_line_is_cut_and_marked)
{
    char text[2 * SYN_LOG_LINE_BYTES_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    syn_log(SYN_LOG_INFO, "a", "b", "%s", text);
    const char *line = dumped();
    ck_assert_uint_eq(strlen(line), SYN_LOG_LINE_BYTES_MAX);
    ck_assert_str_eq(line + SYN_LOG_LINE_BYTES_MAX - 5, "x...\n");
    syn_log_reset();
    memset(text, '\n', sizeof text - 1); /* escaping makes it longer still */
    syn_log(SYN_LOG_INFO, text, text, "%s", text);
    line = dumped();
    ck_assert_uint_le(strlen(line), SYN_LOG_LINE_BYTES_MAX);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
}
END_TEST

START_TEST(ring_forgets_whole_lines_from_the_front)
{
    unsigned first = 0;
    for (unsigned i = 0; i < 20000; i++) {
        syn_log(SYN_LOG_DEBUG, "a", "b", "n=%u pad=%.*s", i, (int)(i % 60),
                "............................................................");
    }
    const char *lines = dumped();
    ck_assert_uint_le(strlen(lines), SYN_LOG_RING_BYTES_MAX);
    ck_assert_uint_ge(strlen(lines),
                      SYN_LOG_RING_BYTES_MAX - SYN_LOG_LINE_BYTES_MAX);
    ck_assert_int_eq(sscanf(lines, STAMP " debug a b n=%u", &first), 1);
    ck_assert_uint_gt(first, 0);
    for (const char *at = lines; *at != '\0'; at = strchr(at, '\n') + 1) {
        unsigned n = 0;
        ck_assert_int_eq(sscanf(at, STAMP " debug a b n=%u", &n), 1);
        ck_assert_uint_eq(n, first++);
    }
    ck_assert_uint_eq(first, 20000);
}
END_TEST

START_TEST(alerts_are_counted_until_reset)
{
    syn_log(SYN_LOG_WARN, "a", "b", "%s", "");
    ck_assert_uint_eq(syn_log_alert_count(), 0);
    syn_log(SYN_LOG_ALERT, "a", "b", "%s", "");
    syn_log(SYN_LOG_ALERT, "a", "b", "%s", "");
    ck_assert_uint_eq(syn_log_alert_count(), 2);
    syn_log_reset();
    ck_assert_uint_eq(syn_log_alert_count(), 0);
    ck_assert_str_eq(dumped(), "");
}
END_TEST

START_TEST(level_decides_what_goes_to_stderr)
{
    char path[] = "/tmp/syn-test-log-XXXXXX";
    char seen[512] = "";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_ptr_nonnull(freopen(path, "w", stderr));
    syn_log_set_level(SYN_LOG_WARN);
    syn_log(SYN_LOG_INFO, "a", "quiet", "%s", "");
    syn_log(SYN_LOG_WARN, "a", "loud", "%s", "");
    syn_err_printf("plain %d\n", 5);
    (void)fflush(stderr);
    FILE *file = fdopen(fd, "r");
    size_t bytes = fread(seen, 1, sizeof seen - 1, file);
    seen[bytes] = '\0';
    fclose(file);
    (void)remove(path);
    ck_assert_str_eq(seen, STAMP " warn a loud\nplain 5\n");
}
END_TEST

START_TEST(full_disk_is_reported)
{
    ck_assert_int_eq(syn_out_write("", 0), SYN_OK);
    ck_assert_ptr_nonnull(freopen("/dev/full", "w", stdout));
    syn_status wrote = syn_out_write("x", 1);
    ck_assert(wrote == SYN_OK || wrote == SYN_ERR_IO); /* buffered or not */
    ck_assert_int_eq(syn_out_flush(), SYN_ERR_IO);
    ck_assert_int_eq(syn_out_flush(), SYN_ERR_IO); /* not forgotten */
}
END_TEST

START_TEST(default_clock_is_the_wall_clock)
{
    int year = 0;
    syn_log_set_clock(NULL, NULL);
    syn_log(SYN_LOG_INFO, "a", "b", "%s", "");
    ck_assert_int_eq(sscanf(dumped(), "%d-", &year), 1);
    ck_assert_int_ge(year, 2024);
}
END_TEST

Suite *suite_log(void)
{
    Suite *suite = suite_create("log");
    TCase *tc = tcase_create("log");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, line_has_time_level_actor_event_values);
    tcase_add_test(tc, control_characters_cannot_forge_a_line);
    tcase_add_test(tc, good_utf8_stays_and_bad_is_escaped);
    tcase_add_test(tc, long_line_is_cut_and_marked);
    tcase_add_test(tc, ring_forgets_whole_lines_from_the_front);
    tcase_add_test(tc, alerts_are_counted_until_reset);
    tcase_add_test(tc, level_decides_what_goes_to_stderr);
    tcase_add_test(tc, full_disk_is_reported);
    tcase_add_test(tc, default_clock_is_the_wall_clock);
    suite_add_tcase(suite, tc);
    return suite;
}
