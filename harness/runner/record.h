/*
 * record.h - evidence, written as the row goes.
 * Layer: runner. Threads: the row's.
 * Source: style section 2.9; design section 7.
 *
 * One JSON object a line, one write(2) a line: a row that is killed has lost
 * nothing that it recorded. evidence.h reads the file again.
 */
#ifndef SYN_RUNNER_RECORD_H
#define SYN_RUNNER_RECORD_H

#include "base/buf.h"
#include "client/world.h"
#include "runner/mask.h"
#include "syn/scenario.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_recorder {
    int fd;
    const struct syn_mask *mask;
    struct syn_buf line;
    struct syn_buf masked;
    size_t bytes;       /* written so far */
    unsigned exchanges; /* numbered so far */
    unsigned expectations;
    bool is_over; /* the row has ended by its own word: what follows is late */
};

/* `mask` is borrowed. */
void syn_recorder_init(struct syn_recorder *recorder, int fd,
                       const struct syn_mask *mask);
void syn_recorder_fini(struct syn_recorder *recorder);

/* One expectation. */
struct syn_expectation {
    struct syn_site site;
    enum syn_weight weight;
    int64_t at_ms; /* since the row began */
    const char *what;
    const char *op;
    struct syn_str expected;
    struct syn_str actual;
    struct syn_str reasoning; /* the oracle's; empty: it has none */
    bool holds;
    bool is_unanswered; /* neither held nor broken: the world failed */
    bool is_denial;     /* something was to be refused */
    unsigned exchange;  /* that it looks at; 0: the last */
};
void syn_record_expectation(struct syn_recorder *recorder,
                            const struct syn_expectation *expectation);

/* Returns the exchange's number, from 1. */
unsigned syn_record_wire(struct syn_recorder *recorder,
                         const struct syn_wire_record *record,
                         int64_t since_ms);

/* What an actor did, and how it was answered: for floor and capsule. */
struct syn_act {
    struct syn_str who; /* identity; empty: the backend */
    enum syn_op op;
    enum syn_type type;
    bool is_by_name;
    unsigned http; /* 0: no answer */
    int code;
};
void syn_record_act(struct syn_recorder *recorder, const struct syn_act *act);

void syn_record_observation(struct syn_recorder *recorder, const char *what,
                            struct syn_str text);
void syn_record_measure(struct syn_recorder *recorder, const char *name,
                        int64_t value);
void syn_record_log(struct syn_recorder *recorder, struct syn_str lines,
                    unsigned alerts);

/* Paths in records are relative to the root of the sources. */
const char *syn_record_short_path(const char *path);

/* Another attempt begins: what was recorded before does not count. */
void syn_record_again(struct syn_recorder *recorder);

/* How a row ends. */
enum syn_end {
    SYN_END_NONE, /* it did not: killed, crashed, left early */
    SYN_END_DONE,
    SYN_END_SKIPPED,
    SYN_END_GAVE_UP,
    SYN_END_FAULT /* of ours */
};
void syn_record_end(struct syn_recorder *recorder, enum syn_end end,
                    const char *reason);

#endif
