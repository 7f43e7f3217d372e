/*
 * rest.c - the app's server: every action over REST.
 *
 * Requests are made from one table; a path never names anything but what the
 * row gave, encoded once.
 */
#include "client/parts.h"
#include "client/world.h"
#include "net/http.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

struct syn_backend {
    struct syn_world *world;
    const char *name;
    struct syn_rest_login login;
    uint64_t n; /* of made-up data */
};

/* Where in the object a request goes, and what its form holds. */
enum place { AT_COLLECTION, AT_SELF, AT_ITEMS, AT_ITEM, AT_MESSAGES };

#define WITH_NAME 1u
#define WITH_DATA 2u
#define WITH_TTL  4u
#define WITH_KEY  8u

struct shape {
    const char *method; /* NULL: no request */
    enum place place;
    unsigned form;
};

static const struct shape shapes[SYN_OP_COUNT] = {
    [SYN_OP_CREATE] = {"POST", AT_COLLECTION, WITH_NAME | WITH_DATA | WITH_TTL},
    [SYN_OP_OPEN] = {"GET", AT_SELF, 0},
    [SYN_OP_UPDATE] = {"POST", AT_SELF, WITH_DATA | WITH_TTL},
    [SYN_OP_TTL] = {"POST", AT_SELF, WITH_TTL},
    [SYN_OP_REMOVE] = {"DELETE", AT_SELF, 0},
    [SYN_OP_ITEM_READ] = {"GET", AT_ITEM, 0},
    [SYN_OP_QUERY] = {"GET", AT_ITEMS, 0},
    [SYN_OP_ITEM_ADD] = {"POST", AT_ITEMS, WITH_KEY | WITH_DATA | WITH_TTL},
    [SYN_OP_ITEM_UPDATE] = {"POST", AT_ITEM, WITH_DATA | WITH_TTL},
    [SYN_OP_ITEM_REMOVE] = {"DELETE", AT_ITEM, 0},
    [SYN_OP_ITEM_TTL] = {"POST", AT_ITEM, WITH_TTL},
    [SYN_OP_PUBLISH] = {"POST", AT_MESSAGES, WITH_DATA},
};

/* --- one call --------------------------------------------------------------
 */

struct call {
    struct syn_backend *backend;
    struct syn_reply reply;
    uint64_t ticket;
    bool is_done;
};

static unsigned record(struct syn_backend *backend,
                       enum syn_wire_direction direction, struct syn_str head,
                       struct syn_str body)
{
    const struct syn_world *world = backend->world;
    struct syn_wire_record entry = {
        .actor = backend->name,
        .plane = SYN_WIRE_REST,
        .direction = direction,
        .at_ms = syn_clock_now_ms(syn_loop_clock(world->loop)),
        .head = head,
        .body = body,
    };
    return world->record == NULL ? 0 : world->record(world->ctx, &entry);
}

static struct syn_str strip_quotes(struct syn_str etag)
{
    if (syn_str_has_prefix(etag, SYN_STR("W/"))) {
        etag = syn_str_from(etag, 2);
    }
    return syn_str_unquote(etag);
}

static struct syn_str keep_header(struct syn_arena *arena, struct syn_str value)
{
    return value.at == NULL ? value : syn_arena_dup(arena, value);
}

static void take_response(void *ctx, const struct syn_curl_response *response)
{
    struct call *call = ctx;
    struct syn_reply *reply = &call->reply;
    struct syn_arena *arena = call->backend->world->arena;
    struct syn_str head = {0};
    uint64_t wait_s = 0;
    call->is_done = true;
    reply->status = response->status;
    reply->dials = response->dials;
    if (response->status != SYN_OK) {
        reply->exchange =
            record(call->backend, SYN_WIRE_RECEIVED, SYN_STR("no answer"),
                   syn_str_of(response->reason));
        return;
    }
    reply->http = response->http_status;
    reply->body = syn_arena_dup(arena, response->body);
    const struct syn_str etag = syn_curl_header(response, "ETag");
    reply->etag = syn_arena_dup(arena, strip_quotes(etag));
    reply->has_quoted_etag = reply->etag.bytes < etag.bytes;
    reply->challenge =
        keep_header(arena, syn_curl_header(response, "WWW-Authenticate"));
    reply->allow = keep_header(arena, syn_curl_header(response, "Allow"));
    if (syn_str_to_u64(syn_curl_header(response, "Retry-After"), UINT32_MAX,
                       &wait_s)) {
        reply->retry_after_s = (uint32_t)wait_s;
    }
    if (reply->http >= 400) {
        reply->code = (int)syn_reply_i64(reply, "/code", 0);
    }
    head = syn_arena_printf(arena, "HTTP/1.1 %u", reply->http);
    reply->exchange =
        record(call->backend, SYN_WIRE_RECEIVED, head, reply->body);
}

static bool is_done(void *ctx)
{
    return ((struct call *)ctx)->is_done;
}

static void run_call(struct call *call, const struct syn_curl_request *request)
{
    const struct syn_world *world = call->backend->world;
    struct syn_curl_call *running = NULL;
    syn_status st =
        syn_curl_start(world->curl, request, take_response, call, &running);
    if (st != SYN_OK) {
        call->reply.status = st;
    } else if (!syn_loop_run_until(world->loop, is_done, call,
                                   world->guard_ms) &&
               !call->is_done) {
        syn_curl_cancel(running);
        call->reply.status = SYN_ERR_TIMEOUT;
    }
}

/* Everything that leaves passes here. */
struct errand {
    const char *method;
    struct syn_str path; /* below the base, or an absolute URL */
    struct syn_str form; /* at NULL: none */
    const char *if_match;
};

static struct syn_str url_of(const struct syn_world *world, struct syn_str path)
{
    bool is_absolute = syn_str_has_prefix(path, SYN_STR("http://")) ||
                       syn_str_has_prefix(path, SYN_STR("https://"));
    return syn_arena_printf(world->arena, "%s%.*s",
                            is_absolute ? "" : world->rest_url,
                            SYN_STR_ARG(path));
}

static size_t put_headers(const struct syn_backend *backend,
                          const struct errand *errand,
                          struct syn_http_pair headers[4])
{
    const struct syn_world *world = backend->world;
    size_t count = 0;
    if (backend->login.bearer != NULL) {
        headers[count++] = (struct syn_http_pair){
            SYN_STR("Authorization"),
            syn_arena_printf(world->arena, "Bearer %s", backend->login.bearer)};
    }
    if (errand->if_match != NULL) {
        headers[count++] = (struct syn_http_pair){SYN_STR("If-Match"),
                                                  syn_str_of(errand->if_match)};
    }
    if (world->scenario != NULL) {
        headers[count++] = (struct syn_http_pair){SYN_STR("X-Syn-Scenario"),
                                                  syn_str_of(world->scenario)};
    }
    if (errand->form.at != NULL) {
        headers[count++] = (struct syn_http_pair){
            SYN_STR("Content-Type"),
            SYN_STR("application/x-www-form-urlencoded")};
    }
    return count;
}

static struct syn_reply run_once(struct syn_backend *backend,
                                 const struct errand *errand,
                                 bool *is_wanted_again)
{
    struct syn_world *world = backend->world;
    struct call call = {.backend = backend, .reply.arena = world->arena};
    bool is_unpaced = false;
    struct syn_http_pair headers[4];
    struct syn_departure departure = {
        .plane = SYN_WIRE_REST,
        .method = errand->method,
        .path = errand->path,
        .body = errand->form,
    };
    struct syn_str url = url_of(world, errand->path);
    struct syn_str head = syn_arena_printf(
        world->arena, "%s %.*s", errand->method, SYN_STR_ARG(errand->path));
    struct syn_curl_request request = {
        .method = errand->method,
        .url = url.at,
        .user = backend->login.user,
        .password = backend->login.password,
        .headers = headers,
        .header_count = put_headers(backend, errand, headers),
        .body = errand->form,
        .tls = world->tls,
        .guard_ms = world->guard_ms,
        .routes = world->routes,
    };
    if (url.at == NULL || head.at == NULL) {
        call.reply.status = SYN_ERR_MEMORY;
        return call.reply;
    }
    if (world->pace != NULL) {
        world->pace(world->ctx, &departure);
    }
    world->ticket = 0;
    if (world->may_send != NULL) {
        call.reply.status = world->may_send(world->ctx, &departure);
    }
    call.ticket = world->ticket;
    if (call.reply.status == SYN_OK) {
        (void)record(backend, SYN_WIRE_SENT, head, errand->form);
        run_call(&call, &request);
        is_unpaced = world->arrived != NULL &&
                     world->arrived(world->ctx, call.ticket, &call.reply);
    }
    *is_wanted_again = is_unpaced;
    return call.reply;
}

/* A request that was refused for its pace has changed nothing. */
static struct syn_reply run_errand(struct syn_backend *backend,
                                   const struct errand *errand)
{
    bool is_wanted_again = false;
    struct syn_reply reply = run_once(backend, errand, &is_wanted_again);
    for (unsigned i = 0; is_wanted_again && i < SYN_BACK_OFF_TRIES_MAX; i++) {
        reply = run_once(backend, errand, &is_wanted_again);
    }
    return reply;
}

/* --- paths and forms -------------------------------------------------------
 */

static const char *service_of(const struct syn_backend *backend)
{
    return backend->login.service_sid != NULL ? backend->login.service_sid
                                              : backend->world->service_sid;
}

static void put_path(const struct syn_backend *backend, struct syn_buf *buf,
                     const struct syn_action *action, enum place place)
{
    const struct syn_thing *thing = action->on;
    syn_buf_put_text(buf, "/v1/Services/");
    syn_part_put_segment(buf, syn_str_of(service_of(backend)));
    syn_buf_put_text(buf, "/");
    syn_buf_put_text(buf, syn_backend_kind(thing->type));
    if (place == AT_COLLECTION) {
        return;
    }
    syn_buf_put_text(buf, "/");
    syn_part_put_segment(buf, syn_part_id(thing, action->by));
    if (place == AT_MESSAGES) {
        syn_buf_put_text(buf, "/Messages");
    } else if (place == AT_ITEMS || place == AT_ITEM) {
        syn_buf_put_text(buf, "/Items");
    }
    if (place == AT_ITEM) {
        syn_buf_put_text(buf, "/");
        syn_part_put_item(buf, action);
    }
}

static void put_pair(struct syn_buf *form, const char *name,
                     struct syn_str value)
{
    if (form->bytes > 0) {
        syn_buf_put_text(form, "&");
    }
    syn_buf_put_text(form, name);
    syn_buf_put_text(form, "=");
    syn_http_encode(form, value);
}

/* Does this action carry data? Containers and streams are created without. */
static bool has_data(const struct syn_action *action)
{
    bool is_bare_create =
        action->op == SYN_OP_CREATE && action->on->type != SYN_TYPE_DOCUMENT;
    bool is_left_out = action->data != NULL && action->data[0] == '\0';
    return (shapes[action->op].form & WITH_DATA) != 0 && !is_bare_create &&
           !is_left_out;
}

static void put_form(struct syn_backend *backend, struct syn_buf *form,
                     const struct syn_action *action)
{
    unsigned parts = shapes[action->op].form;
    if ((parts & WITH_NAME) != 0 && action->on->name.bytes > 0) {
        put_pair(form, "UniqueName", action->on->name);
    }
    if ((parts & WITH_KEY) != 0 && action->on->type == SYN_TYPE_MAP) {
        put_pair(form, "Key", syn_str_of(action->key));
    }
    if (has_data(action)) {
        put_pair(form, "Data",
                 syn_part_data(backend->world, action, backend->n++));
    }
    int64_t ttl_s = 0;
    if ((parts & WITH_TTL) != 0 &&
        syn_part_ttl(backend->world, action, &ttl_s)) {
        if (form->bytes > 0) {
            syn_buf_put_text(form, "&");
        }
        syn_buf_put_text(form, "Ttl=");
        syn_buf_put_i64(form, ttl_s);
    }
}

static struct syn_reply do_errand(struct syn_backend *backend,
                                  const struct syn_action *action)
{
    const struct shape *shape = &shapes[action->op];
    struct syn_reply reply = {.status = SYN_ERR_LIMIT,
                              .arena = backend->world->arena};
    struct syn_buf path;
    struct syn_buf form;
    syn_buf_init(&path, NULL, SYN_PART_PATH_BYTES_MAX);
    syn_buf_init(&form, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    put_path(backend, &path, action, shape->place);
    put_form(backend, &form, action);
    if (path.status == SYN_OK && form.status == SYN_OK) {
        struct errand errand = {.method = shape->method,
                                .path = syn_buf_str(&path),
                                .if_match = action->if_match};
        if (shape->form != 0) {
            errand.form = form.bytes > 0 ? syn_buf_str(&form) : SYN_STR("");
        }
        reply = run_errand(backend, &errand);
    }
    syn_buf_fini(&path);
    syn_buf_fini(&form);
    return reply;
}

struct syn_reply syn_backend_do(struct syn_backend *backend,
                                const struct syn_action *action)
{
    const struct syn_world *world = backend->world;
    struct syn_reply reply = {.status = SYN_ERR_ARG, .arena = world->arena};
    if (syn_part_is_possible(action)) {
        reply = do_errand(backend, action);
        syn_part_learn(action, &reply);
    }
    if (world->acted != NULL) {
        world->acted(world->ctx, NULL, action, &reply);
    }
    return reply;
}

/* What a row creates by hand ends by itself too. */
static const char *give_ttl(struct syn_backend *backend,
                            const struct errand *errand, const char *form)
{
    const struct syn_world *world = backend->world;
    if (world->ttl_s == 0 || strcmp(errand->method, "POST") != 0 ||
        !syn_part_is_collection(errand->path) || strstr(form, "Ttl") != NULL) {
        return form;
    }
    struct syn_str text =
        syn_arena_printf(world->arena, "%s%sTtl=%lld", form,
                         form[0] == '\0' ? "" : "&", (long long)world->ttl_s);
    return text.at == NULL ? form : text.at;
}

struct syn_reply syn_backend_call(struct syn_backend *backend,
                                  const char *method, const char *path,
                                  const char *form, const char *if_match)
{
    struct errand errand = {.method = method, .if_match = if_match};
    bool is_absolute =
        strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0;
    bool has_version =
        strncmp(path, "/v1", 3) == 0 || strncmp(path, "/_syncproof/", 12) == 0;
    errand.path = is_absolute || has_version
                      ? syn_str_of(path)
                      : syn_arena_printf(backend->world->arena, "/v1%s", path);
    if (form != NULL) {
        errand.form = syn_str_of(give_ttl(backend, &errand, form));
    }
    return run_errand(backend, &errand);
}

/* --- permissions and the switch --------------------------------------------
 */

const char *syn_backend_path(struct syn_backend *backend,
                             const struct syn_thing *thing)
{
    struct syn_thing copy = *thing;
    struct syn_action action = {.on = &copy};
    struct syn_str text = {0};
    struct syn_buf path;
    action.by = thing->sid[0] != '\0' ? SYN_BY_SID : SYN_BY_NAME;
    syn_buf_init(&path, NULL, SYN_PART_PATH_BYTES_MAX);
    put_path(backend, &path, &action, AT_SELF);
    if (path.status == SYN_OK) {
        text = syn_arena_dup(backend->world->arena, syn_buf_str(&path));
    }
    syn_buf_fini(&path);
    return text.at != NULL ? text.at : "";
}

static struct syn_reply touch_permission(struct syn_backend *backend,
                                         const struct syn_thing *thing,
                                         const char *identity,
                                         const struct errand *like)
{
    struct syn_reply reply = {.status = SYN_ERR_LIMIT,
                              .arena = backend->world->arena};
    struct errand errand = *like;
    struct syn_buf path;
    syn_buf_init(&path, NULL, SYN_PART_PATH_BYTES_MAX);
    syn_buf_put_text(&path, syn_backend_path(backend, thing));
    syn_buf_put_text(&path, "/Permissions/");
    syn_part_put_segment(&path, syn_str_of(identity));
    if (path.status == SYN_OK) {
        errand.path = syn_buf_str(&path);
        reply = run_errand(backend, &errand);
    }
    syn_buf_fini(&path);
    return reply;
}

/* The reply, once it was told. */
static struct syn_reply tell(struct syn_backend *backend,
                             struct syn_administration act,
                             struct syn_reply reply)
{
    const struct syn_world *world = backend->world;
    act.service_sid = service_of(backend);
    if (world->administered != NULL) {
        world->administered(world->ctx, &act, &reply);
    }
    return reply;
}

struct syn_reply syn_backend_grant(struct syn_backend *backend,
                                   const struct syn_thing *thing,
                                   const char *identity, unsigned rights)
{
    struct errand errand = {.method = "POST"};
    errand.form =
        syn_arena_printf(backend->world->arena, "Read=%s&Write=%s&Manage=%s",
                         (rights & SYN_RIGHT_READ) != 0 ? "true" : "false",
                         (rights & SYN_RIGHT_WRITE) != 0 ? "true" : "false",
                         (rights & SYN_RIGHT_MANAGE) != 0 ? "true" : "false");
    return tell(backend,
                (struct syn_administration){
                    .thing = thing, .identity = identity, .rights = rights},
                touch_permission(backend, thing, identity, &errand));
}

struct syn_reply syn_backend_revoke(struct syn_backend *backend,
                                    const struct syn_thing *thing,
                                    const char *identity)
{
    struct errand errand = {.method = "DELETE"};
    return tell(backend,
                (struct syn_administration){
                    .thing = thing, .identity = identity, .is_revoked = true},
                touch_permission(backend, thing, identity, &errand));
}

struct syn_reply syn_backend_switch_acl(struct syn_backend *backend, bool is_on)
{
    struct errand errand = {
        .method = "POST",
        .path = syn_arena_printf(backend->world->arena, "/v1/Services/%s",
                                 service_of(backend)),
        .form =
            is_on ? SYN_STR("AclEnabled=true") : SYN_STR("AclEnabled=false"),
    };
    return tell(backend, (struct syn_administration){.is_on = is_on},
                run_errand(backend, &errand));
}

/* --- life ------------------------------------------------------------------
 */

syn_status syn_backend_new(struct syn_world *world, const char *name,
                           const struct syn_rest_login *login,
                           struct syn_backend **out)
{
    struct syn_backend *backend = calloc(1, sizeof *backend);
    if (backend == NULL) {
        return SYN_ERR_MEMORY;
    }
    backend->world = world;
    backend->name = name;
    backend->login = login != NULL ? *login : world->login;
    *out = backend;
    return SYN_OK;
}

void syn_backend_free(struct syn_backend *backend)
{
    free(backend);
}
