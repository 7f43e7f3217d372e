/*
 * html.c - a run as one page that needs nothing else.
 * Layer: report. Threads: values.
 *
 * Every text goes through put_text, which leaves no byte that could act as
 * markup; a policy in the head forbids the page to load anything, so that even
 * a mistake here could not phone home.
 */
#include "report/html.h"

#include "base/clock.h"
#include "report/html_plot.h"
#include "syn/limits.h"

#include <string.h>

#define STORY_MAX  (4u * SYN_REPORT_TEXT_BYTES_MAX)
#define SPACE      0x20
#define DEL        0x7f
#define C1_LEAD    0xc2
#define C1_LAST    0x9f
#define NAME_BYTES 4096
#define US_PER_MS  1000

/* How much is shown, in the order of attempts to fit. */
static const struct fit {
    size_t story_bytes;
    size_t rows_max;
    bool leaves_passes_out;
} fits[] = {{SYN_REPORT_TEXT_BYTES_MAX, SIZE_MAX, false},
            {8192, SIZE_MAX, false},
            {1024, SIZE_MAX, false},
            {512, 4000, true},
            {0, 4000, true}};

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
    "'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>syncproof report</title><style>\n"
    "body{font:14px/1.5 system-ui,sans-serif;margin:2em;max-width:80em;"
    "color:#222;background:#fff}\n"
    "table{border-collapse:collapse;margin:1em 0}"
    "td,th{border:1px solid #ccc;padding:.2em .6em;text-align:left;"
    "vertical-align:top}th{background:#f3f3f3}\n"
    "pre{background:#f7f7f7;padding:.8em;overflow:auto;white-space:pre-wrap;"
    "overflow-wrap:anywhere}\n"
    "form label{margin-right:1em}"
    ".plot{display:inline-block;margin:0 1.5em 1em 0}"
    ".plot figcaption{font-weight:bold}.plot svg{background:#f7f7f7}"
    ".plot polyline{fill:none;stroke:#067;stroke-width:2}"
    ".plot text{font:11px sans-serif;fill:#555}"
    ".fail,.xpass{color:#a00;font-weight:bold}.warning{color:#a60}"
    ".pass{color:#070}.error,.inconclusive{color:#707}"
    ".skipped,.xfail{color:#666}.info{color:#067}\n"
    "</style></head><body>\n";

/* Rows are hidden by what the selects say; a clause is a word of a list. */
static const char script[] =
    "<script>\n"
    "const form=document.getElementById('filter'),"
    "rows=[...document.querySelectorAll('#rows tbody tr')],"
    "words=form.querySelector('input');\n"
    "for(const select of form.querySelectorAll('select')){const seen=new Set;"
    "for(const r of rows)for(const w of r.dataset[select.name].split(' '))"
    "if(w)seen.add(w);for(const w of [...seen].sort()){const o="
    "document.createElement('option');o.textContent=w;select.append(o);}}\n"
    "function show(){let n=0;for(const r of rows){let on=true;for(const s of "
    "form.querySelectorAll('select'))on=on&&(s.selectedIndex===0||"
    "r.dataset[s.name].split(' ').includes(s.value));on=on&&r.textContent."
    "toLowerCase().includes(words.value.toLowerCase());r.hidden=!on;if(on)"
    "n++;}"
    "document.getElementById('shown').textContent=n+' of '+rows.length;}\n"
    "form.addEventListener('input',show);form.addEventListener('submit',e=>"
    "e.preventDefault());show();\n"
    "</script>\n";

static bool is_shown(struct syn_str s, size_t at, size_t bytes)
{
    unsigned char lead = (unsigned char)s.at[at];
    if (bytes == 1) {
        return (lead >= SPACE && lead != DEL) || lead == '\n' || lead == '\t';
    }
    return bytes > 0 &&
           !(lead == C1_LEAD && (unsigned char)s.at[at + 1] <= C1_LAST);
}

static const char *entity_of(char c)
{
    static const struct {
        char byte;
        const char *entity;
    } entities[] = {{'&', "&amp;"},
                    {'<', "&lt;"},
                    {'>', "&gt;"},
                    {'"', "&quot;"},
                    {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (entities[i].byte == c) {
            return entities[i].entity;
        }
    }
    return NULL;
}

/* For elements and for attributes in quotes. */
static void put_text(struct syn_buf *out, struct syn_str s)
{
    size_t at = 0;
    while (at < s.bytes) {
        size_t bytes = syn_str_utf8_bytes(s, at);
        const char *entity = entity_of(s.at[at]);
        if (entity != NULL) {
            syn_buf_put_text(out, entity);
        } else if (is_shown(s, at, bytes)) {
            syn_buf_put(out, syn_str_part(s, at, bytes));
        } else {
            syn_buf_put_text(out, "\xef\xbf\xbd");
        }
        at += bytes == 0 ? 1 : bytes;
    }
}

static void put_word(struct syn_buf *out, const char *text)
{
    put_text(out, syn_str_of(text == NULL ? "" : text));
}

/* --- head -----------------------------------------------------------------
 */

static void put_fact(struct syn_buf *out, const char *name, const char *value)
{
    syn_buf_printf(out, "<tr><th>%s</th><td>", name);
    put_word(out, value);
    syn_buf_put_text(out, "</td></tr>\n");
}

static void put_facts(struct syn_buf *out, const struct syn_report *report)
{
    char time[SYN_CLOCK_ISO_BYTES];
    syn_clock_format_ms(report->started_ms, time);
    syn_buf_put_text(out, "<table>\n");
    put_fact(out, "Version", report->version);
    put_fact(out, "Build", report->build);
    syn_buf_printf(out, "<tr><th>Seed</th><td>0x%llx</td></tr>\n",
                   (unsigned long long)report->seed);
    put_fact(out, "Target", report->target);
    put_fact(out, "Clock", report->clock);
    put_fact(out, "Limits", report->limits);
    put_fact(out, "Suite", report->suite_hash);
    put_fact(out, "Started", time);
    syn_buf_printf(out, "<tr><th>Took</th><td>%lld ms</td></tr>\n",
                   (long long)(report->elapsed_us / US_PER_MS));
    if (report->has_floor) {
        syn_buf_printf(out, "<tr><th>Floor</th><td>%zu of %zu ",
                       report->floor_done, report->floor_required);
        put_text(out, report->floor_missing);
        syn_buf_put_text(out, "</td></tr>\n");
    }
    put_fact(out, "Leftovers",
             report->leftovers == NULL ? "none" : report->leftovers);
    syn_buf_put_text(out, "</table>\n");
}

static void put_counts(struct syn_buf *out, const struct syn_report *report)
{
    syn_buf_put_text(out, "<h2>Verdicts</h2><table><tr><th></th>");
    for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
        syn_buf_printf(out, "<th>%s</th>",
                       syn_verdict_name((enum syn_verdict)v));
    }
    for (unsigned l = 0; l < SYN_LEVEL_COUNT; l++) {
        syn_buf_printf(out, "</tr>\n<tr><th>%s</th>",
                       syn_level_name((enum syn_level)l));
        for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
            syn_buf_printf(out, "<td>%zu</td>",
                           syn_report_count_level(report, (enum syn_verdict)v,
                                                  (enum syn_level)l));
        }
    }
    syn_buf_put_text(out, "</tr></table>\n<h2>Clause coverage</h2><table>"
                          "<tr><th>Subject</th><th>Level</th><th>Judged</th>"
                          "<th>Clauses</th></tr>\n");
    for (size_t i = 0; i < report->coverage_count; i++) {
        const struct syn_coverage *c = &report->coverage[i];
        if (c->total > 0) {
            syn_buf_printf(out,
                           "<tr><td>%s</td><td>%s</td><td>%u</td><td>%u</td>"
                           "</tr>\n",
                           syn_subject_name(c->subject),
                           syn_level_name(c->level), c->judged, c->total);
        }
    }
    syn_buf_put_text(out, "</table>\n");
}

/* --- rows -----------------------------------------------------------------
 */

static bool is_plain(const struct syn_result *result)
{
    return result->verdict == SYN_VERDICT_PASS ||
           result->verdict == SYN_VERDICT_SKIPPED ||
           result->verdict == SYN_VERDICT_XFAIL ||
           result->verdict == SYN_VERDICT_INFO;
}

static void put_name(struct syn_buf *out, const struct syn_result *result)
{
    struct syn_buf name;
    syn_buf_init(&name, NULL, NAME_BYTES);
    syn_result_put_name(&name, result);
    put_text(out, syn_buf_str(&name));
    syn_buf_fini(&name);
}

static void put_clause_ids(struct syn_buf *out, const struct syn_result *result)
{
    for (size_t i = 0; i < result->clause_count; i++) {
        syn_buf_put_text(out, i > 0 ? " " : "");
        put_word(out, result->clauses[i].id);
    }
}

static void put_row(struct syn_buf *out, const struct syn_result *result,
                    size_t index)
{
    const char *verdict = syn_verdict_name(result->verdict);
    const char *level = syn_level_name(result->level);
    const char *subject = syn_subject_name(result->subject);
    syn_buf_printf(out,
                   "<tr data-verdict=\"%s\" data-level=\"%s\" "
                   "data-subject=\"%s\" data-type=\"",
                   verdict, level, subject);
    put_word(out, result->type == NULL ? "-" : result->type);
    syn_buf_put_text(out, "\" data-clause=\"");
    put_clause_ids(out, result);
    syn_buf_put_text(out, "\" data-actor=\"");
    put_text(out, result->actors);
    syn_buf_printf(out, "\"><td class=\"%s\">%s</td><td>", verdict, verdict);
    if (!is_plain(result)) {
        syn_buf_printf(out, "<a href=\"#f%zu\">", index);
    }
    put_name(out, result);
    syn_buf_put_text(out, is_plain(result) ? "" : "</a>");
    syn_buf_printf(out, "</td><td>%s</td><td>%s</td><td>", level, subject);
    put_clause_ids(out, result);
    syn_buf_put_text(out, "</td><td>");
    put_word(out, result->title);
    if (result->reason.bytes > 0 && is_plain(result)) {
        syn_buf_put_text(out, "<br>");
        put_text(out, result->reason);
    }
    syn_buf_put_text(out, "</td></tr>\n");
}

static void put_rows(struct syn_buf *out, const struct syn_report *report,
                     const struct fit *fit)
{
    static const char *const filters[] = {"clause", "level", "subject",
                                          "actor",  "type",  "verdict"};
    size_t shown = 0;
    syn_buf_put_text(out, "<h2>Rows</h2><form id=\"filter\">");
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        syn_buf_printf(out,
                       "<label>%s <select name=\"%s\"><option>any</option>"
                       "</select></label>",
                       filters[i], filters[i]);
    }
    syn_buf_put_text(out, "<label>words <input type=\"search\"></label>"
                          "<span id=\"shown\"></span></form>\n"
                          "<table id=\"rows\"><thead><tr><th>Verdict</th>"
                          "<th>Row</th><th>Level</th><th>Subject</th>"
                          "<th>Clauses</th><th>Title</th></tr></thead><tbody>"
                          "\n");
    for (size_t i = 0; i < report->result_count && out->status == SYN_OK; i++) {
        bool is_left_out =
            fit->leaves_passes_out && is_plain(&report->results[i]);
        if (!is_left_out && shown < fit->rows_max) {
            put_row(out, &report->results[i], i);
            shown++;
        }
    }
    syn_buf_put_text(out, "</tbody></table>\n");
    if (shown < report->result_count) {
        syn_buf_printf(out, "<p>%zu more rows are in run.json.</p>\n",
                       report->result_count - shown);
    }
}

static void put_finding(struct syn_buf *out, const struct syn_result *result,
                        size_t index, size_t bytes_max)
{
    struct syn_buf story;
    syn_buf_init(&story, NULL, STORY_MAX);
    syn_result_put_story(&story, result);
    struct syn_str all = syn_buf_str(&story);
    syn_buf_printf(out,
                   "<details id=\"f%zu\" open><summary><b class=\"%s\">%s</b> ",
                   index, syn_verdict_name(result->verdict),
                   syn_verdict_name(result->verdict));
    put_name(out, result);
    syn_buf_put_text(out, "</summary><pre>");
    put_text(out, syn_str_part(all, 0, bytes_max));
    syn_buf_put_text(out, "</pre>");
    if (all.bytes > bytes_max) {
        syn_buf_put_text(out, "<p>Cut; all of it is in run.json.</p>");
    }
    syn_buf_put_text(out, "</details>\n");
    syn_buf_fini(&story);
}

static void put_findings(struct syn_buf *out, const struct syn_report *report,
                         const struct fit *fit)
{
    size_t shown = 0;
    syn_buf_put_text(out, "<h2>Findings</h2>\n");
    bool is_told = fit->story_bytes > 0;
    for (size_t i = 0;
         is_told && i < report->result_count && out->status == SYN_OK; i++) {
        if (!is_plain(&report->results[i]) && shown < fit->rows_max) {
            put_finding(out, &report->results[i], i, fit->story_bytes);
            shown++;
        }
    }
    if (shown == 0) {
        syn_buf_put_text(out, fit->story_bytes > 0
                                  ? "<p>None.</p>\n"
                                  : "<p>Too many to show; they are in "
                                    "run.json.</p>\n");
    }
}

/* --- the kill matrix ------------------------------------------------------
 */

static void put_defect(struct syn_buf *out,
                       const struct syn_report_defect *defect)
{
    syn_buf_printf(out, "<tr><td class=\"%s\">%s</td><td>",
                   defect->is_survivor ? "fail" : "pass",
                   defect->is_survivor       ? "survived"
                   : defect->kill_count == 0 ? "unnamed"
                                             : "killed");
    put_word(out, defect->name);
    syn_buf_put_text(out, "</td><td>");
    put_word(out, defect->clause);
    syn_buf_put_text(out, "</td><td>");
    put_word(out, defect->title);
    syn_buf_put_text(out, "</td><td>");
    for (size_t i = 0; i < defect->run_count; i++) {
        const struct syn_report_kill *run = &defect->runs[i];
        syn_buf_printf(out, "<span class=\"%s\">%s ",
                       run->is_kill ? "pass" : "skipped",
                       run->is_kill ? "&#10007;" : "&middot;");
        put_word(out, run->row);
        syn_buf_put_text(out, "</span><br>");
    }
    syn_buf_put_text(out, "</td></tr>\n");
}

static void put_matrix(struct syn_buf *out, const struct syn_report *report)
{
    if (report->defect_count == 0) {
        return;
    }
    syn_buf_put_text(out, "<h2>Seeded defects</h2><table><tr><th></th>"
                          "<th>Defect</th><th>Clause</th><th>What is wrong"
                          "</th><th>Rows (&#10007; went red)</th></tr>\n");
    for (size_t i = 0; i < report->defect_count; i++) {
        put_defect(out, &report->defects[i]);
    }
    syn_buf_put_text(out, "</table>\n");
    for (size_t i = 0; i < report->never_red_count; i++) {
        syn_buf_put_text(out, i == 0 ? "<h3>Rows never red</h3><p>" : "<br>");
        put_word(out, report->never_red[i]);
    }
    syn_buf_put_text(out, report->never_red_count > 0 ? "</p>\n" : "");
}

/* --- beside another target ------------------------------------------------
 */

static void put_difference(struct syn_buf *out,
                           const struct syn_difference *item, bool is_first)
{
    const struct syn_str cells[] = {syn_str_of(item->row), item->aspect,
                                    item->here, item->there};
    if (is_first) {
        syn_buf_put_text(out, "<tr><th colspan=\"4\">");
        put_word(out, item->clause);
        syn_buf_put_text(out, " &middot; ");
        put_word(out, item->sentence);
        syn_buf_put_text(out, "</th></tr>\n");
    }
    syn_buf_put_text(out, "<tr>");
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        syn_buf_put_text(out, "<td>");
        put_text(out, cells[i]);
        syn_buf_put_text(out, "</td>");
    }
    syn_buf_put_text(out, "</tr>\n");
}

static void put_comparison(struct syn_buf *out,
                           const struct syn_comparison *comparison,
                           const struct fit *fit)
{
    const char *clause = "";
    size_t shown = 0;
    if (comparison == NULL) {
        return;
    }
    syn_buf_put_text(out, "<h2>Compared with ");
    put_word(out, comparison->target);
    syn_buf_printf(
        out, "</h2><p>%zu of %zu rows differ; a run there: exit %d: ",
        comparison->differ_count, comparison->row_count, comparison->exit_code);
    put_word(out, comparison->exit_reason);
    syn_buf_put_text(out, "</p>\n<table id=\"differences\"><tr><th>Row</th>"
                          "<th>What</th><th>Here</th><th>There</th></tr>\n");
    for (; shown < comparison->item_count && shown < fit->rows_max; shown++) {
        const struct syn_difference *item = &comparison->items[shown];
        put_difference(out, item, strcmp(clause, item->clause) != 0);
        clause = item->clause;
    }
    syn_buf_put_text(out, "</table>\n");
    if (shown < comparison->item_count) {
        syn_buf_printf(out, "<p>%zu more differences are in run.json.</p>\n",
                       comparison->item_count - shown);
    }
}

static syn_status try_write(struct syn_buf *out,
                            const struct syn_report *report,
                            const struct fit *fit)
{
    syn_buf_clear(out);
    syn_buf_put_text(out, head);
    syn_buf_printf(out, "<h1>syncproof %s</h1><p><b>exit %d:</b> ",
                   report->verb, report->exit_code);
    put_word(out, report->exit_reason);
    syn_buf_put_text(out, "</p>\n");
    put_facts(out, report);
    put_counts(out, report);
    syn_html_put_plots(out, report);
    put_comparison(out, report->comparison, fit);
    put_rows(out, report, fit);
    put_findings(out, report, fit);
    put_matrix(out, report);
    syn_buf_put_text(out, script);
    syn_buf_put_text(out, "</body></html>\n");
    return out->status;
}

syn_status syn_html_write(struct syn_buf *out, const struct syn_report *report)
{
    syn_status st = SYN_ERR_LIMIT;
    for (size_t i = 0; st == SYN_ERR_LIMIT && i < sizeof fits / sizeof fits[0];
         i++) {
        st = try_write(out, report, &fits[i]);
    }
    return st;
}
