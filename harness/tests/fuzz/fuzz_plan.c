/*
 * fuzz_plan.c - plans: read, linted, expanded, and asked for every right.
 *
 * The folder of the plan does not exist, so that no file of a role is read.
 *
 * Promises: a refusal names the file; what a plan allows holds its grants.
 */
#include "fuzz.h"

#include "gate/lint.h"
#include "gate/plan.h"

#include <string.h>

#define NAME      "/nonexistent/plan.json"
#define CELLS_MAX 10000

static void check_rights(const struct syn_gate_plan *plan,
                         const struct syn_gate_objects *objects)
{
    size_t cells = 0;
    for (size_t i = 0; i < objects->count && cells < CELLS_MAX; i++) {
        for (size_t j = 0; j < plan->identity_count; j++, cells++) {
            const unsigned row = syn_gate_plan_row(plan, &objects->at[i], j);
            SYN_ASSERT((row & ~(unsigned)SYN_RIGHTS_ALL) == 0);
            SYN_ASSERT(row == 0 || objects->at[i].creator != j);
        }
    }
}

static void plant(const struct syn_gate_plan *plan)
{
    for (size_t i = 0; i < plan->nevers.count; i++) {
        if (plan->nevers.at[i].who == SYN_GATE_OTHERS &&
            plan->waiver_count > 0 && plan->waivers[0].has_type) {
            syn_fuzz_plant(plan->waivers[0].reason);
        }
    }
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    char fault[SYN_GATE_FAULT_BYTES] = "";
    const struct syn_gate_plan *plan = NULL;
    struct syn_gate_objects objects = {NULL, 0};
    struct syn_lint_findings findings = {NULL, 0};
    const syn_status st = syn_gate_plan_parse(arena, NAME, in, fault, &plan);
    if (st != SYN_OK) {
        SYN_ASSERT(plan == NULL && st == SYN_ERR_CONFIG);
        SYN_ASSERT(memchr(fault, '\0', sizeof fault) != NULL);
        SYN_ASSERT(strncmp(fault, NAME, strlen(NAME)) == 0);
        return;
    }
    if (syn_gate_plan_expand(arena, plan, fault, &objects) != SYN_OK) {
        return;
    }
    SYN_ASSERT(syn_lint_run(arena, plan, "2026-11-21", fault, &findings) ==
               SYN_OK);
    check_rights(plan, &objects);
    plant(plan);
}
