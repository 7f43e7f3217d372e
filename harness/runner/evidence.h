/*
 * evidence.h - what a row recorded, read back.
 * Layer: runner. Threads: values of one arena.
 */
#ifndef SYN_RUNNER_EVIDENCE_H
#define SYN_RUNNER_EVIDENCE_H

#include "report/result.h"
#include "runner/record.h"
#include "syn/arena.h"
#include "syn/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_evidence_expectation {
    enum syn_weight weight;
    bool holds;
    bool is_unanswered;
    bool is_denial;
    bool is_late; /* after the row's own end: told, not judged */
    int64_t at_ms;
    unsigned exchange;
    struct syn_str what;
    struct syn_str op;
    struct syn_str expected;
    struct syn_str actual;
    struct syn_str reasoning; /* of the oracle; empty: none */
    struct syn_str file;
    int line;
};

struct syn_evidence_wire {
    unsigned number;
    bool is_sent;
    int64_t at_ms;
    struct syn_str actor;
    struct syn_str plane;
    struct syn_str head;
    struct syn_str body;
};

struct syn_evidence {
    struct syn_evidence_expectation *expectations;
    size_t expectation_count;
    struct syn_evidence_wire *wires;
    size_t wire_count;
    struct syn_observation *observations;
    size_t observation_count;
    struct syn_measure_value *measures;
    size_t measure_count;
    struct syn_act *acts;
    size_t act_count;
    enum syn_end end; /* the first one told */
    struct syn_str end_reason;
    bool is_complete; /* the row's function returned */
    unsigned alerts;
    struct syn_str log;
};

/* Read a file of records. A line that is cut (the row was killed while writing)
 * is ignored; a file that is absent is empty evidence. Texts belong to `arena`.
 * Errors: SYN_ERR_MEMORY, SYN_ERR_LIMIT, SYN_ERR_IO. */
SYN_MUST_CHECK syn_status syn_evidence_read(struct syn_arena *arena,
                                            const char *path,
                                            struct syn_evidence *out);

#endif
