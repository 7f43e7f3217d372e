/*
 * result_json.c - a result as one JSON text, and read again.
 * Layer: load. Threads: independent calls.
 *
 * Names are those of the metrics. The reader is strict both ways: a member that
 * is missing and one that is unknown are refused, so that files of another
 * version are never half added.
 */
#include "load/result.h"

#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define FORMAT_VERSION 1
#define TREE_BYTES_MAX 1073741824
#define SIGNAL_MAX     64
#define HIST_COUNT_MAX (INT64_C(1) << 48) /* so that sums fit in 63 bits */

#define AS_METRIC(name, metric, what)              metric,
#define AS_GAUGE(name, metric, unit, joined, what) metric,
static const char *const counters[] = {SYN_LOAD_COUNTER_MAP(AS_METRIC)};
static const char *const gauges[] = {SYN_LOAD_GAUGE_MAP(AS_GAUGE)};
static const char *const hists[] = {SYN_LOAD_HIST_MAP(AS_METRIC)};
static const char *const columns[] = {SYN_LOAD_SERIES_MAP(AS_METRIC)};
static const char *const properties[] = {SYN_LOAD_PROPERTY_MAP(AS_METRIC)};

/* --- writing --------------------------------------------------------------
 */

static syn_status put_hist(struct syn_json_writer *w, const char *name,
                           const struct syn_hist *hist)
{
    struct syn_buf form;
    syn_buf_init(&form, NULL, SYN_HIST_FORM_BYTES_MAX);
    syn_status st = syn_hist_encode(&form, hist);
    syn_json_open_object(w, name);
    syn_json_write_i64(w, "count", (int64_t)hist->count);
    syn_json_write_i64(w, "min_us", hist->min_us);
    syn_json_write_i64(w, "max_us", hist->max_us);
    syn_json_write_i64(w, "clamped", (int64_t)hist->clamped);
    syn_json_write_str(w, "hdr", syn_buf_str(&form));
    syn_json_close_object(w);
    syn_buf_fini(&form);
    return st;
}

static void put_findings(struct syn_json_writer *w,
                         const struct syn_load_result *result)
{
    syn_json_open_object(w, "findings");
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        const struct syn_load_finding *finding = &result->findings[p];
        syn_json_open_object(w, properties[p]);
        syn_json_write_i64(w, "checks", (int64_t)finding->checks);
        syn_json_write_i64(w, "count", (int64_t)finding->count);
        syn_json_open_array(w, "samples");
        for (size_t i = 0; i < finding->sample_count; i++) {
            syn_json_open_object(w, NULL);
            syn_json_write_i64(w, "at_us", finding->samples[i].at_us);
            syn_json_write_text(w, "text", finding->samples[i].text);
            syn_json_close_object(w);
        }
        syn_json_close_array(w);
        syn_json_close_object(w);
    }
    syn_json_close_object(w);
}

/* Slots without anything are left out; `t` is the slot's number. */
static syn_status put_slots(struct syn_json_writer *w,
                            const struct syn_load_result *result)
{
    static const uint64_t none[SYN_LOAD_SERIES_COUNT];
    struct syn_hist delivery;
    syn_status st = SYN_OK;
    syn_json_write_i64(w, "slot_s", result->slot_s);
    syn_json_open_array(w, "series");
    for (size_t i = 0; i < result->slot_count && st == SYN_OK; i++) {
        const struct syn_load_slot *slot = &result->slots[i];
        const bool has_delivery = syn_load_slot_delivery(result, i, &delivery);
        if (!has_delivery && memcmp(slot->counts, none, sizeof none) == 0) {
            continue;
        }
        syn_json_open_object(w, NULL);
        syn_json_write_i64(w, "t", (int64_t)i);
        for (unsigned s = 0; s < SYN_LOAD_SERIES_COUNT; s++) {
            syn_json_write_i64(w, columns[s], (int64_t)slot->counts[s]);
        }
        if (has_delivery) {
            st = put_hist(w, "delivery", &delivery);
        }
        syn_json_close_object(w);
    }
    syn_json_close_array(w);
    return st;
}

static void put_reason(struct syn_json_writer *w, const char *name,
                       const char *reason)
{
    syn_json_write_text(w, name, reason[0] == '\0' ? NULL : reason);
}

static void put_numbers(struct syn_json_writer *w,
                        const struct syn_load_result *result)
{
    syn_json_open_object(w, "counters");
    for (unsigned i = 0; i < SYN_LOAD_COUNTER_COUNT; i++) {
        syn_json_write_i64(w, counters[i], (int64_t)result->counters[i]);
    }
    syn_json_close_object(w);
    syn_json_open_object(w, "gauges");
    for (unsigned i = 0; i < SYN_LOAD_GAUGE_COUNT; i++) {
        syn_json_write_i64(w, gauges[i], result->gauges[i]);
    }
    syn_json_close_object(w);
}

syn_status syn_load_result_write(struct syn_buf *out,
                                 const struct syn_load_result *result)
{
    struct syn_json_writer w;
    syn_status st = SYN_OK;
    syn_json_writer_init(&w, out);
    syn_json_open_object(&w, NULL);
    syn_json_write_i64(&w, "stress", FORMAT_VERSION);
    syn_load_plan_put(&w, "plan", &result->plan);
    syn_json_write_i64(&w, "begun_ms", result->begun_ms);
    syn_json_write_i64(&w, "ran_us", result->ran_us);
    syn_json_write_i64(&w, "signal", result->signal_number);
    syn_json_write_bool(&w, "cut_short", result->is_cut_short);
    put_reason(&w, "invalid", result->is_invalid ? result->invalid_reason : "");
    put_reason(&w, "unreachable", result->unreachable);
    put_reason(&w, "fault", result->fault);
    put_numbers(&w, result);
    syn_json_open_object(&w, "histograms");
    for (unsigned i = 0; i < SYN_LOAD_HIST_COUNT && st == SYN_OK; i++) {
        st = put_hist(&w, hists[i], &result->hists[i]);
    }
    syn_json_close_object(&w);
    put_findings(&w, result);
    st = st != SYN_OK ? st : put_slots(&w, result);
    syn_json_close_object(&w);
    return st != SYN_OK ? st : out->status;
}

/* --- reading --------------------------------------------------------------
 */

static syn_status refuse(char fault[SYN_LOAD_REASON_BYTES], const char *what,
                         const char *name)
{
    (void)snprintf(fault, SYN_LOAD_REASON_BYTES, "%s \"%s\"", what, name);
    return SYN_ERR_PARSE;
}

/* `object` has whole numbers of these names, 0 or more, and nothing else. */
static syn_status take_numbers(const struct syn_json *object,
                               const char *const *names, size_t count,
                               int64_t *values,
                               char fault[SYN_LOAD_REASON_BYTES])
{
    for (size_t i = 0; i < count; i++) {
        if (!syn_json_i64(syn_json_member(object, names[i]), &values[i]) ||
            values[i] < 0) {
            return refuse(fault, "no number", names[i]);
        }
    }
    return syn_json_count(object) == count
               ? SYN_OK
               : refuse(fault, "an unknown name beside", names[0]);
}

static syn_status take_hist(const struct syn_json *node, const char *name,
                            struct syn_hist *hist,
                            char fault[SYN_LOAD_REASON_BYTES])
{
    int64_t count = 0;
    int64_t clamped = 0;
    struct syn_str form =
        syn_json_str(syn_json_member(node, "hdr"), SYN_STR(""));
    syn_status st = syn_hist_decode(hist, form);
    if (st != SYN_OK) {
        return st == SYN_ERR_MEMORY ? st : refuse(fault, "no histogram", name);
    }
    if (!syn_json_i64(syn_json_member(node, "count"), &count) ||
        !syn_json_i64(syn_json_member(node, "min_us"), &hist->min_us) ||
        !syn_json_i64(syn_json_member(node, "max_us"), &hist->max_us) ||
        !syn_json_i64(syn_json_member(node, "clamped"), &clamped) ||
        count < 0 || count > HIST_COUNT_MAX || (uint64_t)count != hist->count ||
        clamped < 0) {
        return refuse(fault, "a histogram that contradicts itself:", name);
    }
    hist->clamped = (uint64_t)clamped;
    return SYN_OK;
}

static syn_status take_samples(struct syn_load_result *result,
                               const struct syn_json *samples,
                               struct syn_load_finding *finding)
{
    for (const struct syn_json *one = syn_json_first(samples); one != NULL;
         one = syn_json_next(one)) {
        struct syn_load_sample sample = {.at_us = 0};
        struct syn_str text = syn_arena_dup(
            &result->arena,
            syn_json_str(syn_json_member(one, "text"), SYN_STR("")));
        if (text.at == NULL) {
            return SYN_ERR_MEMORY;
        }
        if (finding->sample_count == SYN_LOAD_SAMPLES_MAX ||
            !syn_json_i64(syn_json_member(one, "at_us"), &sample.at_us)) {
            return SYN_ERR_PARSE;
        }
        sample.text = text.at;
        finding->samples[finding->sample_count++] = sample;
    }
    return SYN_OK;
}

static syn_status take_findings(struct syn_load_result *result,
                                const struct syn_json *object,
                                char fault[SYN_LOAD_REASON_BYTES])
{
    static const char *const names[] = {"checks", "count"};
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        const struct syn_json *node = syn_json_member(object, properties[p]);
        int64_t numbers[2] = {0};
        for (size_t i = 0; i < 2; i++) {
            if (!syn_json_i64(syn_json_member(node, names[i]), &numbers[i]) ||
                numbers[i] < 0) {
                return refuse(fault, "no finding", properties[p]);
            }
        }
        result->findings[p].checks = (uint64_t)numbers[0];
        result->findings[p].count = (uint64_t)numbers[1];
        syn_status st = take_samples(result, syn_json_member(node, "samples"),
                                     &result->findings[p]);
        if (st != SYN_OK) {
            return st == SYN_ERR_PARSE
                       ? refuse(fault, "no samples of", properties[p])
                       : st;
        }
    }
    return syn_json_count(object) == SYN_LOAD_PROPERTY_COUNT
               ? SYN_OK
               : refuse(fault, "an unknown name beside", properties[0]);
}

static syn_status take_slot(struct syn_load_result *result,
                            const struct syn_json *node,
                            char fault[SYN_LOAD_REASON_BYTES])
{
    int64_t at = -1;
    const struct syn_json *delivery = syn_json_member(node, "delivery");
    if (!syn_json_i64(syn_json_member(node, "t"), &at) || at < 0 ||
        (uint64_t)at >= result->slot_count) {
        return refuse(fault, "no slot of the plan has the number in", "t");
    }
    struct syn_load_slot *slot = &result->slots[at];
    for (unsigned s = 0; s < SYN_LOAD_SERIES_COUNT; s++) {
        int64_t value = 0;
        if (!syn_json_i64(syn_json_member(node, columns[s]), &value) ||
            value < 0) {
            return refuse(fault, "no column", columns[s]);
        }
        slot->counts[s] = (uint64_t)value;
    }
    if (delivery == NULL) {
        return SYN_OK;
    }
    if (slot->is_open || slot->packed != NULL) {
        return refuse(fault, "two slots of one number in", "series");
    }
    struct syn_hist *hist = syn_load_slot_open(result, (size_t)at);
    return hist == NULL ? SYN_ERR_MEMORY
                        : take_hist(delivery, "series.delivery", hist, fault);
}

static void take_reason(const struct syn_json *node, char *to)
{
    struct syn_str text = syn_json_str(node, SYN_STR(""));
    (void)snprintf(to, SYN_LOAD_REASON_BYTES, "%.*s", SYN_STR_ARG(text));
}

static syn_status take_ends(struct syn_load_result *result,
                            const struct syn_json *root,
                            char fault[SYN_LOAD_REASON_BYTES])
{
    const struct syn_json *invalid = syn_json_member(root, "invalid");
    int64_t number = 0;
    if (!syn_json_i64(syn_json_member(root, "signal"), &number) || number < 0 ||
        number > SIGNAL_MAX) {
        return refuse(fault, "no number", "signal");
    }
    result->signal_number = (int)number;
    if (!syn_json_i64(syn_json_member(root, "begun_ms"), &result->begun_ms) ||
        !syn_json_i64(syn_json_member(root, "ran_us"), &result->ran_us)) {
        return refuse(fault, "no number", "begun_ms or ran_us");
    }
    result->is_cut_short =
        syn_json_bool(syn_json_member(root, "cut_short"), true);
    result->is_invalid = syn_json_is(invalid, SYN_JSON_STRING);
    take_reason(invalid, result->invalid_reason);
    take_reason(syn_json_member(root, "unreachable"), result->unreachable);
    take_reason(syn_json_member(root, "fault"), result->fault);
    return SYN_OK;
}

static syn_status take_all(struct syn_load_result *result,
                           const struct syn_json *root,
                           char fault[SYN_LOAD_REASON_BYTES])
{
    int64_t counts[SYN_LOAD_COUNTER_COUNT] = {0};
    syn_status st = take_ends(result, root, fault);
    st = st != SYN_OK
             ? st
             : take_numbers(syn_json_member(root, "counters"), counters,
                            SYN_LOAD_COUNTER_COUNT, counts, fault);
    st = st != SYN_OK
             ? st
             : take_numbers(syn_json_member(root, "gauges"), gauges,
                            SYN_LOAD_GAUGE_COUNT, result->gauges, fault);
    for (unsigned i = 0; i < SYN_LOAD_COUNTER_COUNT; i++) {
        result->counters[i] = (uint64_t)counts[i];
    }
    const struct syn_json *all = syn_json_member(root, "histograms");
    for (unsigned i = 0; i < SYN_LOAD_HIST_COUNT && st == SYN_OK; i++) {
        st = take_hist(syn_json_member(all, hists[i]), hists[i],
                       &result->hists[i], fault);
    }
    st = st != SYN_OK
             ? st
             : take_findings(result, syn_json_member(root, "findings"), fault);
    const struct syn_json *slot =
        syn_json_first(syn_json_member(root, "series"));
    for (; slot != NULL && st == SYN_OK; slot = syn_json_next(slot)) {
        st = take_slot(result, slot, fault);
    }
    return st;
}

syn_status syn_load_result_read(struct syn_str text,
                                struct syn_load_result **out,
                                char fault[SYN_LOAD_REASON_BYTES])
{
    static const struct syn_json_rules rules = {.bytes_max =
                                                    SYN_LOAD_RESULT_BYTES_MAX};
    struct syn_load_result *result = NULL;
    struct syn_load_plan plan;
    struct syn_arena arena;
    struct syn_json_fault where = {.reason = ""};
    const struct syn_json *root = NULL;
    int64_t version = 0;
    int64_t slot_s = 0;
    syn_arena_init(&arena, NULL, TREE_BYTES_MAX);
    syn_status st = syn_json_parse(&arena, text, &rules, &root, &where);
    if (st != SYN_OK) {
        (void)refuse(fault, "not JSON of a result:", where.reason);
        goto done;
    }
    st = SYN_ERR_PARSE;
    if (!syn_json_i64(syn_json_member(root, "stress"), &version) ||
        version != FORMAT_VERSION) {
        (void)refuse(fault, "not a result of this version:", "stress");
        goto done;
    }
    st = syn_load_plan_take(&arena, syn_json_member(root, "plan"), &plan);
    if (st != SYN_OK) {
        (void)refuse(fault, "not a plan:", "plan");
        goto done;
    }
    st = syn_load_result_new(&plan, &result);
    st = st != SYN_OK ? st : take_all(result, root, fault);
    if (st == SYN_OK &&
        (!syn_json_i64(syn_json_member(root, "slot_s"), &slot_s) ||
         slot_s != result->slot_s)) {
        st = refuse(fault, "not the plan's", "slot_s");
    }
    if (st == SYN_OK) {
        *out = result; /* published only when whole */
        result = NULL;
    }
done:
    syn_load_result_free(result);
    syn_arena_fini(&arena);
    return st;
}
