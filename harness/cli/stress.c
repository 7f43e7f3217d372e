/*
 * stress.c - the verb `stress`.
 * Layer: cli. Threads: the main process.
 * Source: design sections 3, 4 and 9.
 */
#include "base/log.h"
#include "cli/cli.h"
#include "load/load.h"
#include "load/report.h"
#include "load/shard.h"
#include "report/file.h"
#include "service/seams.h"
#include "syn/limits.h"
#include "target/guard.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 512
#define US_PER_MS  1000
#define US_PER_S   INT64_C(1000000)

/* Flags of the plan, as they stand in struct syn_cli. */
static const struct {
    const char *name;
    size_t offset;
} flags[] = {
    {"clients", offsetof(struct syn_cli, clients)},
    {"workers", offsetof(struct syn_cli, workers)},
    {"duration", offsetof(struct syn_cli, duration)},
    {"warmup", offsetof(struct syn_cli, warmup)},
    {"ramp", offsetof(struct syn_cli, ramp)},
    {"types", offsetof(struct syn_cli, types)},
    {"mix", offsetof(struct syn_cli, mix)},
    {"payload", offsetof(struct syn_cli, payload)},
    {"subscriptions", offsetof(struct syn_cli, subscriptions)},
    {"rate", offsetof(struct syn_cli, rate)},
    {"rogues", offsetof(struct syn_cli, rogues)},
    {"rogue-kind", offsetof(struct syn_cli, rogue_kind)},
    {"drop", offsetof(struct syn_cli, drop)},
    {"times", offsetof(struct syn_cli, times)},
    {"ports", offsetof(struct syn_cli, ports)},
    {"sources", offsetof(struct syn_cli, sources)},
    {"shard", offsetof(struct syn_cli, shard)},
    {"start", offsetof(struct syn_cli, start)},
};

static const char *environment(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

static int list_metrics(void)
{
    char line[LINE_BYTES];
    char name[SYN_LOAD_NAME_BYTES];
    const char *what = NULL;
    for (size_t i = 0; syn_load_metric_list(i, name, &what); i++) {
        (void)snprintf(line, sizeof line, "%-52s %s\n", name, what);
        syn_cli_print(line, strlen(line));
    }
    return SYN_EXIT_PASSED;
}

static bool read_flags(const struct syn_cli *cli, struct syn_load_plan *plan)
{
    char fault[SYN_LOAD_PLAN_FAULT_BYTES] = "";
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        const char *text = NULL;
        memcpy(&text, (const char *)cli + flags[i].offset, sizeof text);
        if (text != NULL &&
            syn_load_plan_set(plan, flags[i].name, text, fault) != SYN_OK) {
            (void)syn_cli_refuse("%s", fault);
            return false;
        }
    }
    return true;
}

/* Shards that draw different numbers are not parts of one run. */
static bool read_shard(const struct syn_cli *cli, struct syn_load_plan *plan)
{
    char fault[SYN_LOAD_PLAN_FAULT_BYTES] = "";
    const char *launcher = NULL;
    if (cli->shard == NULL && syn_load_shard_find(plan, environment, NULL,
                                                  &launcher, fault) != SYN_OK) {
        (void)syn_cli_refuse("%s", fault);
        return false;
    }
    if (plan->shards > 1 && cli->seed == NULL) {
        (void)syn_cli_refuse("shard %u/%u%s%s: shards need the same --seed",
                             plan->shard, plan->shards,
                             launcher == NULL ? "" : " by ",
                             launcher == NULL ? "" : launcher);
        return false;
    }
    return true;
}

/* Load on what is not ours is disruptive, and needs leave; and never over the
 * budget of connections that the target file sets. */
static bool is_fit_target(const struct syn_target *target,
                          const struct syn_load_plan *plan)
{
    if (!syn_cli_is_safe(target)) {
        return false;
    }
    if (target == NULL || syn_guard_is_near(target)) {
        return true;
    }
    if (!syn_load_plan_is_probe(plan) &&
        (target->mode != SYN_MODE_DISRUPTIVE ||
         target->authorisation_reference == NULL)) {
        (void)syn_cli_refuse(
            "stress on a target that is not on loopback needs "
            "\"mode\": \"disruptive\" and \"authorisation\" "
            "in its file (a probe does not: revoke with at most "
            "8 clients and a --rate of at most 4)");
        return false;
    }
    uint32_t mine =
        syn_load_plan_share(plan->clients, plan->shard - 1, plan->shards);
    if (mine > target->budget.connections) {
        (void)syn_cli_refuse("%u sessions are over the target file's budget of "
                             "%lld connections",
                             mine, (long long)target->budget.connections);
        return false;
    }
    return true;
}

static bool read_defect(const struct syn_cli *cli, struct syn_load_plan *plan)
{
    if (cli->defect == NULL) {
        return true;
    }
    if (cli->target != NULL) {
        (void)syn_cli_refuse("--defect is for the embedded service");
        return false;
    }
    if (!syn_cli_service_defects(cli->defect)) {
        return false;
    }
    plan->defect = cli->defect;
    return true;
}

bool syn_cli_thresholds(const struct syn_cli *cli,
                        struct syn_load_threshold *thresholds, size_t *count)
{
    char fault[SYN_LOAD_FAULT_BYTES] = "";
    if (cli->tag_count > SYN_LOAD_THRESHOLDS_MAX) {
        (void)syn_cli_refuse("--threshold is given over %d times",
                             SYN_LOAD_THRESHOLDS_MAX);
        return false;
    }
    for (size_t i = 0; i < cli->tag_count; i++) {
        if (syn_load_threshold_read(cli->tags[i], &thresholds[i], fault) !=
            SYN_OK) {
            (void)syn_cli_refuse("--threshold %s: %s", cli->tags[i], fault);
            return false;
        }
    }
    *count = cli->tag_count;
    return true;
}

/* All shards of a run may share a folder of --out. */
static bool set_folder(struct syn_cli *cli, struct syn_runner_options *runner,
                       const struct syn_load_plan *plan)
{
    if (plan->shards == 1) {
        return true;
    }
    struct syn_str folder =
        syn_arena_printf(cli->arena, "%s/shard-%u-of-%u", runner->out_dir,
                         plan->shard, plan->shards);
    runner->out_dir = folder.at;
    if (folder.at == NULL) {
        (void)syn_cli_refuse("out of memory");
    }
    return folder.at != NULL;
}

static bool read_plan(struct syn_cli *cli, struct syn_runner_options *runner,
                      struct syn_load_plan *plan,
                      const struct syn_target **target)
{
    char fault[SYN_LOAD_PLAN_FAULT_BYTES] = "";
    enum syn_load_profile profile = SYN_LOAD_PROFILE_COUNT;
    if (!syn_load_profile_from_name(cli->words[0], &profile)) {
        (void)syn_cli_refuse("no profile \"%s\"; there are steady, ramp, "
                             "fanout, churn, storm, expire, revoke",
                             cli->words[0]);
        return false;
    }
    syn_load_plan_init(plan, profile);
    cli->word_count = 0; /* it selects no rows */
    cli->tag_count = 0;
    if (!syn_cli_runner_options(cli, runner) || !read_flags(cli, plan) ||
        !read_shard(cli, plan) || !read_defect(cli, plan) ||
        !syn_cli_target(cli, target) || !is_fit_target(*target, plan) ||
        !syn_cli_settle(*target)) {
        return false;
    }
    plan->seed = runner->seed;
    if (*target != NULL) {
        plan->target = (*target)->name == NULL ? "target" : (*target)->name;
    }
    if (syn_load_plan_check(plan, syn_cli_now_ms(), fault) != SYN_OK) {
        (void)syn_cli_refuse("%s", fault);
        return false;
    }
    runner->verb = "stress";
    return set_folder(cli, runner, plan);
}

/* --- while it runs --------------------------------------------------------
 */

struct progress {
    const struct syn_load_plan *plan;
    bool has_terminal; /* a status line; else a line now and then */
    bool is_silent;
    int64_t told_us;
};

static const char *phase_of(const struct syn_load_plan *plan, int64_t at_us)
{
    if (at_us < 0) {
        return "set-up";
    }
    if (at_us < (int64_t)plan->ramp_s * US_PER_S) {
        return "ramp";
    }
    if (at_us < syn_load_plan_lead_us(plan)) {
        return "warm-up";
    }
    return at_us < syn_load_plan_end_us(plan) ? "measured" : "settling";
}

static void tell(void *ctx, int64_t at_us)
{
    struct progress *progress = ctx;
    int64_t step_us =
        progress->has_terminal ? US_PER_S : SYN_PROGRESS_MS * US_PER_MS;
    if (progress->is_silent || at_us < progress->told_us + step_us) {
        return;
    }
    progress->told_us = at_us;
    syn_err_printf(
        progress->has_terminal ? "\r\x1b[K%s, %lld of %lld s"
                               : "%s, %lld of %lld s\n",
        phase_of(progress->plan, at_us), (long long)(at_us / US_PER_S),
        (long long)(syn_load_plan_end_us(progress->plan) / US_PER_S));
}

/* False: it cannot be run, and nothing was sent; the fault has been printed. */
static bool run_plan(const struct syn_load_plan *plan,
                     const struct syn_runner_options *runner,
                     const struct syn_target *target,
                     struct syn_load_result *result)
{
    struct progress progress = {.plan = plan,
                                .has_terminal = runner->has_terminal,
                                .is_silent = runner->style.is_quiet};
    syn_status st = syn_load_run(plan, target, tell, &progress, result);
    if (progress.has_terminal) {
        syn_err_printf("\r\x1b[K");
    }
    if (st == SYN_ERR_CONFIG) {
        (void)syn_cli_refuse("%s", result->fault);
    } else if (st != SYN_OK && result->fault[0] == '\0') {
        (void)snprintf(result->fault, sizeof result->fault, "%s",
                       syn_status_text(st));
    }
    return st != SYN_ERR_CONFIG;
}

int syn_verb_stress(struct syn_cli *cli)
{
    struct syn_load_threshold thresholds[SYN_LOAD_THRESHOLDS_MAX];
    struct syn_load_report_options options = {.thresholds = thresholds};
    struct syn_runner_options runner;
    struct syn_load_plan plan;
    struct syn_load_result *result = NULL;
    const struct syn_target *target = NULL;
    if (cli->is_listing) {
        return list_metrics();
    }
    if (cli->word_count != 1) {
        return syn_cli_refuse("stress needs one profile; see syncproof stress "
                              "--help");
    }
    if (!syn_cli_thresholds(cli, thresholds, &options.threshold_count) ||
        !read_plan(cli, &runner, &plan, &target)) {
        return SYN_EXIT_USAGE;
    }
    options.runner = &runner;
    options.started_ms = syn_cli_now_ms();
    if (syn_load_result_new(&plan, &result) != SYN_OK) {
        return syn_cli_refuse("out of memory");
    }
    if (target != NULL) {
        char fault[SYN_REPORT_FAULT_BYTES] = "";
        plan.folder = runner.out_dir;
        if (syn_report_directory_make(runner.out_dir, fault) != SYN_OK) {
            syn_load_result_free(result);
            return syn_cli_refuse("%s", fault);
        }
    }
    syn_load_print_first(&options, &plan);
    int code = SYN_EXIT_USAGE;
    if (run_plan(&plan, &runner, target, result)) {
        options.elapsed_us =
            (syn_cli_now_ms() - options.started_ms) * US_PER_MS;
        code = syn_load_report_write(&options, result);
    }
    syn_load_result_free(result);
    return code;
}
