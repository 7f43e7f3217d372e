/*
 * schema.c - tables, their version, and the prepared statements.
 * Layer: store. Threads: one owner.
 *
 * What a user chose (names, keys, identities, data) is a BLOB, because it may
 * hold U+0000 and must come back byte for byte. Rows are written by UPSERT:
 * REPLACE would delete first and cascade into items and grants.
 *
 * Version 2 added counters, because what was deleted leaves no row behind that
 * could tell how far creation orders had come.
 */
#include "store/schema.h"

#include "base/log.h"

#include <sqlite3.h>
#include <stdio.h>

#define APPLICATION_ID 0x53594e50 /* "SYNP" */
#define SCHEMA_VERSION 2

static const char schema[] =
    "CREATE TABLE accounts(sid TEXT PRIMARY KEY) WITHOUT ROWID, STRICT;"
    "CREATE TABLE services("
    " sid TEXT PRIMARY KEY,"
    " account_sid TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,"
    " unique_name BLOB, friendly_name BLOB, webhook_url BLOB,"
    " acl_enabled INTEGER NOT NULL,"
    " webhooks_from_rest_enabled INTEGER NOT NULL,"
    " reachability_webhooks_enabled INTEGER NOT NULL,"
    " reachability_debouncing_enabled INTEGER NOT NULL,"
    " reachability_debouncing_ms INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
    " creation_order INTEGER NOT NULL) WITHOUT ROWID, STRICT;"
    "CREATE TABLE objects("
    " sid TEXT PRIMARY KEY, type INTEGER NOT NULL,"
    " service_sid TEXT NOT NULL REFERENCES services ON DELETE CASCADE,"
    " unique_name BLOB, created_by BLOB NOT NULL, data BLOB,"
    " created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL, event_count INTEGER NOT NULL,"
    " creation_order INTEGER NOT NULL) STRICT;"
    "CREATE INDEX objects_of_service ON objects(service_sid);"
    "CREATE TABLE items("
    " object_sid TEXT NOT NULL REFERENCES objects ON DELETE CASCADE,"
    " item_index INTEGER NOT NULL, item_key BLOB NOT NULL,"
    " data BLOB NOT NULL, created_by BLOB NOT NULL,"
    " event_id INTEGER NOT NULL, created_ms INTEGER NOT NULL,"
    " updated_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,"
    " PRIMARY KEY(object_sid, item_index, item_key)) STRICT;"
    "CREATE TABLE grants("
    " object_sid TEXT NOT NULL REFERENCES objects ON DELETE CASCADE,"
    " identity BLOB NOT NULL, rights INTEGER NOT NULL,"
    " changed_ms INTEGER NOT NULL,"
    " PRIMARY KEY(object_sid, identity)) WITHOUT ROWID, STRICT;";

/* From version 1 to 2, and the end of a new file. */
static const char counters[] =
    "CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL)"
    " WITHOUT ROWID, STRICT;"
    "INSERT INTO counters VALUES('starts', 0), ('next_order',"
    " (SELECT coalesce(max(creation_order) + 1, 0) FROM"
    "  (SELECT creation_order FROM objects UNION ALL"
    "   SELECT creation_order FROM services)));"
    "CREATE TRIGGER object_order AFTER INSERT ON objects BEGIN"
    " UPDATE counters SET value = NEW.creation_order + 1"
    " WHERE name = 'next_order' AND value <= NEW.creation_order; END;"
    "CREATE TRIGGER service_order AFTER INSERT ON services BEGIN"
    " UPDATE counters SET value = NEW.creation_order + 1"
    " WHERE name = 'next_order' AND value <= NEW.creation_order; END;";

/* What makes version n + 1 of version n. */
static const char *const migrations[SCHEMA_VERSION] = {schema, counters};

static const char *const statements[SYN_STORE_STATEMENT_COUNT] = {
    [SYN_STORE_PUT_ACCOUNT] =
        "INSERT INTO accounts VALUES(?1) ON CONFLICT DO NOTHING",
    [SYN_STORE_PUT_SERVICE] =
        "INSERT INTO services VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,"
        "?13) ON CONFLICT(sid) DO UPDATE SET friendly_name=?4, webhook_url=?5,"
        " acl_enabled=?6, webhooks_from_rest_enabled=?7,"
        " reachability_webhooks_enabled=?8, reachability_debouncing_enabled=?9,"
        " reachability_debouncing_ms=?10, updated_ms=?12",
    [SYN_STORE_PUT_OBJECT] =
        "INSERT INTO objects VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
        " ON CONFLICT(sid) DO UPDATE SET data=?6, updated_ms=?8,"
        " expires_ms=?9, event_count=?10",
    [SYN_STORE_PUT_ITEM] =
        "INSERT INTO items VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"
        " ON CONFLICT(object_sid,item_index,item_key) DO UPDATE SET data=?4,"
        " event_id=?6, updated_ms=?8, expires_ms=?9",
    [SYN_STORE_PUT_GRANT] =
        "INSERT INTO grants VALUES(?1,?2,?3,?4)"
        " ON CONFLICT(object_sid,identity) DO UPDATE SET rights=?3,"
        " changed_ms=?4",
    [SYN_STORE_CUT_ACCOUNT] = "DELETE FROM accounts WHERE sid=?1",
    [SYN_STORE_CUT_SERVICE] = "DELETE FROM services WHERE sid=?1",
    [SYN_STORE_CUT_OBJECT] = "DELETE FROM objects WHERE sid=?1",
    [SYN_STORE_CUT_ITEM] = ("DELETE FROM items WHERE object_sid=?1"
                            " AND item_index=?2 AND item_key=?3"),
    [SYN_STORE_CUT_GRANT] =
        "DELETE FROM grants WHERE object_sid=?1 AND identity=?2",
    [SYN_STORE_ALL_ACCOUNTS] = "SELECT * FROM accounts",
    [SYN_STORE_ALL_SERVICES] = "SELECT * FROM services",
    [SYN_STORE_ALL_OBJECTS] = "SELECT * FROM objects",
    [SYN_STORE_ALL_ITEMS] = "SELECT * FROM items",
    [SYN_STORE_ALL_GRANTS] = "SELECT * FROM grants",
    [SYN_STORE_ALL_COUNTERS] =
        "SELECT value FROM counters WHERE name='next_order'",
    [SYN_STORE_BEGIN] = "BEGIN",
    [SYN_STORE_COMMIT] = "COMMIT",
    [SYN_STORE_ROLLBACK] = "ROLLBACK",
};

/* Two causes deserve plain words, the rest is SQLite's. */
static void note_fault(struct syn_store *store)
{
    const char *text = store->database == NULL
                           ? "out of memory"
                           : sqlite3_errmsg(store->database);
    int rc = store->database == NULL ? SQLITE_NOMEM
                                     : sqlite3_errcode(store->database);
    if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
        text = "it is in use by another server";
    } else if (rc == SQLITE_NOTADB) {
        text = "it is damaged, or no database at all";
    } else if (rc == SQLITE_CORRUPT) {
        text = "it is damaged";
    }
    (void)snprintf(store->fault, sizeof(store->fault), "%s", text);
}

syn_status syn_store_complain(struct syn_store *store, const char *what)
{
    note_fault(store);
    if (store->commit == NULL) {
        syn_log(SYN_LOG_ALERT, "store", what, "error=\"%s\"", store->fault);
    }
    return SYN_ERR_STORE;
}

/* What we say of a file that SQLite itself would take. */
static syn_status refuse(struct syn_store *store, const char *event)
{
    syn_log(SYN_LOG_ALERT, "store", event, "reason=\"%s\"", store->fault);
    return SYN_ERR_STORE;
}

static syn_status run_text(struct syn_store *store, const char *sql,
                           const char *what)
{
    int rc = sqlite3_exec(store->database, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? SYN_OK : syn_store_complain(store, what);
}

/* The one integer that `sql` yields. */
static syn_status ask_integer(struct syn_store *store, const char *sql,
                              int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
    }
    syn_status status = SYN_OK;
    if (rc == SQLITE_ROW) {
        *out = sqlite3_column_int64(statement, 0);
    } else {
        status = syn_store_complain(store, "open failed");
    }
    sqlite3_finalize(statement);
    return status;
}

/* --- the file -------------------------------------------------------------
 */

/* An empty file becomes ours; any other must say that it is. Nothing is
 * written until that is known. */
static syn_status read_version(struct syn_store *store, int64_t *version)
{
    int64_t tables = 0;
    int64_t application = 0;
    syn_status status =
        ask_integer(store, "SELECT count(*) FROM sqlite_master", &tables);
    if (status == SYN_OK) {
        status = ask_integer(store, "PRAGMA application_id", &application);
    }
    if (status == SYN_OK) {
        status = ask_integer(store, "PRAGMA user_version", version);
    }
    if (status != SYN_OK ||
        (tables == 0 && application == 0 && *version == 0)) {
        return status;
    }
    if (application != APPLICATION_ID) {
        (void)snprintf(store->fault, sizeof(store->fault),
                       "it belongs to another program (application id %lld)",
                       (long long)application);
        return refuse(store, "foreign file");
    }
    if (*version < 1 || *version > SCHEMA_VERSION) {
        (void)snprintf(store->fault, sizeof(store->fault),
                       "its schema has version %lld, and this program knows "
                       "1 to %d",
                       (long long)*version, SCHEMA_VERSION);
        return refuse(store, "foreign version");
    }
    return SYN_OK;
}

/* Damage is told at the start, not in the middle of a load. */
static syn_status check_pages(struct syn_store *store)
{
    int64_t faults = 0;
    syn_status status = ask_integer(
        store,
        "SELECT count(*) FROM pragma_quick_check WHERE quick_check <> 'ok'",
        &faults);
    if (status == SYN_OK && faults != 0) {
        (void)snprintf(store->fault, sizeof(store->fault),
                       "it is damaged (%lld faults)", (long long)faults);
        status = refuse(store, "damaged file");
    }
    return status;
}

/* All steps or none; every open counts, so that no two runs are the same. */
static syn_status migrate(struct syn_store *store, int64_t version)
{
    char marks[96];
    int64_t starts = 0;
    snprintf(marks, sizeof(marks),
             "PRAGMA application_id=%d; PRAGMA user_version=%d;",
             APPLICATION_ID, SCHEMA_VERSION);
    syn_status status = run_text(store, "BEGIN IMMEDIATE", "open failed");
    for (int64_t i = version; i < SCHEMA_VERSION && status == SYN_OK; i++) {
        status = run_text(store, migrations[i], "migration failed");
    }
    if (status == SYN_OK && version < SCHEMA_VERSION) {
        status = run_text(store, marks, "migration failed");
    }
    if (status == SYN_OK) {
        status = run_text(store,
                          "UPDATE counters SET value=value+1"
                          " WHERE name='starts'",
                          "open failed");
    }
    if (status == SYN_OK) {
        status = ask_integer(
            store, "SELECT value FROM counters WHERE name='starts'", &starts);
    }
    if (status == SYN_OK) {
        status = run_text(store, "COMMIT", "open failed");
    }
    store->starts = (uint64_t)starts;
    return status;
}

static syn_status prepare_statements(struct syn_store *store)
{
    syn_status status = SYN_OK;
    for (int i = 0; i < SYN_STORE_STATEMENT_COUNT && status == SYN_OK; i++) {
        if (sqlite3_prepare_v3(store->database, statements[i], -1,
                               SQLITE_PREPARE_PERSISTENT, &store->statements[i],
                               NULL) != SQLITE_OK) {
            status = syn_store_complain(store, "schema does not fit");
        }
    }
    return status;
}

syn_status syn_store_prepare(struct syn_store *store, bool is_file,
                             enum syn_store_sync sync)
{
    const char *durability = sync == SYN_STORE_FULL
                                 ? "PRAGMA synchronous=FULL"
                                 : "PRAGMA synchronous=NORMAL";
    int64_t version = 0;
    /* One process owns the file: a second one must fail at the door. */
    syn_status status =
        run_text(store,
                 "PRAGMA locking_mode=EXCLUSIVE; PRAGMA foreign_keys=ON;"
                 "PRAGMA trusted_schema=OFF",
                 "open failed");
    if (status == SYN_OK) {
        status = read_version(store, &version);
    }
    if (status == SYN_OK && is_file) {
        status = run_text(store, "PRAGMA journal_mode=WAL", "open failed");
    }
    if (status == SYN_OK) {
        status = run_text(store, durability, "open failed");
    }
    if (status == SYN_OK && is_file) {
        status = check_pages(store);
    }
    if (status == SYN_OK) {
        status = migrate(store, version);
    }
    return status == SYN_OK ? prepare_statements(store) : status;
}
