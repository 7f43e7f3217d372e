/*
 * grants.h - the fewest grants under which a history meets no denial.
 * Layer: gate. Threads: one owner.
 * Source: design section 8, `dryrun`.
 *
 * Found by replays and proven by replays: with all of them nothing is denied,
 * and without any single right of them something is. Streams have no rows, so
 * what is denied there no grant can mend; it is kept apart.
 */
#ifndef SYN_GATE_GRANTS_H
#define SYN_GATE_GRANTS_H

#include "base/buf.h"
#include "gate/history.h"
#include "gate/pseudonym.h"

struct syn_grant_set {
    struct syn_rerun before; /* without grants: what would be denied */
    struct syn_rerun after;  /* with them */
    struct syn_lacks needed; /* the grants; counts: denials when that right
                                alone is dropped */
    size_t rights;           /* single rights in `needed` */
    size_t unproven;         /* of them, dropped without any denial: ours */
    size_t unmended;         /* accesses still denied, streams aside */
    size_t on_streams;       /* accesses denied that no grant can mend */
    size_t replays;          /* done to find and prove them */
};

/* Under one reading; `flip_ms` as in syn_rerun_setup. Everything belongs to
 * `arena`. Errors: SYN_ERR_MEMORY. */
SYN_MUST_CHECK syn_status syn_grants_find(struct syn_arena *arena,
                                          struct syn_history *history,
                                          int64_t flip_ms, bool is_pessimistic,
                                          struct syn_grant_set *out);

/* What is written of them. */
struct syn_grants_output {
    const struct syn_history *history;
    const struct syn_grant_set *plain;
    const struct syn_grant_set *pessimistic;
    const struct syn_pseudonyms *names; /* to translate back; NULL: as is */
    const char *trace_path;
};

/* As JSON; docs/schema/grants.schema.json. */
void syn_grants_put_json(struct syn_buf *out,
                         const struct syn_grants_output *output);

/*
 * As a bash script of curl calls. Credentials come from the environment and
 * never stand in an argument list. Each call reads the row first and adds to
 * it, so that nothing is ever taken away and a second run changes nothing; a
 * file beside the script remembers what is done.
 */
void syn_grants_put_curl(struct syn_buf *out,
                         const struct syn_grants_output *output);

/* As a draft plan. */
void syn_grants_put_plan(struct syn_buf *out,
                         const struct syn_grants_output *output);

/* Name, else sid of a slot, translated back. Empty: it has neither. */
struct syn_str syn_grants_label(const struct syn_grants_output *output,
                                size_t slot);

#endif
