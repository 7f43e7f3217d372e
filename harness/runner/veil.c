/*
 * veil.c - TLS for a row's embedded service (veil.h).
 * Layer: runner. Threads: the row's process.
 *
 * OpenSSL and libcurl take certificates as files, so a directory that only
 * this user can read holds them for as long as the row lives.
 */
#include "runner/veil.h"

#include "base/crypto.h"
#include "runner/run_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *file_in(struct syn_run *run, const char *name)
{
    struct syn_str path =
        syn_arena_printf(&run->arena, "%s/%s", run->veil_dir, name);
    if (path.at == NULL) {
        syn_run_abandon(run, "the arena of the row is full");
    }
    return path.at;
}

const struct syn_tls_server *syn_run_open_veil(struct syn_run *run)
{
    const char *tmp = getenv("TMPDIR");
    int bytes = snprintf(run->veil_dir, sizeof run->veil_dir, "%s/syn-XXXXXX",
                         tmp == NULL || tmp[0] == '\0' ? "/tmp" : tmp);
    if (bytes < 0 || (size_t)bytes >= sizeof run->veil_dir ||
        mkdtemp(run->veil_dir) == NULL) {
        run->veil_dir[0] = '\0';
        syn_run_abandon(run, "no directory for a certificate could be made");
    }
    run->veil.cert_file = file_in(run, "cert.pem");
    run->veil.key_file = file_in(run, "key.pem");
    if (syn_crypto_write_certificate("127.0.0.1", run->veil.cert_file,
                                     run->veil.key_file) != SYN_OK) {
        syn_run_abandon(run, "no certificate could be made");
    }
    run->tls =
        (struct syn_tls_client){.ca_file = run->veil.cert_file, .verify = true};
    return &run->veil;
}

void syn_run_close_veil(struct syn_run *run)
{
    if (run->veil_dir[0] != '\0') {
        (void)unlink(run->veil.cert_file);
        (void)unlink(run->veil.key_file);
        (void)rmdir(run->veil_dir);
        run->veil_dir[0] = '\0';
    }
}
