/*
 * dryrun.h - the verb `dryrun`: what would the flip have broken?
 * Layer: gate. Threads: the main process.
 * Source: design section 8.
 */
#ifndef SYN_GATE_DRYRUN_H
#define SYN_GATE_DRYRUN_H

#include "gate/book.h"
#include "gate/grants.h"
#include "runner/runner.h"

#define SYN_DRYRUN_FAULT_BYTES 512

struct syn_dryrun_options {
    const struct syn_runner_options *runner; /* reports, style, baseline */
    const char *trace_path;
    const char *flip_at;    /* a date, or ms since the trace began; NULL: end */
    const char *names_path; /* map of pseudonyms; NULL: none */
    const struct syn_readings *readings; /* NULL: as the reference */
    const char *plan_path;               /* NULL: none */
    const char *grants_path; /* to write; NULL: not, likewise below */
    const char *curl_path;
    const char *draft_path;
};

/* Everything that a dry run knows. */
struct syn_dryrun {
    struct syn_arena *arena;
    const struct syn_dryrun_options *options;
    const struct syn_trace *trace;
    struct syn_history *history;
    struct syn_pseudonyms *names;
    int64_t flip_ms;
    struct syn_grant_set plain;
    struct syn_grant_set pessimistic;
    struct syn_grants_output output;
    struct syn_book book;
    struct syn_readings readings;
    size_t denials; /* kinds of denial: identity, object, right */
    size_t covered; /* of these, mended by the plan */
};

/* Do all of it; returns the exit code. */
int syn_dryrun_run(struct syn_arena *arena,
                   const struct syn_dryrun_options *options);

/* dryrun_find.c: results into the book. Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_dryrun_judge(struct syn_dryrun *dryrun);

/* "dryrun/denied/object/identity/right", of the arena; NULL: out of memory. */
const char *syn_dryrun_denial_id(struct syn_dryrun *dryrun,
                                 const struct syn_lack *need, size_t bit);

/* dryrun_plan.c: what the plan leaves dark fails, what its grants mend is no
 * failure. Errors: SYN_ERR_CONFIG with `fault`, SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_dryrun_judge_plan(
    struct syn_dryrun *dryrun, char fault[SYN_DRYRUN_FAULT_BYTES]);

/* Sixteen hex digits of what is denied and why the oracle says so: the same
 * denial for another reason is another failure. Of the arena; NULL: out of
 * memory. */
const char *syn_dryrun_signature(struct syn_arena *arena, const char *id,
                                 const struct syn_ruling *why);

#endif
