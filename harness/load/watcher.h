/*
 * watcher.h - the oracle of a stress run: one subscriber, one event, a verdict.
 * Layer: load. Threads: pure functions.
 * Source: design section 9; sdk-protocol.md sections 9, 10; ACL and SDK
 * clauses.
 *
 * Changes of an object are numbered 1, 2, … in the order in which its one
 * writer sent them: the ordinal. The service numbers events itself, and both
 * must agree, so every frame can be judged at once, at any rate, from a few
 * bytes of memory: is it the next one, was it heard before, may this client
 * hear it at all?
 *
 * Causality, not clocks, decides about rights: what was sent after a revocation
 * was acknowledged may not be heard, however late the frame comes; what was
 * sent before may. Only expiry is a matter of clocks, with a margin for theirs.
 */
#ifndef SYN_LOAD_WATCHER_H
#define SYN_LOAD_WATCHER_H

#include "load/result.h"
#include "syn/object.h"

#include <stdbool.h>
#include <stdint.h>

#define SYN_LOAD_NEVER INT64_MAX /* an end that does not come */

enum syn_load_grant {
    SYN_LOAD_GRANT_NONE,     /* never given: nothing may be heard */
    SYN_LOAD_GRANT_HELD,     /* and acknowledged */
    SYN_LOAD_GRANT_CHANGING, /* a flip is under way: both are right */
    SYN_LOAD_GRANT_REVOKED   /* acknowledged; see revoked_at */
};

/* What one subscriber has heard of one object. 24 bytes: there are many. */
struct syn_load_watch {
    uint32_t last;       /* newest ordinal heard or known; 0: none */
    uint32_t revoked_at; /* ordinal of the last change sent before the
                            revocation was acknowledged */
    uint64_t heard;      /* bit i: ordinal last - 1 - i was heard */
    uint8_t grant;       /* enum syn_load_grant */
    bool is_fresh;       /* streams: nothing heard since subscribing */
    bool is_quiet;       /* cancelled on our wish and confirmed */
    bool is_over;        /* its removal was heard */
    bool is_asked_again; /* the outcome was late: two replays may come */
};

/* What is so at this moment, as the generator knows it. */
struct syn_load_truth {
    enum syn_type type;
    uint32_t sent;          /* ordinal of the newest change sent */
    int64_t token_end_us;   /* of the session; SYN_LOAD_NEVER: none */
    int64_t object_end_us;  /* likewise */
    int64_t margin_us;      /* between the clocks of both sides */
    bool is_loose;          /* a write was not answered: content unsure */
    bool is_removal_due;    /* the object may go away */
    uint32_t object_number; /* that its changes carry */
};

/* An event as the frame tells it. */
struct syn_load_heard {
    bool is_removal; /* of the object */
    bool is_replay;
    uint32_t ordinal;       /* from the event's id; streams: from the data */
    uint32_t content;       /* ordinal in the data; 0: cannot be read */
    uint32_t object_number; /* in the data */
    int64_t due_us;         /* in the data: when the change was due */
};

struct syn_load_verdict {
    uint32_t violations[SYN_LOAD_PROPERTY_COUNT]; /* how many of each */
    const char *why; /* of the first; static text, NULL: all is well */
    uint32_t news;   /* changes that this event brings past `last` */
    bool is_leak;    /* heard after an acknowledged revocation */
};

/* Judge an event, and take it in. */
struct syn_load_verdict
syn_load_watch_event(struct syn_load_watch *watch,
                     const struct syn_load_truth *truth,
                     const struct syn_load_heard *heard);

/* A subscription begins from what was read: everything up to `ordinal` is
 * known. */
void syn_load_watch_begin(struct syn_load_watch *watch, uint32_t ordinal);

/*
 * The service says that all up to `ordinal` has been told. `is_complete`:
 * replays were. Judges what was lost, and whether one could be subscribed.
 */
struct syn_load_verdict
syn_load_watch_established(struct syn_load_watch *watch,
                           const struct syn_load_truth *truth, uint32_t ordinal,
                           bool is_complete);

/* The service refuses: right or wrong? */
struct syn_load_verdict
syn_load_watch_refused(const struct syn_load_watch *watch,
                       const struct syn_load_truth *truth, unsigned http);

/* The grant as the generator changes it. */
void syn_load_watch_grant(struct syn_load_watch *watch,
                          enum syn_load_grant grant, uint32_t sent);

/*
 * The run is over, nothing is under way: does the subscriber know all that
 * REST shows (`rest`, an ordinal), and does REST show all that was
 * acknowledged?
 */
struct syn_load_verdict
syn_load_watch_settled(const struct syn_load_watch *watch,
                       const struct syn_load_truth *truth, uint32_t acked,
                       uint32_t rest);

#endif
