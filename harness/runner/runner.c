/*
 * runner.c - run rows and report.
 * Layer: runner. Threads: the main process.
 * Source: design sections 3, 5 and 7.
 */
#include "runner/runner.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "report/file.h"
#include "report/text.h"
#include "runner/chase.h"
#include "runner/hook.h"
#include "runner/remote.h"
#include "runner/runner_impl.h"
#include "syn/limits.h"
#include "target/given.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RUNNER_ARENA_BYTES UINT64_C(4294967296)
#define TEXT_BYTES_MAX     8388608
#define RUN_ID_BYTES       4
#define MS_PER_S           1000
#define US_PER_MS          1000
#define NS_PER_MS          1000000

static int64_t clock_ms(clockid_t which)
{
    struct timespec now = {0};
    (void)clock_gettime(which, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/* --- while it runs --------------------------------------------------------
 */

/* Runs of defects are told by selftest as a matrix. */
static bool is_told_in_matrix(const struct syn_runner *runner, size_t index)
{
    return runner->options->is_selftest &&
           runner->plan.entries[index].defect != NULL;
}

static void print_ready(struct syn_runner *runner)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, TEXT_BYTES_MAX);
    while (runner->printed < runner->plan.count &&
           runner->is_judged[runner->printed]) {
        if (!is_told_in_matrix(runner, runner->printed)) {
            syn_text_put_result(&text, &runner->results[runner->printed],
                                &runner->options->style);
        }
        runner->printed++;
    }
    if (text.bytes > 0) {
        if (runner->options->has_terminal) {
            syn_err_printf("\r\x1b[K");
        }
        syn_runner_print(runner, &text);
    }
    syn_buf_fini(&text);
}

/* What is spent is spent: nothing leaves any more but for clean-up. */
static void notice_budget(struct syn_runner *runner)
{
    struct syn_purse *purse = runner->stage.purse;
    const char *spent = purse == NULL ? NULL : syn_purse_spent(purse);
    if (spent != NULL && runner->distress[0] == '\0') {
        (void)snprintf(runner->distress, sizeof runner->distress, "%s", spent);
        syn_purse_hush(purse);
    }
}

/* A target that answers nobody any more is left alone. */
static bool is_in_distress(struct syn_runner *runner, size_t index)
{
    bool has_run = runner->results[index].verdict != SYN_VERDICT_SKIPPED;
    if (runner->stage.target == NULL || !has_run) {
        return false;
    }
    notice_budget(runner);
    if (syn_purse_is_hushed(runner->stage.purse)) {
        return true; /* rows are silent because nothing leaves any more */
    }
    runner->silent_streak =
        runner->is_silent[index] ? runner->silent_streak + 1 : 0;
    if (runner->silent_streak == SYN_DISTRESS_ROWS) {
        (void)snprintf(runner->distress, sizeof runner->distress,
                       "the target is in distress: %zu rows in a row got no "
                       "answer",
                       runner->silent_streak);
        syn_purse_hush(runner->stage.purse);
    }
    return runner->silent_streak >= SYN_DISTRESS_ROWS;
}

/* Is the run to end with this row? A row of ours that broke settles the exit
 * code as much as a failure does. */
static bool is_final(const struct syn_runner *runner, size_t index)
{
    const struct syn_runner_options *options = runner->options;
    const enum syn_verdict verdict = runner->results[index].verdict;
    return options->fails_fast && !is_told_in_matrix(runner, index) &&
           (verdict == SYN_VERDICT_FAIL || verdict == SYN_VERDICT_ERROR ||
            (verdict == SYN_VERDICT_WARNING && options->is_strict));
}

static bool on_done(void *ctx, size_t index)
{
    struct syn_runner *runner = ctx;
    syn_runner_judge(runner, index);
    runner->done++;
    if (runner->options->is_selftest) {
        syn_chase_note(runner, index);
    }
    print_ready(runner);
    bool is_last = is_final(runner, index);
    runner->has_failed_fast = runner->has_failed_fast || is_last;
    return is_in_distress(runner, index) || is_last;
}

/* One status line on a terminal, else a line every ten seconds. */
static void on_tick(void *ctx)
{
    struct syn_runner *runner = ctx;
    int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
    notice_budget(runner);
    if (runner->options->has_terminal) {
        syn_err_printf("\r\x1b[K%zu/%zu rows, %llds", runner->done,
                       runner->plan.count - runner->called_off,
                       (long long)((now_ms - runner->begun_ms) / MS_PER_S));
    } else if (now_ms - runner->told_ms >= SYN_PROGRESS_MS) {
        runner->told_ms = now_ms;
        syn_err_printf("%zu/%zu rows, %llds\n", runner->done,
                       runner->plan.count - runner->called_off,
                       (long long)((now_ms - runner->begun_ms) / MS_PER_S));
    }
}

/* --- before and after -----------------------------------------------------
 */

static int refuse(const char *fault)
{
    syn_err_printf("syncproof: %s\n", fault);
    return SYN_EXIT_USAGE;
}

static void make_stage(struct syn_runner *runner)
{
    unsigned char random[RUN_ID_BYTES] = {0};
    char run[SYN_STAGE_RUN_BYTES];
    if (runner->options->target == NULL) {
        syn_stage_init_embedded(&runner->stage);
        return;
    }
    /* Not from the seed: what an earlier run left behind must not collide. */
    SYN_ASSERT(syn_crypto_random(random, sizeof random) == SYN_OK);
    syn_crypto_hex(random, sizeof random, run);
    syn_stage_init_target(&runner->stage, runner->options->target, run);
}

/* Directory for reports, and a private one in it for evidence. */
static bool make_directories(struct syn_runner *runner)
{
    char fault[SYN_REPORT_FAULT_BYTES] = "";
    int length = snprintf(runner->directory, sizeof runner->directory,
                          "%s/rows-XXXXXX", runner->options->out_dir);
    bool is_made =
        length > 0 && (size_t)length < sizeof runner->directory &&
        syn_report_directory_make(runner->options->out_dir, fault) == SYN_OK;
    if (is_made && mkdtemp(runner->directory) == NULL) {
        (void)snprintf(fault, sizeof fault, "cannot create files in %s",
                       runner->options->out_dir);
        is_made = false;
    }
    if (!is_made) {
        (void)snprintf(runner->harness_fault, sizeof runner->harness_fault,
                       "%s", fault);
    }
    return is_made;
}

static void remove_directories(struct syn_runner *runner)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < runner->plan.count; i++) {
        syn_crew_evidence_path(&runner->crew, i, path);
        (void)unlink(path);
    }
    (void)rmdir(runner->directory);
}

static void fill_report(struct syn_runner *runner)
{
    const struct syn_runner_options *options = runner->options;
    syn_plan_hash(options->suites, runner->suite_hash);
    runner->report = (struct syn_report){
        .verb = options->verb,
        .version = options->version,
        .build = options->build,
        .seed = options->seed,
        .target = syn_stage_name(&runner->stage),
        .clock = runner->stage.is_virtual ? "virtual" : "real",
        .limits = options->target == NULL ? "off" : "target",
        .suite_hash = runner->suite_hash,
        .started_ms = clock_ms(CLOCK_REALTIME),
        .is_strict = options->is_strict};
}

static void print_first_line(struct syn_runner *runner)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, TEXT_BYTES_MAX);
    syn_text_put_first_line(&text, &runner->report);
    syn_runner_print(runner, &text);
    syn_buf_fini(&text);
}

/* Of a replay one entry is left over. */
static void keep_only(struct syn_plan *plan, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (strcmp(plan->entries[i].name, name) == 0) {
            plan->entries[count++] = plan->entries[i];
        }
    }
    plan->count = count;
}

static syn_status make_plan(struct syn_runner *runner)
{
    const struct syn_runner_options *options = runner->options;
    struct syn_plan_order order = {.suites = options->suites,
                                   .selection = &options->selection,
                                   .stage = &runner->stage,
                                   .repeat = options->repeat,
                                   .defect = options->only_defect};
    syn_status st = options->is_selftest
                        ? syn_selftest_plan(runner)
                        : syn_plan_add(&runner->arena, &runner->plan, &order);
    if (st == SYN_OK && options->only != NULL) {
        keep_only(&runner->plan, options->only);
    }
    return st;
}

static void clean_target(struct syn_runner *runner)
{
    char first[SYN_STAGE_REASON_BYTES] = "";
    const struct syn_stage *stage = &runner->stage;
    if (stage->manifest == NULL) {
        return;
    }
    size_t late = 0;
    size_t left = syn_remote_clean(stage, &late, first);
    if (late > 0) {
        (void)snprintf(runner->late, sizeof runner->late,
                       "none but %zu late, kept: clean --manifest %s looks "
                       "whether it has ended",
                       late, syn_manifest_path(stage->manifest));
    }
    if (left > 0) {
        (void)snprintf(runner->leftovers, sizeof runner->leftovers,
                       "%zu, first %s (clean --manifest %s)", left, first,
                       syn_manifest_path(stage->manifest));
    }
}

static void judge_rest(struct syn_runner *runner)
{
    for (size_t i = 0; i < runner->plan.count; i++) {
        if (!runner->is_judged[i]) {
            syn_runner_judge(runner, i);
        }
    }
    print_ready(runner);
}

/* At a target waits are real: many rows wait together, as far as the budget of
 * connections goes; the more the faster they may send. */
static unsigned jobs_of(const struct syn_runner *runner)
{
    const struct syn_runner_options *options = runner->options;
    if (runner->stage.target == NULL) {
        return options->jobs;
    }
    const struct syn_target_budget *budget = &runner->stage.target->budget;
    int64_t most = budget->connections / SYN_REMOTE_ROW_SOCKETS;
    int64_t jobs = budget->rest_per_s / SYN_REMOTE_ROW_REST_PER_S;
    jobs = jobs < SYN_REMOTE_JOBS ? SYN_REMOTE_JOBS : jobs;
    jobs = jobs > SYN_REMOTE_JOBS_MAX ? SYN_REMOTE_JOBS_MAX : jobs;
    jobs = options->has_jobs ? options->jobs : jobs;
    most = most < 1 ? 1 : most;
    return (unsigned)(most < jobs ? most : jobs);
}

static void run_plan(struct syn_runner *runner)
{
    /* Rows that move a shared clock must run alone, and so must rows that
     * listen on the one port of the target file. */
    const struct syn_target *target = runner->stage.target;
    bool is_shared = target != NULL &&
                     (runner->stage.is_virtual || syn_hook_has_port(target));
    runner->crew =
        (struct syn_crew){.plan = &runner->plan,
                          .stage = &runner->stage,
                          .seed = runner->options->seed,
                          .jobs = is_shared ? 1 : jobs_of(runner),
                          .row_seconds = runner->options->row_seconds,
                          .directory = runner->directory,
                          .on_done = on_done,
                          .on_tick = on_tick,
                          .ctx = runner};
    if (runner->options->is_selftest && !runner->options->runs_all) {
        runner->crew.order = syn_chase_order(&runner->arena, &runner->plan);
        SYN_ASSERT(runner->crew.order != NULL);
    } else if (target != NULL && !runner->stage.is_virtual) {
        runner->crew.order =
            syn_plan_longest_first(&runner->arena, &runner->plan);
        SYN_ASSERT(runner->crew.order != NULL);
    }
    syn_status st = syn_crew_open(&runner->crew);
    if (st != SYN_OK) {
        (void)snprintf(runner->harness_fault, sizeof runner->harness_fault,
                       "no shared memory beside the evidence");
        return;
    }
    st = syn_crew_run(&runner->crew, &runner->signal_number);
    if (st != SYN_OK) {
        (void)snprintf(runner->harness_fault, sizeof runner->harness_fault,
                       "workers could not run: %s", syn_status_text(st));
    }
    notice_budget(runner);
    judge_rest(runner);
    if (runner->stage.target != NULL) {
        clean_target(runner);
        /* Clean-up included. */
        runner->report.sent =
            syn_purse_tell(runner->stage.purse, &runner->arena);
    }
}

static bool note_harness_fault(struct syn_runner *runner, const char *fault)
{
    (void)snprintf(runner->harness_fault, sizeof runner->harness_fault, "%s",
                   fault);
    return false;
}

/* Before anything is sent: the purse, and the file that says what was made. */
static bool open_books(struct syn_runner *runner)
{
    struct syn_stage *stage = &runner->stage;
    const struct syn_target *target = stage->target;
    char fault[SYN_MANIFEST_FAULT_BYTES] = "";
    struct syn_str path =
        syn_arena_printf(&runner->arena, "%s/manifest-%s.jsonl",
                         runner->options->out_dir, stage->run);
    const struct syn_manifest_head head = {.run = stage->run,
                                           .rest_url = target->rest_url,
                                           .account_sid =
                                               target->account.account_sid};
    SYN_ASSERT(path.at != NULL);
    if (syn_purse_open(&target->budget, runner->options->out_dir,
                       &stage->purse) != SYN_OK) {
        return note_harness_fault(runner, "no shared memory for the budget");
    }
    if (target->mode != SYN_MODE_READONLY &&
        syn_manifest_open(path.at, &head, &stage->manifest, fault) != SYN_OK) {
        return note_harness_fault(runner, fault);
    }
    return true;
}

static void close_books(struct syn_runner *runner)
{
    syn_manifest_close(runner->stage.manifest);
    syn_purse_close(runner->stage.purse);
    runner->stage.manifest = NULL;
    runner->stage.purse = NULL;
}

static void print_capabilities(struct syn_runner *runner)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, TEXT_BYTES_MAX);
    syn_stage_describe(&runner->stage, &text);
    if (!runner->options->style.is_quiet) {
        syn_runner_print(runner, &text);
    }
    syn_buf_fini(&text);
}

static bool prepare_target(struct syn_runner *runner)
{
    char reason[SYN_STAGE_REASON_BYTES] = "";
    if (runner->stage.target == NULL) {
        return true;
    }
    if (!open_books(runner)) {
        return false;
    }
    if (syn_remote_prepare(&runner->stage, reason) == SYN_PREFLIGHT_OK) {
        print_capabilities(runner);
        return true;
    }
    clean_target(runner); /* preflight may have made services before it fell */
    (void)snprintf(runner->unreachable, sizeof runner->unreachable, "%s: %s",
                   runner->stage.target->rest_url, reason);
    return false;
}

/* Everything up to the verdicts. False: refused, it has been printed. */
static bool perform(struct syn_runner *runner)
{
    runner->begun_ms = clock_ms(CLOCK_MONOTONIC);
    runner->told_ms = runner->begun_ms;
    make_stage(runner);
    fill_report(runner);
    print_first_line(runner);
    runner->has_place = make_directories(runner);
    bool is_sound = !runner->options->is_selftest || syn_selftest_check(runner);
    if (runner->has_place && is_sound && prepare_target(runner)) {
        syn_status st = make_plan(runner);
        SYN_ASSERT(st == SYN_OK || st == SYN_ERR_LIMIT);
        if (st == SYN_ERR_LIMIT) {
            (void)rmdir(runner->directory);
            (void)refuse("more than 200000 rows are planned");
            return false;
        }
        syn_runner_init_results(runner);
        run_plan(runner);
        runner->report.results = runner->results;
        runner->report.result_count = runner->plan.count;
    }
    runner->report.elapsed_us =
        (clock_ms(CLOCK_MONOTONIC) - runner->begun_ms) * US_PER_MS;
    if (runner->options->has_terminal) {
        syn_err_printf("\r\x1b[K");
    }
    return true;
}

/* What the verdicts come to, and the reports; the exit code. */
static int conclude(struct syn_runner *runner)
{
    if (runner->options->is_selftest && runner->plan.count > 0) {
        syn_selftest_conclude(runner);
    }
    syn_runner_cover(runner);
    syn_runner_fill_floor(runner);
    int code = syn_runner_report(runner);
    if (runner->has_place) {
        remove_directories(runner);
    }
    return code;
}

static void close_runner(struct syn_runner *runner)
{
    syn_crew_close(&runner->crew);
    close_books(runner);
}

/* The second target of --compare, once the first has been judged. */
static void run_second(struct syn_runner *first, struct syn_runner *second)
{
    if (first->report.result_count == 0 || first->signal_number != 0) {
        return;
    }
    if (perform(second)) {
        (void)conclude(second);
        syn_compare_note(first, second);
    }
    close_runner(second);
}

/* From the start to the end of the process: a signal that comes before the rows
 * waits for the crew to fetch it, one that comes while reports are written must
 * not cut them. */
static void hold_signals(void)
{
    sigset_t held;
    (void)sigemptyset(&held);
    (void)sigaddset(&held, SIGINT);
    (void)sigaddset(&held, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &held, NULL);
}

/* False: it has been refused in words. */
static bool is_safe_target(const struct syn_target *target)
{
    const char *part = target == NULL ? NULL : syn_target_production(target);
    const char *ended =
        target == NULL ? NULL : syn_given_ended(target, (int64_t)time(NULL));
    if (ended != NULL) {
        syn_err_printf("syncproof: %s: the token of \"%s\" has ended\n",
                       target->path, ended);
        return false;
    }
    if (part == NULL) {
        return true;
    }
    syn_err_printf("syncproof: the target looks like production by its %s: "
                   "allow_production must say that this is meant\n",
                   part);
    return false;
}

/* The ways there, before any worker is forked: they inherit them. */
static bool is_settled(const struct syn_target *target)
{
    char fault[SYN_TARGET_FAULT_BYTES] = "";
    if (target == NULL || syn_target_settle(target, fault) == SYN_OK) {
        return true;
    }
    syn_err_printf("syncproof: %s\n", fault);
    return false;
}

/* False: something that was said is wrong, it has been printed. */
static bool is_fit(struct syn_runner *runner)
{
    return is_safe_target(runner->options->target) &&
           syn_runner_read_baseline(runner) && syn_runner_check_floor(runner) &&
           is_settled(runner->options->target);
}

int syn_runner_run(const struct syn_runner_options *options)
{
    struct syn_runner runner = {.options = options};
    struct syn_runner second = {.options = NULL};
    struct syn_runner_options beside;
    char fault[SYN_SELECT_FAULT_BYTES] = "";
    SYN_ASSERT(options->repeat >= 1 && options->repeat <= SYN_REPEAT_MAX);
    if (syn_select_check(&options->selection, options->suites, fault) !=
        SYN_OK) {
        return refuse(fault);
    }
    syn_arena_init(&runner.arena, NULL, RUNNER_ARENA_BYTES);
    syn_arena_init(&second.arena, NULL, RUNNER_ARENA_BYTES);
    int code = SYN_EXIT_USAGE;
    if (options->beside != NULL) {
        syn_compare_init(&second, &runner, &beside);
    }
    if (is_fit(&runner) && (runner.second == NULL || is_fit(&second))) {
        hold_signals();
        if (perform(&runner)) {
            if (runner.second != NULL) {
                run_second(&runner, &second);
            }
            code = conclude(&runner);
        }
        close_runner(&runner);
    }
    syn_arena_fini(&second.arena);
    syn_arena_fini(&runner.arena);
    return code;
}
