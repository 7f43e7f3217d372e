/*
 * session.h - the life of an SDK user's session, without sockets.
 * Layer: client. Threads: one owner. Source: sdk-protocol.md sections 4 to 10.
 *
 * step(session, event, now) changes state and leaves effects, which a driver
 * (link.h, or a test) carries out: open a socket, send, close, start a timer.
 * It behaves as the vendor SDK does, its traps included: back-off from 1 s
 * doubling to 120 s, 3 s of deafness after an expired token, a receipt for
 * every frame, subscriptions asked for again after each init.
 */
#ifndef SYN_CLIENT_SESSION_H
#define SYN_CLIENT_SESSION_H

#include "base/clock.h"
#include "base/rng.h"
#include "client/twilsock.h"
#include "syn/client.h"
#include "syn/object.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_sdk_session; /* opaque: harness/client/session.c */

#define SYN_SDK_SID_BYTES 40   /* of a service's own making, not only 34 */
#define SYN_SDK_NO_EVENT  (-2) /* last_event_id: null on the wire */

struct syn_sdk_session_setup {
    struct syn_rng *rng;    /* borrowed for the session's life */
    int64_t batch_delay_us; /* collect subscriptions this long; 0: send now,
                               the SDK waits 100 ms */
    int64_t skew_ms;        /* of the user's clock: correlation ids */
    const char *host;       /* http_request.host of subscriptions; borrowed */
    const char *scenario;   /* X-Syn-Scenario; NULL: none; borrowed */
    struct syn_str continuation; /* presented first; borrowed for new() */
    bool is_mute;                /* misbehaves: never gives a receipt */
    bool stays_down;             /* misbehaves: no retry after a lost socket */
    bool retries_refusals;   /* misbehaves: a refused token is tried again */
    bool forgets_events;     /* misbehaves: subscribes again from now on */
    bool drops_continuation; /* misbehaves: keeps no continuation token */
};

enum syn_sdk_timer {
    SYN_SDK_TIMER_RETRY,    /* back-off, or the wait after an offload */
    SYN_SDK_TIMER_INIT,     /* 30 s for the reply to init */
    SYN_SDK_TIMER_SETTLE,   /* 3 s between tokenExpired and disconnected */
    SYN_SDK_TIMER_BATCH,    /* subscriptions are collected, or retried */
    SYN_SDK_TIMER_DELIVERY, /* estimated_delivery_in_ms */
    SYN_SDK_TIMER_TTL,      /* ttl_in_s of the subscriptions */
    SYN_SDK_TIMER_COUNT
};

enum syn_sdk_event_kind {
    SYN_SDK_CONNECT,   /* the user wants a connection; ends any wait */
    SYN_SDK_OPENED,    /* the web socket is open */
    SYN_SDK_LOST,      /* it could not be opened, or ended by itself */
    SYN_SDK_MESSAGE,   /* `bytes` arrived; `is_text` */
    SYN_SDK_FIRED,     /* `timer` */
    SYN_SDK_REQUEST,   /* send `request` */
    SYN_SDK_TOKEN,     /* take `bytes` as token for the next init */
    SYN_SDK_UPDATE,    /* updateToken(`bytes`) */
    SYN_SDK_SUBSCRIBE, /* `sid`, `type`, `last_event_id` */
    SYN_SDK_CANCEL,    /* `sid` */
    SYN_SDK_CUT,       /* the network is gone until SYN_SDK_CONNECT */
    SYN_SDK_SHUTDOWN   /* the user ends it */
};

struct syn_sdk_event {
    enum syn_sdk_event_kind kind;
    struct syn_str bytes;
    bool is_text;
    enum syn_sdk_timer timer;
    const struct syn_sdk_request *request;
    const char *sid;
    enum syn_type type;
    int64_t last_event_id;
};

/* What the user gets to know. */
enum syn_sdk_note_kind {
    SYN_SDK_NOTE_LIVE,     /* init accepted; `frame` */
    SYN_SDK_NOTE_REFUSED,  /* init refused; `frame` */
    SYN_SDK_NOTE_FAILED,   /* the attempt ended without a reply to init */
    SYN_SDK_NOTE_REPLY,    /* reply to a request; `frame` */
    SYN_SDK_NOTE_UPDATED,  /* reply to update, good or bad; `frame` */
    SYN_SDK_NOTE_EXPIRING, /* client_update; `frame` */
    SYN_SDK_NOTE_ENDING,   /* the service's close; `frame` */
    SYN_SDK_NOTE_ENDED,    /* a live connection is gone */
    SYN_SDK_NOTE_EVENT,    /* an event: sid, type_text, event_id, text … */
    SYN_SDK_NOTE_OUTCOME,  /* of a subscription: sid, outcome, http, code */
    SYN_SDK_NOTE_STRANGE   /* not a frame, or text; the SDK drops it */
};

enum syn_sdk_outcome {
    SYN_SDK_ESTABLISHED,
    SYN_SDK_SUBSCRIPTION_FAILED, /* subscription_failed */
    SYN_SDK_BATCH_FAILED,        /* the request itself was refused */
    SYN_SDK_CANCELED
};

struct syn_sdk_note {
    enum syn_sdk_note_kind kind;
    const struct syn_sdk_frame *frame; /* NULL where none is named above */
    struct syn_str sid;
    struct syn_str type_text; /* event_type */
    struct syn_str text;      /* the `event` as it came */
    int64_t event_id;         /* -1: none */
    bool is_replay;
    enum syn_sdk_outcome outcome;
    bool is_ours; /* OUTCOME: it answers a request of ours; FAILED: init was
                     out already */
    unsigned http;
    int code;
};

enum syn_sdk_effect_kind {
    SYN_SDK_DO_OPEN,  /* open a web socket; OPENED or LOST must follow */
    SYN_SDK_DO_SEND,  /* `bytes` as one binary message */
    SYN_SDK_DO_CLOSE, /* close in order after what was sent; no LOST */
    SYN_SDK_DO_DROP,  /* drop at once; no LOST */
    SYN_SDK_DO_START, /* `timer` after `delay_us`, restarting it */
    SYN_SDK_DO_STOP,  /* `timer` */
    SYN_SDK_DO_NOTE   /* tell the user */
};

struct syn_sdk_effect {
    enum syn_sdk_effect_kind kind;
    struct syn_str bytes;
    struct syn_str method; /* of SEND: "init", "GET", "reply" … */
    struct syn_str path;   /* of SEND: of a request */
    enum syn_sdk_timer timer;
    enum syn_timer_kind timer_kind;
    int64_t delay_us;
    struct syn_sdk_note note;
};

/* Errors: SYN_ERR_MEMORY. *out belongs to the caller. */
SYN_MUST_CHECK syn_status syn_sdk_session_new(
    const struct syn_sdk_session_setup *setup, struct syn_sdk_session **out);
void syn_sdk_session_free(struct syn_sdk_session *session); /* NULL ignored */

/*
 * One event. The effects of the step before are gone. SYN_ERR_CLOSED: a request
 * or subscription needs a live session, or an update found a session that takes
 * none (the SDK's trap). SYN_ERR_EXISTS: this very token is set already,
 * nothing happens. SYN_ERR_LIMIT, SYN_ERR_MEMORY: the step is incomplete; drop
 * the connection.
 */
SYN_MUST_CHECK syn_status
syn_sdk_session_step(struct syn_sdk_session *session,
                     const struct syn_sdk_event *event, int64_t now_us);

/* Effects of the last step, in order; texts live until the next step. */
size_t syn_sdk_session_effects(const struct syn_sdk_session *session,
                               const struct syn_sdk_effect **effects);

enum syn_session_state
syn_sdk_session_state(const struct syn_sdk_session *session);

/* Is an attempt under way (socket opening, or init unanswered)? */
bool syn_sdk_session_is_trying(const struct syn_sdk_session *session);

/* Does it wait for a timer to try again? */
bool syn_sdk_session_is_waiting(const struct syn_sdk_session *session);

struct syn_str syn_sdk_session_token(const struct syn_sdk_session *session);

/* Last event id known for a subscription; SYN_SDK_NO_EVENT when unknown. */
int64_t syn_sdk_session_last_event(const struct syn_sdk_session *session,
                                   struct syn_str sid);

#endif
