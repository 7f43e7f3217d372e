/*
 * defect_renewal.c - seeded bugs of token times and of token updates.
 */
#include "service/defect_impl.h"

#include <string.h>

/* --- times ---------------------------------------------------------------- */

static enum syn_code skip_if_issued(const struct syn_verify_env *env,
                                    struct syn_token_draft *draft)
{
    return draft->issued.state == SYN_CLAIM_WELL_FORMED
               ? SYN_CODE_NONE
               : syn_token_check_not_before(env, draft);
}

static void plant_not_before(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"not-before", skip_if_issued}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static enum syn_code admit_at_end(const struct syn_verify_env *env,
                                  struct syn_token_draft *draft)
{
    return draft->expires.state == SYN_CLAIM_WELL_FORMED &&
                   draft->expires.value_s == env->now_s
               ? SYN_CODE_NONE
               : syn_token_check_expiry(env, draft);
}

static void plant_at_end(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"expiry", admit_at_end},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* --- updates -------------------------------------------------------------- */

/* The facts of before are gone when those of after are kept. */
static char kept_service[SYN_SID_BYTES];

static enum syn_code renew_in_place(void *ctx,
                                    const struct syn_renewal *renewal)
{
    struct syn_seams sound;
    syn_seams_init(&sound);
    const enum syn_code code = sound.renew(ctx, renewal);
    const struct syn_str service_sid = renewal->before->service_sid;
    if (code != SYN_CODE_51232 || service_sid.bytes >= sizeof(kept_service)) {
        return code;
    }
    memcpy(kept_service, service_sid.at, service_sid.bytes);
    renewal->after->service_sid =
        (struct syn_str){kept_service, service_sid.bytes};
    return SYN_CODE_NONE;
}

static void plant_other_service(struct syn_seams *seams)
{
    seams->renew = renew_in_place;
}

static enum syn_code renew_without_time(void *ctx,
                                        const struct syn_renewal *renewal)
{
    struct syn_seams sound;
    syn_seams_init(&sound);
    renewal->after->expires_s = renewal->before->expires_s;
    return sound.renew(ctx, renewal);
}

static void plant_old_end(struct syn_seams *seams)
{
    seams->renew = renew_without_time;
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_defect rows[] = {
    {.name = "field-nbf-ignored-with-iat",
     .title = "nbf does not count in a token that has iat",
     .clause = "TOK-27",
     .plant = plant_not_before},
    {.name = "field-token-at-exp-admitted",
     .title = "a token is admitted in the very second of its exp",
     .clause = "TOK-26",
     .plant = plant_at_end},
    {.name = "field-other-service-renews",
     .title = "a token for another service prolongs a session",
     .clause = "TOK-38",
     .plant = plant_other_service},
    {.name = "field-renewal-keeps-old-end",
     .title = "a session that was renewed ends with its first token",
     .clause = "SDK-02",
     .plant = plant_old_end},
};
SYN_DEFECT_FIELD_TABLE(syn_defects_renewal, rows);
