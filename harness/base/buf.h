/*
 * buf.h - bytes that grow up to a bound given at birth.
 * Layer: base. Threads: one owner.
 *
 * Writers never check each append: the first failure sticks in `status`, later
 * appends do nothing, and the reader of the buffer asks once at the end.
 */
#ifndef SYN_BASE_BUF_H
#define SYN_BASE_BUF_H

#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stddef.h>
#include <stdint.h>

struct syn_buf {
    const struct syn_allocator *allocator;
    char *at;
    size_t bytes;
    size_t capacity;
    size_t bytes_max;
    syn_status status; /* SYN_OK, SYN_ERR_LIMIT or SYN_ERR_MEMORY; sticky */
};

/* `allocator` NULL means the heap. Allocates nothing yet. */
void syn_buf_init(struct syn_buf *buf, const struct syn_allocator *allocator,
                  size_t bytes_max);
void syn_buf_fini(struct syn_buf *buf);

/* Empty it and clear the status; the capacity stays. */
void syn_buf_clear(struct syn_buf *buf);

/* `s` must not point into `buf` itself. */
void syn_buf_put(struct syn_buf *buf, struct syn_str s);

/* Have room for so many more at once, where several puts follow. */
void syn_buf_reserve(struct syn_buf *buf, size_t bytes);
void syn_buf_put_text(struct syn_buf *buf, const char *text);
void syn_buf_put_byte(struct syn_buf *buf, char byte);

/* `s` between two quotes, and `behind` after them unless it is NUL. */
void syn_buf_put_quoted(struct syn_buf *buf, struct syn_str s, char behind);
void syn_buf_put_u64(struct syn_buf *buf, uint64_t value);
void syn_buf_put_i64(struct syn_buf *buf, int64_t value);
void syn_buf_printf(struct syn_buf *buf, const char *format, ...)
    SYN_PRINTF(2, 3);

/* Drop `bytes` from the front; at most what is there. The rest is moved, so
 * consume once per batch, not once per message. */
void syn_buf_consume(struct syn_buf *buf, size_t bytes);

/* What is in it, borrowed until the next change. */
struct syn_str syn_buf_str(const struct syn_buf *buf);

#endif
