/*
 * item.c - list and map items.
 * Layer: model. Threads: one owner.
 * Source: rest.md sections 1.6, 1.8, 3 (rows 17 to 23), 4; sdk-protocol.md 8.
 *
 * Every item change takes the next event id of its container: it becomes the
 * item's revision, and of an add in a list its index. So an index is never
 * used again, and the container's revision counts all changes. Creating over
 * a map key is refused, PUT replaces; a conditional PUT of an absent key
 * fails its condition (412), so that a mutator fetches anew and converges.
 */
#include "model/state.h"

#include "syn/limits.h"

#include <string.h>

/* --- cells
 * ---------------------------------------------------------------------- */

struct syn_item_cell *syn_item_cell_new(struct syn_model *model,
                                        struct syn_object_cell *parent,
                                        const struct syn_item *row)
{
    size_t key_bytes = row->key.at == NULL ? 0 : row->key.bytes + 1;
    struct syn_item_cell *cell = syn_model_alloc(
        model, sizeof(*cell) + key_bytes + row->created_by.bytes + 1);
    if (cell == NULL) {
        return NULL;
    }
    cell->blob = syn_blob_new(model, row->data);
    if (cell->blob == NULL) {
        syn_model_release(model, cell);
        return NULL;
    }
    char *at = (char *)(cell + 1);
    cell->item = *row;
    cell->item.parent = &parent->object;
    cell->item.key = syn_model_put_text(&at, row->key);
    cell->item.created_by = syn_model_put_text(&at, row->created_by);
    cell->item.data = cell->blob->text;
    cell->due.object = parent;
    cell->due.item = cell;
    if (parent->object.type == SYN_TYPE_LIST) {
        cell->node.key.number = (uint64_t)row->index;
    } else {
        cell->node.key.bytes = cell->item.key;
    }
    return cell;
}

void syn_item_attach(struct syn_model *model, struct syn_item_cell *cell)
{
    struct syn_object_cell *parent = cell->due.object;
    bool is_new = syn_tree_insert(&parent->items, &cell->node);
    SYN_ASSERT(is_new);
    parent->object.item_count = parent->items.count;
    model->counts.items++;
}

/* --- one change
 * -------------------------------------------------------------------- */

/* What a change needs before it may begin. */
struct prepared {
    struct syn_doer doer;
    struct syn_event *event;
    struct syn_log_entry *entry;
};

static bool prepare(struct syn_step *step, struct syn_str key,
                    struct prepared *out)
{
    out->event = syn_arena_array(step->arena, 1, sizeof(*out->event));
    if (out->event == NULL || !syn_step_doer(step, &out->doer) ||
        !syn_due_reserve(step->model)) {
        return false;
    }
    out->entry =
        syn_log_prepare(step->model, step->object, step->actor->identity, key);
    return out->entry != NULL;
}

/* Take the next event id for `cell` and tell log and subscribers. */
static void record(struct syn_model *model, struct syn_item_cell *cell,
                   enum syn_event_kind kind, const struct prepared *ready)
{
    struct syn_object_cell *parent = cell->due.object;
    const struct syn_doer *doer = &ready->doer;
    ready->entry->previous_id = cell->item.event_id;
    cell->item.event_id = parent->object.event_count;
    cell->item.updated_ms = doer->now_ms;
    parent->object.event_count++;
    parent->object.updated_ms = doer->now_ms;
    *ready->event =
        (struct syn_event){.kind = kind,
                           .cause = doer->cause,
                           .object = &parent->object,
                           .id = cell->item.event_id,
                           .at_ms = doer->now_ms,
                           .identity = doer->identity,
                           .plane = doer->plane,
                           .data = cell->item.data,
                           .index = cell->item.index,
                           .key = cell->item.key,
                           .item_event_id = cell->item.event_id,
                           .object_event_count = parent->object.event_count,
                           .expires_ms = cell->item.expires_ms};
    syn_log_append(model, parent, ready->entry, ready->event, cell->blob);
}

static void tell_item(struct syn_model *model, const struct syn_item_cell *cell,
                      bool is_delete)
{
    syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_ITEM,
                                              .is_delete = is_delete,
                                              .item = &cell->item});
    syn_model_tell(model,
                   (struct syn_change){.kind = SYN_CHANGE_OBJECT,
                                       .object = &cell->due.object->object});
}

static void set_deadline(struct syn_step *step, struct syn_item_cell *cell,
                         bool is_new)
{
    const struct syn_rules *rules = step->model->rules;
    const struct syn_command *command = step->command;
    struct syn_object *parent = &step->object->object;
    struct syn_item *item = &cell->item;
    if (command->ttl_s.is_set) {
        item->expires_ms = rules->deadline(
            rules->ctx, &(struct syn_ttl_change){.object = parent,
                                                 .item = item,
                                                 .before_ms = item->expires_ms,
                                                 .ttl_s = command->ttl_s.value,
                                                 .now_ms = step->now_ms});
    } else if (is_new) {
        item->expires_ms = rules->item_deadline(rules->ctx, parent);
    } else {
        item->expires_ms = rules->deadline_after_update(
            rules->ctx, parent, item, item->expires_ms, step->now_ms);
    }
    syn_due_set(step->model, &cell->due, item->expires_ms);
    if (command->collection_ttl_s.is_set) {
        parent->expires_ms = rules->deadline(
            rules->ctx,
            &(struct syn_ttl_change){.object = parent,
                                     .item = NULL,
                                     .before_ms = parent->expires_ms,
                                     .ttl_s = command->collection_ttl_s.value,
                                     .now_ms = step->now_ms});
        syn_due_set(step->model, &step->object->due, parent->expires_ms);
    }
}

static void finish(struct syn_step *step, struct syn_item_cell *cell,
                   struct syn_event *event)
{
    step->out->item = &cell->item;
    step->out->events = event;
    step->out->event_count = 1;
}

void syn_item_remove(struct syn_model *model, struct syn_item_cell *cell,
                     struct syn_log_entry *entry, const struct syn_doer *doer,
                     struct syn_event *event)
{
    struct syn_object_cell *parent = cell->due.object;
    bool is_list = parent->object.type == SYN_TYPE_LIST;
    syn_tree_remove(&parent->items, &cell->node);
    parent->object.item_count = parent->items.count;
    model->counts.items--;
    syn_due_set(model, &cell->due, 0);
    record(model, cell,
           is_list ? SYN_EVENT_LIST_ITEM_REMOVED : SYN_EVENT_MAP_ITEM_REMOVED,
           &(struct prepared){*doer, event, entry});
    cell->next_dead = model->dead_items;
    model->dead_items = cell;
    tell_item(model, cell, true);
}

/* --- find
 * ------------------------------------------------------------------------------
 */

const struct syn_item *syn_model_item(const struct syn_object *object,
                                      struct syn_str place)
{
    const struct syn_object_cell *parent =
        (const struct syn_object_cell *)(const void *)object;
    struct syn_tree_key key = {0, {NULL, 0}};
    if (object->type != SYN_TYPE_LIST) {
        key.bytes = place;
    } else if (!syn_str_to_u64(place, INT64_MAX, &key.number)) {
        return NULL;
    }
    const struct syn_tree_node *node = syn_tree_find(&parent->items, key);
    return node == NULL
               ? NULL
               : &SYN_CELL_OF((uintptr_t)node, syn_item_cell, node)->item;
}

/* The tree key that the command names. */
static enum syn_code parse_place(const struct syn_step *step,
                                 struct syn_tree_key *out)
{
    *out = (struct syn_tree_key){0, {NULL, 0}};
    if (step->command->type == SYN_TYPE_LIST) {
        return syn_str_to_u64(step->command->index, INT64_MAX, &out->number)
                   ? SYN_CODE_NONE
                   : SYN_CODE_54458;
    }
    out->bytes = step->command->key;
    return syn_check_points(out->bytes, SYN_NAME_POINTS_MAX) ? SYN_CODE_NONE
                                                             : SYN_CODE_54209;
}

static enum syn_code find_item(const struct syn_step *step,
                               struct syn_item_cell **out)
{
    struct syn_tree_key place;
    enum syn_code code = parse_place(step, &place);
    if (code != SYN_CODE_NONE) {
        return code;
    }
    struct syn_tree_node *node = syn_tree_find(&step->object->items, place);
    if (node == NULL) {
        return syn_step_missing(step, step->command->type == SYN_TYPE_LIST
                                          ? SYN_CODE_54151
                                          : SYN_CODE_54201);
    }
    *out = SYN_CELL_OF(node, syn_item_cell, node);
    return SYN_CODE_NONE;
}

/* --- create
 * -------------------------------------------------------------------------------
 */

static enum syn_code check_ttls(const struct syn_step *step)
{
    const struct syn_command *command = step->command;
    return syn_check_ttl(step->model, command->ttl_s) &&
                   syn_check_ttl(step->model, command->collection_ttl_s)
               ? SYN_CODE_NONE
               : SYN_CODE_54011;
}

static enum syn_code check_create(const struct syn_step *step)
{
    const struct syn_command *command = step->command;
    bool is_list = command->type == SYN_TYPE_LIST;
    if (!is_list) {
        struct syn_tree_key place;
        enum syn_code code = parse_place(step, &place);
        if (code != SYN_CODE_NONE) {
            return code;
        }
        if (syn_tree_find(&step->object->items, place) != NULL) {
            return SYN_CODE_54208;
        }
    }
    if (command->data.at == NULL) {
        return is_list ? SYN_CODE_54156 : SYN_CODE_54206;
    }
    /* No code is published for a full container. */
    if (step->object->items.count >= SYN_ITEMS_MAX) {
        return SYN_CODE_20413;
    }
    return check_ttls(step);
}

static syn_status add_item(struct syn_step *step)
{
    struct syn_model *model = step->model;
    struct syn_object *parent = &step->object->object;
    bool is_list = parent->type == SYN_TYPE_LIST;
    bool is_rest = step->actor->plane == SYN_PLANE_REST;
    struct syn_item row = {
        .index = is_list ? parent->event_count : -1,
        .key = is_list ? (struct syn_str){NULL, 0} : step->command->key,
        .data = step->command->data,
        .created_by = is_rest ? SYN_STR("system") : step->actor->identity,
        .event_id = -1,
        .created_ms = step->now_ms};
    struct prepared ready;
    if (!prepare(step, row.key, &ready)) {
        return SYN_ERR_MEMORY;
    }
    struct syn_item_cell *cell = syn_item_cell_new(model, step->object, &row);
    if (cell == NULL) {
        syn_log_discard(model, ready.entry);
        return SYN_ERR_MEMORY;
    }
    syn_item_attach(model, cell);
    set_deadline(step, cell, true);
    record(model, cell,
           is_list ? SYN_EVENT_LIST_ITEM_ADDED : SYN_EVENT_MAP_ITEM_ADDED,
           &ready);
    finish(step, cell, ready.event);
    step->out->is_created = true;
    tell_item(model, cell, false);
    return SYN_OK;
}

syn_status syn_verb_item_create(struct syn_step *step)
{
    enum syn_code code = check_create(step);
    return code == SYN_CODE_NONE ? add_item(step) : syn_step_refuse(step, code);
}

/* --- update
 * ---------------------------------------------------------------------------------
 */

static syn_status change_item(struct syn_step *step, struct syn_item_cell *cell)
{
    struct syn_model *model = step->model;
    bool is_list = step->object->object.type == SYN_TYPE_LIST;
    struct syn_blob *blob = NULL;
    struct prepared ready;
    if (!prepare(step, cell->item.key, &ready)) {
        return SYN_ERR_MEMORY;
    }
    if (step->command->data.at != NULL) {
        blob = syn_blob_new(model, step->command->data);
        if (blob == NULL) {
            syn_log_discard(model, ready.entry);
            return SYN_ERR_MEMORY;
        }
        syn_blob_drop(model, cell->blob);
        cell->blob = blob;
        cell->item.data = blob->text;
    }
    set_deadline(step, cell, false);
    record(model, cell,
           is_list ? SYN_EVENT_LIST_ITEM_UPDATED : SYN_EVENT_MAP_ITEM_UPDATED,
           &ready);
    finish(step, cell, ready.event);
    tell_item(model, cell, false);
    return SYN_OK;
}

syn_status syn_verb_item_update(struct syn_step *step)
{
    const struct syn_command *command = step->command;
    struct syn_item_cell *cell = NULL;
    enum syn_code code = find_item(step, &cell);
    SYN_ASSERT(code != SYN_CODE_NONE || cell != NULL);
    if (code == SYN_CODE_NONE && command->data.at == NULL &&
        !command->ttl_s.is_set) {
        code = SYN_CODE_54010; /* CollectionTtl alone does not do (TTL-19) */
    }
    if (code == SYN_CODE_NONE) {
        code = check_ttls(step);
    }
    if (code == SYN_CODE_NONE) {
        code = syn_check_match(step, &cell->item, cell->item.event_id);
    }
    return code == SYN_CODE_NONE ? change_item(step, cell)
                                 : syn_step_refuse(step, code);
}

/* The condition of a PUT: "-1" must not exist, else the revision. */
static enum syn_code check_put(const struct syn_step *step,
                               const struct syn_item_cell *cell)
{
    struct syn_str if_match = step->command->if_match;
    const struct syn_rules *rules = step->model->rules;
    if (syn_str_is(if_match, "-1")) {
        return cell == NULL || !rules->keeps_existing(rules->ctx, &cell->item)
                   ? SYN_CODE_NONE
                   : SYN_CODE_54205;
    }
    if (cell != NULL) {
        return syn_check_match(step, &cell->item, cell->item.event_id);
    }
    if (if_match.at == NULL) {
        return SYN_CODE_NONE;
    }
    enum syn_code code = syn_check_match(step, NULL, 0);
    return code == SYN_CODE_54003 ? code : SYN_CODE_54205;
}

syn_status syn_verb_item_put(struct syn_step *step)
{
    struct syn_tree_key place;
    enum syn_code code = parse_place(step, &place);
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    struct syn_tree_node *node = syn_tree_find(&step->object->items, place);
    struct syn_item_cell *cell =
        node == NULL ? NULL : SYN_CELL_OF(node, syn_item_cell, node);
    code = check_put(step, cell);
    if (code == SYN_CODE_NONE && step->command->data.at == NULL) {
        code = SYN_CODE_54206;
    }
    if (code == SYN_CODE_NONE) {
        code = cell == NULL ? check_create(step) : check_ttls(step);
    }
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    return cell == NULL ? add_item(step) : change_item(step, cell);
}

/* --- fetch, list, delete
 * ------------------------------------------------------------------------ */

syn_status syn_verb_item_fetch(struct syn_step *step)
{
    struct syn_item_cell *cell = NULL;
    enum syn_code code = find_item(step, &cell);
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    step->out->item = &cell->item;
    return SYN_OK;
}

static int64_t expires_of(const struct syn_tree_node *node)
{
    const struct syn_item_cell *cell =
        SYN_CELL_OF((uintptr_t)node, syn_item_cell, node);
    return cell->item.expires_ms;
}

syn_status syn_verb_item_list(struct syn_step *step)
{
    const struct syn_listing listing = {
        .tree = &step->object->items,
        .is_by_number = step->object->object.type == SYN_TYPE_LIST,
        .can_order = true,
        .expires = expires_of};
    struct syn_slice slice = {NULL, 0};
    enum syn_code code = SYN_CODE_NONE;
    syn_status status = syn_page_cut(step, &listing, &slice, &code);
    if (status != SYN_OK || code != SYN_CODE_NONE) {
        return status != SYN_OK ? status : syn_step_refuse(step, code);
    }
    const struct syn_item **items =
        syn_arena_array(step->arena, slice.count, sizeof(struct syn_item *));
    if (items == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < slice.count; i++) {
        items[i] = &SYN_CELL_OF(slice.nodes[i], syn_item_cell, node)->item;
    }
    step->out->items = items;
    return SYN_OK;
}

syn_status syn_verb_item_delete(struct syn_step *step)
{
    struct syn_item_cell *cell = NULL;
    enum syn_code code = find_item(step, &cell);
    if (code == SYN_CODE_NONE) {
        SYN_ASSERT(cell != NULL);
        code = syn_check_match(step, &cell->item, cell->item.event_id);
    }
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    struct prepared ready;
    if (!prepare(step, cell->item.key, &ready)) {
        return SYN_ERR_MEMORY;
    }
    syn_item_remove(step->model, cell, ready.entry, &ready.doer, ready.event);
    finish(step, cell, ready.event);
    return SYN_OK;
}
