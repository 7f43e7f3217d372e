/*
 * loop.h - one event loop per process: libev carrying libwebsockets and curl.
 * Layer: net. Threads: the owner only, but for syn_loop_wake.
 * Source: design section 5, performance section 5.
 *
 * Time with meaning is on the syn_clock given at birth. With a real clock the
 * loop fires its timers; a virtual clock is moved by its owner, and the loop
 * only carries bytes. Waits of the loop itself are real time and are transport
 * guards, nothing else.
 */
#ifndef SYN_NET_LOOP_H
#define SYN_NET_LOOP_H

#include "base/clock.h"
#include "syn/status.h"

#include <stdbool.h>

struct syn_loop; /* opaque: harness/net/loop.c */

/* A function called once at the end of each turn; zero-initialise. */
struct syn_turn_hook {
    void (*run)(void *ctx);
    void *ctx;
    struct syn_turn_hook *next; /* owned by loop.c */
};

/* The clock must outlive the loop. Errors: SYN_ERR_MEMORY, SYN_ERR_NET. */
SYN_MUST_CHECK syn_status syn_loop_new(struct syn_clock *clock,
                                       struct syn_loop **out);

/* Closes every stream and listener still open, without callbacks. */
void syn_loop_free(struct syn_loop *loop);

struct syn_clock *syn_loop_clock(const struct syn_loop *loop);

/*
 * One turn: wait at most `wait_ms` of real time for something to do (0: do not
 * wait), dispatch it, fire due timers of a real clock, run the turn hooks,
 * flush what the streams have queued.
 */
void syn_loop_turn(struct syn_loop *loop, unsigned wait_ms);

/*
 * Turn until `is_done(ctx)`; false when `guard_ms` of real time have passed
 * before, or syn_loop_stop was called. The condition is asked after each turn
 * and before the first.
 */
bool syn_loop_run_until(struct syn_loop *loop, bool (*is_done)(void *ctx),
                        void *ctx, unsigned guard_ms);

/* Turn until syn_loop_stop. */
void syn_loop_run(struct syn_loop *loop);

/* End run and run_until; sticky until syn_loop_resume. */
void syn_loop_stop(struct syn_loop *loop);
void syn_loop_resume(struct syn_loop *loop);

/* End the current wait. The only call allowed from a signal handler or another
 * thread; together with a flag of the caller's. */
void syn_loop_wake(struct syn_loop *loop);

void syn_loop_add_hook(struct syn_loop *loop, struct syn_turn_hook *hook);
void syn_loop_remove_hook(struct syn_loop *loop, struct syn_turn_hook *hook);

#endif
