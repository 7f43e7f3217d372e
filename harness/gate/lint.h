/*
 * lint.h - what is wrong with a plan before anything is tried.
 * Layer: gate. Threads: values.
 * Source: design section 8.
 */
#ifndef SYN_GATE_LINT_H
#define SYN_GATE_LINT_H

#include "gate/plan.h"
#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>

#define SYN_LINT_SHARED_STREAM "shared-stream"

enum syn_lint_level { SYN_LINT_ERROR, SYN_LINT_WARNING };

struct syn_lint {
    const char *name; /* of waivers and reports */
    enum syn_lint_level level;
    const char *clause; /* that it follows from */
    const char *title;  /* what is wrong, in a sentence */
};

struct syn_lint_finding {
    const struct syn_lint *lint;
    const char *place;                    /* in the plan */
    const struct syn_gate_entry *entry;   /* NULL: about no object */
    size_t identity;                      /* SYN_GATE_NONE: about nobody */
    struct syn_str text;                  /* what was found, a sentence */
    const struct syn_gate_waiver *waiver; /* that excuses it; NULL: none */
};

struct syn_lint_findings {
    struct syn_lint_finding *at;
    size_t count;
};

/* Lints by place; NULL at the end. Start with *cursor = 0. */
const struct syn_lint *syn_lint_next(size_t *cursor);

/* Is there a lint of this name? */
bool syn_lint_is_known(struct syn_str name);

/*
 * All findings, excused ones included, in the order of the table. `today` is
 * "YYYY-MM-DD". Errors: SYN_ERR_MEMORY; SYN_ERR_CONFIG with `fault` when the
 * plan does not expand.
 */
SYN_MUST_CHECK syn_status syn_lint_run(struct syn_arena *arena,
                                       const struct syn_gate_plan *plan,
                                       const char *today,
                                       char fault[SYN_GATE_FAULT_BYTES],
                                       struct syn_lint_findings *out);

/* Not excused and of level error. */
bool syn_lint_is_blocker(const struct syn_lint_finding *finding);

#endif
