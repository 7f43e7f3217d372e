/*
 * judge.c - from evidence to a verdict.
 * Layer: runner. Threads: values.
 * Source: design section 7.
 *
 * Rules in order; the first that applies decides. A breach that was recorded
 * before anything went unanswered is proven, whatever happened to the row
 * afterwards. What was recorded after an unanswered request proves nothing,
 * because the row no longer knew the state it stood in.
 */
#include "runner/judge.h"

#include "syn/limits.h"

#include <string.h>

#define SHOWN_MAX 40 /* records around the decision */

struct survey {
    const struct syn_evidence_expectation *broken; /* effect or control */
    const struct syn_evidence_expectation *broken_signal;
    const struct syn_evidence_expectation *unanswered;
    bool is_silent; /* and it was the first record */
    size_t judged;
    size_t denials_held;
    size_t controls_held;
};

static void survey_one(struct survey *survey,
                       const struct syn_evidence_expectation *e)
{
    survey->judged++;
    if (survey->unanswered != NULL) {
        return; /* nothing after it is believed */
    }
    if (e->is_unanswered) {
        survey->unanswered = e;
        survey->is_silent = survey->judged == 1;
    } else if (e->holds) {
        survey->denials_held += e->is_denial ? 1 : 0;
        survey->controls_held += e->weight == SYN_CONTROL ? 1 : 0;
    } else if (e->weight == SYN_SIGNAL) {
        survey->broken_signal =
            survey->broken_signal == NULL ? e : survey->broken_signal;
    } else {
        survey->broken = survey->broken == NULL ? e : survey->broken;
    }
}

static struct survey survey_all(const struct syn_evidence *evidence)
{
    struct survey survey = {.judged = 0};
    for (size_t i = 0; i < evidence->expectation_count; i++) {
        if (!evidence->expectations[i].is_late) {
            survey_one(&survey, &evidence->expectations[i]);
        }
    }
    return survey;
}

struct hearing {
    struct syn_arena *arena;
    const struct syn_case *the_case;
    struct survey survey;
    struct syn_judgement *out;
    syn_status status;
};

static bool decide(struct hearing *h, enum syn_verdict verdict,
                   struct syn_str reason)
{
    h->out->verdict = verdict;
    h->out->reason = reason;
    h->status = reason.at == NULL ? SYN_ERR_MEMORY : SYN_OK;
    return true;
}

static struct syn_str tell_broken(struct hearing *h,
                                  const struct syn_evidence_expectation *e)
{
    const char *control =
        e->weight == SYN_CONTROL ? "the control failed: " : "";
    h->out->decider = e;
    return syn_arena_printf(h->arena, "%s%.*s: expected %.*s %.*s, got %.*s",
                            control, SYN_STR_ARG(e->what), SYN_STR_ARG(e->op),
                            SYN_STR_ARG(e->expected), SYN_STR_ARG(e->actual));
}

/* --- the rules, in order --------------------------------------------------
 */

static bool was_not_started(struct hearing *h)
{
    return h->the_case->fate == SYN_FATE_UNSTARTED &&
           decide(
               h, SYN_VERDICT_SKIPPED,
               syn_arena_printf(h->arena, "not run: %s", h->the_case->message));
}

static bool has_fault(struct hearing *h)
{
    const struct syn_evidence *evidence = h->the_case->evidence;
    return evidence->end == SYN_END_FAULT &&
           decide(h, SYN_VERDICT_ERROR, evidence->end_reason);
}

static bool is_broken(struct hearing *h)
{
    static const enum syn_verdict verdicts[] = {
        [SYN_LEVEL_MUST] = SYN_VERDICT_FAIL,
        [SYN_LEVEL_SHOULD] = SYN_VERDICT_WARNING,
        [SYN_LEVEL_INFO] = SYN_VERDICT_INFO};
    return h->survey.broken != NULL && decide(h, verdicts[h->the_case->level],
                                              tell_broken(h, h->survey.broken));
}

static bool was_killed(struct hearing *h)
{
    return h->the_case->fate == SYN_FATE_KILLED &&
           decide(h, SYN_VERDICT_INCONCLUSIVE,
                  SYN_STR("interrupted before it ended"));
}

/* Every call of a row has a guard in real time, so a row that hangs against the
 * embedded service is our own fault. */
static bool was_late(struct hearing *h)
{
    return h->the_case->fate == SYN_FATE_LATE &&
           decide(h,
                  h->the_case->is_remote ? SYN_VERDICT_INCONCLUSIVE
                                         : SYN_VERDICT_ERROR,
                  SYN_STR("the row did not end within its time limit"));
}

static bool has_crashed(struct hearing *h)
{
    return h->the_case->fate == SYN_FATE_CRASHED &&
           decide(h, SYN_VERDICT_ERROR,
                  syn_arena_printf(h->arena, "the row crashed: %s",
                                   h->the_case->message));
}

static bool has_skipped(struct hearing *h)
{
    const struct syn_evidence *evidence = h->the_case->evidence;
    return evidence->end == SYN_END_SKIPPED &&
           decide(h, SYN_VERDICT_SKIPPED, evidence->end_reason);
}

static bool has_given_up(struct hearing *h)
{
    const struct syn_evidence *evidence = h->the_case->evidence;
    return evidence->end == SYN_END_GAVE_UP &&
           decide(h, SYN_VERDICT_INCONCLUSIVE, evidence->end_reason);
}

static bool was_unanswered(struct hearing *h)
{
    const struct syn_evidence_expectation *e = h->survey.unanswered;
    if (e == NULL) {
        return false;
    }
    unsigned attempts = h->the_case->attempts;
    h->out->decider = e;
    h->out->is_open = true;
    struct syn_str after =
        attempts == 0 ? SYN_STR("")
                      : syn_arena_printf(h->arena, ", %u times", attempts + 1);
    return decide(h, SYN_VERDICT_INCONCLUSIVE,
                  syn_arena_printf(h->arena, "%.*s: %.*s%.*s",
                                   SYN_STR_ARG(e->what), SYN_STR_ARG(e->actual),
                                   SYN_STR_ARG(after)));
}

static bool was_alerted(struct hearing *h)
{
    return h->the_case->evidence->alerts > 0 &&
           decide(h, SYN_VERDICT_ERROR,
                  syn_arena_printf(h->arena, "%u alerts in the log",
                                   h->the_case->evidence->alerts));
}

static bool left_early(struct hearing *h)
{
    return !h->the_case->evidence->is_complete &&
           decide(h, SYN_VERDICT_ERROR,
                  SYN_STR("the row ended without saying so"));
}

static bool is_vacuous(struct hearing *h)
{
    h->out->has_control =
        h->survey.denials_held == 0 || h->survey.controls_held > 0;
    return !h->out->has_control &&
           decide(h, SYN_VERDICT_ERROR,
                  SYN_STR("vacuous: denials without a control that held, so a "
                          "service that refuses everything would pass"));
}

static bool is_empty(struct hearing *h)
{
    const struct syn_evidence *evidence = h->the_case->evidence;
    bool tells = h->the_case->level == SYN_LEVEL_INFO &&
                 evidence->observation_count + evidence->measure_count > 0;
    return h->survey.judged == 0 && !tells &&
           decide(h, SYN_VERDICT_ERROR,
                  SYN_STR("the row recorded nothing, so it proves nothing"));
}

static bool is_informative(struct hearing *h)
{
    return h->the_case->level == SYN_LEVEL_INFO &&
           decide(h, SYN_VERDICT_INFO, SYN_STR(""));
}

static bool has_wrong_signal(struct hearing *h)
{
    return h->survey.broken_signal != NULL &&
           decide(h, SYN_VERDICT_WARNING,
                  tell_broken(h, h->survey.broken_signal));
}

static bool has_passed(struct hearing *h)
{
    return decide(h, SYN_VERDICT_PASS, SYN_STR(""));
}

static bool (*const rules[])(struct hearing *h) = {
    was_not_started, has_fault,      is_broken,        was_killed,
    was_late,        has_crashed,    was_unanswered,   has_skipped,
    has_given_up,    was_alerted,    left_early,       is_vacuous,
    is_empty,        is_informative, has_wrong_signal, has_passed};

syn_status syn_judge(struct syn_arena *arena, const struct syn_case *the_case,
                     struct syn_judgement *out)
{
    struct hearing h = {.arena = arena,
                        .the_case = the_case,
                        .survey = survey_all(the_case->evidence),
                        .out = out};
    *out = (struct syn_judgement){.verdict = SYN_VERDICT_ERROR};
    size_t i = 0;
    while (!rules[i](&h)) {
        i++;
        SYN_ASSERT(i < sizeof rules / sizeof rules[0]);
    }
    out->is_silent = out->verdict == SYN_VERDICT_INCONCLUSIVE &&
                     (h.survey.judged == 0 || h.survey.is_silent);
    return h.status;
}

/* --- what the report shows ------------------------------------------------
 */

static const char *mark_of(const struct syn_evidence_expectation *e)
{
    return e->is_unanswered ? "no answer" : e->holds ? "ok" : "BROKEN";
}

static void put_expectation(struct syn_buf *out,
                            const struct syn_evidence_expectation *e)
{
    static const char *const weights[] = {[SYN_EFFECT] = "effect",
                                          [SYN_SIGNAL] = "signal",
                                          [SYN_CONTROL] = "control"};
    syn_buf_printf(out, "  +%lld ms %s, %s%s: ", (long long)e->at_ms,
                   mark_of(e), weights[e->weight],
                   e->is_late ? " (after the end)" : "");
    syn_buf_put(out, e->what);
    syn_buf_put_text(out, "\n    expected ");
    syn_buf_put(out, e->op);
    syn_buf_put_byte(out, ' ');
    syn_buf_put(out, e->expected);
    syn_buf_put_text(out, "\n    actual   ");
    syn_buf_put(out, e->actual);
    if (e->reasoning.bytes > 0) {
        syn_buf_put_text(out, "\n    oracle   ");
        syn_buf_put(out, e->reasoning);
    }
    syn_buf_printf(out, "\n    at %.*s:%d\n", SYN_STR_ARG(e->file), e->line);
}

static void put_wire(struct syn_buf *out, const struct syn_evidence_wire *wire)
{
    syn_buf_printf(out, "  #%u +%lld ms %s %.*s over %.*s\n", wire->number,
                   (long long)wire->at_ms,
                   wire->is_sent ? "sent by" : "received by",
                   SYN_STR_ARG(wire->actor), SYN_STR_ARG(wire->plane));
    if (wire->head.bytes > 0) {
        syn_buf_put_text(out, "    ");
        syn_buf_put(out, wire->head);
        syn_buf_put_byte(out, '\n');
    }
    if (wire->body.bytes > 0) {
        syn_buf_put_text(out, "    ");
        syn_buf_put(out, wire->body);
        syn_buf_put_byte(out, '\n');
    }
}

/* The exchanges that end with the one the decision looked at; without a
 * decision the last ones. */
static void put_exchanges(struct syn_buf *out,
                          const struct syn_evidence *evidence,
                          const struct syn_evidence_expectation *decider)
{
    unsigned last = evidence->wire_count == 0
                        ? 0
                        : evidence->wires[evidence->wire_count - 1].number;
    last = decider == NULL ? last : decider->exchange;
    if (evidence->wire_count > 0) {
        syn_buf_put_text(out, "exchanges:\n");
    }
    for (size_t i = 0; i < evidence->wire_count; i++) {
        unsigned number = evidence->wires[i].number;
        if (number <= last && number + SYN_EVIDENCE_EXCHANGES > last) {
            put_wire(out, &evidence->wires[i]);
        }
    }
}

void syn_judge_put_evidence(struct syn_buf *out,
                            const struct syn_evidence *evidence,
                            const struct syn_judgement *judgement)
{
    size_t count = evidence->expectation_count;
    size_t decider =
        judgement->decider == NULL
            ? count
            : (size_t)(judgement->decider - evidence->expectations) + 1;
    size_t from = decider > SHOWN_MAX ? decider - SHOWN_MAX : 0;
    if (count > 0) {
        syn_buf_put_text(out, "expectations:\n");
    }
    for (size_t i = from; i < count && i < from + SHOWN_MAX; i++) {
        put_expectation(out, &evidence->expectations[i]);
    }
    put_exchanges(out, evidence, judgement->decider);
    if (evidence->log.bytes > 0) {
        syn_buf_put_text(out, "log:\n");
        syn_buf_put(out, evidence->log);
    }
}
