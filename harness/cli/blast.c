/*
 * blast.c - the verb `blast`.
 * Layer: cli. Threads: the main process.
 * Source: design sections 3 and 8.
 */
#include "gate/blast.h"

#include "cli/cli.h"
#include "gate/book.h"
#include "gate/gate.h"
#include "syn/limits.h"
#include "target/guard.h"

#define TEXT_BYTES_MAX 67108864

/* What the command line asks for, and what came of it. */
struct answer {
    struct syn_blast blast;
    const struct syn_gate_plan *plan;
    const struct syn_target *target;
    struct syn_census inventory;
    struct syn_runner_options runner;
    struct syn_book book;
    struct syn_book_end end;
    char reason[SYN_CENSUS_REASON_BYTES];
};

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

static bool write_answer(const char *path, const struct syn_blast *blast,
                         void (*put)(struct syn_buf *out,
                                     const struct syn_blast *blast))
{
    struct syn_buf out;
    bool is_written = true;
    if (path != NULL) {
        syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
        put(&out, blast);
        is_written = syn_book_write_page(path, &out);
        syn_buf_fini(&out);
    }
    return is_written;
}

/* --- results -------------------------------------------------------------- */

static const struct syn_result_clause reach_clause[] = {
    {.id = "ACL-14",
     .sentence = "Least privilege: what is needed, and no more"}};
static const struct syn_result_clause closed_clause[] = {
    {.id = "ACL-12", .sentence = "ACL on: no row = no access"}};

static void add_result(struct answer *answer, const char *id,
                       struct syn_str reason, enum syn_verdict verdict)
{
    bool is_fail = verdict == SYN_VERDICT_FAIL;
    struct syn_result result = {
        .suite = "blast",
        .chapter = "blast",
        .id = id,
        .repeat = 1,
        .title = "What a stolen token reaches",
        .level = is_fail                          ? SYN_LEVEL_MUST
                 : verdict == SYN_VERDICT_WARNING ? SYN_LEVEL_SHOULD
                                                  : SYN_LEVEL_INFO,
        .subject = is_fail ? SYN_SUBJECT_SERVICE : SYN_SUBJECT_AUDIT,
        .clauses = is_fail ? closed_clause : reach_clause,
        .clause_count = 1,
        .file = answer->plan == NULL ? "blast" : answer->plan->path,
        .verdict = verdict,
        .reason = reason,
        .signature = id == NULL ? NULL
                                : syn_book_sign(answer->book.arena,
                                                syn_str_of(id), reason)};
    if (id == NULL || reason.at == NULL) {
        answer->book.is_full = true;
    } else {
        syn_book_add(&answer->book, &result);
    }
}

/* Data that came against the rows is a failure of the service; data that did
 * not come may be late rows. */
static void add_results(struct syn_cli *cli, struct answer *answer)
{
    const struct syn_blast *blast = &answer->blast;
    add_result(answer, "blast/reach", blast->headline, SYN_VERDICT_INFO);
    for (size_t i = 0; i < blast->count; i++) {
        const struct syn_blast_object *object = &blast->objects[i];
        bool is_read = object->seen == SYN_BLAST_READ;
        if (!syn_blast_differs(blast, object) &&
            object->seen != SYN_BLAST_SILENT) {
            continue;
        }
        const char *id = syn_arena_printf(cli->arena, "blast/read/%s/%.*s",
                                          syn_type_name(object->type),
                                          SYN_STR_ARG(object->sid))
                             .at;
        struct syn_str reason = syn_arena_printf(
            cli->arena, "%s \"%.*s\" %s", syn_type_name(object->type),
            SYN_STR_ARG(object->name),
            is_read ? "was read, and no row allows it"
            : object->seen == SYN_BLAST_SILENT
                ? "gave no answer"
                : "was refused, and a row allows it");
        add_result(answer, id, reason,
                   is_read                            ? SYN_VERDICT_FAIL
                   : object->seen == SYN_BLAST_SILENT ? SYN_VERDICT_INCONCLUSIVE
                                                      : SYN_VERDICT_WARNING);
    }
}

/* --- computing ------------------------------------------------------------ */

static syn_status of_target(struct syn_cli *cli, struct answer *answer)
{
    struct syn_census_options options = {.target = answer->target,
                                         .skips_items = true};
    syn_status st = syn_census_read(cli->arena, &options, answer->reason,
                                    &answer->inventory);
    st = st != SYN_OK ? st
                      : syn_blast_of_inventory(cli->arena, &answer->inventory,
                                               syn_str_of(cli->identity),
                                               &answer->blast);
    return st == SYN_OK && cli->reads
               ? syn_blast_read(cli->arena, answer->target, &answer->blast,
                                answer->reason)
               : st;
}

static bool read_sources(struct syn_cli *cli, struct answer *answer)
{
    char fault[SYN_GATE_FAULT_BYTES] = "";
    if (cli->plan != NULL) {
        syn_status st =
            syn_gate_plan_read(cli->arena, cli->plan, fault, &answer->plan);
        st = st != SYN_OK ? st
                          : syn_blast_of_plan(cli->arena, answer->plan,
                                              syn_str_of(cli->identity), fault,
                                              &answer->blast);
        if (st != SYN_OK) {
            (void)syn_cli_refuse("%s", fault[0] == '\0' ? syn_status_text(st)
                                                        : fault);
        }
        return st == SYN_OK;
    }
    if (!syn_cli_target(cli, &answer->target)) {
        return false;
    }
    const struct syn_target_account *account = &answer->target->account;
    if (account->service_sid == NULL ||
        syn_target_password(answer->target) == NULL) {
        (void)syn_cli_refuse("blast: the target file needs a service_sid and "
                             "REST credentials");
        return false;
    }
    if (cli->reads &&
        (account->api_key == NULL || account->api_secret == NULL)) {
        (void)syn_cli_refuse("blast: --read needs api_key and api_secret, to "
                             "mint a token of the identity");
        return false;
    }
    /* To act as somebody is an attack on whom it is not meant for. */
    if (cli->reads && answer->target->authorisation_reference == NULL &&
        !syn_guard_is_near(answer->target)) {
        (void)syn_cli_refuse("blast: --read acts as the identity: on a service "
                             "that is not ours it needs authorisation");
        return false;
    }
    return syn_cli_settle(answer->target);
}

static bool is_well_asked(const struct syn_cli *cli)
{
    if (cli->word_count != 0 || cli->identity == NULL ||
        cli->identity[0] == '\0' ||
        (cli->plan == NULL) == (cli->target == NULL)) {
        (void)syn_cli_refuse("blast needs --identity X and --plan FILE or "
                             "--target FILE");
        return false;
    }
    if (cli->reads && cli->target == NULL) {
        (void)syn_cli_refuse("--read goes with --target: a plan has no data");
        return false;
    }
    return true;
}

static int conclude(struct syn_cli *cli, struct answer *answer, syn_status st)
{
    if (st == SYN_OK) {
        print_blast(cli, &answer->blast);
        add_results(cli, answer);
        if (!write_answer(cli->json, &answer->blast, syn_blast_write) ||
            !write_answer(cli->html, &answer->blast, syn_blast_write_page)) {
            answer->end.harness_fault = "the answer could not be written";
        }
    } else if (st == SYN_ERR_NET) {
        answer->end.unreachable = answer->reason;
    } else {
        answer->end.harness_fault =
            answer->reason[0] == '\0' ? syn_status_text(st) : answer->reason;
    }
    answer->end.elapsed_us = (syn_cli_now_ms() - answer->end.started_ms) * 1000;
    return syn_book_close(&answer->book, &answer->runner, &answer->end);
}

int syn_verb_blast(struct syn_cli *cli)
{
    struct answer *answer = syn_arena_alloc(cli->arena, sizeof *answer);
    if (answer == NULL) {
        return SYN_EXIT_HARNESS;
    }
    answer->book.arena = cli->arena;
    if (!is_well_asked(cli) || !syn_cli_runner_options(cli, &answer->runner) ||
        !read_sources(cli, answer)) {
        return SYN_EXIT_USAGE;
    }
    const struct syn_target *target = answer->target;
    answer->runner.verb = "blast";
    answer->runner.json_path = NULL; /* both are the verb's own answer */
    answer->runner.html_path = NULL;
    answer->end = (struct syn_book_end){
        .target = target == NULL         ? "none"
                  : target->name == NULL ? "target"
                                         : target->name,
        .clock = target == NULL ? "none" : "real",
        .limits = target == NULL ? "none" : "the target's",
        .suite = answer->plan == NULL ? "no-plan"
                                      : syn_gate_hash(cli->arena, answer->plan),
        .started_ms = syn_cli_now_ms()};
    if (!syn_cli_baseline(cli, &answer->runner, &answer->end.baseline)) {
        return SYN_EXIT_USAGE;
    }
    syn_book_print_first(&answer->runner, &answer->end);
    syn_status st = target == NULL ? SYN_OK : of_target(cli, answer);
    return conclude(cli, answer, st);
}
