/*
 * schema.h - the statements of the store, and its private struct.
 * Layer: store, private to harness/store.
 */
#ifndef SYN_STORE_SCHEMA_H
#define SYN_STORE_SCHEMA_H

#include "base/buf.h"
#include "store/store.h"

enum syn_store_statement {
    SYN_STORE_PUT_ACCOUNT,
    SYN_STORE_PUT_SERVICE,
    SYN_STORE_PUT_OBJECT,
    SYN_STORE_PUT_ITEM,
    SYN_STORE_PUT_GRANT,
    SYN_STORE_CUT_ACCOUNT,
    SYN_STORE_CUT_SERVICE,
    SYN_STORE_CUT_OBJECT,
    SYN_STORE_CUT_ITEM,
    SYN_STORE_CUT_GRANT,
    SYN_STORE_ALL_ACCOUNTS,
    SYN_STORE_ALL_SERVICES,
    SYN_STORE_ALL_OBJECTS,
    SYN_STORE_ALL_ITEMS,
    SYN_STORE_ALL_GRANTS,
    SYN_STORE_ALL_COUNTERS,
    SYN_STORE_BEGIN,
    SYN_STORE_COMMIT,
    SYN_STORE_ROLLBACK,
    SYN_STORE_STATEMENT_COUNT
};

struct sqlite3;
struct sqlite3_stmt;
struct syn_commit; /* opaque: the thread and its queue, commit.c */

struct syn_store {
    struct sqlite3 *database;
    struct sqlite3_stmt *statements[SYN_STORE_STATEMENT_COUNT];
    struct syn_journal journal;
    struct syn_buf packed;     /* one row at a time; without a thread */
    bool is_open_group;        /* BEGIN done, COMMIT not */
    syn_status status;         /* first failure, sticky */
    uint64_t starts;           /* how often the file was opened, from 1 */
    struct syn_commit *commit; /* NULL: no thread, the owner flushes */
    char fault[SYN_STORE_FAULT_BYTES];
};

/* Check, migrate or create the schema, then prepare every statement. */
SYN_MUST_CHECK syn_status syn_store_prepare(struct syn_store *store,
                                            bool is_file,
                                            enum syn_store_sync sync);

/* Keep what SQLite says about its last failure, and log it unless the commit
 * thread runs (its owner logs); always SYN_ERR_STORE. */
syn_status syn_store_complain(struct syn_store *store, const char *what);

/* --- store.c, for whoever owns the connection ------------------------------
 */

syn_status syn_store_run(struct syn_store *store,
                         enum syn_store_statement which);
/* Write the row at the front of `packed`, in a transaction opened on need. */
syn_status syn_store_write(struct syn_store *store, struct syn_str *packed);
/* Commit what is open. Failed: rolled back. */
syn_status syn_store_commit(struct syn_store *store);

/* --- commit.c --------------------------------------------------------------
 */

void syn_commit_append(struct syn_commit *commit,
                       const struct syn_change *change);
/* Write all that was handed over, then end the thread. */
void syn_commit_end(struct syn_commit *commit);

#endif
