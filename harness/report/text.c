/*
 * text.c - a run on the terminal.
 * Layer: report. Threads: values.
 */
#include "report/text.h"

#include "syn/limits.h"

#define DEL        0x7f
#define C1_LEAD    0xc2
#define C1_LAST    0x9f
#define SPACE      0x20
#define STORY_MAX  (2u * SYN_REPORT_TEXT_BYTES_MAX)
#define COLOR_OFF  "\x1b[0m"
#define NAME_WIDTH 12

static const char *const colors[] = {
    [SYN_VERDICT_PASS] = "\x1b[32m",    [SYN_VERDICT_FAIL] = "\x1b[31m",
    [SYN_VERDICT_WARNING] = "\x1b[33m", [SYN_VERDICT_INFO] = "\x1b[36m",
    [SYN_VERDICT_SKIPPED] = "\x1b[90m", [SYN_VERDICT_INCONCLUSIVE] = "\x1b[35m",
    [SYN_VERDICT_XFAIL] = "\x1b[90m",   [SYN_VERDICT_XPASS] = "\x1b[31m",
    [SYN_VERDICT_ERROR] = "\x1b[35m",
};

/* Only line ends pass as control characters. */
static bool is_printable(struct syn_str s, size_t at, size_t bytes)
{
    unsigned char lead = (unsigned char)s.at[at];
    if (bytes == 1) {
        return (lead >= SPACE && lead != DEL) || lead == '\n';
    }
    return bytes > 0 &&
           !(lead == C1_LEAD && (unsigned char)s.at[at + 1] <= C1_LAST);
}

static void put_plain(struct syn_buf *out, struct syn_str s, const char *indent)
{
    size_t at = 0;
    while (at < s.bytes) {
        size_t bytes = syn_str_utf8_bytes(s, at);
        if (at == 0 || s.at[at - 1] == '\n') {
            syn_buf_put_text(out, indent);
        }
        if (is_printable(s, at, bytes)) {
            syn_buf_put(out, syn_str_part(s, at, bytes));
        } else {
            syn_buf_put_byte(out, '?');
        }
        at += bytes == 0 ? 1 : bytes;
    }
}

void syn_text_put_first_line(struct syn_buf *out,
                             const struct syn_report *report)
{
    syn_buf_printf(out,
                   "syncproof %s build=%s seed=0x%llx target=", report->version,
                   report->build, (unsigned long long)report->seed);
    put_plain(out, syn_str_of(report->target), "");
    syn_buf_printf(out, " clock=%s limits=%s suite=%s\n", report->clock,
                   report->limits, report->suite_hash);
}

/* Does a verdict always show its story? */
static bool is_finding(enum syn_verdict verdict)
{
    return verdict == SYN_VERDICT_FAIL || verdict == SYN_VERDICT_WARNING ||
           verdict == SYN_VERDICT_INCONCLUSIVE ||
           verdict == SYN_VERDICT_XPASS || verdict == SYN_VERDICT_ERROR;
}

static void put_verdict(struct syn_buf *out, enum syn_verdict verdict,
                        bool has_color)
{
    syn_buf_printf(out, "%s%-*s%s ", has_color ? colors[verdict] : "",
                   NAME_WIDTH, syn_verdict_name(verdict),
                   has_color ? COLOR_OFF : "");
}

void syn_text_put_result(struct syn_buf *out, const struct syn_result *result,
                         const struct syn_text_style *style)
{
    bool tells = is_finding(result->verdict) || style->is_verbose;
    bool shows = tells || !style->is_quiet;
    if (!shows) {
        return;
    }
    put_verdict(out, result->verdict, style->has_color);
    syn_result_put_name(out, result);
    if (!tells && result->reason.bytes > 0) {
        syn_buf_put_text(out, ": ");
        put_plain(out, result->reason, "");
    }
    syn_buf_put_byte(out, '\n');
    if (tells) {
        struct syn_buf story;
        syn_buf_init(&story, NULL, STORY_MAX);
        syn_result_put_story(&story, result);
        put_plain(out, syn_buf_str(&story), "    ");
        syn_buf_fini(&story);
    }
}

static void put_counts(struct syn_buf *out, const struct syn_report *report)
{
    syn_buf_put_text(out, "verdicts:");
    for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
        enum syn_verdict verdict = (enum syn_verdict)v;
        size_t count = syn_report_count(report, verdict);
        if (count > 0 || v <= SYN_VERDICT_FAIL) {
            syn_buf_printf(out, " %zu %s", count, syn_verdict_name(verdict));
        }
    }
    syn_buf_put_byte(out, '\n');
    for (unsigned l = 0; l < SYN_LEVEL_COUNT; l++) {
        enum syn_level level = (enum syn_level)l;
        syn_buf_printf(out, "%-9s", syn_level_name(level));
        for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
            enum syn_verdict verdict = (enum syn_verdict)v;
            size_t count = syn_report_count_level(report, verdict, level);
            if (count > 0) {
                syn_buf_printf(out, " %zu %s", count,
                               syn_verdict_name(verdict));
            }
        }
        syn_buf_put_byte(out, '\n');
    }
}

void syn_text_put_last_lines(struct syn_buf *out,
                             const struct syn_report *report)
{
    put_counts(out, report);
    syn_buf_put_text(out, "coverage:");
    for (size_t i = 0; i < report->coverage_count; i++) {
        const struct syn_coverage *c = &report->coverage[i];
        if (c->total > 0) {
            syn_buf_printf(out, "%s %s %s %u/%u", i > 0 ? "," : "",
                           syn_subject_name(c->subject),
                           syn_level_name(c->level), c->judged, c->total);
        }
    }
    syn_buf_put_byte(out, '\n');
    syn_buf_put_text(out, "leftovers: ");
    put_plain(
        out, syn_str_of(report->leftovers == NULL ? "none" : report->leftovers),
        "");
    syn_buf_printf(out, "\nexit %d: ", report->exit_code);
    put_plain(out, syn_str_of(report->exit_reason), "");
    syn_buf_put_byte(out, '\n');
}
