/*
 * mask.c - secrets out of the transcript.
 * Layer: runner. Threads: values.
 *
 * One pass over the text. At each byte a table of markers is asked: a marker
 * that fits is copied and what follows, up to its end set, is replaced. What
 * looks like a token is replaced wherever it stands.
 */
#include "runner/mask.h"

#include "base/crypto.h"

#include <string.h>

#define SECRET_BYTES_MIN 8  /* shorter "secrets" would mask plain words */
#define TOKEN_BYTES_MIN  16 /* "eyJ" and little else is no token */

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

/* A JSON header in base64url begins with eyJ. */
static size_t mask_token(struct syn_buf *out, struct syn_str text, size_t at)
{
    size_t end = at;
    if (!syn_str_has_prefix(syn_str_from(text, at), SYN_STR("eyJ"))) {
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

void syn_mask_put(struct syn_buf *out, const struct syn_mask *mask,
                  struct syn_str text)
{
    size_t at = 0;
    while (at < text.bytes) {
        size_t bytes = mask_marked(out, text, at);
        bytes = bytes > 0 ? bytes : mask_token(out, text, at);
        bytes = bytes > 0 ? bytes : mask_listed(out, mask, text, at);
        if (bytes == 0) {
            syn_buf_put_byte(out, text.at[at]);
            bytes = 1;
        }
        at += bytes;
    }
}
