/*
 * markdown.h - a run in a page for a pull request or a job summary.
 * Layer: report. Threads: values. Source: design section 3.
 */
#ifndef SYN_REPORT_MARKDOWN_H
#define SYN_REPORT_MARKDOWN_H

#include "base/buf.h"
#include "report/result.h"
#include "syn/status.h"

/* Append counts, coverage and findings to `out`, an empty buffer bounded by
 * SYN_MARKDOWN_BYTES_MAX. Texts of a peer stand in code only. Errors:
 * SYN_ERR_LIMIT, SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_markdown_write(struct syn_buf *out,
                                             const struct syn_report *report);

#endif
