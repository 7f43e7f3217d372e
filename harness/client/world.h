/*
 * world.h - what an actor stands on: a loop, a target, a place for evidence.
 * Layer: client. Threads: the loop's.
 *
 * The runner, the gate and the load generator each fill one of these; actors
 * never look anything up elsewhere. All pointers are borrowed and outlive the
 * actors.
 */
#ifndef SYN_CLIENT_WORLD_H
#define SYN_CLIENT_WORLD_H

#include "auth/token.h"
#include "base/rng.h"
#include "client/manner.h"
#include "net/curl.h"
#include "net/loop.h"
#include "net/tls.h"
#include "syn/arena.h"
#include "syn/client.h"
#include "syn/sink.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

enum syn_wire_plane { SYN_WIRE_REST, SYN_WIRE_SDK };
enum syn_wire_direction { SYN_WIRE_SENT, SYN_WIRE_RECEIVED };

/* One message on the wire, for the transcript. Unmasked; borrowed. */
struct syn_wire_record {
    const char *actor; /* "ann", "backend" */
    enum syn_wire_plane plane;
    enum syn_wire_direction direction;
    int64_t at_ms;       /* on the world's clock */
    struct syn_str head; /* request line, status line or frame header */
    struct syn_str body;
};

/* A request about to leave; a safety rule may refuse it (design section 4). */
struct syn_departure {
    enum syn_wire_plane plane;
    const char *method; /* HTTP method, or the frame's (`init`, `update`) */
    struct syn_str path;
    struct syn_str body;
    bool is_new_connection;
};

/* REST credentials. */
struct syn_rest_login {
    const char *user;
    const char *password;
    const char *bearer;      /* sent as a bearer token instead; NULL: Basic */
    const char *service_sid; /* that paths name; NULL: the world's */
};

/* What a backend did to permissions. */
struct syn_administration {
    const char *service_sid;
    const struct syn_thing *thing; /* NULL: the switch of the service */
    const char *identity;          /* of the row; NULL: the switch */
    unsigned rights;               /* SYN_RIGHT_…, set by a grant */
    bool is_revoked;               /* the row was deleted */
    bool is_on;                    /* the switch */
};

struct syn_world {
    struct syn_loop *loop;
    struct syn_curl *curl;
    struct syn_arena *arena; /* the row's: replies and things live here */
    struct syn_rng *rng;
    const char *rest_url; /* "http://127.0.0.1:4000", no trailing slash */
    const char *sdk_url;  /* "ws://127.0.0.1:4000/v3/wsconnect" */
    const struct syn_tls_client *tls; /* NULL: defaults */
    const struct syn_routes
        *routes; /* the ways to the target; NULL: directly */
    struct syn_rest_login login;
    struct syn_token_key mint_key;     /* key_sid NULL: cannot mint */
    const char *service_sid;           /* of the row */
    const char *scenario;              /* for X-Syn-Scenario; NULL: none */
    unsigned guard_ms;                 /* real time for one answer */
    struct syn_client_manners manners; /* of every SDK user; sound: zero */
    /* Evidence; NULL: none. Returns the exchange's number. */
    unsigned (*record)(void *ctx, const struct syn_wire_record *record);
    /* Safety; NULL: everything may leave. Not OK: refused, nothing is sent.
     * May set `ticket`, by which `arrived` knows the departure again. */
    syn_status (*may_send)(void *ctx, const struct syn_departure *departure);
    /* Before may_send, where waiting is possible; NULL: no pace is kept. */
    void (*pace)(void *ctx, const struct syn_departure *departure);
    /* The answer, or the reason for none. True: pace and send it again. NULL:
     * nobody asks. */
    bool (*arrived)(void *ctx, uint64_t ticket, const struct syn_reply *reply);
    /* A web socket that may_send let out has ended; NULL: nobody asks. */
    void (*hung_up)(void *ctx);
    /* One has ended without a close frame, and not by us: the network's doing,
     * as far as anybody can tell. NULL: nobody asks. */
    void (*lost)(void *ctx);
    uint64_t ticket; /* of what left last; 0: none */
    int64_t ttl_s;   /* given to objects that an action creates without a TTL,
                        so that they end if we cannot; 0: none */
    /* Each action's outcome, for the floor and the oracle; NULL: none. The
     * identity is NULL for the backend. */
    void (*acted)(void *ctx, const char *identity,
                  const struct syn_action *action,
                  const struct syn_reply *reply);
    /* Each grant, revocation and turn of the switch by a backend; NULL: none.
     */
    void (*administered)(void *ctx, const struct syn_administration *act,
                         const struct syn_reply *reply);
    void *ctx;
};

/* An SDK user. Options are copied; *out belongs to the caller. Does not
 * connect. Errors: SYN_ERR_MEMORY, SYN_ERR_CONFIG (no key to mint with). */
SYN_MUST_CHECK syn_status syn_client_new(
    struct syn_world *world, const char *name,
    const struct syn_client_options *options, struct syn_client **out);
void syn_client_free(struct syn_client *client); /* closes; NULL ignored */

/* A REST actor. `login` NULL: the world's. */
SYN_MUST_CHECK syn_status syn_backend_new(struct syn_world *world,
                                          const char *name,
                                          const struct syn_rest_login *login,
                                          struct syn_backend **out);
void syn_backend_free(struct syn_backend *backend);

struct syn_sink_options {
    const char *address;    /* to listen on; NULL: 127.0.0.1 */
    uint16_t port;          /* 0: a free one */
    const char *public_url; /* what the service is told; NULL: made of both */
    const struct syn_tls_server *tls; /* NULL: plain; borrowed for the call */
};

/* A receiver of webhooks. `options` may be NULL. Errors: SYN_ERR_MEMORY,
 * SYN_ERR_NET, SYN_ERR_CONFIG (URL longer than a service may have). */
SYN_MUST_CHECK syn_status syn_sink_new(struct syn_world *world,
                                       const struct syn_sink_options *options,
                                       struct syn_sink **out);
void syn_sink_free(struct syn_sink *sink); /* closes; NULL ignored */

#endif
