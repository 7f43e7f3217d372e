/*
 * verify_claims.c - the claims of a token whose signature is right.
 *
 * Times first, then what the token is for. Malformed is never the same as
 * absent: a claim that is there in a wrong form is refused even where leaving
 * it out is allowed.
 */
#include "auth/draft.h"

static const struct syn_readings *readings_of(const struct syn_verify_env *env)
{
    return env->readings == NULL ? &syn_readings_default : env->readings;
}

enum syn_code syn_token_check_not_before(const struct syn_verify_env *env,
                                         struct syn_token_draft *draft)
{
    if (draft->not_before.state == SYN_CLAIM_ABSENT) {
        return SYN_CODE_NONE;
    }
    return draft->not_before.state == SYN_CLAIM_WELL_FORMED &&
                   draft->not_before.value_s <=
                       env->now_s + readings_of(env)->nbf_skew_s
               ? SYN_CODE_NONE
               : SYN_CODE_20105;
}

/* Without skew the token is over at `exp`. */
enum syn_code syn_token_check_expiry(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft)
{
    return draft->expires.state == SYN_CLAIM_WELL_FORMED &&
                   draft->expires.value_s + readings_of(env)->exp_skew_s >
                       env->now_s
               ? SYN_CODE_NONE
               : SYN_CODE_20104;
}

enum syn_code syn_token_check_issued(const struct syn_verify_env *env,
                                     struct syn_token_draft *draft)
{
    (void)env;
    return draft->issued.state != SYN_CLAIM_MALFORMED ? SYN_CODE_NONE
                                                      : SYN_CODE_20101;
}

/*
 * The life counts from `iat`, or from now without one. An `iat` in the future
 * would make a long life look short, so it counts only up to the skew that
 * `nbf` is allowed.
 */
enum syn_code syn_token_check_lifetime(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft)
{
    const int64_t latest_s = env->now_s + readings_of(env)->nbf_skew_s;
    int64_t start_s = env->now_s;
    if (draft->issued.state == SYN_CLAIM_WELL_FORMED) {
        start_s =
            draft->issued.value_s < latest_s ? draft->issued.value_s : latest_s;
    }
    return draft->expires.value_s - start_s <= SYN_TOKEN_LIFETIME_S_MAX
               ? SYN_CODE_NONE
               : SYN_CODE_20157;
}

enum syn_code syn_token_check_identity(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft)
{
    (void)env;
    const struct syn_str identity = draft->facts.identity;
    /* What is there and no text has no bytes either. */
    if (identity.bytes == 0 || !syn_str_is_utf8(identity) ||
        syn_str_code_points(identity) > SYN_IDENTITY_POINTS_MAX) {
        return SYN_CODE_20106;
    }
    return SYN_CODE_NONE;
}

enum syn_code syn_token_check_grant(const struct syn_verify_env *env,
                                    struct syn_token_draft *draft)
{
    (void)env;
    return draft->facts.service_sid.bytes > 0 ? SYN_CODE_NONE : SYN_CODE_20106;
}

/* A service of another account, or none at all (rest.md section 12). */
enum syn_code syn_token_check_service(const struct syn_verify_env *env,
                                      struct syn_token_draft *draft)
{
    return env->has_service(env->ctx, draft->facts.account_sid,
                            draft->facts.service_sid)
               ? SYN_CODE_NONE
               : SYN_CODE_20106;
}
