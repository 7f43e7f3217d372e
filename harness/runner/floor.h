/*
 * floor.h - which operations were done to which types, and how they ended.
 * Layer: runner. Threads: values.
 * Source: design section 3 (the floor), section 4 (`floor.without`).
 *
 * A run that passes because half of it never happened is vacuous. Each row says
 * what it does to objects (scenario.h, syn_exercises); the floor of a run is
 * the union over the rows that ran, less what the target file takes out.
 */
#ifndef SYN_RUNNER_FLOOR_H
#define SYN_RUNNER_FLOOR_H

#include "base/buf.h"
#include "runner/record.h"
#include "syn/object.h"
#include "syn/scenario.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYN_FLOOR_WORDS 2

/* A set of operation x type x outcome. */
struct syn_floor {
    uint64_t bits[SYN_FLOOR_WORDS];
};

/* What was answered with 2xx is allowed, with 4xx denied (429 only asks to wait
 * and is neither); other acts add nothing. */
void syn_floor_add_act(struct syn_floor *floor, const struct syn_act *act);

/* Add "open/list/denied", blank between. False: a word is none; *bad (may be
 * NULL) is that word. */
bool syn_floor_add_words(struct syn_floor *floor, struct syn_str words,
                         struct syn_str *bad);

void syn_floor_join(struct syn_floor *to, const struct syn_floor *from);
void syn_floor_drop(struct syn_floor *from, const struct syn_floor *what);
size_t syn_floor_count(const struct syn_floor *floor);

/* Append the words in the order of operations, blank between. */
void syn_floor_put(struct syn_buf *out, const struct syn_floor *floor);

/* The words of `name`, "id[type]"; "" when the table has none. `table` may be
 * NULL. */
const char *syn_floor_words_of(const struct syn_exercise *table,
                               struct syn_str name);

#endif
