/*
 * What an app shows (TTL-05). Expiry is eventual, so the picture that an app
 * keeps outlives what it shows, and only the app can hide it.
 */
#include "syn/app.h"
#include "syn/scenario.h"

#define TTL_S 60

static void hides_expired(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing calls = syn_run_thing_of(run, SYN_TYPE_MAP, "calls");
    struct syn_action create = {.op = SYN_OP_CREATE, .on = &calls};
    struct syn_action lasting = {
        .op = SYN_OP_ITEM_ADD, .on = &calls, .key = "lasting"};
    struct syn_action brief = {.op = SYN_OP_ITEM_ADD,
                               .on = &calls,
                               .key = "brief",
                               .has_ttl = true,
                               .ttl_s = TTL_S};
    REQUIRE_ALLOWED(run, "a map of calls", syn_backend_do(backend, &create));
    REQUIRE_ALLOWED(run, "a call that stays",
                    syn_backend_do(backend, &lasting));
    REQUIRE_ALLOWED(run, "a call for a minute",
                    syn_backend_do(backend, &brief));
    struct syn_app *app = syn_run_app(run, &calls);
    struct syn_reply before = syn_app_items(app);
    REQUIRE_CONTROL(run, "the app shows its calls", before);
    EXPECT_STR(run, "what it shows", before.body, has, SYN_STR("\"brief\""));
    syn_run_pass_s(run, TTL_S - 1);
    struct syn_reply last = syn_app_items(app);
    EXPECT_STR(run, "what it shows a second before the end", last.body, has,
               SYN_STR("\"brief\""));
    syn_run_pass_s(run, 1);
    struct syn_reply after = syn_app_items(app);
    REQUIRE_CONTROL(run, "the app shows its calls later", after);
    EXPECT_STR(run, "what it shows", after.body, has, SYN_STR("\"lasting\""));
    EXPECT_STR(run, "what it shows", after.body, lacks, SYN_STR("\"brief\""));
}

static const struct syn_scenario rows[] = {
    {.id = "ttl/display/hides-expired",
     .title = "An app does not show items that have expired",
     .source = "TTL-05",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_CLIENT,
     .needs = SYN_NEED_ADMIN | SYN_NEED_VIRTUAL | SYN_NEED_TTL,
     .safety = SYN_SAFE_EMBEDDED,
     .reading = "judged is a sample app; no target file names the interface "
                "of a real one",
     .defect = "app/shows-expired",
     .run = hides_expired},
};
SYN_SUITE(ttl_display, "What an app shows", rows);
