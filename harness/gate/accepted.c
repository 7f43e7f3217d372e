/*
 * accepted.c - failures that somebody has accepted for a time.
 * Layer: gate. Threads: the main process.
 * Source: docs/schema/baseline.schema.json, the format of every baseline.
 *
 * The runner reads the file and excuses; here is only what these verbs have
 * beside rows: a failure that did not come has no result of its own.
 */
#include "gate/book.h"

#include "base/crypto.h"

#include <string.h>

#define SIGNATURE_BYTES 8 /* sixteen hex digits */

_Static_assert(SYN_SIGNATURE_BYTES == 2 * SIGNATURE_BYTES + 1,
               "signatures are those of rows");

const char *syn_book_sign(struct syn_arena *arena, struct syn_str id,
                          struct syn_str what)
{
    struct syn_str text = syn_arena_printf(arena, "%.*s %.*s", SYN_STR_ARG(id),
                                           SYN_STR_ARG(what));
    unsigned char digest[SYN_DIGEST_BYTES_MAX];
    char hex[SYN_SIGNATURE_BYTES];
    if (text.at == NULL || syn_digest_of(SYN_SHA256, text, digest) != SYN_OK) {
        return NULL;
    }
    syn_crypto_hex(digest, SIGNATURE_BYTES, hex);
    return syn_arena_dup(arena, syn_str_of(hex)).at;
}

syn_status syn_book_baseline(struct syn_arena *arena,
                             const struct syn_runner_options *options,
                             const struct syn_baseline **out,
                             char fault[SYN_BASELINE_FAULT_BYTES])
{
    const struct syn_baseline_source source = {.path = options->baseline_path,
                                               .today = options->today};
    *out = NULL;
    if (source.path == NULL) {
        return SYN_OK;
    }
    struct syn_baseline *baseline = syn_arena_alloc(arena, sizeof *baseline);
    if (baseline == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_baseline_read(arena, &source, baseline, fault);
    *out = st == SYN_OK ? baseline : NULL;
    return st;
}

/* "id[type]", as reports and baselines write it; NULL: out of memory. */
static const char *name_of(struct syn_arena *arena,
                           const struct syn_result *result)
{
    return result->type == NULL
               ? result->id
               : syn_arena_printf(arena, "%s[%s]", result->id, result->type).at;
}

static syn_status excuse(struct syn_book *book, struct syn_result *result,
                         const struct syn_baseline *baseline, bool is_met[])
{
    const char *name = name_of(book->arena, result);
    struct syn_judgement judgement = {.verdict = result->verdict,
                                      .reason = result->reason};
    if (name == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t e = 0; e < baseline->count; e++) {
        is_met[e] = is_met[e] || strcmp(baseline->entries[e].id, name) == 0;
    }
    if (result->verdict != SYN_VERDICT_FAIL || result->signature == NULL) {
        return SYN_OK;
    }
    syn_status st = syn_baseline_apply(baseline, book->arena, name,
                                       result->signature, &judgement);
    result->verdict = judgement.verdict;
    result->reason = judgement.reason;
    book->accepted += judgement.verdict == SYN_VERDICT_XFAIL ? 1 : 0;
    return st;
}

static void add_stale(struct syn_book *book, const char *verb,
                      const struct syn_baseline_entry *entry)
{
    struct syn_result result = {
        .suite = verb,
        .chapter = verb,
        .id = entry->id,
        .repeat = 1,
        .title = "An accepted failure still occurs",
        .level = SYN_LEVEL_MUST,
        .subject = SYN_SUBJECT_AUDIT,
        .file = verb,
        .verdict = SYN_VERDICT_XPASS,
        .reason = SYN_STR("the baseline accepts this failure, and it did not "
                          "come; remove the entry")};
    syn_book_add(book, &result);
}

/* Was all looked at, so that what did not come is no longer there? */
static bool is_whole(const struct syn_book_end *end)
{
    return end->unreachable == NULL && end->harness_fault == NULL &&
           end->signal_number == 0;
}

void syn_book_accept(struct syn_book *book, const char *verb,
                     const struct syn_book_end *end)
{
    const struct syn_baseline *baseline = end->baseline;
    if (baseline == NULL || book->has_accepted) {
        return;
    }
    book->has_accepted = true;
    bool *is_met =
        syn_arena_array(book->arena, baseline->count + 1, sizeof *is_met);
    if (is_met == NULL) {
        book->is_full = true;
        return;
    }
    memset(is_met, 0, (baseline->count + 1) * sizeof *is_met);
    for (size_t i = 0; i < book->count && !book->is_full; i++) {
        bool is_found = book->results[i].verdict != SYN_VERDICT_PASS;
        book->is_full = is_found && excuse(book, &book->results[i], baseline,
                                           is_met) != SYN_OK;
    }
    for (size_t e = 0; is_whole(end) && e < baseline->count; e++) {
        if (!is_met[e]) {
            add_stale(book, verb, &baseline->entries[e]);
        }
    }
}
