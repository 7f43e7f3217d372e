/*
 * json_tree.c - trees in cJSON's form, each in one block of memory.
 * Layer: base. Threads: a tree has one owner.
 * Source: struct cJSON of cJSON 1.7 (its header is its interface).
 *
 * The validator has read the text and counted its values, so nothing can be
 * wrong here any more, and the block has its final size at once: nodes first,
 * then all texts. cJSON's own parser asks the heap twice for each member.
 */
#include "base/json_text.h"

#include "syn/limits.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* So many digits fit into any double and any int64_t exactly. */
#define EXACT_DIGITS 15
#define DECIMAL_BASE 10

struct builder {
    struct syn_str text;
    size_t at;
    cJSON *next_node;
    char *next_text;
};

/* --- scalars -------------------------------------------------------------- */

/* Texts are shorter than what they are written as, by the quotes at least. */
static char *copy_bytes(struct builder *b, struct syn_str s)
{
    char *copy = b->next_text;
    memcpy(copy, s.at, s.bytes);
    copy[s.bytes] = '\0';
    b->next_text += s.bytes + 1;
    return copy;
}

/* b->at is on the opening quote and ends behind the closing one. */
static char *take_string(struct builder *b)
{
    const size_t from = b->at + 1;
    size_t end = syn_json_text_plain_end(b->text, from);
    if (end < b->text.bytes && b->text.at[end] == '"') {
        b->at = end + 1;
        return copy_bytes(b, (struct syn_str){b->text.at + from, end - from});
    }
    b->at = syn_json_text_string_end(b->text, b->at);
    char *copy = b->next_text;
    b->next_text = syn_json_text_decode(
        copy, syn_str_part(b->text, from, b->at - 1 - from));
    *b->next_text++ = '\0';
    return copy;
}

static double number_of(const char *text, size_t bytes)
{
    const size_t sign = text[0] == '-' ? 1 : 0;
    int64_t whole = 0;
    for (size_t i = sign; i < bytes; i++) {
        if (bytes - sign > EXACT_DIGITS || text[i] < '0' || text[i] > '9') {
            return strtod(text, NULL);
        }
        whole = whole * DECIMAL_BASE + (text[i] - '0');
    }
    return sign == 0 ? (double)whole : -(double)whole; /* -0 stays -0 */
}

/* The text stays beside the value: who wants digits only looks at that. */
static void take_number(struct builder *b, cJSON *node)
{
    const size_t end = syn_json_text_value_end(b->text, b->at);
    const struct syn_str raw = {b->text.at + b->at, end - b->at};
    node->type = cJSON_Number;
    node->valuestring = copy_bytes(b, raw);
    node->valuedouble = number_of(node->valuestring, raw.bytes);
    b->at = end;
    if (node->valuedouble >= INT_MAX) {
        node->valueint = INT_MAX; /* as cJSON has it */
    } else if (node->valuedouble <= (double)INT_MIN) {
        node->valueint = INT_MIN;
    } else {
        node->valueint = (int)node->valuedouble;
    }
}

static void take_word(struct builder *b, cJSON *node, char first)
{
    node->type = first == 'n'   ? cJSON_NULL
                 : first == 't' ? cJSON_True
                                : cJSON_False;
    node->valueint = first == 't';
    b->at = syn_json_text_value_end(b->text, b->at);
}

/* --- nodes ---------------------------------------------------------------- */

static cJSON *add_node(struct builder *b, cJSON *parent)
{
    cJSON *node = b->next_node++;
    memset(node, 0, sizeof *node);
    if (parent == NULL) {
        return node;
    }
    /* In cJSON the first child's `prev` is the last one. */
    if (parent->child == NULL) {
        parent->child = node;
    } else {
        node->prev = parent->child->prev;
        node->prev->next = node;
    }
    parent->child->prev = node;
    return node;
}

/* The name of a member, up to its value. */
static char *take_name(struct builder *b)
{
    char *name = take_string(b);
    b->at = syn_json_text_skip_space(b->text, b->at);
    b->at = syn_json_text_skip_space(b->text, b->at + 1); /* the colon */
    return name;
}

/* True: the node is a container, whose members follow. */
static bool take_value(struct builder *b, cJSON *node)
{
    const char first = b->text.at[b->at];
    if (first == '{' || first == '[') {
        node->type = first == '{' ? cJSON_Object : cJSON_Array;
        b->at++;
        return true;
    }
    if (first == '"') {
        node->type = cJSON_String;
        node->valuestring = take_string(b);
    } else if (first == '-' || (first >= '0' && first <= '9')) {
        take_number(b, node);
    } else {
        take_word(b, node, first);
    }
    return false;
}

static void build(struct builder *b)
{
    cJSON *parents[SYN_JSON_DEPTH_CEILING];
    size_t depth = 0;
    do {
        b->at = syn_json_text_skip_space(b->text, b->at);
        const char next = b->text.at[b->at];
        if (next == '}' || next == ']') {
            SYN_ASSERT(depth > 0); /* the text has been checked */
            depth--;
            b->at++;
        } else if (next == ',') {
            b->at++;
        } else {
            cJSON *parent = depth == 0 ? NULL : parents[depth - 1];
            cJSON *node = add_node(b, parent);
            if (parent != NULL && parent->type == cJSON_Object) {
                node->string = take_name(b);
            }
            if (take_value(b, node)) {
                SYN_ASSERT(depth < SYN_JSON_DEPTH_CEILING);
                parents[depth++] = node;
            }
        }
    } while (depth > 0);
}

void *syn_json_tree_build(struct syn_str text, size_t value_count)
{
    const struct syn_allocator *heap = &syn_allocator_heap;
    SYN_ASSERT(value_count > 0 && value_count <= text.bytes);
    cJSON *nodes =
        heap->resize(heap->ctx, NULL,
                     value_count * sizeof *nodes + text.bytes + 1 /* a NUL */);
    if (nodes == NULL) {
        return NULL;
    }
    struct builder b = {.text = text,
                        .next_node = nodes,
                        .next_text = (char *)(nodes + value_count)};
    build(&b);
    SYN_ASSERT(b.next_node == nodes + value_count);
    SYN_ASSERT(b.next_text <= (char *)(nodes + value_count) + text.bytes + 1);
    return nodes;
}
