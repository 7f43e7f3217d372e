/*
 * clock.c - timers in binary heaps, on real or virtual time.
 * Layer: base. Threads: one owner.
 *
 * Events and peer deadlines live in two heaps: a jump fires from the first and
 * renews the second, without looking at each timer's kind on the way.
 */
#include "base/clock.h"

#include "syn/arena.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <time.h>

#define US_PER_S     INT64_C(1000000)
#define US_PER_MS    INT64_C(1000)
#define NS_PER_US    1000
#define MS_PER_S     INT64_C(1000)
#define S_PER_DAY    INT64_C(86400)
#define S_PER_HOUR   3600
#define S_PER_MINUTE 60
#define HEAP_MIN     16 /* timers */
#define KINDS        2

/* Smallest (due, order) first, at index 0. */
struct heap {
    struct syn_timer **at;
    size_t count;
    size_t capacity;
};

struct syn_clock {
    bool is_virtual;
    bool is_running;   /* inside run_due or advance: tell the observer later */
    int64_t now_us;    /* virtual only */
    int64_t offset_us; /* real only: Unix time minus monotonic time */
    uint64_t next_order;
    struct heap heaps[KINDS]; /* by enum syn_timer_kind */
    syn_timer_fn changed;
    void *changed_ctx;
};

/* --- heap ----------------------------------------------------------------- */

static bool is_before(const struct syn_timer *a, const struct syn_timer *b)
{
    return a->due_us < b->due_us ||
           (a->due_us == b->due_us && a->order < b->order);
}

static void heap_set(struct heap *heap, size_t i, struct syn_timer *timer)
{
    heap->at[i] = timer;
    timer->slot = i + 1;
}

static void sift_up(struct heap *heap, size_t i, struct syn_timer *timer)
{
    while (i > 0) {
        size_t parent = (i - 1) / 2;
        if (!is_before(timer, heap->at[parent])) {
            break;
        }
        heap_set(heap, i, heap->at[parent]);
        i = parent;
    }
    heap_set(heap, i, timer);
}

static void sift_down(struct heap *heap, size_t i, struct syn_timer *timer)
{
    for (size_t child = 2 * i + 1; child < heap->count; child = 2 * i + 1) {
        if (child + 1 < heap->count &&
            is_before(heap->at[child + 1], heap->at[child])) {
            child++;
        }
        if (!is_before(heap->at[child], timer)) {
            break;
        }
        heap_set(heap, i, heap->at[child]);
        i = child;
    }
    heap_set(heap, i, timer);
}

static syn_status heap_reserve(struct heap *heap)
{
    if (heap->count < heap->capacity) {
        return SYN_OK;
    }
    if (heap->count >= SYN_CLOCK_TIMERS_MAX) {
        return SYN_ERR_LIMIT;
    }
    size_t capacity = heap->capacity == 0 ? HEAP_MIN : heap->capacity * 2;
    struct syn_timer **at = syn_allocator_heap.resize(
        syn_allocator_heap.ctx, heap->at, capacity * sizeof *at);
    if (at == NULL) {
        return SYN_ERR_MEMORY;
    }
    heap->at = at;
    heap->capacity = capacity;
    return SYN_OK;
}

static void heap_remove(struct heap *heap, struct syn_timer *timer)
{
    size_t i = timer->slot - 1;
    SYN_ASSERT(i < heap->count && heap->at[i] == timer);
    struct syn_timer *last = heap->at[--heap->count];
    timer->slot = 0;
    if (last == timer) {
        return;
    }
    if (i > 0 && is_before(last, heap->at[(i - 1) / 2])) {
        sift_up(heap, i, last);
    } else {
        sift_down(heap, i, last);
    }
}

static struct syn_timer *heap_first(const struct heap *heap)
{
    return heap->count == 0 ? NULL : heap->at[0];
}

/* --- making and reading --------------------------------------------------- */

static struct syn_clock *new_clock(void)
{
    struct syn_clock *clock =
        syn_allocator_heap.resize(syn_allocator_heap.ctx, NULL, sizeof *clock);
    if (clock != NULL) {
        *clock = (struct syn_clock){.next_order = 1};
    }
    return clock;
}

static int64_t read_us(clockid_t id)
{
    struct timespec now = {0};
    int failed = clock_gettime(id, &now);
    SYN_ASSERT(failed == 0); /* both clocks are required by POSIX */
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

int64_t syn_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

struct syn_clock *syn_clock_new_real(void)
{
    struct syn_clock *clock = new_clock();
    if (clock != NULL) {
        clock->offset_us = read_us(CLOCK_REALTIME) - read_us(CLOCK_MONOTONIC);
    }
    return clock;
}

struct syn_clock *syn_clock_new_virtual(int64_t start_us)
{
    struct syn_clock *clock = new_clock();
    if (clock != NULL) {
        clock->is_virtual = true;
        clock->now_us = start_us;
    }
    return clock;
}

void syn_clock_free(struct syn_clock *clock)
{
    if (clock == NULL) {
        return;
    }
    SYN_ASSERT(!clock->is_running);
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct heap *heap = &clock->heaps[kind];
        for (size_t i = 0; i < heap->count; i++) {
            heap->at[i]->slot = 0;
        }
        syn_allocator_heap.release(syn_allocator_heap.ctx, heap->at);
    }
    syn_allocator_heap.release(syn_allocator_heap.ctx, clock);
}

bool syn_clock_is_virtual(const struct syn_clock *clock)
{
    return clock->is_virtual;
}

int64_t syn_clock_now_us(const struct syn_clock *clock)
{
    return clock->is_virtual ? clock->now_us
                             : clock->offset_us + read_us(CLOCK_MONOTONIC);
}

/* C division rounds towards zero, which is up before 1970. */
static int64_t divide_down(int64_t value, int64_t by)
{
    return value / by - (value % by < 0 ? 1 : 0);
}

int64_t syn_clock_now_ms(const struct syn_clock *clock)
{
    return divide_down(syn_clock_now_us(clock), US_PER_MS);
}

int64_t syn_clock_now_s(const struct syn_clock *clock)
{
    return divide_down(syn_clock_now_us(clock), US_PER_S);
}

/* --- timers --------------------------------------------------------------- */

/* The next timer of both kinds, or NULL. */
static struct syn_timer *first_timer(const struct syn_clock *clock)
{
    struct syn_timer *event = heap_first(&clock->heaps[SYN_TIMER_EVENT]);
    struct syn_timer *peer = heap_first(&clock->heaps[SYN_TIMER_PEER]);
    if (event == NULL || peer == NULL) {
        return event == NULL ? peer : event;
    }
    return is_before(peer, event) ? peer : event;
}

static int64_t first_due_us(const struct syn_clock *clock)
{
    const struct syn_timer *first = first_timer(clock);
    return first == NULL ? INT64_MAX : first->due_us;
}

static void tell_observer(const struct syn_clock *clock, int64_t before_us)
{
    if (clock->changed != NULL && !clock->is_running &&
        first_due_us(clock) != before_us) {
        clock->changed(clock->changed_ctx);
    }
}

static int64_t add_delay(int64_t now_us, int64_t delay_us)
{
    int64_t delay = delay_us < 0 ? 0 : delay_us;
    if (now_us > 0 && delay > INT64_MAX - now_us) {
        return INT64_MAX; /* "never" stays representable */
    }
    return now_us + delay;
}

syn_status syn_clock_start(struct syn_clock *clock, struct syn_timer *timer,
                           int64_t delay_us, struct syn_alarm alarm)
{
    SYN_ASSERT((unsigned)alarm.kind < KINDS && alarm.fire != NULL);
    int64_t before_us = first_due_us(clock);
    struct heap *heap = &clock->heaps[alarm.kind];
    syn_status st = heap_reserve(heap);
    if (st != SYN_OK) {
        return st;
    }
    if (timer->slot != 0) {
        heap_remove(&clock->heaps[timer->kind], timer);
    }
    timer->due_us = add_delay(syn_clock_now_us(clock), delay_us);
    timer->delay_us = delay_us;
    timer->order = clock->next_order++;
    timer->kind = alarm.kind;
    timer->fire = alarm.fire;
    timer->ctx = alarm.ctx;
    sift_up(heap, heap->count++, timer);
    tell_observer(clock, before_us);
    return SYN_OK;
}

void syn_clock_stop(struct syn_clock *clock, struct syn_timer *timer)
{
    if (timer->slot == 0) {
        return;
    }
    int64_t before_us = first_due_us(clock);
    heap_remove(&clock->heaps[timer->kind], timer);
    tell_observer(clock, before_us);
}

bool syn_timer_is_running(const struct syn_timer *timer)
{
    return timer->slot != 0;
}

bool syn_clock_next_us(const struct syn_clock *clock, int64_t *due_us)
{
    const struct syn_timer *first = first_timer(clock);
    if (first == NULL) {
        return false;
    }
    *due_us = first->due_us;
    return true;
}

/* Idle before it fires: its user may restart it or free it there. */
static void fire_timer(struct syn_clock *clock, struct syn_timer *timer)
{
    syn_timer_fn fire = timer->fire;
    void *ctx = timer->ctx;
    heap_remove(&clock->heaps[timer->kind], timer);
    fire(ctx);
}

size_t syn_clock_run_due(struct syn_clock *clock, size_t fires_max)
{
    SYN_ASSERT(!clock->is_running);
    int64_t now_us = syn_clock_now_us(clock);
    int64_t before_us = first_due_us(clock);
    uint64_t order_end = clock->next_order;
    size_t fired = 0;
    clock->is_running = true;
    while (fired < fires_max) {
        struct syn_timer *first = first_timer(clock);
        /* What was started meanwhile is due now at the earliest, and sorts
         * behind everything older: the first such one ends the run. */
        if (first == NULL || first->due_us > now_us ||
            first->order >= order_end) {
            break;
        }
        fire_timer(clock, first);
        fired++;
    }
    clock->is_running = false;
    tell_observer(clock, before_us);
    return fired;
}

/* --- virtual time --------------------------------------------------------- */

static syn_status fire_until(struct syn_clock *clock, int64_t end_us,
                             syn_timer_fn between, void *ctx)
{
    const struct heap *events = &clock->heaps[SYN_TIMER_EVENT];
    size_t fired = 0;
    for (struct syn_timer *next = heap_first(events);
         next != NULL && next->due_us <= end_us; next = heap_first(events)) {
        if (fired == SYN_CLOCK_FIRES_MAX) {
            return SYN_ERR_LIMIT;
        }
        if (next->due_us > clock->now_us) {
            clock->now_us = next->due_us;
        }
        fire_timer(clock, next);
        fired++;
        if (between != NULL) {
            between(ctx);
        }
    }
    clock->now_us = end_us;
    return SYN_OK;
}

/* All due times change at once, so the heap is built anew from its leaves. */
static void renew_peers(struct syn_clock *clock)
{
    struct heap *peers = &clock->heaps[SYN_TIMER_PEER];
    for (size_t i = 0; i < peers->count; i++) {
        peers->at[i]->due_us = add_delay(clock->now_us, peers->at[i]->delay_us);
    }
    for (size_t i = peers->count / 2; i > 0; i--) {
        sift_down(peers, i - 1, peers->at[i - 1]);
    }
}

syn_status syn_clock_advance_us(struct syn_clock *clock, int64_t delta_us,
                                syn_timer_fn between, void *ctx)
{
    SYN_ASSERT(clock->is_virtual && !clock->is_running);
    if (delta_us < 0 ||
        (clock->now_us > 0 && delta_us > INT64_MAX - clock->now_us)) {
        return SYN_ERR_ARG;
    }
    int64_t before_us = first_due_us(clock);
    clock->is_running = true;
    syn_status st = fire_until(clock, clock->now_us + delta_us, between, ctx);
    if (delta_us > 0) {
        renew_peers(clock);
    }
    clock->is_running = false;
    tell_observer(clock, before_us);
    return st;
}

void syn_clock_observe(struct syn_clock *clock, syn_timer_fn changed, void *ctx)
{
    clock->changed = changed;
    clock->changed_ctx = ctx;
}

/* --- text ----------------------------------------------------------------- */

#define YEAR_0_MS     INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define YEAR_9999_MS  INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
#define DECIMAL_BASE  10
#define YEAR_DIGITS   4
#define MILLIS_DIGITS 3

struct date {
    int64_t year;
    int64_t month;
    int64_t day;
};

/*
 * Days since 1970 to a date. Years are counted from 1 March, so that the leap
 * day is the last of its year; 400 such years (an era) have 146,097 days.
 * 153 days are five months from March: 31 30 31 30 31.
 */
static struct date date_of(int64_t days)
{
    int64_t shifted = days + 719468; /* 0000-03-01 to 1970-01-01 */
    int64_t era = divide_down(shifted, 146097);
    int64_t of_era = shifted - era * 146097;
    int64_t year =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct date date = {
        .year = year + era * 400 + (month >= 10 ? 1 : 0),
        .month = month + (month < 10 ? 3 : -9),
        .day = of_year - (153 * month + 2) / 5 + 1,
    };
    return date;
}

/* Fixed width, then `end`; returns the place behind it. */
static char *put_number(char *at, int64_t value, size_t digits, char end)
{
    for (size_t i = digits; i > 0; i--) {
        at[i - 1] = (char)('0' + value % DECIMAL_BASE);
        value /= DECIMAL_BASE;
    }
    at[digits] = end;
    return at + digits + 1;
}

static char *put_date_time(char *at, int64_t unix_s, char end)
{
    int64_t days = divide_down(unix_s, S_PER_DAY);
    int64_t of_day = unix_s - days * S_PER_DAY;
    struct date date = date_of(days);
    at = put_number(at, date.year, YEAR_DIGITS, '-');
    at = put_number(at, date.month, 2, '-');
    at = put_number(at, date.day, 2, 'T');
    at = put_number(at, of_day / S_PER_HOUR, 2, ':');
    at = put_number(at, of_day % S_PER_HOUR / S_PER_MINUTE, 2, ':');
    return put_number(at, of_day % S_PER_MINUTE, 2, end);
}

static int64_t clamp_ms(int64_t unix_ms)
{
    if (unix_ms < YEAR_0_MS) {
        return YEAR_0_MS;
    }
    return unix_ms > YEAR_9999_MS ? YEAR_9999_MS : unix_ms;
}

void syn_clock_format_s(int64_t unix_ms, char out[SYN_CLOCK_ISO_BYTES])
{
    char *end =
        put_date_time(out, divide_down(clamp_ms(unix_ms), MS_PER_S), 'Z');
    *end = '\0';
}

void syn_clock_format_ms(int64_t unix_ms, char out[SYN_CLOCK_ISO_BYTES])
{
    int64_t clamped = clamp_ms(unix_ms);
    int64_t seconds = divide_down(clamped, MS_PER_S);
    char *end = put_date_time(out, seconds, '.');
    end = put_number(end, clamped - seconds * MS_PER_S, MILLIS_DIGITS, 'Z');
    *end = '\0';
}
