/*
 * arena.c - bump allocator over a list of chunks, newest first.
 * Layer: base. Threads: one owner.
 *
 * Chunks double up to SYN_ARENA_CHUNK_BYTES_MAX; what is larger gets a chunk of
 * its own. A rewind keeps the largest ordinary chunk it passes, so that a
 * scratch arena which is rewound per request asks the allocator only once.
 */
#include "syn/arena.h"

#include "syn/limits.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT   _Alignof(max_align_t)
#define BRIEF_BYTES 256 /* printed once; longer texts are measured first */

struct syn_arena_chunk {
    struct syn_arena_chunk *next; /* older */
    size_t capacity;
    size_t used;
    _Alignas(max_align_t) unsigned char at[];
};

struct syn_arena_defer {
    struct syn_arena_defer *next; /* older */
    void (*release)(void *object);
    void *object;
};

static void *heap_resize(void *ctx, void *block, size_t bytes)
{
    (void)ctx;
    SYN_ASSERT(bytes > 0); /* realloc to 0 means something else everywhere */
    return realloc(block, bytes);
}

static void heap_release(void *ctx, void *block)
{
    (void)ctx;
    free(block);
}

const struct syn_allocator syn_allocator_heap = {
    .resize = heap_resize, .release = heap_release, .ctx = NULL};

void syn_arena_init(struct syn_arena *arena,
                    const struct syn_allocator *allocator, size_t bytes_max)
{
    *arena = (struct syn_arena){
        .allocator = allocator == NULL ? &syn_allocator_heap : allocator,
        .bytes_max = bytes_max,
    };
}

static void release_chunk(const struct syn_arena *arena,
                          struct syn_arena_chunk *chunk)
{
    arena->allocator->release(arena->allocator->ctx, chunk);
}

/* Newest first: a later object may lean on an earlier one. */
static void run_defers(struct syn_arena *arena,
                       const struct syn_arena_defer *until)
{
    while (arena->defers != until) {
        struct syn_arena_defer *defer = arena->defers;
        SYN_ASSERT(defer != NULL); /* else the mark was not ours */
        arena->defers = defer->next;
        defer->release(defer->object);
    }
}

void syn_arena_fini(struct syn_arena *arena)
{
    run_defers(arena, NULL);
    while (arena->chunk != NULL) {
        struct syn_arena_chunk *chunk = arena->chunk;
        arena->chunk = chunk->next;
        release_chunk(arena, chunk);
    }
    arena->bytes_used = 0;
}

/* Small arenas are many (one a session), so they begin small. */
static size_t first_capacity(const struct syn_arena *arena)
{
    size_t capacity = arena->bytes_max / SYN_ARENA_FIRST_SHARE;
    return capacity < SYN_ARENA_CHUNK_BYTES_MIN ? capacity
                                                : SYN_ARENA_CHUNK_BYTES_MIN;
}

static size_t next_capacity(const struct syn_arena *arena, size_t needed)
{
    size_t capacity = first_capacity(arena);
    if (arena->chunk != NULL &&
        arena->chunk->capacity >= SYN_ARENA_CHUNK_BYTES_MAX / 2) {
        capacity = SYN_ARENA_CHUNK_BYTES_MAX;
    } else if (arena->chunk != NULL) {
        capacity = arena->chunk->capacity * 2;
    }
    return capacity < needed ? needed : capacity;
}

static syn_status add_chunk(struct syn_arena *arena, size_t needed)
{
    size_t capacity = next_capacity(arena, needed);
    if (capacity > SIZE_MAX - sizeof(struct syn_arena_chunk)) {
        return SYN_ERR_LIMIT;
    }
    struct syn_arena_chunk *chunk = arena->allocator->resize(
        arena->allocator->ctx, NULL, sizeof *chunk + capacity);
    if (chunk == NULL) {
        return SYN_ERR_MEMORY;
    }
    chunk->next = arena->chunk;
    chunk->capacity = capacity;
    chunk->used = 0;
    arena->chunk = chunk;
    return SYN_OK;
}

static syn_status take(struct syn_arena *arena, size_t bytes, void **out)
{
    /* Also what is empty takes a place: results are unique. */
    size_t asked = bytes == 0 ? 1 : bytes;
    if (asked > SIZE_MAX - ALIGNMENT) {
        return SYN_ERR_LIMIT;
    }
    size_t rounded = (asked + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    SYN_ASSERT(arena->bytes_used <= arena->bytes_max);
    if (rounded > arena->bytes_max - arena->bytes_used) {
        return SYN_ERR_LIMIT;
    }
    if (arena->chunk == NULL ||
        arena->chunk->capacity - arena->chunk->used < rounded) {
        syn_status st = add_chunk(arena, rounded);
        if (st != SYN_OK) {
            return st;
        }
    }
    *out = arena->chunk->at + arena->chunk->used;
    arena->chunk->used += rounded;
    arena->bytes_used += rounded;
    return SYN_OK;
}

void *syn_arena_alloc(struct syn_arena *arena, size_t bytes)
{
    void *block = NULL;
    if (take(arena, bytes, &block) != SYN_OK) {
        return NULL;
    }
    memset(block, 0, bytes);
    return block;
}

void *syn_arena_array(struct syn_arena *arena, size_t count, size_t bytes_each)
{
    if (bytes_each != 0 && count > SIZE_MAX / bytes_each) {
        return NULL;
    }
    return syn_arena_alloc(arena, count * bytes_each);
}

struct syn_str syn_arena_dup(struct syn_arena *arena, struct syn_str s)
{
    struct syn_str copy = {NULL, 0};
    void *block = NULL;
    if (s.bytes == SIZE_MAX || take(arena, s.bytes + 1, &block) != SYN_OK) {
        return copy;
    }
    char *text = block;
    if (s.bytes > 0) {
        memcpy(text, s.at, s.bytes);
    }
    text[s.bytes] = '\0';
    copy.at = text;
    copy.bytes = s.bytes;
    return copy;
}

struct syn_str syn_arena_vprintf(struct syn_arena *arena, const char *format,
                                 va_list args)
{
    char brief[BRIEF_BYTES];
    struct syn_str text = {NULL, 0};
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(brief, sizeof brief, format, args);
    void *block = NULL;
    if (length >= 0 && (size_t)length < sizeof brief) {
        va_end(again);
        return syn_arena_dup(arena, (struct syn_str){brief, (size_t)length});
    }
    if (length >= 0 && take(arena, (size_t)length + 1, &block) == SYN_OK) {
        (void)vsnprintf(block, (size_t)length + 1, format, again);
        text.at = block;
        text.bytes = (size_t)length;
    }
    va_end(again);
    return text;
}

struct syn_str syn_arena_printf(struct syn_arena *arena, const char *format,
                                ...)
{
    va_list args;
    va_start(args, format);
    struct syn_str text = syn_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

syn_status syn_arena_defer(struct syn_arena *arena,
                           void (*release)(void *object), void *object)
{
    void *block = NULL;
    syn_status st = take(arena, sizeof(struct syn_arena_defer), &block);
    if (st != SYN_OK) {
        release(object); /* the caller has given it away either way */
        return st;
    }
    struct syn_arena_defer *defer = block;
    defer->next = arena->defers;
    defer->release = release;
    defer->object = object;
    arena->defers = defer;
    return SYN_OK;
}

struct syn_arena_mark syn_arena_mark(const struct syn_arena *arena)
{
    struct syn_arena_mark mark = {
        .chunk = arena->chunk,
        .chunk_used = arena->chunk == NULL ? 0 : arena->chunk->used,
        .defers = arena->defers,
        .bytes_used = arena->bytes_used,
    };
    return mark;
}

/* The chunk worth keeping of two; the other one is released. */
static struct syn_arena_chunk *keep_one(const struct syn_arena *arena,
                                        struct syn_arena_chunk *kept,
                                        struct syn_arena_chunk *other)
{
    bool is_better = other->capacity <= SYN_ARENA_CHUNK_BYTES_MAX &&
                     (kept == NULL || other->capacity > kept->capacity);
    struct syn_arena_chunk *loser = is_better ? kept : other;
    if (loser != NULL) {
        release_chunk(arena, loser);
    }
    return is_better ? other : kept;
}

void syn_arena_rewind(struct syn_arena *arena, struct syn_arena_mark mark)
{
    struct syn_arena_chunk *kept = NULL;
    run_defers(arena, mark.defers);
    while (arena->chunk != mark.chunk) {
        struct syn_arena_chunk *chunk = arena->chunk;
        SYN_ASSERT(chunk != NULL); /* else the mark was not ours */
        arena->chunk = chunk->next;
        kept = keep_one(arena, kept, chunk);
    }
    if (arena->chunk != NULL) {
        SYN_ASSERT(mark.chunk_used <= arena->chunk->used);
        arena->chunk->used = mark.chunk_used;
    }
    if (kept != NULL) {
        kept->next = arena->chunk;
        kept->used = 0;
        arena->chunk = kept;
    }
    arena->bytes_used = mark.bytes_used;
}
