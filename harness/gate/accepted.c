/*
 * accepted.c - denials that somebody has accepted for a time.
 * Layer: gate. Threads: the main process.
 * Source: docs/schema/baseline.schema.json, the format of every baseline.
 */
#include "gate/dryrun.h"

#include "base/json.h"
#include "syn/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const members[] = {"id",    "reason",  "ticket",
                                      "owner", "expires", "signature"};
#define MEMBERS (sizeof members / sizeof members[0])

struct entry {
    struct syn_str texts[MEMBERS]; /* by place in `members` */
};
enum { AT_ID, AT_REASON, AT_TICKET, AT_OWNER, AT_EXPIRES, AT_SIGNATURE };

static syn_status refuse(const char *path, const char *what, char *fault)
{
    (void)snprintf(fault, SYN_DRYRUN_FAULT_BYTES, "%s: %s", path, what);
    return SYN_ERR_CONFIG;
}

static syn_status load(struct syn_arena *arena, const char *path, char *fault,
                       struct syn_str *out)
{
    FILE *file = fopen(path, "rb");
    char *text = syn_arena_alloc(arena, SYN_BASELINE_BYTES_MAX);
    if (file == NULL) {
        return refuse(path, strerror(errno), fault);
    }
    size_t bytes =
        text == NULL ? 0 : fread(text, 1, SYN_BASELINE_BYTES_MAX, file);
    (void)fclose(file);
    *out = (struct syn_str){text, bytes};
    return text == NULL ? SYN_ERR_MEMORY : SYN_OK;
}

static bool read_entry(const struct syn_json *node, struct entry *entry)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        entry->texts[i] = syn_json_str(syn_json_member(node, members[i]),
                                       (struct syn_str){NULL, 0});
        if (entry->texts[i].bytes == 0) {
            return false;
        }
    }
    return syn_json_count(node) == MEMBERS;
}

static bool is_about(struct syn_dryrun *dryrun, const struct syn_result *result,
                     struct syn_str id)
{
    struct syn_arena_mark mark = syn_arena_mark(dryrun->arena);
    struct syn_str name =
        syn_arena_printf(dryrun->arena, result->type == NULL ? "%s" : "%s[%s]",
                         result->id, result->type);
    bool is_it = name.at != NULL && syn_str_is_equal(name, id);
    syn_arena_rewind(dryrun->arena, mark);
    return is_it;
}

static void add_stale(struct syn_dryrun *dryrun, const struct entry *entry)
{
    struct syn_str id = syn_arena_dup(dryrun->arena, entry->texts[AT_ID]);
    struct syn_result result = {
        .suite = "dryrun",
        .chapter = "dryrun",
        .id = id.at == NULL ? "dryrun" : id.at,
        .repeat = 1,
        .title = "An accepted denial still occurs",
        .level = SYN_LEVEL_MUST,
        .subject = SYN_SUBJECT_CLIENT,
        .file = dryrun->options->trace_path,
        .verdict = SYN_VERDICT_XPASS,
        .reason = SYN_STR("the baseline accepts this denial, and it did not "
                          "come; remove the entry")};
    syn_book_add(&dryrun->book, &result);
}

static void apply(struct syn_dryrun *dryrun, const struct entry *entry)
{
    const char *today = dryrun->options->runner->today;
    bool is_past =
        syn_str_compare(entry->texts[AT_EXPIRES], syn_str_of(today)) < 0;
    bool is_met = false;
    for (size_t i = 0; i < dryrun->book.count; i++) {
        struct syn_result *result = &dryrun->book.results[i];
        if (result->verdict != SYN_VERDICT_FAIL ||
            !is_about(dryrun, result, entry->texts[AT_ID])) {
            continue;
        }
        is_met = true;
        if (!is_past &&
            syn_str_is(entry->texts[AT_SIGNATURE], result->signature)) {
            result->verdict = SYN_VERDICT_XFAIL;
            result->reason = syn_arena_printf(
                dryrun->arena, "%.*s; accepted until %.*s: %.*s (%.*s, %.*s)",
                SYN_STR_ARG(result->reason),
                SYN_STR_ARG(entry->texts[AT_EXPIRES]),
                SYN_STR_ARG(entry->texts[AT_REASON]),
                SYN_STR_ARG(entry->texts[AT_TICKET]),
                SYN_STR_ARG(entry->texts[AT_OWNER]));
        }
    }
    if (!is_met) {
        add_stale(dryrun, entry);
    }
}

syn_status syn_dryrun_accept(struct syn_dryrun *dryrun, const char *path,
                             char fault[SYN_DRYRUN_FAULT_BYTES])
{
    const struct syn_json *root = NULL;
    struct syn_json_fault where = {0};
    struct syn_str text = {NULL, 0};
    int64_t version = 0;
    syn_status st = load(dryrun->arena, path, fault, &text);
    if (st != SYN_OK) {
        return st;
    }
    st = syn_json_parse_commented(dryrun->arena, text, &root, &where);
    if (st != SYN_OK) {
        (void)snprintf(fault, SYN_DRYRUN_FAULT_BYTES, "%s:%u:%u: %s", path,
                       where.line, where.column, where.reason);
        return st == SYN_ERR_MEMORY ? st : SYN_ERR_CONFIG;
    }
    const struct syn_json *entries = syn_json_member(root, "entries");
    if (!syn_json_i64(syn_json_member(root, "baseline"), &version) ||
        version != 1 || !syn_json_is(entries, SYN_JSON_ARRAY) ||
        syn_json_count(root) != 2) {
        return refuse(path, "a baseline is {\"baseline\": 1, \"entries\": []}",
                      fault);
    }
    for (const struct syn_json *node = syn_json_first(entries); node != NULL;
         node = syn_json_next(node)) {
        struct entry entry;
        if (!read_entry(node, &entry)) {
            return refuse(path,
                          "each entry has id, reason, ticket, owner, expires "
                          "and signature",
                          fault);
        }
        apply(dryrun, &entry);
    }
    return SYN_OK;
}
