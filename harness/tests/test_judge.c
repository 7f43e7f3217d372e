/*
 * test_judge.c - evidence through a file and back, secrets masked, verdicts
 * that hang on the order of records.
 */
#include "runner/evidence.h"
#include "runner/judge.h"
#include "runner/mask.h"
#include "runner/record.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES 16777216
#define JWT         "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJTSyJ9.c2lnbmF0dXJl"

Suite *suite_judge(void);

static const char *const secrets[] = {"topsecret-key", NULL};
static const struct syn_mask mask = {secrets, 2};

static const struct {
    const char *text;
    const char *hidden; /* must be gone */
    const char *kept;   /* must be there */
} masked[] = {
    {"{\"token\":\"" JWT "\"}", JWT, "\"token\":\"[masked "},
    {"{\"token\" : \"opaque\"}", "opaque", "[masked "},
    {"{\"continuation_token\":\"abc.def\",\"x\":1}", "abc.def", "\"x\":1"},
    {"Authorization: Basic QUM6eA==\r\nHost: h", "QUM6eA==", "Host: h"},
    {"authorization: bearer zzz", "zzz", "authorization: bearer [masked"},
    {"X-Twilio-Signature: s1g=\r\n", "s1g=", "X-Twilio-Signature: [masked"},
    {"GET /x?token=" JWT "&y=2", JWT, "&y=2"},
    {"a topsecret-key b", "topsecret-key", "a [masked"},
    {"{\"continuation_token\":null}", "[masked", "null"},
    {JWT, JWT, "[masked "},
    {"topsecret-key", "topsecret-key", "[masked "},
    {"eeyJeyJ pee topsecret-ke topsecret-key", "topsecret-key",
     "eeyJeyJ pee topsecret-ke [masked "},
    {"AUTHORIZATION: BASI abc\r\nauthorization: basic zzz", "zzz",
     "AUTHORIZATION: BASI abc\r\nauthorization: basic [masked "},
    {"eyJ is no token", "[masked", "eyJ is no token"},
};

START_TEST(secret_is_masked_and_the_rest_is_kept)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, ARENA_BYTES);
    syn_mask_put(&out, &mask, syn_str_of(masked[_i].text));
    syn_buf_put_byte(&out, '\0');
    ck_assert_msg(strstr(out.at, masked[_i].hidden) == NULL, "%s", out.at);
    ck_assert_msg(strstr(out.at, masked[_i].kept) != NULL, "%s", out.at);
    syn_buf_fini(&out);
}
END_TEST

START_TEST(bytes_that_hide_nothing_are_kept)
{
    char all[3 * 256];
    struct syn_buf out;
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (char)(unsigned char)(i % 2 == 0 ? i / 2 : i);
    }
    syn_buf_init(&out, NULL, ARENA_BYTES);
    syn_mask_put(&out, &mask, (struct syn_str){all, sizeof all});
    ck_assert_uint_eq(out.bytes, sizeof all);
    ck_assert_int_eq(memcmp(out.at, all, sizeof all), 0);
    syn_mask_put(&out, &mask, SYN_STR(""));
    ck_assert_uint_eq(out.bytes, sizeof all);
    syn_buf_fini(&out);
}
END_TEST

START_TEST(same_secret_has_same_mask)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, ARENA_BYTES);
    syn_mask_put(&out, &mask, SYN_STR(JWT " " JWT));
    size_t half = (out.bytes - 1) / 2;
    ck_assert_uint_eq(out.bytes, 2 * half + 1);
    ck_assert_int_eq(memcmp(out.at, out.at + half + 1, half), 0);
    syn_buf_fini(&out);
}
END_TEST

/* One letter for each record, then the level and how it ended:
 *   c C  control held, broken     d D  denial held, broken
 *   e E  effect held, broken      s S  signal held, broken
 *   u    unanswered               x k  end of the row's own (gave up, skipped)
 *   .    the function returned */
static const struct {
    const char *records;
    enum syn_level level;
    enum syn_fate fate;
    enum syn_verdict verdict;
} cases[] = {
    {"cd.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_PASS},
    {"dc.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_PASS},
    {"e.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_PASS},
    {"cD.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_FAIL},
    {"D.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_FAIL},
    {"Cd.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_FAIL},
    {"cE.", SYN_LEVEL_SHOULD, SYN_FATE_RETURNED, SYN_VERDICT_WARNING},
    {"cE.", SYN_LEVEL_INFO, SYN_FATE_RETURNED, SYN_VERDICT_INFO},
    {"cdS.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_WARNING},
    {"cdS.", SYN_LEVEL_INFO, SYN_FATE_RETURNED, SYN_VERDICT_INFO},
    {"d.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_ERROR},
    {"d.", SYN_LEVEL_INFO, SYN_FATE_RETURNED, SYN_VERDICT_ERROR},
    {".", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_ERROR},
    {"cuE.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_INCONCLUSIVE},
    {"cEu.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_FAIL},
    {"cdu.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_INCONCLUSIVE},
    {"ck", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_SKIPPED},
    {"cuk", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_INCONCLUSIVE},
    {"xE.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_INCONCLUSIVE},
    {"Ex.", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_FAIL},
    {"cd", SYN_LEVEL_MUST, SYN_FATE_CRASHED, SYN_VERDICT_ERROR},
    {"cd", SYN_LEVEL_MUST, SYN_FATE_RETURNED, SYN_VERDICT_ERROR},
    {"cE", SYN_LEVEL_MUST, SYN_FATE_CRASHED, SYN_VERDICT_FAIL},
    {"cd", SYN_LEVEL_MUST, SYN_FATE_LATE, SYN_VERDICT_ERROR},
    {"cd", SYN_LEVEL_MUST, SYN_FATE_KILLED, SYN_VERDICT_INCONCLUSIVE},
    {"", SYN_LEVEL_MUST, SYN_FATE_UNSTARTED, SYN_VERDICT_SKIPPED},
};

static void record_letter(struct syn_recorder *recorder, char letter)
{
    bool is_broken = letter >= 'A' && letter <= 'Z';
    char kind = is_broken ? (char)(letter - 'A' + 'a') : letter;
    if (kind == 'x') {
        syn_record_end(recorder, SYN_END_GAVE_UP, "late");
        return;
    }
    if (kind == 'k') {
        syn_record_end(recorder, SYN_END_SKIPPED, "nothing to judge");
        return;
    }
    if (kind == '.') {
        syn_record_end(recorder, SYN_END_DONE, "");
        return;
    }
    struct syn_expectation expectation = {.site = {"f.c", 7},
                                          .weight = kind == 'c'   ? SYN_CONTROL
                                                    : kind == 's' ? SYN_SIGNAL
                                                                  : SYN_EFFECT,
                                          .what = "what",
                                          .op = "==",
                                          .expected = SYN_STR("1"),
                                          .actual = SYN_STR("topsecret-key"),
                                          .holds = !is_broken && kind != 'u',
                                          .is_unanswered = kind == 'u',
                                          .is_denial = kind == 'd'};
    syn_record_expectation(recorder, &expectation);
}

static void write_records(const char *path, const char *records)
{
    struct syn_recorder recorder;
    int fd = open(path, O_WRONLY | O_TRUNC | O_APPEND);
    ck_assert_int_ge(fd, 0);
    syn_recorder_init(&recorder, fd, &mask);
    for (const char *at = records; *at != '\0'; at++) {
        record_letter(&recorder, *at);
    }
    syn_recorder_fini(&recorder);
    (void)close(fd);
}

START_TEST(records_come_to_their_verdict)
{
    char path[] = "/tmp/syn-judge-XXXXXX";
    struct syn_arena arena;
    struct syn_evidence evidence;
    struct syn_judgement judgement;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    write_records(path, cases[_i].records);
    ck_assert_int_eq(syn_evidence_read(&arena, path, &evidence), SYN_OK);
    struct syn_case the_case = {.evidence = &evidence,
                                .level = cases[_i].level,
                                .fate = cases[_i].fate,
                                .message = "signal 11"};
    ck_assert_int_eq(syn_judge(&arena, &the_case, &judgement), SYN_OK);
    ck_assert_msg(judgement.verdict == cases[_i].verdict,
                  "\"%s\": expected %s, got %s", cases[_i].records,
                  syn_verdict_name(cases[_i].verdict),
                  syn_verdict_name(judgement.verdict));
    (void)unlink(path);
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(line_cut_by_a_kill_is_ignored)
{
    char path[] = "/tmp/syn-judge-XXXXXX";
    struct syn_arena arena;
    struct syn_evidence evidence;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    write_records(path, "cde");
    fd = open(path, O_WRONLY | O_APPEND);
    ck_assert_int_eq(write(fd, "{\"k\":\"expect\",\"hol", 18), 18);
    (void)close(fd);
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    ck_assert_int_eq(syn_evidence_read(&arena, path, &evidence), SYN_OK);
    ck_assert_uint_eq(evidence.expectation_count, 3);
    ck_assert(!evidence.is_complete);
    ck_assert(syn_str_has_prefix(evidence.expectations[0].actual,
                                 SYN_STR("[masked ")));
    (void)unlink(path);
    syn_arena_fini(&arena);
}
END_TEST

START_TEST(no_file_is_no_evidence)
{
    struct syn_arena arena;
    struct syn_evidence evidence;
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    ck_assert_int_eq(syn_evidence_read(&arena, "/nowhere/x", &evidence),
                     SYN_OK);
    ck_assert_uint_eq(evidence.expectation_count, 0);
    syn_arena_fini(&arena);
}
END_TEST

Suite *suite_judge(void)
{
    Suite *suite = suite_create("judge");
    TCase *tcase = tcase_create("judge");
    tcase_add_loop_test(tcase, secret_is_masked_and_the_rest_is_kept, 0,
                        (int)(sizeof masked / sizeof masked[0]));
    tcase_add_test(tcase, same_secret_has_same_mask);
    tcase_add_test(tcase, bytes_that_hide_nothing_are_kept);
    tcase_add_loop_test(tcase, records_come_to_their_verdict, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tcase, line_cut_by_a_kill_is_ignored);
    tcase_add_test(tcase, no_file_is_no_evidence);
    suite_add_tcase(suite, tcase);
    return suite;
}
