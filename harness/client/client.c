/*
 * client.c - an SDK user: tokens, connecting, waiting for answers.
 *
 * A call sets up what it waits for, gives the session one event and turns the
 * loop until the answer has come, the connection is gone, or the world's
 * patience ends.
 */
#include "client/client_impl.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define TTL_S_DEFAULT 3600
#define STALE_S       60 /* a token that lives no longer is not presented */

/* --- tokens ----------------------------------------------------------------
 */

static struct syn_str mint(struct syn_client *client)
{
    const struct syn_world *world = client->world;
    const struct syn_client_options *options = &client->options;
    struct syn_str token = {0};
    int64_t now_s = syn_clock_now_s(syn_loop_clock(world->loop));
    struct syn_claims claims = {
        .identity = syn_str_of(client->identity),
        .service_sid =
            syn_str_of(options->service_sid != NULL ? options->service_sid
                                                    : world->service_sid),
        .issued_s = now_s,
        .expires_s = now_s + (options->token_ttl_s != 0 ? options->token_ttl_s
                                                        : TTL_S_DEFAULT),
    };
    client->token_expires_s = claims.expires_s;
    /* Two tokens of one second must differ, or the SDK sees no new one. */
    claims.jti = syn_arena_printf(
        world->arena, "%s-%lld-%llu",
        world->mint_key.key_sid == NULL ? "" : world->mint_key.key_sid,
        (long long)now_s, (unsigned long long)client->mints++);
    if (world->mint_key.key_sid == NULL ||
        syn_token_mint(world->arena, &world->mint_key, &claims, &token) !=
            SYN_OK) {
        return (struct syn_str){0};
    }
    return token;
}

/* Give the session a fresh token; a lost session is found by the next call. */
static void renew(struct syn_client *client, enum syn_sdk_event_kind kind)
{
    struct syn_sdk_event event = {.kind = kind, .bytes = mint(client)};
    if (event.bytes.at != NULL) {
        syn_status st = syn_link_step(client->link, &event);
        (void)st;
    }
}

static void reconnect(struct syn_client *client)
{
    static const struct syn_sdk_event cut = {.kind = SYN_SDK_CUT};
    static const struct syn_sdk_event connect = {.kind = SYN_SDK_CONNECT};
    syn_status st = syn_link_step(client->link, &cut);
    renew(client, SYN_SDK_TOKEN);
    st = st == SYN_OK ? syn_link_step(client->link, &connect) : st;
    (void)st;
}

/* What was minted lies in the app's cache while it is offline; a token that
 * ends there must not be presented (TOK-13). */
static bool has_stale_token(const struct syn_client *client)
{
    int64_t now_s = syn_clock_now_s(syn_loop_clock(client->world->loop));
    return client->token_expires_s != 0 &&
           syn_sdk_session_is_trying(syn_link_session(client->link)) &&
           client->token_expires_s - now_s <= STALE_S &&
           client->options.token_ttl_s > STALE_S &&
           !client->world->manners.keeps_stale_token;
}

/* Renewal by the user itself, when the notice has come or a new attempt to
 * connect begins. */
static void on_idle(void *ctx)
{
    struct syn_client *client = ctx;
    if (!client->options.renews_by_itself) {
        return;
    }
    if (client->wants_renewal) {
        client->wants_renewal = false;
        if (client->world->manners.renews_by_reconnecting) {
            reconnect(client);
        } else {
            renew(client, SYN_SDK_UPDATE);
        }
    } else if (has_stale_token(client)) {
        renew(client, SYN_SDK_TOKEN);
    }
}

/* --- asking ----------------------------------------------------------------
 */

static void pace(struct syn_client *client,
                 const struct syn_departure *departure)
{
    const struct syn_world *world = client->world;
    if (world->pace != NULL) {
        world->pace(world->ctx, departure);
    }
}

static bool is_answered(void *ctx)
{
    return ((struct syn_client *)ctx)->is_answered;
}

void syn_client_begin(struct syn_client *client,
                      const struct syn_sdk_event *event,
                      enum syn_client_wait wait, const char *id)
{
    syn_part_keep(client->wait_id, sizeof client->wait_id, syn_str_of(id));
    client->wait = wait;
    client->is_answered = false;
    client->world->ticket = 0;
    client->begun = syn_link_step(client->link, event);
    client->ticket = client->world->ticket;
}

struct syn_reply syn_client_end(struct syn_client *client)
{
    struct syn_world *world = client->world;
    struct syn_reply reply = {.status = client->begun, .arena = world->arena};
    if (reply.status == SYN_OK) {
        bool has_answer = syn_loop_run_until(world->loop, is_answered, client,
                                             world->guard_ms);
        if (has_answer || client->is_answered) {
            reply = client->answer;
        } else {
            reply.status = SYN_ERR_TIMEOUT;
        }
    }
    client->is_unpaced = world->arrived != NULL && client->begun == SYN_OK &&
                         world->arrived(world->ctx, client->ticket, &reply);
    client->wait = SYN_CLIENT_WAITS_FOR_NOTHING;
    client->begun = SYN_ERR_CLOSED; /* nothing is waited for any more */
    return reply;
}

struct syn_reply syn_client_ask(struct syn_client *client,
                                const struct syn_sdk_event *event,
                                enum syn_client_wait wait, const char *id)
{
    syn_client_begin(client, event, wait, id);
    return syn_client_end(client);
}

static struct syn_reply no_answer(const struct syn_client *client,
                                  syn_status status)
{
    return (struct syn_reply){.status = status, .arena = client->world->arena};
}

void syn_client_send(struct syn_client *client,
                     const struct syn_client_errand *errand)
{
    char id[SYN_SDK_ID_BYTES];
    char hex[33];
    struct syn_sdk_request request = {
        .id = id,
        .method = errand->method,
        .host = client->host,
        .path = errand->path,
        .query = errand->query,
        .body = errand->body,
        .if_match = errand->if_match,
        .scenario = client->world->scenario,
        .request_hex32 = hex,
    };
    syn_sdk_make_id(client->world->rng, id);
    syn_rng_hex(client->world->rng, hex, sizeof hex - 1);
    pace(client, &(struct syn_departure){.plane = SYN_WIRE_SDK,
                                         .method = errand->method,
                                         .path = errand->path,
                                         .body = errand->body});
    syn_client_begin(
        client,
        &(struct syn_sdk_event){.kind = SYN_SDK_REQUEST, .request = &request},
        SYN_CLIENT_WAITS_FOR_REPLY, id);
}

/* A request that was refused for its pace has changed nothing. */
struct syn_reply syn_client_run(struct syn_client *client,
                                const struct syn_client_errand *errand)
{
    syn_client_send(client, errand);
    struct syn_reply reply = syn_client_end(client);
    for (unsigned i = 0; client->is_unpaced && i < SYN_BACK_OFF_TRIES_MAX;
         i++) {
        syn_client_send(client, errand);
        reply = syn_client_end(client);
    }
    return reply;
}

/* --- the session -----------------------------------------------------------
 */

const char *syn_client_identity(const struct syn_client *client)
{
    return client->identity;
}

enum syn_session_state syn_client_state(const struct syn_client *client)
{
    return syn_sdk_session_state(syn_link_session(client->link));
}

static struct syn_reply dial(struct syn_client *client)
{
    client->ending = no_answer(client, SYN_OK);
    pace(client, &(struct syn_departure){.plane = SYN_WIRE_SDK,
                                         .method = "GET",
                                         .is_new_connection = true});
    return syn_client_ask(client,
                          &(struct syn_sdk_event){.kind = SYN_SDK_CONNECT},
                          SYN_CLIENT_WAITS_FOR_INIT, "");
}

static struct syn_reply open_session(struct syn_client *client)
{
    if (syn_client_state(client) == SYN_SESSION_LIVE) {
        return no_answer(client, SYN_ERR_EXISTS);
    }
    struct syn_reply reply = dial(client);
    for (unsigned i = 0; client->is_unpaced && i < SYN_BACK_OFF_TRIES_MAX;
         i++) {
        /* The session would try again by itself, at a pace of its own. */
        syn_status st = syn_link_step(
            client->link, &(struct syn_sdk_event){.kind = SYN_SDK_CUT});
        (void)st;
        reply = dial(client);
    }
    return reply;
}

struct syn_reply syn_client_connect(struct syn_client *client)
{
    struct syn_sdk_event event = {.kind = SYN_SDK_TOKEN,
                                  .bytes = client->options.token};
    syn_status st = SYN_OK;
    if (event.bytes.at == NULL) {
        event.bytes = mint(client);
    }
    if (event.bytes.at == NULL) {
        return no_answer(client, SYN_ERR_CRYPTO);
    }
    st = syn_link_step(client->link, &event);
    return st == SYN_OK ? open_session(client) : no_answer(client, st);
}

struct syn_reply syn_client_resume(struct syn_client *client)
{
    if (syn_sdk_session_token(syn_link_session(client->link)).bytes == 0) {
        return syn_client_connect(client);
    }
    return open_session(client);
}

struct syn_reply syn_client_update(struct syn_client *client,
                                   struct syn_str token)
{
    return syn_client_ask(
        client, &(struct syn_sdk_event){.kind = SYN_SDK_UPDATE, .bytes = token},
        SYN_CLIENT_WAITS_FOR_UPDATE, "");
}

static bool is_settled(void *ctx)
{
    const struct syn_client *client = ctx;
    return !syn_sdk_session_is_trying(syn_link_session(client->link));
}

bool syn_client_settle(struct syn_client *client)
{
    (void)syn_loop_run_until(client->world->loop, is_settled, client,
                             client->world->guard_ms);
    return syn_client_state(client) == SYN_SESSION_LIVE;
}

static void step_quietly(struct syn_client *client,
                         enum syn_sdk_event_kind kind)
{
    syn_status st =
        syn_link_step(client->link, &(struct syn_sdk_event){.kind = kind});
    (void)st; /* the session is over either way */
    syn_loop_turn(client->world->loop, 0);
}

void syn_client_cut(struct syn_client *client)
{
    step_quietly(client, SYN_SDK_CUT);
}

void syn_client_close(struct syn_client *client)
{
    step_quietly(client, SYN_SDK_SHUTDOWN);
}

/* What a row creates by hand ends by itself too. */
static const char *give_ttl(struct syn_client *client,
                            const struct syn_client_errand *errand,
                            const char *body)
{
    const struct syn_world *world = client->world;
    if (world->ttl_s == 0 || strcmp(errand->method, "POST") != 0 ||
        body[0] != '{' || !syn_part_is_collection(errand->path) ||
        strstr(body, "\"ttl\"") != NULL) {
        return body;
    }
    struct syn_str text = syn_arena_printf(world->arena, "{\"ttl\":%lld%s%s",
                                           (long long)world->ttl_s,
                                           body[1] == '}' ? "" : ",", body + 1);
    return text.at == NULL ? body : text.at;
}

struct syn_reply syn_client_call(struct syn_client *client, const char *method,
                                 const char *path, const char *query,
                                 const char *body)
{
    struct syn_client_errand errand = {
        .method = method,
        .path = syn_str_of(path),
        .query = syn_str_of(query),
    };
    if (body != NULL) {
        errand.body = syn_str_of(give_ttl(client, &errand, body));
    }
    return syn_client_run(client, &errand);
}

bool syn_client_fence(struct syn_client *client)
{
    /* Any answer will do, also 404 and 403: what counts is the order. */
    char hex[25];
    struct syn_client_errand errand = {.method = "GET"};
    struct syn_reply reply;
    syn_rng_hex(client->world->rng, hex, sizeof hex - 1);
    errand.path = syn_arena_printf(client->world->arena,
                                   "/v3/Documents/syn-fence-%s", hex);
    reply = syn_client_run(client, &errand);
    return reply.status == SYN_OK;
}

struct awaited {
    const struct syn_client *client;
    const struct syn_thing *thing;
    size_t count;
};

static bool has_heard(void *ctx)
{
    const struct awaited *awaited = ctx;
    return syn_client_heard(awaited->client, awaited->thing) >= awaited->count;
}

bool syn_client_await(struct syn_client *client, const struct syn_thing *thing,
                      size_t count)
{
    struct awaited awaited = {client, thing, count};
    return syn_loop_run_until(client->world->loop, has_heard, &awaited,
                              client->world->guard_ms);
}

/* Events of an object come in order, so an id that is not above those before
 * has been told already. */
static size_t count_ids(const struct syn_client *client,
                        const struct syn_thing *thing, int64_t *newest)
{
    size_t count = 0;
    size_t heard = syn_client_heard(client, thing);
    *newest = -1;
    for (size_t i = 0; i < heard; i++) {
        int64_t id = syn_client_heard_at(client, thing, i)->id;
        count += id > *newest ? 1 : 0;
        *newest = id > *newest ? id : *newest;
    }
    return count;
}

static bool has_heard_ids(void *ctx)
{
    const struct awaited *awaited = ctx;
    int64_t newest = 0;
    return count_ids(awaited->client, awaited->thing, &newest) >=
           awaited->count;
}

bool syn_client_await_ids(struct syn_client *client,
                          const struct syn_thing *thing, size_t count,
                          int64_t *newest)
{
    struct awaited awaited = {client, thing, count};
    bool has_come = syn_client_await(client, thing, count) &&
                    syn_loop_run_until(client->world->loop, has_heard_ids,
                                       &awaited, client->world->guard_ms);
    (void)count_ids(client, thing, newest);
    return has_come;
}

/* --- subscriptions ---------------------------------------------------------
 */

static void report_subscribed(struct syn_client *client,
                              const struct syn_thing *thing,
                              const struct syn_reply *reply)
{
    const struct syn_world *world = client->world;
    struct syn_thing copy = *thing;
    struct syn_action action = {.op = SYN_OP_SUBSCRIBE, .on = &copy};
    if (world->acted != NULL) {
        world->acted(world->ctx, client->identity, &action, reply);
    }
}

struct syn_reply syn_client_subscribe(struct syn_client *client,
                                      const struct syn_thing *thing,
                                      int64_t last_event_id)
{
    struct syn_sdk_event event = {
        .kind = SYN_SDK_SUBSCRIBE,
        .sid = thing->sid,
        .type = thing->type,
        .last_event_id = last_event_id,
    };
    struct syn_reply reply = syn_client_ask(
        client, &event, SYN_CLIENT_WAITS_FOR_OUTCOME, thing->sid);
    for (unsigned i = 0; client->is_unpaced && i < SYN_BACK_OFF_TRIES_MAX;
         i++) {
        /* The session asks again by itself, as the SDK does. */
        client->wait = SYN_CLIENT_WAITS_FOR_OUTCOME;
        client->is_answered = false;
        client->begun = SYN_OK;
        reply = syn_client_end(client);
    }
    report_subscribed(client, thing, &reply);
    return reply;
}

struct syn_reply syn_client_unsubscribe(struct syn_client *client,
                                        const struct syn_thing *thing)
{
    return syn_client_ask(
        client,
        &(struct syn_sdk_event){.kind = SYN_SDK_CANCEL, .sid = thing->sid},
        SYN_CLIENT_WAITS_FOR_CANCEL, thing->sid);
}

/* --- life ------------------------------------------------------------------
 */

/* The real service takes web sockets and requests under two names; the host is
 * only a field of the frame (section 1). */
static const char *request_host(struct syn_world *world,
                                const struct syn_url *url)
{
    static const struct syn_str socket_host = {"tsock.", 6};
    struct syn_str authority = syn_str_of(url->authority);
    if (syn_str_has_prefix(authority, socket_host)) {
        authority = syn_arena_printf(world->arena, "cds.%s",
                                     url->authority + socket_host.bytes);
    } else {
        authority = syn_arena_dup(world->arena, authority);
    }
    return authority.at;
}

static syn_status make_link(struct syn_client *client)
{
    const struct syn_client_manners *manners = &client->world->manners;
    struct syn_url url;
    syn_status st = syn_url_parse(client->world->sdk_url, &url);
    struct syn_link_setup setup = {
        .world = client->world,
        .actor = client->name,
        .session = {.rng = client->world->rng,
                    .skew_ms = client->options.skew_ms,
                    .scenario = client->world->scenario,
                    .continuation = client->options.continuation,
                    .stays_down = manners->stays_down,
                    .retries_refusals = manners->retries_refusals,
                    .forgets_events = manners->forgets_events,
                    .drops_continuation = manners->drops_continuation},
        .url = client->options.sdk_url,
        .on_message = syn_client_on_message,
        .on_note = syn_client_on_note,
        .on_idle = on_idle,
        .ctx = client,
    };
    if (st != SYN_OK) {
        return SYN_ERR_CONFIG;
    }
    client->host = request_host(client->world, &url);
    if (client->host == NULL) {
        return SYN_ERR_MEMORY;
    }
    setup.session.host = client->host;
    return syn_link_new(&setup, &client->link);
}

syn_status syn_client_new(struct syn_world *world, const char *name,
                          const struct syn_client_options *options,
                          struct syn_client **out)
{
    static const struct syn_client_options honest = {0};
    syn_status st = SYN_OK;
    struct syn_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return SYN_ERR_MEMORY;
    }
    client->world = world;
    client->name = name;
    client->options = options != NULL ? *options : honest;
    client->identity =
        client->options.identity != NULL ? client->options.identity : name;
    client->ending.arena = world->arena;
    syn_buf_init(&client->kept, NULL, SYN_CLIENT_KEPT_BYTES_MAX);
    if (client->options.token.at == NULL && world->mint_key.key_sid == NULL) {
        st = SYN_ERR_CONFIG;
    }
    if (st == SYN_OK) {
        st = make_link(client);
    }
    if (st != SYN_OK) {
        syn_client_free(client);
        return st;
    }
    *out = client;
    return SYN_OK;
}

void syn_client_free(struct syn_client *client)
{
    if (client == NULL) {
        return;
    }
    if (client->link != NULL && syn_client_state(client) == SYN_SESSION_LIVE) {
        syn_client_close(client);
    }
    syn_link_free(client->link);
    syn_buf_fini(&client->kept);
    free(client->heard);
    free(client->cancels);
    free(client);
}
