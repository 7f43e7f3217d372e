/*
 * metric.h - figures of a result by name, and thresholds over them.
 * Layer: load. Threads: independent calls.
 * Source: design section 9.
 *
 * `delivery.p99` is a percentile of a histogram, also `.max`, `.min`, `.count`;
 * `achieved.rate` is of the measured part of a series, `connects.peak` the
 * highest of the whole run, ramp included;
 * `oracle.gap` counts violations; counters and gauges have their own names;
 * `send.dropped.share` is one counter in percent of another.
 */
#ifndef SYN_LOAD_METRIC_H
#define SYN_LOAD_METRIC_H

#include "load/result.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>

enum syn_load_unit {
    SYN_LOAD_UNIT_COUNT,
    SYN_LOAD_UNIT_TIME,    /* values in us */
    SYN_LOAD_UNIT_RATE,    /* per second */
    SYN_LOAD_UNIT_PERCENT, /* values from 0 */
    SYN_LOAD_UNIT_BYTES
};

enum syn_load_metric_kind {
    SYN_LOAD_METRIC_COUNTER,
    SYN_LOAD_METRIC_GAUGE,
    SYN_LOAD_METRIC_PERCENTILE,
    SYN_LOAD_METRIC_MIN,
    SYN_LOAD_METRIC_MAX,
    SYN_LOAD_METRIC_VALUES, /* how many a histogram holds */
    SYN_LOAD_METRIC_RATE,
    SYN_LOAD_METRIC_PEAK,
    SYN_LOAD_METRIC_FINDING,
    SYN_LOAD_METRIC_FINDINGS, /* of all properties */
    SYN_LOAD_METRIC_SHARE
};

struct syn_load_metric {
    enum syn_load_metric_kind kind;
    enum syn_load_unit unit;
    unsigned index; /* of the counter, gauge, histogram, … */
    double percent; /* of a percentile */
};

/* False: no metric has this name. */
bool syn_load_metric_find(struct syn_str name, struct syn_load_metric *out);

/* False: the run has no sample of it, so nothing can be said. */
bool syn_load_metric_value(const struct syn_load_metric *metric,
                           const struct syn_load_result *result, double *out);

#define SYN_LOAD_VALUE_BYTES 48

/* "1.25 ms", "2000.0/s", "17", "99.9 %", "12.3 MB"; a point in any locale. */
void syn_load_value_text(enum syn_load_unit unit, double value,
                         char text[SYN_LOAD_VALUE_BYTES]);

/* The table of names, for help: number `index`, with what it is; false past
 * the end. `name` has room for SYN_LOAD_NAME_BYTES. */
#define SYN_LOAD_NAME_BYTES 64
bool syn_load_metric_list(size_t index, char name[SYN_LOAD_NAME_BYTES],
                          const char **what);

/* --- thresholds -----------------------------------------------------------
 */

enum syn_load_compare {
    SYN_LOAD_LESS,
    SYN_LOAD_LESS_EQUAL,
    SYN_LOAD_GREATER,
    SYN_LOAD_GREATER_EQUAL,
    SYN_LOAD_EQUAL
};

struct syn_load_threshold {
    const char *text; /* "revoke.latency.p99<1s", borrowed */
    struct syn_load_metric metric;
    enum syn_load_compare compare;
    double limit; /* in the metric's unit */
};

#define SYN_LOAD_FAULT_BYTES 512

/* METRIC, one of < <= > >= ==, a number with a unit that suits the metric: us,
 * ms, s, min for times (none is refused), B, KB, MB, GB (of 1,000), KiB, MiB,
 * GiB, % and /s for theirs. Errors: SYN_ERR_CONFIG, with a sentence. */
SYN_MUST_CHECK syn_status
syn_load_threshold_read(const char *text, struct syn_load_threshold *out,
                        char fault[SYN_LOAD_FAULT_BYTES]);

enum syn_load_judgement {
    SYN_LOAD_KEPT,
    SYN_LOAD_MISSED,
    SYN_LOAD_UNKNOWN /* without a sample */
};
enum syn_load_judgement
syn_load_threshold_judge(const struct syn_load_threshold *threshold,
                         const struct syn_load_result *result, double *value);

#endif
