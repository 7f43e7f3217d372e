/*
 * readings.c - read and write files of readings.
 * Layer: gate. Threads: independent calls.
 */
#include "gate/readings.h"

#include "base/json.h"
#include "service/config.h"
#include "syn/limits.h"

#include <stdarg.h>
#include <stdio.h>

#define VERSION       1
#define REASON_BYTES  256
#define POINTER_BYTES 128

_Static_assert(SYN_READINGS_FAULT_BYTES == SYN_CONFIG_FAULT_BYTES,
               "files are loaded by the configuration's loader");

struct reader {
    struct syn_arena *arena;
    const char *path;
    struct syn_str source; /* as it came */
    struct syn_str text;   /* without comments, byte for byte */
    char *fault;
};

static syn_status SYN_PRINTF(3, 4)
    refuse(struct reader *reader, const char *place, const char *format, ...)
{
    char reason[REASON_BYTES];
    unsigned line = 1;
    unsigned column = 1;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    struct syn_str value = syn_config_value(reader->text, place);
    if (value.at != NULL) {
        syn_config_locate(reader->source, (size_t)(value.at - reader->text.at),
                          &line, &column);
    }
    (void)snprintf(reader->fault, SYN_READINGS_FAULT_BYTES, "%s:%u:%u: %s: %s",
                   reader->path, line, column, place[0] == '\0' ? "/" : place,
                   reason);
    return SYN_ERR_CONFIG;
}

/* The words that a reading may have, "stop, flow" or "0 to 600". */
static void put_choices(enum syn_reading_id which, char out[REASON_BYTES / 2])
{
    char word[SYN_READING_WORD_BYTES];
    unsigned count = syn_reading_count(which);
    size_t used = 0;
    out[0] = '\0';
    if (syn_reading_at(which)->words == NULL) {
        (void)snprintf(out, REASON_BYTES / 2, "a number from 0 to %u",
                       count - 1);
        return;
    }
    for (unsigned i = 0; i < count && used < REASON_BYTES / 2; i++) {
        syn_reading_name(which, i, word);
        int more = snprintf(out + used, REASON_BYTES / 2 - used, "%s\"%s\"",
                            i == 0           ? ""
                            : i + 1 == count ? " or "
                                             : ", ",
                            word);
        used += more < 0 ? 0 : (size_t)more;
    }
}

static bool read_value(enum syn_reading_id which, const struct syn_json *node,
                       unsigned *value)
{
    int64_t number = 0;
    if (syn_reading_at(which)->words != NULL) {
        return syn_json_is(node, SYN_JSON_STRING) &&
               syn_reading_parse(which, syn_json_str(node, SYN_STR("")), value);
    }
    if (!syn_json_is(node, SYN_JSON_NUMBER) || !syn_json_i64(node, &number) ||
        number < 0 || number >= (int64_t)syn_reading_count(which)) {
        return false;
    }
    *value = (unsigned)number;
    return true;
}

static syn_status read_one(struct reader *reader, const char *group,
                           const struct syn_json *node,
                           struct syn_readings *readings)
{
    char place[POINTER_BYTES];
    char choices[REASON_BYTES / 2];
    struct syn_str name = syn_json_name(node);
    enum syn_reading_id which = SYN_READING_COUNT;
    unsigned value = 0;
    (void)snprintf(place, sizeof place, "/%s/%.*s", group, SYN_STR_ARG(name));
    if (!syn_reading_find(name, &which)) {
        return refuse(reader, place, "no open question has this id");
    }
    if (readings == NULL) {
        return syn_json_is(node, SYN_JSON_STRING)
                   ? SYN_OK
                   : refuse(reader, place, "must be a string");
    }
    if (!read_value(which, node, &value)) {
        put_choices(which, choices);
        return refuse(reader, place, "must be %s", choices);
    }
    syn_reading_set(readings, which, value);
    return SYN_OK;
}

/* Each member of a group; `readings` NULL: only their names count. */
static syn_status read_group(struct reader *reader, const struct syn_json *root,
                             const char *group, struct syn_readings *readings)
{
    char place[POINTER_BYTES];
    const struct syn_json *node = syn_json_member(root, group);
    syn_status st = SYN_OK;
    (void)snprintf(place, sizeof place, "/%s", group);
    if (node != NULL && !syn_json_is(node, SYN_JSON_OBJECT)) {
        return refuse(reader, place, "must be an object");
    }
    if (node == NULL && readings != NULL) {
        return refuse(reader, "", "values is missing");
    }
    for (const struct syn_json *one = syn_json_first(node);
         st == SYN_OK && one != NULL; one = syn_json_next(one)) {
        st = read_one(reader, group, one, readings);
    }
    return st;
}

static syn_status check_members(struct reader *reader,
                                const struct syn_json *root)
{
    static const char *const known[] = {"readings", "target", "observed",
                                        "values", "unobserved"};
    char place[POINTER_BYTES];
    int64_t version = 0;
    for (const struct syn_json *one = syn_json_first(root); one != NULL;
         one = syn_json_next(one)) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            is_known = is_known || syn_str_is(syn_json_name(one), known[i]);
        }
        (void)snprintf(place, sizeof place, "/%.*s",
                       SYN_STR_ARG(syn_json_name(one)));
        if (!is_known) {
            return refuse(reader, place, "is not known");
        }
        bool is_text = syn_str_is(syn_json_name(one), "target") ||
                       syn_str_is(syn_json_name(one), "observed");
        if (is_text && !syn_json_is(one, SYN_JSON_STRING)) {
            return refuse(reader, place, "must be a string");
        }
    }
    if (!syn_json_i64(syn_json_member(root, "readings"), &version) ||
        version != VERSION) {
        return refuse(reader, "/readings", "must be %d, the format's version",
                      VERSION);
    }
    return SYN_OK;
}

static syn_status parse(struct reader *reader, const struct syn_json **root)
{
    struct syn_json_fault fault = {.line = 1};
    char *blank = NULL;
    syn_status st =
        syn_json_parse_commented(reader->arena, reader->source, root, &fault);
    if (st == SYN_ERR_MEMORY) {
        return st;
    }
    if (st != SYN_OK) {
        (void)snprintf(reader->fault, SYN_READINGS_FAULT_BYTES, "%s:%u:%u: %s",
                       reader->path, fault.line, fault.column, fault.reason);
        return SYN_ERR_CONFIG;
    }
    struct syn_str copy = syn_arena_dup(reader->arena, reader->source);
    blank = (char *)(uintptr_t)copy.at;
    if (blank == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_config_blank(blank, copy.bytes);
    reader->text = copy;
    return syn_json_is(*root, SYN_JSON_OBJECT)
               ? SYN_OK
               : refuse(reader, "", "must be an object");
}

syn_status syn_readings_read(struct syn_arena *arena, const char *path,
                             char fault[SYN_READINGS_FAULT_BYTES],
                             struct syn_readings *out)
{
    struct reader reader = {.arena = arena, .path = path, .fault = fault};
    struct syn_readings readings = syn_readings_default;
    const struct syn_json *root = NULL;
    syn_status st = syn_config_load(arena, path, fault, &reader.source);
    st = st != SYN_OK ? st : parse(&reader, &root);
    st = st != SYN_OK ? st : check_members(&reader, root);
    st = st != SYN_OK ? st : read_group(&reader, root, "values", &readings);
    st = st != SYN_OK ? st : read_group(&reader, root, "unobserved", NULL);
    if (st == SYN_OK) {
        *out = readings;
    }
    return st;
}

/* --- writing -------------------------------------------------------------- */

static void put_seen(struct syn_json_writer *w, enum syn_reading_id which,
                     unsigned value)
{
    char word[SYN_READING_WORD_BYTES];
    const struct syn_reading *reading = syn_reading_at(which);
    if (reading->words == NULL) {
        syn_json_write_i64(w, reading->id, (int64_t)value);
        return;
    }
    syn_reading_name(which, value, word);
    syn_json_write_text(w, reading->id, word);
}

void syn_readings_put(struct syn_buf *out,
                      const struct syn_readings_origin *origin,
                      const struct syn_reading_seen seen[SYN_READING_COUNT])
{
    struct syn_json_writer w;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    syn_json_write_i64(&w, "readings", VERSION);
    syn_json_write_text(&w, "target", origin->target);
    syn_json_write_text(&w, "observed", origin->observed);
    syn_json_open_object(&w, "values");
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        if (seen[i].is_observed) {
            put_seen(&w, (enum syn_reading_id)i, seen[i].value);
        }
    }
    syn_json_close_object(&w);
    syn_json_open_object(&w, "unobserved");
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        if (!seen[i].is_observed) {
            syn_json_write_str(&w, syn_reading_at((enum syn_reading_id)i)->id,
                               seen[i].why);
        }
    }
    syn_json_close_object(&w);
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
}

/* --- words of a finding --------------------------------------------------- */

const char *syn_readings_assumed(struct syn_arena *arena,
                                 const struct syn_readings *readings,
                                 uint64_t which)
{
    struct syn_str text = SYN_STR("");
    for (unsigned i = 0; i < SYN_READING_COUNT && text.at != NULL; i++) {
        const struct syn_reading *one = syn_reading_at((enum syn_reading_id)i);
        char word[SYN_READING_WORD_BYTES];
        if ((which & (UINT64_C(1) << i)) == 0) {
            continue;
        }
        syn_reading_name((enum syn_reading_id)i,
                         syn_reading_value(readings, (enum syn_reading_id)i),
                         word);
        text = syn_arena_printf(arena, "%s%s%s=%s (open question %s)", text.at,
                                text.bytes == 0 ? "assumes " : ", ", one->id,
                                word, one->question);
    }
    return text.bytes == 0 ? NULL : text.at;
}
