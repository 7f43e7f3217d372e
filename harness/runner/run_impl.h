/*
 * run_impl.h - one row under way.
 * Layer: runner, private. Threads: the row's process.
 *
 * A row lives in its own process: loop, clock, embedded service and actors are
 * made there when first asked for, and ended in reverse order.
 */
#ifndef SYN_RUNNER_RUN_IMPL_H
#define SYN_RUNNER_RUN_IMPL_H

#include "base/clock.h"
#include "base/rng.h"
#include "client/link.h"
#include "client/world.h"
#include "net/curl.h"
#include "net/loop.h"
#include "net/tls.h"
#include "runner/mask.h"
#include "runner/plan.h"
#include "runner/record.h"
#include "runner/remote.h"
#include "runner/stage.h"
#include "service/service.h"
#include "syn/arena.h"
#include "syn/limits.h"
#include "syn/scenario.h"
#include "tap/tap.h"
#include "target/guard.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 2026-01-01T00:00:00Z: where embedded virtual time begins. */
#define SYN_RUN_EPOCH_US INT64_C(1767225600000000)

#define SYN_RUN_SECRETS       12
#define SYN_RUN_VEIL_BYTES    256
#define SYN_RUN_STRANGERS_MAX 256

struct syn_beliefs; /* the oracle beside the row: belief.c */
struct syn_forge_kit;
struct syn_store;
struct syn_rogue;
struct syn_run_sight; /* a message that the tap saw: fault.c */
struct syn_outsiders; /* what stands beside the service: outsider.c */

/* Credentials of the embedded service. */
struct syn_run_keys {
    const char *account;
    const char *auth_token;
    struct syn_key_setup own;        /* the row's own: of its backend */
    struct syn_key_setup other;      /* of the same account */
    struct syn_key_setup restricted; /* signs no tokens */
    struct syn_key_setup deleted;
    struct syn_key_setup foreign; /* of another account */
    const char *foreign_account;
    const char *foreign_token;
    const char *jwe_key;
};

struct syn_run {
    const struct syn_plan_entry *entry;
    const struct syn_stage *stage;
    size_t index;      /* of the entry in the plan */
    unsigned attempt;  /* from 0; more only at a target that did not answer */
    bool is_lost;      /* a request at a target went unanswered: end soon */
    bool has_gap;      /* so did one that no expectation has looked at */
    bool is_rest_out;  /* a REST request has left and is not answered yet */
    unsigned losses;   /* connections that ended under a user */
    bool is_closing;   /* what leaves now is clean-up */
    const char **cast; /* names that given identities play; persona.c */
    unsigned unpaced_streak; /* answers 429 in a row */
    struct syn_arena arena;
    struct syn_rng rng;
    struct syn_recorder recorder;
    struct syn_mask mask;
    const char *secrets[SYN_RUN_SECRETS];
    struct syn_guard guard;
    /* The world, made when first needed. */
    bool has_world;
    bool is_in_real_time;
    struct syn_clock *clock;
    int64_t begun_ms;
    struct syn_loop *loop;
    struct syn_curl *curl;
    struct syn_service *service; /* embedded only */
    struct syn_store *store;     /* of a service that is kept; else NULL */
    struct syn_tls_client tls;
    struct syn_tls_server veil;        /* veil.c; of a row that needs TLS */
    char veil_dir[SYN_RUN_VEIL_BYTES]; /* "": none */
    struct syn_world world;
    char own_service[SYN_STAGE_SID_BYTES]; /* made for this row at a target */
    char second_service[SYN_STAGE_SID_BYTES]; /* made for this row; kit.c */
    struct syn_run_keys keys;                 /* embedded only */
    struct syn_beliefs *beliefs;              /* NULL until somebody acts */
    struct syn_forge_kit *kit;
    struct syn_sink *sink;           /* hook.c; NULL until a row asks for it */
    struct syn_client *hook_fence;   /* makes the fences of hook.c */
    struct syn_tap *tap;             /* fault.c; NULL until a row asks for it */
    struct syn_url tap_url;          /* where it goes on to */
    struct syn_run_sight *sights;    /* newest first */
    struct syn_outsiders *outsiders; /* outsider.c; NULL until asked for */
    struct syn_backend *backend;
    struct syn_backend *strangers[SYN_RUN_STRANGERS_MAX];
    size_t stranger_count;
    struct syn_client *clients[SYN_ROW_CLIENTS_MAX];
    size_t client_count;
    struct syn_rogue *rogues; /* newest first */
    size_t rogue_count;
    struct syn_thing things[SYN_ROW_THINGS_MAX]; /* made at a target */
    size_t thing_count;
    bool has_late; /* something in the row's service is settled by a later run
                    */
};

/* The world of the row; made by the first call. Ends the process with a fault
 * record when it cannot be made. */
struct syn_world *syn_run_world(struct syn_run *run);

/* To ask the target beside the row's actors, through the same guard. */
struct syn_remote syn_run_remote(struct syn_run *run);

/* Remove what is left at a target, then end everything in reverse order. */
void syn_run_close_world(struct syn_run *run);

/* The row ends without what it needs, by its control: `http` refused it, or
 * gave nothing; 0: no answer. */
void syn_run_end_without(struct syn_run *run, const char *what, unsigned http);

/* Record a fault of ours and end the row's process. */
_Noreturn void syn_run_abandon(struct syn_run *run, const char *reason);

/* The text, or a fault of ours: the arena of the row is full. */
const char *syn_run_must_print(struct syn_run *run, const char *text);

/* Milliseconds since the row began, on its clock. */
int64_t syn_run_since_ms(const struct syn_run *run);

#endif
