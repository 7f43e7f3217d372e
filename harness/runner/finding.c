/*
 * finding.c - what becomes of a failure: excused by the baseline, or kept as a
 * capsule.
 * Layer: runner. Threads: the main process.
 */
#include "base/buf.h"
#include "base/log.h"
#include "report/file.h"
#include "runner/capsule.h"
#include "runner/runner_impl.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 1024

bool syn_runner_read_baseline(struct syn_runner *runner)
{
    const struct syn_runner_options *options = runner->options;
    char fault[SYN_BASELINE_FAULT_BYTES] = "";
    struct syn_baseline_source source = {
        .path = options->baseline_path,
        .today = options->today == NULL ? "" : options->today,
        .suites = options->suites};
    if (options->baseline_path == NULL) {
        return true;
    }
    syn_status st =
        syn_baseline_read(&runner->arena, &source, &runner->baseline, fault);
    if (st != SYN_OK) {
        syn_err_printf("syncproof: %s\n",
                       fault[0] == '\0' ? syn_status_text(st) : fault);
    }
    return st == SYN_OK;
}

void syn_runner_excuse(struct syn_runner *runner, size_t index,
                       const struct syn_evidence *evidence,
                       struct syn_judgement *judgement)
{
    const struct syn_plan_entry *entry = &runner->plan.entries[index];
    struct syn_result *result = &runner->results[index];
    char signature[SYN_SIGNATURE_BYTES];
    char name[NAME_BYTES];
    bool is_failure = judgement->verdict == SYN_VERDICT_FAIL ||
                      judgement->verdict == SYN_VERDICT_WARNING;
    signature[0] = '\0';
    if (is_failure) {
        syn_signature_of(evidence, signature);
        result->signature =
            syn_arena_dup(&runner->arena, syn_str_of(signature)).at;
    }
    (void)snprintf(name, sizeof name, "%s%s%s%s", entry->row->id,
                   entry->has_type ? "[" : "",
                   entry->has_type ? syn_type_name(entry->type) : "",
                   entry->has_type ? "]" : "");
    syn_status st = syn_baseline_apply(&runner->baseline, &runner->arena, name,
                                       signature, judgement);
    SYN_ASSERT(st == SYN_OK);
}

static struct syn_capsule capsule_of(const struct syn_runner *runner,
                                     size_t index)
{
    const struct syn_plan_entry *entry = &runner->plan.entries[index];
    const struct syn_report *report = &runner->report;
    const struct syn_target *target = runner->options->target;
    return (struct syn_capsule){
        .version = report->version,
        .build = report->build,
        .suite = report->suite_hash,
        .seed = report->seed,
        .target = report->target,
        .target_file = target == NULL ? NULL : target->path,
        .target_url = target == NULL ? NULL : target->rest_url,
        .clock = report->clock,
        .limits = report->limits,
        .row = entry->row->id,
        .type = entry->has_type ? syn_type_name(entry->type) : NULL,
        .repeat = entry->repeat,
        .defect = entry->defect};
}

/* A red row of selftest is what its defect is for. */
static bool is_worth_keeping(const struct syn_runner *runner, size_t index)
{
    enum syn_verdict verdict = runner->results[index].verdict;
    bool is_meant = runner->options->is_selftest &&
                    runner->plan.entries[index].defect != NULL;
    if (verdict == SYN_VERDICT_INCONCLUSIVE || verdict == SYN_VERDICT_ERROR) {
        return true;
    }
    return !is_meant &&
           (verdict == SYN_VERDICT_FAIL ||
            (verdict == SYN_VERDICT_WARNING && runner->options->is_strict));
}

static void write_capsule(struct syn_runner *runner, size_t index,
                          const char *path, const struct syn_evidence *evidence)
{
    struct syn_capsule capsule = capsule_of(runner, index);
    struct syn_result *result = &runner->results[index];
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_CAPSULE_BYTES_MAX);
    syn_capsule_put(&text, &capsule, result, evidence);
    syn_status st = text.status;
    st = st != SYN_OK ? st
                      : syn_report_file_write(path, syn_buf_str(&text), fault);
    if (st == SYN_OK) {
        result->capsule = path;
        runner->capsules++;
    } else if (runner->harness_fault[0] == '\0') {
        (void)snprintf(runner->harness_fault, sizeof runner->harness_fault,
                       "no capsule %.256s: %.200s", path,
                       fault[0] == '\0' ? syn_status_text(st) : fault);
    }
    syn_buf_fini(&text);
}

void syn_runner_keep_capsule(struct syn_runner *runner, size_t index,
                             const struct syn_evidence *evidence)
{
    const struct syn_plan_entry *entry = &runner->plan.entries[index];
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    if (!is_worth_keeping(runner, index) ||
        runner->capsules >= SYN_CAPSULES_MAX) {
        return;
    }
    struct syn_str directory = syn_arena_printf(&runner->arena, "%s/capsules",
                                                runner->options->out_dir);
    const char *name = syn_capsule_file_name(&runner->arena, entry);
    SYN_ASSERT(directory.at != NULL && name != NULL);
    struct syn_str path =
        syn_arena_printf(&runner->arena, "%s/%s", directory.at, name);
    SYN_ASSERT(path.at != NULL);
    if (syn_report_directory_make(directory.at, fault) != SYN_OK) {
        if (runner->harness_fault[0] == '\0') {
            (void)snprintf(runner->harness_fault, sizeof runner->harness_fault,
                           "%s", fault);
        }
        return;
    }
    write_capsule(runner, index, path.at, evidence);
}
