/*
 * manner.h - how an otherwise honest client may misbehave.
 * Layer: client. Threads: constants; the world's are set before its actors.
 * Source: sdk-protocol.md sections 5, 6 and 9; clauses SDK-01 to SDK-15.
 *
 * Rows about clients prove themselves as those about the service do: each
 * turns red when the defect it names is planted, here in our own client.
 */
#ifndef SYN_CLIENT_MANNER_H
#define SYN_CLIENT_MANNER_H

#include <stdbool.h>
#include <stddef.h>

/* All false: sound. */
struct syn_client_manners {
    bool ignores_notice;         /* keeps its token until the session ends */
    bool renews_by_reconnecting; /* a new connection in place of `update` */
    bool keeps_stale_token;      /* presents what expired while offline */
    bool stays_down;             /* a lost connection stays lost */
    bool retries_refusals;       /* presents a refused token again and again */
    bool forgets_events;         /* subscribes again without event ids */
    bool drops_continuation;     /* comes back as a stranger */
    bool shows_own_writes;       /* before their event has come */
    bool keeps_cache;            /* also when its token is refused */
    bool puts_token_in_url;      /* of the connection, beside its init */
    bool logs_token;             /* in clear */
};

struct syn_client_defect {
    const char *name;   /* "client-ignores-notice" */
    const char *title;  /* what is wrong, as the app's user would see it */
    const char *clause; /* that it breaks */
    void (*plant)(struct syn_client_manners *manners);
};

/* By name; NULL: no such defect. */
const struct syn_client_defect *syn_client_defect_find(const char *name);

/* The n-th, in the order of the table; NULL past the end. */
const struct syn_client_defect *syn_client_defect_at(size_t index);

#endif
