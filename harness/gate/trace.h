/*
 * trace.h - what an app did: read strictly, written line by line.
 * Layer: gate. Threads: a trace is immutable once read.
 * Source: design section 8; docs/schema/trace.schema.json.
 *
 * JSON lines: a header, then inventory lines and events in any order. Absent
 * and null members mean "unknown". Whatever the format does not define is
 * refused with line and member, so that a typo is never taken for silence.
 */
#ifndef SYN_GATE_TRACE_H
#define SYN_GATE_TRACE_H

#include "base/buf.h"
#include "syn/arena.h"
#include "syn/object.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYN_TRACE_FAULT_BYTES 512
#define SYN_TRACE_UNKNOWN     INT64_C(-1) /* of numbers and flags */
#define SYN_TRACE_ISO_BYTES   25          /* "2026-11-21T08:00:00.000Z" */

#define SYN_TRACE_OP_MAP(X)       \
    X(CREATE, "create")           \
    X(OPEN, "open")               \
    X(UPDATE, "update")           \
    X(REMOVE, "remove")           \
    X(ITEM_ADD, "item_add")       \
    X(ITEM_UPDATE, "item_update") \
    X(ITEM_REMOVE, "item_remove") \
    X(ITEM_READ, "item_read")     \
    X(QUERY, "query")             \
    X(SUBSCRIBE, "subscribe")     \
    X(CANCEL, "cancel")           \
    X(PUBLISH, "publish")         \
    X(TTL, "ttl")                 \
    X(GRANT, "grant")             \
    X(REVOKE, "revoke")           \
    X(CONNECT, "connect")         \
    X(TOKEN, "token")
#define SYN_TRACE_OP_AS_ENUM(name, word) SYN_TRACE_##name,
enum syn_trace_op { SYN_TRACE_OP_MAP(SYN_TRACE_OP_AS_ENUM) SYN_TRACE_OP_COUNT };

enum syn_trace_src {
    SYN_TRACE_SDK,
    SYN_TRACE_REST,
    SYN_TRACE_WEBHOOK,
    SYN_TRACE_SRC_COUNT
};

enum syn_trace_mode {
    SYN_TRACE_MODE_UNSAID,
    SYN_TRACE_CREATE_NEW,
    SYN_TRACE_OPEN_EXISTING,
    SYN_TRACE_OPEN_OR_CREATE,
    SYN_TRACE_MODE_COUNT
};

enum syn_trace_by {
    SYN_TRACE_BY_UNSAID,
    SYN_TRACE_BY_SID,
    SYN_TRACE_BY_NAME,
    SYN_TRACE_BY_COUNT
};

/* Texts at NULL and numbers SYN_TRACE_UNKNOWN are unknown throughout. */
struct syn_trace_head {
    int64_t acl_enabled; /* 0, 1 */
    int64_t from_ms;     /* Unix time; the only member that must be known */
    int64_t to_ms;
    bool sees_sdk, sees_rest, sees_reads;
    int64_t is_pseudonymous; /* 0, 1 */
};

struct syn_trace_row {
    struct syn_str identity;
    unsigned rights; /* SYN_RIGHT_… */
};

/* An object that was there when the recorder first saw it. */
struct syn_trace_inv {
    size_t line;
    enum syn_type type;
    struct syn_str sid, name;
    struct syn_str created_by; /* "system": made over REST */
    struct syn_str date_expires;
    bool has_rows; /* `permissions` was given: these are all of them */
    const struct syn_trace_row *rows;
    size_t row_count;
};

struct syn_trace_event {
    size_t line;
    int64_t t_ms; /* since from_ms */
    enum syn_trace_src src;
    enum syn_trace_op op;
    enum syn_trace_mode mode;
    enum syn_trace_by by;
    enum syn_type type; /* SYN_TYPE_COUNT: none */
    struct syn_str conn, identity, sid, name, key;
    struct syn_str grantee; /* grant, revoke: whose row */
    struct syn_str how;     /* token: "init", "update" */
    struct syn_str shadow;  /* "allowed", "denied": with ACLs on */
    struct syn_str why;     /* the sentence behind `shadow` */
    int64_t http, code;
    int64_t created; /* 0, 1 */
    int64_t ttl_s, item_ttl_s;
    int64_t lifetime_s, left_s;  /* token */
    int64_t read, write, manage; /* grant: 0, 1 */
};

struct syn_trace {
    struct syn_trace_head head;
    const struct syn_trace_inv *invs;
    size_t inv_count;
    const struct syn_trace_event *events; /* by t, ties as written */
    size_t event_count;
};

/*
 * Read a trace. *out belongs to `arena`. Errors: SYN_ERR_CONFIG with `fault`
 * as "file:line: member: reason" (exit 64), SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_trace_read(struct syn_arena *arena,
                                         const char *path,
                                         char fault[SYN_TRACE_FAULT_BYTES],
                                         const struct syn_trace **out);

/* The same from text; `path` is only named in faults. */
SYN_MUST_CHECK syn_status syn_trace_parse(struct syn_arena *arena,
                                          const char *path, struct syn_str text,
                                          char fault[SYN_TRACE_FAULT_BYTES],
                                          const struct syn_trace **out);

/* An event about which nothing is known. */
struct syn_trace_event syn_trace_event_blank(void);

/* Append one line with its line feed. An unknown `to_ms` of a header is
 * padded, so that the header can be written over in place at the end. */
void syn_trace_put_head(struct syn_buf *out, const struct syn_trace_head *head);
void syn_trace_put_inv(struct syn_buf *out, const struct syn_trace_inv *inv);
void syn_trace_put_event(struct syn_buf *out,
                         const struct syn_trace_event *event);

/* "open", "item_add" … */
const char *syn_trace_op_name(enum syn_trace_op op);

/* Does it name an object? All but connect and token do. */
bool syn_trace_op_has_object(enum syn_trace_op op);

/* The operation that the oracle and the model judge; false for those that
 * need no right (cancel, grant, revoke, connect, token). `has_key`: a TTL of
 * an item. */
bool syn_trace_op_of(enum syn_trace_op op, bool has_key, enum syn_op *out);

/* "2026-11-21T08:00:00.000Z" or "…:00Z" to Unix ms; false: no such date. */
bool syn_trace_date_ms(struct syn_str text, int64_t *out);

#endif
