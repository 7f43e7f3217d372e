/*
 * op.c - operations that a session carries out, and what becomes of them.
 */
#include "load/engine.h"

#define OK_MIN    200
#define OK_MAX    299
#define THROTTLED 429

/* --- operations ----------------------------------------------------------- */

enum syn_load_answer syn_load_answer_of(unsigned http)
{
    return http >= OK_MIN && http <= OK_MAX ? SYN_LOAD_ANSWER_GOOD
           : http == THROTTLED              ? SYN_LOAD_ANSWER_THROTTLED
                                            : SYN_LOAD_ANSWER_BAD;
}

void syn_load_answered(struct syn_load_env *env, int64_t due_us,
                       enum syn_load_answer answer)
{
    static const enum syn_load_counter counters[] = {
        [SYN_LOAD_ANSWER_GOOD] = SYN_LOAD_SENDS_ACKED,
        [SYN_LOAD_ANSWER_THROTTLED] = SYN_LOAD_SENDS_THROTTLED,
        [SYN_LOAD_ANSWER_BAD] = SYN_LOAD_SENDS_FAILED};
    syn_load_count(env->result, counters[answer], 1);
    if (answer == SYN_LOAD_ANSWER_THROTTLED && env->is_ours) {
        syn_load_violation(env->result, SYN_LOAD_PROPERTY_DENIED,
                           syn_load_at(env, env->now_us),
                           "an operation was throttled (429) by a service "
                           "without limits");
    }
    syn_load_tick(env->result, SYN_LOAD_SERIES_ACHIEVED,
                  syn_load_at(env, env->now_us), 1);
    syn_load_took(env, SYN_LOAD_HIST_ROUNDTRIP, due_us);
}

void syn_load_object_answered(struct syn_load_env *env,
                              struct syn_load_object *object, uint32_t ordinal,
                              enum syn_load_answer answer)
{
    object->waiting -= object->waiting > 0;
    if (answer != SYN_LOAD_ANSWER_GOOD) {
        object->is_loose = true;
        return;
    }
    if (ordinal > object->acked) {
        object->acked = ordinal;
    }
    if (object->probe != NULL) {
        atomic_store(&object->probe->acked, object->acked);
    }
    (void)env;
}

void syn_load_op_end(struct syn_load_env *env, struct syn_load_session *session,
                     enum syn_load_answer answer)
{
    const enum syn_load_op op = (enum syn_load_op)session->op;
    session->op = SYN_LOAD_OP_NONE;
    if (op == SYN_LOAD_OP_FENCE || op == SYN_LOAD_OP_NONE) {
        session->is_fenced = op == SYN_LOAD_OP_FENCE;
        return;
    }
    syn_load_answered(env, session->op_due_us, answer);
    if (op == SYN_LOAD_OP_WRITE) {
        struct syn_load_object *object = &env->objects[session->op_object];
        syn_load_object_answered(env, object, object->sent, answer);
    }
}

static bool begin_write(struct syn_load_env *env,
                        struct syn_load_session *session, int64_t due_us)
{
    struct syn_load_object *object = &env->objects[session->op_object];
    if (object->waiting > 0 || object->is_gone) {
        return false;
    }
    object->sent++;
    object->waiting++;
    syn_load_say_write(env, session, object, due_us);
    return true;
}

/* The first subscription in this state, from a random one on; sub_count: none.
 */
static unsigned find_sub(struct syn_load_env *env,
                         const struct syn_load_session *session,
                         enum syn_load_sub_state state)
{
    const unsigned count = session->sub_count;
    const unsigned from = (unsigned)syn_rng_below(&env->rng, count);
    for (unsigned i = 0; i < count; i++) {
        const unsigned at = (from + i) % count;
        if (session->subs[at].state == state &&
            session->subs[at].kind == SYN_LOAD_SUB_OWN) {
            return at;
        }
    }
    return count;
}

/* What the fence reads: an object that is gone, as its answer tells most. */
static unsigned find_gone(const struct syn_load_env *env,
                          const struct syn_load_session *session)
{
    for (unsigned i = 0; i < session->sub_count; i++) {
        const struct syn_load_sub *sub = &session->subs[i];
        if (sub->kind == SYN_LOAD_SUB_OWN &&
            env->objects[sub->object].is_gone) {
            return i;
        }
    }
    return 0;
}

/* Of a subscription that lives: read it, take it anew, take it twice. */
static bool begin_live(struct syn_load_env *env,
                       struct syn_load_session *session, enum syn_load_op op)
{
    const unsigned at = find_sub(env, session, SYN_LOAD_SUB_LIVE);
    if (at == session->sub_count) {
        return false;
    }
    struct syn_load_sub *sub = &session->subs[at];
    sub->asked_epoch = sub->epoch;
    if (op == SYN_LOAD_OP_READ) {
        syn_load_say_get(env, session, SYN_LOAD_ASK_READ, at);
    } else if (op == SYN_LOAD_OP_REPEAT) {
        session->op_object = at;
        syn_load_say_repeat(env, session, at);
    } else {
        syn_load_sub_turn(env, session, sub, SYN_LOAD_SUB_CANCELING);
        syn_load_say_cancel(env, session, at);
    }
    return true;
}

bool syn_load_session_begin(struct syn_load_env *env,
                            struct syn_load_session *session,
                            enum syn_load_op op, int64_t due_us)
{
    if (session->state != SYN_LOAD_READY || session->op != SYN_LOAD_OP_NONE) {
        return false;
    }
    if (op == SYN_LOAD_OP_WRITE) {
        if (!begin_write(env, session, due_us)) {
            return false;
        }
    } else if (op == SYN_LOAD_OP_FENCE) {
        syn_load_say_get(env, session, SYN_LOAD_ASK_FENCE,
                         find_gone(env, session));
    } else if (!begin_live(env, session, op)) {
        return false;
    }
    session->op = (uint8_t)op;
    session->op_due_us = due_us;
    return true;
}
