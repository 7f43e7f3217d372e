/*
 * token.c - the verb `token`: mint one here; look into one, or spoil one, in
 * files of their own.
 * Layer: cli. Threads: the main process.
 */
#include "auth/token.h"
#include "base/log.h"
#include "cli/cli.h"

#include <string.h>
#include <time.h>

#define TTL_DEFAULT 3600

static int mint(struct syn_cli *cli)
{
    const struct syn_target *target = NULL;
    uint64_t ttl_s = TTL_DEFAULT;
    struct syn_str token = {NULL, 0};
    if (cli->target == NULL || cli->identity == NULL || cli->word_count != 1) {
        return syn_cli_refuse("token mint needs --target and --identity");
    }
    if ((cli->ttl != NULL &&
         !syn_cli_number("--ttl", cli->ttl, 1, UINT32_MAX, &ttl_s)) ||
        !syn_cli_target(cli, &target)) {
        return SYN_EXIT_USAGE;
    }
    if (target->account.api_key == NULL) {
        return syn_cli_refuse("the target file has no key that signs tokens");
    }
    struct syn_token_key key = {.key_sid = target->account.api_key,
                                .secret = target->account.api_secret,
                                .account_sid = target->account.account_sid};
    int64_t now_s = (int64_t)time(NULL);
    struct syn_claims claims = {
        .identity = syn_str_of(cli->identity),
        .service_sid = syn_str_of(target->account.service_sid == NULL
                                      ? "default"
                                      : target->account.service_sid),
        .issued_s = now_s,
        .expires_s = now_s + (int64_t)ttl_s};
    if (syn_token_mint(cli->arena, &key, &claims, &token) != SYN_OK) {
        syn_err_printf("syncproof: the token could not be signed\n");
        return SYN_EXIT_HARNESS;
    }
    syn_cli_print(token.at, token.bytes);
    syn_cli_print("\n", 1);
    return SYN_EXIT_PASSED;
}

int syn_verb_token(struct syn_cli *cli)
{
    static const struct {
        const char *name;
        int (*run)(struct syn_cli *cli);
    } verbs[] = {{"mint", mint},
                 {"inspect", syn_token_inspect},
                 {"forge", syn_token_forge}};
    for (size_t i = 0;
         cli->word_count > 0 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(cli->words[0], verbs[i].name) == 0) {
            return verbs[i].run(cli);
        }
    }
    return syn_cli_refuse("token needs mint, inspect or forge");
}
