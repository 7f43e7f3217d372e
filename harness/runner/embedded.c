/*
 * embedded.c - the reference service in the process of a row.
 *
 * One that is kept writes its changes to a store in memory, from which another
 * one starts: what the first had answered must be there.
 */
#include "runner/embedded.h"

#include "runner/belief.h"
#include "runner/bug.h"
#include "runner/veil.h"
#include "store/store.h"
#include "syn/restart.h"

#include <string.h>

#define HEX_SID    32
#define HEX_SECRET 32
#define HASTY_S    1 /* patience of a service in real time */

static const char *make_sid(struct syn_run *run, const char *prefix)
{
    char hex[HEX_SID + 1];
    syn_rng_hex(&run->rng, hex, HEX_SID);
    return syn_run_must_print(
        run, syn_arena_printf(&run->arena, "%s%s", prefix, hex).at);
}

bool syn_row_needs_limits(const struct syn_scenario *row)
{
    return (row->needs & SYN_NEED_LIMITS) != 0 ||
           strncmp(row->id, "lim/", sizeof "lim/" - 1) == 0;
}

static const char *make_secret(struct syn_run *run)
{
    char hex[HEX_SECRET + 1];
    syn_rng_hex(&run->rng, hex, HEX_SECRET);
    return syn_run_must_print(run,
                              syn_arena_dup(&run->arena, syn_str_of(hex)).at);
}

static struct syn_key_setup make_key(struct syn_run *run,
                                     enum syn_key_kind kind)
{
    return (struct syn_key_setup){
        .sid = make_sid(run, "SK"), .secret = make_secret(run), .kind = kind};
}

/* Where its planes are, once it listens. */
void syn_run_point_at_service(struct syn_run *run, bool is_tls)
{
    unsigned port = syn_service_port(run->service);
    run->world.rest_url = syn_run_must_print(
        run, syn_arena_printf(&run->arena, "%s://127.0.0.1:%u",
                              is_tls ? "https" : "http", port)
                 .at);
    run->world.tls = is_tls ? &run->tls : NULL;
    run->world.sdk_url = syn_run_must_print(
        run, syn_arena_printf(&run->arena, "%s://127.0.0.1:%u/v3/wsconnect",
                              is_tls ? "wss" : "ws", port)
                 .at);
    run->world.service_sid = syn_service_default_sid(run->service, 0);
}

/* A defect of the client is planted in the row's users. */
static bool plant_client(struct syn_run *run)
{
    const struct syn_client_defect *defect =
        run->entry->defect == NULL ? NULL
                                   : syn_client_defect_find(run->entry->defect);
    if (defect != NULL) {
        defect->plant(&run->world.manners);
    }
    return defect != NULL;
}

/* What is planted in the service itself; a defect of the users or of what
 * stands beside the service is planted there. */
static const char *service_defect(struct syn_run *run)
{
    struct syn_bug bug;
    bool is_elsewhere =
        plant_client(run) ||
        (run->entry->defect != NULL && syn_bug_find(run->entry->defect, &bug) &&
         bug.seat == SYN_BUG_INSTANCE);
    return is_elsewhere ? NULL : run->entry->defect;
}

/* Made up from the row's seed. */
static void make_keys(struct syn_run *run)
{
    struct syn_run_keys *keys = &run->keys;
    keys->own = make_key(run, SYN_KEY_MAIN);
    keys->auth_token = make_secret(run);
    keys->other = make_key(run, SYN_KEY_STANDARD);
    keys->restricted = make_key(run, SYN_KEY_RESTRICTED);
    keys->deleted = make_key(run, SYN_KEY_DELETED);
    keys->foreign = make_key(run, SYN_KEY_MAIN);
    keys->foreign_account = make_sid(run, "AC");
    keys->foreign_token = make_secret(run);
    keys->jwe_key = make_secret(run);
    keys->account = make_sid(run, "AC");
}

/* As it was answered by who is gone: nothing is on its way to the store. */
static void flush(struct syn_run *run)
{
    if (syn_store_flush(run->store, NULL, NULL) != SYN_OK) {
        syn_run_abandon(run, "the store of the row's service failed");
    }
}

static syn_status load(void *ctx, struct syn_model *model)
{
    return syn_store_load(ctx, model);
}

/* A store in memory outlives the service, and nothing else. */
static void open_store(struct syn_run *run, struct syn_service_setup *setup)
{
    const struct syn_store_options options = {.sync = SYN_STORE_NORMAL};
    if (!run->entry->row->is_kept) {
        return;
    }
    if (run->store == NULL &&
        syn_store_open(NULL, &options, &run->store) != SYN_OK) {
        syn_run_abandon(run, "the row has no store");
    }
    setup->journal = syn_store_journal(run->store);
    setup->restore = load;
    setup->restore_ctx = run->store;
}

/* Two accounts, so that there are strangers. */
static void start(struct syn_run *run, uint16_t port)
{
    const struct syn_scenario *row = run->entry->row;
    const struct syn_run_keys *keys = &run->keys;
    const struct syn_key_setup mine[] = {keys->own, keys->other,
                                         keys->restricted, keys->deleted};
    const struct syn_account_setup accounts[] = {
        {.sid = keys->account,
         .auth_token = keys->auth_token,
         .keys = mine,
         .key_count = sizeof mine / sizeof mine[0],
         .acl_enabled = row->acl_on},
        {.sid = keys->foreign_account,
         .auth_token = keys->foreign_token,
         .keys = &keys->foreign,
         .key_count = 1,
         .acl_enabled = row->acl_on}};
    const int64_t hasty_s =
        run->is_in_real_time && !row->is_patient ? HASTY_S : 0;
    const struct syn_readings readings = syn_row_readings(row);
    struct syn_service_setup setup = {
        .accounts = accounts,
        .account_count = sizeof accounts / sizeof accounts[0],
        .port = port,
        .seed = syn_rng_next(&run->rng),
        .limits = syn_row_needs_limits(row) ? SYN_LIMITS_REAL : SYN_LIMITS_OFF,
        .handshake_s = hasty_s,
        .ping_s = hasty_s,
        .pong_s = hasty_s,
        .purge_delay_ms = row->purge_delay_ms,
        .readings = &readings,
        .jwe_key = syn_str_of(keys->jwe_key),
        .tls = (row->needs & SYN_NEED_TLS) == 0 ? NULL : syn_run_open_veil(run),
        .defect = service_defect(run)};
    open_store(run, &setup);
    if (syn_service_start(run->loop, &setup, &run->service) != SYN_OK) {
        syn_run_abandon(run, "the embedded service did not start");
    }
    syn_run_point_at_service(run, setup.tls != NULL);
}

void syn_run_open_embedded(struct syn_run *run)
{
    make_keys(run);
    start(run, 0);
    run->world.login = (struct syn_rest_login){
        .user = run->keys.own.sid, .password = run->keys.own.secret};
    run->world.mint_key =
        (struct syn_token_key){.key_sid = run->keys.own.sid,
                               .secret = run->keys.own.secret,
                               .account_sid = run->keys.account};
}

void syn_run_restart(struct syn_run *run)
{
    (void)syn_run_world(run);
    SYN_ASSERT(run->store != NULL); /* only a row that says so is kept */
    const uint16_t port = syn_service_port(run->service);
    flush(run);
    syn_service_stop(run->service);
    run->service = NULL;
    (void)syn_loop_turn(run->loop, 0); /* what has ended is told so */
    start(run, port);
}

void syn_run_close_embedded(struct syn_run *run)
{
    syn_service_stop(run->service);
    syn_store_close(run->store);
    run->service = NULL;
    run->store = NULL;
}
