/*
 * rest_target.c - take the request target apart, and find the base of URLs.
 *
 * The target is split at '/' as it came, and only then is each segment decoded,
 * once: `%2F` and `%2E%2E` are data of a name, `..` and `//` are no resource.
 * Controls and blanks do not come here: the reader of HTTP refuses them.
 */
#include "service/rest.h"

static bool is_raw_dots(struct syn_str segment)
{
    return syn_str_is(segment, ".") || syn_str_is(segment, "..");
}

static enum syn_code add_segment(struct syn_rest_call *call, struct syn_str raw)
{
    struct syn_str segment = {NULL, 0};
    if (raw.bytes == 0 || is_raw_dots(raw) ||
        call->segment_count >= SYN_REST_SEGMENTS_MAX) {
        return SYN_CODE_20404;
    }
    if (syn_http_decode(call->arena, raw, false, &segment) != SYN_OK ||
        !syn_str_is_utf8(segment)) {
        return SYN_CODE_20001;
    }
    call->segments[call->segment_count++] = segment;
    return SYN_CODE_NONE;
}

enum syn_code syn_rest_read_target(struct syn_rest_call *call)
{
    struct syn_str target = call->message->target;
    size_t end = syn_str_find(target, '?', 0);
    call->path = syn_str_part(target, 0, end);
    call->query = syn_str_from(target, end + 1);
    const struct syn_seams *seams = &call->service->seams;
    call->path = seams->read_path(seams->ctx, call->arena, call->path);
    if (call->path.bytes == 0 || call->path.at[0] != '/' ||
        call->path.bytes > SYN_REST_TARGET_BYTES_MAX) {
        return SYN_CODE_20404;
    }
    enum syn_code code = SYN_CODE_NONE;
    size_t from = 1;
    while (code == SYN_CODE_NONE && from <= call->path.bytes) {
        size_t slash = syn_str_find(call->path, '/', from);
        code = add_segment(call, syn_str_part(call->path, from, slash - from));
        from = slash + 1;
    }
    return code;
}

bool syn_rest_read_base(struct syn_rest_call *call)
{
    const char *configured = call->service->setup.base_url;
    if (configured != NULL) {
        struct syn_str base = syn_str_of(configured);
        if (base.bytes > 0 && base.at[base.bytes - 1] == '/') {
            base.bytes--;
        }
        call->base = base;
        return true;
    }
    struct syn_str host = syn_http_field(call->message, "Host");
    if (host.bytes == 0 || !syn_str_has_only(host, SYN_HOST_BYTES)) {
        return false;
    }
    call->base =
        syn_arena_printf(call->arena, "%s://%.*s",
                         call->is_tls ? "https" : "http", SYN_STR_ARG(host));
    return call->base.at != NULL;
}
