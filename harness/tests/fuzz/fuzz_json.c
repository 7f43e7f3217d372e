/*
 * fuzz_json.c - bodies of JSON: checked, parsed, walked, compacted.
 *
 * Promises: what is parsed was checked; the compact text is valid, is its own
 * compact text, and means the same; a member's raw text is valid alone.
 */
#include "fuzz.h"

#include "base/json.h"
#include "model/model.h"
#include "syn/limits.h"

#define DATA_BYTES_MAX 16384
#define PLANT_DEPTH    5

/* Depth is bounded by the rules of the parser. */
static void walk(const struct syn_json *node, unsigned depth)
{
    const struct syn_str none = {NULL, 0};
    int64_t number = 0;
    double real = 0;
    if (syn_json_i64(node, &number)) {
        SYN_ASSERT(syn_json_double(node, &real));
    }
    SYN_ASSERT(syn_str_is_utf8(syn_json_name(node)));
    SYN_ASSERT(syn_str_is_utf8(syn_json_str(node, none)));
    if (depth > PLANT_DEPTH && syn_json_name(node).bytes > 0) {
        syn_fuzz_plant(syn_json_str(node, none));
    }
    for (const struct syn_json *child = syn_json_first(node); child != NULL;
         child = syn_json_next(child)) {
        walk(child, depth + 1);
    }
}

static void check_compact(struct syn_arena *arena, struct syn_str text,
                          const struct syn_json *tree)
{
    struct syn_buf once, twice;
    const struct syn_json *again = NULL;
    syn_buf_init(&once, NULL, text.bytes + 1);
    syn_buf_init(&twice, NULL, text.bytes + 1);
    syn_json_compact(&once, text);
    syn_json_compact(&twice, syn_buf_str(&once));
    SYN_ASSERT(once.status == SYN_OK && once.bytes <= text.bytes);
    SYN_ASSERT(syn_str_is_equal(syn_buf_str(&once), syn_buf_str(&twice)));
    SYN_ASSERT(syn_json_parse(arena, syn_buf_str(&once), NULL, &again, NULL) ==
               SYN_OK);
    SYN_ASSERT(syn_json_is_equal(tree, again));
    syn_buf_fini(&twice);
    syn_buf_fini(&once);
}

static void check_members(struct syn_arena *arena, struct syn_str text,
                          const struct syn_json *tree)
{
    if (!syn_json_is(tree, SYN_JSON_OBJECT)) {
        return;
    }
    for (const struct syn_json *child = syn_json_first(tree); child != NULL;
         child = syn_json_next(child)) {
        const struct syn_str name = syn_arena_dup(arena, syn_json_name(child));
        const struct syn_json *alone = NULL;
        const struct syn_str raw = syn_json_raw(text, name.at);
        SYN_ASSERT(syn_json_parse(arena, raw, NULL, &alone, NULL) == SYN_OK);
        SYN_ASSERT(syn_json_is_equal(child, alone));
    }
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    static const struct syn_json_rules lenient = {.allow_duplicates = true,
                                                  .allow_nul = true};
    const struct syn_json *tree = NULL;
    struct syn_json_fault fault = {0};
    struct syn_str compact = {NULL, 0};
    const struct syn_data_rules rules = {.bytes_max = DATA_BYTES_MAX,
                                         .null_code = SYN_CODE_54008};
    enum syn_code code = SYN_CODE_NONE;
    const syn_status checked = syn_json_check(in, NULL, &fault);
    if (checked != SYN_OK) {
        SYN_ASSERT(fault.reason != NULL && fault.offset <= in.bytes);
    } else {
        SYN_ASSERT(syn_json_check(in, &lenient, NULL) == SYN_OK);
    }
    if (syn_json_parse_commented(arena, in, &tree, NULL) == SYN_OK) {
        walk(tree, 0);
    }
    SYN_ASSERT(syn_model_normalise_data(arena, in, &rules, &compact, &code) ==
               SYN_OK);
    SYN_ASSERT(code != SYN_CODE_NONE || compact.bytes > 0);
    if (syn_json_parse(arena, in, NULL, &tree, NULL) != SYN_OK) {
        return;
    }
    SYN_ASSERT(checked == SYN_OK);
    check_compact(arena, in, tree);
    check_members(arena, in, tree);
}
