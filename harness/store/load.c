/*
 * load.c - rows back into a model.
 * Layer: store. Threads: one owner.
 *
 * Each row is read into a struct whose parent is a stub that carries a sid;
 * the model finds the parent and refuses what does not fit together.
 */
#include "store/schema.h"

#include "base/log.h"

#include <sqlite3.h>
#include <string.h>

static struct syn_str column_bytes(sqlite3_stmt *row, int column)
{
    if (sqlite3_column_type(row, column) == SQLITE_NULL) {
        return (struct syn_str){NULL, 0};
    }
    const char *at = sqlite3_column_blob(row, column);
    int bytes = sqlite3_column_bytes(row, column);
    return (struct syn_str){at == NULL ? "" : at, (size_t)bytes};
}

/* A text of another length becomes the empty sid, which names nothing. */
static void column_sid(sqlite3_stmt *row, int column, char out[SYN_SID_BYTES])
{
    struct syn_str text = column_bytes(row, column);
    memset(out, 0, SYN_SID_BYTES);
    if (text.bytes == SYN_SID_CHARS) {
        memcpy(out, text.at, SYN_SID_CHARS);
    }
}

static syn_status load_account(struct syn_model *model, sqlite3_stmt *row)
{
    struct syn_account account = {.default_service = NULL};
    column_sid(row, 0, account.sid);
    return syn_model_restore(
        model,
        &(struct syn_change){.kind = SYN_CHANGE_ACCOUNT, .account = &account});
}

static syn_status load_service(struct syn_model *model, sqlite3_stmt *row)
{
    struct syn_account account = {.default_service = NULL};
    struct syn_service_row service = {.account = &account};
    column_sid(row, 0, service.sid);
    column_sid(row, 1, account.sid);
    service.unique_name = column_bytes(row, 2);
    service.friendly_name = column_bytes(row, 3);
    service.webhook_url = column_bytes(row, 4);
    service.acl_enabled = sqlite3_column_int(row, 5) != 0;
    service.webhooks_from_rest_enabled = sqlite3_column_int(row, 6) != 0;
    service.reachability_webhooks_enabled = sqlite3_column_int(row, 7) != 0;
    service.reachability_debouncing_enabled = sqlite3_column_int(row, 8) != 0;
    service.reachability_debouncing_ms = sqlite3_column_int64(row, 9);
    service.created_ms = sqlite3_column_int64(row, 10);
    service.updated_ms = sqlite3_column_int64(row, 11);
    service.order = (uint64_t)sqlite3_column_int64(row, 12);
    return syn_model_restore(
        model,
        &(struct syn_change){.kind = SYN_CHANGE_SERVICE, .service = &service});
}

static syn_status load_object(struct syn_model *model, sqlite3_stmt *row)
{
    struct syn_service_row service = {.account = NULL};
    struct syn_object object = {.service = &service};
    column_sid(row, 0, object.sid);
    object.type = (enum syn_type)sqlite3_column_int(row, 1);
    column_sid(row, 2, service.sid);
    object.unique_name = column_bytes(row, 3);
    object.created_by = column_bytes(row, 4);
    object.data = column_bytes(row, 5);
    object.created_ms = sqlite3_column_int64(row, 6);
    object.updated_ms = sqlite3_column_int64(row, 7);
    object.expires_ms = sqlite3_column_int64(row, 8);
    object.event_count = sqlite3_column_int64(row, 9);
    object.order = (uint64_t)sqlite3_column_int64(row, 10);
    return syn_model_restore(
        model,
        &(struct syn_change){.kind = SYN_CHANGE_OBJECT, .object = &object});
}

static syn_status load_item(struct syn_model *model, sqlite3_stmt *row)
{
    struct syn_object object = {.service = NULL};
    struct syn_item item = {.parent = &object};
    column_sid(row, 0, object.sid);
    item.index = sqlite3_column_int64(row, 1);
    item.key = column_bytes(row, 2);
    item.data = column_bytes(row, 3);
    item.created_by = column_bytes(row, 4);
    item.event_id = sqlite3_column_int64(row, 5);
    item.created_ms = sqlite3_column_int64(row, 6);
    item.updated_ms = sqlite3_column_int64(row, 7);
    item.expires_ms = sqlite3_column_int64(row, 8);
    return syn_model_restore(
        model, &(struct syn_change){.kind = SYN_CHANGE_ITEM, .item = &item});
}

static syn_status load_grant(struct syn_model *model, sqlite3_stmt *row)
{
    struct syn_object object = {.service = NULL};
    struct syn_grant grant = {.object = &object};
    column_sid(row, 0, object.sid);
    grant.identity = column_bytes(row, 1);
    grant.rights = (unsigned)sqlite3_column_int(row, 2);
    grant.changed_ms = sqlite3_column_int64(row, 3);
    return syn_model_restore(
        model, &(struct syn_change){.kind = SYN_CHANGE_GRANT, .grant = &grant});
}

/* How far creation orders had come, whatever was deleted since. */
static syn_status load_counter(struct syn_model *model, sqlite3_stmt *row)
{
    const int64_t next = sqlite3_column_int64(row, 0);
    if (next < 0) {
        return SYN_ERR_ARG;
    }
    syn_model_keep_order(model, (uint64_t)next);
    return SYN_OK;
}

/* In the order in which rows need each other. */
static const struct {
    enum syn_store_statement all;
    const char *table;
    syn_status (*load)(struct syn_model *model, sqlite3_stmt *row);
} tables[] = {
    {SYN_STORE_ALL_ACCOUNTS, "accounts", load_account},
    {SYN_STORE_ALL_SERVICES, "services", load_service},
    {SYN_STORE_ALL_OBJECTS, "objects", load_object},
    {SYN_STORE_ALL_ITEMS, "items", load_item},
    {SYN_STORE_ALL_GRANTS, "grants", load_grant},
    {SYN_STORE_ALL_COUNTERS, "counters", load_counter},
};

static syn_status load_table(struct syn_store *store, struct syn_model *model,
                             size_t which)
{
    sqlite3_stmt *rows = store->statements[tables[which].all];
    syn_status status = SYN_OK;
    int rc = sqlite3_step(rows);
    while (rc == SQLITE_ROW && status == SYN_OK) {
        status = tables[which].load(model, rows);
        rc = sqlite3_step(rows);
    }
    if (status != SYN_OK && status != SYN_ERR_MEMORY) {
        syn_log(SYN_LOG_ALERT, "store", "row does not fit",
                "table=%s reason=\"%s\"", tables[which].table,
                syn_status_text(status));
        status = SYN_ERR_STORE;
    }
    if (status == SYN_OK && rc != SQLITE_DONE) {
        status = syn_store_complain(store, "read failed");
    }
    sqlite3_reset(rows);
    return status;
}

syn_status syn_store_load(struct syn_store *store, struct syn_model *model)
{
    syn_status status = SYN_OK;
    for (size_t i = 0;
         i < sizeof(tables) / sizeof(tables[0]) && status == SYN_OK; i++) {
        status = load_table(store, model, i);
    }
    return status;
}
