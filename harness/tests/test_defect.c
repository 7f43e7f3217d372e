/*
 * Seeded defects: the table is sound, and planting changes what it says.
 *
 * That each defect breaks what its title says is proven by the conformance
 * rows, which must turn red under it (`syncproof selftest`). Here stands what
 * rows cannot see: names, clauses, and that nothing leaks from one service
 * into the next.
 */
#include "service/seams.h"

#include "runner/bug.h"
#include "service/defect_impl.h"
#include "syn/scenario.h"
#include "wire/readings.h"

#include <check.h>
#include <string.h>

#define DEFECTS_MIN       70
#define FIELD_DEFECTS_MIN 45

static struct syn_seams sound_seams(void)
{
    struct syn_seams seams;
    memset(&seams, 0, sizeof(seams)); /* padding too: it is compared */
    syn_seams_init(&seams);
    return seams;
}

static size_t count_defects(void)
{
    size_t count = 0;
    while (syn_defect_at(count) != NULL) {
        count++;
    }
    return count;
}

START_TEST(names_are_unique_and_found)
{
    const size_t count = count_defects();
    ck_assert_uint_ge(count, DEFECTS_MIN);
    for (size_t i = 0; i < count; i++) {
        const struct syn_defect *defect = syn_defect_at(i);
        ck_assert_msg(syn_defect_find(defect->name) == defect,
                      "%s stands in the table twice", defect->name);
    }
    ck_assert_ptr_null(syn_defect_find("no-such-defect"));
    ck_assert_ptr_null(syn_defect_find(""));
}
END_TEST

/* "ACL-21": letters, a dash, two digits or more. */
static bool is_clause(const char *text)
{
    const size_t letters = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (letters < 2 || text[letters] != '-') {
        return false;
    }
    const char *digits = text + letters + 1;
    const size_t count = strspn(digits, "0123456789");
    return count >= 2 && digits[count] == '\0';
}

START_TEST(each_has_name_title_clause_and_plant)
{
    const char *const letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const struct syn_defect *defect = syn_defect_at(0);
    for (size_t i = 1; defect != NULL; i++) {
        ck_assert_uint_eq(strspn(defect->name, letters), strlen(defect->name));
        ck_assert_uint_gt(strlen(defect->title), 10);
        ck_assert_msg(is_clause(defect->clause), "%s breaks no clause: %s",
                      defect->name, defect->clause);
        ck_assert_msg(defect->plant != NULL, "%s plants nothing", defect->name);
        defect = syn_defect_at(i);
    }
}
END_TEST

static bool has_same_readings(const struct syn_readings *a,
                              const struct syn_readings *b)
{
    bool is_same = a->open == b->open;
    for (unsigned i = 0; is_same && i < SYN_READING_COUNT; i++) {
        is_same = syn_reading_value(a, (enum syn_reading_id)i) ==
                  syn_reading_value(b, (enum syn_reading_id)i);
    }
    return is_same;
}

START_TEST(planting_changes_the_table)
{
    struct syn_seams sound = sound_seams();
    sound.rules.readings.etag = SYN_ETAG_BARE; /* started with readings */
    const struct syn_defect *defect = syn_defect_at(0);
    for (size_t i = 1; defect != NULL; i++) {
        struct syn_seams seams;
        memcpy(&seams, &sound, sizeof(seams)); /* padding too */
        defect->plant(&seams);
        /* NOLINTNEXTLINE(*-memory-comparison) */
        ck_assert_msg(memcmp(&seams, &sound, sizeof(seams)) != 0,
                      "%s changes nothing", defect->name);
        defect = syn_defect_at(i);
    }
}
END_TEST

/* Where a table of checks is planted it must differ from the sound one. */
START_TEST(planted_checks_differ_from_the_sound_ones)
{
    const struct syn_defect *defect = syn_defect_at(0);
    size_t planted = 0;
    for (size_t i = 1; defect != NULL; i++) {
        struct syn_seams seams = sound_seams();
        defect->plant(&seams);
        const struct syn_token_check *own = seams.token_checks;
        const struct syn_token_check *sound = syn_token_checks;
        planted += own != sound ? 1 : 0;
        while (own != sound && own->name != NULL && own->run == sound->run) {
            own++;
            sound++;
        }
        ck_assert_msg(own == syn_token_checks || own->run != sound->run,
                      "%s plants the sound checks", defect->name);
        defect = syn_defect_at(i);
    }
    ck_assert_uint_gt(planted, 20);
}
END_TEST

START_TEST(planting_leaves_the_sound_behaviour_alone)
{
    const struct syn_seams before = sound_seams();
    const struct syn_rules rules = syn_rules_sound;
    enum { CHECKS = 20 };
    struct syn_token_check checks[CHECKS];
    ck_assert_ptr_null(syn_token_checks[CHECKS].name);
    memcpy(checks, syn_token_checks, sizeof(checks));
    for (size_t i = 0; syn_defect_at(i) != NULL; i++) {
        struct syn_seams seams = sound_seams();
        syn_defect_at(i)->plant(&seams);
    }
    const struct syn_seams after = sound_seams();
    ck_assert_mem_eq(&after, &before, sizeof(before));
    ck_assert_mem_eq(&syn_rules_sound, &rules, sizeof(rules));
    ck_assert_mem_eq(syn_token_checks, checks, sizeof(checks));
}
END_TEST

/* A replaced check must bear the name of a sound one, or it replaces none. */
START_TEST(left_out_checks_are_left_out)
{
    struct syn_seams seams = sound_seams();
    syn_defect_find("nbf-ignored")->plant(&seams);
    size_t own = 0;
    size_t sound = 0;
    for (; seams.token_checks[own].name != NULL; own++) {
        ck_assert_str_ne(seams.token_checks[own].name, "not-before");
    }
    while (syn_token_checks[sound].name != NULL) {
        sound++;
    }
    ck_assert_uint_eq(own + 1, sound);
}
END_TEST

START_TEST(unknown_names_are_told)
{
    ck_assert_uint_eq(syn_defect_unknown(NULL).bytes, 0);
    ck_assert_uint_eq(syn_defect_unknown("").bytes, 0);
    ck_assert_uint_eq(syn_defect_unknown("grant-ignored").bytes, 0);
    ck_assert_uint_eq(syn_defect_unknown("grant-ignored  nbf-ignored ").bytes,
                      0);
    ck_assert(
        syn_str_is(syn_defect_unknown("nbf-ignored no-such x"), "no-such"));
    ck_assert(syn_str_is(syn_defect_unknown("grant"), "grant"));
}
END_TEST

static bool names_it(const char *names, const char *name)
{
    const struct syn_str all = syn_str_of(names);
    size_t from = 0;
    while (from < all.bytes) {
        const size_t end = syn_str_find(all, ' ', from);
        if (syn_str_is(syn_str_part(all, from, end - from), name)) {
            return true;
        }
        from = end + 1;
    }
    return false;
}

static size_t count_words(const char *names)
{
    size_t count = 0;
    for (const char *at = names; *at != '\0'; at++) {
        count += *at != ' ' && (at == names || at[-1] == ' ') ? 1 : 0;
    }
    return count;
}

/* Of the service and of the client. */
static size_t count_bugs_named(const char *names)
{
    struct syn_bug bug;
    size_t count = 0;
    for (size_t i = 0; syn_bug_at(i, &bug); i++) {
        count += names_it(names, bug.name) ? 1 : 0;
    }
    return count;
}

START_TEST(defects_of_rows_exist)
{
    size_t named = 0;
    for (size_t i = 0; syn_suites[i] != NULL; i++) {
        for (size_t k = 0; k < syn_suites[i]->row_count; k++) {
            const struct syn_scenario *row = &syn_suites[i]->rows[k];
            ck_assert_msg(row->defect == NULL ||
                              count_words(row->defect) ==
                                  count_bugs_named(row->defect),
                          "%s names a defect that nobody plants: %s", row->id,
                          row->defect);
            named += row->defect != NULL ? 1 : 0;
        }
    }
    ck_assert_uint_gt(named, 0);
}
END_TEST

START_TEST(readings_of_rows_are_ones_and_differ_from_the_references)
{
    size_t named = 0;
    for (size_t i = 0; syn_suites[i] != NULL; i++) {
        for (size_t k = 0; k < syn_suites[i]->row_count; k++) {
            const struct syn_scenario *row = &syn_suites[i]->rows[k];
            struct syn_readings readings = syn_readings_default;
            const char *text = row->service_readings;
            if (text == NULL) {
                continue;
            }
            ck_assert_msg(syn_readings_apply(&readings, syn_str_of(text)),
                          "%s has readings that are none: %s", row->id, text);
            ck_assert_msg(!has_same_readings(&readings, &syn_readings_default),
                          "%s has the readings of the reference", row->id);
            ck_assert_msg((row->needs & SYN_NEED_INTERNALS) != 0,
                          "%s takes readings at a target", row->id);
            named++;
        }
    }
    ck_assert_uint_gt(named, 0);
}
END_TEST

/* A bug that no row has to catch proves nothing; those of the field are run
 * against all rows instead. */
START_TEST(each_is_named_by_a_row)
{
    struct syn_bug bug;
    for (size_t d = 0; syn_bug_at(d, &bug); d++) {
        const char *name = bug.name;
        bool is_named = bug.is_field;
        for (size_t i = 0; syn_suites[i] != NULL; i++) {
            for (size_t k = 0; k < syn_suites[i]->row_count; k++) {
                is_named =
                    is_named || names_it(syn_suites[i]->rows[k].defect, name);
            }
        }
        ck_assert_msg(is_named, "no row names %s", name);
    }
}
END_TEST

START_TEST(whole_tables_are_of_the_field)
{
    size_t count = 0;
    for (size_t d = 0; syn_defect_at(d) != NULL; d++) {
        count += syn_defect_is_field(syn_defect_at(d)) ? 1 : 0;
    }
    ck_assert_uint_ge(count, FIELD_DEFECTS_MIN);
    ck_assert(syn_defect_is_field(syn_defect_find("field-lost-update")));
    ck_assert(!syn_defect_is_field(syn_defect_find("nbf-ignored")));
}
END_TEST

Suite *suite_defect(void);
Suite *suite_defect(void)
{
    Suite *suite = suite_create("defect");
    TCase *tcase = tcase_create("table");
    tcase_add_test(tcase, names_are_unique_and_found);
    tcase_add_test(tcase, each_has_name_title_clause_and_plant);
    tcase_add_test(tcase, planting_changes_the_table);
    tcase_add_test(tcase, planted_checks_differ_from_the_sound_ones);
    tcase_add_test(tcase, planting_leaves_the_sound_behaviour_alone);
    tcase_add_test(tcase, left_out_checks_are_left_out);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("rows");
    tcase_add_test(tcase, unknown_names_are_told);
    tcase_add_test(tcase, defects_of_rows_exist);
    tcase_add_test(tcase,
                   readings_of_rows_are_ones_and_differ_from_the_references);
    tcase_add_test(tcase, each_is_named_by_a_row);
    tcase_add_test(tcase, whole_tables_are_of_the_field);
    suite_add_tcase(suite, tcase);
    return suite;
}
