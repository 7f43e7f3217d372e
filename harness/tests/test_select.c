/*
 * test_select.c - which rows a selection takes, and how a plan is laid out.
 */
#include "runner/plan.h"
#include "runner/select.h"

#include <check.h>
#include <string.h>

#define ARENA_BYTES 16777216

/* The runner refers to the registry only through its options. */
Suite *suite_select(void);

static const struct syn_scenario acl_rows[] = {{.id = "acl/a/one",
                                                .title = "one",
                                                .source = "ACL-01",
                                                .level = SYN_LEVEL_MUST,
                                                .types = SYN_TYPES_GRANTED,
                                                .tags = "fast smoke",
                                                .defect = "d1 d2"},
                                               {.id = "acl/a/two",
                                                .title = "two",
                                                .source = "ACL-02",
                                                .level = SYN_LEVEL_SHOULD,
                                                .estimate_s = 59},
                                               {.id = "acl/b/slow",
                                                .title = "slow",
                                                .source = "ACL-03",
                                                .level = SYN_LEVEL_MUST,
                                                .needs = SYN_NEED_TLS,
                                                .estimate_s = 60}};
static const struct syn_scenario ttl_rows[] = {{.id = "ttl/a/one",
                                                .title = "ttl",
                                                .source = "TTL-01",
                                                .level = SYN_LEVEL_INFO}};
static const struct syn_suite acl = {"acl_a", "A", "acl.c", acl_rows, 3};
static const struct syn_suite ttl = {"ttl_a", "T", "ttl.c", ttl_rows, 1};
static const struct syn_suite *const suites[] = {&acl, &ttl, NULL};

static const struct {
    const char *prefix;
    const char *tag;
    unsigned levels;
    enum syn_profile profile;
    const char *defect;
    const char *taken; /* a digit for each row in order */
} cases[] = {
    {NULL, NULL, 0, SYN_PROFILE_NIGHTLY, NULL, "0123"},
    {"acl/", NULL, 0, SYN_PROFILE_NIGHTLY, NULL, "012"},
    {"acl/a", NULL, 0, SYN_PROFILE_NIGHTLY, NULL, "01"},
    {"ttl/a/one", NULL, 0, SYN_PROFILE_NIGHTLY, NULL, "3"},
    {NULL, "smoke", 0, SYN_PROFILE_NIGHTLY, NULL, "0"},
    {NULL, NULL, 1u << SYN_LEVEL_MUST, SYN_PROFILE_NIGHTLY, NULL, "02"},
    {NULL, NULL, 0, SYN_PROFILE_PRE_ACL, NULL, "0"},
    {NULL, NULL, 0, SYN_PROFILE_RELEASE, NULL, "01"},
    {NULL, NULL, 0, SYN_PROFILE_NIGHTLY, "d2", "0"},
    {NULL, NULL, 0, SYN_PROFILE_NIGHTLY, "d", ""},
};

START_TEST(selection_takes_these_rows)
{
    struct syn_selection selection = {
        .prefixes = &cases[_i].prefix,
        .prefix_count = cases[_i].prefix == NULL ? 0 : 1,
        .tags = &cases[_i].tag,
        .tag_count = cases[_i].tag == NULL ? 0 : 1,
        .levels = cases[_i].levels,
        .profile = cases[_i].profile,
        .defect = cases[_i].defect};
    const struct syn_scenario *all[] = {&acl_rows[0], &acl_rows[1],
                                        &acl_rows[2], &ttl_rows[0]};
    char taken[8] = "";
    for (size_t i = 0; i < 4; i++) {
        if (syn_select_has(&selection, all[i])) {
            taken[strlen(taken)] = (char)('0' + i);
        }
    }
    ck_assert_str_eq(taken, cases[_i].taken);
}
END_TEST

START_TEST(unknown_prefix_is_refused_although_another_fits)
{
    static const char *const prefixes[] = {"acl/", "nope/"};
    struct syn_selection selection = {.prefixes = prefixes, .prefix_count = 2};
    char fault[SYN_SELECT_FAULT_BYTES] = "";
    ck_assert_int_eq(syn_select_check(&selection, suites, fault),
                     SYN_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(fault, "nope/"));
}
END_TEST

START_TEST(selection_that_fits_nothing_together_is_refused)
{
    static const char *const prefixes[] = {"ttl/"};
    struct syn_selection selection = {.prefixes = prefixes,
                                      .prefix_count = 1,
                                      .levels = 1u << SYN_LEVEL_MUST};
    char fault[SYN_SELECT_FAULT_BYTES] = "";
    ck_assert_int_eq(syn_select_check(&selection, suites, fault),
                     SYN_ERR_CONFIG);
}
END_TEST

START_TEST(plan_is_rows_by_types_by_repeats_in_order)
{
    static const char *const names[] = {
        "acl/a/one[document]", "acl/a/one[document]#2",
        "acl/a/one[list]",     "acl/a/one[list]#2",
        "acl/a/one[map]",      "acl/a/one[map]#2",
        "acl/a/two",           "acl/a/two#2",
        "acl/b/slow",          "acl/b/slow#2",
        "ttl/a/one",           "ttl/a/one#2"};
    struct syn_arena arena;
    struct syn_plan plan = {.count = 0};
    struct syn_stage stage;
    struct syn_selection all = {.prefix_count = 0};
    struct syn_plan_order order = {
        .suites = suites, .selection = &all, .stage = &stage, .repeat = 2};
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    syn_stage_init_embedded(&stage);
    stage.offers &= ~(unsigned)SYN_NEED_TLS;
    ck_assert_int_eq(syn_plan_add(&arena, &plan, &order), SYN_OK);
    ck_assert_uint_eq(plan.count, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < plan.count; i++) {
        ck_assert_str_eq(plan.entries[i].name, names[i]);
        bool lacks = strncmp(names[i], "acl/b/", 6) == 0;
        ck_assert_int_eq(plan.entries[i].lack != NULL, lacks);
    }
    syn_arena_fini(&arena);
}
END_TEST

/* A target in a mode, and the safety of rows that it runs. */
START_TEST(mode_bounds_what_runs_on_a_target)
{
    struct syn_target target = {.path = "t",
                                .name = "t",
                                .rest_url = "https://x",
                                .sdk_url = "wss://x",
                                .authorisation_reference = "a letter",
                                .mode = (enum syn_target_mode)_i};
    struct syn_stage stage;
    syn_stage_init_target(&stage, &target, "12345678");
    for (int safety = SYN_SAFE_READONLY; safety <= SYN_SAFE_EMBEDDED;
         safety++) {
        struct syn_scenario row = {.id = "x/y/z",
                                   .safety = (enum syn_safety)safety};
        ck_assert_int_eq(syn_stage_lack(&stage, &row) == NULL, safety <= _i);
    }
}
END_TEST

START_TEST(hash_changes_with_a_row)
{
    static const struct syn_suite fewer = {"acl_a", "A", "acl.c", acl_rows, 2};
    static const struct syn_suite *const other[] = {&fewer, &ttl, NULL};
    char one[SYN_PLAN_HASH_BYTES];
    char same[SYN_PLAN_HASH_BYTES];
    char two[SYN_PLAN_HASH_BYTES];
    syn_plan_hash(suites, one);
    syn_plan_hash(suites, same);
    syn_plan_hash(other, two);
    ck_assert_str_eq(one, same);
    ck_assert_str_ne(one, two);
}
END_TEST

Suite *suite_select(void)
{
    Suite *suite = suite_create("select");
    TCase *tcase = tcase_create("select");
    tcase_add_loop_test(tcase, selection_takes_these_rows, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tcase, unknown_prefix_is_refused_although_another_fits);
    tcase_add_test(tcase, selection_that_fits_nothing_together_is_refused);
    tcase_add_test(tcase, plan_is_rows_by_types_by_repeats_in_order);
    tcase_add_loop_test(tcase, mode_bounds_what_runs_on_a_target, 0, 3);
    tcase_add_test(tcase, hash_changes_with_a_row);
    suite_add_tcase(suite, tcase);
    return suite;
}
