/*
 * record_write.c - lines of a trace, flushed one by one.
 * Layer: gate. Threads: the loop's.
 */
#include "gate/record_impl.h"

#include "base/log.h"
#include "syn/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PRIVATE_MODE 0600

static void fail(struct syn_scribe *scribe, const char *why)
{
    if (!scribe->has_failed) {
        syn_err_printf("syncproof: %s: %s\n", scribe->path, why);
    }
    scribe->has_failed = true;
}

static void write_line(struct syn_scribe *scribe, const struct syn_buf *line)
{
    if (line->status != SYN_OK) {
        fail(scribe, "a line was too long and is left out");
    } else if (fwrite(line->at, 1, line->bytes, scribe->file) != line->bytes ||
               fflush(scribe->file) != 0) {
        fail(scribe, strerror(errno));
    }
}

static void write_head(struct syn_scribe *scribe)
{
    struct syn_buf line;
    syn_buf_init(&line, NULL, SYN_TRACE_LINE_BYTES_MAX);
    syn_trace_put_head(&line, &scribe->head);
    write_line(scribe, &line);
    syn_buf_fini(&line);
}

bool syn_scribe_open(struct syn_scribe *scribe, struct syn_arena *arena,
                     const char *path, const struct syn_trace_head *head)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, PRIVATE_MODE);
    scribe->arena = arena;
    scribe->path = path;
    scribe->head = *head;
    scribe->file = fd < 0 ? NULL : fdopen(fd, "w");
    syn_table_init(&scribe->by_sid, NULL);
    syn_table_init(&scribe->by_name, NULL);
    if (scribe->file == NULL) {
        fail(scribe, strerror(errno));
        return false;
    }
    write_head(scribe);
    return !scribe->has_failed;
}

bool syn_scribe_close(struct syn_scribe *scribe, int64_t to_ms)
{
    if (scribe->file != NULL) {
        scribe->head.to_ms = to_ms;
        if (fseek(scribe->file, 0, SEEK_SET) == 0) {
            write_head(scribe); /* as long as the one that is there */
        }
        if (fclose(scribe->file) != 0) {
            fail(scribe, strerror(errno));
        }
        scribe->file = NULL;
    }
    syn_table_fini(&scribe->by_sid);
    syn_table_fini(&scribe->by_name);
    return !scribe->has_failed;
}

static struct syn_str name_key(struct syn_arena *arena, enum syn_type type,
                               struct syn_str name)
{
    return syn_arena_printf(arena, "%u:%.*s", (unsigned)type,
                            SYN_STR_ARG(name));
}

const struct syn_record_object *syn_scribe_find(const struct syn_scribe *scribe,
                                                enum syn_type type,
                                                struct syn_str id)
{
    const struct syn_record_object *object =
        syn_table_find(&scribe->by_sid, id);
    struct syn_arena_mark mark = syn_arena_mark(scribe->arena);
    if (object == NULL) {
        struct syn_str key = name_key(scribe->arena, type, id);
        object = key.at == NULL ? NULL : syn_table_find(&scribe->by_name, key);
    }
    syn_arena_rewind(scribe->arena, mark);
    return object != NULL && object->type == type ? object : NULL;
}

syn_status syn_scribe_learn(struct syn_scribe *scribe, enum syn_type type,
                            struct syn_str sid, struct syn_str name)
{
    struct syn_record_object *object =
        sid.bytes == 0 ? NULL : syn_table_find(&scribe->by_sid, sid);
    if (sid.bytes == 0 || (object != NULL && object->name.at != NULL)) {
        return SYN_OK;
    }
    if (object == NULL) {
        object = syn_arena_alloc(scribe->arena, sizeof *object);
        struct syn_str kept = syn_arena_dup(scribe->arena, sid);
        if (object == NULL || kept.at == NULL) {
            return SYN_ERR_MEMORY;
        }
        *object = (struct syn_record_object){.type = type, .sid = kept};
        syn_status st = syn_table_insert(&scribe->by_sid, kept, object);
        if (st != SYN_OK) {
            return st;
        }
    }
    if (name.at == NULL) {
        return SYN_OK;
    }
    struct syn_str key = name_key(scribe->arena, type, name);
    object->name = syn_arena_dup(scribe->arena, name);
    if (key.at == NULL || object->name.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    (void)syn_table_remove(&scribe->by_name, key); /* of an earlier life */
    return syn_table_insert(&scribe->by_name, key, object);
}

static void hide(struct syn_scribe *scribe, enum syn_pseudonym_kind kind,
                 struct syn_str *text)
{
    struct syn_str hidden = *text;
    syn_status st = syn_pseudonyms_hide(scribe->names, kind, *text, &hidden);
    if (st != SYN_OK) {
        /* Rather nothing than the name itself. */
        fail(scribe, "the map of pseudonyms cannot be kept");
        *text = (struct syn_str){NULL, 0};
        return;
    }
    *text = hidden;
}

void syn_scribe_put_inv(struct syn_scribe *scribe,
                        const struct syn_trace_inv *inv)
{
    struct syn_arena_mark mark;
    struct syn_trace_inv shown = *inv;
    struct syn_trace_row *rows = NULL;
    struct syn_buf line;
    if (scribe->shadow != NULL) {
        syn_shadow_inv(scribe->shadow, inv);
    }
    if (syn_scribe_learn(scribe, inv->type, inv->sid, inv->name) != SYN_OK) {
        fail(scribe, "out of memory");
        return;
    }
    if (!syn_str_is(shown.created_by, "system")) {
        hide(scribe, SYN_PSEUDONYM_IDENTITY, &shown.created_by);
    }
    hide(scribe, SYN_PSEUDONYM_NAME, &shown.name);
    mark = syn_arena_mark(scribe->arena);
    rows = syn_arena_array(scribe->arena, inv->row_count, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < inv->row_count; i++) {
        rows[i] = inv->rows[i];
    }
    if (rows == NULL) {
        fail(scribe, "out of memory");
        return;
    }
    if (scribe->names == NULL) {
        shown.rows = rows;
    } else {
        for (size_t i = 0; i < inv->row_count; i++) {
            hide(scribe, SYN_PSEUDONYM_IDENTITY, &rows[i].identity);
        }
        shown.rows = rows;
    }
    syn_buf_init(&line, NULL, SYN_TRACE_BYTES_MAX);
    syn_trace_put_inv(&line, &shown);
    write_line(scribe, &line);
    syn_buf_fini(&line);
    if (scribe->names == NULL) { /* the map keeps what it hid in this arena */
        syn_arena_rewind(scribe->arena, mark);
    }
}

static void fill_object(struct syn_scribe *scribe,
                        struct syn_trace_event *event)
{
    struct syn_str id = event->sid.at != NULL ? event->sid : event->name;
    if (event->type == SYN_TYPE_COUNT || id.at == NULL) {
        return;
    }
    const struct syn_record_object *object =
        syn_scribe_find(scribe, event->type, id);
    if (object != NULL) {
        event->sid = event->sid.at == NULL ? object->sid : event->sid;
        event->name = event->name.at == NULL ? object->name : event->name;
    }
}

void syn_scribe_put_event(struct syn_scribe *scribe,
                          const struct syn_trace_event *event)
{
    struct syn_trace_event shown = *event;
    struct syn_arena scratch;
    struct syn_buf line;
    bool is_backend = event->src == SYN_TRACE_REST;
    syn_arena_init(&scratch, NULL, SYN_TRACE_SCRATCH_BYTES_MAX);
    fill_object(scribe, &shown);
    if (scribe->shadow != NULL) {
        syn_shadow_event(scribe->shadow, &scratch, &shown);
    }
    if (!is_backend &&
        !(event->src == SYN_TRACE_WEBHOOK && event->conn.at == NULL)) {
        hide(scribe, SYN_PSEUDONYM_IDENTITY, &shown.identity);
    }
    hide(scribe, SYN_PSEUDONYM_NAME, &shown.name);
    hide(scribe, SYN_PSEUDONYM_IDENTITY, &shown.grantee);
    if (event->type == SYN_TYPE_MAP) { /* indices of lists say nothing */
        hide(scribe, SYN_PSEUDONYM_KEY, &shown.key);
    }
    if (scribe->names != NULL) {
        shown.why = (struct syn_str){NULL, 0}; /* it names people */
    }
    syn_buf_init(&line, NULL, SYN_TRACE_LINE_BYTES_MAX);
    syn_trace_put_event(&line, &shown);
    write_line(scribe, &line);
    scribe->events++;
    syn_buf_fini(&line);
    syn_arena_fini(&scratch);
}
