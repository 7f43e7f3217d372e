/*
 * base64.c - strict base64 and base64url.
 * Layer: base. Threads: none needed.
 * Source: RFC 4648 sections 4, 5 and 3.5 (canonical encoding).
 */
#include "base/base64.h"

#include "syn/limits.h"

#include <limits.h>
#include <string.h>

#define GROUP_BYTES  3 /* become ... */
#define GROUP_CHARS  4 /* ... so many characters */
#define CHAR_BITS    6
#define CHAR_MASK    0x3fu
#define BYTE_BITS    8
#define BYTE_MASK    0xffu
#define PAD          '='
#define CHUNK_GROUPS 64 /* encoded on the stack before each append */

static const char *const alphabets[] = {
    [SYN_BASE64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                   "abcdefghijklmnopqrstuvwxyz0123456789+/",
    [SYN_BASE64URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                      "abcdefghijklmnopqrstuvwxyz0123456789-_",
};

static void encode_group(const char *digits, const unsigned char *in, char *out)
{
    unsigned word =
        (unsigned)in[0] << 2 * BYTE_BITS | (unsigned)in[1] << BYTE_BITS | in[2];
    for (unsigned i = 0; i < GROUP_CHARS; i++) {
        out[i] = digits[word >> (GROUP_CHARS - 1 - i) * CHAR_BITS & CHAR_MASK];
    }
}

/* One or two bytes left over: so many characters and one more, then padding. */
static void put_tail(struct syn_buf *buf, enum syn_base64_alphabet alphabet,
                     struct syn_str in)
{
    unsigned char group[GROUP_BYTES] = {0};
    char chars[GROUP_CHARS];
    memcpy(group, in.at, in.bytes);
    encode_group(alphabets[alphabet], group, chars);
    for (size_t i = in.bytes + 1; i < GROUP_CHARS; i++) {
        chars[i] = PAD;
    }
    size_t bytes = alphabet == SYN_BASE64 ? GROUP_CHARS : in.bytes + 1;
    syn_buf_put(buf, (struct syn_str){chars, bytes});
}

void syn_base64_put(struct syn_buf *buf, enum syn_base64_alphabet alphabet,
                    struct syn_str in)
{
    SYN_ASSERT((unsigned)alphabet <= SYN_BASE64URL);
    char chars[CHUNK_GROUPS * GROUP_CHARS];
    size_t at = 0;
    while (in.bytes - at >= GROUP_BYTES) {
        size_t used = 0;
        while (in.bytes - at >= GROUP_BYTES && used < sizeof chars) {
            encode_group(alphabets[alphabet], (const unsigned char *)in.at + at,
                         chars + used);
            at += GROUP_BYTES;
            used += GROUP_CHARS;
        }
        syn_buf_put(buf, (struct syn_str){chars, used});
    }
    if (at < in.bytes) {
        put_tail(buf, alphabet, syn_str_from(in, at));
    }
}

/* Value and 1 of each digit, 0: none. A table, as branches on the letters of a
 * token are guessed wrong half the time. */
/* clang-format off */
#define COMMON_DIGITS \
    ['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, \
    ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] \
    = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = \
    20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, \
    ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, \
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, \
    ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, \
    ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50, \
    ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, \
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62
/* clang-format on */

static const unsigned char values[][UCHAR_MAX + 1] = {
    [SYN_BASE64] = {COMMON_DIGITS, ['+'] = 63, ['/'] = 64},
    [SYN_BASE64URL] = {COMMON_DIGITS, ['-'] = 63, ['_'] = 64},
};

/* Cut off the padding that base64 must have; base64url has none to cut. */
static bool strip_padding(enum syn_base64_alphabet alphabet, struct syn_str *in)
{
    if (alphabet == SYN_BASE64URL) {
        return true;
    }
    if (in->bytes % GROUP_CHARS != 0) {
        return false;
    }
    for (unsigned i = 0; i < 2 && in->bytes > 0; i++) {
        in->bytes -= in->at[in->bytes - 1] == PAD ? 1 : 0;
    }
    return true;
}

/* `in` has 2 to 4 characters, `out` gets one less; false on a wrong one or on
 * left-over bits. */
static bool decode_group(const unsigned char *of, struct syn_str in,
                         char out[GROUP_BYTES])
{
    unsigned word = 0;
    for (size_t i = 0; i < GROUP_CHARS; i++) {
        unsigned digit = i < in.bytes ? of[(unsigned char)in.at[i]] : 1;
        if (digit == 0) {
            return false;
        }
        word = word << CHAR_BITS | (digit - 1);
    }
    for (size_t i = 0; i < GROUP_BYTES; i++) {
        out[i] = (char)(word >> (GROUP_BYTES - 1 - i) * BYTE_BITS & BYTE_MASK);
    }
    /* What does not reach the output must be zero, or "QQ" and "QR" would be
     * two spellings of one byte. */
    for (size_t i = in.bytes - 1; i < GROUP_BYTES; i++) {
        if (out[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Four good characters are three bytes: the bulk of a text. */
static size_t decode_full(const unsigned char *of, struct syn_str in, char *out)
{
    const unsigned char *from = (const unsigned char *)in.at;
    size_t at = 0;
    for (; in.bytes - at >= GROUP_CHARS; at += GROUP_CHARS) {
        const unsigned a = of[from[at]];
        const unsigned b = of[from[at + 1]];
        const unsigned c = of[from[at + 2]];
        const unsigned d = of[from[at + 3]];
        if (a == 0 || b == 0 || c == 0 || d == 0) {
            break;
        }
        const unsigned word = (a - 1) << 3 * CHAR_BITS |
                              (b - 1) << 2 * CHAR_BITS | (c - 1) << CHAR_BITS |
                              (d - 1);
        *out++ = (char)(word >> 2 * BYTE_BITS);
        *out++ = (char)(word >> BYTE_BITS & BYTE_MASK);
        *out++ = (char)(word & BYTE_MASK);
    }
    return at;
}

/* Without padding; `out` has room for decoded_bytes(in). */
static bool decode_bare(const unsigned char *of, struct syn_str in, char *out)
{
    char tail[GROUP_BYTES];
    const size_t at = decode_full(of, in, out);
    const struct syn_str rest = syn_str_from(in, at);
    if (rest.bytes == 0) {
        return true;
    }
    /* A whole group that is left has a wrong character in it. */
    if (rest.bytes >= GROUP_CHARS || !decode_group(of, rest, tail)) {
        return false;
    }
    memcpy(out + at / GROUP_CHARS * GROUP_BYTES, tail, rest.bytes - 1);
    return true;
}

static size_t decoded_bytes(struct syn_str bare)
{
    const size_t rest = bare.bytes % GROUP_CHARS;
    return bare.bytes / GROUP_CHARS * GROUP_BYTES + (rest == 0 ? 0 : rest - 1);
}

bool syn_base64_decode_to(char *out, enum syn_base64_alphabet alphabet,
                          struct syn_str in, size_t *bytes)
{
    SYN_ASSERT((unsigned)alphabet <= SYN_BASE64URL);
    if (!strip_padding(alphabet, &in) || in.bytes % GROUP_CHARS == 1 ||
        !decode_bare(values[alphabet], in, out)) {
        return false;
    }
    *bytes = decoded_bytes(in);
    return true;
}

syn_status syn_base64_decode(struct syn_buf *buf,
                             enum syn_base64_alphabet alphabet,
                             struct syn_str in)
{
    SYN_ASSERT((unsigned)alphabet <= SYN_BASE64URL);
    if (buf->status != SYN_OK) {
        return buf->status;
    }
    if (!strip_padding(alphabet, &in) || in.bytes % GROUP_CHARS == 1) {
        return SYN_ERR_PARSE;
    }
    const size_t bytes = decoded_bytes(in);
    syn_buf_reserve(buf, bytes);
    if (bytes == 0 || buf->status != SYN_OK) {
        return buf->status;
    }
    if (!decode_bare(values[alphabet], in, buf->at + buf->bytes)) {
        return SYN_ERR_PARSE;
    }
    buf->bytes += bytes;
    return SYN_OK;
}
