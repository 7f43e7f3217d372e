/*
 * locate.c - the line of a value in a configuration text.
 * Layer: target. Threads: independent calls.
 *
 * The parsed tree keeps no places, so a fault is located by walking the text
 * once more with a stack of names. The text is known to be valid, hence the
 * walker only tells strings, brackets, commas and comments apart.
 */
#include "target/locate.h"

#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 512

struct level {
    size_t path_bytes; /* of the path up to and without this container */
    unsigned index;    /* of the next element, in arrays */
    bool is_array;
};

struct walker {
    struct syn_str text;
    size_t at;
    unsigned line;
    struct level levels[SYN_JSON_DEPTH_MAX + 1];
    unsigned depth;
    char path[PATH_BYTES];
    size_t path_bytes;
    bool is_name_next; /* a string now is a member's name */
};

static void step(struct walker *w)
{
    w->line += w->text.at[w->at] == '\n' ? 1 : 0;
    w->at++;
}

static bool starts(const struct walker *w, const char *word)
{
    return syn_str_has_prefix(syn_str_from(w->text, w->at), syn_str_of(word));
}

static void skip_comment(struct walker *w)
{
    bool is_block = starts(w, "/*");
    const char *end = is_block ? "*/" : "\n";
    while (w->at < w->text.bytes && !starts(w, end)) {
        step(w);
    }
    for (size_t i = 0; is_block && i < 2 && w->at < w->text.bytes; i++) {
        step(w);
    }
}

/* The text between the quotes, escapes left alone. */
static struct syn_str read_string(struct walker *w)
{
    size_t from = w->at + 1;
    step(w);
    while (w->at < w->text.bytes && w->text.at[w->at] != '"') {
        if (w->text.at[w->at] == '\\') {
            step(w);
        }
        if (w->at < w->text.bytes) {
            step(w);
        }
    }
    struct syn_str inside = syn_str_part(w->text, from, w->at - from);
    if (w->at < w->text.bytes) {
        step(w);
    }
    return inside;
}

static void set_last(struct walker *w, size_t base, const char *last,
                     size_t bytes)
{
    int length = snprintf(w->path + base, sizeof w->path - base, "/%.*s",
                          (int)bytes, last);
    size_t room = sizeof w->path - base - 1;
    w->path_bytes = base + (length < 0              ? 0
                            : (size_t)length > room ? room
                                                    : (size_t)length);
}

static size_t base_of(const struct walker *w)
{
    return w->depth == 0 ? 0 : w->levels[w->depth - 1].path_bytes;
}

/* Name the next element of the array we are in. */
static void name_element(struct walker *w)
{
    char number[16];
    struct level *level = &w->levels[w->depth - 1];
    int length = snprintf(number, sizeof number, "%u", level->index);
    level->index++;
    set_last(w, level->path_bytes, number, length < 0 ? 0 : (size_t)length);
}

static void open_container(struct walker *w, bool is_array)
{
    if (w->depth < SYN_JSON_DEPTH_MAX) {
        w->levels[w->depth] =
            (struct level){.path_bytes = w->path_bytes, .is_array = is_array};
        w->depth++;
    }
    w->is_name_next = !is_array;
    if (is_array) {
        name_element(w);
    }
}

static void close_container(struct walker *w)
{
    w->depth -= w->depth > 0 ? 1 : 0;
    w->path_bytes = base_of(w);
    w->is_name_next = false;
}

static void next_member(struct walker *w)
{
    bool is_array = w->depth > 0 && w->levels[w->depth - 1].is_array;
    w->is_name_next = w->depth > 0 && !is_array;
    if (is_array) {
        name_element(w);
    }
}

static bool is_at(const struct walker *w, const char *pointer)
{
    return syn_str_is((struct syn_str){w->path, w->path_bytes}, pointer);
}

/* Do one token; true when the walker stands at `pointer`. */
static bool walk_token(struct walker *w, const char *pointer)
{
    char byte = w->text.at[w->at];
    if (byte == '/') {
        skip_comment(w);
        return false;
    }
    if (byte == '"') {
        struct syn_str inside = read_string(w);
        if (w->is_name_next) {
            w->is_name_next = false;
            set_last(w, base_of(w), inside.at, inside.bytes);
            return is_at(w, pointer);
        }
        return false;
    }
    if (byte == '{' || byte == '[') {
        open_container(w, byte == '[');
        step(w);
        return byte == '[' && is_at(w, pointer);
    }
    if (byte == '}' || byte == ']') {
        close_container(w);
    } else if (byte == ',') {
        next_member(w);
        step(w);
        return is_at(w, pointer);
    }
    step(w);
    return false;
}

unsigned syn_target_line_of(struct syn_str text, const char *pointer)
{
    struct walker w = {.text = text, .line = 1};
    while (w.at < text.bytes) {
        unsigned line = w.line;
        if (walk_token(&w, pointer)) {
            return line;
        }
    }
    return 1;
}
