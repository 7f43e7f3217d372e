/*
 * exercise_rows.c - from the run.json of an embedded run to the lines of
 * scenarios/exercises.inc, for exercises.cmake; or from that of a run at a
 * target to those of scenarios/traffic.inc, for traffic.sh.
 * Layer: tests. Threads: one.
 */
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX 268435456

static void put_result(struct syn_buf *out, const struct syn_json *result)
{
    const struct syn_json *words = syn_json_member(result, "exercised");
    struct syn_str name =
        syn_json_str(syn_json_member(result, "name"), SYN_STR(""));
    const char *blank = "";
    if (syn_json_count(words) == 0) {
        return;
    }
    syn_buf_printf(out, "    {\"%.*s\",\n     \"", SYN_STR_ARG(name));
    for (const struct syn_json *word = syn_json_first(words); word != NULL;
         word = syn_json_next(word)) {
        struct syn_str text = syn_json_str(word, SYN_STR(""));
        syn_buf_printf(out, "%s%.*s", blank, SYN_STR_ARG(text));
        blank = " ";
    }
    syn_buf_put_text(out, "\"},\n");
}

static void put_traffic(struct syn_buf *out, const struct syn_json *result)
{
    static const char *const names[] = {"requests", "writes", "connections"};
    int64_t counts[sizeof names / sizeof names[0]] = {0};
    struct syn_str verdict =
        syn_json_str(syn_json_member(result, "verdict"), SYN_STR(""));
    struct syn_str name =
        syn_json_str(syn_json_member(result, "name"), SYN_STR(""));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!syn_json_i64(syn_json_member(result, names[i]), &counts[i])) {
            return; /* nothing was sent */
        }
    }
    if (!syn_str_is(verdict, "skipped")) {
        syn_buf_printf(out, "    {\"%.*s\", %lld, %lld, %lld},\n",
                       SYN_STR_ARG(name), (long long)counts[0],
                       (long long)counts[1], (long long)counts[2]);
    }
}

/* Usage: exercise_rows RUN_JSON [traffic] */
int main(int argc, char **argv)
{
    struct syn_arena arena;
    struct syn_buf text;
    struct syn_buf out;
    struct syn_json_rules rules = {.bytes_max = FILE_BYTES_MAX};
    const struct syn_json *root = NULL;
    bool is_done = false;
    syn_arena_init(&arena, NULL, FILE_BYTES_MAX);
    syn_buf_init(&text, NULL, FILE_BYTES_MAX);
    syn_buf_init(&out, NULL, FILE_BYTES_MAX);
    bool is_traffic = argc == 3 && strcmp(argv[2], "traffic") == 0;
    if ((argc == 2 || is_traffic) && syn_file_read(argv[1], &text) == SYN_OK &&
        syn_json_parse(&arena, syn_buf_str(&text), &rules, &root, NULL) ==
            SYN_OK) {
        const struct syn_json *results = syn_json_member(root, "results");
        for (const struct syn_json *result = syn_json_first(results);
             result != NULL; result = syn_json_next(result)) {
            if (is_traffic) {
                put_traffic(&out, result);
            } else {
                put_result(&out, result);
            }
        }
        is_done = out.status == SYN_OK && out.bytes > 0 &&
                  syn_out_write(out.at, out.bytes) == SYN_OK &&
                  syn_out_flush() == SYN_OK;
    }
    syn_buf_fini(&out);
    syn_buf_fini(&text);
    syn_arena_fini(&arena);
    return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
