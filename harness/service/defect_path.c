/*
 * defect_path.c - seeded bugs where one path or method was forgotten.
 *
 * A service rarely forgets a check everywhere; it forgets it on the path that
 * was added last. Some of these ask for the wrong right, some carry a request
 * out with the service's own rights.
 */
#include "service/defect_impl.h"
#include "service/live_request.h"

static bool is_allowed(void *ctx, const struct syn_access_query *query)
{
    return syn_rules_sound.decide_access(ctx, query);
}

/* The decision, had the operation needed no more than to read. */
static bool may_read(void *ctx, const struct syn_access_query *query)
{
    struct syn_access_query reading = *query;
    reading.right = SYN_RIGHT_READ;
    return is_allowed(ctx, &reading);
}

/* --- the wrong right, or none --------------------------------------------- */

static bool opens_maps_by_name(void *ctx, const struct syn_access_query *query)
{
    return (query->op == SYN_OP_QUERY && query->addressing == SYN_BY_NAME &&
            query->object->type == SYN_TYPE_MAP) ||
           is_allowed(ctx, query);
}

static void plant_query_by_name(struct syn_seams *seams)
{
    seams->rules.decide_access = opens_maps_by_name;
}

static bool reads_for_put(void *ctx, const struct syn_access_query *query)
{
    return query->is_put ? may_read(ctx, query) : is_allowed(ctx, query);
}

static void plant_put_reads(struct syn_seams *seams)
{
    seams->rules.decide_access = reads_for_put;
}

static bool reads_for_list_removal(void *ctx,
                                   const struct syn_access_query *query)
{
    return query->op == SYN_OP_ITEM_REMOVE &&
                   query->object->type == SYN_TYPE_LIST
               ? may_read(ctx, query)
               : is_allowed(ctx, query);
}

static void plant_list_removal(struct syn_seams *seams)
{
    seams->rules.decide_access = reads_for_list_removal;
}

static bool lets_streams_go(void *ctx, const struct syn_access_query *query)
{
    return (query->op == SYN_OP_REMOVE &&
            query->object->type == SYN_TYPE_STREAM) ||
           is_allowed(ctx, query);
}

static void plant_stream_removal(struct syn_seams *seams)
{
    seams->rules.decide_access = lets_streams_go;
}

/* --- the service's own rights --------------------------------------------- */

static bool has_param(const struct syn_call *call, const char *name)
{
    return syn_json_member(call->params, name) != NULL;
}

static enum syn_plane plane_if(bool is_ours)
{
    return is_ours ? SYN_PLANE_REST : SYN_PLANE_SDK;
}

static enum syn_plane own_includes(void *ctx, const struct syn_call *call,
                                   const struct syn_command *command)
{
    (void)ctx;
    return plane_if(command->type == SYN_TYPE_MAP &&
                    (command->verb == SYN_VERB_OBJECT_FETCH ||
                     command->verb == SYN_VERB_ITEM_LIST) &&
                    has_param(call, "Include"));
}

static void plant_include(struct syn_seams *seams)
{
    seams->calls.plane_of = own_includes;
}

static enum syn_plane own_next_pages(void *ctx, const struct syn_call *call,
                                     const struct syn_command *command)
{
    (void)ctx;
    return plane_if(command->verb == SYN_VERB_ITEM_LIST &&
                    has_param(call, "PageToken"));
}

static void plant_second_page(struct syn_seams *seams)
{
    seams->calls.plane_of = own_next_pages;
}

static enum syn_plane own_single_items(void *ctx, const struct syn_call *call,
                                       const struct syn_command *command)
{
    (void)ctx;
    return plane_if(command->verb == SYN_VERB_ITEM_FETCH &&
                    command->type == SYN_TYPE_MAP && has_param(call, "Key"));
}

static void plant_one_item(struct syn_seams *seams)
{
    seams->calls.plane_of = own_single_items;
}

static enum syn_plane own_conditions(void *ctx, const struct syn_call *call,
                                     const struct syn_command *command)
{
    (void)ctx;
    (void)call;
    return plane_if(command->verb == SYN_VERB_ITEM_UPDATE &&
                    command->if_match.at != NULL);
}

static void plant_conditional(struct syn_seams *seams)
{
    seams->calls.plane_of = own_conditions;
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_defect rows[] = {
    {.name = "field-query-by-name-unread",
     .title = "items of a map addressed by its name are queried without read",
     .clause = "ACL-67",
     .plant = plant_query_by_name},
    {.name = "field-put-needs-read",
     .title = "an item is put into a map by who may read it",
     .clause = "ACL-09",
     .plant = plant_put_reads},
    {.name = "field-list-item-delete-needs-read",
     .title = "an item of a list is removed by who may read it",
     .clause = "ACL-09",
     .plant = plant_list_removal},
    {.name = "field-stream-remove-unchecked",
     .title = "a stream is removed by anybody",
     .clause = "ACL-61",
     .plant = plant_stream_removal},
    {.name = "field-include-items-unread",
     .title = "a map opened with Include=items is opened for anybody",
     .clause = "ACL-46",
     .plant = plant_include},
    {.name = "field-second-page-unread",
     .title = "a query with a page token is not checked again",
     .clause = "ACL-46",
     .plant = plant_second_page},
    {.name = "field-one-item-query-unread",
     .title = "one map item asked for as ?Key= is given to anybody",
     .clause = "ACL-66",
     .plant = plant_one_item},
    {.name = "field-conditional-item-unchecked",
     .title = "an item update with If-Match is taken for the backend's",
     .clause = "ACL-09",
     .plant = plant_conditional},
};
SYN_DEFECT_FIELD_TABLE(syn_defects_path, rows);
