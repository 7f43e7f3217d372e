/*
 * Continuation tokens (SDK-05; L18, L19).
 * A returning client shows the continuation token of its last session. It only
 * spares both sides some work: it carries no right, and one that is foreign,
 * forged or cut makes the session a fresh one of its own identity.
 */
#include "syn/scenario.h"

#define PAUSE_S  60
#define LONG_TEN "AAAAAAAAAA"

static struct syn_client *offline(struct syn_run *run, const char *name,
                                  struct syn_str continuation)
{
    return syn_run_client_with(
        run, name,
        &(struct syn_client_options){.stays_offline = true,
                                     .continuation = continuation});
}

static struct syn_str token_in(const struct syn_reply *reply)
{
    return syn_reply_str(reply, "/continuation_token");
}

static struct syn_str storage_in(const struct syn_reply *reply)
{
    return syn_reply_str(reply, "/offline_storage/data_sync/storage_id");
}

static bool is_reissued(const struct syn_reply *reply)
{
    return syn_reply_is_true(reply, "/continuation_token_status/reissued");
}

static struct syn_str context_in(const struct syn_reply *reply)
{
    return syn_reply_str(reply, "/init_registrations/0/notification_ctx_id");
}

/* What the vendor's client waits for before it asks for anything. */
static void expect_greeting(struct syn_run *run, const struct syn_reply *reply)
{
    const struct syn_str context = context_in(reply);
    size_t digits = 0;
    for (size_t i = 0; i < context.bytes; i++) {
        const char c = context.at[i];
        digits += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ? 1 : 0;
    }
    EXPECT_STR(run, "the first capability",
               syn_reply_str(reply, "/capabilities/0"), ==,
               SYN_STR("client_update"));
    EXPECT_STR(run, "the second capability",
               syn_reply_str(reply, "/capabilities/1"), ==,
               SYN_STR("offline_storage"));
    EXPECT_TRUE(run, "there is a storage id", storage_in(reply).bytes > 0);
    EXPECT_STR(run, "the product that is registered",
               syn_reply_str(reply, "/init_registrations/0/product"), ==,
               SYN_STR("data_sync"));
    EXPECT_STR(run, "the first type of message",
               syn_reply_str(reply, "/init_registrations/0/message_types/0"),
               ==, SYN_STR("twilio.sync.event"));
    EXPECT_TRUE(run, "the context is 32 digits in five groups",
                digits == 32 && context.bytes == 36);
}

/* SDK-05: "Suspend 60 s, resume; one client instance only". */
static void confirmed(struct syn_run *run)
{
    struct syn_client *ann = offline(run, "ann", (struct syn_str){0});
    struct syn_reply first = syn_client_connect(ann);
    REQUIRE_CONTROL(run, "ann connects", first);
    EXPECT_TRUE(run, "a first session gets a token",
                is_reissued(&first) && token_in(&first).bytes > 0);
    syn_client_cut(ann);
    syn_run_pass_s(run, PAUSE_S);
    struct syn_reply second = syn_client_resume(ann);
    REQUIRE_CONTROL(run, "ann resumes", second);
    EXPECT_TRUE(run, "the token is confirmed", !is_reissued(&second));
    EXPECT_STR(run, "the storage id", storage_in(&second), ==,
               storage_in(&first));
    if (syn_run_is_reference(run)) { /* clients do without these members */
        expect_greeting(run, &second);
        EXPECT_STR(run, "the context of notifications", context_in(&second), !=,
                   context_in(&first));
    }
}

/* A session that shows `shown` is a fresh one of its own identity. */
static void expect_fresh(struct syn_run *run, const char *what,
                         struct syn_client *user, struct syn_str shown,
                         struct syn_str own_storage)
{
    struct syn_reply reply = syn_client_connect(user);
    if (!EXPECT_ALLOWED(run, what, reply)) {
        return;
    }
    EXPECT_TRUE(run, syn_run_text(run, "%s: a token is issued anew", what),
                is_reissued(&reply));
    EXPECT_STR(run, syn_run_text(run, "%s: the token issued", what),
               token_in(&reply), !=, shown);
    EXPECT_STR(run, syn_run_text(run, "%s: the storage id", what),
               storage_in(&reply), ==, own_storage);
    syn_observe(run, what, "%.*s",
                SYN_STR_ARG(syn_reply_str(
                    &reply, "/continuation_token_status/reissue_reason")));
}

/* L18: bob shows ann's token. It stays bob, learns nothing of ann's and is not
 * subscribed to what ann is. */
static void of_another(struct syn_run *run)
{
    struct syn_thing thing = syn_run_thing(run, "anns");
    struct syn_client *ann = offline(run, "ann", (struct syn_str){0});
    struct syn_client *plain = offline(run, "bob", (struct syn_str){0});
    struct syn_reply anns = syn_client_connect(ann);
    struct syn_reply bobs = syn_client_connect(plain);
    REQUIRE_CONTROL(run, "ann connects", anns);
    REQUIRE_CONTROL(run, "bob connects without a token", bobs);
    EXPECT_STR(run, "the storage id of bob", storage_in(&bobs), !=,
               storage_in(&anns));
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, -2));
    struct syn_client *bob = offline(run, "bob", token_in(&anns));
    expect_fresh(run, "bob with the token of ann", bob, token_in(&anns),
                 storage_in(&bobs));
    struct syn_action update = {.op = SYN_OP_UPDATE, .on = &thing};
    REQUIRE_ALLOWED(run, "backend updates",
                    syn_backend_do(syn_run_backend(run), &update));
    REQUIRE_TRUE(run, "ann hears it", syn_client_await(ann, &thing, 1));
    REQUIRE_TRUE(run, "the session of bob answers", syn_client_fence(bob));
    EXPECT_INT(run, "events that bob heard",
               (int64_t)syn_client_heard(bob, NULL), ==, 0);
    EXPECT_TRUE(run, "bob has not seen ann's data",
                !syn_client_saw(bob, thing.canary));
    EXPECT_DENIED(run, "bob opens ann's document",
                  syn_client_do(bob, OP_ON(OPEN, &thing)), &thing);
}

/* L19: forged, truncated, empty, huge. */
static void spoilt(struct syn_run *run)
{
    struct syn_client *ann = offline(run, "ann", (struct syn_str){0});
    struct syn_reply first = syn_client_connect(ann);
    REQUIRE_CONTROL(run, "ann connects", first);
    struct syn_str own = token_in(&first);
    REQUIRE_TRUE(run, "ann has a token", own.bytes > 8);
    int half = (int)own.bytes / 2;
    char last = own.at[own.bytes - 2] == 'A' ? 'B' : 'A';
    const struct {
        const char *name;
        const char *text;
    } spoils[] = {
        {"its first half", syn_run_text(run, "%.*s", half, own.at)},
        {"its second half", syn_run_text(run, "%s", own.at + half)},
        {"one digit of its end altered",
         syn_run_text(run, "%.*s%c%c", (int)own.bytes - 2, own.at, last,
                      own.at[own.bytes - 1])},
        {"no mark at its end", syn_run_text(run, "%.*s.", half, own.at)},
        {"a claim of its own",
         "eyJmb3JtYXQiOiIxIiwiZW5kcG9pbnRJZCI6IjEiLCJncmFudHMiOnt9fQ.AAAA"},
        {"words", "ann"},
        {"a wall of letters",
         LONG_TEN LONG_TEN LONG_TEN LONG_TEN LONG_TEN LONG_TEN LONG_TEN},
    };
    for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
        struct syn_client *again =
            offline(run, "ann", syn_str_of(spoils[i].text));
        expect_fresh(run, spoils[i].name, again, syn_str_of(spoils[i].text),
                     storage_in(&first));
    }
}

#define CONTINUATION_ROW .subject = SYN_SUBJECT_SERVICE, .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "sdk/continuation/confirmed",
     .title = "A client that comes back after a pause is known again",
     .source = "SDK-05",
     CONTINUATION_ROW,
     .level = SYN_LEVEL_SHOULD,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .estimate_s = PAUSE_S,
     .defect = "continuation-never-fits client-drops-continuation",
     .run = confirmed},
    {.id = "sdk/continuation/of-another",
     .title = "The continuation token of another identity gives nothing of it",
     .source = "SDK-05",
     CONTINUATION_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_DOCUMENT,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "continuation-of-anybody",
     .meets = "L18",
     .run = of_another},
    {.id = "sdk/continuation/spoilt",
     .title = "A spoilt continuation token makes a fresh session",
     .source = "SDK-05",
     CONTINUATION_ROW,
     .level = SYN_LEVEL_MUST,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .defect = "continuation-unsigned",
     .meets = "L19",
     .run = spoilt},
};
SYN_SUITE(sdk_continuation, "Continuation tokens", rows);
