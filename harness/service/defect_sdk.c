/*
 * defect_sdk.c - replays, subscriptions, batches and continuation gone wrong.
 */
#include "service/defect_impl.h"

#include "syn/limits.h"

#include <string.h>

/* --- replays -------------------------------------------------------------- */

static size_t replay_nothing(void *ctx, size_t step, size_t count)
{
    (void)ctx;
    (void)step;
    return count;
}

static void plant_replay_missing(struct syn_seams *seams)
{
    seams->live.replay_at = replay_nothing;
}

static size_t replay_backwards(void *ctx, size_t step, size_t count)
{
    (void)ctx;
    return count - 1 - step;
}

static void plant_replay_backwards(struct syn_seams *seams)
{
    seams->live.replay_at = replay_backwards;
}

/* The last one is lost, and the one before it told in its place. */
static size_t replay_repeats(void *ctx, size_t step, size_t count)
{
    (void)ctx;
    return step > 0 && step == count - 1 ? step - 1 : step;
}

static void plant_replay_repeats(struct syn_seams *seams)
{
    seams->live.replay_at = replay_repeats;
}

static int64_t replay_from_first(void *ctx, int64_t asked)
{
    (void)ctx;
    (void)asked;
    return -1;
}

static void plant_replay_from_first(struct syn_seams *seams)
{
    seams->live.replay_from = replay_from_first;
}

static enum syn_replay say_complete(void *ctx, enum syn_replay replay)
{
    (void)ctx;
    (void)replay;
    return SYN_REPLAY_COMPLETE;
}

static void plant_silent_gap(struct syn_seams *seams)
{
    seams->live.replay_told = say_complete;
}

/* --- batches and subscriptions -------------------------------------------- */

static enum syn_code share_first(void *ctx, enum syn_code first,
                                 enum syn_code own)
{
    (void)ctx;
    (void)own;
    return first;
}

static void plant_share_first(struct syn_seams *seams)
{
    seams->live.wish_code = share_first;
}

static enum syn_code forbid_missing(void *ctx, enum syn_code first,
                                    enum syn_code own)
{
    (void)ctx;
    (void)first;
    return syn_code_http(own) == 404 ? SYN_CODE_54007 : own;
}

static void plant_forbid_missing(struct syn_seams *seams)
{
    seams->live.wish_code = forbid_missing;
}

static void plant_batch_unbounded(struct syn_seams *seams)
{
    seams->live.batch_max = SYN_SUBSCRIPTIONS_MAX;
}

static unsigned weigh_each(void *ctx, unsigned asked)
{
    (void)ctx;
    return asked;
}

static void plant_weigh_each(struct syn_seams *seams)
{
    seams->live.weight = weigh_each;
}

static bool goes_on(void *ctx)
{
    (void)ctx;
    return false;
}

static void plant_cancel_ignored(struct syn_seams *seams)
{
    seams->live.ends_on_cancel = goes_on;
}

/* --- events --------------------------------------------------------------- */

static bool spare_origin(void *ctx, const struct syn_delivery *delivery)
{
    struct syn_seams sound;
    syn_seams_init(&sound);
    return !delivery->is_origin && sound.delivers(ctx, delivery);
}

static void plant_no_echo(struct syn_seams *seams)
{
    seams->delivers = spare_origin;
}

static unsigned tell_twice(void *ctx, const struct syn_event *event)
{
    (void)ctx;
    (void)event;
    return 2;
}

static void plant_twice(struct syn_seams *seams)
{
    seams->copies = tell_twice;
}

#define LOST_EACH 7
static unsigned asked_to_deliver; /* of the one service under this defect */

static bool lose_some(void *ctx, const struct syn_delivery *delivery)
{
    struct syn_seams sound;
    syn_seams_init(&sound);
    return sound.delivers(ctx, delivery) && ++asked_to_deliver % LOST_EACH != 0;
}

static void plant_lose_some(struct syn_seams *seams)
{
    asked_to_deliver = 0;
    seams->delivers = lose_some;
}

/* --- conditional writes --------------------------------------------------- */

static bool fits_always(void *ctx, const struct syn_object *object,
                        const struct syn_item *item, struct syn_str if_match,
                        struct syn_str revision)
{
    (void)ctx;
    (void)object;
    (void)item;
    (void)if_match;
    (void)revision;
    return true;
}

static void plant_if_match_ignored(struct syn_seams *seams)
{
    seams->rules.revision_fits = fits_always;
}

static bool keep_nothing(void *ctx, const struct syn_item *item)
{
    (void)ctx;
    (void)item;
    return false;
}

static void plant_put_replaces(struct syn_seams *seams)
{
    seams->rules.keeps_existing = keep_nothing;
}

/* --- what is missing ------------------------------------------------------ */

/* Every 404 of the SDK plane becomes 403. */
static void forbid_404(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->plane == SYN_PLANE_SDK && shaping->http_status == 404) {
        shaping->http_status = 403;
    }
}

static void plant_forbid_404(struct syn_seams *seams)
{
    seams->shape_reply = forbid_404;
}

/* --- continuation --------------------------------------------------------- */

static bool continue_nobody(void *ctx, struct syn_str owner,
                            struct syn_str identity)
{
    (void)ctx;
    (void)owner;
    (void)identity;
    return false;
}

static void plant_continue_nobody(struct syn_seams *seams)
{
    seams->continues = continue_nobody;
}

static bool continue_anybody(void *ctx, struct syn_str owner,
                             struct syn_str identity)
{
    (void)ctx;
    (void)owner;
    (void)identity;
    return true;
}

static void plant_continue_anybody(struct syn_seams *seams)
{
    seams->continues = continue_anybody;
}

static bool take_any_mac(void *ctx, struct syn_str made,
                         struct syn_str presented)
{
    (void)ctx;
    (void)made;
    (void)presented;
    return true;
}

static void plant_any_mac(struct syn_seams *seams)
{
    seams->live.fits_mac = take_any_mac;
}

static const struct syn_defect rows[] = {
    {"replay-missing", "A returning client is not told what it missed",
     "SDK-12", plant_replay_missing},
    {"replay-backwards", "Missed events are replayed newest first", "SDK-12",
     plant_replay_backwards},
    {"replay-repeats", "A replay repeats one event and loses another", "SDK-04",
     plant_replay_repeats},
    {"replay-from-first", "A replay begins with the first event ever", "SDK-12",
     plant_replay_from_first},
    {"replay-gap-silent", "A replay with a gap is told as complete", "SDK-12",
     plant_silent_gap},
    {"batch-shares-outcome",
     "Every subscription of a batch gets the outcome of the first", "ACL-66",
     plant_share_first},
    {"missing-subscription-forbidden",
     "A subscription to nothing fails as forbidden", "SDK-09",
     plant_forbid_missing},
    {"batch-unbounded", "More subscriptions than announced are taken at once",
     "SDK-09", plant_batch_unbounded},
    {"duplicate-subscription-doubles",
     "Who subscribes twice is told each event twice", "SDK-08",
     plant_weigh_each},
    {"cancel-ignored", "A cancelled subscription goes on", "SDK-08",
     plant_cancel_ignored},
    {"writer-hears-nothing", "A writer is not told of its own change", "SDK-06",
     plant_no_echo},
    {"events-told-twice", "Every event is told twice", "SDK-08", plant_twice},
    {"some-subscribers-miss", "Now and then a subscriber misses an event",
     "SDK-08", plant_lose_some},
    {"if-match-ignored", "A stale revision is written over", "SDK-13",
     plant_if_match_ignored},
    {"put-if-absent-replaces", "A PUT that must not find an item replaces it",
     "SDK-14", plant_put_replaces},
    {"missing-is-forbidden", "What is missing is refused as forbidden",
     "SDK-10", plant_forbid_404},
    {"continuation-never-fits", "Every returning client is a stranger",
     "SDK-05", plant_continue_nobody},
    {"continuation-of-anybody",
     "A continuation token of another identity is honoured", "SDK-05",
     plant_continue_anybody},
    {"continuation-unsigned", "A forged continuation token is honoured",
     "SDK-05", plant_any_mac},
};
SYN_DEFECT_TABLE(syn_defects_sdk, rows);
