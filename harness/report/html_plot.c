/*
 * html_plot.c - figures of a run as pictures (html_plot.h).
 * Layer: report. Threads: values.
 *
 * One curve a figure: the value that so many percent of the rows do not
 * exceed. Names of figures are words of rows and are checked before they are
 * shown, so nothing here needs escaping.
 */
#include "report/html_plot.h"

#include "syn/limits.h"

#include <stdlib.h>

#define PERCENT    100
#define LEFT       60
#define TOP        8
#define WIDTH      280
#define HEIGHT     110
#define NAMES_MAX  32
#define VALUES_MAX 16384

/* The figures of one name, ascending. */
struct sample {
    struct syn_str name;
    int64_t *values;
    size_t count;
};

static bool is_shown(struct syn_str name)
{
    bool is_word = syn_str_has_prefix(name, SYN_STR("revoke.")) ||
                   syn_str_has_prefix(name, SYN_STR("ttl."));
    for (size_t i = 0; i < name.bytes && is_word; i++) {
        char c = name.at[i];
        is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_';
    }
    return is_word;
}

static bool is_known(const struct syn_str *names, size_t count,
                     struct syn_str name)
{
    bool is_one = false;
    for (size_t i = 0; i < count; i++) {
        is_one = is_one || syn_str_is_equal(names[i], name);
    }
    return is_one;
}

/* Figures under a seeded defect say nothing about the target. */
static size_t find_names(const struct syn_report *report,
                         struct syn_str names[NAMES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < report->result_count; i++) {
        const struct syn_result *result = &report->results[i];
        size_t figures = result->defect == NULL ? result->measure_count : 0;
        for (size_t m = 0; m < figures; m++) {
            struct syn_str name = result->measures[m].name;
            if (is_shown(name) && count < NAMES_MAX &&
                !is_known(names, count, name)) {
                names[count++] = name;
            }
        }
    }
    return count;
}

static int compare(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void fill_sample(const struct syn_report *report, struct sample *sample)
{
    sample->count = 0;
    for (size_t i = 0; i < report->result_count; i++) {
        const struct syn_result *result = &report->results[i];
        size_t figures = result->defect == NULL ? result->measure_count : 0;
        for (size_t m = 0; m < figures && sample->count < VALUES_MAX; m++) {
            if (syn_str_is_equal(result->measures[m].name, sample->name)) {
                sample->values[sample->count++] = result->measures[m].value;
            }
        }
    }
    qsort(sample->values, sample->count, sizeof sample->values[0], compare);
}

/* The smallest value that at least `percent` of all do not exceed. */
static int64_t percentile(const struct sample *sample, size_t percent)
{
    size_t rank = (sample->count * percent + PERCENT - 1) / PERCENT;
    return sample->values[rank == 0 ? 0 : rank - 1];
}

static void put_curve(struct syn_buf *out, const struct sample *sample)
{
    const int64_t top = percentile(sample, PERCENT);
    syn_buf_put_text(out, "<polyline points=\"");
    for (size_t percent = 0; percent <= PERCENT; percent += 2) {
        int64_t value = percentile(sample, percent);
        long long y =
            top <= 0 ? HEIGHT : (long long)(HEIGHT - value * HEIGHT / top);
        syn_buf_printf(out, "%zu,%lld ",
                       (size_t)LEFT + percent * WIDTH / PERCENT, TOP + y);
    }
    syn_buf_put_text(out, "\"/>");
}

static void put_plot(struct syn_buf *out, const struct sample *sample)
{
    const int64_t top = percentile(sample, PERCENT);
    syn_buf_printf(out,
                   "<figure class=\"plot\"><figcaption>%.*s</figcaption>"
                   "<svg width=\"%d\" height=\"%d\" role=\"img\">",
                   SYN_STR_ARG(sample->name), LEFT + WIDTH + 10,
                   TOP + HEIGHT + 20);
    put_curve(out, sample);
    syn_buf_printf(out,
                   "<text x=\"4\" y=\"%d\">%lld</text>"
                   "<text x=\"4\" y=\"%d\">0</text>"
                   "<text x=\"%d\" y=\"%d\">0 %%</text>"
                   "<text x=\"%d\" y=\"%d\">100 %% of rows</text></svg>"
                   "<br>n=%zu p50=%lld p95=%lld p99=%lld max=%lld</figure>\n",
                   TOP + 8, (long long)top, TOP + HEIGHT, LEFT,
                   TOP + HEIGHT + 14, LEFT + WIDTH - 80, TOP + HEIGHT + 14,
                   sample->count, (long long)percentile(sample, 50),
                   (long long)percentile(sample, 95),
                   (long long)percentile(sample, 99), (long long)top);
}

void syn_html_put_plots(struct syn_buf *out, const struct syn_report *report)
{
    struct syn_str names[NAMES_MAX];
    const size_t count = find_names(report, names);
    struct sample sample = {
        .values =
            count == 0 ? NULL : malloc(VALUES_MAX * sizeof sample.values[0])};
    if (sample.values == NULL) {
        return; /* no figure, or no memory: run.json has them all */
    }
    syn_buf_put_text(out, "<h2>Revocation and expiry</h2>\n<p>");
    syn_buf_put_text(
        out, syn_str_is(syn_str_of(report->clock), "virtual")
                 ? "Counted on the virtual clock, which stands still between "
                   "a cause and its effect: what is late by 0 ms came before "
                   "the next round trip.</p>\n"
                 : "Milliseconds of real time, the network's included.</p>\n");
    for (size_t i = 0; i < count; i++) {
        sample.name = names[i];
        fill_sample(report, &sample);
        put_plot(out, &sample);
    }
    free(sample.values);
}
