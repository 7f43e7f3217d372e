/*
 * fault.c - armed faults, and which of them a message meets.
 */
#include "tap/tap_impl.h"

#include <string.h>

static const char *const words[] = {
    [SYN_TAP_DROP] = "drop",           [SYN_TAP_DROP_REPLY] = "drop reply of",
    [SYN_TAP_DUPLICATE] = "duplicate", [SYN_TAP_DELAY] = "delay",
    [SYN_TAP_TRUNCATE] = "truncate",   [SYN_TAP_CUT] = "cut before",
    [SYN_TAP_RESET] = "reset before",  [SYN_TAP_REFUSE] = "refuse connection"};

void syn_tap_tell(struct syn_tap *tap, const char *act, const char *what,
                  struct syn_str label)
{
    struct syn_arena_mark mark = syn_arena_mark(&tap->scratch);
    if (tap->options.on_act == NULL) {
        return;
    }
    struct syn_str line =
        syn_arena_printf(&tap->scratch, "%s: %s%s%.*s", act, what,
                         label.bytes > 0 ? " " : "", SYN_STR_ARG(label));
    if (line.at != NULL) {
        tap->options.on_act(tap->options.ctx, line);
    }
    syn_arena_rewind(&tap->scratch, mark);
}

syn_status syn_tap_fault(struct syn_tap *tap, const struct syn_tap_fault *fault)
{
    struct syn_tap_armed *armed = NULL;
    struct syn_str match = syn_str_of(fault->match);
    if (tap->fault_count == SYN_TAP_FAULTS_MAX) {
        return SYN_ERR_LIMIT;
    }
    armed = &tap->faults[tap->fault_count];
    if (match.bytes >= sizeof armed->match || fault->delay_us < 0) {
        return SYN_ERR_ARG;
    }
    *armed = (struct syn_tap_armed){.fault = *fault};
    if (match.bytes > 0) {
        memcpy(armed->match, match.at, match.bytes);
    }
    armed->fault.match = NULL; /* the copy counts */
    if (armed->fault.times == 0) {
        armed->fault.times = 1;
    }
    tap->fault_count++;
    syn_tap_tell(tap, "armed", words[fault->kind], match);
    return SYN_OK;
}

void syn_tap_clear(struct syn_tap *tap)
{
    tap->fault_count = 0;
    syn_tap_tell(tap, "cleared", "all faults", SYN_STR(""));
}

static void disarm(struct syn_tap *tap, struct syn_tap_armed *armed)
{
    size_t index = (size_t)(armed - tap->faults);
    tap->fault_count--;
    memmove(armed, armed + 1, (tap->fault_count - index) * sizeof *armed);
}

static bool holds(struct syn_str text, const char *part)
{
    size_t bytes = strlen(part);
    for (size_t at = 0; at + bytes <= text.bytes; at++) {
        if (memcmp(text.at + at, part, bytes) == 0) {
            return true;
        }
    }
    return false;
}

static bool fits(const struct syn_tap_armed *armed,
                 const struct syn_tap_message *message)
{
    enum syn_tap_direction direction = armed->fault.kind == SYN_TAP_DROP_REPLY
                                           ? SYN_TAP_UP
                                           : armed->fault.direction;
    return armed->fault.kind != SYN_TAP_REFUSE &&
           direction == message->direction &&
           (armed->match[0] == '\0' || holds(message->label, armed->match));
}

/* The oldest fault whose turn it is; every one that fits counts the message. */
static bool pick(struct syn_tap *tap, const struct syn_tap_message *message,
                 struct syn_tap_fault *out)
{
    bool is_picked = false;
    for (size_t i = 0; i < tap->fault_count; i++) {
        struct syn_tap_armed *armed = &tap->faults[i];
        if (!fits(armed, message)) {
            continue;
        }
        armed->seen++;
        if (is_picked || armed->seen <= armed->fault.after) {
            continue;
        }
        *out = armed->fault;
        is_picked = true;
        if (armed->fault.times != SYN_TAP_ALWAYS && --armed->fault.times == 0) {
            disarm(tap, armed);
            i--;
        }
    }
    return is_picked;
}

/* --- replies that must not arrive ------------------------------------------
 */

static void leave_unanswered(struct syn_tap_lane *lane,
                             const struct syn_tap_message *message,
                             struct syn_str frame_id)
{
    struct syn_tap_link *link = lane->link;
    struct syn_tap_unanswered *row = NULL;
    if (link->unanswered_count == SYN_TAP_UNANSWERED_MAX ||
        frame_id.bytes >= sizeof row->id) {
        return;
    }
    row = &link->unanswered[link->unanswered_count++];
    *row = (struct syn_tap_unanswered){0};
    if (message->plane == SYN_TAP_REST) {
        row->number = lane->messages;
    } else if (frame_id.bytes > 0) {
        memcpy(row->id, frame_id.at, frame_id.bytes);
    }
}

static bool must_not_arrive(struct syn_tap_lane *lane,
                            const struct syn_tap_message *message,
                            struct syn_str frame_id)
{
    struct syn_tap_link *link = lane->link;
    bool is_answer = message->plane == SYN_TAP_REST ||
                     syn_str_has_prefix(message->label, SYN_STR("reply"));
    for (size_t i = 0; is_answer && i < link->unanswered_count; i++) {
        struct syn_tap_unanswered *row = &link->unanswered[i];
        bool is_it = message->plane == SYN_TAP_REST
                         ? row->id[0] == '\0' && row->number == lane->messages
                         : row->id[0] != '\0' && syn_str_is(frame_id, row->id);
        if (is_it) {
            *row = link->unanswered[--link->unanswered_count];
            return true;
        }
    }
    return false;
}

/* --- judging ---------------------------------------------------------------
 */

static void apply(struct syn_tap_lane *lane, const struct syn_tap_fault *fault,
                  struct syn_tap_fate *fate)
{
    struct syn_clock *clock = syn_loop_clock(lane->link->tap->loop);
    switch (fault->kind) {
    case SYN_TAP_DROP:
        fate->is_dropped = true;
        break;
    case SYN_TAP_DUPLICATE:
        fate->copies = 2;
        break;
    case SYN_TAP_DELAY:
        fate->due_us = syn_clock_now_us(clock) + fault->delay_us;
        lane->link->tap->counters.delayed++;
        break;
    case SYN_TAP_TRUNCATE:
        fate->bytes_max = fault->bytes;
        fate->ends_link = true;
        break;
    case SYN_TAP_CUT:
        fate->is_dropped = true;
        fate->ends_link = true;
        break;
    case SYN_TAP_RESET:
        fate->is_dropped = true;
        fate->resets_link = true;
        break;
    case SYN_TAP_DROP_REPLY:
    case SYN_TAP_REFUSE:
        break;
    }
}

struct syn_tap_fate syn_tap_judge(struct syn_tap_lane *lane,
                                  const struct syn_tap_message *message,
                                  struct syn_str frame_id)
{
    struct syn_tap_fate fate = {.copies = 1, .bytes_max = SIZE_MAX};
    struct syn_tap_fault fault = {0};
    if (message->direction == SYN_TAP_DOWN &&
        must_not_arrive(lane, message, frame_id)) {
        fate.is_dropped = true;
        return fate;
    }
    if (pick(lane->link->tap, message, &fault)) {
        syn_tap_tell(lane->link->tap, "hit", words[fault.kind], message->label);
        if (fault.kind == SYN_TAP_DROP_REPLY) {
            leave_unanswered(lane, message, frame_id);
        }
        apply(lane, &fault, &fate);
    }
    return fate;
}

bool syn_tap_refuses(struct syn_tap *tap)
{
    for (size_t i = 0; i < tap->fault_count; i++) {
        struct syn_tap_armed *armed = &tap->faults[i];
        unsigned every = armed->fault.every == 0 ? 1 : armed->fault.every;
        if (armed->fault.kind != SYN_TAP_REFUSE) {
            continue;
        }
        armed->seen++;
        if (armed->seen <= armed->fault.after ||
            (armed->seen - armed->fault.after) % every != 0) {
            continue;
        }
        syn_tap_tell(tap, "hit", words[SYN_TAP_REFUSE], SYN_STR(""));
        if (armed->fault.times != SYN_TAP_ALWAYS && --armed->fault.times == 0) {
            disarm(tap, armed);
        }
        return true;
    }
    return false;
}
