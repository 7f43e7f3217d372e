/*
 * page.c - a stress run as one page that needs nothing else.
 * Layer: load. Threads: values. Source: design section 9.
 *
 * No script, no font, no network: SVG stands in the page. Texts of the target
 * appear in evidence only, and escaped.
 */
#include "load/plot.h"
#include "load/report.h"

#include "syn/limits.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<title>Stress</title><style>\n"
    "body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;"
    "color:#222;padding:0 1em}\n"
    "table{border-collapse:collapse;margin:1em 0}"
    "th,td{border:1px solid #ccc;padding:.2em .6em;text-align:left}\n"
    "pre{background:#f6f6f6;padding:1em;overflow:auto;white-space:pre-wrap}\n"
    "figure{margin:1.5em 0}figcaption{font-weight:600}"
    "svg{width:100%;height:auto}\n"
    "svg text{font:24px system-ui,sans-serif;fill:#444}"
    "svg .y{text-anchor:end}svg .x{text-anchor:middle}\n"
    "svg path{fill:none;stroke-width:3}svg .g{stroke:#ddd}"
    "svg .w{fill:#f1f1f1}\n"
    ".pass{color:#2c8a4b}.fail,.error{color:#b3261e;font-weight:600}"
    ".inconclusive,.warning{color:#a86400;font-weight:600}\n"
    "</style></head><body>\n";

static const struct syn_load_chart charts[] = {
    {"Delivery latency",
     "ms, from when a change was due",
     true,
     {{"p50", "#2c8a4b", true, 0, 50},
      {"p90", "#1f6fb2", true, 0, 90},
      {"p99", "#d98200", true, 0, 99},
      {"longest", "#b3261e", true, 0, 100}}},
    {"Operations",
     "per second",
     false,
     {{"offered", "#888888", false, SYN_LOAD_SERIES_OFFERED, 0},
      {"achieved", "#1f6fb2", false, SYN_LOAD_SERIES_ACHIEVED, 0},
      {"late", "#d98200", false, SYN_LOAD_SERIES_LATE, 0},
      {"dropped", "#b3261e", false, SYN_LOAD_SERIES_DROPPED, 0}}},
    {"Events",
     "per second",
     false,
     {{"delivered", "#2c8a4b", false, SYN_LOAD_SERIES_EVENTS, 0}}},
    {"Connections",
     "per second",
     false,
     {{"connects", "#1f6fb2", false, SYN_LOAD_SERIES_CONNECTS, 0},
      {"losses", "#b3261e", false, SYN_LOAD_SERIES_LOSSES, 0}}},
    {"Revocations",
     "per second",
     false,
     {{"acknowledged", "#1f6fb2", false, SYN_LOAD_SERIES_REVOKES, 0},
      {"events leaked", "#b3261e", false, SYN_LOAD_SERIES_LEAKS, 0}}},
};

static void put_escaped(struct syn_buf *out, struct syn_str s)
{
    static const struct {
        char byte;
        const char *text;
    } escapes[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    for (size_t i = 0; i < s.bytes; i++) {
        const char *text = NULL;
        for (size_t e = 0; e < sizeof escapes / sizeof escapes[0]; e++) {
            text = escapes[e].byte == s.at[i] ? escapes[e].text : text;
        }
        if (text != NULL) {
            syn_buf_put_text(out, text);
        } else {
            syn_buf_put_byte(out, s.at[i]);
        }
    }
}

static void put_text(struct syn_buf *out, const char *text)
{
    put_escaped(out, syn_str_of(text));
}

static void put_run(struct syn_buf *out, const struct syn_report *report,
                    const struct syn_load_result *result)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_REPORT_TEXT_BYTES_MAX);
    syn_load_command_put(&text, &result->plan);
    syn_buf_printf(out, "<h1>Stress: %s</h1>\n<p>exit %d: ",
                   syn_load_profile_name(result->plan.profile),
                   report->exit_code);
    put_text(out, report->exit_reason);
    syn_buf_put_text(out, "</p><p>target ");
    put_text(out, report->target);
    syn_buf_put_text(out, ", build ");
    put_text(out, report->build);
    syn_buf_put_text(out, "</p>\n<pre>");
    put_escaped(out, syn_buf_str(&text));
    syn_buf_put_text(out, "\n\n");
    syn_buf_clear(&text);
    syn_load_figures_put(&text, result, false);
    put_escaped(out, syn_buf_str(&text));
    syn_buf_put_text(out, "</pre>\n");
    syn_buf_fini(&text);
}

static void put_case(struct syn_buf *out, const struct syn_result *one)
{
    const char *verdict = syn_verdict_name(one->verdict);
    syn_buf_printf(out, "<tr><td class=\"%s\">%s</td><td>", verdict, verdict);
    put_text(out, one->id);
    syn_buf_put_text(out, "</td><td>");
    put_text(out, one->title);
    syn_buf_put_text(out, "</td><td>");
    put_escaped(out, one->reason);
    if (one->evidence.bytes > 0) {
        syn_buf_put_text(out, "<details><summary>evidence</summary><pre>");
        put_escaped(out, one->evidence);
        syn_buf_put_text(out, "</pre></details>");
    }
    syn_buf_put_text(out, "</td></tr>\n");
}

static void put_cases(struct syn_buf *out, const struct syn_report *report)
{
    syn_buf_put_text(out, "<table><tr><th>verdict</th><th>case</th>"
                          "<th>what</th><th>why</th></tr>\n");
    for (size_t i = 0; i < report->result_count; i++) {
        put_case(out, &report->results[i]);
    }
    syn_buf_put_text(out, "</table>\n");
}

void syn_load_page_put(struct syn_buf *out, const struct syn_report *report,
                       const struct syn_load_result *result)
{
    syn_buf_put_text(out, head);
    put_run(out, report, result);
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) {
        syn_load_plot_put(out, &charts[i], result);
    }
    put_cases(out, report);
    syn_buf_put_text(out, "</body></html>\n");
}
