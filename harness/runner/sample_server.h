/*
 * sample_server.h - a small HTTP server on loopback for samples.
 * Layer: runner. Threads: the row's process.
 *
 * Whole requests in, one answer each; every connection ends with its answer.
 */
#ifndef SYN_RUNNER_SAMPLE_SERVER_H
#define SYN_RUNNER_SAMPLE_SERVER_H

#include "base/buf.h"
#include "net/http.h"
#include "net/loop.h"

#include <stdint.h>

struct syn_sample_answer {
    unsigned status;
    struct syn_buf headers; /* "Name: value\r\n" each */
    struct syn_buf body;
};

typedef void (*syn_sample_answer_fn)(void *ctx,
                                     const struct syn_http_message *request,
                                     struct syn_sample_answer *answer);

struct syn_sample_server; /* opaque: harness/runner/sample_server.c */

/* Errors: SYN_ERR_MEMORY, SYN_ERR_NET. */
SYN_MUST_CHECK syn_status
syn_sample_server_start(struct syn_loop *loop, syn_sample_answer_fn answer,
                        void *ctx, struct syn_sample_server **out);
void syn_sample_server_stop(struct syn_sample_server *server); /* NULL ok */

uint16_t syn_sample_server_port(const struct syn_sample_server *server);

#endif
