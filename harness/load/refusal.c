/*
 * refusal.c - what an answer of REST may not say to the backend.
 * Source: rest.md; clauses ACL-22 (the backend may do everything), REST-68 (a
 * refusal tells of nobody else).
 */
#include "load/worker.h"
#include "model/model.h"

#include <string.h>

#define FORBIDDEN   403
#define SHOWN_BYTES 300 /* of the body, in the evidence */

static size_t count_hex(struct syn_str s)
{
    static const char digits[] = "0123456789abcdef";
    size_t count = 0;
    while (count < s.bytes && s.at[count] != '\0' &&
           strchr(digits, s.at[count]) != NULL) {
        count++;
    }
    return count;
}

/* The sid of a service that is not ours, "" without one. */
static struct syn_str find_stranger(const struct syn_load_env *env,
                                    struct syn_str body)
{
    const struct syn_str ours = syn_str_of(env->service_sid);
    for (size_t at = syn_str_find(body, 'I', 0);
         at + SYN_SID_CHARS <= body.bytes;
         at = syn_str_find(body, 'I', at + 1)) {
        const struct syn_str sid = syn_str_part(body, at, SYN_SID_CHARS);
        if (sid.at[1] == 'S' &&
            count_hex(syn_str_from(sid, 2)) == SYN_SID_CHARS - 2 &&
            !syn_str_is_equal(sid, ours)) {
            return sid;
        }
    }
    return (struct syn_str){"", 0};
}

void syn_load_refusal_judge(struct syn_load_worker *worker, unsigned status,
                            struct syn_str body)
{
    struct syn_load_env *env = &worker->env;
    const int64_t at_us = syn_load_at(env, env->now_us);
    const struct syn_str shown = syn_str_cut(body, SHOWN_BYTES);
    syn_load_check(env->result, SYN_LOAD_PROPERTY_DENIED, 1);
    if (status == FORBIDDEN) {
        syn_load_violation(env->result, SYN_LOAD_PROPERTY_DENIED, at_us,
                           "the backend may do everything, and REST answered "
                           "403: %.*s",
                           SYN_STR_ARG(shown));
    }
    if (status < SYN_LOAD_HTTP_BAD) {
        return;
    }
    const struct syn_str stranger = find_stranger(env, body);
    syn_load_check(env->result, SYN_LOAD_PROPERTY_UNAUTHORISED, 1);
    if (stranger.bytes > 0) {
        syn_load_violation(env->result, SYN_LOAD_PROPERTY_UNAUTHORISED, at_us,
                           "a refusal (%u) tells of the service %.*s, which is "
                           "not ours: %.*s",
                           status, SYN_STR_ARG(stranger), SYN_STR_ARG(shown));
    }
}
