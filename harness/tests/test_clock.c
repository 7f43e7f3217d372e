/*
 * test_clock.c - order of timers, jumps, peer deadlines, dates.
 * Layer: tests. Source of dates: GNU date.
 */
#include "base/clock.h"
#include "base/rng.h"
#include "syn/limits.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_clock(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define START_US     INT64_C(1795255200000000) /* 2026-11-21T10:00:00Z */

struct trace; /* what fired, and when */

/* A timer that writes its letter and may start itself or another one. */
struct bell {
    struct syn_timer timer;
    struct trace *trace;
    char letter;
    struct bell *starts; /* started on firing, or NULL */
    struct bell *stops;  /* stopped on firing, or NULL */
    int64_t delay_us;    /* of what it starts */
};

struct trace {
    struct syn_clock *clock;
    char letters[64];
    int64_t at_us[64];
    size_t count;
    unsigned betweens;
    unsigned changes;
};

static struct trace trace;

static void setup(void)
{
    trace = (struct trace){.clock = syn_clock_new_virtual(START_US)};
    ck_assert_ptr_nonnull(trace.clock);
}

static void teardown(void)
{
    syn_clock_free(trace.clock);
}

static void ring(void *ctx)
{
    struct bell *bell = ctx;
    struct trace *t = bell->trace;
    ck_assert_uint_lt(t->count, sizeof t->letters - 1);
    ck_assert(!syn_timer_is_running(&bell->timer));
    t->letters[t->count] = bell->letter;
    t->at_us[t->count++] = syn_clock_now_us(t->clock) - START_US;
    if (bell->stops != NULL) {
        syn_clock_stop(t->clock, &bell->stops->timer);
    }
    if (bell->starts != NULL) {
        syn_status st = syn_clock_start(
            t->clock, &bell->starts->timer, bell->delay_us,
            (struct syn_alarm){SYN_TIMER_EVENT, ring, bell->starts});
        ck_assert_int_eq(st, SYN_OK);
    }
}

static void start(struct bell *bell, enum syn_timer_kind kind, int64_t delay_us)
{
    bell->trace = &trace;
    ck_assert_int_eq(syn_clock_start(trace.clock, &bell->timer, delay_us,
                                     (struct syn_alarm){kind, ring, bell}),
                     SYN_OK);
}

static void count_between(void *ctx)
{
    ((struct trace *)ctx)->betweens++;
}

static void count_change(void *ctx)
{
    ((struct trace *)ctx)->changes++;
}

static void advance(int64_t delta_us)
{
    ck_assert_int_eq(
        syn_clock_advance_us(trace.clock, delta_us, count_between, &trace),
        SYN_OK);
}

START_TEST(virtual_time_stands_still)
{
    ck_assert(syn_clock_is_virtual(trace.clock));
    ck_assert_int_eq(syn_clock_now_us(trace.clock), START_US);
    ck_assert_int_eq(syn_clock_now_us(trace.clock), START_US);
    ck_assert_int_eq(syn_clock_now_ms(trace.clock), START_US / 1000);
    ck_assert_int_eq(syn_clock_now_s(trace.clock), START_US / 1000000);
    advance(1);
    ck_assert_int_eq(syn_clock_now_us(trace.clock), START_US + 1);
}
END_TEST

START_TEST(times_before_1970_round_down)
{
    struct syn_clock *clock = syn_clock_new_virtual(-1);
    ck_assert_int_eq(syn_clock_now_ms(clock), -1);
    ck_assert_int_eq(syn_clock_now_s(clock), -1);
    syn_clock_free(clock);
}
END_TEST

START_TEST(timers_fire_by_due_time_then_by_start)
{
    struct bell a = {.letter = 'a'}, b = {.letter = 'b'}, c = {.letter = 'c'};
    struct bell d = {.letter = 'd'};
    start(&a, SYN_TIMER_EVENT, 30);
    start(&b, SYN_TIMER_EVENT, 10);
    start(&c, SYN_TIMER_EVENT, 30);
    start(&d, SYN_TIMER_EVENT, 20);
    advance(29);
    ck_assert_str_eq(trace.letters, "bd");
    advance(1);
    ck_assert_str_eq(trace.letters, "bdac");
    ck_assert_int_eq(trace.at_us[0], 10);
    ck_assert_int_eq(trace.at_us[1], 20);
    ck_assert_int_eq(trace.at_us[2], 30);
    ck_assert_int_eq(trace.at_us[3], 30);
    ck_assert_uint_eq(trace.betweens, 4);
    ck_assert_int_eq(syn_clock_now_us(trace.clock), START_US + 30);
}
END_TEST

START_TEST(restart_moves_the_timer)
{
    struct bell a = {.letter = 'a'}, b = {.letter = 'b'};
    start(&a, SYN_TIMER_EVENT, 10);
    start(&b, SYN_TIMER_EVENT, 20);
    start(&a, SYN_TIMER_EVENT, 30);
    advance(100);
    ck_assert_str_eq(trace.letters, "ba");
}
END_TEST

START_TEST(restart_may_change_the_kind)
{
    struct bell a = {.letter = 'a'};
    start(&a, SYN_TIMER_EVENT, 10);
    start(&a, SYN_TIMER_PEER, 10);
    advance(100);
    ck_assert_str_eq(trace.letters, "");
    start(&a, SYN_TIMER_EVENT, 10);
    advance(100);
    ck_assert_str_eq(trace.letters, "a");
}
END_TEST

START_TEST(stopped_timer_does_not_fire)
{
    struct bell a = {.letter = 'a'}, b = {.letter = 'b'};
    syn_clock_stop(trace.clock, &a.timer); /* idle: ignored */
    start(&a, SYN_TIMER_EVENT, 10);
    start(&b, SYN_TIMER_EVENT, 10);
    ck_assert(syn_timer_is_running(&a.timer));
    syn_clock_stop(trace.clock, &a.timer);
    ck_assert(!syn_timer_is_running(&a.timer));
    advance(10);
    ck_assert_str_eq(trace.letters, "b");
}
END_TEST

START_TEST(timer_may_stop_one_that_is_due)
{
    struct bell b = {.letter = 'b'}, a = {.letter = 'a', .stops = &b};
    start(&a, SYN_TIMER_EVENT, 10);
    start(&b, SYN_TIMER_EVENT, 10);
    advance(10);
    ck_assert_str_eq(trace.letters, "a");
}
END_TEST

START_TEST(chain_inside_the_span_fires_at_its_own_times)
{
    struct bell a = {.letter = 'a', .delay_us = 10};
    a.starts = &a;
    start(&a, SYN_TIMER_EVENT, 10);
    advance(35);
    ck_assert_str_eq(trace.letters, "aaa");
    ck_assert_int_eq(trace.at_us[2], 30);
    ck_assert_int_eq(syn_clock_now_us(trace.clock), START_US + 35);
    advance(5);
    ck_assert_str_eq(trace.letters, "aaaa");
    syn_clock_stop(trace.clock, &a.timer);
}
END_TEST

START_TEST(jump_does_not_fire_peer_deadlines)
{
    struct bell peer = {.letter = 'p'}, event = {.letter = 'e'};
    int64_t due_us = 0;
    start(&peer, SYN_TIMER_PEER, 15);
    start(&event, SYN_TIMER_EVENT, 50);
    advance(1000);
    ck_assert_str_eq(trace.letters, "e");
    ck_assert(syn_clock_next_us(trace.clock, &due_us));
    ck_assert_int_eq(due_us, START_US + 1000 + 15);
}
END_TEST

START_TEST(renewed_deadlines_keep_their_order)
{
    struct bell bells[9];
    int64_t due_us = 0;
    memset(bells, 0, sizeof bells);
    for (size_t i = 0; i < COUNT(bells); i++) {
        start(&bells[i], SYN_TIMER_PEER, (int64_t)(i * 7 % COUNT(bells)) + 1);
        advance(3); /* due times no longer sort like delays */
    }
    for (int64_t delay = 1; delay <= (int64_t)COUNT(bells); delay++) {
        ck_assert(syn_clock_next_us(trace.clock, &due_us));
        ck_assert_int_eq(due_us, syn_clock_now_us(trace.clock) + delay);
        for (size_t i = 0; i < COUNT(bells); i++) {
            if (bells[i].timer.delay_us == delay) {
                syn_clock_stop(trace.clock, &bells[i].timer);
            }
        }
    }
    ck_assert(!syn_clock_next_us(trace.clock, &due_us));
}
END_TEST

START_TEST(no_delay_waits_for_the_next_run)
{
    struct bell a = {.letter = 'a'}, late = {.letter = 'l'};
    a.starts = &a;
    start(&a, SYN_TIMER_EVENT, -5);
    start(&late, SYN_TIMER_PEER, 0);
    ck_assert_str_eq(trace.letters, "");
    ck_assert_uint_eq(syn_clock_run_due(trace.clock, 100), 2);
    ck_assert_str_eq(trace.letters, "al");
    ck_assert_uint_eq(syn_clock_run_due(trace.clock, 100), 1);
    ck_assert_uint_eq(syn_clock_run_due(trace.clock, 0), 0);
    syn_clock_stop(trace.clock, &a.timer);
}
END_TEST

START_TEST(run_stops_at_its_bound)
{
    struct bell a = {.letter = 'a'}, b = {.letter = 'b'}, c = {.letter = 'c'};
    start(&a, SYN_TIMER_EVENT, 0);
    start(&b, SYN_TIMER_EVENT, 0);
    start(&c, SYN_TIMER_EVENT, 1);
    ck_assert_uint_eq(syn_clock_run_due(trace.clock, 1), 1);
    ck_assert_str_eq(trace.letters, "a");
    ck_assert_uint_eq(syn_clock_run_due(trace.clock, 9), 1);
    ck_assert_str_eq(trace.letters, "ab");
    syn_clock_stop(trace.clock, &c.timer);
}
END_TEST

START_TEST(bad_spans_are_refused)
{
    ck_assert_int_eq(syn_clock_advance_us(trace.clock, -1, NULL, NULL),
                     SYN_ERR_ARG);
    ck_assert_int_eq(syn_clock_advance_us(trace.clock, INT64_MAX, NULL, NULL),
                     SYN_ERR_ARG);
    ck_assert_int_eq(syn_clock_now_us(trace.clock), START_US);
    ck_assert_int_eq(
        syn_clock_advance_us(trace.clock, INT64_MAX - START_US, NULL, NULL),
        SYN_OK);
}
END_TEST

START_TEST(endless_delay_never_fires)
{
    struct bell a = {.letter = 'a'};
    start(&a, SYN_TIMER_EVENT, INT64_MAX);
    advance(INT64_C(1000000) * 86400 * 365);
    ck_assert_str_eq(trace.letters, "");
    ck_assert(syn_timer_is_running(&a.timer));
    syn_clock_stop(trace.clock, &a.timer);
}
END_TEST

/* No assertion per fire: Check reports each to its parent, ten million times.
 */
static bool has_start_failed;

static void restart_at_once(void *ctx)
{
    syn_status st = syn_clock_start(
        trace.clock, ctx, 0,
        (struct syn_alarm){SYN_TIMER_EVENT, restart_at_once, ctx});
    has_start_failed = has_start_failed || st != SYN_OK;
}

START_TEST(endless_restart_hits_the_limit)
{
    struct syn_timer timer = {.slot = 0};
    restart_at_once(&timer);
    ck_assert_int_eq(syn_clock_advance_us(trace.clock, 5, NULL, NULL),
                     SYN_ERR_LIMIT);
    ck_assert_int_eq(syn_clock_now_us(trace.clock), START_US);
    ck_assert(!has_start_failed);
    syn_clock_stop(trace.clock, &timer);
}
END_TEST

START_TEST(observer_hears_of_each_new_first)
{
    struct bell a = {.letter = 'a'}, b = {.letter = 'b'}, c = {.letter = 'c'};
    syn_clock_observe(trace.clock, count_change, &trace);
    start(&a, SYN_TIMER_EVENT, 10);
    ck_assert_uint_eq(trace.changes, 1);
    start(&b, SYN_TIMER_EVENT, 20); /* behind the first: nothing new */
    ck_assert_uint_eq(trace.changes, 1);
    start(&c, SYN_TIMER_PEER, 5);
    ck_assert_uint_eq(trace.changes, 2);
    syn_clock_stop(trace.clock, &b.timer);
    ck_assert_uint_eq(trace.changes, 2);
    syn_clock_stop(trace.clock, &c.timer);
    ck_assert_uint_eq(trace.changes, 3);
    advance(10);
    ck_assert_uint_eq(trace.changes, 4);
    syn_clock_observe(trace.clock, NULL, NULL);
    start(&a, SYN_TIMER_EVENT, 10);
    ck_assert_uint_eq(trace.changes, 4);
}
END_TEST

static int64_t last_due_us;

static void check_order(void *ctx)
{
    struct syn_timer *timer = ctx;
    ck_assert_int_ge(timer->due_us, last_due_us);
    ck_assert_int_eq(timer->due_us, syn_clock_now_us(trace.clock));
    last_due_us = timer->due_us;
}

START_TEST(many_timers_fire_in_order)
{
    static struct syn_timer timers[2000];
    struct syn_rng rng;
    size_t running = 0;
    syn_rng_init(&rng, 0x5eed, (uint64_t)_i);
    for (size_t i = 0; i < 3 * COUNT(timers); i++) {
        struct syn_timer *timer = &timers[syn_rng_below(&rng, COUNT(timers))];
        if (syn_rng_below(&rng, 4) == 0) {
            syn_clock_stop(trace.clock, timer);
        } else {
            int64_t delay_us = (int64_t)syn_rng_below(&rng, 500);
            ck_assert_int_eq(
                syn_clock_start(
                    trace.clock, timer, delay_us,
                    (struct syn_alarm){SYN_TIMER_EVENT, check_order, timer}),
                SYN_OK);
        }
    }
    for (size_t i = 0; i < COUNT(timers); i++) {
        running += syn_timer_is_running(&timers[i]) ? 1 : 0;
    }
    ck_assert_uint_gt(running, COUNT(timers) / 2);
    advance(500);
    ck_assert_uint_eq(trace.betweens, running);
    last_due_us = 0;
}
END_TEST

START_TEST(freed_clock_forgets_its_timers)
{
    struct bell a = {.letter = 'a'};
    struct syn_clock *clock = syn_clock_new_virtual(0);
    ck_assert_int_eq(
        syn_clock_start(clock, &a.timer, 1,
                        (struct syn_alarm){SYN_TIMER_EVENT, ring, &a}),
        SYN_OK);
    syn_clock_free(clock);
    ck_assert(!syn_timer_is_running(&a.timer));
    syn_clock_free(NULL);
}
END_TEST

static void note_fire(void *ctx)
{
    *(bool *)ctx = true;
}

START_TEST(real_clock_moves_on_its_own)
{
    struct syn_clock *clock = syn_clock_new_real();
    struct syn_timer timer = {.slot = 0};
    bool has_fired = false;
    ck_assert(!syn_clock_is_virtual(clock));
    int64_t first_us = syn_clock_now_us(clock);
    ck_assert_int_gt(first_us, START_US - INT64_C(100000000) * 1000000);
    ck_assert_int_eq(syn_clock_start(clock, &timer, 1000,
                                     (struct syn_alarm){SYN_TIMER_PEER,
                                                        note_fire, &has_fired}),
                     SYN_OK);
    ck_assert_uint_eq(syn_clock_run_due(clock, 1), 0);
    /* Bounded by the unit's time limit; a millisecond in practice. */
    while (!has_fired) {
        (void)syn_clock_run_due(clock, 1);
    }
    ck_assert_int_ge(syn_clock_now_us(clock), first_us + 1000);
    syn_clock_free(clock);
}
END_TEST

static const struct {
    int64_t unix_ms;
    const char *seconds;
    const char *millis;
} dates[] = {
    {0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
    {-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999Z"},
    {951782399999, "2000-02-28T23:59:59Z", "2000-02-28T23:59:59.999Z"},
    {951782400000, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"},
    {1795255200123, "2026-11-21T10:00:00Z", "2026-11-21T10:00:00.123Z"},
    {4107542400007, "2100-03-01T00:00:00Z", "2100-03-01T00:00:00.007Z"},
    {4107542399007, "2100-02-28T23:59:59Z", "2100-02-28T23:59:59.007Z"},
    {1735689599000, "2024-12-31T23:59:59Z", "2024-12-31T23:59:59.000Z"},
    {253402300799999, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z"},
    {INT64_MAX, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z"},
    {INT64_MIN, "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
};

START_TEST(dates_are_written_as_iso)
{
    char text[SYN_CLOCK_ISO_BYTES];
    syn_clock_format_s(dates[_i].unix_ms, text);
    ck_assert_str_eq(text, dates[_i].seconds);
    syn_clock_format_ms(dates[_i].unix_ms, text);
    ck_assert_str_eq(text, dates[_i].millis);
}
END_TEST

static void add_timers(TCase *tc)
{
    tcase_add_test(tc, timers_fire_by_due_time_then_by_start);
    tcase_add_test(tc, restart_moves_the_timer);
    tcase_add_test(tc, restart_may_change_the_kind);
    tcase_add_test(tc, stopped_timer_does_not_fire);
    tcase_add_test(tc, timer_may_stop_one_that_is_due);
    tcase_add_test(tc, chain_inside_the_span_fires_at_its_own_times);
    tcase_add_test(tc, jump_does_not_fire_peer_deadlines);
    tcase_add_test(tc, renewed_deadlines_keep_their_order);
    tcase_add_test(tc, no_delay_waits_for_the_next_run);
    tcase_add_test(tc, run_stops_at_its_bound);
    tcase_add_test(tc, endless_delay_never_fires);
    tcase_add_test(tc, endless_restart_hits_the_limit);
    tcase_add_test(tc, observer_hears_of_each_new_first);
    tcase_add_loop_test(tc, many_timers_fire_in_order, 0, 4);
}

Suite *suite_clock(void)
{
    Suite *suite = suite_create("clock");
    TCase *tc = tcase_create("clock");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, virtual_time_stands_still);
    tcase_add_test(tc, times_before_1970_round_down);
    add_timers(tc);
    tcase_add_test(tc, bad_spans_are_refused);
    tcase_add_test(tc, freed_clock_forgets_its_timers);
    tcase_add_test(tc, real_clock_moves_on_its_own);
    tcase_add_loop_test(tc, dates_are_written_as_iso, 0, COUNT(dates));
    suite_add_tcase(suite, tc);
    return suite;
}
