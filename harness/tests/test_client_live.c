/*
 * test_client_live.c - the SDK user against a scripted peer over loopback.
 */
#include "fake_service.h"
#include "syn/client.h"
#include "syn/limits.h"

#include <check.h>
#include <string.h>

Suite *suite_client_live(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct syn_client *ann;

static struct syn_client *make(const char *name,
                               const struct syn_client_options *options)
{
    struct syn_client *client = NULL;
    ck_assert_int_eq(syn_client_new(&bench.world, name, options, &client),
                     SYN_OK);
    return client;
}

static void set_up(void)
{
    bench_set_up();
    ann = make("ann", NULL);
}

static void tear_down(void)
{
    syn_client_free(ann);
    bench_tear_down();
}

static void go_live(void)
{
    struct syn_reply reply = syn_client_connect(ann);
    ck_assert_int_eq(reply.status, SYN_OK);
    ck_assert_uint_eq(reply.http, 200);
    ck_assert_int_eq(syn_client_state(ann), SYN_SESSION_LIVE);
}

/* --- connecting ------------------------------------------------------------
 */

START_TEST(connect_upgrades_sends_init_and_reads_its_reply)
{
    struct syn_reply reply = syn_client_connect(ann);
    ck_assert(syn_reply_is_ok(&reply));
    ck_assert(syn_str_is(syn_reply_str(&reply, "/continuation_token"), "c1"));
    ck_assert(fake_has_heard(bench.fake, "GET /v3/wsconnect"));
    ck_assert(fake_has_heard(bench.fake, "\"method\":\"init\",\"token\":\"ey"));
    ck_assert(text_holds(syn_buf_str(&bench.sent_log), "< ann {\"method\""));
    ck_assert_uint_gt(reply.exchange, 0);
}
END_TEST

START_TEST(refused_init_reports_code_and_denies)
{
    static const struct fake_rule rules[] = {
        {.match = "\"method\":\"init\"",
         .status = 401,
         .header = "\"status\":{\"code\":401,\"errorCode\":20104}"}};
    fake_script(bench.fake, rules, COUNT(rules));
    struct syn_reply reply = syn_client_connect(ann);
    ck_assert_int_eq(reply.status, SYN_OK);
    ck_assert_uint_eq(reply.http, 401);
    ck_assert_int_eq(reply.code, 20104);
    ck_assert(syn_reply_is_denial(&reply));
    ck_assert_int_eq(syn_client_state(ann), SYN_SESSION_DENIED);
}
END_TEST

/* Peers that give no answer to init: what the caller is told. */
static const struct {
    struct fake_rule rule;
    syn_status status;
} no_answers[] = {
    {{.match = "\"method\":\"init\"", .act = FAKE_HANG_UP}, SYN_ERR_CLOSED},
    {{.match = "\"method\":\"init\"", .act = FAKE_RESET}, SYN_ERR_CLOSED},
    {{.match = "\"method\":\"init\"", .act = FAKE_SILENCE}, SYN_ERR_TIMEOUT},
    {{.match = "\"method\":\"init\"", .status = 200, .act = FAKE_SAY_TEXT},
     SYN_ERR_TIMEOUT},
    {{.match = "\"method\":\"init\"", .body = "\xff", .act = FAKE_GARBAGE},
     SYN_ERR_TIMEOUT},
    {{.match = "GET /v3/wsconnect", .status = 200}, SYN_ERR_NET},
    {{.match = "GET /v3/wsconnect", .act = FAKE_RESET}, SYN_ERR_NET},
};

START_TEST(connect_without_an_answer_reports_why)
{
    bench.world.guard_ms = 200;
    fake_script(bench.fake, &no_answers[_i].rule, 1);
    struct syn_reply reply = syn_client_connect(ann);
    ck_assert_int_eq(reply.status, no_answers[_i].status);
    ck_assert(!syn_reply_is_ok(&reply));
    ck_assert(!syn_reply_is_denial(&reply));
}
END_TEST

START_TEST(close_instead_of_an_init_reply_counts_as_its_answer)
{
    static const struct fake_rule rules[] = {
        {.match = "\"method\":\"init\"", .status = 410, .act = FAKE_SAY_CLOSE}};
    fake_script(bench.fake, rules, COUNT(rules));
    struct syn_reply reply = syn_client_connect(ann);
    ck_assert_uint_eq(reply.http, 410);
    ck_assert_int_eq(reply.code, 51207);
    ck_assert_uint_eq(syn_client_ending(ann).http, 410);
}
END_TEST

START_TEST(nobody_listening_is_a_net_error)
{
    syn_client_free(ann);
    bench_aim(1);
    ann = make("ann", NULL);
    ck_assert_int_eq(syn_client_connect(ann).status, SYN_ERR_NET);
}
END_TEST

START_TEST(user_without_key_or_token_cannot_be_made)
{
    struct syn_client *client = NULL;
    struct syn_client_options options = {.token = SYN_STR("x.y.z")};
    bench.world.mint_key.key_sid = NULL;
    ck_assert_int_eq(syn_client_new(&bench.world, "bob", NULL, &client),
                     SYN_ERR_CONFIG);
    client = make("bob", &options);
    ck_assert(
        syn_reply_has(&(struct syn_reply){.body = SYN_STR("{\"a\":1}")}, "/a"));
    struct syn_reply reply = syn_client_connect(client);
    ck_assert(syn_reply_is_ok(&reply));
    ck_assert(fake_has_heard(bench.fake, "\"token\":\"x.y.z\""));
    syn_client_free(client);
}
END_TEST

START_TEST(rule_of_the_world_keeps_a_connection_from_leaving)
{
    bench.refuse = "/v3/wsconnect";
    ck_assert_int_eq(syn_client_connect(ann).status, SYN_ERR_REFUSED);
    ck_assert_uint_eq(fake_connections(bench.fake), 0);
}
END_TEST

START_TEST(rule_of_the_world_keeps_a_request_from_leaving)
{
    go_live();
    bench.refuse = "/v3/Secret";
    struct syn_reply reply =
        syn_client_call(ann, "GET", "/v3/Secret", NULL, NULL);
    ck_assert_int_eq(reply.status, SYN_ERR_REFUSED);
    ck_assert(syn_client_fence(ann));
    ck_assert(!fake_has_heard(bench.fake, "Secret"));
}
END_TEST

/* --- actions ---------------------------------------------------------------
 */

#define MAP_ROOT                                                  \
    "{\"sid\":\"MP1\",\"revision\":\"0\",\"url\":\"http://h/own/" \
    "MP1\",\"links\":{\"items\":\"https://h:1/own/MP1/It?x=1\"}}"

static const struct fake_rule map_rules[] = {
    {.match = "\"path\":\"/v3/Maps\"", .status = 201, .body = MAP_ROOT},
    {.match = "/It\",\"method\":\"POST\"",
     .status = 201,
     .body = "{\"key\":\"k\",\"revision\":\"a\"}"},
    {.match = "/It\",\"method\":\"GET\"",
     .status = 200,
     .body = "{\"items\":[{\"key\":\"k\",\"revision\":\"b\"}]}"},
    {.match = "/It/a%2Fb",
     .status = 200,
     .header = "\"http_headers\":{\"ETag\":\"\\\"c\\\"\",\"retry-after\":"
               "\"7\"}",
     .body = "{\"key\":\"a/b\",\"revision\":\"c\"}"},
};

START_TEST(map_is_addressed_by_the_links_of_its_creation)
{
    struct syn_thing map = {.type = SYN_TYPE_MAP, .name = SYN_STR("m 1")};
    struct syn_action action = {.op = SYN_OP_CREATE, .on = &map};
    fake_script(bench.fake, map_rules, COUNT(map_rules));
    go_live();
    struct syn_reply reply = syn_client_do(ann, &action);
    ck_assert(syn_reply_is_ok(&reply));
    ck_assert_str_eq(map.sid, "MP1");
    ck_assert_str_eq(map.revision, "0");
    ck_assert(fake_has_heard(bench.fake, "{\"unique_name\":\"m 1\"}"));

    action = (struct syn_action){.op = SYN_OP_ITEM_ADD, .on = &map, .key = "k"};
    reply = syn_client_do(ann, &action);
    ck_assert_uint_eq(reply.http, 201);
    ck_assert_str_eq(map.item_revision, "a");
    ck_assert_uint_gt(map.canary.bytes, 0);
    ck_assert(fake_has_heard(bench.fake, "{\"key\":\"k\",\"data\":"
                                         "{\"canary\":\"canary-"));

    action.op = SYN_OP_ITEM_READ;
    reply = syn_client_do(ann, &action);
    ck_assert_str_eq(map.item_revision, "b");
    ck_assert(fake_has_heard(bench.fake, "\"params\":{\"HideExpired\":"
                                         "\"true\",\"Key\":\"k\"}"));

    action = (struct syn_action){.op = SYN_OP_ITEM_UPDATE,
                                 .on = &map,
                                 .key = "a/b",
                                 .is_put = true,
                                 .data = "{\"v\":1}",
                                 .if_match = "-1"};
    reply = syn_client_do(ann, &action);
    ck_assert(fake_has_heard(bench.fake, "/own/MP1/It/a%2Fb\",\"method\":"
                                         "\"PUT\""));
    ck_assert(fake_has_heard(bench.fake, "\"If-Match\":\"-1\""));
    ck_assert(syn_str_is(reply.etag, "c"));
    ck_assert_uint_eq(reply.retry_after_s, 7);
    ck_assert_uint_eq(bench.acted, 4);
}
END_TEST

/* Requests for a thing that this user never opened. */
static const struct {
    struct syn_action action;
    enum syn_type type;
    const char *expected;
} requests[] = {
    {{.op = SYN_OP_OPEN},
     SYN_TYPE_DOCUMENT,
     "\"path\":\"/v3/Documents/SID1\",\"method\":\"GET\""},
    {{.op = SYN_OP_OPEN, .by = SYN_BY_NAME},
     SYN_TYPE_STREAM,
     "\"path\":\"/v3/Streams/..%2Fa%20%C3%A9\",\"method\":\"GET\""},
    {{.op = SYN_OP_UPDATE, .data = "{}"},
     SYN_TYPE_DOCUMENT,
     "\"path\":\"/v3/Services/IS0123/Documents/SID1\",\"method\":\"POST\""},
    {{.op = SYN_OP_TTL, .has_ttl = true, .ttl_s = 60},
     SYN_TYPE_LIST,
     "{\"ttl\":60}"},
    {{.op = SYN_OP_REMOVE},
     SYN_TYPE_MAP,
     "\"path\":\"/v3/Services/IS0123/Maps/SID1\",\"method\":\"DELETE\""},
    {{.op = SYN_OP_QUERY},
     SYN_TYPE_LIST,
     "\"path\":\"/v3/Services/IS0123/Lists/SID1/Items\",\"method\":\"GET\","
     "\"params\":{\"HideExpired\":\"true\"}"},
    {{.op = SYN_OP_ITEM_READ, .index = 7}, SYN_TYPE_LIST, "\"Index\":\"7\""},
    {{.op = SYN_OP_ITEM_REMOVE, .index = 7},
     SYN_TYPE_LIST,
     "Lists/SID1/Items/7\",\"method\":\"DELETE\""},
    {{.op = SYN_OP_ITEM_ADD, .data = "{}", .has_ttl = true},
     SYN_TYPE_LIST,
     "{\"data\":{},\"ttl\":0}"},
    {{.op = SYN_OP_ITEM_TTL, .key = "..", .has_ttl = true},
     SYN_TYPE_MAP,
     "Maps/SID1/Items/%2E%2E\",\"method\":\"POST\""},
    {{.op = SYN_OP_PUBLISH, .data = "{}"},
     SYN_TYPE_STREAM,
     "\"path\":\"/v3/Services/IS0123/Streams/SID1/Messages\",\"method\":"
     "\"POST\""},
};

START_TEST(request_of_table_is_sent_as_the_paths_announce)
{
    struct syn_thing thing = {.type = requests[_i].type,
                              .sid = "SID1",
                              .name = SYN_STR("../a \xc3\xa9")};
    struct syn_action action = requests[_i].action;
    action.on = &thing;
    go_live();
    struct syn_reply reply = syn_client_do(ann, &action);
    ck_assert_int_eq(reply.status, SYN_OK);
    ck_assert_uint_eq(reply.http, 404);
    ck_assert_int_eq(reply.code, 20404);
    ck_assert(syn_reply_is_denial(&reply));
    ck_assert(fake_has_heard(bench.fake, requests[_i].expected));
    ck_assert(fake_has_heard(bench.fake, "\"X-Syn-Scenario\":\"unit/row\""));
}
END_TEST

START_TEST(action_that_makes_no_sense_is_not_sent)
{
    struct syn_thing thing = {.type = SYN_TYPE_STREAM, .sid = "TO1"};
    struct syn_action action = {.op = SYN_OP_ITEM_ADD, .on = &thing};
    go_live();
    ck_assert_int_eq(syn_client_do(ann, &action).status, SYN_ERR_ARG);
    thing = (struct syn_thing){.type = SYN_TYPE_DOCUMENT};
    action.op = SYN_OP_OPEN; /* neither sid nor name */
    ck_assert_int_eq(syn_client_do(ann, &action).status, SYN_ERR_ARG);
    ck_assert(!fake_has_heard(bench.fake, "http_request"));
}
END_TEST

START_TEST(denial_that_carries_data_is_no_denial)
{
    static const struct fake_rule rules[] = {
        {.match = "/leak", .status = 403, .body = "{\"data\":{\"x\":1}}"},
        {.match = "/clean", .status = 403, .body = "{\"code\":54007}"},
        {.match = "/limit", .status = 429, .body = "{\"code\":54009}"}};
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    struct syn_reply leak = syn_client_call(ann, "GET", "/leak", NULL, NULL);
    struct syn_reply clean = syn_client_call(ann, "GET", "/clean", NULL, NULL);
    struct syn_reply limit = syn_client_call(ann, "GET", "/limit", NULL, NULL);
    ck_assert(!syn_reply_is_denial(&leak));
    ck_assert(syn_reply_is_denial(&clean));
    ck_assert_int_eq(clean.code, 54007);
    ck_assert(!syn_reply_is_denial(&limit));
}
END_TEST

/* What the world says of answers: 429 asks for patience, as often as `tries`;
 * then the service has recovered. */
static unsigned tries;
static unsigned retry_after_s;

static const struct fake_rule recovered[] = {
    {.match = "http_request", .status = 200, .body = "{}"}};

static bool wait_for_pace(void *ctx, uint64_t ticket,
                          const struct syn_reply *reply)
{
    (void)ctx;
    (void)ticket;
    if (reply->status != SYN_OK || reply->http != 429) {
        return false;
    }
    retry_after_s = reply->retry_after_s;
    if (--tries == 0) {
        fake_script(bench.fake, recovered, COUNT(recovered));
    }
    return true;
}

START_TEST(request_refused_for_its_pace_is_sent_again)
{
    static const struct fake_rule rules[] = {
        {.match = "/v3/Documents", .status = 429, .body = "{\"code\":54009}"},
        {.match = "/limit", .status = 429, .body = "{\"code\":54009}"}};
    struct syn_thing thing = {.type = SYN_TYPE_DOCUMENT};
    struct syn_action create = {.op = SYN_OP_CREATE, .on = &thing};
    bench.world.arrived = wait_for_pace;
    go_live();
    tries = 2;
    fake_script(bench.fake, rules, COUNT(rules));
    struct syn_reply call = syn_client_call(ann, "GET", "/limit", NULL, NULL);
    ck_assert_uint_eq(call.http, 200);
    ck_assert_uint_eq(fake_count(bench.fake, "/limit"), 3);
    tries = 1;
    fake_script(bench.fake, rules, COUNT(rules));
    ck_assert_uint_eq(syn_client_do(ann, &create).http, 200);
    ck_assert_uint_eq(fake_count(bench.fake, "/v3/Documents"), 2);
    tries = SYN_BACK_OFF_TRIES_MAX + 2; /* it never recovers */
    fake_script(bench.fake, rules, COUNT(rules));
    call = syn_client_call(ann, "GET", "/limit", NULL, NULL);
    ck_assert_uint_eq(call.http, 429);
}
END_TEST

START_TEST(connection_refused_for_its_pace_is_made_again)
{
    static const struct fake_rule rules[] = {
        {.match = "\"method\":\"init\"",
         .status = 429,
         .header = "\"status\":{\"code\":429,\"errorCode\":51202}",
         .body = "{\"backoff_policy\":{\"reconnect_min_ms\":1001}}"}};
    bench.world.arrived = wait_for_pace;
    tries = 2;
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    ck_assert_uint_eq(retry_after_s, 2);
    ck_assert_uint_eq(fake_connections(bench.fake), 3);
}
END_TEST

START_TEST(request_whose_connection_ends_is_closed_not_hung)
{
    static const struct fake_rule rules[] = {
        {.match = "/drop", .act = FAKE_RESET}};
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    struct syn_reply reply = syn_client_call(ann, "GET", "/drop", NULL, NULL);
    ck_assert_int_eq(reply.status, SYN_ERR_CLOSED);
    ck_assert_int_eq(syn_client_call(ann, "GET", "/x", NULL, NULL).status,
                     SYN_ERR_CLOSED);
    ck_assert(!syn_client_fence(ann));
}
END_TEST

START_TEST(request_without_reply_times_out)
{
    static const struct fake_rule rules[] = {
        {.match = "/mute", .act = FAKE_SILENCE}};
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    bench.world.guard_ms = 100;
    ck_assert_int_eq(syn_client_call(ann, "GET", "/mute", NULL, NULL).status,
                     SYN_ERR_TIMEOUT);
    ck_assert(syn_client_fence(ann));
}
END_TEST

START_TEST(close_says_so_to_the_service)
{
    go_live();
    syn_client_close(ann);
    ck_assert_int_eq(syn_client_state(ann), SYN_SESSION_CLOSED);
    fake_await(bench.fake, "\"method\":\"close\"");
}
END_TEST

START_TEST(free_in_the_middle_of_connecting_leaves_nothing)
{
    struct syn_client *bob = make("bob", NULL);
    bench.world.guard_ms = 0;
    (void)syn_client_connect(bob);
    bench.world.guard_ms = 3000;
    syn_client_free(bob);
    go_live();
}
END_TEST

static TCase *make_case(const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    return tcase;
}

static TCase *connecting(void)
{
    TCase *tcase = make_case("connecting");
    tcase_add_test(tcase, connect_upgrades_sends_init_and_reads_its_reply);
    tcase_add_test(tcase, refused_init_reports_code_and_denies);
    tcase_add_loop_test(tcase, connect_without_an_answer_reports_why, 0,
                        (int)COUNT(no_answers));
    tcase_add_test(tcase, close_instead_of_an_init_reply_counts_as_its_answer);
    tcase_add_test(tcase, nobody_listening_is_a_net_error);
    tcase_add_test(tcase, user_without_key_or_token_cannot_be_made);
    tcase_add_test(tcase, rule_of_the_world_keeps_a_connection_from_leaving);
    tcase_add_test(tcase, rule_of_the_world_keeps_a_request_from_leaving);
    tcase_add_test(tcase, close_says_so_to_the_service);
    tcase_add_test(tcase, free_in_the_middle_of_connecting_leaves_nothing);
    return tcase;
}

static TCase *acting(void)
{
    TCase *tcase = make_case("acting");
    tcase_add_test(tcase, map_is_addressed_by_the_links_of_its_creation);
    tcase_add_loop_test(tcase, request_of_table_is_sent_as_the_paths_announce,
                        0, (int)COUNT(requests));
    tcase_add_test(tcase, action_that_makes_no_sense_is_not_sent);
    tcase_add_test(tcase, denial_that_carries_data_is_no_denial);
    tcase_add_test(tcase, request_refused_for_its_pace_is_sent_again);
    tcase_add_test(tcase, connection_refused_for_its_pace_is_made_again);
    tcase_add_test(tcase, request_whose_connection_ends_is_closed_not_hung);
    tcase_add_test(tcase, request_without_reply_times_out);
    return tcase;
}

Suite *suite_client_live(void)
{
    Suite *suite = suite_create("client_live");
    suite_add_tcase(suite, connecting());
    suite_add_tcase(suite, acting());
    return suite;
}
