/*
 * explain.c - the verb `explain`: a clause or a row in words.
 * Layer: cli. Threads: the main process.
 */
#include "base/buf.h"
#include "base/log.h"
#include "cli/cli.h"
#include "runner/clause.h"
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

static void put_row(struct syn_buf *out, const struct syn_scenario *row)
{
    struct syn_str words = syn_str_of(row->source);
    size_t at = 0;
    syn_buf_printf(out, "%s (%s, %s)\n%s\n", row->id,
                   syn_level_name(row->level), syn_subject_name(row->subject),
                   row->title);
    if (row->reading != NULL) {
        syn_buf_printf(out, "reading: %s\n", row->reading);
    }
    syn_buf_printf(out, "catches: %s\n",
                   row->defect == NULL ? "(no seeded defect)" : row->defect);
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
        return syn_cli_refuse("explain needs one id: of a clause or a row");
    }
    const char *id = cli->words[0];
    const struct syn_clause *clause = syn_clause_find(syn_str_of(id));
    const struct syn_scenario *row = find_row(id);
    if (clause == NULL && row == NULL) {
        return syn_cli_refuse("no clause and no row \"%s\"", id);
    }
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    if (clause != NULL) {
        put_clause(&out, clause);
        put_rows_of(&out, clause->id);
    } else {
        put_row(&out, row);
    }
    syn_status st = syn_out_write(out.at, out.bytes);
    syn_buf_fini(&out);
    return st == SYN_OK ? SYN_EXIT_PASSED : SYN_EXIT_HARNESS;
}
