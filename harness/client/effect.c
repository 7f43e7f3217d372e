/*
 * effect.c - the list of what a step wants done.
 *
 * The first room is taken when the session is made, so that a step can always
 * say something, even that it ran out of memory.
 */
#include "client/session_impl.h"
#include "syn/limits.h"

#include <stdlib.h>

#define EFFECTS_FIRST 16

/* --- effects ---------------------------------------------------------------
 */

bool syn_sdk_grow_effects(struct syn_sdk_session *session)
{
    size_t capacity = session->effect_capacity == 0
                          ? EFFECTS_FIRST
                          : 2 * session->effect_capacity;
    struct syn_sdk_effect *effects = NULL;
    if (capacity > SYN_SDK_EFFECTS_MAX) {
        session->trouble = SYN_ERR_LIMIT;
        return false;
    }
    effects = realloc(session->effects, capacity * sizeof *effects);
    if (effects == NULL) {
        session->trouble = SYN_ERR_MEMORY;
        return false;
    }
    session->effects = effects;
    session->effect_capacity = capacity;
    return true;
}

struct syn_sdk_effect *syn_sdk_add_effect(struct syn_sdk_session *session,
                                          enum syn_sdk_effect_kind kind)
{
    struct syn_sdk_effect *effect = NULL;
    if (session->effect_count == session->effect_capacity &&
        !syn_sdk_grow_effects(session)) {
        /* There was room once: the last effect is overwritten, and the step is
         * reported as incomplete. */
        session->effect_count = session->effect_capacity - 1;
    }
    effect = &session->effects[session->effect_count++];
    *effect = (struct syn_sdk_effect){.kind = kind};
    return effect;
}

void syn_sdk_add_send(struct syn_sdk_session *session, struct syn_buf *frame,
                      const char *method, struct syn_str path)
{
    struct syn_str bytes = {0};
    if (frame->status == SYN_OK) {
        bytes = syn_arena_dup(&session->scratch, syn_buf_str(frame));
    }
    if (bytes.at == NULL) {
        session->trouble =
            frame->status == SYN_OK ? SYN_ERR_MEMORY : frame->status;
    } else {
        struct syn_sdk_effect *effect =
            syn_sdk_add_effect(session, SYN_SDK_DO_SEND);
        effect->bytes = bytes;
        effect->method = syn_str_of(method);
        effect->path = path;
    }
    syn_buf_fini(frame);
}

void syn_sdk_add_start(struct syn_sdk_session *session,
                       enum syn_sdk_timer timer, int64_t delay_us)
{
    struct syn_sdk_effect *effect =
        syn_sdk_add_effect(session, SYN_SDK_DO_START);
    bool waits_for_peer =
        timer == SYN_SDK_TIMER_INIT || timer == SYN_SDK_TIMER_DELIVERY;
    effect->timer = timer;
    effect->timer_kind = waits_for_peer ? SYN_TIMER_PEER : SYN_TIMER_EVENT;
    effect->delay_us = delay_us;
}

void syn_sdk_add_stop(struct syn_sdk_session *session, enum syn_sdk_timer timer)
{
    syn_sdk_add_effect(session, SYN_SDK_DO_STOP)->timer = timer;
}

struct syn_sdk_note *syn_sdk_add_note(struct syn_sdk_session *session,
                                      enum syn_sdk_note_kind kind,
                                      const struct syn_sdk_frame *frame)
{
    struct syn_sdk_effect *effect =
        syn_sdk_add_effect(session, SYN_SDK_DO_NOTE);
    effect->note =
        (struct syn_sdk_note){.kind = kind, .frame = frame, .event_id = -1};
    return &effect->note;
}
