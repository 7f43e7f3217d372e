/*
 * markdown.c - a run in a page for a pull request or a job summary.
 * Layer: report. Threads: values.
 *
 * What a peer sent could hold any markup, so it stands in blocks indented by
 * four blanks: no text can end such a block.
 */
#include "report/markdown.h"

#include "syn/limits.h"

#include <string.h>

#define STORY_MAX      (2u * SYN_REPORT_TEXT_BYTES_MAX)
#define SPACE          0x20
#define CELL_BYTES_MAX 300

/* How much is shown, in the order of attempts to fit. */
static const struct fit {
    size_t story_bytes;
    size_t findings_max;
} fits[] = {{SYN_REPORT_TEXT_BYTES_MAX, SIZE_MAX},
            {4096, SIZE_MAX},
            {1024, SIZE_MAX},
            {1024, 30},
            {256, 50},
            {0, 0}};

/* Our own words in a cell or line: nothing in them may act as markup. */
static void put_cell(struct syn_buf *out, struct syn_str s)
{
    static const char marks[] = "\\`*_{}[]<>()#+!|~&$@:";
    for (size_t i = 0; i < s.bytes; i++) {
        char c = s.at[i];
        bool is_mark = false;
        for (size_t m = 0; m < sizeof marks - 1; m++) {
            is_mark = is_mark || marks[m] == c;
        }
        if (is_mark) {
            syn_buf_put_byte(out, '\\');
        }
        syn_buf_put_byte(out, (unsigned char)c < SPACE ? ' ' : c);
    }
}

static void put_block(struct syn_buf *out, struct syn_str s)
{
    bool is_start = true;
    for (size_t at = 0; at < s.bytes;) {
        size_t bytes = syn_str_utf8_bytes(s, at);
        char c = s.at[at];
        bool is_shown =
            bytes > 1 || (bytes == 1 && ((unsigned char)c >= SPACE));
        if (is_start) {
            syn_buf_put_text(out, "    ");
        }
        is_start = c == '\n';
        const bool is_line_end =
            c == '\r' && at + 1 < s.bytes && s.at[at + 1] == '\n';
        if (is_shown || c == '\n') {
            syn_buf_put(out, syn_str_part(s, at, bytes));
        } else if (!is_line_end) {
            syn_buf_put_byte(out, '?');
        }
        at += bytes == 0 ? 1 : bytes;
    }
    syn_buf_put_byte(out, '\n');
}

static bool is_finding(const struct syn_result *result, bool is_strict)
{
    enum syn_result_outcome outcome =
        syn_result_outcome(result->verdict, is_strict);
    return outcome == SYN_OUTCOME_FAILURE || outcome == SYN_OUTCOME_ERROR ||
           result->verdict == SYN_VERDICT_WARNING;
}

static void put_counts(struct syn_buf *out, const struct syn_report *report)
{
    syn_buf_put_text(out, "\n| Level |");
    for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
        syn_buf_printf(out, " %s |", syn_verdict_name((enum syn_verdict)v));
    }
    syn_buf_put_text(out, "\n|---|");
    for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
        syn_buf_put_text(out, "---|");
    }
    for (unsigned l = 0; l < SYN_LEVEL_COUNT; l++) {
        syn_buf_printf(out, "\n| %s |", syn_level_name((enum syn_level)l));
        for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
            syn_buf_printf(out, " %zu |",
                           syn_report_count_level(report, (enum syn_verdict)v,
                                                  (enum syn_level)l));
        }
    }
    syn_buf_put_byte(out, '\n');
}

static void put_head(struct syn_buf *out, const struct syn_report *report)
{
    syn_buf_printf(out, "# syncproof %s: exit %d\n\n", report->verb,
                   report->exit_code);
    put_cell(out, syn_str_of(report->exit_reason));
    syn_buf_printf(out, "\n\nVersion %s, build %s, seed 0x%llx, target ",
                   report->version, report->build,
                   (unsigned long long)report->seed);
    put_cell(out, syn_str_of(report->target));
    syn_buf_printf(out, ", clock %s, limits %s, suite %s.\n", report->clock,
                   report->limits, report->suite_hash);
    put_counts(out, report);
    syn_buf_put_text(out, "\nClause coverage:");
    for (size_t i = 0; i < report->coverage_count; i++) {
        const struct syn_coverage *c = &report->coverage[i];
        if (c->total > 0) {
            syn_buf_printf(out, "%s %s %s %u/%u", i > 0 ? "," : "",
                           syn_subject_name(c->subject),
                           syn_level_name(c->level), c->judged, c->total);
        }
    }
    syn_buf_put_text(out, ".\n");
}

static void put_difference(struct syn_buf *out,
                           const struct syn_difference *item)
{
    const struct syn_str cells[] = {syn_str_of(item->row), item->aspect,
                                    item->here, item->there};
    syn_buf_put_byte(out, '|');
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        syn_buf_put_byte(out, ' ');
        put_cell(out, syn_str_part(cells[i], 0, CELL_BYTES_MAX));
        syn_buf_put_text(out, " |");
    }
    syn_buf_put_byte(out, '\n');
}

static void put_comparison(struct syn_buf *out,
                           const struct syn_comparison *comparison,
                           size_t shown_max)
{
    const char *clause = "";
    size_t shown = 0;
    if (comparison == NULL) {
        return;
    }
    syn_buf_put_text(out, "\n## Compared with ");
    put_cell(out, syn_str_of(comparison->target));
    syn_buf_printf(out, "\n\n%zu of %zu rows differ; a run there: exit %d: ",
                   comparison->differ_count, comparison->row_count,
                   comparison->exit_code);
    put_cell(out, syn_str_of(comparison->exit_reason));
    syn_buf_put_byte(out, '\n');
    for (; shown < comparison->item_count && shown < shown_max; shown++) {
        const struct syn_difference *item = &comparison->items[shown];
        if (strcmp(clause, item->clause) != 0) {
            clause = item->clause;
            syn_buf_printf(out, "\n**%s** ", clause);
            put_cell(out, syn_str_of(item->sentence));
            syn_buf_put_text(out, "\n\n| Row | What | Here | There |\n"
                                  "|---|---|---|---|\n");
        }
        put_difference(out, item);
    }
    if (shown < comparison->item_count) {
        syn_buf_printf(out, "\n%zu more differences are in run.json.\n",
                       comparison->item_count - shown);
    }
}

static void put_finding(struct syn_buf *out, const struct syn_result *result,
                        size_t bytes_max)
{
    struct syn_buf story;
    syn_buf_init(&story, NULL, 2 * STORY_MAX);
    syn_buf_printf(&story, "%s ", syn_verdict_name(result->verdict));
    syn_result_put_name(&story, result);
    syn_buf_put_text(out, "\n## ");
    put_cell(out, syn_buf_str(&story));
    syn_buf_put_text(out, "\n\n");
    syn_buf_clear(&story);
    syn_result_put_story(&story, result);
    struct syn_str all = syn_buf_str(&story);
    put_block(out, syn_str_part(all, 0, bytes_max));
    if (all.bytes > bytes_max) {
        syn_buf_put_text(out, "\nCut; all of it is in run.json.\n");
    }
    syn_buf_fini(&story);
}

static syn_status try_write(struct syn_buf *out,
                            const struct syn_report *report,
                            const struct fit *fit)
{
    size_t shown = 0;
    size_t left_out = 0;
    syn_buf_clear(out);
    put_head(out, report);
    put_comparison(out, report->comparison, fit->findings_max);
    for (size_t i = 0; i < report->result_count && out->status == SYN_OK; i++) {
        const struct syn_result *result = &report->results[i];
        if (!is_finding(result, report->is_strict)) {
            continue;
        }
        if (shown == fit->findings_max) {
            left_out++;
        } else {
            put_finding(out, result, fit->story_bytes);
            shown++;
        }
    }
    if (left_out > 0) {
        syn_buf_printf(out, "\n%zu more findings are in run.json.\n", left_out);
    }
    return out->status;
}

syn_status syn_markdown_write(struct syn_buf *out,
                              const struct syn_report *report)
{
    syn_status st = SYN_ERR_LIMIT;
    for (size_t i = 0; st == SYN_ERR_LIMIT && i < sizeof fits / sizeof fits[0];
         i++) {
        st = try_write(out, report, &fits[i]);
    }
    return st;
}
