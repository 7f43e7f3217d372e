/*
 * store.h - every change of a model kept in SQLite.
 * Layer: store. Threads: one owner, and with syn_store_start a commit thread;
 * one connection per process.
 * Source: design section 6.
 *
 *     syn_store_open(path, &options, &store)    path NULL: in memory
 *     syn_store_load(store, model)              before the journal is used
 *     options.journal = syn_store_journal(store)
 *     ... model steps append rows ...
 *     syn_store_flush(store, answer, loop)      once per loop turn
 *
 * or, with a thread that makes groups durable while the owner goes on:
 *
 *     syn_store_start(store, wake, ctx)         after the load, after any fork
 *     ticket = syn_store_mark(store)            after each step
 *     syn_store_push(store)                     once per loop turn
 *     ... wake ... syn_store_kept(store) >= ticket: it may be answered
 *
 * The model is the authority; the store repeats it. Appending cannot fail, so
 * a failure sticks and the next flush reports it: then nothing since the last
 * flush is durable, and the caller must not answer those writes.
 */
#ifndef SYN_STORE_STORE_H
#define SYN_STORE_STORE_H

#include "model/model.h"
#include "syn/status.h"

#include <stdbool.h>

struct syn_store; /* opaque: harness/store/store.c */

/* What an acknowledged write survives: kill -9, or also power loss. */
enum syn_store_sync { SYN_STORE_NORMAL, SYN_STORE_FULL };

#define SYN_STORE_FAULT_BYTES 256

struct syn_store_options {
    enum syn_store_sync sync;
    char *fault; /* SYN_STORE_FAULT_BYTES for why opening failed; or NULL */
};

/*
 * Open, creating the file when it is not there. The file stays locked against
 * other processes until it is closed.
 * Errors: SYN_ERR_STORE cannot be opened, is damaged, in use, another
 *         program's, or of another version (the cause has been logged);
 *         SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status
syn_store_open(const char *path, const struct syn_store_options *options,
               struct syn_store **out);

/* How often this file has been opened, this time included. Seeds of ids must
 * differ from run to run, or ids would come again. */
uint64_t syn_store_starts(const struct syn_store *store);

/* Changes not flushed (with a thread: not pushed) are dropped. NULL is
 * ignored. */
void syn_store_close(struct syn_store *store);

/* Where a model writes; lives as long as the store. */
const struct syn_journal *syn_store_journal(struct syn_store *store);

/* Are there changes that no flush has committed? */
bool syn_store_is_dirty(const struct syn_store *store);

/* Told once for each flush that succeeded, when its group is durable. */
typedef void (*syn_store_done_fn)(void *ctx);

/*
 * Commit the group of all changes since the last flush, then call `done` (may
 * be NULL), here before returning. Errors: SYN_ERR_STORE; the group is rolled
 * back, `done` is not called, and the store refuses all further flushes,
 * because model and file now differ.
 */
SYN_MUST_CHECK syn_status syn_store_flush(struct syn_store *store,
                                          syn_store_done_fn done, void *ctx);

/* --- with a commit thread (commit.c) ---------------------------------------
 */

/* Start it; `wake` is called by it after each group, and must be safe there.
 * From here on syn_store_flush is not. Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_store_start(struct syn_store *store,
                                          void (*wake)(void *ctx), void *ctx);

/* The rows appended so far are whole steps; the ticket of the newest. */
uint64_t syn_store_mark(struct syn_store *store);

/* Hand what was appended to the thread. Waits only when it is more than
 * SYN_STORE_QUEUE_BYTES_MAX / 2 behind. */
void syn_store_push(struct syn_store *store);

/* All tickets up to this one are durable. */
uint64_t syn_store_kept(const struct syn_store *store);

/* True: what is not kept will never be (logged once, as an alert). */
bool syn_store_has_failed(struct syn_store *store);

/*
 * Restore every row into an empty model.
 * Errors: SYN_ERR_STORE a row contradicts the others (logged); the model is
 * then of no use; SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_store_load(struct syn_store *store,
                                         struct syn_model *model);

#endif
