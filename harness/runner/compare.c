/*
 * compare.c - two targets side by side: `run --target A --compare B`.
 * Layer: runner. Threads: the main process.
 * Source: design section 3.
 *
 * The same rows run at A, then at B, with the same seed. Told is what a user of
 * both would notice: other verdicts, other failures, other observations, under
 * the clauses they are about. Times are no difference. A's verdicts decide the
 * exit code; B's world (unreachable, distress, leftovers) counts too, since a
 * comparison that was not made must not end in 0.
 */
#include "runner/clause.h"
#include "runner/runner_impl.h"

#include <stdio.h>
#include <string.h>

#define FOLDER "compare" /* below the run's own: reports of the second */

void syn_compare_init(struct syn_runner *second, struct syn_runner *first,
                      struct syn_runner_options *options)
{
    struct syn_str out =
        syn_arena_printf(&first->arena, "%s/" FOLDER, first->options->out_dir);
    SYN_ASSERT(out.at != NULL && first->options->beside != NULL);
    *options = *first->options;
    options->target = options->beside;
    options->beside = NULL;
    options->out_dir = out.at;
    options->junit_path = NULL;
    options->json_path = NULL;
    options->html_path = NULL;
    options->markdown_path = NULL;
    options->baseline_path = NULL;
    options->style.is_quiet = true;
    second->options = options;
    second->first = first;
    first->second = second;
}

/* --- one row at both ------------------------------------------------------
 */

/* Differences as they are found, before they are sorted by clause. */
struct found {
    size_t row; /* of the first run */
    struct syn_str aspect;
    struct syn_str here;
    struct syn_str there;
};

struct search {
    struct syn_arena *arena; /* of the first run */
    const char *runs[2];     /* "0a1b2c3d": part of every name, told as RUN */
    struct found *items;
    size_t count;
    size_t capacity;
};

static struct syn_str keep(struct search *search, struct syn_str text)
{
    struct syn_str kept = syn_arena_dup(search->arena, text);
    SYN_ASSERT(kept.at != NULL);
    return kept;
}

/* The id of a run stands in all names that it makes, and is no difference. */
static struct syn_str without_run(struct search *search, struct syn_str text,
                                  const char *run)
{
    static const char word[] = "RUN";
    const size_t bytes = strlen(run);
    char *at = syn_arena_alloc(search->arena, text.bytes + 1);
    size_t count = 0;
    SYN_ASSERT(at != NULL && bytes >= sizeof word - 1);
    for (size_t i = 0; i < text.bytes;) {
        if (text.bytes - i >= bytes && memcmp(text.at + i, run, bytes) == 0) {
            memcpy(at + count, word, sizeof word - 1);
            count += sizeof word - 1;
            i += bytes;
        } else {
            at[count++] = text.at[i++];
        }
    }
    return (struct syn_str){at, count};
}

static void add(struct search *search, struct found item)
{
    if (search->count == search->capacity) {
        size_t capacity = search->capacity * 2 + 64;
        struct found *items =
            syn_arena_array(search->arena, capacity, sizeof *items);
        SYN_ASSERT(items != NULL);
        if (search->count > 0) {
            memcpy(items, search->items, search->count * sizeof *items);
        }
        search->items = items;
        search->capacity = capacity;
    }
    item.aspect = keep(search, item.aspect);
    item.here = keep(search, item.here);
    item.there = keep(search, item.there);
    search->items[search->count++] = item;
}

/* "fail: ann may read" */
static struct syn_str tell(struct search *search,
                           const struct syn_result *result)
{
    struct syn_str text = syn_arena_printf(
        search->arena, "%s%s%.*s", syn_verdict_name(result->verdict),
        result->reason.bytes > 0 ? ": " : "", SYN_STR_ARG(result->reason));
    SYN_ASSERT(text.at != NULL);
    return text;
}

static bool is_failure(const struct syn_result *result)
{
    return result->verdict == SYN_VERDICT_FAIL ||
           result->verdict == SYN_VERDICT_WARNING;
}

static bool is_other_failure(const struct syn_result *here,
                             const struct syn_result *there)
{
    return is_failure(here) && here->signature != NULL &&
           there->signature != NULL &&
           strcmp(here->signature, there->signature) != 0;
}

static void compare_observations(struct search *search, size_t row,
                                 const struct syn_result *here,
                                 const struct syn_result *there)
{
    const struct syn_observation none = {.text = SYN_STR("not observed")};
    size_t count = here->observation_count > there->observation_count
                       ? here->observation_count
                       : there->observation_count;
    for (size_t i = 0; i < count; i++) {
        const struct syn_observation *a =
            i < here->observation_count ? &here->observations[i] : &none;
        const struct syn_observation *b =
            i < there->observation_count ? &there->observations[i] : &none;
        struct syn_str here_text =
            without_run(search, a->text, search->runs[0]);
        struct syn_str there_text =
            without_run(search, b->text, search->runs[1]);
        if (!syn_str_is_equal(here_text, there_text) ||
            !syn_str_is_equal(a->what, b->what)) {
            add(search, (struct found){.row = row,
                                       .aspect = a == &none ? b->what : a->what,
                                       .here = here_text,
                                       .there = there_text});
        }
    }
}

static void compare_row(struct search *search, size_t row,
                        const struct syn_result *here,
                        const struct syn_result *there)
{
    if (here->verdict != there->verdict || is_other_failure(here, there)) {
        bool is_same = here->verdict == there->verdict;
        add(search, (struct found){.row = row,
                                   .aspect = is_same ? SYN_STR("failure")
                                                     : SYN_STR("verdict"),
                                   .here = tell(search, here),
                                   .there = tell(search, there)});
    } else if (here->verdict != SYN_VERDICT_INCONCLUSIVE) {
        compare_observations(search, row, here, there);
    }
}

/* --- all of them ----------------------------------------------------------
 */

/* The entry of that name at or after `*from`, else from the start: both plans
 * have one order. False: the other has none. */
static bool find_entry(const struct syn_plan *plan, const char *name,
                       size_t *from)
{
    for (size_t i = 0; i < plan->count; i++) {
        size_t at = (*from + i) % plan->count;
        if (strcmp(plan->entries[at].name, name) == 0) {
            *from = at;
            return true;
        }
    }
    return false;
}

static void search_rows(struct search *search, const struct syn_runner *first,
                        const struct syn_runner *second,
                        struct syn_comparison *comparison)
{
    size_t other = 0;
    for (size_t i = 0; i < first->plan.count; i++) {
        size_t before = search->count;
        if (!find_entry(&second->plan, first->plan.entries[i].name, &other)) {
            continue;
        }
        comparison->row_count++;
        compare_row(search, i, &first->results[i], &second->results[other]);
        comparison->differ_count += search->count > before ? 1 : 0;
    }
}

static bool is_about(const struct syn_result *result, const char *clause)
{
    for (size_t i = 0; i < result->clause_count; i++) {
        if (strcmp(result->clauses[i].id, clause) == 0) {
            return true;
        }
    }
    return false;
}

/* A row of three clauses stands under each of them. */
static void sort_by_clause(const struct search *search,
                           const struct syn_runner *first,
                           struct syn_comparison *comparison)
{
    size_t capacity = 1;
    struct syn_difference *items = NULL;
    for (size_t i = 0; i < search->count; i++) {
        capacity += first->results[search->items[i].row].clause_count;
    }
    items = syn_arena_array(search->arena, capacity, sizeof *items);
    SYN_ASSERT(items != NULL);
    for (size_t c = 0; c < syn_clause_count; c++) {
        for (size_t i = 0; i < search->count; i++) {
            const struct found *found = &search->items[i];
            if (is_about(&first->results[found->row], syn_clauses[c].id)) {
                items[comparison->item_count++] = (struct syn_difference){
                    .clause = syn_clauses[c].id,
                    .sentence = syn_clauses[c].sentence,
                    .row = first->plan.entries[found->row].name,
                    .aspect = found->aspect,
                    .here = found->here,
                    .there = found->there};
            }
        }
    }
    comparison->items = items;
}

/* A sentence about the second target, unless the first has one of its own. */
static void take_reason(char mine[SYN_RUNNER_REASON_BYTES], const char *theirs)
{
    static const char prefix[] = "at the target compared with: ";
    if (mine[0] == '\0' && theirs[0] != '\0') {
        (void)snprintf(mine, SYN_RUNNER_REASON_BYTES, "%s%.*s", prefix,
                       (int)(SYN_RUNNER_REASON_BYTES - sizeof prefix), theirs);
    }
}

void syn_compare_note(struct syn_runner *first, const struct syn_runner *second)
{
    struct search search = {.arena = &first->arena,
                            .runs = {first->stage.run, second->stage.run}};
    struct syn_comparison *comparison =
        syn_arena_alloc(&first->arena, sizeof *comparison);
    SYN_ASSERT(comparison != NULL);
    *comparison = (struct syn_comparison){
        .target = syn_stage_name(&second->stage),
        .exit_code = second->report.exit_code,
        .exit_reason =
            keep(&search, syn_str_of(second->report.exit_reason)).at};
    if (second->results != NULL) {
        search_rows(&search, first, second, comparison);
    }
    sort_by_clause(&search, first, comparison);
    first->report.comparison = comparison;
    take_reason(first->harness_fault, second->harness_fault);
    take_reason(first->unreachable, second->unreachable);
    take_reason(first->distress, second->distress);
    take_reason(first->leftovers, second->leftovers);
    first->signal_number = second->signal_number;
}
