/*
 * schema.h - the statements of the store, and its private struct.
 * Layer: store, private to harness/store.
 */
#ifndef SYN_STORE_SCHEMA_H
#define SYN_STORE_SCHEMA_H

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
    SYN_STORE_BEGIN,
    SYN_STORE_COMMIT,
    SYN_STORE_ROLLBACK,
    SYN_STORE_STATEMENT_COUNT
};

struct sqlite3;
struct sqlite3_stmt;

struct syn_store {
    struct sqlite3 *database;
    struct sqlite3_stmt *statements[SYN_STORE_STATEMENT_COUNT];
    struct syn_journal journal;
    bool is_open_group; /* BEGIN done, COMMIT not */
    syn_status status;  /* first failure, sticky */
};

/* Check or create the schema, then prepare every statement. */
SYN_MUST_CHECK syn_status syn_store_prepare(struct syn_store *store,
                                            bool is_file,
                                            enum syn_store_sync sync);

/* Log what SQLite says about its last failure; always SYN_ERR_STORE. */
syn_status syn_store_complain(const struct syn_store *store, const char *what);

#endif
