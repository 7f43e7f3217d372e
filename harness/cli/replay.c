/*
 * replay.c - the verb `replay`: a failure again, from its capsule.
 * Layer: cli. Threads: the main process.
 * Source: design section 3.
 */
#include "base/log.h"
#include "cli/cli.h"
#include "runner/bug.h"
#include "runner/capsule.h"
#include "runner/plan.h"

#include <stdio.h>
#include <string.h>

/* The same seed in another suite or build may do other things; the user is
 * told, and sees what comes of it. */
static void warn_of_change(const struct syn_capsule *capsule,
                           const struct syn_runner_options *options)
{
    char hash[SYN_PLAN_HASH_BYTES];
    syn_plan_hash(options->suites, hash);
    if (strcmp(hash, capsule->suite) != 0) {
        syn_err_printf("syncproof: the capsule is of suite %s, this is %s: the "
                       "replay may differ\n",
                       capsule->suite, hash);
    }
    if (strcmp(options->build, capsule->build) != 0) {
        syn_err_printf("syncproof: the capsule is of build %s, this is %s: the "
                       "replay may differ\n",
                       capsule->build, options->build);
    }
}

/* The capsule names its target file; --target names another place for it. */
static bool find_target(struct syn_cli *cli, const struct syn_capsule *capsule,
                        const struct syn_target **out)
{
    if (capsule->target_file == NULL && cli->target != NULL) {
        (void)syn_cli_refuse("the capsule is of the embedded service: --target "
                             "does not fit");
        return false;
    }
    if (cli->target == NULL) {
        cli->target = capsule->target_file;
    }
    return syn_cli_target(cli, out);
}

int syn_verb_replay(struct syn_cli *cli)
{
    struct syn_runner_options options;
    struct syn_capsule capsule;
    char fault[SYN_CAPSULE_FAULT_BYTES] = "";
    if (cli->word_count != 1) {
        return syn_cli_refuse("replay needs one capsule, a file of "
                              "OUT/capsules");
    }
    if (syn_capsule_read(cli->arena, cli->words[0], &capsule, fault) !=
        SYN_OK) {
        return syn_cli_refuse("%s", fault[0] == '\0' ? "out of memory" : fault);
    }
    cli->words[0] = capsule.row;
    if (!syn_cli_runner_options(cli, &options)) {
        return SYN_EXIT_USAGE;
    }
    if (!syn_capsule_find(cli->arena, &capsule, options.suites,
                          &options.only)) {
        return syn_cli_refuse("this suite has no row %s%s%s%s", capsule.row,
                              capsule.type == NULL ? "" : "[",
                              capsule.type == NULL ? "" : capsule.type,
                              capsule.type == NULL ? "" : "]");
    }
    if (!syn_cli_any_defect(capsule.defect)) {
        return SYN_EXIT_USAGE;
    }
    if (!find_target(cli, &capsule, &options.target)) {
        return SYN_EXIT_USAGE;
    }
    warn_of_change(&capsule, &options);
    options.verb = "replay";
    options.seed = capsule.seed;
    options.repeat = capsule.repeat;
    options.only_defect = capsule.defect;
    return syn_runner_run(&options);
}
