/*
 * run.c - what a row may ask of its world (scenario.h).
 * Layer: runner. Threads: the row's process.
 */
#include "auth/token.h"
#include "runner/persona.h"
#include "runner/remote.h"
#include "runner/run_impl.h"

#include "target/given.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MS_PER_S      1000
#define US_PER_MS     1000
#define CANARY_DIGITS 20
#define TOKEN_TTL_S   3600
#define SETTLE_TURNS  8 /* so that frames of a jump are on their way */
#define PREFIX_BYTES  32

static const int64_t embedded_bounds_s[] = {[SYN_BOUND_TTL_S] = 2,
                                            [SYN_BOUND_REVOKE_S] = 1,
                                            [SYN_BOUND_EVENT_S] = 1,
                                            [SYN_BOUND_SKEW_S] = 0};

const char *syn_run_text(struct syn_run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct syn_str text = syn_arena_vprintf(&run->arena, format, args);
    va_end(args);
    if (text.at == NULL) {
        syn_run_abandon(run, "the arena of the row is full");
    }
    return text.at;
}

struct syn_arena *syn_run_arena(struct syn_run *run)
{
    return &run->arena;
}

enum syn_type syn_run_type(const struct syn_run *run)
{
    SYN_ASSERT(run->entry->has_type);
    return run->entry->type;
}

/* Rows of a run share services at a target, and other people may too. */
static const char *prefix_name(struct syn_run *run, const char *name)
{
    if (run->stage->target == NULL) {
        return syn_run_text(run, "%s", name);
    }
    /* What a lost attempt left behind must not be met again. */
    return run->attempt == 0
               ? syn_run_text(run, "syn-%s-%zu-%s", run->stage->run, run->index,
                              name)
               : syn_run_text(run, "syn-%s-%zu.%u-%s", run->stage->run,
                              run->index, run->attempt, name);
}

const char *syn_run_identity(struct syn_run *run, const char *name)
{
    const char *given = syn_persona_identity(run, name);
    return given != NULL ? given : prefix_name(run, name);
}

const char *syn_run_name(struct syn_run *run, const char *name)
{
    return prefix_name(run, name);
}

const char *syn_run_service(const struct syn_run *run)
{
    SYN_ASSERT(run->has_world);
    return run->world.service_sid;
}

struct syn_thing syn_run_thing_of(struct syn_run *run, enum syn_type type,
                                  const char *name)
{
    struct syn_thing thing = {.type = type};
    char hex[CANARY_DIGITS + 1];
    syn_rng_hex(&run->rng, hex, CANARY_DIGITS);
    thing.canary = syn_str_of(syn_run_text(run, "canary-%s", hex));
    /* "" is no name, and stays none behind a prefix. */
    if (name != NULL && name[0] != '\0') {
        thing.name = syn_str_of(syn_run_name(run, name));
    }
    return thing;
}

struct syn_thing syn_run_thing(struct syn_run *run, const char *name)
{
    return syn_run_thing_of(run, syn_run_type(run), name);
}

struct syn_backend *syn_run_backend(struct syn_run *run)
{
    struct syn_world *world = syn_run_world(run);
    if (run->backend == NULL &&
        syn_backend_new(world, "backend", NULL, &run->backend) != SYN_OK) {
        syn_run_abandon(run, "the backend actor could not be made");
    }
    return run->backend;
}

/* Whose it is must be seen wherever others live too. */
static bool may_be_bare(const struct syn_run *run, const char *identity)
{
    char prefix[PREFIX_BYTES];
    if (run->stage->target == NULL || run->stage->owns_services ||
        run->own_service[0] != '\0') {
        return true;
    }
    (void)snprintf(prefix, sizeof prefix, "syn-%s-", run->stage->run);
    return strncmp(identity, prefix, strlen(prefix)) == 0 ||
           syn_given_find(run->stage->target, syn_str_of(identity)) <
               run->stage->target->token_count;
}

struct syn_client *syn_run_client_with(struct syn_run *run, const char *name,
                                       const struct syn_client_options *options)
{
    struct syn_world *world = syn_run_world(run);
    struct syn_client *client = NULL;
    struct syn_client_options mine = {.identity = NULL};
    if (options != NULL) {
        mine = *options;
    }
    /* One that the row names is meant as it is: it comes from another client,
     * or the row is about the string itself. */
    if (mine.identity == NULL) {
        mine.identity = syn_run_identity(run, name);
    } else if (!may_be_bare(run, mine.identity)) {
        syn_run_skip(run, "refused by a safety rule: an identity without the "
                          "prefix of the run, in a service that is not of "
                          "this run");
        mine.stays_offline = true;
    }
    if (syn_persona_is_given(run)) {
        syn_persona_dress(run, &mine);
    }
    if (run->client_count == SYN_ROW_CLIENTS_MAX ||
        syn_client_new(world, syn_run_text(run, "%s", name), &mine, &client) !=
            SYN_OK) {
        syn_run_abandon(run, "a client could not be made");
    }
    run->clients[run->client_count++] = client;
    if (mine.stays_offline) {
        return client;
    }
    struct syn_reply reply = syn_client_connect(client);
    if (!syn_reply_is_ok(&reply)) {
        const char *what = syn_run_text(run, "%s connects", name);
        (void)syn_expect_allowed(run, SYN_SITE, SYN_CONTROL, what, reply);
        run->recorder.is_over = true;
    }
    return client;
}

struct syn_client *syn_run_client(struct syn_run *run, const char *name)
{
    return syn_run_client_with(run, name, NULL);
}

struct syn_str syn_run_token(struct syn_run *run,
                             const struct syn_token_wish *wish)
{
    struct syn_world *world = syn_run_world(run);
    struct syn_str token = {NULL, 0};
    struct syn_token_key key = world->mint_key;
    if (syn_persona_is_given(run)) { /* it is never presented */
        syn_persona_miss_key(run);
        return syn_str_of(run->stage->target->tokens[0].value);
    }
    int64_t now_s = syn_clock_now_s(run->clock);
    struct syn_claims claims = {
        .identity = syn_str_of(wish->identity),
        .service_sid = syn_str_of(
            wish->service_sid != NULL ? wish->service_sid : world->service_sid),
        .issued_s = now_s + wish->starts_in_s,
        .not_before_s =
            wish->not_before_in_s == 0 ? 0 : now_s + wish->not_before_in_s};
    claims.expires_s =
        claims.issued_s + (wish->ttl_s == 0 ? TOKEN_TTL_S : wish->ttl_s);
    if (wish->key_sid != NULL) {
        key.key_sid = wish->key_sid;
        key.secret = wish->secret;
    }
    if (key.key_sid == NULL ||
        syn_token_mint(&run->arena, &key, &claims, &token) != SYN_OK) {
        syn_run_abandon(run, "a token could not be minted");
    }
    return token;
}

struct syn_str syn_run_token_for(struct syn_run *run, const char *identity,
                                 int64_t ttl_s)
{
    return syn_run_token(
        run, &(struct syn_token_wish){.identity = identity, .ttl_s = ttl_s});
}

int64_t syn_run_now_ms(const struct syn_run *run)
{
    SYN_ASSERT(run->has_world);
    return syn_clock_now_ms(run->clock);
}

const char *syn_run_date(struct syn_run *run, int64_t unix_ms)
{
    char text[SYN_CLOCK_ISO_BYTES];
    syn_clock_format_s(unix_ms, text);
    return syn_run_text(run, "%s", text);
}

static void settle(struct syn_run *run)
{
    for (unsigned i = 0; i < SETTLE_TURNS; i++) {
        syn_loop_turn(run->loop, 0);
    }
}

/* A turn ends early when something happens, and late by what it does then;
 * nothing that is waited for will be looked at once the purse is hushed. */
static void wait_ms(struct syn_run *run, int64_t ms)
{
    struct syn_purse *purse = run->stage->purse;
    const int64_t until_ms = syn_clock_now_ms(run->clock) + ms;
    int64_t left_ms = ms;
    while (left_ms > 0 && (purse == NULL || !syn_purse_is_hushed(purse))) {
        syn_loop_turn(run->loop, (unsigned)left_ms);
        left_ms = until_ms - syn_clock_now_ms(run->clock);
    }
}

void syn_run_pass_ms(struct syn_run *run, int64_t ms)
{
    (void)syn_run_world(run);
    SYN_ASSERT(ms >= 0);
    if (run->is_in_real_time) {
        /* Nobody waits for what will not be judged. */
        if (!run->recorder.is_over && !run->is_lost) {
            wait_ms(run, ms);
        }
        return;
    }
    if (run->stage->target != NULL) {
        struct syn_remote remote = syn_run_remote(run);
        if (!syn_remote_advance_ms(&remote, ms)) {
            syn_run_give_up(run, "the target's clock could not be moved");
            return;
        }
    }
    if (syn_clock_advance_us(run->clock, ms * US_PER_MS, NULL, NULL) !=
        SYN_OK) {
        syn_run_abandon(run, "the clock could not be moved");
    }
    settle(run);
}

void syn_run_pass_s(struct syn_run *run, int64_t seconds)
{
    syn_run_pass_ms(run, seconds * MS_PER_S);
}

bool syn_run_until(struct syn_run *run, int64_t step_s, int64_t bound_s,
                   bool (*is_so)(void *ctx), void *ctx)
{
    (void)syn_run_world(run);
    SYN_ASSERT(step_s > 0);
    int64_t begun_ms = syn_clock_now_ms(run->clock);
    bool is_true = is_so(ctx);
    while (!is_true && !run->recorder.is_over && !run->is_lost &&
           syn_clock_now_ms(run->clock) - begun_ms < bound_s * MS_PER_S) {
        syn_run_pass_s(run, step_s);
        is_true = is_so(ctx);
    }
    return is_true;
}

int64_t syn_run_bound_s(const struct syn_run *run, enum syn_bound bound)
{
    const struct syn_target *target = run->stage->target;
    SYN_ASSERT((unsigned)bound <= SYN_BOUND_SKEW_S);
    if (target == NULL) {
        return embedded_bounds_s[bound];
    }
    const int64_t bounds[] = {[SYN_BOUND_TTL_S] = target->ttl_s,
                              [SYN_BOUND_REVOKE_S] = target->revoke_s,
                              [SYN_BOUND_EVENT_S] = target->event_s,
                              [SYN_BOUND_SKEW_S] = target->skew_s};
    return bounds[bound];
}

void syn_run_skip(struct syn_run *run, const char *reason)
{
    if (!run->recorder.is_over) {
        syn_record_end(&run->recorder, SYN_END_SKIPPED, reason);
    }
}

void syn_run_give_up(struct syn_run *run, const char *reason)
{
    if (!run->recorder.is_over) {
        syn_record_end(&run->recorder, SYN_END_GAVE_UP, reason);
    }
}
