/*
 * sink.h - an actor that receives webhooks and remembers them.
 * Layer: public. Threads: the row's.
 * Source: rest.md section 9.
 *
 * A small HTTP server of our own. It answers as it is told, at once, late or
 * never, and keeps what came. Its check of signatures is written from the
 * vendor's description and shares nothing with the service that signs.
 */
#ifndef SYN_SINK_H
#define SYN_SINK_H

#include "syn/arena.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_sink; /* opaque: harness/client/sink.c */

/* A parameter of the form, decoded, or a header field as it came. */
struct syn_sink_pair {
    struct syn_str name;
    struct syn_str value;
};

/* One request. Texts live as long as the row. */
struct syn_sink_record {
    int64_t at_ms; /* of the row's clock, when it was complete */
    struct syn_str method;
    struct syn_str target; /* path and query, raw */
    struct syn_str body;   /* as it came */
    const struct syn_sink_pair *params;
    size_t param_count;
    bool is_form; /* a form by its type, and one that can be read */
    const struct syn_sink_pair *headers;
    size_t header_count;
    unsigned exchange; /* its place in the transcript; 0: none */
};

/* How it answers from now on. */
struct syn_sink_manner {
    unsigned status;  /* 0: 200 */
    int64_t delay_ms; /* on the row's clock: under virtual time the answer
                         waits until time is moved */
    bool hangs;       /* never answers */
};

/* Where it listens: "http://127.0.0.1:4711/hook", or its public URL. */
const char *syn_sink_url(const struct syn_sink *sink);

void syn_sink_behave(struct syn_sink *sink,
                     const struct syn_sink_manner *manner);

/* Requests that came so far, and the n-th of them (NULL past the end). */
size_t syn_sink_count(const struct syn_sink *sink);
const struct syn_sink_record *syn_sink_at(const struct syn_sink *sink,
                                          size_t index);

/* Forget what came. */
void syn_sink_clear(struct syn_sink *sink);

/* Turn the loop until `count` requests have come; false: not in time. */
bool syn_sink_await(struct syn_sink *sink, size_t count);

/* The same for the n-th (from 0) request of one EventType; NULL: not in
 * time. */
const struct syn_sink_record *syn_sink_await_event(struct syn_sink *sink,
                                                   const char *event_type,
                                                   size_t index);

/* First parameter of that name; at NULL when absent. */
struct syn_str syn_sink_param(const struct syn_sink_record *record,
                              const char *name);

/* First header field, without regard to case; at NULL when absent. */
struct syn_str syn_sink_header(const struct syn_sink_record *record,
                               const char *name);

/* What X-Twilio-Signature must be for this URL and these parameters; at NULL
 * when memory runs out. To forge requests of one's own with as well. */
struct syn_str syn_sink_signature(struct syn_arena *arena, const char *url,
                                  const struct syn_sink_pair *params,
                                  size_t param_count,
                                  struct syn_str auth_token);

/* Is the record signed for `url` (NULL: the sink's own) with this token? */
bool syn_sink_is_signed(const struct syn_sink *sink,
                        const struct syn_sink_record *record, const char *url,
                        struct syn_str auth_token);

#endif
