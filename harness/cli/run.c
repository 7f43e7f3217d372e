/*
 * run.c - the verbs `run` and `selftest`.
 * Layer: cli. Threads: the main process.
 */
#include "base/crypto.h"
#include "base/log.h"
#include "cli/cli.h"
#include "runner/bug.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOBS_DEFAULT 2
#define OUT_DEFAULT  "reports/out"

static bool read_numbers(const struct syn_cli *cli,
                         struct syn_runner_options *options)
{
    uint64_t jobs = JOBS_DEFAULT;
    uint64_t repeat = 1;
    if (cli->seed == NULL) {
        SYN_ASSERT(syn_crypto_random(&options->seed, sizeof options->seed) ==
                   SYN_OK);
    } else if (!syn_cli_number("--seed", cli->seed, 0, UINT64_MAX,
                               &options->seed)) {
        return false;
    }
    if (cli->jobs != NULL &&
        !syn_cli_number("--jobs", cli->jobs, 1, SYN_JOBS_MAX, &jobs)) {
        return false;
    }
    if (cli->repeat != NULL &&
        !syn_cli_number("--repeat", cli->repeat, 1, SYN_REPEAT_MAX, &repeat)) {
        return false;
    }
    options->jobs = (unsigned)jobs;
    options->has_jobs = cli->jobs != NULL;
    options->repeat = (unsigned)repeat;
    return true;
}

/* NO_COLOR of any value switches colour off, an explicit --color wins. */
static bool read_style(const struct syn_cli *cli,
                       struct syn_runner_options *options)
{
    const char *when = cli->color == NULL ? "auto" : cli->color;
    const char *no_color = getenv("NO_COLOR");
    bool is_auto = strcmp(when, "auto") == 0;
    if (!is_auto && strcmp(when, "always") != 0 && strcmp(when, "never") != 0) {
        (void)syn_cli_refuse("--color is auto, always or never, not \"%s\"",
                             when);
        return false;
    }
    bool is_fit =
        isatty(STDOUT_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0');
    options->style = (struct syn_text_style){
        .is_verbose = cli->is_verbose,
        .is_quiet = cli->is_quiet,
        .has_color = is_auto ? is_fit : strcmp(when, "always") == 0};
    options->has_terminal = isatty(STDERR_FILENO) == 1 && !cli->is_quiet;
    return true;
}

bool syn_cli_runner_options(const struct syn_cli *cli,
                            struct syn_runner_options *options)
{
    *options = (struct syn_runner_options){
        .version = SYN_VERSION,
        .build = SYN_BUILD,
        .suites = syn_suites,
        .out_dir = cli->out == NULL ? OUT_DEFAULT : cli->out,
        .junit_path = cli->junit,
        .json_path = cli->json,
        .html_path = cli->html,
        .markdown_path = cli->markdown,
        .baseline_path = cli->baseline,
        .today = syn_cli_today(cli),
        .exercises = syn_exercises,
        .is_strict = cli->is_strict,
        .fails_fast = cli->fails_fast};
    if (!syn_cli_selection(cli, &options->selection) ||
        !read_numbers(cli, options) || !read_style(cli, options)) {
        return false;
    }
    options->command = syn_cli_command(cli, options->seed);
    return true;
}

int syn_verb_run(struct syn_cli *cli)
{
    struct syn_runner_options options;
    if (!syn_cli_runner_options(cli, &options) ||
        !syn_cli_target(cli, &options.target) ||
        !syn_cli_target_file(cli, cli->compare, &options.beside)) {
        return SYN_EXIT_USAGE;
    }
    if (options.beside != NULL && options.target == NULL) {
        return syn_cli_refuse("--compare names a second target: the first "
                              "needs --target");
    }
    options.verb = "run";
    return syn_runner_run(&options);
}

int syn_verb_selftest(struct syn_cli *cli)
{
    struct syn_runner_options options;
    if (!syn_cli_runner_options(cli, &options)) {
        return SYN_EXIT_USAGE;
    }
    if (!syn_cli_any_defect(cli->defect)) {
        return SYN_EXIT_USAGE;
    }
    options.verb = "selftest";
    options.is_selftest = true;
    options.runs_all = cli->runs_all;
    options.one_defect = cli->defect;
    return syn_runner_run(&options);
}
