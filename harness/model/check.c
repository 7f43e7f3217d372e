/*
 * check.c - what a request may say: names, keys, TTLs, settings, If-Match,
 * and the normal form of `data`.
 * Layer: model. Threads: none needed.
 * Source: rest.md sections 1.7, 2.1, 4.1, 5.2, 12.
 */
#include "model/state.h"

#include "base/json.h"
#include "syn/limits.h"

#include <string.h>

/* 1 to `points_max` code points of well-formed UTF-8. Bytes are bounded first,
 * so that a huge text costs nothing. */
bool syn_check_points(struct syn_str s, size_t points_max)
{
    return s.bytes > 0 && s.bytes <= points_max * 4 && syn_str_is_utf8(s) &&
           syn_str_code_points(s) <= points_max;
}

bool syn_check_name(struct syn_str name)
{
    return name.at == NULL || (syn_check_points(name, SYN_NAME_POINTS_MAX) &&
                               !syn_model_is_sid(name));
}

bool syn_check_ttl(const struct syn_model *model, struct syn_maybe_i64 ttl)
{
    return !ttl.is_set || model->rules->ttl_fits(model->rules->ctx, ttl.value);
}

/* --- service settings --------------------------------------------------------
 */

/* Absolute http or https with a host, at most 512 bytes of printable ASCII. */
static bool is_webhook_url(struct syn_str url)
{
    static const struct syn_str schemes[] = {{"http://", 7}, {"https://", 8}};
    if (url.bytes > SYN_WEBHOOK_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < url.bytes; i++) {
        if (url.at[i] <= ' ' || url.at[i] > '~') {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct syn_str head = syn_str_part(url, 0, schemes[i].bytes);
        struct syn_str rest = syn_str_from(url, schemes[i].bytes);
        if (syn_str_is_equal_nocase(head, schemes[i]) && rest.bytes > 0) {
            return strchr("/?#:@", rest.at[0]) == NULL;
        }
    }
    return false;
}

static bool is_flag(struct syn_maybe_i64 flag)
{
    return !flag.is_set || flag.value == 0 || flag.value == 1;
}

enum syn_code syn_check_patch(const struct syn_service_patch *patch)
{
    if (patch->friendly_name.at != NULL &&
        !syn_check_points(patch->friendly_name, SYN_FRIENDLY_POINTS_MAX)) {
        return SYN_CODE_54053;
    }
    if (patch->webhook_url.bytes > 0 && !is_webhook_url(patch->webhook_url)) {
        return SYN_CODE_54051;
    }
    struct syn_maybe_i64 window = patch->reachability_debouncing_ms;
    if (window.is_set && (window.value < SYN_DEBOUNCE_MS_MIN ||
                          window.value > SYN_DEBOUNCE_MS_MAX)) {
        return SYN_CODE_20001;
    }
    bool are_flags = is_flag(patch->acl_enabled) &&
                     is_flag(patch->webhooks_from_rest_enabled) &&
                     is_flag(patch->reachability_webhooks_enabled) &&
                     is_flag(patch->reachability_debouncing_enabled);
    return are_flags ? SYN_CODE_NONE : SYN_CODE_20001;
}

/* --- If-Match
 * ------------------------------------------------------------------ */

/* Containers have no mismatch code of their own; they take their items'. */
enum syn_code syn_check_mismatch(enum syn_type type)
{
    static const enum syn_code codes[SYN_TYPE_COUNT] = {
        [SYN_TYPE_DOCUMENT] = SYN_CODE_54103,
        [SYN_TYPE_LIST] = SYN_CODE_54155,
        [SYN_TYPE_MAP] = SYN_CODE_54205,
        [SYN_TYPE_STREAM] = SYN_CODE_20409,
    };
    return codes[type];
}

/* Hexadecimal of at most 64 bits; upper case can be read, but never fits. */
static bool is_revision(struct syn_str s)
{
    if (s.bytes == 0 || s.bytes > 16) {
        return false;
    }
    for (size_t i = 0; i < s.bytes; i++) {
        if (strchr("0123456789abcdefABCDEF", s.at[i]) == NULL ||
            s.at[i] == '\0') {
            return false;
        }
    }
    return true;
}

/* Conditions that a reading lets the service ignore. */
static bool is_ignored(const struct syn_step *step, const struct syn_item *item)
{
    const struct syn_readings *readings = &step->model->rules->readings;
    bool is_document = step->object->object.type == SYN_TYPE_DOCUMENT;
    if (item != NULL) {
        return false;
    }
    return is_document ? readings->match_delete == SYN_MATCH_IGNORED &&
                             step->command->verb == SYN_VERB_OBJECT_DELETE
                       : readings->match_container == SYN_MATCH_IGNORED;
}

enum syn_code syn_check_match(const struct syn_step *step,
                              const struct syn_item *item, int64_t counter)
{
    struct syn_str if_match = step->command->if_match;
    const struct syn_object *object = &step->object->object;
    /* Streams have no revision, so there is nothing to compare with. */
    if (if_match.at == NULL || syn_str_is(if_match, "*") ||
        object->type == SYN_TYPE_STREAM || is_ignored(step, item)) {
        return SYN_CODE_NONE;
    }
    if (!is_revision(if_match)) {
        return SYN_CODE_54003;
    }
    char revision[SYN_REVISION_BYTES];
    syn_model_revision(counter, revision);
    const struct syn_rules *rules = step->model->rules;
    bool fits = rules->revision_fits(rules->ctx, object, item, if_match,
                                     syn_str_of(revision));
    return fits ? SYN_CODE_NONE : syn_check_mismatch(object->type);
}

/* --- data
 * ------------------------------------------------------------------------ */

/* What is too long before it is read. */
static bool is_too_long(struct syn_str text, const struct syn_data_rules *rules,
                        const struct syn_readings *readings)
{
    return text.bytes > SYN_JSON_BYTES_MAX ||
           (readings->size == SYN_SIZE_RAW && text.bytes > rules->bytes_max);
}

static syn_status judge_data(struct syn_str text,
                             const struct syn_data_rules *rules,
                             const struct syn_readings *readings,
                             enum syn_code *code)
{
    /* \u0000 is allowed: data is opaque text that never meets a C string. */
    const struct syn_json_rules json = {.allow_nul = true};
    *code = SYN_CODE_54006;
    if (is_too_long(text, rules, readings)) {
        return SYN_OK;
    }
    *code = SYN_CODE_54008;
    syn_status status = syn_json_check(text, &json, NULL);
    if (status != SYN_OK) {
        return status == SYN_ERR_MEMORY ? status : SYN_OK;
    }
    enum syn_json_kind kind = syn_json_kind_of_text(text);
    if (kind == SYN_JSON_NULL) {
        *code = rules->null_code;
    } else if (kind == SYN_JSON_OBJECT || readings->top == SYN_TOP_ANY) {
        *code = SYN_CODE_NONE;
    }
    return SYN_OK;
}

/* The compact text of what was found good, if it is not too long. */
static syn_status compact(struct syn_arena *arena, struct syn_str text,
                          size_t bytes_max, struct syn_str *out,
                          enum syn_code *code)
{
    struct syn_buf buf;
    syn_buf_init(&buf, arena->allocator, bytes_max);
    syn_json_compact(&buf, text);
    syn_status status = buf.status;
    if (status == SYN_ERR_LIMIT) {
        *code = SYN_CODE_54006;
        status = SYN_OK;
    } else if (status == SYN_OK) {
        struct syn_str copy = syn_arena_dup(arena, syn_buf_str(&buf));
        if (copy.at == NULL) {
            status = SYN_ERR_MEMORY;
        } else {
            *out = copy;
        }
    }
    syn_buf_fini(&buf);
    return status;
}

syn_status syn_model_normalise_data(struct syn_arena *arena,
                                    struct syn_str text,
                                    const struct syn_data_rules *rules,
                                    struct syn_str *out, enum syn_code *code)
{
    const struct syn_readings *readings =
        rules->readings == NULL ? &syn_readings_default : rules->readings;
    bool counts_characters = readings->size == SYN_SIZE_CHARACTERS;
    struct syn_str made = {NULL, 0};
    if (readings->syntax == SYN_SYNTAX_LENIENT &&
        !syn_lenient_json(arena, text, &text)) {
        return SYN_ERR_MEMORY;
    }
    syn_status status = judge_data(text, rules, readings, code);
    if (status != SYN_OK || *code != SYN_CODE_NONE) {
        return status;
    }
    status = compact(arena, text,
                     counts_characters ? SYN_JSON_BYTES_MAX : rules->bytes_max,
                     &made, code);
    if (status == SYN_OK && *code == SYN_CODE_NONE && counts_characters &&
        syn_str_code_points(made) > rules->bytes_max) {
        *code = SYN_CODE_54006;
    }
    if (status == SYN_OK && *code == SYN_CODE_NONE) {
        *out = made;
    }
    return status;
}
