/*
 * bait.h - a document that a rogue tries to change, and the look whether it
 * could.
 * Layer: public. Threads: the row's.
 * Source: design section 7 (refused *and* unchanged, proven by content).
 *
 * Whatever is wrong with how a rogue speaks, it says the same: a change that
 * an honest user may make. So a refusal has its control, and what was carried
 * out against the rules is seen in the document and not in a code alone.
 */
#ifndef SYN_BAIT_H
#define SYN_BAIT_H

#include "syn/client.h"
#include "syn/rogue.h"
#include "syn/scenario.h"

#include <stdbool.h>

struct syn_bait {
    struct syn_run *run;
    struct syn_thing thing; /* the backend's document */
    const char *path;       /* of it on the SDK plane */
    const char *mark;       /* the text that the change carries */
    struct syn_str token;   /* of a user who may change it */
};

/* Create it on the row's service, whose ACLs are off. A control of the row. */
bool syn_bait_lay(struct syn_run *run, struct syn_bait *bait);

/* The honest text of the change, with this frame id; its body alone. */
struct syn_str syn_bait_change(const struct syn_bait *bait,
                               struct syn_rogue *rogue, const char *id);
const char *syn_bait_body(const struct syn_bait *bait);

/* A rogue with a live session, or NULL; a control of the row. */
struct syn_rogue *syn_bait_rogue(const struct syn_bait *bait, const char *name);

/* The document is as it was made. */
bool syn_expect_untouched(struct syn_run *run, struct syn_site site,
                          const char *what, const struct syn_bait *bait);

/* An honest user makes the change, and it is there: a control of the row. Lay
 * no bait twice. */
bool syn_expect_honest(struct syn_run *run, struct syn_site site,
                       const struct syn_bait *bait);

#define EXPECT_UNTOUCHED(run, what, bait) \
    syn_expect_untouched(run, SYN_SITE, what, bait)
#define EXPECT_HONEST(run, bait) syn_expect_honest(run, SYN_SITE, bait)

#endif
