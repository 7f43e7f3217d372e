/*
 * test_preflight.c - looks at a target that the network loses: asked again, and
 * without an answer the rows stay open; never skipped, never red.
 */
#include "fake_service.h"
#include "runner/judge.h"
#include "runner/remote_impl.h"
#include "runner/run_impl.h"
#include "syn/hook.h"
#include "target/file.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN         "0a1b2c3d"
#define ARENA_BYTES 16777216
#define NAMED       "\"service_sid\": \"IS1\", "
#define TWO         NAMED "\"second_service_sid\": \"IS2\", "
#define OWNED(what) \
    "{\"sid\":\"IS9\",\"friendly_name\":\"syn-" RUN "-" what "\"}"

Suite *suite_preflight(void);

static struct syn_stage stage;
static struct syn_guard guard;
static char folder[64];
static char manifest_path[128];
static struct syn_remote remote;

static struct syn_stage stage_of(const char *members)
{
    static char fault[SYN_TARGET_FAULT_BYTES];
    const struct syn_target *target = NULL;
    struct syn_stage made;
    struct syn_str text = syn_arena_printf(
        &bench.arena,
        "{\"rest_url\": \"%s\", \"sdk_url\": \"%s\", \"account_sid\": "
        "\"AC0123\", \"api_key\": \"SK0123\", %s \"api_secret\": \"s\"}",
        bench.world.rest_url, bench.world.sdk_url, members);
    ck_assert_msg(syn_target_parse(&bench.arena,
                                   (struct syn_target_text){"t", text},
                                   "2026-11-21", &target, fault) == SYN_OK,
                  "%s", fault);
    ck_assert_int_eq(syn_target_settle(target, fault), SYN_OK);
    syn_stage_init_target(&made, target, RUN);
    return made;
}

/* What is made is ours by its line in the manifest. */
static void open_stage(const char *members)
{
    static const struct syn_manifest_head head = {
        .run = RUN, .rest_url = "http://x", .account_sid = "AC0123"};
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    (void)snprintf(folder, sizeof folder, "/tmp/syn-preflight-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(manifest_path, sizeof manifest_path, "%s/m.jsonl", folder);
    stage = stage_of(members);
    ck_assert_int_eq(
        syn_manifest_open(manifest_path, &head, &stage.manifest, fault),
        SYN_OK);
    guard = syn_stage_guard(&stage);
    remote = (struct syn_remote){.loop = bench.loop,
                                 .curl = bench.curl,
                                 .stage = &stage,
                                 .arena = &bench.arena,
                                 .guard = &guard};
}

/* What preflight finds behind these rules. */
static struct syn_remote_result find_out(const struct fake_rule *rules,
                                         size_t count)
{
    struct syn_remote_result result = {.preflight = SYN_PREFLIGHT_UNREACHABLE,
                                       .stage = stage};
    fake_script(bench.fake, rules, count);
    syn_remote_preflight(&remote, &result);
    syn_guard_fini(&guard);
    return result;
}
#define FIND_OUT(rules) find_out(rules, sizeof(rules) / sizeof(rules)[0])

#define SERVICES                                                     \
    {                                                                \
        .match = "GET /v1/Services\r\n", .status = 200, .body = "{}" \
    }

/* --- preflight ------------------------------------------------------------ */

START_TEST(first_look_that_is_lost_twice_is_asked_again)
{
    static const struct fake_rule rules[] = {
        {.match = "GET /v1/Services\r\n", .act = FAKE_RESET, .times = 1},
        {.match = "GET /v1/Services\r\n", .status = 503, .times = 1},
        SERVICES};
    open_stage(NAMED);
    ck_assert_int_eq(FIND_OUT(rules).preflight, SYN_PREFLIGHT_OK);
    ck_assert_uint_eq(fake_count(bench.fake, "GET /v1/Services\r\n"), 3);
}
END_TEST

START_TEST(service_of_the_run_is_made_again_under_another_name)
{
    static const struct fake_rule rules[] = {
        SERVICES,
        {.match = "acl-on&", .act = FAKE_RESET},
        {.match = "acl-on-1&", .status = 201, .body = OWNED("acl-on-1")},
        {.match = "acl-off&", .status = 502},
        {.match = "acl-off-1&", .status = 502},
        {.match = "acl-off-2&", .status = 201, .body = OWNED("acl-off-2")}};
    open_stage("");
    struct syn_remote_result found = FIND_OUT(rules);
    ck_assert(!found.stage.has_no_answer_on);
    ck_assert(!found.stage.has_no_answer_off);
    ck_assert_str_eq(found.stage.service_on, "IS9");
    ck_assert_str_eq(found.stage.service_off, "IS9");
    ck_assert_uint_eq(fake_count(bench.fake, "acl-on-1&"), 1);
    ck_assert_uint_eq(fake_count(bench.fake, "acl-off-2&"), 1);
}
END_TEST

START_TEST(service_of_the_run_that_is_refused_is_not_asked_for_again)
{
    static const struct fake_rule rules[] = {
        SERVICES, {.match = "POST /v1/Services\r\n", .status = 403}};
    open_stage("");
    struct syn_remote_result found = FIND_OUT(rules);
    ck_assert(!found.stage.has_no_answer_on);
    ck_assert_uint_eq(fake_count(bench.fake, "POST /v1/Services\r\n"), 2);
}
END_TEST

/* How GET of the service that the file names ends. */
static const struct {
    struct fake_rule read;
    bool is_unread;
    enum syn_preflight preflight;
} reads[] = {
    {{.status = 200, .body = "{\"acl_enabled\":true}"},
     false,
     SYN_PREFLIGHT_OK},
    {{.status = 403, .body = "{}"}, false, SYN_PREFLIGHT_OK},
    {{.status = 404, .body = "{}"}, false, SYN_PREFLIGHT_OK},
    {{.status = 503, .body = "{}"}, true, SYN_PREFLIGHT_OK},
    {{.act = FAKE_RESET}, true, SYN_PREFLIGHT_OK},
    {{.act = FAKE_HANG_UP}, true, SYN_PREFLIGHT_OK},
    {{.status = 200, .body = "no JSON"}, true, SYN_PREFLIGHT_OK},
    {{.status = 200, .body = "{\"webhook_url\":\"https://a.example\"}"},
     false,
     SYN_PREFLIGHT_UNREACHABLE},
};

START_TEST(named_service_without_an_answer_is_unread_and_not_touched)
{
    struct fake_rule rules[] = {SERVICES, reads[_i].read};
    rules[1].match = "GET /v1/Services/IS1\r\n";
    open_stage(NAMED);
    struct syn_remote_result found = FIND_OUT(rules);
    ck_assert_int_eq(found.preflight, reads[_i].preflight);
    ck_assert_int_eq(found.stage.is_unread, reads[_i].is_unread);
    bool is_left = reads[_i].is_unread || found.preflight != SYN_PREFLIGHT_OK;
    ck_assert_int_eq(fake_has_heard(bench.fake, "/Documents"), !is_left);
}
END_TEST

START_TEST(second_service_without_an_answer_is_unread)
{
    static const struct fake_rule rules[] = {
        SERVICES,
        {.match = "GET /v1/Services/IS1\r\n", .status = 200, .body = "{}"},
        {.match = "GET /v1/Services/IS2\r\n", .act = FAKE_RESET}};
    open_stage(TWO);
    struct syn_remote_result found = FIND_OUT(rules);
    ck_assert(!found.stage.is_unread);
    ck_assert(found.stage.is_second_unread);
}
END_TEST

/* After one loss it is seen that the second service posts to somebody. */
START_TEST(webhook_of_somebody_is_found_after_a_loss)
{
    static const struct fake_rule rules[] = {
        SERVICES,
        {.match = "GET /v1/Services/IS2\r\n", .act = FAKE_RESET, .times = 2},
        {.match = "GET /v1/Services/IS2\r\n",
         .status = 200,
         .body = "{\"webhook_url\":\"https://a.example\"}"}};
    open_stage(TWO);
    struct syn_remote_result found = FIND_OUT(rules);
    ck_assert_int_eq(found.preflight, SYN_PREFLIGHT_UNREACHABLE);
    ck_assert_ptr_nonnull(strstr(found.reason, "allow_webhooks"));
}
END_TEST

START_TEST(types_are_listed_after_a_loss_and_only_404_is_absent)
{
    static const struct fake_rule rules[] = {
        SERVICES,
        {.match = "GET /v1/Services/IS1\r\n", .status = 200, .body = "{}"},
        {.match = "/IS1/Documents?", .act = FAKE_RESET, .times = 2},
        {.match = "/IS1/Documents?", .status = 200, .body = "{}"},
        {.match = "/IS1/Lists?", .act = FAKE_RESET},
        {.match = "/IS1/Maps?", .status = 403, .body = "{}"},
        {.match = "/IS1/Streams?", .status = 404, .body = "{}"}};
    open_stage(NAMED);
    struct syn_remote_result found = FIND_OUT(rules);
    ck_assert_uint_eq(found.stage.types, SYN_TYPE_BIT(SYN_TYPE_DOCUMENT));
    ck_assert_uint_eq(found.stage.types_absent, SYN_TYPE_BIT(SYN_TYPE_STREAM));
}
END_TEST

#define MADE "{\"sid\":\"ET7\",\"date_expires\":\"2027-01-01T00:00:00Z\"}"

/* The answers to creation and removal are both lost. */
START_TEST(ttl_and_removal_are_seen_though_answers_are_lost)
{
    static const struct fake_rule rules[] = {
        SERVICES,
        {.match = "GET /v1/Services/IS1\r\n", .status = 200, .body = "{}"},
        {.match = "POST /v1/Services/IS1/Documents", .act = FAKE_RESET},
        {.match = "GET /v1/Services/IS1/Documents/syn-" RUN "-preflight",
         .status = 200,
         .body = MADE},
        {.match = "DELETE", .act = FAKE_RESET, .times = 1},
        {.match = "DELETE", .status = 404, .body = "{}"}};
    open_stage(NAMED);
    struct syn_remote_result found = FIND_OUT(rules);
    ck_assert(found.stage.hears_ttl);
    ck_assert(found.stage.can_remove);
    ck_assert_uint_eq(fake_count(bench.fake, "GET /v1/Services/IS1/Documents/"),
                      1);
}
END_TEST

START_TEST(document_that_never_came_is_made_again)
{
    static const struct fake_rule rules[] = {
        SERVICES,
        {.match = "GET /v1/Services/IS1\r\n", .status = 200, .body = "{}"},
        {.match = "POST /v1/Services/IS1/Documents", .status = 502, .times = 1},
        {.match = "POST /v1/Services/IS1/Documents",
         .status = 201,
         .body = MADE},
        {.match = "DELETE", .status = 204}};
    open_stage(NAMED);
    struct syn_remote_result found = FIND_OUT(rules);
    ck_assert(found.stage.hears_ttl);
    ck_assert(found.stage.can_remove);
    ck_assert_uint_eq(fake_count(bench.fake, "POST /v1"), 2);
}
END_TEST

/* --- rows: what a look that is lost makes of them ------------------------- */

/* Perform a row on `stage` as row.c does, and judge it. */
static enum syn_verdict verdict_of(const struct syn_scenario *row)
{
    char path[] = "/tmp/syn-preflight-XXXXXX";
    struct syn_plan_entry entry = {.row = row, .name = row->id};
    struct syn_evidence evidence;
    struct syn_judgement judgement;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    struct syn_run *run = calloc(1, sizeof *run);
    ck_assert_ptr_nonnull(run);
    run->entry = &entry;
    run->stage = &stage;
    run->mask = (struct syn_mask){run->secrets, SYN_RUN_SECRETS};
    syn_arena_init(&run->arena, NULL, ARENA_BYTES);
    syn_rng_init(&run->rng, 1, 2);
    syn_recorder_init(&run->recorder, fd, &run->mask);
    row->run(run);
    syn_run_close_world(run);
    syn_record_end(&run->recorder, SYN_END_DONE, "");
    syn_recorder_fini(&run->recorder);
    ck_assert_int_eq(syn_evidence_read(&bench.arena, path, &evidence), SYN_OK);
    struct syn_case the_case = {.evidence = &evidence,
                                .level = SYN_LEVEL_MUST,
                                .is_remote = true,
                                .fate = SYN_FATE_RETURNED,
                                .message = ""};
    ck_assert_int_eq(syn_judge(&bench.arena, &the_case, &judgement), SYN_OK);
    syn_arena_fini(&run->arena);
    free(run);
    (void)close(fd);
    (void)unlink(path);
    fake_end();
    return judgement.verdict;
}

static void ask_one_thing(struct syn_run *run)
{
    struct syn_reply reply = syn_backend_call(syn_run_backend(run), "GET",
                                              "/v1/Services/IS1", NULL, NULL);
    (void)syn_expect_allowed(run, SYN_SITE, SYN_CONTROL, "it answers", reply);
}

static const struct syn_scenario plain_row = {
    .id = "unit/plain", .subject = SYN_SUBJECT_SERVICE, .run = ask_one_thing};

static const struct fake_rule answers[] = {
    {.match = "GET", .status = 200, .body = "{\"now_ms\":1800000000000}"}};

static void use_second_service(struct syn_run *run)
{
    (void)syn_run_second_service(run);
    ask_one_thing(run);
}

static const struct syn_scenario second_row = {.id = "unit/second",
                                               .subject = SYN_SUBJECT_SERVICE,
                                               .run = use_second_service};

/* The service of the file, then the second; read, then not. */
START_TEST(row_in_an_unread_service_is_inconclusive)
{
    bool is_second = _i >= 2;
    bool is_unread = _i % 2 == 1;
    open_stage(TWO);
    stage.is_unread = is_unread && !is_second;
    stage.is_second_unread = is_unread && is_second;
    fake_fork(answers, 1);
    ck_assert_int_eq(verdict_of(is_second ? &second_row : &plain_row),
                     is_unread ? SYN_VERDICT_INCONCLUSIVE : SYN_VERDICT_PASS);
}
END_TEST

/* How the making of a second service ends, and what the row is then. */
static const struct {
    struct fake_rule make;
    enum syn_verdict verdict;
} seconds[] = {
    {{.status = 201, .body = OWNED("second0")}, SYN_VERDICT_PASS},
    {{.status = 403, .body = "{}"}, SYN_VERDICT_FAIL},
    {{.status = 201, .body = "{\"sid\":\"IS9\"}"}, SYN_VERDICT_FAIL},
    {{.act = FAKE_RESET}, SYN_VERDICT_INCONCLUSIVE},
};

START_TEST(row_without_a_second_service_is_red_or_open)
{
    struct fake_rule rules[] = {seconds[_i].make, answers[0]};
    rules[0].match = "POST /v1/Services\r\n";
    open_stage("");
    fake_fork(rules, 2);
    ck_assert_int_eq(verdict_of(&second_row), seconds[_i].verdict);
}
END_TEST

START_TEST(row_at_a_clock_that_does_not_answer_is_inconclusive)
{
    static const struct fake_rule mute[] = {
        {.match = "/_syncproof/clock", .act = FAKE_RESET},
        {.match = "GET", .status = 200, .body = "{}"}};
    open_stage(NAMED "\"clock\": \"virtual\", ");
    fake_fork(_i == 1 ? mute : answers, _i == 1 ? 2 : 1);
    ck_assert_int_eq(verdict_of(&plain_row),
                     _i == 1 ? SYN_VERDICT_INCONCLUSIVE : SYN_VERDICT_PASS);
}
END_TEST

/* A row with a service of its own that changes it. */
static void change_own_service(struct syn_run *run)
{
    (void)syn_run_world(run);
    struct syn_reply reply = syn_backend_call(syn_run_backend(run), "POST",
                                              "/v1/Services/IS9", "X=y", NULL);
    (void)syn_expect_allowed(run, SYN_SITE, SYN_CONTROL, "it changes", reply);
}

static const struct syn_scenario switch_row = {.id = "unit/switch",
                                               .subject = SYN_SUBJECT_SERVICE,
                                               .needs = SYN_NEED_OWN_SERVICE |
                                                        SYN_NEED_WEBHOOK,
                                               .run = change_own_service};

/* What the look before the change answers, and what the row is then. */
static const struct {
    struct fake_rule look;
    enum syn_verdict verdict;
} looks[] = {
    {{.status = 200, .body = OWNED("row0")}, SYN_VERDICT_PASS},
    {{.status = 200, .body = "{\"friendly_name\":\"taken\"}"},
     SYN_VERDICT_SKIPPED},
    {{.status = 403, .body = "{}"}, SYN_VERDICT_FAIL},
    {{.status = 404, .body = "{}"}, SYN_VERDICT_FAIL},
    {{.status = 503, .body = "{}"}, SYN_VERDICT_INCONCLUSIVE},
    {{.act = FAKE_RESET}, SYN_VERDICT_INCONCLUSIVE},
};

#define OWN_SERVICE                                                            \
    {                                                                          \
        .match = "POST /v1/Services\r\n", .status = 201, .body = OWNED("row0") \
    }

START_TEST(look_before_a_change_decides_the_row)
{
    struct fake_rule rules[] = {
        OWN_SERVICE,
        looks[_i].look,
        {.match = "POST /v1/Services/IS9\r\n", .status = 200, .body = "{}"}};
    rules[1].match = "GET /v1/Services/IS9\r\n";
    open_stage("");
    fake_fork(rules, 3);
    ck_assert_int_eq(verdict_of(&switch_row), looks[_i].verdict);
}
END_TEST

static void open_a_sink(struct syn_run *run)
{
    (void)syn_run_sink(run);
}

static const struct syn_scenario hook_row = {.id = "unit/hook",
                                             .subject = SYN_SUBJECT_SERVICE,
                                             .needs = SYN_NEED_OWN_SERVICE |
                                                      SYN_NEED_WEBHOOK,
                                             .run = open_a_sink};

/* What the look answers when the row has been judged, and its sink is closed.
 */
static const struct fake_rule last_looks[] = {
    {.act = FAKE_RESET},
    {.status = 403, .body = "{}"},
    {.status = 200, .body = "{\"friendly_name\":\"taken\"}"}};

START_TEST(fault_in_clean_up_changes_no_verdict)
{
    struct fake_rule rules[] = {
        OWN_SERVICE,
        {.match = "GET /v1/Services/IS9\r\n",
         .status = 200,
         .body = OWNED("row0"),
         .times = 1},
        last_looks[_i],
        {.match = "POST /v1/Services/IS9\r\n", .status = 200, .body = "{}"}};
    rules[2].match = rules[1].match;
    open_stage("\"webhook\": {\"listen\": \"127.0.0.1:0\"}, ");
    fake_fork(rules, 4);
    ck_assert_int_eq(verdict_of(&hook_row), SYN_VERDICT_PASS);
}
END_TEST

/* A thing whose making went unanswered is none that we know to be ours. */
static void lose_track(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, NULL);
    const struct syn_action make = {.op = SYN_OP_CREATE, .on = &thing};
    (void)syn_backend_do(syn_run_backend(run), &make);
    struct syn_reply reply =
        syn_backend_call(syn_run_backend(run), "DELETE",
                         "/v1/Services/IS1/Documents/ET5", NULL, NULL);
    (void)syn_expect_allowed(run, SYN_SITE, SYN_CONTROL, "it goes", reply);
}

static const struct syn_scenario lost_row = {
    .id = "unit/lost", .subject = SYN_SUBJECT_SERVICE, .run = lose_track};

START_TEST(rule_that_refuses_after_a_loss_skips_nothing)
{
    struct fake_rule rules[] = {
        {.match = "POST /v1/Services/IS1/Documents", .act = FAKE_RESET}};
    static const struct fake_rule made = {.status = 201,
                                          .body = "{\"sid\":\"ET6\"}"};
    if (_i == 0) {
        rules[0].act = made.act;
        rules[0].status = made.status;
        rules[0].body = made.body;
    }
    open_stage(NAMED);
    (void)snprintf(stage.service_on, sizeof stage.service_on, "IS1");
    (void)snprintf(stage.service_off, sizeof stage.service_off, "IS1");
    fake_fork(rules, 1);
    ck_assert_int_eq(verdict_of(&lost_row),
                     _i == 0 ? SYN_VERDICT_SKIPPED : SYN_VERDICT_INCONCLUSIVE);
}
END_TEST

static void tear_down(void)
{
    fake_end();
    syn_manifest_close(stage.manifest);
    (void)unlink(manifest_path);
    (void)rmdir(folder);
    bench_tear_down();
}

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *suite_preflight(void)
{
    Suite *suite = suite_create("preflight");
    TCase *looking = tcase_create("looks");
    TCase *row = tcase_create("rows");
    tcase_add_checked_fixture(looking, bench_set_up, tear_down);
    tcase_add_test(looking, first_look_that_is_lost_twice_is_asked_again);
    tcase_add_test(looking,
                   service_of_the_run_is_made_again_under_another_name);
    tcase_add_test(looking,
                   service_of_the_run_that_is_refused_is_not_asked_for_again);
    tcase_add_loop_test(
        looking, named_service_without_an_answer_is_unread_and_not_touched, 0,
        COUNT(reads));
    tcase_add_test(looking, second_service_without_an_answer_is_unread);
    tcase_add_test(looking, webhook_of_somebody_is_found_after_a_loss);
    tcase_add_test(looking,
                   types_are_listed_after_a_loss_and_only_404_is_absent);
    tcase_add_test(looking, ttl_and_removal_are_seen_though_answers_are_lost);
    tcase_add_test(looking, document_that_never_came_is_made_again);
    suite_add_tcase(suite, looking);
    tcase_add_checked_fixture(row, bench_set_up, tear_down);
    tcase_add_loop_test(row, row_in_an_unread_service_is_inconclusive, 0, 4);
    tcase_add_loop_test(row, row_without_a_second_service_is_red_or_open, 0,
                        COUNT(seconds));
    tcase_add_loop_test(
        row, row_at_a_clock_that_does_not_answer_is_inconclusive, 0, 2);
    tcase_add_loop_test(row, look_before_a_change_decides_the_row, 0,
                        COUNT(looks));
    tcase_add_loop_test(row, fault_in_clean_up_changes_no_verdict, 0,
                        COUNT(last_looks));
    tcase_add_loop_test(row, rule_that_refuses_after_a_loss_skips_nothing, 0,
                        2);
    suite_add_tcase(suite, row);
    return suite;
}
