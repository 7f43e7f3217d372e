/*
 * fault_proxy.c - the tap as a program: a network that is unwell now and then.
 * Layer: tests. Threads: one.
 * Source: design sections 4 and 7: what a network does is no verdict.
 *
 * Passes both planes on to one port, with TLS on either side, and every so
 * often does something to a message: drops, delays, cuts, resets, truncates,
 * swallows a reply, refuses a connection. Which one and when follows from the
 * seed and from what passes. It prints its port, ends with SIGTERM, and then
 * says on stderr how many messages and faults there were.
 *
 *     fault_proxy PORT CA_FILE|- CERT|- KEY|- SEED EVERY
 *
 * EVERY: one fault in about so many messages; 0: none at all.
 */
#include "base/clock.h"
#include "base/rng.h"
#include "net/loop.h"
#include "tap/tap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN_MS    50
#define ARGUMENTS  7
#define DELAY_US   400000
#define TORN_BYTES 9
#define DECIMAL    10

static volatile sig_atomic_t is_stopped;
static struct syn_loop *stopped_loop;

struct weather {
    struct syn_rng rng;
    uint64_t every;    /* one fault in so many messages */
    uint64_t messages; /* seen so far */
    uint64_t due;      /* the message at which the next fault is armed */
    uint64_t faults;
};

/* A network that keeps TCP's promise: no frame vanishes from a living stream,
 * so only whole exchanges are swallowed (a request that stalls half-way, an
 * answer that never comes); everything else ends the connection or is late. */
static const struct syn_tap_fault kinds[] = {
    {.kind = SYN_TAP_DROP, .direction = SYN_TAP_UP, .match = "POST /v1"},
    {.kind = SYN_TAP_DROP_REPLY, .match = "POST /v1"},
    {.kind = SYN_TAP_DROP_REPLY, .match = "DELETE /v1"},
    {.kind = SYN_TAP_DROP_REPLY, .match = "GET /v1"},
    {.kind = SYN_TAP_DELAY, .direction = SYN_TAP_UP, .delay_us = DELAY_US},
    {.kind = SYN_TAP_DELAY, .direction = SYN_TAP_DOWN, .delay_us = DELAY_US},
    {.kind = SYN_TAP_TRUNCATE, .direction = SYN_TAP_UP, .bytes = TORN_BYTES},
    {.kind = SYN_TAP_TRUNCATE, .direction = SYN_TAP_DOWN, .bytes = TORN_BYTES},
    {.kind = SYN_TAP_CUT, .direction = SYN_TAP_UP},
    {.kind = SYN_TAP_CUT, .direction = SYN_TAP_DOWN},
    {.kind = SYN_TAP_RESET, .direction = SYN_TAP_UP},
    {.kind = SYN_TAP_RESET, .direction = SYN_TAP_DOWN},
    {.kind = SYN_TAP_REFUSE}};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static void on_signal(int number)
{
    (void)number;
    is_stopped = 1;
    if (stopped_loop != NULL) {
        syn_loop_wake(stopped_loop);
    }
}

static void on_message(void *ctx, const struct syn_tap_message *message)
{
    struct weather *weather = ctx;
    (void)message;
    weather->messages++;
}

/* Between turns: no fault is armed while one is looked for. */
static void stir(struct weather *weather, struct syn_tap *tap)
{
    if (weather->every == 0 || weather->messages < weather->due) {
        return;
    }
    size_t which = (size_t)(syn_rng_next(&weather->rng) % KIND_COUNT);
    weather->due = weather->messages + 1 +
                   syn_rng_next(&weather->rng) % (2 * weather->every);
    if (syn_tap_fault(tap, &kinds[which]) == SYN_OK) {
        weather->faults++;
    }
}

static int stand_between(const struct syn_tap_options *options,
                         struct weather *weather)
{
    struct syn_clock *clock = syn_clock_new_real();
    struct syn_loop *loop = NULL;
    struct syn_tap *tap = NULL;
    syn_status st = clock == NULL ? SYN_ERR_MEMORY : syn_loop_new(clock, &loop);
    st = st != SYN_OK ? st : syn_tap_start(loop, options, &tap);
    if (st == SYN_OK) {
        stopped_loop = loop;
        (void)printf("%u\n", (unsigned)syn_tap_port(tap));
        (void)fflush(stdout);
    }
    while (st == SYN_OK && is_stopped == 0) {
        syn_loop_turn(loop, TURN_MS);
        stir(weather, tap);
    }
    stopped_loop = NULL;
    (void)fprintf(stderr, "%llu messages, %llu faults\n",
                  (unsigned long long)weather->messages,
                  (unsigned long long)weather->faults);
    syn_tap_stop(tap);
    if (loop != NULL) {
        syn_loop_free(loop);
    }
    syn_clock_free(clock);
    return st == SYN_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const char *word(const char *argument)
{
    return strcmp(argument, "-") == 0 ? NULL : argument;
}

int main(int argc, char **argv)
{
    struct sigaction stop = {.sa_handler = on_signal};
    if (argc != ARGUMENTS) {
        (void)fputs("fault_proxy PORT CA|- CERT|- KEY|- SEED EVERY\n", stderr);
        return 64;
    }
    const struct syn_tls_client client = {.ca_file = word(argv[2]),
                                          .verify = true};
    const struct syn_tls_server server = {.cert_file = argv[3],
                                          .key_file = argv[4]};
    struct weather weather = {.every = strtoull(argv[6], NULL, DECIMAL)};
    const struct syn_tap_options options = {
        .tls = word(argv[3]) == NULL ? NULL : &server,
        .rest = {.host = "localhost",
                 .port = (uint16_t)strtoul(argv[1], NULL, DECIMAL),
                 .tls = word(argv[2]) == NULL ? NULL : &client},
        .on_message = on_message,
        .ctx = &weather};
    syn_rng_init(&weather.rng, strtoull(argv[5], NULL, DECIMAL), 0);
    weather.due = weather.every;
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return stand_between(&options, &weather);
}
