/*
 * The client itself (SDK-01, SDK-15, TOK-13; L14).
 * What is judged here is a client: our own session core stands for any app
 * that is written as the best practices say. The tap shows what it presents.
 */
#include "syn/fault.h"
#include "syn/scenario.h"

#define SHORT_S 600 /* life of its tokens; told 240 s before */
#define STEP_S  30
#define STEPS   60
#define EACH    10 /* steps between two changes */
#define AWAY_S  1200
#define BACK_S  150
#define ITEM    "note"

static struct syn_client *user_of(struct syn_run *run, bool renews)
{
    return syn_run_tap_client(
        run, "ann",
        &(struct syn_client_options){.token_ttl_s = SHORT_S,
                                     .renews_by_itself = renews});
}

/* Time passes in steps that leave the user time to act. */
static void live_on(struct syn_run *run, struct syn_client *user,
                    int64_t seconds)
{
    for (int64_t i = 0; i < seconds; i += STEP_S) {
        syn_run_pass_s(run, STEP_S);
        (void)syn_client_settle(user);
        (void)syn_client_fence(user);
    }
}

/* SDK-01: "Short ttl run across ≥ 2 renewals: no loss of subscription". */
static void renews(struct syn_run *run)
{
    struct syn_client *ann = user_of(run, true);
    struct syn_thing thing = syn_run_thing(run, "board");
    struct syn_action update = {.op = SYN_OP_UPDATE, .on = &thing};
    REQUIRE_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, 0));
    for (unsigned i = 0; i < STEPS / EACH; i++) {
        live_on(run, ann, (int64_t)EACH * STEP_S);
        REQUIRE_ALLOWED(run, "a change",
                        syn_backend_do(syn_run_backend(run), &update));
    }
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    REQUIRE_TRUE(run, "the session of ann answers", syn_client_fence(ann));
    EXPECT_INT(run, "events heard", (int64_t)syn_client_heard(ann, &thing), ==,
               STEPS / EACH);
    EXPECT_INT(run, "renewals in place",
               (int64_t)syn_run_tap_seen(run, SYN_TAP_UP, "update"), >=, 2);
    EXPECT_INT(run, "connections",
               (int64_t)syn_tap_count(syn_run_tap(run)).connections, ==, 1);
}

/* The network is gone until the user's token has ended. */
static bool is_kept_away(struct syn_run *run, struct syn_client *user)
{
    struct syn_tap *tap = syn_run_tap(run);
    bool done = EXPECT_TRUE(
        run, "new connections are refused",
        syn_tap_fault(tap, &(struct syn_tap_fault){.kind = SYN_TAP_REFUSE,
                                                   .times = SYN_TAP_ALWAYS}) ==
            SYN_OK);
    syn_tap_cut_all(tap, true);
    live_on(run, user, AWAY_S);
    syn_tap_clear(tap);
    return done;
}

static bool is_decided(void *ctx)
{
    struct syn_client *user = ctx;
    return syn_client_settle(user) ||
           syn_client_state(user) == SYN_SESSION_DENIED;
}

/* TOK-13: "stale token never presented". */
static void discards_token(struct syn_run *run)
{
    struct syn_client *ann = user_of(run, true);
    REQUIRE_TRUE(run, "ann's first session answers", syn_client_fence(ann));
    REQUIRE(run, is_kept_away(run, ann));
    (void)syn_run_until(run, 1, BACK_S, is_decided, ann);
    EXPECT_INT(run, "tokens that were refused",
               (int64_t)syn_run_tap_seen(run, SYN_TAP_DOWN, "reply 401"), ==,
               0);
    EXPECT_TRUE(run, "ann is back", syn_client_settle(ann));
}

/* L14: an app that renews nothing shows its ended token once, and not again
 * until it has another. */
static void gives_up(struct syn_run *run)
{
    struct syn_client *ann = user_of(run, false);
    REQUIRE_TRUE(run, "ann's first session answers", syn_client_fence(ann));
    REQUIRE(run, is_kept_away(run, ann));
    (void)syn_run_until(run, 1, BACK_S, is_decided, ann);
    EXPECT_TRUE(run, "ann's ended token is refused",
                syn_client_state(ann) == SYN_SESSION_DENIED);
    live_on(run, ann, SHORT_S);
    EXPECT_INT(run, "tokens that were refused",
               (int64_t)syn_run_tap_seen(run, SYN_TAP_DOWN, "reply 401"), ==,
               1);
    EXPECT_CONTROL(
        run, "ann presents a fresh token",
        syn_client_update(
            ann,
            syn_run_token(run, &(struct syn_token_wish){
                                   .identity = syn_client_identity(ann)})));
}

/* SDK-15: "inspect local store after 401". */
static void drops_cache(struct syn_run *run)
{
    struct syn_client *ann = user_of(run, false);
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(run, "board");
    bool is_document = thing.type == SYN_TYPE_DOCUMENT;
    const char *item = is_document                   ? ""
                       : thing.type == SYN_TYPE_LIST ? "0"
                                                     : ITEM;
    REQUIRE_ALLOWED(run, "backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, -2));
    struct syn_action change = {
        .op = syn_type_change(thing.type), .on = &thing, .key = ITEM};
    REQUIRE_ALLOWED(run, "a change", syn_backend_do(backend, &change));
    REQUIRE_TRUE(run, "ann hears it", syn_client_await(ann, &thing, 1));
    EXPECT_STR(run, "what ann's app shows", syn_client_value(ann, &thing, item),
               has, thing.canary);
    syn_client_cut(ann);
    syn_run_pass_s(run, AWAY_S);
    EXPECT_STR(run, "what ann's app shows offline",
               syn_client_value(ann, &thing, item), has, thing.canary);
    EXPECT_REFUSED(run, "ann comes back with its ended token",
                   syn_client_resume(ann), 20104);
    EXPECT_STR(run, "what ann's app shows then",
               syn_client_value(ann, &thing, item), lacks, thing.canary);
}

#define CLIENT_ROW .subject = SYN_SUBJECT_CLIENT

static const struct syn_scenario rows[] = {
    {.id = "sdk/client/renews",
     .title = "A client that is told renews its token in place and loses "
              "nothing",
     .source = "SDK-01",
     CLIENT_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_DOCUMENT,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_NAMESPACED,
     .estimate_s = STEPS * STEP_S,
     .defect = "client-ignores-notice client-renews-by-reconnecting",
     .run = renews},
    {.id = "sdk/client/discards-token",
     .title = "A cached token is discarded before it ends",
     .source = "TOK-13",
     CLIENT_ROW,
     .level = SYN_LEVEL_SHOULD,
     .needs = SYN_NEED_MINT | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_READONLY,
     .estimate_s = AWAY_S + BACK_S,
     .defect = "client-keeps-stale-token",
     .run = discards_token},
    {.id = "sdk/client/gives-up",
     .title = "A client does not present a refused token again",
     .source = "TOK-13",
     CLIENT_ROW,
     .level = SYN_LEVEL_SHOULD,
     .needs = SYN_NEED_MINT | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_READONLY,
     .estimate_s = AWAY_S + BACK_S + SHORT_S,
     .defect = "client-retries-refusals",
     .meets = "L14",
     .run = gives_up},
    {.id = "sdk/client/drops-cache",
     .title = "What a client showed is gone when its token is refused",
     .source = "SDK-15",
     CLIENT_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_NAMESPACED,
     .estimate_s = AWAY_S,
     .defect = "client-keeps-cache",
     .run = drops_cache},
};
SYN_SUITE(sdk_client, "The client", rows);
