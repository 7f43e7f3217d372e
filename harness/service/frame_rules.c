/*
 * frame_rules.c - the sound behaviour behind what the bytes of the SDK plane
 * come to.
 */
#include "service/frame_rules.h"

#include "net/ws.h"
#include "service/live_state.h"

static bool upgrades(void *ctx, const struct syn_http_message *request,
                     struct syn_buf *out)
{
    (void)ctx;
    return syn_ws_accept(request, out);
}

static struct syn_str greeting(void *ctx, struct syn_arena *arena,
                               const struct syn_http_message *request)
{
    (void)ctx;
    (void)arena;
    (void)request;
    return (struct syn_str){NULL, 0};
}

static enum syn_twilsock_verdict
read_frame(void *ctx, struct syn_session *session, struct syn_arena *arena,
           struct syn_str message, struct syn_twilsock_frame *frame)
{
    (void)ctx;
    return syn_twilsock_parse_within(
        arena, message, session->service->seams.header_bytes_max, frame);
}

static bool has_user(void *ctx, struct syn_session *session,
                     const struct syn_twilsock_frame *frame)
{
    (void)ctx;
    (void)frame;
    return session->state == SYN_SESSION_LIVE;
}

static bool begins_again(void *ctx, struct syn_session *session)
{
    (void)ctx;
    (void)session;
    return false;
}

static bool takes_method(void *ctx, struct syn_session *session,
                         const struct syn_twilsock_frame *frame,
                         struct syn_str message)
{
    (void)ctx;
    (void)session;
    (void)frame;
    (void)message;
    return false;
}

static struct syn_str answers_to(void *ctx, struct syn_session *session,
                                 struct syn_str id)
{
    (void)ctx;
    (void)session;
    return id;
}

static int64_t patience_s(void *ctx, int64_t setup_s)
{
    (void)ctx;
    return setup_s;
}

static bool is_soothed(void *ctx)
{
    (void)ctx;
    return false;
}

void syn_frame_rules_init(struct syn_frame_rules *rules)
{
    *rules = (struct syn_frame_rules){.upgrades = upgrades,
                                      .greeting = greeting,
                                      .read = read_frame,
                                      .has_user = has_user,
                                      .begins_again = begins_again,
                                      .takes_method = takes_method,
                                      .answers_to = answers_to,
                                      .patience_s = patience_s,
                                      .is_soothed = is_soothed,
                                      .early_bytes_max = SIZE_MAX,
                                      .unread_bytes_max =
                                          SYN_STREAM_QUEUE_BYTES_MAX};
}
