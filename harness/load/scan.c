/*
 * scan.c - see scan.h. Positions only grow and are compared with the end
 * before every look.
 */
#include "load/scan.h"

#include <string.h>

static const struct syn_str absent = {NULL, 0};

static size_t skip_space(struct syn_str text, size_t at)
{
    while (at < text.bytes && (text.at[at] == ' ' || text.at[at] == '\n' ||
                               text.at[at] == '\r' || text.at[at] == '\t')) {
        at++;
    }
    return at;
}

/* Is the byte at `at` escaped: behind an odd number of backslashes? */
static bool is_escaped(struct syn_str text, size_t begin, size_t at)
{
    size_t slashes = 0;
    while (at > begin + slashes && text.at[at - slashes - 1] == '\\') {
        slashes++;
    }
    return slashes % 2 == 1;
}

/* `at` is on an opening quote: the position behind the closing one; 0: none.
 * Most bytes of a frame are in strings, so the C library looks for the end. */
static size_t skip_string(struct syn_str text, size_t at)
{
    const size_t begin = at + 1;
    for (at = begin; at < text.bytes; at++) {
        const char *quote = memchr(text.at + at, '"', text.bytes - at);
        if (quote == NULL) {
            return 0;
        }
        at = (size_t)(quote - text.at);
        if (!is_escaped(text, begin, at)) {
            return at + 1;
        }
    }
    return 0;
}

static bool is_scalar_end(char byte)
{
    return byte == ',' || byte == '}' || byte == ']' || byte == ' ' ||
           byte == '\n' || byte == '\r' || byte == '\t';
}

/* Objects and arrays by counting brackets outside of strings. */
static size_t skip_nest(struct syn_str text, size_t at)
{
    size_t depth = 0;
    while (at < text.bytes) {
        const char byte = text.at[at];
        if (byte == '"') {
            at = skip_string(text, at);
            if (at == 0) {
                return 0;
            }
            continue;
        }
        depth += byte == '{' || byte == '[';
        depth -= byte == '}' || byte == ']';
        at++;
        if (depth == 0) {
            return at;
        }
    }
    return 0;
}

/* The position behind the value that begins at `at`; 0: there is none. */
static size_t skip_value(struct syn_str text, size_t at)
{
    if (at >= text.bytes) {
        return 0;
    }
    if (text.at[at] == '"') {
        return skip_string(text, at);
    }
    if (text.at[at] == '{' || text.at[at] == '[') {
        return skip_nest(text, at);
    }
    const size_t begin = at;
    while (at < text.bytes && !is_scalar_end(text.at[at])) {
        at++;
    }
    return at == begin ? 0 : at;
}

static void keep(struct syn_str name, struct syn_str value,
                 const struct syn_str *names, size_t count, struct syn_str *out)
{
    for (size_t i = 0; i < count; i++) {
        if (out[i].at == NULL && syn_str_is_equal(name, names[i])) {
            out[i] = value;
            return;
        }
    }
}

/* One member from `at` on, behind the comma or the end; 0: no member. */
static size_t take_member(struct syn_str text, size_t at, struct syn_str *name,
                          struct syn_str *value)
{
    if (at >= text.bytes || text.at[at] != '"') {
        return 0;
    }
    const size_t name_end = skip_string(text, at);
    if (name_end == 0) {
        return 0;
    }
    *name = syn_str_part(text, at + 1, name_end - at - 2);
    at = skip_space(text, name_end);
    if (at >= text.bytes || text.at[at] != ':') {
        return 0;
    }
    at = skip_space(text, at + 1);
    const size_t end = skip_value(text, at);
    if (end == 0) {
        return 0;
    }
    *value = syn_str_part(text, at, end - at);
    return skip_space(text, end);
}

bool syn_load_scan(struct syn_str text, const struct syn_str *names,
                   size_t count, struct syn_str *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = absent;
    }
    size_t at = skip_space(text, 0);
    if (at >= text.bytes || text.at[at] != '{') {
        return false;
    }
    at = skip_space(text, at + 1);
    if (at < text.bytes && text.at[at] == '}') {
        return true;
    }
    while (at < text.bytes) {
        struct syn_str name = absent;
        struct syn_str value = absent;
        at = take_member(text, at, &name, &value);
        if (at == 0 || at >= text.bytes) {
            return false;
        }
        keep(name, value, names, count, out);
        if (text.at[at] == '}') {
            return true;
        }
        if (text.at[at] != ',') {
            return false;
        }
        at = skip_space(text, at + 1);
    }
    return false;
}

bool syn_load_scan_next(struct syn_str *rest, struct syn_str *element)
{
    size_t at = skip_space(*rest, 0);
    if (at >= rest->bytes || (rest->at[at] != '[' && rest->at[at] != ',')) {
        return false;
    }
    at = skip_space(*rest, at + 1);
    const size_t end = skip_value(*rest, at);
    if (end == 0) {
        return false;
    }
    *element = syn_str_part(*rest, at, end - at);
    *rest = syn_str_from(*rest, end);
    return true;
}

struct syn_str syn_load_scan_text(struct syn_str value)
{
    if (value.bytes < 2 || value.at[0] != '"') {
        return (struct syn_str){"", 0};
    }
    return syn_str_part(value, 1, value.bytes - 2);
}

int64_t syn_load_scan_number(struct syn_str value, int64_t fallback)
{
    int64_t number = fallback;
    return syn_str_to_i64(value, &number) ? number : fallback;
}
