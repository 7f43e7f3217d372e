/*
 * selftest.c - the suite against every seeded defect: who notices?
 * Layer: runner. Threads: the main process.
 * Source: design sections 3 and 7; style section 2.8 ("proven twice").
 *
 * One plan holds the clean run of the selected rows and, for each defect, the
 * rows that name it (all rows for one of the field, until one kills it). A
 * defect is killed when a row that is green on the sound service goes red with
 * it; a row that is red without any defect fails the selftest as it is. Where
 * rows were selected, only the defects that they name are counted. In the
 * report each defect is one case; the runs behind it are told in the matrix.
 */
#include "base/buf.h"
#include "runner/bug.h"
#include "runner/clause.h"
#include "runner/runner_impl.h"
#include "runner/select.h"

#include <stdio.h>
#include <string.h>

#define MATRIX_BYTES_MAX 16777216
#define PERCENT          100
#define RUNS_SHOWN_MAX   40 /* of one that lives, in print */

/* Does each row name defects that exist? A row that names none that does is
 * proven by nothing, however green. */
static bool names_defects(struct syn_runner *runner,
                          const struct syn_scenario *row)
{
    struct syn_str words = syn_str_of(row->defect == NULL ? "" : row->defect);
    size_t at = 0;
    for (struct syn_str word = syn_clause_next_word(words, &at); word.bytes > 0;
         word = syn_clause_next_word(words, &at)) {
        struct syn_str name = syn_arena_dup(&runner->arena, word);
        SYN_ASSERT(name.at != NULL);
        if (!syn_bug_find(name.at, NULL)) {
            (void)snprintf(runner->harness_fault, sizeof runner->harness_fault,
                           "row %s names the defect \"%s\", which does not "
                           "exist",
                           row->id, name.at);
            return false;
        }
    }
    return true;
}

bool syn_selftest_check(struct syn_runner *runner)
{
    const struct syn_suite *const *suites = runner->options->suites;
    for (size_t s = 0; suites[s] != NULL; s++) {
        for (size_t r = 0; r < suites[s]->row_count; r++) {
            if (!names_defects(runner, &suites[s]->rows[r])) {
                return false;
            }
        }
    }
    return true;
}

/* A part of the rows is no jury for a bug of the field that none of them
 * names: with a selection it meets those that do, unless it was asked for. */
static bool meets_every_row(const struct syn_runner *runner,
                            const struct syn_bug *defect)
{
    bool is_asked_for = runner->options->one_defect != NULL;
    return runner->options->runs_all ||
           (defect->is_field &&
            (is_asked_for ||
             !syn_selection_is_narrow(&runner->options->selection)));
}

static syn_status plan_defect(struct syn_runner *runner,
                              const struct syn_bug *defect)
{
    struct syn_selection selection = runner->options->selection;
    struct syn_plan_order order = {.suites = runner->options->suites,
                                   .selection = &selection,
                                   .stage = &runner->stage,
                                   .repeat = 1,
                                   .defect = defect->name};
    selection.defect = meets_every_row(runner, defect) ? NULL : defect->name;
    return syn_plan_add(&runner->arena, &runner->plan, &order);
}

static bool is_wanted(const struct syn_runner *runner,
                      const struct syn_bug *defect)
{
    const char *one = runner->options->one_defect;
    return one == NULL || strcmp(one, defect->name) == 0;
}

syn_status syn_selftest_plan(struct syn_runner *runner)
{
    struct syn_selection selection = runner->options->selection;
    struct syn_plan_order clean = {.suites = runner->options->suites,
                                   .selection = &selection,
                                   .stage = &runner->stage,
                                   .repeat = 1};
    struct syn_bug defect;
    const char *one = runner->options->one_defect;
    bool is_field =
        one != NULL && syn_bug_find(one, &defect) && defect.is_field;
    if (!runner->options->runs_all && !is_field) {
        selection.defect = one;
    }
    syn_status st = syn_plan_add(&runner->arena, &runner->plan, &clean);
    for (size_t i = 0; st == SYN_OK && syn_bug_at(i, &defect); i++) {
        if (is_wanted(runner, &defect)) {
            st = plan_defect(runner, &defect);
        }
    }
    return st;
}

/* A row of level INFO judges nobody; one that noticed something says what. */
static bool has_told(const struct syn_result *result)
{
    return result->verdict == SYN_VERDICT_INFO && result->reason.bytes > 0;
}

static bool is_red(const struct syn_result *result)
{
    return result->verdict == SYN_VERDICT_FAIL ||
           result->verdict == SYN_VERDICT_WARNING || has_told(result);
}

static bool is_green(const struct syn_result *result)
{
    return result->verdict == SYN_VERDICT_PASS ||
           (result->verdict == SYN_VERDICT_INFO && !has_told(result));
}

/* The clean run of the same row and type; the plan begins with clean runs. */
static size_t clean_of(const struct syn_runner *runner, size_t index)
{
    const struct syn_plan_entry *entry = &runner->plan.entries[index];
    size_t i = 0;
    while (i < runner->plan.count) {
        const struct syn_plan_entry *other = &runner->plan.entries[i];
        if (other->defect == NULL && other->row == entry->row &&
            other->type == entry->type) {
            return i;
        }
        i++;
    }
    return i;
}

/* --- the matrix -----------------------------------------------------------
 */

struct matrix {
    struct syn_runner *runner;
    bool *was_red; /* per entry: of clean ones, did some defect turn it red? */
    struct syn_report_defect *defects;
    size_t defect_count;
};

static const char *cell_name(struct syn_runner *runner,
                             const struct syn_plan_entry *entry)
{
    struct syn_str name = syn_arena_printf(
        &runner->arena, "%s%s%s%s", entry->row->id, entry->has_type ? "[" : "",
        entry->has_type ? syn_type_name(entry->type) : "",
        entry->has_type ? "]" : "");
    SYN_ASSERT(name.at != NULL);
    return name.at;
}

bool syn_selftest_is_kill(const struct syn_runner *runner, size_t index)
{
    size_t clean = clean_of(runner, index);
    return clean < runner->plan.count && runner->is_judged[clean] &&
           is_green(&runner->results[clean]) && is_red(&runner->results[index]);
}

static struct syn_report_kill run_of(struct matrix *matrix, size_t index)
{
    struct syn_runner *runner = matrix->runner;
    const struct syn_result *result = &runner->results[index];
    size_t clean = clean_of(runner, index);
    struct syn_report_kill run = {
        .row = cell_name(runner, &runner->plan.entries[index]),
        .verdict = result->verdict,
        .is_kill = syn_selftest_is_kill(runner, index),
        .elapsed_us = result->elapsed_us};
    if (run.is_kill) {
        matrix->was_red[clean] = true;
    }
    return run;
}

static bool was_called_off(const struct syn_runner *runner, size_t index)
{
    return runner->crew.board != NULL &&
           atomic_load(&runner->crew.board->slots[index].state) ==
               SYN_SLOT_CALLED_OFF;
}

/* Entries of one defect stand together in the plan, from *at on; those called
 * off, because another row had killed it, are no runs. */
static void add_defect(struct matrix *matrix, const struct syn_bug *defect,
                       size_t *at)
{
    struct syn_runner *runner = matrix->runner;
    const struct syn_plan *plan = &runner->plan;
    size_t from = *at;
    while (*at < plan->count && plan->entries[*at].defect != NULL &&
           strcmp(plan->entries[*at].defect, defect->name) == 0) {
        (*at)++;
    }
    struct syn_report_kill *runs =
        syn_arena_array(&runner->arena, *at - from, sizeof *runs);
    struct syn_report_defect *out = &matrix->defects[matrix->defect_count++];
    SYN_ASSERT(runs != NULL);
    *out = (struct syn_report_defect){.name = defect->name,
                                      .title = defect->title,
                                      .clause = defect->clause,
                                      .runs = runs};
    for (size_t i = from; i < *at; i++) {
        if (!was_called_off(runner, i)) {
            struct syn_report_kill run = run_of(matrix, i);
            runs[out->run_count++] = run;
            out->kill_count += run.is_kill ? 1 : 0;
        }
    }
    /* What the selected rows do not name is none of theirs. */
    if (out->run_count == 0 && runner->options->one_defect == NULL &&
        syn_selection_is_narrow(&runner->options->selection)) {
        matrix->defect_count--;
        return;
    }
    /* With --all each row was to notice; else those that name it, if any. */
    out->is_survivor = out->kill_count == 0 && out->run_count > 0 &&
                       runner->signal_number == 0; /* cut off: not known */
}

static size_t clean_count(const struct syn_plan *plan)
{
    size_t count = 0;
    while (count < plan->count && plan->entries[count].defect == NULL) {
        count++;
    }
    return count;
}

static void make_matrix(struct syn_runner *runner, struct matrix *matrix)
{
    struct syn_bug defect;
    size_t at = clean_count(&runner->plan);
    *matrix = (struct matrix){.runner = runner};
    matrix->was_red = syn_arena_array(&runner->arena, runner->plan.count,
                                      sizeof *matrix->was_red);
    matrix->defects = syn_arena_array(&runner->arena, syn_bug_count(),
                                      sizeof *matrix->defects);
    SYN_ASSERT(matrix->was_red != NULL && matrix->defects != NULL);
    for (size_t i = 0; syn_bug_at(i, &defect); i++) {
        if (is_wanted(runner, &defect)) {
            add_defect(matrix, &defect, &at);
        }
    }
    SYN_ASSERT(at == runner->plan.count);
}

static void list_never_red(const struct matrix *matrix)
{
    struct syn_runner *runner = matrix->runner;
    size_t clean = clean_count(&runner->plan);
    const char **names = syn_arena_array(&runner->arena, clean, sizeof *names);
    runner->is_unproven =
        syn_arena_array(&runner->arena, clean + 1, sizeof *runner->is_unproven);
    SYN_ASSERT(names != NULL && runner->is_unproven != NULL);
    runner->report.never_red = names;
    for (size_t i = 0; i < clean; i++) {
        const struct syn_scenario *row = runner->plan.entries[i].row;
        runner->is_unproven[i] =
            !matrix->was_red[i] && row->level != SYN_LEVEL_INFO &&
            runner->is_judged[i] && is_green(&runner->results[i]);
        if (!matrix->was_red[i]) {
            names[runner->report.never_red_count++] =
                cell_name(runner, &runner->plan.entries[i]);
        }
    }
}

/* --- in print -------------------------------------------------------------
 */

/* " acl/x[dl.]": the letters of types that went red, a point for others. */
static void put_runs(struct syn_buf *out,
                     const struct syn_report_defect *defect)
{
    struct syn_str before = {"", 0};
    for (size_t i = 0; i < defect->run_count; i++) {
        const struct syn_report_kill *run = &defect->runs[i];
        struct syn_str all = syn_str_of(run->row);
        size_t bracket = syn_str_find(all, '[', 0);
        struct syn_str id = syn_str_part(all, 0, bracket);
        if (i == 0 || !syn_str_is_equal(id, before)) {
            syn_buf_put_text(out, i == 0 ? " " : "] ");
            syn_buf_put(out, id);
            syn_buf_put_byte(out, '[');
        }
        char letter = bracket < all.bytes ? all.at[bracket + 1] : 'x';
        syn_buf_put_byte(out, run->is_kill ? letter : '.');
        before = id;
    }
    syn_buf_put_text(out, defect->run_count > 0 ? "]\n" : "\n");
}

static void put_defect(struct syn_buf *out,
                       const struct syn_report_defect *defect)
{
    const char *word = defect->is_survivor      ? "SURVIVED"
                       : defect->kill_count > 0 ? "killed"
                                                : "unnamed";
    syn_buf_printf(out, "%-9s%zu/%zu %s (%s):", word, defect->kill_count,
                   defect->run_count, defect->name, defect->clause);
    if (defect->kill_count == 0 && defect->run_count > RUNS_SHOWN_MAX) {
        syn_buf_put_text(out, " by every row\n");
    } else {
        put_runs(out, defect);
    }
}

/* At the end of the matrix, where they cannot be missed. */
static void put_survivor(struct syn_buf *out,
                         const struct syn_report_defect *defect)
{
    const struct syn_clause *clause =
        syn_clause_find(syn_str_of(defect->clause));
    syn_buf_printf(out, "survivor: %s: %s\n  %s: %s\n", defect->name,
                   defect->title, defect->clause,
                   clause == NULL ? "" : clause->sentence);
}

/* Rows that judge, and that no defect turned red: nothing proves them. */
static size_t count_unproven(const struct syn_runner *runner)
{
    size_t count = 0;
    for (size_t i = 0; i < clean_count(&runner->plan); i++) {
        count += runner->is_unproven[i] ? 1 : 0;
    }
    return count;
}

/* --- clauses ---------------------------------------------------------------
 */

static bool is_owed(const struct syn_clause *clause)
{
    return clause->level == SYN_LEVEL_MUST &&
           clause->subject == SYN_SUBJECT_SERVICE;
}

/* Has a judging row of this clause been selected, and did one turn red? */
static void look_for(const struct matrix *matrix,
                     const struct syn_clause *clause, bool *is_met,
                     bool *is_red)
{
    const struct syn_plan *plan = &matrix->runner->plan;
    *is_met = false;
    *is_red = false;
    for (size_t i = 0; i < clean_count(plan); i++) {
        const struct syn_scenario *row = plan->entries[i].row;
        if (row->level != SYN_LEVEL_INFO &&
            row->subject == SYN_SUBJECT_SERVICE &&
            syn_select_has_word(row->source, clause->id)) {
            *is_met = true;
            *is_red = *is_red || matrix->was_red[i];
        }
    }
}

/* How many of them some bug has broken, and those that none has. */
static void put_clauses(struct syn_buf *out, const struct matrix *matrix)
{
    size_t met = 0;
    size_t red = 0;
    for (size_t i = 0; i < syn_clause_count; i++) {
        bool is_met = false;
        bool is_red = false;
        if (is_owed(&syn_clauses[i])) {
            look_for(matrix, &syn_clauses[i], &is_met, &is_red);
        }
        met += is_met ? 1 : 0;
        red += is_red ? 1 : 0;
        if (is_met && !is_red) {
            syn_buf_printf(out, "never broken: %s: %s\n", syn_clauses[i].id,
                           syn_clauses[i].sentence);
        }
    }
    syn_buf_printf(out,
                   "clauses: %zu of %zu MUST clauses of the service that the "
                   "rows judge were broken by a defect\n",
                   red, met);
}

static void print_matrix(const struct matrix *matrix, size_t killed,
                         size_t survived)
{
    struct syn_runner *runner = matrix->runner;
    const struct syn_report *report = &runner->report;
    size_t judged = killed + survived;
    struct syn_buf text;
    syn_buf_init(&text, NULL, MATRIX_BYTES_MAX);
    syn_buf_put_text(&text, "kill matrix: defect, and the rows that met it "
                            "(letters: types that went red; .: did not)\n");
    for (size_t i = 0; i < matrix->defect_count; i++) {
        put_defect(&text, &matrix->defects[i]);
    }
    for (size_t i = 0; i < report->never_red_count; i++) {
        syn_buf_printf(&text, "never red: %s\n", report->never_red[i]);
    }
    syn_buf_printf(&text, "rows never red: %zu, %zu of them MUST or SHOULD\n",
                   report->never_red_count, count_unproven(runner));
    put_clauses(&text, matrix);
    for (size_t i = 0; i < matrix->defect_count; i++) {
        if (matrix->defects[i].is_survivor) {
            put_survivor(&text, &matrix->defects[i]);
        }
    }
    syn_buf_printf(&text,
                   "score: %zu of %zu defects killed (%zu %%), %zu met no "
                   "row that names them\n",
                   killed, judged, judged == 0 ? 0 : killed * PERCENT / judged,
                   matrix->defect_count - judged);
    syn_runner_print(runner, &text);
    syn_buf_fini(&text);
}

static struct syn_result defect_result(struct syn_runner *runner,
                                       const struct syn_report_defect *defect)
{
    struct syn_str id =
        syn_arena_printf(&runner->arena, "selftest/%s", defect->name);
    struct syn_str reason =
        defect->run_count == 0
            ? SYN_STR("no selected row names this defect")
            : syn_arena_printf(&runner->arena, "%zu of %zu rows red",
                               defect->kill_count, defect->run_count);
    struct syn_str command = syn_arena_printf(
        &runner->arena, "syncproof selftest --defect %s --seed 0x%llx",
        defect->name, (unsigned long long)runner->options->seed);
    SYN_ASSERT(id.at != NULL && reason.at != NULL && command.at != NULL);
    return (struct syn_result){.suite = "selftest",
                               .chapter = "selftest",
                               .id = id.at,
                               .repeat = 1,
                               .title = defect->title,
                               .level = SYN_LEVEL_MUST,
                               .subject = SYN_SUBJECT_AUDIT,
                               .verdict = defect->is_survivor ? SYN_VERDICT_FAIL
                                          : defect->kill_count == 0
                                              ? SYN_VERDICT_SKIPPED
                                              : SYN_VERDICT_PASS,
                               .reason = reason,
                               .command = command.at};
}

/* Results of the clean runs stay, one case per defect follows. */
static void replace_results(const struct matrix *matrix)
{
    struct syn_runner *runner = matrix->runner;
    size_t count = clean_count(&runner->plan);
    struct syn_result *results = syn_arena_array(
        &runner->arena, count + matrix->defect_count, sizeof *results);
    SYN_ASSERT(results != NULL);
    for (size_t i = 0; i < count; i++) {
        results[i] = runner->results[i];
    }
    for (size_t i = 0; i < matrix->defect_count; i++) {
        results[count++] = defect_result(runner, &matrix->defects[i]);
    }
    runner->report.results = results;
    runner->report.result_count = count;
    runner->report.defects = matrix->defects;
    runner->report.defect_count = matrix->defect_count;
}

/* Rows that judge the sound service to be wrong prove nothing about a bug. */
static size_t count_red_when_clean(const struct syn_runner *runner)
{
    size_t count = 0;
    for (size_t i = 0; i < clean_count(&runner->plan); i++) {
        enum syn_verdict verdict = runner->results[i].verdict;
        count += verdict == SYN_VERDICT_FAIL || verdict == SYN_VERDICT_WARNING
                     ? 1
                     : 0;
    }
    return count;
}

void syn_selftest_conclude(struct syn_runner *runner)
{
    struct matrix matrix;
    size_t red = count_red_when_clean(runner);
    size_t killed = 0;
    size_t survived = 0;
    make_matrix(runner, &matrix);
    for (size_t i = 0; i < matrix.defect_count; i++) {
        killed += matrix.defects[i].kill_count > 0 ? 1 : 0;
        survived += matrix.defects[i].is_survivor ? 1 : 0;
    }
    list_never_red(&matrix);
    replace_results(&matrix);
    print_matrix(&matrix, killed, survived);
    if (red > 0) {
        (void)snprintf(runner->survivors, sizeof runner->survivors,
                       "%zu row%s red without any defect", red,
                       red == 1 ? " is" : "s are");
    } else if (survived > 0 && runner->signal_number == 0) {
        (void)snprintf(runner->survivors, sizeof runner->survivors,
                       "%zu of %zu seeded defects survived", survived,
                       killed + survived);
    } else if (runner->options->one_defect == NULL &&
               runner->signal_number == 0 && count_unproven(runner) > 0) {
        (void)snprintf(runner->survivors, sizeof runner->survivors,
                       "no seeded defect turns %zu of the MUST and SHOULD rows "
                       "red",
                       count_unproven(runner));
    }
}
