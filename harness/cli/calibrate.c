/*
 * calibrate.c - the verb `calibrate`, and the option --readings.
 * Layer: cli. Threads: the main process.
 * Source: design sections 3 and 8.
 */
#include "gate/calibrate.h"

#include "cli/cli.h"
#include "service/seams.h"
#include "syn/limits.h"

bool syn_cli_readings(const struct syn_cli *cli,
                      const struct syn_readings **out)
{
    char fault[SYN_READINGS_FAULT_BYTES] = "out of memory";
    *out = NULL;
    if (cli->readings == NULL) {
        return true;
    }
    struct syn_readings *readings =
        syn_arena_alloc(cli->arena, sizeof *readings);
    if (readings == NULL || syn_readings_read(cli->arena, cli->readings, fault,
                                              readings) != SYN_OK) {
        (void)syn_cli_refuse("%s", fault);
        return false;
    }
    *out = readings;
    return true;
}

static bool read_options(struct syn_cli *cli,
                         struct syn_calibrate_options *options,
                         struct syn_runner_options *runner)
{
    if (!syn_cli_runner_options(cli, runner) ||
        !syn_cli_target(cli, &options->target) ||
        !syn_cli_can_make_services(cli, options->target) ||
        !syn_cli_settle(options->target) ||
        !syn_cli_readings(cli, &options->readings)) {
        return false;
    }
    if (options->target != NULL &&
        (cli->defect != NULL || cli->readings != NULL)) {
        (void)syn_cli_refuse("%s is for the embedded service",
                             cli->defect != NULL ? "--defect" : "--readings");
        return false;
    }
    if (!syn_cli_service_defect(cli->defect)) {
        return false;
    }
    options->defect = cli->defect;
    options->save_path = cli->save;
    options->seed = runner->seed;
    options->out_dir = runner->out_dir;
    options->today = syn_cli_today(cli);
    return true;
}

int syn_verb_calibrate(struct syn_cli *cli)
{
    struct syn_calibrate_options options = {.stop = syn_cli_stop()};
    struct syn_runner_options runner;
    struct syn_arena arena;
    if (cli->word_count != 0) {
        return syn_cli_refuse("calibrate takes no arguments but options");
    }
    if (!read_options(cli, &options, &runner)) {
        return SYN_EXIT_USAGE;
    }
    const struct syn_target *target = options.target;
    bool is_virtual = target == NULL || target->has_virtual_clock;
    runner.verb = "calibrate";
    struct syn_book_end end = {.target = target == NULL         ? "embedded"
                                         : target->name == NULL ? "target"
                                                                : target->name,
                               .clock = is_virtual ? "virtual" : "real",
                               .limits =
                                   target == NULL ? "off" : "the target's",
                               .suite = "open-questions",
                               .started_ms = syn_cli_now_ms()};
    syn_cli_watch_signals();
    syn_book_print_first(&runner, &end);
    syn_arena_init(&arena, NULL, SYN_GATE_ARENA_BYTES_MAX);
    int code = syn_calibrate_run(&arena, &options, &runner, &end);
    syn_arena_fini(&arena);
    return code;
}
