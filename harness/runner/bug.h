/*
 * bug.h - every seeded defect, whether in our service or in our client.
 * Layer: runner. Threads: constants.
 */
#ifndef SYN_RUNNER_BUG_H
#define SYN_RUNNER_BUG_H

#include <stdbool.h>
#include <stddef.h>

struct syn_bug {
    const char *name;
    const char *title;
    const char *clause;
    bool is_client; /* planted in the users, not in the service */
};

/* The n-th, those of the service first; false past the end. */
bool syn_bug_at(size_t index, struct syn_bug *out);

/* False: no such defect. `out` may be NULL. */
bool syn_bug_find(const char *name, struct syn_bug *out);

size_t syn_bug_count(void);

#endif
