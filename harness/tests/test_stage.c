/*
 * test_stage.c - what may be tried where: modes, attacks, what the file lacks.
 */
#include "runner/run_impl.h"
#include "runner/stage.h"

#include <check.h>
#include <string.h>

#define ARENA_BYTES 16777216
#define BASE                                    \
    "{\"rest_url\": \"https://sync.example\", " \
    "\"sdk_url\": \"wss://sync.example\", \"account_sid\": \"AC1\", "

Suite *suite_stage(void);

static struct syn_arena arena;
static char fault[SYN_TARGET_FAULT_BYTES];

static void open_arena(void)
{
    syn_arena_init(&arena, NULL, ARENA_BYTES);
}

static void close_arena(void)
{
    syn_arena_fini(&arena);
}

/* A stage from a file with these members. */
static struct syn_stage stage_of(const char *members)
{
    struct syn_stage stage;
    const struct syn_target *target = NULL;
    struct syn_str text = syn_arena_printf(&arena, BASE "%s}", members);
    ck_assert_msg(syn_target_parse(&arena, (struct syn_target_text){"t", text},
                                   "2026-11-21", &target, fault) == SYN_OK,
                  "%s", fault);
    syn_stage_init_target(&stage, target, "0a1b2c3d");
    return stage;
}

static const char *lack_of(const char *members, const struct syn_scenario *row)
{
    struct syn_stage stage = stage_of(members);
    return syn_stage_lack(&stage, row);
}

#define KEY  "\"api_key\": \"SK1\", \"api_secret\": \"s\", "
#define HOME "\"service_sid\": \"IS1\", "
#define GO \
    "\"authorisation\": {\"reference\": \"T\", \"until\": \"2027-01-01\"}"

static const struct syn_scenario forgery = {.id = "tok/forged/alg-none",
                                            .subject = SYN_SUBJECT_SERVICE,
                                            .needs = SYN_NEED_MINT,
                                            .safety = SYN_SAFE_NAMESPACED};
static const struct syn_scenario peaceful = {.id = "acl/grants/one",
                                             .subject = SYN_SUBJECT_SERVICE,
                                             .needs = SYN_NEED_MINT,
                                             .safety = SYN_SAFE_NAMESPACED};
static const struct syn_scenario flood = {.id = "lim/rates/flood",
                                          .subject = SYN_SUBJECT_SERVICE,
                                          .safety = SYN_SAFE_DISRUPTIVE};

START_TEST(attack_on_a_foreign_service_needs_authorisation)
{
    const char *lack = lack_of(KEY HOME "\"name\": \"x\"", &forgery);
    ck_assert_ptr_nonnull(lack);
    ck_assert_ptr_nonnull(strstr(lack, "authorisation"));
    ck_assert_ptr_null(lack_of(KEY HOME GO, &forgery));
    ck_assert_ptr_null(lack_of(KEY HOME "\"name\": \"x\"", &peaceful));
    /* A service that this run makes is ours. */
    ck_assert_ptr_null(lack_of(KEY "\"name\": \"x\"", &forgery));
}
END_TEST

START_TEST(flood_needs_the_mode_disruptive)
{
    ck_assert_ptr_nonnull(lack_of(KEY GO, &flood));
    ck_assert_ptr_null(lack_of(KEY GO ", \"mode\": \"disruptive\"", &flood));
}
END_TEST

START_TEST(readonly_runs_what_changes_nothing)
{
    struct syn_scenario looks = peaceful;
    const char *mode = KEY HOME "\"mode\": \"readonly\"";
    looks.safety = SYN_SAFE_READONLY;
    ck_assert_ptr_null(lack_of(mode, &looks));
    ck_assert_ptr_nonnull(lack_of(mode, &peaceful));
    looks.needs = SYN_NEED_VIRTUAL;
    ck_assert_ptr_nonnull(lack_of(
        KEY HOME "\"mode\": \"readonly\", \"clock\": \"virtual\"", &looks));
}
END_TEST

static const struct {
    const char *members;
    const char *part; /* NULL: nothing looks like production */
} names[] = {
    {"\"name\": \"prod\"", "name"},
    {"\"name\": \"Production EU\"", "name"},
    {"\"name\": \"eu-live-2\"", "name"},
    {"\"name\": \"product-catalogue\"", NULL},
    {"\"name\": \"delivery\"", NULL},
    {"\"name\": \"prod\", \"allow_production\": true", NULL},
    {"\"name\": \"prod\", \"service_sid\": \"IS1\", \"mode\": \"readonly\"",
     NULL},
};

START_TEST(production_is_told_by_words)
{
    struct syn_stage stage = stage_of(names[_i].members);
    const char *part = syn_target_production(stage.target);
    ck_assert_int_eq(part == NULL, names[_i].part == NULL);
    if (part != NULL) {
        ck_assert_str_eq(part, names[_i].part);
    }
}
END_TEST

static const struct {
    const char *urls;
    const char *part; /* NULL: nothing looks like production */
} hosts[] = {
    {"\"rest_url\": \"https://sync.prod.example\", "
     "\"sdk_url\": \"wss://sync.example/v3/wsconnect\"",
     "rest_url"},
    {"\"rest_url\": \"https://sync.example\", "
     "\"sdk_url\": \"wss://live-2.example:8443/v3/wsconnect\"",
     "sdk_url"},
    {"\"rest_url\": \"https://delivery.example/live/prod\", "
     "\"sdk_url\": \"wss://sync.example/production?live\"",
     NULL},
    {"\"rest_url\": \"https://prod.example\", \"allow_production\": true, "
     "\"sdk_url\": \"wss://prod.example/v3/wsconnect\"",
     NULL},
};

START_TEST(production_is_told_by_hosts)
{
    const struct syn_target *target = NULL;
    struct syn_str text = syn_arena_printf(
        &arena, "{\"account_sid\": \"AC1\", %s}", hosts[_i].urls);
    ck_assert_int_eq(syn_target_parse(&arena,
                                      (struct syn_target_text){"t", text},
                                      "2026-11-21", &target, fault),
                     SYN_OK);
    const char *part = syn_target_production(target);
    ck_assert_str_eq(part == NULL ? "" : part,
                     hosts[_i].part == NULL ? "" : hosts[_i].part);
}
END_TEST

/* Each identity and name of a row, in every service of the target, whether or
 * not it is granted anything; of a second attempt another. */
START_TEST(names_and_identities_bear_the_prefix_of_the_run)
{
    struct syn_stage stage = stage_of(HOME "\"name\": \"x\"");
    struct syn_run *run = syn_arena_alloc(&arena, sizeof *run);
    ck_assert_ptr_nonnull(run);
    memset(run, 0, sizeof *run);
    run->stage = &stage;
    run->index = 7;
    syn_arena_init(&run->arena, NULL, ARENA_BYTES);
    ck_assert_str_eq(syn_run_identity(run, "ann"), "syn-0a1b2c3d-7-ann");
    ck_assert_str_eq(syn_run_name(run, "board"), "syn-0a1b2c3d-7-board");
    run->attempt = 1;
    ck_assert_str_eq(syn_run_identity(run, "ann"), "syn-0a1b2c3d-7.1-ann");
    stage.target = NULL; /* embedded: nobody else is there */
    ck_assert_str_eq(syn_run_identity(run, "ann"), "ann");
    syn_arena_fini(&run->arena);
}
END_TEST

START_TEST(ended_authorisation_is_refused_in_every_mode)
{
    const struct syn_target *target = NULL;
    struct syn_str text =
        SYN_STR(BASE "\"authorisation\": {\"reference\": \"T\", \"until\": "
                     "\"2026-11-20\"}}");
    ck_assert_int_eq(syn_target_parse(&arena,
                                      (struct syn_target_text){"t", text},
                                      "2026-11-21", &target, fault),
                     SYN_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(fault, "has ended"));
}
END_TEST

START_TEST(dead_mans_switch_outlives_the_run_only)
{
    struct syn_stage stage = stage_of("\"budget\": {\"seconds\": 100}");
    ck_assert_int_gt(syn_stage_ttl_s(&stage), 100);
    ck_assert_int_lt(syn_stage_ttl_s(&stage), 2 * 3600);
    stage = stage_of("\"clock\": \"virtual\"");
    ck_assert_int_eq(syn_stage_ttl_s(&stage), 31536000);
}
END_TEST

Suite *suite_stage(void)
{
    Suite *suite = suite_create("stage");
    TCase *tcase = tcase_create("stage");
    tcase_add_checked_fixture(tcase, open_arena, close_arena);
    tcase_add_test(tcase, attack_on_a_foreign_service_needs_authorisation);
    tcase_add_test(tcase, flood_needs_the_mode_disruptive);
    tcase_add_test(tcase, readonly_runs_what_changes_nothing);
    tcase_add_loop_test(tcase, production_is_told_by_words, 0,
                        (int)(sizeof names / sizeof names[0]));
    tcase_add_loop_test(tcase, production_is_told_by_hosts, 0,
                        (int)(sizeof hosts / sizeof hosts[0]));
    tcase_add_test(tcase, names_and_identities_bear_the_prefix_of_the_run);
    tcase_add_test(tcase, ended_authorisation_is_refused_in_every_mode);
    tcase_add_test(tcase, dead_mans_switch_outlives_the_run_only);
    suite_add_tcase(suite, tcase);
    return suite;
}
