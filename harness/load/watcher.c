/*
 * watcher.c - see watcher.h.
 */
#include "load/watcher.h"

#define WINDOW          64 /* bits of `heard` */
#define HTTP_FORBIDDEN  403
#define HTTP_NOT_FOUND  404
#define HTTP_CLIENT_MIN 400
#define HTTP_SERVER_MIN 500

static const struct syn_load_verdict nothing_wrong = {.why = NULL};

static void blame(struct syn_load_verdict *verdict,
                  enum syn_load_property property, uint32_t count,
                  const char *why)
{
    verdict->violations[property] += count;
    if (verdict->why == NULL) {
        verdict->why = why;
    }
}

/* --- rights and ends ------------------------------------------------------ */

static void judge_grant(const struct syn_load_watch *watch,
                        const struct syn_load_heard *heard,
                        struct syn_load_verdict *verdict)
{
    if (watch->grant == SYN_LOAD_GRANT_NONE) {
        blame(verdict, SYN_LOAD_PROPERTY_UNAUTHORISED, 1,
              "the identity was never given read");
    } else if (watch->grant == SYN_LOAD_GRANT_REVOKED && !heard->is_removal &&
               heard->content > watch->revoked_at) {
        verdict->is_leak = true;
        blame(verdict, SYN_LOAD_PROPERTY_UNAUTHORISED, 1,
              "the change was sent after the revocation of read was "
              "acknowledged");
    }
}

static bool is_past(int64_t due_us, int64_t end_us, int64_t margin_us)
{
    return end_us != SYN_LOAD_NEVER && due_us > end_us &&
           due_us - end_us > margin_us;
}

static void judge_ends(const struct syn_load_truth *truth,
                       const struct syn_load_heard *heard,
                       struct syn_load_verdict *verdict)
{
    if (heard->is_removal) {
        return; /* that is how an end is told */
    }
    if (is_past(heard->due_us, truth->token_end_us, truth->margin_us)) {
        blame(verdict, SYN_LOAD_PROPERTY_AFTER_EXPIRY, 1,
              "the change was made after the session's token had expired");
    }
    if (is_past(heard->due_us, truth->object_end_us, truth->margin_us)) {
        blame(verdict, SYN_LOAD_PROPERTY_AFTER_EXPIRY, 1,
              "the change was made after the object had expired");
    }
}

static void judge_content(const struct syn_load_truth *truth,
                          const struct syn_load_heard *heard,
                          struct syn_load_verdict *verdict)
{
    if (heard->object_number != truth->object_number) {
        blame(verdict, SYN_LOAD_PROPERTY_UNAUTHORISED, 1,
              "the data are those of another object");
    } else if (heard->content > truth->sent) {
        blame(verdict, SYN_LOAD_PROPERTY_DIVERGED, 1,
              "the change has not been sent yet");
    } else if (heard->content != heard->ordinal && !truth->is_loose) {
        blame(verdict, SYN_LOAD_PROPERTY_LOST, 1,
              "under this event's id another change was sent");
    }
}

/* --- order ---------------------------------------------------------------- */

/* `last` becomes `ordinal`; `skipped_bit` says whether those between count as
 * heard (a document's replay may show its newest state alone). */
static void advance(struct syn_load_watch *watch, uint32_t ordinal,
                    bool skipped_are_known)
{
    const uint32_t step = ordinal - watch->last;
    if (step > WINDOW) {
        watch->heard = skipped_are_known ? UINT64_MAX : 0;
    } else {
        const uint64_t before = step == WINDOW ? 0 : watch->heard << step;
        /* Bit step-1 is the old `last`; those below it were skipped. */
        const uint64_t own = UINT64_C(1) << (step - 1);
        watch->heard = before | own | (skipped_are_known ? own - 1 : 0);
    }
    watch->last = ordinal;
}

static bool was_heard(const struct syn_load_watch *watch, uint32_t ordinal)
{
    const uint32_t age = watch->last - ordinal;
    return age == 0 || age > WINDOW ||
           (watch->heard >> (age - 1) & UINT64_C(1)) != 0;
}

static void judge_old(struct syn_load_watch *watch, uint32_t ordinal,
                      struct syn_load_verdict *verdict)
{
    if (was_heard(watch, ordinal)) {
        blame(verdict, SYN_LOAD_PROPERTY_DUPLICATE, 1,
              "the subscriber has heard this event before");
        return;
    }
    blame(verdict, SYN_LOAD_PROPERTY_REORDERED, 1,
          "a newer event of the object came first");
    watch->heard |= UINT64_C(1) << (watch->last - ordinal - 1);
}

static void judge_order(struct syn_load_watch *watch,
                        const struct syn_load_truth *truth,
                        const struct syn_load_heard *heard,
                        struct syn_load_verdict *verdict)
{
    if (heard->ordinal <= watch->last && heard->is_replay &&
        watch->is_asked_again) {
        return; /* both askings named the same last event */
    }
    if (heard->ordinal <= watch->last) {
        judge_old(watch, heard->ordinal, verdict);
        return;
    }
    const uint32_t skipped = heard->ordinal - watch->last - 1;
    const bool may_skip =
        (heard->is_replay && truth->type == SYN_TYPE_DOCUMENT) ||
        (watch->is_fresh && truth->type == SYN_TYPE_STREAM);
    if (skipped > 0 && !may_skip) {
        blame(verdict, SYN_LOAD_PROPERTY_GAP, skipped,
              "events between the last one heard and this one are missing");
    }
    verdict->news = may_skip ? 1 : skipped + 1;
    advance(watch, heard->ordinal, may_skip);
    watch->is_fresh = false;
}

/* --- events --------------------------------------------------------------- */

static void judge_removal(struct syn_load_watch *watch,
                          const struct syn_load_truth *truth,
                          struct syn_load_verdict *verdict)
{
    if (watch->is_over) {
        blame(verdict, SYN_LOAD_PROPERTY_DUPLICATE, 1,
              "the removal was heard before");
    } else if (!truth->is_removal_due) {
        blame(verdict, SYN_LOAD_PROPERTY_DIVERGED, 1,
              "nobody has removed the object, nor had it expired");
    }
    watch->is_over = true;
}

struct syn_load_verdict syn_load_watch_event(struct syn_load_watch *watch,
                                             const struct syn_load_truth *truth,
                                             const struct syn_load_heard *heard)
{
    struct syn_load_verdict verdict = nothing_wrong;
    judge_grant(watch, heard, &verdict);
    if (heard->is_removal) {
        judge_removal(watch, truth, &verdict);
        return verdict;
    }
    judge_ends(truth, heard, &verdict);
    judge_content(truth, heard, &verdict);
    if (watch->is_over) {
        blame(&verdict, SYN_LOAD_PROPERTY_AFTER_EXPIRY, 1,
              "the removal of the object was heard before");
    }
    /* What may not be heard at all tells nothing of order. */
    if (verdict.violations[SYN_LOAD_PROPERTY_UNAUTHORISED] == 0) {
        if (watch->is_quiet && !heard->is_replay &&
            heard->content > watch->revoked_at) {
            blame(&verdict, SYN_LOAD_PROPERTY_DUPLICATE, 1,
                  "the subscription was cancelled, its replay will tell this "
                  "again");
            return verdict;
        }
        judge_order(watch, truth, heard, &verdict);
    } else if (verdict.is_leak && heard->ordinal > watch->last) {
        /* One fault is one fault: what leaked is not missed afterwards. */
        advance(watch, heard->ordinal, true);
    }
    return verdict;
}

/* --- subscriptions -------------------------------------------------------- */

void syn_load_watch_begin(struct syn_load_watch *watch, uint32_t ordinal)
{
    watch->last = ordinal;
    watch->heard = UINT64_MAX;
    watch->is_fresh = true;
    watch->is_quiet = false;
}

struct syn_load_verdict
syn_load_watch_established(struct syn_load_watch *watch,
                           const struct syn_load_truth *truth, uint32_t ordinal,
                           bool is_complete)
{
    struct syn_load_verdict verdict = nothing_wrong;
    watch->is_quiet = false;
    watch->is_fresh = true;
    if (watch->grant == SYN_LOAD_GRANT_NONE ||
        watch->grant == SYN_LOAD_GRANT_REVOKED) {
        blame(&verdict, SYN_LOAD_PROPERTY_UNAUTHORISED, 1,
              "a subscription was established without read");
        return verdict;
    }
    if (truth->type == SYN_TYPE_STREAM || ordinal <= watch->last) {
        return verdict;
    }
    if (is_complete) {
        blame(&verdict, SYN_LOAD_PROPERTY_GAP, ordinal - watch->last,
              "the replay was called complete and left events out");
    }
    advance(watch, ordinal, true);
    return verdict;
}

struct syn_load_verdict
syn_load_watch_refused(const struct syn_load_watch *watch,
                       const struct syn_load_truth *truth, unsigned http)
{
    struct syn_load_verdict verdict = nothing_wrong;
    if (watch->grant != SYN_LOAD_GRANT_HELD || http < HTTP_CLIENT_MIN ||
        http >= HTTP_SERVER_MIN) {
        return verdict; /* right, or the service's own trouble */
    }
    if (http == HTTP_FORBIDDEN) {
        blame(&verdict, SYN_LOAD_PROPERTY_DENIED, 1,
              truth->is_removal_due
                  ? "what is gone is missing, not forbidden to its reader"
                  : "the identity holds the right that this needs");
    } else if (http == HTTP_NOT_FOUND && !truth->is_removal_due) {
        blame(&verdict, SYN_LOAD_PROPERTY_DENIED, 1,
              "the object is there and the identity may read it");
    }
    return verdict;
}

void syn_load_watch_grant(struct syn_load_watch *watch,
                          enum syn_load_grant grant, uint32_t sent)
{
    watch->grant = (uint8_t)grant;
    if (grant == SYN_LOAD_GRANT_REVOKED) {
        watch->revoked_at = sent;
    }
}

/* --- the end -------------------------------------------------------------- */

struct syn_load_verdict
syn_load_watch_settled(const struct syn_load_watch *watch,
                       const struct syn_load_truth *truth, uint32_t acked,
                       uint32_t rest)
{
    struct syn_load_verdict verdict = nothing_wrong;
    if (!truth->is_loose && rest < acked) {
        blame(&verdict, SYN_LOAD_PROPERTY_LOST, 1,
              "REST does not show a change that was acknowledged");
    }
    if (watch->grant != SYN_LOAD_GRANT_HELD || watch->is_over) {
        return verdict;
    }
    /* A stream keeps nothing: one that heard nothing since it came back has
     * nothing to be held against. */
    if (truth->type == SYN_TYPE_STREAM && watch->is_fresh) {
        return verdict;
    }
    if (watch->last < rest) {
        blame(&verdict, SYN_LOAD_PROPERTY_LOST, rest - watch->last,
              "the subscriber never heard the newest changes");
    }
    if (watch->last != rest) {
        blame(&verdict, SYN_LOAD_PROPERTY_DIVERGED, 1,
              "the subscriber's state is not the one that REST shows");
    }
    return verdict;
}
