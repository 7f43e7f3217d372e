/*
 * receiver.h - an actor that posts webhooks, true and forged, to the app.
 * Layer: public. Threads: the row's.
 * Source: rest.md sections 9.2 and 9.4.
 *
 * The receiver stands in the target file (`webhook.receiver`); embedded it is
 * a sample, sound or with one fault. syn_sink_signature signs.
 */
#ifndef SYN_RECEIVER_H
#define SYN_RECEIVER_H

#include "syn/client.h"
#include "syn/sink.h"
#include "syn/str.h"

#include <stddef.h>

struct syn_receiver; /* opaque: harness/client/receiver.c */
struct syn_run;

struct syn_receiver_post {
    const char *query; /* behind the URL, with its '?'; NULL: none */
    const struct syn_sink_pair *params; /* sent as a form */
    size_t param_count;
    const char *json;         /* sent instead of a form; NULL: the form */
    struct syn_str signature; /* at NULL: no such header */
};

struct syn_reply syn_receiver_post(struct syn_receiver *receiver,
                                   const struct syn_receiver_post *post);

/* The URL as the service would have it configured. */
const char *syn_receiver_url(const struct syn_receiver *receiver);

/* The auth token that signs for it; a secret. */
struct syn_str syn_receiver_secret(const struct syn_receiver *receiver);

/* "bodySHA256=<hex>" for a JSON body; owned by the row. */
struct syn_str syn_receiver_body_hash(struct syn_receiver *receiver,
                                      const char *json);

/* The receiver of this row's target, or a sample. Needs SYN_NEED_RECEIVER. */
struct syn_receiver *syn_run_receiver(struct syn_run *run);

#endif
