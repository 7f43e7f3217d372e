/*
 * tenant.c - accounts and their services.
 * Layer: model. Threads: one owner.
 * Source: rest.md sections 1.7, 2.1, 3 (rows 1 to 5).
 *
 * A service of another account does not exist for the caller (REST-04). The
 * default service may be deleted like any other; "default" then names nothing
 * until the account is made anew (rest.md is silent).
 */
#include "model/state.h"

#include "syn/limits.h"

#include <string.h>

/* --- texts that a patch may replace ------------------------------------------
 */

/* A copy of its own; absent stays absent. False: out of memory, and *out is
 * as it was, for it would be released as ours. */
static bool copy_text(struct syn_model *model, struct syn_str s,
                      struct syn_str *out)
{
    if (s.at == NULL) {
        *out = s;
        return true;
    }
    char *at = syn_model_alloc(model, s.bytes + 1);
    if (at == NULL) {
        return false;
    }
    *out = syn_model_put_text(&at, s);
    return true;
}

static void release_text(struct syn_model *model, struct syn_str text)
{
    syn_model_release(model, (void *)(uintptr_t)text.at);
}

/* --- cells
 * ----------------------------------------------------------------------- */

static syn_status copy_service_texts(struct syn_model *model,
                                     struct syn_service_cell *cell,
                                     const struct syn_service_row *row)
{
    bool is_done =
        copy_text(model, row->unique_name, &cell->row.unique_name) &&
        copy_text(model, row->friendly_name, &cell->row.friendly_name) &&
        copy_text(model, row->webhook_url, &cell->row.webhook_url);
    return is_done ? SYN_OK : SYN_ERR_MEMORY;
}

/* A service with the members of `row`; NULL: sid taken or out of memory. */
struct syn_service_cell *syn_service_add(struct syn_model *model,
                                         struct syn_account_cell *owner,
                                         const struct syn_service_row *row)
{
    struct syn_service_cell *cell = syn_model_alloc(model, sizeof(*cell));
    if (cell == NULL) {
        return NULL;
    }
    cell->row = *row;
    cell->row.unique_name = (struct syn_str){NULL, 0};
    cell->row.friendly_name = (struct syn_str){NULL, 0};
    cell->row.webhook_url = (struct syn_str){NULL, 0};
    cell->row.account = &owner->account;
    cell->owner = owner;
    cell->node.key.number = row->order;
    for (unsigned type = 0; type < SYN_TYPE_COUNT; type++) {
        syn_table_init(&cell->names[type], model->allocator);
    }
    struct syn_str sid = {cell->row.sid, SYN_SID_CHARS};
    if (copy_service_texts(model, cell, row) != SYN_OK ||
        syn_table_insert(&model->service_of, sid, cell) != SYN_OK) {
        syn_service_cell_free(model, cell);
        return NULL;
    }
    if (!syn_tree_insert(&owner->services, &cell->node)) {
        syn_table_remove(&model->service_of, sid);
        syn_service_cell_free(model, cell);
        return NULL;
    }
    model->counts.services++;
    return cell;
}

static struct syn_account_cell *account_cell(const struct syn_account *account)
{
    return (struct syn_account_cell *)(uintptr_t)account;
}

struct syn_service_cell *syn_service_find(const struct syn_model *model,
                                          const struct syn_account *account,
                                          struct syn_str id)
{
    if (syn_model_is_sid(id)) {
        struct syn_service_cell *cell = syn_table_find(&model->service_of, id);
        const struct syn_rules *rules = model->rules;
        bool is_own = cell != NULL &&
                      rules->owns_service(rules->ctx, account, &cell->row);
        return is_own ? cell : NULL;
    }
    /* Only the default service has a name: REST cannot set one. */
    struct syn_service_row *named = account->default_service;
    bool is_named = named != NULL && syn_str_is_equal(named->unique_name, id);
    return is_named ? (struct syn_service_cell *)(void *)named : NULL;
}

const struct syn_service_row *
syn_model_service(const struct syn_model *model,
                  const struct syn_account *account, struct syn_str id)
{
    const struct syn_service_cell *cell = syn_service_find(model, account, id);
    return cell == NULL ? NULL : &cell->row;
}

const struct syn_account *syn_model_account(const struct syn_model *model,
                                            struct syn_str sid)
{
    return syn_table_find(&model->account_of, sid);
}

/* --- accounts
 * ---------------------------------------------------------------------- */

static bool is_sid_of(const char *sid, const char *prefix)
{
    struct syn_str text = syn_str_of(sid);
    return syn_model_is_sid(text) &&
           syn_str_has_prefix(text, syn_str_of(prefix));
}

static void make_service_row(struct syn_model *model, const char *sid,
                             int64_t now_ms, struct syn_service_row *out)
{
    *out = (struct syn_service_row){.reachability_debouncing_ms =
                                        SYN_DEBOUNCE_MS_DEFAULT,
                                    .created_ms = now_ms,
                                    .updated_ms = now_ms};
    if (sid == NULL) {
        syn_model_make_sid(model, "IS", out->sid);
    } else {
        memcpy(out->sid, sid, SYN_SID_BYTES);
    }
    out->order = syn_model_order(model, out->sid);
}

static struct syn_account_cell *add_account(struct syn_model *model,
                                            const char *sid)
{
    struct syn_account_cell *cell = syn_model_alloc(model, sizeof(*cell));
    if (cell == NULL) {
        return NULL;
    }
    memcpy(cell->account.sid, sid, SYN_SID_BYTES);
    struct syn_str key = {cell->account.sid, SYN_SID_CHARS};
    if (syn_table_insert(&model->account_of, key, cell) != SYN_OK) {
        syn_model_release(model, cell);
        return NULL;
    }
    return cell;
}

syn_status syn_model_add_account(struct syn_model *model,
                                 const char *account_sid,
                                 const char *service_sid, int64_t now_ms,
                                 struct syn_account **out)
{
    if (account_sid == NULL || !is_sid_of(account_sid, "AC") ||
        (service_sid != NULL && !is_sid_of(service_sid, "IS"))) {
        return SYN_ERR_ARG;
    }
    if (syn_model_account(model, syn_str_of(account_sid)) != NULL ||
        (service_sid != NULL &&
         syn_table_find(&model->service_of, syn_str_of(service_sid)) != NULL)) {
        return SYN_ERR_EXISTS;
    }
    struct syn_account_cell *account = add_account(model, account_sid);
    if (account == NULL) {
        return SYN_ERR_MEMORY;
    }
    struct syn_service_row row;
    make_service_row(model, service_sid, now_ms, &row);
    row.unique_name = SYN_STR("default");
    struct syn_service_cell *service = syn_service_add(model, account, &row);
    if (service == NULL) {
        syn_table_remove(&model->account_of, syn_str_of(account_sid));
        syn_model_release(model, account);
        return SYN_ERR_MEMORY;
    }
    model->next_order++;
    account->account.default_service = &service->row;
    account->next = model->accounts;
    model->accounts = account;
    syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_ACCOUNT,
                                              .account = &account->account});
    syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_SERVICE,
                                              .service = &service->row});
    *out = &account->account;
    return SYN_OK;
}

syn_status syn_model_add_service(struct syn_model *model,
                                 const struct syn_account *account,
                                 const char *service_sid, int64_t now_ms,
                                 const struct syn_service_row **out)
{
    if (service_sid != NULL && !is_sid_of(service_sid, "IS")) {
        return SYN_ERR_ARG;
    }
    if (service_sid != NULL &&
        syn_table_find(&model->service_of, syn_str_of(service_sid)) != NULL) {
        return SYN_ERR_EXISTS;
    }
    struct syn_service_row row;
    make_service_row(model, service_sid, now_ms, &row);
    model->rules->init_service(model->rules->ctx, &row);
    struct syn_service_cell *service =
        syn_service_add(model, account_cell(account), &row);
    if (service == NULL) {
        return SYN_ERR_MEMORY;
    }
    model->next_order++;
    syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_SERVICE,
                                              .service = &service->row});
    *out = &service->row;
    return SYN_OK;
}

syn_status syn_account_restore(struct syn_model *model,
                               const struct syn_account *row)
{
    if (!is_sid_of(row->sid, "AC")) {
        return SYN_ERR_ARG;
    }
    if (syn_model_account(model, syn_str_of(row->sid)) != NULL) {
        return SYN_ERR_EXISTS;
    }
    struct syn_account_cell *account = add_account(model, row->sid);
    if (account == NULL) {
        return SYN_ERR_MEMORY;
    }
    account->next = model->accounts;
    model->accounts = account;
    return SYN_OK;
}

/* --- verbs
 * ---------------------------------------------------------------------------
 */

static void apply_flag(bool *flag, struct syn_maybe_i64 value)
{
    if (value.is_set) {
        *flag = value.value != 0;
    }
}

/* All members but the texts, which need memory. */
static void apply_patch(struct syn_service_row *row,
                        const struct syn_service_patch *patch)
{
    apply_flag(&row->acl_enabled, patch->acl_enabled);
    apply_flag(&row->webhooks_from_rest_enabled,
               patch->webhooks_from_rest_enabled);
    apply_flag(&row->reachability_webhooks_enabled,
               patch->reachability_webhooks_enabled);
    apply_flag(&row->reachability_debouncing_enabled,
               patch->reachability_debouncing_enabled);
    if (patch->reachability_debouncing_ms.is_set) {
        row->reachability_debouncing_ms =
            patch->reachability_debouncing_ms.value;
    }
}

syn_status syn_verb_service_create(struct syn_step *step)
{
    const struct syn_service_patch *patch = &step->command->patch;
    enum syn_code code = syn_check_patch(patch);
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    struct syn_service_row row;
    const struct syn_rules *rules = step->model->rules;
    make_service_row(step->model, NULL, step->now_ms, &row);
    rules->init_service(rules->ctx, &row);
    apply_patch(&row, patch);
    row.friendly_name = patch->friendly_name;
    if (patch->webhook_url.bytes > 0) {
        row.webhook_url = patch->webhook_url;
    }
    step->service =
        syn_service_add(step->model, account_cell(step->actor->account), &row);
    if (step->service == NULL) {
        return SYN_ERR_MEMORY;
    }
    step->model->next_order++;
    step->out->is_created = true;
    syn_model_tell(step->model,
                   (struct syn_change){.kind = SYN_CHANGE_SERVICE,
                                       .service = &step->service->row});
    return SYN_OK;
}

syn_status syn_verb_service_fetch(struct syn_step *step)
{
    (void)step; /* the prologue found it */
    return SYN_OK;
}

syn_status syn_verb_service_list(struct syn_step *step)
{
    const struct syn_listing listing = {
        .tree = &account_cell(step->actor->account)->services,
        .is_by_number = true,
        .is_downward =
            step->model->rules->readings.order == SYN_ORDER_CREATED_DESC};
    struct syn_slice slice = {NULL, 0};
    enum syn_code code = SYN_CODE_NONE;
    syn_status status = syn_page_cut(step, &listing, &slice, &code);
    if (status != SYN_OK || code != SYN_CODE_NONE) {
        return status != SYN_OK ? status : syn_step_refuse(step, code);
    }
    const struct syn_service_row **rows = syn_arena_array(
        step->arena, slice.count, sizeof(struct syn_service_row *));
    if (rows == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < slice.count; i++) {
        rows[i] = &SYN_CELL_OF(slice.nodes[i], syn_service_cell, node)->row;
    }
    step->out->services = rows;
    return SYN_OK;
}

static bool is_patch_empty(const struct syn_service_patch *patch)
{
    return patch->friendly_name.at == NULL && patch->webhook_url.at == NULL &&
           !patch->acl_enabled.is_set &&
           !patch->webhooks_from_rest_enabled.is_set &&
           !patch->reachability_webhooks_enabled.is_set &&
           !patch->reachability_debouncing_enabled.is_set &&
           !patch->reachability_debouncing_ms.is_set;
}

/* Give `field` the text if one was sent; an empty text clears it. */
static void swap_text(struct syn_model *model, struct syn_str *field,
                      struct syn_str asked, struct syn_str copy)
{
    if (asked.at == NULL) {
        return;
    }
    release_text(model, *field);
    *field = copy;
    if (copy.bytes == 0) {
        release_text(model, copy);
        *field = (struct syn_str){NULL, 0};
    }
}

syn_status syn_verb_service_update(struct syn_step *step)
{
    struct syn_model *model = step->model;
    const struct syn_rules *rules = model->rules;
    struct syn_service_patch whole = step->command->patch;
    const struct syn_service_patch *patch = &whole;
    enum syn_code code =
        is_patch_empty(patch) ? SYN_CODE_54010 : syn_check_patch(patch);
    rules->complete_patch(rules->ctx, &whole);
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(step, code);
    }
    struct syn_str name = {NULL, 0};
    struct syn_str url = {NULL, 0};
    if (!copy_text(model, patch->friendly_name, &name)) {
        return SYN_ERR_MEMORY;
    }
    if (!copy_text(model, patch->webhook_url, &url)) {
        release_text(model, name);
        return SYN_ERR_MEMORY;
    }
    struct syn_service_row *row = &step->service->row;
    apply_patch(row, patch);
    swap_text(model, &row->friendly_name, patch->friendly_name, name);
    swap_text(model, &row->webhook_url, patch->webhook_url, url);
    row->updated_ms = step->now_ms;
    syn_model_tell(
        model, (struct syn_change){.kind = SYN_CHANGE_SERVICE, .service = row});
    return SYN_OK;
}

static size_t count_objects(const struct syn_service_cell *service)
{
    size_t count = 0;
    for (unsigned type = 0; type < SYN_TYPE_COUNT; type++) {
        count += service->objects[type].count;
    }
    return count;
}

/* Every object says its own farewell, so that each subscriber hears it. */
static void remove_objects(struct syn_model *model,
                           struct syn_service_cell *service,
                           const struct syn_doer *doer, struct syn_event *event)
{
    for (unsigned type = 0; type < SYN_TYPE_COUNT; type++) {
        while (service->objects[type].root != NULL) {
            struct syn_tree_node *node =
                syn_tree_edge(&service->objects[type], SYN_TREE_DOWN);
            struct syn_object_cell *cell =
                SYN_CELL_OF(node, syn_object_cell, node);
            syn_object_detach(model, cell);
            syn_object_fill_event(
                event, cell, syn_object_removed_kind(cell->object.type), doer);
            event++;
        }
    }
}

syn_status syn_verb_service_delete(struct syn_step *step)
{
    struct syn_model *model = step->model;
    struct syn_service_cell *service = step->service;
    size_t count = count_objects(service);
    struct syn_event *events =
        syn_arena_array(step->arena, count, sizeof(*events));
    struct syn_doer doer;
    if (events == NULL || !syn_step_doer(step, &doer)) {
        return SYN_ERR_MEMORY;
    }
    remove_objects(model, service, &doer, events);
    step->out->events = events;
    step->out->event_count = count;
    syn_table_remove(&model->service_of,
                     (struct syn_str){service->row.sid, SYN_SID_CHARS});
    syn_tree_remove(&service->owner->services, &service->node);
    if (service->owner->account.default_service == &service->row) {
        service->owner->account.default_service = NULL;
    }
    model->counts.services--;
    service->next_dead = model->dead_services;
    model->dead_services = service;
    syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_SERVICE,
                                              .is_delete = true,
                                              .service = &service->row});
    return SYN_OK;
}
