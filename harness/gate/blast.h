/*
 * blast.h - what a stolen token of an identity reaches, and until when.
 * Layer: gate. Threads: independent calls.
 * Source: design section 8.
 *
 * All is computed, by the oracle: from a plan, or from the rows of a real
 * service. Only syn_blast_read opens anything, with a token of the identity,
 * and it reads.
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

/* What a real read showed, where one was asked for. */
enum syn_blast_seen {
    SYN_BLAST_UNTRIED,
    SYN_BLAST_READ,
    SYN_BLAST_REFUSED,
    SYN_BLAST_SILENT /* no answer, or a fault of the service */
};

struct syn_blast_object {
    enum syn_type type;
    struct syn_str name; /* or sid, where there is no name */
    struct syn_str sid;  /* empty: of a plan */
    unsigned rights[SYN_BLAST_COUNT];
    enum syn_blast_seen seen;
};

struct syn_blast {
    struct syn_str identity;
    int64_t token_ttl_s; /* at most so long does a token last */
    struct syn_blast_object *objects;
    size_t count;
    size_t reached[SYN_BLAST_COUNT]; /* objects, with any right */
    size_t written[SYN_BLAST_COUNT]; /* objects, with write or manage */
    struct syn_str headline;         /* one sentence */
    bool has_state;                  /* a real service: the switch is known */
    bool acl_enabled;                /* now */
    size_t read;                     /* objects whose data a read showed */
    size_t differing;                /* reads that the rows do not explain */
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

/*
 * Open every object of a blast at a target with a token of the identity, minted
 * from the target's key and alive for minutes; GETs alone leave. Fills `seen`,
 * `read` and `differing`. Errors: SYN_ERR_CONFIG (no key to mint with),
 * SYN_ERR_NET (no session), both with `reason`; SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_blast_read(struct syn_arena *arena,
                                         const struct syn_target *target,
                                         struct syn_blast *blast,
                                         char reason[SYN_CENSUS_REASON_BYTES]);

/* Does what was seen differ from what the rows say? */
bool syn_blast_differs(const struct syn_blast *blast,
                       const struct syn_blast_object *object);

/* The answer as one page that loads nothing. */
void syn_blast_write_page(struct syn_buf *out, const struct syn_blast *blast);

/* The answer as one JSON document. */
void syn_blast_write(struct syn_buf *out, const struct syn_blast *blast);

/* The word of a time, "acl_off". */
const char *syn_blast_word(enum syn_blast_when when);

#endif
