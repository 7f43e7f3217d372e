/*
 * Eventual deletion (TTL-01, TTL-02, TTL-29).
 * What is past its TTL is deleted by the service itself, at a moment that it
 * does not promise; what has no TTL stays.
 */
#include "syn/brief.h"
#include "syn/scenario.h"

#define TTL_S        5
#define BEFORE_END_S 4

/* TTL-01: "Objects past their TTL are deleted automatically". */
static void gone_after_ttl(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing brief = syn_run_thing(run, "brief");
    struct syn_thing lasting = syn_run_thing(run, "lasting");
    struct syn_action open_lasting = {.op = SYN_OP_OPEN, .on = &lasting};
    struct syn_action open_brief = {.op = SYN_OP_OPEN, .on = &brief};
    REQUIRE_ALLOWED(run, "create with a TTL",
                    syn_brief_create(backend, &brief, TTL_S));
    REQUIRE_ALLOWED(run, "create without one",
                    syn_brief_create(backend, &lasting, SYN_BRIEF_NO_TTL));
    REQUIRE_CONTROL(run, "fetch at once", syn_backend_do(backend, &open_brief));
    int64_t start_ms = syn_run_now_ms(run);

    syn_run_pass_s(run, BEFORE_END_S);
    EXPECT_CONTROL(run, "fetch before the deadline",
                   syn_backend_do(backend, &open_brief));

    REQUIRE(run,
            EXPECT_GONE(run, .thing = &brief, .left_s = TTL_S - BEFORE_END_S));
    syn_measure(run, "ttl.gone_after_ms", syn_run_now_ms(run) - start_ms);
    EXPECT_CONTROL(run, "the object without a TTL stays",
                   syn_backend_do(backend, &open_lasting));
}

static const struct syn_scenario rows[] = {
    {.id = "ttl/expiry/gone-after-ttl",
     .title = "An object past its TTL is deleted by the service",
     .source = "TTL-01 TTL-02 TTL-29",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_DOCUMENT,
     .needs = SYN_NEED_ADMIN | SYN_NEED_TTL,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "ttl-never-removes",
     .estimate_s = 40,
     .run = gone_after_ttl},
};
SYN_SUITE(ttl_expiry, "Eventual deletion", rows);
