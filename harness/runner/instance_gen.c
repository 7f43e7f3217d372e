/*
 * instance_gen.c - turn the instances of fixtures/ into a C table, at build
 * time. Layer: runner, a program of the build. Threads: one.
 *
 * Usage: instance_gen OUT.c FILE.json…. The first line of a file is a comment
 * that says what is wrong: "// CLAUSE: title", or "// title" in good.json. The
 * rest must be JSON with comments.
 */
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "report/file.h"
#include "syn/arena.h"
#include "syn/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_BYTES_MAX 16777216
#define ARENA_BYTES   67108864
#define PER_LINE      16
#define COMMENT       "// "
#define BAD           "bad-"
#define EXTENSION     ".json"

struct instance {
    struct syn_str name; /* "issuer/open-to-anyone" */
    struct syn_str clause, title;
    struct syn_str text;
};

static int refuse(const char *path, const char *reason)
{
    (void)fprintf(stderr, "instance_gen: %s: %s\n", path, reason);
    return EXIT_FAILURE;
}

/* ".../issuers/bad-x.json" to "issuer/x". */
static struct syn_str name_of(struct syn_arena *arena, const char *path)
{
    const char *file = strrchr(path, '/');
    const char *folder = file;
    while (folder != NULL && folder > path && folder[-1] != '/') {
        folder--;
    }
    if (file == NULL || file - folder < 2) {
        return (struct syn_str){NULL, 0};
    }
    struct syn_str leaf = syn_str_of(file + 1);
    leaf.bytes -= sizeof EXTENSION - 1;
    if (syn_str_has_prefix(leaf, SYN_STR(BAD))) {
        leaf = syn_str_from(leaf, sizeof BAD - 1);
    }
    return syn_arena_printf(arena, "%.*s/%.*s", (int)(file - folder - 1),
                            folder, SYN_STR_ARG(leaf));
}

/* A clause id stands before the first colon and holds no blank. */
static bool read_head(struct instance *instance)
{
    struct syn_str line =
        syn_str_part(instance->text, 0, syn_str_find(instance->text, '\n', 0));
    if (!syn_str_has_prefix(line, SYN_STR(COMMENT))) {
        return false;
    }
    line = syn_str_from(line, sizeof COMMENT - 1);
    size_t colon = syn_str_find(line, ':', 0);
    bool is_good = syn_str_has(instance->name, SYN_STR("/good"));
    bool has_clause = colon < syn_str_find(line, ' ', 0);
    instance->clause =
        has_clause && !is_good ? syn_str_part(line, 0, colon) : SYN_STR("");
    instance->title =
        is_good ? line : syn_str_trim(syn_str_from(line, colon + 1));
    return is_good || (has_clause && instance->title.bytes > 0);
}

static void put_literal(struct syn_buf *out, struct syn_str s)
{
    syn_buf_put_byte(out, '"');
    for (size_t i = 0; i < s.bytes; i++) {
        bool is_quoted = s.at[i] == '"' || s.at[i] == '\\';
        syn_buf_put_text(out, is_quoted ? "\\" : "");
        syn_buf_put_byte(out, s.at[i]);
    }
    syn_buf_put_byte(out, '"');
}

/* Bytes, because string literals over 4095 are not portable. */
static void put_text(struct syn_buf *out, size_t index, struct syn_str text)
{
    syn_buf_printf(out, "static const char text_%zu[] = {", index);
    for (size_t i = 0; i < text.bytes; i++) {
        syn_buf_printf(out, "%s%d,", i % PER_LINE == 0 ? "\n    " : " ",
                       (int)text.at[i]);
    }
    syn_buf_put_text(out, "\n    0};\n\n");
}

static void put_row(struct syn_buf *out, size_t index,
                    const struct instance *instance)
{
    syn_buf_put_text(out, "    {.name = ");
    put_literal(out, instance->name);
    syn_buf_put_text(out, ",\n     .clause = ");
    put_literal(out, instance->clause);
    syn_buf_put_text(out, ",\n     .title = ");
    put_literal(out, instance->title);
    syn_buf_printf(out, ",\n     .text = text_%zu},\n", index);
}

/* NULL, or what is wrong with the file. */
static const char *read_instance(struct syn_arena *arena, const char *path,
                                 struct instance *instance)
{
    const struct syn_json *tree = NULL;
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_JSON_BYTES_MAX);
    if (syn_file_read(path, &text) == SYN_OK) {
        instance->text = syn_arena_dup(arena, syn_buf_str(&text));
    }
    syn_buf_fini(&text);
    instance->name = name_of(arena, path);
    if (instance->text.at == NULL || instance->name.at == NULL) {
        return "cannot be read";
    }
    if (syn_json_parse_commented(arena, instance->text, &tree, NULL) !=
        SYN_OK) {
        return "is not JSON with comments";
    }
    return read_head(instance) ? NULL : "does not begin with \"// CLAUSE: …\"";
}

int main(int argc, char **argv)
{
    struct syn_arena arena;
    struct syn_buf texts;
    struct syn_buf rows;
    const char *fault = NULL;
    char unwritten[SYN_REPORT_FAULT_BYTES] = "";
    int result = EXIT_FAILURE;
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    syn_buf_init(&texts, NULL, OUT_BYTES_MAX);
    syn_buf_init(&rows, NULL, OUT_BYTES_MAX);
    syn_buf_put_text(&texts, "/* Made by instance_gen. */\n"
                             "#include \"runner/instance.h\"\n\n");
    for (int i = 2; fault == NULL && i < argc; i++) {
        struct instance instance = {.name = {NULL, 0}};
        fault = read_instance(&arena, argv[i], &instance);
        if (fault != NULL) {
            (void)refuse(argv[i], fault);
            break;
        }
        put_text(&texts, (size_t)i, instance.text);
        put_row(&rows, (size_t)i, &instance);
    }
    syn_buf_put_text(&texts, "const struct syn_instance syn_instances[] = {\n");
    syn_buf_put(&texts, syn_buf_str(&rows));
    syn_buf_put_text(&texts, "    {.name = NULL}};\n");
    if (fault == NULL && argc > 2 && texts.status == SYN_OK) {
        result = syn_report_file_write(argv[1], syn_buf_str(&texts),
                                       unwritten) == SYN_OK
                     ? EXIT_SUCCESS
                     : refuse(argv[1], unwritten);
    }
    syn_buf_fini(&rows);
    syn_buf_fini(&texts);
    syn_arena_fini(&arena);
    return result;
}
