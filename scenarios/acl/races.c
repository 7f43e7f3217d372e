/*
 * Races (ACL-19, ACL-50, ACL-52, ACL-63; A12, A15, A17).
 * Two requests at once have one order; whichever it is, the state afterwards
 * is that of the order, and what was acknowledged holds.
 */
#include "syn/fault.h"
#include "syn/leak.h"
#include "syn/scenario.h"

#define GRID_MS   3 /* steps to each side of the other request */
#define ROUNDS    4
#define US_PER_MS 1000

/* Whatever matches reaches the service GRID_MS late. */
static bool is_delayed(struct syn_run *run, const char *match)
{
    return EXPECT_TRUE(run, "the tap delays the request",
                       syn_tap_fault(syn_run_tap(run),
                                     &(struct syn_tap_fault){
                                         .kind = SYN_TAP_DELAY,
                                         .direction = SYN_TAP_UP,
                                         .match = match,
                                         .delay_us = GRID_MS * US_PER_MS}) ==
                           SYN_OK);
}

static bool is_granted(struct syn_run *run, struct syn_backend *backend,
                       struct syn_thing *thing, struct syn_client *user)
{
    return EXPECT_ALLOWED(run, "backend grants",
                          syn_backend_grant(backend, thing,
                                            syn_client_identity(user),
                                            SYN_RIGHT_READ | SYN_RIGHT_WRITE));
}

/* One point of the grid: the subscription arrives at GRID_MS, the revocation
 * `revoke_ms` after the start. */
static bool raced(struct syn_run *run, struct syn_client *witness,
                  int64_t revoke_ms)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_tap_client(run, "ann", NULL);
    struct syn_thing thing = syn_run_thing(
        run, syn_run_text(run, "feed-%lld", (long long)revoke_ms));
    if (!EXPECT_ALLOWED(run, "backend creates",
                        syn_backend_do(backend, OP_ON(CREATE, &thing))) ||
        !is_granted(run, backend, &thing, ann) ||
        !is_granted(run, backend, &thing, witness) ||
        !EXPECT_CONTROL(run, "the witness subscribes",
                        syn_client_subscribe(witness, &thing, -2)) ||
        !EXPECT_CONTROL(run, "ann subscribes with the right",
                        syn_client_subscribe(ann, &thing, -2))) {
        return false;
    }
    syn_client_cut(ann);
    if (!is_delayed(run, "/v4/Subscriptions") ||
        !EXPECT_CONTROL(run, "ann comes back", syn_client_resume(ann))) {
        return false;
    }
    syn_run_pass_ms(run, 0); /* its subscription is at the tap now */
    syn_run_pass_ms(run, revoke_ms);
    if (!EXPECT_ALLOWED(
            run, "backend revokes",
            syn_backend_revoke(backend, &thing, syn_client_identity(ann)))) {
        return false;
    }
    syn_run_pass_ms(run, 2 * GRID_MS);
    const struct syn_leak leak = {
        .user = ann, .witness = witness, .backend = backend, .thing = &thing};
    bool held = EXPECT_SILENCE(run, &leak);
    held = EXPECT_DENIED(run, "ann subscribes again",
                         syn_client_subscribe(ann, &thing, 0), &thing) &&
           held;
    syn_client_close(ann);
    return held;
}

/* ACL-50, ACL-52, A15: both orders in steps of a millisecond. */
static void subscribe_and_revoke(struct syn_run *run)
{
    struct syn_client *witness = syn_run_client(run, "witness");
    for (int64_t ms = 0; ms <= 2 * GRID_MS; ms++) {
        REQUIRE(run, raced(run, witness, ms));
    }
}

/* A17: a write is under way when write is taken. Once the backend has its
 * acknowledgement the object stays as it is. */
static bool raced_write(struct syn_run *run, struct syn_client *ann,
                        int64_t revoke_ms)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_thing thing = syn_run_thing(
        run, syn_run_text(run, "kept-%lld", (long long)revoke_ms));
    struct syn_action write = {
        .op = syn_type_change(thing.type), .on = &thing, .key = "in-flight"};
    if (!EXPECT_ALLOWED(run, "backend creates",
                        syn_backend_do(backend, OP_ON(CREATE, &thing))) ||
        !is_granted(run, backend, &thing, ann) ||
        !is_delayed(run, "POST /v3")) {
        return false;
    }
    syn_client_start(ann, &write);
    syn_run_pass_ms(run, 0);
    syn_run_pass_ms(run, revoke_ms);
    bool held = EXPECT_ALLOWED(
        run, "backend revokes",
        syn_backend_revoke(backend, &thing, syn_client_identity(ann)));
    struct syn_reply before = syn_backend_do(backend, OP_ON(OPEN, &thing));
    syn_run_pass_ms(run, 2 * GRID_MS);
    struct syn_reply reply = syn_client_finish(ann);
    struct syn_reply after = syn_backend_do(backend, OP_ON(OPEN, &thing));
    held = EXPECT_STR(run, "the object after the acknowledged revocation",
                      after.body, ==, before.body) &&
           held;
    if (revoke_ms > GRID_MS) {
        return EXPECT_CONTROL(run, "the write that came first", reply) && held;
    }
    return (revoke_ms == GRID_MS && syn_reply_is_ok(&reply)) ||
           (EXPECT_DENIED(run, "the write that came later", reply, &thing) &&
            held);
}

static void write_and_revoke(struct syn_run *run)
{
    struct syn_client *ann = syn_run_tap_client(run, "ann", NULL);
    for (int64_t ms = 2 * GRID_MS; ms >= 0; ms--) {
        REQUIRE(run, raced_write(run, ann, ms));
    }
}

struct contender {
    struct syn_client *user;
    struct syn_thing thing;
    struct syn_action create;
    struct syn_reply reply;
};

/* The loser may not get at what the winner made, by sid or by name. */
static bool is_settled(struct syn_run *run, struct contender *winner,
                       struct contender *loser)
{
    struct syn_action by_name = {
        .op = SYN_OP_OPEN, .on = &winner->thing, .by = SYN_BY_NAME};
    struct syn_reply kept =
        syn_backend_do(syn_run_backend(run), OP_ON(OPEN, &winner->thing));
    bool held = EXPECT_REFUSED(run, "the loser's create", loser->reply, 54301);
    held =
        EXPECT_TRUE(run, "the refusal tells nothing of the winner",
                    !syn_reply_has_text(&loser->reply, winner->thing.canary) &&
                        !syn_reply_has(&loser->reply, "/created_by")) &&
        held;
    held = EXPECT_STR(run, "the owner", syn_reply_str(&kept, "/created_by"), ==,
                      syn_str_of(syn_client_identity(winner->user))) &&
           held;
    held = EXPECT_CONTROL(
               run, "the winner opens it",
               syn_client_do(winner->user, OP_ON(OPEN, &winner->thing))) &&
           held;
    held =
        EXPECT_DENIED(run, "the loser opens it by name",
                      syn_client_do(loser->user, &by_name), &winner->thing) &&
        held;
    return EXPECT_DENIED(run, "the loser subscribes",
                         syn_client_subscribe(loser->user, &winner->thing, 0),
                         &winner->thing) &&
           held;
}

/* ACL-19, ACL-20, A12: two identities create one name at once. */
static void create_twice(struct syn_run *run)
{
    struct contender both[2] = {{.user = syn_run_client(run, "ann")},
                                {.user = syn_run_client(run, "bob")}};
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < 2; i++) {
            both[i].thing =
                syn_run_thing(run, syn_run_text(run, "prize-%u", round));
            both[i].create = *OP_ON(CREATE, &both[i].thing);
        }
        syn_client_start(both[round % 2].user, &both[round % 2].create);
        syn_client_start(both[1 - round % 2].user, &both[1 - round % 2].create);
        both[0].reply = syn_client_finish(both[0].user);
        both[1].reply = syn_client_finish(both[1].user);
        unsigned wins = (syn_reply_is_ok(&both[0].reply) ? 1u : 0u) +
                        (syn_reply_is_ok(&both[1].reply) ? 1u : 0u);
        REQUIRE(run, EXPECT_INT(run, "creations that succeeded", wins, ==, 1));
        unsigned winner = syn_reply_is_ok(&both[0].reply) ? 0 : 1;
        REQUIRE(run, is_settled(run, &both[winner], &both[1 - winner]));
    }
}

#define RACE_ROW \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "acl/races/subscribe-and-revoke",
     .title = "A subscription that races its revocation does not linger",
     .source = "ACL-50 ACL-52",
     RACE_ROW,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_DISRUPTIVE,
     .estimate_s = 60,
     .reading = "the final state is denied, whichever request came first",
     .defect = "fresh-subscription-spared",
     .meets = "A15",
     .run = subscribe_and_revoke},
    {.id = "acl/races/write-and-revoke",
     .title = "No write is applied once its revocation is acknowledged",
     .source = "ACL-25 ACL-63",
     RACE_ROW,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_NAMESPACED,
     .reading = "a revocation that is acknowledged is in force for writes",
     .defect = "revoke-reaches-writes-late",
     .meets = "A17",
     .run = write_and_revoke},
    {.id = "acl/races/create-twice",
     .title = "Of two identities that create one name at once, one owns it",
     .source = "ACL-19 ACL-20",
     RACE_ROW,
     .types = SYN_TYPES_ALL,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "losing-creator-joins",
     .meets = "A12",
     .run = create_twice},
};
SYN_SUITE(acl_races, "Races", rows);
