/*
 * live_route.c - which function serves a method and a path.
 *
 * A path is split at '/' and each segment decoded once: an encoded slash or
 * dot is data, a raw "..", "." or nothing is 404. `{S}/Documents/…` and
 * `/v3/Documents/…` are the same routes; the service named must be the one of
 * the session's token. The host is not looked at.
 */
#include "service/live_request.h"

#include "net/http.h"
#include "service/shape.h"

#include <string.h>

#define KIND_OBJECTS   1 /* segments from the kind on: "Documents" */
#define KIND_OBJECT    2 /* "Documents/{id}" */
#define KIND_CHILDREN  3 /* "Lists/{id}/Items" */
#define KIND_CHILD     4 /* "Lists/{id}/Items/{id}" */
#define CALLS_PER_S    500
#define WRITES_PER_S   20
#define LARGE_PER_S    2
#define MESSAGES_PER_S 30
#define LARGE_BYTES    10240
#define BURST_S        10

/* Nobody lists the objects of a service, nobody touches permissions from the
 * SDK plane, whatever the switch says (ACL-28, ACL-69). */
static void forbid(struct syn_call *call)
{
    call->service->counts.denials++;
    syn_call_refuse(call, SYN_CODE_54007);
}

enum bucket { BUCKET_READ, BUCKET_WRITE, BUCKET_CREATE, BUCKET_MESSAGE };

struct route {
    unsigned depth;    /* segments from the kind on */
    const char *child; /* third segment; NULL: none */
    unsigned types;    /* SYN_TYPES_… */
    const char *method;
    enum bucket bucket;
    void (*run)(struct syn_call *call);
};

static const struct route routes[] = {
    {KIND_OBJECTS, NULL, SYN_TYPES_ALL, "POST", BUCKET_CREATE, syn_call_create},
    {KIND_OBJECTS, NULL, SYN_TYPES_ALL, "GET", BUCKET_READ, forbid},
    {KIND_OBJECT, NULL, SYN_TYPES_ALL, "GET", BUCKET_READ, syn_call_open},
    {KIND_OBJECT, NULL, SYN_TYPES_ALL, "POST", BUCKET_WRITE, syn_call_update},
    {KIND_OBJECT, NULL, SYN_TYPES_ALL, "DELETE", BUCKET_CREATE,
     syn_call_remove},
    {KIND_CHILDREN, "Items", SYN_TYPES_CONTAINER, "GET", BUCKET_READ,
     syn_call_item_query},
    {KIND_CHILDREN, "Items", SYN_TYPES_CONTAINER, "POST", BUCKET_WRITE,
     syn_call_item_add},
    {KIND_CHILDREN, "Context", SYN_TYPE_BIT(SYN_TYPE_LIST), "GET", BUCKET_READ,
     syn_call_context},
    {KIND_CHILDREN, "Messages", SYN_TYPE_BIT(SYN_TYPE_STREAM), "POST",
     BUCKET_MESSAGE, syn_call_publish},
    {KIND_CHILD, "Items", SYN_TYPES_CONTAINER, "GET", BUCKET_READ,
     syn_call_item_open},
    {KIND_CHILD, "Items", SYN_TYPES_CONTAINER, "POST", BUCKET_WRITE,
     syn_call_item_update},
    {KIND_CHILD, "Items", SYN_TYPE_BIT(SYN_TYPE_MAP), "PUT", BUCKET_WRITE,
     syn_call_item_put},
    {KIND_CHILD, "Items", SYN_TYPES_CONTAINER, "DELETE", BUCKET_WRITE,
     syn_call_item_remove},
};

/* --- splitting ------------------------------------------------------------ */

static bool split_path(struct syn_call *call)
{
    const struct syn_str path = call->path;
    size_t from = 1;
    if (path.at[0] != '/') {
        return false;
    }
    while (from <= path.bytes) {
        const size_t end = syn_str_find(path, '/', from);
        const struct syn_str raw = syn_str_part(path, from, end - from);
        if (call->segment_count == SYN_LIVE_SEGMENTS_MAX || raw.bytes == 0 ||
            syn_str_is(raw, ".") || syn_str_is(raw, "..") ||
            syn_str_find(raw, '?', 0) < raw.bytes ||
            syn_str_find(raw, '#', 0) < raw.bytes ||
            syn_http_decode(call->arena, raw, false,
                            &call->segments[call->segment_count]) != SYN_OK) {
            return false;
        }
        call->segment_count++;
        from = end + 1;
    }
    return true;
}

static bool is_segment(const struct syn_call *call, size_t at, const char *text)
{
    return at < call->segment_count && syn_str_is(call->segments[at], text);
}

/* --- limits --------------------------------------------------------------- */

static bool admit(struct syn_call *call, const char *name, struct syn_str what,
                  uint32_t rate_per_s)
{
    const struct syn_seams *seams = &call->service->seams;
    const struct syn_str bucket =
        syn_arena_printf(call->arena, "%s-%.*s", name, SYN_STR_ARG(what));
    const struct syn_admission admission = {
        .plane = SYN_PLANE_SDK,
        .identity = call->session->facts.identity,
        .bucket = bucket.at == NULL ? name : bucket.at,
        .rate_per_s = rate_per_s,
        .burst = rate_per_s * BURST_S,
        .now_us = syn_clock_now_us(call->service->clock)};
    if (seams->admits(seams->ctx, &admission, &call->retry_after_s)) {
        return true;
    }
    call->message = syn_arena_printf(call->arena, "Rate limit exceeded for %s",
                                     admission.bucket);
    syn_call_refuse(call, SYN_CODE_54009);
    return false;
}

static const char *const bucket_names[][SYN_TYPE_COUNT] = {
    [BUCKET_READ] = {"read-document", "read-list", "read-map", "read-stream"},
    [BUCKET_WRITE] = {"write-document", "write-list", "write-map",
                      "write-stream"},
    [BUCKET_CREATE] = {"create-delete-document", "create-delete-list",
                       "create-delete-map", "create-delete-stream"},
    [BUCKET_MESSAGE] = {NULL, NULL, NULL, "write-stream-message"},
};

/* Buckets count by sid, so that a name is no way round them; an absent object
 * has no bucket of its own. */
static bool admit_route(struct syn_call *call, const struct route *route)
{
    if (call->service->setup.limits == SYN_LIMITS_OFF) {
        return true;
    }
    const char *name = bucket_names[route->bucket][call->type];
    struct syn_str what = syn_str_of(call->row->sid);
    if (route->bucket != BUCKET_CREATE) {
        const struct syn_object *object = syn_model_object(
            call->service->model, call->row, call->type, call->object_id);
        if (object == NULL) {
            return true;
        }
        what = syn_str_of(object->sid);
    }
    if (route->bucket == BUCKET_WRITE && call->body.bytes >= LARGE_BYTES &&
        !admit(call, "write-large", what, LARGE_PER_S)) {
        return false;
    }
    return admit(call, name, what,
                 route->bucket == BUCKET_MESSAGE ? MESSAGES_PER_S
                                                 : WRITES_PER_S);
}

/* --- choosing ------------------------------------------------------------- */

static bool read_kind(struct syn_str segment, enum syn_type *type)
{
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        if (syn_str_is(segment, syn_shape_collection((enum syn_type)i))) {
            *type = (enum syn_type)i;
            return true;
        }
    }
    return false;
}

static bool fits_path(const struct syn_call *call, const struct route *route,
                      size_t kind_at)
{
    const size_t depth = call->segment_count - kind_at;
    if (depth != route->depth ||
        (route->types & SYN_TYPE_BIT(call->type)) == 0) {
        return false;
    }
    return route->child == NULL ||
           is_segment(call, kind_at + KIND_OBJECT, route->child);
}

static void dispatch_object(struct syn_call *call, size_t kind_at)
{
    bool has_path = false;
    if (is_segment(call, kind_at + KIND_OBJECT, "Permissions")) {
        forbid(call);
        return;
    }
    if (call->segment_count > kind_at + 1) {
        call->object_id = call->segments[kind_at + 1];
    }
    if (call->segment_count > kind_at + KIND_CHILDREN) {
        call->item_id = call->segments[kind_at + KIND_CHILDREN];
    }
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
        if (!fits_path(call, &routes[i], kind_at)) {
            continue;
        }
        has_path = true;
        if (syn_str_is(call->method, routes[i].method)) {
            if (admit_route(call, &routes[i])) {
                routes[i].run(call);
            }
            return;
        }
    }
    syn_call_refuse(call, has_path ? SYN_CODE_20004 : SYN_CODE_20404);
}

/* `/v3/Services/{S}/…` must name the service of the token. */
static bool check_service(struct syn_call *call)
{
    const struct syn_service_row *named = syn_model_service(
        call->service->model, call->session->account, call->segments[2]);
    if (named == call->row) {
        return true;
    }
    call->service->counts.denials += named != NULL;
    syn_call_refuse(call, named == NULL ? SYN_CODE_54050 : SYN_CODE_54056);
    return false;
}

static void dispatch_v3(struct syn_call *call)
{
    size_t kind_at = 1;
    if (is_segment(call, kind_at, "Services") && call->segment_count > 3) {
        if (!check_service(call)) {
            return;
        }
        kind_at = 3;
    }
    const bool is_get = syn_str_is(call->method, "GET");
    if (is_segment(call, kind_at, "Insights")) {
        syn_call_refuse(call, SYN_CODE_54502);
    } else if (is_segment(call, kind_at, "Configuration") &&
               call->segment_count == kind_at + 1) {
        if (is_get) {
            syn_call_configuration(call);
        } else {
            syn_call_refuse(call, SYN_CODE_20004);
        }
    } else if (kind_at < call->segment_count &&
               read_kind(call->segments[kind_at], &call->type)) {
        dispatch_object(call, kind_at);
    } else {
        syn_call_refuse(call, SYN_CODE_20404);
    }
}

void syn_call_dispatch(struct syn_call *call)
{
    const size_t subscription_segments = 2;
    const struct syn_session *session = call->session;
    call->row = syn_model_service(call->service->model, session->account,
                                  session->facts.service_sid);
    if (call->row == NULL) {
        syn_call_refuse(call, SYN_CODE_54050);
        return;
    }
    if (!split_path(call)) {
        syn_call_refuse(call, SYN_CODE_20404);
        return;
    }
    const struct syn_str who =
        syn_arena_printf(call->arena, "%p", (const void *)session);
    if (call->service->setup.limits != SYN_LIMITS_OFF &&
        !admit(call, "connection", who, CALLS_PER_S)) {
        return;
    }
    if (is_segment(call, 0, "v3")) {
        dispatch_v3(call);
    } else if (is_segment(call, 0, "v4") &&
               is_segment(call, 1, "Subscriptions") &&
               call->segment_count == subscription_segments) {
        if (syn_str_is(call->method, "POST")) {
            syn_call_subscribe(call);
        } else {
            syn_call_refuse(call, SYN_CODE_20004);
        }
    } else {
        syn_call_refuse(call, SYN_CODE_20404);
    }
}
