/*
 * defect_fanout.c - seeded bugs of who hears what, and what was missed.
 */
#include "service/defect_impl.h"

#define REPLAY_MAX 100 /* one page of the log */

/* --- live ----------------------------------------------------------------- */

static bool delivers_soundly(void *ctx, const struct syn_delivery *delivery)
{
    struct syn_seams sound;
    syn_seams_init(&sound);
    return sound.delivers(ctx, delivery);
}

static bool spares_writer(void *ctx, const struct syn_delivery *delivery)
{
    const struct syn_event *event = delivery->event;
    const bool is_own = event->plane == SYN_PLANE_SDK && !delivery->is_origin &&
                        syn_str_is_equal(event->identity, delivery->identity);
    return !is_own && delivers_soundly(ctx, delivery);
}

static void plant_other_session(struct syn_seams *seams)
{
    seams->delivers = spares_writer;
}

/* The walk that met somebody who may not hear. */
static struct {
    const struct syn_event *event;
    const struct syn_object *object;
    int64_t id, at_ms;
} stopped;

static bool is_stopped(const struct syn_event *event)
{
    return stopped.event == event && stopped.object == event->object &&
           stopped.id == event->id && stopped.at_ms == event->at_ms;
}

static bool stops_at_denied(void *ctx, const struct syn_delivery *delivery)
{
    const struct syn_event *event = delivery->event;
    if (is_stopped(event)) {
        return false;
    }
    const bool is_heard = delivers_soundly(ctx, delivery);
    if (!is_heard && !delivery->is_origin) {
        stopped.event = event;
        stopped.object = event->object;
        stopped.id = event->id;
        stopped.at_ms = event->at_ms;
    }
    return is_heard;
}

static bool cuts_never(void *ctx)
{
    (void)ctx;
    return false;
}

/* With lazy cuts, or there is nobody on the list who may not hear. */
static void plant_stop(struct syn_seams *seams)
{
    stopped.event = NULL;
    seams->delivers = stops_at_denied;
    seams->cuts_on_revoke = cuts_never;
}

static bool tells_first(void *ctx)
{
    (void)ctx;
    return true;
}

static void plant_tells_first(struct syn_seams *seams)
{
    seams->calls.tells_first = tells_first;
}

/* --- replay --------------------------------------------------------------- */

static bool is_from_zero;

static int64_t note_zero(void *ctx, int64_t asked)
{
    (void)ctx;
    is_from_zero = asked == 0;
    return asked;
}

static size_t skip_from_zero(void *ctx, size_t step, size_t count)
{
    (void)ctx;
    return is_from_zero ? count : step;
}

static void plant_from_zero(struct syn_seams *seams)
{
    is_from_zero = false;
    seams->live.replay_from = note_zero;
    seams->live.replay_at = skip_from_zero;
}

static size_t stop_at_page(void *ctx, size_t step, size_t count)
{
    (void)ctx;
    return step < REPLAY_MAX ? step : count;
}

static void plant_one_page(struct syn_seams *seams)
{
    seams->live.replay_at = stop_at_page;
}

/* --- the table ------------------------------------------------------------ */

static const struct syn_defect rows[] = {
    {.name = "field-own-other-session-unheard",
     .title = "other sessions of the writer's identity hear nothing",
     .clause = "SDK-08",
     .plant = plant_other_session},
    {.name = "field-fanout-stops-at-denied",
     .title = "those behind a subscriber who lost read hear nothing",
     .clause = "SDK-08",
     .plant = plant_stop},
    {.name = "field-event-before-reply",
     .title = "the writer hears of its change before the reply",
     .clause = "SDK-07",
     .plant = plant_tells_first},
    {.name = "field-replay-from-zero-empty",
     .title = "who knows event 0 is told nothing of what it missed",
     .clause = "SDK-12",
     .plant = plant_from_zero},
    {.name = "field-replay-one-page",
     .title = "a replay ends silently after a hundred events",
     .clause = "SDK-12",
     .plant = plant_one_page},
};
SYN_DEFECT_FIELD_TABLE(syn_defects_fanout, rows);
