/*
 * test_load_plan.c - flags to a plan, launchers to a shard.
 * Layer: tests.
 */
#include "load/plan.h"
#include "load/shard.h"
#include "syn/limits.h"
#include "syn/object.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_load_plan(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define NOW_MS       INT64_C(1795289600000)

START_TEST(flags_set_their_fields)
{
    static const char *const flags[][2] = {{"clients", "18000"},
                                           {"workers", "2"},
                                           {"duration", "60"},
                                           {"warmup", "0"},
                                           {"ramp", "10"},
                                           {"types", "map, list"},
                                           {"mix", "read=1,write=9"},
                                           {"payload", "1024"},
                                           {"subscriptions", "3"},
                                           {"rate", "2000"},
                                           {"rogues", "5"},
                                           {"rogue-kind", "never-read"},
                                           {"drop", "50"},
                                           {"times", "4"},
                                           {"ports", "8"},
                                           {"sources", "16"},
                                           {"shard", "3/4"},
                                           {"start", "1795289700"}};
    struct syn_load_plan plan;
    char fault[SYN_LOAD_PLAN_FAULT_BYTES] = "";
    syn_load_plan_init(&plan, SYN_LOAD_PROFILE_STORM);
    for (size_t i = 0; i < COUNT(flags); i++) {
        syn_status st =
            syn_load_plan_set(&plan, flags[i][0], flags[i][1], fault);
        ck_assert_msg(st == SYN_OK, "%s", fault);
    }
    ck_assert_uint_eq(plan.clients, 18000);
    ck_assert_uint_eq(plan.workers, 2);
    ck_assert_uint_eq(plan.duration_s, 60);
    ck_assert_uint_eq(plan.warmup_s, 0);
    ck_assert_uint_eq(plan.ramp_s, 10);
    ck_assert_uint_eq(plan.types,
                      SYN_TYPE_BIT(SYN_TYPE_MAP) | SYN_TYPE_BIT(SYN_TYPE_LIST));
    ck_assert_uint_eq(plan.mix.read, 1);
    ck_assert_uint_eq(plan.mix.write, 9);
    ck_assert_uint_eq(plan.mix.subscribe, 0);
    ck_assert_uint_eq(plan.payload_bytes, 1024);
    ck_assert_uint_eq(plan.subscriptions, 3);
    ck_assert_uint_eq(plan.rate_per_s, 2000);
    ck_assert_uint_eq(plan.rogue_pct, 5);
    ck_assert_int_eq(plan.rogue_kind, SYN_LOAD_ROGUE_NEVER_READ);
    ck_assert_uint_eq(plan.drop_pct, 50);
    ck_assert_uint_eq(plan.times, 4);
    ck_assert_uint_eq(plan.ports, 8);
    ck_assert_uint_eq(plan.sources, 16);
    ck_assert_uint_eq(plan.shard, 3);
    ck_assert_uint_eq(plan.shards, 4);
    ck_assert_int_eq(plan.start_ms, INT64_C(1795289700000));
    ck_assert_int_eq(syn_load_plan_check(&plan, NOW_MS, fault), SYN_OK);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    const char *said;
} wrongs[] = {
    {"clients", "0", "from 1 to 1000000"},
    {"clients", "1000001", "from 1 to 1000000"},
    {"clients", "1e3", "not \"1e3\""},
    {"clients", "-1", "from 1"},
    {"clients", "", "from 1"},
    {"workers", "65", "from 1 to 64"},
    {"payload", "63", "from 64"},
    {"payload", "16385", "to 16384"},
    {"rogues", "101", "to 100"},
    {"drop", "0", "from 1 to 100"},
    {"sources", "251", "to 250"},
    {"types", "map,lists", "\"lists\""},
    {"types", "", "\"\" is none of"},
    {"types", "map,", "\"\" is none of"},
    {"mix", "read=0,write=0", "does nothing"},
    {"mix", "reads=1", "\"reads=1\""},
    {"mix", "read", "\"read\""},
    {"mix", "read=1001", "up to 1000"},
    {"rogue-kind", "evil", "not \"evil\""},
    {"shard", "0/4", "i/n"},
    {"shard", "5/4", "i/n"},
    {"shard", "1", "i/n"},
    {"shard", "1/", "i/n"},
    {"start", "soon", "date +%s"},
    {"start", "0", "date +%s"},
};

START_TEST(wrong_word_is_refused_and_changes_nothing)
{
    struct syn_load_plan plan;
    struct syn_load_plan before;
    char fault[SYN_LOAD_PLAN_FAULT_BYTES] = "";
    memset(&plan, 0, sizeof plan);
    syn_load_plan_init(&plan, SYN_LOAD_PROFILE_STEADY);
    memcpy(&before, &plan, sizeof before);
    ck_assert_int_eq(
        syn_load_plan_set(&plan, wrongs[_i].name, wrongs[_i].text, fault),
        SYN_ERR_CONFIG);
    ck_assert_msg(strstr(fault, wrongs[_i].said) != NULL, "%s", fault);
    ck_assert_mem_eq(&plan, &before, sizeof before);
}
END_TEST

/* One flag that makes a sound plan of the profile senseless. */
static const struct {
    enum syn_load_profile profile;
    const char *name;
    const char *text;
    const char *said;
} senseless[] = {
    {SYN_LOAD_PROFILE_STEADY, "clients", "1", "too few"},
    {SYN_LOAD_PROFILE_STEADY, "shard", "1/51", "too few"},
    {SYN_LOAD_PROFILE_REVOKE, "types", "map,stream", "nothing to revoke"},
    {SYN_LOAD_PROFILE_STEADY, "payload", "4097", "4096"},
    {SYN_LOAD_PROFILE_STEADY, "duration", "86400", "over 86400 s"},
    {SYN_LOAD_PROFILE_STEADY, "start", "1795289599", "in the past"},
    {SYN_LOAD_PROFILE_STEADY, "start", "1795293201", "ahead"},
};

START_TEST(senseless_plan_is_refused)
{
    struct syn_load_plan plan;
    char fault[SYN_LOAD_PLAN_FAULT_BYTES] = "";
    syn_load_plan_init(&plan, senseless[_i].profile);
    ck_assert_int_eq(syn_load_plan_check(&plan, NOW_MS, fault), SYN_OK);
    ck_assert_int_eq(
        syn_load_plan_set(&plan, senseless[_i].name, senseless[_i].text, fault),
        SYN_OK);
    ck_assert_int_eq(syn_load_plan_check(&plan, NOW_MS, fault), SYN_ERR_CONFIG);
    ck_assert_msg(strstr(fault, senseless[_i].said) != NULL, "%s", fault);
}
END_TEST

START_TEST(every_profile_has_a_sound_plan_by_default)
{
    for (unsigned p = 0; p < SYN_LOAD_PROFILE_COUNT; p++) {
        enum syn_load_profile profile = (enum syn_load_profile)p;
        enum syn_load_profile found = SYN_LOAD_PROFILE_COUNT;
        struct syn_load_plan plan;
        char fault[SYN_LOAD_PLAN_FAULT_BYTES] = "";
        syn_load_plan_init(&plan, profile);
        ck_assert_int_eq(syn_load_plan_check(&plan, NOW_MS, fault), SYN_OK);
        ck_assert(
            syn_load_profile_from_name(syn_load_profile_name(profile), &found));
        ck_assert_int_eq(found, profile);
    }
    enum syn_load_profile none = SYN_LOAD_PROFILE_COUNT;
    ck_assert(!syn_load_profile_from_name("storms", &none));
}
END_TEST

/* "NAME=value" pairs, as the launchers set them. */
struct environment {
    const char *pairs[4];
};

static const char *look_up(void *ctx, const char *name)
{
    const struct environment *environment = ctx;
    size_t bytes = strlen(name);
    for (size_t i = 0; i < 4 && environment->pairs[i] != NULL; i++) {
        if (strncmp(environment->pairs[i], name, bytes) == 0 &&
            environment->pairs[i][bytes] == '=') {
            return environment->pairs[i] + bytes + 1;
        }
    }
    return NULL;
}

static const struct {
    struct environment environment;
    const char *launcher; /* NULL: nobody, or refused */
    unsigned shard;       /* 0: refused */
    unsigned shards;
} launches[] = {
    {{{NULL}}, NULL, 1, 1},
    {{{"OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE=2"}}, "Open MPI", 1, 2},
    {{{"SLURM_PROCID=3", "SLURM_STEP_NUM_TASKS=4"}}, "Slurm", 4, 4},
    {{{"OMPI_COMM_WORLD_RANK=1", "OMPI_COMM_WORLD_SIZE=2", "SLURM_PROCID=0",
       "SLURM_STEP_NUM_TASKS=1"}},
     "Open MPI",
     2,
     2},
    {{{"SLURM_PROCID=0", "SLURM_NTASKS=4"}}, NULL, 1, 1}, /* a batch script */
    {{{"PMI_RANK=1", "PMI_SIZE=3"}}, "PMI", 2, 3},
    {{{"JOB_COMPLETION_INDEX=2", "SYNCPROOF_SHARDS=4"}}, "Kubernetes", 3, 4},
    {{{"JOB_COMPLETION_INDEX=2"}}, NULL, 0, 0},
    {{{"PARALLEL_SEQ=4", "SYNCPROOF_SHARDS=4"}}, "GNU parallel", 4, 4},
    {{{"PARALLEL_SEQ=4"}}, NULL, 1, 1},
    {{{"PARALLEL_SEQ=5", "SYNCPROOF_SHARDS=4"}}, NULL, 0, 0},
    {{{"PARALLEL_SEQ=0", "SYNCPROOF_SHARDS=4"}}, NULL, 0, 0},
    {{{"OMPI_COMM_WORLD_RANK=2", "OMPI_COMM_WORLD_SIZE=2"}}, NULL, 0, 0},
    {{{"OMPI_COMM_WORLD_RANK=x", "OMPI_COMM_WORLD_SIZE=2"}}, NULL, 0, 0},
    {{{"SYNCPROOF_SHARDS=4"}}, NULL, 1, 1},
};

START_TEST(launcher_tells_the_shard)
{
    struct syn_load_plan plan;
    struct environment environment = launches[_i].environment;
    const char *launcher = NULL;
    char fault[SYN_LOAD_PLAN_FAULT_BYTES] = "";
    syn_load_plan_init(&plan, SYN_LOAD_PROFILE_STEADY);
    syn_status st =
        syn_load_shard_find(&plan, look_up, &environment, &launcher, fault);
    if (launches[_i].shard == 0) {
        ck_assert_int_eq(st, SYN_ERR_CONFIG);
        ck_assert_ptr_nonnull(strstr(fault, "--shard i/n"));
        return;
    }
    ck_assert_msg(st == SYN_OK, "%s", fault);
    ck_assert_uint_eq(plan.shard, launches[_i].shard);
    ck_assert_uint_eq(plan.shards, launches[_i].shards);
    ck_assert_pstr_eq(launcher, launches[_i].launcher);
}
END_TEST

Suite *suite_load_plan(void)
{
    Suite *suite = suite_create("load_plan");
    TCase *flags = tcase_create("flags");
    tcase_add_test(flags, flags_set_their_fields);
    tcase_add_loop_test(flags, wrong_word_is_refused_and_changes_nothing, 0,
                        (int)COUNT(wrongs));
    tcase_add_loop_test(flags, senseless_plan_is_refused, 0,
                        (int)COUNT(senseless));
    tcase_add_test(flags, every_profile_has_a_sound_plan_by_default);
    suite_add_tcase(suite, flags);
    TCase *shards = tcase_create("shards");
    tcase_add_loop_test(shards, launcher_tells_the_shard, 0,
                        (int)COUNT(launches));
    suite_add_tcase(suite, shards);
    return suite;
}
