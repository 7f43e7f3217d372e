/*
 * text.c - a run on the terminal.
 * Layer: report. Threads: values.
 */
#include "report/text.h"

#include "syn/limits.h"

#include <string.h>

#define US_PER_MS  1000
#define MS_PER_S   1000
#define TENTHS     10
#define DEL        0x7f
#define C1_LEAD    0xc2
#define C1_LAST    0x9f
#define SPACE      0x20
#define STORY_MAX  (2u * SYN_REPORT_TEXT_BYTES_MAX)
#define COLOR_OFF  "\x1b[0m"
#define NAME_WIDTH 12
#define PERCENT    100u

static const char *const colors[] = {
    [SYN_VERDICT_PASS] = "\x1b[32m",    [SYN_VERDICT_FAIL] = "\x1b[31m",
    [SYN_VERDICT_WARNING] = "\x1b[33m", [SYN_VERDICT_INFO] = "\x1b[36m",
    [SYN_VERDICT_SKIPPED] = "\x1b[90m", [SYN_VERDICT_INCONCLUSIVE] = "\x1b[35m",
    [SYN_VERDICT_XFAIL] = "\x1b[90m",   [SYN_VERDICT_XPASS] = "\x1b[31m",
    [SYN_VERDICT_ERROR] = "\x1b[35m",
};

/* Only line ends pass as control characters. */
static bool is_printable(struct syn_str s, size_t at, size_t bytes)
{
    unsigned char lead = (unsigned char)s.at[at];
    if (bytes == 1) {
        return (lead >= SPACE && lead != DEL) || lead == '\n';
    }
    return bytes > 0 &&
           !(lead == C1_LEAD && (unsigned char)s.at[at + 1] <= C1_LAST);
}

/* The first half of CR LF, which is no mystery to be shown. */
static bool is_line_end(struct syn_str s, size_t at)
{
    return s.at[at] == '\r' && at + 1 < s.bytes && s.at[at + 1] == '\n';
}

static void put_plain(struct syn_buf *out, struct syn_str s, const char *indent)
{
    size_t at = 0;
    while (at < s.bytes) {
        size_t bytes = syn_str_utf8_bytes(s, at);
        if (at == 0 || s.at[at - 1] == '\n') {
            syn_buf_put_text(out, indent);
        }
        if (is_printable(s, at, bytes)) {
            syn_buf_put(out, syn_str_part(s, at, bytes));
        } else if (!is_line_end(s, at)) {
            syn_buf_put_byte(out, '?');
        }
        at += bytes == 0 ? 1 : bytes;
    }
}

void syn_text_put_first_line(struct syn_buf *out,
                             const struct syn_report *report)
{
    syn_buf_printf(out,
                   "syncproof %s build=%s seed=0x%llx target=", report->version,
                   report->build, (unsigned long long)report->seed);
    put_plain(out, syn_str_of(report->target), "");
    syn_buf_printf(out, " clock=%s limits=%s suite=%s\n", report->clock,
                   report->limits, report->suite_hash);
}

/* Does a verdict always show its story? */
static bool is_finding(enum syn_verdict verdict)
{
    return verdict == SYN_VERDICT_FAIL || verdict == SYN_VERDICT_WARNING ||
           verdict == SYN_VERDICT_INCONCLUSIVE ||
           verdict == SYN_VERDICT_XPASS || verdict == SYN_VERDICT_ERROR;
}

static void put_verdict(struct syn_buf *out, enum syn_verdict verdict,
                        bool has_color)
{
    syn_buf_printf(out, "%s%-*s%s ", has_color ? colors[verdict] : "",
                   NAME_WIDTH, syn_verdict_name(verdict),
                   has_color ? COLOR_OFF : "");
}

void syn_text_put_result(struct syn_buf *out, const struct syn_result *result,
                         const struct syn_text_style *style)
{
    bool tells = is_finding(result->verdict) || style->is_verbose;
    bool shows = tells || !style->is_quiet;
    if (!shows) {
        return;
    }
    put_verdict(out, result->verdict, style->has_color);
    syn_result_put_name(out, result);
    if (!tells && result->reason.bytes > 0) {
        syn_buf_put_text(out, ": ");
        put_plain(out, result->reason, "");
    }
    syn_buf_put_byte(out, '\n');
    if (tells) {
        struct syn_buf story;
        syn_buf_init(&story, NULL, STORY_MAX);
        syn_result_put_story(&story, result);
        put_plain(out, syn_buf_str(&story), "    ");
        syn_buf_fini(&story);
    }
}

static void put_counts(struct syn_buf *out, const struct syn_report *report)
{
    syn_buf_put_text(out, "verdicts:");
    for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
        enum syn_verdict verdict = (enum syn_verdict)v;
        size_t count = syn_report_count(report, verdict);
        if (count > 0 || v <= SYN_VERDICT_FAIL) {
            syn_buf_printf(out, " %zu %s", count, syn_verdict_name(verdict));
        }
    }
    syn_buf_put_byte(out, '\n');
    for (unsigned l = 0; l < SYN_LEVEL_COUNT; l++) {
        enum syn_level level = (enum syn_level)l;
        syn_buf_printf(out, "%-9s", syn_level_name(level));
        for (unsigned v = 0; v < SYN_VERDICT_COUNT; v++) {
            enum syn_verdict verdict = (enum syn_verdict)v;
            size_t count = syn_report_count_level(report, verdict, level);
            if (count > 0) {
                syn_buf_printf(out, " %zu %s", count,
                               syn_verdict_name(verdict));
            }
        }
        syn_buf_put_byte(out, '\n');
    }
}

/* --- headline figures -----------------------------------------------------
 */

/* Names that are worth a line of their own, by their beginning. */
static const char *const headlines[] = {"revoke.", "ttl."};

static bool is_headline(struct syn_str name)
{
    bool is_one = false;
    for (size_t i = 0; i < sizeof(headlines) / sizeof(headlines[0]); i++) {
        is_one = is_one || syn_str_has_prefix(name, syn_str_of(headlines[i]));
    }
    return is_one;
}

/* Figures measured under a seeded defect say nothing about the target, and
 * those of stress are percentiles already. */
static bool is_single(const struct syn_result *result)
{
    return result->defect == NULL &&
           !syn_str_is(syn_str_of(result->chapter), "stress");
}

static const struct syn_measure_value *
next_figure(const struct syn_report *report, size_t *row, size_t *index)
{
    while (*row < report->result_count) {
        const struct syn_result *result = &report->results[*row];
        while (is_single(result) && *index < result->measure_count) {
            const struct syn_measure_value *figure =
                &result->measures[(*index)++];
            if (is_headline(figure->name)) {
                return figure;
            }
        }
        (*row)++;
        *index = 0;
    }
    return NULL;
}

/* How often `name` was measured with a value of at most `bound`. */
static size_t count_figures(const struct syn_report *report,
                            struct syn_str name, int64_t bound)
{
    size_t row = 0;
    size_t index = 0;
    size_t count = 0;
    const struct syn_measure_value *figure = next_figure(report, &row, &index);
    for (; figure != NULL; figure = next_figure(report, &row, &index)) {
        count += syn_str_is_equal(figure->name, name) && figure->value <= bound;
    }
    return count;
}

/* The smallest value that at least `percent` of the figures do not exceed. A
 * run has some hundred figures, so they are not sorted. */
static int64_t percentile(const struct syn_report *report, struct syn_str name,
                          unsigned percent)
{
    const size_t total = count_figures(report, name, INT64_MAX);
    size_t row = 0;
    size_t index = 0;
    int64_t least = INT64_MAX;
    const struct syn_measure_value *figure = next_figure(report, &row, &index);
    for (; figure != NULL; figure = next_figure(report, &row, &index)) {
        if (syn_str_is_equal(figure->name, name) && figure->value < least &&
            count_figures(report, name, figure->value) * PERCENT >=
                total * percent) {
            least = figure->value;
        }
    }
    return least;
}

/* Was this name met before the figure at this place? */
static bool is_first_of_name(const struct syn_report *report,
                             const struct syn_measure_value *figure)
{
    size_t row = 0;
    size_t index = 0;
    const struct syn_measure_value *other = next_figure(report, &row, &index);
    while (other != figure && !syn_str_is_equal(other->name, figure->name)) {
        other = next_figure(report, &row, &index);
    }
    return other == figure;
}

/* What a figure does not say by itself. */
static void put_remark(struct syn_buf *out, const struct syn_report *report,
                       struct syn_str name)
{
    const struct syn_str unit = SYN_STR("_ms");
    const bool is_time =
        name.bytes > unit.bytes &&
        syn_str_is_equal(syn_str_from(name, name.bytes - unit.bytes), unit);
    if (is_time && strcmp(report->clock, "virtual") == 0) {
        syn_buf_put_text(out, " in virtual time, which stands still between "
                              "steps");
    }
    if (syn_str_is(name, "revoke.latency_ms")) {
        syn_buf_put_text(out, "; 0: nothing was heard after the revocation");
    }
}

static void put_figures(struct syn_buf *out, const struct syn_report *report)
{
    size_t row = 0;
    size_t index = 0;
    const struct syn_measure_value *figure = next_figure(report, &row, &index);
    for (; figure != NULL; figure = next_figure(report, &row, &index)) {
        if (!is_first_of_name(report, figure)) {
            continue;
        }
        put_plain(out, figure->name, "");
        syn_buf_printf(out, ": n=%zu p50=%lld p95=%lld p99=%lld max=%lld",
                       count_figures(report, figure->name, INT64_MAX),
                       (long long)percentile(report, figure->name, 50),
                       (long long)percentile(report, figure->name, 95),
                       (long long)percentile(report, figure->name, 99),
                       (long long)percentile(report, figure->name, PERCENT));
        put_remark(out, report, figure->name);
        syn_buf_put_byte(out, '\n');
    }
}

/* In real time, whatever the clock of the rows. */
static void put_speed(struct syn_buf *out, const struct syn_report *report)
{
    const int64_t ms = report->elapsed_us / US_PER_MS;
    if (report->result_count == 0 || ms <= 0 || report->defect_count > 0) {
        return;
    }
    const int64_t tenths =
        (int64_t)report->result_count * MS_PER_S * TENTHS / ms;
    syn_buf_printf(out, "speed: %zu rows in %lld.%lld s, %lld.%lld rows/s\n",
                   report->result_count, (long long)(ms / MS_PER_S),
                   (long long)(ms % MS_PER_S / (MS_PER_S / TENTHS)),
                   (long long)(tenths / TENTHS), (long long)(tenths % TENTHS));
}

static void put_families(struct syn_buf *out, const struct syn_report *report)
{
    for (size_t i = 0; i < report->family_count; i++) {
        const struct syn_family *family = &report->families[i];
        syn_buf_printf(out, "%s %s %u/%u",
                       i == 0 ? "coverage of the service, all levels:" : ",",
                       family->name, family->judged, family->total);
    }
    syn_buf_put_text(out, report->family_count > 0 ? "\n" : "");
}

/* --- beside another target ------------------------------------------------
 */

static void put_difference(struct syn_buf *out,
                           const struct syn_difference *item)
{
    syn_buf_printf(out, "    %s, ", item->row);
    put_plain(out, item->aspect, "");
    syn_buf_put_text(out, "\n        here:  ");
    put_plain(out, item->here, "");
    syn_buf_put_text(out, "\n        there: ");
    put_plain(out, item->there, "");
    syn_buf_put_byte(out, '\n');
}

static void put_comparison(struct syn_buf *out,
                           const struct syn_comparison *comparison)
{
    const char *clause = "";
    if (comparison == NULL) {
        return;
    }
    syn_buf_put_text(out, "compared with ");
    put_plain(out, syn_str_of(comparison->target), "");
    syn_buf_printf(out, ": %zu of %zu rows differ; a run there: exit %d: ",
                   comparison->differ_count, comparison->row_count,
                   comparison->exit_code);
    put_plain(out, syn_str_of(comparison->exit_reason), "");
    syn_buf_put_byte(out, '\n');
    for (size_t i = 0; i < comparison->item_count; i++) {
        const struct syn_difference *item = &comparison->items[i];
        if (strcmp(clause, item->clause) != 0) {
            clause = item->clause;
            syn_buf_printf(out, "  %s: ", clause);
            put_plain(out, syn_str_of(item->sentence), "");
            syn_buf_put_byte(out, '\n');
        }
        put_difference(out, item);
    }
}

void syn_text_put_last_lines(struct syn_buf *out,
                             const struct syn_report *report)
{
    put_comparison(out, report->comparison);
    put_counts(out, report);
    put_figures(out, report);
    put_speed(out, report);
    syn_buf_put_text(out, "coverage:");
    for (size_t i = 0; i < report->coverage_count; i++) {
        const struct syn_coverage *c = &report->coverage[i];
        if (c->total > 0) {
            syn_buf_printf(out, "%s %s %s %u/%u", i > 0 ? "," : "",
                           syn_subject_name(c->subject),
                           syn_level_name(c->level), c->judged, c->total);
        }
    }
    syn_buf_put_byte(out, '\n');
    put_families(out, report);
    if (report->has_floor) {
        syn_buf_printf(out, "floor: %zu of %zu exercised", report->floor_done,
                       report->floor_required);
        if (report->floor_missing.bytes > 0) {
            syn_buf_put_text(out, ", missing: ");
            put_plain(out, report->floor_missing, "");
        }
        syn_buf_put_byte(out, '\n');
    }
    if (report->sent != NULL) {
        syn_buf_printf(out, "sent: %s\n", report->sent);
    }
    syn_buf_put_text(out, "leftovers: ");
    put_plain(
        out, syn_str_of(report->leftovers == NULL ? "none" : report->leftovers),
        "");
    syn_buf_printf(out, "\nexit %d: ", report->exit_code);
    put_plain(out, syn_str_of(report->exit_reason), "");
    syn_buf_put_byte(out, '\n');
}
