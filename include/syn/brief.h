/*
 * brief.h - things that end by themselves: made with a TTL, awaited until gone.
 * Layer: public. Threads: the row's. Source: clauses TTL-01, TTL-02.
 *
 * Deletion is eventual: a thing may still be there for the target's bound after
 * its deadline, and only then is something wrong.
 */
#ifndef SYN_BRIEF_H
#define SYN_BRIEF_H

#include "syn/client.h"
#include "syn/scenario.h"

#include <stdbool.h>
#include <stdint.h>

#define SYN_BRIEF_NO_TTL (-1)

/* Create `thing` over REST, or add an item to it (`key` of a map's), with this
 * TTL in seconds; SYN_BRIEF_NO_TTL leaves it out. */
struct syn_reply syn_brief_create(struct syn_backend *backend,
                                  struct syn_thing *thing, int64_t ttl_s);
struct syn_reply syn_brief_add(struct syn_backend *backend,
                               struct syn_thing *thing, const char *key,
                               int64_t ttl_s);

/* What is to end. */
struct syn_brief {
    struct syn_thing *thing;
    bool is_item;    /* not the thing but one item in it: */
    const char *key; /* of this key, in a list of the index that `thing` holds
                      */
    int64_t left_s;  /* its deadline lies at most so far ahead */
};

/* Fetch it over REST. */
struct syn_reply syn_brief_fetch(struct syn_backend *backend,
                                 const struct syn_brief *brief);

/* Ask until it is not found, at most until the bound after its deadline; judges
 * that the answers came and that it was gone in time. True: it is gone. */
bool syn_expect_gone(struct syn_run *run, struct syn_site site,
                     const struct syn_brief *brief);

/* The verdict alone, of a row that has looked itself: `last` is the answer that
 * it saw last, `deadline_ms` Unix time on the run's clock. At a target in real
 * time what is still there is late, not wrong: it is written down for a later
 * run to settle, and the row ends inconclusive. */
bool syn_expect_in_time(struct syn_run *run, struct syn_site site,
                        const struct syn_brief *brief, int64_t deadline_ms,
                        struct syn_reply last);

#define EXPECT_GONE(run, ...) \
    syn_expect_gone(run, SYN_SITE, &(struct syn_brief){__VA_ARGS__})

#endif
