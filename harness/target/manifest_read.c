/*
 * manifest_read.c - a manifest read again: what may still be there.
 * Layer: target. Threads: independent calls.
 */
#include "target/manifest.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "syn/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FORMAT 1

struct reader {
    struct syn_arena *arena;
    struct syn_manifest_list *list;
    struct syn_manifest_entry *entries;
    size_t capacity;
    size_t line;
};

static struct syn_str text_of(const struct syn_json *line, const char *name)
{
    return syn_json_str(syn_json_member(line, name), SYN_STR(""));
}

static bool read_kind(const struct syn_json *line, enum syn_manifest_kind *out)
{
    struct syn_str name = text_of(line, "kind");
    for (unsigned i = 0; i < SYN_MANIFEST_KINDS; i++) {
        if (syn_str_is(name,
                       syn_manifest_kind_name((enum syn_manifest_kind)i))) {
            *out = (enum syn_manifest_kind)i;
            return true;
        }
    }
    return false;
}

static bool read_number(const struct syn_json *line, const char *name,
                        int64_t *out)
{
    return syn_json_i64(syn_json_member(line, name), out) && *out >= 0;
}

static bool read_entry(const struct syn_json *line,
                       struct syn_manifest_entry *entry)
{
    *entry = (struct syn_manifest_entry){.service = text_of(line, "service"),
                                         .on = text_of(line, "on"),
                                         .name = text_of(line, "name"),
                                         .identity = text_of(line, "identity"),
                                         .sid = text_of(line, "sid"),
                                         .item = text_of(line, "item")};
    return read_kind(line, &entry->kind);
}

static bool take_intention(struct reader *r, const struct syn_json *line)
{
    struct syn_manifest_entry entry;
    int64_t number = 0;
    if (r->list->count == r->capacity || !read_entry(line, &entry) ||
        !read_number(line, "n", &number)) {
        return false;
    }
    (void)read_number(line, "ttl_s", &entry.ttl_s);
    (void)read_number(line, "at_ms", &entry.at_ms);
    entry.number = (uint64_t)number;
    r->entries[r->list->count++] = entry;
    return true;
}

/* Backwards: an answer follows its intention closely. */
static bool take_answer(struct reader *r, const struct syn_json *line,
                        enum syn_manifest_state state)
{
    int64_t number = 0;
    if (!read_number(line, "n", &number)) {
        return false;
    }
    for (size_t i = r->list->count; i > 0; i--) {
        struct syn_manifest_entry *entry = &r->entries[i - 1];
        if (entry->number == (uint64_t)number) {
            entry->sid = text_of(line, "sid");
            entry->state = state;
            return true;
        }
    }
    return false;
}

static bool is_same(const struct syn_manifest_entry *entry,
                    const struct syn_manifest_entry *gone)
{
    if (entry->kind != gone->kind) {
        return false;
    }
    /* An item goes alone; what it was in takes it along. */
    if (gone->item.bytes > 0 && !syn_str_is_equal(entry->item, gone->item)) {
        return false;
    }
    if (gone->sid.bytes > 0) {
        return syn_str_is_equal(entry->sid, gone->sid);
    }
    return syn_str_is_equal(entry->on, gone->on) &&
           syn_str_is_equal(entry->name, gone->name) &&
           syn_str_is_equal(entry->identity, gone->identity) &&
           (gone->service.bytes == 0 || entry->service.bytes == 0 ||
            syn_str_is_equal(entry->service, gone->service));
}

/* What was removed may never have been written down: that is no fault. */
static bool take_end(struct reader *r, const struct syn_json *line)
{
    struct syn_manifest_entry gone;
    if (!read_entry(line, &gone)) {
        return false;
    }
    for (size_t i = 0; i < r->list->count; i++) {
        struct syn_manifest_entry *entry = &r->entries[i];
        if (entry->state != SYN_MANIFEST_REFUSED && is_same(entry, &gone)) {
            entry->state = SYN_MANIFEST_GONE;
        }
    }
    return true;
}

static bool take_late(struct reader *r, const struct syn_json *line)
{
    struct syn_manifest_entry entry;
    if (r->list->count == r->capacity || !read_entry(line, &entry) ||
        entry.sid.bytes == 0 ||
        !read_number(line, "deadline_ms", &entry.deadline_ms)) {
        return false;
    }
    entry.state = SYN_MANIFEST_LATE;
    r->entries[r->list->count++] = entry;
    return true;
}

static bool take_head(struct reader *r, const struct syn_json *line)
{
    int64_t format = 0;
    struct syn_str run = text_of(line, "run");
    if (!read_number(line, "manifest", &format) || format != FORMAT ||
        run.bytes == 0) {
        return false;
    }
    r->list->head = (struct syn_manifest_head){
        .run = syn_arena_dup(r->arena, run).at,
        .rest_url = syn_arena_dup(r->arena, text_of(line, "rest_url")).at,
        .account_sid =
            syn_arena_dup(r->arena, text_of(line, "account_sid")).at};
    return true;
}

static bool take_line(struct reader *r, struct syn_str text)
{
    const struct syn_json *line = NULL;
    if (syn_json_parse(r->arena, text, NULL, &line, NULL) != SYN_OK) {
        return false;
    }
    struct syn_str what = text_of(line, "do");
    if (r->line == 1) {
        return take_head(r, line);
    }
    if (syn_str_is(what, "make")) {
        return take_intention(r, line);
    }
    if (syn_str_is(what, "made")) {
        return take_answer(r, line, SYN_MANIFEST_MADE);
    }
    if (syn_str_is(what, "refused")) {
        return take_answer(r, line, SYN_MANIFEST_REFUSED);
    }
    if (syn_str_is(what, "late")) {
        return take_late(r, line);
    }
    return syn_str_is(what, "gone") && take_end(r, line);
}

static size_t count_lines(struct syn_str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.bytes; at++) {
        count += text.at[at] == '\n' ? 1 : 0;
    }
    return count;
}

static syn_status take_all(struct reader *r, const char *path,
                           struct syn_str text,
                           char fault[SYN_MANIFEST_FAULT_BYTES])
{
    size_t end = 0;
    for (size_t at = 0; at < text.bytes; at = end + 1) {
        end = syn_str_find(text, '\n', at);
        if (end >= text.bytes) {
            break; /* torn */
        }
        r->line++;
        if (!take_line(r, syn_str_part(text, at, end - at))) {
            (void)snprintf(fault, SYN_MANIFEST_FAULT_BYTES,
                           "%s:%zu: no line of a manifest", path, r->line);
            return SYN_ERR_CONFIG;
        }
    }
    if (r->line == 0) {
        (void)snprintf(fault, SYN_MANIFEST_FAULT_BYTES, "%s: holds no manifest",
                       path);
        return SYN_ERR_CONFIG;
    }
    r->list->entries = r->entries;
    return SYN_OK;
}

static syn_status read_text(const char *path, struct syn_buf *text,
                            char fault[SYN_MANIFEST_FAULT_BYTES])
{
    syn_status st = syn_file_read(path, text);
    if (st == SYN_OK) {
        return SYN_OK;
    }
    if (st == SYN_ERR_IO) {
        (void)snprintf(fault, SYN_MANIFEST_FAULT_BYTES, "cannot read %s: %s",
                       path, strerror(errno));
    } else {
        (void)snprintf(fault, SYN_MANIFEST_FAULT_BYTES,
                       "cannot read %s: over %u bytes", path,
                       SYN_MANIFEST_BYTES_MAX);
    }
    return SYN_ERR_CONFIG;
}

syn_status syn_manifest_read(struct syn_arena *arena, const char *path,
                             struct syn_manifest_list *out,
                             char fault[SYN_MANIFEST_FAULT_BYTES])
{
    struct syn_buf text;
    struct syn_manifest_list list = {.count = 0};
    struct reader reader = {.arena = arena, .list = &list};
    syn_buf_init(&text, NULL, SYN_MANIFEST_BYTES_MAX);
    syn_status st = read_text(path, &text, fault);
    struct syn_str kept = {NULL, 0};
    if (st == SYN_OK) {
        kept = syn_arena_dup(arena, syn_buf_str(&text));
        reader.capacity = count_lines(kept) + 1;
        reader.entries =
            syn_arena_array(arena, reader.capacity, sizeof *reader.entries);
        st =
            kept.at == NULL || reader.entries == NULL ? SYN_ERR_MEMORY : SYN_OK;
    }
    st = st != SYN_OK ? st : take_all(&reader, path, kept, fault);
    syn_buf_fini(&text);
    if (st == SYN_OK) {
        *out = list;
    }
    return st;
}

size_t syn_manifest_left(const struct syn_manifest_list *list)
{
    size_t left = 0;
    for (size_t i = 0; i < list->count; i++) {
        enum syn_manifest_state state = list->entries[i].state;
        left += state == SYN_MANIFEST_INTENDED || state == SYN_MANIFEST_MADE
                    ? 1
                    : 0;
    }
    return left;
}
