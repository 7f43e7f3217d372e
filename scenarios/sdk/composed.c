/*
 * Adversaries put together (TOK-01, TOK-20, TOK-22, TOK-26, LIM-20; T02, T04,
 * T06, T10, T11, T14, L01, L15, W12).
 * Each row walks a product: a token, the clock of who made it, the manner in
 * which it is framed, and how many come at once. A service that looks at one
 * thing at a time passes each alone and may let the pair in.
 */
#include "syn/bait.h"
#include "syn/forge.h"
#include "syn/rogue.h"
#include "syn/scenario.h"

#define CHANGE_ID "RQ000000000000000000000000rogue001"
#define INIT_ID   "TM000000000000000000000000rogue002"
#define SKEW_S    600
#define PIECE     61 /* bytes of a fragment */
#define RATE_MAX  4

/* --- the factors ---------------------------------------------------------- */

/* Forgeries by their id; what is judged by time keeps the service's. */
static const struct {
    const char *id;
    bool is_of_time;
} tokens[] = {{"T02", false}, {"T04", false}, {"T06", false}, {"T10", false},
              {"T11", false}, {"T14", false}, {"L01", true}};

static const int64_t skews_s[] = {0, -SKEW_S, SKEW_S};
static const unsigned rates[] = {1, RATE_MAX};

static void say_whole(struct syn_rogue *rogue, struct syn_str message)
{
    syn_rogue_say(rogue, message);
}

static void say_as_text(struct syn_rogue *rogue, struct syn_str message)
{
    syn_rogue_frame(rogue, &(struct syn_rogue_frame){.first = SYN_FRAME_TEXT,
                                                     .payload = message});
}

static void say_in_parts(struct syn_rogue *rogue, struct syn_str message)
{
    for (size_t at = 0; at < message.bytes; at += PIECE) {
        const unsigned opcode =
            at == 0 ? SYN_FRAME_BINARY & ~SYN_FRAME_FIN : SYN_FRAME_MORE;
        const bool is_last = at + PIECE >= message.bytes;
        syn_rogue_frame(rogue,
                        &(struct syn_rogue_frame){
                            .first = is_last ? opcode | SYN_FRAME_FIN : opcode,
                            .payload = syn_str_part(message, at, PIECE)});
    }
}

static void say_between_pings(struct syn_rogue *rogue, struct syn_str message)
{
    syn_rogue_frame(rogue, &(struct syn_rogue_frame){.first = SYN_FRAME_PING});
    syn_rogue_say(rogue, message);
    syn_rogue_frame(rogue, &(struct syn_rogue_frame){.first = SYN_FRAME_PONG});
}

static const struct {
    const char *what;
    void (*say)(struct syn_rogue *rogue, struct syn_str message);
} manners[] = {{"whole", say_whole},
               {"as text", say_as_text},
               {"in parts", say_in_parts},
               {"between pings", say_between_pings}};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- one point of the product --------------------------------------------- */

struct point {
    size_t token, skew, manner, rate;
};

static const char *name_of(struct syn_run *run, const struct point *at)
{
    return syn_run_text(run, "%s, clock %+lld s, %s, %u at once",
                        tokens[at->token].id, (long long)skews_s[at->skew],
                        manners[at->manner].what, rates[at->rate]);
}

/* The token as somebody makes it whose clock is wrong; at NULL: left out. */
static struct syn_str make_token(struct syn_run *run, const struct point *at)
{
    struct syn_forge_kit kit = *syn_run_forge_kit(run);
    struct syn_str token = {NULL, 0};
    size_t cursor = 0;
    const struct syn_forgery *forgery =
        syn_forgery_next(tokens[at->token].id, &cursor);
    if (forgery == NULL || forgery->fate != SYN_FORGE_REFUSED ||
        (tokens[at->token].is_of_time && skews_s[at->skew] > 0)) {
        return token;
    }
    kit.now_s += skews_s[at->skew];
    return syn_forge_make(forgery, &kit, syn_run_arena(run), &token) == SYN_OK
               ? token
               : (struct syn_str){NULL, 0};
}

/* Init, and the change right behind it, by so many at once. */
static void expect_refused(struct syn_run *run, const struct syn_bait *bait,
                           const struct point *at, struct syn_str token)
{
    struct syn_rogue *all[RATE_MAX];
    const char *what = name_of(run, at);
    const struct syn_rogue_options options = {.is_unseen = at->rate > 0};
    for (unsigned i = 0; i < rates[at->rate]; i++) {
        all[i] = syn_run_rogue(run, "rogue", &options);
        (void)syn_rogue_upgrade_by(all[i], syn_rogue_upgrade_text(all[i], ""));
    }
    for (unsigned i = 0; i < rates[at->rate]; i++) {
        manners[at->manner].say(all[i], syn_rogue_init(all[i], INIT_ID, token));
        manners[at->manner].say(all[i],
                                syn_bait_change(bait, all[i], CHANGE_ID));
    }
    for (unsigned i = 0; i < rates[at->rate]; i++) {
        EXPECT_TRUE(run, syn_run_text(run, "%s: the end", what),
                    syn_rogue_ends(all[i]));
        struct syn_reply init = syn_rogue_reply(all[i], INIT_ID, 0);
        EXPECT_TRUE(run, syn_run_text(run, "%s: no session", what),
                    !syn_reply_is_ok(&init));
        EXPECT_INT(run, syn_run_text(run, "%s: answers behind it", what),
                   (int64_t)syn_rogue_replies(all[i], CHANGE_ID), ==, 0);
        syn_rogue_cut(all[i]);
    }
}

/* All manners and rates of one token and clock. */
static unsigned walk(struct syn_run *run, const struct syn_bait *bait,
                     struct point at)
{
    const struct syn_str token = make_token(run, &at);
    unsigned walked = 0;
    for (at.manner = 0; token.at != NULL && at.manner < COUNT(manners);
         at.manner++) {
        for (at.rate = 0; at.rate < COUNT(rates); at.rate++) {
            expect_refused(run, bait, &at, token);
            walked++;
        }
    }
    return walked;
}

static void composed(struct syn_run *run)
{
    struct syn_bait bait;
    struct point at = {.token = 0};
    unsigned walked = 0;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE(run, syn_bait_lay(run, &bait));
    for (at.token = 0; at.token < COUNT(tokens); at.token++) {
        for (at.skew = 0; at.skew < COUNT(skews_s); at.skew++) {
            walked += walk(run, &bait, at);
        }
        EXPECT_UNTOUCHED(run, tokens[at.token].id, &bait);
    }
    syn_measure(run, "composed.points", walked);
    EXPECT_INT(run, "points of the product", (int64_t)walked, >, 0);
    EXPECT_TRUE(run, "another user's session goes on", syn_client_fence(ann));
    EXPECT_HONEST(run, &bait);
}

/* The same manners and clocks with a good token: all of them are let in. */
static void honest(struct syn_run *run)
{
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    for (size_t manner = 0; manner < COUNT(manners); manner++) {
        for (size_t skew = 0; skew < COUNT(skews_s); skew++) {
            if (skews_s[skew] > 0) {
                continue; /* issued in the future: nobody says what of it */
            }
            struct syn_rogue *rogue = syn_run_rogue(run, "late", NULL);
            const struct syn_str token = syn_run_token(
                run, &(struct syn_token_wish){.identity =
                                                  syn_run_identity(run, "late"),
                                              .starts_in_s = skews_s[skew]});
            (void)syn_rogue_upgrade_by(rogue,
                                       syn_rogue_upgrade_text(rogue, ""));
            manners[manner].say(rogue, syn_rogue_init(rogue, INIT_ID, token));
            EXPECT_CONTROL(run,
                           syn_run_text(run, "a good token, clock %+lld s, %s",
                                        (long long)skews_s[skew],
                                        manners[manner].what),
                           syn_rogue_reply(rogue, INIT_ID, 0));
        }
    }
    EXPECT_HONEST(run, &bait);
}

#define COMPOSED_ROW                                                        \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE,                \
    .safety = SYN_SAFE_NAMESPACED, .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, \
    .tags = "raw forged"

static const struct syn_scenario rows[] = {
    {.id = "sdk/composed/refused",
     .title = "A bad token stays bad in any frame, by any clock, at any rate",
     .source = "TOK-20 TOK-22 TOK-23 TOK-26 TOK-31",
     .meets = "T02 T04 T06 T10 T11 T14 L01 L15",
     COMPOSED_ROW,
     .estimate_s = 60,
     .defect = "signature-unchecked alg-none-accepted expired-token-accepted",
     .run = composed},
    {.id = "sdk/composed/honest",
     .title = "A good token is good in any frame, from a clock that is late",
     .source = "TOK-18 TOK-26",
     .meets = "L15",
     COMPOSED_ROW,
     .defect = "hs256-refused",
     .run = honest},
};
SYN_SUITE(sdk_composed, "Adversaries put together", rows);
