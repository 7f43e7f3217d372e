/*
 * clock.h - time as a parameter: real, or standing still until moved.
 * Layer: base. Threads: one owner (the loop).
 *
 * Everything with meaning runs on such a clock: token lifetimes, TTLs, pings,
 * back-off. Timers fire in order of due time, ties in the order they were
 * started. A virtual clock moves only by syn_clock_advance_us, which fires due
 * timers one by one, each seeing `now` equal to its own due time. A real clock
 * follows the wall clock but never steps back, and its owner calls
 * syn_clock_run_due when syn_clock_next_us says so.
 *
 * A timer marked SYN_TIMER_PEER waits for a peer's answer (ping reply,
 * handshake, slow reader). A jump must not find a peer dead, so when the clock
 * is advanced such deadlines start anew from the new time.
 */
#ifndef SYN_BASE_CLOCK_H
#define SYN_BASE_CLOCK_H

#include "syn/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_clock; /* opaque: harness/base/clock.c */

enum syn_timer_kind {
    SYN_TIMER_EVENT, /* something happens at this time */
    SYN_TIMER_PEER   /* a deadline for a peer's answer */
};

typedef void (*syn_timer_fn)(void *ctx);

/* Embedded in its user; zero-initialise. All fields belong to clock.c. */
struct syn_timer {
    int64_t due_us;
    int64_t delay_us; /* as started; restarts peer deadlines after a jump */
    uint64_t order;
    size_t slot; /* 1-based place in the heap, 0 when idle */
    enum syn_timer_kind kind;
    syn_timer_fn fire;
    void *ctx;
};

/* A clock that follows the wall clock (Unix time). NULL: out of memory. */
struct syn_clock *syn_clock_new_real(void);

/* A clock that stands at `start_us` (Unix time, microseconds). */
struct syn_clock *syn_clock_new_virtual(int64_t start_us);

/* Timers still running are forgotten, not fired. NULL is ignored. */
void syn_clock_free(struct syn_clock *clock);

bool syn_clock_is_virtual(const struct syn_clock *clock);

/* Unix time in microseconds, milliseconds, seconds (rounded down). */
/* Real time since some moment, which nobody sets: for durations. */
int64_t syn_monotonic_us(void);

int64_t syn_clock_now_us(const struct syn_clock *clock);
int64_t syn_clock_now_ms(const struct syn_clock *clock);
int64_t syn_clock_now_s(const struct syn_clock *clock);

/* What a timer is for. */
struct syn_alarm {
    enum syn_timer_kind kind;
    syn_timer_fn fire;
    void *ctx;
};

/*
 * Start, or restart, `timer` to fire once after `delay_us` (0 or less: at the
 * next run). The timer must outlive its run or be stopped.
 * Errors: SYN_ERR_MEMORY; SYN_ERR_LIMIT beyond SYN_CLOCK_TIMERS_MAX. The timer
 * is then left as it was.
 */
SYN_MUST_CHECK syn_status syn_clock_start(struct syn_clock *clock,
                                          struct syn_timer *timer,
                                          int64_t delay_us,
                                          struct syn_alarm alarm);

/* Idle timers are ignored. */
void syn_clock_stop(struct syn_clock *clock, struct syn_timer *timer);

bool syn_timer_is_running(const struct syn_timer *timer);

/* Due time of the next timer; false when none runs. */
bool syn_clock_next_us(const struct syn_clock *clock, int64_t *due_us);

/*
 * Fire what is due now; at most `fires_max`. Returns how many fired. What is
 * started meanwhile waits for the next run, even with no delay.
 */
size_t syn_clock_run_due(struct syn_clock *clock, size_t fires_max);

/*
 * Virtual only: move forward by `delta_us` >= 0, firing due timers in order;
 * timers they start inside the span fire too. After each timer `between` (may
 * be NULL) is called, so that frames caused by one timer are queued before the
 * next fires. Errors: SYN_ERR_ARG negative or overflowing span;
 * SYN_ERR_LIMIT more than SYN_CLOCK_FIRES_MAX timers in one jump (a timer that
 * restarts itself without end); the clock then stands where it got to. Must
 * not be called from a timer. A span of 0 fires what is due and restarts no
 * peer deadline.
 */
SYN_MUST_CHECK syn_status syn_clock_advance_us(struct syn_clock *clock,
                                               int64_t delta_us,
                                               syn_timer_fn between, void *ctx);

/*
 * Called with `ctx` whenever the earliest due time may have changed, so that
 * a loop can re-arm its own timer. One observer; NULL removes it.
 */
void syn_clock_observe(struct syn_clock *clock, syn_timer_fn changed,
                       void *ctx);

/* "2026-11-21T10:00:00Z" (seconds) or "….123Z" (milliseconds) into `out`.
 * Times outside the years 0 to 9999 are clamped. */
#define SYN_CLOCK_ISO_BYTES 32
void syn_clock_format_s(int64_t unix_ms, char out[SYN_CLOCK_ISO_BYTES]);
void syn_clock_format_ms(int64_t unix_ms, char out[SYN_CLOCK_ISO_BYTES]);

#endif
