/*
 * defect_session.c - sessions that live too long, renewals believed, events
 * lost.
 */
#include "service/defect_impl.h"
#include "service/live_state.h"

static struct syn_seams sound_seams(void)
{
    struct syn_seams sound;
    syn_seams_init(&sound);
    return sound;
}

/* --- the end of a token --------------------------------------------------- */

static bool never_expires(void *ctx, const struct syn_lifetime *lifetime)
{
    (void)ctx;
    (void)lifetime;
    return false;
}

static void plant_outlives(struct syn_seams *seams)
{
    seams->is_expired = never_expires;
}

static bool expires_late(void *ctx, const struct syn_lifetime *lifetime)
{
    (void)ctx;
    return lifetime->now_s > lifetime->expires_s;
}

static enum syn_code check_expiry_late(const struct syn_verify_env *env,
                                       struct syn_token_draft *draft)
{
    struct syn_verify_env before = *env;
    before.now_s--;
    return syn_token_check_expiry(&before, draft);
}

static void plant_second_late(struct syn_seams *seams)
{
    static struct syn_token_check room[SYN_DEFECT_CHECKS_MAX];
    static const struct syn_check_swap swaps[] = {{"expiry", check_expiry_late},
                                                  {NULL, NULL}};
    syn_defect_plant_checks(seams, room, swaps);
    seams->is_expired = expires_late;
}

static bool gives_no_notice(void *ctx, const struct syn_lifetime *lifetime)
{
    (void)ctx;
    (void)lifetime;
    return false;
}

static void plant_no_notice(struct syn_seams *seams)
{
    seams->gives_notice = gives_no_notice;
}

/* --- renewal -------------------------------------------------------------- */

static enum syn_code keep_old_end(void *ctx, const struct syn_renewal *renewal)
{
    renewal->after->expires_s = renewal->before->expires_s;
    return sound_seams().renew(ctx, renewal);
}

static void plant_keeps_old_exp(struct syn_seams *seams)
{
    seams->renew = keep_old_end;
}

static enum syn_code take_any(void *ctx, const struct syn_renewal *renewal)
{
    (void)ctx;
    (void)renewal;
    return SYN_CODE_NONE;
}

static void plant_any_identity(struct syn_seams *seams)
{
    seams->renew = take_any;
}

/* Every session of the identity lives as long as the renewed one. */
static enum syn_code renew_all(void *ctx, const struct syn_renewal *renewal)
{
    struct syn_service *service = ctx;
    const enum syn_code code = sound_seams().renew(ctx, renewal);
    struct syn_session *session = service->live->first;
    for (; code == SYN_CODE_NONE && session != NULL; session = session->next) {
        if (session->state == SYN_SESSION_LIVE &&
            &session->facts != renewal->before &&
            syn_str_is_equal(session->facts.identity,
                             renewal->before->identity)) {
            session->facts.expires_s = renewal->after->expires_s;
            syn_live_watch_token(session);
        }
    }
    return code;
}

static void plant_extends_identity(struct syn_seams *seams)
{
    seams->renew = renew_all;
}

static enum syn_code shrug_off(void *ctx, enum syn_code code)
{
    (void)ctx;
    (void)code;
    return SYN_CODE_NONE;
}

static void plant_keeps_session(struct syn_seams *seams)
{
    seams->refuse_renewal = shrug_off;
}

/* --- events --------------------------------------------------------------- */

static bool delivers_nothing(void *ctx, const struct syn_delivery *delivery)
{
    (void)ctx;
    (void)delivery;
    return false;
}

static void plant_not_delivered(struct syn_seams *seams)
{
    seams->delivers = delivers_nothing;
}

static const struct syn_defect rows[] = {
    {"session-outlives-token", "A session lives on after its token expired",
     "TOK-40", plant_outlives},
    {"expiry-one-second-late", "A token is good for a second after its exp",
     "TOK-26", plant_second_late},
    {"no-expiry-notice", "A client is not warned before its token ends",
     "TOK-41", plant_no_notice},
    {"renewal-keeps-old-exp", "A renewed session ends with its first token",
     "SDK-02", plant_keeps_old_exp},
    {"renewal-takes-any-identity",
     "A session may be renewed with anybody's token", "TOK-37",
     plant_any_identity},
    {"renewal-extends-identity",
     "A renewal lengthens every session of its identity", "TOK-12",
     plant_extends_identity},
    {"bad-renewal-keeps-session",
     "A bad token is shrugged off as a renewal, and the session goes on",
     "TOK-39", plant_keeps_session},
    {"events-not-delivered", "No event reaches any subscriber", "SDK-08",
     plant_not_delivered},
};
SYN_DEFECT_TABLE(syn_defects_session, rows);
