/*
 * explain.c - the verb `explain`: a clause, a row or an adversary in words.
 * Layer: cli. Threads: the main process.
 */
#include "base/buf.h"
#include "base/log.h"
#include "cli/cli.h"
#include "runner/adversary.h"
#include "runner/bug.h"
#include "runner/clause.h"
#include "runner/example.h"
#include "runner/plan.h"
#include "runner/select.h"

#include <string.h>

#define TEXT_BYTES_MAX 1048576

static void put_rows_of(struct syn_buf *out, const char *clause_id)
{
    for (size_t s = 0; syn_suites[s] != NULL; s++) {
        for (size_t r = 0; r < syn_suites[s]->row_count; r++) {
            const struct syn_scenario *row = &syn_suites[s]->rows[r];
            if (syn_select_has_word(row->source, clause_id)) {
                syn_buf_printf(out, "proven by: %s: %s\n", row->id, row->title);
            }
        }
    }
}

static void put_rows_that_meet(struct syn_buf *out, const char *id)
{
    for (size_t s = 0; syn_suites[s] != NULL; s++) {
        for (size_t r = 0; r < syn_suites[s]->row_count; r++) {
            const struct syn_scenario *row = &syn_suites[s]->rows[r];
            if (syn_select_has_word(row->meets, id)) {
                syn_buf_printf(out, "met by: %s: %s\n", row->id, row->title);
            }
        }
    }
}

static void put_adversary(struct syn_buf *out,
                          const struct syn_adversary *adversary)
{
    syn_buf_printf(out, "%s (%s): one who %s\n", adversary->id,
                   syn_level_name(adversary->level), adversary->what);
}

/* Whom the row meets. */
static void put_met(struct syn_buf *out, const struct syn_scenario *row)
{
    struct syn_str words = syn_str_of(row->meets == NULL ? "" : row->meets);
    size_t at = 0;
    for (struct syn_str id = syn_clause_next_word(words, &at); id.bytes > 0;
         id = syn_clause_next_word(words, &at)) {
        const struct syn_adversary *adversary = syn_adversary_find(id);
        syn_buf_put_text(out, "meets: ");
        if (adversary != NULL) {
            put_adversary(out, adversary);
        } else {
            syn_buf_printf(out, "%.*s\n", SYN_STR_ARG(id));
        }
    }
}

static void put_clause(struct syn_buf *out, const struct syn_clause *clause)
{
    syn_buf_printf(
        out, "%s (%s, %s)%s\n%s\n", clause->id, syn_level_name(clause->level),
        syn_subject_name(clause->subject),
        clause->is_inferred ? " - an assumption" : "", clause->sentence);
    syn_buf_printf(out, "source: %s\nobjects: %s\n", clause->source,
                   clause->objects);
    if (clause->check[0] != '\0') {
        syn_buf_printf(out, "shown by: %s\n", clause->check);
    }
}

/* What is lost when a clause of this family is broken. */
static const char *loss_of(const struct syn_scenario *row)
{
    static const struct {
        const char *family;
        const char *loss;
    } losses[] = {
        {"ACL-", "else people see, change or learn of what is not theirs"},
        {"TOK-", "a token is all that keeps a stranger from a user's data"},
        {"TTL-", "data that somebody promised to be gone must be gone"},
        {"REST-", "backends act on these answers, a wrong one misleads them"},
        {"SDK-", "apps show what they hear: nothing lost, doubled, disordered"},
        {"LIM-", "without bounds one client takes from all others"},
        {"WHK-", "receivers act on webhooks: none forged, missing or leaking"},
    };
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        const char *family = losses[i].family;
        if (strncmp(row->source, family, strlen(family)) == 0) {
            return losses[i].loss;
        }
    }
    return "a promise of the service";
}

/* What a broken row of this level does to a run. */
static const char *meaning_of(const struct syn_scenario *row)
{
    static const char *const meanings[] = {
        [SYN_LEVEL_MUST] = "broken, the run fails",
        [SYN_LEVEL_SHOULD] = "broken, it warns, and fails with --strict",
        [SYN_LEVEL_INFO] = "observed and told, never failed"};
    return meanings[row->level];
}

static void put_defects(struct syn_buf *out, const struct syn_scenario *row)
{
    struct syn_str words = syn_str_of(row->defect == NULL ? "" : row->defect);
    struct syn_bug bug;
    size_t at = 0;
    if (words.bytes == 0) {
        syn_buf_put_text(out, "catches: (no seeded defect)\n");
    }
    for (struct syn_str word = syn_clause_next_word(words, &at); word.bytes > 0;
         word = syn_clause_next_word(words, &at)) {
        syn_buf_put_text(out, "catches: ");
        syn_buf_put(out, word);
        for (size_t i = 0; syn_bug_at(i, &bug); i++) {
            if (syn_str_is(word, bug.name)) {
                syn_buf_printf(out, " (%s): %s", bug.clause, bug.title);
            }
        }
        syn_buf_put_byte(out, '\n');
    }
}

/* Its words in the table of exercises, for each type. */
static void put_exercises(struct syn_buf *out, const struct syn_scenario *row)
{
    size_t bytes = strlen(row->id);
    for (size_t i = 0; syn_exercises[i].name != NULL; i++) {
        const char *name = syn_exercises[i].name;
        if (strncmp(name, row->id, bytes) == 0 &&
            (name[bytes] == '\0' || name[bytes] == '[')) {
            syn_buf_printf(out, "exercises%s: %s\n", name + bytes,
                           syn_exercises[i].words);
        }
    }
}

static void put_clauses(struct syn_buf *out, const struct syn_scenario *row)
{
    struct syn_str words = syn_str_of(row->source);
    size_t at = 0;
    for (struct syn_str id = syn_clause_next_word(words, &at); id.bytes > 0;
         id = syn_clause_next_word(words, &at)) {
        const struct syn_clause *clause = syn_clause_find(id);
        syn_buf_put_byte(out, '\n');
        if (clause != NULL) {
            put_clause(out, clause);
        } else {
            syn_buf_printf(out, "%.*s\n", SYN_STR_ARG(id));
        }
    }
}

/* A real exchange of this row, run embedded now, for the first of its types. */
static bool put_example(struct syn_buf *out, struct syn_arena *arena,
                        const struct syn_scenario *row)
{
    struct syn_plan plan = {.count = 0};
    struct syn_stage stage;
    const char *prefix = row->id;
    static const char *const load = "load"; /* else such rows are left out */
    bool is_load = syn_select_has_word(row->tags, load);
    struct syn_selection selection = {.prefixes = &prefix,
                                      .prefix_count = 1,
                                      .tags = &load,
                                      .tag_count = is_load ? 1 : 0};
    struct syn_plan_order order = {.suites = syn_suites,
                                   .selection = &selection,
                                   .stage = &stage,
                                   .repeat = 1};
    size_t at = 0;
    syn_stage_init_embedded(&stage);
    if (syn_plan_add(arena, &plan, &order) != SYN_OK) {
        return false;
    }
    while (plan.entries[at].row != row) {
        at++;
    }
    if (plan.entries[at].lack != NULL) {
        syn_buf_printf(out, "\nno wire example: %s\n", plan.entries[at].lack);
        return true;
    }
    syn_buf_put_byte(out, '\n');
    return syn_example_put(out, arena, &plan.entries[at]) == SYN_OK;
}

static bool put_row(struct syn_buf *out, struct syn_arena *arena,
                    const struct syn_scenario *row)
{
    syn_buf_printf(out, "%s (%s, %s)\n%s\nwhy: %s; %s\n", row->id,
                   syn_level_name(row->level), syn_subject_name(row->subject),
                   row->title, loss_of(row), meaning_of(row));
    if (row->reading != NULL) {
        syn_buf_printf(out, "reading: %s\n", row->reading);
    }
    put_met(out, row);
    put_exercises(out, row);
    put_defects(out, row);
    put_clauses(out, row);
    return put_example(out, arena, row);
}

static const struct syn_scenario *find_row(const char *id)
{
    for (size_t s = 0; syn_suites[s] != NULL; s++) {
        for (size_t r = 0; r < syn_suites[s]->row_count; r++) {
            if (strcmp(syn_suites[s]->rows[r].id, id) == 0) {
                return &syn_suites[s]->rows[r];
            }
        }
    }
    return NULL;
}

int syn_verb_explain(struct syn_cli *cli)
{
    struct syn_buf out;
    if (cli->word_count != 1) {
        return syn_cli_refuse(
            "explain needs one id: of a clause, a row or an adversary");
    }
    const char *id = cli->words[0];
    const struct syn_clause *clause = syn_clause_find(syn_str_of(id));
    const struct syn_scenario *row = find_row(id);
    const struct syn_adversary *adversary = syn_adversary_find(syn_str_of(id));
    if (clause == NULL && row == NULL && adversary == NULL) {
        return syn_cli_refuse("no clause, row or adversary \"%s\"", id);
    }
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    if (clause != NULL) {
        put_clause(&out, clause);
        put_rows_of(&out, clause->id);
    } else if (adversary != NULL) {
        put_adversary(&out, adversary);
        put_rows_that_meet(&out, adversary->id);
    } else if (!put_row(&out, cli->arena, row)) {
        syn_err_printf("syncproof: the row could not be run for an example\n");
        syn_buf_fini(&out);
        return SYN_EXIT_HARNESS;
    }
    syn_status st = out.status;
    st = st != SYN_OK ? st : syn_out_write(out.at, out.bytes);
    syn_buf_fini(&out);
    return st == SYN_OK ? SYN_EXIT_PASSED : SYN_EXIT_HARNESS;
}
