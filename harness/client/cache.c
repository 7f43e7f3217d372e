/*
 * cache.c - what an app shows of the objects that its user listens to.
 *
 * Values come from opening and from events, never from the app's own requests:
 * the answer to a change says that it was accepted, its event that it is so
 * (SDK-06, SDK-07). A refused or expired token takes everything away.
 */
#include "client/client_impl.h"

#include <string.h>

struct syn_client_value {
    struct syn_client_value *next;
    struct syn_str sid;
    struct syn_str item; /* "" the object itself, else key or index */
    struct syn_str data; /* at NULL: gone */
};

static struct syn_client_value *find(const struct syn_client *client,
                                     struct syn_str sid, struct syn_str item)
{
    struct syn_client_value *value = client->values;
    while (value != NULL && (!syn_str_is_equal(value->sid, sid) ||
                             !syn_str_is_equal(value->item, item))) {
        value = value->next;
    }
    return value;
}

static void put(struct syn_client *client, struct syn_str sid,
                struct syn_str item, struct syn_str data)
{
    struct syn_arena *arena = client->world->arena;
    struct syn_client_value *value = find(client, sid, item);
    if (value == NULL) {
        value = syn_arena_alloc(arena, sizeof *value);
        SYN_ASSERT(value != NULL);
        value->sid = syn_arena_dup(arena, sid);
        value->item = syn_arena_dup(arena, item);
        value->next = client->values;
        client->values = value;
    }
    value->data =
        data.at == NULL ? (struct syn_str){0} : syn_arena_dup(arena, data);
}

/* The value of every item of the object goes with it. */
static void forget(struct syn_client *client, struct syn_str sid)
{
    for (struct syn_client_value *value = client->values; value != NULL;
         value = value->next) {
        if (syn_str_is_equal(value->sid, sid)) {
            value->data = (struct syn_str){0};
        }
    }
}

static struct syn_str item_of(struct syn_client *client,
                              const struct syn_json *event)
{
    int64_t index = 0;
    if (syn_json_i64(syn_json_member(event, "item_index"), &index)) {
        return syn_arena_printf(client->world->arena, "%lld", (long long)index);
    }
    return syn_json_str(syn_json_member(event, "item_key"), SYN_STR(""));
}

void syn_cache_event(struct syn_client *client, const struct syn_sdk_note *note)
{
    const struct syn_json *event = syn_json_member(note->frame->body, "event");
    struct syn_str type = note->type_text;
    if (syn_str_is(type, "document_updated")) {
        put(client, note->sid, SYN_STR(""),
            syn_json_raw(note->text, "document_data"));
    } else if (syn_str_has(type, SYN_STR("_item_removed"))) {
        put(client, note->sid, item_of(client, event), (struct syn_str){0});
    } else if (syn_str_has(type, SYN_STR("_item_"))) {
        put(client, note->sid, item_of(client, event),
            syn_json_raw(note->text, "item_data"));
    } else if (syn_str_has(type, SYN_STR("_removed"))) {
        forget(client, note->sid);
    }
}

void syn_cache_reply(struct syn_client *client, const struct syn_action *action,
                     const struct syn_reply *reply)
{
    struct syn_str sid = syn_str_of(action->on->sid);
    if (!syn_reply_is_ok(reply)) {
        return;
    }
    if (action->op == SYN_OP_OPEN && action->on->type == SYN_TYPE_DOCUMENT) {
        put(client, sid, SYN_STR(""), syn_json_raw(reply->body, "data"));
    }
    if (client->world->manners.shows_own_writes && action->data != NULL &&
        (action->op == SYN_OP_UPDATE || action->op == SYN_OP_ITEM_ADD ||
         action->op == SYN_OP_ITEM_UPDATE)) {
        put(client, sid,
            action->key == NULL ? SYN_STR("") : syn_str_of(action->key),
            syn_str_of(action->data));
    }
}

void syn_cache_drop(struct syn_client *client)
{
    if (!client->world->manners.keeps_cache) {
        client->values = NULL; /* the row's arena keeps the bytes */
    }
}

struct syn_str syn_client_value(const struct syn_client *client,
                                const struct syn_thing *thing, const char *item)
{
    const struct syn_client_value *value =
        find(client, syn_str_of(thing->sid), syn_str_of(item));
    return value == NULL ? (struct syn_str){0} : value->data;
}
