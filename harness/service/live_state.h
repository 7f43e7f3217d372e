/*
 * live_state.h - what the files of the SDK half share.
 * Layer: service, private to its SDK half. Threads: the loop's.
 * Source: sdk-protocol.md; design sections 5 and 6.
 *
 * A session queues what it has to say in `out` and puts itself on the list of
 * sessions with unsent bytes; the end of every entry point (bytes, timer,
 * publish) settles the journal once and hands those bytes to the streams. So
 * no stream is touched while a list of subscribers is walked, and no reply
 * leaves before what it acknowledges is kept.
 */
#ifndef SYN_SERVICE_LIVE_STATE_H
#define SYN_SERVICE_LIVE_STATE_H

#include "base/crypto.h"
#include "base/json.h"
#include "base/table.h"
#include "net/ws.h"
#include "service/live.h"
#include "service/state.h"
#include "service/twilsock.h"
#include "syn/limits.h"

#define SYN_FRAME_MINE_BYTES 35 /* "TM", 32 hex digits, a NUL */
#define SYN_ENDPOINT_BYTES   33 /* 32 hex digits, a NUL */

struct syn_subscription;

/* Who listens to one object. */
struct syn_topic {
    char object_sid[SYN_SID_BYTES]; /* key of the table */
    enum syn_type type;
    struct syn_subscription *first; /* in the order they subscribed */
    struct syn_subscription *last;
};

struct syn_subscription {
    struct syn_session *session;
    struct syn_topic *topic;
    unsigned version; /* event_protocol_version of the request: 3 or 4 */
    unsigned asked;   /* how often, without an end in between */
    struct syn_subscription *next_in_topic, *previous_in_topic;
    struct syn_subscription *next_in_session, *previous_in_session;
};

enum syn_session_state {
    SYN_SESSION_AWAITS_INIT,
    SYN_SESSION_LIVE,
    SYN_SESSION_CLOSING
};

struct syn_session {
    struct syn_service *service;
    uint64_t number;           /* of the connection, from 1 */
    struct syn_stream *stream; /* NULL once it is dead */
    struct syn_ledger *ledger; /* its connection's; writes go through it */
    struct syn_ws *ws;
    struct syn_buf out;  /* bytes for the stream, frames already */
    uint64_t needs;      /* ticket that `out` waits for */
    struct syn_buf owed; /* ids of requests answered in it, a NUL behind each;
                            empty when it waits for nothing */
    enum syn_session_state state;
    bool is_dirty;    /* on the list of those with unsent bytes */
    bool is_told;     /* events are among the unsent bytes */
    bool is_finished; /* the web socket is over: close after sending */
    unsigned busy;    /* entry points running; freed at 0 when dead */

    struct syn_timer handshake; /* peer: until init */
    struct syn_timer notice;
    struct syn_timer expiry;
    struct syn_timer ping;
    struct syn_timer pong;   /* peer: runs while a ping is unanswered */
    struct syn_timer linger; /* peer: from our close frame to the end */
    char ping_id[SYN_FRAME_MINE_BYTES];

    /* From the verified token; texts in `arena`. */
    struct syn_arena arena;
    struct syn_arena_mark no_facts; /* `arena` before any token */
    struct syn_token_facts facts; /* service_sid is resolved, never "default" */
    const struct syn_account *account;
    char endpoint[SYN_ENDPOINT_BYTES]; /* of its continuation token */
    struct syn_buf torn; /* of a frame not whole yet, if a rule keeps it */
    struct syn_buf base; /* "https://host" of its latest request */

    struct syn_table by_object; /* sid -> its subscription */
    struct syn_subscription *first_subscription, *last_subscription;

    struct syn_session *next, *previous; /* of all, oldest first */
    struct syn_session *next_dirty;
};

struct syn_live {
    struct syn_session *first, *last;
    uint64_t opened; /* connections so far */
    struct syn_session *dirty;
    struct syn_table topics; /* object sid -> struct syn_topic */
    unsigned char continuation_key[SYN_DIGEST_BYTES_MAX];
    struct syn_buf header; /* scratch: one header at a time */
    struct syn_buf frame;  /* scratch: one frame at a time */
};

/* A status object of a reply or a close. */
struct syn_live_status {
    unsigned code;
    const char *status;
    const char *description; /* NULL: none */
    int error_code;          /* 0: none */
};
extern const struct syn_live_status syn_live_ok;

/* --- live.c: bytes out ---------------------------------------------------- */

/* A fresh "TM…" id. */
void syn_live_id(struct syn_service *service, char out[SYN_FRAME_MINE_BYTES]);

/* Begin a frame to this session in the shared scratch; add members, then
 * send. At most one frame is under way at a time. */
void syn_live_begin(struct syn_session *session, struct syn_json_writer *w,
                    const char *method, struct syn_str id);
void syn_live_send(struct syn_session *session, struct syn_json_writer *w,
                   struct syn_str payload);

/* Append a web socket frame made before, which tells of the newest change. */
void syn_live_append(struct syn_session *session, struct syn_str ws_frame);

/* The same of a frame that others get too, of an event. */
void syn_live_share(struct syn_session *session, struct syn_shared *ws_frame);

void syn_live_write_status(struct syn_json_writer *w,
                           const struct syn_live_status *status);

/* A reply without payload. */
void syn_live_reply(struct syn_session *session, struct syn_str id,
                    const struct syn_live_status *status);

/* Who this session is, for webhooks. */
struct syn_hook_endpoint syn_live_endpoint(const struct syn_session *session);

/* End the session: a `close` frame when `status` is given, the closing
 * handshake of the web socket, no request nor event from here on. */
void syn_live_end(struct syn_session *session,
                  const struct syn_live_status *status);

/* Send what all sessions have queued, after the journal. */
void syn_live_flush(struct syn_service *service);

/* Entry points from timers: enter, work, leave (which may free). */
void syn_live_enter(struct syn_session *session);
void syn_live_leave(struct syn_session *session);

/* --- live_session.c: frames in, life of the token ------------------------- */

void syn_live_message(struct syn_session *session, struct syn_str message);
void syn_live_await_init(struct syn_session *session);
void syn_live_stop_timers(struct syn_session *session);

/* --- live_init.c: becoming somebody, and staying so -------------------------
 */

void syn_live_init(struct syn_session *session,
                   const struct syn_twilsock_frame *frame);
void syn_live_update(struct syn_session *session,
                     const struct syn_twilsock_frame *frame);

/* Start expiry, notice and ping for the token in `facts`. */
void syn_live_watch_token(struct syn_session *session);
void syn_live_watch_peer(struct syn_session *session);
bool syn_live_is_expired(const struct syn_session *session);

/* --- live_request.c: tunnelled requests ----------------------------------- */

void syn_live_request(struct syn_session *session,
                      const struct syn_twilsock_frame *frame);

/* --- subscription.c ------------------------------------------------------- */

/* Add, or renew the one there is. Errors: SYN_ERR_LIMIT, SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_subscription_add(struct syn_session *session,
                                               const char *object_sid,
                                               enum syn_type type,
                                               unsigned version);
struct syn_subscription *
syn_subscription_find(const struct syn_session *session,
                      struct syn_str object_sid);
void syn_subscription_drop(struct syn_subscription *subscription);
void syn_subscription_drop_all(struct syn_session *session);
void syn_subscription_drop_topic(struct syn_service *service,
                                 struct syn_topic *topic);

/* --- fanout.c ------------------------------------------------------------- */

/* What is the same for all subscribers of one event. */
struct syn_fanout_view {
    const struct syn_event *event;
    struct syn_str base;        /* of item_url */
    unsigned version;           /* event_protocol_version */
    struct syn_str correlation; /* replay: JSON text; at NULL: live */
};

/* Append the payload of an event. */
void syn_fanout_write(struct syn_buf *buf, struct syn_arena *arena,
                      const struct syn_fanout_view *view);

/* Send a notification with this payload to one session. */
void syn_fanout_notify(struct syn_session *session, const char *message_type,
                       struct syn_str payload);

/* Is this event ever told to subscribers? Creations are not. */
bool syn_fanout_is_told(enum syn_event_kind kind);

/* --- continuation.c ------------------------------------------------------- */

enum syn_continuation_fit {
    SYN_CONTINUATION_FITS,
    SYN_CONTINUATION_MISSING,
    SYN_CONTINUATION_INVALID, /* forged, cut, or of another run */
    SYN_CONTINUATION_OTHER_SERVICE,
    SYN_CONTINUATION_OTHER_IDENTITY
};

/* Judge the token presented in `init` (at NULL: none). With one that fits the
 * session is the endpoint that the token names. */
enum syn_continuation_fit syn_continuation_judge(struct syn_session *session,
                                                 struct syn_str presented);

/* A fresh one for this session, which becomes a new endpoint; at NULL when
 * memory ran out. */
struct syn_str syn_continuation_make(struct syn_session *session,
                                     struct syn_arena *arena);

/* "DIFFERENT_IDENTITY" and the sentence beside it; NULL for a fit. */
const char *syn_continuation_reason(enum syn_continuation_fit fit);
const char *syn_continuation_message(enum syn_continuation_fit fit);

#endif
