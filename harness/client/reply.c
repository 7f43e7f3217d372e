/*
 * reply.c - reading an answer (include/syn/client.h).
 *
 * A body is parsed anew for each question, in memory of its own; only a text
 * that was asked for stays with the row.
 */
#include "base/json.h"
#include "syn/client.h"
#include "syn/limits.h"

bool syn_reply_is_ok(const struct syn_reply *reply)
{
    return reply->status == SYN_OK && reply->http >= 200 && reply->http <= 299;
}

/* A body and what to forget it with. */
struct reading {
    struct syn_arena arena;
    const struct syn_json *root;
};

static const struct syn_json *read_at(struct reading *reading,
                                      const struct syn_reply *reply,
                                      const char *pointer)
{
    static const struct syn_json_rules lenient = {.allow_duplicates = true,
                                                  .allow_nul = true};
    syn_arena_init(&reading->arena, NULL, SYN_SDK_SCRATCH_BYTES_MAX);
    reading->root = NULL;
    if (reply->body.bytes == 0 ||
        syn_json_parse(&reading->arena, reply->body, &lenient, &reading->root,
                       NULL) != SYN_OK) {
        return NULL;
    }
    return syn_json_at(reading->root, pointer);
}

bool syn_reply_has(const struct syn_reply *reply, const char *pointer)
{
    struct reading reading;
    bool has = read_at(&reading, reply, pointer) != NULL;
    syn_arena_fini(&reading.arena);
    return has;
}

int64_t syn_reply_i64(const struct syn_reply *reply, const char *pointer,
                      int64_t fallback)
{
    struct reading reading;
    int64_t value = fallback;
    const struct syn_json *node = read_at(&reading, reply, pointer);
    if (node == NULL || !syn_json_i64(node, &value)) {
        value = fallback;
    }
    syn_arena_fini(&reading.arena);
    return value;
}

struct syn_str syn_reply_str(const struct syn_reply *reply, const char *pointer)
{
    struct reading reading;
    struct syn_str text = {0};
    const struct syn_json *node = read_at(&reading, reply, pointer);
    if (node != NULL && reply->arena != NULL &&
        syn_json_is(node, SYN_JSON_STRING)) {
        text = syn_arena_dup(reply->arena, syn_json_str(node, text));
    }
    syn_arena_fini(&reading.arena);
    return text;
}

static bool is_kind(const struct syn_reply *reply, const char *pointer,
                    enum syn_json_kind kind, bool value)
{
    struct reading reading;
    const struct syn_json *node = read_at(&reading, reply, pointer);
    bool is_so = node != NULL && syn_json_is(node, kind) &&
                 syn_json_bool(node, false) == value;
    syn_arena_fini(&reading.arena);
    return is_so;
}

bool syn_reply_is_true(const struct syn_reply *reply, const char *pointer)
{
    return is_kind(reply, pointer, SYN_JSON_BOOL, true);
}

bool syn_reply_is_false(const struct syn_reply *reply, const char *pointer)
{
    return is_kind(reply, pointer, SYN_JSON_BOOL, false);
}

bool syn_reply_has_text(const struct syn_reply *reply, struct syn_str text)
{
    return syn_str_has(reply->body, text);
}

bool syn_reply_is_json(const struct syn_reply *reply, const char *pointer,
                       struct syn_str json)
{
    struct reading here;
    struct reading there;
    const struct syn_reply wanted = {.body = json};
    const struct syn_json *node = read_at(&here, reply, pointer);
    const struct syn_json *other = read_at(&there, &wanted, "");
    bool is_same =
        node != NULL && other != NULL && syn_json_is_equal(node, other);
    syn_arena_fini(&here.arena);
    syn_arena_fini(&there.arena);
    return is_same;
}

bool syn_reply_is_null(const struct syn_reply *reply, const char *pointer)
{
    return is_kind(reply, pointer, SYN_JSON_NULL, false);
}

/* Statuses that say "not you": 405 for what the plane does not offer at all,
 * as permissions over the SDK. */
static bool is_refusal(unsigned http)
{
    static const unsigned refusals[] = {401, 403, 404, 405};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i] == http) {
            return true;
        }
    }
    return false;
}

bool syn_reply_is_denial(const struct syn_reply *reply)
{
    static const char *const content[] = {
        "/data", "/items", "/sid", "/revision", "/created_by", "/url",
    };
    if (reply->status != SYN_OK || !is_refusal(reply->http)) {
        return false;
    }
    for (size_t i = 0; i < sizeof content / sizeof content[0]; i++) {
        if (syn_reply_has(reply, content[i])) {
            return false;
        }
    }
    return true;
}
