/*
 * clause_gen.c - turn fixtures/clauses.json into a C table, at build time.
 * Layer: runner, a program of the build. Threads: one.
 *
 * Usage: clause_gen IN.json OUT.c. The input is a list of clauses, or an object
 * with `clauses` and `pending` (ids without a row yet). A field of another kind
 * than expected, or an unknown level or subject, ends the build.
 */
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "report/file.h"
#include "syn/arena.h"
#include "syn/limits.h"
#include "syn/result.h"

#include <stdio.h>
#include <stdlib.h>

#define OUT_BYTES_MAX 16777216
#define ARENA_BYTES   67108864
#define PRINTABLE_MIN 0x20
#define PRINTABLE_MAX 0x7e
#define OBJECTS_BYTES 256

static void put_literal(struct syn_buf *out, struct syn_str s)
{
    syn_buf_put_byte(out, '"');
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char byte = (unsigned char)s.at[i];
        bool is_plain = byte >= PRINTABLE_MIN && byte <= PRINTABLE_MAX &&
                        byte != '"' && byte != '\\' && byte != '?';
        if (is_plain) {
            syn_buf_put_byte(out, (char)byte);
        } else {
            syn_buf_printf(out, "\\%03o", (unsigned)byte);
        }
    }
    syn_buf_put_byte(out, '"');
}

static void put_member(struct syn_buf *out, const struct syn_json *clause,
                       const char *name, const char *field)
{
    syn_buf_printf(out, ",\n     .%s = ", field);
    put_literal(out, syn_json_str(syn_json_member(clause, name), SYN_STR("")));
}

/* The enum constant for a word of the file; NULL: unknown. */
static const char *constant_of(struct syn_str word)
{
    static const struct {
        const char *word;
        const char *constant;
    } words[] = {
        {"MUST", "SYN_LEVEL_MUST"},       {"SHOULD", "SYN_LEVEL_SHOULD"},
        {"INFO", "SYN_LEVEL_INFO"},       {"service", "SYN_SUBJECT_SERVICE"},
        {"issuer", "SYN_SUBJECT_ISSUER"}, {"receiver", "SYN_SUBJECT_RECEIVER"},
        {"client", "SYN_SUBJECT_CLIENT"}, {"audit", "SYN_SUBJECT_AUDIT"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (syn_str_is(word, words[i].word)) {
            return words[i].constant;
        }
    }
    return NULL;
}

static bool put_constant(struct syn_buf *out, const struct syn_json *clause,
                         const char *name)
{
    struct syn_str word =
        syn_json_str(syn_json_member(clause, name), SYN_STR(""));
    const char *constant = constant_of(word);
    if (constant == NULL) {
        (void)fprintf(stderr, "clause_gen: unknown %s \"%.*s\"\n", name,
                      SYN_STR_ARG(word));
        return false;
    }
    syn_buf_printf(out, ",\n     .%s = %s", name, constant);
    return true;
}

static bool is_listed(const struct syn_json *pending, struct syn_str id)
{
    for (const struct syn_json *node = syn_json_first(pending); node != NULL;
         node = syn_json_next(node)) {
        if (syn_str_is_equal(syn_json_str(node, SYN_STR("")), id)) {
            return true;
        }
    }
    return false;
}

static void put_objects(struct syn_buf *out, const struct syn_json *clause)
{
    struct syn_buf words;
    const struct syn_json *list = syn_json_member(clause, "objects");
    syn_buf_init(&words, NULL, OBJECTS_BYTES);
    for (const struct syn_json *node = syn_json_first(list); node != NULL;
         node = syn_json_next(node)) {
        syn_buf_put_text(&words, words.bytes > 0 ? " " : "");
        syn_buf_put(&words, syn_json_str(node, SYN_STR("")));
    }
    syn_buf_put_text(out, ",\n     .objects = ");
    put_literal(out, syn_buf_str(&words));
    syn_buf_fini(&words);
}

static bool put_clause(struct syn_buf *out, const struct syn_json *clause,
                       const struct syn_json *pending)
{
    struct syn_str id =
        syn_json_str(syn_json_member(clause, "id"), SYN_STR(""));
    if (id.bytes == 0) {
        (void)fprintf(stderr, "clause_gen: a clause without id\n");
        return false;
    }
    syn_buf_put_text(out, "    {.id = ");
    put_literal(out, id);
    bool is_known = put_constant(out, clause, "level") &&
                    put_constant(out, clause, "subject");
    put_member(out, clause, "sentence", "sentence");
    put_member(out, clause, "source", "source");
    put_member(out, clause, "check", "check");
    put_objects(out, clause);
    bool is_inferred =
        syn_json_bool(syn_json_member(clause, "inferred"), false);
    syn_buf_printf(out, ",\n     .is_inferred = %d, .is_pending = %d},\n",
                   is_inferred ? 1 : 0, is_listed(pending, id) ? 1 : 0);
    return is_known;
}

static bool put_table(struct syn_buf *out, const struct syn_json *root)
{
    bool is_list = syn_json_is(root, SYN_JSON_ARRAY);
    const struct syn_json *list =
        is_list ? root : syn_json_member(root, "clauses");
    const struct syn_json *pending =
        is_list ? NULL : syn_json_member(root, "pending");
    syn_buf_put_text(out, "/* Made from fixtures/clauses.json. */\n"
                          "#include \"runner/clause.h\"\n\n"
                          "const struct syn_clause syn_clauses[] = {\n");
    for (const struct syn_json *clause = syn_json_first(list); clause != NULL;
         clause = syn_json_next(clause)) {
        if (!put_clause(out, clause, pending)) {
            return false;
        }
    }
    syn_buf_printf(out,
                   "    {.id = \"\"}};\n\n"
                   "const size_t syn_clause_count = %zu;\n",
                   syn_json_count(list));
    return syn_json_count(list) > 0 && out->status == SYN_OK;
}

int main(int argc, char **argv)
{
    struct syn_arena arena;
    struct syn_buf text;
    struct syn_buf out;
    struct syn_json_fault fault = {.line = 0, .reason = ""};
    const struct syn_json *root = NULL;
    char unwritten[SYN_REPORT_FAULT_BYTES] = "";
    bool is_done = false;
    if (argc != 3) {
        (void)fprintf(stderr, "usage: clause_gen IN.json OUT.c\n");
        return EXIT_FAILURE;
    }
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    syn_buf_init(&text, NULL, SYN_JSON_BYTES_MAX);
    syn_buf_init(&out, NULL, OUT_BYTES_MAX);
    if (syn_file_read(argv[1], &text) != SYN_OK) {
        (void)fprintf(stderr, "%s: cannot be read\n", argv[1]);
    } else if (syn_json_parse(&arena, syn_buf_str(&text), NULL, &root,
                              &fault) != SYN_OK) {
        (void)fprintf(stderr, "%s:%u: %s\n", argv[1], fault.line, fault.reason);
    } else if (put_table(&out, root)) {
        is_done = syn_report_file_write(argv[2], syn_buf_str(&out),
                                        unwritten) == SYN_OK;
        (void)fputs(unwritten, stderr);
    }
    syn_buf_fini(&out);
    syn_buf_fini(&text);
    syn_arena_fini(&arena);
    return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
