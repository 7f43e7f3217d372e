/*
 * file.c - a whole file into memory.
 * Layer: base. Threads: independent calls.
 */
#include "base/file.h"

#include <errno.h>
#include <stdio.h>

#define READ_CHUNK 65536 /* bytes */

syn_status syn_file_read(const char *path, struct syn_buf *text)
{
    char chunk[READ_CHUNK];
    size_t bytes = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return SYN_ERR_IO;
    }
    do {
        bytes = fread(chunk, 1, sizeof chunk, file);
        syn_buf_put(text, (struct syn_str){chunk, bytes});
    } while (bytes > 0 && text->status == SYN_OK);
    int why = ferror(file) != 0 ? errno : 0;
    (void)fclose(file);
    errno = why;
    return why != 0 ? SYN_ERR_IO : text->status;
}
