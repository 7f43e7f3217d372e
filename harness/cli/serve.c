/*
 * serve.c - the verb `serve`: the reference service alone.
 * Layer: cli. Threads: the main process.
 * Source: design sections 3 and 5.
 */
#include "base/crypto.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/cli.h"
#include "net/loop.h"
#include "net/stream.h"
#include "service/config.h"
#include "service/seams.h"
#include "service/service.h"
#include "store/store.h"
#include "syn/limits.h"
#include "target/guard.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ADDRESS_DEFAULT "127.0.0.1:0"
#define ADDRESS_BYTES   256
#define SID_BYTES       40
#define RANDOM_BYTES    16
#define PORT_MAX        65535
#define READY_BYTES_MAX 8192
#define US_PER_S        INT64_C(1000000)
#define TURN_WAIT_MS    1000
#define SEED_STEP       UINT64_C(0x9e3779b97f4a7c15)

struct server {
    const struct syn_cli *cli;
    char address[ADDRESS_BYTES];
    uint16_t port;
    struct syn_key_setup key;
    struct syn_account_setup account;
    struct syn_service_setup setup;
    struct syn_config *config; /* NULL: none */
    struct syn_tls_server tls;
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_store *store;
    struct syn_keeper keeper;
    struct syn_service *service;
    bool has_store_failed;
};

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

/* --- what the user wants --------------------------------------------------
 */

static bool read_listen(struct server *server)
{
    const char *text =
        server->cli->listen == NULL ? ADDRESS_DEFAULT : server->cli->listen;
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    if (colon == NULL || colon == text ||
        (size_t)(colon - text) >= sizeof server->address) {
        (void)syn_cli_refuse("--listen is ADDRESS:PORT, not \"%s\"", text);
        return false;
    }
    if (!syn_cli_number("the port of --listen", colon + 1, 0, PORT_MAX,
                        &port)) {
        return false;
    }
    bool is_bracketed = text[0] == '[' && colon[-1] == ']';
    size_t bytes = (size_t)(colon - text) - (is_bracketed ? 2 : 0);
    memcpy(server->address, text + (is_bracketed ? 1 : 0), bytes);
    server->address[bytes] = '\0';
    server->port = (uint16_t)port;
    return true;
}

static bool read_tls(struct server *server)
{
    const struct syn_cli *cli = server->cli;
    char url[ADDRESS_BYTES + SID_BYTES];
    if ((cli->tls_cert == NULL) != (cli->tls_key == NULL)) {
        (void)syn_cli_refuse("--tls-cert and --tls-key go together");
        return false;
    }
    bool is_v6 = strchr(server->address, ':') != NULL;
    (void)snprintf(url, sizeof url, is_v6 ? "tcp://[%s]:0" : "tcp://%s:0",
                   server->address);
    if (cli->tls_cert == NULL && !syn_guard_is_loopback(url)) {
        (void)syn_cli_refuse("--listen %s is not loopback, so it needs "
                             "--tls-cert and --tls-key",
                             server->address);
        return false;
    }
    server->tls = (struct syn_tls_server){.cert_file = cli->tls_cert,
                                          .key_file = cli->tls_key};
    return true;
}

/* One of two words; `fallback` when the option is absent. */
static bool read_choice(const char *option, const char *text,
                        const char *const words[2], bool fallback, bool *out)
{
    *out = text == NULL ? fallback : strcmp(text, words[0]) == 0;
    if (text != NULL && !*out && strcmp(text, words[1]) != 0) {
        (void)syn_cli_refuse("%s is %s or %s, not \"%s\"", option, words[0],
                             words[1], text);
        return false;
    }
    return true;
}

static const char *make_up(struct server *server, const char *prefix)
{
    unsigned char random[RANDOM_BYTES] = {0};
    char hex[2 * RANDOM_BYTES + 1];
    SYN_ASSERT(syn_crypto_random(random, sizeof random) == SYN_OK);
    syn_crypto_hex(random, sizeof random, hex);
    struct syn_str text =
        syn_arena_printf(server->cli->arena, "%s%s", prefix, hex);
    SYN_ASSERT(text.at != NULL);
    return text.at;
}

static bool read_credentials(struct server *server)
{
    const struct syn_cli *cli = server->cli;
    const struct {
        const char *option;
        const char *given;
        const char *prefix;
        const char **to;
    } wanted[] = {
        {"--account-sid", cli->account_sid, "AC", &server->account.sid},
        {"--auth-token", cli->auth_token, "", &server->account.auth_token},
        {"--api-key", cli->api_key, "SK", &server->key.sid},
        {"--api-secret", cli->api_secret, "", &server->key.secret},
        {"--service-sid", cli->service_sid, "IS",
         &server->account.service_sid}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (!syn_cli_secret(wanted[i].option, wanted[i].given, wanted[i].to)) {
            return false;
        }
        if (*wanted[i].to == NULL) {
            *wanted[i].to = make_up(server, wanted[i].prefix);
        }
        if (strncmp(*wanted[i].to, wanted[i].prefix,
                    strlen(wanted[i].prefix)) != 0 ||
            (*wanted[i].to)[0] == '\0') {
            (void)syn_cli_refuse("%s must begin with %s", wanted[i].option,
                                 wanted[i].prefix);
            return false;
        }
    }
    return true;
}

/* The file sets the accounts; what pins one of them has no place beside it. */
static bool check_alone(const struct syn_cli *cli)
{
    const struct {
        const char *option;
        const char *given;
    } others[] = {
        {"--account-sid", cli->account_sid}, {"--auth-token", cli->auth_token},
        {"--api-key", cli->api_key},         {"--api-secret", cli->api_secret},
        {"--service-sid", cli->service_sid}, {"--acl", cli->acl}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i].given != NULL) {
            (void)syn_cli_refuse("--config sets the accounts; %s does not go "
                                 "with it",
                                 others[i].option);
            return false;
        }
    }
    return true;
}

static bool read_config(struct server *server)
{
    const struct syn_cli *cli = server->cli;
    char fault[SYN_CONFIG_FAULT_BYTES] = "out of memory";
    struct syn_str text = {NULL, 0};
    if (cli->config == NULL) {
        return true;
    }
    if (!check_alone(cli)) {
        return false;
    }
    syn_status st = syn_config_load(cli->arena, cli->config, fault, &text);
    if (st == SYN_OK) {
        st = syn_config_read(cli->arena, cli->config, text, fault,
                             &server->config);
    }
    if (st != SYN_OK) {
        (void)syn_cli_refuse("%s", fault);
        return false;
    }
    syn_config_fill(server->config, &server->setup);
    server->account = server->config->setups[0];
    return true;
}

/* `real`, `off`, or a file of rates; wins over the configuration. */
static bool read_limits(struct server *server)
{
    const char *limits = server->cli->limits;
    struct syn_arena *arena = server->cli->arena;
    char fault[SYN_CONFIG_FAULT_BYTES] = "out of memory";
    struct syn_str text = {NULL, 0};
    if (limits == NULL) {
        return true;
    }
    memset(server->setup.rates, 0, sizeof server->setup.rates);
    if (strcmp(limits, "real") == 0 || strcmp(limits, "off") == 0) {
        server->setup.limits =
            strcmp(limits, "real") == 0 ? SYN_LIMITS_REAL : SYN_LIMITS_OFF;
        return true;
    }
    syn_status st = syn_config_load(arena, limits, fault, &text);
    if (st == SYN_OK) {
        st = syn_config_read_rates(arena, limits, text, fault, &server->setup);
    }
    if (st != SYN_OK) {
        (void)syn_cli_refuse("--limits is real, off or a file: %s", fault);
        return false;
    }
    return true;
}

static bool read_setup(struct server *server)
{
    static const char *const acl[] = {"on", "off"};
    const struct syn_cli *cli = server->cli;
    uint64_t seed = 0;
    if (cli->word_count > 0) {
        (void)syn_cli_refuse("serve takes no argument \"%s\"", cli->words[0]);
        return false;
    }
    if (!syn_cli_service_defect(cli->defect)) {
        return false;
    }
    if (cli->seed == NULL) {
        SYN_ASSERT(syn_crypto_random(&seed, sizeof seed) == SYN_OK);
    } else if (!syn_cli_number("--seed", cli->seed, 0, UINT64_MAX, &seed)) {
        return false;
    }
    if (!read_listen(server) || !read_tls(server) ||
        !read_choice("--acl", cli->acl, acl, false,
                     &server->account.acl_enabled) ||
        (cli->config == NULL && !read_credentials(server))) {
        return false;
    }
    server->key.kind = SYN_KEY_MAIN;
    server->account.keys = &server->key;
    server->account.key_count = 1;
    server->setup = (struct syn_service_setup){
        .address = server->address,
        .port = server->port,
        .tls = cli->tls_cert == NULL ? NULL : &server->tls,
        .accounts = &server->account,
        .account_count = 1,
        .seed = seed,
        .base_url = cli->base_url,
        .limits = SYN_LIMITS_REAL,
        .defect = cli->defect,
        .has_access_log = cli->is_verbose};
    return read_config(server) && read_limits(server) &&
           syn_cli_readings(cli, &server->setup.readings);
}

/* --- the store ------------------------------------------------------------
 */

static uint64_t mark_store(void *ctx)
{
    return syn_store_mark(((struct server *)ctx)->store);
}

static void push_store(void *ctx)
{
    syn_store_push(((struct server *)ctx)->store);
}

static uint64_t ask_kept(void *ctx)
{
    return syn_store_kept(((struct server *)ctx)->store);
}

/* The service answers what waited and refuses what comes; the operator must
 * hear of it as well, once. */
static bool ask_failed(void *ctx)
{
    struct server *server = ctx;
    if (!syn_store_has_failed(server->store)) {
        return false;
    }
    if (!server->has_store_failed) {
        server->has_store_failed = true;
        syn_err_printf("syncproof: the database failed; no write is "
                       "acknowledged any more\n");
    }
    return true;
}

static void wake_loop(void *ctx)
{
    syn_loop_wake(ctx);
}

/* Nothing forks after this, so the commit thread may begin. */
static syn_status load_store(void *ctx, struct syn_model *model)
{
    struct server *server = ctx;
    syn_status st = syn_store_load(server->store, model);
    return st == SYN_OK
               ? syn_store_start(server->store, wake_loop, server->loop)
               : st;
}

static bool open_store(struct server *server)
{
    static const char *const modes[] = {"full", "normal"};
    bool is_full = false;
    if (!read_choice("--sync", server->cli->sync, modes, false, &is_full)) {
        return false;
    }
    if (server->cli->db == NULL) {
        return true;
    }
    char fault[SYN_STORE_FAULT_BYTES] = "out of memory";
    struct syn_store_options options = {
        .sync = is_full ? SYN_STORE_FULL : SYN_STORE_NORMAL, .fault = fault};
    if (syn_store_open(server->cli->db, &options, &server->store) != SYN_OK) {
        (void)syn_cli_refuse("--db %s cannot be used: %s", server->cli->db,
                             fault);
        return false;
    }
    /* One seed twice on one file would give the ids of the first run again. */
    server->setup.seed += (syn_store_starts(server->store) - 1) * SEED_STEP;
    server->keeper = (struct syn_keeper){.mark = mark_store,
                                         .push = push_store,
                                         .kept = ask_kept,
                                         .has_failed = ask_failed,
                                         .ctx = server};
    server->setup.keeper = &server->keeper;
    server->setup.journal = syn_store_journal(server->store);
    server->setup.restore = load_store;
    server->setup.restore_ctx = server;
    return true;
}

/* --- its life -------------------------------------------------------------
 */

/* The first one that can mint tokens; NULL: none can. */
static const struct syn_key_setup *
usable_key(const struct syn_account_setup *account)
{
    for (size_t i = 0; i < account->key_count; i++) {
        if (account->keys[i].kind == SYN_KEY_MAIN ||
            account->keys[i].kind == SYN_KEY_STANDARD) {
            return &account->keys[i];
        }
    }
    return NULL;
}

static void print_ready(struct server *server)
{
    struct syn_buf line;
    struct syn_json_writer w;
    char url[ADDRESS_BYTES + SID_BYTES];
    bool is_tls = server->setup.tls != NULL;
    bool is_v6 = strchr(server->address, ':') != NULL;
    unsigned port = syn_service_port(server->service);
    syn_buf_init(&line, NULL, READY_BYTES_MAX);
    syn_json_writer_init(&w, &line);
    syn_json_open_object(&w, NULL);
    (void)snprintf(url, sizeof url, is_v6 ? "%s://[%s]:%u" : "%s://%s:%u",
                   is_tls ? "https" : "http", server->address, port);
    syn_json_write_text(&w, "rest", url);
    (void)snprintf(url, sizeof url,
                   is_v6 ? "%s://[%s]:%u/v3/wsconnect"
                         : "%s://%s:%u/v3/wsconnect",
                   is_tls ? "wss" : "ws", server->address, port);
    syn_json_write_text(&w, "sdk", url);
    syn_json_write_text(&w, "account_sid", server->account.sid);
    /* Only secrets that were made up here are shown. */
    bool has_config = server->config != NULL;
    if (server->cli->auth_token == NULL && !has_config) {
        syn_json_write_text(&w, "auth_token", server->account.auth_token);
    }
    const struct syn_key_setup *key = usable_key(&server->account);
    if (key != NULL) {
        syn_json_write_text(&w, "api_key", key->sid);
    }
    if (server->cli->api_secret == NULL && !has_config) {
        syn_json_write_text(&w, "api_secret", server->key.secret);
    }
    syn_json_write_text(&w, "service_sid",
                        syn_service_default_sid(server->service, 0));
    syn_json_close_object(&w);
    syn_buf_put_byte(&line, '\n');
    SYN_ASSERT(line.status == SYN_OK);
    syn_cli_print(line.at, line.bytes);
    syn_buf_fini(&line);
}

static int serve(struct server *server)
{
    struct sigaction stop = {.sa_handler = on_signal};
    stopped_loop = server->loop;
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    print_ready(server);
    if (syn_out_flush() != SYN_OK) {
        return SYN_EXIT_HARNESS;
    }
    while (stop_signal == 0) {
        syn_loop_turn(server->loop, TURN_WAIT_MS);
    }
    stopped_loop = NULL;
    return stop_signal == SIGINT ? SYN_EXIT_SIGNAL + SIGINT : SYN_EXIT_PASSED;
}

static int apply_config(struct server *server)
{
    char fault[SYN_CONFIG_FAULT_BYTES] = "out of memory";
    if (server->config == NULL ||
        syn_config_apply(server->config, server->service, fault) == SYN_OK) {
        return SYN_EXIT_PASSED;
    }
    return syn_cli_refuse("%s", fault);
}

static int start_service(struct server *server)
{
    bool is_virtual = server->cli->has_virtual_clock;
    server->clock = is_virtual
                        ? syn_clock_new_virtual((int64_t)time(NULL) * US_PER_S)
                        : syn_clock_new_real();
    if (server->clock == NULL ||
        syn_loop_new(server->clock, &server->loop) != SYN_OK) {
        syn_err_printf("syncproof: no loop\n");
        return SYN_EXIT_HARNESS;
    }
    syn_status st =
        syn_service_start(server->loop, &server->setup, &server->service);
    if (st == SYN_ERR_STORE) {
        return syn_cli_refuse("--db %s cannot be loaded", server->cli->db);
    }
    if (st == SYN_ERR_NET || st == SYN_ERR_TLS || st == SYN_ERR_CONFIG) {
        return syn_cli_refuse("the service cannot start on %s:%u: %s",
                              server->address, (unsigned)server->port,
                              syn_listener_cause(st));
    }
    if (st != SYN_OK) {
        syn_err_printf("syncproof: the service cannot start: %s\n",
                       syn_status_text(st));
        return SYN_EXIT_HARNESS;
    }
    return apply_config(server);
}

int syn_verb_serve(struct syn_cli *cli)
{
    struct server server = {.cli = cli};
    if (!read_setup(&server) || !open_store(&server)) {
        return SYN_EXIT_USAGE;
    }
    if (cli->is_verbose) {
        syn_log_set_level(SYN_LOG_INFO);
    }
    int code = start_service(&server);
    if (code == SYN_EXIT_PASSED) {
        code = serve(&server);
    }
    syn_service_stop(server.service);
    if (server.has_store_failed) {
        code = SYN_EXIT_HARNESS;
    }
    if (server.store != NULL) {
        syn_store_close(server.store); /* writes what was pushed */
    }
    if (server.loop != NULL) {
        syn_loop_free(server.loop);
    }
    syn_clock_free(server.clock);
    return code;
}
