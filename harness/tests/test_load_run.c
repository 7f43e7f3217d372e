/*
 * test_load_run.c - whole stress runs: the embedded service in its process,
 * generator processes, their results joined. Each seeded defect that a load can
 * show is caught by the property that names it (fixtures/load/defects.json).
 *
 * _DEFAULT_SOURCE: rlimits.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "base/json.h"
#include "load/embed.h"
#include "load/load.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *suite_load_run(void);

#define FIXTURE    SYN_SOURCE_DIR "/fixtures/load/defects.json"
#define BYTES_MAX  65536
#define ROWS       60 /* run in two halves, or it takes too long */
#define HIDDEN     5
#define DEFECT_S   150 /* a service that answers nothing is waited for */
#define STALL_MS   100
#define BETWEEN_MS 400
#define HALF_US    50000
#define URL_BYTES  64

static struct syn_load_plan plan_of(enum syn_load_profile profile)
{
    struct syn_load_plan plan;
    syn_load_plan_init(&plan, profile);
    plan.clients = 48;
    plan.workers = 2;
    plan.duration_s = 4;
    plan.warmup_s = 0;
    plan.ramp_s = 1;
    plan.rate_per_s = 300;
    plan.times = 2;
    plan.seed = 7;
    return plan;
}

static struct syn_load_result *run(const struct syn_load_plan *plan,
                                   const struct syn_target *target)
{
    struct syn_load_result *result = NULL;
    ck_assert_int_eq(syn_load_result_new(plan, &result), SYN_OK);
    ck_assert_int_eq(syn_load_run(plan, target, NULL, NULL, result), SYN_OK);
    return result;
}

static void expect_clean(const struct syn_load_result *result)
{
    ck_assert_str_eq(result->fault, "");
    ck_assert_str_eq(result->unreachable, "");
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        const struct syn_load_finding *finding = &result->findings[p];
        ck_assert_msg(finding->count == 0, "property %u: %llu, %s", p,
                      (unsigned long long)finding->count,
                      finding->sample_count > 0 ? finding->samples[0].text
                                                : "");
    }
}

/* --- sound service -------------------------------------------------------- */

START_TEST(every_profile_runs_on_a_sound_service_without_a_violation)
{
    struct syn_load_plan plan = plan_of((enum syn_load_profile)_i);
    struct syn_load_result *result = run(&plan, NULL);
    const uint64_t *counters = result->counters;
    expect_clean(result);
    ck_assert_uint_ge(counters[SYN_LOAD_SESSIONS_READY], plan.clients);
    ck_assert_uint_ge(counters[SYN_LOAD_SURVIVORS], plan.clients);
    ck_assert_uint_gt(counters[SYN_LOAD_EVENTS_HEARD], 100);
    ck_assert_uint_gt(result->findings[SYN_LOAD_PROPERTY_DENIED].checks, 0);
    ck_assert_uint_gt(
        result->findings[SYN_LOAD_PROPERTY_DIVERGED].checks +
            result->findings[SYN_LOAD_PROPERTY_AFTER_EXPIRY].checks,
        0);
    if (plan.profile == SYN_LOAD_PROFILE_STORM) {
        ck_assert_uint_gt(counters[SYN_LOAD_DROPS], 0);
        ck_assert_uint_eq(counters[SYN_LOAD_RESUMES],
                          counters[SYN_LOAD_RECONNECTS]);
        ck_assert_uint_gt(result->hists[SYN_LOAD_HIST_STORM].count, 0);
    } else if (plan.profile == SYN_LOAD_PROFILE_CHURN) {
        ck_assert_uint_gt(counters[SYN_LOAD_BACKOFFS], 0);
        ck_assert_uint_eq(counters[SYN_LOAD_BACKOFFS_KEPT],
                          counters[SYN_LOAD_BACKOFFS]);
    } else if (plan.profile == SYN_LOAD_PROFILE_EXPIRE) {
        ck_assert_uint_gt(counters[SYN_LOAD_RENEWALS], 0);
        ck_assert_uint_gt(counters[SYN_LOAD_EXPIRIES], 0);
    } else if (plan.profile == SYN_LOAD_PROFILE_REVOKE) {
        ck_assert_uint_gt(counters[SYN_LOAD_REVOKES], 0);
        ck_assert_uint_gt(result->hists[SYN_LOAD_HIST_REVOKE].count, 0);
    }
    syn_load_result_free(result);
}
END_TEST

START_TEST(rogues_of_every_kind_harm_no_honest_session)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    plan.clients = 80;
    plan.rogue_pct = 30;
    plan.ports = 3;
    plan.sources = 4;
    struct syn_load_result *result = run(&plan, NULL);
    expect_clean(result);
    ck_assert_uint_gt(result->counters[SYN_LOAD_ROGUES], 5);
    ck_assert_uint_eq(result->counters[SYN_LOAD_SURVIVORS],
                      plan.clients - result->counters[SYN_LOAD_ROGUES]);
    syn_load_result_free(result);
}
END_TEST

/* --- seeded defects ------------------------------------------------------- */

struct row {
    char defect[64], profile[16], property[32];
    struct syn_load_plan plan;
};

static void copy(const struct syn_json *row, const char *name, char *out,
                 size_t bytes)
{
    const struct syn_str none = {"", 0};
    (void)snprintf(out, bytes, "%.*s",
                   SYN_STR_ARG(syn_json_str(syn_json_member(row, name), none)));
}

/* What a defect needs beyond the plan that all rows have. */
static void read_flags(const struct syn_json *flags, struct syn_load_plan *plan)
{
    char fault[SYN_LOAD_PLAN_FAULT_BYTES];
    char name[32];
    char value[32];
    for (const struct syn_json *flag = syn_json_first(flags); flag != NULL;
         flag = syn_json_next(flag)) {
        (void)snprintf(name, sizeof name, "%.*s",
                       SYN_STR_ARG(syn_json_name(flag)));
        copy(flags, name, value, sizeof value);
        ck_assert_msg(syn_load_plan_set(plan, name, value, fault) == SYN_OK,
                      "%s: %s", name, fault);
    }
}

static enum syn_load_profile find_profile(const char *word);

/* Row `index` of the member `list` of the fixture, which has `count`. */
static struct row read_row(const char *list, unsigned count, int index)
{
    char text[BYTES_MAX];
    struct row row;
    struct syn_arena arena;
    const struct syn_json *all = NULL;
    FILE *file = fopen(FIXTURE, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t bytes = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    syn_arena_init(&arena, NULL, BYTES_MAX * 16);
    ck_assert_int_eq(
        syn_json_parse(&arena, (struct syn_str){text, bytes}, NULL, &all, NULL),
        SYN_OK);
    const struct syn_json *rows = syn_json_member(all, list);
    ck_assert_uint_eq(syn_json_count(rows), count);
    const struct syn_json *at = syn_json_first(rows);
    for (int i = 0; i < index; i++) {
        at = syn_json_next(at);
    }
    copy(at, "defect", row.defect, sizeof row.defect);
    copy(at, "profile", row.profile, sizeof row.profile);
    copy(at, "property", row.property, sizeof row.property);
    row.plan = plan_of(find_profile(row.profile));
    read_flags(syn_json_member(at, "flags"), &row.plan);
    syn_arena_fini(&arena);
    return row;
}

static enum syn_load_property find_property(const char *word)
{
#define SYN_AS_WORD(name, word, sentence) word,
    static const char *const words[] = {SYN_LOAD_PROPERTY_MAP(SYN_AS_WORD)};
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        if (strcmp(words[p], word) == 0) {
            return (enum syn_load_property)p;
        }
    }
    ck_abort_msg("no property %s", word);
}

static enum syn_load_profile find_profile(const char *word)
{
    for (unsigned p = 0; p < SYN_LOAD_PROFILE_COUNT; p++) {
        if (strcmp(syn_load_profile_name((enum syn_load_profile)p), word) ==
            0) {
            return (enum syn_load_profile)p;
        }
    }
    ck_abort_msg("no profile %s", word);
}

START_TEST(seeded_defect_is_caught_under_load_by_its_property)
{
    const struct row row = read_row("caught", ROWS, _i);
    struct syn_load_plan plan = row.plan;
    plan.defect = row.defect;
    if (plan.profile == SYN_LOAD_PROFILE_EXPIRE) {
        plan.duration_s = 6; /* the end is in the middle, removals follow */
    }
    struct syn_load_result *result = run(&plan, NULL);
    ck_assert_str_eq(result->fault, "");
    ck_assert_str_eq(result->unreachable, "");
    const struct syn_load_finding *finding =
        &result->findings[find_property(row.property)];
    ck_assert_msg(finding->count > 0, "%s under %s: no %s", row.defect,
                  row.profile, row.property);
    ck_assert_uint_gt(finding->sample_count, 0);
    syn_load_result_free(result);
}
END_TEST

/* Why stands in the fixture. The first of them shows, too, that limits which
 * are on but out of reach blame nobody. */
START_TEST(defect_that_no_load_can_show_blames_nobody)
{
    const struct row row = read_row("hidden", HIDDEN, _i);
    struct syn_load_plan plan = row.plan;
    plan.defect = row.defect;
    struct syn_load_result *result = run(&plan, NULL);
    expect_clean(result);
    syn_load_result_free(result);
}
END_TEST

/* --- other services ------------------------------------------------------- */

struct elsewhere {
    struct syn_load_embed embed;
    char rest_url[URL_BYTES], sdk_url[URL_BYTES];
    struct syn_target target;
};

static void start_elsewhere(struct elsewhere *e,
                            const struct syn_load_plan *plan)
{
    memset(e, 0, sizeof *e);
    ck_assert_int_eq(syn_load_embed_start(&e->embed, plan), SYN_OK);
    (void)snprintf(e->rest_url, URL_BYTES, "http://127.0.0.1:%u",
                   (unsigned)e->embed.ports[0]);
    (void)snprintf(e->sdk_url, URL_BYTES, "ws://127.0.0.1:%u/v3/wsconnect",
                   (unsigned)e->embed.ports[0]);
    e->target =
        (struct syn_target){.name = "elsewhere",
                            .rest_url = e->rest_url,
                            .sdk_url = e->sdk_url,
                            .account = {.account_sid = e->embed.account_sid,
                                        .api_key = e->embed.api_key,
                                        .api_secret = e->embed.api_secret,
                                        .service_sid = e->embed.service_sid},
                            .mode = SYN_MODE_NAMESPACED,
                            .ttl_s = 5,
                            .skew_s = 1};
}

/* Stops the service for a tenth of a second, again and again. */
static pid_t start_staller(pid_t service)
{
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        for (;;) {
            (void)poll(NULL, 0, BETWEEN_MS);
            (void)kill(service, SIGSTOP);
            (void)poll(NULL, 0, STALL_MS);
            (void)kill(service, SIGCONT);
        }
    }
    return pid;
}

static uint64_t slower_than(const struct syn_hist *hist, int64_t us)
{
    uint64_t count = 0;
    for (unsigned cell = syn_hist_cell(us) + 1; cell < SYN_HIST_CELLS; cell++) {
        count += hist->counts[cell];
    }
    return count;
}

/* Stalled for 100 of 500 ms: half of the operations due then wait over 50 ms,
 * a tenth of all. Whoever waited for answers before he sent the next would
 * have seen a handful. */
START_TEST(service_that_stalls_for_100_ms_shows_it_in_p99)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    struct elsewhere e;
    start_elsewhere(&e, &plan);
    const pid_t staller = start_staller(e.embed.pid);
    struct syn_load_result *result = run(&plan, &e.target);
    (void)kill(staller, SIGKILL);
    (void)waitpid(staller, NULL, 0);
    (void)kill(e.embed.pid, SIGCONT);
    const struct syn_hist *hist = &result->hists[SYN_LOAD_HIST_ROUNDTRIP];
    expect_clean(result);
    ck_assert_uint_ge(hist->count, 1000);
    ck_assert_int_ge(syn_hist_percentile(hist, 99), 80000);
    ck_assert_uint_ge(slower_than(hist, HALF_US) * 100, hist->count * 6);
    syn_load_result_free(result);
    syn_load_embed_stop(&e.embed);
}
END_TEST

START_TEST(target_is_loaded_and_left_as_it_was_found)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    struct elsewhere e;
    start_elsewhere(&e, &plan);
    plan.duration_s = 2;
    struct syn_load_result *result = run(&plan, &e.target);
    expect_clean(result);
    ck_assert_uint_ge(result->counters[SYN_LOAD_SURVIVORS], plan.clients);
    syn_load_result_free(result);
    syn_load_embed_stop(&e.embed);
}
END_TEST

START_TEST(target_that_does_not_answer_is_unreachable)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    struct elsewhere e;
    start_elsewhere(&e, &plan);
    syn_load_embed_stop(&e.embed);
    struct syn_load_result *result = run(&plan, &e.target);
    ck_assert_ptr_nonnull(strstr(result->unreachable, "does not answer"));
    syn_load_result_free(result);
}
END_TEST

START_TEST(target_that_refuses_the_credentials_is_unreachable)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    struct elsewhere e;
    start_elsewhere(&e, &plan);
    e.target.account.api_secret = "wrong";
    struct syn_load_result *result = run(&plan, &e.target);
    ck_assert_ptr_nonnull(strstr(result->unreachable, "401"));
    syn_load_result_free(result);
    syn_load_embed_stop(&e.embed);
}
END_TEST

START_TEST(readonly_target_is_not_loaded)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    struct elsewhere e;
    struct syn_load_result *result = NULL;
    start_elsewhere(&e, &plan);
    e.target.mode = SYN_MODE_READONLY;
    ck_assert_int_eq(syn_load_result_new(&plan, &result), SYN_OK);
    ck_assert_int_eq(syn_load_run(&plan, &e.target, NULL, NULL, result),
                     SYN_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(result->fault, "readonly"));
    syn_load_result_free(result);
    syn_load_embed_stop(&e.embed);
}
END_TEST

/* --- this machine --------------------------------------------------------- */

START_TEST(too_few_descriptors_are_told_before_the_start)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    const struct rlimit few = {100, 100};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    struct syn_load_result *result = run(&plan, NULL);
    ck_assert_ptr_nonnull(strstr(result->fault, "descriptors"));
    ck_assert_uint_eq(result->counters[SYN_LOAD_CONNECTS_TRIED], 0);
    syn_load_result_free(result);
}
END_TEST

START_TEST(more_sessions_than_ports_are_told_before_the_start)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    struct rlimit files;
    plan.clients = 15000;
    plan.sources = 1;
    plan.ports = 1;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_max < plan.clients + 200) {
        return; /* this machine stops before */
    }
    struct syn_load_result *result = run(&plan, NULL);
    ck_assert_ptr_nonnull(strstr(result->fault, "--sources"));
    syn_load_result_free(result);
}
END_TEST

START_TEST(unknown_defect_is_a_fault_of_the_configuration)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    struct syn_load_result *result = NULL;
    plan.defect = "no-such-thing";
    ck_assert_int_eq(syn_load_result_new(&plan, &result), SYN_OK);
    ck_assert_int_eq(syn_load_run(&plan, NULL, NULL, NULL, result),
                     SYN_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(result->fault, "no-such-thing"));
    syn_load_result_free(result);
}
END_TEST

Suite *suite_load_run(void)
{
    Suite *suite = suite_create("load_run");
    TCase *tcase = tcase_create("runs");
    tcase_set_timeout(tcase, 90);
    tcase_add_loop_test(
        tcase, every_profile_runs_on_a_sound_service_without_a_violation, 0,
        SYN_LOAD_PROFILE_COUNT);
    tcase_add_test(tcase, rogues_of_every_kind_harm_no_honest_session);
    tcase_add_test(tcase, service_that_stalls_for_100_ms_shows_it_in_p99);
    tcase_add_test(tcase, target_is_loaded_and_left_as_it_was_found);
    tcase_add_test(tcase, target_that_does_not_answer_is_unreachable);
    tcase_add_test(tcase, target_that_refuses_the_credentials_is_unreachable);
    tcase_add_test(tcase, readonly_target_is_not_loaded);
    tcase_add_test(tcase, too_few_descriptors_are_told_before_the_start);
    tcase_add_test(tcase, more_sessions_than_ports_are_told_before_the_start);
    tcase_add_test(tcase, unknown_defect_is_a_fault_of_the_configuration);
    suite_add_tcase(suite, tcase);
    static const char *const halves[] = {"defects", "more defects"};
    for (int half = 0; half < 2; half++) {
        tcase = tcase_create(halves[half]);
        tcase_set_timeout(tcase, DEFECT_S);
        tcase_add_loop_test(tcase,
                            seeded_defect_is_caught_under_load_by_its_property,
                            half * ROWS / 2, (half + 1) * ROWS / 2);
        suite_add_tcase(suite, tcase);
    }
    tcase = tcase_create("hidden");
    tcase_set_timeout(tcase, DEFECT_S);
    tcase_add_loop_test(tcase, defect_that_no_load_can_show_blames_nobody, 0,
                        HIDDEN);
    suite_add_tcase(suite, tcase);
    return suite;
}
