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

#define KIND_OBJECTS  1 /* segments from the kind on: "Documents" */
#define KIND_OBJECT   2 /* "Documents/{id}" */
#define KIND_CHILDREN 3 /* "Lists/{id}/Items" */
#define KIND_CHILD    4 /* "Lists/{id}/Items/{id}" */

/* Nobody lists the objects of a service, nobody touches permissions from the
 * SDK plane, whatever the switch says (ACL-28, ACL-69). */
static void forbid(struct syn_call *call)
{
    const struct syn_seams *seams = &call->service->seams;
    call->service->counts.denials++;
    seams->answer_forbidden(seams->ctx, call);
}

struct route {
    unsigned depth;    /* segments from the kind on */
    const char *child; /* third segment; NULL: none */
    unsigned types;    /* SYN_TYPES_… */
    const char *method;
    void (*run)(struct syn_call *call);
};

static const struct route routes[] = {
    {KIND_OBJECTS, NULL, SYN_TYPES_ALL, "POST", syn_call_create},
    {KIND_OBJECTS, NULL, SYN_TYPES_ALL, "GET", forbid},
    {KIND_OBJECT, NULL, SYN_TYPES_ALL, "GET", syn_call_open},
    {KIND_OBJECT, NULL, SYN_TYPES_ALL, "POST", syn_call_update},
    {KIND_OBJECT, NULL, SYN_TYPES_ALL, "DELETE", syn_call_remove},
    {KIND_CHILDREN, "Items", SYN_TYPES_CONTAINER, "GET", syn_call_item_query},
    {KIND_CHILDREN, "Items", SYN_TYPES_CONTAINER, "POST", syn_call_item_add},
    {KIND_CHILDREN, "Context", SYN_TYPE_BIT(SYN_TYPE_LIST), "GET",
     syn_call_context},
    {KIND_CHILDREN, "Messages", SYN_TYPE_BIT(SYN_TYPE_STREAM), "POST",
     syn_call_publish},
    {KIND_CHILD, "Items", SYN_TYPES_CONTAINER, "GET", syn_call_item_open},
    {KIND_CHILD, "Items", SYN_TYPES_CONTAINER, "POST", syn_call_item_update},
    {KIND_CHILD, "Items", SYN_TYPE_BIT(SYN_TYPE_MAP), "PUT", syn_call_item_put},
    {KIND_CHILD, "Items", SYN_TYPES_CONTAINER, "DELETE", syn_call_item_remove},
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

/* All requests of one connection; what is done to objects is counted where
 * both planes meet (syn_service_step). */
static bool admit_connection(struct syn_call *call)
{
    const struct syn_seams *seams = &call->service->seams;
    const struct syn_rate *rate =
        &call->service->setup.rates[SYN_BUCKET_CONNECTION];
    if (call->service->setup.limits == SYN_LIMITS_OFF) {
        return true;
    }
    const struct syn_str bucket =
        syn_arena_printf(call->arena, "connection-%llu",
                         (unsigned long long)call->session->number);
    if (bucket.at == NULL) {
        return true;
    }
    const struct syn_admission admission = {
        .plane = SYN_PLANE_SDK,
        .identity = call->session->facts.identity,
        .bucket = bucket.at,
        .rate_per_s = rate->rate_per_s,
        .burst = rate->burst,
        .cost = 1,
        .now_us = syn_clock_now_us(call->service->clock)};
    if (seams->admits(seams->ctx, &admission, &call->retry_after_s)) {
        return true;
    }
    call->message =
        syn_arena_printf(call->arena, "Rate limit exceeded for %s", bucket.at);
    syn_call_refuse(call, SYN_CODE_54009);
    return false;
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
            routes[i].run(call);
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
    if (!admit_connection(call)) {
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
