/*
 * clause.c - look a clause up.
 * Layer: runner. Threads: constants only.
 */
#include "runner/clause.h"

const struct syn_clause *syn_clause_find(struct syn_str id)
{
    for (size_t i = 0; i < syn_clause_count; i++) {
        if (syn_str_is(id, syn_clauses[i].id)) {
            return &syn_clauses[i];
        }
    }
    return NULL;
}

struct syn_str syn_clause_next_word(struct syn_str words, size_t *at)
{
    while (*at < words.bytes && words.at[*at] == ' ') {
        (*at)++;
    }
    size_t end = syn_str_find(words, ' ', *at);
    struct syn_str word = syn_str_part(words, *at, end - *at);
    *at = end;
    return word;
}
