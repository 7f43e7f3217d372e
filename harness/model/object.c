/*
 * object.c - documents, lists, maps and streams as a whole.
 * Layer: model. Threads: one owner.
 * Source: rest.md sections 1.6, 1.7, 3, 4; sdk-protocol.md section 8.
 *
 * The TTL of a document counts as an update (event and revision), that of a
 * container or stream changes its deadline and date_updated alone.
 */
#include "model/state.h"

#include "syn/limits.h"

#include <string.h>

static const enum syn_event_kind created_kind[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = SYN_EVENT_DOCUMENT_CREATED,
    [SYN_TYPE_LIST] = SYN_EVENT_LIST_CREATED,
    [SYN_TYPE_MAP] = SYN_EVENT_MAP_CREATED,
    [SYN_TYPE_STREAM] = SYN_EVENT_STREAM_CREATED,
};

enum syn_event_kind syn_object_removed_kind(enum syn_type type)
{
    static const enum syn_event_kind kinds[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = SYN_EVENT_DOCUMENT_REMOVED,
        [SYN_TYPE_LIST] = SYN_EVENT_LIST_REMOVED,
        [SYN_TYPE_MAP] = SYN_EVENT_MAP_REMOVED,
        [SYN_TYPE_STREAM] = SYN_EVENT_STREAM_REMOVED,
    };
    return kinds[type];
}

void syn_object_fill_event(struct syn_event *event,
                           const struct syn_object_cell *cell,
                           enum syn_event_kind kind,
                           const struct syn_doer *doer)
{
    bool is_change = kind == SYN_EVENT_DOCUMENT_CREATED ||
                     kind == SYN_EVENT_DOCUMENT_UPDATED;
    *event = (struct syn_event){.kind = kind,
                                .cause = doer->cause,
                                .object = &cell->object,
                                .id = is_change ? cell->object.event_count : -1,
                                .at_ms = doer->now_ms,
                                .identity = doer->identity,
                                .plane = doer->plane,
                                .data = cell->object.data,
                                .index = -1,
                                .item_event_id = -1,
                                .object_event_count = cell->object.event_count,
                                .expires_ms = cell->object.expires_ms};
}

/* --- cells
 * -------------------------------------------------------------------- */

static size_t text_bytes(struct syn_str s)
{
    return s.at == NULL ? 0 : s.bytes + 1;
}

struct syn_object_cell *syn_object_cell_new(struct syn_model *model,
                                            struct syn_service_cell *owner,
                                            const struct syn_object *row)
{
    struct syn_object_cell *cell =
        syn_model_alloc(model, sizeof(*cell) + text_bytes(row->unique_name) +
                                   text_bytes(row->created_by));
    if (cell == NULL) {
        return NULL;
    }
    char *at = (char *)(cell + 1);
    cell->object = *row;
    cell->object.service = &owner->row;
    cell->object.unique_name = syn_model_put_text(&at, row->unique_name);
    cell->object.created_by = syn_model_put_text(&at, row->created_by);
    cell->object.data = (struct syn_str){NULL, 0};
    cell->owner = owner;
    cell->node.key.number = row->order;
    cell->due.object = cell;
    syn_table_init(&cell->grant_of, model->allocator);
    if (row->type == SYN_TYPE_DOCUMENT) {
        cell->blob = syn_blob_new(model, row->data);
        if (cell->blob == NULL) {
            syn_model_release(model, cell);
            return NULL;
        }
        cell->object.data = cell->blob->text;
    }
    return cell;
}

static struct syn_table *names_of(const struct syn_object_cell *cell)
{
    return &cell->owner->names[cell->object.type];
}

syn_status syn_object_attach(struct syn_model *model,
                             struct syn_object_cell *cell)
{
    struct syn_object *object = &cell->object;
    struct syn_str sid = {object->sid, SYN_SID_CHARS};
    syn_status status = syn_table_insert(&model->object_of, sid, cell);
    if (status != SYN_OK) {
        return status;
    }
    if (object->unique_name.at != NULL) {
        status = syn_table_insert(names_of(cell), object->unique_name, cell);
    }
    if (status == SYN_OK &&
        !syn_tree_insert(&cell->owner->objects[object->type], &cell->node)) {
        status = SYN_ERR_EXISTS;
        if (object->unique_name.at != NULL) {
            syn_table_remove(names_of(cell), object->unique_name);
        }
    }
    if (status != SYN_OK) {
        syn_table_remove(&model->object_of, sid);
        return status;
    }
    model->counts.objects++;
    return SYN_OK;
}

void syn_object_detach(struct syn_model *model, struct syn_object_cell *cell)
{
    struct syn_object *object = &cell->object;
    syn_table_remove(&model->object_of,
                     (struct syn_str){object->sid, SYN_SID_CHARS});
    if (object->unique_name.at != NULL) {
        syn_table_remove(names_of(cell), object->unique_name);
    }
    syn_tree_remove(&cell->owner->objects[object->type], &cell->node);
    syn_due_set(model, &cell->due, 0);
    /* Items leave the heap now, their memory goes with the cell. */
    struct syn_tree_node *node = syn_tree_edge(&cell->items, SYN_TREE_DOWN);
    while (node != NULL) {
        syn_due_set(model, &SYN_CELL_OF(node, syn_item_cell, node)->due, 0);
        node = syn_tree_step(node, SYN_TREE_UP);
    }
    model->counts.objects--;
    model->counts.items -= cell->items.count;
    model->counts.grants -= cell->grants.count;
    object->is_removed = true;
    cell->next_dead = model->dead_objects;
    model->dead_objects = cell;
}

struct syn_object_cell *syn_object_find(const struct syn_model *model,
                                        const struct syn_service_cell *service,
                                        enum syn_type type, struct syn_str id)
{
    struct syn_object_cell *cell = id.bytes == SYN_SID_CHARS
                                       ? syn_table_find(&model->object_of, id)
                                       : NULL;
    if (cell == NULL) {
        /* What looks like a sid is never a name. */
        return syn_model_is_sid(id) ? NULL
                                    : syn_table_find(&service->names[type], id);
    }
    bool is_ours = cell->owner == service && cell->object.type == type;
    return is_ours ? cell : NULL;
}

const struct syn_object *syn_model_object(const struct syn_model *model,
                                          const struct syn_service_row *service,
                                          enum syn_type type, struct syn_str id)
{
    const struct syn_service_cell *owner =
        (const struct syn_service_cell *)(const void *)service;
    const struct syn_object_cell *cell =
        syn_object_find(model, owner, type, id);
    return cell == NULL ? NULL : &cell->object;
}

/* --- create
 * -------------------------------------------------------------------- */

bool syn_object_is_expired(const struct syn_object_cell *cell, int64_t now_ms)
{
    int64_t at_ms = cell->object.expires_ms;
    return at_ms != 0 && at_ms <= now_ms;
}

/* Does an object of this type keep the name from a new one? */
static bool is_name_kept(const struct syn_step *step, unsigned type)
{
    const struct syn_object_cell *holder =
        syn_table_find(&step->service->names[type], step->command->name);
    return holder != NULL && !(step->model->rules->readings.expired_name ==
                                   SYN_EXPIRED_FREES_NAME &&
                               syn_object_is_expired(holder, step->now_ms));
}

static bool is_name_free(const struct syn_step *step)
{
    const struct syn_command *command = step->command;
    const struct syn_rules *rules = step->model->rules;
    bool is_wide = rules->readings.name_scope == SYN_NAME_PER_SERVICE;
    for (unsigned type = 0; type < SYN_TYPE_COUNT; type++) {
        if ((is_wide || type == (unsigned)command->type) &&
            is_name_kept(step, type)) {
            return false;
        }
    }
    return rules->frees_name(rules->ctx, &step->service->row, command->type,
                             command->name);
}

/* An expired object that a new one takes its name from has none any more. */
static void take_name(struct syn_step *step)
{
    struct syn_object_cell *holder = syn_table_find(
        &step->service->names[step->command->type], step->command->name);
    if (holder != NULL) {
        syn_table_remove(names_of(holder), holder->object.unique_name);
        holder->object.unique_name = (struct syn_str){NULL, 0};
        syn_model_tell(step->model,
                       (struct syn_change){.kind = SYN_CHANGE_OBJECT,
                                           .object = &holder->object});
    }
}

static enum syn_code check_create(const struct syn_step *step)
{
    const struct syn_command *command = step->command;
    if (!syn_check_name(command->name)) {
        return SYN_CODE_54302;
    }
    if (!syn_check_ttl(step->model, command->ttl_s)) {
        return SYN_CODE_54011;
    }
    return command->name.at != NULL && !is_name_free(step) ? SYN_CODE_54301
                                                           : SYN_CODE_NONE;
}

static struct syn_object_cell *make_cell(struct syn_step *step)
{
    const struct syn_command *command = step->command;
    bool has_data = command->data.at != NULL;
    struct syn_object row = {.type = command->type,
                             .unique_name = command->name,
                             .created_by = step->actor->identity,
                             .data = has_data ? command->data : SYN_STR("{}"),
                             .created_ms = step->now_ms,
                             .updated_ms = step->now_ms,
                             .order = step->model->next_order};
    if (step->actor->plane == SYN_PLANE_REST) {
        row.created_by = SYN_STR("system");
    }
    syn_model_make_sid(step->model, syn_type_sid_prefix(command->type),
                       row.sid);
    row.order = syn_model_order(step->model, row.sid);
    return syn_object_cell_new(step->model, step->service, &row);
}

/* The creator's row, whatever acl_enabled says now (rest.md 7.4). */
static syn_status grant_creator(struct syn_step *step,
                                struct syn_object_cell *cell)
{
    const struct syn_rules *rules = step->model->rules;
    struct syn_grant row = {.identity = step->actor->identity,
                            .changed_ms = step->now_ms,
                            .is_implicit = true};
    bool is_sdk = step->actor->plane == SYN_PLANE_SDK;
    if (rules->readings.made_off == SYN_MADE_OFF_LOSES &&
        !step->service->row.acl_enabled) {
        return SYN_OK;
    }
    if (!rules->creator_rights(rules->ctx, &cell->object, is_sdk,
                               &row.rights)) {
        return SYN_OK;
    }
    return syn_grant_add(step->model, cell, &row) == NULL ? SYN_ERR_MEMORY
                                                          : SYN_OK;
}

static void commit_create(struct syn_step *step, struct syn_object_cell *cell,
                          const struct syn_doer *doer, struct syn_event *event)
{
    struct syn_model *model = step->model;
    const struct syn_rules *rules = model->rules;
    struct syn_maybe_i64 ttl = step->command->ttl_s;
    if (ttl.is_set) {
        cell->object.expires_ms = rules->deadline(
            rules->ctx, &(struct syn_ttl_change){.object = &cell->object,
                                                 .item = NULL,
                                                 .before_ms = 0,
                                                 .ttl_s = ttl.value,
                                                 .now_ms = step->now_ms});
        syn_due_set(model, &cell->due, cell->object.expires_ms);
    }
    model->next_order++;
    step->object = cell;
    syn_object_fill_event(event, cell, created_kind[cell->object.type], doer);
    step->out->events = event;
    step->out->event_count = 1;
    step->out->is_created = true;
    syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_OBJECT,
                                              .object = &cell->object});
    struct syn_tree_node *node = syn_tree_edge(&cell->grants, SYN_TREE_DOWN);
    if (node != NULL) {
        const struct syn_grant *grant =
            &SYN_CELL_OF(node, syn_grant_cell, node)->grant;
        step->out->grant = grant;
        syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_GRANT,
                                                  .grant = grant});
    }
}

static bool may_create(const struct syn_step *step)
{
    const struct syn_rules *rules = step->model->rules;
    return rules->may_create(rules->ctx, &step->service->row,
                             step->actor->identity,
                             step->actor->plane == SYN_PLANE_SDK);
}

syn_status syn_verb_object_create(struct syn_step *step)
{
    enum syn_code code = may_create(step) ? check_create(step) : SYN_CODE_54007;
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    struct syn_model *model = step->model;
    struct syn_doer doer;
    struct syn_event *event = syn_arena_array(step->arena, 1, sizeof(*event));
    if (event == NULL || !syn_step_doer(step, &doer) ||
        !syn_due_reserve(model)) {
        return SYN_ERR_MEMORY;
    }
    struct syn_object_cell *cell = make_cell(step);
    if (cell == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status status = grant_creator(step, cell);
    if (status == SYN_OK && step->command->name.at != NULL) {
        take_name(step);
    }
    if (status == SYN_OK) {
        status = syn_object_attach(model, cell);
    }
    if (status != SYN_OK) {
        model->counts.grants -= cell->grants.count;
        syn_object_cell_free(model, cell);
        return SYN_ERR_MEMORY;
    }
    commit_create(step, cell, &doer, event);
    return SYN_OK;
}

/* --- fetch, list
 * ------------------------------------------------------------------- */

syn_status syn_verb_object_fetch(struct syn_step *step)
{
    (void)step; /* the prologue found it */
    return SYN_OK;
}

static int64_t expires_of(const struct syn_tree_node *node)
{
    const struct syn_object_cell *cell =
        SYN_CELL_OF((uintptr_t)node, syn_object_cell, node);
    return cell->object.expires_ms;
}

static bool is_unseen(const struct syn_step *step,
                      const struct syn_tree_node *node)
{
    return step->model->rules->readings.expired_seen == SYN_EXPIRED_IS_HIDDEN &&
           syn_object_is_expired(
               SYN_CELL_OF((uintptr_t)node, syn_object_cell, node),
               step->now_ms);
}

syn_status syn_verb_object_list(struct syn_step *step)
{
    const struct syn_listing listing = {
        .tree = &step->service->objects[step->command->type],
        .is_by_number = true,
        .expires = expires_of,
        .hides = is_unseen,
        .is_downward =
            step->model->rules->readings.order == SYN_ORDER_CREATED_DESC};
    struct syn_slice slice = {NULL, 0};
    enum syn_code code = SYN_CODE_NONE;
    syn_status status = syn_page_cut(step, &listing, &slice, &code);
    if (status != SYN_OK || code != SYN_CODE_NONE) {
        return status != SYN_OK ? status : syn_step_refuse(step, code);
    }
    const struct syn_object **objects =
        syn_arena_array(step->arena, slice.count, sizeof(struct syn_object *));
    if (objects == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < slice.count; i++) {
        objects[i] =
            &SYN_CELL_OF(slice.nodes[i], syn_object_cell, node)->object;
    }
    step->out->objects = objects;
    return SYN_OK;
}

/* --- update
 * ------------------------------------------------------------------------- */

static enum syn_code check_update(const struct syn_step *step)
{
    const struct syn_command *command = step->command;
    bool has_data =
        command->type == SYN_TYPE_DOCUMENT && command->data.at != NULL;
    struct syn_maybe_i64 ttl = command->ttl_s;
    if (!has_data && !ttl.is_set) {
        return SYN_CODE_54010;
    }
    if (step->model->rules->readings.expired_update == SYN_EXPIRED_IS_FINAL &&
        syn_object_is_expired(step->object, step->now_ms)) {
        return syn_object_missing(step);
    }
    if (!syn_check_ttl(step->model, command->ttl_s)) {
        return SYN_CODE_54011;
    }
    return syn_check_match(step, NULL, step->object->object.event_count);
}

static void move_deadline(struct syn_step *step, bool has_data)
{
    const struct syn_rules *rules = step->model->rules;
    struct syn_object *object = &step->object->object;
    struct syn_maybe_i64 ttl = step->command->ttl_s;
    if (ttl.is_set) {
        object->expires_ms = rules->deadline(
            rules->ctx,
            &(struct syn_ttl_change){.object = object,
                                     .item = NULL,
                                     .before_ms = object->expires_ms,
                                     .ttl_s = ttl.value,
                                     .now_ms = step->now_ms});
    } else if (has_data) {
        object->expires_ms = rules->deadline_after_update(
            rules->ctx, object, NULL, object->expires_ms, step->now_ms);
    }
    syn_due_set(step->model, &step->object->due, object->expires_ms);
}

syn_status syn_verb_object_update(struct syn_step *step)
{
    enum syn_code code = check_update(step);
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    struct syn_model *model = step->model;
    struct syn_object_cell *cell = step->object;
    bool is_document = cell->object.type == SYN_TYPE_DOCUMENT;
    bool has_data = is_document && step->command->data.at != NULL;
    bool is_revised = model->rules->takes_revision(
        model->rules->ctx, &cell->object, step->command->data);
    struct syn_doer doer;
    struct syn_event *event = syn_arena_array(step->arena, 1, sizeof(*event));
    if (event == NULL || !syn_step_doer(step, &doer) ||
        !syn_due_reserve(model)) {
        return SYN_ERR_MEMORY;
    }
    if (has_data) {
        struct syn_blob *blob = syn_blob_new(model, step->command->data);
        if (blob == NULL) {
            return SYN_ERR_MEMORY;
        }
        syn_blob_drop(model, cell->blob);
        cell->blob = blob;
        cell->object.data = blob->text;
    }
    move_deadline(step, has_data);
    cell->object.updated_ms = step->now_ms;
    if (is_document) {
        cell->object.event_count += is_revised ? 1 : 0;
        syn_object_fill_event(event, cell, SYN_EVENT_DOCUMENT_UPDATED, &doer);
        step->out->events = event;
        step->out->event_count = 1;
    }
    syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_OBJECT,
                                              .object = &cell->object});
    return SYN_OK;
}

/* --- delete, publish
 * ------------------------------------------------------------------ */

syn_status syn_verb_object_delete(struct syn_step *step)
{
    struct syn_model *model = step->model;
    struct syn_object_cell *cell = step->object;
    enum syn_code code = syn_check_match(step, NULL, cell->object.event_count);
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    if (!model->rules->apply_delete(model->rules->ctx, &cell->object)) {
        return SYN_OK;
    }
    struct syn_doer doer;
    struct syn_event *event = syn_arena_array(step->arena, 1, sizeof(*event));
    if (event == NULL || !syn_step_doer(step, &doer)) {
        return SYN_ERR_MEMORY;
    }
    syn_object_detach(model, cell);
    syn_object_fill_event(event, cell,
                          syn_object_removed_kind(cell->object.type), &doer);
    step->out->events = event;
    step->out->event_count = 1;
    syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_OBJECT,
                                              .is_delete = true,
                                              .object = &cell->object});
    return SYN_OK;
}

/* Messages are passed on and forgotten: no row, no revision, no replay. */
syn_status syn_verb_message_publish(struct syn_step *step)
{
    if (step->command->data.at == NULL) {
        return syn_step_refuse(step, SYN_CODE_54251);
    }
    struct syn_doer doer;
    struct syn_event *event = syn_arena_array(step->arena, 1, sizeof(*event));
    struct syn_str data = syn_arena_dup(step->arena, step->command->data);
    if (event == NULL || data.at == NULL || !syn_step_doer(step, &doer)) {
        return SYN_ERR_MEMORY;
    }
    syn_object_fill_event(event, step->object,
                          SYN_EVENT_STREAM_MESSAGE_PUBLISHED, &doer);
    event->data = data;
    syn_model_make_sid(step->model, "TZ", event->message_sid);
    memcpy(step->out->message_sid, event->message_sid, SYN_SID_BYTES);
    step->out->events = event;
    step->out->event_count = 1;
    return SYN_OK;
}
