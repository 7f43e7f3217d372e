/*
 * stage.h - where rows run: the embedded service, or a target.
 * Layer: runner. Threads: immutable once prepared, shared by fork.
 * Source: design sections 4, 5 and 7.
 */
#ifndef SYN_RUNNER_STAGE_H
#define SYN_RUNNER_STAGE_H

#include "base/buf.h"
#include "syn/scenario.h"
#include "target/file.h"
#include "target/guard.h"

#include <stdbool.h>
#include <stdint.h>

#define SYN_STAGE_SID_BYTES    40
#define SYN_STAGE_RUN_BYTES    9 /* eight hex digits */
#define SYN_STAGE_REASON_BYTES 256

struct syn_stage {
    const struct syn_target *target; /* NULL: embedded */
    unsigned offers;                 /* enum syn_need */
    bool is_virtual;
    bool owns_services;    /* made for this run, deleted after it */
    bool acl_is_on;        /* of the service that the target file names */
    bool acl_is_known;     /* false: it would not tell, so rows find out */
    bool has_no_answer_on; /* the making of the service with ACLs on, or off, */
    bool has_no_answer_off; /* was neither done nor refused */
    bool is_hollow_on;      /* its making was called a success, and gave no */
    bool is_hollow_off;     /* service that bears our name */
    bool is_unread;         /* the service that the target file names did not */
    bool is_second_unread; /* answer, nor the second: whether anybody listens to
                              it is unknown, so rows there stay open */
    char run[SYN_STAGE_RUN_BYTES];
    char service_on[SYN_STAGE_SID_BYTES]; /* for rows with ACLs on */
    char service_off[SYN_STAGE_SID_BYTES];
    int64_t now_ms; /* of a virtual target at the start */
    /* Of a target; shared by all processes of the run. */
    struct syn_purse *purse;
    struct syn_manifest *manifest; /* NULL: readonly makes nothing */
    /* What preflight found. */
    unsigned types;        /* SYN_TYPES_…: collections that were listed */
    unsigned types_absent; /* 404: the API has none */
    bool hears_ttl;        /* a TTL gave an object a date */
    bool can_remove;       /* the object could be removed again */
    bool has_skew;
    int64_t skew_s; /* the target's clock less ours */
};

/* The embedded stage. */
void syn_stage_init_embedded(struct syn_stage *stage);

/* A target before it has been prepared (remote.h). `run` has eight digits. */
void syn_stage_init_target(struct syn_stage *stage,
                           const struct syn_target *target, const char *run);

/* Why the row cannot run here, a sentence with static storage; NULL: it can. */
const char *syn_stage_lack(const struct syn_stage *stage,
                           const struct syn_scenario *row);

/* A guard for one process that asks this target. */
struct syn_guard syn_stage_guard(const struct syn_stage *stage);

/* The dead man's switch: how long what is made lives at most. */
int64_t syn_stage_ttl_s(const struct syn_stage *stage);

/* Loopback, or services made by this run: ours to attack. */
bool syn_stage_is_ours(const struct syn_stage *stage);

/* Append what the target can, and what it lacks with the reason: lines. */
void syn_stage_describe(const struct syn_stage *stage, struct syn_buf *out);

/* Words for the first line. */
const char *syn_stage_name(const struct syn_stage *stage);

#endif
