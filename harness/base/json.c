/*
 * json.c - trees of checked JSON text, held by cJSON.
 * Layer: base. Threads: a tree has one owner.
 *
 * This file and json_tree.c alone see cJSON. It gets nothing our validator has
 * not passed, in particular no \u0000, at which its strings would end, and no
 * number that it would cut. A tree is one block of the heap that hangs on its
 * arena and is released with it; cJSON only looks and prints, and never changes
 * or frees one. Depth is bounded by the validator, so cJSON's recursion is,
 * too.
 */
#include "base/json.h"

#include "base/json_text.h"
#include "syn/limits.h"

#include <math.h>
#include <string.h>

#include <cjson/cJSON.h>

#define WHOLE_MAX 9007199254740991.0 /* 2^53 - 1: every whole one is exact */

/* struct syn_json is never defined: it is cJSON by another name. */
static const cJSON *cjson_of(const struct syn_json *node)
{
    return (const cJSON *)(const void *)node;
}

static const struct syn_json *node_of(const cJSON *item)
{
    return (const struct syn_json *)(const void *)item;
}

/* --- parsing -------------------------------------------------------------- */

static void release_tree(void *tree)
{
    syn_allocator_heap.release(syn_allocator_heap.ctx, tree);
}

syn_status syn_json_parse(struct syn_arena *arena, struct syn_str text,
                          const struct syn_json_rules *rules,
                          const struct syn_json **out,
                          struct syn_json_fault *fault)
{
    struct syn_json_rules strict = {.allow_nul = false};
    if (rules != NULL) {
        strict = *rules;
        strict.allow_nul = false; /* cJSON would cut the string there */
    }
    size_t value_count = 0;
    syn_status st = syn_json_text_check(
        text, &strict, SYN_JSON_NUMBER_BYTES_MAX, fault, &value_count);
    if (st != SYN_OK) {
        return st;
    }
    void *tree = syn_json_tree_build(text, value_count);
    if (tree == NULL) {
        if (fault != NULL) {
            *fault = (struct syn_json_fault){
                .line = 1, .column = 1, .reason = "out of memory"};
        }
        return SYN_ERR_MEMORY; /* the text is good: nothing else is left */
    }
    st = syn_arena_defer(arena, release_tree, tree);
    if (st != SYN_OK) {
        if (fault != NULL) {
            *fault = (struct syn_json_fault){
                .line = 1, .column = 1, .reason = "the arena is full"};
        }
        return st;
    }
    *out = node_of(tree);
    return SYN_OK;
}

/* Where the comment at `at` ends; the end of the text if it never does. */
static size_t comment_end(struct syn_str text, size_t at)
{
    if (text.at[at + 1] == '/') {
        return syn_str_find(text, '\n', at);
    }
    size_t star = syn_str_find(text, '*', at + 2);
    while (star + 1 < text.bytes && text.at[star + 1] != '/') {
        star = syn_str_find(text, '*', star + 1);
    }
    return star + 1 < text.bytes ? star + 2 : text.bytes;
}

static bool is_comment(struct syn_str text, size_t at)
{
    return text.at[at] == '/' && at + 1 < text.bytes &&
           (text.at[at + 1] == '/' || text.at[at + 1] == '*');
}

/* Line ends stay, so that faults keep their line. */
static void blank(char *copy, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        copy[i] = copy[i] == '\n' ? '\n' : ' ';
    }
}

/* A block comment that never ends is left alone: the check points at it. */
static void blank_comments(struct syn_str text, char *copy)
{
    size_t at = 0;
    while (at < text.bytes) {
        if (text.at[at] == '"') {
            at = syn_json_text_string_end(text, at);
        } else if (is_comment(text, at)) {
            size_t end = comment_end(text, at);
            bool is_closed = text.at[at + 1] == '/' || end < text.bytes ||
                             (end - at > 3 && text.at[end - 1] == '/' &&
                              text.at[end - 2] == '*');
            blank(copy, at, is_closed ? end : at);
            at = end;
        } else {
            at++;
        }
    }
}

syn_status syn_json_parse_commented(struct syn_arena *arena,
                                    struct syn_str text,
                                    const struct syn_json **out,
                                    struct syn_json_fault *fault)
{
    char *copy = syn_arena_alloc(arena, text.bytes + 1);
    if (copy == NULL) {
        if (fault != NULL) {
            *fault = (struct syn_json_fault){
                .line = 1, .column = 1, .reason = "out of memory"};
        }
        return SYN_ERR_MEMORY;
    }
    if (text.bytes > 0) {
        memcpy(copy, text.at, text.bytes);
    }
    blank_comments(text, copy);
    return syn_json_parse(arena, (struct syn_str){copy, text.bytes}, NULL, out,
                          fault);
}

/* --- looking -------------------------------------------------------------- */

/* cJSON's types are bits; the low byte says which one it is. */
enum syn_json_kind syn_json_kind(const struct syn_json *node)
{
    static const enum syn_json_kind kinds[] = {
        [cJSON_String] = SYN_JSON_STRING, [cJSON_Number] = SYN_JSON_NUMBER,
        [cJSON_Object] = SYN_JSON_OBJECT, [cJSON_Array] = SYN_JSON_ARRAY,
        [cJSON_True] = SYN_JSON_BOOL,     [cJSON_False] = SYN_JSON_BOOL,
        [cJSON_NULL] = SYN_JSON_NULL,
    };
    SYN_ASSERT(node != NULL);
    const unsigned type = (unsigned)cjson_of(node)->type & 0xff;
    SYN_ASSERT(type < sizeof kinds / sizeof kinds[0]);
    return kinds[type];
}

bool syn_json_is(const struct syn_json *node, enum syn_json_kind kind)
{
    return node != NULL && syn_json_kind(node) == kind;
}

const struct syn_json *syn_json_member(const struct syn_json *node,
                                       const char *name)
{
    if (!syn_json_is(node, SYN_JSON_OBJECT)) {
        return NULL;
    }
    const cJSON *child = cjson_of(node)->child;
    while (child != NULL &&
           (child->string[0] != name[0] || strcmp(child->string, name) != 0)) {
        child = child->next;
    }
    return node_of(child);
}

const struct syn_json *syn_json_first(const struct syn_json *node)
{
    /* cJSON leaves `child` of a scalar NULL. */
    return node == NULL ? NULL : node_of(cjson_of(node)->child);
}

const struct syn_json *syn_json_next(const struct syn_json *node)
{
    return node == NULL ? NULL : node_of(cjson_of(node)->next);
}

size_t syn_json_count(const struct syn_json *node)
{
    size_t count = 0;
    for (const struct syn_json *child = syn_json_first(node); child != NULL;
         child = syn_json_next(child)) {
        count++;
    }
    return count;
}

struct syn_str syn_json_name(const struct syn_json *node)
{
    return syn_str_of(node == NULL ? NULL : cjson_of(node)->string);
}

/* Is `token` of a JSON pointer (~0 for ~, ~1 for /) the name `name`? */
static bool token_is(struct syn_str token, const char *name)
{
    for (size_t i = 0; i < token.bytes; i++, name++) {
        char c = token.at[i];
        if (c == '~' && i + 1 < token.bytes &&
            (token.at[i + 1] == '0' || token.at[i + 1] == '1')) {
            i++;
            c = token.at[i] == '0' ? '~' : '/';
        }
        if (*name == '\0' || c != *name) {
            return false;
        }
    }
    return *name == '\0';
}

static const struct syn_json *child_of(const struct syn_json *node,
                                       struct syn_str token)
{
    uint64_t index = 0;
    const struct syn_json *child = syn_json_first(node);
    if (syn_json_is(node, SYN_JSON_ARRAY)) {
        if (!syn_str_to_u64(token, SYN_JSON_BYTES_MAX, &index)) {
            return NULL;
        }
        while (child != NULL && index > 0) {
            child = syn_json_next(child);
            index--;
        }
        return child;
    }
    while (child != NULL && !token_is(token, cjson_of(child)->string)) {
        child = syn_json_next(child);
    }
    return child;
}

const struct syn_json *syn_json_at(const struct syn_json *node,
                                   const char *pointer)
{
    struct syn_str path = syn_str_of(pointer);
    size_t at = 0;
    while (node != NULL && at < path.bytes) {
        if (path.at[at] != '/') {
            return NULL;
        }
        size_t end = syn_str_find(path, '/', at + 1);
        node = child_of(node, syn_str_part(path, at + 1, end - at - 1));
        at = end;
    }
    return node;
}

/* --- values --------------------------------------------------------------- */

struct syn_str syn_json_str(const struct syn_json *node,
                            struct syn_str fallback)
{
    return syn_json_is(node, SYN_JSON_STRING)
               ? syn_str_of(cjson_of(node)->valuestring)
               : fallback;
}

struct syn_str syn_json_number_text(const struct syn_json *node)
{
    return syn_str_of(syn_json_is(node, SYN_JSON_NUMBER)
                          ? cjson_of(node)->valuestring
                          : NULL);
}

bool syn_json_bool(const struct syn_json *node, bool fallback)
{
    return syn_json_is(node, SYN_JSON_BOOL) ? cJSON_IsTrue(cjson_of(node)) != 0
                                            : fallback;
}

bool syn_json_double(const struct syn_json *node, double *out)
{
    /* 1e999 is good JSON but no number a double can hold. */
    if (!syn_json_is(node, SYN_JSON_NUMBER) ||
        !isfinite(cjson_of(node)->valuedouble)) {
        return false;
    }
    *out = cjson_of(node)->valuedouble;
    return true;
}

bool syn_json_i64(const struct syn_json *node, int64_t *out)
{
    double value = 0;
    if (!syn_json_double(node, &value) || value < -WHOLE_MAX ||
        value > WHOLE_MAX) {
        return false;
    }
    int64_t whole = (int64_t)value;
    /* Both sides are exact in this range, so any difference is a fraction. */
    if ((double)whole < value || (double)whole > value) {
        return false;
    }
    *out = whole;
    return true;
}

/* --- comparing ------------------------------------------------------------ */

/* Children of `a` still to be found among those of `b`. */
struct pair {
    const cJSON *next_a;
    const cJSON *parent_b;
    const cJSON *next_b; /* the likely partner: order is mostly the same */
};

static bool is_same_number(const cJSON *a, const cJSON *b)
{
    return !(a->valuedouble < b->valuedouble) &&
           !(a->valuedouble > b->valuedouble);
}

/* Everything but the children. */
static bool is_same_node(const cJSON *a, const cJSON *b)
{
    if ((a->type & 0xff) != (b->type & 0xff)) {
        return false;
    }
    if (cJSON_IsNumber(a)) {
        return is_same_number(a, b);
    }
    if (cJSON_IsString(a)) {
        return strcmp(a->valuestring, b->valuestring) == 0;
    }
    return syn_json_count(node_of(a)) == syn_json_count(node_of(b));
}

static const cJSON *partner_of(const struct pair *pair)
{
    const cJSON *likely = pair->next_b;
    if (!cJSON_IsObject(pair->parent_b) ||
        (likely != NULL && strcmp(likely->string, pair->next_a->string) == 0)) {
        return likely;
    }
    return cjson_of(
        syn_json_member(node_of(pair->parent_b), pair->next_a->string));
}

bool syn_json_is_equal(const struct syn_json *a, const struct syn_json *b)
{
    struct pair stack[SYN_JSON_DEPTH_CEILING];
    size_t depth = 0;
    if (a == NULL || b == NULL || !is_same_node(cjson_of(a), cjson_of(b))) {
        return a == b;
    }
    stack[depth++] =
        (struct pair){cjson_of(a)->child, cjson_of(b), cjson_of(b)->child};
    while (depth > 0) {
        struct pair *top = &stack[depth - 1];
        if (top->next_a == NULL) {
            depth--;
            continue;
        }
        const cJSON *left = top->next_a;
        const cJSON *right = partner_of(top);
        if (right == NULL || !is_same_node(left, right)) {
            return false;
        }
        top->next_a = left->next;
        top->next_b = right->next;
        if (left->child != NULL) {
            SYN_ASSERT(depth < SYN_JSON_DEPTH_CEILING);
            stack[depth++] = (struct pair){left->child, right, right->child};
        }
    }
    return true;
}

/* --- evidence ------------------------------------------------------------- */

void syn_json_print(struct syn_buf *buf, const struct syn_json *node)
{
    char *text = node == NULL ? NULL : cJSON_PrintUnformatted(cjson_of(node));
    syn_buf_put_text(buf, text == NULL ? "(nothing)" : text);
    cJSON_free(text);
}
