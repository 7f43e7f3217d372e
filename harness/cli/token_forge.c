/*
 * token_forge.c - `token forge`: spoilt tokens for scripts.
 * Layer: cli. Threads: the main process.
 * Source: design section 3; spec adversaries T01 to T26, L01 to L05.
 *
 * One line per variant, `T03/nOnE<TAB>token`. Control bytes and backslashes
 * within a token are written as \xHH, so that a line stays a line. A forgery
 * that consists of a secret is left out: secrets are never printed.
 */
#include "base/buf.h"
#include "base/log.h"
#include "cli/cli.h"
#include "syn/forge.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FORGER          "mallory"
#define VICTIM          "vict\xc3\xadm"
#define SERVICE_DEFAULT "default"
#define CONTROL_END     0x20
#define DELETE_BYTE     0x7f
#define LINE_BYTES_MAX  (SYN_TOKEN_FORGED_BYTES_MAX * 4 + 1024)
#define LIST_BYTES_MAX  1048576
#define NAME_BYTES      64

static const char *const fate_names[] = {
    [SYN_FORGE_REFUSED] = "refused",
    [SYN_FORGE_ACCEPTED] = "accepted",
    [SYN_FORGE_CONFINED] = "confined",
};

static struct syn_forge_kit make_kit(const struct syn_cli *cli,
                                     const struct syn_target *target)
{
    const struct syn_target_account *own = &target->account;
    const struct syn_target_account *foreign = &target->second_account;
    return (struct syn_forge_kit){
        .identity = syn_str_of(cli->identity == NULL ? FORGER : cli->identity),
        .victim = SYN_STR(VICTIM),
        .key_sid = syn_str_of(own->api_key),
        .secret = syn_str_of(own->api_secret),
        .account_sid = syn_str_of(own->account_sid),
        .service_sid = syn_str_of(own->service_sid == NULL ? SERVICE_DEFAULT
                                                           : own->service_sid),
        .auth_token = syn_str_of(own->auth_token),
        .other_service_sid = syn_str_of(target->second_service_sid),
        .foreign_key_sid = syn_str_of(foreign->api_key),
        .foreign_secret = syn_str_of(foreign->api_secret),
        .foreign_account_sid = syn_str_of(foreign->account_sid),
        .restricted_key_sid = syn_str_of(target->restricted.api_key),
        .restricted_secret = syn_str_of(target->restricted.api_secret),
        .now_s = (int64_t)time(NULL),
    };
}

static bool has_part(struct syn_str text, struct syn_str part)
{
    if (part.bytes == 0 || part.bytes > text.bytes) {
        return false;
    }
    for (size_t at = 0; at + part.bytes <= text.bytes; at++) {
        if (memcmp(text.at + at, part.at, part.bytes) == 0) {
            return true;
        }
    }
    return false;
}

static bool shows_secret(const struct syn_forge_kit *kit, struct syn_str token)
{
    const struct syn_str secrets[] = {
        kit->secret,         kit->auth_token,        kit->other_secret,
        kit->foreign_secret, kit->restricted_secret, kit->jwe_key};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (has_part(token, secrets[i])) {
            return true;
        }
    }
    return false;
}

static void put_token(struct syn_buf *out, struct syn_str token)
{
    for (size_t i = 0; i < token.bytes; i++) {
        const unsigned char byte = (unsigned char)token.at[i];
        if (byte < CONTROL_END || byte == DELETE_BYTE || byte == '\\') {
            syn_buf_printf(out, "\\x%02x", byte);
        } else {
            syn_buf_put_byte(out, token.at[i]);
        }
    }
}

/* Print one variant, or say on stderr why not. */
static syn_status print_one(const struct syn_forgery *row,
                            const struct syn_forge_kit *kit,
                            struct syn_arena *arena)
{
    struct syn_str token = {NULL, 0};
    const struct syn_arena_mark mark = syn_arena_mark(arena);
    syn_status st = syn_forge_make(row, kit, arena, &token);
    if (st == SYN_ERR_NOT_FOUND) {
        syn_err_printf("syncproof: %s/%s left out: the target file lacks a key "
                       "or sid that it needs\n",
                       row->id, row->variant);
        return SYN_OK;
    }
    if (st == SYN_OK && shows_secret(kit, token)) {
        syn_err_printf("syncproof: %s/%s left out: it would print a secret\n",
                       row->id, row->variant);
    } else if (st == SYN_OK) {
        struct syn_buf line;
        syn_buf_init(&line, NULL, LINE_BYTES_MAX);
        syn_buf_printf(&line, "%s/%s\t", row->id, row->variant);
        put_token(&line, token);
        syn_buf_put_byte(&line, '\n');
        st = line.status == SYN_OK ? syn_out_write(line.at, line.bytes)
                                   : line.status;
        syn_buf_fini(&line);
    }
    syn_arena_rewind(arena, mark);
    return st;
}

static int list_forgeries(void)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, LIST_BYTES_MAX);
    size_t cursor = 0;
    const struct syn_forgery *row = syn_forgery_next(NULL, &cursor);
    for (; row != NULL; row = syn_forgery_next(NULL, &cursor)) {
        char name[NAME_BYTES];
        (void)snprintf(name, sizeof name, "%s/%s", row->id, row->variant);
        syn_buf_printf(&out, "%-26s %-6s %-8s ", name,
                       syn_level_name(row->level), fate_names[row->fate]);
        if (row->code == 0) {
            syn_buf_put_text(&out, "-     ");
        } else {
            syn_buf_printf(&out, "%-5d ", row->code);
        }
        syn_buf_printf(&out, "%-6s %s (%s)\n",
                       row->is_remote_safe ? "remote" : "local", row->title,
                       row->source);
    }
    syn_status st =
        out.status == SYN_OK ? syn_out_write(out.at, out.bytes) : out.status;
    syn_buf_fini(&out);
    return st == SYN_OK ? SYN_EXIT_PASSED : SYN_EXIT_HARNESS;
}

/* "T03" or "T03/nOnE". */
static bool is_asked(const struct syn_forgery *row, const char *what)
{
    const size_t bytes = strlen(row->id);
    return strncmp(what, row->id, bytes) == 0 &&
           (what[bytes] == '\0' ||
            (what[bytes] == '/' &&
             strcmp(what + bytes + 1, row->variant) == 0));
}

int syn_token_forge(struct syn_cli *cli)
{
    const struct syn_target *target = NULL;
    const size_t words = 2; /* "forge" and the id */
    if (cli->is_listing) {
        return list_forgeries();
    }
    if (cli->word_count != words || cli->target == NULL) {
        return syn_cli_refuse("token forge needs one id (see token forge "
                              "--list) and --target FILE");
    }
    if (!syn_cli_target(cli, &target)) {
        return SYN_EXIT_USAGE;
    }
    if (target->account.api_key == NULL || target->account.api_secret == NULL) {
        return syn_cli_refuse("%s names no key that signs tokens", cli->target);
    }
    const struct syn_forge_kit kit = make_kit(cli, target);
    size_t found = 0;
    size_t cursor = 0;
    const struct syn_forgery *row = syn_forgery_next(NULL, &cursor);
    for (; row != NULL; row = syn_forgery_next(NULL, &cursor)) {
        if (!is_asked(row, cli->words[1])) {
            continue;
        }
        found++;
        if (print_one(row, &kit, cli->arena) != SYN_OK) {
            syn_err_printf("syncproof: %s/%s could not be made or written\n",
                           row->id, row->variant);
            return SYN_EXIT_HARNESS;
        }
    }
    return found > 0 ? SYN_EXIT_PASSED
                     : syn_cli_refuse("no forgery \"%s\"; see syncproof token "
                                      "forge --list",
                                      cli->words[1]);
}
