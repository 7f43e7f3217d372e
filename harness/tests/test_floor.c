/*
 * test_floor.c - operation x type x outcome: words, acts, sets.
 */
#include "runner/floor.h"

#include <check.h>
#include <stdio.h>

Suite *suite_floor(void);

static struct syn_floor floor_of(const char *words)
{
    struct syn_floor floor = {.bits = {0}};
    ck_assert(syn_floor_add_words(&floor, syn_str_of(words), NULL));
    return floor;
}

static void assert_words(const struct syn_floor *floor, const char *words)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, 4096);
    syn_floor_put(&out, floor);
    ck_assert_msg(syn_str_is(syn_buf_str(&out), words), "%.*s, not %s",
                  SYN_STR_ARG(syn_buf_str(&out)), words);
    syn_buf_fini(&out);
}

START_TEST(words_come_back_in_the_order_of_operations)
{
    struct syn_floor floor =
        floor_of("publish/stream/denied open/list/denied open/list/allowed");
    assert_words(&floor,
                 "open/list/allowed open/list/denied publish/stream/denied");
    ck_assert_uint_eq(syn_floor_count(&floor), 3);
}
END_TEST

static const char *const no_words[] = {"open",
                                       "open/list",
                                       "open/list/maybe",
                                       "open/queue/denied",
                                       "peek/list/denied",
                                       "open/list/denied/",
                                       "/list/denied",
                                       "open//denied"};

START_TEST(word_of_another_form_is_refused_by_name)
{
    struct syn_floor floor = {.bits = {0}};
    struct syn_str bad = {NULL, 0};
    char words[128];
    (void)snprintf(words, sizeof words, "open/list/denied %s", no_words[_i]);
    ck_assert(!syn_floor_add_words(&floor, syn_str_of(words), &bad));
    ck_assert(syn_str_is(bad, no_words[_i]));
}
END_TEST

static const struct {
    unsigned http;
    const char *words;
} acts[] = {{0, ""},
            {199, ""},
            {200, "ttl/map/allowed"},
            {299, "ttl/map/allowed"},
            {302, ""},
            {400, "ttl/map/denied"},
            {403, "ttl/map/denied"},
            {404, "ttl/map/denied"},
            {429, ""},
            {499, "ttl/map/denied"},
            {500, ""},
            {503, ""}};

START_TEST(act_counts_by_its_answer)
{
    struct syn_floor floor = {.bits = {0}};
    struct syn_act act = {
        .op = SYN_OP_TTL, .type = SYN_TYPE_MAP, .http = acts[_i].http};
    syn_floor_add_act(&floor, &act);
    assert_words(&floor, acts[_i].words);
}
END_TEST

START_TEST(every_cell_has_its_own_bit)
{
    struct syn_floor floor = {.bits = {0}};
    size_t count = 0;
    for (unsigned op = 0; op < SYN_OP_COUNT; op++) {
        for (unsigned type = 0; type < SYN_TYPE_COUNT; type++) {
            struct syn_act act = {.op = (enum syn_op)op,
                                  .type = (enum syn_type)type,
                                  .http = 200};
            syn_floor_add_act(&floor, &act);
            ck_assert_uint_eq(syn_floor_count(&floor), ++count);
            act.http = 403;
            syn_floor_add_act(&floor, &act);
            ck_assert_uint_eq(syn_floor_count(&floor), ++count);
        }
    }
}
END_TEST

START_TEST(sets_join_and_drop)
{
    struct syn_floor a = floor_of("open/list/denied deliver/stream/denied");
    struct syn_floor b = floor_of("open/map/denied");
    syn_floor_join(&a, &b);
    ck_assert_uint_eq(syn_floor_count(&a), 3);
    struct syn_floor c = floor_of("open/list/denied open/list/allowed");
    syn_floor_drop(&a, &c);
    assert_words(&a, "open/map/denied deliver/stream/denied");
}
END_TEST

START_TEST(row_without_line_declares_nothing)
{
    static const struct syn_exercise table[] = {
        {"a/b[list]", "open/list/denied"}, {NULL, NULL}};
    ck_assert_str_eq(syn_floor_words_of(table, SYN_STR("a/b[list]")),
                     "open/list/denied");
    ck_assert_str_eq(syn_floor_words_of(table, SYN_STR("a/b")), "");
    ck_assert_str_eq(syn_floor_words_of(NULL, SYN_STR("a/b")), "");
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *suite_floor(void)
{
    Suite *suite = suite_create("floor");
    TCase *words = tcase_create("words");
    tcase_add_test(words, words_come_back_in_the_order_of_operations);
    tcase_add_loop_test(words, word_of_another_form_is_refused_by_name, 0,
                        COUNT(no_words));
    tcase_add_loop_test(words, act_counts_by_its_answer, 0, COUNT(acts));
    tcase_add_test(words, every_cell_has_its_own_bit);
    tcase_add_test(words, sets_join_and_drop);
    tcase_add_test(words, row_without_line_declares_nothing);
    suite_add_tcase(suite, words);
    return suite;
}
