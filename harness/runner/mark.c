/*
 * mark.c - changes that can be told apart (include/syn/mark.h).
 */
#include "syn/mark.h"

const char *syn_mark(struct syn_run *run, const struct syn_thing *thing,
                     unsigned n)
{
    /* The point ends the number: 1 is not found in 10. */
    return syn_run_text(run, "%.*s-%u.", SYN_STR_ARG(thing->canary), n);
}

struct syn_action syn_mark_change(struct syn_run *run, struct syn_thing *thing,
                                  unsigned n)
{
    return (struct syn_action){.op = syn_type_change(thing->type),
                               .on = thing,
                               .key = syn_run_text(run, "key-%u", n),
                               .data = syn_run_text(run, "{\"mark\":\"%s\"}",
                                                    syn_mark(run, thing, n))};
}

struct syn_reply syn_mark_ask(struct syn_run *run, struct syn_client *user,
                              const struct syn_thing *thing, int64_t id)
{
    const char *body = syn_run_text(
        run,
        "{\"event_protocol_version\":4,\"action\":\"establish\","
        "\"correlation_id\":1,\"retried_requests\":0,\"ttl_in_s\":-1,"
        "\"requests\":[{\"object_sid\":\"%s\",\"object_type\":\"%s\","
        "\"last_event_id\":%lld}]}",
        thing->sid, syn_type_name(thing->type), (long long)id);
    struct syn_reply reply =
        syn_client_call(user, "POST", "/v4/Subscriptions", NULL, body);
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    (void)syn_client_fence(user);
    return syn_client_outcomes(user, thing) == 0
               ? reply
               : syn_client_outcome_at(user, thing, 0);
}
