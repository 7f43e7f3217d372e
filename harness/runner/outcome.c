/*
 * outcome.c - from an entry's end to its result.
 * Layer: runner. Threads: the main process.
 */
#include "base/buf.h"
#include "runner/clause.h"
#include "runner/evidence.h"
#include "runner/runner_impl.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SCRATCH_BYTES_MAX (16u * SYN_EVIDENCE_BYTES_MAX)
#define CLAUSES_MAX       64

static struct syn_str keep(struct syn_runner *runner, struct syn_str s)
{
    struct syn_str cut = syn_str_part(s, 0, 2 * SYN_REPORT_TEXT_BYTES_MAX);
    struct syn_str kept = syn_arena_dup(&runner->arena, cut);
    SYN_ASSERT(kept.at != NULL);
    return kept;
}

/* "acl" of "acl/defaults/x". */
static const char *chapter_of(struct syn_runner *runner, const char *id)
{
    struct syn_str all = syn_str_of(id);
    return keep(runner, syn_str_part(all, 0, syn_str_find(all, '/', 0))).at;
}

static size_t count_words(struct syn_str words)
{
    size_t count = 0;
    size_t at = 0;
    while (count < CLAUSES_MAX && syn_clause_next_word(words, &at).bytes > 0) {
        count++;
    }
    return count;
}

/* Room for no more than there are: results of a selftest are many, and each
 * page of this process is one that the fork of every row has to copy. */
static void fill_clauses(struct syn_runner *runner, struct syn_result *result,
                         const char *source)
{
    struct syn_str words = syn_str_of(source);
    size_t count = count_words(words);
    struct syn_result_clause *clauses =
        syn_arena_array(&runner->arena, count, sizeof *clauses);
    size_t at = 0;
    SYN_ASSERT(clauses != NULL);
    struct syn_str id = syn_clause_next_word(words, &at);
    while (id.bytes > 0 && result->clause_count < count) {
        const struct syn_clause *clause = syn_clause_find(id);
        clauses[result->clause_count++] = (struct syn_result_clause){
            .id = clause == NULL ? keep(runner, id).at : clause->id,
            .sentence = clause == NULL ? "" : clause->sentence,
            .is_inferred = clause != NULL && clause->is_inferred};
        id = syn_clause_next_word(words, &at);
    }
    result->clauses = clauses;
}

static const char *repeat_command(struct syn_runner *runner,
                                  const struct syn_plan_entry *entry)
{
    const struct syn_runner_options *options = runner->options;
    struct syn_buf text;
    syn_buf_init(&text, NULL, PATH_MAX + SYN_RUNNER_REASON_BYTES);
    syn_buf_printf(&text, "syncproof %s %s --seed 0x%llx",
                   entry->defect == NULL ? "run" : "selftest", entry->row->id,
                   (unsigned long long)options->seed);
    if (options->target != NULL) {
        syn_buf_printf(&text, " --target %s", options->target->path);
    }
    if (entry->defect != NULL) {
        syn_buf_printf(&text, " --defect %s", entry->defect);
    }
    if (entry->repeat > 1) {
        syn_buf_printf(&text, " --repeat %u", entry->repeat);
    }
    const char *command = keep(runner, syn_buf_str(&text)).at;
    syn_buf_fini(&text);
    return command;
}

static void init_result(struct syn_runner *runner, size_t index)
{
    const struct syn_plan_entry *entry = &runner->plan.entries[index];
    const struct syn_scenario *row = entry->row;
    struct syn_result *result = &runner->results[index];
    *result = (struct syn_result){
        .suite = entry->suite->name,
        .chapter = chapter_of(runner, row->id),
        .id = row->id,
        .type = entry->has_type ? syn_type_name(entry->type) : NULL,
        .defect = entry->defect,
        .repeat = entry->repeat,
        .title = row->title,
        .reading = row->reading,
        .level = row->level,
        .subject = row->subject,
        .file = syn_record_short_path(entry->suite->file),
        .command = repeat_command(runner, entry)};
    fill_clauses(runner, result, row->source);
}

void syn_runner_init_results(struct syn_runner *runner)
{
    size_t count = runner->plan.count;
    runner->results =
        syn_arena_array(&runner->arena, count, sizeof *runner->results);
    runner->is_judged =
        syn_arena_array(&runner->arena, count, sizeof *runner->is_judged);
    runner->has_control =
        syn_arena_array(&runner->arena, count, sizeof *runner->has_control);
    runner->is_silent =
        syn_arena_array(&runner->arena, count, sizeof *runner->is_silent);
    SYN_ASSERT(runner->results != NULL && runner->is_judged != NULL &&
               runner->has_control != NULL && runner->is_silent != NULL);
    for (size_t i = 0; i < count; i++) {
        init_result(runner, i);
    }
}

static void keep_figures(struct syn_runner *runner, struct syn_result *result,
                         const struct syn_evidence *evidence)
{
    struct syn_observation *observations = syn_arena_array(
        &runner->arena, evidence->observation_count, sizeof *observations);
    struct syn_measure_value *measures = syn_arena_array(
        &runner->arena, evidence->measure_count, sizeof *measures);
    SYN_ASSERT(observations != NULL && measures != NULL);
    for (size_t i = 0; i < evidence->observation_count; i++) {
        observations[i].what = keep(runner, evidence->observations[i].what);
        observations[i].text = keep(runner, evidence->observations[i].text);
    }
    for (size_t i = 0; i < evidence->measure_count; i++) {
        measures[i].name = keep(runner, evidence->measures[i].name);
        measures[i].value = evidence->measures[i].value;
    }
    result->observations = observations;
    result->observation_count = evidence->observation_count;
    result->measures = measures;
    result->measure_count = evidence->measure_count;
}

static void keep_evidence(struct syn_runner *runner, struct syn_result *result,
                          const struct syn_evidence *evidence,
                          const struct syn_judgement *judgement)
{
    struct syn_buf text;
    bool is_quiet = judgement->verdict == SYN_VERDICT_PASS ||
                    judgement->verdict == SYN_VERDICT_SKIPPED;
    if (is_quiet && !runner->options->style.is_verbose) {
        return;
    }
    syn_buf_init(&text, NULL, SCRATCH_BYTES_MAX);
    syn_judge_put_evidence(&text, evidence, judgement);
    result->evidence = keep(runner, syn_buf_str(&text));
    syn_buf_fini(&text);
}

static void fill_judgement(struct syn_runner *runner, size_t index,
                           const struct syn_evidence *evidence,
                           const struct syn_judgement *judgement)
{
    struct syn_result *result = &runner->results[index];
    result->verdict = judgement->verdict;
    result->reason = keep(runner, judgement->reason);
    if (judgement->decider != NULL && judgement->decider->line > 0) {
        result->file =
            syn_record_short_path(keep(runner, judgement->decider->file).at);
        result->line = judgement->decider->line;
    }
    runner->has_control[index] = judgement->has_control;
    runner->is_silent[index] = judgement->is_silent;
    keep_figures(runner, result, evidence);
    keep_evidence(runner, result, evidence, judgement);
}

static enum syn_fate fate_of(const struct syn_runner *runner, size_t index)
{
    struct syn_crew_slot *slot = &runner->crew.board->slots[index];
    switch ((enum syn_slot_state)atomic_load(&slot->state)) {
    case SYN_SLOT_WAITING:
    case SYN_SLOT_CALLED_OFF:
        return SYN_FATE_UNSTARTED;
    case SYN_SLOT_RUNNING:
        return SYN_FATE_KILLED;
    case SYN_SLOT_DONE:
        break;
    }
    return slot->fate;
}

void syn_runner_judge(struct syn_runner *runner, size_t index)
{
    const struct syn_plan_entry *entry = &runner->plan.entries[index];
    struct syn_arena scratch;
    struct syn_evidence evidence = {.end = SYN_END_NONE};
    struct syn_judgement judgement = {.verdict = SYN_VERDICT_SKIPPED};
    struct syn_case the_case = {.evidence = &evidence,
                                .level = entry->row->level,
                                .is_remote = runner->stage.target != NULL,
                                .fate = fate_of(runner, index),
                                .attempts =
                                    runner->crew.board->slots[index].attempts,
                                .message = ""};
    char path[PATH_MAX];
    syn_arena_init(&scratch, NULL, SCRATCH_BYTES_MAX);
    if (the_case.fate == SYN_FATE_UNSTARTED) {
        the_case.message = runner->distress[0] != '\0'
                               ? "the target in distress"
                           : runner->has_failed_fast ? "--fail-fast"
                                                     : "interrupted";
    } else {
        the_case.message = runner->crew.board->slots[index].message;
    }
    if (entry->lack != NULL) {
        judgement.reason = syn_str_of(entry->lack);
    } else {
        syn_crew_evidence_path(&runner->crew, index, path);
        syn_status st = syn_evidence_read(&scratch, path, &evidence);
        st = st != SYN_OK ? st : syn_judge(&scratch, &the_case, &judgement);
        if (st != SYN_OK) {
            judgement.verdict = SYN_VERDICT_ERROR;
            judgement.reason = SYN_STR("the evidence could not be read");
        }
    }
    const struct syn_guard_share *share =
        &runner->crew.board->slots[index].share;
    runner->results[index].requests = atomic_load(&share->requests);
    runner->results[index].writes = atomic_load(&share->writes);
    runner->results[index].connections = atomic_load(&share->dials);
    runner->results[index].elapsed_us =
        runner->crew.board->slots[index].elapsed_us;
    syn_runner_excuse(runner, index, &evidence, &judgement);
    fill_judgement(runner, index, &evidence, &judgement);
    syn_runner_keep_acts(runner, index, &evidence);
    syn_runner_keep_capsule(runner, index, &evidence);
    runner->is_judged[index] = true;
    syn_arena_fini(&scratch);
}
