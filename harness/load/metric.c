/*
 * metric.c - figures by name.
 * Layer: load. Threads: independent calls.
 *
 * A name is that of a counter, gauge or share as it stands in its table, or a
 * histogram or column with an ending. Tables are short, so they are searched
 * from front to end.
 */
#include "load/metric.h"

#include <stdio.h>
#include <string.h>

#define US_PER_MS   1000.0
#define US_PER_S    1000000.0
#define PERCENT_ALL 100.0
#define KILO        1000.0
#define PERCENT_MAX 100u
#define FRACTION    1000u /* p99.999 is the finest */

struct row {
    const char *name;
    const char *what;
};

#define AS_ROW(name, metric, what) {metric, what},
static const struct row counters[] = {SYN_LOAD_COUNTER_MAP(AS_ROW)};
static const struct row hists[] = {SYN_LOAD_HIST_MAP(AS_ROW)};
static const struct row columns[] = {SYN_LOAD_SERIES_MAP(AS_ROW)};
static const struct row properties[] = {SYN_LOAD_PROPERTY_MAP(AS_ROW)};
#define AS_GAUGE_ROW(name, metric, unit, joined, what) {metric, what},
static const struct row gauges[] = {SYN_LOAD_GAUGE_MAP(AS_GAUGE_ROW)};
#define AS_GAUGE_UNIT(name, metric, unit, joined, what) unit,
static const char *const gauge_units[] = {SYN_LOAD_GAUGE_MAP(AS_GAUGE_UNIT)};

/* One counter in percent of another. */
static const struct share {
    const char *name;
    const char *what;
    enum syn_load_counter part;
    enum syn_load_counter whole;
} shares[] = {
    {"connect.failed.share", "connections that failed, of those tried",
     SYN_LOAD_CONNECTS_FAILED, SYN_LOAD_CONNECTS_TRIED},
    {"send.late.share", "operations sent late, of those due",
     SYN_LOAD_SENDS_LATE, SYN_LOAD_SENDS_DUE},
    {"send.dropped.share", "operations never sent, of those due",
     SYN_LOAD_SENDS_DROPPED, SYN_LOAD_SENDS_DUE},
    {"send.failed.share", "unexpected errors, of operations sent",
     SYN_LOAD_SENDS_FAILED, SYN_LOAD_SENDS_DONE},
    {"send.throttled.share", "answers of 429, of operations sent",
     SYN_LOAD_SENDS_THROTTLED, SYN_LOAD_SENDS_DONE},
    {"event.heard.share", "deliveries that came, of those due",
     SYN_LOAD_EVENTS_HEARD, SYN_LOAD_EVENTS_DUE},
    {"reconnect.resumed.share", "resumed by continuation token",
     SYN_LOAD_RESUMES, SYN_LOAD_RECONNECTS},
    {"backoff.kept.share", "reconnects not before the asked delay",
     SYN_LOAD_BACKOFFS_KEPT, SYN_LOAD_BACKOFFS},
};

/* Endings of histograms; percentiles (".p99.9") are read apart. */
static const struct ending {
    const char *name;
    enum syn_load_metric_kind kind;
    enum syn_load_unit unit;
} hist_endings[] = {
    {".min", SYN_LOAD_METRIC_MIN, SYN_LOAD_UNIT_TIME},
    {".max", SYN_LOAD_METRIC_MAX, SYN_LOAD_UNIT_TIME},
    {".count", SYN_LOAD_METRIC_VALUES, SYN_LOAD_UNIT_COUNT},
};
static const struct ending column_endings[] = {
    {".rate", SYN_LOAD_METRIC_RATE, SYN_LOAD_UNIT_RATE},
    {".peak", SYN_LOAD_METRIC_PEAK, SYN_LOAD_UNIT_RATE},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static enum syn_load_unit unit_of_gauge(const char *unit)
{
    static const struct {
        const char *name;
        enum syn_load_unit unit;
    } units[] = {{"%", SYN_LOAD_UNIT_PERCENT},
                 {"B", SYN_LOAD_UNIT_BYTES},
                 {"us", SYN_LOAD_UNIT_TIME}};
    for (size_t i = 0; i < COUNT(units); i++) {
        if (strcmp(units[i].name, unit) == 0) {
            return units[i].unit;
        }
    }
    return SYN_LOAD_UNIT_COUNT;
}

/* ".p99", ".p99.9", ".p100": digits with at most three behind the point. */
static bool read_percentile(struct syn_str ending, double *percent)
{
    uint64_t whole = 0;
    uint64_t part = 0;
    unsigned scale = 1;
    if (!syn_str_has_prefix(ending, SYN_STR(".p"))) {
        return false;
    }
    struct syn_str digits = syn_str_from(ending, sizeof ".p" - 1);
    size_t point = syn_str_find(digits, '.', 0);
    if (!syn_str_to_u64(syn_str_part(digits, 0, point), PERCENT_MAX, &whole)) {
        return false;
    }
    for (size_t i = point + 1; i < digits.bytes; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9' || scale >= FRACTION) {
            return false;
        }
        part = part * 10 + (uint64_t)(digits.at[i] - '0');
        scale *= 10;
    }
    *percent = (double)whole + (double)part / scale;
    return *percent <= PERCENT_ALL && point + 1 != digits.bytes;
}

static bool find_ending(struct syn_str ending, const struct ending *endings,
                        size_t count, struct syn_load_metric *out)
{
    for (size_t i = 0; i < count; i++) {
        if (syn_str_is(ending, endings[i].name)) {
            out->kind = endings[i].kind;
            out->unit = endings[i].unit;
            return true;
        }
    }
    return false;
}

static bool find_hist(struct syn_str name, struct syn_load_metric *out)
{
    for (unsigned i = 0; i < COUNT(hists); i++) {
        struct syn_str head = syn_str_of(hists[i].name);
        struct syn_str ending = syn_str_from(name, head.bytes);
        if (!syn_str_has_prefix(name, head)) {
            continue;
        }
        out->index = i;
        if (find_ending(ending, hist_endings, COUNT(hist_endings), out)) {
            return true;
        }
        if (read_percentile(ending, &out->percent)) {
            out->kind = SYN_LOAD_METRIC_PERCENTILE;
            out->unit = SYN_LOAD_UNIT_TIME;
            return true;
        }
    }
    return false;
}

static bool find_column(struct syn_str name, struct syn_load_metric *out)
{
    for (unsigned i = 0; i < COUNT(columns); i++) {
        struct syn_str head = syn_str_of(columns[i].name);
        out->index = i;
        if (syn_str_has_prefix(name, head) &&
            find_ending(syn_str_from(name, head.bytes), column_endings,
                        COUNT(column_endings), out)) {
            return true;
        }
    }
    return false;
}

static bool find_finding(struct syn_str name, struct syn_load_metric *out)
{
    struct syn_str head = SYN_STR("oracle.");
    out->kind = SYN_LOAD_METRIC_FINDING;
    if (!syn_str_has_prefix(name, head)) {
        return false;
    }
    if (syn_str_is(name, "oracle.violations")) {
        out->kind = SYN_LOAD_METRIC_FINDINGS;
        return true;
    }
    for (unsigned i = 0; i < COUNT(properties); i++) {
        out->index = i;
        if (syn_str_is(syn_str_from(name, head.bytes), properties[i].name)) {
            return true;
        }
    }
    return false;
}

static bool find_row(struct syn_str name, const struct row *rows, size_t count,
                     unsigned *index)
{
    for (unsigned i = 0; i < count; i++) {
        if (syn_str_is(name, rows[i].name)) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool find_share(struct syn_str name, struct syn_load_metric *out)
{
    for (unsigned i = 0; i < COUNT(shares); i++) {
        if (syn_str_is(name, shares[i].name)) {
            out->kind = SYN_LOAD_METRIC_SHARE;
            out->unit = SYN_LOAD_UNIT_PERCENT;
            out->index = i;
            return true;
        }
    }
    return false;
}

bool syn_load_metric_find(struct syn_str name, struct syn_load_metric *out)
{
    struct syn_load_metric found = {.unit = SYN_LOAD_UNIT_COUNT};
    bool is_found = false;
    if (find_row(name, counters, COUNT(counters), &found.index)) {
        found.kind = SYN_LOAD_METRIC_COUNTER;
        is_found = true;
    } else if (find_row(name, gauges, COUNT(gauges), &found.index)) {
        found.kind = SYN_LOAD_METRIC_GAUGE;
        found.unit = unit_of_gauge(gauge_units[found.index]);
        is_found = true;
    } else {
        is_found = find_share(name, &found) || find_hist(name, &found) ||
                   find_column(name, &found) || find_finding(name, &found);
    }
    if (is_found) {
        *out = found;
    }
    return is_found;
}

/* --- values ---------------------------------------------------------------
 */

/* The rate of the whole slots of the measured part; the peak of all slots, for
 * most connects come in the ramp. */
static bool series_value(const struct syn_load_metric *metric,
                         const struct syn_load_result *result, double *out)
{
    int64_t lead_us = syn_load_plan_lead_us(&result->plan);
    int64_t width_us = (int64_t)result->slot_s * (int64_t)US_PER_S;
    size_t from = (size_t)((lead_us + width_us - 1) / width_us);
    size_t to = result->slot_count;
    uint64_t sum = 0;
    uint64_t peak = 0;
    if (result->is_cut_short) { /* what never ran is no second without load */
        size_t ran = (size_t)(result->ran_us / width_us);
        to = ran < to ? ran : to;
    }
    for (size_t i = 0; i < to; i++) {
        uint64_t count = result->slots[i].counts[metric->index];
        sum += i >= from ? count : 0;
        peak = count > peak ? count : peak;
    }
    if (metric->kind == SYN_LOAD_METRIC_PEAK) {
        *out = (double)peak / result->slot_s;
        return to > 0;
    }
    *out = from >= to ? 0 : (double)sum / (double)(to - from) / result->slot_s;
    return from < to;
}

static double count_findings(const struct syn_load_result *result)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < SYN_LOAD_PROPERTY_COUNT; i++) {
        sum += result->findings[i].count;
    }
    return (double)sum;
}

bool syn_load_metric_value(const struct syn_load_metric *metric,
                           const struct syn_load_result *result, double *out)
{
    /* Of the kinds that read a histogram the index is one of those. */
    const struct syn_hist *hist =
        &result->hists[metric->index < SYN_LOAD_HIST_COUNT ? metric->index : 0];
    switch (metric->kind) {
    case SYN_LOAD_METRIC_COUNTER:
        *out = (double)result->counters[metric->index];
        return true;
    case SYN_LOAD_METRIC_GAUGE:
        *out = (double)result->gauges[metric->index];
        return result->gauges[metric->index] > 0;
    case SYN_LOAD_METRIC_PERCENTILE:
        *out = (double)syn_hist_percentile(hist, metric->percent);
        return hist->count > 0;
    case SYN_LOAD_METRIC_MIN:
        *out = (double)hist->min_us;
        return hist->count > 0;
    case SYN_LOAD_METRIC_MAX:
        *out = (double)hist->max_us;
        return hist->count > 0;
    case SYN_LOAD_METRIC_VALUES:
        *out = (double)hist->count;
        return true;
    case SYN_LOAD_METRIC_RATE:
    case SYN_LOAD_METRIC_PEAK:
        return series_value(metric, result, out);
    case SYN_LOAD_METRIC_FINDING:
        *out = (double)result->findings[metric->index].count;
        return result->findings[metric->index].checks > 0 || *out > 0;
    case SYN_LOAD_METRIC_FINDINGS:
        *out = count_findings(result);
        return true;
    case SYN_LOAD_METRIC_SHARE: {
        uint64_t whole = result->counters[shares[metric->index].whole];
        uint64_t part = result->counters[shares[metric->index].part];
        *out = whole == 0 ? 0 : PERCENT_ALL * (double)part / (double)whole;
        return whole > 0;
    }
    }
    SYN_ASSERT(false);
    return false;
}

/* Two decimals of a value that is 0 or more, with a point whatever the locale:
 * whole hundredths are printed. */
static void put_value(char text[SYN_LOAD_VALUE_BYTES], double value,
                      const char *unit)
{
    double positive = value < 0 ? 0 : value;
    unsigned long long hundredths =
        (unsigned long long)(positive * PERCENT_ALL + 0.5);
    (void)snprintf(text, SYN_LOAD_VALUE_BYTES, "%llu.%02llu%s",
                   hundredths / PERCENT_MAX, hundredths % PERCENT_MAX, unit);
}

void syn_load_value_text(enum syn_load_unit unit, double value,
                         char text[SYN_LOAD_VALUE_BYTES])
{
    static const char *const bytes[] = {" KB", " MB", " GB"};
    size_t scale = 0;
    double scaled = value / KILO;
    switch (unit) {
    case SYN_LOAD_UNIT_TIME:
        if (value < US_PER_S) {
            put_value(text, value / US_PER_MS, " ms");
        } else {
            put_value(text, value / US_PER_S, " s");
        }
        return;
    case SYN_LOAD_UNIT_RATE:
        put_value(text, value, "/s");
        return;
    case SYN_LOAD_UNIT_PERCENT:
        put_value(text, value, " %");
        return;
    case SYN_LOAD_UNIT_BYTES:
        for (; scaled >= KILO && scale + 1 < COUNT(bytes); scale++) {
            scaled /= KILO;
        }
        put_value(text, scaled, bytes[scale]);
        return;
    case SYN_LOAD_UNIT_COUNT:
        (void)snprintf(text, SYN_LOAD_VALUE_BYTES, "%.0f", value);
        return;
    }
}

/* --- the list -------------------------------------------------------------
 */

bool syn_load_metric_list(size_t index, char name[SYN_LOAD_NAME_BYTES],
                          const char **what)
{
    static const struct {
        const struct row *rows;
        size_t count;
        const char *format;
    } tables[] = {
        {hists, COUNT(hists), "%s.p50|p90|p99|p99.9|min|max|count"},
        {columns, COUNT(columns), "%s.rate|peak"},
        {properties, COUNT(properties), "oracle.%s"},
        {counters, COUNT(counters), "%s"},
        {gauges, COUNT(gauges), "%s"},
    };
    size_t left = index;
    for (size_t t = 0; t < COUNT(tables); t++) {
        if (left < tables[t].count) {
            const struct row *row = &tables[t].rows[left];
            const char *mark = strchr(tables[t].format, '%');
            (void)snprintf(name, SYN_LOAD_NAME_BYTES, "%.*s%s%s",
                           (int)(mark - tables[t].format), tables[t].format,
                           row->name, mark + 2);
            *what = row->what;
            return true;
        }
        left -= tables[t].count;
    }
    if (left < COUNT(shares)) {
        (void)snprintf(name, SYN_LOAD_NAME_BYTES, "%s", shares[left].name);
        *what = shares[left].what;
        return true;
    }
    (void)snprintf(name, SYN_LOAD_NAME_BYTES, "oracle.violations");
    *what = "violations of all properties";
    return left == COUNT(shares);
}
