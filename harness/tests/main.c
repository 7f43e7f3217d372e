/*
 * main.c - run one Check suite; the build names it (SYN_UNIT_SUITE).
 *
 * One program per module keeps a crash, a leak report and a hang with the
 * module that caused it, and lets CTest run them side by side.
 */
#include <check.h>
#include <stdlib.h>

Suite *SYN_UNIT_SUITE(void);

int main(void)
{
    SRunner *runner = srunner_create(SYN_UNIT_SUITE());
    int failed = 0;
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
