/*
 * engine.h - what the parts of one worker share: objects, sessions, the moment.
 * Layer: load, private to it. Threads: the worker's.
 * Source: design section 9; sdk-protocol.md.
 *
 * Sessions come in blocks: all sessions of a block may read all objects of it
 * and subscribe to them, and nobody else may. So a worker owns whole blocks,
 * with their writers, grants and subscribers, and needs nobody's knowledge to
 * judge a frame. What goes beyond a block are spies, who ask for what they may
 * not have, and one probe a worker, who listens to an object of the next
 * worker and learns what is true from a ledger in shared memory.
 *
 * The environment is all that a session core sees: no socket, no clock of its
 * own. It appends to `out` what is to be sent; the fleet carries it out.
 */
#ifndef SYN_LOAD_ENGINE_H
#define SYN_LOAD_ENGINE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/rng.h"
#include "load/ledger.h"
#include "load/link.h"
#include "load/plan.h"
#include "load/result.h"
#include "load/watcher.h"
#include "load/ws.h"
#include "syn/limits.h"
#include "syn/object.h"
#include "target/manifest.h"

#include <stdbool.h>
#include <stdint.h>

#define SYN_LOAD_US_PER_S    INT64_C(1000000)
#define SYN_LOAD_US_PER_MS   INT64_C(1000)
#define SYN_LOAD_LATE_US     10000 /* sent so long after it was due: late */
#define SYN_LOAD_REACH_SLOTS 16    /* changes of an object under way */
#define SYN_LOAD_ITEMS       8     /* of a list or map, written in turn */
#define SYN_LOAD_HTTP_BAD    400   /* refused for certain from here */
#define SYN_LOAD_HTTP_ERROR  500   /* to here */

/* --- objects -------------------------------------------------------------- */

struct syn_load_reach {
    uint32_t ordinal;
    uint32_t readers; /* who have heard it */
};

struct syn_load_object {
    char sid[SYN_LOAD_SID_BYTES]; /* "": not made yet */
    uint32_t number;              /* index, and what its data carry */
    uint32_t block;
    uint32_t sent;      /* ordinal of the newest change sent */
    uint32_t acked;     /* of the newest one acknowledged */
    uint32_t waiting;   /* changes sent and not answered */
    uint32_t rest;      /* ordinal that REST shows in the end */
    uint32_t live;      /* honest subscribers now */
    int64_t end_us;     /* at the latest it expires then; SYN_LOAD_NEVER */
    int64_t may_end_us; /* and not before then */
    uint8_t type;       /* enum syn_type */
    uint8_t lane;       /* REST connection that writes it */
    bool is_by_sdk;     /* written by the first session of its block */
    bool is_loose;      /* a write got no clear answer */
    bool is_gone;       /* its removal was seen */
    bool is_checked;    /* `rest` is known */
    bool is_asked;      /* its making is under way */
    uint8_t racing;     /* writers of its race that have no answer yet */
    uint8_t won;        /* of them, accepted */
    bool is_unclear;    /* of them, one got no clear answer */
    char revision[SYN_LOAD_REVISION_BYTES]; /* documents: newest known; "" */
    uint64_t entry; /* of the manifest, when its user makes it; 0: none */
    struct syn_load_probe *probe; /* shared with another worker; or NULL */
    struct syn_load_reach reach[SYN_LOAD_REACH_SLOTS];
};

/* --- sessions ------------------------------------------------------------- */

enum syn_load_sub_kind {
    SYN_LOAD_SUB_OWN,  /* of the block */
    SYN_LOAD_SUB_SPY,  /* of another block: must be refused */
    SYN_LOAD_SUB_PROBE /* of another worker */
};

enum syn_load_sub_state {
    SYN_LOAD_SUB_CLOSED,  /* to be opened (read) */
    SYN_LOAD_SUB_READING, /* the read is under way */
    SYN_LOAD_SUB_KNOWN,   /* to be subscribed */
    SYN_LOAD_SUB_ASKED,
    SYN_LOAD_SUB_LIVE,
    SYN_LOAD_SUB_CANCELING,
    SYN_LOAD_SUB_REFUSED /* stays so until it is opened anew */
};

struct syn_load_sub {
    struct syn_load_watch watch;
    uint32_t object; /* index; of probes: none of ours */
    uint8_t kind;
    uint8_t state;
    uint8_t epoch;       /* counts changes of the grant */
    uint8_t asked_epoch; /* when it was asked for */
    int64_t revoke_us;   /* when the last revocation was acknowledged; 0 */
};

enum syn_load_session_state {
    SYN_LOAD_OFF,     /* not begun, or waits for its turn */
    SYN_LOAD_LINKING, /* TCP, TLS */
    SYN_LOAD_UPGRADING,
    SYN_LOAD_INITIALISING,
    SYN_LOAD_OPENING, /* reads and subscribes */
    SYN_LOAD_READY,
    SYN_LOAD_WAITING, /* for the next try */
    SYN_LOAD_ENDED
};

/* What the core asks of the fleet after a step. */
enum syn_load_wish {
    SYN_LOAD_WISH_NONE,
    SYN_LOAD_WISH_RETRY,  /* close and try again after the back-off */
    SYN_LOAD_WISH_REJOIN, /* close, settle 3 s, then connect */
    SYN_LOAD_WISH_END     /* close and stay away */
};

/* An operation of the schedule that a session carries out. */
enum syn_load_op {
    SYN_LOAD_OP_NONE,
    SYN_LOAD_OP_READ,
    SYN_LOAD_OP_WRITE,
    SYN_LOAD_OP_SUBSCRIBE, /* cancel and establish */
    SYN_LOAD_OP_REPEAT,    /* establish what is established already */
    SYN_LOAD_OP_FENCE      /* at the end: all before it has arrived */
};

struct syn_load_worker; /* worker.h */

struct syn_load_session {
    struct syn_load_link link;
    struct syn_load_worker *worker;
    struct syn_timer timer; /* the fleet's */
    struct syn_load_sub *subs;
    char *continuation;             /* NULL: none yet; heap */
    struct syn_ws_partial *partial; /* NULL: no message is half heard */
    uint32_t number;     /* in the worker; its identity's too, or the block's */
    uint32_t generation; /* connections so far */
    uint32_t op_object;  /* of a write; of a repeat the subscription */
    uint16_t sub_count;
    uint16_t attempts; /* since the last success */
    uint8_t state;
    uint8_t wish;
    uint8_t rogue; /* enum syn_load_rogue; MIXED: honest */
    uint8_t op;
    bool is_queued;  /* for a connection */
    bool is_away;    /* was ready once and is not now */
    bool is_stormed; /* a storm waits for it */
    bool renews;     /* tokens before they end */
    bool is_renewing;
    bool is_asking;   /* the app for a token */
    bool was_watched; /* its present delay was asked for by the service */
    bool is_fenced;
    int64_t token_end_s;        /* exp; 0: none minted yet */
    int64_t token_end_us_known; /* after which the service owes nothing */
    int64_t correlation;
    int64_t due_us;  /* when this connection was due */
    int64_t lost_us; /* when it was ready last */
    int64_t op_due_us;
    int64_t renew_due_us;
    int64_t not_before_us; /* as the service asked; 0: nothing */
    struct syn_load_session *next_queued;
    struct syn_load_session *next_asker; /* for a token at the app */
};

/* --- the environment ------------------------------------------------------ */

struct syn_load_env {
    const struct syn_load_plan *plan;
    struct syn_load_result *result;
    struct syn_rng rng;
    struct syn_buf out;    /* what this step sends: web socket frames */
    struct syn_buf header; /* scratch, likewise below */
    struct syn_buf payload;
    struct syn_buf frame;
    uint32_t asks;      /* requests in `out`, counted before they leave */
    uint32_t writes;    /* of them */
    int64_t now_us;     /* Unix */
    int64_t start_us;   /* common start: times of the result count from it */
    int64_t margin_us;  /* between our clock and the service's */
    int64_t removal_us; /* from expiry to a removal that all have heard of */
    const char *service_sid;
    struct syn_load_object *objects;
    uint32_t object_count;
    uint32_t block_objects; /* of one block */
    uint32_t block_sessions;
    struct syn_load_probe *neighbour; /* what our probe listens to; or NULL */
    const char *padding;              /* fills data up to --payload */
    size_t padding_bytes;
    struct syn_manifest *manifest; /* NULL: nothing is written down */
    bool is_book_torn;             /* a line of it could not be written */
    bool is_ours;         /* our own service: no limits, never restarted */
    int64_t object_ttl_s; /* of objects made at a target; 0: none */
    int64_t token_ttl_s;
    int64_t common_end_s; /* tokens end together then; 0: each on its own */
    /* Sign a token for the session that ends at `end_s`; into `out`. */
    bool (*mint)(void *ctx, const struct syn_load_session *session,
                 int64_t end_s, struct syn_buf *out);
    void *mint_ctx;
    /* Ask the app for one: syn_load_session_given follows. NULL: we sign. */
    void (*ask)(void *ctx, struct syn_load_session *session);
    struct syn_str given; /* token to be sent now; at NULL: mint */
};

/* Times of the result. */
static inline int64_t syn_load_at(const struct syn_load_env *env,
                                  int64_t unix_us)
{
    return unix_us - env->start_us;
}

static inline void syn_load_took(struct syn_load_env *env,
                                 enum syn_load_hist hist, int64_t due_us)
{
    syn_load_latency(env->result, hist, due_us - env->start_us,
                     env->now_us - due_us);
}

static inline bool syn_load_is_honest(const struct syn_load_session *session)
{
    return session->rogue == SYN_LOAD_ROGUE_MIXED;
}

/* --- book.c: the manifest --------------------------------------------------
 */

/* Before a create leaves; *number names it in the answer. False: it could not
 * be written, so nothing may be made. Without a manifest nothing is done. */
bool syn_load_book_object(struct syn_load_env *env,
                          const struct syn_load_object *object,
                          struct syn_str name, uint64_t *number);
bool syn_load_book_grant(struct syn_load_env *env,
                         const struct syn_load_object *object,
                         struct syn_str identity, uint64_t *number);
/* `status`: of HTTP; 0: no answer came, so it stays an intention. */
void syn_load_book_answer(struct syn_load_env *env, uint64_t number,
                          unsigned status, struct syn_str sid);
void syn_load_book_gone(struct syn_load_env *env,
                        const struct syn_load_object *object);

/* --- truth.c -------------------------------------------------------------- */

/* What is so about this subscription now. Reads the ledger for probes. */
struct syn_load_truth syn_load_truth_of(struct syn_load_env *env,
                                        const struct syn_load_session *session,
                                        struct syn_load_sub *sub);

/* Sid of what it is about; "" when not known yet. */
const char *syn_load_sub_sid(const struct syn_load_env *env,
                             const struct syn_load_sub *sub);
enum syn_type syn_load_sub_type(const struct syn_load_env *env,
                                const struct syn_load_sub *sub);

/* Put a verdict into the result, with its evidence. */
void syn_load_report(struct syn_load_env *env,
                     const struct syn_load_session *session,
                     const struct syn_load_sub *sub,
                     const struct syn_load_verdict *verdict,
                     struct syn_str frame);

/* Hear one event: judge it, count it, take its latency. */
void syn_load_hear(struct syn_load_env *env, struct syn_load_session *session,
                   struct syn_load_sub *sub, const struct syn_load_heard *heard,
                   struct syn_str frame);

/* --- speech.c: frames out ------------------------------------------------- */

/* Kinds of requests, and what an id carries of its request. */
enum syn_load_ask {
    SYN_LOAD_ASK_INIT,
    SYN_LOAD_ASK_UPDATE,
    SYN_LOAD_ASK_OPEN, /* value: index of the subscription */
    SYN_LOAD_ASK_ESTABLISH,
    SYN_LOAD_ASK_CANCEL, /* value: index of the subscription */
    SYN_LOAD_ASK_READ,   /* value: index of the subscription */
    SYN_LOAD_ASK_WRITE,  /* value: ordinal */
    SYN_LOAD_ASK_CREATE, /* value: object */
    SYN_LOAD_ASK_FENCE,
    SYN_LOAD_ASK_COUNT
};

/* Ids are made like the SDK's and hold kind, connection and value, so that no
 * table of open requests is kept. False: not an id of this connection. */
bool syn_load_id_read(const struct syn_load_session *session, struct syn_str id,
                      enum syn_load_ask *ask, uint64_t *value);

bool syn_load_say_init(struct syn_load_env *env,
                       struct syn_load_session *session);
bool syn_load_say_update(struct syn_load_env *env,
                         struct syn_load_session *session, int64_t end_s);
void syn_load_say_reply(struct syn_load_env *env, struct syn_str id);
void syn_load_say_close(struct syn_load_env *env,
                        struct syn_load_session *session);
/* Read the object of a subscription: open, read operation, fence. */
void syn_load_say_get(struct syn_load_env *env,
                      struct syn_load_session *session, enum syn_load_ask ask,
                      unsigned sub_index);
/* Establish all that is KNOWN and becomes ASKED. */
void syn_load_say_establish(struct syn_load_env *env,
                            struct syn_load_session *session);
/* Establish once more what is LIVE, without a replay; it stays LIVE. */
void syn_load_say_repeat(struct syn_load_env *env,
                         struct syn_load_session *session, unsigned sub_index);
void syn_load_say_cancel(struct syn_load_env *env,
                         struct syn_load_session *session, unsigned sub_index);
void syn_load_say_create(struct syn_load_env *env,
                         struct syn_load_session *session,
                         const struct syn_load_object *object);
/* The next change of the object, due at `due_us`. */
void syn_load_say_write(struct syn_load_env *env,
                        struct syn_load_session *session,
                        const struct syn_load_object *object, int64_t due_us);

/* `data` of a change: ordinal, time, object, padding. */
void syn_load_put_data(const struct syn_load_env *env, struct syn_buf *out,
                       const struct syn_load_object *object, uint32_t ordinal,
                       int64_t due_us);
/* And what can be read of it; zero where it cannot. */
void syn_load_read_data(struct syn_str data, struct syn_load_heard *heard);

/* --- op.c: operations of the schedule ------------------------------------- */

/* An operation has its answer. */
enum syn_load_answer {
    SYN_LOAD_ANSWER_GOOD,
    SYN_LOAD_ANSWER_THROTTLED,
    SYN_LOAD_ANSWER_BAD
};
void syn_load_answered(struct syn_load_env *env, int64_t due_us,
                       enum syn_load_answer answer);
enum syn_load_answer syn_load_answer_of(unsigned http);

/* A change of an object got its answer. */
void syn_load_object_answered(struct syn_load_env *env,
                              struct syn_load_object *object, uint32_t ordinal,
                              enum syn_load_answer answer);

/* The operation under way has its answer. */
void syn_load_op_end(struct syn_load_env *env, struct syn_load_session *session,
                     enum syn_load_answer answer);

/* Begin an operation of the schedule; false: not now. */
bool syn_load_session_begin(struct syn_load_env *env,
                            struct syn_load_session *session,
                            enum syn_load_op op, int64_t due_us);

/* --- session.c: the core -------------------------------------------------- */

/* The web socket is open: say init. */
void syn_load_session_opened(struct syn_load_env *env,
                             struct syn_load_session *session);

/* One message of the service. */
void syn_load_session_message(struct syn_load_env *env,
                              struct syn_load_session *session,
                              struct syn_str message);

/* The connection is gone: what was under way is not. */
void syn_load_session_lost(struct syn_load_env *env,
                           struct syn_load_session *session);

/* Open or subscribe what is not; becomes READY when nothing is left. */
void syn_load_session_pursue(struct syn_load_env *env,
                             struct syn_load_session *session);

/* A subscription leaves or enters LIVE: readers of the object are counted. */
void syn_load_sub_turn(struct syn_load_env *env,
                       const struct syn_load_session *session,
                       struct syn_load_sub *sub, enum syn_load_sub_state state);

/* The service refuses what a subscription needs: judged, and it stays so. */
void syn_load_sub_refused(struct syn_load_env *env,
                          const struct syn_load_session *session,
                          struct syn_load_sub *sub, unsigned http,
                          struct syn_str frame);

/* Renew the token now. */
void syn_load_session_renew(struct syn_load_env *env,
                            struct syn_load_session *session, int64_t due_us);

/* The app gave a token that ends at `end_s`; at NULL: it gave none. */
void syn_load_session_given(struct syn_load_env *env,
                            struct syn_load_session *session,
                            struct syn_str token, int64_t end_s);

/* --- notice.c: notifications ---------------------------------------------- */

void syn_load_session_notice(struct syn_load_env *env,
                             struct syn_load_session *session,
                             struct syn_str payload);

#endif
