/*
 * file_impl.h - what the reader and the checker of target files share.
 * Layer: target, private.
 */
#ifndef SYN_TARGET_FILE_IMPL_H
#define SYN_TARGET_FILE_IMPL_H

#include "syn/arena.h"
#include "syn/status.h"
#include "syn/str.h"
#include "target/file.h"

#define SYN_TARGET_POINTER_BYTES 256 /* longer places are cut in faults */

struct syn_target_reader {
    struct syn_arena *arena;
    const char *path;
    struct syn_str text;
    char *fault;
};

struct syn_target_place { /* where in the text the reader is */
    char pointer[SYN_TARGET_POINTER_BYTES];
};

struct syn_target_place
syn_target_place_below(const struct syn_target_place *above,
                       struct syn_str name);

/* Write the fault with file, line and place; SYN_ERR_CONFIG. */
syn_status syn_target_refuse(struct syn_target_reader *r,
                             const struct syn_target_place *place,
                             const char *reason);

/* What no single key can tell: required keys, URLs, authorisation, pairs. */
syn_status syn_target_check(struct syn_target_reader *r,
                            struct syn_target *target, const char *today);

#endif
