/*
 * link.c - effects onto a stream, the stream's reports into events.
 *
 * A socket that the session has given up is a wire without a link: it drains
 * and dies alone, whatever still arrives on it, while the next one opens.
 */
#include "client/link.h"

#include "base/log.h"
#include "net/http.h"
#include "net/stream.h"
#include "net/ws.h"
#include "syn/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_NORMAL   1000
#define FREE_TURNS_MAX 64
#define TARGET_BYTES   4096 /* of an upgrade */

/* One socket. */
struct wire {
    struct wire *next;
    const struct syn_world *world;
    struct syn_link *link; /* NULL: given up */
    struct wire **home;    /* where the list starts; NULL: the link is gone */
    struct syn_stream *stream;
    struct syn_http_reader *reader; /* until the upgrade */
    struct syn_ws *ws;              /* after it */
    struct syn_buf out;
    char key[SYN_WS_KEY_BYTES];
};

struct link_timer {
    struct syn_timer timer;
    struct syn_link *link;
    enum syn_sdk_timer id;
};

struct syn_link {
    struct syn_link_setup setup;
    struct syn_url url;
    struct syn_sdk_session *session;
    struct wire *wire;  /* the session's; NULL: none */
    struct wire *wires; /* all that still live */
    struct link_timer timers[SYN_SDK_TIMER_COUNT];
    syn_status refusal;
    bool is_stepping;
    bool has_lost; /* a socket could not even be begun */
    bool has_failed_tls;
};

/* --- evidence and safety ---------------------------------------------------
 */

static unsigned record(struct syn_link *link, enum syn_wire_direction direction,
                       struct syn_str head, struct syn_str body)
{
    const struct syn_world *world = link->setup.world;
    struct syn_wire_record entry = {
        .actor = link->setup.actor,
        .plane = SYN_WIRE_SDK,
        .direction = direction,
        .at_ms = syn_clock_now_ms(syn_loop_clock(world->loop)),
        .head = head,
        .body = body,
    };
    return world->record == NULL ? 0 : world->record(world->ctx, &entry);
}

/* Header and payload of a frame by its first line; all is body when there is
 * none. */
static void split_frame(struct syn_str frame, struct syn_str *head,
                        struct syn_str *body)
{
    size_t eol = syn_str_find(frame, '\r', 0);
    struct syn_str line = syn_str_part(frame, 0, eol);
    size_t space = line.bytes;
    uint64_t bytes = 0;
    while (space > 0 && line.at[space - 1] != ' ') {
        space--;
    }
    *head = (struct syn_str){0};
    *body = frame;
    if (syn_str_to_u64(syn_str_from(line, space), SYN_FRAME_HEADER_BYTES_MAX,
                       &bytes)) {
        *head = syn_str_part(frame, eol + 2, (size_t)bytes);
        *body = syn_str_from(frame, eol + 2 + (size_t)bytes + 2);
    }
}

static unsigned record_frame(struct syn_link *link,
                             enum syn_wire_direction direction,
                             struct syn_str frame)
{
    struct syn_str head = {0};
    struct syn_str body = {0};
    split_frame(frame, &head, &body);
    return record(link, direction, head, body);
}

static bool may_leave(struct syn_link *link,
                      const struct syn_departure *departure)
{
    const struct syn_world *world = link->setup.world;
    syn_status st = world->may_send == NULL
                        ? SYN_OK
                        : world->may_send(world->ctx, departure);
    if (st != SYN_OK) {
        link->refusal = st;
    }
    return st == SYN_OK;
}

/* --- a wire's life ---------------------------------------------------------
 */

static syn_status step_link(struct syn_link *link,
                            const struct syn_sdk_event *event);

static void step_from_wire(struct syn_link *link,
                           const struct syn_sdk_event *event)
{
    syn_status st = step_link(link, event);
    if (st == SYN_ERR_LIMIT || st == SYN_ERR_MEMORY) {
        /* The session has lost its thread: better no connection than half. */
        (void)step_link(link, &(struct syn_sdk_event){.kind = SYN_SDK_CUT});
    }
}

/* What was let out as a connection is none any more. */
static void tell_end(const struct syn_world *world)
{
    if (world->hung_up != NULL) {
        world->hung_up(world->ctx);
    }
}

static void free_wire(struct wire *wire)
{
    for (struct wire **at = wire->home; at != NULL && *at != NULL;
         at = &(*at)->next) {
        if (*at == wire) {
            *at = wire->next;
            break;
        }
    }
    tell_end(wire->world);
    syn_http_reader_free(wire->reader);
    syn_ws_free(wire->ws);
    syn_buf_fini(&wire->out);
    free(wire);
}

/* The session wants nothing of it any more. */
static void detach(struct wire *wire)
{
    if (wire->link != NULL) {
        wire->link->wire = NULL;
        wire->link = NULL;
    }
}

static void flush(struct wire *wire)
{
    if (wire->out.bytes > 0) {
        syn_stream_write(wire->stream, syn_buf_str(&wire->out));
        syn_buf_clear(&wire->out);
    }
}

/* The socket is of no use: the session learns that it lost it. */
static void break_off(struct wire *wire)
{
    struct syn_link *link = wire->link;
    detach(wire);
    syn_stream_close(wire->stream);
    if (link != NULL) {
        step_from_wire(link, &(struct syn_sdk_event){.kind = SYN_SDK_LOST});
    }
}

static void on_ws_message(void *ctx, struct syn_str message, bool is_text)
{
    struct wire *wire = ctx;
    struct syn_link *link = wire->link;
    unsigned exchange = 0;
    if (link == NULL) {
        return;
    }
    exchange = record_frame(link, SYN_WIRE_RECEIVED, message);
    if (link->setup.on_message != NULL &&
        !link->setup.on_message(link->setup.ctx, message, exchange)) {
        step_from_wire(link, &(struct syn_sdk_event){.kind = SYN_SDK_CUT});
        return;
    }
    step_from_wire(link, &(struct syn_sdk_event){.kind = SYN_SDK_MESSAGE,
                                                 .bytes = message,
                                                 .is_text = is_text});
}

static void on_ws_close(void *ctx, uint16_t code, bool is_violation)
{
    /* The stream's end follows; syn_ws_feed reports it to feed_ws. */
    (void)ctx;
    (void)code;
    (void)is_violation;
}

static const struct syn_ws_events ws_events = {.on_message = on_ws_message,
                                               .on_close = on_ws_close};

static void feed_ws(struct wire *wire, struct syn_str in)
{
    syn_status st = syn_ws_feed(wire->ws, in);
    flush(wire);
    if (st != SYN_OK && wire->link != NULL) {
        break_off(wire);
    }
}

/* The answer to the upgrade; false when it is no web socket. */
static bool take_upgrade(struct wire *wire)
{
    const struct syn_http_message *answer =
        syn_http_reader_message(wire->reader);
    if (wire->link != NULL) {
        (void)record(wire->link, SYN_WIRE_RECEIVED,
                     answer->status == 101 ? SYN_STR("HTTP/1.1 101")
                                           : SYN_STR("HTTP/1.1 refused"),
                     answer->body);
    }
    return syn_ws_is_accepted(answer, wire->key) &&
           syn_ws_new(
               &(struct syn_ws_options){.role = SYN_WS_CLIENT,
                                        .message_bytes_max = SYN_JSON_BYTES_MAX,
                                        .events = &ws_events,
                                        .ctx = wire,
                                        .out = &wire->out},
               &wire->ws) == SYN_OK;
}

static void feed_http(struct wire *wire, struct syn_str in)
{
    size_t used = 0;
    enum syn_http_state state = syn_http_reader_feed(wire->reader, in, &used);
    if (state == SYN_HTTP_MORE) {
        return;
    }
    if (state == SYN_HTTP_REFUSED || !take_upgrade(wire)) {
        break_off(wire);
        return;
    }
    step_from_wire(wire->link, &(struct syn_sdk_event){.kind = SYN_SDK_OPENED});
    if (wire->link != NULL && used < in.bytes) {
        feed_ws(wire, syn_str_from(in, used));
    }
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct wire *wire = ctx;
    (void)stream;
    if (wire->link == NULL) {
        return; /* given up */
    }
    if (wire->ws != NULL) {
        feed_ws(wire, in);
    } else {
        feed_http(wire, in);
    }
}

/* A client with poor manners tells its token to proxies and to the log. */
static bool write_target(const struct syn_link *link, char out[TARGET_BYTES])
{
    const struct syn_client_manners *manners = &link->setup.world->manners;
    struct syn_str token = manners->puts_token_in_url || manners->logs_token
                               ? syn_sdk_session_token(link->session)
                               : SYN_STR("");
    int bytes =
        snprintf(out, TARGET_BYTES, "%.*s%s%.*s", SYN_STR_ARG(link->url.target),
                 manners->puts_token_in_url ? "?token=" : "",
                 manners->puts_token_in_url ? (int)token.bytes : 0,
                 token.at == NULL ? "" : token.at);
    if (manners->logs_token) {
        syn_log(SYN_LOG_INFO, link->setup.actor, "connects", "token=%.*s",
                SYN_STR_ARG(token));
    }
    return bytes > 0 && bytes < TARGET_BYTES;
}

static void on_open(void *ctx, struct syn_stream *stream)
{
    struct wire *wire = ctx;
    struct syn_link *link = wire->link;
    char target[TARGET_BYTES];
    (void)stream;
    if (link == NULL || !write_target(link, target)) {
        break_off(wire);
        return;
    }
    if (syn_ws_put_request(&wire->out, link->url.authority, target,
                           wire->key) != SYN_OK) {
        break_off(wire);
        return;
    }
    (void)record(link, SYN_WIRE_SENT, SYN_STR("GET (web socket upgrade)"),
                 link->url.target);
    flush(wire);
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    struct wire *wire = ctx;
    struct syn_link *link = wire->link;
    (void)stream;
    detach(wire);
    if (link != NULL) {
        if (end == SYN_END_REFUSED || end == SYN_END_TLS) {
            (void)record(link, SYN_WIRE_RECEIVED, SYN_STR("(no connection)"),
                         syn_str_of(reason));
        }
        link->has_failed_tls = end == SYN_END_TLS;
        if (wire->world->lost != NULL) {
            wire->world->lost(wire->world->ctx);
        }
        step_from_wire(link, &(struct syn_sdk_event){.kind = SYN_SDK_LOST});
    }
    free_wire(wire);
}

static const struct syn_stream_events stream_events = {
    .on_open = on_open, .on_bytes = on_bytes, .on_closed = on_closed};

static syn_status open_wire(struct syn_link *link)
{
    static const struct syn_tls_client defaults = {.verify = true};
    const struct syn_world *world = link->setup.world;
    struct syn_stream_target target = {
        .host = link->url.host,
        .port = link->url.port,
        .guard_ms = world->guard_ms,
        .route = syn_routes_find(world->routes, link->url.host, link->url.port),
    };
    syn_status st = SYN_OK;
    struct wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL) {
        tell_end(world);
        return SYN_ERR_MEMORY;
    }
    wire->world = world;
    if (link->url.is_tls) {
        target.tls = world->tls != NULL ? world->tls : &defaults;
    }
    syn_buf_init(&wire->out, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    st = syn_http_reader_new(SYN_HTTP_RESPONSE, NULL, &wire->reader);
    if (st == SYN_OK) {
        st = syn_stream_connect(world->loop, &target, &stream_events, wire,
                                &wire->stream);
    }
    if (st != SYN_OK) {
        free_wire(wire);
        return st;
    }
    wire->link = link;
    wire->home = &link->wires;
    wire->next = link->wires;
    link->wires = wire;
    link->wire = wire;
    return SYN_OK;
}

/* --- effects ---------------------------------------------------------------
 */

static void do_open(struct syn_link *link)
{
    struct syn_departure departure = {
        .plane = SYN_WIRE_SDK,
        .method = "GET",
        .path = link->url.target,
        .is_new_connection = true,
    };
    link->has_failed_tls = false;
    if (!may_leave(link, &departure) || open_wire(link) != SYN_OK) {
        link->has_lost = true;
    }
}

static void do_send(struct syn_link *link, const struct syn_sdk_effect *effect)
{
    struct syn_str head = {0};
    struct syn_departure departure = {
        .plane = SYN_WIRE_SDK,
        .method = effect->method.at,
        .path = effect->path,
    };
    if (link->wire == NULL || link->wire->ws == NULL) {
        return;
    }
    split_frame(effect->bytes, &head, &departure.body);
    if (may_leave(link, &departure)) {
        (void)record_frame(link, SYN_WIRE_SENT, effect->bytes);
        syn_ws_send(link->wire->ws, effect->bytes, false);
        flush(link->wire);
    }
}

static void do_close(struct syn_link *link)
{
    struct wire *wire = link->wire;
    if (wire == NULL) {
        return;
    }
    detach(wire);
    if (wire->ws != NULL) {
        syn_ws_close(wire->ws, CLOSE_NORMAL);
        flush(wire);
    }
    syn_stream_close(wire->stream);
}

static void do_drop(struct syn_link *link)
{
    struct wire *wire = link->wire;
    if (wire != NULL) {
        detach(wire);
        syn_stream_abort(wire->stream);
    }
}

static void fire(void *ctx)
{
    struct link_timer *timer = ctx;
    step_from_wire(timer->link, &(struct syn_sdk_event){.kind = SYN_SDK_FIRED,
                                                        .timer = timer->id});
}

static void do_start(struct syn_link *link, const struct syn_sdk_effect *effect)
{
    struct link_timer *timer = &link->timers[effect->timer];
    syn_status st = syn_clock_start(
        syn_loop_clock(link->setup.world->loop), &timer->timer,
        effect->delay_us, (struct syn_alarm){effect->timer_kind, fire, timer});
    if (st != SYN_OK) {
        link->refusal = st;
    }
}

static void carry_out(struct syn_link *link,
                      const struct syn_sdk_effect *effect)
{
    switch (effect->kind) {
    case SYN_SDK_DO_OPEN:
        do_open(link);
        break;
    case SYN_SDK_DO_SEND:
        do_send(link, effect);
        break;
    case SYN_SDK_DO_CLOSE:
        do_close(link);
        break;
    case SYN_SDK_DO_DROP:
        do_drop(link);
        break;
    case SYN_SDK_DO_START:
        do_start(link, effect);
        break;
    case SYN_SDK_DO_STOP:
        syn_clock_stop(syn_loop_clock(link->setup.world->loop),
                       &link->timers[effect->timer].timer);
        break;
    case SYN_SDK_DO_NOTE:
        link->setup.on_note(link->setup.ctx, &effect->note);
        break;
    }
}

static syn_status step_once(struct syn_link *link,
                            const struct syn_sdk_event *event)
{
    const struct syn_sdk_effect *effects = NULL;
    struct syn_clock *clock = syn_loop_clock(link->setup.world->loop);
    syn_status st =
        syn_sdk_session_step(link->session, event, syn_clock_now_us(clock));
    size_t count = syn_sdk_session_effects(link->session, &effects);
    for (size_t i = 0; i < count; i++) {
        carry_out(link, &effects[i]);
    }
    return st;
}

static syn_status step_link(struct syn_link *link,
                            const struct syn_sdk_event *event)
{
    syn_status st = SYN_OK;
    SYN_ASSERT(!link->is_stepping); /* a note must not step */
    link->is_stepping = true;
    link->refusal = SYN_OK;
    link->has_lost = false;
    st = step_once(link, event);
    if (link->has_lost) {
        /* Refused by a rule: no retry of its own; else as any lost socket. */
        enum syn_sdk_event_kind kind =
            link->refusal == SYN_OK ? SYN_SDK_LOST : SYN_SDK_CUT;
        (void)step_once(link, &(struct syn_sdk_event){.kind = kind});
    }
    if (st == SYN_OK) {
        st = link->refusal;
    }
    link->is_stepping = false;
    if (link->setup.on_idle != NULL) {
        link->setup.on_idle(link->setup.ctx);
    }
    return st;
}

syn_status syn_link_step(struct syn_link *link,
                         const struct syn_sdk_event *event)
{
    return step_link(link, event);
}

/* --- life ------------------------------------------------------------------
 */

syn_status syn_link_new(const struct syn_link_setup *setup,
                        struct syn_link **out)
{
    syn_status st = SYN_OK;
    struct syn_link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        return SYN_ERR_MEMORY;
    }
    link->setup = *setup;
    for (unsigned i = 0; i < SYN_SDK_TIMER_COUNT; i++) {
        link->timers[i].link = link;
        link->timers[i].id = (enum syn_sdk_timer)i;
    }
    st = syn_url_parse(setup->url != NULL ? setup->url : setup->world->sdk_url,
                       &link->url);
    if (st == SYN_OK) {
        if (link->setup.session.host == NULL) {
            link->setup.session.host = link->url.authority;
        }
        st = syn_sdk_session_new(&link->setup.session, &link->session);
    }
    if (st != SYN_OK) {
        free(link);
        return st;
    }
    *out = link;
    return SYN_OK;
}

void syn_link_free(struct syn_link *link)
{
    if (link == NULL) {
        return;
    }
    struct syn_loop *loop = link->setup.world->loop;
    for (unsigned i = 0; i < SYN_SDK_TIMER_COUNT; i++) {
        syn_clock_stop(syn_loop_clock(loop), &link->timers[i].timer);
    }
    do_drop(link);
    for (struct wire *wire = link->wires; wire != NULL; wire = wire->next) {
        syn_stream_abort(wire->stream);
    }
    for (unsigned i = 0; i < FREE_TURNS_MAX && link->wires != NULL; i++) {
        syn_loop_turn(loop, 0);
    }
    for (struct wire *wire = link->wires; wire != NULL; wire = wire->next) {
        wire->home = NULL; /* it frees itself when the loop gets there */
    }
    syn_sdk_session_free(link->session);
    free(link);
}

const struct syn_sdk_session *syn_link_session(const struct syn_link *link)
{
    return link->session;
}

bool syn_link_has_failed_tls(const struct syn_link *link)
{
    return link->has_failed_tls;
}
