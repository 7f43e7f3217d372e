/*
 * html_plot.h - figures of a run as pictures: how late revocation and expiry
 * took effect.
 * Layer: report, private to html.c. Threads: values.
 */
#ifndef SYN_REPORT_HTML_PLOT_H
#define SYN_REPORT_HTML_PLOT_H

#include "base/buf.h"
#include "report/result.h"

/* A curve and its percentiles for each figure that begins with "revoke." or
 * "ttl."; nothing when there is none. */
void syn_html_put_plots(struct syn_buf *out, const struct syn_report *report);

#endif
