/*
 * personal.c - recognise personal data in short texts.
 * Layer: base.
 *
 * One decoder after the other is asked for another reading of the text, and
 * each reading is looked at alike. Decoders refuse what is not wholly theirs,
 * so a UUID in hex digits stays a UUID.
 */
#include "syn/personal.h"

#include "base/base64.h"
#include "base/buf.h"

#define READING_BYTES_MAX 2048
#define PHONE_DIGITS_MIN  7 /* E.164: at most 15 */
#define PHONE_DIGITS_MAX  15
#define ESCAPE_BYTES      3
#define CODED_BYTES_MIN   8 /* shorter words decode by chance */
#define HEX_RADIX         16
#define DECIMAL           10

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_upper(char byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static bool is_letter(char byte)
{
    return is_upper(byte) || (byte >= 'a' && byte <= 'z') ||
           (unsigned char)byte > 0x7f;
}

/* --- what a reading looks like --------------------------------------------
 */

/* Something, an @, something with a dot inside. */
static bool is_email(struct syn_str s)
{
    size_t at = syn_str_find(s, '@', 0);
    size_t dot = syn_str_find(s, '.', at + 1);
    bool is_plain = true;
    for (size_t i = 0; i < s.bytes; i++) {
        is_plain = is_plain && (unsigned char)s.at[i] > ' ';
    }
    return is_plain && at > 0 && at < s.bytes && dot > at + 1 &&
           dot + 1 < s.bytes;
}

/* Digits with a plus in front or with the usual signs between them. A bare
 * number is a number; many ids are. */
static bool is_phone(struct syn_str s)
{
    size_t digits = 0;
    size_t signs = 0;
    for (size_t i = 0; i < s.bytes; i++) {
        bool is_sign = syn_str_find(SYN_STR("+-() ."), s.at[i], 0) <
                       SYN_STR("+-() .").bytes;
        if (!is_digit(s.at[i]) && !is_sign) {
            return false;
        }
        digits += is_digit(s.at[i]) ? 1 : 0;
        signs += is_sign ? 1 : 0;
    }
    return signs > 0 && digits >= PHONE_DIGITS_MIN &&
           digits <= PHONE_DIGITS_MAX;
}

/* Two words or more, each of letters and with a capital in front. */
static bool is_name(struct syn_str s)
{
    size_t words = 0;
    bool is_inside = false;
    for (size_t i = 0; i < s.bytes; i++) {
        char byte = s.at[i];
        bool is_gap = byte == ' ' || byte == '.' || byte == '_';
        if (!is_gap && !is_letter(byte)) {
            return false;
        }
        if (!is_gap && !is_inside) {
            words++;
            if (!is_upper(byte)) {
                return false;
            }
        }
        is_inside = !is_gap;
    }
    return words > 1;
}

static enum syn_personal look_at(struct syn_str s)
{
    return is_email(s)   ? SYN_PERSONAL_EMAIL
           : is_phone(s) ? SYN_PERSONAL_PHONE
           : is_name(s)  ? SYN_PERSONAL_NAME
                         : SYN_PERSONAL_NONE;
}

/* --- other readings -------------------------------------------------------
 */

static int hex_value(char byte)
{
    if (is_digit(byte)) {
        return byte - '0';
    }
    char low = is_upper(byte) ? (char)(byte - 'A' + 'a') : byte;
    return low >= 'a' && low <= 'f' ? low - 'a' + DECIMAL : -1;
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

static bool decode_escapes(struct syn_buf *out, struct syn_str s, char mark)
{
    bool is_other = false;
    for (size_t i = 0; i < s.bytes;) {
        int byte = s.at[i] == mark ? pair_at(s, i + 1) : -1;
        syn_buf_put_byte(out, byte < 0 ? s.at[i] : (char)byte);
        is_other = is_other || byte >= 0;
        i += byte < 0 ? 1 : ESCAPE_BYTES;
    }
    return is_other;
}

static bool decode_percent(struct syn_buf *out, struct syn_str s)
{
    return decode_escapes(out, s, '%');
}

static bool decode_underscore(struct syn_buf *out, struct syn_str s)
{
    return decode_escapes(out, s, '_');
}

static bool decode_hex(struct syn_buf *out, struct syn_str s)
{
    for (size_t i = 0; i < s.bytes; i += 2) {
        int byte = pair_at(s, i);
        if (byte < 0) {
            return false;
        }
        syn_buf_put_byte(out, (char)byte);
    }
    return s.bytes >= CODED_BYTES_MIN;
}

static bool decode_base64(struct syn_buf *out, struct syn_str s)
{
    return s.bytes >= CODED_BYTES_MIN &&
           syn_base64_decode(out, SYN_BASE64, s) == SYN_OK;
}

static bool decode_base64url(struct syn_buf *out, struct syn_str s)
{
    return s.bytes >= CODED_BYTES_MIN &&
           syn_base64_decode(out, SYN_BASE64URL, s) == SYN_OK;
}

static bool (*const decoders[])(struct syn_buf *out, struct syn_str s) = {
    decode_percent, decode_underscore, decode_hex, decode_base64,
    decode_base64url};

enum syn_personal syn_personal_find(struct syn_str text)
{
    enum syn_personal found = look_at(text);
    for (size_t i = 0;
         found == SYN_PERSONAL_NONE && i < sizeof decoders / sizeof decoders[0];
         i++) {
        struct syn_buf reading;
        syn_buf_init(&reading, NULL, READING_BYTES_MAX);
        if (decoders[i](&reading, text) && reading.status == SYN_OK &&
            syn_str_is_utf8(syn_buf_str(&reading))) {
            found = look_at(syn_buf_str(&reading));
        }
        syn_buf_fini(&reading);
    }
    return found;
}

const char *syn_personal_text(enum syn_personal personal)
{
    static const char *const texts[] = {
        [SYN_PERSONAL_NONE] = "nothing personal",
        [SYN_PERSONAL_EMAIL] = "an e-mail address",
        [SYN_PERSONAL_PHONE] = "a phone number",
        [SYN_PERSONAL_NAME] = "a name"};
    return texts[personal];
}
