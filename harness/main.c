/*
 * main.c - the program: global set-up, the command line, the exit.
 * Layer: main. Threads: the main process.
 */
#include "cli/cli.h"
#include "net/curl.h"

#include "base/log.h"

#include <signal.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    /* A peer that goes away is an error of its write, not our end. */
    (void)sigaction(SIGPIPE, &ignore, NULL);
    if (syn_curl_global_init() != SYN_OK) {
        syn_err_printf("syncproof: libcurl does not start\n");
        exit(SYN_EXIT_HARNESS);
    }
    int code = syn_cli_run(argc, argv);
    syn_curl_global_fini();
    exit(code);
}
