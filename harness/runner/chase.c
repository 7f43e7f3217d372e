/*
 * chase.c - which row is tried first on a bug of the field, and when to stop.
 */
#include "runner/chase.h"

#include "runner/runner_impl.h"

#include <stdlib.h>
#include <string.h>

#define WORD_BYTES_MIN 3 /* "of", "by" and the like say nothing */

/* What speaks for a row. That the clause is the same outweighs all words. */
enum score {
    SCORE_CLAUSE = 64,
    SCORE_TYPE = 16,
    SCORE_CHAPTER = 8,
    SCORE_WORD = 3,
    SCORE_FIRST_TYPE = 2 /* one type of each row before the others */
};

/* --- scores ---------------------------------------------------------------
 */

/* "acl" of "acl/off/x" against "ACL" of "ACL-09". */
static bool is_chapter_of(const char *id, const char *clause)
{
    size_t i = 0;
    while (id[i] != '\0' && id[i] != '/') {
        char low = clause[i] >= 'A' && clause[i] <= 'Z'
                       ? (char)(clause[i] - 'A' + 'a')
                       : clause[i];
        if (low != id[i]) {
            return false;
        }
        i++;
    }
    return clause[i] == '-';
}

static bool is_first_type(const struct syn_plan_entry *entry)
{
    unsigned lower = SYN_TYPE_BIT(entry->type) - 1;
    return !entry->has_type || (entry->row->types & lower) == 0;
}

/* An item is one of a list or of a map. */
static bool is_word_of_type(struct syn_str word, enum syn_type type)
{
    return syn_str_is(word, syn_type_name(type)) ||
           (syn_str_is(word, "item") &&
            (type == SYN_TYPE_LIST || type == SYN_TYPE_MAP));
}

static unsigned score_word(struct syn_str word,
                           const struct syn_plan_entry *entry)
{
    unsigned score = 0;
    if (word.bytes < WORD_BYTES_MIN) {
        return 0;
    }
    if (entry->has_type && is_word_of_type(word, entry->type)) {
        score += SCORE_TYPE;
    }
    if (syn_str_has(syn_str_of(entry->row->id), word)) {
        score += SCORE_WORD;
    }
    return score;
}

unsigned syn_chase_score(const struct syn_bug *bug,
                         const struct syn_plan_entry *entry)
{
    struct syn_str name = syn_str_of(bug->name);
    unsigned score = is_first_type(entry) ? SCORE_FIRST_TYPE : 0;
    if (syn_select_has_word(entry->row->source, bug->clause)) {
        score += SCORE_CLAUSE;
    }
    if (is_chapter_of(entry->row->id, bug->clause)) {
        score += SCORE_CHAPTER;
    }
    for (size_t at = 0; at < name.bytes;) {
        size_t end = syn_str_find(name, '-', at);
        score += score_word(syn_str_part(name, at, end - at), entry);
        at = end + 1;
    }
    return score;
}

/* --- the order ------------------------------------------------------------
 */

struct suspect { /* one entry of one bug of the field */
    size_t entry;
    unsigned score;
};

struct trail { /* the suspects of one bug, likely ones first */
    size_t from;
    size_t count;
};

static int compare_suspects(const void *left, const void *right)
{
    const struct suspect *a = left;
    const struct suspect *b = right;
    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static bool is_of_field(const struct syn_plan_entry *entry, struct syn_bug *bug)
{
    return entry->defect != NULL && syn_bug_find(entry->defect, bug) &&
           bug->is_field;
}

/* Entries of one defect stand together and share its name. */
static size_t end_of_defect(const struct syn_plan *plan, size_t from)
{
    size_t at = from;
    while (at < plan->count &&
           plan->entries[at].defect == plan->entries[from].defect) {
        at++;
    }
    return at;
}

/* Suspects take over the indices of their entries: trails are parts of
 * `suspects` where their entries are in the plan. */
static void lay_trail(const struct syn_plan *plan, const struct syn_bug *bug,
                      const struct trail *trail, struct suspect *suspects)
{
    for (size_t i = trail->from; i < trail->from + trail->count; i++) {
        suspects[i] = (struct suspect){
            .entry = i, .score = syn_chase_score(bug, &plan->entries[i])};
    }
    qsort(suspects + trail->from, trail->count, sizeof *suspects,
          compare_suspects);
}

/* The first suspect of each bug, then the second of each, and so on. */
static void take_turns(const struct trail *trails, size_t trail_count,
                       const struct suspect *suspects, size_t *order)
{
    size_t count = 0;
    bool is_left = true;
    for (size_t turn = 0; is_left; turn++) {
        is_left = false;
        for (size_t t = 0; t < trail_count; t++) {
            if (turn < trails[t].count) {
                order[count++] = suspects[trails[t].from + turn].entry;
                is_left = true;
            }
        }
    }
}

const size_t *syn_chase_order(struct syn_arena *arena,
                              const struct syn_plan *plan)
{
    size_t *order = syn_arena_array(arena, plan->count + 1, sizeof *order);
    struct suspect *suspects =
        syn_arena_array(arena, plan->count + 1, sizeof *suspects);
    struct trail *trails =
        syn_arena_array(arena, syn_bug_count() + 1, sizeof *trails);
    size_t count = 0;
    size_t trail_count = 0;
    size_t at = 0;
    if (order == NULL || suspects == NULL || trails == NULL) {
        return NULL;
    }
    while (at < plan->count) {
        struct syn_bug bug;
        if (is_of_field(&plan->entries[at], &bug)) {
            size_t end = end_of_defect(plan, at);
            trails[trail_count] = (struct trail){.from = at, .count = end - at};
            lay_trail(plan, &bug, &trails[trail_count++], suspects);
            at = end;
        } else {
            order[count++] = at++;
        }
    }
    take_turns(trails, trail_count, suspects, order + count);
    return order;
}

/* --- the end of a chase ---------------------------------------------------
 */

/* A worker may take an entry at the same moment: who changes its state first
 * has it. */
static void call_off(struct syn_runner *runner, size_t index)
{
    struct syn_crew_slot *slot = &runner->crew.board->slots[index];
    int waiting = SYN_SLOT_WAITING;
    if (atomic_compare_exchange_strong(&slot->state, &waiting,
                                       SYN_SLOT_CALLED_OFF)) {
        runner->called_off++;
    }
}

void syn_chase_note(struct syn_runner *runner, size_t index)
{
    const struct syn_plan *plan = &runner->plan;
    struct syn_bug bug;
    size_t from = index;
    if (runner->options->runs_all ||
        !is_of_field(&plan->entries[index], &bug) ||
        !syn_selftest_is_kill(runner, index)) {
        return;
    }
    while (from > 0 &&
           plan->entries[from - 1].defect == plan->entries[index].defect) {
        from--;
    }
    size_t end = end_of_defect(plan, from);
    for (size_t i = from; i < end; i++) {
        /* A row that names the bug is proven by it, whoever was first. */
        if (!syn_select_has_word(plan->entries[i].row->defect, bug.name)) {
            call_off(runner, i);
        }
    }
}
