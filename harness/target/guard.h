/*
 * guard.h - what may leave for a target, and when.
 * Layer: target. Threads: the loop's; one guard per process.
 * Source: design section 4, "safe by construction".
 *
 * Whatever leaves passes here: the calls of runner, gate and load, and each
 * actor of theirs. In a world (client/world.h):
 *
 *     .pace = syn_guard_pace, .may_send = …, .arrived = …, .hung_up = …
 *
 * with the guard as context, or from wrappers of one's own that call these. A
 * guard that is zero but for its mode keeps the allow-list of readonly alone.
 */
#ifndef SYN_TARGET_GUARD_H
#define SYN_TARGET_GUARD_H

#include "client/world.h"
#include "net/loop.h"
#include "syn/limits.h"
#include "syn/status.h"
#include "syn/str.h"
#include "target/budget.h"
#include "target/file.h"
#include "target/manifest.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYN_GUARD_REASON_BYTES 192

/* A create or removal that has left and is not answered yet. */
struct syn_guard_ticket {
    bool is_removal;
    uint64_t number; /* of the manifest */
    enum syn_manifest_kind kind;
    char service[SYN_MANIFEST_SID_BYTES];
    char id[SYN_GUARD_ID_BYTES]; /* of what is removed; a grant's object */
    char identity[SYN_GUARD_ID_BYTES];
    char name[SYN_GUARD_ID_BYTES]; /* that what is made was given; "": none */
};

/* What one process has sent; zero at first. */
struct syn_guard_share {
    atomic_uint standing; /* web sockets now */
    atomic_uint requests;
    atomic_uint writes;
    atomic_uint dials;
};

struct syn_guard {
    /* Set by the owner; borrowed. */
    enum syn_target_mode mode;
    const char *run;               /* eight digits; NULL: no rule of names */
    struct syn_purse *purse;       /* NULL: nothing is counted */
    struct syn_manifest *manifest; /* NULL: nothing is written down */
    struct syn_loop *loop;         /* turned while waiting; NULL: no waiting */
    struct syn_guard_share *share; /* for who reaps the process; NULL: none */
    struct syn_str service;        /* sid that tokens name */
    const struct syn_target *target; /* whose given identities may get grants
                                        on what is ours; NULL: none */
    bool is_cleaning;                /* budgets do not stop clean-up */
    bool sees_limits;                /* 429 is what it asks for */

    /* Kept by the guard. */
    unsigned refused;                    /* departures refused so far */
    char reason[SYN_GUARD_REASON_BYTES]; /* of the last refusal */
    uint64_t ticket;                     /* of what left last; 0: none */
    bool is_dialled;                     /* a REST connection is open */
    bool is_paced;                       /* a slot to connect was taken */
    size_t own_count;
    size_t own_capacity;
    char (*own)[SYN_MANIFEST_SID_BYTES]; /* heap */
    struct syn_guard_ticket *tickets;    /* heap, a ring */
    uint64_t ticket_count;
};

/* Frees what the guard keeps; the rest is borrowed. */
void syn_guard_fini(struct syn_guard *guard);

/* "This run made it": services and objects, by sid. What is created past the
 * guard is known to it anyway. */
void syn_guard_own(struct syn_guard *guard, struct syn_str sid);
bool syn_guard_owns(const struct syn_guard *guard, struct syn_str sid);

/* Wait, turning the loop, until the pace allows this departure. Not from
 * inside a callback. */
void syn_guard_pace(void *ctx, const struct syn_departure *departure);

/*
 * May it leave? Then it has been counted, and written down if it creates.
 * Errors: SYN_ERR_REFUSED  a rule forbids it, `reason` says which
 *         SYN_ERR_LIMIT    a budget is spent, or all sending has ended
 *         SYN_ERR_IO       the manifest cannot be written
 */
SYN_MUST_CHECK syn_status
syn_guard_may_send(void *ctx, const struct syn_departure *departure);

/* What became of it. True: the target asked for patience, so pace and send it
 * again. */
bool syn_guard_arrived(void *ctx, uint64_t ticket,
                       const struct syn_reply *reply);

/* A web socket that may_send let out has ended. */
void syn_guard_hung_up(void *ctx);

/* Does the URL name this machine by 127.0.0.0/8, [::1] or localhost? */
bool syn_guard_is_loopback(const char *url);

/* Are both planes of the target on this machine? Then nobody else's account is
 * at stake. */
bool syn_guard_is_near(const struct syn_target *target);

#endif
