/*
 * fuzz_config.c - `serve --config` and `serve --limits FILE`, whole.
 *
 * Promises: a refusal names the file; what is taken has an account, and can be
 * laid over a setup.
 */
#include "fuzz.h"

#include "service/config.h"

#include <string.h>

#define NAME "fuzz.json"

static void check_fault(const char fault[SYN_CONFIG_FAULT_BYTES])
{
    SYN_ASSERT(memchr(fault, '\0', SYN_CONFIG_FAULT_BYTES) != NULL);
    SYN_ASSERT(strncmp(fault, NAME ":", strlen(NAME ":")) == 0);
}

static void plant(const struct syn_config *config)
{
    const struct syn_config_account *account = config->accounts.at;
    const struct syn_config_service *service = account->services.at;
    if (account->services.count == 0 || service->objects.count == 0) {
        return;
    }
    const struct syn_config_object *object = service->objects.at;
    const struct syn_config_grant *grant = object->grants.at;
    const struct syn_config_item *item = object->items.at;
    if (object->items.count > 0 && item->key != NULL) {
        syn_fuzz_plant(syn_str_of(item->key));
    }
    if (object->grants.count > 0 && grant->identity != NULL) {
        syn_fuzz_plant(syn_str_of(grant->identity));
    }
}

static void check_rates(struct syn_arena *arena, struct syn_str in)
{
    char fault[SYN_CONFIG_FAULT_BYTES] = "";
    struct syn_service_setup setup = {.seed = 1};
    const syn_status st = syn_config_read_rates(arena, NAME, in, fault, &setup);
    if (st != SYN_OK) {
        SYN_ASSERT(st == SYN_ERR_CONFIG);
        check_fault(fault);
    }
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    char fault[SYN_CONFIG_FAULT_BYTES] = "";
    struct syn_config *config = NULL;
    struct syn_service_setup setup = {.seed = 1};
    check_rates(arena, in);
    const syn_status st = syn_config_read(arena, NAME, in, fault, &config);
    if (st != SYN_OK) {
        SYN_ASSERT(st == SYN_ERR_CONFIG);
        check_fault(fault);
        return;
    }
    syn_config_fill(config, &setup);
    SYN_ASSERT(setup.account_count > 0);
    SYN_ASSERT(setup.accounts[0].sid != NULL);
    plant(config);
}
