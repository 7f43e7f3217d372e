/*
 * seams.c - the sound behaviour behind every decision of the service.
 */
#include "service/seams.h"
#include "service/live_request.h"
#include "syn/limits.h"

#include <string.h>

#define MS_PER_S 1000

static bool admit_rest(void *ctx, struct syn_str user, struct syn_str password,
                       bool is_known_pair)
{
    (void)ctx;
    (void)user;
    (void)password;
    return is_known_pair;
}

/* Who one is never changes on a live session (TOK-37, TOK-38). */
static enum syn_code renew(void *ctx, const struct syn_renewal *renewal)
{
    (void)ctx;
    const struct syn_token_facts *before = renewal->before;
    const struct syn_token_facts *after = renewal->after;
    if (!syn_str_is_equal(before->identity, after->identity) ||
        !syn_str_is_equal(before->account_sid, after->account_sid)) {
        return SYN_CODE_51215;
    }
    if (!syn_str_is_equal(before->service_sid, after->service_sid)) {
        return SYN_CODE_51232;
    }
    return SYN_CODE_NONE;
}

static enum syn_code refuse_renewal(void *ctx, enum syn_code code)
{
    (void)ctx;
    return code;
}

static bool gives_notice(void *ctx, const struct syn_lifetime *lifetime)
{
    (void)ctx;
    (void)lifetime;
    return true;
}

static bool is_expired(void *ctx, const struct syn_lifetime *lifetime)
{
    (void)ctx;
    return lifetime->now_s >= lifetime->expires_s;
}

/* Events that a writer does not hear of its own doing: its client would act
 * on them twice (sdk-protocol.md section 10). */
static const bool is_silent_to_origin[SYN_EVENT_COUNT] = {
    [SYN_EVENT_DOCUMENT_REMOVED] = true,
    [SYN_EVENT_LIST_REMOVED] = true,
    [SYN_EVENT_LIST_ITEM_REMOVED] = true,
    [SYN_EVENT_MAP_REMOVED] = true,
    [SYN_EVENT_MAP_ITEM_REMOVED] = true,
    [SYN_EVENT_STREAM_REMOVED] = true,
    [SYN_EVENT_STREAM_MESSAGE_PUBLISHED] = true,
};

static bool delivers(void *ctx, const struct syn_delivery *delivery)
{
    (void)ctx;
    if (delivery->is_origin && is_silent_to_origin[delivery->event->kind]) {
        return false;
    }
    if (delivery->now_ms / MS_PER_S >= delivery->token_expires_s) {
        return false;
    }
    return delivery->is_unchecked ||
           syn_model_may_hear(delivery->model, delivery->now_ms,
                              delivery->identity, delivery->event->object);
}

static unsigned copies(void *ctx, const struct syn_event *event)
{
    (void)ctx;
    (void)event;
    return 1;
}

static bool cuts_on_revoke(void *ctx)
{
    (void)ctx;
    return true;
}

static bool continues(void *ctx, struct syn_str owner, struct syn_str identity)
{
    (void)ctx;
    return syn_str_is_equal(owner, identity);
}

static struct syn_str read_identity(void *ctx, struct syn_arena *arena,
                                    struct syn_str segment)
{
    (void)ctx;
    (void)arena;
    return segment;
}

static struct syn_str read_path(void *ctx, struct syn_arena *arena,
                                struct syn_str path)
{
    (void)ctx;
    (void)arena;
    return path;
}

static struct syn_chosen_ttls choose_ttls(void *ctx,
                                          const struct syn_asked_ttls *asked)
{
    (void)ctx;
    const struct syn_maybe_i64 special =
        asked->is_item ? asked->item : asked->collection;
    struct syn_chosen_ttls chosen = {.own = special.is_set ? special
                                                           : asked->plain};
    if (asked->is_item) {
        chosen.container = asked->collection;
    }
    return chosen;
}

static void answer_forbidden(void *ctx, struct syn_call *call)
{
    (void)ctx;
    syn_call_refuse(call, SYN_CODE_54007);
}

/* Without limits everything is admitted; with them service.c puts
 * syn_buckets_admit here. */
static bool admits(void *ctx, const struct syn_admission *admission,
                   uint32_t *retry_after_s)
{
    (void)ctx;
    (void)admission;
    (void)retry_after_s;
    return true;
}

static void shape_reply(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    (void)shaping;
}

static bool takes_plain(void *ctx)
{
    (void)ctx;
    return false;
}

void syn_seams_init(struct syn_seams *seams)
{
    *seams = (struct syn_seams){
        .rules = syn_rules_sound,
        .token_checks = syn_token_checks,
        .admit_rest = admit_rest,
        .renew = renew,
        .refuse_renewal = refuse_renewal,
        .gives_notice = gives_notice,
        .is_expired = is_expired,
        .delivers = delivers,
        .copies = copies,
        .cuts_on_revoke = cuts_on_revoke,
        .continues = continues,
        .read_path = read_path,
        .read_identity = read_identity,
        .choose_ttls = choose_ttls,
        .answer_forbidden = answer_forbidden,
        .admits = admits,
        .shape_reply = shape_reply,
        .takes_plain = takes_plain,
        .message_bytes_max = SYN_FRAME_BYTES_MAX,
        .header_bytes_max = SYN_FRAME_HEADER_BYTES_MAX,
        .rest_head_bytes_max = SYN_HTTP_HEAD_BYTES_MAX,
        .rest_body_bytes_max = SYN_HTTP_BODY_BYTES_MAX,
    };
    syn_hook_rules_init(&seams->hooks);
    syn_live_rules_init(&seams->live);
    syn_call_rules_init(&seams->calls);
    syn_frame_rules_init(&seams->frames);
}
