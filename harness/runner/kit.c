/*
 * kit.c - other credentials than the row's own: strangers at REST, forgers.
 * Layer: runner. Threads: the row's process.
 * Source: spec adversaries, clauses TOK-16 to TOK-49.
 */
#include "runner/persona.h"
#include "runner/remote.h"
#include "runner/run_impl.h"
#include "syn/forge.h"

#include <stdio.h>
#include <string.h>

const char *syn_run_rest_url(struct syn_run *run)
{
    return syn_run_world(run)->rest_url;
}

static struct syn_backend *make_backend(struct syn_run *run,
                                        const struct syn_rest_login *login)
{
    struct syn_world *world = syn_run_world(run);
    struct syn_backend *backend = NULL;
    if (run->stranger_count == SYN_RUN_STRANGERS_MAX ||
        syn_backend_new(world, "stranger", login, &backend) != SYN_OK) {
        syn_run_abandon(run, "a REST actor could not be made");
    }
    run->strangers[run->stranger_count++] = backend;
    return backend;
}

#define BRIEF_LIFE_S 45 /* of a token in real time */
#define SLOW_PART    2  /* half of it is for the row's first part */

int64_t syn_run_token_life_s(struct syn_run *run, int64_t full_s)
{
    (void)syn_run_world(run); /* whose clock it is */
    bool is_real =
        run->stage->target != NULL && !run->stage->target->has_virtual_clock;
    return is_real ? BRIEF_LIFE_S : full_s;
}

bool syn_run_outlive(struct syn_run *run, int64_t begun_ms, int64_t life_s)
{
    const int64_t used_ms = syn_run_now_ms(run) - begun_ms;
    const int64_t skew_s =
        life_s == BRIEF_LIFE_S ? syn_run_bound_s(run, SYN_BOUND_SKEW_S) + 1 : 0;
    if (used_ms > life_s * 1000 / SLOW_PART) {
        syn_run_give_up(run, "too slow: the token may have ended too early");
        return false;
    }
    syn_run_pass_s(run, life_s + skew_s);
    return true;
}

bool syn_run_is_reference(const struct syn_run *run)
{
    return run->stage->target == NULL;
}

struct syn_backend *syn_run_backend_as(struct syn_run *run, const char *user,
                                       const char *password)
{
    struct syn_rest_login login = {.user = user, .password = password};
    return make_backend(run, &login);
}

struct syn_backend *syn_run_backend_foreign(struct syn_run *run)
{
    const struct syn_target *target = run->stage->target;
    (void)syn_run_world(run); /* whose keys are made with it */
    struct syn_rest_login login = {.user = run->keys.foreign.sid,
                                   .password = run->keys.foreign.secret};
    if (target != NULL) {
        const struct syn_target_account *other = &target->second_account;
        bool has_key = other->api_key != NULL;
        login.user = has_key ? other->api_key : other->account_sid;
        login.password = has_key ? other->api_secret : other->auth_token;
    }
    return make_backend(run, &login);
}

struct syn_backend *syn_run_backend_bearer(struct syn_run *run,
                                           const char *token)
{
    struct syn_rest_login login = {.bearer = token};
    return make_backend(run, &login);
}

struct syn_backend *syn_run_backend_in(struct syn_run *run,
                                       const char *service_sid)
{
    struct syn_rest_login login = syn_run_world(run)->login;
    login.service_sid = service_sid;
    return make_backend(run, &login);
}

/* Made for this row, and removed with its world at a target. Returns the HTTP
 * status, 0 without an answer. */
static unsigned make_second_service(struct syn_run *run)
{
    (void)syn_run_world(run);
    if (run->stage->target == NULL) {
        struct syn_reply made =
            syn_backend_call(syn_run_backend(run), "POST", "/v1/Services",
                             "FriendlyName=syn-other", NULL);
        struct syn_str sid = syn_reply_str(&made, "/sid");
        (void)snprintf(run->second_service, sizeof run->second_service, "%.*s",
                       SYN_STR_ARG(sid));
        return made.http;
    }
    struct syn_remote remote = syn_run_remote(run);
    return syn_remote_make_service(
        &remote,
        syn_run_text(run, "syn-%s-second%zu", run->stage->run, run->index),
        false, run->second_service);
}

/* Empty when there is none; *http says why. Where services can be made, one is:
 * its switch may be turned. One that the target file names is not removed. */
static const char *second_service(struct syn_run *run, unsigned *http)
{
    *http = 0;
    const struct syn_target *target = run->stage->target;
    bool is_made = target == NULL || run->stage->owns_services;
    if (target != NULL && target->second_service_sid != NULL) {
        if (run->stage->is_second_unread) {
            syn_run_end_without(
                run, "the backend reads the second service of the target file",
                0);
        }
        if (!is_made) {
            return target->second_service_sid;
        }
    }
    if (is_made && run->second_service[0] == '\0') {
        *http = make_second_service(run);
    }
    return run->second_service;
}

const char *syn_run_second_service(struct syn_run *run)
{
    unsigned http = 0;
    const char *sid = second_service(run, &http);
    if (sid[0] == '\0') {
        syn_run_end_without(run, "the backend makes a second service", http);
    }
    return sid;
}

static void fill_target_kit(struct syn_forge_kit *kit,
                            const struct syn_target *target)
{
    kit->auth_token = syn_str_of(target->account.auth_token);
    kit->restricted_key_sid = syn_str_of(target->restricted.api_key);
    kit->restricted_secret = syn_str_of(target->restricted.api_secret);
    kit->deleted_key_sid = syn_str_of(target->deleted.api_key);
    kit->deleted_secret = syn_str_of(target->deleted.api_secret);
    kit->foreign_key_sid = syn_str_of(target->second_account.api_key);
    kit->foreign_secret = syn_str_of(target->second_account.api_secret);
    kit->foreign_account_sid = syn_str_of(target->second_account.account_sid);
}

static void fill_embedded_kit(struct syn_forge_kit *kit,
                              const struct syn_run *run)
{
    const struct syn_run_keys *keys = &run->keys;
    kit->auth_token = syn_str_of(keys->auth_token);
    kit->other_key_sid = syn_str_of(keys->other.sid);
    kit->other_secret = syn_str_of(keys->other.secret);
    kit->restricted_key_sid = syn_str_of(keys->restricted.sid);
    kit->restricted_secret = syn_str_of(keys->restricted.secret);
    kit->deleted_key_sid = syn_str_of(keys->deleted.sid);
    kit->deleted_secret = syn_str_of(keys->deleted.secret);
    kit->foreign_key_sid = syn_str_of(keys->foreign.sid);
    kit->foreign_secret = syn_str_of(keys->foreign.secret);
    kit->foreign_account_sid = syn_str_of(keys->foreign_account);
    kit->jwe_key = syn_str_of(keys->jwe_key);
}

const struct syn_forge_kit *syn_run_forge_kit(struct syn_run *run)
{
    struct syn_world *world = syn_run_world(run);
    struct syn_forge_kit *kit = run->kit;
    if (kit == NULL) {
        kit = syn_arena_alloc(&run->arena, sizeof *kit);
        if (kit == NULL) {
            syn_run_abandon(run, "the arena of the row is full");
        }
        run->kit = kit;
        kit->identity = syn_str_of(syn_run_identity(run, "mallory"));
        /* An accent, so that the victim has a decomposed form too. */
        kit->victim = syn_str_of(syn_run_identity(run, "vict\xc3\xadm"));
        kit->key_sid = syn_str_of(world->mint_key.key_sid);
        kit->secret = syn_str_of(world->mint_key.secret);
        kit->account_sid = syn_str_of(world->mint_key.account_sid);
        kit->service_sid = syn_str_of(world->service_sid);
        unsigned http = 0; /* without one its forgeries are left out */
        kit->other_service_sid = syn_str_of(second_service(run, &http));
        if (run->stage->target != NULL) {
            fill_target_kit(kit, run->stage->target);
        } else {
            fill_embedded_kit(kit, run);
        }
    }
    if (run->tap != NULL) { /* a listener of ours, for jku and x5u */
        kit->callback_url = syn_str_of(syn_run_text(
            run, "http://127.0.0.1:%u", (unsigned)syn_tap_port(run->tap)));
    }
    kit->now_s = syn_clock_now_s(run->clock);
    return kit;
}

/* Forgeries that weigh on a service, or call back, are for our own, or for one
 * whose owner has agreed to disruption. */
static bool may_present(const struct syn_run *run,
                        const struct syn_forgery *forgery)
{
    const struct syn_target *target = run->stage->target;
    bool is_agreed =
        target != NULL && (syn_stage_is_ours(run->stage) ||
                           target->authorisation_reference != NULL);
    return target == NULL ||
           (is_agreed &&
            (forgery->is_remote_safe || target->mode == SYN_MODE_DISRUPTIVE ||
             syn_guard_is_loopback(target->sdk_url)));
}

struct syn_str syn_run_forge(struct syn_run *run,
                             const struct syn_forgery *forgery)
{
    struct syn_str token = {NULL, 0};
    if (syn_persona_is_given(run)) {
        syn_persona_miss_key(run);
        return token;
    }
    if (!may_present(run, forgery)) {
        return token;
    }
    syn_status st =
        syn_forge_make(forgery, syn_run_forge_kit(run), &run->arena, &token);
    if (st != SYN_OK && st != SYN_ERR_NOT_FOUND) {
        syn_run_abandon(run, "a token could not be forged");
    }
    return token;
}
