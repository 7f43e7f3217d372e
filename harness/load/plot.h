/*
 * plot.h - curves over time as SVG within a page.
 * Layer: load, private to its reports. Threads: values.
 */
#ifndef SYN_LOAD_PLOT_H
#define SYN_LOAD_PLOT_H

#include "base/buf.h"
#include "load/result.h"

#include <stdbool.h>
#include <stddef.h>

#define SYN_LOAD_CURVES_MAX 4

/* One curve: a column per second, or a percentile of the delivery in ms. */
struct syn_load_curve {
    const char *name; /* NULL: no more curves */
    const char *color;
    bool is_latency;
    unsigned column; /* enum syn_load_series */
    double percent;
};

struct syn_load_chart {
    const char *title;
    const char *unit;
    bool is_log; /* a decade as high as the next */
    struct syn_load_curve curves[SYN_LOAD_CURVES_MAX];
};

/* Value of a curve in a slot; under 0: none. */
double syn_load_curve_value(const struct syn_load_curve *curve,
                            const struct syn_load_result *result, size_t slot);

/* Append the chart; nothing when no curve has a value over 0. */
void syn_load_plot_put(struct syn_buf *out, const struct syn_load_chart *chart,
                       const struct syn_load_result *result);

#endif
