/*
 * test_instance.c - the table of instances is whole and can be found.
 */
#include "runner/instance.h"

#include "runner/bug.h"
#include "runner/clause.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES 16777216
#define PATH_BYTES  512

static const char *const kinds[] = {"issuer", "receiver", "app", "audit"};
#define KINDS ((int)(sizeof kinds / sizeof kinds[0]))

START_TEST(each_kind_has_one_sound_and_some_bad)
{
    size_t sound = 0;
    size_t bad = 0;
    for (size_t i = 0; syn_instances[i].name != NULL; i++) {
        size_t bytes = strlen(kinds[_i]);
        if (strncmp(syn_instances[i].name, kinds[_i], bytes) == 0) {
            bool is_sound = syn_instances[i].clause[0] == '\0';
            sound += is_sound ? 1 : 0;
            bad += is_sound ? 0 : 1;
        }
    }
    ck_assert_uint_eq(sound, 1);
    ck_assert_uint_gt(bad, 0);
}
END_TEST

/* A file that is not compiled in would be a fault that nobody seeds. */
START_TEST(each_file_is_in_the_table)
{
    char folder[PATH_BYTES];
    char name[PATH_BYTES];
    size_t files = 0;
    (void)snprintf(folder, sizeof folder, SYN_SOURCE_DIR "/fixtures/%ss",
                   kinds[_i]);
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    for (struct dirent *e = readdir(entries); e != NULL; e = readdir(entries)) {
        const char *leaf =
            strncmp(e->d_name, "bad-", 4) == 0 ? e->d_name + 4 : e->d_name;
        const char *end = strstr(leaf, ".json");
        if (end == NULL) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%s/%.*s", kinds[_i],
                       (int)(end - leaf), leaf);
        const struct syn_instance *found = syn_instance_for(kinds[_i], name);
        ck_assert_msg(found != NULL, "%s is not compiled in", name);
        ck_assert_str_eq(found->name, name);
        files++;
    }
    (void)closedir(entries);
    ck_assert_uint_gt(files, 1);
}
END_TEST

START_TEST(bad_ones_are_defects_of_known_clauses)
{
    struct syn_bug bug;
    for (size_t i = 0; syn_instance_bad_at(i) != NULL; i++) {
        const struct syn_instance *bad = syn_instance_bad_at(i);
        ck_assert_msg(syn_clause_find(syn_str_of(bad->clause)) != NULL,
                      "%s names no clause", bad->name);
        ck_assert(syn_bug_find(bad->name, &bug));
        ck_assert_int_eq(bug.seat, SYN_BUG_INSTANCE);
        ck_assert_str_eq(bug.title, bad->title);
    }
}
END_TEST

START_TEST(a_defect_of_another_seat_leaves_the_sound_one)
{
    const struct syn_instance *sound = syn_instance_for("issuer", NULL);
    ck_assert_str_eq(sound->name, "issuer/good");
    ck_assert_ptr_eq(syn_instance_for("issuer", "grant-ignored"), sound);
    ck_assert_ptr_eq(syn_instance_for("issuer", "receiver/no-check"), sound);
    ck_assert_ptr_null(syn_instance_for("issuer", "issuer/no-such"));
    ck_assert_ptr_null(syn_instance_for("nobody", NULL));
}
END_TEST

START_TEST(settings_of_each_can_be_read)
{
    struct syn_arena arena;
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    for (size_t i = 0; syn_instances[i].name != NULL; i++) {
        const struct syn_json *settings =
            syn_instance_settings(&arena, &syn_instances[i]);
        ck_assert(syn_json_is(settings, SYN_JSON_OBJECT));
    }
    syn_arena_fini(&arena);
}
END_TEST

Suite *suite_instance(void);
Suite *suite_instance(void)
{
    Suite *suite = suite_create("instance");
    TCase *tcase = tcase_create("table");
    tcase_add_loop_test(tcase, each_kind_has_one_sound_and_some_bad, 0, KINDS);
    tcase_add_loop_test(tcase, each_file_is_in_the_table, 0, KINDS);
    tcase_add_test(tcase, bad_ones_are_defects_of_known_clauses);
    tcase_add_test(tcase, a_defect_of_another_seat_leaves_the_sound_one);
    tcase_add_test(tcase, settings_of_each_can_be_read);
    suite_add_tcase(suite, tcase);
    return suite;
}
