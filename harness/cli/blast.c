/*
 * blast.c - the verb `blast`.
 * Layer: cli. Threads: the main process.
 * Source: design section 8.
 */
#include "gate/blast.h"

#include "cli/cli.h"
#include "gate/book.h"
#include "syn/limits.h"

#define TEXT_BYTES_MAX 67108864

static void print_blast(const struct syn_cli *cli,
                        const struct syn_blast *blast)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    syn_buf_printf(&out, "%.*s\n", SYN_STR_ARG(blast->headline));
    for (size_t i = 0; i < blast->count; i++) {
        const struct syn_blast_object *object = &blast->objects[i];
        if (object->rights[SYN_BLAST_PLAN] == 0 && !cli->is_verbose) {
            continue;
        }
        syn_buf_printf(&out, "  %s \"%.*s\": with ACLs on %s",
                       syn_type_name(object->type), SYN_STR_ARG(object->name),
                       syn_gate_rights_text(object->rights[SYN_BLAST_PLAN]));
        syn_buf_printf(&out, ", after revocation %s\n",
                       syn_gate_rights_text(object->rights[SYN_BLAST_REVOKED]));
    }
    syn_book_print(&out);
    syn_buf_fini(&out);
}

static int write_json(const struct syn_cli *cli, const struct syn_blast *blast)
{
    struct syn_buf out;
    bool is_written = true;
    if (cli->json == NULL) {
        return SYN_EXIT_PASSED;
    }
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    syn_blast_write(&out, blast);
    is_written = syn_book_write_page(cli->json, &out);
    syn_buf_fini(&out);
    return is_written ? SYN_EXIT_PASSED : SYN_EXIT_HARNESS;
}

static int blast_plan(struct syn_cli *cli, struct syn_blast *blast)
{
    char fault[SYN_GATE_FAULT_BYTES] = "";
    const struct syn_gate_plan *plan = NULL;
    syn_status st = syn_gate_plan_read(cli->arena, cli->plan, fault, &plan);
    st = st != SYN_OK
             ? st
             : syn_blast_of_plan(cli->arena, plan, syn_str_of(cli->identity),
                                 fault, blast);
    return st == SYN_OK
               ? SYN_EXIT_PASSED
               : syn_cli_refuse("%s",
                                fault[0] == '\0' ? syn_status_text(st) : fault);
}

static int blast_target(struct syn_cli *cli, struct syn_blast *blast)
{
    const struct syn_target *target = NULL;
    struct syn_census *inventory =
        syn_arena_alloc(cli->arena, sizeof *inventory);
    char reason[SYN_CENSUS_REASON_BYTES] = "";
    if (!syn_cli_target(cli, &target)) {
        return SYN_EXIT_USAGE;
    }
    if (target->account.service_sid == NULL ||
        syn_target_password(target) == NULL) {
        return syn_cli_refuse("blast: the target file needs a service_sid and "
                              "REST credentials");
    }
    struct syn_census_options options = {.target = target, .skips_items = true};
    syn_status st = inventory == NULL ? SYN_ERR_MEMORY
                                      : syn_census_read(cli->arena, &options,
                                                        reason, inventory);
    st = st != SYN_OK
             ? st
             : syn_blast_of_inventory(cli->arena, inventory,
                                      syn_str_of(cli->identity), blast);
    if (st != SYN_OK) {
        (void)syn_cli_refuse("%s",
                             reason[0] == '\0' ? syn_status_text(st) : reason);
    }
    return st == SYN_OK        ? SYN_EXIT_PASSED
           : st == SYN_ERR_NET ? SYN_EXIT_UNREACHABLE
                               : SYN_EXIT_HARNESS;
}

int syn_verb_blast(struct syn_cli *cli)
{
    struct syn_blast blast = {.count = 0};
    if (cli->word_count != 0 || cli->identity == NULL ||
        (cli->plan == NULL) == (cli->target == NULL)) {
        return syn_cli_refuse("blast needs --identity X and --plan FILE or "
                              "--target FILE");
    }
    int code =
        cli->plan != NULL ? blast_plan(cli, &blast) : blast_target(cli, &blast);
    if (code != SYN_EXIT_PASSED) {
        return code;
    }
    print_blast(cli, &blast);
    return write_json(cli, &blast);
}
