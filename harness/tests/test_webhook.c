/*
 * test_webhook.c - what is posted, when, that it is signed, and that no
 * sink can hold the service up. Webhooks of one service come in order, so that
 * absence is proven by the next one (fence).
 */
#include "client/world.h"
#include "live_bench.h"
#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_webhook(void);

#define HOUR_S      3600
#define S_US        1000000
#define GUARD_MS    10000
#define WINDOW_MS   2000
#define DOCS        "/v3/Documents"
#define BURST_COUNT 20

static struct bench bench;
static struct live_peer *peer;
static struct syn_world world;
static struct syn_sink *sink;

static void start_with(const struct syn_service_setup *setup, bool is_virtual,
                       const struct syn_sink_options *options)
{
    char form[256];
    ck_assert_int_eq(syn_curl_global_init(), SYN_OK);
    bench_start(&bench, setup, is_virtual);
    world = (struct syn_world){
        .loop = bench.loop, .arena = &bench.arena, .guard_ms = GUARD_MS};
    ck_assert_int_eq(syn_sink_new(&world, options, &sink), SYN_OK);
    (void)snprintf(form, sizeof(form), "WebhookUrl=%s", syn_sink_url(sink));
    ck_assert_uint_eq(bench_call(&bench, "POST", BENCH_ROOT, form).status, 200);
    peer = live_login(&bench, "alice", HOUR_S);
}

static void start(void)
{
    start_with(NULL, true, NULL);
}

static void stop(void)
{
    live_close(peer);
    peer = NULL;
    syn_sink_free(sink);
    bench_stop(&bench);
    syn_curl_global_fini();
}

static struct live_answer call(const char *method, const char *path,
                               const char *payload)
{
    struct live_answer answer = live_call(peer, method, path, "", payload);
    ck_assert_int_lt(answer.status, 300);
    return answer;
}

static void configure(const char *form)
{
    ck_assert_uint_eq(bench_call(&bench, "POST", BENCH_ROOT, form).status, 200);
}

static void advance_ms(int64_t ms)
{
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, ms * 1000, NULL, NULL),
                     SYN_OK);
}

static const char *param(const struct syn_sink_record *record, const char *name)
{
    const struct syn_str value = syn_sink_param(record, name);
    ck_assert_msg(value.at != NULL, "no %s in %.*s", name,
                  SYN_STR_ARG(record->body));
    return value.at;
}

static bool lacks(const struct syn_sink_record *record, const char *name)
{
    return syn_sink_param(record, name).at == NULL;
}

/* The next webhook is the n-th and tells of this event. */
static const struct syn_sink_record *expect_event(size_t index,
                                                  const char *event_type)
{
    ck_assert_msg(syn_sink_await(sink, index + 1), "no webhook %zu: %s", index,
                  event_type);
    const struct syn_sink_record *record = syn_sink_at(sink, index);
    ck_assert_str_eq(param(record, "EventType"), event_type);
    return record;
}

static bool has_sessions(void *ctx)
{
    return syn_service_count(bench.service).sessions == *(size_t *)ctx;
}

/* Cut a connection; the service has seen it afterwards. */
static void leave(struct live_peer *who)
{
    size_t left = syn_service_count(bench.service).sessions - 1;
    live_close(who);
    ck_assert(syn_loop_run_until(bench.loop, has_sessions, &left, GUARD_MS));
}

static bool has_settled(void *ctx)
{
    (void)ctx;
    return syn_service_count(bench.service).hooks_pending == 0;
}

static struct syn_service_counts settle(void)
{
    ck_assert(syn_loop_run_until(bench.loop, has_settled, NULL, GUARD_MS));
    return syn_service_count(bench.service);
}

/* --- what is told --------------------------------------------------------- */

START_TEST(a_document_of_an_sdk_user_is_told_with_all_parameters)
{
    (void)call("POST", DOCS, "{\"unique_name\":\"d & é\",\"data\":{\"n\":1}}");
    const struct syn_sink_record *made = expect_event(0, "document_created");
    ck_assert_str_eq(param(made, "AccountSid"), BENCH_ACCOUNT);
    ck_assert_str_eq(param(made, "ServiceSid"), BENCH_SERVICE);
    ck_assert_str_eq(param(made, "Identity"), "alice");
    ck_assert_uint_eq(strlen(param(made, "EndpointId")), 32);
    ck_assert_str_eq(param(made, "DocumentUniqueName"), "d & é");
    ck_assert_str_eq(param(made, "DocumentRevision"), "0");
    ck_assert_str_eq(param(made, "DocumentData"), "{\"n\":1}");
    ck_assert(syn_str_is(made->method, "POST"));
    const char *sid = param(made, "DocumentSid");
    char path[80];
    (void)snprintf(path, sizeof(path), DOCS "/%s", sid);
    (void)call("POST", path, "{\"data\":{\"n\":2}}");
    const struct syn_sink_record *set = expect_event(1, "document_updated");
    ck_assert_str_eq(param(set, "DocumentData"), "{\"n\":2}");
    ck_assert_str_eq(param(set, "DocumentRevision"), "1");
    ck_assert_str_eq(param(set, "EndpointId"), param(made, "EndpointId"));
    (void)call("DELETE", path, "");
    const struct syn_sink_record *gone = expect_event(2, "document_removed");
    ck_assert_str_eq(param(gone, "DocumentSid"), sid);
    ck_assert(lacks(gone, "DocumentData"));
}
END_TEST

START_TEST(every_post_carries_a_signature_that_verifies)
{
    static const struct syn_str token = {BENCH_TOKEN, sizeof(BENCH_TOKEN) - 1};
    char form[256];
    (void)call("POST", DOCS, "{\"data\":{\"a\":\"+&=%\"}}");
    const struct syn_sink_record *plain = expect_event(0, "document_created");
    ck_assert(syn_sink_is_signed(sink, plain, NULL, token));
    ck_assert(!syn_sink_is_signed(sink, plain, NULL, SYN_STR(OTHER_TOKEN)));
    ck_assert(!syn_sink_is_signed(sink, plain, "http://127.0.0.1/", token));
    /* The query belongs to the URL that is signed. */
    (void)snprintf(form, sizeof(form), "WebhookUrl=%s?a=1%%26b=2",
                   syn_sink_url(sink));
    configure(form);
    (void)call("POST", DOCS, "{\"data\":{}}");
    const struct syn_sink_record *query = expect_event(1, "document_created");
    ck_assert(syn_str_is(query->target, "/hook?a=1&b=2"));
    char url[256];
    (void)snprintf(url, sizeof(url), "%s?a=1&b=2", syn_sink_url(sink));
    ck_assert(syn_sink_is_signed(sink, query, url, token));
    ck_assert(!syn_sink_is_signed(sink, query, NULL, token));
}
END_TEST

/* Containers and their items, in order, with event ids that grow. */
START_TEST(lists_and_their_items_are_told_apart)
{
    (void)call("POST", "/v3/Lists", "{\"unique_name\":\"l\"}");
    const struct syn_sink_record *made = expect_event(0, "list_created");
    ck_assert_str_eq(param(made, "ListUniqueName"), "l");
    ck_assert_str_eq(param(made, "ListRevision"), "0");
    ck_assert(lacks(made, "EventId"));
    (void)call("POST", "/v3/Lists/l/Items", "{\"data\":{\"n\":1}}");
    const struct syn_sink_record *added = expect_event(1, "list_item_added");
    ck_assert_str_eq(param(added, "ItemIndex"), "0");
    ck_assert_str_eq(param(added, "ItemData"), "{\"n\":1}");
    ck_assert_str_eq(param(added, "ListSid"), param(made, "ListSid"));
    ck_assert_str_eq(param(added, "ListUniqueName"), "l");
    ck_assert_str_eq(param(added, "ListRevision"), "1");
    (void)call("POST", "/v3/Lists/l/Items/0", "{\"data\":{\"n\":2}}");
    const struct syn_sink_record *set = expect_event(2, "list_item_updated");
    ck_assert_str_eq(param(set, "ItemData"), "{\"n\":2}");
    ck_assert_str_ne(param(set, "ItemRevision"), param(added, "ItemRevision"));
    (void)call("DELETE", "/v3/Lists/l/Items/0", "");
    (void)expect_event(3, "list_item_removed");
    (void)call("DELETE", "/v3/Lists/l", "");
    const struct syn_sink_record *gone = expect_event(4, "list_removed");
    ck_assert(lacks(gone, "ItemIndex"));
}
END_TEST

START_TEST(event_ids_of_a_map_grow_strictly)
{
    long last = -1;
    (void)call("POST", "/v3/Maps", "{\"unique_name\":\"m\"}");
    (void)call("POST", "/v3/Maps/m/Items", "{\"key\":\"a/b\",\"data\":{}}");
    for (int i = 0; i < 8; i++) {
        (void)call("POST", "/v3/Maps/m/Items/a%2Fb", "{\"data\":{\"n\":1}}");
    }
    (void)call("DELETE", "/v3/Maps/m/Items/a%2Fb", "");
    (void)expect_event(0, "map_created");
    for (size_t i = 1; i <= 10; i++) {
        const struct syn_sink_record *record =
            expect_event(i, i == 1    ? "map_item_added"
                            : i == 10 ? "map_item_removed"
                                      : "map_item_updated");
        long id = -1;
        ck_assert_int_eq(sscanf(param(record, "EventId"), "%ld", &id), 1);
        ck_assert_int_gt(id, last);
        last = id;
        ck_assert_str_eq(param(record, "ItemKey"), "a/b");
        ck_assert(lacks(record, "ItemIndex"));
        ck_assert_str_eq(param(record, "MapUniqueName"), "m");
    }
}
END_TEST

START_TEST(streams_and_their_messages_are_told)
{
    (void)call("POST", "/v3/Streams", "{}");
    const struct syn_sink_record *made = expect_event(0, "stream_created");
    ck_assert_str_eq(param(made, "StreamUniqueName"), "");
    char path[80];
    (void)snprintf(path, sizeof(path), "/v3/Streams/%s/Messages",
                   param(made, "StreamSid"));
    (void)call("POST", path, "{\"data\":{\"hi\":1}}");
    const struct syn_sink_record *said =
        expect_event(1, "stream_message_published");
    ck_assert_str_eq(param(said, "StreamMessageData"), "{\"hi\":1}");
    ck_assert_int_eq(strncmp(param(said, "StreamMessageSid"), "TZ", 2), 0);
    ck_assert(lacks(said, "StreamRevision"));
}
END_TEST

/* --- what is not ---------------------------------------------------------- */

START_TEST(rest_changes_are_told_only_when_enabled)
{
    const char *target = BENCH_ROOT "/Documents";
    ck_assert_uint_eq(bench_call(&bench, "POST", target, "UniqueName=a").status,
                      201);
    (void)call("POST", DOCS, "{\"unique_name\":\"b\"}");
    const struct syn_sink_record *fence = expect_event(0, "document_created");
    ck_assert_str_eq(param(fence, "DocumentUniqueName"), "b");
    configure("WebhooksFromRestEnabled=true");
    ck_assert_uint_eq(bench_call(&bench, "POST", target, "UniqueName=c").status,
                      201);
    const struct syn_sink_record *told = expect_event(1, "document_created");
    ck_assert_str_eq(param(told, "Identity"), "system");
    ck_assert(lacks(told, "EndpointId"));
    ck_assert_str_eq(param(told, "DocumentUniqueName"), "c");
    configure("WebhooksFromRestEnabled=false");
    ck_assert_uint_eq(bench_call(&bench, "POST", target, "UniqueName=e").status,
                      201);
    (void)call("DELETE", DOCS "/b", "");
    (void)expect_event(2, "document_removed");
}
END_TEST

START_TEST(a_denied_operation_is_not_told)
{
    configure("AclEnabled=true");
    (void)call("POST", DOCS, "{\"unique_name\":\"mine\"}");
    (void)expect_event(0, "document_created");
    struct live_peer *bob = live_login(&bench, "bob", HOUR_S);
    const struct live_answer denied =
        live_call(bob, "POST", DOCS "/mine", "", "{\"data\":{\"x\":1}}");
    ck_assert_int_eq(denied.code, 54007);
    (void)call("POST", DOCS "/mine", "{\"data\":{\"x\":2}}");
    const struct syn_sink_record *fence = expect_event(1, "document_updated");
    ck_assert_str_eq(param(fence, "Identity"), "alice");
    live_close(bob);
}
END_TEST

START_TEST(what_a_ttl_removes_is_not_told)
{
    (void)call("POST", DOCS, "{\"unique_name\":\"d\",\"ttl\":60}");
    (void)expect_event(0, "document_created");
    advance_ms(61000);
    ck_assert_uint_eq(
        bench_call(&bench, "GET", BENCH_ROOT "/Documents/d", NULL).status, 404);
    (void)call("POST", "/v3/Lists", "{}");
    (void)expect_event(1, "list_created");
}
END_TEST

START_TEST(without_a_url_nothing_is_posted)
{
    configure("WebhookUrl=&ReachabilityWebhooksEnabled=true");
    (void)call("POST", DOCS, "{}");
    const struct syn_service_counts counts = settle();
    ck_assert_uint_eq(counts.hooks_posted + counts.hooks_failed, 0);
    ck_assert_uint_eq(syn_sink_count(sink), 0);
}
END_TEST

/* --- reachability --------------------------------------------------------- */

START_TEST(endpoints_are_told_only_when_enabled)
{
    struct live_peer *bob = live_login(&bench, "bob", HOUR_S);
    leave(bob);
    (void)call("POST", "/v3/Lists", "{}");
    (void)expect_event(0, "list_created"); /* and nothing before it */
    configure("ReachabilityWebhooksEnabled=true");
    bob = live_login(&bench, "bob", HOUR_S);
    const struct syn_sink_record *came = expect_event(1, "endpoint_connected");
    ck_assert_str_eq(param(came, "Identity"), "bob");
    ck_assert_uint_eq(strlen(param(came, "EndpointId")), 32);
    ck_assert_str_eq(param(came, "ServiceSid"), BENCH_SERVICE);
    leave(bob);
    const struct syn_sink_record *left =
        expect_event(2, "endpoint_disconnected");
    ck_assert_str_eq(param(left, "EndpointId"), param(came, "EndpointId"));
    ck_assert_str_eq(param(left, "Identity"), "bob");
}
END_TEST

static void debounce(void)
{
    configure("ReachabilityWebhooksEnabled=true&"
              "ReachabilityDebouncingEnabled=true&"
              "ReachabilityDebouncingWindow=2000");
}

START_TEST(a_reconnect_inside_the_window_hushes_the_disconnect)
{
    debounce();
    struct live_peer *bob = live_login(&bench, "bob", HOUR_S);
    (void)expect_event(0, "endpoint_connected");
    leave(bob);
    advance_ms(WINDOW_MS - 1);
    bob = live_login(&bench, "bob", HOUR_S); /* another endpoint of his */
    const struct syn_sink_record *again = expect_event(1, "endpoint_connected");
    ck_assert_str_ne(param(again, "EndpointId"),
                     param(syn_sink_at(sink, 0), "EndpointId"));
    advance_ms(10 * WINDOW_MS);
    (void)call("POST", "/v3/Lists", "{}");
    (void)expect_event(2, "list_created");
    live_close(bob);
}
END_TEST

START_TEST(without_a_reconnect_the_disconnect_is_told_when_the_window_ends)
{
    debounce();
    struct live_peer *bob = live_login(&bench, "bob", HOUR_S);
    const struct syn_sink_record *came = expect_event(0, "endpoint_connected");
    leave(bob);
    advance_ms(WINDOW_MS - 1);
    /* Another identity hushes nothing. */
    struct live_peer *eve = live_login(&bench, "eve", HOUR_S);
    (void)expect_event(1, "endpoint_connected");
    advance_ms(1);
    const struct syn_sink_record *left =
        expect_event(2, "endpoint_disconnected");
    ck_assert_str_eq(param(left, "EndpointId"), param(came, "EndpointId"));
    bob = live_login(&bench, "bob", HOUR_S);
    (void)expect_event(3, "endpoint_connected");
    live_close(bob);
    live_close(eve);
}
END_TEST

START_TEST(with_debouncing_off_the_disconnect_is_told_at_once)
{
    configure("ReachabilityWebhooksEnabled=true&"
              "ReachabilityDebouncingWindow=2000");
    struct live_peer *bob = live_login(&bench, "bob", HOUR_S);
    leave(bob);
    bob = live_login(&bench, "bob", HOUR_S);
    (void)expect_event(0, "endpoint_connected");
    (void)expect_event(1, "endpoint_disconnected");
    (void)expect_event(2, "endpoint_connected");
    live_close(bob);
}
END_TEST

START_TEST(a_resumed_session_is_the_same_endpoint)
{
    configure("ReachabilityWebhooksEnabled=true");
    struct live_peer *bob = live_open(&bench);
    const struct syn_json *first =
        live_init(bob, live_token(&bench, "bob", HOUR_S));
    const char *token = live_text(bob, first, "/continuation_token");
    leave(bob);
    bob = live_open(&bench);
    const struct syn_str members = syn_arena_printf(
        &bench.arena,
        "\"method\":\"init\",\"token\":\"%.*s\",\"continuation_token\":\"%s\","
        "\"capabilities\":[\"client_update\"]",
        SYN_STR_ARG(live_token(&bench, "bob", HOUR_S)), token);
    (void)live_reply(bob, live_send(bob, members.at, ""));
    const struct syn_sink_record *came = expect_event(0, "endpoint_connected");
    (void)expect_event(1, "endpoint_disconnected");
    const struct syn_sink_record *back = expect_event(2, "endpoint_connected");
    ck_assert_str_eq(param(back, "EndpointId"), param(came, "EndpointId"));
    live_close(bob);
}
END_TEST

/* --- sinks that misbehave ------------------------------------------------- */

/* Real time: the sink never answers, and nobody waits for it. */
START_TEST(a_sink_that_hangs_delays_no_request)
{
    const int64_t bound_us = 5 * S_US; /* a third of what one POST may take */
    stop();
    start_with(NULL, false, NULL);
    syn_sink_behave(sink, &(struct syn_sink_manner){.hangs = true});
    const int64_t from_us = syn_clock_now_us(bench.clock);
    for (int i = 0; i < BURST_COUNT; i++) {
        (void)call("POST", DOCS, "{\"data\":{}}");
    }
    ck_assert_int_lt(syn_clock_now_us(bench.clock) - from_us, bound_us);
    ck_assert(syn_sink_await(sink, 1));
    const struct syn_service_counts counts = syn_service_count(bench.service);
    ck_assert_uint_eq(counts.hooks_pending, BURST_COUNT);
    ck_assert_uint_eq(counts.hooks_posted + counts.hooks_failed, 0);
    ck_assert_uint_eq(syn_sink_count(sink), 1);
}
END_TEST

START_TEST(answers_other_than_2xx_are_failures_without_retry)
{
    static const unsigned statuses[] = {500, 302, 404};
    for (size_t i = 0; i < 3; i++) {
        syn_sink_behave(sink, &(struct syn_sink_manner){.status = statuses[i]});
        (void)call("POST", DOCS, "{}");
        const struct syn_service_counts counts = settle();
        ck_assert_uint_eq(counts.hooks_failed, i + 1);
        ck_assert_uint_eq(syn_sink_count(sink), i + 1);
    }
    syn_sink_behave(sink, &(struct syn_sink_manner){.status = 204});
    (void)call("POST", DOCS, "{}");
    ck_assert_uint_eq(settle().hooks_posted, 1);
}
END_TEST

START_TEST(a_sink_that_is_gone_fails_no_request)
{
    char form[256];
    struct syn_sink *gone = NULL;
    ck_assert_int_eq(syn_sink_new(&world, NULL, &gone), SYN_OK);
    (void)snprintf(form, sizeof(form), "WebhookUrl=%s", syn_sink_url(gone));
    syn_sink_free(gone);
    configure(form);
    (void)call("POST", DOCS, "{}");
    ck_assert_uint_eq(settle().hooks_failed, 1);
}
END_TEST

/* The oldest are lost; the one under way and the youngest arrive. */
START_TEST(a_full_queue_loses_its_oldest)
{
    const size_t lost = 3;
    configure("WebhooksFromRestEnabled=true");
    syn_sink_behave(sink, &(struct syn_sink_manner){.delay_ms = 1000});
    const char *items = BENCH_ROOT "/Lists/l/Items";
    (void)bench_call(&bench, "POST", BENCH_ROOT "/Lists", "UniqueName=l");
    (void)expect_event(0, "list_created");
    for (size_t i = 0; i < SYN_HOOKS_WAITING_MAX + lost; i++) {
        ck_assert_uint_eq(bench_call(&bench, "POST", items, "Data={}").status,
                          201);
    }
    ck_assert_uint_eq(syn_service_count(bench.service).hooks_dropped, lost);
    syn_sink_behave(sink, &(struct syn_sink_manner){.status = 200});
    advance_ms(1000);
    const struct syn_sink_record *next = expect_event(1, "list_item_added");
    ck_assert_str_eq(param(next, "ItemIndex"), "3");
    const struct syn_service_counts counts = settle();
    ck_assert_uint_eq(counts.hooks_posted, SYN_HOOKS_WAITING_MAX + 1);
    ck_assert_uint_eq(counts.hooks_dropped, lost);
}
END_TEST

/* A certificate is verified: ours by our authority, by another not. */
START_TEST(certificates_of_sinks_are_verified)
{
    static const char *const authorities[] = {
        SYN_SOURCE_DIR "/fixtures/keys/other-ca.pem",
        SYN_SOURCE_DIR "/fixtures/keys/ca.pem"};
    const struct syn_tls_server tls = {
        .cert_file = SYN_SOURCE_DIR "/fixtures/keys/server.pem",
        .key_file = SYN_SOURCE_DIR "/fixtures/keys/server.key"};
    const struct syn_sink_options options = {.tls = &tls};
    const struct syn_service_setup setup = {.seed = 1,
                                            .hook_ca_file = authorities[_i]};
    stop();
    start_with(&setup, true, &options);
    (void)call("POST", DOCS, "{}");
    const struct syn_service_counts counts = settle();
    ck_assert_uint_eq(counts.hooks_posted, (unsigned)_i);
    ck_assert_uint_eq(counts.hooks_failed, 1 - (unsigned)_i);
    ck_assert_uint_eq(syn_sink_count(sink), (unsigned)_i);
}
END_TEST

/* Each service has its own lane: one that hangs holds no other up. */
START_TEST(a_sink_that_hangs_holds_up_its_service_alone)
{
    char form[256];
    struct syn_sink *other = NULL;
    ck_assert_int_eq(syn_sink_new(&world, NULL, &other), SYN_OK);
    syn_sink_behave(sink, &(struct syn_sink_manner){.hangs = true});
    (void)call("POST", DOCS, "{}");
    (void)snprintf(form, sizeof(form),
                   "WebhookUrl=%s&WebhooksFromRestEnabled=true",
                   syn_sink_url(other));
    const struct bench_reply made =
        bench_call(&bench, "POST", "/v1/Services", form);
    (void)bench_call(
        &bench, "POST",
        bench_target(bench_text(&bench, &made, "/links/documents")), "");
    ck_assert(syn_sink_await(other, 1));
    ck_assert_str_eq(param(syn_sink_at(other, 0), "EventType"),
                     "document_created");
    /* A service that is deleted still says farewell to its objects. */
    (void)bench_call(&bench, "DELETE",
                     bench_target(bench_text(&bench, &made, "/url")), NULL);
    ck_assert_ptr_nonnull(syn_sink_await_event(other, "document_removed", 0));
    syn_sink_free(other);
}
END_TEST

static void add_told(TCase *tcase)
{
    tcase_add_test(tcase,
                   a_document_of_an_sdk_user_is_told_with_all_parameters);
    tcase_add_test(tcase, every_post_carries_a_signature_that_verifies);
    tcase_add_test(tcase, lists_and_their_items_are_told_apart);
    tcase_add_test(tcase, event_ids_of_a_map_grow_strictly);
    tcase_add_test(tcase, streams_and_their_messages_are_told);
    tcase_add_test(tcase, rest_changes_are_told_only_when_enabled);
    tcase_add_test(tcase, a_denied_operation_is_not_told);
    tcase_add_test(tcase, what_a_ttl_removes_is_not_told);
    tcase_add_test(tcase, without_a_url_nothing_is_posted);
}

static void add_reach(TCase *tcase)
{
    tcase_add_test(tcase, endpoints_are_told_only_when_enabled);
    tcase_add_test(tcase, a_reconnect_inside_the_window_hushes_the_disconnect);
    tcase_add_test(
        tcase, without_a_reconnect_the_disconnect_is_told_when_the_window_ends);
    tcase_add_test(tcase, with_debouncing_off_the_disconnect_is_told_at_once);
    tcase_add_test(tcase, a_resumed_session_is_the_same_endpoint);
}

Suite *suite_webhook(void)
{
    Suite *suite = suite_create("webhook");
    TCase *tcase = tcase_create("webhook");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    add_told(tcase);
    add_reach(tcase);
    tcase_add_test(tcase, a_sink_that_hangs_delays_no_request);
    tcase_add_test(tcase, answers_other_than_2xx_are_failures_without_retry);
    tcase_add_test(tcase, a_sink_that_is_gone_fails_no_request);
    tcase_add_test(tcase, a_full_queue_loses_its_oldest);
    tcase_add_loop_test(tcase, certificates_of_sinks_are_verified, 0, 2);
    tcase_add_test(tcase, a_sink_that_hangs_holds_up_its_service_alone);
    suite_add_tcase(suite, tcase);
    return suite;
}
