/*
 * worker.h - one generator process: its fleet, its REST lanes, its part.
 * Layer: load, private to it. Threads: the worker's.
 *
 * A worker makes its objects and grants over REST, waits for the common start,
 * lets its sessions connect, does what is due, settles and checks. All of it
 * is one loop over one epoll; whoever has something to do later uses the
 * clock's timers.
 */
#ifndef SYN_LOAD_WORKER_H
#define SYN_LOAD_WORKER_H

#include "load/engine.h"
#include "load/schedule.h"
#include "net/http.h"
#include "syn/arena.h"
#include "target/budget.h"
#include "target/file.h"

#define SYN_LOAD_IDENTITY_BYTES 64
#define SYN_LOAD_BASIC_BYTES    512
#define SYN_LOAD_LANE_APP       SYN_LOAD_LANES /* the one to the app */

/* Where the load goes and as whom: the same for all workers. Texts borrowed. */
struct syn_load_aim {
    struct syn_load_place places[SYN_LOAD_PLACES];
    const char *rest_host; /* of the Host header, likewise below */
    const char *sdk_host;
    const char *rest_path; /* before /v1: "" as a rule */
    const char *sdk_path;
    const char *account_sid;
    const char *api_key;
    const char *api_secret;
    const char *basic_user; /* of REST requests */
    const char *basic_password;
    const char *service_sid;
    const char *run;               /* prefix of names and identities */
    struct syn_manifest *manifest; /* of a target; NULL: none */
    struct syn_purse *purse;       /* likewise, shared by all workers */
    int64_t margin_us;
    int64_t removal_us;
    int64_t rest_per_s;                         /* 0: no bound */
    int64_t connects_per_s;                     /* likewise */
    bool is_ours;                               /* the embedded service */
    bool has_budget;                            /* not on loopback */
    const struct syn_target_endpoint *endpoint; /* of tokens; NULL: none */
    const char *app_host;                       /* its URL in parts */
    const char *app_path;
};

/* What a REST request is for: decides what its answer does. */
enum syn_load_errand {
    SYN_LOAD_MAKE_OBJECT,
    SYN_LOAD_MAKE_GRANT,
    SYN_LOAD_CHANGE,
    SYN_LOAD_RACE, /* one of two changes with one If-Match */
    SYN_LOAD_REVOKE,
    SYN_LOAD_REGRANT,
    SYN_LOAD_FETCH, /* the state in the end */
    SYN_LOAD_REMOVE,
    SYN_LOAD_LIMIT, /* a lifetime; `ordinal`: seconds */
    SYN_LOAD_OFFLOAD,
    SYN_LOAD_TOKEN, /* of a session, at the app's endpoint */
    SYN_LOAD_ERRAND_COUNT
};

struct syn_load_request {
    uint8_t errand; /* enum syn_load_errand */
    uint8_t sub;    /* of the session, for grants */
    uint32_t object;
    uint32_t session; /* for grants */
    uint32_t ordinal; /* of a change */
    uint64_t entry;   /* of the manifest; 0: none */
    int64_t due_us;
};

/* One REST connection; requests on it are answered in their order. */
struct syn_load_lane {
    struct syn_load_link link;
    struct syn_http_reader *reader;
    struct syn_buf out;                                /* of this turn */
    struct syn_load_request open[SYN_LOAD_LANE_DEPTH]; /* a ring */
    uint32_t first, count;
    uint32_t index;
    int64_t retry_us; /* not before, when it is down */
    bool is_curt;     /* of the app: it hangs up after each answer */
};

struct syn_load_worker {
    struct syn_load_env env;
    const struct syn_load_aim *aim;
    uint32_t index;
    struct syn_load_ledger *ledger;
    struct syn_clock *clock;
    struct syn_load_net *net;
    struct syn_arena scratch;
    struct syn_load_session *sessions;
    struct syn_load_sub *subs;
    uint32_t session_count;
    uint32_t first_session; /* number of the first one in the run */
    uint32_t prober;        /* whose probe listens to our extra document */
    struct syn_load_session *queue; /* for a connection: first in, first out */
    struct syn_load_session *queue_last;
    uint32_t inflight;                              /* handshakes */
    uint32_t ready;                                 /* sessions */
    struct syn_load_lane lanes[SYN_LOAD_LANES + 1]; /* the last to the app */
    struct syn_load_session *askers;  /* for a token, in no order */
    char basic[SYN_LOAD_BASIC_BYTES]; /* Authorization: Basic … */
    struct syn_load_schedule connects;
    struct syn_load_schedule ops;
    struct syn_load_schedule paces; /* REST requests of the set-up */
    uint64_t setup_at;              /* cursor of the set-up, then of the end */
    uint32_t setup_open;
    uint32_t next_object, next_session; /* whose turn it is */
    uint32_t storm_at;                  /* the next session that it may hit */
    uint32_t stormed; /* sessions that the last storm waits for */
    int64_t storm_us;
    struct syn_load_schedule acts;  /* of the profile */
    struct syn_load_schedule undos; /* the same acts, some time later */
    uint64_t late, due;             /* of the measured part */
    bool is_settling;
    bool is_cleaning; /* goes on even when the run was stopped */
    bool is_failed;   /* set-up impossible; result->fault says why */
};

/* --- worker.c ------------------------------------------------------------- */

/* The whole life of a worker process: from set-up to the result. */
void syn_load_worker_run(struct syn_load_worker *worker);

/* Say in the result why nothing can be measured; the first reason stays. */
void syn_load_worker_fail(struct syn_load_worker *worker, const char *format,
                          ...) SYN_PRINTF(2, 3);
void syn_load_worker_unreachable(struct syn_load_worker *worker,
                                 const char *format, ...) SYN_PRINTF(2, 3);

/* Serve sockets and timers for at most `wait_us`. */
void syn_load_worker_turn(struct syn_load_worker *worker, int64_t wait_us);

static inline bool syn_load_is_stopped(const struct syn_load_worker *worker)
{
    return !worker->is_cleaning && atomic_load(&worker->ledger->stop);
}

/* --- spend.c: the budget of a target --------------------------------------
 */

/* Begin to count, before workers are forked. Errors: SYN_ERR_IO,
 * SYN_ERR_MEMORY; the result says why. */
SYN_MUST_CHECK syn_status syn_load_purse_open(struct syn_load_aim *aim,
                                              const struct syn_load_plan *plan,
                                              const struct syn_target *target,
                                              struct syn_load_result *result);

/* Then the run must end; the result says why. */
bool syn_load_purse_is_spent(const struct syn_load_aim *aim,
                             const struct syn_load_ledger *ledger,
                             struct syn_load_result *result);

/* The result gets what was sent in all. */
void syn_load_purse_close(struct syn_load_aim *aim,
                          struct syn_load_result *result);

/* Count what is about to leave for a target (enum syn_spend). False: the budget
 * is spent, it must not leave, and the run ends. */
bool syn_load_spend(struct syn_load_worker *worker, unsigned what);

/* --- crowd.c: who is there ------------------------------------------------ */

/* Lay out objects, sessions and subscriptions. Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_load_crowd_new(struct syn_load_worker *worker);
void syn_load_crowd_free(struct syn_load_worker *worker);

void syn_load_identity(const struct syn_load_worker *worker, uint32_t session,
                       char out[SYN_LOAD_IDENTITY_BYTES]);

/* Sessions of the same identity. */
void syn_load_devices(const struct syn_load_worker *worker, uint32_t session,
                      uint32_t *first, uint32_t *count);

bool syn_load_mint(void *ctx, const struct syn_load_session *session,
                   int64_t end_s, struct syn_buf *out);

/* --- fleet.c: sessions on sockets ----------------------------------------- */

/* Connect as soon as there is room; latency counts from `due_us`. */
void syn_load_fleet_queue(struct syn_load_worker *worker,
                          struct syn_load_session *session, int64_t due_us);

/* Begin queued connections while few enough are under way. */
void syn_load_fleet_pump(struct syn_load_worker *worker);

/* The network of this session is gone at once. */
void syn_load_fleet_cut(struct syn_load_worker *worker,
                        struct syn_load_session *session);

/* The user leaves in order and comes back after `away_us`. */
void syn_load_fleet_leave(struct syn_load_worker *worker,
                          struct syn_load_session *session, int64_t away_us);

/* Its timer, anew. */
void syn_load_fleet_time(struct syn_load_worker *worker,
                         struct syn_load_session *session, int64_t delay_us);

/* What a step left in env.out and in the wish is carried out. */
void syn_load_fleet_act(struct syn_load_worker *worker,
                        struct syn_load_session *session);

/* Callbacks of links in the role of a session. */
void syn_load_fleet_opened(struct syn_load_worker *worker,
                           struct syn_load_session *session);
size_t syn_load_fleet_bytes(struct syn_load_worker *worker,
                            struct syn_load_session *session,
                            struct syn_str in);
void syn_load_fleet_lost(struct syn_load_worker *worker,
                         struct syn_load_session *session, bool was_open);

/* --- rogue.c -------------------------------------------------------------- */

/* Which kind a session is: MIXED means honest. */
enum syn_load_rogue syn_load_rogue_of(const struct syn_load_worker *worker,
                                      uint32_t number);
/* Its manners at moments of its life; false: the honest way goes on. */
bool syn_load_rogue_opened(struct syn_load_worker *worker,
                           struct syn_load_session *session);
void syn_load_rogue_ready(struct syn_load_worker *worker,
                          struct syn_load_session *session);
void syn_load_rogue_heard(struct syn_load_worker *worker,
                          struct syn_load_session *session);
void syn_load_rogue_tick(struct syn_load_worker *worker,
                         struct syn_load_session *session);

/* --- lane.c: REST --------------------------------------------------------- */

SYN_MUST_CHECK syn_status syn_load_lanes_open(struct syn_load_worker *worker);
void syn_load_lanes_close(struct syn_load_worker *worker);

/* Queue a request on the lane; false: it is full or down. */
bool syn_load_lane_ask(struct syn_load_worker *worker, uint32_t lane,
                       const struct syn_load_request *request);

/* Send what was queued in this turn, reconnect what is down. */
void syn_load_lanes_flush(struct syn_load_worker *worker);
uint32_t syn_load_lanes_waiting(const struct syn_load_worker *worker);

/* Callbacks of links in the role of a lane. */
void syn_load_lane_opened(struct syn_load_worker *worker,
                          struct syn_load_lane *lane);
size_t syn_load_lane_bytes(struct syn_load_worker *worker,
                           struct syn_load_lane *lane, struct syn_str in);
void syn_load_lane_lost(struct syn_load_worker *worker,
                        struct syn_load_lane *lane);

/* --- errand.c: what requests say and answers do --------------------------- */

/* Of what is made over REST; book.c. */
void syn_load_object_name(const struct syn_load_worker *worker,
                          const struct syn_load_object *object,
                          char out[SYN_LOAD_IDENTITY_BYTES]);

/* Write down what the request makes, if it makes something; into its entry.
 * False: it cannot be, so it may not leave. */
bool syn_load_errand_book(struct syn_load_worker *worker,
                          struct syn_load_request *request);

/* Append the request to the lane's bytes. */
void syn_load_errand_write(struct syn_load_worker *worker, struct syn_buf *out,
                           const struct syn_load_request *request);
void syn_load_errand_answered(struct syn_load_worker *worker,
                              const struct syn_load_request *request,
                              unsigned status, struct syn_str body);
/* It will never be answered. */
void syn_load_errand_lost(struct syn_load_worker *worker,
                          const struct syn_load_request *request);

/* --- race.c: two writers, one revision ------------------------------------ */

/* Send the next change of a document twice, over two connections, each on
 * condition of the newest revision: one of them must win. False: not this one,
 * not now. */
bool syn_load_race_begin(struct syn_load_worker *worker,
                         struct syn_load_object *object, int64_t due_us);
void syn_load_race_answered(struct syn_load_worker *worker,
                            const struct syn_load_request *request,
                            unsigned status, struct syn_str body);
/* A change was accepted: keep the revision it has got. */
void syn_load_race_learn(struct syn_load_object *object, struct syn_str body);

/* --- refusal.c ------------------------------------------------------------ */

/* Hold an answer of REST, of whatever request, against what it may not be. */
void syn_load_refusal_judge(struct syn_load_worker *worker, unsigned status,
                            struct syn_str body);

/* --- appeal.c: tokens of the app's endpoint ------------------------------- */

/* Renewal of this session's token was due; it is asked for in its turn. */
void syn_load_appeal_ask(void *ctx, struct syn_load_session *session);
/* Send what may leave now. */
void syn_load_appeal_pump(struct syn_load_worker *worker);
/* As syn_load_errand_write and …_answered. */
void syn_load_appeal_write(struct syn_load_worker *worker, struct syn_buf *out,
                           const struct syn_load_request *request);
void syn_load_appeal_answered(struct syn_load_worker *worker,
                              const struct syn_load_request *request,
                              unsigned status, struct syn_str body);

/* --- drive.c: what is due ------------------------------------------------- */

/* Do all operations that are due by now. */
void syn_load_drive(struct syn_load_worker *worker);

/* --- profile.c: what makes a profile -------------------------------------- */

void syn_load_profile_start(struct syn_load_worker *worker);
void syn_load_profile_step(struct syn_load_worker *worker);
/* A session has become ready, or is cut and was not. */
void syn_load_profile_ready(struct syn_load_worker *worker,
                            struct syn_load_session *session);

/* Lifetimes of objects, once the start is known; then tokens'. */
void syn_load_profile_prepare(struct syn_load_worker *worker);

/* --- setup.c -------------------------------------------------------------- */

/* Ask one request after the other, as many at once as lanes take, until
 * `next` has none left and all are answered. False: it took too long, or the
 * run was stopped. */
bool syn_load_ask_all(struct syn_load_worker *worker,
                      bool (*next)(struct syn_load_worker *worker,
                                   uint64_t index,
                                   struct syn_load_request *request,
                                   bool *skips),
                      int64_t patience_us);

/* Make objects and grants. */
bool syn_load_setup(struct syn_load_worker *worker);

/* --- settle.c: the end ---------------------------------------------------- */

/* Wait for answers and survivors, fence every session, compare with REST. */
void syn_load_settle(struct syn_load_worker *worker);

/* Remove what a run made at a service that is not ours. */
void syn_load_clean(struct syn_load_worker *worker);

#endif
