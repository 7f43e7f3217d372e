/*
 * record.h - the verb `record`: write down what an app does.
 * Layer: gate. Threads: the loop's.
 * Source: design section 8.
 *
 * A tap stands between SDKs, backend and service. Requests are paired with
 * their answers and become events of a trace; each is on disk before the next
 * message is looked at. Tokens are only looked into, never kept.
 */
#ifndef SYN_GATE_RECORD_H
#define SYN_GATE_RECORD_H

#include "net/tls.h"
#include "syn/arena.h"
#include "target/file.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct syn_loop;

struct syn_record_options {
    const struct syn_target *target;
    const char *address;              /* to listen on */
    uint16_t port;                    /* 0: a free one */
    const struct syn_tls_server *tls; /* NULL: plain */
    const char *trace_path;
    const char *map_path; /* of pseudonyms; NULL: names are kept */
    bool shadow_denies;
    /* Called once with the port when recording; false ends it. */
    bool (*on_ready)(void *ctx, uint16_t port);
    /* Before turning and, with NULL, after: for the handler of signals. */
    void (*on_loop)(void *ctx, struct syn_loop *loop);
    void *ctx;
    const volatile sig_atomic_t *stop; /* not 0: end, with a whole trace */
};

/* Record until told to stop. Returns an exit code; faults are told on
 * stderr. */
int syn_record_run(struct syn_arena *arena,
                   const struct syn_record_options *options);

struct syn_webhook_import {
    const char *log_path;
    const char *trace_path;
    const char *map_path;   /* NULL: names are kept */
    const char *auth_token; /* to check signatures; NULL: unchecked */
};

/* Turn a log of webhooks into a trace: writes only. Returns an exit code. */
int syn_record_import(struct syn_arena *arena,
                      const struct syn_webhook_import *import);

#endif
