/*
 * The notice of tokens that end soon (TOK-41).
 * A token with less left than the notice is announced to end right away, or
 * the app that relies on the notice never renews it.
 */
#include "syn/scenario.h"

#define SHORT_S 100 /* rest.md 12: a notice comes 120 to 300 s before exp */
#define LONG_S  3600

static unsigned notices_after_init(struct syn_run *run, const char *name,
                                   int64_t ttl_s)
{
    int64_t noticed_ms = 0;
    struct syn_client *user = syn_run_client_with(
        run, name, &(struct syn_client_options){.token_ttl_s = ttl_s});
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    (void)EXPECT_TRUE(run, syn_run_text(run, "%s: its session answers", name),
                      syn_client_fence(user));
    return syn_client_notices(user, &noticed_ms);
}

/* TOK-41: "Expiry warning is raised minutes before `exp`", at once where only
 * minutes are left. */
static void at_once(struct syn_run *run)
{
    EXPECT_INT(run, "notices of a token that lives for an hour",
               (int64_t)notices_after_init(run, "lasting", LONG_S), ==, 0);
    EXPECT_INT(run, "notices of a token that ends soon",
               (int64_t)notices_after_init(run, "brief", SHORT_S), ==, 1);
}

/* The same when a renewal brings a token that ends soon. */
static void after_renewal(struct syn_run *run)
{
    int64_t noticed_ms = 0;
    struct syn_client *ann = syn_run_client(run, "ann");
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ann));
    EXPECT_INT(run, "notices before",
               (int64_t)syn_client_notices(ann, &noticed_ms), ==, 0);
    struct syn_str brief = syn_run_token(
        run, &(struct syn_token_wish){.identity = syn_client_identity(ann),
                                      .ttl_s = SHORT_S});
    REQUIRE_CONTROL(run, "ann renews with a token that ends soon",
                    syn_client_update(ann, brief));
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_EVENT_S));
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ann));
    EXPECT_INT(run, "notices after",
               (int64_t)syn_client_notices(ann, &noticed_ms), ==, 1);
}

#define NOTICE_ROW                                             \
    .level = SYN_LEVEL_SHOULD, .subject = SYN_SUBJECT_SERVICE, \
    .needs = SYN_NEED_MINT, .safety = SYN_SAFE_READONLY, .estimate_s = 10

static const struct syn_scenario rows[] = {
    {.id = "tok/notice/at-once",
     .title = "A token that ends soon is announced to end right after init",
     .source = "TOK-41",
     NOTICE_ROW,
     .defect = "field-short-token-no-notice",
     .run = at_once},
    {.id = "tok/notice/after-renewal",
     .title = "A renewal that ends soon is announced to end right away",
     .source = "TOK-41",
     NOTICE_ROW,
     .defect = "field-short-token-no-notice",
     .run = after_renewal},
};
SYN_SUITE(tok_notice, "The notice of tokens that end soon", rows);
