/*
 * Eventual deletion (TTL-01, TTL-02, TTL-29).
 * What is past its TTL is deleted by the service itself, at a moment that it
 * does not promise; what has no TTL stays.
 */
#include "syn/scenario.h"

#define TTL_S        5
#define BEFORE_END_S 4
#define STEP_S       5

struct absence {
    struct syn_backend *backend;
    struct syn_thing *thing;
    struct syn_reply last;
};

static bool is_gone(void *ctx)
{
    struct absence *absence = ctx;
    absence->last = syn_backend_do(
        absence->backend,
        &(struct syn_action){.op = SYN_OP_OPEN, .on = absence->thing});
    return absence->last.http == 404;
}

/* TTL-01: "Objects past their TTL are deleted automatically". */
static void gone_after_ttl(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing brief = syn_run_thing(run, "brief");
    struct syn_thing lasting = syn_run_thing(run, "lasting");
    struct syn_action open_lasting = {.op = SYN_OP_OPEN, .on = &lasting};
    struct syn_action open_brief = {.op = SYN_OP_OPEN, .on = &brief};
    REQUIRE_ALLOWED(
        run, "create with a TTL",
        syn_backend_do(backend, &(struct syn_action){.op = SYN_OP_CREATE,
                                                     .on = &brief,
                                                     .has_ttl = true,
                                                     .ttl_s = TTL_S}));
    REQUIRE_ALLOWED(
        run, "create without one",
        syn_backend_do(backend, &(struct syn_action){.op = SYN_OP_CREATE,
                                                     .on = &lasting}));
    REQUIRE_CONTROL(run, "fetch at once", syn_backend_do(backend, &open_brief));
    int64_t start_ms = syn_run_now_ms(run);

    syn_run_pass_s(run, BEFORE_END_S);
    EXPECT_CONTROL(run, "fetch before the deadline",
                   syn_backend_do(backend, &open_brief));

    struct absence absence = {.backend = backend, .thing = &brief};
    bool gone = syn_run_until(
        run, STEP_S, syn_run_bound_s(run, SYN_BOUND_TTL_S), is_gone, &absence);
    REQUIRE(run, syn_expect_answer(run, SYN_SITE, "fetch after the deadline",
                                   absence.last));
    EXPECT_TRUE(run, "the object is gone within the bound", gone);
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
     .estimate_s = 30,
     .run = gone_after_ttl},
};
SYN_SUITE(ttl_expiry, "Eventual deletion", rows);
