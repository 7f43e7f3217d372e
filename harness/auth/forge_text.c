/*
 * forge_text.c - templates to text, and the honest header and payload.
 *
 * An identity taken from the kit is data: within JSON its quotes are escaped,
 * whatever else a template holds stays as it is, bad bytes included.
 */
#include "auth/forge_recipe.h"

#include "syn/limits.h"

#include <string.h>

#define OFFSET_DIGITS_MAX 12 /* of `$[…]`: thousands of years */
#define ASCII_FIRST       0x21
#define CONTROL_END       0x20

/* What a letter stands for. */
static const struct {
    char letter;
    size_t offset;
} fields[] = {
    {'I', offsetof(struct syn_forge_kit, identity)},
    {'V', offsetof(struct syn_forge_kit, victim)},
    {'K', offsetof(struct syn_forge_kit, key_sid)},
    {'X', offsetof(struct syn_forge_kit, secret)},
    {'A', offsetof(struct syn_forge_kit, account_sid)},
    {'S', offsetof(struct syn_forge_kit, service_sid)},
    {'H', offsetof(struct syn_forge_kit, auth_token)},
    {'k', offsetof(struct syn_forge_kit, other_key_sid)},
    {'x', offsetof(struct syn_forge_kit, other_secret)},
    {'s', offsetof(struct syn_forge_kit, other_service_sid)},
    {'f', offsetof(struct syn_forge_kit, foreign_key_sid)},
    {'y', offsetof(struct syn_forge_kit, foreign_secret)},
    {'a', offsetof(struct syn_forge_kit, foreign_account_sid)},
    {'r', offsetof(struct syn_forge_kit, restricted_key_sid)},
    {'z', offsetof(struct syn_forge_kit, restricted_secret)},
    {'u', offsetof(struct syn_forge_kit, callback_url)},
    {'J', offsetof(struct syn_forge_kit, jwe_key)},
};

static const struct syn_str *find_field(const struct syn_forge_kit *kit,
                                        char letter)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].letter == letter) {
            return (const struct syn_str *)(const void *)((const char *)kit +
                                                          fields[i].offset);
        }
    }
    return NULL;
}

static void put_value(struct syn_buf *buf, struct syn_str value, bool is_json)
{
    if (!is_json) {
        syn_buf_put(buf, value);
        return;
    }
    for (size_t i = 0; i < value.bytes; i++) {
        const unsigned char byte = (unsigned char)value.at[i];
        if (byte < CONTROL_END) {
            syn_buf_printf(buf, "\\u%04x", byte);
            continue;
        }
        if (byte == '"' || byte == '\\') {
            syn_buf_put_byte(buf, '\\');
        }
        syn_buf_put_byte(buf, value.at[i]);
    }
}

/* --- an identity that looks like the victim's ------------------------------
 */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t find_letter(struct syn_str s)
{
    size_t at = 0;
    while (at < s.bytes && !is_letter(s.at[at])) {
        at++;
    }
    return at;
}

/* `s` with `bytes` bytes at `at` replaced. */
static void put_replaced(struct syn_buf *buf, struct syn_str s, size_t at,
                         size_t bytes, const char *by)
{
    put_value(buf, syn_str_part(s, 0, at), true);
    syn_buf_put_text(buf, by);
    put_value(buf, syn_str_from(s, at + bytes), true);
}

static syn_status put_other_case(struct syn_buf *buf, struct syn_str victim)
{
    const size_t at = find_letter(victim);
    if (at == victim.bytes) {
        return SYN_ERR_NOT_FOUND;
    }
    const char case_bit = 0x20;
    const char other[] = {(char)(victim.at[at] ^ case_bit), '\0'};
    put_replaced(buf, victim, at, 1, other);
    return SYN_OK;
}

/* U+FF01 onwards mirror the ASCII from `!`; NFKC folds them together. */
static syn_status put_full_width(struct syn_buf *buf, struct syn_str victim)
{
    const size_t at = find_letter(victim);
    if (at == victim.bytes) {
        return SYN_ERR_NOT_FOUND;
    }
    const unsigned step = (unsigned)victim.at[at] - ASCII_FIRST + 1;
    const unsigned in_row = 0x40; /* a third byte has six bits */
    const char wide[] = {'\xef', (char)(0xbc + step / in_row),
                         (char)(0x80 + step % in_row), '\0'};
    put_replaced(buf, victim, at, 1, wide);
    return SYN_OK;
}

struct swap {
    const char *from;
    const char *to;
};

/* The first letter of the victim that the table knows is swapped. */
static syn_status put_swapped(struct syn_buf *buf, struct syn_str victim,
                              const struct swap *swaps, size_t count)
{
    for (size_t at = 0; at < victim.bytes; at++) {
        for (size_t i = 0; i < count; i++) {
            const struct syn_str from = syn_str_of(swaps[i].from);
            if (syn_str_has_prefix(syn_str_from(victim, at), from)) {
                put_replaced(buf, victim, at, from.bytes, swaps[i].to);
                return SYN_OK;
            }
        }
    }
    return SYN_ERR_NOT_FOUND;
}

/* Cyrillic letters that look like Latin ones. */
static const struct swap homoglyphs[] = {
    {"a", "\xd0\xb0"}, {"c", "\xd1\x81"}, {"e", "\xd0\xb5"}, {"i", "\xd1\x96"},
    {"o", "\xd0\xbe"}, {"p", "\xd1\x80"}, {"x", "\xd1\x85"}, {"y", "\xd1\x83"},
};

/* Precomposed letters taken apart (NFD). */
static const struct swap decomposed[] = {
    {"\xc3\xa0", "a\xcc\x80"}, {"\xc3\xa1", "a\xcc\x81"},
    {"\xc3\xa4", "a\xcc\x88"}, {"\xc3\xa8", "e\xcc\x80"},
    {"\xc3\xa9", "e\xcc\x81"}, {"\xc3\xab", "e\xcc\x88"},
    {"\xc3\xad", "i\xcc\x81"}, {"\xc3\xb1", "n\xcc\x83"},
    {"\xc3\xb3", "o\xcc\x81"}, {"\xc3\xb6", "o\xcc\x88"},
    {"\xc3\xba", "u\xcc\x81"}, {"\xc3\xbc", "u\xcc\x88"},
};

/* Up to the last code point. */
static syn_status put_shortened(struct syn_buf *buf, struct syn_str victim)
{
    size_t last = 0;
    size_t next = 0;
    while (next < victim.bytes) {
        last = next;
        const size_t bytes = syn_str_utf8_bytes(victim, next);
        if (bytes == 0) {
            return SYN_ERR_NOT_FOUND;
        }
        next += bytes;
    }
    if (last == 0) {
        return SYN_ERR_NOT_FOUND; /* nothing would be left */
    }
    put_value(buf, syn_str_part(victim, 0, last), true);
    return SYN_OK;
}

/* The honest identity, made so many code points long. */
static syn_status put_lengthened(struct syn_buf *buf, struct syn_str identity,
                                 size_t points)
{
    if (!syn_str_is_utf8(identity)) {
        return SYN_ERR_NOT_FOUND;
    }
    put_value(buf, identity, true);
    for (size_t i = syn_str_code_points(identity); i < points; i++) {
        syn_buf_put_byte(buf, 'x');
    }
    return SYN_OK;
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* SYN_ERR_ARG: the letter stands for no look-alike. */
static syn_status put_lookalike(struct syn_buf *buf,
                                const struct syn_forge_kit *kit, char letter)
{
    const bool is_own = letter == 'P' || letter == 'L';
    if ((is_own ? kit->identity : kit->victim).bytes == 0) {
        return SYN_ERR_NOT_FOUND;
    }
    switch (letter) {
    case 'C':
        return put_other_case(buf, kit->victim);
    case 'W':
        return put_full_width(buf, kit->victim);
    case 'O':
        return put_swapped(buf, kit->victim, homoglyphs, COUNT(homoglyphs));
    case 'N':
        return put_swapped(buf, kit->victim, decomposed, COUNT(decomposed));
    case 'M':
        return put_shortened(buf, kit->victim);
    case 'P':
        return put_lengthened(buf, kit->identity, SYN_IDENTITY_POINTS_MAX);
    case 'L':
        return put_lengthened(buf, kit->identity, SYN_IDENTITY_POINTS_MAX + 1);
    }
    return SYN_ERR_ARG;
}

/* --- templates ------------------------------------------------------------ */

static void put_fill(struct syn_buf *buf, const char *text, size_t count)
{
    const struct syn_str piece = syn_str_of(text);
    for (size_t i = 0; i < count && buf->status == SYN_OK; i++) {
        syn_buf_put(buf, piece);
    }
}

/* `[-60]`: a time; *at moves behind it. */
static syn_status put_time(struct syn_buf *buf, struct syn_str pattern,
                           size_t *at, int64_t now_s)
{
    const size_t close = syn_str_find(pattern, ']', *at);
    const struct syn_str digits =
        syn_str_part(pattern, *at + 1, close - *at - 1);
    int64_t offset_s = 0;
    SYN_ASSERT(close < pattern.bytes && digits.bytes <= OFFSET_DIGITS_MAX);
    SYN_ASSERT(syn_str_to_i64(digits, &offset_s));
    syn_buf_put_i64(buf, now_s + offset_s);
    *at = close + 1;
    return SYN_OK;
}

static syn_status put_letter(struct syn_buf *buf,
                             const struct syn_forge_kit *kit,
                             const struct syn_forge_recipe *recipe, char letter,
                             bool is_json)
{
    if (letter == 'F') {
        put_fill(buf, recipe->fill, recipe->fill_count);
        return SYN_OK;
    }
    if (letter == 'G') {
        put_fill(buf, recipe->fill_end, recipe->fill_count);
        return SYN_OK;
    }
    const struct syn_str *field = find_field(kit, letter);
    if (field == NULL) {
        const syn_status st = put_lookalike(buf, kit, letter);
        SYN_ASSERT(st != SYN_ERR_ARG);
        return st;
    }
    if (field->bytes == 0) {
        return SYN_ERR_NOT_FOUND;
    }
    put_value(buf, *field, is_json);
    return SYN_OK;
}

syn_status syn_forge_put(struct syn_buf *buf, const struct syn_forge_kit *kit,
                         const struct syn_forge_recipe *recipe,
                         const char *pattern, bool is_json)
{
    const struct syn_str text = syn_str_of(pattern);
    syn_status st = SYN_OK;
    size_t at = 0;
    while (at < text.bytes && st == SYN_OK) {
        const size_t dollar = syn_str_find(text, '$', at);
        syn_buf_put(buf, syn_str_part(text, at, dollar - at));
        at = dollar + 1;
        if (at >= text.bytes) {
            break;
        }
        if (text.at[at] == '[') {
            st = put_time(buf, text, &at, kit->now_s);
            continue;
        }
        st = put_letter(buf, kit, recipe, text.at[at], is_json);
        at++;
    }
    return st == SYN_OK ? buf->status : st;
}

/* --- header and payload --------------------------------------------------- */

/* A member, or the honest one where the recipe names none. */
struct member {
    const char *own;
    const char *honest;
};

static syn_status put_members(struct syn_buf *buf,
                              const struct syn_forge_kit *kit,
                              const struct syn_forge_recipe *recipe,
                              const struct member *members, size_t count)
{
    bool needs_comma = false;
    syn_status st = SYN_OK;
    syn_buf_put_byte(buf, '{');
    for (size_t i = 0; i < count && st == SYN_OK; i++) {
        const char *text =
            members[i].own == NULL ? members[i].honest : members[i].own;
        if (text[0] == '\0') {
            continue;
        }
        if (needs_comma) {
            syn_buf_put_byte(buf, ',');
        }
        needs_comma = true;
        st = syn_forge_put(buf, kit, recipe, text, true);
    }
    syn_buf_put_byte(buf, '}');
    return st == SYN_OK ? buf->status : st;
}

syn_status syn_forge_put_header(struct syn_buf *buf,
                                const struct syn_forge_kit *kit,
                                const struct syn_forge_recipe *recipe)
{
    if (recipe->header != NULL) {
        return syn_forge_put(buf, kit, recipe, recipe->header, true);
    }
    const struct member members[] = {
        {recipe->typ, "\"typ\":\"JWT\""},
        {recipe->alg, "\"alg\":\"HS256\""},
        {recipe->cty, "\"cty\":\"twilio-fpa;v=1\""},
        {recipe->head, ""},
    };
    return put_members(buf, kit, recipe, members, COUNT(members));
}

static syn_status put_grants(struct syn_buf *buf,
                             const struct syn_forge_kit *kit,
                             const struct syn_forge_recipe *recipe)
{
    const struct member members[] = {
        {recipe->identity, "\"identity\":\"$I\""},
        {recipe->sync, "\"data_sync\":{\"service_sid\":\"$S\"}"},
        {recipe->others, ""},
    };
    syn_buf_put_text(buf, "\"grants\":");
    return put_members(buf, kit, recipe, members, COUNT(members));
}

/* The grants are members of their own, so they are made first and spliced in
 * front of the claims. */
syn_status syn_forge_put_payload(struct syn_buf *buf,
                                 const struct syn_forge_kit *kit,
                                 const struct syn_forge_recipe *recipe)
{
    if (recipe->payload != NULL) {
        return syn_forge_put(buf, kit, recipe, recipe->payload, true);
    }
    const struct member claims[] = {
        {NULL, "\"jti\":\"$K-$[0]\""},
        {recipe->iat, "\"iat\":$[0]"},
        {recipe->exp, "\"exp\":$[3600]"},
        {recipe->nbf, ""},
        {recipe->iss, "\"iss\":\"$K\""},
        {recipe->sub, "\"sub\":\"$A\""},
        {recipe->claims, ""},
    };
    struct syn_buf rest;
    syn_buf_init(&rest, NULL, SYN_TOKEN_FORGED_BYTES_MAX);
    syn_status st = put_members(&rest, kit, recipe, claims, COUNT(claims));
    syn_buf_put_byte(buf, '{');
    if (st == SYN_OK && recipe->grants == NULL) {
        st = put_grants(buf, kit, recipe);
    } else if (st == SYN_OK) {
        st = syn_forge_put(buf, kit, recipe, recipe->grants, true);
    }
    if (st == SYN_OK) {
        if (recipe->grants == NULL || recipe->grants[0] != '\0') {
            syn_buf_put_byte(buf, ',');
        }
        syn_buf_put(buf, syn_str_from(syn_buf_str(&rest), 1));
        st = buf->status;
    }
    syn_buf_fini(&rest);
    return st;
}
