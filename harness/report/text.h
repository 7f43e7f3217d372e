/*
 * text.h - a run on the terminal: first line, findings, last lines.
 * Layer: report. Threads: values. Source: design section 3.
 */
#ifndef SYN_REPORT_TEXT_H
#define SYN_REPORT_TEXT_H

#include "base/buf.h"
#include "report/result.h"

#include <stdbool.h>

/* How much is said, and whether verdicts are coloured. */
struct syn_text_style {
    bool is_verbose; /* also rows that passed, with their story */
    bool is_quiet;   /* first line, failures and last lines only */
    bool has_color;
};

/* "syncproof 0.1.0 build=… seed=0x… target=… clock=… limits=… suite=…" */
void syn_text_put_first_line(struct syn_buf *out,
                             const struct syn_report *report);

/* One result: a line, and its story where it needs one. Control characters in
 * texts are replaced, so that no peer can write to the terminal. */
void syn_text_put_result(struct syn_buf *out, const struct syn_result *result,
                         const struct syn_text_style *style);

/* Counts by verdict and level, coverage, leftovers, exit code with reason. */
void syn_text_put_last_lines(struct syn_buf *out,
                             const struct syn_report *report);

#endif
