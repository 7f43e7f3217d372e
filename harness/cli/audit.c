/*
 * audit.c - the verb `audit`.
 * Layer: cli. Threads: the main process.
 * Source: design sections 3 and 8.
 */
#include "gate/audit.h"

#include "cli/cli.h"
#include "gate/gate.h"
#include "report/file.h"
#include "syn/limits.h"

#include <string.h>

#define TEXT_BYTES_MAX 16777216
#define DRAFT_BYTES    67108864

static bool read_plan(struct syn_cli *cli, const struct syn_gate_plan **plan)
{
    char fault[SYN_GATE_FAULT_BYTES] = "";
    struct syn_gate_objects all = {.at = NULL};
    if (cli->plan == NULL) {
        return true;
    }
    syn_status st = syn_gate_plan_read(cli->arena, cli->plan, fault, plan);
    st = st != SYN_OK ? st
                      : syn_gate_plan_expand(cli->arena, *plan, fault, &all);
    if (st != SYN_OK) {
        (void)syn_cli_refuse("%s", fault[0] == '\0' ? "out of memory" : fault);
    }
    return st == SYN_OK;
}

/* An audit is of a service that is there. */
static bool read_target(struct syn_cli *cli, const struct syn_target **target)
{
    if (cli->target == NULL) {
        (void)syn_cli_refuse("audit needs --target FILE");
        return false;
    }
    if (!syn_cli_target(cli, target)) {
        return false;
    }
    if ((*target)->account.service_sid == NULL ||
        syn_target_password(*target) == NULL) {
        (void)syn_cli_refuse("audit: the target file needs a service_sid and "
                             "REST credentials");
        return false;
    }
    return syn_cli_settle(*target);
}

static bool write_draft(const struct syn_cli *cli,
                        const struct syn_census *inventory)
{
    struct syn_buf draft;
    syn_buf_init(&draft, NULL, DRAFT_BYTES);
    syn_audit_draft(&draft, inventory, "draft");
    bool is_written = syn_book_write_page(cli->emit_plan, &draft);
    syn_buf_fini(&draft);
    return is_written;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void print_summary(const struct syn_audit_options *options,
                          const struct syn_audit_outcome *outcome)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    syn_buf_printf(
        &out, "audit: %zu object%s read by %zu GETs, %zu finding%s\n",
        options->inventory->count, plural(options->inventory->count),
        options->inventory->requests, outcome->count, plural(outcome->count));
    for (size_t i = 0; i < outcome->count; i++) {
        if (outcome->findings[i].call.bytes > 0) {
            syn_buf_printf(&out, "    %.*s\n",
                           SYN_STR_ARG(outcome->findings[i].call));
        }
    }
    if (options->plan == NULL) {
        syn_buf_printf(
            &out,
            "objects of the backend without any permission, which go "
            "dark for every client at the flip: %zu\n",
            outcome->dark_objects);
    } else {
        syn_buf_printf(&out,
                       "%zu object%s %s dark for %zu identit%s at the flip; "
                       "not in the plan: %zu\n",
                       outcome->dark_objects, plural(outcome->dark_objects),
                       outcome->dark_objects == 1 ? "goes" : "go",
                       outcome->dark_identities,
                       outcome->dark_identities == 1 ? "y" : "ies",
                       outcome->unplanned);
    }
    syn_book_print(&out);
    syn_buf_fini(&out);
}

/* Reading, judging, reporting; the first line has been printed. */
static int audit(struct syn_cli *cli, const struct syn_target *target,
                 const struct syn_audit_options *asked,
                 const struct syn_runner_options *runner,
                 const struct syn_book_end *begun)
{
    struct syn_arena arena;
    struct syn_census inventory;
    struct syn_audit_options options = *asked;
    struct syn_book_end end = *begun;
    struct syn_audit_outcome outcome = {.findings = NULL};
    char reason[SYN_CENSUS_REASON_BYTES] = "";
    char fault[SYN_GATE_FAULT_BYTES] = "";
    struct syn_census_options reading = {.target = target,
                                         .skips_items = asked->plan == NULL};
    syn_arena_init(&arena, NULL, SYN_GATE_ARENA_BYTES_MAX);
    outcome.book.arena = &arena;
    options.inventory = &inventory;
    syn_status st = syn_census_read(&arena, &reading, reason, &inventory);
    if (st == SYN_ERR_NET) {
        end.unreachable = reason;
    } else if (st == SYN_OK) {
        st = syn_audit_judge(&arena, &options, fault, &outcome);
    }
    if (st == SYN_OK) {
        print_summary(&options, &outcome);
    } else if (st != SYN_ERR_NET) {
        end.harness_fault = reason[0] != '\0' ? reason : syn_status_text(st);
    }
    if (st == SYN_OK && cli->emit_plan != NULL &&
        !write_draft(cli, &inventory)) {
        end.harness_fault = "the plan could not be written";
    }
    end.elapsed_us = (syn_cli_now_ms() - end.started_ms) * 1000;
    int code = syn_book_close(&outcome.book, runner, &end);
    syn_arena_fini(&arena);
    return code;
}

int syn_verb_audit(struct syn_cli *cli)
{
    struct syn_runner_options runner;
    struct syn_audit_options options = {.today = syn_cli_today(cli)};
    const struct syn_target *target = NULL;
    if (cli->word_count != 0) {
        return syn_cli_refuse("audit takes no arguments but options");
    }
    if (!syn_cli_runner_options(cli, &runner) || !read_target(cli, &target) ||
        !read_plan(cli, &options.plan)) {
        return SYN_EXIT_USAGE;
    }
    runner.verb = "audit";
    options.service_sid = target->account.service_sid;
    struct syn_book_end end = {
        .target = target->name == NULL ? "target" : target->name,
        .clock = "real",
        .limits = "target",
        .suite = options.plan == NULL ? "no-plan"
                                      : syn_gate_hash(cli->arena, options.plan),
        .started_ms = syn_cli_now_ms()};
    if (!syn_cli_baseline(cli, &runner, &end.baseline)) {
        return SYN_EXIT_USAGE;
    }
    syn_book_print_first(&runner, &end);
    return audit(cli, target, &options, &runner, &end);
}
