/*
 * schedule.c - see schedule.h.
 */
#include "load/schedule.h"

#include <math.h>

#define US_PER_S 1e6

/*
 * Constant: rate * t operations in t. Ramp: the rate is R * t / T, so
 * R * t² / 2T operations in t; solved for t.
 */
int64_t syn_load_schedule_at(const struct syn_load_schedule *schedule,
                             uint64_t index)
{
    if (schedule->rate_per_s <= 0) {
        return INT64_MAX;
    }
    const double k = (double)index;
    double at_s = k / schedule->rate_per_s;
    if (schedule->is_ramp) {
        const double span_s = (double)schedule->span_us / US_PER_S;
        at_s = sqrt(2 * span_s * k / schedule->rate_per_s);
    }
    const double at_us = at_s * US_PER_S;
    return at_us > (double)schedule->span_us
               ? INT64_MAX
               : schedule->begin_us + (int64_t)at_us;
}

int64_t syn_load_schedule_next(const struct syn_load_schedule *schedule)
{
    const int64_t due_us = syn_load_schedule_at(schedule, schedule->next);
    const bool is_over =
        due_us == INT64_MAX || due_us - schedule->begin_us >= schedule->span_us;
    return is_over ? INT64_MAX : due_us;
}

bool syn_load_schedule_take(struct syn_load_schedule *schedule, int64_t now_us,
                            int64_t *due_us)
{
    const int64_t next_us = syn_load_schedule_next(schedule);
    if (next_us > now_us) {
        return false;
    }
    *due_us = next_us;
    schedule->next++;
    return true;
}
