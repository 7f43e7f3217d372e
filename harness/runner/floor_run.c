/*
 * floor_run.c - the floor of one run: declared, done, missing.
 * Layer: runner. Threads: the main process.
 * Source: design section 3.
 */
#include "base/buf.h"
#include "base/log.h"
#include "runner/floor.h"
#include "runner/runner_impl.h"

#include <string.h>

#define WORDS_BYTES_MAX 65536

static bool has_floor(const struct syn_runner *runner)
{
    return runner->options->exercises != NULL &&
           !runner->options->is_selftest && runner->options->only == NULL;
}

bool syn_runner_check_floor(const struct syn_runner *runner)
{
    const struct syn_target *target = runner->options->target;
    struct syn_floor floor = {.bits = {0}};
    for (size_t i = 0; target != NULL && i < target->floor_without_count; i++) {
        const char *word = target->floor_without[i];
        if (strchr(word, ' ') != NULL || word[0] == '\0' ||
            !syn_floor_add_words(&floor, syn_str_of(word), NULL)) {
            syn_err_printf("syncproof: %s: /floor/without/%zu: \"%s\" is no "
                           "operation/type/outcome, as in "
                           "publish/stream/denied\n",
                           target->path, i, word);
            return false;
        }
    }
    return true;
}

static struct syn_str keep_words(struct syn_runner *runner,
                                 const struct syn_floor *floor)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, WORDS_BYTES_MAX);
    syn_floor_put(&text, floor);
    SYN_ASSERT(text.status == SYN_OK);
    struct syn_str kept = syn_arena_dup(&runner->arena, syn_buf_str(&text));
    SYN_ASSERT(kept.at != NULL);
    syn_buf_fini(&text);
    return kept;
}

/* Is this the first exchange of its actor? */
static bool is_first_word(const struct syn_evidence *evidence, size_t at)
{
    bool is_first = true;
    for (size_t i = 0; i < at; i++) {
        is_first = is_first && !syn_str_is_equal(evidence->wires[i].actor,
                                                 evidence->wires[at].actor);
    }
    return is_first;
}

/* Who spoke on the wire, in the order in which they did. */
static struct syn_str keep_actors(struct syn_runner *runner,
                                  const struct syn_evidence *evidence)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, WORDS_BYTES_MAX);
    for (size_t i = 0; i < evidence->wire_count; i++) {
        if (is_first_word(evidence, i)) {
            syn_buf_put_text(&text, text.bytes == 0 ? "" : " ");
            syn_buf_put(&text, evidence->wires[i].actor);
        }
    }
    struct syn_str kept = syn_arena_dup(&runner->arena, syn_buf_str(&text));
    syn_buf_fini(&text);
    return kept;
}

void syn_runner_keep_acts(struct syn_runner *runner, size_t index,
                          const struct syn_evidence *evidence)
{
    struct syn_floor floor = {.bits = {0}};
    for (size_t i = 0; i < evidence->act_count; i++) {
        syn_floor_add_act(&floor, &evidence->acts[i]);
    }
    runner->results[index].exercised = keep_words(runner, &floor);
    runner->results[index].actors = keep_actors(runner, evidence);
}

/* What an entry declares: that of its row and type, whatever the repeat. */
static void add_declared(const struct syn_runner *runner, size_t index,
                         struct syn_floor *required)
{
    struct syn_str name = syn_str_of(runner->plan.entries[index].name);
    name = syn_str_part(name, 0, syn_str_find(name, '#', 0));
    const char *words = syn_floor_words_of(runner->options->exercises, name);
    SYN_ASSERT(syn_floor_add_words(required, syn_str_of(words), NULL));
}

/* A row that broke may have had to leave early, and what it found is told and
 * judged; one that passed, or never came to a verdict, did what it says or the
 * floor is missed. */
static bool is_required(enum syn_verdict verdict)
{
    return verdict == SYN_VERDICT_PASS || verdict == SYN_VERDICT_XPASS ||
           verdict == SYN_VERDICT_INCONCLUSIVE || verdict == SYN_VERDICT_ERROR;
}

void syn_runner_fill_floor(struct syn_runner *runner)
{
    const struct syn_target *target = runner->options->target;
    struct syn_report *report = &runner->report;
    struct syn_floor required = {.bits = {0}};
    struct syn_floor done = {.bits = {0}};
    struct syn_floor without = {.bits = {0}};
    if (!has_floor(runner)) {
        return;
    }
    for (size_t i = 0; i < report->result_count; i++) {
        const struct syn_result *result = &report->results[i];
        if (is_required(result->verdict)) {
            add_declared(runner, i, &required);
        }
        SYN_ASSERT(syn_floor_add_words(&done, result->exercised, NULL));
    }
    for (size_t i = 0; target != NULL && i < target->floor_without_count; i++) {
        SYN_ASSERT(syn_floor_add_words(
            &without, syn_str_of(target->floor_without[i]), NULL));
    }
    syn_floor_drop(&required, &without);
    report->has_floor = true;
    report->floor_required = syn_floor_count(&required);
    syn_floor_drop(&required, &done);
    report->floor_done = report->floor_required - syn_floor_count(&required);
    report->floor_missing = keep_words(runner, &required);
}
