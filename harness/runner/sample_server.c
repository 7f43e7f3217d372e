/*
 * sample_server.c - listener, strict reader, one answer a connection.
 */
#include "runner/sample_server.h"

#include "net/stream.h"
#include "syn/limits.h"

#include <stdlib.h>

#define ADDRESS "127.0.0.1"

struct peer {
    struct peer *next, *previous;
    struct syn_sample_server *server;
    struct syn_stream *stream;
    struct syn_http_reader *reader;
    bool is_answered;
};

struct syn_sample_server {
    struct syn_listener *listener;
    struct peer *peers;
    syn_sample_answer_fn answer;
    void *ctx;
};

static void write_answer(struct peer *peer, struct syn_sample_answer *answer)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    syn_buf_printf(&text,
                   "HTTP/1.1 %u %s\r\nContent-Length: %zu\r\n"
                   "Connection: close\r\n",
                   answer->status, syn_http_phrase(answer->status),
                   answer->body.bytes);
    syn_buf_put(&text, syn_buf_str(&answer->headers));
    syn_buf_put_text(&text, "\r\n");
    syn_buf_put(&text, syn_buf_str(&answer->body));
    if (text.status == SYN_OK && answer->headers.status == SYN_OK &&
        answer->body.status == SYN_OK) {
        syn_stream_write(peer->stream, syn_buf_str(&text));
        syn_stream_close(peer->stream);
    } else {
        syn_stream_abort(peer->stream);
    }
    syn_buf_fini(&text);
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct peer *peer = ctx;
    size_t used = 0;
    if (peer->is_answered) {
        return;
    }
    enum syn_http_state state = syn_http_reader_feed(peer->reader, in, &used);
    if (state == SYN_HTTP_REFUSED) {
        syn_stream_abort(stream);
        return;
    }
    if (state == SYN_HTTP_MESSAGE) {
        struct syn_sample_server *server = peer->server;
        struct syn_sample_answer answer = {.status = 0};
        peer->is_answered = true;
        syn_buf_init(&answer.headers, NULL, SYN_HTTP_HEAD_BYTES_MAX);
        syn_buf_init(&answer.body, NULL, SYN_JSON_BYTES_MAX);
        server->answer(server->ctx, syn_http_reader_message(peer->reader),
                       &answer);
        write_answer(peer, &answer);
        syn_buf_fini(&answer.headers);
        syn_buf_fini(&answer.body);
    }
}

static void free_peer(struct peer *peer)
{
    *(peer->previous != NULL ? &peer->previous->next : &peer->server->peers) =
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
    struct syn_sample_server *server = ctx;
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL ||
        syn_http_reader_new(SYN_HTTP_REQUEST, NULL, &peer->reader) != SYN_OK) {
        free(peer);
        return false;
    }
    peer->server = server;
    peer->stream = stream;
    peer->next = server->peers;
    if (peer->next != NULL) {
        peer->next->previous = peer;
    }
    server->peers = peer;
    *events = &own;
    *stream_ctx = peer;
    return true;
}

syn_status syn_sample_server_start(struct syn_loop *loop,
                                   syn_sample_answer_fn answer, void *ctx,
                                   struct syn_sample_server **out)
{
    struct syn_sample_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return SYN_ERR_MEMORY;
    }
    server->answer = answer;
    server->ctx = ctx;
    syn_status st = syn_listener_open(
        loop,
        &(struct syn_listener_options){
            .address = ADDRESS, .accept = on_accept, .ctx = server},
        &server->listener);
    if (st != SYN_OK) {
        free(server);
        return st;
    }
    *out = server;
    return SYN_OK;
}

void syn_sample_server_stop(struct syn_sample_server *server)
{
    if (server == NULL) {
        return;
    }
    syn_listener_close(server->listener);
    struct peer *next = NULL;
    for (struct peer *peer = server->peers; peer != NULL; peer = next) {
        next = peer->next;
        syn_stream_abandon(peer->stream);
        free_peer(peer);
    }
    free(server);
}

uint16_t syn_sample_server_port(const struct syn_sample_server *server)
{
    return syn_listener_port(server->listener);
}
