/*
 * forge_edit.c - spoils a finished text: other spellings of the same token.
 *
 * What is changed before signing is signed as it is, so that only a strict
 * decoder can refuse it; what is changed after signing leaves the signed part
 * alone where it can.
 */
#include "auth/forge_recipe.h"

#include "syn/limits.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define SEXTET_BITS 6

/* Where the signature begins: behind the last dot. */
static size_t find_signature(const struct syn_buf *text)
{
    size_t at = text->bytes;
    while (at > 0 && text->at[at - 1] != '.') {
        at--;
    }
    return at;
}

/* Turn bits of one base64url digit. */
static syn_status turn_digit(struct syn_buf *text, size_t at, unsigned bits)
{
    SYN_ASSERT(at < text->bytes);
    const char *digit = strchr(alphabet, text->at[at]);
    SYN_ASSERT(digit != NULL && *digit != '\0');
    text->at[at] = alphabet[(unsigned)(digit - alphabet) ^ bits];
    return SYN_OK;
}

static syn_status put_around(struct syn_buf *text, size_t at, const char *what)
{
    struct syn_buf copy;
    syn_buf_init(&copy, NULL, SYN_TOKEN_FORGED_BYTES_MAX);
    syn_buf_put(&copy, syn_buf_str(text));
    const struct syn_str old = syn_buf_str(&copy);
    syn_status st = copy.status;
    if (st == SYN_OK) {
        syn_buf_clear(text);
        syn_buf_put(text, syn_str_part(old, 0, at));
        syn_buf_put_text(text, what);
        syn_buf_put(text, syn_str_from(old, at));
        st = text->status;
    }
    syn_buf_fini(&copy);
    return st;
}

/* --- before signing ------------------------------------------------------- */

syn_status syn_forge_pad_header(struct syn_buf *text, unsigned at)
{
    (void)at;
    return put_around(text, syn_str_find(syn_buf_str(text), '.', 0), "=");
}

syn_status syn_forge_pad_payload(struct syn_buf *text, unsigned at)
{
    (void)at;
    syn_buf_put_byte(text, '=');
    return text->status;
}

/* The honest header has 50 bytes, so its last digit has two bits to spare. */
syn_status syn_forge_spare_bits(struct syn_buf *text, unsigned at)
{
    (void)at;
    const size_t dot = syn_str_find(syn_buf_str(text), '.', 0);
    const size_t group = 4, digits_with_spare_bits = 3;
    SYN_ASSERT(dot % group == digits_with_spare_bits);
    return turn_digit(text, dot - 1, 1);
}

syn_status syn_forge_plain_alphabet(struct syn_buf *text, unsigned at)
{
    (void)at;
    bool is_changed = false;
    for (size_t i = 0; i < text->bytes; i++) {
        if (text->at[i] == '-' || text->at[i] == '_') {
            text->at[i] = text->at[i] == '-' ? '+' : '/';
            is_changed = true;
        }
    }
    SYN_ASSERT(is_changed);
    return SYN_OK;
}

/* --- after signing -------------------------------------------------------- */

syn_status syn_forge_flip_bit(struct syn_buf *text, unsigned at)
{
    const unsigned top = 1u << (SEXTET_BITS - 1);
    return turn_digit(text, find_signature(text) + at / SEXTET_BITS,
                      top >> (at % SEXTET_BITS));
}

/* `at` digits stay. */
syn_status syn_forge_cut_signature(struct syn_buf *text, unsigned at)
{
    const size_t end = find_signature(text) + at;
    SYN_ASSERT(end < text->bytes);
    text->bytes = end;
    return SYN_OK;
}

syn_status syn_forge_lengthen_signature(struct syn_buf *text, unsigned at)
{
    (void)at;
    syn_buf_put_byte(text, 'A');
    return text->status;
}

/* 32 bytes end in a digit with two bits to spare. */
syn_status syn_forge_spare_signature_bits(struct syn_buf *text, unsigned at)
{
    (void)at;
    return turn_digit(text, text->bytes - 1, 1);
}

syn_status syn_forge_pad_signature(struct syn_buf *text, unsigned at)
{
    (void)at;
    syn_buf_put_byte(text, '=');
    return text->status;
}

syn_status syn_forge_blank_before(struct syn_buf *text, unsigned at)
{
    (void)at;
    return put_around(text, 0, " ");
}

syn_status syn_forge_blank_behind(struct syn_buf *text, unsigned at)
{
    (void)at;
    syn_buf_put_byte(text, ' ');
    return text->status;
}

syn_status syn_forge_line_inside(struct syn_buf *text, unsigned at)
{
    (void)at;
    return put_around(text, find_signature(text), "\r\n");
}

syn_status syn_forge_line_behind(struct syn_buf *text, unsigned at)
{
    (void)at;
    syn_buf_put_text(text, "\r\n");
    return text->status;
}

syn_status syn_forge_dot_before(struct syn_buf *text, unsigned at)
{
    (void)at;
    return put_around(text, 0, ".");
}

syn_status syn_forge_dot_behind(struct syn_buf *text, unsigned at)
{
    (void)at;
    syn_buf_put_byte(text, '.');
    return text->status;
}

syn_status syn_forge_fourth_part(struct syn_buf *text, unsigned at)
{
    (void)at;
    syn_buf_put_text(text, ".e30");
    return text->status;
}

syn_status syn_forge_nul_behind(struct syn_buf *text, unsigned at)
{
    (void)at;
    syn_buf_put_byte(text, '\0');
    return text->status;
}

syn_status syn_forge_bearer(struct syn_buf *text, unsigned at)
{
    (void)at;
    return put_around(text, 0, "Bearer ");
}

syn_status syn_forge_braces(struct syn_buf *text, unsigned at)
{
    (void)at;
    syn_buf_put_byte(text, '}');
    return put_around(text, 0, "{");
}

syn_status syn_forge_quotes(struct syn_buf *text, unsigned at)
{
    (void)at;
    syn_buf_put_byte(text, '"');
    return put_around(text, 0, "\"");
}

/* --- JSON serialisation (RFC 7515 section 7.2) ----------------------------
 */

static syn_status serialise(struct syn_buf *text, const char *format)
{
    struct syn_buf copy;
    syn_buf_init(&copy, NULL, SYN_TOKEN_FORGED_BYTES_MAX);
    syn_buf_put(&copy, syn_buf_str(text));
    const struct syn_str old = syn_buf_str(&copy);
    const size_t first = syn_str_find(old, '.', 0);
    const size_t second = find_signature(text) - 1;
    const struct syn_str parts[] = {
        syn_str_part(old, first + 1, second - first - 1), /* p: payload */
        syn_str_part(old, 0, first),                      /* h: header */
        syn_str_from(old, second + 1)};                   /* s: signature */
    static const char letters[] = "phs";
    syn_buf_clear(text);
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '$') {
            syn_buf_put_byte(text, *at);
            continue;
        }
        at++;
        syn_buf_put(text, parts[strchr(letters, *at) - letters]);
    }
    syn_status st = copy.status == SYN_OK ? text->status : copy.status;
    syn_buf_fini(&copy);
    return st;
}

syn_status syn_forge_flattened(struct syn_buf *text, unsigned at)
{
    (void)at;
    return serialise(text, "{\"payload\":\"$p\",\"protected\":\"$h\","
                           "\"signature\":\"$s\"}");
}

syn_status syn_forge_general(struct syn_buf *text, unsigned at)
{
    (void)at;
    return serialise(text, "{\"payload\":\"$p\",\"signatures\":[{"
                           "\"protected\":\"$h\",\"signature\":\"$s\"}]}");
}

/* --- DEFLATE that grows (RFC 1951 section 3.2.6) --------------------------
 */

struct bits {
    struct syn_buf *buf;
    unsigned pending;
    unsigned count;
};

/* Bits fill a byte from its lowest end. */
static void put_bit(struct bits *bits, unsigned bit)
{
    bits->pending |= bit << bits->count;
    bits->count++;
    const unsigned byte_bits = 8;
    if (bits->count == byte_bits) {
        syn_buf_put_byte(bits->buf, (char)bits->pending);
        bits->pending = 0;
        bits->count = 0;
    }
}

/* Huffman codes go in from their highest bit, as the text reads. */
static void put_code(struct bits *bits, const char *code)
{
    for (; *code != '\0'; code++) {
        put_bit(bits, *code == '1');
    }
}

/*
 * One block of fixed codes: a literal, then matches of the greatest length at
 * distance 1, 13 bits for 258 bytes each.
 */
syn_status syn_forge_bomb(struct syn_buf *text, unsigned at)
{
    syn_buf_clear(text);
    struct bits bits = {text, 0, 0};
    put_code(&bits, "110");      /* last block; fixed codes, low bit first */
    put_code(&bits, "01110001"); /* literal 'A' */
    for (unsigned i = 0; i < at; i++) {
        put_code(&bits, "1100010100000"); /* length 258, distance 1 */
    }
    put_code(&bits, "0000000"); /* end of block */
    while (bits.count != 0) {
        put_bit(&bits, 0);
    }
    return text->status;
}
