/*
 * lacks.c - sets of (slot, identity) with rights.
 * Layer: gate. Threads: one owner.
 */
#include "gate/history.h"

#include "oracle/rights.h"

#include <string.h>

#define LACKS_FIRST 64

static void release_table(void *table)
{
    syn_table_fini(table);
}

syn_status syn_lacks_init(struct syn_lacks *needs, struct syn_arena *arena)
{
    *needs = (struct syn_lacks){.arena = arena};
    needs->by_key = syn_arena_alloc(arena, sizeof *needs->by_key);
    if (needs->by_key == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_table_init(needs->by_key, arena->allocator);
    return syn_arena_defer(arena, release_table, needs->by_key);
}

/* Places are kept as themselves plus one, so that none is NULL. */
static void *as_value(size_t place)
{
    return (void *)(uintptr_t)(place + 1);
}

static struct syn_str make_key(struct syn_arena *arena, size_t slot,
                               struct syn_str identity)
{
    return syn_arena_printf(arena, "%zu %.*s", slot, SYN_STR_ARG(identity));
}

const struct syn_lack *syn_lacks_find(const struct syn_lacks *needs,
                                      size_t slot, struct syn_str identity)
{
    struct syn_arena_mark mark = syn_arena_mark(needs->arena);
    struct syn_str key = make_key(needs->arena, slot, identity);
    void *value = key.at == NULL ? NULL : syn_table_find(needs->by_key, key);
    syn_arena_rewind(needs->arena, mark);
    return value == NULL ? NULL : &needs->at[(uintptr_t)value - 1];
}

static bool grow(struct syn_lacks *needs)
{
    size_t wanted = needs->capacity == 0 ? LACKS_FIRST : needs->capacity * 2;
    if (needs->count < needs->capacity) {
        return true;
    }
    struct syn_lack *at = syn_arena_array(needs->arena, wanted, sizeof *at);
    if (at == NULL) {
        return false;
    }
    if (needs->count > 0) {
        memcpy(at, needs->at, needs->count * sizeof *at);
    }
    needs->at = at;
    needs->capacity = wanted;
    return true;
}

syn_status syn_lacks_entry(struct syn_lacks *needs, size_t slot,
                           struct syn_str identity, struct syn_lack **out)
{
    const struct syn_lack *found = syn_lacks_find(needs, slot, identity);
    if (found != NULL) {
        *out = &needs->at[found - needs->at];
        return SYN_OK;
    }
    struct syn_str key = make_key(needs->arena, slot, identity);
    if (key.at == NULL || !grow(needs)) {
        return SYN_ERR_MEMORY;
    }
    syn_status st =
        syn_table_insert(needs->by_key, key, as_value(needs->count));
    if (st != SYN_OK) {
        return st;
    }
    *out = &needs->at[needs->count++];
    **out = (struct syn_lack){.slot = slot, .identity = identity};
    return SYN_OK;
}

struct syn_str syn_lack_explain(struct syn_arena *arena,
                                const struct syn_ruling *why,
                                enum syn_type type, struct syn_str label,
                                struct syn_str identity)
{
    const struct syn_access subject = {type, label, identity};
    return syn_oracle_explain(arena, &subject, why);
}
