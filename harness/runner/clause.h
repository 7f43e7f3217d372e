/*
 * clause.h - the clauses of the specification, compiled in.
 * Layer: runner. Threads: constants only.
 * Source: fixtures/clauses.json, by clause_gen.c at build time.
 */
#ifndef SYN_RUNNER_CLAUSE_H
#define SYN_RUNNER_CLAUSE_H

#include "syn/result.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>

struct syn_clause {
    const char *id; /* "ACL-21" */
    enum syn_level level;
    enum syn_subject subject;
    const char *sentence;
    const char *source;
    const char *check;   /* how it can be shown; "" when not said */
    const char *objects; /* "D L M", blank between */
    bool is_inferred;
    bool is_pending; /* no row yet: not covered */
};

extern const struct syn_clause syn_clauses[];
extern const size_t syn_clause_count;

/* NULL: no such clause. */
const struct syn_clause *syn_clause_find(struct syn_str id);

/* The word that begins at *at in a list with blanks between; empty at the end.
 * *at moves behind it. */
struct syn_str syn_clause_next_word(struct syn_str words, size_t *at);

#endif
