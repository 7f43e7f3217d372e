/*
 * commit.c - the commit thread: rows in, groups on the disk, a wake-up out.
 * Layer: store. Threads: the owner's and the commit thread, which it starts.
 * Source: design sections 5 and 6, performance section 5.
 *
 * The owner fills a buffer without any lock and hands it over once a turn, so
 * that a turn's writes make one group. The thread commits as soon as it is
 * idle; what comes meanwhile waits and makes the next group, cut after
 * SYN_STORE_GROUP_ROWS rows or SYN_STORE_GROUP_US, and only where a step ends:
 * an item without its container's counter must never be on the disk. Only
 * the two atomics are read without the lock.
 */
#include "store/pack.h"
#include "store/schema.h"

#include "base/log.h"
#include "syn/limits.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define KEPT_BYTES 1048576 /* a larger buffer is given back when empty */
#define US_PER_S   1000000
#define NS_PER_US  1000

struct syn_commit {
    struct syn_store *store; /* the thread's, from start to end */
    pthread_t thread;
    void (*wake)(void *ctx);
    void *wake_ctx;

    /* The owner's. */
    struct syn_buf filling;
    uint64_t issued;
    bool has_rows; /* since the last mark */
    bool is_logged;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t has_work;
    pthread_cond_t has_room;
    struct syn_buf waiting;
    bool is_ending;

    _Atomic uint64_t kept;
    atomic_bool has_failed;
};

/* --- the thread -------------------------------------------------------------
 */

static int64_t monotonic_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

/* Write rows up to the mark at which the group is full, then commit. */
static syn_status write_group(struct syn_store *store, struct syn_str *rest,
                              uint64_t *ticket)
{
    const int64_t end_us = monotonic_us() + SYN_STORE_GROUP_US;
    size_t rows = 0;
    syn_status st = SYN_OK;
    while (st == SYN_OK && syn_pack_peek(*rest) != SYN_PACK_END) {
        if (syn_pack_peek(*rest) == SYN_PACK_ROW) {
            st = syn_store_write(store, rest);
            rows++;
            continue;
        }
        *ticket = syn_pack_take_mark(rest);
        if (rows >= SYN_STORE_GROUP_ROWS || monotonic_us() >= end_us) {
            break;
        }
    }
    return st == SYN_OK ? syn_store_commit(store) : st;
}

/* After a failure nothing is written any more: a later group without the
 * failed one would be a history that never was. */
static void write_all(struct syn_commit *commit, struct syn_str rest)
{
    while (rest.bytes > 0 && !atomic_load(&commit->has_failed)) {
        uint64_t ticket = atomic_load(&commit->kept);
        if (write_group(commit->store, &rest, &ticket) == SYN_OK) {
            atomic_store(&commit->kept, ticket);
        } else {
            atomic_store(&commit->has_failed, true);
        }
        commit->wake(commit->wake_ctx);
    }
}

static void swap_bufs(struct syn_buf *a, struct syn_buf *b)
{
    struct syn_buf held = *a;
    *a = *b;
    *b = held;
}

static void empty_buf(struct syn_buf *buf)
{
    if (buf->capacity > KEPT_BYTES) {
        syn_buf_fini(buf);
        syn_buf_init(buf, NULL, SYN_STORE_QUEUE_BYTES_MAX);
    } else {
        syn_buf_clear(buf);
    }
}

/* False: the end has come and nothing waits. */
static bool await_work(struct syn_commit *commit, struct syn_buf *working)
{
    (void)pthread_mutex_lock(&commit->lock);
    while (commit->waiting.bytes == 0 && !commit->is_ending) {
        (void)pthread_cond_wait(&commit->has_work, &commit->lock);
    }
    swap_bufs(&commit->waiting, working);
    (void)pthread_cond_signal(&commit->has_room);
    (void)pthread_mutex_unlock(&commit->lock);
    return working->bytes > 0;
}

static void *run(void *ctx)
{
    struct syn_commit *commit = ctx;
    struct syn_buf working;
    syn_buf_init(&working, NULL, SYN_STORE_QUEUE_BYTES_MAX);
    while (await_work(commit, &working)) {
        write_all(commit, syn_buf_str(&working));
        empty_buf(&working);
    }
    syn_buf_fini(&working);
    return NULL;
}

/* --- the owner --------------------------------------------------------------
 */

void syn_commit_append(struct syn_commit *commit,
                       const struct syn_change *change)
{
    syn_pack_change(&commit->filling, change);
    commit->has_rows = true;
}

uint64_t syn_store_mark(struct syn_store *store)
{
    struct syn_commit *commit = store->commit;
    if (commit->has_rows) {
        commit->has_rows = false;
        commit->issued++;
        syn_pack_mark(&commit->filling, commit->issued);
    }
    if (commit->filling.bytes >= SYN_STORE_TURN_BYTES_MAX) {
        syn_store_push(store);
    }
    return commit->issued;
}

/* Hand over under the lock; waits while the disk is too far behind, which is
 * the only brake that no client can see as a wrong answer. */
static void hand_over(struct syn_commit *commit)
{
    (void)pthread_mutex_lock(&commit->lock);
    while (commit->waiting.bytes > SYN_STORE_QUEUE_BYTES_MAX / 2 &&
           !atomic_load(&commit->has_failed)) {
        (void)pthread_cond_wait(&commit->has_room, &commit->lock);
    }
    if (commit->waiting.bytes == 0) {
        swap_bufs(&commit->waiting, &commit->filling);
    } else {
        syn_buf_put(&commit->waiting, syn_buf_str(&commit->filling));
    }
    if (commit->waiting.status != SYN_OK) {
        atomic_store(&commit->has_failed, true);
    }
    (void)pthread_cond_signal(&commit->has_work);
    (void)pthread_mutex_unlock(&commit->lock);
}

void syn_store_push(struct syn_store *store)
{
    struct syn_commit *commit = store->commit;
    if (commit->has_rows) {
        commit->has_rows = false;
        commit->issued++;
        syn_pack_mark(&commit->filling, commit->issued);
    }
    if (commit->filling.status != SYN_OK) {
        atomic_store(&commit->has_failed, true);
    }
    if (commit->filling.bytes > 0 && !atomic_load(&commit->has_failed)) {
        hand_over(commit);
    }
    empty_buf(&commit->filling);
}

uint64_t syn_store_kept(const struct syn_store *store)
{
    return atomic_load(&store->commit->kept);
}

bool syn_store_has_failed(struct syn_store *store)
{
    struct syn_commit *commit = store->commit;
    if (!atomic_load(&commit->has_failed)) {
        return false;
    }
    if (!commit->is_logged) {
        /* The thread has written nothing since: its words may be read. */
        commit->is_logged = true;
        syn_log(SYN_LOG_ALERT, "store", "commit failed",
                "reason=\"%s\" kept=%llu", store->fault,
                (unsigned long long)syn_store_kept(store));
    }
    return true;
}

/* --- birth and end ----------------------------------------------------------
 */

static void free_commit(struct syn_commit *commit)
{
    (void)pthread_cond_destroy(&commit->has_room);
    (void)pthread_cond_destroy(&commit->has_work);
    (void)pthread_mutex_destroy(&commit->lock);
    syn_buf_fini(&commit->filling);
    syn_buf_fini(&commit->waiting);
    free(commit);
}

/* Signals are the owner's alone. */
static bool start_thread(struct syn_commit *commit)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&commit->thread, NULL, run, commit);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0;
}

syn_status syn_store_start(struct syn_store *store, void (*wake)(void *ctx),
                           void *ctx)
{
    SYN_ASSERT(store->commit == NULL && !store->is_open_group);
    struct syn_commit *commit = calloc(1, sizeof(*commit));
    if (commit == NULL) {
        return SYN_ERR_MEMORY;
    }
    commit->store = store;
    commit->wake = wake;
    commit->wake_ctx = ctx;
    syn_buf_init(&commit->filling, NULL, SYN_STORE_QUEUE_BYTES_MAX);
    syn_buf_init(&commit->waiting, NULL, SYN_STORE_QUEUE_BYTES_MAX);
    (void)pthread_mutex_init(&commit->lock, NULL);
    (void)pthread_cond_init(&commit->has_work, NULL);
    (void)pthread_cond_init(&commit->has_room, NULL);
    atomic_init(&commit->kept, 0);
    atomic_init(&commit->has_failed, store->status != SYN_OK);
    store->commit = commit;
    if (!start_thread(commit)) {
        store->commit = NULL;
        free_commit(commit);
        return SYN_ERR_MEMORY;
    }
    return SYN_OK;
}

void syn_commit_end(struct syn_commit *commit)
{
    (void)pthread_mutex_lock(&commit->lock);
    commit->is_ending = true;
    (void)pthread_cond_signal(&commit->has_work);
    (void)pthread_mutex_unlock(&commit->lock);
    (void)pthread_join(commit->thread, NULL);
    free_commit(commit);
}
