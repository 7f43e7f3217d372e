/*
 * live_bench.h - a raw SDK client for the tests of the service.
 *
 * Frames are put together with printf and taken apart by hand, from the text
 * of the protocol: nothing is shared with the service's own codec. Every frame
 * that comes is kept; replies are found by id, notifications are taken in
 * order, absence is proven by a round trip (live_fence).
 */
#ifndef SYN_TESTS_LIVE_BENCH_H
#define SYN_TESTS_LIVE_BENCH_H

#include "auth/token.h"
#include "net/ws.h"
#include "service_bench.h"

#define LIVE_FRAMES_MAX 4096
#define LIVE_HOST       "cds.us1.twilio.com"
#define LIVE_BASE       "https://" LIVE_HOST
#define LIVE_ROOT       "/v3/Services/" BENCH_SERVICE

struct live_frame {
    const struct syn_json *header;
    struct syn_str payload_text;
    const struct syn_json *payload; /* NULL: none */
    bool is_taken;
};

struct live_peer {
    struct bench *bench;
    struct syn_stream *stream; /* NULL once it is dead */
    struct syn_ws *ws;
    struct syn_buf out;
    struct syn_buf handshake; /* bytes of the 101 answer */
    char key[SYN_WS_KEY_BYTES];
    bool is_upgraded;
    bool has_close; /* a close frame of the web socket came */
    unsigned sent;  /* makes ids */
    struct live_frame frames[LIVE_FRAMES_MAX];
    size_t count;
};

/* What a tunnelled request got. */
struct live_answer {
    int64_t status; /* http_status.code */
    int64_t code;   /* of an error body; 0: none */
    const struct syn_json *header;
    const struct syn_json *body;
};

/* Connect and upgrade; the peer is on the heap. */
struct live_peer *live_open(struct bench *bench);
void live_close(struct live_peer *peer); /* NULL is ignored */

/* A token of the bench's key. */
struct syn_str live_token(struct bench *bench, const char *identity,
                          int64_t ttl_s);
/* Open and init; fails the test unless the reply is 200. */
struct live_peer *live_login(struct bench *bench, const char *identity,
                             int64_t ttl_s);

/* Send one web socket message as it is. */
void live_raw(struct live_peer *peer, struct syn_str message);

/* Send a frame: `members` are the header's beside id and payload_size. The id
 * is returned, "T<n>". */
const char *live_send(struct live_peer *peer, const char *members,
                      const char *payload);

/* Wait for the reply to `id`. */
const struct syn_json *live_reply(struct live_peer *peer, const char *id);

/* Wait for the oldest frame with this method that was not taken yet. */
const struct live_frame *live_take(struct live_peer *peer, const char *method);

/* Send `init` with this token; its id. */
const char *live_send_init(struct live_peer *peer, struct syn_str token);

/* `init` with this token, and its reply. */
const struct syn_json *live_init(struct live_peer *peer, struct syn_str token);

/* A tunnelled request and its answer. `more`: further members of
 * http_request, from a comma on, or "". */
struct live_answer live_call(struct live_peer *peer, const char *method,
                             const char *path, const char *more,
                             const char *payload);

/* After it everything that was under way has come. */
void live_fence(struct live_peer *peer);

/* Frames of this method not taken yet. */
size_t live_pending(const struct live_peer *peer, const char *method);

/* Wait until the service has ended the web socket. */
void live_wait_end(struct live_peer *peer);

/* Subscribe one object and take the outcome. */
const struct syn_json *live_subscribe(struct live_peer *peer, const char *sid,
                                      const char *type, const char *last_id);

/* Names of an object's members in order, joined by commas. */
const char *live_names(struct live_peer *peer, const struct syn_json *object);

const char *live_text(struct live_peer *peer, const struct syn_json *node,
                      const char *pointer);
int64_t live_number(const struct syn_json *node, const char *pointer);

#endif
