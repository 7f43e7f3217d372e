/*
 * fuzz_http.c - what a REST connection sends: heads, targets, queries, forms.
 *
 * An input that begins with 'f' is the first line of a request, a line feed and
 * a body; the rest of the head, with the right length, is added here. Anything
 * else are bytes as they come.
 *
 * Promises: the reader finds the same messages however the bytes are cut; a
 * decoded segment comes back from its encoding.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "net/http.h"
#include "service/rest.h"
#include "syn/limits.h"

#define FORM           'f'
#define FNV_START      14695981039346656037u
#define FNV_FACTOR     1099511628211u
#define DATA_BYTES_MAX 16384
#define URL_BYTES_MAX  (4u << 20)

/* What one reading found; equal for every way to cut the bytes. */
struct reading {
    enum syn_http_state state;
    unsigned refusal;
    size_t count;
    uint64_t hash;
};

static void fold(struct reading *reading, struct syn_str text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        reading->hash =
            (reading->hash ^ (unsigned char)text.at[i]) * FNV_FACTOR;
    }
    reading->hash = (reading->hash ^ text.bytes) * FNV_FACTOR;
}

static void fold_message(struct reading *reading,
                         const struct syn_http_message *message)
{
    reading->count++;
    fold(reading, message->method);
    fold(reading, message->target);
    fold(reading, message->body);
    for (size_t i = 0; i < message->field_count; i++) {
        fold(reading, message->fields[i].name);
        fold(reading, message->fields[i].value);
    }
}

/* --- what the service makes of a message ---------------------------------- */

static void check_segments(struct syn_arena *arena,
                           const struct syn_rest_call *call)
{
    for (size_t i = 0; i < call->segment_count; i++) {
        struct syn_buf text;
        struct syn_str back = {NULL, 0};
        syn_buf_init(&text, NULL, URL_BYTES_MAX);
        syn_http_encode(&text, call->segments[i]);
        SYN_ASSERT(syn_http_decode(arena, syn_buf_str(&text), false, &back) ==
                   SYN_OK);
        SYN_ASSERT(syn_str_is_equal(call->segments[i], back));
        syn_buf_fini(&text);
    }
}

static void check_form(const struct syn_rest_call *call)
{
    struct syn_str key = {NULL, 0};
    struct syn_str value = {NULL, 0};
    struct syn_maybe_i64 ttl = {.is_set = false};
    struct syn_maybe_i64 flag = {.is_set = false};
    const enum syn_code code =
        syn_rest_form_data(call, DATA_BYTES_MAX, SYN_CODE_54008, &value);
    if (syn_rest_form_ttl(call, "Ttl", &ttl) == SYN_CODE_NONE && ttl.is_set) {
        SYN_ASSERT(ttl.value >= 0);
    }
    if (syn_rest_form_bool(call, "Read", &flag) == SYN_CODE_NONE &&
        flag.is_set) {
        SYN_ASSERT(flag.value == 0 || flag.value == 1);
    }
    if (code == SYN_CODE_NONE && value.bytes > 0 && call->route != NULL &&
        call->route->type == SYN_TYPE_MAP && syn_rest_form(call, "Key", &key)) {
        syn_fuzz_plant(key);
    }
}

static void check_message(struct syn_arena *arena,
                          const struct syn_http_message *message)
{
    static struct syn_service service; /* of which only the seams are asked */
    struct syn_str revision = {NULL, 0};
    syn_seams_init(&service.seams);
    struct syn_rest_call call = {
        .service = &service, .message = message, .arena = arena};
    const enum syn_code code = syn_rest_read_target(&call);
    SYN_ASSERT(call.segment_count <= SYN_REST_SEGMENTS_MAX);
    (void)syn_rest_read_base(&call);
    (void)syn_rest_if_match(&call, &revision);
    if (code != SYN_CODE_NONE) {
        return;
    }
    check_segments(arena, &call);
    call.route = syn_rest_find_route(&call);
    if (syn_rest_read_parameters(&call) == SYN_CODE_NONE) {
        check_form(&call);
    }
}

/* --- reading -------------------------------------------------------------- */

/* Feed `in` in pieces of `piece` bytes. With an arena messages are judged. */
static struct reading read_all(struct syn_arena *arena, struct syn_str in,
                               size_t piece)
{
    struct reading reading = {.state = SYN_HTTP_MORE, .hash = FNV_START};
    struct syn_http_reader *reader = NULL;
    const char *reason = NULL;
    size_t at = 0, used = 0;
    bool is_ours = true; /* until the bytes belong to another protocol */
    SYN_ASSERT(syn_http_reader_new(SYN_HTTP_REQUEST, NULL, &reader) == SYN_OK);
    while (is_ours && reading.state != SYN_HTTP_REFUSED &&
           (at < in.bytes || reading.state == SYN_HTTP_MESSAGE)) {
        const struct syn_str part = syn_str_part(in, at, piece);
        reading.state = syn_http_reader_feed(reader, part, &used);
        SYN_ASSERT(used <= part.bytes);
        at += used;
        if (reading.state == SYN_HTTP_MESSAGE) {
            const struct syn_http_message *message =
                syn_http_reader_message(reader);
            fold_message(&reading, message);
            is_ours = !message->has_upgrade;
            if (arena != NULL) {
                check_message(arena, message);
            }
        } else if (reading.state == SYN_HTTP_MORE) {
            SYN_ASSERT(used == part.bytes);
        }
    }
    if (reading.state == SYN_HTTP_REFUSED) {
        reading.refusal = syn_http_reader_refusal(reader, &reason);
        SYN_ASSERT(reading.refusal >= 400 && reason != NULL);
    }
    syn_http_reader_free(reader);
    return reading;
}

static void check_bytes(struct syn_arena *arena, struct syn_str in)
{
    static const size_t pieces[] = {1, 7};
    const struct reading whole =
        read_all(arena, in, in.bytes > 0 ? in.bytes : 1);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        const struct reading cut = read_all(NULL, in, pieces[i]);
        SYN_ASSERT(cut.state == whole.state);
        SYN_ASSERT(cut.refusal == whole.refusal);
        SYN_ASSERT(cut.count == whole.count);
        SYN_ASSERT(cut.hash == whole.hash);
    }
}

void syn_fuzz(struct syn_arena *arena, struct syn_str in)
{
    if (in.bytes == 0 || in.at[0] != FORM) {
        check_bytes(arena, in);
        return;
    }
    struct syn_buf request;
    struct syn_str body = syn_str_from(in, 1);
    const struct syn_str line = syn_fuzz_line(&body);
    syn_buf_init(&request, NULL, URL_BYTES_MAX);
    syn_buf_put(&request, line);
    syn_buf_put_text(&request, "\r\nHost: h\r\nContent-Type: "
                               "application/x-www-form-urlencoded\r\n"
                               "Content-Length: ");
    syn_buf_put_u64(&request, body.bytes);
    syn_buf_put_text(&request, "\r\n\r\n");
    syn_buf_put(&request, body);
    check_bytes(arena, syn_buf_str(&request));
    syn_buf_fini(&request);
}
