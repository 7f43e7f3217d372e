/*
 * power_serve.c - syncproof on a disk that forgets what was not synced: to
 * kill it is to cut its power. For kill_test only.
 */
#include "cli/cli.h"
#include "net/curl.h"
#include "power_vfs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    if (!power_vfs_install((uint64_t)getpid() * 2654435761u) ||
        syn_curl_global_init() != SYN_OK) {
        (void)fputs("power_serve: cannot begin\n", stderr);
        return SYN_EXIT_HARNESS;
    }
    /* The proof that the test can fail: a disk that says it has synced. */
    const char *lies = getenv("SYN_POWER_LIES");
    power_vfs_lie(lies != NULL && strcmp(lies, "1") == 0);
    int code = syn_cli_run(argc, argv);
    syn_curl_global_fini();
    return code;
}
