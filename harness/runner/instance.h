/*
 * instance.h - what is not the service, sound or with one fault: issuers,
 * receivers, apps and set-ups.
 * Layer: runner. Threads: constants.
 * Source: design section 7 ("each subject has its own seeded bad instances");
 *         fixtures/issuers, receivers, apps and audits, compiled in.
 *
 * The name of an instance is its folder and file: fixtures/issuers/bad-x.json
 * is "issuer/x". The sound one of each kind is "issuer/good". The others are
 * the seeded defects of rows about their kind.
 */
#ifndef SYN_RUNNER_INSTANCE_H
#define SYN_RUNNER_INSTANCE_H

#include "base/json.h"
#include "syn/arena.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>

struct syn_instance {
    const char *name;   /* "issuer/open-to-anyone" */
    const char *clause; /* that it breaks; "": the sound one */
    const char *title;
    const char *text; /* JSON with comments */
};

/* Made by instance_gen; a row of NULLs ends it. */
extern const struct syn_instance syn_instances[];

/* The n-th with a fault; NULL past the end. */
const struct syn_instance *syn_instance_bad_at(size_t index);

/* What a row with this defect (NULL: none) meets where it needs one of `kind`,
 * "issuer": the defect itself if it is of that kind, else the sound one. NULL:
 * there is none. */
const struct syn_instance *syn_instance_for(const char *kind,
                                            const char *defect);

/* Its settings; belongs to `arena`. NULL: out of memory. */
const struct syn_json *
syn_instance_settings(struct syn_arena *arena,
                      const struct syn_instance *instance);

#endif
