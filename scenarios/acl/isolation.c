/*
 * Services apart (ACL-30, ACL-59, ACL-70; A26, T15).
 * A grant, a token, a switch means something in its service alone, even where
 * the same names stand in both.
 */
#include "syn/probe.h"
#include "syn/scenario.h"

/* The same name in the row's service and in a second one. */
struct twins {
    struct syn_backend *here_backend;
    struct syn_backend *there_backend;
    const char *there_sid;
    struct syn_thing here;
    struct syn_thing there;
    struct syn_client *ann_here;
    struct syn_client *ann_there;
};

static bool are_made(struct syn_run *run, struct twins *twins, bool is_there_on)
{
    *twins = (struct twins){.here_backend = syn_run_backend(run),
                            .here = syn_run_thing(run, "same-name"),
                            .there = syn_run_thing(run, "same-name")};
    twins->there_sid = syn_run_second_service(run);
    twins->there_backend = syn_run_backend_in(run, twins->there_sid);
    if (!EXPECT_ALLOWED(
            run, "the second service has its own switch",
            syn_backend_switch_acl(twins->there_backend, is_there_on)) ||
        !EXPECT_ALLOWED(run, "created here",
                        syn_probe_prepare(twins->here_backend, &twins->here)) ||
        !EXPECT_ALLOWED(
            run, "created there",
            syn_probe_prepare(twins->there_backend, &twins->there))) {
        return false;
    }
    twins->ann_here = syn_run_client(run, "ann");
    twins->ann_there = syn_run_client_with(
        run, "ann-there",
        &(struct syn_client_options){.identity = syn_run_identity(run, "ann"),
                                     .service_sid = twins->there_sid});
    return true;
}

/* ACL-59: "A grant in one service has no effect in another". */
static void grants(struct syn_run *run)
{
    struct twins twins;
    REQUIRE(run, are_made(run, &twins, true));
    REQUIRE_ALLOWED(run, "granted there",
                    syn_backend_grant(twins.there_backend, &twins.there,
                                      syn_client_identity(twins.ann_there),
                                      SYN_RIGHTS_ALL));
    EXPECT_RIGHTS(run, twins.ann_here, &twins.here, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, twins.ann_there, &twins.there, SYN_RIGHTS_ALL);
}

/* ACL-30: "services are isolated": one switch on, the other off. */
static void switches(struct syn_run *run)
{
    struct twins twins;
    REQUIRE(run, are_made(run, &twins, false));
    EXPECT_RIGHTS(run, twins.ann_here, &twins.here, SYN_RIGHTS_NONE);
    EXPECT_CONTROL(run, "ann opens there, where ACLs are off",
                   syn_client_do(twins.ann_there, OP_ON(OPEN, &twins.there)));
    REQUIRE_ALLOWED(run, "the switch there is turned on",
                    syn_backend_switch_acl(twins.there_backend, true));
    EXPECT_DENIED(run, "ann opens there, where ACLs are on",
                  syn_client_do(twins.ann_there, OP_ON(OPEN, &twins.there)),
                  &twins.there);
    REQUIRE_ALLOWED(run, "the switch there is turned off",
                    syn_backend_switch_acl(twins.there_backend, false));
    EXPECT_RIGHTS(run, twins.ann_here, &twins.here, SYN_RIGHTS_NONE);
    EXPECT_RIGHTS(run, twins.ann_there, &twins.there, SYN_RIGHTS_ALL);
}

/* ACL-70, A26: a session of one service names the other one in its paths, by
 * sid and by name, and objects of the other by their sids. */
static void paths(struct syn_run *run)
{
    struct twins twins;
    REQUIRE(run, are_made(run, &twins, true));
    const char *ann = syn_client_identity(twins.ann_here);
    REQUIRE_ALLOWED(run, "granted here",
                    syn_backend_grant(twins.here_backend, &twins.here, ann,
                                      SYN_RIGHT_READ));
    const char *kind = syn_backend_kind(twins.here.type);
    const char *const tried[] = {
        syn_run_text(run, "/v3/Services/%s/%s/%s", twins.there_sid, kind,
                     twins.there.sid),
        syn_run_text(run, "/v3/Services/%s/%s/%.*s", twins.there_sid, kind,
                     SYN_STR_ARG(twins.there.name)),
        syn_run_text(run, "/v3/%s/%s", kind, twins.there.sid),
        syn_run_text(run, "/v3/Services/%s/%s/%s", syn_run_service(run), kind,
                     twins.there.sid),
        syn_run_text(run, "http://127.0.0.1/v3/Services/%s/%s/%s",
                     twins.there_sid, kind, twins.there.sid)};
    EXPECT_CONTROL(run, "ann opens here",
                   syn_client_do(twins.ann_here, OP_ON(OPEN, &twins.here)));
    for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
        (void)syn_expect_denied(
            run, SYN_SITE, syn_run_text(run, "ann here: GET %s", tried[i]),
            syn_client_call(twins.ann_here, "GET", tried[i], NULL, NULL),
            (struct syn_refusal){.thing = &twins.there});
    }
    /* What is refused is made nowhere, not even in her own service. */
    const char *stray = syn_run_name(run, "stray");
    (void)syn_expect_denied(
        run, SYN_SITE, "ann here creates there",
        syn_client_call(
            twins.ann_here, "POST",
            syn_run_text(run, "/v3/Services/%s/%s", twins.there_sid, kind),
            NULL, syn_run_text(run, "{\"unique_name\":\"%s\"}", stray)),
        (struct syn_refusal){NULL, 0});
    const char *const homes[] = {syn_run_service(run), twins.there_sid};
    for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
        struct syn_reply made = syn_backend_call(
            twins.here_backend, "GET",
            syn_run_text(run, "/v1/Services/%s/%s/%s", homes[i], kind, stray),
            NULL, NULL);
        EXPECT_INT(run, "status of what was refused to ann", (int64_t)made.http,
                   ==, 404);
    }
    (void)syn_expect_denied(
        run, SYN_SITE, "ann here subscribes there",
        syn_client_subscribe(twins.ann_here, &twins.there, 0),
        (struct syn_refusal){.thing = &twins.there});
    EXPECT_DENIED(run, "the namesake there, with a grant here",
                  syn_client_do(twins.ann_there, OP_ON(OPEN, &twins.there)),
                  &twins.there);
}

#define ISOLATION_ROW                                                \
    .subject = SYN_SUBJECT_SERVICE,                                  \
    .needs = SYN_NEED_MINT | SYN_NEED_ADMIN | SYN_NEED_OWN_SERVICE | \
             SYN_NEED_SECOND_SERVICE,                                \
    .safety = SYN_SAFE_NAMESPACED, .acl_on = true, .types = SYN_TYPES_GRANTED

static const struct syn_scenario rows[] = {
    {.id = "acl/isolation/grants",
     .title = "A grant means nothing in another service",
     .source = "ACL-59",
     .level = SYN_LEVEL_MUST,
     ISOLATION_ROW,
     .reading = "the same name in two services is two objects",
     .defect = "grant-crosses-services",
     .run = grants},
    {.id = "acl/isolation/switches",
     .title = "The switch of one service leaves the other alone",
     .source = "ACL-30",
     .level = SYN_LEVEL_SHOULD,
     ISOLATION_ROW,
     .defect = "switch-covers-account",
     .run = switches},
    {.id = "acl/isolation/paths",
     .title = "A session reaches nothing of another service, however it is "
              "named",
     .source = "ACL-70 ACL-59",
     .level = SYN_LEVEL_MUST,
     ISOLATION_ROW,
     .reading = "the same name in two services is two objects",
     .defect = "grant-crosses-services",
     .meets = "A26",
     .run = paths},
};
SYN_SUITE(acl_isolation, "Services apart", rows);
