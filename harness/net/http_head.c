/*
 * http_head.c - the head of an HTTP/1.1 message, taken apart strictly.
 * Layer: net. Threads: none needed.
 * Source: RFC 9112 sections 2 to 6; RFC 9110 section 5.
 *
 * Whatever two parsers could read in two ways is refused, for that is how
 * requests are smuggled. The head comes whole; its lines end in CR LF, which
 * http.c has checked, as it has checked for NUL.
 */
#include "net/http_impl.h"

#include <string.h>

#define CRLF_BYTES   2
#define STATUS_FIRST 9 /* behind "HTTP/1.1 " */
#define STATUS_BYTES 3

static const char version_text[] = "HTTP/";

static bool is_token_byte(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_token(struct syn_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        if (!is_token_byte((unsigned char)s.at[i])) {
            return false;
        }
    }
    return s.bytes > 0;
}

/* Visible ASCII, or bytes of raw UTF-8, which are accepted as they come. */
static bool is_target(struct syn_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char byte = (unsigned char)s.at[i];
        if (byte <= ' ' || byte == 0x7f) {
            return false;
        }
    }
    return s.bytes > 0;
}

static bool is_value(struct syn_str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        unsigned char byte = (unsigned char)s.at[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

bool syn_http_field_parse(struct syn_str line, struct syn_http_field *field)
{
    size_t colon = syn_str_find(line, ':', 0);
    if (colon == line.bytes) {
        return false;
    }
    field->name = syn_str_part(line, 0, colon);
    field->value = syn_str_trim(syn_str_from(line, colon + 1));
    /* A space before the colon or at the start of a folded line is no token. */
    return is_token(field->name) && is_value(field->value);
}

/* "HTTP/1.0" or "HTTP/1.1"; 505 for other versions, 400 for other text. */
static bool parse_version(struct syn_http_reader *reader, struct syn_str s)
{
    size_t prefix = sizeof version_text - 1;
    if (s.bytes != prefix + 3 || memcmp(s.at, version_text, prefix) != 0 ||
        s.at[prefix] < '0' || s.at[prefix] > '9' || s.at[prefix + 1] != '.' ||
        s.at[prefix + 2] < '0' || s.at[prefix + 2] > '9') {
        return syn_http_refuse(reader, 400, "version is malformed");
    }
    if (s.at[prefix] != '1' || s.at[prefix + 2] > '1') {
        return syn_http_refuse(reader, 505, "version is not HTTP/1.0 or 1.1");
    }
    reader->message.minor = s.at[prefix + 2] == '1' ? 1 : 0;
    return true;
}

static bool parse_request_line(struct syn_http_reader *reader,
                               struct syn_str line)
{
    struct syn_http_message *message = &reader->message;
    size_t first = syn_str_find(line, ' ', 0);
    size_t second = syn_str_find(line, ' ', first + 1);
    if (first >= line.bytes || second >= line.bytes) {
        return syn_http_refuse(reader, 400, "request line has no three parts");
    }
    message->method = syn_str_part(line, 0, first);
    message->target = syn_str_part(line, first + 1, second - first - 1);
    if (!is_token(message->method)) {
        return syn_http_refuse(reader, 400, "method is no token");
    }
    if (!is_target(message->target)) {
        return syn_http_refuse(reader, 400, "target holds a bad byte");
    }
    return parse_version(reader, syn_str_from(line, second + 1));
}

static bool parse_status_line(struct syn_http_reader *reader,
                              struct syn_str line)
{
    uint64_t status = 0;
    struct syn_str digits = syn_str_part(line, STATUS_FIRST, STATUS_BYTES);
    struct syn_str rest = syn_str_from(line, STATUS_FIRST + STATUS_BYTES);
    if (line.bytes < STATUS_FIRST + STATUS_BYTES ||
        line.at[STATUS_FIRST - 1] != ' ' ||
        !syn_str_to_u64(digits, 599, &status) || status < 100) {
        return syn_http_refuse(reader, 400, "status line is malformed");
    }
    /* Some servers leave out the space before an empty phrase. */
    if (rest.bytes > 0 && (rest.at[0] != ' ' || !is_value(rest))) {
        return syn_http_refuse(reader, 400, "reason phrase is malformed");
    }
    reader->message.status = (unsigned)status;
    return parse_version(reader, syn_str_part(line, 0, STATUS_FIRST - 1));
}

/* Cut the next line off *rest, without its CR LF. */
static struct syn_str cut_line(struct syn_str *rest)
{
    size_t end = syn_str_find(*rest, '\r', 0);
    struct syn_str line = syn_str_part(*rest, 0, end);
    *rest = syn_str_from(*rest, end + CRLF_BYTES);
    return line;
}

static bool parse_fields(struct syn_http_reader *reader, struct syn_str rest)
{
    struct syn_http_message *message = &reader->message;
    while (rest.bytes > CRLF_BYTES) {
        struct syn_str line = cut_line(&rest);
        if (message->field_count == SYN_HTTP_HEADERS_MAX) {
            return syn_http_refuse(reader, 431, "too many header fields");
        }
        if (!syn_http_field_parse(line,
                                  &message->fields[message->field_count])) {
            return syn_http_refuse(reader, 400, "header field is malformed");
        }
        message->field_count++;
    }
    return true;
}

static size_t count_fields(const struct syn_http_message *message,
                           const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < message->field_count; i++) {
        if (syn_str_is_equal_nocase(message->fields[i].name,
                                    syn_str_of(name))) {
            count++;
        }
    }
    return count;
}

/* Does any field of that name list `token`? */
static bool has_list_token(const struct syn_http_message *message,
                           const char *name, const char *token)
{
    for (size_t i = 0; i < message->field_count; i++) {
        struct syn_str rest = message->fields[i].value;
        if (!syn_str_is_equal_nocase(message->fields[i].name,
                                     syn_str_of(name))) {
            continue;
        }
        while (rest.bytes > 0) {
            size_t comma = syn_str_find(rest, ',', 0);
            struct syn_str part = syn_str_trim(syn_str_part(rest, 0, comma));
            if (syn_str_is_equal_nocase(part, syn_str_of(token))) {
                return true;
            }
            rest = syn_str_from(rest, comma + 1);
        }
    }
    return false;
}

static bool check_host(struct syn_http_reader *reader)
{
    struct syn_http_message *message = &reader->message;
    size_t count = count_fields(message, "Host");
    struct syn_str host = syn_http_field(message, "Host");
    if (count > 1 || (count == 0 && message->minor == 1)) {
        return syn_http_refuse(reader, 400, "not exactly one Host");
    }
    for (size_t i = 0; i < host.bytes; i++) {
        if ((unsigned char)host.at[i] <= ' ' ||
            strchr("/?#@\\,", host.at[i]) != NULL) {
            return syn_http_refuse(reader, 400, "Host holds a bad byte");
        }
    }
    return true;
}

/* RFC 9112 section 6.3, without its lenient parts. */
static bool choose_framing(struct syn_http_reader *reader, bool *is_chunked,
                           bool *has_length)
{
    const struct syn_http_message *message = &reader->message;
    size_t lengths = count_fields(message, "Content-Length");
    size_t codings = count_fields(message, "Transfer-Encoding");
    *is_chunked = codings > 0;
    *has_length = lengths > 0;
    if (lengths > 1 || codings > 1 || (lengths > 0 && codings > 0)) {
        return syn_http_refuse(reader, 400, "two ways to find the body's end");
    }
    if (codings > 0 && message->minor == 0) {
        return syn_http_refuse(reader, 400, "transfer coding in HTTP/1.0");
    }
    if (codings > 0 &&
        !syn_str_is_equal_nocase(syn_http_field(message, "Transfer-Encoding"),
                                 SYN_STR("chunked"))) {
        return syn_http_refuse(reader, 501, "unknown transfer coding");
    }
    return true;
}

static bool read_length(struct syn_http_reader *reader)
{
    struct syn_str value = syn_http_field(&reader->message, "Content-Length");
    size_t digits = 0;
    while (digits < value.bytes && value.at[digits] >= '0' &&
           value.at[digits] <= '9') {
        digits++;
    }
    if (digits == 0 || digits != value.bytes ||
        (value.bytes > 1 && value.at[0] == '0')) {
        return syn_http_refuse(reader, 400, "Content-Length is malformed");
    }
    /* Only digits: what does not fit is too large, not malformed. */
    if (!syn_str_to_u64(value, reader->bounds.body_bytes_max, &reader->left)) {
        return syn_http_refuse(reader, 413, "body is too large");
    }
    return true;
}

static bool is_bodiless(struct syn_http_reader *reader)
{
    unsigned status = reader->message.status;
    if (reader->kind == SYN_HTTP_REQUEST) {
        return false;
    }
    if (status < 200) {
        return true; /* an interim answer: HEAD's is still to come */
    }
    if (reader->is_no_body_next) {
        reader->is_no_body_next = false;
        return true;
    }
    return status == 204 || status == 304;
}

static bool choose_step(struct syn_http_reader *reader)
{
    bool is_chunked = false;
    bool has_length = false;
    if (!choose_framing(reader, &is_chunked, &has_length)) {
        return false;
    }
    if (is_bodiless(reader)) {
        reader->step = SYN_HTTP_STEP_DONE;
        return true;
    }
    if (has_length && !read_length(reader)) {
        return false;
    }
    if (is_chunked) {
        reader->step = SYN_HTTP_STEP_CHUNK_LINE;
    } else if (has_length) {
        reader->step =
            reader->left > 0 ? SYN_HTTP_STEP_LENGTH : SYN_HTTP_STEP_DONE;
    } else {
        reader->step = reader->kind == SYN_HTTP_REQUEST
                           ? SYN_HTTP_STEP_DONE
                           : SYN_HTTP_STEP_UNTIL_END;
    }
    return true;
}

static void read_connection(struct syn_http_reader *reader)
{
    struct syn_http_message *message = &reader->message;
    bool closes = has_list_token(message, "Connection", "close");
    message->keeps_alive =
        !closes && (message->minor == 1 ||
                    has_list_token(message, "Connection", "keep-alive"));
    message->has_upgrade = has_list_token(message, "Connection", "upgrade");
    if (reader->step == SYN_HTTP_STEP_UNTIL_END) {
        message->keeps_alive = false;
    }
    reader->has_expectation =
        reader->kind == SYN_HTTP_REQUEST && message->minor == 1 &&
        reader->step != SYN_HTTP_STEP_DONE &&
        syn_str_is_equal_nocase(syn_http_field(message, "Expect"),
                                SYN_STR("100-continue"));
}

bool syn_http_head_parse(struct syn_http_reader *reader)
{
    struct syn_str rest = syn_buf_str(&reader->head);
    struct syn_str line = cut_line(&rest);
    bool is_request = reader->kind == SYN_HTTP_REQUEST;
    if (is_request ? !parse_request_line(reader, line)
                   : !parse_status_line(reader, line)) {
        return false;
    }
    if (!parse_fields(reader, rest) || (is_request && !check_host(reader)) ||
        !choose_step(reader)) {
        return false;
    }
    read_connection(reader);
    return true;
}
