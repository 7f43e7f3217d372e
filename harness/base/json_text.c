/*
 * json_text.c - scanner over checked JSON text: names, members, compaction.
 * Layer: base. Threads: none needed.
 */
#include "base/json_text.h"

#include <string.h>

#define END_OF_LABEL UINT32_MAX /* no code point */
#define TAIL_BITS    6
#define TAIL_MASK    0x3fu
#define TAIL_MARK    0x80u
#define HEX_DIGITS   4
#define HEX_BITS     4
#define HIGH_FIRST   0xd800u /* surrogates: a high one, then a low one */
#define LOW_FIRST    0xdc00u
#define PAIR_BITS    10
#define PAIR_BASE    0x10000u

/* --- strings -------------------------------------------------------------- */

/* Is the quote at `at` data, that is, behind an odd run of backslashes? */
static bool is_escaped(struct syn_str text, size_t from, size_t at)
{
    size_t run = 0;
    while (at - run > from && text.at[at - run - 1] == '\\') {
        run++;
    }
    return run % 2 == 1;
}

size_t syn_json_text_string_end(struct syn_str text, size_t at)
{
    size_t from = at + 1;
    size_t quote = syn_str_find(text, '"', from);
    /* Runs of backslashes end at a quote, so each byte is seen twice at most.
     */
    while (quote < text.bytes && is_escaped(text, from, quote)) {
        from = quote + 1;
        quote = syn_str_find(text, '"', from);
    }
    return quote < text.bytes ? quote + 1 : text.bytes;
}

static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    return ((unsigned)c | 0x20u) - 'a' + 10u; /* 0x20: to lower case */
}

static uint32_t read_hex(struct syn_str s, size_t at)
{
    uint32_t value = 0;
    for (size_t i = at; i < at + HEX_DIGITS && i < s.bytes; i++) {
        value = value << HEX_BITS | hex_value(s.at[i]);
    }
    return value;
}

static uint32_t take_escape(struct syn_str *s)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    char c = s->bytes > 1 ? s->at[1] : '\\';
    if (c != 'u') {
        const char *hit = memchr(from, c, sizeof from - 1);
        *s = syn_str_from(*s, 2);
        return (unsigned char)(hit == NULL ? c : to[hit - from]);
    }
    uint32_t point = read_hex(*s, 2);
    *s = syn_str_from(*s, 2 + HEX_DIGITS);
    if (point >= HIGH_FIRST && point < LOW_FIRST) {
        uint32_t low = read_hex(*s, 2);
        *s = syn_str_from(*s, 2 + HEX_DIGITS);
        point =
            PAIR_BASE + ((point - HIGH_FIRST) << PAIR_BITS) + (low - LOW_FIRST);
    }
    return point;
}

/* Take the next code point off the front of a name. */
static uint32_t take_point(struct syn_json_label *label)
{
    struct syn_str *s = &label->text;
    if (s->bytes == 0) {
        return END_OF_LABEL;
    }
    unsigned char lead = (unsigned char)s->at[0];
    if (lead == '\\' && label->is_escaped) {
        return take_escape(s);
    }
    size_t bytes = syn_str_utf8_bytes(*s, 0);
    bytes = bytes == 0 ? 1 : bytes;
    /* A lead byte of n bytes has n ones, a zero, and 7 - n bits of value. */
    uint32_t point = bytes == 1 ? lead : lead & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        point = point << TAIL_BITS | ((unsigned char)s->at[i] & TAIL_MASK);
    }
    *s = syn_str_from(*s, bytes);
    return point;
}

int syn_json_text_compare(struct syn_json_label a, struct syn_json_label b)
{
    if (!a.is_escaped && !b.is_escaped) {
        return syn_str_compare(a.text, b.text);
    }
    uint32_t left = 0;
    uint32_t right = 0;
    do {
        /* The end sorts first: a name comes before its continuations. */
        left = take_point(&a) + 1u;
        right = take_point(&b) + 1u;
    } while (left == right && left != 0);
    return (left > right) - (left < right);
}

/* As UTF-8; a code point that the validator has passed. */
static char *put_point(char *to, uint32_t point)
{
    static const struct {
        uint32_t below;
        unsigned char lead;
        unsigned tails;
    } forms[] = {{0x80, 0, 0},
                 {0x800, 0xc0, 1},
                 {0x10000, 0xe0, 2},
                 {0x110000, 0xf0, 3}};
    size_t form = 0;
    SYN_ASSERT(point < 0x110000);
    while (point >= forms[form].below) {
        form++;
    }
    unsigned shift = forms[form].tails * TAIL_BITS;
    *to++ = (char)(forms[form].lead | point >> shift);
    while (shift > 0) {
        shift -= TAIL_BITS;
        *to++ = (char)(TAIL_MARK | (point >> shift & TAIL_MASK));
    }
    return to;
}

char *syn_json_text_decode(char *to, struct syn_str inside)
{
    while (inside.bytes > 0) {
        const size_t run = syn_str_find(inside, '\\', 0);
        memcpy(to, inside.at, run);
        to += run;
        inside = syn_str_from(inside, run);
        if (inside.bytes > 0) {
            to = put_point(to, take_escape(&inside));
        }
    }
    return to;
}

/* --- values --------------------------------------------------------------- */

static bool is_structure(char c)
{
    return c == ',' || c == ']' || c == '}' || syn_json_text_is_space(c);
}

/* Behind the bracket that closes the one at `at`. */
static size_t container_end(struct syn_str text, size_t at)
{
    size_t depth = 0;
    while (at < text.bytes) {
        char c = text.at[at];
        if (c == '"') {
            at = syn_json_text_string_end(text, at);
            continue;
        }
        at++;
        if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            break;
        }
    }
    return at;
}

size_t syn_json_text_value_end(struct syn_str text, size_t at)
{
    if (at >= text.bytes) {
        return text.bytes;
    }
    char c = text.at[at];
    if (c == '"') {
        return syn_json_text_string_end(text, at);
    }
    if (c == '{' || c == '[') {
        return container_end(text, at);
    }
    while (at < text.bytes && !is_structure(text.at[at])) {
        at++;
    }
    return at;
}

enum syn_json_kind syn_json_kind_of_text(struct syn_str text)
{
    size_t at = syn_json_text_skip_space(text, 0);
    char c = at < text.bytes ? text.at[at] : 'n';
    if (c == '{' || c == '[') {
        return c == '{' ? SYN_JSON_OBJECT : SYN_JSON_ARRAY;
    }
    if (c == '"' || c == 'n') {
        return c == '"' ? SYN_JSON_STRING : SYN_JSON_NULL;
    }
    return c == 't' || c == 'f' ? SYN_JSON_BOOL : SYN_JSON_NUMBER;
}

/* --- members -------------------------------------------------------------- */

/* One member from its name on; returns the place behind its value. */
static size_t read_member(struct syn_str object, size_t at,
                          struct syn_json_label *name, struct syn_str *value)
{
    size_t end = syn_json_text_string_end(object, at);
    name->text = syn_str_part(object, at + 1, end > at + 2 ? end - at - 2 : 0);
    name->is_escaped = syn_str_find(name->text, '\\', 0) < name->text.bytes;
    at = syn_json_text_skip_space(object, end);
    at = syn_json_text_skip_space(object, at + 1); /* the colon */
    end = syn_json_text_value_end(object, at);
    *value = syn_str_part(object, at, end > at ? end - at : 0);
    return end;
}

struct syn_str syn_json_raw(struct syn_str object, const char *name)
{
    struct syn_json_label wanted = {.text = syn_str_of(name)};
    struct syn_str found = {NULL, 0};
    size_t at = syn_json_text_skip_space(object, 0);
    if (at >= object.bytes || object.at[at] != '{') {
        return found;
    }
    at = syn_json_text_skip_space(object, at + 1);
    while (at < object.bytes && object.at[at] == '"') {
        struct syn_json_label label = {.is_escaped = false};
        struct syn_str value = {NULL, 0};
        at = read_member(object, at, &label, &value);
        if (syn_json_text_compare(label, wanted) == 0) {
            found = value;
        }
        at = syn_json_text_skip_space(object, at);
        at = syn_json_text_skip_space(object, at + 1); /* the comma */
    }
    return found;
}

void syn_json_compact(struct syn_buf *buf, struct syn_str text)
{
    size_t from = 0;
    size_t at = 0;
    /* Copy runs, not bytes: most texts come without white space. */
    while (at < text.bytes) {
        if (text.at[at] == '"') {
            at = syn_json_text_string_end(text, at);
        } else if (syn_json_text_is_space(text.at[at])) {
            syn_buf_put(buf, syn_str_part(text, from, at - from));
            at = syn_json_text_skip_space(text, at);
            from = at;
        } else {
            at++;
        }
    }
    syn_buf_put(buf, syn_str_from(text, from));
}
