/*
 * test_leave.c - a forked process leaves with its code, and not without having
 * told what it did not free where a sanitizer looks for that.
 */
#include "base/leave.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *suite_leave(void);

#define CODE   7
#define BLOCKS 100u

/* As base/leave.c: there only in builds with the sanitizer. */
extern void __lsan_do_leak_check(void) __attribute__((weak));

static bool looks_for_leaks(void)
{
    const char *options = getenv("ASAN_OPTIONS");
    return __lsan_do_leak_check != NULL &&
           (options == NULL || strstr(options, "detect_leaks=0") == NULL);
}

static volatile int written;

/* Many, as an address may still lie somewhere by chance. */
static void lose_memory(void)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        char *block = malloc(i + 1);
        if (block == NULL) {
            abort();
        }
        memset(block, 1, i + 1);
        written += block[i]; /* used, or the compiler takes it away */
    }
}

static int code_of(void (*act)(void))
{
    int status = 0;
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        act();
        syn_leave(CODE);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void do_nothing(void)
{
}

START_TEST(process_that_freed_all_leaves_with_its_code)
{
    ck_assert_int_eq(code_of(do_nothing), CODE);
}
END_TEST

START_TEST(process_that_lost_memory_leaves_with_the_sanitizers_code)
{
    if (looks_for_leaks()) {
        ck_assert_int_ne(code_of(lose_memory), CODE);
    } else {
        ck_assert_int_eq(code_of(lose_memory), CODE);
    }
}
END_TEST

Suite *suite_leave(void)
{
    Suite *suite = suite_create("leave");
    TCase *tcase = tcase_create("leave");
    tcase_add_test(tcase, process_that_freed_all_leaves_with_its_code);
    tcase_add_test(tcase,
                   process_that_lost_memory_leaves_with_the_sanitizers_code);
    suite_add_tcase(suite, tcase);
    return suite;
}
