/*
 * config.c - read a configuration by its tables.
 *
 * A function per kind reads one value into its place; the tables bound the
 * depth. The first fault ends the reading.
 */
#include "service/config_impl.h"

#include "base/file.h"
#include "base/json.h"
#include "syn/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_BYTES 256

syn_status syn_config_refuse(const struct syn_config *config, const char *place,
                             const char *reason,
                             char fault[SYN_CONFIG_FAULT_BYTES])
{
    const struct syn_str value = syn_config_value(config->text, place);
    const size_t offset =
        value.at == NULL ? 0 : (size_t)(value.at - config->text.at);
    unsigned line = 1;
    unsigned column = 1;
    syn_config_locate(config->source, offset, &line, &column);
    (void)snprintf(fault, SYN_CONFIG_FAULT_BYTES, "%s:%u:%u: %s: %s",
                   config->path, line, column, place[0] == '\0' ? "/" : place,
                   reason);
    return SYN_ERR_CONFIG;
}

syn_status syn_config_fault(struct syn_config_reader *r, const char *place,
                            const char *reason)
{
    return syn_config_refuse(r->config, place, reason, r->fault);
}

/* --- values --------------------------------------------------------------- */

static syn_status read_value(struct syn_config_reader *r, const char *place,
                             const struct syn_json *node,
                             const struct syn_config_field *field, void *to);
static syn_status read_object(struct syn_config_reader *r, const char *place,
                              const struct syn_json *node,
                              const struct syn_config_shape *shape, void *to);

/* Position of the text among the words; false: it is none of them. */
static bool find_word(const char *const *words, struct syn_str text,
                      unsigned *out)
{
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (syn_str_is(text, words[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

static syn_status refuse_word(struct syn_config_reader *r, const char *place,
                              const char *const *words)
{
    char reason[REASON_BYTES] = "must be one of";
    size_t used = strlen(reason);
    for (size_t i = 0; words[i] != NULL && used < sizeof(reason); i++) {
        const int wrote =
            snprintf(reason + used, sizeof(reason) - used, " \"%s\"", words[i]);
        used += wrote < 0 ? 0 : (size_t)wrote;
    }
    return syn_config_fault(r, place, reason);
}

static bool is_sid_of(struct syn_str text, const char *letters)
{
    return syn_model_is_sid(text) &&
           syn_str_has_prefix(text, syn_str_of(letters));
}

static syn_status read_text(struct syn_config_reader *r, const char *place,
                            const struct syn_json *node,
                            const struct syn_config_field *field,
                            const char **to)
{
    char reason[REASON_BYTES];
    unsigned word = 0;
    struct syn_str text = syn_json_str(node, (struct syn_str){NULL, 0});
    if (text.at == NULL) {
        return syn_config_fault(r, place, "must be a string");
    }
    if (field->kind == SYN_CONFIG_SECRET &&
        syn_str_has_prefix(text, SYN_STR("env:"))) {
        const char *set = getenv(text.at + SYN_STR("env:").bytes);
        if (set == NULL) {
            (void)snprintf(reason, sizeof(reason),
                           "environment variable %.100s is not set",
                           text.at + SYN_STR("env:").bytes);
            return syn_config_fault(r, place, reason);
        }
        text = syn_str_of(set);
    }
    if (text.bytes < (size_t)field->min || text.bytes > (size_t)field->max) {
        (void)snprintf(reason, sizeof(reason), "must hold %lld to %lld bytes",
                       (long long)field->min, (long long)field->max);
        return syn_config_fault(r, place, reason);
    }
    if (field->prefix != NULL && !is_sid_of(text, field->prefix)) {
        (void)snprintf(reason, sizeof(reason),
                       "must be %s and 32 lower-case hex digits",
                       field->prefix);
        return syn_config_fault(r, place, reason);
    }
    if (field->words != NULL && !find_word(field->words, text, &word)) {
        return refuse_word(r, place, field->words);
    }
    *to = syn_arena_dup(r->arena, text).at;
    return *to == NULL ? SYN_ERR_MEMORY : SYN_OK;
}

static syn_status read_flag(struct syn_config_reader *r, const char *place,
                            const struct syn_json *node,
                            struct syn_maybe_i64 *to)
{
    if (!syn_json_is(node, SYN_JSON_BOOL)) {
        return syn_config_fault(r, place, "must be true or false");
    }
    *to = (struct syn_maybe_i64){.is_set = true,
                                 .value = syn_json_bool(node, false) ? 1 : 0};
    return SYN_OK;
}

static syn_status read_number(struct syn_config_reader *r, const char *place,
                              const struct syn_json *node,
                              const struct syn_config_field *field,
                              struct syn_maybe_i64 *to)
{
    char reason[REASON_BYTES];
    int64_t value = 0;
    if (!syn_json_i64(node, &value) || value < field->min ||
        value > field->max) {
        (void)snprintf(reason, sizeof(reason),
                       "must be a whole number from %lld to %lld",
                       (long long)field->min, (long long)field->max);
        return syn_config_fault(r, place, reason);
    }
    *to = (struct syn_maybe_i64){.is_set = true, .value = value};
    return SYN_OK;
}

static syn_status read_word(struct syn_config_reader *r, const char *place,
                            const struct syn_json *node,
                            const struct syn_config_field *field, unsigned *to)
{
    const struct syn_str text = syn_json_str(node, (struct syn_str){NULL, 0});
    return find_word(field->words, text, to)
               ? SYN_OK
               : refuse_word(r, place, field->words);
}

const char *syn_config_below(struct syn_config_reader *r, const char *above,
                             struct syn_str name)
{
    return syn_arena_printf(r->arena, "%s/%.*s", above, SYN_STR_ARG(name)).at;
}

static const char *place_at(struct syn_config_reader *r, const char *above,
                            size_t index)
{
    return syn_arena_printf(r->arena, "%s/%zu", above, index).at;
}

static syn_status read_words(struct syn_config_reader *r, const char *place,
                             const struct syn_json *node,
                             const struct syn_config_field *field, unsigned *to)
{
    syn_status st = SYN_OK;
    size_t index = 0;
    if (!syn_json_is(node, SYN_JSON_ARRAY)) {
        return syn_config_fault(r, place, "must be an array of words");
    }
    for (const struct syn_json *one = syn_json_first(node);
         one != NULL && st == SYN_OK; one = syn_json_next(one)) {
        unsigned word = 0;
        const char *below = place_at(r, place, index++);
        st = below == NULL ? SYN_ERR_MEMORY
                           : read_word(r, below, one, field, &word);
        *to |= 1u << word;
    }
    return st;
}

/* The text as it stands in the file: numbers are not reprinted. */
static syn_status read_data(struct syn_config_reader *r, const char *place,
                            const struct syn_json *node, struct syn_str *to)
{
    enum syn_code code = SYN_CODE_NONE;
    if (!syn_json_is(node, SYN_JSON_OBJECT)) {
        return syn_config_fault(r, place, "must be an object");
    }
    const struct syn_str text = syn_config_value(r->config->text, place);
    SYN_ASSERT(text.at != NULL);
    const struct syn_data_rules rules = {.bytes_max = SYN_DATA_BYTES_MAX,
                                         .null_code = SYN_CODE_54008};
    syn_status st = syn_model_normalise_data(r->arena, text, &rules, to, &code);
    if (st == SYN_OK && code != SYN_CODE_NONE) {
        return syn_config_fault(r, place, syn_code_text(code));
    }
    return st;
}

static syn_status read_array(struct syn_config_reader *r, const char *place,
                             const struct syn_json *node,
                             const struct syn_config_field *field,
                             struct syn_config_array *to)
{
    if (!syn_json_is(node, SYN_JSON_ARRAY)) {
        return syn_config_fault(r, place, "must be an array");
    }
    to->count = syn_json_count(node);
    if (to->count < (size_t)field->min) {
        return syn_config_fault(r, place, "must not be empty");
    }
    to->at = syn_arena_array(r->arena, to->count, field->inner->bytes);
    syn_status st = to->at == NULL ? SYN_ERR_MEMORY : SYN_OK;
    size_t index = 0;
    for (const struct syn_json *one = syn_json_first(node);
         one != NULL && st == SYN_OK; one = syn_json_next(one)) {
        char *element = (char *)to->at + index * field->inner->bytes;
        const char *below = place_at(r, place, index++);
        st = below == NULL ? SYN_ERR_MEMORY
                           : read_object(r, below, one, field->inner, element);
    }
    return st;
}

static syn_status read_limits(struct syn_config_reader *r, const char *place,
                              const struct syn_json *node,
                              const struct syn_config_field *field,
                              struct syn_config_limits *to)
{
    unsigned word = SYN_LIMITS_REAL;
    syn_status st = syn_json_is(node, SYN_JSON_OBJECT)
                        ? read_object(r, place, node, field->inner, &to->rates)
                        : read_word(r, place, node, field, &word);
    to->is_set = st == SYN_OK;
    to->mode = (enum syn_limits_mode)word;
    return st;
}

static syn_status read_value(struct syn_config_reader *r, const char *place,
                             const struct syn_json *node,
                             const struct syn_config_field *field, void *to)
{
    switch (field->kind) {
    case SYN_CONFIG_TEXT:
    case SYN_CONFIG_SECRET:
        return read_text(r, place, node, field, to);
    case SYN_CONFIG_FLAG:
        return read_flag(r, place, node, to);
    case SYN_CONFIG_NUMBER:
        return read_number(r, place, node, field, to);
    case SYN_CONFIG_WORD:
        return read_word(r, place, node, field, to);
    case SYN_CONFIG_WORDS:
        return read_words(r, place, node, field, to);
    case SYN_CONFIG_DATA:
        return read_data(r, place, node, to);
    case SYN_CONFIG_OBJECT:
        return read_object(r, place, node, field->inner, to);
    case SYN_CONFIG_ARRAY:
        return read_array(r, place, node, field, to);
    case SYN_CONFIG_LIMITS:
        return read_limits(r, place, node, field, to);
    }
    return SYN_ERR_CONFIG;
}

/* --- objects -------------------------------------------------------------- */

static const struct syn_config_field *
find_field(const struct syn_config_shape *shape, struct syn_str name)
{
    const struct syn_config_field *field = shape->fields;
    while (field->name != NULL && !syn_str_is(name, field->name)) {
        field++;
    }
    return field->name == NULL ? NULL : field;
}

static syn_status check_required(struct syn_config_reader *r, const char *place,
                                 const struct syn_json *node,
                                 const struct syn_config_shape *shape)
{
    char reason[REASON_BYTES];
    for (const struct syn_config_field *field = shape->fields;
         field->name != NULL; field++) {
        if (field->is_required && syn_json_member(node, field->name) == NULL) {
            (void)snprintf(reason, sizeof(reason), "lacks \"%s\"", field->name);
            return syn_config_fault(r, place, reason);
        }
    }
    return SYN_OK;
}

/* `to` begins with its place, as every struct of config.h does. */
static syn_status read_object(struct syn_config_reader *r, const char *place,
                              const struct syn_json *node,
                              const struct syn_config_shape *shape, void *to)
{
    if (!syn_json_is(node, SYN_JSON_OBJECT)) {
        return syn_config_fault(r, place, "must be an object");
    }
    memcpy(to, &place, sizeof(place));
    syn_status st = check_required(r, place, node, shape);
    for (const struct syn_json *child = syn_json_first(node);
         child != NULL && st == SYN_OK; child = syn_json_next(child)) {
        const struct syn_str name = syn_json_name(child);
        const struct syn_config_field *field = find_field(shape, name);
        const char *below = syn_config_below(r, place, name);
        if (below == NULL) {
            st = SYN_ERR_MEMORY;
        } else if (field == NULL) {
            st = syn_config_fault(r, below, "no such member");
        } else {
            st = read_value(r, below, child, field, (char *)to + field->offset);
        }
    }
    return st;
}

/* --- whole texts ---------------------------------------------------------- */

static syn_status parse(struct syn_config_reader *r, const char *path,
                        struct syn_str text, const struct syn_json **out)
{
    struct syn_json_fault fault = {.line = 1, .column = 1, .reason = ""};
    struct syn_str copy = syn_arena_dup(r->arena, text);
    r->config->source = syn_arena_dup(r->arena, text);
    if (copy.at == NULL || r->config->source.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_json_parse_commented(r->arena, text, out, &fault);
    if (st == SYN_ERR_PARSE || st == SYN_ERR_LIMIT) {
        (void)snprintf(r->fault, SYN_CONFIG_FAULT_BYTES, "%s:%u:%u: %s", path,
                       fault.line, fault.column, fault.reason);
        return SYN_ERR_CONFIG;
    }
    syn_config_blank((char *)(uintptr_t)copy.at, copy.bytes);
    r->config->path = path;
    r->config->text = copy;
    return st;
}

syn_status syn_config_read(struct syn_arena *arena, const char *path,
                           struct syn_str text,
                           char fault[SYN_CONFIG_FAULT_BYTES],
                           struct syn_config **out)
{
    const struct syn_json *root = NULL;
    struct syn_config *config = syn_arena_alloc(arena, sizeof(*config));
    struct syn_config_reader r = {
        .arena = arena, .config = config, .fault = fault};
    if (config == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = parse(&r, path, text, &root);
    if (st == SYN_OK) {
        st = read_object(&r, "", root, &syn_config_root, config);
    }
    if (st == SYN_OK) {
        st = syn_config_check(&r);
    }
    if (st == SYN_OK) {
        *out = config;
    }
    return st;
}

syn_status syn_config_read_rates(struct syn_arena *arena, const char *path,
                                 struct syn_str text,
                                 char fault[SYN_CONFIG_FAULT_BYTES],
                                 struct syn_service_setup *setup)
{
    const struct syn_json *root = NULL;
    struct syn_config_rates rates = {.place = ""};
    struct syn_config config = {.path = path};
    struct syn_config_reader r = {
        .arena = arena, .config = &config, .fault = fault};
    syn_status st = parse(&r, path, text, &root);
    if (st == SYN_OK) {
        st = read_object(&r, "", root, &syn_config_rates, &rates);
    }
    if (st == SYN_OK) {
        setup->limits = SYN_LIMITS_REAL;
        syn_config_fill_rates(&rates, setup);
    }
    return st;
}

syn_status syn_config_load(struct syn_arena *arena, const char *path,
                           char fault[SYN_CONFIG_FAULT_BYTES],
                           struct syn_str *out)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_JSON_BYTES_MAX);
    syn_status st = syn_file_read(path, &text);
    if (st == SYN_OK) {
        *out = syn_arena_dup(arena, syn_buf_str(&text));
        st = out->at == NULL ? SYN_ERR_MEMORY : SYN_OK;
    } else if (st != SYN_ERR_MEMORY) {
        (void)snprintf(
            fault, SYN_CONFIG_FAULT_BYTES, "cannot read %s: %s", path,
            st == SYN_ERR_IO ? strerror(errno) : "it is larger than 1 MiB");
        st = SYN_ERR_CONFIG;
    }
    syn_buf_fini(&text);
    return st;
}
