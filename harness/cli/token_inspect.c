/*
 * token_inspect.c - `token inspect`: what a token says, and what is wrong.
 * Layer: cli. Threads: the main process.
 * Source: design section 3; rest.md section 8.2.
 *
 * All rules are tried, not only up to the first that fails, for the reader
 * wants to mend the issuer in one go. A rule that stands on something missing
 * (no target file, no such key) is said not to have been checked. The token
 * itself is never printed, and no secret.
 */
#include "auth/draft.h"
#include "base/buf.h"
#include "base/log.h"
#include "cli/cli.h"
#include "runner/clause.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TEXT_BYTES_MAX 16777216
#define TIME_BYTES     32
#define READ_BYTES     4096

/* --- what the target file knows ------------------------------------------- */

struct known_key {
    const char *sid;
    const char *secret;
    const char *account_sid;
    bool can_mint;
};

static bool find_key(void *ctx, struct syn_str key_sid,
                     struct syn_verify_key *out)
{
    const struct syn_target *target = ctx;
    const struct syn_target_account *own = &target->account;
    const struct syn_target_account *second = &target->second_account;
    const struct known_key keys[] = {
        {own->api_key, own->api_secret, own->account_sid, true},
        {target->restricted.api_key, target->restricted.api_secret,
         own->account_sid, false},
        {target->deleted.api_key, target->deleted.api_secret, own->account_sid,
         false},
        {second->api_key, second->api_secret, second->account_sid, true},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].sid != NULL && syn_str_is(key_sid, keys[i].sid)) {
            *out = (struct syn_verify_key){
                .account_sid =
                    keys[i].account_sid == NULL ? "" : keys[i].account_sid,
                .secret = syn_str_of(keys[i].secret),
                .can_mint = keys[i].can_mint};
            return true;
        }
    }
    return false;
}

static bool is_text(struct syn_str s, const char *text)
{
    return text != NULL && syn_str_is(s, text);
}

static bool has_service(void *ctx, struct syn_str account_sid,
                        struct syn_str service_sid)
{
    const struct syn_target *target = ctx;
    const bool is_default = syn_str_is(service_sid, "default");
    if (is_text(account_sid, target->account.account_sid)) {
        return is_default ||
               is_text(service_sid, target->account.service_sid) ||
               is_text(service_sid, target->second_service_sid);
    }
    return is_text(account_sid, target->second_account.account_sid) &&
           (is_default ||
            is_text(service_sid, target->second_account.service_sid));
}

/* --- claims --------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *meaning;
    bool is_time;
} meanings[] = {
    {"typ", "kind of token", false},
    {"alg", "how it is signed", false},
    {"cty", "whose claims these are", false},
    {"twr", "region that may serve it", false},
    {"jti", "name of the token; the issuer keeps it unique", false},
    {"iss", "API key that signed it", false},
    {"sub", "account it is for", false},
    {"iat", "issued at", true},
    {"nbf", "not valid before", true},
    {"exp", "not valid from then on", true},
    {"grants", "who it names, and what it opens", false},
};

static void put_time(struct syn_buf *out, int64_t at_s, int64_t now_s)
{
    char text[TIME_BYTES] = "beyond the calendar";
    const time_t at = (time_t)at_s;
    struct tm parts;
    if (gmtime_r(&at, &parts) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
    syn_buf_printf(out, "%s, ", text);
    if (at_s >= now_s) {
        syn_buf_printf(out, "in %lld s", (long long)(at_s - now_s));
    } else {
        syn_buf_printf(out, "%lld s ago", (long long)(now_s - at_s));
    }
}

static void put_member(struct syn_buf *out, const struct syn_json *member,
                       int64_t now_s)
{
    const struct syn_str name = syn_json_name(member);
    syn_buf_printf(out, "  %-7.*s ", SYN_STR_ARG(name));
    syn_json_print(out, member);
    const char *meaning = "not read by Sync";
    int64_t at_s = 0;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (!syn_str_is(name, meanings[i].name)) {
            continue;
        }
        meaning = meanings[i].meaning;
        if (meanings[i].is_time && syn_json_i64(member, &at_s)) {
            syn_buf_put_text(out, "  ");
            put_time(out, at_s, now_s);
        }
    }
    syn_buf_printf(out, "  (%s)\n", meaning);
}

static void put_members(struct syn_buf *out, const char *title,
                        const struct syn_json *object, int64_t now_s)
{
    syn_buf_printf(out, "%s\n", title);
    const struct syn_json *member = syn_json_first(object);
    for (; member != NULL; member = syn_json_next(member)) {
        put_member(out, member, now_s);
    }
}

/* --- rules ---------------------------------------------------------------- */

/* What a rule stands on. */
enum footing {
    ON_TEXT,    /* the token alone; when it fails nothing else can be tried */
    ON_CLAIMS,  /* header and claims */
    ON_TARGET,  /* the keys of the target file */
    ON_KEY,     /* the key that `iss` names */
    ON_SERVICE, /* the services of the target file */
};

/* By name, for rules may be added; what is not listed is ON_CLAIMS. */
static const struct {
    const char *rule;
    enum footing footing;
} footings[] = {
    {"size", ON_TEXT},   {"envelope", ON_TEXT}, {"compact", ON_TEXT},
    {"json", ON_TEXT},   {"issuer", ON_TARGET}, {"issuer-rights", ON_KEY},
    {"subject", ON_KEY}, {"signature", ON_KEY}, {"service", ON_SERVICE},
};

static enum footing footing_of(const char *rule)
{
    for (size_t i = 0; i < sizeof footings / sizeof footings[0]; i++) {
        if (strcmp(footings[i].rule, rule) == 0) {
            return footings[i].footing;
        }
    }
    return ON_CLAIMS;
}

struct inspection {
    const struct syn_target *target; /* NULL: none */
    struct syn_verify_env env;
    struct syn_token_draft draft;
    struct syn_buf *out;
    bool is_unreadable; /* a rule about the text has failed */
    size_t failed;
    size_t unchecked;
    const char *first_failed;
};

/* NULL: it can be tried. */
static const char *find_obstacle(const struct inspection *look,
                                 enum footing footing)
{
    if (look->is_unreadable) {
        return "the token cannot be read";
    }
    switch (footing) {
    case ON_TEXT:
    case ON_CLAIMS:
        return NULL;
    case ON_TARGET:
        return look->target == NULL ? "needs --target" : NULL;
    case ON_KEY:
        if (look->target == NULL) {
            return "needs --target";
        }
        return look->draft.has_key ? NULL : "the key is not known";
    case ON_SERVICE:
        if (look->target == NULL) {
            return "needs --target";
        }
        return look->target->account.service_sid == NULL &&
                       !syn_str_is(look->draft.facts.service_sid, "default")
                   ? "the target file names no service"
                   : NULL;
    }
    return NULL;
}

static void put_failure(struct syn_buf *out, const struct syn_token_check *rule,
                        enum syn_code code)
{
    const struct syn_clause *clause = syn_clause_find(syn_str_of(rule->clause));
    syn_buf_printf(out, "  FAIL  %-14s %s  %d %s", rule->name, rule->clause,
                   (int)code, syn_code_text(code));
    if (clause != NULL) {
        syn_buf_printf(out, ": \"%s\"", clause->sentence);
    }
    syn_buf_put_byte(out, '\n');
}

static void try_rule(struct inspection *look,
                     const struct syn_token_check *rule)
{
    const enum footing footing = footing_of(rule->name);
    const char *obstacle = find_obstacle(look, footing);
    if (obstacle != NULL) {
        look->unchecked++;
        syn_buf_printf(look->out, "  -     %-14s %s  not checked: %s\n",
                       rule->name, rule->clause, obstacle);
        return;
    }
    const enum syn_code code = rule->run(&look->env, &look->draft);
    if (code == SYN_CODE_NONE) {
        syn_buf_printf(look->out, "  ok    %-14s %s\n", rule->name,
                       rule->clause);
        return;
    }
    put_failure(look->out, rule, code);
    look->is_unreadable = footing == ON_TEXT;
    if (look->failed == 0) {
        look->first_failed = rule->name;
    }
    look->failed++;
}

static void put_verdict(const struct inspection *look)
{
    if (look->failed > 0) {
        syn_buf_printf(look->out, "not valid: %zu rule%s failed, first %s\n",
                       look->failed, look->failed == 1 ? "" : "s",
                       look->first_failed);
    } else if (look->unchecked > 0) {
        syn_buf_printf(look->out,
                       "nothing wrong found; %zu rules were not checked\n",
                       look->unchecked);
    } else {
        syn_buf_put_text(look->out, "valid\n");
    }
}

static int print_inspection(struct inspection *look, struct syn_arena *arena,
                            struct syn_str token)
{
    struct syn_buf out, rules;
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    syn_buf_init(&rules, NULL, TEXT_BYTES_MAX);
    memset(&look->draft, 0, sizeof look->draft);
    look->draft.arena = arena;
    look->draft.token = token;
    look->out = &rules;
    const struct syn_token_check *rule = syn_token_checks;
    for (; rule->name != NULL; rule++) {
        try_rule(look, rule);
    }
    put_verdict(look);
    if (!look->is_unreadable) {
        put_members(&out, "header", look->draft.header, look->env.now_s);
        put_members(&out, "claims", look->draft.payload, look->env.now_s);
    }
    syn_buf_put_text(&out, "rules\n");
    syn_buf_put(&out, syn_buf_str(&rules));
    syn_status st = rules.status == SYN_OK && out.status == SYN_OK
                        ? syn_out_write(out.at, out.bytes)
                        : SYN_ERR_MEMORY;
    look->out = NULL;
    syn_buf_fini(&rules);
    syn_buf_fini(&out);
    if (st != SYN_OK) {
        return SYN_EXIT_HARNESS;
    }
    return look->failed == 0 ? SYN_EXIT_PASSED : SYN_EXIT_FAILED;
}

/* All of stdin, less the line end that `echo` adds. */
static bool read_stdin(struct syn_arena *arena, struct syn_str *out)
{
    struct syn_buf text;
    char piece[READ_BYTES];
    syn_buf_init(&text, NULL, SYN_TOKEN_FORGED_BYTES_MAX);
    size_t bytes = fread(piece, 1, sizeof piece, stdin);
    while (bytes > 0 && text.status == SYN_OK) {
        syn_buf_put(&text, (struct syn_str){piece, bytes});
        bytes = fread(piece, 1, sizeof piece, stdin);
    }
    if (text.bytes > 0 && text.at[text.bytes - 1] == '\n') {
        text.bytes--;
    }
    if (text.status == SYN_OK && ferror(stdin) == 0) {
        *out = syn_arena_dup(arena, syn_buf_str(&text));
    }
    syn_buf_fini(&text);
    return out->at != NULL;
}

int syn_token_inspect(struct syn_cli *cli)
{
    const size_t words = 2; /* "inspect" and the token */
    if (cli->word_count != words) {
        return syn_cli_refuse("token inspect needs one token, or - for "
                              "standard input");
    }
    struct inspection look = {.failed = 0};
    if (!syn_cli_target(cli, &look.target)) {
        return SYN_EXIT_USAGE;
    }
    struct syn_str token = {NULL, 0};
    if (strcmp(cli->words[1], "-") != 0) {
        token = syn_str_of(cli->words[1]);
    } else if (!read_stdin(cli->arena, &token)) {
        return syn_cli_refuse("standard input cannot be read, or is over %d "
                              "bytes",
                              SYN_TOKEN_FORGED_BYTES_MAX);
    }
    struct syn_target nobody = {.name = ""};
    if (look.target != NULL) {
        nobody = *look.target; /* callbacks take no const context */
    }
    look.env = (struct syn_verify_env){.now_s = (int64_t)time(NULL),
                                       .find_key = find_key,
                                       .has_service = has_service,
                                       .ctx = &nobody};
    return print_inspection(&look, cli->arena, token);
}
