/*
 * Between expiry and absence (TTL-03, TTL-04, TTL-23, TTL-28; E01, E07).
 * Deletion is eventual. Until it has happened an expired thing is hidden, or
 * shown with its past `date_expires`, so that a client can leave it out.
 */
#include "syn/brief.h"
#include "syn/scenario.h"

#define TTL_S     2
#define STEP_MS   100
#define LOOKS_MAX 200 /* within a bound of minutes */

/* What became of a thing after its deadline, in small steps. */
struct watch {
    int64_t shown;   /* answers that still had it */
    int64_t undated; /* of these, without a date_expires */
    int64_t gone_ms; /* after the deadline; -1: not within the bound */
    unsigned odd;    /* a status that is neither */
    struct syn_reply last;
};

static struct watch watch_fetches(struct syn_run *run,
                                  const struct syn_brief *brief,
                                  int64_t deadline_ms)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct watch watch = {.gone_ms = -1};
    const int64_t bound_ms = syn_run_bound_s(run, SYN_BOUND_TTL_S) * 1000;
    const int64_t step_ms = STEP_MS + bound_ms / LOOKS_MAX;
    syn_run_pass_ms(run, deadline_ms - syn_run_now_ms(run));
    while (watch.gone_ms < 0 && syn_run_now_ms(run) - deadline_ms <= bound_ms) {
        struct syn_reply reply = syn_brief_fetch(backend, brief);
        watch.last = reply;
        if (reply.http == 404) {
            watch.gone_ms = syn_run_now_ms(run) - deadline_ms;
            break;
        }
        if (syn_reply_is_ok(&reply)) {
            watch.shown++;
            watch.undated +=
                syn_reply_str(&reply, "/date_expires").bytes == 0 ? 1 : 0;
        } else {
            watch.odd = reply.http;
        }
        syn_run_pass_ms(run, step_ms);
    }
    return watch;
}

/* Hidden or dated all the time, and gone in the end. */
static void expect_exposure(struct syn_run *run, const struct syn_brief *brief,
                            int64_t deadline_ms)
{
    struct watch watch = watch_fetches(run, brief, deadline_ms);
    EXPECT_INT(run, "answers of another status", watch.odd, ==, 0);
    EXPECT_INT(run, "answers with an expired thing and no date", watch.undated,
               ==, 0);
    syn_measure(run, "ttl.shown_after_expiry", watch.shown);
    REQUIRE(run,
            syn_expect_in_time(run, SYN_SITE, brief, deadline_ms, watch.last));
    syn_measure(run, "ttl.removal_latency_ms", watch.gone_ms);
}

/* TTL-03, TTL-23, E01: "hidden, or returned with past date_expires". */
static void hidden_or_dated(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "brief");
    const struct syn_brief brief = {.thing = &thing};
    int64_t deadline_ms = (syn_run_now_ms(run) / 1000 + TTL_S) * 1000;
    REQUIRE_ALLOWED(run, "create with a TTL",
                    syn_brief_create(backend, &thing, TTL_S));
    REQUIRE_CONTROL(run, "it is there before",
                    syn_brief_fetch(backend, &brief));
    expect_exposure(run, &brief, deadline_ms);
}

/* The same of an item, whose container stays. */
static void item_hidden_or_dated(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "recent");
    const struct syn_brief brief = {
        .thing = &thing, .is_item = true, .key = "brief"};
    REQUIRE_ALLOWED(run, "create",
                    syn_brief_create(backend, &thing, SYN_BRIEF_NO_TTL));
    int64_t deadline_ms = (syn_run_now_ms(run) / 1000 + TTL_S) * 1000;
    REQUIRE_ALLOWED(run, "an item with a TTL",
                    syn_brief_add(backend, &thing, brief.key, TTL_S));
    REQUIRE_CONTROL(run, "it is there before",
                    syn_brief_fetch(backend, &brief));
    expect_exposure(run, &brief, deadline_ms);
}

/* TTL-28: "`HideExpired=true` never returns expired entries where honoured":
 * how often a listing did, with the parameter and without. */
static void hide_expired(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "brief");
    int64_t deadline_ms = (syn_run_now_ms(run) / 1000 + TTL_S) * 1000;
    REQUIRE_ALLOWED(run, "create with a TTL",
                    syn_brief_create(backend, &thing, TTL_S));
    const char *path =
        syn_run_text(run, "/v1/Services/%s/%s", syn_run_service(run),
                     syn_backend_kind(thing.type));
    struct syn_str sid = syn_str_of(thing.sid);
    int64_t listed = 0;
    int64_t listed_hidden = 0;
    syn_run_pass_ms(run, deadline_ms - syn_run_now_ms(run));
    for (int64_t ms = 0; ms < TTL_S * 1000; ms += STEP_MS) {
        struct syn_reply all = syn_backend_call(
            backend, "GET", syn_run_text(run, "%s?PageSize=100", path), NULL,
            NULL);
        struct syn_reply hidden = syn_backend_call(
            backend, "GET",
            syn_run_text(run, "%s?PageSize=100&HideExpired=true", path), NULL,
            NULL);
        listed += syn_reply_has_text(&all, sid) ? 1 : 0;
        listed_hidden += syn_reply_has_text(&hidden, sid) ? 1 : 0;
        syn_run_pass_ms(run, STEP_MS);
    }
    syn_observe(run, "listings of an expired thing",
                "%lld plain, %lld with "
                "HideExpired=true",
                (long long)listed, (long long)listed_hidden);
}

/* E07: what an expired thing still occupies, and how long. */
static void still_occupied(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "taken");
    int64_t deadline_ms = (syn_run_now_ms(run) / 1000 + TTL_S) * 1000;
    REQUIRE_ALLOWED(run, "create with a TTL",
                    syn_brief_create(backend, &thing, TTL_S));
    syn_run_pass_ms(run, deadline_ms - syn_run_now_ms(run));
    const int64_t bound_ms = syn_run_bound_s(run, SYN_BOUND_TTL_S) * 1000;
    struct syn_thing next = syn_run_thing(run, "taken");
    struct syn_reply made = syn_brief_create(backend, &next, SYN_BRIEF_NO_TTL);
    while (!syn_reply_is_ok(&made) &&
           syn_run_now_ms(run) - deadline_ms <= bound_ms) {
        syn_run_pass_ms(run, STEP_MS);
        made = syn_brief_create(backend, &next, SYN_BRIEF_NO_TTL);
    }
    syn_measure(run, "ttl.name_reserved_ms",
                syn_reply_is_ok(&made) ? syn_run_now_ms(run) - deadline_ms
                                       : -1);
    syn_observe(run, "the name of an expired thing", "%s",
                syn_reply_is_ok(&made) ? "can be used again"
                                       : "is reserved past the bound");
}

#define EXPOSURE_ROW                                                        \
    .subject = SYN_SUBJECT_SERVICE, .needs = SYN_NEED_ADMIN | SYN_NEED_TTL, \
    .safety = SYN_SAFE_NAMESPACED, .estimate_s = 20

static const struct syn_scenario rows[] = {
    {.id = "ttl/exposure/hidden-or-dated",
     .title = "An expired object is hidden, or shown with its past date",
     .source = "TTL-03 TTL-23",
     .level = SYN_LEVEL_MUST,
     EXPOSURE_ROW,
     .types = SYN_TYPES_ALL,
     .defect = "expired-shown-undated",
     .meets = "E01",
     .run = hidden_or_dated},
    {.id = "ttl/exposure/item-hidden-or-dated",
     .title = "An expired item is hidden, or shown with its past date",
     .source = "TTL-03 TTL-23",
     .level = SYN_LEVEL_MUST,
     EXPOSURE_ROW,
     .types = SYN_TYPES_CONTAINER,
     .defect = "expired-shown-undated",
     .run = item_hidden_or_dated},
    {.id = "ttl/exposure/hide-expired",
     .title = "What HideExpired=true hides is reported",
     .source = "TTL-28",
     .level = SYN_LEVEL_INFO,
     EXPOSURE_ROW,
     .types = SYN_TYPES_GRANTED,
     .run = hide_expired},
    {.id = "ttl/exposure/still-occupied",
     .title = "How long an expired object keeps its name is reported",
     .source = "TTL-24 TTL-02",
     .level = SYN_LEVEL_INFO,
     EXPOSURE_ROW,
     .types = SYN_TYPES_ALL,
     .meets = "E07",
     .run = still_occupied},
};
SYN_SUITE(ttl_exposure, "Between expiry and absence", rows);
