/*
 * bench.h - services on which a plan is proven: embedded, or made at a target.
 * Layer: gate. Threads: the loop's.
 * Source: design sections 4 and 8.
 *
 * Two services of one account with ACLs on: one for the plan's objects, one
 * whose tokens are strangers to it. At a target both are made by us and
 * deleted at the end, so the plan's names are used bare.
 */
#ifndef SYN_GATE_BENCH_H
#define SYN_GATE_BENCH_H

#include "base/rng.h"
#include "client/world.h"
#include "net/loop.h"
#include "service/service.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "target/file.h"

#include <stdbool.h>
#include <stdint.h>

#define SYN_BENCH_SID_BYTES    40
#define SYN_BENCH_REASON_BYTES 256

struct syn_bench {
    struct syn_arena arena; /* replies; emptied when it gets full */
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_curl *curl;
    struct syn_service *service; /* NULL: at a target */
    struct syn_backend *backend;
    struct syn_rng rng;
    struct syn_world world;
    struct syn_tls_client tls;
    char service_sid[SYN_BENCH_SID_BYTES];
    char other_sid[SYN_BENCH_SID_BYTES]; /* the second service */
    char reason[SYN_BENCH_REASON_BYTES]; /* why it did not open */
    bool is_remote;
};

struct syn_bench_options {
    const struct syn_target *target; /* NULL: embedded */
    const char *defect;              /* embedded only; NULL: none */
    uint64_t seed;
};

/* Errors: SYN_ERR_NET with `reason` (exit 69), SYN_ERR_MEMORY,
 * SYN_ERR_CONFIG: no such defect. Close in any case. */
SYN_MUST_CHECK syn_status syn_bench_open(
    struct syn_bench *bench, const struct syn_bench_options *options);

/* Delete what was made at a target. False: something is left. */
bool syn_bench_close(struct syn_bench *bench);

/* A thing with a canary of its own; `name` is borrowed. */
struct syn_thing syn_bench_thing(struct syn_bench *bench, enum syn_type type,
                                 struct syn_str name);

#endif
