/*
 * test_report_file.c - a report is written whole or not at all.
 */
#include "report/file.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 256

Suite *suite_report_file(void);

static char place[] = "/tmp/syn-report-XXXXXX";
static char path[PATH_BYTES];

static void make_place(void)
{
    ck_assert_ptr_nonnull(mkdtemp(place));
    (void)snprintf(path, sizeof path, "%s/report", place);
}

static void remove_place(void)
{
    char other[PATH_BYTES];
    (void)unlink(path);
    (void)snprintf(other, sizeof other, "%s/link", place);
    (void)unlink(other);
    (void)rmdir(place);
}

static void expect_content(const char *expected)
{
    char text[PATH_BYTES] = "";
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t bytes = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[bytes] = '\0';
    ck_assert_str_eq(text, expected);
}

static unsigned count_files(void)
{
    unsigned count = 0;
    DIR *directory = opendir(place);
    ck_assert_ptr_nonnull(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        count += entry->d_name[0] == '.' ? 0 : 1;
    }
    (void)closedir(directory);
    return count;
}

START_TEST(new_file_holds_the_text_and_nothing_is_beside_it)
{
    char fault[SYN_REPORT_FAULT_BYTES];
    ck_assert_int_eq(syn_report_file_write(path, SYN_STR("one"), fault),
                     SYN_OK);
    expect_content("one");
    ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(old_file_is_replaced_and_keeps_its_mode)
{
    char fault[SYN_REPORT_FAULT_BYTES];
    struct stat found;
    ck_assert_int_eq(
        syn_report_file_write(path, SYN_STR("a longer one"), fault), SYN_OK);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(syn_report_file_write(path, SYN_STR("two"), fault),
                     SYN_OK);
    expect_content("two");
    ck_assert_int_eq(stat(path, &found), 0);
    ck_assert_uint_eq(found.st_mode & 0777u, 0640);
}
END_TEST

START_TEST(link_stays_and_its_file_is_replaced)
{
    char fault[SYN_REPORT_FAULT_BYTES];
    char link_path[PATH_BYTES];
    struct stat found;
    (void)snprintf(link_path, sizeof link_path, "%s/link", place);
    ck_assert_int_eq(syn_report_file_write(path, SYN_STR("one"), fault),
                     SYN_OK);
    ck_assert_int_eq(symlink(path, link_path), 0);
    ck_assert_int_eq(syn_report_file_write(link_path, SYN_STR("two"), fault),
                     SYN_OK);
    expect_content("two");
    ck_assert_int_eq(lstat(link_path, &found), 0);
    ck_assert(S_ISLNK(found.st_mode));
}
END_TEST

START_TEST(full_device_is_told)
{
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    ck_assert_int_eq(syn_report_file_write("/dev/full", SYN_STR("one"), fault),
                     SYN_ERR_IO);
    ck_assert_ptr_nonnull(strstr(fault, "/dev/full"));
}
END_TEST

START_TEST(directory_in_its_place_is_told)
{
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    ck_assert_int_eq(syn_report_file_write(place, SYN_STR("one"), fault),
                     SYN_ERR_IO);
    ck_assert_ptr_nonnull(strstr(fault, place));
    ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(directory_below_a_file_is_told)
{
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    ck_assert_int_eq(syn_report_directory_make("/dev/null/x", fault),
                     SYN_ERR_IO);
    ck_assert_ptr_nonnull(strstr(fault, "/dev/null"));
}
END_TEST

Suite *suite_report_file(void)
{
    Suite *suite = suite_create("report_file");
    TCase *tcase = tcase_create("file");
    tcase_add_checked_fixture(tcase, make_place, remove_place);
    tcase_add_test(tcase, new_file_holds_the_text_and_nothing_is_beside_it);
    tcase_add_test(tcase, old_file_is_replaced_and_keeps_its_mode);
    tcase_add_test(tcase, link_stays_and_its_file_is_replaced);
    tcase_add_test(tcase, full_device_is_told);
    tcase_add_test(tcase, directory_in_its_place_is_told);
    tcase_add_test(tcase, directory_below_a_file_is_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
