/*
 * test_file.c - a whole file into memory: bound, absence, what cannot be read.
 * Layer: tests. Threads: one.
 */
#include "base/file.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONTENT "abc\0def"

Suite *suite_file(void);

static char path[] = "/tmp/syn-test-file-XXXXXX";

static void make_file(void)
{
    (void)snprintf(path + sizeof path - sizeof "XXXXXX", sizeof "XXXXXX",
                   "XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, CONTENT, sizeof CONTENT - 1),
                     (int)sizeof CONTENT - 1);
    ck_assert_int_eq(close(fd), 0);
}

static void drop_file(void)
{
    ck_assert_int_eq(unlink(path), 0);
}

START_TEST(content_is_appended_with_its_nul_bytes)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, sizeof CONTENT);
    syn_buf_put_byte(&text, '>');
    ck_assert_int_eq(syn_file_read(path, &text), SYN_OK);
    ck_assert(syn_str_is_equal(syn_buf_str(&text), SYN_STR(">" CONTENT)));
    syn_buf_fini(&text);
}
END_TEST

START_TEST(a_file_over_the_bound_is_refused)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, sizeof CONTENT - 2);
    ck_assert_int_eq(syn_file_read(path, &text), SYN_ERR_LIMIT);
    syn_buf_fini(&text);
}
END_TEST

START_TEST(a_device_without_end_ends_at_the_bound)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, 1000000);
    ck_assert_int_eq(syn_file_read("/dev/zero", &text), SYN_ERR_LIMIT);
    syn_buf_fini(&text);
}
END_TEST

START_TEST(absence_and_directories_are_told_by_errno)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, 1000);
    ck_assert_int_eq(syn_file_read("/none/at/all", &text), SYN_ERR_IO);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(syn_file_read("/tmp", &text), SYN_ERR_IO);
    ck_assert_int_eq(errno, EISDIR);
    syn_buf_fini(&text);
}
END_TEST

Suite *suite_file(void)
{
    Suite *suite = suite_create("file");
    TCase *cases = tcase_create("file");
    tcase_add_checked_fixture(cases, make_file, drop_file);
    tcase_add_test(cases, content_is_appended_with_its_nul_bytes);
    tcase_add_test(cases, a_file_over_the_bound_is_refused);
    tcase_add_test(cases, a_device_without_end_ends_at_the_bound);
    tcase_add_test(cases, absence_and_directories_are_told_by_errno);
    suite_add_tcase(suite, cases);
    return suite;
}
