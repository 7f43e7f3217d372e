/*
 * http_form.c - percent-encoding, urlencoded forms, reason phrases.
 * Layer: net. Threads: none needed.
 * Source: RFC 3986 section 2; RFC 9110 section 15.
 */
#include "net/http.h"

#include <string.h>

#define ESCAPE_BYTES 3 /* "%2F" */
#define HEX_SHIFT    4

struct phrase {
    unsigned status;
    const char *text;
};

static const struct phrase phrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *syn_http_phrase(unsigned status)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].status == status) {
            return phrases[i].text;
        }
    }
    return "Unknown";
}

static int hex_value(char digit)
{
    const char *digits = "0123456789abcdef";
    char lower =
        digit >= 'A' && digit <= 'F' ? (char)(digit - 'A' + 'a') : digit;
    const char *at = lower == '\0' ? NULL : strchr(digits, lower);
    return at == NULL ? -1 : (int)(at - digits);
}

/* Decode the escape at `in.at[from]`; -1 when it is none. */
static int decode_escape(struct syn_str in, size_t from)
{
    int high = 0;
    int low = 0;
    if (in.bytes - from < ESCAPE_BYTES) {
        return -1;
    }
    high = hex_value(in.at[from + 1]);
    low = hex_value(in.at[from + 2]);
    return high < 0 || low < 0 ? -1 : (high << HEX_SHIFT) | low;
}

syn_status syn_http_decode(struct syn_arena *arena, struct syn_str in,
                           bool plus_is_space, struct syn_str *out)
{
    char *text = syn_arena_alloc(arena, in.bytes + 1);
    size_t bytes = 0;
    if (text == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t i = 0; i < in.bytes; i++) {
        char byte = in.at[i];
        if (byte == '%') {
            int value = decode_escape(in, i);
            if (value < 0) {
                return SYN_ERR_PARSE;
            }
            byte = (char)value;
            i += ESCAPE_BYTES - 1;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        text[bytes++] = byte;
    }
    *out = (struct syn_str){text, bytes};
    return SYN_OK;
}

void syn_http_encode(struct syn_buf *buf, struct syn_str in)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < in.bytes; i++) {
        unsigned char byte = (unsigned char)in.at[i];
        bool is_unreserved = (byte >= '0' && byte <= '9') ||
                             (byte >= 'A' && byte <= 'Z') ||
                             (byte >= 'a' && byte <= 'z') ||
                             (byte != '\0' && strchr("-._~", byte) != NULL);
        if (is_unreserved) {
            syn_buf_put_byte(buf, (char)byte);
            continue;
        }
        syn_buf_put_byte(buf, '%');
        syn_buf_put_byte(buf, digits[byte >> HEX_SHIFT]);
        syn_buf_put_byte(buf, digits[byte & 0xf]);
    }
}

static size_t count_parts(struct syn_str in)
{
    size_t count = 0;
    size_t from = 0;
    while (from < in.bytes) {
        size_t end = syn_str_find(in, '&', from);
        count += end > from ? 1 : 0;
        from = end + 1;
    }
    return count;
}

static syn_status decode_pair(struct syn_arena *arena, struct syn_str part,
                              struct syn_http_pair *pair)
{
    size_t equals = syn_str_find(part, '=', 0);
    syn_status st = syn_http_decode(arena, syn_str_part(part, 0, equals), true,
                                    &pair->name);
    if (st != SYN_OK) {
        return st;
    }
    return syn_http_decode(arena, syn_str_from(part, equals + 1), true,
                           &pair->value);
}

syn_status syn_http_form(struct syn_arena *arena, struct syn_str in,
                         size_t pairs_max, struct syn_http_pair **pairs,
                         size_t *count)
{
    size_t total = count_parts(in);
    size_t from = 0;
    size_t done = 0;
    struct syn_http_pair *all = NULL;
    if (total > pairs_max) {
        return SYN_ERR_LIMIT;
    }
    all = syn_arena_array(arena, total, sizeof *all);
    if (all == NULL) {
        return SYN_ERR_MEMORY;
    }
    while (from < in.bytes) {
        size_t end = syn_str_find(in, '&', from);
        syn_status st = SYN_OK;
        if (end > from) {
            st = decode_pair(arena, syn_str_part(in, from, end - from),
                             &all[done++]);
        }
        if (st != SYN_OK) {
            return st;
        }
        from = end + 1;
    }
    *pairs = all;
    *count = total;
    return SYN_OK;
}
