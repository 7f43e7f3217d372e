/*
 * mark.h - changes that can be told apart by what they carry.
 * Layer: public. Threads: the row's.
 * Source: design section 7 (content, not only codes).
 *
 * Change number n of a thing carries a text that nothing else does, so a row
 * can say which changes arrived, in which order and how often.
 */
#ifndef SYN_MARK_H
#define SYN_MARK_H

#include "syn/client.h"
#include "syn/scenario.h"

/* The text that change number `n` of the thing carries; owned by the row. */
const char *syn_mark(struct syn_run *run, const struct syn_thing *thing,
                     unsigned n);

/* Change number `n`, of the kind that its type knows, to be done by anybody.
 * Items have the key "key-n". The thing is borrowed. */
struct syn_action syn_mark_change(struct syn_run *run, struct syn_thing *thing,
                                  unsigned n);

/* Ask for what came after event `id`, as a client does that keeps its own ids:
 * our session would ask again. The notification of the subscription, or the
 * answer when none came. */
struct syn_reply syn_mark_ask(struct syn_run *run, struct syn_client *user,
                              const struct syn_thing *thing, int64_t id);

#endif
