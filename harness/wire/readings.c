/*
 * readings.c - the table of open questions, and what few of them compute.
 * Layer: wire. Threads: constants only.
 */
#include "wire/readings.h"

#include <stdio.h>
#include <string.h>

#define HOOK_RETRIES_MAX 5u
#define LATIN_FIRST      0xc0u
#define LATIN_LAST       0xffu
#define UTF8_TWO         0xc0u /* lead of a sequence of two bytes */
#define UTF8_PART        0x80u
#define UTF8_PART_BITS   6u
#define UTF8_PART_MASK   0x3fu
#define UTF8_LEAD_MASK   0x1fu

const struct syn_readings syn_readings_default = SYN_READINGS_DEFAULT;

#define AS_ROW(name, member, question_, id_, words_, text_)       \
    [SYN_READING_##name] = {.id = (id_),                          \
                            .question = (question_),              \
                            .text = (text_),                      \
                            .words = (words_),                    \
                            .number_max = SYN_READING_NUMBER_MAX, \
                            .offset = offsetof(struct syn_readings, member)},
static const struct syn_reading rows[SYN_READING_COUNT] = {
    SYN_READING_MAP(AS_ROW)};

const struct syn_reading *syn_reading_at(enum syn_reading_id which)
{
    return &rows[which];
}

bool syn_reading_find(struct syn_str id, enum syn_reading_id *out)
{
    for (unsigned i = 0; i < SYN_READING_COUNT; i++) {
        if (syn_str_is(id, rows[i].id)) {
            *out = (enum syn_reading_id)i;
            return true;
        }
    }
    return false;
}

unsigned syn_reading_value(const struct syn_readings *readings,
                           enum syn_reading_id which)
{
    unsigned value = 0;
    memcpy(&value, (const char *)readings + rows[which].offset, sizeof value);
    return value;
}

void syn_reading_set(struct syn_readings *readings, enum syn_reading_id which,
                     unsigned value)
{
    memcpy((char *)readings + rows[which].offset, &value, sizeof value);
}

/* --- words and numbers ---------------------------------------------------- */

static unsigned number_max(enum syn_reading_id which)
{
    return which == SYN_READING_HOOK_RETRIES ? HOOK_RETRIES_MAX
                                             : rows[which].number_max;
}

/* The word at `index`; empty past the last. */
static struct syn_str word_at(enum syn_reading_id which, unsigned index)
{
    struct syn_str rest = syn_str_of(rows[which].words);
    for (unsigned i = 0; i < index && rest.bytes > 0; i++) {
        rest = syn_str_from(rest, syn_str_find(rest, ' ', 0) + 1);
    }
    return syn_str_part(rest, 0, syn_str_find(rest, ' ', 0));
}

unsigned syn_reading_count(enum syn_reading_id which)
{
    unsigned count = 0;
    if (rows[which].words == NULL) {
        return number_max(which) + 1;
    }
    while (word_at(which, count).bytes > 0) {
        count++;
    }
    return count;
}

bool syn_reading_parse(enum syn_reading_id which, struct syn_str word,
                       unsigned *out)
{
    uint64_t number = 0;
    if (rows[which].words == NULL) {
        if (!syn_str_to_u64(word, number_max(which), &number)) {
            return false;
        }
        *out = (unsigned)number;
        return true;
    }
    for (unsigned i = 0; i < syn_reading_count(which); i++) {
        if (syn_str_is_equal(word_at(which, i), word)) {
            *out = i;
            return true;
        }
    }
    return false;
}

void syn_reading_name(enum syn_reading_id which, unsigned value,
                      char out[SYN_READING_WORD_BYTES])
{
    if (rows[which].words == NULL) {
        (void)snprintf(out, SYN_READING_WORD_BYTES, "%u", value);
        return;
    }
    struct syn_str word = word_at(which, value);
    (void)snprintf(out, SYN_READING_WORD_BYTES, "%.*s", SYN_STR_ARG(word));
}

bool syn_readings_apply(struct syn_readings *readings, struct syn_str text)
{
    while (text.bytes > 0) {
        const struct syn_str pair =
            syn_str_part(text, 0, syn_str_find(text, ' ', 0));
        const size_t sign = syn_str_find(pair, '=', 0);
        enum syn_reading_id which;
        unsigned value = 0;
        if (!syn_reading_find(syn_str_part(pair, 0, sign), &which) ||
            !syn_reading_parse(which, syn_str_from(pair, sign + 1), &value)) {
            return false;
        }
        syn_reading_set(readings, which, value);
        text = syn_str_from(text, pair.bytes + 1);
    }
    return true;
}

/* --- identities ----------------------------------------------------------- */

/* Letters from U+00C0 on, as a base letter and a combining mark (the last byte
 * of U+0300 and up); '?' has no other form. */
static const char bases[] = "AAAAAA?CEEEEIIII?NOOOOO??UUUUY??"
                            "aaaaaa?ceeeeiiii?nooooo??uuuuy?y";
static const unsigned char marks[] = {
    0x00, 0x01, 0x02, 0x03, 0x08, 0x0a, 0,    0x27, 0x00, 0x01, 0x02,
    0x08, 0x00, 0x01, 0x02, 0x08, 0,    0x03, 0x00, 0x01, 0x02, 0x03,
    0x08, 0,    0,    0x00, 0x01, 0x02, 0x08, 0x01, 0,    0,    0x00,
    0x01, 0x02, 0x03, 0x08, 0x0a, 0,    0x27, 0x00, 0x01, 0x02, 0x08,
    0x00, 0x01, 0x02, 0x08, 0,    0x03, 0x00, 0x01, 0x02, 0x03, 0x08,
    0,    0,    0x00, 0x01, 0x02, 0x08, 0x01, 0,    0x08};
_Static_assert(sizeof marks == LATIN_LAST - LATIN_FIRST + 1, "one each");
_Static_assert(sizeof bases == sizeof marks + 1, "one each, and a NUL");

/* A text read letter by letter; a letter of Latin-1 with an accent comes as
 * two when forms do not count. Bytes of all else come as they are. */
struct reader {
    const struct syn_readings *readings;
    struct syn_str rest;
    unsigned char queue[2]; /* bytes of a mark still to come */
    size_t queued;
};

static unsigned fold(const struct reader *reader, unsigned byte)
{
    bool is_upper = byte >= 'A' && byte <= 'Z';
    bool is_folding = reader->readings->identity_case == SYN_IDENTITY_ALIKE;
    return is_folding && is_upper ? byte + ('a' - 'A') : byte;
}

/* The next byte; false at the end. */
static bool next(struct reader *reader, unsigned *out)
{
    if (reader->queued > 0) {
        reader->queued--;
        *out = reader->queue[reader->queued];
        return true;
    }
    if (reader->rest.bytes == 0) {
        return false;
    }
    const unsigned char *at = (const unsigned char *)reader->rest.at;
    size_t used = 1;
    unsigned byte = at[0];
    if (reader->readings->identity_form == SYN_IDENTITY_ALIKE &&
        reader->rest.bytes > 1 && (byte & ~UTF8_LEAD_MASK) == UTF8_TWO) {
        unsigned point = ((byte & UTF8_LEAD_MASK) << UTF8_PART_BITS) |
                         (at[1] & UTF8_PART_MASK);
        bool is_latin = point >= LATIN_FIRST && point <= LATIN_LAST &&
                        bases[point - LATIN_FIRST] != '?';
        if (is_latin) { /* U+0300 and up is CC 80 and up */
            reader->queue[0] =
                (unsigned char)(UTF8_PART | marks[point - LATIN_FIRST]);
            reader->queue[1] = 0xcc;
            reader->queued = 2;
            byte = (unsigned char)bases[point - LATIN_FIRST];
            used = 2;
        }
    }
    reader->rest = syn_str_from(reader->rest, used);
    *out = fold(reader, byte);
    return true;
}

bool syn_reading_is_lax(const struct syn_readings *readings)
{
    return readings->identity_case != SYN_IDENTITY_EXACT ||
           readings->identity_form != SYN_IDENTITY_EXACT;
}

bool syn_reading_is_same(const struct syn_readings *readings, struct syn_str a,
                         struct syn_str b)
{
    if (!syn_reading_is_lax(readings)) {
        return syn_str_is_equal(a, b);
    }
    struct reader left = {.readings = readings, .rest = a};
    struct reader right = {.readings = readings, .rest = b};
    for (;;) {
        unsigned x = 0;
        unsigned y = 0;
        bool has_x = next(&left, &x);
        bool has_y = next(&right, &y);
        if (has_x != has_y || x != y) {
            return false;
        }
        if (!has_x) {
            return true;
        }
    }
}

/* --- codes of tokens ------------------------------------------------------ */

static const struct {
    enum syn_reading_id which;
    enum syn_code of_20xxx, of_51xxx;
} faults[] = {
    {SYN_READING_CODE_HEADER, SYN_CODE_20102, SYN_CODE_51116},
    {SYN_READING_CODE_ISSUER, SYN_CODE_20103, SYN_CODE_51115},
    {SYN_READING_CODE_SIGNATURE, SYN_CODE_20107, SYN_CODE_51117},
    {SYN_READING_CODE_EARLY, SYN_CODE_20105, SYN_CODE_51120},
    {SYN_READING_CODE_EXPIRED, SYN_CODE_20104, SYN_CODE_51119},
    {SYN_READING_CODE_GRANTS, SYN_CODE_20106, SYN_CODE_51118},
    {SYN_READING_CODE_LIFETIME, SYN_CODE_20157, SYN_CODE_51121},
};

enum syn_code syn_reading_token_code(const struct syn_readings *readings,
                                     enum syn_code code)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (faults[i].of_20xxx == code &&
            syn_reading_value(readings, faults[i].which) == SYN_CODE_51XXX) {
            return faults[i].of_51xxx;
        }
    }
    return code;
}

enum syn_code syn_reading_token_fault(enum syn_reading_id which)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (faults[i].which == which) {
            return faults[i].of_20xxx;
        }
    }
    return SYN_CODE_NONE;
}
