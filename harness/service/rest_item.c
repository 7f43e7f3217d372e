/*
 * rest_item.c - items of lists and maps (rest.md 2.4, 2.5; rows 17 to 23).
 */
#include "service/rest.h"

#include <stdio.h>

/* Of the container's type: the code of an item without Data. */
static const enum syn_code null_codes[SYN_TYPE_COUNT] = {
    [SYN_TYPE_LIST] = SYN_CODE_54156,
    [SYN_TYPE_MAP] = SYN_CODE_54206,
};

static void finish(struct syn_rest_call *call, unsigned status)
{
    char revision[SYN_REVISION_BYTES];
    struct syn_json_writer w;
    struct syn_shape shape = syn_rest_shape(call, &w);
    syn_shape_item(&shape, call->outcome.item);
    syn_model_revision(call->outcome.item->event_id, revision);
    (void)snprintf(call->etag, sizeof(call->etag), "\"%s\"", revision);
    call->status = status;
}

static struct syn_command address(const struct syn_rest_call *call,
                                  enum syn_verb verb)
{
    struct syn_command command = {.verb = verb,
                                  .type = call->route->type,
                                  .service = call->segments[2],
                                  .id = call->segments[4]};
    if (call->segment_count > 6 && call->route->type == SYN_TYPE_MAP) {
        command.key = call->segments[6];
    } else if (call->segment_count > 6) {
        command.index = call->segments[6];
    }
    return command;
}

/* `ItemTtl` wins over its alias `Ttl`; `CollectionTtl` is the container's. */
static enum syn_code read_fields(const struct syn_rest_call *call,
                                 struct syn_command *command)
{
    const struct syn_seams *seams = &call->service->seams;
    struct syn_asked_ttls asked = {.is_item = true};
    enum syn_code code = syn_rest_form_ttl(call, "Ttl", &asked.plain);
    if (code == SYN_CODE_NONE) {
        code = syn_rest_form_ttl(call, "ItemTtl", &asked.item);
    }
    if (code == SYN_CODE_NONE) {
        code = syn_rest_form_ttl(call, "CollectionTtl", &asked.collection);
    }
    const struct syn_chosen_ttls chosen =
        seams->choose_ttls(seams->ctx, &asked);
    command->ttl_s = chosen.own;
    command->collection_ttl_s = chosen.container;
    if (code == SYN_CODE_NONE) {
        code =
            syn_rest_form_data(call, SYN_DATA_BYTES_MAX,
                               null_codes[call->route->type], &command->data);
    }
    return code;
}

void syn_rest_item_list(struct syn_rest_call *call)
{
    struct syn_rest_paging paging = {.number = 0};
    enum syn_code code = syn_rest_read_paging(call, true, &paging);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
        return;
    }
    struct syn_command command = address(call, SYN_VERB_ITEM_LIST);
    command.page = paging.page;
    if (!syn_rest_step(call, &command)) {
        return;
    }
    struct syn_json_writer w;
    struct syn_shape shape = syn_rest_shape(call, &w);
    syn_json_open_object(&w, NULL);
    syn_json_open_array(&w, "items");
    for (size_t i = 0; i < call->outcome.count; i++) {
        syn_shape_item(&shape, call->outcome.items[i]);
    }
    syn_json_close_array(&w);
    syn_rest_write_meta(call, &w, "items", &paging);
    syn_json_close_object(&w);
    call->status = 200;
}

static enum syn_code read_key(const struct syn_rest_call *call,
                              struct syn_command *command)
{
    if (call->route->type != SYN_TYPE_MAP) {
        return SYN_CODE_NONE;
    }
    return syn_rest_form(call, "Key", &command->key) && command->key.bytes > 0
               ? SYN_CODE_NONE
               : SYN_CODE_54209;
}

void syn_rest_item_create(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_ITEM_CREATE);
    enum syn_code code = read_key(call, &command);
    if (code == SYN_CODE_NONE) {
        code = read_fields(call, &command);
    }
    if (code == SYN_CODE_NONE && command.data.at == NULL) {
        code = null_codes[call->route->type];
    }
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        finish(call, 201);
    }
}

void syn_rest_item_fetch(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_ITEM_FETCH);
    if (syn_rest_step(call, &command)) {
        finish(call, 200);
    }
}

/* The container's TTL alone is no change of an item (rest.md 4.2). */
void syn_rest_item_update(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_ITEM_UPDATE);
    enum syn_code code = read_fields(call, &command);
    if (code == SYN_CODE_NONE && command.data.at == NULL &&
        !command.ttl_s.is_set) {
        code = SYN_CODE_54010;
    }
    if (code == SYN_CODE_NONE) {
        code = syn_rest_if_match(call, &command.if_match);
    }
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        finish(call, 200);
    }
}

void syn_rest_item_delete(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_ITEM_DELETE);
    enum syn_code code = syn_rest_if_match(call, &command.if_match);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        call->status = 204;
    }
}
