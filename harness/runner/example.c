/*
 * example.c - run one row embedded, now, for its transcript.
 * Layer: runner. Threads: the main process.
 */
#include "runner/example.h"

#include "runner/crew.h"
#include "runner/evidence.h"
#include "runner/select.h"
#include "runner/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXAMPLE_SEED 1
#define LOAD_SECONDS 10
#define TMP_DEFAULT  "/tmp"
#define SHOWN_BYTES  1200 /* of one head or body */

static bool ignore_done(void *ctx, size_t index)
{
    (void)ctx;
    (void)index;
    return false;
}

static void ignore_tick(void *ctx)
{
    (void)ctx;
}

static void put_wire(struct syn_buf *out, const struct syn_evidence_wire *wire)
{
    const struct syn_str texts[] = {wire->head, wire->body};
    syn_buf_printf(out, "    %s %.*s (%.*s)\n", wire->is_sent ? ">" : "<",
                   SYN_STR_ARG(wire->actor), SYN_STR_ARG(wire->plane));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct syn_str shown = syn_str_cut(texts[i], SHOWN_BYTES);
        for (size_t at = 0; at < shown.bytes;) {
            size_t end = syn_str_find(shown, '\n', at);
            syn_buf_put_text(out, "      ");
            syn_buf_put(out, syn_str_part(shown, at, end - at));
            syn_buf_put_byte(out, '\n');
            at = end + 1;
        }
        if (shown.bytes < texts[i].bytes) {
            syn_buf_put_text(out, "      …\n");
        }
    }
}

static const struct syn_evidence_wire *
wire_of(const struct syn_evidence *evidence, unsigned number)
{
    for (size_t i = 0; i < evidence->wire_count; i++) {
        if (evidence->wires[i].number == number) {
            return &evidence->wires[i];
        }
    }
    return NULL;
}

/* The answer that an expectation looks at, and what its actor sent last before
 * it. */
static void put_exchange(struct syn_buf *out,
                         const struct syn_evidence *evidence,
                         const struct syn_evidence_expectation *e)
{
    const struct syn_evidence_wire *answer = wire_of(evidence, e->exchange);
    if (answer == NULL) {
        return;
    }
    const struct syn_evidence_wire *request = NULL;
    for (size_t i = 0; i < evidence->wire_count; i++) {
        const struct syn_evidence_wire *wire = &evidence->wires[i];
        if (wire->is_sent && wire->number < answer->number &&
            syn_str_is_equal(wire->actor, answer->actor) &&
            syn_str_is_equal(wire->plane, answer->plane)) {
            request = wire;
        }
    }
    if (request != NULL) {
        put_wire(out, request);
    }
    put_wire(out, answer);
}

static const struct syn_evidence_expectation *
find_denial(const struct syn_evidence *evidence)
{
    for (size_t i = 0; i < evidence->expectation_count; i++) {
        const struct syn_evidence_expectation *e = &evidence->expectations[i];
        if (e->is_denial && e->holds && e->weight == SYN_EFFECT) {
            return e;
        }
    }
    return NULL;
}

static const struct syn_evidence_expectation *
find_control(const struct syn_evidence *evidence)
{
    for (size_t i = 0; i < evidence->expectation_count; i++) {
        const struct syn_evidence_expectation *e = &evidence->expectations[i];
        if (e->weight == SYN_CONTROL && e->holds) {
            return e;
        }
    }
    return NULL;
}

static void put_example(struct syn_buf *out, const char *label,
                        const struct syn_evidence *evidence,
                        const struct syn_evidence_expectation *e)
{
    if (e == NULL) {
        return;
    }
    syn_buf_printf(out, "  %s: ", label);
    syn_buf_put(out, e->what);
    syn_buf_put_byte(out, '\n');
    put_exchange(out, evidence, e);
}

/* What was sent by hand: frames and bytes of a raw connection, told so by their
 * head (runner/rogue.c). Every such connection opens like a sound one. */
static bool is_raw(const struct syn_evidence_wire *wire)
{
    return wire->is_sent && (syn_str_has_prefix(wire->head, SYN_STR("frame")) ||
                             syn_str_has_prefix(wire->head, SYN_STR("bytes")));
}

static bool is_opening(const struct syn_evidence_wire *wire)
{
    return syn_str_has(wire->body, SYN_STR("Upgrade: websocket")) ||
           syn_str_has(wire->body, SYN_STR("\"method\":\"init\""));
}

/* The first of them that goes further; else the first. */
static const struct syn_evidence_wire *
find_raw(const struct syn_evidence *evidence)
{
    const struct syn_evidence_wire *first = NULL;
    for (size_t i = 0; i < evidence->wire_count; i++) {
        const struct syn_evidence_wire *wire = &evidence->wires[i];
        if (is_raw(wire) && !is_opening(wire)) {
            return wire;
        }
        first = first == NULL && is_raw(wire) ? wire : first;
    }
    return first;
}

static const struct syn_evidence_wire *
find_sent(const struct syn_evidence *evidence)
{
    for (size_t i = 0; i < evidence->wire_count; i++) {
        if (evidence->wires[i].is_sent) {
            return &evidence->wires[i];
        }
    }
    return NULL;
}

/* Something that was sent, and what its actor heard next. */
static void put_sent(struct syn_buf *out, const char *label,
                     const struct syn_evidence *evidence,
                     const struct syn_evidence_wire *sent)
{
    if (sent == NULL) {
        return;
    }
    syn_buf_printf(out, "  %s:\n", label);
    put_wire(out, sent);
    for (size_t i = 0; i < evidence->wire_count; i++) {
        const struct syn_evidence_wire *wire = &evidence->wires[i];
        if (!wire->is_sent && wire->number > sent->number &&
            syn_str_is_equal(wire->actor, sent->actor) &&
            syn_str_is_equal(wire->plane, sent->plane)) {
            put_wire(out, wire);
            return;
        }
    }
}

static void put_examples(struct syn_buf *out,
                         const struct syn_evidence *evidence)
{
    const struct syn_evidence_expectation *denial = find_denial(evidence);
    const struct syn_evidence_expectation *control = find_control(evidence);
    const struct syn_evidence_wire *raw = find_raw(evidence);
    syn_buf_put_text(out, "on the wire, embedded now:\n");
    put_example(out, "denied", evidence, denial);
    put_example(out, "control", evidence, control);
    put_sent(out, "raw", evidence, raw);
    if (denial != NULL || control != NULL || raw != NULL) {
        return;
    }
    const struct syn_evidence_expectation *judged =
        evidence->expectation_count > 0 ? &evidence->expectations[0] : NULL;
    if (judged != NULL && wire_of(evidence, judged->exchange) != NULL) {
        put_example(out, "judged", evidence, judged);
    } else {
        put_sent(out, "seen", evidence, find_sent(evidence));
    }
}

static syn_status run_one(struct syn_crew *crew)
{
    int signal_number = 0;
    syn_status st = syn_crew_open(crew);
    if (st == SYN_OK) {
        st = syn_crew_run(crew, &signal_number);
        syn_crew_close(crew);
    }
    return st == SYN_OK && signal_number != 0 ? SYN_ERR_IO : st;
}

syn_status syn_example_put(struct syn_buf *out, struct syn_arena *arena,
                           const struct syn_plan_entry *entry)
{
    char directory[PATH_MAX];
    char path[PATH_MAX];
    const char *base = getenv("TMPDIR");
    struct syn_stage stage;
    struct syn_plan_entry only = *entry;
    struct syn_plan plan = {.entries = &only, .count = 1, .capacity = 1};
    struct syn_evidence evidence;
    int length = snprintf(directory, sizeof directory, "%s/syncproof-XXXXXX",
                          base == NULL || base[0] == '\0' ? TMP_DEFAULT : base);
    if (length < 0 || (size_t)length >= sizeof directory ||
        mkdtemp(directory) == NULL) {
        return SYN_ERR_IO;
    }
    syn_stage_init_embedded(&stage);
    /* A row that loads the machine is cut off: how it begins is enough. */
    struct syn_crew crew = {
        .plan = &plan,
        .stage = &stage,
        .seed = EXAMPLE_SEED,
        .jobs = 1,
        .row_seconds =
            syn_select_has_word(entry->row->tags, "load") ? LOAD_SECONDS : 0,
        .directory = directory,
        .on_done = ignore_done,
        .on_tick = ignore_tick};
    syn_status st = run_one(&crew);
    syn_crew_evidence_path(&crew, 0, path);
    st = st != SYN_OK ? st : syn_evidence_read(arena, path, &evidence);
    if (st == SYN_OK) {
        put_examples(out, &evidence);
    }
    (void)unlink(path);
    (void)rmdir(directory);
    return st;
}
