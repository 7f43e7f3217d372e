/*
 * adversary_gen.c - turn fixtures/adversaries.json into a C table, at build
 * time.
 * Layer: runner, a program of the build. Threads: one.
 *
 * Usage: adversary_gen IN.json OUT.c. An unknown level, or text outside
 * printable ASCII, ends the build.
 */
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "report/file.h"
#include "syn/arena.h"
#include "syn/limits.h"

#include <stdio.h>
#include <stdlib.h>

#define OUT_BYTES_MAX 1048576
#define ARENA_BYTES   16777216

static bool is_plain(struct syn_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        if (s.at[i] < ' ' || s.at[i] > '~' || s.at[i] == '"' ||
            s.at[i] == '\\') {
            return false;
        }
    }
    return s.bytes > 0;
}

static const char *level_of(struct syn_str word)
{
    static const char *const words[] = {"MUST", "SHOULD", "INFO"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (syn_str_is(word, words[i])) {
            return words[i];
        }
    }
    return NULL;
}

static struct syn_str text_of(const struct syn_json *one, const char *name)
{
    return syn_json_str(syn_json_member(one, name), SYN_STR(""));
}

static bool put_table(struct syn_buf *out, const struct syn_json *root)
{
    const struct syn_json *list = syn_json_member(root, "adversaries");
    syn_buf_put_text(out, "#include \"runner/adversary.h\"\n\n"
                          "const struct syn_adversary syn_adversaries[] = {\n");
    for (const struct syn_json *one = syn_json_first(list); one != NULL;
         one = syn_json_next(one)) {
        const struct syn_str id = text_of(one, "id");
        const struct syn_str what = text_of(one, "what");
        const char *level = level_of(text_of(one, "level"));
        if (!is_plain(id) || !is_plain(what) || level == NULL) {
            (void)fprintf(stderr, "adversary_gen: bad entry %.*s\n",
                          SYN_STR_ARG(id));
            return false;
        }
        syn_buf_printf(out, "    {\"%.*s\", SYN_LEVEL_%s, \"%.*s\"},\n",
                       SYN_STR_ARG(id), level, SYN_STR_ARG(what));
    }
    syn_buf_printf(out, "};\nconst size_t syn_adversary_count = %zu;\n",
                   syn_json_count(list));
    return syn_json_count(list) > 0 && out->status == SYN_OK;
}

int main(int argc, char **argv)
{
    struct syn_arena arena;
    struct syn_buf text;
    struct syn_buf out;
    const struct syn_json *root = NULL;
    char fault[SYN_REPORT_FAULT_BYTES] = "the list cannot be read";
    if (argc != 3) {
        (void)fprintf(stderr, "usage: adversary_gen IN.json OUT.c\n");
        return EXIT_FAILURE;
    }
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    syn_buf_init(&text, NULL, SYN_JSON_BYTES_MAX);
    syn_buf_init(&out, NULL, OUT_BYTES_MAX);
    bool is_done =
        syn_file_read(argv[1], &text) == SYN_OK &&
        syn_json_parse(&arena, syn_buf_str(&text), NULL, &root, NULL) ==
            SYN_OK &&
        put_table(&out, root) &&
        syn_report_file_write(argv[2], syn_buf_str(&out), fault) == SYN_OK;
    if (!is_done) {
        (void)fprintf(stderr, "adversary_gen: %s: %s\n", argv[1], fault);
    }
    syn_buf_fini(&out);
    syn_buf_fini(&text);
    syn_arena_fini(&arena);
    return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
