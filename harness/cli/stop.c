/*
 * stop.c - signals that ask a verb to end by itself.
 * Layer: cli. Threads: the main process.
 */
#include "cli/cli.h"

/* Set by the handler, looked at before whatever is sent. */
static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    stop_signal = number;
}

const volatile sig_atomic_t *syn_cli_stop(void)
{
    return &stop_signal;
}

void syn_cli_watch_signals(void)
{
    struct sigaction stop = {.sa_handler = on_signal,
                             .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
}
