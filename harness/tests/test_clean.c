/*
 * test_clean.c - what a lost answer left is found by name or maker, and what
 * somebody else made stays.
 */
#include "fake_service.h"
#include "target/clean.h"
#include "target/file.h"

#include <check.h>
#include <string.h>

#define RUN       "0a1b2c3d"
#define OURS      "\"created_by\":\"syn-" RUN "-3-ann\""
#define COUNTS    (SYN_CLEAN_OVERDUE + 1)
#define LISTED(m) "{\"maps\":[" m "],\"meta\":{\"next_page_url\":null}}"

Suite *suite_clean(void);

static struct syn_desk desk;

/* The counts after cleaning one entry behind these rules. */
static void clean_one(const struct syn_manifest_entry *entry,
                      const struct fake_rule *rules, size_t rule_count,
                      size_t counts[COUNTS])
{
    char fault[SYN_TARGET_FAULT_BYTES] = "";
    const struct syn_target *target = NULL;
    struct syn_guard guard = {.run = RUN, .is_cleaning = true};
    struct syn_str text = syn_arena_printf(
        &bench.arena,
        "{\"rest_url\": \"%s\", \"sdk_url\": \"%s\", \"account_sid\": "
        "\"AC0123\", \"api_key\": \"SK0123\", \"service_sid\": \"IS1\", "
        "\"api_secret\": \"s\"}",
        bench.world.rest_url, bench.world.sdk_url);
    ck_assert_int_eq(syn_target_parse(&bench.arena,
                                      (struct syn_target_text){"t", text},
                                      "2026-11-21", &target, fault),
                     SYN_OK);
    ck_assert_int_eq(syn_target_settle(target, fault), SYN_OK);
    guard.mode = target->mode;
    fake_fork(rules, rule_count);
    ck_assert_int_eq(syn_desk_open(&desk, target, &guard), SYN_OK);
    const struct syn_manifest_list list = {
        .head = {.run = RUN}, .entries = entry, .count = 1};
    struct syn_clean clean = {.desk = &desk};
    syn_clean_manifest(&clean, &list);
    memcpy(counts, clean.counts, sizeof clean.counts);
    syn_desk_close(&desk);
    fake_end();
}

/* What is listed where a map without a name was made; how that one reads, and
 * what is removed, absent and left. */
static const struct {
    const char *listed; /* NULL: not listed at all */
    const char *read;
    bool is_by_user;
    size_t removed;
    size_t absent;
    size_t left;
} nameless[] = {
    {LISTED("{\"sid\":\"MP5\",\"unique_name\":null," OURS "}"),
     "{\"sid\":\"MP5\",\"unique_name\":null," OURS "}", true, 1, 0, 0},
    {LISTED(""), "{}", true, 0, 1, 0},
    {LISTED("{\"sid\":\"MP5\",\"unique_name\":null,\"created_by\":\"bob\"}"),
     "{}", true, 0, 1, 0},
    {LISTED("{\"sid\":\"MP5\",\"unique_name\":\"theirs\"," OURS "}"), "{}",
     true, 0, 1, 0},
    /* Renamed between listing and reading: not ours any more. */
    {LISTED("{\"sid\":\"MP5\",\"unique_name\":null," OURS "}"),
     "{\"sid\":\"MP5\",\"unique_name\":null,\"created_by\":\"bob\"}", true, 0,
     0, 1},
    {NULL, "{}", true, 0, 0, 1},
    /* By the backend: nobody can tell it from others. */
    {LISTED("{\"sid\":\"MP5\",\"unique_name\":null," OURS "}"), "{}", false, 0,
     0, 1},
};

START_TEST(map_without_a_name_is_found_by_its_maker)
{
    struct syn_manifest_entry entry = {.kind = SYN_MANIFEST_MAP,
                                       .service = SYN_STR("IS1"),
                                       .state = SYN_MANIFEST_INTENDED};
    struct fake_rule rules[] = {
        {.match = "GET /v1/Services/IS1/Maps?",
         .status = nameless[_i].listed == NULL ? 503 : 200,
         .body = nameless[_i].listed},
        {.match = "GET /v1/Services/IS1/Maps/MP5",
         .status = 200,
         .body = nameless[_i].read},
        {.match = "DELETE /v1/Services/IS1/Maps/MP5", .status = 204}};
    size_t counts[COUNTS];
    if (nameless[_i].is_by_user) {
        entry.identity = SYN_STR(SYN_MANIFEST_BY_USER);
    }
    clean_one(&entry, rules, 3, counts);
    ck_assert_uint_eq(counts[SYN_CLEAN_REMOVED], nameless[_i].removed);
    ck_assert_uint_eq(counts[SYN_CLEAN_ABSENT], nameless[_i].absent);
    ck_assert_uint_eq(counts[SYN_CLEAN_LEFT], nameless[_i].left);
}
END_TEST

/* The create was sent twice, or again: both bear the name, both go. */
START_TEST(every_service_of_a_lost_answer_goes)
{
    static const struct fake_rule rules[] = {
        {.match = "GET /v1/Services?",
         .status = 200,
         .body = "{\"services\":[{\"sid\":\"IS8\",\"friendly_name\":\"syn-" RUN
                 "-a\"},{\"sid\":\"IS9\",\"friendly_name\":\"syn-" RUN
                 "-a\"},{\"sid\":\"IS7\",\"friendly_name\":\"theirs\"}],"
                 "\"meta\":{\"next_page_url\":null}}"},
        {.match = "GET /v1/Services/IS8",
         .status = 200,
         .body = "{\"sid\":\"IS8\",\"friendly_name\":\"syn-" RUN "-a\"}"},
        {.match = "GET /v1/Services/IS9",
         .status = 200,
         .body = "{\"sid\":\"IS9\",\"friendly_name\":\"syn-" RUN "-a\"}"},
        {.match = "DELETE /v1/Services/IS8", .status = 204},
        {.match = "DELETE /v1/Services/IS9", .status = 204}};
    const struct syn_manifest_entry entry = {.kind = SYN_MANIFEST_SERVICE,
                                             .name = SYN_STR("syn-" RUN "-a"),
                                             .state = SYN_MANIFEST_INTENDED};
    size_t counts[COUNTS];
    clean_one(&entry, rules, 5, counts);
    ck_assert_uint_eq(counts[SYN_CLEAN_REMOVED], 2);
    ck_assert_uint_eq(counts[SYN_CLEAN_LEFT], 0);
}
END_TEST

static void tear_down(void)
{
    fake_end();
    bench_tear_down();
}

Suite *suite_clean(void)
{
    Suite *suite = suite_create("clean");
    TCase *tcase = tcase_create("clean");
    tcase_add_checked_fixture(tcase, bench_set_up, tear_down);
    tcase_add_loop_test(tcase, map_without_a_name_is_found_by_its_maker, 0,
                        (int)(sizeof nameless / sizeof nameless[0]));
    tcase_add_test(tcase, every_service_of_a_lost_answer_goes);
    suite_add_tcase(suite, tcase);
    return suite;
}
