/*
 * test_belief.c - the oracle's reasons in the evidence of a row.
 *
 * A row that fails shows all its expectations, so each row here ends with one
 * that does not hold.
 */
#include "base/json.h"
#include "runner/runner.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES  67108864
#define REPORT_BYTES 4194304
#define PATH_BYTES   512

Suite *suite_belief(void);

static char place[] = "/tmp/syn-belief-XXXXXX";

/* --- rows -----------------------------------------------------------------
 */

static struct syn_thing made_by_backend(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "board");
    (void)EXPECT_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    return thing;
}

static void told_by_actors(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = made_by_backend(run);
    EXPECT_DENIED(run, "without a row", syn_client_do(ann, OP_ON(OPEN, &thing)),
                  &thing);
    (void)EXPECT_ALLOWED(
        run, "grant",
        syn_backend_grant(backend, &thing, "ann", SYN_RIGHT_READ));
    EXPECT_CONTROL(run, "with a row", syn_client_do(ann, OP_ON(OPEN, &thing)));
    EXPECT_DENIED(run, "with read alone",
                  syn_client_do(ann, OP_ON(REMOVE, &thing)), NULL);
    (void)EXPECT_ALLOWED(run, "revoke",
                         syn_backend_revoke(backend, &thing, "ann"));
    EXPECT_DENIED(run, "after the revocation",
                  syn_client_do(ann, OP_ON(OPEN, &thing)), &thing);
    (void)EXPECT_ALLOWED(run, "off", syn_backend_switch_acl(backend, false));
    EXPECT_CONTROL(run, "with ACLs off",
                   syn_client_do(ann, OP_ON(OPEN, &thing)));
    EXPECT_TRUE(run, "the end", false);
}

/* The oracle says denied; what is expected is about something else. */
static void of_another_mind(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = made_by_backend(run);
    EXPECT_CONTROL(run, "without a row",
                   syn_client_do(ann, OP_ON(OPEN, &thing)));
}

/* A grant that no actor tells of: nothing is said from then on. */
static void behind_its_back(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = made_by_backend(run);
    struct syn_reply set =
        syn_backend_call(backend, "POST",
                         syn_run_text(run, "%s/Permissions/bob",
                                      syn_backend_path(backend, &thing)),
                         NULL, "Read=true&Write=false&Manage=false");
    (void)EXPECT_ALLOWED(run, "a grant by hand", set);
    EXPECT_DENIED(run, "without a row", syn_client_do(ann, OP_ON(OPEN, &thing)),
                  &thing);
    EXPECT_TRUE(run, "the end", false);
}

#define ROW(name, function)                                                \
    {                                                                      \
        .id = "kit/belief/" name, .title = "It " name, .source = "ACL-21", \
        .level = SYN_LEVEL_MUST, .types = SYN_TYPE_BIT(SYN_TYPE_MAP),      \
        .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .acl_on = true,           \
        .run = (function)                                                  \
    }

static const struct syn_scenario told_rows[] = {ROW("told", told_by_actors)};
static const struct syn_scenario other_rows[] = {ROW("other", of_another_mind)};
static const struct syn_scenario blind_rows[] = {ROW("blind", behind_its_back)};

/* --- the run --------------------------------------------------------------
 */

static void make_place(void)
{
    ck_assert_ptr_nonnull(mkdtemp(place));
}

static void empty_folder(const char *path)
{
    char file[2 * PATH_BYTES];
    DIR *entries = opendir(path);
    if (entries == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(entries); entry != NULL;
         entry = readdir(entries)) {
        (void)snprintf(file, sizeof file, "%s/%.255s", path, entry->d_name);
        (void)unlink(file); /* refused for folders */
    }
    (void)closedir(entries);
}

static void remove_place(void)
{
    char capsules[PATH_BYTES];
    (void)snprintf(capsules, sizeof capsules, "%s/capsules", place);
    empty_folder(capsules);
    (void)rmdir(capsules);
    empty_folder(place);
    ck_assert_int_eq(rmdir(place), 0);
}

/* The evidence of the one row that ran. */
static const char *evidence_of(const struct syn_scenario *row)
{
    static char text[REPORT_BYTES];
    const struct syn_suite suite = {"kit_belief", "Belief", __FILE__, row, 1};
    const struct syn_suite *const suites[] = {&suite, NULL};
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/stdout", place);
    ck_assert_ptr_nonnull(freopen(path, "w", stdout));
    struct syn_runner_options options = {.verb = "run",
                                         .version = "0",
                                         .build = "test",
                                         .suites = suites,
                                         .seed = 5,
                                         .jobs = 1,
                                         .repeat = 1,
                                         .row_seconds = 5,
                                         .out_dir = place,
                                         .style.is_quiet = true};
    ck_assert_int_eq(syn_runner_run(&options), 1);
    struct syn_arena arena;
    const struct syn_json *tree = NULL;
    const struct syn_json_rules rules = {.bytes_max = REPORT_BYTES};
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    (void)snprintf(path, sizeof path, "%s/run.json", place);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t bytes = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    ck_assert_int_eq(syn_json_parse(&arena, (struct syn_str){text, bytes},
                                    &rules, &tree, NULL),
                     SYN_OK);
    const struct syn_str evidence =
        syn_json_str(syn_json_at(tree, "/results/0/evidence"), SYN_STR(""));
    ck_assert_uint_gt(evidence.bytes, 0);
    memmove(text, evidence.at, evidence.bytes);
    text[evidence.bytes] = '\0';
    syn_arena_fini(&arena);
    return text;
}

/* --- the tests ------------------------------------------------------------
 */

START_TEST(reason_is_that_of_the_state_each_action_met)
{
    static const char *const sentences[] = {
        "oracle   denied, ACL-21: the map was made over REST",
        "oracle   allowed, ACL-08: the row of 'ann' holds read",
        "oracle   denied, ACL-10: the row of 'ann' holds read",
        "the row of 'ann' was deleted",
        "oracle   allowed, ACL-01: ACLs are off"};
    const char *at = evidence_of(told_rows);
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        const char *found = strstr(at, sentences[i]);
        ck_assert_msg(found != NULL, "missing: %s", sentences[i]);
        at = found + 1;
    }
}
END_TEST

START_TEST(reason_against_what_is_expected_is_not_quoted)
{
    ck_assert_ptr_null(strstr(evidence_of(other_rows), "oracle   "));
}
END_TEST

START_TEST(permissions_changed_by_hand_end_all_reasons)
{
    ck_assert_ptr_null(strstr(evidence_of(blind_rows), "oracle   "));
}
END_TEST

Suite *suite_belief(void)
{
    Suite *suite = suite_create("belief");
    TCase *tcase = tcase_create("belief");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, make_place, remove_place);
    tcase_add_test(tcase, reason_is_that_of_the_state_each_action_met);
    tcase_add_test(tcase, reason_against_what_is_expected_is_not_quoted);
    tcase_add_test(tcase, permissions_changed_by_hand_end_all_reasons);
    suite_add_tcase(suite, tcase);
    return suite;
}
