/*
 * grant.c - permission rows, and the access decision that rests on them.
 * Layer: model. Threads: one owner.
 * Source: rest.md section 7.
 *
 * Rows are set while ACLs are off too and count once they are on. They belong
 * to the sid: a new object under an old name starts without. A removed object
 * keeps its rows until the next step, so that its farewell can be delivered
 * to those who could read it.
 */
#include "model/state.h"

#include "syn/limits.h"

struct syn_grant_cell *syn_grant_find(const struct syn_model *model,
                                      const struct syn_object_cell *object,
                                      struct syn_str identity)
{
    const struct syn_readings *readings = &model->rules->readings;
    struct syn_grant_cell *cell = syn_table_find(&object->grant_of, identity);
    size_t cursor = 0;
    if (cell != NULL || !syn_reading_is_lax(readings)) {
        return cell;
    }
    cell = syn_table_next(&object->grant_of, &cursor);
    while (cell != NULL &&
           !syn_reading_is_same(readings, cell->grant.identity, identity)) {
        cell = syn_table_next(&object->grant_of, &cursor);
    }
    return cell;
}

const struct syn_grant *syn_model_grant(const struct syn_model *model,
                                        const struct syn_object *object,
                                        struct syn_str identity)
{
    const struct syn_grant_cell *cell = syn_grant_find(
        model, (const struct syn_object_cell *)(const void *)object, identity);
    return cell == NULL ? NULL : &cell->grant;
}

const struct syn_grant *syn_model_grant_next(const struct syn_object *object,
                                             const struct syn_grant *before)
{
    struct syn_object_cell *owner =
        (struct syn_object_cell *)(uintptr_t)(const void *)object;
    struct syn_tree_node *node = NULL;
    if (before == NULL) {
        node = syn_tree_edge(&owner->grants, SYN_TREE_DOWN);
    } else {
        struct syn_grant_cell *cell =
            (struct syn_grant_cell *)(uintptr_t)(const void *)before;
        node = syn_tree_step(&cell->node, SYN_TREE_UP);
    }
    return node == NULL ? NULL
                        : &SYN_CELL_OF(node, syn_grant_cell, node)->grant;
}

struct syn_grant_cell *syn_grant_add(struct syn_model *model,
                                     struct syn_object_cell *object,
                                     const struct syn_grant *row)
{
    struct syn_grant_cell *cell =
        syn_model_alloc(model, sizeof(*cell) + row->identity.bytes + 1);
    if (cell == NULL) {
        return NULL;
    }
    char *at = (char *)(cell + 1);
    cell->grant = *row;
    cell->grant.object = &object->object;
    cell->grant.identity = syn_model_put_text(&at, row->identity);
    cell->grant.rights &= SYN_RIGHTS_ALL;
    cell->node.key.bytes = cell->grant.identity;
    if (syn_table_insert(&object->grant_of, cell->grant.identity, cell) !=
        SYN_OK) {
        syn_model_release(model, cell);
        return NULL;
    }
    bool is_new = syn_tree_insert(&object->grants, &cell->node);
    SYN_ASSERT(is_new);
    model->counts.grants++;
    return cell;
}

/* --- the decision
 * ------------------------------------------------------------------ */

/* Fill in what the object says, and ask the rules. */
bool syn_access_ask(struct syn_model *model, struct syn_access_query query)
{
    query.model = model;
    query.service = query.object->service;
    query.grant = syn_model_grant(model, query.object, query.identity);
    return model->rules->decide_access(model->rules->ctx, &query);
}

bool syn_model_may_hear(struct syn_model *model, int64_t now_ms,
                        struct syn_str identity,
                        const struct syn_object *object)
{
    const struct syn_access_query query = {
        .model = model,
        .service = object->service,
        .object = object,
        .grant = syn_model_grant(model, object, identity),
        .identity = identity,
        .op = SYN_OP_DELIVER,
        .right = SYN_RIGHT_READ,
        .addressing = SYN_BY_SID,
        .now_ms = now_ms};
    return model->rules->decide_access(model->rules->ctx, &query);
}

/* --- verbs
 * ----------------------------------------------------------------------------
 */

static void tell_grant(struct syn_model *model, const struct syn_grant *grant,
                       bool is_delete)
{
    syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_GRANT,
                                              .is_delete = is_delete,
                                              .grant = grant});
}

syn_status syn_verb_grant_set(struct syn_step *step)
{
    struct syn_model *model = step->model;
    struct syn_str identity = step->command->identity;
    const struct syn_rules *rules = model->rules;
    if (!rules->identity_fits(rules->ctx, identity)) {
        return syn_step_refuse(step, SYN_CODE_54351);
    }
    struct syn_grant_cell *cell = syn_grant_find(model, step->object, identity);
    bool has_row = cell != NULL;
    struct syn_grant row = {.identity = identity, .changed_ms = step->now_ms};
    const struct syn_grant_change change = {
        .object = &step->object->object,
        .identity = identity,
        .has_row = has_row,
        .before = has_row ? cell->grant.rights : SYN_RIGHTS_NONE,
        .asked = step->command->rights & SYN_RIGHTS_ALL};
    row.rights = rules->apply_grant(rules->ctx, &change) & SYN_RIGHTS_ALL;
    if (!has_row) {
        cell = syn_grant_add(model, step->object, &row);
        if (cell == NULL) {
            return SYN_ERR_MEMORY;
        }
    }
    cell->grant.rights = row.rights;
    cell->grant.changed_ms = row.changed_ms;
    cell->grant.is_implicit = false;
    step->out->grant = &cell->grant;
    step->out->is_created = !has_row;
    tell_grant(model, &cell->grant, false);
    return SYN_OK;
}

/* A missing row is 20404 on REST (open unknown 5), and only REST comes here. */
static enum syn_code find_row(const struct syn_step *step,
                              struct syn_grant_cell **out)
{
    const struct syn_readings *readings = &step->model->rules->readings;
    *out = syn_grant_find(step->model, step->object, step->command->identity);
    if (*out != NULL) {
        return SYN_CODE_NONE;
    }
    return readings->missing == SYN_MISSING_54354
               ? SYN_CODE_54354
               : syn_step_missing(step, SYN_CODE_54354);
}

/* A creator's row that nobody set, where a reading does not show those. */
static bool is_unseen(const struct syn_step *step, const struct syn_grant *row)
{
    return row->is_implicit &&
           step->model->rules->readings.creator_row == SYN_CREATOR_ROW_HIDDEN;
}

static bool is_unseen_node(const struct syn_step *step,
                           const struct syn_tree_node *node)
{
    return is_unseen(
        step, &SYN_CELL_OF((uintptr_t)node, syn_grant_cell, node)->grant);
}

syn_status syn_verb_grant_fetch(struct syn_step *step)
{
    struct syn_grant_cell *cell = NULL;
    enum syn_code code = find_row(step, &cell);
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    SYN_ASSERT(cell != NULL);
    if (is_unseen(step, &cell->grant)) {
        return syn_step_refuse(step, SYN_CODE_20404);
    }
    step->out->grant = &cell->grant;
    return SYN_OK;
}

syn_status syn_verb_grant_list(struct syn_step *step)
{
    const struct syn_listing listing = {.tree = &step->object->grants,
                                        .hides = is_unseen_node};
    struct syn_slice slice = {NULL, 0};
    enum syn_code code = SYN_CODE_NONE;
    syn_status status = syn_page_cut(step, &listing, &slice, &code);
    if (status != SYN_OK || code != SYN_CODE_NONE) {
        return status != SYN_OK ? status : syn_step_refuse(step, code);
    }
    const struct syn_grant **grants =
        syn_arena_array(step->arena, slice.count, sizeof(struct syn_grant *));
    if (grants == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < slice.count; i++) {
        grants[i] = &SYN_CELL_OF(slice.nodes[i], syn_grant_cell, node)->grant;
    }
    step->out->grants = grants;
    return SYN_OK;
}

syn_status syn_verb_grant_delete(struct syn_step *step)
{
    struct syn_model *model = step->model;
    struct syn_grant_cell *cell = NULL;
    enum syn_code code = find_row(step, &cell);
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    step->out->grant = &cell->grant;
    if (!model->rules->apply_revoke(model->rules->ctx, &cell->grant)) {
        return SYN_OK;
    }
    syn_table_remove(&step->object->grant_of, cell->grant.identity);
    syn_tree_remove(&step->object->grants, &cell->node);
    model->counts.grants--;
    cell->next_dead = model->dead_grants;
    model->dead_grants = cell;
    tell_grant(model, &cell->grant, true);
    return SYN_OK;
}
