/*
 * object.c - names of object types and operations (include/syn/object.h).
 * Layer: wire. Threads: constants only.
 */
#include "syn/object.h"
#include "syn/status.h"

#include <stddef.h>

static const struct {
    const char *name;
    const char *prefix;
} types[SYN_TYPE_COUNT] = {
    [SYN_TYPE_DOCUMENT] = {"document", "ET"},
    [SYN_TYPE_LIST] = {"list", "ES"},
    [SYN_TYPE_MAP] = {"map", "MP"},
    [SYN_TYPE_STREAM] = {"stream", "TO"},
};

#define OP_AS_NAME(name, text) [SYN_OP_##name] = (text),
static const char *const ops[SYN_OP_COUNT] = {SYN_OP_MAP(OP_AS_NAME)};

const char *syn_type_name(enum syn_type type)
{
    SYN_ASSERT((unsigned)type < SYN_TYPE_COUNT);
    return types[type].name;
}

bool syn_type_from_name(struct syn_str name, enum syn_type *out)
{
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        if (syn_str_is(name, types[i].name)) {
            *out = (enum syn_type)i;
            return true;
        }
    }
    return false;
}

const char *syn_type_sid_prefix(enum syn_type type)
{
    SYN_ASSERT((unsigned)type < SYN_TYPE_COUNT);
    return types[type].prefix;
}

enum syn_op syn_type_change(enum syn_type type)
{
    static const enum syn_op changes[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = SYN_OP_UPDATE,
        [SYN_TYPE_LIST] = SYN_OP_ITEM_ADD,
        [SYN_TYPE_MAP] = SYN_OP_ITEM_ADD,
        [SYN_TYPE_STREAM] = SYN_OP_PUBLISH};
    SYN_ASSERT((unsigned)type < SYN_TYPE_COUNT);
    return changes[type];
}

int64_t syn_type_first_id(enum syn_type type)
{
    static const int64_t ids[SYN_TYPE_COUNT] = {[SYN_TYPE_DOCUMENT] = 0,
                                                [SYN_TYPE_LIST] = -1,
                                                [SYN_TYPE_MAP] = -1,
                                                [SYN_TYPE_STREAM] = -2};
    SYN_ASSERT((unsigned)type < SYN_TYPE_COUNT);
    return ids[type];
}

const char *syn_op_name(enum syn_op op)
{
    SYN_ASSERT((unsigned)op < SYN_OP_COUNT);
    return ops[op];
}

bool syn_op_from_name(struct syn_str name, enum syn_op *out)
{
    for (unsigned i = 0; i < SYN_OP_COUNT; i++) {
        if (syn_str_is(name, ops[i])) {
            *out = (enum syn_op)i;
            return true;
        }
    }
    return false;
}
