/*
 * selftest.c - the suite against every seeded defect: who notices?
 * Layer: runner. Threads: the main process.
 * Source: design sections 3 and 7; style section 2.8 ("proven twice").
 *
 * One plan holds the clean run of the selected rows and, for each defect, the
 * rows that name it (or all of them). A defect is killed when a row that is
 * green on the sound service goes red with it. In the report each defect is one
 * case; the runs behind it are told in the matrix.
 */
#include "base/buf.h"
#include "runner/bug.h"
#include "runner/runner_impl.h"

#include <stdio.h>
#include <string.h>

#define MATRIX_BYTES_MAX 16777216
#define PERCENT          100

static syn_status plan_defect(struct syn_runner *runner,
                              const struct syn_bug *defect)
{
    struct syn_selection selection = runner->options->selection;
    struct syn_plan_order order = {.suites = runner->options->suites,
                                   .selection = &selection,
                                   .stage = &runner->stage,
                                   .repeat = 1,
                                   .defect = defect->name};
    selection.defect = runner->options->runs_all ? NULL : defect->name;
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
    if (!runner->options->runs_all) {
        selection.defect = runner->options->one_defect;
    }
    syn_status st = syn_plan_add(&runner->arena, &runner->plan, &clean);
    struct syn_bug defect;
    for (size_t i = 0; st == SYN_OK && syn_bug_at(i, &defect); i++) {
        if (is_wanted(runner, &defect)) {
            st = plan_defect(runner, &defect);
        }
    }
    return st;
}

static bool is_red(enum syn_verdict verdict)
{
    return verdict == SYN_VERDICT_FAIL || verdict == SYN_VERDICT_WARNING;
}

static bool is_green(enum syn_verdict verdict)
{
    return verdict == SYN_VERDICT_PASS || verdict == SYN_VERDICT_INFO;
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

static bool is_kill(const struct syn_runner *runner, size_t index)
{
    size_t clean = clean_of(runner, index);
    return is_red(runner->results[index].verdict) &&
           clean < runner->plan.count &&
           is_green(runner->results[clean].verdict);
}

struct defect_score {
    size_t runs;
    size_t kills;
};

/* One line of the matrix: a defect, and each row with its verdict under it. */
static struct defect_score put_defect(struct syn_runner *runner,
                                      const struct syn_bug *defect,
                                      struct syn_buf *out)
{
    struct defect_score score = {.runs = 0};
    struct syn_buf cells;
    syn_buf_init(&cells, NULL, MATRIX_BYTES_MAX);
    for (size_t i = 0; i < runner->plan.count; i++) {
        const struct syn_plan_entry *entry = &runner->plan.entries[i];
        if (entry->defect == NULL || strcmp(entry->defect, defect->name) != 0) {
            continue;
        }
        bool is_dead = is_kill(runner, i);
        score.runs++;
        score.kills += is_dead ? 1 : 0;
        syn_buf_printf(&cells, "    %s %s%s%s%s: %s\n", is_dead ? "x" : ".",
                       entry->row->id, entry->has_type ? "[" : "",
                       entry->has_type ? syn_type_name(entry->type) : "",
                       entry->has_type ? "]" : "",
                       syn_verdict_name(runner->results[i].verdict));
    }
    syn_buf_printf(out, "%-9s %s (%s): %zu of %zu rows red\n",
                   score.kills > 0 ? "killed" : "SURVIVED", defect->name,
                   defect->clause, score.kills, score.runs);
    syn_buf_put(out, syn_buf_str(&cells));
    syn_buf_fini(&cells);
    return score;
}

static struct syn_result defect_result(struct syn_runner *runner,
                                       const struct syn_bug *defect,
                                       struct defect_score score)
{
    struct syn_str id =
        syn_arena_printf(&runner->arena, "selftest/%s", defect->name);
    struct syn_str reason = syn_arena_printf(
        &runner->arena,
        score.runs == 0 ? "no row names this defect (%zu of %zu rows red)"
                        : "%zu of %zu rows red",
        score.kills, score.runs);
    SYN_ASSERT(id.at != NULL && reason.at != NULL);
    struct syn_str command = syn_arena_printf(
        &runner->arena, "syncproof selftest --defect %s --seed 0x%llx",
        defect->name, (unsigned long long)runner->options->seed);
    return (struct syn_result){.suite = "selftest",
                               .chapter = "selftest",
                               .id = id.at,
                               .repeat = 1,
                               .title = defect->title,
                               .level = SYN_LEVEL_MUST,
                               .subject = SYN_SUBJECT_AUDIT,
                               .verdict = score.kills > 0 ? SYN_VERDICT_PASS
                                                          : SYN_VERDICT_FAIL,
                               .reason = reason,
                               .command = command.at};
}

/* Did some defect turn this clean entry's row red? */
static bool was_ever_red(const struct syn_runner *runner, size_t clean)
{
    for (size_t i = 0; i < runner->plan.count; i++) {
        if (runner->plan.entries[i].defect != NULL &&
            clean_of(runner, i) == clean && is_kill(runner, i)) {
            return true;
        }
    }
    return false;
}

static void put_never_red(struct syn_runner *runner, struct syn_buf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < runner->plan.count; i++) {
        if (runner->plan.entries[i].defect == NULL &&
            !was_ever_red(runner, i)) {
            syn_buf_printf(out, "never red: %s\n",
                           runner->plan.entries[i].name);
            count++;
        }
    }
    syn_buf_printf(out, "rows never red: %zu\n", count);
}

/* Results of the clean runs move to the front, one case per defect follows. */
static size_t keep_clean(struct syn_runner *runner, struct syn_result *results)
{
    size_t count = 0;
    for (size_t i = 0; i < runner->plan.count; i++) {
        if (runner->plan.entries[i].defect == NULL) {
            results[count++] = runner->results[i];
        }
    }
    return count;
}

void syn_selftest_conclude(struct syn_runner *runner)
{
    struct syn_buf text;
    size_t killed = 0;
    size_t total = 0;
    struct syn_result *results = syn_arena_array(
        &runner->arena, runner->plan.count + syn_bug_count(), sizeof *results);
    SYN_ASSERT(results != NULL);
    size_t count = keep_clean(runner, results);
    syn_buf_init(&text, NULL, MATRIX_BYTES_MAX);
    struct syn_bug defect;
    for (size_t i = 0; syn_bug_at(i, &defect); i++) {
        if (!is_wanted(runner, &defect)) {
            continue;
        }
        struct defect_score score = put_defect(runner, &defect, &text);
        results[count++] = defect_result(runner, &defect, score);
        total++;
        killed += score.kills > 0 ? 1 : 0;
    }
    put_never_red(runner, &text);
    syn_buf_printf(&text, "score: %zu of %zu defects killed (%zu %%)\n", killed,
                   total, total == 0 ? 0 : killed * PERCENT / total);
    syn_runner_print(runner, &text);
    syn_buf_fini(&text);
    if (killed < total && runner->signal_number == 0) {
        (void)snprintf(runner->survivors, sizeof runner->survivors,
                       "%zu of %zu seeded defects survived", total - killed,
                       total);
    }
    runner->report.results = results;
    runner->report.result_count = count;
}
