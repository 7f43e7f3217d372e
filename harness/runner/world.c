/*
 * world.c - the world of a row: embedded service or target.
 * Layer: runner. Threads: the row's process.
 * Source: design sections 4, 5 and 7.
 */
#include "base/log.h"
#include "runner/belief.h"
#include "runner/embedded.h"
#include "runner/hook.h"
#include "runner/outsider.h"
#include "runner/persona.h"
#include "runner/remote.h"
#include "runner/rogue.h"
#include "runner/run_impl.h"
#include "runner/veil.h"
#include "target/purpose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DISTRESSED           70 /* as the exit code of harness errors */
#define CLEAN_GUARD          5000
#define PATIENCE_S           4 /* what a row gives it */
#define PATIENCE_AT_TARGET_S 120
#define HTTP_CREATED         201

_Noreturn void syn_run_abandon(struct syn_run *run, const char *reason)
{
    syn_record_end(&run->recorder, SYN_END_FAULT, reason);
    _exit(DISTRESSED);
}

const char *syn_run_must_print(struct syn_run *run, const char *text)
{
    if (text == NULL) {
        syn_run_abandon(run, "the arena of the row is full");
    }
    return text;
}

int64_t syn_run_since_ms(const struct syn_run *run)
{
    return run->clock == NULL ? 0
                              : syn_clock_now_ms(run->clock) - run->begun_ms;
}

static unsigned record_wire(void *ctx, const struct syn_wire_record *record)
{
    struct syn_run *run = ctx;
    run->has_gap = run->has_gap || (run->stage->target != NULL &&
                                    syn_str_is(record->head, "no answer"));
    return syn_record_wire(&run->recorder, record, syn_run_since_ms(run));
}

struct syn_remote syn_run_remote(struct syn_run *run)
{
    return (struct syn_remote){.loop = run->loop,
                               .curl = run->curl,
                               .stage = run->stage,
                               .arena = &run->arena,
                               .guard = &run->guard};
}

/* A valid request that is refused fails the row by its control, one without an
 * answer leaves it open; a success that gave nothing is no success. */
void syn_run_end_without(struct syn_run *run, const char *what, unsigned http)
{
    struct syn_reply reply = {.status = http == 0 ? SYN_ERR_NET : SYN_OK,
                              .http = http,
                              .arena = &run->arena};
    if (syn_reply_is_ok(&reply)) {
        (void)syn_expect_true(run, SYN_SITE, SYN_CONTROL, what, false);
    } else {
        (void)syn_expect_allowed(run, SYN_SITE, SYN_CONTROL, what, reply);
    }
    run->recorder.is_over = true;
}

/* Why a service may not be touched. Clean-up after the row is no part of its
 * verdict. */
static syn_status leave_alone(struct syn_run *run, struct syn_sight sight)
{
    if (run->is_closing) {
        return SYN_ERR_REFUSED;
    }
    switch (sight.is) {
    case SYN_SIGHT_OURS:
        return SYN_OK;
    case SYN_SIGHT_OTHER:
        syn_run_skip(run, "refused by a safety rule: the service does not bear "
                          "the name that this run gave it");
        return SYN_ERR_REFUSED;
    case SYN_SIGHT_REFUSED:
        syn_run_end_without(run,
                            "the backend reads a service of the run before it "
                            "changes it",
                            sight.http);
        return SYN_ERR_REFUSED;
    case SYN_SIGHT_NONE:
        run->has_gap = true; /* nobody knows: the row is open */
        return SYN_ERR_NET;
    }
    return SYN_ERR_REFUSED;
}

/* A service is changed or deleted only when it is read as ours just before. */
static syn_status look_before(struct syn_run *run,
                              const struct syn_departure *departure)
{
    struct syn_purpose purpose = syn_purpose_of(&run->arena, departure);
    bool is_change =
        purpose.about == SYN_ABOUT_SERVICE && purpose.service.bytes > 0 &&
        (purpose.act == SYN_DEED_CHANGE || purpose.act == SYN_DEED_REMOVE);
    struct syn_remote remote = syn_run_remote(run);
    if (!is_change || run->guard.mode == SYN_MODE_READONLY ||
        !syn_guard_owns(&run->guard, purpose.service)) {
        return SYN_OK; /* other rules judge it */
    }
    struct syn_sight sight = syn_remote_see(&remote, purpose.service);
    return sight.is == SYN_SIGHT_OURS ? SYN_OK : leave_alone(run, sight);
}

/* Whatever may leave for the target passes here. A rule that forbids it is no
 * verdict: the row is skipped with the reason. */
static syn_status may_send(void *ctx, const struct syn_departure *departure)
{
    struct syn_run *run = ctx;
    if (run->is_lost && !run->is_closing) {
        return SYN_ERR_NET; /* it could prove nothing any more */
    }
    syn_belief_depart(run, departure);
    if (run->stage->target == NULL) {
        return SYN_OK;
    }
    syn_status st = departure->plane == SYN_WIRE_REST
                        ? look_before(run, departure)
                        : SYN_OK;
    if (st != SYN_OK) {
        return st;
    }
    st = syn_guard_may_send(&run->guard, departure);
    run->world.ticket = run->guard.ticket;
    if (departure->plane == SYN_WIRE_REST) {
        run->is_rest_out = st == SYN_OK;
    }
    if (run->is_closing) {
        return st; /* what is not cleaned now the manifest knows */
    }
    if (st == SYN_ERR_REFUSED && !run->has_gap) {
        syn_run_skip(run, run->guard.reason);
    } else if (st != SYN_OK) { /* the budget, or all sending has ended; or the
                                  row no longer knew what is its own */
        run->is_lost = true;
        run->has_gap = true; /* what now fails to hold proves nothing */
        st = SYN_ERR_NET;
    }
    return st;
}

static void pace(void *ctx, const struct syn_departure *departure)
{
    struct syn_run *run = ctx;
    if (!run->is_lost || run->is_closing) {
        syn_guard_pace(&run->guard, departure);
    }
}

/* Something went unanswered, or a connection was lost. Where the row plays the
 * network itself (a tap), what it does is no gap. */
static void note_gap(struct syn_run *run, bool is_of_row)
{
    run->has_gap = run->has_gap || (run->stage->target != NULL && !is_of_row);
}

/* REST goes past the tap; on the SDK plane a row that has disturbed anything
 * may be the reason. */
static bool is_silence_of_row(const struct syn_run *run, bool is_rest)
{
    struct syn_tap_counters did = {.cut = 0};
    if (run->tap != NULL && !is_rest) {
        did = syn_tap_count(run->tap);
    }
    return did.cut + did.refused + did.dropped + did.delayed + did.held > 0;
}

/* Each end that the tap makes is one loss of a user's; what is lost beyond that
 * ended elsewhere. */
static bool is_loss_of_row(const struct syn_run *run)
{
    struct syn_tap_counters did = {.cut = 0};
    if (run->tap != NULL) {
        did = syn_tap_count(run->tap);
    }
    return run->losses <= did.cut + did.refused;
}

/* A request that the target would not take however long we waited counts as
 * unanswered, whatever the row makes of it. */
static bool arrived(void *ctx, uint64_t ticket, const struct syn_reply *reply)
{
    struct syn_run *run = ctx;
    if (reply->status != SYN_OK) {
        note_gap(run, is_silence_of_row(run, run->is_rest_out));
    }
    run->is_rest_out = false; /* one at a time: its caller waits for it */
    bool is_unpaced = syn_guard_arrived(&run->guard, ticket, reply);
    run->unpaced_streak = is_unpaced ? run->unpaced_streak + 1 : 0;
    run->has_gap = run->has_gap || run->unpaced_streak > SYN_BACK_OFF_TRIES_MAX;
    return is_unpaced;
}

/* What was on its way is gone, whatever the row expects to hear. */
static void lost(void *ctx)
{
    struct syn_run *run = ctx;
    run->losses++;
    note_gap(run, is_loss_of_row(run));
}

static void hung_up(void *ctx)
{
    struct syn_run *run = ctx;
    syn_guard_hung_up(&run->guard);
}

static void record_act(struct syn_run *run, const char *identity,
                       const struct syn_action *action,
                       const struct syn_reply *reply)
{
    struct syn_act act = {.who = syn_str_of(identity == NULL ? "" : identity),
                          .op = action->op,
                          .is_by_name = action->by == SYN_BY_NAME,
                          .code = reply->code};
    act.http = reply->status == SYN_OK ? reply->http : 0;
    if (reply->status != SYN_OK) { /* or it could not even leave */
        note_gap(run, run->tap != NULL);
    }
    if (action->on != NULL) {
        act.type = action->on->type;
        syn_record_act(&run->recorder, &act);
    }
}

/* Keep what was created in a service that outlives the run, or without a TTL:
 * the row removes it at its end. */
static void note_action(void *ctx, const char *identity,
                        const struct syn_action *action,
                        const struct syn_reply *reply)
{
    struct syn_run *run = ctx;
    record_act(run, identity, action, reply);
    syn_belief_act(run, identity, action, reply);
    bool is_made = action->op == SYN_OP_CREATE &&
                   (!run->stage->owns_services || action->lasts);
    bool lives_on =
        action->op == SYN_OP_TTL && action->has_ttl && action->ttl_s == 0;
    if (run->stage->target == NULL || (!is_made && !lives_on) ||
        !syn_reply_is_ok(reply) || action->on == NULL) {
        return;
    }
    if (run->thing_count == SYN_ROW_THINGS_MAX) {
        syn_run_abandon(run, "more objects than a row may leave behind");
    }
    run->things[run->thing_count++] = *action->on;
}

static void note_administration(void *ctx, const struct syn_administration *act,
                                const struct syn_reply *reply)
{
    syn_belief_administer(ctx, act, reply);
}

/* What must not stand in a transcript wherever it turns up. */
static void set_secrets(struct syn_run *run)
{
    const struct syn_target *target = run->stage->target;
    const char *const all[SYN_RUN_SECRETS] = {
        run->world.login.password,
        run->world.mint_key.secret,
        run->keys.auth_token,
        run->keys.other.secret,
        run->keys.restricted.secret,
        run->keys.deleted.secret,
        run->keys.foreign.secret,
        run->keys.jwe_key,
        target == NULL ? NULL : target->account.auth_token,
        target == NULL ? NULL : target->restricted.api_secret,
        target == NULL ? NULL : target->deleted.api_secret,
        target == NULL ? NULL : target->second_account.api_secret};
    memcpy(run->secrets, all, sizeof all);
}

static void end_without_service(struct syn_run *run, unsigned http)
{
    syn_run_end_without(run, "the backend makes a service for the row", http);
}

/* A service that only this row uses, because the row turns its switch. */
static void make_own_service(struct syn_run *run)
{
    struct syn_remote remote = syn_run_remote(run);
    struct syn_str name = syn_arena_printf(&run->arena, "syn-%s-row%zu",
                                           run->stage->run, run->index);
    unsigned http =
        syn_remote_make_service(&remote, syn_run_must_print(run, name.at),
                                run->entry->row->acl_on, run->own_service);
    if (run->own_service[0] == '\0') {
        end_without_service(run, http);
        return;
    }
    run->world.service_sid = run->own_service;
}

static void open_guard(struct syn_run *run)
{
    struct syn_guard_share *share = run->guard.share;
    run->guard = syn_stage_guard(run->stage);
    run->guard.share = share;
    run->guard.loop = run->loop;
    run->guard.sees_limits = syn_row_needs_limits(run->entry->row);
    run->world.pace = pace;
    run->world.arrived = arrived;
    run->world.hung_up = hung_up;
    run->world.lost = lost;
    run->world.ttl_s = run->stage->target->mode == SYN_MODE_READONLY
                           ? 0
                           : syn_stage_ttl_s(run->stage);
}

static void open_target(struct syn_run *run)
{
    const struct syn_target *target = run->stage->target;
    open_guard(run);
    run->tls = syn_remote_tls(target);
    run->world.rest_url = target->rest_url;
    run->world.sdk_url = target->sdk_url;
    run->world.tls = &run->tls;
    run->world.routes = target->routes;
    run->world.login =
        (struct syn_rest_login){.user = syn_target_user(target),
                                .password = syn_target_password(target)};
    if (!syn_persona_is_given(run)) {
        run->world.mint_key =
            (struct syn_token_key){.key_sid = target->account.api_key,
                                   .secret = target->account.api_secret,
                                   .account_sid = target->account.account_sid};
    }
    run->world.service_sid = run->entry->row->acl_on ? run->stage->service_on
                                                     : run->stage->service_off;
    bool is_hollow = run->entry->row->acl_on ? run->stage->is_hollow_on
                                             : run->stage->is_hollow_off;
    bool has_no_answer = run->entry->row->acl_on
                             ? run->stage->has_no_answer_on
                             : run->stage->has_no_answer_off;
    if ((run->entry->row->needs & SYN_NEED_OWN_SERVICE) != 0) {
        make_own_service(run);
    } else if (run->stage->owns_services && has_no_answer) {
        end_without_service(run, 0);
    } else if (run->stage->owns_services && is_hollow) {
        end_without_service(run, HTTP_CREATED);
    } else if (run->stage->is_unread) {
        syn_run_end_without(
            run, "the backend reads the service that the target file names", 0);
    }
    run->guard.service = syn_str_of(run->world.service_sid);
}

static struct syn_clock *open_clock(struct syn_run *run)
{
    if (run->stage->target == NULL && !run->is_in_real_time) {
        return syn_clock_new_virtual(SYN_RUN_EPOCH_US);
    }
    if (run->is_in_real_time) {
        return syn_clock_new_real();
    }
    /* Rows before this one have moved the target's clock. */
    int64_t now_ms = syn_remote_now_ms(run->stage);
    if (now_ms < 0) {
        syn_run_give_up(run, "the target's clock could not be read");
        run->is_lost = true;
        return syn_clock_new_virtual(SYN_RUN_EPOCH_US);
    }
    return syn_clock_new_virtual(now_ms * INT64_C(1000));
}

/* Log lines carry the time of the row. */
static int64_t log_now_us(void *ctx)
{
    return syn_clock_now_us(ctx);
}

/* A seeded defect may be that an answer never comes; waiting for it would be
 * most of a selftest. */
static unsigned guard_ms(const struct syn_run *run)
{
    return run->entry->defect == NULL ? SYN_ROW_GUARD_MS
                                      : SYN_ROW_GUARD_SEEDED_MS;
}

struct syn_world *syn_run_world(struct syn_run *run)
{
    if (run->has_world) {
        return &run->world;
    }
    run->has_world = true;
    run->is_in_real_time = run->stage->target == NULL
                               ? run->entry->row->is_in_real_time
                               : !run->stage->is_virtual;
    run->clock = open_clock(run);
    if (run->clock == NULL || syn_loop_new(run->clock, &run->loop) != SYN_OK ||
        syn_curl_new(run->loop, &run->curl) != SYN_OK) {
        syn_run_abandon(run, "the row has no loop or clock");
    }
    run->begun_ms = syn_clock_now_ms(run->clock);
    syn_log_set_clock(log_now_us, run->clock);
    run->world = (struct syn_world){.loop = run->loop,
                                    .curl = run->curl,
                                    .arena = &run->arena,
                                    .rng = &run->rng,
                                    .scenario = run->entry->name,
                                    .guard_ms = guard_ms(run),
                                    .record = record_wire,
                                    .may_send = may_send,
                                    .acted = note_action,
                                    .administered = note_administration,
                                    .ctx = run};
    if (run->stage->target == NULL) {
        if (syn_run_opens_audit(run)) {
            syn_run_open_audit(run);
            syn_run_point_at_service(run, false);
        } else {
            syn_run_open_embedded(run);
        }
    } else {
        open_target(run);
    }
    set_secrets(run);
    return &run->world;
}

int64_t syn_run_patience_s(const struct syn_run *run)
{
    return run->stage->target == NULL ? PATIENCE_S : PATIENCE_AT_TARGET_S;
}

/* Without REST credentials whoever may remove it does: its creator, or with
 * ACLs off anybody. */
static void remove_by_users(struct syn_run *run,
                            const struct syn_action *remove)
{
    bool is_gone = false;
    for (size_t i = 0; !is_gone && i < run->client_count; i++) {
        if (syn_client_state(run->clients[i]) == SYN_SESSION_LIVE) {
            struct syn_reply reply = syn_client_do(run->clients[i], remove);
            is_gone = syn_reply_is_ok(&reply);
        }
    }
}

/* The manifest knows what is left. */
static void remove_things(struct syn_run *run)
{
    struct syn_world *world = &run->world;
    world->acted = NULL;
    world->administered = NULL;
    world->guard_ms = CLEAN_GUARD;
    for (size_t i = run->thing_count; i > 0; i--) {
        struct syn_action remove = {.op = SYN_OP_REMOVE,
                                    .on = &run->things[i - 1]};
        if (world->login.password == NULL) {
            remove_by_users(run, &remove);
        } else {
            (void)syn_backend_do(syn_run_backend(run), &remove);
        }
    }
}

static void remove_service(struct syn_run *run, const char *sid)
{
    struct syn_remote remote = syn_run_remote(run);
    if (sid[0] != '\0') {
        (void)syn_remote_delete_service(&remote, sid);
    }
}

void syn_run_close_world(struct syn_run *run)
{
    if (!run->has_world) {
        return;
    }
    run->is_closing = true;
    run->guard.is_cleaning = true;
    if (run->stage->target != NULL) {
        remove_things(run);
    }
    for (size_t i = run->client_count; i > 0; i--) {
        syn_client_free(run->clients[i - 1]);
    }
    syn_run_close_rogues(run);
    syn_tap_stop(run->tap);
    syn_hook_close(run);
    syn_run_close_outsiders(run);
    if (run->stage->target != NULL) {
        remove_service(run, run->second_service);
        if (!run->has_late) {
            remove_service(run, run->own_service);
        }
    }
    for (size_t i = run->stranger_count; i > 0; i--) {
        syn_backend_free(run->strangers[i - 1]);
    }
    syn_backend_free(run->backend);
    syn_belief_end(run);
    syn_run_close_embedded(run);
    syn_curl_free(run->curl);
    syn_loop_free(run->loop);
    syn_log_set_clock(NULL, NULL);
    syn_clock_free(run->clock);
    syn_run_close_veil(run);
    syn_guard_fini(&run->guard);
    run->has_world = false;
}
