/*
 * history.c - which object each event of a trace is about.
 * Layer: gate. Threads: one owner.
 *
 * Names win over sids, as a name outlives its objects; a sid that was ever seen
 * together with a name stands for it everywhere in the trace.
 */
#include "gate/history.h"

#include <string.h>

const struct syn_history_word syn_history_rights[SYN_HISTORY_RIGHTS] = {
    {SYN_RIGHT_READ, "read"},
    {SYN_RIGHT_WRITE, "write"},
    {SYN_RIGHT_MANAGE, "manage"}};

#define HTTP_OK_FIRST  200
#define HTTP_OK_BEYOND 300

struct builder {
    struct syn_arena *arena;
    struct syn_history *history;
    struct syn_table by_label; /* "type sid" or "type:name": slot + 1 */
    size_t capacity;
};

bool syn_history_is_backend(const struct syn_trace_event *event)
{
    return event->src == SYN_TRACE_REST ||
           (event->src == SYN_TRACE_WEBHOOK && event->conn.at == NULL &&
            syn_str_is(event->identity, "system"));
}

bool syn_history_was_refused(const struct syn_trace_event *event)
{
    return event->http == 401 || event->http == 403 || event->http == 404;
}

static bool has_succeeded(const struct syn_trace_event *event)
{
    return event->http == SYN_TRACE_UNKNOWN ||
           (event->http >= HTTP_OK_FIRST && event->http < HTTP_OK_BEYOND);
}

static size_t find_slot(struct builder *builder, struct syn_str key)
{
    void *value = syn_table_find(&builder->by_label, key);
    return value == NULL ? SYN_HISTORY_NONE : (size_t)(uintptr_t)value - 1;
}

static syn_status add_slot(struct builder *builder, enum syn_type type,
                           size_t *out)
{
    struct syn_history *history = builder->history;
    if (history->slot_count == builder->capacity) {
        size_t wanted = builder->capacity == 0 ? 64 : builder->capacity * 2;
        struct syn_history_slot *slots =
            syn_arena_array(builder->arena, wanted, sizeof *slots);
        if (slots == NULL) {
            return SYN_ERR_MEMORY;
        }
        if (history->slot_count > 0) {
            memcpy(slots, history->slots, history->slot_count * sizeof *slots);
        }
        history->slots = slots;
        builder->capacity = wanted;
    }
    *out = history->slot_count++;
    history->slots[*out] = (struct syn_history_slot){.type = type};
    return SYN_OK;
}

/* Let `key` stand for the slot; already known keys stay as they are. */
static syn_status bind(struct builder *builder, struct syn_str key, size_t slot)
{
    if (key.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_table_insert(&builder->by_label, key,
                                     (void *)(uintptr_t)(slot + 1));
    return st == SYN_ERR_EXISTS ? SYN_OK : st;
}

static struct syn_str key_of(struct builder *builder, enum syn_type type,
                             char mark, struct syn_str text)
{
    return syn_arena_printf(builder->arena, "%u%c%.*s", (unsigned)type, mark,
                            SYN_STR_ARG(text));
}

/* The slot of a sid, a name or both; made when there is none. */
static syn_status resolve(struct builder *builder, enum syn_type type,
                          struct syn_str sid, struct syn_str name, size_t *out)
{
    struct syn_str by_sid = key_of(builder, type, '#', sid);
    struct syn_str by_name = key_of(builder, type, ':', name);
    syn_status st = SYN_OK;
    *out = SYN_HISTORY_NONE;
    if (by_sid.at == NULL || by_name.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    if (name.at != NULL) {
        *out = find_slot(builder, by_name);
    }
    if (*out == SYN_HISTORY_NONE && sid.at != NULL) {
        *out = find_slot(builder, by_sid);
    }
    if (*out == SYN_HISTORY_NONE) {
        st = add_slot(builder, type, out);
    }
    struct syn_history_slot *slot = &builder->history->slots[*out];
    if (st == SYN_OK && name.at != NULL) {
        slot->name = name;
        st = bind(builder, by_name, *out);
    }
    if (st == SYN_OK && sid.at != NULL) {
        slot->sid = sid;
        st = bind(builder, by_sid, *out);
    }
    return st;
}

/* First everything that knows a name, so that sids find it. */
static syn_status bind_names(struct builder *builder)
{
    const struct syn_trace *trace = builder->history->trace;
    size_t slot = 0;
    syn_status st = SYN_OK;
    for (size_t i = 0; i < trace->inv_count && st == SYN_OK; i++) {
        const struct syn_trace_inv *inv = &trace->invs[i];
        st = resolve(builder, inv->type, inv->sid, inv->name, &slot);
        if (st == SYN_OK && builder->history->slots[slot].inv == NULL) {
            builder->history->slots[slot].inv = inv;
        }
    }
    for (size_t i = 0; i < trace->event_count && st == SYN_OK; i++) {
        const struct syn_trace_event *event = &trace->events[i];
        if (event->type != SYN_TYPE_COUNT && event->name.at != NULL) {
            st = resolve(builder, event->type, event->sid, event->name, &slot);
        }
    }
    return st;
}

static syn_status bind_events(struct builder *builder)
{
    struct syn_history *history = builder->history;
    const struct syn_trace *trace = history->trace;
    history->slot_of =
        syn_arena_array(builder->arena, trace->event_count, sizeof(size_t));
    if (history->slot_of == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < trace->event_count; i++) {
        const struct syn_trace_event *event = &trace->events[i];
        bool is_named = event->sid.at != NULL || event->name.at != NULL;
        history->slot_of[i] = SYN_HISTORY_NONE;
        if (event->type == SYN_TYPE_COUNT || !is_named) {
            continue;
        }
        syn_status st = resolve(builder, event->type, event->sid, event->name,
                                &history->slot_of[i]);
        if (st != SYN_OK) {
            return st;
        }
        history->slots[history->slot_of[i]].event_count++;
    }
    return SYN_OK;
}

/* The events of each slot, in order. */
static syn_status list_events(struct builder *builder)
{
    struct syn_history *history = builder->history;
    size_t total = history->trace->event_count;
    size_t *places = syn_arena_array(builder->arena, total, sizeof *places);
    if (places == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t s = 0, used = 0; s < history->slot_count; s++) {
        struct syn_history_slot *slot = &history->slots[s];
        slot->events = places + used;
        used += slot->event_count;
        slot->event_count = 0;
    }
    for (size_t i = 0; i < total; i++) {
        if (history->slot_of[i] != SYN_HISTORY_NONE) {
            struct syn_history_slot *slot =
                &history->slots[history->slot_of[i]];
            places[(size_t)(slot->events - places) + slot->event_count++] = i;
        }
    }
    return SYN_OK;
}

/* Who made its first life: the inventory knows, or the create in the trace;
 * where neither does, the backend, because that is the harder case. */
static void find_creator(struct syn_history *history,
                         struct syn_history_slot *slot)
{
    if (slot->inv != NULL) {
        slot->is_prior = true;
        slot->is_real = true;
        slot->is_creator_assumed = slot->inv->created_by.at == NULL;
        if (!syn_str_is(slot->inv->created_by, "system")) {
            slot->creator = slot->inv->created_by;
        }
        return;
    }
    for (size_t i = 0; i < slot->event_count; i++) {
        const struct syn_trace_event *event =
            &history->trace->events[slot->events[i]];
        if (!has_succeeded(event)) {
            continue;
        }
        slot->is_real = true;
        slot->is_prior = event->op != SYN_TRACE_CREATE;
        slot->is_creator_assumed = slot->is_prior;
        if (!slot->is_prior && !syn_history_is_backend(event)) {
            slot->creator = event->identity;
        }
        return;
    }
}

static void release_table(void *table)
{
    syn_table_fini(table);
}

syn_status syn_history_new(struct syn_arena *arena,
                           const struct syn_trace *trace,
                           struct syn_history **out)
{
    struct syn_history *history = syn_arena_alloc(arena, sizeof *history);
    struct builder *builder = syn_arena_alloc(arena, sizeof *builder);
    if (history == NULL || builder == NULL) {
        return SYN_ERR_MEMORY;
    }
    history->trace = trace;
    *builder = (struct builder){.arena = arena, .history = history};
    syn_table_init(&builder->by_label, arena->allocator);
    syn_status st = syn_arena_defer(arena, release_table, &builder->by_label);
    if (st == SYN_OK) {
        st = bind_names(builder);
    }
    if (st == SYN_OK) {
        st = bind_events(builder);
    }
    if (st == SYN_OK) {
        st = list_events(builder);
    }
    for (size_t s = 0; st == SYN_OK && s < history->slot_count; s++) {
        find_creator(history, &history->slots[s]);
    }
    if (st == SYN_OK) {
        *out = history;
    }
    return st;
}
