/*
 * Clients without manners, many at once (LIM-06, LIM-15, TOK-26, LIM-16; B01
 * to B04, B06).
 * Retrying without a pause, ignoring 429, all coming back in one moment: who
 * does it is slowed down, who does not is served, and nobody gets in who may
 * not.
 */
#include "syn/pace.h"
#include "syn/rogue.h"
#include "syn/scenario.h"

#define RETRIES   150 /* of a token that was refused */
#define RATE      20  /* writes a second, LIM-05 */
#define HAMMER    60  /* writes a second of one that ignores 429 */
#define SPAN_S    20
#define BURST_S   10
#define CROWD     240 /* connections in one moment */
#define BAD_EVERY 3   /* of them, one has an expired token */
#define SCREENS   120 /* clients of one user, one for each screen */
#define MUTATIONS 400
#define TOO_MANY  429
#define STALE     412
#define EXPIRED_S (-7200)

static struct syn_str token_of(struct syn_run *run, const char *name,
                               int64_t starts_in_s)
{
    return syn_run_token(
        run, &(struct syn_token_wish){.identity = syn_run_identity(run, name),
                                      .starts_in_s = starts_in_s});
}

/* B01: connects again at once, and again, with the token that was refused. */
static void retries(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    const struct syn_str stale = token_of(run, "ann", EXPIRED_S);
    unsigned refused = 0;
    unsigned throttled = 0;
    for (unsigned i = 0; i < RETRIES; i++) {
        struct syn_rogue *rogue = syn_run_rogue(
            run, "loop", &(struct syn_rogue_options){.is_unseen = i > 2});
        struct syn_reply reply = syn_rogue_join(rogue, stale);
        refused += syn_reply_is_ok(&reply) ? 0 : 1;
        throttled += reply.http == TOO_MANY ? 1 : 0;
        syn_rogue_cut(rogue);
    }
    EXPECT_INT(run, "attempts with an expired token that were refused",
               (int64_t)refused, ==, RETRIES);
    syn_measure(run, "retries.throttled", throttled);
    EXPECT_TRUE(run, "the session that the same user has goes on",
                syn_client_fence(ann));
    struct syn_rogue *fresh = syn_run_rogue(run, "fresh", NULL);
    struct syn_reply again = syn_rogue_join(fresh, token_of(run, "ann", 0));
    EXPECT_TRUE(run, "a good token of that user is accepted",
                syn_reply_is_ok(&again));
    struct syn_rogue *other = syn_run_rogue(run, "other", NULL);
    EXPECT_CONTROL(run, "and one of somebody else",
                   syn_rogue_join(other, token_of(run, "bob", 0)));
}

/* B02: writes on, whatever it is told; another object is not slowed down. */
static void ignores_429(struct syn_run *run)
{
    struct syn_pace pace;
    struct syn_thing thing;
    struct syn_thing other = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "other");
    struct syn_client *bob = syn_run_client(run, "bob");
    REQUIRE(run, syn_pace_prepare(run, &pace, &thing));
    REQUIRE_ALLOWED(run, "bob creates his own",
                    syn_client_do(bob, OP_ON(CREATE, &other)));
    struct syn_tally all = {.accepted = 0};
    for (unsigned s = 0; s < SPAN_S; s++) {
        for (unsigned i = 0; i < HAMMER; i++) {
            syn_tally_count(&all, syn_pace_change(&pace));
        }
        struct syn_reply own = syn_client_do(bob, OP_ON(UPDATE, &other));
        EXPECT_TRUE(run, "bob writes to his own meanwhile",
                    syn_reply_is_ok(&own));
        syn_run_pass_s(run, 1);
    }
    syn_expect_throttled(run, "a writer that ignores 429", &all,
                         RATE * (SPAN_S + BURST_S));
    syn_run_pass_s(run, BURST_S);
    EXPECT_CONTROL(run, "its write after a pause", syn_pace_change(&pace));
}

/* B03: all come back in one moment, some of them with tokens that ended. */
static void one_moment(struct syn_run *run)
{
    struct syn_rogue *crowd[CROWD];
    struct syn_client *ann = syn_run_client(run, "ann");
    const struct syn_str good = token_of(run, "crowd", 0);
    const struct syn_str bad = token_of(run, "crowd", EXPIRED_S);
    const struct syn_rogue_options hasty = {.is_hasty = true,
                                            .is_unseen = true};
    unsigned let_in = 0;
    unsigned wrong = 0;
    int64_t begun_ms = syn_run_now_ms(run);
    for (unsigned i = 0; i < CROWD; i++) {
        crowd[i] = syn_run_rogue(run, "crowd", &hasty);
    }
    EXPECT_INT(run, "connections", (int64_t)syn_run_rogues_settle(run), ==,
               CROWD);
    for (unsigned i = 0; i < CROWD; i++) {
        const bool is_bad = i % BAD_EVERY == 0;
        struct syn_reply reply = syn_rogue_join(crowd[i], is_bad ? bad : good);
        let_in += !is_bad && syn_reply_is_ok(&reply) ? 1 : 0;
        wrong += is_bad && syn_reply_is_ok(&reply) ? 1 : 0;
    }
    syn_measure(run, "storm.converged_ms", syn_run_now_ms(run) - begun_ms);
    EXPECT_INT(run, "expired tokens that got in", (int64_t)wrong, ==, 0);
    EXPECT_INT(run, "good tokens that got in", (int64_t)let_in, ==,
               CROWD - CROWD / BAD_EVERY);
    EXPECT_TRUE(run, "ann's session goes on", syn_client_fence(ann));
    struct syn_rogue *late = syn_run_rogue(run, "late", NULL);
    EXPECT_CONTROL(run, "one that comes later is let in",
                   syn_rogue_join(late, good));
}

/* B04: a client for each screen, none of them closed. */
static void leak(struct syn_run *run)
{
    struct syn_client *bob = syn_run_client(run, "bob");
    const struct syn_str token = token_of(run, "ann", 0);
    unsigned open = 0;
    unsigned throttled = 0;
    for (unsigned i = 0; i < SCREENS; i++) {
        struct syn_rogue *screen = syn_run_rogue(
            run, "screen", &(struct syn_rogue_options){.is_unseen = i > 1});
        struct syn_reply reply = syn_rogue_join(screen, token);
        open += syn_reply_is_ok(&reply) ? 1 : 0;
        throttled += reply.http == TOO_MANY ? 1 : 0;
    }
    syn_measure(run, "leak.open", open);
    syn_measure(run, "leak.throttled", throttled);
    EXPECT_INT(run, "each is let in or told that there are too many",
               (int64_t)(open + throttled), ==, SCREENS);
    struct syn_rogue *fresh = syn_run_rogue(run, "fresh", NULL);
    struct syn_reply reply = syn_rogue_join(fresh, token_of(run, "eve", 0));
    EXPECT_TRUE(run, "somebody else connects all the same",
                syn_reply_is_ok(&reply));
    EXPECT_TRUE(run, "and a session that there was goes on",
                syn_client_fence(bob));
}

/* B06: mutate, refused for a stale revision, at once again, for ever. */
static void mutates_for_ever(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "hot");
    unsigned stale = 0;
    unsigned throttled = 0;
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE_ALLOWED(run, "ann changes it",
                    syn_client_do(ann, OP_ON(UPDATE, &thing)));
    for (unsigned i = 0; i < MUTATIONS && throttled == 0; i++) {
        struct syn_reply reply = syn_client_do(
            ann, &(struct syn_action){
                     .op = SYN_OP_UPDATE, .on = &thing, .if_match = "0"});
        stale += reply.http == STALE ? 1 : 0;
        throttled += reply.http == TOO_MANY ? 1 : 0;
    }
    syn_measure(run, "mutate.stale", stale);
    syn_observe(run, "a mutation that is tried for ever",
                throttled > 0 ? "is throttled after %u attempts"
                              : "is refused %u times and not throttled",
                stale);
    EXPECT_INT(run, "each attempt is refused for its revision or its rate",
               (int64_t)(stale + throttled), >=, 1);
}

#define STORM_ROW \
    .subject = SYN_SUBJECT_SERVICE, .safety = SYN_SAFE_DISRUPTIVE, .tags = "raw"

static const struct syn_scenario rows[] = {
    {.id = "lim/storms/retries",
     .title = "Who retries a refused token without end harms nobody",
     .source = "LIM-15 TOK-26",
     .meets = "B01",
     STORM_ROW,
     .level = SYN_LEVEL_SHOULD,
     .needs = SYN_NEED_MINT,
     .estimate_s = 30,
     .defect = "bad-tokens-lock-out expired-token-accepted",
     .run = retries},
    {.id = "lim/storms/ignores-429",
     .title = "Who ignores 429 stays throttled, and alone",
     .source = "LIM-06 LIM-15",
     .meets = "B02 B14",
     STORM_ROW,
     .level = SYN_LEVEL_SHOULD,
     .needs =
         SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_LIMITS | SYN_NEED_VIRTUAL,
     .types = SYN_TYPES_DOCUMENT,
     .estimate_s = SPAN_S,
     .defect = "limits-forgotten limits-count-objects-together",
     .run = ignores_429},
    {.id = "lim/storms/one-moment",
     .title = "When all come back in one moment only good tokens get in",
     .source = "TOK-26 TOK-01",
     .meets = "B03",
     STORM_ROW,
     .level = SYN_LEVEL_MUST,
     .needs = SYN_NEED_MINT,
     .estimate_s = 30,
     .defect = "hurry-skips-expiry bad-tokens-lock-out",
     .run = one_moment},
    {.id = "lim/storms/leak",
     .title = "A user that leaks connections harms itself alone",
     .source = "LIM-16",
     .meets = "B04",
     STORM_ROW,
     .level = SYN_LEVEL_INFO,
     .needs = SYN_NEED_MINT,
     .estimate_s = 30,
     .run = leak},
    {.id = "lim/storms/mutates-for-ever",
     .title = "How a mutation that never fits is slowed down is reported",
     .source = "LIM-19",
     .meets = "B06",
     STORM_ROW,
     .level = SYN_LEVEL_INFO,
     .needs = SYN_NEED_MINT | SYN_NEED_LIMITS,
     .run = mutates_for_ever},
};
SYN_SUITE(lim_storms, "Clients without manners", rows);
