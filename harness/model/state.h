/*
 * state.h - what stands behind the readable rows of model.h.
 * Layer: model, private to harness/model.
 *
 * Each row is the first member of a cell, which adds the links that keep it
 * findable: trees for order, tables for hash, the heap for deadlines. Removed
 * cells wait in a graveyard until the next step, because outcomes still point
 * at them. Texts that never change (names, keys, identities) live behind their
 * cell in the same block; data lives in counted blobs, shared with the log.
 *
 * Every verb works in three parts: check (may refuse), prepare (may run out
 * of memory, undone completely), commit (cannot fail).
 */
#ifndef SYN_MODEL_STATE_H
#define SYN_MODEL_STATE_H

#include "base/rng.h"
#include "base/table.h"
#include "model/model.h"
#include "model/tree.h"

struct syn_object_cell;
struct syn_item_cell;

/* --- shared data text ------------------------------------------------------
 */

struct syn_blob {
    size_t refs;
    struct syn_str text; /* behind this struct, NUL-terminated */
};

/* --- cells -----------------------------------------------------------------
 */

struct syn_account_cell {
    struct syn_account account;
    struct syn_tree services; /* by creation order */
    struct syn_account_cell *next;
};

struct syn_service_cell {
    struct syn_service_row row;
    struct syn_account_cell *owner;
    struct syn_tree_node node;
    struct syn_tree objects[SYN_TYPE_COUNT]; /* by creation order */
    struct syn_table names[SYN_TYPE_COUNT];  /* unique name: object cell */
    struct syn_service_cell *next_dead;
};

/* A deadline in the heap of the model; idle when slot is 0. */
struct syn_due {
    int64_t at_ms;
    size_t slot; /* 1-based */
    struct syn_object_cell *object;
    struct syn_item_cell *item; /* NULL: the object itself */
    struct syn_due *aside;      /* during a sweep */
};

/* One event of a list or map that a subscriber may have missed. */
struct syn_log_entry {
    enum syn_event_kind kind;
    enum syn_cause cause;
    enum syn_plane plane;
    int64_t id;
    int64_t previous_id; /* of the same item; -1: none */
    int64_t at_ms;
    int64_t expires_ms;
    int64_t index;
    struct syn_str key, identity; /* behind this struct */
    struct syn_blob *blob;        /* NULL: a removal */
    bool is_void;                 /* its item is gone; never replayed */
};

/* The last events, by id: ring[id & (capacity - 1)]. */
struct syn_log_ring {
    struct syn_log_entry **ring;
    size_t capacity; /* 0 or a power of two */
    size_t count;
    size_t bytes;     /* of data held by entries */
    int64_t first_id; /* oldest kept; next id when count is 0 */
};

struct syn_object_cell {
    struct syn_object object;
    struct syn_service_cell *owner;
    struct syn_table grant_of; /* identity: grant cell; asked for each event */
    struct syn_tree_node node;
    struct syn_blob *blob; /* documents */
    struct syn_tree items; /* by index, or by key bytes */
    struct syn_tree grants;
    struct syn_log_ring log;
    struct syn_due due;
    struct syn_object_cell *next_dead;
};

struct syn_item_cell {
    struct syn_item item;
    struct syn_tree_node node;
    struct syn_blob *blob;
    struct syn_due due;
    struct syn_item_cell *next_dead;
};

struct syn_grant_cell {
    struct syn_grant grant;
    struct syn_tree_node node;
    struct syn_grant_cell *next_dead;
};

/* The element around an embedded node. */
#define SYN_CELL_OF(pointer, type, member) \
    ((struct type *)(void *)((char *)(pointer)-offsetof(struct type, member)))

struct syn_model {
    const struct syn_allocator *allocator;
    const struct syn_rules *rules;
    const struct syn_journal *journal;
    struct syn_rng rng;
    size_t replay_events_max;
    uint64_t next_order;
    struct syn_account_cell *accounts; /* list, for the end */
    struct syn_table account_of;       /* by sid, likewise below */
    struct syn_table service_of;
    struct syn_table object_of;
    struct syn_due **heap;
    size_t heap_count, heap_capacity;
    struct syn_model_counts counts;
    struct syn_service_cell *dead_services;
    struct syn_object_cell *dead_objects;
    struct syn_item_cell *dead_items;
    struct syn_grant_cell *dead_grants;
};

/* One command under way. */
struct syn_step {
    struct syn_model *model;
    int64_t now_ms;
    const struct syn_actor *actor;
    const struct syn_command *command;
    struct syn_arena *arena;
    struct syn_outcome *out;
    struct syn_service_cell *service; /* found by the prologue if needed */
    struct syn_object_cell *object;
};

/* Who did something, for events and log. */
struct syn_doer {
    enum syn_cause cause;
    enum syn_plane plane;
    struct syn_str identity; /* as long-lived as the outcome */
    int64_t now_ms;
};

/* --- model.c: memory and outcomes ------------------------------------------
 */

void *syn_model_alloc(struct syn_model *model, size_t bytes); /* zeroed */
void syn_model_release(struct syn_model *model, void *block);
struct syn_str syn_model_put_text(char **at, struct syn_str s);
struct syn_blob *syn_blob_new(struct syn_model *model, struct syn_str text);
void syn_blob_drop(struct syn_model *model, struct syn_blob *blob);
void syn_model_make_sid(struct syn_model *model, const char *prefix,
                        char out[SYN_SID_BYTES]);
void syn_model_tell(struct syn_model *model, struct syn_change change);

/* Where something new with this sid stands in listings. */
uint64_t syn_model_order(const struct syn_model *model, const char *sid);

/* Refuse the command; always SYN_OK. */
syn_status syn_step_refuse(struct syn_step *step, enum syn_code code);
/* The code for a missing thing: specific on the SDK plane, 20404 on REST. */
enum syn_code syn_step_missing(const struct syn_step *step,
                               enum syn_code specific);
/* The doer of this command; false: out of memory. */
bool syn_step_doer(const struct syn_step *step, struct syn_doer *out);

/* --- grave.c: end of cells --------------------------------------------------
 */

void syn_model_bury(struct syn_model *model);
void syn_service_cell_free(struct syn_model *model,
                           struct syn_service_cell *cell);
void syn_object_cell_free(struct syn_model *model,
                          struct syn_object_cell *cell);
void syn_item_cell_free(struct syn_model *model, struct syn_item_cell *cell);

/* --- check.c: what a request may say ---------------------------------------
 */

bool syn_check_points(struct syn_str s, size_t points_max);
bool syn_check_name(struct syn_str name);
bool syn_check_ttl(const struct syn_model *model, struct syn_maybe_i64 ttl);
enum syn_code syn_check_patch(const struct syn_service_patch *patch);
/* If-Match against `counter`; `item` NULL: the object. */
enum syn_code syn_check_match(const struct syn_step *step,
                              const struct syn_item *item, int64_t counter);
enum syn_code syn_check_mismatch(enum syn_type type);

/* --- lenient.c --------------------------------------------------------------
 */

/* Strict JSON out of lenient; false: out of memory. */
bool syn_lenient_json(struct syn_arena *arena, struct syn_str in,
                      struct syn_str *out);

/* --- tenant.c, object.c, item.c, grant.c, replay.c: verbs -------------------
 */

syn_status syn_verb_service_create(struct syn_step *step);
syn_status syn_verb_service_fetch(struct syn_step *step);
syn_status syn_verb_service_list(struct syn_step *step);
syn_status syn_verb_service_update(struct syn_step *step);
syn_status syn_verb_service_delete(struct syn_step *step);
syn_status syn_verb_object_create(struct syn_step *step);
syn_status syn_verb_object_fetch(struct syn_step *step);
syn_status syn_verb_object_list(struct syn_step *step);
syn_status syn_verb_object_update(struct syn_step *step);
syn_status syn_verb_object_delete(struct syn_step *step);
syn_status syn_verb_item_create(struct syn_step *step);
syn_status syn_verb_item_fetch(struct syn_step *step);
syn_status syn_verb_item_list(struct syn_step *step);
syn_status syn_verb_item_update(struct syn_step *step);
syn_status syn_verb_item_put(struct syn_step *step);
syn_status syn_verb_item_delete(struct syn_step *step);
syn_status syn_verb_message_publish(struct syn_step *step);
syn_status syn_verb_grant_set(struct syn_step *step);
syn_status syn_verb_grant_fetch(struct syn_step *step);
syn_status syn_verb_grant_list(struct syn_step *step);
syn_status syn_verb_grant_delete(struct syn_step *step);
syn_status syn_verb_subscribe(struct syn_step *step);

/* --- tenant.c ----------------------------------------------------------------
 */

syn_status syn_account_restore(struct syn_model *model,
                               const struct syn_account *row);
struct syn_service_cell *syn_service_add(struct syn_model *model,
                                         struct syn_account_cell *owner,
                                         const struct syn_service_row *row);
struct syn_service_cell *syn_service_find(const struct syn_model *model,
                                          const struct syn_account *account,
                                          struct syn_str id);

/* --- object.c
 * ------------------------------------------------------------------ */

/* Past its deadline, and not purged yet. */
bool syn_object_is_expired(const struct syn_object_cell *cell, int64_t now_ms);
/* The code of an object that is not there. */
enum syn_code syn_object_missing(const struct syn_step *step);
struct syn_object_cell *syn_object_find(const struct syn_model *model,
                                        const struct syn_service_cell *service,
                                        enum syn_type type, struct syn_str id);
/* Hang a filled cell into service, names and sids; SYN_ERR_MEMORY: undone. */
SYN_MUST_CHECK syn_status syn_object_attach(struct syn_model *model,
                                            struct syn_object_cell *cell);
/* A cell with its texts; members of `row` are copied. */
struct syn_object_cell *syn_object_cell_new(struct syn_model *model,
                                            struct syn_service_cell *owner,
                                            const struct syn_object *row);
/* Take an object out of every index; it stays readable until the next step.
 * Cannot fail. The caller tells the journal. */
void syn_object_detach(struct syn_model *model, struct syn_object_cell *cell);
void syn_object_fill_event(struct syn_event *event,
                           const struct syn_object_cell *cell,
                           enum syn_event_kind kind,
                           const struct syn_doer *doer);
enum syn_event_kind syn_object_removed_kind(enum syn_type type);

/* --- item.c
 * ---------------------------------------------------------------------- */

struct syn_item_cell *syn_item_cell_new(struct syn_model *model,
                                        struct syn_object_cell *parent,
                                        const struct syn_item *row);
/* A fault of ours when the key is taken: callers look before. */
void syn_item_attach(struct syn_model *model, struct syn_item_cell *cell);
/* Remove one item with its event; needs a prepared log entry. */
void syn_item_remove(struct syn_model *model, struct syn_item_cell *cell,
                     struct syn_log_entry *entry, const struct syn_doer *doer,
                     struct syn_event *event);

/* --- grant.c
 * ------------------------------------------------------------------------ */

bool syn_access_ask(struct syn_model *model, struct syn_access_query query);
/* The row of an identity: of these bytes, or else, where a reading says so, of
 * one that is the same to it. */
struct syn_grant_cell *syn_grant_find(const struct syn_model *model,
                                      const struct syn_object_cell *object,
                                      struct syn_str identity);
/* New row, hung into its object; NULL: out of memory, nothing changed. */
struct syn_grant_cell *syn_grant_add(struct syn_model *model,
                                     struct syn_object_cell *object,
                                     const struct syn_grant *row);

/* --- expiry.c
 * ----------------------------------------------------------------------- */

/* Make room so that the deadlines of one change can be set without memory. */
bool syn_due_reserve(struct syn_model *model);
void syn_due_set(struct syn_model *model, struct syn_due *due, int64_t at_ms);

/* --- replay.c
 * ------------------------------------------------------------------------- */

struct syn_log_entry *syn_log_prepare(struct syn_model *model,
                                      struct syn_object_cell *object,
                                      struct syn_str identity,
                                      struct syn_str key);
void syn_log_discard(struct syn_model *model, struct syn_log_entry *entry);
/* `event` says all but the log's own links; the entry comes with its
 * `previous_id`, -1: a new item. */
void syn_log_append(struct syn_model *model, struct syn_object_cell *object,
                    struct syn_log_entry *entry, const struct syn_event *event,
                    struct syn_blob *blob);
void syn_log_free(struct syn_model *model, struct syn_log_ring *log);

/* --- page.c
 * ------------------------------------------------------------------------------
 */

/* A listing of a tree: what to order by and what to leave out. */
struct syn_listing {
    const struct syn_tree *tree;
    bool is_by_number; /* positions are decimal; else the key's bytes */
    bool can_order;    /* Order, From and Bounds apply: items */
    /* Deadline of an element, for HideExpired; NULL: none has one. */
    int64_t (*expires)(const struct syn_tree_node *node);
    /* Is it left out of every listing? NULL: nothing is. */
    bool (*hides)(const struct syn_step *step,
                  const struct syn_tree_node *node);
    bool is_downward; /* the listing's own order is the last one first */
};

struct syn_slice {
    struct syn_tree_node **nodes;
    size_t count;
};

/* Cut the page that the command asks for; sets page_next, page_previous and
 * count of the outcome. *code tells a refusal. */
SYN_MUST_CHECK syn_status syn_page_cut(struct syn_step *step,
                                       const struct syn_listing *listing,
                                       struct syn_slice *out,
                                       enum syn_code *code);

#endif
