/*
 * plan.c - read a plan: members as tables, a reader per kind.
 * Layer: gate. Threads: independent calls.
 * Source: design section 8; docs/schema/plan.schema.json says the same.
 *
 * Unknown members, wrong kinds and missing members end the reading with one
 * sentence; what refers to something else is resolved in plan_check.c.
 */
#include "gate/plan.h"

#include "gate/plan_impl.h"
#include "service/config.h"
#include "syn/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REASON_BYTES 384
#define LIFETIME_MAX \
    (10 * INT64_C(31536000)) /* a lint judges, not the reader */

_Static_assert(SYN_GATE_FAULT_BYTES == SYN_CONFIG_FAULT_BYTES,
               "files are loaded by the configuration's loader");

/* --- faults --------------------------------------------------------------- */

const char *syn_gate_place_text(struct syn_arena *arena,
                                const struct syn_gate_place *place)
{
    const struct syn_gate_place *chain[SYN_JSON_DEPTH_MAX];
    struct syn_str text = SYN_STR("");
    size_t depth = 0;
    while (place != NULL && place->above != NULL &&
           depth < SYN_JSON_DEPTH_MAX) {
        chain[depth++] = place;
        place = place->above;
    }
    while (depth > 0 && text.at != NULL) {
        const struct syn_gate_place *step = chain[--depth];
        text = step->name.at != NULL
                   ? syn_arena_printf(arena, "%s/%.*s", text.at,
                                      SYN_STR_ARG(step->name))
                   : syn_arena_printf(arena, "%s/%zu", text.at, step->index);
    }
    return text.at;
}

/* The member itself or, where it is absent, what should hold it. */
static size_t offset_of(const struct syn_gate_plan *plan, const char *place)
{
    char pointer[REASON_BYTES];
    struct syn_str value = {NULL, 0};
    (void)snprintf(pointer, sizeof pointer, "%s", place);
    value = syn_config_value(plan->text, pointer);
    while (value.at == NULL && strrchr(pointer, '/') != NULL) {
        *strrchr(pointer, '/') = '\0';
        value = syn_config_value(plan->text, pointer);
    }
    return value.at == NULL ? 0 : (size_t)(value.at - plan->text.at);
}

syn_status syn_gate_plan_refuse(const struct syn_gate_plan *plan,
                                const char *place, const char *reason,
                                char fault[SYN_GATE_FAULT_BYTES])
{
    unsigned line = 1;
    unsigned column = 1;
    if (place == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_config_locate(plan->source, offset_of(plan, place), &line, &column);
    (void)snprintf(fault, SYN_GATE_FAULT_BYTES, "%s:%u:%u: %s: %s", plan->path,
                   line, column, place[0] == '\0' ? "/" : place, reason);
    return SYN_ERR_CONFIG;
}

syn_status syn_gate_refuse(struct syn_gate_reader *r,
                           const struct syn_gate_place *place,
                           const char *format, ...)
{
    char reason[REASON_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return syn_gate_plan_refuse(r->plan, syn_gate_place_text(r->arena, place),
                                reason, r->fault);
}

syn_status syn_gate_refuse_at(struct syn_gate_reader *r, const char *place,
                              const char *member, const char *format, ...)
{
    char reason[REASON_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return syn_gate_plan_refuse(
        r->plan, syn_arena_printf(r->arena, "%s/%s", place, member).at, reason,
        r->fault);
}

/* --- a reader per kind ---------------------------------------------------- */

static syn_status read_text(struct syn_gate_reader *r,
                            const struct syn_gate_place *place,
                            const struct syn_json *node,
                            const struct syn_gate_field *field, void *to)
{
    struct syn_str value = syn_json_str(node, (struct syn_str){NULL, 0});
    (void)field;
    if (value.at == NULL || value.bytes == 0) {
        return syn_gate_refuse(r, place, "must be a string, not empty");
    }
    *(struct syn_str *)to = value;
    return SYN_OK;
}

static syn_status read_date(struct syn_gate_reader *r,
                            const struct syn_gate_place *place,
                            const struct syn_json *node,
                            const struct syn_gate_field *field, void *to)
{
    syn_status st = read_text(r, place, node, field, to);
    struct syn_str *value = to;
    return st == SYN_OK && !syn_str_is_date(*value)
               ? syn_gate_refuse(r, place, "must be a date, YYYY-MM-DD")
               : st;
}

static syn_status read_number(struct syn_gate_reader *r,
                              const struct syn_gate_place *place,
                              const struct syn_json *node,
                              const struct syn_gate_field *field, void *to)
{
    int64_t value = 0;
    if (!syn_json_i64(node, &value) || value < field->min ||
        value > field->max) {
        return syn_gate_refuse(r, place,
                               "must be a whole number from %lld to %lld",
                               (long long)field->min, (long long)field->max);
    }
    *(int64_t *)to = value;
    return SYN_OK;
}

static syn_status read_flag(struct syn_gate_reader *r,
                            const struct syn_gate_place *place,
                            const struct syn_json *node,
                            const struct syn_gate_field *field, void *to)
{
    (void)field;
    if (!syn_json_is(node, SYN_JSON_BOOL)) {
        return syn_gate_refuse(r, place, "must be true or false");
    }
    *(bool *)to = syn_json_bool(node, false);
    return SYN_OK;
}

/* The place of a word in the field's list; false: none of them. */
static bool find_word(const struct syn_gate_field *field,
                      const struct syn_json *node, unsigned *out)
{
    struct syn_str value = syn_json_str(node, SYN_STR(""));
    for (unsigned i = 0; field->words[i] != NULL; i++) {
        if (syn_str_is(value, field->words[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

static syn_status refuse_word(struct syn_gate_reader *r,
                              const struct syn_gate_place *place,
                              const struct syn_gate_field *field)
{
    char list[REASON_BYTES / 2] = "";
    for (unsigned i = 0; field->words[i] != NULL; i++) {
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s",
                       i == 0 ? "" : ", ", field->words[i]);
    }
    return syn_gate_refuse(r, place, "must be one of: %s", list);
}

static syn_status read_word(struct syn_gate_reader *r,
                            const struct syn_gate_place *place,
                            const struct syn_json *node,
                            const struct syn_gate_field *field, void *to)
{
    unsigned word = 0;
    if (!find_word(field, node, &word)) {
        return refuse_word(r, place, field);
    }
    *(unsigned *)to = field->first_word + word;
    return SYN_OK;
}

/* Of waivers, where silence differs from the first type. */
static syn_status read_type_maybe(struct syn_gate_reader *r,
                                  const struct syn_gate_place *place,
                                  const struct syn_json *node,
                                  const struct syn_gate_field *field, void *to)
{
    struct syn_gate_waiver *waiver = to;
    waiver->has_type = true;
    return read_word(r, place, node, field, &waiver->type);
}

static syn_status read_rights(struct syn_gate_reader *r,
                              const struct syn_gate_place *place,
                              const struct syn_json *node,
                              const struct syn_gate_field *field, void *to)
{
    unsigned rights = 0;
    size_t index = 0;
    for (const struct syn_json *one = syn_json_first(node);
         syn_json_is(node, SYN_JSON_ARRAY) && one != NULL;
         one = syn_json_next(one), index++) {
        struct syn_gate_place at = {.above = place, .index = index};
        unsigned word = 0;
        if (!find_word(field, one, &word)) {
            return refuse_word(r, &at, field);
        }
        if ((rights & (1u << word)) != 0) {
            return syn_gate_refuse(r, &at, "is named twice");
        }
        rights |= 1u << word;
    }
    if (rights == 0) {
        return syn_gate_refuse(r, place, "must be a list of rights, not empty");
    }
    *(unsigned *)to = rights;
    return SYN_OK;
}

static syn_status read_texts(struct syn_gate_reader *r,
                             const struct syn_gate_place *place,
                             const struct syn_json *node,
                             const struct syn_gate_field *field, void *to)
{
    struct syn_gate_entry *entry = to;
    size_t count = syn_json_count(node);
    size_t index = 0;
    if (!syn_json_is(node, SYN_JSON_ARRAY)) {
        return syn_gate_refuse(r, place, "must be a list of strings");
    }
    struct syn_str *keys = syn_arena_array(r->arena, count, sizeof *keys);
    if (keys == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (const struct syn_json *one = syn_json_first(node); one != NULL;
         one = syn_json_next(one), index++) {
        struct syn_gate_place at = {.above = place, .index = index};
        syn_status st = read_text(r, &at, one, field, &keys[index]);
        if (st != SYN_OK) {
            return st;
        }
    }
    entry->keys = keys;
    entry->key_count = count;
    return SYN_OK;
}

/* --- objects and arrays of them ------------------------------------------- */

static const struct syn_gate_field *
find_field(const struct syn_gate_field *fields, struct syn_str name)
{
    while (fields->name != NULL && !syn_str_is(name, fields->name)) {
        fields++;
    }
    return fields->name == NULL ? NULL : fields;
}

static syn_status read_members(struct syn_gate_reader *r,
                               const struct syn_gate_place *place,
                               const struct syn_json *node,
                               const struct syn_gate_field *fields, void *base)
{
    if (!syn_json_is(node, SYN_JSON_OBJECT)) {
        return syn_gate_refuse(r, place, "must be an object");
    }
    for (const struct syn_json *one = syn_json_first(node); one != NULL;
         one = syn_json_next(one)) {
        struct syn_gate_place at = {.above = place, .name = syn_json_name(one)};
        const struct syn_gate_field *field = find_field(fields, at.name);
        if (field == NULL) {
            return syn_gate_refuse(r, &at, "no such member here");
        }
        syn_status st =
            field->read(r, &at, one, field, (char *)base + field->offset);
        if (st != SYN_OK) {
            return st;
        }
    }
    for (; fields->name != NULL; fields++) {
        if (fields->is_required &&
            syn_json_member(node, fields->name) == NULL) {
            return syn_gate_refuse(r, place, "lacks \"%s\"", fields->name);
        }
    }
    return SYN_OK;
}

static syn_status read_object(struct syn_gate_reader *r,
                              const struct syn_gate_place *place,
                              const struct syn_json *node,
                              const struct syn_gate_field *field, void *to)
{
    return read_members(r, place, node, field->inner, to);
}

static void keep_place(struct syn_gate_reader *r,
                       const struct syn_gate_place *place,
                       const struct syn_gate_field *field, char *element)
{
    const char *text = syn_gate_place_text(r->arena, place);
    r->status = text == NULL ? SYN_ERR_MEMORY : r->status;
    memcpy(element + field->place_offset, &text, sizeof text);
}

/* What silence means, where that is not zero. */
static void preset(const struct syn_gate_field *field, char *element)
{
    if (field->inner_bytes == sizeof(struct syn_gate_entry)) {
        struct syn_gate_entry *entry = (void *)element;
        entry->ttl_s = -1;
        entry->item_ttl_s = -1;
    }
}

static syn_status read_array(struct syn_gate_reader *r,
                             const struct syn_gate_place *place,
                             const struct syn_json *node,
                             const struct syn_gate_field *field, void *to)
{
    size_t count = syn_json_count(node);
    size_t index = 0;
    if (!syn_json_is(node, SYN_JSON_ARRAY)) {
        return syn_gate_refuse(r, place, "must be a list of objects");
    }
    char *elements = syn_arena_array(r->arena, count, field->inner_bytes);
    if (elements == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (const struct syn_json *one = syn_json_first(node); one != NULL;
         one = syn_json_next(one), index++) {
        struct syn_gate_place at = {.above = place, .index = index};
        char *element = elements + index * field->inner_bytes;
        preset(field, element);
        keep_place(r, &at, field, element);
        syn_status st = read_members(r, &at, one, field->inner, element);
        if (st != SYN_OK) {
            return st;
        }
    }
    memcpy(to, &elements, sizeof elements);
    memcpy((char *)r->plan + field->count_offset, &count, sizeof count);
    return r->status;
}

static syn_status read_needs(struct syn_gate_reader *r,
                             const struct syn_gate_place *place,
                             const struct syn_json *node,
                             const struct syn_gate_field *field, void *to)
{
    if (syn_str_is(syn_json_str(node, SYN_STR("")), "grants")) {
        r->plan->needs_are_grants = true;
        return SYN_OK;
    }
    if (!syn_json_is(node, SYN_JSON_ARRAY)) {
        return syn_gate_refuse(r, place, "must be \"grants\" or a list");
    }
    return read_array(r, place, node, field, to);
}

/* Names of entries are not known yet: plan_check.c walks this list. */
static syn_status read_shared(struct syn_gate_reader *r,
                              const struct syn_gate_place *place,
                              const struct syn_json *node,
                              const struct syn_gate_field *field, void *to)
{
    (void)field;
    (void)to;
    return syn_json_is(node, SYN_JSON_ARRAY)
               ? SYN_OK
               : syn_gate_refuse(r, place, "must be a list of names");
}

/* --- the tables ----------------------------------------------------------- */

static const char *const type_words[] = {[SYN_TYPE_DOCUMENT] = "document",
                                         [SYN_TYPE_LIST] = "list",
                                         [SYN_TYPE_MAP] = "map",
                                         [SYN_TYPE_STREAM] = "stream",
                                         NULL};
/* In the order of the bits of SYN_RIGHT_…. */
static const char *const right_words[] = {"read", "write", "manage", NULL};
static const char *const open_words[] = {"create_new", "open_existing",
                                         "open_or_create", "upsert", NULL};

#define IN(owner, member) offsetof(struct syn_gate_##owner, member)
#define MEMBER(text, reader, owner, member, required)                  \
    {                                                                  \
        .name = (text), .read = (reader), .offset = IN(owner, member), \
        .is_required = (required)                                      \
    }
#define WORD(text, owner, member, list, first, required)                  \
    {                                                                     \
        .name = (text), .read = read_word, .offset = IN(owner, member),   \
        .is_required = (required), .words = (list), .first_word = (first) \
    }
#define NUMBER(text, owner, member, most)                                 \
    {                                                                     \
        .name = (text), .read = read_number, .offset = IN(owner, member), \
        .min = 1, .max = (most)                                           \
    }

static const struct syn_gate_field token_fields[] = {
    NUMBER("ttl_s", plan, token_ttl_s, LIFETIME_MAX),
    MEMBER("audience", read_text, plan, token_audience, false),
    {.name = NULL}};

static const struct syn_gate_field entry_fields[] = {
    WORD("type", entry, type, type_words, SYN_TYPE_DOCUMENT, true),
    MEMBER("name", read_text, entry, name, true),
    MEMBER("for", read_text, entry, role_word, false),
    MEMBER("creator", read_text, entry, creator_word, true),
    WORD("open", entry, open, open_words, SYN_GATE_CREATE_NEW, false),
    NUMBER("ttl_s", entry, ttl_s, SYN_TTL_S_MAX),
    NUMBER("item_ttl_s", entry, item_ttl_s, SYN_TTL_S_MAX),
    MEMBER("require_ttl", read_flag, entry, requires_ttl, false),
    MEMBER("require_item_ttl", read_flag, entry, requires_item_ttl, false),
    MEMBER("gatekeeper", read_flag, entry, is_gatekeeper, false),
    {.name = "keys", .read = read_texts}, /* of the whole entry */
    {.name = NULL}};

static const struct syn_gate_field rule_fields[] = {
    WORD("type", rule, type, type_words, SYN_TYPE_DOCUMENT, true),
    MEMBER("object", read_text, rule, object_word, true),
    MEMBER("role", read_text, rule, role_word, false),
    MEMBER("identity", read_text, rule, identity_word, false),
    {.name = "rights",
     .read = read_rights,
     .offset = IN(rule, rights),
     .is_required = true,
     .words = right_words},
    {.name = NULL}};

static const struct syn_gate_field waiver_fields[] = {
    MEMBER("lint", read_text, waiver, lint, true),
    {.name = "type", .read = read_type_maybe, .words = type_words},
    MEMBER("object", read_text, waiver, object_word, false),
    MEMBER("identity", read_text, waiver, identity_word, false),
    MEMBER("reason", read_text, waiver, reason, true),
    MEMBER("owner", read_text, waiver, owner, true),
    MEMBER("until", read_date, waiver, until, true),
    {.name = NULL}};

#define ARRAY(text, reader, elements, total, shape, element, required)      \
    {                                                                       \
        .name = (text), .read = (reader), .offset = IN(plan, elements),     \
        .is_required = (required), .inner = (shape),                        \
        .inner_bytes = sizeof(struct syn_gate_##element),                   \
        .count_offset = IN(plan, total), .place_offset = IN(element, place) \
    }

static const struct syn_gate_field root_fields[] = {
    MEMBER("plan", read_text, plan, name, true),
    {.name = "token", .read = read_object, .inner = token_fields},
    {.name = "roles", .read = syn_gate_read_roles},
    {.name = "identities", .read = syn_gate_read_identities},
    ARRAY("objects", read_array, entries, entry_count, entry_fields, entry,
          true),
    ARRAY("grants", read_array, grants.at, grants.count, rule_fields, rule,
          false),
    ARRAY("needs", read_needs, needs.at, needs.count, rule_fields, rule, false),
    ARRAY("never", read_array, nevers.at, nevers.count, rule_fields, rule,
          false),
    {.name = "allow_shared_write", .read = read_shared},
    ARRAY("waivers", read_array, waivers, waiver_count, waiver_fields, waiver,
          false),
    {.name = NULL}};

const struct syn_gate_shape syn_gate_shapes[] = {
    {"", root_fields},
    {"/$defs/token", token_fields},
    {"/$defs/object", entry_fields},
    {"/$defs/rule", rule_fields},
    {"/$defs/waiver", waiver_fields},
    {"/$defs/role", syn_gate_role_fields},
    {NULL, NULL}};

/* --- reading -------------------------------------------------------------- */

static syn_status parse_text(struct syn_gate_reader *r,
                             const struct syn_json **out)
{
    struct syn_json_fault bad = {.line = 1, .column = 1, .reason = ""};
    struct syn_gate_plan *plan = r->plan;
    syn_status st = syn_json_parse_commented(r->arena, plan->source, out, &bad);
    if (st == SYN_ERR_PARSE || st == SYN_ERR_LIMIT) {
        (void)snprintf(r->fault, SYN_GATE_FAULT_BYTES, "%s:%u:%u: %s",
                       plan->path, bad.line, bad.column, bad.reason);
        return SYN_ERR_CONFIG;
    }
    if (st != SYN_OK) {
        return st;
    }
    struct syn_str copy = syn_arena_dup(r->arena, plan->source);
    if (copy.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    /* The copy is ours: only its view is const. */
    char *blank = (char *)(uintptr_t)copy.at;
    syn_config_blank(blank, copy.bytes);
    plan->text = copy;
    return SYN_OK;
}

static void release_table(void *table)
{
    syn_table_fini(table);
}

syn_status syn_gate_plan_parse(struct syn_arena *arena, const char *path,
                               struct syn_str text,
                               char fault[SYN_GATE_FAULT_BYTES],
                               const struct syn_gate_plan **out)
{
    const struct syn_json *root = NULL;
    struct syn_gate_plan *plan = syn_arena_alloc(arena, sizeof *plan);
    struct syn_gate_reader r = {.arena = arena, .plan = plan, .fault = fault};
    fault[0] = '\0';
    if (plan == NULL) {
        return SYN_ERR_MEMORY;
    }
    plan->path = path;
    plan->source = text;
    plan->token_ttl_s = -1;
    plan->needs_are_grants = false;
    syn_table_init(&plan->by_name, arena->allocator);
    syn_status st = syn_arena_defer(arena, release_table, &plan->by_name);
    st = st != SYN_OK ? st : parse_text(&r, &root);
    struct syn_gate_place all = {.above = NULL};
    st = st != SYN_OK ? st : read_members(&r, &all, root, root_fields, plan);
    st = st != SYN_OK ? st : syn_gate_plan_resolve(&r, root);
    if (st == SYN_OK) {
        *out = plan;
    }
    return st;
}

syn_status syn_gate_plan_read(struct syn_arena *arena, const char *path,
                              char fault[SYN_GATE_FAULT_BYTES],
                              const struct syn_gate_plan **out)
{
    struct syn_str text = {NULL, 0};
    syn_status st = syn_config_load(arena, path, fault, &text);
    return st != SYN_OK ? st
                        : syn_gate_plan_parse(arena, path, text, fault, out);
}

size_t syn_gate_plan_identity(const struct syn_gate_plan *plan,
                              struct syn_str name)
{
    const struct syn_gate_identity *found =
        syn_table_find(&plan->by_name, name);
    return found == NULL ? SYN_GATE_NONE : (size_t)(found - plan->identities);
}
