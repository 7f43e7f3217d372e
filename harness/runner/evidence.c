/*
 * evidence.c - what a row recorded, read back.
 * Layer: runner. Threads: values of one arena.
 *
 * Two passes: the first counts kinds so that arrays are made once, the second
 * fills them.
 */
#include "runner/evidence.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "syn/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_BYTES_MAX (4u * SYN_EVIDENCE_BYTES_MAX)

struct filler {
    struct syn_evidence *out;
    syn_status status;
};

typedef void (*fill_fn)(struct syn_evidence *out, const struct syn_json *line);

static struct syn_str text_of(const struct syn_json *line, const char *name)
{
    return syn_json_str(syn_json_member(line, name), SYN_STR(""));
}

static int64_t number_of(const struct syn_json *line, const char *name)
{
    int64_t value = 0;
    (void)syn_json_i64(syn_json_member(line, name), &value);
    return value;
}

static bool flag_of(const struct syn_json *line, const char *name)
{
    return syn_json_bool(syn_json_member(line, name), false);
}

static void fill_expectation(struct syn_evidence *out,
                             const struct syn_json *line)
{
    struct syn_str weight = text_of(line, "weight");
    out->expectations[out->expectation_count++] =
        (struct syn_evidence_expectation){
            .weight = syn_str_is(weight, "signal")    ? SYN_SIGNAL
                      : syn_str_is(weight, "control") ? SYN_CONTROL
                                                      : SYN_EFFECT,
            .holds = flag_of(line, "holds"),
            .is_unanswered = flag_of(line, "unanswered"),
            .is_denial = flag_of(line, "denial"),
            .is_late = flag_of(line, "late"),
            .at_ms = number_of(line, "ms"),
            .exchange = (unsigned)number_of(line, "exchange"),
            .what = text_of(line, "what"),
            .op = text_of(line, "op"),
            .expected = text_of(line, "expected"),
            .actual = text_of(line, "actual"),
            .reasoning = text_of(line, "oracle"),
            .file = text_of(line, "file"),
            .line = (int)number_of(line, "line")};
}

static void fill_wire(struct syn_evidence *out, const struct syn_json *line)
{
    out->wires[out->wire_count++] =
        (struct syn_evidence_wire){.number = (unsigned)number_of(line, "n"),
                                   .is_sent = flag_of(line, "sent"),
                                   .at_ms = number_of(line, "ms"),
                                   .actor = text_of(line, "actor"),
                                   .plane = text_of(line, "plane"),
                                   .head = text_of(line, "head"),
                                   .body = text_of(line, "body")};
}

static void fill_observation(struct syn_evidence *out,
                             const struct syn_json *line)
{
    out->observations[out->observation_count++] = (struct syn_observation){
        .what = text_of(line, "what"), .text = text_of(line, "text")};
}

static void fill_measure(struct syn_evidence *out, const struct syn_json *line)
{
    out->measures[out->measure_count++] = (struct syn_measure_value){
        .name = text_of(line, "name"), .value = number_of(line, "value")};
}

/* A line with words that we do not write is none of ours. */
static void fill_act(struct syn_evidence *out, const struct syn_json *line)
{
    struct syn_act act = {.who = text_of(line, "who"),
                          .is_by_name = flag_of(line, "by_name"),
                          .http = (unsigned)number_of(line, "http"),
                          .code = (int)number_of(line, "code")};
    if (syn_op_from_name(text_of(line, "op"), &act.op) &&
        syn_type_from_name(text_of(line, "type"), &act.type)) {
        out->acts[out->act_count++] = act;
    }
}

static void fill_log(struct syn_evidence *out, const struct syn_json *line)
{
    out->alerts += (unsigned)number_of(line, "alerts");
    out->log = text_of(line, "text");
}

/* The first end is the row's own word; `done` follows it when the function has
 * returned. */
static void fill_end(struct syn_evidence *out, const struct syn_json *line)
{
    static const struct {
        const char *word;
        enum syn_end end;
    } ends[] = {{"done", SYN_END_DONE},
                {"skipped", SYN_END_SKIPPED},
                {"gave-up", SYN_END_GAVE_UP},
                {"fault", SYN_END_FAULT}};
    struct syn_str how = text_of(line, "how");
    out->is_complete = out->is_complete || syn_str_is(how, "done");
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        bool is_stronger =
            out->end == SYN_END_NONE || ends[i].end == SYN_END_FAULT;
        if (syn_str_is(how, ends[i].word) && is_stronger) {
            out->end = ends[i].end;
            out->end_reason = text_of(line, "reason");
        }
    }
}

/* What a lost attempt recorded does not count. */
static void fill_again(struct syn_evidence *out, const struct syn_json *line)
{
    (void)line;
    out->expectation_count = 0;
    out->wire_count = 0;
    out->observation_count = 0;
    out->measure_count = 0;
    out->end = SYN_END_NONE;
    out->end_reason = SYN_STR("");
    out->is_complete = false;
    out->alerts = 0;
    out->log = SYN_STR("");
}

static const struct {
    const char *kind;
    fill_fn fill;
} kinds[] = {{"expect", fill_expectation},
             {"wire", fill_wire},
             {"observe", fill_observation},
             {"measure", fill_measure},
             {"act", fill_act},
             {"log", fill_log},
             {"again", fill_again},
             {"end", fill_end}};

#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static size_t kind_of(const struct syn_json *line)
{
    struct syn_str word = text_of(line, "k");
    size_t kind = 0;
    while (kind < KIND_COUNT && !syn_str_is(word, kinds[kind].kind)) {
        kind++;
    }
    return kind;
}

/* Parse each whole line; of a killed row the last may be cut. */
static syn_status parse_lines(struct syn_arena *arena, struct syn_str text,
                              const struct syn_json **lines, size_t *line_count)
{
    size_t at = 0;
    size_t count = 0;
    while (at < text.bytes) {
        size_t end = syn_str_find(text, '\n', at);
        struct syn_str line = syn_str_part(text, at, end - at);
        const struct syn_json *tree = NULL;
        struct syn_json_rules rules = {.bytes_max = FILE_BYTES_MAX};
        at = end + 1;
        syn_status st = end == text.bytes
                            ? SYN_ERR_PARSE
                            : syn_json_parse(arena, line, &rules, &tree, NULL);
        if (st == SYN_ERR_MEMORY) {
            return st;
        }
        if (st == SYN_OK) {
            lines[count++] = tree;
        }
    }
    *line_count = count;
    return SYN_OK;
}

static syn_status make_arrays(struct syn_arena *arena, struct syn_evidence *out,
                              const size_t counts[KIND_COUNT + 1])
{
    enum { EXPECT, WIRE, OBSERVE, MEASURE, ACT };
    out->expectations =
        syn_arena_array(arena, counts[EXPECT], sizeof *out->expectations);
    out->wires = syn_arena_array(arena, counts[WIRE], sizeof *out->wires);
    out->observations =
        syn_arena_array(arena, counts[OBSERVE], sizeof *out->observations);
    out->measures =
        syn_arena_array(arena, counts[MEASURE], sizeof *out->measures);
    out->acts = syn_arena_array(arena, counts[ACT], sizeof *out->acts);
    return out->expectations == NULL || out->wires == NULL ||
                   out->observations == NULL || out->measures == NULL ||
                   out->acts == NULL
               ? SYN_ERR_MEMORY
               : SYN_OK;
}

static size_t count_lines(struct syn_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.bytes; i++) {
        count += text.at[i] == '\n' ? 1 : 0;
    }
    return count;
}

static syn_status fill_evidence(struct syn_arena *arena, struct syn_str text,
                                struct syn_evidence *out)
{
    size_t counts[KIND_COUNT + 1] = {0};
    size_t line_count = 0;
    const struct syn_json **lines =
        syn_arena_array(arena, count_lines(text), sizeof *lines);
    if (lines == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = parse_lines(arena, text, lines, &line_count);
    for (size_t i = 0; i < line_count; i++) {
        counts[kind_of(lines[i])]++;
    }
    st = st != SYN_OK ? st : make_arrays(arena, out, counts);
    for (size_t i = 0; st == SYN_OK && i < line_count; i++) {
        size_t kind = kind_of(lines[i]);
        if (kind < KIND_COUNT) {
            kinds[kind].fill(out, lines[i]);
        }
    }
    return st;
}

syn_status syn_evidence_read(struct syn_arena *arena, const char *path,
                             struct syn_evidence *out)
{
    struct syn_buf text;
    *out = (struct syn_evidence){.end = SYN_END_NONE};
    syn_buf_init(&text, NULL, FILE_BYTES_MAX);
    syn_status st = syn_file_read(path, &text);
    if (st == SYN_OK) {
        st = fill_evidence(arena, syn_buf_str(&text), out);
    } else if (st == SYN_ERR_IO && errno == ENOENT) {
        st = SYN_OK;
    }
    syn_buf_fini(&text);
    return st;
}
