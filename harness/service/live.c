/*
 * live.c - SDK connections as bytes: from the upgrade to the last flush.
 *
 * Sessions are owned here. A callback of the web socket or of a timer may end
 * a session whose stream then reports its death at once; `busy` keeps the
 * memory until the outermost entry point leaves.
 */
#include "service/live_state.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* Real services close soon after the last frame; the peer gets this long for
 * its half of the closing handshake. */
#define LINGER_US      5000000
#define OUT_KEPT_BYTES 8192 /* a larger buffer is given back when empty */
#define OUT_IDLE_BYTES 512  /* the same after replies: most sessions idle */
#define CLOSE_NORMAL   1000
#define SESSION_BYTES  65536 /* texts of the token */
#define BASE_BYTES_MAX 512

const struct syn_live_status syn_live_ok = {200, "OK", NULL, 0};

static struct syn_live *open_live(struct syn_service *service)
{
    if (service->live != NULL) {
        return service->live;
    }
    struct syn_live *live = calloc(1, sizeof(*live));
    if (live == NULL) {
        return NULL;
    }
    if (syn_crypto_random(live->continuation_key,
                          sizeof(live->continuation_key)) != SYN_OK) {
        free(live);
        return NULL;
    }
    syn_table_init(&live->topics, NULL);
    syn_buf_init(&live->header, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    syn_buf_init(&live->frame, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    service->live = live;
    return live;
}

/* --- bytes out ------------------------------------------------------------ */

void syn_live_id(struct syn_service *service, char out[SYN_FRAME_MINE_BYTES])
{
    out[0] = 'T';
    out[1] = 'M';
    syn_rng_hex(&service->rng, out + 2, SYN_FRAME_MINE_BYTES - 3);
}

static void mark_dirty(struct syn_session *session)
{
    struct syn_live *live = session->service->live;
    if (!session->is_dirty && session->stream != NULL) {
        session->is_dirty = true;
        session->next_dirty = live->dirty;
        live->dirty = session;
    }
}

void syn_live_append(struct syn_session *session, struct syn_str ws_frame)
{
    if (session->state != SYN_SESSION_CLOSING) {
        syn_buf_put(&session->out, ws_frame);
        session->needs = session->service->tickets.issued;
        mark_dirty(session);
    }
}

/* Behind what is still in `out`; past it when there is nothing. */
void syn_live_share(struct syn_session *session, struct syn_shared *ws_frame)
{
    if (session->state == SYN_SESSION_CLOSING || session->stream == NULL) {
        return;
    }
    if (session->is_dirty ||
        !syn_ledger_share(session->ledger, ws_frame,
                          session->service->tickets.issued)) {
        syn_live_append(session, syn_shared_str(ws_frame));
        session->is_told = true;
    }
}

void syn_live_begin(struct syn_session *session, struct syn_json_writer *w,
                    const char *method, struct syn_str id)
{
    syn_twilsock_begin(w, &session->service->live->header, method, id);
}

void syn_live_send(struct syn_session *session, struct syn_json_writer *w,
                   struct syn_str payload)
{
    struct syn_buf *frame = &session->service->live->frame;
    syn_buf_clear(frame);
    syn_twilsock_end(w, payload, frame);
    if (session->state == SYN_SESSION_CLOSING) {
        return;
    }
    /* A frame that did not fit must not look like a shorter one. */
    if (w->buf->status != SYN_OK || frame->status != SYN_OK) {
        session->out.status = SYN_ERR_LIMIT;
    } else {
        syn_ws_put_server_frame(&session->out, syn_buf_str(frame));
    }
    mark_dirty(session);
}

void syn_live_write_status(struct syn_json_writer *w,
                           const struct syn_live_status *status)
{
    syn_json_open_object(w, "status");
    syn_json_write_i64(w, "code", (int64_t)status->code);
    syn_json_write_text(w, "status", status->status);
    if (status->description != NULL) {
        syn_json_write_text(w, "description", status->description);
    }
    if (status->error_code != 0) {
        syn_json_write_i64(w, "errorCode", status->error_code);
    }
    syn_json_close_object(w);
}

void syn_live_reply(struct syn_session *session, struct syn_str id,
                    const struct syn_live_status *status)
{
    struct syn_json_writer w;
    const struct syn_seams *seams = &session->service->seams;
    syn_live_begin(session, &w, "reply",
                   seams->frames.answers_to(seams->ctx, session, id));
    syn_live_write_status(&w, status);
    syn_live_send(session, &w, (struct syn_str){NULL, 0});
}

/* Hand the bytes over. The stream may die inside, and the session with it. */
static void flush_session(struct syn_session *session)
{
    syn_live_enter(session);
    struct syn_stream *stream = session->stream;
    if (stream != NULL && session->out.status != SYN_OK) {
        syn_log(SYN_LOG_WARN, "live", "overflow", "peer=%s",
                syn_stream_peer(stream));
        syn_stream_abort(stream);
    } else if (stream != NULL) {
        const struct syn_str owed = {
            session->owed.at == NULL ? "" : session->owed.at,
            session->owed.bytes};
        syn_ledger_write(session->ledger, syn_buf_str(&session->out),
                         session->needs, owed);
        if (session->is_finished && session->stream != NULL) {
            syn_ledger_close(session->ledger);
        }
    }
    /* Where events come, more of them follow, and the buffer stays for them;
     * the next reply or ping without one gives it back. */
    if (session->out.capacity >
        (session->is_told ? OUT_KEPT_BYTES : OUT_IDLE_BYTES)) {
        syn_buf_fini(&session->out);
        syn_buf_init(&session->out, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    }
    syn_buf_clear(&session->out);
    syn_buf_clear(&session->owed);
    session->needs = 0;
    session->is_told = false;
    syn_live_leave(session);
}

void syn_live_flush(struct syn_service *service)
{
    struct syn_live *live = service->live;
    if (live == NULL || live->dirty == NULL) {
        return;
    }
    while (live->dirty != NULL) {
        struct syn_session *session = live->dirty;
        live->dirty = session->next_dirty;
        session->next_dirty = NULL;
        session->is_dirty = false;
        flush_session(session);
    }
}

/* --- ends ----------------------------------------------------------------- */

static void fire_linger(void *ctx)
{
    struct syn_session *session = ctx;
    if (session->stream != NULL) {
        syn_stream_abort(session->stream);
    }
}

struct syn_hook_endpoint syn_live_endpoint(const struct syn_session *session)
{
    return (struct syn_hook_endpoint){.account = session->account,
                                      .service_sid = session->facts.service_sid,
                                      .identity = session->facts.identity,
                                      .endpoint = session->endpoint};
}

/* Leave the crowd: no event, no timer, no count. */
static void retire(struct syn_session *session)
{
    if (session->state == SYN_SESSION_LIVE) {
        SYN_ASSERT(session->service->counts.sessions > 0);
        session->service->counts.sessions--;
        const struct syn_hook_endpoint who = syn_live_endpoint(session);
        syn_hooks_left(session->service, &who);
    }
    session->state = SYN_SESSION_CLOSING;
    syn_live_stop_timers(session);
    syn_subscription_drop_all(session);
}

void syn_live_end(struct syn_session *session,
                  const struct syn_live_status *status)
{
    if (session->state == SYN_SESSION_CLOSING) {
        return;
    }
    if (status != NULL) {
        char id[SYN_FRAME_MINE_BYTES];
        struct syn_json_writer w;
        syn_live_id(session->service, id);
        syn_live_begin(session, &w, "close", syn_str_of(id));
        syn_live_write_status(&w, status);
        syn_live_send(session, &w, (struct syn_str){NULL, 0});
    }
    retire(session);
    syn_ws_close(session->ws, CLOSE_NORMAL);
    mark_dirty(session);
    if (syn_clock_start(session->service->clock, &session->linger, LINGER_US,
                        (struct syn_alarm){SYN_TIMER_PEER, fire_linger,
                                           session}) != SYN_OK) {
        session->is_finished = true;
    }
}

static void free_session(struct syn_session *session)
{
    SYN_ASSERT(session->first_subscription == NULL);
    SYN_ASSERT(!session->is_dirty);
    syn_ws_free(session->ws);
    syn_buf_fini(&session->out);
    syn_buf_fini(&session->owed);
    syn_buf_fini(&session->base);
    syn_buf_fini(&session->torn);
    syn_table_fini(&session->by_object);
    syn_arena_fini(&session->arena);
    free(session);
}

void syn_live_enter(struct syn_session *session)
{
    session->busy++;
}

void syn_live_leave(struct syn_session *session)
{
    SYN_ASSERT(session->busy > 0);
    session->busy--;
    if (session->busy == 0 && session->stream == NULL) {
        free_session(session);
    }
}

/* --- web socket events ---------------------------------------------------- */

static void on_message(void *ctx, struct syn_str message, bool is_text)
{
    (void)is_text; /* a frame is bytes; UTF-8 of text is checked below us */
    syn_live_message(ctx, message);
}

static void on_close(void *ctx, uint16_t code, bool is_violation)
{
    struct syn_session *session = ctx;
    if (is_violation) {
        syn_log(SYN_LOG_INFO, "live", "violation", "code=%u", (unsigned)code);
    }
    retire(session);
}

static const struct syn_ws_events ws_events = {.on_message = on_message,
                                               .on_close = on_close};

/* --- entry points --------------------------------------------------------- */

static void link_session(struct syn_live *live, struct syn_session *session)
{
    session->previous = live->last;
    if (live->last != NULL) {
        live->last->next = session;
    } else {
        live->first = session;
    }
    live->last = session;
}

static void unlink_session(struct syn_live *live, struct syn_session *session)
{
    *(session->previous != NULL ? &session->previous->next : &live->first) =
        session->next;
    *(session->next != NULL ? &session->next->previous : &live->last) =
        session->previous;
}

static void clear_dirty(struct syn_live *live, struct syn_session *session)
{
    struct syn_session **at = &live->dirty;
    while (session->is_dirty && *at != NULL) {
        if (*at == session) {
            *at = session->next_dirty;
            session->is_dirty = false;
        } else {
            at = &(*at)->next_dirty;
        }
    }
}

struct syn_session *syn_live_open(struct syn_service *service,
                                  struct syn_ledger *ledger,
                                  const struct syn_live_early *early)
{
    struct syn_live *live = open_live(service);
    struct syn_session *session =
        live == NULL ? NULL : calloc(1, sizeof(*session));
    if (session == NULL) {
        return NULL;
    }
    live->opened++;
    session->number = live->opened;
    session->service = service;
    session->stream = ledger->stream;
    session->ledger = ledger;
    syn_buf_init(&session->out, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    syn_buf_init(&session->owed, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    syn_buf_init(&session->base, NULL, BASE_BYTES_MAX);
    syn_buf_init(&session->torn, NULL, service->seams.live.torn_bytes_max);
    syn_table_init(&session->by_object, NULL);
    syn_arena_init(&session->arena, NULL, SESSION_BYTES);
    session->no_facts = syn_arena_mark(&session->arena);
    if (syn_ws_new(
            &(struct syn_ws_options){.role = SYN_WS_SERVER,
                                     .message_bytes_max =
                                         service->seams.message_bytes_max,
                                     .events = &ws_events,
                                     .ctx = session,
                                     .out = &session->out},
            &session->ws) != SYN_OK) {
        syn_arena_fini(&session->arena);
        free(session);
        return NULL;
    }
    syn_ws_be_careless(session->ws, service->seams.frames.quirks);
    syn_stream_allow(session->stream, service->seams.frames.unread_bytes_max);
    link_session(live, session);
    syn_live_await_init(session);
    syn_live_enter(session);
    if (early->message.bytes > 0) {
        syn_live_message(session, early->message);
        syn_live_flush(service);
    }
    if (early->bytes.bytes > 0) {
        syn_live_bytes(session, early->bytes);
    }
    /* The caller still holds the stream, so nothing is freed here, which the
     * analyser cannot see. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    session->busy--;
    return session;
}

/* Bytes of the frame that is under way. */
static void keep_torn(struct syn_session *session, struct syn_str in)
{
    if (session->service->seams.live.torn_bytes_max == 0) {
        return;
    }
    if (!syn_ws_is_inside(session->ws)) {
        syn_buf_clear(&session->torn);
    }
    syn_buf_put(&session->torn, in);
}

/* The peer is gone in the middle of a frame. */
static void finish_torn(struct syn_session *session)
{
    struct syn_service *service = session->service;
    const struct syn_seams *seams = &service->seams;
    if (session->torn.bytes == 0 || !syn_ws_is_inside(session->ws)) {
        return;
    }
    const struct syn_arena_mark mark = syn_arena_mark(&service->scratch);
    const struct syn_str message = seams->live.mend_torn(
        seams->ctx, &service->scratch, syn_buf_str(&session->torn));
    if (message.at != NULL) {
        syn_live_message(session, message);
    }
    syn_arena_rewind(&service->scratch, mark);
}

void syn_live_bytes(struct syn_session *session, struct syn_str in)
{
    struct syn_service *service = session->service;
    syn_live_enter(session);
    keep_torn(session, in);
    if (syn_ws_feed(session->ws, in) != SYN_OK) {
        retire(session);
        session->is_finished = true;
    }
    /* Answers of the web socket itself (pong, close) are in `out` as well. */
    if (session->out.bytes > 0 || session->is_finished) {
        mark_dirty(session);
    }
    syn_live_flush(service);
    syn_live_leave(session);
}

/* Nothing waits for an empty queue: its bound is the stream's. */
void syn_live_drained(struct syn_session *session)
{
    (void)session;
}

void syn_live_closed(struct syn_session *session, enum syn_stream_end end,
                     const char *reason)
{
    syn_log(SYN_LOG_DEBUG, "live", "closed", "end=%d reason=%s", (int)end,
            reason);
    struct syn_live *live = session->service->live;
    syn_live_enter(session);
    finish_torn(session);
    retire(session);
    syn_clock_stop(session->service->clock, &session->linger);
    clear_dirty(live, session);
    unlink_session(live, session);
    session->stream = NULL;
    syn_live_flush(session->service); /* what its end has others told */
    syn_live_leave(session);
}

void syn_live_stop(struct syn_service *service)
{
    struct syn_live *live = service->live;
    if (live == NULL) {
        return;
    }
    SYN_ASSERT(live->first == NULL);
    syn_table_fini(&live->topics);
    syn_buf_fini(&live->header);
    syn_buf_fini(&live->frame);
    syn_crypto_wipe(live->continuation_key, sizeof(live->continuation_key));
    free(live);
    service->live = NULL;
}

size_t syn_live_count(const struct syn_service *service,
                      struct syn_str account_sid)
{
    size_t count = 0;
    for (const struct syn_session *s =
             service->live == NULL ? NULL : service->live->first;
         s != NULL; s = s->next) {
        count += s->state == SYN_SESSION_LIVE &&
                 syn_str_is_equal(s->facts.account_sid, account_sid);
    }
    return count;
}

void syn_live_offload(struct syn_service *service)
{
    static const struct syn_live_status offload = {308, "OFFLOAD",
                                                   "Please reconnect", 0};
    struct syn_live *live = service->live;
    for (struct syn_session *s = live == NULL ? NULL : live->first; s != NULL;
         s = s->next) {
        syn_live_end(s, &offload);
    }
    syn_live_flush(service);
}

/* Sessions of a deleted key end at once: well inside the 60 s chosen. */
void syn_live_key_deleted(struct syn_service *service, struct syn_str key_sid)
{
    static const struct syn_live_status gone = {
        401, "UNAUTHORIZED", "Invalid Access Token issuer/subject",
        SYN_CODE_20103};
    struct syn_live *live = service->live;
    for (struct syn_session *s = live == NULL ? NULL : live->first; s != NULL;
         s = s->next) {
        if (s->state == SYN_SESSION_LIVE &&
            syn_str_is_equal(s->facts.key_sid, key_sid)) {
            syn_live_end(s, &gone);
        }
    }
    syn_live_flush(service);
}
