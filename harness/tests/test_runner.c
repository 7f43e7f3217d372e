/*
 * test_runner.c - rows that must end in every way, and what each must report.
 *
 * The registry here is the test's own. Its rows need no service: they record,
 * skip, crash, hang or lie, and a table says which verdict each must get.
 */
#include "base/buf.h"
#include "base/json.h"
#include "runner/runner.h"
#include "syn/limits.h"

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARENA_BYTES  67108864
#define REPORT_BYTES 4194304
#define PATH_BYTES   256

Suite *suite_runner(void);

static struct syn_reply reply_of(unsigned http, const char *body)
{
    return (struct syn_reply){.status = SYN_OK,
                              .http = http,
                              .code = 54007,
                              .body = syn_str_of(body)};
}

static const struct syn_reply nothing = {.status = SYN_ERR_TIMEOUT};

static void passes(struct syn_run *run)
{
    EXPECT_CONTROL(run, "with the grant", reply_of(200, "{}"));
    EXPECT_DENIED(run, "without it", reply_of(403, "{}"), NULL);
    EXPECT_INT(run, "a number", 5, ==, 5);
    EXPECT_STR(run, "a text", SYN_STR("abc"), has, SYN_STR("b"));
    syn_measure(run, "took_ms", 7);
    syn_observe(run, "colour", "%s", "blue");
}

static void fails(struct syn_run *run)
{
    EXPECT_CONTROL(run, "with the grant", reply_of(200, "{}"));
    EXPECT_DENIED(run, "without it", reply_of(200, "{}"), NULL);
}

static void discloses(struct syn_run *run)
{
    struct syn_thing thing = {.canary = SYN_STR("canary-1")};
    EXPECT_CONTROL(run, "with the grant", reply_of(200, "{}"));
    EXPECT_DENIED(run, "without it", reply_of(403, "{\"x\":\"canary-1\"}"),
                  &thing);
}

static void fails_its_control(struct syn_run *run)
{
    EXPECT_CONTROL(run, "with the grant", reply_of(403, "{}"));
    EXPECT_DENIED(run, "without it", reply_of(403, "{}"), NULL);
}

static void signals_wrongly(struct syn_run *run)
{
    EXPECT_CONTROL(run, "with the grant", reply_of(200, "{}"));
    syn_expect_denied(run, SYN_SITE, "without it", reply_of(403, "{}"),
                      (struct syn_refusal){.code = 54100});
}

static void crashes(struct syn_run *run)
{
    EXPECT_TRUE(run, "before", true);
    (void)raise(SIGSEGV);
}

static void asserts(struct syn_run *run)
{
    EXPECT_TRUE(run, "before", true);
    SYN_ASSERT(run == NULL);
}

static void hangs(struct syn_run *run)
{
    EXPECT_TRUE(run, "before", true);
    for (;;) {
        (void)pause();
    }
}

static void leaves(struct syn_run *run)
{
    EXPECT_TRUE(run, "before", true);
    _exit(0);
}

static void fails_then_crashes(struct syn_run *run)
{
    fails(run);
    (void)raise(SIGKILL);
}

static void gives_up(struct syn_run *run)
{
    syn_run_give_up(run, "the world is late");
    EXPECT_TRUE(run, "after the end", false);
}

static void skips(struct syn_run *run)
{
    syn_run_skip(run, "no such thing here");
}

static void is_vacuous(struct syn_run *run)
{
    EXPECT_DENIED(run, "without a grant", reply_of(403, "{}"), NULL);
}

static void says_nothing(struct syn_run *run)
{
    (void)run;
}

static void goes_unanswered(struct syn_run *run)
{
    EXPECT_CONTROL(run, "with the grant", nothing);
    EXPECT_TRUE(run, "a consequence", false);
}

static void meets_500(struct syn_run *run)
{
    EXPECT_DENIED(run, "without a grant", reply_of(500, "{}"), NULL);
}

static void is_throttled(struct syn_run *run)
{
    EXPECT_DENIED(run, "without a grant", reply_of(429, "{}"), NULL);
}

static void observes(struct syn_run *run)
{
    syn_observe(run, "reading", "%d", 1);
}

#define ROW(name, a_level, function)                                     \
    {                                                                    \
        .id = "kit/ends/" name, .title = "It " name, .source = "KIT-01", \
        .level = SYN_LEVEL_##a_level, .run = (function)                  \
    }

static const struct syn_scenario rows[] = {
    ROW("passes", MUST, passes),
    ROW("fails", MUST, fails),
    ROW("discloses", MUST, discloses),
    ROW("fails-its-control", MUST, fails_its_control),
    ROW("fails-as-should", SHOULD, fails),
    ROW("fails-as-info", INFO, fails),
    ROW("signals-wrongly", MUST, signals_wrongly),
    ROW("crashes", MUST, crashes),
    ROW("asserts", MUST, asserts),
    ROW("hangs", MUST, hangs),
    ROW("leaves", MUST, leaves),
    ROW("fails-then-crashes", MUST, fails_then_crashes),
    ROW("gives-up", MUST, gives_up),
    ROW("skips", MUST, skips),
    ROW("is-vacuous", MUST, is_vacuous),
    ROW("says-nothing", MUST, says_nothing),
    ROW("goes-unanswered", MUST, goes_unanswered),
    ROW("meets-500", MUST, meets_500),
    ROW("is-throttled", MUST, is_throttled),
    ROW("observes", INFO, observes),
};

/* What each must report; the reason is a part of it. */
static const struct {
    const char *id;
    const char *verdict;
    const char *reason;
    int exit_code; /* of a run of this row alone */
} expected[] = {
    {"kit/ends/passes", "pass", "", 0},
    {"kit/ends/fails", "fail", "without it: expected is denied", 1},
    {"kit/ends/discloses", "fail", "without disclosure", 1},
    {"kit/ends/fails-its-control", "fail", "the control failed", 1},
    {"kit/ends/fails-as-should", "warning", "without it", 0},
    {"kit/ends/fails-as-info", "info", "without it", 0},
    {"kit/ends/signals-wrongly", "warning", "error code: expected == 54100", 0},
    {"kit/ends/crashes", "error", "the row crashed", 70},
    {"kit/ends/asserts", "error", "signal 6", 70},
    {"kit/ends/hangs", "error", "time limit", 70},
    {"kit/ends/leaves", "error", "ended without saying so", 70},
    {"kit/ends/fails-then-crashes", "fail", "without it", 1},
    {"kit/ends/gives-up", "inconclusive", "the world is late", 3},
    {"kit/ends/skips", "skipped", "no such thing here", 3},
    {"kit/ends/is-vacuous", "error", "vacuous", 70},
    {"kit/ends/says-nothing", "error", "recorded nothing", 70},
    {"kit/ends/goes-unanswered", "inconclusive", "no answer", 3},
    {"kit/ends/meets-500", "inconclusive", "500", 3},
    {"kit/ends/is-throttled", "inconclusive", "429", 3},
    {"kit/ends/observes", "info", "", 0},
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])
_Static_assert(sizeof expected / sizeof expected[0] == ROW_COUNT,
               "every row has an expectation");

static const struct syn_suite kit = {
    "kit_ends", "Ends", "harness/tests/test_runner.c", rows, ROW_COUNT};
static const struct syn_suite *const suites[] = {&kit, NULL};

static char place[] = "/tmp/syn-runner-XXXXXX";

static void make_place(void)
{
    ck_assert_ptr_nonnull(mkdtemp(place));
}

/* Capsules of the findings; their number is returned. */
static size_t remove_capsules(void)
{
    char folder[PATH_BYTES];
    char path[2 * PATH_BYTES];
    size_t count = 0;
    (void)snprintf(folder, sizeof folder, "%s/capsules", place);
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return 0;
    }
    for (struct dirent *entry = readdir(entries); entry != NULL;
         entry = readdir(entries)) {
        if (entry->d_name[0] != '.') {
            (void)snprintf(path, sizeof path, "%s/%.255s", folder,
                           entry->d_name);
            ck_assert_int_eq(unlink(path), 0);
            count++;
        }
    }
    (void)closedir(entries);
    ck_assert_int_eq(rmdir(folder), 0);
    return count;
}

static void remove_place(void)
{
    static const char *const names[] = {"junit.xml", "run.json", "stdout"};
    char path[PATH_BYTES];
    (void)remove_capsules();
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", place, names[i]);
        (void)unlink(path);
    }
    ck_assert_int_eq(rmdir(place), 0); /* no evidence stays behind */
}

/* Output goes to a file, so that the test's own stays readable. */
static int run_rows(const char *const *prefix,
                    struct syn_runner_options options)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/stdout", place);
    ck_assert_ptr_nonnull(freopen(path, "w", stdout));
    options.verb = "run";
    options.version = "0";
    options.build = "test";
    options.suites = suites;
    options.selection.prefixes = prefix;
    options.selection.prefix_count = prefix == NULL ? 0 : 1;
    options.seed = 5;
    options.jobs = options.jobs == 0 ? 2 : options.jobs;
    options.repeat = options.repeat == 0 ? 1 : options.repeat;
    options.row_seconds = 2;
    options.out_dir = place;
    options.style.is_quiet = true;
    return syn_runner_run(&options);
}

static const struct syn_json *read_report(struct syn_arena *arena)
{
    char path[PATH_BYTES];
    const struct syn_json *tree = NULL;
    struct syn_json_rules rules = {.bytes_max = REPORT_BYTES};
    char *text = syn_arena_alloc(arena, REPORT_BYTES);
    (void)snprintf(path, sizeof path, "%s/run.json", place);
    FILE *file = fopen(path, "rb");
    ck_assert(file != NULL && text != NULL);
    size_t bytes = fread(text, 1, REPORT_BYTES, file);
    (void)fclose(file);
    ck_assert_int_eq(syn_json_parse(arena, (struct syn_str){text, bytes},
                                    &rules, &tree, NULL),
                     SYN_OK);
    return tree;
}

static const char *text_at(struct syn_arena *arena, const struct syn_json *node,
                           const char *name)
{
    return syn_arena_dup(arena,
                         syn_json_str(syn_json_member(node, name), SYN_STR("")))
        .at;
}

START_TEST(row_gets_its_verdict_reason_and_exit_code)
{
    struct syn_arena arena;
    const char *prefix = expected[_i].id;
    /* "fails" begins other ids too: take the first result. */
    int code = run_rows(&prefix, (struct syn_runner_options){.jobs = 1});
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    const struct syn_json *report = read_report(&arena);
    const struct syn_json *result =
        syn_json_first(syn_json_member(report, "results"));
    ck_assert_str_eq(text_at(&arena, result, "id"), expected[_i].id);
    ck_assert_str_eq(text_at(&arena, result, "verdict"), expected[_i].verdict);
    const char *reason = text_at(&arena, result, "reason");
    ck_assert_msg(strstr(reason, expected[_i].reason) != NULL,
                  "expected \"%s\" in \"%s\"", expected[_i].reason, reason);
    ck_assert_int_eq(code, expected[_i].exit_code);
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(all_together_keep_plan_order_and_exit_1)
{
    struct syn_arena arena;
    int code = run_rows(NULL, (struct syn_runner_options){.jobs = 4});
    ck_assert_int_eq(code, 1);
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    const struct syn_json *result =
        syn_json_first(syn_json_member(read_report(&arena), "results"));
    for (size_t i = 0; i < ROW_COUNT; i++) {
        ck_assert_str_eq(text_at(&arena, result, "id"), expected[i].id);
        ck_assert_str_eq(text_at(&arena, result, "verdict"),
                         expected[i].verdict);
        result = syn_json_next(result);
    }
    ck_assert_ptr_null(result);
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(strict_makes_a_warning_exit_1)
{
    const char *prefix = "kit/ends/fails-as-should";
    ck_assert_int_eq(
        run_rows(&prefix, (struct syn_runner_options){.is_strict = true}), 1);
}
END_TEST

START_TEST(fail_fast_starts_nothing_more)
{
    struct syn_arena arena;
    const char *prefix = "kit/ends/fails";
    ck_assert_int_eq(
        run_rows(&prefix, (struct syn_runner_options){.jobs = 1,
                                                      .repeat = 500,
                                                      .fails_fast = true}),
        1);
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    const struct syn_json *report = read_report(&arena);
    int64_t skipped = 0;
    ck_assert(syn_json_i64(syn_json_at(report, "/summary/verdicts/skipped"),
                           &skipped));
    ck_assert_int_gt(skipped, 0);
    syn_arena_fini(&arena);
}
END_TEST

/* The run is interrupted while a row hangs: its evidence is kept, the report is
 * whole, the exit code names the signal. */
START_TEST(interrupt_writes_reports_and_exits_130)
{
    struct syn_arena arena;
    const char *prefix = "kit/ends/hangs";
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(run_rows(&prefix,
                       (struct syn_runner_options){.jobs = 1, .repeat = 3}));
    }
    ck_assert_int_gt(child, 0);
    struct timespec moment = {.tv_nsec = 300000000};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigaddset(&none, SIGUSR2);
    (void)sigtimedwait(&none, NULL, &moment);
    ck_assert_int_eq(kill(child, SIGINT), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 130);
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    const struct syn_json *result =
        syn_json_first(syn_json_member(read_report(&arena), "results"));
    ck_assert_str_eq(text_at(&arena, result, "verdict"), "inconclusive");
    ck_assert_ptr_nonnull(
        strstr(text_at(&arena, result, "evidence"), "before"));
    result = syn_json_next(result);
    ck_assert_str_eq(text_at(&arena, result, "verdict"), "skipped");
    syn_arena_fini(&arena);
}
END_TEST

/* The row passes, but never did what it is down for. */
START_TEST(missed_floor_exits_3)
{
    static const struct syn_exercise exercises[] = {
        {"kit/ends/passes", "open/list/allowed publish/stream/denied"},
        {NULL, NULL}};
    struct syn_arena arena;
    const char *prefix = "kit/ends/passes";
    ck_assert_int_eq(
        run_rows(&prefix, (struct syn_runner_options){.exercises = exercises}),
        3);
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    const struct syn_json *end =
        syn_json_at(read_report(&arena), "/summary/exit");
    const char *reason = text_at(&arena, end, "reason");
    ck_assert_msg(strstr(reason, "the floor is missed by 2") != NULL &&
                      strstr(reason, "publish/stream/denied") != NULL,
                  "%s", reason);
    syn_arena_fini(&arena);
}
END_TEST

/* What could not be judged is worth another try as well as a failure is. */
static const struct {
    const char *prefix;
    size_t capsules;
} kept[] = {{"kit/ends/discloses", 1},       {"kit/ends/crashes", 1},
            {"kit/ends/says-nothing", 1},    {"kit/ends/goes-unanswered", 1},
            {"kit/ends/gives-up", 1},        {"kit/ends/passes", 0},
            {"kit/ends/signals-wrongly", 0}, {"kit/ends/skips", 0},
            {"kit/ends/observes", 0}};

START_TEST(what_is_not_judged_leaves_a_capsule_as_a_failure_does)
{
    const char *prefix = kept[_i].prefix;
    (void)run_rows(&prefix, (struct syn_runner_options){.jobs = 1});
    ck_assert_uint_eq(remove_capsules(), kept[_i].capsules);
}
END_TEST

START_TEST(report_to_a_full_device_exits_70)
{
    const char *prefix = "kit/ends/passes";
    ck_assert_int_eq(
        run_rows(&prefix,
                 (struct syn_runner_options){.junit_path = "/dev/full"}),
        70);
}
END_TEST

/* A failure is told by its code even when the report cannot be written. */
START_TEST(failure_comes_before_an_unwritable_report)
{
    const char *prefix = "kit/ends/discloses";
    ck_assert_int_eq(
        run_rows(&prefix,
                 (struct syn_runner_options){.junit_path = "/dev/full"}),
        1);
}
END_TEST

Suite *suite_runner(void)
{
    Suite *suite = suite_create("runner");
    TCase *tcase = tcase_create("ends");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, make_place, remove_place);
    tcase_add_loop_test(tcase, row_gets_its_verdict_reason_and_exit_code, 0,
                        (int)ROW_COUNT);
    tcase_add_test(tcase, all_together_keep_plan_order_and_exit_1);
    tcase_add_test(tcase, strict_makes_a_warning_exit_1);
    tcase_add_test(tcase, fail_fast_starts_nothing_more);
    tcase_add_test(tcase, interrupt_writes_reports_and_exits_130);
    tcase_add_test(tcase, missed_floor_exits_3);
    tcase_add_loop_test(tcase,
                        what_is_not_judged_leaves_a_capsule_as_a_failure_does,
                        0, (int)(sizeof kept / sizeof kept[0]));
    tcase_add_test(tcase, report_to_a_full_device_exits_70);
    tcase_add_test(tcase, failure_comes_before_an_unwritable_report);
    suite_add_tcase(suite, tcase);
    return suite;
}
