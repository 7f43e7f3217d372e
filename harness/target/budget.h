/*
 * budget.h - how much may leave for a target, counted by all workers together.
 * Layer: target. Threads: one process each; shared by fork.
 * Source: design section 4 ("budget"), rest.md section 6.
 *
 * A purse lies in memory that every fork shares. What would go over a budget
 * does not leave, and the run ends for safety. Rates are kept by slots: whoever
 * sends next takes the next free moment and waits for it, so that any number
 * of workers together keep one pace, without bursts.
 */
#ifndef SYN_TARGET_BUDGET_H
#define SYN_TARGET_BUDGET_H

#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"
#include "target/file.h"

#include <stdbool.h>
#include <stdint.h>

/* What a departure spends; bits. */
enum syn_spend {
    SYN_SPEND_REQUEST = 1u << 0,
    SYN_SPEND_WRITE = 1u << 1,
    SYN_SPEND_CONNECTION = 1u << 2 /* a web socket, until it is given back */
};

/* What has left so far. */
struct syn_purse_sum {
    int64_t requests;
    int64_t writes;
    int64_t dials;    /* connections opened, of both planes */
    int64_t standing; /* web sockets open now */
    int64_t standing_most;
    int64_t elapsed_s;
    int64_t back_offs; /* answers 429 */
};

struct syn_purse; /* opaque: harness/target/budget.c */

/* Begin to count now. `folder` takes a file for a moment. *out belongs to the
 * caller. Errors: SYN_ERR_IO, SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_purse_open(const struct syn_target_budget *budget,
                                         const char *folder,
                                         struct syn_purse **out);
void syn_purse_close(struct syn_purse *purse); /* NULL is ignored */

/*
 * Count what is about to leave. Clean-up (`is_forced`) is counted, never
 * refused. Errors: SYN_ERR_LIMIT (nothing counted; the purse is spent from
 * now on).
 */
SYN_MUST_CHECK syn_status syn_purse_spend(struct syn_purse *purse,
                                          unsigned what, bool is_forced);

/* Web sockets that have ended. */
void syn_purse_return(struct syn_purse *purse, unsigned connections);

/* Connections that a transfer opened beyond those counted by spend. */
void syn_purse_dial(struct syn_purse *purse, unsigned connections);

/* Which budget is spent, as a sentence with static storage; NULL: none. */
const char *syn_purse_spent(struct syn_purse *purse);

/* Rates. Creations and deletions keep one per service. */
enum syn_purse_lane {
    SYN_LANE_REST,    /* rest_per_s */
    SYN_LANE_CONNECT, /* connects_per_s */
    SYN_LANE_CREATE   /* a tenth of rest_per_s, at least 1 */
};

/* Take the next slot: the monotonic time in microseconds from which it may be
 * used. `service` counts for SYN_LANE_CREATE alone. */
int64_t syn_purse_slot_us(struct syn_purse *purse, enum syn_purse_lane lane,
                          struct syn_str service);

/* The target said 429: nothing leaves for `retry_after_s`, or, when that is 0,
 * for a time that doubles with each such answer in a row. */
void syn_purse_back_off(struct syn_purse *purse, uint32_t retry_after_s);

/* An answer that is no 429: the doubling begins anew. */
void syn_purse_relax(struct syn_purse *purse);

/* Until when all are to hold back; monotonic, 0: not at all. */
int64_t syn_purse_quiet_us(struct syn_purse *purse);

/* Nobody sends any more but for clean-up: Ctrl-C, or a run that ends. */
void syn_purse_hush(struct syn_purse *purse);
bool syn_purse_is_hushed(struct syn_purse *purse);

struct syn_purse_sum syn_purse_sum(struct syn_purse *purse);

/* The same against the budget, in words of the arena; NULL: out of memory. */
const char *syn_purse_tell(struct syn_purse *purse, struct syn_arena *arena);

/* Monotonic microseconds, as slots are told. */
int64_t syn_purse_now_us(void);

#endif
