/*
 * replay.c - what a subscriber missed.
 * Layer: model. Threads: one owner.
 * Source: sdk-protocol.md section 9; adversaries B09, E05.
 *
 * Documents need no log: the newest state stands for all changes before it.
 * Lists and maps keep their last events in a ring indexed by event id, bounded
 * in number and in bytes. Never a silent gap: when the ring no longer reaches
 * back to what the subscriber knows, or it claims to know the future, nothing
 * is replayed and the outcome says interrupted. When an item is removed, the
 * data of its logged events goes at once; the removal alone is replayed.
 */
#include "model/state.h"

#include "syn/limits.h"

#include <string.h>

static struct syn_log_entry **slot_of(const struct syn_log_ring *log,
                                      int64_t id)
{
    return &log->ring[(size_t)id & (log->capacity - 1)];
}

static bool has_entry(const struct syn_log_ring *log, int64_t id)
{
    return id >= log->first_id && id - log->first_id < (int64_t)log->count;
}

static void drop_data(struct syn_model *model, struct syn_log_ring *log,
                      struct syn_log_entry *entry)
{
    if (entry->blob != NULL) {
        log->bytes -= entry->blob->text.bytes;
        syn_blob_drop(model, entry->blob);
        entry->blob = NULL;
    }
}

static void evict_oldest(struct syn_model *model, struct syn_log_ring *log)
{
    struct syn_log_entry **slot = slot_of(log, log->first_id);
    drop_data(model, log, *slot);
    syn_model_release(model, *slot);
    log->first_id++;
    log->count--;
}

void syn_log_free(struct syn_model *model, struct syn_log_ring *log)
{
    while (log->count > 0) {
        evict_oldest(model, log);
    }
    syn_model_release(model, log->ring);
    *log = (struct syn_log_ring){0};
}

/* Double the ring up to the configured bound; entries move to new slots. */
static bool grow(struct syn_model *model, struct syn_log_ring *log)
{
    size_t capacity = log->capacity == 0 ? 4 : log->capacity * 2;
    struct syn_log_entry **ring =
        syn_model_alloc(model, capacity * sizeof(struct syn_log_entry *));
    if (ring == NULL) {
        return false;
    }
    for (size_t i = 0; i < log->count; i++) {
        int64_t id = log->first_id + (int64_t)i;
        ring[(size_t)id & (capacity - 1)] = *slot_of(log, id);
    }
    syn_model_release(model, log->ring);
    log->ring = ring;
    log->capacity = capacity;
    return true;
}

struct syn_log_entry *syn_log_prepare(struct syn_model *model,
                                      struct syn_object_cell *object,
                                      struct syn_str identity,
                                      struct syn_str key)
{
    struct syn_log_ring *log = &object->log;
    if (log->count == log->capacity &&
        log->capacity < model->replay_events_max && !grow(model, log)) {
        return NULL;
    }
    struct syn_log_entry *entry = syn_model_alloc(
        model, sizeof(*entry) + identity.bytes + 1 + key.bytes + 1);
    if (entry != NULL) {
        char *at = (char *)(entry + 1);
        entry->identity = syn_model_put_text(&at, identity);
        entry->key = syn_model_put_text(&at, key);
    }
    return entry;
}

void syn_log_discard(struct syn_model *model, struct syn_log_entry *entry)
{
    syn_model_release(model, entry);
}

/* An item is gone: what was logged about it is no longer told. */
static void void_history(struct syn_model *model, struct syn_log_ring *log,
                         int64_t id)
{
    while (has_entry(log, id)) {
        struct syn_log_entry *entry = *slot_of(log, id);
        drop_data(model, log, entry);
        entry->is_void = true;
        id = entry->previous_id;
    }
}

static bool is_removal(enum syn_event_kind kind)
{
    return kind == SYN_EVENT_LIST_ITEM_REMOVED ||
           kind == SYN_EVENT_MAP_ITEM_REMOVED;
}

void syn_log_append(struct syn_model *model, struct syn_object_cell *object,
                    struct syn_log_entry *entry, const struct syn_event *event,
                    struct syn_blob *blob)
{
    struct syn_log_ring *log = &object->log;
    if (log->count == 0) {
        log->first_id = event->id;
    }
    SYN_ASSERT(event->id == log->first_id + (int64_t)log->count);
    while (log->count >= model->replay_events_max) {
        evict_oldest(model, log);
    }
    entry->kind = event->kind;
    entry->cause = event->cause;
    entry->plane = event->plane;
    entry->id = event->id;
    entry->at_ms = event->at_ms;
    entry->expires_ms = event->expires_ms;
    entry->index = event->index;
    if (is_removal(event->kind)) {
        void_history(model, log, entry->previous_id);
    } else {
        entry->blob = blob;
        blob->refs++;
        log->bytes += blob->text.bytes;
    }
    *slot_of(log, entry->id) = entry;
    log->count++;
    while (log->bytes > SYN_REPLAY_BYTES_MAX && log->count > 1) {
        evict_oldest(model, log);
    }
}

/* --- SUBSCRIBE
 * ------------------------------------------------------------------------ */

static void fill_replayed(struct syn_event *event,
                          const struct syn_object_cell *object,
                          const struct syn_log_entry *entry)
{
    *event = (struct syn_event){.kind = entry->kind,
                                .cause = entry->cause,
                                .object = &object->object,
                                .id = entry->id,
                                .at_ms = entry->at_ms,
                                .identity = entry->identity,
                                .plane = entry->plane,
                                .data = entry->blob == NULL ? SYN_STR("null")
                                                            : entry->blob->text,
                                .index = entry->index,
                                .key = entry->key,
                                .item_event_id = entry->id,
                                .object_event_count = entry->id + 1,
                                .expires_ms = entry->expires_ms};
}

static syn_status replay_log(struct syn_step *step, int64_t last_id)
{
    const struct syn_log_ring *log = &step->object->log;
    int64_t newest = step->object->object.event_count - 1;
    if (last_id == newest) {
        return SYN_OK;
    }
    if (!has_entry(log, last_id + 1)) {
        step->out->replay = SYN_REPLAY_INTERRUPTED;
        return SYN_OK;
    }
    size_t count = (size_t)(newest - last_id);
    struct syn_event *events =
        syn_arena_array(step->arena, count, sizeof(*events));
    if (events == NULL) {
        return SYN_ERR_MEMORY;
    }
    step->out->events = events;
    for (int64_t id = last_id + 1; id <= newest; id++) {
        const struct syn_log_entry *entry = *slot_of(log, id);
        if (!entry->is_void) {
            fill_replayed(&events[step->out->event_count], step->object, entry);
            step->out->event_count++;
        }
    }
    return SYN_OK;
}

/* Who changed a document last is not kept; a replay names nobody. */
static syn_status replay_document(struct syn_step *step, int64_t last_id)
{
    const struct syn_object *object = &step->object->object;
    if (last_id == object->event_count) {
        return SYN_OK;
    }
    if (last_id > object->event_count) {
        step->out->replay = SYN_REPLAY_INTERRUPTED;
        return SYN_OK;
    }
    const struct syn_doer nobody = {.cause = SYN_CAUSE_REQUEST,
                                    .plane = SYN_PLANE_REST,
                                    .identity = {"", 0},
                                    .now_ms = object->updated_ms};
    struct syn_event *event = syn_arena_array(step->arena, 1, sizeof(*event));
    if (event == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_object_fill_event(event, step->object, SYN_EVENT_DOCUMENT_UPDATED,
                          &nobody);
    step->out->events = event;
    step->out->event_count = 1;
    return SYN_OK;
}

/* A replay is a delivery: the rules are asked once more. */
static bool may_replay(const struct syn_step *step)
{
    return step->actor->plane == SYN_PLANE_REST ||
           syn_access_ask(step->model, (struct syn_access_query){
                                           .object = &step->object->object,
                                           .identity = step->actor->identity,
                                           .op = SYN_OP_DELIVER,
                                           .right = SYN_RIGHT_READ,
                                           .addressing = SYN_BY_SID,
                                           .is_replay = true,
                                           .now_ms = step->now_ms});
}

syn_status syn_verb_subscribe(struct syn_step *step)
{
    struct syn_maybe_i64 last = step->command->last_event_id;
    enum syn_type type = step->object->object.type;
    step->out->replay = SYN_REPLAY_COMPLETE;
    if (!last.is_set || type == SYN_TYPE_STREAM) {
        return SYN_OK;
    }
    if (last.value < -1 || last.value == INT64_MAX || !may_replay(step)) {
        step->out->replay = SYN_REPLAY_INTERRUPTED;
        return SYN_OK;
    }
    return type == SYN_TYPE_DOCUMENT ? replay_document(step, last.value)
                                     : replay_log(step, last.value);
}
