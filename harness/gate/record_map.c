/*
 * record_map.c - which operation a request is.
 * Layer: gate. Threads: none needed.
 * Source: sdk-protocol.md section 8, rest.md section 3.
 *
 * Both planes share the shape of their paths, so one table serves both.
 */
#include "gate/record_impl.h"

#include "syn/client.h"

#include <string.h>

#define SEGMENTS_MAX 8

struct place {
    struct syn_str segments[SEGMENTS_MAX];
    size_t count;
    struct syn_str service; /* at NULL: not in the path */
    enum syn_type type;
};

static const struct {
    size_t depth; /* segments from the collection on */
    const char *part;
    const char *method;
    enum syn_trace_op op;
} shapes[] = {{1, NULL, "POST", SYN_TRACE_CREATE},
              {2, NULL, "GET", SYN_TRACE_OPEN},
              {2, NULL, "POST", SYN_TRACE_UPDATE},
              {2, NULL, "DELETE", SYN_TRACE_REMOVE},
              {3, "Items", "GET", SYN_TRACE_QUERY},
              {3, "Context", "GET", SYN_TRACE_QUERY},
              {3, "Items", "POST", SYN_TRACE_ITEM_ADD},
              {3, "Messages", "POST", SYN_TRACE_PUBLISH},
              {4, "Items", "GET", SYN_TRACE_ITEM_READ},
              {4, "Items", "POST", SYN_TRACE_ITEM_UPDATE},
              {4, "Items", "PUT", SYN_TRACE_ITEM_ADD},
              {4, "Items", "DELETE", SYN_TRACE_ITEM_REMOVE},
              {4, "Permissions", "POST", SYN_TRACE_GRANT},
              {4, "Permissions", "DELETE", SYN_TRACE_REVOKE}};

/* --- paths ---------------------------------------------------------------- */

static bool split(struct syn_arena *arena, struct syn_str path,
                  struct place *place)
{
    size_t at = 1;
    if (path.bytes < 4 || path.at[0] != '/' || path.at[1] != 'v') {
        return false;
    }
    for (at = syn_str_find(path, '/', 1) + 1; at < path.bytes;) {
        size_t end = syn_str_find(path, '/', at);
        if (place->count == SEGMENTS_MAX ||
            syn_http_decode(arena, syn_str_part(path, at, end - at), false,
                            &place->segments[place->count++]) != SYN_OK) {
            return false;
        }
        at = end + 1;
    }
    if (place->count >= 2 && syn_str_is(place->segments[0], "Services")) {
        place->service = place->segments[1];
        place->count -= 2;
        memmove(place->segments, place->segments + 2,
                place->count * sizeof place->segments[0]);
    }
    return place->count > 0;
}

static bool find_type(struct place *place)
{
    for (unsigned t = 0; t < SYN_TYPE_COUNT; t++) {
        if (syn_str_is(place->segments[0],
                       syn_backend_kind((enum syn_type)t))) {
            place->type = (enum syn_type)t;
            return true;
        }
    }
    return false;
}

static bool find_op(const struct place *place, struct syn_str method,
                    enum syn_trace_op *op)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (shapes[i].depth == place->count &&
            syn_str_is(method, shapes[i].method) &&
            (shapes[i].part == NULL ||
             syn_str_is(place->segments[2], shapes[i].part))) {
            *op = shapes[i].op;
            return true;
        }
    }
    return false;
}

static bool is_sid(struct syn_str id)
{
    if (id.bytes != 34) {
        return false;
    }
    for (size_t i = 0; i < id.bytes; i++) {
        bool is_letter = id.at[i] >= 'A' && id.at[i] <= 'Z';
        bool is_hex = (id.at[i] >= '0' && id.at[i] <= '9') ||
                      (id.at[i] >= 'a' && id.at[i] <= 'f');
        if (i < 2 ? !is_letter : !is_hex) {
            return false;
        }
    }
    return true;
}

/* --- fields of a request -------------------------------------------------- */

static struct syn_str pair_of(const struct syn_http_pair *pairs, size_t count,
                              const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (syn_str_is(pairs[i].name, name)) {
            return pairs[i].value;
        }
    }
    return (struct syn_str){NULL, 0};
}

/* By its name in JSON or in a form; `at` NULL: absent. */
static struct syn_str text_of(const struct syn_call *call, const char *json,
                              const char *form)
{
    return call->is_sdk ? syn_json_str(syn_json_member(call->json, json),
                                       (struct syn_str){NULL, 0})
                        : pair_of(call->form, call->form_count, form);
}

static int64_t number_of(const struct syn_call *call, const char *json,
                         const char *form)
{
    int64_t number = SYN_TRACE_UNKNOWN;
    if (call->is_sdk) {
        return syn_json_i64(syn_json_member(call->json, json), &number) &&
                       number >= 0
                   ? number
                   : SYN_TRACE_UNKNOWN;
    }
    return syn_str_to_i64(pair_of(call->form, call->form_count, form),
                          &number) &&
                   number >= 0
               ? number
               : SYN_TRACE_UNKNOWN;
}

static bool has_data(const struct syn_call *call)
{
    return call->is_sdk
               ? syn_json_member(call->json, "data") != NULL
               : pair_of(call->form, call->form_count, "Data").at != NULL;
}

static int64_t flag_of(const struct syn_call *call, const char *name)
{
    return syn_str_is_equal_nocase(pair_of(call->form, call->form_count, name),
                                   SYN_STR("true"))
               ? 1
               : 0;
}

/* --- drafts --------------------------------------------------------------- */

static void draft_item(const struct syn_call *call, const struct place *place,
                       struct syn_trace_event *event)
{
    struct syn_str one = pair_of(call->params, call->param_count, "Key");
    if (one.at == NULL) {
        one = pair_of(call->params, call->param_count, "Index");
    }
    if (place->count == 4) {
        event->key = place->segments[3];
    } else if (event->op == SYN_TRACE_QUERY && one.at != NULL) {
        event->op = SYN_TRACE_ITEM_READ;
        event->key = one;
    } else if (event->op == SYN_TRACE_ITEM_ADD) {
        event->key = text_of(call, "key", "Key");
    }
    event->item_ttl_s = number_of(call, "ttl", "ItemTtl");
    if (event->item_ttl_s == SYN_TRACE_UNKNOWN) {
        event->item_ttl_s = number_of(call, "item_ttl", "Ttl");
    }
    event->ttl_s = number_of(call, "collection_ttl", "CollectionTtl");
    if (event->op == SYN_TRACE_ITEM_UPDATE && !has_data(call)) {
        event->op = SYN_TRACE_TTL;
    }
}

static void draft_object(const struct syn_call *call,
                         struct syn_trace_event *event)
{
    event->ttl_s = number_of(call, "ttl", "Ttl");
    if (event->ttl_s == SYN_TRACE_UNKNOWN) {
        event->ttl_s = number_of(call, "collection_ttl", "CollectionTtl");
    }
    if (event->op == SYN_TRACE_CREATE) {
        event->name = text_of(call, "unique_name", "UniqueName");
        event->by =
            event->name.at == NULL ? SYN_TRACE_BY_UNSAID : SYN_TRACE_BY_NAME;
        event->mode = SYN_TRACE_CREATE_NEW;
    } else if (event->op == SYN_TRACE_UPDATE && !has_data(call)) {
        event->op = SYN_TRACE_TTL;
    }
}

static void draft_row(const struct syn_call *call, const struct place *place,
                      struct syn_trace_event *event)
{
    event->grantee = place->segments[3];
    if (event->op == SYN_TRACE_GRANT) {
        event->read = flag_of(call, "Read");
        event->write = flag_of(call, "Write");
        event->manage = flag_of(call, "Manage");
    }
}

/* A live query names the map that it looks into. */
static bool draft_query(const struct place *place, const struct syn_call *call,
                        struct syn_trace_event *event)
{
    if (place->count != 3 || !syn_str_is(place->segments[0], "Insights") ||
        !syn_str_is(call->method, "POST")) {
        return false;
    }
    event->op = SYN_TRACE_QUERY;
    event->type = SYN_TYPE_MAP;
    return true;
}

bool syn_record_draft(struct syn_arena *arena, const struct syn_call *call,
                      struct syn_str service, struct syn_trace_event *event)
{
    struct place place = {.type = SYN_TYPE_COUNT};
    bool is_row = false;
    *event = syn_trace_event_blank();
    event->src = call->is_sdk ? SYN_TRACE_SDK : SYN_TRACE_REST;
    if (!split(arena, call->path, &place) ||
        (service.at != NULL && is_sid(place.service) &&
         !syn_str_is_equal(place.service, service))) {
        return false;
    }
    if (!draft_query(&place, call, event)) {
        if (!find_type(&place) || !find_op(&place, call->method, &event->op)) {
            return false;
        }
        event->type = place.type;
    }
    if (place.count >= 2) {
        bool by_sid = is_sid(place.segments[1]);
        event->by = by_sid ? SYN_TRACE_BY_SID : SYN_TRACE_BY_NAME;
        *(by_sid ? &event->sid : &event->name) = place.segments[1];
    }
    is_row = event->op == SYN_TRACE_GRANT || event->op == SYN_TRACE_REVOKE;
    if (is_row) {
        draft_row(call, &place, event);
    } else if (place.count >= 3 && event->op != SYN_TRACE_PUBLISH) {
        draft_item(call, &place, event);
    } else {
        draft_object(call, event);
    }
    return true;
}

/* --- answers -------------------------------------------------------------- */

static void take_text(struct syn_arena *arena, const struct syn_json *answer,
                      const char *name, struct syn_str *to)
{
    const struct syn_json *node = syn_json_member(answer, name);
    if (to->at == NULL && syn_json_is(node, SYN_JSON_STRING)) {
        *to = syn_arena_dup(arena, syn_json_str(node, SYN_STR("")));
    }
}

void syn_record_complete(struct syn_arena *arena, const struct syn_call *call,
                         int64_t http, const struct syn_json *answer,
                         struct syn_trace_event *event)
{
    static const char *const parents[] = {"map_sid", "list_sid"};
    bool is_object = event->op == SYN_TRACE_CREATE ||
                     event->op == SYN_TRACE_OPEN ||
                     event->op == SYN_TRACE_UPDATE;
    int64_t index = 0;
    event->http = http;
    if (http >= 400) {
        if (!syn_json_i64(syn_json_member(answer, "code"), &event->code)) {
            event->code = SYN_TRACE_UNKNOWN;
        }
        return;
    }
    if (event->op == SYN_TRACE_CREATE || event->op == SYN_TRACE_OPEN) {
        event->created = event->op == SYN_TRACE_CREATE ? 1 : 0;
    }
    if (is_object) {
        take_text(arena, answer, "sid", &event->sid);
        take_text(arena, answer, "unique_name", &event->name);
    }
    for (size_t i = 0; i < 2; i++) {
        take_text(arena, answer, parents[i], &event->sid);
    }
    if (event->op == SYN_TRACE_ITEM_ADD && event->key.at == NULL &&
        syn_json_i64(syn_json_member(answer, "index"), &index)) {
        event->key = syn_arena_printf(arena, "%lld", (long long)index);
    }
    if (event->op == SYN_TRACE_ITEM_ADD && http == 200 &&
        syn_str_is(call->method, "PUT")) {
        event->op = SYN_TRACE_ITEM_UPDATE; /* a set of what was there */
    }
}
