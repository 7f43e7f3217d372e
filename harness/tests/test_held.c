/*
 * test_held.c - nothing is told before it is kept, and nothing else waits.
 */
#include "base/base64.h"
#include "base/buf.h"
#include "live_bench.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_held(void);

static struct bench bench;

static void start(void)
{
    bench_start(&bench, NULL, true);
    ck_assert_uint_eq(bench_call(&bench, "POST", BENCH_ROOT "/Documents",
                                 "UniqueName=one&Data=%7B%7D")
                          .status,
                      201);
    ck_assert_uint_eq(bench_call(&bench, "POST", BENCH_ROOT "/Documents",
                                 "UniqueName=two&Data=%7B%7D")
                          .status,
                      201);
}

static void stop(void)
{
    bench_stop(&bench);
}

static void hold(void)
{
    bench.kept = bench.marked;
    bench.holds = true;
}

static const char *send_update(struct live_peer *peer, const char *name,
                               const char *data)
{
    char members[512];
    (void)snprintf(members, sizeof members,
                   "\"method\":\"message\",\"http_request\":{\"host\":\"%s\","
                   "\"path\":\"" LIVE_ROOT "/Documents/%s\","
                   "\"method\":\"POST\",\"params\":{},\"headers\":"
                   "{\"content-type\":\"application/json\"}},"
                   "\"active_grant\":\"data_sync\","
                   "\"payload_type\":\"application/json\"",
                   LIVE_HOST, name);
    return live_send(peer, members, data);
}

static const char *sid_of(const char *name)
{
    char path[128];
    static char sid[64];
    (void)snprintf(path, sizeof path, BENCH_ROOT "/Documents/%s", name);
    struct bench_reply reply = bench_call(&bench, "GET", path, NULL);
    struct syn_str text = syn_json_str(syn_json_member(reply.json, "sid"),
                                       (struct syn_str){NULL, 0});
    (void)snprintf(sid, sizeof sid, "%.*s", SYN_STR_ARG(text));
    return sid;
}

START_TEST(a_change_is_told_to_nobody_before_it_is_kept)
{
    struct live_peer *writer = live_login(&bench, "ann", 3600);
    struct live_peer *hearer = live_login(&bench, "bob", 3600);
    struct live_peer *other = live_login(&bench, "cid", 3600);
    (void)live_subscribe(hearer, sid_of("one"), "document", "0");
    hold();
    const char *id = send_update(writer, "one", "{\"data\":{\"n\":1}}");
    /* Fences of another connection: the update was read in the meantime. */
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(
            live_call(other, "GET", LIVE_ROOT "/Documents/two", "", "").status,
            200);
    }
    ck_assert_uint_gt(bench.marked, bench.kept);
    ck_assert_uint_eq(live_pending(writer, "reply"), 0);
    ck_assert_uint_eq(live_pending(hearer, "notification"), 0);
    bench.kept = bench.marked;
    const struct syn_json *reply = live_reply(writer, id);
    ck_assert_int_eq(live_number(reply, "/http_status/code"), 200);
    const struct live_frame *event = live_take(hearer, "notification");
    ck_assert_int_eq(live_number(event->payload, "/event/document_data/n"), 1);
    live_close(writer);
    live_close(hearer);
    live_close(other);
}
END_TEST

START_TEST(a_read_of_what_is_not_kept_waits_and_keeps_its_place)
{
    struct live_peer *writer = live_login(&bench, "ann", 3600);
    struct live_peer *reader = live_login(&bench, "bob", 3600);
    struct live_peer *other = live_login(&bench, "cid", 3600);
    char members[256];
    hold();
    const char *update = send_update(writer, "one", "{\"data\":{\"n\":2}}");
    (void)live_call(other, "GET", LIVE_ROOT "/Documents/two", "", "");
    (void)live_call(other, "GET", LIVE_ROOT "/Documents/two", "", "");
    (void)snprintf(members, sizeof members,
                   "\"method\":\"message\",\"http_request\":{\"host\":\"%s\","
                   "\"path\":\"" LIVE_ROOT "/Documents/one\","
                   "\"method\":\"GET\",\"params\":{},\"headers\":{}},"
                   "\"active_grant\":\"data_sync\"",
                   LIVE_HOST);
    const char *read = live_send(reader, members, "");
    /* Behind it on the same connection: a frame that needs no ticket. */
    const char *ping =
        live_send(reader, "\"method\":\"update\",\"token\":\"x\"", "");
    (void)live_call(other, "GET", LIVE_ROOT "/Documents/two", "", "");
    (void)live_call(other, "GET", LIVE_ROOT "/Documents/two", "", "");
    ck_assert_uint_eq(live_pending(reader, "reply"), 0);
    bench.kept = bench.marked;
    ck_assert_int_eq(live_number(live_reply(reader, read), "/http_status/code"),
                     200);
    (void)live_reply(reader, ping);
    (void)live_reply(writer, update);
    live_close(writer);
    live_close(reader);
    live_close(other);
}
END_TEST

/* The second request needs no ticket and must not overtake the first. */
START_TEST(a_pipeline_of_replies_keeps_its_order_while_it_waits)
{
    struct bench_reply replies[2];
    struct syn_buf text;
    syn_buf_init(&text, NULL, 4096);
    syn_buf_put_text(&text, "POST " BENCH_ROOT "/Documents/one HTTP/1.1\r\n"
                            "Host: h\r\nAuthorization: Basic ");
    syn_base64_put(&text, SYN_BASE64, SYN_STR(BENCH_ACCOUNT ":" BENCH_TOKEN));
    syn_buf_put_text(&text,
                     "\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                     "Content-Length: 27\r\n\r\nData=%7B%22n%22%3A3%7D&Ttl=0"
                     "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n");
    hold();
    bench.turns_to_keep = 5;
    ck_assert_uint_eq(bench_exchange(&bench, syn_buf_str(&text), 2, replies),
                      2);
    ck_assert_uint_eq(bench.turns_to_keep, 0);
    ck_assert_uint_eq(replies[0].status, 200);
    ck_assert_uint_eq(replies[1].status, 404);
    syn_buf_fini(&text);
}
END_TEST

START_TEST(what_waited_for_a_failed_commit_is_answered_500)
{
    struct live_peer *writer = live_login(&bench, "ann", 3600);
    struct live_peer *hearer = live_login(&bench, "bob", 3600);
    (void)live_subscribe(hearer, sid_of("one"), "document", "0");
    bench.fails_at_mark = true;
    const char *id = send_update(writer, "one", "{\"data\":{\"n\":4}}");
    const struct syn_json *reply = live_reply(writer, id);
    ck_assert_int_eq(live_number(reply, "/http_status/code"), 500);
    live_fence(hearer);
    ck_assert_uint_eq(live_pending(hearer, "notification"), 0);
    live_close(writer);
    live_close(hearer);
}
END_TEST

START_TEST(a_rest_reply_that_waited_for_a_failed_commit_is_500_and_the_end)
{
    bench.fails_at_mark = true;
    struct bench_reply reply =
        bench_call(&bench, "POST", BENCH_ROOT "/Documents/one", "Data=%7B%7D");
    ck_assert_uint_eq(reply.status, 500);
    ck_assert_int_eq(reply.code, 20500);
}
END_TEST

START_TEST(after_a_failed_commit_writes_are_503_and_kept_things_are_read)
{
    bench.fails_at_mark = true;
    ck_assert_uint_eq(bench_call(&bench, "POST", BENCH_ROOT "/Documents/one",
                                 "Data=%7B%22n%22%3A5%7D")
                          .status,
                      500);
    const uint64_t marked = bench.marked;
    struct bench_reply reply =
        bench_call(&bench, "POST", BENCH_ROOT "/Documents/two", "Data=%7B%7D");
    ck_assert_uint_eq(reply.status, 503);
    ck_assert_int_eq(reply.code, 20503);
    ck_assert_uint_eq(bench.marked, marked);
    ck_assert_uint_eq(
        bench_call(&bench, "GET", BENCH_ROOT "/Documents/two", NULL).status,
        200);
    /* Its newest state is one that the file will never know. */
    ck_assert_uint_eq(
        bench_call(&bench, "GET", BENCH_ROOT "/Documents/one", NULL).status,
        503);
}
END_TEST

Suite *suite_held(void)
{
    Suite *suite = suite_create("held");
    TCase *tcase = tcase_create("held");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, a_change_is_told_to_nobody_before_it_is_kept);
    tcase_add_test(tcase, a_read_of_what_is_not_kept_waits_and_keeps_its_place);
    tcase_add_test(tcase, a_pipeline_of_replies_keeps_its_order_while_it_waits);
    tcase_add_test(tcase, what_waited_for_a_failed_commit_is_answered_500);
    tcase_add_test(
        tcase, a_rest_reply_that_waited_for_a_failed_commit_is_500_and_the_end);
    tcase_add_test(
        tcase, after_a_failed_commit_writes_are_503_and_kept_things_are_read);
    suite_add_tcase(suite, tcase);
    return suite;
}
