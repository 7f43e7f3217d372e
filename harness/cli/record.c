/*
 * record.c - the verb `record`: write down what an app does.
 * Layer: cli. Threads: the main process.
 * Source: design section 8.
 */
#include "gate/record.h"

#include "base/json.h"
#include "base/log.h"
#include "cli/cli.h"
#include "net/loop.h"
#include "syn/limits.h"
#include "target/guard.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADDRESS_BYTES 256
#define URL_BYTES     320
#define READY_BYTES   2048
#define PORT_MAX      65535
#define ARENA_BYTES   4294967296u

/* Set by the handler; the loop is woken by it. */
static volatile sig_atomic_t stop_signal;
static struct syn_loop *stopped_loop;

static void on_signal(int number)
{
    stop_signal = number;
    if (stopped_loop != NULL) {
        syn_loop_wake(stopped_loop);
    }
}

static void on_loop(void *ctx, struct syn_loop *loop)
{
    struct sigaction stop = {.sa_handler = on_signal};
    (void)ctx;
    stopped_loop = loop;
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
}

struct place {
    char address[ADDRESS_BYTES];
    uint16_t port;
    bool is_tls;
};

static bool read_listen(const struct syn_cli *cli, struct place *place)
{
    const char *text = cli->listen == NULL ? "127.0.0.1:0" : cli->listen;
    const char *colon = strrchr(text, ':');
    char url[URL_BYTES];
    uint64_t port = 0;
    bool is_bracketed = text[0] == '[' && colon != NULL && colon[-1] == ']';
    if (colon == NULL || colon == text ||
        (size_t)(colon - text) >= sizeof place->address) {
        (void)syn_cli_refuse("--listen is ADDRESS:PORT, not \"%s\"", text);
        return false;
    }
    if (!syn_cli_number("the port of --listen", colon + 1, 0, PORT_MAX,
                        &port)) {
        return false;
    }
    size_t bytes = (size_t)(colon - text) - (is_bracketed ? 2 : 0);
    memcpy(place->address, text + (is_bracketed ? 1 : 0), bytes);
    place->address[bytes] = '\0';
    place->port = (uint16_t)port;
    place->is_tls = cli->tls_cert != NULL;
    (void)snprintf(url, sizeof url,
                   is_bracketed ? "tcp://[%s]:0" : "tcp://%s:0",
                   place->address);
    if ((cli->tls_cert == NULL) != (cli->tls_key == NULL)) {
        (void)syn_cli_refuse("--tls-cert and --tls-key go together");
        return false;
    }
    if (!place->is_tls && !syn_guard_is_loopback(url)) {
        (void)syn_cli_refuse("--listen %s is not loopback, so it needs "
                             "--tls-cert and --tls-key",
                             place->address);
        return false;
    }
    return true;
}

static bool print_ready(void *ctx, uint16_t port)
{
    const struct place *place = ctx;
    bool is_v6 = strchr(place->address, ':') != NULL;
    struct syn_buf line;
    struct syn_json_writer w;
    char url[URL_BYTES];
    syn_buf_init(&line, NULL, READY_BYTES);
    syn_json_writer_init(&w, &line);
    syn_json_open_object(&w, NULL);
    (void)snprintf(url, sizeof url, is_v6 ? "%s://[%s]:%u" : "%s://%s:%u",
                   place->is_tls ? "https" : "http", place->address,
                   (unsigned)port);
    syn_json_write_text(&w, "rest", url);
    (void)snprintf(
        url, sizeof url,
        is_v6 ? "%s://[%s]:%u/v3/wsconnect" : "%s://%s:%u/v3/wsconnect",
        place->is_tls ? "wss" : "ws", place->address, (unsigned)port);
    syn_json_write_text(&w, "sdk", url);
    syn_json_close_object(&w);
    syn_buf_put_byte(&line, '\n');
    syn_cli_print(line.at, line.bytes);
    syn_buf_fini(&line);
    return syn_out_flush() == SYN_OK;
}

/* Where pseudonyms are kept; NULL when names are. */
static const char *map_path(const struct syn_cli *cli)
{
    struct syn_str path = {NULL, 0};
    if (cli->keeps_names) {
        return NULL;
    }
    if (cli->map != NULL) {
        return cli->map;
    }
    path = syn_arena_printf(cli->arena, "%s.map", cli->trace);
    return path.at;
}

/* A recorder that is started again must not take what it had written. */
static bool is_free(const char *path)
{
    struct stat there = {.st_size = 0};
    if (stat(path, &there) != 0 || there.st_size == 0) {
        return true;
    }
    (void)syn_cli_refuse("--trace %s is there already: name another, or move "
                         "it and its map away",
                         path);
    return false;
}

static int record(struct syn_cli *cli, struct syn_arena *arena,
                  const struct syn_target *target)
{
    struct place place = {.port = 0};
    if (!read_listen(cli, &place) || !is_free(cli->trace)) {
        return SYN_EXIT_USAGE;
    }
    const struct syn_tls_server tls = {.cert_file = cli->tls_cert,
                                       .key_file = cli->tls_key};
    const struct syn_record_options options = {
        .target = target,
        .address = place.address,
        .port = place.port,
        .tls = place.is_tls ? &tls : NULL,
        .trace_path = cli->trace,
        .map_path = map_path(cli),
        .shadow_denies = cli->shadow_denies,
        .on_ready = print_ready,
        .on_loop = on_loop,
        .ctx = &place,
        .stop = &stop_signal};
    int code = syn_record_run(arena, &options);
    struct stat begun = {.st_size = 0};
    if ((code == SYN_EXIT_USAGE || code == SYN_EXIT_UNREACHABLE) &&
        stat(cli->trace, &begun) == 0 && S_ISREG(begun.st_mode)) {
        (void)unlink(cli->trace); /* a head alone, in the next one's way */
    }
    return code == SYN_EXIT_PASSED && stop_signal == SIGINT
               ? SYN_EXIT_SIGNAL + SIGINT
               : code;
}

static int import(struct syn_cli *cli, struct syn_arena *arena,
                  const struct syn_target *target)
{
    const struct syn_webhook_import wanted = {
        .log_path = cli->webhooks,
        .trace_path = cli->trace,
        .map_path = map_path(cli),
        .auth_token = target == NULL ? NULL : target->account.auth_token};
    return syn_record_import(arena, &wanted);
}

int syn_verb_record(struct syn_cli *cli)
{
    const struct syn_target *target = NULL;
    struct syn_arena arena;
    if (cli->word_count > 0) {
        return syn_cli_refuse("record takes no argument \"%s\"", cli->words[0]);
    }
    if (cli->trace == NULL) {
        return syn_cli_refuse("record needs --trace FILE, to write");
    }
    if (!syn_cli_target(cli, &target)) {
        return SYN_EXIT_USAGE;
    }
    if (target == NULL && cli->webhooks == NULL) {
        return syn_cli_refuse("record needs --target FILE, or --webhooks FILE");
    }
    if (cli->webhooks == NULL && !syn_cli_settle(target)) {
        return SYN_EXIT_USAGE;
    }
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    int code = cli->webhooks != NULL ? import(cli, &arena, target)
                                     : record(cli, &arena, target);
    syn_arena_fini(&arena);
    return code;
}
