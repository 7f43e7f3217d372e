/*
 * live_object.c - documents, lists, maps and streams over the SDK plane.
 *
 * Answers to a change never hold `data`: whoever may write but not read must
 * not learn it from the reply (rest.md section 7.3).
 */
#include "service/live_request.h"

#include "service/shape.h"

#include <string.h>

#define HTTP_CREATED    201
#define HTTP_NO_CONTENT 204

static const enum syn_code null_data[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = SYN_CODE_54101,
    [SYN_TYPE_LIST] = SYN_CODE_54156,
    [SYN_TYPE_MAP] = SYN_CODE_54206,
    [SYN_TYPE_STREAM] = SYN_CODE_54251,
};

static void set_etag(struct syn_call *call, int64_t counter)
{
    call->has_etag = true;
    syn_model_revision(counter, call->etag);
}

static void answer_root(struct syn_call *call, enum syn_live_detail detail)
{
    const struct syn_object *object = call->outcome.object;
    struct syn_json_writer w;
    SYN_ASSERT(object != NULL);
    syn_json_writer_init(&w, &call->reply);
    syn_live_write_root(&w, call->arena, syn_call_base(call->session), object,
                        detail);
    set_etag(call, object->event_count);
}

/* Only documents hold data; elsewhere the member means nothing. */
static bool read_changes(struct syn_call *call, struct syn_command *command)
{
    if (!syn_call_read_ttl(call, "ttl", &command->ttl_s)) {
        return false;
    }
    return call->type != SYN_TYPE_DOCUMENT ||
           syn_call_read_data(call, SYN_DATA_BYTES_MAX, null_data[call->type],
                              &command->data);
}

void syn_call_create(struct syn_call *call)
{
    struct syn_command command = syn_call_command(call, SYN_VERB_OBJECT_CREATE);
    if (!syn_call_read_body(call) || !read_changes(call, &command) ||
        !syn_call_read_text(call, "unique_name", SYN_CODE_54302,
                            &command.name) ||
        !syn_call_step(call, &command)) {
        return;
    }
    call->http_status = HTTP_CREATED;
    answer_root(call, SYN_LIVE_BARE);
}

/* One page of items is at most 100; a map opened with its items gives the
 * first page, which the client completes by paging. */
static bool list_items(struct syn_call *call, struct syn_outcome *items)
{
    const struct syn_outcome root = call->outcome;
    struct syn_command command = syn_call_command(call, SYN_VERB_ITEM_LIST);
    command.page.size = SYN_PAGE_SIZE_MAX;
    command.page.hides_expired = true;
    const bool is_done = syn_call_step(call, &command);
    *items = call->outcome;
    call->outcome = root;
    return is_done;
}

static void answer_with_items(struct syn_call *call)
{
    struct syn_outcome items;
    if (!list_items(call, &items)) {
        return;
    }
    const struct syn_object *object = items.object;
    if (object == NULL) {
        object = call->outcome.object;
    }
    const struct syn_str base = syn_call_base(call->session);
    struct syn_json_writer w;
    syn_json_writer_init(&w, &call->reply);
    syn_live_open_root(&w, call->arena, base, object, SYN_LIVE_WITH_DATA);
    syn_json_open_array(&w, "items");
    for (size_t i = 0; i < items.count; i++) {
        syn_live_write_item(&w, call->arena, base, items.items[i],
                            SYN_LIVE_WITH_DATA);
    }
    syn_json_close_array(&w);
    syn_json_close_object(&w);
    set_etag(call, object->event_count);
}

void syn_call_open(struct syn_call *call)
{
    const struct syn_command command =
        syn_call_command(call, SYN_VERB_OBJECT_FETCH);
    struct syn_str include;
    if (!syn_call_read_param(call, "Include", &include) ||
        !syn_call_step(call, &command)) {
        return;
    }
    if (call->type == SYN_TYPE_MAP && syn_str_is(include, "items")) {
        answer_with_items(call);
    } else {
        answer_root(call, SYN_LIVE_WITH_DATA);
    }
}

void syn_call_update(struct syn_call *call)
{
    struct syn_command command = syn_call_command(call, SYN_VERB_OBJECT_UPDATE);
    if (syn_call_read_body(call) && read_changes(call, &command) &&
        syn_call_step(call, &command)) {
        answer_root(call, SYN_LIVE_BARE);
    }
}

/* The payload of a DELETE is not looked at (sdk-protocol.md section 7). */
void syn_call_remove(struct syn_call *call)
{
    const struct syn_command command =
        syn_call_command(call, SYN_VERB_OBJECT_DELETE);
    if (syn_call_step(call, &command)) {
        call->http_status = HTTP_NO_CONTENT;
    }
}

void syn_call_publish(struct syn_call *call)
{
    struct syn_command command =
        syn_call_command(call, SYN_VERB_MESSAGE_PUBLISH);
    if (!syn_call_read_body(call) ||
        !syn_call_read_data(call, SYN_MESSAGE_BYTES_MAX, SYN_CODE_54251,
                            &command.data) ||
        !syn_call_step(call, &command)) {
        return;
    }
    struct syn_json_writer w;
    syn_json_writer_init(&w, &call->reply);
    syn_json_open_object(&w, NULL);
    syn_json_write_text(&w, "sid", call->outcome.message_sid);
    syn_json_close_object(&w);
    call->http_status = HTTP_CREATED;
}

/* No public interface sets a list's context, so it is always empty; reading
 * it needs what reading the list needs. */
void syn_call_context(struct syn_call *call)
{
    const struct syn_command command =
        syn_call_command(call, SYN_VERB_OBJECT_FETCH);
    if (!syn_call_step(call, &command)) {
        return;
    }
    struct syn_json_writer w;
    syn_json_writer_init(&w, &call->reply);
    syn_json_open_object(&w, NULL);
    syn_json_write_raw(&w, "data", SYN_STR("{}"));
    syn_json_write_i64(&w, "last_event_id",
                       syn_live_last_event_id(call->outcome.object));
    syn_json_close_object(&w);
}

/* Templates of all paths; {S} is the service of the session. */
static const struct {
    const char *name;
    bool has_service;
    const char *path;
} links[] = {
    {"subscriptions", false, "/v4/Subscriptions"},
    {"maps", false, "/v3/Maps"},
    {"map", true, "/Maps/{mapId}"},
    {"map_items", true, "/Maps/{mapId}/Items"},
    {"map_item", true, "/Maps/{mapId}/Items/{itemId}"},
    {"lists", false, "/v3/Lists"},
    {"list", true, "/Lists/{listId}"},
    {"list_items", true, "/Lists/{listId}/Items"},
    {"list_item", true, "/Lists/{listId}/Items/{itemId}"},
    {"documents", false, "/v3/Documents"},
    {"document", true, "/Documents/{id}"},
    {"streams", false, "/v3/Streams"},
    {"stream", true, "/Streams/{streamId}"},
    {"stream_messages", true, "/Streams/{streamId}/Messages"},
    {"insights_items", false, "/v3/Insights/{indexName}/Items"},
};

void syn_call_configuration(struct syn_call *call)
{
    const struct syn_str base = syn_call_base(call->session);
    struct syn_json_writer w;
    syn_json_writer_init(&w, &call->reply);
    syn_json_open_object(&w, NULL);
    syn_json_open_object(&w, "links");
    for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
        const char *root = links[i].has_service ? "/v3/Services/" : "";
        const char *sid = links[i].has_service ? call->row->sid : "";
        syn_json_write_str(&w, links[i].name,
                           syn_arena_printf(call->arena, "%.*s%s%s%s",
                                            SYN_STR_ARG(base), root, sid,
                                            links[i].path));
    }
    syn_json_close_object(&w);
    syn_json_close_object(&w);
}
