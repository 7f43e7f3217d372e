/*
 * trace_file.c - a trace from its file.
 * Layer: gate. Threads: one owner.
 */
#include "gate/trace.h"

#include "syn/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define READ_CHUNK 65536

syn_status syn_trace_read(struct syn_arena *arena, const char *path,
                          char fault[SYN_TRACE_FAULT_BYTES],
                          const struct syn_trace **out)
{
    char chunk[READ_CHUNK];
    struct syn_buf text;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        (void)snprintf(fault, SYN_TRACE_FAULT_BYTES, "%s: %s", path,
                       strerror(errno));
        return SYN_ERR_CONFIG;
    }
    syn_buf_init(&text, NULL, SYN_TRACE_BYTES_MAX);
    for (size_t got = fread(chunk, 1, sizeof chunk, file); got > 0;
         got = fread(chunk, 1, sizeof chunk, file)) {
        syn_buf_put(&text, (struct syn_str){chunk, got});
    }
    syn_status st = text.status;
    if (ferror(file) != 0 || st != SYN_OK) {
        (void)snprintf(fault, SYN_TRACE_FAULT_BYTES, "%s: %s", path,
                       st == SYN_OK ? "cannot be read" : syn_status_text(st));
        st = SYN_ERR_CONFIG;
    } else {
        st = syn_trace_parse(arena, path, syn_buf_str(&text), fault, out);
    }
    (void)fclose(file);
    syn_buf_fini(&text);
    return st;
}
