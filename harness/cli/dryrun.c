/*
 * dryrun.c - the verb `dryrun`: what would the flip have broken?
 * Layer: cli. Threads: the main process.
 * Source: design section 8.
 */
#include "gate/dryrun.h"

#include "cli/cli.h"

/* A trace of a busy week and its replays. */
#define ARENA_BYTES 8589934592u

int syn_verb_dryrun(struct syn_cli *cli)
{
    struct syn_runner_options runner;
    struct syn_arena arena;
    if (cli->word_count != 1) {
        return syn_cli_refuse("dryrun needs one trace, a file of record");
    }
    const char *trace = cli->words[0];
    cli->word_count = 0; /* it selects no rows */
    const struct syn_readings *readings = NULL;
    if (!syn_cli_runner_options(cli, &runner) ||
        !syn_cli_readings(cli, &readings)) {
        return SYN_EXIT_USAGE;
    }
    runner.verb = "dryrun";
    struct syn_dryrun_options options = {.runner = &runner,
                                         .trace_path = trace,
                                         .flip_at = cli->flip_at,
                                         .readings = readings,
                                         .names_path = cli->map,
                                         .plan_path = cli->plan,
                                         .grants_path = cli->grants,
                                         .curl_path = cli->curl,
                                         .draft_path = cli->emit_plan};
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    int code = syn_dryrun_run(&arena, &options);
    syn_arena_fini(&arena);
    return code;
}
