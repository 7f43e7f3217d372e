/*
 * json_check.c - strict validator for JSON text.
 * Layer: base. Threads: none needed.
 * Source: RFC 8259 (grammar), RFC 3629 (UTF-8); duplicates as RFC 8259
 * section 4 warns of them.
 *
 * A state machine with a stack of its own, so hostile nesting costs a bound and
 * not our stack. Member names wait on one shared list; when an object closes,
 * its part of the list is looked through for duplicates and dropped.
 */
#include "base/json_text.h"

#include "syn/limits.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_INLINE    32 /* on the stack before the heap is asked */
#define NAMES_PAIRWISE  8  /* up to here, comparing all pairs beats sorting */
#define TEXT_FROM       0x20
#define HEX_BITS        4
#define HEX_DIGITS      4
#define UNICODE_ESCAPE  6 /* bytes of \uNNNN */
#define SHORT_ESCAPE    2 /* bytes of \n and the like */
#define SURROGATE_FIRST 0xd800u
#define SURROGATE_LOW   0xdc00u
#define SURROGATE_LAST  0xdfffu
#define BOM             "\xef\xbb\xbf"

/* What may come next. */
enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* behind '[' */
    EXPECT_NAME,         /* behind ',' in an object */
    EXPECT_NAME_OR_END,  /* behind '{' */
    EXPECT_AFTER         /* behind a value */
};

struct level {
    size_t names_from; /* first name of this object on the list */
    bool is_object;
};

struct check {
    struct syn_str text;
    size_t at;
    struct syn_json_rules rules; /* defaults filled in */
    size_t number_bytes_max;     /* 0: none */
    enum expect expect;
    unsigned depth;
    struct syn_json_label *names;
    size_t name_count;
    size_t name_capacity;
    size_t value_count;
    const char *reason;
    struct syn_json_label names_inline[NAMES_INLINE];
    struct level levels[SYN_JSON_DEPTH_CEILING];
};

static syn_status refuse_at(struct check *c, size_t at, const char *reason)
{
    c->at = at;
    c->reason = reason;
    return SYN_ERR_PARSE;
}

static syn_status refuse(struct check *c, const char *reason)
{
    return refuse_at(
        c, c->at, c->at >= c->text.bytes ? "the text ends too early" : reason);
}

static syn_status limit_at(struct check *c, size_t at, const char *reason)
{
    c->at = at;
    c->reason = reason;
    return SYN_ERR_LIMIT;
}

/* The byte at `at`, or NUL past the end: NUL is legal nowhere. */
static inline char peek(const struct check *c, size_t at)
{
    return at < c->text.bytes ? c->text.at[at] : '\0';
}

/* --- strings -------------------------------------------------------------- */

static bool read_hex(const struct check *c, size_t at, uint32_t *out)
{
    uint32_t value = 0;
    for (size_t i = at; i < at + HEX_DIGITS; i++) {
        char h = peek(c, i);
        if (h >= '0' && h <= '9') {
            value = value << HEX_BITS | (uint32_t)(h - '0');
        } else if ((h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F')) {
            /* 0x20 makes it lower case. */
            value = value << HEX_BITS | (uint32_t)((h | 0x20) - 'a' + 10);
        } else {
            return false;
        }
    }
    *out = value;
    return true;
}

static syn_status check_unicode_escape(struct check *c)
{
    uint32_t unit = 0;
    if (!read_hex(c, c->at + 2, &unit)) {
        return refuse(c, "\\u needs four hex digits");
    }
    if (unit == 0 && !c->rules.allow_nul) {
        return refuse(c, "\\u0000 is not allowed");
    }
    if (unit < SURROGATE_FIRST || unit > SURROGATE_LAST) {
        c->at += UNICODE_ESCAPE;
        return SYN_OK;
    }
    uint32_t low = 0;
    size_t next = c->at + UNICODE_ESCAPE;
    if (unit >= SURROGATE_LOW || peek(c, next) != '\\' ||
        peek(c, next + 1) != 'u' || !read_hex(c, next + 2, &low) ||
        low < SURROGATE_LOW || low > SURROGATE_LAST) {
        return refuse(c, "an escaped surrogate without its other half");
    }
    c->at = next + UNICODE_ESCAPE;
    return SYN_OK;
}

static syn_status check_escape(struct check *c)
{
    char kind = peek(c, c->at + 1);
    if (kind == 'u') {
        return check_unicode_escape(c);
    }
    if (kind == '\0' || memchr("\"\\/bfnrt", kind, 8) == NULL) {
        return refuse(c, "unknown escape");
    }
    c->at += SHORT_ESCAPE;
    return SYN_OK;
}

/* One step over something that is not plain. */
static syn_status check_special(struct check *c)
{
    unsigned char byte = (unsigned char)c->text.at[c->at];
    if (byte == '\\') {
        return check_escape(c);
    }
    if (byte < TEXT_FROM) {
        return refuse(c, "a control character in a string");
    }
    size_t bytes = syn_str_utf8_bytes(c->text, c->at);
    if (bytes == 0) {
        return refuse(c, "a string is not UTF-8");
    }
    c->at += bytes;
    return SYN_OK;
}

/* c->at is on the opening quote and ends behind the closing one. */
static syn_status check_string(struct check *c, struct syn_json_label *label)
{
    const unsigned char *p = (const unsigned char *)c->text.at;
    size_t from = ++c->at;
    label->is_escaped = false;
    for (;;) {
        c->at = syn_json_text_plain_end(c->text, c->at);
        if (c->at >= c->text.bytes) {
            return refuse_at(c, from - 1, "a string never ends");
        }
        if (p[c->at] == '"') {
            break;
        }
        label->is_escaped = label->is_escaped || p[c->at] == '\\';
        syn_status st = check_special(c);
        if (st != SYN_OK) {
            return st;
        }
    }
    label->text = (struct syn_str){c->text.at + from, c->at - from};
    c->at++;
    return SYN_OK;
}

/* --- member names --------------------------------------------------------- */

static syn_status grow_names(struct check *c)
{
    const struct syn_allocator *heap = &syn_allocator_heap;
    bool is_inline = c->names == c->names_inline;
    size_t capacity = c->name_capacity * 2;
    struct syn_json_label *names = heap->resize(
        heap->ctx, is_inline ? NULL : c->names, capacity * sizeof *names);
    if (names == NULL) {
        c->reason = "out of memory";
        return SYN_ERR_MEMORY;
    }
    if (is_inline) {
        memcpy(names, c->names_inline, sizeof c->names_inline);
    }
    c->names = names;
    c->name_capacity = capacity;
    return SYN_OK;
}

static syn_status push_name(struct check *c, struct syn_json_label label)
{
    size_t members = c->name_count - c->levels[c->depth - 1].names_from;
    if (members >= SYN_JSON_MEMBERS_MAX) {
        return limit_at(c, (size_t)(label.text.at - c->text.at) - 1,
                        "an object with too many members");
    }
    if (c->name_count == c->name_capacity) {
        syn_status st = grow_names(c);
        if (st != SYN_OK) {
            return st;
        }
    }
    c->names[c->name_count++] = label;
    return SYN_OK;
}

/* By name, and of equal names by place, so that faults do not depend on how
 * the C library sorts. */
static int compare_labels(const void *left, const void *right)
{
    const struct syn_json_label *a = left;
    const struct syn_json_label *b = right;
    int order = syn_json_text_compare(*a, *b);
    return order != 0 ? order
                      : (a->text.at > b->text.at) - (a->text.at < b->text.at);
}

static bool is_same_name(const struct syn_json_label *a,
                         const struct syn_json_label *b)
{
    if (!a->is_escaped && !b->is_escaped) {
        return syn_str_is_equal(a->text, b->text);
    }
    return syn_json_text_compare(*a, *b) == 0;
}

static const char *find_duplicate_pairwise(const struct syn_json_label *names,
                                           size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (is_same_name(&names[i], &names[j])) {
                return names[i].text.at;
            }
        }
    }
    return NULL;
}

/* Place of the first name that repeats an earlier one, or NULL. */
static const char *find_duplicate(struct syn_json_label *names, size_t count)
{
    const char *found = NULL;
    if (count <= NAMES_PAIRWISE) {
        return find_duplicate_pairwise(names, count);
    }
    qsort(names, count, sizeof *names, compare_labels);
    for (size_t i = 1; i < count; i++) {
        if ((found == NULL || names[i].text.at < found) &&
            is_same_name(&names[i], &names[i - 1])) {
            found = names[i].text.at;
        }
    }
    return found;
}

static syn_status drop_names(struct check *c)
{
    size_t from = c->levels[c->depth - 1].names_from;
    const char *again = find_duplicate(c->names + from, c->name_count - from);
    c->name_count = from;
    if (again != NULL) {
        return refuse_at(c, (size_t)(again - c->text.at) - 1,
                         "a member name comes twice");
    }
    return SYN_OK;
}

static syn_status check_name(struct check *c)
{
    struct syn_json_label label = {.is_escaped = false};
    if (peek(c, c->at) != '"') {
        return refuse(c, "a member name is needed");
    }
    syn_status st = check_string(c, &label);
    if (st == SYN_OK) {
        st = push_name(c, label);
    }
    if (st != SYN_OK) {
        return st;
    }
    c->at = syn_json_text_skip_space(c->text, c->at);
    if (peek(c, c->at) != ':') {
        return refuse(c, "a colon is needed");
    }
    c->at++;
    c->expect = EXPECT_VALUE;
    return SYN_OK;
}

/* --- values --------------------------------------------------------------- */

static bool skip_digits(struct check *c)
{
    size_t from = c->at;
    while (peek(c, c->at) >= '0' && peek(c, c->at) <= '9') {
        c->at++;
    }
    return c->at > from;
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static syn_status check_number(struct check *c)
{
    size_t from = c->at;
    c->at += peek(c, c->at) == '-' ? 1 : 0;
    size_t whole = c->at;
    if (!skip_digits(c)) {
        return refuse(c, "a number needs a digit");
    }
    if (peek(c, whole) == '0' && c->at > whole + 1) {
        return refuse_at(c, whole, "a number starts with a needless 0");
    }
    if (peek(c, c->at) == '.') {
        c->at++;
        if (!skip_digits(c)) {
            return refuse(c, "a fraction needs a digit");
        }
    }
    if (peek(c, c->at) == 'e' || peek(c, c->at) == 'E') {
        c->at++;
        c->at += peek(c, c->at) == '+' || peek(c, c->at) == '-' ? 1 : 0;
        if (!skip_digits(c)) {
            return refuse(c, "an exponent needs a digit");
        }
    }
    if (c->number_bytes_max != 0 && c->at - from > c->number_bytes_max) {
        return limit_at(c, from, "a number with too many digits");
    }
    c->expect = EXPECT_AFTER;
    return SYN_OK;
}

static syn_status check_word(struct check *c)
{
    static const struct syn_str words[] = {
        {"true", 4}, {"false", 5}, {"null", 4}};
    struct syn_str rest = syn_str_from(c->text, c->at);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (syn_str_has_prefix(rest, words[i])) {
            c->at += words[i].bytes;
            c->expect = EXPECT_AFTER;
            return SYN_OK;
        }
    }
    return refuse(c, "a value is needed");
}

static syn_status open_level(struct check *c, bool is_object)
{
    if (c->depth >= c->rules.depth_max) {
        return limit_at(c, c->at, "nested too deeply");
    }
    c->levels[c->depth].is_object = is_object;
    c->levels[c->depth].names_from = c->name_count;
    c->depth++;
    c->at++;
    c->expect = is_object ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END;
    return SYN_OK;
}

static syn_status close_level(struct check *c)
{
    syn_status st = SYN_OK;
    if (c->rules.allow_duplicates) {
        c->name_count = c->levels[c->depth - 1].names_from;
    } else {
        st = drop_names(c);
    }
    if (st == SYN_OK) {
        c->at++;
        c->depth--;
        c->expect = EXPECT_AFTER;
    }
    return st;
}

static syn_status check_value(struct check *c)
{
    struct syn_json_label ignored;
    char first = peek(c, c->at);
    c->value_count++;
    if (first == '{' || first == '[') {
        return open_level(c, first == '{');
    }
    if (first == '"') {
        c->expect = EXPECT_AFTER;
        return check_string(c, &ignored);
    }
    if (first == '-' || (first >= '0' && first <= '9')) {
        return check_number(c);
    }
    return check_word(c);
}

static syn_status check_value_or_end(struct check *c)
{
    return peek(c, c->at) == ']' ? close_level(c) : check_value(c);
}

static syn_status check_name_or_end(struct check *c)
{
    return peek(c, c->at) == '}' ? close_level(c) : check_name(c);
}

/* Behind a value inside a container: a comma, or the end of the container. */
static syn_status check_after(struct check *c)
{
    bool is_object = c->levels[c->depth - 1].is_object;
    char next = peek(c, c->at);
    if (next == ',') {
        c->at++;
        c->expect = is_object ? EXPECT_NAME : EXPECT_VALUE;
        return SYN_OK;
    }
    if (next == (is_object ? '}' : ']')) {
        return close_level(c);
    }
    return refuse(c, is_object ? "a comma or } is needed"
                               : "a comma or ] is needed");
}

typedef syn_status (*step_fn)(struct check *c);
static const step_fn steps[] = {
    [EXPECT_VALUE] = check_value, [EXPECT_VALUE_OR_END] = check_value_or_end,
    [EXPECT_NAME] = check_name,   [EXPECT_NAME_OR_END] = check_name_or_end,
    [EXPECT_AFTER] = check_after,
};

static syn_status run_check(struct check *c)
{
    if (c->text.bytes > c->rules.bytes_max) {
        return limit_at(c, c->rules.bytes_max, "too many bytes");
    }
    if (syn_str_has_prefix(c->text, SYN_STR(BOM))) {
        return refuse(c, "a byte order mark");
    }
    do {
        c->at = syn_json_text_skip_space(c->text, c->at);
        syn_status st = steps[c->expect](c);
        if (st != SYN_OK) {
            return st;
        }
    } while (c->depth > 0 || c->expect != EXPECT_AFTER);
    c->at = syn_json_text_skip_space(c->text, c->at);
    return c->at < c->text.bytes ? refuse(c, "text behind the value") : SYN_OK;
}

/* --- entry ---------------------------------------------------------------- */

static struct syn_json_rules fill_rules(const struct syn_json_rules *rules)
{
    struct syn_json_rules full = {.bytes_max = 0};
    if (rules != NULL) {
        full = *rules;
    }
    if (full.bytes_max == 0) {
        full.bytes_max = SYN_JSON_BYTES_MAX;
    }
    if (full.depth_max == 0) {
        full.depth_max = SYN_JSON_DEPTH_MAX;
    }
    if (full.depth_max > SYN_JSON_DEPTH_CEILING) {
        full.depth_max = SYN_JSON_DEPTH_CEILING;
    }
    return full;
}

/* Lines are counted only now: good texts never pay for it. */
static void set_fault(const struct check *c, struct syn_json_fault *fault)
{
    size_t line_from = 0;
    fault->line = 1;
    for (size_t i = 0; i < c->at && i < c->text.bytes; i++) {
        if (c->text.at[i] == '\n') {
            fault->line++;
            line_from = i + 1;
        }
    }
    struct syn_str before = syn_str_part(c->text, line_from, c->at - line_from);
    fault->offset = c->at;
    fault->column = (unsigned)syn_str_code_points(before) + 1;
    fault->reason = c->reason;
}

syn_status syn_json_text_check(struct syn_str text,
                               const struct syn_json_rules *rules,
                               size_t number_bytes_max,
                               struct syn_json_fault *fault,
                               size_t *value_count)
{
    struct check c; /* levels and names stay unset: several kilobytes */
    c.text = text;
    c.at = 0;
    c.rules = fill_rules(rules);
    c.number_bytes_max = number_bytes_max;
    c.expect = EXPECT_VALUE;
    c.depth = 0;
    c.names = c.names_inline;
    c.name_count = 0;
    c.name_capacity = NAMES_INLINE;
    c.value_count = 0;
    c.reason = "";
    syn_status st = run_check(&c);
    if (c.names != c.names_inline) {
        syn_allocator_heap.release(syn_allocator_heap.ctx, c.names);
    }
    if (st != SYN_OK && fault != NULL) {
        set_fault(&c, fault);
    }
    if (value_count != NULL) {
        *value_count = c.value_count;
    }
    return st;
}

syn_status syn_json_check(struct syn_str text,
                          const struct syn_json_rules *rules,
                          struct syn_json_fault *fault)
{
    return syn_json_text_check(text, rules, 0, fault, NULL);
}
