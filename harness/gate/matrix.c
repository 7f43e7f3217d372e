/*
 * matrix.c - who can do what, as a picture on one page.
 * Layer: gate. Threads: values.
 *
 * A row an object, a column a class of identities; in a cell a line for each
 * identity that was tried, with a letter for each right. Green is reached as
 * planned, grey refused as planned, red where what was seen differs. Rows with
 * a difference come first, as they are what the page is opened for.
 */
#include "gate/gate.h"
#include "gate/page.h"

#include "syn/limits.h"

#include <string.h>

#define WORDS_MAX   64 /* columns */
#define LINES_MAX   8  /* identities of a class at one object */
#define TITLE_BYTES 512
#define RIGHTS      3

/* Those who are meant first, outsiders last. */
struct columns {
    struct syn_str words[WORDS_MAX];
    enum syn_gate_kin kins[WORDS_MAX];
    size_t count;
    bool has_more;
};

static bool has_column(const struct columns *columns, struct syn_str word)
{
    size_t at = 0;
    while (at < columns->count && !syn_str_is_equal(columns->words[at], word)) {
        at++;
    }
    return at < columns->count;
}

static void insert(struct columns *columns, const struct syn_gate_party *party)
{
    size_t at = columns->count++;
    while (at > 0 && columns->kins[at - 1] > party->kin) {
        columns->words[at] = columns->words[at - 1];
        columns->kins[at] = columns->kins[at - 1];
        at--;
    }
    columns->words[at] = party->word;
    columns->kins[at] = party->kin;
}

static void collect(const struct syn_gate_outcome *outcome,
                    struct columns *columns)
{
    for (size_t i = 0; i < outcome->shown_count; i++) {
        const struct syn_gate_party *party = &outcome->shown[i].party;
        if (has_column(columns, party->word)) {
            continue;
        }
        if (columns->count < WORDS_MAX) {
            insert(columns, party);
        } else {
            columns->has_more = true;
        }
    }
}

static enum syn_mark mark_of(const struct syn_cell *cell)
{
    switch (cell->kind) {
    case SYN_CELL_KEPT:
        return cell->is_reached ? SYN_MARK_YES : SYN_MARK_NO;
    case SYN_CELL_MISSING:
    case SYN_CELL_REFUSED:
        return SYN_MARK_LESS;
    case SYN_CELL_BEYOND:
    case SYN_CELL_NEVER:
        return SYN_MARK_WIDER;
    case SYN_CELL_OPEN:
        return SYN_MARK_OPEN;
    }
    return SYN_MARK_OPEN;
}

static void put_cell(struct syn_buf *out, const struct syn_cell *cell)
{
    struct syn_buf title;
    bool is_planned = (cell->planned & cell->right) != 0;
    syn_buf_init(&title, NULL, TITLE_BYTES);
    syn_buf_printf(
        &title, "%.*s: planned %s, seen %s%s", SYN_STR_ARG(cell->party.name),
        is_planned ? "allowed" : "denied",
        cell->kind == SYN_CELL_OPEN ? "no answer"
        : cell->is_reached          ? "allowed"
                                    : "denied",
        (cell->needed & cell->right) != 0 && !is_planned ? ", needed" : "");
    syn_page_put_mark(out, mark_of(cell), cell->right, syn_buf_str(&title));
    syn_buf_fini(&title);
}

static bool is_same_object(const struct syn_cell *a, const struct syn_cell *b)
{
    return a->object.entry == b->object.entry &&
           syn_str_is_equal(a->object.name, b->object.name);
}

/* The cells of one object stand together. */
static size_t end_of(const struct syn_gate_outcome *outcome, size_t from,
                     bool *differs)
{
    const struct syn_cell *cells = outcome->shown;
    size_t end = from;
    *differs = false;
    while (end < outcome->shown_count &&
           is_same_object(&cells[from], &cells[end])) {
        *differs = *differs || cells[end].kind != SYN_CELL_KEPT;
        end++;
    }
    return end;
}

/* Cells of one object. */
struct stretch {
    const struct syn_cell *cells;
    size_t from, end;
};

static bool is_of(const struct syn_cell *cell, struct syn_str word,
                  struct syn_str name)
{
    return syn_str_is_equal(cell->party.word, word) &&
           syn_str_is_equal(cell->party.name, name);
}

/* Read, write, manage of one identity, whatever the order they were tried in.
 * What was told twice, as data that came with a write, counts. */
static void put_line(struct syn_buf *out, const struct stretch *stretch,
                     const struct syn_cell *first)
{
    for (unsigned r = 0; r < RIGHTS; r++) {
        const struct syn_cell *found = NULL;
        for (size_t i = stretch->from; i < stretch->end; i++) {
            const struct syn_cell *cell = &stretch->cells[i];
            if (cell->right == (1u << r) &&
                is_of(cell, first->party.word, first->party.name)) {
                found = cell;
            }
        }
        if (found != NULL) {
            put_cell(out, found);
        }
    }
}

static void put_class(struct syn_buf *out, const struct stretch *stretch,
                      struct syn_str word)
{
    size_t lines = 0;
    size_t others = 0;
    for (size_t i = stretch->from; i < stretch->end; i++) {
        const struct syn_cell *cell = &stretch->cells[i];
        bool is_first = cell->right == SYN_RIGHT_READ &&
                        syn_str_is_equal(cell->party.word, word);
        for (size_t before = stretch->from; is_first && before < i; before++) {
            is_first = stretch->cells[before].right != SYN_RIGHT_READ ||
                       !is_of(&stretch->cells[before], word, cell->party.name);
        }
        if (is_first && lines < LINES_MAX) {
            lines++;
            syn_buf_put_text(out, "<div>");
            put_line(out, stretch, cell);
            syn_buf_put_text(out, "</div>");
        } else if (is_first) {
            others++;
        }
    }
    if (others > 0) {
        syn_buf_printf(out, "<small>and %zu more</small>", others);
    }
}

static void put_row(struct syn_buf *out, const struct stretch *stretch,
                    const struct columns *columns, bool differs)
{
    const struct syn_gate_object *object =
        &stretch->cells[stretch->from].object;
    syn_buf_printf(out, "<tr%s><th scope=\"row\"><small>%s</small> ",
                   differs ? " class=\"off\"" : "",
                   syn_type_name((enum syn_type)object->entry->type));
    syn_page_put(out, object->name);
    syn_buf_put_text(out, "</th>");
    for (size_t c = 0; c < columns->count; c++) {
        syn_buf_put_text(out, "<td>");
        put_class(out, stretch, columns->words[c]);
        syn_buf_put_text(out, "</td>");
    }
    syn_buf_put_text(out, "</tr>\n");
}

static void put_rows(struct syn_buf *out,
                     const struct syn_gate_outcome *outcome,
                     const struct columns *columns, bool wants_differing)
{
    struct stretch stretch = {.cells = outcome->shown};
    while (stretch.from < outcome->shown_count) {
        bool differs = false;
        stretch.end = end_of(outcome, stretch.from, &differs);
        if (differs == wants_differing) {
            put_row(out, &stretch, columns, differs);
        }
        stretch.from = stretch.end;
    }
}

enum weight { BLOCKER, ACCEPTED, WARNING };

static enum weight weight_of(const struct syn_gate_outcome *outcome,
                             const struct syn_gate_finding *finding)
{
    return syn_gate_is_accepted(outcome, finding) ? ACCEPTED
           : finding->is_blocker                  ? BLOCKER
                                                  : WARNING;
}

static size_t count_blockers(const struct syn_gate_outcome *outcome)
{
    size_t count = 0;
    for (size_t i = 0; i < outcome->finding_count; i++) {
        count += weight_of(outcome, &outcome->findings[i]) == BLOCKER ? 1 : 0;
    }
    return count;
}

static void put_findings(struct syn_buf *out,
                         const struct syn_gate_outcome *outcome,
                         enum weight weight, const char *title)
{
    bool has_any = false;
    for (size_t i = 0; i < outcome->finding_count; i++) {
        const struct syn_gate_finding *one = &outcome->findings[i];
        if (weight_of(outcome, one) != weight) {
            continue;
        }
        if (!has_any) {
            syn_buf_printf(out, "<h2>%s</h2>\n<ol>\n", title);
        }
        has_any = true;
        syn_buf_printf(out, "<li><strong>%s</strong>: ", one->what);
        syn_page_put(out, one->text);
        if (one->call.bytes > 0) {
            syn_buf_put_text(out, "<br><code>");
            syn_page_put(out, one->call);
            syn_buf_put_text(out, "</code>");
        }
        syn_buf_put_text(out, "</li>\n");
    }
    syn_buf_put_text(out, has_any ? "</ol>\n" : "");
}

static void put_table(struct syn_buf *out,
                      const struct syn_gate_outcome *outcome,
                      const struct columns *columns)
{
    static const struct syn_str none = {"", 0};
    static const struct {
        enum syn_mark mark;
        const char *text;
    } legend[] = {{SYN_MARK_YES, "reached, as planned"},
                  {SYN_MARK_NO, "refused, as planned"},
                  {SYN_MARK_WIDER, "reached beyond the plan"},
                  {SYN_MARK_LESS, "needed or planned, and not reached"},
                  {SYN_MARK_OPEN, "without an answer"}};
    syn_buf_put_text(out, "<h2>Who can do what</h2>\n<p class=\"legend\">"
                          "<strong>R</strong>ead, <strong>W</strong>rite, "
                          "<strong>M</strong>anage; a line an identity.");
    for (size_t i = 0; i < sizeof legend / sizeof legend[0]; i++) {
        syn_page_put_mark(out, legend[i].mark, SYN_RIGHT_READ, none);
        syn_buf_printf(out, " %s", legend[i].text);
    }
    syn_buf_put_text(
        out, "</p>\n<div class=\"wide\"><table><thead><tr><th>object</th>");
    for (size_t i = 0; i < columns->count; i++) {
        syn_buf_put_text(out, "<th scope=\"col\">");
        syn_page_put(out, columns->words[i]);
        syn_buf_put_text(out, "</th>");
    }
    syn_buf_put_text(out, "</tr></thead><tbody>\n");
    put_rows(out, outcome, columns, true);
    put_rows(out, outcome, columns, false);
    syn_buf_put_text(out, "</tbody></table></div>\n");
}

void syn_matrix_write(struct syn_buf *out, const struct syn_gate_plan *plan,
                      const struct syn_gate_outcome *outcome)
{
    struct columns columns = {.count = 0};
    bool is_ready = syn_gate_is_ready(outcome);
    const size_t blockers = count_blockers(outcome);
    collect(outcome, &columns);
    syn_page_open(out, "Gate of plan", plan->name);
    syn_buf_printf(out,
                   "<p><span class=\"verdict %s\">READY: <strong>%s</strong>"
                   "</span></p>\n<p>%zu blocker%s, %zu object%s, %zu cell%s "
                   "tried%s.</p>\n",
                   is_ready ? "good" : "bad", is_ready ? "yes" : "no", blockers,
                   blockers == 1 ? "" : "s", outcome->objects,
                   outcome->objects == 1 ? "" : "s", outcome->cells,
                   outcome->cells == 1 ? "" : "s",
                   outcome->is_cut ? ", interrupted" : "");
    put_table(out, outcome, &columns);
    if (outcome->cells > outcome->shown_count) {
        syn_buf_printf(out, "<p>The first %zu cells are drawn.</p>\n",
                       outcome->shown_count);
    }
    if (columns.has_more) {
        syn_buf_put_text(out, "<p>Further classes are left out.</p>\n");
    }
    put_findings(out, outcome, BLOCKER, "Blockers");
    put_findings(out, outcome, ACCEPTED, "Accepted for now");
    put_findings(out, outcome, WARNING, "Warnings");
    syn_page_close(out);
}
