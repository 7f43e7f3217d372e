/*
 * rest_object.c - Documents, Lists, Maps, Streams and stream messages
 * (rest.md 2.2, 2.3, 2.6, 2.7; rows 6 to 16 and 24).
 */
#include "service/rest.h"

#include <stdio.h>

/* --- replies -------------------------------------------------------------- */

static void set_etag(struct syn_rest_call *call,
                     const struct syn_object *object)
{
    char revision[SYN_REVISION_BYTES];
    if (object->type != SYN_TYPE_DOCUMENT) {
        return;
    }
    syn_model_revision(object->event_count, revision);
    (void)snprintf(call->etag, sizeof(call->etag), "\"%s\"", revision);
}

static void finish(struct syn_rest_call *call, unsigned status)
{
    struct syn_json_writer w;
    struct syn_shape shape = syn_rest_shape(call, &w);
    syn_shape_object(&shape, call->outcome.object);
    set_etag(call, call->outcome.object);
    call->status = status;
}

static const char *const list_keys[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = "documents",
    [SYN_TYPE_LIST] = "lists",
    [SYN_TYPE_MAP] = "maps",
    [SYN_TYPE_STREAM] = "streams",
};

static struct syn_command address(const struct syn_rest_call *call,
                                  enum syn_verb verb)
{
    struct syn_command command = {
        .verb = verb, .type = call->route->type, .service = call->segments[2]};
    if (call->segment_count > 4) {
        command.id = call->segments[4];
    }
    return command;
}

/* --- parameters ----------------------------------------------------------- */

/* `CollectionTtl` of lists and maps wins over its alias `Ttl`; both have to be
 * good. */
static enum syn_code read_ttl(const struct syn_rest_call *call,
                              struct syn_command *command)
{
    const struct syn_seams *seams = &call->service->seams;
    struct syn_asked_ttls asked = {.is_item = false};
    enum syn_code code = syn_rest_form_ttl(call, "Ttl", &asked.plain);
    if (code == SYN_CODE_NONE &&
        (SYN_TYPE_BIT(call->route->type) & SYN_TYPES_CONTAINER) != 0) {
        code = syn_rest_form_ttl(call, "CollectionTtl", &asked.collection);
    }
    command->ttl_s = seams->choose_ttls(seams->ctx, &asked).own;
    return code;
}

static enum syn_code read_fields(const struct syn_rest_call *call,
                                 struct syn_command *command)
{
    enum syn_code code = read_ttl(call, command);
    if (code == SYN_CODE_NONE && call->route->type == SYN_TYPE_DOCUMENT) {
        code = syn_rest_form_data(call, SYN_DATA_BYTES_MAX, SYN_CODE_54101,
                                  &command->data);
    }
    return code;
}

/* Streams have no revision to match. */
static enum syn_code read_condition(const struct syn_rest_call *call,
                                    struct syn_command *command)
{
    return call->route->type == SYN_TYPE_STREAM
               ? SYN_CODE_NONE
               : syn_rest_if_match(call, &command->if_match);
}

/* --- handlers ------------------------------------------------------------- */

void syn_rest_object_list(struct syn_rest_call *call)
{
    const char *key = list_keys[call->route->type];
    struct syn_rest_paging paging = {.number = 0};
    enum syn_code code = syn_rest_read_paging(call, false, &paging);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
        return;
    }
    struct syn_command command = address(call, SYN_VERB_OBJECT_LIST);
    command.page = paging.page;
    if (!syn_rest_step(call, &command)) {
        return;
    }
    struct syn_json_writer w;
    struct syn_shape shape = syn_rest_shape(call, &w);
    syn_json_open_object(&w, NULL);
    syn_json_open_array(&w, key);
    for (size_t i = 0; i < call->outcome.count; i++) {
        syn_shape_object(&shape, call->outcome.objects[i]);
    }
    syn_json_close_array(&w);
    syn_rest_write_meta(call, &w, key, &paging);
    syn_json_close_object(&w);
    call->status = 200;
}

void syn_rest_object_create(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_OBJECT_CREATE);
    if (call->route->type == SYN_TYPE_DOCUMENT) {
        command.data = SYN_STR("{}");
    }
    (void)syn_rest_form(call, "UniqueName", &command.name);
    enum syn_code code = read_fields(call, &command);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        finish(call, 201);
    }
}

void syn_rest_object_fetch(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_OBJECT_FETCH);
    if (syn_rest_step(call, &command)) {
        finish(call, 200);
    }
}

void syn_rest_object_update(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_OBJECT_UPDATE);
    enum syn_code code = read_fields(call, &command);
    if (code == SYN_CODE_NONE) {
        code = read_condition(call, &command);
    }
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        finish(call, 200);
    }
}

void syn_rest_object_delete(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_OBJECT_DELETE);
    enum syn_code code = read_condition(call, &command);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        call->status = 204;
    }
}

void syn_rest_message_create(struct syn_rest_call *call)
{
    struct syn_command command = address(call, SYN_VERB_MESSAGE_PUBLISH);
    enum syn_code code = syn_rest_form_data(call, SYN_MESSAGE_BYTES_MAX,
                                            SYN_CODE_54251, &command.data);
    if (code == SYN_CODE_NONE && command.data.at == NULL) {
        code = SYN_CODE_54251;
    }
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
        return;
    }
    if (!syn_rest_step(call, &command)) {
        return;
    }
    struct syn_json_writer w;
    struct syn_shape shape = syn_rest_shape(call, &w);
    syn_shape_message(&shape, call->outcome.message_sid, command.data);
    call->status = 201;
}
