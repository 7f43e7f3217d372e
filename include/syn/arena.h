/*
 * arena.h - bump allocator, freed whole or back to a mark.
 * Layer: public. Threads: one owner.
 *
 * One arena per scenario, one per worker, a scratch arena per request. Memory
 * comes in chunks from the allocator table, so that tests can fail the n-th
 * call. What must be released with the memory (a parsed JSON tree, a file) is
 * hung on it with syn_arena_defer.
 */
#ifndef SYN_ARENA_H
#define SYN_ARENA_H

#include "syn/status.h"
#include "syn/str.h"

#include <stdarg.h>
#include <stddef.h>

/* Every allocation of the program goes through such a table. */
struct syn_allocator {
    void *(*resize)(void *ctx, void *block, size_t bytes); /* NULL: failed */
    void (*release)(void *ctx, void *block);
    void *ctx;
};

/* malloc and free. */
extern const struct syn_allocator syn_allocator_heap;

struct syn_arena_chunk;
struct syn_arena_defer;

struct syn_arena {
    const struct syn_allocator *allocator;
    struct syn_arena_chunk *chunk;  /* newest first */
    struct syn_arena_defer *defers; /* newest first */
    size_t bytes_used;              /* handed out so far */
    size_t bytes_max;               /* bound; more is SYN_ERR_LIMIT */
};

/*
 * A point to rewind to. Opaque value; valid until an older one is used. One
 * chunk is kept when rewinding, so a scratch arena settles without malloc.
 */
struct syn_arena_mark {
    struct syn_arena_chunk *chunk;
    size_t chunk_used;
    struct syn_arena_defer *defers;
    size_t bytes_used;
};

/* `allocator` NULL means syn_allocator_heap. Allocates nothing yet. */
void syn_arena_init(struct syn_arena *arena,
                    const struct syn_allocator *allocator, size_t bytes_max);

/* Run the deferred releases, newest first, and free everything. */
void syn_arena_fini(struct syn_arena *arena);

/*
 * Zeroed memory aligned for any type; NULL when the bound or the allocator is
 * exhausted. `bytes` may be 0: the result is then a valid unique pointer.
 */
void *syn_arena_alloc(struct syn_arena *arena, size_t bytes);

/* An array of `count` zeroed elements; NULL also when the product overflows. */
void *syn_arena_array(struct syn_arena *arena, size_t count, size_t bytes_each);

/* Copy with a NUL behind it; `at` NULL on failure. */
struct syn_str syn_arena_dup(struct syn_arena *arena, struct syn_str s);

/* Formatted text with a NUL behind it; `at` NULL on failure. */
struct syn_str syn_arena_printf(struct syn_arena *arena, const char *format,
                                ...) SYN_PRINTF(2, 3);
struct syn_str syn_arena_vprintf(struct syn_arena *arena, const char *format,
                                 va_list args) SYN_PRINTF(2, 0);

/*
 * Have `release(object)` called when the arena ends or is rewound past here.
 * On SYN_ERR_MEMORY or SYN_ERR_LIMIT the object is released at once.
 */
SYN_MUST_CHECK syn_status syn_arena_defer(struct syn_arena *arena,
                                          void (*release)(void *object),
                                          void *object);

struct syn_arena_mark syn_arena_mark(const struct syn_arena *arena);
void syn_arena_rewind(struct syn_arena *arena, struct syn_arena_mark mark);

#endif
