/*
 * html.h - a run as one page that needs nothing else.
 * Layer: report. Threads: values. Source: design section 3.
 */
#ifndef SYN_REPORT_HTML_H
#define SYN_REPORT_HTML_H

#include "base/buf.h"
#include "report/result.h"
#include "syn/status.h"

/*
 * Append the whole page to `out`, an empty buffer bounded by
 * SYN_HTML_BYTES_MAX: head, counts, coverage, a table that its reader can
 * filter, transcripts of findings, the kill matrix. It loads nothing and runs
 * no script but its own. Texts of a peer are escaped; where the page would not
 * fit, transcripts are cut, then rows that passed left out, and it says so.
 * Errors: SYN_ERR_LIMIT (does not fit even so), SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_html_write(struct syn_buf *out,
                                         const struct syn_report *report);

#endif
