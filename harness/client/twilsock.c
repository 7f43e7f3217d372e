/*
 * twilsock.c - the client's half of the framing.
 *
 * Headers are written member by member in the SDK's order, so that a frame of
 * ours differs from one of the SDK's only where its content does.
 */
#include "client/twilsock.h"
#include "syn/limits.h"

#include <string.h>

#define MAGIC          "TWILSOCK"
#define VERSION        "V3.0"
#define LENGTH_MAX     16777216u
#define QUERY_MAX      64 /* pairs of one query */
#define BODY_BOUND     SYN_STREAM_QUEUE_BYTES_MAX
#define DELETE_PAYLOAD "data_sync" /* the SDK's slip, sdk-protocol 7 */

/* --- reading ---------------------------------------------------------------
 */

/* The next word of the first line; false at its end. */
static bool take_word(struct syn_str line, size_t *at, struct syn_str *word)
{
    size_t end = syn_str_find(line, ' ', *at);
    *word = syn_str_part(line, *at, end - *at);
    *at = end < line.bytes ? end + 1 : line.bytes;
    return word->bytes > 0;
}

/* "TWILSOCK V3.0 123" */
static bool read_line(struct syn_str line, uint64_t *header_bytes)
{
    struct syn_str magic = {0};
    struct syn_str version = {0};
    struct syn_str length = {0};
    size_t at = 0;
    return take_word(line, &at, &magic) && take_word(line, &at, &version) &&
           take_word(line, &at, &length) && syn_str_is(magic, MAGIC) &&
           syn_str_is(version, VERSION) &&
           syn_str_to_u64(length, LENGTH_MAX, header_bytes);
}

static int small_int(const struct syn_json *node)
{
    int64_t value = 0;
    bool is_small =
        syn_json_i64(node, &value) && value > -1000000000 && value < 1000000000;
    return is_small ? (int)value : 0;
}

/* The payload that the header announces, as far as it is there. */
static struct syn_str cut_payload(const struct syn_json *header,
                                  struct syn_str rest)
{
    int64_t bytes = 0;
    if (!syn_json_i64(syn_json_member(header, "payload_size"), &bytes) ||
        bytes <= 0) {
        return (struct syn_str){0};
    }
    return syn_str_part(rest, 0, (size_t)bytes);
}

/* Duplicates are the peer's business; only what a row reads matters. */
static const struct syn_json_rules lenient = {.allow_duplicates = true,
                                              .allow_nul = true};

static syn_status read_parts(struct syn_arena *arena, struct syn_str message,
                             struct syn_sdk_frame *frame)
{
    syn_status st = SYN_OK;
    uint64_t header_bytes = 0;
    size_t eol = syn_str_find(message, '\r', 0);
    size_t from = eol + 2; /* the SDK skips two bytes unseen */
    if (from > message.bytes ||
        !read_line(syn_str_part(message, 0, eol), &header_bytes) ||
        header_bytes > message.bytes - from) {
        return SYN_ERR_PARSE;
    }
    frame->header_text = syn_str_part(message, from, (size_t)header_bytes);
    st = syn_json_parse(arena, frame->header_text, &lenient, &frame->header,
                        NULL);
    if (st != SYN_OK) {
        return st;
    }
    if (!syn_json_is(frame->header, SYN_JSON_OBJECT)) {
        return SYN_ERR_PARSE;
    }
    frame->payload = cut_payload(
        frame->header, syn_str_from(message, from + (size_t)header_bytes + 2));
    return SYN_OK;
}

syn_status syn_sdk_frame_read(struct syn_arena *arena, struct syn_str message,
                              struct syn_sdk_frame *out)
{
    static const struct syn_str nothing = {0};
    struct syn_sdk_frame frame = {0};
    const struct syn_json *status = NULL;
    syn_status st = read_parts(arena, message, &frame);
    if (st != SYN_OK) {
        return st;
    }
    if (frame.payload.bytes > 0 &&
        syn_json_parse(arena, frame.payload, &lenient, &frame.body, NULL) !=
            SYN_OK) {
        frame.body = NULL;
    }
    frame.method =
        syn_json_str(syn_json_member(frame.header, "method"), nothing);
    frame.id = syn_json_str(syn_json_member(frame.header, "id"), nothing);
    status = syn_json_member(frame.header, "status");
    frame.status = small_int(syn_json_member(status, "code"));
    frame.error_code = small_int(syn_json_member(status, "errorCode"));
    *out = frame;
    return SYN_OK;
}

struct syn_str syn_sdk_frame_field(const struct syn_sdk_frame *frame,
                                   const char *name)
{
    const struct syn_json *headers =
        syn_json_member(frame->header, "http_headers");
    const struct syn_json *at =
        headers == NULL ? NULL : syn_json_first(headers);
    for (; at != NULL; at = syn_json_next(at)) {
        if (syn_str_is_equal_nocase(syn_json_name(at), syn_str_of(name))) {
            return syn_json_str(at, (struct syn_str){0});
        }
    }
    return (struct syn_str){0};
}

/* --- writing ---------------------------------------------------------------
 */

void syn_sdk_put_frame(struct syn_buf *out, struct syn_str header,
                       struct syn_str payload)
{
    syn_buf_put_text(out, MAGIC " " VERSION " ");
    syn_buf_put_u64(out, header.bytes);
    syn_buf_put_text(out, "\r\n");
    syn_buf_put(out, header);
    syn_buf_put_text(out, "\r\n");
    syn_buf_put(out, payload);
}

void syn_sdk_make_id(struct syn_rng *rng, char out[SYN_SDK_ID_BYTES])
{
    static const unsigned groups[] = {8, 4, 4, 4, 12};
    size_t at = 2;
    out[0] = 'T';
    out[1] = 'M';
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (i > 0) {
            out[at++] = '-';
        }
        syn_rng_hex(rng, out + at, groups[i]);
        at += groups[i];
    }
    out[at] = '\0';
}

/* A frame in the making: its header in a buffer of its own. */
struct draft {
    struct syn_buf header;
    struct syn_json_writer w;
};

static void begin(struct draft *draft, struct syn_str id, const char *method)
{
    syn_buf_init(&draft->header, NULL, BODY_BOUND);
    syn_json_writer_init(&draft->w, &draft->header);
    syn_json_open_object(&draft->w, NULL);
    syn_json_write_str(&draft->w, "id", id);
    syn_json_write_text(&draft->w, "method", method);
}

static void finish(struct draft *draft, struct syn_buf *out,
                   struct syn_str payload)
{
    syn_json_write_i64(&draft->w, "payload_size", (int64_t)payload.bytes);
    syn_json_close_object(&draft->w);
    if (draft->header.status == SYN_OK) {
        syn_sdk_put_frame(out, syn_buf_str(&draft->header), payload);
    } else {
        out->status = draft->header.status;
    }
    syn_buf_fini(&draft->header);
}

static void put_texts(struct syn_json_writer *w, const char *name,
                      const char *const *texts)
{
    syn_json_open_array(w, name);
    for (; *texts != NULL; texts++) {
        syn_json_write_text(w, NULL, *texts);
    }
    syn_json_close_array(w);
}

static void put_metadata(struct syn_json_writer *w)
{
    static const char *const pairs[][2] = {
        {"ver", "1.0.2"}, {"env", "syncproof"}, {"envv", "0"},
        {"os", "Linux"},  {"osv", "unknown"},   {"osa", "64"},
        {"type", "sync"}, {"sdk", "JS"},        {"sdkv", "4.0.1"},
    };
    syn_json_open_object(w, "metadata");
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        syn_json_write_text(w, pairs[i][0], pairs[i][1]);
    }
    syn_json_close_object(w);
}

static void put_registrations(struct syn_json_writer *w)
{
    static const char *const message_types[] = {
        "twilio.sync.event", "com.twilio.rtd.cds.document",
        "com.twilio.rtd.cds.list", "com.twilio.rtd.cds.map", NULL};
    syn_json_open_array(w, "registrations");
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "product", "data_sync");
    syn_json_write_text(w, "type", "ers");
    syn_json_write_i64(w, "notification_protocol_version", 0);
    put_texts(w, "message_types", message_types);
    syn_json_close_object(w);
    syn_json_close_array(w);
}

void syn_sdk_put_init(struct syn_buf *out, const char *id, struct syn_str token,
                      struct syn_str continuation)
{
    static const char *const capabilities[] = {
        "client_update", "offline_storage", "telemetry.v1", NULL};
    struct draft draft;
    begin(&draft, syn_str_of(id), "init");
    syn_json_write_str(&draft.w, "token", token);
    if (continuation.bytes > 0) {
        syn_json_write_str(&draft.w, "continuation_token", continuation);
    } else {
        syn_json_write_null(&draft.w, "continuation_token");
    }
    put_metadata(&draft.w);
    put_registrations(&draft.w);
    syn_json_write_null(&draft.w, "tweaks");
    put_texts(&draft.w, "capabilities", capabilities);
    finish(&draft, out, (struct syn_str){0});
}

void syn_sdk_put_update(struct syn_buf *out, const char *id,
                        struct syn_str token)
{
    struct draft draft;
    begin(&draft, syn_str_of(id), "update");
    syn_json_write_str(&draft.w, "token", token);
    finish(&draft, out, (struct syn_str){0});
}

void syn_sdk_put_close(struct syn_buf *out, const char *id)
{
    struct draft draft;
    begin(&draft, syn_str_of(id), "close");
    finish(&draft, out, (struct syn_str){0});
}

void syn_sdk_put_reply(struct syn_buf *out, struct syn_str id)
{
    struct draft draft;
    begin(&draft, id, "reply");
    syn_json_write_text(&draft.w, "payload_type", "application/json");
    syn_json_open_object(&draft.w, "status");
    syn_json_write_i64(&draft.w, "code", 200);
    syn_json_write_text(&draft.w, "status", "OK");
    syn_json_close_object(&draft.w);
    finish(&draft, out, (struct syn_str){0});
}

/* --- tunnelled requests ----------------------------------------------------
 */

struct pair {
    struct syn_str name;
    struct syn_str value;
    bool is_written;
};

static size_t split_query(struct syn_str query, struct pair pairs[QUERY_MAX])
{
    size_t count = 0;
    for (size_t at = 0; at < query.bytes && count < QUERY_MAX;) {
        size_t end = syn_str_find(query, '&', at);
        struct syn_str part = syn_str_part(query, at, end - at);
        size_t equals = syn_str_find(part, '=', 0);
        if (part.bytes > 0) {
            pairs[count++] = (struct pair){
                .name = syn_str_part(part, 0, equals),
                .value = syn_str_from(part, equals + 1),
            };
        }
        at = end + 1;
    }
    return count;
}

/* All values of one name; the pair at `from` is its first. */
static void put_values(struct syn_json_writer *w, struct pair *pairs,
                       size_t from, size_t count)
{
    for (size_t i = from; i < count; i++) {
        if (syn_str_is_equal(pairs[i].name, pairs[from].name)) {
            syn_json_write_str(w, NULL, pairs[i].value);
            pairs[i].is_written = true;
        }
    }
}

static bool is_repeated(const struct pair *pairs, size_t from, size_t count)
{
    for (size_t i = from + 1; i < count; i++) {
        if (syn_str_is_equal(pairs[i].name, pairs[from].name)) {
            return true;
        }
    }
    return false;
}

/* Names are data here; the writer wants them ended by NUL for arrays. */
static void put_params(struct syn_json_writer *w, struct syn_str query)
{
    struct pair pairs[QUERY_MAX];
    char name[256] = "";
    size_t count = split_query(query, pairs);
    syn_json_open_object(w, "params");
    for (size_t i = 0; i < count; i++) {
        size_t bytes = pairs[i].name.bytes;
        if (pairs[i].is_written) {
            continue;
        }
        if (!is_repeated(pairs, i, count) || bytes >= sizeof name) {
            syn_json_write_member(w, pairs[i].name, pairs[i].value);
            continue;
        }
        memcpy(name, pairs[i].name.at, bytes);
        name[bytes] = '\0';
        syn_json_open_array(w, name);
        put_values(w, pairs, i, count);
        syn_json_close_array(w);
    }
    syn_json_close_object(w);
}

static void put_headers(struct syn_json_writer *w,
                        const struct syn_sdk_request *request)
{
    struct syn_buf id;
    syn_buf_init(&id, NULL, 64);
    syn_buf_put_text(&id, "RQ");
    syn_buf_put_text(&id, request->request_hex32);
    syn_json_open_object(w, "headers");
    syn_json_write_text(w, "Content-Type", "application/json");
    syn_json_write_text(w, "Twilio-Sync-Client-Info",
                        "{\"sdk\":\"js\",\"sdkVer\":\"4.0.1\",\"os\":\"Linux\","
                        "\"osVer\":null,\"pl\":\"syncproof\",\"plVer\":\"0\"}");
    syn_json_write_str(w, "Twilio-Request-Id", syn_buf_str(&id));
    if (request->if_match != NULL) {
        syn_json_write_text(w, "If-Match", request->if_match);
    }
    if (request->scenario != NULL) {
        syn_json_write_text(w, "X-Syn-Scenario", request->scenario);
    }
    syn_json_close_object(w);
    syn_buf_fini(&id);
}

void syn_sdk_put_request(struct syn_buf *out,
                         const struct syn_sdk_request *request)
{
    struct draft draft;
    struct syn_str payload = request->body;
    if (payload.at == NULL && strcmp(request->method, "DELETE") == 0) {
        payload = SYN_STR(DELETE_PAYLOAD);
    }
    begin(&draft, syn_str_of(request->id), "message");
    syn_json_write_text(&draft.w, "active_grant", "data_sync");
    syn_json_write_text(&draft.w, "payload_type", "application/json");
    syn_json_open_object(&draft.w, "http_request");
    syn_json_write_text(&draft.w, "host", request->host);
    syn_json_write_str(&draft.w, "path", request->path);
    syn_json_write_text(&draft.w, "method", request->method);
    put_params(&draft.w, request->query);
    put_headers(&draft.w, request);
    syn_json_close_object(&draft.w);
    finish(&draft, out, payload);
}
