/*
 * token.c - the verb `token`: mint one, look into one.
 * Layer: cli. Threads: the main process.
 */
#include "auth/token.h"
#include "auth/verify.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/cli.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TTL_DEFAULT 3600
#define INPUT_MAX   65536
#define INVALID     1
#define TEXT_MAX    262144

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

/* --- inspect --------------------------------------------------------------
 */

static struct syn_str read_stdin(struct syn_cli *cli)
{
    char *text = syn_arena_alloc(cli->arena, INPUT_MAX);
    SYN_ASSERT(text != NULL);
    return syn_str_trim(
        (struct syn_str){text, fread(text, 1, INPUT_MAX, stdin)});
}

static struct syn_str without_line_end(struct syn_str s)
{
    while (s.bytes > 0 &&
           (s.at[s.bytes - 1] == '\n' || s.at[s.bytes - 1] == '\r')) {
        s.bytes--;
    }
    return syn_str_trim(s);
}

/* A part of the token, decoded and valid JSON; empty when it is not. */
static struct syn_str decode_part(struct syn_cli *cli, struct syn_str part)
{
    struct syn_buf text;
    struct syn_str json = {NULL, 0};
    syn_buf_init(&text, NULL, TEXT_MAX);
    if (syn_base64_decode(&text, SYN_BASE64URL, part) == SYN_OK &&
        syn_json_check(syn_buf_str(&text), NULL, NULL) == SYN_OK) {
        json = syn_arena_dup(cli->arena, syn_buf_str(&text));
    }
    syn_buf_fini(&text);
    return json;
}

struct finding {
    bool is_valid;
    const char *reason;
};

static bool find_key(void *ctx, struct syn_str key_sid,
                     struct syn_verify_key *out)
{
    const struct syn_target *target = ctx;
    if (target->account.api_key == NULL ||
        !syn_str_is(key_sid, target->account.api_key)) {
        return false;
    }
    *out = (struct syn_verify_key){.account_sid = target->account.account_sid,
                                   .secret =
                                       syn_str_of(target->account.api_secret),
                                   .can_mint = true};
    return true;
}

static bool has_service(void *ctx, struct syn_str account_sid,
                        struct syn_str service_sid)
{
    const struct syn_target *target = ctx;
    return syn_str_is(account_sid, target->account.account_sid) &&
           (target->account.service_sid == NULL ||
            syn_str_is(service_sid, "default") ||
            syn_str_is(service_sid, target->account.service_sid));
}

/* With a target the whole table of checks, as the service would read it. */
static struct finding verify(struct syn_cli *cli,
                             const struct syn_target *target,
                             struct syn_str token)
{
    struct syn_token_facts facts;
    const struct syn_token_check *failed = NULL;
    struct syn_target copy = *target;
    struct syn_verify_env env = {.now_s = (int64_t)time(NULL),
                                 .find_key = find_key,
                                 .has_service = has_service,
                                 .ctx = &copy};
    enum syn_code code =
        syn_token_verify(&env, NULL, cli->arena, token, &facts, &failed);
    struct finding finding = {.is_valid = code == SYN_CODE_NONE,
                              .reason = "valid"};
    if (!finding.is_valid) {
        struct syn_str reason = syn_arena_printf(
            cli->arena, "not valid: %d %s (%s)", (int)code, syn_code_text(code),
            failed == NULL ? "form" : failed->name);
        finding.reason = reason.at;
    }
    return finding;
}

/* Without a target the signature cannot be checked, and that is said. */
static struct finding check_times(struct syn_cli *cli, struct syn_str claims)
{
    const struct syn_json *tree = NULL;
    int64_t expires_s = 0;
    int64_t now_s = (int64_t)time(NULL);
    if (syn_json_parse(cli->arena, claims, NULL, &tree, NULL) != SYN_OK ||
        !syn_json_i64(syn_json_member(tree, "exp"), &expires_s)) {
        return (struct finding){false, "not valid: no expiry"};
    }
    return now_s >= expires_s
               ? (struct finding){false, "not valid: it has expired"}
               : (struct finding){true, "in time; signature not checked "
                                        "(give --target)"};
}

static void print_finding(struct syn_str header, struct syn_str claims,
                          const struct finding *finding)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, TEXT_MAX);
    if (header.bytes > 0 && claims.bytes > 0) {
        syn_buf_put_text(&out, "header: ");
        syn_json_compact(&out, header);
        syn_buf_put_text(&out, "\nclaims: ");
        syn_json_compact(&out, claims);
        syn_buf_put_byte(&out, '\n');
    }
    syn_buf_printf(&out, "%s\n", finding->reason);
    syn_cli_print(out.at, out.bytes);
    syn_buf_fini(&out);
}

static int inspect(struct syn_cli *cli)
{
    const struct syn_target *target = NULL;
    if (cli->word_count != 2) {
        return syn_cli_refuse("token inspect needs one token, or -");
    }
    if (!syn_cli_target(cli, &target)) {
        return SYN_EXIT_USAGE;
    }
    bool is_stdin = strcmp(cli->words[1], "-") == 0;
    struct syn_str token = without_line_end(
        is_stdin ? read_stdin(cli) : syn_str_of(cli->words[1]));
    size_t first = syn_str_find(token, '.', 0);
    size_t second = syn_str_find(token, '.', first + 1);
    struct syn_str header = decode_part(cli, syn_str_part(token, 0, first));
    struct syn_str claims =
        decode_part(cli, syn_str_part(token, first + 1,
                                      second > first ? second - first - 1 : 0));
    struct finding finding = {false, "not valid: not a signed token"};
    if (target != NULL) {
        finding = verify(cli, target, token);
    } else if (header.bytes > 0 && claims.bytes > 0 && second < token.bytes) {
        finding = check_times(cli, claims);
    }
    print_finding(header, claims, &finding);
    return finding.is_valid ? SYN_EXIT_PASSED : INVALID;
}

int syn_verb_token(struct syn_cli *cli)
{
    static const struct {
        const char *name;
        int (*run)(struct syn_cli *cli);
    } verbs[] = {{"mint", mint}, {"inspect", inspect}};
    for (size_t i = 0;
         cli->word_count > 0 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(cli->words[0], verbs[i].name) == 0) {
            return verbs[i].run(cli);
        }
    }
    return syn_cli_refuse("token needs mint or inspect");
}
