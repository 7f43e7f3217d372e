/*
 * outsider.c - what stands beside the service in a row's world: the app's
 * token endpoint, its webhook receiver, its interface, and its set-up.
 * Layer: runner. Threads: the row's process.
 * Source: design sections 4 and 7 ("each subject has its own seeded bad
 * instances").
 *
 * At a target they are what the target file names; embedded they are samples,
 * and a row's seeded defect chooses which.
 */
#include "runner/outsider.h"

#include "base/log.h"
#include "client/receiver.h"
#include "runner/run_impl.h"
#include "runner/sample_app.h"
#include "runner/sample_issuer.h"
#include "runner/sample_receiver.h"
#include "service/config.h"

#include <string.h>

struct syn_outsiders {
    struct syn_issuer *issuer;
    struct syn_receiver *receiver;
    struct syn_app *app;
    struct syn_sample_issuer *sample_issuer;
    struct syn_sample_receiver *sample_receiver;
};

static struct syn_outsiders *outsiders_of(struct syn_run *run)
{
    if (run->outsiders == NULL) {
        run->outsiders = syn_arena_alloc(&run->arena, sizeof *run->outsiders);
        if (run->outsiders == NULL) {
            syn_run_abandon(run, "the arena of the row is full");
        }
    }
    return run->outsiders;
}

static const struct syn_instance *sample_of(struct syn_run *run,
                                            const char *kind)
{
    const struct syn_instance *sample =
        syn_instance_for(kind, run->entry->defect);
    if (sample == NULL) {
        syn_run_abandon(run, "there is no such sample");
    }
    return sample;
}

/* --- the issuer -----------------------------------------------------------
 */

static struct syn_issuer_setup endpoint_of(struct syn_run *run)
{
    const struct syn_target *target = run->stage->target;
    const struct syn_target_endpoint *endpoint = &target->endpoint;
    struct syn_issuer_user *users =
        syn_arena_array(&run->arena, endpoint->user_count, sizeof *users);
    if (users == NULL) {
        syn_run_abandon(run, "the arena of the row is full");
    }
    for (size_t i = 0; i < endpoint->user_count; i++) {
        const struct syn_target_user *user = &endpoint->users[i];
        struct syn_http_pair *headers =
            syn_arena_array(&run->arena, user->header_count, sizeof *headers);
        if (headers == NULL) {
            syn_run_abandon(run, "the arena of the row is full");
        }
        for (size_t h = 0; h < user->header_count; h++) {
            headers[h] =
                (struct syn_http_pair){syn_str_of(user->headers[h].name),
                                       syn_str_of(user->headers[h].value)};
        }
        users[i] = (struct syn_issuer_user){.identity = user->identity,
                                            .headers = headers,
                                            .header_count = user->header_count};
    }
    return (struct syn_issuer_setup){
        .method = endpoint->method,
        .url = endpoint->url,
        .token_at = endpoint->token_at,
        .identity_param = endpoint->identity_param,
        .users = users,
        .user_count = endpoint->user_count,
        .is_public = endpoint->audience != NULL &&
                     strcmp(endpoint->audience, "anonymous") == 0,
        .service_sid = target->account.service_sid};
}

static struct syn_issuer_setup sample_endpoint(struct syn_run *run)
{
    struct syn_world *world = syn_run_world(run);
    const struct syn_sample_issuer_setup setup = {
        .loop = run->loop,
        .arena = &run->arena,
        .rng = &run->rng,
        .key = world->mint_key,
        .service_sid = world->service_sid,
        .sample = sample_of(run, "issuer")};
    struct syn_outsiders *outsiders = outsiders_of(run);
    if (syn_sample_issuer_start(&setup, &outsiders->sample_issuer) != SYN_OK) {
        syn_run_abandon(run, "the sample issuer did not start");
    }
    return syn_sample_issuer_door(outsiders->sample_issuer);
}

struct syn_issuer *syn_run_issuer(struct syn_run *run)
{
    struct syn_world *world = syn_run_world(run);
    struct syn_outsiders *outsiders = outsiders_of(run);
    if (outsiders->issuer == NULL) {
        struct syn_issuer_setup setup = run->stage->target == NULL
                                            ? sample_endpoint(run)
                                            : endpoint_of(run);
        outsiders->issuer = syn_issuer_new(world, &setup);
        if (outsiders->issuer == NULL) {
            syn_run_abandon(run, "the arena of the row is full");
        }
    }
    return outsiders->issuer;
}

/* --- the receiver ---------------------------------------------------------
 */

static struct syn_receiver *target_receiver(struct syn_run *run)
{
    const struct syn_target *target = run->stage->target;
    return syn_receiver_new(&run->world, target->webhook_receiver,
                            syn_str_of(target->account.auth_token));
}

static struct syn_receiver *sample_receiver(struct syn_run *run)
{
    struct syn_outsiders *outsiders = outsiders_of(run);
    struct syn_str secret = syn_str_of(run->keys.auth_token);
    if (syn_sample_receiver_start(run->loop, &run->arena,
                                  sample_of(run, "receiver"), secret,
                                  &outsiders->sample_receiver) != SYN_OK) {
        syn_run_abandon(run, "the sample receiver did not start");
    }
    return syn_receiver_new(&run->world,
                            syn_sample_receiver_url(outsiders->sample_receiver),
                            secret);
}

struct syn_receiver *syn_run_receiver(struct syn_run *run)
{
    struct syn_outsiders *outsiders = outsiders_of(run);
    (void)syn_run_world(run);
    if (outsiders->receiver == NULL) {
        outsiders->receiver = run->stage->target == NULL ? sample_receiver(run)
                                                         : target_receiver(run);
        if (outsiders->receiver == NULL) {
            syn_run_abandon(run, "the arena of the row is full");
        }
    }
    return outsiders->receiver;
}

/* --- the app --------------------------------------------------------------
 */

struct syn_app *syn_run_app(struct syn_run *run, const struct syn_thing *thing)
{
    struct syn_outsiders *outsiders = outsiders_of(run);
    struct syn_backend *backend = syn_run_backend(run);
    const char *path =
        syn_run_text(run, "%s/Items?PageSize=%d",
                     syn_backend_path(backend, thing), SYN_PAGE_SIZE_MAX);
    struct syn_reply items = syn_backend_call(backend, "GET", path, NULL, NULL);
    SYN_ASSERT(outsiders->app == NULL);
    if (!syn_reply_is_ok(&items) ||
        syn_app_start(&run->world, sample_of(run, "app"), items.body,
                      &outsiders->app) != SYN_OK) {
        syn_run_abandon(run, "the sample app did not start");
    }
    return outsiders->app;
}

/* --- the set-up -----------------------------------------------------------
 */

bool syn_run_opens_audit(const struct syn_run *run)
{
    return run->entry->row->subject == SYN_SUBJECT_AUDIT;
}

void syn_run_open_audit(struct syn_run *run)
{
    char fault[SYN_CONFIG_FAULT_BYTES] = "";
    const struct syn_instance *sample = sample_of(run, "audit");
    struct syn_service_setup setup = {.seed = syn_rng_next(&run->rng)};
    struct syn_config *config = NULL;
    if (syn_config_read(&run->arena, sample->name, syn_str_of(sample->text),
                        fault, &config) != SYN_OK) {
        syn_run_abandon(run, fault);
    }
    syn_config_fill(config, &setup);
    if (syn_service_start(run->loop, &setup, &run->service) != SYN_OK ||
        syn_config_apply(config, run->service, fault) != SYN_OK) {
        syn_run_abandon(run,
                        fault[0] == '\0' ? "the set-up did not start" : fault);
    }
    const struct syn_account_setup *account = &setup.accounts[0];
    run->keys.auth_token = account->auth_token;
    run->world.login = (struct syn_rest_login){
        .user = account->keys[0].sid, .password = account->keys[0].secret};
}

/* --- the log --------------------------------------------------------------
 */

bool syn_run_has_logged(struct syn_run *run, struct syn_str text)
{
    struct syn_buf lines;
    (void)run;
    syn_buf_init(&lines, NULL, SYN_LOG_RING_BYTES_MAX + 1);
    syn_log_dump(&lines);
    bool has = lines.bytes > 0 && syn_str_has(syn_buf_str(&lines), text);
    syn_buf_fini(&lines);
    return has;
}

void syn_run_close_outsiders(struct syn_run *run)
{
    if (run->outsiders != NULL) {
        syn_app_stop(run->outsiders->app);
        syn_sample_issuer_stop(run->outsiders->sample_issuer);
        syn_sample_receiver_stop(run->outsiders->sample_receiver);
        run->outsiders = NULL;
    }
}

bool syn_expect_issued(struct syn_run *run, struct syn_site site,
                       const char *what, const struct syn_issued *issued)
{
    return syn_expect_allowed(run, site, SYN_CONTROL, what, issued->reply) &&
           syn_expect_true(run, site, SYN_EFFECT, "a token came",
                           issued->token.at != NULL) &&
           syn_expect_true(run, site, SYN_EFFECT, "it has a payload",
                           issued->claims.status == SYN_OK);
}
