/*
 * mask.c - secrets out of the transcript.
 * Layer: runner. Threads: values.
 *
 * One pass over the text. A marker that fits is copied and what follows, up to
 * its end set, is replaced. What looks like a token is replaced wherever it
 * stands. Most bytes begin nothing: two tables, of the first and of the second
 * byte of all that is looked for, tell so, and such bytes are copied in runs.
 */
#include "runner/mask.h"

#include "base/crypto.h"

#include <string.h>

#define SECRET_BYTES_MIN 8  /* shorter "secrets" would mask plain words */
#define TOKEN_BYTES_MIN  16 /* "eyJ" and little else is no token */
#define BYTE_VALUES      256
#define TOKEN_START      "eyJ" /* a JSON header in base64url */

struct marker {
    const char *text; /* lower case; a blank stands for any spaces, or none */
    const char *end;  /* bytes that end the secret */
};

static const struct marker markers[] = {
    {"authorization: basic ", "\r\n"},
    {"authorization: bearer ", "\r\n"},
    {"proxy-authorization: ", "\r\n"},
    {"x-twilio-signature: ", "\r\n"},
    {"x-twilio-token: ", "\r\n"},
    {"cookie: ", "\r\n"},
    {"\"token\" : \"", "\""},
    {"\"continuation_token\" : \"", "\""},
    {"\"continuationtoken\" : \"", "\""},
    {"\"auth_token\" : \"", "\""},
    {"\"api_secret\" : \"", "\""},
    {"\"secret\" : \"", "\""},
};

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* Bytes of `text` at `at` that the marker covers; 0: it does not fit. */
static size_t marker_bytes(struct syn_str text, size_t at, const char *marker)
{
    size_t from = at;
    for (; *marker != '\0'; marker++) {
        if (*marker == ' ') {
            while (at < text.bytes && text.at[at] == ' ') {
                at++;
            }
        } else if (at < text.bytes && lower(text.at[at]) == *marker) {
            at++;
        } else {
            return 0;
        }
    }
    return at - from;
}

static void put_masked(struct syn_buf *out, struct syn_str secret)
{
    char print[SYN_FINGERPRINT_BYTES];
    if (secret.bytes > 0) {
        syn_crypto_fingerprint(secret, print);
        syn_buf_printf(out, "[masked %s]", print);
    }
}

static bool is_one_of(char byte, const char *set)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

/* Bytes consumed by a marker and the secret behind it; 0: none here. */
static size_t mask_marked(struct syn_buf *out, struct syn_str text, size_t at)
{
    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++) {
        size_t head = marker_bytes(text, at, markers[i].text);
        size_t end = at + head;
        if (head == 0) {
            continue;
        }
        while (end < text.bytes && !is_one_of(text.at[end], markers[i].end)) {
            end++;
        }
        syn_buf_put(out, syn_str_part(text, at, head));
        put_masked(out, syn_str_part(text, at + head, end - at - head));
        return end - at;
    }
    return 0;
}

static bool is_token_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '_' ||
           byte == '.' || byte == '=';
}

static size_t mask_token(struct syn_buf *out, struct syn_str text, size_t at)
{
    size_t end = at;
    if (!syn_str_has_prefix(syn_str_from(text, at), SYN_STR(TOKEN_START))) {
        return 0;
    }
    while (end < text.bytes && is_token_byte(text.at[end])) {
        end++;
    }
    if (end - at < TOKEN_BYTES_MIN) {
        return 0;
    }
    put_masked(out, syn_str_part(text, at, end - at));
    return end - at;
}

static size_t mask_listed(struct syn_buf *out, const struct syn_mask *mask,
                          struct syn_str text, size_t at)
{
    for (size_t i = 0; i < mask->secret_count; i++) {
        struct syn_str secret = syn_str_of(mask->secrets[i]);
        if (secret.bytes >= SECRET_BYTES_MIN &&
            syn_str_has_prefix(syn_str_from(text, at), secret)) {
            put_masked(out, secret);
            return secret.bytes;
        }
    }
    return 0;
}

/* Bytes that something to be masked may begin with, and go on with. */
struct start {
    bool is_first[BYTE_VALUES];
    bool is_second[BYTE_VALUES];
};

static char upper(char byte)
{
    return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

/* Every text looked for has two bytes at least, and no blank among them. */
static void add_start(struct start *start, const char *text)
{
    SYN_ASSERT(text[0] > ' ' && text[1] > ' ');
    start->is_first[(unsigned char)text[0]] = true;
    start->is_first[(unsigned char)upper(text[0])] = true;
    start->is_second[(unsigned char)text[1]] = true;
    start->is_second[(unsigned char)upper(text[1])] = true;
}

static void add_secret(struct start *start, const char *secret)
{
    if (secret != NULL && strlen(secret) >= SECRET_BYTES_MIN) {
        start->is_first[(unsigned char)secret[0]] = true;
        start->is_second[(unsigned char)secret[1]] = true;
    }
}

static void make_start(struct start *start, const struct syn_mask *mask)
{
    memset(start, 0, sizeof *start);
    add_start(start, TOKEN_START);
    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++) {
        add_start(start, markers[i].text);
    }
    for (size_t i = 0; i < mask->secret_count; i++) {
        add_secret(start, mask->secrets[i]);
    }
}

/* The next place from `at` on where something may begin; the end: nowhere. */
static size_t find_start(const struct start *start, struct syn_str text,
                         size_t at)
{
    const unsigned char *bytes = (const unsigned char *)text.at;
    while (at + 1 < text.bytes &&
           !(start->is_first[bytes[at]] && start->is_second[bytes[at + 1]])) {
        at++;
    }
    return at + 1 < text.bytes ? at : text.bytes;
}

void syn_mask_put(struct syn_buf *out, const struct syn_mask *mask,
                  struct syn_str text)
{
    struct start start;
    size_t plain = 0; /* from here on nothing is copied yet */
    make_start(&start, mask);
    size_t at = find_start(&start, text, 0);
    while (at < text.bytes) {
        syn_buf_put(out, syn_str_part(text, plain, at - plain));
        plain = at;
        size_t bytes = mask_marked(out, text, at);
        bytes = bytes > 0 ? bytes : mask_token(out, text, at);
        bytes = bytes > 0 ? bytes : mask_listed(out, mask, text, at);
        plain += bytes;
        at = find_start(&start, text, bytes > 0 ? plain : at + 1);
    }
    syn_buf_put(out, syn_str_from(text, plain));
}
