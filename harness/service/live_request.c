/*
 * live_request.c - a tunnelled request from its frame to its reply.
 *
 * `status` of the reply is about the frame, `http_status` about Sync: a
 * refusal by Sync is a good frame. The reply is queued before the events it
 * caused, so that an echo never overtakes it.
 */
#include "service/live_request.h"

#include "net/http.h"
#include "service/error.h"

#include <string.h>

#define HTTP_NO_CONTENT   204
#define HOST_BYTES_MAX    255 /* RFC 1035 */
#define REPLY_BYTES_USUAL 768 /* of a body: room for most, at once */

static const struct syn_str absent = {NULL, 0};

static const struct syn_live_status no_request = {
    400, "BAD_REQUEST", "http_request is missing or malformed", 0};
static const struct syn_live_status other_grant = {
    403, "FORBIDDEN", "The token does not hold this grant", 0};

void syn_call_refuse(struct syn_call *call, enum syn_code code)
{
    SYN_ASSERT(code != SYN_CODE_NONE);
    call->code = code;
    call->has_etag = false;
}

bool syn_call_step(struct syn_call *call, const struct syn_command *command)
{
    const struct syn_seams *seams = &call->service->seams;
    const struct syn_actor actor = {
        .plane = seams->calls.plane_of(seams->ctx, call, command),
        .account = call->session->account,
        .identity = call->session->facts.identity};
    if (syn_service_step(call->service, &actor, command, call->arena,
                         &call->outcome) != SYN_OK) {
        syn_call_refuse(call, SYN_CODE_20500);
        return false;
    }
    if (call->outcome.code == SYN_CODE_54009) {
        call->retry_after_s = call->service->retry_after_s;
        call->message =
            syn_arena_printf(call->arena, "Rate limit exceeded for %s",
                             call->service->throttled);
    }
    if (call->outcome.code != SYN_CODE_NONE) {
        syn_call_refuse(call, call->outcome.code);
        return false;
    }
    return true;
}

struct syn_command syn_call_command(const struct syn_call *call,
                                    enum syn_verb verb)
{
    return (struct syn_command){.verb = verb,
                                .type = call->type,
                                .service = syn_str_of(call->row->sid),
                                .id = call->object_id,
                                .if_match = call->if_match};
}

/* --- reading -------------------------------------------------------------- */

/* Header names are compared without case; values must be strings. */
static struct syn_str find_header(const struct syn_json *headers,
                                  const char *name)
{
    for (const struct syn_json *one = syn_json_first(headers); one != NULL;
         one = syn_json_next(one)) {
        if (syn_str_is_equal_nocase(syn_json_name(one), syn_str_of(name))) {
            return syn_json_str(one, absent);
        }
    }
    return absent;
}

/* A host and port as they may stand in a URL; nothing else reaches one. */
static bool is_host(struct syn_str host)
{
    return host.bytes > 0 && host.bytes <= HOST_BYTES_MAX &&
           syn_str_has_only(host, SYN_HOST_BYTES);
}

/* URLs follow the host that the client asked, which is only a word in a
 * frame: nothing is ever sent there. */
static void remember_base(struct syn_session *session, struct syn_str host)
{
    const struct syn_str scheme = SYN_STR("https://");
    const struct syn_str before = syn_buf_str(&session->base);
    if (session->service->setup.base_url == NULL && host.bytes > 0 &&
        syn_str_is_equal(syn_str_from(before, scheme.bytes), host)) {
        return; /* as a rule a client asks one host all the time */
    }
    syn_buf_clear(&session->base);
    if (session->service->setup.base_url != NULL) {
        syn_buf_put_text(&session->base, session->service->setup.base_url);
        return;
    }
    syn_buf_put(&session->base, scheme);
    syn_buf_put(&session->base,
                is_host(host) ? host : SYN_STR("cds.us1.twilio.com"));
}

struct syn_str syn_call_base(const struct syn_session *session)
{
    return syn_buf_str(&session->base);
}

static bool read_call(struct syn_call *call,
                      const struct syn_twilsock_frame *frame)
{
    const struct syn_json *request =
        syn_json_member(frame->header, "http_request");
    const struct syn_json *headers = syn_json_member(request, "headers");
    call->frame_id = frame->id;
    call->method = syn_json_str(syn_json_member(request, "method"), absent);
    call->path = syn_json_str(syn_json_member(request, "path"), absent);
    call->params = syn_json_member(request, "params");
    call->request_id = find_header(headers, "Twilio-Request-Id");
    call->if_match = syn_str_unquote(find_header(headers, "If-Match"));
    call->body = frame->payload;
    call->http_status = 200;
    remember_base(call->session,
                  syn_json_str(syn_json_member(request, "host"), absent));
    return call->method.bytes > 0 && call->path.bytes > 0;
}

/* --- replying ------------------------------------------------------------- */

static void write_error(struct syn_call *call, unsigned http_status)
{
    syn_buf_clear(&call->reply);
    syn_error_put(&call->reply, call->code, call->message, http_status);
}

static void write_headers(struct syn_call *call, struct syn_json_writer *w,
                          size_t body_bytes)
{
    const struct syn_str length =
        syn_arena_printf(call->arena, "%zu", body_bytes);
    syn_json_open_object(w, "http_headers");
    syn_json_write_text(w, "content-type", "application/json");
    syn_json_write_str(w, "content-length", length);
    if (call->request_id.at != NULL) {
        syn_json_write_str(w, "twilio-request-id", call->request_id);
    }
    if (call->has_etag) {
        syn_json_write_str(w, "etag",
                           syn_arena_printf(call->arena, "\"%s\"", call->etag));
    }
    if (call->retry_after_s > 0) {
        syn_json_write_str(
            w, "retry-after",
            syn_arena_printf(call->arena, "%u", (unsigned)call->retry_after_s));
    }
    syn_json_close_object(w);
}

static void send_reply(struct syn_call *call, const struct syn_shaping *shaped)
{
    const bool has_body = shaped->http_status != HTTP_NO_CONTENT;
    const struct syn_str body = has_body ? shaped->body : absent;
    struct syn_json_writer w;
    const struct syn_seams *seams = &call->service->seams;
    syn_live_begin(
        call->session, &w, "reply",
        seams->frames.answers_to(seams->ctx, call->session, call->frame_id));
    syn_live_write_status(&w, &syn_live_ok);
    if (has_body) {
        syn_json_write_text(&w, "payload_type", "application/json");
    }
    write_headers(call, &w, body.bytes);
    syn_json_open_object(&w, "http_status");
    syn_json_write_i64(&w, "code", (int64_t)shaped->http_status);
    syn_json_write_text(&w, "status", syn_http_phrase(shaped->http_status));
    syn_json_close_object(&w);
    syn_live_send(call->session, &w, body);
}

/* The reply waits for what it tells of; should that never be kept, the
 * request is answered anew (syn_live_fail). */
static void note_need(const struct syn_call *call)
{
    struct syn_session *session = call->session;
    const uint64_t needed = call->service->tickets.needed;
    if (needed == 0 || syn_tickets_is_kept(call->service, needed)) {
        return;
    }
    session->needs = needed > session->needs ? needed : session->needs;
    syn_buf_put(&session->owed, call->frame_id);
    syn_buf_put_byte(&session->owed, '\0');
}

static void finish_call(struct syn_call *call)
{
    if (call->code == SYN_CODE_NONE && call->reply.status != SYN_OK) {
        syn_call_refuse(call, SYN_CODE_20500);
    }
    unsigned http_status = call->http_status;
    if (call->code != SYN_CODE_NONE) {
        http_status = syn_code_http(call->code);
        write_error(call, http_status);
    }
    struct syn_shaping shaping = {.plane = SYN_PLANE_SDK,
                                  .method = call->method,
                                  .target = call->path,
                                  .identity = call->session->facts.identity,
                                  .http_status = http_status,
                                  .body = syn_buf_str(&call->reply),
                                  .arena = call->arena,
                                  .call = call};
    const struct syn_seams *seams = &call->service->seams;
    seams->shape_reply(seams->ctx, &shaping);
    send_reply(call, &shaping);
    note_need(call);
}

/* Subscribers hear of what was done; subscriptions tell themselves. */
static void publish_call(const struct syn_call *call)
{
    if (call->code == SYN_CODE_NONE && call->after == NULL &&
        call->outcome.event_count > 0) {
        syn_live_publish(call->service, call->outcome.events,
                         call->outcome.event_count, call->session);
    }
}

static void fail_one(struct syn_session *session, struct syn_str frame_id)
{
    const unsigned http_status = syn_code_http(SYN_CODE_20500);
    struct syn_call call;
    memset(&call, 0, sizeof(call));
    call.session = session;
    call.service = session->service;
    call.arena = &session->service->scratch;
    call.frame_id = frame_id;
    call.code = SYN_CODE_20500;
    syn_buf_init(&call.reply, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    write_error(&call, http_status);
    const struct syn_shaping shaped = {.http_status = http_status,
                                       .body = syn_buf_str(&call.reply)};
    send_reply(&call, &shaped);
    syn_buf_fini(&call.reply);
}

void syn_live_fail(struct syn_session *session, struct syn_str owed)
{
    struct syn_service *service = session->service;
    const struct syn_arena_mark mark = syn_arena_mark(&service->scratch);
    syn_live_enter(session);
    while (owed.bytes > 0) {
        const size_t end = syn_str_find(owed, '\0', 0);
        fail_one(session, syn_str_part(owed, 0, end));
        owed = syn_str_from(owed, end + 1);
    }
    syn_live_flush(service);
    syn_live_leave(session);
    syn_arena_rewind(&service->scratch, mark);
}

void syn_live_request(struct syn_session *session,
                      const struct syn_twilsock_frame *frame)
{
    struct syn_service *service = session->service;
    const struct syn_json *grant =
        syn_json_member(frame->header, "active_grant");
    if (grant != NULL &&
        !syn_str_is(syn_json_str(grant, absent), "data_sync")) {
        syn_live_reply(session, frame->id, &other_grant);
        return;
    }
    struct syn_call call;
    memset(&call, 0, sizeof(call));
    call.session = session;
    call.service = service;
    call.arena = &service->scratch;
    syn_buf_init(&call.reply, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    syn_buf_reserve(&call.reply, REPLY_BYTES_USUAL);
    if (!read_call(&call, frame)) {
        syn_live_reply(session, frame->id, &no_request);
    } else {
        service->counts.sdk_requests++;
        service->tickets.needed = 0;
        syn_call_dispatch(&call);
        const bool tells_first =
            service->seams.calls.tells_first(service->seams.ctx);
        if (tells_first) {
            publish_call(&call);
        }
        finish_call(&call);
        if (!tells_first) {
            publish_call(&call);
        }
        if (call.code == SYN_CODE_NONE && call.after != NULL) {
            call.after(&call);
        }
    }
    syn_buf_fini(&call.reply);
}
