/*
 * gate.c - the verb `gate`.
 * Layer: cli. Threads: the main process.
 * Source: design sections 3 and 8.
 */
#include "gate/gate.h"

#include "cli/cli.h"
#include "service/seams.h"
#include "syn/limits.h"

#include <string.h>
#include <time.h>

#define MS_PER_S 1000

int64_t syn_cli_now_ms(void)
{
    return (int64_t)time(NULL) * MS_PER_S;
}

static bool read_options(struct syn_cli *cli, struct syn_gate_options *gate,
                         struct syn_runner_options *runner)
{
    char fault[SYN_GATE_FAULT_BYTES] = "";
    const char *path = cli->words[0];
    cli->word_count = 0; /* not a selection */
    if (!syn_cli_runner_options(cli, runner) ||
        !syn_cli_target(cli, &gate->target) ||
        !syn_cli_can_make_services(cli, gate->target) ||
        !syn_cli_settle(gate->target) ||
        !syn_cli_readings(cli, &gate->readings)) {
        return false;
    }
    if (cli->defect != NULL && gate->target != NULL) {
        (void)syn_cli_refuse("--defect is for the embedded service");
        return false;
    }
    if (!syn_cli_service_defect(cli->defect)) {
        return false;
    }
    if (syn_gate_plan_read(cli->arena, path, fault, &gate->plan) != SYN_OK) {
        (void)syn_cli_refuse("%s", fault[0] == '\0' ? "out of memory" : fault);
        return false;
    }
    gate->today = syn_cli_today(cli);
    gate->defect = cli->defect;
    gate->seed = runner->seed;
    gate->wants_all = cli->runs_all;
    gate->stop = syn_cli_stop();
    gate->out_dir = runner->out_dir;
    return true;
}

int syn_verb_gate(struct syn_cli *cli)
{
    struct syn_gate_options gate = {.plan = NULL};
    struct syn_runner_options runner;
    struct syn_gate_outcome outcome;
    struct syn_arena arena;
    char fault[SYN_GATE_FAULT_BYTES] = "";
    if (cli->word_count != 1) {
        return syn_cli_refuse("gate needs one plan");
    }
    if (!read_options(cli, &gate, &runner)) {
        return SYN_EXIT_USAGE;
    }
    runner.verb = "gate";
    struct syn_book_end end = {
        .target = gate.target == NULL ? "embedded" : gate.target->name,
        .clock = gate.target == NULL ? "virtual" : "real",
        .limits = gate.target == NULL ? "off" : "target",
        .suite = syn_gate_hash(cli->arena, gate.plan),
        .started_ms = syn_cli_now_ms()};
    end.target = end.target == NULL ? "target" : end.target;
    /* A plan that does not expand is refused before anything is said. */
    struct syn_gate_objects all = {.at = NULL};
    if (syn_gate_plan_expand(cli->arena, gate.plan, fault, &all) != SYN_OK) {
        return syn_cli_refuse("%s", fault[0] == '\0' ? "out of memory" : fault);
    }
    if (!syn_cli_baseline(cli, &runner, &end.baseline)) {
        return SYN_EXIT_USAGE;
    }
    syn_cli_watch_signals();
    syn_book_print_first(&runner, &end);
    syn_arena_init(&arena, NULL, SYN_GATE_ARENA_BYTES_MAX);
    syn_status st = syn_gate_prove(&arena, &gate, fault, &outcome);
    if (st != SYN_OK) {
        end.harness_fault = fault[0] == '\0' ? syn_status_text(st) : fault;
    }
    int code = syn_gate_report(&gate, &runner, &outcome, &end);
    syn_arena_fini(&arena);
    return code;
}
