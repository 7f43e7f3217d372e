/*
 * pace.h - the same request so often each second, and what came of it.
 * Layer: public. Threads: the row's. Source: rest.md section 6.
 *
 * Rows about rates keep a pace on the run's clock and judge the tally: what is
 * within a published rate has to be accepted, a sustained excess refused.
 */
#ifndef SYN_PACE_H
#define SYN_PACE_H

#include "syn/client.h"
#include "syn/scenario.h"

/* What came of a number of requests. */
struct syn_tally {
    unsigned accepted;
    unsigned throttled;       /* 429 */
    unsigned other;           /* refused otherwise, or not answered */
    struct syn_reply refusal; /* the last of 429 */
};

/* Take one reply into the tally. */
void syn_tally_count(struct syn_tally *tally, struct syn_reply reply);

/* Who does what to what; `do_once` may use every member. */
struct syn_pace {
    struct syn_run *run;
    struct syn_backend *backend;
    struct syn_thing *thing;
    const char *data; /* NULL: made up */
    unsigned made;    /* for a counter of the row's */
    struct syn_reply (*do_once)(struct syn_pace *pace);
};

/* Create the row's object and set the pace to changing it; false when it
 * could not be made. */
bool syn_pace_prepare(struct syn_run *run, struct syn_pace *pace,
                      struct syn_thing *thing);

/* One change of the object that its subscribers hear. */
struct syn_reply syn_pace_change(struct syn_pace *pace);

/* `rate` requests each second, `span_s` seconds long. */
struct syn_tally syn_pace_keep(struct syn_pace *pace, unsigned rate,
                               unsigned span_s);

/* None was refused. */
void syn_expect_unthrottled(struct syn_run *run, const char *what,
                            const struct syn_tally *tally);

/* Some were refused, with the code for it, and no more were accepted than
 * `accepted_max` and a tenth of it. */
void syn_expect_throttled(struct syn_run *run, const char *what,
                          const struct syn_tally *tally, unsigned accepted_max);

#endif
