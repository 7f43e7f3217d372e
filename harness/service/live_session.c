/*
 * live_session.c - frames of one session by method, and its peer.
 *
 * Methods are a table: what each may be sent in, and who answers. A frame that
 * cannot be read ends the session, a frame that makes no sense is answered 400
 * and does no harm.
 */
#include "service/live_state.h"

#include "base/log.h"

#include <string.h>

#define US_PER_S   1000000
#define SPAN_S_MAX (10LL * 365 * 86400)

static const struct syn_live_status unreadable = {
    406, "NOT_ACCEPTABLE_MESSAGE", "Message is not acceptable", SYN_CODE_51214};
static const struct syn_live_status unreadable_reply = {
    417, "EXPECTATION_FAILED", "Reply is not acceptable", SYN_CODE_51214};
static const struct syn_live_status expired = {410, "TOKEN_EXPIRED",
                                               "Token expired", SYN_CODE_51207};
static const struct syn_live_status not_initialised = {
    401, "UNAUTHORIZED", "Connection is not initialised", SYN_CODE_20101};
static const struct syn_live_status initialised_twice = {
    400, "BAD_REQUEST", "Connection is initialised already", 0};
static const struct syn_live_status unknown_method = {
    400, "BAD_REQUEST", "Method is not supported", 0};

static void on_init(struct syn_session *session,
                    const struct syn_twilsock_frame *frame)
{
    const struct syn_seams *seams = &session->service->seams;
    if (session->state == SYN_SESSION_LIVE &&
        !seams->frames.begins_again(seams->ctx, session)) {
        syn_live_reply(session, frame->id, &initialised_twice);
        syn_live_end(session, NULL);
        return;
    }
    syn_live_init(session, frame);
}

static void on_close(struct syn_session *session,
                     const struct syn_twilsock_frame *frame)
{
    syn_live_reply(session, frame->id, &syn_live_ok);
    syn_live_end(session, NULL);
}

/* Answers our ping when it is the one we wait for; else a receipt. */
static void on_reply(struct syn_session *session,
                     const struct syn_twilsock_frame *frame)
{
    if (syn_timer_is_running(&session->pong) &&
        syn_str_is(frame->id, session->ping_id)) {
        syn_clock_stop(session->service->clock, &session->pong);
        syn_live_watch_peer(session);
    }
}

/* Telemetry, registrations of old clients, pings: taken note of. */
static void on_receipt(struct syn_session *session,
                       const struct syn_twilsock_frame *frame)
{
    syn_live_reply(session, frame->id, &syn_live_ok);
}

static const struct {
    const char *name;
    bool needs_init;
    void (*run)(struct syn_session *session,
                const struct syn_twilsock_frame *frame);
} methods[] = {
    {"message", true, syn_live_request},
    {"reply", false, on_reply},
    {"init", false, on_init},
    {"update", true, syn_live_update},
    {"close", false, on_close},
    {"telemetry.v1", true, on_receipt},
    {"put_notification_ctx", true, on_receipt},
    {"delete_notification_ctx", true, on_receipt},
    {"ping", true, on_receipt},
};

static void run_method(struct syn_session *session,
                       const struct syn_twilsock_frame *frame,
                       struct syn_str message)
{
    const struct syn_seams *seams = &session->service->seams;
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        if (!syn_str_is(frame->method, methods[i].name)) {
            continue;
        }
        session->service->counts.sdk_frames +=
            methods[i].run == on_init || methods[i].run == syn_live_update;
        if (methods[i].needs_init &&
            !seams->frames.has_user(seams->ctx, session, frame)) {
            syn_live_reply(session, frame->id, &not_initialised);
            syn_live_end(session, NULL);
            return;
        }
        methods[i].run(session, frame);
        return;
    }
    if (!seams->frames.takes_method(seams->ctx, session, frame, message)) {
        syn_live_reply(session, frame->id, &unknown_method);
    }
}

void syn_live_message(struct syn_session *session, struct syn_str message)
{
    if (session->state == SYN_SESSION_CLOSING) {
        return;
    }
    /* Bytes may be read before the timer of the same moment fires. */
    if (session->state == SYN_SESSION_LIVE && syn_live_is_expired(session)) {
        syn_live_end(session, &expired);
        return;
    }
    struct syn_arena *scratch = &session->service->scratch;
    const struct syn_arena_mark mark = syn_arena_mark(scratch);
    struct syn_twilsock_frame frame;
    const struct syn_seams *seams = &session->service->seams;
    const enum syn_twilsock_verdict verdict =
        seams->frames.read(seams->ctx, session, scratch, message, &frame);
    if (verdict == SYN_TWILSOCK_FRAME) {
        run_method(session, &frame, message);
    } else {
        syn_live_end(session, verdict == SYN_TWILSOCK_UNREADABLE
                                  ? &unreadable
                                  : &unreadable_reply);
    }
    syn_arena_rewind(scratch, mark);
}

/* --- timers --------------------------------------------------------------- */

/* Without a timer the session would outlive what bounds it. */
static void start(struct syn_session *session, struct syn_timer *timer,
                  enum syn_timer_kind kind, int64_t delay_us, syn_timer_fn fire)
{
    if (syn_clock_start(session->service->clock, timer, delay_us,
                        (struct syn_alarm){kind, fire, session}) != SYN_OK) {
        syn_log(SYN_LOG_WARN, "live", "no timer", "state=%d",
                (int)session->state);
        syn_live_end(session, NULL);
    }
}

static void drop_peer(void *ctx)
{
    struct syn_session *session = ctx;
    if (session->stream != NULL) {
        syn_stream_abort(session->stream);
    }
}

void syn_live_await_init(struct syn_session *session)
{
    const struct syn_seams *seams = &session->service->seams;
    start(session, &session->handshake, SYN_TIMER_PEER,
          seams->frames.patience_s(seams->ctx,
                                   session->service->setup.handshake_s) *
              US_PER_S,
          drop_peer);
}

/* The next ping is armed by the answer to this one, so that a jump of the
 * clock sends at most one. */
static void fire_ping(void *ctx)
{
    struct syn_session *session = ctx;
    struct syn_service *service = session->service;
    struct syn_json_writer w;
    syn_live_id(service, session->ping_id);
    syn_live_begin(session, &w, "ping", syn_str_of(session->ping_id));
    syn_live_send(session, &w, (struct syn_str){NULL, 0});
    const struct syn_seams *seams = &service->seams;
    start(session, &session->pong, SYN_TIMER_PEER,
          seams->frames.patience_s(seams->ctx, service->setup.pong_s) *
              US_PER_S,
          drop_peer);
    syn_live_flush(service);
}

void syn_live_watch_peer(struct syn_session *session)
{
    start(session, &session->ping, SYN_TIMER_EVENT,
          session->service->setup.ping_s * US_PER_S, fire_ping);
}

static struct syn_lifetime lifetime_of(const struct syn_session *session)
{
    const struct syn_service *service = session->service;
    return (struct syn_lifetime){.now_s = syn_clock_now_s(service->clock),
                                 .expires_s = session->facts.expires_s,
                                 .notice_s = service->setup.notice_s};
}

static void send_notice(struct syn_session *session)
{
    struct syn_service *service = session->service;
    const struct syn_lifetime lifetime = lifetime_of(session);
    if (!service->seams.gives_notice(service->seams.ctx, &lifetime)) {
        return;
    }
    const long long ms = (long long)service->setup.notice_s * 1000;
    char id[SYN_FRAME_MINE_BYTES];
    syn_live_id(service, id);
    const struct syn_str text = syn_arena_printf(
        &service->scratch,
        "Your token is about to expire. Time left: less than %lld ms", ms);
    struct syn_json_writer w;
    syn_live_begin(session, &w, "client_update", syn_str_of(id));
    syn_json_write_text(&w, "client_update_type", "token_about_to_expire");
    syn_json_write_str(&w, "client_update_message", text);
    syn_live_send(session, &w, (struct syn_str){NULL, 0});
}

static void fire_notice(void *ctx)
{
    struct syn_session *session = ctx;
    struct syn_service *service = session->service;
    const struct syn_arena_mark mark = syn_arena_mark(&service->scratch);
    send_notice(session);
    syn_arena_rewind(&service->scratch, mark);
    syn_live_flush(service);
}

bool syn_live_is_expired(const struct syn_session *session)
{
    const struct syn_service *service = session->service;
    const struct syn_lifetime lifetime = lifetime_of(session);
    return service->seams.is_expired(service->seams.ctx, &lifetime);
}

static void fire_expiry(void *ctx)
{
    struct syn_session *session = ctx;
    if (syn_live_is_expired(session)) {
        syn_live_end(session, &expired);
    }
    syn_live_flush(session->service);
}

/* Times far away are cut, so that no product overflows. */
static int64_t delay_until_us(const struct syn_session *session, int64_t at_s)
{
    const int64_t now_us = syn_clock_now_us(session->service->clock);
    const int64_t now_s = now_us / US_PER_S;
    if (at_s > now_s + SPAN_S_MAX) {
        at_s = now_s + SPAN_S_MAX;
    }
    return at_s <= now_s ? 0 : at_s * US_PER_S - now_us;
}

void syn_live_watch_token(struct syn_session *session)
{
    const int64_t expires_s = session->facts.expires_s;
    const int64_t notice_us =
        delay_until_us(session, expires_s - session->service->setup.notice_s);
    syn_clock_stop(session->service->clock, &session->notice);
    if (notice_us > 0) {
        start(session, &session->notice, SYN_TIMER_EVENT, notice_us,
              fire_notice);
    } else {
        send_notice(session);
    }
    start(session, &session->expiry, SYN_TIMER_EVENT,
          delay_until_us(session, expires_s), fire_expiry);
}

void syn_live_stop_timers(struct syn_session *session)
{
    struct syn_timer *timers[] = {&session->handshake, &session->notice,
                                  &session->expiry, &session->ping,
                                  &session->pong};
    for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++) {
        syn_clock_stop(session->service->clock, timers[i]);
    }
}
