/*
 * Who speaks on a connection (TOK-01, TOK-37, SDK-06, SDK-08; W04, W05, W23,
 * W24).
 * Nobody before `init`, one user behind it for as long as it lives; an answer
 * goes to who asked, and what only the service says is not believed of users.
 */
#include "syn/bait.h"
#include "syn/rogue.h"
#include "syn/scenario.h"

#define CHANGE_ID "RQ000000000000000000000000rogue001"
#define FIRST_ID  "TM000000000000000000000000rogue002"
#define THIRD_ID  "RQ000000000000000000000000rogue003"
#define FOURTH_ID "RQ000000000000000000000000rogue004"

/* --- W04: before init ----------------------------------------------------- */

static struct syn_str say_change(const struct syn_bait *bait,
                                 struct syn_rogue *rogue)
{
    return syn_bait_change(bait, rogue, FIRST_ID);
}

static struct syn_str say_update(const struct syn_bait *bait,
                                 struct syn_rogue *rogue)
{
    return syn_rogue_update(rogue, FIRST_ID, bait->token);
}

static struct syn_str say_nothing_new(const struct syn_bait *bait,
                                      struct syn_rogue *rogue)
{
    (void)rogue;
    return syn_str_of(
        syn_rogue_envelope(bait->run,
                           "{\"method\":\"telemetry.v1\",\"id\":\"" FIRST_ID
                           "\",\"payload_size\":0}",
                           ""));
}

static const struct {
    const char *what;
    struct syn_str (*say)(const struct syn_bait *bait, struct syn_rogue *rogue);
} early[] = {{"a request", say_change},
             {"an update with a good token", say_update},
             {"telemetry", say_nothing_new}};

static void before_init(struct syn_run *run)
{
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    for (size_t i = 0; i < sizeof early / sizeof early[0]; i++) {
        struct syn_rogue *rogue = syn_run_rogue(run, "rogue", NULL);
        const unsigned status =
            syn_rogue_upgrade_by(rogue, syn_rogue_upgrade_text(rogue, ""));
        REQUIRE_TRUE(run, "the web socket opens", status == 101);
        syn_rogue_say(rogue, early[i].say(&bait, rogue));
        syn_rogue_say(rogue, syn_bait_change(&bait, rogue, CHANGE_ID));
        const char *what = syn_run_text(run, "%s before init", early[i].what);
        EXPECT_TRUE(run, syn_run_text(run, "%s ends the connection", what),
                    syn_rogue_ends(rogue));
        struct syn_reply reply = syn_rogue_reply(rogue, FIRST_ID, 0);
        EXPECT_TRUE(run, syn_run_text(run, "%s is not answered as done", what),
                    !syn_reply_is_ok(&reply));
        EXPECT_INT(run, syn_run_text(run, "%s: answers behind it", what),
                   (int64_t)syn_rogue_replies(rogue, CHANGE_ID), ==, 0);
        EXPECT_UNTOUCHED(run, what, &bait);
    }
    EXPECT_HONEST(run, &bait);
}

/* --- W05: init again ------------------------------------------------------ */

static struct syn_str subscribe_to(struct syn_run *run, struct syn_rogue *rogue,
                                   const char *sid)
{
    return syn_rogue_request(
        rogue, CHANGE_ID, "POST", "/v4/Subscriptions",
        syn_run_text(run,
                     "{\"event_protocol_version\":4,\"action\":\"establish\","
                     "\"correlation_id\":1,\"retried_requests\":0,"
                     "\"ttl_in_s\":-1,\"requests\":[{\"object_sid\":\"%s\","
                     "\"object_type\":\"document\",\"last_event_id\":null}]}",
                     sid));
}

static struct syn_str token_of(struct syn_run *run, const char *name)
{
    return syn_run_token(
        run, &(struct syn_token_wish){.identity = syn_run_identity(run, name)});
}

static const char *mark_of(struct syn_run *run, unsigned n)
{
    return syn_run_text(run, "{\"mark\":\"event-%u\"}", n);
}

/* Eve hears her own document; bob may read it too. Eve's connection says it is
 * bob: what eve asked for is not bob's, and what is bob's is not eve's. */
static void init_again(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *eve = syn_run_client(run, "eve");
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "eves");
    struct syn_rogue *rogue = syn_run_rogue(run, "rogue", NULL);
    REQUIRE_ALLOWED(run, "eve creates",
                    syn_client_do(eve, OP_ON(CREATE, &thing)));
    REQUIRE_ALLOWED(run, "bob may read it",
                    syn_backend_grant(syn_run_backend(run), &thing,
                                      syn_run_identity(run, "bob"),
                                      SYN_RIGHT_READ));
    REQUIRE_CONTROL(run, "the rogue joins as eve",
                    syn_rogue_join(rogue, token_of(run, "eve")));
    REQUIRE_CONTROL(
        run, "it subscribes",
        syn_rogue_ask(rogue, CHANGE_ID, subscribe_to(run, rogue, thing.sid)));
    struct syn_action write = {
        .op = SYN_OP_UPDATE, .on = &thing, .data = mark_of(run, 1)};
    REQUIRE_ALLOWED(run, "eve changes it", syn_client_do(eve, &write));
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    REQUIRE_TRUE(run, "the rogue answers pings", syn_rogue_fence(rogue));
    EXPECT_TRUE(run, "the rogue hears it as eve",
                syn_rogue_saw(rogue, SYN_STR("event-1")));
    struct syn_reply again = syn_rogue_ask(
        rogue, FIRST_ID, syn_rogue_init(rogue, FIRST_ID, token_of(run, "bob")));
    write.data = mark_of(run, 2);
    REQUIRE_ALLOWED(run, "eve changes it again", syn_client_do(eve, &write));
    if (syn_reply_is_ok(&again)) {
        syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
        (void)syn_rogue_fence(rogue);
        syn_observe(run, "a second init", "is taken as a new login");
    } else {
        EXPECT_TRUE(run, "a second init that is refused ends the connection",
                    syn_rogue_ends(rogue));
    }
    EXPECT_TRUE(run, "as bob it does not hear what eve asked for",
                !syn_rogue_saw(rogue, SYN_STR("event-2")));
    EXPECT_TRUE(run, "another user's session goes on", syn_client_fence(ann));
}

/* --- W23: the same id twice ----------------------------------------------- */

static const char *own_path(struct syn_run *run, const struct syn_thing *thing)
{
    return syn_run_text(run, "/v3/Services/%s/Documents/%s",
                        syn_run_service(run), thing->sid);
}

/* A user with a document that only it may read, and a raw connection. */
struct desk {
    struct syn_thing thing;
    struct syn_rogue *rogue;
};

static bool is_set_up(struct syn_run *run, struct desk *desk, const char *name)
{
    struct syn_client *user = syn_run_client(run, name);
    desk->thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, name);
    desk->rogue = syn_run_rogue(run, syn_run_text(run, "%s-raw", name), NULL);
    return EXPECT_ALLOWED(run, syn_run_text(run, "%s creates", name),
                          syn_client_do(user, OP_ON(CREATE, &desk->thing))) &&
           EXPECT_CONTROL(run, syn_run_text(run, "%s joins", name),
                          syn_rogue_join(desk->rogue, token_of(run, name)));
}

static void ask_for_own(struct syn_run *run, const struct desk *desk,
                        const char *id)
{
    syn_rogue_say(desk->rogue,
                  syn_rogue_request(desk->rogue, id, "GET",
                                    own_path(run, &desk->thing), NULL));
}

static void expect_own(struct syn_run *run, const char *what,
                       const struct desk *desk, const char *id)
{
    struct syn_reply reply = syn_rogue_reply(desk->rogue, id, 0);
    EXPECT_TRUE(run, syn_run_text(run, "%s is answered", what),
                reply.status == SYN_OK);
    EXPECT_STR(run, what, reply.body, has, desk->thing.canary);
}

static void same_id(struct syn_run *run)
{
    struct desk eve;
    struct desk bob;
    REQUIRE(run, is_set_up(run, &eve, "eve") && is_set_up(run, &bob, "bob"));
    ask_for_own(run, &eve, CHANGE_ID);
    ask_for_own(run, &bob, CHANGE_ID);
    expect_own(run, "what eve asked", &eve, CHANGE_ID);
    expect_own(run, "what bob asked by the same id", &bob, CHANGE_ID);
    syn_rogue_cork(eve.rogue);
    ask_for_own(run, &eve, THIRD_ID);
    ask_for_own(run, &eve, FOURTH_ID);
    syn_rogue_uncork(eve.rogue);
    expect_own(run, "the first of two requests", &eve, THIRD_ID);
    expect_own(run, "the second of two requests", &eve, FOURTH_ID);
    ask_for_own(run, &eve, FIRST_ID);
    ask_for_own(run, &eve, FIRST_ID);
    expect_own(run, "a request said twice", &eve, FIRST_ID);
    (void)syn_rogue_fence(eve.rogue);
    EXPECT_INT(run, "its answers",
               (int64_t)syn_rogue_replies(eve.rogue, FIRST_ID), <=, 2);
    EXPECT_TRUE(run, "eve sees nothing of bob",
                !syn_rogue_saw(eve.rogue, bob.thing.canary));
    EXPECT_TRUE(run, "bob sees nothing of eve",
                !syn_rogue_saw(bob.rogue, eve.thing.canary));
}

/* --- W24: methods of the service ------------------------------------------ */

/* What a client would take for an event of the bait. */
static const char *forged_event(struct syn_run *run,
                                const struct syn_bait *bait, const char *method)
{
    const char *payload = syn_run_text(
        run,
        "{\"event_type\":\"document_updated\",\"event_protocol_version\":4,"
        "\"event\":{\"id\":7,\"document_sid\":\"%s\",\"document_data\":"
        "{\"mark\":\"%s\"},\"document_revision\":\"7\"}}",
        bait->thing.sid, bait->mark);
    const char *header = syn_run_text(
        run,
        "{\"method\":\"%s\",\"id\":\"%s\",\"message_type\":"
        "\"twilio.sync.event\",\"client_update_type\":"
        "\"token_about_to_expire\",\"notification_ctx_id\":\"x\","
        "\"payload_type\":\"application/json\",\"payload_size\":%zu}",
        method, CHANGE_ID, syn_str_of(payload).bytes);
    return syn_rogue_envelope(run, header, payload);
}

static void servers_words(struct syn_run *run)
{
    static const char *const methods[] = {"notification", "client_update"};
    struct syn_bait bait;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &bait.thing, -2));
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct syn_rogue *rogue = syn_bait_rogue(&bait, "rogue");
        REQUIRE(run, rogue != NULL);
        syn_rogue_say(rogue, syn_str_of(forged_event(run, &bait, methods[i])));
        (void)syn_rogue_fence(rogue);
        struct syn_reply reply = syn_rogue_reply(rogue, CHANGE_ID, 0);
        EXPECT_TRUE(run, syn_run_text(run, "%s is not taken", methods[i]),
                    !syn_reply_is_ok(&reply));
        REQUIRE_TRUE(run, "ann's session answers", syn_client_fence(ann));
        EXPECT_TRUE(run, syn_run_text(run, "%s reaches nobody", methods[i]),
                    !syn_client_saw(ann, syn_str_of(bait.mark)));
        EXPECT_INT(run, "notices that ann heard",
                   (int64_t)syn_client_notices(ann, NULL), ==, 0);
        EXPECT_UNTOUCHED(run, methods[i], &bait);
    }
    EXPECT_HONEST(run, &bait);
    EXPECT_TRUE(run, "ann hears the honest change",
                syn_client_await(ann, &bait.thing, 1));
}

#define SESSION_ROW                                                         \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,                \
    .safety = SYN_SAFE_NAMESPACED, .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, \
    .tags = "raw"

static const struct syn_scenario rows[] = {
    {.id = "sdk/sessions/before-init",
     .title = "Nothing is done on a connection before its init",
     .source = "TOK-01",
     .meets = "W04",
     SESSION_ROW,
     .defect = "message-before-init update-before-init",
     .run = before_init},
    {.id = "sdk/sessions/init-again",
     .title = "A second init never merges what two users may",
     .source = "TOK-37",
     .meets = "W05",
     SESSION_ROW,
     .acl_on = true,
     .reading = "a clean new login is no fault",
     .defect = "init-twice-merges",
     .run = init_again},
    {.id = "sdk/sessions/same-id",
     .title = "A request with the id of another gets its own answer",
     .source = "SDK-06",
     .meets = "W23",
     SESSION_ROW,
     .acl_on = true,
     .defect = "answers-cached-by-id answers-to-another",
     .run = same_id},
    {.id = "sdk/sessions/servers-words",
     .title = "What only the service says is not taken from a user",
     .source = "SDK-08",
     .meets = "W24",
     SESSION_ROW,
     .defect = "notification-passed-on unknown-method-nodded",
     .run = servers_words},
};
SYN_SUITE(sdk_sessions, "Who speaks on a connection", rows);
