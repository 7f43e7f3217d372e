/*
 * loop.c - one event loop: libev below, streams and curl as its users.
 * Layer: net. Threads: the owner only, but for syn_loop_wake.
 *
 * Each turn is one ev_run bounded by one timer, which covers both the caller's
 * patience and the next due timer of a real clock. The clock is asked anew at
 * every turn, so no observer is needed: nothing can start a timer while the
 * loop sleeps, for there is only one thread.
 */
#include "net/loop.h"

#include "base/clock.h"
#include "net/loop_impl.h"
#include "syn/limits.h"

#include <ev.h>
#include <signal.h>
#include <stdlib.h>

#define US_PER_MS   1000
#define US_PER_S    1000000
#define TURN_MS_MAX 1000 /* longest single wait of run and run_until */

struct syn_loop {
    struct ev_loop *ev;
    struct syn_clock *clock;
    struct syn_streams *streams;
    struct syn_turn_hook *hooks;
    struct syn_turn_hook *hook_cursor; /* next to run; removal moves it */
    ev_async wake;
    ev_timer bound;
    bool is_stopped;
};

/* Both only end the wait; what is due is done after ev_run. */
static void on_wake(struct ev_loop *ev, ev_async *watcher, int events)
{
    (void)ev;
    (void)watcher;
    (void)events;
}

static void on_bound(struct ev_loop *ev, ev_timer *watcher, int events)
{
    (void)ev;
    (void)watcher;
    (void)events;
}

syn_status syn_loop_new(struct syn_clock *clock, struct syn_loop **out)
{
    syn_status st = SYN_ERR_NET;
    struct syn_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return SYN_ERR_MEMORY;
    }
    /* TLS libraries write without MSG_NOSIGNAL. */
    (void)signal(SIGPIPE, SIG_IGN);
    loop->clock = clock;
    /* A loop of our own: the default loop does not survive fork and is shared
     * with whoever else uses libev in the process. */
    loop->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
    if (loop->ev == NULL) {
        goto done;
    }
    ev_async_init(&loop->wake, on_wake);
    ev_async_start(loop->ev, &loop->wake);
    ev_init(&loop->bound, on_bound);
    st = syn_streams_new(loop->ev, &loop->streams);
done:
    if (st != SYN_OK) {
        syn_loop_free(loop);
        return st;
    }
    *out = loop;
    return SYN_OK;
}

void syn_loop_free(struct syn_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    syn_streams_free(loop->streams);
    if (loop->ev != NULL) {
        ev_async_stop(loop->ev, &loop->wake);
        ev_timer_stop(loop->ev, &loop->bound);
        ev_loop_destroy(loop->ev);
    }
    free(loop);
}

struct syn_clock *syn_loop_clock(const struct syn_loop *loop)
{
    return loop->clock;
}

struct ev_loop *syn_loop_ev(const struct syn_loop *loop)
{
    return loop->ev;
}

struct syn_streams *syn_loop_streams(const struct syn_loop *loop)
{
    return loop->streams;
}

/* Real microseconds until this turn must end. */
static int64_t turn_us(const struct syn_loop *loop, unsigned wait_ms)
{
    const int64_t late_us = syn_streams_late_us(loop->streams);
    int64_t wait_us = (int64_t)wait_ms * US_PER_MS;
    int64_t due_us = 0;
    if (syn_streams_has_work(loop->streams)) {
        return 0;
    }
    wait_us = late_us < wait_us ? late_us : wait_us;
    if (!syn_clock_is_virtual(loop->clock) &&
        syn_clock_next_us(loop->clock, &due_us)) {
        int64_t left_us = due_us - syn_clock_now_us(loop->clock);
        wait_us = left_us < wait_us ? left_us : wait_us;
    }
    return wait_us > 0 ? wait_us : 0;
}

static void run_hooks(struct syn_loop *loop)
{
    loop->hook_cursor = loop->hooks;
    while (loop->hook_cursor != NULL) {
        struct syn_turn_hook *hook = loop->hook_cursor;
        loop->hook_cursor = hook->next;
        hook->run(hook->ctx);
    }
}

static void wait_for_events(struct syn_loop *loop, int64_t wait_us)
{
    if (wait_us == 0) {
        ev_run(loop->ev, EVRUN_NOWAIT);
        return;
    }
    ev_now_update(loop->ev); /* timers count from libev's idea of now */
    ev_timer_set(&loop->bound, (double)wait_us / US_PER_S, 0.);
    ev_timer_start(loop->ev, &loop->bound);
    ev_run(loop->ev, EVRUN_ONCE);
    ev_timer_stop(loop->ev, &loop->bound);
}

static void run_due(struct syn_loop *loop)
{
    if (!syn_clock_is_virtual(loop->clock)) {
        (void)syn_clock_run_due(loop->clock, SYN_TURN_TIMERS_MAX);
    }
    run_hooks(loop);
}

/*
 * To write to a crowd takes far longer than to look whether more has come in.
 * Looking first, what several messages cause for the same peers leaves in one
 * write each.
 */
static void gather(struct syn_loop *loop)
{
    for (unsigned i = 0; i < SYN_TURN_LOOKS_MAX; i++) {
        const uint64_t reads = syn_streams_reads(loop->streams);
        if (syn_streams_waiting(loop->streams) < SYN_TURN_CROWD_MIN) {
            return;
        }
        ev_run(loop->ev, EVRUN_NOWAIT);
        if (syn_streams_reads(loop->streams) == reads) {
            return;
        }
        run_due(loop);
    }
}

void syn_loop_turn(struct syn_loop *loop, unsigned wait_ms)
{
    /* What was queued between turns must leave before we sleep; reporting
     * ends may be what the caller waits for, so such a turn does not wait. */
    int64_t wait_us = turn_us(loop, wait_ms);
    syn_streams_flush(loop->streams);
    wait_for_events(loop, wait_us);
    syn_streams_read_late(loop->streams);
    run_due(loop);
    gather(loop);
    syn_streams_flush(loop->streams);
}

bool syn_loop_run_until(struct syn_loop *loop, bool (*is_done)(void *ctx),
                        void *ctx, unsigned guard_ms)
{
    int64_t end_us = syn_monotonic_us() + (int64_t)guard_ms * US_PER_MS;
    while (!is_done(ctx)) {
        int64_t left_ms =
            (end_us - syn_monotonic_us() + US_PER_MS - 1) / US_PER_MS;
        if (left_ms <= 0 || loop->is_stopped) {
            return false;
        }
        syn_loop_turn(loop,
                      left_ms < TURN_MS_MAX ? (unsigned)left_ms : TURN_MS_MAX);
    }
    return true;
}

void syn_loop_run(struct syn_loop *loop)
{
    while (!loop->is_stopped) {
        syn_loop_turn(loop, TURN_MS_MAX);
    }
}

void syn_loop_stop(struct syn_loop *loop)
{
    loop->is_stopped = true;
}

void syn_loop_resume(struct syn_loop *loop)
{
    loop->is_stopped = false;
}

void syn_loop_wake(struct syn_loop *loop)
{
    ev_async_send(loop->ev, &loop->wake);
}

void syn_loop_add_hook(struct syn_loop *loop, struct syn_turn_hook *hook)
{
    /* At the end, so that hooks run in the order they were added. */
    struct syn_turn_hook **at = &loop->hooks;
    while (*at != NULL) {
        SYN_ASSERT(*at != hook);
        at = &(*at)->next;
    }
    hook->next = NULL;
    *at = hook;
}

void syn_loop_remove_hook(struct syn_loop *loop, struct syn_turn_hook *hook)
{
    struct syn_turn_hook **at = &loop->hooks;
    while (*at != NULL && *at != hook) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        return;
    }
    *at = hook->next;
    if (loop->hook_cursor == hook) {
        loop->hook_cursor = hook->next;
    }
    hook->next = NULL;
}
