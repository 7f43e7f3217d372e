/*
 * hlog.c - the latencies as a log of HdrHistogram.
 * Layer: load. Threads: values.
 * Source: the log format of HdrHistogram, version 1.3.
 *
 * A line is an interval: tag, start and length in seconds since StartTime, the
 * largest value in ms, the histogram. `delivery` has a line a slot of the
 * measured part, so tools can plot it over time; what came before is tagged
 * `warmup`. All others are one line for the whole run. Values are microseconds.
 */
#include "load/report.h"

#include "base/clock.h"
#include "syn/limits.h"

#define US_PER_S  INT64_C(1000000)
#define US_PER_MS INT64_C(1000)
#define MS_PER_S  INT64_C(1000)

#define AS_METRIC(name, metric, what) metric,
static const char *const hists[] = {SYN_LOAD_HIST_MAP(AS_METRIC)};

static void put_s(struct syn_buf *out, int64_t us)
{
    syn_buf_printf(out, "%lld.%03lld,", (long long)(us / US_PER_S),
                   (long long)(us % US_PER_S / US_PER_MS));
}

static syn_status put_interval(struct syn_buf *out, const char *tag,
                               int64_t from_us, int64_t length_us,
                               const struct syn_hist *hist)
{
    syn_buf_printf(out, "Tag=%s,", tag);
    put_s(out, from_us);
    put_s(out, length_us);
    syn_buf_printf(out, "%lld.%03lld,", (long long)(hist->max_us / US_PER_MS),
                   (long long)(hist->max_us % US_PER_MS));
    syn_status st = syn_hist_encode(out, hist);
    syn_buf_put_byte(out, '\n');
    return st;
}

static syn_status put_deliveries(struct syn_buf *out,
                                 const struct syn_load_result *result)
{
    struct syn_hist hist;
    syn_status st = SYN_OK;
    int64_t lead_us = syn_load_plan_lead_us(&result->plan);
    int64_t width_us = (int64_t)result->slot_s * US_PER_S;
    for (size_t i = 0; i < result->slot_count && st == SYN_OK; i++) {
        int64_t from_us = (int64_t)i * width_us;
        if (syn_load_slot_delivery(result, i, &hist)) {
            st = put_interval(out, from_us < lead_us ? "warmup" : "delivery",
                              from_us, width_us, &hist);
        }
    }
    return st;
}

syn_status syn_load_hlog_put(struct syn_buf *out,
                             const struct syn_load_result *result)
{
    syn_status st = SYN_OK;
    char time[SYN_CLOCK_ISO_BYTES];
    syn_clock_format_s(result->begun_ms, time);
    syn_buf_printf(out, "#[Logged by syncproof stress %s; values in us]\n",
                   syn_load_profile_name(result->plan.profile));
    syn_buf_put_text(out, "#[Histogram log format version 1.3]\n");
    syn_buf_printf(out, "#[StartTime: %lld.%03lld (seconds since epoch), %s]\n",
                   (long long)(result->begun_ms / MS_PER_S),
                   (long long)(result->begun_ms % MS_PER_S), time);
    syn_buf_put_text(out, "\"StartTimestamp\",\"Interval_Length\","
                          "\"Interval_Max\","
                          "\"Interval_Compressed_Histogram\"\n");
    st = put_deliveries(out, result);
    for (unsigned h = 0; h < SYN_LOAD_HIST_COUNT && st == SYN_OK; h++) {
        if (h != SYN_LOAD_HIST_DELIVERY && result->hists[h].count > 0) {
            st = put_interval(out, hists[h], 0,
                              syn_load_plan_end_us(&result->plan),
                              &result->hists[h]);
        }
    }
    return st != SYN_OK ? st : out->status;
}
