/*
 * pack.h - a change as bytes: copied on the loop, bound by who writes it.
 * Layer: store, private to harness/store. Threads: none needed.
 */
#ifndef SYN_STORE_PACK_H
#define SYN_STORE_PACK_H

#include "base/buf.h"
#include "model/model.h"
#include "store/schema.h"

struct sqlite3_stmt;

/* Append one change; its texts are copied. */
void syn_pack_change(struct syn_buf *out, const struct syn_change *change);

/* Append: what came before belongs together and has this ticket. */
void syn_pack_mark(struct syn_buf *out, uint64_t ticket);

/* What stands at the front of packed bytes. */
enum syn_pack_kind { SYN_PACK_END, SYN_PACK_ROW, SYN_PACK_MARK };
enum syn_pack_kind syn_pack_peek(struct syn_str packed);

/* Take a mark off the front. */
uint64_t syn_pack_take_mark(struct syn_str *packed);

/* Take a row off the front and bind it to its statement, which is borrowed
 * from `packed` until the bindings are cleared. False: SQLite refused. */
bool syn_pack_take_row(struct syn_str *packed, struct syn_store *store,
                       enum syn_store_statement *which);

#endif
