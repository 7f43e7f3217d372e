/*
 * link.h - a session core on a real web socket.
 * Layer: client. Threads: the loop's.
 *
 * Carries out the effects of session.h over a stream, and turns what the
 * stream reports into events. Everything that leaves is asked of the world
 * first and told to it, both ways.
 */
#ifndef SYN_CLIENT_LINK_H
#define SYN_CLIENT_LINK_H

#include "client/session.h"
#include "client/world.h"
#include "net/url.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stdint.h>

struct syn_link_setup {
    struct syn_world *world;
    const char *actor; /* for the transcript; borrowed */
    struct syn_sdk_session_setup session;
    const char *url; /* NULL: the world's */
    /* A message of the service, before the session sees it. `exchange` is its
     * number in the transcript. False drops the connection. */
    bool (*on_message)(void *ctx, struct syn_str message, unsigned exchange);
    /* What the session notes. Must not step. */
    void (*on_note)(void *ctx, const struct syn_sdk_note *note);
    /* A step has been carried out; may step again. May be NULL. */
    void (*on_idle)(void *ctx);
    void *ctx;
};

struct syn_link; /* opaque: harness/client/link.c */

/* *out belongs to the caller. Errors: SYN_ERR_MEMORY, SYN_ERR_PARSE (URL). */
SYN_MUST_CHECK syn_status syn_link_new(const struct syn_link_setup *setup,
                                       struct syn_link **out);

/* Drops the connection at once; turns the loop until that is done. */
void syn_link_free(struct syn_link *link); /* NULL is ignored */

/* One event for the session. The status is the session's, or that of a
 * safety rule that kept a frame from leaving. */
SYN_MUST_CHECK syn_status syn_link_step(struct syn_link *link,
                                        const struct syn_sdk_event *event);

const struct syn_sdk_session *syn_link_session(const struct syn_link *link);

/* Did the last attempt fail in TLS? */
bool syn_link_has_failed_tls(const struct syn_link *link);

#endif
