/*
 * test_chase.c - likely rows go first on a bug of the field, and none is lost.
 *
 * The rows here are the test's own, the bugs those of the service: one of the
 * field and one that rows name.
 */
#include "runner/chase.h"

#include <check.h>
#include <string.h>

#define ARENA_BYTES 1048576

Suite *suite_chase(void);

static const struct syn_scenario other = {
    .id = "sdk/replay/too-old", .source = "SDK-12", .types = 0};
static const struct syn_scenario akin = {.id = "acl/off/anyone",
                                         .source = "ACL-01"};
static const struct syn_scenario apt = {.id = "tok/stolen/once",
                                        .source = "TOK-01 ACL-09",
                                        .types = SYN_TYPES_CONTAINER};

#define FIELD "field-list-item-delete-needs-read" /* of clause ACL-09 */
#define NAMED "nbf-ignored"

static const char field[] = FIELD;
static const char named[] = NAMED;

static struct syn_plan_entry entries[] = {
    {.row = &other},
    {.row = &other, .defect = named},
    {.row = &other, .defect = field},
    {.row = &akin, .defect = field},
    {.row = &apt, .defect = field, .has_type = true, .type = SYN_TYPE_MAP},
    {.row = &apt, .defect = field, .has_type = true, .type = SYN_TYPE_LIST}};

static const size_t wanted[] = {0, 1, 5, 4, 3, 2};

START_TEST(likely_rows_of_a_field_bug_follow_all_others_runs)
{
    struct syn_arena arena;
    struct syn_plan plan = {.entries = entries,
                            .count = sizeof entries / sizeof entries[0]};
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    const size_t *order = syn_chase_order(&arena, &plan);
    ck_assert_ptr_nonnull(order);
    for (size_t i = 0; i < plan.count; i++) {
        ck_assert_msg(order[i] == wanted[i], "place %zu holds %zu, not %zu", i,
                      order[i], wanted[i]);
    }
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(two_field_bugs_take_turns)
{
    static const char second[] = "field-lost-update";
    struct syn_plan_entry four[] = {{.row = &akin, .defect = field},
                                    {.row = &other, .defect = field},
                                    {.row = &akin, .defect = second},
                                    {.row = &other, .defect = second}};
    struct syn_arena arena;
    struct syn_plan plan = {.entries = four, .count = 4};
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    const size_t *order = syn_chase_order(&arena, &plan);
    ck_assert_ptr_nonnull(order);
    ck_assert(order[0] < 2 && order[1] >= 2);
    ck_assert(order[2] < 2 && order[3] >= 2);
    ck_assert(order[0] != order[2] && order[1] != order[3]);
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(clause_outweighs_chapter_and_words)
{
    struct syn_bug bug;
    ck_assert(syn_bug_find(FIELD, &bug));
    ck_assert_str_eq(bug.clause, "ACL-09");
    ck_assert_uint_gt(syn_chase_score(&bug, &entries[5]),
                      syn_chase_score(&bug, &entries[3]));
    ck_assert_uint_gt(syn_chase_score(&bug, &entries[3]),
                      syn_chase_score(&bug, &entries[2]));
}
END_TEST

Suite *suite_chase(void)
{
    Suite *suite = suite_create("chase");
    TCase *tcase = tcase_create("chase");
    tcase_add_test(tcase, likely_rows_of_a_field_bug_follow_all_others_runs);
    tcase_add_test(tcase, two_field_bugs_take_turns);
    tcase_add_test(tcase, clause_outweighs_chapter_and_words);
    suite_add_tcase(suite, tcase);
    return suite;
}
