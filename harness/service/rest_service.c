/*
 * rest_service.c - the Services resource (rest.md 2.1, rows 1 to 5).
 */
#include "service/rest.h"

/* --- settings ------------------------------------------------------------- */

static enum syn_code read_friendly_name(const struct syn_rest_call *call,
                                        struct syn_service_patch *patch)
{
    struct syn_str name = {NULL, 0};
    if (!syn_rest_form(call, "FriendlyName", &name)) {
        return SYN_CODE_NONE;
    }
    if (name.bytes == 0 ||
        syn_str_code_points(name) > SYN_FRIENDLY_POINTS_MAX) {
        return SYN_CODE_54053;
    }
    patch->friendly_name = name;
    return SYN_CODE_NONE;
}

/* Bytes after "http://" or "https://"; 0 when there is no such scheme. */
static size_t scheme_bytes(struct syn_str url)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct syn_str scheme = syn_str_of(schemes[i]);
        if (syn_str_is_equal_nocase(syn_str_part(url, 0, scheme.bytes),
                                    scheme)) {
            return scheme.bytes;
        }
    }
    return 0;
}

static bool is_url(struct syn_str url)
{
    size_t scheme = scheme_bytes(url);
    if (scheme == 0 || url.bytes > SYN_WEBHOOK_BYTES_MAX) {
        return false;
    }
    if (url.bytes == scheme || url.at[scheme] == '/') {
        return false; /* no host */
    }
    for (size_t i = 0; i < url.bytes; i++) {
        unsigned char byte = (unsigned char)url.at[i];
        if (byte <= ' ' || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum syn_code read_webhook(const struct syn_rest_call *call,
                                  struct syn_service_patch *patch)
{
    struct syn_str url = {NULL, 0};
    if (!syn_rest_form(call, "WebhookUrl", &url)) {
        return SYN_CODE_NONE;
    }
    if (url.bytes > 0 && !is_url(url)) {
        return SYN_CODE_54051;
    }
    patch->webhook_url = url;
    return SYN_CODE_NONE;
}

static enum syn_code read_window(const struct syn_rest_call *call,
                                 struct syn_service_patch *patch)
{
    struct syn_str word = {NULL, 0};
    uint64_t window_ms = 0;
    if (!syn_rest_form(call, "ReachabilityDebouncingWindow", &word)) {
        return SYN_CODE_NONE;
    }
    if (!syn_str_to_u64(word, SYN_DEBOUNCE_MS_MAX, &window_ms) ||
        window_ms < SYN_DEBOUNCE_MS_MIN) {
        return SYN_CODE_20001;
    }
    patch->reachability_debouncing_ms =
        (struct syn_maybe_i64){.is_set = true, .value = (int64_t)window_ms};
    return SYN_CODE_NONE;
}

static enum syn_code read_flags(const struct syn_rest_call *call,
                                struct syn_service_patch *patch)
{
    const struct {
        const char *name;
        struct syn_maybe_i64 *out;
    } flags[] = {
        {"AclEnabled", &patch->acl_enabled},
        {"WebhooksFromRestEnabled", &patch->webhooks_from_rest_enabled},
        {"ReachabilityWebhooksEnabled", &patch->reachability_webhooks_enabled},
        {"ReachabilityDebouncingEnabled",
         &patch->reachability_debouncing_enabled},
    };
    enum syn_code code = SYN_CODE_NONE;
    for (size_t i = 0;
         code == SYN_CODE_NONE && i < sizeof(flags) / sizeof(flags[0]); i++) {
        code = syn_rest_form_bool(call, flags[i].name, flags[i].out);
    }
    return code;
}

static enum syn_code read_patch(const struct syn_rest_call *call,
                                struct syn_service_patch *patch)
{
    enum syn_code code = read_friendly_name(call, patch);
    if (code == SYN_CODE_NONE) {
        code = read_webhook(call, patch);
    }
    if (code == SYN_CODE_NONE) {
        code = read_flags(call, patch);
    }
    return code == SYN_CODE_NONE ? read_window(call, patch) : code;
}

static bool is_empty_patch(const struct syn_service_patch *patch)
{
    return patch->friendly_name.at == NULL && patch->webhook_url.at == NULL &&
           !patch->acl_enabled.is_set &&
           !patch->webhooks_from_rest_enabled.is_set &&
           !patch->reachability_webhooks_enabled.is_set &&
           !patch->reachability_debouncing_enabled.is_set &&
           !patch->reachability_debouncing_ms.is_set;
}

/* --- handlers ------------------------------------------------------------- */

static void finish(struct syn_rest_call *call, unsigned status)
{
    struct syn_json_writer w;
    struct syn_shape shape = syn_rest_shape(call, &w);
    syn_shape_service(&shape, call->outcome.service);
    call->status = status;
}

void syn_rest_service_list(struct syn_rest_call *call)
{
    struct syn_rest_paging paging = {.number = 0};
    enum syn_code code = syn_rest_read_paging(call, false, &paging);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
        return;
    }
    const struct syn_command command = {.verb = SYN_VERB_SERVICE_LIST,
                                        .page = paging.page};
    if (!syn_rest_step(call, &command)) {
        return;
    }
    struct syn_json_writer w;
    struct syn_shape shape = syn_rest_shape(call, &w);
    syn_json_open_object(&w, NULL);
    syn_json_open_array(&w, "services");
    for (size_t i = 0; i < call->outcome.count; i++) {
        syn_shape_service(&shape, call->outcome.services[i]);
    }
    syn_json_close_array(&w);
    syn_rest_write_meta(call, &w, "services", &paging);
    syn_json_close_object(&w);
    call->status = 200;
}

void syn_rest_service_create(struct syn_rest_call *call)
{
    struct syn_command command = {.verb = SYN_VERB_SERVICE_CREATE};
    enum syn_code code = read_patch(call, &command.patch);
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        finish(call, 201);
    }
}

void syn_rest_service_fetch(struct syn_rest_call *call)
{
    const struct syn_command command = {.verb = SYN_VERB_SERVICE_FETCH,
                                        .service = call->segments[2]};
    if (syn_rest_step(call, &command)) {
        finish(call, 200);
    }
}

void syn_rest_service_update(struct syn_rest_call *call)
{
    struct syn_command command = {.verb = SYN_VERB_SERVICE_UPDATE,
                                  .service = call->segments[2]};
    enum syn_code code = read_patch(call, &command.patch);
    if (code == SYN_CODE_NONE && is_empty_patch(&command.patch)) {
        code = SYN_CODE_54010;
    }
    if (code != SYN_CODE_NONE) {
        syn_rest_fail(call, code);
    } else if (syn_rest_step(call, &command)) {
        call->turns_switch = command.patch.acl_enabled.is_set;
        finish(call, 200);
    }
}

void syn_rest_service_delete(struct syn_rest_call *call)
{
    const struct syn_command command = {.verb = SYN_VERB_SERVICE_DELETE,
                                        .service = call->segments[2]};
    if (syn_rest_step(call, &command)) {
        call->turns_switch = true;
        call->status = 204;
    }
}
