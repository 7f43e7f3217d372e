/*
 * list.c - the verb `list`: the plan with estimates.
 * Layer: cli. Threads: the main process.
 */
#include "base/buf.h"
#include "base/log.h"
#include "cli/cli.h"
#include "runner/plan.h"

#define TEXT_BYTES_MAX 16777216
#define RUN_UNKNOWN    "00000000"

static void put_entry(struct syn_buf *out, const struct syn_plan_entry *entry)
{
    const struct syn_scenario *row = entry->row;
    syn_buf_printf(out, "%-52s %-6s %-8s ", entry->name,
                   syn_level_name(row->level), syn_subject_name(row->subject));
    if (row->estimate_s == 0) {
        syn_buf_put_text(out, " <1 s  ");
    } else {
        syn_buf_printf(out, "%3u s  ", row->estimate_s);
    }
    syn_buf_put_text(out, row->title);
    if (entry->lack != NULL) {
        syn_buf_printf(out, " [skipped: %s]", entry->lack);
    }
    syn_buf_put_byte(out, '\n');
}

static int print_plan(const struct syn_plan *plan)
{
    struct syn_buf out;
    unsigned estimate_s = 0;
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    for (size_t i = 0; i < plan->count; i++) {
        put_entry(&out, &plan->entries[i]);
        estimate_s += plan->entries[i].row->estimate_s;
    }
    syn_buf_printf(&out, "%zu rows, about %u s in real time\n", plan->count,
                   estimate_s);
    syn_status st = syn_out_write(out.at, out.bytes);
    syn_buf_fini(&out);
    return st == SYN_OK ? SYN_EXIT_PASSED : SYN_EXIT_HARNESS;
}

int syn_verb_list(struct syn_cli *cli)
{
    struct syn_selection selection;
    struct syn_stage stage;
    struct syn_plan plan = {.count = 0};
    const struct syn_target *target = NULL;
    char fault[SYN_SELECT_FAULT_BYTES] = "";
    if (!syn_cli_selection(cli, &selection) || !syn_cli_target(cli, &target)) {
        return SYN_EXIT_USAGE;
    }
    if (syn_select_check(&selection, syn_suites, fault) != SYN_OK) {
        return syn_cli_refuse("%s", fault);
    }
    if (target == NULL) {
        syn_stage_init_embedded(&stage);
    } else {
        syn_stage_init_target(&stage, target, RUN_UNKNOWN);
    }
    struct syn_plan_order order = {.suites = syn_suites,
                                   .selection = &selection,
                                   .stage = &stage,
                                   .repeat = 1};
    if (syn_plan_add(cli->arena, &plan, &order) != SYN_OK) {
        syn_err_printf("syncproof: the plan does not fit in memory\n");
        return SYN_EXIT_HARNESS;
    }
    return print_plan(&plan);
}
