/*
 * trace_file.c - a trace from its file.
 * Layer: gate. Threads: one owner.
 */
#include "gate/trace.h"

#include "base/file.h"
#include "syn/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

syn_status syn_trace_read(struct syn_arena *arena, const char *path,
                          char fault[SYN_TRACE_FAULT_BYTES],
                          const struct syn_trace **out)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_TRACE_BYTES_MAX);
    syn_status st = syn_file_read(path, &text);
    if (st == SYN_OK) {
        st = syn_trace_parse(arena, path, syn_buf_str(&text), fault, out);
    } else {
        (void)snprintf(fault, SYN_TRACE_FAULT_BYTES, "%s: %s", path,
                       st == SYN_ERR_IO ? strerror(errno)
                                        : syn_status_text(st));
        st = SYN_ERR_CONFIG;
    }
    syn_buf_fini(&text);
    return st;
}
