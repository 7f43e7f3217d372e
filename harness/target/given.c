/*
 * given.c - read what a token says, without believing it.
 * Layer: target. Threads: independent calls.
 */
#include "target/given.h"

#include "auth/draft.h"
#include "base/json.h"
#include "syn/limits.h"

#include <string.h>

#define ARENA_BYTES 1048576

static struct syn_str text_at(const struct syn_json *tree, const char *pointer)
{
    const struct syn_json *node = syn_json_at(tree, pointer);
    return node == NULL ? SYN_STR("") : syn_json_str(node, SYN_STR(""));
}

bool syn_given_read(struct syn_arena *arena, const char *token,
                    struct syn_given *out)
{
    struct syn_str all = syn_str_of(token);
    size_t first = syn_str_find(all, '.', 0);
    size_t second = syn_str_find(all, '.', first + 1);
    struct syn_str payload = {NULL, 0};
    const struct syn_json *tree = NULL;
    *out = (struct syn_given){.expires_s = 0};
    if (second >= all.bytes ||
        syn_str_find(all, '.', second + 1) != all.bytes ||
        !syn_token_decode_part(arena,
                               syn_str_part(all, first + 1, second - first - 1),
                               &payload) ||
        syn_json_parse(arena, payload, NULL, &tree, NULL) != SYN_OK) {
        return false;
    }
    out->identity = text_at(tree, "/grants/identity");
    out->service_sid = text_at(tree, "/grants/data_sync/service_sid");
    (void)syn_json_i64(syn_json_member(tree, "exp"), &out->expires_s);
    return true;
}

const char *syn_given_ended(const struct syn_target *target, int64_t now_s)
{
    struct syn_arena arena;
    struct syn_given given;
    const char *ended = NULL;
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    for (size_t i = 0; ended == NULL && i < target->token_count; i++) {
        bool is_read = syn_given_read(&arena, target->tokens[i].value, &given);
        if (is_read && given.expires_s != 0 && given.expires_s <= now_s) {
            ended = target->tokens[i].name;
        }
    }
    syn_arena_fini(&arena);
    return ended;
}

size_t syn_given_find(const struct syn_target *target, struct syn_str identity)
{
    size_t i = 0;
    while (i < target->token_count &&
           !syn_str_is(identity, target->tokens[i].name)) {
        i++;
    }
    return i;
}
