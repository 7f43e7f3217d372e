/*
 * blast_read.c - what a token of an identity really reads.
 * Layer: gate. Threads: the loop's.
 *
 * The rows say what should be reached; this asks the service. It goes only
 * where it was asked to, sends GETs alone, and keeps nothing of what it reads.
 */
#include "gate/blast.h"

#include "base/rng.h"
#include "client/world.h"
#include "runner/remote.h"
#include "syn/limits.h"
#include "target/guard.h"

#include <stdio.h>
#include <string.h>

#define GUARD_MS     10000
#define TOKEN_TTL_S  600
#define SERVER_FAULT 500

struct reading {
    struct syn_arena scratch;
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_curl *curl;
    struct syn_rng rng;
    struct syn_tls_client tls;
    struct syn_guard guard;
    struct syn_world world;
    struct syn_client *client;
};

static syn_status open_reading(struct reading *r,
                               const struct syn_target *target,
                               struct syn_str identity)
{
    struct syn_client_options options = {.token_ttl_s = TOKEN_TTL_S};
    syn_arena_init(&r->scratch, NULL, SYN_GATE_ARENA_BYTES_MAX);
    syn_rng_init(&r->rng, 1, 0);
    r->clock = syn_clock_new_real();
    if (r->clock == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_loop_new(r->clock, &r->loop);
    st = st != SYN_OK ? st : syn_curl_new(r->loop, &r->curl);
    r->tls = syn_remote_tls(target);
    r->guard.mode = SYN_MODE_READONLY;
    r->world = (struct syn_world){
        .loop = r->loop,
        .curl = r->curl,
        .arena = &r->scratch,
        .rng = &r->rng,
        .rest_url = target->rest_url,
        .sdk_url = target->sdk_url,
        .tls = &r->tls,
        .routes = target->routes,
        .mint_key = {.key_sid = target->account.api_key,
                     .secret = target->account.api_secret,
                     .account_sid = target->account.account_sid},
        .service_sid = target->account.service_sid,
        .scenario = "blast",
        .guard_ms = GUARD_MS,
        .may_send = syn_guard_may_send,
        .ctx = &r->guard};
    options.identity = syn_arena_dup(&r->scratch, identity).at;
    st = st == SYN_OK && options.identity == NULL ? SYN_ERR_MEMORY : st;
    return st != SYN_OK ? st
                        : syn_client_new(&r->world, options.identity, &options,
                                         &r->client);
}

static void close_reading(struct reading *r)
{
    syn_client_free(r->client);
    syn_curl_free(r->curl);
    syn_loop_free(r->loop);
    syn_clock_free(r->clock);
    syn_arena_fini(&r->scratch);
}

static enum syn_blast_seen read_one(struct reading *r,
                                    const struct syn_blast_object *object)
{
    struct syn_thing thing = {.type = object->type, .name = object->name};
    (void)snprintf(thing.sid, sizeof thing.sid, "%.*s",
                   SYN_STR_ARG(object->sid));
    struct syn_reply reply = syn_client_do(
        r->client, &(struct syn_action){.op = SYN_OP_OPEN, .on = &thing});
    return syn_reply_is_ok(&reply) ? SYN_BLAST_READ
           : reply.status != SYN_OK || reply.http >= SERVER_FAULT
               ? SYN_BLAST_SILENT
               : SYN_BLAST_REFUSED;
}

bool syn_blast_differs(const struct syn_blast *blast,
                       const struct syn_blast_object *object)
{
    enum syn_blast_when now =
        blast->acl_enabled ? SYN_BLAST_PLAN : SYN_BLAST_OFF;
    bool may_read = (object->rights[now] & SYN_RIGHT_READ) != 0;
    return (object->seen == SYN_BLAST_READ && !may_read) ||
           (object->seen == SYN_BLAST_REFUSED && may_read);
}

syn_status syn_blast_read(struct syn_arena *arena,
                          const struct syn_target *target,
                          struct syn_blast *blast,
                          char reason[SYN_CENSUS_REASON_BYTES])
{
    struct reading r = {.client = NULL};
    syn_status st = SYN_ERR_CONFIG;
    (void)snprintf(reason, SYN_CENSUS_REASON_BYTES,
                   "--read needs api_key and api_secret, to mint a token");
    if (target->account.api_key != NULL && target->account.api_secret != NULL) {
        st = open_reading(&r, target, blast->identity);
    }
    if (st == SYN_OK) {
        struct syn_reply live = syn_client_connect(r.client);
        (void)snprintf(reason, SYN_CENSUS_REASON_BYTES,
                       "a session of the identity was not opened: %s %u/%d",
                       syn_status_text(live.status), live.http, live.code);
        st = syn_reply_is_ok(&live) ? SYN_OK : SYN_ERR_NET;
    }
    for (size_t i = 0; st == SYN_OK && i < blast->count; i++) {
        struct syn_blast_object *object = &blast->objects[i];
        object->seen = read_one(&r, object);
        blast->read += object->seen == SYN_BLAST_READ ? 1 : 0;
        blast->differing += syn_blast_differs(blast, object) ? 1 : 0;
    }
    if (st == SYN_OK) {
        struct syn_str more = syn_arena_printf(
            arena, "%.*s Read for real now: %zu, %zu of all against the rows.",
            SYN_STR_ARG(blast->headline), blast->read, blast->differing);
        blast->headline = more;
        st = more.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
    }
    close_reading(&r);
    return st;
}
