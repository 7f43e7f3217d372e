/*
 * cell.h - prove one object of a plan: who reaches it, by doing it.
 * Layer: gate. Threads: the loop's.
 * Source: design section 8.
 *
 * A cell is (identity, object, right). It is tried with every probe that needs
 * the right; with the right the promised ones must succeed, without it none
 * may, nor disclose the object's canary.
 */
#ifndef SYN_GATE_CELL_H
#define SYN_GATE_CELL_H

#include "gate/bench.h"
#include "gate/plan.h"

/* What a cell comes to. */
enum syn_cell_kind {
    SYN_CELL_KEPT,    /* as planned */
    SYN_CELL_MISSING, /* needed, and not granted */
    SYN_CELL_REFUSED, /* planned, and refused */
    SYN_CELL_BEYOND,  /* not planned, and reached */
    SYN_CELL_NEVER,   /* never to be reached, and reached or granted */
    SYN_CELL_OPEN     /* no answer, or a fault of the service */
};

struct syn_cell {
    struct syn_gate_object object;
    struct syn_gate_party party;
    unsigned right;   /* one of SYN_RIGHT_… */
    unsigned planned; /* rights by the plan, all of them */
    unsigned needed;  /* rights by the needs, all of them */
    bool is_reached;  /* what was seen */
    enum syn_cell_kind kind;
    uint64_t assumes; /* not kept: the readings on which the right hangs */
    struct syn_str evidence; /* "open by sid: 403/54007"; of the prover */
};

struct syn_prover; /* opaque: harness/gate/cell.c; sessions and things */

struct syn_prover_options {
    struct syn_bench *bench;
    const struct syn_gate_plan *plan;
    struct syn_arena *arena;             /* of what is kept: cells, evidence */
    const struct syn_readings *readings; /* NULL: as the reference */
    bool wants_all;
    /* Called for every cell, in order. */
    void (*judged)(void *ctx, const struct syn_cell *cell);
    void *ctx;
};

SYN_MUST_CHECK syn_status syn_prover_new(
    const struct syn_prover_options *options, struct syn_prover **out);
void syn_prover_free(struct syn_prover *prover); /* NULL is ignored */

/* Build the object, apply its grants, prove its cells; `manage` comes last, on
 * a twin. Errors: SYN_ERR_NET: it could not be built, `reason` is written. */
SYN_MUST_CHECK syn_status syn_prover_prove(struct syn_prover *prover,
                                           const struct syn_gate_object *object,
                                           char reason[SYN_BENCH_REASON_BYTES]);

#endif
