/*
 * mutate.c - changes that keep the shape of a text.
 *
 * libFuzzer's own changes hit any byte, and most of them end at the first quote
 * or brace that no longer fits. So three of four changes stay inside one word:
 * a run of bytes between two of the characters that structure these formats.
 * Words are repeated, joined to or replaced by another word of the text, or
 * changed by libFuzzer.
 */
#include "fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES_MAX 4096
#define WORDS_MAX      512 /* of one text; later ones stay as they are */
#define REPEATS_MAX    64

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max,
                               unsigned seed);

struct word {
    size_t at, bytes;
};

static bool is_border(uint8_t byte)
{
    return byte <= ' ' || strchr("\"{}[],:&=/?.;<", byte) != NULL;
}

static size_t find_words(const uint8_t *data, size_t size,
                         struct word words[WORDS_MAX])
{
    size_t count = 0;
    size_t at = 0;
    while (at < size && count < WORDS_MAX) {
        const size_t from = at;
        while (at < size && !is_border(data[at])) {
            at++;
        }
        /* Of empty ones only "" counts, a value that may get longer. */
        const bool is_value =
            at > from ||
            (from > 0 && at < size && data[from - 1] == '"' && data[at] == '"');
        if (is_value && at - from <= WORD_BYTES_MAX) {
            words[count++] = (struct word){from, at - from};
        }
        at++;
    }
    return count;
}

/* Put the text in the word's place; the new size. There is room for it. */
static size_t put_word(uint8_t *data, size_t size, struct word word,
                       struct syn_str text)
{
    const size_t behind = word.at + word.bytes;
    memmove(data + word.at + text.bytes, data + behind, size - behind);
    memcpy(data + word.at, text.at, text.bytes);
    return size - word.bytes + text.bytes;
}

/* A number below `bound`, and the next state of a small generator. */
static size_t draw(uint32_t *state, size_t bound)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % bound;
}

/* Write what becomes of `word` to `text`; its length. */
static size_t change_word(const uint8_t *data, struct word word,
                          struct word other, uint32_t *state, uint8_t *text)
{
    size_t bytes = word.bytes;
    memcpy(text, data + word.at, word.bytes);
    switch (draw(state, 5)) {
    case 0: /* long, what parsers are made to bear */
        for (size_t n = draw(state, REPEATS_MAX);
             n > 0 && bytes > 0 && bytes + word.bytes <= WORD_BYTES_MAX; n--) {
            memcpy(text + bytes, data + word.at, word.bytes);
            bytes += word.bytes;
        }
        return bytes;
    case 1: /* both */
        memcpy(text + bytes, data + other.at, other.bytes);
        return bytes + other.bytes;
    case 2: /* the other instead */
        memcpy(text, data + other.at, other.bytes);
        return other.bytes;
    default:
        return LLVMFuzzerMutate(text, bytes, WORD_BYTES_MAX);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max,
                               unsigned seed)
{
    static struct word words[WORDS_MAX];
    static uint8_t text[2 * WORD_BYTES_MAX];
    uint32_t state = seed;
    const size_t count = find_words(data, size, words);
    if (count == 0 || draw(&state, 4) == 0) {
        return LLVMFuzzerMutate(data, size, size_max);
    }
    const struct word word = words[draw(&state, count)];
    const struct word other = words[draw(&state, count)];
    const size_t bytes = change_word(data, word, other, &state, text);
    return size - word.bytes + bytes > size_max
               ? size
               : put_word(data, size, word,
                          (struct syn_str){(const char *)text, bytes});
}
