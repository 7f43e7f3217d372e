/*
 * test_stream_proxy.c - streams through a proxy that says too much, ends at an
 * odd moment, or lets them wait.
 *
 * The proxy is a listener of the same loop. It answers when as many as expected
 * have asked, so that all answers are read in one turn.
 */
#include "net/route.h"
#include "net/stream.h"

#include <check.h>

#define GUARD_MS 10000
#define SOON_MS  100
#define KEYS     SYN_SOURCE_DIR "/fixtures/keys/"
#define CLIENTS  2

Suite *suite_stream_proxy(void);

struct client {
    struct syn_stream *stream; /* NULL before and after */
    unsigned opened;
    unsigned closed;
    size_t bytes;
    enum syn_stream_end end;
};

static struct syn_clock *test_clock;
static struct syn_loop *loop;
static struct syn_listener *listener;
static struct syn_stream *asking[CLIENTS]; /* at the proxy */
static unsigned asked;
static unsigned expected;
static const char *answer;
static bool has_end; /* the proxy ends behind its answer */
static struct client clients[CLIENTS];
static void (*drops)(struct syn_stream *stream); /* the others; NULL: none */
static struct syn_route route;
static const struct syn_tls_server proxy_tls = {.cert_file = KEYS "server.pem",
                                                .key_file = KEYS "server.key"};
static const struct syn_tls_client host_tls = {KEYS "ca.pem", true};

/* --- the proxy ------------------------------------------------------------ */

static void on_request(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    (void)ctx;
    (void)in;
    if (asked == expected) {
        return; /* what goes to the host */
    }
    asking[asked++] = stream;
    for (unsigned i = 0; asked == expected && i < expected; i++) {
        syn_stream_write(asking[i], syn_str_of(answer));
        if (has_end) {
            syn_stream_close(asking[i]);
        }
    }
}

static void on_gone(void *ctx, struct syn_stream *stream,
                    enum syn_stream_end end, const char *reason)
{
    (void)ctx;
    (void)stream;
    (void)end;
    (void)reason;
}

static const struct syn_stream_events proxy_events = {.on_bytes = on_request,
                                                      .on_closed = on_gone};

static bool accept_one(void *ctx, struct syn_stream *stream,
                       const struct syn_stream_events **out, void **stream_ctx)
{
    (void)stream;
    *(unsigned *)ctx += 1;
    *out = &proxy_events;
    *stream_ctx = NULL;
    return true;
}

/* --- who goes through it -------------------------------------------------- */

static void on_open(void *ctx, struct syn_stream *stream)
{
    struct client *client = ctx;
    (void)stream;
    client->opened++;
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct client *client = ctx;
    (void)stream;
    client->bytes += in.bytes;
    for (unsigned i = 0; drops != NULL && i < CLIENTS; i++) {
        if (&clients[i] != client) {
            drops(clients[i].stream);
        }
    }
    drops = NULL;
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    struct client *client = ctx;
    (void)stream;
    (void)reason;
    client->stream = NULL;
    client->closed++;
    client->end = end;
}

static const struct syn_stream_events events = {
    .on_open = on_open, .on_bytes = on_bytes, .on_closed = on_closed};

static unsigned accepted;

static void listen_on(const struct syn_tls_server *tls)
{
    const struct syn_listener_options at = {"127.0.0.1", 0, tls, accept_one,
                                            &accepted};
    ck_assert_int_eq(syn_listener_open(loop, &at, &listener), SYN_OK);
    route = (struct syn_route){
        .host = "sync.test",
        .port = 443,
        .proxy = {.host = "127.0.0.1",
                  .port = syn_listener_port(listener),
                  .is_tls = tls != NULL,
                  .ca_file = KEYS "ca.pem"},
        .addresses = {"127.0.0.1", "127.0.0.1"},
        .address_count = 1,
    };
}

static void go_through(struct client *client, const struct syn_tls_client *tls,
                       unsigned guard_ms)
{
    const struct syn_stream_target target = {.host = route.host,
                                             .port = route.port,
                                             .tls = tls,
                                             .guard_ms = guard_ms,
                                             .route = &route};
    ck_assert_int_eq(
        syn_stream_connect(loop, &target, &events, client, &client->stream),
        SYN_OK);
}

static bool is_closed(void *ctx)
{
    const struct client *client = ctx;
    return client->closed > 0;
}

static bool has_bytes(void *ctx)
{
    (void)ctx;
    return clients[0].bytes + clients[1].bytes > 0;
}

static void set_up(void)
{
    asked = accepted = 0;
    expected = 1;
    has_end = false;
    drops = NULL;
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.stream = NULL};
    }
    test_clock = syn_clock_new_real();
    ck_assert_int_eq(syn_loop_new(test_clock, &loop), SYN_OK);
}

static void tear_down(void)
{
    syn_listener_close(listener);
    syn_loop_free(loop);
    syn_clock_free(test_clock);
}

#define GOOD "HTTP/1.1 200 OK\r\n\r\n"

static const struct {
    const char *answer;
    bool has_end;
    enum syn_stream_end end;
} odd[] = {
    {GOOD, true, SYN_END_REFUSED},
    {GOOD "no TLS of a host", false, SYN_END_TLS},
    {GOOD "no TLS of a host", true, SYN_END_TLS}, /* ours is still unsent */
};

START_TEST(host_behind_a_proxy_over_tls_that_answers_oddly_is_not_reached)
{
    answer = odd[_i].answer;
    has_end = odd[_i].has_end;
    listen_on(&proxy_tls);
    go_through(&clients[0], &host_tls, GUARD_MS);
    ck_assert(syn_loop_run_until(loop, is_closed, &clients[0], GUARD_MS));
    ck_assert_int_eq(clients[0].end, odd[_i].end);
    ck_assert_uint_eq(clients[0].opened, 0);
}
END_TEST

static void (*const ways[])(struct syn_stream *stream) = {
    syn_stream_abort, syn_stream_abandon, syn_stream_close};

/* Whichever is read first drops the other, whose answer is there as well. */
START_TEST(stream_dropped_before_its_answer_is_read_stays_dropped)
{
    answer = GOOD "x";
    drops = ways[_i];
    expected = CLIENTS;
    listen_on(NULL);
    for (unsigned i = 0; i < CLIENTS; i++) {
        go_through(&clients[i], NULL, GUARD_MS);
    }
    ck_assert(syn_loop_run_until(loop, has_bytes, NULL, GUARD_MS));
    syn_loop_turn(loop, 0);
    ck_assert_uint_eq(clients[0].opened + clients[1].opened, 1);
    ck_assert_uint_eq(clients[0].bytes + clients[1].bytes, 1);
    ck_assert_uint_eq(clients[0].closed + clients[1].closed,
                      ways[_i] == syn_stream_abandon ? 0 : 1);
}
END_TEST

/* What it has said to the first belongs to that connection alone. */
START_TEST(stream_that_waits_for_the_host_tries_no_other_address)
{
    answer = GOOD;
    listen_on(_i == 1 ? &proxy_tls : NULL);
    route.address_count = 2;
    go_through(&clients[0], &host_tls, 2 * SOON_MS);
    ck_assert(syn_loop_run_until(loop, is_closed, &clients[0], GUARD_MS));
    ck_assert_int_eq(clients[0].end, SYN_END_REFUSED);
    ck_assert_uint_eq(accepted, 1);
}
END_TEST

Suite *suite_stream_proxy(void)
{
    Suite *suite = suite_create("stream_proxy");
    TCase *tcase = tcase_create("proxy");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(
        tcase, host_behind_a_proxy_over_tls_that_answers_oddly_is_not_reached,
        0, (int)(sizeof odd / sizeof odd[0]));
    tcase_add_loop_test(tcase,
                        stream_dropped_before_its_answer_is_read_stays_dropped,
                        0, (int)(sizeof ways / sizeof ways[0]));
    tcase_add_loop_test(
        tcase, stream_that_waits_for_the_host_tries_no_other_address, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
