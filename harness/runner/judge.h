/*
 * judge.h - from evidence to a verdict.
 * Layer: runner. Threads: values.
 * Source: design section 7; the order of the rules is in judge.c.
 */
#ifndef SYN_RUNNER_JUDGE_H
#define SYN_RUNNER_JUDGE_H

#include "report/result.h"
#include "runner/evidence.h"
#include "syn/arena.h"
#include "syn/status.h"

/* How the process of a row ended. */
enum syn_fate {
    SYN_FATE_RETURNED, /* it ended by itself */
    SYN_FATE_CRASHED,  /* a signal, an abort, an early exit */
    SYN_FATE_LATE,     /* its time limit passed */
    SYN_FATE_KILLED,   /* by us, because the run was interrupted */
    SYN_FATE_UNSTARTED /* the run ended before its turn */
};

struct syn_case {
    const struct syn_evidence *evidence;
    enum syn_level level;
    bool is_remote; /* the world may be slow: a time limit is not ours */
    enum syn_fate fate;
    unsigned attempts;   /* before this one, that got no answer */
    const char *message; /* what is known of the end; "" when nothing */
};

struct syn_judgement {
    enum syn_verdict verdict;
    struct syn_str reason; /* one sentence; of `arena`, or static */
    /* The record that decided; NULL: none. */
    const struct syn_evidence_expectation *decider;
    bool has_control; /* a control held, or none was due */
    bool is_open;     /* undecided because a request went unanswered */
    bool is_silent;   /* and nothing before it was answered either */
};

/* Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_judge(struct syn_arena *arena,
                                    const struct syn_case *the_case,
                                    struct syn_judgement *out);

/* What the report shows of a finding: the records, and the exchanges before the
 * decision. */
void syn_judge_put_evidence(struct syn_buf *out,
                            const struct syn_evidence *evidence,
                            const struct syn_judgement *judgement);

#endif
