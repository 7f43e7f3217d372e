/*
 * plot.c - curves over time as SVG within a page.
 * Layer: load. Threads: values.
 *
 * Coordinates are whole numbers of a wide view box, so no locale can put a
 * comma there. Where a curve has no value its path is broken: nothing is drawn
 * that was not measured.
 */
#include "load/plot.h"

#define US_PER_S   INT64_C(1000000)
#define US_PER_MS  1000.0
#define WIDTH      1800
#define HEIGHT     520
#define LEFT       150
#define RIGHT      1740
#define TOP        50
#define BOTTOM     460
#define TICKS      4
#define DECADES    12
#define LOG_LEAST  0.001 /* of a log axis, in ms: 1 us */
#define TEN        10.0
#define TIME_TICKS 6

struct axis {
    double low;
    double high;
    bool is_log;
    int decades; /* of a log axis */
};

double syn_load_curve_value(const struct syn_load_curve *curve,
                            const struct syn_load_result *result, size_t slot)
{
    const struct syn_load_slot *at = &result->slots[slot];
    if (!curve->is_latency) {
        return (double)at->counts[curve->column] / result->slot_s;
    }
    struct syn_hist delivery;
    if (!syn_load_slot_delivery(result, slot, &delivery) ||
        delivery.count == 0) {
        return -1;
    }
    return (double)syn_hist_percentile(&delivery, curve->percent) / US_PER_MS;
}

static double find_extreme(const struct syn_load_chart *chart,
                           const struct syn_load_result *result, bool is_least)
{
    double found = 0;
    for (size_t c = 0; c < SYN_LOAD_CURVES_MAX && chart->curves[c].name != NULL;
         c++) {
        for (size_t i = 0; i < result->slot_count; i++) {
            double value = syn_load_curve_value(&chart->curves[c], result, i);
            bool is_better =
                value > 0 &&
                (!(found > 0) || (is_least ? value < found : value > found));
            found = is_better ? value : found;
        }
    }
    return found;
}

/* 1, 2 or 5 times a power of ten, at least `value`. */
static double round_up(double value)
{
    static const double steps[] = {1, 2, 5, 10};
    double power = LOG_LEAST;
    while (power * TEN < value) {
        power *= TEN;
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i] * power >= value) {
            return steps[i] * power;
        }
    }
    return value;
}

static struct axis make_axis(const struct syn_load_chart *chart, double least,
                             double most)
{
    struct axis axis = {.high = round_up(most), .is_log = chart->is_log};
    if (!axis.is_log) {
        return axis;
    }
    axis.low = LOG_LEAST;
    while (axis.low * TEN <= least) {
        axis.low *= TEN;
    }
    axis.high = axis.low;
    while (axis.high < most && axis.decades < DECADES) {
        axis.high *= TEN;
        axis.decades++;
    }
    axis.decades = axis.decades == 0 ? 1 : axis.decades;
    return axis;
}

/* How high a value stands on its axis, from 0 to 1. A decade of the log axis is
 * straightened by halves: 1, 2, 4, 8 are drawn at their right heights and what
 * is between them on a line, which no eye can tell from a logarithm. */
static double height_of(const struct axis *axis, double value)
{
    static const double log_of_two = 0.30103;
    double left = value;
    double floor = axis->low;
    double height = 0;
    if (!axis->is_log) {
        return value / axis->high;
    }
    if (left <= floor) {
        return 0;
    }
    while (left >= floor * 2) {
        floor *= 2;
        height += log_of_two;
    }
    height += (left / floor - 1) * log_of_two;
    return height / axis->decades > 1 ? 1 : height / axis->decades;
}

static int y_of(const struct axis *axis, double value)
{
    return BOTTOM - (int)(height_of(axis, value) * (BOTTOM - TOP) + 0.5);
}

static int x_of(const struct syn_load_result *result, size_t slot)
{
    return LEFT +
           (int)((int64_t)slot * (RIGHT - LEFT) / (int64_t)result->slot_count);
}

/* Up to three decimals without trailing zeros. */
static void put_number(struct syn_buf *out, double value)
{
    static const long long thousand = 1000;
    long long milli = (long long)(value * (double)thousand + 0.5);
    syn_buf_put_i64(out, milli / thousand);
    long long part = milli % thousand;
    if (part != 0) {
        int digits = part % 100 == 0 ? 1 : part % 10 == 0 ? 2 : 3;
        part = digits == 1 ? part / 100 : digits == 2 ? part / 10 : part;
        syn_buf_printf(out, ".%0*lld", digits, part);
    }
}

static void put_y_tick(struct syn_buf *out, const struct axis *axis,
                       double value)
{
    int y = y_of(axis, value);
    syn_buf_printf(out,
                   "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" "
                   "class=\"g\"/><text x=\"%d\" y=\"%d\" class=\"y\">",
                   LEFT, RIGHT, y, y, LEFT - 12, y + 8);
    put_number(out, value);
    syn_buf_put_text(out, "</text>");
}

static void put_axes(struct syn_buf *out, const struct axis *axis,
                     const struct syn_load_result *result)
{
    double value = axis->low;
    int ticks = axis->is_log ? axis->decades : TICKS;
    for (int i = 0; i <= ticks; i++) {
        put_y_tick(out, axis, axis->is_log ? value : axis->high * i / ticks);
        value *= TEN;
    }
    for (size_t i = 0; i <= TIME_TICKS; i++) {
        size_t slot = result->slot_count * i / TIME_TICKS;
        syn_buf_printf(out, "<text x=\"%d\" y=\"%d\" class=\"x\">%llu s</text>",
                       x_of(result, slot), BOTTOM + 36,
                       (unsigned long long)slot * result->slot_s);
    }
}

/* Ramp and warm-up stand on grey: they are in no total. */
static void put_lead(struct syn_buf *out, const struct syn_load_result *result)
{
    int64_t lead_s = syn_load_plan_lead_us(&result->plan) / US_PER_S;
    int x = x_of(result, (size_t)(lead_s / result->slot_s));
    if (x > LEFT) {
        syn_buf_printf(out,
                       "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                       "class=\"w\"/>",
                       LEFT, TOP, x - LEFT, BOTTOM - TOP);
    }
}

static void put_curve(struct syn_buf *out, const struct syn_load_curve *curve,
                      const struct axis *axis,
                      const struct syn_load_result *result)
{
    bool is_down = false;
    syn_buf_printf(out, "<path stroke=\"%s\" d=\"", curve->color);
    for (size_t i = 0; i < result->slot_count; i++) {
        double value = syn_load_curve_value(curve, result, i);
        if (value < 0) {
            is_down = false;
            continue;
        }
        syn_buf_printf(out, "%c%d %d", is_down ? 'L' : 'M', x_of(result, i),
                       y_of(axis, value));
        if (!is_down) { /* a lone point has a length too */
            syn_buf_put_text(out, "h1");
        }
        is_down = true;
    }
    syn_buf_put_text(out, "\"/>\n");
}

static void put_legend(struct syn_buf *out, const struct syn_load_chart *chart)
{
    int x = LEFT;
    for (size_t c = 0; c < SYN_LOAD_CURVES_MAX && chart->curves[c].name != NULL;
         c++) {
        syn_buf_printf(out,
                       "<rect x=\"%d\" y=\"14\" width=\"24\" height=\"14\" "
                       "fill=\"%s\"/><text x=\"%d\" y=\"30\">%s</text>",
                       x, chart->curves[c].color, x + 34,
                       chart->curves[c].name);
        x += 300;
    }
}

void syn_load_plot_put(struct syn_buf *out, const struct syn_load_chart *chart,
                       const struct syn_load_result *result)
{
    double most = find_extreme(chart, result, false);
    if (!(most > 0)) {
        return;
    }
    struct axis axis =
        make_axis(chart, find_extreme(chart, result, true), most);
    syn_buf_printf(out,
                   "<figure><figcaption>%s (%s)</figcaption>"
                   "<svg viewBox=\"0 0 %d %d\" role=\"img\">\n",
                   chart->title, chart->unit, WIDTH, HEIGHT);
    put_lead(out, result);
    put_axes(out, &axis, result);
    put_legend(out, chart);
    for (size_t c = 0; c < SYN_LOAD_CURVES_MAX && chart->curves[c].name != NULL;
         c++) {
        put_curve(out, &chart->curves[c], &axis, result);
    }
    syn_buf_put_text(out, "</svg></figure>\n");
}
