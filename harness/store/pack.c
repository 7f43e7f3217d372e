/*
 * pack.c - changes as rows of tagged cells in one run of bytes.
 * Layer: store. Threads: none needed.
 *
 * A row is its statement and the values of ?1, ?2, … in order; a mark ends
 * the rows of one step. The commit thread must not see the model, which
 * changes under it, so everything a row needs is copied here.
 */
#include "store/pack.h"

#include <sqlite3.h>
#include <string.h>

enum tag { TAG_ROW = 'R', TAG_MARK = 'M' };
enum cell {
    CELL_NUMBER = 'n',
    CELL_SID = 's',
    CELL_BYTES = 'b',
    CELL_NULL = '0',
    CELL_END = '.'
};

/* --- writing --------------------------------------------------------------
 */

static void put_block(struct syn_buf *out, const void *at, size_t bytes)
{
    syn_buf_put(out, (struct syn_str){at, bytes});
}

static void put_number(struct syn_buf *out, int64_t value)
{
    syn_buf_put_byte(out, CELL_NUMBER);
    put_block(out, &value, sizeof(value));
}

static void put_sid(struct syn_buf *out, const char *sid)
{
    syn_buf_put_byte(out, CELL_SID);
    put_block(out, sid, SYN_SID_CHARS);
}

/* Absent (NULL) and empty are different things. */
static void put_bytes(struct syn_buf *out, struct syn_str s)
{
    if (s.at == NULL) {
        syn_buf_put_byte(out, CELL_NULL);
        return;
    }
    syn_buf_put_byte(out, CELL_BYTES);
    put_block(out, &s.bytes, sizeof(s.bytes));
    syn_buf_put(out, s);
}

static void pack_account(struct syn_buf *out, const struct syn_change *change)
{
    put_sid(out, change->account->sid);
}

static void pack_service(struct syn_buf *out, const struct syn_change *change)
{
    const struct syn_service_row *row = change->service;
    put_sid(out, row->sid);
    if (change->is_delete) {
        return;
    }
    put_sid(out, row->account->sid);
    put_bytes(out, row->unique_name);
    put_bytes(out, row->friendly_name);
    put_bytes(out, row->webhook_url);
    put_number(out, row->acl_enabled);
    put_number(out, row->webhooks_from_rest_enabled);
    put_number(out, row->reachability_webhooks_enabled);
    put_number(out, row->reachability_debouncing_enabled);
    put_number(out, row->reachability_debouncing_ms);
    put_number(out, row->created_ms);
    put_number(out, row->updated_ms);
    put_number(out, (int64_t)row->order);
}

static void pack_object(struct syn_buf *out, const struct syn_change *change)
{
    const struct syn_object *row = change->object;
    put_sid(out, row->sid);
    if (change->is_delete) {
        return;
    }
    put_number(out, (int64_t)row->type);
    put_sid(out, row->service->sid);
    put_bytes(out, row->unique_name);
    put_bytes(out, row->created_by);
    put_bytes(out, row->data);
    put_number(out, row->created_ms);
    put_number(out, row->updated_ms);
    put_number(out, row->expires_ms);
    put_number(out, row->event_count);
    put_number(out, (int64_t)row->order);
}

static void pack_item(struct syn_buf *out, const struct syn_change *change)
{
    const struct syn_item *row = change->item;
    put_sid(out, row->parent->sid);
    put_number(out, row->index);
    put_bytes(out, row->key.at == NULL ? SYN_STR("") : row->key);
    if (change->is_delete) {
        return;
    }
    put_bytes(out, row->data);
    put_bytes(out, row->created_by);
    put_number(out, row->event_id);
    put_number(out, row->created_ms);
    put_number(out, row->updated_ms);
    put_number(out, row->expires_ms);
}

static void pack_grant(struct syn_buf *out, const struct syn_change *change)
{
    const struct syn_grant *row = change->grant;
    put_sid(out, row->object->sid);
    put_bytes(out, row->identity);
    if (change->is_delete) {
        return;
    }
    put_number(out, row->rights);
    put_number(out, row->changed_ms);
}

static const struct {
    enum syn_store_statement put, cut;
    void (*pack)(struct syn_buf *out, const struct syn_change *change);
} kinds[] = {
    [SYN_CHANGE_ACCOUNT] = {SYN_STORE_PUT_ACCOUNT, SYN_STORE_CUT_ACCOUNT,
                            pack_account},
    [SYN_CHANGE_SERVICE] = {SYN_STORE_PUT_SERVICE, SYN_STORE_CUT_SERVICE,
                            pack_service},
    [SYN_CHANGE_OBJECT] = {SYN_STORE_PUT_OBJECT, SYN_STORE_CUT_OBJECT,
                           pack_object},
    [SYN_CHANGE_ITEM] = {SYN_STORE_PUT_ITEM, SYN_STORE_CUT_ITEM, pack_item},
    [SYN_CHANGE_GRANT] = {SYN_STORE_PUT_GRANT, SYN_STORE_CUT_GRANT, pack_grant},
};

void syn_pack_change(struct syn_buf *out, const struct syn_change *change)
{
    enum syn_store_statement which =
        change->is_delete ? kinds[change->kind].cut : kinds[change->kind].put;
    syn_buf_put_byte(out, TAG_ROW);
    syn_buf_put_byte(out, (char)which);
    kinds[change->kind].pack(out, change);
    syn_buf_put_byte(out, CELL_END);
}

void syn_pack_mark(struct syn_buf *out, uint64_t ticket)
{
    syn_buf_put_byte(out, TAG_MARK);
    put_block(out, &ticket, sizeof(ticket));
}

/* --- reading: only what was written above ----------------------------------
 */

static struct syn_str take(struct syn_str *packed, size_t bytes)
{
    SYN_ASSERT(packed->bytes >= bytes);
    struct syn_str taken = {packed->at, bytes};
    *packed = (struct syn_str){packed->at + bytes, packed->bytes - bytes};
    return taken;
}

enum syn_pack_kind syn_pack_peek(struct syn_str packed)
{
    if (packed.bytes == 0) {
        return SYN_PACK_END;
    }
    return packed.at[0] == TAG_MARK ? SYN_PACK_MARK : SYN_PACK_ROW;
}

uint64_t syn_pack_take_mark(struct syn_str *packed)
{
    uint64_t ticket = 0;
    SYN_ASSERT(take(packed, 1).at[0] == TAG_MARK);
    memcpy(&ticket, take(packed, sizeof(ticket)).at, sizeof(ticket));
    return ticket;
}

static int bind_cell(struct syn_str *packed, sqlite3_stmt *statement,
                     int column, char cell)
{
    int64_t number = 0;
    size_t bytes = 0;
    if (cell == CELL_NUMBER) {
        memcpy(&number, take(packed, sizeof(number)).at, sizeof(number));
        return sqlite3_bind_int64(statement, column, number);
    }
    if (cell == CELL_SID) {
        return sqlite3_bind_text(statement, column,
                                 take(packed, SYN_SID_CHARS).at, SYN_SID_CHARS,
                                 SQLITE_STATIC);
    }
    if (cell == CELL_BYTES) {
        memcpy(&bytes, take(packed, sizeof(bytes)).at, sizeof(bytes));
        return sqlite3_bind_blob64(statement, column, take(packed, bytes).at,
                                   bytes, SQLITE_STATIC);
    }
    SYN_ASSERT(cell == CELL_NULL);
    return sqlite3_bind_null(statement, column);
}

bool syn_pack_take_row(struct syn_str *packed, struct syn_store *store,
                       enum syn_store_statement *which)
{
    int rc = SQLITE_OK;
    int column = 0;
    SYN_ASSERT(take(packed, 1).at[0] == TAG_ROW);
    *which = (enum syn_store_statement)take(packed, 1).at[0];
    char cell = take(packed, 1).at[0];
    while (cell != CELL_END) {
        column++;
        int bound = bind_cell(packed, store->statements[*which], column, cell);
        rc = rc == SQLITE_OK ? bound : rc;
        cell = take(packed, 1).at[0];
    }
    return rc == SQLITE_OK;
}
