/*
 * row_floor.c - what the least possible row costs: a forked Check test that
 * opens one WebSocket over loopback, and nothing else.
 *
 * As in a row, both ends live in the forked process on one loop. The service,
 * the tokens and Twilsock are what a real row has beyond it. The empty test is
 * told apart, so that the price of the fork shows.
 *
 * Usage: row_floor SAMPLES. Prints the medians of both in microseconds.
 */
#include "base/clock.h"
#include "net/http.h"
#include "net/stream.h"
#include "net/ws.h"
#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLES_MAX 10000
#define GUARD_MS    5000
#define OUT_BYTES   4096
#define NS_PER_US   1000
#define US_PER_S    1000000
#define DECIMAL     10

/* --- one connection -------------------------------------------------------
 */

struct end {
    struct syn_http_reader *reader;
    char key[SYN_WS_KEY_BYTES]; /* of the client */
    bool is_server;
    bool is_upgraded;
};

static struct end server = {.is_server = true};
static struct end client;

static void write_out(struct syn_stream *stream, const struct syn_buf *out)
{
    syn_stream_write(stream, syn_buf_str(out));
}

static void on_open(void *ctx, struct syn_stream *stream)
{
    struct end *end = ctx;
    struct syn_buf out;
    syn_buf_init(&out, NULL, OUT_BYTES);
    SYN_ASSERT(syn_ws_put_request(&out, "127.0.0.1", "/", end->key) == SYN_OK);
    write_out(stream, &out);
    syn_buf_fini(&out);
}

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    struct end *end = ctx;
    struct syn_buf out;
    size_t used = 0;
    if (syn_http_reader_feed(end->reader, in, &used) != SYN_HTTP_MESSAGE) {
        return;
    }
    const struct syn_http_message *message =
        syn_http_reader_message(end->reader);
    syn_buf_init(&out, NULL, OUT_BYTES);
    end->is_upgraded = end->is_server ? syn_ws_accept(message, &out)
                                      : syn_ws_is_accepted(message, end->key);
    write_out(stream, &out);
    syn_buf_fini(&out);
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    (void)ctx;
    (void)stream;
    (void)end;
    (void)reason;
}

static const struct syn_stream_events events = {
    .on_open = on_open, .on_bytes = on_bytes, .on_closed = on_closed};

static bool accept_one(void *ctx, struct syn_stream *stream,
                       const struct syn_stream_events **taken,
                       void **stream_ctx)
{
    (void)ctx;
    (void)stream;
    *taken = &events;
    *stream_ctx = &server;
    return true;
}

static bool is_connected(void *ctx)
{
    (void)ctx;
    return client.is_upgraded;
}

static void connect_once(void)
{
    struct syn_clock *clock = syn_clock_new_real();
    struct syn_loop *loop = NULL;
    struct syn_listener *listener = NULL;
    struct syn_stream *stream = NULL;
    SYN_ASSERT(clock != NULL);
    SYN_ASSERT(syn_loop_new(clock, &loop) == SYN_OK);
    SYN_ASSERT(syn_http_reader_new(SYN_HTTP_REQUEST, NULL, &server.reader) ==
               SYN_OK);
    SYN_ASSERT(syn_http_reader_new(SYN_HTTP_RESPONSE, NULL, &client.reader) ==
               SYN_OK);
    SYN_ASSERT(
        syn_listener_open(loop,
                          &(struct syn_listener_options){.address = "127.0.0.1",
                                                         .accept = accept_one},
                          &listener) == SYN_OK);
    struct syn_stream_target target = {.host = "127.0.0.1",
                                       .port = syn_listener_port(listener),
                                       .guard_ms = GUARD_MS};
    SYN_ASSERT(syn_stream_connect(loop, &target, &events, &client, &stream) ==
               SYN_OK);
    ck_assert(syn_loop_run_until(loop, is_connected, NULL, GUARD_MS));
    syn_listener_close(listener);
    syn_loop_free(loop);
    syn_http_reader_free(server.reader);
    syn_http_reader_free(client.reader);
    syn_clock_free(clock);
}

/* --- samples --------------------------------------------------------------
 */

START_TEST(nothing)
{
}
END_TEST

START_TEST(websocket_opens)
{
    connect_once();
}
END_TEST

static int64_t monotonic_us(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

/* As the workers of the runner do it, with the same calls. */
static int64_t time_test(const TTest *test)
{
    Suite *suite = suite_create("floor");
    TCase *tcase = tcase_create("floor");
    tcase_add_test(tcase, test);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK);
    int64_t begun_us = monotonic_us();
    srunner_run_all(runner, CK_SILENT);
    int64_t elapsed_us = monotonic_us() - begun_us;
    SYN_ASSERT(srunner_ntests_failed(runner) == 0);
    srunner_free(runner);
    return elapsed_us;
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static int64_t median_of(int64_t *times, size_t count)
{
    qsort(times, count, sizeof *times, compare_times);
    return times[count / 2];
}

int main(int argc, char **argv)
{
    static int64_t empty_us[SAMPLES_MAX];
    static int64_t connect_us[SAMPLES_MAX];
    long count = argc == 2 ? strtol(argv[1], NULL, DECIMAL) : 0;
    if (count < 1 || count > SAMPLES_MAX) {
        (void)fprintf(stderr, "usage: row_floor SAMPLES (1 to 10000)\n");
        return EXIT_FAILURE;
    }
    /* In turns, so that what slows the machine slows both. */
    for (long i = 0; i < count; i++) {
        empty_us[i] = time_test(nothing);
        connect_us[i] = time_test(websocket_opens);
    }
    (void)printf("%lld %lld\n", (long long)median_of(empty_us, (size_t)count),
                 (long long)median_of(connect_us, (size_t)count));
    return EXIT_SUCCESS;
}
