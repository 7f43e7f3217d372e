/*
 * test_tap.c - the proxy between a client and a scripted peer, and its faults.
 */
#include "fake_service.h"
#include "syn/client.h"
#include "tap/tap.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_tap(void);

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct syn_tap *tap;
static struct syn_client *ann;
static struct syn_backend *backend;
static struct syn_buf captured; /* "U REST GET /v1/x|body" a line */

static void capture(void *ctx, const struct syn_tap_message *message)
{
    (void)ctx;
    syn_buf_printf(&captured, "%s %s%s %.*s|%.*s\n",
                   message->direction == SYN_TAP_UP ? "U" : "D",
                   message->plane == SYN_TAP_REST ? "REST" : "SDK",
                   message->is_dropped ? " X" : "", SYN_STR_ARG(message->label),
                   SYN_STR_ARG(message->body));
}

static void note_act(void *ctx, struct syn_str line)
{
    (void)ctx;
    syn_buf_printf(&captured, "ACT %.*s\n", SYN_STR_ARG(line));
}

static void set_up(void)
{
    struct syn_tap_options options = {.on_message = capture,
                                      .on_act = note_act};
    bench_set_up();
    syn_buf_init(&captured, NULL, 67108864);
    options.rest.host = "127.0.0.1";
    options.rest.port = fake_port(bench.fake);
    ck_assert_int_eq(syn_tap_start(bench.loop, &options, &tap), SYN_OK);
    bench_aim(syn_tap_port(tap));
    ck_assert_int_eq(syn_client_new(&bench.world, "ann", NULL, &ann), SYN_OK);
    ck_assert_int_eq(syn_backend_new(&bench.world, "backend", NULL, &backend),
                     SYN_OK);
}

static void tear_down(void)
{
    syn_backend_free(backend);
    syn_client_free(ann);
    syn_tap_stop(tap);
    bench_tear_down();
    syn_buf_fini(&captured);
}

static void arm(const struct syn_tap_fault *fault)
{
    ck_assert_int_eq(syn_tap_fault(tap, fault), SYN_OK);
}

static void go_live(void)
{
    struct syn_reply reply = syn_client_connect(ann);
    ck_assert_int_eq(reply.status, SYN_OK);
    ck_assert_uint_eq(reply.http, 200);
}

static struct syn_reply get(const char *path)
{
    return syn_client_call(ann, "GET", path, NULL, NULL);
}

static struct syn_reply rest_get(const char *path)
{
    return syn_backend_call(backend, "GET", path, NULL, NULL);
}

static void turn(unsigned turns)
{
    while (turns-- > 0) {
        syn_loop_turn(bench.loop, 2);
    }
}

static bool has_delayed(void *ctx)
{
    (void)ctx;
    return syn_tap_count(tap).delayed == 1;
}

/* --- passing ---------------------------------------------------------------
 */

START_TEST(both_planes_pass_unchanged_and_are_captured)
{
    static const struct fake_rule rules[] = {
        {.match = "/v3/x", .status = 201, .body = "{\"a\":1}"},
        {.match = "POST /v1/y\r\n", .status = 200, .body = "{\"b\":2}"}};
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    struct syn_reply reply =
        syn_client_call(ann, "POST", "/v3/x", "q=%2F", "{\"c\":3}");
    ck_assert_uint_eq(reply.http, 201);
    ck_assert(syn_str_is(reply.body, "{\"a\":1}"));
    reply = syn_backend_call(backend, "POST", "/y/../z%2F", "D=4", NULL);
    ck_assert_uint_eq(reply.http, 404);
    reply = syn_backend_call(backend, "POST", "/y", "D=4", NULL);
    ck_assert(syn_str_is(reply.body, "{\"b\":2}"));
    ck_assert(fake_has_heard(bench.fake, "POST /v1/y/../z%2F\r\n"));
    struct syn_str log = syn_buf_str(&captured);
    ck_assert(text_holds(log, "U REST GET /v3/wsconnect|\n"));
    ck_assert(text_holds(log, "D REST 101|\n"));
    ck_assert(text_holds(log, "U SDK init|\n"));
    ck_assert(text_holds(log, "D SDK reply 200|"));
    ck_assert(text_holds(log, "U SDK POST /v3/x|{\"c\":3}\n"));
    ck_assert(text_holds(log, "D SDK reply 201|{\"a\":1}\n"));
    ck_assert(text_holds(log, "U REST POST /v1/y|D=4\n"));
    ck_assert(text_holds(log, "D REST 200|{\"b\":2}\n"));
    ck_assert_uint_eq(syn_tap_count(tap).opaque, 0);
    ck_assert_uint_eq(syn_tap_count(tap).dropped, 0);
}
END_TEST

START_TEST(large_messages_pass_whole)
{
    size_t bytes = 200000;
    char *body = syn_arena_alloc(&bench.arena, bytes + 1);
    memset(body, ' ', bytes);
    memcpy(body, "{}", 2);
    memcpy(body + bytes - 4, "last", 4);
    go_live();
    ck_assert_uint_eq(syn_client_call(ann, "POST", "/v3/big", NULL, body).http,
                      404);
    ck_assert_uint_eq(
        syn_backend_call(backend, "POST", "/big", body, NULL).http, 404);
    ck_assert_uint_eq(fake_count(bench.fake, "last"), 2);
    ck_assert_uint_gt(syn_tap_count(tap).bytes[SYN_TAP_UP], 2 * bytes);
}
END_TEST

START_TEST(end_of_either_side_ends_the_other)
{
    static const struct fake_rule rules[] = {
        {.match = "/bye", .act = FAKE_HANG_UP}};
    fake_script(bench.fake, rules, COUNT(rules));
    go_live();
    ck_assert_int_eq(get("/bye").status, SYN_ERR_CLOSED);
    ck_assert_int_eq(rest_get("/bye").status != SYN_OK, true);
    struct syn_reply again = syn_client_resume(ann);
    ck_assert(syn_reply_is_ok(&again));
    syn_client_close(ann);
    fake_await(bench.fake, "\"method\":\"close\"");
}
END_TEST

START_TEST(silent_upstream_port_resets_the_client)
{
    struct syn_tap *other = NULL;
    struct syn_tap_options options = {.rest = {.host = "127.0.0.1", .port = 1}};
    ck_assert_int_eq(syn_tap_start(bench.loop, &options, &other), SYN_OK);
    bench_aim(syn_tap_port(other));
    ck_assert_int_ne(rest_get("/x").status, SYN_OK);
    syn_tap_stop(other);
}
END_TEST

START_TEST(host_field_is_rewritten_only_when_asked)
{
    struct syn_tap *other = NULL;
    struct syn_tap_options options = {.rest = {.host = "127.0.0.1",
                                               .port = fake_port(bench.fake),
                                               .host_field = "sync.example"}};
    (void)rest_get("/before");
    ck_assert(!fake_has_heard(bench.fake, "Host: sync.example"));
    ck_assert_int_eq(syn_tap_start(bench.loop, &options, &other), SYN_OK);
    bench_aim(syn_tap_port(other));
    ck_assert_uint_eq(rest_get("/after").http, 404);
    ck_assert_uint_eq(fake_count(bench.fake, "Host: sync.example\r\n"), 1);
    ck_assert(fake_has_heard(bench.fake, "GET /v1/after\r\n"));
    syn_tap_stop(other);
}
END_TEST

/* --- faults ----------------------------------------------------------------
 */

START_TEST(dropped_reply_leaves_the_request_done)
{
    arm(&(struct syn_tap_fault){.kind = SYN_TAP_DROP_REPLY,
                                .match = "GET /v3/lost"});
    go_live();
    bench.world.guard_ms = 150;
    ck_assert_int_eq(get("/v3/lost").status, SYN_ERR_TIMEOUT);
    ck_assert(fake_has_heard(bench.fake, "/v3/lost"));
    ck_assert(text_holds(syn_buf_str(&captured), "D SDK X reply 404|"));
    bench.world.guard_ms = 3000;
    ck_assert_uint_eq(get("/v3/lost").http, 404); /* once only */
    ck_assert_uint_eq(syn_tap_count(tap).dropped, 1);
}
END_TEST

START_TEST(dropped_reply_of_rest_is_that_of_the_request)
{
    arm(&(struct syn_tap_fault){.kind = SYN_TAP_DROP_REPLY,
                                .match = "GET /v1/lost"});
    ck_assert_uint_eq(rest_get("/first").http, 404);
    bench.world.guard_ms = 150;
    ck_assert_int_eq(rest_get("/lost").status, SYN_ERR_TIMEOUT);
    bench.world.guard_ms = 3000;
    ck_assert(fake_has_heard(bench.fake, "GET /v1/lost"));
    ck_assert_uint_eq(rest_get("/lost").http, 404);
}
END_TEST

START_TEST(dropped_request_never_arrives)
{
    arm(&(struct syn_tap_fault){
        .kind = SYN_TAP_DROP, .direction = SYN_TAP_UP, .match = "/v3/gone"});
    go_live();
    bench.world.guard_ms = 150;
    ck_assert_int_eq(get("/v3/gone").status, SYN_ERR_TIMEOUT);
    bench.world.guard_ms = 3000;
    ck_assert_uint_eq(get("/v3/here").http, 404);
    ck_assert(!fake_has_heard(bench.fake, "/v3/gone"));
}
END_TEST

START_TEST(cut_comes_after_as_many_messages_as_said)
{
    arm(&(struct syn_tap_fault){.kind = SYN_TAP_CUT,
                                .direction = SYN_TAP_UP,
                                .match = "GET /v3/",
                                .after = 3});
    go_live(); /* the upgrade itself is the first that fits */
    ck_assert_uint_eq(get("/v3/2").http, 404);
    ck_assert_uint_eq(get("/v3/3").http, 404);
    ck_assert_int_eq(get("/v3/4").status, SYN_ERR_CLOSED);
    ck_assert(!fake_has_heard(bench.fake, "/v3/4"));
    ck_assert_uint_eq(syn_tap_count(tap).cut, 1);
}
END_TEST

START_TEST(reset_by_a_reply_ends_the_request)
{
    arm(&(struct syn_tap_fault){.kind = SYN_TAP_RESET,
                                .direction = SYN_TAP_DOWN,
                                .match = "reply 404"});
    go_live();
    ck_assert_int_eq(get("/v3/x").status, SYN_ERR_CLOSED);
    ck_assert(fake_has_heard(bench.fake, "/v3/x"));
}
END_TEST

START_TEST(truncated_reply_is_no_reply)
{
    arm(&(struct syn_tap_fault){.kind = SYN_TAP_TRUNCATE,
                                .direction = SYN_TAP_DOWN,
                                .match = "404",
                                .bytes = 20});
    struct syn_reply reply = rest_get("/x");
    ck_assert_int_ne(reply.status, SYN_OK);
    ck_assert_uint_eq(rest_get("/x").http, 404);
}
END_TEST

static void push_event(void)
{
    fake_push(bench.fake,
              "\"method\":\"notification\",\"id\":\"TM1\",\"message_type\":"
              "\"twilio.sync.event\"",
              "{\"event_type\":\"document_updated\",\"event\":{\"id\":1,"
              "\"document_sid\":\"ET1\"}}");
}

START_TEST(duplicated_event_is_heard_twice)
{
    arm(&(struct syn_tap_fault){.kind = SYN_TAP_DUPLICATE,
                                .direction = SYN_TAP_DOWN,
                                .match = "notification document_updated"});
    go_live();
    push_event();
    ck_assert(syn_client_fence(ann));
    ck_assert_uint_eq(syn_client_heard(ann, NULL), 2);
}
END_TEST

START_TEST(message_in_fragments_is_dropped_and_doubled_as_one)
{
    fake_fragment(bench.fake);
    go_live();
    arm(&(struct syn_tap_fault){.kind = SYN_TAP_DROP_REPLY,
                                .match = "GET /v3/lost"});
    arm(&(struct syn_tap_fault){.kind = SYN_TAP_DUPLICATE,
                                .direction = SYN_TAP_DOWN,
                                .match = "notification document_updated"});
    bench.world.guard_ms = 150;
    ck_assert_int_eq(get("/v3/lost").status, SYN_ERR_TIMEOUT);
    bench.world.guard_ms = 3000;
    ck_assert(text_holds(syn_buf_str(&captured), "D SDK X reply 404|"));
    push_event();
    ck_assert(syn_client_fence(ann));
    ck_assert_uint_eq(syn_client_heard(ann, NULL), 2);
    ck_assert_uint_eq(get("/v3/lost").http, 404);
    /* A dropped fragment alone would have broken the connection. */
    ck_assert_uint_eq(fake_connections(bench.fake), 1);
    ck_assert_uint_eq(syn_tap_count(tap).dropped, 1);
}
END_TEST

START_TEST(delayed_reply_waits_for_the_clock_of_the_run)
{
    arm(&(struct syn_tap_fault){.kind = SYN_TAP_DELAY,
                                .direction = SYN_TAP_DOWN,
                                .match = "notification",
                                .delay_us = 5000000});
    go_live();
    fake_push(bench.fake,
              "\"method\":\"notification\",\"id\":\"TM1\",\"message_type\":"
              "\"twilio.sync.event\"",
              "{\"event_type\":\"x\",\"event\":{}}");
    ck_assert(syn_loop_run_until(bench.loop, has_delayed, NULL, 3000));
    turn(20);
    ck_assert_uint_eq(syn_client_heard(ann, NULL), 0);
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, 4999999, NULL, NULL),
                     SYN_OK);
    turn(20);
    ck_assert_uint_eq(syn_client_heard(ann, NULL), 0);
    ck_assert_int_eq(syn_clock_advance_us(bench.clock, 1, NULL, NULL), SYN_OK);
    ck_assert(syn_client_await(ann, NULL, 1));
    ck_assert_uint_eq(syn_tap_count(tap).delayed, 1);
}
END_TEST

START_TEST(every_third_connection_is_refused)
{
    unsigned refused = 0;
    arm(&(struct syn_tap_fault){
        .kind = SYN_TAP_REFUSE, .every = 3, .times = SYN_TAP_ALWAYS});
    for (int i = 0; i < 9; i++) {
        struct syn_reply reply = syn_client_connect(ann);
        refused += syn_reply_is_ok(&reply) ? 0 : 1;
        syn_client_cut(ann);
    }
    ck_assert_uint_eq(refused, 3);
    ck_assert_uint_eq(syn_tap_count(tap).refused, 3);
    ck_assert_uint_eq(syn_tap_count(tap).connections, 9);
}
END_TEST

START_TEST(cut_all_ends_every_link_and_clients_return)
{
    go_live();
    syn_tap_cut_all(tap, true);
    ck_assert(!syn_client_fence(ann));
    struct syn_reply reply = syn_client_resume(ann);
    ck_assert(syn_reply_is_ok(&reply));
    syn_tap_cut_all(tap, false);
    ck_assert(!syn_client_fence(ann));
    ck_assert_uint_eq(syn_tap_count(tap).cut, 2);
}
END_TEST

START_TEST(held_direction_keeps_everything_until_released)
{
    go_live();
    syn_tap_hold(tap, SYN_TAP_UP);
    bench.world.guard_ms = 100;
    ck_assert_int_eq(get("/v3/held").status, SYN_ERR_TIMEOUT);
    ck_assert(!fake_has_heard(bench.fake, "/v3/held"));
    bench.world.guard_ms = 3000;
    syn_tap_release(tap, SYN_TAP_UP);
    fake_await(bench.fake, "/v3/held");
    ck_assert(syn_client_fence(ann));
}
END_TEST

START_TEST(held_end_arrives_with_the_release)
{
    go_live();
    syn_tap_hold(tap, SYN_TAP_UP);
    syn_client_close(ann);
    turn(20);
    ck_assert(!fake_has_heard(bench.fake, "\"method\":\"close\""));
    syn_tap_release(tap, SYN_TAP_UP);
    fake_await(bench.fake, "\"method\":\"close\"");
}
END_TEST

START_TEST(faults_are_bounded_and_cleared)
{
    struct syn_tap_fault fault = {.kind = SYN_TAP_DROP, .match = "/v3/x"};
    for (unsigned i = 0; i < SYN_TAP_FAULTS_MAX; i++) {
        arm(&fault);
    }
    ck_assert_int_eq(syn_tap_fault(tap, &fault), SYN_ERR_LIMIT);
    syn_tap_clear(tap);
    go_live();
    ck_assert_uint_eq(get("/v3/x").http, 404);
    fault.delay_us = -1;
    ck_assert_int_eq(syn_tap_fault(tap, &fault), SYN_ERR_ARG);
}
END_TEST

/* Bytes that are no HTTP at all: passed on as they are. */
static struct syn_buf echoed;

static void keep_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    (void)ctx;
    (void)stream;
    syn_buf_put(&echoed, in);
}

static void forget(void *ctx, struct syn_stream *stream,
                   enum syn_stream_end end, const char *reason)
{
    (void)stream;
    (void)end;
    (void)reason;
    *(bool *)ctx = true;
}

static bool accept_raw(void *ctx, struct syn_stream *stream,
                       const struct syn_stream_events **events,
                       void **stream_ctx)
{
    static const struct syn_stream_events raw = {.on_bytes = keep_bytes,
                                                 .on_closed = forget};
    (void)stream;
    *events = &raw;
    *stream_ctx = ctx;
    return true;
}

START_TEST(bytes_that_are_no_http_pass_as_they_are)
{
    static const struct syn_stream_events events = {.on_bytes = keep_bytes,
                                                    .on_closed = forget};
    bool is_closed[2] = {false, false};
    struct syn_listener *listener = NULL;
    struct syn_tap *other = NULL;
    struct syn_stream *stream = NULL;
    struct syn_tap_options options = {.rest.host = "127.0.0.1"};
    syn_buf_init(&echoed, NULL, 1000);
    ck_assert_int_eq(
        syn_listener_open(bench.loop,
                          &(struct syn_listener_options){.address = "127.0.0.1",
                                                         .accept = accept_raw,
                                                         .ctx = &is_closed[0]},
                          &listener),
        SYN_OK);
    options.rest.port = syn_listener_port(listener);
    ck_assert_int_eq(syn_tap_start(bench.loop, &options, &other), SYN_OK);
    struct syn_stream_target target = {
        .host = "127.0.0.1", .port = syn_tap_port(other), .guard_ms = 1000};
    ck_assert_int_eq(syn_stream_connect(bench.loop, &target, &events,
                                        &is_closed[1], &stream),
                     SYN_OK);
    syn_stream_write(stream, SYN_STR("\x00\x01 not http\n\n"));
    turn(50);
    ck_assert(syn_str_is_equal(syn_buf_str(&echoed),
                               SYN_STR("\x00\x01 not http\n\n")));
    ck_assert_uint_eq(syn_tap_count(other).opaque, 1);
    syn_stream_close(stream);
    turn(50);
    ck_assert(is_closed[0] && is_closed[1]);
    syn_tap_stop(other);
    syn_listener_close(listener);
    syn_buf_fini(&echoed);
}
END_TEST

static TCase *make_case(const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    return tcase;
}

START_TEST(acts_are_told_when_armed_and_when_hit)
{
    arm(&(struct syn_tap_fault){
        .kind = SYN_TAP_DROP, .direction = SYN_TAP_UP, .match = "GET /v3/a"});
    go_live();
    ck_assert(syn_str_has(syn_buf_str(&captured),
                          SYN_STR("ACT armed: drop GET /v3/a\n")));
    ck_assert(!syn_str_has(syn_buf_str(&captured), SYN_STR("ACT hit")));
    syn_client_start(ann, &(struct syn_action){
                              .op = SYN_OP_OPEN,
                              .on = &(struct syn_thing){
                                  .type = SYN_TYPE_DOCUMENT, .sid = "ET1"}});
    turn(20);
    ck_assert(!syn_str_has(syn_buf_str(&captured), SYN_STR("ACT hit")));
    syn_tap_clear(tap);
    arm(&(struct syn_tap_fault){.kind = SYN_TAP_DUPLICATE,
                                .direction = SYN_TAP_UP,
                                .match = "GET /v3/b"});
    (void)get("/v3/b");
    ck_assert(syn_str_has(syn_buf_str(&captured),
                          SYN_STR("ACT hit: duplicate GET /v3/b\n")));
    syn_tap_cut_all(tap, true);
    ck_assert(syn_str_has(syn_buf_str(&captured),
                          SYN_STR("ACT cleared: all faults\n")));
    ck_assert(
        syn_str_has(syn_buf_str(&captured), SYN_STR("ACT reset: all links\n")));
}
END_TEST

Suite *suite_tap(void)
{
    Suite *suite = suite_create("tap");
    TCase *passing = make_case("passing");
    TCase *faults = make_case("faults");
    tcase_add_test(passing, both_planes_pass_unchanged_and_are_captured);
    tcase_add_test(passing, large_messages_pass_whole);
    tcase_add_test(passing, end_of_either_side_ends_the_other);
    tcase_add_test(passing, silent_upstream_port_resets_the_client);
    tcase_add_test(passing, host_field_is_rewritten_only_when_asked);
    tcase_add_test(passing, bytes_that_are_no_http_pass_as_they_are);
    tcase_add_test(faults, dropped_reply_leaves_the_request_done);
    tcase_add_test(faults, dropped_reply_of_rest_is_that_of_the_request);
    tcase_add_test(faults, dropped_request_never_arrives);
    tcase_add_test(faults, cut_comes_after_as_many_messages_as_said);
    tcase_add_test(faults, reset_by_a_reply_ends_the_request);
    tcase_add_test(faults, truncated_reply_is_no_reply);
    tcase_add_test(faults, duplicated_event_is_heard_twice);
    tcase_add_test(faults, message_in_fragments_is_dropped_and_doubled_as_one);
    tcase_add_test(faults, delayed_reply_waits_for_the_clock_of_the_run);
    tcase_add_test(faults, every_third_connection_is_refused);
    tcase_add_test(faults, cut_all_ends_every_link_and_clients_return);
    tcase_add_test(faults, held_direction_keeps_everything_until_released);
    tcase_add_test(faults, held_end_arrives_with_the_release);
    tcase_add_test(faults, faults_are_bounded_and_cleared);
    tcase_add_test(faults, acts_are_told_when_armed_and_when_hit);
    suite_add_tcase(suite, passing);
    suite_add_tcase(suite, faults);
    return suite;
}
