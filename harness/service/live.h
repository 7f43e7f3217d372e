/*
 * live.h - what the SDK half offers to the rest of the service.
 * Layer: service, private to it. Threads: the loop's.
 *
 * A connection that asked for the web socket is handed over once; from then
 * on connection.c forwards the stream's callbacks to the session and frees its
 * own part after syn_live_closed.
 */
#ifndef SYN_SERVICE_LIVE_H
#define SYN_SERVICE_LIVE_H

#include "model/model.h"
#include "net/stream.h"
#include "service/state.h"

struct syn_session; /* opaque: one SDK connection, session.c */

/* What a session begins with; both may be empty. */
struct syn_live_early {
    struct syn_str message; /* that the upgrade counts as: seeded defects */
    struct syn_str bytes;   /* that came behind the request */
};

/*
 * Take over a stream whose 101 answer is queued already. `early` is consumed
 * at once. NULL: out of memory, the caller
 * aborts the stream. The session never frees itself before syn_live_closed; it
 * may call syn_stream_close and syn_stream_abort at any time.
 */
struct syn_session *syn_live_open(struct syn_service *service,
                                  struct syn_ledger *ledger,
                                  const struct syn_live_early *early);

/* Frames were held and are dropped, because what they tell of was not kept:
 * answer the requests in them, `owed`, with 500. */
void syn_live_fail(struct syn_session *session, struct syn_str owed);

/* Forwarded callbacks of the stream. */
void syn_live_bytes(struct syn_session *session, struct syn_str in);
void syn_live_drained(struct syn_session *session);
/* The last call: the stream is dead, free the session. */
void syn_live_closed(struct syn_session *session, enum syn_stream_end end,
                     const char *reason);

/* The service ends: stop timers, free everything but the sessions still open
 * (syn_live_closed has come for all of them before). NULL state is fine. */
void syn_live_stop(struct syn_service *service);

/* Deliver events to subscribers. `origin` is the session whose request caused
 * them, NULL for REST, expiry and control. */
void syn_live_publish(struct syn_service *service,
                      const struct syn_event *events, size_t count,
                      const struct syn_session *origin);

/* Rights on one object changed; look at its subscribers again. */
void syn_live_grants_changed(struct syn_service *service,
                             const struct syn_object *object);

/* The switch of a whole service turned, or the service was deleted. */
void syn_live_switch_turned(struct syn_service *service,
                            const struct syn_service_row *row);

/* Sessions of an account past init. */
size_t syn_live_count(const struct syn_service *service,
                      struct syn_str account_sid);

/* Close 308 to all. */
void syn_live_offload(struct syn_service *service);

/* A key is gone: sessions of its tokens end within 60 s. */
void syn_live_key_deleted(struct syn_service *service, struct syn_str key_sid);

#endif
