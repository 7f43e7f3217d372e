/*
 * object.h - the nouns of Sync: object types, rights, operations.
 * Layer: public. Threads: constants only.
 * Source: rest.md sections 2 and 7.
 */
#ifndef SYN_OBJECT_H
#define SYN_OBJECT_H

#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

/* The four object types. List and map items belong to their container. */
enum syn_type {
    SYN_TYPE_DOCUMENT,
    SYN_TYPE_LIST,
    SYN_TYPE_MAP,
    SYN_TYPE_STREAM,
    SYN_TYPE_COUNT
};

/* Sets of types, for rows and tables. */
#define SYN_TYPE_BIT(type) (1u << (type))
#define SYN_TYPES_DOCUMENT SYN_TYPE_BIT(SYN_TYPE_DOCUMENT)
#define SYN_TYPES_CONTAINER \
    (SYN_TYPE_BIT(SYN_TYPE_LIST) | SYN_TYPE_BIT(SYN_TYPE_MAP))
#define SYN_TYPES_GRANTED (SYN_TYPES_DOCUMENT | SYN_TYPES_CONTAINER)
#define SYN_TYPES_ALL     (SYN_TYPES_GRANTED | SYN_TYPE_BIT(SYN_TYPE_STREAM))

/* "document", "list", "map", "stream". */
const char *syn_type_name(enum syn_type type);

/* False for any other word. */
bool syn_type_from_name(struct syn_str name, enum syn_type *out);

/* "ET", "ES", "MP", "TO". */
const char *syn_type_sid_prefix(enum syn_type type);

/* Rights of one identity on one object; independent flags (rest.md 7.3). */
#define SYN_RIGHT_READ   1u
#define SYN_RIGHT_WRITE  2u
#define SYN_RIGHT_MANAGE 4u
#define SYN_RIGHTS_NONE  0u
#define SYN_RIGHTS_ALL   (SYN_RIGHT_READ | SYN_RIGHT_WRITE | SYN_RIGHT_MANAGE)

/* How a request names its object; both must be controlled alike (ACL-67). */
enum syn_addressing { SYN_BY_SID, SYN_BY_NAME };

/* What can be done to an object over the SDK plane, the unit of access. */
#define SYN_OP_MAP(X)             \
    X(CREATE, "create")           \
    X(OPEN, "open")               \
    X(UPDATE, "update")           \
    X(TTL, "ttl")                 \
    X(REMOVE, "remove")           \
    X(ITEM_READ, "item_read")     \
    X(QUERY, "query")             \
    X(ITEM_ADD, "item_add")       \
    X(ITEM_UPDATE, "item_update") \
    X(ITEM_REMOVE, "item_remove") \
    X(ITEM_TTL, "item_ttl")       \
    X(PUBLISH, "publish")         \
    X(SUBSCRIBE, "subscribe")     \
    X(DELIVER, "deliver")
#define SYN_OP_AS_ENUM(name, text) SYN_OP_##name,
enum syn_op { SYN_OP_MAP(SYN_OP_AS_ENUM) SYN_OP_COUNT };

/* The word of the traces, reports and floors. */
const char *syn_op_name(enum syn_op op);
bool syn_op_from_name(struct syn_str name, enum syn_op *out);

/* The change of an object that its subscribers hear and that leaves it there:
 * an update, another item, a message. */
enum syn_op syn_type_change(enum syn_type type);

/* The last event id of an object that nothing has happened to yet; -2 where
 * events have none (sdk-protocol.md section 8). */
int64_t syn_type_first_id(enum syn_type type);

#endif
