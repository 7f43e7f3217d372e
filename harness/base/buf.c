/*
 * buf.c - growing bytes with a bound and a sticky status.
 * Layer: base. Threads: one owner.
 */
#include "base/buf.h"

#include "syn/limits.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CAPACITY_MIN   64 /* bytes; smaller blocks save nothing */
#define U64_DIGITS_MAX 20
#define DECIMAL_BASE   10u
#define NUL_BYTES      1 /* room behind the capacity for vsnprintf's NUL */

void syn_buf_init(struct syn_buf *buf, const struct syn_allocator *allocator,
                  size_t bytes_max)
{
    *buf = (struct syn_buf){
        .allocator = allocator == NULL ? &syn_allocator_heap : allocator,
        .bytes_max = bytes_max < SIZE_MAX ? bytes_max : SIZE_MAX - NUL_BYTES,
    };
}

void syn_buf_fini(struct syn_buf *buf)
{
    if (buf->at != NULL) {
        buf->allocator->release(buf->allocator->ctx, buf->at);
    }
    buf->at = NULL;
    buf->bytes = 0;
    buf->capacity = 0;
}

void syn_buf_clear(struct syn_buf *buf)
{
    buf->bytes = 0;
    buf->status = SYN_OK;
}

/* Doubling makes appends cheap; the bound makes the last step shorter. */
static bool grow(struct syn_buf *buf, size_t needed)
{
    if (needed > buf->bytes_max) {
        buf->status = SYN_ERR_LIMIT;
        return false;
    }
    size_t capacity = CAPACITY_MIN;
    if (buf->capacity > buf->bytes_max / 2) {
        capacity = buf->bytes_max;
    } else if (buf->capacity >= CAPACITY_MIN / 2) {
        capacity = buf->capacity * 2;
    }
    capacity = capacity < needed ? needed : capacity;
    capacity = capacity > buf->bytes_max ? buf->bytes_max : capacity;
    char *at = buf->allocator->resize(buf->allocator->ctx, buf->at,
                                      capacity + NUL_BYTES);
    if (at == NULL) {
        buf->status = SYN_ERR_MEMORY;
        return false;
    }
    buf->at = at;
    buf->capacity = capacity;
    return true;
}

/* Room for `bytes` more, or false with the status set. */
static inline bool reserve(struct syn_buf *buf, size_t bytes)
{
    if (buf->status != SYN_OK) {
        return false;
    }
    if (bytes <= buf->capacity - buf->bytes) {
        return true;
    }
    if (bytes > buf->bytes_max - buf->bytes) {
        buf->status = SYN_ERR_LIMIT;
        return false;
    }
    return grow(buf, buf->bytes + bytes);
}

void syn_buf_reserve(struct syn_buf *buf, size_t bytes)
{
    (void)reserve(buf, bytes);
}

void syn_buf_put(struct syn_buf *buf, struct syn_str s)
{
    if (s.bytes == 0 || !reserve(buf, s.bytes)) {
        return;
    }
    memcpy(buf->at + buf->bytes, s.at, s.bytes);
    buf->bytes += s.bytes;
}

void syn_buf_put_text(struct syn_buf *buf, const char *text)
{
    syn_buf_put(buf, syn_str_of(text));
}

void syn_buf_put_byte(struct syn_buf *buf, char byte)
{
    if (reserve(buf, 1)) {
        buf->at[buf->bytes++] = byte;
    }
}

void syn_buf_put_quoted(struct syn_buf *buf, struct syn_str s, char behind)
{
    const size_t around = 2; /* quotes */
    if (s.bytes > SIZE_MAX - around - 1 ||
        !reserve(buf, s.bytes + around + (behind == '\0' ? 0 : 1))) {
        return;
    }
    char *at = buf->at + buf->bytes;
    *at++ = '"';
    if (s.bytes > 0) {
        memcpy(at, s.at, s.bytes);
    }
    at += s.bytes;
    *at++ = '"';
    if (behind != '\0') {
        *at++ = behind;
    }
    buf->bytes = (size_t)(at - buf->at);
}

void syn_buf_put_u64(struct syn_buf *buf, uint64_t value)
{
    char digits[U64_DIGITS_MAX];
    size_t from = sizeof digits;
    do {
        digits[--from] = (char)('0' + value % DECIMAL_BASE);
        value /= DECIMAL_BASE;
    } while (value > 0);
    syn_buf_put(buf, (struct syn_str){digits + from, sizeof digits - from});
}

void syn_buf_put_i64(struct syn_buf *buf, int64_t value)
{
    if (value >= 0) {
        syn_buf_put_u64(buf, (uint64_t)value);
        return;
    }
    /* Sign and digits together or not at all: reserve for both. */
    if (reserve(buf, 1 + 1)) {
        syn_buf_put_byte(buf, '-');
        syn_buf_put_u64(buf, 0 - (uint64_t)value);
    }
}

void syn_buf_printf(struct syn_buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    if (!reserve(buf, 0)) {
        return;
    }
    va_start(args, format);
    va_copy(again, args);
    size_t room = buf->at == NULL ? 0 : buf->capacity - buf->bytes + NUL_BYTES;
    int length =
        vsnprintf(room == 0 ? NULL : buf->at + buf->bytes, room, format, args);
    if (length < 0) {
        buf->status = SYN_ERR_LIMIT; /* over INT_MAX bytes */
    } else if ((size_t)length < room) {
        buf->bytes += (size_t)length;
    } else if (reserve(buf, (size_t)length) && buf->at != NULL) {
        /* The first try only measured. */
        (void)vsnprintf(buf->at + buf->bytes, (size_t)length + NUL_BYTES,
                        format, again);
        buf->bytes += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

void syn_buf_consume(struct syn_buf *buf, size_t bytes)
{
    SYN_ASSERT(bytes <= buf->bytes);
    if (bytes == 0) {
        return;
    }
    buf->bytes -= bytes;
    memmove(buf->at, buf->at + bytes, buf->bytes);
}

struct syn_str syn_buf_str(const struct syn_buf *buf)
{
    struct syn_str s = {buf->at, buf->bytes};
    return s;
}
