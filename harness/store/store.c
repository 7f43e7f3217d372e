/*
 * store.c - changes into rows, groups of them into transactions.
 * Layer: store. Threads: one at a time: the owner, or the commit thread.
 *
 * The first change after a flush opens a transaction, the flush commits it.
 * With a thread (commit.c) the same happens there, and the owner no longer
 * touches the connection.
 */
#include "store/store.h"

#include "store/pack.h"
#include "store/schema.h"

#include "syn/limits.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

/* --- transactions
 * -------------------------------------------------------------------- */

syn_status syn_store_run(struct syn_store *store,
                         enum syn_store_statement which)
{
    sqlite3_stmt *statement = store->statements[which];
    int rc = sqlite3_step(statement);
    syn_status status =
        rc == SQLITE_DONE ? SYN_OK : syn_store_complain(store, "write failed");
    sqlite3_reset(statement);
    return status;
}

static void roll_back(struct syn_store *store)
{
    /* SQLite may have rolled back by itself (disk full). */
    if (store->is_open_group && !sqlite3_get_autocommit(store->database)) {
        sqlite3_stmt *statement = store->statements[SYN_STORE_ROLLBACK];
        (void)sqlite3_step(statement);
        sqlite3_reset(statement);
    }
    store->is_open_group = false;
}

/* The first failure sticks, and takes the open group with it. */
static syn_status settle(struct syn_store *store, syn_status status)
{
    if (status != SYN_OK) {
        store->status = status;
        roll_back(store);
    }
    return status;
}

syn_status syn_store_write(struct syn_store *store, struct syn_str *packed)
{
    enum syn_store_statement which = SYN_STORE_STATEMENT_COUNT;
    if (!store->is_open_group) {
        syn_status status = syn_store_run(store, SYN_STORE_BEGIN);
        if (status != SYN_OK) {
            return settle(store, status);
        }
        store->is_open_group = true;
    }
    syn_status status = syn_pack_take_row(packed, store, &which)
                            ? syn_store_run(store, which)
                            : syn_store_complain(store, "write failed");
    /* Static texts are borrowed for the call alone. */
    sqlite3_clear_bindings(store->statements[which]);
    return settle(store, status);
}

syn_status syn_store_commit(struct syn_store *store)
{
    if (!store->is_open_group) {
        return store->status;
    }
    syn_status status = settle(store, syn_store_run(store, SYN_STORE_COMMIT));
    store->is_open_group = false;
    return status;
}

/* --- without a thread
 * ---------------------------------------------------------------- */

static void append(void *ctx, const struct syn_change *change)
{
    struct syn_store *store = ctx;
    if (store->commit != NULL) {
        syn_commit_append(store->commit, change);
        return;
    }
    if (store->status != SYN_OK) {
        return;
    }
    syn_buf_clear(&store->packed);
    syn_pack_change(&store->packed, change);
    if (store->packed.status != SYN_OK) {
        (void)settle(store, SYN_ERR_MEMORY);
        return;
    }
    struct syn_str packed = syn_buf_str(&store->packed);
    (void)syn_store_write(store, &packed);
}

syn_status syn_store_flush(struct syn_store *store, syn_store_done_fn done,
                           void *ctx)
{
    SYN_ASSERT(store->commit == NULL);
    if (store->status != SYN_OK || syn_store_commit(store) != SYN_OK) {
        return store->status;
    }
    if (done != NULL) {
        done(ctx);
    }
    return SYN_OK;
}

bool syn_store_is_dirty(const struct syn_store *store)
{
    return store->is_open_group;
}

const struct syn_journal *syn_store_journal(struct syn_store *store)
{
    return &store->journal;
}

/* --- open, close
 * ------------------------------------------------------------------------ */

syn_status syn_store_open(const char *path,
                          const struct syn_store_options *options,
                          struct syn_store **out)
{
    struct syn_store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return SYN_ERR_MEMORY;
    }
    store->journal = (struct syn_journal){.append = append, .ctx = store};
    syn_buf_init(&store->packed, NULL, SYN_STORE_QUEUE_BYTES_MAX);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int rc = sqlite3_open_v2(path == NULL ? ":memory:" : path, &store->database,
                             flags, NULL);
    syn_status status =
        rc == SQLITE_OK ? syn_store_prepare(store, path != NULL, options->sync)
                        : syn_store_complain(store, "open failed");
    if (status != SYN_OK) {
        if (options->fault != NULL) {
            (void)snprintf(options->fault, SYN_STORE_FAULT_BYTES, "%s",
                           store->fault);
        }
        syn_store_close(store);
        return status;
    }
    *out = store;
    return SYN_OK;
}

uint64_t syn_store_starts(const struct syn_store *store)
{
    return store->starts;
}

void syn_store_close(struct syn_store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->commit != NULL) {
        syn_commit_end(store->commit);
        store->commit = NULL;
    }
    roll_back(store);
    for (int i = 0; i < SYN_STORE_STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
    }
    sqlite3_close(store->database);
    syn_buf_fini(&store->packed);
    free(store);
}
