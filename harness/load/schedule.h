/*
 * schedule.h - when each operation is due: an open loop.
 * Layer: load. Threads: pure functions.
 * Source: design section 9.
 *
 * The k-th operation has its time from the start, whatever became of those
 * before it, so a service that stalls is charged for everything that was due
 * meanwhile. A growing rate is the same with another curve.
 */
#ifndef SYN_LOAD_SCHEDULE_H
#define SYN_LOAD_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct syn_load_schedule {
    int64_t begin_us;  /* of the first */
    int64_t span_us;   /* nothing is due after it */
    double rate_per_s; /* constant, or reached at the end of a ramp */
    bool is_ramp;
    uint64_t next; /* index of the next operation */
};

/* When the k-th operation is due, from 0. */
int64_t syn_load_schedule_at(const struct syn_load_schedule *schedule,
                             uint64_t index);

/* Take the next operation if it is due: true, with its time. */
bool syn_load_schedule_take(struct syn_load_schedule *schedule, int64_t now_us,
                            int64_t *due_us);

/* When the next one is due; INT64_MAX: none is left. */
int64_t syn_load_schedule_next(const struct syn_load_schedule *schedule);

#endif
