/*
 * personal.c - recognise personal data in short texts.
 * Layer: base. Threads: values.
 *
 * The text is looked at as it is, then with %40 and _40 undone, then each run
 * that could be hex or base64 is decoded and looked at alike. A run that does
 * not decode to clean text is not looked at, so a UUID in hex digits stays one.
 */
#include "syn/personal.h"

#include "base/base64.h"
#include "base/buf.h"

#include <string.h>

#define TEXT_BYTES_MAX   4096 /* longer names do not exist */
#define DOMAIN_END_MIN   2
#define PHONE_DIGITS_MIN 7 /* E.164: at most 15 */
#define PHONE_DIGITS_MAX 15
#define BARE_DIGITS_MIN  10 /* shorter numbers count something */
#define RUN_MIN          8  /* shorter runs decode by chance */
#define OPAQUE_HEX_MIN   16
#define OPAQUE_MIN       22 /* 128 bits in base64 */
#define HEX_RADIX        16
#define DECIMAL          10
#define PAIR             2 /* hex digits of a byte */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_upper(char byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static bool is_plain_letter(char byte)
{
    return is_upper(byte) || (byte >= 'a' && byte <= 'z');
}

/* Letters outside ASCII too, each byte of them. */
static bool is_letter(char byte)
{
    return is_plain_letter(byte) || (unsigned char)byte > 0x7f;
}

static bool is_one_of(char byte, const char *more)
{
    return byte != '\0' && strchr(more, byte) != NULL;
}

static int hex_value(char byte)
{
    if (is_digit(byte)) {
        return byte - '0';
    }
    char low = is_upper(byte) ? (char)(byte - 'A' + 'a') : byte;
    return low >= 'a' && low <= 'f' ? low - 'a' + DECIMAL : -1;
}

/* --- what a reading looks like -------------------------------------------- */

static bool is_mail_byte(char byte)
{
    return is_letter(byte) || is_digit(byte) || is_one_of(byte, ".-");
}

/* Something, an @, something with a dot inside and letters behind it. */
static bool has_email(struct syn_str s)
{
    for (size_t at = syn_str_find(s, '@', 0); at < s.bytes;
         at = syn_str_find(s, '@', at + 1)) {
        size_t end = at + 1;
        size_t dot = 0;
        while (end < s.bytes && is_mail_byte(s.at[end])) {
            dot = s.at[end] == '.' ? end : dot;
            end++;
        }
        bool has_local = at > 0 && (is_mail_byte(s.at[at - 1]) ||
                                    is_one_of(s.at[at - 1], "_%+"));
        bool has_domain = dot > at + 1 && end - dot - 1 >= DOMAIN_END_MIN &&
                          is_letter(s.at[dot + 1]);
        if (has_local && has_domain) {
            return true;
        }
    }
    return false;
}

/* Digits behind a plus, with the usual signs between them. */
static bool has_phone(struct syn_str s)
{
    for (size_t at = syn_str_find(s, '+', 0); at < s.bytes;
         at = syn_str_find(s, '+', at + 1)) {
        size_t digits = 0;
        for (size_t i = at + 1;
             i < s.bytes && (is_digit(s.at[i]) || is_one_of(s.at[i], " -.()"));
             i++) {
            digits += is_digit(s.at[i]) ? 1 : 0;
        }
        if (digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX) {
            return true;
        }
    }
    return false;
}

/* Nothing but digits and signs: how many of each; false: something else. */
static bool count_dialled(struct syn_str s, size_t *digits, size_t *signs)
{
    *digits = 0;
    *signs = 0;
    for (size_t i = 0; i < s.bytes; i++) {
        if (!is_digit(s.at[i]) && !is_one_of(s.at[i], "+-() .")) {
            return false;
        }
        *(is_digit(s.at[i]) ? digits : signs) += 1;
    }
    return true;
}

static bool is_local(struct syn_str s)
{
    size_t digits = 0;
    size_t signs = 0;
    return count_dialled(s, &digits, &signs) && signs > 0 &&
           digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX;
}

static bool is_number(struct syn_str s)
{
    size_t digits = 0;
    size_t signs = 0;
    return count_dialled(s, &digits, &signs) && signs == 0 &&
           digits >= BARE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX;
}

/* Two words or more, each of letters and with a capital in front. */
static bool is_name(struct syn_str s)
{
    size_t words = 0;
    bool is_inside = false;
    for (size_t i = 0; i < s.bytes; i++) {
        bool is_gap = is_one_of(s.at[i], " ._");
        bool is_start = !is_gap && !is_inside;
        if ((!is_gap && !is_letter(s.at[i])) ||
            (is_start && !is_upper(s.at[i]))) {
            return false;
        }
        words += is_start ? 1 : 0;
        is_inside = !is_gap;
    }
    return words > 1;
}

static enum syn_personal look_at(struct syn_str s, unsigned kinds)
{
    static bool (*const looks[SYN_PERSONAL_COUNT])(struct syn_str s) = {
        [SYN_PERSONAL_EMAIL] = has_email,
        [SYN_PERSONAL_PHONE] = has_phone,
        [SYN_PERSONAL_LOCAL] = is_local,
        [SYN_PERSONAL_NUMBER] = is_number,
        [SYN_PERSONAL_NAME] = is_name};
    for (unsigned kind = 0; kind < SYN_PERSONAL_COUNT; kind++) {
        if ((kinds & SYN_PERSONAL_BIT(kind)) != 0 && looks[kind] != NULL &&
            looks[kind](s)) {
            return (enum syn_personal)kind;
        }
    }
    return SYN_PERSONAL_NONE;
}

/* --- other readings ------------------------------------------------------- */

static bool is_clean(struct syn_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        if ((unsigned char)s.at[i] < ' ' || s.at[i] == 0x7f) {
            return false;
        }
    }
    return s.bytes > 0 && syn_str_is_utf8(s);
}

/* The byte that two hex digits at `at` stand for; -1: none. */
static int pair_at(struct syn_str s, size_t at)
{
    if (at + 1 >= s.bytes || hex_value(s.at[at]) < 0 ||
        hex_value(s.at[at + 1]) < 0) {
        return -1;
    }
    return hex_value(s.at[at]) * HEX_RADIX + hex_value(s.at[at + 1]);
}

/* %40 or _40 undone, whichever `mark` is. */
static enum syn_personal look_unescaped(struct syn_str s, char mark,
                                        unsigned kinds)
{
    char text[TEXT_BYTES_MAX];
    size_t used = 0;
    for (size_t i = 0; i < s.bytes; i++) {
        int byte = s.at[i] == mark ? pair_at(s, i + 1) : -1;
        text[used++] = byte < 0 ? s.at[i] : (char)byte;
        i += byte < 0 ? 0 : PAIR;
    }
    struct syn_str plain = {text, used};
    return used < s.bytes && is_clean(plain) ? look_at(plain, kinds)
                                             : SYN_PERSONAL_NONE;
}

static enum syn_personal look_in_hex(struct syn_str run, unsigned kinds)
{
    char text[TEXT_BYTES_MAX];
    struct syn_str plain = {text, run.bytes / PAIR};
    for (size_t i = 0; i < plain.bytes; i++) {
        text[i] = (char)pair_at(run, PAIR * i);
    }
    return run.bytes % PAIR == 0 && is_clean(plain) ? look_at(plain, kinds)
                                                    : SYN_PERSONAL_NONE;
}

/* Both alphabets; padding may be missing in either. */
static enum syn_personal look_in_base64(struct syn_str run, unsigned kinds)
{
    struct syn_buf out;
    char text[TEXT_BYTES_MAX];
    enum syn_personal found = SYN_PERSONAL_NONE;
    while (run.bytes > 0 && run.at[run.bytes - 1] == '=') {
        run.bytes--;
    }
    for (size_t i = 0; i < run.bytes; i++) {
        text[i] = run.at[i] == '+' ? '-' : run.at[i] == '/' ? '_' : run.at[i];
    }
    syn_buf_init(&out, NULL, TEXT_BYTES_MAX);
    if (syn_base64_decode(&out, SYN_BASE64URL,
                          (struct syn_str){text, run.bytes}) == SYN_OK &&
        is_clean(syn_buf_str(&out))) {
        found = look_at(syn_buf_str(&out), kinds);
    }
    syn_buf_fini(&out);
    return found;
}

static bool is_hex_digit(char byte)
{
    return hex_value(byte) >= 0;
}

static bool is_base64_digit(char byte)
{
    return is_digit(byte) || is_plain_letter(byte) || is_one_of(byte, "+/=");
}

static bool is_base64url_digit(char byte)
{
    return is_digit(byte) || is_plain_letter(byte) || is_one_of(byte, "-_=");
}

/* Each run of one alphabet, decoded: an encoding may follow a prefix. */
static enum syn_personal
look_in_runs(struct syn_str s, unsigned kinds, bool (*is_of_run)(char byte),
             enum syn_personal (*look)(struct syn_str run, unsigned kinds))
{
    enum syn_personal found = SYN_PERSONAL_NONE;
    for (size_t at = 0; at < s.bytes && found == SYN_PERSONAL_NONE; at++) {
        size_t end = at;
        while (end < s.bytes && is_of_run(s.at[end])) {
            end++;
        }
        if (end - at >= RUN_MIN) {
            found = look(syn_str_part(s, at, end - at), kinds);
        }
        at = end;
    }
    return found;
}

/* --- the readings in order ------------------------------------------------ */

static enum syn_personal read_percent(struct syn_str s, unsigned kinds)
{
    return look_unescaped(s, '%', kinds);
}

static enum syn_personal read_underscore(struct syn_str s, unsigned kinds)
{
    return look_unescaped(s, '_', kinds);
}

static enum syn_personal read_hex(struct syn_str s, unsigned kinds)
{
    return look_in_runs(s, kinds, is_hex_digit, look_in_hex);
}

static enum syn_personal read_base64(struct syn_str s, unsigned kinds)
{
    return look_in_runs(s, kinds, is_base64_digit, look_in_base64);
}

static enum syn_personal read_base64url(struct syn_str s, unsigned kinds)
{
    return look_in_runs(s, kinds, is_base64url_digit, look_in_base64);
}

static const struct {
    enum syn_personal (*read)(struct syn_str s, unsigned kinds);
    enum syn_personal_coding coding;
} readings[] = {{look_at, SYN_PERSONAL_PLAIN},
                {read_percent, SYN_PERSONAL_ESCAPED},
                {read_underscore, SYN_PERSONAL_ESCAPED},
                {read_hex, SYN_PERSONAL_HEX},
                {read_base64, SYN_PERSONAL_BASE64},
                {read_base64url, SYN_PERSONAL_BASE64}};

struct syn_personal_finding syn_personal_find(struct syn_str text,
                                              unsigned kinds)
{
    struct syn_str s = syn_str_part(text, 0, TEXT_BYTES_MAX);
    struct syn_personal_finding finding = {.kind = SYN_PERSONAL_NONE};
    for (size_t i = 0; finding.kind == SYN_PERSONAL_NONE &&
                       i < sizeof readings / sizeof readings[0];
         i++) {
        finding.kind = readings[i].read(s, kinds);
        finding.coding = readings[i].coding;
    }
    return finding;
}

#define IN_EACH_CODING(word)                                     \
    {                                                            \
        word, word " (encoded)", word " (hex)", word " (base64)" \
    }

const char *syn_personal_text(struct syn_personal_finding finding)
{
    static const char
        *const texts[SYN_PERSONAL_COUNT][SYN_PERSONAL_CODING_COUNT] = {
            [SYN_PERSONAL_EMAIL] = IN_EACH_CODING("an e-mail address"),
            [SYN_PERSONAL_PHONE] = IN_EACH_CODING("a telephone number"),
            [SYN_PERSONAL_LOCAL] = IN_EACH_CODING("a telephone number"),
            [SYN_PERSONAL_NUMBER] = IN_EACH_CODING("a telephone number"),
            [SYN_PERSONAL_NAME] = IN_EACH_CODING("a name")};
    return finding.kind == SYN_PERSONAL_NONE
               ? "nothing personal"
               : texts[finding.kind][finding.coding];
}

/* --- opaque texts --------------------------------------------------------- */

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

bool syn_personal_is_opaque(struct syn_str text)
{
    size_t run = 0;
    bool has_digit = false;
    bool has_letter = false;
    bool is_random = text.bytes >= OPAQUE_MIN;
    for (size_t i = 0; i < text.bytes; i++) {
        char byte = text.at[i];
        run = is_hex_digit(byte) ? run + 1 : 0;
        if (run == OPAQUE_HEX_MIN) {
            return true;
        }
        has_digit = has_digit || is_digit(byte);
        has_letter = has_letter || is_plain_letter(byte);
        is_random = is_random && (is_digit(byte) || is_plain_letter(byte) ||
                                  is_one_of(byte, "-_"));
    }
    return has_uuid(text) || (is_random && has_digit && has_letter);
}
