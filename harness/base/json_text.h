/*
 * json_text.h - walking over JSON text that has been checked.
 * Layer: base, private to json*.c. Threads: none needed.
 *
 * The scanner trusts the grammar but never the length: on text that was not
 * checked it gives a wrong answer and stays inside the text.
 */
#ifndef SYN_BASE_JSON_TEXT_H
#define SYN_BASE_JSON_TEXT_H

#include "base/json.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A member name as it stands between its quotes. */
struct syn_json_label {
    struct syn_str text;
    bool is_escaped; /* holds a backslash */
};

/* --- runs: called for every string, so inline ----------------------------- */

#define SYN_JSON_EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))
#define SYN_JSON_TEXT_FROM       0x20
#define SYN_JSON_BYTE_BITS       8

static inline bool syn_json_text_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Position of the first byte at or after `at` that is not white space. */
static inline size_t syn_json_text_skip_space(struct syn_str text, size_t at)
{
    while (at < text.bytes && syn_json_text_is_space(text.at[at])) {
        at++;
    }
    return at;
}

/* The high bit of each byte of `word` below `limit` (at most 0x80); of bytes
 * from 0x80 on never. Above the lowest it may be too many: a borrow goes on. */
static inline uint64_t syn_json_text_below(uint64_t word, uint64_t limit)
{
    return (word - SYN_JSON_EACH_BYTE(limit)) & ~word &
           SYN_JSON_EACH_BYTE(0x80);
}

/* The high bits of the bytes that are not plain; likewise. */
static inline uint64_t syn_json_text_special(uint64_t word)
{
    return (word & SYN_JSON_EACH_BYTE(0x80)) |
           syn_json_text_below(word, SYN_JSON_TEXT_FROM) |
           syn_json_text_below(word ^ SYN_JSON_EACH_BYTE('"'), 1) |
           syn_json_text_below(word ^ SYN_JSON_EACH_BYTE('\\'), 1);
}

static inline bool syn_json_text_is_plain(unsigned char byte)
{
    return byte >= SYN_JSON_TEXT_FROM && byte < 0x80 && byte != '"' &&
           byte != '\\';
}

/*
 * End of the run of plain bytes from `at` on: ASCII, no control character, no
 * quote, no backslash. Most bytes of most texts are in such runs.
 */
static inline size_t syn_json_text_plain_end(struct syn_str text, size_t at)
{
    uint64_t word = 0;
    while (at < text.bytes && text.bytes - at >= sizeof word) {
        memcpy(&word, text.at + at, sizeof word);
        const uint64_t special = syn_json_text_special(word);
        if (special != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return at + (size_t)__builtin_ctzll(special) / SYN_JSON_BYTE_BITS;
#else
            break; /* the lowest byte is not the first: look at each */
#endif
        }
        at += sizeof word;
    }
    while (at < text.bytes &&
           syn_json_text_is_plain((unsigned char)text.at[at])) {
        at++;
    }
    return at;
}

/* --- members and values --------------------------------------------------- */

/* `at` is on an opening quote: the position behind the closing one. */
size_t syn_json_text_string_end(struct syn_str text, size_t at);

/* `at` is on the first byte of a value: the position behind its last. */
size_t syn_json_text_value_end(struct syn_str text, size_t at);

/* Order of the decoded names, by code points: <0, 0, >0. */
int syn_json_text_compare(struct syn_json_label a, struct syn_json_label b);

/* Write the decoded bytes of what stands between two quotes; the place behind
 * the last one. Never more than they are written as. */
char *syn_json_text_decode(char *to, struct syn_str inside);

/*
 * syn_json_check, with a bound for the text of each number (0: none), as cJSON
 * prints only so much of it; *value_count (may be NULL): how many values there
 * are, containers included.
 */
SYN_MUST_CHECK syn_status syn_json_text_check(
    struct syn_str text, const struct syn_json_rules *rules,
    size_t number_bytes_max, struct syn_json_fault *fault, size_t *value_count);

/* A block to be released as a whole, which begins with the root, of a checked
 * text without \u0000; NULL: out of memory. */
void *syn_json_tree_build(struct syn_str text, size_t value_count);

#endif
