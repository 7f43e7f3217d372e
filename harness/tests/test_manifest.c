/*
 * test_manifest.c - what a manifest holds when, and what it gives back.
 */
#include "syn/limits.h"
#include "target/manifest.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARENA_BYTES 67108864
#define FORKS       8
#define EACH        50

Suite *suite_manifest(void);

static struct syn_arena arena;
static char folder[] = "/tmp/syn-manifest-XXXXXX";
static char path[64];
static struct syn_manifest *manifest;
static char fault[SYN_MANIFEST_FAULT_BYTES];

static const struct syn_manifest_head head = {.run = "0a1b2c3d",
                                              .rest_url =
                                                  "https://sync.example",
                                              .account_sid = "AC1"};

static void open_all(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/syn-manifest-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/m.jsonl", folder);
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    ck_assert_msg(syn_manifest_open(path, &head, &manifest, fault) == SYN_OK,
                  "%s", fault);
}

static void close_all(void)
{
    syn_manifest_close(manifest);
    (void)unlink(path);
    (void)rmdir(folder);
    syn_arena_fini(&arena);
}

static struct syn_manifest_list read_back(void)
{
    struct syn_manifest_list list = {.count = 0};
    ck_assert_msg(syn_manifest_read(&arena, path, &list, fault) == SYN_OK, "%s",
                  fault);
    return list;
}

static uint64_t intend(enum syn_manifest_kind kind, const char *name)
{
    uint64_t number = 0;
    const struct syn_manifest_entry entry = {.kind = kind,
                                             .service = SYN_STR("IS1"),
                                             .name = syn_str_of(name),
                                             .ttl_s = 600};
    ck_assert_int_eq(syn_manifest_intend(manifest, &entry, &number), SYN_OK);
    return number;
}

START_TEST(intention_is_in_the_file_before_the_answer)
{
    uint64_t number = intend(SYN_MANIFEST_MAP, "syn-0a1b2c3d-m \"\n\xc3\xa9");
    struct syn_manifest_list list = read_back();
    ck_assert_str_eq(list.head.run, "0a1b2c3d");
    ck_assert_str_eq(list.head.account_sid, "AC1");
    ck_assert_uint_eq(list.count, 1);
    ck_assert_uint_eq(list.entries[0].number, number);
    ck_assert_int_eq(list.entries[0].kind, SYN_MANIFEST_MAP);
    ck_assert_int_eq(list.entries[0].state, SYN_MANIFEST_INTENDED);
    ck_assert_int_eq(list.entries[0].ttl_s, 600);
    ck_assert_int_gt(list.entries[0].at_ms, 0);
    ck_assert(syn_str_is(list.entries[0].name, "syn-0a1b2c3d-m \"\n\xc3\xa9"));
    ck_assert_uint_eq(syn_manifest_left(&list), 1);
}
END_TEST

START_TEST(names_that_json_cannot_hold_leave_the_file_readable)
{
    static const struct syn_str names[] = {
        {"\xff\xfe", 2}, {"a\0b", 3}, {"\xc3", 1}, {"\xed\xa0\x80", 3}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct syn_manifest_entry entry = {.kind = SYN_MANIFEST_LIST,
                                                 .service = SYN_STR("IS1"),
                                                 .name = names[i]};
        uint64_t number = 0;
        ck_assert_int_eq(syn_manifest_intend(manifest, &entry, &number),
                         SYN_OK);
        struct syn_manifest_list list = read_back();
        ck_assert_uint_eq(list.count, i + 1);
        ck_assert_uint_eq(list.entries[i].name.bytes, 0);
        ck_assert(syn_str_is(list.entries[i].service, "IS1"));
    }
}
END_TEST

START_TEST(made_and_gone_are_kept_apart)
{
    uint64_t a = intend(SYN_MANIFEST_DOCUMENT, "a");
    uint64_t b = intend(SYN_MANIFEST_DOCUMENT, "b");
    uint64_t c = intend(SYN_MANIFEST_LIST, "c");
    const struct syn_manifest_entry gone = {.kind = SYN_MANIFEST_DOCUMENT,
                                            .sid = SYN_STR("ET1")};
    ck_assert_int_eq(syn_manifest_made(manifest, a, SYN_STR("ET1")), SYN_OK);
    ck_assert_int_eq(syn_manifest_made(manifest, b, SYN_STR("ET2")), SYN_OK);
    ck_assert_int_eq(syn_manifest_refused(manifest, c), SYN_OK);
    ck_assert_int_eq(syn_manifest_gone(manifest, &gone), SYN_OK);
    struct syn_manifest_list list = read_back();
    ck_assert_int_eq(list.entries[0].state, SYN_MANIFEST_GONE);
    ck_assert_int_eq(list.entries[1].state, SYN_MANIFEST_MADE);
    ck_assert(syn_str_is(list.entries[1].sid, "ET2"));
    ck_assert_int_eq(list.entries[2].state, SYN_MANIFEST_REFUSED);
    ck_assert_uint_eq(syn_manifest_left(&list), 1);
}
END_TEST

/* The item that is late goes alone; the map takes what is late in it along. */
START_TEST(late_is_an_entry_of_its_own_until_it_is_gone)
{
    uint64_t map = intend(SYN_MANIFEST_MAP, "m");
    struct syn_manifest_entry late = {.kind = SYN_MANIFEST_MAP,
                                      .service = SYN_STR("IS1"),
                                      .sid = SYN_STR("MP1"),
                                      .item = SYN_STR("a"),
                                      .deadline_ms = 1700000000123};
    ck_assert_int_eq(syn_manifest_made(manifest, map, SYN_STR("MP1")), SYN_OK);
    ck_assert_int_eq(syn_manifest_late(manifest, &late), SYN_OK);
    late.item = SYN_STR("b");
    ck_assert_int_eq(syn_manifest_late(manifest, &late), SYN_OK);
    struct syn_manifest_list list = read_back();
    ck_assert_uint_eq(list.count, 3);
    ck_assert_int_eq(list.entries[1].state, SYN_MANIFEST_LATE);
    ck_assert_int_eq(list.entries[1].deadline_ms, 1700000000123);
    ck_assert(syn_str_is(list.entries[1].item, "a"));
    ck_assert(syn_str_is(list.entries[1].service, "IS1"));
    ck_assert_uint_eq(syn_manifest_left(&list), 1);
    ck_assert_int_eq(syn_manifest_gone(manifest, &late), SYN_OK);
    list = read_back();
    ck_assert_int_eq(list.entries[0].state, SYN_MANIFEST_MADE);
    ck_assert_int_eq(list.entries[1].state, SYN_MANIFEST_LATE);
    ck_assert_int_eq(list.entries[2].state, SYN_MANIFEST_GONE);
    late.item = SYN_STR("");
    ck_assert_int_eq(syn_manifest_gone(manifest, &late), SYN_OK);
    list = read_back();
    ck_assert_int_eq(list.entries[0].state, SYN_MANIFEST_GONE);
    ck_assert_int_eq(list.entries[1].state, SYN_MANIFEST_GONE);
}
END_TEST

START_TEST(grant_is_gone_by_object_and_identity)
{
    uint64_t number = 0;
    struct syn_manifest_entry grant = {.kind = SYN_MANIFEST_GRANT,
                                       .service = SYN_STR("IS1"),
                                       .on = SYN_STR("MP1"),
                                       .identity = SYN_STR("ann")};
    ck_assert_int_eq(syn_manifest_intend(manifest, &grant, &number), SYN_OK);
    grant.identity = SYN_STR("bob");
    ck_assert_int_eq(syn_manifest_intend(manifest, &grant, &number), SYN_OK);
    ck_assert_int_eq(syn_manifest_gone(manifest, &grant), SYN_OK);
    struct syn_manifest_list list = read_back();
    ck_assert_int_eq(list.entries[0].state, SYN_MANIFEST_INTENDED);
    ck_assert_int_eq(list.entries[1].state, SYN_MANIFEST_GONE);
}
END_TEST

/* What each fork does. */
_Noreturn static void make_streams(void)
{
    syn_status st = SYN_OK;
    for (int n = 0; st == SYN_OK && n < EACH; n++) {
        uint64_t number = intend(SYN_MANIFEST_STREAM, "s");
        st = syn_manifest_made(manifest, number, SYN_STR("TO1"));
    }
    _exit(st == SYN_OK ? 0 : 1);
}

START_TEST(forks_never_share_a_number_or_a_line)
{
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            make_streams();
        }
    }
    for (int i = 0; i < FORKS; i++) {
        int status = 1;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    struct syn_manifest_list list = read_back();
    ck_assert_uint_eq(list.count, FORKS * EACH);
    bool seen[FORKS * EACH + 1] = {false};
    for (size_t i = 0; i < list.count; i++) {
        uint64_t number = list.entries[i].number;
        ck_assert_uint_ge(number, 1);
        ck_assert_uint_le(number, FORKS * EACH);
        ck_assert(!seen[number]);
        seen[number] = true;
        ck_assert_int_eq(list.entries[i].state, SYN_MANIFEST_MADE);
    }
}
END_TEST

static void append(const char *text)
{
    FILE *file = fopen(path, "ab");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(torn_last_line_is_ignored_and_garbage_is_not)
{
    struct syn_manifest_list list;
    (void)intend(SYN_MANIFEST_DOCUMENT, "a");
    append("{\"n\":2,\"do\":\"ma");
    ck_assert_uint_eq(read_back().count, 1);
    append("\n");
    ck_assert_int_eq(syn_manifest_read(&arena, path, &list, fault),
                     SYN_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(fault, ":3:"));
}
END_TEST

START_TEST(file_is_private_and_never_overwritten)
{
    struct stat now;
    struct syn_manifest *again = NULL;
    ck_assert_int_eq(stat(path, &now), 0);
    ck_assert_uint_eq(now.st_mode & 0777, 0600);
    ck_assert_int_eq(syn_manifest_open(path, &head, &again, fault), SYN_ERR_IO);
    ck_assert_ptr_null(again);
}
END_TEST

START_TEST(reopened_file_takes_what_is_removed)
{
    struct syn_manifest *again = NULL;
    const struct syn_manifest_entry gone = {.kind = SYN_MANIFEST_DOCUMENT,
                                            .service = SYN_STR("IS1"),
                                            .name = SYN_STR("a")};
    (void)intend(SYN_MANIFEST_DOCUMENT, "a");
    ck_assert_int_eq(syn_manifest_reopen(path, &again, fault), SYN_OK);
    ck_assert_int_eq(syn_manifest_gone(again, &gone), SYN_OK);
    syn_manifest_close(again);
    struct syn_manifest_list list = read_back();
    ck_assert_uint_eq(syn_manifest_left(&list), 0);
}
END_TEST

Suite *suite_manifest(void)
{
    Suite *suite = suite_create("manifest");
    TCase *tcase = tcase_create("manifest");
    tcase_add_checked_fixture(tcase, open_all, close_all);
    tcase_add_test(tcase, intention_is_in_the_file_before_the_answer);
    tcase_add_test(tcase, names_that_json_cannot_hold_leave_the_file_readable);
    tcase_add_test(tcase, made_and_gone_are_kept_apart);
    tcase_add_test(tcase, late_is_an_entry_of_its_own_until_it_is_gone);
    tcase_add_test(tcase, grant_is_gone_by_object_and_identity);
    tcase_add_test(tcase, forks_never_share_a_number_or_a_line);
    tcase_add_test(tcase, torn_last_line_is_ignored_and_garbage_is_not);
    tcase_add_test(tcase, file_is_private_and_never_overwritten);
    tcase_add_test(tcase, reopened_file_takes_what_is_removed);
    suite_add_tcase(suite, tcase);
    return suite;
}
