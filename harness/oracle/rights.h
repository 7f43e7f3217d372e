/*
 * rights.h - who may do what, written from the specification.
 * Layer: oracle. Threads: one owner.
 * Source: rest.md section 7 and 12, clauses ACL-01 to ACL-66.
 *
 * Independent of the model by rule (neither includes the other): what the two
 * disagree on is a fault of one of them. An oracle holds beliefs about one
 * service: its switch, what was created by whom, which rows were set and
 * deleted. Asked about an identity, an object and an operation it says
 * allowed, denied, or unknown where public documents leave it open and the
 * readings do not choose.
 */
#ifndef SYN_ORACLE_RIGHTS_H
#define SYN_ORACLE_RIGHTS_H

#include "syn/arena.h"
#include "syn/object.h"
#include "syn/status.h"
#include "syn/str.h"
#include "wire/readings.h"

#include <stdbool.h>

struct syn_oracle; /* opaque: harness/oracle/rights.c */

enum syn_belief { SYN_ALLOWED, SYN_DENIED, SYN_UNKNOWN };

/* Why; each has a sentence (syn_oracle_explain). */
enum syn_why {
    SYN_WHY_OFF,        /* ACLs are off */
    SYN_WHY_NEW,        /* creating needs no row */
    SYN_WHY_CREATOR,    /* the identity made it */
    SYN_WHY_GRANTED,    /* a row holds the right */
    SYN_WHY_LACKING,    /* a row does not hold it */
    SYN_WHY_REVOKED,    /* the row was deleted */
    SYN_WHY_DISALLOWED, /* the creator's row was deleted */
    SYN_WHY_OLD_ROW,    /* a row of an earlier object of that name */
    SYN_WHY_REST,       /* made by the backend, no row */
    SYN_WHY_SYSTEM,     /* the same, identity "system" */
    SYN_WHY_OTHER,      /* made by another identity, no row */
    SYN_WHY_MISSING,    /* there is no such object */
    SYN_WHY_MADE_OFF,   /* creator of an object made while off */
    SYN_WHY_STREAM,     /* a reading opens or closes streams to all */
    SYN_WHY_KEY_GONE,   /* the key that signs tokens was deleted */
    SYN_WHY_COUNT
};

struct syn_ruling {
    enum syn_belief belief;
    enum syn_why why;
    const char *clause; /* static: the clause that decides */
    unsigned needed;    /* SYN_RIGHT_…, 0: none */
    unsigned held;      /* SYN_RIGHT_… of the identity's row */
    uint64_t assumes;   /* if unknown: the open readings it hangs on */
};

/*
 * A new oracle for a service whose ACLs are off. `readings` NULL: those of the
 * reference; where one is open, what hangs on it is unknown. Everything belongs
 * to `arena`. Errors: SYN_ERR_MEMORY, likewise below.
 */
SYN_MUST_CHECK syn_status syn_oracle_new(struct syn_arena *arena,
                                         const struct syn_readings *readings,
                                         struct syn_oracle **out);

void syn_oracle_set_acl(struct syn_oracle *oracle, bool is_on);

/*
 * An object came to be. `label` is any text that names it to the caller (sid
 * or name); labels of different types are apart. `creator` at NULL: made over
 * REST. A label used before starts a new object: rows of the old one are gone.
 */
SYN_MUST_CHECK syn_status syn_oracle_create(struct syn_oracle *oracle,
                                            enum syn_type type,
                                            struct syn_str label,
                                            struct syn_str creator);

/* It is gone (removed or expired). An unknown label is ignored. */
void syn_oracle_remove(struct syn_oracle *oracle, enum syn_type type,
                       struct syn_str label);

/* One identity at one object: what a question or a grant is about. */
struct syn_access {
    enum syn_type type;
    struct syn_str label;
    struct syn_str identity;
};

/* A row was set; replaces all flags. SYN_ERR_NOT_FOUND: no such object;
 * SYN_ERR_ARG: streams have no rows. */
SYN_MUST_CHECK syn_status syn_oracle_grant(struct syn_oracle *oracle,
                                           const struct syn_access *subject,
                                           unsigned rights);

/* The key that signs tokens was deleted: nobody connects with one any more. A
 * session that is live lasts at most to the end of its token (TOK-34). */
void syn_oracle_end_key(struct syn_oracle *oracle);

/* The row was deleted: the same as all flags false (ACL-35). */
SYN_MUST_CHECK syn_status syn_oracle_revoke(struct syn_oracle *oracle,
                                            const struct syn_access *subject);

/* May this identity do `op` over the SDK plane now? Allocates nothing. */
struct syn_ruling syn_oracle_decides(const struct syn_oracle *oracle,
                                     const struct syn_access *subject,
                                     enum syn_op op);

/*
 * The readings on which the answer hangs, as bits by enum syn_reading_id: with
 * another value of one of them it would be another. Allocates nothing.
 */
uint64_t syn_oracle_assumes(const struct syn_oracle *oracle,
                            const struct syn_access *subject, enum syn_op op);

/* The ruling in words, for evidence: "ACL-21: the map was made over REST and
 * 'ann' has no row". Owned by `arena`; at NULL: out of memory. */
struct syn_str syn_oracle_explain(struct syn_arena *arena,
                                  const struct syn_access *subject,
                                  const struct syn_ruling *ruling);

/* "allowed", "denied", "unknown". */
const char *syn_belief_name(enum syn_belief belief);

/* The right that an operation needs; 0: none (create). */
unsigned syn_oracle_right(enum syn_op op);

#endif
