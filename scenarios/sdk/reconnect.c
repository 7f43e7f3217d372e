/*
 * A lost network (SDK-03, SDK-04, SDK-12, TOK-26; B17, L14).
 * A user whose connection is gone comes back by itself and is told what it
 * missed: each change once, in order. A document may be told as it is now
 * instead of every step on the way (sdk-protocol.md section 9).
 */
#include "syn/fault.h"
#include "syn/mark.h"
#include "syn/scenario.h"

#define DROP_S  30
#define BACK_S  150 /* the longest wait of the back-off, and its jitter */
#define AWAY_S  3600
#define SHORT_S 600 /* life of a token that ends meanwhile */
#define CHANGES 5

static bool changed(struct syn_run *run, struct syn_thing *thing, unsigned n)
{
    struct syn_action change = syn_mark_change(run, thing, n);
    return EXPECT_ALLOWED(run, syn_run_text(run, "change %u", n),
                          syn_backend_do(syn_run_backend(run), &change));
}

/* The user heard changes `first` to `last`, each once and in order; of a
 * document at least the last one. */
static void expect_told(struct syn_run *run, struct syn_client *user,
                        struct syn_thing *thing, unsigned first, unsigned last)
{
    bool may_collapse = thing->type == SYN_TYPE_DOCUMENT;
    size_t count = syn_client_heard(user, thing);
    unsigned next = first;
    for (size_t i = 0; i < count; i++) {
        struct syn_str body = syn_client_heard_at(user, thing, i)->body;
        unsigned n = next;
        while (n < last &&
               !syn_str_has(body, syn_str_of(syn_mark(run, thing, n)))) {
            n++;
        }
        const char *what = syn_run_text(run, "event %zu", i + 1);
        EXPECT_STR(run, what, body, has,
                   syn_str_of(syn_mark(run, thing, may_collapse ? n : next)));
        next = may_collapse ? n + 1 : next + 1;
    }
    EXPECT_INT(run, "the last change that was told", (int64_t)next - 1, ==,
               (int64_t)last);
}

static bool is_back(void *ctx)
{
    return syn_client_settle(ctx);
}

/* SDK-03: "Cut TCP 30 s; same client object resumes, state converges". */
static void recovers(struct syn_run *run)
{
    struct syn_tap *tap = syn_run_tap(run);
    struct syn_client *ann = syn_run_tap_client(run, "ann", NULL);
    struct syn_thing thing = syn_run_thing(run, "board");
    bool is_replayed = thing.type != SYN_TYPE_STREAM;
    REQUIRE_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(
        run, "ann subscribes",
        syn_client_subscribe(ann, &thing, syn_type_first_id(thing.type)));
    REQUIRE(run, changed(run, &thing, 0));
    REQUIRE_TRUE(run, "ann hears it", syn_client_await(ann, &thing, 1));
    REQUIRE_TRUE(run, "new connections are refused",
                 syn_tap_fault(tap, &(struct syn_tap_fault){
                                        .kind = SYN_TAP_REFUSE,
                                        .times = SYN_TAP_ALWAYS}) == SYN_OK);
    syn_tap_cut_all(tap, true);
    for (unsigned i = 0; i < DROP_S; i++) {
        syn_run_pass_s(run, 1);
    }
    REQUIRE(run, changed(run, &thing, 1));
    EXPECT_INT(run, "events heard while the network is gone",
               (int64_t)syn_client_heard(ann, &thing), ==, 1);
    syn_tap_clear(tap);
    int64_t begun_ms = syn_run_now_ms(run);
    REQUIRE_TRUE(run, "ann is back by itself",
                 syn_run_until(run, 1, BACK_S, is_back, ann));
    syn_measure(run, "reconnect.wait_ms", syn_run_now_ms(run) - begun_ms);
    REQUIRE_TRUE(run, "ann's session answers", syn_client_fence(ann));
    REQUIRE(run, changed(run, &thing, is_replayed ? 2 : 1));
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    REQUIRE_TRUE(run, "ann's session answers", syn_client_fence(ann));
    expect_told(run, ann, &thing, 0, is_replayed ? 2 : 1);
}

/* SDK-04, SDK-12: "cut link, R makes 5 changes, resume; all 5 applied". */
static void replays(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "board");
    REQUIRE_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(
        run, "ann subscribes",
        syn_client_subscribe(ann, &thing, syn_type_first_id(thing.type)));
    REQUIRE(run, changed(run, &thing, 0));
    REQUIRE_TRUE(run, "ann hears it", syn_client_await(ann, &thing, 1));
    syn_client_cut(ann);
    for (unsigned i = 1; i <= CHANGES; i++) {
        REQUIRE(run, changed(run, &thing, i));
    }
    syn_run_pass_s(run, DROP_S);
    REQUIRE_CONTROL(run, "ann resumes", syn_client_resume(ann));
    REQUIRE_TRUE(run, "ann's session answers", syn_client_fence(ann));
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    REQUIRE_TRUE(run, "ann's session answers", syn_client_fence(ann));
    expect_told(run, ann, &thing, 0, CHANGES);
    for (size_t i = 1; i < syn_client_heard(ann, &thing); i++) {
        EXPECT_INT(run, "an event's id after that of the one before",
                   syn_client_heard_at(ann, &thing, i)->id, >,
                   syn_client_heard_at(ann, &thing, i - 1)->id);
    }
}

/* B17: away for an hour, the token has ended meanwhile. A fresh one and the
 * same client object are all it takes, and nothing is told twice. */
static void comes_back_late(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client_with(
        run, "ann", &(struct syn_client_options){.token_ttl_s = SHORT_S});
    struct syn_thing thing = syn_run_thing(run, "board");
    REQUIRE_ALLOWED(
        run, "backend creates",
        syn_backend_do(syn_run_backend(run), OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(
        run, "ann subscribes",
        syn_client_subscribe(ann, &thing, syn_type_first_id(thing.type)));
    REQUIRE(run, changed(run, &thing, 0));
    REQUIRE_TRUE(run, "ann hears it", syn_client_await(ann, &thing, 1));
    syn_client_cut(ann);
    syn_run_pass_s(run, AWAY_S);
    REQUIRE(run, changed(run, &thing, 1));
    REQUIRE(run, changed(run, &thing, 2));
    EXPECT_REFUSED(run, "ann comes back with its old token",
                   syn_client_resume(ann), 20104);
    REQUIRE_CONTROL(
        run, "ann presents a fresh token",
        syn_client_update(
            ann,
            syn_run_token(run, &(struct syn_token_wish){
                                   .identity = syn_client_identity(ann)})));
    REQUIRE_TRUE(run, "ann's session answers", syn_client_fence(ann));
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    REQUIRE_TRUE(run, "ann's session answers", syn_client_fence(ann));
    expect_told(run, ann, &thing, 0, 2);
}

/* L14: the token of the first login lies in a cache; the session was renewed.
 * It is good until its own end and no longer. */
static void stale_token(struct syn_run *run)
{
    const char *identity = syn_run_identity(run, "ann");
    struct syn_str first = syn_run_token(
        run, &(struct syn_token_wish){.identity = identity, .ttl_s = SHORT_S});
    struct syn_client *ann = syn_run_client_with(
        run, "ann", &(struct syn_client_options){.token = first});
    struct syn_str second =
        syn_run_token(run, &(struct syn_token_wish){.identity = identity});
    REQUIRE_CONTROL(run, "ann renews", syn_client_update(ann, second));
    syn_client_cut(ann);
    EXPECT_CONTROL(run, "the first token while it lives",
                   syn_client_connect(ann));
    syn_client_cut(ann);
    syn_run_pass_s(run, SHORT_S);
    EXPECT_REFUSED(run, "the first token after its end",
                   syn_client_connect(ann), 20104);
    EXPECT_CONTROL(run, "the second token", syn_client_update(ann, second));
}

static const struct syn_scenario rows[] = {
    {.id = "sdk/reconnect/recovers",
     .title = "A client comes back by itself after the network was gone",
     .source = "SDK-03 SDK-04",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_CLIENT,
     .types = SYN_TYPES_ALL,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .estimate_s = 2 * DROP_S,
     .defect = "client-stays-down client-forgets-events",
     .run = recovers},
    {.id = "sdk/reconnect/replays",
     .title = "What changed while a client was away is told, once, in order",
     .source = "SDK-12 SDK-04",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .estimate_s = DROP_S + 10,
     .defect = "replay-missing replay-backwards replay-repeats "
               "replay-from-first",
     .meets = "B08",
     .run = replays},
    {.id = "sdk/reconnect/comes-back-late",
     .title = "A client whose token ended while it was away catches up with a "
              "fresh one",
     .source = "SDK-12 TOK-26 SDK-05",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .types = SYN_TYPES_GRANTED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_NAMESPACED,
     .estimate_s = AWAY_S,
     .defect = "replay-from-first replay-missing expired-token-accepted",
     .meets = "B17",
     .run = comes_back_late},
    {.id = "sdk/reconnect/stale-token",
     .title = "A token that a newer one replaced is good until its own end",
     .source = "TOK-26 TOK-12",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_READONLY,
     .estimate_s = SHORT_S,
     .defect = "expired-token-accepted",
     .meets = "L14",
     .run = stale_token},
};
SYN_SUITE(sdk_reconnect, "Reconnecting", rows);
