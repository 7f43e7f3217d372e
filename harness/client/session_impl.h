/*
 * session_impl.h - what life cycle and subscriptions of a session share.
 * Layer: client, private. Threads: one owner.
 */
#ifndef SYN_CLIENT_SESSION_IMPL_H
#define SYN_CLIENT_SESSION_IMPL_H

#include "base/buf.h"
#include "client/session.h"

enum syn_sdk_phase {
    SYN_SDK_PHASE_IDLE,     /* never connected */
    SYN_SDK_PHASE_OPENING,  /* socket */
    SYN_SDK_PHASE_INITING,  /* init sent */
    SYN_SDK_PHASE_LIVE,     /* init accepted */
    SYN_SDK_PHASE_WAITING,  /* back-off */
    SYN_SDK_PHASE_SETTLING, /* "disconnecting": 3 s of deafness */
    SYN_SDK_PHASE_ENDED,    /* "disconnected": a new token connects */
    SYN_SDK_PHASE_DENIED,   /* a new token connects */
    SYN_SDK_PHASE_DEAD      /* only the user's CONNECT revives it */
};

enum syn_sdk_want {
    SYN_SDK_WANT_ESTABLISH, /* to be asked for */
    SYN_SDK_WANT_ANSWER,    /* asked; the reply is out */
    SYN_SDK_WANT_OUTCOME,   /* accepted; the notification is out */
    SYN_SDK_HAS_SUBSCRIPTION,
    SYN_SDK_HAS_FAILED, /* not asked for again */
    SYN_SDK_WANT_CANCEL,
    SYN_SDK_WANT_CANCEL_ANSWER,
    SYN_SDK_WANT_CANCELED
};

struct syn_sdk_subscription {
    char sid[SYN_SDK_SID_BYTES];
    enum syn_type type;
    enum syn_sdk_want want;
    int64_t last_event_id;
    int64_t correlation_id;
    unsigned interruptions; /* of replays, in a row */
    int64_t not_before_us;  /* asked again by itself no sooner; 0: any time */
};

struct syn_sdk_subscriptions {
    struct syn_sdk_subscription *rows; /* heap */
    size_t count;
    size_t capacity;
    char batch_id[SYN_SDK_ID_BYTES]; /* frame of the batch that is out; "" */
    size_t batch_max;
    int64_t correlation_id; /* the newest */
    int64_t retry_us;       /* wait after the next refused batch */
    int64_t delivery_us;    /* as last estimated */
    unsigned retried;
    bool is_for_ttl;
};

struct syn_sdk_session {
    struct syn_sdk_session_setup setup;
    enum syn_sdk_phase phase;
    struct syn_buf token;
    struct syn_buf continuation;
    char init_id[SYN_SDK_ID_BYTES];
    char update_id[SYN_SDK_ID_BYTES]; /* "": none is out */
    unsigned attempts;                /* since the last good init */
    struct syn_sdk_subscriptions subs;
    int64_t now_us;
    struct syn_arena scratch; /* of one step */
    struct syn_sdk_effect *effects;
    size_t effect_count;
    size_t effect_capacity;
    syn_status trouble; /* of this step */
};

/* Make room for more effects; false with `trouble` set when there is none. */
bool syn_sdk_grow_effects(struct syn_sdk_session *session);

/* Append an effect, zeroed, of which the caller fills the rest. Never NULL:
 * past the bound, `trouble` is set and a spare is given. */
struct syn_sdk_effect *syn_sdk_add_effect(struct syn_sdk_session *session,
                                          enum syn_sdk_effect_kind kind);

/* Append a SEND of what is in `frame`, which is then released. */
void syn_sdk_add_send(struct syn_sdk_session *session, struct syn_buf *frame,
                      const char *method, struct syn_str path);
void syn_sdk_add_start(struct syn_sdk_session *session,
                       enum syn_sdk_timer timer, int64_t delay_us);
void syn_sdk_add_stop(struct syn_sdk_session *session,
                      enum syn_sdk_timer timer);
struct syn_sdk_note *syn_sdk_add_note(struct syn_sdk_session *session,
                                      enum syn_sdk_note_kind kind,
                                      const struct syn_sdk_frame *frame);

/* The subscription to an object; NULL: none. */
struct syn_sdk_subscription *
syn_sdk_subs_find(const struct syn_sdk_subscriptions *subs, struct syn_str sid);
void syn_sdk_subs_remove(struct syn_sdk_subscriptions *subs,
                         struct syn_sdk_subscription *row);
bool syn_sdk_subs_has(const struct syn_sdk_subscriptions *subs,
                      enum syn_sdk_want want);

/* To be asked for again, each time a little later: who says "interrupted" at
 * once would else be asked without end. */
void syn_sdk_subs_put_off(struct syn_sdk_session *session,
                          struct syn_sdk_subscription *row);

/* A member above 0, at most `most`; the fallback when it is none. */
int64_t syn_sdk_positive_at(const struct syn_json *node, const char *name,
                            int64_t most, int64_t fallback);

/* Send the next batch when the session is live and none is out. */
void syn_sdk_subs_flush(struct syn_sdk_session *session);

/* After init: everything that has not failed is asked for again. */
void syn_sdk_subs_restart(struct syn_sdk_session *session);

/* The connection is gone: nothing is out any more. */
void syn_sdk_subs_forget(struct syn_sdk_session *session);

SYN_MUST_CHECK syn_status syn_sdk_subs_want(struct syn_sdk_session *session,
                                            const struct syn_sdk_event *event);
SYN_MUST_CHECK syn_status syn_sdk_subs_cancel(struct syn_sdk_session *session,
                                              const char *sid);
void syn_sdk_subs_fired(struct syn_sdk_session *session,
                        enum syn_sdk_timer timer);

/* A reply; false when it is not the batch's. */
bool syn_sdk_subs_reply(struct syn_sdk_session *session,
                        const struct syn_sdk_frame *frame);
void syn_sdk_subs_notification(struct syn_sdk_session *session,
                               const struct syn_sdk_frame *frame);

#endif
