/*
 * test_stream.c - real loopback sockets, plain and TLS: order, ends, refusals.
 */
#include "net/stream.h"

#include "base/buf.h"
#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD_MS 10000
#define KEYS     SYN_SOURCE_DIR "/fixtures/keys/"
#define BIG      1048576

Suite *suite_stream(void);

/* One end of a connection and what it has seen. */
struct end {
    struct syn_stream *stream; /* NULL before and after */
    struct syn_buf in;
    bool is_open;
    bool is_closed;
    bool echoes;
    bool has_drained;
    enum syn_stream_end end;
    char reason[128];
};

static struct syn_clock *test_clock;
static struct syn_loop *loop;
static struct syn_listener *listener;
static struct end server; /* the last accepted */
static struct end client;
static int accepted;
static bool refuses;
static const struct syn_tls_server server_tls = {.cert_file = KEYS "server.pem",
                                                 .key_file = KEYS "server.key"};
static const struct syn_tls_client good_tls = {KEYS "ca.pem", true};

static void on_open(void *ctx, struct syn_stream *stream)
{
    struct end *end = ctx;
    end->stream = stream;
    end->is_open = true;
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct end *end = ctx;
    syn_buf_put(&end->in, in);
    if (end->echoes) {
        syn_stream_write(stream, in);
    }
}

static void on_drained(void *ctx, struct syn_stream *stream)
{
    struct end *end = ctx;
    (void)stream;
    end->has_drained = true;
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end how, const char *reason)
{
    struct end *end = ctx;
    (void)stream;
    ck_assert(!end->is_closed);
    end->is_closed = true;
    end->stream = NULL;
    end->end = how;
    snprintf(end->reason, sizeof end->reason, "%s", reason);
}

static const struct syn_stream_events events = {on_open, on_bytes, on_drained,
                                                on_closed};

static bool accept_one(void *ctx, struct syn_stream *stream,
                       const struct syn_stream_events **out, void **stream_ctx)
{
    (void)ctx;
    accepted++;
    if (refuses) {
        return false;
    }
    server.stream = stream;
    *out = &events;
    *stream_ctx = &server;
    return true;
}

static syn_status try_listen(const char *address, uint16_t port,
                             const struct syn_tls_server *tls,
                             struct syn_listener **out)
{
    const struct syn_listener_options at = {address, port, tls, accept_one,
                                            NULL};
    return syn_listener_open(loop, &at, out);
}

static void listen_on(const char *address, const struct syn_tls_server *tls)
{
    ck_assert_int_eq(try_listen(address, 0, tls, &listener), SYN_OK);
    ck_assert_uint_ne(syn_listener_port(listener), 0);
}

static void connect_to(const char *host, const struct syn_tls_client *tls)
{
    const uint16_t port = syn_listener_port(listener);
    struct syn_stream_target target = {
        .host = host, .port = port, .tls = tls, .guard_ms = GUARD_MS};
    syn_status st =
        syn_stream_connect(loop, &target, &events, &client, &client.stream);
    ck_assert_int_eq(st, SYN_OK);
}

static bool is_both_up(void *ctx)
{
    (void)ctx;
    return (client.is_open && server.stream != NULL) || client.is_closed;
}

static bool is_client_closed(void *ctx)
{
    (void)ctx;
    return client.is_closed;
}

static bool is_server_closed(void *ctx)
{
    (void)ctx;
    return server.is_closed;
}

static bool has_client_bytes(void *ctx)
{
    return client.in.bytes >= *(size_t *)ctx || client.is_closed;
}

static bool has_server_bytes(void *ctx)
{
    return server.in.bytes >= *(size_t *)ctx || server.is_closed;
}

static bool until(bool (*is_done)(void *ctx), size_t bytes)
{
    return syn_loop_run_until(loop, is_done, &bytes, GUARD_MS);
}

static void open_pair(bool is_tls)
{
    listen_on("127.0.0.1", is_tls ? &server_tls : NULL);
    connect_to("127.0.0.1", is_tls ? &good_tls : NULL);
    ck_assert(until(is_both_up, 0));
    ck_assert_msg(client.is_open, "not open: %s", client.reason);
}

static void set_up(void)
{
    test_clock = syn_clock_new_real();
    ck_assert_int_eq(syn_loop_new(test_clock, &loop), SYN_OK);
    syn_buf_init(&server.in, NULL, 4 * BIG);
    syn_buf_init(&client.in, NULL, 4 * BIG);
}

static void tear_down(void)
{
    syn_listener_close(listener);
    syn_loop_free(loop);
    syn_clock_free(test_clock);
    syn_buf_fini(&server.in);
    syn_buf_fini(&client.in);
}

/* A pattern in which no shift looks like itself. */
static char *make_pattern(size_t bytes)
{
    char *at = malloc(bytes);
    uint32_t x = 12345;
    ck_assert_ptr_nonnull(at);
    for (size_t i = 0; i < bytes; i++) {
        x = x * 1664525 + 1013904223;
        at[i] = (char)(x >> 24);
    }
    return at;
}

START_TEST(bytes_go_both_ways)
{
    open_pair(_i == 1);
    server.echoes = true;
    syn_stream_write(client.stream, SYN_STR("hel"));
    syn_stream_write(client.stream, SYN_STR("lo"));
    ck_assert(until(has_client_bytes, 5));
    ck_assert(syn_str_is(syn_buf_str(&client.in), "hello"));
    ck_assert(syn_str_is(syn_buf_str(&server.in), "hello"));
    ck_assert_int_eq(syn_stream_is_tls(client.stream), _i == 1);
    ck_assert_int_eq(syn_stream_is_tls(server.stream), _i == 1);
    ck_assert_int_eq(strncmp(syn_stream_peer(server.stream), "127.0.0.1:", 10),
                     0);
    ck_assert_uint_eq(syn_stream_queued(client.stream), 0);
}
END_TEST

START_TEST(bytes_written_while_connecting_arrive)
{
    listen_on("127.0.0.1", _i == 1 ? &server_tls : NULL);
    connect_to("localhost", _i == 1 ? &good_tls : NULL);
    syn_stream_write(client.stream, SYN_STR("early"));
    ck_assert(until(has_server_bytes, 5));
    ck_assert(syn_str_is(syn_buf_str(&server.in), "early"));
}
END_TEST

static bool greet(void *ctx, struct syn_stream *stream,
                  const struct syn_stream_events **out, void **stream_ctx)
{
    syn_stream_write(stream, SYN_STR("welcome"));
    return accept_one(ctx, stream, out, stream_ctx);
}

START_TEST(server_may_write_first)
{
    const struct syn_listener_options options = {
        "127.0.0.1", 0, _i == 1 ? &server_tls : NULL, greet, NULL};
    ck_assert_int_eq(syn_listener_open(loop, &options, &listener), SYN_OK);
    connect_to("127.0.0.1", _i == 1 ? &good_tls : NULL);
    ck_assert(until(has_client_bytes, 7));
    ck_assert(syn_str_is(syn_buf_str(&client.in), "welcome"));
}
END_TEST

START_TEST(a_megabyte_is_echoed_in_order)
{
    char *pattern = make_pattern(BIG);
    open_pair(_i == 1);
    server.echoes = true;
    syn_stream_write(client.stream, (struct syn_str){pattern, BIG});
    ck_assert(until(has_client_bytes, BIG));
    ck_assert_uint_eq(client.in.bytes, BIG);
    ck_assert_int_eq(memcmp(client.in.at, pattern, BIG), 0);
    ck_assert(client.has_drained);
    free(pattern);
}
END_TEST

/* So many that the socket fills in the middle of one, and more than are sent
 * in one call. */
START_TEST(shared_bytes_come_in_order_and_whole)
{
    enum { PIECES = 2 * SYN_STREAM_SHARES_MAX, PIECE = BIG / PIECES };
    char *pattern = make_pattern(BIG);
    open_pair(_i == 1);
    syn_stream_write(client.stream, SYN_STR("before"));
    for (size_t i = 0; i < PIECES; i++) {
        const struct syn_str piece = {pattern + i * PIECE, PIECE};
        struct syn_shared *shared = syn_shared_new(piece);
        ck_assert_ptr_nonnull(shared);
        syn_stream_write_shared(client.stream, shared);
        syn_shared_drop(shared);
        ck_assert_uint_eq(syn_stream_queued(client.stream),
                          6 + (i + 1) * PIECE);
    }
    syn_stream_write(client.stream, SYN_STR("behind"));
    ck_assert(until(has_server_bytes, BIG + 12));
    ck_assert_uint_eq(server.in.bytes, BIG + 12);
    ck_assert_int_eq(memcmp(server.in.at, "before", 6), 0);
    ck_assert_int_eq(memcmp(server.in.at + 6, pattern, BIG), 0);
    ck_assert_int_eq(memcmp(server.in.at + 6 + BIG, "behind", 6), 0);
    ck_assert(client.has_drained);
    free(pattern);
}
END_TEST

START_TEST(shared_bytes_are_kept_once_for_two_streams)
{
    struct syn_shared *shared = syn_shared_new(SYN_STR("news"));
    ck_assert_ptr_nonnull(shared);
    open_pair(false);
    syn_stream_write_shared(client.stream, shared);
    syn_stream_write_shared(server.stream, shared);
    syn_shared_drop(shared);
    ck_assert(until(has_client_bytes, 4));
    ck_assert(until(has_server_bytes, 4));
    ck_assert(syn_str_is(syn_buf_str(&client.in), "news"));
    ck_assert(syn_str_is(syn_buf_str(&server.in), "news"));
}
END_TEST

START_TEST(shared_bytes_count_against_the_bound)
{
    char *pattern = make_pattern(BIG);
    struct syn_shared *shared = syn_shared_new((struct syn_str){pattern, BIG});
    ck_assert_ptr_nonnull(shared);
    open_pair(false);
    for (size_t i = 0; i <= SYN_STREAM_QUEUE_BYTES_MAX / BIG; i++) {
        syn_stream_write_shared(client.stream, shared);
    }
    syn_shared_drop(shared);
    ck_assert(until(is_client_closed, 0));
    ck_assert_int_eq(client.end, SYN_END_OVERFLOW);
    free(pattern);
}
END_TEST

START_TEST(orderly_close_delivers_everything_first)
{
    char *pattern = make_pattern(BIG);
    open_pair(_i == 1);
    syn_stream_write(client.stream, (struct syn_str){pattern, BIG});
    syn_stream_close(client.stream);
    syn_stream_write(client.stream, SYN_STR("ignored"));
    ck_assert(until(is_server_closed, 0));
    ck_assert_int_eq(server.end, SYN_END_PEER);
    ck_assert_uint_eq(server.in.bytes, BIG);
    ck_assert_int_eq(memcmp(server.in.at, pattern, BIG), 0);
    ck_assert(until(is_client_closed, 0));
    ck_assert_int_eq(client.end, SYN_END_LOCAL);
    free(pattern);
}
END_TEST

START_TEST(last_words_survive_a_peer_that_still_sends)
{
    char *pattern = make_pattern(BIG);
    open_pair(false);
    syn_stream_pause(server.stream);
    syn_stream_write(client.stream, (struct syn_str){pattern, BIG});
    for (int i = 0; i < 20; i++) {
        syn_loop_turn(loop, 1);
    }
    syn_stream_write(server.stream, SYN_STR("no"));
    syn_stream_close(server.stream);
    ck_assert(until(is_client_closed, 0));
    ck_assert(syn_str_is(syn_buf_str(&client.in), "no"));
    ck_assert_int_eq(client.end, SYN_END_PEER);
    free(pattern);
}
END_TEST

START_TEST(abort_is_seen_as_reset)
{
    open_pair(_i == 1);
    syn_stream_write(client.stream, SYN_STR("x"));
    ck_assert(until(has_server_bytes, 1));
    syn_stream_abort(client.stream);
    ck_assert(!client.is_closed);
    ck_assert(until(is_server_closed, 0));
    ck_assert_int_eq(server.end, SYN_END_RESET);
    ck_assert(client.is_closed);
    ck_assert_int_eq(client.end, SYN_END_LOCAL);
}
END_TEST

START_TEST(abort_drops_unsent_bytes)
{
    char *pattern = make_pattern(4 * (size_t)BIG);
    open_pair(_i == 1);
    syn_stream_pause(server.stream);
    syn_stream_write(client.stream, (struct syn_str){pattern, 4 * (size_t)BIG});
    syn_loop_turn(loop, 10);
    ck_assert_uint_gt(syn_stream_queued(client.stream), 0);
    syn_stream_abort(client.stream);
    ck_assert(until(is_client_closed, 0));
    syn_stream_resume(server.stream);
    ck_assert(until(is_server_closed, 0));
    ck_assert_int_eq(server.end, SYN_END_RESET);
    ck_assert_uint_lt(server.in.bytes, 4 * (size_t)BIG);
    free(pattern);
}
END_TEST

START_TEST(queue_past_its_bound_overflows)
{
    char *pattern = make_pattern(SYN_STREAM_QUEUE_BYTES_MAX);
    open_pair(false);
    syn_stream_pause(server.stream);
    for (int i = 0; i < 4 && !client.is_closed; i++) {
        syn_stream_write(client.stream,
                         (struct syn_str){pattern, SYN_STREAM_QUEUE_BYTES_MAX});
        syn_loop_turn(loop, 1);
    }
    ck_assert(client.is_closed);
    ck_assert_int_eq(client.end, SYN_END_OVERFLOW);
    free(pattern);
}
END_TEST

START_TEST(paused_stream_reads_nothing_until_resumed)
{
    open_pair(_i == 1);
    syn_stream_pause(server.stream);
    syn_stream_write(client.stream, SYN_STR("later"));
    for (int i = 0; i < 20; i++) {
        syn_loop_turn(loop, 1);
    }
    ck_assert_uint_eq(server.in.bytes, 0);
    syn_stream_resume(server.stream);
    ck_assert(until(has_server_bytes, 5));
    ck_assert(syn_str_is(syn_buf_str(&server.in), "later"));
}
END_TEST

START_TEST(nobody_listening_is_refused_outside_the_call)
{
    listen_on("127.0.0.1", NULL);
    uint16_t port = syn_listener_port(listener);
    syn_listener_close(listener);
    listener = NULL;
    syn_loop_turn(loop, 0);
    struct syn_stream_target target = {
        .host = "127.0.0.1", .port = port, .guard_ms = GUARD_MS};
    ck_assert_int_eq(
        syn_stream_connect(loop, &target, &events, &client, &client.stream),
        SYN_OK);
    ck_assert(!client.is_closed);
    ck_assert(until(is_client_closed, 0));
    ck_assert_int_eq(client.end, SYN_END_REFUSED);
    ck_assert(!client.is_open);
}
END_TEST

START_TEST(refusing_listener_ends_the_stream)
{
    refuses = true;
    listen_on("127.0.0.1", NULL);
    connect_to("127.0.0.1", NULL);
    ck_assert(until(is_client_closed, 0));
    ck_assert_int_eq(accepted, 1);
}
END_TEST

START_TEST(closed_listener_keeps_its_streams)
{
    open_pair(_i == 1);
    syn_listener_close(listener);
    listener = NULL;
    syn_loop_turn(loop, 1);
    server.echoes = true;
    syn_stream_write(client.stream, SYN_STR("still"));
    ck_assert(until(has_client_bytes, 5));
    ck_assert(syn_str_is(syn_buf_str(&client.in), "still"));
}
END_TEST

START_TEST(port_in_use_is_an_error)
{
    struct syn_listener *second = NULL;
    listen_on("127.0.0.1", NULL);
    const uint16_t taken = syn_listener_port(listener);
    ck_assert(try_listen("127.0.0.1", taken, NULL, &second) == SYN_ERR_NET);
    ck_assert(try_listen("not an address", 0, NULL, &second) == SYN_ERR_NET);
    ck_assert_ptr_null(second);
}
END_TEST

START_TEST(bad_certificate_files_are_an_error)
{
    const struct syn_tls_server cases[] = {
        {.cert_file = KEYS "none.pem", .key_file = KEYS "server.key"},
        {.cert_file = KEYS "server.pem", .key_file = KEYS "server.pem"},
        {.cert_file = KEYS "ca.pem", .key_file = KEYS "server.key"}};
    struct syn_listener *none = NULL;
    const struct syn_tls_client missing = {KEYS "none.pem", true};
    struct syn_stream_target target = {
        .host = "127.0.0.1", .port = 1, .tls = &missing, .guard_ms = GUARD_MS};
    ck_assert_int_eq(try_listen("127.0.0.1", 0, &cases[_i], &none),
                     SYN_ERR_TLS);
    ck_assert_int_eq(
        syn_stream_connect(loop, &target, &events, &client, &client.stream),
        SYN_ERR_TLS);
}
END_TEST

START_TEST(ipv6_listener_is_reached)
{
    struct syn_listener *six = NULL;
    if (try_listen("::1", 0, &server_tls, &six) != SYN_OK) {
        return; /* a container without IPv6 */
    }
    listener = six;
    connect_to("::1", &good_tls);
    ck_assert(until(is_both_up, 0));
    ck_assert_msg(client.is_open, "not open: %s", client.reason);
    ck_assert_int_eq(strncmp(syn_stream_peer(server.stream), "[::1]:", 6), 0);
}
END_TEST

/* host, authorities, verify: does it open? */
static const struct {
    const char *host;
    struct syn_tls_client tls;
    bool opens;
} trust[] = {
    {"127.0.0.1", {KEYS "ca.pem", true}, true},
    {"localhost", {KEYS "ca.pem", true}, true},
    {"127.0.0.1", {KEYS "other-ca.pem", true}, false}, /* wrong authority */
    {"localhost", {KEYS "other-ca.pem", true}, false},
    {"127.0.0.2", {KEYS "ca.pem", true}, false}, /* wrong name */
    {"127.0.0.1", {NULL, true}, false},          /* the system's authorities */
    {"127.0.0.2", {KEYS "ca.pem", false}, true},
    {"127.0.0.1", {KEYS "other-ca.pem", false}, true},
};

START_TEST(chain_and_host_name_decide)
{
    listen_on("0.0.0.0", &server_tls);
    connect_to(trust[_i].host, &trust[_i].tls);
    ck_assert(until(is_both_up, 0));
    ck_assert_msg(client.is_open == trust[_i].opens, "row %d: %s", _i,
                  client.reason);
    if (!trust[_i].opens) {
        ck_assert(until(is_client_closed, 0));
        ck_assert_msg(client.end == SYN_END_TLS, "end %d: %s", client.end,
                      client.reason);
        ck_assert_uint_eq(server.in.bytes, 0);
    }
}
END_TEST

START_TEST(plain_bytes_at_a_tls_listener_end_it)
{
    listen_on("127.0.0.1", &server_tls);
    connect_to("127.0.0.1", NULL);
    syn_stream_write(client.stream, SYN_STR("GET / HTTP/1.1\r\n\r\n"));
    ck_assert(until(is_server_closed, 0));
    ck_assert_int_eq(server.end, SYN_END_TLS);
    ck_assert_uint_eq(server.in.bytes, 0);
}
END_TEST

START_TEST(tls_to_a_silent_server_times_out)
{
    listen_on("127.0.0.1", NULL);
    struct syn_stream_target target = {.host = "127.0.0.1",
                                       .port = syn_listener_port(listener),
                                       .tls = &good_tls,
                                       .guard_ms = 50};
    ck_assert_int_eq(
        syn_stream_connect(loop, &target, &events, &client, &client.stream),
        SYN_OK);
    ck_assert(until(is_client_closed, 0));
    ck_assert_int_eq(client.end, SYN_END_REFUSED);
    ck_assert(!client.is_open);
}
END_TEST

START_TEST(loop_frees_what_is_still_open)
{
    open_pair(_i == 1);
    syn_stream_write(client.stream, SYN_STR("unsent"));
    connect_to("127.0.0.1", _i == 1 ? &good_tls : NULL);
    syn_loop_free(loop);
    listener = NULL;
    ck_assert(!client.is_closed && !server.is_closed);
    ck_assert_int_eq(syn_loop_new(test_clock, &loop), SYN_OK);
}
END_TEST

static void add_cases(TCase *tcase)
{
    tcase_add_loop_test(tcase, bytes_go_both_ways, 0, 2);
    tcase_add_loop_test(tcase, bytes_written_while_connecting_arrive, 0, 2);
    tcase_add_loop_test(tcase, server_may_write_first, 0, 2);
    tcase_add_loop_test(tcase, a_megabyte_is_echoed_in_order, 0, 2);
    tcase_add_loop_test(tcase, shared_bytes_come_in_order_and_whole, 0, 2);
    tcase_add_test(tcase, shared_bytes_are_kept_once_for_two_streams);
    tcase_add_test(tcase, shared_bytes_count_against_the_bound);
    tcase_add_loop_test(tcase, orderly_close_delivers_everything_first, 0, 2);
    tcase_add_test(tcase, last_words_survive_a_peer_that_still_sends);
    tcase_add_loop_test(tcase, abort_is_seen_as_reset, 0, 2);
    tcase_add_loop_test(tcase, abort_drops_unsent_bytes, 0, 2);
    tcase_add_test(tcase, queue_past_its_bound_overflows);
    tcase_add_loop_test(tcase, paused_stream_reads_nothing_until_resumed, 0, 2);
    tcase_add_test(tcase, nobody_listening_is_refused_outside_the_call);
    tcase_add_test(tcase, refusing_listener_ends_the_stream);
    tcase_add_loop_test(tcase, closed_listener_keeps_its_streams, 0, 2);
    tcase_add_test(tcase, port_in_use_is_an_error);
    tcase_add_loop_test(tcase, bad_certificate_files_are_an_error, 0, 3);
    tcase_add_test(tcase, ipv6_listener_is_reached);
    tcase_add_loop_test(tcase, chain_and_host_name_decide, 0,
                        (int)(sizeof trust / sizeof trust[0]));
    tcase_add_test(tcase, plain_bytes_at_a_tls_listener_end_it);
    tcase_add_test(tcase, tls_to_a_silent_server_times_out);
    tcase_add_loop_test(tcase, loop_frees_what_is_still_open, 0, 2);
}

Suite *suite_stream(void)
{
    Suite *suite = suite_create("stream");
    TCase *tcase = tcase_create("loopback");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    add_cases(tcase);
    suite_add_tcase(suite, tcase);
    return suite;
}
