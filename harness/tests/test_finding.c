/*
 * test_finding.c - signatures, what a baseline excuses, capsules that come
 * back as they went. Files that are refused are in cli_findings.sh.
 */
#include "runner/baseline.h"
#include "runner/capsule.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES  1048576
#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *suite_finding(void);

static void sign(const char *what, const char *actual,
                 char out[SYN_SIGNATURE_BYTES])
{
    struct syn_evidence_expectation broken = {.what = syn_str_of(what),
                                              .op = SYN_STR("=="),
                                              .expected = SYN_STR("a refusal"),
                                              .actual = syn_str_of(actual)};
    struct syn_evidence evidence = {.expectations = &broken,
                                    .expectation_count = 1};
    syn_signature_of(&evidence, out);
}

/* The same failure in two runs. */
static const char *const alike[][2] = {
    {"200 canary-177ff56d05f976ebca63", "200 canary-0af5e94f0b6eb7b9f2ca"},
    {"MP15e14b8ff0e245aacfb288c40c770f36 read",
     "MP15e14b8ff0e245aacfb288c40c770f37 read"},
    {"at 2026-01-01T00:00:00.000Z", "at 2027-12-31T23:59:59.125Z"},
    {"http://127.0.0.1:4000/v1", "http://127.0.0.1:65535/v1"},
    {"[masked 0f2e3d4c]", "[masked 11223344]"},
    {"took 1767225600000 ms", "took 1767225600999 ms"},
    {"syn-0a1b2c3d-12-ann", "syn-99887766-3-ann"}};

START_TEST(what_differs_from_run_to_run_is_left_out)
{
    char a[SYN_SIGNATURE_BYTES];
    char b[SYN_SIGNATURE_BYTES];
    sign("ann: open by name", alike[_i][0], a);
    sign("ann: open by name", alike[_i][1], b);
    ck_assert_uint_eq(strlen(a), SYN_SIGNATURE_BYTES - 1);
    ck_assert_str_eq(a, b);
}
END_TEST

static const char *const unlike[][2] = {
    {"200, no code", "403, no code"}, {"code 54007", "code 54100"},
    {"a text", "another text"},       {"document", "list"},
    {"revision 1a", "revision 2b"},   {"", "x"}};

START_TEST(what_tells_failures_apart_is_kept)
{
    char a[SYN_SIGNATURE_BYTES];
    char b[SYN_SIGNATURE_BYTES];
    sign("ann: open by name", unlike[_i][0], a);
    sign("ann: open by name", unlike[_i][1], b);
    ck_assert_str_ne(a, b);
    sign("bob: open by name", unlike[_i][0], b);
    ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(repeats_and_held_records_do_not_count)
{
    struct syn_evidence_expectation records[] = {
        {.what = SYN_STR("x"), .op = SYN_STR("==")},
        {.what = SYN_STR("x"), .op = SYN_STR("==")},
        {.what = SYN_STR("held"), .op = SYN_STR("=="), .holds = true},
        {.what = SYN_STR("lost"), .op = SYN_STR("=="), .is_unanswered = true},
        {.what = SYN_STR("late"), .op = SYN_STR("=="), .is_late = true}};
    char one[SYN_SIGNATURE_BYTES];
    char all[SYN_SIGNATURE_BYTES];
    struct syn_evidence evidence = {.expectations = records,
                                    .expectation_count = 1};
    syn_signature_of(&evidence, one);
    evidence.expectation_count = sizeof records / sizeof records[0];
    syn_signature_of(&evidence, all);
    ck_assert_str_eq(one, all);
    evidence.expectation_count = 0;
    syn_signature_of(&evidence, all);
    ck_assert_str_eq(all, "");
}
END_TEST

static const struct {
    enum syn_verdict was;
    const char *id;
    const char *expires;
    const char *signature;
    enum syn_verdict is;
    const char *told; /* part of the reason */
} excuses[] = {
    {SYN_VERDICT_FAIL, "r", "2026-11-21", "aa", SYN_VERDICT_XFAIL, "expected"},
    {SYN_VERDICT_WARNING, "r", "2026-11-22", "aa", SYN_VERDICT_XFAIL, "T-1"},
    {SYN_VERDICT_FAIL, "r", "2026-11-20", "aa", SYN_VERDICT_FAIL, "expired on"},
    {SYN_VERDICT_FAIL, "r", "2026-11-21", "bb", SYN_VERDICT_FAIL, "knows"},
    {SYN_VERDICT_FAIL, "s", "2026-11-21", "aa", SYN_VERDICT_FAIL, "was"},
    {SYN_VERDICT_PASS, "r", "2026-11-21", "aa", SYN_VERDICT_XPASS, "remove"},
    {SYN_VERDICT_PASS, "r", "2026-11-20", "aa", SYN_VERDICT_XPASS, "remove"},
    {SYN_VERDICT_PASS, "s", "2026-11-21", "aa", SYN_VERDICT_PASS, "was"},
    {SYN_VERDICT_ERROR, "r", "2026-11-21", "aa", SYN_VERDICT_ERROR, "was"},
    {SYN_VERDICT_SKIPPED, "r", "2026-11-21", "aa", SYN_VERDICT_SKIPPED, "was"},
    {SYN_VERDICT_INCONCLUSIVE, "r", "2026-11-21", "aa",
     SYN_VERDICT_INCONCLUSIVE, "was"}};

START_TEST(only_the_known_failure_is_excused_until_its_day)
{
    struct syn_arena arena;
    struct syn_baseline_entry entry = {.id = excuses[_i].id,
                                       .reason = "why",
                                       .ticket = "T-1",
                                       .owner = "ann",
                                       .expires = excuses[_i].expires,
                                       .signature = excuses[_i].signature};
    struct syn_baseline baseline = {
        .entries = &entry, .count = 1, .today = "2026-11-21"};
    struct syn_judgement judgement = {.verdict = excuses[_i].was,
                                      .reason = SYN_STR("was")};
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    ck_assert_int_eq(
        syn_baseline_apply(&baseline, &arena, "r", "aa", &judgement), SYN_OK);
    ck_assert_int_eq((int)judgement.verdict, (int)excuses[_i].is);
    ck_assert(syn_str_has(judgement.reason, syn_str_of(excuses[_i].told)));
    syn_arena_fini(&arena);
}
END_TEST

/* --- capsules --- */

static struct syn_capsule whole(void)
{
    return (struct syn_capsule){
        .version = "1",
        .build = "b",
        .suite = "0123456789ab",
        .seed = UINT64_MAX,
        .target = "dev",
        .target_file = "dev.json",
        .target_url = "https://user:hunter2@host:1/base?token=hunter3",
        .clock = "real",
        .limits = "target",
        .row = "a/b",
        .type = "list",
        .repeat = 3,
        .defect = "d"};
}

static void put_capsule(struct syn_buf *out, const struct syn_capsule *capsule)
{
    struct syn_act act = {
        .op = SYN_OP_OPEN, .type = SYN_TYPE_LIST, .http = 403};
    struct syn_evidence evidence = {.acts = &act, .act_count = 1};
    struct syn_result result = {.verdict = SYN_VERDICT_FAIL,
                                .reason = SYN_STR("\x01\xff<>"),
                                .signature = "0011223344556677"};
    syn_capsule_put(out, capsule, &result, &evidence);
    ck_assert_int_eq(out->status, SYN_OK);
}

START_TEST(capsule_comes_back_as_it_went)
{
    char path[] = "/tmp/syn-capsule-XXXXXX";
    char fault[SYN_CAPSULE_FAULT_BYTES] = "";
    struct syn_arena arena;
    struct syn_buf text;
    struct syn_capsule was = whole();
    struct syn_capsule is;
    int fd = mkstemp(path);
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    syn_buf_init(&text, NULL, ARENA_BYTES);
    put_capsule(&text, &was);
    ck_assert_int_eq(write(fd, text.at, text.bytes), (ssize_t)text.bytes);
    ck_assert_int_eq(syn_capsule_read(&arena, path, &is, fault), SYN_OK);
    ck_assert_uint_eq(is.seed, was.seed);
    ck_assert_uint_eq(is.repeat, was.repeat);
    ck_assert_str_eq(is.row, was.row);
    ck_assert_str_eq(is.type, was.type);
    ck_assert_str_eq(is.defect, was.defect);
    ck_assert_str_eq(is.target_file, was.target_file);
    ck_assert_str_eq(is.suite, was.suite);
    (void)close(fd);
    (void)unlink(path);
    syn_buf_fini(&text);
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(url_in_a_capsule_has_no_secrets)
{
    struct syn_buf text;
    struct syn_capsule capsule = whole();
    syn_buf_init(&text, NULL, ARENA_BYTES);
    put_capsule(&text, &capsule);
    ck_assert(!syn_str_has(syn_buf_str(&text), SYN_STR("hunter")));
    ck_assert(
        syn_str_has(syn_buf_str(&text), SYN_STR("https://host:1/base\"")));
    capsule.target_url = "http://127.0.0.1:4000";
    syn_buf_clear(&text);
    put_capsule(&text, &capsule);
    ck_assert(
        syn_str_has(syn_buf_str(&text), SYN_STR("\"http://127.0.0.1:4000\"")));
    syn_buf_fini(&text);
}
END_TEST

START_TEST(file_name_holds_no_path)
{
    struct syn_arena arena;
    struct syn_plan_entry entry = {.name = "a/../b[list]@d#2"};
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    ck_assert_str_eq(syn_capsule_file_name(&arena, &entry),
                     "a....b.list.d.2.json");
    syn_arena_fini(&arena);
}
END_TEST

Suite *suite_finding(void)
{
    Suite *suite = suite_create("finding");
    TCase *known = tcase_create("baseline");
    TCase *capsules = tcase_create("capsule");
    tcase_add_loop_test(known, what_differs_from_run_to_run_is_left_out, 0,
                        COUNT(alike));
    tcase_add_loop_test(known, what_tells_failures_apart_is_kept, 0,
                        COUNT(unlike));
    tcase_add_test(known, repeats_and_held_records_do_not_count);
    tcase_add_loop_test(known, only_the_known_failure_is_excused_until_its_day,
                        0, COUNT(excuses));
    tcase_add_test(capsules, capsule_comes_back_as_it_went);
    tcase_add_test(capsules, url_in_a_capsule_has_no_secrets);
    tcase_add_test(capsules, file_name_holds_no_path);
    suite_add_tcase(suite, known);
    suite_add_tcase(suite, capsules);
    return suite;
}
