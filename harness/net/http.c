/*
 * http.c - the incremental reader: bytes in, whole messages out.
 * Layer: net. Threads: one owner.
 * Source: RFC 9112 sections 6 and 7.
 *
 * Every byte is looked at once, however it was cut into pieces: the head is
 * gathered up to its empty line and then parsed whole, bodies are copied, lines
 * of chunked bodies are gathered like little heads.
 */
#include "net/http_impl.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_BYTES     4096 /* buffers an idle connection may keep */
#define HEX_BASE       16
#define CHUNK_SIZE_HEX 8 /* digits; 2^32 is past every bound */

bool syn_http_refuse(struct syn_http_reader *reader, unsigned status,
                     const char *reason)
{
    reader->step = SYN_HTTP_STEP_REFUSED;
    reader->refusal = status;
    reader->reason = reason;
    return false;
}

syn_status syn_http_reader_new(enum syn_http_kind kind,
                               const struct syn_http_bounds *bounds,
                               struct syn_http_reader **out)
{
    struct syn_http_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        return SYN_ERR_MEMORY;
    }
    reader->kind = kind;
    if (bounds != NULL) {
        reader->bounds = *bounds;
    }
    if (reader->bounds.head_bytes_max == 0) {
        reader->bounds.head_bytes_max = SYN_HTTP_HEAD_BYTES_MAX;
    }
    if (reader->bounds.body_bytes_max == 0) {
        reader->bounds.body_bytes_max = SYN_HTTP_BODY_BYTES_MAX;
    }
    reader->reason = "";
    syn_buf_init(&reader->head, NULL, reader->bounds.head_bytes_max);
    syn_buf_init(&reader->line, NULL, reader->bounds.head_bytes_max);
    syn_buf_init(&reader->body, NULL, reader->bounds.body_bytes_max);
    *out = reader;
    return SYN_OK;
}

void syn_http_reader_free(struct syn_http_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    syn_buf_fini(&reader->head);
    syn_buf_fini(&reader->line);
    syn_buf_fini(&reader->body);
    free(reader);
}

static void empty_buffer(struct syn_buf *buf)
{
    size_t bytes_max = buf->bytes_max;
    if (buf->capacity > KEEP_BYTES) {
        syn_buf_fini(buf);
        syn_buf_init(buf, NULL, bytes_max);
    } else {
        syn_buf_clear(buf);
    }
}

/* Forget the message that was read and begin the next head. */
static void begin_message(struct syn_http_reader *reader)
{
    empty_buffer(&reader->head);
    empty_buffer(&reader->line);
    empty_buffer(&reader->body);
    reader->line_start = 0;
    reader->trailer_bytes = 0;
    reader->left = 0;
    reader->has_expectation = false;
    reader->message.field_count = 0;
    reader->message.method = (struct syn_str){NULL, 0};
    reader->message.target = (struct syn_str){NULL, 0};
    reader->message.body = (struct syn_str){NULL, 0};
    reader->message.status = 0;
    reader->step = SYN_HTTP_STEP_HEAD;
}

/*
 * Append up to and with the next LF; true when the line is whole. A CR alone,
 * a LF alone and NUL are refused as soon as they are seen.
 */
static bool gather_line(struct syn_http_reader *reader, struct syn_buf *into,
                        struct syn_str in, size_t *used)
{
    const char *newline = in.bytes == 0 ? NULL : memchr(in.at, '\n', in.bytes);
    size_t bytes = newline == NULL ? in.bytes : (size_t)(newline - in.at) + 1;
    struct syn_str piece = syn_str_part(in, 0, bytes);
    size_t cr = 0;
    *used = 0;
    if (bytes == 0) {
        return false;
    }
    if (memchr(piece.at, '\0', bytes) != NULL) {
        return syn_http_refuse(reader, 400, "NUL byte");
    }
    /* A CR that ended the previous piece must be followed by LF. */
    if (into->bytes > 0 && into->at[into->bytes - 1] == '\r' &&
        piece.at[0] != '\n') {
        return syn_http_refuse(reader, 400, "CR without LF");
    }
    cr = syn_str_find(piece, '\r', 0);
    if (cr + 1 < bytes && piece.at[cr + 1] != '\n') {
        return syn_http_refuse(reader, 400, "CR without LF");
    }
    if (newline != NULL &&
        (bytes > 1 ? piece.at[bytes - 2] != '\r'
                   : into->bytes == 0 || into->at[into->bytes - 1] != '\r')) {
        return syn_http_refuse(reader, 400, "LF without CR");
    }
    syn_buf_put(into, piece);
    if (into->status != SYN_OK) {
        return syn_http_refuse(reader, 431, "head is too large");
    }
    *used = bytes;
    return newline != NULL;
}

static void feed_head(struct syn_http_reader *reader, struct syn_str in,
                      size_t *used)
{
    bool is_first = reader->line_start == 0;
    bool is_empty = false;
    if (!gather_line(reader, &reader->head, in, used)) {
        return;
    }
    is_empty = reader->head.bytes - reader->line_start == 2;
    reader->line_start = reader->head.bytes;
    if (is_first && is_empty) {
        /* RFC 9112 section 2.2: one empty line before a request is ignored;
         * further ones are counted by leaving trailer_bytes marked. */
        if (reader->kind == SYN_HTTP_RESPONSE || reader->trailer_bytes > 0) {
            (void)syn_http_refuse(reader, 400, "empty line before the head");
            return;
        }
        syn_buf_clear(&reader->head);
        reader->line_start = 0;
        reader->trailer_bytes = 2;
    } else if (is_empty) {
        reader->trailer_bytes = 0;
        (void)syn_http_head_parse(reader);
    }
}

static void feed_length(struct syn_http_reader *reader, struct syn_str in,
                        size_t *used)
{
    size_t bytes = in.bytes < reader->left ? in.bytes : (size_t)reader->left;
    syn_buf_put(&reader->body, syn_str_part(in, 0, bytes));
    if (reader->body.status != SYN_OK) {
        (void)syn_http_refuse(reader, 413, "body is too large");
        return;
    }
    *used = bytes;
    reader->left -= bytes;
    if (reader->left == 0) {
        reader->step = reader->step == SYN_HTTP_STEP_LENGTH
                           ? SYN_HTTP_STEP_DONE
                           : SYN_HTTP_STEP_CHUNK_END;
    }
}

static void feed_until_end(struct syn_http_reader *reader, struct syn_str in,
                           size_t *used)
{
    syn_buf_put(&reader->body, in);
    if (reader->body.status != SYN_OK) {
        (void)syn_http_refuse(reader, 413, "body is too large");
        return;
    }
    *used = in.bytes;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* The line without CR LF: hex digits, then nothing or ";extension". */
static bool parse_chunk_line(struct syn_http_reader *reader,
                             struct syn_str line)
{
    size_t digits = 0;
    uint64_t size = 0;
    while (digits < line.bytes && hex_value(line.at[digits]) >= 0) {
        size = size * HEX_BASE + (uint64_t)hex_value(line.at[digits]);
        digits++;
        if (digits > CHUNK_SIZE_HEX) {
            return syn_http_refuse(reader, 400, "chunk size is too long");
        }
    }
    if (digits == 0 || (digits < line.bytes && line.at[digits] != ';')) {
        return syn_http_refuse(reader, 400, "chunk size is malformed");
    }
    for (size_t i = digits; i < line.bytes; i++) {
        if ((line.at[i] < ' ' && line.at[i] != '\t') || line.at[i] == 0x7f) {
            return syn_http_refuse(reader, 400, "chunk extension is malformed");
        }
    }
    if (size > reader->bounds.body_bytes_max - reader->body.bytes) {
        return syn_http_refuse(reader, 413, "body is too large");
    }
    reader->left = size;
    reader->step = size > 0 ? SYN_HTTP_STEP_CHUNK_BYTES : SYN_HTTP_STEP_TRAILER;
    return true;
}

static struct syn_str line_text(const struct syn_buf *line)
{
    return syn_str_part(syn_buf_str(line), 0, line->bytes - 2);
}

static void feed_chunk_line(struct syn_http_reader *reader, struct syn_str in,
                            size_t *used)
{
    bool is_whole = gather_line(reader, &reader->line, in, used);
    if (reader->step == SYN_HTTP_STEP_REFUSED) {
        return;
    }
    if (reader->line.bytes > SYN_HTTP_CHUNK_BYTES_MAX) {
        (void)syn_http_refuse(reader, 400, "chunk line is too long");
        return;
    }
    if (is_whole && parse_chunk_line(reader, line_text(&reader->line))) {
        syn_buf_clear(&reader->line);
    }
}

static void feed_chunk_end(struct syn_http_reader *reader, struct syn_str in,
                           size_t *used)
{
    bool is_whole = gather_line(reader, &reader->line, in, used);
    if (reader->step == SYN_HTTP_STEP_REFUSED) {
        return;
    }
    if (reader->line.bytes > 2 || reader->line.at[0] != '\r') {
        (void)syn_http_refuse(reader, 400, "chunk is longer than its size");
        return;
    }
    if (is_whole) {
        syn_buf_clear(&reader->line);
        reader->step = SYN_HTTP_STEP_CHUNK_LINE;
    }
}

/* Trailer fields are checked, counted against the head's bound and dropped:
 * taking them over into the head is how framing fields sneak in. */
static void feed_trailer(struct syn_http_reader *reader, struct syn_str in,
                         size_t *used)
{
    struct syn_http_field field = {0};
    if (!gather_line(reader, &reader->line, in, used)) {
        return;
    }
    reader->trailer_bytes += reader->line.bytes;
    if (reader->line.bytes == 2) {
        reader->step = SYN_HTTP_STEP_DONE;
    } else if (reader->trailer_bytes > reader->bounds.head_bytes_max) {
        (void)syn_http_refuse(reader, 431, "trailer is too large");
    } else if (!syn_http_field_parse(line_text(&reader->line), &field)) {
        (void)syn_http_refuse(reader, 400, "trailer field is malformed");
    }
    syn_buf_clear(&reader->line);
}

typedef void (*feed_fn)(struct syn_http_reader *reader, struct syn_str in,
                        size_t *used);

static const feed_fn feeds[] = {
    [SYN_HTTP_STEP_HEAD] = feed_head,
    [SYN_HTTP_STEP_LENGTH] = feed_length,
    [SYN_HTTP_STEP_UNTIL_END] = feed_until_end,
    [SYN_HTTP_STEP_CHUNK_LINE] = feed_chunk_line,
    [SYN_HTTP_STEP_CHUNK_BYTES] = feed_length,
    [SYN_HTTP_STEP_CHUNK_END] = feed_chunk_end,
    [SYN_HTTP_STEP_TRAILER] = feed_trailer,
};

static enum syn_http_state finish_feed(struct syn_http_reader *reader)
{
    if (reader->step == SYN_HTTP_STEP_REFUSED) {
        return SYN_HTTP_REFUSED;
    }
    if (reader->step != SYN_HTTP_STEP_DONE) {
        return SYN_HTTP_MORE;
    }
    reader->message.body = syn_buf_str(&reader->body);
    return SYN_HTTP_MESSAGE;
}

enum syn_http_state syn_http_reader_feed(struct syn_http_reader *reader,
                                         struct syn_str in, size_t *used)
{
    *used = 0;
    if (reader->step == SYN_HTTP_STEP_DONE) {
        begin_message(reader);
    }
    while (*used < in.bytes && reader->step < SYN_HTTP_STEP_DONE) {
        size_t taken = 0;
        feeds[reader->step](reader, syn_str_from(in, *used), &taken);
        *used += taken;
    }
    return finish_feed(reader);
}

enum syn_http_state syn_http_reader_end(struct syn_http_reader *reader)
{
    if (reader->step == SYN_HTTP_STEP_UNTIL_END) {
        reader->step = SYN_HTTP_STEP_DONE;
        return finish_feed(reader);
    }
    if (syn_http_reader_is_inside(reader)) {
        (void)syn_http_refuse(reader, 400, "message is cut off");
    }
    return reader->step == SYN_HTTP_STEP_REFUSED ? SYN_HTTP_REFUSED
                                                 : SYN_HTTP_MORE;
}

bool syn_http_reader_is_inside(const struct syn_http_reader *reader)
{
    if (reader->step == SYN_HTTP_STEP_HEAD) {
        return reader->head.bytes > 0;
    }
    return reader->step < SYN_HTTP_STEP_DONE;
}

const struct syn_http_message *
syn_http_reader_message(const struct syn_http_reader *reader)
{
    SYN_ASSERT(reader->step == SYN_HTTP_STEP_DONE);
    return &reader->message;
}

unsigned syn_http_reader_refusal(const struct syn_http_reader *reader,
                                 const char **reason)
{
    SYN_ASSERT(reader->step == SYN_HTTP_STEP_REFUSED);
    if (reason != NULL) {
        *reason = reader->reason;
    }
    return reader->refusal;
}

bool syn_http_reader_wants_continue(struct syn_http_reader *reader)
{
    bool wants = reader->has_expectation && reader->body.bytes == 0 &&
                 (reader->step == SYN_HTTP_STEP_LENGTH ||
                  reader->step == SYN_HTTP_STEP_CHUNK_LINE);
    reader->has_expectation = false;
    return wants;
}

void syn_http_reader_expect_no_body(struct syn_http_reader *reader)
{
    reader->is_no_body_next = true;
}

struct syn_str syn_http_field(const struct syn_http_message *message,
                              const char *name)
{
    for (size_t i = 0; i < message->field_count; i++) {
        if (syn_str_is_equal_nocase(message->fields[i].name,
                                    syn_str_of(name))) {
            return message->fields[i].value;
        }
    }
    return (struct syn_str){NULL, 0};
}
