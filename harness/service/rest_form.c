/*
 * rest_form.c - parameters of query and form, and the If-Match header.
 * Source: rest.md sections 1.3, 3 and 4.1.
 */
#include "service/rest.h"

#define REVISION_DIGITS_MAX 16        /* hex digits of a 64-bit counter */
#define TTL_S_READABLE      INT64_MAX /* the rules say how long it may be */

/* --- reading -------------------------------------------------------------- */

static bool is_form_type(struct syn_str type)
{
    size_t end = syn_str_find(type, ';', 0);
    return syn_str_is_equal_nocase(
        syn_str_trim(syn_str_part(type, 0, end)),
        SYN_STR("application/x-www-form-urlencoded"));
}

/* Names and values are text: anything but UTF-8 is refused whole. */
static bool are_texts(const struct syn_http_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!syn_str_is_utf8(pairs[i].name) ||
            !syn_str_is_utf8(pairs[i].value)) {
            return false;
        }
    }
    return true;
}

static enum syn_code read_pairs(struct syn_rest_call *call, struct syn_str in,
                                struct syn_http_pair **pairs, size_t *count)
{
    if (in.bytes == 0) {
        return SYN_CODE_NONE;
    }
    if (syn_http_form(call->arena, in, SYN_REST_PAIRS_MAX, pairs, count) !=
            SYN_OK ||
        !are_texts(*pairs, *count)) {
        return SYN_CODE_20001;
    }
    return SYN_CODE_NONE;
}

enum syn_code syn_rest_read_parameters(struct syn_rest_call *call)
{
    enum syn_code code =
        read_pairs(call, call->query, &call->asked, &call->asked_count);
    if (code != SYN_CODE_NONE || !syn_str_is(call->message->method, "POST") ||
        call->message->body.bytes == 0) {
        return code;
    }
    if (!is_form_type(syn_http_field(call->message, "Content-Type"))) {
        return SYN_CODE_20001;
    }
    return read_pairs(call, call->message->body, &call->form,
                      &call->form_count);
}

/* --- look-up -------------------------------------------------------------- */

/* A parameter given twice: the last counts. */
static bool find_last(const struct syn_http_pair *pairs, size_t count,
                      const char *name, struct syn_str *out)
{
    for (size_t i = count; i > 0; i--) {
        if (syn_str_is(pairs[i - 1].name, name)) {
            struct syn_str value = pairs[i - 1].value;
            *out = value.bytes == 0 ? SYN_STR("") : value;
            return true;
        }
    }
    return false;
}

bool syn_rest_form(const struct syn_rest_call *call, const char *name,
                   struct syn_str *out)
{
    return find_last(call->form, call->form_count, name, out);
}

bool syn_rest_query(const struct syn_rest_call *call, const char *name,
                    struct syn_str *out)
{
    return find_last(call->asked, call->asked_count, name, out);
}

/* --- values --------------------------------------------------------------- */

bool syn_rest_word_bool(struct syn_str word, bool *out)
{
    bool is_true = syn_str_is_equal_nocase(word, SYN_STR("true"));
    if (!is_true && !syn_str_is_equal_nocase(word, SYN_STR("false"))) {
        return false;
    }
    *out = is_true;
    return true;
}

enum syn_code syn_rest_form_bool(const struct syn_rest_call *call,
                                 const char *name, struct syn_maybe_i64 *out)
{
    struct syn_str word = {NULL, 0};
    bool value = false;
    if (!syn_rest_form(call, name, &word)) {
        return SYN_CODE_NONE;
    }
    if (!syn_rest_word_bool(word, &value)) {
        return SYN_CODE_20001;
    }
    *out = (struct syn_maybe_i64){.is_set = true, .value = value ? 1 : 0};
    return SYN_CODE_NONE;
}

/* An empty TTL counts as none given. */
enum syn_code syn_rest_form_ttl(const struct syn_rest_call *call,
                                const char *name, struct syn_maybe_i64 *out)
{
    struct syn_str word = {NULL, 0};
    uint64_t value = 0;
    if (!syn_rest_form(call, name, &word) || word.bytes == 0) {
        return SYN_CODE_NONE;
    }
    const struct syn_rules *rules = &call->service->seams.rules;
    if (!syn_str_to_u64(word, TTL_S_READABLE, &value) ||
        !rules->ttl_fits(rules->ctx, (int64_t)value)) {
        return SYN_CODE_54011;
    }
    *out = (struct syn_maybe_i64){.is_set = true, .value = (int64_t)value};
    return SYN_CODE_NONE;
}

enum syn_code syn_rest_form_data(const struct syn_rest_call *call,
                                 size_t bytes_max, enum syn_code null_code,
                                 struct syn_str *out)
{
    struct syn_str text = {NULL, 0};
    enum syn_code code = SYN_CODE_NONE;
    if (!syn_rest_form(call, "Data", &text)) {
        return SYN_CODE_NONE;
    }
    const struct syn_seams *seams = &call->service->seams;
    size_t limit =
        seams->calls.data_limit(seams->ctx, SYN_PLANE_REST, text, bytes_max);
    const struct syn_data_rules rules = {.bytes_max = limit,
                                         .null_code = null_code,
                                         .readings = &seams->rules.readings};
    if (syn_model_normalise_data(call->arena, text, &rules, out, &code) !=
        SYN_OK) {
        return SYN_CODE_20500;
    }
    return code;
}

static bool is_revision(struct syn_str s)
{
    if (s.bytes == 0 || s.bytes > REVISION_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < s.bytes; i++) {
        bool is_digit = s.at[i] >= '0' && s.at[i] <= '9';
        if (!is_digit && (s.at[i] < 'a' || s.at[i] > 'f')) {
            return false;
        }
    }
    return true;
}

enum syn_code syn_rest_if_match(const struct syn_rest_call *call,
                                struct syn_str *out)
{
    struct syn_str value = syn_http_field(call->message, "If-Match");
    if (value.at == NULL || syn_str_is(value, "*")) {
        return SYN_CODE_NONE;
    }
    value = syn_str_unquote(value);
    if (!is_revision(value)) {
        return SYN_CODE_54003;
    }
    *out = value;
    return SYN_CODE_NONE;
}
