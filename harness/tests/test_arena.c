/*
 * test_arena.c - bump allocation, marks, deferred releases, failed calls.
 * Layer: tests.
 */
#include "fail_alloc.h"
#include "syn/arena.h"
#include "syn/limits.h"

#include <check.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

Suite *suite_arena(void);

#define ROOMY 1000000

/* Each release appends its letter, so that order can be read. */
static char released[16];

static void note_release(void *object)
{
    strncat(released, object, 1);
}

static void setup(void)
{
    released[0] = '\0';
}

START_TEST(memory_is_zeroed_aligned_and_apart)
{
    struct syn_arena arena;
    char *last = NULL;
    syn_arena_init(&arena, NULL, ROOMY);
    for (size_t bytes = 0; bytes < 300; bytes++) {
        char *at = syn_arena_alloc(&arena, bytes);
        ck_assert_ptr_nonnull(at);
        ck_assert_ptr_ne(at, last);
        ck_assert_uint_eq((uintptr_t)at % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < bytes; i++) {
            ck_assert_int_eq(at[i], 0);
        }
        memset(at, 0xff, bytes); /* dirt for what comes after */
        last = at;
    }
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(rewound_memory_is_zeroed_again)
{
    struct syn_arena arena;
    syn_arena_init(&arena, NULL, ROOMY);
    struct syn_arena_mark mark = syn_arena_mark(&arena);
    char *first = syn_arena_alloc(&arena, 100);
    ck_assert_ptr_nonnull(first);
    memset(first, 0xff, 100);
    syn_arena_rewind(&arena, mark);
    ck_assert_uint_eq(arena.bytes_used, 0);
    char *again = syn_arena_alloc(&arena, 100);
    ck_assert_ptr_eq(again, first);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_int_eq(again[i], 0);
    }
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(bound_is_reached_but_not_passed)
{
    struct syn_arena arena;
    syn_arena_init(&arena, NULL, 64);
    ck_assert_ptr_nonnull(syn_arena_alloc(&arena, 48));
    ck_assert_ptr_null(syn_arena_alloc(&arena, 17));
    ck_assert_ptr_nonnull(syn_arena_alloc(&arena, 16));
    ck_assert_ptr_null(syn_arena_alloc(&arena, 0));
    ck_assert_uint_eq(arena.bytes_used, 64);
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(overflowing_sizes_are_refused)
{
    struct syn_arena arena;
    syn_arena_init(&arena, NULL, SIZE_MAX);
    ck_assert_ptr_null(syn_arena_array(&arena, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(syn_arena_alloc(&arena, SIZE_MAX));
    struct syn_str huge = {"", SIZE_MAX};
    ck_assert_ptr_null(syn_arena_dup(&arena, huge).at);
    ck_assert_ptr_nonnull(syn_arena_array(&arena, 0, 8));
    ck_assert_ptr_nonnull(syn_arena_array(&arena, 8, 0));
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(large_blocks_get_their_own_chunk)
{
    struct syn_arena arena;
    syn_arena_init(&arena, NULL, 10 * ROOMY);
    char *small = syn_arena_alloc(&arena, 16);
    char *large = syn_arena_alloc(&arena, ROOMY);
    ck_assert_ptr_nonnull(small);
    ck_assert_ptr_nonnull(large);
    memset(large, 1, ROOMY);
    ck_assert_int_eq(small[0], 0);
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(text_ends_in_nul)
{
    struct syn_arena arena;
    syn_arena_init(&arena, NULL, ROOMY);
    struct syn_str copy = syn_arena_dup(&arena, SYN_STR("a\0b"));
    ck_assert(syn_str_is_equal(copy, SYN_STR("a\0b")));
    ck_assert_int_eq(copy.at[3], '\0');
    struct syn_str empty = syn_arena_dup(&arena, syn_str_of(NULL));
    ck_assert_ptr_nonnull(empty.at);
    ck_assert_int_eq(empty.at[0], '\0');
    struct syn_str made = syn_arena_printf(&arena, "%s-%03d", "x", 7);
    ck_assert(syn_str_is(made, "x-007"));
    ck_assert_int_eq(made.at[5], '\0');
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(releases_run_newest_first)
{
    struct syn_arena arena;
    syn_arena_init(&arena, NULL, ROOMY);
    ck_assert_int_eq(syn_arena_defer(&arena, note_release, "a"), SYN_OK);
    ck_assert_int_eq(syn_arena_defer(&arena, note_release, "b"), SYN_OK);
    struct syn_arena_mark mark = syn_arena_mark(&arena);
    ck_assert_int_eq(syn_arena_defer(&arena, note_release, "c"), SYN_OK);
    ck_assert_ptr_nonnull(syn_arena_alloc(&arena, 2 * ROOMY / 3));
    ck_assert_int_eq(syn_arena_defer(&arena, note_release, "d"), SYN_OK);
    syn_arena_rewind(&arena, mark);
    ck_assert_str_eq(released, "dc");
    syn_arena_fini(&arena);
    ck_assert_str_eq(released, "dcba");
}
END_TEST

START_TEST(defer_that_does_not_fit_releases_at_once)
{
    struct syn_arena arena;
    syn_arena_init(&arena, NULL, 8);
    ck_assert_int_eq(syn_arena_defer(&arena, note_release, "x"), SYN_ERR_LIMIT);
    ck_assert_str_eq(released, "x");
    syn_arena_fini(&arena);
    ck_assert_str_eq(released, "x");
}
END_TEST

START_TEST(marks_nest)
{
    struct syn_arena arena;
    syn_arena_init(&arena, NULL, 10 * ROOMY);
    char *base = syn_arena_alloc(&arena, 100);
    memset(base, 'b', 100);
    struct syn_arena_mark outer = syn_arena_mark(&arena);
    for (size_t round = 0; round < 50; round++) {
        ck_assert_ptr_nonnull(syn_arena_alloc(&arena, 1000 * round));
        struct syn_arena_mark inner = syn_arena_mark(&arena);
        size_t used = arena.bytes_used;
        ck_assert_ptr_nonnull(syn_arena_alloc(&arena, 5000));
        syn_arena_rewind(&arena, inner);
        ck_assert_uint_eq(arena.bytes_used, used);
        if (round % 7 == 0) {
            syn_arena_rewind(&arena, outer);
        }
    }
    for (size_t i = 0; i < 100; i++) {
        ck_assert_int_eq(base[i], 'b');
    }
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(scratch_settles_without_allocations)
{
    struct fail_alloc counted;
    struct syn_arena arena;
    fail_alloc_init(&counted, 0);
    syn_arena_init(&arena, &counted.table, ROOMY);
    for (int round = 0; round < 100; round++) {
        struct syn_arena_mark mark = syn_arena_mark(&arena);
        for (int i = 0; i < 10; i++) {
            ck_assert_ptr_nonnull(syn_arena_alloc(&arena, 100));
        }
        syn_arena_rewind(&arena, mark);
    }
    ck_assert_uint_eq(counted.calls, 1);
    syn_arena_fini(&arena);
    ck_assert_uint_eq(counted.blocks, 0);
}
END_TEST

START_TEST(oversized_chunks_are_not_kept)
{
    struct fail_alloc counted;
    struct syn_arena arena;
    fail_alloc_init(&counted, 0);
    syn_arena_init(&arena, &counted.table, ROOMY);
    struct syn_arena_mark mark = syn_arena_mark(&arena);
    ck_assert_ptr_nonnull(
        syn_arena_alloc(&arena, SYN_ARENA_CHUNK_BYTES_MAX + 1));
    syn_arena_rewind(&arena, mark);
    ck_assert_uint_eq(counted.blocks, 0);
    syn_arena_fini(&arena);
}
END_TEST

/* A bit of everything; false when memory ran out. */
static bool use_arena(struct syn_arena *arena)
{
    struct syn_arena_mark mark = syn_arena_mark(arena);
    bool is_good = true;
    for (size_t i = 0; i < 40; i++) {
        is_good = syn_arena_alloc(arena, 700 * i) != NULL && is_good;
        is_good = syn_arena_printf(arena, "%zu", i).at != NULL && is_good;
        is_good = syn_arena_dup(arena, SYN_STR("text")).at != NULL && is_good;
    }
    is_good = syn_arena_defer(arena, note_release, "r") == SYN_OK && is_good;
    syn_arena_rewind(arena, mark);
    return is_good;
}

START_TEST(arena_survives_each_failed_allocation)
{
    bool has_failed = true;
    for (unsigned n = 1; has_failed; n++) {
        struct fail_alloc fail;
        struct syn_arena arena;
        released[0] = '\0';
        fail_alloc_init(&fail, n);
        syn_arena_init(&arena, &fail.table, ROOMY);
        bool is_good = use_arena(&arena);
        ck_assert_int_eq(is_good, !fail.has_failed);
        ck_assert_str_eq(released, "r"); /* exactly once in any case */
        has_failed = fail.has_failed;
        syn_arena_fini(&arena);
        ck_assert_uint_eq(fail.blocks, 0);
        ck_assert_uint_lt(n, 1000);
    }
}
END_TEST

START_TEST(foreign_mark_aborts)
{
    struct syn_arena arena, other;
    syn_arena_init(&arena, NULL, ROOMY);
    syn_arena_init(&other, NULL, ROOMY);
    ck_assert_ptr_nonnull(syn_arena_alloc(&other, 1));
    syn_arena_rewind(&arena, syn_arena_mark(&other));
}
END_TEST

Suite *suite_arena(void)
{
    Suite *suite = suite_create("arena");
    TCase *tc = tcase_create("arena");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, memory_is_zeroed_aligned_and_apart);
    tcase_add_test(tc, rewound_memory_is_zeroed_again);
    tcase_add_test(tc, bound_is_reached_but_not_passed);
    tcase_add_test(tc, overflowing_sizes_are_refused);
    tcase_add_test(tc, large_blocks_get_their_own_chunk);
    tcase_add_test(tc, text_ends_in_nul);
    tcase_add_test(tc, releases_run_newest_first);
    tcase_add_test(tc, defer_that_does_not_fit_releases_at_once);
    tcase_add_test(tc, marks_nest);
    tcase_add_test(tc, scratch_settles_without_allocations);
    tcase_add_test(tc, oversized_chunks_are_not_kept);
    tcase_add_test(tc, arena_survives_each_failed_allocation);
    tcase_add_test_raise_signal(tc, foreign_mark_aborts, SIGABRT);
    suite_add_tcase(suite, tc);
    return suite;
}
