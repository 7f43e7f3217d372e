/*
 * defect_impl.h - what the files of seeded defects share.
 * Layer: service, private to defect*.c. Threads: the loop's.
 * Source: design section 6.
 *
 * One table per noun; defect.c puts them in a row. A defect differs from the
 * sound service in the one way its title says: it asks the sound function for
 * everything else. What a defect has to remember lives in static storage that
 * its plant() empties: one service per process runs under a defect.
 */
#ifndef SYN_SERVICE_DEFECT_IMPL_H
#define SYN_SERVICE_DEFECT_IMPL_H

#include "auth/draft.h"
#include "service/seams.h"

#include <stddef.h>

struct syn_defect_table {
    const struct syn_defect *rows;
    size_t count;
    bool is_field; /* of all its rows: syn_defect_is_field */
};

#define SYN_DEFECT_TABLE_OF(name, rows_, is_field_) \
    const struct syn_defect_table name = {          \
        (rows_), sizeof(rows_) / sizeof((rows_)[0]), (is_field_)}
#define SYN_DEFECT_TABLE(name, rows_) SYN_DEFECT_TABLE_OF(name, rows_, false)
#define SYN_DEFECT_FIELD_TABLE(name, rows_) \
    SYN_DEFECT_TABLE_OF(name, rows_, true)

extern const struct syn_defect_table syn_defects_access;
extern const struct syn_defect_table syn_defects_grant;
extern const struct syn_defect_table syn_defects_switch;
extern const struct syn_defect_table syn_defects_rest;
extern const struct syn_defect_table syn_defects_claim;
extern const struct syn_defect_table syn_defects_signature;
extern const struct syn_defect_table syn_defects_form;
extern const struct syn_defect_table syn_defects_session;
extern const struct syn_defect_table syn_defects_ttl;
extern const struct syn_defect_table syn_defects_sdk;
extern const struct syn_defect_table syn_defects_removal;
extern const struct syn_defect_table syn_defects_race;
extern const struct syn_defect_table syn_defects_reply;
extern const struct syn_defect_table syn_defects_apart;
extern const struct syn_defect_table syn_defects_hook;
extern const struct syn_defect_table syn_defects_shape;
extern const struct syn_defect_table syn_defects_limit;
extern const struct syn_defect_table syn_defects_torn;
extern const struct syn_defect_table syn_defects_surface;
extern const struct syn_defect_table syn_defects_frame;
extern const struct syn_defect_table syn_defects_speech;
extern const struct syn_defect_table syn_defects_moment;

/* As found in the field, written without knowing the rows. */
extern const struct syn_defect_table syn_defects_path;
extern const struct syn_defect_table syn_defects_bound;
extern const struct syn_defect_table syn_defects_leak;
extern const struct syn_defect_table syn_defects_cache;
extern const struct syn_defect_table syn_defects_subject;
extern const struct syn_defect_table syn_defects_renewal;
extern const struct syn_defect_table syn_defects_fanout;
extern const struct syn_defect_table syn_defects_count;

/* --- defect_claim.c: tables of token checks ------------------------------- */

#define SYN_DEFECT_CHECKS_MAX 32 /* with the end mark */

/* A check that is replaced; `run` NULL: left out. */
struct syn_check_swap {
    const char *name;
    syn_token_check_fn run;
};

/* Plant the sound checks but for `swaps`, ended by {NULL}. `room` belongs to
 * the defect and is always filled with the same. */
void syn_defect_plant_checks(struct syn_seams *seams,
                             struct syn_token_check room[SYN_DEFECT_CHECKS_MAX],
                             const struct syn_check_swap *swaps);

/* --- defect_note.c: what a defect remembers ------------------------------- */

/* A key over one service and two texts. */
uint64_t syn_note_key(const struct syn_service_row *service, struct syn_str a,
                      struct syn_str b);

/* Remember `bits` under `key`, in place of what was there. Of too many notes
 * the oldest goes. */
void syn_note_take(uint64_t key, unsigned bits);

/* Are all of `bits` noted? */
bool syn_note_holds(uint64_t key, unsigned bits);

void syn_notes_forget(void);

/* --- defect_access.c ------------------------------------------------------ */

/* Made over REST. */
bool syn_defect_is_backends(const struct syn_object *object);

#endif
