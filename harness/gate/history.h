/*
 * history.h - a trace played again on the reference model.
 * Layer: gate. Threads: one owner.
 * Source: design section 8, `dryrun`.
 *
 * Each event becomes a command of the real state machine, carried out as its
 * own identity: first with ACLs off, then, after the switch, on. Beside the
 * model runs the oracle; where they disagree the replay is worthless and says
 * so. Accesses are judged one by one: a denied one changes nothing, and the
 * next is judged all the same.
 *
 * A slot is an object of the app: a name, or the sid of a nameless one. It may
 * have several lives. Expiry is left out: things live until something removes
 * them, which can only show more needs.
 */
#ifndef SYN_GATE_HISTORY_H
#define SYN_GATE_HISTORY_H

#include "base/table.h"
#include "gate/trace.h"
#include "oracle/rights.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "wire/readings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYN_HISTORY_NONE   SIZE_MAX
#define SYN_HISTORY_RIGHTS 3 /* read, write, manage: bits 0, 1, 2 */

/* By bit: the right and its word. */
struct syn_history_word {
    unsigned right; /* SYN_RIGHT_… */
    const char *word;
};
extern const struct syn_history_word syn_history_rights[SYN_HISTORY_RIGHTS];

struct syn_history_slot {
    enum syn_type type;
    struct syn_str name;     /* at NULL: nameless */
    struct syn_str sid;      /* the last one seen; at NULL: never seen */
    struct syn_str creator;  /* first life; at NULL: the backend */
    bool is_creator_assumed; /* nobody saw who made it */
    bool is_prior;           /* there before the trace began */
    bool is_real;            /* it was there at some time, not only asked for */
    const struct syn_trace_inv *inv; /* NULL: none */
    const size_t *events;            /* places in trace->events */
    size_t event_count;
    bool is_there_at_end; /* when the history was over: can be granted now */
};

struct syn_history {
    const struct syn_trace *trace;
    struct syn_history_slot *slots; /* in the order of first sight */
    size_t slot_count;
    size_t *slot_of; /* by event; SYN_HISTORY_NONE: about no object */
    const struct syn_readings *readings; /* of replays; NULL: the reference's */
};

/* Resolve who is who. All belongs to `arena`. Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_history_new(struct syn_arena *arena,
                                          const struct syn_trace *trace,
                                          struct syn_history **out);

/* Made over REST, as far as the event tells? */
bool syn_history_is_backend(const struct syn_trace_event *event);

/* Had it been refused or missed when it was recorded? Such events are played
 * by nobody and need nothing. */
bool syn_history_was_refused(const struct syn_trace_event *event);

/* Rights of one identity on one slot that were needed, used or granted. */
struct syn_lack {
    size_t slot;
    struct syn_str identity;
    unsigned rights;
    size_t counts[SYN_HISTORY_RIGHTS]; /* accesses by right */
    const struct syn_trace_event *first[SYN_HISTORY_RIGHTS];
    struct syn_ruling whys[SYN_HISTORY_RIGHTS]; /* about the first */
};

struct syn_lacks {
    struct syn_arena *arena;
    struct syn_lack *at;
    size_t count;
    size_t capacity;
    struct syn_table *by_key; /* of the arena, as lacks are copied */
};

/* Errors: SYN_ERR_MEMORY, likewise below. */
SYN_MUST_CHECK syn_status syn_lacks_init(struct syn_lacks *needs,
                                         struct syn_arena *arena);
/* The entry of an identity on a slot, made when there is none. */
SYN_MUST_CHECK syn_status syn_lacks_entry(struct syn_lacks *needs, size_t slot,
                                          struct syn_str identity,
                                          struct syn_lack **out);
const struct syn_lack *syn_lacks_find(const struct syn_lacks *needs,
                                      size_t slot, struct syn_str identity);

/* The ruling in words, as of a type, label and identity. Owned by `arena`. */
struct syn_str syn_lack_explain(struct syn_arena *arena,
                                const struct syn_ruling *why,
                                enum syn_type type, struct syn_str label,
                                struct syn_str identity);

/* The right that an event needs; 0: none. */
unsigned syn_history_right(const struct syn_trace_event *event);

struct syn_rerun_setup {
    const struct syn_lacks *grants; /* applied at the flip and at each later
                                       creation; NULL: none */
    const struct syn_lack *without; /* of `grants`; NULL: all are applied */
    unsigned without_right;         /* the right left out of it */
    int64_t flip_ms; /* since `from`; SYN_TRACE_UNKNOWN: at the end, and then
                        the whole history comes once more */
    size_t slot;     /* this one alone; SYN_HISTORY_NONE: all */
    bool is_pessimistic; /* objects made while off have no creator's right */
};

/* A row that stood when the replay was over. */
struct syn_rerun_row {
    size_t slot;
    struct syn_str identity;
    unsigned rights;
};

struct syn_rerun {
    struct syn_lacks denied;
    struct syn_lacks used;      /* by SDK identities, on and off */
    size_t denied_count;        /* accesses */
    size_t played;              /* events carried out while on */
    size_t refused_before;      /* left out: refused when recorded */
    size_t unattributed;        /* left out: nobody knows whose */
    size_t disagreements;       /* of model and oracle */
    struct syn_rerun_row *rows; /* of others than the creator */
    size_t row_count;
};

/* Everything in *out belongs to `arena`. Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status
syn_history_replay(struct syn_arena *arena, struct syn_history *history,
                   const struct syn_rerun_setup *setup, struct syn_rerun *out);

#endif
