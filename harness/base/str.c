/*
 * str.c - bytes with a length: compare, cut, read numbers, check UTF-8.
 * Layer: base. Threads: none needed.
 * Source: Unicode 15, table 3-7 (well-formed UTF-8 byte sequences).
 */
#include "syn/str.h"

#include <string.h>

#define DECIMAL_BASE  10u
#define ASCII_END     0x80u
#define TAIL_MASK     0xc0u /* top bits of every byte after the first */
#define TAIL_BITS     0x80u
#define WORD_HIGH_BIT UINT64_C(0x8080808080808080)

/* Which second byte may follow which first one; later bytes are 80..BF. */
struct lead {
    unsigned char first_min;
    unsigned char first_max;
    unsigned char bytes;
    unsigned char second_min;
    unsigned char second_max;
};

static const struct lead leads[] = {
    {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f},
    {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf},
    {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

struct syn_str syn_str_of(const char *text)
{
    struct syn_str s = {text, text == NULL ? 0 : strlen(text)};
    return s;
}

bool syn_str_is_equal(struct syn_str a, struct syn_str b)
{
    return a.bytes == b.bytes &&
           (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0);
}

bool syn_str_is(struct syn_str s, const char *text)
{
    return syn_str_is_equal(s, syn_str_of(text));
}

/* The C library's tolower follows the locale; header names must not. */
static unsigned char fold(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u - 'A' + 'a') : u;
}

bool syn_str_is_equal_nocase(struct syn_str a, struct syn_str b)
{
    if (a.bytes != b.bytes) {
        return false;
    }
    for (size_t i = 0; i < a.bytes; i++) {
        if (fold(a.at[i]) != fold(b.at[i])) {
            return false;
        }
    }
    return true;
}

bool syn_str_has_prefix(struct syn_str s, struct syn_str prefix)
{
    return s.bytes >= prefix.bytes &&
           (prefix.bytes == 0 || memcmp(s.at, prefix.at, prefix.bytes) == 0);
}

bool syn_str_has_only(struct syn_str s, const char *allowed)
{
    for (size_t i = 0; i < s.bytes; i++) {
        if (s.at[i] == '\0' || strchr(allowed, s.at[i]) == NULL) {
            return false;
        }
    }
    return true;
}

struct syn_str syn_str_unquote(struct syn_str s)
{
    if (s.bytes >= 2 && s.at[0] == '"' && s.at[s.bytes - 1] == '"') {
        return syn_str_part(s, 1, s.bytes - 2);
    }
    return s;
}

bool syn_str_has(struct syn_str s, struct syn_str part)
{
    if (part.bytes == 0) {
        return true;
    }
    for (size_t i = 0; i + part.bytes <= s.bytes; i++) {
        i = syn_str_find(s, part.at[0], i);
        if (i + part.bytes <= s.bytes &&
            memcmp(s.at + i, part.at, part.bytes) == 0) {
            return true;
        }
    }
    return false;
}

int syn_str_compare(struct syn_str a, struct syn_str b)
{
    size_t common = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = common == 0 ? 0 : memcmp(a.at, b.at, common);
    if (order != 0) {
        return order;
    }
    return (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

struct syn_str syn_str_from(struct syn_str s, size_t from)
{
    /* NULL plus an offset is undefined, even plus 0 by some readings. */
    struct syn_str rest = {NULL, 0};
    if (from < s.bytes) {
        rest.at = s.at + from;
        rest.bytes = s.bytes - from;
    }
    return rest;
}

struct syn_str syn_str_part(struct syn_str s, size_t from, size_t bytes)
{
    struct syn_str part = syn_str_from(s, from);
    if (part.bytes > bytes) {
        part.bytes = bytes;
    }
    return part;
}

size_t syn_str_find(struct syn_str s, char byte, size_t from)
{
    if (from >= s.bytes) {
        return s.bytes;
    }
    const char *hit = memchr(s.at + from, byte, s.bytes - from);
    return hit == NULL ? s.bytes : (size_t)(hit - s.at);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool syn_str_is_date(struct syn_str s)
{
    static const char shape[] = "dddd-dd-dd";
    static const unsigned char days[] = {0,  31, 29, 31, 30, 31, 30,
                                         31, 31, 30, 31, 30, 31};
    unsigned part[3] = {0, 0, 0}; /* year, month, day */
    size_t at = 0;
    bool fits = s.bytes == sizeof shape - 1;
    for (size_t i = 0; fits && i < sizeof shape - 1; i++) {
        bool is_digit = s.at[i] >= '0' && s.at[i] <= '9';
        fits = shape[i] == 'd' ? is_digit : s.at[i] == shape[i];
        at += shape[i] == '-' ? 1 : 0;
        part[at] =
            is_digit ? part[at] * 10 + (unsigned)(s.at[i] - '0') : part[at];
    }
    if (!fits || part[1] < 1 || part[1] >= sizeof days || part[2] < 1) {
        return false;
    }
    bool is_leap =
        part[0] % 4 == 0 && (part[0] % 100 != 0 || part[0] % 400 == 0);
    return part[2] <= days[part[1]] &&
           (is_leap || part[1] != 2 || part[2] < 29);
}

struct syn_str syn_str_trim(struct syn_str s)
{
    while (s.bytes > 0 && is_blank(s.at[0])) {
        s.at++;
        s.bytes--;
    }
    while (s.bytes > 0 && is_blank(s.at[s.bytes - 1])) {
        s.bytes--;
    }
    return s;
}

bool syn_str_to_u64(struct syn_str s, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (s.bytes == 0 || (s.bytes > 1 && s.at[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < s.bytes; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') {
            return false;
        }
        unsigned digit = (unsigned)(s.at[i] - '0');
        if (digit > max || value > (max - digit) / DECIMAL_BASE) {
            return false;
        }
        value = value * DECIMAL_BASE + digit;
    }
    *out = value;
    return true;
}

bool syn_str_to_i64(struct syn_str s, int64_t *out)
{
    uint64_t size = 0;
    bool is_negative = s.bytes > 0 && s.at[0] == '-';
    if (!is_negative) {
        if (!syn_str_to_u64(s, INT64_MAX, &size)) {
            return false;
        }
        *out = (int64_t)size;
        return true;
    }
    /* The lowest value has no positive twin: go by way of size - 1. */
    if (!syn_str_to_u64(syn_str_from(s, 1), (uint64_t)INT64_MAX + 1, &size) ||
        size == 0) {
        return false;
    }
    *out = -(int64_t)(size - 1) - 1;
    return true;
}

static bool is_tail(unsigned char c)
{
    return (c & TAIL_MASK) == TAIL_BITS;
}

static bool fits_lead(const struct lead *lead, const unsigned char *p,
                      size_t left)
{
    if (left < lead->bytes || p[1] < lead->second_min ||
        p[1] > lead->second_max) {
        return false;
    }
    for (size_t i = 2; i < lead->bytes; i++) {
        if (!is_tail(p[i])) {
            return false;
        }
    }
    return true;
}

size_t syn_str_utf8_bytes(struct syn_str s, size_t from)
{
    if (from >= s.bytes) {
        return 0;
    }
    const unsigned char *p = (const unsigned char *)s.at + from;
    if (p[0] < ASCII_END) {
        return 1;
    }
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (p[0] >= leads[i].first_min && p[0] <= leads[i].first_max) {
            return fits_lead(&leads[i], p, s.bytes - from) ? leads[i].bytes : 0;
        }
    }
    return 0;
}

struct syn_str syn_str_cut(struct syn_str s, size_t bytes_max)
{
    size_t end = s.bytes < bytes_max ? s.bytes : bytes_max;
    while (end < s.bytes && end > 0 &&
           ((unsigned char)s.at[end] & 0xc0u) == 0x80u) {
        end--;
    }
    return syn_str_part(s, 0, end);
}

bool syn_str_is_utf8(struct syn_str s)
{
    size_t at = 0;
    while (at < s.bytes) {
        uint64_t word = 0;
        /* Most text is ASCII: pass eight bytes at a time while it is. */
        if (s.bytes - at >= sizeof word) {
            memcpy(&word, s.at + at, sizeof word);
            if ((word & WORD_HIGH_BIT) == 0) {
                at += sizeof word;
                continue;
            }
        }
        size_t step = syn_str_utf8_bytes(s, at);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

size_t syn_str_code_points(struct syn_str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.bytes; i++) {
        count += is_tail((unsigned char)s.at[i]) ? 0 : 1;
    }
    return count;
}
