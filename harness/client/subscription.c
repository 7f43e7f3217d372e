/*
 * subscription.c - what a session is subscribed to, and how it asks.
 *
 * One batch is out at a time: at most 100 requests, later what the service
 * announces. A refused batch is asked again with doubling waits; an accepted
 * one whose events do not come in the estimated time as well. After an init
 * everything is asked for anew, with the newest event id that is known.
 */
#include "client/session_impl.h"
#include "syn/limits.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_US_MIN 100000    /* 100 ms, doubling */
#define RETRY_US_MAX 120000000 /* 120 s */
#define ROWS_FIRST   8
#define US_PER_MS    1000
#define US_PER_S     1000000

/* --- the rows --------------------------------------------------------------
 */

static struct syn_sdk_subscription *
find_row(const struct syn_sdk_subscriptions *subs, struct syn_str sid)
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

static void remove_row(struct syn_sdk_subscriptions *subs,
                       struct syn_sdk_subscription *row)
{
    size_t index = (size_t)(row - subs->rows);
    memmove(row, row + 1, (subs->count - index - 1) * sizeof *row);
    subs->count--;
}

int64_t syn_sdk_session_last_event(const struct syn_sdk_session *session,
                                   struct syn_str sid)
{
    const struct syn_sdk_subscription *row = find_row(&session->subs, sid);
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
        if (subs->rows[i].want == from) {
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

static bool has_any(const struct syn_sdk_subscriptions *subs,
                    enum syn_sdk_want want)
{
    for (size_t i = 0; i < subs->count; i++) {
        if (subs->rows[i].want == want) {
            return true;
        }
    }
    return false;
}

void syn_sdk_subs_flush(struct syn_sdk_session *session)
{
    struct syn_sdk_subscriptions *subs = &session->subs;
    if (session->phase != SYN_SDK_PHASE_LIVE || subs->batch_id[0] != '\0') {
        return;
    }
    if (has_any(subs, SYN_SDK_WANT_ESTABLISH)) {
        send_batch(session, SYN_SDK_WANT_ESTABLISH, SYN_SDK_WANT_ANSWER);
    } else if (has_any(subs, SYN_SDK_WANT_CANCEL)) {
        send_batch(session, SYN_SDK_WANT_CANCEL, SYN_SDK_WANT_CANCEL_ANSWER);
    } else {
        subs->is_for_ttl = false;
        subs->retried = 0;
    }
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
        find_row(&session->subs, syn_str_of(event->sid));
    if (row == NULL) {
        syn_status st = add_row(&session->subs, event->sid, &row);
        if (st != SYN_OK) {
            return st;
        }
    }
    row->type = event->type;
    row->last_event_id = event->last_event_id;
    row->want = SYN_SDK_WANT_ESTABLISH;
    flush_soon(session);
    return session->phase == SYN_SDK_PHASE_LIVE ? SYN_OK : SYN_ERR_CLOSED;
}

syn_status syn_sdk_subs_cancel(struct syn_sdk_session *session, const char *sid)
{
    struct syn_sdk_subscription *row =
        find_row(&session->subs, syn_str_of(sid));
    if (row == NULL) {
        return SYN_ERR_NOT_FOUND;
    }
    if (session->phase != SYN_SDK_PHASE_LIVE) {
        remove_row(&session->subs, row);
        return SYN_ERR_CLOSED;
    }
    row->want = SYN_SDK_WANT_CANCEL;
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
            remove_row(subs, &subs->rows[i]); /* gone with the connection */
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
        if (has_any(subs, SYN_SDK_WANT_OUTCOME)) {
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

static int64_t number_at(const struct syn_json *node, const char *name,
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
    int64_t ttl_s = number_at(frame->body, "ttl_in_s", 86400 * 30, 0);
    subs->batch_max = (size_t)number_at(frame->body, "max_batch_size",
                                        SYN_BATCH_MAX, SYN_SDK_BATCH_FIRST);
    subs->delivery_us =
        US_PER_MS *
        number_at(frame->body, "estimated_delivery_in_ms", day_ms, 0);
    subs->retry_us = RETRY_US_MIN;
    for (size_t i = 0; i < subs->count; i++) {
        struct syn_sdk_subscription *row = &subs->rows[i];
        if (row->want == SYN_SDK_WANT_ANSWER) {
            row->want = SYN_SDK_WANT_OUTCOME;
        } else if (row->want == SYN_SDK_WANT_CANCEL_ANSWER) {
            row->want = SYN_SDK_WANT_CANCELED;
        }
    }
    if (subs->delivery_us > 0 && has_any(subs, SYN_SDK_WANT_OUTCOME)) {
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

/* The request was refused: say so for each of its rows, then ask again later,
 * as the SDK does whatever the error was. */
static void take_refused(struct syn_sdk_session *session,
                         const struct syn_sdk_frame *frame)
{
    struct syn_sdk_subscriptions *subs = &session->subs;
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
    }
    subs->retried++;
    syn_sdk_add_start(session, SYN_SDK_TIMER_BATCH, subs->retry_us);
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

/* --- notifications ---------------------------------------------------------
 */

/* One notification, taken apart. */
struct word {
    const struct syn_sdk_frame *frame;
    struct syn_str event_type;
    bool has_correlation; /* present, perhaps null */
    bool is_null;
    int64_t correlation_id;
};

static struct syn_str text_at(const struct syn_json *node, const char *name)
{
    return syn_json_str(syn_json_member(node, name), (struct syn_str){0});
}

static void take_established(struct syn_sdk_session *session,
                             struct syn_sdk_subscription *row,
                             const struct syn_json *event)
{
    int64_t id = 0;
    if (syn_str_is(text_at(event, "replay_status"), "interrupted")) {
        row->want = SYN_SDK_WANT_ESTABLISH;
        session->subs.retried++;
        return;
    }
    row->want = SYN_SDK_HAS_SUBSCRIPTION;
    if (row->last_event_id != SYN_SDK_NO_EVENT &&
        syn_json_i64(syn_json_member(event, "last_event_id"), &id) &&
        id > row->last_event_id) {
        row->last_event_id = id;
    }
}

/* False: the SDK ignores it. */
static bool apply_outcome(struct syn_sdk_session *session,
                          const struct word *word, enum syn_sdk_outcome outcome,
                          const struct syn_json *event)
{
    struct syn_sdk_subscription *row =
        find_row(&session->subs, text_at(event, "object_sid"));
    bool is_ours = row != NULL && word->has_correlation && !word->is_null &&
                   word->correlation_id == row->correlation_id;
    if (row == NULL) {
        return false;
    }
    if (outcome == SYN_SDK_CANCELED && word->is_null) {
        row->want = SYN_SDK_WANT_ESTABLISH; /* the SDK asks again at once */
        return false;
    }
    if (!is_ours) {
        return false;
    }
    if (outcome == SYN_SDK_CANCELED) {
        remove_row(&session->subs, row);
    } else if (outcome == SYN_SDK_SUBSCRIPTION_FAILED) {
        row->want = SYN_SDK_HAS_FAILED;
    } else {
        take_established(session, row, event);
    }
    return true;
}

static void note_outcome(struct syn_sdk_session *session,
                         const struct word *word, enum syn_sdk_outcome outcome,
                         const struct syn_json *event, struct syn_str text)
{
    const struct syn_json *error = syn_json_member(event, "error");
    bool is_ours = apply_outcome(session, word, outcome, event);
    struct syn_sdk_note *note =
        syn_sdk_add_note(session, SYN_SDK_NOTE_OUTCOME, word->frame);
    note->sid = text_at(event, "object_sid");
    note->type_text = word->event_type;
    note->text = text;
    note->outcome = outcome;
    note->is_ours = is_ours;
    note->http = 200;
    if (outcome == SYN_SDK_SUBSCRIPTION_FAILED) {
        note->http = (unsigned)number_at(error, "status", 999, 0);
        note->code = (int)number_at(error, "code", 999999, 0);
    }
}

/* Protocol 4 has an array `events`, protocol 3 one `event`. */
static void take_outcomes(struct syn_sdk_session *session,
                          const struct word *word, enum syn_sdk_outcome outcome)
{
    const struct syn_json *events =
        syn_json_member(word->frame->body, "events");
    const struct syn_json *one = syn_json_member(word->frame->body, "event");
    if (events != NULL && syn_json_is(events, SYN_JSON_ARRAY)) {
        struct syn_str all = syn_json_raw(word->frame->payload, "events");
        for (const struct syn_json *event = syn_json_first(events);
             event != NULL; event = syn_json_next(event)) {
            note_outcome(session, word, outcome, event, all);
        }
    } else if (one != NULL) {
        note_outcome(session, word, outcome, one,
                     syn_json_raw(word->frame->payload, "event"));
    }
    syn_sdk_subs_flush(session);
}

/* The sid that an event names, by whichever member its type uses. */
static struct syn_str sid_of(const struct syn_json *event)
{
    static const char *const names[] = {"document_sid", "list_sid", "map_sid",
                                        "stream_sid", "query_id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct syn_str sid = text_at(event, names[i]);
        if (sid.bytes > 0) {
            return sid;
        }
    }
    return (struct syn_str){0};
}

/* Only strictly ordered events advance what is known. */
static void advance(struct syn_sdk_session *session, const struct word *word,
                    struct syn_str sid, int64_t id)
{
    struct syn_sdk_subscription *row = find_row(&session->subs, sid);
    struct syn_str message_type = text_at(word->frame->header, "message_type");
    if (row == NULL || row->last_event_id == SYN_SDK_NO_EVENT ||
        id <= row->last_event_id) {
        return;
    }
    if (row->want == SYN_SDK_HAS_SUBSCRIPTION ||
        syn_str_is(message_type, "twilio.sync.event")) {
        row->last_event_id = id;
    }
}

static void take_event(struct syn_sdk_session *session, const struct word *word)
{
    const struct syn_json *event = syn_json_member(word->frame->body, "event");
    struct syn_sdk_note *note = NULL;
    int64_t id = -1;
    if (event == NULL) {
        syn_sdk_add_note(session, SYN_SDK_NOTE_STRANGE, word->frame);
        return;
    }
    if (!syn_json_i64(syn_json_member(event, "id"), &id)) {
        id = -1;
    }
    note = syn_sdk_add_note(session, SYN_SDK_NOTE_EVENT, word->frame);
    note->sid = sid_of(event);
    note->type_text = word->event_type;
    note->text = syn_json_raw(word->frame->payload, "event");
    note->event_id = id;
    note->is_replay = word->has_correlation && !word->is_null;
    advance(session, word, note->sid, id);
}

void syn_sdk_subs_notification(struct syn_sdk_session *session,
                               const struct syn_sdk_frame *frame)
{
    static const struct {
        const char *event_type;
        enum syn_sdk_outcome outcome;
    } outcomes[] = {
        {"subscription_established", SYN_SDK_ESTABLISHED},
        {"subscription_failed", SYN_SDK_SUBSCRIPTION_FAILED},
        {"subscription_canceled", SYN_SDK_CANCELED},
    };
    const struct syn_json *correlation =
        syn_json_member(frame->body, "correlation_id");
    struct word word = {.frame = frame,
                        .event_type = text_at(frame->body, "event_type"),
                        .has_correlation = correlation != NULL};
    word.is_null =
        correlation != NULL && !syn_json_i64(correlation, &word.correlation_id);
    if (word.has_correlation && session->subs.delivery_us > 0 &&
        has_any(&session->subs, SYN_SDK_WANT_OUTCOME)) {
        syn_sdk_add_start(session, SYN_SDK_TIMER_DELIVERY,
                          session->subs.delivery_us);
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        if (syn_str_is(word.event_type, outcomes[i].event_type)) {
            take_outcomes(session, &word, outcomes[i].outcome);
            return;
        }
    }
    take_event(session, &word);
}
