/*
 * ledger.c - see ledger.h.
 *
 * _DEFAULT_SOURCE: MAP_ANONYMOUS.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "load/ledger.h"

#include <stddef.h>
#include <sys/mman.h>

syn_status syn_load_ledger_new(uint32_t workers, struct syn_load_ledger **out)
{
    SYN_ASSERT(workers <= SYN_LOAD_WORKERS_MAX);
    void *shared =
        mmap(NULL, sizeof(struct syn_load_ledger), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return SYN_ERR_MEMORY;
    }
    struct syn_load_ledger *ledger = shared; /* zeroed by the system */
    atomic_store(&ledger->count, workers);
    *out = ledger;
    return SYN_OK;
}

void syn_load_ledger_free(struct syn_load_ledger *ledger)
{
    if (ledger != NULL) {
        (void)munmap(ledger, sizeof *ledger);
    }
}

bool syn_load_ledger_all_at(const struct syn_load_ledger *ledger,
                            enum syn_load_stage stage)
{
    for (uint32_t i = 0; i < atomic_load(&ledger->count); i++) {
        if (atomic_load(&ledger->stations[i].stage) < (unsigned)stage) {
            return false;
        }
    }
    return true;
}
