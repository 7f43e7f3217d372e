/*
 * client.h - the actors of a scenario: SDK users and the REST backend.
 * Layer: public. Threads: the row's.
 * Source: sdk-protocol.md, rest.md.
 *
 * An action is data: the same struct is done by a user over the SDK plane or
 * by the backend over REST, so rows can walk tables of actions and the oracle
 * can be asked about them. Every call here is synchronous: it turns the row's
 * loop until the answer is there or a real-time guard has passed, and leaves
 * its exchange in the row's transcript. Actors belong to the run, which closes
 * them; texts in replies live as long as the row.
 */
#ifndef SYN_CLIENT_H
#define SYN_CLIENT_H

#include "syn/arena.h"
#include "syn/object.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_client;  /* one SDK user: a session and its subscriptions */
struct syn_backend; /* the app's server: REST with credentials */

/* The answer to a request on either plane, or the reason for none. */
struct syn_reply {
    syn_status status;    /* SYN_OK: an answer came. Else the world failed */
    unsigned http;        /* HTTP status of the request (http_status on the SDK
                             plane; status.code of init and update replies) */
    int code;             /* error code of the body, or errorCode; 0: none */
    struct syn_str body;  /* payload as it came; of frames without one (init,
                             update, close) the header */
    struct syn_str etag;  /* without quotes; empty: none */
    bool has_quoted_etag; /* REST: it came in quotes */
    struct syn_str challenge; /* REST: WWW-Authenticate; at NULL: none */
    struct syn_str allow;     /* REST: the header Allow; at NULL: none */
    uint32_t retry_after_s;
    unsigned dials;          /* connections that the request had to open */
    unsigned exchange;       /* its place in the transcript */
    struct syn_arena *arena; /* the row's, for texts out of the body */
};

/* An answer with a status of 200 to 299. */
bool syn_reply_is_ok(const struct syn_reply *reply);

/* Refused for lack of access: 403/54007, or another 4xx without any data.
 * Effect only; the code is judged apart (signalling). */
bool syn_reply_is_denial(const struct syn_reply *reply);

/* Value in the body by JSON pointer; the fallback when absent or of another
 * kind. Texts live as long as the row. */
struct syn_str syn_reply_str(const struct syn_reply *reply,
                             const char *pointer);
int64_t syn_reply_i64(const struct syn_reply *reply, const char *pointer,
                      int64_t fallback);
bool syn_reply_has(const struct syn_reply *reply, const char *pointer);

/* The value is there and is the JSON literal true, or false. */
bool syn_reply_is_true(const struct syn_reply *reply, const char *pointer);
bool syn_reply_is_false(const struct syn_reply *reply, const char *pointer);

/* Does the body hold this text anywhere (a canary)? */
bool syn_reply_has_text(const struct syn_reply *reply, struct syn_str text);

/* Is the value at `pointer` ("": all) this JSON, however it is written? */
bool syn_reply_is_json(const struct syn_reply *reply, const char *pointer,
                       struct syn_str json);

/* The member is there and is null. */
bool syn_reply_is_null(const struct syn_reply *reply, const char *pointer);

/* An object as a row knows it. Fill by a create or open, or by hand. */
struct syn_thing {
    enum syn_type type;
    char sid[40];           /* "" when not known */
    struct syn_str name;    /* unique name; empty: none */
    struct syn_str canary;  /* unique text in its data: proof of disclosure */
    char revision[24];      /* as last seen; opaque */
    char item_revision[24]; /* of the item touched last; opaque */
    int64_t item_index;     /* of the list item touched last */
};

/* One action. Zero-initialise, then set what the op needs. */
struct syn_action {
    enum syn_op op;
    struct syn_thing *on;   /* the object; CREATE fills it */
    enum syn_addressing by; /* how the request names it; default: SID */
    const char *data;       /* JSON text; NULL: made up, with the canary */
    const char *key;        /* map item */
    int64_t index;          /* list item */
    const char *if_match;   /* NULL: unconditional */
    bool has_ttl;
    int64_t ttl_s;
    bool lasts;  /* CREATE: without any TTL, also where the run gives one; the
                    row is about that, and its service of this run */
    bool is_put; /* map item by PUT (the SDK's set) rather than POST */
    bool is_at_url; /* ITEM_READ: GET of the item's url, not a query by key */
    bool is_from;   /* QUERY: a further page, from this item on */
};

/* --- the SDK plane ---------------------------------------------------------
 */

enum syn_session_state {
    SYN_SESSION_IDLE,
    SYN_SESSION_CONNECTING,
    SYN_SESSION_LIVE,
    SYN_SESSION_DENIED, /* init or update refused */
    SYN_SESSION_CLOSED  /* ended by either side */
};

/* How a user's session is made; zero means honest and default. */
struct syn_client_options {
    const char *identity;        /* NULL: the user's name */
    struct syn_str token;        /* present this very text instead of minting */
    int64_t token_ttl_s;         /* 0: 3600 */
    const char *service_sid;     /* NULL: the row's service */
    int64_t skew_ms;             /* of the user's own clock */
    bool stays_offline;          /* do not connect yet */
    bool renews_by_itself;       /* mints and updates on token_about_to_expire,
                                    and replaces a token that expires offline */
    struct syn_str continuation; /* token of an earlier session to present */
    const char *sdk_url;         /* connect there; NULL: the target's */
};

const char *syn_client_identity(const struct syn_client *client);
enum syn_session_state syn_client_state(const struct syn_client *client);

/* Connect and init. http: status.code of the reply, code: errorCode. */
struct syn_reply syn_client_connect(struct syn_client *client);

/* Send `update` with this token on the live session. */
struct syn_reply syn_client_update(struct syn_client *client,
                                   struct syn_str token);

/* Drop the socket as a lost network does; nothing is said to the service. */
void syn_client_cut(struct syn_client *client);

/* Connect again as the SDK does: continuation token, then `establish` for
 * every subscription with its last event id. The reply is that of init. */
struct syn_reply syn_client_resume(struct syn_client *client);

/* Turn the loop while an attempt to connect is under way; true when the
 * session is live then. A session that waits for its next attempt is not
 * trying: let time pass first. */
bool syn_client_settle(struct syn_client *client);

/* Send `close` and end the session in order. */
void syn_client_close(struct syn_client *client);

/* The `close` frame that ended the session; http 0 when none came. */
struct syn_reply syn_client_ending(const struct syn_client *client);

/* Number of `client_update` token_about_to_expire frames so far, and the
 * service's time of the last one on our clock. */
unsigned syn_client_notices(const struct syn_client *client, int64_t *last_ms);

struct syn_reply syn_client_do(struct syn_client *client,
                               const struct syn_action *action);

/*
 * The same in two halves, so that requests of several users are under way at
 * once: send now, wait later. One a user; whatever else the user asks for in
 * between gives it up. The action is borrowed until then.
 */
void syn_client_start(struct syn_client *client,
                      const struct syn_action *action);
struct syn_reply syn_client_finish(struct syn_client *client);

/* Any tunnelled request. `path` as sent, `query` "a=b&c=d" or NULL, `body`
 * NULL for none, `if_match` NULL for none. */
struct syn_reply syn_client_call(struct syn_client *client, const char *method,
                                 const char *path, const char *query,
                                 const char *body);

/*
 * Establish a subscription. The outcome is that of the notification:
 * established 200, failed with its status and code; `body` is its event.
 * `last_event_id` -2: none (null on the wire).
 */
struct syn_reply syn_client_subscribe(struct syn_client *client,
                                      const struct syn_thing *thing,
                                      int64_t last_event_id);
struct syn_reply syn_client_unsubscribe(struct syn_client *client,
                                        const struct syn_thing *thing);

/* Outcomes of subscriptions that were notified for `thing`, whoever asked for
 * them, oldest first: established and canceled 200, failed with its status and
 * code; `body` is the notification's `events` or `event`. */
size_t syn_client_outcomes(const struct syn_client *client,
                           const struct syn_thing *thing);
struct syn_reply syn_client_outcome_at(const struct syn_client *client,
                                       const struct syn_thing *thing,
                                       size_t index);

/* A round trip on the same connection: whatever the service had sent before
 * has been heard afterwards. False when the session is not live. */
bool syn_client_fence(struct syn_client *client);

/* An event notification as it came. */
struct syn_heard {
    struct syn_str event_type; /* "document_updated", … */
    char sid[40];              /* of the object */
    int64_t id;                /* event id; -1: none */
    struct syn_str body;       /* the `event` member */
    struct syn_str head;       /* the header of its frame, JSON */
    int64_t at_ms;             /* on our clock */
    bool is_replay;
    unsigned exchange; /* its place in the transcript */
};

/* Events heard for `thing` (NULL: all) since the session's first, oldest
 * first, as a count and by index. */
size_t syn_client_heard(const struct syn_client *client,
                        const struct syn_thing *thing);
const struct syn_heard *syn_client_heard_at(const struct syn_client *client,
                                            const struct syn_thing *thing,
                                            size_t index);

/* As syn_client_await, but what was told twice counts once; *newest is the
 * highest event id. Of types whose events have ids. */
bool syn_client_await_ids(struct syn_client *client,
                          const struct syn_thing *thing, size_t count,
                          int64_t *newest);

/* Turn the loop until at least `count` events of `thing` were heard; false
 * when the guard has passed. */
bool syn_client_await(struct syn_client *client, const struct syn_thing *thing,
                      size_t count);

/* subscription_canceled notifications heard for `thing`. */
size_t syn_client_cancels(const struct syn_client *client,
                          const struct syn_thing *thing);

/* What an app would show: JSON text of a document (`item` "") or of an item
 * (its key or index), from opening and events alone. at NULL: nothing. */
struct syn_str syn_client_value(const struct syn_client *client,
                                const struct syn_thing *thing,
                                const char *item);

/* Did any frame of this session hold `text` (a canary)? */
bool syn_client_saw(const struct syn_client *client, struct syn_str text);

/* --- the REST plane --------------------------------------------------------
 */

struct syn_reply syn_backend_do(struct syn_backend *backend,
                                const struct syn_action *action);

/* Any request below /v1 or /_syncproof (or an absolute URL). `form` "A=b&C=d"
 * or NULL. */
struct syn_reply syn_backend_call(struct syn_backend *backend,
                                  const char *method, const char *path,
                                  const char *form, const char *if_match);

/* "Documents", "Lists", "Maps", "Streams": the segment of a path. */
const char *syn_backend_kind(enum syn_type type);

/* "documents", …: the member of a page that holds them. */
const char *syn_backend_member(enum syn_type type);

/* "/v1/Services/IS…/Documents/ET…" of a thing; owned by the row. */
const char *syn_backend_path(struct syn_backend *backend,
                             const struct syn_thing *thing);

/* Set the three flags for an identity (0: all false). */
struct syn_reply syn_backend_grant(struct syn_backend *backend,
                                   const struct syn_thing *thing,
                                   const char *identity, unsigned rights);

/* Delete the permission row. */
struct syn_reply syn_backend_revoke(struct syn_backend *backend,
                                    const struct syn_thing *thing,
                                    const char *identity);

/* Turn the ACL switch of the row's service. */
struct syn_reply syn_backend_switch_acl(struct syn_backend *backend,
                                        bool is_on);

#endif
