/*
 * sample_receiver.h - a webhook receiver of ours, sound or with one fault.
 * Layer: runner. Threads: the row's process. Source: rest.md section 9.4.
 */
#ifndef SYN_RUNNER_SAMPLE_RECEIVER_H
#define SYN_RUNNER_SAMPLE_RECEIVER_H

#include "net/loop.h"
#include "runner/instance.h"
#include "syn/arena.h"

struct syn_sample_receiver; /* opaque: harness/runner/sample_receiver.c */

/* Texts are borrowed for its life. Errors: SYN_ERR_MEMORY, SYN_ERR_NET. */
SYN_MUST_CHECK syn_status syn_sample_receiver_start(
    struct syn_loop *loop, struct syn_arena *arena,
    const struct syn_instance *sample, struct syn_str secret,
    struct syn_sample_receiver **out);
void syn_sample_receiver_stop(struct syn_sample_receiver *receiver);

const char *syn_sample_receiver_url(const struct syn_sample_receiver *receiver);

#endif
