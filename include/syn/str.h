/*
 * str.h - bytes with a length, not ending in NUL.
 * Layer: public. Threads: immutable values.
 *
 * All input travels like this: names, identities, bodies and frames may hold
 * any byte. `at` may be NULL only when `bytes` is 0.
 */
#ifndef SYN_STR_H
#define SYN_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_str {
    const char *at;
    size_t bytes;
};

/* A literal as a value; its length is known to the compiler. */
#define SYN_STR(literal) ((struct syn_str){(literal), sizeof(literal) - 1})

/* For printf: "%.*s", SYN_STR_ARG(s). Lengths over INT_MAX are cut. */
#define SYN_STR_ARG(s)                                      \
    (int)((s).bytes > 0x7fffffff ? 0x7fffffff : (s).bytes), \
        ((s).at == NULL ? "" : (s).at)

/* View of a NUL-terminated text, borrowed; NULL gives the empty string. */
struct syn_str syn_str_of(const char *text);

bool syn_str_is_equal(struct syn_str a, struct syn_str b);

/* Compare with a NUL-terminated text. */
bool syn_str_is(struct syn_str s, const char *text);

/* ASCII case folded; for header names and schemes only. */
bool syn_str_is_equal_nocase(struct syn_str a, struct syn_str b);

bool syn_str_has_prefix(struct syn_str s, struct syn_str prefix);

/* Is each byte of `s` one of `allowed`? So is an empty text. */
bool syn_str_has_only(struct syn_str s, const char *allowed);

/* `s` without the quotes around it; as it is when there are none. */
struct syn_str syn_str_unquote(struct syn_str s);

/* Does `part` occur in `s`? An empty part always does. */
bool syn_str_has(struct syn_str s, struct syn_str part);

/* Order by unsigned bytes, which is code point order for UTF-8: <0, 0, >0. */
int syn_str_compare(struct syn_str a, struct syn_str b);

/* The part from `from` on, empty past the end. */
struct syn_str syn_str_from(struct syn_str s, size_t from);

/* The part [from, from + bytes), cut at the end. */
struct syn_str syn_str_part(struct syn_str s, size_t from, size_t bytes);

/* Position of the first `byte` at or after `from`, or s.bytes if none. */
size_t syn_str_find(struct syn_str s, char byte, size_t from);

/* Cut off spaces and tabs at both ends. */
struct syn_str syn_str_trim(struct syn_str s);

/*
 * Decimal digits only, no sign, no space, no leading zero but "0" itself.
 * False, with *out untouched, on anything else or above `max`.
 */
bool syn_str_to_u64(struct syn_str s, uint64_t max, uint64_t *out);

/* As syn_str_to_u64, with an optional leading '-'; "-0" is refused. */
bool syn_str_to_i64(struct syn_str s, int64_t *out);

/*
 * Bytes of the well-formed UTF-8 sequence that starts at `from`: 1 to 4, or 0
 * when there is none (also at the end of `s`).
 */
size_t syn_str_utf8_bytes(struct syn_str s, size_t from);

/* Well-formed UTF-8: no overlong forms, surrogates or values > U+10FFFF. */
bool syn_str_is_utf8(struct syn_str s);

/* At most so many bytes of it, no half of a letter among them. */
struct syn_str syn_str_cut(struct syn_str s, size_t bytes_max);

/* A day of the calendar, as 2027-01-31. */
bool syn_str_is_date(struct syn_str s);

/* Number of code points; the argument must be well-formed UTF-8. */
size_t syn_str_code_points(struct syn_str s);

#endif
