/*
 * rights.c - the access rules of the specification, clause by clause.
 * Layer: oracle. Threads: one owner.
 *
 * Rows are never forgotten, only marked, so that a ruling can say that a row
 * was revoked or belonged to an earlier object of the same name.
 */
#include "oracle/rights.h"

#include "base/buf.h"
#include "base/table.h"

#include <string.h>

enum row_origin { ROW_CREATED, ROW_GRANTED, ROW_REVOKED };

/* What is believed about one identity and one object. */
struct row {
    struct syn_str identity;
    enum row_origin origin;
    unsigned rights;
    unsigned life;    /* of the object that it belongs to */
    bool is_creator;  /* the identity made this object */
    bool is_made_off; /* while ACLs were off */
};

struct subject_object {
    unsigned life; /* counts objects under this label, from 1 */
    bool is_there;
    bool is_from_rest;
    struct syn_table rows; /* identity: row */
};

struct syn_oracle {
    struct syn_arena *arena;
    struct syn_readings readings;
    bool is_acl_on;
    bool is_key_gone;
    struct syn_table objects[SYN_TYPE_COUNT]; /* label: object */
};

/* --- what an operation needs, and where that is written
 * ------------------------ */

static const struct {
    unsigned right;
    const char *when_off;  /* allowed because ACLs are off */
    const char *when_held; /* the right decides */
} ops[SYN_OP_COUNT] = {
    [SYN_OP_CREATE] = {0, "ACL-06", "ACL-19"},
    [SYN_OP_OPEN] = {SYN_RIGHT_READ, "ACL-01", "ACL-08"},
    [SYN_OP_UPDATE] = {SYN_RIGHT_WRITE, "ACL-02", "ACL-09"},
    [SYN_OP_TTL] = {SYN_RIGHT_WRITE, "ACL-02", "ACL-09"},
    [SYN_OP_REMOVE] = {SYN_RIGHT_MANAGE, "ACL-03", "ACL-10"},
    [SYN_OP_ITEM_READ] = {SYN_RIGHT_READ, "ACL-01", "ACL-66"},
    [SYN_OP_QUERY] = {SYN_RIGHT_READ, "ACL-01", "ACL-46"},
    [SYN_OP_ITEM_ADD] = {SYN_RIGHT_WRITE, "ACL-02", "ACL-38"},
    [SYN_OP_ITEM_UPDATE] = {SYN_RIGHT_WRITE, "ACL-02", "ACL-38"},
    [SYN_OP_ITEM_REMOVE] = {SYN_RIGHT_WRITE, "ACL-02", "ACL-38"},
    [SYN_OP_ITEM_TTL] = {SYN_RIGHT_WRITE, "ACL-02", "ACL-38"},
    [SYN_OP_PUBLISH] = {SYN_RIGHT_WRITE, "ACL-02", "ACL-61"},
    [SYN_OP_SUBSCRIBE] = {SYN_RIGHT_READ, "ACL-01", "ACL-45"},
    [SYN_OP_DELIVER] = {SYN_RIGHT_READ, "ACL-01", "ACL-45"},
};

unsigned syn_oracle_right(enum syn_op op)
{
    SYN_ASSERT((unsigned)op < SYN_OP_COUNT);
    return ops[op].right;
}

/* --- beliefs
 * ---------------------------------------------------------------------- */

/* Tables live on the heap; the arena releases them when it ends. */
static void release_table(void *table)
{
    syn_table_fini(table);
}

static syn_status init_table(struct syn_arena *arena, struct syn_table *table)
{
    syn_table_init(table, arena->allocator);
    return syn_arena_defer(arena, release_table, table);
}

syn_status syn_oracle_new(struct syn_arena *arena,
                          const struct syn_readings *readings,
                          struct syn_oracle **out)
{
    struct syn_oracle *oracle = syn_arena_alloc(arena, sizeof(*oracle));
    if (oracle == NULL) {
        return SYN_ERR_MEMORY;
    }
    oracle->arena = arena;
    oracle->readings = readings == NULL ? syn_readings_default : *readings;
    syn_status status = SYN_OK;
    for (unsigned i = 0; i < SYN_TYPE_COUNT && status == SYN_OK; i++) {
        status = init_table(arena, &oracle->objects[i]);
    }
    if (status == SYN_OK) {
        *out = oracle;
    }
    return status;
}

void syn_oracle_set_acl(struct syn_oracle *oracle, bool is_on)
{
    oracle->is_acl_on = is_on;
}

void syn_oracle_end_key(struct syn_oracle *oracle)
{
    oracle->is_key_gone = true;
}

static struct subject_object *find_object(const struct syn_oracle *oracle,
                                          enum syn_type type,
                                          struct syn_str label)
{
    SYN_ASSERT((unsigned)type < SYN_TYPE_COUNT);
    return syn_table_find(&oracle->objects[type], label);
}

static syn_status make_object(struct syn_oracle *oracle, enum syn_type type,
                              struct syn_str label, struct subject_object **out)
{
    struct subject_object *object =
        syn_arena_alloc(oracle->arena, sizeof(*object));
    struct syn_str key = syn_arena_dup(oracle->arena, label);
    if (object == NULL || key.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status status = init_table(oracle->arena, &object->rows);
    if (status == SYN_OK) {
        status = syn_table_insert(&oracle->objects[type], key, object);
    }
    *out = object;
    return status;
}

/* The row of an identity: of these bytes, or of one that is the same to the
 * readings. */
static struct row *find_row(const struct syn_readings *readings,
                            const struct subject_object *object,
                            struct syn_str identity)
{
    size_t cursor = 0;
    struct row *row = syn_table_find(&object->rows, identity);
    bool is_of_this = row != NULL && row->life == object->life;
    if (is_of_this || !syn_reading_is_lax(readings)) {
        return row;
    }
    struct row *other = syn_table_next(&object->rows, &cursor);
    while (other != NULL &&
           (other->life != object->life ||
            !syn_reading_is_same(readings, other->identity, identity))) {
        other = syn_table_next(&object->rows, &cursor);
    }
    return other == NULL ? row : other;
}

/* The row of an identity, made when there is none yet. */
static syn_status find_or_make_row(struct syn_oracle *oracle,
                                   struct subject_object *object,
                                   struct syn_str identity, struct row **out)
{
    *out = find_row(&oracle->readings, object, identity);
    if (*out != NULL) {
        return SYN_OK;
    }
    struct row *row = syn_arena_alloc(oracle->arena, sizeof(*row));
    struct syn_str key = syn_arena_dup(oracle->arena, identity);
    if (row == NULL || key.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    row->identity = key;
    *out = row;
    return syn_table_insert(&object->rows, key, row);
}

syn_status syn_oracle_create(struct syn_oracle *oracle, enum syn_type type,
                             struct syn_str label, struct syn_str creator)
{
    struct subject_object *object = find_object(oracle, type, label);
    struct row *row = NULL;
    syn_status status = SYN_OK;
    if (object == NULL) {
        status = make_object(oracle, type, label, &object);
    }
    if (status == SYN_OK && creator.at != NULL) {
        status = find_or_make_row(oracle, object, creator, &row);
    }
    if (status != SYN_OK) {
        return status;
    }
    object->life++;
    object->is_there = true;
    object->is_from_rest = creator.at == NULL;
    if (row != NULL) {
        *row = (struct row){.identity = row->identity,
                            .origin = ROW_CREATED,
                            .rights = SYN_RIGHTS_ALL,
                            .life = object->life,
                            .is_creator = true,
                            .is_made_off = !oracle->is_acl_on};
    }
    return SYN_OK;
}

void syn_oracle_remove(struct syn_oracle *oracle, enum syn_type type,
                       struct syn_str label)
{
    struct subject_object *object = find_object(oracle, type, label);
    if (object != NULL) {
        object->is_there = false;
    }
}

/* Set `rights` with `origin`, remembering who made the object. */
static syn_status set_row(struct syn_oracle *oracle,
                          const struct syn_access *subject,
                          enum row_origin origin, unsigned rights)
{
    struct subject_object *object =
        find_object(oracle, subject->type, subject->label);
    if (subject->type == SYN_TYPE_STREAM) {
        return SYN_ERR_ARG;
    }
    if (object == NULL || !object->is_there) {
        return SYN_ERR_NOT_FOUND;
    }
    struct row *row = NULL;
    syn_status status =
        find_or_make_row(oracle, object, subject->identity, &row);
    if (status == SYN_OK) {
        bool is_creator = row->life == object->life && row->is_creator;
        *row = (struct row){.identity = row->identity,
                            .origin = origin,
                            .rights = rights & SYN_RIGHTS_ALL,
                            .life = object->life,
                            .is_creator = is_creator};
    }
    return status;
}

syn_status syn_oracle_grant(struct syn_oracle *oracle,
                            const struct syn_access *subject, unsigned rights)
{
    return set_row(oracle, subject, ROW_GRANTED, rights);
}

syn_status syn_oracle_revoke(struct syn_oracle *oracle,
                             const struct syn_access *subject)
{
    return set_row(oracle, subject, ROW_REVOKED, SYN_RIGHTS_NONE);
}

/* --- rulings
 * ---------------------------------------------------------------------- */

static struct syn_ruling rule(enum syn_belief belief, enum syn_why why,
                              const char *clause)
{
    return (struct syn_ruling){.belief = belief, .why = why, .clause = clause};
}

/* No row of this object: the default for objects of its maker. */
static struct syn_ruling rule_without_row(const struct subject_object *object,
                                          const struct row *old,
                                          struct syn_str identity)
{
    if (old != NULL && old->rights != SYN_RIGHTS_NONE) {
        return rule(SYN_DENIED, SYN_WHY_OLD_ROW, "ACL-49");
    }
    if (!object->is_from_rest) {
        return rule(SYN_DENIED, SYN_WHY_OTHER, "ACL-20");
    }
    return syn_str_is(identity, "system")
               ? rule(SYN_DENIED, SYN_WHY_SYSTEM, "ACL-48")
               : rule(SYN_DENIED, SYN_WHY_REST, "ACL-21");
}

/* The row holds what is needed. */
static struct syn_ruling rule_held(const struct syn_readings *readings,
                                   const struct row *row, enum syn_op op)
{
    if (row->origin == ROW_GRANTED) {
        return rule(SYN_ALLOWED, SYN_WHY_GRANTED, ops[op].when_held);
    }
    if (row->is_made_off && readings->made_off == SYN_MADE_OFF_LOSES) {
        return rule(SYN_DENIED, SYN_WHY_MADE_OFF, "ACL-19");
    }
    return rule(SYN_ALLOWED, SYN_WHY_CREATOR, "ACL-19");
}

static struct syn_ruling rule_lacking(const struct row *row, enum syn_op op)
{
    if (row->origin == ROW_REVOKED) {
        return row->is_creator ? rule(SYN_DENIED, SYN_WHY_DISALLOWED, "ACL-27")
                               : rule(SYN_DENIED, SYN_WHY_REVOKED, "ACL-25");
    }
    return rule(SYN_DENIED, SYN_WHY_LACKING, ops[op].when_held);
}

/* The right that an operation needs under these readings. */
static unsigned right_needed(const struct syn_readings *readings,
                             enum syn_op op)
{
    bool is_ttl = op == SYN_OP_TTL || op == SYN_OP_ITEM_TTL;
    return is_ttl && readings->ttl == SYN_TTL_NEEDS_MANAGE ? SYN_RIGHT_MANAGE
                                                           : ops[op].right;
}

static struct syn_ruling rule_by_row(const struct syn_readings *readings,
                                     const struct subject_object *object,
                                     const struct syn_access *subject,
                                     enum syn_op op)
{
    const struct row *row = find_row(readings, object, subject->identity);
    if (row == NULL || row->life != object->life) {
        return rule_without_row(object, row, subject->identity);
    }
    unsigned held = row->rights;
    if (readings->write == SYN_WRITE_IS_READ && (held & SYN_RIGHT_WRITE) != 0) {
        held |= SYN_RIGHT_READ;
    }
    unsigned needed = right_needed(readings, op);
    struct syn_ruling ruling = (held & needed) == needed
                                   ? rule_held(readings, row, op)
                                   : rule_lacking(row, op);
    ruling.held = row->rights;
    return ruling;
}

/* What is believed when these readings hold. */
static struct syn_ruling decide(const struct syn_oracle *oracle,
                                const struct syn_readings *readings,
                                const struct syn_access *subject,
                                enum syn_op op)
{
    const struct subject_object *object =
        find_object(oracle, subject->type, subject->label);
    if (oracle->is_key_gone) {
        return rule(SYN_DENIED, SYN_WHY_KEY_GONE, "TOK-34");
    }
    if (op == SYN_OP_CREATE) {
        return rule(SYN_ALLOWED, SYN_WHY_NEW,
                    oracle->is_acl_on ? ops[op].when_held : ops[op].when_off);
    }
    if (object == NULL || !object->is_there) {
        return rule(SYN_DENIED, SYN_WHY_MISSING, "SDK-09");
    }
    if (!oracle->is_acl_on) {
        return rule(SYN_ALLOWED, SYN_WHY_OFF, ops[op].when_off);
    }
    if (subject->type == SYN_TYPE_STREAM &&
        readings->stream != SYN_STREAM_CREATOR) {
        bool is_open = readings->stream == SYN_STREAM_ANYONE;
        return rule(is_open ? SYN_ALLOWED : SYN_DENIED, SYN_WHY_STREAM,
                    "ACL-61");
    }
    return rule_by_row(readings, object, subject, op);
}

/* --- what an answer hangs on ---------------------------------------------- */

/* The readings that are about who may do what. */
static const enum syn_reading_id about_rights[] = {
    SYN_READING_STREAM, SYN_READING_WRITE, SYN_READING_TTL,
    SYN_READING_CASE,   SYN_READING_FORM,  SYN_READING_MADE_OFF};

static bool hangs_on(const struct syn_oracle *oracle,
                     const struct syn_access *subject, enum syn_op op,
                     enum syn_reading_id which)
{
    struct syn_readings other = oracle->readings;
    enum syn_belief belief =
        decide(oracle, &oracle->readings, subject, op).belief;
    for (unsigned value = 0; value < syn_reading_count(which); value++) {
        syn_reading_set(&other, which, value);
        if (decide(oracle, &other, subject, op).belief != belief) {
            return true;
        }
    }
    return false;
}

uint64_t syn_oracle_assumes(const struct syn_oracle *oracle,
                            const struct syn_access *subject, enum syn_op op)
{
    uint64_t assumes = 0;
    for (size_t i = 0; i < sizeof about_rights / sizeof about_rights[0]; i++) {
        if (hangs_on(oracle, subject, op, about_rights[i])) {
            assumes |= UINT64_C(1) << about_rights[i];
        }
    }
    return assumes;
}

struct syn_ruling syn_oracle_decides(const struct syn_oracle *oracle,
                                     const struct syn_access *subject,
                                     enum syn_op op)
{
    SYN_ASSERT((unsigned)op < SYN_OP_COUNT);
    struct syn_ruling ruling = decide(oracle, &oracle->readings, subject, op);
    ruling.needed = right_needed(&oracle->readings, op);
    if (oracle->readings.open != 0) {
        ruling.assumes =
            syn_oracle_assumes(oracle, subject, op) & oracle->readings.open;
        ruling.belief = ruling.assumes != 0 ? SYN_UNKNOWN : ruling.belief;
    }
    return ruling;
}

/* --- words
 * ----------------------------------------------------------------------------
 */

/* %1 the type, %2 the identity, %3 the right needed, %4 the rights held. */
static const char *const sentences[SYN_WHY_COUNT] = {
    [SYN_WHY_OFF] = "ACLs are off, so identity '%2' has no effect",
    [SYN_WHY_NEW] = "any valid token may create, '%2' too",
    [SYN_WHY_CREATOR] = "'%2' made the %1",
    [SYN_WHY_GRANTED] = "the row of '%2' holds %4; %3 is needed",
    [SYN_WHY_LACKING] = "the row of '%2' holds %4, but %3 is needed",
    [SYN_WHY_REVOKED] = "the row of '%2' was deleted",
    [SYN_WHY_DISALLOWED] = "the row of '%2', who made the %1, was deleted",
    [SYN_WHY_OLD_ROW] =
        "the row of '%2' belonged to an earlier %1 of this name",
    [SYN_WHY_REST] = "the %1 was made over REST and '%2' has no row",
    [SYN_WHY_SYSTEM] = ("the %1 was made over REST; a token named '%2' owns "
                        "nothing by its name"),
    [SYN_WHY_OTHER] = "the %1 was made by another identity and '%2' has no row",
    [SYN_WHY_MISSING] = "there is no such %1, for '%2' or anyone",
    [SYN_WHY_MADE_OFF] = ("'%2' made the %1 while ACLs were off, and creators "
                          "lose what they made then"),
    [SYN_WHY_STREAM] =
        ("with ACLs on a %1 is for anyone or nobody, whoever '%2' "
         "is"),
    [SYN_WHY_KEY_GONE] =
        "the key that signs the tokens of '%2' was deleted, so none connects",
};

static struct syn_str rights_text(unsigned rights)
{
    static const struct syn_str names[8] = {
        {"nothing", 7},       {"read", 4},
        {"write", 5},         {"read+write", 10},
        {"manage", 6},        {"read+manage", 11},
        {"write+manage", 12}, {"read+write+manage", 17}};
    return names[rights & SYN_RIGHTS_ALL];
}

/* Append the sentence, `%` and a digit replaced by what it stands for. */
static void put_sentence(struct syn_buf *out, const char *sentence,
                         const struct syn_str parts[4])
{
    struct syn_str rest = syn_str_of(sentence);
    while (rest.bytes > 0) {
        size_t at = syn_str_find(rest, '%', 0);
        syn_buf_put(out, syn_str_part(rest, 0, at));
        if (at + 1 < rest.bytes) {
            size_t part = (size_t)(rest.at[at + 1] - '1');
            SYN_ASSERT(part < 4);
            syn_buf_put(out, parts[part]);
        }
        rest = syn_str_from(rest, at + 2);
    }
}

struct syn_str syn_oracle_explain(struct syn_arena *arena,
                                  const struct syn_access *subject,
                                  const struct syn_ruling *ruling)
{
    const struct syn_str parts[4] = {
        syn_str_of(syn_type_name(subject->type)), subject->identity,
        rights_text(ruling->needed), rights_text(ruling->held)};
    struct syn_buf buf;
    syn_buf_init(&buf, arena->allocator, 4096);
    syn_buf_put_text(&buf, ruling->clause);
    syn_buf_put_text(&buf, ": ");
    put_sentence(&buf, sentences[ruling->why], parts);
    struct syn_str text = {NULL, 0};
    if (buf.status == SYN_OK) {
        text = syn_arena_dup(arena, syn_buf_str(&buf));
    }
    syn_buf_fini(&buf);
    return text;
}

const char *syn_belief_name(enum syn_belief belief)
{
    static const char *const names[] = {
        [SYN_ALLOWED] = "allowed",
        [SYN_DENIED] = "denied",
        [SYN_UNKNOWN] = "unknown",
    };
    SYN_ASSERT((unsigned)belief <= SYN_UNKNOWN);
    return names[belief];
}
