/*
 * config_place.c - where in its text a member of a configuration stands.
 *
 * The parsed tree keeps no places, so the text is walked again along a
 * pointer. It is known to be valid JSON once its comments are blanked, hence
 * the walk only tells strings, brackets and commas apart.
 */
#include "service/config.h"

#include <string.h>

/* Behind the string that begins at `at`. */
static size_t skip_string(struct syn_str text, size_t at)
{
    at++;
    while (at < text.bytes && text.at[at] != '"') {
        at += text.at[at] == '\\' ? 2 : 1;
    }
    return at < text.bytes ? at + 1 : text.bytes;
}

void syn_config_blank(char *text, size_t bytes)
{
    const struct syn_str all = {text, bytes};
    size_t at = 0;
    while (at < bytes) {
        const bool is_comment = text[at] == '/' && at + 1 < bytes &&
                                (text[at + 1] == '/' || text[at + 1] == '*');
        if (text[at] == '"') {
            at = skip_string(all, at);
            continue;
        }
        if (!is_comment) {
            at++;
            continue;
        }
        const bool is_block = text[at + 1] == '*';
        size_t end = at + 2;
        while (end < bytes && (is_block ? text[end - 1] != '*' ||
                                              text[end] != '/' || end < at + 3
                                        : text[end] != '\n')) {
            end++;
        }
        end += is_block && end < bytes ? 1 : 0;
        for (; at < end; at++) {
            text[at] = text[at] == '\n' ? '\n' : ' ';
        }
    }
}

static size_t skip_space(struct syn_str text, size_t at)
{
    while (at < text.bytes && strchr(" \t\r\n", text.at[at]) != NULL) {
        at++;
    }
    return at;
}

static size_t skip_value(struct syn_str text, size_t at)
{
    unsigned depth = 0;
    while (at < text.bytes) {
        const char byte = text.at[at];
        if (byte == '"') {
            at = skip_string(text, at);
        } else if (byte == '{' || byte == '[') {
            depth++;
            at++;
        } else if (depth == 0 && strchr(",]} \t\r\n", byte) != NULL) {
            break;
        } else {
            depth -= byte == '}' || byte == ']' ? 1 : 0;
            at++;
        }
        if (depth == 0 && strchr("\"}]", text.at[at - 1]) != NULL) {
            break;
        }
    }
    return at;
}

/* The value of a member, or an element by number, of the container at `at`;
 * the end of the text when it is not there. */
static size_t find_child(struct syn_str text, size_t at, struct syn_str name)
{
    const bool is_array = text.at[at] == '[';
    uint64_t index = 0;
    if ((!is_array && text.at[at] != '{') ||
        (is_array && !syn_str_to_u64(name, SIZE_MAX, &index))) {
        return text.bytes;
    }
    at = skip_space(text, at + 1);
    for (uint64_t i = 0;
         at < text.bytes && text.at[at] != ']' && text.at[at] != '}'; i++) {
        bool is_it = is_array && i == index;
        if (!is_array) {
            const size_t end = skip_string(text, at);
            is_it = syn_str_is_equal(syn_str_part(text, at + 1, end - at - 2),
                                     name);
            at = skip_space(text, skip_space(text, end) + 1);
        }
        if (is_it) {
            return at;
        }
        at = skip_space(text, skip_value(text, at));
        if (at < text.bytes && text.at[at] == ',') {
            at = skip_space(text, at + 1);
        }
    }
    return text.bytes;
}

struct syn_str syn_config_value(struct syn_str text, const char *pointer)
{
    const struct syn_str path = syn_str_of(pointer);
    size_t at = skip_space(text, 0);
    size_t from = 1;
    while (from <= path.bytes && at < text.bytes) {
        const size_t end = syn_str_find(path, '/', from);
        at = find_child(text, at, syn_str_part(path, from, end - from));
        from = end + 1;
    }
    if (at >= text.bytes) {
        return (struct syn_str){NULL, 0};
    }
    return syn_str_part(text, at, skip_value(text, at) - at);
}

void syn_config_locate(struct syn_str text, size_t offset, unsigned *line,
                       unsigned *column)
{
    size_t line_at = 0;
    *line = 1;
    for (size_t i = 0; i < offset && i < text.bytes; i++) {
        if (text.at[i] == '\n') {
            (*line)++;
            line_at = i + 1;
        }
    }
    *column = 1 + (unsigned)syn_str_code_points(
                      syn_str_part(text, line_at, offset - line_at));
}
