/*
 * test_selftest.c - what selftest makes of rows that it cannot trust.
 *
 * The registries here are the test's own. A row cannot see which bug it meets,
 * so one that must turn red under it leaves a file behind in its clean run and
 * breaks when it finds one.
 */
#include "base/json.h"
#include "runner/runner.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES  67108864
#define REPORT_BYTES 4194304
#define PATH_BYTES   256
#define FIELD        "field-lost-update"
#define NAMED        "nbf-ignored"
#define IDLE_ROWS    200 /* more than run before a kill is heard of */

Suite *suite_selftest(void);

static char place[] = "/tmp/syn-selftest-XXXXXX";

static void path_in_place(char out[PATH_BYTES], const char *name)
{
    (void)snprintf(out, PATH_BYTES, "%s/%s", place, name);
}

/* --- rows -----------------------------------------------------------------
 */

static void passes(struct syn_run *run)
{
    EXPECT_TRUE(run, "all is well", true);
}

static void fails(struct syn_run *run)
{
    EXPECT_TRUE(run, "all is well", false);
}

static void breaks_again(struct syn_run *run)
{
    char path[PATH_BYTES];
    path_in_place(path, "mark");
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    EXPECT_TRUE(run, "nobody was here before", fd >= 0);
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void crashes_again(struct syn_run *run)
{
    char path[PATH_BYTES];
    path_in_place(path, "mark");
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    EXPECT_TRUE(run, "it has begun", true);
    if (fd < 0) {
        abort();
    }
    (void)close(fd);
}

#define ROW(name, a_level, names, function)                                \
    {                                                                      \
        .id = "kit/self/" name, .title = "It " name, .source = "REST-32",  \
        .level = SYN_LEVEL_##a_level, .defect = (names), .run = (function) \
    }

static const struct syn_scenario unknown_rows[] = {
    ROW("passes", MUST, NAMED, passes),
    ROW("errs", MUST, NAMED " no-such-bug", passes)};
static const struct syn_scenario red_rows[] = {
    ROW("fails", MUST, NAMED, fails)};
static const struct syn_scenario warned_rows[] = {
    ROW("warns", SHOULD, NAMED, fails)};
static const struct syn_scenario blind_rows[] = {
    ROW("passes", MUST, NULL, passes), ROW("passes-too", MUST, NULL, passes)};
static const struct syn_scenario killing_rows[] = {
    ROW("kills", MUST, NAMED, breaks_again)};
static const struct syn_scenario crashing_rows[] = {
    ROW("crashes", MUST, NAMED, crashes_again)};

/* One that kills among many that do not; filled before use. */
static struct syn_scenario many_rows[IDLE_ROWS + 1];
static char many_ids[IDLE_ROWS + 1][PATH_BYTES];

static void fill_many(void)
{
    for (size_t i = 0; i < IDLE_ROWS + 1; i++) {
        (void)snprintf(many_ids[i], PATH_BYTES, "kit/self/row-%03zu", i);
        many_rows[i] = (struct syn_scenario)ROW("", MUST, NULL, passes);
        many_rows[i].id = many_ids[i];
        many_rows[i].source = "KIT-01";
    }
    many_rows[IDLE_ROWS].source = "REST-32"; /* of the bug: it goes first */
    many_rows[IDLE_ROWS].run = breaks_again;
}

/* --- the run --------------------------------------------------------------
 */

static void make_place(void)
{
    ck_assert_ptr_nonnull(mkdtemp(place));
}

static void remove_capsules(void)
{
    char folder[PATH_BYTES];
    char path[2 * PATH_BYTES];
    path_in_place(folder, "capsules");
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(entries); entry != NULL;
         entry = readdir(entries)) {
        (void)snprintf(path, sizeof path, "%s/%.255s", folder, entry->d_name);
        (void)unlink(path); /* refused for "." and ".." */
    }
    (void)closedir(entries);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void remove_place(void)
{
    static const char *const names[] = {"junit.xml", "run.json", "stdout",
                                        "mark"};
    char path[PATH_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_in_place(path, names[i]);
        (void)unlink(path);
    }
    remove_capsules();
    ck_assert_int_eq(rmdir(place), 0); /* no evidence stays behind */
}

static int run_selected(const struct syn_scenario *rows, size_t count,
                        const char *defect, bool runs_all, unsigned levels)
{
    const struct syn_suite suite = {"kit_self", "Self", __FILE__, rows, count};
    const struct syn_suite *const suites[] = {&suite, NULL};
    char path[PATH_BYTES];
    path_in_place(path, "stdout");
    ck_assert_ptr_nonnull(freopen(path, "w", stdout));
    struct syn_runner_options options = {.verb = "selftest",
                                         .version = "0",
                                         .build = "test",
                                         .suites = suites,
                                         .seed = 5,
                                         .jobs = 1,
                                         .repeat = 1,
                                         .row_seconds = 5,
                                         .out_dir = place,
                                         .style.is_quiet = true,
                                         .is_selftest = true,
                                         .selection = {.levels = levels},
                                         .one_defect = defect,
                                         .runs_all = runs_all};
    return syn_runner_run(&options);
}

static int run_selftest(const struct syn_scenario *rows, size_t count,
                        const char *defect, bool runs_all)
{
    return run_selected(rows, count, defect, runs_all, 0);
}

static const struct syn_json *read_report(struct syn_arena *arena)
{
    char path[PATH_BYTES];
    const struct syn_json *tree = NULL;
    struct syn_json_rules rules = {.bytes_max = REPORT_BYTES};
    char *text = syn_arena_alloc(arena, REPORT_BYTES);
    path_in_place(path, "run.json");
    FILE *file = fopen(path, "rb");
    ck_assert(file != NULL && text != NULL);
    size_t bytes = fread(text, 1, REPORT_BYTES, file);
    (void)fclose(file);
    ck_assert_int_eq(syn_json_parse(arena, (struct syn_str){text, bytes},
                                    &rules, &tree, NULL),
                     SYN_OK);
    return tree;
}

static bool has_printed(const char *text)
{
    static char all[REPORT_BYTES];
    char path[PATH_BYTES];
    (void)fflush(stdout);
    path_in_place(path, "stdout");
    FILE *file = fopen(path, "rb");
    ck_assert(file != NULL);
    size_t bytes = fread(all, 1, sizeof all - 1, file);
    all[bytes] = '\0';
    (void)fclose(file);
    return strstr(all, text) != NULL;
}

/* Runs of the one defect, and how many of them killed it. */
static size_t count_runs(int64_t *kills)
{
    struct syn_arena arena;
    size_t count = 0;
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    const struct syn_json *report = read_report(&arena);
    ck_assert(syn_json_i64(syn_json_at(report, "/defects/0/kills"), kills));
    const struct syn_json *run =
        syn_json_first(syn_json_at(report, "/defects/0/runs"));
    while (run != NULL) {
        count++;
        run = syn_json_next(run);
    }
    syn_arena_fini(&arena);
    return count;
}

/* Is it among the runs of the one defect? */
static bool has_run(const char *row)
{
    struct syn_arena arena;
    bool is_there = false;
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    const struct syn_json *report = read_report(&arena);
    const struct syn_json *run =
        syn_json_first(syn_json_at(report, "/defects/0/runs"));
    while (run != NULL && !is_there) {
        is_there = syn_str_is(
            syn_json_str(syn_json_member(run, "row"), SYN_STR("")), row);
        run = syn_json_next(run);
    }
    syn_arena_fini(&arena);
    return is_there;
}

/* --- the tests ------------------------------------------------------------
 */

START_TEST(row_that_names_no_defect_there_is_exits_70)
{
    ck_assert_int_eq(run_selftest(unknown_rows, 2, NULL, false), 70);
    ck_assert(
        has_printed("row kit/self/errs names the defect \"no-such-bug\""));
}
END_TEST

START_TEST(row_that_is_red_without_defect_exits_1)
{
    ck_assert_int_eq(run_selftest(red_rows, 1, NAMED, false), 1);
    ck_assert(has_printed("exit 1: 1 row is red without any defect"));
}
END_TEST

START_TEST(row_that_warns_without_defect_exits_1)
{
    ck_assert_int_eq(run_selftest(warned_rows, 1, NAMED, false), 1);
    ck_assert(has_printed("exit 1: 1 row is red without any defect"));
}
END_TEST

START_TEST(field_bug_that_no_row_notices_is_a_survivor)
{
    int64_t kills = -1;
    ck_assert_int_eq(run_selftest(blind_rows, 2, FIELD, false), 1);
    ck_assert(has_printed("exit 1: 1 of 1 seeded defects survived"));
    ck_assert(has_printed("survivor: " FIELD ": two writers"));
    ck_assert_uint_eq(count_runs(&kills), 2);
    ck_assert_int_eq(kills, 0);
}
END_TEST

START_TEST(named_bug_that_its_row_notices_is_killed)
{
    int64_t kills = 0;
    ck_assert_int_eq(run_selftest(killing_rows, 1, NAMED, false), 0);
    ck_assert_uint_eq(count_runs(&kills), 1);
    ck_assert_int_eq(kills, 1);
}
END_TEST

/* A row that crashes tells nothing about the service: no kill, and our error,
 * but the survivor comes first. */
START_TEST(crash_under_a_bug_is_no_kill)
{
    int64_t kills = -1;
    ck_assert_int_eq(run_selftest(crashing_rows, 1, NAMED, false), 1);
    ck_assert_uint_eq(count_runs(&kills), 1);
    ck_assert_int_eq(kills, 0);
}
END_TEST

START_TEST(first_kill_of_a_field_bug_calls_the_others_off)
{
    int64_t kills = 0;
    fill_many();
    ck_assert_int_eq(run_selftest(many_rows, IDLE_ROWS + 1, FIELD, false), 0);
    ck_assert_uint_lt(count_runs(&kills), IDLE_ROWS);
    ck_assert_int_eq(kills, 1);
}
END_TEST

/* Two rows name the bug: the second is proven by it as well. */
START_TEST(first_kill_of_a_field_bug_spares_rows_that_name_it)
{
    int64_t kills = 0;
    fill_many();
    many_rows[0].defect = FIELD; /* the last in the order of the chase */
    ck_assert_int_eq(run_selftest(many_rows, IDLE_ROWS + 1, FIELD, false), 0);
    ck_assert_uint_lt(count_runs(&kills), IDLE_ROWS);
    ck_assert(has_run("kit/self/row-000"));
    ck_assert(!has_run("kit/self/row-150"));
}
END_TEST

START_TEST(selection_counts_no_bug_that_its_rows_do_not_name)
{
    ck_assert_int_eq(
        run_selected(blind_rows, 2, NULL, false, 1u << SYN_LEVEL_MUST), 1);
    ck_assert(has_printed("score: 0 of 0 defects killed"));
    ck_assert(has_printed("exit 1: no seeded defect turns 2 of the MUST"));
}
END_TEST

START_TEST(whole_suite_counts_bugs_that_no_row_names)
{
    ck_assert_int_eq(run_selected(blind_rows, 2, NULL, false, 0), 1);
    ck_assert(!has_printed("score: 0 of 0 defects killed"));
    ck_assert(has_printed("seeded defects survived"));
}
END_TEST

START_TEST(all_runs_every_row_against_a_field_bug)
{
    int64_t kills = 0;
    fill_many();
    ck_assert_int_eq(run_selftest(many_rows, IDLE_ROWS + 1, FIELD, true), 0);
    ck_assert_uint_eq(count_runs(&kills), IDLE_ROWS + 1);
    ck_assert_int_eq(kills, 1);
}
END_TEST

Suite *suite_selftest(void)
{
    Suite *suite = suite_create("selftest");
    TCase *tcase = tcase_create("selftest");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, make_place, remove_place);
    tcase_add_test(tcase, row_that_names_no_defect_there_is_exits_70);
    tcase_add_test(tcase, row_that_is_red_without_defect_exits_1);
    tcase_add_test(tcase, row_that_warns_without_defect_exits_1);
    tcase_add_test(tcase, field_bug_that_no_row_notices_is_a_survivor);
    tcase_add_test(tcase, named_bug_that_its_row_notices_is_killed);
    tcase_add_test(tcase, crash_under_a_bug_is_no_kill);
    tcase_add_test(tcase, first_kill_of_a_field_bug_calls_the_others_off);
    tcase_add_test(tcase, first_kill_of_a_field_bug_spares_rows_that_name_it);
    tcase_add_test(tcase, selection_counts_no_bug_that_its_rows_do_not_name);
    tcase_add_test(tcase, whole_suite_counts_bugs_that_no_row_names);
    tcase_add_test(tcase, all_runs_every_row_against_a_field_bug);
    suite_add_tcase(suite, tcase);
    return suite;
}
