/*
 * Renewal when the network, the clock or the client is bad (TOK-38, TOK-50;
 * L04, L13, L15).
 * A token's life is counted by the service's clock; neither a lost connection
 * nor haste, nor another service's token, makes it longer.
 */
#include "syn/leak.h"
#include "syn/scenario.h"

#define FIRST_S  600
#define SECOND_S 3600
#define CUT_S    200 /* before `exp`: the notice is out, the renewal is not */
#define SKEW_MS  600000
#define STORM    300 /* renewals */
#define BURST    10  /* of them for one request of the calm one */
#define PACE_MS  100 /* between bursts: the calm one keeps its own limits */
#define TOO_MANY 429

/* TOK-38: "Token update naming another service is refused". */
static void other_service(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *again = syn_run_client(run, "ann");
    const char *other = syn_run_second_service(run);
    struct syn_thing own = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "own");
    REQUIRE_CONTROL(
        run, "a renewal for the same service",
        syn_client_update(
            again,
            syn_run_token_for(run, syn_run_identity(run, "ann"), SECOND_S)));
    struct syn_reply update = syn_client_update(
        ann, syn_run_token(run, &(struct syn_token_wish){
                                    .identity = syn_run_identity(run, "ann"),
                                    .service_sid = other,
                                    .ttl_s = SECOND_S}));
    REQUIRE(run, syn_expect_answer(run, SYN_SITE, "the renewal", update));
    EXPECT_TRUE(run, "the renewal for another service is refused",
                !syn_reply_is_ok(&update));
    EXPECT_SIGNAL_INT(run, "code of the refusal", update.code, ==, 51232);
    EXPECT_TRUE(run, "nothing is done with that session",
                !syn_client_fence(ann));
    EXPECT_CONTROL(run, "the other session goes on",
                   syn_client_do(again, OP_ON(CREATE, &own)));
}

/*
 * TOK-50: the line is cut between notice and `exp`, and comes back after it.
 * The old token opens nothing; the new one picks up where the old one was.
 */
static void cut_across(struct syn_run *run, const char *name, int64_t ttl_s)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann =
        syn_run_client_with(run, name,
                            &(struct syn_client_options){
                                .identity = syn_run_identity(run, "ann"),
                                .token = syn_run_token_for(
                                    run, syn_run_identity(run, "ann"), ttl_s)});
    struct syn_thing thing = syn_run_thing(run, name);
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    struct syn_reply heard = syn_client_subscribe(ann, &thing, -2);
    REQUIRE_CONTROL(run, "ann subscribes", heard);
    int64_t last_id = syn_reply_i64(&heard, "/0/last_event_id", -2);
    syn_run_pass_s(run, ttl_s - CUT_S);
    REQUIRE_TRUE(run, "the session answers before the cut",
                 syn_client_fence(ann));
    syn_client_cut(ann);
    REQUIRE_ALLOWED(run, "a change before exp",
                    syn_leak_change(run, backend, &thing));
    syn_run_pass_s(run, CUT_S + 1);
    REQUIRE_ALLOWED(run, "a change after exp",
                    syn_leak_change(run, backend, &thing));
    EXPECT_REFUSED(run, "the old token after exp", syn_client_resume(ann),
                   20104);
    EXPECT_TRUE(run, "there is no session", !syn_client_fence(ann));
    EXPECT_INT(run, "events heard with the old token",
               (int64_t)syn_client_heard(ann, &thing), ==, 0);
    struct syn_client *renewed = syn_run_client_with(
        run, "renewed",
        &(struct syn_client_options){
            .identity = syn_run_identity(run, "ann"),
            .token = syn_run_token_for(run, syn_run_identity(run, "ann"),
                                       SECOND_S)});
    EXPECT_CONTROL(run, "the new token subscribes from the last event on",
                   syn_client_subscribe(renewed, &thing, last_id));
    /* Of a document only the last state may be told. */
    size_t missed = thing.type == SYN_TYPE_DOCUMENT ? 1 : 2;
    EXPECT_TRUE(run, "what was missed is caught up",
                syn_client_await(renewed, &thing, missed));
}

static void cut_at_renewal(struct syn_run *run)
{
    cut_across(run, "five-minutes", 300);
    cut_across(run, "thirty-minutes", 1800);
}

/* L04: short lives are accepted; below five minutes it is only reported. */
static void short_lives(struct syn_run *run)
{
    static const int64_t lives_s[] = {29 * 60, 5 * 60, 60, 10, 1};
    for (size_t i = 0; i < sizeof(lives_s) / sizeof(lives_s[0]); i++) {
        struct syn_client *ann = syn_run_client_with(
            run, "ann",
            &(struct syn_client_options){
                .token = syn_run_token_for(run, syn_run_identity(run, "ann"),
                                           lives_s[i]),
                .stays_offline = true});
        struct syn_reply init = syn_client_connect(ann);
        syn_observe(
            run, syn_run_text(run, "a token of %lld s", (long long)lives_s[i]),
            "%u/%d", init.http, init.code);
        syn_client_close(ann);
    }
}

/* L15: a client whose clock is wrong lives as long as all others. */
static void skewed(struct syn_run *run)
{
    static const int64_t skews_ms[] = {-SKEW_MS, SKEW_MS};
    struct syn_client *users[2];
    struct syn_thing things[2];
    for (size_t i = 0; i < 2; i++) {
        users[i] = syn_run_client_with(
            run, i == 0 ? "slow" : "fast",
            &(struct syn_client_options){.skew_ms = skews_ms[i],
                                         .token_ttl_s = FIRST_S});
        things[i] = syn_run_thing(run, i == 0 ? "slow" : "fast");
        REQUIRE_CONTROL(run, "it creates",
                        syn_client_do(users[i], OP_ON(CREATE, &things[i])));
    }
    syn_run_pass_s(run, FIRST_S - 1);
    for (size_t i = 0; i < 2; i++) {
        EXPECT_CONTROL(run, "it opens a second before exp",
                       syn_client_do(users[i], OP_ON(OPEN, &things[i])));
    }
    syn_run_pass_s(run, 1);
    for (size_t i = 0; i < 2; i++) {
        struct syn_reply late =
            syn_client_do(users[i], OP_ON(OPEN, &things[i]));
        EXPECT_TRUE(run, "a request at exp is not answered with data",
                    !syn_reply_is_ok(&late));
        EXPECT_TRUE(run, "the session is over at exp",
                    !syn_client_fence(users[i]));
    }
}

/* L13: renewals without a pause; somebody else works on meanwhile. */
static void update_storm(struct syn_run *run)
{
    struct syn_client *stormy = syn_run_client(run, "stormy");
    struct syn_client *calm = syn_run_client(run, "calm");
    struct syn_thing thing = syn_run_thing(run, "calm");
    int64_t refused = 0;
    int64_t throttled = 0;
    REQUIRE_CONTROL(run, "the calm one creates",
                    syn_client_do(calm, OP_ON(CREATE, &thing)));
    for (unsigned i = 0; i < STORM; i++) {
        struct syn_reply update = syn_client_update(
            stormy, syn_run_token_for(run, syn_run_identity(run, "stormy"),
                                      SECOND_S + (int64_t)i));
        refused += syn_reply_is_ok(&update) ? 0 : 1;
        if (i % BURST == 0) {
            struct syn_reply open = syn_client_do(calm, OP_ON(OPEN, &thing));
            throttled += open.http == TOO_MANY ? 1 : 0;
            syn_run_pass_ms(run, PACE_MS);
        }
        if (!syn_reply_is_ok(&update)) {
            break;
        }
    }
    syn_observe(run, "renewals in a storm", "%s",
                refused > 0 ? "throttled" : "all accepted");
    EXPECT_INT(run, "answers of 429 to the calm one", throttled, ==, 0);
    EXPECT_CONTROL(run, "the calm one opens after the storm",
                   syn_client_do(calm, OP_ON(OPEN, &thing)));
}

#define STORM_ROW .subject = SYN_SUBJECT_SERVICE, .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "tok/storm/other-service",
     .title = "A token of another service is refused on a live session",
     .source = "TOK-38",
     STORM_ROW,
     .level = SYN_LEVEL_MUST,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_SECOND_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "renewal-takes-any-identity",
     .meets = "L11",
     .run = other_service},
    {.id = "tok/storm/cut-at-renewal",
     .title = "A cut across the renewal ends with the old token, and the new "
              "one catches up",
     .source = "TOK-50",
     STORM_ROW,
     .level = SYN_LEVEL_SHOULD,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_NAMESPACED,
     .types = SYN_TYPES_GRANTED,
     .estimate_s = 2100,
     .defect = "expired-token-accepted",
     .run = cut_at_renewal},
    {.id = "tok/storm/short-lives",
     .title = "How short a token's life may be is reported",
     .source = "TOK-11",
     STORM_ROW,
     .level = SYN_LEVEL_INFO,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .meets = "L04",
     .run = short_lives},
    {.id = "tok/storm/skewed-client",
     .title = "A client's own clock neither shortens nor lengthens a token",
     .source = "TOK-12 TOK-40",
     STORM_ROW,
     .level = SYN_LEVEL_MUST,
     .needs = SYN_NEED_MINT | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_NAMESPACED,
     .types = SYN_TYPES_DOCUMENT,
     .estimate_s = FIRST_S,
     .defect = "session-outlives-token",
     .meets = "L15",
     .run = skewed},
    {.id = "tok/storm/update-storm",
     .title = "A storm of renewals does not keep the service from others",
     .source = "SDK-02",
     STORM_ROW,
     .level = SYN_LEVEL_SHOULD,
     .needs = SYN_NEED_MINT | SYN_NEED_LIMITS,
     .safety = SYN_SAFE_DISRUPTIVE,
     .types = SYN_TYPES_DOCUMENT,
     .reading = "whether the storm itself is throttled is reported",
     .defect = "storm-throttles-everybody",
     .meets = "L13",
     .run = update_storm},
};
SYN_SUITE(tok_storm, "Renewal under stress", rows);
