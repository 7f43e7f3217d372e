/*
 * junit.h - results as JUnit XML, as CI servers really read it.
 * Layer: report. Threads: values. Source: design section 7; reports/junit.xsd.
 */
#ifndef SYN_REPORT_JUNIT_H
#define SYN_REPORT_JUNIT_H

#include "base/buf.h"
#include "report/result.h"
#include "syn/status.h"

/*
 * Append the whole document to `out`, an empty buffer bounded by
 * SYN_REPORT_FILE_BYTES_MAX. Texts are cut to SYN_REPORT_TEXT_BYTES_MAX, and
 * further when the file would not fit; at last the repeats that passed are left
 * out and counted in a property. Errors: SYN_ERR_LIMIT (does not fit even so),
 * SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_junit_write(struct syn_buf *out,
                                          const struct syn_report *report);

#endif
