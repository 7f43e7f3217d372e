/*
 * live_body.c - members of a request's body and parameters of its query.
 *
 * A body is checked once, then members are cut out as text: `data` goes on as
 * it came, never through a printer. Members that are ours to judge are parsed
 * strictly one by one; all others (created_by, sid, permissions, …) are not
 * looked at.
 */
#include "service/live_request.h"

#include "net/http.h"

static const struct syn_str absent = {NULL, 0};

bool syn_call_read_body(struct syn_call *call)
{
    /* \u0000 is fine inside `data`; names are parsed again, strictly. */
    const struct syn_json_rules rules = {.allow_nul = true};
    if (call->body.bytes == 0) {
        call->body = SYN_STR("{}");
    }
    if (syn_json_check(call->body, &rules, NULL) != SYN_OK ||
        syn_json_kind_of_text(call->body) != SYN_JSON_OBJECT) {
        syn_call_refuse(call, SYN_CODE_54008);
        return false;
    }
    return true;
}

bool syn_call_read_data(struct syn_call *call, size_t bytes_max,
                        enum syn_code null_code, struct syn_str *out)
{
    *out = absent;
    const struct syn_str raw = syn_json_raw(call->body, "data");
    if (raw.at == NULL) {
        return true;
    }
    enum syn_code code = SYN_CODE_NONE;
    const struct syn_seams *seams = &call->service->seams;
    const size_t limit =
        seams->calls.data_limit(seams->ctx, SYN_PLANE_SDK, raw, bytes_max);
    const struct syn_data_rules rules = {.bytes_max = limit,
                                         .null_code = null_code,
                                         .readings = &seams->rules.readings};
    if (syn_model_normalise_data(call->arena, raw, &rules, out, &code) !=
        SYN_OK) {
        code = SYN_CODE_20500;
    }
    if (code != SYN_CODE_NONE) {
        syn_call_refuse(call, code);
        return false;
    }
    return true;
}

/* A whole number, nothing else: "60", 6e1, null are 54011. The model checks
 * the range. */
bool syn_call_read_ttl(struct syn_call *call, const char *name,
                       struct syn_maybe_i64 *out)
{
    out->is_set = false;
    const struct syn_str raw = syn_json_raw(call->body, name);
    if (raw.at == NULL) {
        return true;
    }
    out->is_set = true;
    if (!syn_str_to_i64(raw, &out->value)) {
        syn_call_refuse(call, SYN_CODE_54011);
        return false;
    }
    return true;
}

bool syn_call_read_text(struct syn_call *call, const char *name,
                        enum syn_code bad_code, struct syn_str *out)
{
    *out = absent;
    const struct syn_str raw = syn_json_raw(call->body, name);
    const struct syn_json *node = NULL;
    if (raw.at == NULL) {
        return true;
    }
    if (syn_json_parse(call->arena, raw, NULL, &node, NULL) == SYN_OK) {
        if (syn_json_is(node, SYN_JSON_NULL)) {
            return true;
        }
        if (syn_json_is(node, SYN_JSON_STRING)) {
            *out = syn_json_str(node, absent);
            return true;
        }
    }
    syn_call_refuse(call, bad_code);
    return false;
}

bool syn_call_read_param(struct syn_call *call, const char *name,
                         struct syn_str *out)
{
    *out = absent;
    const struct syn_json *node = syn_json_member(call->params, name);
    if (syn_json_is(node, SYN_JSON_ARRAY)) {
        node = syn_json_first(node);
    }
    if (node == NULL) {
        return true;
    }
    if (!syn_json_is(node, SYN_JSON_STRING) ||
        syn_http_decode(call->arena, syn_json_str(node, absent), false, out) !=
            SYN_OK) {
        syn_call_refuse(call, SYN_CODE_20001);
        return false;
    }
    return true;
}
