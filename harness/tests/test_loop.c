/*
 * test_loop.c - turns, guards, hooks, timers of both kinds of clock.
 */
#include "net/loop.h"

#include <check.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

Suite *suite_loop(void);

static struct syn_clock *test_clock;
static struct syn_loop *loop;

static void set_up_real(void)
{
    test_clock = syn_clock_new_real();
    ck_assert_int_eq(syn_loop_new(test_clock, &loop), SYN_OK);
}

static void set_up_virtual(void)
{
    test_clock = syn_clock_new_virtual(1000000);
    ck_assert_int_eq(syn_loop_new(test_clock, &loop), SYN_OK);
}

static void tear_down(void)
{
    syn_loop_free(loop);
    syn_clock_free(test_clock);
}

static int64_t now_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void count(void *ctx)
{
    ++*(int *)ctx;
}

static bool is_positive(void *ctx)
{
    return *(int *)ctx > 0;
}

START_TEST(condition_that_holds_needs_no_turn)
{
    int seen = 1;
    ck_assert(syn_loop_run_until(loop, is_positive, &seen, 0));
}
END_TEST

START_TEST(guard_ends_a_wait_in_vain_without_spinning)
{
    int never = 0;
    int turns = 0;
    struct syn_turn_hook hook = {.run = count, .ctx = &turns};
    int64_t start = now_ms();
    syn_loop_add_hook(loop, &hook);
    ck_assert(!syn_loop_run_until(loop, is_positive, &never, 60));
    ck_assert_int_ge(now_ms() - start, 59);
    ck_assert_int_lt(now_ms() - start, 1000);
    ck_assert_int_ge(turns, 1);
    ck_assert_int_le(turns, 10);
}
END_TEST

START_TEST(timer_of_a_real_clock_fires_in_its_turn)
{
    int fired = 0;
    struct syn_timer timer = {0};
    int64_t start = now_ms();
    ck_assert_int_eq(
        syn_clock_start(test_clock, &timer, 20000,
                        (struct syn_alarm){SYN_TIMER_EVENT, count, &fired}),
        SYN_OK);
    ck_assert(syn_loop_run_until(loop, is_positive, &fired, 5000));
    ck_assert_int_ge(now_ms() - start, 18);
    ck_assert_int_lt(now_ms() - start, 2000);
    ck_assert_int_eq(fired, 1);
}
END_TEST

START_TEST(timer_of_a_virtual_clock_waits_for_its_owner)
{
    int fired = 0;
    struct syn_timer timer = {0};
    ck_assert_int_eq(
        syn_clock_start(test_clock, &timer, 1,
                        (struct syn_alarm){SYN_TIMER_EVENT, count, &fired}),
        SYN_OK);
    ck_assert(!syn_loop_run_until(loop, is_positive, &fired, 20));
    ck_assert_int_eq(syn_clock_advance_us(test_clock, 1, NULL, NULL), SYN_OK);
    ck_assert_int_eq(fired, 1);
}
END_TEST

START_TEST(stop_is_sticky_until_resume)
{
    int never = 0;
    int64_t start = now_ms();
    syn_loop_stop(loop);
    syn_loop_run(loop);
    ck_assert(!syn_loop_run_until(loop, is_positive, &never, 10000));
    ck_assert_int_lt(now_ms() - start, 1000);
    syn_loop_resume(loop);
    ck_assert(!syn_loop_run_until(loop, is_positive, &never, 30));
    ck_assert_int_ge(now_ms() - start, 29);
}
END_TEST

START_TEST(wake_ends_the_wait)
{
    int64_t start = now_ms();
    syn_loop_wake(loop);
    syn_loop_turn(loop, 5000);
    ck_assert_int_lt(now_ms() - start, 2000);
}
END_TEST

struct chain {
    struct syn_turn_hook hook;
    struct syn_turn_hook *victim;
    int runs;
};

static void remove_victim(void *ctx)
{
    struct chain *chain = ctx;
    chain->runs++;
    syn_loop_remove_hook(loop, chain->victim);
}

START_TEST(hook_may_remove_the_next_and_itself)
{
    int runs[2] = {0};
    struct syn_turn_hook second = {.run = count, .ctx = &runs[0]};
    struct syn_turn_hook third = {.run = count, .ctx = &runs[1]};
    struct chain first = {.victim = &second};
    struct chain last = {.victim = &last.hook};
    first.hook = (struct syn_turn_hook){.run = remove_victim, .ctx = &first};
    last.hook = (struct syn_turn_hook){.run = remove_victim, .ctx = &last};
    syn_loop_add_hook(loop, &first.hook);
    syn_loop_add_hook(loop, &second);
    syn_loop_add_hook(loop, &third);
    syn_loop_add_hook(loop, &last.hook);
    syn_loop_turn(loop, 0);
    syn_loop_turn(loop, 0);
    ck_assert_int_eq(first.runs, 2);
    ck_assert_int_eq(runs[0], 0);
    ck_assert_int_eq(runs[1], 2);
    ck_assert_int_eq(last.runs, 1);
}
END_TEST

START_TEST(loop_made_in_a_forked_child_works)
{
    int status = 0;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct syn_clock *own = syn_clock_new_real();
        struct syn_loop *inner = NULL;
        int fired = 0;
        struct syn_timer timer = {0};
        bool is_good =
            syn_loop_new(own, &inner) == SYN_OK &&
            syn_clock_start(
                own, &timer, 1000,
                (struct syn_alarm){SYN_TIMER_EVENT, count, &fired}) == SYN_OK &&
            syn_loop_run_until(inner, is_positive, &fired, 5000);
        syn_loop_free(inner);
        syn_clock_free(own);
        _exit(is_good ? 7 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

Suite *suite_loop(void)
{
    Suite *suite = suite_create("loop");
    TCase *real = tcase_create("real clock");
    TCase *virtual = tcase_create("virtual clock");
    tcase_add_checked_fixture(real, set_up_real, tear_down);
    tcase_add_checked_fixture(virtual, set_up_virtual, tear_down);
    tcase_add_test(real, condition_that_holds_needs_no_turn);
    tcase_add_test(real, guard_ends_a_wait_in_vain_without_spinning);
    tcase_add_test(real, timer_of_a_real_clock_fires_in_its_turn);
    tcase_add_test(real, stop_is_sticky_until_resume);
    tcase_add_test(real, wake_ends_the_wait);
    tcase_add_test(real, hook_may_remove_the_next_and_itself);
    tcase_add_test(real, loop_made_in_a_forked_child_works);
    tcase_add_test(virtual, timer_of_a_virtual_clock_waits_for_its_owner);
    suite_add_tcase(suite, real);
    suite_add_tcase(suite, virtual);
    return suite;
}
