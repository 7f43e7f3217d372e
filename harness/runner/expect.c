/*
 * expect.c - expectations: compare, and leave a record either way.
 * Layer: runner. Threads: the row's process.
 * Source: design section 7; style section 2.9.
 *
 * An answer that never came proves nothing: it is recorded as unanswered and
 * makes the row inconclusive, never passed and never failed.
 */
#include "runner/belief.h"
#include "runner/run_impl.h"
#include "wire/codes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HTTP_SERVER_ERROR 500
#define HTTP_TOO_MANY     429
#define HTTP_CLIENT_ERROR 400
#define LOST_GUARD_MS     1   /* a row that is lost waits for nothing more */
#define SHOWN_BYTES       512 /* of a body */

static const char *const orders[] = {"==", "!=", "<", "<=", ">", ">="};

static bool compare_int(int64_t a, const char *op, int64_t b)
{
    const bool holds[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
    size_t count = sizeof orders / sizeof orders[0];
    size_t i = 0;
    while (i < count && strcmp(op, orders[i]) != 0) {
        i++;
    }
    SYN_ASSERT(i < count); /* an operator that we do not know */
    return holds[i];
}

/* Two bodies are equal as JSON: a service may write the same value otherwise
 * the next time. */
static bool is_same_text(struct syn_str a, struct syn_str b)
{
    const struct syn_reply body = {.body = a};
    return syn_str_is_equal(a, b) || (syn_str_has_prefix(a, SYN_STR("{")) &&
                                      syn_reply_is_json(&body, "", b));
}

static bool compare_str(struct syn_str a, const char *op, struct syn_str b)
{
    if (strcmp(op, "==") == 0) {
        return is_same_text(a, b);
    }
    if (strcmp(op, "!=") == 0) {
        return !is_same_text(a, b);
    }
    if (strcmp(op, "has") == 0) {
        return syn_str_has(a, b);
    }
    SYN_ASSERT(strcmp(op, "lacks") == 0);
    return !syn_str_has(a, b);
}

static bool record(struct syn_run *run, struct syn_expectation expectation)
{
    expectation.at_ms = syn_run_since_ms(run);
    /* After a request that went unanswered unseen, nobody knows what state
     * this one met. */
    bool is_doubtful = run->has_gap && !expectation.holds;
    expectation.is_unanswered = expectation.is_unanswered || is_doubtful;
    if (expectation.is_unanswered && run->stage->target != NULL &&
        !run->recorder.is_over) {
        run->is_lost = true;
        run->world.guard_ms = LOST_GUARD_MS;
    }
    syn_record_expectation(&run->recorder, &expectation);
    return expectation.holds;
}

bool syn_expect_int(struct syn_run *run, struct syn_aspect aspect,
                    int64_t actual, const char *op, int64_t expected)
{
    return record(run, (struct syn_expectation){
                           .site = aspect.site,
                           .weight = aspect.weight,
                           .what = aspect.what,
                           .op = op,
                           .holds = compare_int(actual, op, expected),
                           .expected = syn_str_of(
                               syn_run_text(run, "%lld", (long long)expected)),
                           .actual = syn_str_of(
                               syn_run_text(run, "%lld", (long long)actual))});
}

bool syn_expect_str(struct syn_run *run, struct syn_aspect aspect,
                    struct syn_str actual, const char *op,
                    struct syn_str expected)
{
    return record(run, (struct syn_expectation){
                           .site = aspect.site,
                           .weight = aspect.weight,
                           .what = aspect.what,
                           .op = op,
                           .holds = compare_str(actual, op, expected),
                           .expected = expected,
                           .actual = actual});
}

bool syn_expect_true(struct syn_run *run, struct syn_site site,
                     enum syn_weight weight, const char *what, bool holds)
{
    return record(run,
                  (struct syn_expectation){.site = site,
                                           .weight = weight,
                                           .what = what,
                                           .op = "is",
                                           .holds = holds,
                                           .expected = SYN_STR("true"),
                                           .actual = holds ? SYN_STR("true")
                                                           : SYN_STR("false")});
}

/* No answer, or one that speaks about the service's health alone. */
static bool is_unanswered(const struct syn_reply *reply, int code)
{
    bool wants_throttle =
        code == HTTP_TOO_MANY ||
        (code != 0 && syn_code_http((enum syn_code)code) == HTTP_TOO_MANY);
    return reply->status != SYN_OK || reply->http >= HTTP_SERVER_ERROR ||
           (reply->http == HTTP_TOO_MANY && !wants_throttle);
}

static struct syn_str show_reply(struct syn_run *run,
                                 const struct syn_reply *reply)
{
    struct syn_str body = syn_str_cut(reply->body, SHOWN_BYTES);
    if (reply->status != SYN_OK) {
        return syn_str_of(
            syn_run_text(run, "no answer: %s", syn_status_text(reply->status)));
    }
    struct syn_str shown = syn_arena_printf(
        &run->arena, "%u, code %d, %.*s%s", reply->http, reply->code,
        SYN_STR_ARG(body), body.bytes < reply->body.bytes ? "…" : "");
    return shown.at == NULL ? SYN_STR("(no room to show it)") : shown;
}

bool syn_expect_allowed(struct syn_run *run, struct syn_site site,
                        enum syn_weight weight, const char *what,
                        struct syn_reply reply)
{
    return record(run,
                  (struct syn_expectation){
                      .site = site,
                      .weight = weight,
                      .what = what,
                      .op = "is",
                      .holds = syn_reply_is_ok(&reply),
                      .is_unanswered = is_unanswered(&reply, 0),
                      .expected = SYN_STR("allowed: 200 to 299"),
                      .actual = show_reply(run, &reply),
                      .reasoning = syn_belief_quote(run, reply.exchange, true),
                      .exchange = reply.exchange});
}

/* The right refusal in other words is judged apart from the refusal. */
static void expect_code(struct syn_run *run, struct syn_site site,
                        const char *what, const struct syn_reply *reply,
                        int code)
{
    (void)record(run,
                 (struct syn_expectation){
                     .site = site,
                     .weight = SYN_SIGNAL,
                     .what = syn_run_text(run, "%s: error code", what),
                     .op = "==",
                     .holds = reply->code == code ||
                              syn_code_is_equivalent(reply->code, code),
                     .expected = syn_str_of(syn_run_text(run, "%d", code)),
                     .actual = syn_str_of(syn_run_text(run, "%d", reply->code)),
                     .exchange = reply->exchange});
}

bool syn_expect_denied(struct syn_run *run, struct syn_site site,
                       const char *what, struct syn_reply reply,
                       struct syn_refusal refusal)
{
    const int code = refusal.code;
    bool is_refused =
        reply.http >= HTTP_CLIENT_ERROR && reply.http < HTTP_SERVER_ERROR;
    bool discloses = refusal.thing != NULL && refusal.thing->canary.bytes > 0 &&
                     syn_str_has(reply.body, refusal.thing->canary);
    bool holds = record(
        run, (struct syn_expectation){
                 .site = site,
                 .weight = SYN_EFFECT,
                 .what = what,
                 .op = "is",
                 .holds = is_refused && !discloses,
                 .is_unanswered = is_unanswered(&reply, code),
                 .is_denial = true,
                 .expected = discloses ? SYN_STR("denied without disclosure: "
                                                 "a 4xx without the canary")
                                       : SYN_STR("denied: 400 to 499"),
                 .actual = show_reply(run, &reply),
                 .reasoning = syn_belief_quote(run, reply.exchange, false),
                 .exchange = reply.exchange});
    if (holds && code != 0 && !is_unanswered(&reply, code)) {
        expect_code(run, site, what, &reply, code);
    }
    return holds;
}

bool syn_expect_answer(struct syn_run *run, struct syn_site site,
                       const char *what, struct syn_reply reply)
{
    bool is_answered = reply.status == SYN_OK && reply.http < HTTP_SERVER_ERROR;
    return record(run,
                  (struct syn_expectation){.site = site,
                                           .weight = SYN_EFFECT,
                                           .what = what,
                                           .op = "is",
                                           .holds = is_answered,
                                           .is_unanswered = !is_answered,
                                           .expected = SYN_STR("answered"),
                                           .actual = show_reply(run, &reply),
                                           .exchange = reply.exchange});
}

void syn_observe(struct syn_run *run, const char *what, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct syn_str text = syn_arena_vprintf(&run->arena, format, args);
    va_end(args);
    if (text.at == NULL) {
        syn_run_abandon(run, "the arena of the row is full");
    }
    syn_record_observation(&run->recorder, what, text);
}

void syn_measure(struct syn_run *run, const char *name, int64_t value)
{
    syn_record_measure(&run->recorder, name, value);
}
