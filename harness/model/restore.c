/*
 * restore.c - rows of a store become the state they were written from.
 * Layer: model. Threads: one owner.
 *
 * A row names what it belongs to by sid alone: account->sid of a service,
 * service->sid of an object, parent->sid of an item, object->sid of a grant.
 * The log of missed events is not stored, so a replay from before a restart
 * is interrupted, and a document's newest state still stands for all.
 */
#include "model/state.h"

#include "syn/limits.h"

/* Creation orders must not be given twice. */
static void keep_order(struct syn_model *model, uint64_t order)
{
    if (order >= model->next_order) {
        model->next_order = order + 1;
    }
}

static syn_status restore_service(struct syn_model *model,
                                  const struct syn_service_row *row)
{
    struct syn_account_cell *owner =
        row->account == NULL
            ? NULL
            : syn_table_find(&model->account_of, syn_str_of(row->account->sid));
    if (owner == NULL || !syn_model_is_sid(syn_str_of(row->sid))) {
        return SYN_ERR_ARG;
    }
    if (syn_table_find(&model->service_of, syn_str_of(row->sid)) != NULL) {
        return SYN_ERR_EXISTS;
    }
    struct syn_service_cell *cell = syn_service_add(model, owner, row);
    if (cell == NULL) {
        return SYN_ERR_MEMORY;
    }
    if (syn_str_is(cell->row.unique_name, "default")) {
        owner->account.default_service = &cell->row;
    }
    keep_order(model, row->order);
    return SYN_OK;
}

static syn_status restore_object(struct syn_model *model,
                                 const struct syn_object *row)
{
    struct syn_service_cell *owner =
        row->service == NULL
            ? NULL
            : syn_table_find(&model->service_of, syn_str_of(row->service->sid));
    if (owner == NULL || !syn_model_is_sid(syn_str_of(row->sid)) ||
        (unsigned)row->type >= SYN_TYPE_COUNT || row->event_count < 0 ||
        (row->type == SYN_TYPE_DOCUMENT && row->data.at == NULL)) {
        return SYN_ERR_ARG;
    }
    if (!syn_due_reserve(model)) {
        return SYN_ERR_MEMORY;
    }
    struct syn_object fresh = *row;
    fresh.item_count = 0;
    fresh.is_removed = false;
    fresh.event_count = model->rules->restored_count(model->rules->ctx, row);
    fresh.expires_ms =
        model->rules->restored_deadline(model->rules->ctx, row->expires_ms);
    struct syn_object_cell *cell = syn_object_cell_new(model, owner, &fresh);
    if (cell == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status status = syn_object_attach(model, cell);
    if (status != SYN_OK) {
        syn_object_cell_free(model, cell);
        return status;
    }
    syn_due_set(model, &cell->due, fresh.expires_ms);
    keep_order(model, row->order);
    return SYN_OK;
}

static struct syn_object_cell *find_by_sid(const struct syn_model *model,
                                           const struct syn_object *object)
{
    return object == NULL
               ? NULL
               : syn_table_find(&model->object_of, syn_str_of(object->sid));
}

static bool is_item_sound(const struct syn_object_cell *parent,
                          const struct syn_item *row)
{
    if (parent == NULL || row->event_id < 0 ||
        row->event_id >= parent->object.event_count ||
        parent->items.count >= SYN_ITEMS_MAX) {
        return false;
    }
    if (parent->object.type == SYN_TYPE_LIST) {
        return row->index >= 0 && row->index <= row->event_id;
    }
    return parent->object.type == SYN_TYPE_MAP && row->key.bytes > 0;
}

static syn_status restore_item(struct syn_model *model,
                               const struct syn_item *row)
{
    struct syn_object_cell *parent = find_by_sid(model, row->parent);
    if (!is_item_sound(parent, row)) {
        return SYN_ERR_ARG;
    }
    struct syn_item fresh = *row;
    fresh.expires_ms =
        model->rules->restored_deadline(model->rules->ctx, row->expires_ms);
    if (parent->object.type == SYN_TYPE_LIST) {
        fresh.key = (struct syn_str){NULL, 0};
    } else {
        fresh.index = -1;
    }
    if (!syn_due_reserve(model)) {
        return SYN_ERR_MEMORY;
    }
    struct syn_item_cell *cell = syn_item_cell_new(model, parent, &fresh);
    if (cell == NULL) {
        return SYN_ERR_MEMORY;
    }
    if (syn_tree_find(&parent->items, cell->node.key) != NULL) {
        syn_item_cell_free(model, cell);
        return SYN_ERR_EXISTS;
    }
    syn_item_attach(model, cell);
    syn_due_set(model, &cell->due, fresh.expires_ms);
    return SYN_OK;
}

static syn_status restore_grant(struct syn_model *model,
                                const struct syn_grant *row)
{
    struct syn_object_cell *object = find_by_sid(model, row->object);
    if (object == NULL || row->identity.bytes == 0) {
        return SYN_ERR_ARG;
    }
    if (syn_table_find(&object->grant_of, row->identity) != NULL) {
        return SYN_ERR_EXISTS;
    }
    /* A store does not say whether the backend ever set it. */
    struct syn_grant fresh = *row;
    fresh.rights = model->rules->restored_rights(model->rules->ctx, row);
    fresh.is_implicit =
        row->rights == SYN_RIGHTS_ALL &&
        row->changed_ms == object->object.created_ms &&
        syn_str_is_equal(row->identity, object->object.created_by);
    return syn_grant_add(model, object, &fresh) == NULL ? SYN_ERR_MEMORY
                                                        : SYN_OK;
}

void syn_model_keep_order(struct syn_model *model, uint64_t next_order)
{
    if (next_order > model->next_order) {
        model->next_order = next_order;
    }
}

syn_status syn_model_restore(struct syn_model *model,
                             const struct syn_change *row)
{
    if (row->is_delete) {
        return SYN_ERR_ARG;
    }
    switch (row->kind) {
    case SYN_CHANGE_ACCOUNT:
        return syn_account_restore(model, row->account);
    case SYN_CHANGE_SERVICE:
        return restore_service(model, row->service);
    case SYN_CHANGE_OBJECT:
        return restore_object(model, row->object);
    case SYN_CHANGE_ITEM:
        return restore_item(model, row->item);
    case SYN_CHANGE_GRANT:
        return restore_grant(model, row->grant);
    }
    return SYN_ERR_ARG;
}
