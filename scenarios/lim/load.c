/*
 * What a sub-account and a container hold (LIM-16, LIM-17).
 * Rows of the tag `load`: they take minutes and most of the descriptors of a
 * process, so they run when asked for by --tag load. The figures are reported,
 * none of them fails a run.
 */
#include "syn/rogue.h"
#include "syn/scenario.h"

#define STANDING 7000
#define RATE     110 /* connections a second */
#define DAY_S    86400
#define ITEMS    1000000
#define BATCH    200 /* writes that ten seconds allow */
#define BATCH_S  10
#define EACH_ID  "RQ0000000000000000000000000000each"
#define LAST_ID  "RQ0000000000000000000000000000last"
#define TOO_MANY 429
#define TELL     100 /* connections beyond what may stand */

static struct syn_str token_of(struct syn_run *run, const char *name,
                               int64_t ttl_s)
{
    return syn_run_token(
        run, &(struct syn_token_wish){.identity = syn_run_identity(run, name),
                                      .ttl_s = ttl_s});
}

/* `count` connections in one second, the first of them in the transcript; how
 * many were let in. */
static unsigned connect_some(struct syn_run *run, struct syn_str token,
                             unsigned count, unsigned *throttled)
{
    unsigned open = 0;
    for (unsigned i = 0; i < count; i++) {
        struct syn_rogue *rogue = syn_run_rogue(
            run, "standing", &(struct syn_rogue_options){.is_unseen = i > 0});
        struct syn_reply reply = syn_rogue_join(rogue, token);
        open += syn_reply_is_ok(&reply) ? 1 : 0;
        *throttled += reply.http == TOO_MANY ? 1 : 0;
    }
    return open;
}

/* LIM-16: 110 a second until 7,000 stand, then some more. */
static void connections(struct syn_run *run)
{
    const struct syn_str token = token_of(run, "crowd", DAY_S);
    unsigned standing = 0;
    unsigned throttled = 0;
    while (standing + RATE <= STANDING && throttled == 0) {
        standing += connect_some(run, token, RATE, &throttled);
        syn_run_pass_s(run, 1);
    }
    standing += connect_some(run, token, STANDING - standing, &throttled);
    syn_measure(run, "connections.standing", standing);
    syn_measure(run, "connections.throttled_before", throttled);
    syn_run_pass_s(run, 1);
    throttled = 0;
    const unsigned more = connect_some(run, token, TELL, &throttled);
    syn_measure(run, "connections.beyond_let_in", more);
    syn_measure(run, "connections.beyond_refused", throttled);
    EXPECT_INT(run, "connections that stand", (int64_t)standing, ==, STANDING);
    EXPECT_INT(run, "connections beyond them", (int64_t)more, ==, 0);
}

static void add_batch(struct syn_rogue *rogue, const char *path)
{
    for (unsigned i = 1; i <= BATCH; i++) {
        syn_rogue_say(rogue,
                      syn_rogue_request(rogue, i == BATCH ? LAST_ID : EACH_ID,
                                        "POST", path, "{\"data\":{\"n\":1}}"));
    }
}

/* LIM-17: a list takes a million items; what it says to one more. */
static void items(struct syn_run *run)
{
    struct syn_thing list = syn_run_thing_of(run, SYN_TYPE_LIST, "wide");
    struct syn_client *ann = syn_run_client_with(
        run, "ann", &(struct syn_client_options){.token_ttl_s = DAY_S});
    struct syn_rogue *rogue = syn_run_rogue(
        run, "writer", &(struct syn_rogue_options){.is_unseen = true});
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &list)));
    REQUIRE_CONTROL(run, "the writer joins",
                    syn_rogue_join(rogue, token_of(run, "ann", DAY_S)));
    const char *path = syn_run_text(run, "/v3/Services/%s/Lists/%s/Items",
                                    syn_run_service(run), list.sid);
    int64_t index = -1;
    unsigned added = 0;
    for (; added < ITEMS && syn_rogue_is_open(rogue); added += BATCH) {
        const struct syn_arena_mark mark = syn_arena_mark(syn_run_arena(run));
        add_batch(rogue, path);
        struct syn_reply reply = syn_rogue_reply(rogue, LAST_ID, 0);
        index = syn_reply_i64(&reply, "/index", -1);
        syn_rogue_forget(rogue);
        syn_arena_rewind(syn_run_arena(run), mark);
        syn_run_pass_s(run, BATCH_S);
    }
    syn_measure(run, "items.added", index + 1);
    EXPECT_INT(run, "index of the last of a million", index, ==, ITEMS - 1);
    struct syn_reply more = syn_client_do(
        ann, &(struct syn_action){.op = SYN_OP_ITEM_ADD, .on = &list});
    syn_observe(run, "one item more", "%u, code %d", more.http, more.code);
    EXPECT_CONTROL(
        run, "the last can be read",
        syn_client_do(ann, &(struct syn_action){.op = SYN_OP_ITEM_READ,
                                                .on = &list,
                                                .index = ITEMS - 1}));
}

#define LOAD_ROW                                                             \
    .level = SYN_LEVEL_INFO, .subject = SYN_SUBJECT_SERVICE,                 \
    .safety = SYN_SAFE_EMBEDDED,                                             \
    .needs =                                                                 \
        SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_LIMITS | SYN_NEED_VIRTUAL, \
    .tags = "load raw"

static const struct syn_scenario rows[] = {
    {.id = "lim/load/connections",
     .title = "110 connections a second are let in until 7,000 stand",
     .source = "LIM-16",
     .meets = "B04",
     LOAD_ROW,
     .estimate_s = 120,
     .run = connections},
    {.id = "lim/load/items",
     .title = "A list holds a million items",
     .source = "LIM-17",
     LOAD_ROW,
     .estimate_s = 600,
     .run = items},
};
SYN_SUITE(lim_load, "What is held", rows);
