/*
 * spend.c - the budget of a target under load (target/budget.h).
 * Layer: load. Threads: processes; the purse is shared by fork.
 * Source: design section 4 ("budget").
 *
 * On loopback nobody else's account is at stake, so nothing is counted there.
 */
#include "load/worker.h"

#include <stdio.h>

#define SENTENCE_BYTES 65536

syn_status syn_load_purse_open(struct syn_load_aim *aim,
                               const struct syn_load_plan *plan,
                               const struct syn_target *target,
                               struct syn_load_result *result)
{
    if (!aim->has_budget || plan->folder == NULL) {
        return SYN_OK;
    }
    const syn_status st =
        syn_purse_open(&target->budget, plan->folder, &aim->purse);
    if (st != SYN_OK) {
        (void)snprintf(result->fault, SYN_LOAD_REASON_BYTES,
                       "no shared memory for the budget");
    }
    return st;
}

/* Time that runs out while all are done and clean up has stopped nothing. */
bool syn_load_purse_is_spent(const struct syn_load_aim *aim,
                             const struct syn_load_ledger *ledger,
                             struct syn_load_result *result)
{
    const char *spent = aim->purse == NULL ? NULL : syn_purse_spent(aim->purse);
    if (spent == NULL || syn_load_ledger_all_at(ledger, SYN_LOAD_STAGE_DONE)) {
        return false;
    }
    (void)snprintf(result->distress, SYN_LOAD_REASON_BYTES, "%s", spent);
    return true;
}

void syn_load_purse_close(struct syn_load_aim *aim,
                          struct syn_load_result *result)
{
    struct syn_arena arena;
    if (aim->purse == NULL) {
        return;
    }
    syn_arena_init(&arena, NULL, SENTENCE_BYTES);
    const char *sent = syn_purse_tell(aim->purse, &arena);
    (void)snprintf(result->sent, SYN_LOAD_REASON_BYTES, "%s",
                   sent == NULL ? "" : sent);
    syn_arena_fini(&arena);
    syn_purse_close(aim->purse);
    aim->purse = NULL;
}

bool syn_load_spend(struct syn_load_worker *worker, unsigned what)
{
    struct syn_purse *purse = worker->aim->purse;
    if (purse == NULL ||
        syn_purse_spend(purse, what, worker->is_cleaning) == SYN_OK) {
        return true;
    }
    atomic_store(&worker->ledger->stop, true);
    return false;
}
