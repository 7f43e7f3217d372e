/*
 * result.c - recording a run's figures, and joining those of several.
 * Layer: load. Threads: one owner.
 */
#include "load/result.h"

#include "syn/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define US_PER_S        INT64_C(1000000)
#define TEXTS_BYTES_MAX 33554432 /* samples, the plan's words */

enum joined { S, L }; /* as SYN_LOAD_GAUGE_MAP writes it */
#define AS_JOINED(name, metric, unit, joined, what) joined,
static const enum joined gauge_joins[] = {SYN_LOAD_GAUGE_MAP(AS_JOINED)};

static uint32_t slot_width_s(const struct syn_load_plan *plan)
{
    int64_t total_s = syn_load_plan_end_us(plan) / US_PER_S;
    return (uint32_t)((total_s + SYN_LOAD_SLOTS_MAX - 1) / SYN_LOAD_SLOTS_MAX);
}

/* The plan's texts are borrowed; the result's own live as long as it does. */
static bool keep_word(struct syn_load_result *result, const char **word)
{
    if (*word == NULL) {
        return true;
    }
    struct syn_str kept = syn_arena_dup(&result->arena, syn_str_of(*word));
    *word = kept.at;
    return kept.at != NULL;
}

syn_status syn_load_result_new(const struct syn_load_plan *plan,
                               struct syn_load_result **out)
{
    syn_status st = SYN_ERR_MEMORY;
    struct syn_load_result *result =
        syn_allocator_heap.resize(NULL, NULL, sizeof *result);
    if (result == NULL) {
        return SYN_ERR_MEMORY;
    }
    memset(result, 0, sizeof *result);
    syn_arena_init(&result->arena, NULL, TEXTS_BYTES_MAX);
    result->plan = *plan;
    result->slot_s = slot_width_s(plan);
    int64_t width_us = (int64_t)result->slot_s * US_PER_S;
    result->slot_count =
        (size_t)((syn_load_plan_end_us(plan) + width_us - 1) / width_us);
    SYN_ASSERT(result->slot_count > 0 &&
               result->slot_count <= SYN_LOAD_SLOTS_MAX);
    result->slots = syn_arena_array(&result->arena, result->slot_count,
                                    sizeof *result->slots);
    result->open = syn_arena_array(&result->arena, SYN_LOAD_SLOTS_OPEN,
                                   sizeof *result->open);
    if (result->slots == NULL || result->open == NULL) {
        goto done;
    }
    if (!keep_word(result, &result->plan.defect) ||
        !keep_word(result, &result->plan.target)) {
        goto done;
    }
    st = SYN_OK;
    *out = result;
done:
    if (st != SYN_OK) {
        syn_load_result_free(result);
    }
    return st;
}

void syn_load_result_free(struct syn_load_result *result)
{
    if (result == NULL) {
        return;
    }
    for (size_t i = 0; result->slots != NULL && i < result->slot_count; i++) {
        syn_allocator_heap.release(NULL, result->slots[i].packed);
    }
    syn_arena_fini(&result->arena);
    syn_allocator_heap.release(NULL, result);
}

/* --- the series -----------------------------------------------------------
 */

static size_t slot_at(const struct syn_load_result *result, int64_t at_us)
{
    int64_t width_us = (int64_t)result->slot_s * US_PER_S;
    size_t index = at_us < 0 ? 0 : (size_t)(at_us / width_us);
    return index < result->slot_count ? index : result->slot_count - 1;
}

static struct syn_load_open *find_open(const struct syn_load_result *result,
                                       size_t slot)
{
    for (size_t i = 0; i < SYN_LOAD_SLOTS_OPEN; i++) {
        if (result->open[i].used != 0 && result->open[i].slot == slot) {
            return &result->open[i];
        }
    }
    return NULL;
}

/* What is written no longer becomes small. */
static bool pack_slot(struct syn_load_result *result,
                      struct syn_load_open *open)
{
    struct syn_load_slot *slot = &result->slots[open->slot];
    struct syn_buf form;
    syn_buf_init(&form, NULL, SYN_HIST_FORM_BYTES_MAX);
    const syn_status st = syn_hist_pack(&form, &open->delivery);
    char *packed =
        st == SYN_OK ? syn_allocator_heap.resize(NULL, NULL, form.bytes) : NULL;
    if (packed != NULL) {
        memcpy(packed, form.at, form.bytes);
        slot->packed = packed;
        slot->packed_bytes = (uint32_t)form.bytes;
        slot->is_open = false;
        open->used = 0;
    }
    syn_buf_fini(&form);
    return packed != NULL;
}

/* A free one, or the one not used for the longest time. */
static struct syn_load_open *make_room(struct syn_load_result *result)
{
    struct syn_load_open *oldest = &result->open[0];
    for (size_t i = 1; i < SYN_LOAD_SLOTS_OPEN; i++) {
        if (result->open[i].used < oldest->used) {
            oldest = &result->open[i];
        }
    }
    if (oldest->used == 0 || pack_slot(result, oldest)) {
        return oldest;
    }
    (void)snprintf(result->fault, sizeof result->fault,
                   "out of memory for the series");
    return NULL;
}

struct syn_hist *syn_load_slot_open(struct syn_load_result *result, size_t slot)
{
    struct syn_load_slot *at = &result->slots[slot];
    struct syn_load_open *open =
        at->is_open ? find_open(result, slot) : make_room(result);
    if (open == NULL) {
        return NULL;
    }
    if (!at->is_open) {
        (void)syn_load_slot_delivery(result, slot, &open->delivery);
        syn_allocator_heap.release(NULL, at->packed);
        at->packed = NULL;
        at->is_open = true;
        open->slot = slot;
    }
    open->used = ++result->uses;
    return &open->delivery;
}

bool syn_load_slot_delivery(const struct syn_load_result *result, size_t slot,
                            struct syn_hist *out)
{
    const struct syn_load_slot *at = &result->slots[slot];
    if (at->is_open) {
        const struct syn_load_open *open = find_open(result, slot);
        SYN_ASSERT(open != NULL);
        *out = open->delivery;
    } else if (at->packed != NULL) {
        syn_hist_unpack(out, (struct syn_str){at->packed, at->packed_bytes});
    } else {
        syn_hist_init(out);
    }
    return at->is_open || at->packed != NULL;
}

/* --- recording ------------------------------------------------------------
 */

void syn_load_tick(struct syn_load_result *result, enum syn_load_series series,
                   int64_t at_us, uint64_t n)
{
    result->slots[slot_at(result, at_us)].counts[series] += n;
}

void syn_load_latency(struct syn_load_result *result, enum syn_load_hist hist,
                      int64_t due_us, int64_t latency_us)
{
    /* What sessions do while they connect is the ramp's own measure. */
    bool is_of_ramp =
        hist == SYN_LOAD_HIST_CONNECT || hist == SYN_LOAD_HIST_READY;
    if (is_of_ramp || due_us >= syn_load_plan_lead_us(&result->plan)) {
        syn_hist_record(&result->hists[hist], latency_us);
    }
    if (hist == SYN_LOAD_HIST_DELIVERY) {
        struct syn_hist *of_slot =
            syn_load_slot_open(result, slot_at(result, due_us));
        if (of_slot != NULL) {
            syn_hist_record(of_slot, latency_us);
        }
    }
}

/* Keep a sample among the earliest; text is copied. */
static void keep_sample(struct syn_load_result *result,
                        struct syn_load_finding *finding, int64_t at_us,
                        const char *text)
{
    size_t place = finding->sample_count;
    while (place > 0 && finding->samples[place - 1].at_us > at_us) {
        place--;
    }
    if (place == SYN_LOAD_SAMPLES_MAX) {
        return;
    }
    struct syn_str kept = syn_arena_dup(&result->arena, syn_str_of(text));
    if (kept.at == NULL) {
        return; /* the count tells of it */
    }
    size_t after = finding->sample_count == SYN_LOAD_SAMPLES_MAX
                       ? SYN_LOAD_SAMPLES_MAX - 1
                       : finding->sample_count++;
    memmove(&finding->samples[place + 1], &finding->samples[place],
            (after - place) * sizeof finding->samples[0]);
    finding->samples[place] =
        (struct syn_load_sample){.at_us = at_us, .text = kept.at};
}

void syn_load_violation(struct syn_load_result *result,
                        enum syn_load_property property, int64_t at_us,
                        const char *format, ...)
{
    struct syn_load_finding *finding = &result->findings[property];
    char text[SYN_LOAD_SAMPLE_BYTES_MAX];
    va_list args;
    finding->count++;
    if (finding->sample_count == SYN_LOAD_SAMPLES_MAX &&
        finding->samples[SYN_LOAD_SAMPLES_MAX - 1].at_us <= at_us) {
        return; /* thousands may come: no formatting for those not kept */
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    keep_sample(result, finding, at_us, text);
}

void syn_load_invalidate(struct syn_load_result *result, const char *format,
                         ...)
{
    va_list args;
    if (result->is_invalid) {
        return;
    }
    result->is_invalid = true;
    va_start(args, format);
    (void)vsnprintf(result->invalid_reason, sizeof result->invalid_reason,
                    format, args);
    va_end(args);
}

/* --- joining --------------------------------------------------------------
 */

static void add_findings(struct syn_load_result *to,
                         const struct syn_load_result *from)
{
    for (unsigned p = 0; p < SYN_LOAD_PROPERTY_COUNT; p++) {
        const struct syn_load_finding *more = &from->findings[p];
        to->findings[p].checks += more->checks;
        to->findings[p].count += more->count;
        for (size_t i = 0; i < more->sample_count; i++) {
            keep_sample(to, &to->findings[p], more->samples[i].at_us,
                        more->samples[i].text);
        }
    }
}

static void add_slots(struct syn_load_result *to,
                      const struct syn_load_result *from)
{
    struct syn_hist more;
    SYN_ASSERT(to->slot_count == from->slot_count &&
               to->slot_s == from->slot_s);
    for (size_t i = 0; i < from->slot_count; i++) {
        for (unsigned s = 0; s < SYN_LOAD_SERIES_COUNT; s++) {
            to->slots[i].counts[s] += from->slots[i].counts[s];
        }
        struct syn_hist *delivery = syn_load_slot_delivery(from, i, &more)
                                        ? syn_load_slot_open(to, i)
                                        : NULL;
        if (delivery != NULL) {
            syn_hist_add(delivery, &more);
        }
    }
}

/* The first sentence stays. */
static void add_reason(char *to, const char *from)
{
    if (to[0] == '\0') {
        (void)snprintf(to, SYN_LOAD_REASON_BYTES, "%s", from);
    }
}

static void add_ends(struct syn_load_result *to,
                     const struct syn_load_result *from)
{
    bool is_first = to->begun_ms == 0 ||
                    (from->begun_ms != 0 && from->begun_ms < to->begun_ms);
    to->begun_ms = is_first ? from->begun_ms : to->begun_ms;
    to->ran_us = from->ran_us > to->ran_us ? from->ran_us : to->ran_us;
    to->signal_number =
        to->signal_number == 0 ? from->signal_number : to->signal_number;
    to->is_cut_short = to->is_cut_short || from->is_cut_short;
    to->is_invalid = to->is_invalid || from->is_invalid;
    add_reason(to->invalid_reason, from->invalid_reason);
    add_reason(to->unreachable, from->unreachable);
    add_reason(to->fault, from->fault);
}

void syn_load_result_add(struct syn_load_result *to,
                         const struct syn_load_result *from)
{
    for (unsigned i = 0; i < SYN_LOAD_COUNTER_COUNT; i++) {
        to->counters[i] += from->counters[i];
    }
    for (unsigned i = 0; i < SYN_LOAD_GAUGE_COUNT; i++) {
        bool is_sum = gauge_joins[i] == S;
        int64_t larger =
            from->gauges[i] > to->gauges[i] ? from->gauges[i] : to->gauges[i];
        to->gauges[i] = is_sum ? to->gauges[i] + from->gauges[i] : larger;
    }
    for (unsigned i = 0; i < SYN_LOAD_HIST_COUNT; i++) {
        syn_hist_add(&to->hists[i], &from->hists[i]);
    }
    add_findings(to, from);
    add_slots(to, from);
    add_ends(to, from);
}
