/*
 * figures.c - the figures of a run for people.
 * Layer: load. Threads: values.
 *
 * Which lines there are depends on what the run has samples of, so a profile
 * shows what it is about without a branch for it here.
 */
#include "load/report.h"

#include "syn/object.h"

#include <stdio.h>

#define AS_METRIC(name, metric, what) metric,
static const char *const hists[] = {SYN_LOAD_HIST_MAP(AS_METRIC)};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define FIGURES_MAX  6

static const char *const percentiles[] = {"count", "p50",   "p90",
                                          "p99",   "p99.9", "max"};

/* A line for people: what it is about, and the figures that say it. A figure
 * without a sample is left out, and with the first one the whole line. */
static const struct line {
    const char *about;
    struct {
        const char *metric;
        const char *word;
    } figures[FIGURES_MAX];
} lines[] = {
    {"sessions",
     {{"session.ready", "ready"},
      {"session.peak", "at once"},
      {"subscribe.done", "subscriptions"},
      {"session.lost", "lost to the peer"},
      {"rogue.sessions", "rogues"}}},
    {"connects",
     {{"connect.done", "done"},
      {"connect.failed", "failed"},
      {"connects.peak", "at most"},
      {"connect.p99", "p99"}}},
    {"operations",
     {{"offered.rate", "offered"},
      {"achieved.rate", "achieved"},
      {"send.late", "late"},
      {"send.dropped", "dropped"},
      {"send.failed", "failed"},
      {"send.throttled", "throttled"}}},
    {"fan-out",
     {{"event.heard.share", "heard of what was due"},
      {"event.heard", "events"},
      {"fanout.reach.p99", "p99 to the last reader"}}},
    {"storm convergence",
     {{"storm.convergence.max", "longest"},
      {"storm.dropped", "dropped"},
      {"reconnect.done", "back"},
      {"reconnect.p99", "p99 of one"},
      {"reconnect.resumed.share", "resumed"},
      {"converge.watched", "held against REST"}}},
    {"back-off",
     {{"backoff.kept.share", "kept"}, {"backoff.watched", "watched"}}},
    {"revocation",
     {{"revoke.latency.p99", "p99"},
      {"revoke.latency.max", "longest"},
      {"revoke.done", "revoked"},
      {"revoke.leaked", "events leaked after it"}}},
    {"expiry",
     {{"expire.lag.p99", "p99 behind its date"},
      {"expire.watched", "watched"}}},
    {"renewals",
     {{"renew.latency.p99", "p99"},
      {"renew.done", "done"},
      {"renew.failed", "failed"}}},
    {"oracle",
     {{"frame.heard", "frames judged"}, {"oracle.violations", "violations"}}},
    {"generator",
     {{"generator.rss", "the largest worker"},
      {"generator.cpu", "of a core, the busiest one"},
      {"generator.lag", "longest turn"},
      {"send.lag.p99", "p99 from due to sent"}}},
    {"service",
     {{"service.cpu", "of a core"},
      {"service.rss", "at the end"},
      {"service.rss.begin", "when all had connected"}}},
};

/* False: no sample. */
static bool put_figure(struct syn_buf *out,
                       const struct syn_load_result *result, const char *name)
{
    struct syn_load_metric metric;
    char text[SYN_LOAD_VALUE_BYTES];
    double value = 0;
    SYN_ASSERT(syn_load_metric_find(syn_str_of(name), &metric));
    if (!syn_load_metric_value(&metric, result, &value)) {
        return false;
    }
    syn_load_value_text(metric.unit, value, text);
    syn_buf_put_text(out, text);
    return true;
}

static bool has_figure(const struct syn_load_result *result, const char *name)
{
    struct syn_load_metric metric;
    double value = 0;
    return name != NULL && syn_load_metric_find(syn_str_of(name), &metric) &&
           syn_load_metric_value(&metric, result, &value);
}

static void put_line(struct syn_buf *out, const struct syn_load_result *result,
                     const struct line *line, bool is_markdown)
{
    const char *separator = "";
    if (!has_figure(result, line->figures[0].metric)) {
        return;
    }
    syn_buf_printf(out, is_markdown ? "| %s | " : "%-18s", line->about);
    for (size_t i = 0; i < FIGURES_MAX; i++) {
        if (!has_figure(result, line->figures[i].metric)) {
            continue;
        }
        syn_buf_put_text(out, separator);
        (void)put_figure(out, result, line->figures[i].metric);
        syn_buf_printf(out, " %s", line->figures[i].word);
        separator = ", ";
    }
    syn_buf_put_text(out, is_markdown ? " |\n" : "\n");
}

static void put_latency(struct syn_buf *out,
                        const struct syn_load_result *result, const char *hist,
                        bool is_markdown)
{
    struct syn_buf cell;
    syn_buf_init(&cell, NULL, SYN_LOAD_VALUE_BYTES);
    syn_buf_printf(out, is_markdown ? "| %s |" : "%-18s", hist);
    for (size_t i = 0; i < COUNT(percentiles); i++) {
        char name[SYN_LOAD_NAME_BYTES];
        (void)snprintf(name, sizeof name, "%s.%s", hist, percentiles[i]);
        syn_buf_clear(&cell);
        (void)put_figure(&cell, result, name);
        syn_buf_printf(out, is_markdown ? " %.*s |" : "%12.*s",
                       SYN_STR_ARG(syn_buf_str(&cell)));
    }
    syn_buf_put_byte(out, '\n');
    syn_buf_fini(&cell);
}

static void put_latencies(struct syn_buf *out,
                          const struct syn_load_result *result,
                          bool is_markdown)
{
    syn_buf_printf(out, is_markdown ? "\n| %s |" : "%-18s", "latency");
    for (size_t i = 0; i < COUNT(percentiles); i++) {
        syn_buf_printf(out, is_markdown ? " %s |" : "%12s", percentiles[i]);
    }
    syn_buf_put_text(out,
                     is_markdown ? "\n|---|---|---|---|---|---|---|\n" : "\n");
    for (unsigned h = 0; h < SYN_LOAD_HIST_COUNT; h++) {
        if (result->hists[h].count > 0) {
            put_latency(out, result, hists[h], is_markdown);
        }
    }
}

void syn_load_figures_put(struct syn_buf *out,
                          const struct syn_load_result *result,
                          bool is_markdown)
{
    put_latencies(out, result, is_markdown);
    if (is_markdown) {
        syn_buf_put_text(out, "\n| | |\n|---|---|\n");
    }
    for (size_t i = 0; i < COUNT(lines); i++) {
        put_line(out, result, &lines[i], is_markdown);
    }
    if (result->is_invalid) {
        syn_buf_printf(out,
                       is_markdown ? "\n**INVALID**: %s\n" : "INVALID: %s\n",
                       result->invalid_reason);
    }
}

/* --- the command that repeats it ------------------------------------------
 */

static void put_types(struct syn_buf *out, unsigned types)
{
    const char *separator = " --types ";
    for (unsigned t = 0; t < SYN_TYPE_COUNT; t++) {
        if ((types & SYN_TYPE_BIT(t)) != 0) {
            syn_buf_printf(out, "%s%s", separator,
                           syn_type_name((enum syn_type)t));
            separator = ",";
        }
    }
}

void syn_load_command_put(struct syn_buf *out, const struct syn_load_plan *plan)
{
    syn_buf_printf(out, "syncproof stress %s --clients %u --workers %u",
                   syn_load_profile_name(plan->profile), plan->clients,
                   plan->workers);
    syn_buf_printf(out, " --duration %u --warmup %u --ramp %u",
                   plan->duration_s, plan->warmup_s, plan->ramp_s);
    put_types(out, plan->types);
    syn_buf_printf(out, " --mix read=%u,write=%u,subscribe=%u", plan->mix.read,
                   plan->mix.write, plan->mix.subscribe);
    syn_buf_printf(out, " --payload %u --subscriptions %u --rate %u",
                   plan->payload_bytes, plan->subscriptions, plan->rate_per_s);
    if (plan->rogue_pct > 0) {
        syn_buf_printf(out, " --rogues %u --rogue-kind %s", plan->rogue_pct,
                       syn_load_rogue_name(plan->rogue_kind));
    }
    if (plan->profile == SYN_LOAD_PROFILE_STORM) {
        syn_buf_printf(out, " --drop %u", plan->drop_pct);
    }
    syn_buf_printf(out, " --times %u --ports %u --sources %u --seed 0x%llx",
                   plan->times, plan->ports, plan->sources,
                   (unsigned long long)plan->seed);
    if (plan->shards > 1) {
        syn_buf_printf(out, " --shard %u/%u", plan->shard, plan->shards);
    }
    if (plan->defect != NULL) {
        syn_buf_printf(out, " --defect %s", plan->defect);
    }
    if (plan->target != NULL) {
        syn_buf_put_text(out, " --target FILE");
    }
}
