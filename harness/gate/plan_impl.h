/*
 * plan_impl.h - how a plan is read, between its files and for their test.
 * Layer: gate, private.
 */
#ifndef SYN_GATE_PLAN_IMPL_H
#define SYN_GATE_PLAN_IMPL_H

#include "base/json.h"
#include "gate/plan.h"

struct syn_gate_reader {
    struct syn_arena *arena;
    struct syn_gate_plan *plan;
    char *fault;
    syn_status status; /* of what cannot return one */
    struct syn_gate_identity *identities;
    size_t identity_room;
};

/* Where the reader is: a chain, made text only when it is needed. */
struct syn_gate_place {
    const struct syn_gate_place *above; /* NULL: the whole plan */
    struct syn_str name;                /* of a member; at NULL: an element */
    size_t index;
};

struct syn_gate_field;
typedef syn_status (*syn_gate_read_fn)(struct syn_gate_reader *r,
                                       const struct syn_gate_place *place,
                                       const struct syn_json *node,
                                       const struct syn_gate_field *field,
                                       void *to);

/* One member of an object of the plan. */
struct syn_gate_field {
    const char *name; /* NULL ends a shape */
    syn_gate_read_fn read;
    size_t offset;
    bool is_required;
    const char *const *words; /* enumeration, ended by NULL; NULL: none */
    unsigned first_word;      /* the value of words[0] */
    int64_t min, max;         /* numbers */
    const struct syn_gate_field *inner; /* of objects, or of elements */
    size_t inner_bytes;
    size_t count_offset; /* of arrays */
    size_t place_offset; /* of elements: const char *; SIZE_MAX: none */
};

/* The shapes by their definition in the schema ("" is the whole plan). */
struct syn_gate_shape {
    const char *definition;
    const struct syn_gate_field *fields;
};
extern const struct syn_gate_shape syn_gate_shapes[]; /* ended by {NULL} */

/* The pointer of a place, "/objects/0/name"; NULL: out of memory. */
const char *syn_gate_place_text(struct syn_arena *arena,
                                const struct syn_gate_place *place);

/* SYN_ERR_CONFIG with the fault about that place. */
syn_status syn_gate_refuse(struct syn_gate_reader *r,
                           const struct syn_gate_place *place,
                           const char *format, ...) SYN_PRINTF(3, 4);
/* The same for a member of what stands at `place` ("/objects/0"). */
syn_status syn_gate_refuse_at(struct syn_gate_reader *r, const char *place,
                              const char *member, const char *format, ...)
    SYN_PRINTF(4, 5);

/* plan_people.c: the members "roles" and "identities". */
syn_status syn_gate_read_roles(struct syn_gate_reader *r,
                               const struct syn_gate_place *place,
                               const struct syn_json *node,
                               const struct syn_gate_field *field, void *to);
syn_status syn_gate_read_identities(struct syn_gate_reader *r,
                                    const struct syn_gate_place *place,
                                    const struct syn_json *node,
                                    const struct syn_gate_field *field,
                                    void *to);
extern const struct syn_gate_field syn_gate_role_fields[];

/* plan_check.c: resolve what refers to something else. `root` is the tree,
 * for allow_shared_write. */
syn_status syn_gate_plan_resolve(struct syn_gate_reader *r,
                                 const struct syn_json *root);

#endif
