/*
 * leak_expect.c - changes around a revocation, and who heard them (leak.h).
 */
#include "syn/leak.h"

#define STEPS_WITHIN 5 /* changes up to the bound */
#define STEPS_BEHIND 5
#define MS_PER_S     1000

struct syn_reply syn_leak_change(struct syn_run *run,
                                 struct syn_backend *backend,
                                 struct syn_thing *thing)
{
    static unsigned changes; /* of this process, which runs one row */
    struct syn_action action = {.op = syn_type_change(thing->type),
                                .on = thing,
                                .key =
                                    syn_run_text(run, "change-%u", changes++)};
    return syn_backend_do(backend, &action);
}

struct count {
    int64_t leaked;
    int64_t behind; /* of these, past the bound */
    int64_t latency_ms;
};

/* What the user heard from its event number `from` on. */
static struct count count_heard(const struct syn_leak *leak, size_t from,
                                int64_t since_ms, int64_t bound_ms)
{
    struct count count = {.leaked = 0};
    const size_t heard = syn_client_heard(leak->user, leak->thing);
    for (size_t i = from; i < heard; i++) {
        const struct syn_heard *event =
            syn_client_heard_at(leak->user, leak->thing, i);
        const int64_t late_ms = event->at_ms - since_ms;
        count.leaked++;
        count.behind += late_ms > bound_ms ? 1 : 0;
        count.latency_ms =
            late_ms > count.latency_ms ? late_ms : count.latency_ms;
    }
    return count;
}

/* Recorded only when it is not so, as it is asked after each change. */
static bool is_listening(struct syn_run *run, const struct syn_leak *leak)
{
    return syn_client_fence(leak->user) ||
           syn_expect_true(run, SYN_SITE, SYN_EFFECT,
                           "the session of the user answers", false);
}

/* Changes at a steady pace; false when the backend was refused one. */
static bool keep_changing(struct syn_run *run, const struct syn_leak *leak,
                          int64_t bound_ms)
{
    bool all_done = true;
    for (unsigned i = 0; all_done && i < STEPS_WITHIN + STEPS_BEHIND; i++) {
        struct syn_reply reply =
            syn_leak_change(run, leak->backend, leak->thing);
        all_done = syn_expect_allowed(run, SYN_SITE, SYN_EFFECT,
                                      "backend goes on changing it", reply);
        /* A busy connection is no excuse, and a dead one hears nothing. */
        all_done = all_done && is_listening(run, leak);
        syn_run_pass_ms(run, bound_ms / STEPS_WITHIN + 1);
    }
    return all_done;
}

bool syn_expect_silence(struct syn_run *run, struct syn_site site,
                        const struct syn_leak *leak)
{
    const int64_t bound_ms =
        syn_run_bound_s(run, SYN_BOUND_REVOKE_S) * MS_PER_S;
    const int64_t since_ms = syn_run_now_ms(run);
    const size_t user_from = syn_client_heard(leak->user, leak->thing);
    const size_t witness_from = syn_client_heard(leak->witness, leak->thing);
    if (!keep_changing(run, leak, bound_ms) ||
        !syn_expect_true(
            run, site, SYN_EFFECT, "the witness hears every change",
            syn_client_await(leak->witness, leak->thing,
                             witness_from + STEPS_WITHIN + STEPS_BEHIND))) {
        return false;
    }
    if (!is_listening(run, leak)) {
        return false;
    }
    const struct count count = count_heard(leak, user_from, since_ms, bound_ms);
    syn_measure(run, "revoke.latency_ms", count.latency_ms);
    syn_measure(run, "revoke.leaked", count.leaked);
    return syn_expect_int(
        run,
        (struct syn_aspect){site, SYN_EFFECT, "events heard behind the bound"},
        count.behind, "==", 0);
}
