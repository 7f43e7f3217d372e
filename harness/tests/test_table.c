/*
 * test_table.c - hash table against a plain list, and SipHash-1-3 vectors.
 * Layer: tests. Source of vectors: computed with CPython 3.11, whose string
 * hash is SipHash-1-3 (PYTHONHASHSEED=0 is the zero key).
 */
#include "base/rng.h"
#include "base/table.h"
#include "fail_alloc.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_table(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct {
    const char *text;
    uint64_t hash;
} vectors[] = {
    {"a", UINT64_C(0x407448d2b89b1813)},
    {"ab", UINT64_C(0x555508cbc6add439)},
    {"abcdefg", UINT64_C(0x6db12aae9070f506)},
    {"abcdefgh", UINT64_C(0x3f7b849c0b8e35ea)},
    {"abcdefghi", UINT64_C(0xf89b34a3d11eb6e5)},
    {"Sync-Document/unique name 0123456789", UINT64_C(0xe5e1aff7507d974b)},
};

START_TEST(hash_matches_an_independent_one)
{
    static const uint64_t zero[2] = {0, 0};
    ck_assert_uint_eq(syn_table_hash(zero, syn_str_of(vectors[_i].text)),
                      vectors[_i].hash);
}
END_TEST

START_TEST(hash_depends_on_both_key_halves)
{
    static const uint64_t keys[][2] = {{0, 0}, {1, 0}, {0, 1}};
    uint64_t a = syn_table_hash(keys[0], SYN_STR("x"));
    uint64_t b = syn_table_hash(keys[1], SYN_STR("x"));
    uint64_t c = syn_table_hash(keys[2], SYN_STR("x"));
    ck_assert(a != b && b != c && a != c);
}
END_TEST

START_TEST(empty_table_finds_nothing)
{
    struct syn_table table;
    size_t cursor = 0;
    syn_table_init(&table, NULL);
    ck_assert_ptr_null(syn_table_find(&table, SYN_STR("a")));
    ck_assert_ptr_null(syn_table_remove(&table, SYN_STR("a")));
    ck_assert_ptr_null(syn_table_next(&table, &cursor));
    syn_table_fini(&table);
}
END_TEST

START_TEST(keys_are_bytes_not_text)
{
    struct syn_table table;
    int a = 1, b = 2, c = 3;
    syn_table_init(&table, NULL);
    ck_assert_int_eq(syn_table_insert(&table, SYN_STR("a\0x"), &a), SYN_OK);
    ck_assert_int_eq(syn_table_insert(&table, SYN_STR("a\0y"), &b), SYN_OK);
    ck_assert_int_eq(syn_table_insert(&table, SYN_STR(""), &c), SYN_OK);
    ck_assert_int_eq(syn_table_insert(&table, SYN_STR("a\0x"), &c),
                     SYN_ERR_EXISTS);
    ck_assert_ptr_eq(syn_table_find(&table, SYN_STR("a\0x")), &a);
    ck_assert_ptr_eq(syn_table_find(&table, SYN_STR("a\0y")), &b);
    ck_assert_ptr_eq(syn_table_find(&table, syn_str_of(NULL)), &c);
    ck_assert_ptr_null(syn_table_find(&table, SYN_STR("a")));
    ck_assert_ptr_eq(syn_table_remove(&table, SYN_STR("a\0x")), &a);
    ck_assert_ptr_null(syn_table_find(&table, SYN_STR("a\0x")));
    ck_assert_uint_eq(table.count, 2);
    syn_table_fini(&table);
}
END_TEST

#define KEYS  700
#define STEPS 40000

struct entry {
    char name[12];
    bool is_in;
    bool is_seen;
};

static struct syn_str key_of(const struct entry *entry)
{
    return syn_str_of(entry->name);
}

static void check_iteration(const struct syn_table *table, struct entry *all)
{
    size_t cursor = 0;
    size_t seen = 0;
    for (struct entry *entry = syn_table_next(table, &cursor); entry != NULL;
         entry = syn_table_next(table, &cursor)) {
        ck_assert(entry->is_in && !entry->is_seen);
        entry->is_seen = true;
        seen++;
    }
    ck_assert_uint_eq(seen, table->count);
    for (size_t i = 0; i < KEYS; i++) {
        all[i].is_seen = false;
    }
}

/* Inserts and removals at random: backward shifts at all fill grades. */
START_TEST(table_agrees_with_a_list)
{
    static struct entry all[KEYS];
    struct syn_table table;
    struct syn_rng rng;
    size_t count = 0;
    syn_rng_init(&rng, 0x5eed, (uint64_t)_i);
    syn_table_init(&table, NULL);
    for (size_t i = 0; i < KEYS; i++) {
        snprintf(all[i].name, sizeof all[i].name, "key-%zu", i);
    }
    for (size_t step = 0; step < STEPS; step++) {
        struct entry *entry = &all[syn_rng_below(&rng, KEYS)];
        if (syn_rng_below(&rng, 2) == 0) {
            syn_status st = syn_table_insert(&table, key_of(entry), entry);
            ck_assert_int_eq(st, entry->is_in ? SYN_ERR_EXISTS : SYN_OK);
            count += entry->is_in ? 0 : 1;
            entry->is_in = true;
        } else {
            void *gone = syn_table_remove(&table, key_of(entry));
            ck_assert_ptr_eq(gone, entry->is_in ? entry : NULL);
            count -= entry->is_in ? 1 : 0;
            entry->is_in = false;
        }
        ck_assert_uint_eq(table.count, count);
        struct entry *other = &all[syn_rng_below(&rng, KEYS)];
        ck_assert_ptr_eq(syn_table_find(&table, key_of(other)),
                         other->is_in ? other : NULL);
    }
    check_iteration(&table, all);
    for (size_t i = 0; i < KEYS; i++) {
        ck_assert_ptr_eq(syn_table_find(&table, key_of(&all[i])),
                         all[i].is_in ? &all[i] : NULL);
    }
    syn_table_fini(&table);
}
END_TEST

START_TEST(steady_use_does_not_grow_the_table)
{
    struct syn_table table;
    char names[20000][12];
    syn_table_init(&table, NULL);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(names[i], sizeof names[i], "n%zu", i);
        ck_assert_int_eq(
            syn_table_insert(&table, syn_str_of(names[i]), names[i]), SYN_OK);
        if (i >= 5) {
            ck_assert_ptr_eq(syn_table_remove(&table, syn_str_of(names[i - 5])),
                             names[i - 5]);
        }
    }
    ck_assert_uint_eq(table.count, 5);
    ck_assert_uint_eq(table.capacity, 8);
    syn_table_fini(&table);
}
END_TEST

START_TEST(table_survives_each_failed_allocation)
{
    static char names[500][8];
    bool has_failed = true;
    for (unsigned n = 1; has_failed; n++) {
        struct fail_alloc fail;
        struct syn_table table;
        size_t inserted = 0;
        fail_alloc_init(&fail, n);
        syn_table_init(&table, &fail.table);
        for (size_t i = 0; i < COUNT(names); i++) {
            snprintf(names[i], sizeof names[i], "%zu", i);
            syn_status st =
                syn_table_insert(&table, syn_str_of(names[i]), names[i]);
            ck_assert(st == SYN_OK || st == SYN_ERR_MEMORY);
            bool is_in = syn_table_find(&table, syn_str_of(names[i])) != NULL;
            ck_assert_int_eq(is_in, st == SYN_OK);
            inserted += is_in ? 1 : 0;
        }
        ck_assert_uint_eq(inserted, COUNT(names) - (fail.has_failed ? 1 : 0));
        has_failed = fail.has_failed;
        syn_table_fini(&table);
        ck_assert_uint_eq(fail.blocks, 0);
        ck_assert_uint_lt(n, 100);
    }
}
END_TEST

Suite *suite_table(void)
{
    Suite *suite = suite_create("table");
    TCase *tc = tcase_create("table");
    tcase_add_loop_test(tc, hash_matches_an_independent_one, 0, COUNT(vectors));
    tcase_add_test(tc, hash_depends_on_both_key_halves);
    tcase_add_test(tc, empty_table_finds_nothing);
    tcase_add_test(tc, keys_are_bytes_not_text);
    tcase_add_loop_test(tc, table_agrees_with_a_list, 0, 4);
    tcase_add_test(tc, steady_use_does_not_grow_the_table);
    tcase_add_test(tc, table_survives_each_failed_allocation);
    suite_add_tcase(suite, tc);
    return suite;
}
