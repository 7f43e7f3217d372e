/*
 * connection.c - one accepted stream: HTTP in order, until it is upgraded.
 *
 * Requests are answered one by one as they come out of the reader, so that
 * pipelining keeps its order; each reply is one write. A peer that is slow to
 * finish a request, or silent between two, is dropped by a peer timer, which
 * no jump of virtual time fires.
 *
 * A handler may move the clock, and timers then run inside our own callback:
 * a connection that ends meanwhile is freed when the callback is over.
 */
#include "service/live.h"
#include "service/rest.h"
#include "service/state.h"

#include "base/log.h"
#include "net/ws.h"

#include <string.h>

#define ACTOR    "service"
#define US_PER_S 1000000

struct syn_conn {
    struct syn_service *service; /* NULL: the service has ended */
    struct syn_stream *stream;
    struct syn_ledger ledger;       /* all that is written goes through it */
    struct syn_http_reader *reader; /* NULL once upgraded */
    struct syn_session *session;    /* NULL until upgraded */
    struct syn_timer timer;
    bool is_closing; /* the rest of what comes in is ignored */
    bool is_busy;    /* inside on_bytes: do not free */
    bool is_dead;    /* the stream is gone */
    struct syn_conn *next, *previous;
};

/* --- life ----------------------------------------------------------------- */

static void unlink_conn(struct syn_conn *conn)
{
    struct syn_service *service = conn->service;
    if (service == NULL) {
        return;
    }
    syn_clock_stop(service->clock, &conn->timer);
    syn_ledger_drop(&conn->ledger);
    if (conn->previous == NULL) {
        service->conns = conn->next;
    } else {
        conn->previous->next = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->previous = conn->previous;
    }
    service->counts.connections--;
    conn->service = NULL;
}

static void free_conn(struct syn_conn *conn)
{
    syn_http_reader_free(conn->reader);
    syn_allocator_heap.release(syn_allocator_heap.ctx, conn);
}

static void start_closing(struct syn_conn *conn);

/* The first time-out closes in order; the second does not wait for a peer
 * that takes nothing. */
static void on_timeout(void *ctx)
{
    struct syn_conn *conn = ctx;
    syn_log(SYN_LOG_INFO, ACTOR, "connection timed out", "peer=%s",
            syn_stream_peer(conn->stream));
    if (conn->is_closing) {
        syn_stream_abort(conn->stream);
        return;
    }
    start_closing(conn);
}

static void start_timer(struct syn_conn *conn, int64_t delay_s)
{
    const struct syn_seams *seams = &conn->service->seams;
    const int64_t patience_s = seams->frames.patience_s(seams->ctx, delay_s);
    syn_status st = syn_clock_start(
        conn->service->clock, &conn->timer, patience_s * US_PER_S,
        (struct syn_alarm){SYN_TIMER_PEER, on_timeout, conn});
    if (st != SYN_OK) {
        syn_log(SYN_LOG_ALERT, ACTOR, "no timer", "reason=\"%s\"",
                syn_status_text(st));
    }
}

static void start_closing(struct syn_conn *conn)
{
    if (conn->is_closing || conn->is_dead) {
        return;
    }
    conn->is_closing = true;
    start_timer(conn, conn->service->setup.handshake_s);
    syn_ledger_close(&conn->ledger);
}

/* Once all before it is written; with `ticket` also once that is kept. */
static void write_out(struct syn_conn *conn, struct syn_str bytes,
                      uint64_t ticket)
{
    syn_ledger_write(&conn->ledger, bytes, ticket, (struct syn_str){NULL, 0});
}

/* A reply was held, and what it tells will never be kept. */
static void fail_held(void *ctx, struct syn_str owed)
{
    struct syn_conn *conn = ctx;
    if (owed.at != NULL && conn->session != NULL) {
        syn_live_fail(conn->session, owed);
        return;
    }
    if (conn->is_closing || conn->session != NULL) {
        return;
    }
    struct syn_buf out;
    syn_buf_init(&out, NULL, SYN_REST_REPLY_BYTES_MAX);
    syn_rest_put_failure(conn->service, &out);
    write_out(conn, syn_buf_str(&out), 0);
    syn_buf_fini(&out);
    start_closing(conn);
}

/* --- requests ------------------------------------------------------------- */

static bool is_upgrade(const struct syn_conn *conn,
                       const struct syn_http_message *message)
{
    struct syn_str target = message->target;
    struct syn_str path = syn_str_part(target, 0, syn_str_find(target, '?', 0));
    return message->has_upgrade &&
           syn_str_is(path, conn->service->setup.sdk_path);
}

/* Answer the handshake and hand the stream over. `early` came behind it. */
static void upgrade(struct syn_conn *conn,
                    const struct syn_http_message *message,
                    struct syn_str early)
{
    struct syn_buf out;
    syn_buf_init(&out, NULL, SYN_HTTP_HEAD_BYTES_MAX);
    const struct syn_seams *seams = &conn->service->seams;
    bool is_accepted = seams->frames.upgrades(seams->ctx, message, &out);
    write_out(conn, syn_buf_str(&out), 0);
    syn_buf_fini(&out);
    if (!is_accepted) {
        start_closing(conn);
        return;
    }
    /* Live has its own deadline for the first frame. */
    syn_clock_stop(conn->service->clock, &conn->timer);
    syn_stream_take_turns(conn->stream);
    struct syn_arena *scratch = &conn->service->scratch;
    const struct syn_arena_mark mark = syn_arena_mark(scratch);
    const struct syn_live_early hello = {
        .message = seams->frames.greeting(seams->ctx, scratch, message),
        .bytes = syn_str_part(early, 0, seams->frames.early_bytes_max)};
    conn->session = syn_live_open(conn->service, &conn->ledger, &hello);
    syn_arena_rewind(scratch, mark);
    if (conn->session == NULL) {
        syn_log(SYN_LOG_WARN, ACTOR, "no session", "peer=%s",
                syn_stream_peer(conn->stream));
        syn_stream_abort(conn->stream);
    }
}

static void answer(struct syn_conn *conn,
                   const struct syn_http_message *message)
{
    struct syn_service *service = conn->service;
    struct syn_buf out;
    syn_buf_init(&out, NULL, SYN_REST_REPLY_BYTES_MAX);
    bool keeps_alive = syn_rest_answer(service, message,
                                       syn_stream_is_tls(conn->stream), &out);
    if (!conn->is_dead && out.status == SYN_OK) {
        write_out(conn, syn_buf_str(&out), service->tickets.needed);
    }
    bool is_whole = out.status == SYN_OK;
    syn_buf_fini(&out);
    if (conn->is_dead || conn->service == NULL) {
        return;
    }
    if (!keeps_alive || !is_whole) {
        start_closing(conn);
    } else if (!conn->is_closing) {
        start_timer(conn, SYN_SERVICE_IDLE_S);
    }
}

static void refuse(struct syn_conn *conn)
{
    const char *reason = "";
    unsigned status = syn_http_reader_refusal(conn->reader, &reason);
    struct syn_buf out;
    syn_buf_init(&out, NULL, SYN_HTTP_HEAD_BYTES_MAX);
    syn_rest_refuse_bytes(conn->service, status, reason, &out);
    write_out(conn, syn_buf_str(&out), 0);
    syn_buf_fini(&out);
    start_closing(conn);
}

static bool takes_requests(const struct syn_conn *conn)
{
    return !conn->is_dead && !conn->is_closing && conn->session == NULL &&
           conn->service != NULL;
}

/* The head of a request whose sender waits before its body. */
static void invite_body(struct syn_conn *conn)
{
    if (syn_http_reader_wants_continue(conn->reader)) {
        write_out(conn, SYN_STR("HTTP/1.1 100 Continue\r\n\r\n"), 0);
    }
}

static void read_requests(struct syn_conn *conn, struct syn_str in)
{
    bool was_inside = syn_http_reader_is_inside(conn->reader);
    while (takes_requests(conn)) {
        size_t used = 0;
        enum syn_http_state state =
            syn_http_reader_feed(conn->reader, in, &used);
        in = syn_str_from(in, used);
        if (state == SYN_HTTP_REFUSED) {
            refuse(conn);
            return;
        }
        if (state == SYN_HTTP_MORE) {
            invite_body(conn);
            break;
        }
        was_inside = false;
        const struct syn_http_message *message =
            syn_http_reader_message(conn->reader);
        if (is_upgrade(conn, message)) {
            upgrade(conn, message, in);
            if (conn->session != NULL) {
                syn_http_reader_free(conn->reader);
                conn->reader = NULL;
            }
            return;
        }
        answer(conn, message);
    }
    /* A new request has begun: all of it has to come in time. */
    const struct syn_seams *seams = &conn->service->seams;
    if (takes_requests(conn) &&
        (!was_inside || seams->frames.is_soothed(seams->ctx)) &&
        syn_http_reader_is_inside(conn->reader)) {
        start_timer(conn, conn->service->setup.handshake_s);
    }
}

/* --- callbacks of the stream ---------------------------------------------- */

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    (void)stream;
    struct syn_conn *conn = ctx;
    conn->is_busy = true;
    if (conn->session != NULL) {
        syn_live_bytes(conn->session, in);
    } else if (takes_requests(conn)) {
        read_requests(conn, in);
    }
    conn->is_busy = false;
    if (conn->is_dead) {
        free_conn(conn);
    }
}

static void on_drained(void *ctx, struct syn_stream *stream)
{
    (void)stream;
    struct syn_conn *conn = ctx;
    if (conn->session != NULL) {
        syn_live_drained(conn->session);
    }
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    (void)stream;
    struct syn_conn *conn = ctx;
    conn->is_dead = true;
    if (conn->session != NULL) {
        struct syn_session *session = conn->session;
        conn->session = NULL;
        syn_live_closed(session, end, reason);
    }
    unlink_conn(conn);
    if (!conn->is_busy) {
        free_conn(conn);
    }
}

static const struct syn_stream_events events = {
    .on_bytes = on_bytes,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

/* --- exported ------------------------------------------------------------- */

bool syn_conn_accept(void *ctx, struct syn_stream *stream,
                     const struct syn_stream_events **stream_events,
                     void **stream_ctx)
{
    struct syn_service *service = ctx;
    if (service->is_stopping ||
        service->counts.connections >= SYN_SERVICE_CONNECTIONS_MAX) {
        return false;
    }
    struct syn_conn *conn =
        syn_allocator_heap.resize(syn_allocator_heap.ctx, NULL, sizeof(*conn));
    if (conn == NULL) {
        return false;
    }
    memset(conn, 0, sizeof(*conn));
    const struct syn_http_bounds bounds = {
        .head_bytes_max = service->seams.rest_head_bytes_max,
        .body_bytes_max = service->seams.rest_body_bytes_max};
    if (syn_http_reader_new(SYN_HTTP_REQUEST, &bounds, &conn->reader) !=
        SYN_OK) {
        free_conn(conn);
        return false;
    }
    conn->service = service;
    conn->stream = stream;
    conn->ledger = (struct syn_ledger){
        .service = service, .stream = stream, .fail = fail_held, .ctx = conn};
    conn->next = service->conns;
    if (conn->next != NULL) {
        conn->next->previous = conn;
    }
    service->conns = conn;
    service->counts.connections++;
    service->counts.accepted++;
    start_timer(conn, service->setup.handshake_s);
    *stream_events = &events;
    *stream_ctx = conn;
    return true;
}

void syn_conn_stop_all(struct syn_service *service)
{
    while (service->conns != NULL) {
        struct syn_conn *conn = service->conns;
        struct syn_session *session = conn->session;
        conn->session = NULL;
        if (session != NULL) {
            syn_live_closed(session, SYN_END_LOCAL, "the service stops");
        }
        unlink_conn(conn);
        syn_stream_abandon(conn->stream);
        SYN_ASSERT(!conn->is_busy); /* nobody stops us from a callback */
        free_conn(conn);
    }
}
