/*
 * service.c - birth, death and the steps of the service.
 *
 * What is removed by TTL is removed by a timer of the service's own clock, due
 * at the very deadline, so that expiry keeps its place among all other timers
 * when virtual time is moved.
 */
#include "service/service.h"

#include "service/live.h"
#include "service/state.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define ACTOR               "service"
#define US_PER_MS           1000
#define SWEEP_BATCH         256 /* things removed before others get a turn */
#define SWEEP_BACKOFF_SHIFT 6   /* fruitless sweeps slow down to 64 periods */

/* --- steps ---------------------------------------------------------------- */

static const bool changes_state[SYN_VERB_COUNT] = {
    [SYN_VERB_SERVICE_CREATE] = true, [SYN_VERB_SERVICE_UPDATE] = true,
    [SYN_VERB_SERVICE_DELETE] = true, [SYN_VERB_OBJECT_CREATE] = true,
    [SYN_VERB_OBJECT_UPDATE] = true,  [SYN_VERB_OBJECT_DELETE] = true,
    [SYN_VERB_ITEM_CREATE] = true,    [SYN_VERB_ITEM_UPDATE] = true,
    [SYN_VERB_ITEM_PUT] = true,       [SYN_VERB_ITEM_DELETE] = true,
    [SYN_VERB_GRANT_SET] = true,      [SYN_VERB_GRANT_DELETE] = true,
};

static void sweep(void *ctx);

/* Sweep at the next deadline; what should be gone already and is not waits a
 * period, longer each time, so that a jump over a year stays cheap. */
static void arm_sweep(struct syn_service *service)
{
    int64_t at_ms = 0;
    if (!syn_model_next_expiry(service->model, &at_ms)) {
        syn_clock_stop(service->clock, &service->sweep_timer);
        return;
    }
    int64_t now_ms = syn_clock_now_ms(service->clock);
    int64_t due_ms = at_ms; /* with the purge delay in it */
    if (due_ms <= now_ms) {
        due_ms = now_ms + (service->setup.sweep_ms << service->sweep_backoff);
    }
    if (syn_timer_is_running(&service->sweep_timer) &&
        service->sweep_at_ms <= due_ms) {
        return;
    }
    service->sweep_at_ms = due_ms;
    int64_t delay_us = due_ms * US_PER_MS - syn_clock_now_us(service->clock);
    syn_status st =
        syn_clock_start(service->clock, &service->sweep_timer, delay_us,
                        (struct syn_alarm){SYN_TIMER_EVENT, sweep, service});
    if (st != SYN_OK) {
        syn_log(SYN_LOG_ALERT, ACTOR, "sweep not armed", "reason=\"%s\"",
                syn_status_text(st));
    }
}

static size_t sweep_batch(struct syn_service *service)
{
    struct syn_arena_mark mark = syn_arena_mark(&service->scratch);
    struct syn_outcome outcome = {.code = SYN_CODE_NONE};
    syn_status st =
        syn_model_sweep(service->model, syn_clock_now_ms(service->clock),
                        SWEEP_BATCH, &service->scratch, &outcome);
    if (st == SYN_OK && outcome.count > 0) {
        syn_tickets_issue(service, NULL);
        syn_live_publish(service, outcome.events, outcome.event_count, NULL);
    } else if (st != SYN_OK) {
        syn_log(SYN_LOG_ALERT, ACTOR, "sweep failed", "reason=\"%s\"",
                syn_status_text(st));
    }
    syn_arena_rewind(&service->scratch, mark);
    return st == SYN_OK ? outcome.count : 0;
}

static void sweep(void *ctx)
{
    struct syn_service *service = ctx;
    if (service->tickets.has_failed) {
        return; /* nothing changes any more */
    }
    size_t count = sweep_batch(service);
    if (count >= SWEEP_BATCH) {
        /* More is due: let others run between, at the same time. */
        service->sweep_at_ms = syn_clock_now_ms(service->clock);
        if (syn_clock_start(service->clock, &service->sweep_timer, 0,
                            (struct syn_alarm){SYN_TIMER_EVENT, sweep,
                                               service}) == SYN_OK) {
            return;
        }
    }
    if (count > 0) {
        service->sweep_backoff = 0;
    } else if (service->sweep_backoff < SWEEP_BACKOFF_SHIFT) {
        service->sweep_backoff++;
    }
    arm_sweep(service);
}

void syn_service_touch(struct syn_service *service)
{
    syn_tickets_issue(service, NULL);
    arm_sweep(service);
}

static bool is_admitted(struct syn_service *service,
                        const struct syn_charge *charge)
{
    if (!charge->is_counted) {
        return true;
    }
    service->retry_after_s = 1;
    if (service->seams.admits(service->seams.ctx, &charge->admission,
                              &service->retry_after_s)) {
        return true;
    }
    (void)snprintf(service->throttled, sizeof(service->throttled), "%s",
                   charge->admission.bucket);
    return false;
}

/* A change gets its ticket; what is told of it waits for that. */
static void account_for(struct syn_service *service,
                        const struct syn_command *command,
                        struct syn_outcome *out)
{
    if (out->code == SYN_CODE_NONE && changes_state[command->verb]) {
        syn_tickets_issue(service, out);
        arm_sweep(service);
    }
    if (!syn_tickets_need(service, out)) {
        memset(out, 0, sizeof(*out));
        out->code = SYN_CODE_20503;
    }
}

syn_status syn_service_step(struct syn_service *service,
                            const struct syn_actor *actor,
                            const struct syn_command *command,
                            struct syn_arena *arena, struct syn_outcome *out)
{
    struct syn_charge charge = {.is_counted = false};
    if (service->tickets.has_failed && changes_state[command->verb]) {
        memset(out, 0, sizeof(*out));
        out->code = SYN_CODE_20503;
        return SYN_OK;
    }
    syn_admission_charge(service, actor, command, arena, &charge);
    if (!is_admitted(service, &charge)) {
        memset(out, 0, sizeof(*out));
        out->code = SYN_CODE_54009;
        return SYN_OK;
    }
    syn_status st = syn_model_step(
        service->model,
        &(struct syn_request){syn_clock_now_ms(service->clock), actor, command},
        arena, out);
    if (st != SYN_OK || out->code != SYN_CODE_NONE) {
        /* A stranger who is denied must not use up the owner's share. */
        syn_admission_refund(service, &charge);
    }
    if (st != SYN_OK) {
        return st;
    }
    account_for(service, command, out);
    if (out->code == SYN_CODE_54007) {
        service->counts.denials++;
        syn_hooks_refused(service, actor, command, out->code);
    }
    return SYN_OK;
}

/* --- birth ---------------------------------------------------------------- */

/* NULL stays NULL; false when out of memory. */
static bool copy_text(struct syn_service *service, const char **text)
{
    if (*text == NULL) {
        return true;
    }
    *text = syn_arena_dup(&service->arena, syn_str_of(*text)).at;
    return *text != NULL;
}

static void default_i64(int64_t *value, int64_t fallback)
{
    if (*value == 0) {
        *value = fallback;
    }
}

static syn_status copy_setup(struct syn_service *service,
                             const struct syn_service_setup *setup)
{
    struct syn_service_setup *own = &service->setup;
    *own = *setup;
    own->accounts = NULL;
    own->account_count = 0;
    own->tls = NULL;
    if (own->address == NULL) {
        own->address = "127.0.0.1";
    }
    if (own->sdk_path == NULL) {
        own->sdk_path = "/v3/wsconnect";
    }
    if (setup->jwe_key.at != NULL) {
        service->jwe_key = syn_arena_dup(&service->arena, setup->jwe_key);
        own->jwe_key = service->jwe_key;
    }
    syn_rates_fill(own->rates);
    if (own->standing_max == 0) {
        own->standing_max = SYN_STANDING_MAX;
    }
    if (own->port_count == 0) {
        own->port_count = 1;
    }
    if (own->port_count > SYN_LOAD_PORTS_MAX) {
        return SYN_ERR_CONFIG;
    }
    default_i64(&own->notice_s, SYN_SERVICE_NOTICE_S);
    default_i64(&own->ping_s, SYN_SERVICE_PING_S);
    default_i64(&own->pong_s, SYN_SERVICE_PONG_S);
    default_i64(&own->handshake_s, SYN_SERVICE_HANDSHAKE_S);
    default_i64(&own->sweep_ms, SYN_SERVICE_SWEEP_MS);
    return copy_text(service, &own->address) &&
                   copy_text(service, &own->base_url) &&
                   copy_text(service, &own->sdk_path) &&
                   copy_text(service, &own->hook_ca_file) &&
                   copy_text(service, &own->defect)
               ? SYN_OK
               : SYN_ERR_MEMORY;
}

static syn_status fill_seams(struct syn_service *service)
{
    syn_seams_init(&service->seams);
    service->seams.ctx = service;
    service->seams.rules.purge_delay_ms = service->setup.purge_delay_ms;
    if (service->setup.readings != NULL) {
        service->seams.rules.readings = *service->setup.readings;
        service->setup.readings = NULL; /* borrowed for the start alone */
    }
    if (service->setup.limits == SYN_LIMITS_REAL) {
        service->seams.admits = syn_buckets_admit;
    }
    if (service->setup.defect == NULL) {
        return SYN_OK;
    }
    const struct syn_defect *defect = syn_defect_find(service->setup.defect);
    if (defect == NULL) {
        syn_log(SYN_LOG_WARN, ACTOR, "no such defect", "name=%s",
                service->setup.defect);
        return SYN_ERR_CONFIG;
    }
    defect->plant(&service->seams);
    return SYN_OK;
}

static syn_status make_model(struct syn_service *service,
                             const struct syn_service_setup *setup)
{
    const struct syn_model_options options = {.seed = setup->seed,
                                              .rules = &service->seams.rules,
                                              .journal = setup->journal};
    syn_status st = syn_model_new(&options, &service->model);
    if (st == SYN_OK && setup->restore != NULL) {
        st = setup->restore(setup->restore_ctx, service->model);
    }
    return st == SYN_OK ? syn_keyring_build(service, setup) : st;
}

static void init_parts(struct syn_service *service, struct syn_loop *loop,
                       uint64_t seed)
{
    service->loop = loop;
    service->clock = syn_loop_clock(loop);
    syn_arena_init(&service->arena, NULL, SYN_SERVICE_SETUP_BYTES_MAX);
    syn_arena_init(&service->scratch, NULL, SYN_SERVICE_SCRATCH_BYTES_MAX);
    syn_table_init(&service->keyring.by_sid, NULL);
    syn_buckets_init(&service->buckets);
    syn_rng_init(&service->rng, seed, 0);
}

/* The first has the address asked for, the others whatever is free. */
static syn_status open_listeners(struct syn_service *service,
                                 struct syn_loop *loop,
                                 const struct syn_service_setup *setup)
{
    struct syn_tls_server tls = {NULL, NULL, false};
    if (setup->tls != NULL) {
        tls = *setup->tls;
        tls.takes_plain = service->seams.takes_plain(service->seams.ctx);
    }
    const struct syn_tls_server *with = setup->tls == NULL ? NULL : &tls;
    syn_status st = SYN_OK;
    for (uint32_t i = 0; i < service->setup.port_count && st == SYN_OK; i++) {
        st = syn_listener_open(
            loop,
            &(struct syn_listener_options){.address = service->setup.address,
                                           .port = i == 0 ? setup->port : 0,
                                           .tls = with,
                                           .accept = syn_conn_accept,
                                           .ctx = service},
            &service->listeners[i]);
    }
    return st;
}

syn_status syn_service_start(struct syn_loop *loop,
                             const struct syn_service_setup *setup,
                             struct syn_service **out)
{
    if (setup->account_count == 0) {
        return SYN_ERR_CONFIG;
    }
    struct syn_service *service = syn_allocator_heap.resize(
        syn_allocator_heap.ctx, NULL, sizeof(*service));
    if (service == NULL) {
        return SYN_ERR_MEMORY;
    }
    memset(service, 0, sizeof(*service));
    init_parts(service, loop, setup->seed);
    syn_status st = copy_setup(service, setup);
    if (st == SYN_OK) {
        st = syn_crypto_random(service->page_key, sizeof(service->page_key));
    }
    if (st == SYN_OK) {
        st = fill_seams(service);
    }
    if (st == SYN_OK) {
        st = make_model(service, setup);
    }
    if (st == SYN_OK) {
        st = open_listeners(service, loop, setup);
    }
    if (st != SYN_OK) {
        syn_service_stop(service);
        return st;
    }
    syn_tickets_open(service);
    syn_service_touch(service);
    *out = service;
    return SYN_OK;
}

/* --- death and looks ------------------------------------------------------ */

void syn_service_stop(struct syn_service *service)
{
    if (service == NULL) {
        return;
    }
    service->is_stopping = true;
    for (uint32_t i = 0; i < SYN_LOAD_PORTS_MAX; i++) {
        syn_listener_close(service->listeners[i]);
    }
    syn_conn_stop_all(service);
    syn_live_stop(service);
    syn_tickets_close(service);
    syn_hooks_forget(service);
    syn_hooks_stop(service);
    syn_clock_stop(service->clock, &service->sweep_timer);
    syn_model_free(service->model);
    syn_keyring_fini(&service->keyring);
    syn_buckets_fini(&service->buckets);
    syn_crypto_wipe(service->page_key, sizeof(service->page_key));
    syn_arena_fini(&service->scratch);
    syn_arena_fini(&service->arena);
    syn_allocator_heap.release(syn_allocator_heap.ctx, service);
}

uint16_t syn_service_port(const struct syn_service *service)
{
    return syn_service_port_at(service, 0);
}

uint16_t syn_service_port_at(const struct syn_service *service, uint32_t index)
{
    return index >= SYN_LOAD_PORTS_MAX || service->listeners[index] == NULL
               ? 0
               : syn_listener_port(service->listeners[index]);
}

struct syn_model *syn_service_model(struct syn_service *service)
{
    return service->model;
}

const char *syn_service_default_sid(const struct syn_service *service,
                                    size_t account_index)
{
    const struct syn_service_row *row =
        account_index < service->keyring.account_count
            ? service->keyring.accounts[account_index].row->default_service
            : NULL;
    return row == NULL ? "" : row->sid;
}

struct syn_service_counts syn_service_count(const struct syn_service *service)
{
    return service->counts;
}
