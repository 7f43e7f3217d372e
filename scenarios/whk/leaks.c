/*
 * What webhooks must not give away (WHK-01; A30, X10).
 * They go to the URL of the service and to nobody else, and they carry nothing
 * that would make their reader somebody.
 */
#include "syn/hook.h"
#include "syn/scenario.h"

static bool is_silent_about(const struct syn_sink_record *record,
                            struct syn_str secret)
{
    bool is_silent = !syn_str_has(record->body, secret) &&
                     !syn_str_has(record->target, secret);
    for (size_t i = 0; i < record->param_count; i++) {
        is_silent = is_silent && !syn_str_has(record->params[i].value, secret);
    }
    for (size_t i = 0; i < record->header_count; i++) {
        is_silent = is_silent && !syn_str_has(record->headers[i].value, secret);
    }
    return is_silent;
}

/* X10: whoever reads the log of a receiver must not become somebody. The last
 * part of the token alone would do as proof, so that is what is looked for. */
static void no_tokens(struct syn_run *run)
{
    struct syn_sink *sink = syn_run_sink(run);
    struct syn_thing thing = syn_run_thing(run, "board");
    struct syn_str token = syn_run_token(
        run,
        &(struct syn_token_wish){.identity = syn_run_identity(run, "ann")});
    size_t dot = syn_str_find(token, '.', 0);
    struct syn_str proof =
        syn_str_from(token, syn_str_find(token, '.', dot + 1) + 1);
    REQUIRE_TRUE(run, "the token has three parts", proof.bytes > 0);
    REQUIRE(run, syn_run_hook_flags(
                     run, &(struct syn_hook_flags){.reachability = true}));
    struct syn_client *ann = syn_run_client_with(
        run, "ann", &(struct syn_client_options){.token = token});
    REQUIRE(run, syn_run_hook_live(run, ann, &thing));
    REQUIRE(run, EXPECT_HOOK_FENCE(run));
    const struct syn_hook_match any = {.on = &thing};
    EXPECT_INT(run, "webhooks of the object",
               (int64_t)syn_run_hook_count(run, &any), >, 0);
    for (size_t i = 0; i < syn_sink_count(sink); i++) {
        EXPECT_TRUE(run, "a webhook is silent about the user's token",
                    is_silent_about(syn_sink_at(sink, i), proof));
    }
}

/* A30: what is told to the backend is told to nobody else. Bob listens to an
 * object of his own, and hears that. */
static void not_to_clients(struct syn_run *run)
{
    (void)syn_run_sink(run);
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_thing own = syn_run_thing(run, "own");
    struct syn_thing thing = syn_run_thing(run, "private");
    REQUIRE(run, syn_run_hook_flags(
                     run, &(struct syn_hook_flags){.from_rest = true,
                                                   .reachability = true}));
    REQUIRE_CONTROL(run, "bob creates",
                    syn_client_do(bob, OP_ON(CREATE, &own)));
    REQUIRE_CONTROL(run, "bob subscribes", syn_client_subscribe(bob, &own, -2));
    struct syn_client *ann = syn_run_client(run, "annabelle-7f3a");
    REQUIRE(run, syn_run_hook_live(run, ann, &thing));
    REQUIRE_CONTROL(run, "bob opens his own object",
                    syn_client_do(bob, OP_ON(OPEN, &own)));
    syn_client_close(ann);
    REQUIRE(run, EXPECT_HOOK_FENCE(run));
    const struct syn_hook_match of_ann = {.identity = syn_client_identity(ann)};
    EXPECT_INT(run, "webhooks about ann",
               (int64_t)syn_run_hook_count(run, &of_ann), >, 0);
    REQUIRE_CONTROL(run, "bob opens it again",
                    syn_client_do(bob, OP_ON(OPEN, &own)));
    REQUIRE_TRUE(run, "bob's session answers", syn_client_fence(bob));
    EXPECT_TRUE(run, "bob saw nothing of ann's data",
                !syn_client_saw(bob, thing.canary));
    EXPECT_TRUE(run, "bob saw nothing of ann's object",
                !syn_client_saw(bob, syn_str_of(thing.sid)));
    EXPECT_TRUE(run, "bob saw nothing of ann",
                !syn_client_saw(bob, syn_str_of(syn_client_identity(ann))));
    EXPECT_TRUE(run, "bob saw nothing of endpoints that come and go",
                !syn_client_saw(bob, SYN_STR("endpoint_connected")) &&
                    !syn_client_saw(bob, SYN_STR("endpoint_disconnected")));
}

#define HOOK_ROW                                                     \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED,   \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE | \
             SYN_NEED_WEBHOOK

static const struct syn_scenario rows[] = {
    {.id = "whk/leaks/no-tokens",
     .title = "No webhook carries the token of the user it tells about",
     .source = "WHK-01",
     HOOK_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_ALL,
     .estimate_s = 6,
     .defect = "webhook-echoes-token",
     .meets = "X10",
     .run = no_tokens},
    {.id = "whk/leaks/not-to-clients",
     .title = "What webhooks tell never reaches other users",
     .source = "WHK-01 WHK-11",
     HOOK_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_ALL,
     .acl_on = true,
     .estimate_s = 6,
     .defect = "webhooks-echoed-to-clients",
     .meets = "A30",
     .run = not_to_clients},
};
SYN_SUITE(whk_leaks, "What webhooks must not give away", rows);
