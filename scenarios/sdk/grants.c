/*
 * The grant that a request names (TOK-31; A25).
 * A request says under which grant of the token it is made; one that the token
 * does not hold opens nothing.
 */
#include "syn/bait.h"
#include "syn/rogue.h"
#include "syn/scenario.h"

#define CHANGE_ID "RQ000000000000000000000000rogue001"
#define REFUSED   400

static void other_grant(struct syn_run *run)
{
    static const char *const grants[] = {"voice", "chat", "sync_admin", ""};
    struct syn_bait bait;
    REQUIRE(run, syn_bait_lay(run, &bait));
    const char *body = syn_bait_body(&bait);
    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        struct syn_rogue *rogue = syn_bait_rogue(&bait, "rogue");
        REQUIRE(run, rogue != NULL);
        const char *header = syn_run_text(
            run,
            "{\"method\":\"message\",\"id\":\"%s\",\"active_grant\":\"%s\","
            "\"http_request\":{\"host\":\"x\",\"method\":\"POST\",\"path\":"
            "\"%s\",\"headers\":{\"Content-Type\":\"application/json\"}},"
            "\"payload_type\":\"application/json\",\"payload_size\":%zu}",
            CHANGE_ID, grants[i], bait.path, syn_str_of(body).bytes);
        struct syn_reply reply =
            syn_rogue_ask(rogue, CHANGE_ID,
                          syn_str_of(syn_rogue_envelope(run, header, body)));
        const char *what =
            syn_run_text(run, "a request under the grant \"%s\"", grants[i]);
        EXPECT_TRUE(run, syn_run_text(run, "%s is refused", what),
                    reply.status == SYN_ERR_CLOSED || reply.http >= REFUSED);
        EXPECT_UNTOUCHED(run, what, &bait);
    }
    EXPECT_HONEST(run, &bait);
}

static const struct syn_scenario rows[] = {
    {.id = "sdk/grants/other-grant",
     .title = "A request under a grant that the token lacks is refused",
     .source = "TOK-31",
     .meets = "A25",
     .level = SYN_LEVEL_MUST,
     .subject = SYN_SUBJECT_SERVICE,
     .safety = SYN_SAFE_NAMESPACED,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .tags = "raw",
     .defect = "active-grant-ignored",
     .run = other_grant},
};
SYN_SUITE(sdk_grants, "The grant that a request names", rows);
