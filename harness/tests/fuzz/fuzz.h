/*
 * fuzz.h - what a fuzzer is: one function that must survive any bytes.
 *
 * fuzz_<name>.c holds the function, driver.c calls it for libFuzzer, replay.c
 * for the stored inputs of fixtures/fuzz/<name>/ in any build. Promises are
 * checked by SYN_ASSERT, memory by the sanitizers.
 *
 * With SYN_PLANTED_BUGS each fuzzer has a bug behind its parser, a copy without
 * a bound, at a place that only a valid and deep input reaches. A fuzzer that
 * does not find it in time looks at nothing.
 */
#ifndef SYN_TESTS_FUZZ_H
#define SYN_TESTS_FUZZ_H

#include "syn/arena.h"
#include "syn/str.h"

/* Judge one input; the arena is empty and is released by the caller. */
void syn_fuzz(struct syn_arena *arena, struct syn_str in);

/* The next line, without its line feed; *in is what follows. */
static inline struct syn_str syn_fuzz_line(struct syn_str *in)
{
    const size_t end = syn_str_find(*in, '\n', 0);
    const struct syn_str line = syn_str_part(*in, 0, end);
    *in = syn_str_from(*in, end + 1);
    return line;
}

#define SYN_PLANT_BYTES 24 /* texts of the stored inputs are shorter */

#ifdef SYN_PLANTED_BUGS
/* The planted bug: breaks on a text of over SYN_PLANT_BYTES. */
void syn_fuzz_plant(struct syn_str text);
#else
static inline void syn_fuzz_plant(struct syn_str text)
{
    (void)text;
}
#endif

#endif
