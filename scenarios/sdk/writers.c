/*
 * Writers that compete (SDK-13, SDK-14; B05).
 * A condition on the revision keeps writers from undoing each other; without
 * one the last write wins.
 */
#include "syn/scenario.h"

#define ITEM    "counter"
#define MUTATES 10

static bool is_document(const struct syn_thing *thing)
{
    return thing->type == SYN_TYPE_DOCUMENT;
}

static bool created(struct syn_run *run, struct syn_thing *thing)
{
    return EXPECT_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, thing)));
}

/* The counter as one user sees it: read, add one, write if unchanged. */
struct counter {
    struct syn_client *user;
    struct syn_thing thing; /* the user's own view of the object */
    struct syn_action write;
    bool is_done;
};

static struct syn_reply read_counter(struct syn_client *user,
                                     struct syn_thing *thing)
{
    struct syn_action read = {.op = is_document(thing) ? SYN_OP_OPEN
                                                       : SYN_OP_ITEM_READ,
                              .on = thing,
                              .key = ITEM};
    return syn_client_do(user, &read);
}

static int64_t count_in(const struct syn_reply *reply)
{
    const char *at =
        syn_reply_has(reply, "/data/n") ? "/data/n" : "/items/0/data/n";
    return syn_reply_i64(reply, at, -1);
}

static bool begins(struct syn_run *run, struct counter *counter)
{
    struct syn_reply now = read_counter(counter->user, &counter->thing);
    struct syn_str revision = syn_reply_str(
        &now, is_document(&counter->thing) ? "/revision" : "/items/0/revision");
    counter->write = (struct syn_action){
        .op = is_document(&counter->thing) ? SYN_OP_UPDATE : SYN_OP_ITEM_UPDATE,
        .on = &counter->thing,
        .key = ITEM,
        .is_put = true,
        .if_match = syn_run_text(run, "%.*s", SYN_STR_ARG(revision)),
        .data =
            syn_run_text(run, "{\"n\":%lld}", (long long)count_in(&now) + 1)};
    return EXPECT_ALLOWED(run, "a user reads the counter", now);
}

/* One round: all read, all write at once, each looks at its own answer. */
static size_t play_round(struct syn_run *run, struct counter *counters)
{
    size_t left = 0;
    for (size_t i = 0; i < MUTATES; i++) {
        if (!counters[i].is_done && !begins(run, &counters[i])) {
            return 0;
        }
    }
    for (size_t i = 0; i < MUTATES; i++) {
        if (!counters[i].is_done) {
            syn_client_start(counters[i].user, &counters[i].write);
        }
    }
    for (size_t i = 0; i < MUTATES; i++) {
        if (!counters[i].is_done) {
            struct syn_reply reply = syn_client_finish(counters[i].user);
            counters[i].is_done = syn_reply_is_ok(&reply);
            EXPECT_TRUE(run, "a write is accepted, or told to be stale",
                        counters[i].is_done || reply.http == 412);
            left += counters[i].is_done ? 0 : 1;
        }
    }
    return left;
}

static bool has_counter(struct syn_run *run, struct syn_thing *thing)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_action make = {.op = SYN_OP_CREATE, .on = thing};
    struct syn_action item = {
        .op = SYN_OP_ITEM_ADD, .on = thing, .key = ITEM, .data = "{\"n\":0}"};
    make.data = is_document(thing) ? "{\"n\":0}" : NULL;
    return EXPECT_ALLOWED(run, "backend creates",
                          syn_backend_do(backend, &make)) &&
           (is_document(thing) ||
            EXPECT_ALLOWED(run, "backend adds the counter",
                           syn_backend_do(backend, &item)));
}

/* SDK-13: "10 parallel increments = 10". */
static void mutates_converge(struct syn_run *run)
{
    struct counter counters[MUTATES] = {{.user = NULL}};
    struct syn_thing thing = syn_run_thing(run, "counter");
    size_t left = MUTATES;
    int64_t rounds = 0;
    REQUIRE(run, has_counter(run, &thing));
    for (size_t i = 0; i < MUTATES; i++) {
        counters[i].thing = thing;
        counters[i].user =
            syn_run_client(run, syn_run_text(run, "user-%zu", i));
    }
    while (left > 0 && rounds < MUTATES) {
        left = play_round(run, counters);
        rounds++;
    }
    syn_measure(run, "mutate.rounds", rounds);
    struct syn_reply now = read_counter(counters[0].user, &thing);
    REQUIRE_CONTROL(run, "the counter is read", now);
    EXPECT_INT(run, "users that never got through", (int64_t)left, ==, 0);
    EXPECT_INT(run, "the counter", count_in(&now), ==, MUTATES);
}

/* SDK-14: "two racers". */
static void put_if_absent(struct syn_run *run)
{
    struct syn_client *users[] = {syn_run_client(run, "ann"),
                                  syn_run_client(run, "bob")};
    const char *const data[] = {"{\"n\":1}", "{\"n\":2}"};
    struct syn_thing thing = syn_run_thing(run, "box");
    struct syn_thing views[2];
    struct syn_reply replies[2];
    REQUIRE(run, created(run, &thing));
    for (size_t i = 0; i < 2; i++) {
        views[i] = thing;
        syn_client_start(users[i], &(struct syn_action){.op = SYN_OP_ITEM_ADD,
                                                        .on = &views[i],
                                                        .key = ITEM,
                                                        .data = data[i],
                                                        .if_match = "-1",
                                                        .is_put = true});
    }
    for (size_t i = 0; i < 2; i++) {
        replies[i] = syn_client_finish(users[i]);
    }
    size_t winner = syn_reply_is_ok(&replies[0]) ? 0 : 1;
    REQUIRE_CONTROL(run, "one of both puts", replies[winner]);
    EXPECT_INT(run, "its status", (int64_t)replies[winner].http, ==, 201);
    EXPECT_REFUSED(run, "the other", replies[1 - winner], 54205);
    struct syn_reply now = read_counter(users[0], &thing);
    EXPECT_ALLOWED(run, "the item is read", now);
    EXPECT_INT(run, "the item", count_in(&now), ==, (int64_t)winner + 1);
}

/* B05: a write from a stale state. With a condition it is refused; without,
 * the last write wins, as REST-33 has it. */
static void lost_update(struct syn_run *run)
{
    struct counter ann = {.user = syn_run_client(run, "ann")};
    struct counter bob = {.user = syn_run_client(run, "bob")};
    struct syn_thing thing = syn_run_thing(run, "counter");
    REQUIRE(run, has_counter(run, &thing));
    const int codes[] = {[SYN_TYPE_DOCUMENT] = 54103,
                         [SYN_TYPE_LIST] = 54155,
                         [SYN_TYPE_MAP] = 54205};
    ann.thing = thing;
    bob.thing = thing;
    REQUIRE(run, begins(run, &ann) && begins(run, &bob));
    ann.write.data = "{\"n\":100}";
    bob.write.data = "{\"n\":200}";
    /* A revision counts with quotes as it does without (sdk-protocol.md 8). */
    ann.write.if_match = syn_run_text(run, "\"%s\"", ann.write.if_match);
    REQUIRE_CONTROL(run, "ann writes", syn_client_do(ann.user, &ann.write));
    EXPECT_REFUSED(run, "bob writes from a stale state",
                   syn_client_do(bob.user, &bob.write), codes[thing.type]);
    struct syn_reply now = read_counter(ann.user, &thing);
    EXPECT_INT(run, "the value after a stale write", count_in(&now), ==, 100);
    bob.write.if_match = NULL;
    EXPECT_ALLOWED(run, "bob writes without a condition",
                   syn_client_do(bob.user, &bob.write));
    now = read_counter(ann.user, &thing);
    EXPECT_INT(run, "the value of the last write", count_in(&now), ==, 200);
}

#define WRITER_ROW                                                 \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_NAMESPACED, \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN

static const struct syn_scenario rows[] = {
    {.id = "sdk/writers/mutates-converge",
     .title = "Ten increments at once add ten",
     .source = "SDK-13 REST-32",
     WRITER_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPES_GRANTED,
     .estimate_s = 20,
     .defect = "if-match-ignored",
     .run = mutates_converge},
    {.id = "sdk/writers/put-if-absent",
     .title = "Of two who put an item that must not exist one succeeds",
     .source = "SDK-14",
     WRITER_ROW,
     .level = SYN_LEVEL_SHOULD,
     .types = SYN_TYPE_BIT(SYN_TYPE_MAP),
     .defect = "put-if-absent-replaces",
     .run = put_if_absent},
    {.id = "sdk/writers/lost-update",
     .title = "A conditional write from a stale state is refused, a plain one "
              "wins",
     .source = "REST-27 REST-29 REST-30 REST-33 SDK-13",
     WRITER_ROW,
     .level = SYN_LEVEL_MUST,
     .types = SYN_TYPES_GRANTED,
     .defect = "if-match-ignored",
     .meets = "B05",
     .run = lost_update},
};
SYN_SUITE(sdk_writers, "Writers that compete", rows);
