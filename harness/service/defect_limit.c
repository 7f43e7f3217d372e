/*
 * defect_limit.c - seeded bugs of rate limits.
 *
 * They stand between the service and its buckets, so they show only where
 * limits are in force.
 */
#include "service/defect_impl.h"

#include <stdio.h>

static bool (*sound_admits)(void *ctx, const struct syn_admission *admission,
                            uint32_t *retry_after_s);

static void remember(struct syn_seams *seams)
{
    sound_admits = seams->admits;
}

/* --- what is counted ------------------------------------------------------ */

static bool admit_all(void *ctx, const struct syn_admission *admission,
                      uint32_t *retry_after_s)
{
    (void)ctx;
    (void)admission;
    (void)retry_after_s;
    return true;
}

static void plant_no_limits(struct syn_seams *seams)
{
    seams->admits = admit_all;
}

/* "write-document-ET…" up to the last dash: one bucket for all objects. */
static bool admit_together(void *ctx, const struct syn_admission *admission,
                           uint32_t *retry_after_s)
{
    char bucket[SYN_BUCKET_NAME_BYTES];
    struct syn_admission all = *admission;
    const struct syn_str name = syn_str_of(admission->bucket);
    (void)snprintf(bucket, sizeof(bucket), "all-%.*s",
                   (int)syn_str_find(name, '-', 0), name.at);
    all.bucket = bucket;
    return sound_admits(ctx, &all, retry_after_s);
}

static void plant_together(struct syn_seams *seams)
{
    remember(seams);
    seams->admits = admit_together;
}

/* Under a name where nobody finds it to give it back. */
static bool admit_for_good(void *ctx, const struct syn_admission *admission,
                           uint32_t *retry_after_s)
{
    char bucket[SYN_BUCKET_NAME_BYTES];
    struct syn_admission lasting = *admission;
    (void)snprintf(bucket, sizeof(bucket), "once-%s", admission->bucket);
    lasting.bucket = bucket;
    return sound_admits(ctx, &lasting, retry_after_s);
}

static void plant_for_good(struct syn_seams *seams)
{
    remember(seams);
    seams->admits = admit_for_good;
}

/* --- how much ------------------------------------------------------------- */

static bool admit_without_burst(void *ctx,
                                const struct syn_admission *admission,
                                uint32_t *retry_after_s)
{
    struct syn_admission strict = *admission;
    strict.burst = strict.rate_per_s;
    return sound_admits(ctx, &strict, retry_after_s);
}

static void plant_no_burst(struct syn_seams *seams)
{
    remember(seams);
    seams->admits = admit_without_burst;
}

static bool admit_by_request(void *ctx, const struct syn_admission *admission,
                             uint32_t *retry_after_s)
{
    struct syn_admission plain = *admission;
    plain.cost = 1;
    return sound_admits(ctx, &plain, retry_after_s);
}

static void plant_no_sizes(struct syn_seams *seams)
{
    remember(seams);
    seams->admits = admit_by_request;
}

/* Half of what is published. */
static bool admit_half(void *ctx, const struct syn_admission *admission,
                       uint32_t *retry_after_s)
{
    struct syn_admission twice = *admission;
    twice.cost *= 2;
    return sound_admits(ctx, &twice, retry_after_s);
}

static void plant_half(struct syn_seams *seams)
{
    remember(seams);
    seams->admits = admit_half;
}

/* --- what is told --------------------------------------------------------- */

static bool admit_without_hint(void *ctx, const struct syn_admission *admission,
                               uint32_t *retry_after_s)
{
    const bool is_admitted = sound_admits(ctx, admission, retry_after_s);
    *retry_after_s = 0;
    return is_admitted;
}

static void plant_no_hint(struct syn_seams *seams)
{
    remember(seams);
    seams->admits = admit_without_hint;
}

/* --- what is done --------------------------------------------------------- */

static bool is_late; /* the request under way was throttled, and done */

static bool admit_and_note(void *ctx, const struct syn_admission *admission,
                           uint32_t *retry_after_s)
{
    is_late = !sound_admits(ctx, admission, retry_after_s);
    return true;
}

/* Done first, refused afterwards. */
static void refuse_late(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (is_late) {
        shaping->http_status = 429;
        shaping->body = SYN_STR("{\"status\":429,\"code\":54009,\"message\":"
                                "\"Rate limit exceeded\"}");
    }
    is_late = false;
}

static void plant_done_all_the_same(struct syn_seams *seams)
{
    is_late = false;
    remember(seams);
    seams->admits = admit_and_note;
    seams->shape_reply = refuse_late;
}

/* --- how large ------------------------------------------------------------ */

static size_t take_anything(void *ctx, enum syn_plane plane,
                            struct syn_str text, size_t bytes_max)
{
    (void)ctx;
    (void)plane;
    return text.bytes > bytes_max ? text.bytes : bytes_max;
}

static void plant_any_size(struct syn_seams *seams)
{
    seams->calls.data_limit = take_anything;
}

static size_t take_half(void *ctx, enum syn_plane plane, struct syn_str text,
                        size_t bytes_max)
{
    (void)ctx;
    (void)plane;
    (void)text;
    return bytes_max / 2;
}

static void plant_half_size(struct syn_seams *seams)
{
    seams->calls.data_limit = take_half;
}

static void plant_endless(struct syn_seams *seams)
{
    seams->live.subscriptions_max = SYN_SDK_SUBSCRIPTIONS_MAX;
}

static const struct syn_defect rows[] = {
    {"limits-forgotten", "Nothing is ever throttled", "LIM-06",
     plant_no_limits},
    {"limits-count-objects-together",
     "What is counted per object is counted for all objects together", "LIM-15",
     plant_together},
    {"limits-count-the-denied",
     "What a stranger is denied counts against the owner's rate", "LIM-05",
     plant_for_good},
    {"limits-without-burst", "Spikes are refused though the rate is kept",
     "LIM-09", plant_no_burst},
    {"limits-ignore-size", "Large data costs no more than small data", "LIM-08",
     plant_no_sizes},
    {"limits-count-twice", "Every request is counted twice", "LIM-05",
     plant_half},
    {"throttled-without-hint", "A refusal for its rate names no time to wait",
     "LIM-19", plant_no_hint},
    {"throttled-write-lands", "What is refused for its rate was done already",
     "LIM-10", plant_done_all_the_same},
    {"data-limit-forgotten", "Data of any size is accepted", "LIM-02",
     plant_any_size},
    {"data-limit-halved", "Data may have half the size that is published",
     "LIM-01", plant_half_size},
    {"subscriptions-without-end",
     "A connection may subscribe as much as it likes", "LIM-18", plant_endless},
};
SYN_DEFECT_TABLE(syn_defects_limit, rows);
