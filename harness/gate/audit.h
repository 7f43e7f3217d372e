/*
 * audit.h - the verb `audit`: a real service held against a plan, or alone.
 * Layer: gate. Threads: the main process.
 * Source: design section 8.
 */
#ifndef SYN_GATE_AUDIT_H
#define SYN_GATE_AUDIT_H

#include "gate/book.h"
#include "gate/census.h"
#include "gate/plan.h"

struct syn_audit_options {
    const struct syn_gate_plan *plan; /* NULL: what needs none */
    const struct syn_census *inventory;
    const char *service_sid;
    const char *today; /* "2026-11-21", for waivers */
};

/* Every kind of finding; X(NAME, word, level, clause, title). */
#define SYN_AUDIT_MAP(X)                                              \
    X(ACL_OFF, "acl-off", SHOULD, "ACL-07", "ACLs are switched off")  \
    X(PLAIN_WEBHOOK, "plain-webhook", MUST, "TOK-15",                 \
      "Webhooks go over plain HTTP")                                  \
    X(MISSING_OBJECT, "missing-object", SHOULD, "ACL-12",             \
      "An object of the plan is not there")                           \
    X(SQUATTED, "squatted", MUST, "ACL-72",                           \
      "An object was made by somebody whom the plan does not expect") \
    X(MISSING_GRANT, "missing-grant", MUST, "ACL-08",                 \
      "A grant of the plan is not there")                             \
    X(EXTRA_GRANT, "extra-grant", MUST, "ACL-14",                     \
      "A permission is wider than the plan")                          \
    X(STALE_GRANT, "stale-grant", MUST, "ACL-14",                     \
      "A permission names an identity that the plan does not know")   \
    X(SHARED_WRITE, "shared-write", MUST, "ACL-13",                   \
      "Several clients write to one object")                          \
    X(MISSING_TTL, "missing-ttl", SHOULD, "TTL-06",                   \
      "What should expire does not")                                  \
    X(PERSONAL_DATA, "personal-data", SHOULD, "TOK-05",               \
      "Personal data stands in an identity or a name")
#define SYN_AUDIT_AS_ENUM(name, word, level, clause, title) SYN_AUDIT_##name,
enum syn_audit_kind { SYN_AUDIT_MAP(SYN_AUDIT_AS_ENUM) SYN_AUDIT_COUNT };

struct syn_audit_finding {
    enum syn_audit_kind kind;
    const struct syn_census_object *object; /* NULL: none there */
    struct syn_str name;                    /* of the object; empty */
    struct syn_str identity;                /* empty: nobody */
    unsigned rights;                        /* concerned */
    struct syn_str text;
    struct syn_str call; /* that mends it; empty: none */
};

struct syn_audit_outcome {
    struct syn_audit_finding *findings;
    size_t count;
    size_t room;
    size_t unplanned;       /* objects there that the plan does not name */
    size_t dark_objects;    /* that somebody who needs them cannot reach */
    size_t dark_identities; /* who then miss something */
    struct syn_book book;
};

/* Judge. Everything belongs to `arena`. Errors: SYN_ERR_MEMORY;
 * SYN_ERR_CONFIG with `fault`: the plan does not expand. */
SYN_MUST_CHECK syn_status syn_audit_judge(
    struct syn_arena *arena, const struct syn_audit_options *options,
    char fault[SYN_GATE_FAULT_BYTES], struct syn_audit_outcome *out);

/* Append a plan that allows what is there, to start from. */
void syn_audit_draft(struct syn_buf *out, const struct syn_census *inventory,
                     const char *name);

#endif
