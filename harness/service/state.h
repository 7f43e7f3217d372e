/*
 * state.h - what the halves of the service share: state, steps, keys, streams.
 * Layer: service, private to it. Threads: the loop's.
 *
 * The REST half owns service.c, connection.c, rest*.c and keyring.c; the SDK
 * half (live.h) builds on the same state. Every change of the model goes
 * through syn_service_step, so that clocks, journal and counters see it.
 */
#ifndef SYN_SERVICE_STATE_H
#define SYN_SERVICE_STATE_H

#include "auth/verify.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/rng.h"
#include "base/table.h"
#include "net/stream.h"
#include "service/ledger.h"
#include "service/seams.h"
#include "service/service.h"
#include "service/webhook.h"
#include "syn/arena.h"

/* --- keyring.c ------------------------------------------------------------ */

/* An account and its primary secret. */
struct syn_keyring_account {
    char sid[SYN_SID_BYTES];
    struct syn_str auth_token;
    const struct syn_account *row;
};

/* An API key; deleted ones stay, so that they are refused by name. */
struct syn_keyring_key {
    char sid[SYN_SID_BYTES];
    struct syn_str secret;
    struct syn_hmac *hs256; /* keyed with it */
    enum syn_key_kind kind;
    const struct syn_keyring_account *account;
};

struct syn_keyring {
    struct syn_keyring_account *accounts;
    size_t account_count;
    struct syn_keyring_key *keys;
    size_t key_count;
    struct syn_table by_sid; /* SK… -> struct syn_keyring_key */
};

/* Copy the setup; texts live in service->arena. Errors: SYN_ERR_CONFIG bad or
 * repeated sid, SYN_ERR_MEMORY. Accounts appear in the model. */
SYN_MUST_CHECK syn_status syn_keyring_build(
    struct syn_service *service, const struct syn_service_setup *setup);
void syn_keyring_fini(struct syn_keyring *keyring);

/* The credentials of an account of the model; NULL: not from the setup. */
const struct syn_keyring_account *
syn_keyring_account_of(const struct syn_service *service,
                       const struct syn_account *account);

/* What Basic credentials open. */
struct syn_principal {
    const struct syn_account *account; /* NULL: nobody */
    enum syn_key_kind kind;            /* MAIN for the auth token */
};

/* Ask seams->admit_rest about the pair; time does not tell which byte of a
 * secret is wrong. False: 401. */
bool syn_keyring_admits(struct syn_service *service, struct syn_str user,
                        struct syn_str password, struct syn_principal *out);

/* Delete a key of that account; false: no such key. Tells live. */
bool syn_keyring_delete(struct syn_service *service,
                        const struct syn_account *account,
                        struct syn_str key_sid);

/* Fill `env` for syn_token_verify: time now, callbacks, JWE key. */
void syn_keyring_env(struct syn_service *service, struct syn_verify_env *env);

/* --- connection.c --------------------------------------------------------- */

struct syn_conn; /* one accepted stream, HTTP until it is upgraded */

bool syn_conn_accept(void *ctx, struct syn_stream *stream,
                     const struct syn_stream_events **events,
                     void **stream_ctx);

/* Drop every connection, upgraded ones included. */
void syn_conn_stop_all(struct syn_service *service);

/* --- admission.c ---------------------------------------------------------- */

struct syn_bucket;

struct syn_buckets {
    struct syn_table by_name;
    struct syn_bucket *first; /* all of them */
    size_t purge_at;          /* count at which full ones are dropped */
};

void syn_buckets_init(struct syn_buckets *buckets);
void syn_buckets_fini(struct syn_buckets *buckets);

/* Replace zeros by what is published. */
void syn_rates_fill(struct syn_rate rates[SYN_BUCKET_COUNT]);

/* For seams.admits with `limits real`; ctx is the service. */
bool syn_buckets_admit(void *ctx, const struct syn_admission *admission,
                       uint32_t *retry_after_s);

/* What a command counts on, and how much. */
struct syn_charge {
    bool is_counted;
    struct syn_admission admission; /* texts in the arena given */
};

/* Fill `out` for a command; nothing is counted when its object is missing. */
void syn_admission_charge(struct syn_service *service,
                          const struct syn_actor *actor,
                          const struct syn_command *command,
                          struct syn_arena *arena, struct syn_charge *out);

/* May this account make one more SDK connection? Else the code, and the least
 * time to wait. */
enum syn_code syn_admission_connect(struct syn_service *service,
                                    const struct syn_token_facts *facts,
                                    int64_t *reconnect_min_ms);

/* May this account make one more REST request? *retry_after_s if not. */
bool syn_admission_request(struct syn_service *service,
                           const struct syn_account *account,
                           uint32_t *retry_after_s);

/* Give back what a refused command took. */
void syn_admission_refund(struct syn_service *service,
                          const struct syn_charge *charge);

/* --- service.c ------------------------------------------------------------ */

struct syn_live; /* opaque here: the SDK half's own state (live.h) */

struct syn_service {
    struct syn_loop *loop;
    struct syn_clock *clock; /* the loop's */
    struct syn_listener *listeners[SYN_LOAD_PORTS_MAX];
    struct syn_model *model;
    struct syn_seams seams;
    struct syn_keyring keyring;
    struct syn_arena arena;   /* texts of the setup; lives as long as we do */
    struct syn_arena scratch; /* per request and frame: mark, work, rewind;
                                 nests, as timers fire inside a clock request */
    struct syn_rng rng;       /* ids that tests may replay; no secrets */
    unsigned char page_key[SYN_AEAD_KEY_BYTES]; /* of page tokens */

    /* Settings, defaults filled in. */
    struct syn_service_setup setup; /* texts and arrays point into `arena`;
                                       `accounts` is dropped (see keyring) */
    struct syn_str jwe_key;         /* at NULL: JWE refused */

    struct syn_timer sweep_timer;
    int64_t sweep_at_ms;    /* when it is due, while it runs */
    unsigned sweep_backoff; /* fruitless sweeps in a row, bounded */
    struct syn_buckets buckets;
    uint32_t retry_after_s;                /* of the last 54009 */
    char throttled[SYN_BUCKET_NAME_BYTES]; /* its bucket, cut */

    bool is_stopping;
    struct syn_tickets tickets;

    struct syn_conn *conns;           /* newest first; owned by connection.c */
    struct syn_live *live;            /* NULL until live.c made it */
    struct syn_hooks *hooks;          /* NULL until the first webhook */
    struct syn_absences *absences;    /* NULL until the first one */
    struct syn_service_counts counts; /* live keeps sessions, subscriptions,
                                         sdk_requests, events_delivered and
                                         its denials up to date */
};

/*
 * Step the model at the clock's time: the only way to change it. Refuses with
 * 54009 what the rate limits do not admit (service->retry_after_s and
 * service->throttled tell more; nothing has changed), and with 20503 what the
 * keeper has failed to keep. Issues the ticket and re-arms the TTL timer when
 * something changed, notes the ticket that a reply needs, counts denials. Does
 * not deliver: the caller queues its reply first, then calls syn_live_publish
 * with out->events (valid until the next step or sweep).
 */
SYN_MUST_CHECK syn_status syn_service_step(struct syn_service *service,
                                           const struct syn_actor *actor,
                                           const struct syn_command *command,
                                           struct syn_arena *arena,
                                           struct syn_outcome *out);

/* The model changed behind syn_service_step (a configuration). */
void syn_service_touch(struct syn_service *service);

#endif
