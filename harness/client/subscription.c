/*
 * subscription.c - what a session is subscribed to, and how it asks.
 *
 * One batch is out at a time: at most 100 requests, later what the service
 * announces. A refused batch is asked again with doubling waits, and not before
 * the service wants it (Retry-After of a 429); an accepted one whose events do
 * not come in the estimated time as well. After an init everything is asked for
 * anew, with the newest event id that is known.
 */
#include "client/session_impl.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_US_MIN        100000    /* 100 ms, doubling */
#define RETRY_US_MAX        120000000 /* 120 s */
#define RETRY_AFTER_S_MAX   3600
#define HTTP_TOO_MANY       429
#define RETRY_DOUBLINGS_MAX 11 /* 100 ms << 11 is past the most */
#define ROWS_FIRST          8
#define US_PER_MS           1000
#define US_PER_S            1000000

/* --- the rows --------------------------------------------------------------
 */

struct syn_sdk_subscription *
syn_sdk_subs_find(const struct syn_sdk_subscriptions *subs, struct syn_str sid)
{
    for (size_t i = 0; i < subs->count; i++) {
        if (syn_str_is(sid, subs->rows[i].sid)) {
            return &subs->rows[i];
        }
    }
    return NULL;
}

static syn_status add_row(struct syn_sdk_subscriptions *subs, const char *sid,
                          struct syn_sdk_subscription **out)
{
    struct syn_sdk_subscription *rows = subs->rows;
    size_t bytes = strlen(sid);
    if (bytes == 0 || bytes >= sizeof rows->sid) {
        return SYN_ERR_ARG;
    }
    if (subs->count == subs->capacity) {
        size_t capacity = subs->capacity == 0 ? ROWS_FIRST : 2 * subs->capacity;
        if (capacity > SYN_SDK_SUBSCRIPTIONS_MAX) {
            return SYN_ERR_LIMIT;
        }
        rows = realloc(rows, capacity * sizeof *rows);
        if (rows == NULL) {
            return SYN_ERR_MEMORY;
        }
        subs->rows = rows;
        subs->capacity = capacity;
    }
    *out = &subs->rows[subs->count++];
    **out = (struct syn_sdk_subscription){0};
    memcpy((*out)->sid, sid, bytes);
    return SYN_OK;
}

void syn_sdk_subs_remove(struct syn_sdk_subscriptions *subs,
                         struct syn_sdk_subscription *row)
{
    size_t index = (size_t)(row - subs->rows);
    memmove(row, row + 1, (subs->count - index - 1) * sizeof *row);
    subs->count--;
}

int64_t syn_sdk_session_last_event(const struct syn_sdk_session *session,
                                   struct syn_str sid)
{
    const struct syn_sdk_subscription *row =
        syn_sdk_subs_find(&session->subs, sid);
    return row == NULL ? SYN_SDK_NO_EVENT : row->last_event_id;
}

/* --- asking ----------------------------------------------------------------
 */

/* The user's clock in milliseconds, but never the same twice. */
static int64_t next_correlation(struct syn_sdk_session *session)
{
    int64_t id = session->now_us / US_PER_MS + session->setup.skew_ms;
    if (id <= session->subs.correlation_id) {
        id = session->subs.correlation_id + 1;
    }
    session->subs.correlation_id = id;
    return id;
}

static void put_row(struct syn_json_writer *w,
                    const struct syn_sdk_subscription *row, bool is_cancel)
{
    syn_json_open_object(w, NULL);
    syn_json_write_text(w, "object_sid", row->sid);
    syn_json_write_text(w, "object_type", syn_type_name(row->type));
    if (!is_cancel && row->last_event_id == SYN_SDK_NO_EVENT) {
        syn_json_write_null(w, "last_event_id");
    } else if (!is_cancel) {
        syn_json_write_i64(w, "last_event_id", row->last_event_id);
    }
    syn_json_close_object(w);
}

/* A refusal may have named a time before which it is not asked again. */
static bool is_due(const struct syn_sdk_session *session,
                   const struct syn_sdk_subscription *row,
                   enum syn_sdk_want want)
{
    return row->want == want && row->not_before_us <= session->now_us;
}

/* Write the batch and move its rows from `from` to `to`. */
static void put_batch(struct syn_sdk_session *session, struct syn_buf *body,
                      enum syn_sdk_want from, enum syn_sdk_want to)
{
    struct syn_sdk_subscriptions *subs = &session->subs;
    struct syn_json_writer w;
    bool is_cancel = from == SYN_SDK_WANT_CANCEL;
    int64_t correlation_id = next_correlation(session);
    size_t asked = 0;
    syn_json_writer_init(&w, body);
    syn_json_open_object(&w, NULL);
    syn_json_write_i64(&w, "event_protocol_version", 4);
    syn_json_write_text(&w, "action", is_cancel ? "cancel" : "establish");
    syn_json_write_i64(&w, "correlation_id", correlation_id);
    syn_json_write_i64(&w, "retried_requests", (int64_t)subs->retried);
    syn_json_write_i64(&w, "ttl_in_s", -1);
    syn_json_open_array(&w, "requests");
    for (size_t i = 0; i < subs->count && asked < subs->batch_max; i++) {
        if (is_due(session, &subs->rows[i], from)) {
            put_row(&w, &subs->rows[i], is_cancel);
            subs->rows[i].want = to;
            subs->rows[i].correlation_id = correlation_id;
            asked++;
        }
    }
    syn_json_close_array(&w);
    if (subs->is_for_ttl && !is_cancel) {
        syn_json_write_text(&w, "reason", "ttl");
    }
    syn_json_close_object(&w);
}

static void send_batch(struct syn_sdk_session *session, enum syn_sdk_want from,
                       enum syn_sdk_want to)
{
    char hex[33];
    struct syn_buf body;
    struct syn_buf frame;
    struct syn_sdk_request request = {
        .id = session->subs.batch_id,
        .method = "POST",
        .host = session->setup.host,
        .path = SYN_STR("/v4/Subscriptions"),
        .scenario = session->setup.scenario,
        .request_hex32 = hex,
    };
    syn_buf_init(&body, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    syn_buf_init(&frame, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    put_batch(session, &body, from, to);
    syn_sdk_make_id(session->setup.rng, session->subs.batch_id);
    syn_rng_hex(session->setup.rng, hex, 32);
    request.body = syn_buf_str(&body);
    if (body.status == SYN_OK) {
        syn_sdk_put_request(&frame, &request);
    } else {
        frame.status = body.status;
    }
    syn_sdk_add_send(session, &frame, request.method, request.path);
    syn_buf_fini(&body);
}

bool syn_sdk_subs_has(const struct syn_sdk_subscriptions *subs,
                      enum syn_sdk_want want)
{
    for (size_t i = 0; i < subs->count; i++) {
        if (subs->rows[i].want == want) {
            return true;
        }
    }
    return false;
}

/* What waits and for how long, told by the row that waits least. */
struct queue {
    bool has_establish; /* may leave now */
    bool has_cancel;
    int64_t rest_us; /* until another may; 0: none waits */
};

static struct queue look_at_queue(const struct syn_sdk_session *session)
{
    const struct syn_sdk_subscriptions *subs = &session->subs;
    struct queue queue = {.rest_us = 0};
    for (size_t i = 0; i < subs->count; i++) {
        const struct syn_sdk_subscription *row = &subs->rows[i];
        int64_t rest_us = row->not_before_us - session->now_us;
        bool is_wish = row->want == SYN_SDK_WANT_ESTABLISH ||
                       row->want == SYN_SDK_WANT_CANCEL;
        queue.has_establish =
            queue.has_establish || is_due(session, row, SYN_SDK_WANT_ESTABLISH);
        queue.has_cancel =
            queue.has_cancel || is_due(session, row, SYN_SDK_WANT_CANCEL);
        if (is_wish && rest_us > 0 &&
            (queue.rest_us == 0 || rest_us < queue.rest_us)) {
            queue.rest_us = rest_us;
        }
    }
    return queue;
}

void syn_sdk_subs_flush(struct syn_sdk_session *session)
{
    struct syn_sdk_subscriptions *subs = &session->subs;
    struct queue queue = look_at_queue(session);
    if (session->phase != SYN_SDK_PHASE_LIVE || subs->batch_id[0] != '\0') {
        return;
    }
    if (queue.has_establish) {
        send_batch(session, SYN_SDK_WANT_ESTABLISH, SYN_SDK_WANT_ANSWER);
    } else if (queue.has_cancel) {
        send_batch(session, SYN_SDK_WANT_CANCEL, SYN_SDK_WANT_CANCEL_ANSWER);
    } else if (queue.rest_us > 0) {
        syn_sdk_add_start(session, SYN_SDK_TIMER_BATCH, queue.rest_us);
    } else {
        subs->is_for_ttl = false;
        subs->retried = 0;
    }
}

void syn_sdk_subs_put_off(struct syn_sdk_session *session,
                          struct syn_sdk_subscription *row)
{
    unsigned doublings = row->interruptions < RETRY_DOUBLINGS_MAX
                             ? row->interruptions
                             : RETRY_DOUBLINGS_MAX;
    int64_t wait_us = (int64_t)RETRY_US_MIN << doublings;
    row->want = SYN_SDK_WANT_ESTABLISH;
    row->not_before_us =
        session->now_us + (wait_us < RETRY_US_MAX ? wait_us : RETRY_US_MAX);
    row->interruptions++;
    session->subs.retried++;
}

/* New intents are collected for a while, unless the setup says not to. */
static void flush_soon(struct syn_sdk_session *session)
{
    if (session->setup.batch_delay_us > 0) {
        syn_sdk_add_start(session, SYN_SDK_TIMER_BATCH,
                          session->setup.batch_delay_us);
    } else {
        syn_sdk_subs_flush(session);
    }
}

syn_status syn_sdk_subs_want(struct syn_sdk_session *session,
                             const struct syn_sdk_event *event)
{
    struct syn_sdk_subscription *row =
        syn_sdk_subs_find(&session->subs, syn_str_of(event->sid));
    if (row == NULL) {
        syn_status st = add_row(&session->subs, event->sid, &row);
        if (st != SYN_OK) {
            return st;
        }
    }
    row->type = event->type;
    row->last_event_id = event->last_event_id;
    row->want = SYN_SDK_WANT_ESTABLISH;
    row->not_before_us = 0; /* the user asks: that is no retry of ours */
    flush_soon(session);
    return session->phase == SYN_SDK_PHASE_LIVE ? SYN_OK : SYN_ERR_CLOSED;
}

syn_status syn_sdk_subs_cancel(struct syn_sdk_session *session, const char *sid)
{
    struct syn_sdk_subscription *row =
        syn_sdk_subs_find(&session->subs, syn_str_of(sid));
    if (row == NULL) {
        return SYN_ERR_NOT_FOUND;
    }
    if (session->phase != SYN_SDK_PHASE_LIVE) {
        syn_sdk_subs_remove(&session->subs, row);
        return SYN_ERR_CLOSED;
    }
    row->want = SYN_SDK_WANT_CANCEL;
    row->not_before_us = 0;
    flush_soon(session);
    return SYN_OK;
}

void syn_sdk_subs_forget(struct syn_sdk_session *session)
{
    struct syn_sdk_subscriptions *subs = &session->subs;
    subs->batch_id[0] = '\0';
    for (size_t i = subs->count; i-- > 0;) {
        enum syn_sdk_want want = subs->rows[i].want;
        if (want >= SYN_SDK_WANT_CANCEL) {
            syn_sdk_subs_remove(subs,
                                &subs->rows[i]); /* gone with the connection */
        }
    }
    syn_sdk_add_stop(session, SYN_SDK_TIMER_BATCH);
    syn_sdk_add_stop(session, SYN_SDK_TIMER_DELIVERY);
    syn_sdk_add_stop(session, SYN_SDK_TIMER_TTL);
}

static void want_all(struct syn_sdk_subscriptions *subs, enum syn_sdk_want from)
{
    for (size_t i = 0; i < subs->count; i++) {
        if (subs->rows[i].want == from) {
            subs->rows[i].want = SYN_SDK_WANT_ESTABLISH;
        }
    }
}

void syn_sdk_subs_restart(struct syn_sdk_session *session)
{
    struct syn_sdk_subscriptions *subs = &session->subs;
    for (size_t i = 0; session->setup.forgets_events && i < subs->count; i++) {
        subs->rows[i].last_event_id = SYN_SDK_NO_EVENT;
    }
    want_all(subs, SYN_SDK_WANT_ANSWER);
    want_all(subs, SYN_SDK_WANT_OUTCOME);
    want_all(subs, SYN_SDK_HAS_SUBSCRIPTION);
    subs->retried = 0;
    subs->retry_us = RETRY_US_MIN;
    subs->batch_max = SYN_SDK_BATCH_FIRST;
    syn_sdk_subs_flush(session);
}

void syn_sdk_subs_fired(struct syn_sdk_session *session,
                        enum syn_sdk_timer timer)
{
    struct syn_sdk_subscriptions *subs = &session->subs;
    if (timer == SYN_SDK_TIMER_DELIVERY) {
        if (syn_sdk_subs_has(subs, SYN_SDK_WANT_OUTCOME)) {
            want_all(subs, SYN_SDK_WANT_OUTCOME);
            subs->retried++;
        }
    } else if (timer == SYN_SDK_TIMER_TTL) {
        want_all(subs, SYN_SDK_HAS_SUBSCRIPTION);
        subs->is_for_ttl = true;
    }
    syn_sdk_subs_flush(session);
}

/* --- answers ---------------------------------------------------------------
 */

int64_t syn_sdk_positive_at(const struct syn_json *node, const char *name,
                            int64_t most, int64_t fallback)
{
    int64_t value = 0;
    if (node == NULL || !syn_json_i64(syn_json_member(node, name), &value) ||
        value <= 0) {
        return fallback;
    }
    return value < most ? value : most;
}

static unsigned http_of(const struct syn_sdk_frame *frame)
{
    const struct syn_json *node =
        syn_json_at(frame->header, "/http_status/code");
    int64_t code = 0;
    if (node == NULL || !syn_json_i64(node, &code)) {
        code = frame->status;
    }
    return code > 0 && code < 1000 ? (unsigned)code : 0;
}

static void take_accepted(struct syn_sdk_session *session,
                          const struct syn_sdk_frame *frame)
{
    struct syn_sdk_subscriptions *subs = &session->subs;
    const int64_t day_ms = 86400000;
    int64_t ttl_s = syn_sdk_positive_at(frame->body, "ttl_in_s", 86400 * 30, 0);
    subs->batch_max = (size_t)syn_sdk_positive_at(
        frame->body, "max_batch_size", SYN_BATCH_MAX, SYN_SDK_BATCH_FIRST);
    subs->delivery_us =
        US_PER_MS *
        syn_sdk_positive_at(frame->body, "estimated_delivery_in_ms", day_ms, 0);
    subs->retry_us = RETRY_US_MIN;
    for (size_t i = 0; i < subs->count; i++) {
        struct syn_sdk_subscription *row = &subs->rows[i];
        if (row->want == SYN_SDK_WANT_ANSWER) {
            row->want = SYN_SDK_WANT_OUTCOME;
        } else if (row->want == SYN_SDK_WANT_CANCEL_ANSWER) {
            row->want = SYN_SDK_WANT_CANCELED;
        }
    }
    if (subs->delivery_us > 0 && syn_sdk_subs_has(subs, SYN_SDK_WANT_OUTCOME)) {
        syn_sdk_add_start(session, SYN_SDK_TIMER_DELIVERY, subs->delivery_us);
    }
    if (ttl_s > 0) {
        syn_sdk_add_start(session, SYN_SDK_TIMER_TTL, ttl_s * US_PER_S);
    }
    syn_sdk_subs_flush(session);
}

static int code_of(const struct syn_json *body)
{
    int64_t code = 0;
    bool is_code = body != NULL &&
                   syn_json_i64(syn_json_member(body, "code"), &code) &&
                   code > 0 && code < 1000000;
    return is_code ? (int)code : 0;
}

/* Retry-After of a 429, within an hour. The vendor's SDK means to obey it and
 * fails to (sdk-protocol.md section 7); a guest at a target obeys. */
static int64_t wanted_wait_us(const struct syn_sdk_frame *frame)
{
    uint64_t wait_s = 0;
    bool is_told = http_of(frame) == HTTP_TOO_MANY &&
                   syn_str_to_u64(syn_sdk_frame_field(frame, "retry-after"),
                                  UINT32_MAX, &wait_s);
    wait_s = wait_s < RETRY_AFTER_S_MAX ? wait_s : RETRY_AFTER_S_MAX;
    return is_told ? (int64_t)wait_s * US_PER_S : 0;
}

/* The request was refused: say so for each of its rows, then ask again later,
 * as the SDK does whatever the error was. */
static void take_refused(struct syn_sdk_session *session,
                         const struct syn_sdk_frame *frame)
{
    struct syn_sdk_subscriptions *subs = &session->subs;
    int64_t least_us = wanted_wait_us(frame);
    for (size_t i = 0; i < subs->count; i++) {
        struct syn_sdk_subscription *row = &subs->rows[i];
        struct syn_sdk_note *note = NULL;
        if (row->want != SYN_SDK_WANT_ANSWER &&
            row->want != SYN_SDK_WANT_CANCEL_ANSWER) {
            continue;
        }
        note = syn_sdk_add_note(session, SYN_SDK_NOTE_OUTCOME, frame);
        note->sid = syn_arena_dup(&session->scratch, syn_str_of(row->sid));
        note->outcome = SYN_SDK_BATCH_FAILED;
        note->is_ours = true;
        note->http = http_of(frame);
        note->code = code_of(frame->body);
        note->text = frame->payload;
        row->want = row->want == SYN_SDK_WANT_ANSWER ? SYN_SDK_WANT_ESTABLISH
                                                     : SYN_SDK_WANT_CANCEL;
        row->not_before_us = least_us > 0 ? session->now_us + least_us : 0;
    }
    subs->retried++;
    syn_sdk_add_start(session, SYN_SDK_TIMER_BATCH,
                      subs->retry_us > least_us ? subs->retry_us : least_us);
    subs->retry_us =
        subs->retry_us < RETRY_US_MAX / 2 ? 2 * subs->retry_us : RETRY_US_MAX;
}

bool syn_sdk_subs_reply(struct syn_sdk_session *session,
                        const struct syn_sdk_frame *frame)
{
    unsigned http = http_of(frame);
    if (session->subs.batch_id[0] == '\0' ||
        !syn_str_is(frame->id, session->subs.batch_id)) {
        return false;
    }
    session->subs.batch_id[0] = '\0';
    if (http >= 200 && http <= 299) {
        take_accepted(session, frame);
    } else {
        take_refused(session, frame);
    }
    return true;
}
