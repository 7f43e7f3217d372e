/*
 * Subscriptions (SDK-08, SDK-09, ACL-45; A27, B10, B11).
 * One at a time or a thousand in a request: each has its own outcome, asking
 * twice changes nothing, and after the end nothing comes.
 */
#include "syn/scenario.h"

static bool changed(struct syn_run *run, struct syn_thing *thing, unsigned n)
{
    struct syn_action change = {.op = syn_type_change(thing->type),
                                .on = thing,
                                .key = syn_run_text(run, "key-%u", n)};
    return EXPECT_ALLOWED(run, "a change",
                          syn_backend_do(syn_run_backend(run), &change));
}

static bool created(struct syn_run *run, struct syn_thing *thing)
{
    return EXPECT_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, thing)));
}

/* Whatever is on its way has been heard. */
static bool is_quiet(struct syn_run *run, struct syn_client *user)
{
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    return EXPECT_TRUE(run, "a session answers", syn_client_fence(user));
}

/* B10: "none after the cancel ack". */
static void after_cancel(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *witness = syn_run_client(run, "witness");
    struct syn_thing thing = syn_run_thing(run, "feed");
    REQUIRE(run, created(run, &thing));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, -2));
    REQUIRE_CONTROL(run, "the witness subscribes",
                    syn_client_subscribe(witness, &thing, -2));
    REQUIRE(run, changed(run, &thing, 0));
    REQUIRE_TRUE(run, "ann hears it", syn_client_await(ann, &thing, 1));
    REQUIRE_ALLOWED(run, "ann cancels", syn_client_unsubscribe(ann, &thing));
    REQUIRE(run, changed(run, &thing, 1));
    REQUIRE_TRUE(run, "the witness hears both",
                 syn_client_await(witness, &thing, 2));
    REQUIRE(run, is_quiet(run, ann));
    EXPECT_INT(run, "events that ann heard",
               (int64_t)syn_client_heard(ann, &thing), ==, 1);
    REQUIRE_CONTROL(run, "ann subscribes again",
                    syn_client_subscribe(ann, &thing, -2));
    REQUIRE(run, changed(run, &thing, 2));
    EXPECT_TRUE(run, "ann hears the next", syn_client_await(ann, &thing, 2));
}

/* B11: subscribing twice is subscribing once. */
static void twice(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "feed");
    REQUIRE(run, created(run, &thing));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, -2));
    EXPECT_ALLOWED(run, "ann subscribes again",
                   syn_client_subscribe(ann, &thing, -2));
    REQUIRE(run, changed(run, &thing, 0));
    REQUIRE(run, is_quiet(run, ann));
    EXPECT_INT(run, "events heard", (int64_t)syn_client_heard(ann, &thing), ==,
               1);
    REQUIRE_ALLOWED(run, "ann cancels once",
                    syn_client_unsubscribe(ann, &thing));
    REQUIRE(run, changed(run, &thing, 1));
    REQUIRE(run, is_quiet(run, ann));
    EXPECT_INT(run, "events heard after the end",
               (int64_t)syn_client_heard(ann, &thing), ==, 1);
}

static const char *wish(struct syn_run *run, const struct syn_thing *thing)
{
    return syn_run_text(run,
                        "{\"object_sid\":\"%s\",\"object_type\":\"%s\","
                        "\"last_event_id\":null}",
                        thing->sid, syn_type_name(thing->type));
}

static const char *ten_times(struct syn_run *run, const char *s)
{
    return syn_run_text(run, "%s,%s,%s,%s,%s,%s,%s,%s,%s,%s", s, s, s, s, s, s,
                        s, s, s, s);
}

static struct syn_reply establish(struct syn_run *run, struct syn_client *user,
                                  const char *wishes)
{
    const char *body = syn_run_text(
        run,
        "{\"event_protocol_version\":4,\"action\":\"establish\","
        "\"correlation_id\":1,\"retried_requests\":0,\"ttl_in_s\":-1,"
        "\"requests\":[%s]}",
        wishes);
    return syn_client_call(user, "POST", "/v4/Subscriptions", NULL, body);
}

/* B11, and the settled reading of rest.md section 12: up to the announced
 * 1,000; more is refused, and nothing of it established. */
static void over_size(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "feed");
    REQUIRE(run, created(run, &thing));
    const char *one = wish(run, &thing);
    const char *thousand = ten_times(run, ten_times(run, ten_times(run, one)));
    struct syn_reply reply =
        establish(run, ann, syn_run_text(run, "%s,%s", thousand, one));
    EXPECT_REFUSED(run, "a batch of 1,001", reply, 54419);
    (void)syn_expect_true(run, SYN_SITE, SYN_SIGNAL,
                          "the refusal states the most",
                          syn_reply_has_text(&reply, SYN_STR("1000")));
    REQUIRE(run, changed(run, &thing, 0));
    REQUIRE(run, is_quiet(run, ann));
    EXPECT_INT(run, "events heard after the refusal",
               (int64_t)syn_client_heard(ann, &thing), ==, 0);
    EXPECT_INT(run, "outcomes told", (int64_t)syn_client_outcomes(ann, &thing),
               ==, 0);
    reply = establish(run, ann, thousand);
    REQUIRE_CONTROL(run, "a batch of 1,000", reply);
    EXPECT_INT(run, "the most that is announced",
               syn_reply_i64(&reply, "/max_batch_size", 0), ==, 1000);
    REQUIRE(run, changed(run, &thing, 1));
    EXPECT_TRUE(run, "ann hears the next", syn_client_await(ann, &thing, 1));
}

/* A27: "per-item outcome; denied ones fail alone". */
static void mixed_batch(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing things[3];
    for (unsigned i = 0; i < 3; i++) {
        things[i] = syn_run_thing(run, syn_run_text(run, "thing-%u", i));
        REQUIRE(run, created(run, &things[i]));
        REQUIRE_ALLOWED(
            run, "backend grants",
            syn_backend_grant(backend, &things[i], syn_client_identity(ann),
                              i == 1 ? SYN_RIGHT_WRITE : SYN_RIGHT_READ));
    }
    REQUIRE_ALLOWED(
        run, "ann asks for all three at once",
        establish(run, ann,
                  syn_run_text(run, "%s,%s,%s", wish(run, &things[0]),
                               wish(run, &things[1]), wish(run, &things[2]))));
    REQUIRE(run, is_quiet(run, ann));
    for (unsigned i = 0; i < 3; i++) {
        REQUIRE_TRUE(run, "each has one outcome",
                     syn_client_outcomes(ann, &things[i]) == 1);
    }
    EXPECT_CONTROL(run, "the first, with read",
                   syn_client_outcome_at(ann, &things[0], 0));
    EXPECT_DENIED(run, "the second, without read",
                  syn_client_outcome_at(ann, &things[1], 0), &things[1]);
    EXPECT_CONTROL(run, "the third, with read",
                   syn_client_outcome_at(ann, &things[2], 0));
    for (unsigned i = 0; i < 3; i++) {
        REQUIRE(run, changed(run, &things[i], 0));
    }
    REQUIRE(run, is_quiet(run, ann));
    for (unsigned i = 0; i < 3; i++) {
        EXPECT_INT(run, syn_run_text(run, "events heard of thing %u", i),
                   (int64_t)syn_client_heard(ann, &things[i]), ==,
                   i == 1 ? 0 : 1);
    }
}

#define SUBSCRIPTION_ROW                                           \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED, \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .estimate_s = 10

static const struct syn_scenario rows[] = {
    {.id = "sdk/subscriptions/after-cancel",
     .title = "After a subscription has ended nothing is heard of its object",
     .source = "SDK-08",
     SUBSCRIPTION_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_ALL,
     .defect = "cancel-ignored",
     .meets = "B10",
     .run = after_cancel},
    {.id = "sdk/subscriptions/twice",
     .title = "Subscribing twice is subscribing once",
     .source = "SDK-08",
     SUBSCRIPTION_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_ALL,
     .defect = "duplicate-subscription-doubles",
     .meets = "B11",
     .run = twice},
    {.id = "sdk/subscriptions/over-size",
     .title = "A batch larger than announced is refused as a whole",
     .source = "SDK-09",
     SUBSCRIPTION_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_DOCUMENT,
     .reading = "Refused as a whole: rest.md section 12, \"Batch of "
                "subscriptions\".",
     .defect = "batch-unbounded",
     .meets = "B11",
     .run = over_size},
    {.id = "sdk/subscriptions/mixed-batch",
     .title = "In a batch the denied subscriptions fail alone",
     .source = "ACL-45",
     SUBSCRIPTION_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_GRANTED,
     .acl_on = true,
     .defect = "batch-shares-outcome",
     .meets = "A27",
     .run = mixed_batch},
};
SYN_SUITE(sdk_subscriptions, "Subscriptions", rows);
