/*
 * plan_expand.c - a plan in single objects and rights.
 * Layer: gate. Threads: independent calls.
 * Source: design section 8; the oracle rules on every right.
 */
#include "gate/plan.h"

#include "oracle/rights.h"
#include "syn/limits.h"

#include <string.h>

#define ID SYN_STR("{id}")

bool syn_gate_entry_is_many(const struct syn_gate_entry *entry)
{
    return entry->role != SYN_GATE_NONE && syn_str_has(entry->name, ID);
}

/* Position of {id} in a name that has it. */
static size_t find_id(struct syn_str name)
{
    size_t at = syn_str_find(name, '{', 0);
    while (!syn_str_has_prefix(syn_str_from(name, at), ID) && at < name.bytes) {
        at = syn_str_find(name, '{', at + 1);
    }
    return at;
}

static struct syn_str fill_name(struct syn_arena *arena, struct syn_str name,
                                struct syn_str id)
{
    struct syn_str text = SYN_STR("");
    while (text.at != NULL && name.bytes > 0) {
        size_t at = find_id(name);
        struct syn_str filler = at < name.bytes ? id : SYN_STR("");
        text = syn_arena_printf(arena, "%.*s%.*s%.*s", SYN_STR_ARG(text),
                                SYN_STR_ARG(syn_str_part(name, 0, at)),
                                SYN_STR_ARG(filler));
        name = syn_str_from(name, at < name.bytes ? at + ID.bytes : at);
    }
    return text;
}

struct syn_gate_object syn_gate_plan_object(struct syn_arena *arena,
                                            const struct syn_gate_plan *plan,
                                            const struct syn_gate_entry *entry,
                                            size_t self)
{
    struct syn_gate_object object = {.entry = entry,
                                     .name = entry->name,
                                     .self = SYN_GATE_NONE,
                                     .creator = entry->creator_identity};
    bool is_many = syn_gate_entry_is_many(entry);
    if (entry->creator == SYN_GATE_BY_SELF) {
        object.creator = self;
    }
    if (is_many) {
        object.self = self;
        object.name =
            fill_name(arena, entry->name, plan->identities[self].name);
    }
    return object;
}

/* How many objects an entry makes. */
static size_t count_objects(const struct syn_gate_plan *plan,
                            const struct syn_gate_entry *entry)
{
    return syn_gate_entry_is_many(entry) ? plan->roles[entry->role].member_count
                                         : 1;
}

static syn_status expand_entry(struct syn_arena *arena,
                               const struct syn_gate_plan *plan,
                               const struct syn_gate_entry *entry,
                               struct syn_table *seen,
                               struct syn_gate_objects *out)
{
    size_t count = count_objects(plan, entry);
    for (size_t i = 0; i < count; i++) {
        size_t self = entry->role == SYN_GATE_NONE
                          ? SYN_GATE_NONE
                          : plan->roles[entry->role].members[i];
        struct syn_gate_object *object = &out->at[out->count++];
        *object = syn_gate_plan_object(arena, plan, entry, self);
        syn_status st =
            object->name.at == NULL
                ? SYN_ERR_MEMORY
                : syn_table_insert(&seen[entry->type], object->name, object);
        if (st != SYN_OK) {
            return st;
        }
    }
    return SYN_OK;
}

syn_status syn_gate_plan_expand(struct syn_arena *arena,
                                const struct syn_gate_plan *plan,
                                char fault[SYN_GATE_FAULT_BYTES],
                                struct syn_gate_objects *out)
{
    struct syn_table seen[SYN_TYPE_COUNT];
    struct syn_gate_objects objects = {.at = NULL};
    syn_status st = SYN_OK;
    size_t total = 0;
    for (size_t i = 0; i < plan->entry_count; i++) {
        total += count_objects(plan, &plan->entries[i]);
    }
    if (total > SYN_GATE_OBJECTS_MAX) {
        return syn_gate_plan_refuse(
            plan, "/objects", "the plan makes more objects than it may", fault);
    }
    objects.at = syn_arena_array(arena, total, sizeof *objects.at);
    if (objects.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        syn_table_init(&seen[i], NULL);
    }
    for (size_t i = 0; i < plan->entry_count && st == SYN_OK; i++) {
        st = expand_entry(arena, plan, &plan->entries[i], seen, &objects);
        if (st == SYN_ERR_EXISTS) {
            st = syn_gate_plan_refuse(plan, plan->entries[i].place,
                                      "makes an object that another entry, or "
                                      "another member, makes too",
                                      fault);
        }
    }
    for (unsigned i = 0; i < SYN_TYPE_COUNT; i++) {
        syn_table_fini(&seen[i]);
    }
    if (st == SYN_OK) {
        *out = objects;
    }
    return st;
}

/* --- rules ---------------------------------------------------------------- */

bool syn_gate_rule_covers(const struct syn_gate_plan *plan,
                          const struct syn_gate_rule *rule,
                          const struct syn_gate_object *object, size_t identity)
{
    if (identity == SYN_GATE_NONE ||
        &plan->entries[rule->entry] != object->entry) {
        return false;
    }
    uint64_t roles = plan->identities[identity].roles;
    bool is_member = rule->index < SYN_GATE_ROLES_MAX &&
                     (roles & (UINT64_C(1) << rule->index)) != 0;
    /* A name without {id} is for every member alike. */
    bool is_many = syn_gate_entry_is_many(object->entry);
    switch (rule->who) {
    case SYN_GATE_IDENTITY:
        return rule->index == identity;
    case SYN_GATE_ROLE:
        return is_member;
    case SYN_GATE_SELF:
        return is_many ? object->self == identity : is_member;
    case SYN_GATE_OTHERS:
        return is_member && is_many && object->self != identity;
    }
    return false;
}

unsigned syn_gate_rules_say(const struct syn_gate_plan *plan,
                            const struct syn_gate_rules *rules,
                            const struct syn_gate_object *object,
                            size_t identity)
{
    unsigned rights = SYN_RIGHTS_NONE;
    for (size_t i = 0; i < rules->count; i++) {
        if (syn_gate_rule_covers(plan, &rules->at[i], object, identity)) {
            rights |= rules->at[i].rights;
        }
    }
    return rights;
}

unsigned syn_gate_plan_row(const struct syn_gate_plan *plan,
                           const struct syn_gate_object *object,
                           size_t identity)
{
    if (object->entry->type == SYN_TYPE_STREAM || identity == object->creator) {
        return SYN_RIGHTS_NONE;
    }
    return syn_gate_rules_say(plan, &plan->grants, object, identity);
}

const char *syn_gate_rights_text(unsigned rights)
{
    static const char *const words[] = {
        "nothing", "read",         "write",         "read, write",
        "manage",  "read, manage", "write, manage", "read, write, manage"};
    return words[rights & SYN_RIGHTS_ALL];
}

/* --- what the oracle rules ------------------------------------------------ */

enum syn_op syn_gate_op_of(enum syn_type type, unsigned right)
{
    static const enum syn_op writes[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = SYN_OP_UPDATE,
        [SYN_TYPE_LIST] = SYN_OP_ITEM_ADD,
        [SYN_TYPE_MAP] = SYN_OP_ITEM_ADD,
        [SYN_TYPE_STREAM] = SYN_OP_PUBLISH};
    return right == SYN_RIGHT_READ    ? SYN_OP_OPEN
           : right == SYN_RIGHT_WRITE ? writes[type]
                                      : SYN_OP_REMOVE;
}

/* An oracle that has seen one object made and one row set. */
static syn_status teach_oracle(struct syn_arena *scratch,
                               const struct syn_gate_question *question,
                               struct syn_access *subject,
                               struct syn_oracle **out)
{
    const struct syn_gate_plan *plan = question->plan;
    const struct syn_gate_object *object = question->object;
    struct syn_str creator = {NULL, 0};
    unsigned row = syn_gate_plan_row(plan, object, question->identity);
    if (object->creator != SYN_GATE_NONE) {
        creator = plan->identities[object->creator].name;
    }
    *subject = (struct syn_access){
        .type = (enum syn_type)object->entry->type,
        .label = object->name,
        .identity = question->identity == SYN_GATE_NONE
                        ? question->name
                        : plan->identities[question->identity].name};
    syn_status st = syn_oracle_new(scratch, question->readings, out);
    if (st != SYN_OK) {
        return st;
    }
    syn_oracle_set_acl(*out, true);
    st = syn_oracle_create(*out, subject->type, subject->label, creator);
    return st == SYN_OK && row != SYN_RIGHTS_NONE
               ? syn_oracle_grant(*out, subject, row)
               : st;
}

syn_status syn_gate_plan_rights(struct syn_arena *scratch,
                                const struct syn_gate_question *question,
                                unsigned *out)
{
    struct syn_arena_mark mark = syn_arena_mark(scratch);
    struct syn_oracle *oracle = NULL;
    struct syn_access subject;
    unsigned rights = SYN_RIGHTS_NONE;
    syn_status st = teach_oracle(scratch, question, &subject, &oracle);
    for (unsigned right = SYN_RIGHT_READ;
         st == SYN_OK && right <= SYN_RIGHT_MANAGE; right <<= 1) {
        struct syn_ruling ruling = syn_oracle_decides(
            oracle, &subject, syn_gate_op_of(subject.type, right));
        rights |= ruling.belief == SYN_ALLOWED ? right : 0u;
    }
    syn_arena_rewind(scratch, mark);
    if (st == SYN_OK) {
        *out = rights;
    }
    return st;
}

/* Rows of others than the one in question count too: an identity may be the
 * same as another to the readings. */
static syn_status grant_others(struct syn_oracle *oracle,
                               const struct syn_gate_question *question,
                               const struct syn_access *subject)
{
    static const struct syn_readings lax = {.identity_case = SYN_IDENTITY_ALIKE,
                                            .identity_form =
                                                SYN_IDENTITY_ALIKE};
    const struct syn_gate_plan *plan = question->plan;
    syn_status st = SYN_OK;
    for (size_t i = 0; st == SYN_OK && i < plan->identity_count; i++) {
        struct syn_access other = *subject;
        other.identity = plan->identities[i].name;
        bool is_alike =
            i != question->identity &&
            syn_reading_is_same(&lax, other.identity, subject->identity);
        unsigned row = is_alike ? syn_gate_plan_row(plan, question->object, i)
                                : SYN_RIGHTS_NONE;
        if (row != SYN_RIGHTS_NONE) {
            st = syn_oracle_grant(oracle, &other, row);
        }
    }
    return st;
}

syn_status syn_gate_plan_assumes(struct syn_arena *scratch,
                                 const struct syn_gate_question *question,
                                 unsigned right, uint64_t *out)
{
    struct syn_arena_mark mark = syn_arena_mark(scratch);
    struct syn_oracle *oracle = NULL;
    struct syn_access subject;
    uint64_t assumes = 0;
    syn_status st = teach_oracle(scratch, question, &subject, &oracle);
    if (st == SYN_OK && subject.type != SYN_TYPE_STREAM) {
        st = grant_others(oracle, question, &subject);
    }
    for (unsigned op = 0; st == SYN_OK && op < SYN_OP_COUNT; op++) {
        if (syn_oracle_right((enum syn_op)op) == right) {
            assumes |= syn_oracle_assumes(oracle, &subject, (enum syn_op)op);
        }
    }
    syn_arena_rewind(scratch, mark);
    if (st == SYN_OK) {
        *out = assumes;
    }
    return st;
}
