/*
 * live_bench.c - see live_bench.h. Guards are real time and generous.
 */
#include "live_bench.h"

#include "net/http.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD_MS        10000
#define MESSAGE_BYTES   1048576
#define HANDSHAKE_BYTES 8192

static struct syn_str keep(struct bench *bench, struct syn_str s)
{
    const struct syn_str copy = syn_arena_dup(&bench->arena, s);
    ck_assert_ptr_nonnull(copy.at);
    return copy;
}

static const struct syn_json *parse(struct bench *bench, struct syn_str text)
{
    const struct syn_json_rules rules = {.bytes_max = 0, .allow_nul = true};
    const struct syn_json *json = NULL;
    ck_assert_msg(syn_json_parse(&bench->arena, text, &rules, &json, NULL) ==
                      SYN_OK,
                  "not JSON: %.*s", SYN_STR_ARG(text));
    return json;
}

static void flush(struct live_peer *peer)
{
    if (peer->stream != NULL && peer->out.bytes > 0) {
        syn_stream_write(peer->stream, syn_buf_str(&peer->out));
    }
    syn_buf_clear(&peer->out);
}

/* --- frames in ------------------------------------------------------------ */

/* "TWILSOCK V3.0 <n>\r\n<header>\r\n<payload>\r\n", lengths in bytes. */
static void on_message(void *ctx, struct syn_str message, bool is_text)
{
    struct live_peer *peer = ctx;
    int digits_end = 0;
    unsigned header_bytes = 0;
    struct syn_str copy = keep(peer->bench, message);
    ck_assert_msg(!is_text, "the client understands binary messages only");
    ck_assert_int_eq(
        sscanf(copy.at, "TWILSOCK V3.0 %u%n", &header_bytes, &digits_end), 1);
    const size_t header_at = (size_t)digits_end + 2;
    ck_assert_uint_le(header_at + header_bytes + 2, copy.bytes);
    ck_assert_int_eq(memcmp(copy.at + digits_end, "\r\n", 2), 0);
    ck_assert_int_eq(memcmp(copy.at + header_at + header_bytes, "\r\n", 2), 0);
    ck_assert_uint_lt(peer->count, LIVE_FRAMES_MAX);
    struct live_frame *frame = &peer->frames[peer->count];
    frame->header =
        parse(peer->bench, syn_str_part(copy, header_at, header_bytes));
    const int64_t payload_bytes = live_number(frame->header, "/payload_size");
    const size_t payload_at = header_at + header_bytes + 2;
    const size_t tail = payload_bytes == 0 ? 0 : 2;
    ck_assert_uint_eq(payload_at + (size_t)payload_bytes + tail, copy.bytes);
    frame->payload_text = syn_str_part(copy, payload_at, (size_t)payload_bytes);
    if (payload_bytes > 0) {
        frame->payload = parse(peer->bench, frame->payload_text);
    }
    peer->count++;
}

static void on_close(void *ctx, uint16_t code, bool is_violation)
{
    struct live_peer *peer = ctx;
    (void)code;
    ck_assert_msg(!is_violation, "the service broke RFC 6455");
    peer->has_close = true;
}

static const struct syn_ws_events ws_events = {on_message, on_close};

static void on_open(void *ctx, struct syn_stream *stream)
{
    struct live_peer *peer = ctx;
    (void)stream;
    flush(peer);
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct live_peer *peer = ctx;
    (void)stream;
    if (!peer->is_upgraded) {
        syn_buf_put(&peer->handshake, in);
        syn_buf_put_byte(&peer->handshake, '\0');
        const char *end = strstr(peer->handshake.at, "\r\n\r\n");
        peer->handshake.bytes--;
        if (end == NULL) {
            return;
        }
        ck_assert_int_eq(strncmp(peer->handshake.at, "HTTP/1.1 101 ", 13), 0);
        peer->is_upgraded = true;
        in = syn_str_from(syn_buf_str(&peer->handshake),
                          (size_t)(end + 4 - peer->handshake.at));
    }
    (void)!syn_ws_feed(peer->ws, in);
    flush(peer);
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    struct live_peer *peer = ctx;
    (void)stream;
    (void)end;
    (void)reason;
    peer->stream = NULL;
}

static const struct syn_stream_events stream_events = {
    .on_open = on_open, .on_bytes = on_bytes, .on_closed = on_closed};

/* --- waiting -------------------------------------------------------------- */

static bool is_upgraded(void *ctx)
{
    return ((struct live_peer *)ctx)->is_upgraded;
}

static bool is_ended(void *ctx)
{
    const struct live_peer *peer = ctx;
    return peer->has_close || peer->stream == NULL;
}

static void await(struct live_peer *peer, bool (*is_done)(void *ctx), void *ctx,
                  const char *what)
{
    ck_assert_msg(syn_loop_run_until(peer->bench->loop, is_done, ctx, GUARD_MS),
                  "%s never came (%zu frames did)", what, peer->count);
}

void live_wait_end(struct live_peer *peer)
{
    await(peer, is_ended, peer, "the end");
}

struct wait {
    struct live_peer *peer;
    const char *method; /* NULL: any */
    const char *id;     /* NULL: any */
    struct live_frame *found;
};

static bool is_member(const struct live_frame *frame, const char *name,
                      const char *value)
{
    const struct syn_str text = syn_json_str(
        syn_json_member(frame->header, name), (struct syn_str){NULL, 0});
    return value == NULL || syn_str_is(text, value);
}

static bool has_frame(void *ctx)
{
    struct wait *wait = ctx;
    for (size_t i = 0; i < wait->peer->count; i++) {
        struct live_frame *frame = &wait->peer->frames[i];
        if (!frame->is_taken && is_member(frame, "method", wait->method) &&
            is_member(frame, "id", wait->id)) {
            wait->found = frame;
            return true;
        }
    }
    return false;
}

static struct live_frame *take(struct live_peer *peer, const char *method,
                               const char *id)
{
    struct wait wait = {peer, method, id, NULL};
    await(peer, has_frame, &wait, id == NULL ? method : id);
    wait.found->is_taken = true;
    return wait.found;
}

const struct live_frame *live_take(struct live_peer *peer, const char *method)
{
    return take(peer, method, NULL);
}

const struct syn_json *live_reply(struct live_peer *peer, const char *id)
{
    return take(peer, "reply", id)->header;
}

size_t live_pending(const struct live_peer *peer, const char *method)
{
    size_t count = 0;
    for (size_t i = 0; i < peer->count; i++) {
        count += !peer->frames[i].is_taken &&
                 is_member(&peer->frames[i], "method", method);
    }
    return count;
}

/* --- life ----------------------------------------------------------------- */

struct live_peer *live_open(struct bench *bench)
{
    struct live_peer *peer = calloc(1, sizeof(*peer));
    ck_assert_ptr_nonnull(peer);
    peer->bench = bench;
    syn_buf_init(&peer->out, NULL, MESSAGE_BYTES * 2);
    syn_buf_init(&peer->handshake, NULL, HANDSHAKE_BYTES);
    ck_assert_int_eq(
        syn_ws_new(&(struct syn_ws_options){.role = SYN_WS_CLIENT,
                                            .message_bytes_max = MESSAGE_BYTES,
                                            .events = &ws_events,
                                            .ctx = peer,
                                            .out = &peer->out},
                   &peer->ws),
        SYN_OK);
    ck_assert_int_eq(
        syn_ws_put_request(&peer->out, "127.0.0.1", "/v3/wsconnect", peer->key),
        SYN_OK);
    const struct syn_stream_target target = {
        .host = "127.0.0.1",
        .port = syn_service_port(bench->service),
        .guard_ms = GUARD_MS};
    ck_assert_int_eq(syn_stream_connect(bench->loop, &target, &stream_events,
                                        peer, &peer->stream),
                     SYN_OK);
    await(peer, is_upgraded, peer, "the upgrade");
    return peer;
}

static bool is_dead(void *ctx)
{
    return ((struct live_peer *)ctx)->stream == NULL;
}

void live_close(struct live_peer *peer)
{
    if (peer == NULL) {
        return;
    }
    if (peer->stream != NULL) {
        syn_stream_abort(peer->stream);
        await(peer, is_dead, peer, "our own end");
    }
    syn_ws_free(peer->ws);
    syn_buf_fini(&peer->out);
    syn_buf_fini(&peer->handshake);
    free(peer);
}

struct syn_str live_token(struct bench *bench, const char *identity,
                          int64_t ttl_s)
{
    const struct syn_token_key key = {BENCH_KEY, BENCH_SECRET, BENCH_ACCOUNT};
    const int64_t now_s = syn_clock_now_s(bench->clock);
    const struct syn_claims claims = {.identity = syn_str_of(identity),
                                      .service_sid = SYN_STR(BENCH_SERVICE),
                                      .issued_s = now_s,
                                      .expires_s = now_s + ttl_s};
    struct syn_str token = {NULL, 0};
    ck_assert_int_eq(syn_token_mint(&bench->arena, &key, &claims, &token),
                     SYN_OK);
    return token;
}

const char *live_send_init(struct live_peer *peer, struct syn_str token)
{
    const struct syn_str members = syn_arena_printf(
        &peer->bench->arena,
        "\"method\":\"init\",\"token\":\"%.*s\",\"continuation_token\":null,"
        "\"registrations\":[{\"product\":\"data_sync\",\"type\":\"ers\","
        "\"notification_protocol_version\":0,\"message_types\":"
        "[\"twilio.sync.event\",\"com.twilio.rtd.cds.map\"]}],"
        "\"tweaks\":null,\"capabilities\":[\"client_update\"]",
        SYN_STR_ARG(token));
    ck_assert_ptr_nonnull(members.at);
    return live_send(peer, members.at, "");
}

const struct syn_json *live_init(struct live_peer *peer, struct syn_str token)
{
    return live_reply(peer, live_send_init(peer, token));
}

struct live_peer *live_login(struct bench *bench, const char *identity,
                             int64_t ttl_s)
{
    struct live_peer *peer = live_open(bench);
    const struct syn_json *reply =
        live_init(peer, live_token(bench, identity, ttl_s));
    ck_assert_int_eq(live_number(reply, "/status/code"), 200);
    return peer;
}

/* --- frames out ----------------------------------------------------------- */

void live_raw(struct live_peer *peer, struct syn_str message)
{
    syn_ws_send(peer->ws, message, false);
    flush(peer);
}

const char *live_send(struct live_peer *peer, const char *members,
                      const char *payload)
{
    struct syn_arena *arena = &peer->bench->arena;
    peer->sent++;
    const struct syn_str id = syn_arena_printf(arena, "T%u", peer->sent);
    const struct syn_str header =
        syn_arena_printf(arena, "{\"id\":\"%s\",%s,\"payload_size\":%zu}",
                         id.at, members, strlen(payload));
    const struct syn_str frame =
        syn_arena_printf(arena, "TWILSOCK V3.0 %zu\r\n%s\r\n%s", header.bytes,
                         header.at, payload);
    ck_assert_ptr_nonnull(frame.at);
    live_raw(peer, frame);
    return id.at;
}

struct live_answer live_call(struct live_peer *peer, const char *method,
                             const char *path, const char *more,
                             const char *payload)
{
    const struct syn_str members = syn_arena_printf(
        &peer->bench->arena,
        "\"method\":\"message\",\"active_grant\":\"data_sync\","
        "\"payload_type\":\"application/json\",\"http_request\":{"
        "\"host\":\"" LIVE_HOST "\",\"path\":\"%s\",\"method\":\"%s\"%s}",
        path, method, more);
    const char *id = live_send(peer, members.at, payload);
    const struct live_frame *frame = take(peer, "reply", id);
    struct live_answer answer = {.header = frame->header,
                                 .body = frame->payload};
    ck_assert_int_eq(live_number(frame->header, "/status/code"), 200);
    answer.status = live_number(frame->header, "/http_status/code");
    if (answer.status >= 400) {
        ck_assert_int_eq(live_number(answer.body, "/status"), answer.status);
        answer.code = live_number(answer.body, "/code");
    }
    return answer;
}

void live_fence(struct live_peer *peer)
{
    (void)live_call(peer, "GET", "/v3/Configuration", "", "");
}

const struct syn_json *live_subscribe(struct live_peer *peer, const char *sid,
                                      const char *type, const char *last_id)
{
    const struct syn_str body = syn_arena_printf(
        &peer->bench->arena,
        "{\"event_protocol_version\":4,\"action\":\"establish\","
        "\"correlation_id\":7,\"retried_requests\":0,\"ttl_in_s\":-1,"
        "\"requests\":[{\"object_sid\":\"%s\",\"object_type\":\"%s\","
        "\"last_event_id\":%s}]}",
        sid, type, last_id);
    const struct live_answer answer =
        live_call(peer, "POST", "/v4/Subscriptions", "", body.at);
    ck_assert_int_eq(answer.status, 202);
    return live_take(peer, "notification")->payload;
}

/* --- looking -------------------------------------------------------------- */

const char *live_names(struct live_peer *peer, const struct syn_json *object)
{
    struct syn_str names = {"", 0};
    for (const struct syn_json *one = syn_json_first(object); one != NULL;
         one = syn_json_next(one)) {
        names = syn_arena_printf(&peer->bench->arena, "%.*s%s%.*s",
                                 SYN_STR_ARG(names), names.bytes > 0 ? "," : "",
                                 SYN_STR_ARG(syn_json_name(one)));
    }
    return names.at;
}

const char *live_text(struct live_peer *peer, const struct syn_json *node,
                      const char *pointer)
{
    const struct syn_json *at = syn_json_at(node, pointer);
    ck_assert_msg(syn_json_is(at, SYN_JSON_STRING), "no text at %s", pointer);
    return keep(peer->bench, syn_json_str(at, (struct syn_str){NULL, 0})).at;
}

int64_t live_number(const struct syn_json *node, const char *pointer)
{
    int64_t value = 0;
    ck_assert_msg(syn_json_i64(syn_json_at(node, pointer), &value),
                  "no number at %s", pointer);
    return value;
}
