/*
 * ledger.h - what was said must be kept first: bytes wait for their tickets.
 * Layer: service, private to it. Threads: the loop's.
 * Source: design section 6.
 *
 * Every step that changed something has a ticket of the keeper (service.h).
 * Bytes that tell of a step, be it a reply, an event, or a read that saw it,
 * are held until its ticket is kept, and whatever follows on that connection
 * waits behind them. Other connections, and bytes without a ticket, do not.
 * Without a keeper all this is one comparison.
 */
#ifndef SYN_SERVICE_LEDGER_H
#define SYN_SERVICE_LEDGER_H

#include "net/stream.h"
#include "service/service.h"
#include "syn/limits.h"

struct syn_service;
struct syn_ledger_entry; /* opaque: ledger.c */

/* What one connection is still to be told. */
struct syn_ledger {
    struct syn_service *service;
    struct syn_stream *stream;
    /* Bytes were dropped, because what they tell was not kept. `owed`: what
     * the writer gave along. May write and close. */
    void (*fail)(void *ctx, struct syn_str owed);
    void *ctx;
    struct syn_ledger_entry *first, *last;
    size_t bytes;
    bool closes;                        /* after the last entry */
    struct syn_ledger *next, *previous; /* of all that hold something */
};

/* Of one service. */
struct syn_tickets {
    const struct syn_keeper *keeper; /* NULL: everything is kept at once */
    uint64_t issued;                 /* of the newest change */
    uint64_t broad;  /* of the newest change not of one object alone */
    uint64_t needed; /* by the reply under way: the newest it tells of */
    uint64_t recent[SYN_TICKET_SLOTS]; /* by hash of an object's sid */
    bool has_failed;
    struct syn_ledger *first;
    struct syn_turn_hook hook;
};

void syn_tickets_open(struct syn_service *service);
void syn_tickets_close(struct syn_service *service);

/* The model changed by this outcome; NULL: in no single object. */
void syn_tickets_issue(struct syn_service *service,
                       const struct syn_outcome *outcome);

/* The reply under way tells this outcome. False: it tells what will never be
 * kept, and must not. */
bool syn_tickets_need(struct syn_service *service,
                      const struct syn_outcome *outcome);

bool syn_tickets_is_kept(const struct syn_service *service, uint64_t ticket);

/* Write once `ticket` is kept and all before it is written. `owed` is copied
 * and handed to `fail` if that never happens. */
void syn_ledger_write(struct syn_ledger *ledger, struct syn_str bytes,
                      uint64_t ticket, struct syn_str owed);

/* The same at once, without a copy, if nothing is to be waited for; else
 * false, and nothing was done. */
bool syn_ledger_share(struct syn_ledger *ledger, struct syn_shared *bytes,
                      uint64_t ticket);

/* Close the stream behind what is held. */
void syn_ledger_close(struct syn_ledger *ledger);

/* Forget what is held: the stream is dead. */
void syn_ledger_drop(struct syn_ledger *ledger);

#endif
