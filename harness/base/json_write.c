/*
 * json_write.c - JSON out: strings with escapes, and where commas go.
 * Layer: base. Threads: a writer has one owner.
 * Source: RFC 8259 section 7.
 */
#include "base/json_text.h"

#include "syn/limits.h"

#include <string.h>

#define ASCII_END   0x80
#define NIBBLE_BITS 4
#define NIBBLE_MASK 0xfu
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* --- strings -------------------------------------------------------------- */

static void put_escape(struct syn_buf *buf, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    static const char digits[] = "0123456789abcdef";
    const char *hit = memchr(from, c, sizeof from - 1);
    if (hit != NULL) {
        char pair[] = {'\\', to[hit - from]};
        syn_buf_put(buf, (struct syn_str){pair, sizeof pair});
        return;
    }
    char unicode[] = {'\\',
                      'u',
                      '0',
                      '0',
                      digits[(unsigned char)c >> NIBBLE_BITS],
                      digits[(unsigned char)c & NIBBLE_MASK]};
    syn_buf_put(buf, (struct syn_str){unicode, sizeof unicode});
}

/* From `at` on it is not plain any more. */
static void put_escaped(struct syn_buf *buf, struct syn_str s, size_t at)
{
    size_t from = 0; /* start of what can be copied as it is */
    syn_buf_put_byte(buf, '"');
    for (; at < s.bytes; at = syn_json_text_plain_end(s, at)) {
        bool is_ascii = (unsigned char)s.at[at] < ASCII_END;
        size_t good = is_ascii ? 0 : syn_str_utf8_bytes(s, at);
        if (good > 0) {
            at += good;
            continue;
        }
        syn_buf_put(buf, syn_str_part(s, from, at - from));
        if (is_ascii) {
            put_escape(buf, s.at[at]);
        } else {
            syn_buf_put(buf, SYN_STR(REPLACEMENT));
        }
        at++;
        from = at;
    }
    syn_buf_put(buf, syn_str_from(s, from));
    syn_buf_put_byte(buf, '"');
}

/* Nearly all strings need no escape: one look, then one piece. */
static void put_string(struct syn_buf *buf, struct syn_str s, char behind)
{
    const size_t plain = syn_json_text_plain_end(s, 0);
    if (plain == s.bytes) {
        syn_buf_put_quoted(buf, s, behind);
        return;
    }
    put_escaped(buf, s, plain);
    if (behind != '\0') {
        syn_buf_put_byte(buf, behind);
    }
}

void syn_json_put_string(struct syn_buf *buf, struct syn_str s)
{
    put_string(buf, s, '\0');
}

/* --- writer --------------------------------------------------------------- */

void syn_json_writer_init(struct syn_json_writer *w, struct syn_buf *buf)
{
    *w = (struct syn_json_writer){.buf = buf};
}

static void begin_value(struct syn_json_writer *w, const char *name)
{
    if (w->needs_comma) {
        syn_buf_put_byte(w->buf, ',');
    }
    w->needs_comma = true;
    if (name != NULL) {
        put_string(w->buf, syn_str_of(name), ':');
    }
}

static void open_level(struct syn_json_writer *w, const char *name, char brace)
{
    begin_value(w, name);
    SYN_ASSERT(w->depth < SYN_JSON_DEPTH_MAX);
    w->depth++;
    w->needs_comma = false;
    syn_buf_put_byte(w->buf, brace);
}

static void close_level(struct syn_json_writer *w, char brace)
{
    SYN_ASSERT(w->depth > 0);
    w->depth--;
    w->needs_comma = true;
    syn_buf_put_byte(w->buf, brace);
}

void syn_json_open_object(struct syn_json_writer *w, const char *name)
{
    open_level(w, name, '{');
}

void syn_json_close_object(struct syn_json_writer *w)
{
    close_level(w, '}');
}

void syn_json_open_array(struct syn_json_writer *w, const char *name)
{
    open_level(w, name, '[');
}

void syn_json_close_array(struct syn_json_writer *w)
{
    close_level(w, ']');
}

void syn_json_write_str(struct syn_json_writer *w, const char *name,
                        struct syn_str value)
{
    begin_value(w, name);
    syn_json_put_string(w->buf, value);
}

void syn_json_write_text(struct syn_json_writer *w, const char *name,
                         const char *value)
{
    if (value == NULL) {
        syn_json_write_null(w, name);
    } else {
        syn_json_write_str(w, name, syn_str_of(value));
    }
}

void syn_json_write_i64(struct syn_json_writer *w, const char *name,
                        int64_t value)
{
    begin_value(w, name);
    syn_buf_put_i64(w->buf, value);
}

void syn_json_write_bool(struct syn_json_writer *w, const char *name,
                         bool value)
{
    begin_value(w, name);
    syn_buf_put_text(w->buf, value ? "true" : "false");
}

void syn_json_write_null(struct syn_json_writer *w, const char *name)
{
    begin_value(w, name);
    syn_buf_put_text(w->buf, "null");
}

void syn_json_write_raw(struct syn_json_writer *w, const char *name,
                        struct syn_str json)
{
    SYN_ASSERT(json.bytes > 0); /* no text is not a value */
    begin_value(w, name);
    syn_buf_put(w->buf, json);
}

void syn_json_write_member(struct syn_json_writer *w, struct syn_str name,
                           struct syn_str value)
{
    begin_value(w, NULL);
    put_string(w->buf, name, ':');
    syn_json_put_string(w->buf, value);
}
