/*
 * test_load_run.c - whole stress runs: the embedded service in its process,
 * generator processes, their results joined.
 *
 * _DEFAULT_SOURCE: rlimits.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "load/embed.h"
#include "load_runs.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

Suite *suite_load_run(void);

#define STALL_MS   100
#define BETWEEN_MS 400
#define HALF_US    50000
#define URL_BYTES  64

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
        /* A second, a fifth of it more or less, each time another. */
        const struct syn_hist *back = &result->hists[SYN_LOAD_HIST_RECONNECT];
        ck_assert_int_ge(back->min_us, 790000);
        ck_assert_int_ge(syn_hist_percentile(back, 90) -
                             syn_hist_percentile(back, 10),
                         150000);
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

static bool is_busy(const struct syn_load_result *result)
{
    return result->counters[SYN_LOAD_FRAMES_HEARD] >
           10 * result->counters[SYN_LOAD_EVENTS_HEARD];
}

static bool is_half_open(const struct syn_load_result *result)
{
    return result->counters[SYN_LOAD_CONNECTS_TRIED] ==
           result->counters[SYN_LOAD_CONNECTS_DONE] +
               result->counters[SYN_LOAD_ROGUES];
}

static bool is_back_at_once(const struct syn_load_result *result)
{
    return result->hists[SYN_LOAD_HIST_RECONNECT].min_us < 500000;
}

static const struct {
    enum syn_load_rogue kind;
    enum syn_load_profile profile;
    bool (*is_seen)(const struct syn_load_result *result);
} manners[] = {
    {SYN_LOAD_ROGUE_HOT_LOOP, SYN_LOAD_PROFILE_STEADY, is_busy},
    {SYN_LOAD_ROGUE_IGNORE_429, SYN_LOAD_PROFILE_STEADY, is_busy},
    {SYN_LOAD_ROGUE_HALF_OPEN, SYN_LOAD_PROFILE_STEADY, is_half_open},
    {SYN_LOAD_ROGUE_NO_JITTER, SYN_LOAD_PROFILE_STORM, is_back_at_once},
};

START_TEST(rogue_misbehaves_as_its_kind_says)
{
    struct syn_load_plan plan = plan_of(manners[_i].profile);
    plan.rogue_pct = 50;
    plan.rogue_kind = manners[_i].kind;
    plan.duration_s = 2;
    struct syn_load_result *result = run(&plan, NULL);
    expect_clean(result);
    ck_assert_uint_gt(result->counters[SYN_LOAD_ROGUES], 5);
    ck_assert(manners[_i].is_seen(result));
    syn_load_result_free(result);
}
END_TEST

/* --- what was asked for --------------------------------------------------- */

START_TEST(payload_and_mix_are_those_of_the_plan)
{
    enum { PAYLOAD = 4000 };
    const bool writes = _i == 0;
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    plan.mix = (struct syn_load_mix){.read = !writes, .write = writes};
    plan.types = SYN_TYPE_BIT(SYN_TYPE_DOCUMENT);
    plan.payload_bytes = PAYLOAD;
    plan.duration_s = 2;
    struct syn_load_result *result = run(&plan, NULL);
    const uint64_t *counters = result->counters;
    expect_clean(result);
    ck_assert_uint_gt(counters[SYN_LOAD_SENDS_ACKED], 100);
    ck_assert_int_eq(counters[SYN_LOAD_EVENTS_HEARD] > 0, writes);
    ck_assert_int_eq(counters[SYN_LOAD_BYTES_OUT] >=
                         counters[SYN_LOAD_SENDS_ACKED] * (PAYLOAD - 10),
                     writes);
    syn_load_result_free(result);
}
END_TEST

static uint64_t sum_of(const struct syn_load_result *result,
                       enum syn_load_series series)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < result->slot_count; i++) {
        sum += result->slots[i].counts[series];
    }
    return sum;
}

/* No machine sends so much. Each operation was due, and is told as sent, as
 * late or as never sent; nothing is left out to look better. */
START_TEST(generator_that_cannot_keep_up_makes_the_run_invalid)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    plan.workers = 1;
    plan.duration_s = 1;
    plan.rate_per_s = 2000000;
    struct syn_load_result *result = run(&plan, NULL);
    const uint64_t *counters = result->counters;
    expect_clean(result);
    ck_assert(result->is_invalid);
    ck_assert_ptr_nonnull(strstr(result->invalid_reason, "bottleneck"));
    ck_assert_uint_gt(counters[SYN_LOAD_SENDS_LATE], 0);
    ck_assert_uint_gt(counters[SYN_LOAD_SENDS_DROPPED], 0);
    ck_assert_uint_eq(counters[SYN_LOAD_SENDS_DUE],
                      counters[SYN_LOAD_SENDS_DONE] +
                          counters[SYN_LOAD_SENDS_DROPPED]);
    ck_assert_uint_eq(sum_of(result, SYN_LOAD_SERIES_OFFERED),
                      counters[SYN_LOAD_SENDS_DUE]);
    ck_assert_uint_eq(sum_of(result, SYN_LOAD_SERIES_LATE),
                      counters[SYN_LOAD_SENDS_LATE]);
    ck_assert_uint_eq(sum_of(result, SYN_LOAD_SERIES_DROPPED),
                      counters[SYN_LOAD_SENDS_DROPPED]);
    syn_load_result_free(result);
}
END_TEST

START_TEST(shard_that_is_ready_after_the_common_start_is_invalid)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    struct timespec now;
    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
    plan.shards = 2;
    plan.shard = 1;
    plan.duration_s = 1;
    plan.start_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 50;
    struct syn_load_result *result = run(&plan, NULL);
    expect_clean(result);
    ck_assert(result->is_invalid);
    ck_assert_ptr_nonnull(strstr(result->invalid_reason, "common start"));
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

START_TEST(soft_bound_of_descriptors_is_raised)
{
    struct syn_load_plan plan = plan_of(SYN_LOAD_PROFILE_STEADY);
    struct rlimit files;
    plan.duration_s = 1;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = 40; /* fewer than sessions */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    struct syn_load_result *result = run(&plan, NULL);
    expect_clean(result);
    ck_assert_uint_eq(result->counters[SYN_LOAD_SESSIONS_READY], plan.clients);
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
    tcase_add_loop_test(tcase, rogue_misbehaves_as_its_kind_says, 0,
                        (int)(sizeof manners / sizeof *manners));
    tcase_add_loop_test(tcase, payload_and_mix_are_those_of_the_plan, 0, 2);
    tcase_add_test(tcase, generator_that_cannot_keep_up_makes_the_run_invalid);
    tcase_add_test(tcase,
                   shard_that_is_ready_after_the_common_start_is_invalid);
    tcase_add_test(tcase, soft_bound_of_descriptors_is_raised);
    tcase_add_test(tcase, service_that_stalls_for_100_ms_shows_it_in_p99);
    tcase_add_test(tcase, target_is_loaded_and_left_as_it_was_found);
    tcase_add_test(tcase, target_that_does_not_answer_is_unreachable);
    tcase_add_test(tcase, target_that_refuses_the_credentials_is_unreachable);
    tcase_add_test(tcase, readonly_target_is_not_loaded);
    tcase_add_test(tcase, too_few_descriptors_are_told_before_the_start);
    tcase_add_test(tcase, more_sessions_than_ports_are_told_before_the_start);
    tcase_add_test(tcase, unknown_defect_is_a_fault_of_the_configuration);
    suite_add_tcase(suite, tcase);
    return suite;
}
