/*
 * locate.h - a target file as the aim of a load, and what it allows.
 * Layer: load. Threads: none needed. Source: design sections 4 and 9.
 */
#ifndef SYN_LOAD_LOCATE_H
#define SYN_LOAD_LOCATE_H

#include "load/worker.h"
#include "syn/arena.h"
#include "target/file.h"

/* Owns the texts of an aim. */
struct syn_load_locator {
    struct syn_arena arena;
    int64_t token_ttl_s;
};

SYN_MUST_CHECK syn_status syn_load_locator_init(
    struct syn_load_locator *locator, const struct syn_load_plan *plan);
void syn_load_locator_fini(struct syn_load_locator *locator);

/*
 * Fill in the aim. Errors: SYN_ERR_CONFIG with a sentence in `fault`: the plan
 * asks for more than the target's mode or budget allows, or the file lacks what
 * a load needs (a key that signs tokens, a service with ACLs on).
 */
SYN_MUST_CHECK syn_status syn_load_locate(struct syn_load_locator *locator,
                                          const struct syn_target *target,
                                          const struct syn_load_plan *plan,
                                          struct syn_load_aim *aim,
                                          char fault[SYN_LOAD_REASON_BYTES]);

#endif
