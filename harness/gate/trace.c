/*
 * trace.c - read a trace, line by line.
 * Layer: gate. Threads: one owner.
 *
 * Members are a table: name, kind, place. A line is parsed in a scratch arena
 * that is rewound; what stays is copied.
 */
#include "gate/trace_impl.h"

#include "base/json.h"
#include "syn/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    KIND_TEXT,
    KIND_NUMBER, /* 0 or more */
    KIND_FLAG,   /* true or false, kept as 1 or 0 */
    KIND_WORD,
    KIND_DATE
};

struct member {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *const *words; /* KIND_WORD */
    unsigned word_count;
};

struct reader {
    struct syn_arena *arena;
    struct syn_arena scratch; /* of one line */
    const char *path;
    size_t line;
    char *fault;
    struct syn_trace trace;
    struct syn_trace_inv *invs;
    size_t inv_capacity;
    struct syn_trace_event *events;
    size_t event_capacity;
    bool has_head;
};

#define WORDS(table) table, sizeof(table) / sizeof((table)[0])
#define AT(field)    offsetof(struct syn_trace_event, field)

static const char *const type_words[] = {"document", "list", "map", "stream"};
static const char *const shadow_words[] = {"allowed", "denied"};
static const char *const how_words[] = {"init", "update"};

static const struct member event_members[] = {
    {"t", KIND_NUMBER, AT(t_ms), NULL, 0},
    {"src", KIND_WORD, AT(src), WORDS(syn_trace_srcs)},
    {"conn", KIND_TEXT, AT(conn), NULL, 0},
    {"identity", KIND_TEXT, AT(identity), NULL, 0},
    {"op", KIND_WORD, AT(op), WORDS(syn_trace_ops)},
    {"mode", KIND_WORD, AT(mode), WORDS(syn_trace_modes)},
    {"by", KIND_WORD, AT(by), WORDS(syn_trace_bys)},
    {"type", KIND_WORD, AT(type), WORDS(type_words)},
    {"sid", KIND_TEXT, AT(sid), NULL, 0},
    {"name", KIND_TEXT, AT(name), NULL, 0},
    {"key", KIND_TEXT, AT(key), NULL, 0},
    {"http", KIND_NUMBER, AT(http), NULL, 0},
    {"code", KIND_NUMBER, AT(code), NULL, 0},
    {"created", KIND_FLAG, AT(created), NULL, 0},
    {"ttl_s", KIND_NUMBER, AT(ttl_s), NULL, 0},
    {"item_ttl_s", KIND_NUMBER, AT(item_ttl_s), NULL, 0},
    {"grantee", KIND_TEXT, AT(grantee), NULL, 0},
    {"read", KIND_FLAG, AT(read), NULL, 0},
    {"write", KIND_FLAG, AT(write), NULL, 0},
    {"manage", KIND_FLAG, AT(manage), NULL, 0},
    {"lifetime_s", KIND_NUMBER, AT(lifetime_s), NULL, 0},
    {"left_s", KIND_NUMBER, AT(left_s), NULL, 0},
    {"how", KIND_TEXT, AT(how), WORDS(how_words)},
    {"shadow", KIND_TEXT, AT(shadow), WORDS(shadow_words)},
    {"why", KIND_TEXT, AT(why), NULL, 0},
    {NULL, KIND_TEXT, 0, NULL, 0}};

#undef AT
#define AT(field) offsetof(struct syn_trace_inv, field)
static const struct member inv_members[] = {
    {"inv", KIND_WORD, AT(type), WORDS(type_words)},
    {"sid", KIND_TEXT, AT(sid), NULL, 0},
    {"name", KIND_TEXT, AT(name), NULL, 0},
    {"created_by", KIND_TEXT, AT(created_by), NULL, 0},
    {"date_expires", KIND_DATE, AT(date_expires), NULL, 0},
    {"permissions", KIND_TEXT, 0, NULL, 0}, /* read apart */
    {NULL, KIND_TEXT, 0, NULL, 0}};

#undef AT
#define AT(field) offsetof(struct syn_trace_head, field)
static const struct member head_members[] = {
    {"trace", KIND_NUMBER, 0, NULL, 0}, /* read apart, likewise below */
    {"acl_enabled", KIND_FLAG, AT(acl_enabled), NULL, 0},
    {"from", KIND_DATE, 0, NULL, 0},
    {"to", KIND_DATE, 0, NULL, 0},
    {"sees", KIND_TEXT, 0, NULL, 0},
    {"pseudonyms", KIND_FLAG, AT(is_pseudonymous), NULL, 0},
    {NULL, KIND_TEXT, 0, NULL, 0}};

/* --- faults --------------------------------------------------------------- */

static syn_status refuse(struct reader *reader, struct syn_str member,
                         const char *reason)
{
    (void)snprintf(reader->fault, SYN_TRACE_FAULT_BYTES, "%s:%zu: %.*s%s%s",
                   reader->path, reader->line, SYN_STR_ARG(member),
                   member.bytes > 0 ? ": " : "", reason);
    return SYN_ERR_CONFIG;
}

static syn_status refuse_named(struct reader *reader, const char *member,
                               const char *reason)
{
    return refuse(reader, syn_str_of(member), reason);
}

/* --- members -------------------------------------------------------------- */

static const struct member *find_member(const struct member *members,
                                        struct syn_str name)
{
    while (members->name != NULL && !syn_str_is(name, members->name)) {
        members++;
    }
    return members->name == NULL ? NULL : members;
}

static bool find_word(const struct member *member, struct syn_str word,
                      unsigned *out)
{
    for (unsigned i = 0; i < member->word_count; i++) {
        if (member->words[i] != NULL && syn_str_is(word, member->words[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

static syn_status set_text(struct reader *reader, const struct member *member,
                           const struct syn_json *node, void *to)
{
    unsigned word = 0;
    int64_t ms = 0;
    struct syn_str text = syn_json_str(node, (struct syn_str){NULL, 0});
    if (!syn_json_is(node, SYN_JSON_STRING)) {
        return refuse_named(reader, member->name, "a string is needed");
    }
    if (member->words != NULL && !find_word(member, text, &word)) {
        return refuse_named(reader, member->name, "no such word");
    }
    if (member->kind == KIND_DATE && !syn_trace_date_ms(text, &ms)) {
        return refuse_named(reader, member->name,
                            "a date is needed: 2026-11-21T08:00:00.000Z");
    }
    if (member->kind == KIND_WORD) {
        memcpy(to, &word, sizeof word);
        return SYN_OK;
    }
    struct syn_str kept = syn_arena_dup(reader->arena, text);
    memcpy(to, &kept, sizeof kept);
    return kept.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
}

_Static_assert(sizeof(enum syn_trace_op) == sizeof(unsigned) &&
                   sizeof(enum syn_type) == sizeof(unsigned),
               "words are stored as unsigned");

static syn_status set_member(struct reader *reader, const struct member *member,
                             const struct syn_json *node, char *base)
{
    int64_t number = 0;
    if (syn_json_is(node, SYN_JSON_NULL)) {
        return SYN_OK; /* unknown, as if absent */
    }
    switch (member->kind) {
    case KIND_TEXT:
    case KIND_WORD:
    case KIND_DATE:
        return set_text(reader, member, node, base + member->offset);
    case KIND_NUMBER:
        if (!syn_json_i64(node, &number) || number < 0) {
            return refuse_named(reader, member->name,
                                "a whole number of 0 or more is needed");
        }
        break;
    case KIND_FLAG:
        if (!syn_json_is(node, SYN_JSON_BOOL)) {
            return refuse_named(reader, member->name,
                                "true or false is needed");
        }
        number = syn_json_bool(node, false) ? 1 : 0;
        break;
    }
    memcpy(base + member->offset, &number, sizeof number);
    return SYN_OK;
}

/* Every member known; those in `apart` are left to the caller. */
static syn_status set_members(struct reader *reader,
                              const struct member *members,
                              const char *const *apart,
                              const struct syn_json *line, void *base)
{
    for (const struct syn_json *node = syn_json_first(line); node != NULL;
         node = syn_json_next(node)) {
        const struct member *member = find_member(members, syn_json_name(node));
        bool is_apart = false;
        if (member == NULL) {
            return refuse(reader, syn_json_name(node), "unknown member");
        }
        for (const char *const *name = apart; *name != NULL; name++) {
            is_apart = is_apart || strcmp(*name, member->name) == 0;
        }
        syn_status st =
            is_apart ? SYN_OK : set_member(reader, member, node, base);
        if (st != SYN_OK) {
            return st;
        }
    }
    return SYN_OK;
}

/* --- the header ----------------------------------------------------------- */

static syn_status read_date(struct reader *reader, const struct syn_json *line,
                            const char *name, int64_t *out)
{
    const struct syn_json *node = syn_json_member(line, name);
    *out = SYN_TRACE_UNKNOWN;
    if (node == NULL || syn_json_is(node, SYN_JSON_NULL)) {
        return SYN_OK;
    }
    return syn_trace_date_ms(syn_json_str(node, (struct syn_str){NULL, 0}), out)
               ? SYN_OK
               : refuse_named(reader, name,
                              "a date is needed: 2026-11-21T08:00:00.000Z");
}

static syn_status read_sees(struct reader *reader, const struct syn_json *sees)
{
    struct syn_trace_head *head = &reader->trace.head;
    const struct {
        const char *name;
        bool *to;
    } flags[] = {{"sdk", &head->sees_sdk},
                 {"rest", &head->sees_rest},
                 {"reads", &head->sees_reads}};
    if (sees == NULL) {
        return SYN_OK; /* not known, so nothing is known to be complete */
    }
    if (!syn_json_is(sees, SYN_JSON_OBJECT)) {
        return refuse_named(reader, "sees", "an object is needed");
    }
    for (const struct syn_json *node = syn_json_first(sees); node != NULL;
         node = syn_json_next(node)) {
        size_t i = 0;
        while (i < 3 && !syn_str_is(syn_json_name(node), flags[i].name)) {
            i++;
        }
        if (i == 3 || !syn_json_is(node, SYN_JSON_BOOL)) {
            return refuse(reader, syn_json_name(node),
                          i == 3 ? "unknown member of sees"
                                 : "true or false is needed");
        }
        *flags[i].to = syn_json_bool(node, false);
    }
    return SYN_OK;
}

static syn_status read_head(struct reader *reader, const struct syn_json *line)
{
    static const char *const apart[] = {"trace", "from", "to", "sees", NULL};
    struct syn_trace_head *head = &reader->trace.head;
    int64_t version = 0;
    *head = (struct syn_trace_head){.acl_enabled = SYN_TRACE_UNKNOWN,
                                    .is_pseudonymous = SYN_TRACE_UNKNOWN};
    if (!syn_json_i64(syn_json_member(line, "trace"), &version) ||
        version != 1) {
        return refuse_named(reader, "trace", "only version 1 is known");
    }
    syn_status st = set_members(reader, head_members, apart, line, head);
    if (st == SYN_OK) {
        st = read_date(reader, line, "from", &head->from_ms);
    }
    if (st == SYN_OK) {
        st = read_date(reader, line, "to", &head->to_ms);
    }
    if (st == SYN_OK) {
        st = read_sees(reader, syn_json_member(line, "sees"));
    }
    if (st == SYN_OK && head->from_ms == SYN_TRACE_UNKNOWN) {
        st = refuse_named(reader, "from", "the header must say it");
    }
    if (st == SYN_OK && head->to_ms != SYN_TRACE_UNKNOWN &&
        head->to_ms < head->from_ms) {
        st = refuse_named(reader, "to", "lies before from");
    }
    reader->has_head = true;
    return st;
}

/* --- inventory ------------------------------------------------------------ */

static syn_status read_row(struct reader *reader, const struct syn_json *node,
                           struct syn_trace_row *row)
{
    static const struct {
        const char *name;
        unsigned right;
    } flags[] = {{"read", SYN_RIGHT_READ},
                 {"write", SYN_RIGHT_WRITE},
                 {"manage", SYN_RIGHT_MANAGE}};
    const struct syn_json *identity = syn_json_member(node, "identity");
    if (syn_json_count(node) != 4 || !syn_json_is(identity, SYN_JSON_STRING)) {
        return refuse_named(reader, "permissions",
                            "identity, read, write and manage are needed");
    }
    row->identity =
        syn_arena_dup(reader->arena, syn_json_str(identity, SYN_STR("")));
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        const struct syn_json *flag = syn_json_member(node, flags[i].name);
        if (!syn_json_is(flag, SYN_JSON_BOOL)) {
            return refuse_named(reader, flags[i].name,
                                "true or false is needed");
        }
        row->rights |= syn_json_bool(flag, false) ? flags[i].right : 0;
    }
    return row->identity.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
}

static syn_status read_rows(struct reader *reader, const struct syn_json *node,
                            struct syn_trace_inv *inv)
{
    size_t count = 0;
    if (node == NULL || syn_json_is(node, SYN_JSON_NULL)) {
        return SYN_OK;
    }
    if (!syn_json_is(node, SYN_JSON_ARRAY)) {
        return refuse_named(reader, "permissions", "an array is needed");
    }
    struct syn_trace_row *rows =
        syn_arena_array(reader->arena, syn_json_count(node), sizeof *rows);
    if (rows == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (node = syn_json_first(node); node != NULL;
         node = syn_json_next(node)) {
        syn_status st = read_row(reader, node, &rows[count++]);
        if (st != SYN_OK) {
            return st;
        }
    }
    inv->has_rows = true;
    inv->rows = rows;
    inv->row_count = count;
    return SYN_OK;
}

/* Room for one more at *array; doubles. */
static bool make_room(void *array, size_t count, size_t *capacity,
                      size_t bytes_each)
{
    void *block = NULL;
    memcpy(&block, array, sizeof block);
    if (count < *capacity) {
        return true;
    }
    size_t wanted = *capacity == 0 ? 256 : *capacity * 2;
    void *bigger = realloc(block, wanted * bytes_each);
    if (bigger == NULL) {
        return false;
    }
    *capacity = wanted;
    memcpy(array, &bigger, sizeof bigger);
    return true;
}

static syn_status read_inv(struct reader *reader, const struct syn_json *line)
{
    static const char *const apart[] = {"permissions", NULL};
    struct syn_trace_inv inv = {.line = reader->line, .type = SYN_TYPE_COUNT};
    syn_status st = set_members(reader, inv_members, apart, line, &inv);
    if (st == SYN_OK) {
        st = read_rows(reader, syn_json_member(line, "permissions"), &inv);
    }
    if (st == SYN_OK && inv.type == SYN_TYPE_COUNT) {
        st = refuse_named(reader, "inv", "the type is needed");
    }
    if (st == SYN_OK && inv.sid.at == NULL && inv.name.at == NULL) {
        st = refuse_named(reader, "sid", "sid or name is needed");
    }
    if (st == SYN_OK && inv.type == SYN_TYPE_STREAM && inv.row_count > 0) {
        st = refuse_named(reader, "permissions", "streams have none");
    }
    if (st != SYN_OK) {
        return st;
    }
    if (!make_room(&reader->invs, reader->trace.inv_count,
                   &reader->inv_capacity, sizeof inv)) {
        return SYN_ERR_MEMORY;
    }
    reader->invs[reader->trace.inv_count++] = inv;
    return SYN_OK;
}

/* --- events --------------------------------------------------------------- */

static syn_status check_event(struct reader *reader,
                              const struct syn_trace_event *event)
{
    bool is_row = event->op == SYN_TRACE_GRANT || event->op == SYN_TRACE_REVOKE;
    if (event->t_ms == SYN_TRACE_UNKNOWN) {
        return refuse_named(reader, "t", "is needed");
    }
    if (event->op == SYN_TRACE_OP_COUNT) {
        return refuse_named(reader, "op", "is needed");
    }
    if (event->src == SYN_TRACE_SRC_COUNT) {
        return refuse_named(reader, "src", "is needed");
    }
    if (!syn_trace_op_has_object(event->op)) {
        return SYN_OK;
    }
    if (event->type == SYN_TYPE_COUNT) {
        return refuse_named(reader, "type", "is needed with this op");
    }
    /* A nameless object that was refused has no sid either. */
    if (event->sid.at == NULL && event->name.at == NULL &&
        event->op != SYN_TRACE_CREATE) {
        return refuse_named(reader, "sid", "sid or name is needed");
    }
    if (is_row && event->grantee.at == NULL) {
        return refuse_named(reader, "grantee", "is needed with this op");
    }
    if (is_row && event->type == SYN_TYPE_STREAM) {
        return refuse_named(reader, "type", "streams have no permissions");
    }
    return SYN_OK;
}

static syn_status read_event(struct reader *reader, const struct syn_json *line)
{
    static const char *const apart[] = {NULL};
    struct syn_trace_event event = syn_trace_event_blank();
    event.line = reader->line;
    event.t_ms = SYN_TRACE_UNKNOWN;
    event.op = SYN_TRACE_OP_COUNT;
    event.src = SYN_TRACE_SRC_COUNT;
    syn_status st = set_members(reader, event_members, apart, line, &event);
    if (st == SYN_OK) {
        st = check_event(reader, &event);
    }
    if (st != SYN_OK) {
        return st;
    }
    if (!make_room(&reader->events, reader->trace.event_count,
                   &reader->event_capacity, sizeof event)) {
        return SYN_ERR_MEMORY;
    }
    reader->events[reader->trace.event_count++] = event;
    return SYN_OK;
}

/* --- lines ---------------------------------------------------------------- */

static syn_status read_object(struct reader *reader,
                              const struct syn_json *line)
{
    if (!syn_json_is(line, SYN_JSON_OBJECT)) {
        return refuse_named(reader, "", "each line is one JSON object");
    }
    bool is_head = syn_json_member(line, "trace") != NULL;
    if (is_head == reader->has_head) {
        return refuse_named(reader, "trace",
                            is_head ? "a second header"
                                    : "the first line is the header");
    }
    if (is_head) {
        return read_head(reader, line);
    }
    return syn_json_member(line, "inv") != NULL ? read_inv(reader, line)
                                                : read_event(reader, line);
}

static syn_status read_line(struct reader *reader, struct syn_str text)
{
    const struct syn_json *line = NULL;
    struct syn_json_fault fault = {0};
    struct syn_arena_mark mark = syn_arena_mark(&reader->scratch);
    syn_status st = syn_json_parse(&reader->scratch, text, NULL, &line, &fault);
    if (st == SYN_OK) {
        st = read_object(reader, line);
    } else if (st != SYN_ERR_MEMORY) {
        char reason[SYN_TRACE_FAULT_BYTES / 2];
        (void)snprintf(reason, sizeof reason, "no JSON at column %u: %s",
                       fault.column, fault.reason);
        st = refuse_named(reader, "", reason);
    }
    syn_arena_rewind(&reader->scratch, mark);
    return st;
}

static syn_status read_lines(struct reader *reader, struct syn_str text)
{
    for (size_t at = 0; at < text.bytes;) {
        size_t end = syn_str_find(text, '\n', at);
        struct syn_str line = syn_str_trim(syn_str_part(text, at, end - at));
        reader->line++;
        if (line.bytes > 0) {
            syn_status st = read_line(reader, line);
            if (st != SYN_OK) {
                return st;
            }
        }
        if (reader->line > SYN_TRACE_LINES_MAX) {
            return refuse_named(reader, "", "too many lines");
        }
        at = end + 1;
    }
    if (!reader->has_head) {
        reader->line = 1;
        return refuse_named(reader, "trace", "the first line is the header");
    }
    return SYN_OK;
}

static int by_time(const void *left, const void *right)
{
    const struct syn_trace_event *a = left;
    const struct syn_trace_event *b = right;
    if (a->t_ms != b->t_ms) {
        return a->t_ms < b->t_ms ? -1 : 1;
    }
    return a->line < b->line ? -1 : a->line > b->line;
}

/* Into the arena, in order of time: a reply can be written after a later
 * request's. */
static syn_status publish(struct reader *reader, const struct syn_trace **out)
{
    struct syn_trace *trace = syn_arena_alloc(reader->arena, sizeof *trace);
    size_t inv_count = reader->trace.inv_count;
    size_t event_count = reader->trace.event_count;
    struct syn_trace_inv *invs =
        syn_arena_array(reader->arena, inv_count, sizeof *invs);
    struct syn_trace_event *events =
        syn_arena_array(reader->arena, event_count, sizeof *events);
    if (trace == NULL || invs == NULL || events == NULL) {
        return SYN_ERR_MEMORY;
    }
    if (inv_count > 0) {
        memcpy(invs, reader->invs, inv_count * sizeof *invs);
    }
    if (event_count > 0) {
        memcpy(events, reader->events, event_count * sizeof *events);
        qsort(events, event_count, sizeof *events, by_time);
    }
    *trace = reader->trace;
    trace->invs = invs;
    trace->events = events;
    *out = trace;
    return SYN_OK;
}

syn_status syn_trace_parse(struct syn_arena *arena, const char *path,
                           struct syn_str text,
                           char fault[SYN_TRACE_FAULT_BYTES],
                           const struct syn_trace **out)
{
    struct reader reader = {.arena = arena, .path = path, .fault = fault};
    syn_arena_init(&reader.scratch, NULL, SYN_TRACE_SCRATCH_BYTES_MAX);
    syn_status st = read_lines(&reader, text);
    if (st == SYN_OK) {
        st = publish(&reader, out);
    }
    free(reader.invs);
    free(reader.events);
    syn_arena_fini(&reader.scratch);
    return st;
}
