/*
 * bug.h - every seeded defect: of our service, our client, our instances.
 * Layer: runner. Threads: constants.
 */
#ifndef SYN_RUNNER_BUG_H
#define SYN_RUNNER_BUG_H

#include <stdbool.h>
#include <stddef.h>

/* Where it is planted. */
enum syn_bug_seat {
    SYN_BUG_SERVICE,
    SYN_BUG_CLIENT,  /* the users of the row */
    SYN_BUG_INSTANCE /* what stands beside the service: instance.h */
};

struct syn_bug {
    const char *name;
    const char *title;
    const char *clause;
    enum syn_bug_seat seat;
    bool is_field; /* every row is run against it, named or not */
};

/* The n-th, those of the service first, of the client next; false past the
 * end. */
bool syn_bug_at(size_t index, struct syn_bug *out);

/* False: no such defect. `out` may be NULL. */
bool syn_bug_find(const char *name, struct syn_bug *out);

size_t syn_bug_count(void);

#endif
