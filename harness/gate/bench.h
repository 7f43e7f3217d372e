/*
 * bench.h - services on which a plan is proven: embedded, or made at a target.
 * Layer: gate. Threads: the loop's.
 * Source: design sections 4 and 8.
 *
 * Two services of one account with ACLs on: one for the plan's objects, one
 * whose tokens are strangers to it. At a target both are made by us and
 * deleted at the end, so the plan's names are used bare; before that the
 * friendly name is read again and must be the one we gave. What leaves for a
 * target passes the guard, like what rows send (target/guard.h).
 */
#ifndef SYN_GATE_BENCH_H
#define SYN_GATE_BENCH_H

#include "base/rng.h"
#include "client/world.h"
#include "net/loop.h"
#include "service/service.h"
#include "syn/arena.h"
#include "syn/client.h"
#include "syn/status.h"
#include "target/budget.h"
#include "target/file.h"
#include "target/guard.h"
#include "target/manifest.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define SYN_BENCH_SID_BYTES    40
#define SYN_BENCH_REASON_BYTES 256
#define SYN_BENCH_PREFIX_BYTES 16
#define SYN_BENCH_DEAD_MAN_S   3600 /* TTL of what a crash may leave */

struct syn_bench {
    struct syn_arena arena; /* replies; emptied when it gets full */
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_curl *curl;
    struct syn_service *service; /* NULL: at a target */
    struct syn_backend *backend;
    struct syn_backend *elsewhere; /* the backend, in the second service */
    struct syn_rng rng;
    struct syn_world world;
    struct syn_tls_client tls;
    char service_sid[SYN_BENCH_SID_BYTES];
    char other_sid[SYN_BENCH_SID_BYTES]; /* the second service */
    char prefix[SYN_BENCH_PREFIX_BYTES]; /* of friendly names: "syn-1a2b3c4d" */
    char reason[SYN_BENCH_REASON_BYTES]; /* why it did not open */
    const volatile sig_atomic_t *stop;   /* not 0: nothing more is sent */
    struct syn_turn_hook hook;           /* notices it */
    size_t ticks;                        /* of the virtual clock, so far */
    struct syn_manifest *manifest;       /* at a target; NULL: none */
    struct syn_purse *purse;             /* likewise */
    struct syn_guard guard;
    unsigned silent; /* calls in a row without an answer */
    char distress[SYN_BENCH_REASON_BYTES]; /* stopped for safety: why */
    bool is_remote;
    bool is_closing; /* cleaning goes on after a stop */
};

struct syn_bench_options {
    const struct syn_target *target;     /* NULL: embedded */
    const char *defect;                  /* embedded only; NULL: none */
    const struct syn_readings *readings; /* embedded only; NULL: reference */
    int64_t purge_delay_ms; /* embedded: expired things stay so long */
    bool follows_clock;     /* of a virtual target, so that time can pass */
    uint64_t seed;
    const volatile sig_atomic_t *stop; /* set by a handler; NULL: none */
    const char *out_dir;               /* of the manifest, at a target */
};

/* How it ended; texts belong to the arena that syn_bench_close got. */
struct syn_bench_end {
    bool is_unclean;      /* something of ours is left at the target */
    const char *distress; /* stopped for safety (exit 75); NULL: it was not */
    const char *sent;     /* in all, against the budget; NULL: embedded */
};

/* Errors: SYN_ERR_NET with `reason` (exit 69), SYN_ERR_MEMORY,
 * SYN_ERR_CONFIG: no such defect. Close in any case. */
SYN_MUST_CHECK syn_status syn_bench_open(
    struct syn_bench *bench, const struct syn_bench_options *options);

/* From here on what leaves is clean-up, also after a stop. */
void syn_bench_wind_up(struct syn_bench *bench);

/* Delete what was made at a target, also after a stop. */
struct syn_bench_end syn_bench_close(struct syn_bench *bench,
                                     struct syn_arena *arena);

/* Is the service one of this bench, by the name that it bears now? To be asked
 * before it is changed or deleted; *is_absent: it is not there. */
bool syn_bench_is_ours(struct syn_bench *bench, const char *sid,
                       bool *is_absent);

/* What is made: objects at a target with a TTL if the plan gives none. `client`
 * NULL: by `backend`. */
struct syn_bench_row {
    struct syn_str identity;
    unsigned rights;
};
struct syn_reply syn_bench_make_service(struct syn_bench *bench,
                                        struct syn_str name);
struct syn_reply syn_bench_create(struct syn_bench *bench,
                                  struct syn_backend *backend,
                                  struct syn_client *client,
                                  const struct syn_action *create);
struct syn_reply syn_bench_grant(struct syn_bench *bench,
                                 struct syn_backend *backend,
                                 const struct syn_thing *thing,
                                 const struct syn_bench_row *row);

/* Of bench.c: begin and end manifest and purse; let the world ask the guard;
 * notice a stop or a spent budget. */
SYN_MUST_CHECK syn_status syn_bench_open_books(
    struct syn_bench *bench, const struct syn_bench_options *options);
void syn_bench_close_books(struct syn_bench *bench, bool is_clean);
void syn_bench_watch(struct syn_bench *bench);
void syn_bench_notice(struct syn_bench *bench);

/* Let time pass: the embedded service's, a virtual target's that the bench
 * follows, or really. */
void syn_bench_pass_ms(struct syn_bench *bench, int64_t ms);

/* Has the handler asked for the end, or safety? */
bool syn_bench_is_stopped(const struct syn_bench *bench);

/* Let a second of virtual time pass, so that a date that changes shows: for the
 * first objects, and where it ends nothing that lives `ttl_s` (0 and less:
 * for ever). */
void syn_bench_tick(struct syn_bench *bench, int64_t ttl_s);

/* A thing with a canary of its own; `name` is borrowed. */
struct syn_thing syn_bench_thing(struct syn_bench *bench, enum syn_type type,
                                 struct syn_str name);

#endif
