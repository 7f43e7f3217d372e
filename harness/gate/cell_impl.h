/*
 * cell_impl.h - a prover between its files.
 * Layer: gate, private to cell.c, cell_try.c and cell_past.c.
 */
#ifndef SYN_GATE_CELL_IMPL_H
#define SYN_GATE_CELL_IMPL_H

#include "base/table.h"
#include "gate/cell.h"

struct syn_prover {
    struct syn_prover_options options;
    struct syn_client **members; /* by identity; NULL: not connected */
    struct syn_table outsiders;  /* by "stranger/NAME": clients */
    struct syn_arena_mark mark;  /* of the bench, before any session */
    struct syn_str look; /* at the object, when last in order; bench's */
    size_t since_look;   /* denials since then */
    size_t stride;       /* denials between two looks */
    const struct syn_gate_entry *last_entry; /* of the object before */
    size_t objects;                          /* proven so far */
    bool has_past;                           /* the next object gets one */
};

/* A party at an object, with what the plan says of them. */
struct syn_meeting {
    struct syn_prover *prover;
    const struct syn_gate_object *object;
    const struct syn_gate_party *party;
    struct syn_thing *thing;
    unsigned planned, needed, never;
};

/* What trying a right showed. */
struct syn_sight {
    bool is_reached;
    bool is_open;   /* no answer, or a fault of the service */
    bool discloses; /* data came to somebody who may not read */
    struct syn_str evidence;
};

/* Try a right with every probe that needs it (cell_try.c). */
struct syn_sight syn_meeting_try(struct syn_meeting *meeting,
                                 struct syn_client *client, unsigned right);

/* Remember the object as it is now, in order. */
void syn_prover_look(struct syn_prover *prover, const struct syn_thing *thing);

/* Put the data of the object back after a writer was let through. */
void syn_prover_tidy(struct syn_prover *prover, struct syn_thing *thing);

/* The session of a party, made when it is first asked for. NULL: no memory. */
struct syn_client *syn_prover_session(struct syn_prover *prover,
                                      const struct syn_gate_party *party);

/* The past of an object (cell_past.c), in this order around its making and the
 * plan's grants: another of its name with wide grants lives and goes; after it
 * is made some have rights that are too wide, and use them; what the plan does
 * not give them is taken away, and the switch is turned off and on. Errors:
 * SYN_ERR_NET with `reason`, SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_prover_foretell(
    struct syn_prover *prover, const struct syn_gate_parties *parties,
    const struct syn_thing *thing, char *reason);
SYN_MUST_CHECK syn_status syn_prover_widen(
    struct syn_prover *prover, const struct syn_gate_parties *parties,
    struct syn_thing *thing, char *reason);
SYN_MUST_CHECK syn_status syn_prover_narrow(
    struct syn_prover *prover, const struct syn_gate_object *object,
    const struct syn_gate_parties *parties, struct syn_thing *thing,
    char *reason);

/* Write why into `reason` (SYN_BENCH_REASON_BYTES). Returns SYN_ERR_REFUSED, or
 * SYN_ERR_NET without an answer. */
syn_status syn_prover_explain(const struct syn_reply *reply, const char *what,
                              const struct syn_thing *thing, char *reason);

#endif
