/*
 * defect_bound.c - seeded bugs at the ends of ranges.
 *
 * Off by one, bytes for characters, zero taken for nothing, one bound in the
 * place of another.
 */
#include "service/defect_impl.h"

/* --- ranges --------------------------------------------------------------- */

static bool fits_below_a_year(void *ctx, int64_t ttl_s)
{
    (void)ctx;
    return ttl_s >= 0 && ttl_s < SYN_TTL_S_MAX;
}

static void plant_ttl_year(struct syn_seams *seams)
{
    seams->rules.ttl_fits = fits_below_a_year;
}

static enum syn_code check_less_than_a_day(const struct syn_verify_env *env,
                                           struct syn_token_draft *draft)
{
    const bool is_day = draft->issued.state == SYN_CLAIM_WELL_FORMED &&
                        draft->expires.value_s - draft->issued.value_s >=
                            SYN_TOKEN_LIFETIME_S_MAX;
    return is_day ? SYN_CODE_20157 : syn_token_check_lifetime(env, draft);
}

static void plant_token_day(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"lifetime", check_less_than_a_day}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* A column of 256 bytes. */
static bool fits_bytes(void *ctx, struct syn_str identity)
{
    return identity.bytes <= SYN_IDENTITY_POINTS_MAX &&
           syn_rules_sound.identity_fits(ctx, identity);
}

static void plant_identity_bytes(struct syn_seams *seams)
{
    seams->rules.identity_fits = fits_bytes;
}

static void plant_batch(struct syn_seams *seams)
{
    seams->live.batch_max = SYN_BATCH_MAX + 1;
}

/* --- sizes ---------------------------------------------------------------- */

/* What takes more than a byte a character may take more bytes. */
static size_t count_characters(void *ctx, enum syn_plane plane,
                               struct syn_str text, size_t bytes_max)
{
    (void)ctx;
    (void)plane;
    if (!syn_str_is_utf8(text)) {
        return bytes_max;
    }
    return bytes_max + (text.bytes - syn_str_code_points(text));
}

static void plant_characters(struct syn_seams *seams)
{
    seams->calls.data_limit = count_characters;
}

static size_t one_limit_for_all(void *ctx, enum syn_plane plane,
                                struct syn_str text, size_t bytes_max)
{
    (void)ctx;
    (void)text;
    return plane == SYN_PLANE_SDK ? SYN_DATA_BYTES_MAX : bytes_max;
}

static void plant_message_limit(struct syn_seams *seams)
{
    seams->calls.data_limit = one_limit_for_all;
}

/* --- zero ----------------------------------------------------------------- */

static bool skips_zero(void *ctx, const struct syn_object *object,
                       const struct syn_item *item, struct syn_str if_match,
                       struct syn_str revision)
{
    return syn_str_is(if_match, "0") ||
           syn_rules_sound.revision_fits(ctx, object, item, if_match, revision);
}

static void plant_if_match_zero(struct syn_seams *seams)
{
    seams->rules.revision_fits = skips_zero;
}

static int64_t keep_stream_deadline(void *ctx,
                                    const struct syn_ttl_change *change)
{
    if (change->object->type == SYN_TYPE_STREAM && change->ttl_s == 0) {
        return change->before_ms;
    }
    return syn_rules_sound.deadline(ctx, change);
}

static void plant_stream_ttl_zero(struct syn_seams *seams)
{
    seams->rules.deadline = keep_stream_deadline;
}

/* The moment of the notice has passed already: none is given. */
static bool gives_notice_in_time(void *ctx, const struct syn_lifetime *lifetime)
{
    (void)ctx;
    return lifetime->expires_s - lifetime->now_s >= lifetime->notice_s;
}

static void plant_short_notice(struct syn_seams *seams)
{
    seams->gives_notice = gives_notice_in_time;
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_defect rows[] = {
    {.name = "field-ttl-year-refused",
     .title = "a TTL of exactly one year is refused",
     .clause = "TTL-08",
     .plant = plant_ttl_year},
    {.name = "field-token-day-refused",
     .title = "a token that lives exactly 24 hours is refused",
     .clause = "TOK-08",
     .plant = plant_token_day},
    {.name = "field-grant-identity-bytes",
     .title = "the length of a granted identity is counted in bytes",
     .clause = "ACL-58",
     .plant = plant_identity_bytes},
    {.name = "field-batch-one-over",
     .title = "one subscription more than announced fits a batch",
     .clause = "LIM-18",
     .plant = plant_batch},
    {.name = "field-data-counts-characters",
     .title = "the size of data is counted in characters",
     .clause = "LIM-04",
     .plant = plant_characters},
    {.name = "field-sdk-message-16k",
     .title = "clients publish messages as large as documents",
     .clause = "LIM-03",
     .plant = plant_message_limit},
    {.name = "field-if-match-zero",
     .title = "If-Match: 0 is taken for no condition",
     .clause = "REST-27",
     .plant = plant_if_match_zero},
    {.name = "field-stream-ttl-zero",
     .title = "a TTL of 0 does not clear that of a stream",
     .clause = "TTL-14",
     .plant = plant_stream_ttl_zero},
    {.name = "field-short-token-no-notice",
     .title = "a token shorter than the notice is not announced to end",
     .clause = "TOK-41",
     .plant = plant_short_notice},
};
SYN_DEFECT_FIELD_TABLE(syn_defects_bound, rows);
