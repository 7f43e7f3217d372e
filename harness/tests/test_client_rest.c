/*
 * test_client_rest.c - the REST backend against a scripted peer over loopback.
 */
#include "fake_service.h"
#include "syn/client.h"

#include <check.h>
#include <stdio.h>

Suite *suite_client_rest(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct syn_backend *backend;

static void set_up(void)
{
    bench_set_up();
    ck_assert_int_eq(syn_backend_new(&bench.world, "backend", NULL, &backend),
                     SYN_OK);
}

static void tear_down(void)
{
    syn_backend_free(backend);
    bench_tear_down();
}

/* What each action looks like on the wire. `thing` has sid SID1 and a name that
 * every stack on the way would like to normalise. */
static const struct {
    struct syn_action action;
    enum syn_type type;
    const char *line;
    const char *form; /* NULL: no body at all */
} requests[] = {
    {{.op = SYN_OP_CREATE, .data = "{\"a\":\"+&=\"}"},
     SYN_TYPE_DOCUMENT,
     "POST /v1/Services/IS0123/Documents\r\n",
     "UniqueName=..%2F..&Data=%7B%22a%22%3A%22%2B%26%3D%22%7D"},
    {{.op = SYN_OP_CREATE, .has_ttl = true, .ttl_s = 60},
     SYN_TYPE_LIST,
     "POST /v1/Services/IS0123/Lists\r\n",
     "UniqueName=..%2F..&Ttl=60"},
    {{.op = SYN_OP_OPEN},
     SYN_TYPE_MAP,
     "GET /v1/Services/IS0123/Maps/SID1\r\n",
     NULL},
    {{.op = SYN_OP_OPEN, .by = SYN_BY_NAME},
     SYN_TYPE_STREAM,
     "GET /v1/Services/IS0123/Streams/..%2F..\r\n",
     NULL},
    {{.op = SYN_OP_UPDATE, .data = "{}"},
     SYN_TYPE_DOCUMENT,
     "POST /v1/Services/IS0123/Documents/SID1\r\n",
     "Data=%7B%7D"},
    {{.op = SYN_OP_TTL, .has_ttl = true},
     SYN_TYPE_STREAM,
     "POST /v1/Services/IS0123/Streams/SID1\r\n",
     "Ttl=0"},
    {{.op = SYN_OP_REMOVE},
     SYN_TYPE_LIST,
     "DELETE /v1/Services/IS0123/Lists/SID1\r\n",
     NULL},
    {{.op = SYN_OP_ITEM_READ, .key = "."},
     SYN_TYPE_MAP,
     "GET /v1/Services/IS0123/Maps/SID1/Items/%2E\r\n",
     NULL},
    {{.op = SYN_OP_ITEM_READ, .index = 12},
     SYN_TYPE_LIST,
     "GET /v1/Services/IS0123/Lists/SID1/Items/12\r\n",
     NULL},
    {{.op = SYN_OP_QUERY},
     SYN_TYPE_MAP,
     "GET /v1/Services/IS0123/Maps/SID1/Items\r\n",
     NULL},
    {{.op = SYN_OP_ITEM_ADD, .key = "k \xc3\xa9", .data = "{}"},
     SYN_TYPE_MAP,
     "POST /v1/Services/IS0123/Maps/SID1/Items\r\n",
     "Key=k%20%C3%A9&Data=%7B%7D"},
    {{.op = SYN_OP_ITEM_UPDATE, .key = "..", .data = "{}"},
     SYN_TYPE_MAP,
     "POST /v1/Services/IS0123/Maps/SID1/Items/%2E%2E\r\n",
     "Data=%7B%7D"},
    {{.op = SYN_OP_ITEM_REMOVE, .key = "a/b?c#d"},
     SYN_TYPE_MAP,
     "DELETE /v1/Services/IS0123/Maps/SID1/Items/a%2Fb%3Fc%23d\r\n",
     NULL},
    {{.op = SYN_OP_ITEM_TTL, .has_ttl = true, .ttl_s = 5},
     SYN_TYPE_LIST,
     "POST /v1/Services/IS0123/Lists/SID1/Items/0\r\n",
     "Ttl=5"},
    {{.op = SYN_OP_PUBLISH, .data = "{}"},
     SYN_TYPE_STREAM,
     "POST /v1/Services/IS0123/Streams/SID1/Messages\r\n",
     "Data=%7B%7D"},
};

START_TEST(request_of_table_is_sent_with_its_form)
{
    char tail[256] = "";
    struct syn_thing thing = {
        .type = requests[_i].type, .sid = "SID1", .name = SYN_STR("../..")};
    struct syn_action action = requests[_i].action;
    action.on = &thing;
    struct syn_reply reply = syn_backend_do(backend, &action);
    ck_assert_int_eq(reply.status, SYN_OK);
    ck_assert_uint_eq(reply.http, 404);
    ck_assert_int_eq(reply.code, 20404);
    struct syn_str heard = fake_heard(bench.fake);
    ck_assert_msg(text_holds(heard, requests[_i].line), "%.*s",
                  SYN_STR_ARG(heard));
    (void)snprintf(tail, sizeof tail, "\r\n\r\n%s\n",
                   requests[_i].form == NULL ? "" : requests[_i].form);
    ck_assert_msg(text_holds(heard, tail), "%.*s", SYN_STR_ARG(heard));
    ck_assert_int_eq(fake_has_heard(bench.fake, "x-www-form-urlencoded"),
                     requests[_i].form != NULL);
    ck_assert_uint_eq(bench.acted, 1);
}
END_TEST

START_TEST(login_scenario_and_if_match_travel_as_headers)
{
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT, .sid = "ET1"};
    struct syn_action action = {
        .op = SYN_OP_UPDATE, .on = &doc, .data = "{}", .if_match = "1af"};
    (void)syn_backend_do(backend, &action);
    /* SKuser:pass word */
    ck_assert(fake_has_heard(bench.fake,
                             "Authorization: Basic U0t1c2VyOnBhc3Mgd29yZA=="));
    ck_assert(fake_has_heard(bench.fake, "X-Syn-Scenario: unit/row"));
    ck_assert(fake_has_heard(bench.fake, "If-Match: 1af"));
}
END_TEST

START_TEST(good_answer_fills_thing_and_reply)
{
    static const struct fake_rule rules[] = {
        {.match = "POST /v1/Services/IS0123/Documents ",
         .status = 500,
         .body = "{}"},
        {.match = "POST /v1/Services/IS0123/Documents",
         .status = 201,
         .header = "ETag: \"1f\"\r\nRetry-After: 9\r\n",
         .body = "{\"sid\":\"ET9\",\"revision\":\"1f\",\"n\":7}"}};
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT};
    struct syn_action action = {.op = SYN_OP_CREATE, .on = &doc};
    fake_script(bench.fake, rules, COUNT(rules));
    struct syn_reply reply = syn_backend_do(backend, &action);
    ck_assert(syn_reply_is_ok(&reply));
    ck_assert_str_eq(doc.sid, "ET9");
    ck_assert_str_eq(doc.revision, "1f");
    ck_assert(syn_str_is(reply.etag, "1f"));
    ck_assert_uint_eq(reply.retry_after_s, 9);
    ck_assert_int_eq(syn_reply_i64(&reply, "/n", -1), 7);
    ck_assert_int_eq(syn_reply_i64(&reply, "/sid", -1), -1);
    ck_assert(syn_str_is(syn_reply_str(&reply, "/sid"), "ET9"));
    ck_assert_uint_eq(syn_reply_str(&reply, "/n").bytes, 0);
    ck_assert(!syn_reply_has(&reply, "/data"));
    ck_assert_uint_gt(doc.canary.bytes, 8);
    ck_assert(text_holds(fake_heard(bench.fake), doc.canary.at));
}
END_TEST

START_TEST(refused_answer_teaches_nothing)
{
    static const struct fake_rule rules[] = {
        {.match = "POST", .status = 409, .body = "{\"sid\":\"ET9\"}"}};
    struct syn_thing doc = {.type = SYN_TYPE_DOCUMENT};
    struct syn_action action = {.op = SYN_OP_CREATE, .on = &doc};
    fake_script(bench.fake, rules, COUNT(rules));
    ck_assert_uint_eq(syn_backend_do(backend, &action).http, 409);
    ck_assert_str_eq(doc.sid, "");
}
END_TEST

START_TEST(permissions_name_object_and_encoded_identity)
{
    struct syn_thing map = {.type = SYN_TYPE_MAP, .sid = "MP1"};
    (void)syn_backend_grant(backend, &map, "a/n n",
                            SYN_RIGHT_READ | SYN_RIGHT_MANAGE);
    ck_assert(fake_has_heard(
        bench.fake, "POST /v1/Services/IS0123/Maps/MP1/Permissions/a%2Fn%20n"));
    ck_assert(fake_has_heard(bench.fake, "Read=true&Write=false&Manage=true"));
    (void)syn_backend_grant(backend, &map, "..", SYN_RIGHTS_NONE);
    ck_assert(fake_has_heard(bench.fake, "Permissions/%2E%2E"));
    ck_assert(
        fake_has_heard(bench.fake, "Read=false&Write=false&Manage=false"));
    (void)syn_backend_revoke(backend, &map, "ann");
    ck_assert(fake_has_heard(
        bench.fake, "DELETE /v1/Services/IS0123/Maps/MP1/Permissions/ann"));
    ck_assert_str_eq(syn_backend_path(backend, &map),
                     "/v1/Services/IS0123/Maps/MP1");
}
END_TEST

START_TEST(switch_posts_the_flag_to_the_service)
{
    (void)syn_backend_switch_acl(backend, true);
    ck_assert(fake_has_heard(bench.fake, "POST /v1/Services/IS0123\r\n"));
    ck_assert(fake_has_heard(bench.fake, "AclEnabled=true"));
    (void)syn_backend_switch_acl(backend, false);
    ck_assert(fake_has_heard(bench.fake, "AclEnabled=false"));
}
END_TEST

START_TEST(call_goes_below_v1_or_where_it_is_told)
{
    (void)syn_backend_call(backend, "GET", "/Services?PageSize=1", NULL, NULL);
    ck_assert(fake_has_heard(bench.fake, "GET /v1/Services?PageSize=1\r\n"));
    const char *url =
        syn_arena_printf(&bench.arena, "%s/v1/x/../y//z", bench.world.rest_url)
            .at;
    (void)syn_backend_call(backend, "GET", url, NULL, NULL);
    ck_assert(fake_has_heard(bench.fake, "GET /v1/x/../y//z\r\n"));
}
END_TEST

START_TEST(broken_connection_is_no_answer)
{
    static const struct fake_rule rules[] = {
        {.match = "GET", .act = FAKE_RESET},
        {.match = "DELETE", .act = FAKE_SILENCE}};
    bench.world.guard_ms = 200;
    fake_script(bench.fake, rules, COUNT(rules));
    struct syn_reply cut = syn_backend_call(backend, "GET", "/x", NULL, NULL);
    struct syn_reply mute =
        syn_backend_call(backend, "DELETE", "/x", NULL, NULL);
    ck_assert_int_ne(cut.status, SYN_OK);
    ck_assert_int_eq(mute.status, SYN_ERR_TIMEOUT);
    ck_assert(!syn_reply_is_denial(&cut));
}
END_TEST

START_TEST(rule_of_the_world_keeps_a_request_from_leaving)
{
    bench.refuse = "DELETE";
    ck_assert_int_eq(
        syn_backend_call(backend, "DELETE", "/x", NULL, NULL).status,
        SYN_ERR_REFUSED);
    ck_assert_uint_eq(fake_connections(bench.fake), 0);
    ck_assert_uint_eq(bench.sent_log.bytes, 0);
}
END_TEST

START_TEST(exchanges_are_recorded_both_ways)
{
    struct syn_reply reply =
        syn_backend_call(backend, "POST", "/x", "A=b", NULL);
    struct syn_str log = syn_buf_str(&bench.sent_log);
    ck_assert(text_holds(log, "> backend POST /v1/x|A=b\n"));
    ck_assert(text_holds(log, "< backend HTTP/1.1 404|{\"code\":20404}\n"));
    ck_assert_uint_eq(reply.exchange, 2);
}
END_TEST

Suite *suite_client_rest(void)
{
    Suite *suite = suite_create("client_rest");
    TCase *tcase = tcase_create("backend");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, request_of_table_is_sent_with_its_form, 0,
                        (int)COUNT(requests));
    tcase_add_test(tcase, login_scenario_and_if_match_travel_as_headers);
    tcase_add_test(tcase, good_answer_fills_thing_and_reply);
    tcase_add_test(tcase, refused_answer_teaches_nothing);
    tcase_add_test(tcase, permissions_name_object_and_encoded_identity);
    tcase_add_test(tcase, switch_posts_the_flag_to_the_service);
    tcase_add_test(tcase, call_goes_below_v1_or_where_it_is_told);
    tcase_add_test(tcase, broken_connection_is_no_answer);
    tcase_add_test(tcase, rule_of_the_world_keeps_a_request_from_leaving);
    tcase_add_test(tcase, exchanges_are_recorded_both_ways);
    suite_add_tcase(suite, tcase);
    return suite;
}
