/*
 * Whose rate is used up by whom, and what a refusal says (LIM-05, LIM-15,
 * LIM-19, LIM-21).
 */
#include "syn/leak.h"
#include "syn/scenario.h"

#define TOO_MANY    429
#define TRIES_MAX   1000 /* far over any window */
#define CALM_WRITES 20
#define KNOCKS      250 /* over the 200 writes of a window */

/* Change it until that is refused; the refusal. */
static struct syn_reply exhaust(struct syn_run *run,
                                struct syn_backend *backend,
                                struct syn_thing *thing)
{
    struct syn_reply reply = syn_leak_change(run, backend, thing);
    for (unsigned i = 0; i < TRIES_MAX && syn_reply_is_ok(&reply); i++) {
        reply = syn_leak_change(run, backend, thing);
    }
    return reply;
}

static void others_go_on(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing hot = syn_run_thing(run, "hot");
    struct syn_thing calm = syn_run_thing(run, "calm");
    REQUIRE_ALLOWED(run, "create the hot one",
                    syn_backend_do(backend, OP_ON(CREATE, &hot)));
    REQUIRE_CONTROL(run, "create the calm one",
                    syn_backend_do(backend, OP_ON(CREATE, &calm)));
    struct syn_reply late = exhaust(run, backend, &hot);
    EXPECT_INT(run, "status of a write too many", (int64_t)late.http, ==,
               TOO_MANY);
    for (unsigned i = 0; i < CALM_WRITES; i++) {
        struct syn_reply reply = syn_leak_change(run, backend, &calm);
        /* By hand: elsewhere a 429 is the world's, here it is the finding. */
        REQUIRE(run, EXPECT_INT(run, "status of a write to the calm one",
                                (int64_t)reply.http, !=, TOO_MANY));
        REQUIRE_ALLOWED(run, "the write to the calm one", reply);
    }
}

/* The hint is worth something when heeding it suffices. */
static void expect_hint(struct syn_run *run, const char *plane,
                        const struct syn_reply *late)
{
    EXPECT_INT(run, syn_run_text(run, "status over %s", plane),
               (int64_t)late->http, ==, TOO_MANY);
    EXPECT_INT(run, syn_run_text(run, "Retry-After over %s", plane),
               (int64_t)late->retry_after_s, >, 0);
}

static void says_how_long(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "hot");
    REQUIRE_CONTROL(run, "create", syn_client_do(ann, OP_ON(CREATE, &thing)));
    struct syn_reply late = exhaust(run, backend, &thing);
    expect_hint(run, "REST", &late);
    const enum syn_op op =
        thing.type == SYN_TYPE_DOCUMENT ? SYN_OP_UPDATE : SYN_OP_ITEM_ADD;
    struct syn_reply hers = syn_client_do(
        ann, &(struct syn_action){.op = op, .on = &thing, .key = "hers"});
    expect_hint(run, "the SDK plane", &hers);
    syn_run_pass_s(run, (int64_t)late.retry_after_s);
    EXPECT_ALLOWED(run, "a write after the time named",
                   syn_leak_change(run, backend, &thing));
}

/* A stranger knocks where it may do nothing, as often as a window has room
 * for; then ann, whose object it is, has all her writes. */
static void denied_for_nothing(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *eve = syn_run_client(run, "eve");
    struct syn_thing thing = syn_run_thing(run, "knocked");
    REQUIRE_CONTROL(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    const enum syn_op op =
        thing.type == SYN_TYPE_DOCUMENT ? SYN_OP_UPDATE : SYN_OP_ITEM_ADD;
    for (unsigned i = 0; i < KNOCKS; i++) {
        struct syn_reply reply = syn_client_do(
            eve, &(struct syn_action){.op = op, .on = &thing, .key = "eves"});
        REQUIRE(run, EXPECT_INT(run, "status of what eve may not do",
                                (int64_t)reply.http, !=, TOO_MANY));
        REQUIRE_TRUE(run, "eve is denied", !syn_reply_is_ok(&reply));
    }
    for (unsigned i = 0; i < CALM_WRITES; i++) {
        struct syn_reply reply = syn_client_do(
            ann, &(struct syn_action){.op = op,
                                      .on = &thing,
                                      .key = syn_run_text(run, "hers-%u", i)});
        REQUIRE(run, EXPECT_INT(run, "status of ann's write",
                                (int64_t)reply.http, !=, TOO_MANY));
        REQUIRE_ALLOWED(run, "ann's write", reply);
    }
}

/* LIM-21: creations are counted for the whole service, so that one client can
 * keep all others from creating. Reported, as the sources say no more. */
static void bulk_creation(struct syn_run *run)
{
    struct syn_client *rogue = syn_run_client(run, "rogue");
    struct syn_client *other = syn_run_client(run, "other");
    unsigned made = 0;
    struct syn_reply reply = {.http = 0};
    do {
        struct syn_thing thing =
            syn_run_thing(run, syn_run_text(run, "bulk-%u", made));
        reply = syn_client_do(rogue, OP_ON(CREATE, &thing));
        made += syn_reply_is_ok(&reply) ? 1 : 0;
    } while (syn_reply_is_ok(&reply) && made < TRIES_MAX);
    struct syn_thing hers = syn_run_thing(run, "hers");
    struct syn_reply late = syn_client_do(other, OP_ON(CREATE, &hers));
    syn_observe(run, "creations of one client until it is refused", "%u/%u",
                made, reply.http);
    syn_observe(run, "a creation of another client then", "%u/%d", late.http,
                late.code);
}

#define SHARE_ROW                                                            \
    .subject = SYN_SUBJECT_SERVICE,                                          \
    .needs =                                                                 \
        SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_LIMITS | SYN_NEED_VIRTUAL, \
    .safety = SYN_SAFE_DISRUPTIVE

static const struct syn_scenario rows[] = {
    {.id = "lim/shares/others-go-on",
     .title = "One object's throttle does not block another",
     .source = "LIM-15",
     SHARE_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_GRANTED,
     .defect = "limits-count-objects-together limits-forgotten",
     .run = others_go_on},
    {.id = "lim/shares/says-how-long",
     .title = "Who is throttled is told how long to wait",
     .source = "LIM-19",
     SHARE_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_GRANTED,
     .defect = "throttled-without-hint",
     .run = says_how_long},
    {.id = "lim/shares/denied-for-nothing",
     .title = "What a stranger is denied costs the owner no writes",
     .source = "LIM-05",
     SHARE_ROW,
     .acl_on = true,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_GRANTED,
     .defect = "limits-count-the-denied",
     .run = denied_for_nothing},
    {.id = "lim/shares/bulk-creation",
     .title = "What one client's creations leave to others is reported",
     .source = "LIM-21",
     SHARE_ROW,
     .level = SYN_LEVEL_INFO,
     .types = SYN_TYPES_ALL,
     .run = bulk_creation},
};
SYN_SUITE(lim_shares, "Whose share", rows);
