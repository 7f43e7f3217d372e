/*
 * test_stream_turns.c - who asks without a pause waits behind all others.
 *
 * Peers are sockets of the test itself, so that what is readable in a turn is
 * known.
 */
#include "net/loop_impl.h"
#include "net/stream.h"
#include "syn/limits.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

Suite *suite_stream_turns(void);

#define HOT      (2 * SYN_TURN_LATE_MAX + 8)
#define PEERS    (HOT + 1)
#define GUARD_MS 10000

static struct syn_clock *test_clock;
static struct syn_loop *loop;
static struct syn_listener *listener;
static struct syn_stream *streams[PEERS]; /* in the order of accepting */
static int sockets[PEERS];
static unsigned peers;
static unsigned reads;
static unsigned first_read; /* of the last round */
static bool is_fair;

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    (void)ctx;
    (void)in;
    for (unsigned i = 0; reads == 0 && i < peers; i++) {
        first_read = streams[i] == stream ? i : first_read;
    }
    reads++;
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end how, const char *reason)
{
    (void)ctx;
    (void)how;
    (void)reason;
    for (unsigned i = 0; i < peers; i++) {
        streams[i] = streams[i] == stream ? NULL : streams[i];
    }
}

static const struct syn_stream_events events = {.on_bytes = on_bytes,
                                                .on_closed = on_closed};

static bool accept_one(void *ctx, struct syn_stream *stream,
                       const struct syn_stream_events **out, void **stream_ctx)
{
    (void)ctx;
    streams[peers++] = stream;
    if (is_fair) {
        syn_stream_take_turns(stream);
    }
    *out = &events;
    *stream_ctx = NULL;
    return true;
}

static bool has_peers(void *ctx)
{
    return peers == *(unsigned *)ctx;
}

static bool has_reads(void *ctx)
{
    return reads >= *(unsigned *)ctx;
}

static bool until(bool (*is_done)(void *ctx), unsigned count)
{
    return syn_loop_run_until(loop, is_done, &count, GUARD_MS);
}

static void add_peer(void)
{
    const unsigned number = peers;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(syn_listener_port(listener)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    sockets[number] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(sockets[number], 0);
    ck_assert_int_eq(
        connect(sockets[number], (struct sockaddr *)(void *)&to, sizeof to), 0);
    ck_assert(until(has_peers, number + 1));
}

static void say(unsigned peer)
{
    ck_assert_int_eq(send(sockets[peer], "x", 1, MSG_NOSIGNAL), 1);
}

/* Says far more than its share, each word read for itself. */
static void make_hot(unsigned peer)
{
    for (unsigned i = 0; i < 8 * SYN_FAIR_READS; i++) {
        reads = 0;
        say(peer);
        ck_assert(until(has_reads, 1));
    }
    reads = 0;
}

static void set_up(void)
{
    peers = reads = 0;
    is_fair = true;
    test_clock = syn_clock_new_real();
    ck_assert_int_eq(syn_loop_new(test_clock, &loop), SYN_OK);
    ck_assert_int_eq(
        syn_listener_open(loop,
                          &(struct syn_listener_options){.address = "127.0.0.1",
                                                         .accept = accept_one},
                          &listener),
        SYN_OK);
}

static void tear_down(void)
{
    for (unsigned i = 0; i < peers; i++) {
        (void)close(sockets[i]);
    }
    syn_listener_close(listener);
    syn_loop_free(loop);
    syn_clock_free(test_clock);
}

/* Whatever the order in which the loop tells of sockets. */
START_TEST(stream_that_asks_without_pause_is_read_after_a_calm_one)
{
    const unsigned hot = (unsigned)_i;
    add_peer();
    add_peer();
    make_hot(hot);
    for (unsigned round = 0; round < 2; round++) {
        say(round == 0 ? hot : 1 - hot);
        say(round == 0 ? 1 - hot : hot);
        ck_assert(until(has_reads, 2));
        ck_assert_uint_eq(first_read, 1 - hot);
        make_hot(hot);
    }
}
END_TEST

/* All say far more than their share at one time, then one word more each. */
static unsigned reads_of_a_turn(void)
{
    while (peers < HOT) {
        add_peer();
    }
    for (unsigned round = 0; round <= 4 * SYN_FAIR_READS; round++) {
        ck_assert(until(has_reads, round == 0 ? 0 : HOT));
        reads = 0;
        for (unsigned i = 0; i < HOT; i++) {
            say(i);
        }
    }
    syn_loop_turn(loop, 0);
    return reads;
}

START_TEST(turn_reads_a_bounded_part_of_those_who_ask_without_pause)
{
    ck_assert_uint_le(reads_of_a_turn(), SYN_TURN_LATE_MAX);
    ck_assert(until(has_reads, HOT)); /* and nobody is forgotten */
    ck_assert_uint_eq(reads, HOT);
}
END_TEST

START_TEST(streams_that_take_no_turns_are_all_read_in_one)
{
    is_fair = false;
    ck_assert_uint_eq(reads_of_a_turn(), HOT);
}
END_TEST

/* Only where a calm one is served, who could be kept waiting. */
START_TEST(those_who_ask_without_pause_rest_beside_a_calm_one)
{
    struct syn_streams *home = syn_loop_streams(loop);
    const unsigned calm = HOT;
    (void)reads_of_a_turn();
    ck_assert_int_eq(syn_streams_late_us(home), 0);
    ck_assert(until(has_reads, HOT));
    ck_assert_int_eq(syn_streams_late_us(home), INT64_MAX);
    add_peer();
    reads = 0;
    for (unsigned i = 0; i < HOT; i++) {
        say(i);
    }
    say(calm);
    syn_loop_turn(loop, 0);
    ck_assert_int_gt(syn_streams_late_us(home), 0);
    ck_assert_int_le(syn_streams_late_us(home), 1000 * SYN_FAIR_REST_MS);
    ck_assert(until(has_reads, HOT + 1));
    ck_assert_uint_eq(reads, HOT + 1);
}
END_TEST

/* Its socket is gone while it still waits for its turn. */
START_TEST(stream_that_ends_while_it_waits_is_forgotten)
{
    (void)reads_of_a_turn();
    for (unsigned i = 0; i < HOT; i++) {
        syn_stream_abandon(streams[i]);
    }
    reads = 0;
    syn_loop_turn(loop, 0);
    syn_loop_turn(loop, 0);
    ck_assert_uint_eq(reads, 0);
}
END_TEST

/* Paused while it still waits for its turn. */
START_TEST(paused_stream_is_read_when_it_goes_on)
{
    const unsigned before = reads_of_a_turn();
    ck_assert_uint_lt(before, HOT);
    for (unsigned i = 0; i < HOT; i++) {
        syn_stream_pause(streams[i]);
    }
    syn_loop_turn(loop, 0);
    syn_loop_turn(loop, 0);
    ck_assert_uint_eq(reads, before);
    for (unsigned i = 0; i < HOT; i++) {
        syn_stream_resume(streams[i]);
    }
    ck_assert(until(has_reads, HOT));
}
END_TEST

Suite *suite_stream_turns(void)
{
    Suite *suite = suite_create("stream_turns");
    TCase *tcase = tcase_create("turns");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(
        tcase, stream_that_asks_without_pause_is_read_after_a_calm_one, 0, 2);
    tcase_add_test(tcase,
                   turn_reads_a_bounded_part_of_those_who_ask_without_pause);
    tcase_add_test(tcase, those_who_ask_without_pause_rest_beside_a_calm_one);
    tcase_add_test(tcase, streams_that_take_no_turns_are_all_read_in_one);
    tcase_add_test(tcase, stream_that_ends_while_it_waits_is_forgotten);
    tcase_add_test(tcase, paused_stream_is_read_when_it_goes_on);
    suite_add_tcase(suite, tcase);
    return suite;
}
