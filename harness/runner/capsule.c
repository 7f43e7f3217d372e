/*
 * capsule.c - what it takes to run one failure again.
 * Layer: runner. Threads: values.
 */
#include "runner/capsule.h"

#include "base/file.h"
#include "base/json.h"
#include "syn/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define VERSION       1
#define SEED_BYTES    32
#define HEX_PREFIX    2
#define HEX_DIGITS    16
#define HEX_BITS      4
#define HEX_LETTER    10
#define TEXT_MAX      8192 /* of a reason */
#define URL_BYTES_MAX 4096

/* --- writing --------------------------------------------------------------
 */

/* A URL without what may stand before `@` and after `?`: neither is needed to
 * know the target, both may be secret. */
static void write_url(struct syn_json_writer *w, const char *url)
{
    struct syn_buf text;
    struct syn_str all = syn_str_of(url == NULL ? "" : url);
    size_t query = syn_str_find(all, '?', 0);
    struct syn_str plain = syn_str_part(all, 0, query);
    size_t host = syn_str_find(plain, ':', 0) + sizeof "//";
    size_t slash = syn_str_find(plain, '/', host);
    size_t at = host;
    for (size_t i = host; i < slash && i < plain.bytes; i++) {
        at = plain.at[i] == '@' ? i + 1 : at;
    }
    syn_buf_init(&text, NULL, URL_BYTES_MAX);
    syn_buf_put(&text, syn_str_part(plain, 0, host));
    syn_buf_put(&text, syn_str_from(plain, at < plain.bytes ? at : host));
    if (url == NULL) {
        syn_json_write_null(w, "target_url");
    } else {
        syn_json_write_str(w, "target_url", syn_buf_str(&text));
    }
    syn_buf_fini(&text);
}

static void write_head(struct syn_json_writer *w,
                       const struct syn_capsule *capsule)
{
    char seed[SEED_BYTES];
    (void)snprintf(seed, sizeof seed, "0x%llx",
                   (unsigned long long)capsule->seed);
    syn_json_write_i64(w, "capsule", VERSION);
    syn_json_write_text(w, "version", capsule->version);
    syn_json_write_text(w, "build", capsule->build);
    syn_json_write_text(w, "suite", capsule->suite);
    syn_json_write_text(w, "seed", seed);
    syn_json_write_text(w, "target", capsule->target);
    syn_json_write_text(w, "target_file", capsule->target_file);
    write_url(w, capsule->target_url);
    syn_json_write_text(w, "clock", capsule->clock);
    syn_json_write_text(w, "limits", capsule->limits);
    syn_json_write_text(w, "row", capsule->row);
    syn_json_write_text(w, "type", capsule->type);
    syn_json_write_i64(w, "repeat", capsule->repeat);
    syn_json_write_text(w, "defect", capsule->defect);
}

static void write_act(struct syn_json_writer *w, const struct syn_act *act)
{
    syn_json_open_object(w, NULL);
    syn_json_write_str(w, "who",
                       act->who.bytes == 0 ? SYN_STR("backend") : act->who);
    syn_json_write_text(w, "plane", act->who.bytes == 0 ? "rest" : "sdk");
    syn_json_write_text(w, "op", syn_op_name(act->op));
    syn_json_write_text(w, "type", syn_type_name(act->type));
    syn_json_write_text(w, "by", act->is_by_name ? "name" : "sid");
    syn_json_write_i64(w, "http", act->http);
    syn_json_write_i64(w, "code", act->code);
    syn_json_close_object(w);
}

void syn_capsule_put(struct syn_buf *out, const struct syn_capsule *capsule,
                     const struct syn_result *result,
                     const struct syn_evidence *evidence)
{
    struct syn_json_writer w;
    size_t count = evidence->act_count < SYN_CAPSULE_ACTIONS_MAX
                       ? evidence->act_count
                       : SYN_CAPSULE_ACTIONS_MAX;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    write_head(&w, capsule);
    syn_json_write_text(&w, "verdict", syn_verdict_name(result->verdict));
    syn_json_write_str(&w, "reason", syn_str_part(result->reason, 0, TEXT_MAX));
    syn_json_write_text(&w, "signature", result->signature);
    syn_json_open_array(&w, "actions");
    for (size_t i = 0; i < count; i++) {
        write_act(&w, &evidence->acts[i]);
    }
    syn_json_close_array(&w);
    syn_json_close_object(&w);
    syn_buf_put_byte(out, '\n');
}

const char *syn_capsule_file_name(struct syn_arena *arena,
                                  const struct syn_plan_entry *entry)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    struct syn_str name = syn_arena_printf(arena, "%s.json", entry->name);
    char *bytes =
        name.at == NULL ? NULL : syn_arena_alloc(arena, name.bytes + 1);
    if (bytes == NULL) {
        return NULL;
    }
    size_t length = 0;
    for (size_t i = 0; i < name.bytes; i++) {
        bool is_end = name.at[i] == ']';
        if (!is_end) {
            bytes[length++] =
                strchr(plain, name.at[i]) == NULL ? '.' : name.at[i];
        }
    }
    bytes[length] = '\0';
    return bytes;
}

/* --- reading --------------------------------------------------------------
 */

static syn_status refuse(const char *path, const char *place,
                         const char *reason, char *fault)
{
    (void)snprintf(fault, SYN_CAPSULE_FAULT_BYTES, "%s: %s%s%s", path, place,
                   place[0] == '\0' ? "" : ": ", reason);
    return SYN_ERR_CONFIG;
}

static bool read_seed(struct syn_str text, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    struct syn_str hex = syn_str_from(text, HEX_PREFIX);
    uint64_t value = 0;
    if (!syn_str_has_prefix(text, SYN_STR("0x")) || hex.bytes == 0 ||
        hex.bytes > HEX_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < hex.bytes; i++) {
        const char *at = memchr(digits, hex.at[i], sizeof digits - 1);
        if (at == NULL) {
            return false;
        }
        value = (value << HEX_BITS) | (uint64_t)(at - digits);
    }
    *out = value;
    return true;
}

/* Members that are texts; those that may be null say so. */
static const struct {
    const char *name;
    size_t offset;
    bool may_be_null;
} texts[] = {{"version", offsetof(struct syn_capsule, version), false},
             {"build", offsetof(struct syn_capsule, build), false},
             {"suite", offsetof(struct syn_capsule, suite), false},
             {"target", offsetof(struct syn_capsule, target), false},
             {"target_file", offsetof(struct syn_capsule, target_file), true},
             {"row", offsetof(struct syn_capsule, row), false},
             {"type", offsetof(struct syn_capsule, type), true},
             {"defect", offsetof(struct syn_capsule, defect), true}};

static syn_status read_texts(struct syn_arena *arena, const char *path,
                             const struct syn_json *root,
                             struct syn_capsule *out, char *fault)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct syn_json *node = syn_json_member(root, texts[i].name);
        bool is_null = texts[i].may_be_null && syn_json_is(node, SYN_JSON_NULL);
        if (!is_null && !syn_json_is(node, SYN_JSON_STRING)) {
            return refuse(path, texts[i].name,
                          texts[i].may_be_null ? "must be a string or null"
                                               : "must be a string",
                          fault);
        }
        const char *kept =
            is_null ? NULL
                    : syn_arena_dup(arena, syn_json_str(node, SYN_STR(""))).at;
        if (!is_null && kept == NULL) {
            return SYN_ERR_MEMORY;
        }
        memcpy((char *)out + texts[i].offset, &kept, sizeof kept);
    }
    return SYN_OK;
}

static syn_status read_root(struct syn_arena *arena, const char *path,
                            const struct syn_json *root,
                            struct syn_capsule *out, char *fault)
{
    int64_t version = 0;
    int64_t repeat = 0;
    *out = (struct syn_capsule){.version = NULL};
    if (!syn_json_i64(syn_json_member(root, "capsule"), &version) ||
        version != VERSION) {
        return refuse(path, "capsule", "must be 1: this is no capsule", fault);
    }
    if (!read_seed(syn_json_str(syn_json_member(root, "seed"), SYN_STR("")),
                   &out->seed)) {
        return refuse(path, "seed", "must be a text like 0x5eed", fault);
    }
    if (!syn_json_i64(syn_json_member(root, "repeat"), &repeat) || repeat < 1 ||
        repeat > SYN_REPEAT_MAX) {
        return refuse(path, "repeat", "must be a number from 1 to 10000",
                      fault);
    }
    out->repeat = (unsigned)repeat;
    return read_texts(arena, path, root, out, fault);
}

_Static_assert(SYN_REPEAT_MAX == 10000, "the sentence names the bound");

syn_status syn_capsule_read(struct syn_arena *arena, const char *path,
                            struct syn_capsule *out,
                            char fault[SYN_CAPSULE_FAULT_BYTES])
{
    struct syn_buf text;
    struct syn_json_fault where = {.reason = ""};
    struct syn_json_rules rules = {.bytes_max = SYN_CAPSULE_BYTES_MAX};
    const struct syn_json *root = NULL;
    char place[SEED_BYTES];
    syn_buf_init(&text, NULL, SYN_CAPSULE_BYTES_MAX);
    syn_status st = syn_file_read(path, &text);
    if (st != SYN_OK) {
        st = refuse(path, "",
                    st == SYN_ERR_IO ? strerror(errno)
                                     : "cannot be read as a capsule",
                    fault);
    }
    if (st == SYN_OK) {
        st = syn_json_parse(arena, syn_buf_str(&text), &rules, &root, &where);
        if (st == SYN_ERR_PARSE || st == SYN_ERR_LIMIT) {
            (void)snprintf(place, sizeof place, "line %u, column %u",
                           where.line, where.column);
            st = refuse(path, place, where.reason, fault);
        }
    }
    st = st != SYN_OK ? st : read_root(arena, path, root, out, fault);
    syn_buf_fini(&text);
    return st;
}

/* --- the row --------------------------------------------------------------
 */

static bool has_type(const struct syn_scenario *row, const char *type)
{
    enum syn_type which = SYN_TYPE_DOCUMENT;
    if (type == NULL) {
        return row->types == 0;
    }
    return syn_type_from_name(syn_str_of(type), &which) &&
           (row->types & SYN_TYPE_BIT(which)) != 0;
}

bool syn_capsule_find(struct syn_arena *arena,
                      const struct syn_capsule *capsule,
                      const struct syn_suite *const *suites, const char **name)
{
    for (size_t s = 0; suites[s] != NULL; s++) {
        for (size_t r = 0; r < suites[s]->row_count; r++) {
            const struct syn_scenario *row = &suites[s]->rows[r];
            if (strcmp(row->id, capsule->row) == 0 &&
                has_type(row, capsule->type)) {
                struct syn_result result = {.id = row->id,
                                            .type = capsule->type,
                                            .defect = capsule->defect,
                                            .repeat = capsule->repeat};
                struct syn_buf text;
                syn_buf_init(&text, NULL, TEXT_MAX);
                syn_result_put_name(&text, &result);
                *name = syn_arena_dup(arena, syn_buf_str(&text)).at;
                syn_buf_fini(&text);
                return *name != NULL;
            }
        }
    }
    return false;
}
