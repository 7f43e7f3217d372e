/*
 * fake_service.c - the scripted peer.
 */
#include "fake_service.h"
#include "net/http.h"
#include "net/ws.h"
#include "syn/limits.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURN_MS 50

struct conn {
    struct conn *next;
    struct fake *fake;
    struct syn_stream *stream;
    struct syn_http_reader *reader;
    struct syn_ws *ws;
    struct syn_buf out;
    bool is_ending;
};

struct fake {
    struct syn_listener *listener;
    const struct fake_rule *rules;
    size_t rule_count;
    unsigned used[FAKE_RULES_MAX]; /* how often, by rule */
    struct conn *conns;            /* newest first */
    struct syn_buf heard;
    unsigned connections;
    unsigned inits;
    bool says_fragments;
};

struct fake_bench bench;

/* --- text ------------------------------------------------------------------
 */

static size_t find_text(struct syn_str text, const char *part, size_t from)
{
    size_t bytes = strlen(part);
    for (size_t at = from; at + bytes <= text.bytes; at++) {
        if (memcmp(text.at + at, part, bytes) == 0) {
            return at;
        }
    }
    return text.bytes;
}

bool text_holds(struct syn_str text, const char *part)
{
    return find_text(text, part, 0) < text.bytes;
}

/* The JSON text behind `"name":`, up to the next comma, brace or quote. */
static struct syn_str value_after(struct syn_str text, const char *name)
{
    size_t at = find_text(text, name, 0) + strlen(name);
    size_t end = at;
    while (end < text.bytes && strchr(",}\"", text.at[end]) == NULL) {
        end++;
    }
    return syn_str_part(text, at, end - at);
}

static const struct fake_rule *find_rule(struct fake *fake, struct syn_str text)
{
    for (size_t i = 0; i < fake->rule_count; i++) {
        const struct fake_rule *rule = &fake->rules[i];
        bool is_left = rule->times == 0 || fake->used[i] < rule->times;
        if (is_left && text_holds(text, rule->match)) {
            fake->used[i]++;
            return rule;
        }
    }
    return NULL;
}

static void hear(struct fake *fake, struct syn_str text)
{
    syn_buf_put(&fake->heard, text);
    syn_buf_put_text(&fake->heard, "\n");
}

/* --- frames ----------------------------------------------------------------
 */

static void flush(struct conn *conn)
{
    syn_stream_write(conn->stream, syn_buf_str(&conn->out));
    syn_buf_clear(&conn->out);
}

/* In three fragments, a ping behind the first two. */
static void put_fragments(struct syn_buf *out, struct syn_str message)
{
    static const unsigned char firsts[] = {0x02, 0x00, 0x80};
    size_t part = message.bytes / sizeof firsts;
    for (size_t i = 0; i < sizeof firsts; i++) {
        size_t begin = out->bytes;
        bool is_last = i + 1 == sizeof firsts;
        syn_ws_put_server_frame(
            out, syn_str_part(message, i * part, is_last ? SIZE_MAX : part));
        out->at[begin] = (char)firsts[i];
        syn_buf_put(out, is_last ? SYN_STR("") : SYN_STR("\x89\x01?"));
    }
}

static void say(struct conn *conn, struct syn_str members,
                struct syn_str payload, bool is_text)
{
    struct syn_buf header;
    struct syn_buf frame;
    syn_buf_init(&header, NULL, SYN_FRAME_BYTES_MAX);
    syn_buf_init(&frame, NULL, SYN_FRAME_BYTES_MAX);
    syn_buf_printf(&header, "{%.*s,\"payload_size\":%zu}", SYN_STR_ARG(members),
                   payload.bytes);
    syn_buf_printf(&frame, "TWILSOCK V3.0 %zu\r\n", header.bytes);
    syn_buf_put(&frame, syn_buf_str(&header));
    syn_buf_put_text(&frame, "\r\n");
    syn_buf_put(&frame, payload);
    syn_buf_put_text(&frame, "\r\n");
    if (conn->fake->says_fragments) {
        put_fragments(&conn->out, syn_buf_str(&frame));
    } else {
        syn_ws_send(conn->ws, syn_buf_str(&frame), is_text);
    }
    syn_buf_fini(&header);
    syn_buf_fini(&frame);
    flush(conn);
}

static void say_then(struct conn *conn, const char *text, struct syn_str asked)
{
    struct syn_buf payload;
    struct syn_str correlation = value_after(asked, "\"correlation_id\":");
    syn_buf_init(&payload, NULL, SYN_FRAME_BYTES_MAX);
    for (; *text != '\0'; text++) {
        if (text[0] == '%' && text[1] == 'C') {
            syn_buf_put(&payload, correlation);
            text++;
        } else {
            syn_buf_put_byte(&payload, *text);
        }
    }
    say(conn,
        SYN_STR("\"method\":\"notification\",\"id\":\"TMn\",\"message_type\":"
                "\"twilio.sync.event\""),
        syn_buf_str(&payload), false);
    syn_buf_fini(&payload);
}

static void answer_frame(struct conn *conn, const struct fake_rule *rule,
                         struct syn_str asked)
{
    struct syn_buf members;
    struct syn_str id = value_after(asked, "\"id\":\"");
    bool is_init = text_holds(asked, "\"method\":\"init\"");
    bool is_request = text_holds(asked, "\"http_request\"");
    syn_buf_init(&members, NULL, SYN_FRAME_BYTES_MAX);
    syn_buf_printf(&members, "\"method\":\"reply\",\"id\":\"%.*s\"",
                   SYN_STR_ARG(id));
    if (is_request) {
        syn_buf_printf(&members,
                       ",\"status\":{\"code\":200},\"http_status\":{\"code\":"
                       "%u}",
                       rule->status);
    } else if (rule->header == NULL ||
               strstr(rule->header, "\"status\"") == NULL) {
        syn_buf_printf(&members, ",\"status\":{\"code\":%u}", rule->status);
    }
    if (is_init) {
        syn_buf_printf(&members, ",\"continuation_token\":\"c%u\"",
                       ++conn->fake->inits);
    }
    if (rule->header != NULL) {
        syn_buf_printf(&members, ",%s", rule->header);
    }
    say(conn, syn_buf_str(&members), syn_str_of(rule->body),
        rule->act == FAKE_SAY_TEXT);
    syn_buf_fini(&members);
    if (rule->then != NULL) {
        say_then(conn, rule->then, asked);
    }
}

static void act_on_frame(struct conn *conn, const struct fake_rule *rule,
                         struct syn_str asked)
{
    char members[128];
    switch (rule->act) {
    case FAKE_GARBAGE:
        syn_ws_send(conn->ws, syn_str_of(rule->body), false);
        flush(conn);
        break;
    case FAKE_ANSWER:
    case FAKE_SAY_TEXT:
        answer_frame(conn, rule, asked);
        break;
    case FAKE_SILENCE:
        break;
    case FAKE_HANG_UP:
        syn_stream_close(conn->stream);
        break;
    case FAKE_RESET:
        syn_stream_abort(conn->stream);
        break;
    case FAKE_SAY_CLOSE:
        (void)snprintf(members, sizeof members,
                       "\"method\":\"close\",\"id\":\"TMc\",\"status\":"
                       "{\"code\":%u,\"errorCode\":51207}",
                       rule->status);
        say(conn, syn_str_of(members), (struct syn_str){0}, false);
        syn_stream_close(conn->stream);
        break;
    }
}

static const struct fake_rule init_is_fine = {.status = 200};
static const struct fake_rule not_found = {.status = 404,
                                           .body = "{\"code\":20404}"};

static void on_message(void *ctx, struct syn_str message, bool is_text)
{
    struct conn *conn = ctx;
    const struct fake_rule *rule = NULL;
    ck_assert(!is_text); /* the SDK sends binary */
    hear(conn->fake, message);
    if (text_holds(message, "\"method\":\"reply\"") ||
        text_holds(message, "\"method\":\"close\"")) {
        return;
    }
    rule = find_rule(conn->fake, message);
    if (rule == NULL) {
        rule = text_holds(message, "\"http_request\"") ? &not_found
                                                       : &init_is_fine;
    }
    act_on_frame(conn, rule, message);
}

static void on_close(void *ctx, uint16_t code, bool is_violation)
{
    (void)ctx;
    (void)code;
    ck_assert(!is_violation);
}

static const struct syn_ws_events ws_events = {on_message, on_close};

/* --- HTTP ------------------------------------------------------------------
 */

static void hear_request(struct fake *fake,
                         const struct syn_http_message *request,
                         struct syn_buf *text)
{
    syn_buf_printf(text, "%.*s %.*s\r\n", SYN_STR_ARG(request->method),
                   SYN_STR_ARG(request->target));
    for (size_t i = 0; i < request->field_count; i++) {
        syn_buf_printf(text, "%.*s: %.*s\r\n",
                       SYN_STR_ARG(request->fields[i].name),
                       SYN_STR_ARG(request->fields[i].value));
    }
    syn_buf_put_text(text, "\r\n");
    syn_buf_put(text, request->body);
    hear(fake, syn_buf_str(text));
}

static void answer_http(struct conn *conn, const struct fake_rule *rule)
{
    if (rule->act == FAKE_RESET) {
        syn_stream_abort(conn->stream);
    } else if (rule->act == FAKE_HANG_UP) {
        syn_stream_close(conn->stream);
    } else if (rule->act != FAKE_SILENCE) {
        syn_buf_printf(&conn->out,
                       "HTTP/1.1 %u %s\r\nContent-Length: %zu\r\n%s\r\n%s",
                       rule->status, syn_http_phrase(rule->status),
                       rule->body == NULL ? 0 : strlen(rule->body),
                       rule->header == NULL ? "" : rule->header,
                       rule->body == NULL ? "" : rule->body);
        flush(conn);
    }
}

static void take_request(struct conn *conn)
{
    const struct syn_http_message *request =
        syn_http_reader_message(conn->reader);
    const struct fake_rule *rule = NULL;
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_FRAME_BYTES_MAX);
    hear_request(conn->fake, request, &text);
    rule = find_rule(conn->fake, syn_buf_str(&text));
    if (request->has_upgrade && rule == NULL) {
        ck_assert(syn_ws_accept(request, &conn->out));
        flush(conn);
        ck_assert_int_eq(
            syn_ws_new(&(struct syn_ws_options){.role = SYN_WS_SERVER,
                                                .message_bytes_max =
                                                    SYN_FRAME_BYTES_MAX,
                                                .events = &ws_events,
                                                .ctx = conn,
                                                .out = &conn->out},
                       &conn->ws),
            SYN_OK);
    } else {
        answer_http(conn, rule == NULL ? &not_found : rule);
    }
    syn_buf_fini(&text);
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct conn *conn = ctx;
    (void)stream;
    while (conn->ws == NULL && in.bytes > 0) {
        size_t used = 0;
        enum syn_http_state state =
            syn_http_reader_feed(conn->reader, in, &used);
        ck_assert_int_ne(state, SYN_HTTP_REFUSED);
        in = syn_str_from(in, used);
        if (state == SYN_HTTP_MORE) {
            return;
        }
        take_request(conn);
    }
    if (conn->ws != NULL && in.bytes > 0) {
        syn_status st = syn_ws_feed(conn->ws, in);
        flush(conn);
        if (st != SYN_OK) {
            syn_stream_close(conn->stream);
        }
    }
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    struct conn *conn = ctx;
    (void)stream;
    (void)end;
    (void)reason;
    for (struct conn **at = &conn->fake->conns; *at != NULL;
         at = &(*at)->next) {
        if (*at == conn) {
            *at = conn->next;
            break;
        }
    }
    syn_http_reader_free(conn->reader);
    syn_ws_free(conn->ws);
    syn_buf_fini(&conn->out);
    free(conn);
}

static bool accept_conn(void *ctx, struct syn_stream *stream,
                        const struct syn_stream_events **events,
                        void **stream_ctx)
{
    static const struct syn_stream_events stream_events = {
        .on_bytes = on_bytes, .on_closed = on_closed};
    struct fake *fake = ctx;
    struct conn *conn = calloc(1, sizeof *conn);
    ck_assert_ptr_nonnull(conn);
    conn->fake = fake;
    conn->stream = stream;
    conn->next = fake->conns;
    fake->conns = conn;
    fake->connections++;
    syn_buf_init(&conn->out, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    ck_assert_int_eq(syn_http_reader_new(SYN_HTTP_REQUEST, NULL, &conn->reader),
                     SYN_OK);
    *events = &stream_events;
    *stream_ctx = conn;
    return true;
}

/* --- for the suites --------------------------------------------------------
 */

void fake_script(struct fake *fake, const struct fake_rule *rules, size_t count)
{
    ck_assert_uint_le(count, FAKE_RULES_MAX);
    memset(fake->used, 0, sizeof fake->used);
    fake->rules = rules;
    fake->rule_count = count;
}

static pid_t fake_process;

void fake_fork(const struct fake_rule *rules, size_t count)
{
    pid_t parent = getpid();
    fake_script(bench.fake, rules, count);
    fake_process = fork();
    ck_assert_int_ge(fake_process, 0);
    while (fake_process == 0) {
        syn_loop_turn(bench.loop, TURN_MS);
        if (getppid() != parent) {
            _exit(0);
        }
    }
}

void fake_end(void)
{
    if (fake_process > 0) {
        (void)kill(fake_process, SIGKILL);
        (void)waitpid(fake_process, NULL, 0);
        fake_process = 0;
    }
}

uint16_t fake_port(const struct fake *fake)
{
    return syn_listener_port(fake->listener);
}

struct syn_str fake_heard(const struct fake *fake)
{
    return syn_buf_str(&fake->heard);
}

bool fake_has_heard(const struct fake *fake, const char *text)
{
    return text_holds(fake_heard(fake), text);
}

size_t fake_count(const struct fake *fake, const char *text)
{
    struct syn_str heard = fake_heard(fake);
    size_t count = 0;
    for (size_t at = find_text(heard, text, 0); at < heard.bytes;
         at = find_text(heard, text, at + 1)) {
        count++;
    }
    return count;
}

void fake_fragment(struct fake *fake)
{
    fake->says_fragments = true;
}

unsigned fake_connections(const struct fake *fake)
{
    return fake->connections;
}

void fake_push(struct fake *fake, const char *header_members,
               const char *payload)
{
    ck_assert_ptr_nonnull(fake->conns);
    ck_assert_ptr_nonnull(fake->conns->ws);
    say(fake->conns, syn_str_of(header_members), syn_str_of(payload), false);
}

struct wish {
    struct fake *fake;
    const char *text;
};

static bool is_heard(void *ctx)
{
    const struct wish *wish = ctx;
    return fake_has_heard(wish->fake, wish->text);
}

void fake_await(struct fake *fake, const char *text)
{
    struct wish wish = {fake, text};
    ck_assert_msg(syn_loop_run_until(bench.loop, is_heard, &wish, 5000),
                  "never heard: %s", text);
}

/* --- the bench -------------------------------------------------------------
 */

static unsigned record(void *ctx, const struct syn_wire_record *entry)
{
    static unsigned number;
    (void)ctx;
    syn_buf_printf(&bench.sent_log, "%s %s %.*s|%.*s\n",
                   entry->direction == SYN_WIRE_SENT ? ">" : "<", entry->actor,
                   SYN_STR_ARG(entry->head), SYN_STR_ARG(entry->body));
    return ++number;
}

static syn_status may_send(void *ctx, const struct syn_departure *departure)
{
    (void)ctx;
    bool is_refused =
        bench.refuse != NULL && (text_holds(departure->path, bench.refuse) ||
                                 strcmp(departure->method, bench.refuse) == 0);
    return is_refused ? SYN_ERR_REFUSED : SYN_OK;
}

static void acted(void *ctx, const char *identity,
                  const struct syn_action *action,
                  const struct syn_reply *reply)
{
    (void)ctx;
    (void)identity;
    (void)action;
    (void)reply;
    bench.acted++;
}

void bench_aim(uint16_t port)
{
    bench.world.rest_url =
        syn_arena_printf(&bench.arena, "http://127.0.0.1:%u", port).at;
    bench.world.sdk_url =
        syn_arena_printf(&bench.arena, "ws://127.0.0.1:%u/v3/wsconnect", port)
            .at;
}

void bench_set_up(void)
{
    bench = (struct fake_bench){0};
    ck_assert_int_eq(syn_curl_global_init(), SYN_OK);
    bench.clock = syn_clock_new_virtual(1800000000000000);
    ck_assert_int_eq(syn_loop_new(bench.clock, &bench.loop), SYN_OK);
    ck_assert_int_eq(syn_curl_new(bench.loop, &bench.curl), SYN_OK);
    syn_arena_init(&bench.arena, NULL, 67108864);
    syn_rng_init(&bench.rng, 3, 4);
    syn_buf_init(&bench.sent_log, NULL, 67108864);
    bench.fake = calloc(1, sizeof *bench.fake);
    ck_assert_ptr_nonnull(bench.fake);
    syn_buf_init(&bench.fake->heard, NULL, 67108864);
    ck_assert_int_eq(
        syn_listener_open(bench.loop,
                          &(struct syn_listener_options){.address = "127.0.0.1",
                                                         .accept = accept_conn,
                                                         .ctx = bench.fake},
                          &bench.fake->listener),
        SYN_OK);
    bench.world = (struct syn_world){
        .loop = bench.loop,
        .curl = bench.curl,
        .arena = &bench.arena,
        .rng = &bench.rng,
        .login = {.user = "SKuser", .password = "pass word"},
        .mint_key = {"SK0123", "secretsecretsecretsecretsecretse", "AC0123"},
        .service_sid = "IS0123",
        .scenario = "unit/row",
        .guard_ms = 3000,
        .record = record,
        .may_send = may_send,
        .acted = acted,
    };
    bench_aim(fake_port(bench.fake));
}

void bench_tear_down(void)
{
    syn_listener_close(bench.fake->listener);
    for (struct conn *conn = bench.fake->conns; conn != NULL;
         conn = conn->next) {
        syn_stream_abort(conn->stream);
    }
    for (int i = 0; i < 100 && bench.fake->conns != NULL; i++) {
        syn_loop_turn(bench.loop, 1);
    }
    ck_assert_ptr_null(bench.fake->conns);
    syn_buf_fini(&bench.fake->heard);
    free(bench.fake);
    syn_curl_free(bench.curl);
    syn_loop_free(bench.loop);
    syn_clock_free(bench.clock);
    syn_buf_fini(&bench.sent_log);
    syn_arena_fini(&bench.arena);
    syn_curl_global_fini();
}
