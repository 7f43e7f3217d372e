/*
 * fail_alloc.h - an allocator that fails its n-th call, and counts blocks.
 * Layer: tests. Threads: one.
 *
 * A test runs its subject with fail_at = 1, 2, 3 … until nothing failed: each
 * allocation has then failed once. `blocks` must be 0 at the end of each run.
 */
#ifndef SYN_TESTS_FAIL_ALLOC_H
#define SYN_TESTS_FAIL_ALLOC_H

#include "syn/arena.h"

#include <stdbool.h>
#include <stdlib.h>

struct fail_alloc {
    struct syn_allocator table; /* hand out &fail.table */
    unsigned calls;
    unsigned fail_at; /* 1: the first call; 0: never */
    unsigned blocks;  /* not released yet */
    bool has_failed;
};

static inline void *fail_alloc_resize(void *ctx, void *block, size_t bytes)
{
    struct fail_alloc *fail = ctx;
    if (++fail->calls == fail->fail_at) {
        fail->has_failed = true;
        return NULL;
    }
    void *at = realloc(block, bytes);
    fail->blocks += at != NULL && block == NULL ? 1 : 0;
    return at;
}

static inline void fail_alloc_release(void *ctx, void *block)
{
    struct fail_alloc *fail = ctx;
    fail->blocks -= block != NULL ? 1 : 0;
    free(block);
}

static inline void fail_alloc_init(struct fail_alloc *fail, unsigned fail_at)
{
    *fail = (struct fail_alloc){
        .table = {fail_alloc_resize, fail_alloc_release, fail},
        .fail_at = fail_at,
    };
}

#endif
