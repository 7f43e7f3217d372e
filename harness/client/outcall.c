/*
 * outcall.c - send one request and turn the loop until its answer is there.
 */
#include "client/outcall.h"

#include "base/buf.h"
#include "syn/limits.h"

#define STATUS_ERROR 400

struct outcome {
    struct syn_world *world;
    const struct syn_outcall *call;
    struct syn_reply reply;
    struct syn_str headers;
    bool is_done;
};

static unsigned record(const struct outcome *outcome,
                       enum syn_wire_direction direction, struct syn_str head,
                       struct syn_str body)
{
    const struct syn_world *world = outcome->world;
    const struct syn_wire_record entry = {
        .actor = outcome->call->actor,
        .plane = SYN_WIRE_REST,
        .direction = direction,
        .at_ms = syn_clock_now_ms(syn_loop_clock(world->loop)),
        .head = head,
        .body = body};
    return world->record == NULL ? 0 : world->record(world->ctx, &entry);
}

static struct syn_str join_headers(struct syn_arena *arena,
                                   const struct syn_curl_response *response)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_HTTP_HEAD_BYTES_MAX);
    for (size_t i = 0; i < response->header_count; i++) {
        syn_buf_put(&text, response->headers[i].name);
        syn_buf_put_text(&text, ": ");
        syn_buf_put(&text, response->headers[i].value);
        syn_buf_put_byte(&text, '\n');
    }
    struct syn_str joined = syn_arena_dup(arena, syn_buf_str(&text));
    syn_buf_fini(&text);
    return joined;
}

static void take_response(void *ctx, const struct syn_curl_response *response)
{
    struct outcome *outcome = ctx;
    struct syn_reply *reply = &outcome->reply;
    struct syn_arena *arena = outcome->world->arena;
    outcome->is_done = true;
    reply->status = response->status;
    reply->dials = response->dials;
    if (response->status != SYN_OK) {
        reply->exchange =
            record(outcome, SYN_WIRE_RECEIVED, SYN_STR("no answer"),
                   syn_str_of(response->reason));
        return;
    }
    reply->http = response->http_status;
    reply->body = syn_arena_dup(arena, response->body);
    outcome->headers = join_headers(arena, response);
    if (reply->http >= STATUS_ERROR) {
        reply->code = (int)syn_reply_i64(reply, "/code", 0);
    }
    struct syn_str head = syn_arena_printf(
        arena, "HTTP/1.1 %u\n%.*s", reply->http, SYN_STR_ARG(outcome->headers));
    reply->exchange = record(outcome, SYN_WIRE_RECEIVED, head, reply->body);
}

static bool is_done(void *ctx)
{
    return ((struct outcome *)ctx)->is_done;
}

/* "POST http://host/path", cut before a query. */
static struct syn_str head_of(const struct outcome *outcome)
{
    struct syn_str url = syn_str_of(outcome->call->url);
    return syn_arena_printf(
        outcome->world->arena, "%s %.*s", outcome->call->method,
        SYN_STR_ARG(syn_str_part(url, 0, syn_str_find(url, '?', 0))));
}

static void run_request(struct outcome *outcome)
{
    const struct syn_world *world = outcome->world;
    const struct syn_outcall *call = outcome->call;
    struct syn_curl_call *running = NULL;
    const struct syn_curl_request request = {.method = call->method,
                                             .url = call->url,
                                             .headers = call->headers,
                                             .header_count = call->header_count,
                                             .body = call->body,
                                             .tls = world->tls,
                                             .guard_ms = world->guard_ms,
                                             .routes = world->routes};
    syn_status st =
        syn_curl_start(world->curl, &request, take_response, outcome, &running);
    if (st != SYN_OK) {
        outcome->reply.status = st;
    } else if (!syn_loop_run_until(world->loop, is_done, outcome,
                                   world->guard_ms) &&
               !outcome->is_done) {
        syn_curl_cancel(running);
        outcome->reply.status = SYN_ERR_TIMEOUT;
    }
}

struct syn_reply syn_outcall_run(struct syn_world *world,
                                 const struct syn_outcall *call,
                                 struct syn_str *headers)
{
    struct outcome outcome = {
        .world = world, .call = call, .reply.arena = world->arena};
    const struct syn_departure departure = {.plane = SYN_WIRE_REST,
                                            .method = call->method,
                                            .path = syn_str_of(call->url),
                                            .body = call->body};
    if (world->pace != NULL) {
        world->pace(world->ctx, &departure);
    }
    if (world->may_send != NULL) {
        outcome.reply.status = world->may_send(world->ctx, &departure);
    }
    if (outcome.reply.status == SYN_OK) {
        (void)record(&outcome, SYN_WIRE_SENT, head_of(&outcome), call->body);
        run_request(&outcome);
    }
    if (headers != NULL) {
        *headers = outcome.headers;
    }
    return outcome.reply;
}
