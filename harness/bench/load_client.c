/*
 * load_client.c - the transport of `syncproof stress` without its sessions:
 * bare web sockets over load/link.h and load/ws.h, for harness/bench/load to
 * hold beside the limit client. Layer: bench. Threads: one.
 *
 * Usage: load_client MODE PORT COUNT SECONDS
 *   rtt   COUNT connections, one message under way each, for SECONDS
 *   conn  hold COUNT, then open 2,000 more; those are measured
 *   idle  hold COUNT for SECONDS; the memory each takes here
 * Prints one line `name=value …`; `own_us` is CPU time of this process.
 *
 * _DEFAULT_SOURCE: getrusage.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "base/clock.h"
#include "load/link.h"
#include "load/ws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MORE         2000 /* connections that are measured */
#define INFLIGHT     64   /* handshakes at once */
#define MESSAGE      128  /* bytes */
#define SOURCE_COUNT 16
#define WAIT_US      INT64_C(50000)
#define US_PER_S     INT64_C(1000000)
#define ARGUMENTS    5
#define DECIMAL      10

struct bare {
    struct syn_load_link link; /* first: events name it */
    bool is_up;
};

static struct {
    struct syn_load_net *net;
    struct syn_clock *clock;
    struct bare *bares;
    struct syn_buf out;
    uint32_t begun, up, wanted;
    uint64_t answers, failed;
    bool echoes;
} bench;

static void say(struct bare *bare)
{
    static const char text[MESSAGE] = "";
    syn_buf_clear(&bench.out);
    syn_load_ws_put(&bench.out, 0x5a3c9671u, SYN_WS_BINARY,
                    (struct syn_str){text, sizeof text});
    syn_load_link_send(bench.net, &bare->link, syn_buf_str(&bench.out));
}

static void on_open(void *ctx, struct syn_load_link *link)
{
    (void)ctx;
    syn_buf_clear(&bench.out);
    syn_load_ws_put_request(&bench.out, "127.0.0.1", "/echo");
    syn_load_link_send(bench.net, link, syn_buf_str(&bench.out));
}

static size_t take_upgrade(struct bare *bare, struct syn_str in)
{
    for (size_t end = 4; end <= in.bytes; end++) {
        if (memcmp(in.at + end - 4, "\r\n\r\n", 4) == 0) {
            bare->is_up = true;
            bench.up++;
            return end;
        }
    }
    return 0;
}

static size_t on_bytes(void *ctx, struct syn_load_link *link, struct syn_str in)
{
    struct bare *bare = (struct bare *)(void *)link;
    struct syn_ws_fragment frame;
    size_t used = bare->is_up ? 0 : take_upgrade(bare, in);
    size_t bytes = 0;
    (void)ctx;
    while (bare->is_up && syn_load_ws_take(syn_str_from(in, used), &frame,
                                           &bytes) == SYN_WS_WHOLE) {
        used += bytes;
        bench.answers++;
        if (bench.echoes) {
            say(bare);
        }
    }
    return used;
}

static void on_lost(void *ctx, struct syn_load_link *link, bool was_open)
{
    (void)ctx;
    (void)link;
    (void)was_open;
    bench.failed++;
}

/* Open until `count` are up. */
static bool open_to(uint32_t count)
{
    bench.wanted = count;
    while (bench.up < count && bench.failed == 0) {
        while (bench.begun < count && bench.begun - bench.up < INFLIGHT) {
            if (!syn_load_link_open(bench.net, &bench.bares[bench.begun].link,
                                    SYN_LOAD_SDK, bench.begun)) {
                return false;
            }
            bench.begun++;
        }
        syn_load_net_turn(bench.net, WAIT_US);
    }
    return bench.failed == 0;
}

static double cpu_us(void)
{
    struct rusage use;
    (void)getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * US_PER_S +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

/* Resident without what files share. */
static double own_bytes(void)
{
    long resident = 0;
    long shared = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld %ld", &resident, &shared) != 2) {
        resident = shared;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return (double)(resident - shared) * (double)sysconf(_SC_PAGESIZE);
}

static void turn_for(int64_t us)
{
    const int64_t end_us = syn_clock_now_us(bench.clock) + us;
    while (syn_clock_now_us(bench.clock) < end_us && bench.failed == 0) {
        syn_load_net_turn(bench.net, WAIT_US);
    }
}

static bool run_rounds(uint32_t count, int64_t span_us)
{
    if (!open_to(count)) {
        return false;
    }
    bench.echoes = true;
    for (uint32_t i = 0; i < count; i++) {
        say(&bench.bares[i]);
    }
    turn_for(US_PER_S / 2);
    const uint64_t answers = bench.answers;
    const double cpu = cpu_us();
    const int64_t begun_us = syn_clock_now_us(bench.clock);
    turn_for(span_us);
    const double done = (double)(bench.answers - answers);
    const double took_us = (double)(syn_clock_now_us(bench.clock) - begun_us);
    (void)printf("rate=%.0f own_us=%.3f\n", done * US_PER_S / took_us,
                 (cpu_us() - cpu) / (done > 0 ? done : 1));
    return done > 0;
}

static bool run_connects(uint32_t count, int64_t span_us)
{
    (void)span_us;
    if (!open_to(count)) {
        return false;
    }
    const double cpu = cpu_us();
    const int64_t begun_us = syn_clock_now_us(bench.clock);
    if (!open_to(count + MORE)) {
        return false;
    }
    const double took_us = (double)(syn_clock_now_us(bench.clock) - begun_us);
    (void)printf("rate=%.0f own_us=%.3f\n", (double)MORE * US_PER_S / took_us,
                 (cpu_us() - cpu) / MORE);
    return true;
}

static bool run_idle(uint32_t count, int64_t span_us)
{
    const double before = own_bytes();
    const bool is_good = open_to(count);
    const double took = own_bytes() - before;
    turn_for(span_us);
    (void)printf("count=%u bytes_each=%.0f failed=%llu\n", (unsigned)bench.up,
                 took / count, (unsigned long long)bench.failed);
    return is_good && bench.failed == 0;
}

static const struct {
    const char *name;
    bool (*run)(uint32_t count, int64_t span_us);
} modes[] = {{"rtt", run_rounds}, {"conn", run_connects}, {"idle", run_idle}};

static bool start(uint16_t port, uint32_t count)
{
    static const struct syn_load_link_events events = {
        .on_open = on_open, .on_bytes = on_bytes, .on_lost = on_lost};
    const struct syn_load_net_setup setup = {
        .places = {[SYN_LOAD_SDK] = {.host = "127.0.0.1",
                                     .ports = {port},
                                     .port_count = 1}},
        .sources = SOURCE_COUNT,
        .events = &events};
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    syn_buf_init(&bench.out, NULL, SYN_LOAD_STEP_BYTES_MAX);
    bench.clock = syn_clock_new_real();
    bench.bares = calloc((size_t)count + MORE, sizeof *bench.bares);
    return bench.clock != NULL && bench.bares != NULL &&
           syn_load_net_open(&setup, &bench.net) == SYN_OK;
}

int main(int argc, char **argv)
{
    bool is_good = false;
    if (argc != ARGUMENTS) {
        (void)fprintf(stderr, "usage: load_client MODE PORT COUNT SECONDS\n");
        return EXIT_FAILURE;
    }
    const uint16_t port = (uint16_t)strtoul(argv[2], NULL, DECIMAL);
    const uint32_t count = (uint32_t)strtoul(argv[3], NULL, DECIMAL);
    const int64_t span_us = strtoll(argv[4], NULL, DECIMAL) * US_PER_S;
    for (size_t i = 0; i < sizeof modes / sizeof *modes && count > 0; i++) {
        if (strcmp(argv[1], modes[i].name) == 0 && start(port, count)) {
            is_good = modes[i].run(count, span_us);
        }
    }
    for (uint32_t i = 0; bench.bares != NULL && i < bench.begun; i++) {
        syn_load_link_close(bench.net, &bench.bares[i].link, true);
    }
    syn_load_net_close(bench.net);
    syn_clock_free(bench.clock);
    syn_buf_fini(&bench.out);
    free(bench.bares);
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
