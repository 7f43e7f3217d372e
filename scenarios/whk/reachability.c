/*
 * Endpoints that come and go (WHK-11, WHK-12).
 * Told only when asked for; with debouncing a short absence is not told, as
 * long as any endpoint of the identity is back inside the window.
 */
#include "syn/hook.h"
#include "syn/scenario.h"

#define CAME      "endpoint_connected"
#define LEFT      "endpoint_disconnected"
#define WINDOW_MS 5000
#define INSIDE_MS 2000 /* of the window; the rest is for a slow connect */

static int64_t count(struct syn_run *run, const struct syn_client *user,
                     const char *event_type)
{
    const struct syn_hook_match match = {.event_type = event_type,
                                         .identity = syn_client_identity(user)};
    return (int64_t)syn_run_hook_count(run, &match);
}

/* The first such webhook of a user; NULL, and recorded, when none comes. */
static const struct syn_sink_record *
told(struct syn_run *run, const struct syn_client *user, const char *event_type)
{
    const struct syn_hook_match match = {.event_type = event_type,
                                         .identity = syn_client_identity(user)};
    const struct syn_sink_record *record = syn_run_hook_await(run, &match, 0);
    EXPECT_TRUE(run, syn_run_text(run, "%s is told", event_type),
                record != NULL);
    return record;
}

/* A user comes and goes while the flag is off. */
static void pass_by_untold(struct syn_run *run, const char *name)
{
    struct syn_client *user = syn_run_client(run, name);
    syn_client_close(user);
    REQUIRE(run, EXPECT_HOOK_FENCE(run));
    EXPECT_INT(run, "connects told with the flag off", count(run, user, CAME),
               ==, 0);
    EXPECT_INT(run, "disconnects told with the flag off",
               count(run, user, LEFT), ==, 0);
}

/* WHK-11: "connect/disconnect with flag false then true". */
static void needs_flag(struct syn_run *run)
{
    (void)syn_run_sink(run);
    pass_by_untold(run, "ann");
    REQUIRE(run, syn_run_hook_flags(
                     run, &(struct syn_hook_flags){.reachability = true}));
    struct syn_client *bob = syn_run_client(run, "bob");
    const struct syn_sink_record *came = told(run, bob, CAME);
    syn_client_close(bob);
    const struct syn_sink_record *left = told(run, bob, LEFT);
    REQUIRE(run, came != NULL && left != NULL);
    EXPECT_TRUE(run, "EndpointId is there",
                syn_sink_param(came, "EndpointId").bytes > 0);
    EXPECT_STR(run, "EndpointId of the disconnect",
               syn_sink_param(left, "EndpointId"), ==,
               syn_sink_param(came, "EndpointId"));
    REQUIRE(run, syn_run_hook_flags(
                     run, &(struct syn_hook_flags){.reachability = false}));
    pass_by_untold(run, "carl");
}

/* The window goes by, and what is late comes too. */
static bool window_passed(struct syn_run *run)
{
    syn_run_pass_ms(run, WINDOW_MS);
    return EXPECT_HOOK_FENCE(run);
}

static struct syn_client *came_debounced(struct syn_run *run, const char *name)
{
    (void)syn_run_sink(run);
    if (!syn_run_hook_flags(
            run, &(struct syn_hook_flags){.reachability = true,
                                          .debounce_ms = WINDOW_MS})) {
        return NULL;
    }
    struct syn_client *user = syn_run_client(run, name);
    return told(run, user, CAME) == NULL ? NULL : user;
}

/* WHK-12: "reconnect inside/outside window". */
static void debounced(struct syn_run *run)
{
    struct syn_client *ann = came_debounced(run, "ann");
    REQUIRE(run, ann != NULL);
    syn_client_cut(ann);
    syn_run_pass_ms(run, INSIDE_MS);
    REQUIRE_CONTROL(run, "ann is back inside the window",
                    syn_client_resume(ann));
    REQUIRE(run, window_passed(run));
    EXPECT_INT(run, "disconnects told after a short absence",
               count(run, ann, LEFT), ==, 0);
    syn_client_cut(ann);
    REQUIRE(run, window_passed(run));
    EXPECT_INT(run, "disconnects told after a long absence",
               count(run, ann, LEFT), ==, 1);
    REQUIRE_CONTROL(run, "ann is back after the window",
                    syn_client_resume(ann));
}

/* WHK-12 as rest.md has it: any endpoint of the same identity suppresses it,
 * one of another identity does not. */
static void any_endpoint(struct syn_run *run)
{
    struct syn_client *phone = came_debounced(run, "ann");
    REQUIRE(run, phone != NULL);
    syn_client_cut(phone);
    syn_run_pass_ms(run, INSIDE_MS);
    struct syn_client *laptop = syn_run_client_with(
        run, "laptop",
        &(struct syn_client_options){.identity = syn_client_identity(phone)});
    REQUIRE(run, window_passed(run));
    EXPECT_INT(run, "disconnects told while another endpoint is there",
               count(run, phone, LEFT), ==, 0);
    syn_client_cut(laptop);
    syn_run_pass_ms(run, INSIDE_MS);
    struct syn_client *bob = syn_run_client(run, "bob");
    REQUIRE(run, told(run, bob, CAME) != NULL);
    REQUIRE(run, window_passed(run));
    EXPECT_INT(run, "disconnects told while somebody else is there",
               count(run, phone, LEFT), ==, 1);
}

#define REACH_ROW                                                    \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,         \
    .safety = SYN_SAFE_NAMESPACED,                                   \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE | \
             SYN_NEED_WEBHOOK

static const struct syn_scenario rows[] = {
    {.id = "whk/reachability/needs-flag",
     .title = "Connects and disconnects are told only when asked for",
     .source = "WHK-11",
     REACH_ROW,
     .estimate_s = 15,
     .defect = "reachability-webhooks-always reachability-webhooks-never",
     .run = needs_flag},
    {.id = "whk/reachability/debounced",
     .title = "A short absence is not told, a long one is",
     .source = "WHK-12",
     REACH_ROW,
     .estimate_s = 25,
     .defect = "debouncing-ignored debouncing-swallows-disconnects",
     .run = debounced},
    {.id = "whk/reachability/any-endpoint",
     .title = "Any endpoint of the identity ends an absence, no other does",
     .source = "WHK-12",
     REACH_ROW,
     .estimate_s = 25,
     .defect = "debouncing-ignored debouncing-swallows-disconnects",
     .run = any_endpoint},
};
SYN_SUITE(whk_reachability, "Endpoints that come and go", rows);
