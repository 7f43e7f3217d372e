/*
 * cover.h - what lies between a link's bytes and its socket: the tunnel of a
 * proxy, TLS to the host, or one in the other.
 * Layer: load. Threads: the worker's. No sockets: bytes in, bytes out.
 */
#ifndef SYN_LOAD_COVER_H
#define SYN_LOAD_COVER_H

#include "net/route.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>

struct syn_load_cover; /* opaque: cover.c; one connection */
struct syn_load_place;
struct syn_tls_context;

/* Whom a place trusts. NULL: none needed. */
struct syn_load_trust {
    struct syn_tls_context *host;
    struct syn_tls_context *proxy;
};

/* Errors: SYN_ERR_TLS bad files, SYN_ERR_MEMORY. What was made is freed by
 * syn_load_trust_fini in any case. */
SYN_MUST_CHECK syn_status syn_load_trust_init(
    struct syn_load_trust *trust, const struct syn_load_place *place);
void syn_load_trust_fini(struct syn_load_trust *trust);

/* Is there anything to be put between? */
bool syn_load_cover_is_needed(const struct syn_load_place *place);

/* NULL: no memory. `place` and `trust` outlive it. */
struct syn_load_cover *syn_load_cover_new(const struct syn_load_place *place,
                                          const struct syn_load_trust *trust);

/* Free it; inside syn_load_cover_feed at its end. NULL is ignored. */
void syn_load_cover_drop(struct syn_load_cover *cover);

enum syn_load_cover_state {
    SYN_LOAD_COVER_SHAKING,
    SYN_LOAD_COVER_OPEN,
    SYN_LOAD_COVER_BARE,   /* open, and nothing more to do: drop it */
    SYN_LOAD_COVER_LOST,   /* ended or broken */
    SYN_LOAD_COVER_DROPPED /* inside this call: it is gone */
};

/* Take received bytes, none: the socket is connected. What is for the user goes
 * to `plain`, which may drop the cover. */
enum syn_load_cover_state
syn_load_cover_feed(struct syn_load_cover *cover, struct syn_str in,
                    void (*plain)(void *ctx, struct syn_str plain), void *ctx);

/* Put a part of the bytes on the wire; those taken, 0: broken. */
size_t syn_load_cover_put(struct syn_load_cover *cover, struct syn_str bytes);

/* What is to be sent; then that it was. */
struct syn_str syn_load_cover_wire(const struct syn_load_cover *cover);
void syn_load_cover_sent(struct syn_load_cover *cover, size_t bytes);

/* Why the proxy lets nothing pass, or not yet; "": it does, or there is none.
 */
const char *syn_load_cover_reason(const struct syn_load_cover *cover);

#endif
