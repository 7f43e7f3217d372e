/*
 * dryrun_plan.c - the history against a plan.
 * Layer: gate. Threads: the main process.
 *
 * The plan's grants are put in force at the flip and the history is played:
 * what is denied even so, the plan forgot.
 */
#include "gate/dryrun.h"

#include "gate/plan.h"

#include <string.h>

_Static_assert(SYN_DRYRUN_FAULT_BYTES >= SYN_GATE_FAULT_BYTES,
               "faults of plans fit");

/* The slot of a planned object; SYN_HISTORY_NONE: the trace never met it. */
static size_t find_slot(const struct syn_dryrun *dryrun,
                        const struct syn_gate_object *object)
{
    for (size_t s = 0; s < dryrun->history->slot_count; s++) {
        if ((unsigned)dryrun->history->slots[s].type == object->entry->type &&
            dryrun->history->slots[s].name.at != NULL &&
            syn_str_is_equal(syn_grants_label(&dryrun->output, s),
                             object->name)) {
            return s;
        }
    }
    return SYN_HISTORY_NONE;
}

/* The trace's word for an identity of the plan: maybe a pseudonym. */
static struct syn_str trace_word(const struct syn_dryrun *dryrun,
                                 struct syn_str identity)
{
    struct syn_str word = identity;
    /* The map is open to read, so a new text is not kept anywhere. */
    return syn_pseudonyms_hide(dryrun->names, SYN_PSEUDONYM_IDENTITY, identity,
                               &word) == SYN_OK
               ? word
               : identity;
}

static syn_status gather(const struct syn_dryrun *dryrun,
                         const struct syn_gate_plan *plan,
                         const struct syn_gate_objects *objects,
                         struct syn_lacks *grants)
{
    for (size_t o = 0; o < objects->count; o++) {
        size_t slot = find_slot(dryrun, &objects->at[o]);
        for (size_t i = 0; slot != SYN_HISTORY_NONE && i < plan->identity_count;
             i++) {
            struct syn_lack *grant = NULL;
            unsigned row = syn_gate_plan_row(plan, &objects->at[o], i);
            syn_status st =
                row == SYN_RIGHTS_NONE
                    ? SYN_OK
                    : syn_lacks_entry(
                          grants, slot,
                          trace_word(dryrun, plan->identities[i].name), &grant);
            if (st != SYN_OK) {
                return st;
            }
            if (grant != NULL) {
                grant->rights |= row;
            }
        }
    }
    return SYN_OK;
}

static void add_finding(struct syn_dryrun *dryrun, const struct syn_lack *need,
                        size_t bit)
{
    struct syn_str label = syn_grants_label(&dryrun->output, need->slot);
    struct syn_str identity = syn_pseudonyms_reveal(
        dryrun->names, SYN_PSEUDONYM_IDENTITY, need->identity);
    struct syn_str id = syn_arena_printf(
        dryrun->arena, "dryrun/plan/%.*s/%.*s/%s", SYN_STR_ARG(label),
        SYN_STR_ARG(identity), syn_history_rights[bit].word);
    struct syn_result result = {
        .suite = "dryrun",
        .chapter = "dryrun",
        .id = id.at == NULL ? "dryrun/plan" : id.at,
        .type = syn_type_name(dryrun->history->slots[need->slot].type),
        .repeat = 1,
        .title = "The plan covers what the app does",
        .level = SYN_LEVEL_MUST,
        .subject = SYN_SUBJECT_CLIENT,
        .file = dryrun->options->trace_path,
        .line = (int)need->first[bit]->line,
        .verdict = SYN_VERDICT_FAIL};
    result.reason = syn_arena_printf(
        dryrun->arena,
        "with the plan in force '%.*s' is still denied %s on %s '%.*s'",
        SYN_STR_ARG(identity), syn_history_rights[bit].word, result.type,
        SYN_STR_ARG(label));
    struct syn_str whole =
        syn_arena_printf(dryrun->arena, "%s[%s]", result.id, result.type);
    result.signature = syn_dryrun_signature(
        dryrun->arena, whole.at == NULL ? result.id : whole.at,
        &need->whys[bit]);
    syn_book_add(&dryrun->book, &result);
}

static syn_status put_left(struct syn_dryrun *dryrun,
                           const struct syn_lack *need, size_t bit,
                           struct syn_table *left)
{
    const char *id = syn_dryrun_denial_id(dryrun, need, bit);
    enum syn_type type = dryrun->history->slots[need->slot].type;
    struct syn_str name = syn_arena_printf(
        dryrun->arena, "%s[%s]", id == NULL ? "" : id, syn_type_name(type));
    if (id == NULL || name.at == NULL) {
        return SYN_ERR_MEMORY;
    }
    /* An object that was made again has the name of the one before. */
    syn_status st = syn_table_insert(left, name, left);
    return st == SYN_ERR_EXISTS ? SYN_OK : st;
}

/* The denials that the plan leaves, by "id[type]" as results say it. */
static syn_status gather_left(struct syn_dryrun *dryrun,
                              const struct syn_lacks *denied,
                              struct syn_table *left)
{
    for (size_t i = 0; i < denied->count; i++) {
        for (size_t bit = 0; bit < SYN_HISTORY_RIGHTS; bit++) {
            syn_status st = denied->at[i].counts[bit] == 0
                                ? SYN_OK
                                : put_left(dryrun, &denied->at[i], bit, left);
            if (st != SYN_OK) {
                return st;
            }
        }
    }
    return SYN_OK;
}

/* What the plan's grants mend breaks nothing if they are sent before the flip;
 * it is told, and is no failure. */
static void excuse_covered(struct syn_dryrun *dryrun,
                           const struct syn_table *left)
{
    for (size_t i = 0; i < dryrun->book.count; i++) {
        struct syn_result *result = &dryrun->book.results[i];
        if (result->verdict != SYN_VERDICT_FAIL || result->signature == NULL) {
            continue;
        }
        struct syn_arena_mark mark = syn_arena_mark(dryrun->arena);
        struct syn_str name =
            syn_arena_printf(dryrun->arena, "%s[%s]", result->id, result->type);
        bool is_left = name.at == NULL || syn_table_find(left, name) != NULL;
        syn_arena_rewind(dryrun->arena, mark);
        if (!is_left) {
            result->verdict = SYN_VERDICT_INFO;
            result->signature = NULL;
            result->reason = syn_arena_printf(dryrun->arena,
                                              "%.*s; the plan's grants mend it",
                                              SYN_STR_ARG(result->reason));
            dryrun->covered++;
        }
    }
}

syn_status syn_dryrun_judge_plan(struct syn_dryrun *dryrun,
                                 char fault[SYN_DRYRUN_FAULT_BYTES])
{
    const struct syn_gate_plan *plan = NULL;
    struct syn_gate_objects objects = {0};
    struct syn_lacks grants;
    struct syn_rerun replay;
    struct syn_table left;
    struct syn_rerun_setup setup = {.grants = &grants,
                                    .flip_ms = dryrun->flip_ms,
                                    .slot = SYN_HISTORY_NONE};
    syn_table_init(&left, NULL);
    syn_status st = syn_gate_plan_read(
        dryrun->arena, dryrun->options->plan_path, fault, &plan);
    if (st == SYN_OK) {
        st = syn_gate_plan_expand(dryrun->arena, plan, fault, &objects);
    }
    if (st == SYN_OK) {
        st = syn_lacks_init(&grants, dryrun->arena);
    }
    if (st == SYN_OK) {
        st = gather(dryrun, plan, &objects, &grants);
    }
    if (st == SYN_OK) {
        st =
            syn_history_replay(dryrun->arena, dryrun->history, &setup, &replay);
    }
    if (st == SYN_OK) {
        st = gather_left(dryrun, &replay.denied, &left);
    }
    if (st == SYN_OK) {
        excuse_covered(dryrun, &left);
    }
    for (size_t i = 0; st == SYN_OK && i < replay.denied.count; i++) {
        for (size_t bit = 0; bit < SYN_HISTORY_RIGHTS; bit++) {
            if (replay.denied.at[i].counts[bit] > 0) {
                add_finding(dryrun, &replay.denied.at[i], bit);
            }
        }
    }
    syn_table_fini(&left);
    return st;
}
