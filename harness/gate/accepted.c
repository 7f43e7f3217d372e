/*
 * accepted.c - denials that somebody has accepted for a time.
 * Layer: gate. Threads: the main process.
 * Source: docs/schema/baseline.schema.json, the format of every baseline.
 *
 * The runner reads the file and excuses; here is only what a dry run has
 * beside rows: a denial that did not come has no result of its own.
 */
#include "gate/dryrun.h"

#include "runner/baseline.h"

#include <string.h>

_Static_assert(SYN_DRYRUN_FAULT_BYTES >= SYN_BASELINE_FAULT_BYTES,
               "faults of baselines fit");

/* "id[type]", as reports and baselines write it; NULL: out of memory. */
static const char *name_of(struct syn_arena *arena,
                           const struct syn_result *result)
{
    return result->type == NULL
               ? result->id
               : syn_arena_printf(arena, "%s[%s]", result->id, result->type).at;
}

static syn_status excuse(struct syn_dryrun *dryrun,
                         const struct syn_baseline *baseline, bool is_met[])
{
    for (size_t i = 0; i < dryrun->book.count; i++) {
        struct syn_result *result = &dryrun->book.results[i];
        const char *name = name_of(dryrun->arena, result);
        struct syn_judgement judgement = {.verdict = result->verdict,
                                          .reason = result->reason};
        if (name == NULL) {
            return SYN_ERR_MEMORY;
        }
        if (result->verdict != SYN_VERDICT_FAIL || result->signature == NULL) {
            continue;
        }
        for (size_t e = 0; e < baseline->count; e++) {
            is_met[e] = is_met[e] || strcmp(baseline->entries[e].id, name) == 0;
        }
        syn_status st = syn_baseline_apply(baseline, dryrun->arena, name,
                                           result->signature, &judgement);
        if (st != SYN_OK) {
            return st;
        }
        result->verdict = judgement.verdict;
        result->reason = judgement.reason;
    }
    return SYN_OK;
}

static void add_stale(struct syn_dryrun *dryrun,
                      const struct syn_baseline_entry *entry)
{
    struct syn_result result = {
        .suite = "dryrun",
        .chapter = "dryrun",
        .id = entry->id,
        .repeat = 1,
        .title = "An accepted denial still occurs",
        .level = SYN_LEVEL_MUST,
        .subject = SYN_SUBJECT_CLIENT,
        .file = dryrun->options->trace_path,
        .verdict = SYN_VERDICT_XPASS,
        .reason = SYN_STR("the baseline accepts this denial, and it did not "
                          "come; remove the entry")};
    syn_book_add(&dryrun->book, &result);
}

syn_status syn_dryrun_accept(struct syn_dryrun *dryrun, const char *path,
                             char fault[SYN_DRYRUN_FAULT_BYTES])
{
    const struct syn_baseline_source source = {
        .path = path, .today = dryrun->options->runner->today};
    struct syn_baseline baseline = {.count = 0};
    syn_status st = syn_baseline_read(dryrun->arena, &source, &baseline, fault);
    if (st != SYN_OK) {
        return st;
    }
    bool *is_met =
        syn_arena_array(dryrun->arena, baseline.count + 1, sizeof *is_met);
    if (is_met == NULL) {
        return SYN_ERR_MEMORY;
    }
    memset(is_met, 0, (baseline.count + 1) * sizeof *is_met);
    st = excuse(dryrun, &baseline, is_met);
    for (size_t e = 0; st == SYN_OK && e < baseline.count; e++) {
        if (!is_met[e]) {
            add_stale(dryrun, &baseline.entries[e]);
        }
    }
    return st;
}
