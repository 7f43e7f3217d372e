/*
 * defect_claim.c - claims of a token that are not looked at, or too lightly.
 *
 * A token is judged by a table of checks; these defects plant tables that miss
 * a check or hold a lenient one.
 */
#include "service/defect_impl.h"
#include "service/state.h"

#include "syn/limits.h"

#include <string.h>

#define HOUR_S   3600
#define SHORTEST 600 /* seconds of life that short-tokens-refused wants */
#define ANYBODY  SYN_STR("anonymous")
#define BY_NAME  SYN_STR("default")

void syn_defect_plant_checks(struct syn_seams *seams,
                             struct syn_token_check room[SYN_DEFECT_CHECKS_MAX],
                             const struct syn_check_swap *swaps)
{
    size_t count = 0;
    for (const struct syn_token_check *check = syn_token_checks;
         check->name != NULL; check++) {
        const struct syn_check_swap *swap = swaps;
        while (swap->name != NULL && strcmp(swap->name, check->name) != 0) {
            swap++;
        }
        if (swap->name != NULL && swap->run == NULL) {
            continue;
        }
        SYN_ASSERT(count + 1 < SYN_DEFECT_CHECKS_MAX);
        room[count] = *check;
        if (swap->name != NULL) {
            room[count].run = swap->run;
        }
        count++;
    }
    room[count] = (struct syn_token_check){.name = NULL};
    seams->token_checks = room;
}

/* --- time ----------------------------------------------------------------- */

static void plant_expired_accepted(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"expiry", NULL},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static void plant_nbf_ignored(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"not-before", NULL},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static void plant_lifetime_unbounded(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"lifetime", NULL},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* A life that is a second too long is judged as if it were not. */
static enum syn_code check_lifetime_late(const struct syn_verify_env *env,
                                         struct syn_token_draft *draft)
{
    draft->expires.value_s--;
    const enum syn_code code = syn_token_check_lifetime(env, draft);
    draft->expires.value_s++;
    return code;
}

static void plant_lifetime_off_by_one(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"lifetime", check_lifetime_late}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static enum syn_code check_lifetime_long(const struct syn_verify_env *env,
                                         struct syn_token_draft *draft)
{
    const int64_t start_s = draft->issued.state == SYN_CLAIM_WELL_FORMED
                                ? draft->issued.value_s
                                : env->now_s;
    return draft->expires.value_s - start_s < SHORTEST
               ? SYN_CODE_20157
               : syn_token_check_lifetime(env, draft);
}

static void plant_short_refused(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"lifetime", check_lifetime_long}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* What is no time ends in an hour. */
static enum syn_code check_expiry_if_given(const struct syn_verify_env *env,
                                           struct syn_token_draft *draft)
{
    if (draft->expires.state == SYN_CLAIM_WELL_FORMED) {
        return syn_token_check_expiry(env, draft);
    }
    draft->expires.value_s = env->now_s + HOUR_S;
    draft->facts.expires_s = draft->expires.value_s;
    return SYN_CODE_NONE;
}

static void plant_missing_exp(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"expiry", check_expiry_if_given}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* --- what a token is for -------------------------------------------------- */

static enum syn_code check_sync_or_default(const struct syn_verify_env *env,
                                           struct syn_token_draft *draft)
{
    (void)env;
    if (draft->facts.service_sid.bytes == 0) {
        draft->facts.service_sid = BY_NAME;
    }
    return SYN_CODE_NONE;
}

static void plant_grant_not_needed(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"grant", check_sync_or_default}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static enum syn_code check_default_service(const struct syn_verify_env *env,
                                           struct syn_token_draft *draft)
{
    draft->facts.service_sid = BY_NAME;
    return syn_token_check_service(env, draft);
}

static void plant_service_ignored(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"service", check_default_service}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static enum syn_code check_identity_or_anybody(const struct syn_verify_env *env,
                                               struct syn_token_draft *draft)
{
    if (syn_token_check_identity(env, draft) != SYN_CODE_NONE) {
        draft->facts.identity = ANYBODY;
    }
    return SYN_CODE_NONE;
}

static void plant_identity_not_needed(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"identity", check_identity_or_anybody}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

static void plant_typ_cty_unchecked(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {
        {"type", NULL}, {"content", NULL}, {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
}

/* No token is a token of anybody in the first account. */
static enum syn_code check_all_if_given(const struct syn_verify_env *env,
                                        struct syn_token_draft *draft)
{
    const struct syn_service *service = env->ctx;
    enum syn_code code = SYN_CODE_NONE;
    if (draft->token.bytes == 0) {
        draft->facts = (struct syn_token_facts){
            .key_sid = SYN_STR(""),
            .account_sid = syn_str_of(service->keyring.accounts[0].sid),
            .identity = ANYBODY,
            .service_sid = BY_NAME,
            .issued_s = env->now_s,
            .expires_s = env->now_s + HOUR_S};
        return code;
    }
    for (const struct syn_token_check *check = syn_token_checks;
         check->name != NULL && code == SYN_CODE_NONE; check++) {
        code = check->run(env, draft);
    }
    return code;
}

static void plant_token_not_needed(struct syn_seams *seams)
{
    static const struct syn_token_check checks[] = {
        {"any", "TOK-01", check_all_if_given}, {NULL, NULL, NULL}};
    seams->token_checks = checks;
}

static const struct syn_defect rows[] = {
    {"token-not-needed", "A session opens without a token", "TOK-01",
     plant_token_not_needed},
    {"expired-token-accepted", "An expired token opens a session", "TOK-26",
     plant_expired_accepted},
    {"nbf-ignored", "A token is accepted before its nbf", "TOK-27",
     plant_nbf_ignored},
    {"lifetime-unbounded", "A token may live for any time", "TOK-28",
     plant_lifetime_unbounded},
    {"lifetime-off-by-one", "A token may live for 24 hours and a second",
     "TOK-28", plant_lifetime_off_by_one},
    {"short-tokens-refused", "A token of less than ten minutes is refused",
     "TOK-11", plant_short_refused},
    {"missing-exp-accepted", "A token without a proper exp is accepted",
     "TOK-29", plant_missing_exp},
    {"sync-grant-not-needed",
     "A token without a sync grant opens the default service", "TOK-31",
     plant_grant_not_needed},
    {"service-of-token-ignored",
     "A token opens the default service, whichever it names", "ACL-70",
     plant_service_ignored},
    {"identity-not-needed", "A token without an identity opens a session",
     "TOK-30", plant_identity_not_needed},
    {"typ-cty-unchecked", "A token of any typ and cty is accepted", "TOK-16",
     plant_typ_cty_unchecked},
};
SYN_DEFECT_TABLE(syn_defects_claim, rows);
