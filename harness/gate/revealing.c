/*
 * revealing.c - addresses and numbers in texts, plain and encoded.
 * Layer: gate. Threads: none needed.
 *
 * The text is tried as it is, with %40 and _40 undone, and each run that could
 * be hex or base64 is decoded. Only what decodes to a whole address or number
 * counts, so that a hash is never taken for one.
 */
#include "gate/revealing.h"

#include "base/base64.h"
#include "base/buf.h"
#include "syn/limits.h"

#include <ctype.h>
#include <string.h>

#define TEXT_BYTES_MAX 4096 /* longer names do not exist */
#define DOMAIN_END_MIN 2
#define PHONE_MIN      7  /* digits behind a plus */
#define BARE_PHONE_MIN 10 /* digits and nothing else */
#define PHONE_MAX      15 /* E.164 */
#define RUN_MIN        8  /* shorter runs encode no address */
#define OPAQUE_HEX_MIN 16
#define OPAQUE_MIN     22 /* 128 bits in base64 */
#define HEX_DIGIT_BITS 4

enum found { FOUND_NOTHING, FOUND_EMAIL, FOUND_PHONE };

static bool is_in(char byte, const char *more)
{
    return isalnum((unsigned char)byte) != 0 ||
           (byte != '\0' && strchr(more, byte) != NULL);
}

static bool has_email(struct syn_str s)
{
    for (size_t at = syn_str_find(s, '@', 0); at < s.bytes;
         at = syn_str_find(s, '@', at + 1)) {
        size_t end = at + 1;
        size_t dot = 0;
        while (end < s.bytes && is_in(s.at[end], ".-")) {
            dot = s.at[end] == '.' ? end : dot;
            end++;
        }
        bool has_local = at > 0 && is_in(s.at[at - 1], "._%+-");
        bool has_domain = dot > at + 1 && end - dot - 1 >= DOMAIN_END_MIN &&
                          isalpha((unsigned char)s.at[dot + 1]) != 0;
        if (has_local && has_domain) {
            return true;
        }
    }
    return false;
}

/* Digits from `at` on, with the usual separators between them. */
static size_t count_digits(struct syn_str s, size_t at)
{
    size_t digits = 0;
    for (; at < s.bytes; at++) {
        if (isdigit((unsigned char)s.at[at]) != 0) {
            digits++;
        } else if (strchr(" -.()", s.at[at]) == NULL) {
            break;
        }
    }
    return digits;
}

static bool has_phone(struct syn_str s)
{
    size_t digits = 0;
    for (size_t at = syn_str_find(s, '+', 0); at < s.bytes;
         at = syn_str_find(s, '+', at + 1)) {
        digits = count_digits(s, at + 1);
        if (digits >= PHONE_MIN && digits <= PHONE_MAX) {
            return true;
        }
    }
    for (size_t i = 0; i < s.bytes; i++) {
        if (isdigit((unsigned char)s.at[i]) == 0) {
            return false;
        }
    }
    return s.bytes >= BARE_PHONE_MIN && s.bytes <= PHONE_MAX;
}

static enum found find_plain(struct syn_str s)
{
    return has_email(s)   ? FOUND_EMAIL
           : has_phone(s) ? FOUND_PHONE
                          : FOUND_NOTHING;
}

static int hex_of(char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char *at =
        byte == '\0' ? NULL : strchr(digits, tolower((unsigned char)byte));
    return at == NULL ? -1 : (int)(at - digits);
}

/* %40 and _40 undone, whichever `mark` is; into `out` of s.bytes. */
static struct syn_str undo(struct syn_str s, char mark, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < s.bytes; i++) {
        bool is_code = s.at[i] == mark && i + 2 < s.bytes &&
                       hex_of(s.at[i + 1]) >= 0 && hex_of(s.at[i + 2]) >= 0;
        if (is_code) {
            out[used++] = (char)(hex_of(s.at[i + 1]) << HEX_DIGIT_BITS |
                                 hex_of(s.at[i + 2]));
            i += 2;
        } else {
            out[used++] = s.at[i];
        }
    }
    return (struct syn_str){out, used};
}

static bool is_printable(struct syn_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        if (isprint((unsigned char)s.at[i]) == 0) {
            return false;
        }
    }
    return s.bytes > 0;
}

static enum found find_in_hex(struct syn_str run)
{
    char text[TEXT_BYTES_MAX];
    struct syn_str plain = {text, run.bytes / 2};
    for (size_t i = 0; i + 1 < run.bytes; i += 2) {
        text[i / 2] =
            (char)(hex_of(run.at[i]) << HEX_DIGIT_BITS | hex_of(run.at[i + 1]));
    }
    return run.bytes % 2 == 0 && is_printable(plain) ? find_plain(plain)
                                                     : FOUND_NOTHING;
}

/* Both alphabets; padding may be missing in either. */
static enum found find_in_base64(struct syn_str run)
{
    struct syn_buf out;
    char text[TEXT_BYTES_MAX];
    enum found found = FOUND_NOTHING;
    while (run.bytes > 0 && run.at[run.bytes - 1] == '=') {
        run.bytes--;
    }
    for (size_t i = 0; i < run.bytes; i++) {
        text[i] = run.at[i] == '+' ? '-' : run.at[i] == '/' ? '_' : run.at[i];
    }
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    if (syn_base64_decode(&out, SYN_BASE64URL,
                          (struct syn_str){text, run.bytes}) == SYN_OK &&
        is_printable(syn_buf_str(&out))) {
        found = find_plain(syn_buf_str(&out));
    }
    syn_buf_fini(&out);
    return found;
}

static bool is_hex_digit(char byte)
{
    return hex_of(byte) >= 0;
}

static bool is_base64_digit(char byte)
{
    return is_in(byte, "+/=");
}

static bool is_base64url_digit(char byte)
{
    return is_in(byte, "-_=");
}

/* Each run of one alphabet, decoded: an encoding may follow a prefix. */
static enum found find_in_runs(struct syn_str s, bool (*is_digit)(char byte),
                               enum found (*find)(struct syn_str run))
{
    enum found found = FOUND_NOTHING;
    for (size_t at = 0; at < s.bytes && found == FOUND_NOTHING; at++) {
        size_t end = at;
        while (end < s.bytes && is_digit(s.at[end])) {
            end++;
        }
        if (end - at >= RUN_MIN) {
            found = find(syn_str_part(s, at, end - at));
        }
        at = end;
    }
    return found;
}

static const char *word_for(enum found found, const char *const words[2])
{
    return found == FOUND_EMAIL   ? words[0]
           : found == FOUND_PHONE ? words[1]
                                  : NULL;
}

const char *syn_revealing_find(struct syn_str text)
{
    static const char *const plain[] = {"an e-mail address",
                                        "a telephone number"};
    static const char *const coded[] = {"an e-mail address (encoded)",
                                        "a telephone number (encoded)"};
    static const char *const hex[] = {"an e-mail address (hex)",
                                      "a telephone number (hex)"};
    static const char *const base64[] = {"an e-mail address (base64)",
                                         "a telephone number (base64)"};
    char undone[TEXT_BYTES_MAX];
    struct syn_str s = syn_str_part(text, 0, TEXT_BYTES_MAX);
    const char *word = word_for(find_plain(s), plain);
    word =
        word != NULL ? word : word_for(find_plain(undo(s, '%', undone)), coded);
    word =
        word != NULL ? word : word_for(find_plain(undo(s, '_', undone)), coded);
    word = word != NULL
               ? word
               : word_for(find_in_runs(s, is_hex_digit, find_in_hex), hex);
    word = word != NULL
               ? word
               : word_for(find_in_runs(s, is_base64_digit, find_in_base64),
                          base64);
    return word != NULL
               ? word
               : word_for(find_in_runs(s, is_base64url_digit, find_in_base64),
                          base64);
}

/* "8-4-4-4-12" hex digits somewhere in the text. */
static bool has_uuid(struct syn_str s)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    for (size_t from = 0; from + sizeof shape - 1 <= s.bytes; from++) {
        size_t i = 0;
        while (shape[i] != '\0' &&
               (shape[i] == 'x' ? is_hex_digit(s.at[from + i])
                                : s.at[from + i] == '-')) {
            i++;
        }
        if (shape[i] == '\0') {
            return true;
        }
    }
    return false;
}

bool syn_revealing_is_opaque(struct syn_str text)
{
    size_t run = 0;
    bool has_digit = false;
    bool has_letter = false;
    bool is_plain = text.bytes >= OPAQUE_MIN;
    for (size_t i = 0; i < text.bytes; i++) {
        run = is_hex_digit(text.at[i]) ? run + 1 : 0;
        if (run == OPAQUE_HEX_MIN) {
            return true;
        }
        has_digit = has_digit || isdigit((unsigned char)text.at[i]) != 0;
        has_letter = has_letter || isalpha((unsigned char)text.at[i]) != 0;
        is_plain = is_plain && is_in(text.at[i], "-_");
    }
    return has_uuid(text) || (is_plain && has_digit && has_letter);
}
