/*
 * test_stream_share.c - shared bytes to a raw socket that is always behind.
 *
 * _DEFAULT_SOURCE: the headers of libev need it.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "net/stream_impl.h"

#include "syn/limits.h"

#include <arpa/inet.h>
#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GUARD_MS 10000
#define NARROW   4096  /* of both sockets */
#define ALLOWED  65536 /* unsent bytes */
#define BEHIND   32768 /* never fewer wait */
#define PIECE    1021  /* no power of two: its bytes show any shift */

Suite *suite_stream_share(void);

static struct syn_clock *test_clock;
static struct syn_loop *loop;
static struct syn_listener *listener;
static struct syn_stream *sender; /* NULL before and after */
static int peer = -1;

static void on_bytes(void *ctx, struct syn_stream *stream, struct syn_str in)
{
    (void)ctx;
    (void)stream;
    (void)in;
}

static void on_closed(void *ctx, struct syn_stream *stream,
                      enum syn_stream_end end, const char *reason)
{
    (void)ctx;
    (void)stream;
    (void)end;
    (void)reason;
    sender = NULL;
}

static bool accept_one(void *ctx, struct syn_stream *stream,
                       const struct syn_stream_events **out, void **stream_ctx)
{
    static const struct syn_stream_events events = {.on_bytes = on_bytes,
                                                    .on_closed = on_closed};
    const int narrow = NARROW;
    (void)ctx;
    (void)stream_ctx;
    sender = stream;
    *out = &events;
    ck_assert_int_eq(setsockopt(syn_socket_fd(stream), SOL_SOCKET, SO_SNDBUF,
                                &narrow, sizeof narrow),
                     0);
    return true;
}

static bool has_sender(void *ctx)
{
    (void)ctx;
    return sender != NULL;
}

static void set_up(void)
{
    const int narrow = NARROW;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    test_clock = syn_clock_new_real();
    ck_assert_int_eq(syn_loop_new(test_clock, &loop), SYN_OK);
    ck_assert_int_eq(
        syn_listener_open(loop,
                          &(struct syn_listener_options){.address = "127.0.0.1",
                                                         .accept = accept_one},
                          &listener),
        SYN_OK);
    peer = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(peer, 0);
    ck_assert_int_eq(
        setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &narrow, sizeof narrow), 0);
    address.sin_port = htons(syn_listener_port(listener));
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&address, sizeof address),
                     0);
    ck_assert(syn_loop_run_until(loop, has_sender, NULL, GUARD_MS));
}

static void tear_down(void)
{
    (void)close(peer);
    syn_listener_close(listener);
    syn_loop_free(loop);
    syn_clock_free(test_clock);
}

/* Read what is there and compare it: `seen` bytes came before. */
static size_t read_some(const char *piece, size_t seen)
{
    char got[NARROW];
    const ssize_t bytes = recv(peer, got, sizeof got, MSG_DONTWAIT);
    for (ssize_t i = 0; i < bytes; i++) {
        ck_assert_int_eq(got[i], piece[(seen + (size_t)i) % PIECE]);
    }
    return bytes > 0 ? (size_t)bytes : 0;
}

/* Who only ever hears what all hear is written to in no other way. */
START_TEST(peer_that_is_always_behind_is_kept)
{
    char piece[PIECE];
    size_t seen = 0;
    memset(piece, 'x', sizeof piece);
    piece[0] = '[';
    struct syn_shared *shared =
        syn_shared_new((struct syn_str){piece, sizeof piece});
    ck_assert_ptr_nonnull(shared);
    syn_stream_allow(sender, ALLOWED);
    for (unsigned turns = 0; seen < 20 * ALLOWED; turns++) {
        ck_assert_msg(sender != NULL, "ended after %zu bytes", seen);
        ck_assert_msg(turns < GUARD_MS, "stuck after %zu bytes", seen);
        while (syn_stream_queued(sender) < BEHIND + NARROW) {
            syn_stream_write_shared(sender, shared);
        }
        syn_loop_turn(loop, 1);
        ck_assert(sender == NULL || syn_stream_queued(sender) > 0);
        seen += read_some(piece, seen);
    }
    syn_shared_drop(shared);
}
END_TEST

Suite *suite_stream_share(void)
{
    Suite *suite = suite_create("stream_share");
    TCase *tcase = tcase_create("behind");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, peer_that_is_always_behind_is_kept);
    suite_add_tcase(suite, tcase);
    return suite;
}
