/*
 * plan.h - what an app means to allow: its plan, read, checked, expanded.
 * Layer: gate. Threads: a plan is immutable once read.
 * Source: design section 8; docs/schema/plan.schema.json.
 *
 *     syn_gate_plan_read -> syn_gate_plan_expand -> syn_gate_plan_rights …
 *
 * A plan names roles, identities, entries (objects, maybe one per member of a
 * role), and rules: who is granted what, who needs it, who must never have it.
 * Everything that refers to something else is resolved to an index while it is
 * read, so that a plan that names what it does not define is refused with its
 * place. All belongs to the arena given at reading.
 */
#ifndef SYN_GATE_PLAN_H
#define SYN_GATE_PLAN_H

#include "base/table.h"
#include "syn/arena.h"
#include "syn/object.h"
#include "syn/status.h"
#include "syn/str.h"
#include "wire/readings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYN_GATE_FAULT_BYTES 512
#define SYN_GATE_NONE        SIZE_MAX /* no role, no identity, no entry */

/* How the creator opens its object. */
enum syn_gate_open {
    SYN_GATE_OPEN_UNSAID,
    SYN_GATE_CREATE_NEW,
    SYN_GATE_OPEN_EXISTING,
    SYN_GATE_OPEN_OR_CREATE,
    SYN_GATE_UPSERT
};

enum syn_gate_creator {
    SYN_GATE_BY_BACKEND, /* over REST */
    SYN_GATE_BY_SELF,    /* "{id}": the member that the object is for */
    SYN_GATE_BY_IDENTITY
};

/* Whom a rule is about. */
enum syn_gate_who {
    SYN_GATE_IDENTITY, /* one by name */
    SYN_GATE_ROLE,     /* every member */
    SYN_GATE_SELF,     /* "self": the member that the object is for */
    SYN_GATE_OTHERS    /* "agent:others": the other members of its role */
};

struct syn_gate_identity {
    struct syn_str name;
    uint64_t roles; /* bit per role; 0: none */
};

struct syn_gate_role {
    struct syn_str name;
    const size_t *members; /* places in `identities` */
    size_t member_count;
    size_t sample; /* representatives to try; at least 1 */
};

/* An entry of "objects": one object, or one per member of a role. */
struct syn_gate_entry {
    const char *place; /* "/objects/0" */
    unsigned type;     /* enum syn_type */
    struct syn_str name;
    struct syn_str role_word;    /* "for", as written */
    struct syn_str creator_word; /* as written */
    size_t role;                 /* "for"; SYN_GATE_NONE: one object */
    enum syn_gate_creator creator;
    size_t creator_identity; /* BY_IDENTITY only */
    unsigned open;           /* enum syn_gate_open */
    int64_t ttl_s;           /* -1: none */
    int64_t item_ttl_s;      /* -1: none */
    bool requires_ttl;
    bool requires_item_ttl;
    bool is_gatekeeper;
    const struct syn_str *keys; /* of items, for the lints alone */
    size_t key_count;
    bool may_share_write; /* named in allow_shared_write */
};

/* A line of "grants", "needs" or "never". */
struct syn_gate_rule {
    const char *place;
    unsigned type;
    struct syn_str object_word, role_word, identity_word; /* as written */
    unsigned rights;                                      /* SYN_RIGHT_… */
    size_t entry;
    enum syn_gate_who who;
    size_t index; /* of the identity or role */
};

struct syn_gate_rules {
    const struct syn_gate_rule *at;
    size_t count;
};

struct syn_gate_waiver {
    const char *place;
    struct syn_str lint;
    unsigned type;
    bool has_type;
    struct syn_str object_word, identity_word; /* at NULL: not said */
    struct syn_str reason, owner;
    struct syn_str until; /* "2027-03-01", the last day */
    size_t entry;         /* SYN_GATE_NONE: about no object */
};

struct syn_gate_plan {
    const char *path;
    struct syn_str source; /* as it came: columns are counted in it */
    struct syn_str text;   /* the same with comments blanked */
    struct syn_str name;
    int64_t token_ttl_s;           /* -1: not said */
    struct syn_str token_audience; /* at NULL: not said */
    const struct syn_gate_role *roles;
    size_t role_count;
    const struct syn_gate_identity *identities; /* roles first, then others */
    size_t identity_count;
    const struct syn_gate_entry *entries;
    size_t entry_count;
    struct syn_gate_rules grants;
    struct syn_gate_rules needs; /* the grants when they are the needs */
    bool needs_are_grants;
    struct syn_gate_rules nevers;
    const struct syn_gate_waiver *waivers;
    size_t waiver_count;
    struct syn_table by_name; /* identity to its element */
};

/*
 * Read a plan and the files that it names (their paths start at the plan's
 * folder). *out is untouched on error. Errors: SYN_ERR_CONFIG with `fault`
 * written as file:line:column, pointer, reason (exit 64); SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_gate_plan_read(struct syn_arena *arena,
                                             const char *path,
                                             char fault[SYN_GATE_FAULT_BYTES],
                                             const struct syn_gate_plan **out);

/* The same from text; `path` is for faults and for files beside it. */
SYN_MUST_CHECK syn_status syn_gate_plan_parse(struct syn_arena *arena,
                                              const char *path,
                                              struct syn_str text,
                                              char fault[SYN_GATE_FAULT_BYTES],
                                              const struct syn_gate_plan **out);

/* Write a fault about the member at `place`; SYN_ERR_CONFIG. */
syn_status syn_gate_plan_refuse(const struct syn_gate_plan *plan,
                                const char *place, const char *reason,
                                char fault[SYN_GATE_FAULT_BYTES]);

/* Place of an identity in plan->identities; SYN_GATE_NONE: not named. */
size_t syn_gate_plan_identity(const struct syn_gate_plan *plan,
                              struct syn_str name);

/* --- expansion (plan_expand.c) -------------------------------------------- */

/* One object as it is to exist. */
struct syn_gate_object {
    const struct syn_gate_entry *entry;
    struct syn_str name; /* {id} filled in */
    size_t self;         /* identity that it is for; SYN_GATE_NONE: nobody */
    size_t creator;      /* identity; SYN_GATE_NONE: the backend */
};

struct syn_gate_objects {
    struct syn_gate_object *at; /* in the order of the entries */
    size_t count;
};

/* The object that `entry` makes for `self` (SYN_GATE_NONE where the entry is
 * for no role). Name at NULL: out of memory. */
struct syn_gate_object syn_gate_plan_object(struct syn_arena *arena,
                                            const struct syn_gate_plan *plan,
                                            const struct syn_gate_entry *entry,
                                            size_t self);

/*
 * All objects. A name without {id} that is for a role is one object, whose
 * creator is the first member. Errors: SYN_ERR_CONFIG with `fault` when two
 * entries make the same object or there are over SYN_GATE_OBJECTS_MAX;
 * SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_gate_plan_expand(struct syn_arena *arena,
                                               const struct syn_gate_plan *plan,
                                               char fault[SYN_GATE_FAULT_BYTES],
                                               struct syn_gate_objects *out);

/* Is this one object of many (a name with {id})? */
bool syn_gate_entry_is_many(const struct syn_gate_entry *entry);

/* Is the rule about this identity on this object? `identity` SYN_GATE_NONE:
 * somebody whom the plan does not name, so never. */
bool syn_gate_rule_covers(const struct syn_gate_plan *plan,
                          const struct syn_gate_rule *rule,
                          const struct syn_gate_object *object,
                          size_t identity);

/* Rights that the rules say together. */
unsigned syn_gate_rules_say(const struct syn_gate_plan *plan,
                            const struct syn_gate_rules *rules,
                            const struct syn_gate_object *object,
                            size_t identity);

/*
 * The permission row that the plan asks for: the grants together, but none for
 * the object's own creator, whose rights a row could only lessen, and none on
 * streams, which have no rows.
 */
unsigned syn_gate_plan_row(const struct syn_gate_plan *plan,
                           const struct syn_gate_object *object,
                           size_t identity);

/* An identity and an object of a plan, under readings (NULL: the reference's).
 */
struct syn_gate_question {
    const struct syn_gate_plan *plan;
    const struct syn_gate_object *object;
    size_t identity;
    struct syn_str name; /* when `identity` is SYN_GATE_NONE: a stranger,
                            "system" */
    const struct syn_readings *readings;
};

/* What the identity may do once the plan is in force and ACLs are on, as the
 * oracle rules. Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status
syn_gate_plan_rights(struct syn_arena *scratch,
                     const struct syn_gate_question *question, unsigned *out);

/* The readings on which it hangs whether the identity has a right: bits by enum
 * syn_reading_id. Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_gate_plan_assumes(
    struct syn_arena *scratch, const struct syn_gate_question *question,
    unsigned right, uint64_t *out);

/* The operation that stands for one right on a type, for the oracle. */
enum syn_op syn_gate_op_of(enum syn_type type, unsigned right);

/* "read, write"; static storage. */
const char *syn_gate_rights_text(unsigned rights);

/* --- classes (plan_class.c) ----------------------------------------------- */

/* How somebody stands to an object. */
enum syn_gate_kin {
    SYN_GATE_KIN_CREATOR,  /* made it */
    SYN_GATE_KIN_SELF,     /* it is for them */
    SYN_GATE_KIN_NAMED,    /* a rule about this entry names them */
    SYN_GATE_KIN_OTHER,    /* of the role it is for */
    SYN_GATE_KIN_ROLE,     /* of another role (or set of roles) */
    SYN_GATE_KIN_ROLELESS, /* an identity without a role */
    SYN_GATE_KIN_STRANGER, /* not in the plan */
    SYN_GATE_KIN_SYSTEM,   /* an identity called "system" */
    SYN_GATE_KIN_FOREIGN   /* a token of another service */
};

/* Somebody who is to try something with an object. */
struct syn_gate_party {
    enum syn_gate_kin kin;
    size_t identity;     /* SYN_GATE_NONE: not in the plan */
    struct syn_str name; /* identity to connect as */
    struct syn_str word; /* of the class: "agent", "other agent", "stranger" */
};

struct syn_gate_parties {
    struct syn_gate_party *at;
    size_t count;
};

/* Objects to try: with roles, for each entry one of each class of member, as
 * many as the role's sample; `wants_all`: every one. Errors: as expand. */
SYN_MUST_CHECK syn_status syn_gate_plan_sample(struct syn_arena *arena,
                                               const struct syn_gate_plan *plan,
                                               bool wants_all,
                                               char fault[SYN_GATE_FAULT_BYTES],
                                               struct syn_gate_objects *out);

/* Who is to try an object: representatives of each class or, with
 * `wants_all`, every identity; at last stranger, system, foreign. Errors:
 * SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status
syn_gate_plan_parties(struct syn_arena *arena, const struct syn_gate_plan *plan,
                      const struct syn_gate_object *object, bool wants_all,
                      struct syn_gate_parties *out);

#endif
