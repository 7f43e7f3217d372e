/*
 * stand_in.c - an issuer and a receiver to name in a target file, for
 * harness/tests/outsiders.sh.
 * Layer: tests. Threads: one.
 * Source: design section 4 (`token_endpoint`, `webhook.receiver`).
 *
 * The instances are those of the rows, but behind sockets of another process
 * and on real time, as an app's would be. Loopback only; ends with SIGTERM.
 *
 *     stand_in ISSUER RECEIVER KEY_SID SECRET ACCOUNT_SID SERVICE_SID
 * AUTH_TOKEN
 */
#include "base/clock.h"
#include "runner/sample_issuer.h"
#include "runner/sample_receiver.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES 16777216
#define SEED        7
#define TURN_MS     200
#define USAGE       64

enum argument {
    PROGRAM,
    ISSUER,
    RECEIVER,
    KEY,
    SECRET,
    ACCOUNT,
    SERVICE,
    TOKEN,
    ARGUMENTS
};

static volatile sig_atomic_t is_stopped;

static void on_signal(int number)
{
    (void)number;
    is_stopped = 1;
}

static bool start(struct syn_loop *loop, struct syn_arena *arena,
                  struct syn_rng *rng, char **argv)
{
    struct syn_sample_issuer *issuer = NULL;
    struct syn_sample_receiver *receiver = NULL;
    const struct syn_instance *one = syn_instance_for("issuer", argv[ISSUER]);
    const struct syn_instance *two =
        syn_instance_for("receiver", argv[RECEIVER]);
    const struct syn_sample_issuer_setup setup = {
        .loop = loop,
        .arena = arena,
        .rng = rng,
        .key = {.key_sid = argv[KEY],
                .secret = argv[SECRET],
                .account_sid = argv[ACCOUNT]},
        .service_sid = argv[SERVICE],
        .sample = one};
    if (one == NULL || two == NULL ||
        syn_sample_issuer_start(&setup, &issuer) != SYN_OK ||
        syn_sample_receiver_start(loop, arena, two, syn_str_of(argv[TOKEN]),
                                  &receiver) != SYN_OK) {
        return false;
    }
    (void)printf("{\"issuer\":\"%s\",\"receiver\":\"%s\"}\n",
                 syn_sample_issuer_door(issuer).url,
                 syn_sample_receiver_url(receiver));
    (void)fflush(stdout);
    while (is_stopped == 0) {
        syn_loop_turn(loop, TURN_MS);
    }
    syn_sample_receiver_stop(receiver);
    syn_sample_issuer_stop(issuer);
    return true;
}

int main(int argc, char **argv)
{
    struct sigaction stop = {.sa_handler = on_signal};
    struct syn_arena arena;
    struct syn_rng rng;
    struct syn_loop *loop = NULL;
    struct syn_clock *clock = syn_clock_new_real();
    bool is_good = argc == ARGUMENTS && clock != NULL;
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    syn_arena_init(&arena, NULL, ARENA_BYTES);
    syn_rng_init(&rng, SEED, SEED);
    is_good = is_good && syn_loop_new(clock, &loop) == SYN_OK &&
              start(loop, &arena, &rng, argv);
    syn_loop_free(loop);
    syn_clock_free(clock);
    syn_arena_fini(&arena);
    return is_good ? 0 : USAGE;
}
