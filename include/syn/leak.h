/*
 * leak.h - what a user still hears after its right to hear was taken.
 * Layer: public. Threads: the row's.
 * Source: ACL-50, ACL-53, TOK-12; adversaries A13, A19, L08, X08.
 *
 * "Revoked but still streaming" has one measure for all rows: changes go on at
 * a steady pace from the moment the backend has its acknowledgement, before
 * and behind the bound that the target names, while the user keeps its
 * connection busy and a witness proves that every change was told.
 */
#ifndef SYN_LEAK_H
#define SYN_LEAK_H

#include "syn/client.h"
#include "syn/scenario.h"

#include <stdbool.h>

struct syn_leak {
    struct syn_client *user;    /* who may hear nothing any more */
    struct syn_client *witness; /* who still may; subscribed */
    struct syn_backend *backend;
    struct syn_thing *thing;
};

/*
 * Call right after the acknowledgement. Records the figures
 * `revoke.latency_ms` (until the last event that was heard, 0 without any) and
 * `revoke.leaked` (events heard in all), and the effect that none was heard
 * behind the bound. True when that held.
 */
bool syn_expect_silence(struct syn_run *run, struct syn_site site,
                        const struct syn_leak *leak);

#define EXPECT_SILENCE(run, leak) syn_expect_silence(run, SYN_SITE, leak)

/* A change of `thing` that its subscribers hear: an update, another item, a
 * message. Each of one row has a key of its own. */
struct syn_reply syn_leak_change(struct syn_run *run,
                                 struct syn_backend *backend,
                                 struct syn_thing *thing);

#endif
