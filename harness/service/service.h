/*
 * service.h - the reference Sync service: one port, both planes.
 * Layer: service. Threads: the loop's.
 * Source: rest.md, sdk-protocol.md.
 *
 * One listener speaks HTTP/1.1 for REST (/v1/…) and control (/_syncproof/…)
 * and upgrades /v3/wsconnect to the SDK plane. All state is a syn_model; what
 * may go wrong on purpose goes through seams.h.
 */
#ifndef SYN_SERVICE_SERVICE_H
#define SYN_SERVICE_SERVICE_H

#include "model/model.h"
#include "net/loop.h"
#include "net/tls.h"
#include "syn/status.h"
#include "syn/str.h"
#include "wire/readings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_service; /* opaque: harness/service/service.c */

enum syn_key_kind {
    SYN_KEY_MAIN,
    SYN_KEY_STANDARD,
    SYN_KEY_RESTRICTED,
    SYN_KEY_DELETED
};

struct syn_key_setup {
    const char *sid; /* "SK…" */
    const char *secret;
    enum syn_key_kind kind;
};

struct syn_account_setup {
    const char *sid; /* "AC…" */
    const char *auth_token;
    const char *service_sid; /* of its default service; NULL: made up */
    const struct syn_key_setup *keys;
    size_t key_count;
    bool acl_enabled; /* of the default service */
};

enum syn_limits_mode { SYN_LIMITS_OFF, SYN_LIMITS_REAL };

/* What is counted together (rest.md section 6). */
enum syn_bucket_kind {
    SYN_BUCKET_CREATE,     /* creations and deletions of one service */
    SYN_BUCKET_READ,       /* of one object */
    SYN_BUCKET_WRITE,      /* to one object, its items included */
    SYN_BUCKET_PUBLISH,    /* messages of one stream */
    SYN_BUCKET_PERMISSION, /* of one identity on one object */
    SYN_BUCKET_CONNECTION, /* requests of one SDK connection */
    SYN_BUCKET_CONNECT,    /* SDK connections made by one account */
    SYN_BUCKET_REST,       /* REST requests of one account */
    SYN_BUCKET_COUNT
};

struct syn_rate {
    uint32_t rate_per_s; /* 0: as published; REST: no limit */
    uint32_t burst;      /* 0: ten seconds of the rate */
};

/*
 * Who makes the changes of the journal durable, beside the loop. A change may
 * be told of once its ticket is kept.
 */
struct syn_keeper {
    uint64_t (*mark)(void *ctx);   /* a step has ended: the newest ticket */
    void (*push)(void *ctx);       /* end of turn: begin to keep them */
    uint64_t (*kept)(void *ctx);   /* all up to this one are durable */
    bool (*has_failed)(void *ctx); /* the others will never be */
    void *ctx;
};

/* All texts are copied. Zero means the default named beside it. */
struct syn_service_setup {
    const char *address; /* "127.0.0.1" */
    uint16_t port;       /* 0: a free one */
    uint32_t port_count; /* 0: one; up to SYN_LOAD_PORTS_MAX, the others of the
                            system's choosing, so that many clients find
                            source ports */
    const struct syn_tls_server *tls;         /* NULL: plain */
    const struct syn_account_setup *accounts; /* at least one */
    size_t account_count;
    uint64_t seed;        /* of SIDs and ids */
    const char *base_url; /* of url, links, meta; NULL: the request's Host */
    enum syn_limits_mode limits;
    struct syn_rate rates[SYN_BUCKET_COUNT]; /* with SYN_LIMITS_REAL */
    uint32_t standing_max; /* 7,000: SDK connections of one account; likewise */
    int64_t notice_s;      /* 240: expiry notice before `exp` */
    int64_t ping_s;        /* 30 */
    int64_t pong_s;        /* 15: a ping not answered for so long: dead */
    int64_t handshake_s;   /* 15: from accept to a whole request, and to init */
    int64_t sweep_ms;      /* 1000: TTL sweep period */
    int64_t purge_delay_ms;     /* 0: how long expired things stay visible */
    bool keeps_quiet_on_revoke; /* true: no subscription_canceled */
    const char *sdk_path;   /* "/v3/wsconnect": exactly this path upgrades */
    struct syn_str jwe_key; /* 32 bytes; at NULL: JWE tokens are refused */
    const struct syn_readings *readings; /* NULL: as the reference */
    const char *defect;                /* name of a seeded defect; NULL: none */
    const struct syn_journal *journal; /* NULL: none */
    /* Fill the empty model from a store before accounts are added; an account
     * that is then there is kept as it is. NULL: nothing to restore. */
    syn_status (*restore)(void *ctx, struct syn_model *model);
    void *restore_ctx;
    const struct syn_keeper *keeper; /* borrowed; NULL: kept at once. It wakes
                                        the loop when `kept` has grown */
    bool has_access_log;
    const char *hook_ca_file; /* NULL: webhooks trust the system's store */
};

/* Start on `loop`, whose clock gives all time. Errors: SYN_ERR_NET,
 * SYN_ERR_TLS, SYN_ERR_CONFIG (unknown defect, bad sid), SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status
syn_service_start(struct syn_loop *loop, const struct syn_service_setup *setup,
                  struct syn_service **out);

/* Close the listener and every connection, free everything. NULL ignored. */
void syn_service_stop(struct syn_service *service);

uint16_t syn_service_port(const struct syn_service *service);

/* Of the n-th listener; 0 past the last. */
uint16_t syn_service_port_at(const struct syn_service *service, uint32_t index);

/* The model behind it, for set-up from a configuration and for stores. */
struct syn_model *syn_service_model(struct syn_service *service);

/* Sid of the default service of the n-th account; "" when it has none, or when
 * there is no such account. */
const char *syn_service_default_sid(const struct syn_service *service,
                                    size_t account_index);

/* What it holds and has done, for tests, reports and leak checks. */
struct syn_service_counts {
    size_t connections; /* open now */
    size_t sessions;    /* SDK sessions past init */
    size_t subscriptions;
    uint64_t rest_requests; /* since start, likewise below */
    uint64_t sdk_requests;  /* tunnelled */
    uint64_t sdk_frames;    /* init and update */
    uint64_t accepted;      /* connections */
    size_t sessions_most;   /* at once */
    uint64_t events_delivered;
    uint64_t denials;      /* 54007 */
    size_t hooks_pending;  /* webhooks waiting or under way */
    uint64_t hooks_posted; /* answered 2xx; since start, likewise below */
    uint64_t hooks_failed;
    uint64_t hooks_dropped;
};
struct syn_service_counts syn_service_count(const struct syn_service *service);

#endif
