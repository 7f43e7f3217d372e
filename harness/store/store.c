/*
 * store.c - changes into rows, groups of them into transactions.
 * Layer: store. Threads: one owner.
 *
 * The first change after a flush opens a transaction, the flush commits it:
 * one group per turn of the loop, whatever number of writes it holds.
 */
#include "store/store.h"

#include "store/schema.h"

#include <sqlite3.h>
#include <stdlib.h>

/* --- binding
 * ------------------------------------------------------------------ */

/* Binds from left to right; the first failure sticks in `rc`. */
struct binder {
    sqlite3_stmt *statement;
    int column;
    int rc;
};

static void bind_number(struct binder *binder, int64_t value)
{
    binder->column++;
    if (binder->rc == SQLITE_OK) {
        binder->rc =
            sqlite3_bind_int64(binder->statement, binder->column, value);
    }
}

static void bind_sid(struct binder *binder, const char *sid)
{
    binder->column++;
    if (binder->rc == SQLITE_OK) {
        binder->rc = sqlite3_bind_text(binder->statement, binder->column, sid,
                                       SYN_SID_CHARS, SQLITE_STATIC);
    }
}

/* Absent (NULL) and empty are different things. */
static void bind_bytes(struct binder *binder, struct syn_str s)
{
    binder->column++;
    if (binder->rc != SQLITE_OK) {
        return;
    }
    if (s.at == NULL) {
        binder->rc = sqlite3_bind_null(binder->statement, binder->column);
    } else {
        binder->rc = sqlite3_bind_blob64(binder->statement, binder->column,
                                         s.at, s.bytes, SQLITE_STATIC);
    }
}

/* --- one row
 * ---------------------------------------------------------------------- */

static void bind_account(struct binder *binder, const struct syn_change *change)
{
    bind_sid(binder, change->account->sid);
}

static void bind_service(struct binder *binder, const struct syn_change *change)
{
    const struct syn_service_row *row = change->service;
    bind_sid(binder, row->sid);
    if (change->is_delete) {
        return;
    }
    bind_sid(binder, row->account->sid);
    bind_bytes(binder, row->unique_name);
    bind_bytes(binder, row->friendly_name);
    bind_bytes(binder, row->webhook_url);
    bind_number(binder, row->acl_enabled);
    bind_number(binder, row->webhooks_from_rest_enabled);
    bind_number(binder, row->reachability_webhooks_enabled);
    bind_number(binder, row->reachability_debouncing_enabled);
    bind_number(binder, row->reachability_debouncing_ms);
    bind_number(binder, row->created_ms);
    bind_number(binder, row->updated_ms);
    bind_number(binder, (int64_t)row->order);
}

static void bind_object(struct binder *binder, const struct syn_change *change)
{
    const struct syn_object *row = change->object;
    bind_sid(binder, row->sid);
    if (change->is_delete) {
        return;
    }
    bind_number(binder, (int64_t)row->type);
    bind_sid(binder, row->service->sid);
    bind_bytes(binder, row->unique_name);
    bind_bytes(binder, row->created_by);
    bind_bytes(binder, row->data);
    bind_number(binder, row->created_ms);
    bind_number(binder, row->updated_ms);
    bind_number(binder, row->expires_ms);
    bind_number(binder, row->event_count);
    bind_number(binder, (int64_t)row->order);
}

static void bind_item(struct binder *binder, const struct syn_change *change)
{
    const struct syn_item *row = change->item;
    bind_sid(binder, row->parent->sid);
    bind_number(binder, row->index);
    bind_bytes(binder, row->key.at == NULL ? SYN_STR("") : row->key);
    if (change->is_delete) {
        return;
    }
    bind_bytes(binder, row->data);
    bind_bytes(binder, row->created_by);
    bind_number(binder, row->event_id);
    bind_number(binder, row->created_ms);
    bind_number(binder, row->updated_ms);
    bind_number(binder, row->expires_ms);
}

static void bind_grant(struct binder *binder, const struct syn_change *change)
{
    const struct syn_grant *row = change->grant;
    bind_sid(binder, row->object->sid);
    bind_bytes(binder, row->identity);
    if (change->is_delete) {
        return;
    }
    bind_number(binder, row->rights);
    bind_number(binder, row->changed_ms);
}

static const struct {
    enum syn_store_statement put, cut;
    void (*bind)(struct binder *binder, const struct syn_change *change);
} kinds[] = {
    [SYN_CHANGE_ACCOUNT] = {SYN_STORE_PUT_ACCOUNT, SYN_STORE_CUT_ACCOUNT,
                            bind_account},
    [SYN_CHANGE_SERVICE] = {SYN_STORE_PUT_SERVICE, SYN_STORE_CUT_SERVICE,
                            bind_service},
    [SYN_CHANGE_OBJECT] = {SYN_STORE_PUT_OBJECT, SYN_STORE_CUT_OBJECT,
                           bind_object},
    [SYN_CHANGE_ITEM] = {SYN_STORE_PUT_ITEM, SYN_STORE_CUT_ITEM, bind_item},
    [SYN_CHANGE_GRANT] = {SYN_STORE_PUT_GRANT, SYN_STORE_CUT_GRANT, bind_grant},
};

/* --- transactions
 * -------------------------------------------------------------------- */

static syn_status run_statement(struct syn_store *store,
                                enum syn_store_statement which)
{
    sqlite3_stmt *statement = store->statements[which];
    int rc = sqlite3_step(statement);
    syn_status status =
        rc == SQLITE_DONE ? SYN_OK : syn_store_complain(store, "write failed");
    sqlite3_reset(statement);
    return status;
}

static syn_status write_row(struct syn_store *store,
                            const struct syn_change *change)
{
    enum syn_store_statement which =
        change->is_delete ? kinds[change->kind].cut : kinds[change->kind].put;
    struct binder binder = {store->statements[which], 0, SQLITE_OK};
    kinds[change->kind].bind(&binder, change);
    syn_status status = binder.rc == SQLITE_OK
                            ? run_statement(store, which)
                            : syn_store_complain(store, "write failed");
    /* Static texts are borrowed for the call alone. */
    sqlite3_clear_bindings(binder.statement);
    return status;
}

static void append(void *ctx, const struct syn_change *change)
{
    struct syn_store *store = ctx;
    if (store->status != SYN_OK) {
        return;
    }
    if (!store->is_open_group) {
        store->status = run_statement(store, SYN_STORE_BEGIN);
        store->is_open_group = store->status == SYN_OK;
    }
    if (store->status == SYN_OK) {
        store->status = write_row(store, change);
    }
}

static void roll_back(struct syn_store *store)
{
    /* SQLite may have rolled back by itself (disk full). */
    if (store->is_open_group && !sqlite3_get_autocommit(store->database)) {
        (void)run_statement(store, SYN_STORE_ROLLBACK);
    }
    store->is_open_group = false;
}

syn_status syn_store_flush(struct syn_store *store, syn_store_done_fn done,
                           void *ctx)
{
    if (store->status == SYN_OK && store->is_open_group) {
        store->status = run_statement(store, SYN_STORE_COMMIT);
        store->is_open_group = store->status != SYN_OK;
    }
    if (store->status != SYN_OK) {
        roll_back(store);
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
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int rc = sqlite3_open_v2(path == NULL ? ":memory:" : path, &store->database,
                             flags, NULL);
    syn_status status =
        rc == SQLITE_OK ? syn_store_prepare(store, path != NULL, options->sync)
                        : syn_store_complain(store, "open failed");
    if (status != SYN_OK) {
        syn_store_close(store);
        return status;
    }
    *out = store;
    return SYN_OK;
}

void syn_store_close(struct syn_store *store)
{
    if (store == NULL) {
        return;
    }
    roll_back(store);
    for (int i = 0; i < SYN_STORE_STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
    }
    sqlite3_close(store->database);
    free(store);
}
