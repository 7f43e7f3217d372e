/*
 * leave.c - see leave.h.
 */
#include "base/leave.h"

#include <stddef.h>
#include <unistd.h>

/* Only builds with the sanitizer have it; its handler at exit is skipped. */
extern void __lsan_do_leak_check(void) __attribute__((weak));

_Noreturn void syn_leave(int code)
{
    if (__lsan_do_leak_check != NULL) {
        __lsan_do_leak_check();
    }
    _exit(code);
}
