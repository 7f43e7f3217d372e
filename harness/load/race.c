/*
 * race.c - two writers who know the same revision: exactly one of them wins.
 * Source: rest.md section 5; clause REST-32.
 *
 * Now and then the next change of a document is sent twice at once, over two
 * connections, with one If-Match. Both carry the same ordinal, so it does not
 * matter to the oracle of events who is first.
 */
#include "load/worker.h"

#include "load/scan.h"

#include <string.h>

#define EVERY   8 /* changes of a document */
#define WRITERS 2
#define STALE   412

void syn_load_race_learn(struct syn_load_object *object, struct syn_str body)
{
    static const struct syn_str names[] = {{"revision", 8}};
    struct syn_str found[1];
    object->revision[0] = '\0';
    if (object->type == SYN_TYPE_DOCUMENT &&
        syn_load_scan(body, names, 1, found)) {
        const struct syn_str text = syn_load_scan_text(found[0]);
        if (text.bytes < sizeof object->revision) {
            memcpy(object->revision, text.at, text.bytes);
            object->revision[text.bytes] = '\0';
        }
    }
}

static bool has_room(const struct syn_load_lane *lane)
{
    return lane->count < SYN_LOAD_LANE_DEPTH &&
           lane->link.state == SYN_LOAD_LINK_OPEN;
}

bool syn_load_race_begin(struct syn_load_worker *worker,
                         struct syn_load_object *object, int64_t due_us)
{
    const uint32_t other = (object->lane + 1u) % SYN_LOAD_LANES;
    const struct syn_load_request request = {.errand = SYN_LOAD_RACE,
                                             .object = object->number,
                                             .ordinal = object->sent + 1,
                                             .due_us = due_us};
    /* The second writer is one request more, which a target's paces may not
     * have room for. */
    if (request.ordinal % EVERY != 0 || object->revision[0] == '\0' ||
        object->waiting > 0 || object->probe != NULL ||
        object->end_us != SYN_LOAD_NEVER || worker->aim->rest_per_s > 0 ||
        !has_room(&worker->lanes[object->lane]) ||
        !has_room(&worker->lanes[other])) {
        return false;
    }
    object->sent++;
    object->waiting++;
    object->racing = WRITERS;
    object->won = 0;
    object->is_unclear = false;
    (void)syn_load_lane_ask(worker, object->lane, &request);
    (void)syn_load_lane_ask(worker, other, &request);
    return true;
}

static void judge(struct syn_load_env *env,
                  const struct syn_load_object *object)
{
    const bool is_lost = object->won == WRITERS;
    syn_load_check(env->result, SYN_LOAD_PROPERTY_LOST, 1);
    if (is_lost || (object->won == 0 && !object->is_unclear)) {
        syn_load_violation(
            env->result,
            is_lost ? SYN_LOAD_PROPERTY_LOST : SYN_LOAD_PROPERTY_DENIED,
            syn_load_at(env, env->now_us),
            "document %s: change %u was sent by two writers with If-Match %s, "
            "which was the newest revision; %s",
            object->sid, (unsigned)object->sent, object->revision,
            is_lost ? "both were accepted, so one was written over unseen"
                    : "both were refused as stale");
    }
}

void syn_load_race_answered(struct syn_load_worker *worker,
                            const struct syn_load_request *request,
                            unsigned status, struct syn_str body)
{
    (void)body;
    struct syn_load_env *env = &worker->env;
    struct syn_load_object *object = &env->objects[request->object];
    enum syn_load_answer answer = syn_load_answer_of(status);
    const bool is_accepted = answer == SYN_LOAD_ANSWER_GOOD;
    object->racing--;
    object->won += is_accepted;
    object->is_unclear =
        object->is_unclear || (!is_accepted && status != STALE);
    if (object->racing > 0) {
        return; /* the later answer decides, and is the operation's */
    }
    judge(env, object);
    if (answer != SYN_LOAD_ANSWER_THROTTLED) {
        answer = object->won == 1 && !object->is_unclear ? SYN_LOAD_ANSWER_GOOD
                                                         : SYN_LOAD_ANSWER_BAD;
    }
    syn_load_answered(env, request->due_us, answer);
    syn_load_object_answered(env, object, request->ordinal, answer);
    object->revision[0] = '\0'; /* the next change tells it */
}
