/*
 * A stolen token in the field (ACL-18, TOK-12, TOK-42, TOK-46; X01, X03, X06,
 * X07, X09, X10, L08).
 * Whoever holds a token is its identity until `exp`: no more than that, and no
 * longer.
 */
#include "syn/leak.h"
#include "syn/probe.h"
#include "syn/scenario.h"

#define TOKEN_TTL_S 600
#define BEFORE_MS   50 /* the watch around `exp` begins so long before it */
#define STEP_MS     10
#define STEPS       10
#define WRITES      40 /* of the thief to one of its owner's */
#define SHARE       10

/* A client that presents this very token, as a thief does. */
static struct syn_client *thief_with(struct syn_run *run, struct syn_str token)
{
    return syn_run_client_with(run, "thief",
                               &(struct syn_client_options){.token = token});
}

/* What may lie in reach of a thief of ann's token. */
struct estate {
    struct syn_thing own;    /* made by ann */
    struct syn_thing lent;   /* the backend's, read by ann */
    struct syn_thing closed; /* the backend's */
    struct syn_thing bobs;
};

static bool is_laid_out(struct syn_run *run, struct estate *estate,
                        enum syn_type type)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *bob = syn_run_client(run, "bob");
    const char *word = syn_type_name(type);
    *estate = (struct estate){
        .own = syn_run_thing_of(run, type, syn_run_text(run, "own-%s", word)),
        .lent = syn_run_thing_of(run, type, syn_run_text(run, "lent-%s", word)),
        .closed =
            syn_run_thing_of(run, type, syn_run_text(run, "closed-%s", word)),
        .bobs = syn_run_thing_of(run, type, syn_run_text(run, "bob-%s", word))};
    return EXPECT_ALLOWED(run, "ann creates its own",
                          syn_client_do(ann, OP_ON(CREATE, &estate->own))) &&
           EXPECT_ALLOWED(run, "bob creates its own",
                          syn_client_do(bob, OP_ON(CREATE, &estate->bobs))) &&
           EXPECT_ALLOWED(run, "backend creates one",
                          syn_probe_prepare(backend, &estate->lent)) &&
           EXPECT_ALLOWED(run, "backend creates another",
                          syn_probe_prepare(backend, &estate->closed)) &&
           (type == SYN_TYPE_STREAM ||
            EXPECT_ALLOWED(run, "backend grants read to ann",
                           syn_backend_grant(backend, &estate->lent,
                                             syn_client_identity(ann),
                                             SYN_RIGHT_READ)));
}

/* X01: the token works elsewhere too, and reaches its identity's objects by
 * its identity's rights. */
static void confined(struct syn_run *run)
{
    struct estate estate;
    REQUIRE(run, is_laid_out(run, &estate, syn_run_type(run)));
    struct syn_client *thief = thief_with(
        run, syn_run_token_for(run, syn_run_identity(run, "ann"), TOKEN_TTL_S));
    EXPECT_CONTROL(run, "the thief opens what ann made",
                   syn_client_do(thief, OP_ON(OPEN, &estate.own)));
    EXPECT_RIGHTS(run, thief, &estate.lent, SYN_RIGHT_READ);
    EXPECT_RIGHTS(run, thief, &estate.closed, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, thief, &estate.bobs, SYN_RIGHTS_NONE);
}

/* ACL-18: "ACL must bound the damage": how much a thief reaches is reported. */
static void blast_radius(struct syn_run *run)
{
    int64_t tried = 0;
    int64_t reached = 0;
    struct syn_str token =
        syn_run_token_for(run, syn_run_identity(run, "ann"), TOKEN_TTL_S);
    for (unsigned type = 0; type < SYN_TYPE_COUNT; type++) {
        struct estate estate;
        REQUIRE(run, is_laid_out(run, &estate, (enum syn_type)type));
        struct syn_client *thief = thief_with(run, token);
        struct syn_thing *const things[] = {&estate.own, &estate.lent,
                                            &estate.closed, &estate.bobs};
        for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
            struct syn_reply open =
                syn_client_do(thief, OP_ON(OPEN, things[i]));
            tried++;
            reached += syn_reply_is_ok(&open) ? 1 : 0;
        }
    }
    syn_measure(run, "blast.objects", tried);
    syn_measure(run, "blast.reached", reached);
    syn_observe(run, "a stolen token reaches", "%lld of %lld objects",
                (long long)reached, (long long)tried);
}

/* X07, L08: the thief subscribes to all it can and only listens. The watch is
 * in steps of milliseconds around `exp`; the owner's own, longer token proves
 * that every change was told. */
static void listening_past_exp(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "feed");
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, -2));
    int64_t end_ms = (syn_run_now_ms(run) / 1000 + TOKEN_TTL_S) * 1000;
    struct syn_client *thief = thief_with(
        run, syn_run_token_for(run, syn_run_identity(run, "ann"), TOKEN_TTL_S));
    REQUIRE_CONTROL(run, "the thief subscribes",
                    syn_client_subscribe(thief, &thing, -2));
    syn_run_pass_ms(run, end_ms - BEFORE_MS - syn_run_now_ms(run));
    for (unsigned i = 0; i < STEPS; i++) {
        REQUIRE_ALLOWED(run, "a change around exp",
                        syn_leak_change(run, backend, &thing));
        REQUIRE_TRUE(run, "ann hears it", syn_client_await(ann, &thing, i + 1));
        (void)syn_client_fence(thief);
        syn_run_pass_ms(run, STEP_MS);
    }
    size_t heard = syn_client_heard(thief, &thing);
    int64_t leaked = 0;
    for (size_t i = 0; i < heard; i++) {
        leaked += syn_client_heard_at(thief, &thing, i)->at_ms >= end_ms;
    }
    EXPECT_INT(run, "events heard before exp", (int64_t)heard - leaked, >, 0);
    EXPECT_INT(run, "events heard at exp or later", leaked, ==, 0);
    EXPECT_TRUE(run, "the thief's session is over", !syn_client_fence(thief));
}

/* X03, X09: the token opens nothing but the SDK plane. */
static void other_endpoints(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_str token =
        syn_run_token_for(run, syn_run_identity(run, "ann"), TOKEN_TTL_S);
    struct syn_thing prize = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "prize");
    REQUIRE_ALLOWED(run, "backend creates the prize",
                    syn_backend_do(backend, OP_ON(CREATE, &prize)));
    const char *service =
        syn_run_text(run, "/v1/Services/%s", syn_run_service(run));
    const char *const paths[] = {"/v1/Services", service,
                                 syn_run_text(run, "%s/Documents", service),
                                 syn_backend_path(backend, &prize)};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        REQUIRE_CONTROL(run,
                        syn_run_text(run, "the backend reads %s", paths[i]),
                        syn_backend_call(backend, "GET", paths[i], NULL, NULL));
    }
    struct syn_client *thief = thief_with(run, token);
    struct syn_thing own = syn_run_thing_of(run, SYN_TYPE_DOCUMENT, "own");
    REQUIRE_CONTROL(run, "the token opens the SDK plane",
                    syn_client_do(thief, OP_ON(CREATE, &own)));
    const char *text = syn_run_text(run, "%.*s", SYN_STR_ARG(token));
    struct syn_backend *const callers[] = {syn_run_backend_bearer(run, text),
                                           syn_run_backend_as(run, text, ""),
                                           syn_run_backend_as(run, "", text)};
    for (size_t c = 0; c < sizeof(callers) / sizeof(callers[0]); c++) {
        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
            (void)syn_expect_denied(
                run, SYN_SITE, paths[i],
                syn_backend_call(callers[c], "GET", paths[i], NULL, NULL),
                (struct syn_refusal){.thing = &prize});
        }
    }
}

/* X10: what a client sends by mistake must not come back in an answer, from
 * where it would reach logs and screens. */
static void not_echoed(struct syn_run *run)
{
    struct syn_str token =
        syn_run_token_for(run, syn_run_identity(run, "ann"), TOKEN_TTL_S);
    const char *text = syn_run_text(run, "%.*s", SYN_STR_ARG(token));
    struct syn_client *ann = thief_with(run, token);
    struct syn_client *spoilt = syn_run_client_with(
        run, "spoilt",
        &(struct syn_client_options){
            .token = syn_str_of(syn_run_text(run, "%sx", text)),
            .stays_offline = true});
    const struct syn_reply replies[] = {
        syn_client_connect(spoilt),
        syn_client_call(ann, "GET", syn_run_text(run, "/v3/Documents/%s", text),
                        NULL, NULL),
        syn_backend_call(syn_run_backend_bearer(run, text), "GET",
                         "/v1/Services", NULL, NULL)};
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        if (syn_expect_answer(run, SYN_SITE, "a refusal", replies[i])) {
            EXPECT_STR(run, "a refusal", replies[i].body, lacks, token);
        }
    }
}

/* X06: a thief writes as fast as it can; what is left for the owner. */
static void starved_owner(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "busy");
    struct syn_action write = {.op = SYN_OP_UPDATE, .on = &thing};
    REQUIRE_ALLOWED(run, "ann creates",
                    syn_client_do(ann, OP_ON(CREATE, &thing)));
    struct syn_client *thief = thief_with(
        run, syn_run_token_for(run, syn_run_identity(run, "ann"), TOKEN_TTL_S));
    int64_t done = 0;
    int64_t throttled = 0;
    for (unsigned second = 0; second < SHARE; second++) {
        for (unsigned i = 0; i < WRITES; i++) {
            struct syn_reply reply = syn_client_do(thief, &write);
            throttled += reply.http == 429 ? 1 : 0;
        }
        struct syn_reply own = syn_client_do(ann, &write);
        done += syn_reply_is_ok(&own) ? 1 : 0;
        syn_run_pass_s(run, 1);
    }
    syn_measure(run, "starve.owner_writes_tried", SHARE);
    syn_measure(run, "starve.owner_writes_done", done);
    syn_measure(run, "starve.thief_writes_throttled", throttled);
}

#define STOLEN_ROW                                           \
    .level = SYN_LEVEL_MUST, .subject = SYN_SUBJECT_SERVICE, \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN, .acl_on = true, \
    .safety = SYN_SAFE_NAMESPACED

static const struct syn_scenario rows[] = {
    {.id = "tok/stolen/confined",
     .title = "A stolen token reaches what its identity may reach, by the same "
              "rights",
     .source = "ACL-19 ACL-20 ACL-21 TOK-06",
     STOLEN_ROW,
     .types = SYN_TYPES_GRANTED,
     .defect = "rest-object-open-to-all sdk-object-open-to-all",
     .meets = "X01",
     .run = confined},
    {.id = "tok/stolen/listening-past-exp",
     .title = "A thief that only listens hears nothing from exp on",
     .source = "TOK-12 TOK-40",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_NAMESPACED,
     .acl_on = true,
     .types = SYN_TYPES_ALL,
     .estimate_s = TOKEN_TTL_S,
     .defect = "session-outlives-token expiry-one-second-late",
     .meets = "L08 X07",
     .run = listening_past_exp},
    {.id = "tok/stolen/other-endpoints",
     .title = "A token opens nothing but the SDK plane",
     .source = "TOK-42",
     STOLEN_ROW,
     .reading = "REST takes no token, in whatever place of the credentials",
     .defect = "token-as-rest-credential",
     .meets = "X03 X09",
     .run = other_endpoints},
    {.id = "tok/stolen/not-echoed",
     .title = "Refusals do not repeat the token that was sent",
     .source = "TOK-49",
     .level = SYN_LEVEL_SHOULD,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_READONLY,
     .acl_on = true,
     .reading = "a token in a path is a secret too",
     .defect = "errors-echo-request",
     .run = not_echoed},
    {.id = "tok/stolen/blast-radius",
     .title = "How much a stolen token reaches is reported",
     .source = "ACL-18 TOK-46",
     .level = SYN_LEVEL_INFO,
     .subject = SYN_SUBJECT_SERVICE,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .safety = SYN_SAFE_NAMESPACED,
     .acl_on = true,
     .run = blast_radius},
    {.id = "tok/stolen/starved-owner",
     .title = "What a thief at full rate leaves to the owner is reported",
     .source = "ACL-18",
     .level = SYN_LEVEL_INFO,
     .subject = SYN_SUBJECT_SERVICE,
     .needs =
         SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_LIMITS | SYN_NEED_VIRTUAL,
     .safety = SYN_SAFE_DISRUPTIVE,
     .acl_on = true,
     .types = SYN_TYPES_DOCUMENT,
     .meets = "X06",
     .run = starved_owner},
};
SYN_SUITE(tok_stolen, "Stolen tokens", rows);
