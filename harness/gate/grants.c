/*
 * grants.c - find grants by replay, then leave out what is not needed.
 * Layer: gate. Threads: one owner.
 *
 * Objects do not depend on each other as far as rights go, so a right is tried
 * on the history of its own object alone; the whole is played at the end.
 */
#include "gate/grants.h"

#include <string.h>

#define ROUNDS_MAX                                            \
    16 /* a grant lets new things happen, which may need more \
        */

static const unsigned rights[SYN_HISTORY_RIGHTS] = {
    SYN_RIGHT_READ, SYN_RIGHT_WRITE, SYN_RIGHT_MANAGE};

static bool is_stream(const struct syn_history *history, size_t slot)
{
    return history->slots[slot].type == SYN_TYPE_STREAM;
}

/* Accesses denied on objects that can be granted, and on streams. */
static size_t count_denied(const struct syn_history *history,
                           const struct syn_lacks *denied, bool on_streams)
{
    size_t count = 0;
    for (size_t i = 0; i < denied->count; i++) {
        if (is_stream(history, denied->at[i].slot) == on_streams) {
            for (size_t bit = 0; bit < SYN_HISTORY_RIGHTS; bit++) {
                count += denied->at[i].counts[bit];
            }
        }
    }
    return count;
}

/* Take over what was denied; *grew says whether anything was new. */
static syn_status add_denied(const struct syn_history *history,
                             struct syn_lacks *needed,
                             const struct syn_lacks *denied, bool *grew)
{
    *grew = false;
    for (size_t i = 0; i < denied->count; i++) {
        const struct syn_lack *from = &denied->at[i];
        struct syn_lack *to = NULL;
        if (is_stream(history, from->slot)) {
            continue;
        }
        syn_status st =
            syn_lacks_entry(needed, from->slot, from->identity, &to);
        if (st != SYN_OK) {
            return st;
        }
        for (size_t bit = 0; bit < SYN_HISTORY_RIGHTS; bit++) {
            bool is_new = (from->rights & rights[bit] & ~to->rights) != 0;
            if (is_new) {
                to->first[bit] = from->first[bit];
                to->whys[bit] = from->whys[bit];
                *grew = true;
            }
        }
        to->rights |= from->rights;
    }
    return SYN_OK;
}

/* Denials on its object when the setup leaves out one right of one grant. */
static syn_status count_without(struct syn_arena *arena,
                                struct syn_history *history,
                                const struct syn_rerun_setup *setup,
                                size_t *denials)
{
    struct syn_rerun replay;
    struct syn_arena_mark mark = syn_arena_mark(arena);
    syn_status st = syn_history_replay(arena, history, setup, &replay);
    if (st == SYN_OK) {
        *denials = count_denied(history, &replay.denied, false);
    }
    syn_arena_rewind(arena, mark);
    return st;
}

/* Leave out each right whose absence nobody notices; *left says whether any. */
static syn_status minimise(struct syn_arena *scratch,
                           struct syn_history *history,
                           const struct syn_rerun_setup *base,
                           struct syn_grant_set *set, bool *left)
{
    *left = false;
    for (size_t i = 0; i < set->needed.count; i++) {
        struct syn_lack *need = &set->needed.at[i];
        for (size_t bit = 0; bit < SYN_HISTORY_RIGHTS; bit++) {
            size_t denials = 0;
            if ((need->rights & rights[bit]) == 0) {
                continue;
            }
            struct syn_rerun_setup setup = *base;
            setup.grants = &set->needed;
            setup.slot = need->slot;
            setup.without = need;
            setup.without_right = rights[bit];
            syn_status st = count_without(scratch, history, &setup, &denials);
            if (st != SYN_OK) {
                return st;
            }
            set->replays++;
            need->counts[bit] = denials;
            if (denials == 0) {
                need->rights &= ~rights[bit];
                *left = true;
            }
        }
    }
    return SYN_OK;
}

static void count_rights(struct syn_grant_set *set)
{
    for (size_t i = 0; i < set->needed.count; i++) {
        const struct syn_lack *need = &set->needed.at[i];
        for (size_t bit = 0; bit < SYN_HISTORY_RIGHTS; bit++) {
            bool is_held = (need->rights & rights[bit]) != 0;
            set->rights += is_held ? 1 : 0;
            set->unproven += is_held && need->counts[bit] == 0 ? 1 : 0;
        }
    }
}

/* Replay with all grants until nothing new is denied. */
static syn_status complete(struct syn_arena *arena, struct syn_history *history,
                           struct syn_rerun_setup *setup,
                           struct syn_grant_set *set)
{
    bool grew = false;
    syn_status st =
        add_denied(history, &set->needed, &set->before.denied, &grew);
    setup->grants = &set->needed;
    for (unsigned round = 0; st == SYN_OK && round < ROUNDS_MAX; round++) {
        st = syn_history_replay(arena, history, setup, &set->after);
        set->replays++;
        if (st == SYN_OK) {
            st = add_denied(history, &set->needed, &set->after.denied, &grew);
        }
        if (!grew) {
            break;
        }
    }
    return st;
}

syn_status syn_grants_find(struct syn_arena *arena, struct syn_history *history,
                           int64_t flip_ms, bool is_pessimistic,
                           struct syn_grant_set *out)
{
    struct syn_rerun_setup setup = {.flip_ms = flip_ms,
                                    .slot = SYN_HISTORY_NONE,
                                    .is_pessimistic = is_pessimistic};
    struct syn_arena scratch;
    bool left = true;
    *out = (struct syn_grant_set){0};
    syn_arena_init(&scratch, NULL, SIZE_MAX);
    syn_status st = syn_lacks_init(&out->needed, arena);
    if (st == SYN_OK) {
        st = syn_history_replay(arena, history, &setup, &out->before);
        out->replays++;
    }
    if (st == SYN_OK) {
        st = complete(arena, history, &setup, out);
    }
    /* Until a whole round leaves nothing out: that round is the proof. */
    while (st == SYN_OK && left) {
        st = minimise(&scratch, history, &setup, out, &left);
    }
    if (st == SYN_OK) {
        st = syn_history_replay(arena, history, &setup, &out->after);
        out->replays++;
    }
    if (st == SYN_OK) {
        count_rights(out);
        out->unmended = count_denied(history, &out->after.denied, false);
        out->on_streams = count_denied(history, &out->before.denied, true);
    }
    syn_arena_fini(&scratch);
    return st;
}
