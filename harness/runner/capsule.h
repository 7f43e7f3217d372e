/*
 * capsule.h - what it takes to run one failure again.
 * Layer: runner. Threads: values.
 * Source: design sections 3 (replay) and 7 (evidence);
 * docs/schema/capsule.schema.json.
 *
 * Everything that a row makes up (identities, canaries, credentials of the
 * embedded service) comes from the seed and the row's name, so these two are
 * the capsule; build, suite and actions let a reader tell whether the replay
 * is the same. Secrets are never in it: texts come from masked evidence.
 */
#ifndef SYN_RUNNER_CAPSULE_H
#define SYN_RUNNER_CAPSULE_H

#include "base/buf.h"
#include "report/result.h"
#include "runner/evidence.h"
#include "runner/plan.h"
#include "syn/arena.h"
#include "syn/status.h"

#include <stdint.h>

#define SYN_CAPSULE_FAULT_BYTES 512

struct syn_capsule {
    const char *version;
    const char *build;
    const char *suite; /* hash of rows and clauses */
    uint64_t seed;
    const char *target;      /* "embedded", or the target's name */
    const char *target_file; /* NULL: embedded */
    const char *target_url;  /* as in the target file; NULL: embedded */
    const char *clock;
    const char *limits;
    const char *row;  /* id */
    const char *type; /* NULL: none */
    unsigned repeat;
    const char *defect; /* NULL: none */
};

/* Append the capsule of a finding. */
void syn_capsule_put(struct syn_buf *out, const struct syn_capsule *capsule,
                     const struct syn_result *result,
                     const struct syn_evidence *evidence);

/* "acl.defaults.x.list.2.json": the name of its file, of `arena`; NULL when the
 * arena is full. */
const char *syn_capsule_file_name(struct syn_arena *arena,
                                  const struct syn_plan_entry *entry);

/* Errors: SYN_ERR_CONFIG, with file, place and reason in `fault`;
 * SYN_ERR_MEMORY. Texts belong to `arena`. */
SYN_MUST_CHECK syn_status syn_capsule_read(struct syn_arena *arena,
                                           const char *path,
                                           struct syn_capsule *out,
                                           char fault[SYN_CAPSULE_FAULT_BYTES]);

/* The row that the capsule is about, and the name of its entry in a plan ("id
 * [type]@defect#n"); false: this suite has no such row or type. */
bool syn_capsule_find(struct syn_arena *arena,
                      const struct syn_capsule *capsule,
                      const struct syn_suite *const *suites, const char **name);

#endif
