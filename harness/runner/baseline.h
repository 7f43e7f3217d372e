/*
 * baseline.h - failures that are known, each for a reason and for a time.
 * Layer: runner. Threads: immutable once read.
 * Source: design sections 3 and 7; docs/schema/baseline.schema.json.
 *
 *   {"baseline": 1, "entries": [
 *     {"id": "acl/defaults/rest-created-closed[list]",
 *      "reason": "…", "ticket": "SYNC-12", "owner": "ann",
 *      "expires": "2027-01-31", "signature": "0011223344556677"}]}
 *
 * The signature is that of the failure that is known: another one in the same
 * row is news and is not excused.
 */
#ifndef SYN_RUNNER_BASELINE_H
#define SYN_RUNNER_BASELINE_H

#include "runner/evidence.h"
#include "runner/judge.h"
#include "syn/arena.h"
#include "syn/scenario.h"
#include "syn/status.h"

#include <stddef.h>

#define SYN_BASELINE_FAULT_BYTES 512
#define SYN_SIGNATURE_BYTES      17 /* sixteen hex digits */
#define SYN_DAY_BYTES            11 /* "2027-01-31" */

struct syn_baseline_entry {
    const char *id; /* "acl/x[list]", for every repeat of it */
    const char *reason;
    const char *ticket;
    const char *owner;
    const char *expires; /* the last day it excuses */
    const char *signature;
};

struct syn_baseline {
    const struct syn_baseline_entry *entries;
    size_t count;
    char today[SYN_DAY_BYTES];
};

/* Which file, for which suite, on which day ("2026-11-21"). Without suites
 * (NULL) an id may be anything: the verb knows no rows beforehand. */
struct syn_baseline_source {
    const char *path;
    const char *today;
    const struct syn_suite *const *suites;
};

/* Errors: SYN_ERR_CONFIG, with file, line, place and reason in `fault`;
 * SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_baseline_read(
    struct syn_arena *arena, const struct syn_baseline_source *source,
    struct syn_baseline *out, char fault[SYN_BASELINE_FAULT_BYTES]);

/* What broke, without what differs from run to run (sids, canaries, ports,
 * times), as sixteen hex digits. "" when nothing broke. */
void syn_signature_of(const struct syn_evidence *evidence,
                      char out[SYN_SIGNATURE_BYTES]);

/* Turn a failure that the baseline knows into xfail, a pass that it does not
 * expect into xpass; anything else stays, with the reason told. Errors:
 * SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_baseline_apply(
    const struct syn_baseline *baseline, struct syn_arena *arena,
    const char *id, const char *signature, struct syn_judgement *judgement);

#endif
