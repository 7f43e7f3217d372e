/*
 * select.h - which rows the user asked for.
 * Layer: runner. Threads: values. Source: design section 3.
 */
#ifndef SYN_RUNNER_SELECT_H
#define SYN_RUNNER_SELECT_H

#include "syn/scenario.h"
#include "syn/status.h"

#include <stdbool.h>
#include <stddef.h>

enum syn_profile {
    SYN_PROFILE_NIGHTLY, /* all rows */
    SYN_PROFILE_RELEASE, /* MUST and SHOULD estimated under 60 s */
    SYN_PROFILE_PRE_ACL  /* MUST rows of ACL and TOK estimated under 5 s */
};

/* False: no such profile. */
bool syn_profile_from_name(const char *name, enum syn_profile *out);

/* Zero selects everything. Texts are borrowed. */
struct syn_selection {
    const char *const *prefixes; /* of ids; one must fit */
    size_t prefix_count;
    const char *const *tags; /* one must be the row's */
    size_t tag_count;
    unsigned levels; /* 1u << enum syn_level; 0: all */
    enum syn_profile profile;
    const char *defect; /* only rows that name it; NULL: all */
};

/* Does it leave anything out (`defect` apart)? */
bool syn_selection_is_narrow(const struct syn_selection *selection);

bool syn_select_has(const struct syn_selection *selection,
                    const struct syn_scenario *row);

#define SYN_SELECT_FAULT_BYTES 256

/* Does each prefix and tag fit at least one row, and all together too? Errors:
 * SYN_ERR_CONFIG with one sentence in `fault` (exit 64). */
SYN_MUST_CHECK syn_status syn_select_check(
    const struct syn_selection *selection,
    const struct syn_suite *const *suites, char fault[SYN_SELECT_FAULT_BYTES]);

/* Is `word` one of `words` (blank between, NULL: none)? */
bool syn_select_has_word(const char *words, const char *word);

#endif
