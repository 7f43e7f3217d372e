/*
 * ledger.h - what workers tell each other: a few words in shared memory.
 * Layer: load. Threads: processes; every field is atomic or written before
 * others are told to look.
 * Source: design section 9.
 *
 * A worker writes down a change before it is sent and again when it is
 * acknowledged. Whoever hears of a change reads afterwards, so the ledger can
 * be ahead of a frame but never behind it.
 */
#ifndef SYN_LOAD_LEDGER_H
#define SYN_LOAD_LEDGER_H

#include "syn/limits.h"
#include "syn/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One object that a session of another worker listens to. */
struct syn_load_probe {
    char sid[SYN_LOAD_SID_BYTES]; /* written before `is_there` */
    uint32_t number;              /* that its changes carry, likewise */
    atomic_bool is_there;
    atomic_uint sent; /* ordinals */
    atomic_uint acked;
    atomic_uint grant;      /* enum syn_load_grant, and above it the epoch */
    atomic_uint revoked_at; /* written before `grant` says so */
};

/* How far a worker is; they go on together. */
enum syn_load_stage {
    SYN_LOAD_STAGE_SETUP,
    SYN_LOAD_STAGE_RUN,    /* waits for the common start, then runs */
    SYN_LOAD_STAGE_SETTLE, /* sends nothing more */
    SYN_LOAD_STAGE_DONE
};

struct syn_load_station {
    atomic_uint stage; /* enum syn_load_stage */
    struct syn_load_probe probe;
};

struct syn_load_ledger {
    _Atomic int64_t start_us; /* Unix; 0: not fixed yet */
    atomic_bool stop;         /* end early, reports are written */
    atomic_uint count;
    struct syn_load_station stations[SYN_LOAD_WORKERS_MAX];
};

/* Shared by this process and all that it forks. Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_load_ledger_new(uint32_t workers,
                                              struct syn_load_ledger **out);
void syn_load_ledger_free(struct syn_load_ledger *ledger); /* NULL: nothing */

/* Have all workers got so far? */
bool syn_load_ledger_all_at(const struct syn_load_ledger *ledger,
                            enum syn_load_stage stage);

#endif
