/*
 * label.c - what a message is, in one line.
 */
#include "tap/tap_impl.h"

struct syn_str syn_tap_label_http(struct syn_arena *arena,
                                  enum syn_tap_direction direction,
                                  const struct syn_http_message *message)
{
    if (direction == SYN_TAP_DOWN) {
        return syn_arena_printf(arena, "%u", message->status);
    }
    return syn_arena_printf(arena, "%.*s %.*s", SYN_STR_ARG(message->method),
                            SYN_STR_ARG(message->target));
}

static struct syn_str text_at(const struct syn_json *node, const char *name)
{
    return node == NULL
               ? (struct syn_str){0}
               : syn_json_str(syn_json_member(node, name), (struct syn_str){0});
}

static struct syn_str label_reply(struct syn_arena *arena,
                                  const struct syn_sdk_frame *frame)
{
    int64_t code = frame->status;
    const struct syn_json *node =
        syn_json_at(frame->header, "/http_status/code");
    if (node == NULL || !syn_json_i64(node, &code)) {
        code = frame->status;
    }
    return syn_arena_printf(arena, "reply %lld", (long long)code);
}

struct syn_str syn_tap_label_frame(struct syn_arena *arena,
                                   struct syn_tap_message *message,
                                   struct syn_str frame, struct syn_str *id)
{
    struct syn_sdk_frame parsed = {0};
    const struct syn_json *request = NULL;
    struct syn_str event_type = {0};
    *id = (struct syn_str){0};
    message->body = frame;
    if (syn_sdk_frame_read(arena, frame, &parsed) != SYN_OK) {
        return SYN_STR("garbage");
    }
    message->head = parsed.header_text;
    message->body = parsed.payload;
    *id = parsed.id;
    request = syn_json_member(parsed.header, "http_request");
    if (request != NULL) {
        return syn_arena_printf(arena, "%.*s %.*s",
                                SYN_STR_ARG(text_at(request, "method")),
                                SYN_STR_ARG(text_at(request, "path")));
    }
    if (message->direction == SYN_TAP_DOWN &&
        syn_str_is(parsed.method, "reply")) {
        return label_reply(arena, &parsed);
    }
    event_type = text_at(parsed.body, "event_type");
    return syn_arena_printf(arena, "%.*s%s%.*s", SYN_STR_ARG(parsed.method),
                            event_type.bytes > 0 ? " " : "",
                            SYN_STR_ARG(event_type));
}
