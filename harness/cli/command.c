/*
 * command.c - the command that repeats what was asked, ready for a shell.
 * Layer: cli. Threads: the main process.
 * Source: design section 3 ("A failure prints the one command that repeats
 * it").
 *
 * Verbs that take a secret as a flag (serve) print no such command.
 */
#include "base/buf.h"
#include "cli/cli.h"
#include "syn/limits.h"

#include <string.h>

/* Nothing that a POSIX shell could read as its own. */
static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-_./:=,+@%";
    return text[0] != '\0' && strspn(text, plain) == strlen(text);
}

static void put_quoted(struct syn_buf *out, const char *text)
{
    if (is_plain(text)) {
        syn_buf_put_text(out, text);
        return;
    }
    syn_buf_put_byte(out, '\'');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\'') {
            syn_buf_put_text(out, "'\\''");
        } else {
            syn_buf_put_byte(out, *at);
        }
    }
    syn_buf_put_byte(out, '\'');
}

/* A seed that nobody gave comes first, before any "--". */
const char *syn_cli_command(const struct syn_cli *cli, uint64_t seed)
{
    struct syn_buf text;
    if (cli->verb == NULL) {
        return NULL;
    }
    syn_buf_init(&text, NULL, SYN_COMMAND_BYTES_MAX);
    syn_buf_printf(&text, "syncproof %s", cli->verb->name);
    if (cli->seed == NULL) {
        syn_buf_printf(&text, " --seed 0x%llx", (unsigned long long)seed);
    }
    for (int i = 0; i < cli->argument_count; i++) {
        syn_buf_put_byte(&text, ' ');
        put_quoted(&text, cli->arguments[i]);
    }
    const char *kept = text.status == SYN_OK
                           ? syn_arena_dup(cli->arena, syn_buf_str(&text)).at
                           : NULL;
    syn_buf_fini(&text);
    return kept;
}
