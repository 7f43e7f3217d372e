/*
 * seams.h - every decision of the service that a seeded defect may replace.
 * Layer: service. Threads: the loop's.
 * Source: design section 6.
 *
 * The service decides through this one table. syn_seams_init fills it with the
 * sound behaviour; a seeded defect (defect.c, and nothing else) replaces one
 * entry before the service starts. Clean code holds no `if (defect)`.
 */
#ifndef SYN_SERVICE_SEAMS_H
#define SYN_SERVICE_SEAMS_H

#include "auth/verify.h"
#include "base/buf.h"
#include "base/clock.h"
#include "model/model.h"
#include "model/rules.h"
#include "service/call_rules.h"
#include "service/frame_rules.h"
#include "service/live_rules.h"
#include "service/webhook_rules.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

/* One event on its way to one subscriber. */
struct syn_delivery {
    struct syn_model *model;
    const struct syn_event *event;
    struct syn_str identity; /* of the subscriber */
    int64_t token_expires_s; /* of its session */
    bool is_origin;          /* its own change came over this connection */
    bool is_unchecked;       /* a reading lets events flow after revocation */
    int64_t now_ms;
};

/* What to do with a session at a moment of its token's life. */
struct syn_lifetime {
    int64_t now_s;
    int64_t expires_s;
    int64_t notice_s;
};

/* A request that may be throttled. */
struct syn_admission {
    enum syn_plane plane;
    struct syn_str identity;
    const char *bucket; /* what is counted: "write-document-<sid>", … */
    uint32_t rate_per_s;
    uint32_t burst; /* what a bucket holds when full */
    uint32_t cost;  /* of this request; large data costs more than 1 */
    int64_t now_us;
};

/* A token presented on a live session. What is left in `after` is kept. */
struct syn_renewal {
    const struct syn_token_facts *before;
    struct syn_token_facts *after;
};

/* TTLs as a REST request gives them, and what becomes of them. */
struct syn_asked_ttls {
    bool is_item; /* else the object itself is addressed */
    struct syn_maybe_i64 plain;
    struct syn_maybe_i64 item;
    struct syn_maybe_i64 collection;
};
struct syn_chosen_ttls {
    struct syn_maybe_i64 own;       /* of what is addressed */
    struct syn_maybe_i64 container; /* of an item's list or map */
};

struct syn_call; /* one tunnelled request: live_request.h */

/* A reply about to leave; texts may be replaced (arena-owned). */
struct syn_shaping {
    enum syn_plane plane;
    struct syn_str method;
    struct syn_str target; /* path as requested */
    struct syn_str identity;
    unsigned http_status;
    struct syn_str body;
    struct syn_arena *arena;
    const struct syn_call *call; /* SDK plane; else NULL */
    char *etag; /* REST plane: "" or quoted, changed in place; else NULL */
};

struct syn_seams {
    struct syn_rules rules;                     /* decisions of the model */
    struct syn_hook_rules hooks;                /* and about webhooks */
    struct syn_live_rules live;                 /* and subscriptions */
    struct syn_call_rules calls;                /* and single requests */
    struct syn_frame_rules frames;              /* and bytes of clients */
    const struct syn_token_check *token_checks; /* verification, in order */

    /* REST credentials: does user/secret open this account? Sound: exact
     * match with the auth token or a key that is not deleted. */
    bool (*admit_rest)(void *ctx, struct syn_str user, struct syn_str password,
                       bool is_known_pair);

    /* SYN_CODE_NONE: the session goes on with the new token. Sound: same
     * identity and account (51215) and same service (51232). */
    enum syn_code (*renew)(void *ctx, const struct syn_renewal *renewal);

    /* The answer to a renewal that was found wrong with `code`. Sound: that
     * code, and the session ends. SYN_CODE_NONE: 200, and the session goes on
     * with the token it had. */
    enum syn_code (*refuse_renewal)(void *ctx, enum syn_code code);

    /* Is the client warned before its token ends? Sound: always. */
    bool (*gives_notice)(void *ctx, const struct syn_lifetime *lifetime);

    /* Is the session over at this time? Sound: now >= expires. */
    bool (*is_expired)(void *ctx, const struct syn_lifetime *lifetime);

    /* Does this subscriber hear this event? Sound: may read now, its token is
     * alive, and no echo of own messages and removals. */
    bool (*delivers)(void *ctx, const struct syn_delivery *delivery);

    /* How often one subscriber is told an event. Sound: once. */
    unsigned (*copies)(void *ctx, const struct syn_event *event);

    /* Is a subscription without read cut at once when a grant changes or the
     * switch is turned? Sound: yes. */
    bool (*cuts_on_revoke)(void *ctx);

    /* Does a continuation token made for `owner` fit `identity`? */
    bool (*continues)(void *ctx, struct syn_str owner, struct syn_str identity);

    /* The path of a REST request, before it is split at '/' and each segment
     * is decoded once. Sound: as it came. Texts live in `arena`. */
    struct syn_str (*read_path)(void *ctx, struct syn_arena *arena,
                                struct syn_str path);

    /* The identity that a decoded segment of a REST path names. Sound: the
     * segment as it is. Texts live in `arena`. */
    struct syn_str (*read_identity)(void *ctx, struct syn_arena *arena,
                                    struct syn_str segment);

    /* Which TTLs of a REST request count. Sound: the special one wins over
     * its alias `Ttl`; CollectionTtl beside an item is the container's. */
    struct syn_chosen_ttls (*choose_ttls)(void *ctx,
                                          const struct syn_asked_ttls *asked);

    /* Answer a request of the SDK plane for what is the backend's alone:
     * permissions and listings of objects. Sound: 54007. */
    void (*answer_forbidden)(void *ctx, struct syn_call *call);

    /* False: 429, with *retry_after_s set. Sound: token buckets. For what the
     * model does syn_service_step alone asks, on both planes. */
    bool (*admits)(void *ctx, const struct syn_admission *admission,
                   uint32_t *retry_after_s);

    /* Last look at a reply. Sound: nothing. */
    void (*shape_reply)(void *ctx, struct syn_shaping *shaping);

    /* On a port with TLS, are plain bytes answered too? Sound: never. */
    bool (*takes_plain)(void *ctx);

    /* Bounds of what an SDK client may send before anything is decided. */
    size_t message_bytes_max; /* one web socket message */
    size_t header_bytes_max;  /* the JSON header of a frame */

    /* And a REST caller (LIM-20). */
    size_t rest_head_bytes_max; /* request line and header fields */
    size_t rest_body_bytes_max;

    void *ctx;
};

/* The sound behaviour everywhere. */
void syn_seams_init(struct syn_seams *seams);

/* One seeded bug. */
struct syn_defect {
    const char *name;   /* "grant-ignores-type" */
    const char *title;  /* what is wrong, as a user would see it */
    const char *clause; /* that it breaks, "ACL-21" */
    void (*plant)(struct syn_seams *seams);
};

/* By name; NULL: no such defect. */
const struct syn_defect *syn_defect_find(const char *name);

/* Of names with blanks between, as rows give them, the first that is no
 * defect; empty when all are. NULL holds none. */
struct syn_str syn_defect_unknown(const char *names);

/* Was it written from what goes wrong in the field, without knowing the rows?
 * Then every row is run against it, whether it names it or not. */
bool syn_defect_is_field(const struct syn_defect *defect);

/* The n-th defect, in the order of the table; NULL past the end. */
const struct syn_defect *syn_defect_at(size_t index);

#endif
