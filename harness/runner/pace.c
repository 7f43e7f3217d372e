/*
 * pace.c - keep a pace and judge the tally.
 */
#include "syn/pace.h"
#include "syn/leak.h"

#define TOO_MANY      429
#define SLACK_PERCENT 10

void syn_tally_count(struct syn_tally *tally, struct syn_reply reply)
{
    if (syn_reply_is_ok(&reply)) {
        tally->accepted++;
    } else if (reply.http == TOO_MANY) {
        tally->throttled++;
        tally->refusal = reply;
    } else {
        tally->other++;
    }
}

struct syn_tally syn_pace_keep(struct syn_pace *pace, unsigned rate,
                               unsigned span_s)
{
    struct syn_tally tally = {.accepted = 0};
    for (unsigned s = 0; s < span_s; s++) {
        for (unsigned i = 0; i < rate; i++) {
            syn_tally_count(&tally, pace->do_once(pace));
        }
        syn_run_pass_s(pace->run, 1);
    }
    return tally;
}

struct syn_reply syn_pace_change(struct syn_pace *pace)
{
    return syn_leak_change(pace->run, pace->backend, pace->thing);
}

bool syn_pace_prepare(struct syn_run *run, struct syn_pace *pace,
                      struct syn_thing *thing)
{
    *thing = syn_run_thing(run, "counted");
    *pace = (struct syn_pace){.run = run,
                              .backend = syn_run_backend(run),
                              .thing = thing,
                              .do_once = syn_pace_change};
    return EXPECT_CONTROL(run, "create",
                          syn_backend_do(pace->backend, OP_ON(CREATE, thing)));
}

void syn_expect_unthrottled(struct syn_run *run, const char *what,
                            const struct syn_tally *tally)
{
    EXPECT_INT(run, syn_run_text(run, "%s: refused", what),
               (int64_t)(tally->throttled + tally->other), ==, 0);
}

void syn_expect_throttled(struct syn_run *run, const char *what,
                          const struct syn_tally *tally, unsigned accepted_max)
{
    EXPECT_INT(run, syn_run_text(run, "%s: refused for the rate", what),
               (int64_t)tally->throttled, >, 0);
    EXPECT_INT(run, syn_run_text(run, "%s: accepted", what),
               (int64_t)tally->accepted, <=,
               (int64_t)accepted_max * (100 + SLACK_PERCENT) / 100);
    if (tally->throttled > 0) {
        EXPECT_SIGNAL_INT(run, "code of a refusal", tally->refusal.code, ==,
                          54009);
    }
}
