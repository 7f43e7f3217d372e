/*
 * sink.c - receive webhooks on loopback and keep them.
 *
 * Every connection has a strict reader; a whole request becomes a record in
 * the row's arena before it is answered. A request that cannot be read closes
 * its connection and is counted nowhere: the service's log tells why.
 */
#include "syn/sink.h"

#include "client/world.h"
#include "net/http.h"
#include "net/stream.h"
#include "syn/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTOR            "sink"
#define ADDRESS_DEFAULT  "127.0.0.1"
#define STATUS_DEFAULT   200
#define URL_BYTES        SYN_WEBHOOK_BYTES_MAX
#define ANSWER_BYTES_MAX 256
#define US_PER_MS        1000

struct peer {
    struct peer *next, *previous;
    struct syn_sink *sink;
    struct syn_stream *stream;
    struct syn_http_reader *reader;
    struct syn_timer timer; /* until a late answer */
    unsigned late_status;
    bool keeps_alive;
};

struct syn_sink {
    struct syn_world *world;
    struct syn_listener *listener;
    struct peer *peers;
    struct syn_sink_manner manner;
    char url[URL_BYTES];
    struct syn_sink_record **records; /* list on the heap, rest in the arena */
    size_t count, capacity;
};

/* --- records -------------------------------------------------------------- */

static bool keep(struct syn_arena *arena, struct syn_str s, struct syn_str *out)
{
    *out = syn_arena_dup(arena, s);
    return out->at != NULL;
}

static bool keep_headers(struct syn_arena *arena,
                         const struct syn_http_message *message,
                         struct syn_sink_record *record)
{
    struct syn_sink_pair *pairs =
        syn_arena_array(arena, message->field_count, sizeof(*pairs));
    bool is_kept = pairs != NULL;
    for (size_t i = 0; is_kept && i < message->field_count; i++) {
        is_kept = keep(arena, message->fields[i].name, &pairs[i].name) &&
                  keep(arena, message->fields[i].value, &pairs[i].value);
    }
    record->headers = pairs;
    record->header_count = is_kept ? message->field_count : 0;
    return is_kept;
}

static bool is_form(const struct syn_http_message *message)
{
    const struct syn_str type = syn_http_field(message, "Content-Type");
    const struct syn_str word =
        syn_str_part(type, 0, syn_str_find(type, ';', 0));
    return syn_str_is_equal_nocase(
        syn_str_trim(word), SYN_STR("application/x-www-form-urlencoded"));
}

/* A body that is no form leaves the record without parameters. */
static bool keep_params(struct syn_arena *arena,
                        const struct syn_http_message *message,
                        struct syn_sink_record *record)
{
    struct syn_http_pair *form = NULL;
    size_t count = 0;
    if (!is_form(message) ||
        syn_http_form(arena, record->body, SYN_SINK_PARAMS_MAX, &form,
                      &count) != SYN_OK) {
        return true;
    }
    struct syn_sink_pair *pairs = syn_arena_array(arena, count, sizeof(*pairs));
    if (pairs == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        pairs[i] = (struct syn_sink_pair){form[i].name, form[i].value};
    }
    record->is_form = true;
    record->params = pairs;
    record->param_count = count;
    return true;
}

static bool grow(struct syn_sink *sink)
{
    if (sink->count < sink->capacity) {
        return true;
    }
    const size_t wanted = sink->capacity == 0 ? 16 : 2 * sink->capacity;
    if (wanted > SYN_SINK_RECORDS_MAX) {
        return false;
    }
    struct syn_sink_record **longer =
        realloc(sink->records, wanted * sizeof(*longer));
    if (longer == NULL) {
        return false;
    }
    sink->records = longer;
    sink->capacity = wanted;
    return true;
}

static void tell_world(struct syn_sink *sink, struct syn_sink_record *record)
{
    const struct syn_world *world = sink->world;
    const struct syn_str head = syn_arena_printf(
        world->arena, "%.*s %.*s HTTP/1.1", SYN_STR_ARG(record->method),
        SYN_STR_ARG(record->target));
    const struct syn_wire_record wire = {.actor = ACTOR,
                                         .plane = SYN_WIRE_REST,
                                         .direction = SYN_WIRE_RECEIVED,
                                         .at_ms = record->at_ms,
                                         .head = head,
                                         .body = record->body};
    if (world->record != NULL) {
        record->exchange = world->record(world->ctx, &wire);
    }
}

static bool keep_message(struct syn_sink *sink,
                         const struct syn_http_message *message)
{
    struct syn_arena *arena = sink->world->arena;
    struct syn_sink_record *record = syn_arena_alloc(arena, sizeof(*record));
    if (record == NULL || !grow(sink) ||
        !keep(arena, message->method, &record->method) ||
        !keep(arena, message->target, &record->target) ||
        !keep(arena, message->body, &record->body) ||
        !keep_headers(arena, message, record) ||
        !keep_params(arena, message, record)) {
        return false;
    }
    record->at_ms = syn_clock_now_ms(syn_loop_clock(sink->world->loop));
    tell_world(sink, record);
    sink->records[sink->count++] = record;
    return true;
}

/* --- answers -------------------------------------------------------------- */

static void answer(struct peer *peer, unsigned status)
{
    char text[ANSWER_BYTES_MAX];
    const int bytes = snprintf(
        text, sizeof(text), "HTTP/1.1 %u %s\r\nContent-Length: 0\r\n%s\r\n",
        status, syn_http_phrase(status),
        peer->keeps_alive ? "" : "Connection: close\r\n");
    SYN_ASSERT(bytes > 0 && (size_t)bytes < sizeof(text));
    syn_stream_write(peer->stream, (struct syn_str){text, (size_t)bytes});
    if (!peer->keeps_alive) {
        syn_stream_close(peer->stream);
    }
}

static void answer_late(void *ctx)
{
    struct peer *peer = ctx;
    answer(peer, peer->late_status);
}

static void answer_as_told(struct peer *peer)
{
    const struct syn_sink_manner *manner = &peer->sink->manner;
    const unsigned status =
        manner->status == 0 ? STATUS_DEFAULT : manner->status;
    if (manner->hangs) {
        return;
    }
    if (manner->delay_ms <= 0) {
        answer(peer, status);
        return;
    }
    peer->late_status = status;
    if (syn_clock_start(
            syn_loop_clock(peer->sink->world->loop), &peer->timer,
            manner->delay_ms * US_PER_MS,
            (struct syn_alarm){SYN_TIMER_EVENT, answer_late, peer}) != SYN_OK) {
        syn_stream_abort(peer->stream);
    }
}

/* --- connections ---------------------------------------------------------- */

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct peer *peer = ctx;
    enum syn_http_state state = SYN_HTTP_MESSAGE;
    while (state == SYN_HTTP_MESSAGE) {
        size_t used = 0;
        state = syn_http_reader_feed(peer->reader, in, &used);
        in = syn_str_from(in, used);
        if (state == SYN_HTTP_REFUSED) {
            syn_stream_abort(stream);
            return;
        }
        if (state == SYN_HTTP_MORE) {
            return;
        }
        const struct syn_http_message *message =
            syn_http_reader_message(peer->reader);
        peer->keeps_alive = message->keeps_alive;
        if (!keep_message(peer->sink, message)) {
            syn_stream_abort(stream);
            return;
        }
        answer_as_told(peer);
        if (!peer->keeps_alive || in.bytes == 0) {
            return;
        }
    }
}

static void free_peer(struct peer *peer)
{
    struct syn_sink *sink = peer->sink;
    syn_clock_stop(syn_loop_clock(sink->world->loop), &peer->timer);
    *(peer->previous != NULL ? &peer->previous->next : &sink->peers) =
        peer->next;
    if (peer->next != NULL) {
        peer->next->previous = peer->previous;
    }
    syn_http_reader_free(peer->reader);
    free(peer);
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    (void)stream;
    (void)end;
    (void)reason;
    free_peer(ctx);
}

static bool on_accept(void *ctx, struct syn_stream *stream,
                      const struct syn_stream_events **events,
                      void **stream_ctx)
{
    static const struct syn_stream_events own = {.on_bytes = on_bytes,
                                                 .on_closed = on_closed};
    struct syn_sink *sink = ctx;
    struct peer *peer = calloc(1, sizeof(*peer));
    if (peer == NULL) {
        return false;
    }
    if (syn_http_reader_new(SYN_HTTP_REQUEST, NULL, &peer->reader) != SYN_OK) {
        free(peer);
        return false;
    }
    peer->sink = sink;
    peer->stream = stream;
    peer->next = sink->peers;
    if (sink->peers != NULL) {
        sink->peers->previous = peer;
    }
    sink->peers = peer;
    *events = &own;
    *stream_ctx = peer;
    return true;
}

/* --- birth and death ------------------------------------------------------ */

static bool name_url(struct syn_sink *sink, const struct syn_sink_options *o,
                     const char *address)
{
    const bool is_v6 = strchr(address, ':') != NULL;
    const int bytes =
        o->public_url != NULL
            ? snprintf(sink->url, sizeof(sink->url), "%s", o->public_url)
            : snprintf(sink->url, sizeof(sink->url),
                       is_v6 ? "http%s://[%s]:%u/hook" : "http%s://%s:%u/hook",
                       o->tls == NULL ? "" : "s", address,
                       (unsigned)syn_listener_port(sink->listener));
    return bytes > 0 && (size_t)bytes < sizeof(sink->url);
}

syn_status syn_sink_new(struct syn_world *world,
                        const struct syn_sink_options *options,
                        struct syn_sink **out)
{
    static const struct syn_sink_options defaults = {.address = NULL};
    const struct syn_sink_options *o = options == NULL ? &defaults : options;
    const char *address = o->address == NULL ? ADDRESS_DEFAULT : o->address;
    struct syn_sink *sink = calloc(1, sizeof(*sink));
    if (sink == NULL) {
        return SYN_ERR_MEMORY;
    }
    sink->world = world;
    syn_status st =
        syn_listener_open(world->loop,
                          &(struct syn_listener_options){.address = address,
                                                         .port = o->port,
                                                         .tls = o->tls,
                                                         .accept = on_accept,
                                                         .ctx = sink},
                          &sink->listener);
    if (st == SYN_OK && !name_url(sink, o, address)) {
        st = SYN_ERR_CONFIG;
    }
    if (st != SYN_OK) {
        syn_sink_free(sink);
        return st;
    }
    *out = sink;
    return SYN_OK;
}

void syn_sink_free(struct syn_sink *sink)
{
    if (sink == NULL) {
        return;
    }
    syn_listener_close(sink->listener);
    struct peer *next = NULL;
    for (struct peer *peer = sink->peers; peer != NULL; peer = next) {
        next = peer->next;
        syn_stream_abandon(peer->stream);
        free_peer(peer);
    }
    free(sink->records);
    free(sink);
}

/* --- looks ---------------------------------------------------------------- */

const char *syn_sink_url(const struct syn_sink *sink)
{
    return sink->url;
}

void syn_sink_behave(struct syn_sink *sink,
                     const struct syn_sink_manner *manner)
{
    sink->manner = *manner;
}

size_t syn_sink_count(const struct syn_sink *sink)
{
    return sink->count;
}

const struct syn_sink_record *syn_sink_at(const struct syn_sink *sink,
                                          size_t index)
{
    return index < sink->count ? sink->records[index] : NULL;
}

void syn_sink_clear(struct syn_sink *sink)
{
    sink->count = 0;
}

/* What is waited for: the record number `index` of this type. */
struct wait {
    struct syn_sink *sink;
    const char *event_type; /* NULL: any */
    size_t index;
};

static const struct syn_sink_record *find(const struct wait *wait)
{
    size_t seen = 0;
    for (size_t i = 0; i < wait->sink->count; i++) {
        const struct syn_sink_record *record = wait->sink->records[i];
        const bool fits =
            wait->event_type == NULL ||
            syn_str_is(syn_sink_param(record, "EventType"), wait->event_type);
        if (fits && seen == wait->index) {
            return record;
        }
        seen += fits ? 1 : 0;
    }
    return NULL;
}

static bool has_come(void *ctx)
{
    return find(ctx) != NULL;
}

bool syn_sink_await(struct syn_sink *sink, size_t count)
{
    struct wait wait = {.sink = sink, .index = count - 1};
    return count == 0 || syn_loop_run_until(sink->world->loop, has_come, &wait,
                                            sink->world->guard_ms);
}

const struct syn_sink_record *syn_sink_await_event(struct syn_sink *sink,
                                                   const char *event_type,
                                                   size_t index)
{
    struct wait wait = {.sink = sink, .event_type = event_type, .index = index};
    (void)syn_loop_run_until(sink->world->loop, has_come, &wait,
                             sink->world->guard_ms);
    return find(&wait);
}

static struct syn_str pick(const struct syn_sink_pair *pairs, size_t count,
                           const char *name, bool ignores_case)
{
    const struct syn_str wanted = syn_str_of(name);
    for (size_t i = 0; i < count; i++) {
        if (ignores_case ? syn_str_is_equal_nocase(pairs[i].name, wanted)
                         : syn_str_is_equal(pairs[i].name, wanted)) {
            return pairs[i].value;
        }
    }
    return (struct syn_str){NULL, 0};
}

struct syn_str syn_sink_param(const struct syn_sink_record *record,
                              const char *name)
{
    return pick(record->params, record->param_count, name, false);
}

struct syn_str syn_sink_header(const struct syn_sink_record *record,
                               const char *name)
{
    return pick(record->headers, record->header_count, name, true);
}
