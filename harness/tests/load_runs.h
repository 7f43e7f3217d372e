/*
 * load_runs.h - whole stress runs of tests: a small plan, a run, no violation.
 */
#ifndef SYN_TESTS_LOAD_RUNS_H
#define SYN_TESTS_LOAD_RUNS_H

#include "load/load.h"

#include <check.h>

static inline struct syn_load_plan plan_of(enum syn_load_profile profile)
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

static inline struct syn_load_result *run(const struct syn_load_plan *plan,
                                          const struct syn_target *target)
{
    struct syn_load_result *result = NULL;
    ck_assert_int_eq(syn_load_result_new(plan, &result), SYN_OK);
    ck_assert_int_eq(syn_load_run(plan, target, NULL, NULL, result), SYN_OK);
    return result;
}

static inline void expect_clean(const struct syn_load_result *result)
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

#endif
