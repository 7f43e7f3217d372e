/*
 * fuzz_target.c - target files, whole.
 *
 * Promises: a refusal names the file; what is taken has its defaults.
 */
#include "fuzz.h"

#include "target/file.h"

#include <string.h>

#define NAME "fuzz.json"

static void plant(const struct syn_target *target)
{
    const struct syn_target_endpoint *endpoint = &target->endpoint;
    if (target->has_second_account && endpoint->user_count > 0 &&
        endpoint->users[0].header_count > 0) {
        syn_fuzz_plant(syn_str_of(endpoint->users[0].headers[0].value));
    }
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    char fault[SYN_TARGET_FAULT_BYTES] = "";
    const struct syn_target *target = NULL;
    const syn_status st =
        syn_target_parse(arena, (struct syn_target_text){NAME, in},
                         "2026-11-21", &target, fault);
    if (st != SYN_OK) {
        SYN_ASSERT(st == SYN_ERR_CONFIG && target == NULL);
        SYN_ASSERT(memchr(fault, '\0', sizeof fault) != NULL);
        SYN_ASSERT(strncmp(fault, NAME, strlen(NAME)) == 0);
        return;
    }
    SYN_ASSERT(target->rest_url != NULL);
    SYN_ASSERT(target->budget.requests >= 0);
    SYN_ASSERT(target->budget.rest_per_s >= 0);
    SYN_ASSERT((syn_target_user(target) == NULL) ==
               (syn_target_password(target) == NULL));
    plant(target);
}
