/*
 * dryrun_find.c - replays to results.
 * Layer: gate. Threads: the main process.
 */
#include "gate/dryrun.h"

#include "gate/readings.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define RANKED_MAX     20    /* writers and objects shown */
#define EVIDENCE_BYTES 32768 /* as in a report */

const char *syn_dryrun_signature(struct syn_arena *arena, const char *id,
                                 const struct syn_ruling *why)
{
    struct syn_str what = syn_arena_printf(
        arena, "%s %u", why->clause == NULL ? "" : why->clause, why->held);
    return what.at == NULL ? NULL : syn_book_sign(arena, syn_str_of(id), what);
}

/* A result about `id`; texts at NULL where memory ran out. */
static struct syn_result about(struct syn_dryrun *dryrun, const char *id,
                               const char *title, enum syn_verdict verdict)
{
    static const struct syn_str nothing = {"", 0};
    return (struct syn_result){.suite = "dryrun",
                               .chapter = "dryrun",
                               .id = id == NULL ? "dryrun" : id,
                               .repeat = 1,
                               .title = title,
                               .level = SYN_LEVEL_MUST,
                               .subject = SYN_SUBJECT_CLIENT,
                               .file = dryrun->options->trace_path,
                               .verdict = verdict,
                               .reason = nothing,
                               .evidence = nothing};
}

static struct syn_str identity_of(const struct syn_dryrun *dryrun,
                                  struct syn_str identity)
{
    return syn_pseudonyms_reveal(dryrun->names, SYN_PSEUDONYM_IDENTITY,
                                 identity);
}

/* --- denials -------------------------------------------------------------- */

static void put_story(struct syn_buf *text, struct syn_dryrun *dryrun,
                      const struct syn_lack *need, size_t bit)
{
    const struct syn_trace_event *first = need->first[bit];
    const struct syn_history_slot *slot = &dryrun->history->slots[need->slot];
    struct syn_str label = syn_grants_label(&dryrun->output, need->slot);
    struct syn_str identity = identity_of(dryrun, need->identity);
    struct syn_str why = syn_lack_explain(dryrun->arena, &need->whys[bit],
                                          slot->type, label, identity);
    syn_buf_printf(text, "expected: allowed, as before the flip\n");
    syn_buf_printf(text, "actual: 403 54007 for %zu accesses, first %s at ",
                   need->counts[bit], syn_trace_op_name(first->op));
    syn_buf_printf(text, "%s:%zu (t=%lld ms)\n", dryrun->options->trace_path,
                   first->line, (long long)first->t_ms);
    syn_buf_printf(text, "oracle: %.*s\n", SYN_STR_ARG(why));
    if (slot->is_creator_assumed) {
        syn_buf_put_text(text, "assumed: made over REST; the trace does not "
                               "show who made it\n");
    }
    if (slot->type == SYN_TYPE_STREAM) {
        syn_buf_put_text(text, "mends it: nothing. Streams have no "
                               "permissions: only their creator may use them "
                               "(ACL-61); move to a list, or publish from "
                               "one identity\n");
        return;
    }
    syn_buf_printf(text, "mends it: grant %s on %s '%.*s' to '%.*s'%s\n",
                   syn_history_rights[bit].word, syn_type_name(slot->type),
                   SYN_STR_ARG(label), SYN_STR_ARG(identity),
                   slot->is_there_at_end ? ", before the flip"
                                         : ", by whoever creates it, at once");
}

const char *syn_dryrun_denial_id(struct syn_dryrun *dryrun,
                                 const struct syn_lack *need, size_t bit)
{
    return syn_arena_printf(
               dryrun->arena, "dryrun/denied/%.*s/%.*s/%s",
               SYN_STR_ARG(syn_grants_label(&dryrun->output, need->slot)),
               SYN_STR_ARG(identity_of(dryrun, need->identity)),
               syn_history_rights[bit].word)
        .at;
}

static syn_status add_denial(struct syn_dryrun *dryrun,
                             const struct syn_lack *need, size_t bit)
{
    struct syn_buf text;
    const struct syn_history_slot *slot = &dryrun->history->slots[need->slot];
    struct syn_str label = syn_grants_label(&dryrun->output, need->slot);
    struct syn_str identity = identity_of(dryrun, need->identity);
    const char *id = syn_dryrun_denial_id(dryrun, need, bit);
    struct syn_result result =
        about(dryrun, id, "What worked before the flip works after it",
              SYN_VERDICT_FAIL);
    result.type = syn_type_name(slot->type);
    result.line = (int)need->first[bit]->line;
    result.reason = syn_arena_printf(
        dryrun->arena, "'%.*s' would be denied %s on %s '%.*s'",
        SYN_STR_ARG(identity), syn_history_rights[bit].word, result.type,
        SYN_STR_ARG(label));
    result.reading = syn_readings_assumed(dryrun->arena, &dryrun->readings,
                                          need->whys[bit].assumes);
    syn_buf_init(&text, NULL, EVIDENCE_BYTES);
    put_story(&text, dryrun, need, bit);
    result.evidence = syn_arena_dup(dryrun->arena, syn_buf_str(&text));
    syn_buf_fini(&text);
    if (id != NULL) {
        struct syn_str whole =
            syn_arena_printf(dryrun->arena, "%s[%s]", id, result.type);
        result.signature =
            syn_dryrun_signature(dryrun->arena, whole.at, &need->whys[bit]);
    }
    dryrun->denials++;
    syn_book_add(&dryrun->book, &result);
    return id == NULL || result.reason.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
}

static syn_status add_denials(struct syn_dryrun *dryrun)
{
    const struct syn_lacks *denied = &dryrun->plain.before.denied;
    for (size_t i = 0; i < denied->count; i++) {
        for (size_t bit = 0; bit < SYN_HISTORY_RIGHTS; bit++) {
            syn_status st = denied->at[i].counts[bit] == 0
                                ? SYN_OK
                                : add_denial(dryrun, &denied->at[i], bit);
            if (st != SYN_OK) {
                return st;
            }
        }
    }
    return SYN_OK;
}

/* --- the proof ------------------------------------------------------------ */

static void add_proof(struct syn_dryrun *dryrun, const char *id,
                      const char *title, const struct syn_grant_set *set)
{
    size_t disagreements = set->before.disagreements + set->after.disagreements;
    bool is_proven =
        set->unmended == 0 && set->unproven == 0 && disagreements == 0;
    struct syn_result result = about(
        dryrun, id, title, is_proven ? SYN_VERDICT_PASS : SYN_VERDICT_ERROR);
    result.evidence = syn_arena_printf(
        dryrun->arena,
        "%zu rights; all applied: %zu accesses denied that a grant can mend; "
        "%zu rights dropped without a denial; %zu replays; model and oracle "
        "disagreed %zu times\n",
        set->rights, set->unmended, set->unproven, set->replays, disagreements);
    result.reason = is_proven ? (struct syn_str){"", 0} : result.evidence;
    syn_book_add(&dryrun->book, &result);
}

/* What only the pessimistic reading needs, in one finding: a question to the
 * vendor rather than a defect. */
static void add_pessimistic(struct syn_dryrun *dryrun)
{
    struct syn_result result = about(
        dryrun, "dryrun/creators-lose",
        "Creators keep what they made while ACLs were off", SYN_VERDICT_INFO);
    size_t more = dryrun->pessimistic.rights > dryrun->plain.rights
                      ? dryrun->pessimistic.rights - dryrun->plain.rights
                      : 0;
    result.level = SYN_LEVEL_INFO;
    result.reading = "the reference keeps the creator's row (ACL-19); public "
                     "documents are silent";
    result.reason = syn_arena_printf(
        dryrun->arena,
        "if they lose it, %zu further rights are needed (PESSIMISTIC=1 sends "
        "them) and %zu accesses to streams fail",
        more, dryrun->pessimistic.on_streams);
    syn_book_add(&dryrun->book, &result);
}

/* --- wider than used ------------------------------------------------------ */

static unsigned used_rights(const struct syn_dryrun *dryrun,
                            const struct syn_rerun_row *row)
{
    const struct syn_lack *need =
        syn_lacks_find(&dryrun->plain.after.used, row->slot, row->identity);
    return need == NULL ? SYN_RIGHTS_NONE : need->rights;
}

static void add_wider(struct syn_dryrun *dryrun,
                      const struct syn_rerun_row *row, size_t bit)
{
    struct syn_str label = syn_grants_label(&dryrun->output, row->slot);
    struct syn_str identity = identity_of(dryrun, row->identity);
    struct syn_str id = syn_arena_printf(
        dryrun->arena, "dryrun/wider/%.*s/%.*s/%s", SYN_STR_ARG(label),
        SYN_STR_ARG(identity), syn_history_rights[bit].word);
    struct syn_result result = about(
        dryrun, id.at, "Grants go no further than use", SYN_VERDICT_WARNING);
    result.level = SYN_LEVEL_SHOULD;
    result.type = syn_type_name(dryrun->history->slots[row->slot].type);
    result.reason = syn_arena_printf(
        dryrun->arena, "'%.*s' holds %s on %s '%.*s' and never used it",
        SYN_STR_ARG(identity), syn_history_rights[bit].word, result.type,
        SYN_STR_ARG(label));
    syn_book_add(&dryrun->book, &result);
}

static void add_all_wider(struct syn_dryrun *dryrun)
{
    const struct syn_rerun *after = &dryrun->plain.after;
    /* Whoever cannot see reads cannot say that one was not used. */
    unsigned seen = dryrun->trace->head.sees_reads
                        ? SYN_RIGHTS_ALL
                        : SYN_RIGHT_WRITE | SYN_RIGHT_MANAGE;
    for (size_t i = 0; i < after->row_count; i++) {
        const struct syn_rerun_row *row = &after->rows[i];
        unsigned wide = row->rights & seen & ~used_rights(dryrun, row);
        for (size_t bit = 0; bit < SYN_HISTORY_RIGHTS; bit++) {
            if ((wide & syn_history_rights[bit].right) != 0) {
                add_wider(dryrun, row, bit);
            }
        }
    }
}

/* --- shared write --------------------------------------------------------- */

struct shared {
    size_t slot;
    size_t writers; /* the backend is one */
    size_t writes;
};

static int by_rank(const void *left, const void *right)
{
    const struct shared *a = left;
    const struct shared *b = right;
    if (a->writers != b->writers) {
        return a->writers > b->writers ? -1 : 1;
    }
    if (a->writes != b->writes) {
        return a->writes > b->writes ? -1 : 1;
    }
    return a->slot < b->slot ? -1 : 1;
}

static bool is_write(const struct syn_trace_event *event)
{
    return !syn_history_was_refused(event) &&
           syn_history_right(event) == SYN_RIGHT_WRITE;
}

/* Writers of one slot; `who` (may be NULL) receives them in words. */
static struct shared count_writers(const struct syn_dryrun *dryrun, size_t s,
                                   struct syn_buf *who)
{
    const struct syn_history_slot *slot = &dryrun->history->slots[s];
    struct shared shared = {.slot = s};
    struct syn_table seen;
    syn_table_init(&seen, NULL);
    for (size_t i = 0; i < slot->event_count; i++) {
        const struct syn_trace_event *event =
            &dryrun->trace->events[slot->events[i]];
        bool is_backend = syn_history_is_backend(event);
        /* No identity is empty, so the backend can be. */
        struct syn_str writer = is_backend ? SYN_STR("") : event->identity;
        if (!is_write(event) || (!is_backend && event->identity.at == NULL)) {
            continue;
        }
        shared.writes++;
        if (syn_table_insert(&seen, writer, &seen) != SYN_OK) {
            continue;
        }
        shared.writers++;
        if (who != NULL && shared.writers <= RANKED_MAX) {
            struct syn_str name = is_backend ? SYN_STR("the backend")
                                             : identity_of(dryrun, writer);
            syn_buf_printf(who, "%s%.*s", shared.writers == 1 ? "" : ", ",
                           SYN_STR_ARG(name));
        }
    }
    syn_table_fini(&seen);
    return shared;
}

static void add_shared(struct syn_dryrun *dryrun, const struct shared *shared,
                       size_t rank)
{
    struct syn_buf who;
    struct syn_str label = syn_grants_label(&dryrun->output, shared->slot);
    struct syn_str id = syn_arena_printf(
        dryrun->arena, "dryrun/shared-write/%.*s", SYN_STR_ARG(label));
    struct syn_result result =
        about(dryrun, id.at, "An object has one writer", SYN_VERDICT_WARNING);
    result.level = SYN_LEVEL_SHOULD;
    result.type = syn_type_name(dryrun->history->slots[shared->slot].type);
    result.reason = syn_arena_printf(
        dryrun->arena, "rank %zu: %zu writers made %zu writes to %s '%.*s'",
        rank, shared->writers, shared->writes, result.type, SYN_STR_ARG(label));
    syn_buf_init(&who, NULL, EVIDENCE_BYTES);
    syn_buf_put_text(&who, "writers: ");
    (void)count_writers(dryrun, shared->slot, &who);
    syn_buf_put_byte(&who, '\n');
    result.evidence = syn_arena_dup(dryrun->arena, syn_buf_str(&who));
    syn_buf_fini(&who);
    syn_book_add(&dryrun->book, &result);
}

static syn_status add_all_shared(struct syn_dryrun *dryrun)
{
    size_t count = 0;
    struct shared *all = syn_arena_array(
        dryrun->arena, dryrun->history->slot_count, sizeof *all);
    if (all == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t s = 0; s < dryrun->history->slot_count; s++) {
        struct shared shared = count_writers(dryrun, s, NULL);
        if (shared.writers > 1) {
            all[count++] = shared;
        }
    }
    qsort(all, count, sizeof *all, by_rank);
    for (size_t i = 0; i < count && i < RANKED_MAX; i++) {
        add_shared(dryrun, &all[i], i + 1);
    }
    return SYN_OK;
}

/* --- first comers and long tokens ----------------------------------------- */

/* A name that one identity opens or creates, and who else comes to it. */
struct comers {
    struct syn_str first;  /* seen to use open_or_create */
    struct syn_str second; /* the same; at NULL: nobody */
    struct syn_str maybe;  /* opens the name in a mode that nobody saw */
};

static struct comers find_comers(const struct syn_dryrun *dryrun, size_t s)
{
    const struct syn_history_slot *slot = &dryrun->history->slots[s];
    struct comers comers = {.first = {NULL, 0}};
    for (size_t i = 0; i < slot->event_count; i++) {
        const struct syn_trace_event *event =
            &dryrun->trace->events[slot->events[i]];
        bool is_known = event->mode == SYN_TRACE_OPEN_OR_CREATE;
        bool is_maybe = event->op == SYN_TRACE_OPEN &&
                        event->by == SYN_TRACE_BY_NAME &&
                        event->mode == SYN_TRACE_MODE_UNSAID;
        bool is_other = comers.first.at != NULL &&
                        !syn_str_is_equal(comers.first, event->identity);
        if (event->identity.at == NULL || event->src != SYN_TRACE_SDK) {
            continue;
        }
        if (is_known && comers.first.at == NULL) {
            comers.first = event->identity;
        } else if (is_known && is_other && comers.second.at == NULL) {
            comers.second = event->identity;
        } else if (is_maybe && is_other && comers.maybe.at == NULL) {
            comers.maybe = event->identity;
        }
    }
    return comers;
}

/* open_or_create of a name by two identities: whoever comes first owns it. The
 * wire does not show how a name is opened that exists, so a second one may only
 * be suspected. */
static void add_first_comer(struct syn_dryrun *dryrun, size_t s)
{
    const struct syn_history_slot *slot = &dryrun->history->slots[s];
    struct comers comers = find_comers(dryrun, s);
    bool is_sure = comers.second.at != NULL;
    struct syn_str other = is_sure ? comers.second : comers.maybe;
    if (other.at == NULL) {
        return;
    }
    struct syn_str label = syn_grants_label(&dryrun->output, s);
    struct syn_str id = syn_arena_printf(
        dryrun->arena, "dryrun/first-comer/%.*s", SYN_STR_ARG(label));
    struct syn_result result =
        about(dryrun, id.at, "A shared object is made by the backend",
              is_sure ? SYN_VERDICT_WARNING : SYN_VERDICT_INFO);
    result.level = is_sure ? SYN_LEVEL_SHOULD : SYN_LEVEL_INFO;
    result.type = syn_type_name(slot->type);
    result.reason = syn_arena_printf(
        dryrun->arena,
        is_sure ? "'%.*s' and '%.*s' open_or_create %s '%.*s': after the flip "
                  "the first comer owns it and the other is denied"
                : "'%.*s' open_or_creates and '%.*s' opens %s '%.*s': if the "
                  "second would create it too, the first comer owns it after "
                  "the flip",
        SYN_STR_ARG(identity_of(dryrun, comers.first)),
        SYN_STR_ARG(identity_of(dryrun, other)), result.type,
        SYN_STR_ARG(label));
    syn_book_add(&dryrun->book, &result);
}

/* Tokens over the limit of the service, in one finding. */
static void add_tokens(struct syn_dryrun *dryrun)
{
    size_t count = 0;
    const struct syn_trace_event *longest = NULL;
    for (size_t i = 0; i < dryrun->trace->event_count; i++) {
        const struct syn_trace_event *event = &dryrun->trace->events[i];
        if (event->op == SYN_TRACE_TOKEN &&
            event->lifetime_s > SYN_TOKEN_LIFETIME_S_MAX) {
            count++;
            longest = longest == NULL || event->lifetime_s > longest->lifetime_s
                          ? event
                          : longest;
        }
    }
    if (longest == NULL) {
        return;
    }
    struct syn_result result =
        about(dryrun, "dryrun/token/lifetime",
              "No token lives longer than a day", SYN_VERDICT_WARNING);
    result.level = SYN_LEVEL_SHOULD;
    result.line = (int)longest->line;
    result.reason = syn_arena_printf(
        dryrun->arena, "%zu tokens live longer than 24 h, the longest %lld s",
        count, (long long)longest->lifetime_s);
    syn_book_add(&dryrun->book, &result);
}

syn_status syn_dryrun_judge(struct syn_dryrun *dryrun)
{
    syn_status st = add_denials(dryrun);
    if (st != SYN_OK) {
        return st;
    }
    if (dryrun->plain.before.played == 0) {
        struct syn_result result =
            about(dryrun, "dryrun/trace", "The trace shows the app at work",
                  SYN_VERDICT_INCONCLUSIVE);
        result.reason = SYN_STR("no event could be played after the flip");
        syn_book_add(&dryrun->book, &result);
    }
    add_proof(dryrun, "dryrun/grants/minimal",
              "The grants are enough, and none is too many", &dryrun->plain);
    add_proof(dryrun, "dryrun/grants/minimal-pessimistic",
              "The same when creators lose what they made while off",
              &dryrun->pessimistic);
    add_pessimistic(dryrun);
    add_all_wider(dryrun);
    add_tokens(dryrun);
    for (size_t s = 0; s < dryrun->history->slot_count; s++) {
        add_first_comer(dryrun, s);
    }
    return add_all_shared(dryrun);
}
