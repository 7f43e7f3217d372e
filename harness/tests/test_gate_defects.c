/*
 * test_gate_defects.c - a service with a defect that a cell can show makes the
 * gate red, for each of the list; with SYN_LONG set also: no other does.
 */
#include "base/buf.h"
#include "gate/gate.h"
#include "net/curl.h"
#include "service/seams.h"
#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLANS        SYN_SOURCE_DIR "/fixtures/plans/"
#define LIST         SYN_SOURCE_DIR "/fixtures/gate/cell-defects.txt"
#define TODAY        "2026-11-21"
#define SECONDS_MAX  120
#define DEFECTS_MAX  512
#define LINE_BYTES   256
#define NAME_BYTES   80
#define LISTED_FIRST 45 /* a list cut short would prove little */

/* A line of the list; plan "" for what no cell shows. */
struct listed {
    char name[NAME_BYTES];
    char plan[NAME_BYTES];
};

static struct listed list[DEFECTS_MAX];
static size_t list_count;
static struct syn_arena arena;
static struct syn_gate_outcome outcome;

/* Also called outside a test, where nothing can be asserted. */
static bool read_list(void)
{
    char line[LINE_BYTES];
    bool is_sound = true;
    FILE *file = fopen(LIST, "rb");
    list_count = 0;
    while (file != NULL && list_count < DEFECTS_MAX &&
           fgets(line, sizeof line, file) != NULL) {
        struct listed one = {.plan = ""};
        bool is_excuse = sscanf(line, "- %79s", one.name) == 1;
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        is_sound = is_sound && (is_excuse || sscanf(line, "%79s %79s", one.name,
                                                    one.plan) == 2);
        list[list_count++] = one;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return file != NULL && is_sound;
}

static void set_up(void)
{
    ck_assert_msg(read_list(), "%s is missing or spoilt", LIST);
    ck_assert_int_eq(syn_curl_global_init(), SYN_OK);
    syn_arena_init(&arena, NULL, SYN_GATE_ARENA_BYTES_MAX);
}

static void tear_down(void)
{
    syn_arena_fini(&arena);
    syn_curl_global_fini();
}

static void prove(const char *name, const char *defect)
{
    char fault[SYN_GATE_FAULT_BYTES] = "";
    struct syn_gate_options options = {
        .today = TODAY, .defect = defect, .seed = 0x5eed, .wants_all = true};
    struct syn_str path = syn_arena_printf(&arena, PLANS "%s.json", name);
    syn_status st = syn_gate_plan_read(&arena, path.at, fault, &options.plan);
    ck_assert_msg(st == SYN_OK, "%s: %s", name, fault);
    st = syn_gate_prove(&arena, &options, fault, &outcome);
    ck_assert_msg(st == SYN_OK, "%s %s", syn_status_text(st), fault);
}

static const struct listed *find(const char *name)
{
    for (size_t i = 0; i < list_count; i++) {
        if (strcmp(list[i].name, name) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

START_TEST(a_listed_defect_makes_the_gate_red)
{
    if ((size_t)_i >= list_count || list[_i].plan[0] == '\0') {
        return; /* past the end, or an excuse */
    }
    ck_assert_msg(syn_defect_find(list[_i].name) != NULL, "no defect \"%s\"",
                  list[_i].name);
    prove(list[_i].plan, list[_i].name);
    ck_assert_msg(outcome.blockers > 0, "%s: READY", list[_i].name);
}
END_TEST

static bool decides_access(const struct syn_defect *defect)
{
    struct syn_seams sound;
    struct syn_seams bad;
    syn_seams_init(&sound);
    syn_seams_init(&bad);
    defect->plant(&bad);
    return bad.rules.decide_access != sound.rules.decide_access ||
           bad.rules.apply_grant != sound.rules.apply_grant ||
           bad.rules.apply_revoke != sound.rules.apply_revoke;
}

START_TEST(every_decision_of_access_is_in_the_list)
{
    struct syn_buf missing;
    const struct syn_defect *defect = syn_defect_at(0);
    syn_buf_init(&missing, NULL, SYN_JSON_BYTES_MAX);
    for (size_t i = 1; defect != NULL; defect = syn_defect_at(i++)) {
        if (decides_access(defect) && find(defect->name) == NULL) {
            syn_buf_printf(&missing, "\n%s: %s", defect->name, defect->title);
        }
    }
    syn_buf_put_byte(&missing, '\0');
    ck_assert_msg(missing.bytes == 1, "neither shown nor excused:%s",
                  missing.at);
    ck_assert_uint_ge(list_count, LISTED_FIRST);
    syn_buf_fini(&missing);
}
END_TEST

START_TEST(a_sound_service_is_ready_with_the_same_plans)
{
    prove(_i == 0 ? "rights" : "odd-names", NULL);
    ck_assert_uint_eq(outcome.blockers, 0);
    ck_assert_uint_eq(outcome.open_cells, 0);
}
END_TEST

/* What the list leaves out or excuses. */
START_TEST(no_other_defect_shows)
{
    const struct syn_defect *defect = syn_defect_at((size_t)_i);
    const struct listed *known = defect == NULL ? NULL : find(defect->name);
    if (defect == NULL || (known != NULL && known->plan[0] != '\0')) {
        return;
    }
    prove("rights", defect->name);
    ck_assert_msg(outcome.blockers == 0, "%s shows and is not listed",
                  defect->name);
    prove("odd-names", defect->name);
    ck_assert_msg(outcome.blockers == 0, "%s shows and is not listed",
                  defect->name);
}
END_TEST

Suite *suite_gate_defects(void);
Suite *suite_gate_defects(void)
{
    Suite *suite = suite_create("gate_defects");
    TCase *cells = tcase_create("cells");
    tcase_add_checked_fixture(cells, set_up, tear_down);
    tcase_set_timeout(cells, SECONDS_MAX);
    (void)read_list();
    tcase_add_test(cells, every_decision_of_access_is_in_the_list);
    tcase_add_loop_test(cells, a_sound_service_is_ready_with_the_same_plans, 0,
                        2);
    tcase_add_loop_test(cells, a_listed_defect_makes_the_gate_red, 0,
                        (int)list_count);
    if (getenv("SYN_LONG") != NULL) {
        tcase_add_loop_test(cells, no_other_defect_shows, 0, DEFECTS_MAX);
    }
    suite_add_tcase(suite, cells);
    return suite;
}
