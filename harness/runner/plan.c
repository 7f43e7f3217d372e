/*
 * plan.c - rows x types x repeats.
 * Layer: runner. Threads: immutable once built.
 */
#include "runner/plan.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "runner/clause.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define HASH_TEXT_MAX 67108864
#define HASH_DIGITS   (SYN_PLAN_HASH_BYTES - 1)

static syn_status grow(struct syn_arena *arena, struct syn_plan *plan)
{
    size_t capacity = plan->capacity == 0 ? 64 : plan->capacity * 2;
    struct syn_plan_entry *entries =
        syn_arena_array(arena, capacity, sizeof *entries);
    if (plan->count >= SYN_PLAN_ENTRIES_MAX) {
        return SYN_ERR_LIMIT;
    }
    if (entries == NULL) {
        return SYN_ERR_MEMORY;
    }
    if (plan->count > 0) {
        memcpy(entries, plan->entries, plan->count * sizeof *entries);
    }
    plan->entries = entries;
    plan->capacity = capacity;
    return SYN_OK;
}

static const char *name_entry(struct syn_arena *arena,
                              const struct syn_plan_entry *entry)
{
    const char *type = entry->has_type ? syn_type_name(entry->type) : "";
    struct syn_str name = syn_arena_printf(
        arena, "%s%s%s%s%s%s", entry->row->id, entry->has_type ? "[" : "", type,
        entry->has_type ? "]" : "", entry->defect == NULL ? "" : "@",
        entry->defect == NULL ? "" : entry->defect);
    if (name.at != NULL && entry->repeat > 1) {
        name = syn_arena_printf(arena, "%s#%u", name.at, entry->repeat);
    }
    return name.at;
}

static syn_status add_entry(struct syn_arena *arena, struct syn_plan *plan,
                            const struct syn_plan_entry *entry)
{
    syn_status st = plan->count == plan->capacity ? grow(arena, plan) : SYN_OK;
    if (st != SYN_OK) {
        return st;
    }
    plan->entries[plan->count] = *entry;
    plan->entries[plan->count].name = name_entry(arena, entry);
    if (plan->entries[plan->count].name == NULL) {
        return SYN_ERR_MEMORY;
    }
    plan->count++;
    return SYN_OK;
}

static syn_status add_row(struct syn_arena *arena, struct syn_plan *plan,
                          const struct syn_plan_order *order,
                          struct syn_plan_entry entry)
{
    unsigned types = entry.row->types;
    for (unsigned t = 0; t < SYN_TYPE_COUNT; t++) {
        entry.has_type = types != 0;
        entry.type = (enum syn_type)t;
        bool is_wanted = types == 0 ? t == 0 : (types & SYN_TYPE_BIT(t)) != 0;
        for (unsigned n = 1; is_wanted && n <= order->repeat; n++) {
            entry.repeat = n;
            syn_status st = add_entry(arena, plan, &entry);
            if (st != SYN_OK) {
                return st;
            }
        }
    }
    return SYN_OK;
}

/* Rows that load a machine for minutes are left out until asked for. */
static const char *lack_of(const struct syn_plan_order *order,
                           const struct syn_scenario *row)
{
    static const char load[] = "load";
    const struct syn_selection *selection = order->selection;
    bool is_asked_for = !syn_select_has_word(row->tags, load);
    for (size_t i = 0; i < selection->tag_count; i++) {
        is_asked_for = is_asked_for || strcmp(selection->tags[i], load) == 0;
    }
    return is_asked_for ? syn_stage_lack(order->stage, row)
                        : "a load row: give --tag load";
}

syn_status syn_plan_add(struct syn_arena *arena, struct syn_plan *plan,
                        const struct syn_plan_order *order)
{
    for (size_t s = 0; order->suites[s] != NULL; s++) {
        const struct syn_suite *suite = order->suites[s];
        for (size_t r = 0; r < suite->row_count; r++) {
            struct syn_plan_entry entry = {.suite = suite,
                                           .row = &suite->rows[r],
                                           .defect = order->defect,
                                           .lack =
                                               lack_of(order, &suite->rows[r])};
            syn_status st = syn_select_has(order->selection, entry.row)
                                ? add_row(arena, plan, order, entry)
                                : SYN_OK;
            if (st != SYN_OK) {
                return st;
            }
        }
    }
    return SYN_OK;
}

struct place {
    unsigned estimate_s;
    size_t index;
};

static int by_estimate(const void *a, const void *b)
{
    const struct place *first = a;
    const struct place *second = b;
    if (first->estimate_s != second->estimate_s) {
        return first->estimate_s > second->estimate_s ? -1 : 1;
    }
    return first->index < second->index ? -1 : 1;
}

const size_t *syn_plan_longest_first(struct syn_arena *arena,
                                     const struct syn_plan *plan)
{
    const size_t room =
        plan->count + 1; /* an empty plan is no lack of memory */
    struct place *places = syn_arena_array(arena, room, sizeof *places);
    size_t *order = syn_arena_array(arena, room, sizeof *order);
    if (places == NULL || order == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < plan->count; i++) {
        places[i] = (struct place){
            .estimate_s = plan->entries[i].row->estimate_s, .index = i};
    }
    qsort(places, plan->count, sizeof *places, by_estimate);
    for (size_t i = 0; i < plan->count; i++) {
        order[i] = places[i].index;
    }
    return order;
}

void syn_plan_hash(const struct syn_suite *const *suites,
                   char out[SYN_PLAN_HASH_BYTES])
{
    struct syn_buf text;
    unsigned char digest[SYN_DIGEST_BYTES_MAX] = {0};
    char hex[2 * SYN_DIGEST_BYTES_MAX + 1];
    syn_buf_init(&text, NULL, HASH_TEXT_MAX);
    for (size_t s = 0; suites[s] != NULL; s++) {
        for (size_t r = 0; r < suites[s]->row_count; r++) {
            const struct syn_scenario *row = &suites[s]->rows[r];
            syn_buf_printf(&text, "%s|%s|%s|%d|%d|%u|%u|%d|%d\n", row->id,
                           row->title, row->source, (int)row->level,
                           (int)row->subject, row->types, row->needs,
                           (int)row->safety, row->acl_on ? 1 : 0);
        }
    }
    for (size_t i = 0; i < syn_clause_count; i++) {
        syn_buf_printf(&text, "%s|%s\n", syn_clauses[i].id,
                       syn_clauses[i].sentence);
    }
    SYN_ASSERT(text.status == SYN_OK);
    SYN_ASSERT(syn_digest_of(SYN_SHA256, syn_buf_str(&text), digest) == SYN_OK);
    syn_crypto_hex(digest, HASH_DIGITS / 2, hex);
    memcpy(out, hex, HASH_DIGITS);
    out[HASH_DIGITS] = '\0';
    syn_buf_fini(&text);
}
