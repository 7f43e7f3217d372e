/*
 * hook.h - a row's own sink: what its service tells the backend by webhook.
 * Layer: public. Threads: the row's.
 * Source: rest.md section 9; clauses WHK-01 to WHK-12.
 *
 * A row that asks for the sink needs SYN_NEED_WEBHOOK and SYN_NEED_OWN_SERVICE:
 * its service is told to post there, and nobody else's webhooks come between.
 * Absence is proven by a fence: a service has one POST under way at a time, in
 * the order of what happened, so once a later change has been told, what was
 * not told before it never will be.
 *
 *     struct syn_sink *sink = syn_run_sink(run);
 *     ...
 *     REQUIRE(run, EXPECT_HOOK_FENCE(run));
 *     EXPECT_INT(run, "webhooks of eve",
 *                (int64_t)syn_run_hook_count(run, &of_eve), ==, 0);
 */
#ifndef SYN_HOOK_H
#define SYN_HOOK_H

#include "syn/client.h"
#include "syn/object.h"
#include "syn/scenario.h"
#include "syn/sink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The row's sink, started when first asked for; from then on the row's service
 * posts to it. Belongs to the run. */
struct syn_sink *syn_run_sink(struct syn_run *run);

/* Have the service post to the sink's URL with `tail` ("?a=b", or "") behind
 * it. Returns the whole URL. */
const char *syn_run_hook_url(struct syn_run *run, const char *tail);

/* What else the row's service posts, beside changes by its users. */
struct syn_hook_flags {
    bool from_rest;
    bool reachability;
    int64_t debounce_ms; /* of disconnects, 1000 to 30000; 0: none */
};

/* Set all of them. A control of the row; true when the service took them. */
bool syn_run_hook_flags(struct syn_run *run,
                        const struct syn_hook_flags *flags);

/* The auth token of the row's account, which signs webhooks; at NULL: the
 * target file has none. */
struct syn_str syn_run_auth_token(struct syn_run *run);

/* "map_item_added" for ITEM_ADD of a map; NULL: no webhook tells of that. */
const char *syn_hook_event(enum syn_type type, enum syn_op op);

/* The operations that webhooks tell of, in the order of a thing's life from
 * CREATE to REMOVE; ended by SYN_OP_COUNT. */
const enum syn_op *syn_hook_life(enum syn_type type);

/* Have a user (NULL: the backend) do all of them. Each is a control of the row;
 * true when all were done. */
bool syn_run_hook_live(struct syn_run *run, struct syn_client *user,
                       struct syn_thing *thing);

/* Which webhooks are meant; NULL: any. */
struct syn_hook_match {
    const char *event_type;
    const struct syn_thing *on; /* by its sid */
    const char *identity;
};

/* How many of them have come so far. */
size_t syn_run_hook_count(struct syn_run *run,
                          const struct syn_hook_match *match);

/* The n-th of them (from 0), waited for; NULL: it did not come in time. */
const struct syn_sink_record *
syn_run_hook_await(struct syn_run *run, const struct syn_hook_match *match,
                   size_t index);

/*
 * Let the time pass in which a webhook may be late, then have a user of its own
 * (identity "fence") make a document, and wait until that was told. A control
 * of the row: true when it was.
 */
bool syn_run_hook_fence(struct syn_run *run, struct syn_site site);

#define EXPECT_HOOK_FENCE(run) syn_run_hook_fence(run, SYN_SITE)

#endif
