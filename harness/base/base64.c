/*
 * base64.c - strict base64 and base64url.
 * Layer: base. Threads: none needed.
 * Source: RFC 4648 sections 4, 5 and 3.5 (canonical encoding).
 */
#include "base/base64.h"

#include "syn/limits.h"

#include <string.h>

#define GROUP_BYTES  3 /* become ... */
#define GROUP_CHARS  4 /* ... so many characters */
#define CHAR_BITS    6
#define CHAR_MASK    0x3fu
#define BYTE_BITS    8
#define BYTE_MASK    0xffu
#define PAD          '='
#define NOT_A_DIGIT  64u
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

static unsigned digit_of(enum syn_base64_alphabet alphabet, char c)
{
    const char *digits = alphabets[alphabet];
    if (c >= 'A' && c <= 'Z') {
        return (unsigned)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned)(c - 'a') + 26u;
    }
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0') + 52u;
    }
    if (c == digits[62]) {
        return 62u;
    }
    return c == digits[63] ? 63u : NOT_A_DIGIT;
}

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

/* `in` has 2 to 4 characters; false on a wrong one or on left-over bits. */
static bool decode_group(struct syn_buf *buf, enum syn_base64_alphabet alphabet,
                         struct syn_str in)
{
    unsigned word = 0;
    char bytes[GROUP_BYTES];
    for (size_t i = 0; i < GROUP_CHARS; i++) {
        unsigned digit = i < in.bytes ? digit_of(alphabet, in.at[i]) : 0;
        if (digit == NOT_A_DIGIT) {
            return false;
        }
        word = word << CHAR_BITS | digit;
    }
    for (size_t i = 0; i < GROUP_BYTES; i++) {
        bytes[i] =
            (char)(word >> (GROUP_BYTES - 1 - i) * BYTE_BITS & BYTE_MASK);
    }
    /* What does not reach the output must be zero, or "QQ" and "QR" would be
     * two spellings of one byte. */
    for (size_t i = in.bytes - 1; i < GROUP_BYTES; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    syn_buf_put(buf, (struct syn_str){bytes, in.bytes - 1});
    return true;
}

syn_status syn_base64_decode(struct syn_buf *buf,
                             enum syn_base64_alphabet alphabet,
                             struct syn_str in)
{
    SYN_ASSERT((unsigned)alphabet <= SYN_BASE64URL);
    size_t before = buf->bytes;
    if (buf->status != SYN_OK) {
        return buf->status;
    }
    if (!strip_padding(alphabet, &in) || in.bytes % GROUP_CHARS == 1) {
        return SYN_ERR_PARSE;
    }
    for (size_t at = 0; at < in.bytes; at += GROUP_CHARS) {
        if (!decode_group(buf, alphabet, syn_str_part(in, at, GROUP_CHARS))) {
            buf->bytes = before;
            return SYN_ERR_PARSE;
        }
    }
    return buf->status;
}
