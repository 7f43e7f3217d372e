/*
 * manifest.h - what a run is about to make at a target, written down first.
 * Layer: target. Threads: one process each; after a fork all may write.
 * Source: design section 4, "a manifest line written before each create".
 *
 *     syn_manifest_open(path, &head, &manifest);
 *     syn_manifest_intend(manifest, &entry, &number);  // then send the create
 *     syn_manifest_made(manifest, number, "ET…");      // the answer has come
 *     syn_manifest_gone(manifest, &entry);             // and it was removed
 *
 * One JSON object a line, one write(2) each, in append mode: a line is with the
 * kernel before the create leaves, so that `kill -9` loses none, and lines of
 * several processes never mix. Nothing secret is ever written: no credentials,
 * tokens or data, only kinds, sids, names and identities.
 */
#ifndef SYN_TARGET_MANIFEST_H
#define SYN_TARGET_MANIFEST_H

#include "syn/arena.h"
#include "syn/object.h"
#include "syn/status.h"
#include "syn/str.h"

#include <stddef.h>
#include <stdint.h>

#define SYN_MANIFEST_SID_BYTES   40
#define SYN_MANIFEST_FAULT_BYTES 512

/* Documents, lists, maps and streams are counted as enum syn_type does. */
enum syn_manifest_kind {
    SYN_MANIFEST_DOCUMENT = SYN_TYPE_DOCUMENT,
    SYN_MANIFEST_LIST = SYN_TYPE_LIST,
    SYN_MANIFEST_MAP = SYN_TYPE_MAP,
    SYN_MANIFEST_STREAM = SYN_TYPE_STREAM,
    SYN_MANIFEST_SERVICE,
    SYN_MANIFEST_GRANT
};
#define SYN_MANIFEST_KINDS 6

enum syn_manifest_state {
    SYN_MANIFEST_INTENDED, /* no answer is known: it may be there */
    SYN_MANIFEST_MADE,
    SYN_MANIFEST_REFUSED, /* the service said no: there is nothing */
    SYN_MANIFEST_GONE,
    SYN_MANIFEST_LATE /* it was there past its TTL and the bound: a later run
                         looks whether it still is */
};

/* Whose manifest it is: the first line. */
struct syn_manifest_head {
    const char *run;         /* eight hex digits, as in "syn-<run>-" */
    const char *rest_url;    /* of the target */
    const char *account_sid; /* that everything is made in */
};

/* One thing. Absent texts are empty. */
struct syn_manifest_entry {
    enum syn_manifest_kind kind;
    struct syn_str service;  /* sid; empty for services, and where the token of
                                an SDK user decides */
    struct syn_str on;       /* grants: sid or name of the object */
    struct syn_str name;     /* unique name; friendly name of a service */
    struct syn_str identity; /* grants; SYN_MANIFEST_BY_USER: an object without
                                a name that a user makes */
    struct syn_str sid;      /* once made */
    struct syn_str item;     /* late: key or index in `sid`; empty: itself */
    int64_t deadline_ms;     /* late: when it was to end, Unix time */
    int64_t ttl_s;           /* the dead man's switch; 0: none */
    int64_t at_ms;           /* Unix time of the intention; set when read */
    uint64_t number;         /* set when read */
    enum syn_manifest_state state;
};

/* Its maker tells it from others: all users of a run bear the prefix. */
#define SYN_MANIFEST_BY_USER "(a user of the run)"

struct syn_manifest; /* opaque: harness/target/manifest.c */

/*
 * Begin a manifest; the file must not exist. *out belongs to the caller. Open
 * it before forking, so that numbers stay apart.
 * Errors: SYN_ERR_IO with one sentence in `fault`, SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_manifest_open(
    const char *path, const struct syn_manifest_head *head,
    struct syn_manifest **out, char fault[SYN_MANIFEST_FAULT_BYTES]);

/* Go on with one that exists, to add what is removed. Errors as above. */
SYN_MUST_CHECK syn_status
syn_manifest_reopen(const char *path, struct syn_manifest **out,
                    char fault[SYN_MANIFEST_FAULT_BYTES]);

/* The file stays, also when nothing is left: it is evidence. NULL is ignored.
 */
void syn_manifest_close(struct syn_manifest *manifest);

const char *syn_manifest_path(const struct syn_manifest *manifest);

/* Before a create leaves. *number names it in syn_manifest_made. When this
 * fails nothing may be created. Errors: SYN_ERR_IO. */
SYN_MUST_CHECK syn_status
syn_manifest_intend(struct syn_manifest *manifest,
                    const struct syn_manifest_entry *entry, uint64_t *number);

/* The create succeeded; `sid` may be empty (grants). */
SYN_MUST_CHECK syn_status syn_manifest_made(struct syn_manifest *manifest,
                                            uint64_t number,
                                            struct syn_str sid);

/* The create was refused for certain: a 4xx. */
SYN_MUST_CHECK syn_status syn_manifest_refused(struct syn_manifest *manifest,
                                               uint64_t number);

/* It has been removed, or was not there any more. Told by kind and sid, and by
 * `item` when only that is gone, else by kind, service, on, name and identity.
 */
SYN_MUST_CHECK syn_status syn_manifest_gone(
    struct syn_manifest *manifest, const struct syn_manifest_entry *entry);

/* It outlived `deadline_ms` and the bound. Read again, it is an entry of its
 * own beside that of its creation. Errors: SYN_ERR_IO. */
SYN_MUST_CHECK syn_status syn_manifest_late(
    struct syn_manifest *manifest, const struct syn_manifest_entry *entry);

/* What a file says. */
struct syn_manifest_list {
    struct syn_manifest_head head;
    const struct syn_manifest_entry *entries; /* in the order of intention */
    size_t count;
};

/*
 * Read a file; a last line that a killed process left torn is ignored. *out
 * belongs to `arena`. Errors: SYN_ERR_CONFIG with file and line in `fault` (no
 * manifest, or over SYN_MANIFEST_BYTES_MAX), SYN_ERR_MEMORY.
 */
SYN_MUST_CHECK syn_status syn_manifest_read(
    struct syn_arena *arena, const char *path, struct syn_manifest_list *out,
    char fault[SYN_MANIFEST_FAULT_BYTES]);

/* "document", …, "service", "grant". */
const char *syn_manifest_kind_name(enum syn_manifest_kind kind);

/* Entries that may still be there: intended or made, not refused, not gone. */
size_t syn_manifest_left(const struct syn_manifest_list *list);

#endif
