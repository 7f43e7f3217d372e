/*
 * defect_leak.c - seeded bugs that tell what was refused, or never asked for.
 *
 * Checks in the wrong order make an oracle of the error code; helpful errors
 * and whole rows in replies do the rest.
 */
#include "service/defect_impl.h"
#include "service/live_request.h"

#define HTTP_OK        200
#define HTTP_FORBIDDEN 403
#define HTTP_CONFLICT  409

/* --- order of checks ------------------------------------------------------ */

static const struct syn_item *find_item(const struct syn_object *object,
                                        const struct syn_command *command)
{
    return syn_model_item(object, object->type == SYN_TYPE_LIST ? command->index
                                                                : command->key);
}

static bool is_about_item(const struct syn_command *command)
{
    return command->verb == SYN_VERB_ITEM_FETCH ||
           command->verb == SYN_VERB_ITEM_UPDATE ||
           command->verb == SYN_VERB_ITEM_DELETE;
}

static enum syn_code look_for_item(void *ctx, const struct syn_object *object,
                                   const struct syn_command *command)
{
    (void)ctx;
    if (!is_about_item(command) || find_item(object, command) != NULL) {
        return SYN_CODE_54007;
    }
    return object->type == SYN_TYPE_LIST ? SYN_CODE_54151 : SYN_CODE_54201;
}

static void plant_item_first(struct syn_seams *seams)
{
    seams->rules.refuse_access = look_for_item;
}

static enum syn_code compare_first(void *ctx, const struct syn_object *object,
                                   const struct syn_command *command)
{
    (void)ctx;
    static const enum syn_code codes[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = SYN_CODE_54103,
        [SYN_TYPE_LIST] = SYN_CODE_54155,
        [SYN_TYPE_MAP] = SYN_CODE_54205,
        [SYN_TYPE_STREAM] = SYN_CODE_54007,
    };
    const struct syn_item *item =
        is_about_item(command) ? find_item(object, command) : NULL;
    const bool has_revision = object->type == SYN_TYPE_DOCUMENT || item != NULL;
    if (command->if_match.at == NULL || !has_revision) {
        return SYN_CODE_54007;
    }
    char revision[SYN_REVISION_BYTES];
    syn_model_revision(item != NULL ? item->event_id : object->event_count,
                       revision);
    return syn_str_is(command->if_match, revision) ? SYN_CODE_54007
                                                   : codes[object->type];
}

static void plant_match_first(struct syn_seams *seams)
{
    seams->rules.refuse_access = compare_first;
}

/* --- bodies --------------------------------------------------------------- */

/* Add a member to the JSON object of a reply. */
static void add_member(struct syn_shaping *shaping, struct syn_str member)
{
    const struct syn_str body = shaping->body;
    if (member.at == NULL || body.bytes == 0 ||
        body.at[body.bytes - 1] != '}') {
        return;
    }
    const struct syn_str more =
        syn_arena_printf(shaping->arena, "%.*s,%.*s}", (int)(body.bytes - 1),
                         body.at, SYN_STR_ARG(member));
    if (more.at != NULL) {
        shaping->body = more;
    }
}

static struct syn_str describe(struct syn_arena *arena,
                               const struct syn_object *object)
{
    return syn_arena_printf(
        arena, "\"details\":{\"sid\":\"%s\",\"created_by\":\"%.*s\"}",
        object->sid, SYN_STR_ARG(object->created_by));
}

/* The name of a creation that met another object. */
static void name_owner(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const struct syn_call *call = shaping->call;
    const struct syn_json *body = NULL;
    if (call == NULL || shaping->http_status != HTTP_CONFLICT ||
        syn_json_parse(shaping->arena, call->body, NULL, &body, NULL) !=
            SYN_OK) {
        return;
    }
    const struct syn_str name = syn_json_str(
        syn_json_member(body, "unique_name"), (struct syn_str){NULL, 0});
    const struct syn_object *object =
        name.at == NULL ? NULL
                        : syn_model_object(call->service->model, call->row,
                                           call->type, name);
    if (object != NULL) {
        add_member(shaping, describe(shaping->arena, object));
    }
}

static void plant_conflict(struct syn_seams *seams)
{
    seams->shape_reply = name_owner;
}

static void name_creator(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const struct syn_call *call = shaping->call;
    if (call == NULL || shaping->http_status != HTTP_FORBIDDEN ||
        call->object_id.at == NULL || call->row == NULL) {
        return;
    }
    const struct syn_object *object = syn_model_object(
        call->service->model, call->row, call->type, call->object_id);
    if (object != NULL) {
        add_member(shaping, describe(shaping->arena, object));
    }
}

static void plant_denial(struct syn_seams *seams)
{
    seams->shape_reply = name_creator;
}

static void add_item_data(struct syn_shaping *shaping)
{
    const struct syn_item *item = shaping->call->outcome.item;
    if (item != NULL && shaping->http_status == HTTP_OK) {
        add_member(shaping, syn_arena_printf(shaping->arena, "\"data\":%.*s",
                                             SYN_STR_ARG(item->data)));
    }
}

static void show_data_of_ttl(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->call != NULL && syn_str_is(shaping->method, "POST") &&
        syn_json_raw(shaping->call->body, "data").at == NULL) {
        add_item_data(shaping);
    }
}

static void plant_ttl_reply(struct syn_seams *seams)
{
    seams->shape_reply = show_data_of_ttl;
}

static void show_data_of_removal(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->call != NULL && syn_str_is(shaping->method, "DELETE")) {
        add_item_data(shaping);
    }
}

static void plant_removal_reply(struct syn_seams *seams)
{
    seams->shape_reply = show_data_of_removal;
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_defect rows[] = {
    {.name = "field-item-existence-first",
     .title = "who is denied learns which items there are",
     .clause = "ACL-47",
     .plant = plant_item_first},
    {.name = "field-match-before-access",
     .title = "who is denied learns revisions by If-Match",
     .clause = "ACL-43",
     .plant = plant_match_first},
    {.name = "field-conflict-names-owner",
     .title = "a taken name is refused with its owner and sid",
     .clause = "REST-68",
     .plant = plant_conflict},
    {.name = "field-denial-names-creator",
     .title = "a denial tells who created the object",
     .clause = "ACL-47",
     .plant = plant_denial},
    {.name = "field-ttl-reply-shows-data",
     .title = "the reply to a TTL of an item holds its data",
     .clause = "ACL-43",
     .plant = plant_ttl_reply},
    {.name = "field-removal-reply-shows-data",
     .title = "the reply to a removed item holds its data",
     .clause = "ACL-43",
     .plant = plant_removal_reply},
};
SYN_DEFECT_FIELD_TABLE(syn_defects_leak, rows);
