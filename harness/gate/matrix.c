/*
 * matrix.c - who can do what, as a picture on one page.
 * Layer: gate. Threads: values.
 *
 * A row an object, a column a class of identities; three letters a cell, green
 * when reached as planned, grey when refused as planned, red where what was
 * seen differs. The page loads nothing.
 */
#include "gate/gate.h"

#include "syn/limits.h"

#include <string.h>

#define WORDS_MAX 64 /* columns */

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<title>Gate</title><style>\n"
    "body{font:14px/1.5 system-ui,sans-serif;margin:2em;color:#222}\n"
    "table{border-collapse:collapse}th,td{border:1px solid #ccc;padding:.3em "
    ".6em;text-align:left;vertical-align:top}\n"
    "th{background:#f3f3f3;position:sticky;top:0}\n"
    "b{display:inline-block;width:1.3em;text-align:center;margin:1px;"
    "border-radius:3px;font-weight:600}\n"
    ".y{background:#2c8a4b;color:#fff}.n{background:#e6e6e6;color:#767676}\n"
    ".x{background:#b3261e;color:#fff;outline:2px solid #7a1a15}\n"
    ".o{background:#f0b429;color:#222}code{font-size:12px}\n"
    "</style></head><body>\n";

static void put_html(struct syn_buf *out, struct syn_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        switch (s.at[i]) {
        case '&':
            syn_buf_put_text(out, "&amp;");
            break;
        case '<':
            syn_buf_put_text(out, "&lt;");
            break;
        case '>':
            syn_buf_put_text(out, "&gt;");
            break;
        case '"':
            syn_buf_put_text(out, "&quot;");
            break;
        default: /* bytes, no enum of ours */
            syn_buf_put_byte(out, s.at[i]);
        }
    }
}

struct columns {
    struct syn_str words[WORDS_MAX];
    size_t count;
    bool has_more;
};

static void collect(const struct syn_gate_outcome *outcome,
                    struct columns *columns)
{
    for (size_t i = 0; i < outcome->shown_count; i++) {
        struct syn_str word = outcome->shown[i].party.word;
        size_t at = 0;
        while (at < columns->count &&
               !syn_str_is_equal(columns->words[at], word)) {
            at++;
        }
        if (at == columns->count && at < WORDS_MAX) {
            columns->words[columns->count++] = word;
        } else if (at == columns->count) {
            columns->has_more = true;
        }
    }
}

static void put_cell(struct syn_buf *out, const struct syn_cell *cell)
{
    const char *class_name = cell->kind == SYN_CELL_OPEN   ? "o"
                             : cell->kind != SYN_CELL_KEPT ? "x"
                             : cell->is_reached            ? "y"
                                                           : "n";
    const char *letter = cell->right == SYN_RIGHT_READ    ? "R"
                         : cell->right == SYN_RIGHT_WRITE ? "W"
                                                          : "M";
    syn_buf_printf(out, "<b class=\"%s\" title=\"", class_name);
    put_html(out, cell->party.name);
    syn_buf_printf(out, ": %s planned, seen %s",
                   (cell->planned & cell->right) ? "allowed" : "denied",
                   cell->is_reached ? "allowed" : "denied");
    syn_buf_printf(out, "\">%s</b>", letter);
}

static bool is_same_object(const struct syn_cell *a, const struct syn_cell *b)
{
    return a->object.entry == b->object.entry &&
           syn_str_is_equal(a->object.name, b->object.name);
}

/* The cells of one object stand together. */
static size_t put_row(struct syn_buf *out,
                      const struct syn_gate_outcome *outcome,
                      const struct columns *columns, size_t from)
{
    const struct syn_cell *cells = outcome->shown;
    size_t end = from;
    while (end < outcome->shown_count &&
           is_same_object(&cells[from], &cells[end])) {
        end++;
    }
    syn_buf_put_text(out, "<tr><th scope=\"row\">");
    syn_buf_printf(
        out, "%s ",
        syn_type_name((enum syn_type)cells[from].object.entry->type));
    put_html(out, cells[from].object.name);
    syn_buf_put_text(out, "</th>");
    for (size_t c = 0; c < columns->count; c++) {
        syn_buf_put_text(out, "<td>");
        for (size_t i = from; i < end; i++) {
            if (syn_str_is_equal(cells[i].party.word, columns->words[c])) {
                put_cell(out, &cells[i]);
            }
        }
        syn_buf_put_text(out, "</td>");
    }
    syn_buf_put_text(out, "</tr>\n");
    return end;
}

static void put_findings(struct syn_buf *out,
                         const struct syn_gate_outcome *outcome)
{
    syn_buf_put_text(out, "<ol>\n");
    for (size_t i = 0; i < outcome->finding_count; i++) {
        const struct syn_gate_finding *one = &outcome->findings[i];
        syn_buf_printf(out, "<li>%s<strong>%s</strong>: ",
                       one->is_blocker ? "" : "(no blocker) ", one->what);
        put_html(out, one->text);
        if (one->call.bytes > 0) {
            syn_buf_put_text(out, "<br><code>");
            put_html(out, one->call);
            syn_buf_put_text(out, "</code>");
        }
        syn_buf_put_text(out, "</li>\n");
    }
    syn_buf_put_text(out, "</ol>\n");
}

void syn_matrix_write(struct syn_buf *out, const struct syn_gate_plan *plan,
                      const struct syn_gate_outcome *outcome)
{
    struct columns columns = {.count = 0};
    collect(outcome, &columns);
    syn_buf_put_text(out, head);
    syn_buf_put_text(out, "<h1>Gate of plan ");
    put_html(out, plan->name);
    bool is_ready = outcome->blockers == 0 && outcome->open_cells == 0;
    syn_buf_printf(out,
                   "</h1>\n<p>READY: <strong>%s</strong>, %zu blockers, %zu "
                   "objects, %zu cells.</p>\n",
                   is_ready ? "yes" : "no", outcome->blockers, outcome->objects,
                   outcome->cells);
    put_findings(out, outcome);
    syn_buf_put_text(
        out, "<p><b class=\"y\">R</b> reached as planned, <b class=\"n\">R</b> "
             "refused as planned, <b class=\"x\">R</b> differs from the plan, "
             "<b class=\"o\">R</b> without an answer; read, write, manage.</p>"
             "\n<table><thead><tr><th>object</th>");
    for (size_t i = 0; i < columns.count; i++) {
        syn_buf_put_text(out, "<th>");
        put_html(out, columns.words[i]);
        syn_buf_put_text(out, "</th>");
    }
    syn_buf_put_text(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < outcome->shown_count;) {
        i = put_row(out, outcome, &columns, i);
    }
    syn_buf_printf(out, "</tbody></table>\n<p>%s%s</p></body></html>\n",
                   outcome->cells > outcome->shown_count
                       ? "Further cells are left out. "
                       : "",
                   columns.has_more ? "Further classes are left out." : "");
}
