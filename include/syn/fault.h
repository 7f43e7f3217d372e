/*
 * fault.h - what a network does to a user: the tap, as rows use it.
 * Layer: public. Threads: the row's.
 * Source: sdk-protocol.md sections 2, 3 and 6; adversaries B and W.
 *
 * A tap stands between one user and the service. It passes everything on
 * unchanged until it is told otherwise; faults hit whole messages. What was
 * armed and what was hit stands in the row's transcript, under the actor "tap".
 *
 *     struct syn_client *ann = syn_run_tap_client(run, "ann", NULL);
 *     st = syn_tap_fault(syn_run_tap(run), &(struct syn_tap_fault){
 *         .kind = SYN_TAP_DROP_REPLY, .match = "POST /v3/Documents"});
 */
#ifndef SYN_FAULT_H
#define SYN_FAULT_H

#include "syn/client.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_run;
struct syn_tap; /* opaque: harness/tap/tap.c */

enum syn_tap_direction { SYN_TAP_UP, SYN_TAP_DOWN }; /* UP: to the service */

enum syn_tap_fault_kind {
    SYN_TAP_DROP,       /* the message never arrives */
    SYN_TAP_DROP_REPLY, /* an UP message passes, its reply never arrives */
    SYN_TAP_DUPLICATE,  /* it arrives twice */
    SYN_TAP_DELAY,      /* `delay_us` later, and what follows behind it */
    SYN_TAP_TRUNCATE,   /* its first `bytes`, then the end of the link */
    SYN_TAP_CUT,        /* the link ends in order before it */
    SYN_TAP_RESET,      /* the link is reset before it */
    SYN_TAP_REFUSE      /* a new connection is reset: every `every`-th */
};

#define SYN_TAP_ALWAYS 0xffffffffu

struct syn_tap_fault {
    enum syn_tap_fault_kind kind;
    enum syn_tap_direction direction; /* ignored by DROP_REPLY and REFUSE */
    const char *match; /* part of the label, copied; NULL: any message */
    unsigned after;    /* let so many matching ones pass first */
    unsigned times;    /* 0: once; SYN_TAP_ALWAYS */
    unsigned every;    /* REFUSE: 0 and 1 mean each */
    int64_t delay_us;  /* DELAY: on the loop's clock */
    size_t bytes;      /* TRUNCATE */
};

struct syn_tap_counters {
    unsigned connections; /* accepted, refused ones included */
    unsigned refused;
    unsigned messages[2]; /* by direction, as they came */
    unsigned dropped;
    unsigned delayed;
    unsigned held;   /* how often syn_tap_hold was called */
    unsigned cut;    /* links ended by a fault or syn_tap_cut_all */
    unsigned opaque; /* links that carried something else */
    uint64_t bytes[2];
};

/* Arm a fault. Of several that fit one message the oldest applies. Errors:
 * SYN_ERR_LIMIT past SYN_TAP_FAULTS_MAX, SYN_ERR_MEMORY, SYN_ERR_ARG. */
SYN_MUST_CHECK syn_status syn_tap_fault(struct syn_tap *tap,
                                        const struct syn_tap_fault *fault);
void syn_tap_clear(struct syn_tap *tap); /* disarm all */

/* End every link now, on both sides: in order, or with a reset. */
void syn_tap_cut_all(struct syn_tap *tap, bool with_reset);

/* Keep whatever goes that way until released; nothing is lost, ends included.
 * More than SYN_TAP_HELD_BYTES_MAX on one link resets it. */
void syn_tap_hold(struct syn_tap *tap, enum syn_tap_direction direction);
void syn_tap_release(struct syn_tap *tap, enum syn_tap_direction direction);

struct syn_tap_counters syn_tap_count(const struct syn_tap *tap);

/* The row's tap in front of the SDK plane of its target; started by the first
 * call, ended by the run. */
struct syn_tap *syn_run_tap(struct syn_run *run);

/* As syn_run_client_with, but the connection goes through the tap. */
struct syn_client *syn_run_tap_client(struct syn_run *run, const char *name,
                                      const struct syn_client_options *options);

/* How many messages that came that way have `match` in their label ("init",
 * "reply 401", "notification document_updated"). */
size_t syn_run_tap_seen(struct syn_run *run, enum syn_tap_direction direction,
                        const char *match);

/* Did `text` stand in the target or a header field of an HTTP message that
 * went that way, upgrades included? */
bool syn_run_tap_read(struct syn_run *run, enum syn_tap_direction direction,
                      struct syn_str text);

#endif
