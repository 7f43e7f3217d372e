/*
 * purpose.h - what a departure is about to do to a target.
 * Layer: target. Threads: independent calls.
 * Source: rest.md sections 2 to 5, sdk-protocol.md sections 5 to 8.
 *
 * Read from method, path and body where the request leaves, so that no caller
 * has to say it and none can forget to.
 */
#ifndef SYN_TARGET_PURPOSE_H
#define SYN_TARGET_PURPOSE_H

#include "client/world.h"
#include "syn/arena.h"
#include "target/manifest.h"

#include <stdbool.h>

enum syn_deed {
    SYN_DEED_NOTHING, /* replies to pings, good-byes */
    SYN_DEED_READ,    /* also init, update of a token, subscriptions */
    SYN_DEED_MAKE,    /* a service, an object, a grant */
    SYN_DEED_CHANGE,  /* what is there, items and messages included */
    SYN_DEED_REMOVE   /* a whole service, object or grant */
};

/* What it is about, as far as the path tells. */
enum syn_about {
    SYN_ABOUT_OTHER, /* no path of Sync: an app's endpoint, our clock */
    SYN_ABOUT_SERVICE,
    SYN_ABOUT_OBJECT,
    SYN_ABOUT_GRANT,
    SYN_ABOUT_KEY /* /_syncproof/keys/… */
};

/* Texts are decoded and belong to the arena. */
struct syn_purpose {
    enum syn_deed act;
    enum syn_about about;
    enum syn_manifest_kind kind; /* of a service, object or grant */
    struct syn_str service;      /* sid in the path; empty: the token's */
    struct syn_str id;           /* sid or name of the object */
    struct syn_str name;         /* that a create gives; empty: none */
    struct syn_str identity;     /* of a grant */
    bool has_ttl;                /* with a TTL above 0 */
    int64_t ttl_s;               /* this one */
    bool clears_ttl;             /* of an object, for ever */
};

/* `departure` as it is about to leave. A path or body that cannot be read
 * gives what is known of it. */
struct syn_purpose syn_purpose_of(struct syn_arena *arena,
                                  const struct syn_departure *departure);

#endif
