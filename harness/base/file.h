/*
 * file.h - a whole file into memory.
 * Layer: base. Threads: independent calls.
 */
#ifndef SYN_BASE_FILE_H
#define SYN_BASE_FILE_H

#include "base/buf.h"
#include "syn/status.h"

/*
 * Append what the file at `path` holds; `text` keeps its bound. Reading ends
 * where the bound is passed, so a device that never ends does no harm.
 * Errors: SYN_ERR_IO, and errno says why; else the status of `text`.
 */
SYN_MUST_CHECK syn_status syn_file_read(const char *path, struct syn_buf *text);

#endif
