/*
 * file.h - write a report whole or not at all.
 * Layer: report. Threads: independent calls.
 */
#ifndef SYN_REPORT_FILE_H
#define SYN_REPORT_FILE_H

#include "syn/status.h"
#include "syn/str.h"

/* Room for the sentence that says why a report could not be written. */
#define SYN_REPORT_FAULT_BYTES 512

/*
 * A regular or new file is written beside and renamed, so that a reader sees
 * the old one or the new one. Anything else (a device, a pipe) is written
 * directly. Errors: SYN_ERR_IO, with one sentence in `fault`; an old regular
 * file is then as it was.
 */
SYN_MUST_CHECK syn_status syn_report_file_write(
    const char *path, struct syn_str text, char fault[SYN_REPORT_FAULT_BYTES]);

/* Make a directory and those above it. Errors: SYN_ERR_IO, as above. */
SYN_MUST_CHECK syn_status
syn_report_directory_make(const char *path, char fault[SYN_REPORT_FAULT_BYTES]);

#endif
