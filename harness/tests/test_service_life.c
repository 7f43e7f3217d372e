/*
 * test_service_life.c - the connection below HTTP, the clock, the keyring as
 * the verifier sees it, seams, defects, and start and stop.
 */
#include "service_bench.h"

#include "net/http.h"
#include "service/seams.h"
#include "service/state.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_service_life(void);

#define DOCS     BENCH_ROOT "/Documents"
#define GUARD_MS 10000
/* "<account>:<token>" of the bench */
#define BASIC                                      \
    "Authorization: Basic "                        \
    "QUNhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh" \
    "YToxMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMQ==\r\n"

static struct bench bench;

static void start(void)
{
    bench_start(&bench, NULL, true);
}

static void stop(void)
{
    bench_stop(&bench);
}

static void expect(const struct bench_reply *reply, unsigned status,
                   int64_t code)
{
    ck_assert_msg(reply->status == status && reply->code == code,
                  "expected %u %lld, got %u: %.*s", status, (long long)code,
                  reply->status, SYN_STR_ARG(reply->body));
}

/* --- connections ---------------------------------------------------------- */

START_TEST(pipelined_requests_are_answered_in_order)
{
    struct bench_reply replies[4];
    const struct syn_str bytes =
        SYN_STR("POST " DOCS " HTTP/1.1\r\nHost: h\r\n" BASIC
                "Content-Type: application/x-www-form-urlencoded\r\n"
                "Content-Length: 12\r\n\r\nUniqueName=d"
                "GET " DOCS "/d HTTP/1.1\r\nHost: h\r\n" BASIC "\r\n"
                "DELETE " DOCS "/d HTTP/1.1\r\nHost: h\r\n" BASIC "\r\n"
                "GET " DOCS "/d HTTP/1.1\r\nHost: h\r\n" BASIC "\r\n");
    ck_assert_uint_eq(bench_exchange(&bench, bytes, 4, replies), 4);
    expect(&replies[0], 201, 0);
    expect(&replies[1], 200, 0);
    expect(&replies[2], 204, 0);
    expect(&replies[3], 404, 20404);
    ck_assert_uint_eq(syn_service_count(bench.service).rest_requests, 4);
}
END_TEST

static const struct {
    const char *request;
    unsigned status;
} last_words[] = {
    {"GET /v1/Services HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" BASIC
     "\r\n",
     200},
    {"GET /v1/Services HTTP/1.0\r\nHost: h\r\n" BASIC "\r\n", 200},
    {"GET /v1/Services HTTP/1.1\nHost: h\n\n", 400},
    {"GET /v1/Services HTTP/1.1\r\nHost : h\r\n\r\n", 400},
    {"POST /v1/Services HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
     "Content-Length: 2\r\n\r\nab",
     400},
    {"POST /v1/Services HTTP/1.1\r\nHost: h\r\n"
     "Content-Length: 10485760\r\n\r\n",
     413},
    {"\x16\x03\x01\x02hello\r\n\r\n", 400},
};

START_TEST(the_connection_ends_after_its_last_words)
{
    struct bench_reply replies[2];
    struct syn_str bytes = syn_str_of(last_words[_i].request);
    ck_assert_uint_eq(bench_exchange(&bench, bytes, 2, replies), 1);
    ck_assert_uint_eq(replies[0].status, last_words[_i].status);
    ck_assert(bench.had_end);
    ck_assert_str_eq(bench_header(&bench, &replies[0], "Connection"), "close");
}
END_TEST

START_TEST(an_oversized_head_is_refused_and_the_service_stays_up)
{
    struct syn_buf request;
    struct bench_reply reply = {.status = 0};
    syn_buf_init(&request, NULL, 131072);
    syn_buf_put_text(&request, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
    for (size_t i = 0; i < SYN_HTTP_HEAD_BYTES_MAX; i++) {
        syn_buf_put_byte(&request, 'x');
    }
    syn_buf_put_text(&request, "\r\n\r\n");
    ck_assert_uint_eq(bench_exchange(&bench, syn_buf_str(&request), 1, &reply),
                      1);
    syn_buf_fini(&request);
    ck_assert_uint_eq(reply.status, 431);
    reply = bench_call(&bench, "GET", "/v1/Services", NULL);
    expect(&reply, 200, 0);
}
END_TEST

static const char *const bad_hosts[] = {"Host: a/b\r\n", "Host: \r\n",
                                        "Host: a\"b\r\n", "Host: a?b\r\n"};

START_TEST(a_host_that_breaks_urls_is_refused)
{
    struct bench_reply reply = {.status = 0};
    struct syn_str request = syn_arena_printf(
        &bench.arena, "GET " DOCS " HTTP/1.1\r\n%s" BASIC "\r\n",
        bad_hosts[_i]);
    ck_assert_uint_eq(bench_exchange(&bench, request, 1, &reply), 1);
    ck_assert_uint_eq(reply.status, 400);
}
END_TEST

START_TEST(head_tells_a_length_and_sends_no_body)
{
    struct bench_reply replies[1];
    const struct syn_str request =
        SYN_STR("HEAD " DOCS
                " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" BASIC "\r\n");
    /* The reader waits for the body that HEAD does not send: none comes. */
    ck_assert_uint_eq(bench_exchange(&bench, request, 1, replies), 0);
    ck_assert(bench.had_end);
}
END_TEST

/* Half a request, or none at all: the deadline is a second of real time. */
static const char *const slow_words[] = {"GET /v1", ""};

START_TEST(a_slow_sender_is_dropped)
{
    const struct syn_service_setup hasty = {.handshake_s = 1};
    struct bench_reply reply = {.status = 0};
    struct bench slow;
    bench_start(&slow, &hasty, false);
    ck_assert_uint_eq(
        bench_exchange(&slow, syn_str_of(slow_words[_i]), 1, &reply), 0);
    ck_assert(slow.had_end);
    bench_stop(&slow);
}
END_TEST

static const struct {
    const char *target, *key;
    unsigned status;
} upgrades[] = {
    {"/v3/wsconnect", "dGhlIHNhbXBsZSBub25jZQ==", 101},
    {"/v3/wsconnect?token=x", "dGhlIHNhbXBsZSBub25jZQ==", 101},
    {"/v3/wsconnect/", "dGhlIHNhbXBsZSBub25jZQ==", 404},
    {"/v3/ws%63onnect", "dGhlIHNhbXBsZSBub25jZQ==", 404},
    {"/", "dGhlIHNhbXBsZSBub25jZQ==", 404},
    {"/v3/wsconnect", "short", 400},
};

START_TEST(one_path_alone_upgrades)
{
    struct bench_reply reply = {.status = 0};
    struct syn_str request =
        syn_arena_printf(&bench.arena,
                         "GET %s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
                         "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: %s\r\n\r\n",
                         upgrades[_i].target, upgrades[_i].key);
    ck_assert_uint_eq(bench_exchange(&bench, request, 1, &reply), 1);
    ck_assert_uint_eq(reply.status, upgrades[_i].status);
}
END_TEST

static void ignore_bytes(void *ctx, struct syn_stream *stream,
                         struct syn_str in)
{
    (void)ctx;
    (void)stream;
    (void)in;
}

static void mark_closed(void *ctx, struct syn_stream *stream,
                        enum syn_stream_end end, const char *reason)
{
    (void)stream;
    (void)end;
    (void)reason;
    *(bool *)ctx = true;
}

static bool is_connected(void *ctx)
{
    (void)ctx;
    return syn_service_count(bench.service).connections == 1;
}

static bool is_true(void *ctx)
{
    return *(bool *)ctx;
}

static const struct syn_stream_events idle_events = {.on_bytes = ignore_bytes,
                                                     .on_closed = mark_closed};

/* Virtual time: a jump of a day finds nobody dead; a stop drops everybody. */
START_TEST(an_idle_connection_survives_a_jump_and_ends_with_the_service)
{
    const struct syn_stream_target target = {
        .host = "127.0.0.1",
        .port = syn_service_port(bench.service),
        .guard_ms = GUARD_MS};
    bool is_closed = false;
    struct syn_stream *stream = NULL;
    ck_assert_int_eq(syn_stream_connect(bench.loop, &target, &idle_events,
                                        &is_closed, &stream),
                     SYN_OK);
    ck_assert(syn_loop_run_until(bench.loop, is_connected, NULL, GUARD_MS));
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, 86400000000, NULL, NULL),
                     SYN_OK);
    struct bench_reply reply = bench_call(&bench, "GET", DOCS, NULL);
    expect(&reply, 200, 0);
    ck_assert(!is_closed);
    syn_service_stop(bench.service);
    bench.service = NULL;
    ck_assert(syn_loop_run_until(bench.loop, is_true, &is_closed, GUARD_MS));
}
END_TEST

/* --- clock ---------------------------------------------------------------- */

START_TEST(the_clock_moves_by_request_and_expires_in_order)
{
    struct bench_reply reply =
        bench_call(&bench, "POST", DOCS, "UniqueName=d&Ttl=10");
    expect(&reply, 201, 0);
    reply = bench_call(&bench, "GET", "/_syncproof/clock", NULL);
    int64_t now_ms = bench_number(&reply, "/now_ms");
    ck_assert_int_eq(now_ms, syn_clock_now_ms(bench.clock));
    reply = bench_call(&bench, "POST", "/_syncproof/clock",
                       "{\"advance_ms\":9999}");
    ck_assert_int_eq(bench_number(&reply, "/now_ms"), now_ms + 9999);
    reply = bench_call(&bench, "GET", DOCS "/d", NULL);
    expect(&reply, 200, 0);
    char body[64];
    (void)snprintf(body, sizeof(body), "{\"set_ms\":%lld}",
                   (long long)now_ms + 10000);
    reply = bench_call(&bench, "POST", "/_syncproof/clock", body);
    ck_assert_int_eq(bench_number(&reply, "/now_ms"), now_ms + 10000);
    reply = bench_call(&bench, "GET", DOCS "/d", NULL);
    expect(&reply, 404, 20404);
}
END_TEST

START_TEST(a_real_clock_is_not_offered)
{
    struct bench real;
    bench_start(&real, NULL, false);
    struct bench_reply reply =
        bench_call(&real, "GET", "/_syncproof/clock", NULL);
    expect(&reply, 404, 20404);
    bench_stop(&real);
}
END_TEST

START_TEST(many_things_expire_at_once)
{
    for (int i = 0; i < 600; i++) {
        (void)bench_call(&bench, "POST", DOCS, "Ttl=60");
    }
    ck_assert_uint_eq(syn_model_count(syn_service_model(bench.service)).objects,
                      600);
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, 60000000, NULL, NULL),
                     SYN_OK);
    ck_assert_uint_eq(syn_model_count(syn_service_model(bench.service)).objects,
                      0);
}
END_TEST

START_TEST(a_purge_delay_keeps_expired_things_visible)
{
    const struct syn_service_setup lazy = {.purge_delay_ms = 5000};
    struct bench slow;
    bench_start(&slow, &lazy, true);
    (void)bench_call(&slow, "POST", DOCS, "UniqueName=d&Ttl=10");
    (void)bench_call(&slow, "POST", "/_syncproof/clock",
                     "{\"advance_ms\":14999}");
    struct bench_reply reply = bench_call(&slow, "GET", DOCS "/d", NULL);
    expect(&reply, 200, 0);
    reply = bench_call(&slow, "GET", DOCS "?HideExpired=true", NULL);
    ck_assert_uint_eq(syn_json_count(syn_json_member(reply.json, "documents")),
                      0);
    reply = bench_call(&slow, "POST", DOCS, "UniqueName=d");
    expect(&reply, 409, 54301);
    (void)bench_call(&slow, "POST", "/_syncproof/clock", "{\"advance_ms\":1}");
    reply = bench_call(&slow, "GET", DOCS "/d", NULL);
    expect(&reply, 404, 20404);
    bench_stop(&slow);
}
END_TEST

START_TEST(each_change_gets_a_ticket_and_a_read_none)
{
    uint64_t before = bench.marked;
    (void)bench_call(&bench, "GET", DOCS, NULL);
    ck_assert_uint_eq(bench.marked, before);
    (void)bench_call(&bench, "POST", DOCS, "");
    ck_assert_uint_eq(bench.marked, before + 1);
    (void)bench_call(&bench, "POST", DOCS, "Data=x");
    ck_assert_uint_eq(bench.marked, before + 1);
}
END_TEST

/* --- services ------------------------------------------------------------- */

START_TEST(accounts_do_not_see_each_other)
{
    struct bench_reply mine =
        bench_call(&bench, "POST", "/v1/Services", "FriendlyName=mine");
    expect(&mine, 201, 0);
    const char *sid = bench_text(&bench, &mine, "/sid");
    bench.user = OTHER_ACCOUNT;
    bench.password = OTHER_TOKEN;
    struct bench_reply all = bench_call(&bench, "GET", "/v1/Services", NULL);
    ck_assert_uint_eq(syn_json_count(syn_json_member(all.json, "services")), 1);
    ck_assert_str_eq(bench_text(&bench, &all, "/services/0/sid"),
                     OTHER_SERVICE);
    ck_assert_ptr_null(strstr(all.body.at, BENCH_ACCOUNT));
    char target[128];
    (void)snprintf(target, sizeof(target), "/v1/Services/%s", sid);
    struct bench_reply reply = bench_call(&bench, "GET", target, NULL);
    expect(&reply, 404, 20404);
    reply = bench_call(&bench, "DELETE", target, NULL);
    expect(&reply, 404, 20404);
}
END_TEST

START_TEST(a_service_takes_its_settings_one_by_one)
{
    struct bench_reply made = bench_call(
        &bench, "POST", "/v1/Services",
        "FriendlyName=n&AclEnabled=true&ReachabilityDebouncingWindow=2000");
    expect(&made, 201, 0);
    const char *target = bench_target(bench_text(&bench, &made, "/url"));
    struct bench_reply reply =
        bench_call(&bench, "POST", target, "AclEnabled=false");
    ck_assert_ptr_nonnull(strstr(reply.body.at, "\"acl_enabled\":false"));
    ck_assert_str_eq(bench_text(&bench, &reply, "/friendly_name"), "n");
    ck_assert_int_eq(bench_number(&reply, "/reachability_debouncing_window"),
                     2000);
    ck_assert_ptr_nonnull(strstr(reply.body.at, "\"webhook_url\":null"));
    struct bench_reply documents = bench_call(
        &bench, "GET",
        bench_target(bench_text(&bench, &reply, "/links/documents")), NULL);
    expect(&documents, 200, 0);
    reply = bench_call(&bench, "DELETE", target, NULL);
    expect(&reply, 204, 0);
    reply = bench_call(&bench, "GET", target, NULL);
    expect(&reply, 404, 20404);
}
END_TEST

START_TEST(a_configured_base_replaces_the_host)
{
    const struct syn_service_setup setup = {.base_url = "https://sync.test/"};
    struct bench other;
    bench_start(&other, &setup, true);
    struct bench_reply reply =
        bench_call(&other, "GET", "/v1/Services/default", NULL);
    ck_assert_str_eq(bench_text(&other, &reply, "/url"),
                     "https://sync.test/v1/Services/" BENCH_SERVICE);
    bench_stop(&other);
}
END_TEST

/* --- keyring, seams, defects, start --------------------------------------- */

START_TEST(the_verifier_finds_keys_and_services)
{
    struct syn_verify_env env;
    struct syn_verify_key key;
    syn_keyring_env(bench.service, &env);
    ck_assert_int_eq(env.now_s, syn_clock_now_s(bench.clock));
    ck_assert(env.find_key(env.ctx, SYN_STR(BENCH_KEY), &key));
    ck_assert(key.can_mint);
    ck_assert_str_eq(key.account_sid, BENCH_ACCOUNT);
    ck_assert(syn_str_is(key.secret, BENCH_SECRET));
    ck_assert(env.find_key(env.ctx, SYN_STR(BENCH_LIMITED), &key));
    ck_assert(!key.can_mint);
    ck_assert(env.find_key(env.ctx, SYN_STR(BENCH_GONE), &key));
    ck_assert(!key.can_mint);
    ck_assert(!env.find_key(env.ctx, SYN_STR("SK0"), &key));
    ck_assert(
        env.has_service(env.ctx, SYN_STR(BENCH_ACCOUNT), SYN_STR("default")));
    ck_assert(env.has_service(env.ctx, SYN_STR(BENCH_ACCOUNT),
                              SYN_STR(BENCH_SERVICE)));
    ck_assert(!env.has_service(env.ctx, SYN_STR(BENCH_ACCOUNT),
                               SYN_STR(OTHER_SERVICE)));
    ck_assert(!env.has_service(env.ctx, SYN_STR("AC0"), SYN_STR("default")));
}
END_TEST

START_TEST(each_defect_changes_the_seams)
{
    size_t count = 0;
    for (const struct syn_defect *defect = syn_defect_at(0); defect != NULL;
         defect = syn_defect_at(++count)) {
        struct syn_seams sound, planted;
        memset(&sound, 0, sizeof(sound));
        syn_seams_init(&sound);
        sound.rules.readings.etag = SYN_ETAG_BARE; /* started with readings */
        memcpy(&planted, &sound, sizeof(sound));
        defect->plant(&planted);
        /* Copied with its padding. NOLINTNEXTLINE(*-memory-comparison) */
        ck_assert_msg(memcmp(&sound, &planted, sizeof(sound)) != 0,
                      "%s changes nothing", defect->name);
        ck_assert_ptr_eq(syn_defect_find(defect->name), defect);
    }
    ck_assert_uint_ge(count, 6);
}
END_TEST

START_TEST(a_planted_defect_shows)
{
    const struct syn_service_setup setup = {.defect = "ttl-never-removes"};
    struct bench broken;
    bench_start(&broken, &setup, true);
    (void)bench_call(&broken, "POST", DOCS, "UniqueName=d&Ttl=10");
    /* A year in one jump: fruitless sweeps must stay few. */
    ck_assert_int_eq(
        syn_clock_advance_us(broken.clock, 31536000000000, NULL, NULL), SYN_OK);
    struct bench_reply reply = bench_call(&broken, "GET", DOCS "/d", NULL);
    expect(&reply, 200, 0);
    bench_stop(&broken);
}
END_TEST

static const struct syn_account_setup bad_accounts[][2] = {
    {{.sid = "AC0", .auth_token = "t"}},
    {{.sid = BENCH_SERVICE, .auth_token = "t"}},
    {{.sid = BENCH_ACCOUNT}},
    {{.sid = BENCH_ACCOUNT, .auth_token = "t", .service_sid = "IS0"}},
    {{.sid = BENCH_ACCOUNT, .auth_token = "t"},
     {.sid = BENCH_ACCOUNT, .auth_token = "t"}},
};

START_TEST(a_bad_setup_is_refused)
{
    struct syn_service *service = NULL;
    struct syn_service_setup setup = {.accounts = bad_accounts[_i]};
    setup.account_count = bad_accounts[_i][1].sid == NULL ? 1 : 2;
    ck_assert_int_eq(syn_service_start(bench.loop, &setup, &service),
                     SYN_ERR_CONFIG);
    ck_assert_ptr_null(service);
}
END_TEST

START_TEST(an_unknown_defect_is_refused)
{
    const struct syn_account_setup account = {.sid = OTHER_ACCOUNT,
                                              .auth_token = "t"};
    const struct syn_service_setup setup = {
        .accounts = &account, .account_count = 1, .defect = "no-such-defect"};
    struct syn_service *service = NULL;
    ck_assert_int_eq(syn_service_start(bench.loop, &setup, &service),
                     SYN_ERR_CONFIG);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *suite_service_life(void)
{
    Suite *suite = suite_create("service_life");
    TCase *tcase = tcase_create("life");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, pipelined_requests_are_answered_in_order);
    tcase_add_loop_test(tcase, the_connection_ends_after_its_last_words, 0,
                        COUNT(last_words));
    tcase_add_test(tcase,
                   an_oversized_head_is_refused_and_the_service_stays_up);
    tcase_add_loop_test(tcase, a_host_that_breaks_urls_is_refused, 0,
                        COUNT(bad_hosts));
    tcase_add_test(tcase, head_tells_a_length_and_sends_no_body);
    tcase_add_loop_test(tcase, a_slow_sender_is_dropped, 0, COUNT(slow_words));
    tcase_add_loop_test(tcase, one_path_alone_upgrades, 0, COUNT(upgrades));
    tcase_add_test(
        tcase, an_idle_connection_survives_a_jump_and_ends_with_the_service);
    tcase_add_test(tcase, the_clock_moves_by_request_and_expires_in_order);
    tcase_add_test(tcase, a_real_clock_is_not_offered);
    tcase_add_test(tcase, many_things_expire_at_once);
    tcase_add_test(tcase, a_purge_delay_keeps_expired_things_visible);
    tcase_add_test(tcase, each_change_gets_a_ticket_and_a_read_none);
    tcase_add_test(tcase, accounts_do_not_see_each_other);
    tcase_add_test(tcase, a_service_takes_its_settings_one_by_one);
    tcase_add_test(tcase, a_configured_base_replaces_the_host);
    tcase_add_test(tcase, the_verifier_finds_keys_and_services);
    tcase_add_test(tcase, each_defect_changes_the_seams);
    tcase_add_test(tcase, a_planted_defect_shows);
    tcase_add_loop_test(tcase, a_bad_setup_is_refused, 0, COUNT(bad_accounts));
    tcase_add_test(tcase, an_unknown_defect_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
