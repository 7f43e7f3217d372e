/*
 * blast.h - what a stolen token of an identity reaches, and until when.
 * Layer: gate. Threads: independent calls.
 * Source: design section 8.
 *
 * All is computed, by the oracle: from a plan, or from the rows of a real
 * service. Nothing is opened.
 */
#ifndef SYN_GATE_BLAST_H
#define SYN_GATE_BLAST_H

#include "base/buf.h"
#include "gate/census.h"
#include "gate/plan.h"

/* The four times that are told apart. X(NAME, word) */
#define SYN_BLAST_MAP(X)           \
    X(OFF, "acl_off")              \
    X(PLAN, "acl_on")              \
    X(REVOKED, "after_revocation") \
    X(KEY_GONE, "after_key_deletion")
#define SYN_BLAST_AS_ENUM(name, word) SYN_BLAST_##name,
enum syn_blast_when { SYN_BLAST_MAP(SYN_BLAST_AS_ENUM) SYN_BLAST_COUNT };

struct syn_blast_object {
    enum syn_type type;
    struct syn_str name; /* or sid, where there is no name */
    unsigned rights[SYN_BLAST_COUNT];
};

struct syn_blast {
    struct syn_str identity;
    int64_t token_ttl_s; /* at most so long does a token last */
    struct syn_blast_object *objects;
    size_t count;
    size_t reached[SYN_BLAST_COUNT]; /* objects, with any right */
    size_t written[SYN_BLAST_COUNT]; /* objects, with write or manage */
    struct syn_str headline;         /* one sentence */
};

/* By the plan. Errors: SYN_ERR_CONFIG with `fault`, SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_blast_of_plan(struct syn_arena *arena,
                                            const struct syn_gate_plan *plan,
                                            struct syn_str identity,
                                            char fault[SYN_GATE_FAULT_BYTES],
                                            struct syn_blast *out);

/* By the rows that are there. Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_blast_of_inventory(
    struct syn_arena *arena, const struct syn_census *inventory,
    struct syn_str identity, struct syn_blast *out);

/* The answer as one JSON document. */
void syn_blast_write(struct syn_buf *out, const struct syn_blast *blast);

/* The word of a time, "acl_off". */
const char *syn_blast_word(enum syn_blast_when when);

#endif
