/*
 * lenient.c - strict JSON out of what some readers take as well: names without
 * quotes, and texts in single quotes.
 * Layer: model. Threads: none needed.
 * Source: rest.md section 3 (the vendor's samples post such data).
 *
 * Only for the reading json-syntax=lenient. What it does not know it leaves as
 * it is, and the strict check behind it refuses that.
 */
#include "model/state.h"

#include "base/buf.h"
#include "syn/limits.h"

#include <string.h>

static bool is_name_byte(char c)
{
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The end of a quoted text that begins at `at`; past the closing quote. */
static size_t skip_quoted(struct syn_str in, size_t at)
{
    char quote = in.at[at];
    for (at++; at < in.bytes && in.at[at] != quote; at++) {
        if (in.at[at] == '\\') {
            at++;
        }
    }
    return at < in.bytes ? at + 1 : in.bytes;
}

/* A text in single quotes becomes one in double quotes. */
static void put_single(struct syn_buf *out, struct syn_str quoted)
{
    syn_buf_put_byte(out, '"');
    for (size_t i = 1; i + 1 < quoted.bytes; i++) {
        bool is_escape = quoted.at[i] == '\\' && i + 2 < quoted.bytes;
        if (is_escape && quoted.at[i + 1] == '\'') {
            i++; /* needs no escape any more */
        } else if (is_escape) {
            syn_buf_put_byte(out, quoted.at[i++]);
        } else if (quoted.at[i] == '"') {
            syn_buf_put_byte(out, '\\');
        }
        syn_buf_put_byte(out, quoted.at[i]);
    }
    syn_buf_put_byte(out, '"');
}

/* Is the word that ends here followed by a colon? */
static bool is_name(struct syn_str in, size_t end)
{
    while (end < in.bytes && is_blank(in.at[end])) {
        end++;
    }
    return end < in.bytes && in.at[end] == ':';
}

static size_t put_word(struct syn_buf *out, struct syn_str in, size_t at)
{
    size_t end = at;
    while (end < in.bytes && is_name_byte(in.at[end])) {
        end++;
    }
    bool is_quoted = is_name(in, end);
    syn_buf_put_text(out, is_quoted ? "\"" : "");
    syn_buf_put(out, syn_str_part(in, at, end - at));
    syn_buf_put_text(out, is_quoted ? "\"" : "");
    return end;
}

bool syn_lenient_json(struct syn_arena *arena, struct syn_str in,
                      struct syn_str *out)
{
    struct syn_buf buf;
    size_t at = 0;
    syn_buf_init(&buf, arena->allocator, 2 * SYN_JSON_BYTES_MAX);
    while (at < in.bytes) {
        size_t end = at + 1;
        if (in.at[at] == '"') {
            end = skip_quoted(in, at);
            syn_buf_put(&buf, syn_str_part(in, at, end - at));
        } else if (in.at[at] == '\'') {
            end = skip_quoted(in, at);
            put_single(&buf, syn_str_part(in, at, end - at));
        } else if (is_name_byte(in.at[at])) {
            end = put_word(&buf, in, at);
        } else {
            syn_buf_put_byte(&buf, in.at[at]);
        }
        at = end;
    }
    bool is_whole = buf.status == SYN_OK;
    if (is_whole) {
        struct syn_str copy = syn_arena_dup(arena, syn_buf_str(&buf));
        is_whole = copy.at != NULL;
        *out = is_whole ? copy : *out;
    } else if (buf.status == SYN_ERR_LIMIT) {
        is_whole = true; /* as it is: too long whatever is done */
    }
    syn_buf_fini(&buf);
    return is_whole;
}
