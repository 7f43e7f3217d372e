/*
 * status.c - texts of the error codes, and the end of a broken promise.
 * Layer: base. Threads: none needed.
 */
#include "syn/status.h"

#include "base/log.h"

#include <stdlib.h>

#define STATUS_AS_TEXT(name, text) [SYN_##name] = (text),
static const char *const texts[SYN_STATUS_COUNT] = {
    SYN_STATUS_MAP(STATUS_AS_TEXT)};

const char *syn_status_text(syn_status status)
{
    /* A status may come from a file or another process; never trust it. */
    unsigned index = (unsigned)status;
    return index < SYN_STATUS_COUNT ? texts[index] : "unknown status";
}

_Noreturn void syn_assert_failed(const char *condition, const char *file,
                                 int line)
{
    syn_err_printf("syncproof: broken promise at %s:%d: %s\n", file, line,
                   condition);
    abort();
}
