/*
 * json.h - a run as one JSON document, run.json.
 * Layer: report. Threads: values.
 */
#ifndef SYN_REPORT_JSON_H
#define SYN_REPORT_JSON_H

#include "base/buf.h"
#include "report/result.h"
#include "syn/status.h"

/* Append the document; texts are cut as in JUnit. Errors: SYN_ERR_LIMIT,
 * SYN_ERR_MEMORY of the buffer. */
SYN_MUST_CHECK syn_status
syn_report_json_write(struct syn_buf *out, const struct syn_report *report);

#endif
