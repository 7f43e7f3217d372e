/*
 * clean.h - remove what remote runs left, and nothing else.
 * Layer: target. Threads: the desk's.
 * Source: design sections 3 and 4.
 *
 * Each thing is read again just before it is removed: a service by its friendly
 * name, an object by its unique name. What does not answer to the manifest, or
 * to the prefix and age asked for, stays and is told as left.
 */
#ifndef SYN_TARGET_CLEAN_H
#define SYN_TARGET_CLEAN_H

#include "target/desk.h"
#include "target/manifest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum syn_clean_fate {
    SYN_CLEAN_REMOVED,
    SYN_CLEAN_ABSENT, /* it was not there any more */
    SYN_CLEAN_LEFT,   /* still there, or nobody knows */
    SYN_CLEAN_WOULD,  /* dry run: it would be removed */
    SYN_CLEAN_LATE,   /* past its TTL and the bound: kept, with the service that
                         it is in, for a later run to settle */
    SYN_CLEAN_ENDED,  /* late then, gone by itself now */
    SYN_CLEAN_OVERDUE /* late then, and still there: TTL-01 is broken */
};

struct syn_clean {
    struct syn_desk *desk;
    struct syn_manifest *manifest; /* lines of what goes; NULL: none */
    bool is_dry;                   /* look, remove nothing */
    bool settles; /* what is late: look again and judge; else keep it */
    /* Each thing and what became of it; `why` is "" or a sentence. NULL: not
     * told. */
    void (*tell)(void *ctx, const struct syn_manifest_entry *entry,
                 enum syn_clean_fate fate, const char *why);
    void *ctx;
    /* Filled in. */
    size_t counts[SYN_CLEAN_OVERDUE + 1]; /* by fate */
    unsigned http;                        /* of the first refusal; 0: none */
    bool is_unreachable;                  /* the target did not answer */
    size_t silent;                        /* times in a row that it did not */
};

/* What a manifest says may still be there. */
void syn_clean_manifest(struct syn_clean *clean,
                        const struct syn_manifest_list *list);

/* Services of the account whose friendly name begins with `prefix`, and such
 * objects in the services that the target file names, made before `before_ms`.
 */
void syn_clean_prefix(struct syn_clean *clean, struct syn_str prefix,
                      int64_t before_ms);

#endif
