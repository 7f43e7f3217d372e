/*
 * bench.c - make the services of a gate, and end them.
 * Layer: gate. Threads: the loop's.
 */
#include "gate/bench.h"

#include "runner/remote.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define EPOCH_US       INT64_C(1767225600000000) /* as embedded rows */
#define HEX_DIGITS     32
#define CANARY_DIGITS  16
#define RUN_DIGITS     8
#define US_PER_MS      INT64_C(1000)
#define GUARD_MS       10000
#define HTTP_NOT_FOUND 404
#define GUARD_BUG_MS   1000 /* a seeded defect may be silence */
#define TICKS_MAX      1000
#define TICK_US        INT64_C(1000000)
#define TICK_TTL_S     60 /* what lives shorter is not aged */

/* --- stopping ------------------------------------------------------------- */

/* Ends whatever waits for an answer. */
static void notice_stop(void *ctx)
{
    struct syn_bench *bench = ctx;
    syn_bench_notice(bench);
    if (!bench->is_closing && syn_bench_is_stopped(bench)) {
        syn_loop_stop(bench->loop);
    }
}

/* --- services ------------------------------------------------------------- */

static const char *make_text(struct syn_bench *bench, const char *prefix)
{
    char hex[HEX_DIGITS + 1];
    syn_rng_hex(&bench->rng, hex, HEX_DIGITS);
    return syn_arena_printf(&bench->arena, "%s%s", prefix, hex).at;
}

static syn_status start_service(struct syn_bench *bench,
                                const struct syn_bench_options *options)
{
    struct syn_key_setup key = {.sid = make_text(bench, "SK"),
                                .secret = make_text(bench, ""),
                                .kind = SYN_KEY_MAIN};
    struct syn_account_setup account = {.sid = make_text(bench, "AC"),
                                        .auth_token = make_text(bench, ""),
                                        .keys = &key,
                                        .key_count = 1,
                                        .acl_enabled = true};
    struct syn_service_setup setup = {.accounts = &account,
                                      .account_count = 1,
                                      .seed = syn_rng_next(&bench->rng),
                                      .limits = SYN_LIMITS_OFF,
                                      .readings = options->readings,
                                      .purge_delay_ms = options->purge_delay_ms,
                                      .defect = options->defect};
    if (key.sid == NULL || key.secret == NULL || account.sid == NULL ||
        account.auth_token == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_service_start(bench->loop, &setup, &bench->service);
    if (st != SYN_OK) {
        return st;
    }
    unsigned port = syn_service_port(bench->service);
    struct syn_world *world = &bench->world;
    world->rest_url =
        syn_arena_printf(&bench->arena, "http://127.0.0.1:%u", port).at;
    world->sdk_url =
        syn_arena_printf(&bench->arena, "ws://127.0.0.1:%u/v3/wsconnect", port)
            .at;
    world->login =
        (struct syn_rest_login){.user = key.sid, .password = key.secret};
    world->mint_key = (struct syn_token_key){
        .key_sid = key.sid, .secret = key.secret, .account_sid = account.sid};
    (void)snprintf(bench->service_sid, sizeof bench->service_sid, "%s",
                   syn_service_default_sid(bench->service, 0));
    return world->rest_url == NULL || world->sdk_url == NULL ? SYN_ERR_MEMORY
                                                             : SYN_OK;
}

static void point_at_target(struct syn_bench *bench,
                            const struct syn_target *target)
{
    struct syn_world *world = &bench->world;
    bench->tls = syn_remote_tls(target);
    bench->is_remote = true;
    world->rest_url = target->rest_url;
    world->sdk_url = target->sdk_url;
    world->tls = &bench->tls;
    world->routes = target->routes;
    world->login =
        (struct syn_rest_login){.user = syn_target_user(target),
                                .password = syn_target_password(target)};
    world->mint_key =
        (struct syn_token_key){.key_sid = target->account.api_key,
                               .secret = target->account.api_secret,
                               .account_sid = target->account.account_sid};
}

/* One more service of the account, ACLs on; its friendly name carries the
 * run's mark, so that a leftover can be told. */
static syn_status make_service(struct syn_bench *bench, const char *what,
                               char sid[SYN_BENCH_SID_BYTES])
{
    struct syn_str name =
        syn_arena_printf(&bench->arena, "%s-%s", bench->prefix, what);
    if (name.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    struct syn_reply made = syn_bench_make_service(bench, name);
    if (!syn_reply_is_ok(&made)) {
        (void)snprintf(bench->reason, sizeof bench->reason,
                       made.status == SYN_OK
                           ? "POST /v1/Services was refused with %u"
                           : "POST /v1/Services had no answer",
                       made.http);
        return SYN_ERR_NET;
    }
    struct syn_str is = syn_reply_str(&made, "/sid");
    (void)snprintf(sid, SYN_BENCH_SID_BYTES, "%.*s", SYN_STR_ARG(is));
    return SYN_OK;
}

static syn_status start_loop(struct syn_bench *bench,
                             const struct syn_bench_options *options)
{
    syn_status st = syn_loop_new(bench->clock, &bench->loop);
    if (st != SYN_OK) {
        return st;
    }
    bench->hook = (struct syn_turn_hook){.run = notice_stop, .ctx = bench};
    syn_loop_add_hook(bench->loop, &bench->hook);
    st = syn_curl_new(bench->loop, &bench->curl);
    bench->world = (struct syn_world){
        .loop = bench->loop,
        .curl = bench->curl,
        .arena = &bench->arena,
        .rng = &bench->rng,
        .service_sid = bench->service_sid,
        .scenario = "gate",
        .guard_ms = options->defect == NULL ? GUARD_MS : GUARD_BUG_MS};
    syn_bench_watch(bench);
    return st;
}

/* Where a virtual target's clock stands, ours shall too. */
static syn_status follow_clock(struct syn_bench *bench)
{
    struct syn_reply now = syn_backend_call(bench->backend, "GET",
                                            "/_syncproof/clock", NULL, NULL);
    int64_t ahead_us = syn_reply_i64(&now, "/now_ms", 0) * US_PER_MS -
                       syn_clock_now_us(bench->clock);
    if (!syn_reply_is_ok(&now) || ahead_us < 0) {
        (void)snprintf(bench->reason, sizeof bench->reason,
                       "GET /_syncproof/clock answered %u", now.http);
        return SYN_ERR_NET;
    }
    return syn_clock_advance_us(bench->clock, ahead_us, NULL, NULL);
}

static bool is_stopped_now(void *ctx)
{
    return syn_bench_is_stopped(ctx);
}

void syn_bench_pass_ms(struct syn_bench *bench, int64_t ms)
{
    if (!syn_clock_is_virtual(bench->clock)) {
        (void)syn_loop_run_until(bench->loop, is_stopped_now, bench,
                                 (unsigned)ms);
        return;
    }
    syn_status st =
        syn_clock_advance_us(bench->clock, ms * US_PER_MS, NULL, NULL);
    if (bench->is_remote && st == SYN_OK) {
        struct syn_str body = syn_arena_printf(
            &bench->arena, "{\"advance_ms\":%lld}", (long long)ms);
        struct syn_reply moved = syn_backend_call(
            bench->backend, "POST", "/_syncproof/clock", body.at, NULL);
        (void)moved; /* what does not pass will be seen not to have */
    }
}

static syn_status make_services(struct syn_bench *bench)
{
    struct syn_world *world = &bench->world;
    struct syn_rest_login login = world->login;
    syn_status st = syn_backend_new(world, "backend", NULL, &bench->backend);
    if (st == SYN_OK && bench->is_remote &&
        syn_clock_is_virtual(bench->clock)) {
        st = follow_clock(bench);
    }
    if (st == SYN_OK && bench->is_remote) {
        st = make_service(bench, "gate", bench->service_sid);
        bench->guard.service = syn_str_of(bench->service_sid);
    }
    st = st != SYN_OK ? st : make_service(bench, "other", bench->other_sid);
    login.service_sid = bench->other_sid;
    return st != SYN_OK
               ? st
               : syn_backend_new(world, "elsewhere", &login, &bench->elsewhere);
}

syn_status syn_bench_open(struct syn_bench *bench,
                          const struct syn_bench_options *options)
{
    char run[RUN_DIGITS + 1];
    *bench = (struct syn_bench){.stop = options->stop};
    syn_arena_init(&bench->arena, NULL, SYN_GATE_ARENA_BYTES_MAX);
    syn_rng_init(&bench->rng, options->seed, 0);
    syn_rng_hex(&bench->rng, run, RUN_DIGITS);
    (void)snprintf(bench->prefix, sizeof bench->prefix, "syn-%s", run);
    bench->clock = options->target == NULL || options->follows_clock
                       ? syn_clock_new_virtual(EPOCH_US)
                       : syn_clock_new_real();
    if (bench->clock == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = start_loop(bench, options);
    if (st == SYN_OK && options->target == NULL) {
        st = start_service(bench, options);
    } else if (st == SYN_OK) {
        point_at_target(bench, options->target);
        st = syn_bench_open_books(bench, options);
    }
    st = st != SYN_OK ? st : make_services(bench);
    return st == SYN_ERR_NET && syn_bench_is_stopped(bench)
               ? SYN_ERR_INTERRUPTED
               : st;
}

bool syn_bench_is_ours(struct syn_bench *bench, const char *sid,
                       bool *is_absent)
{
    struct syn_str path =
        syn_arena_printf(&bench->arena, "/v1/Services/%s", sid);
    *is_absent = sid[0] == '\0';
    if (path.at == NULL || *is_absent) {
        return false;
    }
    struct syn_reply there =
        syn_backend_call(bench->backend, "GET", path.at, NULL, NULL);
    *is_absent = there.http == HTTP_NOT_FOUND;
    return syn_reply_is_ok(&there) &&
           syn_str_has_prefix(syn_reply_str(&there, "/friendly_name"),
                              syn_str_of(bench->prefix));
}

/* Only what bears our name is deleted. */
static bool delete_service(struct syn_bench *bench, const char *sid)
{
    bool is_absent = false;
    struct syn_str path =
        syn_arena_printf(&bench->arena, "/v1/Services/%s", sid);
    if (path.at == NULL || !syn_bench_is_ours(bench, sid, &is_absent)) {
        return is_absent;
    }
    struct syn_reply gone =
        syn_backend_call(bench->backend, "DELETE", path.at, NULL, NULL);
    return syn_reply_is_ok(&gone) || gone.http == HTTP_NOT_FOUND;
}

static const char *keep_text(struct syn_arena *arena, const char *text)
{
    struct syn_str kept = syn_arena_dup(arena, syn_str_of(text));
    return kept.at == NULL ? "out of memory" : kept.at;
}

void syn_bench_wind_up(struct syn_bench *bench)
{
    bench->is_closing = true;
    bench->guard.is_cleaning = true;
    if (bench->is_remote && bench->backend != NULL) {
        syn_loop_resume(bench->loop);
    }
}

struct syn_bench_end syn_bench_close(struct syn_bench *bench,
                                     struct syn_arena *arena)
{
    struct syn_bench_end end = {.is_unclean = false};
    bool is_clean = true;
    syn_bench_wind_up(bench);
    if (bench->is_remote && bench->backend != NULL) {
        is_clean = delete_service(bench, bench->other_sid);
        is_clean = delete_service(bench, bench->service_sid) && is_clean;
    }
    end.is_unclean = !is_clean;
    if (bench->distress[0] != '\0') {
        end.distress = keep_text(arena, bench->distress);
    }
    if (bench->purse != NULL) {
        end.sent = syn_purse_tell(bench->purse, arena);
    }
    syn_backend_free(bench->elsewhere);
    syn_backend_free(bench->backend);
    syn_service_stop(bench->service);
    syn_curl_free(bench->curl);
    syn_loop_free(bench->loop);
    syn_bench_close_books(bench, is_clean);
    syn_clock_free(bench->clock);
    syn_arena_fini(&bench->arena);
    return end;
}

void syn_bench_tick(struct syn_bench *bench, int64_t ttl_s)
{
    bool can_age = ttl_s <= 0 || ttl_s > TICK_TTL_S;
    if (!bench->is_remote && can_age && bench->ticks < TICKS_MAX) {
        bench->ticks++;
        syn_status st = syn_clock_advance_us(bench->clock, TICK_US, NULL, NULL);
        SYN_ASSERT(st == SYN_OK); /* fails backwards only */
    }
}

struct syn_thing syn_bench_thing(struct syn_bench *bench, enum syn_type type,
                                 struct syn_str name)
{
    char hex[CANARY_DIGITS + 1];
    struct syn_thing thing = {.type = type, .name = name};
    syn_rng_hex(&bench->rng, hex, CANARY_DIGITS);
    thing.canary = syn_arena_printf(&bench->arena, "canary-%s", hex);
    SYN_ASSERT(thing.canary.at != NULL);
    return thing;
}
