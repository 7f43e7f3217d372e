/*
 * grave.c - the end of cells.
 * Layer: model. Threads: one owner.
 *
 * Outcomes point at what a step removed, so removed cells stay for one step.
 * Freeing a container takes time linear in its items.
 */
#include "model/state.h"

void syn_item_cell_free(struct syn_model *model, struct syn_item_cell *cell)
{
    syn_blob_drop(model, cell->blob);
    syn_model_release(model, cell);
}

static void free_item(void *ctx, struct syn_tree_node *node)
{
    syn_item_cell_free(ctx, SYN_CELL_OF(node, syn_item_cell, node));
}

static void free_grant(void *ctx, struct syn_tree_node *node)
{
    syn_model_release(ctx, SYN_CELL_OF(node, syn_grant_cell, node));
}

void syn_object_cell_free(struct syn_model *model, struct syn_object_cell *cell)
{
    syn_tree_drain(&cell->items, free_item, model);
    syn_table_fini(&cell->grant_of);
    syn_tree_drain(&cell->grants, free_grant, model);
    syn_log_free(model, &cell->log);
    syn_blob_drop(model, cell->blob);
    syn_model_release(model, cell);
}

static void free_object(void *ctx, struct syn_tree_node *node)
{
    syn_object_cell_free(ctx, SYN_CELL_OF(node, syn_object_cell, node));
}

static void release_text(struct syn_model *model, struct syn_str text)
{
    syn_model_release(model, (void *)(uintptr_t)text.at);
}

void syn_service_cell_free(struct syn_model *model,
                           struct syn_service_cell *cell)
{
    for (unsigned type = 0; type < SYN_TYPE_COUNT; type++) {
        syn_table_fini(&cell->names[type]);
        syn_tree_drain(&cell->objects[type], free_object, model);
    }
    release_text(model, cell->row.unique_name);
    release_text(model, cell->row.friendly_name);
    release_text(model, cell->row.webhook_url);
    syn_model_release(model, cell);
}

void syn_model_bury(struct syn_model *model)
{
    while (model->dead_items != NULL) {
        struct syn_item_cell *cell = model->dead_items;
        model->dead_items = cell->next_dead;
        syn_item_cell_free(model, cell);
    }
    while (model->dead_grants != NULL) {
        struct syn_grant_cell *cell = model->dead_grants;
        model->dead_grants = cell->next_dead;
        syn_model_release(model, cell);
    }
    while (model->dead_objects != NULL) {
        struct syn_object_cell *cell = model->dead_objects;
        model->dead_objects = cell->next_dead;
        syn_object_cell_free(model, cell);
    }
    while (model->dead_services != NULL) {
        struct syn_service_cell *cell = model->dead_services;
        model->dead_services = cell->next_dead;
        syn_service_cell_free(model, cell);
    }
}
