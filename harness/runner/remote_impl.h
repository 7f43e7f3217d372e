/*
 * remote_impl.h - what remote.c and preflight.c share.
 * Layer: runner, private. Threads: the loop's.
 */
#ifndef SYN_RUNNER_REMOTE_IMPL_H
#define SYN_RUNNER_REMOTE_IMPL_H

#include "runner/remote.h"

/* Stands for a service that could not be made, so that rows may find out. */
#define SYN_REMOTE_NO_SERVICE "IS00000000000000000000000000000000"

struct syn_remote_ask {
    const char *method;
    const char *path; /* from the root */
    const char *content_type;
    const char *body; /* NULL: none */
};

struct syn_remote_answer {
    bool is_done;
    bool is_unpaced; /* to be sent again, later */
    bool has_date;
    struct syn_arena *arena;
    syn_status status;
    unsigned http;
    unsigned dials;
    uint32_t retry_after_s;
    int64_t date_s; /* Unix time by the target's clock */
    struct syn_str body;
    char reason[SYN_STAGE_REASON_BYTES];
};

/* Through the guard; what changes nothing is sent again when the connection is
 * lost. */
struct syn_remote_answer syn_remote_ask(const struct syn_remote *remote,
                                        const struct syn_remote_ask *ask);

/* A text member of a JSON body; empty when there is none. */
struct syn_str syn_remote_member(const struct syn_remote *remote,
                                 struct syn_str body, const char *name);

/* GET (`body` NULL) or POST /_syncproof/clock; -1: it did not answer. */
int64_t syn_remote_clock(const struct syn_remote *remote, const char *body);

/* What a process of its own sends back through its pipe. */
struct syn_remote_result {
    enum syn_preflight preflight;
    struct syn_stage stage;
    size_t left; /* not cleaned */
    size_t late; /* kept for a later run */
    char reason[SYN_STAGE_REASON_BYTES];
};

void syn_remote_preflight(const struct syn_remote *remote,
                          struct syn_remote_result *result);

#endif
