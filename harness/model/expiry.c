/*
 * expiry.c - deadlines in a heap, and the sweep that acts on them.
 * Layer: model. Threads: one owner.
 * Source: rest.md section 4.
 *
 * An expired thing stays visible, updatable and in the way of its name until
 * a sweep removes it; a write with a new TTL revives it. The heap holds only
 * what has a deadline, so a sweep costs O(log n) for each removal.
 */
#include "model/state.h"

#include <string.h>

#define DEADLINES 2 /* that one change sets: of an item and its container */

/* --- heap
 * ------------------------------------------------------------------------ */

bool syn_due_reserve(struct syn_model *model)
{
    size_t wanted = model->heap_count + DEADLINES;
    if (wanted <= model->heap_capacity) {
        return true;
    }
    size_t capacity = model->heap_capacity * 2;
    if (capacity < wanted || capacity < 16) {
        capacity = wanted < 16 ? 16 : wanted;
    }
    struct syn_due **heap =
        model->allocator->resize(model->allocator->ctx, model->heap,
                                 capacity * sizeof(struct syn_due *));
    if (heap == NULL) {
        return false;
    }
    model->heap = heap;
    model->heap_capacity = capacity;
    return true;
}

static void put(struct syn_model *model, size_t slot, struct syn_due *due)
{
    model->heap[slot - 1] = due;
    due->slot = slot;
}

static struct syn_due *at(const struct syn_model *model, size_t slot)
{
    return model->heap[slot - 1];
}

static void sift_up(struct syn_model *model, struct syn_due *due, size_t slot)
{
    while (slot > 1 && at(model, slot / 2)->at_ms > due->at_ms) {
        put(model, slot, at(model, slot / 2));
        slot /= 2;
    }
    put(model, slot, due);
}

static void sift_down(struct syn_model *model, struct syn_due *due, size_t slot)
{
    size_t child = slot * 2;
    while (child <= model->heap_count) {
        if (child < model->heap_count &&
            at(model, child + 1)->at_ms < at(model, child)->at_ms) {
            child++;
        }
        if (at(model, child)->at_ms >= due->at_ms) {
            break;
        }
        put(model, slot, at(model, child));
        slot = child;
        child = slot * 2;
    }
    put(model, slot, due);
}

static void take_out(struct syn_model *model, struct syn_due *due)
{
    size_t slot = due->slot;
    struct syn_due *last = at(model, model->heap_count);
    model->heap_count--;
    due->slot = 0;
    if (last != due) {
        last->slot = slot;
        sift_up(model, last, slot);
        sift_down(model, last, last->slot);
    }
}

/* 0 takes it out. Room was reserved before. */
void syn_due_set(struct syn_model *model, struct syn_due *due, int64_t at_ms)
{
    if (due->slot != 0 && due->at_ms == at_ms) {
        return;
    }
    if (due->slot != 0) {
        take_out(model, due);
    }
    due->at_ms = at_ms;
    if (at_ms != 0) {
        SYN_ASSERT(model->heap_count < model->heap_capacity);
        model->heap_count++;
        sift_up(model, due, model->heap_count);
    }
}

bool syn_model_next_expiry(const struct syn_model *model, int64_t *at_ms)
{
    if (model->heap_count == 0) {
        return false;
    }
    *at_ms = model->heap[0]->at_ms + model->rules->purge_delay_ms;
    return true;
}

/* --- sweep
 * ------------------------------------------------------------------------- */

static bool is_due(const struct syn_model *model, const struct syn_due *due,
                   int64_t limit_ms)
{
    const struct syn_rules *rules = model->rules;
    const struct syn_item *item = due->item == NULL ? NULL : &due->item->item;
    return rules->is_due(rules->ctx, &due->object->object, item, due->at_ms,
                         limit_ms);
}

/* A purge tells subscribers like a deletion; its actor is "system". */
static bool purge(struct syn_model *model, struct syn_due *due, int64_t now_ms,
                  struct syn_event *event)
{
    const struct syn_doer doer = {.cause = SYN_CAUSE_EXPIRY,
                                  .plane = SYN_PLANE_REST,
                                  .identity = SYN_STR("system"),
                                  .now_ms = now_ms};
    struct syn_object_cell *object = due->object;
    const struct syn_rules *rules = model->rules;
    if (due->item != NULL &&
        !rules->takes_container(rules->ctx, &object->object,
                                &due->item->item)) {
        struct syn_log_entry *entry =
            syn_log_prepare(model, object, doer.identity, due->item->item.key);
        if (entry == NULL) {
            return false;
        }
        syn_item_remove(model, due->item, entry, &doer, event);
        return true;
    }
    syn_object_detach(model, object);
    syn_object_fill_event(event, object,
                          syn_object_removed_kind(object->object.type), &doer);
    syn_model_tell(model, (struct syn_change){.kind = SYN_CHANGE_OBJECT,
                                              .is_delete = true,
                                              .object = &object->object});
    return true;
}

/* What the rules spared goes back; items of a container that went meanwhile
 * went with it. */
static void put_back(struct syn_model *model, struct syn_due *aside)
{
    while (aside != NULL) {
        struct syn_due *next = aside->aside;
        aside->aside = NULL;
        if (!aside->object->object.is_removed) {
            model->heap_count++;
            sift_up(model, aside, model->heap_count);
        }
        aside = next;
    }
}

syn_status syn_model_sweep(struct syn_model *model, int64_t now_ms,
                           size_t count_max, struct syn_arena *arena,
                           struct syn_outcome *out)
{
    syn_model_bury(model);
    memset(out, 0, sizeof(*out));
    size_t limit =
        count_max < model->heap_count ? count_max : model->heap_count;
    int64_t limit_ms = now_ms - model->rules->purge_delay_ms;
    struct syn_due *aside = NULL;
    bool is_short = false;
    while (out->count < limit && model->heap_count > 0 && !is_short) {
        struct syn_due *due = model->heap[0];
        if (!is_due(model, due, limit_ms)) {
            if (due->at_ms > limit_ms) {
                break;
            }
            take_out(model, due);
            due->aside = aside;
            aside = due;
            continue;
        }
        if (out->events == NULL) {
            out->events = syn_arena_array(arena, limit, sizeof(*out->events));
        }
        is_short = out->events == NULL ||
                   !purge(model, due, now_ms, &out->events[out->count]);
        out->count += is_short ? 0 : 1;
    }
    put_back(model, aside);
    out->event_count = out->count;
    return is_short && out->count == 0 ? SYN_ERR_MEMORY : SYN_OK;
}
