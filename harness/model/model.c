/*
 * model.c - the machine: birth, dispatch by a table of verbs, small services.
 * Layer: model. Threads: one owner.
 *
 * The prologue does what all verbs share, in the order that keeps secrets:
 * service, object, access, and only then what the verb itself checks. A
 * refusal before the access decision tells existence and nothing else.
 */
#include "model/state.h"

#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define ORDER_DIGITS 15 /* of a sid: 60 bits, room below INT64_MAX */

/* --- memory -----------------------------------------------------------------
 */

void *syn_model_alloc(struct syn_model *model, size_t bytes)
{
    void *block = model->allocator->resize(model->allocator->ctx, NULL, bytes);
    if (block != NULL) {
        memset(block, 0, bytes);
    }
    return block;
}

void syn_model_release(struct syn_model *model, void *block)
{
    if (block != NULL) {
        model->allocator->release(model->allocator->ctx, block);
    }
}

/* Copy `s` with a NUL to *at and move on; absent stays absent. */
struct syn_str syn_model_put_text(char **at, struct syn_str s)
{
    if (s.at == NULL) {
        return s;
    }
    struct syn_str copy = {*at, s.bytes};
    memcpy(*at, s.at, s.bytes);
    (*at)[s.bytes] = '\0';
    *at += s.bytes + 1;
    return copy;
}

struct syn_blob *syn_blob_new(struct syn_model *model, struct syn_str text)
{
    struct syn_blob *blob =
        syn_model_alloc(model, sizeof(*blob) + text.bytes + 1);
    if (blob != NULL) {
        char *at = (char *)(blob + 1);
        blob->refs = 1;
        blob->text = syn_model_put_text(&at, text);
    }
    return blob;
}

void syn_blob_drop(struct syn_model *model, struct syn_blob *blob)
{
    if (blob == NULL) {
        return;
    }
    SYN_ASSERT(blob->refs > 0);
    blob->refs--;
    if (blob->refs == 0) {
        syn_model_release(model, blob);
    }
}

void syn_model_make_sid(struct syn_model *model, const char *prefix,
                        char out[SYN_SID_BYTES])
{
    out[0] = prefix[0];
    out[1] = prefix[1];
    syn_rng_hex(&model->rng, out + 2, SYN_SID_CHARS - 2);
}

/* By sid: as many of its digits as a number holds, so that listings go by
 * them. */
uint64_t syn_model_order(const struct syn_model *model, const char *sid)
{
    uint64_t number = 0;
    if (model->rules->readings.order != SYN_ORDER_SID) {
        return model->next_order;
    }
    for (size_t i = 2; i < 2 + ORDER_DIGITS; i++) {
        unsigned digit = sid[i] <= '9' ? (unsigned)(sid[i] - '0')
                                       : (unsigned)(sid[i] - 'a') + 10;
        number = number * 16 + digit;
    }
    return number;
}

void syn_model_tell(struct syn_model *model, struct syn_change change)
{
    if (model->journal != NULL) {
        model->journal->append(model->journal->ctx, &change);
    }
}

/* --- birth and end ----------------------------------------------------------
 */

syn_status syn_model_new(const struct syn_model_options *options,
                         struct syn_model **out)
{
    const struct syn_allocator *allocator =
        options->allocator == NULL ? &syn_allocator_heap : options->allocator;
    struct syn_model *model =
        allocator->resize(allocator->ctx, NULL, sizeof(*model));
    if (model == NULL) {
        return SYN_ERR_MEMORY;
    }
    memset(model, 0, sizeof(*model));
    model->allocator = allocator;
    model->rules = options->rules == NULL ? &syn_rules_sound : options->rules;
    model->journal = options->journal;
    model->replay_events_max = options->replay_events_max == 0
                                   ? SYN_REPLAY_EVENTS_DEFAULT
                                   : options->replay_events_max;
    syn_rng_init(&model->rng, options->seed, 0);
    syn_table_init(&model->account_of, allocator);
    syn_table_init(&model->service_of, allocator);
    syn_table_init(&model->object_of, allocator);
    *out = model;
    return SYN_OK;
}

static void free_service(void *ctx, struct syn_tree_node *node)
{
    syn_service_cell_free(ctx, SYN_CELL_OF(node, syn_service_cell, node));
}

void syn_model_free(struct syn_model *model)
{
    if (model == NULL) {
        return;
    }
    syn_model_bury(model);
    struct syn_account_cell *account = model->accounts;
    while (account != NULL) {
        struct syn_account_cell *next = account->next;
        syn_tree_drain(&account->services, free_service, model);
        syn_model_release(model, account);
        account = next;
    }
    syn_table_fini(&model->account_of);
    syn_table_fini(&model->service_of);
    syn_table_fini(&model->object_of);
    syn_model_release(model, model->heap);
    syn_model_release(model, model);
}

/* --- what a step says
 * --------------------------------------------------------- */

syn_status syn_step_refuse(struct syn_step *step, enum syn_code code)
{
    memset(step->out, 0, sizeof(*step->out));
    step->out->code = code;
    return SYN_OK;
}

enum syn_code syn_step_missing(const struct syn_step *step,
                               enum syn_code specific)
{
    return step->actor->plane == SYN_PLANE_REST ? SYN_CODE_20404 : specific;
}

bool syn_step_doer(const struct syn_step *step, struct syn_doer *out)
{
    *out = (struct syn_doer){.cause = SYN_CAUSE_REQUEST,
                             .plane = step->actor->plane,
                             .now_ms = step->now_ms};
    out->identity = syn_arena_dup(step->arena, step->actor->identity);
    return out->identity.at != NULL;
}

#define EVENT_AS_NAME(name, text) [SYN_EVENT_##name] = (text),
static const char *const event_names[SYN_EVENT_COUNT] = {
    SYN_EVENT_MAP(EVENT_AS_NAME)};

const char *syn_event_name(enum syn_event_kind kind)
{
    SYN_ASSERT((unsigned)kind < SYN_EVENT_COUNT);
    return event_names[kind];
}

bool syn_model_is_sid(struct syn_str id)
{
    if (id.bytes != SYN_SID_CHARS) {
        return false;
    }
    for (size_t i = 0; i < id.bytes; i++) {
        char c = id.at[i];
        bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        bool is_upper = c >= 'A' && c <= 'Z';
        if (i < 2 ? !is_upper : !is_hex) {
            return false;
        }
    }
    return true;
}

void syn_model_revision(int64_t counter, char out[SYN_REVISION_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    const unsigned nibble_bits = 4;
    SYN_ASSERT(counter >= 0);
    size_t length = 1;
    while (length < SYN_REVISION_BYTES - 1 &&
           counter >> (length * nibble_bits) != 0) {
        length++;
    }
    for (size_t i = 0; i < length; i++) {
        out[i] = digits[counter >> ((length - 1 - i) * nibble_bits) & 0xf];
    }
    out[length] = '\0';
}

struct syn_model_counts syn_model_count(const struct syn_model *model)
{
    return model->counts;
}

/* --- dispatch
 * -------------------------------------------------------------------- */

/* What a verb needs before it runs, and which right on the SDK plane. */
struct verb_row {
    syn_status (*run)(struct syn_step *step);
    bool is_rest_only; /* no SDK has it: services, grants, listings */
    bool needs_service;
    bool needs_object;
    unsigned types; /* that it applies to */
    enum syn_op op;
    unsigned right; /* 0: no decision */
};

#define REST_SERVICE .is_rest_only = true
#define REST_GRANT                                                     \
    .is_rest_only = true, .needs_service = true, .needs_object = true, \
    .types = SYN_TYPES_GRANTED
#define OBJECT(set, what, which)                                 \
    .needs_service = true, .needs_object = true, .types = (set), \
    .op = SYN_OP_##what, .right = SYN_RIGHT_##which

static const struct verb_row verbs[SYN_VERB_COUNT] = {
    [SYN_VERB_SERVICE_CREATE] = {syn_verb_service_create, REST_SERVICE},
    [SYN_VERB_SERVICE_FETCH] = {syn_verb_service_fetch, REST_SERVICE,
                                .needs_service = true},
    [SYN_VERB_SERVICE_LIST] = {syn_verb_service_list, REST_SERVICE},
    [SYN_VERB_SERVICE_UPDATE] = {syn_verb_service_update, REST_SERVICE,
                                 .needs_service = true},
    [SYN_VERB_SERVICE_DELETE] = {syn_verb_service_delete, REST_SERVICE,
                                 .needs_service = true},
    [SYN_VERB_OBJECT_CREATE] = {syn_verb_object_create, .needs_service = true},
    [SYN_VERB_OBJECT_LIST] = {syn_verb_object_list, REST_SERVICE,
                              .needs_service = true},
    [SYN_VERB_OBJECT_FETCH] = {syn_verb_object_fetch,
                               OBJECT(SYN_TYPES_ALL, OPEN, READ)},
    [SYN_VERB_OBJECT_UPDATE] = {syn_verb_object_update,
                                OBJECT(SYN_TYPES_ALL, UPDATE, WRITE)},
    [SYN_VERB_OBJECT_DELETE] = {syn_verb_object_delete,
                                OBJECT(SYN_TYPES_ALL, REMOVE, MANAGE)},
    [SYN_VERB_ITEM_CREATE] = {syn_verb_item_create,
                              OBJECT(SYN_TYPES_CONTAINER, ITEM_ADD, WRITE)},
    [SYN_VERB_ITEM_FETCH] = {syn_verb_item_fetch,
                             OBJECT(SYN_TYPES_CONTAINER, ITEM_READ, READ)},
    [SYN_VERB_ITEM_LIST] = {syn_verb_item_list,
                            OBJECT(SYN_TYPES_CONTAINER, QUERY, READ)},
    [SYN_VERB_ITEM_UPDATE] = {syn_verb_item_update,
                              OBJECT(SYN_TYPES_CONTAINER, ITEM_UPDATE, WRITE)},
    [SYN_VERB_ITEM_PUT] = {syn_verb_item_put, OBJECT(SYN_TYPE_BIT(SYN_TYPE_MAP),
                                                     ITEM_UPDATE, WRITE)},
    [SYN_VERB_ITEM_DELETE] = {syn_verb_item_delete,
                              OBJECT(SYN_TYPES_CONTAINER, ITEM_REMOVE, WRITE)},
    [SYN_VERB_MESSAGE_PUBLISH] = {syn_verb_message_publish,
                                  OBJECT(SYN_TYPE_BIT(SYN_TYPE_STREAM), PUBLISH,
                                         WRITE)},
    [SYN_VERB_GRANT_SET] = {syn_verb_grant_set, REST_GRANT},
    [SYN_VERB_GRANT_FETCH] = {syn_verb_grant_fetch, REST_GRANT},
    [SYN_VERB_GRANT_LIST] = {syn_verb_grant_list, REST_GRANT},
    [SYN_VERB_GRANT_DELETE] = {syn_verb_grant_delete, REST_GRANT},
    [SYN_VERB_SUBSCRIBE] = {syn_verb_subscribe,
                            OBJECT(SYN_TYPES_ALL, SUBSCRIBE, READ)},
};

static const enum syn_code object_missing[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = SYN_CODE_54100,
    [SYN_TYPE_LIST] = SYN_CODE_54150,
    [SYN_TYPE_MAP] = SYN_CODE_54200,
    [SYN_TYPE_STREAM] = SYN_CODE_54250,
};

/* A subscription names sids alone, so its answer is about the sid. */
enum syn_code syn_object_missing(const struct syn_step *step)
{
    const struct syn_command *command = step->command;
    bool is_named =
        !syn_model_is_sid(command->id) && command->verb != SYN_VERB_SUBSCRIBE;
    return syn_step_missing(step, is_named ? SYN_CODE_54300
                                           : object_missing[command->type]);
}

static enum syn_code find_object(struct syn_step *step,
                                 const struct verb_row *row)
{
    const struct syn_command *command = step->command;
    if ((row->types & SYN_TYPE_BIT(command->type)) != 0) {
        step->object = syn_object_find(step->model, step->service,
                                       command->type, command->id);
    }
    const struct syn_rules *rules = step->model->rules;
    bool is_unseen = step->object != NULL &&
                     rules->readings.expired_seen == SYN_EXPIRED_IS_HIDDEN &&
                     syn_object_is_expired(step->object, step->now_ms);
    if (step->object != NULL && !is_unseen &&
        rules->finds(rules->ctx, &step->object->object,
                     step->actor->plane == SYN_PLANE_SDK, step->now_ms)) {
        return SYN_CODE_NONE;
    }
    return syn_object_missing(step);
}

/* The operation, as fine as traces tell it: a TTL alone is its own. */
static enum syn_op op_of(const struct syn_step *step,
                         const struct verb_row *row)
{
    const struct syn_command *command = step->command;
    bool has_data = command->data.at != NULL;
    if (command->verb == SYN_VERB_OBJECT_UPDATE &&
        (command->type != SYN_TYPE_DOCUMENT || !has_data)) {
        return SYN_OP_TTL;
    }
    if (command->verb == SYN_VERB_ITEM_UPDATE && !has_data) {
        return SYN_OP_ITEM_TTL;
    }
    return row->op;
}

static bool is_allowed(struct syn_step *step, const struct verb_row *row)
{
    const struct syn_command *command = step->command;
    const struct syn_rules *rules = step->model->rules;
    if (row->right == 0) {
        return true;
    }
    struct syn_access_query query = {
        .object = &step->object->object,
        .identity = step->actor->identity,
        .op = op_of(step, row),
        .right = row->right,
        .addressing = syn_model_is_sid(command->id) ? SYN_BY_SID : SYN_BY_NAME,
        .is_put = command->verb == SYN_VERB_ITEM_PUT,
        .now_ms = step->now_ms};
    if (step->actor->plane == SYN_PLANE_REST) {
        query.model = step->model;
        query.service = &step->service->row;
        return rules->decide_backend(rules->ctx, &query);
    }
    if (!syn_access_ask(step->model, query)) {
        return false;
    }
    /* Whether a condition holds tells about content: it needs read too
     * (rest.md 7.3). */
    query.right = SYN_RIGHT_READ;
    return command->if_match.at == NULL || syn_access_ask(step->model, query);
}

static enum syn_code prologue(struct syn_step *step, const struct verb_row *row)
{
    if (row->is_rest_only && step->actor->plane == SYN_PLANE_SDK) {
        return SYN_CODE_20006;
    }
    if (row->needs_service) {
        step->service = syn_service_find(step->model, step->actor->account,
                                         step->command->service);
        if (step->service == NULL) {
            return syn_step_missing(step, SYN_CODE_54050);
        }
    }
    if (row->needs_object) {
        enum syn_code code = find_object(step, row);
        if (code != SYN_CODE_NONE) {
            return code;
        }
    }
    if (is_allowed(step, row)) {
        return SYN_CODE_NONE;
    }
    const struct syn_rules *rules = step->model->rules;
    return rules->refuse_access(rules->ctx, &step->object->object,
                                step->command);
}

syn_status syn_model_step(struct syn_model *model,
                          const struct syn_request *request,
                          struct syn_arena *arena, struct syn_outcome *out)
{
    const struct syn_command *command = request->command;
    const struct syn_actor *actor = request->actor;
    SYN_ASSERT((unsigned)command->verb < SYN_VERB_COUNT);
    SYN_ASSERT((unsigned)command->type < SYN_TYPE_COUNT);
    SYN_ASSERT(actor->account != NULL);
    syn_model_bury(model);
    memset(out, 0, sizeof(*out));
    struct syn_step step = {.model = model,
                            .now_ms = request->now_ms,
                            .actor = actor,
                            .command = command,
                            .arena = arena,
                            .out = out};
    const struct verb_row *row = &verbs[command->verb];
    enum syn_code code = prologue(&step, row);
    if (code != SYN_CODE_NONE) {
        return syn_step_refuse(&step, code);
    }
    syn_status status = row->run(&step);
    if (status != SYN_OK) {
        memset(out, 0, sizeof(*out));
    } else if (out->code == SYN_CODE_NONE) {
        out->service = step.service == NULL ? out->service : &step.service->row;
        out->object = step.object == NULL ? out->object : &step.object->object;
    }
    return status;
}
