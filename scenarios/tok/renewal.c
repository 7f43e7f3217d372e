/*
 * Renewal on a live session (SDK-02, TOK-37 to TOK-39, L09 to L12, L14, X11).
 * A new token of the same identity carries the session on; any other token is
 * refused, extends nothing and ends the session.
 */
#include "syn/scenario.h"

#define FIRST_S  600 /* life of the token that is renewed */
#define REAL_S   55  /* a row that waits for a real clock */
#define SECOND_S 3600
#define EARLY_S  60 /* renewed so long before its end */

/* SDK-02, L09: the subscription goes on past the first `exp`, and each event
 * is heard once. */
static void same_identity(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    const int64_t life_s = syn_run_token_life_s(run, FIRST_S);
    const int64_t begun_ms = syn_run_now_ms(run);
    const bool is_brief = life_s < FIRST_S;
    struct syn_client *ann = syn_run_client_with(
        run, "ann", &(struct syn_client_options){.token_ttl_s = life_s});
    struct syn_thing thing = syn_run_thing(run, "board");
    struct syn_action update = {.op = SYN_OP_UPDATE, .on = &thing};
    REQUIRE_ALLOWED(run, "backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, 0));
    syn_run_pass_s(run, is_brief ? 1 : FIRST_S - EARLY_S);
    REQUIRE_CONTROL(
        run, "ann renews its token",
        syn_client_update(
            ann, syn_run_token_for(run, syn_client_identity(ann), SECOND_S)));
    REQUIRE_ALLOWED(run, "an update before the first exp",
                    syn_backend_do(backend, &update));
    if (is_brief) {
        REQUIRE(run, syn_run_outlive(run, begun_ms, life_s));
    } else {
        syn_run_pass_s(run, 2 * EARLY_S);
    }
    REQUIRE_ALLOWED(run, "an update after the first exp",
                    syn_backend_do(backend, &update));
    EXPECT_TRUE(run, "ann hears both", syn_client_await(ann, &thing, 2));
    EXPECT_TRUE(run, "the session answers", syn_client_fence(ann));
    EXPECT_INT(run, "events heard", (int64_t)syn_client_heard(ann, &thing), ==,
               2);
}

/* A live session on which `token` must be refused; it may not write then. */
static void expect_refused_update(struct syn_run *run, const char *what,
                                  struct syn_str token, int code)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *again = syn_run_client(run, "ann");
    REQUIRE_CONTROL(run, "a token of the same identity is accepted",
                    syn_client_update(
                        again, syn_run_token_for(
                                   run, syn_client_identity(again), SECOND_S)));
    EXPECT_REFUSED(run, what, syn_client_update(ann, token), code);
    EXPECT_TRUE(run, "the session is over", !syn_client_fence(ann));
    EXPECT_TRUE(run, "the other session goes on", syn_client_fence(again));
}

/* TOK-37, L10: "Token update with another identity is refused and the
 * connection dropped". Nothing of the other identity's is reached. */
static void other_identity(struct syn_run *run)
{
    struct syn_client *bob = syn_run_client(run, "bob");
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "bobs");
    REQUIRE_ALLOWED(run, "bob creates",
                    syn_client_do(bob, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "bob opens its own",
                    syn_client_do(bob, OP_ON(OPEN, &thing)));
    EXPECT_REFUSED(
        run, "ann presents a token of bob",
        syn_client_update(
            ann, syn_run_token_for(run, syn_client_identity(bob), SECOND_S)),
        51215);
    struct syn_reply open = syn_client_do(ann, OP_ON(OPEN, &thing));
    EXPECT_TRUE(run, "the document of bob is not opened",
                !syn_reply_is_ok(&open));
    EXPECT_TRUE(run, "ann has not seen it", !syn_client_saw(ann, thing.canary));
    EXPECT_TRUE(run, "the session of ann is over", !syn_client_fence(ann));
}

/* TOK-39: "Token update with garbage/expired token is refused". */
static void garbage(struct syn_run *run)
{
    expect_refused_update(run, "garbage", SYN_STR("not.a.token"), 20101);
}

static void expired(struct syn_run *run)
{
    struct syn_str old = syn_run_token(
        run, &(struct syn_token_wish){.identity = syn_run_identity(run, "ann"),
                                      .starts_in_s = -SECOND_S,
                                      .ttl_s = FIRST_S});
    expect_refused_update(run, "an expired token", old, 20104);
}

/* L12: a refused update does not lengthen the life of the session. */
static void refused_extends_nothing(struct syn_run *run)
{
    const int64_t life_s = syn_run_token_life_s(run, FIRST_S);
    const int64_t begun_ms = syn_run_now_ms(run);
    struct syn_client *ann = syn_run_client_with(
        run, "ann",
        &(struct syn_client_options){
            .token =
                syn_run_token_for(run, syn_run_identity(run, "ann"), life_s)});
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ann));
    EXPECT_REFUSED(run, "a token of another identity that lives longer",
                   syn_client_update(
                       ann, syn_run_token_for(
                                run, syn_run_identity(run, "other"), SECOND_S)),
                   51215);
    REQUIRE(run, syn_run_outlive(run, begun_ms, life_s));
    EXPECT_TRUE(run, "the session is over at the first exp",
                !syn_client_fence(ann));
    EXPECT_REFUSED(run, "the first token after its end",
                   syn_client_connect(ann), 20104);
    EXPECT_CONTROL(
        run, "a fresh token of the same identity",
        syn_client_connect(syn_run_client_with(
            run, "ann", &(struct syn_client_options){.stays_offline = true})));
}

/* X11: the renewal of one session does not lengthen another's life. */
static void renews_itself_alone(struct syn_run *run)
{
    const int64_t life_s = syn_run_token_life_s(run, FIRST_S);
    const int64_t begun_ms = syn_run_now_ms(run);
    struct syn_str shared =
        syn_run_token_for(run, syn_run_identity(run, "ann"), life_s);
    struct syn_client *owner = syn_run_client_with(
        run, "owner", &(struct syn_client_options){.token = shared});
    struct syn_client *thief = syn_run_client_with(
        run, "thief", &(struct syn_client_options){.token = shared});
    REQUIRE_TRUE(run, "the thief's session answers", syn_client_fence(thief));
    REQUIRE_CONTROL(
        run, "the owner renews",
        syn_client_update(
            owner,
            syn_run_token_for(run, syn_run_identity(run, "ann"), SECOND_S)));
    REQUIRE(run, syn_run_outlive(run, begun_ms, life_s));
    EXPECT_TRUE(run, "the owner's session goes on", syn_client_fence(owner));
    EXPECT_TRUE(run, "the thief's session is over", !syn_client_fence(thief));
}

#define RENEWAL_ROW \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, .acl_on = true

static const struct syn_scenario rows[] = {
    {.id = "tok/renewal/same-identity",
     .title = "A renewed token carries the session past the first exp",
     .source = "SDK-02",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .types = SYN_TYPES_DOCUMENT,
     .safety = SYN_SAFE_NAMESPACED,
     .estimate_s = REAL_S,
     .defect = "renewal-keeps-old-exp",
     .meets = "L09",
     .run = same_identity},
    {.id = "tok/renewal/other-identity",
     .title = "A token of another identity is refused on a live session",
     .source = "TOK-37",
     RENEWAL_ROW,
     .needs = SYN_NEED_MINT,
     .types = SYN_TYPES_DOCUMENT,
     .safety = SYN_SAFE_NAMESPACED,
     .defect = "renewal-takes-any-identity",
     .meets = "L10",
     .run = other_identity},
    {.id = "tok/renewal/garbage",
     .title = "Garbage is refused as a renewal",
     .source = "TOK-39",
     RENEWAL_ROW,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .defect = "bad-renewal-keeps-session",
     .run = garbage},
    {.id = "tok/renewal/expired",
     .title = "An expired token is refused as a renewal",
     .source = "TOK-39 TOK-26",
     RENEWAL_ROW,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .defect = "expired-token-accepted",
     .run = expired},
    {.id = "tok/renewal/refused-extends-nothing",
     .title = "A refused renewal does not lengthen the session",
     .source = "TOK-37 TOK-40 TOK-12",
     RENEWAL_ROW,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .estimate_s = REAL_S,
     .defect = "renewal-takes-any-identity",
     .meets = "L12",
     .run = refused_extends_nothing},
    {.id = "tok/renewal/renews-itself-alone",
     .title = "The renewal of one session does not lengthen another's",
     .source = "TOK-12 TOK-40 TOK-46",
     RENEWAL_ROW,
     .needs = SYN_NEED_MINT,
     .safety = SYN_SAFE_READONLY,
     .estimate_s = REAL_S,
     .defect = "renewal-extends-identity",
     .meets = "X11",
     .run = renews_itself_alone},
};
SYN_SUITE(tok_renewal, "Renewal", rows);
