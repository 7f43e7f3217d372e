/*
 * test_service_peers.c - peers that harm: silent, slow, many, or too large.
 *
 * Their deadlines are real time, one second here. Whoever behaves is answered
 * meanwhile, and nothing is left when the others are gone.
 */
#include "live_bench.h"

#include "syn/limits.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

Suite *suite_service_peers(void);

#define HOUR_S     3600
#define HASTE_S    1     /* handshake_s, ping_s and pong_s */
#define GUARD_MS   10000 /* ends a broken test */
#define DRIP_MS    100   /* between two bytes of a slow peer */
#define SLACK_MS   1500  /* after a deadline, under a sanitizer and load */
#define FLOOD      500   /* connections */
#define DATA_BYTES 16000
/* What kernels may hold on both sides of a loopback stream, and our queue. */
#define TAKEN_BYTES_MAX (SYN_STREAM_QUEUE_BYTES_MAX + 33554432)
#define WRITES_MAX      (TAKEN_BYTES_MAX / DATA_BYTES)
#define GROWTH_KIB_MAX  32768 /* queue, its doubling, buffers of the test */
/* A binary frame: 125 masked bytes are promised. */
#define MANY_PROMISED ((struct syn_str){"\x82\xfd\1\2\3\4", 6})

static struct bench bench;

static void start(void)
{
    const struct syn_service_setup setup = {.seed = 1, .handshake_s = HASTE_S};
    bench_start(&bench, &setup, false);
}

static void start_pinging(void)
{
    const struct syn_service_setup setup = {
        .seed = 1, .ping_s = HASTE_S, .pong_s = HASTE_S};
    bench_start(&bench, &setup, false);
}

static void stop(void)
{
    bench_stop(&bench);
}

/* --- a stream that does as it is told ------------------------------------- */

struct raw {
    struct syn_stream *stream; /* NULL once it is dead */
    size_t heard;              /* bytes */
    char head[1024];           /* the first of them */
};

static void on_raw_bytes(void *ctx, struct syn_stream *stream,
                         struct syn_str in)
{
    struct raw *raw = ctx;
    (void)stream;
    for (size_t i = 0; i < in.bytes; i++) {
        if (raw->heard + i < sizeof(raw->head) - 1) {
            raw->head[raw->heard + i] = in.at[i];
        }
    }
    raw->heard += in.bytes;
}

static void on_raw_closed(void *ctx, struct syn_stream *stream,
                          enum syn_stream_end end, const char *reason)
{
    (void)stream;
    (void)end;
    (void)reason;
    ((struct raw *)ctx)->stream = NULL;
}

static const struct syn_stream_events raw_events = {.on_bytes = on_raw_bytes,
                                                    .on_closed = on_raw_closed};

static void open_raw(struct raw *raw, const char *text)
{
    const struct syn_stream_target target = {
        .host = "127.0.0.1",
        .port = syn_service_port(bench.service),
        .guard_ms = GUARD_MS};
    memset(raw, 0, sizeof(*raw));
    ck_assert_int_eq(
        syn_stream_connect(bench.loop, &target, &raw_events, raw, &raw->stream),
        SYN_OK);
    if (text[0] != '\0') {
        syn_stream_write(raw->stream, syn_str_of(text));
    }
}

static bool is_raw_dead(void *ctx)
{
    return ((struct raw *)ctx)->stream == NULL;
}

static bool is_never(void *ctx)
{
    (void)ctx;
    return false;
}

static int64_t real_ms(void)
{
    struct timespec now;
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void turn_for(unsigned ms)
{
    (void)syn_loop_run_until(bench.loop, is_never, NULL, ms);
}

/* Until the service has dropped it; returns how long that took. */
static int64_t wait_dropped(struct raw *raw)
{
    const int64_t from_ms = real_ms();
    ck_assert_msg(syn_loop_run_until(bench.loop, is_raw_dead, raw, GUARD_MS),
                  "the service keeps the peer");
    return real_ms() - from_ms;
}

static void expect_answered(void)
{
    ck_assert_uint_eq(bench_call(&bench, "GET", BENCH_ROOT, NULL).status, 200);
}

static bool has_nobody(void *ctx)
{
    (void)ctx;
    return syn_service_count(bench.service).connections == 0;
}

static void expect_nobody_left(void)
{
    ck_assert_msg(syn_loop_run_until(bench.loop, has_nobody, NULL, GUARD_MS),
                  "%zu connections are left",
                  syn_service_count(bench.service).connections);
}

/* --- slow ----------------------------------------------------------------- */

/* A head, a body and an init that never end: a byte at a time does not start
 * the deadline anew, and nobody else waits. */
START_TEST(what_comes_byte_by_byte_is_timed_out)
{
    struct raw head;
    struct raw body;
    struct live_peer *ann = live_login(&bench, "ann", HOUR_S);
    struct live_peer *init = live_open(&bench);
    const int64_t from_ms = real_ms();
    open_raw(&head, "GET /");
    open_raw(&body, "POST /v1/Services HTTP/1.1\r\nHost: x\r\n"
                    "Content-Length: 1000\r\n\r\n");
    syn_stream_write(init->stream, MANY_PROMISED);
    while (head.stream != NULL || body.stream != NULL || init->stream != NULL) {
        struct syn_stream *const slow[] = {head.stream, body.stream,
                                           init->stream};
        ck_assert_int_lt(real_ms() - from_ms, HASTE_S * 1000 + SLACK_MS);
        for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
            if (slow[i] != NULL) {
                syn_stream_write(slow[i], SYN_STR("a"));
            }
        }
        live_fence(ann);
        turn_for(DRIP_MS);
    }
    ck_assert_int_ge(real_ms() - from_ms, HASTE_S * 1000 - DRIP_MS);
    live_close(init);
    live_close(ann);
    expect_nobody_left();
}
END_TEST

/* --- half open ------------------------------------------------------------ */

/* Answer the oldest ping, as the protocol says. */
static void answer_ping(struct live_peer *peer)
{
    const struct live_frame *ping = live_take(peer, "ping");
    const struct syn_str id =
        syn_json_str(syn_json_member(ping->header, "id"), SYN_STR(""));
    const struct syn_str pong = syn_arena_printf(
        &bench.arena,
        "{\"method\":\"reply\",\"id\":\"%.*s\",\"status\":{\"code\":200},"
        "\"payload_size\":0}",
        SYN_STR_ARG(id));
    live_raw(peer, syn_arena_printf(&bench.arena, "TWILSOCK V3.0 %zu\r\n%s\r\n",
                                    pong.bytes, pong.at));
}

/* One is gone; the other is amid a frame that never ends, so that its answer
 * has no way out. */
START_TEST(a_ping_without_an_answer_ends_the_session)
{
    struct live_peer *ann = live_login(&bench, "ann", HOUR_S);
    struct live_peer *gone = live_login(&bench, "gone", HOUR_S);
    struct live_peer *slow = live_login(&bench, "slow", HOUR_S);
    const int64_t from_ms = real_ms();
    syn_stream_write(slow->stream, MANY_PROMISED);
    while (gone->stream != NULL || slow->stream != NULL) {
        ck_assert_int_lt(real_ms() - from_ms, HASTE_S * 2000 + SLACK_MS);
        if (slow->stream != NULL) {
            syn_stream_write(slow->stream, SYN_STR("a"));
        }
        if (live_pending(ann, "ping") > 0) {
            answer_ping(ann);
        }
        turn_for(DRIP_MS);
    }
    ck_assert_int_ge(real_ms() - from_ms, HASTE_S * 2000 - DRIP_MS);
    ck_assert_uint_eq(live_pending(gone, "ping"), 1);
    /* Who answered stays. */
    live_fence(ann);
    ck_assert_uint_eq(syn_service_count(bench.service).sessions, 1);
    live_close(gone);
    live_close(slow);
    live_close(ann);
}
END_TEST

/* --- many ----------------------------------------------------------------- */

START_TEST(a_flood_of_silent_connections_is_dropped)
{
    struct raw *all = calloc(FLOOD, sizeof(*all));
    ck_assert_ptr_nonnull(all);
    struct live_peer *ann = live_login(&bench, "ann", HOUR_S);
    for (size_t i = 0; i < FLOOD; i++) {
        open_raw(&all[i], "");
    }
    turn_for(DRIP_MS);
    ck_assert_uint_gt(syn_service_count(bench.service).connections, FLOOD / 2);
    live_fence(ann);
    expect_answered();
    for (size_t i = 0; i < FLOOD; i++) {
        (void)wait_dropped(&all[i]);
    }
    live_fence(ann);
    ck_assert_uint_eq(syn_service_count(bench.service).connections, 1);
    live_close(ann);
    free(all);
}
END_TEST

/* --- never reading -------------------------------------------------------- */

/* What a sanitizer keeps of freed memory is not the service's. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_MEASURABLE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_MEASURABLE 0
#endif
#endif
#ifndef IS_MEASURABLE
#define IS_MEASURABLE 1
#endif

/* 0 where it cannot be told. */
static long resident_kib(void)
{
    if (!IS_MEASURABLE) {
        return 0;
    }
    long total = 0;
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) {
        return 0;
    }
    if (fscanf(file, "%ld %ld", &total, &pages) != 2) {
        pages = 0;
    }
    (void)fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void forget_frames(struct live_peer *peer)
{
    memset(peer->frames, 0, peer->count * sizeof(peer->frames[0]));
    peer->count = 0;
}

/* Change the document once; `ear` hears it. Memory of the bench is given back,
 * so that what grows is the service's. */
static void change_hot(struct live_peer *ear, const char *form)
{
    const struct syn_arena_mark mark = syn_arena_mark(&bench.arena);
    ck_assert_uint_eq(
        bench_call(&bench, "POST", BENCH_ROOT "/Documents/hot", form).status,
        200);
    (void)live_take(ear, "notification");
    forget_frames(ear);
    syn_arena_rewind(&bench.arena, mark);
}

/* W14: the queue is bounded, then the peer is dropped; others hear it all. */
START_TEST(a_subscriber_that_never_reads_is_dropped_alone)
{
    static char form[DATA_BYTES + 32];
    struct live_peer *ear = live_login(&bench, "ear", HOUR_S);
    struct live_peer *deaf = live_login(&bench, "deaf", HOUR_S);
    struct bench_reply made =
        bench_call(&bench, "POST", BENCH_ROOT "/Documents", "UniqueName=hot");
    const char *sid = bench_text(&bench, &made, "/sid");
    (void)live_subscribe(ear, sid, "document", "-1");
    (void)live_subscribe(deaf, sid, "document", "-1");
    live_fence(ear);
    live_fence(deaf);
    forget_frames(ear);
    (void)snprintf(form, sizeof(form), "Data={\"x\":\"");
    const size_t head = strlen(form);
    memset(form + head, 'a', DATA_BYTES);
    memcpy(form + head + DATA_BYTES, "\"}", 3);
    syn_stream_pause(deaf->stream);
    const long before_kib = resident_kib();
    unsigned writes = 0;
    while (syn_service_count(bench.service).sessions == 2) {
        ck_assert_uint_lt(writes, WRITES_MAX);
        change_hot(ear, form);
        writes++;
    }
    /* It was given its share before: a hiccup is no reason. */
    ck_assert_uint_gt((size_t)writes * DATA_BYTES, SYN_STREAM_QUEUE_BYTES_MAX);
    ck_assert_int_lt(resident_kib() - before_kib, GROWTH_KIB_MAX);
    for (int i = 0; i < 10; i++) {
        change_hot(ear, form);
    }
    ck_assert_uint_eq(syn_service_count(bench.service).subscriptions, 1);
    syn_stream_resume(deaf->stream);
    live_close(deaf);
    live_fence(ear);
    live_close(ear);
}
END_TEST

/* The same without a subscription: it asks, and never takes the answers. */
START_TEST(a_peer_that_never_takes_answers_is_dropped)
{
    struct raw raw;
    open_raw(&raw, "");
    turn_for(DRIP_MS);
    syn_stream_pause(raw.stream);
    const long before_kib = resident_kib();
    for (unsigned i = 0; !has_nobody(NULL); i++) {
        ck_assert_uint_lt(i, 4000);
        if (raw.stream != NULL && syn_stream_queued(raw.stream) < 65536) {
            for (int k = 0; k < 200; k++) {
                syn_stream_write(
                    raw.stream, SYN_STR("GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n"));
            }
        }
        turn_for(1);
    }
    ck_assert_int_lt(resident_kib() - before_kib, GROWTH_KIB_MAX);
    expect_answered();
    if (raw.stream != NULL) {
        syn_stream_resume(raw.stream);
        (void)wait_dropped(&raw);
    }
}
END_TEST

/* --- too large ------------------------------------------------------------ */

START_TEST(a_head_too_large_is_refused_and_harms_nobody)
{
    static char text[SYN_HTTP_HEAD_BYTES_MAX * 2 + 64];
    struct raw raw;
    (void)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nX: ");
    const size_t head = strlen(text);
    memset(text + head, 'a', sizeof(text) - head - 1);
    open_raw(&raw, text);
    (void)wait_dropped(&raw);
    ck_assert_msg(strncmp(raw.head, "HTTP/1.1 431 ", 13) == 0 ||
                      strncmp(raw.head, "HTTP/1.1 400 ", 13) == 0,
                  "%s", raw.head);
    expect_answered();
}
END_TEST

/* The web socket's own close frame comes with this code. */
static void expect_close_code(struct live_peer *peer)
{
    live_wait_end(peer);
    ck_assert(peer->has_close);
    live_close(peer);
    expect_answered();
}

/* W11: nothing is set aside for what is only promised. */
START_TEST(a_length_of_2_to_62_is_refused_at_once)
{
    struct live_peer *peer = live_login(&bench, "ann", HOUR_S);
    const long before_kib = resident_kib();
    syn_stream_write(
        peer->stream,
        (struct syn_str){"\x82\xff\x40\0\0\0\0\0\0\0\1\2\3\4", 14});
    expect_close_code(peer);
    ck_assert_int_lt(resident_kib() - before_kib, GROWTH_KIB_MAX / 8);
}
END_TEST

/* W12: fragments of one byte, never the last one. */
START_TEST(fragments_without_end_are_refused)
{
    struct live_peer *peer = live_login(&bench, "ann", HOUR_S);
    syn_stream_write(peer->stream, (struct syn_str){"\x02\x81\0\0\0\0a", 7});
    for (unsigned i = 0; peer->stream != NULL && !peer->has_close; i++) {
        ck_assert_uint_lt(i, SYN_WS_FRAGMENTS_MAX / 100 + 10);
        for (int k = 0; k < 200; k++) {
            syn_stream_write(peer->stream,
                             (struct syn_str){"\0\x81\0\0\0\0a", 7});
        }
        turn_for(20);
    }
    expect_close_code(peer);
}
END_TEST

Suite *suite_service_peers(void)
{
    Suite *suite = suite_create("service_peers");
    TCase *tcase = tcase_create("peers");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, what_comes_byte_by_byte_is_timed_out);
    tcase_add_test(tcase, a_flood_of_silent_connections_is_dropped);
    tcase_add_test(tcase, a_subscriber_that_never_reads_is_dropped_alone);
    tcase_add_test(tcase, a_peer_that_never_takes_answers_is_dropped);
    tcase_add_test(tcase, a_head_too_large_is_refused_and_harms_nobody);
    tcase_add_test(tcase, a_length_of_2_to_62_is_refused_at_once);
    tcase_add_test(tcase, fragments_without_end_are_refused);
    suite_add_tcase(suite, tcase);
    TCase *pinging = tcase_create("pinging");
    tcase_set_timeout(pinging, 60);
    tcase_add_checked_fixture(pinging, start_pinging, stop);
    tcase_add_test(pinging, a_ping_without_an_answer_ends_the_session);
    suite_add_tcase(suite, pinging);
    return suite;
}
