/*
 * floor.c - which operations were done to which types, and how they ended.
 * Layer: runner. Threads: values.
 */
#include "runner/floor.h"

#include "runner/clause.h"

#define OUTCOMES     2
#define BITS         64
#define OK_MIN       200
#define OK_MAX       299
#define DENIED_MIN   400
#define DENIED_MAX   499
#define TOO_MANY     429
#define WORD_PARTS   3
#define CELLS        ((size_t)SYN_OP_COUNT * SYN_TYPE_COUNT * OUTCOMES)
#define DENIED_INDEX 1

_Static_assert((size_t)SYN_OP_COUNT *SYN_TYPE_COUNT *OUTCOMES <=
                   (size_t)SYN_FLOOR_WORDS * BITS,
               "every cell has a bit");

static const char *const outcomes[OUTCOMES] = {"allowed", "denied"};

static void set(struct syn_floor *floor, size_t cell)
{
    floor->bits[cell / BITS] |= UINT64_C(1) << (cell % BITS);
}

static bool has(const struct syn_floor *floor, size_t cell)
{
    return (floor->bits[cell / BITS] >> (cell % BITS) & 1u) != 0;
}

static size_t cell_of(enum syn_op op, enum syn_type type, size_t outcome)
{
    return ((size_t)op * SYN_TYPE_COUNT + (size_t)type) * OUTCOMES + outcome;
}

void syn_floor_add_act(struct syn_floor *floor, const struct syn_act *act)
{
    if (act->http >= OK_MIN && act->http <= OK_MAX) {
        set(floor, cell_of(act->op, act->type, 0));
    }
    if (act->http >= DENIED_MIN && act->http <= DENIED_MAX &&
        act->http != TOO_MANY) {
        set(floor, cell_of(act->op, act->type, DENIED_INDEX));
    }
}

/* "open/list/denied" */
static bool add_word(struct syn_floor *floor, struct syn_str word)
{
    struct syn_str parts[WORD_PARTS];
    enum syn_op op = SYN_OP_CREATE;
    enum syn_type type = SYN_TYPE_DOCUMENT;
    size_t at = 0;
    for (size_t i = 0; i < WORD_PARTS; i++) {
        size_t end =
            i + 1 < WORD_PARTS ? syn_str_find(word, '/', at) : word.bytes;
        parts[i] = syn_str_part(word, at, end - at);
        at = end < word.bytes ? end + 1 : word.bytes;
    }
    bool is_denied = syn_str_is(parts[2], outcomes[DENIED_INDEX]);
    if (!syn_op_from_name(parts[0], &op) ||
        !syn_type_from_name(parts[1], &type) ||
        (!is_denied && !syn_str_is(parts[2], outcomes[0]))) {
        return false;
    }
    set(floor, cell_of(op, type, is_denied ? DENIED_INDEX : 0));
    return true;
}

bool syn_floor_add_words(struct syn_floor *floor, struct syn_str words,
                         struct syn_str *bad)
{
    size_t at = 0;
    for (struct syn_str word = syn_clause_next_word(words, &at); word.bytes > 0;
         word = syn_clause_next_word(words, &at)) {
        if (!add_word(floor, word)) {
            if (bad != NULL) {
                *bad = word;
            }
            return false;
        }
    }
    return true;
}

void syn_floor_join(struct syn_floor *to, const struct syn_floor *from)
{
    for (size_t i = 0; i < SYN_FLOOR_WORDS; i++) {
        to->bits[i] |= from->bits[i];
    }
}

void syn_floor_drop(struct syn_floor *from, const struct syn_floor *what)
{
    for (size_t i = 0; i < SYN_FLOOR_WORDS; i++) {
        from->bits[i] &= ~what->bits[i];
    }
}

size_t syn_floor_count(const struct syn_floor *floor)
{
    size_t count = 0;
    for (size_t i = 0; i < CELLS; i++) {
        count += has(floor, i) ? 1 : 0;
    }
    return count;
}

void syn_floor_put(struct syn_buf *out, const struct syn_floor *floor)
{
    const char *blank = "";
    for (size_t i = 0; i < CELLS; i++) {
        size_t pair = i / OUTCOMES;
        if (has(floor, i)) {
            syn_buf_printf(
                out, "%s%s/%s/%s", blank,
                syn_op_name((enum syn_op)(pair / SYN_TYPE_COUNT)),
                syn_type_name((enum syn_type)(pair % SYN_TYPE_COUNT)),
                outcomes[i % OUTCOMES]);
            blank = " ";
        }
    }
}

const char *syn_floor_words_of(const struct syn_exercise *table,
                               struct syn_str name)
{
    for (size_t i = 0; table != NULL && table[i].name != NULL; i++) {
        if (syn_str_is(name, table[i].name)) {
            return table[i].words;
        }
    }
    return "";
}
