/*
 * table.h - hash table from byte strings to pointers.
 * Layer: base. Threads: one owner.
 *
 * Open addressing with a keyed hash (SipHash-1-3 with a per-process key), so
 * that names chosen by an attacker do not collide at will. Keys are borrowed:
 * they must live as long as the entry (usually inside the value).
 * The order of iteration differs from process to process: whoever lets order
 * reach the wire or a report keeps a list or sorts, or a seed replays nothing.
 */
#ifndef SYN_BASE_TABLE_H
#define SYN_BASE_TABLE_H

#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stddef.h>
#include <stdint.h>

struct syn_table_slot {
    struct syn_str key;
    void *value; /* NULL: free */
    uint64_t hash;
};

struct syn_table {
    const struct syn_allocator *allocator;
    struct syn_table_slot *slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
};

/* `allocator` NULL means the heap. Allocates nothing yet. */
void syn_table_init(struct syn_table *table,
                    const struct syn_allocator *allocator);
void syn_table_fini(struct syn_table *table); /* values are not touched */

/* NULL when absent. */
void *syn_table_find(const struct syn_table *table, struct syn_str key);

/* Errors: SYN_ERR_EXISTS key taken, SYN_ERR_MEMORY, SYN_ERR_LIMIT beyond
 * SYN_TABLE_ENTRIES_MAX. `value` is not NULL. */
SYN_MUST_CHECK syn_status syn_table_insert(struct syn_table *table,
                                           struct syn_str key, void *value);

/* Returns the value that was there, or NULL. */
void *syn_table_remove(struct syn_table *table, struct syn_str key);

/* Iterate: start with *cursor = 0; NULL at the end. Do not change meanwhile. */
void *syn_table_next(const struct syn_table *table, size_t *cursor);

/* SipHash-1-3 of `s` under `key`; exported for its test vectors. */
uint64_t syn_table_hash(const uint64_t key[2], struct syn_str s);

#endif
